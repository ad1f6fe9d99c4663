//! Images: what a program computes of pixels is what it computed of the array before, scaled and biased.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may panic anywhere")]

use mil_eval::{Array, Evaluator, Inputs};
use mil_ir::{Program, text};
use mil_pass::{Pipeline, Runner};
use mil_passes::registry;

const CONV: &str = "\
program(1.3)
{
    func main<ios17>(tensor<fp32, [1, 3, 2, 2]> x) {
        tensor<fp32, [2, 3, 1, 1]> w = const()[name = \"w\", val = tensor<fp32, [2, 3, 1, 1]>([[[[0.5]], [[-1.0]], [[2.0]]], [[[1.0]], [[0.25]], [[-0.5]]]])];
        tensor<fp32, [1, 2, 2, 2]> y = conv(weight = w, x = x)[name = \"y\"];
    } -> (y);
}
model {
    specification_version = 8;
    function main {
        input x: array<fp32, [1, 3, 2, 2]>;
        output y: array<fp32, [1, 2, 2, 2]>;
    };
}
";

fn run(program: &str, pipeline: &str) -> Program {
    let mut program = text::parse(program).unwrap();
    let pipeline = Pipeline::parse(pipeline, &registry()).unwrap();
    Runner::new().run(&pipeline, &mut program).unwrap();
    assert!(mil_ops::verify_program(&program).is_clean());
    program
}

/// The first output for these numbers.
fn evaluate(program: &Program, shape: &[usize], values: &[f32]) -> Vec<f64> {
    let x = Array::from_vec(shape, values.to_vec()).unwrap();
    let evaluator = Evaluator::new(program, "main", Default::default()).unwrap();
    let outputs = evaluator.run(&Inputs::from([("x".into(), x)])).unwrap();
    outputs[0].as_array().unwrap().reals::<f64>().unwrap().into_owned()
}

fn kinds(program: &Program) -> Vec<String> {
    let graph = program.graph("main").unwrap();
    let ops = graph.walk().map(|op| graph.op(op).kind().to_string());
    ops.filter(|kind| kind != "const").collect()
}

/// Twelve pixels, and what a model saw of them.
fn pixels() -> (Vec<f32>, Vec<f32>) {
    let pixels: Vec<f32> = (0..12).map(|n| (n * 23 % 256) as f32).collect();
    let bias = [-1.0, -2.0, -4.0];
    let seen = pixels.iter().enumerate().map(|(at, pixel)| 0.5 * pixel + bias[at / 4]).collect();
    (pixels, seen)
}

#[test]
fn a_program_computes_of_pixels_what_it_computed_of_scaled_and_biased_numbers() {
    let (pixels, seen) = pixels();
    let before = text::parse(CONV).unwrap();
    let options = r#"{"type": "rgb", "scale": 0.5, "bias": [-1, -2, -4]}"#;
    let after = run(CONV, &format!(r#"change_io_types{{inputs={{"x": {options}}}}}"#));
    assert_eq!(kinds(&after), ["mul", "add", "conv"]);
    let shape = [1, 3, 2, 2];
    assert_eq!(evaluate(&after, &shape, &pixels), evaluate(&before, &shape, &seen));
}

#[test]
fn a_power_of_two_goes_into_the_weights_and_another_scale_does_not() {
    let (pixels, _) = pixels();
    let before = text::parse(CONV).unwrap();
    let shape = [1, 3, 2, 2];
    for (scale, folds) in [(0.0078125, true), (0.007, false)] {
        let inner: Vec<f32> = pixels.iter().map(|pixel| pixel * scale).collect();
        let options = format!(r#"{{"type": "bgr", "scale": {scale}}}"#);
        let after = run(CONV, &format!(r#"change_io_types{{inputs={{"x": {options}}}}}"#));
        assert_eq!(kinds(&after).len() == 1, folds, "{scale}");
        assert_eq!(evaluate(&after, &shape, &pixels), evaluate(&before, &shape, &inner), "{scale}");
    }
}

#[test]
fn an_output_is_scaled_in_its_last_op_where_that_is_exact() {
    let program = CONV
        .replace("[2, 3, 1, 1]", "[1, 3, 1, 1]")
        .replace("[1, 2, 2, 2]", "[1, 1, 2, 2]")
        .replace(", [[[1.0]], [[0.25]], [[-0.5]]]", "");
    let (pixels, _) = pixels();
    let before = text::parse(&program).unwrap();
    let shape = [1, 3, 2, 2];
    for (numbers, scale, bias, ops) in [
        (r#""scale": 0.25"#, 0.25, 0.0, &["conv"][..]),
        (r#""scale": 0.75"#, 0.75, 0.0, &["conv", "mul"]),
        (r#""scale": 0.25, "bias": 3"#, 0.25, 3.0, &["conv", "mul", "add"]),
    ] {
        let options = format!(r#"{{outputs={{"y": {{"type": "grayscale", {numbers}}}}}}}"#);
        let after = run(&program, &format!("change_io_types{options}"));
        assert_eq!(kinds(&after), ops, "{numbers}");
        let wanted: Vec<f64> =
            evaluate(&before, &shape, &pixels).into_iter().map(|value| value * scale + bias).collect();
        assert_eq!(evaluate(&after, &shape, &pixels), wanted, "{numbers}");
    }
}

#[test]
fn channels_that_come_last_come_first() {
    let program = "\
program(1.3)
{
    func main<ios17>(tensor<fp32, [1, 2, 2, 3]> x) {
        tensor<fp32, [1, 2, 2, 3]> y = square(x = x)[name = \"y\"];
    } -> (y);
}
model {
    specification_version = 8;
    function main {
        input x: array<fp32, [1, 2, 2, 3]>;
        output y: array<fp32, [1, 2, 2, 3]>;
    };
}
";
    let (pixels, _) = pixels();
    // Pixel by pixel, as the program has them.
    let last: Vec<f32> = (0..12).map(|at| pixels[at % 3 * 4 + at / 3]).collect();
    let before = text::parse(program).unwrap();
    let after = run(program, r#"change_io_types{inputs={"x": "rgb"}}"#);
    assert_eq!(evaluate(&after, &[1, 3, 2, 2], &pixels), evaluate(&before, &[1, 2, 2, 3], &last));
    let image = program.replace("input x: array<fp32, [1, 2, 2, 3]>", "input x: image<rgb, [2, 2]>");
    let after = run(&image, "image_channels_first");
    assert_eq!(evaluate(&after, &[1, 3, 2, 2], &pixels), evaluate(&before, &[1, 2, 2, 3], &last));
}

#[test]
fn red_and_blue_change_places_inside() {
    let image = CONV.replace("input x: array<fp32, [1, 3, 2, 2]>", "input x: image<rgb, [2, 2]>");
    let (pixels, _) = pixels();
    let reversed: Vec<f32> = [&pixels[8..], &pixels[4..8], &pixels[..4]].concat();
    let before = text::parse(&image).unwrap();
    let after = run(&image, r#"change_io_types{inputs={"x": "bgr"}}"#);
    assert_eq!(evaluate(&after, &[1, 3, 2, 2], &reversed), evaluate(&before, &[1, 3, 2, 2], &pixels));
}

#[test]
fn what_cannot_be_done_is_refused_by_name() {
    let refused = |options: &str| {
        let mut program = text::parse(CONV).unwrap();
        let pipeline = Pipeline::parse(&format!("change_io_types{options}"), &registry()).unwrap();
        let before = text::print(&program, &text::PrintOptions::default());
        let error = Runner::new().run(&pipeline, &mut program).unwrap_err();
        assert_eq!(text::print(&program, &text::PrintOptions::default()), before);
        mil_ir::error_chain(&error)
    };
    for (options, message) in [
        (r#"{inputs={"x": "grayscale"}}"#, "is not an image of batch 1, 1 channels"),
        (r#"{inputs={"x": {"type": "rgb", "bias": [1, 2]}}}"#, "2 biases for a"),
        (r#"{inputs={"z": "fp16"}}"#, "there is no input z"),
        (r#"{outputs={"x": "fp16"}}"#, "there is no output x"),
        (r#"{inputs={"*": "rgb"}}"#, "* is for fp16 and fp32, not for rgb"),
        (r#"{inputs={"x": "fp16"},function=decode}"#, "there is no function decode"),
    ] {
        let error = refused(options);
        assert!(error.contains(message), "{options}: {error}");
    }
}
