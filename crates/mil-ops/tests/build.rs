//! The typed builder refuses what the declarations do not allow.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use mil_ir::{Dim, FeatureKind, Flexibility, NewOp, Release, Shape, Type};
use mil_ops::{ProgramBuilder, verify_graph, verify_program};
use mil_tensor::{DType, Tensor};

fn refusal(target: Release, new: NewOp) -> String {
    let mut builder = ProgramBuilder::new(target);
    let x = builder.input("x", Type::fixed(DType::Fp32, &[1, 2, 4, 4]));
    builder.input("n", Type::fixed(DType::Int32, &[2]));
    builder.emit(new.named("it").with("x", x)).unwrap_err().to_string()
}

#[test]
fn refusals_say_why() {
    let cases = [
        (Release::IOS15, NewOp::new("pixel_unshuffle"), "opset CoreML5 has no op pixel_unshuffle"),
        (Release::IOS17, NewOp::new("rope"), "there is no op rope"),
        (
            Release::IOS17,
            NewOp::new("relu").with("alpha", Tensor::scalar(1_f32)),
            "opset CoreML7 has no parameter alpha",
        ),
        (Release::IOS17, NewOp::new("transpose"), "perm is missing"),
        (
            Release::IOS17,
            NewOp::new("leaky_relu").with("alpha", Tensor::scalar(1_i32)),
            "alpha cannot have elements of type int32, only fp16, fp32",
        ),
        (
            Release::IOS15,
            NewOp::new("leaky_relu").with("alpha", Tensor::scalar(half::f16::ONE)),
            "alpha has elements of type fp16, x of type fp32",
        ),
        (
            Release::IOS17,
            NewOp::new("gelu").with("mode", Tensor::string("FAST")),
            "mode cannot be FAST, only EXACT, TANH_APPROXIMATION, SIGMOID_APPROXIMATION",
        ),
        (
            Release::IOS17,
            NewOp::new("softmax").with("axis", Tensor::bool(true)),
            "axis cannot have elements of type bool, only int32",
        ),
    ];
    for (target, new, reason) in cases {
        let kind = new.kind.clone();
        assert_eq!(refusal(target, new), format!("cannot make {kind} it: {reason}"));
    }
}

#[test]
fn constants_must_be_constant() {
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let x = builder.input("x", Type::fixed(DType::Fp32, &[2, 3]));
    let axes = builder.input("axes", Type::fixed(DType::Int32, &[1]));
    let refused = builder.op(NewOp::new("reduce_sum").with("x", x).with("axes", axes)).unwrap_err();
    assert!(refused.to_string().ends_with("axes must be constant"), "{refused}");
}

#[test]
fn several_results_are_numbered() {
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let x = builder.input("x", Type::fixed(DType::Fp32, &[4, 6]));
    let split = NewOp::new("split")
        .with("x", x)
        .with("num_splits", Tensor::scalar(2_i32))
        .with("axis", Tensor::scalar(1_i32));
    let parts = builder.emit(split.named("part")).unwrap();
    let names: Vec<&str> = parts.iter().map(|&part| builder.graph().value(part).name().as_str()).collect();
    assert_eq!(names, ["part_0", "part_1"]);
    assert_eq!(builder.graph().value(parts[1]).ty(), &Type::fixed(DType::Fp32, &[4, 3]));
}

#[test]
fn flexible_inputs_become_ranges() {
    let mut builder = ProgramBuilder::new(Release::IOS16);
    let x = builder.input("x", Type::tensor(DType::Fp32, Shape::Ranked(vec![Dim::UNKNOWN, 3.into()])));
    let y = builder.op(NewOp::new("relu").named("y").with("x", x)).unwrap();
    let program = builder.finish([y]).unwrap();
    let feature = &program.interface.function("main").unwrap().inputs[0];
    let Some(FeatureKind::Array(array)) = &feature.kind else { panic!("{feature:?}") };
    assert_eq!(array.shape, [1, 3]);
    let Some(Flexibility::Ranges(ranges)) = &array.flexibility else { panic!("{array:?}") };
    assert_eq!((ranges[0].lower, ranges[0].upper, ranges[1].upper), (1, -1, 3));
    assert!(verify_program(&program).is_clean());
}

#[test]
fn the_verifier_finds_wrong_declarations() {
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let x = builder.input("x", Type::fixed(DType::Fp32, &[4, 6]));
    let y = builder.op(NewOp::new("relu").named("y").with("x", x)).unwrap();
    builder.graph_mut().retype(y, Type::fixed(DType::Fp32, &[4, 5]));
    let report = verify_graph(builder.graph(), &Release::IOS17.opset());
    let messages: Vec<String> = report.violations.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        ["op y (relu): a result is a tensor<fp32, [4, 6]>, but declared as tensor<fp32, [4, 5]> [op-result]"]
    );
}
