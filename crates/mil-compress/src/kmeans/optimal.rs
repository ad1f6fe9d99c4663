//! The optimal k-means of numbers.
//!
//! Clusters of numbers are intervals of the sorted values, so that a clustering is a path from the first
//! value to behind the last, and the squared error of an interval satisfies the quadrangle inequality. For
//! such costs the least error is convex in the number of clusters, and so k clusters are optimal where each
//! cluster costs a suitable price beside its error and their number is free (Aggarwal, Schieber, Tokuyama,
//! *Finding a minimum-weight k-link path in graphs with the concave Monge property*, 1994). One such path
//! needs a single walk over the values with a queue of candidates. The price is found by a few walks: from
//! Lloyd's iteration follows a good first guess. Where no price gives exactly k clusters (several numbers
//! of clusters are equally good at one price), two paths are spliced into one.
//!
//! Neither time nor memory depends on k.

use crate::distribution::Distribution;

/// The means of the optimal clusters, ascending: at most `k`, fewer where there are fewer values.
pub(crate) fn centers(values: Distribution, k: usize) -> Vec<f64> {
    if values.len() <= k {
        return values.values;
    }
    let mut search = Search::new(values);
    let ends = search.ends(k);
    let mut begin = 0;
    ends.iter().map(|&end| search.mean(std::mem::replace(&mut begin, end), end)).collect()
}

/// Walks that find the price of a cluster before they give up the number and splice.
const WALKS: usize = 60;

/// Prefix sums over the values, and what a walk needs.
struct Search {
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
    /// Candidates for the beginning of a cluster, and the first end for which each is the best.
    queue: Vec<(u32, u32)>,
}

/// A path: the ends of its clusters, their gains, and the price for which it is the best.
#[derive(Clone, Debug)]
struct Path {
    ends: Vec<usize>,
    gain: f64,
    price: f64,
}

impl Search {
    fn new(values: Distribution) -> Search {
        let Distribution { values: mut sum, weights: mut weight } = values;
        // Sums are counted from the middle: nothing is lost to a common offset.
        let origin = sum[sum.len() / 2];
        let (mut total, mut heavy, mut squares) = (0.0, 0.0, 0.0);
        for (value, weight) in sum.iter_mut().zip(&mut weight) {
            let (own, moment) = (*weight, *weight * (*value - origin));
            squares += moment * (*value - origin);
            *value = total;
            *weight = heavy;
            (total, heavy) = (total + moment, heavy + own);
        }
        sum.push(total);
        weight.push(heavy);
        let len = sum.len();
        Search { weight, sum, origin, squares, gain: vec![0.0; len], from: vec![0; len], queue: Vec::new() }
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
        let mut price = self.guess(k);
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
        let Search { weight, sum, gain, from, queue, .. } = self;
        // Of one length, which the compiler then knows.
        let (weight, sum) = (&weight[..=len], &sum[..=len]);
        let (gain, from) = (&mut gain[..=len], &mut from[..=len]);
        let mut head = 0;
        queue.clear();
        queue.push((0, 1));
        gain[0] = 0.0;
        for end in 1..=len {
            while queue.get(head + 1).is_some_and(|next| next.1 as usize <= end) {
                head += 1;
            }
            let begin = queue[head].0 as usize;
            let moment = sum[end] - sum[begin];
            gain[end] = gain[begin] + moment * moment / (weight[end] - weight[begin]) - price;
            from[end] = begin as u32;
            if end < len {
                enqueue(Costs { weight, sum, gain }, queue, head, end);
            }
        }
        let mut ends = Vec::new();
        let mut end = len;
        while end > 0 {
            ends.push(end);
            end = from[end] as usize;
        }
        ends.reverse();
        let gain = gain[len] + price * ends.len() as f64;
        Path { ends, gain, price }
    }
}

/// What a walk compares clusters by; see the fields of [`Search`].
#[derive(Clone, Copy)]
struct Costs<'s> {
    weight: &'s [f64],
    sum: &'s [f64],
    gain: &'s [f64],
}

/// Makes the value at `new` a candidate for the beginning of clusters that end behind `new`.
#[inline(always)]
fn enqueue(costs: Costs<'_>, queue: &mut Vec<(u32, u32)>, head: usize, new: usize) {
    let end = costs.weight.len();
    let mut limit = end;
    while queue.len() > head {
        let (old, since) = queue[queue.len() - 1];
        let compared = costs.compare(new, old as usize);
        let since = (since as usize).max(new + 1);
        if !compared.better(since) {
            let first = compared.first_better(since, limit);
            if first < end {
                queue.push((new as u32, first as u32));
            }
            return;
        }
        limit = since;
        queue.pop();
    }
    queue.push((new as u32, new as u32 + 1));
}

/// Two candidates for the beginning of a cluster.
struct Compared<'s> {
    weight: &'s [f64],
    sum: &'s [f64],
    /// Weight and sum before the later one, and before the earlier one.
    new: (f64, f64),
    old: (f64, f64),
    /// How much more is gained before the later one.
    ahead: f64,
}

impl<'s> Costs<'s> {
    #[inline(always)]
    fn compare(self, new: usize, old: usize) -> Compared<'s> {
        let Costs { weight, sum, gain } = self;
        let at = |place: usize| (weight[place], sum[place]);
        Compared { weight, sum, new: at(new), old: at(old), ahead: gain[new] - gain[old] }
    }
}

impl Compared<'_> {
    /// A cluster that ends here had better begin at the later one. Once true, true for all later ends.
    #[inline(always)]
    fn better(&self, end: usize) -> bool {
        let (weight, sum) = (self.weight[end], self.sum[end]);
        let (of_new, of_old) = (weight - self.new.0, weight - self.old.0);
        let (new_sum, old_sum) = (sum - self.new.1, sum - self.old.1);
        self.ahead * of_new * of_old >= old_sum * old_sum * of_new - new_sum * new_sum * of_old
    }

    /// The first end behind `worse` for which the later one is better; `limit`, for which it is, if there is
    /// none before.
    #[inline(always)]
    fn first_better(&self, mut worse: usize, limit: usize) -> usize {
        // It is near, as a rule.
        let mut step = 1;
        let mut good = limit;
        while worse + step < limit {
            if self.better(worse + step) {
                good = worse + step;
                break;
            }
            worse += step;
            step *= 2;
        }
        while good - worse > 1 {
            let middle = worse + (good - worse) / 2;
            if self.better(middle) { good = middle } else { worse = middle }
        }
        good
    }
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
}
