//! The text of a suite, or of a mock file, to cases.
//!
//! Every mistake is told with the field that it is in; a field that nobody knows is one. It must never guess.

use super::{Case, Expect, ExpectedCall, Suite};
use crate::definition::read_document;
use crate::value::difference::{Ignored, IgnoredError};
use crate::value::timestamp::Timestamp;
use crate::value::tree::{Kind, Node};

/// When the clock of a case starts that does not say: 2020-01-01T00:00:00Z.
const NOW_MS: i64 = 1_577_836_800_000;

/// Why a suite cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// It is neither JSON nor YAML.
    #[error("{0}")]
    Text(String),
    /// A field holds what it cannot.
    #[error("{field}: expected {expected}")]
    Field {
        /// Where: `cases[2].expect.path`.
        field: String,
        /// What can stand there.
        expected: String,
    },
    /// A path to be ignored is none.
    #[error("{field}: {error}")]
    Ignored {
        /// Where.
        field: String,
        /// What is wrong.
        error: IgnoredError,
    },
}

impl Suite {
    /// Reads a suite, in YAML or JSON; `file_name` tells which.
    ///
    /// ```
    /// use expressway::suite::Suite;
    /// let text = "cases:\n  - name: nothing to do\n    input: {}\n    expect: {status: SUCCEEDED}\n";
    /// let suite = Suite::read(text, "tests.yaml").unwrap();
    /// assert_eq!(suite.cases[0].expect.status.as_deref(), Some("SUCCEEDED"));
    /// let wrong = Suite::read("cases:\n  - name: x\n    expects: {}\n", "tests.yaml").unwrap_err();
    /// assert!(wrong.to_string().starts_with("cases[0].expects: expected one of name, input"));
    /// ```
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its field.
    pub fn read(text: &str, file_name: &str) -> Result<Suite, SuiteError> {
        let root = read_document(text, file_name).map_err(|diagnostic| SuiteError::Text(diagnostic.message))?;
        let top = Field { path: String::new(), key: "", node: &root };
        top.only(&["machine", "handlers", "mocks", "machine_name", "type", "cases"])?;
        let express = match top.get("type") {
            None => None,
            Some(field) => match field.text()?.to_ascii_lowercase().as_str() {
                "express" => Some(true),
                "standard" => Some(false),
                _ => return Err(field.wants("standard or express")),
            },
        };
        let mut suite = Suite {
            machine: top.optional_text("machine")?,
            handlers: top.optional_text("handlers")?,
            mocks: top.optional_text("mocks")?,
            machine_name: top.optional_text("machine_name")?,
            express,
            cases: Vec::new(),
        };
        let cases = top.get("cases").ok_or_else(|| top.below("cases").wants("a list of cases"))?;
        for case in cases.items()? {
            let case = case_of(&case)?;
            if suite.cases.iter().any(|other| other.name == case.name) {
                return Err(cases.wants(&format!("one case named {:?}, and there are two", case.name)));
            }
            suite.cases.push(case);
        }
        if suite.cases.is_empty() {
            return Err(cases.wants("at least one case"));
        }
        Ok(suite)
    }

    /// The test cases of a mock file as a suite of their own: each has to come to an end without running out of outcomes,
    /// and without a failure that no machine can catch.
    ///
    /// # Errors
    ///
    /// A text that is no mock file, or one without test cases for the machine.
    pub fn of_mocks(text: &str, file_name: &str, machine_name: &str, input: &str) -> Result<Suite, SuiteError> {
        let root = read_document(text, file_name).map_err(|diagnostic| SuiteError::Text(diagnostic.message))?;
        let machines = root.get("StateMachines");
        let machine = machines.and_then(|machines| match (machines.get(machine_name), machines.members()) {
            (Some(machine), _) => Some(machine),
            (None, [only]) => Some(&only.value),
            (None, _) => None,
        });
        let cases = machine.and_then(|machine| machine.get("TestCases")).map(Node::members).unwrap_or_default();
        if cases.is_empty() {
            let field = format!("StateMachines.{machine_name}.TestCases");
            return Err(SuiteError::Field { field, expected: "test cases".to_owned() });
        }
        let cases = cases.iter().map(|member| Case {
            name: member.key.to_string(),
            input: input.to_owned(),
            now_ms: NOW_MS,
            mock: Some(member.key.to_string()),
            expect: Expect { sound: true, ..Expect::default() },
            ..Case::default()
        });
        Ok(Suite { cases: cases.collect(), machine_name: Some(machine_name.to_owned()), ..Suite::default() })
    }
}

fn case_of(field: &Field) -> Result<Case, SuiteError> {
    field.only(&["name", "input", "now", "seed", "mock", "outcomes", "expect"])?;
    let name = field.get("name").ok_or_else(|| field.below("name").wants("a name"))?.text()?;
    let now_ms = match field.get("now") {
        None => NOW_MS,
        Some(now) => {
            Timestamp::parse(&now.text()?).map_err(|_| now.wants("a time such as 2024-01-31T12:00:00Z"))?.as_millis()
        }
    };
    let mock = field.optional_text("mock")?;
    let outcomes = field.get("outcomes").map(|outcomes| mock_file(&outcomes)).transpose()?;
    if mock.is_some() && outcomes.is_some() {
        return Err(field.below("outcomes").wants("either mock or outcomes, not both"));
    }
    let expect = field.get("expect").ok_or_else(|| field.below("expect").wants("what is to come of the case"))?;
    Ok(Case {
        name,
        input: field.get("input").map_or_else(|| "{}".to_owned(), |input| input.node.to_json()),
        now_ms,
        seed: field.get("seed").map(|seed| seed.number()).transpose()?.unwrap_or(0),
        mock,
        outcomes,
        expect: expected(&expect)?,
    })
}

fn expected(field: &Field) -> Result<Expect, SuiteError> {
    let known = ["status", "output", "output_contains", "ignore", "error", "cause", "cause_contains", "path", "calls"];
    field.only(&known)?;
    let status = field.optional_text("status")?;
    if let Some(status) = &status
        && !["SUCCEEDED", "FAILED", "TIMED_OUT"].contains(&status.as_str())
    {
        return Err(field.below("status").wants("SUCCEEDED, FAILED or TIMED_OUT"));
    }
    let mut expect = Expect {
        output: field.get("output").map(|output| output.node.clone()),
        output_contains: field.get("output_contains").map(|output| output.node.clone()),
        error: field.optional_text("error")?,
        cause: field.optional_text("cause")?,
        cause_contains: field.optional_text("cause_contains")?,
        status,
        ..Expect::default()
    };
    if let Some(ignore) = field.get("ignore") {
        for path in ignore.items()? {
            let ignored = Ignored::parse(&path.text()?);
            expect.ignore.push(ignored.map_err(|error| SuiteError::Ignored { field: path.path, error })?);
        }
    }
    if let Some(path) = field.get("path") {
        expect.path = Some(path.items()?.iter().map(Field::text).collect::<Result<_, _>>()?);
    }
    if let Some(calls) = field.get("calls") {
        for call in calls.members()? {
            expect.calls.push(expected_call(&call)?);
        }
    }
    if expect.status.is_none() {
        let succeeds = expect.output.is_some() || expect.output_contains.is_some();
        let fails = expect.error.is_some() || expect.cause.is_some() || expect.cause_contains.is_some();
        expect.status = match (succeeds, fails) {
            (true, true) => return Err(field.wants("an output or a failure, not both")),
            (true, false) => Some("SUCCEEDED".to_owned()),
            (false, true) => Some("FAILED".to_owned()),
            (false, false) if expect.path.is_some() || !expect.calls.is_empty() => None,
            (false, false) => return Err(field.wants("at least one thing to look at")),
        };
    }
    Ok(expect)
}

fn expected_call(field: &Field) -> Result<ExpectedCall, SuiteError> {
    let name = field.key.to_owned();
    if let Kind::Object(_) = field.node.kind {
        field.only(&["count", "payload"])?;
        let count = field.get("count").map(|count| count.number()).transpose()?;
        let payload = field.get("payload").map(|payload| payload.node.clone());
        return Ok(ExpectedCall { name, count: count.map(|n| n as usize), payload });
    }
    Ok(ExpectedCall { name, count: Some(field.number()? as usize), payload: None })
}

/// Outcomes by state as the text of a mock file with one test case: a list counts invocations, one outcome answers all,
/// an object of numbers and ranges is taken as it is.
fn mock_file(field: &Field) -> Result<String, SuiteError> {
    let (mut case, mut responses) = (Vec::new(), Vec::new());
    for state in field.members()? {
        let name = crate::view::json::quoted(state.key);
        let response = match &state.node.kind {
            Kind::Array(_) => {
                let items = state.items()?;
                let members =
                    items.iter().enumerate().map(|(n, outcome)| format!("\"{n}\":{}", outcome.node.to_json()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
            _ if state.node.get("Return").is_some() || state.node.get("Throw").is_some() => {
                format!("{{\"0-{}\":{}}}", u32::MAX, state.node.to_json())
            }
            Kind::Object(_) => state.node.to_json(),
            _ => return Err(state.wants("outcomes: {Return: …} or {Throw: {Error: …, Cause: …}}, or a list of them")),
        };
        case.push(format!("{name}:{name}"));
        responses.push(format!("{name}:{response}"));
    }
    let (case, responses) = (case.join(","), responses.join(","));
    Ok(format!(
        "{{\"StateMachines\":{{\"M\":{{\"TestCases\":{{\"case\":{{{case}}}}}}}}},\"MockedResponses\":{{{responses}}}}}"
    ))
}

/// A value of the suite, and the way to it.
struct Field<'n> {
    path: String,
    /// The key of the member that it is, if it came from [`Field::members`].
    key: &'n str,
    node: &'n Node,
}

impl<'n> Field<'n> {
    fn below(&self, key: &str) -> Field<'n> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Field { path, key: "", node: self.node }
    }

    fn get(&self, key: &str) -> Option<Field<'n>> {
        let node = self.node.get(key)?;
        // In YAML a field without a value is null, as if it were not there.
        let absent = matches!(node.kind, Kind::Null) && !matches!(key, "input" | "output");
        (!absent).then(|| Field { node, ..self.below(key) })
    }

    fn wants(&self, expected: &str) -> SuiteError {
        let field = if self.path.is_empty() { "the suite".to_owned() } else { self.path.clone() };
        SuiteError::Field { field, expected: expected.to_owned() }
    }

    fn only(&self, known: &[&str]) -> Result<(), SuiteError> {
        if !matches!(self.node.kind, Kind::Object(_)) {
            return Err(self.wants(&format!("an object with {}", known.join(", "))));
        }
        match self.node.members().iter().find(|member| !known.contains(&&*member.key)) {
            Some(member) => Err(self.below(&member.key).wants(&format!("one of {}", known.join(", ")))),
            None => Ok(()),
        }
    }

    fn text(&self) -> Result<String, SuiteError> {
        match &self.node.kind {
            Kind::String(text) => Ok(text.to_string()),
            // What YAML reads as a number or a boolean may be meant as a name.
            Kind::Number(text) => Ok(text.to_string()),
            Kind::Bool(b) => Ok(b.to_string()),
            _ => Err(self.wants("a text")),
        }
    }

    fn optional_text(&self, key: &str) -> Result<Option<String>, SuiteError> {
        self.get(key).map(|field| field.text()).transpose()
    }

    fn number(&self) -> Result<u64, SuiteError> {
        match &self.node.kind {
            Kind::Number(text) => text.parse().map_err(|_| self.wants("a whole number")),
            _ => Err(self.wants("a whole number")),
        }
    }

    fn items(&self) -> Result<Vec<Field<'n>>, SuiteError> {
        let items = self.node.as_array().ok_or_else(|| self.wants("a list"))?;
        Ok(items
            .iter()
            .enumerate()
            .map(|(n, node)| Field { path: format!("{}[{n}]", self.path), key: "", node })
            .collect())
    }

    fn members(&self) -> Result<Vec<Field<'n>>, SuiteError> {
        if !matches!(self.node.kind, Kind::Object(_)) {
            return Err(self.wants("an object"));
        }
        let members = self.node.members().iter();
        Ok(members.map(|m| Field { key: &m.key, node: &m.value, ..self.below(&m.key) }).collect())
    }
}
