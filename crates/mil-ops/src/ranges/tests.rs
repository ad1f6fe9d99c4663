use mil_ir::{Feature, FeatureKind, ImageFeature, text};

use super::*;

/// The range of `y` in a program of these ops between `x` and `y`.
fn range(input: &str, ops: &str, x: Option<Range>) -> Range {
    let source = format!("program(1.3)\n{{\n    func main<ios17>({input}) {{\n{ops}\n    }} -> (y);\n}}\n");
    let program = text::parse(&source).unwrap();
    let function = &program.functions["main"];
    let graph = function.graph().unwrap();
    let told = x.map(|range| BTreeMap::from([("x".into(), range)])).unwrap_or_default();
    let shapes = Shapes::of(graph, &function.opset, None);
    let ranges = Ranges::of(graph, &function.opset, None, &shapes, &told);
    ranges.of_value(graph.root().outputs().next().unwrap())
}

const VECTOR: &str = "tensor<fp32, [4]> x";

fn unary(op: &str, x: Range) -> Range {
    range(VECTOR, &format!("tensor<fp32, [4]> y = {op}(x = x)[name = string(\"y\")];"), Some(x))
}

#[test]
fn bounded_functions_bound_what_is_not_known() {
    assert_eq!(unary("sigmoid", Range::ALL).magnitude(), 1.0);
    assert_eq!(unary("tanh", Range::ALL).magnitude(), 1.0);
    assert_eq!(unary("cos", Range::ALL), Range::new(-1.0, 1.0));
    let relu = unary("relu", Range::ALL);
    assert_eq!((relu.low, relu.high), (0.0, f64::INFINITY));
    assert!(!unary("exp", Range::ALL).is_bounded());
}

#[test]
fn ends_go_through_functions_that_rise() {
    assert_eq!(unary("exp", Range::new(0.0, 1.0)), Range::new(1.0, std::f64::consts::E));
    assert_eq!(unary("square", Range::new(-3.0, 2.0)), Range::new(0.0, 9.0));
    assert_eq!(unary("abs", Range::new(-3.0, -2.0)), Range::new(2.0, 3.0));
    assert!(unary("square", Range::new(0.0, 300.0)).leaves_fp16());
}

#[test]
fn a_product_with_itself_is_a_square() {
    let product = range(
        VECTOR,
        "tensor<fp32, [4]> y = mul(x = x, y = x)[name = string(\"y\")];",
        Some(Range::new(-2.0, 1.0)),
    );
    assert_eq!(product, Range::new(0.0, 4.0));
}

#[test]
fn a_quotient_by_what_may_be_zero_is_not_known() {
    let divide = |x| {
        range(VECTOR, "tensor<fp32, [4]> y = real_div(x = fp32(1), y = x)[name = string(\"y\")];", Some(x))
    };
    assert!(!divide(Range::new(-1.0, 1.0)).is_bounded());
    assert_eq!(divide(Range::new(2.0, 4.0)), Range::new(0.25, 0.5));
}

#[test]
fn sums_of_one_sign_are_expected_to_be_large_and_others_are_not() {
    let sum = |x| {
        let ops = "tensor<fp32, [1]> y = reduce_sum(x = x, axes = tensor<int32, [1]>([0]), keep_dims = bool(true))[name = string(\"y\")];";
        range("tensor<fp32, [1000]> x", ops, Some(x))
    };
    assert!(sum(Range::new(0.0, 255.0)).leaves_fp16());
    let both = sum(Range::new(-255.0, 255.0));
    assert!(!both.fits_fp16() && !both.leaves_fp16());
}

#[test]
fn rows_of_a_weight_bound_its_results() {
    let ops = r#"tensor<fp32, [1, 2]> y = linear(x = x, weight = tensor<fp32, [2, 2]>([1, -2, 3, 4]), bias = tensor<fp32, [2]>([0.5, 0]))[name = string("y")];"#;
    let found = range("tensor<fp32, [1, 2]> x", ops, Some(Range::new(-1.0, 2.0)));
    assert_eq!((found.low, found.high), (-7.0, 14.0));
    assert!(found.is_loose);
}

#[test]
fn images_hold_pixels() {
    let source = "program(1.3)\n{\n    func main<ios17>(tensor<fp32, [1, 3, 8, 8]> x) {\n tensor<fp32, [1, 3, 8, 8]> y = relu(x = x)[name = string(\"y\")];\n } -> (y);\n}\n";
    let program = text::parse(source).unwrap();
    let function = &program.functions["main"];
    let graph = function.graph().unwrap();
    let kind =
        FeatureKind::Image(ImageFeature { color: ColorSpace::Rgb.number(), ..ImageFeature::default() });
    let image =
        Feature { name: "x".into(), doc: String::new(), kind: Some(kind), optional: false, carried: None };
    let interface = FunctionInterface { inputs: vec![image], ..FunctionInterface::default() };
    let shapes = Shapes::of(graph, &function.opset, Some(&interface));
    let ranges = Ranges::of(graph, &function.opset, Some(&interface), &shapes, &BTreeMap::new());
    assert_eq!(ranges.of_value(graph.root().outputs().next().unwrap()), Range::new(0.0, 255.0));
}

#[test]
fn branches_are_taken_together() {
    let ops = r#"tensor<fp32, [4]> y = cond(pred = p)[name = string("y")] {
            block() {
                tensor<fp32, [4]> a = sigmoid(x = x)[name = string("a")];
            } -> (a);
            block() {
                tensor<fp32, [4]> b = relu6(x = x)[name = string("b")];
            } -> (b);
        };"#;
    let found = range("tensor<fp32, [4]> x, bool p", ops, None);
    assert_eq!((found.low, found.high), (0.0, 6.0));
}
