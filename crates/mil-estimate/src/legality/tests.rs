//! Every rule has a case in which it fires, and every case names the rule.

use std::collections::BTreeSet;

use mil_tensor::DType;

use super::*;
use crate::facts::TensorFacts;

fn fp16(dims: &[u64]) -> TensorFacts {
    TensorFacts::new(DType::Fp16, dims)
}

fn of(dtype: DType) -> TensorFacts {
    TensorFacts::new(dtype, &[1, 8])
}

fn m4() -> Target {
    Target::new("M4", "27", "cpu-and-ne").unwrap()
}

fn code(op: &OpFacts, target: &Target) -> &'static str {
    check(op, target).reason.map_or("", |reason| reason.code)
}

fn unary(kind: &str, x: TensorFacts, result: TensorFacts) -> OpFacts {
    OpFacts::new(kind).with("x", x).giving(result)
}

fn conv(kernel: [u64; 2]) -> OpFacts {
    let [height, width] = kernel;
    unary("conv", fp16(&[1, 64, 32, 32]), fp16(&[1, 64, 32, 32])).with_constant(
        "weight",
        fp16(&[64, 64, height, width]),
        &[],
    )
}

fn max_pool(kernel: [i64; 2]) -> OpFacts {
    unary("max_pool", fp16(&[1, 64, 32, 32]), fp16(&[1, 64, 32, 32])).with_constant(
        "kernel_sizes",
        TensorFacts::new(DType::Int32, &[2]),
        &kernel,
    )
}

/// An op, the target it is refused on, and the code.
fn cases() -> Vec<(OpFacts, &'static str, &'static str, &'static str)> {
    use DType::*;
    let scalar = TensorFacts::new(Int32, &[]);
    let mut inner = unary("relu", fp16(&[4]), fp16(&[4]));
    inner.inner = true;
    let mut blocks = conv([1, 1]);
    blocks.operands[1].per_block = true;
    let mut matmul_blocks = OpFacts::new("matmul").with("x", fp16(&[4, 4])).giving(fp16(&[4, 4]));
    matmul_blocks = matmul_blocks.with_constant("y", fp16(&[4, 4]), &[]);
    matmul_blocks.operands[1].per_block = true;
    let unranked = TensorFacts { dtype: Some(Fp16), dims: None };
    vec![
        (inner, "M4", "27", "control_flow"),
        (
            unary("greater_equal", of(Int32), of(Bool)).with_constant("y", scalar.clone(), &[0]),
            "M4",
            "27",
            "int_compare_const",
        ),
        (
            unary("gather", fp16(&[8, 8]), fp16(&[4, 8])).with("indices", of(Int16)),
            "M4",
            "27",
            "gather_index",
        ),
        (
            unary("crop_resize", fp16(&[1, 4, 8, 8]), fp16(&[4, 4, 8, 8])).with_constant(
                "box_indices",
                of(Int32),
                &[0],
            ),
            "M4",
            "27",
            "box_indices",
        ),
        (unary("scatter", of(Fp16), of(Fp16)), "M4", "27", "scatter"),
        (unary("sliding_windows", of(Fp16), of(Fp16)), "M4", "27", "sliding_windows"),
        (OpFacts::new("range_1d").giving(of(Int32)), "M4", "27", "range_parameter"),
        (unary("argsort", of(Fp16), of(Int32)), "M4", "27", "int32"),
        (unary("topk", of(Fp16), of(Fp16)).giving(of(Int32)), "M4", "27", "int32"),
        (unary("reduce_argmax", of(Fp16), of(Int32)), "M4", "27", "output_int32"),
        (unary("add", of(Int32), of(Int32)), "M4", "27", "int32"),
        (unary("relu", of(Fp64), of(Fp64)), "M4", "27", "wide_type"),
        (unary("cast", of(Fp32), of(Fp16)), "M1", "14.5", "fp32_cast"),
        (unary("cast", of(Fp16), of(Fp32)), "M1", "14.5", "fp32_cast"),
        (unary("relu", of(Fp32), of(Fp32)), "M4", "27", "fp32"),
        (unary("quantize", of(Fp32), of(Int8)), "M4", "27", "fp32"),
        (unary("sin", of(Fp16), of(Fp16)), "M2", "27", "neuron"),
        (unary("logical_and", of(Bool), of(Bool)), "M2", "26", "logical"),
        (unary("topk", of(Fp16), of(Fp16)), "M4Max", "26", "topk"),
        (unary("tile", of(Bool), of(Bool)), "M2", "27", "bool_tile"),
        (unary("slice_update", of(Fp16), of(Fp16)).with("begin", of(Int16)), "M4", "27", "dynamic_slice"),
        (unary("relu", fp16(&[1; 6]), fp16(&[1; 6])), "M4", "27", "rank"),
        (unary("relu", unranked.clone(), unranked), "M4", "27", "range_shape"),
        (unary("relu", fp16(&[1, 1, 1, 16385]), fp16(&[1, 1, 1, 16385])), "M2", "27", "size_spatial"),
        (unary("relu", fp16(&[1, 65537, 1, 1]), fp16(&[1, 65537, 1, 1])), "M4", "27", "size"),
        (conv([1, 17]), "M4", "27", "conv_kernel"),
        (conv([1, 16]), "M4", "27", "conv_kernel"),
        (conv([32, 1]), "M4", "27", "conv_kernel"),
        (conv([1, 14]), "M1", "27", "conv_kernel"),
        (max_pool([1, 9]), "M4", "27", "pool_kernel"),
        (max_pool([9, 2]), "M4", "27", "pool_kernel"),
        (unary("matmul", fp16(&[1, 4, 40000]), fp16(&[1, 4, 4])), "M4", "27", "contraction"),
        (unary("linear", fp16(&[1, 40000]), fp16(&[1, 4])), "M4", "27", "contraction"),
        (blocks, "M4", "27", "per_block_weight"),
        (matmul_blocks, "M4", "27", "per_block_weight"),
    ]
}

#[test]
fn every_rule_fires_on_some_case() {
    let mut fired = BTreeSet::new();
    for (op, chip, os, wanted) in cases() {
        let target = Target::new(chip, os, "cpu-and-ne").unwrap();
        assert_eq!(code(&op, &target), wanted, "{op:?} on {chip} {os}");
        let first = rules().iter().position(|rule| rule.apply(&op, &target).is_some());
        fired.extend(first);
    }
    let silent: Vec<&str> =
        (0..rules().len()).filter(|at| !fired.contains(at)).map(|at| rules()[at].code).collect();
    assert!(silent.is_empty(), "no case for {silent:?}");
}

#[test]
fn the_same_ops_pass_on_the_right_side_of_a_limit() {
    for op in [
        conv([15, 15]),
        conv([31, 1]),
        conv([16, 16]),
        max_pool([8, 8]),
        max_pool([9, 1]),
        max_pool([32, 32]),
        unary("relu", fp16(&[1, 65536, 1, 1]), fp16(&[1, 65536, 1, 1])),
        unary("matmul", fp16(&[1, 4, 32768]), fp16(&[1, 4, 4])),
        unary("relu", fp16(&[1; 5]), fp16(&[1; 5])),
        unary("cast", of(DType::Fp32), of(DType::Fp16)),
        unary("greater", of(DType::Fp16), of(DType::Bool)),
        unary("sin", of(DType::Fp16), of(DType::Fp16)),
    ] {
        assert_eq!(code(&op, &m4()), "", "{op:?}");
    }
}

#[test]
fn what_was_seen_on_one_chip_is_derived_on_others() {
    let on = |op: &OpFacts, chip| check(op, &Target::new(chip, "26", "cpu-and-ne").unwrap()).confidence;
    let pool = max_pool([1, 9]);
    assert_eq!([on(&pool, "M4"), on(&pool, "M2")], [Confidence::Measured, Confidence::Derived]);
    let relu = unary("relu", of(DType::Fp16), of(DType::Fp16));
    assert_eq!([on(&relu, "M4"), on(&relu, "A15")], [Confidence::Measured, Confidence::Derived]);
    let six = unary("relu", fp16(&[1; 6]), fp16(&[1; 6]));
    assert_eq!(on(&six, "M2"), Confidence::Measured);
}

#[test]
fn constants_may_have_any_type() {
    let alpha = TensorFacts::new(DType::Fp32, &[]);
    let op = unary("leaky_relu", of(DType::Fp16), of(DType::Fp16)).with_constant("alpha", alpha, &[]);
    assert_eq!(code(&op, &m4()), "");
}

#[test]
fn messages_are_the_planners() {
    let wide = unary("relu", fp16(&[1, 1, 1, 65537]), fp16(&[1, 1, 1, 65537]));
    let reason = check(&wide, &m4()).reason.unwrap();
    assert!(
        reason.message.starts_with("Tensor dimensions N1D1C1H1W65537 are not within"),
        "{}",
        reason.message
    );
    let pool = check(&max_pool([15, 15]), &m4()).reason.unwrap();
    assert_eq!(pool.message, "Invalid Pool kernel width (15), must be [1-8] or 32.");
    let lstm = check(&OpFacts::new("lstm").giving(of(DType::Fp32)), &m4()).reason.unwrap();
    assert_eq!((lstm.code, &*lstm.message), ("unsupported_op", "Unsupported MIL operation \"lstm\"."));
}

#[test]
fn an_unknown_op_is_left_to_the_cpu() {
    let found = check(&OpFacts::new("my_layer"), &m4());
    assert_eq!(found.backends, [false, true, true, false]);
    assert_eq!(found.confidence, Confidence::Assumed);
    assert_eq!(found.reason.unwrap().code, "unknown_op");
}

#[test]
fn faulty_conditions_are_told() {
    for text in ["", "wat", "any:float99", "rank>x", "kernel:D>3", "kernel:W~3", "in:x", "dim:W"] {
        assert!(Condition::parse(text).is_err(), "{text}");
    }
    assert!("=3".parse::<Bound>().is_err());
}
