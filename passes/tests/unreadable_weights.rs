//! Weights that cannot be read are no reason to leave a place alone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may panic anywhere")]

use std::io;
use std::sync::Arc;

use mil_ir::{NewOp, Release, Type, text};
use mil_ops::ProgramBuilder;
use mil_pass::{PassError, Pipeline, RunError};
use mil_passes::registry;
use mil_tensor::{Blob, DType, Source, Tensor};

/// A file that fails.
#[derive(Debug)]
struct Broken;

impl Source for Broken {
    fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<()> {
        Err(io::Error::other("the disk is gone"))
    }

    fn len(&self) -> u64 {
        1 << 20
    }
}

#[test]
fn a_weight_that_cannot_be_read_fails_the_pass() {
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let x = builder.input("x", Type::fixed(DType::Fp32, &[1, 1, 4, 4]));
    let weight = Blob { source: Arc::new(Broken), range: 0..4 };
    let weight = builder.tensor("w", Tensor::from_blob(DType::Fp32, &[1, 1, 1, 1], weight).unwrap());
    let conv = builder.op(NewOp::new("conv").named("c").with("x", x).with("weight", weight)).unwrap();
    let two = builder.tensor("two", Tensor::scalar(2.0_f32));
    let y = builder.op(NewOp::new("mul").named("y").with("x", conv).with("y", two)).unwrap();
    let mut program = builder.finish([y]).unwrap();
    let before = text::print(&program, &text::PrintOptions::default());

    let pipeline = Pipeline::parse("fuse_conv_scale", &registry()).unwrap();
    let error = pipeline.run(&mut program).unwrap_err();
    let RunError::Pass { source: PassError::Pattern { pattern, op, source }, .. } = error else {
        panic!("{error}")
    };
    assert_eq!((pattern, op.as_str()), ("conv_scale", "y"));
    assert!(matches!(*source, PassError::Weights(_)), "{source}");
    assert_eq!(text::print(&program, &text::PrintOptions::default()), before);
}
