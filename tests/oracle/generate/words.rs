//! Documents, paths, calls, templates and rules from a seed.
//!
//! Data keep one rough shape (`a` an object, `l` a list, `n` a number, `s` a text, `t` a time, `f` a truth value, `z` a
//! number of seconds), so that most paths find something.

use super::{Json, Maker};

pub(super) const TEXTS: [&str; 8] = ["", "a", "ab", "abba", "B", "é", "x\"y\\z\n", "2020-01-01T00:00:00Z"];
pub(super) const NUMBERS: [&str; 9] = ["0", "1", "2", "-1", "3", "1.5", "1.0", "-2.5", "40"];
pub(super) const TIMES: [&str; 6] = [
    "2020-01-01T00:00:00Z",
    "2020-01-01T00:00:04Z",
    "2020-01-01T00:00:02.500Z",
    "2019-12-31T23:59:59Z",
    "2020-01-01T01:00:03+01:00",
    "2019-12-31T18:30:05.25-05:30",
];

impl Maker {
    pub(super) fn text(&mut self) -> Json {
        Json::text(self.dice.pick(&TEXTS))
    }

    pub(super) fn number(&mut self) -> Json {
        Json::Number(self.dice.pick(&NUMBERS).to_owned())
    }

    pub(super) fn scalar(&mut self) -> Json {
        match self.dice.below(6) {
            0 | 1 => self.number(),
            2 | 3 => self.text(),
            4 => Json::Bool(self.dice.chance(50)),
            _ => Json::Null,
        }
    }

    pub(super) fn document(&mut self, depth: usize) -> Json {
        let mut out = Json::Object(Vec::new());
        for key in ["n", "a", "l", "s", "t", "f", "z"] {
            if self.dice.chance(if depth == 0 { 2 } else { 5 }) {
                continue;
            }
            let value = match key {
                _ if self.dice.chance(2) => self.scalar(),
                "n" => self.number(),
                "s" => self.text(),
                "t" => Json::text(self.dice.pick(&TIMES)),
                "f" => Json::Bool(self.dice.chance(50)),
                "z" => Json::int(1 + self.dice.below(3) as i64),
                "a" if depth < 2 => self.document(depth + 1),
                "l" if depth < 2 => self.items(depth),
                _ => continue,
            };
            out.set(key, value);
        }
        out
    }

    fn items(&mut self, depth: usize) -> Json {
        let (length, objects) = (self.dice.below(5), self.dice.chance(60));
        Json::List((0..length).map(|_| if objects { self.document(depth + 1) } else { self.number() }).collect())
    }

    /// A path below `$`: most find something in a document.
    pub(super) fn below(&mut self) -> &'static str {
        let usual = ["$", "$.n", "$.s", "$.a", "$.l", "$.n", "$.s", "$.a.n", "$.l[*].n", "$..n"];
        let kinds = [
            "$.l[0:2]",
            "$.l[-1:]",
            "$.l[:1]",
            "$.l[1:]",
            "$.l[0,2]",
            "$['n']",
            "$['a']['s']",
            "$.a['n','s']",
            "$.l[-1]",
            "$.l[?(@.n > 1)]",
            "$.l[?(@.s == 'a')].n",
            "$.l[?(@.n)]",
            "$.l[?(@.n >= 0 && @.s != 'ab')].s",
            "$.a[?(@.n < 3)]",
            "$.l[*]['n','s']",
            "$..l[0]",
            "$.*",
        ];
        let rare = [
            "$.l[*].n",
            "$..s",
            "$.a.*",
            "$.l[7]",
            "$.t",
            "$.f",
            "$.a.s",
            "$.a.a",
            "$.l[0]",
            "$.a.l",
            "$.l[0]",
            "$.l[1]",
            "$.no",
            "$.a.no",
            "$.no.x",
            "$.l[*]",
            "$.n.x",
            "$.l[1].n",
            "$.r",
            "$.no[*].x",
            "$.n[*]",
            "$.l[*].no",
        ];
        match self.dice.below(100) {
            0..=2 => self.dice.pick(&rare),
            3..=17 => self.dice.pick(&kinds),
            _ => self.dice.pick(&usual),
        }
    }

    /// A path of any head.
    pub(super) fn path(&mut self) -> String {
        if !self.variables.is_empty() && self.dice.chance(12) {
            return self.variable_path();
        }
        if self.dice.chance(1) && !self.maybe.is_empty() {
            let n = self.dice.below(self.maybe.len());
            return format!("${}", self.maybe[n]);
        }
        if self.dice.chance(10) {
            let mut heads = vec![
                "$$.Execution.Input",
                "$$.Execution.Input.n",
                "$$.Execution.StartTime",
                "$$.State",
                "$$.State.Name",
                "$$.State.EnteredTime",
                "$$.Execution.RedriveCount",
            ];
            if self.dice.chance(5) {
                heads.push("$$.No");
            }
            if self.in_map {
                heads.extend(["$$.Map.Item.Index", "$$.Map.Item.Value"]);
            }
            return self.dice.pick(&heads).to_owned();
        }
        self.below().to_owned()
    }

    pub(super) fn variable_path(&mut self) -> String {
        let n = self.dice.below(self.variables.len());
        let tail = if self.dice.chance(85) { "" } else { self.dice.pick(&[".n", ".a", "[0]"]) };
        format!("${}{tail}", self.variables[n])
    }

    fn argument(&mut self, depth: usize) -> String {
        match self.dice.below(10) {
            0 if depth < 2 => self.call(depth + 1),
            1 => format!("'{}'", self.dice.pick(&["", "a", "a b", "x,y"])),
            2 => self.dice.pick(&NUMBERS).to_owned(),
            3 => self.dice.pick(&["true", "false", "null"]).to_owned(),
            _ => self.path(),
        }
    }

    /// An argument of a kind, right most of the time.
    fn argument_of(&mut self, kind: &str, depth: usize) -> String {
        if self.dice.chance(2) {
            return self.argument(depth);
        }
        let choices: &[&str] = match kind {
            "list" => &["$.l", "$.l[*].n", "$.l[0:2]", "States.Array($.n, 1, 'a')"],
            "number" => &["$.n", "0", "1", "2", "-1", "1.5", "$.n"],
            "index" => &["0", "0", "0", "0.9", "1"],
            "size" => &["1", "2", "2.6", "3", "$.z"],
            "text" => &["$.s", "'a,b-c'", "$.s", "''"],
            "object" => &["$.a", "$", "$.a"],
            "any" => &["$", "$.n", "$.l", "$.a", "$.s", "null", "true"],
            other => return other.to_owned(),
        };
        self.dice.pick(choices).to_owned()
    }

    pub(super) fn call(&mut self, depth: usize) -> String {
        const CALLS: &[(&str, &[&str])] = &[
            ("States.ArrayLength", &["list"]),
            ("States.ArrayGetItem", &["list", "index"]),
            ("States.ArrayContains", &["list", "number"]),
            ("States.ArrayRange", &["number", "number", "size"]),
            ("States.ArrayPartition", &["list", "size"]),
            ("States.ArrayUnique", &["States.Array(3, 1, 3, 'b', 2, 'a', 'b', $.z)"]),
            ("States.ArrayUnique", &["States.ArrayRange(5, 0, -2)"]),
            ("States.ArrayUnique", &["States.StringSplit('c,b,a,c', ',')"]),
            ("States.Array", &["number", "text", "object"]),
            ("States.Array", &[]),
            ("States.MathAdd", &["number", "number"]),
            ("States.MathRandom", &["1", "2"]),
            ("States.MathRandom", &["0", "40", "size"]),
            ("States.MathRandom", &["-3", "1", "7"]),
            ("States.StringSplit", &["text", "text"]),
            ("States.StringToJson", &["States.JsonToString($.a)"]),
            ("States.StringToJson", &["States.JsonToString($.l)"]),
            ("States.StringToJson", &["''"]),
            ("States.StringToJson", &["States.Format('[{}]', $.n)"]),
            ("States.JsonToString", &["any"]),
            ("States.JsonMerge", &["object", "object", "false"]),
            ("States.Format", &["'{}-{}'", "text", "object"]),
            ("States.Format", &["'{}'", "any"]),
            ("States.Hash", &["any", "'MD5'"]),
            ("States.Hash", &["text", "'SHA-1'"]),
            ("States.Hash", &["object", "'SHA-256'"]),
            ("States.Hash", &["text", "'SHA-384'"]),
            ("States.Hash", &["text", "'SHA-512'"]),
            ("States.Base64Encode", &["text"]),
            ("States.Base64Decode", &["States.Base64Encode($.s)"]),
            ("States.Base64Decode", &["'YWI'"]),
            ("States.ArrayLength", &["States.StringSplit(States.UUID(), '-')"]),
        ];
        let (name, kinds) = CALLS[self.dice.below(CALLS.len())];
        let arguments: Vec<String> = kinds.iter().map(|kind| self.argument_of(kind, depth)).collect();
        format!("{name}({})", arguments.join(self.dice.pick(&[", ", ","])))
    }

    pub(super) fn template(&mut self, depth: usize) -> Json {
        let mut out = Json::Object(Vec::new());
        // What later states will look for.
        for key in ["n", "a", "l", "s", "z", "t"] {
            if depth == 0 && self.dice.chance(80) {
                out.set(&format!("{key}.$"), Json::Text(format!("$.{key}")));
            }
        }
        for key in ["x", "y"] {
            let (key, value) = match self.dice.below(5) {
                0 => (key.to_owned(), self.scalar()),
                1 => (format!("{key}.$"), Json::Text(self.path())),
                2 => (format!("{key}.$"), Json::Text(self.call(0))),
                3 if depth < 2 => (key.to_owned(), self.template(depth + 1)),
                4 => {
                    (key.to_owned(), Json::List(vec![self.scalar(), Json::object([("z.$", Json::text(self.below()))])]))
                }
                _ => continue,
            };
            out.set(&key, value);
        }
        out
    }

    pub(super) fn rule(&mut self, depth: usize) -> Json {
        match self.dice.below(9) {
            0 if depth < 2 => Json::object([("And", Json::List(vec![self.rule(depth + 1), self.rule(depth + 1)]))]),
            1 if depth < 2 => Json::object([("Or", Json::List(vec![self.rule(depth + 1), self.rule(depth + 1)]))]),
            2 if depth < 2 => Json::object([("Not", self.rule(depth + 1))]),
            _ => self.data_test(),
        }
    }

    fn data_test(&mut self) -> Json {
        let names = ["$.n", "$.s", "$.t", "$.f", "$.n", "$.s", "$.a", "$", "$.a.f"];
        let variable = match self.dice.chance(85) {
            true => self.dice.pick(&names).to_owned(),
            false => self.path(),
        };
        // Others are no reference paths.
        let plain = !variable.contains("..") && !variable.contains(['*', ':', ',', '?']);
        let variable = if plain { variable } else { "$.n".to_owned() };
        let relation = self.dice.pick(&["Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"]);
        let (operator, operand) = match self.dice.below(8) {
            0 => (format!("Numeric{relation}"), self.number()),
            1 => (format!("String{relation}"), self.text()),
            2 => ("BooleanEquals".to_owned(), Json::Bool(self.dice.chance(50))),
            3 => (format!("Timestamp{relation}"), Json::text(self.dice.pick(&TIMES))),
            4 => (
                "StringMatches".to_owned(),
                Json::text(self.dice.pick(&["*", "a*", "*b*a", "ab", "*b", "2020*Z", "x*\\\\z*", "a\\*", "*"])),
            ),
            5 => {
                let kind = self.dice.pick(&["Numeric", "String", "Timestamp"]);
                let operand = match kind {
                    _ if self.dice.chance(20) => self.dice.pick(&names),
                    "Numeric" => self.dice.pick(&["$.n", "$.a.n", "$.z"]),
                    "String" => self.dice.pick(&["$.s", "$.a.s", "$$.State.Name"]),
                    _ => self.dice.pick(&["$.t", "$$.State.EnteredTime", "$$.Execution.StartTime"]),
                };
                (format!("{kind}{relation}Path"), Json::text(operand))
            }
            6 => ("BooleanEqualsPath".to_owned(), Json::text(self.dice.pick(&["$.f", "$.a.f", "$.n"]))),
            _ => {
                let of = ["Null", "Present", "String", "Numeric", "Boolean", "Timestamp", "Present"];
                (format!("Is{}", self.dice.pick(&of)), Json::Bool(self.dice.chance(60)))
            }
        };
        let mut rule = Json::object([("Variable", Json::Text(variable)), (&operator, operand)]);
        if self.dice.chance(5) {
            rule.set("Comment", Json::text("a test"));
        }
        rule
    }
}
