//! The work of `corpora/which-coat` as a program written by hand on simd-json's borrowed DOM, buffers reused.
//! `hand_simd EVENTS OUT`, or `hand_simd --parse-only EVENTS`: the same reading, and nothing done with what was read.

use simd_json::prelude::*;
use simd_json::{Buffers, to_borrowed_value_with_buffers};
use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args_os().skip(1).peekable();
    let parse_only = arguments.next_if(|argument| argument == "--parse-only").is_some();
    let (Some(events), out) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("usage: hand_simd EVENTS OUT, or hand_simd --parse-only EVENTS"));
    };
    let mut events = BufReader::with_capacity(256 << 10, File::open(events)?);
    let sink: Box<dyn Write> = match (parse_only, out) {
        (false, Some(out)) => Box::new(File::create(out)?),
        (true, None) => Box::new(io::sink()),
        _ => return Err(io::Error::other("usage: hand_simd EVENTS OUT, or hand_simd --parse-only EVENTS")),
    };
    let mut out = BufWriter::with_capacity(256 << 10, sink);
    let mut buffers = Buffers::default();
    let (mut line, mut succeeded, mut failed) = (Vec::new(), 0u64, 0u64);
    while events.read_until(b'\n', &mut line)? > 0 {
        match to_borrowed_value_with_buffers(&mut line, &mut buffers) {
            Ok(event) if parse_only => {
                black_box(&event);
                succeeded += 1;
            }
            Ok(event) => match event.get_str("Weather").and_then(|weather| Some((weather, message(weather)?))) {
                Some((weather, message)) => {
                    out.write_all(b"{\"Weather\":\"")?;
                    // Only the three plain words come this far: there is nothing to escape.
                    out.write_all(weather.as_bytes())?;
                    out.write_all(b"\",\"Message\":\"")?;
                    out.write_all(message.as_bytes())?;
                    out.write_all(b"\"}\n")?;
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
