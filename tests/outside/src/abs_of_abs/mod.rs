use milopt::ir::OpId;
use milopt::pass::{Matched, No, Rewrite, pass};

pass! {
    /// Removes an `abs` of what is never negative.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> z = abs(x = x)[name = string("z")];
    ///     tensor<fp32, [2]> a = abs(x = z)[name = string("a")];
    ///     tensor<fp32, [2]> y = exp(x = a)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> z = abs(x = x)[name = string("z")];
    ///     tensor<fp32, [2]> y = exp(x = z)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct AbsOfAbs {
        /// Look behind `square` too.
        pub squares: bool = false,
    }
    id: "abs_of_abs",
    numerics: Exact,
    patterns: [
        /// `abs` of `abs`
        pair(abs),
        /// `abs` of `square`, if asked for
        square(abs) with options,
    ],
}

fn pair(rw: &mut Rewrite<'_>, outer: OpId) -> Matched {
    behind(rw, outer, "abs")
}

fn square(options: &AbsOfAbs, rw: &mut Rewrite<'_>, outer: OpId) -> Matched {
    No::unless(options.squares, "squares are not asked for")?;
    behind(rw, outer, "square")
}

/// The op is removed in favour of its operand, which comes from this op type.
fn behind(rw: &mut Rewrite<'_>, outer: OpId, kind: &str) -> Matched {
    let inner = rw.producer(outer, "x", &[kind])?;
    let value = rw.result(inner)?;
    rw.replace_with_existing(outer, &[value], &[])
}
