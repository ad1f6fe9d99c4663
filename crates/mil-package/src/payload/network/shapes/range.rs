//! What is known of a size.

use mil_ir::SizeRange;

/// Bounds of a size; no upper bound is infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) min: u64,
    pub(super) max: Option<u64>,
}

/// There is no such size.
pub(super) struct Empty;

pub(super) type Sized<T = ()> = Result<T, Empty>;

impl Range {
    pub(super) const FREE: Range = Range { min: 0, max: None };

    pub(super) fn exactly(size: u64) -> Range {
        Range { min: size, max: Some(size) }
    }

    pub(super) fn at_least(min: u64) -> Range {
        Range { min, max: None }
    }

    pub(super) fn new(min: u64, max: Option<u64>) -> Sized<Range> {
        if max.is_none_or(|max| min <= max) { Ok(Range { min, max }) } else { Err(Empty) }
    }

    pub(super) fn of(range: SizeRange) -> Range {
        Range { min: range.lower, max: u64::try_from(range.upper).ok() }
    }

    pub(super) fn map(self, change: impl Fn(u64) -> u64) -> Sized<Range> {
        Range::new(change(self.min), self.max.map(&change))
    }

    pub(super) fn meet(self, other: Range) -> Sized<Range> {
        let max = match (self.max, other.max) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Range::new(self.min.max(other.min), max)
    }

    pub(super) fn unite(self, other: Range) -> Range {
        Range { min: self.min.min(other.min), max: self.max.zip(other.max).map(|(a, b)| a.max(b)) }
    }

    /// Clamped at zero.
    pub(super) fn add(self, size: i64) -> Sized<Range> {
        self.map(|value| value.saturating_add_signed(size))
    }

    pub(super) fn times(self, factor: u64) -> Sized<Range> {
        self.map(|value| value.wrapping_mul(factor))
    }

    pub(super) fn over(self, divisor: i64) -> Sized<Range> {
        let divisor = u64::try_from(divisor).ok().filter(|&divisor| divisor > 0).ok_or(Empty)?;
        self.map(|value| value / divisor)
    }

    pub(super) fn over_up(self, divisor: i64) -> Sized<Range> {
        let divisor = u64::try_from(divisor).ok().filter(|&divisor| divisor > 0).ok_or(Empty)?;
        self.map(|value| value.div_ceil(divisor))
    }

    pub(super) fn plus(self, other: Range) -> Sized<Range> {
        let max = self.max.zip(other.max).map(|(a, b)| a.wrapping_add(b));
        Range::new(self.min.wrapping_add(other.min), max)
    }

    pub(super) fn by(self, other: Range) -> Sized<Range> {
        let max = self.max.zip(other.max).map(|(a, b)| a.wrapping_mul(b));
        Range::new(self.min.wrapping_mul(other.min), max)
    }

    pub(super) fn is_fixed(self) -> bool {
        self.max == Some(self.min)
    }
}

/// The range that holds some sizes.
pub(super) fn hull(sizes: impl Iterator<Item = u64>) -> Sized<Range> {
    let range = sizes.map(Range::exactly).reduce(Range::unite);
    range.ok_or(Empty)
}
