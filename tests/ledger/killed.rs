//! The command, killed at any moment (SIGKILL) and gone on with: it writes what an undisturbed run writes.
//!
//! 30 runs are killed twice each, at moments that a seed decides. `EXPRESSWAY_KILLS=1000` kills that often, and
//! `EXPRESSWAY_SEED=N` starts from another seed; the seed is printed where something differs:
//!
//! ```text
//! EXPRESSWAY_KILLS=1000 cargo test --release --test ledger killed -- --nocapture
//! ```
//!
//! A control leaves what stands behind the ledger's last entry in the outputs, and has to be noticed.

use crate::world::{Chance, Shape, Turns, World, without_times};
use expressway::batch::{BatchError, Turn};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const MACHINE: &str = r#"{"StartAt": "What", "States": {
  "What": {"Type": "Choice", "Choices": [
    {"Variable": "$.do", "StringEquals": "pass", "Next": "Pass"},
    {"Variable": "$.do", "StringEquals": "fail", "Next": "Fail"},
    {"Variable": "$.do", "StringEquals": "map", "Next": "Map"}], "Default": "Name"},
  "Pass": {"Type": "Pass", "Result": 1, "ResultPath": "$.done", "End": true},
  "Name": {"Type": "Pass", "Parameters": {"name.$": "$$.Execution.Name", "id.$": "States.UUID()"}, "End": true},
  "Fail": {"Type": "Fail", "ErrorPath": "$.error", "Cause": "as asked for"},
  "Map": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": {"StartAt": "Item", "States": {
    "Item": {"Type": "Pass", "Parameters": {"item.$": "$", "at.$": "States.MathRandom(0, 1000)"}, "End": true}}},
    "End": true}}}"#;

fn events(chance: &mut Chance, count: usize) -> Vec<u8> {
    let mut text = String::new();
    for n in 0..count {
        text.push_str(&match chance.below(12) {
            0 => format!("{{\"do\":\"fail\",\"error\":\"E{}\"}}\n", n % 7),
            1 => "{\"do\":\"name\"}\n".to_owned(),
            2 => format!("{{\"do\":\"map\",\"items\":[{n},2,3]}}\n"),
            3 => "[1,\n".to_owned(),
            4 => "\r\n".to_owned(),
            _ => format!("{{\"do\":\"pass\",\"id\":{n},\"filling\":\"{}\"}}\n", "x".repeat(chance.below(200))),
        });
    }
    text.into_bytes()
}

/// A folder that goes with its owner.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("expressway-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_expressway"));
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The outputs and the summary of a run, without its times.
pub fn written(folder: &Path) -> [Vec<u8>; 4] {
    let read = |name: &str| fs::read(folder.join(name)).unwrap_or_default();
    let summary = String::from_utf8(read("summary.json")).unwrap();
    [read("out"), read("failures"), read("dead"), without_times(&summary).into_bytes()]
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Where the ledger says that the results end, if there is a ledger.
fn entered(folder: &Path) -> Option<u64> {
    let text = fs::read_to_string(folder.join("run.ledger")).ok()?;
    let ledger: serde_json::Value = serde_json::from_str(text.lines().next()?).ok()?;
    ledger["outputs"]["results"]["bytes"].as_u64()
}

#[test]
fn killed_at_any_moment() {
    let kills_wanted = setting("EXPRESSWAY_KILLS", 60);
    let mut seed = setting("EXPRESSWAY_SEED", 1);
    let folder = Folder::new("killed");
    let (folder, out_of) = (&folder.0, ["plain", "gz", "zst"]);
    fs::write(folder.join("machine.json"), MACHINE).unwrap();
    let (mut kills, mut batches, mut tails, mut midway) = (0, 0, 0, 0);
    while kills < kills_wanted {
        let mut chance = Chance(seed);
        let plain = events(&mut chance, 25_000);
        let stored = match out_of[batches % 3] {
            "plain" => plain,
            "gz" => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                std::io::Write::write_all(&mut encoder, &plain).unwrap();
                encoder.finish().unwrap()
            }
            _ => zstd::encode_all(&plain[..], 1).unwrap(),
        };
        fs::write(folder.join("events"), stored).unwrap();
        let threads = (1 + chance.below(3)).to_string();
        let of = |ledger: &[&str]| {
            let common =
                ["run", "machine.json", "events", "-o", "out", "--failures", "failures", "--dead-letters", "dead"];
            let mut command = command(folder);
            command.args(common).args(["--summary", "summary.json", "--quiet", "--threads", &threads]).args(ledger);
            command
        };
        let began = Instant::now();
        assert!(of(&[]).output().unwrap().status.success());
        let (took, wanted) = (began.elapsed(), written(folder));
        for name in ["out", "failures", "dead", "summary.json"] {
            fs::remove_file(folder.join(name)).unwrap();
        }
        let new = || of(&["--ledger", "run.ledger", "--ledger-every", "0.005"]);
        let mut next = new();
        let mut left = 2;
        loop {
            if left > 0 {
                let moment = took.mul_f64(chance.below(1_000) as f64 / 1_000.0);
                let mut child = next.spawn().unwrap();
                std::thread::sleep(moment.max(Duration::from_millis(1)));
                child.kill().unwrap();
                let ended = child.wait().unwrap().success();
                left -= 1;
                kills += u64::from(!ended);
                let entered = entered(folder);
                let length = fs::metadata(folder.join("out")).map_or(0, |metadata| metadata.len());
                tails += u64::from(entered.is_some_and(|entered| length > entered));
                midway += u64::from(entered.is_some_and(|entered| entered > 0) && !ended);
            } else {
                let output = next.output().unwrap();
                assert!(output.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&output.stderr));
                break;
            }
            // Killed before there was a ledger, it starts over.
            next = match entered(folder) {
                Some(_) => {
                    let mut command = command(folder);
                    command.args(["resume", "run.ledger"]);
                    command
                }
                None => new(),
            };
        }
        let now = written(folder);
        for (n, name) in ["results", "failures", "dead letters", "summary"].iter().enumerate() {
            assert!(
                now[n] == wanted[n],
                "the {name} differ with EXPRESSWAY_SEED={seed} EXPRESSWAY_KILLS={kills_wanted}"
            );
        }
        for name in ["out", "failures", "dead", "summary.json", "run.ledger"] {
            let _ = fs::remove_file(folder.join(name));
        }
        (batches, seed) = (batches + 1, seed + 1);
        assert!(batches < 20 * kills_wanted as usize, "runs are too short to be killed: {kills} kills");
    }
    println!("{kills} kills of {batches} runs, {midway} midway, {tails} with bytes behind the entry: none differs");
    assert!(midway > 0 && tails > 0, "{midway} of {kills} kills midway, {tails} with bytes behind the entry");
}

/// The same comparison, with the cutting back disabled: it has to notice.
#[test]
fn bytes_behind_the_last_entry_would_be_noticed() {
    let mut noticed = 0;
    for seed in 0..40 {
        let mut chance = Chance(seed);
        let shape = Shape { keeps_tails: true, filling: 4_000, chunk_bytes: 20_000, ..Shape::default() };
        let world = World::new(&mut chance, shape, 800);
        let wanted = world.undisturbed();
        let world = world.afresh();
        let mut turns: Turns = Turns::random(&world, seed);
        let mut left = 20 + chance.below(80);
        let ran = world.run(world.new_ledger(), || {
            left -= 1;
            match turns.next() {
                _ if left == 0 => Turn::End,
                // A slow disk: so more stands behind an entry.
                Turn::Ledger if !left.is_multiple_of(4) => Turn::Worker(left, 9),
                turn => turn,
            }
        });
        if let Err(BatchError::GivenUp) = ran {
            noticed += usize::from(world.go_on() != wanted);
        }
    }
    println!("noticed in {noticed} of 40 runs");
    assert!(noticed > 0);
}
