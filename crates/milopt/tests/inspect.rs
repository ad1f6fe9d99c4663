//! Summaries: precisions of weights, features in words and as JSON.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use milopt::Model;
use milopt::inspect::{Stored, summarize};
use milopt::ir::text::parse;

#[test]
fn weights_are_told_by_precision() {
    let program = parse(
        r#"program(1.3) {
    func main<ios16>(tensor<fp16, [1, 4]> x) {
        tensor<fp16, [4, 4]> palettized = constexpr_lut_to_dense()[indices = tensor<uint8, [8]>([1, 2, 3, 4, 5, 6, 7, 8]), lut = tensor<fp16, [16]>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]), shape = tensor<uint32, [2]>([4, 4])];
        tensor<fp16, [4, 4]> quantized = constexpr_affine_dequantize()[axis = int32(0), quantized_data = tensor<int8, [4, 4]>([[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]]), scale = fp16(0.5), zero_point = int8(0)];
        tensor<fp16, [4]> bias = const()[val = tensor<fp16, [4]>([1, 2, 3, 4])];
        tensor<fp16, [1, 4]> a = linear(bias = bias, weight = palettized, x = x);
        tensor<fp16, [1, 4]> y = linear(bias = bias, weight = quantized, x = a);
    } -> (y);
    func packed<ios18>(tensor<fp16, [1, 4]> x) {
        tensor<uint4, [4, 4]> codes = const()[val = tensor<uint4, [4, 4]>([[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]])];
        tensor<fp16, [4, 4]> weight = constexpr_blockwise_shift_scale(data = codes, scale = tensor<fp16, [1, 1]>([[0.5]]));
        tensor<fp16, [1, 4]> y = linear(weight = weight, x = x);
    } -> (y);
}"#,
    )
    .unwrap();
    let summary = summarize(&Model::Program(program));
    let stored = |name: &str| summary.weights.precisions.get(name).copied();
    let bytes = |name: &str| stored(name).map(|it: Stored| it.bytes);
    // Codes, table, and the shape; codes, axis, scale, zero point; codes and scale.
    assert_eq!(bytes("palettized 4 bit"), Some(8 + 32 + 8));
    assert_eq!(bytes("quantized int8"), Some(16 + 4 + 2 + 1));
    assert_eq!(bytes("quantized uint4"), Some(8 + 2));
    assert_eq!(stored("fp16"), Some(Stored { bytes: 8, tensors: 1 }));
    let total: u64 = summary.weights.precisions.values().map(|stored| stored.bytes).sum();
    assert_eq!(total, summary.weights.bytes);
    assert!(summary.to_string().contains("quantized int8, 4 tensors"), "{summary}");
}

#[test]
fn features_say_all_that_the_interface_does() {
    let program = parse(
        r#"program(1.3) {
    func main<ios17>(tensor<fp16, [1, 1, 384, 640]> photo, tensor<fp16, [1, ?]> x) {
        fp16 y = thing(a = photo, b = x);
        dict<string, fp64> probabilities = other(x = y);
    } -> (y, probabilities);
}
model {
    specification_version = 8;
    function main {
        input photo: image<grayscale, [640, 384]> @{doc = "a face"};
        input x: array<fp16, [1, 8], ranges = [1..1, 1..64]> @{optional};
        output y: array<fp16, []>;
        output probabilities: dictionary<string>;
        predicted_probabilities = "probabilities";
    };
}"#,
    )
    .unwrap();
    let summary = summarize(&Model::Program(program));
    let shown = summary.to_string();
    for line in [
        "  input  photo: image 640 wide × 384 high, grayscale\n         a face\n",
        "  input  x: fp16 [1, 8], optional; axis 1: 1..64\n",
        "  output y: fp16, shape not declared\n",
        "  output probabilities: dictionary from string to double, the probabilities\n",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let json = serde_json::to_value(&summary).unwrap();
    let inputs = &json["functions"]["main"]["inputs"];
    assert_eq!(inputs[0]["shape"], serde_json::json!([384, 640]));
    assert_eq!(inputs[0]["color"], "grayscale");
    assert_eq!(inputs[1]["flexible"]["ranges"][1], serde_json::json!({"lower": 1, "upper": 64}));
    assert_eq!(inputs[1]["optional"], true);
    assert_eq!(json["functions"]["main"]["outputs"][1]["keys"], "string");
}

#[test]
fn old_versions_have_releases() {
    for (version, release) in [(1, "iOS11"), (2, "iOS11.2"), (3, "iOS12"), (8, "iOS17")] {
        let mut program = parse("program(1.3) { func main<ios15>(fp32 x) { } -> (x); }").unwrap();
        program.interface.specification_version = version;
        assert_eq!(summarize(&Model::Program(program)).target.as_deref(), Some(release));
    }
}
