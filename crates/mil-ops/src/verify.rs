//! The verifier of programs: structure, interface, and what each op asks of its operands.
//!
//! All violations are collected. What this version cannot judge (ops, opsets and element types that it does
//! not know) is listed as unchecked and is not a violation.

use std::collections::BTreeSet;

use mil_ir::verify::{Place, Report, Rule, Source, Violation};
use mil_ir::{Graph, Literal, OpId, Opset, Program, Storage, Type};
use mil_tensor::{DType, Data};

use crate::{Call, InferError, Problems, Shapes, infer, params, types_agree};

/// Codes of rules that hold of what is written, not of a program between two passes: a parameter that must be
/// constant and is computed from constants, weights that are not at hand.
pub const FILE_RULES: [&str; 2] = [UNFOLDED, MISSING];
const UNFOLDED: &str = "op-unfolded";
const MISSING: &str = "weights-missing";

/// The rules of ops, beside those of [`mil_ir::verify`].
pub const RULES: &[Rule] = &[
    rule("op-opset", Source::Coremltools, "the opset of the function has the op"),
    rule(
        "op-parameter",
        Source::Coremltools,
        "an op has the parameters that it must have, and none that its opset does not know",
    ),
    rule(
        "op-constant",
        Source::Coremltools,
        "what must be constant does not depend on the inputs of the program",
    ),
    rule(
        UNFOLDED,
        Source::Coremltools,
        "what must be constant is a constant or decompressed from one, not computed by ops: \
         `const_elimination` folds it",
    ),
    rule("op-type", Source::Coremltools, "operands have the form and the element types that the op takes"),
    rule("op-choice", Source::Coremltools, "a text is one of those that the parameter knows"),
    rule("op-rule", Source::Coremltools, "operands fit each other, as the op asks (`docs/generated/ops.md`)"),
    rule("op-result", Source::Coremltools, "results have the types that follow from the operands"),
    rule(
        "op-shape",
        Source::Coremltools,
        "results have the shapes that follow from the inputs of the function",
    ),
    rule(MISSING, Source::CoreMl, "the weights that a program refers to are there"),
    rule("unknown-op", Source::Structure, "not judged: an op that this version does not know"),
    rule("op-doubt", Source::Structure, "not judged: operands that the op's declaration does not foresee"),
];

const fn rule(code: &'static str, source: Source, holds: &'static str) -> Rule {
    Rule { code, holds, source }
}

/// Everything that is wrong with a program: its structure, its interface, each op by itself, and, where all
/// of that is sound, the shapes that follow from its inputs.
pub fn verify_program(program: &Program) -> Report {
    let mut report = mil_ir::verify::verify(program);
    for (function, opset, graph) in program.graphs() {
        report.extend(verify_graph(graph, opset).in_graph(function, opset));
    }
    if report.is_clean() {
        report.extend(verify_shapes(program));
    }
    report
}

/// Verifies the declared types of a program against what follows from its inputs, with flexible sizes as
/// symbols. The other rules look at one op at a time; these follow sizes through all of them, and trust the
/// rest to be sound.
pub fn verify_shapes(program: &Program) -> Report {
    let mut report = Report::default();
    for (function, opset, graph) in program.graphs() {
        let shapes = Shapes::of(graph, opset, program.interface.function(function));
        let conflicts = shapes.conflicts().iter();
        let violations =
            conflicts.map(|(op, message)| Violation::new("op-shape", place(graph, *op), message.clone()));
        report.extend(
            Report { violations: violations.collect(), unchecked: Vec::new() }.in_graph(function, opset),
        );
    }
    report
}

/// Verifies every op of a graph by itself, as it stands in a file.
pub fn verify_graph(graph: &Graph, opset: &Opset) -> Report {
    let mut report = verify_ops(graph, opset, graph.walk());
    for op in graph.walk() {
        verify_folded(graph, opset, op, &mut report);
    }
    let missing: BTreeSet<String> = graph.literals().filter_map(|(_, literal)| missing(literal)).collect();
    for message in missing {
        report.violations.push(Violation::new(MISSING, Place::default(), message));
    }
    report
}

/// Whether what must be constant of an op is one, or decompressed from one.
pub(crate) fn verify_folded(graph: &Graph, opset: &Opset, op: OpId, report: &mut Report) {
    let Ok(call) = Call::of(graph, op, opset) else { return };
    for (param, decompressed) in params::unfolded(&call) {
        if decompressed {
            let message = format!("{param} must be constant, but ops compute it from a decompressed weight");
            report.unchecked.push(Violation::new("op-doubt", place(graph, op), message));
            continue;
        }
        let message = format!("{param} must be constant, but ops compute it: fold it with const_elimination");
        report.violations.push(Violation::new(UNFOLDED, place(graph, op), message));
    }
}

/// Verifies these ops of a graph, each by itself.
pub fn verify_ops(graph: &Graph, opset: &Opset, ops: impl IntoIterator<Item = OpId>) -> Report {
    let mut report = Report::default();
    for op in ops {
        if !graph.op(op).is_return() {
            verify_op(graph, opset, op, &mut report);
        }
    }
    report
}

/// What is not there of a literal's contents.
fn missing(literal: &Literal) -> Option<String> {
    let Data::Opaque(_) = literal.as_tensor()?.data() else { return None };
    Some(match &literal.storage {
        Storage::Missing(file, _) if !file.is_empty() => format!("the weight file {file} is not there"),
        _ => "weights are not there: the text holds their hash only".to_owned(),
    })
}

pub(crate) fn place(graph: &Graph, op: OpId) -> Place {
    let (op, kind) = (graph.label(op).clone(), graph.op(op).kind().clone());
    Place { op: Some(op), kind: Some(kind), ..Place::default() }
}

fn verify_op(graph: &Graph, opset: &Opset, op: OpId, report: &mut Report) {
    let found = |code, message: String| Violation::new(code, place(graph, op), message);
    let call = match Call::of(graph, op, opset) {
        Ok(call) => call,
        Err(error @ InferError::NotInOpset(..)) => {
            report.violations.push(found("op-opset", error.to_string()));
            return;
        }
        Err(error) => {
            report.unchecked.push(found("unknown-op", error.to_string()));
            return;
        }
    };
    if let Some(dtype) = unknown_dtype(graph, op) {
        report.unchecked.push(found("unknown-type", format!("element type {dtype} is not known")));
        return;
    }
    let problems = problems(&call);
    report.unchecked.extend(problems.doubts().iter().map(|message| found("op-doubt", message.clone())));
    if !problems.faults().is_empty() {
        let faults = problems.faults().iter();
        report.violations.extend(faults.map(|(code, message)| found(code, message.clone())));
        return;
    }
    match infer(&call) {
        Ok(types) => {
            let declared: Vec<&Type> =
                graph.op(op).results().iter().map(|&value| graph.value(value).ty()).collect();
            if let Some(message) = disagreement(&types, &declared) {
                report.violations.push(found("op-result", message));
            }
        }
        Err(error) if error.is_fault() => report.violations.push(found("op-rule", error.to_string())),
        Err(error) => report.unchecked.push(found("op-doubt", error.to_string())),
    }
}

/// What is wrong with an op apart from the types of its results.
pub(crate) fn problems(call: &Call<'_>) -> Problems {
    let mut problems = Problems::default();
    params::check(call, &mut problems);
    if let Some(check) = call.def().check {
        check(call, &mut problems);
    }
    problems
}

/// An element type among operands and results that only a later version knows.
fn unknown_dtype(graph: &Graph, op: OpId) -> Option<DType> {
    let found = graph.op(op);
    let operands = found.operands().map(|operand| graph.operand_type(operand));
    let results = found.results().iter().map(|&value| graph.value(value).ty());
    operands.chain(results).filter_map(Type::dtype).find(|dtype| matches!(dtype, DType::Unknown(_)))
}

fn disagreement(types: &[Type], declared: &[&Type]) -> Option<String> {
    if types.len() != declared.len() {
        return Some(format!("it has {} results, not {}", types.len(), declared.len()));
    }
    let (inferred, declared) = types.iter().zip(declared).find(|(a, b)| !types_agree(a, b))?;
    Some(format!("a result is a {inferred}, but declared as {declared}"))
}
