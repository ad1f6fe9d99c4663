use std::f64::consts::{FRAC_1_PI, FRAC_PI_2, PI};

use mil_ir::{NewOp, OpId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::DType;

use crate::ane::{Steps, number};

pass! {
    /// Computes sine and cosine by range reduction and a polynomial, for chips that have neither.
    ///
    /// Whole turns are taken off, a turn being split into 6.25, whose multiples are exact, and the rest. What
    /// remains is folded around a right angle, where an odd polynomial of degree 5 is off by 7e-5: less than
    /// half a unit in the last place of fp16 next to 1. fp16 only; from about 400 on, digits of the angle
    /// are lost.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp16, [2]> x) {
    ///     tensor<fp16, [2]> y = cos(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp16, [2]> x) {
    ///     fp16 y_y_0 = const()[name = string("y_y_0"), val = fp16(0x1.46p-3)];
    ///     tensor<fp16, [2]> y_turns = mul(x = x, y = y_y_0)[name = string("y_turns")];
    ///     fp16 y_y_1 = const()[name = string("y_y_1"), val = fp16(0x1p-1)];
    ///     tensor<fp16, [2]> y_ahead = add(x = y_turns, y = y_y_1)[name = string("y_ahead")];
    ///     tensor<fp16, [2]> y_whole = floor(x = y_ahead)[name = string("y_whole")];
    ///     fp16 y_y_2 = const()[name = string("y_y_2"), val = fp16(0x1.9p+2)];
    ///     tensor<fp16, [2]> y_coarse = mul(x = y_whole, y = y_y_2)[name = string("y_coarse")];
    ///     tensor<fp16, [2]> y_near = sub(x = x, y = y_coarse)[name = string("y_near")];
    ///     fp16 y_y_3 = const()[name = string("y_y_3"), val = fp16(0x1.0fcp-5)];
    ///     tensor<fp16, [2]> y_fine = mul(x = y_whole, y = y_y_3)[name = string("y_fine")];
    ///     tensor<fp16, [2]> y_angle = sub(x = y_near, y = y_fine)[name = string("y_angle")];
    ///     tensor<fp16, [2]> y_size = abs(x = y_angle)[name = string("y_size")];
    ///     fp16 y_y_4 = const()[name = string("y_y_4"), val = fp16(0x1.92p+0)];
    ///     tensor<fp16, [2]> y_folded = sub(x = y_size, y = y_y_4)[name = string("y_folded")];
    ///     tensor<fp16, [2]> y_square = mul(x = y_folded, y = y_folded)[name = string("y_square")];
    ///     fp16 y_y_5 = const()[name = string("y_y_5"), val = fp16(-0x1.ec8p-8)];
    ///     tensor<fp16, [2]> y_first = mul(x = y_square, y = y_y_5)[name = string("y_first")];
    ///     fp16 y_y_6 = const()[name = string("y_y_6"), val = fp16(0x1.534p-3)];
    ///     tensor<fp16, [2]> y_second = add(x = y_first, y = y_y_6)[name = string("y_second")];
    ///     tensor<fp16, [2]> y_third = mul(x = y_second, y = y_square)[name = string("y_third")];
    ///     fp16 y_y_7 = const()[name = string("y_y_7"), val = fp16(-0x1.ffcp-1)];
    ///     tensor<fp16, [2]> y_factor = add(x = y_third, y = y_y_7)[name = string("y_factor")];
    ///     tensor<fp16, [2]> y = mul(x = y_factor, y = y_folded)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct SineToPolynomial;
    id: "sine_to_polynomial",
    numerics: Lossy { min_snr_db: 40.0 },
    patterns: [
        /// `sin` or `cos`
        wave(sin | cos),
    ],
}

/// Of a turn, what has few enough bits for its multiples to be exact in fp16.
const COARSE: f64 = 6.25;

/// The minimax polynomial of `sin v / v` in `v * v` over a right angle either way, by falling powers; its
/// error times `v` is below 7e-5.
const SERIES: [f64; 3] = [0.007_514_37, -0.165_673_07, 0.999_696_77];

fn wave(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let x = rw.input(op, "x")?;
    No::unless(rw.dtype(x)? == DType::Fp16, "the angle is not of fp16")?;
    let is_sine = rw.is(op, &["sin"]);
    let number = |value: f64| number(DType::Fp16, value);
    // sin x = cos (x - a right angle).
    let ahead = if is_sine { 0.25 } else { 0.5 };
    let mut steps = Steps::new(rw, op);
    let turns = steps.binary("turns", "mul", x, number(FRAC_1_PI / 2.0)?)?;
    let ahead = steps.binary("ahead", "add", turns, number(ahead)?)?;
    let whole = steps.unary("whole", "floor", ahead)?;
    let coarse = steps.binary("coarse", "mul", whole, number(COARSE)?)?;
    let near = steps.binary("near", "sub", x, coarse)?;
    let fine = steps.binary("fine", "mul", whole, number(2.0 * PI - COARSE)?)?;
    let mut angle = steps.binary("angle", "sub", near, fine)?;
    if is_sine {
        angle = steps.binary("turned", "sub", angle, number(FRAC_PI_2)?)?;
    }
    // cos a = -sin (|a| - a right angle).
    let size = steps.unary("size", "abs", angle)?;
    let folded = steps.binary("folded", "sub", size, number(FRAC_PI_2)?)?;
    let square = steps.binary("square", "mul", folded, folded)?;
    let first = steps.binary("first", "mul", square, number(-SERIES[0])?)?;
    let second = steps.binary("second", "add", first, number(-SERIES[1])?)?;
    let third = steps.binary("third", "mul", second, square)?;
    let factor = steps.binary("factor", "add", third, number(-SERIES[2])?)?;
    rw.replace(op, NewOp::new("mul").with("x", factor).with("y", folded), &[])
}
