//! An interval of numbers, and arithmetic on it.

/// Where the elements of a tensor lie, NaN aside.
///
/// Infinite ends mean that nothing is known on that side. A range is *loose* where it is only a bound: sums of
/// products could come that far out if all their terms pointed one way, which they are not made to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// No element is less.
    pub low: f64,
    /// No element is greater.
    pub high: f64,
    /// Elements near the ends are not to be expected.
    pub is_loose: bool,
}

/// The largest finite number of fp16.
const FP16_MAX: f64 = 65504.0;

impl Range {
    /// Of which nothing is known.
    pub const ALL: Range = Range { low: f64::NEG_INFINITY, high: f64::INFINITY, is_loose: true };

    /// Between two numbers, both of which may be met.
    pub fn new(low: f64, high: f64) -> Range {
        match low <= high {
            true => Range { low, high, is_loose: false },
            false => Range::ALL,
        }
    }

    /// The same as a mere bound.
    #[must_use]
    pub fn loose(self) -> Range {
        Range { is_loose: true, ..self }
    }

    /// Both ends are numbers.
    pub fn is_bounded(&self) -> bool {
        self.low.is_finite() && self.high.is_finite()
    }

    /// The greatest magnitude.
    pub fn magnitude(&self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    /// Every element is a finite number of fp16, rounding aside.
    pub fn fits_fp16(&self) -> bool {
        self.magnitude() <= FP16_MAX
    }

    /// Elements beyond fp16 are to be expected.
    pub fn leaves_fp16(&self) -> bool {
        !self.is_loose && self.is_bounded() && !self.fits_fp16()
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn or(self, other: Range) -> Range {
        Range {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            is_loose: self.is_loose || other.is_loose,
        }
    }

    /// With 0.
    #[must_use]
    pub fn or_zero(self) -> Range {
        self.or(Range::new(0.0, 0.0))
    }

    /// What both hold of a value. A bound that another one overrules no longer counts as loose.
    #[must_use]
    pub fn and(self, other: Range) -> Range {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        let is_own = |range: Range| low == range.low && high == range.high;
        let is_loose = match (is_own(self), is_own(other)) {
            (true, true) => self.is_loose && other.is_loose,
            (true, false) => self.is_loose,
            (false, true) => other.is_loose,
            (false, false) => self.is_loose || other.is_loose,
        };
        if low <= high { Range { low, high, is_loose } } else { Range::ALL }
    }

    /// A function that never falls, of each element.
    #[must_use]
    pub fn rising(self, f: impl Fn(f64) -> f64) -> Range {
        let (low, high) = (f(self.low), f(self.high));
        match low <= high {
            true => Range { low, high, is_loose: self.is_loose },
            false => Range::ALL,
        }
    }

    /// With elements beyond two bounds put in their place. A bound that cuts is met.
    #[must_use]
    pub(super) fn clamped(self, least: f64, most: f64) -> Range {
        let is_cut = self.low < least && self.high > most;
        Range { is_loose: self.is_loose && !is_cut, ..self.rising(|value| value.max(least).min(most)) }
    }

    /// A function of each element of two operands, which is most extreme at ends of both: what it gives at
    /// pairs of ends, where 0 times infinity is 0.
    pub(super) fn at_ends(self, other: Range, f: impl Fn(f64, f64) -> f64) -> Range {
        let pairs =
            [(self.low, other.low), (self.low, other.high), (self.high, other.low), (self.high, other.high)];
        let found = pairs.map(|(a, b)| f(a, b)).map(|end| if end.is_nan() { 0.0 } else { end });
        let is_loose = self.is_loose || other.is_loose;
        let low = found.into_iter().fold(f64::INFINITY, f64::min);
        let high = found.into_iter().fold(f64::NEG_INFINITY, f64::max);
        Range { low, high, is_loose }
    }

    pub(super) fn plus(self, other: Range) -> Range {
        let is_loose = self.is_loose || other.is_loose;
        Range { low: self.low + other.low, high: self.high + other.high, is_loose }.checked()
    }

    pub(super) fn minus(self, other: Range) -> Range {
        self.plus(Range { low: -other.high, high: -other.low, ..other })
    }

    pub(super) fn times(self, other: Range) -> Range {
        self.at_ends(other, |a, b| a * b)
    }

    /// Nothing is known of a quotient whose divisor may be 0.
    pub(super) fn over(self, other: Range) -> Range {
        match other.low > 0.0 || other.high < 0.0 {
            true => self.at_ends(other, |a, b| a / b),
            false => Range::ALL,
        }
    }

    pub(super) fn magnitudes(self) -> Range {
        let low = if self.low <= 0.0 && self.high >= 0.0 { 0.0 } else { self.low.abs().min(self.high.abs()) };
        Range { low, high: self.magnitude(), is_loose: self.is_loose }
    }

    pub(super) fn squared(self) -> Range {
        self.magnitudes().rising(|value| value * value)
    }

    /// Sums of `count` elements, or of up to as many. That all of them point one way is to be expected only of
    /// elements of one sign.
    pub(super) fn summed(self, count: f64) -> Range {
        let has_both_signs = self.low < 0.0 && self.high > 0.0;
        let end = |end: f64| if end == 0.0 { 0.0 } else { end * count };
        Range { low: end(self.low), high: end(self.high), is_loose: self.is_loose || has_both_signs }
            .checked()
    }

    fn checked(self) -> Range {
        if self.low <= self.high { self } else { Range::ALL }
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = |value: f64| match value {
            value if value.is_infinite() => if value < 0.0 { "-∞" } else { "∞" }.to_owned(),
            value if value == 0.0 || (1e-3..1e5).contains(&value.abs()) => {
                format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            value => format!("{value:.2e}"),
        };
        write!(f, "[{}, {}]", end(self.low), end(self.high))
    }
}
