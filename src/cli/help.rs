//! What `--help` says beyond the names of options: what comes first, what exit codes mean, where settings come from.
//!
//! It must never say what a test does not hold the command to: the exit codes here are provoked one by one, and the
//! examples are run.

use crate::definition::nearest;
use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The exit codes, and when each comes.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
    0  done, whatever executions came to
    1  a finding: a definition that `check` refuses, a case of `test` that fails,
       --expect, --fail-on, --fail-under, --max-slower; logs without an execution to import
    2  wrong usage, or a definition, handlers or settings that cannot be used
    3  a file could not be read or written
    4  no space was left; with a ledger, `resume` goes on
    5  functions gave no answer within --handler-timeout
  130  Ctrl-C: what was under way came to its end, results and summary are written
  141  whoever read the output went away
  143  SIGTERM, otherwise as Ctrl-C";

/// What `expressway --help` ends with. Lines end where the text is not to be wrapped anew: for examples and tables.
pub(super) fn after() -> String {
    format!(
        "\
First steps:
  expressway check machine.asl.json                      would AWS take this machine?
  expressway exec machine.asl.json --input event.json    one event, state by state
  expressway run machine/ events.jsonl -o results.jsonl  all events, a line of results for each
  expressway run machine/ events.jsonl --report run.html a page about it

A folder stands for what is in it: machine.asl.json (or template.yaml), events.jsonl, handlers/, mocks.json, \
tests.yaml. `expressway help COMMAND` tells what a command is for, with examples.

Settings:
  expressway.toml in the machine's folder, or in ~/.config/expressway ($XDG_CONFIG_HOME):

      threads = 2                 # for every command that has --threads
      [run]                       # for `run` alone
      emit = \"output\"
      max-steps = \"off\"

  EXPRESSWAY_THREADS=2 in the environment says the same; flags are true or false.

The command line wins over the environment, that over the file in the machine's folder, that over one's own. \
Names of files in a file are meant from its folder. -v tells what was taken from where; a key that no command \
knows is refused.

{EXIT_CODES}"
    )
}

/// What `run --help` ends with.
pub(super) const RUN: &str = "\
Examples:
  expressway run orders/ -o results.jsonl          events.jsonl, handlers/, mocks.json in orders/
  expressway run orders/ may/*.jsonl.gz --emit output -o outputs.jsonl
  zcat may.gz | expressway run orders/ - --failures failed.jsonl > results.jsonl
  expressway run orders/ may.jsonl -o results.jsonl --report run.html
                                                   and a page about the run
  expressway run orders/ may.jsonl -o results.jsonl --ledger run.ledger
                                                   after a crash: expressway resume run.ledger

Each event gives one line, in the order of the events: {\"status\":\"SUCCEEDED\",\"output\":…}, or FAILED or \
TIMED_OUT with error and cause, or REJECTED for a line that is no event. The summary goes to stderr. Failed \
executions do not change the exit code: they are results.";

/// What `resume --help` ends with.
pub(super) const RESUME: &str = "\
Example:
  expressway run orders/ may.jsonl -o results.jsonl --ledger run.ledger   is stopped, or crashes
  expressway resume run.ledger                                            goes on as it was begun

Results, failures, dead letters and summary come out as if nothing had happened. If events, program, functions \
or settings are no longer the same, or the ledger is damaged, it says so and changes nothing.";

/// What `check --help` ends with.
pub(super) const CHECK: &str = "\
Examples:
  expressway check orders/
  expressway check template.yaml --resource OrderMachine --substitute Table=orders
  expressway check orders/ --type express --json   as ValidateStateMachineDefinition answers

Every fault is drawn with its line, and a hint where one is certain. Exit code 1 if there is an error; \
warnings alone give 0.";

/// What `compile --help` ends with.
pub(super) const COMPILE: &str = "\
Examples:
  expressway compile orders/                       addresses, instructions, operands by name
  expressway compile --instructions                the instruction set";

/// What `graph --help` ends with.
pub(super) const GRAPH: &str = "\
Examples:
  expressway graph orders/ -o orders.svg           light and dark, nothing to be loaded
  expressway graph orders/ -o orders.html          a page: states can be searched and clicked
  expressway graph orders/ --format mermaid        for READMEs; dot for Graphviz
  expressway run orders/ -o results.jsonl --summary summary.json
  expressway graph orders/ --overlay summary.json -o run.svg
                                                   how often each state was entered, failed, retried";

/// What `json --help` ends with.
pub(super) const JSON: &str = "\
Example:
  expressway json --check a.json b.json            a line for each: {\"file\":\"a.json\",\"valid\":true}

Exit code 1 if one of them is not one JSON text; then `offset` is the byte at which it stops being one.";

/// What `jsonata --help` ends with.
pub(super) const JSONATA: &str = "\
Example:
  echo '{\"expr\": \"$sum(a)\", \"data\": {\"a\": [1, 2]}}' | expressway jsonata --json --suite";

/// The options of `run` under headings: it has many.
const HEADINGS: [(&str, &[&str]); 7] = [
    (
        "Results",
        &[
            "output",
            "emit",
            "position",
            "skip_rejected",
            "unordered",
            "failures",
            "dead_letters",
            "spill_dir",
            "max_spill_bytes",
        ],
    ),
    ("Looking at it", &["summary", "report", "latency", "coverage", "fail_under", "expect", "ignore"]),
    ("After a crash", &["ledger", "ledger_every", "once"]),
    ("Functions", &["handlers", "mock", "test_case", "machine_name", "handler_timeout"]),
    ("Time and chance", &["seed", "identity", "now", "now_path", "clock", "in_flight"]),
    (
        "Limits",
        &["max_line_bytes", "max_state_bytes", "max_virtual_seconds", "max_events", "max_steps", "max_execution_bytes"],
    ),
    ("The machine", &["workflow_type", "resource", "substitute"]),
];

/// Puts the options of `run` under headings. What is in no list stays under the first, "Options".
pub(super) fn with_headings(command: Command) -> Command {
    command.mut_subcommand("run", |run| {
        run.mut_args(|arg| {
            let heading = HEADINGS.iter().find(|(_, names)| names.contains(&arg.get_id().as_str()));
            match heading {
                Some((heading, _)) => arg.help_heading(*heading),
                None => arg,
            }
        })
    })
}

/// Adds which command was meant, if the reader of arguments does not know it: it takes `rnu` for no slip of `run`.
pub(super) fn with_meant(mut error: clap::Error, command: &Command) -> clap::Error {
    if error.kind() == ErrorKind::InvalidSubcommand && error.get(ContextKind::SuggestedSubcommand).is_none() {
        let names = command.get_subcommands().map(Command::get_name);
        let meant = match error.get(ContextKind::InvalidSubcommand) {
            Some(ContextValue::String(word)) => nearest(word, names).map(str::to_owned),
            _ => None,
        };
        if let Some(meant) = meant {
            error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![meant]));
        }
    }
    error
}
