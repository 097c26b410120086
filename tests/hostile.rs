//! Texts made to break a reader: nested a million levels deep, at every door through which a text comes in, and templates
//! that reach out of their folder.
//!
//! What is refused is refused on a thread with 256 KiB of stack: what recursed with its input would end the process, not
//! the test. What is accepted, as deep as may be, gets by with the 2 MiB that threads usually have. How much of the
//! processor's time each took is printed (`cargo test --release --test hostile -- --nocapture`), and nothing depends on it.

use expressway::batch::{Batch, Sink, Source};
use expressway::compile::{Options, compile};
use expressway::definition::template::{StackTemplate, is_template, parse_with_values};
use expressway::definition::{Definition, ParseOptions, check};
use expressway::handler::Handlers;
use expressway::handler::mock::Mock;
use expressway::value::path::Path as ValuePath;
use expressway::value::{scan, tree};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Little, and what a thread usually has.
const SMALL: usize = 256 << 10;
const USUAL: usize = 2 << 20;
const LEVELS: usize = 1_000_000;

/// Runs a check on a small stack and says how long it took.
fn on_a_small_stack<T: Send>(what: &str, check: impl FnOnce() -> T + Send) -> T {
    on_a_stack(SMALL, what, check)
}

fn on_a_stack<T: Send>(bytes: usize, what: &str, check: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(bytes).spawn_scoped(scope, || {
            let (began, used) = (Instant::now(), processor_time());
            let result = check();
            let took = processor_time().zip(used).map_or(began.elapsed(), |(now, used)| now - used);
            println!("{:8.1} ms  {what}", took.as_secs_f64() * 1e3);
            result
        });
        thread.expect("a thread").join().unwrap_or_else(|_| panic!("{what}"))
    })
}

/// What this thread has had of a processor, whatever else the machine is doing; nothing where the system does not tell.
fn processor_time() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(told.split_whitespace().next()?.parse().ok()?))
}

/// Something a million levels deep: closed, and never closed.
fn deep(open: &str, middle: &str, close: &str) -> [String; 2] {
    [format!("{}{middle}{}", open.repeat(LEVELS), close.repeat(LEVELS)), open.repeat(LEVELS)]
}

fn refusals(text: &str, name: &str) -> String {
    check(text, name, &ParseOptions::default()).iter().map(|d| format!("{}\n", d.message)).collect()
}

/// A machine of one Pass state with this field.
fn pass(field: &str) -> String {
    format!(r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass",{field},"End":true}}}}}}"#)
}

fn run_batch(machine: &str, events: &[u8]) -> (String, String) {
    let definition = Definition::parse(machine, "machine", &ParseOptions::default()).expect("a definition");
    let program = compile(&definition, &Options::default()).expect("a program");
    let bound = Handlers::new().bind(&program).expect("no tasks");
    let (mut results, mut dead) = (Vec::new(), Vec::new());
    let batch = Batch::new(&program, &bound).threads(1).max_line_bytes(None);
    let batch = batch.results(Sink::new("results", &mut results)).dead_letters(Sink::new("dead letters", &mut dead));
    batch.run(vec![Source::memory("events", events)]).expect("a run");
    (String::from_utf8(results).expect("UTF-8"), String::from_utf8(dead).expect("UTF-8"))
}

#[test]
fn events() {
    let machine = pass(r#""Result":1"#);
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        for text in deep(open, "1", close) {
            let lines = format!("1\n{text}\n2\n");
            let (results, dead) = on_a_small_stack("an event", || run_batch(&machine, lines.as_bytes()));
            assert_eq!(results.lines().count(), 3);
            assert_eq!(results.matches("SUCCEEDED").count(), 2);
            let dead: Vec<&str> = dead.lines().collect();
            assert_eq!(dead.len(), 1);
            assert!(dead[0].contains("nested deeper than 1024 levels"), "{:.200}", dead[0]);
        }
    }
}

#[test]
fn json_texts() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for text in deep(open, "1", close) {
            let error =
                on_a_small_stack("a JSON text", || scan::validate(text.as_bytes()).map(drop).expect_err("deep"));
            assert!(error.message.contains("nested deeper than 1024 levels"), "{}", error.message);
            let error = on_a_small_stack("a tree", || tree::parse(&text).map(drop).expect_err("deep"));
            assert!(error.message.contains("nested deeper"), "{}", error.message);
        }
    }
}

#[test]
fn definitions_in_json() {
    for (open, close) in [("[", "]"), ("{\"StartAt\":", "}"), (r#"{"StartAt":"A","States":{"A":"#, "}}")] {
        for text in deep(open, "1", close) {
            let found = on_a_small_stack("a definition in JSON", || refusals(&text, "machine.asl.json"));
            assert!(found.contains("nested deeper") || found.contains("at most 16777216 are read"), "{found:.300}");
            // Where the name says nothing, a text is tried as both.
            on_a_small_stack("a definition in who knows what", || refusals(&text, "machine"));
        }
    }
    for text in deep("[", "1", "]") {
        let machine = pass(&format!(r#""Result":{text}"#));
        let found = on_a_small_stack("a Result", || refusals(&machine, "machine.asl.json"));
        assert!(found.contains("nested deeper"), "{found:.300}");
    }
}

#[test]
fn definitions_in_yaml() {
    let indented: String = (0..3_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    let flow = [("[", "]"), ("{a: ", "}"), ("- ", "")].map(|(open, close)| deep(open, "1", close));
    let tags = deep("!t [", "1", "]");
    let quoted = deep("? ", "1", "");
    for text in flow.iter().chain([&tags, &quoted]).flatten().chain([&indented]) {
        let found = on_a_small_stack("a definition in YAML", || refusals(text, "machine.asl.yaml"));
        assert!(!found.is_empty());
        assert!(!on_a_small_stack("whether it is a template", || is_template(text, "template.yaml")));
    }
}

#[test]
fn aliases_of_aliases() {
    // A thousand million values from nine lines, and as many again under a template's machine.
    let lines = |indent: &str| -> String {
        let first = format!("{indent}a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        let more = (1..10).map(|n| format!("{indent}a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", ")));
        std::iter::once(first).chain(more).collect()
    };
    for text in
        [lines(""), format!("Resources:\n{}", lines("  ")), "a: &a [*a]\n".to_owned(), "a: &a {b: *a}".to_owned()]
    {
        let found = on_a_small_stack("aliases", || refusals(&text, "machine.yaml"));
        println!("{found:.120}");
        assert!(found.contains("alias") || found.contains("anchor"), "{found:.300}");
        on_a_small_stack("aliases in a template", || {
            StackTemplate::read(&text, "template.yaml").map(drop).expect_err("refused")
        });
    }
}

#[test]
fn templates() {
    for (open, close) in [("{\"Fn::Sub\":", "}"), ("{\"Fn::Join\":[\"\",[", "]]}"), ("[", "]")] {
        for text in deep(open, "\"x\"", close) {
            let template = format!(
                r#"{{"Resources":{{"M":{{"Type":"AWS::Serverless::StateMachine","Properties":{{"Definition":{text}}}}}}}}}"#
            );
            let found =
                on_a_small_stack("a template in JSON", || StackTemplate::read(&template, "template.json").map(drop));
            let found = &found.expect_err("deep")[0].message;
            assert!(found.contains("nested deeper") || found.contains("at most 16777216 are read"), "{found:.300}");
        }
    }
    // Nested as deep as a text may be, so that it is read and something has to be made of it.
    let nested = |open: &str, middle: &str, close: &str, levels: usize| {
        let value = format!("{}{middle}{}", open.repeat(levels), close.repeat(levels));
        format!(
            r#"{{"Parameters":{{"P":{{"Default":"1"}}}},"Conditions":{{"C":{{"Fn::Equals":[1,1]}}}},
            "Resources":{{"M":{{"Type":"AWS::Serverless::StateMachine","Properties":{{"Definition":{value}}}}}}}}}"#
        )
    };
    for (open, middle, close, levels) in [
        ("{\"Fn::Sub\":", "\"x\"", "}", 1_000),
        ("{\"Fn::Join\":[\"\",[", "\"x\"", "]]}", 330),
        ("{\"Fn::If\":[\"C\",", "1", ",2]}", 500),
        ("{\"a\":", "{\"Ref\":\"P\"}", "}", 1_000),
    ] {
        let template = nested(open, middle, close, levels);
        on_a_stack(USUAL, "a template as deep as may be", || {
            let read = StackTemplate::read(&template, "template.json").expect("a template");
            let open = |_: &std::path::Path| Err(std::io::Error::other("no files"));
            read.definition(None, &BTreeMap::new(), &open).map(drop).expect_err("no machine");
        });
    }
    // Conditions and parameters that lead to themselves.
    let circular = r#"{"Conditions":{"A":{"Condition":"B"},"B":{"Fn::Not":[{"Condition":"A"}]}},
        "Resources":{"M":{"Type":"AWS::Serverless::StateMachine","Properties":{"Definition":{"Fn::If":["A",1,2]}}}}}"#;
    on_a_small_stack("conditions in a circle", || {
        let read = StackTemplate::read(circular, "template.json").expect("a template");
        let open = |_: &std::path::Path| Err(std::io::Error::other("no files"));
        read.definition(None, &BTreeMap::new(), &open).map(drop).expect_err("no machine");
    });
}

#[test]
fn substitutions() {
    // Values that name one another, and one that is put in a million times.
    let values: BTreeMap<String, String> = [("A", "${B}${B}"), ("B", "${A}${A}"), ("Long", &"x".repeat(1_000_000))]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    for text in [pass(r#""Comment":"${A}""#), pass(&format!(r#""Comment":"{}""#, "${Long}".repeat(10_000)))] {
        let read = on_a_small_stack("substitutions", || {
            parse_with_values(&text, "m.asl.json", &values, &ParseOptions::default())
        });
        if let Err(refused) = read {
            assert!(refused.diagnostics[0].message.contains("too long"), "{:?}", refused.diagnostics[0].message);
        }
    }
}

#[test]
fn expressions() {
    let fields = |text: &str| {
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        [format!(r#""Parameters":{{"a.$":"{quoted}"}}"#), format!(r#""InputPath":"{quoted}""#)]
    };
    let texts = [
        deep("States.Array(", "1", ")"),
        deep("States.Format('{}', ", "$", ")"),
        deep("States.Array('", "", "\\'"),
        deep("$[?(@.a == ", "1", ")]"),
        deep("$[?((", "@.a == 1", "))]"),
        deep("$[?(!(", "@.a", "))]"),
        deep("$[?(@.a", "", ")]"),
        deep("$.a", "", ""),
        deep("$[0]", "", ""),
        deep("$['a'", "", "]"),
        deep("$..", "a", ""),
        deep("$.*", "", ""),
        deep("$[", "0", "]"),
    ];
    for text in texts.iter().flatten() {
        for field in fields(text) {
            // A million of anything is over the limit on a whole definition, which is looked at last.
            on_a_small_stack("a path or intrinsic", || refusals(&pass(&field), "machine.asl.json"));
        }
        let path = on_a_small_stack("a path", || ValuePath::parse(text).map(drop));
        assert!(path.is_err(), "{text:.100}");
    }
}

#[test]
fn jsonata() {
    let texts = [
        deep("(", "1", ")"),
        deep("[", "1", "]"),
        deep("{\"a\":", "1", "}"),
        deep("-", "1", ""),
        deep("1+", "1", ""),
        deep("a.", "b", ""),
        deep("a[", "0", "]"),
        deep("function(){", "1", "}"),
        deep("$f(", "1", ")"),
        deep("true ? ", "1", " : 2"),
        deep("1 ~> ", "$f", ""),
        deep("a@$b.", "c", ""),
        deep("a^(", "b", ")"),
        deep("$x := ", "1", ""),
        deep("/(", "a", ")/"),
        deep("a{b:", "1", "}"),
        deep("|a|", "1", "|"),
        deep("%.", "a", ""),
        deep("\"", "", ""),
        deep("/*", "", "*/"),
    ];
    for text in texts.iter().flatten() {
        println!("{text:.30}");
        let parsed =
            on_a_small_stack("a JSONata expression", || expressway::definition::jsonata::Ast::parse(text).map(drop));
        let field = format!(r#""QueryLanguage":"JSONata","Output":"{{% {} %}}""#, text.replace('"', "\\\""));
        let found = on_a_small_stack("the same in a state", || refusals(&pass(&field), "machine.asl.json"));
        assert_eq!(parsed.is_err(), !found.is_empty(), "{text:.50} {found:.300}");
    }
}

#[test]
fn jsonata_as_deep_as_may_be() {
    // What is accepted has to be compiled and evaluated, on a usual stack.
    for (open, middle, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{\"a\":", "1", "}"),
        ("1+", "1", ""),
        ("-", "1", ""),
        ("$count([", "1", "])"),
        ("(function(){", "1", "})()"),
        ("true ? ", "1", " : 2"),
        ("($x := ", "1", ")"),
        ("$string(", "1", ")"),
    ] {
        let text = |levels: usize| {
            let text = format!("{}{middle}{}", open.repeat(levels), close.repeat(levels));
            pass(&format!(r#""QueryLanguage":"JSONata","Output":"{{% {} %}}""#, text.replace('"', "\\\"")))
        };
        let accepted = |levels: usize| {
            on_a_stack(USUAL, "JSONata, as deep as may be", || refusals(&text(levels), "m.asl.json").is_empty())
        };
        let most = (1..=700).rev().find(|levels| accepted(*levels)).expect("a depth that is accepted");
        let machine = text(most);
        let (results, _) = on_a_stack(USUAL, "the same, evaluated", || run_batch(&machine, b"1\n"));
        assert!(results.contains("status"), "{results:.300}");
    }
}

#[test]
fn mocks() {
    for (open, close) in [("[", "]"), ("{\"StateMachines\":", "}")] {
        for text in deep(open, "1", close) {
            let error =
                on_a_small_stack("a file of mocks", || Mock::read(&text, "Machine", None).map(drop).expect_err("deep"));
            assert!(error.to_string().contains("nested deeper"), "{error:.300}");
        }
    }
}

/// What values as deep as may be come to, in whatever looks into them.
#[test]
fn values_as_deep_as_may_be() {
    let event =
        format!("{}1{}\n{}1{}\n", "[".repeat(1_024), "]".repeat(1_024), "{\"a\": ".repeat(1_024), "}".repeat(1_024));
    for field in [
        r#""InputPath":"$""#,
        r#""InputPath":"$..*""#,
        r#""InputPath":"$..a""#,
        r#""ResultPath":"$.a.a.a.a""#,
        r#""Parameters":{"a.$":"$"}"#,
        r#""Parameters":{"a.$":"States.JsonToString($)"}"#,
        r#""Parameters":{"a.$":"States.StringToJson(States.JsonToString($))"}"#,
        r#""Parameters":{"a.$":"States.JsonMerge($, $, false)"}"#,
        r#""Parameters":{"a.$":"States.ArrayUnique(States.Array($, $))"}"#,
        r#""Parameters":{"a.$":"States.ArrayContains(States.Array($), $)"}"#,
        r#""Parameters":{"a.$":"States.Format('{}', $)"}"#,
        r#""Parameters":{"a.$":"States.Hash(States.JsonToString($), 'MD5')"}"#,
        r#""Assign":{"a.$":"$"}"#,
        r#""QueryLanguage":"JSONata","Output":"{% $states.input %}""#,
        r#""QueryLanguage":"JSONata","Output":"{% $states.input.**.a %}""#,
        r#""QueryLanguage":"JSONata","Output":"{% $string($states.input) %}""#,
        r#""QueryLanguage":"JSONata","Output":"{% $parse($string($states.input)) %}""#,
        r#""QueryLanguage":"JSONata","Output":"{% $states.input = $states.input %}""#,
        r#""QueryLanguage":"JSONata","Output":"{% $distinct([$states.input, $states.input]) %}""#,
        r#""QueryLanguage":"JSONata","Output":"{% $merge([$states.input]) %}""#,
        r#""QueryLanguage":"JSONata","Output":"{% $states.input ~> |**|{'b': 1}| %}""#,
        r#""QueryLanguage":"JSONata","Output":"{% $map([1], function($v){ $states.input }) %}""#,
        r#""QueryLanguage":"JSONata","Output":"{% {'a': $states.input} %}""#,
        r#""QueryLanguage":"JSONata","Output":"{% $each($states.input, function($v){$v}) %}""#,
    ] {
        let (results, _) = on_a_stack(USUAL, field, || run_batch(&pass(field), event.as_bytes()));
        assert_eq!(results.lines().count(), 2, "{field}: {results:.300}");
        assert!(!results.contains("REJECTED"), "{field}: {results:.300}");
    }
}

/// A value that a machine builds level by level, up to the limit, and then looks at in every way.
#[test]
fn built_values_as_deep_as_may_be() {
    for (wrap, look) in [
        (r#""Parameters":{"n.$":"States.MathAdd($.n, 1)","v":{"a.$":"$.v"}}"#, r#""OutputPath":"$.v""#),
        (
            r#""Parameters":{"n.$":"States.MathAdd($.n, 1)","v.$":"States.Array($.v)"}"#,
            r#""Parameters":{"s.$":"States.JsonToString($.v)"}"#,
        ),
        (r#""Parameters":{"n.$":"States.MathAdd($.n, 1)","v.$":"States.Array($.v)"}"#, r#""InputPath":"$..*""#),
        (
            r#""Parameters":{"n.$":"States.MathAdd($.n, 1)","v.$":"States.Array($.v)"}"#,
            r#""Parameters":{"u.$":"States.ArrayUnique(States.Array($.v, $.v))"}"#,
        ),
        (
            r#""QueryLanguage":"JSONata","Output":"{% {'n': $states.input.n + 1, 'v': [[$states.input.v]]} %}""#,
            r#""QueryLanguage":"JSONata","Output":"{% $string($states.input) %}""#,
        ),
    ] {
        let machine = format!(
            r#"{{"StartAt":"Wrap","States":{{"Wrap":{{"Type":"Pass",{wrap},"Next":"More"}},
              "More":{{"Type":"Choice","Choices":[{{"Variable":"$.n","NumericLessThan":1000,"Next":"Wrap"}}],"Default":"Look"}},
              "Look":{{"Type":"Pass",{look},"End":true}}}}}}"#
        );
        let (results, _) = on_a_stack(USUAL, "a built value", || run_batch(&machine, b"{\"n\":0,\"v\":1}\n"));
        assert!(results.contains("status"), "{results:.300}");
        println!("{results:.100}");
    }
}

/// Scopes within scopes: ten thousand are refused; as many as are accepted run.
#[test]
fn scopes_in_scopes() {
    let nested = |levels: usize, map: bool| {
        let (open, close) = match map {
            true => {
                (r#"{"StartAt":"S","States":{"S":{"Type":"Map","End":true,"ItemsPath":"$","ItemProcessor":"#, "}}}")
            }
            false => (r#"{"StartAt":"S","States":{"S":{"Type":"Parallel","End":true,"Branches":["#, "]}}}"),
        };
        let inner = r#"{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}"#;
        // The names of states are unique in a machine.
        let mut text = String::new();
        for level in 0..levels {
            text.push_str(&open.replace("\"S\"", &format!("\"S{level}\"")));
        }
        text + &inner.replace("\"S\"", "\"Z\"") + &close.repeat(levels)
    };
    for map in [true, false] {
        let found = on_a_small_stack("ten thousand scopes", || refusals(&nested(10_000, map), "m.asl.json"));
        assert!(found.contains("nested"), "{found:.300}");
        let accepted = |levels: usize| refusals(&nested(levels, map), "m.asl.json").is_empty();
        let most = (1..=300).rev().find(|levels| accepted(*levels)).expect("a depth that is accepted");
        assert!(most >= 50, "{most}");
        // Items of items of items: one of each.
        let event = format!("{}1{}\n", "[".repeat(most), "]".repeat(most));
        let machine = nested(most, map);
        let (results, _) = on_a_stack(USUAL, "as many scopes as may be", || run_batch(&machine, event.as_bytes()));
        assert!(results.starts_with("{\"status\":\"SUCCEEDED\""), "{most}: {results:.300}");
    }
}
