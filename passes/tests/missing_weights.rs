//! Passes on programs whose weights are not at hand: what they would be can be looked at.

#![allow(clippy::unwrap_used, reason = "a failing test may panic anywhere")]

use mil_ir::text::{PrintOptions, parse, print};
use mil_pass::{Pipeline, Runner};
use mil_passes::registry;

#[test]
fn a_program_without_its_weights_is_cast_to_fp16() {
    let text = r#"program(1.3)
{
    func main<ios17>(tensor<fp32, [1, 64]> x) {
        tensor<fp32, [32, 64]> w = const()[name = string("w"), val = tensor<fp32, [32, 64]>(BLOBFILE(path = string("@model_path/weights/weight.bin"), offset = uint64(64)))];
        tensor<fp32, [1, 32]> y = linear(x = x, weight = w)[name = string("y")];
    } -> (y);
}"#;
    let mut program = parse(text).unwrap();
    let pipeline = Pipeline::parse("default,add_fp16_cast", &registry()).unwrap();
    Runner::new().run(&pipeline, &mut program).unwrap();
    let shown = print(&program, &PrintOptions::default());
    assert!(shown.contains("tensor<fp16, [32, 64]> w_to_fp16 = const()"), "{shown}");
    assert!(shown.contains("tensor<fp16, [1, 32]> y_cast_fp16 = linear("), "{shown}");
    // The fp16 elements are as unknown as the fp32 ones, and equal only to themselves.
    assert!(shown.contains("(HASH("), "{shown}");
}
