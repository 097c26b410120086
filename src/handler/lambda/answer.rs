//! What a reply of Lambda's means: the function's result, the error that its runtime reports, or neither.
//!
//! What AWS says where a runtime dies, runs out of time or answers with what is no JSON is not recorded: all of these are
//! Lambda.Unknown, as AWS's documentation has it, with a cause that says what happened.

use super::super::function::FunctionError;
use super::http::BODY_BYTES_MAX;
use crate::value::{scan, tree};

/// The error of a function of which no name is known.
const UNKNOWN: &str = "Lambda.Unknown";

/// A function's result, if it is JSON.
pub(super) fn result(body: Vec<u8>, oversized: Option<u64>) -> Result<String, FunctionError> {
    if let Some(bytes) = oversized {
        let message = format!(
            "Response payload size ({bytes} bytes) exceeded maximum allowed payload size ({BODY_BYTES_MAX} bytes)."
        );
        return Err(FunctionError::new("Function.ResponseSizeTooLarge", message));
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok("null".to_owned());
    }
    match scan::validate(&body) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(unknown(&format!("the function's reply is no JSON: {error}"))),
    }
}

/// The error that a runtime reports; `named` is what it calls it beside the report.
pub(super) fn report(body: Vec<u8>, named: Option<&str>) -> FunctionError {
    let text = match String::from_utf8(body) {
        Ok(text) if scan::validate(text.as_bytes()).is_ok() => text,
        _ => return unknown("the function's runtime reports an error that is no JSON"),
    };
    let of_report = tree::parse(&text).ok().and_then(|node| Some(node.get("errorType")?.as_str()?.to_owned()));
    match of_report.or_else(|| named.map(str::to_owned)).filter(|name| !name.is_empty()) {
        Some(error) => FunctionError::Reported { error, report: text },
        None => FunctionError::Failed { error: Some(UNKNOWN.to_owned()), cause: Some(without_name(&text)) },
    }
}

/// A failure of the runtime: it says what happened, and nothing of the kind of error.
pub(super) fn died(request_id: &str, what: &str) -> FunctionError {
    let mut payload = b"{\"errorMessage\":".to_vec();
    crate::value::text::write_string(&format!("RequestId: {request_id} Error: {what}"), &mut payload);
    payload.push(b'}');
    // What a writer of JSON writes is text.
    let payload = String::from_utf8(payload).unwrap_or_default();
    FunctionError::Failed { error: Some(UNKNOWN.to_owned()), cause: Some(without_name(&payload)) }
}

fn without_name(payload: &str) -> String {
    format!(
        "The cause could not be determined because Lambda did not return an error type. Returned payload: {payload}"
    )
}

/// Any other failure.
pub(super) fn unknown(cause: &str) -> FunctionError {
    FunctionError::Failed { error: Some(UNKNOWN.to_owned()), cause: Some(cause.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_json_of_a_bearable_size() {
        assert_eq!(result(b"{\"a\": 1}".to_vec(), None), Ok("{\"a\": 1}".to_owned()));
        assert_eq!(result(Vec::new(), None), Ok("null".to_owned()));
        let name = |error: FunctionError| match error {
            FunctionError::Raised { error, .. } | FunctionError::Reported { error, .. } => error,
            FunctionError::Failed { error, .. } => error.unwrap_or_default(),
            FunctionError::TimedOut => "timed out".to_owned(),
        };
        for wrong in [&b"NaN"[..], b"{", b"\"\xff\""] {
            assert_eq!(result(wrong.to_vec(), None).map_err(name), Err("Lambda.Unknown".to_owned()));
        }
        let large = result(Vec::new(), Some(7_000_000)).map_err(name);
        assert_eq!(large, Err("Function.ResponseSizeTooLarge".to_owned()));
    }

    #[test]
    fn a_report_names_its_error() {
        let text = |text: &str| text.to_owned();
        let body = r#"{"errorMessage": "no", "errorType": "DoublesRolledError", "stackTrace": []}"#;
        let reported = FunctionError::Reported { error: text("DoublesRolledError"), report: text(body) };
        assert_eq!(report(body.into(), None), reported);
        let body = r#"{"errorMessage":"no"}"#;
        let reported = FunctionError::Reported { error: text("Named"), report: text(body) };
        assert_eq!(report(body.into(), Some("Named")), reported);
        let FunctionError::Failed { error, cause } = report(body.into(), None) else { panic!("it has no name") };
        assert_eq!(error.as_deref(), Some("Lambda.Unknown"));
        assert!(cause.is_some_and(|cause| cause.ends_with(body)));
        assert!(matches!(report(b"what?".into(), Some("Named")), FunctionError::Failed { .. }));
    }
}
