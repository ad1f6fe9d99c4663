//! Everything that is wrong with a model: the one verifier, for all types of models.
//!
//! Programs are verified by [`ops::verify_program`](crate::ops::verify_program), which stands on
//! [`ir::verify`](crate::ir::verify); interfaces and pipelines by the latter alone. What stands in models of
//! other types is looked at by [`package`](crate::package).

use std::collections::{BTreeMap, BTreeSet};

use mil_ir::Model;
use mil_ir::verify::{Report, Rule, Violation, verify_interface};
use mil_package::payload;
use serde_json::{Value, json};

/// Verifies a model and, where it is a pipeline, all of its members.
pub fn verify(model: &Model) -> Report {
    verify_rest(model, BTreeMap::new())
}

/// The same, where it is known what [`mil_ops::verify_program`] says of some programs, by their path.
pub(crate) fn verify_rest(model: &Model, mut known: BTreeMap<Vec<usize>, Report>) -> Report {
    let mut report = Report::default();
    for (path, member) in model.members() {
        let mut found = match member {
            Model::Program(program) => {
                known.remove(&path).unwrap_or_else(|| mil_ops::verify_program(program))
            }
            other => verify_interface(other),
        };
        match member {
            // That it has no type is said of its interface.
            Model::Opaque(opaque) if opaque.kind.is_some() => found.extend(payload::verify(opaque)),
            _ => {}
        }
        report.extend(found.within(&path));
    }
    report
}

/// What keeps a model from being written: violations of rules that the model kept when it was read, of which
/// `before` tells. What came in broken may go out broken by the same rules.
pub fn new_violations(before: &Report, after: &Model) -> Vec<Violation> {
    added(before, verify(after))
}

/// What a report says that keeps a model from being written; see [`new_violations`].
pub(crate) fn added(before: &Report, after: Report) -> Vec<Violation> {
    let mut known: BTreeSet<&str> = before.violations.iter().map(|found| found.code).collect();
    if !before.is_clean() {
        // Sizes are followed only through programs that are sound otherwise.
        known.insert("op-shape");
    }
    after.violations.into_iter().filter(|found| !known.contains(found.code)).collect()
}

/// Every rule, by the crate that knows it.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    mil_ir::verify::RULES.iter().chain(mil_ops::RULES).chain(payload::RULES)
}

/// A report as JSON: `violations` and `unchecked`, each with code, message and place.
pub fn to_json(report: &Report) -> Value {
    let list = |found: &[Violation]| found.iter().map(as_json).collect::<Vec<_>>();
    json!({"violations": list(&report.violations), "unchecked": list(&report.unchecked)})
}

fn as_json(found: &Violation) -> Value {
    let place = &found.place;
    let mut value = json!({"code": found.code, "message": found.message});
    if !place.member.is_empty() {
        value["member"] = json!(place.member);
    }
    let named = [
        ("function", place.function.as_deref()),
        ("opset", place.opset.as_ref().map(|opset| opset.as_str())),
        ("op", place.op.as_deref()),
        ("type", place.kind.as_deref()),
        ("feature", place.feature.as_deref()),
    ];
    for (key, name) in named {
        if let Some(name) = name {
            value[key] = json!(name);
        }
    }
    value
}
