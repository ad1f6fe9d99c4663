//! Attention with sizes that only the run decides: fused, and still right at more than one of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may panic anywhere")]

use mil_eval::{Array, Evaluator, Inputs, compare};
use mil_ir::Program;
use mil_ir::text::parse;
use mil_pass::{Pipeline, Runner};
use mil_passes::registry;
use mil_tensor::{DType, Tensor};

/// Batch and length from the caller, heads split off and joined by computed shapes.
const BATCH: &str = r#"program(1.3)
{
    func main<ios18>(tensor<fp32, [?, ?, 8]> x, tensor<fp32, [?, 1, ?, ?]> m) {
        tensor<int32, [3]> h = shape(x = x)[name = string("h")];
        int32 b = gather(axis = int32(0), batch_dims = int32(0), indices = int32(0), validate_indices = bool(false), x = h)[name = string("b")];
        int32 l = gather(axis = int32(0), batch_dims = int32(0), indices = int32(1), validate_indices = bool(false), x = h)[name = string("l")];
        tensor<int32, [4]> split = concat(axis = int32(0), interleave = bool(false), values = (b, l, int32(2), int32(4)))[name = string("split")];
        tensor<fp32, [?, ?, 2, 4]> a = reshape(shape = split, x = x)[name = string("a")];
        tensor<fp32, [?, 2, ?, 4]> q = transpose(perm = tensor<int32, [4]>([0, 2, 1, 3]), x = a)[name = string("q")];
        tensor<fp32, [?, 2, ?, ?]> s = matmul(transpose_x = bool(false), transpose_y = bool(true), x = q, y = q)[name = string("s")];
        tensor<fp32, [?, 2, ?, ?]> u = add(x = s, y = m)[name = string("u")];
        tensor<fp32, [?, 2, ?, ?]> w = softmax(axis = int32(-1), x = u)[name = string("w")];
        tensor<fp32, [?, 2, ?, 4]> o = matmul(transpose_x = bool(false), transpose_y = bool(false), x = w, y = q)[name = string("o")];
        tensor<fp32, [?, ?, 2, 4]> g = transpose(perm = tensor<int32, [4]>([0, 2, 1, 3]), x = o)[name = string("g")];
        tensor<int32, [3]> joined = concat(axis = int32(0), interleave = bool(false), values = (b, l, int32(8)))[name = string("joined")];
        tensor<fp32, [?, ?, 8]> y = reshape(shape = joined, x = g)[name = string("y")];
    } -> (y);
}
model {
    specification_version = 9;
    function main {
        input x: array<fp32, [1, 4, 8], ranges = [1..4, 1..16, 8..8]>;
        input m: array<fp32, [1, 1, 4, 4], ranges = [1..4, 1..1, 1..16, 1..16]>;
        output y: array<fp32, []>;
    };
}
"#;

/// Heads in a batch of unknown size, a mask for each of the batch that is added while heads are an axis.
const HEADS_IN_BATCH: &str = r#"program(1.3)
{
    func main<ios18>(tensor<fp32, [?, 2, ?, 4]> x, tensor<fp32, [?, 1, ?, ?]> m) {
        tensor<int32, [4]> h = shape(x = x)[name = string("h")];
        int32 b = gather(axis = int32(0), batch_dims = int32(0), indices = int32(0), validate_indices = bool(false), x = h)[name = string("b")];
        int32 l = gather(axis = int32(0), batch_dims = int32(0), indices = int32(2), validate_indices = bool(false), x = h)[name = string("l")];
        int32 bh = mul(x = b, y = int32(2))[name = string("bh")];
        tensor<int32, [3]> three = concat(axis = int32(0), interleave = bool(false), values = (bh, l, int32(4)))[name = string("three")];
        tensor<fp32, [?, ?, 4]> q = reshape(shape = three, x = x)[name = string("q")];
        tensor<fp32, [?, ?, ?]> s = matmul(transpose_x = bool(false), transpose_y = bool(true), x = q, y = q)[name = string("s")];
        tensor<int32, [4]> four = concat(axis = int32(0), interleave = bool(false), values = (b, int32(2), l, l))[name = string("four")];
        tensor<fp32, [?, 2, ?, ?]> r = reshape(shape = four, x = s)[name = string("r")];
        tensor<fp32, [?, 2, ?, ?]> u = add(x = r, y = m)[name = string("u")];
        tensor<int32, [3]> back = concat(axis = int32(0), interleave = bool(false), values = (bh, l, l))[name = string("back")];
        tensor<fp32, [?, ?, ?]> t = reshape(shape = back, x = u)[name = string("t")];
        tensor<fp32, [?, ?, ?]> w = softmax(axis = int32(-1), x = t)[name = string("w")];
        tensor<fp32, [?, ?, 4]> o = matmul(transpose_x = bool(false), transpose_y = bool(false), x = w, y = q)[name = string("o")];
        tensor<int32, [4]> heads = concat(axis = int32(0), interleave = bool(false), values = (b, int32(2), l, int32(4)))[name = string("heads")];
        tensor<fp32, [?, 2, ?, 4]> y = reshape(shape = heads, x = o)[name = string("y")];
    } -> (y);
}
model {
    specification_version = 9;
    function main {
        input x: array<fp32, [1, 2, 4, 4], ranges = [1..4, 2..2, 1..16, 4..4]>;
        input m: array<fp32, [1, 1, 4, 4], ranges = [1..4, 1..1, 1..16, 1..16]>;
        output y: array<fp32, []>;
    };
}
"#;

#[test]
fn batch_and_length_may_be_flexible() {
    for (text, heads) in [(BATCH, false), (HEADS_IN_BATCH, true)] {
        let original = parse(text).unwrap();
        let fused = run("fuse_sdpa", &original);
        assert_eq!(count(&fused, "scaled_dot_product_attention"), 1);
        assert_eq!(count(&fused, "softmax"), 0);
        let again = run("unfuse_sdpa", &fused);
        assert_eq!(count(&again, "softmax"), 1);
        for (batch, length) in [(1, 1), (1, 5), (3, 2)] {
            let shape = if heads { vec![batch, 2, length, 4] } else { vec![batch, length, 8] };
            let given = inputs(&shape, &[batch, 1, length, length]);
            let wanted = outputs(&original, &given);
            for program in [&fused, &again] {
                let found = compare(&wanted, &outputs(program, &given));
                assert!(found.snr_db > 110.0, "batch {batch}, length {length}: {found:?}");
            }
        }
    }
}

/// A row that is masked as a whole by the lowest number of fp16.
const MASKED_ROW: &str = r#"program(1.3)
{
    func main<ios18>(tensor<fp16, [1, 2, 3, 4]> x, tensor<fp16, [3, 3]> m) {
        tensor<fp16, [1, 2, 3, 4]> k = mul(x = x, y = fp16(-0x1.4p+4))[name = string("k")];
        tensor<fp16, [1, 2, 3, 4]> y = scaled_dot_product_attention(attn_mask = m, key = k, query = x, value = x)[name = string("y")];
    } -> (y);
}
"#;

#[test]
fn a_row_masked_by_the_lowest_number_of_fp16_keeps_its_weights() {
    let fused = parse(MASKED_ROW).unwrap();
    let plain = run("unfuse_sdpa", &fused);
    let half = |shape: &[usize], numbers: Vec<f64>| {
        Array::from_tensor(&Tensor::from_f64s(DType::Fp16, shape, &numbers).unwrap(), false).unwrap()
    };
    let x: Vec<f64> = (0..24).map(|at| ((at * 37 + 5) % 23) as f64 / 11.0 - 1.0).collect();
    for (lowest, finite) in [(-65504.0, true), (f64::NEG_INFINITY, false)] {
        let m = vec![0.0, lowest, lowest, 0.0, 0.0, lowest, lowest, lowest, lowest];
        let given =
            Inputs::from([("x".into(), half(&[1, 2, 3, 4], x.clone())), ("m".into(), half(&[3, 3], m))]);
        let (wanted, got) = (outputs(&fused, &given), outputs(&plain, &given));
        let numbers = |array: &Array| array.to_tensor().unwrap().to_f64s().unwrap();
        assert_eq!(numbers(&got).iter().all(|number| number.is_finite()), finite, "{got:?}");
        for (wanted, got) in numbers(&wanted).into_iter().zip(numbers(&got)) {
            assert!(wanted.is_nan() && got.is_nan() || (wanted - got).abs() < 4e-3, "{wanted}, {got}");
        }
    }
}

fn run(pipeline: &str, program: &Program) -> Program {
    let mut program = program.clone();
    let pipeline = Pipeline::parse(pipeline, &registry()).unwrap();
    Runner::new().run(&pipeline, &mut program).unwrap();
    program
}

fn count(program: &Program, kind: &str) -> usize {
    let graph = program.graph("main").unwrap();
    graph.walk().filter(|&op| graph.op(op).kind() == kind).count()
}

/// Numbers around 0, and a mask that takes some scores out.
fn inputs(shape: &[usize], mask: &[usize]) -> Inputs {
    let numbers =
        |count: usize, salt: usize| (0..count).map(move |at| ((at * 37 + salt) % 23) as f32 / 11.0 - 1.0);
    let x: Vec<f32> = numbers(shape.iter().product(), 5).collect();
    let m = numbers(mask.iter().product(), 3).enumerate();
    let m: Vec<f32> = m.map(|(at, number)| if at % 3 == 1 { -1e9 } else { number }).collect();
    Inputs::from([
        ("x".into(), Array::from_vec(shape, x).unwrap()),
        ("m".into(), Array::from_vec(mask, m).unwrap()),
    ])
}

fn outputs(program: &Program, given: &Inputs) -> Array {
    let evaluator = Evaluator::new(program, "main", Default::default()).unwrap();
    evaluator.session().unwrap().run(given).unwrap()["y"].as_array().unwrap().clone()
}
