//! YAML: the same machines, and what YAML may not do.

use crate::definition::{Definition, ParseOptions, StateKind, check};

fn codes(text: &str) -> Vec<String> {
    check(text, "m.asl.yaml", &ParseOptions::default()).into_iter().map(|d| d.message).collect()
}

/// Each YAML text and the JSON text that it must be read as.
const SAME: [(&str, &str); 9] = [
    ("a: yes\nb: on\nc: true\nd: ~\ne: null\n", r#"{"a":"yes","b":"on","c":true,"d":null,"e":null}"#),
    (
        "a: 2026-01-01T00:00:00Z\nb: 1.0\nc: 1.10\nd: 0x10\ne: .5\nf: 1e3\n",
        r#"{"a":"2026-01-01T00:00:00Z","b":1.0,"c":1.10,"d":16,"e":0.5,"f":1e3}"#,
    ),
    (
        "a: '1'\nb: \"x\\ty\"\nc: |\n  one\n  two\nd: >-\n  one\n  two\n",
        r#"{"a":"1","b":"x\ty","c":"one\ntwo\n","d":"one two"}"#,
    ),
    ("404: a\ntrue: b\n", r#"{"404":"a","true":"b"}"#),
    (
        "- !Ref A\n- !GetAtt A.B.C\n- !Sub ['${x}', {x: 1}]\n- !Sub '${A}'\n- !If [C, 1, 2]\n",
        r#"[{"Ref":"A"},{"Fn::GetAtt":["A","B.C"]},{"Fn::Sub":["${x}",{"x":1}]},{"Fn::Sub":"${A}"},{"Fn::If":["C",1,2]}]"#,
    ),
    (
        "a: &x {p: 1}\nb: *x\nc:\n  <<: *x\n  q: 2\nd:\n  <<: [*x]\n  p: 3\n",
        r#"{"a":{"p":1},"b":{"p":1},"c":{"p":1,"q":2},"d":{"p":3}}"#,
    ),
    ("{a: [1, 2], b: {}}\n", r#"{"a":[1,2],"b":{}}"#),
    ("a:\n", r#"{"a":null}"#),
    (
        "a: !!str 5\nb: .inf\nc: 123456789012345678901234567890\n",
        r#"{"a":"5","b":".inf","c":123456789012345678901234567890}"#,
    ),
];

#[test]
fn yaml_reads_as_json() {
    for (yaml, json) in SAME {
        let read = crate::definition::yaml::tree(yaml).map(|node| node.to_json());
        assert_eq!(read.as_deref().map_err(|d| d.message.clone()), Ok(json), "{yaml}");
    }
}

#[test]
fn a_machine() {
    let text = "# a comment\nVersion: 1.0\nStartAt: Größe\nStates:\n  Größe:\n    Type: Wait\n    Timestamp: 2026-01-01T00:00:00Z\n    Next: Ende\n  Ende:\n    Type: Pass\n    Parameters:\n      text.$: States.Format('It\\'s {}', $.n)\n    End: true\n";
    let definition = Definition::parse(text, "m.asl.yaml", &ParseOptions::default()).expect("a machine");
    assert_eq!(definition.version.as_deref(), Some("1.0"));
    assert_eq!(definition.warnings, []);
    assert!(matches!(definition.root.states[0].kind, StateKind::Wait(_)));
    let span = definition.root.states[1].name_span;
    assert_eq!(&text[span.start as usize..span.end as usize], "Ende");
    // The same text without a telling name.
    assert!(Definition::parse(text, "machine", &ParseOptions::default()).is_ok());
}

#[test]
fn what_is_refused() {
    for (text, message) in [
        ("a: 1\n---\nb: 2\n", "A definition is one YAML document, and these are 2"),
        ("[1, 2", "This is not YAML: "),
        ("a: *nowhere\n", "This is not YAML: "),
        ("? [1]\n: 2\n", "A key must be text"),
        ("a: 1\n<<: 5\n", "`<<` merges mappings only"),
        ("a: !!int x\n", "A value does not fit its tag"),
    ] {
        let said = codes(text);
        assert!(said.iter().any(|said| said.starts_with(message)), "{text}: {said:?}");
    }
}

#[test]
fn bombs_are_refused_quickly() {
    let mut aliases = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let below = level - 1;
        aliases.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{below}"); 10].join(", ")));
    }
    let anchors = (0..100_000).map(|n| format!("- &a{n} x\n")).collect::<String>();
    let deep_anchors = format!("{}x{}", "&a [".repeat(200), "]".repeat(200));
    let big = format!("a: {}\n", "x".repeat(1_000_000)) + &"b: &c [".repeat(50);
    let texts =
        [aliases, anchors, deep_anchors, big, "- ".repeat(500_000), "[".repeat(1_000_000), "? ".repeat(100_000)];
    for text in texts {
        let started = std::time::Instant::now();
        let said = codes(&text);
        assert!(!said.is_empty());
        // Unoptimised builds on a busy machine get ten times what is promised.
        assert!(started.elapsed().as_millis() < 500, "{} took {:?}: {said:?}", &text[..20], started.elapsed());
    }
}

#[test]
fn damaged_texts_never_panic() {
    let text = "StartAt: A\nStates:\n  A: &x\n    Type: Pass\n    Result: {a: [1, 'b', \"c\\n\"], d: !Sub '${e}'}\n    Parameters:\n      <<: *x\n      ? f\n      : |\n        g\n    End: true # h\n";
    for at in 0..text.len() {
        for put in ["", "\"", "{", "]", "é", "&", "*", "!", "|", "- ", "? ", ":", "\t", "---\n", "%", "<<: "] {
            let _ = codes(&format!("{}{put}{}", &text[..at], &text[at + 1..]));
        }
        let _ = codes(&text[..at]);
    }
}
