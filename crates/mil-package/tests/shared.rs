//! Weights that several functions share: written once, whatever was done to them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::fs;

use mil_ir::{Literal, Program};
use mil_package::Package;
use mil_tensor::{DType, Tensor};
use tempfile::tempdir;

const WEIGHTS: &str = "Data/com.apple.CoreML/weights/weight.bin";
const ELEMENTS: usize = 1000;

/// Two functions, each with a weight of its own in the file, which the two files of weights are equal in or
/// not.
fn package(second_differs: bool) -> Package {
    let function = |name: &str, offset: usize| {
        format!(
            r#"    func {name}<ios18>(tensor<fp32, [{ELEMENTS}]> x) {{
        tensor<fp32, [{ELEMENTS}]> w = const()[name = string("w"), val = tensor<fp32, [{ELEMENTS}]>(BLOBFILE(path = string("@model_path/weights/weight.bin"), offset = uint64({offset})))];
        tensor<fp32, [{ELEMENTS}]> y = add(x = x, y = w)[name = string("y")];
    }} -> (y);
"#
        )
    };
    // Each a record of 64 bytes and its data, at a multiple of 64.
    let step = (64 + ELEMENTS * 4).next_multiple_of(64);
    let mut file = vec![0; 64];
    (file[0], file[4]) = (2, 2);
    for blob in 0..2 {
        file.resize(64 + blob * step, 0);
        let start = file.len() as u64 + 64;
        file.extend(0xDEAD_BEEF_u32.to_le_bytes());
        file.extend(2_u32.to_le_bytes());
        file.extend((ELEMENTS as u64 * 4).to_le_bytes());
        file.extend(start.to_le_bytes());
        file.extend([0; 40]);
        let last = if blob == 1 && second_differs { 0.5 } else { 0.25 };
        (1..ELEMENTS).for_each(|element| file.extend((element as f32).to_le_bytes()));
        file.extend(f32::to_le_bytes(last));
    }
    let folder = tempdir().unwrap();
    let text = format!("program(1.3)\n{{\n{}{}}}\n", function("a", 64), function("b", 64 + step));
    fs::write(folder.path().join("x.mil"), text).unwrap();
    fs::create_dir(folder.path().join("weights")).unwrap();
    fs::write(folder.path().join("weights/weight.bin"), file).unwrap();
    Package::open(folder.path().join("x.mil")).unwrap()
}

/// Gives the weight of each function another value.
fn rewrite(package: &mut Package, change: impl Fn(&Tensor) -> Tensor) {
    let mut program: Program = package.take_program().unwrap();
    for function in program.functions.values_mut() {
        for graph in function.specializations.values_mut() {
            let (op, tensor) = graph.tensors().find(|(_, tensor)| tensor.len() == ELEMENTS).unwrap();
            let tensor = change(tensor);
            graph.set_attribute(op, "val", Some(Literal::tensor(tensor)));
        }
    }
    package.set_program(program);
}

/// Bytes of the weight file that is written.
fn written(package: &Package) -> usize {
    package.to_files().unwrap()[WEIGHTS].len()
}

fn once(size: usize) -> usize {
    64 + 64 + ELEMENTS * size
}

#[test]
fn equal_weights_that_were_rewritten_are_written_once() {
    let casts: [fn(&Tensor) -> Tensor; 3] = [
        |tensor| tensor.cast(DType::Fp16).unwrap(),
        |tensor| tensor.cast(DType::Fp16).unwrap().materialized().unwrap(),
        |tensor| tensor.cast(DType::Fp16).unwrap().reshaped(&[ELEMENTS]).unwrap(),
    ];
    for change in casts {
        let mut same = package(false);
        rewrite(&mut same, change);
        assert_eq!(written(&same), once(2));
        let mut different = package(true);
        rewrite(&mut different, change);
        assert!(written(&different) > 2 * ELEMENTS * 2);
    }
}

#[test]
fn what_is_shared_reads_as_what_was_written() {
    let mut package = package(false);
    rewrite(&mut package, |tensor| tensor.cast(DType::Fp16).unwrap());
    let files = package.to_files().unwrap().into_iter().map(|(path, bytes)| (path, bytes.into()));
    let again = Package::from_files(files, &mil_package::Limits::default()).unwrap();
    for program in [package.model().as_program().unwrap(), again.model().as_program().unwrap()] {
        for (_, _, graph) in program.graphs() {
            let (_, tensor) = graph.tensors().find(|(_, tensor)| tensor.len() == ELEMENTS).unwrap();
            let values = tensor.to_f64s().unwrap();
            assert_eq!((values[0], values[ELEMENTS - 1]), (1.0, 0.25));
        }
    }
}

#[test]
fn weights_that_were_read_stay_where_they_are() {
    assert!(written(&package(false)) > 2 * ELEMENTS * 4);
}
