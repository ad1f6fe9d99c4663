//! k-means of vectors: seeded by distance, iterated until nothing changes.

use mil_tensor::random::Stream;

use crate::{CompressError, par};

/// Rounds of the iteration, at most.
const ROUNDS: usize = 100;

/// Vectors that are looked at together. Sums are taken in this division, whatever the number of threads.
const PIECE: usize = 4096;

/// Starts that are tried.
const STARTS: u64 = 2;

/// `k` centres of vectors of `width` elements that follow each other, sorted; fewer where there are fewer
/// distinct vectors. Close to the best, which nobody can find.
pub(crate) fn centers(points: &[f32], width: usize, k: usize) -> Result<Vec<f32>, CompressError> {
    if points.iter().any(|value| !value.is_finite()) {
        return Err(CompressError::NotFinite);
    }
    let mut best: Option<(f64, Vec<f32>)> = None;
    for start in 0..STARTS {
        let seeded = seed(points, width, k, start)?;
        let (error, found) = iterate(points, width, seeded)?;
        if best.as_ref().is_none_or(|(least, _)| error < *least) {
            best = Some((error, found));
        }
    }
    let mut centers: Vec<Vec<f32>> =
        best.map(|(_, centers)| centers.chunks(width).map(<[f32]>::to_vec).collect()).unwrap_or_default();
    centers.sort_by(|a, b| {
        a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne()).unwrap_or(a.len().cmp(&b.len()))
    });
    Ok(centers.concat())
}

/// The centre next to a vector, and its squared distance. The first of those that are equally near.
pub(crate) fn nearest(centers: &[f32], point: &[f32]) -> (usize, f32) {
    let mut best = (0, f32::INFINITY);
    for (i, center) in centers.chunks_exact(point.len()).enumerate() {
        let mut distance = 0.0;
        for (a, b) in center.iter().zip(point) {
            distance += (a - b) * (a - b);
        }
        if distance < best.1 {
            best = (i, distance);
        }
    }
    best
}

/// The first centres: each a vector that was drawn with a chance in proportion to its squared distance from
/// those before (k-means++).
fn seed(points: &[f32], width: usize, k: usize, start: u64) -> Result<Vec<f32>, CompressError> {
    let count = points.len() / width;
    let point = |at: usize| &points[at * width..(at + 1) * width];
    let mut random = Stream::new(start);
    let first = (random.unit() * count as f64) as usize;
    let mut centers = point(first.min(count - 1)).to_vec();
    let mut distances = vec![f32::INFINITY; count];
    while centers.len() < k * width {
        let newest = &centers[centers.len() - width..];
        for (at, distance) in distances.iter_mut().enumerate() {
            *distance = distance.min(nearest(newest, point(at)).1);
        }
        let sum: f64 = distances.iter().map(|&distance| f64::from(distance)).sum();
        if sum <= 0.0 {
            break;
        }
        let mut left = random.unit() * sum;
        let drawn = distances.iter().position(|&distance| {
            left -= f64::from(distance);
            left < 0.0 && distance > 0.0
        });
        let last = || distances.iter().rposition(|&distance| distance > 0.0).unwrap_or(0);
        centers.extend_from_slice(point(drawn.unwrap_or_else(last)));
    }
    Ok(centers)
}

/// What the vectors next to each centre sum to, and their squared distances.
struct Sums {
    counts: Vec<u64>,
    sums: Vec<f64>,
    error: f64,
}

/// Lloyd's iteration; the squared error and the centres where it ends.
fn iterate(points: &[f32], width: usize, mut centers: Vec<f32>) -> Result<(f64, Vec<f32>), CompressError> {
    let count = points.len() / width;
    let k = centers.len() / width;
    let mut last = f64::INFINITY;
    for _ in 0..ROUNDS {
        let pieces = par::map(count.div_ceil(PIECE), |piece| {
            let range = piece * PIECE * width..((piece + 1) * PIECE).min(count) * width;
            let mut sums = Sums { counts: vec![0; k], sums: vec![0.0; k * width], error: 0.0 };
            for point in points[range].chunks_exact(width) {
                let (at, distance) = nearest(&centers, point);
                sums.counts[at] += 1;
                sums.error += f64::from(distance);
                for (sum, &value) in sums.sums[at * width..].iter_mut().zip(point) {
                    *sum += f64::from(value);
                }
            }
            Ok(sums)
        })?;
        let mut all = Sums { counts: vec![0; k], sums: vec![0.0; k * width], error: 0.0 };
        for piece in &pieces {
            all.error += piece.error;
            all.counts.iter_mut().zip(&piece.counts).for_each(|(sum, own)| *sum += own);
            all.sums.iter_mut().zip(&piece.sums).for_each(|(sum, own)| *sum += own);
        }
        if all.error >= last * (1.0 - 1e-6) {
            return Ok((all.error.min(last), centers));
        }
        last = all.error;
        for (at, &members) in all.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            for (center, sum) in centers[at * width..(at + 1) * width].iter_mut().zip(&all.sums[at * width..])
            {
                *center = (sum / members as f64) as f32;
            }
        }
    }
    Ok((last, centers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separate_heaps_are_found() {
        let heaps = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]];
        let mut points = Vec::new();
        for i in 0..400 {
            let heap: [f32; 2] = heaps[i % 4];
            points.extend([heap[0] + (i % 7) as f32 * 0.01, heap[1] + (i % 5) as f32 * 0.01]);
        }
        let found = centers(&points, 2, 4).unwrap();
        assert_eq!(found.len(), 8);
        for heap in heaps {
            assert!(nearest(&found, &heap).1 < 0.01, "{found:?} has nothing near {heap:?}");
        }
    }

    #[test]
    fn fewer_vectors_give_fewer_centres() {
        assert_eq!(centers(&[1.0, 2.0, 1.0, 2.0, 0.0, 0.0], 2, 4).unwrap(), [0.0, 0.0, 1.0, 2.0]);
    }
}
