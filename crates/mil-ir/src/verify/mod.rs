//! The verifier: what must hold of a model, whatever its ops mean.
//!
//! [`verify`] looks at a program and its interface, [`verify_interface`] at what a model of any type says
//! about itself, [`verify_model`] at a model with all of its members. [`verify_ops`] looks at some ops of a
//! graph (after a pass: those that it touched), [`verify_signatures`] at what a pass may break outside of
//! graphs, which is cheap. All are near-linear. What ops demand of their operands is added by `mil-ops`, what
//! stands in models of other types by `mil-package`; all of them speak in [`Violation`]s, and [`RULES`] lists
//! the codes of this crate.
//!
//! Most rules are those of Apple's own validator, which never looks into a program. Where it lets something
//! pass that the format's text, coremltools or Core ML itself refuses, the rule names that [`Source`], and
//! holds for ML Programs only. What devices load is never refused.

mod graph;
mod interface;
mod names;
mod report;
mod rules;
mod unknown;

use crate::{Model, Program};

pub use graph::verify_ops;
pub use interface::ModelKind;
pub use report::{Place, Report, Rule, Source, Unchecked, Violation};
pub use rules::RULES;

/// The largest rank of a tensor.
const MAX_RANK: usize = 5;

/// Every violation of a program: by function, then in program order, then of its interface.
pub fn verify(program: &Program) -> Report {
    let mut report = Report { violations: Vec::new(), unchecked: unknown::unchecked(program) };
    for (function, opset, graph) in program.graphs() {
        report.extend(graph::verify_graph(graph).in_graph(function, opset));
    }
    report.extend(verify_signatures(program));
    report
}

/// The violations of a program apart from those in its graphs.
pub fn verify_signatures(program: &Program) -> Report {
    let mut report = Report::default();
    for (name, function) in &program.functions {
        graph::verify_signature(name, function, &mut report.violations);
    }
    interface::verify_description(&program.interface, ModelKind::Program, &mut report.violations);
    interface::verify_program(program, &mut report.violations);
    report
}

/// The violations of what a model says about itself; for a pipeline, of its wiring too. Its members are
/// models of their own.
pub fn verify_interface(model: &Model) -> Report {
    let mut report = Report::default();
    let found = &mut report.violations;
    match model {
        Model::Program(program) => return verify_signatures(program),
        Model::Pipeline(pipeline) => {
            interface::verify_description(&pipeline.interface, ModelKind::of(model), found);
            interface::verify_pipeline(pipeline, found);
        }
        Model::Opaque(opaque) => {
            interface::verify_description(&opaque.interface, ModelKind::of(model), found);
        }
    }
    report
}

/// The violations of a model and of all members, as far as this crate knows them.
pub fn verify_model(model: &Model) -> Report {
    let mut report = Report::default();
    for (path, member) in model.members() {
        let found = match member {
            Model::Program(program) => verify(program),
            other => verify_interface(other),
        };
        report.extend(found.within(&path));
    }
    report
}

/// What keeps a program from being read back once it is written, whatever else is wrong with it: names that
/// stand for nothing or for two things, and inputs or outputs of a type that no feature can have. No program
/// that was read has any.
pub fn unwritable(program: &Program) -> Vec<Violation> {
    let mut found = Vec::new();
    for (name, opset, graph) in program.graphs() {
        let report = graph::verify_graph(graph).in_graph(name, opset);
        let codes = ["undefined-value", "undefined-output", "duplicate-name"];
        found.extend(report.violations.into_iter().filter(|found| codes.contains(&found.code)));
        if let Some(features) = program.interface.function(name) {
            found.extend(interface::without_form(name, features, graph));
        }
    }
    found
}

/// Why a feature, a value or a function, whichever `what` says, cannot have this name.
pub fn name_fault(what: &str, name: &str) -> Option<String> {
    names::fault(what, name).map(|(_, message)| message)
}

/// What a rule of this crate says.
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}
