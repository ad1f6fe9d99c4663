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

/// The numbers of a value in all samples.
#[derive(Clone, Debug)]
struct Seen {
    least: f64,
    most: f64,
    /// How many fell into each bin.
    counts: Vec<u64>,
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
    let evaluator = Evaluator::new(program, function, EvalOptions::default())?.with_outputs(&all)?;
    for sample in samples {
        each(&evaluator, sample, |name, values| {
            let new = Seen { least: f64::INFINITY, most: f64::NEG_INFINITY, counts: Vec::new() };
            let seen = seen.entry(name.to_owned()).or_insert(new);
            for &value in values.iter().filter(|value| value.is_finite()) {
                (seen.least, seen.most) = (seen.least.min(value), seen.most.max(value));
            }
        })?;
    }
    seen.retain(|_, seen| seen.least <= seen.most);
    if calibration != Calibration::MinMax {
        seen.values_mut().for_each(|seen| seen.counts = vec![0; BINS]);
        for sample in samples {
            each(&evaluator, sample, |name, values| {
                let Some(seen) = seen.get_mut(name) else { return };
                let scale = BINS as f64 / (seen.most - seen.least).max(f64::MIN_POSITIVE);
                for &value in values.iter().filter(|value| value.is_finite()) {
                    let bin = ((value - seen.least) * scale) as usize;
                    seen.counts[bin.min(BINS - 1)] += 1;
                }
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

    fn least_error(&self) -> (f64, f64) {
        let error = |(low, high): (f64, f64)| -> f64 {
            let (low, high) = (low.min(0.0), high.max(0.0));
            let step = (high - low) / 255.0;
            let each = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
            each.map(|(bin, &count)| {
                let value = (self.border(bin) + self.border(bin + 1)) / 2.0;
                let clipped = value - value.clamp(low, high);
                // What is inside is off by a twelfth of the squared step.
                count as f64 * (clipped * clipped + step * step / 12.0)
            })
            .sum()
        };
        let candidates = (0..64).map(|turn| {
            let factor = 1.0 - f64::from(turn) / 80.0;
            (self.least * factor, self.most * factor)
        });
        let mut best = ((self.least, self.most), f64::INFINITY);
        for candidate in candidates {
            let found = error(candidate);
            if found < best.1 {
                best = (candidate, found);
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(values: &[f64]) -> Seen {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut counts = vec![0; BINS];
        for value in values {
            counts[(((value - least) * BINS as f64 / (most - least)) as usize).min(BINS - 1)] += 1;
        }
        Seen { least, most, counts }
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
