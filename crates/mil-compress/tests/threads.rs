//! The same bytes on any number of threads.

#![cfg(feature = "rayon")]
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use half::f16;
use mil_compress::palette::{Mode, Vectors, palettize};
use mil_compress::prune::{Rule, prune};
use mil_compress::quantize::{Range, quantize};
use mil_compress::{Blocks, CompressError, palette, quantize as linear};
use mil_tensor::random::Stream;
use mil_tensor::{DType, Tensor};

/// More elements than any fit gives to one core.
const SHAPE: [usize; 2] = [272, 2048];

fn weight() -> Tensor {
    let mut random = Stream::new(3);
    let mut normal = || (0..12).map(|_| random.unit()).sum::<f64>() - 6.0;
    let values: Vec<f16> = (0..SHAPE[0] * SHAPE[1]).map(|_| f16::from_f64(0.02 * normal())).collect();
    Tensor::from_slice(&SHAPE, &values).unwrap()
}

type Found = Result<Vec<Tensor>, CompressError>;

fn palettized(weight: &Tensor, mode: Mode, bits: usize, sizes: [usize; 2]) -> Found {
    let options = palette::Options::new(mode, bits);
    let found = palettize(weight, &Blocks::of_sizes(&SHAPE, &sizes)?, &options, None)?;
    Ok(vec![found.indices, found.lut])
}

fn vectors(weight: &Tensor) -> Found {
    let weight = weight.sliced(&[0, 0], &[16, SHAPE[1]], &[1, 1])?;
    let vectors = Some(Vectors { axis: 0, width: 2 });
    let options = palette::Options { vectors, ..palette::Options::new(Mode::Kmeans, 2) };
    let found = palettize(&weight, &Blocks::whole(weight.shape())?, &options, None)?;
    Ok(vec![found.indices, found.lut])
}

fn quantized(weight: &Tensor, dtype: DType, sizes: [usize; 2]) -> Found {
    let options = linear::Options { dtype, symmetric: dtype == DType::Int4, range: Range::Search };
    let found = quantize(weight, &Blocks::of_sizes(&SHAPE, &sizes)?, options)?;
    Ok([Some(found.data), Some(found.scale), found.offset].into_iter().flatten().collect())
}

fn pruned(weight: &Tensor, rule: Rule) -> Found {
    let found = prune(weight, rule)?;
    Ok(vec![found.mask, found.nonzero])
}

/// What all fits make of a weight, as bytes.
fn all() -> Vec<Vec<u8>> {
    let weight = weight();
    let singles = weight.cast(DType::Fp32).unwrap().materialized().unwrap();
    let found = [
        palettized(&weight, Mode::Kmeans, 4, [0, 0]),
        palettized(&weight, Mode::Kmeans, 6, [16, 0]),
        palettized(&weight, Mode::Uniform, 4, [0, 16]),
        palettized(&singles, Mode::Kmeans, 3, [0, 0]),
        vectors(&weight),
        quantized(&weight, DType::Int8, [0, 0]),
        quantized(&weight, DType::Uint8, [0, 1]),
        quantized(&weight, DType::Int4, [1, 32]),
        pruned(&weight, Rule::Sparsity(0.5)),
        pruned(&singles, Rule::Sparsity(0.3)),
        pruned(&weight, Rule::Ratio { zeros: 2, of: 4, axis: 1 }),
    ];
    let tensors = found.into_iter().flat_map(Result::unwrap);
    tensors.map(|tensor| tensor.bytes().unwrap().into_owned()).collect()
}

#[test]
fn bytes_do_not_depend_on_the_number_of_threads() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(all)
    };
    let alone = on(1);
    for threads in [2, 7] {
        for (at, (a, b)) in alone.iter().zip(on(threads)).enumerate() {
            assert!(*a == b, "tensor {at} differs on {threads} threads");
        }
    }
}
