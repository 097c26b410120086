//! Patterns for the `regex` crate, which matches in time linear in the text.
//!
//! Flows in: a parsed pattern. Flows out: the same in the crate's syntax, or that the crate cannot do it: look-around,
//! back-references, and repetitions in which it keeps what a group captured in an earlier round, where JavaScript forgets
//! it. It must never emit a character unescaped that the crate gives a meaning.

use super::syntax::{Assertion, Node};
use std::fmt::Write;

/// The pattern in the crate's syntax; none if the crate would not match as JavaScript does.
pub(super) fn translate(node: &Node) -> Option<String> {
    let mut out = String::new();
    write(node, &mut out)?;
    Some(out)
}

fn write(node: &Node, out: &mut String) -> Option<()> {
    match node {
        Node::Empty => {}
        Node::Char(c) if c.is_ascii_alphanumeric() => out.push(*c),
        Node::Char(c) => write_code_point(u32::from(*c), out),
        Node::Set(set) => {
            // Surrogates are no characters, to the crate as to us; a range that holds some is cut around them.
            let ranges = set.ranges().iter().flat_map(|(first, last)| {
                [(*first, (*last).min(0xD7FF)), ((*first).max(0xE000), *last)].into_iter().filter(|(a, b)| a <= b)
            });
            out.push('[');
            let mut empty = true;
            for (first, last) in ranges {
                empty = false;
                write_code_point(first, out);
                out.push('-');
                write_code_point(last, out);
            }
            out.push_str(if empty { r"^\x{0}-\x{10FFFF}]" } else { "]" });
        }
        Node::Assertion(assertion) => out.push_str(match assertion {
            Assertion::Start => r"\A",
            Assertion::End => r"\z",
            Assertion::LineStart => "(?m:^)",
            Assertion::LineEnd => "(?m:$)",
            Assertion::WordBoundary => r"(?-u:\b)",
            Assertion::NotWordBoundary => r"(?-u:\B)",
        }),
        Node::Group(_, node) => {
            out.push('(');
            write(node, out)?;
            out.push(')');
        }
        Node::Look { .. } | Node::BackReference(_) => return None,
        Node::Concat(nodes) => {
            for node in nodes {
                write(node, out)?;
            }
        }
        Node::Alternate(nodes) => {
            out.push_str("(?:");
            for (index, node) in nodes.iter().enumerate() {
                out.push_str(if index > 0 { "|" } else { "" });
                write(node, out)?;
            }
            out.push(')');
        }
        Node::Repeat { node, min, max, greedy, groups } => {
            let captures = groups.0 < groups.1;
            let nullable = is_nullable(node);
            if captures && (nullable || (*max != Some(1) && may_skip_group(node, false))) {
                return None;
            }
            if nullable && prefers_nothing(node) {
                return None;
            }
            out.push_str("(?:");
            write(node, out)?;
            out.push(')');
            // Writing to a string cannot fail.
            let _ = match (min, max) {
                (0, None) => write!(out, "*"),
                (1, None) => write!(out, "+"),
                (0, Some(1)) => write!(out, "?"),
                (min, None) => write!(out, "{{{min},}}"),
                (min, Some(max)) => write!(out, "{{{min},{max}}}"),
            };
            out.push_str(if *greedy { "" } else { "?" });
        }
    }
    Some(())
}

fn write_code_point(code_point: u32, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, r"\x{{{code_point:X}}}");
}

/// Whether the node can match without taking a character.
pub(super) fn is_nullable(node: &Node) -> bool {
    match node {
        Node::Char(_) | Node::Set(_) => false,
        // A group that has captured nothing matches nothing.
        Node::Empty | Node::Assertion(_) | Node::Look { .. } | Node::BackReference(_) => true,
        Node::Group(_, node) => is_nullable(node),
        Node::Concat(nodes) => nodes.iter().all(is_nullable),
        Node::Alternate(nodes) => nodes.iter().any(is_nullable),
        Node::Repeat { node, min, .. } => *min == 0 || is_nullable(node),
    }
}

/// Whether a round can go by without passing through a group.
fn may_skip_group(node: &Node, skippable: bool) -> bool {
    match node {
        Node::Group(_, inner) => skippable || may_skip_group(inner, skippable),
        Node::Concat(nodes) => nodes.iter().any(|node| may_skip_group(node, skippable)),
        Node::Alternate(nodes) => nodes.iter().any(|node| may_skip_group(node, true)),
        Node::Repeat { node, min, .. } => may_skip_group(node, skippable || *min == 0),
        Node::Look { node, .. } => may_skip_group(node, true),
        Node::Empty | Node::Char(_) | Node::Set(_) | Node::Assertion(_) | Node::BackReference(_) => false,
    }
}

/// Whether a node that can match nothing may try that before something: JavaScript then goes on trying, as a round of a
/// repetition has to move on, and the crate ends the repetition.
fn prefers_nothing(node: &Node) -> bool {
    match node {
        Node::Group(_, node) => prefers_nothing(node),
        Node::Concat(nodes) => nodes.iter().any(prefers_nothing),
        Node::Alternate(nodes) => {
            let (last, others) = nodes.split_last().map_or((None, &[][..]), |(last, others)| (Some(last), others));
            others.iter().any(is_nullable) || last.is_some_and(prefers_nothing)
        }
        Node::Repeat { node, greedy, .. } => !greedy || prefers_nothing(node),
        _ => false,
    }
}
