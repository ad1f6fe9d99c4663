//! Convolution and pooling: windows that slide over spatial axes.

use super::gemm::{Matrix, add_product};
use mil_tensor::Shape;

use super::slicing::divided;
use super::{Array, Context, EvalError, Outcome, Real, Stored, ensure, one, par};

/// The windows of an op over up to three spatial axes; fewer are treated as three, the missing ones of one
/// element.
#[derive(Clone, Debug)]
pub(crate) struct Windows {
    /// Sizes of the input.
    pub(crate) input: [usize; 3],
    /// Sizes of the window.
    pub(crate) kernel: [usize; 3],
    /// Steps from window to window.
    pub(crate) stride: [usize; 3],
    /// Steps inside the window.
    pub(crate) dilation: [usize; 3],
    /// Elements before the input.
    pub(crate) before: [usize; 3],
    /// Elements after the input.
    pub(crate) after: [usize; 3],
    /// Number of windows.
    pub(crate) output: [usize; 3],
    /// Number of axes that the program knows of.
    pub(crate) rank: usize,
}

/// Three sizes, of which the last `list.len()` are given.
fn three(list: &[usize], missing: usize, param: &str) -> Result<[usize; 3], EvalError> {
    ensure!((1..=3).contains(&list.len()), "{param} has {} elements for 1 to 3 spatial axes", list.len());
    let mut sizes = [missing; 3];
    sizes[3 - list.len()..].copy_from_slice(list);
    Ok(sizes)
}

impl Windows {
    /// From the parameters `strides`, `pad_type`, `pad` and, where asked for, `dilations`.
    pub(crate) fn new(
        cx: &Context<'_>,
        input: &[usize],
        kernel: &[usize],
        dilated: bool,
        ceil: bool,
    ) -> Result<Windows, EvalError> {
        let rank = input.len();
        let check = |param: &str, list: Vec<usize>| -> Result<Vec<usize>, EvalError> {
            ensure!(list.len() == rank, "{param} has {} elements for {rank} spatial axes", list.len());
            ensure!(list.iter().all(|&size| (1..1 << 31).contains(&size)), "{param} is {list:?}");
            Ok(list)
        };
        check("kernel size", kernel.to_vec())?;
        let stride = check("strides", cx.sizes("strides")?)?;
        let dilation = if dilated { check("dilations", cx.sizes("dilations")?)? } else { vec![1; rank] };
        ensure!(input.iter().all(|&size| (size as u64) < 1 << 40), "an input of shape {input:?}");
        let (mut before, mut after) = (vec![0; rank], vec![0; rank]);
        let pad_type = cx.text("pad_type")?;
        let span = |axis: usize| dilation[axis].saturating_mul(kernel[axis] - 1).saturating_add(1);
        match pad_type {
            "valid" => {}
            "custom" => {
                let pad = cx.sizes("pad")?;
                ensure!(pad.len() == 2 * rank, "pad has {} elements for {rank} spatial axes", pad.len());
                ensure!(pad.iter().all(|&size| size < 1 << 31), "pad is {pad:?}");
                for axis in 0..rank {
                    (before[axis], after[axis]) = (pad[2 * axis], pad[2 * axis + 1]);
                }
            }
            "same" | "same_lower" => {
                for axis in 0..rank {
                    let windows = input[axis].div_ceil(stride[axis]);
                    let wanted =
                        windows.saturating_sub(1).saturating_mul(stride[axis]).saturating_add(span(axis));
                    let total = wanted.saturating_sub(input[axis]);
                    let less = total / 2;
                    (before[axis], after[axis]) =
                        if pad_type == "same" { (less, total - less) } else { (total - less, less) };
                }
            }
            other => return Err(EvalError::Unsupported(format!("pad_type {other}"))),
        }
        let mut output = vec![0; rank];
        for axis in 0..rank {
            let whole = input[axis].saturating_add(before[axis]).saturating_add(after[axis]);
            let room = whole.checked_sub(span(axis));
            let room = room.ok_or_else(|| {
                EvalError::Invalid(format!("a window of {} elements on {whole}", span(axis)))
            })?;
            output[axis] = (room / stride[axis]).saturating_add(1);
            if ceil {
                output[axis] = room.div_ceil(stride[axis]).saturating_add(1);
                // As inference says: with padding, a last window that starts behind the input and half the
                // padding does not count.
                let (start, size) = ((output[axis] - 1) as u128 * stride[axis] as u128, input[axis] as u128);
                let pad = before[axis] as u128 + after[axis] as u128;
                if pad > 0 && 2 * start >= 2 * size + pad {
                    output[axis] -= 1;
                }
            }
        }
        Ok(Windows {
            input: three(input, 1, "x")?,
            kernel: three(kernel, 1, "kernel size")?,
            stride: three(&stride, 1, "strides")?,
            dilation: three(&dilation, 1, "dilations")?,
            before: three(&before, 0, "pad")?,
            after: three(&after, 0, "pad")?,
            output: three(&output, 1, "x")?,
            rank,
        })
    }

    /// The windows of the convolution whose transpose gives an output of these sizes.
    pub(crate) fn transposed(
        cx: &Context<'_>,
        input: &[usize],
        kernel: &[usize],
        wanted: Option<&[usize]>,
    ) -> Result<Windows, EvalError> {
        let rank = input.len();
        let small = |param: &str, list: &[usize], least: usize| -> Result<(), EvalError> {
            ensure!(list.iter().all(|&size| (least..1 << 31).contains(&size)), "{param} is {list:?}");
            Ok(())
        };
        let (stride, dilation, pad) = (cx.sizes("strides")?, cx.sizes("dilations")?, cx.sizes("pad")?);
        ensure!(
            [stride.len(), dilation.len(), kernel.len(), wanted.map_or(rank, <[usize]>::len)] == [rank; 4],
            "strides, dilations, kernel and output_shape have other ranks than the {rank} spatial axes"
        );
        small("strides", &stride, 1)?;
        small("dilations", &dilation, 1)?;
        small("kernel size", kernel, 1)?;
        small("x", input, 0)?;
        small("pad", &pad, 0)?;
        small("output_shape", wanted.unwrap_or_default(), 0)?;
        let (mut output, mut before) = (vec![0; rank], vec![0; rank]);
        for axis in 0..rank {
            let span = dilation[axis].saturating_mul(kernel[axis] - 1).saturating_add(1);
            let whole = input[axis].saturating_sub(1).saturating_mul(stride[axis]).saturating_add(span);
            match cx.text("pad_type")? {
                "valid" => output[axis] = whole,
                "custom" => {
                    ensure!(pad.len() == 2 * rank, "pad has {} elements for {rank} spatial axes", pad.len());
                    before[axis] = pad[2 * axis];
                    let left = whole.checked_sub(pad[2 * axis] + pad[2 * axis + 1]);
                    output[axis] = left.ok_or_else(|| {
                        EvalError::Invalid(format!("pad {pad:?} takes away more than there is"))
                    })?;
                }
                kind @ ("same" | "same_lower") => {
                    output[axis] = input[axis].saturating_mul(stride[axis]);
                    let total = whole.saturating_sub(wanted.map_or(output[axis], |wanted| wanted[axis]));
                    before[axis] = if kind == "same" { total / 2 } else { total - total / 2 };
                }
                other => return Err(EvalError::Unsupported(format!("pad_type {other}"))),
            }
        }
        if let Some(wanted) = wanted {
            output.copy_from_slice(wanted);
        }
        small("the output", &output, 0)?;
        Ok(Windows {
            input: three(&output, 1, "x")?,
            kernel: three(kernel, 1, "kernel size")?,
            stride: three(&stride, 1, "strides")?,
            dilation: three(&dilation, 1, "dilations")?,
            before: three(&before, 0, "pad")?,
            after: [0; 3],
            output: three(input, 1, "x")?,
            rank,
        })
    }

    /// Sizes of the input along each axis of the program.
    pub(crate) fn input_shape(&self) -> &[usize] {
        &self.input[3 - self.rank..]
    }

    /// Number of windows along each axis of the program.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.output[3 - self.rank..]
    }

    fn input_len(&self) -> usize {
        self.input.iter().product()
    }

    fn kernel_len(&self) -> usize {
        self.kernel.iter().product()
    }

    fn output_len(&self) -> usize {
        self.output.iter().product()
    }

    /// The window is one element and visits each element once: a product of matrices as it stands.
    fn is_pointwise(&self) -> bool {
        self.kernel == [1; 3] && self.stride == [1; 3] && self.before == [0; 3] && self.after == [0; 3]
    }

    /// The windows along one axis at which element `tap` of the window lies inside the input.
    fn inside(&self, axis: usize, tap: usize) -> std::ops::Range<usize> {
        let offset = tap * self.dilation[axis];
        let (before, stride) = (self.before[axis], self.stride[axis]);
        let first = before.saturating_sub(offset).div_ceil(stride);
        let last = (self.input[axis] + before).saturating_sub(offset).div_ceil(stride);
        first.min(self.output[axis])..last.min(self.output[axis])
    }

    /// Calls `visit` with a tap's number and, for each row of windows where it lies inside the input: the
    /// first window and how many there are, and the input element of the first one.
    fn rows(&self, tap: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let [_, kh, kw] = self.kernel;
        let taps = [tap / (kh * kw), tap / kw % kh, tap % kw];
        let columns = self.inside(2, taps[2]);
        if columns.is_empty() {
            return;
        }
        let at = |axis: usize, window: usize| {
            window * self.stride[axis] + taps[axis] * self.dilation[axis] - self.before[axis]
        };
        for z in self.inside(0, taps[0]) {
            for y in self.inside(1, taps[1]) {
                let window = (z * self.output[1] + y) * self.output[2] + columns.start;
                let element = (at(0, z) * self.input[1] + at(1, y)) * self.input[2] + at(2, columns.start);
                visit(window, columns.len(), element);
            }
        }
    }

    /// One row of the matrix of windows: element `tap` of each window, zero outside the input.
    fn unfold<F: Real>(&self, plane: &[F], tap: usize, row: &mut [F]) {
        row.fill(F::zero());
        let stride = self.stride[2];
        self.rows(tap, |window, count, element| {
            let row = &mut row[window..window + count];
            if stride == 1 {
                row.copy_from_slice(&plane[element..element + count]);
            } else {
                for (out, x) in row.iter_mut().zip(plane[element..].iter().step_by(stride)) {
                    *out = *x;
                }
            }
        });
    }

    /// The inverse of `unfold`: adds element `tap` of each window to its place in the input.
    fn fold<F: Real>(&self, row: &[F], tap: usize, plane: &mut [F]) {
        let stride = self.stride[2];
        self.rows(tap, |window, count, element| {
            let row = &row[window..window + count];
            for (x, out) in row.iter().zip(plane[element..].iter_mut().step_by(stride)) {
                *out += *x;
            }
        });
    }
}

/// Sizes of a convolution besides its windows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channels {
    pub(crate) batch: usize,
    pub(crate) groups: usize,
    /// Input channels of a group.
    pub(crate) input: usize,
    /// Output channels of a group.
    pub(crate) output: usize,
}

/// Above so many elements the matrix of windows is built piece by piece.
const UNFOLDED: usize = 1 << 25;

/// `out[b, o] = bias[o] + sum(weight[o, i, taps] * x[b, i, windows])`.
pub(crate) fn convolve<F: Real>(
    cx: &Context<'_>,
    x: &[F],
    weight: &[F],
    bias: Option<&[F]>,
    windows: &Windows,
    channels: Channels,
) -> Result<Vec<F>, EvalError> {
    let Channels { batch, groups, input, output } = channels;
    let (plane, taps, count) = (windows.input_len(), windows.kernel_len(), windows.output_len());
    let mut out = cx.zeros::<F>(&[batch, groups * output, count])?;
    if let Some(bias) = bias.filter(|_| count > 0) {
        for (index, plane) in out.chunks_mut(count).enumerate() {
            plane.fill(bias[index % (groups * output)]);
        }
    }
    if out.is_empty() || input * taps == 0 {
        return Ok(out);
    }
    if input * taps <= 64 && output < 8 {
        // Few products per window, depthwise above all: each tap adds a scaled and shifted plane.
        par::chunks(&mut out, count, |index, plane_out| {
            let (b, channel) = (index / (groups * output), index % (groups * output));
            let group = channel / output;
            for i in 0..input {
                let plane_in = &x[((b * groups + group) * input + i) * plane..][..plane];
                for tap in 0..taps {
                    let factor = weight[(channel * input + i) * taps + tap];
                    let stride = windows.stride[2];
                    windows.rows(tap, |window, count, element| {
                        let row = &mut plane_out[window..window + count];
                        if stride == 1 {
                            for (out, &x) in row.iter_mut().zip(&plane_in[element..element + count]) {
                                *out += factor * x;
                            }
                        } else {
                            for (out, &x) in row.iter_mut().zip(plane_in[element..].iter().step_by(stride)) {
                                *out += factor * x;
                            }
                        }
                    });
                }
            }
        });
        return Ok(out);
    }
    let inner = input * taps;
    // The matrix of windows, whole or in pieces of some columns.
    let pointwise = windows.is_pointwise();
    let piece = if pointwise { count } else { (UNFOLDED / inner).clamp(1, count) };
    let mut unfolded = if pointwise { Vec::new() } else { cx.zeros::<F>(&[inner, count.min(piece.max(1))])? };
    let mut row = if piece < count { cx.zeros::<F>(&[count])? } else { Vec::new() };
    for b in 0..batch {
        for group in 0..groups {
            let planes = &x[(b * groups + group) * input * plane..][..input * plane];
            let filters = Matrix::new(&weight[group * output * inner..][..output * inner], output, inner);
            let out = &mut out[(b * groups + group) * output * count..][..output * count];
            if pointwise {
                add_product(filters, Matrix::new(planes, inner, count), out, cx.options.reproducible)?;
                continue;
            }
            if piece == count {
                par::chunks(&mut unfolded, count, |index, row| {
                    windows.unfold(&planes[index / taps * plane..][..plane], index % taps, row);
                });
                let matrix = Matrix::new(&unfolded[..], inner, count);
                add_product(filters, matrix, out, cx.options.reproducible)?;
                continue;
            }
            for first in (0..count).step_by(piece) {
                let width = piece.min(count - first);
                for index in 0..inner {
                    windows.unfold(&planes[index / taps * plane..][..plane], index % taps, &mut row);
                    unfolded[index * width..][..width].copy_from_slice(&row[first..first + width]);
                }
                let mut part = vec![F::zero(); output * width];
                let matrix = Matrix::new(&unfolded[..inner * width], inner, width);
                add_product(filters, matrix, &mut part, cx.options.reproducible)?;
                for (row, part) in part.chunks(width).enumerate() {
                    for (out, &x) in out[row * count + first..][..width].iter_mut().zip(part) {
                        *out += x;
                    }
                }
            }
        }
    }
    Ok(out)
}

/// The transpose of [`convolve`]: `windows` are those of the convolution that goes the other way, so that its
/// output is our `x`, and its input our result. `weight` is `[input, output, taps]` of all groups.
pub(crate) fn convolve_transposed<F: Real>(
    cx: &Context<'_>,
    x: &[F],
    weight: &[F],
    bias: Option<&[F]>,
    windows: &Windows,
    channels: Channels,
) -> Result<Vec<F>, EvalError> {
    let Channels { batch, groups, input, output } = channels;
    let (plane, taps, count) = (windows.input_len(), windows.kernel_len(), windows.output_len());
    let mut out = cx.zeros::<F>(&[batch, groups * output, plane])?;
    if let Some(bias) = bias.filter(|_| plane > 0) {
        for (index, plane) in out.chunks_mut(plane).enumerate() {
            plane.fill(bias[index % (groups * output)]);
        }
    }
    if out.is_empty() || count == 0 {
        return Ok(out);
    }
    let rows = output * taps;
    let mut products = cx.zeros::<F>(&[rows, count])?;
    for b in 0..batch {
        for group in 0..groups {
            let planes =
                Matrix::new(&x[(b * groups + group) * input * count..][..input * count], input, count);
            let filters = Matrix::new(&weight[group * input * rows..][..input * rows], input, rows);
            products.fill(F::zero());
            add_product(filters.transposed(), planes, &mut products, cx.options.reproducible)?;
            let out = &mut out[(b * groups + group) * output * plane..][..output * plane];
            par::chunks(out, plane, |channel, out| {
                for tap in 0..taps {
                    windows.fold(&products[(channel * taps + tap) * count..][..count], tap, out);
                }
            });
        }
    }
    Ok(out)
}

/// Reduces each window of each plane: `f(elements of the window inside the input, elements of the window
/// inside input or padding)`.
pub(crate) fn pool<F: Real>(
    cx: &Context<'_>,
    x: &[F],
    planes: usize,
    windows: &Windows,
    f: impl Fn(&mut dyn Iterator<Item = F>, usize) -> F + Send + Sync,
) -> Result<Vec<F>, EvalError> {
    let (plane, count) = (windows.input_len(), windows.output_len());
    let mut out = cx.zeros::<F>(&[planes, count])?;
    let [_, oh, ow] = windows.output;
    let [_, ih, iw] = windows.input;
    par::chunks(&mut out, count, |index, out| {
        let values = &x[index * plane..][..plane];
        for (window, out) in out.iter_mut().enumerate() {
            let place = [window / (oh * ow), window / ow % oh, window % ow];
            let mut inside = [(0, 0); 3];
            let mut covered = 1;
            for axis in 0..3 {
                let start = place[axis] * windows.stride[axis];
                let end = start + windows.kernel[axis];
                let (before, size) = (windows.before[axis], windows.input[axis]);
                covered *= end.min(before + size + windows.after[axis]).saturating_sub(start);
                inside[axis] = (start.max(before) - before, end.clamp(before, before + size) - before);
            }
            let [(z0, z1), (y0, y1), (x0, x1)] = inside;
            let mut elements = (z0..z1).flat_map(|z| {
                (y0..y1).flat_map(move |y| {
                    let row = (z * ih + y) * iw;
                    values.get(row + x0..row + x1.max(x0)).unwrap_or_default().iter().copied()
                })
            });
            *out = f(&mut elements, covered);
        }
    });
    Ok(out)
}

/// The op `conv`, with its weight as floats.
pub(crate) fn conv<F: Real>(cx: &Context<'_>, x: &Array, shape: &[usize], weight: &[F]) -> Outcome {
    ensure!(
        (3..=5).contains(&x.rank()) && shape.len() == x.rank(),
        "x has shape {:?} and weight {shape:?}",
        x.shape()
    );
    let groups = cx.size("groups")?;
    let channels = Channels {
        batch: x.shape()[0],
        groups,
        input: divided(x.shape()[1], groups)?,
        output: divided(shape[0], groups)?,
    };
    ensure!(shape[1] == channels.input, "weight has {} channels of {}", shape[1], channels.input);
    let windows = Windows::new(cx, &x.shape()[2..], &shape[2..], true, false)?;
    let bias = cx.optional_reals::<F>("bias")?;
    ensure!(
        bias.as_ref().is_none_or(|bias| bias.len() == shape[0]),
        "bias does not have {} elements",
        shape[0]
    );
    let out = convolve(cx, &x.reals::<F>()?, weight, bias.as_deref(), &windows, channels)?;
    let mut shape: Shape = [x.shape()[0], shape[0]].into_iter().collect();
    shape.extend_from_slice(windows.shape());
    one(x.with_data(&shape, F::pack(out))?)
}

/// The pooling ops: see [`pool`].
pub(crate) fn pooled(
    cx: &Context<'_>,
    single: impl Fn(&mut dyn Iterator<Item = f32>, usize) -> f32 + Send + Sync,
    double: impl Fn(&mut dyn Iterator<Item = f64>, usize) -> f64 + Send + Sync,
) -> Outcome {
    let x = cx.array("x")?;
    ensure!((3..=5).contains(&x.rank()), "x has rank {}", x.rank());
    let windows =
        Windows::new(cx, &x.shape()[2..], &cx.sizes("kernel_sizes")?, false, cx.bool("ceil_mode")?)?;
    let mut shape: Shape = x.shape()[..2].into();
    shape.extend_from_slice(windows.shape());
    let planes = shape[0] * shape[1];
    let data = if x.is_double() {
        f64::pack(pool(cx, &x.reals()?, planes, &windows, double)?)
    } else {
        f32::pack(pool(cx, &x.reals()?, planes, &windows, single)?)
    };
    one(x.with_data(&shape, data)?)
}
