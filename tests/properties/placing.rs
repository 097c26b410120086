//! What ResultPath writes, the same path reads, and nothing else has changed.

use crate::oracle::generate::{Dice, document};
use crate::oracle::json::Json;
use expressway::batch::drive::{Alone, drive};
use expressway::compile::compile;
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::Handlers;
use expressway::value::path::{NodeBudget, Path};
use expressway::value::{Arena, Value};
use expressway::vm::{Execution, Input, Outcome, Seed, Settings, Start};

/// A step: a member's name or an element's index.
#[derive(Clone)]
enum Step {
    Name(String),
    Index(usize),
}

/// A reference path into a document, along what is there and then, perhaps, beyond; where it must not work, `None` beside.
fn reference_path(dice: &mut Dice, document: &Json) -> (String, Option<Vec<Step>>) {
    let names = ["new", "a b", "ö", "it's", "\"", "x.y", "$", "n", "[0]", "-"];
    let (mut text, mut steps, mut fits) = ("$".to_owned(), Vec::new(), true);
    let mut here = Some(document);
    for _ in 0..1 + dice.below(4) {
        let step = match here {
            Some(Json::List(items)) if !items.is_empty() && dice.chance(90) => Step::Index(dice.below(items.len())),
            Some(Json::List(_)) if dice.chance(50) => Step::Index(dice.below(9)),
            Some(Json::Object(members)) if !members.is_empty() && dice.chance(70) => {
                Step::Name(members[dice.below(members.len())].0.clone())
            }
            _ => Step::Name(names[dice.below(names.len())].to_owned()),
        };
        here = match (&step, here) {
            (Step::Index(index), Some(Json::List(items))) => {
                fits &= *index < items.len();
                items.get(*index)
            }
            (Step::Index(_), _) | (Step::Name(_), Some(Json::List(_))) => {
                fits = false;
                None
            }
            (Step::Name(name), Some(object @ Json::Object(_))) => object.get(name),
            // What is made on the way is an object.
            (Step::Name(_), None) => None,
            (Step::Name(_), Some(_)) => {
                fits = false;
                None
            }
        };
        match &step {
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Name(name) if name.chars().all(|c| c.is_ascii_alphanumeric()) && dice.chance(60) => {
                text.push_str(&format!(".{name}"));
            }
            Step::Name(name) => text.push_str(&format!("['{}']", name.replace('\'', "\\'"))),
        }
        steps.push(step);
    }
    (text, fits.then_some(steps))
}

/// The document with the value at the place, by somebody else's hand.
fn placed(document: &Json, steps: &[Step], value: &Json) -> serde_json::Value {
    let read = |json: &Json| serde_json::from_str(&json.print()).expect("JSON");
    let mut whole: serde_json::Value = read(document);
    let mut here = &mut whole;
    for step in steps {
        here = match step {
            Step::Name(name) => {
                if here.is_null() {
                    *here = serde_json::json!({});
                }
                here.as_object_mut().expect("an object").entry(name.clone()).or_insert(serde_json::Value::Null)
            }
            Step::Index(index) => &mut here[*index],
        };
    }
    *here = read(value);
    whole
}

#[test]
fn what_a_path_has_written_it_reads() {
    let mut fitting = 0;
    for seed in 0..20_000 {
        let (mut dice, document) = (Dice(seed), document(seed));
        let (text, fits) = reference_path(&mut dice, &document);
        let value = document_or_scalar(&mut dice, seed);
        let path = Path::parse(&text).unwrap_or_else(|error| panic!("seed {seed}: {text}: {error}"));
        let arena = Arena::new();
        let (base, new) = (document.print(), value.print());
        let (base, new) = (Value::from_text(&arena, &base), Value::from_text(&arena, &new));
        let written = path.place(base, new, &arena);
        let Some(steps) = fits else {
            assert!(written.is_err(), "seed {seed}: {text} was written into {}", document.print());
            continue;
        };
        fitting += 1;
        let written = written.unwrap_or_else(|error| panic!("seed {seed}: {text}: {error}\n{}", document.print()));
        let read = path.eval(written, &arena, &mut NodeBudget::new(1_000_000));
        assert_eq!(read.expect("it is there").to_json(), value.print(), "seed {seed}: {text}");
        let all: serde_json::Value = serde_json::from_str(&written.to_json()).expect("JSON");
        assert_eq!(all, placed(&document, &steps, &value), "seed {seed}: {text}");
    }
    assert!(fitting > 5_000, "only {fitting} paths fit");
}

/// As above, through a machine: a Pass writes, the next one's OutputPath reads.
#[test]
fn what_a_state_has_written_the_next_one_reads() {
    for seed in 0..2_000 {
        let (mut dice, document) = (Dice(seed), document(seed));
        let (text, fits) = reference_path(&mut dice, &document);
        let value = document_or_scalar(&mut dice, seed);
        let path = Json::text(text);
        let write = Json::object([
            ("Type", Json::text("Pass")),
            ("Result", value.clone()),
            ("ResultPath", path.clone()),
            ("Next", Json::text("Read")),
        ]);
        let read = Json::object([("Type", Json::text("Succeed")), ("OutputPath", path)]);
        let states = Json::object([("Write", write), ("Read", read)]);
        let machine = Json::object([("StartAt", Json::text("Write")), ("States", states)]).print();
        let definition = Definition::parse(&machine, "machine", &ParseOptions::default());
        let definition = definition.unwrap_or_else(|found| panic!("seed {seed}: {found:?}\n{machine}"));
        let program = compile(&definition, &Default::default()).expect("a program");
        let bound = Handlers::new().bind(&program).expect("nothing to bind");
        let (arena, settings, input) = (Arena::new(), Settings::default(), document.print());
        let input = Input::whole(Value::from_text(&arena, &input));
        let start = Start { input, seed: Seed::new(0, 0, 0), now_ms: 0, history: false };
        let mut execution = Execution::new(&program, &settings, &arena, start);
        let outcome = drive(&mut execution, &bound, &mut bound.counters(), &Alone);
        match (outcome, fits) {
            (Outcome::Succeeded(found), Some(_)) => {
                assert_eq!(found.to_json(), value.print(), "seed {seed}: {machine}")
            }
            (Outcome::Failed(failure), None) => {
                assert_eq!(failure.error, Some("States.ResultPathMatchFailure"), "seed {seed}: {machine}");
            }
            (other, _) => panic!("seed {seed}: {other:?}\n{machine}\n{}", document.print()),
        }
    }
}

fn document_or_scalar(dice: &mut Dice, seed: u64) -> Json {
    match dice.below(5) {
        0 => Json::Null,
        1 => Json::text("text"),
        2 => Json::Number("-1.50".to_owned()),
        _ => document(seed ^ 0x5555),
    }
}
