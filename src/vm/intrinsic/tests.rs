//! The functions as a table: name, arguments as a JSON array, what comes out. Orders of hash sets and seeded numbers were
//! taken from a Java program.

use super::{Bit, Draws, Rejected, call, put_together, write_inside};
use crate::program::Function;
use crate::value::{Arena, Value};

struct Fixed(Vec<u64>);

impl Draws for Fixed {
    fn draw(&mut self) -> u64 {
        self.0.pop().unwrap_or(0)
    }
}

fn run(name: &str, arguments: &str) -> Result<String, Rejected> {
    let arena = Arena::new();
    let function = Function::from_name(&format!("States.{name}")).unwrap_or_else(|| panic!("no function {name}"));
    let arguments = Value::from_text(&arena, arguments);
    let arguments = arguments.elements(&arena).unwrap_or_else(|| panic!("{name}: arguments are an array"));
    call(function, arguments, &arena, &mut Fixed(vec![])).map(|value| value.to_json())
}

fn check(name: &str, cases: &[(&str, &str)]) {
    for (arguments, expected) in cases {
        assert_eq!(run(name, arguments).as_deref(), Ok(*expected), "States.{name} of {arguments}");
    }
}

fn check_rejected(name: &str, cases: &[&str]) {
    for arguments in cases {
        let rejected = run(name, arguments).map_err(|rejected| rejected.to_string());
        assert_eq!(rejected, Err(format!("Invalid arguments in States.{name}")), "States.{name} of {arguments}");
    }
}

#[test]
fn format() {
    check(
        "Format",
        &[
            (r#"["plain"]"#, r#""plain""#),
            (r#"[""]"#, r#""""#),
            (r#"["{}-{}","a",1]"#, r#""a-1""#),
            (r#"["{}{}{}{}",null,true,1.50,-3]"#, r#""nulltrue1.50-3""#),
            (r#"["{}",{"a":1,"b":[],"c":{"d":"x y"}}]"#, r#""{a=1, b=[], c={d=x y}}""#),
            (r#"["{}",[1,"a",null,[2]]]"#, r#""[1, a, null, [2]]""#),
            (r#"["{}",{}]"#, r#""{}""#),
            (r#"["\\{{}\\}","x"]"#, r#""{x}""#),
            (r#"["it\\'s {}","x"]"#, r#""it's x""#),
            (r#"["\\\\{}","x"]"#, r#""\\x""#),
            (r#"["C:\\dir {}\\","x"]"#, r#""C:\\dir x\\""#),
            (r#"["{}","{} \\{"]"#, r#""{} \\{""#),
            (r#"[" {} \n","ü"]"#, r#"" ü \n""#),
        ],
    );
    check_rejected(
        "Format",
        &["[]", "[1]", "[null]", r#"["{}"]"#, r#"["{}","a","b"]"#, r#"["x","a"]"#, r#"[["{}"],1]"#],
    );
    let open = "Invalid template in States.Format: matching '}' not found for '{'.";
    let close = "Invalid template in States.Format: matching '{' not found for '}'.";
    let cases = [
        (r#"["{"]"#, open),
        (r#"["{x}"]"#, open),
        (r#"["{{}}",1]"#, open),
        (r#"["{ }",1]"#, open),
        (r#"["}"]"#, close),
        (r#"["{}}",1]"#, close),
    ];
    for (arguments, text) in cases {
        assert_eq!(run("Format", arguments).map_err(|e| e.to_string()), Err(text.to_owned()), "{arguments}");
    }
}

#[test]
fn string_split() {
    check(
        "StringSplit",
        &[
            (r#"["a-b-c","-"]"#, r#"["a","b","c"]"#),
            (r#"["a--b,c","-,"]"#, r#"["a","b","c"]"#),
            (r#"["--","-"]"#, "[]"),
            (r#"["","-"]"#, "[]"),
            (r#"["abc",""]"#, r#"["abc"]"#),
            (r#"["",""]"#, "[]"),
            (r#"[" x ","-"]"#, r#"[" x "]"#),
            (r#"["a.b|c","|."]"#, r#"["a","b","c"]"#),
            (r#"["eins–zwei–drei","–"]"#, r#"["eins","zwei","drei"]"#),
            (r#"["a\nb","\n"]"#, r#"["a","b"]"#),
        ],
    );
    check_rejected("StringSplit", &["[]", r#"["a"]"#, r#"["a",1]"#, r#"[1,"a"]"#, r#"["a","b","c"]"#, r#"[null,"a"]"#]);
}

#[test]
fn json() {
    check(
        "StringToJson",
        &[
            (r#"[""]"#, "null"),
            (r#"[" \n\t"]"#, "null"),
            (r#"["-0"]"#, "0"),
            (r#"[" [1, 2.50] "]"#, "[1,2.50]"),
            (r#"["\"x\""]"#, r#""x""#),
            (r#"["{\"a\":{\"b\":null}}"]"#, r#"{"a":{"b":null}}"#),
        ],
    );
    check_rejected(
        "StringToJson",
        &["[]", "[1]", "[null]", r#"["{"]"#, r#"["nope"]"#, r#"["01"]"#, r#"["1 2"]"#, r#"["{}","{}"]"#, r#"[{}]"#],
    );
    let deep = format!("[\"{}{}\"]", "[".repeat(1025), "]".repeat(1025));
    check_rejected("StringToJson", &[&deep]);
    check(
        "JsonToString",
        &[
            (r#"["x\"y"]"#, r#""\"x\\\"y\"""#),
            (r#"[{ "a" : [1, 2.50, null] }]"#, r#""{\"a\":[1,2.50,null]}""#),
            ("[null]", r#""null""#),
            ("[true]", r#""true""#),
        ],
    );
    check_rejected("JsonToString", &["[]", "[1,2]"]);
    check(
        "JsonMerge",
        &[
            (r#"[{"a":1,"b":2},{"b":{"x":1},"c":3},false]"#, r#"{"a":1,"b":{"x":1},"c":3}"#),
            (r#"[{"a":{"x":1}},{"a":{"y":2}},false]"#, r#"{"a":{"y":2}}"#),
            (r#"[{},{},false]"#, "{}"),
            (r#"[{},{"a":1},"true"]"#, r#"{"a":1}"#),
            (r#"[{},{"a":1},null]"#, r#"{"a":1}"#),
        ],
    );
    check_rejected(
        "JsonMerge",
        &["[]", "[{},{}]", "[{},{},true]", "[[],{},false]", "[{},null,false]", "[{},{},false,1]"],
    );
}

#[test]
fn arrays() {
    check("Array", &[("[]", "[]"), (r#"[1,"a",null,[2],{}]"#, r#"[1,"a",null,[2],{}]"#)]);
    check(
        "ArrayPartition",
        &[
            ("[[1,2,3,4,5],2]", "[[1,2],[3,4],[5]]"),
            ("[[1,2,3,4,5],2.6]", "[[1,2],[3,4],[5]]"),
            ("[[1],9]", "[[1]]"),
            ("[[1,2],1e300]", "[[1,2]]"),
            ("[[],3]", "[]"),
        ],
    );
    check_rejected(
        "ArrayPartition",
        &["[[1],0]", "[[1],0.6]", "[[1],-1]", "[[1],\"1\"]", "[{},1]", "[[1]]", "[[1],1,1]"],
    );
    check(
        "ArrayContains",
        &[
            ("[[1,2,3],2]", "true"),
            ("[[1,2,3],4]", "false"),
            (r#"[["1"],1]"#, "true"),
            (r#"[["true"],true]"#, "true"),
            ("[[0],false]", "false"),
            ("[[null],null]", "true"),
            ("[[],null]", "false"),
            (r#"[[{"a":1,"b":2}],{"a":1,"b":2}]"#, "true"),
            (r#"[[{"a":1,"b":2}],{"b":2,"a":1}]"#, "false"),
            ("[[[1,[2]]],[1,[2]]]", "true"),
            ("[[1],1.0]", "false"),
        ],
    );
    check_rejected("ArrayContains", &["[]", "[[1]]", "[1,1]", "[\"a\",\"a\"]", "[[1],1,1]"]);
    check(
        "ArrayRange",
        &[
            ("[1,9,2]", "[1,3,5,7,9]"),
            ("[1,10,3]", "[1,4,7,10]"),
            ("[1,9,3]", "[1,4,7]"),
            ("[-2,2,2]", "[-2,0,2]"),
            ("[5,1,-2]", "[5,3,1]"),
            ("[5,0,-2]", "[5,3,1]"),
            ("[3,3,-1]", "[3]"),
            ("[3,3,1]", "[3]"),
            ("[5,1,1]", "[]"),
            ("[1,5,-1]", "[]"),
            ("[1.6,1.4,1]", "[1]"),
            ("[5.4,-0.6,-2.4]", "[5,3,1]"),
            ("[9223372036854775806,9223372036854775807,9223372036854775807]", "[9223372036854775806]"),
        ],
    );
    check_rejected(
        "ArrayRange",
        &[
            "[1,5,0]",
            "[1,5,0.9]",
            "[1,1001,1]",
            "[\"1\",5,1]",
            "[1,5]",
            "[1,5,1,1]",
            "[-9223372036854775808,9223372036854775807,1]",
        ],
    );
    assert_eq!(run("ArrayRange", "[1,1000,1]").map(|json| json.matches(',').count()), Ok(999));
    check(
        "ArrayGetItem",
        &[
            ("[[1,{\"a\":2}],1]", r#"{"a":2}"#),
            ("[[1,2],1.9]", "2"),
            ("[[1,2],-0.5]", "1"),
            ("[[],0]", "null"),
            ("[[],7]", "null"),
        ],
    );
    check_rejected(
        "ArrayGetItem",
        &["[[1],1]", "[[1],-1]", "[[],-1]", "[[1],\"0\"]", "[{},0]", "[\"a\",0]", "[[1]]", "[[1],0,0]"],
    );
    check("ArrayLength", &[("[[]]", "0"), ("[[1,[2,3],{}]]", "3")]);
    check_rejected("ArrayLength", &["[]", "[{}]", "[\"abc\"]", "[null]", "[[1],2]"]);
}

#[test]
fn array_unique() {
    check(
        "ArrayUnique",
        &[
            ("[[]]", "[]"),
            ("[[4,3,4,1]]", "[1,3,4]"),
            ("[[1,1.0,10e-1,\"1\"]]", r#"[1,"1"]"#),
            ("[[0,-0,0.0,0e9]]", "[0]"),
            ("[[100000000000000000001,100000000000000000000,1e20]]", "[100000000000000000001,100000000000000000000]"),
            (r#"[["pear","apple","fig","quince","medlar","pear"]]"#, r#"["apple","pear","fig","quince","medlar"]"#),
            ("[[30,-1,17,5,2147483648,-5000000000,5]]", "[-1,2147483648,17,5,-5000000000,30]"),
            ("[[1.5,0.25,-2.75,100.125,1.5]]", "[0.25,-2.75,1.5,100.125]"),
            (r#"[["ä","😀","Zoë","zz",""]]"#, r#"["zz","","ä","Zoë","😀"]"#),
            (r#"[[{"k":1,"l":"x"},{"l":"x","k":1},{"k":2},{}]]"#, r#"[{},{"k":2},{"k":1,"l":"x"}]"#),
            (r#"[[[3,1],[1,3],[],["a"]]]"#, r#"[["a"],[],[1,3],[3,1]]"#),
            (r#"[["b",true,null,7,false,"a",2.5,[],{}]]"#, r#"[null,{},"a",[],"b",2.5,false,7,true]"#),
            (
                "[[0,37,74,10,47,84,20,57,94,30,67,3,40,77,13,50,87,23,60,97]]",
                "[0,97,67,3,37,40,74,10,77,13,47,50,84,20,87,23,57,60,94,30]",
            ),
            (
                r#"[["w0","w919","w838","w757","w676","w595","w514","w433","w352","w271","w190","w109","w28","w947","w866"]]"#,
                r#"["w271","w190","w676","w433","w595","w352","w838","w947","w757","w109","w514","w866","w0","w919","w28"]"#,
            ),
        ],
    );
    check_rejected("ArrayUnique", &["[]", "[{}]", "[\"a\"]", "[[1],[1]]"]);
    // Strings whose Java hashes are all equal cost no more than others.
    let mut words = vec![String::new()];
    for _ in 0..13 {
        words = words.iter().flat_map(|word| [format!("{word}Aa"), format!("{word}BB")]).collect();
    }
    let list = format!("[[\"{}\"]]", words.join("\",\""));
    assert_eq!(run("ArrayUnique", &list).map(|json| json.len()), Ok(list.len() - 2));
}

#[test]
fn math_add() {
    check(
        "MathAdd",
        &[
            ("[1,2]", "3"),
            ("[111,-1]", "110"),
            ("[1.5,0]", "2"),
            ("[2.5,0]", "3"),
            ("[-1.5,0]", "-1"),
            ("[-2.5,0]", "-2"),
            ("[-1.50001,0]", "-2"),
            ("[0.5,0]", "1"),
            ("[-0.5,0]", "0"),
            ("[0.49999999999999994,0]", "0"),
            ("[1.4,2.4]", "3"),
            ("[1e3,1]", "1001"),
            ("[2147483647,0]", "2147483647"),
            ("[-2147483648,0.4]", "-2147483648"),
        ],
    );
    check_rejected(
        "MathAdd",
        &[
            "[2147483647,1]",
            "[-2147483648,-1]",
            "[2147483648,-1]",
            "[2147483647.5,0]",
            "[99999999999999999999,0]",
            "[1e400,0]",
            "[\"1\",1]",
            "[true,1]",
            "[null,1]",
            "[1]",
            "[1,2,3]",
        ],
    );
}

#[test]
fn math_random() {
    check(
        "MathRandom",
        &[
            ("[0,64,0]", "46"),
            ("[0,64,7]", "46"),
            ("[0,64,12345]", "23"),
            ("[0,64.9,-1.9]", "17"),
            ("[-100,1000,0]", "560"),
            ("[-100,1000,7]", "936"),
            ("[-100,1000,1099511627776]", "484"),
            ("[1,1073754170,0]", "516548030"),
            ("[1,1073754170,12345]", "776966252"),
            ("[0,1073741825,0]", "516548029"),
            ("[-2147483648,2147483647,0]", "-1155484576"),
            ("[-2147483648,2147483647,-1]", "1155099827"),
            ("[7,8,1]", "7"),
            ("[7,8]", "7"),
        ],
    );
    check_rejected(
        "MathRandom",
        &[
            "[]",
            "[1]",
            "[1,1]",
            "[2,1]",
            "[1.4,1.6]",
            "[\"1\",2]",
            "[1,null]",
            "[1,2,\"s\"]",
            "[1,2,null]",
            "[1,2,3,4]",
            "[0,2147483648]",
        ],
    );
    let arena = Arena::new();
    for (draw, expected) in [(0, -5), (u64::MAX, 4), (1 << 63, 0)] {
        let bounds = [Value::Int(-5), Value::Int(5)];
        let number = call(Function::MathRandom, &bounds, &arena, &mut Fixed(vec![draw]));
        assert_eq!(number.map(Value::to_json), Ok(expected.to_string()));
    }
}

#[test]
fn uuid() {
    let arena = Arena::new();
    let made = |draws| call(Function::UUID, &[], &arena, &mut Fixed(draws)).map(Value::to_json);
    assert_eq!(made(vec![0, 0]).as_deref(), Ok(r#""00000000-0000-4000-8000-000000000000""#));
    assert_eq!(made(vec![u64::MAX, u64::MAX]).as_deref(), Ok(r#""ffffffff-ffff-4fff-bfff-ffffffffffff""#));
    let mut seed = crate::vm::Seed::new(1, 2, 3);
    let same = seed;
    let made = call(Function::UUID, &[], &arena, &mut seed).map(Value::to_json);
    assert_eq!(made, Ok(format!("\"{}\"", { same }.uuid())));
    check_rejected("UUID", &["[1]", "[null]"]);
}

#[test]
fn hashes() {
    check(
        "Hash",
        &[
            (r#"["","MD5"]"#, r#""d41d8cd98f00b204e9800998ecf8427e""#),
            (r#"["abc","SHA-1"]"#, r#""a9993e364706816aba3e25717850c26c9cd0d89d""#),
            (r#"["abc","SHA-256"]"#, r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#),
            (
                r#"["abc","SHA-384"]"#,
                r#""cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7""#,
            ),
            (
                r#"["abc","SHA-512"]"#,
                r#""ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f""#,
            ),
            (r#"["123","MD5"]"#, r#""202cb962ac59075b964b07152d234b70""#),
            (r#"[123,"MD5"]"#, r#""202cb962ac59075b964b07152d234b70""#),
        ],
    );
    assert_eq!(run("Hash", r#"[{"a":1},"MD5"]"#), run("Hash", r#"["{a=1}","MD5"]"#));
    check_rejected(
        "Hash",
        &[r#"["a"]"#, r#"["a","sha-256"]"#, r#"["a","SHA256"]"#, r#"["a",""]"#, r#"["a",1]"#, r#"["a","MD5",1]"#],
    );
    let long = |n| format!("[\"{}\",\"MD5\"]", "ü".repeat(n));
    assert!(run("Hash", &long(10_000)).is_ok());
    check_rejected("Hash", &[&long(10_001)]);
}

#[test]
fn base64() {
    check(
        "Base64Encode",
        &[(r#"[""]"#, r#""""#), (r#"["a"]"#, r#""YQ==""#), (r#"["fü"]"#, r#""ZsO8""#), (r#"["??>"]"#, r#""Pz8+""#)],
    );
    check(
        "Base64Encode",
        &[(r#"["ab"]"#, r#""YWI=""#), (r#"["abcd"]"#, r#""YWJjZA==""#), (r#"["abcde"]"#, r#""YWJjZGU=""#)],
    );
    check_rejected("Base64Encode", &["[]", "[1]", "[null]", r#"["a","b"]"#]);
    check(
        "Base64Decode",
        &[
            (r#"[""]"#, r#""""#),
            (r#"["YQ=="]"#, r#""a""#),
            (r#"["YQ"]"#, r#""a""#),
            (r#"[" Y Q = = "]"#, r#""a""#),
            (r#"["Zs\nO8"]"#, r#""fü""#),
            (r#"["YWI=YQ=="]"#, r#""ab""#),
            (r#"["Y"]"#, r#""""#),
            (r#"["Pz8+"]"#, r#""??>""#),
            (r#"["Pz-8-_+"]"#, r#""??>""#),
            (r#"["!!YWI!!"]"#, r#""ab""#),
            (r#"["/w=="]"#, "\"\u{fffd}\""),
            (r#"["YQBi"]"#, r#""a\u0000b""#),
        ],
    );
    check_rejected("Base64Decode", &["[]", "[1]", "[{}]", r#"["a","b"]"#]);
    let long = |n| format!("[\"{}\"]", "A".repeat(n));
    assert_eq!(run("Base64Decode", &long(10_000)).map(|json| json.len()), Ok(7_500 * 6 + 2));
    check_rejected("Base64Decode", &[&long(10_001)]);
    check_rejected("Base64Encode", &[&long(10_001)]);
}

#[test]
fn texts_that_would_be_too_long() {
    let arena = Arena::new();
    let mut value = Value::from_text(&arena, r#"["0123456789"]"#);
    for _ in 0..60 {
        value = Value::array(&arena, arena.alloc([value, value]));
    }
    let template = Value::text(&arena, "{}");
    let cases: [(Function, &[Value]); 5] = [
        (Function::JsonToString, &[value]),
        (Function::Format, &[template, value]),
        (Function::ArrayContains, &[value, value]),
        (Function::ArrayUnique, &[value]),
        (Function::Hash, &[value, Value::text(&arena, "MD5")]),
    ];
    for (function, arguments) in cases {
        let rejected = call(function, arguments, &arena, &mut Fixed(vec![])).map(|value| value.size());
        assert!(matches!(rejected, Err(Rejected::TextTooLong { .. })), "{function:?}: {rejected:?}");
    }
}

/// Within a string of JSON the text form is what it is elsewhere, spelled as strings are.
#[test]
fn text_forms_within_strings() {
    let values = [
        "null",
        "true",
        "-0",
        "7",
        "42",
        "1.50",
        "1e400",
        r#""""#,
        r#""a b""#,
        r#""\"\\\/\u0041\u0007é\n""#,
        "[]",
        "{}",
        r#"[1,"a\"b",[true,{"k\"":"v\n"}]]"#,
        r#"{"a":{"b":[]},"c\\":"\u00fc"}"#,
    ];
    for text in values {
        let arena = Arena::new();
        let raw = Value::from_text(&arena, text);
        let items = raw.elements(&arena).map(|items| Value::array(&arena, items));
        let members = raw.members(&arena).map(|members| Value::object(&arena, members));
        let string = raw.as_str(&arena).map(|string| Value::text(&arena, string));
        let number = raw.as_number().and_then(|number| number.as_written_integer()).map(Value::Int);
        for value in [Some(raw), items, members, string, number].into_iter().flatten() {
            let mut inside = b"\"<".to_vec();
            write_inside(value, &arena, &mut inside);
            inside.extend_from_slice(b">\"");
            let bits = [Bit::Text("<"), Bit::Value(value), Bit::Text(">")];
            let whole = put_together(8, bits.into_iter(), &arena).expect("it is short");
            assert_eq!(String::from_utf8_lossy(&inside), whole.to_json(), "{text}");
        }
    }
}
