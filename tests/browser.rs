//! Drawings and pages in a real browser: what overlaps there, what fits, what a click does.
//!
//! Needs Chromium (`chromium` on Debian); where there is none the tests say so on stderr and pass. Pages are left in
//! `target/tmp/`, to be looked at.

#[path = "graph/generate.rs"]
mod generate;

use base64::Engine;
use expressway::definition::{Definition, ParseOptions};
use expressway::view::graph::{Graph, Overlay, html, mermaid, svg};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const CANDIDATES: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const MEASURE: &str = include_str!("browser/measure.js");
const CLICK: &str = include_str!("browser/click.js");
const MERMAID: &str = include_str!("browser/mermaid.js");
/// A browser that has not answered by then hangs.
const PATIENCE: Duration = Duration::from_secs(240);

fn browser() -> Option<&'static str> {
    let found = CANDIDATES.into_iter().find(|path| Path::new(path).exists());
    if found.is_none() {
        // Past the test runner, which keeps to itself what passing tests print.
        let _ = writeln!(std::io::stderr().lock(), "no Chromium here: the drawings were not looked at (skipped)");
    }
    found
}

fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// Loads a page with a script at its end, and gives what the script left in `#measured`.
fn looked_at(name: &str, page: &str, script: &str, dark: bool) -> Option<Value> {
    let browser = browser()?;
    let file = scratch(&format!("{name}.html"));
    // The page's own policy lets no script in but its own: this one is added to it.
    let known = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script.as_bytes()));
    let page = page.replace("script-src ", &format!("script-src 'sha256-{known}' "));
    fs::write(&file, page.replace("</body>", &format!("<script>{script}</script></body>"))).unwrap();
    let profile = scratch(&format!("profile-{name}-{dark}"));
    let _ = fs::remove_dir_all(&profile);
    let scheme = if dark { 0 } else { 1 };
    let mut child = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"])
        .args(["--window-size=1400,1000", "--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", file.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = out.read_to_string(&mut text);
        let _ = sender.send(text);
    });
    let text = receiver.recv_timeout(PATIENCE);
    let _ = child.kill();
    let _ = child.wait();
    let _ = reader.join();
    let _ = fs::remove_dir_all(&profile);
    let text = text.unwrap_or_else(|_| panic!("{browser} does not answer"));
    let measured = text.split("id=\"measured\">").nth(1).and_then(|rest| rest.split('<').next());
    let measured = measured.unwrap_or_else(|| panic!("the script on {} has failed", file.display()));
    let bytes = base64::engine::general_purpose::STANDARD.decode(measured).unwrap();
    Some(serde_json::from_slice(&bytes).unwrap())
}

fn graph(text: &str, name: &str) -> Graph {
    Graph::new(&Definition::parse(text, name, &ParseOptions::default()).unwrap(), name)
}

/// Machines of all sizes, and all of the project's own definitions that stand alone.
fn graphs() -> Vec<Graph> {
    let mut graphs = Vec::new();
    for (states, seed) in [(3, 1), (3, 2), (7, 3), (12, 4), (12, 5), (25, 6), (40, 7), (100, 8), (100, 9)] {
        graphs.push(graph(&generate::machine(seed, states), &format!("{states} states, seed {seed}")));
    }
    for targets in [24, 98] {
        graphs.push(graph(&generate::wide(targets, targets == 24), &format!("{targets} targets")));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/definitions");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.to_string_lossy().contains(".asl.")) {
        let name = file.file_name().unwrap().to_string_lossy();
        graphs.push(graph(&fs::read_to_string(file).unwrap(), &name));
    }
    let awkward = r#"{"StartAt": "<script>alert(1)</script> & \"more\"", "States": {
        "<script>alert(1)</script> & \"more\"": {"Type": "Choice", "Choices": [{"Variable": "$['a<b']", "StringEquals": "</svg>]]>", "Next": "日本語の状態名 with words"}], "Default": "日本語の状態名 with words"},
        "日本語の状態名 with words": {"Type": "Wait", "Seconds": 5, "Next": "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"},
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW": {"Type": "Pass", "Comment": "🛒 ok", "Next": "🛒🛒🛒 iiiiiiii"},
        "🛒🛒🛒 iiiiiiii": {"Type": "Fail", "Error": "E<&>\"'"}}}"#;
    graphs.push(graph(awkward, "awkward <names>"));
    graphs
}

fn check_drawings(dark: bool) -> Option<String> {
    let graphs = graphs();
    let drawings: String = graphs.iter().map(|graph| svg::draw(graph, None)).collect();
    let page = format!("<!doctype html><html><meta charset=\"utf-8\"><body>{drawings}</body></html>");
    let seen = looked_at(&format!("drawings-{}", if dark { "dark" } else { "light" }), &page, MEASURE, dark)?;
    let problems: Vec<&Value> = seen["problems"].as_array().unwrap().iter().take(20).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    let drawn = seen["drawings"].as_array().unwrap();
    assert_eq!(drawn.len(), graphs.len());
    for (drawn, graph) in drawn.iter().zip(&graphs) {
        assert_eq!(drawn["about"], graph.title);
        let mut names: Vec<&str> =
            drawn["nodes"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let mut wanted: Vec<&str> = graph.states().iter().map(|state| &*state.name).collect();
        names.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(names, wanted, "{}", graph.title);
        // A name and a note each, at the least.
        assert!(drawn["texts"].as_u64().unwrap() >= 2 * wanted.len() as u64, "{drawn}");
    }
    Some(drawn[0]["ground"].to_string())
}

#[test]
fn nothing_overlaps_and_every_text_fits_by_day_and_by_night() {
    let (light, dark) = (check_drawings(false), check_drawings(true));
    assert!(light != dark || light.is_none(), "both are {light:?}");
}

#[test]
fn a_page_of_a_machine_answers() {
    let graph = graph(&generate::machine(11, 30), "made <up>");
    let page = html::write(&graph, None);
    let Some(seen) = looked_at("page", &page, CLICK, false) else { return };
    for state in graph.states() {
        let found = &seen["clicked"][&state.location];
        assert_eq!((&found["name"], &found["chosen"]), (&Value::from(&*state.name), &Value::from(true)), "{found}");
        assert_eq!(found["source"], state.source);
    }
    assert!(seen["matches"].as_array().unwrap().contains(&seen["first"]), "{}", seen["matches"]);
    assert!(seen["grown"].as_f64().unwrap() > 1.1);
    assert_eq!(seen["wider"], false);
}

/// Runs the command over a corpus, and gives its summary and its report.
fn run(corpus: &str) -> (Value, String, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (summary, report) = (scratch(&format!("{corpus}.json")), scratch(&format!("{corpus}-report.html")));
    let status = Command::new(env!("CARGO_BIN_EXE_expressway"))
        .current_dir(root)
        .arg("run")
        .arg(format!("corpora/{corpus}"))
        .args(["--quiet", "--output", "/dev/null", "--summary"])
        .arg(&summary)
        .arg("--report")
        .arg(&report)
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    let text = fs::read_to_string(summary).unwrap();
    (serde_json::from_str(&text).unwrap(), text, fs::read_to_string(report).unwrap())
}

#[test]
fn a_report_shows_what_the_summary_counts() {
    for corpus in ["orders", "retry-and-catch", "which-coat"] {
        let (summary, _, page) = run(corpus);
        for outside in ["http:", "https:", "src=", "href=", "@import", "url("] {
            let found = page.replace("http://www.w3.org/2000/svg", "").contains(outside);
            assert!(!found, "{corpus}: the page names {outside}");
        }
        let Some(seen) = looked_at(&format!("{corpus}-clicked"), &page, CLICK, corpus == "orders") else { return };
        for total in ["events", "succeeded", "failed", "timed_out", "rejected"] {
            assert_eq!(seen["totals"][total], summary[total], "{corpus}: {total}");
        }
        let own: Vec<&Value> =
            summary["states"].as_array().unwrap().iter().filter(|state| state.get("handler").is_none()).collect();
        for state in &own {
            let counts = &seen["clicked"][state["location"].as_str().unwrap()]["counts"];
            let pairs = [
                ("entered", "entered"),
                ("failed", "failed"),
                ("timed out", "timed_out"),
                ("tried again", "retries"),
                ("caught", "caught"),
            ];
            for (shown, member) in pairs {
                assert_eq!(
                    counts[shown],
                    *state.get(member).unwrap_or(&Value::from(0)),
                    "{corpus}: {shown} of {state}"
                );
            }
            // A report takes the time of every state that it comes to.
            let ns = &summary["timing"]["state_ns"][state["location"].as_str().unwrap()];
            let time = seen["clicked"][state["location"].as_str().unwrap()]["time"].as_str();
            assert_eq!(time.is_some_and(|time| time.ends_with(" a visit")), state["entered"] != 0, "{corpus}: {state}");
            assert!(ns.as_u64().is_some_and(|ns| (ns > 0) == (state["entered"] != 0)), "{corpus}: {ns} in {state}");
            if state["entered"] != 0 {
                let clicked = &seen["clicked"][state["location"].as_str().unwrap()];
                assert!(clicked["here"].as_u64().unwrap() > 0, "{corpus}: no history goes through {state}");
            }
        }
        let reached = own.iter().filter(|state| state["entered"] != 0).count();
        assert_eq!(seen["totals"]["reached"], reached, "{corpus}");
        for (name, count) in summary["errors"].as_object().unwrap() {
            assert_eq!(&seen["errors"][name], count, "{corpus}: {name}");
            let example = seen["examples"].as_array().unwrap().iter().find(|example| example["error"] == *name);
            let example = example.unwrap_or_else(|| panic!("{corpus}: no example of {name}"));
            let panel = example["panel"].as_str().unwrap();
            assert!(panel.contains("FAILED") && (panel.contains(&**name) || name == "(no name)"), "{corpus}: {panel}");
            assert!(example["place"].as_str().unwrap().contains("events.jsonl:"), "{example}");
        }
        assert_eq!(seen["charts"], 2, "{corpus}");
        assert!(seen["bars"].as_u64().unwrap() > 0 && seen["slowest"].as_u64().unwrap() > 0, "{corpus}");
        assert_eq!(seen["wider"], false, "{corpus}: the page is wider than the window");
    }
}

#[test]
fn a_run_drawn_onto_a_machine_fits_too() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut drawings = String::new();
    for corpus in ["orders", "retry-and-catch", "approval"] {
        let (_, summary, _) = run(corpus);
        let file = root.join("corpora").join(corpus).join("machine.asl.json");
        let graph = graph(&fs::read_to_string(file).unwrap(), corpus);
        // Counts as large as those of a long run need room.
        let large = summary.replace("\"entered\":", "\"entered\":1234567");
        for summary in [summary, large] {
            drawings.push_str(&svg::draw(&graph, Some(&Overlay::from_summary(&summary, &graph).unwrap())));
        }
    }
    let page = format!("<!doctype html><html><meta charset=\"utf-8\"><body>{drawings}</body></html>");
    for dark in [false, true] {
        let Some(seen) = looked_at(&format!("overlay-{dark}"), &page, MEASURE, dark) else { return };
        assert_eq!(seen["problems"], Value::Array(Vec::new()));
    }
}

/// Mermaid itself reads what is written for it, and draws every state. It is looked for where
/// `npm install --prefix target/node mermaid` puts it.
#[test]
fn mermaid_draws_what_is_written_for_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = root.join("target/node/node_modules/mermaid/dist/mermaid.min.js");
    if !library.is_file() {
        let _ = writeln!(std::io::stderr().lock(), "no {}: Mermaid was not asked (skipped)", library.display());
        return;
    }
    // Its own layout of a hundred states takes long, and is not ours to judge.
    let graphs: Vec<Graph> = graphs().into_iter().filter(|graph| graph.states().len() <= 30).collect();
    let texts: Vec<String> = graphs.iter().map(|graph| mermaid::write(graph, None)).collect();
    let texts = serde_json::to_string(&texts).unwrap().replace('<', "\\u003c");
    let page = format!(
        "<!doctype html><html><meta charset=\"utf-8\"><body><script type=\"application/json\" id=\"texts\">{texts}</script>\
         <script src=\"file://{}\"></script></body></html>",
        library.display()
    );
    let Some(seen) = looked_at("mermaid", &page, MERMAID, false) else { return };
    assert_eq!(seen["problems"], Value::Array(Vec::new()));
    let drawn = seen["drawn"].as_array().unwrap();
    assert!(drawn.len() == graphs.len() && drawn.len() > 20, "{}", drawn.len());
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    for (drawn, graph) in drawn.iter().zip(&graphs) {
        let text = letters(drawn["text"].as_str().unwrap());
        for state in graph.states() {
            let name: String = letters(&state.name).chars().take(20).collect();
            assert!(text.contains(&name), "{}: no {name} in {text}", graph.title);
        }
    }
}
