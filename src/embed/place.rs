//! Where a machine comes from: a file, or a folder that stands for its parts; its definition, and the functions in ASL.
//!
//! What the command and the library both do with paths is here, once. It must never read a file that nobody has named,
//! but for those that a folder stands for.

use crate::definition::diagnostic::render::{Style, render};
use crate::definition::template::{Refused, StackTemplate, is_template, parse_with_values};
use crate::definition::{Definition, Diagnostic, MachineType, ParseOptions, Source};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// What a machine's file is called in a folder; the first that is there counts.
pub(crate) const MACHINE_FILES: [&str; 6] =
    ["machine.asl.json", "machine.asl.yaml", "machine.asl.yml", "template.yaml", "template.yml", "template.json"];

/// The machine's file: the path itself, or what is in the folder; nothing, if that holds none.
pub(crate) fn machine_file(path: &Path) -> Option<PathBuf> {
    if !path.is_dir() {
        return Some(path.to_owned());
    }
    MACHINE_FILES.iter().map(|name| path.join(name)).find(|file| file.is_file())
}

/// What is known of a definition's text besides itself.
pub(crate) struct Reading<'r> {
    pub file_name: &'r str,
    pub machine_type: Option<MachineType>,
    /// Which state machine of a template.
    pub resource: Option<&'r str>,
    /// Values for `${NAME}`.
    pub values: &'r BTreeMap<String, String>,
    /// Opens the files that a template names.
    pub open: &'r dyn Fn(&Path) -> io::Result<String>,
}

impl Reading<'_> {
    /// Reads a definition, or a template that holds one.
    pub fn definition(&self, text: &str) -> Result<Definition, Refused> {
        if !is_template(text, self.file_name) {
            let options = ParseOptions { machine_type: self.machine_type.unwrap_or_default() };
            return parse_with_values(text, self.file_name, self.values, &options);
        }
        match StackTemplate::read(text, self.file_name) {
            Ok(template) => template.definition_as(self.resource, self.values, self.open, self.machine_type),
            Err(diagnostics) => Err(Refused { diagnostics, source: Source::new(text, self.file_name).into() }),
        }
    }
}

/// The functions written in ASL that are in a folder, by name, each with its file.
pub(crate) fn handler_files(folder: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".asl.json"));
        if let Some(name) = name.map(str::to_owned) {
            files.insert(name, path);
        }
    }
    Ok(files)
}

/// A function written in ASL; if it is refused, all that is wrong with it, and the same drawn with its source.
pub(crate) fn handler(text: &str, file_name: &str) -> Result<Definition, (Vec<Diagnostic>, String)> {
    Definition::parse(text, file_name, &ParseOptions::default()).map_err(|diagnostics| {
        let picture = render(&diagnostics, &Source::new(text, file_name), Style::Plain);
        (diagnostics, picture)
    })
}

/// Reads a file beside a template; nothing outside the template's own folder, whatever symbolic links say, and no device.
pub(crate) fn read_inside(folder: &Path, path: &Path) -> io::Result<String> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (inside, file) = (folder.canonicalize()?, folder.join(path).canonicalize()?);
    if !file.starts_with(&inside) || !file.is_file() {
        let message = "it is not a file inside the template's own folder";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    std::fs::read_to_string(file)
}
