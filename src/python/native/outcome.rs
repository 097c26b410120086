//! The class `Result`: what one event came to.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;

/// What one event came to.
#[pyclass(name = "Result", module = "expressway", frozen)]
pub struct Outcome {
    /// `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `REJECTED` (the event is no JSON).
    #[pyo3(get)]
    status: String,
    /// The output as compact JSON; `None` unless it succeeded.
    #[pyo3(get)]
    output_json: Option<String>,
    /// The name of the error.
    #[pyo3(get)]
    error: Option<String>,
    /// The error's cause.
    #[pyo3(get)]
    cause: Option<String>,
    /// How long it took, by the wall clock.
    #[pyo3(get)]
    duration_ns: i64,
    /// How many states it entered.
    #[pyo3(get)]
    steps: i64,
}

#[pymethods]
impl Outcome {
    /// The output as Python has it; `None` unless it succeeded.
    #[getter]
    fn output<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.output_json {
            Some(text) => {
                let loads = py.import(intern!(py, "json"))?.getattr(intern!(py, "loads"))?;
                loads.call1((text,)).map(Some)
            }
            None => Ok(None),
        }
    }

    fn __repr__(&self) -> String {
        match (&self.output_json, &self.error) {
            (Some(output), _) => format!("<Result {} {output}>", self.status),
            (None, Some(error)) => format!("<Result {} {error}>", self.status),
            (None, None) => format!("<Result {}>", self.status),
        }
    }
}

impl Outcome {
    /// The result of a single execution.
    pub fn of(ended: expressway::Ended) -> Outcome {
        Outcome {
            status: ended.status.as_str().to_owned(),
            output_json: ended.output,
            error: ended.error,
            cause: ended.cause,
            duration_ns: 0,
            steps: i64::try_from(ended.steps).unwrap_or(i64::MAX),
        }
    }

    /// The rows of a result as a list.
    pub fn list<'py>(py: Python<'py>, batch: &RecordBatch) -> PyResult<Bound<'py, PyList>> {
        let texts = |column: usize| batch.column(column).as_string::<i32>();
        let numbers = |column: usize| batch.column(column).as_primitive::<Int64Type>();
        let (status, output, error, cause) = (texts(0), texts(1), texts(2), texts(3));
        let (duration_ns, steps) = (numbers(4), numbers(5));
        let own = |column: &arrow_array::StringArray, row: usize| {
            arrow_array::Array::is_valid(column, row).then(|| column.value(row).to_owned())
        };
        let rows = (0..batch.num_rows()).map(|row| Outcome {
            status: status.value(row).to_owned(),
            output_json: own(output, row),
            error: own(error, row),
            cause: own(cause, row),
            duration_ns: duration_ns.value(row),
            steps: steps.value(row),
        });
        PyList::new(py, rows.collect::<Vec<_>>())
    }
}
