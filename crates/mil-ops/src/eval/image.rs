//! Images at places between their pixels.

use mil_tensor::Shape;

use super::strided::strides;
use super::{Array, Context, EvalError, Real, Stored, ensure, par, with_real};

/// Where along an axis an element is taken from: two neighbours and the weight of the second.
pub(crate) type Tap = (usize, usize, f64);

/// How output elements are placed on an input axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sampling {
    StrictAlignCorners,
    AlignCorners,
    Default,
    OffsetCorners,
    UnalignCorners,
}

impl Sampling {
    pub(crate) fn new(cx: &Context<'_>) -> Result<Sampling, EvalError> {
        Ok(match cx.text("sampling_mode")? {
            "STRICT_ALIGN_CORNERS" => Sampling::StrictAlignCorners,
            "ALIGN_CORNERS" => Sampling::AlignCorners,
            "DEFAULT" => Sampling::Default,
            "OFFSET_CORNERS" => Sampling::OffsetCorners,
            "UNALIGN_CORNERS" => Sampling::UnalignCorners,
            other => return Err(EvalError::Unsupported(format!("sampling_mode {other}"))),
        })
    }

    /// The place of output element `index` of `output` on an axis that reaches from 0 to `span`; an axis of
    /// `n` pixels has the span `n - 1`. Not clamped.
    pub(crate) fn place(self, index: usize, span: f64, output: usize) -> f64 {
        let (index, count) = (index as f64, output as f64);
        let size = span + 1.0;
        match self {
            Sampling::AlignCorners if output == 1 => span / 2.0,
            Sampling::StrictAlignCorners | Sampling::AlignCorners => index * span / (count - 1.0).max(1.0),
            Sampling::Default => index * (size / count),
            Sampling::OffsetCorners => {
                let delta = span.max(1.0) / count;
                0.5 * delta + index * delta
            }
            Sampling::UnalignCorners => (index + 0.5) * (size / count) - 0.5,
        }
    }
}

/// Two neighbours of a place on an axis of `size` pixels, which is clamped to the axis.
pub(crate) fn tap(place: f64, size: usize) -> Tap {
    let last = size.saturating_sub(1);
    let place = place.max(0.0).min(last as f64);
    let low = (place.floor() as usize).min(last);
    (low, (low + 1).min(last), place - low as f64)
}

/// The taps of a whole axis.
pub(crate) fn taps(
    cx: &Context<'_>,
    size: usize,
    output: usize,
    place: impl Fn(usize) -> f64,
) -> Result<Vec<Tap>, EvalError> {
    ensure!(size > 0 || output == 0, "an axis of no elements cannot be resized");
    cx.room::<f64>(&[output, 3])?;
    Ok((0..output).map(|index| tap(place(index), size)).collect())
}

/// Interpolates along the last axes, one list of taps each, one axis after the other.
pub(crate) fn interpolate(cx: &Context<'_>, x: &Array, lists: &[Vec<Tap>]) -> Result<Array, EvalError> {
    ensure!(lists.len() <= x.rank(), "{} resized axes of rank {}", lists.len(), x.rank());
    let mut shape: Shape = x.shape().into();
    with_real!(x.is_double(), F => {
        let mut values = x.reals::<F>()?.into_owned();
        for (at, taps) in lists.iter().enumerate() {
            let axis = x.rank() - lists.len() + at;
            let (_, size, inner) = super::strided::around(&shape, axis);
            shape[axis] = taps.len();
            let mut out = cx.zeros::<F>(&shape)?;
            par::chunks(&mut out, taps.len() * inner, |outer, out| {
                let plane = &values[outer * size * inner..][..size * inner];
                if inner == 1 {
                    for (out, &(low, high, weight)) in out.iter_mut().zip(taps) {
                        *out = blend(plane[low], plane[high], F::of(weight));
                    }
                    return;
                }
                for (row, &(low, high, weight)) in out.chunks_mut(inner.max(1)).zip(taps) {
                    let (low, high) = (&plane[low * inner..][..inner], &plane[high * inner..][..inner]);
                    let weight = F::of(weight);
                    for ((out, &low), &high) in row.iter_mut().zip(low).zip(high) {
                        *out = blend(low, high, weight);
                    }
                }
            });
            values = out;
        }
        let resized = Array::new(if x.is_double() { x.dtype() } else { mil_tensor::DType::Fp32 }, &shape, F::pack(values))?;
        super::convert(cx, &resized, x.dtype())
    })
}

fn blend<F: Real>(low: F, high: F, weight: F) -> F {
    // Exact where the place is a pixel, whatever the neighbour is.
    if weight == F::zero() { low } else { low * (F::one() - weight) + high * weight }
}

/// Takes the elements along the last axes that the maps name.
pub(crate) fn nearest(cx: &Context<'_>, x: &Array, lists: Vec<Vec<usize>>) -> Result<Array, EvalError> {
    ensure!(lists.len() <= x.rank(), "{} resized axes of rank {}", lists.len(), x.rank());
    let kept = x.rank() - lists.len();
    let mut maps: Vec<Vec<Option<usize>>> =
        x.shape()[..kept].iter().map(|&size| (0..size).map(Some).collect()).collect();
    maps.extend(lists.into_iter().map(|list| list.into_iter().map(Some).collect::<Vec<_>>()));
    let shape: Shape = maps.iter().map(Vec::len).collect();
    let data = super::rearranged!(x.data(), values => {
        super::slicing::remap(cx, values, x.shape(), &maps, &Default::default())
    })?;
    x.with_data(&shape, data)
}

/// What stands outside an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Padding {
    /// A value.
    Constant(f64),
    /// A value for every place beyond the outermost pixels, without a transition.
    Cut(f64),
    /// The nearest pixel.
    Border,
    /// The image mirrored, its outermost pixels once.
    Reflection,
    /// The image mirrored, its outermost pixels twice.
    Symmetric,
}

impl Padding {
    pub(crate) fn new(cx: &Context<'_>) -> Result<Padding, EvalError> {
        Ok(match cx.text("padding_mode")? {
            "constant" => Padding::Constant(cx.float("padding_value")?),
            "border" => Padding::Border,
            "reflection" => Padding::Reflection,
            "symmetric" => Padding::Symmetric,
            other => return Err(EvalError::Unsupported(format!("padding_mode {other}"))),
        })
    }

    /// The place on an axis of `size` pixels that a place outside stands for.
    fn fold(self, place: f64, size: usize) -> f64 {
        let last = size as f64 - 1.0;
        let mirrored = |low: f64, high: f64| {
            let span = high - low;
            if span <= 0.0 {
                return 0.0;
            }
            let offset = (place - low).abs() % (2.0 * span);
            low + if offset > span { 2.0 * span - offset } else { offset }
        };
        match self {
            Padding::Constant(_) | Padding::Cut(_) => place,
            Padding::Border => place.clamp(0.0, last.max(0.0)),
            Padding::Reflection => mirrored(0.0, last),
            Padding::Symmetric => mirrored(-0.5, last + 0.5).clamp(0.0, last.max(0.0)),
        }
    }
}

/// How coordinates are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coordinates {
    low: f64,
    /// Distance of the two edges; `None`: coordinates are pixels.
    span: Option<f64>,
    align_corners: bool,
}

impl Coordinates {
    pub(crate) fn new(cx: &Context<'_>) -> Result<Coordinates, EvalError> {
        let (low, span) = match cx.text("coordinates_mode")? {
            "unnormalized" => (0.0, None),
            "normalized_minus_one_to_one" => (-1.0, Some(2.0)),
            "normalized_zero_to_one" => (0.0, Some(1.0)),
            other => return Err(EvalError::Unsupported(format!("coordinates_mode {other}"))),
        };
        Ok(Coordinates { low, span, align_corners: cx.bool("align_corners")? })
    }

    /// The pixel, or the place between pixels, of a coordinate on an axis of `size` pixels.
    pub(crate) fn place(self, coordinate: f64, size: usize) -> f64 {
        let Some(span) = self.span else { return coordinate };
        let share = (coordinate - self.low) / span;
        if self.align_corners { share * (size as f64 - 1.0) } else { share * size as f64 - 0.5 }
    }
}

/// Takes an image batch at places: `places(batch, row, column)` gives the place as row and column.
pub(crate) fn sample(
    cx: &Context<'_>,
    x: &Array,
    (rows, columns): (usize, usize),
    padding: Padding,
    bilinear: bool,
    place: impl Fn(usize, usize, usize) -> (f64, f64) + Send + Sync,
) -> Result<Array, EvalError> {
    let [batch, channels, height, width] = super::slicing::image(x)?;
    ensure!(height > 0 && width > 0, "an image of no pixels");
    let shape = [batch, channels, rows, columns];
    let own = strides(x.shape());
    with_real!(x.is_double(), F => {
        let values = x.reals::<F>()?;
        let mut out = cx.zeros::<F>(&shape)?;
        par::chunks(&mut out, rows * columns, |plane, out| {
            let start = plane / channels * own[0] + plane % channels * own[1];
            let outside = match padding {
                Padding::Constant(value) | Padding::Cut(value) => F::of(value),
                _ => 0.0,
            };
            let pixel = |row: f64, column: f64| -> F {
                let inside = row >= 0.0 && column >= 0.0 && row < height as f64 && column < width as f64;
                if inside { values[start + row as usize * width + column as usize] } else { outside }
            };
            for (at, out) in out.iter_mut().enumerate() {
                let (row, column) = place(plane / channels, at / columns, at % columns);
                let beyond = !(0.0..=height as f64 - 1.0).contains(&row) || !(0.0..=width as f64 - 1.0).contains(&column);
                if beyond && matches!(padding, Padding::Cut(_)) {
                    *out = outside;
                    continue;
                }
                let (row, column) = (padding.fold(row, height), padding.fold(column, width));
                *out = if bilinear {
                    let (top, left) = (row.floor(), column.floor());
                    let (down, right) = (F::of(row - top), F::of(column - left));
                    let upper = blend(pixel(top, left), pixel(top, left + 1.0), right);
                    if down == 0.0 {
                        upper
                    } else {
                        blend(upper, blend(pixel(top + 1.0, left), pixel(top + 1.0, left + 1.0), right), down)
                    }
                } else {
                    pixel(row.round_ties_even(), column.round_ties_even())
                };
            }
        });
        x.with_data(&shape, F::pack(out))
    })
}

impl Coordinates {
    /// The coordinate of a pixel: the inverse of [`Coordinates::place`].
    pub(crate) fn coordinate(self, pixel: usize, size: usize) -> f64 {
        let Some(span) = self.span else { return pixel as f64 };
        let share = if self.align_corners {
            pixel as f64 / (size as f64 - 1.0).max(1.0)
        } else {
            (pixel as f64 + 0.5) / size as f64
        };
        self.low + share * span
    }
}

/// A size times a factor, rounded down.
pub(crate) fn scaled(size: usize, factor: f64) -> Result<usize, EvalError> {
    let scaled = (size as f64 * factor).floor();
    ensure!((0.0..9e15).contains(&scaled), "a scale factor of {factor}");
    Ok(scaled as usize)
}

/// The elements of an axis that is stretched to another size.
pub(crate) fn stretched(cx: &Context<'_>, size: usize, output: usize) -> Result<Vec<usize>, EvalError> {
    ensure!(size > 0 || output == 0, "an axis of no elements cannot be resized");
    cx.room::<f64>(&[output])?;
    Ok((0..output).map(|index| (index as u128 * size as u128 / output as u128) as usize).collect())
}
