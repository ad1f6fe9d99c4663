//! The table of weights.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use milopt::Program;
use milopt::ir::text;
use milopt::weights::{Weight, weights};

const SHARED: &str = "\
program(1.3)
{
    func decode<ios18>(tensor<fp16, [4]> x) {
        tensor<fp16, [4]> w = const()[name = \"w\", val = tensor<fp16, [4]>([0.0, -1.5, 2.0, 2.0])];
        tensor<fp16, [4]> h = add(x = x, y = w)[name = \"h\"];
        tensor<fp16, [4]> y = mul(x = h, y = w)[name = \"y\"];
    } -> (y);
    func main<ios18>(tensor<fp16, [1, 4]> x) {
        tensor<fp16, [2, 4]> w = constexpr_lut_to_dense(indices = tensor<uint1, [2, 4]>([[0, 1, 1, 1], [0, 0, 0, 1]]), lut = tensor<fp16, [1, 1, 2, 1]>([[[[-0.5], [0.0]]]]))[name = \"palette\"];
        tensor<fp16, [1, 2]> y = linear(weight = w, x = x)[name = \"y\"];
    } -> (y);
}
";

fn table(min_elements: usize, most_bytes: usize) -> Vec<Weight> {
    let program: Program = text::parse(SHARED).unwrap();
    weights(&program, &[], min_elements, most_bytes)
}

#[test]
fn each_weight_is_one_row_with_its_numbers_and_users() {
    let table = table(4, 1 << 20);
    assert_eq!(table.len(), 2);
    let plain = &table[0];
    assert_eq!((plain.name.as_str(), plain.stored_as.as_str(), plain.bytes), ("w", "fp16", 8));
    let numbers = plain.numbers.unwrap();
    assert_eq!((numbers.sparsity, numbers.distinct, numbers.distinct_is_exact), (0.25, 3, true));
    assert_eq!((numbers.min, numbers.max, numbers.nan), (Some(-1.5), Some(2.0), 0));
    let users: Vec<String> =
        plain.users.iter().map(|user| format!("{} {}.{}", user.kind, user.op, user.param)).collect();
    assert_eq!(users, ["add h.y", "mul y.y"]);

    // Eight indices of a bit, and a table of two numbers.
    let compressed = &table[1];
    assert_eq!((compressed.stored_as.as_str(), compressed.bytes), ("palettized 1 bit", 5));
    assert_eq!((compressed.dtype.as_str(), &compressed.shape[..]), ("fp16", &[2, 4][..]));
    let numbers = compressed.numbers.unwrap();
    assert_eq!((numbers.sparsity, numbers.distinct, numbers.min), (0.5, 2, Some(-0.5)));
}

#[test]
fn compressed_weights_of_any_size_are_looked_at() {
    let (little, much) = (table(5, 4), table(5, 1 << 20));
    assert_eq!(little.len(), 1);
    assert!(little[0].numbers.is_some() && little[0].not_read.is_none());
    assert_eq!(little[0].numbers, much[0].numbers);
}
