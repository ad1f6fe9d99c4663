use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Alias, Match, Matched, No, Rewrite, pass};

pass! {
    /// Makes `abs` of the square root of a square, and nothing of the square of a square root.
    ///
    /// `sqrt(x^2)` is `x` only where `x` is not negative. `sqrt(x)^2` is not a number below 0, and stays
    /// unless `x` is known not to be negative, from the op that makes it. A square that was too large or too
    /// small for the element type no longer is. The value between must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 two = const()[name = string("two"), val = fp32(2.0)];
    ///     tensor<fp32, [2]> p = pow(x = x, y = two)[name = string("p")];
    ///     tensor<fp32, [2]> y = sqrt(x = p)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> y = abs(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FusePow2Sqrt;
    id: "fuse_pow2_sqrt",
    numerics: Rounding,
    aliases: [Alias::plain("mil_backend::fuse_pow2_sqrt")],
    patterns: [
        /// `sqrt` of `pow` with exponent 2
        root_of_power(sqrt),
        /// `sqrt` of `square`, or of a value times itself
        ours root_of_square(sqrt),
        /// the square of `sqrt`
        square_of_root(pow | square | mul),
    ],
}

/// The ops that may square a value.
const SQUARES: &[&str] = &["pow", "square", "mul"];

/// Ops whose results are not negative.
const NOT_NEGATIVE: &[&str] = &[
    "abs",
    "exp",
    "exp2",
    "reduce_l1_norm",
    "reduce_l2_norm",
    "reduce_sum_square",
    "relu",
    "relu6",
    "sigmoid",
    "softmax",
    "softplus",
    "sqrt",
];

fn root_of_power(rw: &mut Rewrite<'_>, root: OpId) -> Matched {
    root_of(rw, root, &["pow"])
}

fn root_of_square(rw: &mut Rewrite<'_>, root: OpId) -> Matched {
    root_of(rw, root, &["square", "mul"])
}

fn root_of(rw: &mut Rewrite<'_>, root: OpId, squares: &[&str]) -> Matched {
    let square = rw.producer(root, "x", squares)?;
    let x = squared(rw, square)?;
    rw.used_only_by(square, root)?;
    let kind = if is_not_negative(rw, x) { "identity" } else { "abs" };
    rw.replace(root, NewOp::new(kind).with("x", x), &[square])
}

fn square_of_root(rw: &mut Rewrite<'_>, square: OpId) -> Matched {
    let mut m = Match::ending(square);
    let root = m.definition(rw, squared(rw, square)?, &["sqrt"])?;
    m.closed(rw)?;
    let x = rw.input(root, "x")?;
    No::unless(is_not_negative(rw, x), "the value may be negative, and its root not a number")?;
    m.replace(rw, NewOp::new("identity").with("x", x))
}

/// The value that an op squares.
fn squared(rw: &Rewrite<'_>, op: OpId) -> Result<ValueId, No> {
    match &**rw.graph().op(op).kind() {
        "pow" => rw.beside(op, 2.0),
        "square" => rw.input(op, "x"),
        _ => {
            let x = rw.input(op, "x")?;
            No::unless(rw.input(op, "y")? == x, "the product is not a square")?;
            Ok(x)
        }
    }
}

/// A value is known not to be negative: because of the op that makes it, wherever that stands.
fn is_not_negative(rw: &Rewrite<'_>, value: ValueId) -> bool {
    let squares = |op| squared(rw, op).is_ok();
    rw.definition_anywhere(value, NOT_NEGATIVE).is_ok()
        || rw.definition_anywhere(value, SQUARES).is_ok_and(squares)
}
