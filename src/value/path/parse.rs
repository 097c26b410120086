//! Text to steps.
//!
//! Flows in: the text of a path. Flows out: its steps. What is lenient here is so in AWS's library too: names outside
//! brackets may hold anything but blanks, dots and brackets, and a dot may be left out after a bracket. Two choices are
//! ours. Functions are only taken as the last step. In a bracketed name a backslash escapes the quote and itself, and
//! stands for itself before anything else: AWS's recorded answer to a name holding a backslash demands the latter.
//!
//! It must never accept a path that evaluation cannot run.

use super::error::{PathError, PathErrorKind as Kind};
use super::{Step, parse_filter};

/// A path has at most so many steps, those in its filters included: evaluating takes a native frame a step.
const STEPS_MAX: usize = 1024;

/// The steps of a whole text.
pub(super) fn path(text: &str) -> Result<Vec<Step>, PathError> {
    // Blanks around the path are ignored, as AWS's library trims it.
    let end = text.trim_end_matches(' ').len();
    let start = text.len() - text.trim_start_matches(' ').len();
    let mut parser = Parser { text: &text[..end.max(start)], at: start, depth: 0, steps_left: STEPS_MAX };
    if parser.peek() != Some(b'$') {
        return Err(parser.fail(Kind::Head));
    }
    parser.at += 1;
    let steps = parser.steps(false)?;
    debug_assert_eq!(parser.at, parser.text.len());
    Ok(steps)
}

/// A position in a text that holds a path.
pub(super) struct Parser<'t> {
    pub text: &'t str,
    pub at: usize,
    /// How many filters and parentheses are open.
    pub depth: u32,
    /// How many more steps there may be, those in filters included.
    steps_left: usize,
}

impl<'t> Parser<'t> {
    pub fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    pub fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    pub fn rest(&self) -> &'t str {
        // `at` only ever moves over ASCII bytes, or by the length of a found slice.
        self.text.get(self.at..).unwrap_or("")
    }

    pub fn fail(&self, kind: Kind) -> PathError {
        PathError { offset: self.at, kind }
    }

    pub fn skip_blanks(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Takes the byte if it comes next.
    pub fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// The steps after a head: to the end of the text or, inside a filter, to the end of the operand.
    pub fn steps(&mut self, in_filter: bool) -> Result<Vec<Step>, PathError> {
        let mut steps = Vec::new();
        loop {
            match self.peek() {
                None => break,
                _ if in_filter && self.operand_ends() => break,
                Some(b'.') => self.dot(&mut steps, in_filter)?,
                Some(b'[') => steps.push(self.bracket()?),
                // After a bracket the dot may be missing, as in `$[0]a`; never after the head.
                Some(_) if steps.is_empty() => return Err(self.fail(Kind::Separator)),
                Some(_) => steps.push(self.name_or_star(in_filter)?),
            }
            self.steps_left = match self.steps_left.checked_sub(1) {
                Some(left) => left,
                None => return Err(self.fail(Kind::TooDeep)),
            };
            if matches!(steps.last(), Some(Step::Function(_))) && self.at < self.text.len() && !in_filter {
                return Err(self.fail(Kind::Function));
            }
        }
        Ok(steps)
    }

    /// Whether a path inside a filter is over: at a blank, an operator or a closing parenthesis.
    fn operand_ends(&self) -> bool {
        let rest = self.rest();
        matches!(rest.as_bytes().first(), Some(b' ' | b')' | b'<' | b'>' | b'=' | b'~' | b'!' | b',' | b']'))
            || rest.starts_with("&&")
            || rest.starts_with("||")
    }

    fn dot(&mut self, steps: &mut Vec<Step>, in_filter: bool) -> Result<(), PathError> {
        self.at += 1;
        if self.take(b'.') {
            steps.push(Step::DeepScan);
        }
        let step = match self.peek() {
            None => return Err(self.fail(Kind::EndsWithDot)),
            Some(b'.') => return Err(self.fail(Kind::Name)),
            Some(b'[') => self.bracket()?,
            Some(_) => self.name_or_star(in_filter)?,
        };
        steps.push(step);
        Ok(())
    }

    fn name_or_star(&mut self, in_filter: bool) -> Result<Step, PathError> {
        if self.take(b'*') {
            return Ok(Step::Wildcard);
        }
        let start = self.at;
        loop {
            match self.peek() {
                None | Some(b'.' | b'[') => break,
                Some(b'(') => return self.function(start),
                _ if in_filter && self.operand_ends() => break,
                Some(b' ') => return Err(self.fail(Kind::BlankInName)),
                Some(_) => self.at += 1,
            }
        }
        match self.text.get(start..self.at) {
            Some(name) if !name.is_empty() => Ok(Step::Member(name.into())),
            _ => Err(self.fail(Kind::Name)),
        }
    }

    /// `name(…)`: AWS takes the call and then finds nothing, so the arguments only need to be closed.
    fn function(&mut self, start: usize) -> Result<Step, PathError> {
        let name = self.text.get(start..self.at).unwrap_or("");
        if name.is_empty() {
            return Err(self.fail(Kind::Name));
        }
        let (open, mut depth) = (self.at, 0u32);
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(Step::Function(name.into()));
            }
        }
        self.at = open;
        Err(self.fail(Kind::Unclosed))
    }

    fn bracket(&mut self) -> Result<Step, PathError> {
        let open = self.at;
        self.at += 1;
        self.skip_blanks();
        let step = match self.peek() {
            Some(quote @ (b'\'' | b'"')) => self.names(quote)?,
            Some(b'*') => {
                self.at += 1;
                Step::Wildcard
            }
            Some(b'0'..=b'9' | b'-' | b':') => self.indices()?,
            Some(b'?') => {
                self.at += 1;
                self.skip_blanks();
                if !self.take(b'(') {
                    return Err(self.fail(Kind::Bracket));
                }
                let filter = parse_filter::condition(self)?;
                self.skip_blanks();
                if !self.take(b')') {
                    return Err(self.unclosed(open));
                }
                Step::Filter(Box::new(filter))
            }
            _ => return Err(self.unclosed(open)),
        };
        self.skip_blanks();
        if self.take(b']') { Ok(step) } else { Err(self.unclosed(open)) }
    }

    /// What the bracket opened at `open` needs to go on is not there.
    fn unclosed(&self, open: usize) -> PathError {
        match self.peek() {
            Some(_) => self.fail(Kind::Bracket),
            None => PathError { offset: open, kind: Kind::Unclosed },
        }
    }

    /// `'a'` or `'a','b'`, all in the quotes of the first.
    fn names(&mut self, quote: u8) -> Result<Step, PathError> {
        let mut names: Vec<Box<str>> = Vec::new();
        loop {
            self.skip_blanks();
            if self.peek() != Some(quote) {
                return Err(self.fail(Kind::Bracket));
            }
            names.push(self.quoted(quote)?.into());
            self.skip_blanks();
            if !self.take(b',') {
                break;
            }
        }
        Ok(match names.pop() {
            Some(only) if names.is_empty() => Step::Member(only),
            last => {
                names.extend(last);
                Step::Members(names.into())
            }
        })
    }

    fn quoted(&mut self, quote: u8) -> Result<String, PathError> {
        let open = self.at;
        self.at += 1;
        let mut name = String::new();
        let mut start = self.at;
        while let Some(byte) = self.peek() {
            if byte == quote {
                name.push_str(self.text.get(start..self.at).unwrap_or(""));
                self.at += 1;
                return Ok(name);
            }
            if byte == b'\\' && matches!(self.byte(self.at + 1), Some(b) if b == quote || b == b'\\') {
                name.push_str(self.text.get(start..self.at).unwrap_or(""));
                start = self.at + 1;
                self.at += 1;
            }
            self.at += 1;
        }
        self.at = open;
        Err(self.fail(Kind::Unclosed))
    }

    /// `2`, `0,2`, `1:3`, `:2`, `-2:`; a slice's step is read and ignored.
    fn indices(&mut self) -> Result<Step, PathError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'-' | b':' | b',' | b' ')) {
            self.at += 1;
        }
        let expression = self.text.get(start..self.at).unwrap_or("").trim_end_matches(' ');
        let bad_index = PathError { offset: start, kind: Kind::Index };
        let integer = |text: &str| text.trim_matches(' ').parse::<i32>().map_err(|_| bad_index.clone());
        if expression.contains(':') {
            let mut bounds = expression.split(':').map(|bound| match bound {
                "" => Ok(None),
                bound => integer(bound).map(Some),
            });
            let from = bounds.next().transpose()?.flatten();
            let to = bounds.next().transpose()?.flatten();
            if bounds.next().is_some_and(|step| step.is_err()) || (from, to) == (None, None) {
                return Err(bad_index);
            }
            return Ok(Step::Slice { from, to });
        }
        let indices = expression.split(',').map(integer).collect::<Result<Vec<_>, _>>()?;
        Ok(match indices[..] {
            [only] => Step::Index(only),
            _ => Step::Indices(indices.into()),
        })
    }
}
