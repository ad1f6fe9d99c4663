use std::f64::consts::{FRAC_1_PI, FRAC_PI_2, PI};

use mil_ir::{NewOp, OpId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::DType;

use crate::ane::{Steps, number};

pass! {
    /// Computes sine and cosine by range reduction and a polynomial, for chips that have neither.
    ///
    /// Half turns are taken off, half a turn being split into 3.125, whose multiples are exact, and the rest, so
    /// that the angle from the nearest zero keeps all its digits: next to a zero the result does, too. An odd
    /// polynomial of degree 5 is off by 1.4e-4 of the sine, less than fp16 rounds. fp16 only; from about 250 on,
    /// digits of the angle are lost, and it is clipped so that the result stays between -1 and 1.
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
    ///     fp16 y_y_0 = const()[name = string("y_y_0"), val = fp16(0x1.46p-2)];
    ///     tensor<fp16, [2]> y_turns = mul(x = x, y = y_y_0)[name = string("y_turns")];
    ///     tensor<fp16, [2]> y_whole = floor(x = y_turns)[name = string("y_whole")];
    ///     fp16 y_y_1 = const()[name = string("y_y_1"), val = fp16(0x1p-1)];
    ///     tensor<fp16, [2]> y_zero = add(x = y_whole, y = y_y_1)[name = string("y_zero")];
    ///     fp16 y_y_2 = const()[name = string("y_y_2"), val = fp16(0x1.9p+1)];
    ///     tensor<fp16, [2]> y_coarse = mul(x = y_whole, y = y_y_2)[name = string("y_coarse")];
    ///     tensor<fp16, [2]> y_near = sub(x = x, y = y_coarse)[name = string("y_near")];
    ///     fp16 y_y_3 = const()[name = string("y_y_3"), val = fp16(0x1.9p+0)];
    ///     tensor<fp16, [2]> y_nearer = sub(x = y_near, y = y_y_3)[name = string("y_nearer")];
    ///     fp16 y_y_4 = const()[name = string("y_y_4"), val = fp16(0x1.0fcp-6)];
    ///     tensor<fp16, [2]> y_fine = mul(x = y_zero, y = y_y_4)[name = string("y_fine")];
    ///     tensor<fp16, [2]> y_angle = sub(x = y_nearer, y = y_fine)[name = string("y_angle")];
    ///     fp16 y_alpha_0 = const()[name = string("y_alpha_0"), val = fp16(-0x1.92p+0)];
    ///     fp16 y_beta_0 = const()[name = string("y_beta_0"), val = fp16(0x1.92p+0)];
    ///     tensor<fp16, [2]> y_within = clip(alpha = y_alpha_0, beta = y_beta_0, x = y_angle)[name = string("y_within")];
    ///     tensor<fp16, [2]> y_square = mul(x = y_within, y = y_within)[name = string("y_square")];
    ///     fp16 y_y_5 = const()[name = string("y_y_5"), val = fp16(0x1.f5cp-8)];
    ///     tensor<fp16, [2]> y_first = mul(x = y_square, y = y_y_5)[name = string("y_first")];
    ///     fp16 y_y_6 = const()[name = string("y_y_6"), val = fp16(-0x1.544p-3)];
    ///     tensor<fp16, [2]> y_second = add(x = y_first, y = y_y_6)[name = string("y_second")];
    ///     tensor<fp16, [2]> y_third = mul(x = y_second, y = y_square)[name = string("y_third")];
    ///     fp16 y_y_7 = const()[name = string("y_y_7"), val = fp16(0x1p+0)];
    ///     tensor<fp16, [2]> y_factor = add(x = y_third, y = y_y_7)[name = string("y_factor")];
    ///     tensor<fp16, [2]> y_size = mul(x = y_factor, y = y_within)[name = string("y_size")];
    ///     fp16 y_y_8 = const()[name = string("y_y_8"), val = fp16(0x1p-1)];
    ///     tensor<fp16, [2]> y_halves = mul(x = y_whole, y = y_y_8)[name = string("y_halves")];
    ///     tensor<fp16, [2]> y_even = floor(x = y_halves)[name = string("y_even")];
    ///     tensor<fp16, [2]> y_odd = sub(x = y_halves, y = y_even)[name = string("y_odd")];
    ///     fp16 y_y_9 = const()[name = string("y_y_9"), val = fp16(0x1p+2)];
    ///     tensor<fp16, [2]> y_turned = mul(x = y_odd, y = y_y_9)[name = string("y_turned")];
    ///     fp16 y_y_10 = const()[name = string("y_y_10"), val = fp16(-0x1p+0)];
    ///     tensor<fp16, [2]> y_slope = add(x = y_turned, y = y_y_10)[name = string("y_slope")];
    ///     tensor<fp16, [2]> y = mul(x = y_size, y = y_slope)[name = string("y")];
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

/// Of half a turn, what has few enough bits for its multiples to be exact in fp16.
const COARSE: f64 = 3.125;

/// `sin v / v - 1` in `v * v` over a right angle either way, by rising powers: the polynomial of this form whose
/// largest error is least, 1.4e-4 of the sine.
const SERIES: [f64; 2] = [-0.166_129_12, 0.007_656_503];

fn wave(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let x = rw.input(op, "x")?;
    No::unless(rw.dtype(x)? == DType::Fp16, "the angle is not of fp16")?;
    let is_sine = rw.is(op, &["sin"]);
    let number = |value: f64| number(DType::Fp16, value);
    let mut steps = Steps::new(rw, op);
    // The zero that is nearest: a whole number of half turns, and for a cosine half of one more.
    let turns = steps.binary("turns", "mul", x, number(FRAC_1_PI)?)?;
    let (whole, zero) = if is_sine {
        let ahead = steps.binary("ahead", "add", turns, number(0.5)?)?;
        let whole = steps.unary("whole", "floor", ahead)?;
        (whole, whole)
    } else {
        let whole = steps.unary("whole", "floor", turns)?;
        (whole, steps.binary("zero", "add", whole, number(0.5)?)?)
    };
    let coarse = steps.binary("coarse", "mul", whole, number(COARSE)?)?;
    let mut near = steps.binary("near", "sub", x, coarse)?;
    if !is_sine {
        near = steps.binary("nearer", "sub", near, number(COARSE / 2.0)?)?;
    }
    let fine = steps.binary("fine", "mul", zero, number(PI - COARSE)?)?;
    let angle = steps.binary("angle", "sub", near, fine)?;
    let within = NewOp::new("clip").with("x", angle);
    let within = within.with("alpha", number(-FRAC_PI_2)?).with("beta", number(FRAC_PI_2)?);
    let within = steps.emit("within", within)?;
    let square = steps.binary("square", "mul", within, within)?;
    let first = steps.binary("first", "mul", square, number(SERIES[1])?)?;
    let second = steps.binary("second", "add", first, number(SERIES[0])?)?;
    let third = steps.binary("third", "mul", second, square)?;
    let factor = steps.binary("factor", "add", third, number(1.0)?)?;
    let size = steps.binary("size", "mul", factor, within)?;
    // Behind an odd number of half turns a sine falls where it rises, and a cosine rises where it falls.
    let sign = if is_sine { 1.0 } else { -1.0 };
    let halves = steps.binary("halves", "mul", whole, number(0.5)?)?;
    let even = steps.unary("even", "floor", halves)?;
    let odd = steps.binary("odd", "sub", halves, even)?;
    let turned = steps.binary("turned", "mul", odd, number(-4.0 * sign)?)?;
    let slope = steps.binary("slope", "add", turned, number(sign)?)?;
    rw.replace(op, NewOp::new("mul").with("x", size).with("y", slope), &[])
}
