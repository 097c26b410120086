//! Runs in a small world: a disk in memory, workers that take turns, and a seed for whatever is left to chance.
//!
//! A run is set up the same way each time, so that what it writes can be compared with what an undisturbed run writes.

use crate::bench::{bound, program};
use crate::disk::{MemoryDisk, Reading};
use expressway::batch::{Batch, BatchError, Ledger, LedgerError, Sink, Source, Summary, Turn};
use expressway::handler::Bound;
use expressway::program::Program;
use expressway::vm::{Limits, Settings};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Where the ledger is.
pub const LEDGER: &str = "ledger";
/// The outputs.
pub const OUTPUTS: [&str; 3] = ["results", "failures", "dead letters"];

/// Numbers from a seed.
pub struct Chance(pub u64);

impl Chance {
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// One below a number.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.draw() % limit.max(1) as u64) as usize
    }
}

/// How a run is cut and kept.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub workers: usize,
    pub chunk_bytes: usize,
    pub limit: Option<u64>,
    /// How many bytes of results may wait in memory, and in a file.
    pub window_bytes: usize,
    pub spill_bytes: u64,
    /// Whether the second source is compressed.
    pub gzip: bool,
    pub once: bool,
    /// How long what an event drags along can be.
    pub filling: usize,
    /// What stands in the outputs behind the last entry is left there.
    pub keeps_tails: bool,
}

impl Default for Shape {
    fn default() -> Shape {
        Shape {
            workers: 2,
            chunk_bytes: 700,
            limit: None,
            window_bytes: 32 << 20,
            spill_bytes: 0,
            gzip: false,
            once: false,
            filling: 1_500,
            keeps_tails: false,
        }
    }
}

/// What is run, and by whom.
pub struct World {
    pub disk: MemoryDisk,
    pub shape: Shape,
    sources: [Arc<Vec<u8>>; 2],
    program: Program,
    bound: Bound,
}

/// A run's outputs, and its summary without its times.
pub type Written = ([Vec<u8>; 3], String);

/// Some lines: events of many kinds, and what is none.
pub fn lines(chance: &mut Chance, count: usize, filling: usize) -> Vec<u8> {
    let mut text = String::from("\u{feff}");
    for n in 0..count {
        text.push_str(&match chance.below(14) {
            0 => format!("{{\"do\":\"fail\",\"error\":\"E{}\",\"cause\":\"{n}\"}}", n % 5),
            1 => "{\"do\":\"name\"}".to_owned(),
            2 => "not an event".to_owned(),
            3 => "  ".to_owned(),
            4 => format!("{{\"do\":\"task\",\"reply\":{}}}", chance.below(60)),
            5 => format!("{{\"do\":\"pass\",\"filling\":\"{}\"}}", "y".repeat(chance.below(filling))),
            6 if n % 9 == 0 => "{\"do\":\"loop\"}".to_owned(),
            _ => format!("{{\"do\":\"pass\",\"id\":{n}}}"),
        });
        text.push_str(if n % 11 == 0 { "\r\n" } else { "\n" });
    }
    text.pop();
    text.into_bytes()
}

impl World {
    pub fn new(chance: &mut Chance, shape: Shape, count: usize) -> World {
        let program = program();
        let bound = bound(&program);
        let (first, mut second) = (lines(chance, count, shape.filling), lines(chance, count / 2, shape.filling));
        if shape.gzip {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut encoder, &second).unwrap();
            second = encoder.finish().unwrap();
        }
        let sources = [Arc::new(first), Arc::new(second)];
        World { disk: MemoryDisk::default(), shape, sources, program, bound }
    }

    /// The same world with an empty disk.
    pub fn afresh(self) -> World {
        World { disk: MemoryDisk::default(), ..self }
    }

    /// A new run, or the rest of one.
    pub fn run(&self, ledger: Result<Ledger, LedgerError>, turns: impl FnMut() -> Turn) -> Result<Summary, BatchError> {
        let mut ledger = ledger?.every(Duration::ZERO).once(self.shape.once);
        if self.shape.keeps_tails {
            ledger = ledger.keep_tails_for_a_test();
        }
        let limits = Limits { steps: 50, ..Limits::STANDARD };
        let sink = |name: &str| Sink::kept_on(Arc::new(self.disk.clone()), Path::new(name));
        let mut batch = Batch::new(&self.program, &self.bound)
            .settings(Settings { limits, ..Settings::default() })
            .threads(self.shape.workers)
            .chunk_bytes(self.shape.chunk_bytes)
            .window_bytes(self.shape.window_bytes)
            .spill(std::env::temp_dir(), self.shape.spill_bytes)
            .max_line_bytes(Some(self.shape.filling * 4 / 5))
            .results(sink(OUTPUTS[0]))
            .failures(sink(OUTPUTS[1]))
            .dead_letters(sink(OUTPUTS[2]))
            .ledger(ledger);
        if let Some(limit) = self.shape.limit {
            batch = batch.limit(limit);
        }
        let [first, second] = &self.sources;
        let reading = Reading { disk: self.disk.clone(), bytes: first.clone() };
        let second = match self.shape.gzip {
            true => Source::memory("second", second),
            false => {
                let reading = Reading { disk: self.disk.clone(), bytes: second.clone() };
                Source::pieces("second", reading, second.len() as u64)
            }
        };
        batch.run_in_turns(vec![Source::pieces("first", reading, first.len() as u64), second], turns)
    }

    pub fn new_ledger(&self) -> Result<Ledger, LedgerError> {
        Ledger::new_on(Arc::new(self.disk.clone()), Path::new(LEDGER))
    }

    pub fn resumed(&self) -> Result<Ledger, LedgerError> {
        Ledger::resume_on(Arc::new(self.disk.clone()), Path::new(LEDGER))
    }

    /// Turns that go round, with an entry of the ledger now and then.
    pub fn in_order(&self) -> impl FnMut() -> Turn + use<> {
        let workers = self.shape.workers;
        let mut turn = 0;
        move || {
            turn += 1;
            assert!(turn < 1_000_000, "nobody goes on any more");
            if turn % 7 == 0 { Turn::Ledger } else { Turn::Worker(turn % workers, 5) }
        }
    }

    /// What an undisturbed run writes.
    pub fn undisturbed(&self) -> Written {
        let summary = self.run(self.new_ledger(), self.in_order()).expect("an undisturbed run");
        self.written(&summary)
    }

    /// What there is, once a run has come to its end.
    pub fn written(&self, summary: &Summary) -> Written {
        let outputs = OUTPUTS.map(|name| self.disk.bytes(Path::new(name)).unwrap_or_default());
        (outputs, without_times(&summary.to_json()))
    }

    /// Goes on until the run has come to its end, from the start if not even the ledger was made.
    pub fn go_on(&self) -> Written {
        let ledger = match self.resumed() {
            Err(LedgerError::Absent { .. }) => self.new_ledger(),
            other => other,
        };
        let summary = self.run(ledger, self.in_order()).expect("a run that is gone on with");
        assert!(!summary.partial && self.resumed().expect("a ledger").is_done());
        self.written(&summary)
    }
}

/// Turns that a seed decides.
pub struct Turns {
    chance: Chance,
    workers: usize,
    /// A worker that is slow, and one that is left out for a while.
    slow: usize,
    asleep: usize,
    turn: usize,
}

impl Turns {
    pub fn random(world: &World, seed: u64) -> Turns {
        let mut chance = Chance(seed ^ 0x7075);
        let slow = chance.below(2 * world.shape.workers);
        Turns { chance, workers: world.shape.workers, slow, asleep: usize::MAX, turn: 0 }
    }

    /// Who goes on.
    pub fn next(&mut self) -> Turn {
        self.turn += 1;
        assert!(self.turn < 1_000_000, "nobody goes on any more");
        if self.chance.below(50) == 0 {
            self.asleep = self.chance.below(2 * self.workers);
        }
        let worker = self.chance.below(self.workers + 1);
        if worker == self.workers {
            return Turn::Ledger;
        }
        // All others have their turns while somebody sleeps; alone nobody does.
        if worker == self.asleep && self.workers > 1 && !self.turn.is_multiple_of(64) {
            return Turn::Worker((worker + 1) % self.workers, 1 + self.chance.below(40));
        }
        let lines = if worker == self.slow { 1 } else { 1 + self.chance.below(40) };
        Turn::Worker(worker, lines)
    }
}

/// A summary without what depends on the clock.
pub fn without_times(json: &str) -> String {
    json.split(",\"timing\":").next().unwrap_or_default().to_owned()
}
