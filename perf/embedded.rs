//! The work of `corpora/which-coat` in a program that embeds the engine: what that costs beside the command.
//! `embedded batch|session asl|native MACHINE EVENTS OUT`, on one thread
//!
//! A batch reads the file and writes the outputs itself; a session is asked line by line, by a loop of one's own. The
//! functions are those of the machine's folder, or the same in Rust.

use expressway::batch::{Emit, Identity};
use expressway::handler::function::{Call, Event, FunctionError};
use expressway::handler::written::{Writer, Written};
use expressway::value::Value;
use expressway::{Compiler, Executor, Handlers, Sink, Source, constant};
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [way, functions, machine, events, out] = &arguments[..] else {
        return Err("usage: embedded batch|session asl|native MACHINE EVENTS OUT".into());
    };
    let handlers = match functions.as_str() {
        "native" => Handlers::new()
            .written("wear_heavy_coat", advise(constant!("You should wear a heavy coat today.")))
            .written("wear_light_jacket", advise(constant!("You should wear a light jacket today.")))
            .written("no_coat", advise(constant!("You need no coat today."))),
        _ => Handlers::new(),
    };
    let executor = Executor::new(Compiler::new().handlers(&handlers).compile_file(machine)?, &handlers)?;
    if way == "batch" {
        let batch = executor.batch().threads(1).emit(Emit::Output).results(Sink::file(std::path::Path::new(out))?);
        batch.run(vec![Source::file(events)])?;
        return Ok(());
    }
    let mut session = executor.session();
    let (mut reader, mut writer) = (BufReader::new(File::open(events)?), BufWriter::new(File::create(out)?));
    let (mut line, mut output, mut offset) = (Vec::new(), Vec::new(), 0);
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        // A line that is no event is nobody's concern here.
        let ran = session.run_at(text, Identity::Position, 0, offset);
        if ran.is_ok_and(|ran| ran.write_output(&mut output)) {
            output.push(b'\n');
            writer.write_all(&output)?;
        }
        offset += line.len() as u64;
        output.clear();
        line.clear();
    }
    writer.flush()?;
    Ok(())
}

/// A function that gives that advice.
fn advise(
    message: Value<'static>,
) -> impl for<'a, 'w> Fn(Event<'a>, &Call<'a>, Writer<'w>) -> Result<Written<'w>, FunctionError> + Send + Sync {
    move |event, _, reply| {
        let weather = event.get("Weather").ok_or_else(|| FunctionError::new("KeyError", "'Weather'"))?;
        Ok(reply.record([("Weather", weather.value()), ("Message", message)]))
    }
}
