//! What a ledger says, as text and back.
//!
//! One line of JSON, and one line with the SHA-256 of the first, its line end included. So a ledger can be read by people,
//! and no byte of it can change without being noticed. It must never be read leniently: whatever is missing, of another
//! kind or too much makes it damaged.

use super::super::latency::Latencies;
use super::super::source::{SourceError, SourceProblem};
use super::super::tally::Tally;
use crate::value::text::write_string;
use crate::value::tree::{self, Kind, Node};
use crate::vm::{self, LimitHit};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The form of a ledger that this version writes and reads.
const SCHEMA: u64 = 1;

/// Everything that has to be the same for a run to go on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::batch) struct Likeness {
    /// The version of this program.
    pub version: String,
    /// Digests in hexadecimal digits.
    pub program: String,
    pub handlers: String,
    pub settings: String,
    pub seed: u64,
    pub sources: Vec<SourceLikeness>,
}

/// What a source is known by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::batch) struct SourceLikeness {
    pub name: String,
    /// Bytes, as they are stored.
    pub bytes: u64,
    /// Of its first and last 64 KiB.
    pub digest: String,
}

/// How far the sources have been read: all before this place has been dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::batch) struct Position {
    /// The source that is read next.
    pub source: usize,
    /// Offset of the first byte, of the decompressed bytes, that is still to be dealt with.
    pub offset: u64,
    /// Where the chunk ends that was under way there; the same as `offset` between chunks.
    pub until: u64,
    /// How much of a stream had been read.
    pub read: u64,
    /// How many of its bytes, as they are stored, that had taken.
    pub stored: u64,
}

/// An output file, and how much of it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::batch) struct OutputMark {
    pub path: String,
    pub bytes: u64,
}

/// Why a text is no ledger of ours.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::batch) enum Unreadable {
    /// What is wrong with it.
    Damaged(String),
    /// It is of another form.
    Schema(u64),
}

/// All that a ledger says.
#[derive(Debug, Default)]
pub(in crate::batch) struct Record {
    pub done: bool,
    /// The folder that the run was started in, and its arguments.
    pub folder: String,
    pub arguments: Vec<String>,
    pub once: bool,
    pub likeness: Likeness,
    pub position: Position,
    /// Lines of the source before the position.
    pub lines: u64,
    /// Results, failures, dead letters.
    pub outputs: [Option<OutputMark>; 3],
    pub tally: Tally,
    pub visits: vm::Tally,
    pub stored_bytes: u64,
    pub failed: Vec<(usize, SourceError)>,
    pub elapsed_ns: u64,
    pub latencies: Option<Latencies>,
}

/// The names under which outputs stand.
const OUTPUTS: [&str; 3] = ["results", "failures", "dead_letters"];

impl Record {
    /// The ledger's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = String::new();
        // A String takes everything.
        let _ = write!(out, "{{\"expressway\":\"ledger\",\"schema\":{SCHEMA},\"done\":{}", self.done);
        let _ = write!(out, ",\"folder\":{},\"arguments\":", quoted(&self.folder));
        list(&self.arguments, &mut out, |text, out| out.push_str(&quoted(text)));
        let like = &self.likeness;
        let _ = write!(
            out,
            ",\"once\":{},\"version\":{},\"program\":{}",
            self.once,
            quoted(&like.version),
            quoted(&like.program)
        );
        let _ = write!(out, ",\"handlers\":{},\"settings\":{}", quoted(&like.handlers), quoted(&like.settings));
        let _ = write!(out, ",\"seed\":{},\"sources\":", like.seed);
        list(&like.sources, &mut out, |source, out| {
            let _ = write!(out, "{{\"name\":{},\"bytes\":{}", quoted(&source.name), source.bytes);
            let _ = write!(out, ",\"digest\":{}}}", quoted(&source.digest));
        });
        let Position { source, offset, until, read, stored } = self.position;
        let _ =
            write!(out, ",\"position\":{{\"source\":{source},\"offset\":{offset},\"until\":{until},\"read\":{read}");
        let _ = write!(out, ",\"stored\":{stored},\"lines\":{}}},\"outputs\":{{", self.lines);
        for (n, (name, mark)) in OUTPUTS.iter().zip(&self.outputs).enumerate() {
            let _ = write!(out, "{}\"{name}\":", if n > 0 { "," } else { "" });
            match mark {
                Some(mark) => {
                    let _ = write!(out, "{{\"path\":{},\"bytes\":{}}}", quoted(&mark.path), mark.bytes);
                }
                None => out.push_str("null"),
            }
        }
        let tally = &self.tally;
        let _ = write!(out, "}},\"succeeded\":{},\"failed\":{}", tally.succeeded, tally.failed);
        let _ = write!(out, ",\"timed_out\":{},\"rejected\":{}", tally.timed_out, tally.rejected);
        let _ = write!(out, ",\"blank\":{},\"steps\":{},\"errors\":", tally.blank, tally.steps);
        let mut errors: Vec<_> = tally.errors.iter().collect();
        errors.sort_unstable_by_key(|(_, (_, place))| *place);
        list(&errors, &mut out, |(name, (count, _)), out| {
            let _ = write!(out, "[{},{count}]", quoted(name));
        });
        let _ = write!(out, ",\"errors_other\":{},\"limits\":", tally.errors_other);
        let limits: Vec<_> = tally.limits.iter().collect();
        list(&limits, &mut out, |(name, count), out| {
            let _ = write!(out, "[{},{count}]", quoted(name));
        });
        let entered: Vec<u64> = self.visits.entered().collect();
        out.push_str(",\"entered\":");
        list(&entered, &mut out, |count, out| {
            let _ = write!(out, "{count}");
        });
        let _ = write!(out, ",\"retries\":{},\"caught\":{}", self.visits.retries(), self.visits.caught());
        let calm = vm::Troubles::default();
        let troubles: Vec<_> = self.visits.troubles().enumerate().filter(|(_, troubles)| *troubles != calm).collect();
        out.push_str(",\"troubles\":");
        list(&troubles, &mut out, |(state, troubles), out| {
            let vm::Troubles { failed, timed_out, retries, caught } = troubles;
            let _ = write!(out, "[{state},{failed},{timed_out},{retries},{caught}]");
        });
        let _ = write!(out, ",\"stored_bytes\":{},\"source_errors\":", self.stored_bytes);
        list(&self.failed, &mut out, |(source, error), out| {
            let _ = write!(out, "[{source},{},{}]", error.offset, quoted(&error.problem.to_string()));
        });
        let _ = write!(out, ",\"elapsed_ns\":{},\"latencies\":", self.elapsed_ns);
        let counts: Vec<_> = self.latencies.iter().flat_map(Latencies::counts).collect();
        list(&counts, &mut out, |(bucket, count), out| {
            let _ = write!(out, "[{bucket},{count}]");
        });
        out.push_str("}\n");
        let digest = hex(&Sha256::digest(out.as_bytes()));
        let _ = writeln!(out, "{digest}");
        out.into_bytes()
    }

    /// Reads a ledger's bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Record, Unreadable> {
        let damaged = |what: &str| Unreadable::Damaged(what.to_owned());
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(|| damaged("it has no checksum"))?;
        let (line, checksum) = bytes.split_at(end + 1);
        if checksum != format!("{}\n", hex(&Sha256::digest(line))).as_bytes() {
            return Err(damaged("its checksum does not fit"));
        }
        let root = tree::parse_bytes(line).map_err(|error| Unreadable::Damaged(error.to_string()))?;
        if text(&root, "expressway")? != "ledger" {
            return Err(damaged("it is not a ledger"));
        }
        match number(&root, "schema")? {
            SCHEMA => {}
            other => return Err(Unreadable::Schema(other)),
        }
        let names = root.get("outputs").ok_or_else(|| missing("outputs"))?;
        let mut outputs = [None, None, None];
        for (name, output) in OUTPUTS.iter().zip(&mut outputs) {
            let mark = names.get(name).ok_or_else(|| missing(name))?;
            if mark.kind != Kind::Null {
                *output = Some(OutputMark { path: text(mark, "path")?.to_owned(), bytes: number(mark, "bytes")? });
            }
        }
        let sources: Vec<SourceLikeness> =
            array(&root, "sources")?.iter().map(source_likeness).collect::<Result<_, _>>()?;
        let at = root.get("position").ok_or_else(|| missing("position"))?;
        let position = Position {
            source: usize::try_from(number(at, "source")?).unwrap_or(usize::MAX),
            offset: number(at, "offset")?,
            until: number(at, "until")?,
            read: number(at, "read")?,
            stored: number(at, "stored")?,
        };
        if position.source > sources.len() || position.until < position.offset {
            return Err(damaged("its position is none"));
        }
        let mut tally = Tally {
            succeeded: number(&root, "succeeded")?,
            failed: number(&root, "failed")?,
            timed_out: number(&root, "timed_out")?,
            rejected: number(&root, "rejected")?,
            blank: number(&root, "blank")?,
            steps: number(&root, "steps")?,
            errors_other: number(&root, "errors_other")?,
            ..Tally::default()
        };
        for (place, pair) in array(&root, "errors")?.iter().enumerate() {
            let (name, count) = named_count(pair)?;
            tally.errors.insert(name.into(), (count, place));
        }
        for pair in array(&root, "limits")? {
            let (name, count) = named_count(pair)?;
            tally.limits.insert(limit_name(name).ok_or_else(|| damaged("it names an unknown limit"))?, count);
        }
        let entered = array(&root, "entered")?.iter().map(as_number).collect::<Result<Vec<u64>, _>>()?;
        let mut latencies = Latencies::new();
        for pair in array(&root, "latencies")? {
            let [bucket, count] = numbers(pair)?;
            latencies.restore(bucket, count).ok_or_else(|| damaged("a duration is out of range"))?;
        }
        let mut troubles = vec![vm::Troubles::default(); entered.len()];
        for state in array(&root, "troubles")? {
            let [state, failed, timed_out, retries, caught] = numbers(state)?;
            let place = usize::try_from(state).ok().and_then(|state| troubles.get_mut(state));
            *place.ok_or_else(|| damaged("a state is out of range"))? =
                vm::Troubles { failed, timed_out, retries, caught };
        }
        let mut failed = Vec::new();
        for error in array(&root, "source_errors")? {
            let [source, offset, reason] = error.as_array().unwrap_or_default() else {
                return Err(missing("source_errors"));
            };
            let source = usize::try_from(as_number(source)?).unwrap_or(usize::MAX);
            let name = sources.get(source).ok_or_else(|| missing("source_errors"))?.name.clone();
            let problem = SourceProblem::Earlier(reason.as_str().ok_or_else(|| missing("source_errors"))?.to_owned());
            failed.push((source, SourceError { name, offset: as_number(offset)?, problem }));
        }
        let arguments = array(&root, "arguments")?.iter().map(Node::as_str).collect::<Option<Vec<_>>>();
        Ok(Record {
            done: truth(&root, "done")?,
            folder: text(&root, "folder")?.to_owned(),
            arguments: arguments.ok_or_else(|| missing("arguments"))?.into_iter().map(str::to_owned).collect(),
            once: truth(&root, "once")?,
            likeness: Likeness {
                version: text(&root, "version")?.to_owned(),
                program: text(&root, "program")?.to_owned(),
                handlers: text(&root, "handlers")?.to_owned(),
                settings: text(&root, "settings")?.to_owned(),
                seed: number(&root, "seed")?,
                sources,
            },
            position,
            lines: number(at, "lines")?,
            outputs,
            tally,
            visits: vm::Tally::restored(entered, troubles, number(&root, "retries")?, number(&root, "caught")?),
            stored_bytes: number(&root, "stored_bytes")?,
            failed,
            elapsed_ns: number(&root, "elapsed_ns")?,
            latencies: Some(latencies),
        })
    }
}

fn source_likeness(node: &Node) -> Result<SourceLikeness, Unreadable> {
    Ok(SourceLikeness {
        name: text(node, "name")?.to_owned(),
        bytes: number(node, "bytes")?,
        digest: text(node, "digest")?.to_owned(),
    })
}

/// Writes bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The name of one of our limits, which lives as long as the program.
fn limit_name(name: &str) -> Option<&'static str> {
    let all =
        [LimitHit::TimeoutSeconds(0), LimitHit::VirtualSeconds(0), LimitHit::Steps(0), LimitHit::ExecutionBytes(0)];
    // A limit that is added has to be added above too.
    let (LimitHit::TimeoutSeconds(_) | LimitHit::VirtualSeconds(_) | LimitHit::Steps(_) | LimitHit::ExecutionBytes(_)) =
        all[0];
    all.map(LimitHit::name).into_iter().find(|known| *known == name)
}

fn quoted(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    write_string(text, &mut out);
    // What a writer of strings makes of a string is UTF-8.
    String::from_utf8_lossy(&out).into_owned()
}

fn list<T>(items: &[T], out: &mut String, mut item: impl FnMut(&T, &mut String)) {
    out.push('[');
    for (n, one) in items.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        item(one, out);
    }
    out.push(']');
}

fn missing(what: &str) -> Unreadable {
    Unreadable::Damaged(format!("it has no {what}"))
}

fn text<'n>(node: &'n Node, key: &str) -> Result<&'n str, Unreadable> {
    node.get(key).and_then(Node::as_str).ok_or_else(|| missing(key))
}

fn truth(node: &Node, key: &str) -> Result<bool, Unreadable> {
    node.get(key).and_then(Node::as_bool).ok_or_else(|| missing(key))
}

fn array<'n>(node: &'n Node, key: &str) -> Result<&'n [Node], Unreadable> {
    node.get(key).and_then(Node::as_array).ok_or_else(|| missing(key))
}

fn number(node: &Node, key: &str) -> Result<u64, Unreadable> {
    node.get(key).ok_or_else(|| missing(key)).and_then(as_number)
}

fn as_number(node: &Node) -> Result<u64, Unreadable> {
    match &node.kind {
        Kind::Number(text) => text.parse().map_err(|_| Unreadable::Damaged(format!("{text} is no count"))),
        _ => Err(Unreadable::Damaged("something is no number".to_owned())),
    }
}

fn numbers<const N: usize>(node: &Node) -> Result<[u64; N], Unreadable> {
    let all = node.as_array().unwrap_or_default().iter().map(as_number).collect::<Result<Vec<u64>, _>>()?;
    all.try_into().map_err(|_| Unreadable::Damaged("numbers are missing".to_owned()))
}

fn named_count(node: &Node) -> Result<(&str, u64), Unreadable> {
    match node.as_array() {
        Some([name, count]) => Ok((name.as_str().ok_or_else(|| missing("name"))?, as_number(count)?)),
        _ => Err(missing("count")),
    }
}
