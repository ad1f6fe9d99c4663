//! A number that is known up to the symbols of the inputs, and what can be computed with it.

use mil_ir::{Bounds, SymExpr, SymRange};
use mil_tensor::DType;

/// Fractions of the finest number: all types of floats have them.
const MOST_BITS: u32 = 14;

/// A whole number over a power of two: what integers hold, and floats that sizes go through.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Number {
    numerator: SymExpr,
    /// The denominator's exponent.
    bits: u32,
}

/// What is known of a result: the number itself, or at least its bounds if it is whole.
pub(super) struct Known {
    number: Option<Number>,
    bounds: Bounds,
}

impl Number {
    pub(super) fn whole(numerator: SymExpr) -> Number {
        Number { numerator, bits: 0 }
    }

    /// `None` for one with too fine a fraction, or too large, and for -0, which no fraction is.
    pub(super) fn from_f64(mut value: f64) -> Option<Number> {
        if value == 0.0 && value.is_sign_negative() {
            return None;
        }
        let mut bits = 0;
        while value.fract() != 0.0 && bits < MOST_BITS {
            (value, bits) = (value * 2.0, bits + 1);
        }
        let whole = value.fract() == 0.0 && value.abs() <= (1_u64 << f64::MANTISSA_DIGITS) as f64;
        whole.then(|| Number { numerator: SymExpr::constant(value as i64), bits })
    }

    /// As an expression, where it is a whole number.
    pub(super) fn as_whole(&self) -> Option<&SymExpr> {
        (self.bits == 0).then_some(&self.numerator)
    }

    /// As a float, where it is known and no symbol stands for it.
    pub(super) fn as_f64(&self) -> Option<f64> {
        let numerator = self.numerator.as_constant()?;
        let exact = numerator.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS;
        exact.then(|| numerator as f64 / f64::from(1_u32 << self.bits))
    }

    /// With the smallest denominator.
    fn reduced(mut numerator: SymExpr, mut bits: u32) -> Option<Number> {
        while bits > 0 && numerator.modulo(2).and_then(|rest| rest.as_constant()) == Some(0) {
            (numerator, bits) = (numerator.floor_div(2)?, bits - 1);
        }
        (bits <= MOST_BITS).then_some(Number { numerator, bits })
    }

    /// The numerator over a larger denominator.
    fn over(&self, bits: u32) -> Option<SymExpr> {
        self.numerator.checked_mul(&SymExpr::constant(1 << (bits - self.bits)))
    }

    /// Computes on numerators over one denominator.
    fn along(
        &self,
        other: &Number,
        bounds: fn(Bounds, Bounds) -> Bounds,
        with: fn(&SymExpr, &SymExpr) -> Option<SymExpr>,
    ) -> Known {
        let bits = self.bits.max(other.bits);
        let both = self.over(bits).zip(other.over(bits));
        let number = both.and_then(|(a, b)| Number::reduced(with(&a, &b)?, bits));
        Known { number, bounds: bounds(self.bounds(), other.bounds()) }
    }

    pub(super) fn plus(&self, other: &Number) -> Known {
        self.along(other, Bounds::plus, SymExpr::checked_add)
    }

    pub(super) fn minus(&self, other: &Number) -> Known {
        self.along(other, Bounds::minus, SymExpr::checked_sub)
    }

    pub(super) fn maximum(&self, other: &Number) -> Known {
        self.along(other, Bounds::maximum, SymExpr::maximum)
    }

    pub(super) fn minimum(&self, other: &Number) -> Known {
        self.along(other, Bounds::minimum, SymExpr::minimum)
    }

    pub(super) fn times(&self, other: &Number) -> Known {
        let product = self.numerator.checked_mul(&other.numerator);
        let number = product.and_then(|product| Number::reduced(product, self.bits + other.bits));
        Known { number, bounds: self.bounds().times(other.bounds()) }
    }

    /// The product of floats. Zeros have signs, which are not followed: nothing is known where it may be -0.
    pub(super) fn times_of_floats(&self, other: &Number) -> Known {
        let known = self.times(other);
        let is_safe = self.is_positive() && other.is_positive();
        Known { number: known.number.filter(|product| is_safe || !product.may_be_zero()), ..known }
    }

    /// It is 0 or more.
    fn is_positive(&self) -> bool {
        matches!(self.numerator.bounds(), Bounds { lower: Some(0..), .. })
    }

    fn may_be_zero(&self) -> bool {
        let bounds = self.numerator.bounds();
        bounds.lower.is_none_or(|lower| lower <= 0) && bounds.upper.is_none_or(|upper| upper >= 0)
    }

    /// The quotient of floats, by a power of two; nothing is known of others, which may be rounded.
    pub(super) fn divided(&self, other: &Number) -> Known {
        let divide = || {
            let divisor = other.numerator.as_constant().filter(|divisor| *divisor > 0)?;
            let bits = divisor.trailing_zeros();
            let number = self.over(self.bits + other.bits)?;
            (divisor == 1 << bits).then(|| Number::reduced(number, self.bits + bits))?
        };
        Known { number: divide(), bounds: UNBOUNDED }
    }

    /// The quotient of integers, rounded down. By 0 it is 0, and by negative numbers it is not followed.
    pub(super) fn floor_div(&self, other: &Number) -> Known {
        let divisor = other.as_whole().and_then(SymExpr::as_constant).unwrap_or(0);
        let number = self.as_whole().and_then(|number| number.floor_div(divisor));
        Known { number: number.map(Number::whole), bounds: self.bounds().floor_div(divisor) }
    }

    /// What the division of integers leaves.
    pub(super) fn modulo(&self, other: &Number) -> Known {
        let divisor = other.as_whole().and_then(SymExpr::as_constant).filter(|divisor| *divisor > 0);
        let number = self.as_whole().zip(divisor).and_then(|(number, divisor)| number.modulo(divisor));
        let bounds = divisor.map_or(UNBOUNDED, |divisor| Bounds { lower: Some(0), upper: Some(divisor - 1) });
        Known { number: number.map(Number::whole), bounds }
    }

    pub(super) fn floor(&self) -> Known {
        let number = self.numerator.floor_div(1 << self.bits);
        Known { number: number.map(Number::whole), bounds: self.numerator.bounds().floor_div(1 << self.bits) }
    }

    /// Of a float; -0, which is not followed, where it is little less than 0.
    pub(super) fn ceil(&self) -> Known {
        let number = self.raised().filter(|number| self.is_positive() || !number.may_be_zero());
        Known { number, bounds: UNBOUNDED }
    }

    fn raised(&self) -> Option<Number> {
        self.numerator.ceil_div(1 << self.bits).map(Number::whole)
    }

    /// Without its fraction.
    pub(super) fn truncated(&self) -> Known {
        match self.numerator.bounds() {
            _ if self.bits == 0 => self.itself(),
            Bounds { lower: Some(0..), .. } => self.floor(),
            Bounds { upper: Some(..=0), .. } => Known { number: self.raised(), bounds: UNBOUNDED },
            _ => Known { number: None, bounds: UNBOUNDED },
        }
    }

    pub(super) fn itself(&self) -> Known {
        Known { number: Some(self.clone()), bounds: self.bounds() }
    }

    /// Of a whole number.
    fn bounds(&self) -> Bounds {
        if self.bits == 0 { self.numerator.bounds() } else { UNBOUNDED }
    }

    /// The type has this number, whatever the symbols are: an integer does not wrap, a float is not rounded.
    pub(super) fn fits(&self, dtype: DType) -> bool {
        match (whole_range(dtype), exact(dtype)) {
            (Some((low, high)), _) => self.bits == 0 && self.numerator.bounds().within(low, high),
            (None, Some(most)) => self.numerator.bounds().within(-most, most),
            (None, None) => false,
        }
    }
}

impl Known {
    /// The result in its element type. An integer that may have wrapped, or whose expression grew too large,
    /// is a symbol of this name from here on: equal to itself alone.
    pub(super) fn settle(self, dtype: DType, name: impl FnOnce() -> String) -> Option<Number> {
        if let Some(number) = self.number.as_ref().filter(|number| number.fits(dtype)) {
            return Some(number.clone());
        }
        let (low, high) = whole_range(dtype)?;
        let (low, high) = match self.bounds {
            Bounds { lower: Some(lower), upper: Some(upper) } if low <= lower && upper <= high => {
                (lower, upper)
            }
            _ => (low, high),
        };
        Some(Number::whole(SymExpr::ranged(&name(), SymRange::Between(low, Some(high)))))
    }
}

const UNBOUNDED: Bounds = Bounds { lower: None, upper: None };

/// What integers of this type can be; `None` for types that are not followed.
fn whole_range(dtype: DType) -> Option<(i64, i64)> {
    let (low, high) = dtype.int_range().filter(|_| !dtype.is_sub_byte())?;
    Some((i64::try_from(low).ok()?, i64::try_from(high).ok()?))
}

/// Up to this magnitude a float of this type has every numerator, over any denominator that is followed.
fn exact(dtype: DType) -> Option<i64> {
    match dtype {
        DType::Fp16 => Some(1 << 11),
        DType::Fp32 => Some(1 << 24),
        _ => None,
    }
}

/// Elements of this type are followed.
pub(super) fn is_followed(dtype: DType) -> bool {
    whole_range(dtype).is_some() || exact(dtype).is_some()
}
