//! Whole programs: the JSON, the report, control flow, flexible shapes, size.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use mil_estimate::{Device, DevicePlan, PlanError, Target, compare, estimate, report, score};
use mil_ir::{
    ArrayFeature, At, Dim, Feature, FeatureKind, Flexibility, Function, FunctionInterface, Graph, Interface,
    Literal, NewBlock, NewOp, Operand, Program, Release, Shape, Type, ValueId,
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
    assert!(cumsum["reason"]["message"].is_string() && cumsum["reason"]["fix"] == "cumsum_to_product");
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
    assert!(text.contains("Rewrite total (cumsum), refused as unsupported_op: Unsupported MIL"), "{text}");
    assert!(!text.contains('\x1b'));
    assert!(report(&estimate(&chain(10, DType::Fp16, true), &m4()), true).contains("\x1b[32m"));
}

#[test]
fn an_fp32_program_is_told_first_to_be_cast() {
    let found = estimate(&chain(10, DType::Fp32, false), &m4());
    assert_eq!(found.functions["main"].summary.ane_ops, 0);
    let text = report(&found, false);
    assert!(text.contains("estimate what the pipeline `fp16` makes of it"), "{text}");
    assert!(found.functions["main"].ops.iter().all(|op| op.reason.as_ref().unwrap().fix == Some("fp16")));
    // Where pipelines were tried, and none helps, none is advised.
    let tried = mil_estimate::report_with(&found, &mil_estimate::Rewrites::Tried(Vec::new()), false);
    assert!(!tried.contains("fp16`") && !tried.contains("Run "), "{tried}");
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
    // Saves 0.285 ms on an M4, where an island costs 0.25: a chip whose rates are off by a half may say
    // otherwise.
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

#[test]
fn ops_carry_what_a_report_draws() {
    let found = estimate(&chain(10, DType::Fp16, true), &m4());
    let main = &found.functions["main"];
    let at = main.ops.iter().position(|op| op.name == "total").unwrap();
    assert_eq!(main.ops[at].needs, [at - 1]);
    assert_eq!(main.ops[at].segment, Some(1));
    assert_eq!(main.ops[at].result.as_deref(), Some("tensor<fp16, [1, 64, 32, 32]>"));
    let conv = &main.ops[0];
    // 2 per multiply-add; the weights as stored.
    assert_eq!((conv.flop, conv.weight_bytes), (2.0 * 65_536.0 * 576.0, 64 * 64 * 9 * 2));
    let [low, high] = conv.interval_ms.ane.unwrap();
    assert_eq!(
        (low, high),
        (conv.cost_ms.ane.unwrap(), conv.cost_ms.ane.unwrap()),
        "an M4's constants are known"
    );
    assert_eq!((found.family.as_str(), main.summary.unknown_ops), ("H16G", 0));
    // All convolutions share one weight: a segment has it once, the function too.
    assert!(
        main.segments.iter().filter(|one| one.device == Device::Ane).all(|one| one.weight_bytes == 73_728)
    );
    assert_eq!(main.first_load.ane_weight_bytes, 73_728);
    assert_eq!((main.first_load.ane_segments, main.first_load.ane_ops), (2, 20));
    for segment in &main.segments {
        assert!(main.ops[segment.first..segment.end].iter().all(|op| op.device == segment.device));
    }
}

#[test]
fn advice_is_risks_first_and_then_what_saves_most() {
    let mut program = chain(20, DType::Fp16, true);
    let graph = program.graph_mut("main").unwrap();
    graph.add_input(Graph::ROOT, "cache", Type::new(mil_ir::TypeKind::State(fp16(&[1, 48]))));
    let found = estimate(&program, &m4());
    let main = &found.functions["main"];
    let totals = mil_estimate::Totals::of([&found]);
    let after = mil_estimate::Totals { cost_ms: 0.999 * totals.cost_ms - 1e-3, ..totals };
    let rewrite = mil_estimate::Rewrite {
        pipeline: "cleanup".to_owned(),
        command: "milopt run a.mil -o a-ane.mlpackage --pipeline cleanup".to_owned(),
        why: Vec::new(),
        before: totals,
        after,
        lossy: false,
        risks: Vec::new(),
    };
    let rewrites = mil_estimate::Rewrites::Tried(vec![rewrite]);
    let told = mil_estimate::advice(main, &rewrites);
    assert!(told[0].warns && told[0].text.contains("cache"), "{told:?}");
    let [cumsum] = &main.blockers[..] else { panic!("{:?}", main.blockers) };
    assert_eq!((cumsum.code, &*cumsum.kind, cumsum.ops.len()), ("unsupported_op", "cumsum", 1));
    // A cut in the middle costs two switches and a launch.
    assert!(cumsum.saves_ms > 0.37, "{}", cumsum.saves_ms);
    let saved: Vec<f64> = told[1..].iter().map(|one| one.saves_ms.unwrap()).collect();
    assert!(saved.len() == 2 && saved[0] == cumsum.saves_ms && saved[0] > saved[1], "{saved:?}");
    let closing = rewrites.closing();
    assert!(closing.starts_with("`milopt run a.mil -o a-ane.mlpackage --pipeline cleanup`: 40 of 41 ops, "));
}

/// Three pairs of conv and relu save 0.285 ms; an island costs 0.25 as the whole program, 0.375 after an op
/// of the CPU's.
#[test]
fn an_island_says_by_how_much_it_misses() {
    let ty = fp16(&[1, 64, 32, 32]);
    let mut program = chain(3, DType::Fp16, false);
    let graph = program.graph_mut("main").unwrap();
    let first = graph.root().ops().find(|&op| graph.op(op).kind() == "conv").unwrap();
    let x = graph.root().inputs()[0];
    let op = NewOp::new("cumsum").named("total").with("x", x).with("axis", Tensor::scalar(3_i32));
    let op = graph.insert(op.result("total", ty), At::Before(first));
    let total = graph.op(op).results()[0];
    graph.set_operand(first, "x", 0, total);
    let found = estimate(&program, &m4());
    let main = &found.functions["main"];
    assert_eq!((main.summary.ane_ops, main.segments.len()), (0, 1));
    assert_eq!(main.segments[0].margin_ms, None, "cumsum cannot leave the CPU");
    let [island] = &main.islands[..] else { panic!("{:?}", main.islands) };
    assert_eq!((island.first, island.end, island.ops), (1, 7, 6));
    let time = |op: &mil_estimate::OpEstimate| op.cost_ms.cpu.unwrap() - op.cost_ms.ane.unwrap();
    let saved: f64 = main.ops[1..7].iter().map(time).sum();
    assert!((island.misses_ms - (0.375 - saved)).abs() < 1e-9, "{} {saved}", island.misses_ms);
    assert!(report(&found, false).contains("nearest first\n      6 ops by"));
    // Whole on the ANE: what the segment saves is what it would cost to move it off.
    let whole = estimate(&chain(4, DType::Fp16, false), &m4());
    let segment = &whole.functions["main"].segments[0];
    let saved: f64 = whole.functions["main"].ops.iter().map(time).sum();
    assert!((segment.margin_ms.unwrap() - (saved - 0.25)).abs() < 1e-9);
}

#[test]
fn risks_are_told_where_something_is_on_the_ane() {
    let mut program = chain(10, DType::Fp16, false);
    let graph = program.graph_mut("main").unwrap();
    let state = Type::new(mil_ir::TypeKind::State(fp16(&[1, 48])));
    graph.add_input(Graph::ROOT, "cache", state);
    let found = estimate(&program, &m4());
    let [risk] = &found.functions["main"].risks[..] else { panic!("{:?}", found.functions["main"].risks) };
    assert_eq!((risk.code, risk.ops.len()), ("state_last_axis", 0));
    assert!(!risk.source.is_empty() && !risk.consequence.is_empty() && risk.message.contains("cache"));
    let text = report(&found, false);
    assert!(text.contains("What may go wrong") && text.contains(&risk.message), "{text}");
    let off = estimate(&program, &Target::new("M4", "27", "cpu-only").unwrap());
    assert!(off.functions["main"].risks.is_empty(), "nothing is on the ANE");
}

fn flexible(flexibility: Flexibility) -> Program {
    let open = |channels: u64| {
        let dims = vec![Dim::Fixed(1), Dim::Fixed(channels), Dim::UNKNOWN, Dim::UNKNOWN];
        Type::tensor(DType::Fp16, Shape::Ranked(dims))
    };
    let mut graph = Graph::new(vec![("x".into(), open(64))]);
    let mut last = graph.root().inputs()[0];
    let weight = Tensor::splat(&[64, 64, 3, 3], half::f16::ONE);
    let weight = push(&mut graph, NewOp::constant("w", Literal::tensor(weight)));
    for at in 0..4 {
        let op = NewOp::new("conv").named(format!("c{at}")).with("x", last).with("weight", weight);
        let op = op.with("pad_type", Literal::string("same"));
        last = push(&mut graph, op.result(format!("c{at}"), open(64)));
    }
    graph.set_outputs(Graph::ROOT, [last]);
    let mut program = program(graph);
    let mut array = ArrayFeature::new(DType::Fp16, vec![1, 64, 32, 32]).unwrap();
    array.flexibility = Some(flexibility);
    let kind = Some(FeatureKind::Array(array));
    let feature = Feature { name: "x".into(), doc: String::new(), kind, optional: false, carried: None };
    let features = FunctionInterface { inputs: vec![feature], ..FunctionInterface::default() };
    program.interface.functions.insert("main".into(), features);
    program
}

#[test]
fn each_enumerated_shape_is_estimated() {
    let shapes = vec![vec![1, 64, 32, 32], vec![1, 64, 16, 16], vec![1, 64, 64, 64]];
    let found = estimate(&flexible(Flexibility::Enumerated(shapes)), &m4());
    let main = &found.functions["main"];
    let fixed = estimate(&chain(4, DType::Fp16, false), &m4());
    assert_eq!(
        main.ops[3].cost_ms.ane, fixed.functions["main"].ops[6].cost_ms.ane,
        "the default shape is carried through the convolutions"
    );
    let [feature] = &main.shapes[..] else { panic!("{:?}", main.shapes) };
    assert_eq!((feature.kind, &feature.default[..]), ("enumerated", &[1, 64, 32, 32][..]));
    let shares: Vec<(u64, usize)> =
        feature.others.iter().map(|other| (other.shape[3], other.summary.ane_ops)).collect();
    assert_eq!(shares, [(16, 0), (64, 4)], "too small to pay for the switch, and large enough");
    assert_eq!(main.first_load.shapes, 3);
    assert!(report(&found, false).contains("x 1 × 64 × 64 × 64: 100% on the ANE"));
}

/// Two inputs: at each place of the lists the first shapes of both, or the second ones, never one of each.
#[test]
fn enumerated_inputs_vary_together() {
    let open = |channels: u64| {
        Type::tensor(DType::Fp16, Shape::Ranked(vec![Dim::Fixed(1), Dim::Fixed(channels), Dim::UNKNOWN]))
    };
    let mut graph = Graph::new(vec![("a".into(), open(8)), ("b".into(), open(8))]);
    let [a, b] = graph.root().inputs() else { panic!("two inputs") };
    let op =
        NewOp::new("matmul").named("y").with("x", *a).with("y", *b).with("transpose_x", Tensor::bool(true));
    let ty = Type::tensor(DType::Fp16, Shape::Ranked(vec![Dim::Fixed(1), Dim::UNKNOWN, Dim::UNKNOWN]));
    let y = push(&mut graph, op.result("y", ty));
    graph.set_outputs(Graph::ROOT, [y]);
    let mut program = program(graph);
    let mut set = |b_sizes: &[i64]| {
        let feature = |name: &str, sizes: &[i64]| {
            let mut array = ArrayFeature::new(DType::Fp16, vec![1, 8, sizes[0]]).unwrap();
            let shapes = sizes.iter().map(|&size| vec![1, 8, size]).collect();
            array.flexibility = Some(Flexibility::Enumerated(shapes));
            let kind = Some(FeatureKind::Array(array));
            Feature { name: name.into(), doc: String::new(), kind, optional: false, carried: None }
        };
        let inputs = vec![feature("a", &[16, 32]), feature("b", b_sizes)];
        let features = FunctionInterface { inputs, ..FunctionInterface::default() };
        program.interface.functions.insert("main".into(), features);
        estimate(&program, &m4())
    };
    let found = set(&[100, 200]);
    let [a, b] = &found.functions["main"].shapes[..] else { panic!("two flexible inputs") };
    let second = vec![("b".to_owned(), vec![1, 8, 200])];
    assert_eq!((a.others.len(), &a.others[0].shape, &a.others[0].with), (1, &vec![1, 8, 32], &second));
    assert_eq!((b.others.len(), &b.others[0].summary), (1, &a.others[0].summary));
    assert_eq!(found.functions["main"].first_load.shapes, 2);
    assert!(report(&found, false).contains("a 1 × 8 × 32, b 1 × 8 × 200:"));
    // Lists of different lengths are said to be wrong.
    let text = report(&set(&[100, 200, 300]), false);
    assert!(text.contains("a enumerates 2 shapes and b enumerates 3"), "{text}");
}

#[test]
fn a_range_of_shapes_runs_on_the_ane_at_its_default_alone() {
    let range = |lower: u64, upper: i64| mil_ir::SizeRange { lower, upper };
    let ranges = vec![range(1, 1), range(64, 64), range(16, 512), range(16, -1)];
    let found = estimate(&flexible(Flexibility::Ranges(ranges)), &m4());
    let main = &found.functions["main"];
    assert_eq!(main.shapes[0].allowed, "1 × 64 × 16…512 × 16…");
    assert!(main.shapes[0].others.is_empty() && main.risks.iter().any(|risk| risk.code == "range_shape"));
    assert!(report(&found, false).contains("only the default shape runs there"));
}

#[test]
fn a_comparison_says_what_moved() {
    let before = estimate(&chain(10, DType::Fp16, true), &m4());
    let after = estimate(&chain(10, DType::Fp16, false), &m4());
    let found = compare(&before, &after);
    let main = &found.functions["main"];
    assert_eq!(main.kinds["cumsum"], [1, 0]);
    assert_eq!(main.reasons["unsupported_op"], [1, 0]);
    assert_eq!((main.before.as_ref().unwrap().segments, main.after.as_ref().unwrap().segments), (3, 1));
    let cpu = estimate(&chain(10, DType::Fp16, true), &Target::new("M4", "27", "cpu-only").unwrap());
    let moved = &compare(&before, &cpu).functions["main"].moved;
    assert_eq!(moved.len(), 20);
    assert_eq!((moved[0].from, moved[0].to, &*moved[0].output), (Device::Ane, Device::Cpu, "conv_0"));
    assert!(found.report().contains("cumsum 1 → 0"), "{}", found.report());
}

const PLAN: &str = "# chip: M4\n# os: 27.0\nfunction\toutput\ttype\tpreferred\tsupported\treason\n\
    main\tw\tconst\t\t\t\nmain\tconv_0\tios17.conv\tneuralEngine\tcpu,neuralEngine\t\n\
    main\trelu_0\tios17.relu\tcpu\tcpu\tUnsupported\nmain\ttotal\tios17.cumsum\tcpu\tcpu\t\nmain\tgone\tadd\tcpu\tcpu\t\n";

#[test]
fn an_estimate_is_scored_against_a_plan() {
    let plan = DevicePlan::parse(PLAN).unwrap();
    assert_eq!((plan.chip.as_deref(), plan.os.as_deref(), plan.ops.len()), (Some("M4"), Some("27.0"), 4));
    let found = score(&estimate(&chain(10, DType::Fp16, true), &m4()), &plan);
    assert_eq!((found.ops, found.answered, found.right, found.legality), (3, 3, 2, [3, 2]));
    assert_eq!((&found.not_in_estimate[..], found.not_in_plan), (&["gone".to_owned()][..], 18));
    assert_eq!(found.segments, [2, 2]);
    let [one] = &found.disagreements[..] else { panic!("{:?}", found.disagreements) };
    assert_eq!((&*one.output, one.ours, one.plan), ("relu_0", Device::Ane, Device::Cpu));
    assert_eq!((one.ane_supported, one.plan_reason.as_deref()), ((true, Some(false)), Some("Unsupported")));
    assert_eq!(
        (found.by_op["relu"], found.by_rule["ane"], found.by_rule["unsupported_op"]),
        ([1, 0], [2, 1], [1, 1])
    );
    let text = found.report();
    assert!(
        text.contains("2 of 3 devices right (0.667)") && text.contains("relu_0 (relu): ours ane, plan cpu"),
        "{text}"
    );
}

#[test]
fn a_plan_is_read_from_json_too_and_ties_do_not_count() {
    let json = r#"{"chip": "M4", "os": "27", "units": "cpu-and-ne", "ops": [
        {"function": "main", "output": "conv_0", "type": "ios17.conv", "preferred": "ane", "supported": ["cpu", "ane"]},
        {"output": "relu_0", "type": "ios17.relu", "preferred": "cpu", "tie": true}]}"#;
    let found = score(&estimate(&chain(10, DType::Fp16, true), &m4()), &DevicePlan::parse(json).unwrap());
    assert_eq!((found.ops, found.plan_ties, found.answered, found.right), (2, 1, 1, 1));
    assert!(found.disagreements.is_empty() && (found.device_share() - 1.0).abs() < 1e-12);
}

#[test]
fn a_faulty_plan_is_told() {
    let parse = |text: &str| DevicePlan::parse(text).unwrap_err();
    assert!(matches!(parse("{"), PlanError::Json(_)));
    assert_eq!(parse("output\tpreferred\nx\tcpu\n"), PlanError::Column("type"));
    assert_eq!(parse("output\ttype\tpreferred\nx\n"), PlanError::Cells { line: 2, cells: 1, columns: 3 });
    assert!(matches!(parse("output\ttype\tpreferred\nx\tadd\tDSP\n"), PlanError::Device { .. }));
    assert_eq!(parse("output\ttype\tpreferred\n"), PlanError::Empty);
}

/// `shape` → `gather` → `concat` → `reshape`, as converters write a flatten of a flexible input.
#[test]
fn sizes_that_are_computed_are_followed() {
    let open = |rank: usize| Type::tensor(DType::Fp16, Shape::Ranked(vec![Dim::UNKNOWN; rank]));
    let ints = |sizes: &[usize]| Type::fixed(DType::Int32, sizes);
    let mut graph = Graph::new(vec![("x".into(), open(3))]);
    let x = graph.root().inputs()[0];
    let shape = push(&mut graph, NewOp::new("shape").with("x", x).result("s", ints(&[3])));
    let length = NewOp::new("gather").with("x", shape).with("indices", Tensor::ints(&[1]));
    let length = push(&mut graph, length.with("axis", Tensor::scalar(0_i32)).result("l", ints(&[1])));
    let minus = push(&mut graph, NewOp::constant("minus", Literal::tensor(Tensor::ints(&[-1]))));
    let sizes = NewOp::new("concat").with_all("values", [Operand::Value(length), Operand::Value(minus)]);
    let sizes = sizes.with("axis", Tensor::scalar(0_i32)).with("interleave", Tensor::bool(false));
    let sizes = push(&mut graph, sizes.result("sizes", ints(&[2])));
    let flat =
        push(&mut graph, NewOp::new("reshape").with("x", x).with("shape", sizes).result("flat", open(2)));
    let last = NewOp::new("softmax").with("x", flat).with("axis", Tensor::scalar(-1_i32));
    let last = push(&mut graph, last.result("y", open(2)));
    graph.set_outputs(Graph::ROOT, [last]);
    let mut program = program(graph);
    let array = ArrayFeature::new(DType::Fp16, vec![2, 128, 64]).unwrap();
    let kind = Some(FeatureKind::Array(array));
    let feature = Feature { name: "x".into(), doc: String::new(), kind, optional: false, carried: None };
    let features = FunctionInterface { inputs: vec![feature], ..FunctionInterface::default() };
    program.interface.functions.insert("main".into(), features);
    let found = estimate(&program, &m4());
    let ops = &found.functions["main"].ops;
    let softmax = ops.iter().find(|op| op.kind == "softmax").unwrap();
    assert_eq!(softmax.result.as_deref(), Some("tensor<fp16, [128, 128]>"));
    assert_eq!(softmax.confidence, mil_estimate::Confidence::Assumed, "at another shape it may differ");
    // The indices of the gather are constant, the shape of the reshape is not: it is known at this shape
    // only.
    let reshape = ops.iter().find(|op| op.kind == "reshape").unwrap();
    assert_eq!(reshape.needs.len(), 1, "{:?}", reshape.needs);
}
