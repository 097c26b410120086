//! What arguments a JSONata function takes: signatures such as `<a<s>s?:s>`, read and matched.
//!
//! Flows in: the text between the angle brackets, later one letter for each argument. Flows out: which parameter takes
//! how many of the arguments. A signature belongs to the language of values (its letters are kinds of value), so both
//! the reader of definitions and the evaluator use it. It must never look at a value itself.

use std::sync::OnceLock;

/// The parameters of a function, in order.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Signature {
    /// The parameters.
    pub parameters: Vec<Parameter>,
}

/// One parameter of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The letters that it takes: of `s n b l a o f`, and `m` for nothing; a bit each, from `a` on.
    letters: u32,
    /// Whether it is an array: what is none becomes one of a single element.
    pub array: bool,
    /// The letter that an array's elements must have.
    pub element: Option<Box<str>>,
    /// Whether the context stands in for an absent argument (`-`).
    pub context: bool,
    /// Whether there may be none (`?`, or `-`).
    pub optional: bool,
    /// Whether there may be several (`+`).
    pub repeated: bool,
}

/// Why a text is no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Type parameters stand behind something that is neither an array nor a function.
    #[error("Type parameters can only be applied to functions and arrays")]
    Parameters,
    /// A choice group holds type parameters.
    #[error("Choice groups containing parameterized types are not supported")]
    Choice,
}

impl SignatureError {
    /// JSONata's code for it.
    pub fn code(self) -> &'static str {
        match self {
            SignatureError::Parameters => "S0401",
            SignatureError::Choice => "S0402",
        }
    }
}

/// What matching found: for each parameter the number of arguments that it takes, or the place (from 1) of the first
/// argument that does not fit.
pub type Matched = Result<Vec<usize>, usize>;

/// Signatures that are known beforehand, read when the first of them is wanted.
#[derive(Debug)]
pub struct Table {
    texts: &'static [&'static str],
    read: OnceLock<Vec<Signature>>,
}

impl Table {
    /// A table of these texts, each of which is a signature.
    pub const fn new(texts: &'static [&'static str]) -> Table {
        Table { texts, read: OnceLock::new() }
    }

    /// The signature at that place.
    ///
    /// # Panics
    /// Where the table has no such place.
    pub fn get(&self, index: usize) -> &Signature {
        let read = self.read.get_or_init(|| {
            // A text that is no signature takes nothing; whoever fills a table tests that it has none.
            self.texts.iter().map(|text| Signature::parse(text).unwrap_or_default()).collect()
        });
        &read[index]
    }
}

impl Signature {
    /// Reads a signature, its angle brackets included.
    ///
    /// # Errors
    /// Type parameters where there can be none.
    ///
    /// ```
    /// use expressway::value::signature::Signature;
    /// let join = Signature::parse("<a<s>s?:s>").unwrap();
    /// assert_eq!(join.matches(b"as"), Ok(vec![1, 1]));
    /// assert_eq!(join.matches(b"a"), Ok(vec![1, 0]));
    /// assert_eq!(join.matches(b"an"), Err(2));
    /// ```
    pub fn parse(text: &str) -> Result<Signature, SignatureError> {
        let letters = text.as_bytes();
        let mut parameters: Vec<Parameter> = Vec::new();
        // The first byte is the bracket that opens; what follows a colon is the result's type, which nobody checks.
        let mut at = 1;
        while let Some(&letter) = letters.get(at) {
            match letter {
                b':' => break,
                b's' | b'n' | b'b' | b'l' | b'o' => parameters.push(Parameter::of(&[letter, b'm'])),
                b'a' => parameters.push(Parameter { array: true, ..Parameter::of(b"asnblfom") }),
                b'f' => parameters.push(Parameter::of(b"f")),
                b'j' => parameters.push(Parameter::of(b"asnblom")),
                b'x' => parameters.push(Parameter::of(b"asnblfom")),
                b'u' => parameters.push(Parameter::of(b"bnslm")),
                b'(' => {
                    let end = closing(letters, at, b'(', b')');
                    let takes = letters.get(at + 1..end).unwrap_or_default();
                    if takes.contains(&b'<') {
                        return Err(SignatureError::Choice);
                    }
                    let choice = Parameter::of(takes);
                    parameters.push(Parameter { letters: choice.letters | bit(b'm'), ..choice });
                    at = end;
                }
                b'<' => {
                    let end = closing(letters, at, b'<', b'>');
                    let Some(last) = parameters.last_mut().filter(|p| p.array || p.letters == bit(b'f')) else {
                        return Err(SignatureError::Parameters);
                    };
                    last.element = text.get(at + 1..end).map(Into::into);
                    at = end;
                }
                b'-' | b'?' | b'+' => {
                    if let Some(last) = parameters.last_mut() {
                        last.context |= letter == b'-';
                        last.optional |= letter != b'+';
                        last.repeated |= letter == b'+';
                    }
                }
                _ => {}
            }
            at += 1;
        }
        Ok(Signature { parameters })
    }

    /// Matches the arguments' letters against the parameters: each takes as many as it can, as long as those behind it
    /// can take the rest.
    pub fn matches(&self, letters: &[u8]) -> Matched {
        // Whether the parameters from `p` on can take the letters from `i` on, filled in from the end.
        let (count, width) = (self.parameters.len(), letters.len() + 1);
        let mut fits = vec![false; (count + 1) * width];
        fits[count * width + letters.len()] = true;
        let mut furthest = 0;
        for p in (0..count).rev() {
            for i in (0..width).rev() {
                fits[p * width + i] = self.parameters[p].counts(&letters[i..]).any(|n| fits[(p + 1) * width + i + n]);
            }
        }
        if !fits[0] {
            let mut at = 0;
            for parameter in &self.parameters {
                at += parameter.counts(&letters[at..]).last().unwrap_or(0);
                furthest = at;
                if parameter.counts(&letters[at..]).next().is_none() {
                    break;
                }
            }
            return Err(furthest.min(letters.len().saturating_sub(1)) + 1);
        }
        let mut at = 0;
        let mut taken = Vec::with_capacity(count);
        for (p, parameter) in self.parameters.iter().enumerate() {
            let most = parameter.counts(&letters[at..]).rfind(|n| fits[(p + 1) * width + at + n]).unwrap_or(0);
            taken.push(most);
            at += most;
        }
        Ok(taken)
    }
}

impl Parameter {
    fn of(takes: &[u8]) -> Parameter {
        let letters = takes.iter().fold(0, |letters, letter| letters | bit(*letter));
        Parameter { letters, array: false, element: None, context: false, optional: false, repeated: false }
    }

    /// Whether it takes a value of that letter's kind.
    pub fn takes(&self, letter: u8) -> bool {
        self.letters & bit(letter) != 0
    }

    /// How many of the letters it could take, in rising order.
    fn counts(&self, letters: &[u8]) -> std::ops::RangeInclusive<usize> {
        let run = letters.iter().take_while(|letter| self.takes(**letter)).count();
        let most = if self.repeated { run } else { run.min(1) };
        usize::from(!self.optional)..=most
    }
}

/// The bit of a letter; none for what is no small letter, which no value's kind has.
fn bit(letter: u8) -> u32 {
    match letter {
        b'a'..=b'z' => 1 << (letter - b'a'),
        _ => 0,
    }
}

/// The place of the bracket that closes the one at `open`; the end, if none does.
fn closing(letters: &[u8], open: usize, opens: u8, closes: u8) -> usize {
    let mut depth = 0usize;
    for (at, &letter) in letters.iter().enumerate().skip(open) {
        if letter == opens {
            depth += 1;
        } else if letter == closes {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    letters.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_go_to_parameters() {
        for (signature, letters, expected) in [
            ("<s-nn?:s>", "sn", Ok(vec![1, 1, 0])),
            ("<s-nn?:s>", "n", Ok(vec![0, 1, 0])),
            ("<s-nn?:s>", "snns", Err(4)),
            ("<n+s>", "nnns", Ok(vec![3, 1])),
            ("<(sf)n?>", "fn", Ok(vec![1, 1])),
            ("<x->", "", Ok(vec![0])),
            ("<a<n>>", "s", Ok(vec![1])),
            ("<>", "n", Err(1)),
            ("<af>", "a", Err(1)),
        ] {
            let parsed = Signature::parse(signature).unwrap();
            assert_eq!(parsed.matches(letters.as_bytes()), expected, "{signature} {letters}");
        }
    }

    #[test]
    fn type_parameters_have_their_place() {
        assert_eq!(Signature::parse("<n<n>>"), Err(SignatureError::Parameters));
        assert_eq!(Signature::parse("<(sa<n>)>"), Err(SignatureError::Choice));
    }
}
