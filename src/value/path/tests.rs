//! The dialect as a table: document, path, what comes out.

use super::{NodeBudget, Path, PathErrorKind};
use crate::value::{Arena, Member, Value};

/// What a path gives: a definite value, an array of matches, or a miss with its text.
enum Gives {
    Bare(&'static str),
    All(&'static str),
    Miss(&'static str),
}
use Gives::{All, Bare, Miss};

const NOT_AN_OBJECT: &str = "This is not a json object according to the JsonProvider: \
                             'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'.";

fn run(document: &str, path: &str, budget: u32) -> Result<String, String> {
    let arena = Arena::new();
    let root = Value::from_text(&arena, document);
    let path = Path::parse(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let from_text = path
        .eval(root, &arena, &mut NodeBudget::new(budget))
        .map(|value| value.to_json())
        .map_err(|miss| miss.to_string());
    // The same document as built nodes must answer the same.
    let built = rebuilt(root, &arena);
    let from_nodes = path
        .eval(built, &arena, &mut NodeBudget::new(budget))
        .map(|value| value.to_json())
        .map_err(|miss| miss.to_string());
    assert_eq!(from_text, from_nodes, "text and nodes differ for {path} on {document}");
    from_text
}

/// The same value as arrays, objects and overlays.
fn rebuilt<'a>(value: Value<'a>, arena: &'a Arena) -> Value<'a> {
    if let Some(elements) = value.elements(arena) {
        let items: Vec<_> = elements.iter().map(|item| rebuilt(*item, arena)).collect();
        return Value::array(arena, arena.alloc_slice_copy(&items));
    }
    let Some(members) = value.members(arena) else {
        return value;
    };
    let mut members: Vec<_> = members.iter().map(|m| Member { key: m.key, value: rebuilt(m.value, arena) }).collect();
    let last = members.pop();
    let base = Value::object(arena, arena.alloc_slice_copy(&members));
    match last {
        Some(last) => Value::overlay(arena, base, last.key, last.value),
        None => base,
    }
}

fn check(document: &str, cases: &[(&str, Gives)]) {
    for (path, gives) in cases {
        let parsed = Path::parse(path).unwrap_or_else(|e| panic!("{path}: {e}"));
        let got = run(document, path, NodeBudget::NODES_MAX);
        match gives {
            Bare(json) => {
                assert_eq!(got.as_deref(), Ok(*json), "{path} on {document}");
                assert!(parsed.is_definite(), "{path} is definite");
            }
            All(json) => {
                assert_eq!(got.as_deref(), Ok(*json), "{path} on {document}");
                assert!(!parsed.is_definite(), "{path} is indefinite");
            }
            Miss(text) => {
                let text = text.replace("NOT_AN_OBJECT", NOT_AN_OBJECT);
                assert_eq!(got, Err(text), "{path} on {document}");
            }
        }
    }
}

#[test]
fn indices_and_slices() {
    check(
        r#"{"l":[10,20,30,40],"e":[],"a":[1,2,3,4,5]}"#,
        &[
            ("$.l[1]", Bare("20")),
            ("$.l[-1]", Bare("40")),
            ("$.l[01]", Bare("20")),
            ("$.l[9]", Bare("null")),
            ("$.l[-9]", Bare("null")),
            ("$.e[0]", Bare("null")),
            ("$.l[0,9]", All("[10,null]")),
            ("$.l[2,0]", All("[30,10]")),
            ("$.l[-1,0]", All("[40,10]")),
            ("$.l[ 1 , 2 ]", All("[20,30]")),
            ("$.l[1:1]", All("[]")),
            ("$.l[5:9]", All("[]")),
            ("$.l[1:3]", All("[20,30]")),
            ("$.l[1:]", All("[20,30,40]")),
            ("$.l[:2]", All("[10,20]")),
            ("$.l[-2:]", All("[30,40]")),
            ("$.l[-9:]", All("[10,20,30,40]")),
            ("$.l[4:]", All("[]")),
            ("$.l[:-1]", All("[10,20,30]")),
            ("$.l[:-9]", All("[]")),
            ("$.l[0:-1]", All("[]")),
            ("$.l[1:-1]", All("[]")),
            ("$.l[-3:-1]", All("[20,30]")),
            ("$.a[-3:4]", All("[3,4,5,1,2,3,4]")),
            ("$.a[-7:-4]", All("[null,null,1]")),
            ("$.l[0:4:2]", All("[10,20,30,40]")),
            ("$.e[-3:4]", All("[]")),
            ("$.e[*]", All("[]")),
            (
                "$.l[9].x",
                Miss(
                    "Expected to find an object with property ['x'] in path $['l'][9] but found 'null'. NOT_AN_OBJECT",
                ),
            ),
            ("$.l[9][0]", Miss("The path $['l'][9] is null")),
            ("$.e[0:1].x", All("[]")),
            ("$.l[9][*]", All("[]")),
        ],
    );
}

#[test]
fn members_and_what_is_missing() {
    check(
        r#"{"a":{"b":1,"c":null},"s":"text","l":[10],"n":7,"big":99999999999,"huge":99999999999999999999,"r":1.5,"t":true,"z":null}"#,
        &[
            ("$.a.b", Bare("1")),
            ("$['a']['b']", Bare("1")),
            ("$[\"a\"].b", Bare("1")),
            ("$.a[ 'b' ]", Bare("1")),
            ("$.a.c", Bare("null")),
            ("$.a['b','c']", Bare(r#"{"b":1,"c":null}"#)),
            ("$.a['b','zz']", Bare(r#"{"b":1}"#)),
            ("$.a['zz','b','b']", Bare(r#"{"b":1}"#)),
            ("$['a','s'].b", All("[1]")),
            ("$.a.*", All("[1,null]")),
            ("$.a.zz", Miss("No results for path: $['a']['zz']")),
            ("$.zz", Miss("No results for path: $['zz']")),
            ("$.zz.y", Miss("Missing property in path $['zz']")),
            ("$.a.zz.y.x", Miss("Missing property in path $['a']['zz']")),
            ("$.zz[*].x", All("[]")),
            ("$.zz[1:5].x", All("[]")),
            ("$.zz..x", All("[]")),
            ("$.zz[0]", Miss("Missing property in path $['zz']")),
            ("$.a[0]", Miss(r#"Filter: [0] can only be applied to arrays. Current context is: {"b":1,"c":null}"#)),
            ("$.s[0]", Miss(r#"Filter: [0] can only be applied to arrays. Current context is: "text""#)),
            ("$.s[0].x", Miss(r#"Filter: [0]['x'] can only be applied to arrays. Current context is: "text""#)),
            ("$.s[1:].x", All("[]")),
            ("$.s[0,1]", All("[]")),
            ("$.s[?(@.x)]", All("[]")),
            ("$.s[*]", All("[]")),
            ("$.s..x", All("[]")),
            (
                "$.l.b",
                Miss(
                    "Expected to find an object with property ['b'] in path $['l'] but found \
                     'com.fasterxml.jackson.databind.node.ArrayNode'. NOT_AN_OBJECT",
                ),
            ),
            (
                "$.s.y",
                Miss(
                    "Expected to find an object with property ['y'] in path $['s'] but found \
                     'com.fasterxml.jackson.databind.node.TextNode'. NOT_AN_OBJECT",
                ),
            ),
            (
                "$.s['x','y']",
                Miss(
                    "Expected to find an object with property ['x','y'] in path $['s'] but found \
                     'com.fasterxml.jackson.databind.node.TextNode'. NOT_AN_OBJECT",
                ),
            ),
            (
                "$.n.y",
                Miss(
                    "Expected to find an object with property ['y'] in path $['n'] but found \
                     'com.fasterxml.jackson.databind.node.IntNode'. NOT_AN_OBJECT",
                ),
            ),
            (
                "$.big.y",
                Miss(
                    "Expected to find an object with property ['y'] in path $['big'] but found \
                     'com.fasterxml.jackson.databind.node.LongNode'. NOT_AN_OBJECT",
                ),
            ),
            (
                "$.huge.y",
                Miss(
                    "Expected to find an object with property ['y'] in path $['huge'] but found \
                     'com.fasterxml.jackson.databind.node.BigIntegerNode'. NOT_AN_OBJECT",
                ),
            ),
            (
                "$.r.y",
                Miss(
                    "Expected to find an object with property ['y'] in path $['r'] but found \
                     'com.fasterxml.jackson.databind.node.DoubleNode'. NOT_AN_OBJECT",
                ),
            ),
            (
                "$.t.y",
                Miss(
                    "Expected to find an object with property ['y'] in path $['t'] but found \
                     'com.fasterxml.jackson.databind.node.BooleanNode'. NOT_AN_OBJECT",
                ),
            ),
            (
                "$.z.y",
                Miss(
                    "Expected to find an object with property ['y'] in path $['z'] but found \
                     'com.fasterxml.jackson.databind.node.NullNode'. NOT_AN_OBJECT",
                ),
            ),
            ("$.l.length()", Miss("No results for path: $['l'].length()")),
            ("$.sum($.l, 3)", Miss("No results for path: $.sum()")),
        ],
    );
    check(
        "\"text\"",
        &[
            ("$", Bare("\"text\"")),
            (
                "$.x",
                Miss(
                    "Expected to find an object with property ['x'] in path $ but found \
                 'com.fasterxml.jackson.databind.node.TextNode'. NOT_AN_OBJECT",
                ),
            ),
        ],
    );
}

#[test]
fn wildcards_and_filters() {
    check(
        r#"{"o":[{"id":1,"n":"x"},{"id":2,"n":"y","k":true},{"id":3}],"a":{"b":1},"l":[10,20,30,40],"m":[[1,2],[3]]}"#,
        &[
            ("$.o[*].n", All(r#"["x","y"]"#)),
            ("$.o[*].zz", All("[]")),
            ("$.o[*].zz.y", All("[]")),
            ("$.o[*].n.y", All("[]")),
            ("$.o[*].n[0]", All("[]")),
            ("$.o[*]['id','n']", All(r#"[{"id":1,"n":"x"},{"id":2,"n":"y"},{"id":3}]"#)),
            ("$.o[?(@.id==1)].n", All(r#"["x"]"#)),
            ("$.o[?(@.id == 1)].n", All(r#"["x"]"#)),
            ("$.o[?(@.id==1)].n[0]", All("[]")),
            ("$.o[ ?( @['id'] == 1 ) ].n", All(r#"["x"]"#)),
            ("$.o[?(1 == @.id)].n", All(r#"["x"]"#)),
            ("$.o[?(@.id==9)].n", All("[]")),
            ("$.o[?(@.id=='1')].id", All("[1]")),
            ("$.o[?(@.id=='1.0')].id", All("[1]")),
            ("$.o[?('1.0'==@.id)].id", All("[]")),
            ("$.o[?('1'==@.id)].id", All("[1]")),
            ("$.o[?(@.id==1.0)].id", All("[1]")),
            ("$.o[?(@.id==10e-1)].id", All("[1]")),
            ("$.o[?(@.id==='1')].id", All("[]")),
            ("$.o[?(@.id!=='1')].id", All("[1,2,3]")),
            ("$.o[?(@.id > '1')].id", All("[]")),
            ("$.o[?(@.id==true)].id", All("[]")),
            ("$.o[?(@.n != 'x')].id", All("[2,3]")),
            ("$.o[?(@.n > 'x')].id", All("[2]")),
            ("$.o[?(@.n <= \"x\")].id", All("[1]")),
            ("$.o[?(@.id >= 2)].id", All("[2,3]")),
            ("$.o[?(@.id < 2)].id", All("[1]")),
            ("$.o[?(@.k)].id", All("[2]")),
            ("$.o[?(!@.k)].id", All("[1,3]")),
            ("$.o[?(! @.k)].id", All("[1,3]")),
            ("$.o[?(@.k == true)].id", All("[2]")),
            ("$.o[?(@.n == null)].id", All("[]")),
            ("$.o[?(@.id > 1 && @.n == 'y')].id", All("[2]")),
            ("$.o[?(@.id>1&&@.n=='y')].id", All("[2]")),
            ("$.o[?(@.id == 1 || @.id == 3)].id", All("[1,3]")),
            ("$.o[?(@.id == 1 || @.id == 2 && @.k)].id", All("[1,2]")),
            ("$.o[?((@.id == 1 || @.id == 2) && @.k)].id", All("[2]")),
            ("$.o[?(!(@.id == 1 || @.id == 2))].id", All("[3]")),
            ("$.o[?(@.id in [1, 3])].id", All("[1,3]")),
            ("$.o[?(@.id in ['1', '3'])].id", All("[1,3]")),
            ("$.o[?(@.n in ['x', \"y\"])].id", All("[1,2]")),
            ("$.o[?(@.n nin ['x'])].id", All("[2,3]")),
            ("$.o[?(@.id in $.l)].id", All("[]")),
            ("$.o[?(@.id == $.a.b)].id", All("[1]")),
            ("$.a[?(@.b==1)]", All(r#"[{"b":1}]"#)),
            ("$.a[?(@.b==2)]", All("[]")),
            ("$.l[?(@>15)]", All("[20,30,40]")),
            ("$.l[?(@.x)]", All("[]")),
            ("$.o[-1:].id", All("[3]")),
            ("$.m[*][0]", All("[1,3]")),
            ("$.m[*][1]", All("[2,null]")),
            ("$.m[*][*]", All("[1,2,3]")),
            ("$.*[0]", All(r#"[{"id":1,"n":"x"},10,[1,2]]"#)),
            ("$.o[?(@.id == 1)][?(@.n == 'x')].id", All("[1]")),
        ],
    );
    check(
        r#"{"o":[{"t":[]},{"t":[7]},{"x":1},{"t":null}]}"#,
        &[
            ("$.o[*].t[0]", All("[null,7]")),
            ("$.o[?(@.t)].t", All("[[],[7],null]")),
            ("$.o[?(@.t == null)]", All(r#"[{"t":null}]"#)),
            ("$.o[?(@.t != null)]", All(r#"[{"t":[]},{"t":[7]},{"x":1}]"#)),
            ("$.o[?(@.t == [7])]", All(r#"[{"t":[7]}]"#)),
            ("$.o[?(@ == {'x': 1.0})]", All(r#"[{"x":1}]"#)),
            ("$.o[?(@.t[?(@ == 7)] == [7])]", All(r#"[{"t":[7]}]"#)),
        ],
    );
}

#[test]
fn filters_on_lists_and_strings() {
    check(
        r#"[{"i":1,"l":["a","b"],"s":"abc"},{"i":2,"l":[],"s":""},{"i":3,"l":["c"],"s":"zä😀"},{"i":4,"o":{}}]"#,
        &[
            ("$[?(@.l contains 'a')].i", All("[1]")),
            ("$[?(@.s contains 'b')].i", All("[1]")),
            ("$[?(@.l subsetof ['a','b','z'])].i", All("[1,2]")),
            ("$[?(@.l anyof ['b','c'])].i", All("[1,3]")),
            ("$[?(@.l anyof ['b','a'])].i", All("[1]")),
            ("$[?(@.l noneof ['b'])].i", All("[2,3]")),
            ("$[?(@.l all ['a','b'])].i", All("[1]")),
            ("$[?(@.l size 2)].i", All("[1]")),
            ("$[?(@.s size 3)].i", All("[1]")),
            ("$[?(@.s size 4)].i", All("[3]")),
            ("$[?(@.l empty true)].i", All("[2]")),
            ("$[?(@.l empty false)].i", All("[1,3]")),
            ("$[?(@.s EMPTY true)].i", All("[2]")),
            ("$[?(@.o empty true)].i", All("[4]")),
            ("$[?(@.i in 3)].i", All("[]")),
            ("$[?(@.i nin 3)].i", All("[1,2,3,4]")),
        ],
    );
    check(
        r#"[{"v":"it's"},{"v":"a\"b"},{"v":"q\nr"}]"#,
        &[
            (r"$[?(@.v == 'it\'s')].v", All(r#"["it's"]"#)),
            (r#"$[?(@.v == "it's")].v"#, All(r#"["it's"]"#)),
            (r#"$[?(@.v == 'a"b')].v"#, All(r#"["a\"b"]"#)),
            (r"$[?(@.v == 'q\nr')].v", All(r#"["q\nr"]"#)),
            (r"$[?(@.v == ')]')].v", All("[]")),
        ],
    );
    check(
        r#"[{"v":"+1"},{"v":".5"},{"v":"1e0"},{"v":"x"},{"v":""}]"#,
        &[("$[?(1 == @.v)].v", All(r#"["+1","1e0"]"#)), ("$[?(0.5 == @.v)].v", All(r#"[".5"]"#))],
    );
}

#[test]
fn deep_scan() {
    check(r#"{"x":{"x":5}}"#, &[("$..x", All(r#"[{"x":5},5]"#))]);
    check(r#"{"b":{"k":1,"c":{"k":2}},"k":0}"#, &[("$..k", All("[0,1,2]"))]);
    check(
        r#"{"a":{"b":1},"l":[10]}"#,
        &[
            ("$..*", All(r#"[{"b":1},[10],1,10]"#)),
            ("$..[*]", All(r#"[{"b":1},[10],1,10]"#)),
            ("$..zz", All("[]")),
            ("$..b", All("[1]")),
            ("$..[0]", All("[10]")),
            ("$..['b']", All("[1]")),
            ("$..['b','c']", All("[]")),
            ("$..length()", All("[]")),
        ],
    );
    check(
        r#"{"s":[{"p":1,"q":[{"p":2}]},{"r":{"p":3}}]}"#,
        &[
            ("$..p", All("[1,2,3]")),
            ("$.s..p", All("[1,2,3]")),
            ("$..q..p", All("[2]")),
            ("$..[?(@.p)].p", All("[1,2,3]")),
            ("$..[?(@.p > 1)]", All(r#"[{"p":2},{"p":3}]"#)),
            ("$..[0].p", All("[1,2]")),
            ("$..[-1:].p", All("[2]")),
            ("$..[*].p", All("[1,2,3]")),
        ],
    );
    check("[1,[2,[3]]]", &[("$..[0]", All("[1,2,3]")), ("$..[?(@ > 1)]", All("[]"))]);
}

#[test]
fn numbers_and_keys_are_kept() {
    check(
        r#"{"v":[1.0,12345678901234567890,0.1,1e3,-0]}"#,
        &[
            ("$.v", Bare("[1.0,12345678901234567890,0.1,1e3,-0]")),
            ("$.v[*]", All("[1.0,12345678901234567890,0.1,1e3,-0]")),
        ],
    );
    check(
        r#"{"a":1,"b":{"c":1},"a":2,"b":{"c":2},"\u0065":5}"#,
        &[("$.a", Bare("2")), ("$.b.c", Bare("2")), ("$.*", All(r#"[2,{"c":2},5]"#)), ("$.e", Bare("5"))],
    );
    check(
        r#"{"det-ail":1,"ü":2,"a b":3,"@t":4,"a:b":5,"":6,"it's":7,"a\\\"b":8,"q\\":9,"x]":10}"#,
        &[
            ("$.det-ail", Bare("1")),
            ("$.ü", Bare("2")),
            ("$['a b']", Bare("3")),
            ("$.@t", Bare("4")),
            ("$.a:b", Bare("5")),
            ("$['']", Bare("6")),
            (r"$['it\'s']", Bare("7")),
            (r#"$["it's"]"#, Bare("7")),
            (r#"$['a\"b']"#, Bare("8")),
            (r"$['q\\']", Bare("9")),
            ("$['x]']", Bare("10")),
            (" $.det-ail ", Bare("1")),
        ],
    );
    check(r#"[{"a":1}]"#, &[("$[0]a", Bare("1")), ("$.*a", All("[1]"))]);
}

#[test]
fn what_is_no_path() {
    use PathErrorKind as K;
    let cases: &[(&str, usize, K)] = &[
        ("", 0, K::Head),
        ("a.b", 0, K::Head),
        ("$.", 2, K::EndsWithDot),
        ("$..", 3, K::EndsWithDot),
        ("$.a.", 4, K::EndsWithDot),
        ("$...a", 3, K::Name),
        ("$a", 1, K::Separator),
        ("$ .a", 1, K::Separator),
        ("$.a .b", 3, K::BlankInName),
        ("$.a b", 3, K::BlankInName),
        ("$.l[]", 4, K::Bracket),
        ("$.l[", 3, K::Unclosed),
        ("$.l[0", 3, K::Unclosed),
        ("$.l[0}", 5, K::Bracket),
        ("$['a", 2, K::Unclosed),
        ("$['a'", 1, K::Unclosed),
        ("$['a',]", 6, K::Bracket),
        ("$['a' 'b']", 6, K::Bracket),
        ("$[a]", 2, K::Bracket),
        ("$[:]", 2, K::Index),
        ("$[0,,1]", 2, K::Index),
        ("$[1-2]", 2, K::Index),
        ("$[99999999999]", 2, K::Index),
        ("$.l[(@.length-1)]", 4, K::Bracket),
        ("$[?]", 3, K::Bracket),
        ("$[?(@.a", 1, K::Unclosed),
        ("$[?()]", 4, K::Operand),
        ("$[?(@.a ==)]", 10, K::Operand),
        ("$[?(@.a = 1)]", 8, K::Operator),
        ("$[?(@.a like 'x')]", 8, K::Operator),
        ("$[?(@.a =~ /x/)]", 8, K::RegularExpression),
        ("$[?(1)]", 4, K::Condition),
        ("$[?(@.a == x)]", 11, K::Operand),
        ("$[?(@.a == 'x)]", 11, K::Unclosed),
        ("$[?(@.a && )]", 11, K::Operand),
        ("$.length().x", 10, K::Function),
        ("$.f(", 3, K::Unclosed),
        ("$.f((1)", 3, K::Unclosed),
    ];
    for (text, offset, kind) in cases {
        match Path::parse(text) {
            Ok(path) => panic!("{text} was taken as {path}"),
            Err(e) => assert_eq!((e.offset, e.kind), (*offset, *kind), "{text}"),
        }
    }
    let many = format!("${}", ".a".repeat(1025));
    assert_eq!(Path::parse(&many).map_err(|e| e.kind), Err(K::TooDeep));
    assert!(Path::parse(&many[..many.len() - 2]).is_ok());
    let nested = format!("$[?({}@.a{})]", "(".repeat(5000), ")".repeat(5000));
    assert_eq!(Path::parse(&nested).map_err(|e| e.kind), Err(K::TooDeep));
    let negated = format!("$[?({}@.a)]", "!".repeat(5000));
    assert_eq!(Path::parse(&negated).map_err(|e| e.kind), Err(K::TooDeep));
    // No text makes it panic.
    let alphabet =
        ["$", ".", "[", "]", "'", "\\", "?(", "(", ")", "@", "*", "0", "-", ":", ",", "a", " ", "==", "&&", "ü"];
    let mut seed = 1u64;
    for _ in 0..50_000 {
        let mut text = String::from("$");
        for _ in 0..seed % 12 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            text.push_str(alphabet[(seed >> 33) as usize % alphabet.len()]);
        }
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        seed ^= seed >> 29;
        if let Ok(path) = Path::parse(&text) {
            let arena = Arena::new();
            let root = Value::from_text(&arena, r#"{"a":[{"a":0},"ü"],"0":{}}"#);
            let _ = path.eval(root, &arena, &mut NodeBudget::new(1000)).map_err(|miss| miss.to_string());
        }
    }
}

#[test]
fn what_a_path_says_of_itself() {
    type Says = (&'static str, &'static str, bool, bool, Option<&'static [&'static str]>);
    let cases: &[Says] = &[
        ("$", "$", true, true, Some(&[])),
        ("$.a.b", "$['a']['b']", true, true, Some(&["a", "b"])),
        ("$['a'][\"b c\"]", "$['a']['b c']", true, true, Some(&["a", "b c"])),
        ("$.a[0]", "$['a'][0]", true, true, None),
        ("$['a','b']", "$['a','b']", true, false, None),
        ("$['a','b'].c", "$['a','b']['c']", false, false, None),
        ("$.a[1:]", "$['a'][1:]", false, false, None),
        ("$.a[:-1]", "$['a'][:-1]", false, false, None),
        ("$.a[0,1]", "$['a'][0,1]", false, false, None),
        ("$..a.*", "$..['a'][*]", false, false, None),
        ("$.a[?(@.b)]", "$['a'][?]", false, false, None),
        ("$.a.length()", "$['a'].length()", true, false, None),
    ];
    for (text, shown, definite, reference, members) in cases {
        let path = Path::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(path.to_string(), *shown);
        assert_eq!(path.text(), *text);
        assert_eq!(path.is_definite(), *definite, "{text}");
        assert_eq!(path.is_reference(), *reference, "{text}");
        assert_eq!(path.as_members().as_deref(), *members, "{text}");
    }
}

#[test]
fn budget_and_depth() {
    let wide = format!("[{}0]", "[0],".repeat(1000));
    assert_eq!(run(&wide, "$..*..*", 500), Err("the path visits more than 500 nodes of the document".into()));
    assert_eq!(run(&wide, "$[1000]", 0).as_deref(), Ok("0"));
    assert_eq!(run("[0]", "$[-2000000:1]", 1000), Err("the path visits more than 1000 nodes of the document".into()));
    let deep = format!("{}{}", "[".repeat(1024), "]".repeat(1024));
    let arena = Arena::new();
    let root = Value::from_text(&arena, &deep);
    let all = Path::parse("$..*").unwrap();
    let found = all.eval(root, &arena, &mut NodeBudget::default()).unwrap();
    assert_eq!(found.elements(&arena).map(<[_]>::len), Some(1023));
    let long = Path::parse(&format!("${}", "[*]".repeat(1024))).unwrap();
    assert!(long.eval(root, &arena, &mut NodeBudget::default()).is_ok());
}

#[test]
fn an_element_beyond_the_end_does_not_exist() {
    let arena = Arena::new();
    let root = Value::from_text(&arena, r#"{"l":[null,[]]}"#);
    let cases = [
        ("$.l[0]", Ok("null")),
        ("$.l[2]", Err("No results for path: $['l'][2]")),
        ("$.l[-3]", Err("No results for path: $['l'][-3]")),
        ("$.l[1][0]", Err("No results for path: $['l'][1][0]")),
        ("$.l[5][0]", Err("The path $['l'][5] is null")),
        ("$.l[0,9]", Ok("[null,null]")),
        ("$", Ok(r#"{"l":[null,[]]}"#)),
    ];
    for (path, expected) in cases {
        let path = Path::parse(path).unwrap();
        let got = path.eval_existing(root, &arena, &mut NodeBudget::default());
        let got = got.map(|value| value.to_json()).map_err(|miss| miss.to_string());
        assert_eq!(got.as_deref().map_err(|text| &**text), expected, "{path}");
    }
}

#[test]
fn conditions_on_many_items_search_the_document_once() {
    // Ten thousand items against a list of escaped strings that lies behind a megabyte.
    let items = vec![r#"{"k":"a\u0062"}"#; 10_000].join(",");
    let document = format!(r#"{{"pad":"{}","list":["ab\n","ab"],"items":[{items}]}}"#, "x".repeat(1 << 20));
    let found = run(&document, "$.items[?(@.k in $.list)].k", NodeBudget::NODES_MAX).unwrap();
    assert_eq!(found.matches("ab").count(), 10_000);
    let deep = format!("{}{}{}", "[".repeat(1000), "\"x\",".repeat(100_000) + "1", "]".repeat(1000));
    assert!(run(&deep, "$..nothing", NodeBudget::NODES_MAX).is_ok());
}
