//! JSONata expressions and documents, drawn from a seed: most can be read and evaluated, some are broken on purpose.
//!
//! Nothing drawn here runs for ever in an engine without limits: functions do not call themselves and ranges are short.
//! What depends on a clock, on chance or on the engine (`$now`, `$random`, `$eval`, what AWS has added) is left out.

/// A stream of random numbers that is the same everywhere.
pub struct Random(u64);

impl Random {
    /// The stream of that number.
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }

    fn of<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.below(choices.len())]
    }
}

/// The documents that expressions are evaluated over.
pub const DOCUMENTS: &[&str] = &[
    r#"{"a":1,"b":"two","c":[3,4,5],"d":{"a":6,"b":[{"a":7,"c":"x"},{"a":8,"c":"y"},{"a":7}],"c":null},"e":[],"f":true}"#,
    r#"{"a":[{"b":1,"c":"x","d":[1,2]},{"b":2,"c":"y","d":[3]},{"b":1,"c":"z"}],"b":{"a":{"a":{"a":"deep"}}},"c":"5","d":-1.5}"#,
    r#"[{"a":1,"b":[[1,2],[3]]},{"a":2,"b":"s","c":{"d":null}},{"a":"1","c":{"d":[]}}]"#,
    r#"{"a":[1,[2,[3,[]]]],"b":["x","y","x",""],"c":{},"d":[{"a":[]},{"a":[{"b":1}]},{"a":[{"b":2},{"b":3}]}],"e":1e3,"f":false}"#,
    r#"[1,"2",null,[3],{"a":4},true]"#,
    r#"{"a":"The quick brown fox","b":"2020-02-29T12:34:56.789Z","c":"äö€😀","d":[10,9,8.25,100,-3],"e":"a,b,,c"}"#,
    r#""text""#,
    "7",
];

const NAMES: &[&str] = &["a", "b", "c", "d", "e", "f", "nope"];
const VARIABLES: &[&str] = &["$x", "$y", "$z"];
const NUMBERS: &[&str] = &["0", "1", "2", "3", "-1", "10", "0.5", "2.25", "-3.75", "1e3", "7", "100", "1582936496789"];
const STRINGS: &[&str] = &[
    "''",
    "'x'",
    "'y'",
    "'two'",
    "'5'",
    "'a b'",
    "\"The\"",
    "'äö'",
    "'😀'",
    "'-12.5'",
    "'2020-02-29'",
    "'1e2'",
    "','",
    "'q'",
];
const REGEXES: &[&str] =
    &["/x/", "/[a-z]+/", "/(\\d+)/", "/Q/i", "/o(.)/", "/^a/m", "/\\s/", "/(a)|(b)/", "/,/", "/.*/", "/e$/", "/ö|€/"];
const OPERATORS: &[&str] =
    &["+", "-", "*", "/", "%", "&", "=", "!=", "<", "<=", ">", ">=", "and", "or", "in", "=", "&", "<"];

/// Functions with their parameters: `s` text, `n` a number, `a` an array, `o` an object, `x` anything, `r` text or a regular
/// expression, `1` to `4` a function of so many parameters; what stands behind `?` may be left out.
const FUNCTIONS: &[(&str, &str)] = &[
    ("sum", "a"),
    ("count", "a"),
    ("max", "a"),
    ("min", "a"),
    ("average", "a"),
    ("string", "x?b"),
    ("substring", "sn?n"),
    ("substringBefore", "ss"),
    ("substringAfter", "ss"),
    ("lowercase", "s"),
    ("uppercase", "s"),
    ("length", "s"),
    ("trim", "s"),
    ("pad", "sn?s"),
    ("match", "sr?n"),
    ("contains", "sr"),
    ("replace", "srs?n"),
    ("split", "sr?n"),
    ("join", "a?s"),
    ("formatNumber", "np"),
    ("formatBase", "n?n"),
    ("formatInteger", "ni"),
    ("parseInteger", "si"),
    ("number", "x"),
    ("floor", "n"),
    ("ceil", "n"),
    ("round", "n?n"),
    ("abs", "n"),
    ("sqrt", "n"),
    ("power", "nn"),
    ("boolean", "x"),
    ("not", "x"),
    ("map", "a3"),
    ("zip", "a?a"),
    ("filter", "a3"),
    ("single", "a?3"),
    ("reduce", "a4?x"),
    ("sift", "o3"),
    ("keys", "x"),
    ("lookup", "xs"),
    ("append", "xx"),
    ("exists", "x"),
    ("spread", "x"),
    ("merge", "a"),
    ("reverse", "a"),
    ("each", "o3"),
    ("error", "?s"),
    ("assert", "b?s"),
    ("type", "x"),
    ("sort", "a?2"),
    ("distinct", "x"),
    ("base64encode", "s"),
    ("base64decode", "s"),
    ("encodeUrlComponent", "s"),
    ("encodeUrl", "s"),
    ("decodeUrlComponent", "s"),
    ("decodeUrl", "s"),
    ("toMillis", "s?t"),
    ("fromMillis", "n?t"),
    ("clone", "o"),
];
const PICTURES: &[&str] = &["'#,##0.00'", "'0'", "'00%'", "'#0.0e0'", "'0;(0)'", "'###'", "'1'", "''"];
const INTEGER_PICTURES: &[&str] =
    &["'0'", "'w'", "'W'", "'Ww'", "'I'", "'i'", "'A'", "'000'", "'#,##0'", "'1;o'", "'w;o'"];
const TIME_PICTURES: &[&str] = &[
    "'[Y]-[M01]-[D01]'",
    "'[H01]:[m01]:[s01].[f001]'",
    "'[FNn], [D1o] [MNn] [Y]'",
    "'[h]:[m01] [P]'",
    "'[d]'",
    "'[W]'",
    "'[X0001]'",
    "'[Z]'",
];

/// Draws one expression after the other.
pub struct Generator<'r> {
    random: &'r mut Random,
}

impl<'r> Generator<'r> {
    /// From that stream.
    pub fn new(random: &'r mut Random) -> Generator<'r> {
        Generator { random }
    }

    /// The next expression; one in six is damaged.
    pub fn next(&mut self) -> String {
        let depth = 1 + self.random.below(4);
        let text = self.expression(depth);
        if self.random.below(6) == 0 { self.damaged(&text) } else { text }
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.atom();
        }
        let d = depth - 1;
        match self.random.below(26) {
            0..=4 => self.path(d),
            5..=8 => self.call(d),
            9..=12 => format!("{} {} {}", self.operand(d), self.random.of(OPERATORS), self.operand(d)),
            13 => format!("[{}]", self.list(d)),
            14 => self.object(d),
            15 => format!("({})", self.expression(d)),
            16 => self.block(d),
            17 => format!("{} ? {} : {}", self.operand(d), self.expression(d), self.expression(d)),
            18 => format!("{} ? {}", self.operand(d), self.expression(d)),
            19 => format!("[{}..{}]", self.small(), self.small()),
            20 => format!("-{}", self.operand(d)),
            21 => self.chain(d),
            22 => format!("{}({})", self.function(2, d), self.list(d)),
            23 => self.partial(d),
            24 => self.transform(d),
            _ => self.path(d),
        }
    }

    fn atom(&mut self) -> String {
        match self.random.below(14) {
            0..=4 => self.random.of(NAMES).to_owned(),
            5 | 6 => self.random.of(NUMBERS).to_owned(),
            7 | 8 => self.random.of(STRINGS).to_owned(),
            9 => self.random.of(&["true", "false", "null"]).to_owned(),
            10 => self.random.of(&["$", "$$", "*", "**"]).to_owned(),
            11 => self.random.of(VARIABLES).to_owned(),
            12 => "[]".to_owned(),
            _ => self.random.of(NAMES).to_owned(),
        }
    }

    fn small(&mut self) -> &'static str {
        self.random.of(&["0", "1", "2", "3", "-2", "5", "a", "1.5"])
    }

    fn operand(&mut self, depth: usize) -> String {
        match self.random.below(3) {
            0 => self.atom(),
            1 => self.path(depth),
            _ => format!("({})", self.expression(depth)),
        }
    }

    fn list(&mut self, depth: usize) -> String {
        let count = self.random.below(4);
        (0..count).map(|_| self.expression(depth)).collect::<Vec<_>>().join(", ")
    }

    fn object(&mut self, depth: usize) -> String {
        let count = self.random.below(3);
        let pairs: Vec<String> = (0..count)
            .map(|_| {
                let key = match self.random.below(6) {
                    0 => self.expression(depth),
                    1 => "$string(a)".to_owned(),
                    _ => self.random.of(&["'k'", "'l'", "\"m\"", "'a'", "c"]).to_owned(),
                };
                format!("{key}: {}", self.expression(depth))
            })
            .collect();
        format!("{{{}}}", pairs.join(", "))
    }

    fn block(&mut self, depth: usize) -> String {
        let name = self.random.of(VARIABLES);
        let value = if self.random.below(4) == 0 { self.function(1, depth) } else { self.expression(depth) };
        match self.random.below(3) {
            0 => format!("({name} := {value}; {})", self.expression(depth)),
            1 => format!("({name} := {value}; {name})"),
            _ => format!("({}; {})", self.expression(depth), self.expression(depth)),
        }
    }

    fn path(&mut self, depth: usize) -> String {
        let mut path = match self.random.below(8) {
            0 => "$".to_owned(),
            1 => "$$".to_owned(),
            2 => format!("({})", self.expression(depth)),
            3 => self.random.of(VARIABLES).to_owned(),
            4 => self.random.of(&["*", "**"]).to_owned(),
            _ => self.random.of(NAMES).to_owned(),
        };
        path.push_str(&self.suffix(depth));
        for _ in 0..self.random.below(4) {
            let step = match self.random.below(12) {
                0 => "*".to_owned(),
                1 => "**".to_owned(),
                2 => format!("({})", self.expression(depth)),
                3 => self.object(depth),
                4 => format!("[{}]", self.list(depth)),
                5 => self.call(depth),
                6 => "%".to_owned(),
                _ => self.random.of(NAMES).to_owned(),
            };
            path = format!("{path}.{step}{}", self.suffix(depth));
        }
        path
    }

    /// What may stand behind a step.
    fn suffix(&mut self, depth: usize) -> String {
        match self.random.below(22) {
            0 => "[0]".to_owned(),
            1 => "[-1]".to_owned(),
            2 => "[]".to_owned(),
            3 => format!("[{}]", self.expression(depth)),
            4 => {
                format!("[{} {} {}]", self.random.of(NAMES), self.random.of(&["=", ">", "<=", "!=", "in"]), self.atom())
            }
            5 => format!("^({}{})", self.random.of(&["", "<", ">"]), self.random.of(NAMES)),
            6 => format!("^({}, >{})", self.random.of(NAMES), self.expression(depth)),
            7 => format!("#{}", self.random.of(VARIABLES)),
            8 => format!("@{}", self.random.of(VARIABLES)),
            9 => self.object(depth),
            _ => String::new(),
        }
    }

    fn call(&mut self, depth: usize) -> String {
        let (name, parameters) = FUNCTIONS[self.random.below(FUNCTIONS.len())];
        let (needed, optional) = parameters.split_once('?').unwrap_or((parameters, ""));
        let take = self.random.below(optional.len() + 1);
        let mut arguments: Vec<String> =
            needed.chars().chain(optional.chars().take(take)).map(|kind| self.argument(kind, depth)).collect();
        match self.random.below(16) {
            0 => drop(arguments.pop()),
            1 => arguments.push(self.atom()),
            _ => {}
        }
        format!("${name}({})", arguments.join(", "))
    }

    fn argument(&mut self, kind: char, depth: usize) -> String {
        if self.random.below(7) == 0 {
            return self.expression(depth);
        }
        match kind {
            's' if self.random.below(2) == 0 => self.random.of(STRINGS).to_owned(),
            's' => format!("$string({})", self.expression(depth)),
            'n' if self.random.below(2) == 0 => self.random.of(NUMBERS).to_owned(),
            'n' => format!("$count({})", self.expression(depth)),
            'b' => self.random.of(&["true", "false", "a = 1"]).to_owned(),
            'a' => match self.random.below(3) {
                0 => format!("[{}]", self.list(depth)),
                1 => self
                    .random
                    .of(&["[1, 2, 3]", "['b', 'a']", "[3, 1, 2, 1]", "[{'a': 1}, {'b': 2}]", "[]"])
                    .to_owned(),
                _ => self.path(depth),
            },
            'o' => {
                if self.random.below(2) == 0 {
                    self.object(depth)
                } else {
                    self.random.of(&["$", "d", "{'a': 1, 'b': [2]}"]).to_owned()
                }
            }
            'r' if self.random.below(2) == 0 => self.random.of(REGEXES).to_owned(),
            'r' => self.random.of(STRINGS).to_owned(),
            'p' => self.random.of(PICTURES).to_owned(),
            'i' => self.random.of(INTEGER_PICTURES).to_owned(),
            't' => self.random.of(TIME_PICTURES).to_owned(),
            '1'..='4' => {
                let most = kind as usize - '0' as usize;
                let count = 1 + self.random.below(most);
                self.function(count, depth)
            }
            _ => self.expression(depth),
        }
    }

    fn function(&mut self, parameters: usize, depth: usize) -> String {
        if self.random.below(8) == 0 {
            return self
                .random
                .of(&["$string", "$sum", "$exists", "$uppercase", "$not", "$append", "$count"])
                .to_owned();
        }
        let names = &["$x", "$y", "$z", "$w"][..parameters.min(4)];
        let signature =
            if self.random.below(12) == 0 { self.random.of(&["<n:n>", "<s-:s>", "<xx?:x>", "<a:a>"]) } else { "" };
        let body = match self.random.below(5) {
            0 => "$x".to_owned(),
            1 => format!("$x {} {}", self.random.of(OPERATORS), self.random.of(&["$y", "1", "'x'", "$x.a"])),
            2 => format!("{{'v': $x, 'w': {}}}", self.atom()),
            _ => self.expression(depth),
        };
        format!("function({}){signature}{{{body}}}", names.join(", "))
    }

    fn chain(&mut self, depth: usize) -> String {
        let first = self.expression(depth);
        match self.random.below(4) {
            0 => format!("{first} ~> {}", self.function(1, depth)),
            1 => format!("{first} ~> $string ~> $length"),
            _ => format!("{first} ~> {}", self.call(depth)),
        }
    }

    fn partial(&mut self, depth: usize) -> String {
        match self.random.below(3) {
            0 => format!("({}(?, {}))({})", self.function(2, depth), self.atom(), self.expression(depth)),
            1 => format!("$substring(?, {})({})", self.small(), self.random.of(STRINGS)),
            _ => format!("$map({}, $append(?, {}))", self.path(depth), self.atom()),
        }
    }

    fn transform(&mut self, depth: usize) -> String {
        let delete = if self.random.below(2) == 0 { ", 'a'".to_owned() } else { String::new() };
        format!("$ ~> |{}|{}{delete}|", self.path(depth), self.object(depth))
    }

    /// A text with a token more, less or elsewhere.
    fn damaged(&mut self, text: &str) -> String {
        let tokens: Vec<&str> = tokens(text);
        let at = self.random.below(tokens.len());
        let mut kept: Vec<&str> = tokens.clone();
        match self.random.below(4) {
            0 => drop(kept.remove(at)),
            1 => kept.insert(at, tokens[self.random.below(tokens.len())]),
            2 => kept.insert(
                at,
                self.random.of(&[
                    "(", ")", "[", "]", "{", "}", ".", ";", ",", ":=", "?", "%", "'", "/", "|", "..", "~>", "and",
                    "function",
                ]),
            ),
            _ => kept.swap(at, self.random.below(tokens.len())),
        }
        kept.concat()
    }
}

/// A text in pieces: words, blanks, and every other character by itself.
fn tokens(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '$';
        let length = match word(first) {
            true => rest.find(|c| !word(c)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (piece, behind) = rest.split_at(length);
        pieces.push(piece);
        rest = behind;
    }
    pieces
}
