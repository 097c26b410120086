//! The first pass in plain Rust: one byte at a time, by table.
//!
//! Flows in: a text. Flows out: its tokens. It runs where no faster engine does and is what those are compared with, so
//! it must never be clever.

use super::index::Index;

/// What a byte means outside strings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Blank,
    LineEnd,
    Structural,
    Quote,
    Backslash,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut list = b" \t\r".as_slice();
    while let [byte, rest @ ..] = list {
        classes[*byte as usize] = Class::Blank;
        list = rest;
    }
    list = b"{}[]:,";
    while let [byte, rest @ ..] = list {
        classes[*byte as usize] = Class::Structural;
        list = rest;
    }
    classes[b'\n' as usize] = Class::LineEnd;
    classes[b'"' as usize] = Class::Quote;
    classes[b'\\' as usize] = Class::Backslash;
    classes
};

/// Finds the tokens of `text`.
pub(super) fn index(text: &[u8], lines: bool, index: &mut Index) {
    index.bad = find(text, lines, index);
}

/// Lists the tokens up to the first byte that makes the text bad, if there is one.
fn find(text: &[u8], lines: bool, index: &mut Index) -> Option<usize> {
    let mut at = 0;
    let mut in_run = false;
    while let Some(&byte) = text.get(at) {
        let class = CLASSES[usize::from(byte)];
        match class {
            Class::Other if in_run => {}
            Class::Blank => index.blanks = true,
            Class::LineEnd if !lines => index.blanks = true,
            Class::Backslash => {
                return Some(at);
            }
            Class::Other | Class::LineEnd | Class::Structural | Class::Quote => {
                index.positions.push(at as u32);
                index.classes.push(byte);
            }
        }
        in_run = class == Class::Other;
        at += 1;
        if class == Class::Quote {
            match string_end(text, at, &mut index.escapes) {
                Ok(end) => at = end,
                Err(bad) => return Some(bad),
            }
        }
    }
    None
}

/// The offset after the closing quote of the string whose inside starts at `at`; else that of a control character in it, or
/// of the end of the text.
fn string_end(text: &[u8], mut at: usize, escapes: &mut Vec<u32>) -> Result<usize, usize> {
    loop {
        match *text.get(at).ok_or(at)? {
            b'"' => return Ok(at + 1),
            ..0x20 => return Err(at),
            b'\\' => {
                escapes.push(at as u32);
                // Whether the escape is a good one is the second pass's business; here it only must not end the string.
                at += if let Some(b'"' | b'\\') = text.get(at + 1) { 2 } else { 1 };
            }
            _ => at += 1,
        }
    }
}
