//! Every risk has a case in which it is found, and one beside it in which it is not.

use std::collections::BTreeSet;

use mil_ir::{ArrayFeature, At, Feature, ImageFeature, Literal, NewOp, Type};
use mil_tensor::Tensor;

use super::*;
use crate::facts::TensorFacts;
use crate::segments::weights_of;

/// What a case is made of: ops, inputs, features.
#[derive(Default)]
struct Case {
    ops: Vec<OpFacts>,
    inputs: Vec<Type>,
    weight: Option<Tensor>,
    features: Option<FunctionInterface>,
}

impl Case {
    fn of(op: OpFacts) -> Case {
        Case { ops: vec![op], ..Case::default() }
    }

    fn codes(&self, chip: &str, os: &str) -> Vec<&'static str> {
        let inputs = self.inputs.iter().enumerate().map(|(at, ty)| (format!("s{at}").into(), ty.clone()));
        let mut graph = Graph::new(inputs.collect());
        let mut anchor = NewOp::new("anchor");
        if let Some(weight) = &self.weight {
            let weight =
                graph.insert(NewOp::constant("w", Literal::tensor(weight.clone())), At::End(Graph::ROOT));
            anchor = anchor.with("weight", graph.op(weight).results()[0]);
        }
        let anchor = graph.insert(anchor, At::End(Graph::ROOT));
        let ops: Vec<(OpId, OpFacts)> = match &self.ops[..] {
            [] => vec![(anchor, OpFacts::new("anchor"))],
            ops => ops.iter().map(|op| (anchor, op.clone())).collect(),
        };
        let needs: Vec<Vec<usize>> =
            (0..ops.len()).map(|at| at.checked_sub(1).into_iter().collect()).collect();
        let weights: Vec<Weights> = ops.iter().map(|(id, _)| weights_of(&graph, *id)).collect();
        let features = self.features.as_ref();
        let devices = vec![Device::Ane; ops.len()];
        let subject = Subject {
            graph: &graph,
            ops: &ops,
            devices: &devices,
            needs: &needs,
            weights: &weights,
            features,
        };
        let found = find(&subject, &Target::new(chip, os, "cpu-and-ne").unwrap());
        assert!(found.iter().all(|risk| !risk.message.contains('{')), "{found:?}");
        found.into_iter().map(|risk| risk.code).collect()
    }
}

fn fp16(dims: &[u64]) -> TensorFacts {
    TensorFacts::new(DType::Fp16, dims)
}

fn ints(op: OpFacts, param: &str, values: &[i64]) -> OpFacts {
    op.with_constant(param, TensorFacts::new(DType::Int32, &[values.len() as u64]), values)
}

fn conv(width: u64, kernel: [u64; 2]) -> OpFacts {
    let x = fp16(&[1, 8, 8, width]);
    OpFacts::new("conv")
        .with("x", x.clone())
        .with_constant("weight", fp16(&[8, 8, kernel[0], kernel[1]]), &[])
        .giving(x)
}

fn state(dtype: DType, last: usize) -> Type {
    Type::new(TypeKind::State(Type::fixed(dtype, &[1, last])))
}

fn states(types: &[Type]) -> Case {
    Case { inputs: types.to_vec(), ..Case::default() }
}

fn ranged(lower: u64, upper: i64) -> Case {
    let mut array = ArrayFeature::new(DType::Fp16, vec![16]).unwrap();
    array.flexibility = Some(Flexibility::Ranges(vec![SizeRange { lower, upper }]));
    input(FeatureKind::Array(array))
}

fn input(kind: FeatureKind) -> Case {
    let kind = Some(kind);
    let feature = Feature { name: "x".into(), doc: String::new(), kind, optional: false, carried: None };
    let features = FunctionInterface { inputs: vec![feature], ..FunctionInterface::default() };
    Case { features: Some(features), ..Case::default() }
}

fn weight(rows: usize) -> Case {
    Case { weight: Some(Tensor::splat(&[rows, 1 << 15], half::f16::ONE)), ..Case::default() }
}

/// A case, where it is asked for, the risk; and a like one without it.
fn cases() -> Vec<(&'static str, &'static str, &'static str, Case, Case)> {
    let several = |op: OpFacts, count: usize| Case { ops: vec![op; count], ..Case::default() };
    let dilated = |width: u64| ints(conv(width, [1, 3]), "dilations", &[1, 2]);
    let tile = |dtype: DType| OpFacts::new("tile").giving(TensorFacts::new(dtype, &[4]));
    let at = |op: &str, param: &str, constant: bool| {
        let op = OpFacts::new(op);
        if constant { ints(op, param, &[0]) } else { op.with(param, fp16(&[1])) }
    };
    let masked = |user: &str| {
        let mut op = OpFacts::new("add").with("x", fp16(&[4])).with_constant("y", fp16(&[]), &[]);
        op.operands[1].infinite = true;
        Case { ops: vec![op, OpFacts::new("reshape"), OpFacts::new(user)], ..Case::default() }
    };
    let attention = |queries: u64| {
        let query = fp16(&[1, 8, queries, 64]);
        OpFacts::new("scaled_dot_product_attention").with("query", query).with("key", fp16(&[1, 8, 128, 64]))
    };
    let image =
        |height: u64, width: u64| Case::of(OpFacts::new("conv").with("x", fp16(&[1, 3, height, width])));
    let grouped = |kernel: [u64; 2]| {
        let x = fp16(&[1, 1024, 1, 64]);
        let op = OpFacts::new("conv").with("x", x.clone());
        let op = op.with_constant("weight", fp16(&[1024, 1, kernel[0], kernel[1]]), &[]);
        Case::of(ints(op.giving(x), "groups", &[1024]))
    };
    let half = DType::Fp16;
    vec![
        ("weight_file", "M4", "27", weight(1 << 16), weight(1 << 15)),
        ("dilated_width", "M2", "26", Case::of(dilated(8192)), Case::of(dilated(8000))),
        ("wide_kernel", "M4", "27", Case::of(conv(64, [1, 16])), Case::of(conv(64, [1, 15]))),
        ("bool_tile", "M2", "26", Case::of(tile(DType::Bool)), Case::of(tile(half))),
        ("deep_conv_chain", "M6", "27", several(conv(64, [3, 3]), 387), several(conv(64, [3, 3]), 386)),
        (
            "several_states",
            "M4",
            "27",
            states(&[state(half, 64), state(half, 64)]),
            states(&[state(half, 64)]),
        ),
        ("state_last_axis", "M4", "27", states(&[state(half, 48)]), states(&[state(half, 64)])),
        ("state_type", "M4", "27", states(&[state(DType::Fp32, 64)]), states(&[state(half, 64)])),
        (
            "state_index",
            "M4",
            "27",
            Case::of(at("slice_update", "begin", false)),
            Case::of(at("slice_update", "begin", true)),
        ),
        ("range_shape", "M4", "27", ranged(1, 512), ranged(16, 16)),
        ("control_flow", "M4", "27", Case::of(OpFacts::new("while_loop")), Case::of(conv(64, [3, 3]))),
        ("several_attentions", "M4", "27", several(attention(128), 2), several(attention(1), 2)),
        ("infinite_mask", "M4", "27", masked("softmax"), masked("relu")),
        (
            "dynamic_gather_nd",
            "A19",
            "26",
            Case::of(at("gather_nd", "indices", false)),
            Case::of(at("gather_nd", "indices", true)),
        ),
        ("slow_topk", "M4", "27", Case::of(OpFacts::new("topk")), Case::of(conv(64, [3, 3]))),
        ("wide_depthwise", "M4", "27", grouped([1, 3]), grouped([3, 3])),
        ("large_image", "M4", "27", image(5568, 5568), image(4, 8400)),
        ("huge_kernel", "M4", "27", Case::of(conv(64, [16, 16])), Case::of(conv(64, [15, 15]))),
    ]
}

#[test]
fn every_risk_is_found_where_it_is_and_only_there() {
    let mut found = BTreeSet::new();
    for (code, chip, os, with, without) in cases() {
        assert!(with.codes(chip, os).contains(&code), "{code} is not found");
        assert!(!without.codes(chip, os).contains(&code), "{code} is found beside its cause");
        found.insert(code);
    }
    let all: BTreeSet<&str> = rules().iter().map(|rule| rule.code).collect();
    assert_eq!(found, all);
}

#[test]
fn images_have_ranges_too() {
    let image = |flexibility: Option<SizeFlexibility>| {
        input(FeatureKind::Image(ImageFeature { flexibility, ..ImageFeature::default() })).codes("M4", "27")
    };
    let range = SizeRange { lower: 64, upper: 512 };
    assert_eq!(image(Some(SizeFlexibility::Range(None, Some(range)))), ["range_shape"]);
    assert_eq!(image(Some(SizeFlexibility::Enumerated(vec![(64, 64)]))), Vec::<&str>::new());
    assert_eq!(image(None), Vec::<&str>::new());
}

#[test]
fn chips_and_systems_bound_a_risk() {
    let tile = Case::of(OpFacts::new("tile").giving(TensorFacts::new(DType::Bool, &[4])));
    assert_eq!(tile.codes("M4", "27"), Vec::<&str>::new());
    assert_eq!(Case::of(OpFacts::new("topk")).codes("M4", "26"), Vec::<&str>::new());
    // The M6 has the A19's generation, and another family.
    let chain = Case { ops: vec![conv(64, [3, 3]); 387], ..Case::default() };
    assert_eq!(chain.codes("A19", "26"), Vec::<&str>::new());
    // 16 × 16 is supported, if slow to compile: what is over the limit is 1 × 16, and 17 × 17.
    let square = |size: u64| Case::of(conv(64, [size, size])).codes("M4", "27");
    assert_eq!((square(15), square(16), square(17)), (vec![], vec!["huge_kernel"], vec!["wide_kernel"]));
    // A dilation along the height does not widen anything, nor is a chain with other ops between its
    // convolutions one.
    let tall = ints(conv(8192, [3, 1]), "dilations", &[2, 1]);
    assert_eq!(Case::of(tall).codes("M2", "26"), Vec::<&str>::new());
    let broken = (0..800).map(|at| if at % 2 == 0 { conv(64, [3, 3]) } else { OpFacts::new("concat") });
    assert_eq!(Case { ops: broken.collect(), ..Case::default() }.codes("M6", "27"), Vec::<&str>::new());
}

#[test]
fn faulty_causes_are_told() {
    for text in ["", "weights", "weights>x", "state_type!=float99", "wat>3"] {
        assert!(text.parse::<Cause>().is_err(), "{text}");
    }
}
