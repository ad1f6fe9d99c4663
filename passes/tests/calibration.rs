//! Rounding that learns from sample calls: what a weight meets in them is what its op computes with, and what
//! the op gives is closer to the original than with plain rounding.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may panic anywhere")]

use mil_eval::{Array, EvalOptions, Evaluator, Inputs};
use mil_ir::Program;
use mil_ir::text::parse;
use mil_pass::{Pipeline, RunReport, Runner, Sample};
use mil_passes::registry;
use mil_tensor::Tensor;
use mil_tensor::random::Stream;
use serde_json::Value;

/// Numbers with commas, nested as the shape says.
fn nested(shape: &[usize], values: &mut impl Iterator<Item = f64>) -> String {
    match shape {
        [] => format!("{:.4}", values.next().unwrap()),
        [size, rest @ ..] => {
            let parts: Vec<String> = (0..*size).map(|_| nested(rest, values)).collect();
            format!("[{}]", parts.join(", "))
        }
    }
}

fn listed(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A program with a weight `w` and an op on it.
fn program(x: &[usize], w: &[usize], y: &[usize], op: &str) -> Program {
    parsed(&text(x, w, y, op))
}

fn parsed(text: &str) -> Program {
    parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn text(x: &[usize], w: &[usize], y: &[usize], op: &str) -> String {
    let mut random = Stream::new(w.iter().product::<usize>() as u64);
    let weight = nested(w, &mut std::iter::repeat_with(|| random.unit() - 0.5));
    let (x, w, y) = (listed(x), listed(w), listed(y));
    format!(
        "program(1.3)\n{{\n    func main<ios18>(tensor<fp32, [{x}]> x) {{\n        tensor<fp32, [{w}]> w = \
         const()[name = string(\"w\"), val = tensor<fp32, [{w}]>({weight})];\n        tensor<fp32, [{y}]> y = \
         {op}[name = string(\"y\")];\n    }} -> (y);\n}}\n"
    )
}

/// Calls whose elements go together, as those of a network do.
fn samples(x: &[usize]) -> Vec<Sample> {
    let call = |seed: u64| {
        let mut random = Stream::new(seed);
        let len = x.iter().product::<usize>();
        let mut last = 0.0;
        let values: Vec<f32> = (0..len)
            .map(|_| {
                last = 0.8 * last + random.unit() - 0.4;
                last as f32
            })
            .collect();
        Sample::from([("x".into(), Tensor::from_slice(x, &values).unwrap())])
    };
    (1..40).map(call).collect()
}

fn run(pass: &str, options: &str, program: &Program, samples: &[Sample]) -> (Program, RunReport) {
    let mut program = program.clone();
    let pipeline = Pipeline::parse(&format!("{pass}{options}"), &registry()).unwrap();
    let report = Runner::new().samples("calls", samples.to_vec()).run(&pipeline, &mut program).unwrap();
    (program, report)
}

/// The squared error of the results in all calls.
fn error(before: &Program, after: &Program, samples: &[Sample]) -> f64 {
    let outputs = |program: &Program, sample: &Sample| {
        let inputs: Inputs = sample
            .iter()
            .map(|(name, tensor)| (name.clone(), Array::from_tensor(tensor, false).unwrap()))
            .collect();
        let evaluator = Evaluator::new(program, "main", EvalOptions::default().reproducible()).unwrap();
        let found = evaluator.run(&inputs).unwrap();
        found["y"].as_array().unwrap().reals::<f64>().unwrap().into_owned()
    };
    let squares = |sample: &Sample| -> f64 {
        let pairs = outputs(before, sample).into_iter().zip(outputs(after, sample));
        pairs.map(|(a, b)| (a - b) * (a - b)).sum()
    };
    samples.iter().map(squares).sum()
}

const LINEAR: &str = "linear_quantize_weights";
const INT4: &str = r#"config={"global_config": {"dtype": "int4", "weight_threshold": 0}}, measure=true"#;

/// The shapes of an operand, a weight and the result, and the op.
type Case = (&'static [usize], &'static [usize], &'static [usize], &'static str);

#[test]
fn what_a_weight_meets_is_what_its_op_computes_with() {
    let grouped = "conv(x = x, weight = w, groups = int32(2), strides = tensor<int32, [2]>([2, 1]), dilations = \
                   tensor<int32, [2]>([1, 2]), pad_type = string(\"custom\"), pad = tensor<int32, [4]>([1, 0, 2, 1]))";
    let cases: [Case; 9] = [
        (&[2, 5, 12], &[6, 12], &[2, 5, 6], "linear(x = x, weight = w)"),
        (&[2, 5, 12], &[12, 6], &[2, 5, 6], "matmul(x = x, y = w)"),
        (
            &[2, 12, 5],
            &[6, 12],
            &[2, 5, 6],
            "matmul(x = x, y = w, transpose_x = bool(true), transpose_y = bool(true))",
        ),
        (&[12, 9], &[6, 12], &[6, 9], "matmul(x = w, y = x)"),
        (
            &[2, 9, 12],
            &[12, 6],
            &[2, 6, 9],
            "matmul(x = w, y = x, transpose_x = bool(true), transpose_y = bool(true))",
        ),
        (
            &[1, 3, 20],
            &[4, 3, 5],
            &[1, 4, 10],
            "conv(x = x, weight = w, strides = tensor<int32, [1]>([2]), pad_type = string(\"same\"))",
        ),
        (
            &[2, 3, 8, 9],
            &[4, 3, 3, 2],
            &[2, 4, 8, 9],
            "conv(x = x, weight = w, pad_type = string(\"same_lower\"))",
        ),
        (&[2, 4, 8, 9], &[6, 2, 3, 2], &[2, 6, 4, 10], grouped),
        (&[1, 2, 4, 5, 6], &[3, 2, 2, 3, 2], &[1, 3, 3, 3, 5], "conv(x = x, weight = w)"),
    ];
    for (x, w, y, op) in cases {
        let (before, samples) = (program(x, w, y, op), samples(x));
        let (plain, _) = run(LINEAR, &format!("{{{INT4}}}"), &before, &samples);
        let (found, report) = run(LINEAR, &format!("{{{INT4}, samples=\"calls\"}}"), &before, &samples);
        let told = &report.passes[0].details[0];
        let number = |key: &str| told[key].as_f64().unwrap_or_else(|| panic!("{op}: {told}"));
        let (plain, found) = (error(&before, &plain, &samples), error(&before, &found, &samples));
        // The damping adds one part in a hundred of the mean energy of all inputs.
        assert!((number("layer_error_plain") / plain - 1.0).abs() < 0.15, "{op}: {told} {plain}");
        assert!((number("layer_error") / found - 1.0).abs() < 0.25, "{op}: {told} {found}");
        assert!(found < 0.9 * plain, "{op}: {plain} {found}");
    }
}

#[test]
fn palettes_learn_from_calls_too() {
    let (x, w) = ([2, 5, 12], [8, 12]);
    let (before, samples) = (program(&x, &w, &[2, 5, 8], "linear(x = x, weight = w)"), samples(&x));
    let options = r#"config={"global_config": {"mode": "kmeans", "nbits": 2, "weight_threshold": 0}}"#;
    let (plain, _) = run("palettize_weights", &format!("{{{options}}}"), &before, &samples);
    let (found, _) =
        run("palettize_weights", &format!("{{{options}, samples=\"calls\"}}"), &before, &samples);
    let (plain, found) = (error(&before, &plain, &samples), error(&before, &found, &samples));
    assert!(found < 0.8 * plain, "{plain} {found}");
}

#[test]
fn what_no_call_can_show_is_rounded_plainly_and_told() {
    let x = [1, 4, 6];
    let op = "conv_transpose(x = x, weight = w)";
    let (before, samples) = (program(&x, &[4, 3, 3], &[1, 3, 8], op), samples(&x));
    let (plain, _) = run(LINEAR, &format!("{{{INT4}}}"), &before, &samples);
    let (found, report) = run(LINEAR, &format!("{{{INT4}, samples=\"calls\"}}"), &before, &samples);
    assert_eq!(error(&plain, &found, &samples), 0.0);
    let told = report.passes[0].details[0]["not_calibrated"].as_str().unwrap().to_owned();
    assert_eq!(told, "the op that uses the weight is not a linear, matmul of a matrix, or conv");
}

#[test]
fn a_weight_that_two_ops_use_is_rounded_for_both() {
    let x = [2, 5, 12];
    let first = "linear(x = x, weight = w)[name = string(\"a\")];\n        tensor<fp32, [2, 5, 12]> y = linear(x = a, \
                 weight = w)";
    let text = text(&x, &[12, 12], &[2, 5, 12], first).replacen("> y = linear", "> a = linear", 1);
    let (before, samples) = (parsed(&text), samples(&x));
    let (plain, _) = run(LINEAR, &format!("{{{INT4}}}"), &before, &samples);
    let (found, report) = run(LINEAR, &format!("{{{INT4}, samples=\"calls\"}}"), &before, &samples);
    assert_eq!(report.passes[0].details.len(), 1);
    let (plain, found) = (error(&before, &plain, &samples), error(&before, &found, &samples));
    assert!(found < 0.9 * plain, "{plain} {found}");
}

#[test]
fn samples_are_those_of_a_function() {
    let mut before = program(&[2, 12], &[6, 12], &[2, 6], "linear(x = x, weight = w)");
    let options = format!("{{{INT4}, samples=\"calls\"}}");
    let pipeline = Pipeline::parse(&format!("{LINEAR}{options}"), &registry()).unwrap();
    let other = Sample::from([("z".into(), Tensor::splat(&[2, 12], 1.0_f32))]);
    let error = Runner::new().samples("calls", vec![other]).run(&pipeline, &mut before).unwrap_err();
    let text = |error: &dyn std::error::Error| error.source().map_or(error.to_string(), |e| e.to_string());
    assert!(text(&error).contains("no function takes the inputs that the samples have"), "{}", text(&error));
    let error = Runner::new().run(&pipeline, &mut before).unwrap_err();
    assert!(text(&error).contains("no samples were handed over as calls"), "{}", text(&error));
    let small = Sample::from([("x".into(), Tensor::splat(&[2, 3], 1.0_f32))]);
    let error = Runner::new().samples("calls", vec![small]).run(&pipeline, &mut before).unwrap_err();
    assert!(text(&error).contains("the samples do not run"), "{}", text(&error));
}

#[test]
fn the_same_samples_give_the_same_bytes() {
    let x = [2, 5, 12];
    let (before, samples) = (program(&x, &[6, 12], &[2, 5, 6], "linear(x = x, weight = w)"), samples(&x));
    let options = format!("{{{INT4}, samples=\"calls\"}}");
    let text = || run(LINEAR, &options, &before, &samples).0.to_string();
    assert_eq!(text(), text());
    let told: Vec<Value> = run(LINEAR, &options, &before, &samples).1.passes[0].details.clone();
    assert_eq!(told.len(), 1);
}
