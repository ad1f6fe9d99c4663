//! Prints how long each fit takes on a weight of 2048 x 2048 half floats, and reading what it made.
//!
//! `cargo run --release -p mil-compress --features rayon --example speed [PART OF A NAME]`

use std::time::Instant;

use half::f16;
use mil_compress::{Blocks, CompressError, palette, prune, quantize};
use mil_tensor::random::Stream;
use mil_tensor::{DType, Tensor};

const SIZE: usize = 2048;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut random = Stream::new(0);
    let mut normal = || 0.02 * ((0..12).map(|_| random.unit()).sum::<f64>() - 6.0);
    let halves: Vec<f16> = (0..SIZE * SIZE).map(|_| f16::from_f64(normal())).collect();
    let weight = Tensor::from_slice(&[SIZE, SIZE], &halves)?;
    let singles = weight.cast(DType::Fp32)?.materialized()?;
    let blocks = |sizes: [usize; 2]| Blocks::of_sizes(&[SIZE, SIZE], &sizes);
    let palettes = [
        ("uniform 4", palette::Mode::Uniform, 4, [0, 0], &weight),
        ("k-means 4", palette::Mode::Kmeans, 4, [0, 0], &weight),
        ("k-means 6", palette::Mode::Kmeans, 6, [0, 0], &weight),
        ("k-means 8", palette::Mode::Kmeans, 8, [0, 0], &weight),
        ("k-means 4, groups of 16", palette::Mode::Kmeans, 4, [16, 0], &weight),
        ("k-means 6, groups of 16", palette::Mode::Kmeans, 6, [16, 0], &weight),
        ("k-means 4, 16 columns", palette::Mode::Kmeans, 4, [0, 16], &weight),
        ("k-means 4, singles", palette::Mode::Kmeans, 4, [0, 0], &singles),
    ];
    for (name, mode, bits, sizes, weight) in palettes {
        measure(name, || {
            let found = palette::palettize(
                weight,
                &blocks(sizes)?,
                &palette::Options::new(mode.clone(), bits),
                None,
            )?;
            Ok(vec![found.indices])
        })?;
    }
    for (name, dtype, symmetric, sizes) in [
        ("int8 by channel", DType::Int8, true, [1, 0]),
        ("uint8 by channel", DType::Uint8, false, [1, 0]),
        ("int8 by column", DType::Int8, true, [0, 1]),
        ("int8 for all", DType::Int8, true, [0, 0]),
        ("int4 by 32", DType::Int4, true, [1, 32]),
    ] {
        for range in [quantize::Range::Extent, quantize::Range::Search] {
            measure(&format!("{name}, {range:?}"), || {
                let options = quantize::Options { dtype, symmetric, range };
                Ok(vec![quantize::quantize(&weight, &blocks(sizes)?, options)?.data])
            })?;
        }
    }
    for rule in [prune::Rule::Sparsity(0.5), prune::Rule::Ratio { zeros: 2, of: 4, axis: 1 }] {
        measure(&format!("{rule:?}"), || {
            let found = prune::prune(&weight, rule)?;
            Ok(vec![found.mask, found.nonzero])
        })?;
    }
    Ok(())
}

/// The best of three, in milliseconds.
#[allow(clippy::print_stdout, reason = "what it is for")]
fn measure(name: &str, fit: impl Fn() -> Result<Vec<Tensor>, CompressError>) -> Result<(), CompressError> {
    if std::env::args().nth(1).is_some_and(|part| !name.contains(&part)) {
        return Ok(());
    }
    let mut best = [f64::INFINITY; 2];
    for _ in 0..3 {
        let start = Instant::now();
        let found = fit()?;
        best[0] = best[0].min(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let mut sum = 0_u64;
        for tensor in &found {
            tensor.for_each_chunk(|bytes| sum += bytes.len() as u64)?;
        }
        best[1] = best[1].min(start.elapsed().as_secs_f64());
        assert!(sum > 0);
    }
    println!("{name:<28} fit {:8.2} ms, read {:8.2} ms", best[0] * 1e3, best[1] * 1e3);
    Ok(())
}
