//! Tokens → a tree of operators: a parser of binding powers, with JSONata's table of them.
//!
//! Flows in: the text. Flows out: a [`Syntax`] tree, or the first thing that is wrong. It calls itself at most
//! [`NESTING_MAX`] times on the way down (brackets), and the tree it gives has at most [`DEPTH_MAX`] levels, counted on the
//! way up (chains of operators), so that whoever walks the tree may recurse.

use super::error::SyntaxError;
use super::lexer::{Lexer, Token, TokenKind};
use super::syntax::{Syntax, SyntaxKind};
use crate::value::signature::Signature;

/// Levels that an expression may have, a chain of operators counting one for each.
pub const DEPTH_MAX: usize = 500;

/// Levels of brackets, signs and the like, for each of which the parser calls itself: it has to get by with 256 KiB.
const NESTING_MAX: usize = 100;

/// Reads an expression.
pub(super) fn parse(text: &str) -> Result<Syntax, SyntaxError> {
    let mut lexer = Lexer::new(text);
    let token = lexer.next(true)?;
    let mut parser = Parser { lexer, token, depth: 0 };
    let tree = parser.expression(0)?;
    match &parser.token.kind {
        TokenKind::End => Ok(tree),
        other => Err(SyntaxError::new("S0201", parser.token.end, other.text(), "")),
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    token: Token,
    depth: usize,
}

/// How strongly a mark binds what stands before it; 0 for those that end an expression.
fn power(token: &TokenKind) -> u8 {
    let TokenKind::Mark(mark) = token else { return 0 };
    match *mark {
        "(" | "[" | "@" | "#" => 80,
        "." => 75,
        "{" => 70,
        "*" | "/" | "%" => 60,
        "+" | "-" | "&" => 50,
        "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "~>" | "^" => 40,
        "and" => 30,
        "or" => 25,
        "?" => 20,
        ":=" => 10,
        _ => 0,
    }
}

type Parsed = Result<Syntax, SyntaxError>;

impl Parser<'_> {
    /// Goes on to the next token; gives the one that was here. `operand` says whether an operand may follow.
    fn advance(&mut self, operand: bool) -> Result<Token, SyntaxError> {
        let next = self.lexer.next(operand)?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn is(&self, mark: &str) -> bool {
        matches!(self.token.kind, TokenKind::Mark(here) if here == mark)
    }

    /// Goes on behind a mark that has to be here.
    fn expect(&mut self, mark: &str, operand: bool) -> Result<(), SyntaxError> {
        if self.is(mark) {
            return self.advance(operand).map(drop);
        }
        let code = if self.token.kind == TokenKind::End { "S0203" } else { "S0202" };
        Err(SyntaxError::new(code, self.token.end, self.token.kind.text(), mark))
    }

    fn node(&self, at: usize, kind: SyntaxKind) -> Parsed {
        let mut below = 0;
        kind.children(&mut |child| below = below.max(child.depth));
        if below >= DEPTH_MAX {
            return Err(too_deep(at, DEPTH_MAX));
        }
        Ok(Syntax { at, keep_array: false, depth: below + 1, kind })
    }

    fn expression(&mut self, bound: u8) -> Parsed {
        if self.depth >= NESTING_MAX {
            return Err(too_deep(self.token.end, NESTING_MAX));
        }
        self.depth += 1;
        // A slash behind what begins an operand divides, even where that leaves nothing to divide: JSONata 2.0.6 takes no
        // regular expression right behind an opening bracket or a sign.
        let token = self.advance(false)?;
        let mut left = self.operand(token)?;
        while bound < power(&self.token.kind) {
            let token = self.advance(true)?;
            left = self.operator(token, left)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn boxed(&mut self, bound: u8) -> Result<Box<Syntax>, SyntaxError> {
        self.expression(bound).map(Box::new)
    }

    /// An operand that begins with `token`; the next token has been read as if an operator followed.
    #[inline(never)]
    fn operand(&mut self, token: Token) -> Parsed {
        let at = token.end;
        let kind = match token.kind {
            // Whoever wants something behind it says so first; what is left over is found when the tree is shaped.
            TokenKind::End => SyntaxKind::End,
            TokenKind::Name(name) => SyntaxKind::Name(name),
            TokenKind::Variable(name) => SyntaxKind::Variable(name),
            TokenKind::String(text) => SyntaxKind::String(text),
            TokenKind::Number(text) => SyntaxKind::Number(text),
            TokenKind::Value(value) => SyntaxKind::Value(value),
            TokenKind::Regex { pattern, flags } => SyntaxKind::Regex { pattern, flags },
            TokenKind::Mark(mark) => match mark {
                "*" => SyntaxKind::Wildcard,
                "**" => SyntaxKind::Descendant,
                "%" => SyntaxKind::Parent,
                "and" | "or" | "in" => SyntaxKind::Name(mark.into()),
                "-" => SyntaxKind::Negate(self.boxed(70)?),
                "(" => SyntaxKind::Block(self.block()?),
                "[" => SyntaxKind::Array(self.array()?),
                "{" => SyntaxKind::Object(self.pairs()?),
                "|" => self.transform()?,
                _ => return Err(SyntaxError::new("S0211", at, mark, "")),
            },
        };
        self.node(at, kind)
    }

    /// What the operator `token` makes of `left` and of what follows.
    #[inline(never)]
    fn operator(&mut self, token: Token, mut left: Syntax) -> Parsed {
        let (at, mark) = match token.kind {
            TokenKind::Mark(mark) => (token.end, mark),
            other => return Err(SyntaxError::new("S0205", token.end, other.text(), "")),
        };
        let power = power(&token.kind);
        let kind = match mark {
            "(" => return self.call(at, left),
            "[" if self.is("]") => {
                keep_array(&mut left);
                self.advance(true)?;
                return Ok(left);
            }
            "[" => {
                let predicate = self.boxed(0)?;
                self.expect("]", false)?;
                SyntaxKind::Binary("[", Box::new(left), predicate)
            }
            "{" => SyntaxKind::Group(Box::new(left), self.pairs()?),
            "^" => SyntaxKind::Sort(Box::new(left), self.terms()?),
            "@" | "#" => self.named(mark, left)?,
            ":=" => match left.kind {
                SyntaxKind::Variable(name) => SyntaxKind::Bind(name, self.boxed(9)?),
                _ => return Err(SyntaxError::new("S0212", left.at, "", "")),
            },
            "?" => self.condition(left)?,
            _ => SyntaxKind::Binary(mark, Box::new(left), self.boxed(power)?),
        };
        self.node(at, kind)
    }

    #[inline(never)]
    fn named(&mut self, mark: &str, left: Syntax) -> Result<SyntaxKind, SyntaxError> {
        let right = self.expression(80)?;
        match right.kind {
            SyntaxKind::Variable(name) if mark == "@" => Ok(SyntaxKind::Focus(Box::new(left), name)),
            SyntaxKind::Variable(name) => Ok(SyntaxKind::Index(Box::new(left), name)),
            _ => Err(SyntaxError::new("S0214", right.at, mark, "")),
        }
    }

    #[inline(never)]
    fn condition(&mut self, left: Syntax) -> Result<SyntaxKind, SyntaxError> {
        let left = Box::new(left);
        let then = self.boxed(0)?;
        let mut otherwise = None;
        if self.is(":") {
            self.advance(true)?;
            otherwise = Some(self.boxed(0)?);
        }
        Ok(SyntaxKind::Condition(left, then, otherwise))
    }

    #[inline(never)]
    fn block(&mut self) -> Result<Vec<Syntax>, SyntaxError> {
        let mut parts = Vec::new();
        while !self.is(")") {
            parts.push(self.expression(0)?);
            if !self.is(";") {
                break;
            }
            self.advance(true)?;
        }
        self.expect(")", false)?;
        Ok(parts)
    }

    #[inline(never)]
    fn array(&mut self) -> Result<Vec<Syntax>, SyntaxError> {
        let mut items = Vec::new();
        if !self.is("]") {
            loop {
                let mut item = self.expression(0)?;
                if self.is("..") {
                    let at = self.token.end;
                    self.advance(true)?;
                    let end = self.boxed(0)?;
                    item = self.node(at, SyntaxKind::Range(Box::new(item), end))?;
                }
                items.push(item);
                if !self.is(",") {
                    break;
                }
                self.advance(true)?;
            }
        }
        self.expect("]", false)?;
        Ok(items)
    }

    #[inline(never)]
    fn pairs(&mut self) -> Result<Vec<(Syntax, Syntax)>, SyntaxError> {
        let mut pairs = Vec::new();
        if !self.is("}") {
            loop {
                let key = self.expression(0)?;
                self.expect(":", true)?;
                pairs.push((key, self.expression(0)?));
                if !self.is(",") {
                    break;
                }
                self.advance(true)?;
            }
        }
        self.expect("}", false)?;
        Ok(pairs)
    }

    #[inline(never)]
    fn terms(&mut self) -> Result<Vec<(Syntax, bool)>, SyntaxError> {
        self.expect("(", true)?;
        let mut terms = Vec::new();
        loop {
            let descending = self.is(">");
            if descending || self.is("<") {
                self.advance(true)?;
            }
            terms.push((self.expression(0)?, descending));
            if !self.is(",") {
                break;
            }
            self.advance(true)?;
        }
        self.expect(")", true)?;
        Ok(terms)
    }

    #[inline(never)]
    fn transform(&mut self) -> Result<SyntaxKind, SyntaxError> {
        let pattern = self.boxed(0)?;
        self.expect("|", true)?;
        let update = self.boxed(0)?;
        let mut delete = None;
        if self.is(",") {
            self.advance(true)?;
            delete = Some(self.boxed(0)?);
        }
        self.expect("|", true)?;
        Ok(SyntaxKind::Transform { pattern, update, delete })
    }

    fn call(&mut self, at: usize, left: Syntax) -> Parsed {
        let mut arguments = Vec::new();
        if !self.is(")") {
            loop {
                if self.is("?") {
                    let hole = self.advance(true)?;
                    arguments.push(self.node(hole.end, SyntaxKind::Hole)?);
                } else {
                    arguments.push(self.expression(0)?);
                }
                if !self.is(",") {
                    break;
                }
                self.advance(true)?;
            }
        }
        self.expect(")", false)?;
        match &left.kind {
            SyntaxKind::Name(name) if matches!(&**name, "function" | "λ") => self.lambda(at, arguments),
            _ => self.node(at, SyntaxKind::Call(Box::new(left), arguments)),
        }
    }

    fn lambda(&mut self, at: usize, arguments: Vec<Syntax>) -> Parsed {
        let mut parameters = Vec::with_capacity(arguments.len());
        for (n, argument) in arguments.into_iter().enumerate() {
            match argument.kind {
                SyntaxKind::Variable(name) => parameters.push(name),
                _ => return Err(SyntaxError::new("S0208", argument.at, "", &(n + 1).to_string())),
            }
        }
        let mut signature = None;
        if self.is("<") {
            let at = self.token.end;
            let text = self.signature()?;
            let parsed = Signature::parse(&text);
            signature = Some(parsed.map_err(|e| SyntaxError::new(e.code(), at, "", ""))?);
        }
        self.expect("{", true)?;
        let body = self.boxed(0)?;
        self.expect("}", true)?;
        self.node(at, SyntaxKind::Lambda { parameters, signature, body })
    }

    fn signature(&mut self) -> Result<String, SyntaxError> {
        let (mut text, mut depth) = ("<".to_owned(), 1);
        while depth > 0 && !self.is("{") && self.token.kind != TokenKind::End {
            self.advance(true)?;
            if self.is("<") {
                depth += 1;
            } else if self.is(">") {
                depth -= 1;
            }
            text.push_str(self.token.kind.text());
        }
        self.expect(">", true)?;
        Ok(text)
    }
}

/// `[]` behind a step belongs to the step itself, not to its predicates.
fn keep_array(mut step: &mut Syntax) {
    while let SyntaxKind::Binary("[", ..) = step.kind {
        let SyntaxKind::Binary(_, inner, _) = &mut step.kind else { break };
        step = inner;
    }
    step.keep_array = true;
}

fn too_deep(at: usize, levels: usize) -> SyntaxError {
    SyntaxError::new("U1002", at, "", &levels.to_string())
}

impl SyntaxKind {
    /// Shows every node right below.
    pub fn children<'s>(&'s self, visit: &mut dyn FnMut(&'s Syntax)) {
        match self {
            SyntaxKind::Negate(one) | SyntaxKind::Focus(one, _) | SyntaxKind::Index(one, _) => visit(one),
            SyntaxKind::Bind(_, one) => visit(one),
            SyntaxKind::Array(many) | SyntaxKind::Block(many) => many.iter().for_each(visit),
            SyntaxKind::Range(a, b) | SyntaxKind::Binary(_, a, b) => {
                visit(a);
                visit(b);
            }
            SyntaxKind::Object(pairs) => pairs.iter().for_each(|(key, value)| {
                visit(key);
                visit(value);
            }),
            SyntaxKind::Group(one, pairs) => {
                visit(one);
                pairs.iter().for_each(|(key, value)| {
                    visit(key);
                    visit(value);
                });
            }
            SyntaxKind::Sort(one, terms) => {
                visit(one);
                terms.iter().for_each(|(term, _)| visit(term));
            }
            SyntaxKind::Condition(a, b, c) => {
                visit(a);
                visit(b);
                c.iter().for_each(|c| visit(c));
            }
            SyntaxKind::Call(procedure, arguments) => {
                visit(procedure);
                arguments.iter().for_each(visit);
            }
            SyntaxKind::Lambda { body, .. } => visit(body),
            SyntaxKind::Transform { pattern, update, delete } => {
                visit(pattern);
                visit(update);
                delete.iter().for_each(|d| visit(d));
            }
            SyntaxKind::Number(_)
            | SyntaxKind::String(_)
            | SyntaxKind::Value(_)
            | SyntaxKind::Regex { .. }
            | SyntaxKind::Name(_)
            | SyntaxKind::Variable(_)
            | SyntaxKind::Wildcard
            | SyntaxKind::Descendant
            | SyntaxKind::Parent
            | SyntaxKind::End
            | SyntaxKind::Hole => {}
        }
    }
}
