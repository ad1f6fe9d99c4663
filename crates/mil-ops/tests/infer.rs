//! Types of results where formulas have edges.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use mil_ir::{Dim, NewOp, Operand, Release, Shape, SymExpr, SymRange, Type, TypeKind, ValueId};
use mil_ops::{InferError, ProgramBuilder, infer_new};
use mil_tensor::{DType, Tensor};

use DType::{Fp16, Fp32, Int32};

const N: Dim = Dim::UNKNOWN;

fn d(size: u64) -> Dim {
    Dim::Fixed(size)
}

/// Infers an op whose parameter `x` is an input of this shape.
fn infer_at(target: Release, dims: &[Dim], new: NewOp) -> Result<Vec<Type>, InferError> {
    let mut builder = ProgramBuilder::new(target);
    let x = builder.input("x", Type::tensor(Fp32, Shape::Ranked(dims.to_vec())));
    infer_new(builder.graph(), &new.with("x", x), &target.opset())
}

/// The sizes of the only result, at iOS17.
fn shape(dims: &[Dim], new: NewOp) -> Vec<Dim> {
    let types = infer_at(Release::IOS17, dims, new).unwrap();
    assert_eq!(types.len(), 1);
    types[0].dims().unwrap().to_vec()
}

fn reshape(sizes: &[i32]) -> NewOp {
    NewOp::new("reshape").with("shape", Tensor::ints(sizes))
}

#[test]
fn reshape_resolves_what_remains_and_what_is_copied() {
    assert_eq!(shape(&[d(2), d(3), d(4)], reshape(&[-1, 4])), [d(6), d(4)]);
    assert_eq!(shape(&[N, d(8), d(64)], reshape(&[0, -1])), [d(8), N]);
    assert_eq!(shape(&[d(2), d(8), d(64)], reshape(&[0, -1, 0])), [d(2), d(8), d(64)]);
    assert_eq!(shape(&[N, d(6)], reshape(&[0, 2, -1])), [d(1), d(2), N]);
    let old = infer_at(Release::IOS15, &[N, d(6)], reshape(&[0, -1])).unwrap();
    assert_eq!(old[0].dims().unwrap(), [N, d(6)]);
    assert!(infer_at(Release::IOS15, &[N, d(6)], reshape(&[0, 2, -1])).is_err());
    assert!(infer_at(Release::IOS17, &[d(5)], reshape(&[2, -1])).is_err());
    assert!(infer_at(Release::IOS17, &[d(4)], reshape(&[-1, -1])).is_err());
    assert!(infer_at(Release::IOS17, &[d(4)], reshape(&[3])).is_err());
}

#[test]
fn a_million_axes_are_refused_at_once() {
    let new = NewOp::new("expand_dims").with("axes", Tensor::splat(&[1 << 20], 0_i32));
    assert!(infer_at(Release::IOS17, &[d(2)], new).unwrap_err().to_string().contains("1048576 axes"));
}

#[test]
fn a_box_that_names_its_image_is_cut_from_that_one() {
    let crop = |parts: usize| {
        let roi = Tensor::splat(&[3, 1, parts, 1, 1], 0_f32);
        let new = NewOp::new("crop_resize").with("roi", roi);
        let dims = [d(2), d(4), d(8), d(8)];
        infer_at(Release::IOS15, &dims, new).unwrap()[0].dims().unwrap().to_vec()
    };
    assert_eq!(crop(4), [d(3), d(2), d(4), d(1), d(1)]);
    assert_eq!(crop(5), [d(3), d(1), d(4), d(1), d(1)]);
}

fn slice(begin: i32, end: i32, stride: i32) -> NewOp {
    NewOp::new("slice_by_index")
        .with("begin", Tensor::ints(&[begin]))
        .with("end", Tensor::ints(&[end]))
        .with("stride", Tensor::ints(&[stride]))
}

#[test]
fn slices_stop_at_the_edges() {
    for (begin, end, stride, count) in
        [(0, 10, 3, 4), (2, 100, 1, 8), (-3, -1, 1, 2), (-1, 0, -1, 9), (9, -11, -1, u64::MAX), (4, 2, 1, 0)]
    {
        let wanted = if count == u64::MAX { N } else { d(count) };
        assert_eq!(shape(&[d(10)], slice(begin, end, stride)), [wanted], "{begin}:{end}:{stride}");
    }
    assert_eq!(shape(&[d(1)], slice(-1, -2, -1)), [d(1)]);
    assert_eq!(shape(&[N], slice(2, 3, 1)), [N], "an axis of no more than 2 gives none");
    let long = Dim::from(SymExpr::ranged("long", SymRange::Between(3, None)));
    assert_eq!(shape(&[long], slice(2, 3, 1)), [d(1)]);
    assert_eq!(shape(&[N], slice(0, 5, 1)), [N]);
    let mask = |param: &str| slice(1, 2, 1).with(param, Tensor::from_bools(&[1], &[true]).unwrap());
    assert_eq!(shape(&[d(10)], mask("end_mask")), [d(9)]);
    assert_eq!(shape(&[d(10)], mask("squeeze_mask")), []);
    assert!(infer_at(Release::IOS17, &[d(4)], slice(0, 4, 0)).is_err());
    assert!(infer_at(Release::IOS17, &[d(4), d(4)], slice(0, 4, 1)).is_err());
}

#[test]
fn windows_and_their_padding() {
    let pool = |pad_type: &str, kernel: i32, stride: i32, pad: [i32; 2], ceil: bool| {
        NewOp::new("max_pool")
            .with("kernel_sizes", Tensor::ints(&[kernel]))
            .with("strides", Tensor::ints(&[stride]))
            .with("pad_type", Tensor::string(pad_type))
            .with("pad", Tensor::ints(&pad))
            .with("ceil_mode", Tensor::bool(ceil))
    };
    let count = |size: u64, new| shape(&[d(1), d(2), d(size)], new)[2].clone();
    assert_eq!(count(7, pool("valid", 3, 2, [9, 9], false)), d(3));
    assert_eq!(count(7, pool("same", 3, 2, [0, 0], false)), d(4));
    assert_eq!(count(7, pool("custom", 3, 2, [1, 1], false)), d(4));
    assert_eq!(count(8, pool("valid", 3, 2, [0, 0], true)), d(4));
    assert_eq!(count(3, pool("custom", 2, 2, [1, 1], true)), d(2));
    assert_eq!(shape(&[N, d(2), N], pool("same", 3, 1, [0, 0], false)), [N, d(2), N]);
    assert_eq!(shape(&[N, d(2), N], pool("valid", 3, 1, [0, 0], false)), [N, d(2), N]);
    assert!(infer_at(Release::IOS17, &[d(1), d(2), d(2)], pool("valid", 3, 1, [0, 0], false)).is_err());
    assert!(infer_at(Release::IOS17, &[d(1), d(2), d(9)], pool("valid", 3, 0, [0, 0], false)).is_err());
}

#[test]
fn defaults_come_from_the_table() {
    let weight = || Tensor::splat(&[8, 3, 3, 3], 0.0_f32);
    assert_eq!(
        shape(&[d(1), d(3), d(9), d(9)], NewOp::new("conv").with("weight", weight())),
        [d(1), d(8), d(7), d(7)]
    );
    let wrong = NewOp::new("conv").with("weight", weight()).with("groups", Tensor::scalar(3_i32));
    assert!(infer_at(Release::IOS17, &[d(1), d(3), d(9), d(9)], wrong).is_err());
    let transposed = NewOp::new("conv_transpose").with("weight", Tensor::splat(&[3, 4, 2, 2], 0.0_f32));
    let transposed = transposed.with("strides", Tensor::ints(&[2, 2]));
    assert_eq!(shape(&[d(1), d(3), d(5), N], transposed), [d(1), d(4), d(10), N]);
}

#[test]
fn versions_differ() {
    let topk = || NewOp::new("topk").with("k", Tensor::scalar(2_i32));
    let old = infer_at(Release::IOS15, &[d(4)], topk()).unwrap();
    assert_eq!(old, [Type::fixed(Fp32, &[2]), Type::fixed(Int32, &[2])]);
    let named = topk().with("output_indices_dtype", Tensor::string("uint16"));
    assert_eq!(infer_at(Release::IOS18, &[d(4)], named).unwrap()[1].dtype(), Some(DType::Uint16));
    let values_only = topk().with("return_indices", Tensor::bool(false));
    assert_eq!(infer_at(Release::IOS16, &[d(4)], values_only).unwrap().len(), 1);
    assert!(matches!(
        infer_at(Release::IOS15, &[d(4)], NewOp::new("pixel_unshuffle")),
        Err(InferError::NotInOpset("pixel_unshuffle", _))
    ));
    assert!(matches!(
        infer_at(Release::IOS15, &[], NewOp::new("custom_layer")),
        Err(InferError::UnknownOp(_))
    ));
}

#[test]
fn unknown_ranks_pass_through() {
    let any = [Dim::Unknown { variadic: true }];
    for new in [NewOp::new("relu"), NewOp::new("reduce_sum"), NewOp::new("softmax"), NewOp::new("squeeze")] {
        assert_eq!(shape(&any, new.clone()), any, "{}", new.kind);
    }
    assert_eq!(shape(&any, NewOp::new("shape")), [N]);
}

#[test]
fn constants_in_all_three_spellings() {
    let mut builder = ProgramBuilder::new(Release::IOS16);
    let x = builder.input("x", Type::fixed(Fp32, &[2, 3]));
    let perm = builder.tensor("perm", Tensor::ints(&[1, 0]));
    let by_value = builder.op(NewOp::new("transpose").with("x", x).with("perm", perm)).unwrap();
    let literal =
        builder.op(NewOp::new("transpose").with("x", x).with("perm", Tensor::ints(&[1, 0]))).unwrap();
    for value in [by_value, literal] {
        assert_eq!(builder.graph().value(value).ty(), &Type::fixed(Fp32, &[3, 2]));
    }
    let constexpr = NewOp::new("constexpr_lut_to_dense")
        .attribute("indices", Tensor::splat(&[2], 0_u8))
        .attribute("lut", Tensor::from_slice(&[4], &[half::f16::ONE; 4]).unwrap())
        .attribute("shape", Tensor::from_slice(&[2], &[4_u32, 2]).unwrap());
    let weight = builder.op(constexpr).unwrap();
    assert_eq!(builder.graph().value(weight).ty(), &Type::fixed(Fp16, &[4, 2]));
}

#[test]
fn lists_and_dictionaries() {
    let mut builder = ProgramBuilder::new(Release::IOS15);
    let x = builder.input("x", Type::fixed(Fp32, &[1, 2]));
    let sizes: Vec<Operand> = [1, 2].map(|size| Tensor::scalar(size).into()).into();
    let list = builder.op(NewOp::new("make_list").with_all("elem_shape", sizes)).unwrap();
    let zero = || Tensor::scalar(0_i32);
    let list =
        builder.op(NewOp::new("list_write").with("ls", list).with("index", zero()).with("value", x)).unwrap();
    let read = builder.op(NewOp::new("list_read").with("ls", list).with("index", zero())).unwrap();
    assert_eq!(builder.graph().value(read).ty(), &Type::fixed(Fp32, &[1, 2]));
    let gather = NewOp::new("list_gather").with("ls", list).with("indices", Tensor::ints(&[0, 0, 0]));
    let gathered = builder.op(gather).unwrap();
    assert_eq!(builder.graph().value(gathered).ty(), &Type::fixed(Fp32, &[3, 1, 2]));

    let label = Type::scalar(DType::String);
    let classes = mil_ir::Literal::list(label.clone(), ["a", "b"].map(mil_ir::Literal::string).into());
    let classify = NewOp::new("classify").with("probabilities", x).with("classes", classes);
    let results: Vec<ValueId> = builder.emit(classify).unwrap();
    assert_eq!(builder.graph().value(results[0]).ty(), &label);
    assert!(matches!(builder.graph().value(results[1]).ty().kind(), TypeKind::Dict(..)));
}

#[test]
fn absurd_numbers_are_errors_not_panics() {
    let absurd = [d(u64::MAX), d(1 << 62), N];
    let ints = |values: &[i32]| Tensor::ints(values);
    for new in [
        NewOp::new("tile").with("reps", ints(&[i32::MAX, -1, i32::MIN])),
        NewOp::new("pad").with("pad", ints(&[i32::MAX; 6])),
        NewOp::new("transpose").with("perm", ints(&[0, 0, i32::MIN])),
        NewOp::new("expand_dims").with("axes", ints(&[i32::MIN, 7])),
        NewOp::new("expand_dims").with("axes", ints(&[0, 0])),
        NewOp::new("split").with("axis", Tensor::scalar(0_i32)).with("num_splits", Tensor::scalar(i32::MAX)),
        NewOp::new("sliding_windows")
            .with("axis", Tensor::scalar(1_i32))
            .with("size", Tensor::scalar(i32::MIN)),
        reshape(&[i32::MAX, i32::MAX, i32::MAX, -1]),
        reshape(&[i32::MIN]),
        NewOp::new("max_pool")
            .with("kernel_sizes", ints(&[i32::MIN]))
            .with("pad_type", Tensor::string("valid")),
    ] {
        let _ = infer_at(Release::IOS18, &absurd, new.clone());
        let _ = infer_at(Release::IOS18, &[], new.clone());
        let _ = infer_at(Release::IOS18, &[d(0), d(0), d(0)], new);
    }
}
