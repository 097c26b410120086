//! `graph`: a machine as a drawing, with a run drawn onto it if there is one.

use super::machine::{MachineArguments, read_text};
use super::{CliError, print};
use crate::view::graph::{Graph, Overlay, dot, html, mermaid, svg};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    machine: MachineArguments,
    /// Where the drawing goes, `-` for stdout; the extension says the form
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// The form [default: the output's extension, else svg]
    #[arg(long, value_name = "FORM")]
    format: Option<Format>,
    /// Draw a run onto it: the file that `run --summary` or `bench --save` wrote, `-` for stdin
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,
    /// What the drawing is called [default: the machine's file]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A drawing in one file, light and dark
    Svg,
    /// A page: the drawing, a search, details of each state
    Html,
    /// A Mermaid flowchart
    Mermaid,
    /// Graphviz's language
    Dot,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let format = match arguments.format {
        Some(format) => format,
        None => by_extension(&arguments.output)?,
    };
    let machine = arguments.machine.read()?;
    let definition = machine.accepted()?;
    let title = arguments.title.clone().unwrap_or_else(|| title(&arguments.machine.machine));
    let graph = Graph::new(definition, &title);
    let overlay = match &arguments.overlay {
        Some(path) => Some(
            Overlay::from_summary(&read_text(path)?, &graph)
                .map_err(|error| CliError::Usage(format!("--overlay {}: {error}", path.display())))?,
        ),
        None => None,
    };
    let overlay = overlay.as_ref();
    let text = match format {
        Format::Svg => svg::draw(&graph, overlay),
        Format::Html => html::write(&graph, overlay),
        Format::Mermaid => mermaid::write(&graph, overlay),
        Format::Dot => dot::write(&graph, overlay),
    };
    if arguments.output == Path::new("-") {
        print(text.trim_end())?;
    } else {
        let io = |error| CliError::Io { path: arguments.output.display().to_string(), error };
        std::fs::write(&arguments.output, text).map_err(io)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn by_extension(output: &Path) -> Result<Format, CliError> {
    let extension = output.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    match extension.to_ascii_lowercase().as_str() {
        "svg" => Ok(Format::Svg),
        "html" | "htm" => Ok(Format::Html),
        "mmd" | "mermaid" => Ok(Format::Mermaid),
        "dot" | "gv" => Ok(Format::Dot),
        "" if output == Path::new("-") => Ok(Format::Svg),
        _ => Err(CliError::Usage(format!(
            "{}: this extension says no form; name one with --format svg, html, mermaid or dot",
            output.display()
        ))),
    }
}

/// What a machine is called: its folder or its file, without what all such files end with.
pub(super) fn title(machine: &Path) -> String {
    let absolute = machine.canonicalize().unwrap_or_else(|_| machine.to_path_buf());
    let name = absolute.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let stem =
        [".asl.json", ".asl.yaml", ".asl.yml", ".json", ".yaml", ".yml"].iter().find_map(|end| name.strip_suffix(end));
    match stem {
        Some("machine" | "template") => absolute.parent().map(title).unwrap_or_default(),
        Some(stem) => stem.to_owned(),
        None => name,
    }
}
