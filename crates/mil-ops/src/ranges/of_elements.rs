//! Ranges of what is computed element by element, and of sums.

use std::f64::consts::{FRAC_PI_2, PI};

use super::{Range, Site};

/// The least value of `silu`, and of `gelu` in all its forms, from below.
const SILU_LEAST: f64 = -0.2785;
const GELU_LEAST: f64 = -0.1701;

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn softplus(x: f64) -> f64 {
    if x > 30.0 { x } else { x.exp().ln_1p() }
}

/// Of a function that lies between 0 and `x` from 0 on, and between `least` and 0 before.
fn gated(x: Range, least: f64) -> Range {
    let low = if x.low < 0.0 { least.max(x.low) } else { 0.0 };
    Range { low, high: x.high.max(0.0), is_loose: x.is_loose }
}

impl Site<'_> {
    pub(super) fn of_elements(&self) -> Option<Vec<Range>> {
        let x = || self.input("x");
        let y = || self.input("y");
        let one = match self.call.def().name {
            "add" => x().plus(y()),
            "sub" => x().minus(y()),
            "mul" if self.is_same() => x().squared(),
            "mul" => x().times(y()),
            "real_div" if self.is_same() => Range::new(1.0, 1.0),
            "real_div" => x().over(y()),
            "floor_div" => x().over(y()).rising(f64::floor),
            "mod" if y().low > 0.0 => Range::new(0.0, y().high),
            "maximum" => x().at_ends(y(), f64::max),
            "minimum" => x().at_ends(y(), f64::min),
            "pow" => self.power()?,
            "square" => x().squared(),
            "abs" => x().magnitudes(),
            "sqrt" => x().rising(|x| x.max(0.0).sqrt()),
            "exp" => x().rising(f64::exp),
            "exp2" => x().rising(f64::exp2),
            "log" => {
                let epsilon = self.number("epsilon")?;
                x().rising(|x| (x + epsilon).max(epsilon).max(0.0).ln())
            }
            // What divides by nearly nothing is not expected to.
            "rsqrt" => {
                let epsilon = self.number("epsilon")?;
                let root = x().plus(Range::new(epsilon, epsilon)).rising(|x| x.max(0.0).sqrt());
                Range::new(1.0, 1.0).over(root).loose()
            }
            "inverse" => {
                let epsilon = self.number("epsilon")?;
                Range::new(1.0, 1.0).over(x().plus(Range::new(epsilon, epsilon))).loose()
            }
            "sin" | "cos" | "erf" | "softsign" | "sign" => Range::new(-1.0, 1.0),
            "tanh" => x().rising(f64::tanh).and(Range::new(-1.0, 1.0)),
            "asin" | "atan" => Range::new(-FRAC_PI_2, FRAC_PI_2),
            "acos" => Range::new(0.0, PI),
            "sinh" => x().rising(f64::sinh),
            "cosh" => x().magnitudes().rising(f64::cosh),
            "ceil" => x().rising(f64::ceil),
            "floor" => x().rising(f64::floor),
            "round" => x().rising(f64::round_ties_even),
            "cast" => self.cast()?,
            "equal" | "not_equal" | "greater" | "greater_equal" | "less" | "less_equal" | "logical_and"
            | "logical_or" | "logical_xor" | "logical_not" => Range::new(0.0, 1.0),
            "clip" => {
                let (alpha, beta) = (self.call.float("alpha").ok()?, self.call.float("beta").ok()?);
                x().clamped(alpha, beta)
            }
            "threshold" => {
                let alpha = self.number("alpha")?;
                x().clamped(alpha, f64::INFINITY)
            }
            "relu" => x().clamped(0.0, f64::INFINITY),
            "relu6" => x().clamped(0.0, 6.0),
            "clamped_relu" => self.leaky(self.input("alpha")).rising({
                let beta = self.number("beta")?;
                move |x| x.min(beta)
            }),
            "leaky_relu" | "prelu" => self.leaky(self.input("alpha")),
            "elu" => {
                let alpha = self.number("alpha")?;
                let below = |x: f64| if x < 0.0 { alpha * x.exp_m1() } else { x };
                if alpha >= 0.0 { x().rising(below) } else { return None }
            }
            "thresholded_relu" => x().or_zero(),
            "linear_activation" => x().times(self.input("alpha")).plus(self.input("beta")),
            "sigmoid" => x().rising(sigmoid).and(Range::new(0.0, 1.0)),
            "sigmoid_hard" | "softmax" => Range::new(0.0, 1.0),
            "scaled_tanh" => {
                let most = self.number("alpha")?.abs();
                Range::new(-most, most)
            }
            "softplus" => x().rising(softplus),
            "silu" => gated(x(), SILU_LEAST),
            "gelu" => gated(x(), GELU_LEAST),
            "reduce_sum" => x().summed(self.reduced()),
            "reduce_l1_norm" => x().magnitudes().summed(self.reduced()),
            "reduce_sum_square" => x().squared().summed(self.reduced()),
            "reduce_l2_norm" => x().squared().summed(self.reduced()).rising(f64::sqrt),
            "reduce_log_sum" => x().summed(self.reduced()).rising(|x| x.max(0.0).ln()),
            "reduce_log_sum_exp" => {
                let most = self.reduced().ln();
                x().or(x().plus(Range::new(most, most)))
            }
            // The first sums are short.
            "cumsum" => x().or(x().summed(self.along("axis"))).or_zero(),
            _ => return None,
        };
        Some(vec![one])
    }

    /// Where below 0 a slope counts.
    fn leaky(&self, slope: Range) -> Range {
        let x = self.input("x");
        let (below, above) = (x.rising(|x| x.min(0.0)), x.rising(|x| x.max(0.0)));
        below.times(slope).or(above)
    }

    fn power(&self) -> Option<Range> {
        let (x, y) = (self.input("x"), self.input("y"));
        match y.low == y.high {
            true if y.low == 2.0 => Some(x.squared()),
            true if y.low > 0.0 && y.low.rem_euclid(2.0) == 0.0 => {
                Some(x.magnitudes().rising(|x| x.powf(y.low)))
            }
            true if y.low > 0.0 && y.low.rem_euclid(2.0) == 1.0 => Some(x.rising(|x| x.powf(y.low))),
            _ if x.low > 0.0 => Some(x.at_ends(y, f64::powf)),
            _ => None,
        }
    }

    /// What a type has not is clamped by whoever asks for the range; a cast to integers drops fractions.
    fn cast(&self) -> Option<Range> {
        let to = self.call.string("dtype").ok()?;
        let x = self.input("x");
        match to {
            "bool" => Some(Range::new(0.0, 1.0)),
            "fp16" | "fp32" | "fp64" => Some(x),
            _ => Some(x.rising(f64::trunc)),
        }
    }
}
