//! A converter: it builds a network op by op, makes it one for the Neural Engine, looks at it once more, and
//! writes a package.
//!
//!     cargo run -p milopt --example converter -- OUT.mlpackage

use std::error::Error;
use std::path::Path;

use milopt::ir::{NewOp, Release, Type};
use milopt::ops::ProgramBuilder;
use milopt::tensor::{DType, Tensor};
use milopt::{Package, Pipeline, Rewrite, Runner, passes};

/// Two layers of a network. A real converter walks its own graph here and emits an op for each node.
fn network() -> Result<Package, Box<dyn Error>> {
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let x = builder.input("x", Type::fixed(DType::Fp32, &[1, 3, 8, 8]));
    let weight: Vec<f32> = (0..4 * 3 * 3 * 3).map(|index| index as f32 / 100.0 - 0.5).collect();
    let weight = builder.tensor("weight", Tensor::from_slice(&[4, 3, 3, 3], &weight)?);
    let conv = builder.op(NewOp::new("conv").named("conv").with("x", x).with("weight", weight))?;
    let bias = Tensor::from_slice(&[1, 4, 1, 1], &[0.1_f32, 0.2, 0.3, 0.4])?;
    let sum = builder.op(NewOp::new("add").named("sum").with("x", conv).with("y", bias))?;
    let y = builder.op(NewOp::new("relu").named("y").with("x", sum))?;
    Ok(Package::from(builder.finish([y])?))
}

/// Builds the network, rewrites it and writes it.
pub fn convert(out: &Path) -> Result<(), Box<dyn Error>> {
    let mut package = network()?;
    let mut rewrite = Rewrite::of(&mut package);
    rewrite.run(&Pipeline::parse("fp16", &passes::registry())?, |_| Runner::new())?;
    // Refuses what Core ML would refuse, before anything is written.
    rewrite.save(out)?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let out = std::env::args_os().nth(1).ok_or("usage: converter OUT.mlpackage")?;
    convert(Path::new(&out))
}
