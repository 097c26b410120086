//! States in order, transitions, and the steps that all types of state share.
//!
//! A scope's states are laid out from StartAt along Next, so that most transitions need no jump. Scopes inside (branches,
//! item processors) and handlers follow, each behind its own entry.

use super::{Compiler, Documents, Waiting, provenance};
use crate::definition::{Assign, Definition, Flow, PathField, Scope, Source, StateIndex, StateKind};
use crate::program::state::StateType;
use crate::program::{self, Addr, AssignId, Blame, HandlerId, Op, Register, Root, StateId};

/// What the states of one scope share while they are compiled.
pub(super) struct Place<'d> {
    pub scope: &'d Scope,
    pub source: &'d Source,
    /// A label for each state.
    pub labels: Vec<Addr>,
    /// For each state, whether the document that enters it is the execution's input word for word.
    pub verbatim: Vec<bool>,
    pub within: Option<HandlerId>,
    /// States that something leads to and that are still to be compiled; the last comes next.
    pub open: Vec<StateIndex>,
    /// Where the scope ends.
    pub end: Addr,
    done: Vec<bool>,
}

impl<'d> Compiler<'d> {
    /// The whole machine, then everything that it needs.
    pub(super) fn machine(&mut self, definition: &'d Definition) {
        let entry = self.builder.label();
        let root = Waiting {
            scope: &definition.root,
            source: &definition.source,
            entry,
            within: None,
            mark: None,
            input: true,
        };
        self.waiting.push(root);
        while let Some(next) = self.waiting.pop() {
            self.scope(next);
        }
    }

    fn scope(&mut self, waiting: Waiting<'d>) {
        let Waiting { scope, source, entry, within, mark, input } = waiting;
        self.handler = within.map(|handler| self.builder.handler_name(handler).into());
        self.builder.place(entry);
        if let Some(mark) = mark {
            self.builder.set_origin(Some(mark.state));
            self.mark(mark);
        }
        let labels = scope.states.iter().map(|_| self.builder.label()).collect();
        let mut place = Place {
            scope,
            source,
            labels,
            verbatim: provenance::verbatim(scope, input),
            within,
            open: vec![scope.start_at],
            end: self.builder.label(),
            done: vec![false; scope.states.len()],
        };
        while let Some(index) = place.open.pop() {
            if !place.done[index.get()] {
                place.done[index.get()] = true;
                self.builder.place(place.labels[index.get()]);
                self.state(&mut place, index);
            }
        }
        self.builder.set_origin(None);
        self.builder.place(place.end);
        self.builder.emit(Op::Finish {});
    }

    fn state(&mut self, place: &mut Place<'d>, index: StateIndex) {
        let state = &place.scope.states[index.get()];
        let id = self.builder.state(program::State {
            name: state.name.clone(),
            kind: state_type(&state.kind),
            location: state.location.clone(),
            line_number: place.source.position(state.span.start).line_number,
            within: place.within,
            task_token: false,
            attempt: place.labels[index.get()],
            retriers: Box::new([]),
            catchers: Box::new([]),
        });
        self.builder.set_origin(Some(id));
        let input = place.verbatim[index.get()];
        self.documents = Documents { doc: input, eff: input, res: false };
        self.builder.emit(Op::Enter { state: id });
        self.mark_entered(place, id);
        let attempt = self.builder.here();
        self.builder.state_mut(id).attempt = attempt;
        if !matches!(state.kind, StateKind::Fail(_)) {
            self.input_path(&state.input_path);
        }
        match &state.kind {
            StateKind::Pass(pass) => self.pass(place, state, id, pass),
            StateKind::Task(task) => self.task(place, state, id, task),
            StateKind::Choice(choice) => self.choice(place, state, id, choice),
            StateKind::Wait(wait) => self.wait_state(place, state, id, wait),
            StateKind::Succeed => self.succeed(place, state, id),
            StateKind::Fail(fail) => self.fail(fail),
            StateKind::Parallel(parallel) => self.parallel(place, state, id, parallel),
            StateKind::Map(map) => self.map(place, state, id, map),
        }
    }

    fn input_path(&mut self, field: &'d PathField) {
        match field {
            PathField::Default => {}
            PathField::Null => {
                let empty = self.builder.constant("{}");
                self.builder.emit(Op::Const { value: empty });
                self.builder.emit(Op::Store { to: Register::Eff });
                self.documents.eff = false;
            }
            PathField::Path(path) if path.is_document() => {}
            PathField::Path(path) => {
                let blame = Blame::Field { field: "InputPath".into(), path: path.text.clone() };
                self.path(path, Root::Register(Register::Doc), blame);
                self.builder.emit(Op::Store { to: Register::Eff });
                self.documents.eff = false;
            }
        }
    }

    /// ResultPath: the register with the document that leaves, of the one that entered and the result.
    pub(super) fn result_path(&mut self, field: &'d PathField) -> Register {
        match field {
            PathField::Default => Register::Res,
            PathField::Null => Register::Doc,
            PathField::Path(path) if path.is_document() => Register::Res,
            PathField::Path(path) => {
                let blame = Blame::Field { field: "ResultPath".into(), path: path.text.clone() };
                let (path, blame) = (self.builder.path(&path.path), self.builder.blame(blame));
                self.copied(Register::Doc);
                self.copied(Register::Res);
                self.builder.emit(Op::Place { path, blame });
                Register::Out
            }
        }
    }

    /// OutputPath on the document in a register: the register with what is left of it.
    pub(super) fn output_path(&mut self, field: &'d PathField, with: Register) -> Register {
        match field {
            PathField::Default => with,
            PathField::Null => {
                let empty = self.builder.constant("{}");
                self.builder.emit(Op::Const { value: empty });
                self.builder.emit(Op::Store { to: Register::Out });
                Register::Out
            }
            PathField::Path(path) if path.is_document() => with,
            PathField::Path(path) => {
                let blame = Blame::Field { field: "OutputPath".into(), path: path.text.clone() };
                self.path(path, Root::Register(with), blame);
                self.builder.emit(Op::Store { to: Register::Out });
                Register::Out
            }
        }
    }

    /// Notes that a register's document goes where somebody sees its text.
    pub(super) fn copied(&mut self, register: Register) {
        self.builder.copies_input |= self.documents.holds(register);
    }

    /// Assign, its `$` at the given register.
    pub(super) fn assign(&mut self, assign: &'d Option<Assign>, document: Register) {
        let Some(assign) = assign.as_ref().filter(|a| !a.variables.is_empty()) else { return };
        let mut variables = Vec::new();
        for member in &assign.variables {
            self.template(&member.value, Root::Register(document), &member.field);
            variables.push(self.variable(&member.key));
        }
        let variables: AssignId = self.builder.assign(variables);
        self.builder.emit(Op::Assign { variables });
    }

    /// Leaves the state with the document in a register: Next or End.
    pub(super) fn leave(&mut self, place: &mut Place<'d>, id: StateId, flow: Flow, with: Register) {
        let to = match flow {
            Flow::Next(next) => self.target(place, next),
            Flow::End | Flow::None => {
                self.copied(with);
                place.end
            }
        };
        self.leave_counted(place, id, flow, Op::Leave { state: id, with, to });
    }

    /// The label of a state that something leads to.
    pub(super) fn target(&mut self, place: &mut Place<'d>, next: StateIndex) -> Addr {
        if !place.done[next.get()] {
            place.open.push(next);
        }
        place.labels[next.get()]
    }
}

fn state_type(kind: &StateKind) -> StateType {
    match kind {
        StateKind::Pass(_) => StateType::Pass,
        StateKind::Task(_) => StateType::Task,
        StateKind::Choice(_) => StateType::Choice,
        StateKind::Wait(_) => StateType::Wait,
        StateKind::Succeed => StateType::Succeed,
        StateKind::Fail(_) => StateType::Fail,
        StateKind::Parallel(_) => StateType::Parallel,
        StateKind::Map(_) => StateType::Map,
    }
}
