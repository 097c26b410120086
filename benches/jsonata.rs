//! What do JSONata expressions cost, beside the same written by hand in Rust and beside jsonata-core?
//!
//! Two questions, each answered for fifteen expressions over one order, results compared before anything is timed:
//!
//! * *at hand*: the document has been read, in each one's own form: ours as the values of an execution, opened;
//!   `serde_json::Value` for the code by hand. Ours is timed a second time over text, of which the scanner has kept what
//!   the expression reads, which is how a state machine meets it: what has to be opened is opened within the time.
//!   jsonata-core is handed the `serde_json::Value` and has to turn it into values of its own; `$states` is bound.
//! * *from the line*: from the bytes of the line to the bytes of the result. Ours is a whole execution of a machine with one
//!   Pass state, limits, clock and all.
//!
//! At the end a table of medians and the geometric means of the ratios.
//!
//! Times depend on what else the machine does, instructions do not: `perf/expressions.sh` has valgrind count those, by way
//! of `COUNT=NAME,SIDE,TIMES`, which runs one side of one expression so many times, and nothing else.

#[path = "expressions/mod.rs"]
mod expressions;

use criterion::{BatchSize, Criterion};
use expressions::{CASES, Case, ORDER};
use expressway::batch::drive::{Alone, drive};
use expressway::compile::{self, jsonata};
use expressway::definition::{Definition, ParseOptions, jsonata::Ast};
use expressway::handler::Handlers;
use expressway::program::expression::{Builtin, Expression, Global};
use expressway::value::raw::Form;
use expressway::value::scan::{Lines, Record, Scratch, Slot, SlotTrie, Tokens, WalkPlan};
use expressway::value::tree::Span;
use expressway::value::{Arena, Member, Value};
use expressway::vm::jsonata::{EvaluationError, Host, Limits, evaluate};
use expressway::vm::{Execution, Input, Outcome, Seed, Settings, Start};
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator};
use jsonata_core::value::JValue;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The paths below `$states.input` that an expression reads, each under its number; as far as they lead through objects,
/// for what lies behind an array is the evaluation's to find.
struct Names<'o> {
    order: &'o serde_json::Value,
    paths: Vec<Vec<String>>,
}

impl jsonata::Resolver for Names<'_> {
    fn global(&mut self, name: &str) -> Global {
        Builtin::from_name(name).map_or(Global::None, Global::Builtin)
    }

    fn states(&mut self, members: &[&str]) -> Option<(Global, usize)> {
        let (mut path, mut at) = (Vec::new(), self.order);
        for name in members.strip_prefix(&["input"])? {
            if !at.is_object() {
                break;
            }
            path.push((*name).to_owned());
            at = at.get(name).unwrap_or(&serde_json::Value::Null);
        }
        let covered = path.len() + 1;
        let known = self.paths.iter().position(|p| *p == path);
        let id = known.unwrap_or_else(|| {
            self.paths.push(path);
            self.paths.len() - 1
        });
        Some((Global::Binding(id as u32), covered))
    }
}

/// What the paths of [`Names`] hold.
enum Bound<'a> {
    /// Values.
    Values(&'a [Option<Value<'a>>]),
    /// What a scanner has kept of a line: containers are opened when they are asked for, as in a state machine.
    Slots(&'a [Slot], Tokens<'a>, &'a Arena),
}

impl<'a> Host<'a> for Bound<'a> {
    fn global(&mut self, global: Global) -> Option<Value<'a>> {
        match global {
            Global::Binding(id) => match self {
                Bound::Values(values) => values[id as usize],
                Bound::Slots(slots, tokens, arena) => match slots[id as usize] {
                    Slot::Found(span) => Some(tokens.open(span, arena)),
                    _ => None,
                },
            },
            _ => None,
        }
    }
    fn now_ms(&mut self) -> i64 {
        1_577_836_800_000
    }
    fn draw(&mut self) -> u64 {
        4
    }
    fn compile(&mut self, _: &str) -> Option<Result<&'a Expression, EvaluationError>> {
        None
    }
}

/// The value with every level opened.
fn opened<'a>(value: Value<'a>, arena: &'a Arena) -> Value<'a> {
    if let Some(members) = value.members(arena) {
        let made = members.iter().map(|m| Member { key: m.key, value: opened(m.value, arena) });
        return Value::object(arena, arena.alloc_slice_fill_iter(made));
    }
    match value.elements(arena) {
        Some(elements) => Value::array(arena, arena.alloc_slice_fill_iter(elements.iter().map(|e| opened(*e, arena)))),
        None => value,
    }
}

/// Ours, ready to run over the order.
struct Ours {
    expression: Expression,
    paths: Vec<Vec<String>>,
}

impl Ours {
    fn new(text: &str, order: &serde_json::Value) -> Ours {
        let ast = Ast::parse(text).expect("it can be read");
        let mut names = Names { order, paths: Vec::new() };
        let expression = jsonata::compile(&ast, text, &mut names);
        Ours { expression, paths: names.paths }
    }

    fn bound<'a>(&self, order: Value<'a>, arena: &'a Arena) -> Vec<Option<Value<'a>>> {
        let follow = |path: &Vec<String>| path.iter().try_fold(order, |value, name| value.get(arena, name));
        self.paths.iter().map(follow).collect()
    }

    fn run<'a>(&'a self, mut bound: Bound<'a>, arena: &'a Arena) -> Value<'a> {
        evaluate(&self.expression, Value::Undefined, &mut bound, Limits::STATE, arena).expect("it has a value")
    }
}

/// jsonata-core's: the value bound as `$states`, and what comes of it.
fn core(ast: &AstNode, input: JValue) -> JValue {
    let mut context = Context::new();
    context.bind("states".to_owned(), JValue::object([("input".to_owned(), input)].into_iter().collect()));
    Evaluator::with_context(context).evaluate(ast, &JValue::Undefined).expect("it has a value")
}

fn case(c: &mut Criterion, case: &Case) {
    let order: serde_json::Value = serde_json::from_str(ORDER).expect("the order is JSON");
    let ours = Ours::new(case.text, &order);
    let ast = jsonata_core::parser::parse(case.text).expect("it can be read");
    // What the values of the document live in stays; what an evaluation makes goes with its own arena.
    let (document, mut arena) = (Arena::new(), Arena::new());
    let text = Value::raw(&document, ORDER, Form::COMPACT);
    let at_hand = ours.bound(opened(text, &document), &document);
    let mut scratch = Scratch::new();
    let plan = WalkPlan { trie: SlotTrie::new(&ours.paths), find_duplicates: true };
    let mut slots = vec![Slot::Absent; ours.paths.len()];
    let mut lines = Lines::new(ORDER.as_bytes(), &mut scratch, &plan);
    assert!(matches!(lines.next(&mut slots).map(|item| item.record), Some(Record::Line(_))), "the order is a line");
    let tokens = lines.tokens();

    let expected = (case.by_hand)(&order).expect("it has a value");
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("results are JSON");
    assert!(same(&read(&ours.run(Bound::Values(&at_hand), &arena).to_json()), &expected), "{}: ours", case.name);
    assert!(
        same(&read(&ours.run(Bound::Slots(&slots, tokens, &arena), &arena).to_json()), &expected),
        "{}: ours, of text",
        case.name
    );
    assert!(same(&(&core(&ast, order.clone().into())).into(), &expected), "{}: jsonata-core", case.name);

    let mut group = c.benchmark_group(case.name);
    group.bench_function("at hand, ours", |b| {
        b.iter(|| {
            arena.reset();
            black_box(ours.run(Bound::Values(&at_hand), &arena).is_null());
        });
    });
    group.bench_function("at hand, ours over text", |b| {
        b.iter(|| {
            arena.reset();
            black_box(ours.run(Bound::Slots(&slots, tokens, &arena), &arena).is_null());
        });
    });
    group.bench_function("at hand, by hand", |b| b.iter(|| black_box((case.by_hand)(black_box(&order)))));
    group.bench_function("at hand, jsonata-core", |b| {
        // It takes the document, so it is given a copy whose making is not timed.
        b.iter_batched(|| order.clone(), |order| core(&ast, order.into()), BatchSize::SmallInput);
    });

    let machine = Machine::new(case.text);
    let mut state = machine.state();
    assert!(same(&read(std::str::from_utf8(machine.run(&mut state)).expect("it is UTF-8")), &expected));
    group.bench_function("line, ours", |b| b.iter(|| black_box(machine.run(&mut state)).len()));
    let mut out = Vec::new();
    group.bench_function("line, by hand", |b| {
        b.iter(|| {
            out.clear();
            let order: serde_json::Value = serde_json::from_slice(black_box(ORDER.as_bytes())).expect("it is JSON");
            serde_json::to_writer(&mut out, &(case.by_hand)(&order)).expect("a vector takes everything");
            out.len()
        });
    });
    group.bench_function("line, jsonata-core", |b| {
        b.iter(|| {
            let order = JValue::from_json_str(black_box(ORDER)).expect("it is JSON");
            core(&ast, order).to_json_string().expect("results can be written").len()
        });
    });
    group.finish();
}

/// Whether two results are equal, numbers as doubles but for their last digit, in which serde_json reads some otherwise
/// than they are written.
fn same(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value as V;
    match (a, b) {
        (V::Number(a), V::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            (a - b).abs() <= a.abs() * f64::EPSILON
        }
        (V::Array(a), V::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (V::Object(a), V::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// A machine of one state whose Output is the expression.
struct Machine {
    program: expressway::program::Program,
    bound: expressway::handler::Bound,
    settings: Settings,
    plan: WalkPlan,
}

/// What is used again from line to line.
struct State {
    arena: Arena,
    scratch: Scratch,
    slots: Vec<Slot>,
    out: Vec<u8>,
}

impl Machine {
    fn new(text: &str) -> Machine {
        let output = serde_json::Value::from(format!("{{% {text} %}}"));
        let machine = format!(
            r#"{{"QueryLanguage":"JSONata","StartAt":"A","States":{{"A":{{"Type":"Pass","Output":{output},"End":true}}}}}}"#
        );
        let definition = Definition::parse(&machine, "one state", &ParseOptions::default()).expect("it breaks no rule");
        let program = compile::compile(&definition, &compile::Options::default()).expect("it compiles");
        let bound = Handlers::new().bind(&program).expect("there are no tasks");
        let plan = WalkPlan { trie: SlotTrie::new(program.slots()), find_duplicates: program.copies_input() };
        Machine { program, bound, settings: Settings::default(), plan }
    }

    fn state(&self) -> State {
        let slots = vec![Slot::Absent; self.program.slots().len()];
        State { arena: Arena::new(), scratch: Scratch::new(), slots, out: Vec::new() }
    }

    /// The result's bytes.
    fn run<'s>(&self, state: &'s mut State) -> &'s [u8] {
        let State { arena, scratch, slots, out } = state;
        arena.reset();
        out.clear();
        let mut lines = Lines::new(black_box(ORDER.as_bytes()), scratch, &self.plan);
        let item = lines.next(slots).expect("there is a line");
        let Record::Line(line) = item.record else { panic!("the order is JSON") };
        let (form, tokens) = (line.form(), lines.tokens());
        let value = match self.program.opens_input() {
            true => tokens.open(Span { start: 0, end: line.text.len() as u32 }, arena),
            false => Value::raw(arena, line.text, form),
        };
        let input = Input { value, text: line.text, form, slots, tokens: Some(tokens) };
        let start = Start { input, seed: Seed::new(0, 0, 0), now_ms: 0, history: false };
        let mut execution = Execution::new(&self.program, &self.settings, arena, start);
        match drive(&mut execution, &self.bound, &mut self.bound.counters(), &Alone) {
            Outcome::Succeeded(value) => value.write(out),
            other => panic!("{other:?}"),
        }
        out
    }
}

/// The table of medians, read from what was measured last.
fn report() {
    const COLUMNS: [&str; 7] = [
        "at hand, ours",
        "at hand, ours over text",
        "at hand, by hand",
        "at hand, jsonata-core",
        "line, ours",
        "line, by hand",
        "line, jsonata-core",
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/criterion");
    let median = |case: &Case, column: &str| -> Option<f64> {
        let file = |name: &str| name.replace(['*', '?', '"', '/', '\\', '>', '<', ':', '|'], "_");
        let path = folder.join(file(case.name)).join(file(column)).join("new/estimates.json");
        let estimates: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()?;
        estimates.get("median")?.get("point_estimate")?.as_f64()
    };
    let mut logs = [0.0; COLUMNS.len()];
    println!("\nmedian nanoseconds\n{:<20}{}", "", COLUMNS.map(|c| format!("{c:>25}")).concat());
    for case in CASES {
        let Some(medians): Option<Vec<f64>> = COLUMNS.iter().map(|c| median(case, c)).collect() else { return };
        println!("{:<20}{}", case.name, medians.iter().map(|m| format!("{m:>25.0}")).collect::<String>());
        logs.iter_mut().zip(medians).for_each(|(log, median)| *log += median.ln() / CASES.len() as f64);
    }
    let ratio = |a: usize, b: usize| f64::exp(logs[a] - logs[b]);
    println!("\ngeometric means");
    println!("  at hand: ours / by hand            {:6.2}", ratio(0, 2));
    println!("  at hand: ours over text / by hand  {:6.2}", ratio(1, 2));
    println!("  at hand: jsonata-core / ours       {:6.2}", ratio(3, 0));
    println!("  line:    ours / by hand            {:6.2}", ratio(4, 5));
    println!("  line:    jsonata-core / ours       {:6.2}", ratio(6, 4));
}

/// Runs one side of one expression so many times: `COUNT=$map,ours,100`.
fn count(asked: &str) {
    let mut parts = asked.rsplitn(3, ',');
    let (times, side, name) = (parts.next(), parts.next(), parts.next());
    let times: u32 = times.and_then(|times| times.parse().ok()).expect("COUNT=NAME,SIDE,TIMES");
    let case = CASES.iter().find(|case| Some(case.name) == name).expect("one of the fifteen");
    let order: serde_json::Value = serde_json::from_str(ORDER).expect("the order is JSON");
    let ours = Ours::new(case.text, &order);
    let (document, mut arena) = (Arena::new(), Arena::new());
    let at_hand = ours.bound(opened(Value::raw(&document, ORDER, Form::COMPACT), &document), &document);
    for _ in 0..times {
        arena.reset();
        match side {
            Some("ours") => drop(black_box(ours.run(Bound::Values(&at_hand), &arena).is_null())),
            _ => drop(black_box((case.by_hand)(black_box(&order)))),
        }
    }
}

fn main() {
    if let Ok(asked) = std::env::var("COUNT") {
        return count(&asked);
    }
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(500))
        .configure_from_args();
    for each in CASES {
        case(&mut criterion, each);
    }
    criterion.final_summary();
    report();
}
