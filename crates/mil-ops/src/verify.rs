//! The semantic verifier: whether ops are what their declarations ask for.
//!
//! All findings are collected. What this version cannot judge (ops, opsets and element types that it does not know) is
//! listed as unchecked and is no violation.

use std::fmt;

use mil_ir::{Graph, Name, OpId, Opset, Program, Type};
use mil_tensor::DType;

use crate::{Call, InferError, Problems, Shapes, infer, params, types_agree};

/// What the verifier found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rules that are broken.
    pub violations: Vec<Finding>,
    /// What could not be judged.
    pub unchecked: Vec<Finding>,
}

/// One message about one op.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The function, where a whole program was verified.
    pub function: Option<Name>,
    /// The opset of the graph.
    pub opset: Opset,
    /// The op; ids mean nothing outside the graph.
    pub op: OpId,
    /// Its label.
    pub label: Name,
    /// Its type.
    pub kind: Name,
    /// What is wrong, or unknown.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(function) = &self.function {
            write!(f, "{function}: ")?;
        }
        write!(f, "{} ({}): {}", self.label, self.kind, self.message)
    }
}

impl Report {
    /// No rule is broken.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }
}

/// Verifies every op of every specialisation of every function.
pub fn verify_program(program: &Program) -> Report {
    let mut report = Report::default();
    for (function, opset, graph) in program.graphs() {
        let found = verify_graph(graph, opset);
        let named = |finding: Finding| Finding { function: Some(function.clone()), ..finding };
        report.violations.extend(found.violations.into_iter().map(named));
        report.unchecked.extend(found.unchecked.into_iter().map(named));
    }
    report
}

/// Verifies the declared types of a program that has no violations of [`verify_program`] against what follows from its
/// inputs, with flexible sizes as symbols. Those rules look at one op at a time; these follow sizes through all of them.
pub fn verify_shapes(program: &Program) -> Report {
    let mut report = Report::default();
    for (function, opset, graph) in program.graphs() {
        let shapes = Shapes::of(graph, opset, program.interface.function(function));
        let finding = |(op, message): &(OpId, String)| Finding {
            function: Some(function.clone()),
            opset: opset.clone(),
            op: *op,
            label: graph.label(*op).clone(),
            kind: graph.op(*op).kind().clone(),
            message: message.clone(),
        };
        report.violations.extend(shapes.conflicts().iter().map(finding));
    }
    report
}

/// Verifies every op of a graph.
pub fn verify_graph(graph: &Graph, opset: &Opset) -> Report {
    verify_ops(graph, opset, graph.walk())
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

fn verify_op(graph: &Graph, opset: &Opset, op: OpId, report: &mut Report) {
    let finding = |message: String| Finding {
        function: None,
        opset: opset.clone(),
        op,
        label: graph.label(op).clone(),
        kind: graph.op(op).kind().clone(),
        message,
    };
    let call = match Call::of(graph, op, opset) {
        Ok(call) => call,
        Err(error @ InferError::NotInOpset(..)) => {
            report.violations.push(finding(error.to_string()));
            return;
        }
        Err(error) => {
            report.unchecked.push(finding(error.to_string()));
            return;
        }
    };
    if let Some(dtype) = unknown_dtype(graph, op) {
        report.unchecked.push(finding(format!("element type {dtype} is not known")));
        return;
    }
    let problems = problems(&call);
    report.unchecked.extend(problems.doubts().iter().cloned().map(finding));
    if !problems.faults().is_empty() {
        report.violations.extend(problems.faults().iter().cloned().map(finding));
        return;
    }
    match infer(&call) {
        Ok(types) => {
            let declared: Vec<&Type> =
                graph.op(op).results().iter().map(|&value| graph.value(value).ty()).collect();
            if let Some(message) = disagreement(&types, &declared) {
                report.violations.push(finding(message));
            }
        }
        Err(error) if error.is_fault() => report.violations.push(finding(error.to_string())),
        Err(error) => report.unchecked.push(finding(error.to_string())),
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
