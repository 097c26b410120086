//! The whole command around a person's own functions.
//!
//! ```no_run
//! use expressway::Runner;
//!
//! fn main() -> std::process::ExitCode {
//!     Runner::new()
//!         .lambda("wear_heavy_coat", |event, call| {
//!             let weather = event.get("Weather").map_or(call.text("unknown"), |w| w.value());
//!             Ok(call.object(&[("Weather", weather), ("Message", call.text("You should wear a heavy coat today."))]))
//!         })
//!         .cli()
//! }
//! ```
//!
//! It must never hold logic of its own: it gathers handlers and hands them to `cli`.

use crate::cli;
use crate::handler::Handlers;
use crate::handler::function::{Call, Event, FunctionError};
use crate::value::Value;
use std::process::ExitCode;

/// Gathers handlers, then is the command.
#[derive(Default)]
pub struct Runner {
    handlers: Handlers,
}

impl Runner {
    /// The plain command.
    pub fn new() -> Runner {
        Runner::default()
    }

    /// Puts a function behind a Lambda function's name.
    #[must_use]
    pub fn lambda<F>(mut self, name: &str, function: F) -> Runner
    where
        F: for<'a> Fn(Event<'a>, &Call<'a>) -> Result<Value<'a>, FunctionError> + Send + Sync + 'static,
    {
        self.handlers = self.handlers.lambda(name, function);
        self
    }

    /// Puts a function behind a resource, such as `dynamodb:putItem`.
    #[must_use]
    pub fn resource<F>(mut self, name: &str, function: F) -> Runner
    where
        F: for<'a> Fn(Event<'a>, &Call<'a>) -> Result<Value<'a>, FunctionError> + Send + Sync + 'static,
    {
        self.handlers = self.handlers.resource(name, function);
        self
    }

    /// Runs the command with the process's arguments.
    pub fn cli(self) -> ExitCode {
        cli::main(std::env::args_os(), self.handlers)
    }
}
