//! Sources and sinks that fail: at every call, in every way.

use crate::bench::{bound, program, run};
use expressway::batch::{Batch, BatchError, ReadAt, Sink, SinkError, Source, SourceProblem};
use std::io::{self, ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

fn events(count: usize) -> Vec<u8> {
    (0..count).flat_map(|n| format!("{{\"do\":\"pass\",\"id\":{n}}}\n").into_bytes()).collect()
}

/// Takes bytes, some at a time, until the call that fails.
#[derive(Clone)]
struct Failing {
    taken: Arc<Mutex<Vec<u8>>>,
    calls_left: Arc<AtomicUsize>,
    kind: ErrorKind,
    most: usize,
}

impl Failing {
    fn new(calls: usize, kind: ErrorKind, most: usize) -> Failing {
        Failing { taken: Arc::default(), calls_left: Arc::new(AtomicUsize::new(calls)), kind, most }
    }

    fn call(&self) -> io::Result<()> {
        match self.calls_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => Ok(()),
            Err(_) => Err(self.kind.into()),
        }
    }
}

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call()?;
        let count = bytes.len().min(self.most);
        self.taken.lock().unwrap().extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.call()
    }
}

/// Whatever call fails, what was written is the beginning of the whole, and the run says that it is not all.
#[test]
fn every_call_of_a_sink_fails_once() {
    let (program, bytes) = (program(), events(9_000));
    let bound = bound(&program);
    let whole = run(vec![Source::memory("s", &bytes)], |batch| batch);
    for threads in [1, 3] {
        for calls in 0.. {
            let kind = [ErrorKind::StorageFull, ErrorKind::Other, ErrorKind::BrokenPipe][calls % 3];
            let failing = Failing::new(calls, kind, 100_000);
            let ran = Batch::new(&program, &bound)
                .threads(threads)
                .chunk_bytes(1 << 14)
                .results(Sink::new("out", failing.clone()))
                .run(vec![Source::memory("s", &bytes)]);
            let taken = failing.taken.lock().unwrap();
            assert!(whole.results.as_bytes().starts_with(&taken), "call {calls}");
            match ran {
                Ok(summary) => {
                    assert_eq!(taken.len(), whole.results.len());
                    assert!(!summary.partial && calls > 4);
                    break;
                }
                Err(BatchError::Sink { error, summary }) => {
                    assert!(summary.partial);
                    let (name, written) = match (&error, kind) {
                        (SinkError::Full { name, written, .. }, ErrorKind::StorageFull) => (name, written),
                        (SinkError::Closed { name, written }, ErrorKind::BrokenPipe) => (name, written),
                        (SinkError::Write { name, written, .. }, ErrorKind::Other) => (name, written),
                        other => panic!("{other:?}"),
                    };
                    assert_eq!((name.as_str(), *written), ("out", taken.len() as u64));
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
}

#[test]
fn interruptions_and_short_writes_are_no_failures() {
    struct Interrupted(Vec<u8>, usize);
    impl Write for Interrupted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(2) {
                return Err(ErrorKind::Interrupted.into());
            }
            let count = bytes.len().min(333);
            self.0.extend_from_slice(&bytes[..count]);
            Ok(count)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.1 += 1;
            if self.1.is_multiple_of(2) { Err(ErrorKind::Interrupted.into()) } else { Ok(()) }
        }
    }
    impl Read for Interrupted {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(2) {
                return Err(ErrorKind::Interrupted.into());
            }
            let count = into.len().min(777).min(self.0.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }
    let (program, bytes) = (program(), events(2_000));
    let bound = bound(&program);
    let whole = run(vec![Source::memory("s", &bytes)], |batch| batch);
    let mut sink = Interrupted(Vec::new(), 0);
    let source = Source::reader("s", Interrupted(bytes, 1));
    Batch::new(&program, &bound).threads(2).results(Sink::new("out", &mut sink)).run(vec![source]).unwrap();
    assert!(sink.0 == whole.results.as_bytes());
}

/// A full device, a pipe that nobody reads: as the system reports them.
#[cfg(target_os = "linux")]
#[test]
fn the_system_refuses() {
    let (program, bytes) = (program(), events(20_000));
    let bound = bound(&program);
    let batch = |sink| Batch::new(&program, &bound).threads(2).results(sink).run(vec![Source::memory("s", &bytes)]);
    match batch(Sink::file("/dev/full".as_ref()).unwrap()) {
        Err(BatchError::Sink { error: SinkError::Full { written: 0, .. }, .. }) => {}
        other => panic!("{other:?}"),
    }
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    match batch(Sink::new("pipe", writer)) {
        Err(BatchError::Sink { error: SinkError::Closed { .. }, .. }) => {}
        other => panic!("{other:?}"),
    }
    match Sink::file("/nowhere/out".as_ref()) {
        Err(SinkError::Create { name, .. }) => assert_eq!(name, "/nowhere/out"),
        other => panic!("{:?}", other.map(|sink| sink.name().to_owned())),
    }
}

/// A source that fails is named, and the others go on.
#[test]
fn sources_that_cannot_be_opened_or_read() {
    struct Broken(usize);
    impl Read for Broken {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let bytes = b"{\"do\":\"pass\"}\n{\"do\":\"pass\"}\n{\"do\":\"pa";
            let rest = &bytes[self.0..];
            if rest.is_empty() {
                return Err(ErrorKind::ConnectionReset.into());
            }
            let count = rest.len().min(into.len());
            into[..count].copy_from_slice(&rest[..count]);
            self.0 += count;
            Ok(count)
        }
    }
    for (threads, limit) in [(1, None), (3, None), (2, Some(1_000))] {
        let sources = vec![
            Source::file("/nowhere/events.jsonl"),
            Source::reader("broken", Broken(0)),
            Source::file(std::env::temp_dir()),
            Source::memory("good", b"{\"do\":\"pass\"}\n"),
        ];
        let ran = run(sources, |batch| {
            let batch = batch.threads(threads);
            if let Some(limit) = limit { batch.limit(limit) } else { batch }
        });
        let summary = ran.summary();
        assert_eq!((summary.succeeded, summary.events), (3, 3));
        let errors: Vec<_> = summary.source_errors.iter().map(|e| (e.name.as_str(), e.offset)).collect();
        let temp = std::env::temp_dir().display().to_string();
        assert_eq!(errors, [("/nowhere/events.jsonl", 0), ("broken", 28), (temp.as_str(), 0)]);
        assert!(matches!(summary.source_errors[0].problem, SourceProblem::Open(_)));
        assert!(matches!(summary.source_errors[1].problem, SourceProblem::Read(_)));
        assert!(summary.to_json().contains("\"source\":\"broken\",\"offset\":28,\"reason\":\"cannot be read on: "));
    }
}

/// Pieces of which one cannot be read, of a source that is shorter than it was.
#[test]
fn pieces_that_fail_or_are_missing() {
    struct Pieces {
        bytes: Vec<u8>,
        bad: std::ops::Range<u64>,
    }
    impl ReadAt for Pieces {
        fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
            if self.bad.contains(&offset) {
                return Err(ErrorKind::Other.into());
            }
            let end = if offset < self.bad.start { self.bad.start as usize } else { self.bytes.len() };
            let rest = self.bytes.get(offset as usize..end.min(self.bytes.len())).unwrap_or_default();
            let count = rest.len().min(into.len());
            into[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        }
    }
    let bytes = events(10_000);
    let line = bytes.iter().take(100_000).rposition(|byte| *byte == b'\n').unwrap() as u64 + 1;
    for threads in [1, 3] {
        for limit in [None, Some(1 << 40)] {
            let ran = |pieces: Pieces, length: u64| {
                let sources = vec![Source::pieces("s", pieces, length), Source::memory("t", b"{\"do\":\"pass\"}")];
                run(sources, |batch| {
                    let batch = batch.threads(threads).chunk_bytes(1 << 14);
                    if let Some(limit) = limit { batch.limit(limit) } else { batch }
                })
            };
            let whole = ran(Pieces { bytes: bytes.clone(), bad: 0..0 }, bytes.len() as u64);
            let short = ran(Pieces { bytes: bytes[..100_000].to_vec(), bad: 0..0 }, bytes.len() as u64);
            let failed = ran(Pieces { bytes: bytes.clone(), bad: 100_000..100_001 }, bytes.len() as u64);
            for (what, ran) in [("short", &short), ("failed", &failed)] {
                let error = &ran.summary().source_errors[0];
                assert_eq!((error.name.as_str(), error.offset), ("s", line), "{what}");
                let before = bytes[..line as usize].iter().filter(|byte| **byte == b'\n').count();
                let same = ran.results.lines().zip(whole.results.lines()).take_while(|(a, b)| a == b).count();
                assert!(same >= before && ran.summary().source_errors.len() == 1, "{what}: {same} of {before}");
            }
            assert!(matches!(failed.summary().source_errors[0].problem, SourceProblem::Read(_)));
            assert_eq!(matches!(short.summary().source_errors[0].problem, SourceProblem::Read(_)), limit.is_some());
        }
    }
}

/// A compressed file cut short anywhere: what it held up to there is processed, whatever the chunks.
#[test]
fn compressed_files_cut_short() {
    let bytes = events(40);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&bytes).unwrap();
    let gzip = encoder.finish().unwrap();
    let zstd = zstd::encode_all(&bytes[..], 1).unwrap();
    let whole = run(vec![Source::memory("s", &bytes)], |batch| batch);
    for (what, stored) in [("gzip", &gzip), ("zstd", &zstd)] {
        for cut in 4..stored.len() {
            let sources = |twice| {
                let mut head = if twice { stored.clone() } else { Vec::new() };
                head.extend_from_slice(&stored[..cut]);
                vec![Source::reader("s", io::Cursor::new(head)), Source::memory("t", b"{\"do\":\"pass\"}")]
            };
            let ran = run(sources(false), |batch| batch.threads(1));
            let summary = ran.summary();
            assert_eq!(summary.source_errors.len(), 1, "{what} cut at {cut}");
            assert_eq!(summary.rejected, 0, "{what} cut at {cut}");
            let count = ran.results.lines().count() - 1;
            assert_eq!(
                ran.results.lines().take(count).collect::<Vec<_>>(),
                whole.results.lines().take(count).collect::<Vec<_>>()
            );
            let lines: usize = bytes.split_inclusive(|byte| *byte == b'\n').take(count).map(<[u8]>::len).sum();
            assert_eq!(summary.source_errors[0].offset, lines as u64, "{what} cut at {cut}");
            // After a good member, all of that one is there.
            let twice = run(sources(true), |batch| batch.threads(2).chunk_bytes(64));
            assert!(twice.results.starts_with(&whole.results), "{what} cut at {cut}");
        }
        let mut rubbish = stored.clone();
        rubbish.extend_from_slice(b"rubbish behind the end");
        let ran = run(vec![Source::memory("s", &rubbish)], |batch| batch);
        assert_eq!(ran.results, whole.results, "{what}");
        assert_eq!((ran.summary().source_errors.len(), ran.summary().source_errors[0].offset), (1, bytes.len() as u64));
    }
}

/// A run that is stopped has written the results of the first records, and counts just these.
#[test]
fn stopped_runs() {
    let (program, bytes) = (program(), events(30_000));
    let bound = bound(&program);
    let whole = run(vec![Source::memory("s", &bytes)], |batch| batch);
    for threads in [1, 3] {
        for after in [0, 1, 5_000, 20_000] {
            let stop = AtomicBool::new(after == 0);
            let mut results = Vec::new();
            let summary = Batch::new(&program, &bound)
                .threads(threads)
                .chunk_bytes(1 << 12)
                .stop(&stop)
                .progress(|progress| stop.store(progress.records >= after, Ordering::Relaxed))
                .results(Sink::new("out", &mut results))
                .run(vec![Source::memory("s", &bytes)])
                .unwrap();
            assert!(whole.results.as_bytes().starts_with(&results));
            let lines = results.iter().filter(|byte| **byte == b'\n').count() as u64;
            assert!(summary.partial && summary.events == lines && lines >= after.min(1) && lines < 30_000);
        }
    }
}

/// Results that are far larger than their events leave in parts, in order.
#[test]
fn results_larger_than_their_events() {
    let input: String = (0..300).map(|n| format!("{{\"do\":\"task\",\"reply\":{}}}\n", 100_000 + n)).collect();
    let lengths = |text: &str| text.lines().map(str::len).collect::<Vec<_>>();
    let wanted: Vec<usize> = (0..300).map(|n| 100_000 + n + r#"{"status":"SUCCEEDED","output":""}"#.len()).collect();
    for (threads, chunk_bytes) in [(1, 1 << 20), (3, 1 << 20), (3, 2_000), (8, 64)] {
        let ran =
            run(vec![Source::memory("s", input.as_bytes())], |batch| batch.threads(threads).chunk_bytes(chunk_bytes));
        assert!(lengths(&ran.results) == wanted, "{threads} threads, chunks of {chunk_bytes}");
    }
}

/// A mistake in somebody's hook ends the run with its panic: no thread is left waiting.
#[test]
fn hooks_that_panic() {
    let (program, bytes) = (program(), events(30_000));
    let bound = bound(&program);
    for threads in [1, 3] {
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            Batch::new(&program, &bound)
                .threads(threads)
                .chunk_bytes(1 << 12)
                .progress(|progress| assert!(progress.records < 5_000, "as planned"))
                .run(vec![Source::memory("s", &bytes)])
        }));
        assert!(ran.is_err());
    }
}

/// What comes through a pipe is answered before its end.
#[cfg(target_os = "linux")]
#[test]
fn a_pipe_is_answered_as_it_goes() {
    let name = format!("expressway-pipe-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    let (program, seen) = (program(), Failing::new(usize::MAX, ErrorKind::Other, usize::MAX));
    let bound = bound(&program);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut pipe = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
            for n in 1..=3 {
                pipe.write_all(b"{\"do\":\"pass\"}\n{\"do\":\"pass\"").unwrap();
                let lines = || seen.taken.lock().unwrap().iter().filter(|byte| **byte == b'\n').count();
                while lines() < 2 * n - 1 {
                    std::thread::yield_now();
                }
                pipe.write_all(b"}\n").unwrap();
                while lines() < 2 * n {
                    std::thread::yield_now();
                }
            }
        });
        let batch = Batch::new(&program, &bound).threads(2).results(Sink::new("out", seen.clone()));
        assert_eq!(batch.run(vec![Source::file(&path)]).unwrap().succeeded, 6);
    });
    std::fs::remove_file(path).unwrap();
}
