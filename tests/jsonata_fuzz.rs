//! JSONata beside other engines: drawn expressions, evaluated by ours and by another, whose answers must be the same.
//!
//! The short form runs with the other tests, against jsonata-core. Longer ones are asked for:
//!
//! ```text
//! JSONATA_FUZZ=1000000 cargo test --release --test jsonata_fuzz                       against jsonata-core
//! JSONATA_FUZZ=200000 JSONATA_JUDGE=DIR/node_modules cargo test --release --test jsonata_fuzz
//! ```
//!
//! jsonata-core follows a later JSONata than ours and has mistakes of its own, so that against it the test only demands that
//! ours never crashes and that both agree on all but one expression in twenty; what differs is shown, to be taken to the
//! judge. The second form asks jsonata 2.0.6 itself (`npm install jsonata@2.0.6` in DIR; needs Node), which is right by
//! definition: no disagreement with it may be left unexplained. `JSONATA_SEED` chooses another stream, `JSONATA_SHOW` how
//! many of each kind are shown. Disagreements that are known are told apart by kind (`kinds.rs`), never one by one.
//! Mistakes of ours that were found so are cases in `tests/jsonata.rs`.

#[path = "jsonata_fuzz/engines.rs"]
mod engines;
#[path = "jsonata_fuzz/generate.rs"]
mod generate;
#[path = "jsonata_fuzz/kinds.rs"]
mod kinds;

use engines::{Answer, Core, Judge, ours};
use generate::{DOCUMENTS, Generator, Random};
use kinds::Kind;
use std::collections::BTreeMap;

/// How many are drawn if nobody asks for more.
const SHORT: u64 = 2_000;

/// How many are handed to the other engine at once.
const BATCH: u64 = 500;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn others_agree() {
    let (count, seed, show) = (setting("JSONATA_FUZZ", SHORT), setting("JSONATA_SEED", 1), setting("JSONATA_SHOW", 3));
    let mut judge = std::env::var("JSONATA_JUDGE").ok().map(|modules| Judge::start(&modules));
    let mut random = Random::new(seed);
    let (mut kinds, mut agreed, mut drawn) = (BTreeMap::<Kind, Vec<String>>::new(), 0u64, 0u64);
    let (mut placed, mut misplaced, mut crashed) = (0u64, Vec::new(), 0u64);
    while drawn < count {
        let size = BATCH.min(count - drawn);
        let questions: Vec<(String, &str)> = (0..size)
            .map(|_| {
                let document = DOCUMENTS[random.below(DOCUMENTS.len())];
                (Generator::new(&mut random).next(), document)
            })
            .collect();
        let theirs: Vec<Answer> = match &mut judge {
            Some(judge) => judge.answers(&questions),
            None => questions.iter().map(|(expression, document)| Core::answer(expression, document)).collect(),
        };
        for ((expression, document), theirs) in questions.iter().zip(theirs) {
            drawn += 1;
            let ours = ours(expression, document);
            crashed += u64::from(ours == Answer::Crash);
            if let (Answer::Error(code, at), Answer::Error(their_code, Some(their_at))) = (&ours, &theirs)
                && code == their_code
            {
                placed += 1;
                if *at != Some(*their_at) {
                    misplaced.push(format!("    {expression}\n      {code} at {at:?}, theirs at {their_at}"));
                }
            }
            match kinds::kind(expression, &ours, &theirs, judge.is_some()) {
                None => agreed += 1,
                Some(kind) => {
                    kinds.entry(kind).or_default().push(format!(
                        "    {expression}\n      over   {document}\n      ours   {ours}\n      theirs {theirs}"
                    ));
                }
            }
        }
    }
    println!("{drawn} expressions, {agreed} agree");
    println!("{placed} errors with a place, {} of them elsewhere than ours", misplaced.len());
    misplaced.iter().take(show as usize).for_each(|example| println!("{example}"));
    for (kind, examples) in &kinds {
        println!("  {:>7}  {kind}", examples.len());
        examples.iter().take(show as usize).for_each(|example| println!("{example}"));
    }
    assert_eq!(crashed, 0, "ours crashed");
    if judge.is_none() {
        assert!(agreed * 20 >= drawn * 19, "only {agreed} of {drawn} agree with jsonata-core");
        return;
    }
    let unknown = kinds.get(&Kind::Unknown).map_or(0, Vec::len);
    assert_eq!(unknown, 0, "{unknown} disagreements that nothing explains (shown above)");
}
