//! `test`: suites of cases for a definition, as a test runner runs them.

use super::console::on_stdout;
use super::lambda::LambdaArguments;
use super::machine::{Machine, MachineArguments, compile_program, read_text};
use super::{CliError, WorkflowType, print, write_out};
use crate::batch::side_by_side;
use crate::definition::{Definition, MachineType};
use crate::handler::Handlers;
use crate::handler::lambda::Logs;
use crate::suite::report::{self, Judged};
use crate::suite::{Subject, Suite};
use crate::vm::{Limits, Names, Settings};
use clap::Args;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `test --help` ends with.
pub(super) const EXAMPLES: &str = "\
Examples:
  expressway test orders/                       tests.yaml in the folder, beside machine.asl.json
  expressway test orders/tests.yaml --filter refund
  expressway test orders/ coats/ --junit report.xml
  expressway test orders/MockConfigFile.json    its test cases, with outcomes enough

A suite:
  cases:
    - name: a cold day
      input: {\"Weather\": \"FREEZING\"}
      expect:
        output_contains: {\"Message\": \"You should wear a heavy coat today.\"}
        path: [Which coat?, Heavy]
        calls: {wear_heavy_coat: 1}
    - name: the function is busy
      input: {\"Weather\": \"FREEZING\"}
      outcomes: {Heavy: [{Throw: {Error: Busy}}, {Return: {\"Message\": \"m\"}}]}
      expect: {status: FAILED, error: Busy}

Beside cases a suite may name its machine, handlers, mocks, machine_name and type; a case its now,
seed and mock (a test case of the mock file). expect may hold status, output, output_contains,
ignore, error, cause, cause_contains, path and calls.";

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Suites: files in YAML or JSON, MockConfigFile.json, or folders with tests.yaml (or .yml, .json, or mocks.json)
    #[arg(required = true, value_name = "SUITE")]
    suites: Vec<PathBuf>,
    /// Run only the cases whose names hold this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Name the cases, and run none
    #[arg(long)]
    list: bool,
    /// Write JUnit's XML too
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// The input of a mock file's test cases [default: input.json beside it, else {}]
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// The machine, for suites that name none [default: the one in the suite's folder]
    #[arg(long, value_name = "FILE")]
    machine: Option<PathBuf>,
    /// Threads that work [default: as many as there are cores]
    #[arg(long, value_name = "N", value_parser = super::replay::threads)]
    threads: Option<usize>,
    #[command(flatten)]
    lambda: LambdaArguments,
}

/// A suite, and all that its cases are run on.
struct Loaded {
    name: String,
    suite: Suite,
    machine: Machine,
    functions: BTreeMap<String, Definition>,
    settings: Settings,
    mocks: Option<String>,
}

pub(super) fn run(arguments: &Arguments, handlers: &Handlers) -> Result<ExitCode, CliError> {
    let logs = Logs::Off;
    let handlers = &arguments.lambda.attach(handlers.clone(), arguments.threads, logs)?;
    let mut loaded = Vec::new();
    for path in &arguments.suites {
        let mut suite = load(path, arguments, handlers)?;
        if let Some(text) = &arguments.filter {
            suite.suite.cases.retain(|case| case.name.contains(text.as_str()));
        }
        loaded.push(suite);
    }
    let cases: Vec<(usize, usize)> =
        loaded.iter().enumerate().flat_map(|(n, l)| (0..l.suite.cases.len()).map(move |case| (n, case))).collect();
    if arguments.list {
        for (n, case) in &cases {
            print(&format!("{}: {}", loaded[*n].name, loaded[*n].suite.cases[*case].name))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if cases.is_empty() {
        return Err(CliError::Usage("no case has a name that --filter takes; --list names them".to_owned()));
    }
    let threads = arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let definitions = loaded.iter().map(|l| l.machine.accepted()).collect::<Result<Vec<_>, _>>()?;
    let verdicts = side_by_side(threads.min(cases.len()), cases.len(), &|n| {
        let (suite, case) = cases[n];
        let (loaded, definition) = (&loaded[suite], definitions[suite]);
        let (functions, settings) = (&loaded.functions, &loaded.settings);
        let subject = Subject { definition, functions, handlers, settings, mocks: loaded.mocks.as_deref() };
        subject.judge(&loaded.suite.cases[case])
    })
    .map_err(|error| CliError::Usage(error.to_string()))?;
    let mut judged: Vec<Judged> =
        loaded.iter().map(|l| Judged { suite: l.name.clone(), verdicts: Vec::new() }).collect();
    for ((suite, _), verdict) in cases.iter().zip(verdicts) {
        judged[*suite].verdicts.push(verdict);
    }
    judged.retain(|suite| !suite.verdicts.is_empty());
    print(report::to_text(&judged, on_stdout()).trim_end())?;
    if let Some(path) = &arguments.junit {
        write_out(path, &report::to_junit(&judged))?;
    }
    let (_, failed) = report::counts(&judged);
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// Reads a suite and all that it names.
fn load(path: &Path, arguments: &Arguments, handlers: &Handlers) -> Result<Loaded, CliError> {
    let file = match path.is_dir() {
        false => path.to_path_buf(),
        true => {
            let names = ["tests.yaml", "tests.yml", "tests.json", "MockConfigFile.json", "mocks.json"];
            let found = names.iter().map(|name| path.join(name)).find(|file| file.is_file());
            found.ok_or_else(|| CliError::Usage(format!("{} holds none of {}", path.display(), names.join(", "))))?
        }
    };
    let name = file.display().to_string();
    let text = read_text(&file)?;
    let folder = file.parent().unwrap_or(Path::new("")).to_path_buf();
    let wrong = |error: crate::suite::SuiteError| CliError::Usage(format!("{name}: {error}"));
    let is_mock_file = file.extension().is_some_and(|e| e == "json") && text.contains("\"StateMachines\"");
    let (suite, mocks) = if is_mock_file {
        let beside = folder.join("input.json");
        let input = match &arguments.input {
            Some(input) => read_text(input)?,
            None if beside.is_file() => read_text(&beside)?,
            None => "{}".to_owned(),
        };
        crate::value::scan::validate(input.as_bytes())
            .map_err(|error| CliError::Usage(format!("the input is not JSON: {error}")))?;
        (Suite::of_mocks(&text, &name, "Machine", &input).map_err(wrong)?, Some(text))
    } else {
        let suite = Suite::read(&text, &name).map_err(wrong)?;
        let beside = folder.join("mocks.json");
        let mocks = suite.mocks.as_ref().map(|mocks| folder.join(mocks)).or_else(|| beside.is_file().then_some(beside));
        (suite, mocks.map(|mocks| read_text(&mocks)).transpose()?)
    };
    let machine = suite.machine.as_ref().map(|machine| folder.join(machine)).or_else(|| arguments.machine.clone());
    let own = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.clone() };
    let place = MachineArguments {
        machine: machine.unwrap_or(own),
        workflow_type: suite.express.map(|e| if e { WorkflowType::Express } else { WorkflowType::Standard }),
        handlers: suite.handlers.as_ref().map(|handlers| folder.join(handlers)),
        resource: None,
        substitute: Vec::new(),
    };
    let machine = place.read()?;
    let functions: BTreeMap<String, Definition> = place.asl_handlers(&machine)?;
    // What cannot be compiled at all is told once, not by every case.
    compile_program(machine.accepted()?, &functions, handlers)?;
    let express = machine.machine_type == MachineType::Express;
    let machine_name = suite.machine_name.clone().unwrap_or_else(|| "Machine".to_owned());
    let settings = Settings {
        limits: if express { Limits::EXPRESS } else { Limits::STANDARD },
        names: Names { machine: machine_name, express, ..Names::default() },
    };
    Ok(Loaded { name, suite, machine, functions, settings, mocks })
}
