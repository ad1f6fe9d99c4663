//! Every rule of the verifier for ops: a program that breaks it.
#![allow(clippy::unwrap_used, reason = "a failing test may panic anywhere")]

use std::collections::BTreeSet;

use mil_ir::text;
use mil_ops::{RULES, verify_program};

/// A code, and ops after an input `x` of shape `[2, 3]` that break its rule, in this opset; the last gives
/// `y`.
const BROKEN: &[(&str, &str, &str)] = &[
    ("op-opset", "ios15", "tensor<fp32, [2, 3]> y = fill_like(ref_tensor = x, value = fp32(1));"),
    ("op-parameter", "ios17", "tensor<fp32, [2, 3]> y = relu(x = x, slope = fp32(1));"),
    ("op-parameter", "ios17", "tensor<fp32, [2, 3]> y = transpose(x = x);"),
    (
        "op-constant",
        "ios17",
        "tensor<int32, [2]> s = cast(x = t, dtype = string(\"int32\"));
         tensor<fp32, [3, 2]> y = transpose(x = x, perm = s);",
    ),
    (
        "op-unfolded",
        "ios17",
        "tensor<int32, [2]> s = sub(x = tensor<int32, [2]>([1, 1]), y = tensor<int32, [2]>([0, 1]));
         tensor<fp32, [3, 2]> y = transpose(x = x, perm = s);",
    ),
    ("op-type", "ios17", "tensor<fp32, [2, 3]> y = leaky_relu(x = x, alpha = int32(1));"),
    ("op-choice", "ios17", "tensor<fp32, [2, 3]> y = gelu(x = x, mode = string(\"LATIN\"));"),
    (
        "op-rule",
        "ios17",
        "tensor<fp32, [2, 4]> y = matmul(x = x, y = tensor<fp32, [4, 4]>([0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]));",
    ),
    ("op-result", "ios17", "tensor<fp32, [2, 4]> y = relu(x = x);"),
    (
        "weights-missing",
        "ios17",
        "tensor<fp32, [2, 3]> w = const()[name = string(\"w\"), val = tensor<fp32, [2, 3]>(BLOBFILE(path = string(\"@model_path/w.bin\"), offset = uint64(64)))];
         tensor<fp32, [2, 3]> y = add(x = x, y = w);",
    ),
];

fn codes(source: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let report = verify_program(&text::parse(source).unwrap());
    let codes = |found: Vec<mil_ir::verify::Violation>| found.into_iter().map(|found| found.code).collect();
    (codes(report.violations), codes(report.unchecked))
}

fn program(opset: &str, ops: &str) -> String {
    format!(
        "program(1.3) {{ func main<{opset}>(tensor<fp32, [2, 3]> x, tensor<fp32, [2]> t) {{ {ops} }} -> (y); }}"
    )
}

#[test]
fn each_rule_is_broken_by_its_program() {
    let mut seen = BTreeSet::new();
    for (code, opset, ops) in BROKEN {
        let (found, _) = codes(&program(opset, ops));
        assert_eq!(found, [*code], "{ops}");
        seen.insert(*code);
    }
    let flexible = "program(1.3) { func main<ios17>(tensor<fp32, [?, 3]> x) {
        tensor<int32, [2]> n = shape(x = x);
        tensor<fp32, [?, ?]> r = reshape(x = x, shape = n);
        tensor<fp32, [?, 4]> y = relu(x = r); } -> (y); }";
    assert_eq!(codes(flexible).0, ["op-shape"]);
    seen.insert("op-shape");
    let told = ["unknown-op", "op-doubt"];
    let missing: Vec<&str> = RULES
        .iter()
        .map(|rule| rule.code)
        .filter(|code| !seen.contains(code) && !told.contains(code))
        .collect();
    assert!(missing.is_empty(), "no program breaks {missing:?}");
}

#[test]
fn what_is_not_judged_is_said() {
    let unknown = program("ios17", "tensor<fp32, [2, 3]> y = frobnicate(x = x);");
    assert_eq!(codes(&unknown), (vec![], vec!["unknown-op"]));
    let doubt = program("ios17", "tensor<fp32, [2, 3]> y = softmax(x = x, axis = int64(1));");
    assert_eq!(codes(&doubt), (vec![], vec!["op-doubt"]));
}
