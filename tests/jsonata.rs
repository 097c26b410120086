//! JSONata as the library evaluates it: expressions, inputs, and what they come to.

use expressway::compile::jsonata::{Resolver, compile};
use expressway::definition::jsonata::Ast;
use expressway::program::expression::{Builtin, Expression, Global};
use expressway::value::{Arena, Value};
use expressway::vm::jsonata::{EvaluationError, Host, Limits, evaluate};

/// A world with functions and nothing else.
struct Bare;

impl Resolver for Bare {
    fn global(&mut self, name: &str) -> Global {
        Builtin::from_name(name).map_or(Global::None, Global::Builtin)
    }
    fn states(&mut self, _: &[&str]) -> Option<(Global, usize)> {
        None
    }
}

impl<'a> Host<'a> for Bare {
    fn global(&mut self, _: Global) -> Option<Value<'a>> {
        None
    }
    fn now_ms(&mut self) -> i64 {
        1_577_836_800_000
    }
    fn draw(&mut self) -> u64 {
        4
    }
    fn compile(&mut self, _: &str) -> Option<Result<&'a Expression, EvaluationError>> {
        None
    }
}

/// The value as JSON, `undefined`, or the code of what went wrong.
fn outcome(text: &str, input: Option<&str>, limits: Limits) -> String {
    let arena = Arena::new();
    let ast = match Ast::parse(text) {
        Ok(ast) => ast,
        Err(error) => return error.code.to_owned(),
    };
    let expression = compile(&ast, text, &mut Bare);
    let input = input.map_or(Value::Undefined, |input| Value::from_text(&arena, input));
    match evaluate(&expression, input, &mut Bare, limits, &arena) {
        Ok(Value::Undefined) => "undefined".to_owned(),
        Ok(Value::Function(_)) => "function".to_owned(),
        Ok(value) => value.to_json(),
        Err(error) => error.code.to_owned(),
    }
}

const SHOP: &str = r#"{"shop": "Coats & Co", "orders": [
    {"id": 1, "lines": [{"sku": "wool", "price": 80.50, "qty": 2}, {"sku": "down", "price": 120, "qty": 1}]},
    {"id": 2, "lines": [{"sku": "rain", "price": 45.25, "qty": 4}]},
    {"id": 3, "lines": []}], "tags": ["warm"], "big": 12345678901234567890}"#;

#[test]
fn expressions() {
    for (text, expected) in [
        // Paths and sequences: one element is that element, none is undefined.
        ("shop", r#""Coats & Co""#),
        ("orders.id", "[1,2,3]"),
        ("orders.lines.sku", r#"["wool","down","rain"]"#),
        ("orders[0].lines[-1].sku", r#""down""#),
        ("orders.lines[0].sku", r#"["wool","rain"]"#),
        ("(orders.lines)[0].sku", r#""wool""#),
        ("orders[id > 1].id", "[2,3]"),
        ("orders[id > 2].id", "3"),
        ("orders[id > 2].id[]", "[3]"),
        ("orders[id > 3].id", "undefined"),
        ("orders[[0, 2]].id", "[1,3]"),
        ("nothing.at.all", "undefined"),
        ("tags", r#"["warm"]"#),
        ("tags[]", r#"["warm"]"#),
        ("$.tags[0]", r#""warm""#),
        ("*.id", "[1,2,3]"),
        ("**.qty", "[2,1,4]"),
        ("orders.[id, 7]", "[[1,7],[2,7],[3,7]]"),
        // A number that is only handed on keeps its text.
        ("big", "12345678901234567890"),
        ("orders[0].lines[0].price", "80.50"),
        ("orders[0].lines[0].price * 2", "161"),
        // Operators.
        ("1 + 2 * 3 - 4 / 2 % 3", "5"),
        ("'a' & 1 & null & [1] & nothing", r#""a1null[1]""#),
        ("1 < 2 and 'b' >= 'a' or 1/0 = 2", "true"),
        ("2 in [1, 2]", "true"),
        ("nothing = nothing", "false"),
        ("{'a': 1, 'b': [2]} = {'b': [2], 'a': 1}", "true"),
        ("-orders[1].id", "-2"),
        ("[1..3, 7]", "[1,2,3,7]"),
        ("[3..1]", "[]"),
        ("shop ? 'open' : 'shut'", r#""open""#),
        ("nothing ? 1", "undefined"),
        // Objects and groups.
        ("{'n': $count(orders), 'gone': nothing}", r#"{"n":3}"#),
        ("orders.lines{sku: price}", r#"{"wool":80.50,"down":120,"rain":45.25}"#),
        ("orders.lines{price > 100 ? 'dear' : 'cheap': sku}", r#"{"cheap":["wool","rain"],"dear":"down"}"#),
        ("orders#$i.lines{sku: $i}", r#"{"wool":0,"down":0,"rain":1}"#),
        ("($x := 1; [(orders.lines{sku: $x}).wool, $x])", "[1,1]"),
        // A look-up on the right of an operator, alone and as the end of something longer.
        ("orders.lines.(1 + (qty = 2 ? qty : price))", "[3,121,46.25]"),
        ("orders.lines.(qty * price)", "[161,120,181]"),
        ("(function($a, $b) { $a - $b })(7, 3)", "4"),
        ("($o := orders[0]; 10 - $o.id)", "9"),
        ("orders.lines.(price > qty)", "[true,true,true]"),
        ("1 = nothing", "false"),
        ("1 + nothing", "undefined"),
        ("1 + shop", "T2002"),
        ("'a' < shop", "false"),
        // Order, parents, joins.
        ("orders.lines^(>price).sku", r#"["down","wool","rain"]"#),
        ("orders.lines^(qty, <price).qty", "[1,2,4]"),
        ("orders.lines.{'o': %.id, 's': sku}", r#"[{"o":1,"s":"wool"},{"o":1,"s":"down"},{"o":2,"s":"rain"}]"#),
        ("orders#$i.lines.($i & sku)", r#"["0wool","0down","1rain"]"#),
        ("orders@$o.$o.lines[$o.id = 2].(sku & $o.id)", r#""rain2""#),
        // Functions.
        ("$sum(orders.lines.(price * qty))", "462"),
        ("$map([1, 2], function($x, $i) { $x * $i })", "[0,2]"),
        ("$filter([1..5], function($x) { $x % 2 = 0 })", "[2,4]"),
        ("$reduce([1..5], function($a, $x) { $a * $x })", "120"),
        ("$sort([3, 1, 2], function($a, $b) { $a < $b })", "[3,2,1]"),
        ("$sift({'a': 1, 'b': 2}, function($v) { $v > 1 })", r#"{"b":2}"#),
        ("$each({'a': 1}, function($v, $k) { $k & $v })", r#""a1""#),
        ("$average(orders.id)", "2"),
        ("$zip([1, 2], [3, 4, 5])", "[[1,3],[2,4]]"),
        ("shop.$substring(1, 2)", r#""oa""#),
        ("($f := function($x, $y)<s-n:s> { $x & $y }; shop.$f(7))", r#""Coats & Co7""#),
        ("($sum($x := [1, 2]); $x)", "[1,2]"),
        ("$contains('a', /[a-a]/)", "true"),
        ("$match('xay', /a/)", r#"{"match":"a","index":1,"groups":[]}"#),
        ("/a/('xay').[match, start, end]", r#"["a",1,2]"#),
        // A function that is called right where it is written is asked for what any other is.
        ("$map(5, function($x, $i, $all) { $all })", "[5]"),
        ("$map(nothing, function($x) { 1 })", "undefined"),
        ("$filter('a', function($x) { true })", r#""a""#),
        ("$single([1, 2], function($x) { $x = 2 })", "2"),
        ("$single([1, 2], function($x) { true })", "D3138"),
        ("$single([1, 2], function($x) { false })", "D3139"),
        ("$reduce([1, 2], function($a) { $a })", "D3050"),
        ("$reduce([1, 2], function($a, $x, $i, $all) { $a + $i * $count($all) }, 10)", "12"),
        ("$reduce([], function($a, $x) { $a + $x })", "undefined"),
        ("$reduce([1], function($a, $x) { $a + $x }, $sum)", "T0410"),
        ("$sift(1, function($v) { $v })", "T0410"),
        ("$each([1], function($v) { $v })", "T0410"),
        ("$sift({'a': 1}, function() { false })", "undefined"),
        ("[3, 1, 2] ~> $sort(function($a, $b) { $a > $b })", "[1,2,3]"),
        ("[1..3] ~> $map(function($x) { $x * 2 }) ~> $reduce(function($a, $x) { $a + $x }, 100)", "112"),
        ("$map([1, 2], function($x) { $map([10, 20], function($y) { $x + $y }) })", "[[11,21],[12,22]]"),
        ("$map([1, 2], function($x) { ($n := $n ? $n + 1 : $x; $n) })", "[1,2]"),
        ("$map([1, 2], function($x) { function() { $x } }).$()", "[1,2]"),
        ("$map([1, 2], function($x, $x) { $x })", "[0,1]"),
        ("$map([1, 2], function($x)<n:n> { $x + 1 })", "[2,3]"),
        ("$map([1, 2], function($x) { $x }[1])", "T0410"),
        ("$map([1, 2], function($x) { $x }[0])", "[1,2]"),
        ("(function($f) { $map([1, 2], $f) })(function($x) { -$x })", "[-1,-2]"),
        ("($twice := function($f) { $f ~> $f }; $twice(function($x) { $x + 3 })(1))", "7"),
        ("($add := function($a, $b) { $a + $b }; $add(?, 10)(5))", "15"),
        ("($f := function($n, $s) { $n = 0 ? $s : $f($n - 1, $s + $n) }; $f(10000, 0))", "50005000"),
        ("($x := 1; $get := function() { $x }; $x := 2; $get())", "2"),
        ("($x := 1; ($x := 2; $x) + $x)", "3"),
        ("shop.$uppercase()", r#""COATS & CO""#),
        ("$replace(shop, /c(o)/i, '[$1]')", r#""[o]ats & [o]""#),
        ("$match('a1b22', /[0-9]+/).match", r#"["1","22"]"#),
        ("$replace('a1b2', /\\d/, function($m) { '<' & $m.match & '>' })", r#""a<1>b<2>""#),
        (
            "$ ~> |orders.lines|{'qty': 0}, 'price'| ~> function($d) { $d.orders[1] }",
            r#"{"id":2,"lines":[{"sku":"rain","qty":0}]}"#,
        ),
        ("$contains('A', /[\\ud83d\\u0041]/)", "true"),
        ("$contains('\u{1F600}', /\\ud83d\\ude00/)", "true"),
        ("$now()", r#""2020-01-01T00:00:00.000Z""#),
        ("$partition([1..5], 2)", "[[1,2],[3,4],[5]]"),
        ("$range(0, 1, 0.25)", "[0,0.25,0.5,0.75,1]"),
        ("$hash('coat', 'MD5')", r#""77eaa26cdfae788af243f9fb04650eb3""#),
        ("$random(42)", "0.7275636800328681"),
        ("$parse('{\"a\": [1.50]}').a", "[1.50]"),
        ("$sum", "function"),
        // What jsonata 2.0.6 itself has said of drawn expressions.
        ("$not(nothing)", "undefined"),
        ("$sum ? 1 : 2", "1"),
        ("$boolean($sum)", "false"),
        ("$not($sum)", "true"),
        ("$count($filter([1, 2], function() { $sum }))", "2"),
        ("$substring('abc', nothing, 2)", r#""""#),
        ("$substring('abc', nothing)", r#""abc""#),
        ("$split('5', /x?5/, 0.5)", r#"[""]"#),
        ("$substring(?, nothing)('abc')", r#""abc""#),
        ("(function($x, $y)<n:n> { $x }(?, 1))('abc')", r#""abc""#),
        ("orders.lines^(>nothing).qty", "[2,1,4]"),
        ("[{'a': 1}, {}, {'a': 2}]^(>a).$string()", r#"["{\"a\":2}","{\"a\":1}","{}"]"#),
        ("[{'a': 1}, {}, {'a': 2}]^(a).$string()", r#"["{\"a\":1}","{\"a\":2}","{}"]"#),
        ("[].a.b", "[]"),
        ("$string.$type($)", r#""function""#),
        ("[]{'a': 1}", r#"{"a":1}"#),
        ("orders.[][0]", "undefined"),
        ("$round(2.25, 2.5) ? 1 : 2", "2"),
        ("$power(2, nothing)", "D3061"),
        ("$string($round(2.25, 2.5))", "D3001"),
        ("{", "S0203"),
        ("1 +", "S0207"),
        ("a#", "S0214"),
        ("[1, 2, ]", "S0211"),
        ("$sum(1, )", "S0211"),
        ("[/a/]", "S0211"),
        ("a[] / b", "S0302"),
        // What goes wrong.
        ("1 + 'a'", "T2002"),
        ("1 < 'a'", "T2009"),
        ("sum([1])", "T1005"),
        ("nope(1)", "T1006"),
        ("$eval('1')", "T1006"),
        ("$uppercase(1)", "T0410"),
        ("orders.lines{price: 1}", "T1003"),
        ("{'a': 1, 'a': 2}", "D1009"),
        ("$error('oh')", "D3137"),
        ("function($x)<n:n>{$x}('a')", "T0410"),
    ] {
        assert_eq!(outcome(text, Some(SHOP), Limits::STATE), expected, "{text}");
    }
}

#[test]
fn documents_that_are_arrays() {
    for (text, expected) in [
        ("$", "[[1,2],[3]]"),
        ("$$", "[[1,2],[3]]"),
        ("$[1]", "[3]"),
        ("$count($)", "2"),
        ("$string()", r#""[[1,2],[3]]""#),
    ] {
        assert_eq!(outcome(text, Some("[[1,2],[3]]"), Limits::STATE), expected, "{text}");
    }
}

/// What jsonata 2.0.6 itself says where its ways are its own.
#[test]
fn as_the_reference_has_it() {
    const ONE: &str = r#"{"a":1,"b":"two","c":[3,4,5],"d":{"a":6,"b":[{"a":7},{"a":8}]},"e":[]}"#;
    const MANY: &str = r#"[{"a":1,"b":[[1,2],[3]]},{"a":2,"b":"s"}]"#;
    for (text, document, expected) in [
        // `$spread` appends what an array's elements give: a plain array, of one element, too.
        ("$spread(b[])", ONE, r#"["two"]"#),
        ("$spread(b)", ONE, r#""two""#),
        ("$spread([{'a': 1}])", ONE, r#"[{"a":1}]"#),
        ("$spread([[]])", ONE, "[]"),
        ("$spread([])", ONE, "undefined"),
        // A path that begins with a variable goes on from the context as one.
        ("{'l': $$#$z.[$z]}", MANY, r#"{"l":[0,1]}"#),
        ("{'l': $#$z.[$z]}", MANY, r#"{"l":[0,1]}"#),
        ("($q := $; {'l': $q@$z.[$z.a]})", MANY, r#"{"l":[1,2]}"#),
        (
            "$$@$x.a@$x",
            MANY,
            r#"[[[{"a":1,"b":[[1,2],[3]]},{"a":2,"b":"s"}]],[[{"a":1,"b":[[1,2],[3]]},{"a":2,"b":"s"}]],[[{"a":1,"b":[[1,2],[3]]},{"a":2,"b":"s"}]],[[{"a":1,"b":[[1,2],[3]]},{"a":2,"b":"s"}]]]"#,
        ),
        // There a constructed array is one element, and a path that begins with a name goes through its elements.
        ("a.[].($.$string(1))", ONE, r#""1""#),
        ("a.[[1], [2]].($.$string($))", ONE, r#""[[1],[2]]""#),
        ("a.[[1], [2]].($x := $; $x.$string($))", ONE, r#""[[1],[2]]""#),
        ("a.[{'b': [1]}].($x := $; $x.b)", ONE, "1"),
        ("a.[{'b': [1]}].b", ONE, "1"),
        ("a.[1, 2].(*.$string($))", ONE, "undefined"),
        ("a.[1, 2].($x := $; [$x, 3].$string($))", ONE, r#"["1","2","3"]"#),
        ("($x := [1, 2]; $x.$string($))", ONE, r#"["1","2"]"#),
        // What is sorted is a sequence before, and a plain array behind.
        ("e^(a)", ONE, "undefined"),
        ("[e^(a)]", ONE, "[]"),
        ("[]^(a)", ONE, "undefined"),
        ("{'x': [5]}.x^($)", ONE, "5"),
        ("{'x': [[5, 6]]}.x^($)", ONE, "[5,6]"),
        ("[5]^($)", ONE, "5"),
        ("c[$ = 3]^($)[]", ONE, "[3]"),
        ("$distinct(d.b.(7)^($))", ONE, "[7]"),
        // A call in the last place of a function has the context of whoever called that function.
        ("$map([1, 2], function($x) { $string() })", ONE, r#"["null","null"]"#),
        ("$map([1, 2], function($x) { $string() & '' })[0]", "7", r#""7""#),
        ("$map([1], function($x) { $abs() })", "7", "T0411"),
        ("d.b.(function() { $string() }())", ONE, r#"["{\"a\":7}","{\"a\":8}"]"#),
        ("($f := function() { $string() }; c.$f())", ONE, r#"["3","4","5"]"#),
        // So has it the result as it is, before a sequence becomes its element.
        ("$each({'b': [2]}, function($x) { $lookup($x, 'q') })", ONE, "[]"),
        ("$lookup([{'q': 1}], 'q')", ONE, "1"),
        // `**` of what has no parts is that, not a sequence of it.
        ("**[]", "7", "7"),
        ("$.**[]", "7", "[7]"),
        // `*` appends the elements of arrays: a plain array.
        ("{'a': [5]}.*", ONE, "[5]"),
        ("{'a': 5}.*", ONE, "5"),
        ("{'a': []}.*", ONE, "[]"),
        ("{'a': [5, 6]}.*", ONE, "[5,6]"),
        ("[].a#$x.b", ONE, "[]"),
        // The parent of what a document's elements have is the document.
        ("$$@$z.a.%.(1)", MANY, "[1,1,1,1,1,1,1,1]"),
        // A predicate that is nothing but `%` is undefined.
        ("d[%].b", ONE, "undefined"),
        // A group of one tuple takes the item out of it.
        ("a.%{'k': a, 'l': c}", ONE, r#"{"k":1}"#),
        ("a.%{'k': a}", ONE, r#"{"k":1}"#),
        // Comparisons of `$sort` are true as JavaScript has it.
        ("$sort([3, 1, 2], function($a, $b) { [] })", ONE, "[2,1,3]"),
        ("$sort([3, 1, 2], function($a, $b) { {} })", ONE, "[2,1,3]"),
        ("$sort([3, 1, 2], function($a, $b) { '' })", ONE, "[3,1,2]"),
        ("$sort([3, 1, 2], function($a, $b) { $keys(nope) })", ONE, "[2,1,3]"),
        // What `~>` gives is the value of an expression, also in the last place of a function; a function called last in one
        // that `~>` calls has no context.
        ("$each({'a': 1}, function($x) { [1] ~> function($y) { $keys(0) } })", ONE, "undefined"),
        ("$each({'a': 1}, function($x) { $keys(0) })", ONE, "[]"),
        ("nope ~> function($x) { $not() }", ONE, "true"),
        // Nothing is looked for if nothing may be found, and nothing behind the first match if that is enough.
        ("$replace('The', nope, 'y', 0)", ONE, r#""The""#),
        ("$split('The', nope, 0)", ONE, "[]"),
        ("$split('The', nope, -1)", ONE, "D3020"),
        ("$replace('The', nope, 'x', -1)", ONE, "D3011"),
        ("$match('The', nope, -1)", ONE, "T0410"),
        ("$contains('a b', /(a)|()/)", ONE, "true"),
        ("$match('a b', /(a)|()/)", ONE, "D1004"),
        // What is no number is no operand.
        ("$power(1, nope)", ONE, "D3061"),
        ("$round(1, 1e3) + true", ONE, "T2001"),
        ("-$round(1, 1e3)", ONE, "D1002"),
        ("$string([$round(1, 1e3), 1])", ONE, r#""[null,1]""#),
        ("$string($round(1, 1e3))", ONE, "D3001"),
        ("$formatBase($round(1, 1e3), 0)", ONE, "D3100"),
    ] {
        assert_eq!(outcome(text, Some(document), Limits::STATE), expected, "{text}");
    }
}

#[test]
fn everything_ends() {
    let tight = Limits { fuel: 200_000, depth: 50, length: 1_000, bytes: 4 << 20, nesting: 100 };
    for text in [
        "($f := function($n) { 1 + $f($n) }; $f(1))",
        "($f := function($n) { $f($n) }; $f(1))",
        "($f := function($n) { $n ~> $f }; $f(1))",
        "$pad('x', 3e9)",
        "($f := function($s) { $f($s & $s) }; $f('ab'))",
        "$reduce([1..1000], function($a, $x) { [[$a]] })",
        "$map([1..1000], function($x) { $map([1..1000], function($y) { $x * $y }) })",
        "[1..1000].[1..1000]",
        "$match('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', /^(a+)+\\1$/)",
    ] {
        let code = outcome(text, None, tight);
        assert!(code == "U1001" || code == "undefined", "{text}: {code}");
    }
    assert_eq!(outcome("[1..1001]", None, tight), "D2014");
}
