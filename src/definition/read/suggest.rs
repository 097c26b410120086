//! "Did you mean …?": the one known word that a misspelt word is near to.
//!
//! Flows in: a word and the words that could have stood there. Flows out: one of them, or none when no single one is
//! clearly meant; a wrong hint is worse than none.

/// The one candidate that `word` is certainly a slip of: one or two edits away and nearer than every other.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // Words longer than any name of the language are not slips of one; the bound keeps the table below small.
    const LENGTH_MAX: usize = 80;
    let wanted: Vec<char> = word.chars().collect();
    if wanted.len() > LENGTH_MAX {
        return None;
    }
    let allowed = match wanted.len() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    let mut best: Option<(usize, &str)> = None;
    let mut tied = false;
    for candidate in candidates {
        if candidate.len().abs_diff(word.len()) > 8 {
            continue;
        }
        // Writing a word in other letters than its own is the most certain slip of all.
        let distance = match candidate.eq_ignore_ascii_case(word) {
            true => 0,
            false => edits(&wanted, &candidate.chars().collect::<Vec<char>>()),
        };
        match best {
            Some((least, _)) if distance > least => {}
            Some((least, _)) if distance == least => tied = true,
            _ => {
                best = Some((distance, candidate));
                tied = false;
            }
        }
    }
    best.filter(|&(distance, _)| distance <= allowed && !tied).map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
fn edits(from: &[char], to: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, &a) in from.iter().enumerate() {
        let mut current = Vec::with_capacity(to.len() + 1);
        current.push(row + 1);
        for (column, &b) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(a != b);
            let mut least = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && a == to[column - 1] && from[row - 1] == b {
                least = least.min(before_last[column - 1] + 1);
            }
            current.push(least);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_what_is_clearly_meant() {
        let fields = ["InputPath", "OutputPath", "ItemsPath", "Next", "End", "Retry"];
        for (word, meant) in [
            ("InputPaht", Some("InputPath")),
            ("inputpath", Some("InputPath")),
            ("Inputpth", Some("InputPath")),
            ("Nxt", Some("Next")),
            ("Retries", None),
            ("Frobnicate", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, fields), meant, "{word}");
        }
        assert_eq!(nearest("Eqal", ["Equal", "Eqial"]), None, "two are equally near");
    }
}
