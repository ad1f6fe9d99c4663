use half::f16;
use mil_tensor::random::Stream;

use super::*;
use crate::loss;

fn halves(shape: &[usize], seed: u64) -> Tensor {
    let mut random = Stream::new(seed);
    let len = shape.iter().product();
    let normal = |random: &mut Stream| (0..6).map(|_| random.unit() - 0.5).sum::<f64>();
    let values: Vec<f16> = (0..len).map(|_| f16::from_f64(0.05 * normal(&mut random))).collect();
    Tensor::from_slice(shape, &values).unwrap()
}

fn noise(weight: &Tensor, palette: &Palette) -> f64 {
    loss(weight, &palette.dense().unwrap()).unwrap().noise
}

#[test]
fn each_element_is_the_nearest_entry_of_its_group() {
    for weight in [halves(&[12, 10, 3], 1), halves(&[12, 10, 3], 2).cast(DType::Fp32).unwrap()] {
        let values = weight.to_f64s().unwrap();
        for (mode, bits) in [(Mode::Kmeans, 1), (Mode::Kmeans, 3), (Mode::Kmeans, 6), (Mode::Uniform, 4)] {
            for counts in [[1, 1, 1], [3, 1, 1], [1, 5, 1], [1, 1, 3], [12, 1, 1]] {
                let groups = Blocks::new(weight.shape(), &counts).unwrap();
                let options = Options::new(mode.clone(), bits);
                let found = palettize(&weight, &groups, &options, None).unwrap();
                assert_eq!(found.lut.shape(), [&counts[..], &[1 << bits, 1]].concat());
                let (indices, lut) = (found.indices.to_i64s().unwrap(), found.lut.to_f64s().unwrap());
                let dense = found.dense().unwrap().to_f64s().unwrap();
                for i in 0..values.len() {
                    let index = [i / 30, i / 3 % 10, i % 3];
                    let group = (0..3).fold(0, |at, axis| {
                        at * counts[axis] + index[axis] / (weight.shape()[axis] / counts[axis])
                    });
                    let table = &lut[group << bits..(group + 1) << bits];
                    let distance = |entry: f64| (values[i] - entry).abs();
                    let least = table.iter().map(|&entry| distance(entry)).fold(f64::INFINITY, f64::min);
                    assert_eq!(dense[i], table[indices[i] as usize]);
                    // What fills a table up is no entry.
                    let used = table.windows(2).take_while(|pair| pair[0] < pair[1]).count() + 1;
                    if used == table.len() {
                        assert_eq!(distance(dense[i]), least);
                    }
                }
            }
        }
    }
}

#[test]
fn more_bits_and_smaller_groups_are_better() {
    let weight = halves(&[64, 128], 3);
    let noise_of = |bits, size| {
        let groups = Blocks::of_sizes(weight.shape(), &[size, 0]).unwrap();
        noise(&weight, &palettize(&weight, &groups, &Options::new(Mode::Kmeans, bits), None).unwrap())
    };
    let mut last = f64::INFINITY;
    for bits in [1, 2, 3, 4, 6, 8] {
        let found = noise_of(bits, 0);
        assert!(found < last);
        last = found;
    }
    let mut last = f64::INFINITY;
    for size in [0, 32, 8, 1] {
        let found = noise_of(3, size);
        assert!(found < last);
        last = found;
    }
    let uniform =
        palettize(&weight, &Blocks::whole(weight.shape()).unwrap(), &Options::new(Mode::Uniform, 4), None);
    assert!(noise_of(4, 0) < 0.7 * noise(&weight, &uniform.unwrap()));
}

#[test]
fn distinct_values_are_kept_with_the_fewest_bits() {
    let values: Vec<f32> = (0..40).map(|i| (i % 5) as f32 - 2.0).collect();
    let weight = Tensor::from_slice(&[4, 10], &values).unwrap();
    let options = Options { bits: None, ..Options::new(Mode::Unique, 0) };
    let found = palettize(&weight, &Blocks::whole(&[4, 10]).unwrap(), &options, None).unwrap();
    assert_eq!((found.bits(), noise(&weight, &found)), (3, 0.0));
    assert_eq!(found.lut.to_f64s().unwrap(), [-2.0, -1.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0]);
    let many: Vec<f32> = (0..257).map(|i| i as f32).collect();
    let many = Tensor::from_slice(&[257], &many).unwrap();
    let refused = palettize(&many, &Blocks::whole(&[257]).unwrap(), &options, None);
    assert!(matches!(refused, Err(CompressError::Distinct(256))));
}

#[test]
fn vectors_have_one_index() {
    let weight = halves(&[16, 6], 4);
    for axis in [0, 1] {
        let counts = if axis == 0 { [4, 1] } else { [1, 3] };
        let groups = Blocks::new(weight.shape(), &counts).unwrap();
        let vectors = Some(Vectors { axis, width: 2 });
        let options = Options { vectors, ..Options::new(Mode::Kmeans, 3) };
        let found = palettize(&weight, &groups, &options, None).unwrap();
        let mut shape = [16, 6];
        shape[axis] /= 2;
        assert_eq!((found.indices.shape(), found.vector_axis), (&shape[..], Some(axis)));
        assert_eq!(found.lut.shape(), [counts[0], counts[1], 8, 2]);
        let dense = found.dense().unwrap();
        assert_eq!(dense.shape(), weight.shape());
        // With an entry for each vector nothing is lost.
        let all = Options { vectors, bits: None, ..Options::new(Mode::Unique, 0) };
        let exact = palettize(&weight, &groups, &all, None).unwrap();
        assert_eq!(noise(&weight, &exact), 0.0);
        assert!(noise(&weight, &found) > 0.0);
    }
}

#[test]
fn a_scale_for_each_channel_helps_where_channels_differ() {
    let weight = halves(&[32, 64], 5);
    let spread: Vec<f32> = (0..32).map(|i| 1.5_f32.powi(i % 12)).collect();
    let spread = Tensor::from_slice(&[32], &spread).unwrap();
    let weight = weight.scale_shift(0, Some(&spread), None).unwrap();
    let groups = Blocks::whole(weight.shape()).unwrap();
    let plain = palettize(&weight, &groups, &Options::new(Mode::Kmeans, 4), None).unwrap();
    let options = Options { scale_axis: Some(0), ..Options::new(Mode::Kmeans, 4) };
    let scaled = palettize(&weight, &groups, &options, None).unwrap();
    assert_eq!(scaled.scale.as_ref().unwrap().shape(), [32, 1]);
    assert_eq!(scaled.lut.shape(), [1, 1, 16, 1], "the table is left alone");
    assert!(noise(&weight, &scaled) < 0.5 * noise(&weight, &plain));
}

#[test]
fn importance_draws_entries() {
    let weight = Tensor::from_slice(&[6], &[0.0_f32, 1.0, 2.0, 10.0, 11.0, 12.0]).unwrap();
    let importance = Tensor::from_slice(&[6], &[1.0_f32, 1.0, 1.0, 100.0, 1.0, 1.0]).unwrap();
    let groups = Blocks::whole(&[6]).unwrap();
    let found = palettize(&weight, &groups, &Options::new(Mode::Kmeans, 1), Some(&importance)).unwrap();
    let lut = found.lut.to_f64s().unwrap();
    assert!((lut[1] - 1023.0 / 102.0).abs() < 1e-6, "{lut:?}");
}

#[test]
fn zeros_do_not_count_where_they_are_said_elsewhere() {
    let weight = Tensor::from_slice(&[6], &[0.0_f32, 0.0, 0.0, 0.0, 1.0, -3.0]).unwrap();
    let options = Options { ignore_zeros: true, ..Options::new(Mode::Kmeans, 1) };
    let found = palettize(&weight, &Blocks::whole(&[6]).unwrap(), &options, None).unwrap();
    assert_eq!(found.lut.to_f64s().unwrap(), [-3.0, 1.0]);
}
