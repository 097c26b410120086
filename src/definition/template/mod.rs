//! SAM and CloudFormation templates that hold state machines.
//!
//! Flows in: the text of a template, JSON or YAML, and for `DefinitionUri` a function that opens a path relative to the
//! template. Flows out: the machines it holds, and each as a [`Definition`], its references and substitutions resolved.
//! It never touches a file itself, and asks only for paths inside the template's own folder. What a reference would be
//! after deployment is made up: account 123456789012, region us-east-1, and the logical id as the name.
//!
//! | file | holds |
//! | --- | --- |
//! | `mod.rs` | the template, its machines, which of their properties holds the definition |
//! | `resolve.rs` | `Ref`, `Fn::Sub`, `Fn::Join` and the others, conditions included |
//! | `reference.rs` | what `Ref` and `Fn::GetAtt` give, by resource type |
//! | `substitute.rs` | `DefinitionSubstitutions`, in parsed strings and in text |

mod reference;
mod resolve;
mod substitute;

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path};
use std::sync::Arc;

use super::diagnostic::{Code, Diagnostic};
use super::machine::{Definition, MachineType};
use super::source::Source;
use super::{ParseOptions, text};
use crate::value::tree::{Kind, Member, Node, Span};
use resolve::Resolver;
use substitute::{InStrings, Substitutions};

/// A template that was read.
#[derive(Clone, Debug)]
pub struct StackTemplate {
    root: Node,
    source: Arc<Source>,
    machines: Vec<MachineResource>,
}

/// A state machine that a template declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineResource {
    /// Its logical id: the key in `Resources`.
    pub logical_id: Box<str>,
    /// `Type` (SAM) or `StateMachineType` (CloudFormation); STANDARD unless given.
    pub machine_type: MachineType,
    /// Which of the two resource types it has.
    pub dialect: Dialect,
    /// Where its key stood in the template.
    pub span: Span,
}

/// The two resource types that declare a state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `AWS::Serverless::StateMachine`
    Serverless,
    /// `AWS::StepFunctions::StateMachine`
    CloudFormation,
}

/// Why no definition came out of a template, and the text that the diagnostics speak of.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Every diagnostic, warnings included.
    pub diagnostics: Vec<Diagnostic>,
    /// The template, or the file or string that held the definition.
    pub source: Arc<Source>,
}

/// Whether a text is a template: an object with `Resources`.
///
/// ```
/// use expressway::definition::template::is_template;
/// assert!(is_template("Resources:\n  M:\n    Type: AWS::Serverless::StateMachine\n", "template.yaml"));
/// assert!(!is_template(r#"{"StartAt": "A", "States": {}}"#, "machine.asl.json"));
/// ```
#[must_use]
pub fn is_template(text: &str, file_name: &str) -> bool {
    text::tree(text, file_name)
        .is_ok_and(|root| matches!(root.get("Resources"), Some(Node { kind: Kind::Object(_), .. })))
}

/// The text of a definition with `${Name}` replaced by the value of that name, by the rules of `DefinitionSubstitutions`:
/// inside a JSON string the value is escaped, elsewhere it stands as it is. Names without a value are left alone.
///
/// # Errors
/// A diagnostic, if the values make the text too long.
///
/// ```
/// use std::collections::BTreeMap;
/// use expressway::definition::template::substitute;
/// let values = BTreeMap::from([("Delay".to_owned(), "3".to_owned())]);
/// assert_eq!(substitute(r#"{"Seconds": ${Delay}}"#, &values).unwrap(), r#"{"Seconds": 3}"#);
/// ```
pub fn substitute(text: &str, values: &BTreeMap<String, String>) -> Result<String, Diagnostic> {
    Substitutions::new(values)
        .in_text(text, InStrings::Escape)
        .map_err(|_| Diagnostic::error(Code::InvalidTemplate, TOO_LONG))
}

/// Reads a definition that is no template, `${Name}` in it replaced as `DefinitionSubstitutions` would be: in parsed
/// strings, in YAML too, and before parsing where a placeholder stands for a whole value. A function call's `Payload` that
/// becomes the text of a JSON object or array is handed over as that.
///
/// # Errors
/// [`Refused`], with every diagnostic and the text that they speak of.
///
/// ```
/// use std::collections::BTreeMap;
/// use expressway::definition::{ParseOptions, template::parse_with_values};
/// let text = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":${Delay},"Comment":"${Why}","End":true}}}"#;
/// let values = BTreeMap::from([("Delay".to_owned(), "3".to_owned()), ("Why".to_owned(), "\"rest\"".to_owned())]);
/// let definition = parse_with_values(text, "w.asl.json", &values, &ParseOptions::default()).unwrap();
/// assert_eq!(definition.root.states[0].comment.as_deref(), Some("\"rest\""));
/// ```
pub fn parse_with_values(
    text: &str,
    file_name: &str,
    values: &BTreeMap<String, String>,
    options: &ParseOptions,
) -> Result<Definition, Refused> {
    let (tree, source) = parse_text(text, file_name, &Substitutions::new(values)).map_err(|refused| {
        refused.unwrap_or_else(|| Refused {
            diagnostics: vec![Diagnostic::error(Code::InvalidTemplate, TOO_LONG)],
            source: Arc::new(Source::new(text, file_name)),
        })
    })?;
    Definition::from_tree(tree, Arc::clone(&source), options).map_err(|diagnostics| Refused { diagnostics, source })
}

const TOO_LONG: &str = "Substitutions make the definition too long";

impl StackTemplate {
    /// Reads a template; `file_name` is shown, and tells YAML from JSON.
    ///
    /// # Errors
    /// Diagnostics if the text is neither JSON nor YAML, or no template.
    pub fn read(text: &str, file_name: &str) -> Result<StackTemplate, Vec<Diagnostic>> {
        let root = text::tree(text, file_name).map_err(|diagnostic| vec![*diagnostic])?;
        let Some(Node { kind: Kind::Object(resources), .. }) = root.get("Resources") else {
            let message = "This is no template: it has no `Resources` object";
            return Err(vec![Diagnostic::error(Code::InvalidTemplate, message).spanning(root.span)]);
        };
        let mut resolver = Resolver::new(&root, &NO_VALUES);
        let machines = resources.iter().filter_map(|member| machine(member, &mut resolver)).collect();
        Ok(StackTemplate { machines, source: Arc::new(Source::new(text, file_name)), root })
    }

    /// The state machines it declares, in its order.
    #[must_use]
    pub fn machines(&self) -> &[MachineResource] {
        &self.machines
    }

    /// The template's own text.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// One machine as a definition: the one of that logical id, or the only one.
    ///
    /// `values` replaces `${Name}` before `DefinitionSubstitutions` and parameters' defaults do. `open` reads a path of
    /// plain components relative to the template, which the caller must still hold to the template's folder where
    /// symbolic links could lead out of it.
    ///
    /// # Errors
    /// [`Refused`], with every diagnostic.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use expressway::definition::template::StackTemplate;
    /// let text = "Resources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      Type: EXPRESS\n      DefinitionUri: m.asl.json\n";
    /// let template = StackTemplate::read(text, "template.yaml").unwrap();
    /// let open = |_: &std::path::Path| Ok(r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#.to_owned());
    /// let definition = template.definition(None, &BTreeMap::new(), &open).unwrap();
    /// assert_eq!(definition.root.states.len(), 1);
    /// ```
    pub fn definition(
        &self,
        logical_id: Option<&str>,
        values: &BTreeMap<String, String>,
        open: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<Definition, Refused> {
        self.definition_as(logical_id, values, open, None)
    }

    /// As [`definition`](Self::definition), but checked as a machine of another type than the template says.
    ///
    /// # Errors
    /// [`Refused`], with every diagnostic.
    pub fn definition_as(
        &self,
        logical_id: Option<&str>,
        values: &BTreeMap<String, String>,
        open: &dyn Fn(&Path) -> io::Result<String>,
        machine_type: Option<MachineType>,
    ) -> Result<Definition, Refused> {
        let machine = self.find(logical_id).map_err(|diagnostic| self.refused(diagnostic))?;
        let location = format!("/Resources/{}/Properties", machine.logical_id);
        let place = Resource { template: self, machine, location: &location };
        let properties = place.properties()?;
        let mut resolver = Resolver::new(&self.root, values);
        let substitutions = substitutions(properties, values, &mut resolver);
        let (tree, source) = place.tree(place.property(properties)?, &mut resolver, &substitutions, open)?;

        let notes = resolver.into_warnings(&location, Arc::ptr_eq(&source, &self.source));
        let options = ParseOptions { machine_type: machine_type.unwrap_or(machine.machine_type) };
        match Definition::from_tree(tree, Arc::clone(&source), &options) {
            Ok(mut definition) => {
                definition.machine_type = Some(machine.machine_type);
                definition.warnings.extend(notes);
                Ok(definition)
            }
            Err(mut diagnostics) => {
                diagnostics.extend(notes);
                Err(Refused { diagnostics, source })
            }
        }
    }

    fn find(&self, logical_id: Option<&str>) -> Result<&MachineResource, Diagnostic> {
        let names = || {
            let names: Vec<&str> = self.machines.iter().map(|machine| &*machine.logical_id).collect();
            names.join(", ")
        };
        let complain = |message: String| Err(Diagnostic::error(Code::InvalidTemplate, message));
        match (logical_id, &self.machines[..]) {
            (_, []) => complain("This template declares no state machine".to_owned()),
            (None, [only]) => Ok(only),
            (None, _) => complain(format!("This template declares several state machines; name one of: {}", names())),
            (Some(wanted), machines) => match machines.iter().find(|machine| &*machine.logical_id == wanted) {
                Some(machine) => Ok(machine),
                None => complain(format!("This template declares no state machine '{wanted}', but: {}", names())),
            },
        }
    }

    fn refused(&self, diagnostic: Diagnostic) -> Refused {
        Refused { diagnostics: vec![diagnostic], source: Arc::clone(&self.source) }
    }
}

/// The properties that can hold a definition; a machine has one of them.
const DEFINITIONS: [&str; 4] = ["Definition", "DefinitionString", "DefinitionUri", "DefinitionS3Location"];

const IN_A_BUCKET: &str = "A definition in a bucket cannot be read here: keep a copy beside the template";

/// The resource that a definition is being taken from.
struct Resource<'t> {
    template: &'t StackTemplate,
    machine: &'t MachineResource,
    location: &'t str,
}

impl<'t> Resource<'t> {
    fn refuse(&self, message: impl Into<String>, span: Span) -> Refused {
        let diagnostic = Diagnostic::error(Code::InvalidTemplate, message).at(self.location).spanning(span);
        self.template.refused(diagnostic)
    }

    fn properties(&self) -> Result<&'t Node, Refused> {
        let resource =
            self.template.root.get("Resources").and_then(|resources| resources.get(&self.machine.logical_id));
        resource
            .and_then(|resource| resource.get("Properties"))
            .ok_or_else(|| self.refuse("A state machine needs `Properties`", self.machine.span))
    }

    /// The one property that holds the definition.
    fn property(&self, properties: &'t Node) -> Result<&'t Member, Refused> {
        let mut found = properties.members().iter().filter(|member| DEFINITIONS.contains(&&*member.key));
        let Some(first) = found.next() else {
            let message = "A state machine needs one of Definition, DefinitionUri, DefinitionString";
            return Err(self.refuse(message, self.machine.span));
        };
        match found.next() {
            None => Ok(first),
            Some(second) => {
                let message = "A state machine has only one of Definition, DefinitionUri, DefinitionString";
                Err(self.refuse(message, second.key_span))
            }
        }
    }

    /// The definition as a tree, and the text that its spans point into.
    fn tree(
        &self,
        property: &Member,
        resolver: &mut Resolver<'_>,
        substitutions: &Substitutions,
        open: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<(Node, Arc<Source>), Refused> {
        let value = &property.value;
        let too_long = || self.refuse(TOO_LONG, value.span);
        match &*property.key {
            "Definition" => {
                let mut tree = resolver.node(value).unwrap_or(Node { span: value.span, kind: Kind::Null });
                substitutions.in_tree(&mut tree).map_err(|_| too_long())?;
                Ok((tree, Arc::clone(&self.template.source)))
            }
            "DefinitionString" => {
                let Some(text) = resolver.json_text(value) else {
                    return Err(self.refuse("The text of this definition cannot be told here", value.span));
                };
                let file_name = self.template.source.file_name();
                let name = format!("{file_name} (DefinitionString of {})", self.machine.logical_id);
                parse_text(&text, &name, substitutions).map_err(|refused| refused.unwrap_or_else(too_long))
            }
            "DefinitionUri" => {
                let uri = resolver.text(value).ok_or_else(|| self.refuse(IN_A_BUCKET, value.span))?;
                let path = local_path(&uri).map_err(|message| self.refuse(message, value.span))?;
                let text =
                    open(path).map_err(|error| self.refuse(format!("Cannot read '{uri}': {error}"), value.span))?;
                parse_text(&text, &uri, substitutions).map_err(|refused| refused.unwrap_or_else(too_long))
            }
            _ => Err(self.refuse(IN_A_BUCKET, value.span)),
        }
    }
}

/// The values of a machine's placeholders: those from outside, then its own.
fn substitutions(properties: &Node, values: &BTreeMap<String, String>, resolver: &mut Resolver<'_>) -> Substitutions {
    let mut substitutions = Substitutions::new(values);
    for member in properties.get("DefinitionSubstitutions").map(Node::members).unwrap_or_default() {
        match resolver.text(&member.value) {
            Some(value) => substitutions.add(&member.key, &value),
            None => {
                let message = format!("The value of substitution '{}' cannot be told here", member.key);
                resolver.warn(message, member.value.span);
            }
        }
    }
    substitutions
}

static NO_VALUES: BTreeMap<String, String> = BTreeMap::new();

/// A resource as a machine, if it is one.
fn machine(member: &Member, resolver: &mut Resolver<'_>) -> Option<MachineResource> {
    let (dialect, type_property) = match member.value.get("Type")?.as_str()? {
        "AWS::Serverless::StateMachine" => (Dialect::Serverless, "Type"),
        "AWS::StepFunctions::StateMachine" => (Dialect::CloudFormation, "StateMachineType"),
        _ => return None,
    };
    let given = member.value.get("Properties").and_then(|properties| properties.get(type_property));
    let express = given.and_then(|node| resolver.text(node)).is_some_and(|text| text == "EXPRESS");
    Some(MachineResource {
        logical_id: member.key.clone(),
        machine_type: if express { MachineType::Express } else { MachineType::Standard },
        dialect,
        span: member.key_span,
    })
}

/// A definition's own text, its placeholders replaced; `Err(None)` if that makes it too long.
fn parse_text(text: &str, name: &str, substitutions: &Substitutions) -> Result<(Node, Arc<Source>), Option<Refused>> {
    // A text with a placeholder where a number is to stand is JSON only once that was replaced.
    let (read, source) = match text::tree(text, name) {
        Ok(tree) => (Ok(tree), Source::new(text, name)),
        Err(_) => {
            let replaced = substitutions.in_text(text, InStrings::Leave).map_err(|_| None)?;
            (text::tree(&replaced, name), Source::new(&replaced, name))
        }
    };
    let source = Arc::new(source);
    match read {
        Ok(mut tree) => {
            substitutions.in_tree(&mut tree).map_err(|_| None)?;
            Ok((tree, source))
        }
        Err(diagnostic) => Err(Some(Refused { diagnostics: vec![*diagnostic], source })),
    }
}

/// A `DefinitionUri` as a path inside the template's folder.
fn local_path(uri: &str) -> Result<&Path, String> {
    if uri.starts_with("s3://") {
        return Err(IN_A_BUCKET.to_owned());
    }
    if uri.is_empty() || uri.contains("://") || uri.contains(['\0', '\\']) || uri.as_bytes().get(1) == Some(&b':') {
        return Err(format!("'{}' is not a path inside the template's folder", uri.escape_debug()));
    }
    let path = Path::new(uri);
    if path.components().all(|component| matches!(component, Component::Normal(_) | Component::CurDir)) {
        return Ok(path);
    }
    Err(format!("'{uri}' leads out of the template's folder"))
}
