//! The work of four workflows of `corpora/` as programs written by hand: what a batch of them costs without a workflow
//! engine.
//!
//! ```text
//! by-hand WORKFLOW READER EVENTS OUT    which-coat, etl, orders or checkout; serde, simd, simd-tape, sonic or sonic-get
//! by-hand parse EVENTS                  simd-json's borrowed DOM of each line, and nothing done with it
//! ```
//!
//! They are yardsticks, and meant to be as fast as somebody would make them who has this one job: lines are read in place
//! from a reused chunk, events are structs of borrowed fields, replies go to a reused buffer that is written in large
//! pieces, nothing is kept of an event. They must never do less than the workflow does, nor be special to the events at
//! hand. What they leave out is an engine's part: retries in general, histories, limits, errors by name, order, resuming.

mod checkout;
mod coat;
mod etl;
mod lines;
mod orders;
mod reader;

use lines::{Line, Lines};
use reader::{Reader, Serde, Simd, SimdTape, Sonic, Workload};
use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: by-hand which-coat|etl|orders|checkout serde|simd|simd-tape|sonic|sonic-get EVENTS OUT, or by-hand parse EVENTS";

/// Replies are written when so many bytes have come together.
const PIECE_BYTES: usize = 256 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["parse", events] => parse(events),
        ["which-coat", "sonic-get", events, out] => each(events, out, coat::by_path),
        ["which-coat", reader, events, out] => with::<coat::WhichCoat>(reader, events, out),
        ["etl", reader, events, out] => with::<etl::Etl>(reader, events, out),
        ["orders", reader, events, out] => with::<orders::Orders>(reader, events, out),
        ["checkout", reader, events, out] => with::<checkout::Checkout>(reader, events, out),
        _ => Err(USAGE.into()),
    }
}

fn with<W: Workload>(reader: &str, events: &str, out: &str) -> Result<(), Box<dyn Error>> {
    match reader {
        "serde" => run::<W, _>(Serde, events, out),
        "simd" => run::<W, _>(Simd::default(), events, out),
        "simd-tape" => run::<W, _>(SimdTape::default(), events, out),
        "sonic" => run::<W, _>(Sonic, events, out),
        _ => Err(USAGE.into()),
    }
}

fn run<W: Workload, R: Reader>(mut reader: R, events: &str, out: &str) -> Result<(), Box<dyn Error>> {
    let mut workload = W::default();
    each(events, out, move |line, out| match reader.read::<W>(line) {
        Some(event) => workload.answer::<R>(event, out),
        None => false,
    })
}

/// Gives each line to `answer`, which appends a reply or, if there is none, says so by `false`.
fn each(events: &str, out: &str, mut answer: impl FnMut(Line<'_>, &mut Vec<u8>) -> bool) -> Result<(), Box<dyn Error>> {
    let mut lines = Lines::new(File::open(events)?);
    let mut file = File::create(out)?;
    let mut replies = Vec::with_capacity(2 * PIECE_BYTES);
    let (mut succeeded, mut failed) = (0u64, 0u64);
    while let Some(line) = lines.next()? {
        let before = replies.len();
        if answer(line, &mut replies) {
            replies.push(b'\n');
            succeeded += 1;
        } else {
            replies.truncate(before);
            failed += 1;
        }
        if replies.len() >= PIECE_BYTES {
            file.write_all(&replies)?;
            replies.clear();
        }
    }
    file.write_all(&replies)?;
    eprintln!("{succeeded} succeeded, {failed} failed");
    Ok(())
}

fn parse(events: &str) -> Result<(), Box<dyn Error>> {
    let mut lines = Lines::new(File::open(events)?);
    let mut buffers = simd_json::Buffers::default();
    let (mut good, mut bad) = (0u64, 0u64);
    while let Some(line) = lines.next()? {
        match simd_json::to_borrowed_value_with_buffers(line.text(), &mut buffers) {
            Ok(value) => {
                black_box(&value);
                good += 1;
            }
            Err(_) => bad += 1,
        }
    }
    eprintln!("{good} parsed, {bad} refused");
    Ok(())
}
