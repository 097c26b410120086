//! The context object, `$$`: who the execution is, which state it is in, which item it works on.
//!
//! Made when something reads it, members in AWS's order. Names and ARNs that nobody has given are made up from the
//! execution's seed, so that they are the same in every run.

use super::machine::{Execution, ExecutionBasics, Family, Rare};
use super::seed::Seed;
use crate::program::state::StateType;
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

/// The item that a Map's child works on.
#[derive(Clone, Copy, Debug)]
pub(super) struct MapItem<'a> {
    pub index: usize,
    pub value: Value<'a>,
}

impl<'a> Execution<'a> {
    /// The context object as it is now.
    pub(super) fn context(&mut self) -> Value<'a> {
        let arena = self.arena;
        let text = |t: &str| Value::copy_str(arena, t);
        let object = |members: &[Member<'a>]| Value::object(arena, arena.alloc_slice_copy(members));
        let names = &self.settings.names;
        let basics = self.basics();
        let mut name_seed = basics.name_seed;
        let (name, id) = (name_seed.uuid(), name_seed.uuid());
        let (region, account, machine) = (&names.region, &names.account, &names.machine);
        let (execution_arn, role) = (
            match names.express {
                true => format!("arn:aws:states:{region}:{account}:express:{machine}:{name}:{id}"),
                false => format!("arn:aws:states:{region}:{account}:execution:{machine}:{name}"),
            },
            format!("arn:aws:iam::{account}:role/{machine}"),
        );
        let mut execution = vec![
            Member { key: "Id", value: text(&execution_arn) },
            Member { key: "Input", value: basics.input },
            Member { key: "Name", value: text(&name) },
            Member { key: "RoleArn", value: text(&role) },
            Member { key: "StartTime", value: text(&Timestamp::from_millis(basics.started_ms).to_rfc3339_millis()) },
        ];
        if !names.express {
            execution.push(Member { key: "RedriveCount", value: Value::Int(0) });
        }
        let machine_id = format!("arn:aws:states:{region}:{account}:stateMachine:{machine}");
        let state_machine =
            [Member { key: "Id", value: text(&machine_id) }, Member { key: "Name", value: text(machine) }];
        let mut context = vec![
            Member { key: "Execution", value: object(&execution) },
            Member { key: "StateMachine", value: object(&state_machine) },
        ];
        if let Some(id) = self.visit.state {
            let info = self.program.state(id);
            let entered = Timestamp::from_millis(self.visit.entered_ms).to_rfc3339_millis();
            let mut state = vec![
                Member { key: "Name", value: text(&info.name) },
                Member { key: "EnteredTime", value: text(&entered) },
            ];
            if matches!(info.kind, StateType::Task | StateType::Map | StateType::Parallel) {
                state.push(Member { key: "RetryCount", value: Value::Int(i64::from(self.visit.retry_count)) });
            }
            context.push(Member { key: "State", value: object(&state) });
            if info.task_token {
                let rare = self.visit.rare();
                let token = match rare.token {
                    Some(token) => token,
                    None => arena.alloc_str(&token(&mut self.seed)),
                };
                self.visit.rare = Some(arena.alloc(Rare { token: Some(token), ..rare }));
                let task = [Member { key: "Token", value: Value::text(arena, token) }];
                context.push(Member { key: "Task", value: object(&task) });
            }
        }
        if let Family::Child { item: Some(item), .. } = self.family {
            let item = [
                Member { key: "Index", value: Value::Int(item.index as i64) },
                Member { key: "Value", value: item.value },
            ];
            context.push(Member { key: "Map", value: object(&[Member { key: "Item", value: object(&item) }]) });
        }
        let context = object(&context);
        match &names.context {
            Some(given) => self.merged(context, Value::raw(arena, given, Form::of(given))),
            None => context,
        }
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

/// A task token: text that no two tasks share.
fn token(seed: &mut Seed) -> String {
    format!("{:016x}{:016x}{:016x}{:016x}", seed.draw(), seed.draw(), seed.draw(), seed.draw())
}

impl Execution<'_> {
    /// The execution's ARN and its role's, as the context object has them.
    pub fn names(&mut self) -> (String, String) {
        let context = self.context();
        let execution = context.get(self.arena, "Execution").unwrap_or(Value::Null);
        let text =
            |key| execution.get(self.arena, key).and_then(|v| v.as_str(self.arena)).unwrap_or_default().to_owned();
        (text("Id"), text("RoleArn"))
    }
}
