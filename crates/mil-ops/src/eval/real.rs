//! Floating-point numbers that kernels compute with.

use super::Stored;

/// `f32` or `f64`. Functions are those of `libm`: the same on every machine.
pub trait Real:
    Stored
    + Copy
    + PartialOrd
    + std::fmt::Debug
    + std::iter::Sum
    + ndarray::LinalgScalar
    + std::ops::Neg<Output = Self>
    + std::ops::AddAssign
    + std::ops::SubAssign
    + std::ops::MulAssign
    + std::ops::DivAssign
{
    /// Not a number.
    const NAN: Self;
    /// Positive infinity.
    const INFINITY: Self;
    /// The largest finite number.
    const MAX: Self;

    /// Rounded from an `f64`.
    fn of(value: f64) -> Self;
    /// Exact.
    fn wide(self) -> f64;
    /// Magnitude.
    fn abs(self) -> Self;
    /// Correctly rounded root.
    fn sqrt(self) -> Self;
    /// Largest integer that is not greater.
    fn floor(self) -> Self;
    /// Smallest integer that is not less.
    fn ceil(self) -> Self;
    /// Nearest integer, halves to even.
    fn round_even(self) -> Self;
    /// Integer part.
    fn trunc(self) -> Self;
    /// Not a number.
    fn is_nan(self) -> bool;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// Its sign is minus; so is that of `-0`.
    fn is_negative(self) -> bool;
    #[allow(missing_docs, reason = "the name of the function says it")]
    fn exp(self) -> Self;
    #[allow(missing_docs, reason = "the name of the function says it")]
    fn exp2(self) -> Self;
    /// `exp(x) - 1`, accurate near zero.
    fn exp_m1(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// `ln(1 + x)`, accurate near zero.
    fn ln_1p(self) -> Self;
    #[allow(missing_docs, reason = "the name of the function says it")]
    fn sin(self) -> Self;
    #[allow(missing_docs, reason = "the name of the function says it")]
    fn cos(self) -> Self;
    #[allow(missing_docs, reason = "the name of the function says it")]
    fn tan(self) -> Self;
    #[allow(missing_docs, reason = "the name of the function says it")]
    fn asin(self) -> Self;
    #[allow(missing_docs, reason = "the name of the function says it")]
    fn acos(self) -> Self;
    #[allow(missing_docs, reason = "the name of the function says it")]
    fn atan(self) -> Self;
    #[allow(missing_docs, reason = "the name of the function says it")]
    fn sinh(self) -> Self;
    #[allow(missing_docs, reason = "the name of the function says it")]
    fn cosh(self) -> Self;
    #[allow(missing_docs, reason = "the name of the function says it")]
    fn tanh(self) -> Self;
    #[allow(missing_docs, reason = "the name of the function says it")]
    fn atanh(self) -> Self;
    /// Error function.
    fn erf(self) -> Self;
    /// Complementary error function.
    fn erfc(self) -> Self;
    /// Power.
    fn pow(self, exponent: Self) -> Self;
    /// Remainder of the truncated quotient.
    fn rem(self, divisor: Self) -> Self;

    /// The larger one; NaN if one is.
    fn larger(self, other: Self) -> Self {
        if self.is_nan() || self > other { self } else { other }
    }

    /// The smaller one; NaN if one is.
    fn smaller(self, other: Self) -> Self {
        if self.is_nan() || self < other { self } else { other }
    }

    /// `1 / (1 + exp(-x))`.
    fn sigmoid(self) -> Self {
        Self::one() / (Self::one() + (-self).exp())
    }
}

macro_rules! real {
    ($rust:ty, $($method:ident => $function:ident),* $(,)?) => {
        impl Real for $rust {
            const NAN: $rust = <$rust>::NAN;
            const INFINITY: $rust = <$rust>::INFINITY;
            const MAX: $rust = <$rust>::MAX;
            #[allow(clippy::unnecessary_cast, reason = "one of the two types needs it")]
            #[inline]
            fn of(value: f64) -> $rust { value as $rust }
            #[allow(clippy::useless_conversion, reason = "one of the two types needs it")]
            #[inline]
            fn wide(self) -> f64 { f64::from(self) }
            #[inline]
            fn abs(self) -> $rust { <$rust>::abs(self) }
            #[inline]
            fn sqrt(self) -> $rust { <$rust>::sqrt(self) }
            #[inline]
            fn floor(self) -> $rust { <$rust>::floor(self) }
            #[inline]
            fn ceil(self) -> $rust { <$rust>::ceil(self) }
            #[inline]
            fn round_even(self) -> $rust { <$rust>::round_ties_even(self) }
            #[inline]
            fn trunc(self) -> $rust { <$rust>::trunc(self) }
            #[inline]
            fn is_nan(self) -> bool { <$rust>::is_nan(self) }
            #[inline]
            fn is_finite(self) -> bool { <$rust>::is_finite(self) }
            #[inline]
            fn is_negative(self) -> bool { self.is_sign_negative() }
            #[inline]
            fn rem(self, divisor: $rust) -> $rust { self % divisor }
            $(#[inline] fn $method(self) -> $rust { libm::$function(self) })*
            #[inline]
            fn pow(self, exponent: $rust) -> $rust { power(self, exponent) }
        }
    };
}

real!(
    f32, exp => expf, exp2 => exp2f, exp_m1 => expm1f, ln => logf, ln_1p => log1pf, sin => sinf, cos => cosf,
    tan => tanf, asin => asinf, acos => acosf, atan => atanf, sinh => sinhf, cosh => coshf, tanh => tanhf,
    atanh => atanhf, erf => erff, erfc => erfcf,
);
real!(
    f64, exp => exp, exp2 => exp2, exp_m1 => expm1, ln => log, ln_1p => log1p, sin => sin, cos => cos,
    tan => tan, asin => asin, acos => acos, atan => atan, sinh => sinh, cosh => cosh, tanh => tanh,
    atanh => atanh, erf => erf, erfc => erfc,
);

/// `pow` of either type, with the square as a product: it is the usual exponent, and exact.
fn power<F: Power>(base: F, exponent: F) -> F {
    if exponent == F::TWO { base * base } else { base.raise(exponent) }
}

trait Power: Copy + PartialEq + std::ops::Mul<Output = Self> {
    const TWO: Self;
    fn raise(self, exponent: Self) -> Self;
}

impl Power for f32 {
    const TWO: f32 = 2.0;
    fn raise(self, exponent: f32) -> f32 {
        libm::powf(self, exponent)
    }
}

impl Power for f64 {
    const TWO: f64 = 2.0;
    fn raise(self, exponent: f64) -> f64 {
        libm::pow(self, exponent)
    }
}
