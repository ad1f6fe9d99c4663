//! A pass for the Neural Engine that makes NaN of an infinity, where the program that it rewrites makes none,
//! says so in its documentation, and no other does. Programs are those of the cases; one element of an input
//! after the other is infinite.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::path::Path;

use mil_cases::run;
use mil_eval::{Array, EvalValue, Evaluator, Flavour, Inputs, Outputs, random_inputs};
use mil_ir::Program;
use mil_pass::PassDef;
use mil_passes::{PASSES, registry};

/// Elements of an input that are tried.
const PLACES: usize = 6;

#[test]
fn who_makes_nan_of_an_infinity_says_so() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let of_ane = |def: &&PassDef| root.join("ane").join(def.id).is_dir() && def.id != "improve_placement";
    let (mut makes, mut says) = (BTreeSet::new(), BTreeSet::new());
    for def in PASSES.iter().copied().filter(of_ane) {
        if def.doc.contains("infinity") {
            says.insert(def.id);
        }
        let cases = std::fs::read_dir(root.join("ane").join(def.id).join("cases")).unwrap();
        for file in cases.map(|entry| entry.unwrap().path()) {
            let content = std::fs::read_to_string(&file).unwrap();
            let before = content.split("// after\n").next().unwrap();
            let options = before.lines().find_map(|line| line.strip_prefix("// options: ")).unwrap_or("");
            let outcome = run(def, options, before, &registry()).unwrap();
            if outcome.report.changed() && makes_nan(&outcome.before, &outcome.after) {
                makes.insert(def.id);
            }
        }
    }
    assert_eq!(makes, says, "left: makes NaN; right: says so");
}

fn makes_nan(before: &Program, after: &Program) -> bool {
    let inputs = random_inputs(before.graph("main").unwrap(), None, Flavour::Normal, 3).unwrap();
    let floats = inputs.iter().filter(|(_, array)| array.dtype().is_float());
    floats.clone().any(|(name, array)| {
        let step = (array.len() / PLACES).max(1);
        (0..array.len()).step_by(step).any(|at| {
            [f32::INFINITY, f32::NEG_INFINITY].into_iter().any(|infinity| {
                let mut changed: Inputs = inputs.clone();
                let mut elements = array.slice::<f32>().unwrap().to_vec();
                elements[at] = infinity;
                let dtype = array.dtype();
                let array = Array::from_vec(array.shape(), elements).unwrap().with_dtype(dtype).unwrap();
                changed.insert(name.clone(), array);
                new_nan(&outputs(before, &changed), &outputs(after, &changed))
            })
        })
    })
}

fn outputs(program: &Program, inputs: &Inputs) -> Outputs {
    let evaluator = Evaluator::new(program, "main", Default::default()).unwrap();
    evaluator.session().unwrap().run(inputs).unwrap()
}

/// An element is NaN that was not.
fn new_nan(before: &Outputs, after: &Outputs) -> bool {
    let floats = |value: &EvalValue| match value {
        EvalValue::Array(array) => array.to_tensor().unwrap().to_f64s().unwrap_or_default(),
        _ => Vec::new(),
    };
    before.iter().any(|(name, value)| {
        let (before, after) = (floats(value), floats(&after[name]));
        before.iter().zip(&after).any(|(before, after)| after.is_nan() && !before.is_nan())
    })
}
