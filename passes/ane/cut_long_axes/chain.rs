//! A chain of ops along an axis, and which part of each value a part of the end depends on.

use mil_ir::{OpId, ValueId};
use mil_ops::Trait;
use mil_pass::{No, Rewrite};

/// Ops from where an axis becomes long to where it is short again.
pub(super) struct Chain {
    /// What goes in, still short.
    pub(super) x: ValueId,
    pub(super) links: Vec<Link>,
}

/// One op of a chain.
pub(super) struct Link {
    pub(super) op: OpId,
    /// The long axis of its input, and its size.
    pub(super) axis_in: usize,
    pub(super) size: usize,
    /// The long axis of its result, and its size.
    pub(super) axis_out: usize,
    pub(super) count: usize,
    /// Shape of its result.
    pub(super) shape: Vec<usize>,
    pub(super) reach: Reach,
}

/// What an element of a result depends on.
pub(super) enum Reach {
    /// The same place.
    Same,
    /// The same place, with axes of one element more or less beside.
    Shape,
    /// The place that was repeated.
    Repeat(usize),
    /// A window.
    Window(Window),
    /// What was spread over it: a transposed window.
    Spread(Window),
}

/// A kernel along the axis.
pub(super) struct Window {
    kernel: usize,
    pub(super) stride: usize,
    dilation: usize,
    /// Padding of all spatial axes, and which of them is the long one.
    pub(super) pads: Vec<i64>,
    pub(super) place: usize,
}

impl Window {
    fn reach(&self) -> usize {
        (self.kernel - 1) * self.dilation + 1
    }

    /// Places of the input that a part of the result looks at, padding included.
    fn seen(&self, (begin, end): (usize, usize)) -> (i64, i64) {
        let first = (begin * self.stride) as i64 - self.pads[2 * self.place];
        (first, first + ((end - begin - 1) * self.stride + self.reach()) as i64)
    }

    /// Padding that a part of the result needs in front and behind.
    pub(super) fn pads_of(&self, part: (usize, usize), size: usize) -> (i64, i64) {
        let (first, last) = self.seen(part);
        ((-first).max(0), (last - size as i64).max(0))
    }
}

impl Chain {
    /// The chain that begins at an op whose result is longer than the limit along one axis, while its input is
    /// not.
    pub(super) fn from(rw: &Rewrite<'_>, first: OpId, limit: usize) -> Result<Chain, No> {
        let x = rw.input(first, "x")?;
        let (before, after) = (rw.shape(x)?, rw.shape(rw.result(first)?)?);
        No::unless(before.len() == after.len(), "the ranks differ")?;
        let mut long = (0..after.len()).filter(|&axis| after[axis] > limit && before[axis] <= limit);
        let axis = long.next().filter(|_| long.next().is_none());
        let mut axis = axis.ok_or(No::miss("it does not make one axis longer than the limit"))?;
        let mut links = Vec::new();
        let mut op = first;
        loop {
            let link = Link::of(rw, op, axis)?;
            let is_end = link.count <= limit;
            axis = link.axis_out;
            links.push(link);
            if is_end {
                return Ok(Chain { x, links });
            }
            op = rw.only_user(op)?;
        }
    }

    /// For a part of the end, the part of each value that it depends on, from the beginning on; `None` where
    /// one is longer than the limit, or empty.
    pub(super) fn ranges(&self, part: (usize, usize), limit: usize) -> Option<Vec<(usize, usize)>> {
        let mut ranges = vec![part];
        let mut now = part;
        for link in self.links.iter().rev() {
            now = link.needs(now)?;
            if now.1 - now.0 > limit {
                return None;
            }
            ranges.push(now);
        }
        ranges.reverse();
        Some(ranges)
    }
}

impl Link {
    fn of(rw: &Rewrite<'_>, op: OpId, axis_in: usize) -> Result<Link, No> {
        let x = rw.input(op, "x")?;
        let (inner, shape) = (rw.shape(x)?, rw.shape(rw.result(op)?)?);
        let size = inner[axis_in];
        let mut axis_out = axis_in;
        let reach = match rw.graph().op(op).kind().as_str() {
            "upsample_nearest_neighbor" => {
                let factor = shape[axis_in] / size.max(1);
                No::unless(
                    factor * size == shape[axis_in],
                    "the axis is not repeated a whole number of times",
                )?;
                Reach::Repeat(factor)
            }
            "expand_dims" | "squeeze" => {
                // The axis that has as many elements before it.
                let before: usize = inner[..axis_in].iter().product();
                let place = (0..shape.len())
                    .find(|&axis| shape[axis] == size && shape[..axis].iter().product::<usize>() == before);
                axis_out = place.ok_or(No::miss("the long axis is lost"))?;
                Reach::Shape
            }
            "conv" => {
                let weight = rw.call(op)?.dims("weight")?.map(<[_]>::to_vec).unwrap_or_default();
                let kernel = weight.get(axis_in).and_then(|dim| dim.fixed());
                Reach::Window(window(rw, op, axis_in, inner.len(), kernel)?)
            }
            "conv_transpose" => {
                let weight = rw.call(op)?.dims("weight")?.map(<[_]>::to_vec).unwrap_or_default();
                let kernel = weight.get(axis_in).and_then(|dim| dim.fixed());
                let window = window(rw, op, axis_in, inner.len(), kernel)?;
                let pads = window.pads[2 * window.place] + window.pads[2 * window.place + 1];
                let plain = ((size - 1) * window.stride + window.reach()) as i64 - pads;
                No::unless(plain == shape[axis_in] as i64, "the size of its result is another")?;
                Reach::Spread(window)
            }
            "max_pool" | "avg_pool" | "l2_pool" => {
                let sizes = rw.call(op)?.ints("kernel_sizes")?;
                let place = axis_in.checked_sub(2).ok_or(No::miss("the long axis is not a spatial one"))?;
                let kernel = sizes.get(place).and_then(|&size| u64::try_from(size).ok());
                Reach::Window(window(rw, op, axis_in, inner.len(), kernel)?)
            }
            "batch_norm" if axis_in >= 2 => Reach::Same,
            kind if mil_ops::def(kind).is_some_and(|def| def.is(Trait::Elementwise)) => {
                No::unless(shape == inner, "an operand widens the result")?;
                for operand in rw.graph().op(op).operands().filter(|operand| operand.value() != Some(x)) {
                    let ty = rw.graph().operand_type(operand);
                    let own = ty.fixed_shape().ok_or(No::miss("a shape is not static"))?;
                    let place = (axis_in + own.len()).checked_sub(shape.len());
                    let is_same = place.and_then(|place| own.get(place)).is_none_or(|&size| size == 1);
                    No::unless(is_same, "another operand varies along the axis")?;
                }
                Reach::Same
            }
            kind => return Err(No::miss(format!("{kind} stands in the chain"))),
        };
        let link = Link { op, axis_in, size, axis_out, count: shape[axis_out], shape, reach };
        if let Reach::Window(window) = &link.reach {
            let behind = window.pads[2 * window.place] + window.pads[2 * window.place + 1];
            let rest =
                (link.size as i64 + behind).checked_sub(window.reach() as i64).filter(|rest| *rest >= 0);
            let count = rest.map(|rest| rest as usize / window.stride + 1);
            No::unless(count == Some(link.count), "the last window reaches beyond the padding")?;
        }
        Ok(link)
    }

    /// The part of the input that a part of the result depends on; `None` where it is empty.
    fn needs(&self, (begin, end): (usize, usize)) -> Option<(usize, usize)> {
        let (begin, end) = match &self.reach {
            Reach::Same | Reach::Shape => (begin, end),
            Reach::Repeat(factor) => (begin / factor, end.div_ceil(*factor)),
            Reach::Window(window) => {
                let (first, last) = window.seen((begin, end));
                let size = self.size as i64;
                (first.clamp(0, size) as usize, last.clamp(0, size) as usize)
            }
            Reach::Spread(window) => {
                // Element i reaches from i * stride - pad, as far as the kernel does.
                let pad = window.pads[2 * window.place];
                let (first, last) = (begin as i64 + pad, end as i64 - 1 + pad);
                let from = (first - window.reach() as i64 + 1).max(0) as usize;
                let to = usize::try_from(last).ok()? / window.stride + 1;
                (from.div_ceil(window.stride), to.min(self.size))
            }
        };
        (begin < end).then_some((begin, end))
    }
}

/// The kernel of an op along an axis.
fn window(rw: &Rewrite<'_>, op: OpId, axis: usize, rank: usize, kernel: Option<u64>) -> Result<Window, No> {
    let place = axis.checked_sub(2).ok_or(No::miss("the long axis is not a spatial one"))?;
    let call = rw.call(op)?;
    let spatial = rank - 2;
    let of_axis = |param: &str| -> Result<usize, No> {
        if call.version().param(param).is_none() {
            return Ok(1);
        }
        let value = call.ints(param)?.get(place).and_then(|&value| usize::try_from(value).ok());
        value.filter(|&value| value > 0).ok_or(No::miss("strides or dilations do not fit the kernel"))
    };
    let pads = match call.string("pad_type")? {
        "custom" => call.ints("pad")?,
        "valid" => vec![0; 2 * spatial],
        _ => return Err(No::miss("the padding is not given in numbers")),
    };
    No::unless(pads.len() == 2 * spatial, "the padding does not fit the kernel")?;
    let kernel = kernel.and_then(|kernel| usize::try_from(kernel).ok()).filter(|&kernel| kernel > 0);
    let kernel = kernel.ok_or(No::miss("the size of the kernel is not known"))?;
    Ok(Window { kernel, stride: of_axis("strides")?, dilation: of_axis("dilations")?, pads, place })
}
