//! Engines in processes of their own: what they are asked, and what becomes of them.
//!
//! A peer reads a question a line and writes an answer a line. One that dies is started again, and so is one that gives no
//! answer: the question that it was at has a crash or no end for its answer, and the others are asked once more.

use super::engines::Answer;
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How long a peer may think about one question.
const PATIENCE: Duration = Duration::from_secs(20);

/// The memory that jsonata-core may take, in KiB: some functions of it make texts of any size.
const MEMORY_KIB: u64 = 2 << 20;

/// Set for the process that answers as jsonata-core.
pub const CORE: &str = "JSONATA_FUZZ_CORE";

/// What stands before each answer, for the test harness prints lines, too.
pub const MARK: char = '\u{2}';

/// A question: an expression, its document, and which of the reference's mistakes are mended (see `judge.js`).
pub type Question<'q> = (&'q str, &'q str, &'q [&'q str]);

/// Another engine.
pub struct Peer {
    start: fn() -> Command,
    child: Child,
    answers: Receiver<String>,
}

impl Peer {
    /// jsonata 2.0.6 in Node; `NODE_PATH` is taken from `JSONATA_JUDGE`.
    pub fn judge() -> Peer {
        Peer::start(|| {
            let mut command = Command::new("node");
            command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/jsonata_fuzz/judge.js"));
            command.env("NODE_PATH", std::env::var_os("JSONATA_JUDGE").unwrap_or_default());
            command
        })
    }

    /// jsonata-core in this program, started once more and held to less memory.
    pub fn core() -> Peer {
        Peer::start(|| {
            let mut command = Command::new("sh");
            let program = std::env::current_exe().expect("a running program has a path");
            command.arg("-c").arg(format!("ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\"")).arg(program);
            command.args(["core_answers", "--exact", "--nocapture", "--test-threads=1"]).env(CORE, "1");
            command.stderr(Stdio::null());
            command
        })
    }

    fn start(start: fn() -> Command) -> Peer {
        let (child, answers) = Peer::spawn(start);
        Peer { start, child, answers }
    }

    fn spawn(start: fn() -> Command) -> (Child, Receiver<String>) {
        let mut child = start().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the peer can be started");
        let out = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if let Some((_, answer)) = line.split_once(MARK)
                    && sender.send(answer.to_owned()).is_err()
                {
                    break;
                }
            }
        });
        (child, answers)
    }

    /// What it answers, question by question.
    pub fn answers(&mut self, questions: &[Question]) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(questions.len());
        while answers.len() < questions.len() {
            let text: String = questions[answers.len()..].iter().map(asked).collect();
            let mut stdin = self.child.stdin.take().expect("its input is a pipe");
            let lost = std::thread::scope(|scope| {
                // It answers while it is asked: both pipes would fill up if one waited for the other.
                let writer = scope.spawn(|| {
                    // Whoever has died reads no more: the answers that do not come tell that.
                    let _ = stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush());
                    stdin
                });
                let lost = loop {
                    if answers.len() == questions.len() {
                        break None;
                    }
                    match self.answers.recv_timeout(PATIENCE) {
                        Ok(line) => answers.push(Answer::read(&line)),
                        Err(RecvTimeoutError::Timeout) => break Some(Answer::Hang),
                        Err(RecvTimeoutError::Disconnected) => break Some(Answer::Crash),
                    }
                };
                if lost.is_some() {
                    let _ = self.child.kill();
                }
                self.child.stdin = writer.join().ok();
                lost
            });
            if let Some(answer) = lost {
                answers.push(answer);
                let _ = self.child.wait();
                (self.child, self.answers) = Peer::spawn(self.start);
            }
        }
        answers
    }
}

fn asked((expression, document, mends): &Question) -> String {
    let data: serde_json::Value = serde_json::from_str(document).expect("documents are JSON");
    format!("{}\n", json!({ "expr": expression, "data": data, "mends": mends }))
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It ends when there is nothing left to read.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
