use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Alias, Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::activation::half_of_product;

pass! {
    /// Recognises the `tanh` approximation of GELU in its elementary ops.
    ///
    /// `0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))`, with the two outer products in any order:
    /// `0.5` may be multiplied with `x`, with the sum, or last. The cube is a power, or a product of `x` and
    /// its square. The constants must be right to the precision of their element type, and no value between
    /// may have another use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 three = const()[name = string("three"), val = fp32(3.0)];
    ///     fp32 a = const()[name = string("a"), val = fp32(0.044715)];
    ///     fp32 r = const()[name = string("r"), val = fp32(0.7978845608028654)];
    ///     fp32 half = const()[name = string("half"), val = fp32(0.5)];
    ///     fp32 one = const()[name = string("one"), val = fp32(1.0)];
    ///     tensor<fp32, [2]> p = pow(x = x, y = three)[name = string("p")];
    ///     tensor<fp32, [2]> q = mul(x = p, y = a)[name = string("q")];
    ///     tensor<fp32, [2]> s = add(x = x, y = q)[name = string("s")];
    ///     tensor<fp32, [2]> t = mul(x = s, y = r)[name = string("t")];
    ///     tensor<fp32, [2]> h = tanh(x = t)[name = string("h")];
    ///     tensor<fp32, [2]> c = add(x = h, y = one)[name = string("c")];
    ///     tensor<fp32, [2]> d = mul(x = c, y = half)[name = string("d")];
    ///     tensor<fp32, [2]> y = mul(x = x, y = d)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     string y_mode_0 = const()[name = string("y_mode_0"), val = string("TANH_APPROXIMATION")];
    ///     tensor<fp32, [2]> y = gelu(mode = y_mode_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseGeluTanh;
    id: "fuse_gelu_tanh",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_gelu_tanh_approximation")],
    patterns: [
        /// half of `x` times one plus `tanh` of a polynomial of `x`
        gelu(tanh),
    ],
}

fn gelu(rw: &mut Rewrite<'_>, tanh: OpId) -> Matched {
    rw.has_op("gelu")?;
    let scaled = rw.producer(tanh, "x", &["mul"])?;
    let polynomial = rw.beside(scaled, FRAC_2_SQRT_PI * FRAC_1_SQRT_2)?;
    let mut m = Match::of(tanh, &[scaled]);
    let polynomial = m.definition(rw, polynomial, &["add"])?;
    let mut miss = No::miss("the polynomial is not the sum of x and 0.044715 times its cube");
    let mut found = None;
    for (x, term) in rw.orders(polynomial)? {
        match m.attempt(|m| cubic_term(rw, m, term, x)) {
            Ok(()) => found = Some(x),
            // What comes of a product says more than what does not.
            Err(no) if m.attempt(|m| m.definition(rw, term, &["mul"])).is_ok() => miss = no,
            Err(_) => {}
        }
    }
    let x = found.ok_or(miss)?;
    let sum = rw.only_user(tanh)?;
    No::unless(rw.is(sum, &["add"]), "tanh is not followed by add")?;
    rw.beside(sum, 1.0)?;
    let m = half_of_product(rw, x, sum, m)?;
    m.closed(rw)?;
    m.replace(rw, NewOp::new("gelu").with("x", x).with("mode", Tensor::string("TANH_APPROXIMATION")))
}

/// `0.044715 * x^3`.
fn cubic_term(rw: &Rewrite<'_>, m: &mut Match, term: ValueId, x: ValueId) -> Result<(), No> {
    let term = m.definition(rw, term, &["mul"])?;
    let cube = rw.beside(term, 0.044715)?;
    let cube = m.definition(rw, cube, &["pow", "mul"])?;
    if rw.is(cube, &["pow"]) {
        return No::unless(rw.beside(cube, 3.0)? == x, "the power is not that of x");
    }
    let square = rw.other_operand(cube, x)?;
    let square = m.definition(rw, square, &["square", "mul", "pow"])?;
    let of = match &**rw.graph().op(square).kind() {
        "pow" => rw.beside(square, 2.0)?,
        "mul" => rw.other_operand(square, x)?,
        _ => rw.input(square, "x")?,
    };
    No::unless(of == x, "the square is not that of x")
}
