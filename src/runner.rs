//! The whole command around a person's own functions.
//!
//! ```no_run
//! use expressway::Runner;
//!
//! fn main() -> std::process::ExitCode {
//!     Runner::new()
//!         .lambda("wear_heavy_coat", |event, call| {
//!             let weather = event.get("Weather").map_or(call.text("unknown"), |w| w.value());
//!             Ok(call.record([("Weather", weather), ("Message", call.text("You should wear a heavy coat today."))]))
//!         })
//!         .cli()
//! }
//! ```
//!
//! It must never hold logic of its own: it gathers handlers and hands them to `cli`.

use crate::cli;
use crate::handler::Handlers;
use crate::handler::function::{Call, Event, FunctionError};
use crate::handler::waiting::CallDetails;
use crate::handler::written::{Writer, Written};
use crate::value::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
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

    /// Puts a function that writes its replies behind a Lambda function's name, as [`Handlers::written`].
    #[must_use]
    pub fn written<F>(mut self, name: &str, function: F) -> Runner
    where
        F: for<'a, 'w> Fn(Event<'a>, &Call<'a>, Writer<'w>) -> Result<Written<'w>, FunctionError>
            + Send
            + Sync
            + 'static,
    {
        self.handlers = self.handlers.written(name, function);
        self
    }

    /// Takes all functions, resources and mocks from here; what was given before is forgotten.
    #[must_use]
    pub fn handlers(mut self, handlers: Handlers) -> Runner {
        self.handlers = handlers;
        self
    }

    /// Puts a function of one's own types behind a Lambda function's name, as [`Handlers::typed`] does.
    #[must_use]
    pub fn typed<I, O, E, F>(mut self, name: &str, function: F) -> Runner
    where
        I: DeserializeOwned,
        O: Serialize,
        E: Into<FunctionError>,
        F: Fn(I, &Call<'_>) -> Result<O, E> + Send + Sync + 'static,
    {
        self.handlers = self.handlers.typed(name, function);
        self
    }

    /// Puts a function that waits behind a Lambda function's name, as [`Handlers::waiting`] does.
    #[must_use]
    pub fn waiting<I, O, E, F, R>(mut self, name: &str, function: F) -> Runner
    where
        I: DeserializeOwned + 'static,
        O: Serialize,
        E: Into<FunctionError>,
        F: Fn(I, CallDetails) -> R + Send + Sync + 'static,
        R: Future<Output = Result<O, E>> + Send + 'static,
    {
        self.handlers = self.handlers.waiting(name, function);
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
