//! Runs `drawings.txt`: texts and the pictures that their diagnostics are drawn as.
//!
//! A case is a line `=== title`, the text, a line `---`, and the picture.

use crate::definition::diagnostic::render::{Style, render, summary};
use crate::definition::{Code, Diagnostic, ParseOptions, Source, check};

#[test]
fn pictures() {
    let mut count = 0;
    for case in include_str!("drawings.txt").split("=== ").skip(1) {
        let (title, rest) = case.split_once('\n').expect("a title ends its line");
        let (text, picture) = rest.split_once("\n---\n").expect("a text and a picture");
        let found = check(text, "m.asl.json", &ParseOptions::default());
        let drawn = render(&found, &Source::new(text, "m.asl.json"), Style::Plain);
        assert_eq!(drawn.trim_end(), picture.trim_end(), "{title}\n{drawn}");
        count += 1;
    }
    assert!(count >= 6);
}

#[test]
fn colours_and_control_characters() {
    let diagnostic = Diagnostic::error(Code::MissingEndState, "bell \u{7} and escape \u{1b}[2J");
    let source = Source::new("{}", "a\u{1b}.json");
    let plain = render(std::slice::from_ref(&diagnostic), &source, Style::Plain);
    assert_eq!(plain, "error[MISSING_END_STATE]: bell \\u{7} and escape \\u{1b}[2J\n --> a\\u{1b}.json\n");
    let coloured = render(std::slice::from_ref(&diagnostic), &source, Style::Colour);
    assert!(coloured.starts_with("\u{1b}[1;31merror[MISSING_END_STATE]\u{1b}[0m"));
    let warning = Diagnostic::warning(Code::NoDollar, "w");
    assert_eq!(summary(&[diagnostic.clone(), diagnostic, warning]), "2 errors, 1 warning");
    assert_eq!(summary(&[]), "");
}
