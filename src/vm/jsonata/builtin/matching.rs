//! `$match`, `$contains`, `$split`, `$replace`: with strings, with regular expressions, and with functions that match.
//!
//! A regular expression finds its matches at once; a function of the expression is called for each. A replacement that is
//! a function is called for each match, too. All calls go through a frame.

use super::Arguments;
use super::string::strings;
use crate::program::expression::{Builtin, Expression};
use crate::value::{Arena, Member, Value};
use crate::vm::jsonata::Evaluated;
use crate::vm::jsonata::call::Callable;
use crate::vm::jsonata::error::EvaluationError;
use crate::vm::jsonata::frame::Frame;
use crate::vm::jsonata::library::regex::{Match, Regex};
use crate::vm::jsonata::library::{LibraryError, string};
use crate::vm::jsonata::machine::{Asked, Flow, Machine};
use crate::vm::jsonata::query::{self, List, letter};

/// One of these functions, waiting for a function of the expression.
pub(in crate::vm::jsonata) struct Matching<'a> {
    builtin: Builtin,
    text: &'a str,
    replacement: Value<'a>,
    limit: usize,
    found: Vec<Found<'a>>,
    stage: Stage,
    out: String,
    asked: Asked,
}

enum Stage {
    /// A function is looking for a match.
    Finding,
    /// A function makes the replacement of the match at this place.
    Replacing(usize),
}

/// A match: bounds in bytes.
#[derive(Clone, Copy)]
struct Found<'a> {
    start: usize,
    end: usize,
    /// What was matched, as the function says that found it.
    text: Value<'a>,
    groups: &'a [Value<'a>],
}

impl<'a> Machine<'a, '_> {
    /// A regular expression of the expression, as a function.
    pub fn regex(&mut self, id: u32) -> Evaluated<Value<'a>> {
        let code = self.code;
        Ok(self.function(Callable::Regex { code, id }))
    }

    pub fn matching(&mut self, builtin: Builtin, values: &'a [Value<'a>], asked: Asked) -> Evaluated<Flow<'a>> {
        let arguments = Arguments { values, arena: self.arena };
        let Some(text) = arguments.text(0) else { return Ok(Flow::Return(Value::Undefined, asked)) };
        let (pattern, replacement) = match builtin {
            Builtin::Replace => (arguments.at(1), arguments.at(2)),
            _ => (arguments.at(1), Value::Undefined),
        };
        let limit = arguments.number(if builtin == Builtin::Replace { 3 } else { 2 });
        let negative = || match builtin {
            Builtin::Split => EvaluationError::new("D3020", "split", ""),
            Builtin::Match => EvaluationError::new("D3040", "match", ""),
            _ => string::check_replace_limit(limit).map_or_else(Into::into, |()| EvaluationError::new("D3011", "", "")),
        };
        let is_negative = limit.is_some_and(|limit| limit < 0.0);
        if matches!(pattern, Value::Undefined) {
            if is_negative {
                return Err(negative());
            }
            // With a limit of none, nobody asks what is looked for.
            let value = match builtin {
                Builtin::Replace if limit == Some(0.0) => arguments.at(0),
                Builtin::Split if limit == Some(0.0) => Value::array(self.arena, &[]),
                _ => Value::Undefined,
            };
            return Ok(Flow::Return(value, asked));
        }
        if let Some(pattern) = pattern.as_str(self.arena) {
            let value = match (builtin, replacement.as_str(self.arena)) {
                (Builtin::Contains, _) => Value::Bool(string::contains(text, pattern)),
                (Builtin::Split, _) => strings(string::split(text, pattern, limit)?, self.arena),
                (_, replacement) => {
                    let replaced = string::replace(text, pattern, replacement.unwrap_or_default(), limit)?;
                    Value::copy_str(self.arena, &replaced)
                }
            };
            return Ok(Flow::Return(value, asked));
        }
        if is_negative {
            return Err(negative());
        }
        let limit = match builtin {
            Builtin::Contains => 1,
            _ => limit.map_or(usize::MAX, |limit| limit.ceil() as usize),
        };
        let mut matching = Matching {
            builtin,
            text,
            replacement,
            limit,
            found: Vec::new(),
            stage: Stage::Finding,
            out: String::new(),
            asked,
        };
        if let Some(Callable::Regex { code, id }) = self.callable(pattern) {
            matching.found = match builtin {
                // Whether there is one at all: what comes behind the first match is not looked at.
                Builtin::Contains => self.regex_matches(code, id, text, 1, false)?,
                _ => self.regex_matches(code, id, text, limit, true)?,
            };
            return self.all_found(Box::new(matching));
        }
        let argument = self.arena.alloc_slice_copy(&[Value::text(self.arena, text)]);
        self.frames.push(Frame::Matching(Box::new(matching)));
        self.call(pattern, argument, Asked::Frame)
    }

    /// Takes in what a function has given.
    pub fn matched(&mut self, value: Option<Value<'a>>) -> Evaluated<Flow<'a>> {
        let arena = self.arena;
        let Some(Frame::Matching(mut matching)) = self.frames.pop() else { return Ok(Flow::Code) };
        let value = value.unwrap_or(Value::Undefined);
        self.burn(1)?;
        match matching.stage {
            Stage::Finding => {
                if matches!(value, Value::Undefined) {
                    return self.all_found(matching);
                }
                let next = matching.take(value, arena)?;
                if matching.found.len() >= matching.limit {
                    return self.all_found(matching);
                }
                self.frames.push(Frame::Matching(matching));
                self.call(next, &[], Asked::Frame)
            }
            Stage::Replacing(at) => {
                let Some(replacement) = value.as_str(arena) else {
                    return Err(EvaluationError::new("D3012", "replace", ""));
                };
                matching.out.push_str(replacement);
                self.replace_from(matching, at + 1)
            }
        }
    }

    /// All matches are known: what they come to.
    fn all_found(&mut self, mut matching: Box<Matching<'a>>) -> Evaluated<Flow<'a>> {
        let arena = self.arena;
        let asked = matching.asked;
        self.burn(matching.found.len() as u64)?;
        let value = match matching.builtin {
            Builtin::Contains => Value::Bool(!matching.found.is_empty()),
            Builtin::Split => {
                let mut parts = List::new_in(arena);
                let mut from = 0;
                for found in &matching.found {
                    parts.push(Value::text(arena, matching.text.get(from..found.start).unwrap_or_default()));
                    from = found.end;
                }
                if parts.len() < matching.limit {
                    parts.push(Value::text(arena, matching.text.get(from..).unwrap_or_default()));
                }
                Value::array(arena, parts.into_bump_slice())
            }
            Builtin::Match => {
                let mut all = List::new_in(arena);
                all.extend(matching.found.iter().map(|found| matching.object(found, "index", arena)));
                query::sequence(all, arena)
            }
            _ if letter(matching.replacement) == b'f' => return self.replace_from(matching, 0),
            _ => {
                let template = matching.replacement.as_str(arena).unwrap_or_default();
                let (mut out, mut from) = (String::new(), 0);
                for found in &matching.found {
                    out.push_str(matching.text.get(from..found.start).unwrap_or_default());
                    substitute(template, found, arena, &mut out);
                    from = found.end;
                }
                out.push_str(matching.text.get(from..).unwrap_or_default());
                matching.out = out;
                Value::copy_str(arena, &matching.out)
            }
        };
        Ok(Flow::Return(value, asked))
    }

    /// Calls for the replacement of the match at `at`, or ends the text behind the last.
    fn replace_from(&mut self, mut matching: Box<Matching<'a>>, at: usize) -> Evaluated<Flow<'a>> {
        let arena = self.arena;
        let from = at.checked_sub(1).map_or(0, |before| matching.found[before].end);
        let Some(found) = matching.found.get(at).copied() else {
            matching.out.push_str(matching.text.get(from..).unwrap_or_default());
            let asked = matching.asked;
            return Ok(Flow::Return(Value::copy_str(arena, &matching.out), asked));
        };
        matching.out.push_str(matching.text.get(from..found.start).unwrap_or_default());
        let object = matching.object(&found, "start", arena);
        let function = matching.replacement;
        matching.stage = Stage::Replacing(at);
        self.frames.push(Frame::Matching(matching));
        self.call(function, arena.alloc_slice_copy(&[object]), Asked::Frame)
    }

    fn regex_matches(
        &mut self,
        code: &'a Expression,
        id: u32,
        text: &'a str,
        limit: usize,
        ahead: bool,
    ) -> Evaluated<Vec<Found<'a>>> {
        let regex = compiled(code, id)?;
        self.burn(1 + text.len() as u64 / 16)?;
        let mut found = Vec::new();
        // With `ahead`, the next match is looked for before the limit is: an error there is the reference's too.
        for next in regex.matches(text) {
            let next = next?;
            if found.len() >= limit {
                break;
            }
            self.burn(1)?;
            found.push(Found::new(text, &next, self.arena));
            if !ahead && found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    /// The first match of a regular expression from a byte offset on, as an object with a function for the next.
    pub fn first_match(&mut self, code: &'a Expression, id: u32, text: Value<'a>, from: usize) -> Evaluated<Value<'a>> {
        let Some(string) = text.as_str(self.arena) else { return Ok(Value::Undefined) };
        let Some(found) = compiled(code, id)?.find_at(string, from)? else { return Ok(Value::Undefined) };
        if found.start == found.end {
            return Err(EvaluationError::said("D1004", "Regular expression matches zero length string".to_owned()));
        }
        let next = self.function(Callable::Next { code, id, text, from: found.end });
        let units = |at: usize| Value::Int(string[..at].encode_utf16().count() as i64);
        let as_found = Found::new(string, &found, self.arena);
        let members = [
            Member { key: "match", value: as_found.text },
            Member { key: "start", value: units(found.start) },
            Member { key: "end", value: units(found.end) },
            Member { key: "groups", value: Value::array(self.arena, as_found.groups) },
            Member { key: "next", value: next },
        ];
        Ok(Value::object(self.arena, self.arena.alloc_slice_copy(&members)))
    }
}

/// A regular expression, compiled when it is first wanted.
fn compiled(code: &Expression, id: u32) -> Evaluated<&Regex> {
    let regex = &code.regexes[id as usize];
    match regex.compiled.get(|| Regex::new(&regex.pattern, &regex.flags)) {
        Some(Ok(regex)) => Ok(regex),
        Some(Err(error)) => Err(LibraryError::from(*error).into()),
        // Nothing else is ever kept there.
        None => Err(EvaluationError::new("U1001", "", "regular expression")),
    }
}

impl<'a> Found<'a> {
    fn new(text: &'a str, found: &Match, arena: &'a Arena) -> Found<'a> {
        let mut groups = List::with_capacity_in(found.groups.len(), arena);
        // A group that took no part is absent, where the list of groups has room for it.
        groups.extend(found.groups.iter().map(|group| match group {
            Some((start, end)) => Value::text(arena, &text[*start..*end]),
            None => Value::Undefined,
        }));
        let whole = Value::text(arena, &text[found.start..found.end]);
        Found { start: found.start, end: found.end, text: whole, groups: groups.into_bump_slice() }
    }
}

impl<'a> Matching<'a> {
    /// Takes in a match that a function has found; gives the function that finds the next.
    fn take(&mut self, value: Value<'a>, arena: &'a Arena) -> Evaluated<Value<'a>> {
        let member = |key| value.get(arena, key).unwrap_or(Value::Undefined);
        let (start, end, groups, next) = (member("start"), member("end"), member("groups"), member("next"));
        let (Some(start), Some(end), Some(groups), b'f') =
            (query::number(start), query::number(end), groups.elements(arena), letter(next))
        else {
            let name = self.builtin.name();
            return Err(EvaluationError::new("T1010", name, ""));
        };
        // Functions count characters.
        let bytes =
            |count: f64| self.text.char_indices().nth(count.max(0.0) as usize).map_or(self.text.len(), |(at, _)| at);
        self.found.push(Found { start: bytes(start), end: bytes(end), text: member("match"), groups });
        Ok(next)
    }

    /// A match as functions see it; its place goes by the name `place`.
    fn object(&self, found: &Found<'a>, place: &'a str, arena: &'a Arena) -> Value<'a> {
        let units = |at: usize| self.text.get(..at).map_or(0, |before| before.encode_utf16().count());
        let start = Value::Int(units(found.start) as i64);
        let mut members = vec![Member { key: "match", value: found.text }, Member { key: place, value: start }];
        if place == "start" {
            members.push(Member { key: "end", value: Value::Int(units(found.end) as i64) });
        }
        members.push(Member { key: "groups", value: Value::array(arena, found.groups) });
        Value::object(arena, arena.alloc_slice_copy(&members))
    }
}

/// Writes a replacement: `$0` is the match, `$1` and so on its groups, `$$` a dollar sign. Of a number with more digits
/// than there are groups only so many digits count as that number of groups has.
fn substitute<'a>(template: &str, found: &Found<'a>, arena: &'a Arena, out: &mut String) {
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            out.push('$');
            rest = behind;
            continue;
        }
        if let Some(behind) = rest.strip_prefix('0') {
            out.push_str(found.text.as_str(arena).unwrap_or_default());
            rest = behind;
            continue;
        }
        let groups = found.groups.len();
        let most = groups.max(1).ilog10() as usize + 1;
        let available = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let number = |digits: usize| rest[..digits].parse::<usize>().ok();
        let mut digits = available;
        if most > 1 && number(digits).is_some_and(|n| n > groups) {
            digits = digits.min(most - 1);
        }
        match number(digits) {
            Some(index) => {
                let group = index.checked_sub(1).and_then(|at| found.groups.get(at));
                out.push_str(group.and_then(|g| g.as_str(arena)).unwrap_or_default());
                rest = &rest[digits..];
            }
            None => out.push('$'),
        }
    }
    out.push_str(rest);
}
