//! The same workloads on several readers: what each reader is given is the same, so that only reading and writing differ.

use crate::lines::Line;
use serde::{Deserialize, Serialize};
use simd_json::tape::Value;
use simd_json::{Buffers, Deserializer, Node, Tape, fill_tape_padded};

/// One job.
pub trait Workload: Default {
    /// An event, as a struct of borrowed fields.
    type Event<'l>: Deserialize<'l>;

    /// The same from simd-json's tape, written by hand.
    fn from_tape<'l>(value: Value<'_, 'l>) -> Option<Self::Event<'l>>;

    /// Appends the reply; `false` if there is none.
    fn answer<R: Reader>(&mut self, event: Self::Event<'_>, out: &mut Vec<u8>) -> bool;
}

/// What reads events and writes replies.
pub trait Reader {
    fn read<'l, W: Workload>(&mut self, line: Line<'l>) -> Option<W::Event<'l>>;
    fn write(reply: &impl Serialize, out: &mut Vec<u8>) -> bool;
}

/// serde_json, both ways.
pub struct Serde;

impl Reader for Serde {
    fn read<'l, W: Workload>(&mut self, line: Line<'l>) -> Option<W::Event<'l>> {
        serde_json::from_slice(line.text()).ok()
    }

    fn write(reply: &impl Serialize, out: &mut Vec<u8>) -> bool {
        serde_json::to_writer(out, reply).is_ok()
    }
}

/// simd-json into structs: tape and buffers are reused, and no line is copied.
#[derive(Default)]
pub struct Simd {
    nodes: Vec<Node<'static>>,
    buffers: Buffers,
}

impl Reader for Simd {
    fn read<'l, W: Workload>(&mut self, line: Line<'l>) -> Option<W::Event<'l>> {
        let mut tape = Tape(std::mem::take(&mut self.nodes));
        fill_tape_padded(line.padded, line.len, &mut self.buffers, &mut tape).ok()?;
        let mut deserializer = Deserializer::from_tape(tape);
        let event = W::Event::deserialize(&mut deserializer).ok();
        self.nodes = deserializer.into_tape().reset().0;
        event
    }

    fn write(reply: &impl Serialize, out: &mut Vec<u8>) -> bool {
        simd_json::serde::to_writer(out, reply).is_ok()
    }
}

/// simd-json's tape, looked up by hand.
#[derive(Default)]
pub struct SimdTape {
    nodes: Vec<Node<'static>>,
    buffers: Buffers,
}

impl Reader for SimdTape {
    fn read<'l, W: Workload>(&mut self, line: Line<'l>) -> Option<W::Event<'l>> {
        let mut tape = Tape(std::mem::take(&mut self.nodes));
        fill_tape_padded(line.padded, line.len, &mut self.buffers, &mut tape).ok()?;
        let event = W::from_tape(tape.as_value());
        self.nodes = tape.reset().0;
        event
    }

    fn write(reply: &impl Serialize, out: &mut Vec<u8>) -> bool {
        simd_json::serde::to_writer(out, reply).is_ok()
    }
}

/// sonic-rs, both ways.
pub struct Sonic;

impl Reader for Sonic {
    fn read<'l, W: Workload>(&mut self, line: Line<'l>) -> Option<W::Event<'l>> {
        sonic_rs::from_slice(line.text()).ok()
    }

    fn write(reply: &impl Serialize, out: &mut Vec<u8>) -> bool {
        sonic_rs::to_writer(out, reply).is_ok()
    }
}
