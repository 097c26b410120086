//! Settings: which of them win, what they mean, what is refused.

use crate::{Folder, doubling};

/// How many results a run gives.
fn lines(folder: &Folder, variables: &[(&str, &str)], words: &[&str]) -> usize {
    let ran = folder.run_with(variables, &[&["run", "m"], words].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.out.lines().count()
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_files() {
    let folder = doubling("wins");
    assert_eq!(lines(&folder, &[], &[]), 3);
    folder.write(".config/expressway/expressway.toml", "limit = 0\n[run]\nposition = true\n");
    assert_eq!(lines(&folder, &[], &[]), 0);
    folder.write("m/expressway.toml", "limit = 1\n");
    assert_eq!(lines(&folder, &[], &[]), 1);
    // What the machine's folder does not say, one's own file does.
    assert!(folder.run(&["run", "m"]).out.contains("\"line\":1"));
    assert_eq!(lines(&folder, &[("EXPRESSWAY_LIMIT", "2")], &[]), 2);
    assert_eq!(lines(&folder, &[("EXPRESSWAY_LIMIT", "2")], &["--limit", "3"]), 3);
    assert_eq!(lines(&folder, &[], &["--no-config"]), 3);
    folder.write("other.toml", "[run]\nlimit = 2\n[bench]\nlimit = 0\n");
    assert_eq!(lines(&folder, &[], &["--config", "other.toml"]), 2);
    assert_eq!(lines(&folder, &[("EXPRESSWAY_CONFIG", "other.toml")], &[]), 2);
    // A flag of a file can be taken back by the environment.
    assert!(!folder.run_with(&[("EXPRESSWAY_POSITION", "no")], &["run", "m"]).out.contains("\"line\":"));
}

#[test]
fn a_commands_own_table_wins_over_what_is_said_for_all() {
    let folder = doubling("table");
    folder.write("m/expressway.toml", "limit = 1\nseed = 4\n[run]\nlimit = 2\n[coverage]\nlimit = 3\n");
    assert_eq!(lines(&folder, &[], &[]), 2);
    let told = folder.run(&["run", "m", "-v"]).err;
    assert!(told.contains("taken: --limit=2 (m/expressway.toml:4)"), "{told}");
    assert!(told.contains("taken: --seed=4 (m/expressway.toml:2)"), "{told}");
}

#[test]
fn names_of_files_are_meant_from_the_files_folder() {
    let folder = doubling("names");
    folder.write("m/expressway.toml", "[run]\noutput = \"out.jsonl\"\nsummary = \"-\"\n");
    let ran = folder.run(&["run", "m"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(std::fs::read_to_string(folder.path.join("m/out.jsonl")).expect("results").lines().count(), 3);
    assert!(ran.out.starts_with('{'), "the summary goes to stdout: {}", ran.out);
    // Those of the environment from where one is.
    lines(&folder, &[("EXPRESSWAY_OUTPUT", "here.jsonl")], &[]);
    assert!(folder.path.join("here.jsonl").is_file());
}

#[test]
fn what_the_command_line_rules_out_is_left_out() {
    let folder = doubling("rules-out");
    folder.write("m/expressway.toml", "[run]\nnow-path = \"$.n\"\nledger-every = 3\nfail-under = 90\n");
    let ran = folder.run(&["run", "m", "--now", "2024-01-01T00:00:00Z", "-v"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for told in [
        "not taken: --now-path=$.n (m/expressway.toml:2), which another option rules out",
        "not taken: --ledger-every=3 (m/expressway.toml:3), which has no effect without another option",
    ] {
        assert!(ran.err.contains(told), "{}", ran.err);
    }
    // One setting may be what another needs.
    folder.write("m/expressway.toml", "[run]\nfail-under = 90\ncoverage = \"c.json\"\n");
    assert!(folder.run(&["run", "m", "-v"]).err.contains("taken: --fail-under=90"));
}

#[test]
fn a_ledger_keeps_the_settings_of_then() {
    let folder = doubling("ledger");
    folder.write("m/expressway.toml", "[run]\nlimit = 2\noutput = \"out.jsonl\"\n");
    let ran = folder.run(&["run", "m", "--ledger", "l"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    folder.write("m/expressway.toml", "[run]\nlimit = 1\nseed = 99\n");
    let ran = folder.run(&["resume", "l"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("come to its end"), "{}", ran.err);
}

#[test]
fn what_no_command_knows_is_refused_with_its_line() {
    let folder = doubling("refused");
    for (text, told) in [
        ("\nthread = 3", "m/expressway.toml:2: no command has an option 'thread'; did you mean 'threads'?"),
        ("[run]\n\nlimt = 3", "m/expressway.toml:3: `run` has no option 'limt'; did you mean 'limit'?"),
        ("[bench]\nlimt = 3", "m/expressway.toml:2: `bench` has no option 'limt'; did you mean 'limit'?"),
        ("[rnu]\nlimit = 3", "m/expressway.toml:1: there is no command 'rnu'; did you mean [run]?"),
        ("config = \"x\"", "m/expressway.toml:1: no command has an option 'config'"),
        ("limit = \"many\"", "m/expressway.toml:1: invalid value 'many' for '--limit <N>'"),
        ("limit = true", "m/expressway.toml:1: 'limit' takes a text or a number, and no boolean"),
        ("unordered = 1", "m/expressway.toml:1: 'unordered' is true or false, and no integer"),
        ("limit = [1, 2]", "m/expressway.toml:1: 'limit' takes a text or a number, and no array"),
        ("limit = = 2", "m/expressway.toml:1: it is no TOML:"),
        ("limit = 1\nlimit = 2", "m/expressway.toml:2: it is no TOML:"),
    ] {
        folder.write("m/expressway.toml", text);
        let ran = folder.run(&["run", "m"]);
        assert_eq!(ran.code, 2, "{text}: {}", ran.err);
        assert!(ran.err.contains(told), "{text}: {}", ran.err);
        assert_eq!(ran.out, "", "{text}: nothing has run");
    }
    let ran = folder.run_with(&[("EXPRESSWAY_LIMIT", "many")], &["run", "m", "--no-config"]);
    assert!(ran.code == 2 && ran.err.contains("EXPRESSWAY_LIMIT: invalid value 'many'"), "{}", ran.err);
    let ran = folder.run_with(&[("EXPRESSWAY_UNORDERED", "perhaps")], &["run", "m", "--no-config"]);
    assert!(ran.code == 2 && ran.err.contains("neither true nor false"), "{}", ran.err);
    assert_eq!(folder.run(&["run", "m", "--config", "nowhere.toml"]).code, 3);
}

#[test]
fn lists_and_flags() {
    let folder = doubling("lists");
    folder.write(
        "m/machine.asl.json",
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${first} ${second}", "End": true}}}"#,
    );
    folder.write("m/expressway.toml", "substitute = [\"first=1\", \"second=2\"]\n[run]\nskip_rejected = true\n");
    folder.write("m/events.jsonl", "{}\n[}\n");
    let ran = folder.run(&["run", "m"]);
    assert_eq!(ran.out, "{\"status\":\"SUCCEEDED\",\"output\":\"1 2\"}\n", "{}", ran.err);
}
