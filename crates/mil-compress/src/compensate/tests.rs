use half::f16;
use mil_tensor::random::Stream;

use super::*;
use crate::palette::{self, Mode, palettize};
use crate::quantize::{Options, Range, quantize};

/// A layer whose inputs go together: each is a mixture of few.
struct Layer {
    weight: Tensor,
    /// By group: one vector after another.
    vectors: Vec<Vec<f32>>,
    met: Inputs,
    rows: usize,
    inputs: usize,
}

impl Layer {
    fn new(groups: usize, rows: usize, inputs: usize, seed: u64) -> Layer {
        let mut random = Stream::new(seed);
        let mut normal = || (0..6).map(|_| random.unit() - 0.5).sum::<f64>();
        let weights: Vec<f16> = (0..rows * inputs).map(|_| f16::from_f64(0.1 * normal())).collect();
        let mut gram = Gram::new(groups, inputs);
        let mut vectors = Vec::new();
        for group in 0..groups {
            let mixture: Vec<f64> = (0..inputs * 3).map(|_| normal()).collect();
            let mut all = Vec::new();
            for _ in 0..200 {
                let parts = [normal(), normal(), normal()];
                for input in 0..inputs {
                    let mixed: f64 = parts.iter().zip(&mixture[input * 3..]).map(|(a, b)| a * b).sum();
                    all.push((mixed + 0.1 * normal()) as f32);
                }
            }
            // Two parts: what is met in several calls adds up.
            for part in [&all[..10 * inputs], &all[10 * inputs..]] {
                let count = part.len() / inputs;
                let columns: Vec<f32> =
                    (0..inputs * count).map(|at| part[at % count * inputs + at / count]).collect();
                gram.add(group, &columns, count);
            }
            vectors.push(all);
        }
        let weight = Tensor::from_slice(&[rows, inputs], &weights).unwrap();
        Layer { weight, vectors, met: gram.into(), rows, inputs }
    }

    /// Squared error of what the layer gives, by the definition.
    fn error(&self, dense: &Tensor) -> f64 {
        let (old, new) = (self.weight.to_f64s().unwrap(), dense.to_f64s().unwrap());
        let per_group = self.rows / self.vectors.len();
        let mut sum = 0.0;
        for row in 0..self.rows {
            for vector in self.vectors[row / per_group].chunks_exact(self.inputs) {
                let each = vector.iter().enumerate().map(|(at, &x)| {
                    let place = row * self.inputs + at;
                    (old[place] - new[place]) * f64::from(x)
                });
                sum += each.sum::<f64>().powi(2);
            }
        }
        sum
    }
}

#[test]
fn the_layer_gives_what_it_gave_more_closely() {
    for (groups, rows, inputs) in [(1, 12, 40), (2, 6, 33), (4, 4, 9)] {
        for dtype in [DType::Int4, DType::Uint4, DType::Int8, DType::Uint8] {
            for symmetric in [true, false] {
                let layer = Layer::new(groups, rows, inputs, inputs as u64);
                let blocks = Blocks::of_sizes(&[rows, inputs], &[1, 0]).unwrap();
                let options = Options { dtype, symmetric, range: Range::Search };
                let plain = quantize(&layer.weight, &blocks, options).unwrap();
                let (found, gain) = quantized(&layer.weight, &blocks, &plain, &layer.met, 0).unwrap();
                assert_eq!(found.data.dtype(), dtype);
                assert!(found.scale.content_eq(&plain.scale).unwrap());
                let before = layer.error(&plain.dense().unwrap());
                let after = layer.error(&found.dense().unwrap());
                assert!(after < 0.7 * before, "{groups} {dtype} {symmetric}: {before} {after}");
                assert!(gain.compensated <= gain.plain);
                // The dense weight is rounded to half floats, and the matrix has damping.
                assert!((gain.plain / before - 1.0).abs() < 0.2, "{gain:?} {before}");
            }
        }
    }
}

#[test]
fn indices_make_up_for_errors_as_integers_do() {
    let layer = Layer::new(1, 12, 40, 3);
    let blocks = Blocks::of_sizes(&[12, 40], &[4, 0]).unwrap();
    for bits in [2, 3, 4] {
        for scale_axis in [None, Some(0)] {
            let options = palette::Options { scale_axis, ..palette::Options::new(Mode::Kmeans, bits) };
            let importance = layer.met.importance(&[12, 40], 0).unwrap();
            let plain = palettize(&layer.weight, &blocks, &options, Some(&importance)).unwrap();
            let (found, _) = palettized(&layer.weight, &blocks, &plain, &layer.met, 0).unwrap();
            let before = layer.error(&plain.dense().unwrap());
            let after = layer.error(&found.dense().unwrap());
            assert!(after < 0.7 * before, "{bits} bits, {scale_axis:?}: {before} {after}");
        }
    }
}

#[test]
fn other_layouts_are_the_same_weight() {
    let layer = Layer::new(1, 6, 12, 5);
    let options = Options { dtype: DType::Int4, symmetric: true, range: Range::Search };
    let by_rows = Blocks::of_sizes(&[6, 12], &[1, 4]).unwrap();
    let plain = quantize(&layer.weight, &by_rows, options).unwrap();
    let (wanted, _) = quantized(&layer.weight, &by_rows, &plain, &layer.met, 0).unwrap();
    let turned = layer.weight.transposed(&[1, 0]).unwrap();
    let by_columns = Blocks::of_sizes(&[12, 6], &[4, 1]).unwrap();
    let plain = quantize(&turned, &by_columns, options).unwrap();
    let (found, _) = quantized(&turned, &by_columns, &plain, &layer.met, 1).unwrap();
    assert!(found.data.transposed(&[1, 0]).unwrap().content_eq(&wanted.data).unwrap());
}

#[test]
fn inputs_that_are_zero_leave_plain_rounding() {
    let layer = Layer::new(1, 6, 12, 7);
    let blocks = Blocks::of_sizes(&[6, 12], &[1, 0]).unwrap();
    let options = Options { dtype: DType::Int4, symmetric: true, range: Range::Extent };
    let plain = quantize(&layer.weight, &blocks, options).unwrap();
    let (found, gain) = quantized(&layer.weight, &blocks, &plain, &Gram::new(1, 12).into(), 0).unwrap();
    assert!(found.data.content_eq(&plain.data).unwrap());
    assert_eq!(gain, Gain::default());
}

#[test]
fn a_gram_of_another_layer_is_refused() {
    let layer = Layer::new(1, 6, 12, 7);
    let blocks = Blocks::of_sizes(&[6, 12], &[1, 0]).unwrap();
    let options = Options { dtype: DType::Int4, symmetric: true, range: Range::Extent };
    let plain = quantize(&layer.weight, &blocks, options).unwrap();
    assert!(quantized(&layer.weight, &blocks, &plain, &Gram::new(1, 6).into(), 0).is_err());
    assert!(quantized(&layer.weight, &blocks, &plain, &Gram::new(4, 12).into(), 0).is_err());
    assert!(quantized(&layer.weight, &blocks, &plain, &layer.met, 2).is_err());
}

/// With as many inputs as vectors that have nothing to do with each other, what looks like a connection is chance:
/// others are not given less closely than with plain rounding.
#[test]
fn chance_is_not_relied_on() {
    let (rows, inputs, count) = (16, 64, 64);
    let mut random = Stream::new(11);
    let mut normal = || ((0..12).map(|_| random.unit() - 0.5).sum::<f64>()) as f32;
    let weight: Vec<f32> = (0..rows * inputs).map(|_| 0.1 * normal()).collect();
    let weight = Tensor::from_slice(&[rows, inputs], &weight).unwrap();
    let columns: Vec<f32> = (0..inputs * count).map(|_| normal()).collect();
    let mut gram = Gram::new(1, inputs);
    gram.add(0, &columns, count);
    let blocks = Blocks::of_sizes(&[rows, inputs], &[1, 0]).unwrap();
    let options = Options { dtype: DType::Int4, symmetric: true, range: Range::Search };
    let plain = quantize(&weight, &blocks, options).unwrap();
    let (found, _) = quantized(&weight, &blocks, &plain, &gram.into(), 0).unwrap();
    // Other vectors of that kind show the squared error of the weight itself.
    let noise = |of: &Quantized| crate::loss(&weight, &of.dense().unwrap()).unwrap().noise;
    assert!(noise(&found) < 1.02 * noise(&plain), "{} {}", noise(&found), noise(&plain));
}
