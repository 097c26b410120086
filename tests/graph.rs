//! Drawings of machines: their geometry, that they are always the same, and what they say.
//!
//! Boxes and labels never overlap, ways never cross a box or somebody else's label, every text fits its box; over made-up
//! machines of 3 to 150 states and over all definitions of this project. What a browser makes of them is `browser.rs`'s.

#[path = "graph/generate.rs"]
mod generate;

use expressway::definition::{Definition, ParseOptions};
use expressway::view::graph::layout::{Piece, Point, Rect};
use expressway::view::graph::scene::{PlacedScope, Scene};
use expressway::view::graph::{Graph, Overlay, dot, html, mermaid, svg};
use std::fs;
use std::path::Path;

fn graph(text: &str) -> Graph {
    let definition = Definition::parse(text, "made.asl.json", &ParseOptions::default())
        .unwrap_or_else(|diagnostics| panic!("{:?}\n{text}", diagnostics[0]));
    Graph::new(&definition, "made")
}

/// Points along a way, close to one another.
fn points(pieces: &[Piece]) -> Vec<Point> {
    let mut out: Vec<Point> = Vec::new();
    for piece in pieces {
        let from = out.last().copied().unwrap_or_default();
        match *piece {
            Piece::Move(to) => out.push(to),
            Piece::Line(to) => {
                let steps = ((to.x - from.x).hypot(to.y - from.y) / 3.0).ceil().max(1.0);
                out.extend((1..=steps as usize).map(|n| {
                    let t = n as f64 / steps;
                    Point { x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t }
                }));
            }
            Piece::Curve(a, b, to) => out.extend((1..=40).map(|n| {
                let (t, u) = (f64::from(n) / 40.0, 1.0 - f64::from(n) / 40.0);
                let mix = |p: f64, a: f64, b: f64, q: f64| {
                    u * u * u * p + 3.0 * u * u * t * a + 3.0 * u * t * t * b + t * t * t * q
                };
                Point { x: mix(from.x, a.x, b.x, to.x), y: mix(from.y, a.y, b.y, to.y) }
            })),
        }
    }
    out
}

fn check(scope: &PlacedScope, about: &str) {
    let shrunk =
        |rect: &Rect| Rect { x: rect.x + 0.2, y: rect.y + 0.2, width: rect.width - 0.4, height: rect.height - 0.4 };
    let mut boxes: Vec<(String, Rect, Option<usize>)> =
        scope.nodes.iter().map(|node| (node.node.name.clone(), shrunk(&node.rect), None)).collect();
    for (n, label) in scope.labels.iter().enumerate() {
        boxes.extend(label.as_ref().map(|label| (format!("label {:?}", label.lines), shrunk(&label.rect), Some(n))));
    }
    for (n, (name, rect, _)) in boxes.iter().enumerate() {
        for (other, other_rect, _) in &boxes[..n] {
            assert!(!rect.overlaps(other_rect), "{about}: {name} and {other} overlap\n{rect:?}\n{other_rect:?}");
        }
        let lane = &scope.lane;
        let inside =
            rect.x >= lane.x && rect.right() <= lane.right() && rect.y >= lane.y && rect.bottom() <= lane.bottom();
        assert!(inside, "{about}: {name} is outside its scope\n{rect:?}\n{lane:?}");
    }
    for stretch in &scope.layout.stretches {
        for point in points(&stretch.pieces) {
            let point = Point { x: point.x + scope.origin.x, y: point.y + scope.origin.y };
            for (name, rect, _) in &boxes {
                assert!(!rect.holds(point), "{about}: a way of {:?} crosses {name}", stretch.links);
            }
        }
    }
    // Each edge leaves at its node's bottom and arrives at the top of the other.
    for (n, edge) in scope.scope.edges.iter().enumerate() {
        let of: Vec<_> = scope.layout.stretches.iter().filter(|stretch| stretch.links.contains(&n)).collect();
        let at = |point: Point| Point { x: point.x + scope.origin.x, y: point.y + scope.origin.y };
        let touches = |rect: &Rect, p: Point, y: f64| p.x >= rect.x && p.x <= rect.right() && (p.y - y).abs() < 8.0;
        let from = &scope.nodes[edge.from].rect;
        let to = &scope.nodes[edge.to].rect;
        let leaves = of.iter().any(|s| touches(from, at(s.pieces[0].end()), from.bottom()));
        let arrives = of.iter().any(|s| s.arrives && touches(to, at(s.pieces[s.pieces.len() - 1].end()), to.y));
        assert!(leaves && arrives, "{about}: {edge:?} does not lead from node to node ({leaves}, {arrives})");
    }
    for node in &scope.nodes {
        for inner in &node.scopes {
            let (lane, rect) = (&inner.lane, &node.rect);
            let inside =
                lane.x > rect.x && lane.right() < rect.right() && lane.y > rect.y && lane.bottom() < rect.bottom();
            assert!(inside, "{about}: a scope of {} is outside its box\n{lane:?}\n{rect:?}", node.node.name);
            check(inner, about);
        }
    }
}

#[test]
fn nothing_overlaps_in_made_up_machines() {
    for states in [3, 4, 5, 7, 9, 12, 16, 20, 28, 40, 60, 100, 150] {
        for seed in 0..12 {
            let text = generate::machine(seed, states);
            let graph = graph(&text);
            check(&Scene::new(&graph, None).root, &format!("{states} states, seed {seed}"));
        }
    }
}

/// A Choice with dozens of targets takes several rows, and stays a drawing that one can look at.
#[test]
fn many_targets_take_several_rows() {
    for (targets, chains) in [(12, false), (30, true), (48, false), (98, false), (200, false)] {
        let graph = graph(&generate::wide(targets, chains));
        let scene = Scene::new(&graph, None);
        let about = format!("{targets} targets, chains: {chains}");
        check(&scene.root, &about);
        let (width, height) = (scene.size.width, scene.size.height);
        assert!(width < (height * 3.0).max(2_400.0), "{about}: {width} x {height}");
    }
}

#[test]
fn nothing_overlaps_in_definitions_of_this_project() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut drawn = 0;
    for folder in [root.join("tests/definitions"), root.join("corpora")] {
        let files = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
        for file in files.map(|path| if path.is_dir() { path.join("machine.asl.json") } else { path }) {
            let name = file.display().to_string();
            if !name.contains(".asl.") {
                continue;
            }
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let definition = Definition::parse(&text, &name, &ParseOptions::default()).unwrap();
            check(&Scene::new(&Graph::new(&definition, &name), None).root, &name);
            drawn += 1;
        }
    }
    assert!(drawn > 20, "{drawn}");
}

#[test]
fn the_same_definition_gives_the_same_bytes() {
    let text = generate::machine(5, 60);
    assert_eq!(svg::draw(&graph(&text), None), svg::draw(&graph(&text), None));
}

/// A run over a few orders, drawn: what the summary counts, and what follows from it for the ways.
#[test]
fn a_run_says_how_often_ways_were_taken() {
    let text = r#"{"StartAt": "Size?", "States": {
        "Size?": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThan": 10, "Next": "Each"},
            {"Variable": "$.n", "NumericGreaterThan": 5, "Next": "Check"}], "Default": "Small"},
        "Each": {"Type": "Map", "ItemsPath": "$.items", "End": true, "ItemProcessor": {"StartAt": "Ship", "States": {"Ship": {"Type": "Pass", "End": true}}}},
        "Check": {"Type": "Pass", "InputPath": "$.must", "Next": "Small"},
        "Small": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:small",
            "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 2}],
            "Catch": [{"ErrorEquals": ["Refused"], "Next": "Unhappy"}], "Next": "Done"},
        "Unhappy": {"Type": "Pass", "Next": "Done"},
        "Never": {"Type": "Pass", "Next": "Done"},
        "Done": {"Type": "Succeed"}}}"#;
    let text = text.replace("\"Never\": {\"Type\": \"Pass\", \"Next\": \"Done\"},", "");
    let definition = Definition::parse(&text, "sizes.asl.json", &ParseOptions::default()).unwrap();
    let graph = Graph::new(&definition, "sizes");
    let program = expressway::compile::compile(&definition, &Default::default()).unwrap();
    let handlers = expressway::handler::Handlers::new().lambda("small", |event, call| {
        use expressway::handler::function::FunctionError;
        let raised = |error: &str| FunctionError::Raised { error: error.into(), message: "so it is".into() };
        match event.get("n").and_then(|n| n.as_f64()).unwrap_or(0.0) as i64 {
            1 => Err(raised("Refused")),
            2 => Err(raised("Busy")),
            3 => Err(raised("Other")),
            _ => Ok(call.text("ok")),
        }
    });
    let bound = handlers.bind(&program).unwrap();
    let events = "{\"n\":11,\"items\":[1,2,3]}\n{\"n\":6,\"must\":{}}\n{\"n\":7}\n{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n{\"n\":4}\n";
    let run = |threads: usize, unordered: bool| {
        let batch = expressway::batch::Batch::new(&program, &bound).threads(threads).chunk_bytes(64);
        let batch = batch.unordered(unordered).observe();
        batch.run(vec![expressway::batch::Source::memory("orders", events.as_bytes())]).unwrap()
    };
    let summary = run(1, false);
    let overlay = Overlay::from_summary(&summary.to_json(), &graph).unwrap();
    let states: Vec<_> = graph.states().iter().map(|node| (node.name.clone(), overlay.state(node).unwrap())).collect();
    let of = |name: &str| states.iter().find(|(known, _)| known == name).map(|(_, counts)| *counts).unwrap();
    assert_eq!((of("Size?").entered, of("Each").entered, of("Ship").entered, of("Done").entered), (8, 1, 3, 4));
    assert_eq!((of("Check").failed, of("Small").failed, of("Small").retries, of("Small").caught), (1, 2, 2, 1));
    let ways: Vec<String> =
        overlay.ways(&graph).iter().map(|way| format!("{} → {}: {}", way.from.name, way.to.name, way.taken)).collect();
    let wanted = [
        "Start → Size?: 8",
        "Size? → Each: 1",
        "Size? → Check: 2",
        "Size? → Small: 5",
        "Each → End: 1",
        "Check → Small: 1",
        "Small → Done: 3",
        "Small → Unhappy: 1",
        "Unhappy → Done: 1",
        "Done → End: 4",
        "Start → Ship: 3",
        "Ship → End: 3",
    ];
    assert_eq!(ways, wanted);

    // A summary may list transitions, which then count.
    let listed = summary.to_json().replace(
        ",\"bytes_read\"",
        ",\"transitions\":[{\"from\":\"Ship\",\"to\":null,\"count\":2},{\"from\":\"Ship\",\"to\":null,\"handler\":\"small\",\"count\":9}],\"bytes_read\"",
    );
    let overlay = Overlay::from_summary(&listed, &graph).unwrap();
    let ship = overlay.ways(&graph).into_iter().find(|way| way.from.name == "Ship").unwrap();
    assert_eq!(ship.taken, 2);

    // The same examples, whoever ran them and in whatever order.
    let places = |summary: &expressway::batch::Summary| {
        let findings = summary.findings.as_ref().unwrap();
        let errors: Vec<String> = findings
            .errors
            .iter()
            .map(|(name, list)| format!("{name} {:?}", list.iter().map(|e| e.position.line_number).collect::<Vec<_>>()))
            .collect();
        let states: Vec<_> = findings.states.iter().map(|e| e.as_ref().map(|e| e.position.line_number)).collect();
        (errors, states, findings.success.as_ref().map(|e| e.position))
    };
    let first = places(&summary);
    assert_eq!(first.0, ["Busy [5]", "Other [6]", "States.Runtime [3]"]);
    assert_eq!(first.1[0], Some(1));
    for (threads, unordered) in [(2, false), (2, true), (4, true)] {
        assert_eq!(places(&run(threads, unordered)), first, "{threads} {unordered}");
    }
    let failed = &summary.findings.as_ref().unwrap().errors["Other"][0];
    let again = failed.run_again(&program, &bound, &expressway::vm::Settings::default()).unwrap();
    assert_eq!((again.status, &*again.input), ("FAILED", "{\"n\":3}"));
    assert!(again.result.starts_with("Other: ") && again.events.len() > 4, "{again:?}");
}

#[test]
fn a_summary_of_another_machine_is_refused() {
    let graph = graph(&generate::machine(1, 5));
    for (text, part) in [
        ("{", "not JSON"),
        ("{}", "has no \"succeeded\""),
        (r#"{"succeeded":1,"failed":0,"timed_out":0,"states":[{"name":"Other","entered":1}]}"#, "another machine"),
    ] {
        let error = Overlay::from_summary(text, &graph).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn all_forms_name_every_state_and_take_no_text_for_code() {
    let text = r#"{"StartAt": "a \"b\" <i>;", "States": {"a \"b\" <i>;": {"Type": "Pass", "Next": "end"},
        "end": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Catch": [{"ErrorEquals": ["X|Y"], "Next": "a \"b\" <i>;"}], "End": true}}}"#;
    let graph = graph(text);
    let mermaid = mermaid::write(&graph, None);
    assert!(mermaid.starts_with("flowchart TD\n") && mermaid.contains("a #34;b#34; #60;i#62;#59;"), "{mermaid}");
    assert!(mermaid.contains("n1 -.->|\"X#124;Y\"| n0"), "{mermaid}");
    let dot = dot::write(&graph, None);
    assert!(dot.contains("a \\\"b\\\" <i>;") && dot.contains("style=dashed"), "{dot}");
    let page = html::write(&graph, None);
    assert!(!page.contains("<i>") && page.contains("\\u003ci>"), "{page}");
    let drawing = svg::draw(&graph, None);
    assert!(!drawing.contains("<i>") && drawing.contains("a &quot;b&quot; &lt;i&gt;;"), "{drawing}");
}

/// Graphviz itself reads what is written for it, without a word, and draws every state.
#[test]
fn graphviz_draws_what_is_written_for_it() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut texts = vec![generate::wide(24, true)];
    texts.extend((0..8).map(|seed| generate::machine(seed, 5 + 8 * seed as usize)));
    for text in texts {
        let graph = graph(&text);
        let mut command = Command::new("dot");
        command.arg("-Tsvg").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let Ok(mut child) = command.spawn() else {
            // Past the test runner, which keeps to itself what passing tests print.
            let _ = writeln!(std::io::stderr().lock(), "no dot here: Graphviz was not asked (skipped)");
            return;
        };
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(dot::write(&graph, None).as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{text}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{text}");
        let drawing = String::from_utf8(output.stdout).unwrap();
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        let shown = letters(&drawing.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").replace("&#39;", ""));
        for state in graph.states() {
            assert!(shown.contains(&letters(&state.name)), "{} is not drawn\n{drawing}", state.name);
        }
    }
}

/// The picture in the README is what its commands draw. If the drawing has changed on purpose, make it anew:
/// `expressway run corpora/orders --summary S -o /dev/null; expressway graph corpora/orders --overlay S -o corpora/orders/run.svg`
#[test]
fn the_picture_in_the_readme_is_what_is_drawn() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let summary = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme-summary.json");
    let command = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_expressway"));
        let output = command.current_dir(root).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let path = summary.to_str().unwrap();
    command(&["run", "corpora/orders", "--quiet", "--output", "/dev/null", "--summary", path]);
    let drawn = command(&["graph", "corpora/orders", "--overlay", path]);
    let kept = fs::read_to_string(root.join("corpora/orders/run.svg")).unwrap();
    assert!(drawn.trim() == kept.trim(), "corpora/orders/run.svg is not what is drawn now");
}
