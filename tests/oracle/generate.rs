//! Machines and inputs from a seed: every one is accepted at creation, most run deep, some fail in every way there is.
//!
//! Flows in: a seed. Flows out: a [`Pair`]. Data keep one rough shape (`a` an object, `l` a list, `n` a number, `s` a text,
//! `t` a time, `f` a truth value), so that most paths find something.

use super::interpreter::Mocked;
use super::json::Json;
use std::collections::BTreeMap;

/// A machine, an input, and what its tasks come to.
pub struct Pair {
    pub definition: Json,
    pub input: Json,
    pub tasks: BTreeMap<String, Vec<Mocked>>,
}

/// Numbers from a seed (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.roll() % n as u64) as usize
    }

    /// Whether a thing happens that happens so many times in a hundred.
    fn chance(&mut self, percent: u64) -> bool {
        self.roll() % 100 < percent
    }

    fn pick<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.below(choices.len())]
    }
}

struct Maker {
    dice: Dice,
    states: usize,
    variables: Vec<String>,
    tasks: BTreeMap<String, Vec<Mocked>>,
    in_map: bool,
}

const ERRORS: [&str; 4] = ["Busy", "Broken", "States.Timeout", "Lambda.Unknown"];
const TEXTS: [&str; 8] = ["", "a", "ab", "abba", "B", "é", "x\"y\\z\n", "2026-01-01T00:00:00Z"];
const NUMBERS: [&str; 9] = ["0", "1", "2", "-1", "3", "1.5", "1.0", "-2.5", "40"];
const TIMES: [&str; 3] = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "2025-12-31T23:59:59Z"];

pub fn pair(seed: u64) -> Pair {
    let mut maker = Maker { dice: Dice(seed), states: 0, variables: Vec::new(), tasks: BTreeMap::new(), in_map: false };
    let mut definition = maker.scope(0);
    if maker.dice.chance(8) {
        let seconds = 1 + maker.dice.below(6) as i64;
        definition.set("TimeoutSeconds", Json::int(seconds));
    }
    let input = maker.document(0);
    Pair { definition, input, tasks: maker.tasks }
}

impl Maker {
    fn text(&mut self) -> Json {
        Json::text(self.dice.pick(&TEXTS))
    }

    fn number(&mut self) -> Json {
        Json::Number(self.dice.pick(&NUMBERS).to_owned())
    }

    fn scalar(&mut self) -> Json {
        match self.dice.below(6) {
            0 | 1 => self.number(),
            2 | 3 => self.text(),
            4 => Json::Bool(self.dice.chance(50)),
            _ => Json::Null,
        }
    }

    fn document(&mut self, depth: usize) -> Json {
        let mut out = Json::Object(Vec::new());
        for key in ["n", "a", "l", "s", "t", "f"] {
            if self.dice.chance(if depth == 0 { 2 } else { 12 }) {
                continue;
            }
            let value = match key {
                _ if self.dice.chance(2) => self.scalar(),
                "n" => self.number(),
                "s" => self.text(),
                "t" => Json::text(self.dice.pick(&TIMES)),
                "f" => Json::Bool(self.dice.chance(50)),
                "a" if depth < 2 => self.document(depth + 1),
                "l" if depth < 2 => self.list(depth),
                _ => continue,
            };
            out.set(key, value);
        }
        out
    }

    fn list(&mut self, depth: usize) -> Json {
        let (length, objects) = (self.dice.below(5), self.dice.chance(60));
        Json::List((0..length).map(|_| if objects { self.document(depth + 1) } else { self.number() }).collect())
    }

    /// A path below `$`: most find something in a document.
    fn below(&mut self) -> &'static str {
        let usual = ["$", "$.n", "$.s", "$.a", "$.l", "$.n", "$.s", "$.a.n", "$.l[*].n", "$..n"];
        let rare = [
            "$.l[*].n", "$..s", "$.a.*", "$.l[7]", "$.t", "$.f", "$.a.s", "$.a.a", "$.l[0]", "$.a.l", "$.l[0]",
            "$.l[1]", "$.no", "$.a.no", "$.no.x", "$.l[*]", "$.n.x", "$.l[1].n", "$.r",
        ];
        if self.dice.chance(96) { self.dice.pick(&usual) } else { self.dice.pick(&rare) }
    }

    /// A path of any head.
    fn path(&mut self) -> String {
        if !self.variables.is_empty() && self.dice.chance(12) {
            let n = self.dice.below(self.variables.len());
            let tail = if self.dice.chance(80) { "" } else { self.dice.pick(&[".n", ".a", "[0]"]) };
            return format!("${}{tail}", self.variables[n]);
        }
        if self.dice.chance(10) {
            let mut heads =
                vec!["$$.Execution.Input", "$$.Execution.Input.n", "$$.State.Name", "$$.State.EnteredTime", "$$.No"];
            if self.in_map {
                heads.extend(["$$.Map.Item.Index", "$$.Map.Item.Value"]);
            }
            return self.dice.pick(&heads).to_owned();
        }
        self.below().to_owned()
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

    fn call(&mut self, depth: usize) -> String {
        let mut of = |kind: &str| -> String {
            // A right argument most of the time.
            if self.dice.chance(3) {
                return self.argument(depth);
            }
            match kind {
                "list" => self.dice.pick(&["$.l", "$.l[*].n", "$.l", "States.Array($.n, 1, 'a')"]).to_owned(),
                "number" => self.dice.pick(&["$.n", "0", "1", "2", "-1", "1.5", "$.n"]).to_owned(),
                "index" => self.dice.pick(&["0", "0", "0", "0.9", "1"]).to_owned(),
                "size" => self.dice.pick(&["1", "2", "2.6", "3", "$.n"]).to_owned(),
                "text" => self.dice.pick(&["$.s", "'a,b-c'", "$.s", "''"]).to_owned(),
                "object" => self.dice.pick(&["$.a", "$", "$.a"]).to_owned(),
                other => other.to_owned(),
            }
        };
        match of("any").as_str() {
            "any" => {}
            other => return format!("States.JsonToString({other})"),
        }
        let mut three = |name: &str, kinds: &[&str]| {
            let arguments: Vec<String> = kinds.iter().map(|kind| of(kind)).collect();
            format!("{name}({})", arguments.join(", "))
        };
        let which = (three("", &["number", "list"]).len() * 31 + depth) % 10;
        match which {
            0 => three("States.ArrayLength", &["list"]),
            1 => three("States.ArrayGetItem", &["list", "index"]),
            2 => three("States.ArrayContains", &["list", "number"]),
            3 => three("States.ArrayRange", &["number", "number", "size"]),
            4 => three("States.MathAdd", &["number", "number"]),
            5 => three("States.StringSplit", &["text", "text"]),
            6 => three("States.JsonMerge", &["object", "object", "false"]),
            7 => three("States.ArrayPartition", &["list", "size"]),
            8 => three("States.Array", &["number", "text", "object"]),
            _ => three("States.Format", &["'{}-{}'", "text", "object"]),
        }
    }

    fn template(&mut self, depth: usize) -> Json {
        let mut out = Json::Object(Vec::new());
        // What later states will look for.
        for (key, path) in [("n.$", "$.n"), ("a.$", "$.a"), ("l.$", "$.l"), ("s.$", "$.s")] {
            if depth == 0 && self.dice.chance(80) {
                out.set(key, Json::text(path));
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

    fn rule(&mut self, depth: usize) -> Json {
        match self.dice.below(9) {
            0 if depth < 2 => Json::object([("And", Json::List(vec![self.rule(depth + 1), self.rule(depth + 1)]))]),
            1 if depth < 2 => Json::object([("Or", Json::List(vec![self.rule(depth + 1), self.rule(depth + 1)]))]),
            2 if depth < 2 => Json::object([("Not", self.rule(depth + 1))]),
            _ => {
                let names = ["$.n", "$.s", "$.t", "$.f", "$.n", "$.s", "$.a", "$", "$.a.f"];
                let variable = match self.dice.chance(85) {
                    true => self.dice.pick(&names).to_owned(),
                    false => self.path().split(['[', '*']).next().unwrap_or("$").trim_end_matches('.').to_owned(),
                };
                let relation =
                    self.dice.pick(&["Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"]);
                let (operator, operand) = match self.dice.below(7) {
                    0 => (format!("Numeric{relation}"), self.number()),
                    1 => (format!("String{relation}"), self.text()),
                    2 => ("BooleanEquals".to_owned(), Json::Bool(self.dice.chance(50))),
                    3 => (format!("Timestamp{relation}"), Json::text(self.dice.pick(&TIMES))),
                    4 => (
                        "StringMatches".to_owned(),
                        Json::text(self.dice.pick(&["*", "a*", "*b*a", "ab", "*b", "2026*Z"])),
                    ),
                    5 => {
                        let kind = self.dice.pick(&["Numeric", "String", "Timestamp"]);
                        (format!("{kind}{relation}Path"), Json::text(self.dice.pick(&names)))
                    }
                    _ => {
                        let of = ["Null", "Present", "String", "Numeric", "Boolean", "Timestamp", "Present"];
                        (format!("Is{}", self.dice.pick(&of)), Json::Bool(self.dice.chance(60)))
                    }
                };
                let variable = if variable.contains("..") { "$.n".to_owned() } else { variable };
                Json::object([("Variable", Json::Text(variable)), (&operator, operand)])
            }
        }
    }

    fn errors(&mut self) -> Json {
        let mut list = vec![Json::text(self.dice.pick(&ERRORS))];
        if self.dice.chance(30) {
            list = vec![Json::text(self.dice.pick(&[
                "States.TaskFailed",
                "E1",
                "States.Runtime",
                "States.ReferencePathConflict",
            ]))];
        }
        Json::List(list)
    }

    fn rescue(&mut self, state: &mut Json, later: &[String]) {
        if self.dice.chance(40) {
            let mut retriers = Vec::new();
            for _ in 0..1 + self.dice.below(2) {
                let mut retrier = Json::object([("ErrorEquals", self.errors())]);
                for (field, values) in [
                    ("IntervalSeconds", ["0", "1", "2"]),
                    ("BackoffRate", ["1", "1.5", "3.0"]),
                    ("MaxAttempts", ["0", "1", "2"]),
                ] {
                    if self.dice.chance(60) {
                        retrier.set(field, Json::Number(self.dice.pick(&values).to_owned()));
                    }
                }
                if self.dice.chance(20) {
                    retrier.set("MaxDelaySeconds", Json::int(3));
                }
                retriers.push(retrier);
            }
            state.set("Retry", Json::List(retriers));
        }
        if !later.is_empty() && self.dice.chance(55) {
            let mut catchers = Vec::new();
            for n in 0..1 + self.dice.below(2) {
                let all = n == 1 || self.dice.chance(50);
                let errors = if all { Json::List(vec![Json::text("States.ALL")]) } else { self.errors() };
                let next = later[self.dice.below(later.len())].clone();
                let mut catcher = Json::object([("ErrorEquals", errors), ("Next", Json::Text(next))]);
                match self.dice.below(6) {
                    0 => catcher.set("ResultPath", Json::Null),
                    1 => {}
                    _ => catcher.set("ResultPath", Json::text("$.r.error")),
                }
                catchers.push(catcher);
                if all {
                    break;
                }
            }
            state.set("Catch", Json::List(catchers));
        }
    }

    fn outcomes(&mut self, name: &str) {
        let mut list = Vec::new();
        for _ in 0..1 + self.dice.below(3) {
            list.push(match self.dice.below(4) {
                0 => {
                    let error = self.dice.pick(&ERRORS);
                    let cause = (error != "States.Timeout").then(|| "because".to_owned());
                    Mocked::Throw(Some(error.to_owned()), cause)
                }
                _ => Mocked::Return(self.document(1)),
            });
        }
        self.tasks.insert(name.to_owned(), list);
    }

    fn scope(&mut self, depth: usize) -> Json {
        let count = 1 + self.dice.below(if depth == 0 { 6 } else { 4 });
        let known = self.variables.len();
        let names: Vec<String> = (0..count)
            .map(|_| {
                self.states += 1;
                format!("S{}", self.states)
            })
            .collect();
        let mut states = Json::Object(Vec::new());
        for (n, name) in names.iter().enumerate() {
            let later = &names[n + 1..];
            let state = self.state(name, later, depth);
            states.set(name, state);
            if n == 0 && self.dice.chance(40) {
                // The scope's own variables, which every later state may read.
                let variable = format!("v{}", self.states);
                let Json::Object(members) = &mut states else { continue };
                let first = &mut members[0].1;
                if first.get("Assign").is_none() && first.get("Next").is_some() && first.get("Catch").is_none() {
                    let value = if self.dice.chance(50) {
                        Json::text("$")
                    } else {
                        Json::text(self.dice.pick(&["$.n", "$.a"]))
                    };
                    let mut assign = Json::Object(Vec::new());
                    assign.set(&format!("{variable}.$"), value);
                    first.set("Assign", assign);
                    self.variables.push(variable);
                }
            }
        }
        self.variables.truncate(known);
        Json::object([("StartAt", Json::text(&*names[0])), ("States", states)])
    }

    fn state(&mut self, name: &str, later: &[String], depth: usize) -> Json {
        let kind = match (self.dice.below(12), later.is_empty()) {
            (0..=2, _) => "Pass",
            (3 | 4, false) => "Choice",
            (3, true) => "Succeed",
            (4, true) => "Fail",
            (5, _) => "Wait",
            (6 | 7, _) => "Task",
            (8 | 9, _) if depth < 3 => "Map",
            (10, _) if depth < 3 => "Parallel",
            _ => "Task",
        };
        let mut state = Json::object([("Type", Json::text(kind))]);
        if kind == "Fail" {
            if self.dice.chance(85) {
                state.set("Error", Json::text(self.dice.pick(&["E1", "Busy", "Broken"])));
                state.set("Cause", Json::text("it failed"));
            }
            return state;
        }
        if self.dice.chance(6) {
            let path = if self.dice.chance(8) { Json::Null } else { Json::Text(self.path()) };
            state.set("InputPath", path);
        }
        if self.dice.chance(7) {
            let path = if self.dice.chance(20) { Json::Null } else { Json::Text(self.path()) };
            state.set("OutputPath", path);
        }
        let work = matches!(kind, "Pass" | "Task" | "Map" | "Parallel");
        match kind {
            "Pass" if self.dice.chance(30) => state.set("Result", self.document_or_scalar()),
            "Pass" | "Task" | "Parallel" if self.dice.chance(40) => {
                let template = self.template(0);
                state.set("Parameters", template);
            }
            _ => {}
        }
        match kind {
            "Task" => {
                state.set("Resource", Json::text("arn:aws:lambda:us-east-1:123456789012:function:f"));
                self.outcomes(name);
                self.rescue(&mut state, later);
            }
            "Wait" => match self.dice.chance(85) {
                true => state.set("Seconds", Json::int(self.dice.below(4) as i64)),
                false => state.set("SecondsPath", Json::text(self.dice.pick(&["$.n", "$.n", "$.a.n", "$.no"]))),
            },
            "Parallel" => {
                let branches = (0..1 + self.dice.below(3)).map(|_| self.scope(depth + 1)).collect();
                state.set("Branches", Json::List(branches));
                self.rescue(&mut state, later);
            }
            "Map" => {
                let items = self.dice.pick(&[
                    "$.l",
                    "$.l",
                    "$.l",
                    "$.l",
                    "$.a.l",
                    "$$.Execution.Input.l",
                    "$.no",
                    "$.n",
                    "$.a.no.l",
                ]);
                state.set("ItemsPath", Json::text(items));
                if self.dice.chance(40) {
                    state.set("MaxConcurrency", Json::int(self.dice.below(3) as i64));
                }
                let outside = std::mem::replace(&mut self.in_map, true);
                if self.dice.chance(65) {
                    let mut template = self.template(0);
                    template.set("i.$", Json::text("$$.Map.Item.Index"));
                    if self.dice.chance(50) {
                        template.set("n.$", Json::text("$$.Map.Item.Value.n"));
                    }
                    state.set("ItemSelector", template);
                }
                let processor = self.scope(depth + 1);
                state.set("ItemProcessor", processor);
                self.in_map = outside;
                self.rescue(&mut state, later);
            }
            "Choice" => {
                let rules = (0..1 + self.dice.below(3)).map(|_| {
                    let mut rule = self.rule(0);
                    rule.set("Next", Json::text(&*later[self.dice.below(later.len())]));
                    rule
                });
                let rules = rules.collect();
                state.set("Choices", Json::List(rules));
                state.set("Default", Json::text(&*later[0]));
            }
            _ => {}
        }
        if matches!(kind, "Task" | "Map" | "Parallel") && self.dice.chance(15) {
            let paths = ["$", "$[0]", "$.n", "$[*].n", "$.a"];
            state.set(
                "ResultSelector",
                Json::object([("n", Json::int(7)), ("k.$", Json::text(self.dice.pick(&paths)))]),
            );
        }
        if work && self.dice.chance(70) {
            let path = match self.dice.below(10) {
                0 => Json::Null,
                1 => Json::text("$.a.r"),
                2 => Json::text("$.n"),
                3 => Json::text("$.l"),
                _ => Json::text("$.r.x"),
            };
            state.set("ResultPath", path);
        }
        match (kind, later.first()) {
            ("Choice" | "Succeed", _) => {}
            (_, Some(next)) => state.set("Next", Json::text(&**next)),
            (_, None) => state.set("End", Json::Bool(true)),
        }
        state
    }

    fn document_or_scalar(&mut self) -> Json {
        if self.dice.chance(80) { self.document(0) } else { self.scalar() }
    }
}
