use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Matched, No, OptionMap, Rewrite, pass};
use mil_tensor::Tensor;

use crate::constants::broadcast;

pass! {
    /// Removes a `select` whose condition is constant.
    ///
    /// Where the condition is the same everywhere, the branch that it takes remains, if it has the shape of
    /// the result.
    ///
    /// Where the other branch is infinite everywhere, as in a mask of attention, adding a constant does the
    /// same: infinity where the condition takes it, else 0. That is right only if the branch that is added to
    /// is finite where it is masked: infinity of the other sign, or what is not a number, would make a number
    /// of neither. Nothing in a program proves it, so it must be said with `assume_finite`; coremltools
    /// assumes it, and so does its id.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x, tensor<fp32, [2]> w) {
    ///     bool c = const()[name = string("c"), val = bool(true)];
    ///     tensor<fp32, [2]> y = select(a = x, b = w, cond = c)[name = string("y")];
    ///     tensor<fp32, [2]> z = exp(x = y)[name = string("z")];
    /// } -> (z);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x, tensor<fp32, [2]> w) {
    ///     tensor<fp32, [2]> z = exp(x = x)[name = string("z")];
    /// } -> (z);
    /// ```
    pub struct SelectOptimization {
        /// The branch beside an infinite one is taken to be finite.
        pub assume_finite: bool = false,
    }
    id: "select_optimization",
    numerics: Rounding,
    aliases: [Alias { id: "common::select_optimization", adapt }],
    patterns: [
        /// `select` by a condition that is the same everywhere
        same_everywhere(select),
        /// `select` of infinity by a constant condition
        infinite(select) with options,
    ],
}

/// coremltools always assumes it.
fn adapt(mut options: OptionMap) -> Result<OptionMap, String> {
    options.entry("assume_finite").or_insert(true.into());
    Ok(options)
}

fn same_everywhere(rw: &mut Rewrite<'_>, select: OpId) -> Matched {
    let condition = rw.constant(select, "cond")?;
    let taken = condition.splat_value()?.ok_or(No::miss("the condition is not the same everywhere"))?;
    let branch = rw.input(select, if taken != 0.0 { "a" } else { "b" })?;
    rw.same_type(branch, rw.result(select)?)?;
    rw.replace_with_existing(select, &[branch], &[])
}

fn infinite(pass: &SelectOptimization, rw: &mut Rewrite<'_>, select: OpId) -> Matched {
    let condition = rw.constant(select, "cond")?;
    let mut miss = No::miss("no branch is constant");
    for (param, other, masks) in [("a", "b", 1.0), ("b", "a", 0.0)] {
        let Ok(fill) = rw.constant(select, param) else { continue };
        if !fill.dtype().is_float() || !fill.all(f64::is_infinite)? {
            miss = No::miss("the constant branch is not infinite");
            continue;
        }
        No::unless(pass.assume_finite, "the other branch may not be finite")?;
        let x = rw.input(select, other)?;
        let mask = masked(&condition, &fill, masks)?;
        return rw.replace(select, NewOp::new("add").with("x", mask).with("y", x), &[]);
    }
    Err(miss)
}

/// The fill where the condition is `masks`, else 0.
fn masked(condition: &Tensor, fill: &Tensor, masks: f64) -> Result<Tensor, No> {
    let (shape, [condition, values]) = broadcast(condition, fill)?;
    let masked =
        condition.iter().zip(values).map(|(&condition, value)| if condition == masks { value } else { 0.0 });
    Ok(Tensor::from_f64s(fill.dtype(), &shape, &masked.collect::<Vec<f64>>())?)
}
