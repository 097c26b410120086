//! Patterns of file names: `*` and `?` within a name, `**` for any folders; for where no shell has expanded them.
//!
//! It must never change the meaning of a name that exists, nor follow links into folders on the way of a `**`.

use super::CliError;
use std::path::{Component, Path, PathBuf};

/// How many folders deep `**` goes.
const DEPTH_MAX: usize = 64;

/// The files that a name stands for, in the order of their names: itself, unless it is a pattern and no file.
pub(super) fn expand(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    let is_pattern = path.to_str().is_some_and(|text| text.contains(['*', '?']));
    if !is_pattern || path.exists() {
        return Ok(vec![path.to_owned()]);
    }
    let components: Vec<Component> = path.components().collect();
    let mut found = Vec::new();
    walk(Path::new(""), &components, 0, &mut found)?;
    found.sort();
    found.dedup();
    match found.is_empty() {
        true => Err(CliError::Usage(format!("{}: no file has a name of this pattern", path.display()))),
        false => Ok(found),
    }
}

fn walk(folder: &Path, rest: &[Component], depth: usize, found: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let Some((component, below)) = rest.split_first() else {
        if folder.is_file() {
            found.push(folder.to_owned());
        }
        return Ok(());
    };
    let pattern = match component {
        Component::Normal(name) => name.to_str().filter(|name| name.contains(['*', '?'])),
        _ => None,
    };
    let Some(pattern) = pattern else { return walk(&folder.join(component), below, depth, found) };
    if pattern == "**" {
        walk(folder, below, depth, found)?;
    }
    let place = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let io = |error| CliError::Io { path: place.display().to_string(), error };
    if !place.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(place).map_err(io)? {
        let entry = entry.map_err(io)?;
        let name = entry.file_name();
        let path = folder.join(&name);
        match (pattern, name.to_str()) {
            ("**", _) if entry.file_type().map_err(io)?.is_dir() && depth < DEPTH_MAX => {
                walk(&path, rest, depth + 1, found)?;
            }
            ("**", _) | (_, None) => {}
            (pattern, Some(name)) if matches(pattern.as_bytes(), name.as_bytes()) => walk(&path, below, depth, found)?,
            _ => {}
        }
    }
    Ok(())
}

/// Whether a name is of a pattern. A name that begins with a dot has to be asked for by a dot.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') {
        return false;
    }
    let (mut p, mut n) = (0, 0);
    // Where the last star stands, and up to where it reaches.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(b'?') => (p, n) = (p + 1, n + 1),
            Some(byte) if *byte == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, reached)) => {
                    star = Some((at, reached + 1));
                    (p, n) = (at + 1, reached + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn names_match_patterns() {
        let cases = [
            ("*.gz", "a.gz", true),
            ("*.gz", ".gz", false),
            ("*.gz", "a.gzip", false),
            ("a?c*", "abcd", true),
            ("a?c*", "ac", false),
            ("*a*b", "xaaab", true),
            ("*a*b", "xaaaba", false),
            (".*", ".hidden", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}
