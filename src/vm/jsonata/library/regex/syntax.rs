//! The syntax of regular expressions, as JavaScript has it without the `u` flag (ECMAScript, "Patterns", with the rules
//! for web browsers): what looks like a brace, bracket or escape but is none stands for itself.
//!
//! Flows in: the text between the slashes, and the flags. Flows out: a tree in which classes are sets, case is resolved,
//! names are numbers. Code points take the place of UTF-16 units; an escaped pair of surrogates is one code point. It
//! must never nest deeper than [`DEPTH_MAX`], which bounds the recursion of all that walks the tree.

use super::error::{Problem, RegexError};
use super::set::{CaseGroups, CharSet};

/// Groups nest no deeper.
pub(super) const DEPTH_MAX: usize = 200;

/// What a pattern is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Empty,
    Char(char),
    Set(CharSet),
    Assertion(Assertion),
    /// A capture group, numbered from 1 in the order of opening parentheses.
    Group(usize, Box<Node>),
    Look {
        behind: bool,
        negative: bool,
        node: Box<Node>,
    },
    BackReference(usize),
    Concat(Vec<Node>),
    Alternate(Vec<Node>),
    Repeat {
        node: Box<Node>,
        min: u32,
        max: Option<u32>,
        greedy: bool,
        /// The groups inside: from the first up to and without the second.
        groups: (usize, usize),
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assertion {
    Start,
    End,
    LineStart,
    LineEnd,
    WordBoundary,
    NotWordBoundary,
}

/// What the letters after the second slash ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    pub(super) multi_line: bool,
}

/// A pattern, understood.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) node: Node,
    pub(super) group_count: usize,
}

/// Reads a pattern.
pub(super) fn parse(text: &str, flags: Flags) -> Result<Pattern, RegexError> {
    let chars: Vec<char> = text.chars().collect();
    let names = group_names(&chars)?;
    let mut parser = Parser { chars, at: 0, depth: 0, flags, groups_seen: 0, names, case: CaseGroups::default() };
    let node = parser.disjunction()?;
    match parser.peek() {
        None => Ok(Pattern { node, group_count: parser.groups_seen }),
        // Only a closing parenthesis ends a disjunction early.
        Some(_) => Err(parser.problem(Problem::UnopenedGroup)),
    }
}

/// The capture groups of a pattern with their names: how many there are decides what `\1` means, and whether there are
/// names what `\k` means, before either is reached.
fn group_names(chars: &[char]) -> Result<Vec<Option<String>>, RegexError> {
    let mut names: Vec<Option<String>> = Vec::new();
    let (mut at, mut in_class) = (0, false);
    while let Some(c) = chars.get(at) {
        match c {
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class && chars.get(at + 1) != Some(&'?') => names.push(None),
            '(' if !in_class && chars.get(at + 2) == Some(&'<') && !matches!(chars.get(at + 3), Some('=' | '!')) => {
                let name: String = chars[at + 3..].iter().take_while(|c| **c != '>').collect();
                let mut letters = name.chars();
                let is_start = |c: char| c.is_alphabetic() || matches!(c, '_' | '$');
                let valid = letters.next().is_some_and(is_start)
                    && letters.all(|c| is_start(c) || c.is_numeric())
                    && at + 3 + name.chars().count() < chars.len();
                if !valid || names.iter().flatten().any(|known| *known == name) {
                    return Err(RegexError { offset: at, problem: Problem::GroupName });
                }
                names.push(Some(name));
            }
            _ => {}
        }
        at += 1;
    }
    Ok(names)
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
    flags: Flags,
    groups_seen: usize,
    names: Vec<Option<String>>,
    case: CaseGroups,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn eat(&mut self, text: &str) -> bool {
        let length = text.chars().count();
        let found = self.chars.get(self.at..self.at + length).is_some_and(|next| next.iter().copied().eq(text.chars()));
        self.at += if found { length } else { 0 };
        found
    }

    fn problem(&self, problem: Problem) -> RegexError {
        RegexError { offset: self.at, problem }
    }

    /// Alternatives, up to the end or a closing parenthesis.
    fn disjunction(&mut self) -> Result<Node, RegexError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.problem(Problem::TooDeep));
        }
        let mut alternatives = vec![self.alternative()?];
        while self.eat("|") {
            alternatives.push(self.alternative()?);
        }
        self.depth -= 1;
        Ok(match (alternatives.len(), alternatives.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                alternatives.extend(last);
                Node::Alternate(alternatives)
            }
        })
    }

    fn alternative(&mut self) -> Result<Node, RegexError> {
        let mut terms = Vec::new();
        while self.peek().is_some_and(|c| c != '|' && c != ')') {
            terms.push(self.term()?);
        }
        Ok(match (terms.len(), terms.pop()) {
            (0 | 1, only) => only.unwrap_or(Node::Empty),
            (_, last) => {
                terms.extend(last);
                Node::Concat(terms)
            }
        })
    }

    fn term(&mut self) -> Result<Node, RegexError> {
        let first_group = self.groups_seen + 1;
        let (start, line_mode) = (self.at, self.flags.multi_line);
        let (node, repeatable) = match self.peek() {
            Some('^') => (Node::Assertion(if line_mode { Assertion::LineStart } else { Assertion::Start }), false),
            Some('$') => (Node::Assertion(if line_mode { Assertion::LineEnd } else { Assertion::End }), false),
            Some('(') => self.group()?,
            Some('[') => {
                self.at += 1;
                (self.class()?, true)
            }
            Some('.') => (Node::Set(CharSet::dot()), true),
            Some('\\') => {
                self.at += 1;
                self.escape()?
            }
            Some('*' | '+' | '?') => return Err(self.problem(Problem::NothingToRepeat)),
            Some('{') if self.braces().is_some() => return Err(self.problem(Problem::NothingToRepeat)),
            Some(c) => (self.literal(u32::from(c)), true),
            None => (Node::Empty, false),
        };
        // What has not moved on itself is one character long.
        self.at += usize::from(self.at == start);
        let quantifier_at = self.at;
        let Some((min, max)) = self.quantifier() else { return Ok(node) };
        if !repeatable {
            return Err(RegexError { offset: quantifier_at, problem: Problem::NothingToRepeat });
        }
        if max.is_some_and(|max| max < min) {
            return Err(RegexError { offset: quantifier_at, problem: Problem::QuantifierOrder });
        }
        let greedy = !self.eat("?");
        let groups = (first_group, self.groups_seen + 1);
        Ok(Node::Repeat { node: Box::new(node), min, max, greedy, groups })
    }

    /// A character that stands for itself.
    fn literal(&mut self, code_point: u32) -> Node {
        if self.flags.ignore_case
            && let Some(equal) = char::from_u32(code_point).and_then(|c| self.case.equal(c))
        {
            return Node::Set(equal);
        }
        // A lone surrogate is in no text.
        char::from_u32(code_point).map_or(Node::Set(CharSet::default()), Node::Char)
    }

    /// `(…)`, and whether it may be repeated: look-behind may not.
    fn group(&mut self) -> Result<(Node, bool), RegexError> {
        let open = self.at;
        let mut look = None;
        let mut number = None;
        if self.eat("(?:") {
        } else if self.eat("(?=") {
            look = Some((false, false));
        } else if self.eat("(?!") {
            look = Some((false, true));
        } else if self.eat("(?<=") {
            look = Some((true, false));
        } else if self.eat("(?<!") {
            look = Some((true, true));
        } else if self.eat("(?<") {
            // Checked when the names were collected.
            while self.peek().is_some_and(|c| c != '>') {
                self.at += 1;
            }
            self.at += 1;
            number = Some(self.open_group());
        } else if self.eat("(?") {
            return Err(self.problem(Problem::UnknownGroup));
        } else {
            self.at += 1;
            number = Some(self.open_group());
        }
        let node = Box::new(self.disjunction()?);
        if !self.eat(")") {
            return Err(RegexError { offset: open, problem: Problem::UnclosedGroup });
        }
        Ok(match (look, number) {
            (Some((behind, negative)), _) => (Node::Look { behind, negative, node }, !behind),
            (None, Some(number)) => (Node::Group(number, node), true),
            (None, None) => (*node, true),
        })
    }

    fn open_group(&mut self) -> usize {
        self.groups_seen += 1;
        self.groups_seen
    }

    fn quantifier(&mut self) -> Option<(u32, Option<u32>)> {
        let (bounds, length) = match self.peek()? {
            '*' => ((0, None), 1),
            '+' => ((1, None), 1),
            '?' => ((0, Some(1)), 1),
            '{' => self.braces()?,
            _ => return None,
        };
        self.at += length;
        Some(bounds)
    }

    /// `{n}`, `{n,}` or `{n,m}` right here, and its length.
    fn braces(&self) -> Option<((u32, Option<u32>), usize)> {
        let inside = self.chars.get(self.at + 1..)?;
        let length = inside.iter().position(|c| !c.is_ascii_digit() && *c != ',').filter(|end| inside[*end] == '}')?;
        let text: String = inside[..length].iter().collect();
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            // Beyond 32 bits as good as endless.
            digits.then(|| text.parse().unwrap_or(u32::MAX))
        };
        let bounds = match text.split_once(',') {
            None => (number(&text)?, Some(number(&text)?)),
            Some((min, "")) => (number(min)?, None),
            Some((min, max)) => (number(min)?, Some(number(max)?)),
        };
        Some((bounds, length + 2))
    }

    /// What follows a backslash outside a class.
    fn escape(&mut self) -> Result<(Node, bool), RegexError> {
        let Some(c) = self.peek() else { return Err(self.problem(Problem::TrailingBackslash)) };
        Ok(match c {
            'b' | 'B' => {
                self.at += 1;
                (Node::Assertion(if c == 'b' { Assertion::WordBoundary } else { Assertion::NotWordBoundary }), false)
            }
            '1'..='9' => match self.back_reference() {
                Some(number) => (Node::BackReference(number), true),
                None => {
                    let code_point = self.character_escape();
                    (self.literal(code_point), true)
                }
            },
            'k' if self.names.iter().any(Option::is_some) => {
                self.at += 1;
                (Node::BackReference(self.named_reference()?), true)
            }
            _ => match self.class_escape() {
                Some(set) => (Node::Set(set), true),
                None => {
                    let code_point = self.character_escape();
                    (self.literal(code_point), true)
                }
            },
        })
    }

    /// A decimal number that a group has.
    fn back_reference(&mut self) -> Option<usize> {
        let digits: String = self.chars[self.at..].iter().take_while(|c| c.is_ascii_digit()).collect();
        let number = digits.parse().ok().filter(|number: &usize| *number <= self.names.len())?;
        self.at += digits.len();
        Some(number)
    }

    /// `<name>` after `\k`.
    fn named_reference(&mut self) -> Result<usize, RegexError> {
        let problem = self.problem(Problem::GroupName);
        if !self.eat("<") {
            return Err(problem);
        }
        let name: String = self.chars[self.at..].iter().take_while(|c| **c != '>').collect();
        self.at += name.chars().count();
        let index = self.names.iter().position(|known| known.as_ref() == Some(&name));
        match index {
            Some(index) if self.eat(">") => Ok(index + 1),
            _ => Err(problem),
        }
    }

    /// `\d`, `\W` and the like, after the backslash.
    fn class_escape(&mut self) -> Option<CharSet> {
        let c = self.peek()?;
        let set = match c.to_ascii_lowercase() {
            'd' => CharSet::digits(),
            's' => CharSet::space(),
            'w' => CharSet::word(),
            _ => return None,
        };
        self.at += 1;
        Some(if c.is_ascii_uppercase() { set.complement() } else { set })
    }

    /// An escape of one character, after the backslash; what is no escape stands for itself.
    fn character_escape(&mut self) -> u32 {
        let Some(c) = self.peek() else { return u32::from('\\') };
        self.at += 1;
        match c {
            't' => 0x09,
            'n' => 0x0A,
            'v' => 0x0B,
            'f' => 0x0C,
            'r' => 0x0D,
            'x' => self.hex(2).unwrap_or(u32::from(c)),
            'u' => match self.hex(4) {
                Some(high @ 0xD800..=0xDBFF) => self.low_surrogate(high).unwrap_or(high),
                Some(code_point) => code_point,
                None => u32::from(c),
            },
            'c' => match self.peek().filter(char::is_ascii_alphabetic) {
                Some(letter) => {
                    self.at += 1;
                    u32::from(letter) % 32
                }
                None => {
                    // The backslash stands for itself, and the letter is read again.
                    self.at -= 1;
                    u32::from('\\')
                }
            },
            '0'..='7' => self.octal(c),
            _ => u32::from(c),
        }
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let text = self.chars.get(self.at..self.at + digits)?;
        let value = text.iter().try_fold(0, |value, c| Some(value * 16 + c.to_digit(16)?))?;
        self.at += digits;
        Some(value)
    }

    /// The code point of a pair whose second half is escaped right here.
    fn low_surrogate(&mut self, high: u32) -> Option<u32> {
        let start = self.at;
        let low = if self.eat("\\u") { self.hex(4) } else { None };
        match low {
            Some(low @ 0xDC00..=0xDFFF) => Some(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)),
            _ => {
                self.at = start;
                None
            }
        }
    }

    /// Up to three octal digits, 255 at most.
    fn octal(&mut self, first: char) -> u32 {
        let mut value = first.to_digit(8).unwrap_or(0);
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(8)).filter(|digit| value * 8 + digit <= 0o377) {
            value = value * 8 + digit;
            self.at += 1;
        }
        value
    }

    /// A class, after its opening bracket.
    fn class(&mut self) -> Result<Node, RegexError> {
        let open = self.at - 1;
        let negative = self.eat("^");
        let mut ranges = Vec::new();
        loop {
            if self.eat("]") {
                break;
            }
            let first = self.class_atom(open)?;
            let is_range = self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|c| *c != ']');
            if !is_range {
                first.add_to(&mut ranges);
                continue;
            }
            let dash_at = self.at;
            self.at += 1;
            match (first, self.class_atom(open)?) {
                (Atom::One(first), Atom::One(last)) if first > last => {
                    return Err(RegexError { offset: dash_at, problem: Problem::RangeOrder });
                }
                (Atom::One(first), Atom::One(last)) => ranges.push((first, last)),
                // A hyphen beside a class of its own stands for itself.
                (first, last) => [first, Atom::One(u32::from('-')), last].iter().for_each(|a| a.add_to(&mut ranges)),
            }
        }
        let mut set = CharSet::of(ranges);
        if self.flags.ignore_case {
            set = self.case.close(&set);
        }
        Ok(Node::Set(if negative { set.complement() } else { set }))
    }

    fn class_atom(&mut self, open: usize) -> Result<Atom, RegexError> {
        let unclosed = RegexError { offset: open, problem: Problem::UnclosedClass };
        let Some(c) = self.peek() else { return Err(unclosed) };
        self.at += 1;
        if c != '\\' {
            return Ok(Atom::One(u32::from(c)));
        }
        let next = self.peek().ok_or(unclosed)?;
        if let Some(set) = self.class_escape() {
            return Ok(Atom::Set(set));
        }
        if next == 'b' {
            self.at += 1;
            return Ok(Atom::One(0x08));
        }
        // In a class, digits and the underscore name control characters as well.
        if let ('c', Some(c)) = (next, self.chars.get(self.at + 1).filter(|c| c.is_ascii_digit() || **c == '_')) {
            let code_point = u32::from(*c) % 32;
            self.at += 2;
            return Ok(Atom::One(code_point));
        }
        Ok(Atom::One(self.character_escape()))
    }
}

/// A part of a class.
enum Atom {
    One(u32),
    Set(CharSet),
}

impl Atom {
    fn add_to(&self, ranges: &mut Vec<(u32, u32)>) {
        match self {
            Atom::One(code_point) => ranges.push((*code_point, *code_point)),
            Atom::Set(set) => ranges.extend_from_slice(set.ranges()),
        }
    }
}
