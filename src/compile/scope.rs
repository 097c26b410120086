//! States in order, transitions, and the steps that all types of state share.
//!
//! A scope's states are laid out from StartAt along Next, so that most transitions need no jump. Scopes inside (branches,
//! item processors) and handlers follow, each behind its own entry.

use super::{Compiler, Documents, Waiting, provenance};
use crate::definition::{
    Assign, Definition, Flow, PathField, QueryLanguage, Scope, Source, State, StateIndex, StateKind,
};
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
    done: Vec<bool>,
}

impl<'d> Compiler<'d> {
    /// The whole machine, then everything that it needs.
    pub(super) fn machine(&mut self, definition: &'d Definition) {
        let entry = self.builder.label();
        let root = Waiting { scope: &definition.root, source: &definition.source, entry, within: None, input: true };
        self.waiting.push(root);
        while let Some(next) = self.waiting.pop() {
            self.scope(next);
        }
    }

    fn scope(&mut self, waiting: Waiting<'d>) {
        let Waiting { scope, source, entry, within, input } = waiting;
        self.builder.place(entry);
        let labels = scope.states.iter().map(|_| self.builder.label()).collect();
        let mut place = Place {
            scope,
            source,
            labels,
            verbatim: provenance::verbatim(scope, input),
            within,
            open: vec![scope.start_at],
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
        self.documents = Documents { doc: input, eff: input };
        if state.query_language == QueryLanguage::Jsonata {
            self.unsupported(
                &state.location,
                "JSONata states cannot be run yet: this engine runs QueryLanguage JSONPath",
            );
            return;
        }
        self.builder.emit(Op::Enter { state: id });
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
            StateKind::Succeed => self.succeed(state, id),
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

    /// ResultPath: the document that leaves, of the one that entered and the result.
    pub(super) fn result_path(&mut self, field: &'d PathField) {
        match field {
            PathField::Default => self.builder.emit(Op::Move { to: Register::Out, from: Register::Res }),
            PathField::Null => self.builder.emit(Op::Move { to: Register::Out, from: Register::Doc }),
            PathField::Path(path) if path.is_document() => {
                self.builder.emit(Op::Move { to: Register::Out, from: Register::Res });
            }
            PathField::Path(path) => {
                let blame = Blame::Field { field: "ResultPath".into(), path: path.text.clone() };
                let (path, blame) = (self.builder.path(&path.path), self.builder.blame(blame));
                self.builder.emit(Op::Place { path, blame });
            }
        }
    }

    pub(super) fn output_path(&mut self, field: &'d PathField) {
        match field {
            PathField::Default => {}
            PathField::Null => {
                let empty = self.builder.constant("{}");
                self.builder.emit(Op::Const { value: empty });
                self.builder.emit(Op::Store { to: Register::Out });
            }
            PathField::Path(path) if path.is_document() => {}
            PathField::Path(path) => {
                let blame = Blame::Field { field: "OutputPath".into(), path: path.text.clone() };
                self.path(path, Root::Register(Register::Out), blame);
                self.builder.emit(Op::Store { to: Register::Out });
            }
        }
    }

    /// Assign, its `$` at the given register.
    pub(super) fn assign(&mut self, assign: &'d Option<Assign>, document: Register) {
        let Some(assign) = assign.as_ref().filter(|a| !a.variables.is_empty()) else { return };
        let mut variables = Vec::new();
        for member in &assign.variables {
            self.template(&member.value, Root::Register(document), &member.field);
            variables.push(self.builder.variable(&member.key));
        }
        let variables: AssignId = self.builder.assign(variables);
        self.builder.emit(Op::Assign { variables });
    }

    /// Leaves the state with what is in `out`: Next or End.
    pub(super) fn leave(&mut self, place: &mut Place<'d>, id: StateId, state: &State) {
        self.builder.emit(Op::Exit { state: id });
        match state.flow {
            Flow::Next(next) => self.go(place, next),
            Flow::End | Flow::None => self.builder.emit(Op::Finish {}),
        }
    }

    /// Goes on at a state of the same scope: by falling through if its code comes next.
    pub(super) fn go(&mut self, place: &mut Place<'d>, next: StateIndex) {
        if place.done[next.get()] {
            self.builder.emit(Op::Jump { to: place.labels[next.get()] });
        } else {
            place.open.push(next);
        }
    }

    /// Goes on at a state of the same scope from the middle of another's code.
    pub(super) fn jump(&mut self, place: &mut Place<'d>, next: StateIndex) {
        if !place.done[next.get()] {
            place.open.push(next);
        }
        self.builder.emit(Op::Jump { to: place.labels[next.get()] });
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
