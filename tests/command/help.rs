//! What the command says of itself, to people, shells and the manual; and what it says to slips of the hand.

use crate::{Folder, doubling};
use std::process::Command;

const COMMANDS: [&str; 15] = [
    "run",
    "resume",
    "exec",
    "check",
    "coverage",
    "diff",
    "test",
    "bench",
    "import",
    "compile",
    "graph",
    "json",
    "jsonata",
    "completions",
    "man",
];

#[test]
fn help_teaches() {
    let folder = Folder::new("help");
    let whole = folder.run(&["--help"]);
    assert_eq!(whole.code, 0);
    for part in ["First steps:", "Settings:", "Exit codes:", "expressway.toml"] {
        assert!(whole.out.contains(part), "no {part}");
    }
    for command in COMMANDS {
        assert!(whole.out.contains(&format!("\n  {command} ")), "{command} is not listed");
        let ran = folder.run(&["help", command]);
        assert_eq!(ran.code, 0, "{command}");
        assert!(ran.out.contains("\nExample"), "{command} has no example");
        assert!(ran.out.contains(&format!("expressway {command} ")), "{command}'s examples do not show it");
        let long = ran.out.lines().find(|line| line.chars().count() > 100);
        assert_eq!(long, None, "{command} has lines that are too long for most terminals");
    }
}

#[test]
fn slips_are_told_with_what_was_meant() {
    let folder = doubling("slips");
    for (words, told) in [
        (&["rnu", "m"][..], "a similar subcommand exists: 'run'"),
        (&["run", "m", "--thread", "2"], "a similar argument exists: '--threads'"),
        (&["run", "m", "--emit", "outcomes"], "a similar value exists: 'outcome'"),
        (&["run", "m", "--clock", "unreal"], "possible values: virtual, real"),
        (&["run", "m", "nothing.jsonl"], "nothing.jsonl: No such file"),
        (&["run", "nowhere"], "nowhere: No such file"),
        (
            &["run", "m", "m/event.jsonl"],
            "m/event.jsonl: No such file or directory (os error 2); did you mean m/events.jsonl?",
        ),
        (&["run", "m", "-o", "no/such/file"], "; there is no folder no/such"),
        (&["run", "m", "--threads", "0"], "expected a number from 1 to 4096"),
        (&["run", "m", "m"], "m is a folder; name its files"),
        (&["graph", "m", "-o", "m.txt"], "--format svg, html, mermaid or dot"),
    ] {
        let ran = folder.run(words);
        assert!([2, 3].contains(&ran.code), "{words:?}: {}", ran.code);
        assert!(ran.err.contains(told), "{words:?}: {}", ran.err);
    }
    std::fs::rename(folder.path.join("m/handlers/double.asl.json"), folder.path.join("m/handlers/duoble.asl.json"))
        .expect("the handler is there");
    for command in ["run", "coverage", "bench", "exec"] {
        let ran = folder.run(&[command, "m"]);
        assert_eq!(ran.code, 2, "{command}");
        assert!(ran.err.contains("there is a function 'duoble'; is that what double should be?"), "{}", ran.err);
        assert!(ran.err.contains("--handlers"), "{}", ran.err);
    }
}

#[test]
fn shells_complete_its_words() {
    let folder = Folder::new("completions");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = folder.run(&["completions", shell]);
        assert_eq!(ran.code, 0, "{shell}");
        assert!(ran.out.contains("dead-letters"), "{shell} knows no option of run");
    }
    let script = folder.run(&["completions", "bash"]).out;
    folder.write("completions.bash", &script);
    let ask = "source completions.bash; COMP_WORDS=(expressway cov); COMP_CWORD=1; \
               _expressway expressway cov expressway; echo \"${COMPREPLY[@]}\"";
    match Command::new("bash").args(["--norc", "-c", ask]).current_dir(&folder.path).output() {
        Ok(answer) => assert_eq!(String::from_utf8_lossy(&answer.stdout).trim(), "coverage"),
        Err(_) => eprintln!("no bash here: its completions were not tried (skipped)"),
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = Folder::new("manual");
    let whole = folder.run(&["man"]);
    assert!(whole.code == 0 && whole.out.contains(".TH expressway 1"), "{}", whole.out);
    assert_eq!(folder.run(&["man", "pages"]).code, 0);
    for command in COMMANDS {
        let page = std::fs::read_to_string(folder.path.join(format!("pages/expressway-{command}.1"))).expect(command);
        assert!(page.contains(&format!("expressway {command}")) || page.contains(&format!("expressway\\-{command}")));
        // Its own reader finds nothing wrong with it.
        let read = Command::new("groff")
            .args(["-Kutf8", "-man", "-Tutf8", "-ww", "-z", &format!("pages/expressway-{command}.1")])
            .current_dir(&folder.path)
            .output();
        match read {
            Ok(read) => assert_eq!(String::from_utf8_lossy(&read.stderr), "", "{command}"),
            Err(_) => eprintln!("no groff here: the manual's page of {command} was not read (skipped)"),
        }
    }
}
