//! The data of a state: paths, templates, ResultPath, and the error texts of all of them.
//!
//! What an expression finds is a handle into the document; a miss is told in the words of the field that asked, from the
//! text that the author wrote. Texts are made only when something has failed.

use super::context::Wanted;
use super::machine::{Execution, Stop};
use super::outcome::Failure;
use super::room::OPENED_BYTES;
use super::seed::Seed;
use crate::program::{Blame, BlameId, Function, PathId, Root, ShapeId, SlotId};
use crate::value::path::{Miss, NodeBudget, PathMiss};
use crate::value::scan::Slot;
use crate::value::timestamp::Timestamp;
use crate::value::{Kind, Member, Value};
use crate::vm::intrinsic;

impl<'a> Execution<'a> {
    /// What a path finds, or the failure that its field tells of.
    pub(super) fn path(&mut self, from: Root, path: PathId, blame: BlameId) -> Result<Value<'a>, Stop<'a>> {
        if let Root::Slot(slot) = from
            && let Some(value) = self.in_slot(slot)
        {
            return Ok(value);
        }
        // An index past an array's end gives null everywhere but to an intrinsic function.
        let existing = matches!(self.program.blame(blame), Blame::Argument { .. });
        match self.look_up(from, path, existing) {
            Ok(value) => Ok(value),
            Err(missing) => Err(self.unknown(missing, from, blame)),
        }
    }

    /// What a scanner has found for a slot; nothing if that is to be looked up, because it is missing or has been opened.
    fn in_slot(&self, slot: SlotId) -> Option<Value<'a>> {
        let Some(Slot::Found(span)) = self.input.slots.get(slot.index()) else { return None };
        let text = &self.input.text[span.start as usize..span.end as usize];
        let opened = matches!(self.input.value, Value::Object(_)) && text.starts_with(['{', '[']);
        (!opened).then(|| Value::raw(self.arena, text, self.input.form.of_part(text)))
    }

    /// Stops because there is no value.
    pub(super) fn unknown(&mut self, missing: Missing<'a>, from: Root, blame: BlameId) -> Stop<'a> {
        if let Missing::Room = missing {
            return self.no_room();
        }
        let failure = self.missed(missing, from, blame);
        self.stop(failure)
    }

    /// What a path finds; with `existing`, an index past an array's end finds nothing.
    pub(super) fn look_up(&mut self, from: Root, path: PathId, existing: bool) -> Result<Value<'a>, Missing<'a>> {
        let root = match from {
            Root::Slot(slot) => match self.in_slot(slot) {
                Some(value) => return Ok(value),
                // Looked up again as a whole: that tells what is missing, and is the only way if nobody has scanned.
                None => self.input.value,
            },
            Root::Variable(variable) => match self.variables[variable.index()] {
                Some(value) => value,
                None => return Err(Missing::Unassigned),
            },
            Root::Register(register) => *self.register(register),
            Root::Outer => self.outer(),
            Root::Context => {
                let path = self.program.path(path);
                match self.in_context(path) {
                    Some(value) => return Ok(value),
                    None => self.context(Wanted::by(path)),
                }
            }
        };
        let mut budget = NodeBudget::new(self.settings.limits.path_nodes);
        let program = self.program;
        let found = match existing {
            true => program.path(path).eval_existing(root, self.arena, &mut budget),
            false => program.path(path).eval(root, self.arena, &mut budget),
        };
        let visited = u64::from(budget.full() - budget.left());
        if visited > 0 && self.make(visited * OPENED_BYTES).is_err() {
            return Err(Missing::Room);
        }
        found.map_err(Missing::Path)
    }

    /// The failure of a path that found nothing.
    fn missed(&mut self, missing: Missing<'a>, from: Root, blame: BlameId) -> Failure<'a> {
        let program = self.program;
        if let Missing::Path(PathMiss { path, miss: Miss::Budget(exceeded), .. }) = missing {
            return self.runtime(&format!("The JSONPath '{path}' is too costly: {exceeded} (limit path-nodes)."));
        }
        // The whole document, also where only parts of it had been looked at.
        let input = |e: &mut Self| match from {
            Root::Slot(_) => e.input.value.to_json(),
            Root::Register(register) => e.register(register).to_json(),
            Root::Outer => e.outer().to_json(),
            // Whatever the path's head, the text shows the state's own document.
            Root::Context | Root::Variable(_) => e.eff.to_json(),
        };
        let text = match program.blame(blame) {
            Blame::Template { field, path } => format!(
                "The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{}'",
                input(self)
            ),
            Blame::Argument { call, path } => format!(
                "The function '{call}' had the following error: The JsonPath argument for the field '{path}' could not be found in the input '{}'",
                input(self)
            ),
            Blame::Field { field, path } if &**field == "SecondsPath" => {
                format!("The SecondsPath parameter does not reference an input value: {path}")
            }
            Blame::Field { field, path } if &**field == "TimestampPath" => {
                format!("The TimestampPath parameter does not reference an input value: {path}")
            }
            Blame::Field { path, .. } => format!("Invalid path '{path}' : {missing}"),
            Blame::Items { .. } => {
                let text = format!("Unable to apply step \"{}\" to input {}", missing.step(), input(self));
                return Failure {
                    error: Some("States.ReferencePathConflict"),
                    cause: Some(self.arena.alloc_str(&text)),
                    origin: self.origin(),
                    catchable: true,
                };
            }
            Blame::Condition { path } => {
                format!("Invalid path '{path}': The choice state's condition path references an invalid value.")
            }
            Blame::Expression { .. } | Blame::MapInput => String::new(),
            Blame::Call { call } => format!("There was an error while evaluating the intrinsic function: {call}."),
        };
        self.runtime(&text)
    }

    pub(super) fn object(&mut self, shape: ShapeId) -> Result<(), Stop<'a>> {
        let keys = self.program.shape(shape);
        let at = self.stack.len().saturating_sub(keys.len());
        let members = keys.iter().zip(&self.stack[at..]).map(|(key, value)| Member { key, value: *value });
        let members = self.arena.alloc_slice_fill_iter(members);
        self.stack.truncate(at);
        let value = Value::object(self.arena, members);
        self.made(value)?;
        self.push_built(value)
    }

    pub(super) fn array(&mut self, length: u32) -> Result<(), Stop<'a>> {
        let items = self.pop_many(length as usize);
        let value = Value::array(self.arena, items);
        self.made(value)?;
        self.push_built(value)
    }

    pub(super) fn call(&mut self, function: Function, arguments: u16, blame: BlameId) -> Result<(), Stop<'a>> {
        let arguments = self.pop_many(usize::from(arguments));
        let mut nobodys = Seed::NOBODY;
        let seed = if function.draws() { self.seed.known() } else { &mut nobodys };
        match intrinsic::call(function, arguments, self.arena, seed) {
            Ok(value) => {
                self.computed(value)?;
                self.push_built(value)
            }
            Err(rejected) => {
                let Blame::Call { call } = self.program.blame(blame) else { return Err(self.stop(self.runtime(""))) };
                let text = format!("There was an error while evaluating the intrinsic function: {call}. {rejected}");
                Err(self.stop(self.runtime(&text)))
            }
        }
    }

    /// A value that was built may be nested only so deep: what a loop wraps again and again ends here.
    fn push_built(&mut self, value: Value<'a>) -> Result<(), Stop<'a>> {
        let (depth, limit) = (value.size().depth, self.settings.limits.depth);
        if depth > limit {
            return Err(
                self.stop(self.runtime(&format!("The value is nested more than {limit} levels deep (limit depth).")))
            );
        }
        self.stack.push(value);
        Ok(())
    }

    /// ResultPath. AWS's answer to a place that cannot be written to is not recorded: it is the documented
    /// States.ResultPathMatchFailure, which Retry and Catch see, with a text of ours.
    pub(super) fn place(&mut self, path: PathId, blame: BlameId) -> Result<(), Stop<'a>> {
        let (program, document, result) = (self.program, self.doc, self.res);
        match program.path(path).place(document, result, self.arena) {
            Ok(placed) => {
                let (depth, limit) = (placed.size().depth, self.settings.limits.depth);
                if depth > limit {
                    return Err(self.stop(
                        self.runtime(&format!("The value is nested more than {limit} levels deep (limit depth).")),
                    ));
                }
                self.out = placed;
                Ok(())
            }
            Err(error) => {
                let Blame::Field { path, .. } = program.blame(blame) else { return Err(self.stop(self.runtime(""))) };
                let text = format!("Unable to apply ReferencePath {path} to input {}: {error}", document.to_json());
                Err(self.stop(Failure {
                    error: Some("States.ResultPathMatchFailure"),
                    cause: Some(self.arena.alloc_str(&text)),
                    origin: self.origin(),
                    catchable: true,
                }))
            }
        }
    }

    /// SecondsPath's value, popped.
    pub(super) fn wait_seconds(&mut self, blame: BlameId) -> Result<u64, Stop<'a>> {
        let value = self.pop();
        if let Some(whole) = self.whole_query(blame, value) {
            return whole;
        }
        let integer = value.as_number().and_then(|n| n.as_written_integer());
        let problem = match integer {
            Some(seconds) => match u64::try_from(seconds) {
                Ok(seconds) => return Ok(seconds),
                Err(_) => "references a negative value",
            },
            None => "cannot be parsed as a long value",
        };
        Err(self.stop(self.bad_wait("SecondsPath", problem, blame, value)))
    }

    /// TimestampPath's value, popped, in milliseconds since 1970.
    pub(super) fn wait_timestamp(&mut self, blame: BlameId) -> Result<i64, Stop<'a>> {
        let value = self.pop();
        match value.as_str(self.arena).map(Timestamp::parse) {
            Some(Ok(time)) => Ok(time.as_millis()),
            _ => {
                let text = self.plain(value);
                let why = format!("cannot be parsed as an ISO-8601 extended offset date-time format string: {text}");
                if let Some(stop) = self.bad_query(blame, &why) {
                    return Err(stop);
                }
                let problem = "does not reference a valid ISO-8601 extended offset date-time format string";
                Err(self.stop(self.bad_wait("TimestampPath", problem, blame, value)))
            }
        }
    }

    fn bad_wait(&self, field: &str, problem: &str, blame: BlameId, value: Value<'a>) -> Failure<'a> {
        let Blame::Field { path, .. } = self.program.blame(blame) else { return self.runtime(problem) };
        self.runtime(&format!("The {field} parameter {problem}: {path} == {}", self.plain(value)))
    }

    /// A limit's value that is not a number that it takes. Of TimeoutSecondsPath and HeartbeatSecondsPath AWS's answer is
    /// not recorded: it is worded as that of MaxConcurrencyPath, whose is.
    pub(super) fn bad_limit(&self, blame: BlameId, value: Value<'a>) -> Failure<'a> {
        let Blame::Field { field, path } = self.program.blame(blame) else { return self.runtime("") };
        let kind = if field.contains("Percentage") { "float" } else { "integer" };
        let text = self.plain(value);
        self.runtime(&format!("The {field} field refers to value \"{text}\" which is not a valid {kind}: {path}"))
    }

    /// A value as messages show it: a string without quotes, anything else as JSON.
    pub(super) fn plain(&self, value: Value<'a>) -> String {
        match value.kind() {
            Kind::String => value.as_str(self.arena).unwrap_or_default().to_owned(),
            _ => value.to_json(),
        }
    }
}

/// Why there is no value.
#[derive(Debug)]
pub(super) enum Missing<'a> {
    /// The path leads nowhere.
    Path(PathMiss<'a>),
    /// The variable has not been assigned. AWS's answer is not recorded: it is told of as a path that leads nowhere.
    Unassigned,
    /// The path has opened more than the execution may.
    Room,
}

impl Missing<'_> {
    /// Whether it is a limit that keeps anybody from knowing what is there.
    pub fn is_limit(&self) -> bool {
        matches!(self, Missing::Room | Missing::Path(PathMiss { miss: Miss::Budget(_), .. }))
    }
}

impl Missing<'_> {
    /// The name of the step that could not be taken.
    fn step(&self) -> String {
        match self {
            Missing::Path(miss) => {
                let step = miss.step().map(|s| s.to_string()).unwrap_or_default();
                step.trim_start_matches("['").trim_end_matches("']").to_owned()
            }
            Missing::Unassigned | Missing::Room => String::new(),
        }
    }
}

impl std::fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Missing::Path(miss) => miss.fmt(f),
            Missing::Unassigned => f.write_str("the variable has not been assigned"),
            Missing::Room => f.write_str("the path opens too much"),
        }
    }
}

impl intrinsic::Draws for Seed {
    fn draw(&mut self) -> u64 {
        Seed::draw(self)
    }
}
