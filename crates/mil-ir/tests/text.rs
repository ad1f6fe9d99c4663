//! MIL text: what survives, what is refused, and what hostile text does.
#![allow(clippy::unwrap_used, reason = "a failing test may panic anywhere")]

mod common;

use mil_ir::text::{self, Limits, Placement, PrintOptions, TextErrorKind};
use mil_ir::*;
use mil_tensor::{DType, Tensor};
use proptest::prelude::*;

/// Everything that the language has, in the form that is printed.
const EVERYTHING: &str = include_str!("data/everything.mil");

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn programs_survive(program in common::program()) {
        let options = PrintOptions::default().inline_all();
        let first = text::print(&program, &options);
        let again = text::parse(&first).map_err(|error| TestCaseError::fail(format!("{error}\n{first}")))?;
        prop_assert_eq!(&first, &text::print(&again, &options));
        for (was, is) in common::everything(&program).iter().zip(&common::everything(&again)) {
            prop_assert_eq!(was, is, "{}", first);
        }
        for (_, _, graph) in again.graphs() {
            prop_assert_eq!(graph.check(), Vec::<String>::new());
        }
    }

    #[test]
    fn hashes_are_a_fixed_point(program in common::program()) {
        let options = PrintOptions::default();
        let first = text::print(&program, &options);
        let again = text::parse(&first).map_err(|error| TestCaseError::fail(format!("{error}\n{first}")))?;
        prop_assert_eq!(first, text::print(&again, &options));
    }

    #[test]
    fn the_form_for_people_keeps_all_but_the_spelling_of_constants(program in common::program()) {
        let options = PrintOptions::readable().inline_all();
        let first = text::print(&program, &options);
        let again = text::parse(&first).map_err(|error| TestCaseError::fail(format!("{error}\n{first}")))?;
        prop_assert_eq!(&first, &text::print(&again, &options));
        let full = |program| text::print(&with_constants_inlined(program), &PrintOptions::default().inline_all());
        prop_assert_eq!(full(&program), full(&again), "{}", first);
        for (_, _, graph) in again.graphs() {
            prop_assert_eq!(graph.check(), Vec::<String>::new());
        }
    }

    #[test]
    fn garbage_gets_an_error(start in 0_usize..4000, len in 0_usize..40, garbage in "[\\[\\](){}<>@=,;a-z0-9\" ?.-]{0,12}") {
        let cut = |at: usize| (0..=at.min(EVERYTHING.len())).rev().find(|&at| EVERYTHING.is_char_boundary(at)).unwrap_or(0);
        let (start, end) = (cut(start), cut(start + len));
        let _ = text::parse(&format!("{}{garbage}{}", &EVERYTHING[..start], &EVERYTHING[end..]));
    }
}

/// The program with every constant that an op takes in that op.
fn with_constants_inlined(program: &Program) -> Program {
    let mut program = program.clone();
    for graph in program.functions.values_mut().flat_map(|function| function.specializations.values_mut()) {
        let ops: Vec<OpId> = graph.walk().collect();
        for &op in &ops {
            if graph.op(op).is_return() {
                continue;
            }
            let arguments: Vec<(Name, Vec<Operand>)> = graph
                .op(op)
                .arguments()
                .map(|(param, argument)| (param.clone(), argument.to_vec()))
                .collect();
            for (param, argument) in arguments {
                for (position, operand) in argument.into_iter().enumerate() {
                    let Some(literal) = operand.value().and_then(|value| graph.const_literal(value)) else {
                        continue;
                    };
                    let literal = Operand::Literal(Box::new(literal.clone()));
                    graph.set_operand(op, &param, position, literal);
                }
            }
        }
        let is_spent =
            |graph: &Graph, op: OpId| constant_result(graph, op).is_some_and(|value| graph.is_unused(value));
        let unused: Vec<OpId> = ops.into_iter().filter(|&op| is_spent(graph, op)).collect();
        unused.into_iter().for_each(|op| graph.erase(op).unwrap());
    }
    program
}

fn constant_result(graph: &Graph, op: OpId) -> Option<ValueId> {
    graph.op(op).result().filter(|&value| graph.const_literal(value).is_some())
}

#[test]
fn people_read_constants_where_they_are_used() {
    let source = r#"program(1.3)
{
    func main<ios17>(tensor<fp16, [1, 3, 8, 8]> x) {
        tensor<int32, [2]> strides = const()[name = string("strides"), val = tensor<int32, [2]>([2, 2])];
        string pad_type = const()[name = string("pad_type"), val = string("valid")];
        bool keep = const()[name = string("keep"), val = bool(true)];
        tensor<bool, [2]> mask = const()[name = string("mask"), val = tensor<bool, [2]>([true, false])];
        fp16 alpha = const()[name = string("alpha"), val = fp16(0x1.998p-4)];
        tensor<fp16, [9]> nine = const()[val = tensor<fp16, [9]>(HASH("00112233445566778899aabbccddeeff"))];
        int32 unused = const()[name = string("unused"), val = int32(-1)];
        int32 shown = const()[name = string("shown"), val = int32(7)];
        fp16 y = thing(alpha = alpha, keep = keep, many = (strides, strides), mask = mask, nine = nine, pad_type = pad_type, x = x)[name = string("thing_1")];
    } -> (y, shown);
}
"#;
    let readable = r#"program(1.3)
{
    func main<ios17>(tensor<fp16, [1, 3, 8, 8]> x) {
        tensor<fp16, [9]> nine = const()[val = tensor<fp16, [9]>(HASH("00112233445566778899aabbccddeeff"))];
        int32 shown = const()[name = "shown", val = 7];
        fp16 y = thing(alpha = fp16(0.1), keep = bool(true), many = ([2, 2], [2, 2]), mask = [true, false], nine = nine, pad_type = "valid", x = x)[name = "thing_1"];
    } -> (y, shown);
}
"#;
    let program = text::parse(source).unwrap();
    assert_eq!(program.to_string(), readable);
    assert_eq!(text::parse(readable).unwrap().to_string(), readable);
    assert_eq!(text::print(&program, &PrintOptions::default()), source);
}

#[test]
fn long_constants_are_not_repeated() {
    let shared = |text: &str| {
        let ops: String = (0..40).map(|n| format!("fp16 y{n} = c(a = text);\n")).collect();
        let body = format!("string text = const()[val = string(\"{text}\")];\n{ops}");
        text::parse(&format!("program(1.3) {{ func main<ios17>(fp16 x) {{ {body} }} -> (x); }}")).unwrap()
    };
    assert_eq!(shared("short").to_string().matches("short").count(), 40);
    assert_eq!(shared(&"long ".repeat(100)).to_string().matches("long ").count(), 100);
}

#[test]
fn everything_is_printed_as_it_was_read() {
    let program = text::parse(EVERYTHING).unwrap();
    let printed = text::print(&program, &PrintOptions::default());
    for (is, was) in printed.lines().zip(EVERYTHING.lines()) {
        assert_eq!(is, was);
    }
    assert_eq!(printed, EVERYTHING);
}

#[test]
fn both_spellings_mean_the_same() {
    let old = r#"program(1.0)
[buildInfo = dict<tensor<string, []>, tensor<string, []>>({{"k", "v"}})]
{
    func main<ios16>(tensor<fp16, [1, ?]> x) {
            tensor<int32, []> axis = const()[name = tensor<string, []>("axis_0"), val = tensor<int32, []>(1)];
            tensor<fp16, [2]> w = const()[val = tensor<fp16, [2]>(BLOBFILE(path = tensor<string, []>("@model_path/weights/weight.bin"), offset = tensor<uint64, []>(64)))];
            tensor<fp16, []> y = sum(axis = axis, values = (x, w))[name = tensor<string, []>("y")];
        } -> (y);
}"#;
    let new = r#"program(1.3)
[buildInfo = dict<string, string>({{"k", "v"}})]
{
    func main<ios16>(tensor<fp16, [1, ?]> x) {
        int32 axis = const()[name = string("axis_0"), val = int32(1)];
        tensor<fp16, [2]> w = const()[val = tensor<fp16, [2]>(BLOBFILE(path = string("@model_path/weights/weight.bin"), offset = uint64(64)))];
        fp16 y = sum(axis = axis, values = (x, w))[name = string("y")];
    } -> (y);
}
"#;
    let program = text::parse(old).unwrap();
    assert_eq!(text::print(&program, &PrintOptions::default()), new);
    assert_eq!(text::print(&text::parse(new).unwrap(), &PrintOptions::default()), new);
    let main = &program.interface.functions["main"];
    assert_eq!(program.interface.specification_version, 7);
    assert_eq!((main.inputs.len(), main.outputs.len()), (1, 1));
}

#[test]
fn weights_come_from_the_resolver_and_go_where_the_caller_says() {
    let source = r#"program(1.3) {
        func main<ios18>() {
            tensor<fp32, [2]> w = const()[val = tensor<fp32, [2]>(BLOBFILE(path = string("w.bin"), offset = uint64(64)))];
        } -> (w);
    }"#;
    let mut asked = Vec::new();
    let mut open = |path: &str, offset: u64, _: DType, shape: &[usize]| {
        asked.push((path.to_owned(), offset));
        Tensor::from_slice(shape, &[1_f32, 2.0]).map(Some).map_err(|error| error.to_string())
    };
    let program = text::parse_with(source, &Limits::default(), &mut open).unwrap();
    assert_eq!(asked, [("w.bin".to_owned(), 64)]);
    let (_, literal) = program.graph("main").unwrap().literals().next().unwrap();
    assert_eq!(literal.storage, Storage::File("w.bin".into()));
    let mut moved = String::new();
    let place = &mut |_: &Tensor, _: &Literal| Placement::Blob { path: "new.bin".into(), offset: 128 };
    text::write(&mut moved, &program, &PrintOptions::default(), place).unwrap();
    assert!(moved.contains(r#"BLOBFILE(path = string("new.bin"), offset = uint64(128))"#), "{moved}");
    let mut refuse = |_: &str, _: u64, _: DType, _: &[usize]| Err("no such file".to_owned());
    let error = text::parse_with(source, &Limits::default(), &mut refuse).unwrap_err();
    assert_eq!(error.to_string(), "line 3, column 67: weights at offset 64 of `w.bin`: no such file");
}

#[test]
fn large_tensors_are_shown_by_their_hash() {
    let mut graph = Graph::new(Vec::new());
    let tensor = Tensor::splat(&[4, 5], 1_f32);
    let op = graph.insert(NewOp::constant("w", tensor.clone()), At::End(Graph::ROOT));
    graph.set_outputs(Graph::ROOT, [graph.op(op).results()[0]]);
    assert_eq!(
        text::print_op(&graph, op),
        format!(
            "tensor<fp32, [4, 5]> w = const()[name = string(\"w\"), val = tensor<fp32, [4, 5]>(HASH(\"{}\"))]",
            tensor.fingerprint().unwrap()
        )
    );
}

#[test]
fn apple_form_says_what_it_drops() {
    let program = text::parse(EVERYTHING).unwrap();
    let mut out = String::new();
    let dropped =
        text::write(&mut out, &program, &PrintOptions::apple(), &mut |_, _| Placement::BySize).unwrap();
    assert!(!out.contains("@{") && !out.contains("@\"") && !out.contains("model {"), "{out}");
    for what in ["interface", "odd name", "specialization", "unknown fields", "own grammar"] {
        assert!(dropped.iter().any(|line| line.contains(what)), "{what}: {dropped:#?}");
    }
}

fn error(body: &str) -> String {
    let text = format!("program(1.3)\n{{\nfunc main<ios18>(fp16 x) {{\n{body}\n}} -> (x);\n}}");
    text::parse(&text).unwrap_err().to_string()
}

#[test]
fn errors_say_where_and_what() {
    let cases = [
        ("fp16 y = relu(x = z);", "line 4, column 19: no value `z` is visible here"),
        ("fp16 x = relu(x = x);", "line 4, column 1: a value with the name `x` is there already"),
        ("fp16 y = relu(x);", "line 4, column 16: expected `=` after the name of a parameter, found `)`"),
        (
            "y: fp16 = relu(x = x);",
            "expected a type: `tensor`, `list`, `tuple`, `dict`, `state` or an element type, found `y`",
        ),
        ("fp16 y = relu(x = <1>);", "expected the name of a value, or a literal with its type, found `<`"),
        (
            "fp16 y = relu(x = [[], 1]);",
            "expected a literal with its type, for example `tensor<fp16, [0]>([])`",
        ),
        (
            "fp16 y = relu(x = 0.5);",
            "expected an integer from -2147483648 to 2147483647, found the number 0.5",
        ),
        ("fp16 y = relu(x = [1, true]);", "expected an integer from -2147483648 to 2147483647, found `true`"),
        ("return x;", "expected a type"),
        (
            "fp16 y = c()[val = tensor<fp16, [2]>([1, 2, 3])];",
            "a list of 3 where the type is tensor<fp16, [2]>",
        ),
        (
            "fp16 y = c()[val = tensor<fp16, [2, 2]>([[1, 2], [3]])];",
            "a list of 1 elements beside lists of 2",
        ),
        ("fp16 y = c()[val = uint3(8)];", "expected an integer from 0 to 7, found the number 8"),
        ("fp16 y = c()[val = fp16(1e9)];", "expected a number of type fp16, found the number 1e9"),
        ("fp16 y = c()[a = int32(1), a = int32(1)];", "attribute `a` is there already"),
        ("fp16 y = c(a = x, a = x);", "parameter `a` is there already"),
        ("fp16 y = c()[val = string(\"open)];", "expected `\"` at the end of the string"),
        ("fp16 y = c()", "expected `;` after a statement, found `}`"),
        ("fp16 y = c()[val = fp16(HASH(\"12\"))];", "a hash has 32 hexadecimal digits"),
    ];
    for (body, wanted) in cases {
        let found = error(body);
        assert!(found.contains(wanted), "{body}\n  {found}\n  {wanted}");
    }
    let pipeline = text::parse("pipeline {\n}").unwrap_err();
    assert!(matches!(pipeline.kind, TextErrorKind::ReadOnly(_)), "{pipeline}");
}

#[test]
fn hostile_text_ends_in_an_error() {
    let deep = [
        ("list<".repeat(100_000), "type"),
        (format!("fp16 y = c()[val = {}", "tuple<".repeat(100_000)), "type of a literal"),
        (format!("fp16 y = c()[val = tensor<fp16, ?>({}", "[".repeat(100_000)), "list"),
        (format!("fp16 y = c()[val = fp16({}", "fp16(".repeat(100_000)), "value"),
        ("c() { block() { ".repeat(100_000), "block"),
        (format!("c() @{{carried = {}", "(\"\", 1[0] = ".repeat(100_000)), "unknown fields"),
    ];
    for (body, what) in deep {
        let found = error(&body);
        assert!(found.contains("nest"), "{what}: {}", &found[..found.len().min(300)]);
    }
    let huge = error("fp16 y = c()[val = tensor<fp16, [99999999999, 99999999999]>([])];");
    assert!(huge.contains("a list of 0 where"), "{huge}");
    let many = format!("program(1.3) {{ func main<ios18>() {{ {} }} -> (); }}", "a();".repeat(400_000));
    assert!(matches!(text::parse(&many).unwrap_err().kind, TextErrorKind::Limit(_)));
    let limits = |bytes| {
        let mut limits = Limits::default();
        limits.bytes = bytes;
        limits
    };
    assert!(text::parse_with(EVERYTHING, &limits(100), &mut text::NoWeights).is_err());
}

#[test]
fn other_models_are_shown_for_reading() {
    let program = text::parse("program(1.3) { func main<ios17>(fp16 x) { } -> (x); }").unwrap();
    let opaque = OpaqueModel {
        kind: Some("neuralNetwork".into()),
        interface: Interface::default(),
        bytes: vec![1, 2, 3].into(),
    };
    let pipeline = Model::Pipeline(ModelPipeline {
        kind: PipelineKind::Classifier,
        interface: Interface::default(),
        members: vec![(Some("first".into()), Model::Program(program)), (None, Model::Opaque(opaque))],
        carried: None,
    });
    let shown = text::print_model(&pipeline, &PrintOptions::default());
    let wanted = r#"pipelineClassifier {
    member 0 "first" {
        program(1.3)
        {
            func main<ios17>(fp16 x) {
            } -> (x);
        }
    }
    member 1 {
        opaque neuralNetwork {
            bytes = 3;
"#;
    assert!(shown.starts_with(wanted), "{shown}");
    let error = text::parse(&shown).unwrap_err().to_string();
    assert!(error.contains("a pipeline of models, which is printed for reading only"), "{error}");
}

#[test]
fn weights_that_cannot_be_read_do_not_stop_printing() {
    #[derive(Debug)]
    struct Gone;
    impl mil_tensor::Source for Gone {
        fn len(&self) -> u64 {
            1 << 20
        }
        fn read_at(&self, _: u64, _: &mut [u8]) -> std::io::Result<()> {
            Err(std::io::ErrorKind::NotFound.into())
        }
    }
    let blob = mil_tensor::Blob { source: std::sync::Arc::new(Gone), range: 0..400 };
    let tensor = Tensor::from_blob(DType::Fp32, &[100], blob).unwrap();
    let mut graph = Graph::new(Vec::new());
    for name in ["a", "b"] {
        graph.insert(NewOp::constant(name, tensor.clone()), At::End(Graph::ROOT));
    }
    let mut program = Program::new(Interface::default());
    program.functions.insert("main".into(), Function::new(Opset::new("CoreML8"), graph));
    let shown = text::print(&program, &PrintOptions::default());
    assert!(shown.contains("tensor<fp32, [100]>(UNREADABLE())"), "{shown}");
    let again = text::parse(&shown).unwrap();
    assert_eq!(text::print(&again, &PrintOptions::default()), shown);
    let tensors: Vec<&Tensor> = again.graph("main").unwrap().tensors().map(|(_, tensor)| tensor).collect();
    assert!(!tensors[0].content_eq(tensors[1]).unwrap(), "nobody knows whether they are equal");
}
