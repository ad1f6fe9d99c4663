//! Arrays: what kernels compute with.

use std::borrow::Cow;
use std::sync::Arc;

use half::{bf16, f16};
use mil_tensor::{DType, Shape, Tensor};

use super::{EvalError, Real};

/// A row-major array with an element type.
///
/// The element type is what the program says; [`Data`] is how the elements are held. Narrow types are held in
/// wider ones: `fp16` as `f32` values that are representable in 16 bits, `int8` as `i32` values in its range.
/// A kernel computes in the wide type and [`Array::settle`] rounds or wraps once per op. Where floats are
/// held as `f64`, nothing is rounded: see [`super::Precision::Double`].
#[derive(Clone, Debug)]
pub struct Array {
    dtype: DType,
    shape: Shape,
    data: Data,
}

/// The elements of an [`Array`]. Clones share them.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// `bool`.
    Bool(Arc<Vec<bool>>),
    /// Integers of up to 32 bits; `uint32` is not among them.
    Int(Arc<Vec<i32>>),
    /// `uint32`, and integers of 64 bits; `uint64` by its bits.
    Long(Arc<Vec<i64>>),
    /// Floats.
    Single(Arc<Vec<f32>>),
    /// Floats that are not rounded to their element type.
    Double(Arc<Vec<f64>>),
    /// Text.
    Text(Arc<Vec<String>>),
}

/// A type that [`Data`] holds.
pub trait Stored: Clone + Default + PartialEq + Send + Sync + 'static {
    /// Puts elements into the variant for this type.
    fn pack(elements: Vec<Self>) -> Data;
    /// The elements, where the variant is the one for this type.
    fn slice(data: &Data) -> Option<&[Self]>;
}

macro_rules! stored {
    ($($rust:ty => $variant:ident),* $(,)?) => {
        $(impl Stored for $rust {
            fn pack(elements: Vec<$rust>) -> Data {
                Data::$variant(Arc::new(elements))
            }
            fn slice(data: &Data) -> Option<&[$rust]> {
                match data {
                    Data::$variant(elements) => Some(elements),
                    _ => None,
                }
            }
        })*
    };
}

stored! { bool => Bool, i32 => Int, i64 => Long, f32 => Single, f64 => Double, String => Text }

/// Runs the same code for the type that the elements of a [`Data`] are held in.
macro_rules! with_stored {
    ($data:expr, $T:ident => $body:expr) => {{
        macro_rules! run {
            ($rust:ty) => {{
                type $T = $rust;
                $body
            }};
        }
        #[allow(clippy::clone_on_copy, reason = "text is among the types")]
        let result = match $data {
            $crate::eval::Data::Bool(_) => run!(bool),
            $crate::eval::Data::Int(_) => run!(i32),
            $crate::eval::Data::Long(_) => run!(i64),
            $crate::eval::Data::Single(_) => run!(f32),
            $crate::eval::Data::Double(_) => run!(f64),
            $crate::eval::Data::Text(_) => run!(String),
        };
        result
    }};
}
pub(crate) use with_stored;

/// Runs the same code on the elements of any [`Data`], with the slice under a name; gives a `Result` of new
/// data, from a body that gives a `Result<Vec<_>>` of the same element type.
macro_rules! rearranged {
    ($data:expr, $slice:ident => $body:expr) => {{
        use $crate::eval::{Data, Stored};
        #[allow(clippy::clone_on_copy, reason = "text is among the types")]
        let result = match $data {
            Data::Bool($slice) => $body.map(<bool as Stored>::pack),
            Data::Int($slice) => $body.map(<i32 as Stored>::pack),
            Data::Long($slice) => $body.map(<i64 as Stored>::pack),
            Data::Single($slice) => $body.map(<f32 as Stored>::pack),
            Data::Double($slice) => $body.map(<f64 as Stored>::pack),
            Data::Text($slice) => $body.map(<String as Stored>::pack),
        };
        result
    }};
}
pub(crate) use rearranged;

/// Number of elements of a shape; `None` where sizes overflow when they are multiplied, in any order: so of
/// an array that exists, no product of sizes does.
pub(crate) fn elements(shape: &[usize]) -> Option<usize> {
    let mut sizes = shape.iter().filter(|&&size| size != 0);
    let product =
        sizes.try_fold(1_usize, |n, &size| n.checked_mul(size)).filter(|&n| n <= isize::MAX as usize / 16);
    product.map(|n| if shape.contains(&0) { 0 } else { n })
}

impl Data {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Data::Bool(v) => v.len(),
            Data::Int(v) => v.len(),
            Data::Long(v) => v.len(),
            Data::Single(v) => v.len(),
            Data::Double(v) => v.len(),
            Data::Text(v) => v.len(),
        }
    }

    /// No elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes in memory; for text those of the handles.
    pub fn bytes(&self) -> usize {
        let size = match self {
            Data::Bool(_) => 1,
            Data::Int(_) | Data::Single(_) => 4,
            Data::Long(_) | Data::Double(_) => 8,
            Data::Text(_) => size_of::<String>(),
        };
        self.len().saturating_mul(size)
    }
}

/// Shapes the elements of a tensor type are held in; an exhaustive view of [`DType`].
enum Held {
    Bool,
    Int,
    Long,
    Float,
    Text,
    Nothing,
}

fn held(dtype: DType) -> Held {
    match dtype {
        DType::Bool => Held::Bool,
        DType::String => Held::Text,
        DType::Int64 | DType::Uint32 | DType::Uint64 => Held::Long,
        DType::Fp16 | DType::Fp32 | DType::Fp64 | DType::Bf16 => Held::Float,
        other if other.is_int() => Held::Int,
        _ => Held::Nothing,
    }
}

impl Array {
    /// From elements that are held as the element type wants.
    pub fn new(dtype: DType, shape: &[usize], data: Data) -> Result<Array, EvalError> {
        let fits = match held(dtype) {
            Held::Bool => matches!(data, Data::Bool(_)),
            Held::Int => matches!(data, Data::Int(_)),
            Held::Long => matches!(data, Data::Long(_)),
            Held::Float => matches!(data, Data::Single(_) | Data::Double(_)),
            Held::Text => matches!(data, Data::Text(_)),
            Held::Nothing => false,
        };
        if !fits || elements(shape) != Some(data.len()) {
            return Err(EvalError::Mismatch { dtype, shape: shape.to_vec(), len: data.len() });
        }
        Ok(Array { dtype, shape: shape.into(), data })
    }

    /// From a vector, with the element type that holds it: `bool`, `int32`, `int64`, `fp32`, `fp64`,
    /// `string`.
    pub fn from_vec<T: Stored>(shape: &[usize], values: Vec<T>) -> Result<Array, EvalError> {
        let data = T::pack(values);
        let dtype = match data {
            Data::Bool(_) => DType::Bool,
            Data::Int(_) => DType::Int32,
            Data::Long(_) => DType::Int64,
            Data::Single(_) => DType::Fp32,
            Data::Double(_) => DType::Fp64,
            Data::Text(_) => DType::String,
        };
        Array::new(dtype, shape, data)
    }

    /// `int32` values of rank 1.
    pub fn ints(values: Vec<i32>) -> Array {
        Array { dtype: DType::Int32, shape: [values.len()].into_iter().collect(), data: i32::pack(values) }
    }

    /// An `int32` of rank 0.
    pub fn int(value: i32) -> Array {
        Array { dtype: DType::Int32, shape: Shape::new(), data: i32::pack(vec![value]) }
    }

    /// One value everywhere, in any element type; numbers that the type has not are converted as `cast` does.
    pub fn filled(dtype: DType, shape: &[usize], value: f64, double: bool) -> Result<Array, EvalError> {
        let wrong = || EvalError::Mismatch { dtype, shape: shape.to_vec(), len: 0 };
        let len = elements(shape).ok_or_else(wrong)?;
        let data = match held(dtype) {
            Held::Bool => bool::pack(vec![value != 0.0; len]),
            Held::Int => i32::pack(vec![value as i32; len]),
            Held::Long => i64::pack(vec![value as i64; len]),
            Held::Float if double => f64::pack(vec![value; len]),
            Held::Float => f32::pack(vec![value as f32; len]),
            Held::Text | Held::Nothing => return Err(wrong()),
        };
        Ok(Array { dtype, shape: shape.into(), data }.settle())
    }

    /// Element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Sizes along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of axes.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// No elements.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The elements.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        self.data.bytes()
    }

    /// The elements as `T`, where they are held so.
    pub fn slice<T: Stored>(&self) -> Option<&[T]> {
        T::slice(&self.data)
    }

    /// Floats are held as `f64`.
    pub fn is_double(&self) -> bool {
        matches!(self.data, Data::Double(_))
    }

    /// The elements as `T`; an error where they are held otherwise.
    pub fn wanted<T: Stored>(&self) -> Result<&[T], EvalError> {
        self.slice().ok_or(EvalError::Type { wanted: "elements of one type", got: self.dtype })
    }

    /// The same elements under another shape of the same length.
    pub fn reshaped(&self, shape: &[usize]) -> Result<Array, EvalError> {
        Array::new(self.dtype, shape, self.data.clone())
    }

    /// Other elements of the same type.
    pub fn with_data(&self, shape: &[usize], data: Data) -> Result<Array, EvalError> {
        Array::new(self.dtype, shape, data)
    }

    /// The same elements under another element type that is held alike.
    pub fn with_dtype(self, dtype: DType) -> Result<Array, EvalError> {
        Array::new(dtype, &self.shape, self.data)
    }

    /// The elements as floats; integers and booleans are converted.
    pub fn reals<F: Real>(&self) -> Result<Cow<'_, [F]>, EvalError> {
        if let Some(same) = F::slice(&self.data) {
            return Ok(Cow::Borrowed(same));
        }
        Ok(Cow::Owned(match &self.data {
            Data::Bool(v) => v.iter().map(|&x| F::of(f64::from(u8::from(x)))).collect(),
            Data::Int(v) => v.iter().map(|&x| F::of(f64::from(x))).collect(),
            Data::Long(v) => v.iter().map(|&x| F::of(x as f64)).collect(),
            Data::Single(v) => v.iter().map(|&x| F::of(f64::from(x))).collect(),
            Data::Double(v) => v.iter().map(|&x| F::of(x)).collect(),
            Data::Text(_) => return Err(EvalError::Type { wanted: "numbers", got: self.dtype }),
        }))
    }

    /// The elements as integers; floats are refused.
    pub fn longs(&self) -> Result<Vec<i64>, EvalError> {
        match &self.data {
            Data::Bool(v) => Ok(v.iter().map(|&x| i64::from(x)).collect()),
            Data::Int(v) => Ok(v.iter().map(|&x| i64::from(x)).collect()),
            Data::Long(v) => Ok(v.to_vec()),
            _ => Err(EvalError::Type { wanted: "integers", got: self.dtype }),
        }
    }

    /// Which elements are true or not zero.
    pub fn bools(&self) -> Result<Cow<'_, [bool]>, EvalError> {
        Ok(match &self.data {
            Data::Bool(v) => Cow::Borrowed(v.as_slice()),
            Data::Int(v) => v.iter().map(|&x| x != 0).collect(),
            Data::Long(v) => v.iter().map(|&x| x != 0).collect(),
            Data::Single(v) => v.iter().map(|&x| x != 0.0).collect(),
            Data::Double(v) => v.iter().map(|&x| x != 0.0).collect(),
            Data::Text(_) => return Err(EvalError::Type { wanted: "booleans", got: self.dtype }),
        })
    }

    /// Rounds floats to the element type and wraps integers into its range. Elements that are shared with
    /// another array are there already, as kernels make new ones.
    #[must_use]
    pub fn settle(mut self) -> Array {
        match (&mut self.data, self.dtype) {
            (Data::Single(v), DType::Fp16) => {
                if let Some(v) = Arc::get_mut(v) {
                    round_to_half(v);
                }
            }
            (Data::Single(v), DType::Bf16) => {
                if let Some(v) = Arc::get_mut(v) {
                    v.iter_mut().for_each(|x| *x = bf16::from_f32(*x).to_f32());
                }
            }
            (Data::Int(v), dtype) if dtype != DType::Int32 => {
                if let (Some(v), Some((min, max))) = (Arc::get_mut(v), dtype.int_range()) {
                    let (min, span) = (min as i64, (max - min) as i64 + 1);
                    v.iter_mut().for_each(|x| *x = ((i64::from(*x) - min).rem_euclid(span) + min) as i32);
                }
            }
            (Data::Long(v), DType::Uint32) => {
                if let Some(v) = Arc::get_mut(v) {
                    v.iter_mut().for_each(|x| *x &= i64::from(u32::MAX));
                }
            }
            _ => {}
        }
        self
    }

    /// From a tensor. Floats become `f64` if `double`.
    pub fn from_tensor(tensor: &Tensor, double: bool) -> Result<Array, EvalError> {
        let dtype = tensor.dtype();
        let data = match held(dtype) {
            Held::Bool => bool::pack(tensor.bytes()?.iter().map(|&b| b != 0).collect()),
            Held::Float if double || dtype == DType::Fp64 => f64::pack(tensor.to_f64s()?),
            Held::Float => f32::pack(match dtype {
                DType::Fp16 => widen_half(&tensor.to_vec::<f16>()?),
                DType::Bf16 => tensor.to_vec::<bf16>()?.into_iter().map(bf16::to_f32).collect(),
                _ => tensor.to_vec::<f32>()?,
            }),
            Held::Int => i32::pack(match dtype {
                DType::Int32 => tensor.to_vec::<i32>()?,
                DType::Int8 => tensor.bytes()?.iter().map(|&x| i32::from(x as i8)).collect(),
                DType::Uint8 => tensor.bytes()?.iter().map(|&x| i32::from(x)).collect(),
                _ => tensor.to_i64s()?.into_iter().map(|x| x as i32).collect(),
            }),
            Held::Long => i64::pack(tensor.to_i64s()?),
            Held::Text => String::pack(tensor.to_strings()?.to_vec()),
            Held::Nothing => return Err(EvalError::Type { wanted: "a type that kernels know", got: dtype }),
        };
        Array::new(dtype, tensor.shape(), data)
    }

    /// As a tensor. Floats that are held as `f64` are rounded to the element type.
    pub fn to_tensor(&self) -> Result<Tensor, EvalError> {
        let shape = self.shape();
        Ok(match (&self.data, self.dtype) {
            (Data::Bool(v), _) => Tensor::from_bools(shape, v)?,
            (Data::Single(v), DType::Fp16) => Tensor::from_slice(shape, &narrow_half(v))?,
            (Data::Single(v), DType::Bf16) => {
                Tensor::from_slice(shape, &v.iter().map(|&x| bf16::from_f32(x)).collect::<Vec<_>>())?
            }
            (Data::Single(v), DType::Fp64) => {
                Tensor::from_slice(shape, &v.iter().map(|&x| f64::from(x)).collect::<Vec<_>>())?
            }
            (Data::Single(v), _) => Tensor::from_slice(shape, v)?,
            (Data::Double(v), DType::Fp16) => {
                Tensor::from_slice(shape, &v.iter().map(|&x| f16::from_f64(x)).collect::<Vec<_>>())?
            }
            (Data::Double(v), DType::Bf16) => {
                Tensor::from_slice(shape, &v.iter().map(|&x| bf16::from_f64(x)).collect::<Vec<_>>())?
            }
            (Data::Double(v), DType::Fp32) => {
                Tensor::from_slice(shape, &v.iter().map(|&x| x as f32).collect::<Vec<_>>())?
            }
            (Data::Double(v), _) => Tensor::from_slice(shape, v)?,
            (Data::Int(v), dtype) => pack_ints(dtype, shape, v.iter().map(|&x| i64::from(x)))?,
            (Data::Long(v), dtype) => pack_ints(dtype, shape, v.iter().copied())?,
            (Data::Text(v), _) => Tensor::from_strings(shape, v.to_vec())?,
        })
    }
}

/// Packs integers as tensors hold them: little endian; narrower than a byte from the least significant bit
/// on.
fn pack_ints(dtype: DType, shape: &[usize], values: impl Iterator<Item = i64>) -> Result<Tensor, EvalError> {
    let bits = dtype.bits().unwrap_or(8);
    let mut bytes = Vec::new();
    if bits >= 8 {
        for value in values {
            bytes.extend_from_slice(&value.to_le_bytes()[..bits / 8]);
        }
    } else {
        let len = elements(shape).and_then(|n| dtype.byte_len(n)).unwrap_or(0);
        bytes.resize(len, 0);
        for (index, value) in values.enumerate() {
            for bit in 0..bits {
                let at = index * bits + bit;
                bytes[at / 8] |= ((value >> bit & 1) as u8) << (at % 8);
            }
        }
    }
    Ok(Tensor::from_bytes(dtype, shape, bytes)?)
}

/// How many elements are rounded at a time.
const PIECE: usize = 1024;

fn round_to_half(values: &mut [f32]) {
    use half::slice::HalfFloatSliceExt;
    let mut buffer = [f16::ZERO; PIECE];
    for piece in values.chunks_mut(PIECE) {
        let buffer = &mut buffer[..piece.len()];
        buffer.convert_from_f32_slice(piece);
        buffer.convert_to_f32_slice(piece);
    }
}

fn widen_half(values: &[f16]) -> Vec<f32> {
    use half::slice::HalfFloatSliceExt;
    let mut wide = vec![0.0; values.len()];
    values.convert_to_f32_slice(&mut wide);
    wide
}

fn narrow_half(values: &[f32]) -> Vec<f16> {
    use half::slice::HalfFloatSliceExt;
    let mut narrow = vec![f16::ZERO; values.len()];
    narrow.convert_from_f32_slice(values);
    narrow
}

/// Same type, shape and elements; floats by value.
impl PartialEq for Array {
    fn eq(&self, other: &Array) -> bool {
        self.dtype == other.dtype && self.shape == other.shape && self.data == other.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_types_settle() {
        let half = Array::new(DType::Fp16, &[2], f32::pack(vec![0.1, 1e9])).unwrap().settle();
        assert_eq!(half.slice::<f32>().unwrap(), [f16::from_f32(0.1).to_f32(), f32::INFINITY]);
        let byte = Array::new(DType::Int8, &[3], i32::pack(vec![128, -129, 5])).unwrap().settle();
        assert_eq!(byte.slice::<i32>().unwrap(), [-128, 127, 5]);
    }

    #[test]
    fn tensors_and_arrays_convert_both_ways() {
        for dtype in DType::all().filter(|dtype| dtype.is_int()) {
            let (min, max) = dtype.int_range().unwrap();
            let (min, max) = (min as i64, max as i64);
            let tensor = pack_ints(dtype, &[3], [min, max, 1].into_iter()).unwrap();
            let array = Array::from_tensor(&tensor, false).unwrap();
            assert_eq!(array.longs().unwrap(), tensor.to_i64s().unwrap(), "{dtype}");
            assert!(array.to_tensor().unwrap().content_eq(&tensor).unwrap(), "{dtype}");
        }
        let tensor = Tensor::from_slice(&[2], &[f16::from_f32(0.5), f16::NAN]).unwrap();
        let back = Array::from_tensor(&tensor, false).unwrap().to_tensor().unwrap();
        assert_eq!(back.bytes().unwrap(), tensor.bytes().unwrap());
    }
}
