//! What a pair's tasks come to, as a mock file.

use super::interpreter::Mocked;
use super::json::Json;
use std::collections::BTreeMap;

/// The text of a mock file with one test case of one machine; the last outcome of each state repeats.
pub fn file(tasks: &BTreeMap<String, Vec<Mocked>>) -> String {
    let (mut names, mut responses) = (Json::Object(Vec::new()), Json::Object(Vec::new()));
    for (state, outcomes) in tasks {
        let mut response = Json::Object(Vec::new());
        for (n, outcome) in outcomes.iter().enumerate() {
            let key = if n + 1 == outcomes.len() { format!("{n}-4000000000") } else { n.to_string() };
            let outcome = match outcome {
                Mocked::Return(value) => Json::object([("Return", value.clone())]),
                Mocked::Throw(error, cause) => {
                    let mut throw = Json::Object(Vec::new());
                    for (key, text) in [("Error", error), ("Cause", cause)] {
                        if let Some(text) = text {
                            throw.set(key, Json::text(&**text));
                        }
                    }
                    Json::object([("Throw", throw)])
                }
            };
            response.set(&key, outcome);
        }
        names.set(state, Json::text(&**state));
        responses.set(state, response);
    }
    let cases = Json::object([("TestCases", Json::object([("Case", names)]))]);
    let file = Json::object([("StateMachines", Json::object([("Machine", cases)])), ("MockedResponses", responses)]);
    file.print()
}
