//! `resolve_static_shapes` and `enumerate_shapes` on programs with interfaces.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may panic anywhere")]

use mil_ir::{FeatureKind, Flexibility, Program, text};
use mil_pass::Pipeline;
use mil_passes::registry;

/// A program with two flexible inputs, whose sizes go through floats and a range of numbers.
fn program(features: &str, version: u32) -> Program {
    let text = format!(
        r#"program(1.3)
{{
    func main<ios17>(tensor<fp32, [1, ?, 4]> x, tensor<fp32, [?, 4]> z) {{
        tensor<int32, [3]> s = shape(x = x)[name = string("s")];
        int32 n = gather(axis = int32(0), indices = int32(1), x = s)[name = string("n")];
        fp32 f = cast(dtype = string("fp32"), x = n)[name = string("f")];
        fp32 third = real_div(x = f, y = fp32(0x1.8p+1))[name = string("third")];
        fp32 up = ceil(x = third)[name = string("up")];
        int32 k = cast(dtype = string("int32"), x = up)[name = string("k")];
        tensor<int32, [?]> at = range_1d(end = k, start = int32(0), step = int32(1))[name = string("at")];
        tensor<fp32, [1, ?, 4]> some = gather(axis = int32(1), indices = at, x = x)[name = string("some")];
        tensor<int32, [1]> first = expand_dims(axes = tensor<int32, [1]>([0]), x = k)[name = string("first")];
        tensor<int32, [2]> flat = concat(axis = int32(0), interleave = bool(false), values = (first, tensor<int32, [1]>([4])))[name = string("flat")];
        tensor<fp32, [?, 4]> rows = reshape(shape = flat, x = some)[name = string("rows")];
        tensor<fp32, [?, 4]> w = relu(x = z)[name = string("w")];
        int32 n_1, tensor<fp32, [1, ?, 4]> y = while_loop(loop_vars = (int32(0), x))[name = string("y")] {{
            block(int32 i, tensor<fp32, [1, ?, 4]> a) {{
                bool c = less(x = i, y = int32(2))[name = string("c")];
            }} -> (c);
            block(int32 j, tensor<fp32, [1, ?, 4]> b) {{
                int32 l = add(x = j, y = int32(1))[name = string("l")];
                tensor<fp32, [1, ?, 4]> d = tanh(x = b)[name = string("d")];
            }} -> (l, d);
        }};
    }} -> (rows, w, y);
}}
model {{
    specification_version = {version};
    function main {{
        {features}
        output rows: array<fp32, [2, 4]>;
        output w: array<fp32, [2, 4]>;
        output y: array<fp32, [1, 6, 4]>;
    }};
}}
"#
    );
    text::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

const RANGES: &str = "input x: array<fp32, [1, 6, 4], ranges = [1..1, 1..64, 4..4]>;
        input z: array<fp32, [2, 4], ranges = [1..9, 4..4]>;";

const LISTS: &str = "input x: array<fp32, [1, 6, 4], enumerated = [[1, 6, 4], [1, 9, 4]]>;
        input z: array<fp32, [2, 4], enumerated = [[2, 4], [3, 4]]>;";

fn run(pipeline: &str, program: &Program) -> Result<Program, String> {
    let mut program = program.clone();
    let pipeline = Pipeline::parse(pipeline, &registry()).unwrap();
    pipeline.run(&mut program).map_err(|error| mil_ir::error_chain(&error))?;
    Ok(program)
}

fn shape_of(program: &Program, function: &str, name: &str) -> Option<Vec<usize>> {
    let graph = program.graph(function).unwrap();
    let results = graph.walk().flat_map(|op| graph.op(op).results());
    let value = results.copied().find(|&value| &**graph.value(value).name() == name).unwrap();
    graph.value(value).ty().fixed_shape()
}

#[test]
fn what_follows_from_a_fixed_input_is_fixed_and_the_other_input_keeps_its_range() {
    let fixed = run(r#"resolve_static_shapes{shapes={"x":[1,7,4]}}"#, &program(RANGES, 8)).unwrap();
    let shown = text::print(&fixed, &text::PrintOptions::default());
    assert_eq!(shape_of(&fixed, "main", "rows"), Some(vec![3, 4]), "{shown}");
    assert_eq!(shape_of(&fixed, "main", "y"), Some(vec![1, 7, 4]), "{shown}");
    assert_eq!(shape_of(&fixed, "main", "d"), Some(vec![1, 7, 4]), "{shown}");
    assert_eq!(shape_of(&fixed, "main", "w"), None);
    for gone in ["= shape(", "ceil(", "range_1d(", "real_div("] {
        assert!(!shown.contains(gone), "{gone}: {shown}");
    }
    let features = fixed.interface.function("main").unwrap();
    let flexibility = |name: &str| match &features.find(name).unwrap().kind {
        Some(FeatureKind::Array(array)) => (array.shape.clone(), array.flexibility.is_some()),
        _ => panic!("{name}"),
    };
    assert_eq!(flexibility("x"), (vec![1, 7, 4], false));
    assert_eq!(flexibility("z"), (vec![2, 4], true));
    assert_eq!(flexibility("y"), (vec![1, 7, 4], false));
}

#[test]
fn what_the_interface_does_not_allow_is_refused() {
    let ranges = program(RANGES, 8);
    for (shapes, reason) in [
        (r#"{"x":[1,65,4]}"#, "axis 1 ranges over 1..64"),
        (r#"{"x":[1,7]}"#, "it has 3 axes"),
        (r#"{"q":[1]}"#, "no function has an input q"),
    ] {
        let error = run(&format!("resolve_static_shapes{{shapes={shapes}}}"), &ranges).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
    let error = run(r#"resolve_static_shapes{shapes={"x":[1,7,4]}}"#, &program(LISTS, 9)).unwrap_err();
    assert!(error.contains("its shapes are [[1, 6, 4], [1, 9, 4]]"), "{error}");
}

#[test]
fn each_listed_shape_becomes_a_function() {
    let each = run("resolve_static_shapes{each=true}", &program(LISTS, 9)).unwrap();
    let names: Vec<&str> = each.functions.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["main_1x6x4", "main_1x9x4"]);
    assert_eq!(each.interface.default_function.as_deref(), Some("main_1x6x4"));
    assert_eq!(shape_of(&each, "main_1x9x4", "rows"), Some(vec![3, 4]));
    assert_eq!(shape_of(&each, "main_1x9x4", "w"), Some(vec![3, 4]));
    let error = run("resolve_static_shapes{each=true}", &program(LISTS, 8)).unwrap_err();
    assert!(error.contains("several functions need iOS18"), "{error}");
}

#[test]
fn ranges_become_lists() {
    let both = r#"{"x":[[1,6,4],[1,9,4]],"z":[[2,4],[3,4]]}"#;
    let listed = run(&format!("enumerate_shapes{{shapes={both}}}"), &program(RANGES, 9)).unwrap();
    let feature = listed.interface.function("main").unwrap().find("x").unwrap();
    let Some(FeatureKind::Array(array)) = &feature.kind else { panic!("x") };
    assert_eq!(array.flexibility, Some(Flexibility::Enumerated(vec![vec![1, 6, 4], vec![1, 9, 4]])));
    for (shapes, version, reason) in [
        (both, 8, "several inputs with listed shapes need iOS18"),
        (r#"{"x":[[1,6,4],[1,9,4]]}"#, 9, "input z keeps a range"),
        (r#"{"x":[[1,6,4]],"z":[[2,4]]}"#, 9, "input x needs two shapes or more"),
        (r#"{"x":[[1,6,4],[1,99,4]],"z":[[2,4],[3,4]]}"#, 9, "axis 1 ranges over 1..64"),
        (r#"{"x":[[1,6,4],[1,9,4],[1,2,4]],"z":[[2,4],[3,4]]}"#, 9, "as many shapes each"),
    ] {
        let error =
            run(&format!("enumerate_shapes{{shapes={shapes}}}"), &program(RANGES, version)).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}
