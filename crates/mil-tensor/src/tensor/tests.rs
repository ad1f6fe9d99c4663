use std::sync::Arc;

use crate::{Blob, DType, Fingerprint, MemorySource, Source, Tensor};

#[test]
fn sizes_are_checked() {
    assert!(Tensor::from_slice(&[2, 2], &[1_f32, 2.0, 3.0]).is_err());
    assert!(Tensor::from_bytes(DType::Fp32, &[usize::MAX, 2], vec![]).is_err());
    assert_eq!(Tensor::from_bytes(DType::Fp32, &[usize::MAX, 2, 0], vec![]).unwrap().len(), 0);
}

#[test]
fn sub_byte_elements_are_packed_least_significant_bit_first() {
    let tensor = Tensor::from_bytes(DType::Uint3, &[3], vec![0b10_001_111, 0b1]).unwrap();
    assert_eq!(tensor.to_i64s().unwrap(), [7, 1, 6]);
    let signed = Tensor::from_bytes(DType::Int4, &[2], vec![0x8F]).unwrap();
    assert_eq!(signed.to_i64s().unwrap(), [-1, -8]);
}

#[test]
fn a_splat_equals_its_elements() {
    let splat = Tensor::splat(&[3], 2.5_f32);
    let plain = Tensor::from_slice(&[3], &[2.5_f32; 3]).unwrap();
    assert!(splat.content_eq(&plain).unwrap());
    assert_eq!(splat.to_vec::<f32>().unwrap(), [2.5; 3]);
}

#[test]
fn a_blob_outside_its_source_is_refused() {
    let source = Arc::new(MemorySource::new(vec![0_u8; 8]));
    let blob = |range| Blob { source: source.clone(), range };
    assert!(Tensor::from_blob(DType::Fp32, &[2], blob(0..8)).is_ok());
    assert!(Tensor::from_blob(DType::Fp32, &[2], blob(4..12)).is_err());
    assert!(Tensor::from_blob(DType::Fp32, &[2], blob(u64::MAX - 7..u64::MAX)).is_err());
}

#[test]
fn fingerprints_tell_type_and_shape() {
    let a = Tensor::from_slice(&[4], &[0_i32; 4]).unwrap();
    let b = Tensor::from_slice(&[2, 2], &[0_i32; 4]).unwrap();
    let c = Tensor::from_slice(&[4], &[0_f32; 4]).unwrap();
    assert_ne!(a.fingerprint().unwrap(), b.fingerprint().unwrap());
    assert_ne!(a.fingerprint().unwrap(), c.fingerprint().unwrap());
    assert_eq!(Fingerprint::parse(&a.fingerprint().unwrap().to_string()), Some(a.fingerprint().unwrap()));
}

#[test]
fn what_is_in_memory_is_not_copied() {
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(vec![1, 2, 3, 4]));
    let blob = Blob { source: source.clone(), range: 1..3 };
    let tensor = Tensor::from_blob(DType::Uint8, &[2], blob).unwrap();
    assert_eq!(tensor.stored(0, 2), Some(&[2, 3][..]));
    // Bytes behind the tensor are not its own.
    assert_eq!((tensor.stored(1, 2), tensor.stored(usize::MAX, 2)), (None, None));
    let bytes = tensor.bytes().unwrap();
    assert!(std::ptr::eq(bytes.as_ptr(), source.bytes(1..3).unwrap().as_ptr()));
    assert!(source.bytes(3..5).is_none());
}
