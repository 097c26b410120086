//! Things that are true of the tree: imports follow the map in `src/lib.rs`, every file says what it is for, `unsafe`
//! stays where it belongs, and the parts that must not know the world do not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text without comments, strings and test modules' bodies being told apart: lines that begin as comments are left
/// out, which is enough for what is looked for here.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Which folder may use which, as the table in the docs of the crate says.
fn map() -> BTreeMap<String, Vec<String>> {
    let docs = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let mut map = BTreeMap::new();
    for line in docs.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let columns: Vec<&str> = line.trim_end_matches(" |").split(" | ").collect();
        if let [folder, _, _, uses] = columns[..] {
            let name = folder.trim_matches(|c| "[]`".contains(c));
            if name == "folder" || name.starts_with("---") {
                continue;
            }
            let uses = uses.split(", ").filter(|u| *u != "–").map(str::to_owned).collect();
            map.insert(name.to_owned(), uses);
        }
    }
    assert!(map.len() >= 9, "the table of the crate's docs was not found");
    map
}

#[test]
fn imports_follow_the_map() {
    let map = map();
    let mut wrong = Vec::new();
    for file in sources(&root().join("src")) {
        let relative = file.strip_prefix(root().join("src")).unwrap();
        let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
        let here = first.trim_end_matches(".rs");
        let Some(allowed) = map.get(here) else {
            assert!(["lib", "main"].contains(&here), "{} is in no folder of the map", relative.display());
            continue;
        };
        for part in code(&file).split("crate::").skip(1) {
            let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if name != here && map.contains_key(&name) && !allowed.contains(&name) {
                wrong.push(format!("{} uses {name}, which {here} may not", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let files = sources(&root().join("src")).into_iter().chain(sources(&root().join("tests")));
    let without: Vec<_> = files
        .filter(|file| !fs::read_to_string(file).unwrap().starts_with("//!"))
        .map(|file| file.display().to_string())
        .collect();
    assert!(without.is_empty(), "no //! header in {}", without.join(", "));
}

#[test]
fn unsafe_stays_behind_the_scanner() {
    for file in sources(&root().join("src")) {
        let is_scanner = file.ends_with("value/scan/x86.rs");
        let uses = code(&file).split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe");
        assert!(!uses || is_scanner, "{} uses unsafe", file.display());
    }
}

#[test]
fn the_machine_knows_nothing_of_the_world() {
    let banned = [
        "std::fs",
        "std::io",
        "std::thread",
        "std::time",
        "std::net",
        "std::env",
        "std::sync",
        "Instant",
        "SystemTime",
    ];
    for folder in ["vm", "program", "compile"] {
        for file in sources(&root().join("src").join(folder)) {
            for word in banned {
                assert!(!code(&file).contains(word), "{} names {word}", file.display());
            }
        }
    }
    for file in sources(&root().join("src")) {
        let names_rayon = code(&file).contains("rayon");
        assert!(!names_rayon || file.ends_with("batch/pool.rs"), "{} names rayon", file.display());
    }
}

/// Whoever copies a mistake finds none: the second interpreter is written from the language's description alone.
#[test]
fn the_second_interpreter_knows_nothing_of_the_first() {
    let files = sources(&root().join("tests/oracle"));
    assert!(files.len() >= 12, "the second interpreter was not found");
    for file in files {
        let code = code(&file);
        let own = code.split(|c: char| !c.is_alphanumeric() && c != '_').all(|word| word != "expressway");
        assert!(own && !code.contains("crate::"), "{} looks at the engine", file.display());
        // Nor does it reach it by way of the test that it is part of.
        let upwards = code.contains("super::super::super");
        let in_root = file.parent() == Some(&*root().join("tests/oracle"));
        assert!(!(upwards || in_root && code.contains("super::super")), "{} looks outside", file.display());
    }
}

/// What is done where nobody knows AWS's answer is said in one table, and again where it is done.
#[test]
fn choices_are_kept_where_the_table_says() {
    let table = fs::read_to_string(root().join("src/vm/choices.rs")).unwrap();
    let places: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("//! | ")?.strip_suffix("` |")?.rsplit_once("| `").map(|(_, place)| place))
        .collect();
    assert!(places.len() > 20, "the table of choices was not found");
    for place in places {
        let text = fs::read_to_string(root().join("src").join(place)).unwrap_or_else(|e| panic!("{place}: {e}"));
        // Wherever the line may be broken.
        let words = text.replace("\n//! ", " ").replace("\n    /// ", " ").replace("\n/// ", " ");
        assert!(words.contains("not recorded"), "{place} does not say that its choice is one");
    }
}

#[test]
fn a_panic_can_be_caught() {
    // Every manifest and every setting of cargo's that git knows, or would.
    let mut open = vec![root()];
    let mut seen = 0;
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
                open.push(path);
            } else if path.ends_with("Cargo.toml") || path.components().any(|part| part.as_os_str() == ".cargo") {
                let text = fs::read_to_string(&path).unwrap();
                let unwinds = !text.contains("panic =") && !text.contains("panic=") && !text.contains("\"panic\"");
                assert!(unwinds, "{}: a handler's panic is its execution's failure: it must unwind", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 0);
}
