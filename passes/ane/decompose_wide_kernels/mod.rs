mod strips;

use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::Tensor;
use strips::{Strip, pool_stages, strips};

use crate::ane::{Steps, sizes};
use crate::constants::ints;

pass! {
    /// Takes kernels apart that are wider or higher than the Neural Engine's.
    ///
    /// A convolution becomes the sum of convolutions with strips of its kernel, each over the part of the
    /// input that it meets. A `max_pool` becomes smaller ones after each other: each widens the reach by its
    /// kernel less one, and the last has the strides; where the stride is the kernel, its factors. Sizes are
    /// known, weights are constant and not compressed.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 1, 20]> x) {
    ///     tensor<fp32, [1, 1, 1, 12]> y = max_pool(ceil_mode = bool(false), kernel_sizes = tensor<int32, [2]>([1, 9]), pad = tensor<int32, [4]>([0, 0, 0, 0]), pad_type = string("valid"), strides = tensor<int32, [2]>([1, 1]), x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 1, 20]> x) {
    ///     string y_pad_type_0 = const()[name = string("y_pad_type_0"), val = string("custom")];
    ///     tensor<int32, [2]> y_kernel_sizes_0 = const()[name = string("y_kernel_sizes_0"), val = tensor<int32, [2]>([1, 5])];
    ///     tensor<int32, [2]> y_strides_0 = const()[name = string("y_strides_0"), val = tensor<int32, [2]>([1, 1])];
    ///     tensor<int32, [4]> y_pad_0 = const()[name = string("y_pad_0"), val = tensor<int32, [4]>([0, 0, 0, 0])];
    ///     tensor<fp32, [1, 1, 1, 16]> y_stage = max_pool(ceil_mode = bool(false), kernel_sizes = y_kernel_sizes_0, pad = y_pad_0, pad_type = y_pad_type_0, strides = y_strides_0, x = x)[name = string("y_stage")];
    ///     string y_pad_type_1 = const()[name = string("y_pad_type_1"), val = string("custom")];
    ///     tensor<int32, [2]> y_kernel_sizes_1 = const()[name = string("y_kernel_sizes_1"), val = tensor<int32, [2]>([1, 5])];
    ///     tensor<int32, [2]> y_strides_1 = const()[name = string("y_strides_1"), val = tensor<int32, [2]>([1, 1])];
    ///     tensor<int32, [4]> y_pad_1 = const()[name = string("y_pad_1"), val = tensor<int32, [4]>([0, 0, 0, 0])];
    ///     tensor<fp32, [1, 1, 1, 12]> y = max_pool(ceil_mode = bool(false), kernel_sizes = y_kernel_sizes_1, pad = y_pad_1, pad_type = y_pad_type_1, strides = y_strides_1, x = y_stage)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct DecomposeWideKernels {
        /// The widest kernel of a convolution that stays: 15 from M2 on.
        pub width: i64 = 13,
        /// The highest kernel of a convolution that stays.
        pub height: i64 = 31,
        /// The widest and highest kernel of a `max_pool` that stays, 32 apart.
        pub pool: i64 = 8,
    }
    id: "decompose_wide_kernels",
    numerics: Rounding,
    patterns: [
        /// `conv` with a wide or high kernel
        convolution(conv) with options,
        /// `max_pool` with a wide or high kernel
        pool(max_pool) with options,
    ],
}

/// Strips of one kernel; more would cost more than two switches.
const MOST_STRIPS: usize = 24;

fn convolution(pass: &DecomposeWideKernels, rw: &mut Rewrite<'_>, conv: OpId) -> Matched {
    let weight = rw.constant(conv, "weight")?;
    let x = rw.input(conv, "x")?;
    let shape = rw.shape(x)?;
    let frame = Frame::of(rw, conv, &shape, weight.shape().get(2..).unwrap_or_default())?;
    let limits = limits(frame.kernel.len(), pass.width, pass.height);
    let too_large = frame.kernel.iter().zip(&limits).any(|(&size, &limit)| size > limit);
    No::unless(too_large, "the kernel is not too large")?;
    let results = rw.shape(rw.result(conv)?)?;
    let mut all: Vec<Vec<Strip>> = vec![Vec::new()];
    for (axis, &limit) in limits.iter().enumerate() {
        let own = strips(&frame.axis(axis, shape[axis + 2], results[axis + 2]), limit);
        all = all.iter().flat_map(|front| own.iter().map(|strip| [&front[..], &[*strip]].concat())).collect();
    }
    No::unless((1..=MOST_STRIPS).contains(&all.len()), "it would become too many strips")?;
    let like = rw.like(conv)?.set("pad_type", Tensor::string("custom"));
    let mut parts = Vec::new();
    for (at, strip) in all.iter().enumerate() {
        let (mut begin, mut end) = (vec![0; weight.rank()], weight.shape().to_vec());
        for (axis, strip) in strip.iter().enumerate() {
            (begin[axis + 2], end[axis + 2]) = (strip.taps.0, strip.taps.1);
        }
        let taps = weight.sliced(&begin, &end, &vec![1; weight.rank()])?;
        let pads: Vec<i64> = strip.iter().flat_map(|strip| [strip.pads.0, strip.pads.1]).collect();
        let part = like.clone().set("weight", taps).set("pad", ints(pads)?);
        parts.push(if at == 0 { part } else { part.without("bias") });
    }
    let mut steps = Steps::new(rw, conv);
    let mut sum: Option<ValueId> = None;
    let count = parts.len();
    for (at, (part, strip)) in parts.into_iter().zip(&all).enumerate() {
        let (mut begin, mut end) = (vec![0; shape.len()], shape.clone());
        for (axis, strip) in strip.iter().enumerate() {
            (begin[axis + 2], end[axis + 2]) = strip.reach;
        }
        let met = if end == shape && begin.iter().all(|&at| at == 0) {
            x
        } else {
            let slice = NewOp::new("slice_by_index").with("x", x);
            steps.emit("part", slice.with("begin", sizes(&begin)).with("end", sizes(&end)))?
        };
        let part = part.set("x", met);
        let strip = steps.emit("strip", part)?;
        sum = Some(match sum {
            None => strip,
            Some(sum) if at + 1 == count => {
                return rw.replace(conv, NewOp::new("add").with("x", sum).with("y", strip), &[]);
            }
            Some(sum) => steps.binary("sum", "add", sum, strip)?,
        });
    }
    // One strip met anything but padding.
    match sum {
        Some(sum) => steps.finish(sum, &[]),
        None => Err(No::miss("the kernel meets nothing but padding")),
    }
}

fn pool(pass: &DecomposeWideKernels, rw: &mut Rewrite<'_>, pool: OpId) -> Matched {
    let x = rw.input(pool, "x")?;
    let shape = rw.shape(x)?;
    let kernel = rw.call(pool)?.ints("kernel_sizes")?;
    let kernel: Option<Vec<usize>> = kernel.iter().map(|&size| usize::try_from(size).ok()).collect();
    let kernel = kernel.ok_or(No::miss("a size of the kernel is negative"))?;
    let frame = Frame::of(rw, pool, &shape, &kernel)?;
    let limit = usize::try_from(pass.pool).unwrap_or(0).max(2);
    let too_large = |size: usize| size > limit && size != 32;
    let (width, height) = match kernel[..] {
        [.., height, width] => (width, height),
        [width] => (width, 1),
        [] => return Err(No::miss("there is no kernel")),
    };
    No::unless(too_large(width) || (too_large(height) && width > 1), "the kernel is not too large")?;
    let results = rw.shape(rw.result(pool)?)?;
    let axes: Vec<_> =
        (0..kernel.len()).map(|axis| frame.axis(axis, shape[axis + 2], results[axis + 2])).collect();
    let exact = axes.iter().all(strips::Axis::is_exact);
    No::unless(exact, "the last window reaches beyond the padding")?;
    let stages: Vec<_> = axes.iter().map(|axis| pool_stages(axis, limit)).collect();
    let count = stages.iter().map(Vec::len).max().unwrap_or(1);
    let mut all = Vec::new();
    for at in 0..count {
        // An axis of fewer stages does nothing in the first ones.
        let of_axes: Vec<_> = stages
            .iter()
            .map(|own| (at + own.len()).checked_sub(count).map_or((1, 1, (0, 0)), |place| own[place]))
            .collect();
        let new = rw.like(pool)?.set("pad_type", Tensor::string("custom"));
        let kernel: Vec<usize> = of_axes.iter().map(|stage| stage.0).collect();
        let strides: Vec<usize> = of_axes.iter().map(|stage| stage.1).collect();
        let pads: Vec<usize> = of_axes.iter().flat_map(|stage| [stage.2.0, stage.2.1]).collect();
        let new = new.set("kernel_sizes", sizes(&kernel)).set("strides", sizes(&strides));
        all.push(new.set("pad", sizes(&pads)));
    }
    let last = all.pop().ok_or(No::miss("there is no kernel"))?;
    let mut steps = Steps::new(rw, pool);
    let mut value = x;
    for new in all {
        value = steps.emit("stage", new.set("x", value))?;
    }
    rw.replace(pool, last.set("x", value), &[])
}

/// The limits of each axis of a kernel: the last is the width, the one before the height.
fn limits(count: usize, width: i64, height: i64) -> Vec<usize> {
    let limit = |value: i64| usize::try_from(value).unwrap_or(0).max(1);
    let mut limits = vec![usize::MAX; count];
    if let [.., last] = &mut limits[..] {
        *last = limit(width);
    }
    if let [.., before, _] = &mut limits[..] {
        *before = limit(height);
    }
    limits
}

/// How windows lie on the spatial axes of a convolution or a pool.
struct Frame {
    kernel: Vec<usize>,
    strides: Vec<usize>,
    dilations: Vec<usize>,
    pads: Vec<(usize, usize)>,
}

impl Frame {
    fn of(rw: &Rewrite<'_>, op: OpId, shape: &[usize], kernel: &[usize]) -> Result<Frame, No> {
        let call = rw.call(op)?;
        let count = kernel.len();
        let positive = |param: &str| -> Result<Vec<usize>, No> {
            if call.version().param(param).is_none() {
                return Ok(vec![1; count]);
            }
            let values: Vec<usize> =
                call.ints(param)?.iter().filter_map(|&value| usize::try_from(value).ok()).collect();
            let fits = values.len() == count && values.iter().all(|&value| value > 0);
            No::unless(fits, "strides or dilations do not fit the kernel")?;
            Ok(values)
        };
        let (strides, dilations) = (positive("strides")?, positive("dilations")?);
        let fits = shape.len() == count + 2 && kernel.iter().all(|&size| size > 0);
        No::unless(fits, "the kernel does not fit the input")?;
        let kind = call.string("pad_type")?;
        let given = if kind == "custom" { call.ints("pad")? } else { vec![0; 2 * count] };
        No::unless(given.len() == 2 * count, "the padding does not fit the kernel")?;
        let mut pads = Vec::new();
        for axis in 0..count {
            let side = |at: usize| usize::try_from(given[2 * axis + at]).unwrap_or(0);
            let size = shape[axis + 2];
            let reach = (kernel[axis] - 1) * dilations[axis] + 1;
            let total =
                (size.div_ceil(strides[axis]).saturating_sub(1) * strides[axis] + reach).saturating_sub(size);
            pads.push(match kind {
                "custom" => (side(0), side(1)),
                "valid" => (0, 0),
                "same" => (total / 2, total - total / 2),
                "same_lower" => (total - total / 2, total / 2),
                _ => return Err(No::miss("pad_type is not known")),
            });
        }
        Ok(Frame { kernel: kernel.to_vec(), strides, dilations, pads })
    }

    /// One axis, of so many elements, that gives so many.
    fn axis(&self, axis: usize, size: usize, count: usize) -> strips::Axis {
        strips::Axis {
            size,
            count,
            kernel: self.kernel[axis],
            stride: self.strides[axis],
            dilation: self.dilations[axis],
            pads: self.pads[axis],
        }
    }
}
