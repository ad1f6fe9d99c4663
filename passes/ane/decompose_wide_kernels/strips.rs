//! How a kernel is cut along one axis.

/// One axis under a kernel.
pub(super) struct Axis {
    /// Elements.
    pub(super) size: usize,
    /// Elements of the result.
    pub(super) count: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) dilation: usize,
    pub(super) pads: (usize, usize),
}

impl Axis {
    /// Every window lies within the padded elements, and no further one would.
    pub(super) fn is_exact(&self) -> bool {
        let padded = self.pads.0 + self.size + self.pads.1;
        padded.checked_sub(self.kernel).is_some_and(|rest| rest / self.stride + 1 == self.count)
    }
}

/// A part of a kernel along one axis.
#[derive(Clone, Copy)]
pub(super) struct Strip {
    /// The first tap, and the one behind the last.
    pub(super) taps: (usize, usize),
    /// The elements that it meets: the first, and the one behind the last.
    pub(super) reach: (usize, usize),
    /// What it adds in front and behind.
    pub(super) pads: (i64, i64),
}

/// Strips of at most `limit` taps, about equally wide, without those that meet nothing but padding.
pub(super) fn strips(axis: &Axis, limit: usize) -> Vec<Strip> {
    let parts = axis.kernel.div_ceil(limit);
    let cut = |part: usize| part * axis.kernel / parts;
    let strip = |part: usize| {
        let taps = (cut(part), cut(part + 1));
        let first = (taps.0 * axis.dilation) as i64 - axis.pads.0 as i64;
        let reach =
            (axis.count.saturating_sub(1) * axis.stride + (taps.1 - taps.0 - 1) * axis.dilation) as i64;
        let (end, size) = (first + reach + 1, axis.size as i64);
        let (begin, behind) = (first.clamp(0, size), end.clamp(0, size));
        (begin < behind).then_some(Strip {
            taps,
            reach: (begin as usize, behind as usize),
            pads: ((-first).max(0), (end - size).max(0)),
        })
    };
    (0..parts).filter_map(strip).collect()
}

/// Kernel, stride and padding of pools that do one after the other what a wide one does.
pub(super) fn pool_stages(axis: &Axis, limit: usize) -> Vec<(usize, usize, (usize, usize))> {
    if axis.kernel <= limit {
        return vec![(axis.kernel, axis.stride, axis.pads)];
    }
    if axis.stride == axis.kernel
        && axis.pads == (0, 0)
        && let Some(factors) = factors(axis.kernel, limit)
    {
        return factors.into_iter().map(|factor| (factor, factor, (0, 0))).collect();
    }
    let (reach, most) = (axis.kernel - 1, limit - 1);
    let parts = reach.div_ceil(most);
    let mut left = axis.pads;
    let stage = |part: usize| {
        let own = (part + 1) * reach / parts - part * reach / parts;
        let pads = if part + 1 == parts { left } else { (left.0.min(own), left.1.min(own)) };
        left = (left.0 - pads.0, left.1 - pads.1);
        (own + 1, if part + 1 == parts { axis.stride } else { 1 }, pads)
    };
    (0..parts).map(stage).collect()
}

/// Factors of at most `limit`, the largest first.
fn factors(mut number: usize, limit: usize) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    while number > 1 {
        let factor = (2..=limit.min(number)).rev().find(|&factor| number.is_multiple_of(factor))?;
        found.push(factor);
        number /= factor;
    }
    Some(found)
}
