use mil_ir::{
    ArrayFeature, Dim, Feature, FeatureKind, Flexibility, FunctionInterface, Graph, Opset, SizeRange,
    SymRange, text,
};

use super::*;

fn graph(ops: &str, inputs: &str, output: &str) -> (Graph, Opset) {
    let text =
        format!("program(1.3)\n{{\n    func main<ios17>({inputs}) {{\n{ops}\n    }} -> ({output});\n}}\n");
    let mut program = text::parse(&text).unwrap();
    let function = program.functions.remove("main").unwrap();
    (function.graph().unwrap().clone(), function.opset)
}

fn named(graph: &Graph, name: &str) -> ValueId {
    let mut results =
        graph.walk().flat_map(|op| graph.op(op).results().to_vec()).chain(graph.root().inputs().to_vec());
    results.find(|&value| &**graph.value(value).name() == name).unwrap()
}

/// The shape of a value, as text.
fn shape(shapes: &Shapes, graph: &Graph, name: &str) -> String {
    crate::dims::show(shapes.ty(graph, named(graph, name)).as_tensor().unwrap().shape.dims().unwrap())
}

/// What PyTorch's `x.view(x.size(0), x.size(1), -1)` becomes.
const FLATTENED: &str = r#"
        tensor<int32, [4]> s = shape(x = x)[name = string("s")];
        tensor<int32, []> i0 = const()[name = string("i0"), val = tensor<int32, []>(0)];
        tensor<int32, []> i1 = const()[name = string("i1"), val = tensor<int32, []>(1)];
        tensor<int32, []> a0 = const()[name = string("a0"), val = tensor<int32, []>(0)];
        tensor<int32, []> n = gather(x = s, indices = i0, axis = a0)[name = string("n")];
        tensor<int32, []> c = gather(x = s, indices = i1, axis = a0)[name = string("c")];
        tensor<int32, []> rest = const()[name = string("rest"), val = tensor<int32, []>(-1)];
        tensor<int32, [3]> to = stack(values = (n, c, rest), axis = a0)[name = string("to")];
        tensor<fp32, [?, ?, ?]> y = reshape(x = x, shape = to)[name = string("y")];"#;

fn flexible(ranges: &[(u64, i64)]) -> FunctionInterface {
    let ranges = ranges.iter().map(|&(lower, upper)| SizeRange { lower, upper }).collect();
    let array = ArrayFeature { flexibility: Some(Flexibility::Ranges(ranges)), ..ArrayFeature::default() };
    let feature = Feature {
        name: "x".into(),
        doc: String::new(),
        kind: Some(FeatureKind::Array(array)),
        optional: false,
        carried: None,
    };
    FunctionInterface { inputs: vec![feature], ..FunctionInterface::default() }
}

#[test]
fn scalars_are_joined_as_rows_of_one() {
    let joined = FLATTENED
        .replace("stack(values = (n, c, rest), axis = a0)", "concat(values = (n, c, rest), axis = a0)");
    let (graph, opset) = graph(&joined, "tensor<fp32, [?, 3, ?, 32]> x", "y");
    let interface = flexible(&[(1, 8), (3, 3), (16, -1), (32, 32)]);
    let shapes = Shapes::of(&graph, &opset, Some(&interface));
    assert_eq!(shape(&shapes, &graph, "y"), "[x.0, 3, 32*x.2]");
}

#[test]
fn shapes_are_followed_through_gather_stack_and_reshape() {
    let (graph, opset) = graph(FLATTENED, "tensor<fp32, [?, 3, ?, 32]> x", "y");
    let interface = flexible(&[(1, 8), (3, 3), (16, -1), (32, 32)]);
    let shapes = Shapes::of(&graph, &opset, Some(&interface));
    assert_eq!(shapes.conflicts(), []);
    assert_eq!(shapes.numbers(named(&graph, "c")), Some(vec![3]));
    assert_eq!(shape(&shapes, &graph, "y"), "[x.0, 3, 32*x.2]");
    // A size that may be zero would copy one of x.
    let shapes = Shapes::of(&graph, &opset, None);
    assert_eq!(shape(&shapes, &graph, "y"), "[?, 3, ?]");
}

#[test]
fn branches_with_equal_strides_have_equal_sizes() {
    let ops = r#"
        tensor<fp32, [4, 4, 3, 3]> w = const()[name = string("w"), val = tensor<fp32, [4, 4, 3, 3]>(HASH("00000000000000000000000000000000"))];
        tensor<string, []> t = const()[name = string("t"), val = tensor<string, []>("custom")];
        tensor<int32, [2]> st = const()[name = string("st"), val = tensor<int32, [2]>([2, 2])];
        tensor<int32, [4]> p = const()[name = string("p"), val = tensor<int32, [4]>([1, 1, 1, 1])];
        tensor<int32, [2]> d = const()[name = string("d"), val = tensor<int32, [2]>([1, 1])];
        tensor<int32, []> g = const()[name = string("g"), val = tensor<int32, []>(1)];
        tensor<fp32, [1, 4, ?, ?]> a = conv(x = x, weight = w, pad_type = t, strides = st, pad = p, dilations = d, groups = g)[name = string("a")];
        tensor<fp32, [1, 4, ?, ?]> b = conv(x = x, weight = w, pad_type = t, strides = st, pad = p, dilations = d, groups = g)[name = string("b")];
        tensor<fp32, [1, 4, ?, ?]> y = add(x = a, y = b)[name = string("y")];"#;
    let (graph, opset) = graph(ops, "tensor<fp32, [1, 4, ?, 64]> x", "y");
    let shapes = Shapes::of(&graph, &opset, Some(&flexible(&[(1, 1), (4, 4), (32, 512), (64, 64)])));
    assert_eq!(shape(&shapes, &graph, "y"), "[1, 4, floor((x.2 + 1)/2), 32]");
}

#[test]
fn a_declared_type_that_cannot_be_is_a_conflict() {
    let ops = FLATTENED.replace("[?, ?, ?]> y", "[?, 4, ?]> y");
    let (graph, opset) = graph(&ops, "tensor<fp32, [?, 3, ?, 32]> x", "y");
    let shapes = Shapes::of(&graph, &opset, None);
    assert_eq!(shapes.conflicts().len(), 1);
    assert!(
        shapes.conflicts()[0].1.contains("declared as tensor<fp32, [?, 4, ?]>"),
        "{:?}",
        shapes.conflicts()
    );
}

#[test]
fn symbols_have_the_ranges_of_the_interface() {
    let (graph, opset) = graph(FLATTENED, "tensor<fp32, [?, 3, ?, 32]> x", "y");
    let mut interface = flexible(&[]);
    let shapes_of = |interface: &FunctionInterface| Shapes::of(&graph, &opset, Some(interface));
    let bounds = |shapes: &Shapes| {
        let dims = shapes.ty(&graph, named(&graph, "x")).as_tensor().unwrap().shape.dims().unwrap().to_vec();
        dims[2].expression().unwrap().bounds()
    };
    let most = i64::from(i32::MAX) / 96;
    assert_eq!(bounds(&shapes_of(&interface)).upper, Some(most), "ranges of another rank say nothing");
    let Some(FeatureKind::Array(array)) = &mut interface.inputs[0].kind else { panic!() };
    array.flexibility = Some(Flexibility::Enumerated(vec![vec![1, 3, 48, 32], vec![1, 3, 16, 32]]));
    let shapes = shapes_of(&interface);
    assert_eq!((bounds(&shapes).lower, bounds(&shapes).upper), (Some(16), Some(48)));
    let Dim::Fixed(1) = shapes.ty(&graph, named(&graph, "x")).as_tensor().unwrap().shape.dims().unwrap()[0]
    else {
        panic!("a range of one size is that size: {:?}", SymRange::OneOf(vec![1, 1]))
    };
}

#[test]
fn slices_and_arithmetic_on_shapes() {
    let ops = r#"
        tensor<int32, [4]> s = shape(x = x)[name = string("s")];
        tensor<int32, [1]> b2 = const()[name = string("b2"), val = tensor<int32, [1]>([2])];
        tensor<int32, [1]> e4 = const()[name = string("e4"), val = tensor<int32, [1]>([4])];
        tensor<int32, [2]> hw = slice_by_index(x = s, begin = b2, end = e4)[name = string("hw")];
        tensor<int32, []> two = const()[name = string("two"), val = tensor<int32, []>(2)];
        tensor<int32, [2]> half = floor_div(x = hw, y = two)[name = string("half")];
        tensor<int32, [1]> axes = const()[name = string("axes"), val = tensor<int32, [1]>([0])];
        tensor<bool, []> keep = const()[name = string("keep"), val = tensor<bool, []>(false)];
        tensor<int32, []> area = reduce_prod(x = half, axes = axes, keep_dims = keep)[name = string("area")];"#;
    let (graph, opset) = graph(ops, "tensor<fp32, [1, 3, ?, 32]> x", "area");
    let shapes = Shapes::of(&graph, &opset, None);
    let show = |name: &str| {
        let elements = shapes.elements(named(&graph, name)).unwrap();
        elements.iter().map(|e| e.as_ref().unwrap().to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(show("half"), "floor((x.2)/2) 16");
    assert_eq!(show("area"), "16*floor((x.2)/2)");
}
