//! The Python package's native half: `expressway._native`.
//!
//! Flows in: Python's strings, lists, callables and Arrow arrays. Flows out: results as objects or as Arrow. All work is
//! done with the interpreter's lock released; it is taken only to call a function written in Python, and to look for
//! Ctrl-C. It must hold no logic of the States Language, and no unsafe code of its own: what PyO3's macros write is its own
//! business.
//!
//! | file | holds |
//! | --- | --- |
//! | `program.rs` | the class `Program`: compiling, and the ways to run |
//! | `callable.rs` | Python callables as functions |
//! | `outcome.rs` | the class `Result` |
//! | `work.rs` | work without the lock, and Ctrl-C |

#![deny(unsafe_code)]

mod callable;
mod outcome;
mod program;
mod work;

use pyo3::exceptions::{PyLookupError, PyValueError};
use pyo3::prelude::*;

pyo3::create_exception!(
    expressway,
    CompileError,
    PyValueError,
    "The definition, or a function written in ASL, is refused. `diagnostics` lists everything that is wrong."
);
pyo3::create_exception!(
    expressway,
    MissingHandlers,
    PyLookupError,
    "Tasks call functions that nobody stands behind. `names` maps each to the states that call it."
);

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<program::Program>()?;
    module.add_class::<outcome::Outcome>()?;
    module.add_class::<callable::Context>()?;
    module.add("CompileError", module.py().get_type::<CompileError>())?;
    module.add("MissingHandlers", module.py().get_type::<MissingHandlers>())
}
