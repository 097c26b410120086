//! Pass, Wait, Succeed and Fail.

use super::Compiler;
use super::jsonata::states::Setting;
use super::scope::Place;
use crate::definition::{self, Fail, FailText, Pass, State};
use crate::program::{Blame, Expected, Op, Register, Root, StateId, work};
use crate::value::text;
use crate::value::timestamp::Timestamp;

impl<'d> Compiler<'d> {
    pub(super) fn pass(&mut self, place: &mut Place<'d>, state: &'d State, id: StateId, pass: &'d Pass) {
        if let Some(fields) = &state.jsonata {
            let with = self.outcome(fields, "", Setting::ENTRY, Register::Doc);
            return self.leave(place, id, state.flow, with);
        }
        match (&pass.result, &pass.parameters) {
            (Some(result), _) => {
                let value = self.builder.constant(&result.to_json());
                self.builder.emit(Op::Const { value });
                self.builder.emit(Op::Store { to: Register::Res });
            }
            (None, Some(parameters)) => {
                self.template(parameters, Root::Register(Register::Eff), "Parameters");
                self.builder.emit(Op::Store { to: Register::Res });
            }
            (None, None) => {
                self.builder.emit(Op::Move { to: Register::Res, from: Register::Eff });
                self.documents.res = self.documents.eff;
            }
        }
        self.assign(&state.assign, Register::Res);
        let with = self.result_path(&pass.result_path);
        let with = self.output_path(&state.output_path, with);
        self.leave(place, id, state.flow, with);
    }

    pub(super) fn wait_state(
        &mut self,
        place: &mut Place<'d>,
        state: &'d State,
        id: StateId,
        wait: &'d definition::Wait,
    ) {
        let wait = match wait {
            definition::Wait::Seconds(seconds) => work::Wait::Seconds(*seconds),
            definition::Wait::Timestamp(text) => match Timestamp::parse(text) {
                Ok(time) => work::Wait::Until(time),
                Err(_) => {
                    return self.unsupported(&state.location, format!("Timestamp {text} is not an RFC 3339 time"));
                }
            },
            definition::Wait::SecondsPath(path) => {
                let blame = Blame::Field { field: "SecondsPath".into(), path: path.text.clone() };
                work::Wait::SecondsPopped(self.path(path, Root::Register(Register::Eff), blame))
            }
            definition::Wait::TimestampPath(path) => {
                let blame = Blame::Field { field: "TimestampPath".into(), path: path.text.clone() };
                work::Wait::UntilPopped(self.path(path, Root::Register(Register::Eff), blame))
            }
            definition::Wait::Placeholder(text) => {
                return self.unsupported(
                    &state.location,
                    format!("the time to wait is the placeholder {text}: give it a value with --substitute"),
                );
            }
            definition::Wait::SecondsExpression(expression) => {
                let number = Some(Expected::Number);
                work::Wait::SecondsPopped(self.expression(&expression.text, "Seconds", Setting::ENTRY, number))
            }
            definition::Wait::TimestampExpression(expression) => {
                let string = Some(Expected::String);
                work::Wait::UntilPopped(self.expression(&expression.text, "Timestamp", Setting::ENTRY, string))
            }
        };
        let wait = self.builder.wait(wait);
        self.builder.emit(Op::Wait { wait });
        if let Some(fields) = &state.jsonata {
            let with = self.outcome(fields, "", Setting::ENTRY, Register::Doc);
            return self.leave(place, id, state.flow, with);
        }
        self.assign(&state.assign, Register::Eff);
        let with = self.output_path(&state.output_path, Register::Eff);
        self.leave(place, id, state.flow, with);
    }

    pub(super) fn succeed(&mut self, place: &mut Place<'d>, state: &'d State, id: StateId) {
        let with = match &state.jsonata {
            Some(fields) => self.outcome(fields, "", Setting::ENTRY, Register::Doc),
            None => self.output_path(&state.output_path, Register::Eff),
        };
        self.leave(place, id, state.flow, with);
    }

    pub(super) fn fail(&mut self, fail: &'d Fail) {
        self.fail_text(&fail.error, "ErrorPath");
        self.fail_text(&fail.cause, "CausePath");
        self.builder.emit(Op::Fail { error: fail.error.is_some(), cause: fail.cause.is_some() });
    }

    /// A path that Fail reads is looked up in the document as it entered: Fail has no InputPath.
    fn fail_text(&mut self, field: &'d Option<FailText>, name: &str) {
        let root = Root::Register(Register::Doc);
        match field {
            None => {}
            Some(FailText::Literal(literal)) => {
                let mut quoted = Vec::new();
                text::write_string(literal, &mut quoted);
                let value = self.builder.constant(&String::from_utf8_lossy(&quoted));
                self.builder.emit(Op::Const { value });
            }
            Some(FailText::Path(path)) => {
                self.path(path, root, Blame::Template { field: name.into(), path: path.text.clone() });
            }
            Some(FailText::Intrinsic(call)) => self.intrinsic(call, root, &call.text),
            Some(FailText::Expression(expression)) => {
                let field = name.trim_end_matches("Path");
                self.expression(&expression.text, field, Setting::ENTRY, Some(Expected::String));
            }
        }
    }
}
