//! What is wrong, or suspicious, in a definition: one value per finding.
//!
//! Flows in: the readers' findings. Flows out: [`Diagnostic`]s with AWS's code and words, AWS's location, and the span in
//! the text. How they are drawn for people is [`render`]'s matter.

pub mod render;

use crate::value::tree::Span;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Whether it refuses the definition.
    pub severity: Severity,
    /// Which kind of finding.
    pub code: Code,
    /// AWS's words where they are known, without the location.
    pub message: String,
    /// AWS's location, `/States/X/Next`; `None` where AWS gives none.
    pub location: Option<Box<str>>,
    /// Where in the text.
    pub span: Option<Span>,
    /// What could have stood there, for people.
    pub expected: Option<String>,
    /// What would mend it, only where that is certain.
    pub hint: Option<String>,
}

/// Whether a finding refuses the definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// The definition is refused.
    Error,
    /// The definition is accepted.
    Warning,
}

impl Severity {
    /// `ERROR` or `WARNING`, as AWS writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// The kinds of finding: AWS's codes, and four of our own for what AWS cannot see.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// The code as it is printed.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }
        }
    };
}

codes! {
    /// The text is not JSON (or not YAML).
    InvalidJsonDescription = "INVALID_JSON_DESCRIPTION",
    /// A field is missing, unknown, or has a value that it cannot have.
    SchemaValidationFailed = "SCHEMA_VALIDATION_FAILED",
    /// No state ends the scope.
    MissingEndState = "MISSING_END_STATE",
    /// A transition leads nowhere, or a state cannot be reached.
    MissingTransitionTarget = "MISSING_TRANSITION_TARGET",
    /// Two states have one name.
    DuplicateStateName = "DUPLICATE_STATE_NAME",
    /// A state's name is too long.
    InvalidStateName = "INVALID_STATE_NAME",
    /// Two Maps have one label.
    DuplicateLabelName = "DUPLICATE_LABEL_NAME",
    /// A label is too long or has a character that it may not have.
    InvalidLabelName = "INVALID_LABEL_NAME",
    /// States inside states inside states.
    TooDeeplyNested = "TOO_DEEPLY_NESTED",
    /// `states` is not for assigning.
    ReservedVariableName = "RESERVED_VARIABLE_NAME",
    /// A variable's name is not an identifier, or is taken in an outer scope.
    InvalidVariableName = "INVALID_VARIABLE_NAME",
    /// A JSONata expression does not parse.
    InvalidJsonataExpression = "INVALID_JSONATA_EXPRESSION",
    /// A JSONata expression names something that does not exist where it stands.
    UnsupportedJsonataExpression = "UNSUPPORTED_JSONATA_EXPRESSION",
    /// Warning: a value looks like a path but its key lacks `.$`.
    NoDollar = "NO_DOLLAR",
    /// Warning: a key ends in `.$` where nothing is evaluated.
    NoPath = "NO_PATH",
    /// Warning: a Pass state's `Result` looks as if it were to be evaluated.
    PassResultIsStatic = "PASS_RESULT_IS_STATIC",
    /// Ours, a warning: a placeholder such as `${Name}` was not replaced.
    UnresolvedPlaceholder = "UNRESOLVED_PLACEHOLDER",
    /// Ours, a warning: an object has a key twice; the last counts.
    DuplicateKey = "DUPLICATE_KEY",
    /// Ours: a template is not one, or holds no machine of that name.
    InvalidTemplate = "INVALID_TEMPLATE",
    /// Ours, a warning: a reference to something that the template does not hold was given a made-up value.
    UnknownReference = "UNKNOWN_REFERENCE",
}

impl Diagnostic {
    /// An error with AWS's code and words.
    #[must_use]
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            code,
            message: message.into(),
            location: None,
            span: None,
            expected: None,
            hint: None,
        }
    }

    /// A warning.
    #[must_use]
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, message) }
    }

    /// The same with AWS's location.
    #[must_use]
    pub fn at(mut self, location: impl Into<Box<str>>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// The same with its place in the text.
    #[must_use]
    pub fn spanning(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// The same with what could have stood there.
    #[must_use]
    pub fn expecting(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// The same with what would mend it.
    #[must_use]
    pub fn hinting(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether it refuses the definition.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
