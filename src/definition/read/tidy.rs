//! What is looked at once for the whole tree, whatever the fields mean: keys given twice, placeholders left over.
//!
//! Flows in: a tree as it was read. Flows out: the same tree without duplicate keys (the last counts, as AWS's JSON
//! library has it; whether AWS refuses them is not recorded), and warnings. The walk is linear.

use std::collections::HashMap;

use super::place::Place;
use super::placeholders;
use crate::definition::diagnostic::{Code, Diagnostic};
use crate::value::tree::{Kind, Member, Node};

/// Objects with more members than this find their duplicates through a table.
const SMALL: usize = 8;

/// Removes duplicate keys and warns of them, and of placeholders such as `${Name}`.
pub(in crate::definition) fn tidy(root: &mut Node) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    walk(root, &Place::ROOT, &mut warnings);
    warnings
}

fn walk(node: &mut Node, place: &Place<'_>, warnings: &mut Vec<Diagnostic>) {
    match &mut node.kind {
        Kind::Object(members) => {
            settle_duplicates(members, place, warnings);
            for member in members {
                walk(&mut member.value, &place.key(&member.key), warnings);
            }
        }
        Kind::Array(elements) => {
            for (index, element) in elements.iter_mut().enumerate() {
                walk(element, &place.index(index), warnings);
            }
        }
        Kind::String(text) => {
            if let Some(name) = placeholders(text).next() {
                let message = format!("Placeholder '${{{name}}}' was not replaced");
                let warning = Diagnostic::warning(Code::UnresolvedPlaceholder, message);
                warnings.push(warning.at(place.location()).spanning(node.span));
            }
        }
        _ => {}
    }
}

/// Gives the first of several members with one key the value of the last, and removes the others.
fn settle_duplicates(members: &mut Vec<Member>, place: &Place<'_>, warnings: &mut Vec<Diagnostic>) {
    let unique = if members.len() <= SMALL {
        members.iter().enumerate().all(|(index, member)| members[..index].iter().all(|other| other.key != member.key))
    } else {
        let mut seen = std::collections::HashSet::with_capacity(members.len());
        members.iter().all(|member| seen.insert(&*member.key))
    };
    if unique {
        return;
    }
    let mut first: HashMap<Box<str>, usize> = HashMap::with_capacity(members.len());
    let mut kept: Vec<Member> = Vec::with_capacity(members.len());
    for member in std::mem::take(members) {
        match first.get(&member.key) {
            Some(&index) => {
                let message = format!("Key '{}' is given twice in one object; the last counts", member.key);
                let warning = Diagnostic::warning(Code::DuplicateKey, message);
                warnings.push(warning.at(place.location()).spanning(member.key_span));
                kept[index] = member;
            }
            None => {
                first.insert(member.key.clone(), kept.len());
                kept.push(member);
            }
        }
    }
    *members = kept;
}
