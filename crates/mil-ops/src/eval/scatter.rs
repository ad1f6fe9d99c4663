//! Elements taken from, and put to, places that indices name.
//!
//! A negative index counts from the end, in every opset. One that is out of bounds is an error where the
//! program asks for validation; otherwise, where Core ML leaves the result open, reading takes the nearest
//! element and writing does nothing.

use super::{Array, Context, EvalError, Stored, ensure, with_stored};

/// Makes indices along an axis of `size` elements ones that can be used; `None`: none can.
pub(crate) struct Bounds {
    validate: bool,
}

impl Bounds {
    pub(crate) fn new(cx: &Context<'_>) -> Result<Bounds, EvalError> {
        Ok(Bounds { validate: cx.value("validate_indices").is_some() && cx.bool("validate_indices")? })
    }

    /// The place to write to; `None`: nowhere.
    pub(crate) fn place(&self, index: i64, size: usize) -> Result<Option<usize>, EvalError> {
        let found = if index < 0 { index.saturating_add(size as i64) } else { index };
        match usize::try_from(found) {
            Ok(place) if place < size => Ok(Some(place)),
            _ if self.validate => {
                Err(EvalError::Invalid(format!("index {index} on an axis of {size} elements")))
            }
            _ => Ok(None),
        }
    }

    /// The place to read from.
    pub(crate) fn nearest(&self, index: i64, size: usize) -> Result<usize, EvalError> {
        ensure!(size > 0, "index {index} on an axis of no elements");
        Ok(self.place(index, size)?.unwrap_or(if index < 0 { 0 } else { size - 1 }))
    }
}

/// Copies blocks of `length` elements that start at `starts`.
pub(crate) fn take(
    cx: &Context<'_>,
    x: &Array,
    shape: &[usize],
    starts: impl Iterator<Item = Result<usize, EvalError>>,
    length: usize,
) -> Result<Array, EvalError> {
    let data = with_stored!(x.data(), T => {
        let values = x.wanted::<T>()?;
        let mut out = cx.vec::<T>(shape)?;
        for start in starts {
            let start = start?;
            // Blocks of no elements start anywhere.
            out.extend_from_slice(values.get(start..start + length).unwrap_or_default());
        }
        T::pack(out)
    });
    x.with_data(shape, data)
}

/// How an update is combined with what is there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    Update,
    Add,
    Sub,
    Mul,
    Div,
    Max,
    Min,
}

impl Mode {
    pub(crate) fn new(cx: &Context<'_>) -> Result<Mode, EvalError> {
        Ok(match cx.text("mode")? {
            "update" => Mode::Update,
            "add" => Mode::Add,
            "sub" => Mode::Sub,
            "mul" => Mode::Mul,
            "div" => Mode::Div,
            "max" => Mode::Max,
            "min" => Mode::Min,
            other => return Err(EvalError::Unsupported(format!("mode {other}"))),
        })
    }
}

/// Elements that can be combined.
pub(crate) trait Combine: Stored {
    fn combine(mode: Mode, old: &Self, new: &Self) -> Self;
}

macro_rules! combine_floats {
    ($($rust:ty),*) => {$(
        impl Combine for $rust {
            fn combine(mode: Mode, old: &$rust, new: &$rust) -> $rust {
                match mode {
                    Mode::Update => *new,
                    Mode::Add => old + new,
                    Mode::Sub => old - new,
                    Mode::Mul => old * new,
                    Mode::Div => old / new,
                    Mode::Max => super::Real::larger(*old, *new),
                    Mode::Min => super::Real::smaller(*old, *new),
                }
            }
        }
    )*};
}
combine_floats!(f32, f64);

macro_rules! combine_ints {
    ($($rust:ty),*) => {$(
        impl Combine for $rust {
            fn combine(mode: Mode, old: &$rust, new: &$rust) -> $rust {
                match mode {
                    Mode::Update => *new,
                    Mode::Add => old.wrapping_add(*new),
                    Mode::Sub => old.wrapping_sub(*new),
                    Mode::Mul => old.wrapping_mul(*new),
                    Mode::Div => if *new == 0 { 0 } else { old.wrapping_div(*new) },
                    Mode::Max => *old.max(new),
                    Mode::Min => *old.min(new),
                }
            }
        }
    )*};
}
combine_ints!(i32, i64);

impl Combine for bool {
    fn combine(mode: Mode, old: &bool, new: &bool) -> bool {
        match mode {
            Mode::Update => *new,
            Mode::Add | Mode::Max => old | new,
            Mode::Mul | Mode::Min => old & new,
            Mode::Sub | Mode::Div => old ^ new,
        }
    }
}

impl Combine for String {
    fn combine(_: Mode, _: &String, new: &String) -> String {
        new.clone()
    }
}

/// Combines successive blocks of `length` elements of `updates` with those of `data` that start at `starts`,
/// in order.
pub(crate) fn put(
    data: &Array,
    updates: &Array,
    mode: Mode,
    starts: impl Iterator<Item = Result<Option<usize>, EvalError>>,
    length: usize,
) -> Result<Array, EvalError> {
    ensure!(data.dtype() == updates.dtype(), "data is {} and updates are {}", data.dtype(), updates.dtype());
    let new = with_stored!(data.data(), T => {
        let mut out = data.wanted::<T>()?.to_vec();
        let updates = updates.wanted::<T>()?;
        for (index, start) in starts.enumerate() {
            let Some(start) = start?.filter(|_| length > 0) else { continue };
            let update = &updates[index * length..][..length];
            for (old, new) in out[start..start + length].iter_mut().zip(update) {
                *old = T::combine(mode, old, new);
            }
        }
        T::pack(out)
    });
    data.with_data(data.shape(), new)
}

/// Where the blocks start that the rows of `indices` name, on axes of these sizes and strides.
pub(crate) fn row_start(
    row: &[i64],
    sizes: &[usize],
    strides: &[usize],
    place: impl Fn(i64, usize) -> Result<Option<usize>, EvalError>,
) -> Result<Option<usize>, EvalError> {
    let mut start = 0;
    for ((&index, &size), &stride) in row.iter().zip(sizes).zip(strides) {
        match place(index, size)? {
            Some(at) => start += at * stride,
            None => return Ok(None),
        }
    }
    Ok(Some(start))
}

/// Where each index of an array of indices would start if it were 0: its own place, but for the axis.
pub(crate) fn along_axis(shape: &[usize], strides: &[usize], axis: usize) -> Vec<usize> {
    let steps: Vec<isize> =
        (0..shape.len()).map(|at| if at == axis { 0 } else { strides[at] as isize }).collect();
    let mut starts = Vec::new();
    super::strided::walk(shape, [&steps], [0], |[at]| starts.push(at as usize));
    starts
}
