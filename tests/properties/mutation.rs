//! What is accepted at creation compiles to a sound program and runs to an end, however strange; what is refused is refused
//! with a reason.

use crate::oracle::generate::{Dice, Pair, pair};
use crate::oracle::json::Json;
use expressway::batch::drive::{Alone, drive};
use expressway::compile::{CompileError, Options, compile};
use expressway::definition::{Definition, ParseOptions, check};
use expressway::handler::Handlers;
use expressway::program::verify::verify;
use expressway::value::{Arena, Value};
use expressway::vm::{Execution, Input, Limits, Outcome, Seed, Settings, Start};

/// Every value of a document, by the way to it.
fn places(json: &Json, here: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
    all.push(here.clone());
    let children: Vec<&Json> = match json {
        Json::List(items) => items.iter().collect(),
        Json::Object(members) => members.iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    };
    for (n, child) in children.into_iter().enumerate() {
        here.push(n);
        places(child, here, all);
        here.pop();
    }
}

fn at<'j>(json: &'j mut Json, place: &[usize]) -> &'j mut Json {
    let Some((first, rest)) = place.split_first() else { return json };
    match json {
        Json::List(items) => at(&mut items[*first], rest),
        Json::Object(members) => at(&mut members[*first].1, rest),
        _ => json,
    }
}

/// Changes one thing somewhere.
fn mutate(dice: &mut Dice, json: &mut Json) {
    let mut all = Vec::new();
    places(json, &mut Vec::new(), &mut all);
    let (place, other) = (all[dice.below(all.len())].clone(), all[dice.below(all.len())].clone());
    let elsewhere = at(json, &other).clone();
    let target = at(json, &place);
    let odd = [
        Json::Null,
        Json::Bool(true),
        Json::int(-1),
        Json::Number("1e400".to_owned()),
        Json::text(""),
        Json::text("$"),
        Json::text("$.a[?(@.b)]"),
        Json::text("States.Format('{}', States.UUID())"),
        Json::text("{% $states.input %}"),
        Json::text("JSONata"),
        Json::List(Vec::new()),
        Json::Object(Vec::new()),
    ];
    match (dice.below(6), target) {
        (0, target) => *target = odd[dice.below(odd.len())].clone(),
        (1, target) => *target = elsewhere,
        (2, Json::Object(members)) if !members.is_empty() => {
            members.remove(dice.below(members.len()));
        }
        (3, Json::Object(members)) if !members.is_empty() => {
            let n = dice.below(members.len());
            let names = ["Next", "End", "Catch", "Parameters", "ResultPath", "Seconds", "Default", "Assign", "n.$"];
            members[n].0 = names[dice.below(names.len())].to_owned();
        }
        (4, Json::Object(members)) if members.len() > 1 => {
            let (a, b) = (dice.below(members.len()), dice.below(members.len()));
            let value = members[a].1.clone();
            members[b].1 = value;
        }
        (5, Json::List(items)) if !items.is_empty() => {
            let item = items[dice.below(items.len())].clone();
            items.push(item);
        }
        (_, target) => *target = odd[dice.below(odd.len())].clone(),
    }
}

/// Whether the definition was accepted; panics if what was accepted does not hold together.
fn holds(seed: u64, text: &str, input: &str) -> bool {
    let options = ParseOptions::default();
    let errors = check(text, "machine", &options).iter().filter(|found| found.is_error()).count();
    let definition = match Definition::parse(text, "machine", &options) {
        Ok(definition) => definition,
        Err(found) => {
            assert!(errors > 0 && !found.is_empty(), "seed {seed}: refused without a reason\n{text}");
            return false;
        }
    };
    assert_eq!(errors, 0, "seed {seed}: accepted although it was found wrong\n{text}");
    let program = match compile(&definition, &Options::default()) {
        Ok(program) => program,
        Err(errors) => {
            for error in errors {
                let unsupported = matches!(&error, CompileError::Unsupported { what, .. } if !what.is_empty());
                assert!(unsupported, "seed {seed}: {error}\n{text}");
            }
            return true;
        }
    };
    assert_eq!(verify(&program), Ok(program.stack_max()), "seed {seed}\n{text}");
    let bound = Handlers::new().bind_loosely(&program);
    let limits = Limits { steps: 500, ..Limits::STANDARD };
    let (arena, settings) = (Arena::new(), Settings { limits, ..Settings::default() });
    let input = Input::whole(Value::from_text(&arena, input));
    let start = Start { input, seed: Seed::new(seed, 0, 0), now_ms: 0, history: seed.is_multiple_of(2) };
    let mut execution = Execution::new(&program, &settings, &arena, start);
    if let Outcome::Succeeded(value) = drive(&mut execution, &bound, &mut bound.counters(), &Alone) {
        assert!(Json::parse(&value.to_json()).is_some(), "seed {seed}: {}\n{text}", value.to_json());
    }
    true
}

#[test]
fn what_is_accepted_is_sound() {
    for seed in 0..2_000 {
        let Pair { definition, input, .. } = pair(seed);
        assert!(holds(seed, &definition.print(), &input.print()), "seed {seed} is refused");
    }
}

#[test]
fn what_has_been_mutilated_is_refused_or_sound() {
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..6_000 {
        let Pair { mut definition, input, .. } = pair(seed / 3);
        let mut dice = Dice(seed.wrapping_mul(0x9E37));
        for _ in 0..1 + dice.below(3) {
            mutate(&mut dice, &mut definition);
        }
        match holds(seed, &definition.print(), &input.print()) {
            true => accepted += 1,
            false => refused += 1,
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > 600 && refused > 600, "{accepted} accepted, {refused} refused");
}
