//! The whole `expressway` command around three functions of one's own.
//!
//! ```text
//! cargo run --release --example which_coat_native -- run corpora/which-coat
//! ```
//!
//! Functions given here win over those of the same name under `handlers/`. They tell the time, too: an execution's clock
//! is virtual, and what a function needs of it comes with the call.

use expressway::Runner;
use expressway::handler::function::{Call, Event, FunctionError};
use expressway::value::Value;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    Runner::new()
        .lambda("wear_heavy_coat", |event, call| advise(event, call, "You should wear a heavy coat today."))
        .lambda("wear_light_jacket", |event, call| advise(event, call, "You should wear a light jacket today."))
        .lambda("no_coat", |event, call| advise(event, call, "You need no coat today."))
        .cli()
}

fn advise<'a>(event: Event<'a>, call: &Call<'a>, message: &str) -> Result<Value<'a>, FunctionError> {
    let weather = event.get("Weather").ok_or_else(|| FunctionError::new("KeyError", "'Weather'"))?;
    Ok(call.record([("Weather", weather.value()), ("Timestamp", call.time()), ("Message", call.text(message))]))
}
