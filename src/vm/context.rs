//! The context object, `$$`: who the execution is, which state it is in, which item it works on.
//!
//! Made when something reads it, members in AWS's order. Names and ARNs that nobody has given are made up from the
//! execution's seed, so that they are the same in every run.

use super::machine::{Execution, ExecutionBasics, Family, Rare};
use super::seed::Seed;
use crate::program::State;
use crate::program::state::StateType;
use crate::value::path::{Path, Step};
use crate::value::raw::Form;
use crate::value::timestamp::Timestamp;
use crate::value::{Kind, Member, Value};

/// Who a machine and its executions are.
#[derive(Clone, Debug)]
pub struct Names {
    /// The machine's name.
    pub machine: String,
    /// Region of made-up ARNs and of events.
    pub region: String,
    /// Account of made-up ARNs.
    pub account: String,
    /// Whether executions are Express.
    pub express: bool,
    /// Members that replace or extend those of the context object: `{"Execution": {…}, "StateMachine": {…}}`, as
    /// compact JSON text.
    pub context: Option<String>,
}

impl Default for Names {
    fn default() -> Self {
        Names {
            machine: "Machine".to_owned(),
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
            express: false,
            context: None,
        }
    }
}

impl Names {
    /// The region that events name.
    pub fn region(&self) -> &str {
        &self.region
    }
}

/// The item that a Map's child works on. Whether a child's states see it in `$$.Map`, beside ItemSelector, is documented
/// and not recorded: they do. In a batch it is the batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct MapItem<'a> {
    pub index: usize,
    pub value: Value<'a>,
}

/// Which part of the context object is wanted: making up names and times for what nobody reads would cost more than
/// everything else that a small state does.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'p> {
    section: Option<&'p str>,
    field: Option<&'p str>,
}

impl<'p> Wanted<'p> {
    /// All of it.
    pub const ALL: Wanted<'static> = Wanted { section: None, field: None };

    /// What a path reads.
    pub fn by(path: &'p Path) -> Wanted<'p> {
        let mut names = path.steps().iter().map_while(|step| match step {
            Step::Member(name) => Some(&**name),
            _ => None,
        });
        Wanted { section: names.next(), field: names.next() }
    }

    /// What lies behind these members.
    pub fn below(names: &'p [Box<str>]) -> Wanted<'p> {
        let mut names = names.iter().map(|name| &**name);
        Wanted { section: names.next(), field: names.next() }
    }

    fn section(self, name: &str) -> bool {
        self.section.is_none_or(|section| section == name)
    }

    fn field(self, name: &str) -> bool {
        self.field.is_none_or(|field| field == name)
    }
}

impl<'a> Execution<'a> {
    /// What a path leads to in the context object, for those paths that are read most: the object need not be made.
    pub(super) fn in_context(&self, path: &Path) -> Option<Value<'a>> {
        let [Step::Member(section), Step::Member(field), rest @ ..] = path.steps() else { return None };
        if self.settings.names.context.is_some() {
            return None;
        }
        match (&**section, &**field, rest) {
            ("Map", "Item", [Step::Member(part)]) => match (self.family, &**part) {
                (Family::Child { item: Some(item), .. }, "Index") => Some(Value::Int(item.index as i64)),
                (Family::Child { item: Some(item), .. }, "Value") => Some(item.value),
                _ => None,
            },
            ("State", "RetryCount", []) => {
                let kind = self.program.state(self.visit.state?).kind;
                has_retries(kind).then(|| Value::Int(i64::from(self.visit.retry_count)))
            }
            ("State", "EnteredTime", []) => self.visit.state.map(|_| self.entered_time()),
            ("Execution", "Input", []) => Some(self.basics().input),
            _ => None,
        }
    }

    fn entered_time(&self) -> Value<'a> {
        Value::copy_str(self.arena, &Timestamp::from_millis(self.visit.entered_ms).to_rfc3339_millis())
    }

    /// The context object as it is now, as far as it is wanted.
    pub(super) fn context(&mut self, wanted: Wanted) -> Value<'a> {
        let arena = self.arena;
        let mut context = bumpalo::collections::Vec::new_in(arena);
        if wanted.section("Execution") {
            context.push(Member { key: "Execution", value: self.execution_section(wanted) });
        }
        if wanted.section("StateMachine") {
            let names = &self.settings.names;
            let (region, account, machine) = (&names.region, &names.account, &names.machine);
            let id = format!("arn:aws:states:{region}:{account}:stateMachine:{machine}");
            let members = [
                Member { key: "Id", value: Value::copy_str(arena, &id) },
                Member { key: "Name", value: Value::copy_str(arena, machine) },
            ];
            context.push(Member { key: "StateMachine", value: Value::object(arena, arena.alloc_slice_copy(&members)) });
        }
        if let Some(id) = self.visit.state {
            let info = self.program.state(id);
            if wanted.section("State") {
                context.push(Member { key: "State", value: self.state_section(info, wanted) });
            }
            if info.task_token && wanted.section("Task") {
                let rare = self.visit.rare();
                let token = match rare.token {
                    Some(token) => token,
                    None => arena.alloc_str(&token(self.seed.known())),
                };
                self.visit.rare = Some(arena.alloc(Rare { token: Some(token), ..rare }));
                let task = [Member { key: "Token", value: Value::text(arena, token) }];
                context.push(Member { key: "Task", value: Value::object(arena, arena.alloc_slice_copy(&task)) });
            }
        }
        if let Family::Child { item: Some(item), .. } = self.family
            && wanted.section("Map")
        {
            let members = [
                Member { key: "Index", value: Value::Int(item.index as i64) },
                Member { key: "Value", value: item.value },
            ];
            let item = [Member { key: "Item", value: Value::object(arena, arena.alloc_slice_copy(&members)) }];
            context.push(Member { key: "Map", value: Value::object(arena, arena.alloc_slice_copy(&item)) });
        }
        let context = Value::object(arena, context.into_bump_slice());
        match &self.settings.names.context {
            Some(given) => self.merged(context, Value::raw(arena, given, Form::of(given))),
            None => context,
        }
    }

    /// Who the execution is, members in AWS's order.
    fn execution_section(&self, wanted: Wanted) -> Value<'a> {
        let arena = self.arena;
        let names = &self.settings.names;
        let basics = self.basics();
        let (region, account, machine) = (&names.region, &names.account, &names.machine);
        let mut members = bumpalo::collections::Vec::new_in(arena);
        let mut put = |key, value| members.push(Member { key, value });
        if wanted.field("Id") || wanted.field("Name") {
            let mut name_seed = basics.name_seed.get();
            let (name, id) = (name_seed.uuid(), name_seed.uuid());
            let arn = match names.express {
                true => format!("arn:aws:states:{region}:{account}:express:{machine}:{name}:{id}"),
                false => format!("arn:aws:states:{region}:{account}:execution:{machine}:{name}"),
            };
            put("Id", Value::copy_str(arena, &arn));
            put("Input", basics.input);
            put("Name", Value::copy_str(arena, &name));
        } else {
            put("Input", basics.input);
        }
        if wanted.field("RoleArn") {
            put("RoleArn", Value::copy_str(arena, &format!("arn:aws:iam::{account}:role/{machine}")));
        }
        if wanted.field("StartTime") {
            let time = Timestamp::from_millis(basics.started_ms).to_rfc3339_millis();
            put("StartTime", Value::copy_str(arena, &time));
        }
        if !names.express {
            put("RedriveCount", Value::Int(0));
        }
        Value::object(arena, members.into_bump_slice())
    }

    fn state_section(&self, info: &'a State, wanted: Wanted) -> Value<'a> {
        let arena = self.arena;
        let mut members = bumpalo::collections::Vec::new_in(arena);
        members.push(Member { key: "Name", value: Value::text(arena, &info.name) });
        if wanted.field("EnteredTime") {
            members.push(Member { key: "EnteredTime", value: self.entered_time() });
        }
        if has_retries(info.kind) {
            members.push(Member { key: "RetryCount", value: Value::Int(i64::from(self.visit.retry_count)) });
        }
        Value::object(arena, members.into_bump_slice())
    }

    /// Two objects as one, two levels deep: what is given wins.
    fn merged(&self, context: Value<'a>, given: Value<'a>) -> Value<'a> {
        let mut merged = context;
        for part in given.members(self.arena).unwrap_or_default() {
            let mut value = part.value;
            if let Some(base) = context.get(self.arena, part.key).filter(|v| v.kind() == Kind::Object)
                && let Some(members) = part.value.members(self.arena)
            {
                value = members.iter().fold(base, |v, m| Value::overlay(self.arena, v, m.key, m.value));
            }
            merged = Value::overlay(self.arena, merged, part.key, value);
        }
        merged
    }

    /// What children have to know of the execution that they belong to.
    pub(super) fn basics(&self) -> ExecutionBasics<'a> {
        match self.family {
            Family::Root => {
                ExecutionBasics { input: self.input.value, started_ms: self.started_ms, name_seed: self.name_seed }
            }
            Family::Child { execution, .. } => execution,
        }
    }
}

/// Whether states of a type say how often they have been tried again.
fn has_retries(kind: StateType) -> bool {
    matches!(kind, StateType::Task | StateType::Map | StateType::Parallel)
}

/// A task token: text that no two tasks share.
fn token(seed: &mut Seed) -> String {
    format!("{:016x}{:016x}{:016x}{:016x}", seed.draw(), seed.draw(), seed.draw(), seed.draw())
}

impl Execution<'_> {
    /// The execution's ARN and its role's, as the context object has them.
    pub fn names(&mut self) -> (String, String) {
        let context = self.context(Wanted::ALL);
        let execution = context.get(self.arena, "Execution").unwrap_or(Value::Null);
        let text =
            |key| execution.get(self.arena, key).and_then(|v| v.as_str(self.arena)).unwrap_or_default().to_owned();
        (text("Id"), text("RoleArn"))
    }
}
