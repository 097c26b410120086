//! States and scopes from a seed.

use super::words::TIMES;
use super::{Json, Maker, Mocked};

const ERRORS: [&str; 4] = ["Busy", "Broken", "States.Timeout", "Lambda.Unknown"];

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:";

/// Resources that answer at once, whose history is told in different words.
const SERVICES: [&str; 6] = [
    "arn:aws:states:::dynamodb:getItem",
    "arn:aws:states:::aws-sdk:s3:listBuckets",
    "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "arn:aws:states:::states:startExecution.sync:2",
    "arn:aws:states:::ecs:runTask.sync",
    "arn:aws:states:us-east-1:123456789012:activity:hand",
];

impl Maker {
    fn errors(&mut self) -> Json {
        let rare = [
            "States.TaskFailed",
            "E1",
            "States.Runtime",
            "States.ReferencePathConflict",
            "States.ExceedToleratedFailureThreshold",
            "States.ResultPathMatchFailure",
        ];
        let error = if self.dice.chance(30) { self.dice.pick(&rare) } else { self.dice.pick(&ERRORS) };
        Json::List(vec![Json::text(error)])
    }

    fn retrier(&mut self) -> Json {
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
        match self.dice.below(16) {
            0 => retrier.set("JitterStrategy", Json::text("NONE")),
            1 => {
                // How long it waits is chance, but for no time at all.
                retrier.set("JitterStrategy", Json::text("FULL"));
                retrier.set("IntervalSeconds", Json::int(0));
            }
            2 => retrier.set("Comment", Json::text("again")),
            _ => {}
        }
        retrier
    }

    fn rescue(&mut self, state: &mut Json, later: &[String]) {
        if self.dice.chance(40) {
            let retriers = (0..1 + self.dice.below(2)).map(|_| self.retrier()).collect();
            state.set("Retry", Json::List(retriers));
        }
        if later.is_empty() || !self.dice.chance(55) {
            return;
        }
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
            if self.dice.chance(10) {
                catcher.set("Comment", Json::text("caught"));
            }
            if self.dice.chance(15) {
                let assign = self.assign(&["$.Error", "$.Cause", "$"]);
                catcher.set("Assign", assign);
            }
            catchers.push(catcher);
            if all {
                break;
            }
        }
        state.set("Catch", Json::List(catchers));
    }

    /// Variables of the scope's own, which may or may not have a value later.
    fn assign(&mut self, paths: &[&str]) -> Json {
        let mut assign = Json::Object(Vec::new());
        let prefix = format!("w{}x", self.scope_number);
        for n in 0..1 + self.dice.below(2) {
            let name = format!("{prefix}{n}");
            match self.dice.below(4) {
                0 => assign.set(&name, Json::int(n as i64)),
                1 => assign.set(&format!("{name}.$"), Json::text("States.Array(1, 'a')")),
                _ => assign.set(&format!("{name}.$"), Json::text(self.dice.pick(paths))),
            }
            if !self.maybe.contains(&name) {
                self.maybe.push(name);
            }
        }
        assign
    }

    fn outcomes(&mut self, name: &str) {
        let mut list = Vec::new();
        for _ in 0..1 + self.dice.below(3) {
            list.push(match self.dice.below(4) {
                0 => {
                    let error = self.dice.pick(&ERRORS);
                    let timed_out = error == "States.Timeout";
                    let cause = (!timed_out && !self.dice.chance(10)).then(|| "because".to_owned());
                    let error = (timed_out || !self.dice.chance(5)).then(|| error.to_owned());
                    Mocked::Throw(error, cause)
                }
                _ => Mocked::Return(self.document(1)),
            });
        }
        self.tasks.insert(name.to_owned(), list);
    }

    /// A function that is a machine: it waits, then gives something back or fails.
    fn function(&mut self) -> String {
        let name = format!("h{}", self.functions.len());
        let wait = Json::object([
            ("Type", Json::text("Wait")),
            ("Seconds", Json::int(self.dice.below(4) as i64)),
            ("Next", Json::text("B")),
        ]);
        let last = match self.dice.below(5) {
            0 => {
                Json::object([("Type", Json::text("Fail")), ("Error", Json::text("Busy")), ("Cause", Json::text("no"))])
            }
            1 => Json::object([("Type", Json::text("Succeed"))]),
            _ => {
                let mut pass = Json::object([("Type", Json::text("Pass")), ("End", Json::Bool(true))]);
                if self.dice.chance(50) {
                    pass.set("Result", self.document(1));
                } else {
                    pass.set("ResultPath", Json::text("$.r"));
                }
                pass
            }
        };
        let machine = match self.dice.chance(70) {
            true => Json::object([("StartAt", Json::text("A")), ("States", Json::object([("A", wait), ("B", last)]))]),
            false => Json::object([("StartAt", Json::text("B")), ("States", Json::object([("B", last)]))]),
        };
        self.functions.insert(name.clone(), machine);
        name
    }

    /// How many Maps have been labelled, this one included.
    fn labels(&mut self) -> usize {
        self.labels_made += 1;
        self.labels_made
    }

    pub(super) fn scope(&mut self, depth: usize) -> Json {
        let count = 1 + self.dice.below(if depth == 0 { 6 } else { 4 });
        let (known, maybe) = (self.variables.len(), self.maybe.len());
        self.scopes_made += 1;
        let outside = std::mem::replace(&mut self.scope_number, self.scopes_made);
        let names: Vec<String> = (0..count)
            .map(|_| {
                self.states += 1;
                format!("S{}", self.states)
            })
            .collect();
        let mut states = Json::Object(Vec::new());
        for (n, name) in names.iter().enumerate() {
            let state = self.state(name, &names[n + 1..], depth);
            states.set(name, state);
            if n == 0 && self.dice.chance(40) {
                self.first_assigns(&mut states);
            }
        }
        self.variables.truncate(known);
        self.maybe.truncate(maybe);
        self.scope_number = outside;
        let mut scope = Json::object([("StartAt", Json::text(&*names[0])), ("States", states)]);
        if self.dice.chance(3) {
            scope.set("Comment", Json::text("a scope"));
        }
        scope
    }

    /// The scope's own variables, which every later state may read.
    fn first_assigns(&mut self, states: &mut Json) {
        let Json::Object(members) = states else { return };
        let first = &mut members[0].1;
        if first.get("Assign").is_some() || first.get("Next").is_none() || first.get("Catch").is_some() {
            return;
        }
        let variable = format!("v{}", self.states);
        let value = if self.dice.chance(50) { "$" } else { self.dice.pick(&["$.n", "$.a"]) };
        let mut assign = Json::Object(Vec::new());
        assign.set(&format!("{variable}.$"), Json::text(value));
        first.set("Assign", assign);
        self.variables.push(variable);
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
        if self.dice.chance(3) {
            state.set("Comment", Json::text("a state"));
        }
        if self.dice.chance(3) {
            state.set("QueryLanguage", Json::text("JSONPath"));
        }
        if kind == "Fail" {
            self.fail(&mut state);
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
        match kind {
            "Pass" if self.dice.chance(30) => {
                let result = if self.dice.chance(80) { self.document(0) } else { self.scalar() };
                state.set("Result", result);
            }
            "Pass" | "Task" | "Parallel" if self.dice.chance(40) => {
                let template = self.template(0);
                state.set("Parameters", template);
            }
            _ => {}
        }
        match kind {
            "Task" => self.task(&mut state, name, later),
            "Wait" => self.wait(&mut state),
            "Parallel" => {
                let branches = (0..1 + self.dice.below(3)).map(|_| self.scope(depth + 1)).collect();
                state.set("Branches", Json::List(branches));
                self.rescue(&mut state, later);
            }
            "Map" => self.map(&mut state, later, depth),
            "Choice" => self.choice(&mut state, later),
            _ => {}
        }
        if matches!(kind, "Task" | "Map" | "Parallel") && self.dice.chance(15) {
            let paths = ["$", "$[0]", "$.n", "$[*].n", "$.a"];
            let mut selector = Json::object([("n", Json::int(7)), ("k.$", Json::text(self.dice.pick(&paths)))]);
            if self.dice.chance(30) {
                selector.set("c.$", Json::Text(self.call(0)));
            }
            state.set("ResultSelector", selector);
        }
        if matches!(kind, "Pass" | "Task" | "Map" | "Parallel") && self.dice.chance(70) {
            let path = match self.dice.below(16) {
                0 | 1 => Json::Null,
                2 => Json::text("$.a.r"),
                3 => Json::text("$.n"),
                4 => Json::text("$.l"),
                5 => Json::text("$['r']['x']"),
                6 if self.dice.chance(40) => Json::text("$.l[0]"),
                7 if self.dice.chance(20) => Json::text("$.n.x"),
                _ => Json::text("$.r.x"),
            };
            state.set("ResultPath", path);
        }
        if matches!(kind, "Pass" | "Task" | "Wait" | "Map" | "Parallel" | "Choice") && self.dice.chance(8) {
            let assign = self.assign(&["$", "$", "$", "$.n"]);
            state.set("Assign", assign);
        }
        match (kind, later.first()) {
            ("Choice" | "Succeed", _) => {}
            (_, Some(next)) => state.set("Next", Json::text(&**next)),
            (_, None) => state.set("End", Json::Bool(true)),
        }
        state
    }

    fn fail(&mut self, state: &mut Json) {
        match self.dice.below(7) {
            0 => {}
            1 | 2 => {
                let error = match self.dice.below(4) {
                    0 => self.call(0),
                    1 => self.path(),
                    _ => "$.s".to_owned(),
                };
                state.set("ErrorPath", Json::Text(error));
                let cause = match self.dice.chance(50) {
                    true => "States.Format('{} of {}', $.s, $$.State.Name)".to_owned(),
                    false => "$.t".to_owned(),
                };
                state.set("CausePath", Json::Text(cause));
            }
            _ => {
                state.set("Error", Json::text(self.dice.pick(&["E1", "Busy", "Broken"])));
                if self.dice.chance(90) {
                    state.set("Cause", Json::text("it failed"));
                }
            }
        }
    }

    fn task(&mut self, state: &mut Json, name: &str, later: &[String]) {
        let mut mocked = true;
        let resource = match self.dice.below(10) {
            0 | 1 if self.express => self.dice.pick(&SERVICES[..2]).to_owned(),
            0 | 1 => self.dice.pick(&SERVICES).to_owned(),
            2 => "arn:aws:states:::lambda:invoke".to_owned(),
            3 | 4 => {
                mocked = false;
                format!("{FUNCTION}{}", self.function())
            }
            _ => format!("{FUNCTION}f"),
        };
        let required: &[(&str, &str)] = match resource.trim_start_matches("arn:aws:states:::") {
            "lambda:invoke" => &[("FunctionName", "f"), ("Payload.$", "$")],
            "dynamodb:getItem" => &[("TableName", "t"), ("Key.$", "$")],
            "sqs:sendMessage.waitForTaskToken" => {
                &[("QueueUrl", "q"), ("MessageBody.$", "States.ArrayLength(States.Array($$.Task.Token))")]
            }
            "states:startExecution.sync:2" => &[("StateMachineArn", "m"), ("Input.$", "$")],
            "ecs:runTask.sync" => &[("TaskDefinition", "d")],
            _ => &[],
        };
        if !required.is_empty() {
            let mut parameters = Json::Object(Vec::new());
            required.iter().for_each(|(key, value)| parameters.set(key, Json::text(*value)));
            state.set("Parameters", parameters);
        }
        for (field, limits) in [("TimeoutSeconds", [2, 4]), ("HeartbeatSeconds", [1, 1])] {
            match self.dice.below(10) {
                0 | 1 => state.set(field, Json::int(limits[self.dice.below(2)])),
                2 => {
                    let path = if self.dice.chance(90) { "$.z" } else { self.dice.pick(&["$.n", "$.no", "$.s"]) };
                    state.set(&format!("{field}Path"), Json::text(path));
                }
                _ => {}
            }
        }
        if !resource.contains(":activity:") && self.dice.chance(5) {
            let role = match self.dice.chance(50) {
                true => ("RoleArn", "arn:aws:iam::123456789012:role/r"),
                false => ("RoleArn.$", "States.Format('arn:aws:iam::123456789012:role/{}', $$.State.Name)"),
            };
            state.set("Credentials", Json::object([(role.0, Json::text(role.1))]));
        }
        state.set("Resource", Json::Text(resource));
        if mocked {
            self.outcomes(name);
        }
        self.rescue(state, later);
    }

    fn wait(&mut self, state: &mut Json) {
        match self.dice.below(12) {
            0 | 1 => {
                state.set("SecondsPath", Json::text(self.dice.pick(&["$.z", "$.z", "$.n", "$.a.z", "$.no", "$.s"])))
            }
            2 | 3 => state.set("TimestampPath", Json::text(self.dice.pick(&["$.t", "$.t", "$.t", "$.s", "$.n"]))),
            4 => state.set("Timestamp", Json::text(self.dice.pick(&TIMES))),
            _ => state.set("Seconds", Json::int(self.dice.below(4) as i64)),
        }
    }

    fn choice(&mut self, state: &mut Json, later: &[String]) {
        let rules = (0..1 + self.dice.below(3)).map(|_| {
            let mut rule = self.rule(0);
            rule.set("Next", Json::text(&*later[self.dice.below(later.len())]));
            if self.dice.chance(10) {
                let assign = self.assign(&["$", "$.n"]);
                rule.set("Assign", assign);
            }
            rule
        });
        let rules = rules.collect();
        state.set("Choices", Json::List(rules));
        // What the last rule leads to is reached with or without a Default.
        if self.dice.chance(95) || later.len() > 1 {
            state.set("Default", Json::text(&*later[0]));
        }
    }

    /// ItemBatcher, and a ResultWriter that writes nowhere.
    fn distributed(&mut self, state: &mut Json) {
        if self.dice.chance(40) {
            let mut batcher = Json::Object(Vec::new());
            match self.dice.below(6) {
                0 => batcher.set("MaxItemsPerBatchPath", Json::text(self.dice.pick(&["$.z", "$.z", "$.n"]))),
                1 | 2 => batcher.set("MaxInputBytesPerBatch", Json::int([20, 60, 200, 500][self.dice.below(4)])),
                3 => batcher.set("MaxInputBytesPerBatchPath", Json::text(self.dice.pick(&["$.z", "$.z", "$.s"]))),
                _ => {}
            }
            if batcher.get("MaxItemsPerBatchPath").is_none() && self.dice.chance(60) || batcher.print() == "{}" {
                batcher.set("MaxItemsPerBatch", Json::int(1 + self.dice.below(3) as i64));
            }
            if self.dice.chance(50) {
                let input = self.template(0);
                batcher.set("BatchInput", input);
            }
            state.set("ItemBatcher", batcher);
        }
        if self.dice.chance(20) {
            let shape = self.dice.pick(&["COMPACT", "FLATTEN", "FLATTEN"]);
            let config = [("OutputType", Json::text("JSON")), ("Transformation", Json::text(shape))];
            state.set("ResultWriter", Json::object([("WriterConfig", Json::object(config))]));
        }
    }

    fn map(&mut self, state: &mut Json, later: &[String], depth: usize) {
        let items =
            self.dice.pick(&["$.l", "$.l", "$.l", "$.l", "$.a.l", "$$.Execution.Input.l", "$.no", "$.n", "$.a.no.l"]);
        state.set("ItemsPath", Json::text(items));
        match self.dice.below(10) {
            0..=3 => state.set("MaxConcurrency", Json::int(self.dice.below(3) as i64)),
            4 => state
                .set("MaxConcurrencyPath", Json::text(self.dice.pick(&["$.z", "$.z", "$.z", "$.n", "$.s", "$.no"]))),
            _ => {}
        }
        let distributed = !self.express && self.dice.chance(20);
        if self.dice.chance(if distributed { 40 } else { 4 }) {
            match self.dice.chance(70) {
                true => state.set("ToleratedFailureCount", Json::int(self.dice.below(3) as i64)),
                false => {
                    state.set("ToleratedFailureCountPath", Json::text(self.dice.pick(&["$.z", "$.z", "$.n", "$.s"])))
                }
            }
        }
        if self.dice.chance(if distributed { 40 } else { 4 }) {
            match self.dice.chance(70) {
                true => state.set("ToleratedFailurePercentage", Json::int([0, 25, 50, 100][self.dice.below(4)])),
                false => state
                    .set("ToleratedFailurePercentagePath", Json::text(self.dice.pick(&["$.z", "$.z", "$.n", "$.s"]))),
            }
        }
        let outside = std::mem::replace(&mut self.in_map, true);
        if self.dice.chance(65) {
            let mut template = self.template(0);
            template.set("i.$", Json::text("$$.Map.Item.Index"));
            if self.dice.chance(50) {
                template.set("n.$", Json::text("$$.Map.Item.Value.n"));
            }
            state.set(if self.dice.chance(20) { "Parameters" } else { "ItemSelector" }, template);
        }
        let (variables, maybe) = (self.variables.clone(), self.maybe.clone());
        if distributed {
            // An execution of its own sees none.
            self.variables.clear();
            self.maybe.clear();
        }
        let express = self.express || (distributed && self.dice.chance(50));
        let around = std::mem::replace(&mut self.express, express);
        let mut processor = self.scope(depth + 1);
        self.express = around;
        (self.variables, self.maybe) = (variables, maybe);
        if distributed {
            let kind = if express { "EXPRESS" } else { "STANDARD" };
            let config = [("Mode", Json::text("DISTRIBUTED")), ("ExecutionType", Json::text(kind))];
            processor.set("ProcessorConfig", Json::object(config));
            self.distributed(state);
            if self.dice.chance(30) {
                state.set("Label", Json::Text(format!("label{}", self.labels())));
            }
        } else if self.dice.chance(20) {
            processor.set("ProcessorConfig", Json::object([("Mode", Json::text("INLINE"))]));
        }
        state.set(if self.dice.chance(15) { "Iterator" } else { "ItemProcessor" }, processor);
        self.in_map = outside;
        self.rescue(state, later);
    }
}
