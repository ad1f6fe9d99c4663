//! Operations: each gives a tensor that computes its elements when they are read.
//!
//! What is small is computed at once ([`EAGER_BYTES`]), what is one repeated element stays one, and
//! what only selects a range of a file is a range of that file.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{Shape, elements};
use crate::expr::{Cast, Computation, Computed, Concat, Expr, Factors, Kind, Pick, ScaleShift, View};
use crate::number::convert;
use crate::pack::{pack, unpack, wide_size};
use crate::{Blob, DType, Data, EAGER_BYTES, MAX_DEPTH, Tensor, TensorError};

impl Tensor {
    /// The elements as another type.
    ///
    /// | from | to | rule |
    /// |---|---|---|
    /// | float, integer | float | the nearest number, ties to even; beyond the range infinity (NaN for `fp8e4m3fn`, which has none). NaN becomes the positive quiet NaN without payload |
    /// | float | integer | truncated toward zero; beyond the range the smallest or largest integer; NaN becomes 0 |
    /// | integer | integer | the low bits as two's complement, as NumPy does |
    /// | any | bool | `x != 0`, so NaN is true |
    /// | bool | any | 0 or 1 |
    ///
    /// 64-bit integers become floats by way of `f64`. A cast to the tensor's own type is the tensor.
    pub fn cast(&self, dtype: DType) -> Result<Tensor, TensorError> {
        self.cast_as(dtype, false)
    }

    /// The elements as another type, as [`Tensor::cast`] does, but finite numbers stay finite: beyond
    /// the range of a float or integer type they become its smallest or largest number.
    pub fn cast_saturating(&self, dtype: DType) -> Result<Tensor, TensorError> {
        self.cast_as(dtype, true)
    }

    fn cast_as(&self, dtype: DType, saturating: bool) -> Result<Tensor, TensorError> {
        if dtype == self.dtype {
            return Ok(self.clone());
        }
        let Some(size) = wide_size(dtype) else {
            return Err(TensorError::Undefined { operation: "cast", dtype });
        };
        let source = self.operand("cast")?;
        if let Data::Splat(element) = &*source.data {
            let mut wide = element.to_vec();
            unpack(self.dtype, element, 0, &mut wide);
            let mut out = vec![0; size];
            convert(self.dtype, &wide, dtype, &mut out, saturating);
            if dtype.is_sub_byte() {
                let low = out.clone();
                pack(dtype, &low, &mut out);
            }
            return Ok(Tensor::new(dtype, &self.shape, Data::Splat(out.into())));
        }
        if let Some(view) = source.view() {
            // The view stays outside: it reads best when it sees all that is asked for. And so a cast of
            // a view and a view of a cast are the same.
            let view = view.of(view.source().cast_as(dtype, saturating)?);
            return Tensor::computed(dtype, &self.shape, Kind::View(view));
        }
        Tensor::computed(dtype, &self.shape, Kind::Cast(Cast { source, saturating }))
    }

    /// `x * scale + shift` for a float tensor; each parameter has one element, or one for each index
    /// along the axis, under any shape. What is `None` is not applied.
    ///
    /// Product and sum are `f64`, each rounded as such, and the result is rounded once to the tensor's
    /// type, as [`Tensor::cast`] does. The parameters may be of any numeric type.
    pub fn scale_shift(
        &self,
        axis: usize,
        scale: Option<&Tensor>,
        shift: Option<&Tensor>,
    ) -> Result<Tensor, TensorError> {
        if !self.dtype.is_float() {
            return Err(TensorError::Undefined { operation: "scale and shift", dtype: self.dtype });
        }
        let scale = scale.map(|scale| self.factors(axis, scale)).transpose()?;
        let shift = shift.map(|shift| self.factors(axis, shift)).transpose()?;
        if self.is_empty() || (scale.is_none() && shift.is_none()) {
            return Ok(self.clone());
        }
        let source = self.operand("scale and shift")?;
        let per_index = [&scale, &shift].into_iter().flatten().any(|factors| factors.0.len() > 1);
        let run = if per_index { self.shape[axis + 1..].iter().product() } else { self.len() };
        let expr = ScaleShift { source, run, scale, shift };
        if let Data::Splat(_) = &*expr.source.data
            && !per_index
        {
            // The splat of the result's one element.
            let one = Tensor { shape: Shape::new(), ..expr.source.unread() };
            let mut value = one.to_f64s()?;
            expr.apply(0, &mut value);
            let element = Tensor::from_f64s(self.dtype, &[], &value)?.bytes()?.into();
            return Ok(Tensor::new(self.dtype, &self.shape, Data::Splat(element)));
        }
        Tensor::computed(self.dtype, &self.shape, Kind::ScaleShift(expr))
    }

    /// The view that the tensor is, if it is one.
    fn view(&self) -> Option<&View> {
        match &*self.data {
            Data::Lazy(expr) => expr.as_view(),
            _ => None,
        }
    }

    /// A parameter's numbers, if it fits the axis.
    fn factors(&self, axis: usize, parameter: &Tensor) -> Result<Factors, TensorError> {
        let len = parameter.len();
        if len != 1 {
            let rank = self.rank();
            let dim = *self.shape.get(axis).ok_or(TensorError::Axis { axis, rank })?;
            if len != dim {
                return Err(TensorError::Parameter { len, axis, shape: self.shape.to_vec() });
            }
        }
        Ok(Factors(parameter.to_f64s()?.into()))
    }

    /// The axes in another order: axis `i` of the result is axis `permutation[i]` of the tensor.
    pub fn transposed(&self, permutation: &[usize]) -> Result<Tensor, TensorError> {
        let rank = self.rank();
        let mut seen: SmallVec<[bool; 6]> = SmallVec::from_elem(false, rank);
        let unseen = |&axis: &usize| seen.get_mut(axis).is_some_and(|seen| !std::mem::replace(seen, true));
        if permutation.len() != rank || !permutation.iter().all(unseen) {
            return Err(TensorError::Permutation { permutation: permutation.to_vec(), rank });
        }
        let whole = |&axis: &usize| Pick { axis, begin: 0, step: 1, count: self.shape[axis] };
        self.picked(&permutation.iter().map(whole).collect::<Vec<_>>())
    }

    /// The elements from `begin` to before `end` by `step`, along each axis. Bounds lie within the
    /// tensor, and steps are at least 1.
    pub fn sliced(&self, begin: &[usize], end: &[usize], step: &[usize]) -> Result<Tensor, TensorError> {
        let refused = || TensorError::Slice {
            begin: begin.to_vec(),
            end: end.to_vec(),
            step: step.to_vec(),
            shape: self.shape.to_vec(),
        };
        if [begin, end, step].iter().any(|bounds| bounds.len() != self.rank()) {
            return Err(refused());
        }
        let mut picks = Vec::with_capacity(self.rank());
        for (axis, &dim) in self.shape.iter().enumerate() {
            let (begin, end, step) = (begin[axis], end[axis], step[axis]);
            if begin > end || end > dim || step == 0 {
                return Err(refused());
            }
            picks.push(Pick { axis, begin, step, count: (end - begin).div_ceil(step) });
        }
        self.picked(&picks)
    }

    /// Another order and selection; each axis is picked once.
    fn picked(&self, picks: &[Pick]) -> Result<Tensor, TensorError> {
        let shape: Shape = picks.iter().map(|pick| pick.count).collect();
        let source = self.operand("selection")?;
        if shape.contains(&0) {
            return Tensor::from_bytes(self.dtype, &shape, []);
        }
        if let Data::Splat(_) = &*source.data {
            return Ok(Tensor { shape, ..source.unread() });
        }
        let view = source.view().and_then(|view| view.pick(&self.shape, picks));
        let Some(view) = view.or_else(|| View::whole(source).pick(&self.shape, picks)) else {
            // A whole tensor strides along every shape of its length.
            return Err(TensorError::Undefined { operation: "selection", dtype: self.dtype });
        };
        if let Some((source, first, count)) = view.range()
            && let Some(range) = source.ranged(first, count, &shape)?
        {
            return Ok(range);
        }
        Tensor::computed(self.dtype, &shape, Kind::View(view))
    }

    /// The `count` elements from `first` on, where they need no view.
    fn ranged(&self, first: usize, count: usize, shape: &[usize]) -> Result<Option<Tensor>, TensorError> {
        if (first, count) == (0, self.len()) {
            return self.reshaped(shape).map(Some);
        }
        if let Some(blob) = self.blob().and_then(|blob| sub_blob(self.dtype, blob, first, count)) {
            return Tensor::from_blob(self.dtype, shape, blob).map(Some);
        }
        if let Data::Lazy(expr) = &*self.data
            && let Some(cast) = expr.as_cast()
        {
            // As deep as expressions nest.
            let range = cast.source.ranged(first, count, shape)?;
            return range.map(|range| range.cast_as(self.dtype, cast.saturating)).transpose();
        }
        Ok(None)
    }

    /// The tensors one after another along an axis. They have one element type, and one shape but for
    /// that axis.
    pub fn concat(axis: usize, parts: &[Tensor]) -> Result<Tensor, TensorError> {
        let first = parts.first().ok_or(TensorError::ConcatNothing)?;
        let mut shape = first.shape.clone();
        let rank = shape.len();
        let Some(total) = shape.get_mut(axis) else { return Err(TensorError::Axis { axis, rank }) };
        *total = 0;
        for part in parts {
            if part.dtype != first.dtype {
                return Err(TensorError::Type(part.dtype, first.dtype));
            }
            let fits = part.rank() == rank && (0..rank).all(|i| i == axis || part.shape[i] == shape[i]);
            let sum = if fits { shape[axis].checked_add(part.shape[axis]) } else { None };
            shape[axis] = sum.ok_or_else(|| TensorError::Concat {
                axis,
                first: first.shape.to_vec(),
                other: part.shape.to_vec(),
            })?;
        }
        let full: Vec<&Tensor> = parts.iter().filter(|part| !part.is_empty()).collect();
        let (one, others) = match full[..] {
            [] => return first.reshaped(&shape),
            [one] => return Ok(one.clone()),
            [one, ref others @ ..] => (one, others),
        };
        if let Data::Splat(element) = &*one.data
            && others.iter().all(|other| matches!(&*other.data, Data::Splat(next) if next == element))
        {
            return Ok(Tensor { shape, ..one.unread() });
        }
        let parts: Vec<Tensor> =
            full.iter().map(|part| part.operand("concatenation")).collect::<Result<_, _>>()?;
        let runs = parts.iter().map(|part| part.shape[axis..].iter().product()).collect();
        Tensor::computed(first.dtype, &shape, Kind::Concat(Concat { parts, runs }))
    }

    /// The tensor as an operand of a [`Computation`]: computed now where expressions nest too deep
    /// ([`MAX_DEPTH`]) to nest once more.
    pub fn nestable(&self) -> Result<Tensor, TensorError> {
        self.operand("computation")
    }

    /// A tensor whose elements somebody else computes, from operands that are
    /// [nestable](Tensor::nestable); see [`Computation`].
    pub fn computed_by(
        dtype: DType,
        shape: &[usize],
        computation: impl Computation + 'static,
    ) -> Result<Tensor, TensorError> {
        if wide_size(dtype).is_none() {
            return Err(TensorError::Undefined { operation: "computation", dtype });
        }
        Tensor::computed(dtype, shape, Kind::Computed(Computed(Arc::new(computation))))
    }

    /// The same elements, computed now: in memory where they are few, else in a temporary file
    /// (without the feature `spill`, in memory). A tensor that is no expression is itself.
    ///
    /// For algorithms that read the elements several times.
    pub fn materialized(&self) -> Result<Tensor, TensorError> {
        if !matches!(&*self.data, Data::Lazy(_)) {
            return Ok(self.clone());
        }
        #[cfg(feature = "spill")]
        if self.byte_len().is_none_or(|len| len > EAGER_BYTES) {
            return Tensor::spill(self.dtype, &self.shape, |out| {
                self.try_each_chunk(|piece| Ok(out.write_all(piece)?))
            });
        }
        Tensor::from_bytes(self.dtype, &self.shape, self.bytes()?.into_owned())
    }

    /// How deep expressions nest in this tensor; 0 for a stored one.
    pub(crate) fn depth(&self) -> usize {
        match &*self.data {
            Data::Lazy(expr) => expr.depth(),
            _ => 0,
        }
    }

    /// The tensor as part of an expression: it has numbers, its size is one, and another level fits on
    /// top.
    fn operand(&self, operation: &'static str) -> Result<Tensor, TensorError> {
        if let Data::Opaque(fingerprint) = &*self.data {
            return Err(TensorError::Opaque(*fingerprint));
        }
        if wide_size(self.dtype).is_none() {
            return Err(TensorError::Undefined { operation, dtype: self.dtype });
        }
        if self.byte_len().is_none() {
            return Err(too_large(self.dtype, &self.shape));
        }
        if self.depth() < MAX_DEPTH { Ok(self.clone()) } else { self.materialized() }
    }

    /// The same data, of which nothing is known yet.
    fn unread(&self) -> Tensor {
        Tensor {
            dtype: self.dtype,
            shape: self.shape.clone(),
            data: self.data.clone(),
            known: Default::default(),
        }
    }

    /// The result of an expression: at once if it is small.
    fn computed(dtype: DType, shape: &[usize], kind: Kind) -> Result<Tensor, TensorError> {
        let sizes = elements(shape).and_then(|len| Some((len, dtype.byte_len(len)?)));
        let Some((len, byte_len)) = sizes else {
            return Err(too_large(dtype, shape));
        };
        let expr = Expr::new(kind, dtype, len);
        if byte_len > EAGER_BYTES {
            return Ok(Tensor::new(dtype, shape, Data::Lazy(Box::new(expr))));
        }
        let mut bytes = vec![0; byte_len];
        expr.read_packed(0, &mut bytes)?;
        Tensor::from_bytes(dtype, shape, bytes)
    }
}

/// The error for a tensor whose size overflows.
fn too_large(dtype: DType, shape: &[usize]) -> TensorError {
    TensorError::Size { dtype, shape: shape.to_vec(), wanted: None, got: 0 }
}

/// Where so many elements from `first` on are stored, if they begin and end with a byte.
fn sub_blob(dtype: DType, blob: &Blob, first: usize, count: usize) -> Option<Blob> {
    let bits = dtype.bits()?;
    let whole = |elements: usize| Some(elements).filter(|n| n % 8 * bits % 8 == 0);
    let start = blob.range.start + dtype.byte_len(whole(first)?)? as u64;
    let end = start + dtype.byte_len(whole(count)?)? as u64;
    Some(Blob { source: blob.source.clone(), range: start..end })
}
