//! Runs over records that are no lines, stopped anywhere and gone on with: the same bytes as if nothing had happened.

use super::machine;
use expressway::batch::{Batch, BatchError, Envelope, Format, Ledger, Pointer, Reading, Sink, Source, Turn};
use std::path::{Path, PathBuf};
use std::time::Duration;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("expressway-reading-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn forms() -> [(&'static str, Reading, String); 4] {
    let items = |n: usize| (0..n % 5).map(|i| format!("{{\"i\":{i}}}")).collect::<Vec<_>>().join(", ");
    let values = (0..200).map(|n| format!("{{\"n\":{n},\n \"items\":[{}]}}", items(n))).collect::<String>();
    let damaged = values.replace("{\"n\":50,", "{\"n\":50").replace("{\"n\":90,", "x");
    let rows = (0..200).map(|n| format!("{n},\"x\n{}\"{}\n", "y".repeat(n % 7), if n == 70 { ",z" } else { "" }));
    let sqs = (0..100).map(|n| {
        format!("{{\"Records\":[{{\"body\":\"{{\\\"items\\\":[{}]}}\"}},{{}}]}}\n", items(n).replace('"', "\\\""))
    });
    [
        ("values", Reading::new(Format::Json), damaged),
        ("array", Reading::new(Format::Auto), format!("[\n{}\n]", values.replace("}{", "},\n{"))),
        ("table", Reading::new(Format::Csv), format!("a,b\n{}", rows.collect::<String>())),
        (
            "messages",
            Reading::new(Format::Lines)
                .unwrap_from([Envelope::Sqs])
                .explode(Pointer::parse("$.items").unwrap())
                .sample(0.8, 3, false),
            sqs.collect(),
        ),
    ]
}

/// Runs until `turns` are over, from the start or from the ledger; what there is of the outputs in the end, or nothing if
/// the run was given up.
fn run(folder: &Path, reading: &Reading, go_on: bool, once: bool, mut turns: u64, seed: u64) -> Option<()> {
    let (program, bound) = machine();
    let ledger = folder.join("ledger");
    let ledger = if go_on { Ledger::resume(&ledger) } else { Ledger::new(&ledger) }.unwrap();
    let batch = Batch::new(&program, &bound)
        .threads(2)
        .chunk_bytes(300)
        .position(true)
        .results(Sink::kept(&folder.join("results")))
        .dead_letters(Sink::kept(&folder.join("dead")))
        .ledger(ledger.every(Duration::ZERO).once(once));
    let mut state = seed;
    let ended = batch.run_in_turns(vec![Source::file(folder.join("events")).read_as(reading)], || {
        if turns == 0 {
            return Turn::End;
        }
        turns -= 1;
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match state >> 60 {
            0..4 => Turn::Ledger,
            other => Turn::Worker(other as usize % 2, 3),
        }
    });
    match ended {
        Ok(summary) => {
            assert!(!summary.partial);
            Some(())
        }
        Err(BatchError::GivenUp) => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn stopped_anywhere() {
    for (name, reading, text) in forms() {
        let folder = Folder::new(name);
        let folder = &folder.0;
        for (packed, bytes) in [("plain", text.clone().into_bytes()), ("packed", super::gzip(text.as_bytes()))] {
            std::fs::write(folder.join("events"), &bytes).unwrap();
            let written = || ["results", "dead"].map(|output| std::fs::read(folder.join(output)).unwrap());
            run(folder, &reading, false, false, u64::MAX, 0).unwrap();
            let wanted = written();
            assert!(wanted[0].len() > 5_000, "{name}");
            for seed in 0..12 {
                let _ = std::fs::remove_file(folder.join("ledger"));
                let mut ended = run(folder, &reading, false, false, 5 + seed * 9, seed);
                let mut chance = seed;
                while ended.is_none() {
                    chance += 100;
                    ended = run(folder, &reading, true, false, 40 + seed * 9 + chance / 10, chance);
                }
                assert!(written() == wanted, "{name}, {packed}, seed {seed}");
            }
        }
    }
}

/// What may have been under way is not run again, and is told where it stands.
#[test]
fn none_twice() {
    for (name, reading, text) in forms() {
        let folder = Folder::new(&format!("once-{name}"));
        let folder = &folder.0;
        std::fs::write(folder.join("events"), &text).unwrap();
        run(folder, &reading, false, true, u64::MAX, 0).unwrap();
        let offsets = || -> Vec<u64> {
            let results = std::fs::read_to_string(folder.join("results")).unwrap();
            let line =
                |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["offset"].as_u64().unwrap();
            results.lines().map(line).collect()
        };
        let wanted = offsets();
        for seed in 0..6 {
            let _ = std::fs::remove_file(folder.join("ledger"));
            let mut ended = run(folder, &reading, false, true, 5 + seed * 9, seed);
            let mut chance = seed;
            while ended.is_none() {
                chance += 100;
                ended = run(folder, &reading, true, true, 40 + seed * 9 + chance / 10, chance);
            }
            assert_eq!(offsets(), wanted, "{name}, seed {seed}");
        }
    }
}

/// Told to end, a run ends where a record begins, and goes on there.
#[test]
fn told_to_end() {
    use std::sync::atomic::{AtomicBool, Ordering};
    for (name, reading, text) in forms() {
        let folder = Folder::new(&format!("told-{name}"));
        let folder = &folder.0;
        std::fs::write(folder.join("events"), text.repeat(3)).unwrap();
        let (program, bound) = machine();
        let ran = |ledger: Ledger, after: u64| {
            let stop = AtomicBool::new(false);
            let batch = Batch::new(&program, &bound)
                // Of two threads one could have run all before the other tells that it is to end.
                .threads(1)
                .chunk_bytes(2_000)
                .results(Sink::kept(&folder.join("results")))
                .dead_letters(Sink::kept(&folder.join("dead")))
                .ledger(ledger.every(Duration::ZERO))
                .progress(|progress| stop.store(progress.records >= after, Ordering::Relaxed))
                .stop(&stop);
            let summary = batch.run(vec![Source::file(folder.join("events")).read_as(&reading)]).unwrap();
            (summary.partial, summary.events, summary.stored_bytes)
        };
        let ledger = folder.join("ledger");
        let (_, events, bytes) = ran(Ledger::new(&ledger).unwrap(), u64::MAX);
        let written = || ["results", "dead"].map(|output| std::fs::read(folder.join(output)).unwrap());
        let wanted = written();
        let _ = std::fs::remove_file(&ledger);
        let mut last = ran(Ledger::new(&ledger).unwrap(), 1);
        let mut after = 1;
        while last.0 {
            after = last.1 + 50;
            last = ran(Ledger::resume(&ledger).unwrap(), after);
        }
        assert!(after > 1, "{name}: it was never stopped");
        assert_eq!((last.1, last.2), (events, bytes), "{name}");
        assert!(written() == wanted, "{name}");
    }
}
