//! Chains of random operations, read in random ranges, against the same computed element by element.

use std::sync::Arc;

use proptest::prelude::*;

use crate::number::{convert, decode_f64, encode_f64};
use crate::pack::{pack, unpack, wide_size};
use crate::tensor::elements;
use crate::{Blob, DType, Data, MAX_DEPTH, MemorySource, Tensor, TensorError};

/// All elements, each in its wide form.
#[derive(Clone, Debug)]
struct Naive {
    dtype: DType,
    shape: Vec<usize>,
    elements: Vec<Vec<u8>>,
}

impl Naive {
    fn packed(&self) -> Vec<u8> {
        let wide = self.elements.concat();
        if !self.dtype.is_sub_byte() {
            return wide;
        }
        let mut packed = vec![0; self.dtype.byte_len(self.elements.len()).unwrap()];
        pack(self.dtype, &wide, &mut packed);
        packed
    }

    fn cast(&self, dtype: DType, saturating: bool) -> Naive {
        let one = |element: &Vec<u8>| {
            if dtype == self.dtype {
                return element.clone();
            }
            let mut out = vec![0; wide_size(dtype).unwrap()];
            convert(self.dtype, element, dtype, &mut out, saturating);
            out
        };
        Naive { dtype, shape: self.shape.clone(), elements: self.elements.iter().map(one).collect() }
    }

    fn scale_shift(&self, axis: usize, scale: Option<&[f64]>, shift: Option<&[f64]>) -> Naive {
        let inner: usize = self.shape[axis + 1..].iter().product();
        let one = |(i, element): (usize, &Vec<u8>)| {
            let index = i / inner % self.shape[axis];
            let mut value = [0.0];
            decode_f64(self.dtype, element, &mut value);
            value[0] *= scale.map_or(1.0, |scale| scale[index]);
            // Minus zero is what changes no number when it is added.
            value[0] += shift.map_or(-0.0, |shift| shift[index]);
            let mut out = element.clone();
            encode_f64(self.dtype, &value, false, &mut out);
            out
        };
        Naive { elements: self.elements.iter().enumerate().map(one).collect(), ..self.clone() }
    }

    /// The array of `shape` whose element at an index is this one's at `of(index)`.
    fn gather(&self, shape: &[usize], of: impl Fn(&[usize]) -> Vec<usize>) -> Naive {
        let one = |mut i: usize| {
            let mut index = vec![0; shape.len()];
            for (at, &dim) in index.iter_mut().zip(shape).rev() {
                (*at, i) = (i % dim, i / dim);
            }
            let position = of(&index).iter().zip(&self.shape).fold(0, |sum, (&at, &dim)| sum * dim + at);
            self.elements[position].clone()
        };
        let elements = (0..elements(shape).unwrap()).map(one).collect();
        Naive { dtype: self.dtype, shape: shape.to_vec(), elements }
    }

    fn join(&self, axis: usize, other: &Naive) -> Naive {
        let turns: usize = self.shape[..axis].iter().product();
        let (a, b) = (self.elements.len() / turns.max(1), other.elements.len() / turns.max(1));
        let elements = (0..turns)
            .flat_map(|i| [&self.elements[i * a..(i + 1) * a], &other.elements[i * b..(i + 1) * b]].concat())
            .collect();
        let mut shape = self.shape.clone();
        shape[axis] += other.shape[axis];
        Naive { dtype: self.dtype, shape, elements }
    }
}

/// Numbers that decide what an operation does to the shape it meets.
type Dice = [usize; 4];

/// The tensor and its naive twin after one operation.
fn step(tensor: &Tensor, naive: &Naive, dice: Dice) -> Result<(Tensor, Naive), TensorError> {
    let [what, a, b, c] = dice;
    let rank = naive.shape.len();
    let numeric: Vec<DType> = DType::all().filter(|dtype| dtype.bits().is_some()).collect();
    Ok(match what % 7 {
        0 | 1 => {
            let dtype = numeric[a % numeric.len()];
            let saturating = b % 2 == 0;
            let cast = if saturating { tensor.cast_saturating(dtype)? } else { tensor.cast(dtype)? };
            (cast, naive.cast(dtype, saturating))
        }
        2 => {
            let mut order: Vec<usize> = (0..rank).collect();
            for i in (1..rank).rev() {
                order.swap(i, (a >> i) % (i + 1));
            }
            let shape: Vec<usize> = order.iter().map(|&axis| naive.shape[axis]).collect();
            let expected = naive.gather(&shape, |index| {
                let mut source = vec![0; rank];
                order.iter().zip(index).for_each(|(&axis, &at)| source[axis] = at);
                source
            });
            (tensor.transposed(&order)?, expected)
        }
        3 => {
            let step: Vec<usize> = (0..rank).map(|axis| 1 + (c >> axis) % 3 % 2).collect();
            let begin: Vec<usize> =
                (0..rank).map(|axis| (a >> axis) % 2 % naive.shape[axis].max(1)).collect();
            let cut = |axis: usize| (b >> axis) % 2 * usize::from(naive.shape[axis] > 2);
            let end: Vec<usize> = (0..rank).map(|axis| naive.shape[axis] - cut(axis)).collect();
            let shape: Vec<usize> =
                (0..rank).map(|axis| (end[axis] - begin[axis]).div_ceil(step[axis])).collect();
            let expected = naive.gather(&shape, |index| {
                (0..rank).map(|axis| begin[axis] + index[axis] * step[axis]).collect()
            });
            (tensor.sliced(&begin, &end, &step)?, expected)
        }
        4 if rank > 0 && naive.elements.len() < 2000 => {
            let axis = a % rank;
            let other = if b % 2 == 0 { tensor.clone() } else { tensor.materialized()? };
            (Tensor::concat(axis, &[tensor.clone(), other])?, naive.join(axis, naive))
        }
        5 if rank > 0 && naive.dtype.is_float() => {
            let axis = a % rank;
            let dim = naive.shape[axis];
            let factors =
                |seed: usize| -> Vec<f64> { (0..dim).map(|i| (i + seed % 9) as f64 / 3.0 - 1.0).collect() };
            let (scale, shift) = (factors(b), factors(c));
            let scale = (b % 3 > 0).then_some(&scale[..]);
            let shift = (c % 3 > 0).then_some(&shift[..]);
            let parameter = |values: &[f64]| Tensor::from_slice(&[dim], values);
            let result = tensor.scale_shift(
                axis,
                scale.map(parameter).transpose()?.as_ref(),
                shift.map(parameter).transpose()?.as_ref(),
            )?;
            let expected =
                if scale.or(shift).is_some() { naive.scale_shift(axis, scale, shift) } else { naive.clone() };
            (result, expected)
        }
        _ => {
            // Another shape: two axes become one, or one of even length two.
            let mut shape = naive.shape.clone();
            if let Some(axis) = shape.iter().position(|dim| dim % 2 == 0).filter(|_| a % 2 == 0) {
                shape[axis] /= 2;
                shape.insert(axis + b % 2, 2);
            } else if rank > 1 {
                let dim = shape.remove(a % (rank - 1));
                shape[a % (rank - 1)] *= dim;
            }
            (tensor.reshaped(&shape)?, Naive { shape, ..naive.clone() })
        }
    })
}

/// A stored tensor of random bytes, in memory, in a file, or splat.
fn stored(dtype: DType, shape: &[usize], bytes: &[u8], form: usize) -> (Tensor, Naive) {
    let count = elements(shape).unwrap();
    let len = dtype.byte_len(count).unwrap();
    let size = wide_size(dtype).unwrap();
    let mut bytes: Vec<u8> = bytes.iter().copied().cycle().take(len.max(size)).collect();
    if dtype == DType::Bool {
        bytes.iter_mut().for_each(|byte| *byte &= 1);
    }
    let mut wide = vec![0; count * size];
    let tensor = match form % 3 {
        0 => Tensor::from_bytes(dtype, shape, &bytes[..len]).unwrap(),
        1 => {
            let file = [&[0xAA; 5], &bytes[..len]].concat();
            let range = 5..file.len() as u64;
            Tensor::from_blob(dtype, shape, Blob { source: Arc::new(MemorySource::new(file)), range })
                .unwrap()
        }
        _ => Tensor::new(dtype, shape, Data::Splat(bytes[..size].into())),
    };
    tensor.read_wide(0, &mut wide).unwrap();
    if dtype.is_sub_byte() && form % 3 < 2 {
        unpack(dtype, &bytes, 0, &mut wide);
    }
    let elements = wide.chunks(size).map(<[u8]>::to_vec).collect();
    (tensor, Naive { dtype, shape: shape.to_vec(), elements })
}

fn dtypes() -> impl Strategy<Value = DType> {
    prop::sample::select(DType::all().filter(|dtype| dtype.bits().is_some()).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_range_of_every_chain_is_what_the_elements_are(
        dtype in dtypes(),
        shape in prop::collection::vec(0..9_usize, 0..5),
        bytes in prop::collection::vec(any::<u8>(), 8..200),
        form in any::<usize>(),
        dice in prop::collection::vec(any::<Dice>(), 1..7),
        ranges in prop::collection::vec(any::<[prop::sample::Index; 2]>(), 6),
    ) {
        let shape: Vec<usize> = shape.into_iter().map(|dim| if dim == 0 && form % 7 > 0 { 1 } else { dim }).collect();
        let (source, start) = stored(dtype, &shape, &bytes, form);
        let (mut tensor, mut again, mut naive) = (source.clone(), source, start);
        for &dice in &dice {
            let before = naive;
            (tensor, naive) = step(&tensor, &before, dice).unwrap();
            again = step(&again, &before, dice).unwrap().0;
        }
        prop_assert_eq!(tensor.dtype(), naive.dtype);
        prop_assert_eq!(tensor.shape(), &naive.shape[..]);
        prop_assert!(tensor.depth() <= MAX_DEPTH);

        let packed = naive.packed();
        let mut whole = tensor.bytes().unwrap().into_owned();
        if let Some(last) = whole.last_mut() {
            *last &= crate::pack::last_byte_mask(naive.dtype, tensor.len());
        }
        prop_assert_eq!(&whole, &packed);
        let wide = naive.elements.concat();
        let size = wide_size(naive.dtype).unwrap();
        for [a, b] in ranges {
            let (a, b) = (a.index(packed.len() + 1), b.index(packed.len() + 1));
            let (start, end) = (a.min(b), a.max(b));
            let mut part = vec![0xAA; end - start];
            tensor.read_bytes(start, &mut part).unwrap();
            if end == packed.len() && let Some(last) = part.last_mut() {
                *last &= crate::pack::last_byte_mask(naive.dtype, tensor.len());
            }
            prop_assert_eq!(&part, &packed[start..end]);

            let (a, b) = (a.min(naive.elements.len()), b.min(naive.elements.len()));
            let (start, end) = (a.min(b), a.max(b));
            let mut part = vec![0xAA; (end - start) * size];
            tensor.read_wide(start, &mut part).unwrap();
            prop_assert_eq!(&part, &wide[start * size..end * size]);
        }

        let plain = Tensor::from_bytes(naive.dtype, &naive.shape, packed).unwrap();
        prop_assert_eq!(tensor.fingerprint().unwrap(), plain.fingerprint().unwrap());
        prop_assert!(tensor.content_eq(&plain).unwrap());
        prop_assert!(tensor.content_eq(&again).unwrap());
    }
}

/// A tensor in a file, large enough that what is computed from it is an expression.
fn mapped(shape: &[usize]) -> Tensor {
    let values: Vec<u8> =
        (0..elements(shape).unwrap() as u32).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let range = 0..values.len() as u64;
    let source = Arc::new(MemorySource::new(values));
    Tensor::from_blob(DType::Fp32, shape, Blob { source, range }).unwrap()
}

#[test]
fn equal_expressions_are_the_same_without_being_read() {
    let tensor = mapped(&[8, 6]);
    let scale = Tensor::from_slice(&[8], &[2_f32; 8]).unwrap();
    let build = |tensor: &Tensor| -> Tensor {
        let scaled = tensor.scale_shift(0, Some(&scale), None).unwrap();
        let joined = Tensor::concat(1, &[scaled.clone(), tensor.clone()]).unwrap();
        joined.transposed(&[1, 0]).unwrap().cast(DType::Fp16).unwrap()
    };
    let (a, b) = (build(&tensor), build(&tensor));
    assert!(matches!(a.data(), Data::Lazy(_)));
    assert!(a.is_same(&b) && a.content_eq(&b).unwrap());
    // The same numbers from another place are equal, but that takes reading.
    let other = build(&mapped(&[8, 6]));
    assert!(!a.is_same(&other) && a.content_eq(&other).unwrap());
    assert!(!a.is_same(&a.cast_saturating(DType::Int16).unwrap()));
    assert!(!tensor.cast(DType::Fp16).unwrap().is_same(&tensor.cast_saturating(DType::Fp16).unwrap()));
}

#[test]
fn a_cast_and_a_view_commute() {
    let tensor = mapped(&[8, 6]);
    let a = tensor.cast(DType::Fp16).unwrap().transposed(&[1, 0]).unwrap();
    let b = tensor.transposed(&[1, 0]).unwrap().cast(DType::Fp16).unwrap();
    assert!(a.is_same(&b));
}

#[test]
fn views_join_and_vanish() {
    let tensor = mapped(&[4, 6, 2]);
    let there = tensor.transposed(&[2, 0, 1]).unwrap();
    assert_eq!(there.depth(), 1);
    // Through a shape that the strides follow, too.
    let back = there.reshaped(&[2, 4, 3, 2]).unwrap().transposed(&[1, 2, 3, 0]).unwrap();
    assert!(back.reshaped(&[4, 6, 2]).unwrap().is_same(&tensor));
    assert!(there.transposed(&[1, 2, 0]).unwrap().is_same(&tensor));
    let rows = tensor.sliced(&[1, 0, 0], &[3, 6, 2], &[1, 1, 1]).unwrap();
    assert_eq!(rows.blob().unwrap().range, 48..144);
}

#[test]
fn splats_stay_splats() {
    let splat = Tensor::splat(&[1 << 20, 1 << 20], 3.0_f32);
    let one = Tensor::scalar(0.5_f32);
    let results = [
        splat.cast(DType::Int4).unwrap(),
        splat.transposed(&[1, 0]).unwrap(),
        splat.sliced(&[1, 2], &[1 << 19, 1 << 18], &[2, 3]).unwrap(),
        splat.scale_shift(0, Some(&one), Some(&one)).unwrap(),
        Tensor::concat(0, &[splat.clone(), splat.clone()]).unwrap(),
    ];
    for (result, value) in results.iter().zip([3.0, 3.0, 3.0, 2.0, 3.0]) {
        assert!(matches!(result.data(), Data::Splat(_)));
        assert_eq!(result.splat_value().unwrap(), Some(value));
    }
    assert_eq!(Tensor::splat(&[2], -8_i8).cast(DType::Int4).unwrap().to_i64s().unwrap(), [-8, -8]);
}

#[test]
fn a_long_chain_is_cut() {
    let mut tensor = mapped(&[8, 6]);
    let shift = Tensor::scalar(1.0_f32);
    for _ in 0..5000 {
        tensor = tensor.scale_shift(0, None, Some(&shift)).unwrap();
        assert!(tensor.depth() <= MAX_DEPTH);
    }
    assert_eq!(tensor.to_vec::<f32>().unwrap()[..3], [5000.0, 5001.0, 5002.0]);
}

#[test]
fn a_shift_alone_keeps_the_sign_of_zero() {
    let zeros = Tensor::from_slice(&[2], &[-0.0_f32, 0.0]).unwrap();
    let scaled = zeros.scale_shift(0, Some(&Tensor::scalar(2.0_f32)), None).unwrap();
    assert!(scaled.content_eq(&zeros).unwrap());
    let shifted = zeros.scale_shift(0, None, Some(&Tensor::scalar(-0.0_f32))).unwrap();
    assert!(shifted.content_eq(&zeros).unwrap());
}

#[test]
fn what_does_not_fit_is_refused() {
    let tensor = mapped(&[4, 6]);
    let three = Tensor::from_slice(&[3], &[1.0_f32; 3]).unwrap();
    let ints = Tensor::ints(&[1, 2, 3]);
    assert!(matches!(tensor.cast(DType::String), Err(TensorError::Undefined { .. })));
    assert!(matches!(tensor.cast(DType::Unknown(99)), Err(TensorError::Undefined { .. })));
    assert!(matches!(Tensor::string("x").cast(DType::Fp32), Err(TensorError::Undefined { .. })));
    assert!(matches!(tensor.scale_shift(0, Some(&three), None), Err(TensorError::Parameter { .. })));
    assert!(matches!(tensor.scale_shift(2, Some(&three), None), Err(TensorError::Axis { .. })));
    assert!(matches!(ints.scale_shift(0, Some(&three), None), Err(TensorError::Undefined { .. })));
    for order in [&[0][..], &[0, 0], &[0, 2], &[0, 1, 2]] {
        assert!(matches!(tensor.transposed(order), Err(TensorError::Permutation { .. })));
    }
    for (begin, end, step) in [([0, 0], [5, 6], [1, 1]), ([3, 0], [2, 6], [1, 1]), ([0, 0], [4, 6], [0, 1])] {
        assert!(matches!(tensor.sliced(&begin, &end, &step), Err(TensorError::Slice { .. })));
    }
    assert!(matches!(tensor.sliced(&[0], &[1], &[1]), Err(TensorError::Slice { .. })));
    assert!(matches!(Tensor::concat(0, &[]), Err(TensorError::ConcatNothing)));
    assert!(matches!(Tensor::concat(0, &[tensor.clone(), three.clone()]), Err(TensorError::Concat { .. })));
    assert!(matches!(Tensor::concat(0, &[ints, three]), Err(TensorError::Type(..))));
    assert!(matches!(Tensor::concat(2, &[tensor]), Err(TensorError::Axis { .. })));
    let unknown = Tensor::opaque(DType::Fp32, &[4], crate::Fingerprint([0; 16]));
    assert!(matches!(unknown.cast(DType::Fp16), Err(TensorError::Opaque(_))));
    let huge = Tensor::splat(&[usize::MAX / 4], 1.0_f32);
    assert!(matches!(
        Tensor::concat(0, &[huge.clone(), huge.cast(DType::Int32).unwrap()]),
        Err(TensorError::Type(..))
    ));
    let other = Tensor::splat(&[usize::MAX / 4], 2.0_f32);
    assert!(matches!(Tensor::concat(0, &[huge, other]), Err(TensorError::Size { .. })));
}

#[test]
fn sizes_that_overflow_are_refused() {
    let huge = Tensor::splat(&[4, usize::MAX, 8], 1.0_f32);
    let scale = Tensor::from_slice(&[4], &[1.0_f32; 4]).unwrap();
    for result in [
        huge.scale_shift(0, Some(&scale), None),
        Tensor::concat(0, &[huge.clone(), Tensor::splat(&[4, usize::MAX, 8], 2.0_f32)]),
        huge.transposed(&[2, 1, 0]),
    ] {
        assert!(matches!(result, Err(TensorError::Size { wanted: None, .. })));
    }
}

#[test]
fn steps_may_exceed_the_tensor() {
    let tensor = mapped(&[4, 6]);
    let one = tensor.sliced(&[1, 2], &[4, 6], &[usize::MAX, usize::MAX]).unwrap();
    assert_eq!(one.to_vec::<f32>().unwrap(), [8.0]);
}
