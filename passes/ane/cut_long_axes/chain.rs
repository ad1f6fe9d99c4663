//! A chain of ops along an axis, and which part of each value a part of the end depends on.

use mil_ir::{OpId, ValueId};
use mil_ops::Trait;
use mil_pass::{No, Rewrite};

use crate::slices::bounds;

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
    /// The same place, so many further on; beyond both ends stands a constant.
    Pad(Padding),
    /// The same place, so many further back: the rest is cut off.
    Offset(usize),
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

/// Elements of a constant around a value.
pub(super) struct Padding {
    /// In front of and behind each axis that the op names, the last of the value being the last.
    pub(super) pads: Vec<i64>,
    /// Where in it the long axis stands.
    pub(super) place: usize,
    before: usize,
}

impl Padding {
    /// What a part of the result needs in front and behind.
    pub(super) fn pads_of(&self, (begin, end): (usize, usize), size: usize) -> (i64, i64) {
        let (before, behind) = (self.before.saturating_sub(begin), end.saturating_sub(self.before + size));
        (before as i64, behind as i64)
    }
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
            "conv" => Reach::Window(window(rw, op, axis_in, &inner, &filter(rw, op)?)?),
            "conv_transpose" => {
                No::unless(
                    matches!(rw.call(op)?.string("pad_type")?, "custom" | "valid"),
                    "the padding is not given in numbers",
                )?;
                let window = window(rw, op, axis_in, &inner, &filter(rw, op)?)?;
                let pads = window.pads[2 * window.place] + window.pads[2 * window.place + 1];
                let plain = ((size - 1) * window.stride + window.reach()) as i64 - pads;
                No::unless(plain == shape[axis_in] as i64, "the size of its result is another")?;
                Reach::Spread(window)
            }
            "max_pool" | "avg_pool" | "l2_pool" => {
                Reach::Window(window(rw, op, axis_in, &inner, &rw.call(op)?.ints("kernel_sizes")?)?)
            }
            "pad" => {
                let call = rw.call(op)?;
                No::unless(call.string("mode")? == "constant", "what is padded with varies")?;
                let pads = call.ints("pad")?;
                let named = (pads.len() / 2).min(inner.len());
                let place = (axis_in + named).checked_sub(inner.len());
                let place = place.ok_or(No::miss("it pads other axes"))?;
                let before = pads.get(2 * place).and_then(|&before| usize::try_from(before).ok());
                let before = before.ok_or(No::miss("it pads by less than nothing"))?;
                Reach::Pad(Padding { pads, place, before })
            }
            "slice_by_index" => {
                No::unless(shape.len() == inner.len(), "an axis falls away")?;
                let bounds = bounds(rw, op)?;
                let mut others = (0..inner.len()).filter(|&axis| axis != axis_in);
                let whole = others.all(|axis| bounds[axis] == (0, inner[axis], 1));
                No::unless(whole && bounds[axis_in].2 == 1, "it cuts off more than ends of the axis")?;
                Reach::Offset(bounds[axis_in].0)
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
            Reach::Offset(first) => (begin + first, end + first),
            Reach::Pad(padding) => {
                let inside = |place: usize| place.saturating_sub(padding.before).min(self.size);
                (inside(begin), inside(end))
            }
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

/// The spatial sizes of a convolution's filters.
fn filter(rw: &Rewrite<'_>, op: OpId) -> Result<Vec<i64>, No> {
    let dims = rw.call(op)?.dims("weight")?.map(<[_]>::to_vec).unwrap_or_default();
    let sizes = dims.iter().skip(2).map(|dim| dim.fixed().and_then(|size| i64::try_from(size).ok()));
    sizes.collect::<Option<Vec<i64>>>().ok_or(No::miss("the size of the kernel is not known"))
}

/// The kernel of an op along an axis.
fn window(rw: &Rewrite<'_>, op: OpId, axis: usize, shape: &[usize], kernel: &[i64]) -> Result<Window, No> {
    let place = axis.checked_sub(2).ok_or(No::miss("the long axis is not a spatial one"))?;
    let call = rw.call(op)?;
    let spatial = shape.len() - 2;
    let positive = |values: &[i64]| -> Option<Vec<usize>> {
        let values = values.iter().map(|&value| usize::try_from(value).ok().filter(|&value| value > 0));
        values.collect::<Option<Vec<usize>>>().filter(|values| values.len() == spatial)
    };
    let of_axes = |param: &str| -> Result<Vec<usize>, No> {
        if call.version().param(param).is_none() {
            return Ok(vec![1; spatial]);
        }
        positive(&call.ints(param)?).ok_or(No::miss("strides or dilations do not fit the kernel"))
    };
    let kernel = positive(kernel).ok_or(No::miss("the size of the kernel is not known"))?;
    let (strides, dilations) = (of_axes("strides")?, of_axes("dilations")?);
    let same = |lower: bool| {
        let of_axis = |axis: usize| {
            let reach = (kernel[axis] - 1) * dilations[axis] + 1;
            let covered = (shape[axis + 2].div_ceil(strides[axis]).max(1) - 1) * strides[axis] + reach;
            let total = covered.saturating_sub(shape[axis + 2]) as i64;
            let half = total / 2;
            if lower { [total - half, half] } else { [half, total - half] }
        };
        (0..spatial).flat_map(of_axis).collect::<Vec<i64>>()
    };
    let pads = match call.string("pad_type")? {
        "custom" => call.ints("pad")?,
        "valid" => vec![0; 2 * spatial],
        "same" => same(false),
        "same_lower" => same(true),
        _ => return Err(No::miss("the padding is not given in numbers")),
    };
    No::unless(pads.len() == 2 * spatial, "the padding does not fit the kernel")?;
    Ok(Window { kernel: kernel[place], stride: strides[place], dilation: dilations[place], pads, place })
}
