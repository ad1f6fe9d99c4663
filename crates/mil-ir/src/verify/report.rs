//! What a verifier says.

use std::fmt;

use crate::{Name, Opset};

/// A rule that a model breaks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Violation {
    /// Which rule; stable. See [`Rule`].
    pub code: &'static str,
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
}

/// Something that this version does not know and therefore does not judge, in the form of a violation.
pub type Unchecked = Violation;

/// A place in a model; what is not known of it, or does not matter, is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Numbers of the pipeline members on the way to the model, from the outermost on; empty for the model
    /// itself.
    pub member: Vec<usize>,
    /// The function.
    pub function: Option<Name>,
    /// The opset of the graph.
    pub opset: Option<Opset>,
    /// The op's label, or the name of a layer.
    pub op: Option<Name>,
    /// The op's or the layer's type.
    pub kind: Option<Name>,
    /// The input, output or state.
    pub feature: Option<Name>,
}

/// What a verifier found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rules that are broken.
    pub violations: Vec<Violation>,
    /// What could not be judged; never to be counted as sound.
    pub unchecked: Vec<Unchecked>,
}

/// A rule, for tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The code of its violations.
    pub code: &'static str,
    /// What must hold.
    pub holds: &'static str,
    /// Who says so.
    pub source: Source,
}

/// Who states a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// A program that breaks it has no meaning.
    Structure,
    /// The text of the format's `.proto` files.
    Format,
    /// Apple's validator of specifications, in coremltools (`mlmodel/src/Validation`).
    Validator,
    /// coremltools' Python: what it writes, or refuses to.
    Coremltools,
    /// Reports of what Core ML refuses when it loads or compiles a model.
    CoreMl,
}

impl Violation {
    /// A violation of this rule.
    pub fn new(code: &'static str, place: Place, message: impl Into<String>) -> Violation {
        Violation { code, place, message: message.into() }
    }
}

impl Place {
    /// Of a function.
    pub fn function(name: &Name) -> Place {
        Place { function: Some(name.clone()), ..Place::default() }
    }

    /// Of a feature of a model.
    pub fn feature(name: &Name) -> Place {
        Place { feature: Some(name.clone()), ..Place::default() }
    }

    /// Nothing is known of it.
    pub fn is_empty(&self) -> bool {
        *self == Place::default()
    }
}

impl Report {
    /// No rule is broken.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    /// With what another one says.
    pub fn extend(&mut self, other: Report) {
        self.violations.extend(other.violations);
        self.unchecked.extend(other.unchecked);
    }

    /// The same, with every place changed: what looks at a part does not know where the part is.
    #[must_use]
    pub fn at(mut self, change: impl Fn(&mut Place)) -> Report {
        for found in self.violations.iter_mut().chain(&mut self.unchecked) {
            change(&mut found.place);
        }
        self
    }

    /// The same, said of a member of a pipeline.
    #[must_use]
    pub fn within(self, member: &[usize]) -> Report {
        self.at(|place| place.member = [member, &place.member].concat())
    }

    /// What is said of one member of a pipeline, as if it were a model by itself: undoes [`Report::within`].
    #[must_use]
    pub fn of_member(&self, member: &[usize]) -> Report {
        let of =
            |all: &[Violation]| all.iter().filter(|found| found.place.member == member).cloned().collect();
        let report = Report { violations: of(&self.violations), unchecked: of(&self.unchecked) };
        report.at(|place| place.member.clear())
    }

    /// The same, said of a graph of a function.
    #[must_use]
    pub fn in_graph(self, function: &Name, opset: &Opset) -> Report {
        self.at(|place| {
            place.function = Some(function.clone());
            place.opset = Some(opset.clone());
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.member.is_empty() {
            let path: Vec<String> = self.member.iter().map(usize::to_string).collect();
            parts.push(format!("member {}", path.join(".")));
        }
        if let Some(function) = &self.function {
            let tag = self.opset.as_ref().map(|opset| format!("<{}>", opset.tag()));
            parts.push(format!("function {function}{}", tag.unwrap_or_default()));
        }
        if let Some(feature) = &self.feature {
            parts.push(format!("feature {feature}"));
        }
        match (&self.op, &self.kind) {
            (Some(op), Some(kind)) => parts.push(format!("op {op} ({kind})")),
            (Some(op), None) => parts.push(format!("op {op}")),
            (None, Some(kind)) => parts.push(kind.to_string()),
            (None, None) => {}
        }
        f.write_str(&parts.join(", "))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "{} [{}]", self.message, self.code)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Structure => "structure",
            Source::Format => "the format",
            Source::Validator => "Apple's validator",
            Source::Coremltools => "coremltools",
            Source::CoreMl => "Core ML, as reported",
        })
    }
}
