//! The ranges of activations, from samples that the interpreter runs on.

use std::collections::BTreeMap;

use mil_eval::{EvalOptions, EvalValue, Evaluator, Inputs};
use mil_ir::{Graph, Program, ValueId};

/// How the range of a value follows from its numbers in all samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Calibration {
    /// It holds all of them.
    #[default]
    MinMax,
    /// It leaves out this part at each end.
    Percentile(f64),
    /// The one for which rounding to 8 bits has the least squared error, of some that are tried.
    LeastError,
}

/// Ops whose operands and results are quantized.
const OPS: [&str; 5] = ["conv", "linear", "avg_pool", "max_pool", "add"];

/// Bins in which numbers are counted between the least and the largest.
const BINS: usize = 2048;

/// Ranges that are tried for each end.
const STEPS: u32 = 100;

/// The numbers of a value in all samples.
#[derive(Clone, Debug)]
struct Seen {
    least: f64,
    most: f64,
    /// How many fell into each bin.
    counts: Vec<u64>,
    /// Their sum.
    sums: Vec<f64>,
}

/// The names of the values of a function that may be quantized: what ops take and give that compute on
/// integers, and the results of their users, among which are activations. Values of inner blocks are not
/// among them.
pub fn activations(graph: &Graph) -> Vec<String> {
    let mut names = Vec::new();
    let mut add = |value: ValueId| {
        let found = graph.value(value);
        let constant = graph.definition(value).is_some_and(|op| {
            let kind = graph.op(op).kind().as_str();
            kind == "const" || kind.starts_with("constexpr_")
        });
        let name = found.name().to_string();
        if !constant && found.ty().dtype().is_some_and(|dtype| dtype.is_float()) && !names.contains(&name) {
            names.push(name);
        }
    };
    for op in graph.root().ops().filter(|&op| OPS.contains(&graph.op(op).kind().as_str())) {
        ["x", "y"].iter().filter_map(|param| graph.input(op, param)).for_each(&mut add);
        let results = graph.op(op).results().iter().copied();
        let users: Vec<_> = results.clone().flat_map(|value| graph.users(value)).collect();
        results.for_each(&mut add);
        let root = graph.root().id();
        let after = users.into_iter().filter(|&user| graph.op(user).block() == root);
        after.flat_map(|user| graph.op(user).results().iter().copied()).for_each(&mut add);
    }
    names
}

/// The range of each of some values of a function over all samples, by name. A sample is the inputs of one
/// call; states begin anew with each.
pub fn ranges(
    program: &Program,
    function: &str,
    names: &[String],
    samples: &[Inputs],
    calibration: Calibration,
) -> Result<BTreeMap<String, (f64, f64)>, mil_eval::Error> {
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    // Ranges end in the model, which is the same on every machine.
    let options = EvalOptions::default().reproducible();
    let evaluator = Evaluator::new(program, function, options)?.with_outputs(&all)?;
    for sample in samples {
        each(&evaluator, sample, |name, values| {
            let seen = seen.entry(name.to_owned()).or_insert_with(Seen::nothing);
            for &value in values.iter().filter(|value| value.is_finite()) {
                (seen.least, seen.most) = (seen.least.min(value), seen.most.max(value));
            }
        })?;
    }
    seen.retain(|_, seen| seen.least <= seen.most);
    if calibration != Calibration::MinMax {
        seen.values_mut().for_each(Seen::start_counting);
        for sample in samples {
            each(&evaluator, sample, |name, values| {
                let Some(seen) = seen.get_mut(name) else { return };
                values.iter().filter(|value| value.is_finite()).for_each(|&value| seen.count(value));
            })?;
        }
    }
    let range = |seen: Seen| match calibration {
        Calibration::MinMax => (seen.least, seen.most),
        Calibration::Percentile(part) => seen.percentile(part),
        Calibration::LeastError => seen.least_error(),
    };
    Ok(seen.into_iter().map(|(name, seen)| (name, range(seen))).collect())
}

/// Calls `visit` with the name and the numbers of each output of a call.
fn each(
    evaluator: &Evaluator<'_>,
    sample: &Inputs,
    mut visit: impl FnMut(&str, &[f64]),
) -> Result<(), mil_eval::Error> {
    for (name, value) in evaluator.session()?.run(sample)? {
        if let EvalValue::Array(array) = value
            && let Ok(tensor) = array.to_tensor()
            && let Ok(values) = tensor.to_f64s()
        {
            visit(name.as_str(), &values);
        }
    }
    Ok(())
}

impl Seen {
    fn nothing() -> Seen {
        Seen { least: f64::INFINITY, most: f64::NEG_INFINITY, counts: Vec::new(), sums: Vec::new() }
    }

    /// When the least and the largest are known.
    fn start_counting(&mut self) {
        (self.counts, self.sums) = (vec![0; BINS], vec![0.0; BINS]);
    }

    fn count(&mut self, value: f64) {
        let scale = BINS as f64 / (self.most - self.least).max(f64::MIN_POSITIVE);
        let bin = (((value - self.least) * scale) as usize).min(BINS - 1);
        self.counts[bin] += 1;
        self.sums[bin] += value;
    }

    /// The lower border of a bin.
    fn border(&self, bin: usize) -> f64 {
        self.least + (self.most - self.least) * bin as f64 / BINS as f64
    }

    fn percentile(&self, part: f64) -> (f64, f64) {
        let left_out = (self.counts.iter().sum::<u64>() as f64 * part) as u64;
        let low = self.reach(0..BINS, left_out).unwrap_or(0);
        let high = self.reach((0..BINS).rev(), left_out).unwrap_or(BINS - 1);
        (self.border(low), self.border(high + 1))
    }

    /// The first bin with which more numbers are counted than are left out.
    fn reach(&self, mut bins: impl Iterator<Item = usize>, left_out: u64) -> Option<usize> {
        let mut sum = 0;
        bins.find(|&bin| {
            sum += self.counts[bin];
            sum > left_out
        })
    }

    /// Each end is drawn in as far as that helps, in turn.
    fn least_error(&self) -> (f64, f64) {
        let (mut factors, mut best) = ([1.0; 2], self.error(self.least, self.most));
        loop {
            let before = best;
            for end in 0..2 {
                for turn in 0..=STEPS {
                    let mut tried = factors;
                    tried[end] = f64::from(turn) / f64::from(STEPS);
                    let found = self.error(self.least * tried[0], self.most * tried[1]);
                    if found < best {
                        (factors, best) = (tried, found);
                    }
                }
            }
            if best >= before {
                return (self.least * factors[0], self.most * factors[1]);
            }
        }
    }

    /// The squared error of rounding all numbers to 256 steps of a range, which holds zero.
    fn error(&self, low: f64, high: f64) -> f64 {
        let (low, high) = (low.min(0.0), high.max(0.0));
        let step = (high - low) / 255.0;
        if step <= 0.0 {
            return self
                .sums
                .iter()
                .zip(&self.counts)
                .map(|(sum, &count)| sum * sum / count.max(1) as f64)
                .sum();
        }
        let zero = (low / step).round_ties_even();
        let bins = self.counts.iter().zip(&self.sums).filter(|(count, _)| **count > 0);
        bins.map(|(&count, &sum)| {
            let value = sum / count as f64;
            let error = value - (value / step).round_ties_even().clamp(zero, zero + 255.0) * step;
            count as f64 * error * error
        })
        .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(values: &[f64]) -> Seen {
        let mut seen = Seen::nothing();
        seen.least = values.iter().copied().fold(f64::INFINITY, f64::min);
        seen.most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        seen.start_counting();
        values.iter().for_each(|&value| seen.count(value));
        seen
    }

    /// The squared error with 256 steps of a range, by the definition.
    fn error(values: &[f64], (low, high): (f64, f64)) -> f64 {
        let (low, high) = (low.min(0.0), high.max(0.0));
        let step = (high - low) / 255.0;
        let zero = (low / step).round_ties_even();
        let round = |value: f64| (value / step).round_ties_even().clamp(zero, zero + 255.0) * step;
        values.iter().map(|&value| (value - round(value)).powi(2)).sum()
    }

    #[test]
    fn the_error_is_no_larger_than_that_of_the_whole_range() {
        for (number, shift) in [-3.0, -0.5, 0.0, 0.5, 3.0].into_iter().enumerate() {
            let mut random = mil_tensor::random::Stream::new(number as u64);
            let mut normal = || (0..6).map(|_| random.unit() - 0.5).sum::<f64>();
            let mut values: Vec<f64> = (0..20_000).map(|_| normal() + shift).collect();
            values.extend([shift + 9.0, shift + 10.0]);
            values.extend(vec![0.0; 5000]);
            let seen = seen(&values);
            let (whole, found) = ((seen.least, seen.most), seen.least_error());
            // Numbers in one bin count as their mean.
            let most = 1.02 * error(&values, whole);
            assert!(error(&values, found) <= most, "{shift}: {found:?} of {whole:?}");
        }
    }

    #[test]
    fn one_number_far_away_is_clipped_for_a_million_others() {
        let mut values: Vec<f64> = (0..1_000_000).map(|at| (f64::from(at) * 0.1).sin()).collect();
        values.push(8.0);
        let seen = seen(&values);
        let (whole, found) = ((seen.least, seen.most), seen.least_error());
        assert!(error(&values, found) < 0.7 * error(&values, whole), "{found:?} of {whole:?}");
    }

    #[test]
    fn numbers_that_are_all_the_same_have_a_range() {
        for value in [2.5, -1.0] {
            let found = seen(&[value; 10]).least_error();
            assert!(error(&[value], found) < 1e-9, "{value}: {found:?}");
        }
        assert_eq!(seen(&[0.0; 10]).least_error(), (0.0, 0.0));
    }

    #[test]
    fn outliers_are_left_out() {
        let mut values: Vec<f64> = (0..100_000).map(|i| (f64::from(i) * 0.1).sin()).collect();
        values.push(1000.0);
        let seen = seen(&values);
        let (low, high) = seen.percentile(0.001);
        assert!(low >= -1.0 && high < 2.0, "{low} {high}");
        let (low, high) = seen.least_error();
        assert!(low >= -1.0 && high <= 1000.0 && high > 0.5, "{low} {high}");
    }

    #[test]
    fn all_samples_count() {
        let text = "program(1.3)\n{\n    func main<ios17>(tensor<fp32, [2]> x) {\n        tensor<fp32, [2]> a = \
                    relu(x = x)[name = string(\"a\")];\n        tensor<fp32, [2]> y = add(x = a, y = x)[name = \
                    string(\"y\")];\n        tensor<fp32, [2]> z = tanh(x = y)[name = string(\"z\")];\n    } -> (z);\n}\n";
        let program = mil_ir::text::parse(text).unwrap();
        let names = activations(program.graph("main").unwrap());
        assert_eq!(names, ["a", "x", "y", "z"]);
        let sample = |values: Vec<f32>| {
            [("x".into(), mil_eval::Array::from_vec(&[2], values).unwrap())].into_iter().collect::<Inputs>()
        };
        let samples = [sample(vec![1.0, -2.0]), sample(vec![0.5, 3.0])];
        let found = ranges(&program, "main", &names, &samples, Calibration::MinMax).unwrap();
        assert_eq!(found["x"], (-2.0, 3.0));
        assert_eq!(found["y"], (-2.0, 6.0));
    }
}
