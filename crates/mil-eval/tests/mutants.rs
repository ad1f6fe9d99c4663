//! What the referee is for: rewrites that are wrong. One op of a random program becomes a similar one, and
//! `verify` must say so, though it forgives whatever rounding may do.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use mil_eval::{EvalOptions, Flavour, Inputs, Numerics, random_inputs, verify};
use mil_generate::{Options, generate};
use mil_ir::{Program, text};

/// What a wrong rewrite makes of an op.
const MUTATIONS: &[(&str, &str)] = &[
    ("add", "sub"),
    ("sub", "add"),
    ("mul", "add"),
    ("real_div", "mul"),
    ("maximum", "minimum"),
    ("minimum", "maximum"),
    ("reduce_sum", "reduce_mean"),
    ("reduce_mean", "reduce_sum"),
    ("reduce_max", "reduce_min"),
    ("sigmoid", "tanh"),
    ("tanh", "sigmoid"),
    ("relu", "abs"),
    ("exp", "exp2"),
    ("sin", "cos"),
    ("cos", "sin"),
    ("floor", "ceil"),
    ("softplus", "relu"),
    ("softsign", "tanh"),
];

/// Programs with one op changed, each with the types of the two ops.
fn mutants(source: &str) -> Vec<(&'static str, Program)> {
    let mut found = Vec::new();
    for &(from, to) in MUTATIONS {
        let call = format!(" = {from}(");
        for (at, _) in source.match_indices(&call) {
            let (head, tail) = source.split_at(at);
            let mutant = format!("{head} = {to}({}", &tail[call.len()..]);
            found.extend(text::parse(&mutant).ok().map(|program| (from, program)));
        }
    }
    found
}

/// Whether the mutant is another function at all, and whether it is told apart from what rounding does.
fn judged(before: &Program, after: &Program, inputs: &[Inputs]) -> Option<(bool, bool)> {
    let side = |program: &'_ Program| {
        let function = &program.functions["main"];
        (function.graph().unwrap().clone(), function.opset.clone())
    };
    let ((old, old_opset), (new, new_opset)) = (side(before), side(after));
    let options = EvalOptions::default().reproducible();
    let holds = |class| {
        let report = verify((&old, &old_opset), (&new, &new_opset), class, inputs, &options);
        report.ok().map(|report| report.holds())
    };
    Some((!holds(Numerics::Exact)?, !holds(Numerics::Rounding)?))
}

#[test]
fn wrong_rewrites_are_caught() {
    let (mut wrong, mut caught) = (0, 0);
    let mut missed: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..10 {
        let program = generate(&Options { seed, size: 10, ..Options::default() }).unwrap();
        let source = text::print(&program, &text::PrintOptions::default().inline_all());
        let graph = program.graph("main").unwrap();
        let interface = program.interface.function("main");
        let inputs: Vec<Inputs> = [Flavour::Normal, Flavour::Huge, Flavour::Mask]
            .iter()
            .map(|&flavour| random_inputs(graph, interface, flavour, seed).unwrap())
            .collect();
        for (kind, mutant) in mutants(&source) {
            let Some((is_wrong, is_caught)) = judged(&program, &mutant, &inputs) else { continue };
            wrong += usize::from(is_wrong);
            caught += usize::from(is_wrong && is_caught);
            if is_wrong && !is_caught {
                *missed.entry(kind).or_default() += 1;
            }
        }
    }
    assert!(wrong > 30, "{wrong} wrong rewrites");
    // Some change so little that no measure of rounding tells them apart.
    assert!(caught * 20 >= wrong * 19, "{caught} of {wrong} are caught; missed: {missed:?}");
}
