//! Whole programs: the JSON, the report, control flow, flexible shapes, size.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use mil_estimate::{Device, Target, estimate, report};
use mil_ir::{
    ArrayFeature, At, Dim, Feature, FeatureKind, Function, FunctionInterface, Graph, Interface, Literal,
    NewBlock, NewOp, Operand, Program, Shape, Target as Release, Type, ValueId,
};
use mil_tensor::{DType, Tensor};

fn fp16(dims: &[usize]) -> Type {
    Type::fixed(DType::Fp16, dims)
}

fn m4() -> Target {
    Target::new("M4", "27", "cpu-and-ne").unwrap()
}

fn program(graph: Graph) -> Program {
    let mut program = Program::new(Interface::default());
    program.functions.insert("main".into(), Function::new(Release::IOS17.opset(), graph));
    program
}

fn push(graph: &mut Graph, op: NewOp) -> ValueId {
    let op = graph.insert(op, At::End(Graph::ROOT));
    graph.op(op).results()[0]
}

/// `count` times conv and relu, a cumsum after half of them.
fn chain(count: usize, dtype: DType, cumsum: bool) -> Program {
    let ty = Type::fixed(dtype, &[1, 64, 32, 32]);
    let mut graph = Graph::new(vec![("x".into(), ty.clone())]);
    let mut last = graph.root().inputs()[0];
    let weight = match dtype {
        DType::Fp32 => Tensor::splat(&[64, 64, 3, 3], 0.5_f32),
        _ => Tensor::splat(&[64, 64, 3, 3], half::f16::ONE),
    };
    let weight = push(&mut graph, NewOp::constant("w", Literal::tensor(weight)));
    for at in 0..count {
        if cumsum && at == count / 2 {
            let op = NewOp::new("cumsum").named("total").with("x", last).with("axis", Tensor::scalar(3_i32));
            last = push(&mut graph, op.result("total", ty.clone()));
        }
        let op = NewOp::new("conv").named(format!("conv_{at}")).with("x", last).with("weight", weight);
        last = push(&mut graph, op.result(format!("conv_{at}"), ty.clone()));
        let op = NewOp::new("relu").named(format!("relu_{at}")).with("x", last);
        last = push(&mut graph, op.result(format!("relu_{at}"), ty.clone()));
    }
    graph.set_outputs(Graph::ROOT, [last]);
    program(graph)
}

#[test]
fn the_json_has_the_promised_fields() {
    let found = serde_json::to_value(estimate(&chain(10, DType::Fp16, true), &m4())).unwrap();
    assert_eq!(
        (&found["chip"], &found["os"], &found["units"]),
        (&"M4".into(), &"27".into(), &"cpu-and-ne".into())
    );
    let main = &found["functions"]["main"];
    for key in ["ops", "ane_ops", "ane_share", "segments", "switches", "cost_ms"] {
        assert!(main["summary"][key].is_number(), "summary.{key}");
    }
    let segment = &main["segments"][0];
    assert!(segment["device"] == "ane" && segment["ops"][0] == "conv_0" && segment["cost_ms"].is_number());
    assert_eq!((&segment["live_in_bytes"], &segment["live_out_bytes"]), (&131_072.into(), &131_072.into()));
    let ops = main["ops"].as_array().unwrap();
    assert_eq!(ops.len(), 21, "constants are not placed");
    let cumsum = ops.iter().find(|op| op["type"] == "cumsum").unwrap();
    assert_eq!(
        (&cumsum["name"], &cumsum["output"], &cumsum["device"]),
        (&"total".into(), &"total".into(), &"cpu".into())
    );
    assert_eq!(cumsum["supported"], serde_json::json!(["cpu"]));
    assert_eq!(cumsum["reason"]["code"], "unsupported_op");
    assert!(cumsum["reason"]["message"].is_string() && cumsum["reason"]["fix"].is_null());
    assert!(cumsum["cost_ms"]["cpu"].is_number() && cumsum["margin_ms"].is_null() && cumsum["tie"] == false);
    assert_eq!(cumsum["confidence"], "measured");
    assert!(ops[0]["reason"].is_null() && ops[0]["supported"] == serde_json::json!(["ane", "cpu"]));
    assert!(ops[0]["cost_ms"]["ane"].is_number() && ops[0]["margin_ms"].is_number());
}

#[test]
fn the_report_says_what_cuts_the_program() {
    let text = report(&estimate(&chain(10, DType::Fp16, true), &m4()), false);
    assert!(text.contains("ANE") && text.contains("3 segments"), "{text}");
    assert!(text.contains("relu_4 (relu) → total (cumsum): Unsupported MIL operation \"cumsum\"."), "{text}");
    assert!(text.contains("Rewrite total (cumsum): it cuts the ANE's part in two"), "{text}");
    assert!(!text.contains('\x1b'));
    assert!(report(&estimate(&chain(10, DType::Fp16, true), &m4()), true).contains("\x1b[32m"));
}

#[test]
fn an_fp32_program_is_told_first_to_be_cast() {
    let found = estimate(&chain(10, DType::Fp32, false), &m4());
    assert_eq!(found.functions["main"].summary.ane_ops, 0);
    let text = report(&found, false);
    assert!(text.lines().next().unwrap().contains("add_fp16_cast"), "{text}");
    assert!(
        found.functions["main"].ops.iter().all(|op| op.reason.as_ref().unwrap().fix == Some("add_fp16_cast"))
    );
}

#[test]
fn units_leave_devices_out() {
    let program = chain(10, DType::Fp16, false);
    let on = |units: &str| {
        let found = estimate(&program, &Target::new("M4", "27", units).unwrap());
        found.functions["main"].ops[0].clone()
    };
    assert_eq!((on("cpu-and-ne").device, on("cpu-only").device), (Device::Ane, Device::Cpu));
    assert_eq!(on("cpu-only").reason.unwrap().code, "units");
    assert_eq!(on("cpu-and-gpu").supported, [Device::Cpu, Device::Gpu]);
}

#[test]
fn an_uncertain_device_is_not_given() {
    // Saves 0.285 ms on an M4, where an island costs 0.25: a chip whose rates are off by a half may say otherwise.
    let program = chain(3, DType::Fp16, false);
    let conv = |chip: &str| {
        let found = estimate(&program, &Target::new(chip, "27", "cpu-and-ne").unwrap());
        found.functions["main"].ops[0].clone()
    };
    assert_eq!(conv("M4").device, Device::Ane);
    assert_eq!(conv("M3").device, Device::Unknown);
    assert_eq!(conv("M3").backend, None);
    let big = chain(40, DType::Fp16, false);
    let found = estimate(&big, &Target::new("M3", "27", "cpu-and-ne").unwrap());
    assert_eq!(found.functions["main"].ops[0].device, Device::Ane, "no doubt about a large one");
}

#[test]
fn loops_and_unknown_ops_are_the_cpus() {
    let mut graph = Graph::new(vec![("x".into(), fp16(&[4]))]);
    let x = graph.root().inputs()[0];
    let mut new = NewOp::new("while_loop").named("loop").with("loop_vars", x).result("out", fp16(&[4]));
    new.blocks = vec![NewBlock::default(), NewBlock { inputs: vec![("i".into(), fp16(&[4]))] }];
    let op = graph.insert(new, At::End(Graph::ROOT));
    let body = graph.op(op).blocks()[1];
    let i = graph.block(body).inputs()[0];
    graph.insert(NewOp::new("relu").with("x", i).result("r", fp16(&[4])), At::End(body));
    graph.insert(NewOp::new("my_layer").named("mine").with("x", x), At::End(Graph::ROOT));
    let found = estimate(&program(graph), &m4());
    let ops = &found.functions["main"].ops;
    let codes: Vec<&str> = ops.iter().map(|op| op.reason.as_ref().unwrap().code).collect();
    assert_eq!(codes, ["unsupported_op", "control_flow", "unknown_op"]);
    assert!(ops.iter().all(|op| op.device == Device::Cpu));
    assert_eq!((&ops[2].name, &ops[2].output), (&"mine".to_owned(), &None));
}

#[test]
fn flexible_sizes_are_the_defaults_of_the_interface() {
    let open = Type::tensor(DType::Fp16, Shape::Ranked(vec![Dim::Fixed(1), Dim::UNKNOWN, Dim::Fixed(64)]));
    let mut graph = Graph::new(vec![("x".into(), open.clone())]);
    let x = graph.root().inputs()[0];
    push(
        &mut graph,
        NewOp::new("softmax").with("x", x).with("axis", Tensor::scalar(-1_i32)).result("y", open),
    );
    let mut program = program(graph);
    let array = ArrayFeature::new(DType::Fp16, vec![1, 4096, 64]).unwrap();
    let feature = Feature {
        name: "x".into(),
        doc: String::new(),
        kind: Some(FeatureKind::Array(array)),
        optional: false,
        carried: None,
    };
    let features = FunctionInterface { inputs: vec![feature], ..FunctionInterface::default() };
    program.interface.functions.insert("main".into(), features);
    let found = estimate(&program, &m4());
    let op = &found.functions["main"].ops[0];
    let bytes = 2.0 * 4096.0 * 64.0 * 2.0 + 4.0;
    assert!((op.cost_ms.ane.unwrap() - bytes / (68.0 * f64::from(1 << 30)) * 1e3).abs() < 1e-12);
    assert_eq!(op.confidence, mil_estimate::Confidence::Assumed);
}

#[test]
fn a_block_of_scales_keeps_a_weight_off_the_ane() {
    let mut graph = Graph::new(vec![("x".into(), fp16(&[1, 8]))]);
    let x = graph.root().inputs()[0];
    let operand = |tensor: Tensor| Operand::from(tensor);
    for (at, columns) in [1, 4].into_iter().enumerate() {
        let weight = NewOp::new("constexpr_blockwise_shift_scale")
            .with("data", operand(Tensor::splat(&[8, 8], 1_i8)))
            .with("scale", operand(Tensor::splat(&[8, columns], 1.0_f32)))
            .result(format!("w{at}"), fp16(&[8, 8]));
        let weight = push(&mut graph, weight);
        let op = NewOp::new("linear").with("x", x).with("weight", weight);
        push(&mut graph, op.result(format!("y{at}"), fp16(&[1, 8])));
    }
    let found = estimate(&program(graph), &m4());
    let codes: Vec<_> =
        found.functions["main"].ops.iter().map(|op| op.reason.as_ref().unwrap().code).collect();
    assert_eq!(codes, ["not_worth_switching", "per_block_weight"]);
}

/// Work is counted, not timed: every op comes once, every segment once, and names fill the output linearly.
#[test]
fn ten_thousand_ops_are_near_linear() {
    let size = |count: usize| {
        let found = estimate(&chain(count, DType::Fp16, true), &m4());
        let main = &found.functions["main"];
        assert_eq!(main.ops.len(), 2 * count + 1);
        let in_segments: usize = main.segments.iter().map(|segment| segment.ops.len()).sum();
        assert_eq!(in_segments, main.ops.len());
        assert_eq!(main.segments.len(), 3);
        serde_json::to_string(&found).unwrap().len()
    };
    let (small, large) = (size(500), size(5_000));
    assert!(large < 11 * small, "{small} {large}");
}
