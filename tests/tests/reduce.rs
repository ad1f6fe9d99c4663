//! Faults planted in rewrites, each brought down to a few ops.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::convert::Infallible;

use mil_generate::{Options, generate};
use milopt::Program;
use milopt::eval::{EvalValue, Evaluator, Flavour, compare, random_inputs};
use milopt::ir::text::{PrintOptions, print};
use milopt::ir::{At, Graph, NewOp, OpId};
use milopt::reduce::reduce;

/// A rewrite of an op that does something else than it should: puts another op in its place.
type Plant = fn(&mut Graph, OpId) -> Option<NewOp>;

/// The op with another type.
fn as_kind(graph: &Graph, op: OpId, from: &str, to: &str) -> Option<NewOp> {
    let mut new = (graph.op(op).kind() == from).then(|| NewOp::like(graph, op))?;
    new.kind = to.into();
    Some(new)
}

/// The op is of this type and its first operand is made by an op of that type.
fn follows(graph: &Graph, op: OpId, kind: &str, before: &str) -> bool {
    let made = graph
        .op(op)
        .values()
        .find_map(|value| graph.definition(value).filter(|&made| graph.op(made).kind() == before));
    graph.op(op).kind() == kind && made.is_some()
}

const PLANTS: [(&str, Plant); 10] = [
    ("relu is softsign", |graph, op| as_kind(graph, op, "relu", "softsign")),
    ("mul is add", |graph, op| as_kind(graph, op, "mul", "add")),
    ("maximum is minimum", |graph, op| as_kind(graph, op, "maximum", "minimum")),
    ("the mean is the sum", |graph, op| as_kind(graph, op, "reduce_mean", "reduce_sum")),
    ("sub swaps its operands", |graph, op| {
        let (x, y) = (graph.operand(op, "x")?.clone(), graph.operand(op, "y")?.clone());
        (graph.op(op).kind() == "sub").then(|| NewOp::like(graph, op).set("x", y).set("y", x))
    }),
    ("tanh is sigmoid", |graph, op| as_kind(graph, op, "tanh", "sigmoid")),
    ("add of a product is sub", |graph, op| {
        if follows(graph, op, "add", "mul") { as_kind(graph, op, "add", "sub") } else { None }
    }),
    ("floor is ceil", |graph, op| as_kind(graph, op, "floor", "ceil")),
    ("select takes the other", |graph, op| {
        let (a, b) = (graph.operand(op, "a")?.clone(), graph.operand(op, "b")?.clone());
        (graph.op(op).kind() == "select").then(|| NewOp::like(graph, op).set("a", b).set("b", a))
    }),
    ("the square root is the cosine", |graph, op| as_kind(graph, op, "sqrt", "cos")),
];

/// The program as the faulty rewrite leaves it; `None` where it finds nothing.
fn planted(program: &Program, plant: Plant) -> Option<Program> {
    let mut after = program.clone();
    let graph = after.graph_mut("main")?;
    let ops: Vec<OpId> = graph.root().ops().collect();
    let mut found = false;
    for op in ops {
        let Some(mut new) = plant(graph, op) else { continue };
        let result = graph.op(op).result()?;
        let (name, ty) = (graph.value(result).name().clone(), graph.value(result).ty().clone());
        let hidden = graph.fresh_name("hidden");
        graph.rename_value(result, hidden);
        new = new.result(name, ty);
        let other = graph.insert(new, At::Before(op));
        let value = graph.op(other).result()?;
        graph.replace_uses(result, value);
        graph.erase(op).ok()?;
        found = true;
    }
    found.then_some(after)
}

/// The fault shows: some output is another one.
fn shows(program: &Program, plant: Plant) -> bool {
    let Some(after) = planted(program, plant) else { return false };
    let Some(graph) = program.graph("main") else { return false };
    let features = program.interface.function("main");
    let Ok(inputs) = random_inputs(graph, features, Flavour::Normal, 1) else { return false };
    let run = |program: &Program| {
        Evaluator::new(program, "main", Default::default()).and_then(|evaluator| evaluator.run(&inputs))
    };
    let (Ok(before), Ok(after)) = (run(program), run(&after)) else { return false };
    before.iter().any(|(name, before)| match (before, after.get(name).and_then(EvalValue::as_array)) {
        (EvalValue::Array(before), Some(after)) => !compare(before, after).is_exact(),
        _ => false,
    })
}

fn ops(program: &Program) -> usize {
    let graph = program.graph("main").unwrap();
    graph.walk().filter(|&op| graph.op(op).kind() != "const").count()
}

#[test]
fn ten_planted_faults_are_brought_down_to_a_few_ops() {
    for (what, plant) in PLANTS {
        let programs = (0..4000)
            .filter_map(|seed| generate(&Options { seed, size: 40, target: None, unseeded: false }).ok());
        let program = programs.into_iter().find(|program| ops(program) > 24 && shows(program, plant));
        let program = program.unwrap_or_else(|| panic!("{what}: no program shows it"));
        let Ok(found) = reduce(&program, |program| Ok::<_, Infallible>(shows(program, plant)));
        let found = found.unwrap();
        assert!(shows(&found.program, plant), "{what}");
        assert!(milopt::ops::verify_program(&found.program).is_clean(), "{what}");
        let left = ops(&found.program);
        assert!(
            left < 12,
            "{what}: {left} of {} ops\n{}",
            ops(&program),
            print(&found.program, &PrintOptions::readable())
        );
    }
}

#[test]
fn what_does_not_show_is_not_reduced() {
    let program = generate(&Options { seed: 1, size: 8, target: None, unseeded: false }).unwrap();
    let Ok(found) = reduce(&program, |_| Ok::<_, Infallible>(false));
    assert!(found.is_none());
    // What always shows leaves next to nothing.
    let Ok(found) = reduce(&program, |_| Ok::<_, Infallible>(true));
    assert!(ops(&found.unwrap().program) <= 1);
}
