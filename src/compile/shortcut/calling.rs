//! Intrinsic functions, in symbols.
//!
//! Flows in: a function and the symbols of its arguments. Flows out: a computed value. What is known of the arguments
//! beforehand is worked out here, once: a template is taken apart, a number is read. It must never follow a function that
//! draws random numbers, and must leave what the function would reject to be rejected when it runs.

use super::symbol::Symbol;
use super::{Followed, Link, Lost, Tracer, Track};
use crate::program::Function;
use crate::program::format::{self, Pieces};
use crate::program::shortcut::{Compute, Operand, Piece};
use crate::value::{Kind, raw, text};

impl Tracer<'_> {
    /// An intrinsic function is called.
    pub(super) fn call(
        &mut self,
        track: &mut Track,
        links: &mut Vec<Link>,
        function: Function,
        arguments: Vec<Symbol>,
    ) -> Followed<Symbol> {
        if matches!(function, Function::UUID | Function::MathRandom) {
            return Err(Lost);
        }
        if function == Function::Format
            && let Some(pieces) = self.pieces(&arguments)
        {
            let mut known = Vec::with_capacity(pieces.len());
            for piece in pieces {
                match piece {
                    Given::Text(text) => known.push(Piece::Text(text.into())),
                    Given::Symbol(Symbol::Text(inner)) => known.extend(inner.iter().cloned()),
                    Given::Symbol(symbol) => known.push(Piece::Value(self.operand(track, links, symbol)?)),
                }
            }
            // The text form of a constant is only known when it runs.
            if known.iter().any(|piece| matches!(piece, Piece::Value(Operand::Const(_)))) {
                return Ok(self.compute(track, links, Compute::Format { pieces: known.into() }));
            }
            // It may not become too long for a text, whether somebody looks at it or not.
            let text = Symbol::Text(known.into());
            self.hold_to_limit(&text, 0, links)?;
            return Ok(text);
        }
        let mut operands = Vec::with_capacity(arguments.len());
        for argument in arguments {
            operands.push(match argument {
                Symbol::Slot(_) | Symbol::Input if looks_into(function) => self.opened(track, links, argument)?,
                _ => match self.operand(track, links, argument)? {
                    Operand::Const(constant) if takes_integers(function) => {
                        integer(&self.program.constant(constant).text).map_or(Operand::Const(constant), Operand::Int)
                    }
                    operand => operand,
                },
            });
        }
        let what = match (function, &*operands) {
            (Function::MathAdd, [a, b]) => Compute::Add { terms: [*a, *b] },
            _ => Compute::Call { function, arguments: operands.into() },
        };
        Ok(self.compute(track, links, what))
    }

    /// What a text is put together of, if the template is known, is one, and has as many placeholders as there are
    /// arguments. What is known of it is one text between values.
    fn pieces(&self, arguments: &[Symbol]) -> Option<Vec<Given>> {
        let (Symbol::Const(template), arguments) = arguments.split_first()? else { return None };
        let template = scalar_text(&self.program.constant(*template).text)?;
        let mut arguments = arguments.iter();
        let mut pieces = Vec::new();
        let mut known = String::new();
        for piece in Pieces::new(&template) {
            let argument = match piece.ok()? {
                format::Piece::Text(text) => {
                    known.push_str(text);
                    continue;
                }
                format::Piece::Placeholder => arguments.next()?,
            };
            let text = match argument {
                Symbol::Const(constant) => scalar_text(&self.program.constant(*constant).text),
                Symbol::Int(number) => Some(number.to_string()),
                Symbol::Null => Some("null".to_owned()),
                _ => None,
            };
            match text {
                Some(text) => known.push_str(&text),
                None => {
                    if !known.is_empty() {
                        pieces.push(Given::Text(std::mem::take(&mut known)));
                    }
                    pieces.push(Given::Symbol(argument.clone()));
                }
            }
        }
        if !known.is_empty() {
            pieces.push(Given::Text(known));
        }
        arguments.next().is_none().then_some(pieces)
    }
}

/// A piece of a text, as far as it is known.
enum Given {
    Text(String),
    Symbol(Symbol),
}

/// What a constant is as a part of a text; of an array or an object, the function knows.
fn scalar_text(constant: &str) -> Option<String> {
    match raw::kind(constant) {
        Kind::String => Some(text::unescape_owned(raw::unquote(constant))),
        Kind::Array | Kind::Object => None,
        Kind::Number | Kind::Bool | Kind::Null => Some(constant.to_owned()),
    }
}

/// A number that is written as all computed ones are.
fn integer(constant: &str) -> Option<u32> {
    constant.parse::<u32>().ok().filter(|number| number.to_string() == constant)
}

/// Whether a function takes no more of a number than its value.
fn takes_integers(function: Function) -> bool {
    matches!(function, Function::MathAdd | Function::ArrayPartition | Function::ArrayGetItem)
}

/// Whether a function looks at the elements or members of what it is given.
fn looks_into(function: Function) -> bool {
    matches!(
        function,
        Function::ArrayPartition
            | Function::ArrayContains
            | Function::ArrayGetItem
            | Function::ArrayLength
            | Function::ArrayUnique
            | Function::JsonMerge
    )
}
