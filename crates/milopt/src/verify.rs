//! Everything that is wrong with a model: the one verifier, for all types of models.
//!
//! Programs are verified by [`ops::verify_program`](crate::ops::verify_program), which stands on
//! [`ir::verify`](crate::ir::verify); interfaces and pipelines by the latter alone. What stands in models of other types
//! is looked at by [`package`](crate::package).

use std::collections::BTreeSet;

use mil_ir::Model;
use mil_ir::verify::{Place, Report, Rule, Unchecked, Violation, verify_interface};

/// Verifies a model and, where it is a pipeline, all of its members.
pub fn verify(model: &Model) -> Report {
    let mut report = Report::default();
    for (path, member) in model.members() {
        let mut found = match member {
            Model::Program(program) => mil_ops::verify_program(program),
            other => verify_interface(other),
        };
        if let Model::Opaque(opaque) = member {
            found.unchecked.push(contents(opaque.kind.as_deref()));
        }
        report.extend(found.within(&path));
    }
    report
}

/// What keeps a model from being written: violations of rules that all of `before`, the codes of what was read, keep.
///
/// A model that came in broken goes out broken in no new way.
pub fn new_violations(before: &Report, after: &Model) -> Vec<Violation> {
    let known: BTreeSet<&str> = before.violations.iter().map(|found| found.code).collect();
    verify(after).violations.into_iter().filter(|found| !known.contains(found.code)).collect()
}

/// Every rule, by the crate that knows it.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    mil_ir::verify::RULES.iter().chain(mil_ops::RULES)
}

/// What is said of contents that nobody looked into.
fn contents(kind: Option<&str>) -> Unchecked {
    let what = match kind {
        Some("neuralNetwork" | "neuralNetworkClassifier" | "neuralNetworkRegressor") => {
            "layers of a neural network"
        }
        _ => "contents of a model that is not a program",
    };
    let place = Place { kind: kind.map(Into::into), ..Place::default() };
    Unchecked::new("unknown-contents", place, what)
}
