//! Python callables as the functions behind tasks.
//!
//! A callable is called as Lambda calls a handler: `f(event, context)`, or `f(event)` if it takes no more. What it returns
//! is written as JSON; an exception's class is the error's name, its text the message, as in AWS's own runtime for Python.

use expressway::FunctionError;
use expressway::handler::function::{Call, Event, Function};
use expressway::value::Value;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// A callable behind a function's name.
pub struct Callable {
    function: Py<PyAny>,
    /// Whether it takes the context too.
    takes_context: bool,
    loads: Py<PyAny>,
    /// Writes compact JSON, and refuses what JSON has not.
    encode: Py<PyAny>,
}

impl Callable {
    /// Looks at what the callable takes.
    pub fn new(function: &Bound<'_, PyAny>) -> PyResult<Callable> {
        let py = function.py();
        let json = py.import(intern!(py, "json"))?;
        let options = PyDict::new(py);
        options.set_item("ensure_ascii", false)?;
        options.set_item("allow_nan", false)?;
        options.set_item("separators", (",", ":"))?;
        let encoder = json.getattr("JSONEncoder")?.call((), Some(&options))?;
        let signature = py.import("inspect")?.getattr("signature")?.call1((function,));
        // What has no signature, as some callables written in C, is given the event alone.
        let takes_context = signature.is_ok_and(|s| s.call_method1("bind", (py.None(), py.None())).is_ok());
        Ok(Callable {
            function: function.clone().unbind(),
            takes_context,
            loads: json.getattr("loads")?.unbind(),
            encode: encoder.getattr("encode")?.unbind(),
        })
    }

    fn text(&self, py: Python<'_>, event: &str, call: &Call) -> Result<String, FunctionError> {
        let event = self.loads.call1(py, (event,)).map_err(|error| raised(py, &error))?;
        let reply = if self.takes_context {
            self.function.call1(py, (event, Context::of(call)))
        } else {
            self.function.call1(py, (event,))
        };
        let reply = reply.map_err(|error| raised(py, &error))?;
        // Lambda's own name for a reply that cannot be written.
        let unwritable = |error: PyErr| FunctionError::new("Runtime.MarshalError", text_of(py, &error));
        let text = self.encode.call1(py, (reply,)).map_err(unwritable)?;
        Ok(text.bind(py).cast::<PyString>().map_err(|e| unwritable(e.into()))?.to_str().map_err(unwritable)?.to_owned())
    }
}

impl Function for Callable {
    fn call<'a>(&self, event: Event<'a>, call: &Call<'a>) -> Result<Value<'a>, FunctionError> {
        let json = event.value().to_json();
        // An interpreter that is shutting down runs nothing any more.
        let text = Python::try_attach(|py| self.text(py, &json, call))
            .ok_or_else(|| FunctionError::new("Runtime.ExitError", "the interpreter is shutting down"))??;
        call.json_text(&text)
    }
}

fn raised(py: Python<'_>, error: &PyErr) -> FunctionError {
    let name = error.get_type(py).name().map(|name| name.to_string());
    FunctionError::new(&name.unwrap_or_else(|_| "Exception".to_owned()), text_of(py, error))
}

fn text_of(py: Python<'_>, error: &PyErr) -> String {
    error.value(py).str().map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What a function may know of its call: the second argument of a handler.
#[pyclass(module = "expressway", frozen, get_all)]
pub struct Context {
    /// The function's name.
    function_name: String,
    /// The version or alias that is called for; `$LATEST` unless one is.
    function_version: String,
    /// The state that calls.
    state: String,
    /// How often the state has been tried before.
    retry_count: u32,
    /// The execution's clock, in milliseconds since 1970.
    now_ms: i64,
    /// The task's token, if the state waits for it to come back.
    task_token: Option<String>,
}

impl Context {
    fn of(call: &Call) -> Context {
        Context {
            function_name: call.name().to_owned(),
            function_version: call.qualifier().unwrap_or("$LATEST").to_owned(),
            state: call.state().to_owned(),
            retry_count: call.retry_count(),
            now_ms: call.now_ms(),
            task_token: call.token().map(str::to_owned),
        }
    }
}
