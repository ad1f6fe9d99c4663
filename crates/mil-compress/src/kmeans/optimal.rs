//! The optimal k-means of numbers.
//!
//! Clusters of numbers are intervals of the sorted values, so that a clustering is a path from the first
//! value to behind the last, and the squared error of an interval satisfies the quadrangle inequality. For
//! such costs the least error is convex in the number of clusters, and so k clusters are optimal where each
//! cluster costs a suitable price beside its error and their number is free (Aggarwal, Schieber, Tokuyama,
//! *Finding a minimum-weight k-link path in graphs with the concave Monge property*, 1994). One such path
//! needs a single walk over the values. The price is found by a few walks: from
//! Lloyd's iteration follows a good first guess. Where no price gives exactly k clusters (several numbers
//! of clusters are equally good at one price), two paths are spliced into one.
//!
//! Neither time nor memory depends on k.

use mil_tensor::vectorized;

use crate::distribution::Distribution;

/// Walks that find the price of a cluster before they give up the number and splice.
const WALKS: usize = 60;

/// Clusters begin at no more values than this, or 16 for each cluster, where the first price is looked for.
const COARSE: usize = 512;

/// Prefix sums over the values, and what a walk needs; used again for one row of values after another.
#[derive(Default)]
pub(crate) struct Search {
    /// Weight of all values before each.
    weight: Vec<f64>,
    /// Sum of all values before each, weighted, counted from `origin`.
    sum: Vec<f64>,
    origin: f64,
    /// Sum of the squares of all values, counted from `origin`.
    squares: f64,
    /// For the values before each, how much less their squared error is than `squares`, without the prices.
    gain: Vec<f64>,
    /// Where the last cluster before each begins.
    from: Vec<u32>,
}

/// A path: the ends of its clusters, their gains, and the price for which it is the best.
#[derive(Clone, Debug)]
struct Path {
    ends: Vec<usize>,
    gain: f64,
    price: f64,
}

impl Search {
    /// The means of the optimal clusters, ascending: at most `k`, fewer where there are fewer values, which are
    /// gone then.
    pub(crate) fn centers(&mut self, values: &mut Distribution, k: usize) -> Vec<f64> {
        if values.len() <= k {
            return values.values.clone();
        }
        self.begin(values);
        let ends = self.ends(k);
        let mut begin = 0;
        ends.iter().map(|&end| self.mean(std::mem::replace(&mut begin, end), end)).collect()
    }

    /// Takes the values; their memory becomes that of the sums, and the other way round.
    fn begin(&mut self, values: &mut Distribution) {
        std::mem::swap(&mut self.sum, &mut values.values);
        std::mem::swap(&mut self.weight, &mut values.weights);
        values.clear();
        // Sums are counted from the middle: nothing is lost to a common offset.
        self.origin = self.sum[self.sum.len() / 2];
        let (mut total, mut heavy, mut squares) = (0.0, 0.0, 0.0);
        for (value, weight) in self.sum.iter_mut().zip(&mut self.weight) {
            let (own, moment) = (*weight, *weight * (*value - self.origin));
            squares += moment * (*value - self.origin);
            *value = total;
            *weight = heavy;
            (total, heavy) = (total + moment, heavy + own);
        }
        self.sum.push(total);
        self.weight.push(heavy);
        self.squares = squares;
        // A walk writes all of them.
        self.gain.resize(self.sum.len(), 0.0);
        self.from.resize(self.sum.len(), 0);
    }

    /// Number of values.
    fn len(&self) -> usize {
        self.sum.len() - 1
    }

    fn mean(&self, begin: usize, end: usize) -> f64 {
        self.origin + (self.sum[end] - self.sum[begin]) / (self.weight[end] - self.weight[begin])
    }

    /// How much less the squared error of a cluster is than the squares of its values.
    fn cluster_gain(&self, begin: usize, end: usize) -> f64 {
        let sum = self.sum[end] - self.sum[begin];
        sum * sum / (self.weight[end] - self.weight[begin])
    }

    /// The ends of the k optimal clusters.
    fn ends(&mut self, k: usize) -> Vec<usize> {
        if k <= 1 {
            return vec![self.len()];
        }
        let mut price = self.first_price(k);
        // The paths with fewer and with more clusters than k that come closest.
        let (mut few, mut many): (Option<Path>, Option<Path>) = (None, None);
        // The price is the one at which both are equally good.
        let mut common = false;
        for walk in 0..WALKS {
            let path = self.walk(price);
            let count = path.ends.len();
            if count == k {
                return path.ends;
            }
            let side = if count < k { &mut few } else { &mut many };
            let known = side.as_ref().is_some_and(|old| old.ends.len() == count);
            *side = Some(path);
            if common && known {
                // There is nothing between them at this price.
                break;
            }
            price = match (&few, &many) {
                (Some(few), Some(many)) => {
                    let counts = [few, many].map(|path| path.ends.len() as f64);
                    let share = libm::log(k as f64 / counts[0]) / libm::log(counts[1] / counts[0]);
                    let between = few.price * libm::pow(many.price / few.price, share);
                    common = walk % 2 == 1 || !between.is_finite();
                    if common { (many.gain - few.gain) / (counts[1] - counts[0]) } else { between }
                }
                _ => {
                    let ratio = count as f64 / k as f64;
                    price * (ratio * ratio * ratio).clamp(0.01, 100.0)
                }
            };
            if !(price.is_finite() && price > 0.0) {
                break;
            }
        }
        let one = || vec![self.len()];
        let few = few.map_or_else(one, |path| path.ends);
        let many = many.map_or_else(|| (1..=self.len()).collect(), |path| path.ends);
        splice(&few, &many, k)
    }

    /// A price for which the best path has about k clusters, and often exactly k: in the middle of the prices
    /// for which it has where neighbours are taken together, which costs little.
    fn first_price(&self, k: usize) -> f64 {
        let step = self.len() / COARSE.max(16 * k);
        if step < 4 {
            return self.guess(k);
        }
        let nodes = || (0..self.len()).step_by(step).chain([self.len()]);
        let at_nodes = |sums: &[f64]| nodes().map(|node| sums[node]).collect::<Vec<f64>>();
        let len = nodes().count();
        let mut coarse = Search {
            weight: at_nodes(&self.weight),
            sum: at_nodes(&self.sum),
            gain: vec![0.0; len],
            from: vec![0; len],
            ..*self
        };
        let mut price = coarse.guess(k);
        for _ in 0..8 {
            let ratio = coarse.walk(price).ends.len() as f64 / k as f64;
            if ratio == 1.0 {
                // Half of the way to where the number changes, as a rule.
                let part = 0.8 / k as f64;
                if coarse.walk(price * (1.0 - part)).ends.len() != k {
                    price *= 1.0 + 0.75 * part;
                } else if coarse.walk(price * (1.0 + part)).ends.len() != k {
                    price *= 1.0 - 0.75 * part;
                }
                break;
            }
            price *= ratio * ratio * ratio;
        }
        price
    }

    /// A price for which the best path has about k clusters: what one more cluster gains where Lloyd's
    /// iteration ends, as the error falls with the square of their number.
    fn guess(&self, k: usize) -> f64 {
        let mut ends = self.spread(k);
        let mut gain = 0.0;
        for _ in 0..8 {
            let mut begin = 0;
            let means: Vec<f64> =
                ends.iter().map(|&end| self.mean(std::mem::replace(&mut begin, end), end)).collect();
            let mut low = 1;
            for (i, end) in ends.iter_mut().enumerate().take(k - 1) {
                let middle = (means[i] + means[i + 1]) / 2.0;
                *end = self.first_above(middle, low).min(self.len() - (k - 1 - i));
                low = *end + 1;
            }
            begin = 0;
            gain = ends.iter().map(|&end| self.cluster_gain(std::mem::replace(&mut begin, end), end)).sum();
        }
        let k = k as f64;
        // The exponent is 2 for many clusters, and less for few.
        let price = (self.squares - gain) / k * (2.0 - 1.7 / k);
        if price > 0.0 { price } else { self.squares / (k * k * k) }
    }

    /// The first value above a number, not before `low`.
    fn first_above(&self, number: f64, low: usize) -> usize {
        let (mut low, mut high) = (low, self.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.mean(middle, middle + 1) > number { high = middle } else { low = middle + 1 }
        }
        low
    }

    /// Ends of k clusters, spread as the cube root of the density says, which is the best for many.
    fn spread(&self, k: usize) -> Vec<usize> {
        let len = self.len();
        let pieces = len.min((4 * k).max(256));
        let place = |piece: usize| piece * len / pieces;
        let mut mass = Vec::with_capacity(pieces + 1);
        let mut sum = 0.0;
        mass.push(0.0);
        for piece in 0..pieces {
            let (begin, end) = (place(piece), place(piece + 1));
            let next = end.min(len - 1);
            let width = self.mean(next, next + 1) - self.mean(begin, begin + 1);
            let weight = self.weight[end] - self.weight[begin];
            sum += libm::cbrt(weight * width * width);
            mass.push(sum);
        }
        let mut piece = 0;
        let mut ends = Vec::with_capacity(k);
        for cluster in 1..k {
            let wanted = sum * cluster as f64 / k as f64;
            while piece < pieces && mass[piece + 1] < wanted {
                piece += 1;
            }
            let (least, most) = (ends.last().map_or(1, |end| end + 1), len - (k - cluster));
            ends.push(place(piece + 1).clamp(least, most.max(least)));
        }
        ends.push(len);
        ends
    }

    /// The best path where each cluster costs `price`.
    fn walk(&mut self, price: f64) -> Path {
        let len = self.len();
        walk(self, price);
        let mut ends = Vec::new();
        let mut end = len;
        while end > 0 {
            ends.push(end);
            end = self.from[end] as usize;
        }
        ends.reverse();
        let gain = self.gain[len] + price * ends.len() as f64;
        Path { ends, gain, price }
    }
}

vectorized! {
    /// Finds for each end where the last cluster before it begins, if each cluster costs a price.
    ///
    /// Where one begin is better than an earlier one for some end, it is so for all later ends. So the best
    /// begin never moves back, and what is best for two ends bounds what is best for those between them.
    fn walk<'s>(search: &'s mut Search, price: f64) {
        search.gain[0] = 0.0;
        let (mut first, mut size) = (1, 1);
        while first <= search.len() {
            size = power_of_two(size.min(search.len() + 1 - first));
            if search.block(first, size, price) {
                first += size;
                size = (first - 1 - search.from[first - 1] as usize) / 2;
            } else {
                size /= 2;
            }
        }
    }
}

/// Numbers that vector units take at once.
const LANES: usize = 8;

impl Search {
    /// Looks at `size` ends, a power of two, as if clusters that end here began before them. Answers whether
    /// they do, as they do where clusters are longer; for one end it is true.
    #[inline(always)]
    fn block(&mut self, first: usize, size: usize, price: f64) -> bool {
        let last = first + size - 1;
        self.settle(last, self.from[first - 1] as usize, first, price);
        // The end in the middle, then those in the middle of both halves, and so on.
        let mut stride = size / 2;
        while stride > 0 && (stride >= LANES || size < LANES) {
            let mut end = first + stride - 1;
            while end < last {
                let (low, high) = (self.from[end - stride] as usize, self.from[end + stride] as usize);
                self.settle(end, low, high + 1, price);
                end += 2 * stride;
            }
            stride /= 2;
        }
        if size >= LANES {
            for end in (first..=last).step_by(LANES) {
                self.settle_all(end, price);
            }
        }
        // If no begin within the block is better for its last end, none is for the others.
        size == 1 || self.best(last, first, last).1 - price <= self.gain[last]
    }

    /// Finds the best begin for an end, of those from `low` on and before `high`.
    #[inline(always)]
    fn settle(&mut self, end: usize, low: usize, high: usize, price: f64) {
        let (begin, gain) = self.best(end, low, high);
        self.gain[end] = gain - price;
        self.from[end] = begin as u32;
    }

    /// Finds the best begins for so many ends that follow each other. Those for the one before them and for the
    /// last of them are known.
    #[inline(always)]
    fn settle_all(&mut self, first: usize, price: f64) {
        let (low, high) = (self.from[first - 1] as usize, self.from[first + LANES - 1] as usize);
        let (mut weights, mut sums) = ([0.0; LANES], [0.0; LANES]);
        weights.copy_from_slice(&self.weight[first..first + LANES]);
        sums.copy_from_slice(&self.sum[first..first + LANES]);
        let (mut most, mut place) = ([f64::NEG_INFINITY; LANES], [0.0_f64; LANES]);
        let begins = self.weight[low..=high].iter().zip(&self.sum[low..=high]).zip(&self.gain[low..=high]);
        let mut at = 0.0;
        for ((&weight, &sum), &gain) in begins {
            for lane in 0..LANES {
                let moment = sums[lane] - sum;
                let found = gain + moment * moment / (weights[lane] - weight);
                let better = found > most[lane];
                most[lane] = if better { found } else { most[lane] };
                place[lane] = if better { at } else { place[lane] };
            }
            at += 1.0;
        }
        for lane in 0..LANES {
            self.gain[first + lane] = most[lane] - price;
            self.from[first + lane] = low as u32 + place[lane] as u32;
        }
    }

    /// The best begin for an end, of those from `low` on and before `high`, and what is gained with it.
    #[inline(always)]
    fn best(&self, end: usize, low: usize, high: usize) -> (usize, f64) {
        let (weight, sum) = (self.weight[end], self.sum[end]);
        let gained = |at: usize| {
            let moment = sum - self.sum[at];
            self.gain[at] + moment * moment / (weight - self.weight[at])
        };
        let (weights, _) = self.weight[low..high].as_chunks::<LANES>();
        let (sums, _) = self.sum[low..high].as_chunks::<LANES>();
        let (gains, _) = self.gain[low..high].as_chunks::<LANES>();
        let (mut most, mut place) = ([f64::NEG_INFINITY; LANES], [0.0_f64; LANES]);
        let mut at = 0.0;
        for ((weights, sums), gains) in weights.iter().zip(sums).zip(gains) {
            for lane in 0..LANES {
                let moment = sum - sums[lane];
                let found = gains[lane] + moment * moment / (weight - weights[lane]);
                let better = found > most[lane];
                most[lane] = if better { found } else { most[lane] };
                place[lane] = if better { at } else { place[lane] };
            }
            at += 1.0;
        }
        let mut best = (low, f64::NEG_INFINITY);
        for lane in 0..LANES {
            if most[lane] > best.1 {
                best = (low + place[lane] as usize * LANES + lane, most[lane]);
            }
        }
        for at in low + weights.len() * LANES..high {
            let found = gained(at);
            if found > best.1 {
                best = (at, found);
            }
        }
        best
    }
}

/// The largest power of two that is not above a number; 1 for 0.
fn power_of_two(number: usize) -> usize {
    1 << number.max(1).ilog2()
}

/// A path with k clusters, from one with fewer and one with more that are best at the same price: it begins
/// as the one and ends as the other, and the quadrangle inequality says that nothing is lost.
fn splice(few: &[usize], many: &[usize], k: usize) -> Vec<usize> {
    let more = k.saturating_sub(few.len());
    // The first cluster of `few` that holds the cluster of `many` which is `more` clusters ahead.
    let at = (0..few.len()).find(|&at| many.get(at + more).is_none_or(|&end| few[at] >= end)).unwrap_or(0);
    let mut ends = many[..(at + more).min(many.len())].to_vec();
    ends.extend(&few[at..]);
    ends.dedup();
    ends
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The squared error of the best `k` clusters, by trying all paths.
    fn least_error(values: &[f64], weights: &[f64], k: usize) -> f64 {
        let n = values.len();
        let error = |begin: usize, end: usize| {
            let weight: f64 = weights[begin..end].iter().sum();
            let mean =
                values[begin..end].iter().zip(&weights[begin..end]).map(|(v, w)| v * w).sum::<f64>() / weight;
            values[begin..end]
                .iter()
                .zip(&weights[begin..end])
                .map(|(v, w)| w * (v - mean).powi(2))
                .sum::<f64>()
        };
        let mut least = vec![f64::INFINITY; n + 1];
        least[0] = 0.0;
        for _ in 0..k {
            for end in (1..=n).rev() {
                let each = (0..end).map(|begin| least[begin] + error(begin, end));
                least[end] = each.fold(f64::INFINITY, f64::min).min(least[end]);
            }
        }
        least[n]
    }

    fn error_of(values: &[f64], weights: &[f64], centers: &[f64]) -> f64 {
        let near = |value: f64| centers.iter().map(|c| (value - c).powi(2)).fold(f64::INFINITY, f64::min);
        values.iter().zip(weights).map(|(&value, weight)| weight * near(value)).sum()
    }

    fn centers(mut values: Distribution, k: usize) -> Vec<f64> {
        Search::default().centers(&mut values, k)
    }

    fn check(mut values: Vec<f64>, weights: &[f64], k: usize) {
        values.sort_by(f64::total_cmp);
        values.dedup();
        let weights = weights[..values.len()].to_vec();
        let least = least_error(&values, &weights, k);
        let found = centers(Distribution { values: values.clone(), weights: weights.clone() }, k);
        assert!(found.len() <= k);
        let scale = error_of(&values, &weights, &[0.0]);
        let error = error_of(&values, &weights, &found);
        assert!(error <= least + 1e-12 * scale, "k {k}: {error} is not {least} of {values:?} {weights:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_clustering_is_better(
            values in prop::collection::vec(-50_i32..50, 1..40),
            weights in prop::collection::vec(1_u8..20, 40),
            k in 1_usize..20,
        ) {
            let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
            check(values.into_iter().map(f64::from).collect(), &weights, k);
        }

        #[test]
        fn no_clustering_of_uneven_values_is_better(
            values in prop::collection::vec(-1e3_f64..1e3, 1..60),
            offset in prop::sample::select(vec![0.0, 1e5]),
            k in 1_usize..32,
        ) {
            check(values.into_iter().map(|value| value.powi(3) / 1e6 + offset).collect(), &[1.0; 60], k);
        }
    }

    #[test]
    fn evenly_spaced_values_have_many_prices_alike() {
        for n in 2..26 {
            for k in 1..n {
                check((0..n).map(|value| value as f64).collect(), &vec![1.0; n], k);
            }
        }
    }

    /// The least squared error of `k` clusters, by divide and conquer over the ends: another algorithm.
    fn least_error_of_many(values: &[f64], weights: &[f64], k: usize) -> f64 {
        let n = values.len();
        let sums = |of: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let mut sum = 0.0;
            std::iter::once(0.0)
                .chain((0..n).map(|at| {
                    sum += of(at);
                    sum
                }))
                .collect()
        };
        let weight = sums(&|at| weights[at]);
        let first = sums(&|at| weights[at] * values[at]);
        let second = sums(&|at| weights[at] * values[at] * values[at]);
        let error = |begin: usize, end: usize| {
            let moment = first[end] - first[begin];
            second[end] - second[begin] - moment * moment / (weight[end] - weight[begin])
        };
        let mut least: Vec<f64> = (0..=n).map(|end| if end == 0 { 0.0 } else { error(0, end) }).collect();
        for cluster in 2..=k {
            let mut next = vec![f64::INFINITY; n + 1];
            let mut stack = vec![(cluster, n, cluster - 1, n - 1)];
            while let Some((low, high, from, to)) = stack.pop() {
                if low > high {
                    continue;
                }
                let middle = (low + high) / 2;
                let begins = from..=to.min(middle - 1);
                let (at, best) = begins
                    .map(|begin| (begin, least[begin] + error(begin, middle)))
                    .min_by(|a, b| a.1.total_cmp(&b.1))
                    .unwrap();
                next[middle] = best;
                stack.extend([(low, middle - 1, from, at), (middle + 1, high, at, to)]);
            }
            least = next;
        }
        least[n]
    }

    #[test]
    fn no_clustering_of_many_values_is_better() {
        let mut random = mil_tensor::random::Stream::new(1);
        let mut bell = || (0..6).map(|_| random.unit()).sum::<f64>() - 3.0;
        let shapes: [&mut dyn FnMut(usize) -> f64; 4] = [
            &mut |_| bell(),
            &mut |at| (at as f64 * 0.37).sin().powi(3) + at as f64 * 1e-7,
            // Few values far away from many, and many that are almost the same.
            &mut |at| if at % 100 == 0 { at as f64 } else { (at % 977) as f64 * 1e-4 },
            &mut |at| at as f64,
        ];
        for shape in shapes {
            let mut values: Vec<f64> = (0..1200).map(shape).collect();
            values.sort_by(f64::total_cmp);
            values.dedup();
            let weights: Vec<f64> = (0..values.len()).map(|at| (1 + at * at % 13) as f64).collect();
            let scale = error_of(&values, &weights, &[0.0]);
            for k in [2, 3, 16, 64, 200] {
                let found = centers(Distribution { values: values.clone(), weights: weights.clone() }, k);
                let (error, least) =
                    (error_of(&values, &weights, &found), least_error_of_many(&values, &weights, k));
                assert!(
                    found.len() <= k && error <= least * (1.0 + 1e-9) + 1e-12 * scale,
                    "k {k}: {error} {least}"
                );
            }
        }
    }
}
