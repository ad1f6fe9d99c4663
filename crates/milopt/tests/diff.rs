//! Differences in words: what was cast is the same op, what was renamed is paired, and what changed says how.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use milopt::Model;
use milopt::diff::{Difference, compare};
use milopt::ir::text::parse;

fn model(body: &str) -> Model {
    Model::Program(parse(&format!("program(1.3)\n{{\n{body}\n}}\n")).unwrap())
}

fn difference(a: &str, b: &str) -> Difference {
    compare(&model(a), &model(b))
}

const CONV: &str = r#"
func main<ios17>(tensor<fp32, [1, 2, 8, 8]> x) {
    tensor<fp32, [3, 2, 1, 1]> w = const()[name = "w", val = tensor<fp32, [3, 2, 1, 1]>([0.1, 2, 3, 4, 5, 6])];
    tensor<fp32, [1, 3, 8, 8]> y = conv(pad_type = "valid", strides = [1, 1], weight = w, x = x)[name = "conv_1"];
    tensor<fp32, [1, 3, 8, 8]> z = relu(x = y)[name = "relu_1"];
} -> (z);"#;

#[test]
fn a_cast_op_is_the_same_op() {
    let cast = r#"
func main<ios17>(tensor<fp32, [1, 2, 8, 8]> x) {
    tensor<fp16, [3, 2, 1, 1]> half = const()[name = "half", val = tensor<fp16, [3, 2, 1, 1]>([0.1, 2, 3, 4, 5, 6])];
    tensor<fp16, [1, 2, 8, 8]> a = cast(dtype = "fp16", x = x)[name = "a"];
    tensor<fp16, [1, 3, 8, 8]> b = conv(pad_type = "valid", strides = [1, 1], weight = half, x = a)[name = "b"];
    tensor<fp16, [1, 3, 8, 8]> z_cast_fp16 = relu(x = b)[name = "z_cast_fp16"];
    tensor<fp32, [1, 3, 8, 8]> z = cast(dtype = "fp32", x = z_cast_fp16)[name = "z"];
} -> (z);"#;
    let found = difference(CONV, cast);
    let graph = &found.graphs[0];
    assert_eq!(graph.retyped.iter().map(|op| op.op.kind.as_str()).collect::<Vec<_>>(), ["conv", "relu"]);
    assert!(graph.changed.is_empty() && graph.removed.is_empty(), "{graph:?}");
    assert_eq!(graph.added.iter().map(|op| op.kind.as_str()).collect::<Vec<_>>(), ["cast", "cast"]);
    assert_eq!(graph.weights.len(), 1);
    assert!(graph.weights[0].snr_db.unwrap() > 70.0);
    let shown = found.to_string();
    assert!(
        shown.contains("2 → 4 ops") && shown.contains("2 ops are the same, now fp16 (was fp32)"),
        "{shown}"
    );
    assert!(shown.contains("interface: the same"), "{shown}");
}

#[test]
fn a_change_says_from_what_to_what() {
    let found = difference(CONV, &CONV.replace("strides = [1, 1]", "strides = [2, 2]").replace("0.1", "0.2"));
    let graph = &found.graphs[0];
    assert_eq!(graph.changed[0].what, ["strides: [1, 1] became [2, 2]"]);
    assert!((graph.weights[0].max_error.unwrap() - 0.1).abs() < 1e-6);
    let renamed = difference(CONV, &CONV.replace("conv_1", "other"));
    assert_eq!(renamed.graphs[0].changed[0].what, ["label conv_1 became other"]);
    let unnamed = difference(CONV, &CONV.replace("[name = \"conv_1\"]", ""));
    assert_eq!(unnamed.graphs[0].changed[0].what, ["label conv_1 is gone"]);
}

#[test]
fn casts_that_change_numbers_are_seen() {
    let through = |ty: &str| {
        format!(
            "func main<ios17>(tensor<fp32, [4]> x) {{
                tensor<{ty}, [4]> a = cast(dtype = \"{ty}\", x = x)[name = \"a\"];
                tensor<fp32, [4]> b = cast(dtype = \"fp32\", x = a)[name = \"b\"];
                tensor<fp32, [4]> y = relu(x = b)[name = \"y\"];
            }} -> (y);"
        )
    };
    let direct = "func main<ios17>(tensor<fp32, [4]> x) {
        tensor<fp32, [4]> y = relu(x = x)[name = \"y\"];
    } -> (y);";
    let whole = difference(&through("int32"), direct);
    assert_eq!(
        whole.graphs[0].changed[0].what,
        ["x: b became x"],
        "a cast to whole numbers is no cast between floats"
    );
    let half = difference(&through("fp16"), direct);
    assert!(half.graphs[0].changed.is_empty());
    assert_eq!(half.graphs[0].removed.len(), 2, "the casts that are gone are listed");
}

#[test]
fn an_op_that_takes_more_is_the_same_op() {
    let fused = r#"
func main<ios17>(tensor<fp32, [1, 2, 8, 8]> x) {
    tensor<fp32, [3, 2, 1, 1]> w = const()[name = "v", val = tensor<fp32, [3, 2, 1, 1]>([0.1, 2, 3, 4, 5, 6])];
    tensor<fp32, [1, 3, 8, 8]> z = conv(bias = tensor<fp32, [3]>([1, 2, 3]), pad_type = "valid", strides = [1, 1], weight = w, x = x)[name = "fused"];
} -> (z);"#;
    let graph = &difference(CONV, fused).graphs[0];
    let changed: Vec<&str> = graph.changed.iter().map(|change| change.op.name.as_str()).collect();
    assert_eq!(changed, ["w", "conv_1"]);
    assert!(graph.changed[1].what.contains(&"bias is new".to_owned()), "{graph:?}");
    assert_eq!(graph.removed.len(), 1, "the relu");
    assert!(graph.added.is_empty());
}

#[test]
fn an_input_says_how_it_differs() {
    let found = difference(CONV, &CONV.replace("[1, 2, 8, 8]> x)", "[1, 2, 8, ?]> x)"));
    assert_eq!(
        found.interface,
        [
            "main: input x: array<fp32, [1, 2, 8, 8]> became array<fp32, [1, 2, 8, 1], ranges = [1..1, 2..2, 8..8, 1..-1]>"
        ]
    );
}

#[test]
fn what_is_the_same_is_not_mentioned() {
    assert_eq!(difference(CONV, CONV).to_string(), "no difference\n");
    let spelled = difference(
        CONV,
        &CONV.replace("weight = w", "weight = tensor<fp32, [3, 2, 1, 1]>([0.1, 2, 3, 4, 5, 6])"),
    );
    let graph = &spelled.graphs[0];
    assert_eq!(graph.respelled, 1, "where a constant stands is told");
    assert!(graph.changed.is_empty() && graph.weights.is_empty() && graph.removed.is_empty(), "{graph:?}");
}
