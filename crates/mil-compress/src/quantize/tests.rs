use half::f16;
use mil_tensor::random::Stream;

use super::*;
use crate::loss;

/// Half floats that are spread like the weights of a layer, with some large ones.
fn weight(shape: &[usize], seed: u64) -> Tensor {
    let mut random = Stream::new(seed);
    let len = shape.iter().product();
    let normal = |random: &mut Stream| (0..6).map(|_| random.unit() - 0.5).sum::<f64>();
    let values: Vec<f16> = (0..len).map(|_| f16::from_f64(0.05 * normal(&mut random))).collect();
    Tensor::from_slice(shape, &values).unwrap()
}

fn all_options() -> Vec<Options> {
    let mut all = Vec::new();
    for dtype in [DType::Int4, DType::Uint4, DType::Int8, DType::Uint8] {
        for symmetric in [true, false] {
            for range in [Range::Extent, Range::Search] {
                all.push(Options { dtype, symmetric, range });
            }
        }
    }
    all
}

/// The grids that one shape is divided into.
const GRIDS: [[usize; 3]; 6] = [[1, 1, 1], [8, 1, 1], [1, 6, 1], [1, 1, 10], [8, 3, 1], [2, 1, 5]];

#[test]
fn each_element_is_the_nearest_integer_of_its_block() {
    let weight = weight(&[8, 6, 10], 1);
    let values = weight.to_f64s().unwrap();
    for options in all_options() {
        let (least, most) = options.dtype.int_range().unwrap();
        for counts in GRIDS {
            let blocks = Blocks::new(weight.shape(), &counts).unwrap();
            let found = quantize(&weight, &blocks, options).unwrap();
            assert_eq!(found.scale.shape(), counts);
            let scale = found.scale.to_f64s().unwrap();
            let offset = found.offset.as_ref().map(|offset| offset.to_f64s().unwrap());
            let data = found.data.to_f64s().unwrap();
            let dense = found.dense().unwrap().to_f64s().unwrap();
            for i in 0..values.len() {
                let index = [i / 60, i / 10 % 6, i % 10];
                let sizes = [8, 6, 10];
                let block =
                    (0..3).fold(0, |at, axis| at * counts[axis] + index[axis] / (sizes[axis] / counts[axis]));
                let zero = offset.as_ref().map_or(0.0, |offset| offset[block]);
                let distance = |q: f64| (values[i] - scale[block] * (q - zero)).abs();
                let best = (least..=most).map(|q| distance(q as f64)).fold(f64::INFINITY, f64::min);
                assert!(distance(data[i]) <= best * (1.0 + 1e-5) + 1e-9, "{options:?} {counts:?} {i}");
                let exact = scale[block] * (data[i] - zero);
                assert_eq!(dense[i], f16::from_f32(exact as f32).to_f64());
            }
        }
    }
}

#[test]
fn searching_is_never_worse_and_finer_blocks_are_better() {
    for seed in 0..5 {
        let weight = weight(&[64, 64], seed);
        let noise = |options: Options, sizes: &[usize]| {
            let blocks = Blocks::of_sizes(weight.shape(), sizes).unwrap();
            loss(&weight, &quantize(&weight, &blocks, options).unwrap().dense().unwrap()).unwrap().noise
        };
        for options in all_options() {
            let extent = Options { range: Range::Extent, ..options };
            let mut last = f64::INFINITY;
            for sizes in [[0, 0], [1, 0], [1, 32], [1, 8]] {
                let found = noise(options, &sizes);
                assert!(found <= noise(extent, &sizes), "{options:?} {sizes:?}");
                assert!(found < last, "{options:?} {sizes:?}");
                last = found;
            }
        }
    }
}

#[test]
fn clipping_pays_for_four_bits() {
    let weight = weight(&[256, 256], 9);
    let blocks = Blocks::of_sizes(weight.shape(), &[1, 32]).unwrap();
    let noise = |range| {
        let options = Options { dtype: DType::Int4, symmetric: true, range };
        loss(&weight, &quantize(&weight, &blocks, options).unwrap().dense().unwrap()).unwrap().noise
    };
    assert!(noise(Range::Search) < 0.85 * noise(Range::Extent));
}

#[test]
fn what_lies_on_the_grid_stays() {
    let values: Vec<f32> = (-7..=7).map(|q| q as f32 * 0.125).collect();
    let weight = Tensor::from_slice(&[1, 15], &values).unwrap();
    let blocks = Blocks::whole(weight.shape()).unwrap();
    for range in [Range::Extent, Range::Search] {
        let options = Options { dtype: DType::Int4, symmetric: true, range };
        let found = quantize(&weight, &blocks, options).unwrap();
        assert_eq!(found.data.to_i64s().unwrap(), (-7..=7).collect::<Vec<i64>>());
        assert_eq!(found.scale.to_f64s().unwrap(), [0.125]);
    }
}

#[test]
fn zeros_and_the_smallest_numbers_have_a_scale() {
    for value in [0.0, 6e-8, -6e-8, 65504.0] {
        for options in all_options() {
            let weight = Tensor::from_slice(&[2, 2], &[f16::from_f64(value); 4]).unwrap();
            let found = quantize(&weight, &Blocks::whole(&[2, 2]).unwrap(), options).unwrap();
            assert!(found.scale.to_f64s().unwrap()[0] > 0.0);
            let dense = found.dense().unwrap().to_f64s().unwrap();
            let error = (dense[0] - value).abs();
            assert!(error <= 0.07 * value.abs() + 6e-8, "{value} became {dense:?} by {options:?}");
        }
    }
}

#[test]
fn weights_that_are_not_finite_are_refused() {
    let blocks = Blocks::whole(&[2]).unwrap();
    for options in all_options() {
        for bad in [f32::NAN, f32::INFINITY] {
            let weight = Tensor::from_slice(&[2], &[1.0, bad]).unwrap();
            assert!(matches!(quantize(&weight, &blocks, options), Err(CompressError::NotFinite)));
        }
    }
}

#[test]
fn short_blocks_are_searched_as_well_as_long_ones() {
    // Eight blocks and more are searched together where they are short, each by itself where they are not.
    for (size, dtype, symmetric) in [
        (32, DType::Int4, true),
        (32, DType::Uint4, false),
        (5, DType::Int8, true),
        (128, DType::Uint8, false),
    ] {
        let weight = weight(&[19, size], size as u64);
        let options = Options { dtype, symmetric, range: Range::Search };
        let blocks = Blocks::of_sizes(&[19, size], &[1, 0]).unwrap();
        let together = quantize(&weight, &blocks, options).unwrap().dense().unwrap();
        for row in 0..19 {
            let slice = |tensor: &Tensor| tensor.sliced(&[row, 0], &[row + 1, size], &[1, 1]).unwrap();
            let own = slice(&weight);
            let alone = quantize(&own, &Blocks::whole(&[1, size]).unwrap(), options).unwrap();
            let alone = loss(&own, &alone.dense().unwrap()).unwrap().noise;
            let found = loss(&own, &slice(&together)).unwrap().noise;
            // Sums are taken in another order.
            assert!((found - alone).abs() <= 1e-4 * alone, "{dtype} row {row}: {found} and {alone}");
        }
    }
}
