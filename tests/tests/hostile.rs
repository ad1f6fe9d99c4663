//! Programs that lie get errors: nothing panics, and nothing runs on.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use mil_generate::{Options, Stream, damage, generate};
use milopt::Runner;
use milopt::eval::{EvalOptions, Evaluator, Flavour, random_inputs};
use milopt::ir::{Program, text};
use milopt::pass::RunError;

fn limited() -> EvalOptions {
    let mut options = EvalOptions::default().reproducible();
    options.limits.value_bytes = 1 << 18;
    options.limits.held_bytes = 1 << 22;
    options.limits.ops = 2000;
    options.limits.iterations = 50;
    options
}

/// Everything that reads a program, on this one.
fn try_all(program: &Program) -> Result<(), String> {
    let _ = milopt::ir::verify::verify(program);
    let _ = milopt::ops::verify_program(program);
    let printed = text::print(program, &text::PrintOptions::default());
    let _ = text::parse(&printed);
    let function = &program.functions["main"];
    if let Ok(evaluator) = Evaluator::new(program, "main", limited())
        && let Some(graph) = function.graph()
        && let Ok(inputs) = random_inputs(graph, program.interface.function("main"), Flavour::Normal, 1)
    {
        let _ = evaluator.run(&inputs);
    }
    let registry = milopt::passes::registry();
    let pipeline = registry.pipeline("default").unwrap().unwrap();
    match Runner::new().run(&pipeline, &mut program.clone()) {
        Err(error @ RunError::Panic { .. }) => Err(error.to_string()),
        _ => Ok(()),
    }
}

#[test]
fn damaged_programs_get_errors() {
    for seed in 0..200 {
        let mut program = generate(&Options { seed, size: 8, ..Options::default() }).unwrap();
        let mut dice = Stream::new(seed);
        let places = dice.range(1, 6);
        damage(&mut program, &mut dice, places);
        let outcome = catch_unwind(AssertUnwindSafe(|| try_all(&program)));
        let outcome = outcome.unwrap_or_else(|_| Err("panics".into()));
        assert_eq!(outcome, Ok(()), "seed {seed}\n{}", text::print(&program, &text::PrintOptions::default()));
    }
}

/// The function's text, evaluated on random inputs within narrow limits.
fn refusal(function: &str) -> String {
    let program = text::parse(&format!("program(1.3)\n{{\n{function}\n}}\n")).unwrap();
    let evaluator = Evaluator::new(&program, "main", limited()).unwrap();
    let graph = program.graph("main").unwrap();
    let inputs = random_inputs(graph, None, Flavour::Normal, 1).unwrap();
    evaluator.run(&inputs).unwrap_err().to_string()
}

#[test]
fn endless_loops_end() {
    let refused = refusal(
        "func main<ios17>(tensor<fp32, [1]> x) {
            tensor<fp32, [1]> y = while_loop(loop_vars = (x))[name = string(\"y\")] {
                block(tensor<fp32, [1]> a) {
                    bool go = const()[name = string(\"go\"), val = bool(true)];
                } -> (go);
                block(tensor<fp32, [1]> b) {
                    tensor<fp32, [1]> c = abs(x = b)[name = string(\"c\")];
                } -> (c);
            };
        } -> (y);",
    );
    assert!(refused.contains("iterations"), "{refused}");
}

#[test]
fn values_are_bounded_one_by_one_and_together() {
    let refused = refusal(
        "func main<ios17>(tensor<fp32, [1]> x) {
            tensor<fp32, [100000, 100000]> y = tile(reps = tensor<int32, [2]>([100000, 100000]), x = x)[name = string(\"y\")];
        } -> (y);",
    );
    assert!(!refused.is_empty());
    let mut ops = String::new();
    let mut names = Vec::new();
    for index in 0..100 {
        ops.push_str(&format!(
            "tensor<fp32, [20000]> y{index} = tile(reps = tensor<int32, [1]>([20000]), x = x)[name = string(\"y{index}\")];\n"
        ));
        names.push(format!("y{index}"));
    }
    let refused =
        refusal(&format!("func main<ios17>(tensor<fp32, [1]> x) {{\n{ops}}} -> ({});", names.join(", ")));
    assert!(refused.contains("held at once"), "{refused}");
}
