//! The class `Program`: a definition, compiled, with the functions behind its tasks.

use crate::callable::Callable;
use crate::outcome::Outcome;
use crate::work::without_lock;
use crate::{CompileError, MissingHandlers};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use expressway::arrow::{RunOptions, schema};
use expressway::batch::{BatchError, Emit, Identity};
use expressway::definition::{Diagnostic, MachineType};
use expressway::embed::CompileFailure;
use expressway::value::timestamp::Timestamp;
use expressway::{Compiler, Executor, Handlers, Sink, Source, view};
use pyo3::exceptions::{PyOSError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyMapping, PyString, PyTuple};
use pyo3_arrow::input::AnyArray;
use pyo3_arrow::{PyRecordBatch, PyTable};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The column that holds the events, unless another is named.
const EVENT_COLUMN: &str = "event";

/// A state machine, compiled, with the functions that its tasks call. Made by `Program.compile` or `Program.compile_file`.
#[pyclass(module = "expressway", frozen)]
pub struct Program {
    executor: Executor,
}

/// What compiling takes besides the text.
struct Made<'a, 'py> {
    handlers: Option<&'a Bound<'py, PyMapping>>,
    machine_type: Option<&'a str>,
    substitute: Option<&'a Bound<'py, PyMapping>>,
    resource: Option<String>,
    file_name: Option<String>,
    seed: u64,
    now: Option<&'a str>,
}

#[pymethods]
impl Program {
    /// Compiles a definition.
    #[staticmethod]
    #[pyo3(signature = (text, *, handlers=None, machine_type=None, substitute=None, resource=None, file_name=None, seed=0, now=None))]
    #[allow(clippy::too_many_arguments)] // Python's keywords.
    fn compile(
        text: &str,
        handlers: Option<&Bound<'_, PyMapping>>,
        machine_type: Option<&str>,
        substitute: Option<&Bound<'_, PyMapping>>,
        resource: Option<String>,
        file_name: Option<String>,
        seed: u64,
        now: Option<&str>,
    ) -> PyResult<Program> {
        Made { handlers, machine_type, substitute, resource, file_name, seed, now }
            .make(|compiler| compiler.compile(text))
    }

    /// Compiles a file, or a folder with machine.asl.json (or .yaml, or template.yaml) and handlers/FUNCTION.asl.json.
    #[staticmethod]
    #[pyo3(signature = (path, *, handlers=None, machine_type=None, substitute=None, resource=None, seed=0, now=None))]
    fn compile_file(
        path: PathBuf,
        handlers: Option<&Bound<'_, PyMapping>>,
        machine_type: Option<&str>,
        substitute: Option<&Bound<'_, PyMapping>>,
        resource: Option<String>,
        seed: u64,
        now: Option<&str>,
    ) -> PyResult<Program> {
        Made { handlers, machine_type, substitute, resource, file_name: None, seed, now }
            .make(|compiler| compiler.compile_file(&path))
    }

    /// The names of the states, in the order of the definition.
    #[getter]
    fn states(&self) -> Vec<String> {
        self.executor.program().states().iter().map(|state| state.name.to_string()).collect()
    }

    /// Runs an execution for each event.
    #[pyo3(signature = (events, *, threads=None, identity=None, column=None, output=None, failures=None, dead_letters=None, emit="outcome", position=false, unordered=false, limit=None))]
    #[allow(clippy::too_many_arguments)] // Python's keywords.
    fn run<'py>(
        &self,
        py: Python<'py>,
        events: &Bound<'py, PyAny>,
        threads: Option<usize>,
        identity: Option<&str>,
        column: Option<&str>,
        output: Option<PathBuf>,
        failures: Option<PathBuf>,
        dead_letters: Option<PathBuf>,
        emit: &str,
        position: bool,
        unordered: bool,
        limit: Option<u64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let files = Files { output, failures, dead_letters, emit, position, unordered, limit };
        if events.is_instance_of::<PyString>() || events.hasattr(intern!(py, "__fspath__"))? {
            let identity = self::identity(identity, Identity::Position)?;
            return self.run_file(py, &events.extract::<PathBuf>()?, threads, identity, files);
        }
        files.refuse_unless_unused()?;
        let mut options = RunOptions::default();
        options.identity = self::identity(identity, Identity::Content)?;
        options.threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        if events.is_instance_of::<PyList>() || events.is_instance_of::<PyTuple>() {
            let array = texts(py, events)?;
            return Ok(Outcome::list(py, &self.run_array(py, &array, None, &options)?)?.into_any());
        }
        match events.extract::<AnyArray>() {
            Ok(AnyArray::Array(array)) => {
                let (array, _) = array.into_inner();
                PyRecordBatch::new(self.run_array(py, &array, column, &options)?).into_pyarrow(py)
            }
            Ok(AnyArray::Stream(stream)) => {
                let mut batches = Vec::new();
                for array in stream.into_reader()? {
                    let array = array.map_err(|error| PyValueError::new_err(error.to_string()))?;
                    batches.push(self.run_array(py, &array, column, &options)?);
                    options.first_row += array.len() as u64;
                }
                PyTable::try_new(batches, schema())?.into_pyarrow(py)
            }
            Err(_) => Err(PyTypeError::new_err(format!(
                "events must be a list of JSON texts or objects, a path, or an array, batch or table of Arrow, not {}",
                events.get_type().name()?
            ))),
        }
    }

    /// Runs one execution.
    #[pyo3(signature = (event, *, history=false))]
    fn execute<'py>(&self, py: Python<'py>, event: &Bound<'py, PyAny>, history: bool) -> PyResult<Bound<'py, PyAny>> {
        let text = text(py, event)?;
        let stop = AtomicBool::new(false);
        let ended = without_lock(py, &stop, || {
            if history { self.executor.run_with_history(&text) } else { self.executor.run(&text) }
        })?;
        let ended = ended.map_err(|error| PyValueError::new_err(error.to_string()))?;
        if !history {
            return Ok(Outcome::of(ended).into_pyobject(py)?.into_any());
        }
        let events = view::history::to_json(&ended.history, "arn:aws:iam::123456789012:role/Role");
        let loads = py.import(intern!(py, "json"))?.getattr(intern!(py, "loads"))?;
        let result = Outcome::of(ended).into_pyobject(py)?.into_any();
        Ok((result, loads.call1((events,))?).into_pyobject(py)?.into_any())
    }

    fn __repr__(&self) -> String {
        format!("<Program of {} states>", self.executor.program().states().len())
    }
}

/// What only a run over a file takes.
struct Files<'a> {
    output: Option<PathBuf>,
    failures: Option<PathBuf>,
    dead_letters: Option<PathBuf>,
    emit: &'a str,
    position: bool,
    unordered: bool,
    limit: Option<u64>,
}

impl Files<'_> {
    fn refuse_unless_unused(&self) -> PyResult<()> {
        let used = self.output.is_some()
            || self.failures.is_some()
            || self.dead_letters.is_some()
            || self.emit != "outcome"
            || self.position
            || self.unordered
            || self.limit.is_some();
        if !used {
            return Ok(());
        }
        let what = "output, failures, dead_letters, emit, position, unordered and limit are for events in a file";
        Err(PyTypeError::new_err(format!("{what}; results of other events are returned")))
    }
}

impl Program {
    fn run_array(
        &self,
        py: Python<'_>,
        array: &ArrayRef,
        column: Option<&str>,
        options: &RunOptions,
    ) -> PyResult<RecordBatch> {
        let events = events(array, column)?;
        let stop = AtomicBool::new(false);
        without_lock(py, &stop, || self.executor.run_batch(&events, options))?
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn run_file<'py>(
        &self,
        py: Python<'py>,
        path: &std::path::Path,
        threads: Option<usize>,
        identity: Identity,
        files: Files,
    ) -> PyResult<Bound<'py, PyAny>> {
        let emit = match files.emit {
            "outcome" => Emit::Outcome,
            "output" => Emit::Output,
            other => return Err(PyValueError::new_err(format!("emit is 'outcome' or 'output', not '{other}'"))),
        };
        // A wrong name is told before anything is written.
        std::fs::File::open(path)?;
        let sink = |path: &PathBuf| Sink::file(path).map_err(|error| PyOSError::new_err(error.to_string()));
        let stop = AtomicBool::new(false);
        let mut batch = self.executor.batch().identity(identity).emit(emit).position(files.position);
        batch = batch.unordered(files.unordered).stop(&stop);
        if let Some(threads) = threads {
            batch = batch.threads(threads);
        }
        if let Some(records) = files.limit {
            batch = batch.limit(records);
        }
        if let Some(path) = &files.output {
            batch = batch.results(sink(path)?);
        }
        if let Some(path) = &files.failures {
            batch = batch.failures(sink(path)?);
        }
        if let Some(path) = &files.dead_letters {
            batch = batch.dead_letters(sink(path)?);
        }
        let summary = without_lock(py, &stop, || batch.run(vec![Source::file(path)]))?;
        let summary = summary.map_err(|error| match error {
            BatchError::Sink { .. } => PyOSError::new_err(error.to_string()),
            _ => PyValueError::new_err(error.to_string()),
        })?;
        if let Some(error) = summary.source_errors.first() {
            return Err(PyOSError::new_err(error.to_string()));
        }
        py.import(intern!(py, "json"))?.getattr(intern!(py, "loads"))?.call1((summary.to_json(),))
    }
}

impl Made<'_, '_> {
    fn make(self, compile: impl FnOnce(&Compiler) -> Result<expressway::Program, CompileFailure>) -> PyResult<Program> {
        let (mut compiler, mut handlers) = (Compiler::new(), Handlers::new());
        if let Some(given) = self.handlers {
            for pair in given.items()?.iter() {
                let (name, handler): (String, Bound<'_, PyAny>) = pair.extract()?;
                if handler.is_callable() {
                    handlers = handlers.function(&name, Arc::new(Callable::new(&handler)?));
                } else {
                    compiler = compiler.asl_handler(name, text(handler.py(), &handler)?);
                }
            }
        }
        if let Some(values) = self.substitute {
            for pair in values.items()?.iter() {
                let (name, value): (String, String) = pair.extract()?;
                compiler = compiler.substitute(name, value);
            }
        }
        let machine_type = match self.machine_type.map(str::to_ascii_lowercase).as_deref() {
            None => None,
            Some("standard") => Some(MachineType::Standard),
            Some("express") => Some(MachineType::Express),
            Some(other) => {
                return Err(PyValueError::new_err(format!("machine_type is 'standard' or 'express', not '{other}'")));
            }
        };
        if let Some(machine_type) = machine_type {
            compiler = compiler.machine_type(machine_type);
        }
        if let Some(resource) = self.resource {
            compiler = compiler.resource(resource);
        }
        if let Some(file_name) = self.file_name {
            compiler = compiler.file_name(file_name);
        }
        let program = compile(&compiler.handlers(&handlers)).map_err(refused)?;
        let executor = Executor::new(program, &handlers).map_err(|missing| {
            let error = MissingHandlers::new_err(missing.to_string());
            Python::attach(|py| error.value(py).setattr("names", missing.missing)).map_or_else(|e| e, |()| error)
        })?;
        let mut executor = executor.seed(self.seed).machine_type(machine_type.unwrap_or_default());
        if let Some(now) = self.now {
            let time = Timestamp::parse(now).map_err(|error| PyValueError::new_err(format!("now: {error}")))?;
            executor = executor.now(time.as_millis());
        }
        Ok(Program { executor })
    }
}

/// What Python raises for a definition that is refused.
fn refused(failure: CompileFailure) -> PyErr {
    let text = failure.to_string();
    let diagnostics = match failure {
        CompileFailure::File { error, .. } => {
            return PyErr::from(std::io::Error::new(error.kind(), text));
        }
        CompileFailure::Definition { diagnostics, .. } | CompileFailure::Handler { diagnostics, .. } => diagnostics,
        _ => Vec::new(),
    };
    let error = CompileError::new_err(text);
    Python::attach(|py| {
        let list = PyList::empty(py);
        for diagnostic in &diagnostics {
            list.append(described(py, diagnostic)?)?;
        }
        error.value(py).setattr("diagnostics", list)
    })
    .map_or_else(|e| e, |()| error)
}

fn described<'py>(py: Python<'py>, diagnostic: &Diagnostic) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("severity", diagnostic.severity.as_str())?;
    dict.set_item("code", diagnostic.code.as_str())?;
    dict.set_item("message", &diagnostic.message)?;
    dict.set_item("location", diagnostic.location.as_deref())?;
    Ok(dict)
}

fn identity(name: Option<&str>, otherwise: Identity) -> PyResult<Identity> {
    match name {
        None => Ok(otherwise),
        Some("content") => Ok(Identity::Content),
        Some("position") => Ok(Identity::Position),
        Some(other) => Err(PyValueError::new_err(format!("identity is 'content' or 'position', not '{other}'"))),
    }
}

/// JSON text: a `str` or `bytes` is one, of anything else one is made.
fn text(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_str()?.to_owned());
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        let text = std::str::from_utf8(bytes.as_bytes());
        return text
            .map(str::to_owned)
            .map_err(|error| PyValueError::new_err(format!("the bytes are no text: {error}")));
    }
    let options = PyDict::new(py);
    options.set_item("ensure_ascii", false)?;
    options.set_item("allow_nan", false)?;
    py.import(intern!(py, "json"))?.getattr(intern!(py, "dumps"))?.call((value,), Some(&options))?.extract()
}

fn texts(py: Python<'_>, events: &Bound<'_, PyAny>) -> PyResult<ArrayRef> {
    let mut texts = Vec::with_capacity(events.len()?);
    for event in events.try_iter()? {
        texts.push(text(py, &event?)?);
    }
    Ok(Arc::new(StringArray::from_iter_values(texts)))
}

/// The column that holds the events; of a batch without one of that name, whole rows are events.
fn events(array: &ArrayRef, column: Option<&str>) -> PyResult<ArrayRef> {
    let Some(rows) = array.as_struct_opt() else {
        return match column {
            None => Ok(Arc::clone(array)),
            Some(name) => {
                Err(PyValueError::new_err(format!("an array of {} has no column '{name}'", array.data_type())))
            }
        };
    };
    match (rows.column_by_name(column.unwrap_or(EVENT_COLUMN)), column) {
        (Some(events), _) => Ok(Arc::clone(events)),
        (None, None) => Ok(Arc::clone(array)),
        (None, Some(name)) => {
            let names = rows.column_names().join(", ");
            Err(PyValueError::new_err(format!("there is no column '{name}', but: {names}")))
        }
    }
}
