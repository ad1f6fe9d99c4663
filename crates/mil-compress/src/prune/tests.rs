use mil_tensor::random::Stream;

use super::*;

fn weight(shape: &[usize], seed: u64) -> (Tensor, Vec<f32>) {
    let mut random = Stream::new(seed);
    let len = shape.iter().product();
    // Some are equal, some zero.
    let values: Vec<f32> = (0..len).map(|_| ((random.unit() - 0.5) * 40.0).round() as f32).collect();
    (Tensor::from_slice(shape, &values).unwrap(), values)
}

/// The weight with zeros where the mask has none, both as pruned and put together again.
fn pruned(weight: &Tensor, rule: Rule) -> Vec<f64> {
    let found = prune(weight, rule).unwrap();
    let mask = found.mask.to_f64s().unwrap();
    let values = weight.to_f64s().unwrap();
    let wanted: Vec<f64> = values.iter().zip(&mask).map(|(value, bit)| value * bit).collect();
    assert_eq!(found.dense().unwrap().to_f64s().unwrap(), wanted);
    let kept: Vec<f64> = wanted.iter().copied().filter(|&value| value != 0.0).collect();
    assert_eq!(found.nonzero.to_f64s().unwrap(), kept, "what is kept is not zero");
    assert_eq!(found.counts.kept(), kept.len());
    wanted
}

#[test]
fn the_least_elements_become_zero() {
    let (single, values) = weight(&[9, 11], 1);
    for weight in [single.clone(), single.cast(DType::Fp16).unwrap()] {
        for part in [0.0, 0.1, 0.5, 0.75, 1.0] {
            let found = pruned(&weight, Rule::Sparsity(part));
            let mut sorted: Vec<f32> = values.iter().map(|value| value.abs()).collect();
            sorted.sort_by(f32::total_cmp);
            let threshold = if part == 0.0 { 0.0 } else { sorted[(part * 98.0) as usize] };
            let wanted = values.iter().map(|&value| if value.abs() <= threshold { 0.0 } else { value });
            assert!(wanted.map(f64::from).eq(found), "{part}");
        }
        let found = pruned(&weight, Rule::Threshold(3.5));
        assert!(found.iter().all(|value| *value == 0.0 || value.abs() > 3.5));
    }
}

#[test]
fn some_of_each_few_become_zero() {
    for (shape, axis) in [(vec![4, 10], 1), (vec![10, 4], 0), (vec![3, 10, 2, 2], 1), (vec![10, 3, 2, 2], 0)]
    {
        let (weight, values) = weight(&shape, 2);
        let inner: usize = shape[axis + 1..].iter().product();
        for (zeros, of) in [(2, 4), (1, 2), (3, 4), (2, 3), (0, 5)] {
            let found = pruned(&weight, Rule::Ratio { zeros, of, axis });
            for start in 0..values.len() / (10 * inner) {
                for place in 0..inner {
                    let at = |index: usize| start * 10 * inner + index * inner + place;
                    for first in (0..10).step_by(of) {
                        let group: Vec<usize> = (first..(first + of).min(10)).map(at).collect();
                        let missing = of - group.len();
                        let mut least: Vec<f32> = group.iter().map(|&at| values[at].abs()).collect();
                        least.sort_by(f32::total_cmp);
                        let kept: f64 = group.iter().map(|&at| found[at].abs()).sum();
                        let wanted: f32 = least.iter().skip(zeros.saturating_sub(missing)).sum();
                        assert_eq!(kept, f64::from(wanted), "{zeros} of {of} at {group:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn blocks_become_zero_together() {
    for (shape, axis) in [(vec![10, 6], 0), (vec![6, 10], 1), (vec![10, 3, 2], 0)] {
        let (weight, values) = weight(&shape, 3);
        let inner: usize = shape[axis + 1..].iter().product();
        let found = pruned(&weight, Rule::Blocks { sparsity: 0.5, size: 4, axis });
        let mut norms: Vec<(f64, bool, usize)> = Vec::new();
        for start in 0..values.len() / (10 * inner) {
            for place in 0..inner {
                for first in (0..10).step_by(4) {
                    let group: Vec<usize> = (first..(first + 4).min(10))
                        .map(|index| start * 10 * inner + index * inner + place)
                        .collect();
                    let norm = group.iter().map(|&at| f64::from(values[at]).powi(2)).sum();
                    let zero = group.iter().all(|&at| found[at] == 0.0);
                    assert!(zero || group.iter().all(|&at| found[at] == f64::from(values[at])));
                    norms.push((norm, zero, group.len()));
                }
            }
        }
        norms.sort_by(|a, b| a.0.total_cmp(&b.0));
        let zeros: usize = norms.iter().filter(|norm| norm.1).map(|norm| norm.2).sum();
        assert!(norms.windows(2).all(|pair| pair[0].1 >= pair[1].1), "the least norms become zero");
        assert!(zeros * 2 >= values.len() && zeros * 2 < values.len() + 16);
    }
}

#[test]
fn long_weights_are_cut_into_steps() {
    let (weight, _) = weight(&[300, 401], 4);
    for rule in [Rule::Sparsity(0.6), Rule::Ratio { zeros: 2, of: 4, axis: 0 }] {
        pruned(&weight, rule);
        pruned(&weight.cast(DType::Fp16).unwrap(), rule);
    }
}

#[test]
fn indices_are_left_out_by_the_magnitudes_that_they_stand_for() {
    let indices = Tensor::from_slice(&[4], &[3_u8, 0, 1, 2]).unwrap();
    let magnitudes = Tensor::from_slice(&[4], &[0.5_f32, 0.0, -2.0, 0.1]).unwrap();
    let found = prune_with(&indices, &magnitudes, Rule::Threshold(0.2)).unwrap();
    assert_eq!(found.nonzero.to_i64s().unwrap(), [3, 1]);
}
