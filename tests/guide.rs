//! The README and the guide's pages, held to what they show: every shell example is run, and what it prints is compared.
//!
//! A block marked `console` holds commands, each behind `$ ` (and its further lines behind `> `), and below each what it
//! prints, on stdout and stderr. The commands of a page run one after the other, in a folder of the page's own with a copy of `corpora/`. A command has to
//! end with exit code 0. Where nothing is shown below a command, nothing is compared. `…` stands for anything: alone on a
//! line for any number of lines, within a line for any text. In a block marked `console measured` each number stands for
//! any number, and blanks for any blanks: so are shown what a clock has measured.

use regex::Regex;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The pages: the README, and all of the guide.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = fs::read_dir(root.join("src/guide")).expect("the guide is part of the sources");
    let mut pages: Vec<PathBuf> = guide.flatten().map(|entry| entry.path()).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.push(root.join("README.md"));
    pages.sort();
    assert!(pages.len() > 5, "the guide's pages were not found");
    pages
}

/// A command, and what the page shows of its output.
struct Example {
    line_number: usize,
    command: String,
    shown: String,
    measured: bool,
}

/// The blocks of a page: what they are marked with, their first line's number, their text.
fn blocks(text: &str) -> Vec<(String, usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, usize, String)> = None;
    for (n, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(mark), None) => open = Some((mark.trim().to_owned(), n + 2, String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((.., body))) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

fn examples(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    for (mark, first, body) in blocks(text) {
        if mark != "console" && mark != "console measured" {
            continue;
        }
        for (n, line) in body.lines().enumerate() {
            if let Some(command) = line.strip_prefix("$ ") {
                let measured = mark.ends_with("measured");
                let line_number = first + n;
                examples.push(Example { line_number, command: command.to_owned(), shown: String::new(), measured });
                continue;
            }
            let example = examples.last_mut().unwrap_or_else(|| panic!("line {}: a command comes first", first + n));
            match line.strip_prefix("> ").filter(|_| example.shown.is_empty()) {
                Some(more) => example.command.extend(["\n", more]),
                None => example.shown.extend([line, "\n"]),
            }
        }
    }
    examples
}

/// What stands for all outputs that a page's text fits.
fn pattern(shown: &str) -> Regex {
    let mut pattern = String::from(r"\A");
    for line in shown.trim_end().lines() {
        match line.trim() {
            "…" => pattern.push_str(r"(?:.*\n)*?"),
            _ => {
                let parts: Vec<String> = line.trim_end().split('…').map(regex::escape).collect();
                pattern.push_str(&parts.join(".*?"));
                pattern.push_str(r"[ ]*\n");
            }
        }
    }
    Regex::new(&(pattern + r"\z")).expect("an escaped text is a pattern")
}

/// The text with every number as a 0, and every stretch of blanks as one.
fn without_numbers(text: &str) -> String {
    let numbers = Regex::new(r"[0-9]+([.,][0-9]+)*").expect("a pattern");
    let units = Regex::new(r"0 (ns|µs|ms|s)\b").expect("a pattern");
    let blanks = Regex::new(r"[ ]+").expect("a pattern");
    units.replace_all(&blanks.replace_all(&numbers.replace_all(text, "0"), " "), "0 s").into_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the folder is there").flatten() {
        let (path, copy_to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &copy_to);
        } else {
            fs::copy(&path, &copy_to).expect("the file can be copied");
        }
    }
}

/// Runs the page's commands; what is otherwise than the page says.
fn tried(page: &Path) -> (usize, String) {
    let name = page.file_stem().and_then(|name| name.to_str()).expect("a name");
    let folder = std::env::temp_dir().join(format!("expressway-guide-{name}-{}", std::process::id()));
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora"), &folder.join("corpora"));
    let own = Path::new(env!("CARGO_BIN_EXE_expressway")).parent().expect("it is in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut wrong = String::new();
    let examples = examples(&fs::read_to_string(page).expect("the page can be read"));
    for example in &examples {
        let mut command = Command::new("bash");
        for (variable, _) in std::env::vars_os().filter(|(v, _)| v.to_string_lossy().starts_with("EXPRESSWAY_")) {
            command.env_remove(variable);
        }
        command.args(["--norc", "-o", "pipefail", "-c", &format!("exec 2>&1\n{}", example.command)]);
        command.env("PATH", format!("{}:{path}", own.display())).env("HOME", &folder).current_dir(&folder);
        let output = command.output().expect("bash is there");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let (shown, compared) = match example.measured {
            true => (without_numbers(&example.shown), without_numbers(&printed)),
            false => (example.shown.clone(), printed.clone()),
        };
        let fits = shown.trim().is_empty() || pattern(&shown).is_match(&format!("{}\n", compared.trim_end()));
        if !output.status.success() || !fits {
            let place = format!("{}:{}", page.display(), example.line_number);
            let _ = writeln!(wrong, "{place}: $ {}\n{}\n{printed}", example.command, output.status);
        }
    }
    fs::remove_dir_all(&folder).expect("the folder is there");
    (examples.len(), wrong)
}

#[test]
fn what_pages_show_is_what_happens() {
    let (mut count, mut wrong) = (0, String::new());
    for page in pages() {
        let (tried, found) = tried(&page);
        count += tried;
        wrong.push_str(&found);
    }
    assert!(wrong.is_empty(), "what is printed is not what is shown:\n{wrong}");
    assert!(count >= 25, "only {count} examples were found");
}

/// No example escapes by another name: shell is `console`, or is a command of cargo's, which continuous integration runs.
#[test]
fn every_example_is_run() {
    for page in pages() {
        for (mark, first, body) in blocks(&fs::read_to_string(&page).expect("the page can be read")) {
            let place = format!("{}:{first}", page.display());
            match mark.split([',', ' ']).next().unwrap_or_default() {
                "console" | "rust" | "json" | "yaml" | "toml" | "text" => {}
                "sh" => {
                    for line in body.lines().filter(|line| !line.trim().is_empty()) {
                        assert!(line.starts_with("cargo "), "{place}: `{line}` is not run by anything");
                    }
                }
                other => panic!("{place}: what is a block of {other:?}?"),
            }
            assert!(!mark.contains("ignore"), "{place}: an example that is not compiled");
        }
    }
}

#[test]
fn outputs_are_compared_as_said() {
    for (shown, printed, fits) in [
        ("a\nb\n", "a\nb\n", true),
        ("a\nb\n", "a\nc\n", false),
        ("a\n…\nd\n", "a\nb\nc\nd\n", true),
        ("a\n…\n", "a\n", true),
        ("a … c\n", "a b c\n", true),
        ("a … c\n", "a b d\n", false),
        ("a\n", "a\nb\n", false),
        ("a.c\n", "abc\n", false),
    ] {
        assert_eq!(pattern(shown).is_match(printed), fits, "{shown:?} {printed:?}");
    }
    assert_eq!(without_numbers("took   1,234.5 ms, 7 events/s"), without_numbers("took 2 s,  99 events/s"));
    assert_ne!(without_numbers("a 1"), without_numbers("b 1"));
}
