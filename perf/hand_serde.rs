//! The work of `corpora/which-coat` as a program written by hand on serde_json: what a batch of it costs without a
//! workflow engine. `hand_serde EVENTS OUT`
//!
//! It is meant to be fast the natural way: one reused line buffer, a struct of borrowed fields, a buffered writer.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "Weather")]
    weather: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reply<'a> {
    weather: &'a str,
    message: &'a str,
}

fn main() -> io::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(events), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("usage: hand_serde EVENTS OUT"));
    };
    let mut events = BufReader::with_capacity(256 << 10, File::open(events)?);
    let mut out = BufWriter::with_capacity(256 << 10, File::create(out)?);
    let (mut line, mut succeeded, mut failed) = (Vec::new(), 0u64, 0u64);
    while events.read_until(b'\n', &mut line)? > 0 {
        match serde_json::from_slice::<Event>(&line) {
            Ok(event) => match message(&event.weather) {
                Some(message) => {
                    serde_json::to_writer(&mut out, &Reply { weather: &event.weather, message })?;
                    out.write_all(b"\n")?;
                    succeeded += 1;
                }
                None => failed += 1,
            },
            Err(_) => failed += 1,
        }
        line.clear();
    }
    out.flush()?;
    eprintln!("{succeeded} succeeded, {failed} failed");
    Ok(())
}

fn message(weather: &str) -> Option<&'static str> {
    match weather {
        "FREEZING" => Some("You should wear a heavy coat today."),
        "COOL" => Some("You should wear a light jacket today."),
        "WARM" => Some("You need no coat today."),
        _ => None,
    }
}
