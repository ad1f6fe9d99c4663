//! Times that the planner itself wrote down (751K: M4, macOS 27; freedomtan: M1, 2024), to its last printed
//! digits.

use mil_tensor::DType::{Fp16, Int32};

use super::*;
use crate::facts::TensorFacts;

fn fp16(dims: &[u64]) -> TensorFacts {
    TensorFacts::new(Fp16, dims)
}

fn ints(values: &[i64]) -> (TensorFacts, &[i64]) {
    (TensorFacts::new(Int32, &[values.len() as u64]), values)
}

fn chip(name: &str) -> Chip {
    name.parse().unwrap()
}

/// Against ane, bnns, classic_cpu; 0 where the plan has no number.
fn is(op: &OpFacts, on: &str, wanted: [f64; 3]) {
    let found = times(op, &chip(on));
    for (time, wanted) in found.iter().zip(wanted) {
        assert!(
            wanted == 0.0 || (time.ms / wanted - 1.0).abs() < 1e-4,
            "{}: {} is not {wanted}",
            op.kind,
            time.ms
        );
    }
}

fn conv(x: &[u64], weight: &[u64], out: &[u64], dilation: i64) -> OpFacts {
    let (tensor, values) = (TensorFacts::new(Int32, &[2]), [dilation, dilation]);
    OpFacts::new("conv")
        .with("x", fp16(x))
        .with_constant("weight", fp16(weight), &[])
        .with_constant("dilations", tensor, &values)
        .giving(fp16(out))
}

#[test]
fn convolutions_step_with_work_per_byte() {
    let x = [1, 64, 32, 32];
    is(&conv(&x, &[64, 64, 3, 3], &x, 1), "M4", [0.0046742808, 0.1000638818, 0.1150953307]);
    is(&conv(&x, &[64, 64, 1, 1], &x, 1), "M4", [0.0011714575, 0.0216167011, 0.0248639299]);
    is(&conv(&x, &[64, 1, 3, 3], &x, 1), "M4", [0.0025035989, 0.0435532116, 0.0500957073]);
    is(&conv(&x, &[64, 64, 3, 3], &x, 2), "M4", [0.0026357793, 0.0486375776, 0.0559438425]);
    let (wide, narrow) = ([1, 32, 56, 56], [1, 128, 56, 56]);
    let with_bias = conv(&wide, &[128, 32, 3, 3], &narrow, 1).with_constant("bias", fp16(&[128]), &[]);
    let found = times(&with_bias, &chip("M1"));
    assert_eq!(found[0].confidence, Confidence::Measured);
    assert!((found[0].ms - 231.61e6 / 11582.16e6).abs() < 1e-5);
}

#[test]
fn matrix_products() {
    let linear = |m: u64, k: u64, n: u64| {
        OpFacts::new("linear")
            .with("x", fp16(&[1, m, k]))
            .with_constant("weight", fp16(&[n, k]), &[])
            .giving(fp16(&[1, m, n]))
    };
    is(&linear(128, 256, 512), "M4", [0.0031711199, 0.1000113134, 0.1150348603]);
    is(&linear(128, 512, 512), "M4", [0.0126842, 0.4000361, 0.4601289]);
    is(&linear(128, 256, 256), "M4", [0.028904, 0.744195, 0.855987]);
    let matmul = |y: &[u64]| OpFacts::new("matmul").with("x", fp16(&[1, 128, 256])).with("y", fp16(y));
    let turned = ints(&[1]);
    let plain = matmul(&[1, 256, 128]).giving(fp16(&[1, 128, 128]));
    is(&plain, "M4", [0.0022439396, 0.0111174635, 0.0127875122]);
    let turned =
        matmul(&[1, 128, 256]).with_constant("transpose_y", turned.0, turned.1).giving(fp16(&[1, 128, 128]));
    is(&turned, "M4", [0.0, 0.0111608911, 0.0128374634]);
}

#[test]
fn elementwise_ops_count_their_operands() {
    let x = [1, 64, 32, 32];
    let op =
        |kind: &str, y: &[u64]| OpFacts::new(kind).with("x", fp16(&x)).with("y", fp16(y)).giving(fp16(&x));
    is(&op("add", &x), "M4", [0.0072857182, 0.0124108329, 0.0142751686]);
    is(&op("add", &[1, 64, 1, 1]), "M4", [0.0036464166, 0.0062114764, 0.0071445546]);
    is(&op("mul", &x), "M4", [0.0060963721, 0.0227908004, 0.0262144]);
    is(
        &OpFacts::new("relu").with("x", fp16(&x)).giving(fp16(&x)),
        "M4",
        [0.00262144, 0.00262144, 0.00262144],
    );
    let block = [1, 32, 56, 56];
    let m1 = OpFacts::new("add").with("x", fp16(&block)).with("y", fp16(&block)).giving(fp16(&block));
    is(&m1, "M1", [0.0121825242, 0.0275782582, 0.0317210231]);
}

#[test]
fn other_ops_move_bytes() {
    let x = [1, 64, 32, 32];
    let axis = TensorFacts::new(Int32, &[]);
    let softmax =
        OpFacts::new("softmax").with("x", fp16(&x)).with_constant("axis", axis, &[1]).giving(fp16(&x));
    is(&softmax, "M4", [0.0035903581, 0.0043084299, 0.0043084299]);
    let (kernel, sizes) = ints(&[8, 8]);
    let pool = OpFacts::new("max_pool")
        .with("x", fp16(&x))
        .with_constant("kernel_sizes", kernel, sizes)
        .giving(fp16(&x));
    is(&pool, "M4", [0.0035938094, 0.0055587317, 0.0063937561]);
    let (perm, axes) = ints(&[0, 1, 3, 2]);
    let turn =
        OpFacts::new("transpose").with("x", fp16(&x)).with_constant("perm", perm, axes).giving(fp16(&x));
    is(&turn, "M4", [0.0038063331, 0.0029965828, 0.003446725]);
    let mean = OpFacts::new("softmax").with("x", fp16(&[1, 1001])).giving(fp16(&[1, 1001]));
    is(&mean, "M1", [5.4838460e-5, 6.5806156e-5, 6.5806156e-5]);
}

#[test]
fn a_missing_leaf_is_the_nearest_familys() {
    let x = [1, 64, 32, 32];
    let op = OpFacts::new("add").with("x", fp16(&x)).with("y", fp16(&x)).giving(fp16(&x));
    let (m1, m2, m3, m4) =
        (times(&op, &chip("M1")), times(&op, &chip("M2")), times(&op, &chip("M3")), times(&op, &chip("M4")));
    assert_eq!((m2[0].ms, m3[0].ms), (m1[0].ms, m4[0].ms));
    assert_eq!((m4[0].confidence, m3[0].confidence), (Confidence::Measured, Confidence::Assumed));
    assert!(m3[0].low < m3[0].ms && m3[0].ms < m3[0].high);
    assert_eq!((m4[0].low, m4[0].high), (m4[0].ms, m4[0].ms));
    let cast = OpFacts::new("cast").with("x", fp16(&x)).giving(fp16(&x));
    assert_eq!(times(&cast, &chip("M4"))[0].confidence, Confidence::Derived);
}

#[test]
fn leaves_of_an_op_do_not_overlap() {
    for (op, leaves) in &Costs::known().leaves {
        for (at, one) in leaves.iter().enumerate() {
            for other in &leaves[at + 1..] {
                let shared = one.families.iter().any(|family| other.families.contains(family));
                assert!(!shared || one.to <= other.from || other.to <= one.from, "{op}");
                assert!(!shared || one.by == other.by, "{op}");
            }
        }
    }
}

#[test]
fn odd_ops_take_no_time_and_no_panic() {
    for def in mil_ops::all() {
        for time in times(&OpFacts::new(def.name), &chip("M1")) {
            assert!(time.ms >= 0.0 && time.low <= time.ms && time.ms <= time.high, "{}", def.name);
        }
    }
}

#[test]
fn absurd_sizes_take_finite_time() {
    for dims in [vec![u64::MAX; 40], [vec![u64::MAX; 40], vec![0]].concat()] {
        let op = OpFacts::new("relu").with("x", fp16(&dims)).giving(fp16(&dims));
        assert!(times(&op, &chip("M1")).iter().all(|time| time.ms.is_finite()));
    }
}
