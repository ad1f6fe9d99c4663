//! The Rust that the documentation shows, run: `tests/documentation.rs` holds pages against the regions of this file.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use milopt::eval::{Array, Evaluator, Inputs};
use milopt::{Error, Package};

#[path = "../../crates/milopt/examples/converter.rs"]
#[allow(dead_code, unreachable_pub, reason = "an example has a main of its own")]
mod converter;

/// Makes a folder with a model `in.mlpackage` the current one, for all tests of this file.
fn enter_a_folder() {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        copy(&milopt_tests::fixture("star_hourglass.mlpackage"), &folder.path().join("in.mlpackage"));
        std::env::set_current_dir(folder.path()).unwrap();
        folder
    });
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(path, to).unwrap();
        }
    }
}

#[test]
fn a_pass_is_run_on_a_program() -> Result<(), Error> {
    enter_a_folder();
    // docs: begin pass
    use milopt::{Package, Pipeline, passes::FuseConvBn};

    let mut package = Package::open("in.mlpackage")?;
    let mut program = package.take_program()?;
    let report = Pipeline::new().add(FuseConvBn).run(&mut program)?;
    package.set_program(program).save("fused.mlpackage")?;
    // docs: end pass
    assert!(report.changed());
    assert!(Package::open("fused.mlpackage")?.take_program().is_ok());
    Ok(())
}

#[test]
fn a_whole_model_is_rewritten() -> Result<(), Error> {
    enter_a_folder();
    // docs: begin rewrite
    use milopt::{Package, Pipeline, Rewrite, Runner, ir::Release, rewrite::Direction};

    let mut package = Package::open("in.mlpackage")?;
    let mut rewrite = Rewrite::of(&mut package);
    rewrite.retarget(Release::IOS18, Direction::Raise)?;
    rewrite.run(&Pipeline::parse("default", &milopt::passes::registry())?, |_| Runner::new())?;
    rewrite.save("out.mlpackage")?; // refuses what Core ML would refuse
    println!("{:?}", rewrite.done().after);
    // docs: end rewrite
    let written = Package::open("out.mlpackage")?.take_program()?;
    assert_eq!(written.interface.specification_version, Release::IOS18.specification_version());
    Ok(())
}

/// What the converter writes computes what its network says: a convolution, a sum, and the larger of it and 0.
#[test]
fn a_converter_writes_what_it_built() {
    let folder = tempfile::tempdir().unwrap();
    let out: PathBuf = folder.path().join("out.mlpackage");
    converter::convert(&out).unwrap();
    let program = Package::open(&out).unwrap().take_program().unwrap();
    let text = program.to_string();
    assert!(!text.contains("add(") && text.contains("tensor<fp16, [4, 3, 3, 3]>"), "{text}");

    let evaluator = Evaluator::new(&program, "main", Default::default()).unwrap();
    let ones = Array::from_vec(&[1, 3, 8, 8], vec![1_f32; 3 * 8 * 8]).unwrap();
    let outputs = evaluator.session().unwrap().run(&Inputs::from([("x".into(), ones)])).unwrap();
    let y = outputs["y"].as_array().unwrap().reals::<f32>().unwrap();
    assert_eq!(y.len(), 4 * 6 * 6);
    for (channel, values) in y.chunks(36).enumerate() {
        let weights = (27 * channel..27 * (channel + 1)).map(|index| index as f32 / 100.0 - 0.5);
        let wanted = (weights.sum::<f32>() + 0.1 * (channel + 1) as f32).max(0.0);
        for value in values {
            assert!((value - wanted).abs() < 0.02, "channel {channel}: {value}, not {wanted}");
        }
    }
}
