//! CloudFormation's functions: `Ref`, `Fn::Sub`, `Fn::GetAtt`, `Fn::Join` and the others, with conditions.
//!
//! Flows in: nodes of a template. Flows out: the same nodes with every function replaced by its value, and warnings where
//! that value had to be guessed. Parameters have their defaults, or what the caller gave. Nothing is imported or fetched.
//! What a function makes is bounded in size, and conditions that refer to one another in a circle end.

use std::collections::BTreeMap;

use super::reference;
use super::substitute::escape_into;
use crate::definition::diagnostic::{Code, Diagnostic};
use crate::value::tree::{Kind, Member, Node, Span};

/// How deep conditions may refer to conditions.
const CONDITIONS_MAX: u32 = 32;

/// How many conditions may be evaluated in all: one may be referred to twice by each of many.
const EVALUATIONS_MAX: u32 = 10_000;

/// How many bytes functions may make in all.
const MADE_MAX: usize = 16 << 20;

pub(super) struct Resolver<'t> {
    root: &'t Node,
    values: &'t BTreeMap<String, String>,
    warnings: Vec<Diagnostic>,
    made_left: usize,
    conditions_left: u32,
}

impl<'t> Resolver<'t> {
    /// Resolves against a template, with values for its parameters.
    pub(super) fn new(root: &'t Node, values: &'t BTreeMap<String, String>) -> Self {
        Resolver { root, values, warnings: Vec::new(), made_left: MADE_MAX, conditions_left: EVALUATIONS_MAX }
    }

    /// Notes something that had to be guessed.
    pub(super) fn warn(&mut self, message: String, span: Span) {
        if !self.warnings.iter().any(|warning| warning.message == message) {
            self.warnings.push(Diagnostic::warning(Code::UnknownReference, message).spanning(span));
        }
    }

    /// What was noted; spans are kept only if they speak of the text that is shown.
    pub(super) fn into_warnings(self, location: &str, spans_fit: bool) -> impl Iterator<Item = Diagnostic> {
        self.warnings.into_iter().map(move |warning| {
            let warning = warning.at(location);
            if spans_fit { warning } else { Diagnostic { span: None, ..warning } }
        })
    }

    /// A node as a text: strings, numbers, booleans, and functions that give one.
    pub(super) fn text(&mut self, node: &Node) -> Option<String> {
        match self.node(node)?.kind {
            Kind::String(text) | Kind::Number(text) => Some(text.into()),
            Kind::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// A text that is to be JSON: values that `Fn::Sub` puts inside its strings are escaped.
    pub(super) fn json_text(&mut self, node: &Node) -> Option<String> {
        match node.members() {
            [Member { key, value, .. }] if &**key == "Fn::Sub" => self.sub(value, escape_into),
            _ => self.text(node),
        }
    }

    /// A node with its functions replaced; `None` for `AWS::NoValue` and for what cannot be told.
    pub(super) fn node(&mut self, node: &Node) -> Option<Node> {
        let kind = match &node.kind {
            Kind::Object(members) => match &members[..] {
                [member] if &*member.key == "Ref" || member.key.starts_with("Fn::") => {
                    let kind = self.function(member)?;
                    self.charge(&kind, member.key_span)?;
                    kind
                }
                _ => Kind::Object(
                    members
                        .iter()
                        .filter_map(|member| {
                            let value = self.node(&member.value)?;
                            Some(Member { key: member.key.clone(), key_span: member.key_span, value })
                        })
                        .collect(),
                ),
            },
            Kind::Array(elements) => Kind::Array(elements.iter().filter_map(|element| self.node(element)).collect()),
            other => other.clone(),
        };
        Some(Node { span: node.span, kind })
    }

    fn charge(&mut self, made: &Kind, span: Span) -> Option<()> {
        match self.made_left.checked_sub(weight(made)) {
            Some(left) => {
                self.made_left = left;
                Some(())
            }
            None => {
                self.warn(format!("The functions of this template make more than {MADE_MAX} bytes"), span);
                None
            }
        }
    }

    fn function(&mut self, member: &Member) -> Option<Kind> {
        let argument = &member.value;
        let string = |text: String| Kind::String(text.into());
        match &*member.key {
            "Ref" => self.reference(argument.as_str()?, argument.span),
            "Fn::GetAtt" => self.get_att(argument).map(string),
            "Fn::Sub" => self.sub(argument, |value, out| out.push_str(value)).map(string),
            "Fn::Join" => self.join(argument).map(string),
            "Fn::Select" => {
                let [index, list] = argument.as_array()? else { return None };
                let index: usize = self.text(index)?.parse().ok()?;
                let list = self.node(list)?;
                list.as_array()?.get(index).map(|node| node.kind.clone())
            }
            "Fn::Split" => {
                let [delimiter, text] = argument.as_array()? else { return None };
                let (delimiter, text) = (self.text(delimiter)?, self.text(text)?);
                if delimiter.is_empty() {
                    return None;
                }
                let part = |text: &str| Node { span: argument.span, kind: Kind::String(text.into()) };
                Some(Kind::Array(text.split(delimiter.as_str()).map(part).collect()))
            }
            "Fn::If" => {
                let [condition, then, otherwise] = argument.as_array()? else { return None };
                let chosen = if self.condition_named(condition.as_str()?, 0) { then } else { otherwise };
                self.node(chosen).map(|node| node.kind)
            }
            "Fn::FindInMap" => {
                let [map, first, second, ..] = argument.as_array()? else { return None };
                let (map, first, second) = (self.text(map)?, self.text(first)?, self.text(second)?);
                // Mappings hold literals only; resolving them could go in circles.
                let found = self.root.get("Mappings")?.get(&map)?.get(&first)?.get(&second)?;
                Some(found.kind.clone())
            }
            "Fn::Base64" => {
                use base64::Engine as _;
                let text = self.text(argument)?;
                Some(string(base64::engine::general_purpose::STANDARD.encode(text)))
            }
            "Fn::GetAZs" => {
                let zone = |letter: &str| Node {
                    span: argument.span,
                    kind: Kind::String(format!("{}{letter}", reference::REGION).into()),
                };
                Some(Kind::Array(vec![zone("a"), zone("b"), zone("c")]))
            }
            "Fn::ImportValue" => {
                let name = self.text(argument)?;
                self.warn(format!("Import '{name}' is not known here; its name stands for it"), argument.span);
                Some(string(name))
            }
            other => {
                self.warn(format!("Function '{other}' is not known here"), member.key_span);
                None
            }
        }
    }

    /// `Ref`
    fn reference(&mut self, name: &str, span: Span) -> Option<Kind> {
        if name == "AWS::NoValue" {
            return None;
        }
        if name == "AWS::NotificationARNs" {
            return Some(Kind::Array(Vec::new()));
        }
        if let Some(value) = reference::pseudo_parameter(name) {
            return Some(Kind::String(value.into()));
        }
        if let Some(parameter) = self.root.get("Parameters").and_then(|parameters| parameters.get(name)) {
            if let Some(value) = self.values.get(name) {
                return Some(Kind::String(value.as_str().into()));
            }
            if let Some(default) = parameter.get("Default") {
                return Some(default.kind.clone());
            }
            self.warn(format!("Parameter '{name}' has no default; its name stands for it"), span);
            return Some(Kind::String(name.into()));
        }
        Some(Kind::String(self.resource_reference(name, span).into()))
    }

    fn resource_reference(&mut self, name: &str, span: Span) -> String {
        if let Some(resource) = self.resource(name) {
            let resource_type = resource.get("Type").and_then(Node::as_str).unwrap_or_default();
            if matches!(resource_type, "AWS::Lambda::Alias" | "AWS::Lambda::Version")
                && let Some(arn) = self.qualified_function(resource)
            {
                return arn;
            }
            return reference::of_resource(resource_type, name);
        }
        // SAM gives `Function.Version` and `Function.Alias` of its functions.
        if let Some((function, "Version" | "Alias")) = name.split_once('.')
            && self.resource(function).is_some()
        {
            return reference::arn("AWS::Lambda::Function", function);
        }
        if let Some(value) = self.values.get(name) {
            return value.clone();
        }
        self.warn(format!("'{name}' is not in this template; its name stands for it"), span);
        name.to_owned()
    }

    /// The ARN of the function that an alias or version belongs to, with the alias as its qualifier.
    fn qualified_function(&mut self, resource: &'t Node) -> Option<String> {
        let properties = resource.get("Properties")?;
        let function = self.text(properties.get("FunctionName")?)?;
        let arn =
            if function.starts_with("arn:") { function } else { reference::arn("AWS::Lambda::Function", &function) };
        match properties.get("Name").and_then(|name| self.text(name)) {
            Some(alias) => Some(format!("{arn}:{alias}")),
            None => Some(arn),
        }
    }

    /// `Fn::GetAtt`, from a list of two or from text with a dot.
    fn get_att(&mut self, argument: &Node) -> Option<String> {
        let (logical_id, attribute) = match &argument.kind {
            Kind::String(text) => text.split_once('.').map(|(id, name)| (id.to_owned(), name.to_owned()))?,
            Kind::Array(parts) => match &parts[..] {
                [id, name] => (self.text(id)?, self.text(name)?),
                _ => return None,
            },
            _ => return None,
        };
        Some(self.attribute(&logical_id, &attribute, argument.span))
    }

    fn attribute(&mut self, logical_id: &str, name: &str, span: Span) -> String {
        let resource = self.resource(logical_id);
        let resource_type = resource.and_then(|resource| resource.get("Type")).and_then(Node::as_str);
        let (value, certain) = reference::attribute(resource_type, logical_id, name);
        if !certain {
            let message = match resource_type {
                None => format!("'{logical_id}' is not in this template; '{value}' stands for its {name}"),
                Some(_) => format!("'{logical_id}.{name}' is not known before deployment; '{value}' stands for it"),
            };
            self.warn(message, span);
        }
        value
    }

    fn resource(&self, logical_id: &str) -> Option<&'t Node> {
        self.root.get("Resources").and_then(|resources| resources.get(logical_id))
    }

    /// `Fn::Sub`: text, or text and a mapping of its own names.
    fn sub(&mut self, argument: &Node, mut put: impl FnMut(&str, &mut String)) -> Option<String> {
        let mut own: BTreeMap<&str, String> = BTreeMap::new();
        let template = match &argument.kind {
            Kind::String(text) => text,
            Kind::Array(parts) => {
                let [Node { kind: Kind::String(text), .. }, names] = &parts[..] else { return None };
                for member in names.members() {
                    if let Some(value) = self.text(&member.value) {
                        own.insert(&member.key, value);
                    }
                }
                text
            }
            _ => return None,
        };
        let mut out = String::with_capacity(template.len());
        let mut rest: &str = template;
        while let Some(start) = rest.find("${") {
            out.push_str(&rest[..start]);
            let after = &rest[start + 2..];
            let Some(length) = after.bytes().take(256).position(|byte| byte == b'}') else {
                out.push_str("${");
                rest = after;
                continue;
            };
            let Some(name) = after.get(..length) else {
                out.push_str("${");
                rest = after;
                continue;
            };
            rest = &after[length + 1..];
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str("${");
                out.push_str(literal);
                out.push('}');
                continue;
            }
            let name = name.trim();
            let value = match (own.get(name), name.split_once('.')) {
                (Some(value), _) => value.clone(),
                (None, Some((id, attribute))) if !name.starts_with("AWS::") => {
                    self.attribute(id, attribute, argument.span)
                }
                _ => match self.reference(name, argument.span) {
                    Some(Kind::String(text) | Kind::Number(text)) => text.into(),
                    Some(Kind::Bool(value)) => value.to_string(),
                    _ => String::new(),
                },
            };
            let before = out.len();
            put(&value, &mut out);
            self.made_left = self.made_left.checked_sub(out.len() - before)?;
        }
        out.push_str(rest);
        Some(out)
    }

    fn join(&mut self, argument: &Node) -> Option<String> {
        let [delimiter, list] = argument.as_array()? else { return None };
        let delimiter = self.text(delimiter)?;
        let list = self.node(list)?;
        let parts: Option<Vec<String>> = list.as_array()?.iter().map(|part| self.text(part)).collect();
        let parts = parts?;
        let bytes = parts.iter().map(String::len).sum::<usize>() + delimiter.len() * parts.len();
        self.made_left = self.made_left.checked_sub(bytes)?;
        Some(parts.join(&delimiter))
    }

    fn condition_named(&mut self, name: &str, depth: u32) -> bool {
        match self.root.get("Conditions").and_then(|conditions| conditions.get(name)) {
            Some(condition) if depth < CONDITIONS_MAX => self.condition(condition, depth + 1),
            _ => false,
        }
    }

    /// Whether a condition holds; one that cannot be told does not.
    fn condition(&mut self, node: &Node, depth: u32) -> bool {
        let Some(left) = self.conditions_left.checked_sub(1) else {
            return false;
        };
        self.conditions_left = left;
        let [Member { key, value, .. }] = node.members() else {
            return false;
        };
        let parts = value.as_array().unwrap_or_default();
        match &**key {
            "Condition" => value.as_str().is_some_and(|name| self.condition_named(name, depth)),
            "Fn::Equals" => match parts {
                [left, right] => self.text(left) == self.text(right),
                _ => false,
            },
            "Fn::And" => parts.iter().all(|part| self.condition(part, depth)),
            "Fn::Or" => parts.iter().any(|part| self.condition(part, depth)),
            "Fn::Not" => parts.first().is_some_and(|part| !self.condition(part, depth)),
            _ => false,
        }
    }
}

/// About how many bytes a value takes.
fn weight(kind: &Kind) -> usize {
    const NODE: usize = 64;
    match kind {
        Kind::String(text) | Kind::Number(text) => NODE + text.len(),
        Kind::Array(elements) => elements.iter().map(|element| weight(&element.kind)).sum::<usize>() + NODE,
        Kind::Object(members) => {
            members.iter().map(|member| member.key.len() + weight(&member.value.kind)).sum::<usize>() + NODE
        }
        Kind::Null | Kind::Bool(_) => NODE,
    }
}
