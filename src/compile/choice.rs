//! Choice rules to jumps, and runs of StringEquals on one path to a dispatch table.
//!
//! Rules are tried in order and And, Or and Not stop as early as they can: a rule that guards another with IsPresent
//! must keep the other from being evaluated. A run of rules that are each one StringEquals with a constant on the same
//! path becomes one look-up; the first of equal constants wins, and other rules before and after keep their places.

use super::Compiler;
use super::instrument::Instrument;
use super::jsonata::states::Setting;
use super::scope::Place;
use crate::definition::{self, Choice, ChoiceRule, Comparator, Condition, DataTest, Flow, Operand, State, StateIndex};
use crate::program::choice::{Comparison, Domain, Relation, Subject, Table, Test, TypeTest};
use crate::program::point::PointKind;
use crate::program::{Addr, Blame, Expected, Op, Register, Root, StateId};
use crate::value::pattern::Pattern;
use crate::value::timestamp::Timestamp;

/// What a rule's Variable and comparator paths start from.
const DOCUMENT: Root = Root::Register(Register::Eff);

impl<'d> Compiler<'d> {
    pub(super) fn choice(&mut self, place: &mut Place<'d>, state: &'d State, id: StateId, choice: &'d Choice) {
        let bodies: Vec<Addr> = choice.rules.iter().map(|_| self.builder.label()).collect();
        let mut at = 0;
        while at < choice.rules.len() {
            let run = self.run_length(&choice.rules[at..]);
            if run >= 2 {
                self.table(&choice.rules[at..at + run], &bodies[at..at + run]);
                at += run;
            } else if let Some(decided) = self.decided(&choice.rules[at..], &bodies[at..]) {
                at += decided;
            } else {
                let otherwise = self.builder.label();
                self.mark_tried(place, id, choice, at);
                if let Condition::Expression(expression) = &choice.rules[at].condition {
                    let field = format!("Choices[{at}]/Condition");
                    self.expression(&expression.text, &field, Setting::ENTRY, Some(Expected::Boolean));
                    self.builder.emit(Op::WhenTrue { to: bodies[at] });
                } else {
                    self.condition(&choice.rules[at].condition, bodies[at], otherwise, &state.location);
                }
                self.builder.place(otherwise);
                at += 1;
            }
        }
        match choice.default {
            Some(default) => {
                self.mark_here(place, id, state.span, PointKind::Default);
                if let Some(fields) = &state.jsonata {
                    let with = self.outcome(fields, "", Setting::ENTRY, Register::Doc);
                    self.leave(place, id, Flow::Next(default), with);
                } else {
                    self.assign(&state.assign, Register::Eff);
                    self.chosen(place, state, id, default);
                }
            }
            None => self.builder.emit(Op::NoMatch {}),
        }
        for (n, (rule, body)) in choice.rules.iter().zip(bodies).enumerate() {
            self.builder.place(body);
            self.mark_here(place, id, rule.span, PointKind::Rule(n as u32));
            if let Some(fields) = &rule.jsonata {
                let with = self.outcome(fields, &format!("Choices[{n}]/"), Setting::ENTRY, Register::Doc);
                self.leave(place, id, Flow::Next(rule.next), with);
                continue;
            }
            self.assign(&rule.assign, Register::Eff);
            self.chosen(place, state, id, rule.next);
        }
    }

    /// How many rules from the first on become one table; a program that is watched looks at each by itself.
    fn run_length(&self, rules: &[ChoiceRule]) -> usize {
        if self.instrument == Instrument::Watch { 0 } else { run_length(rules).min(Table::ENTRIES_MAX) }
    }

    fn chosen(&mut self, place: &mut Place<'d>, state: &'d State, id: StateId, next: StateIndex) {
        let with = self.output_path(&state.output_path, Register::Eff);
        self.leave(place, id, Flow::Next(next), with);
    }

    fn table(&mut self, rules: &'d [ChoiceRule], bodies: &[Addr]) {
        let mut constants = Vec::with_capacity(rules.len());
        let mut variable = None;
        for (rule, body) in rules.iter().zip(bodies) {
            if let Some((test, constant)) = string_equals(rule) {
                variable.get_or_insert(test);
                constants.push((constant.into(), *body));
            }
        }
        let Some(test) = variable else { return };
        let from = self.root(&test.variable, DOCUMENT);
        let blame = self.builder.blame(Blame::Condition { path: test.variable.text.clone() });
        let path = self.builder.path(&test.variable.path);
        let table = self.builder.table(Table::new(Subject::Path(from, path, blame), &constants));
        self.builder.emit(Op::Switch { table });
    }

    /// Code that goes on at `yes` if the condition holds and falls through or jumps to `no` if it does not.
    fn condition(&mut self, condition: &'d Condition, yes: Addr, no: Addr, location: &str) {
        match condition {
            Condition::And(parts) => {
                for part in parts {
                    let next = self.builder.label();
                    self.condition(part, next, no, location);
                    self.builder.place(next);
                }
                self.builder.emit(Op::Jump { to: yes });
            }
            Condition::Or(parts) => {
                for part in parts {
                    let next = self.builder.label();
                    self.condition(part, yes, next, location);
                    self.builder.place(next);
                }
                self.builder.emit(Op::Jump { to: no });
            }
            Condition::Not(part) => self.condition(part, no, yes, location),
            Condition::Constant(holds) => self.builder.emit(Op::Jump { to: if *holds { yes } else { no } }),
            Condition::Test(test) => {
                let Some(test) = self.test(test, location) else { return };
                let test = self.builder.test(test);
                self.watch(test);
                self.builder.emit(Op::When { test, to: yes });
                self.builder.emit(Op::Jump { to: no });
            }
            // Only a rule as a whole is an expression, and its number is in its name.
            Condition::Expression(_) => self.builder.emit(Op::Jump { to: no }),
        }
    }

    fn test(&mut self, test: &'d DataTest, location: &str) -> Option<Test> {
        let comparison = match (&test.operand, kind(test.comparator)) {
            (Operand::Path(operand), Kind::Compare(domain, relation)) => {
                let root = self.root(operand, DOCUMENT);
                let blame = self.builder.blame(Blame::Condition { path: operand.text.clone() });
                Comparison::Against(domain, relation, root, self.builder.path(&operand.path), blame)
            }
            (Operand::String(text), Kind::Compare(Domain::Text, relation)) => Comparison::Text(relation, text.clone()),
            (Operand::String(text), Kind::Matches) => Comparison::Matches(Pattern::parse(text)),
            (Operand::Number(number), Kind::Compare(Domain::Number, relation)) => {
                Comparison::Number(relation, number.clone())
            }
            (Operand::Bool(b), Kind::Compare(Domain::Bool, _)) => Comparison::Bool(*b),
            (Operand::Timestamp(text) | Operand::String(text), Kind::Compare(Domain::Time, relation)) => {
                match Timestamp::parse(text) {
                    Ok(time) => Comparison::Time(relation, time),
                    Err(_) => {
                        self.unsupported(location, format!("{text} is not an RFC 3339 time"));
                        return None;
                    }
                }
            }
            (Operand::Bool(expected), Kind::Is(type_test)) => Comparison::Is(type_test, *expected),
            (operand, _) => {
                // A placeholder stands where a number or a boolean belongs; every other pair the rules of creation refuse.
                self.unsupported(location, format!("{:?} cannot compare with {operand:?}", test.comparator));
                return None;
            }
        };
        let from = self.root(&test.variable, DOCUMENT);
        let blame = self.builder.blame(Blame::Condition { path: test.variable.text.clone() });
        Some(Test { from, path: self.builder.path(&test.variable.path), blame, comparison })
    }
}

/// How many rules from the first on are each one StringEquals with a constant on the same Variable.
fn run_length(rules: &[ChoiceRule]) -> usize {
    let Some((first, _)) = rules.first().and_then(string_equals) else { return 0 };
    rules
        .iter()
        .take_while(|rule| string_equals(rule).is_some_and(|(test, _)| test.variable.text == first.variable.text))
        .count()
}

fn string_equals(rule: &ChoiceRule) -> Option<(&DataTest, &str)> {
    match &rule.condition {
        Condition::Test(test) => match (test.comparator, &test.operand) {
            (Comparator::StringEquals, Operand::String(constant)) => Some((test, constant)),
            _ => None,
        },
        _ => None,
    }
}

enum Kind {
    Compare(Domain, Relation),
    Matches,
    Is(TypeTest),
}

fn kind(comparator: definition::Comparator) -> Kind {
    use Comparator as C;
    use Relation::{Equals, GreaterThan, GreaterThanEquals, LessThan, LessThanEquals};
    match comparator {
        C::StringEquals => Kind::Compare(Domain::Text, Equals),
        C::StringLessThan => Kind::Compare(Domain::Text, LessThan),
        C::StringGreaterThan => Kind::Compare(Domain::Text, GreaterThan),
        C::StringLessThanEquals => Kind::Compare(Domain::Text, LessThanEquals),
        C::StringGreaterThanEquals => Kind::Compare(Domain::Text, GreaterThanEquals),
        C::StringMatches => Kind::Matches,
        C::NumericEquals => Kind::Compare(Domain::Number, Equals),
        C::NumericLessThan => Kind::Compare(Domain::Number, LessThan),
        C::NumericGreaterThan => Kind::Compare(Domain::Number, GreaterThan),
        C::NumericLessThanEquals => Kind::Compare(Domain::Number, LessThanEquals),
        C::NumericGreaterThanEquals => Kind::Compare(Domain::Number, GreaterThanEquals),
        C::BooleanEquals => Kind::Compare(Domain::Bool, Equals),
        C::TimestampEquals => Kind::Compare(Domain::Time, Equals),
        C::TimestampLessThan => Kind::Compare(Domain::Time, LessThan),
        C::TimestampGreaterThan => Kind::Compare(Domain::Time, GreaterThan),
        C::TimestampLessThanEquals => Kind::Compare(Domain::Time, LessThanEquals),
        C::TimestampGreaterThanEquals => Kind::Compare(Domain::Time, GreaterThanEquals),
        C::IsNull => Kind::Is(TypeTest::IsNull),
        C::IsPresent => Kind::Is(TypeTest::IsPresent),
        C::IsString => Kind::Is(TypeTest::IsString),
        C::IsNumeric => Kind::Is(TypeTest::IsNumeric),
        C::IsBoolean => Kind::Is(TypeTest::IsBoolean),
        C::IsTimestamp => Kind::Is(TypeTest::IsTimestamp),
    }
}
