//! Blobs with the same bytes.
//!
//! Reading all weights to compare them would cost as much as writing them, so few are read. Blobs of another
//! element type or size differ; of the rest some samples are compared, which tells most apart. Only what is
//! still alike is hashed, streaming, each blob once. Equal means every byte.
//!
//! At least one of two is new: blobs that were read stand where they stand, whether or not the file has them
//! twice.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use mil_tensor::{DType, Tensor, TensorError};

use crate::weights::Out;

/// Bytes of a sample, and how many of them are taken.
const SAMPLE: usize = 1024;
const SAMPLES: usize = 4;

/// The new blobs that are equal to another one: by their number, the number of the first that is equal. Among
/// equals, one that was read comes first.
pub(super) fn equal_blobs(
    blobs: &[(Tensor, u64)],
    is_new: impl Fn(usize) -> bool,
) -> Result<BTreeMap<usize, usize>, TensorError> {
    let mut alike: HashMap<(DType, usize), Vec<usize>> = HashMap::new();
    for (at, (tensor, _)) in blobs.iter().enumerate() {
        if let Some(len) = tensor.byte_len() {
            alike.entry((tensor.dtype(), len)).or_default().push(at);
        }
    }
    let mut same = BTreeMap::new();
    let worthwhile = |group: &Vec<usize>| group.len() > 1 && group.iter().any(|&at| is_new(at));
    for ((_, len), group) in alike.into_iter().filter(|(_, group)| worthwhile(group)) {
        let mut sampled: HashMap<blake3::Hash, Vec<usize>> = HashMap::new();
        for at in group {
            sampled.entry(sample(&blobs[at].0, len)?).or_default().push(at);
        }
        for mut group in sampled.into_values().filter(worthwhile) {
            group.sort_by_key(|&at| (is_new(at), at));
            let mut first: Vec<(blake3::Hash, usize)> = Vec::new();
            for at in group {
                let tensor = &blobs[at].0;
                let known = first.iter().find(|&&(_, known)| blobs[known].0.is_same(tensor)).copied();
                let hash = match known {
                    Some((hash, _)) => hash,
                    None => hash(tensor)?,
                };
                match first.iter().find(|(known, _)| *known == hash) {
                    Some(&(_, known)) if is_new(at) => {
                        same.insert(at, known);
                    }
                    Some(_) => {}
                    None => first.push((hash, at)),
                }
            }
        }
    }
    Ok(same)
}

/// Some pieces of a blob, spread over it.
fn sample(tensor: &Tensor, len: usize) -> Result<blake3::Hash, TensorError> {
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; len.min(SAMPLE)];
    for turn in 0..SAMPLES {
        let start = (len - piece.len()) / (SAMPLES - 1) * turn;
        read(tensor, start, &mut piece)?;
        hasher.update(&piece);
    }
    Ok(hasher.finalize())
}

fn read(tensor: &Tensor, start: usize, out: &mut [u8]) -> Result<(), TensorError> {
    match tensor.blob() {
        Some(blob) => Ok(blob.source.read_at(blob.range.start + start as u64, out)?),
        None => tensor.read_bytes(start, out),
    }
}

fn hash(tensor: &Tensor) -> Result<blake3::Hash, TensorError> {
    struct Hashing(blake3::Hasher);
    impl Out for Hashing {
        fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
            self.0.update(bytes);
            Ok(())
        }
    }
    let mut out = Hashing(blake3::Hasher::new());
    match tensor.blob() {
        Some(blob) => {
            let range: Range<u64> = blob.range.clone();
            out.copy(blob.source.as_ref(), range)?;
        }
        None => tensor.for_each_chunk(|piece| {
            out.0.update(piece);
        })?,
    }
    Ok(out.0.finalize())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mil_tensor::{Blob, MemorySource};

    use super::*;

    fn mapped(values: &[f32]) -> Tensor {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let range = 0..bytes.len() as u64;
        let source = Arc::new(MemorySource::new(bytes));
        Tensor::from_blob(DType::Fp32, &[values.len()], Blob { source, range }).unwrap()
    }

    fn equal(tensors: &[Tensor], new: &[usize]) -> Vec<(usize, usize)> {
        let blobs: Vec<_> = tensors.iter().map(|tensor| (tensor.clone(), 0)).collect();
        equal_blobs(&blobs, |at| new.contains(&at)).unwrap().into_iter().collect()
    }

    #[test]
    fn equal_bytes_are_found_in_every_form() {
        let values: Vec<f32> = (0..9000).map(|value| value as f32).collect();
        let mut other = values.clone();
        other[1500] = -1.0;
        let half = |tensor: &Tensor| tensor.cast(DType::Fp16).unwrap();
        let tensors = [
            mapped(&values),
            mapped(&values),
            Tensor::from_slice(&[9000], &values).unwrap(),
            Tensor::from_slice(&[90, 100], &values).unwrap(),
            Tensor::from_slice(&[9000], &other).unwrap(),
            half(&mapped(&values)),
            half(&mapped(&values)),
        ];
        assert_eq!(equal(&tensors, &[1, 2, 3, 4, 5, 6]), [(1, 0), (2, 0), (3, 0), (6, 5)]);
        // What was read stays, and is what the others become.
        assert_eq!(equal(&tensors, &[0]), [(0, 1)]);
        assert_eq!(equal(&tensors, &[]), []);
    }

    #[test]
    fn bits_count_and_not_numbers() {
        let tensor = |value: f32| Tensor::from_slice(&[1], &[value]).unwrap();
        assert_eq!(equal(&[tensor(0.0), tensor(-0.0)], &[0, 1]), []);
        assert_eq!(equal(&[tensor(f32::NAN), tensor(f32::NAN)], &[0, 1]), [(1, 0)]);
    }
}
