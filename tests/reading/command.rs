//! All commands over events read them in all forms, through the same options.

use std::path::PathBuf;
use std::process::{Command, Output};

struct Folder(PathBuf);

impl Folder {
    /// A machine with events as a table beside it, and files of other forms.
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("expressway-forms-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("in/deep")).unwrap();
        let write = |name: &str, text: &[u8]| std::fs::write(folder.join(name), text).unwrap();
        write(
            "machine.asl.json",
            br#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "Parameters": {"n.$": "$.n"}, "End": true}}}"#,
        );
        write("events.csv", b"n,x\n1,a\n2,b\n3,c\n4,d\n");
        write("in/a.json", b"[{\"n\":1},\n{\"n\":2}]");
        write("in/deep/b.jsonl.gz", &super::gzip(b"{\"n\":3}\n"));
        write(
            "queue.json",
            br#"{"Messages":[{"Body":"{\"items\":[{\"n\":1},{\"n\":2}]}"},{"Body":"{\"items\":[{\"n\":3}]}"}]}"#,
        );
        Folder(folder)
    }

    fn run(&self, arguments: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expressway"));
        command.current_dir(&self.0).args(arguments.split(' ')).output().unwrap()
    }

    fn out(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn numbers(out: &str) -> String {
    out.chars().filter(char::is_ascii_digit).collect()
}

#[test]
fn run_reads_all_forms() {
    let folder = Folder::new("run");
    let run = |arguments: &str| numbers(&folder.out(&format!("run . {arguments} --emit output -q")));
    // A table beside the machine.
    assert_eq!(folder.out("run . -q --emit output"), "{\"n\":\"1\"}\n{\"n\":\"2\"}\n{\"n\":\"3\"}\n{\"n\":\"4\"}\n");
    assert_eq!(folder.out("run . -q --emit output --csv-types --skip 1 --limit 2"), "{\"n\":2}\n{\"n\":3}\n");
    assert_eq!(run("in/**/*.js*"), "123");
    assert_eq!(run("queue.json --unwrap sqs --explode $.items"), "123");
    assert_eq!(run("queue.json --unwrap sqs --explode /items --format lines"), "123");
    assert_eq!(run("queue.json --explode $.Messages --unwrap json"), "");
    // A ledger goes with every form, but not with records that are passed over.
    assert_eq!(numbers(&folder.out("run . in/a.json -o out --emit output --ledger l -q")), "");
    assert_eq!(std::fs::read_to_string(folder.0.join("out")).unwrap(), "{\"n\":1}\n{\"n\":2}\n");
    let refused = folder.run("run . in/a.json -o out --ledger m --skip 1");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("how many records were passed over"));
}

#[test]
fn the_other_commands_read_them_too() {
    let folder = Folder::new("others");
    assert!(folder.out("exec . --at 2 --events queue.json --unwrap sqs --explode $.items").contains("{\"n\":2}"));
    assert!(folder.out("exec . --at 1 --skip 2 --csv-types").contains("{\"n\":3}"));
    assert!(
        folder
            .out("diff . machine.asl.json --event-format csv events.csv")
            .contains("same result                             4")
    );
    assert!(folder.out("coverage . in/a.json --event-format json").contains("all              2 of     2  100.00 %"));
    assert!(folder.out("bench . --rounds 1 --warm-up 0 --round-time 0 --skip 1").contains("events               3 in"));
}

#[test]
fn what_cannot_be_read_so_is_told() {
    let folder = Folder::new("told");
    let told = |arguments: &str, code: i32, what: &str| {
        let output = folder.run(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(code) && error.contains(what), "{arguments}: {error}");
    };
    told("run . in/*.none", 2, "in/*.none: no file has a name of this pattern");
    told("run . in", 2, "a pattern such as 'in/*.jsonl'");
    told("run . --unwrap mail", 2, "expected a path, or one of json, sqs, sns");
    told("run . --explode $..a", 2, "a path here may only have member names and indices");
    told("run . --select a", 2, "expected a path such as $.detail.items, or a pointer such as /detail/items");
    told("run . --sample 2", 2, "expected a share from 0 to 1");
    told("run . in/a.json --format parquet", 3, "Parquet");
}
