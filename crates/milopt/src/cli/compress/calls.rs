//! Sample calls: what a model gives for them, before and after.

use std::path::PathBuf;

use mil_eval::{Array, EvalOptions, EvalValue, Evaluator, Inputs, Outputs};
use mil_ir::Program;
use mil_pass::Sample;
use serde::Serialize;

use crate::cli::{Failure, samples};
use crate::evaluate::function;

/// Calls of the function of a program.
#[derive(Clone)]
pub(super) struct Calls {
    pub(super) function: String,
    /// As passes take them.
    pub(super) samples: Vec<Sample>,
    /// As the interpreter takes them.
    pub(super) inputs: Vec<Inputs>,
}

/// How closely an output follows the original, over all calls.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Fidelity {
    /// The output.
    pub(super) name: String,
    /// Signal to noise in decibels: infinite (`null` in JSON) where nothing differs, least where what was a
    /// number is none.
    pub(super) snr_db: f64,
}

impl Calls {
    /// The calls in some files.
    pub(super) fn read(paths: &[PathBuf], program: &Program) -> Result<Calls, Failure> {
        if program.functions.len() > 1 {
            return Err(Failure::Input(
                "--samples: the samples are for one function, and the model has several".into(),
            ));
        }
        let function = function(program, None)?;
        let evaluator = Evaluator::new(program, &function, EvalOptions::default())?;
        let names: Vec<_> = evaluator.inputs().map(|(name, _)| name.clone()).collect();
        let (mut all, mut inputs) = (Vec::new(), Vec::new());
        for path in paths {
            let shown = path.display();
            for mut sample in samples::read(&path.to_string_lossy())? {
                // Reference outputs often stand in the same archive.
                sample.retain(|name, _| names.contains(name));
                if let Some(missing) = names.iter().find(|name| !sample.contains_key(*name)) {
                    return Err(Failure::Input(format!("--samples {shown}: a call has no input {missing}")));
                }
                let array = |(name, tensor): (&mil_ir::Name, _)| {
                    Array::from_tensor(tensor, false).map(|array| (name.clone(), array))
                };
                inputs.push(sample.iter().map(array).collect::<Result<Inputs, _>>()?);
                all.push(sample);
            }
        }
        Ok(Calls { function, samples: all, inputs })
    }

    /// Those that rounding learns from, and those by which it is judged: every fourth, and the last of fewer. One
    /// call alone is both.
    pub(super) fn parts(&self) -> (Calls, Calls) {
        let count = self.inputs.len();
        let judges = |at: usize| at % 4 == 3 || (count < 4 && at + 1 == count);
        let part = |keep: &dyn Fn(usize) -> bool| Calls {
            function: self.function.clone(),
            samples: kept(&self.samples, keep),
            inputs: kept(&self.inputs, keep),
        };
        match count {
            1 => (self.clone(), self.clone()),
            _ => (part(&|at| !judges(at)), part(&judges)),
        }
    }

    /// What a program gives for each call. States begin anew with each.
    pub(super) fn outputs(&self, program: &Program) -> Result<Vec<Outputs>, Failure> {
        // Bit allocation depends on these numbers, and what it writes is the same on every machine.
        let options = EvalOptions::default().reproducible();
        let evaluator = Evaluator::new(program, &self.function, options)?;
        let run = |call: &Inputs| evaluator.run(call);
        Ok(self.inputs.iter().map(run).collect::<Result<_, _>>()?)
    }
}

/// The items in some places.
fn kept<T: Clone>(items: &[T], keep: impl Fn(usize) -> bool) -> Vec<T> {
    items.iter().enumerate().filter(|(at, _)| keep(*at)).map(|(_, item)| item.clone()).collect()
}

/// How closely the numbers of each output follow those of the original.
pub(super) fn fidelity(reference: &[Outputs], got: &[Outputs]) -> Vec<Fidelity> {
    let Some(first) = reference.first() else { return Vec::new() };
    let mut all = Vec::new();
    for name in first.keys() {
        let (mut signal, mut noise, mut compared) = (0.0, 0.0, false);
        for (old, new) in reference.iter().zip(got) {
            let numbers = |outputs: &Outputs| match outputs.get(name) {
                Some(EvalValue::Array(array)) => {
                    array.reals::<f64>().ok().map(|numbers| numbers.into_owned())
                }
                _ => None,
            };
            let Some((old, new)) = numbers(old).zip(numbers(new)) else { continue };
            compared = true;
            let finite = old.iter().zip(&new).filter(|(old, _)| old.is_finite());
            for (old, new) in finite {
                let difference = old - new;
                signal += old * old;
                noise += if difference.is_finite() { difference * difference } else { f64::INFINITY };
            }
        }
        if compared {
            all.push(Fidelity { name: name.to_string(), snr_db: decibels(signal, noise) });
        }
    }
    all
}

/// The least of several outputs.
pub(super) fn worst(all: &[Fidelity]) -> Option<f64> {
    all.iter().map(|found| found.snr_db).min_by(f64::total_cmp)
}

/// Signal to noise in decibels: infinite where there is no noise.
pub(super) fn decibels(signal: f64, noise: f64) -> f64 {
    if noise == 0.0 { f64::INFINITY } else { 10.0 * (signal / noise).log10() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(values: Vec<f32>) -> Outputs {
        let array = Array::from_vec(&[values.len()], values).unwrap();
        [("y".into(), EvalValue::Array(array))].into_iter().collect()
    }

    #[test]
    fn all_calls_count_as_one_signal() {
        let old = [outputs(vec![3.0, 0.0]), outputs(vec![0.0, 1.0])];
        let new = [outputs(vec![3.0, 0.0]), outputs(vec![0.0, 0.0])];
        let found = fidelity(&old, &new);
        assert_eq!(found[0].name, "y");
        assert!((found[0].snr_db - 10.0).abs() < 1e-9);
        assert_eq!(worst(&fidelity(&old, &old)), Some(f64::INFINITY));
    }

    #[test]
    fn calls_that_judge_are_not_learned_from() {
        let calls = |count: usize| Calls {
            function: "main".into(),
            samples: vec![Sample::default(); count],
            inputs: vec![Inputs::default(); count],
        };
        let counts = |count: usize| {
            let (learned, judged) = calls(count).parts();
            assert_eq!(
                (learned.samples.len(), judged.samples.len()),
                (learned.inputs.len(), judged.inputs.len())
            );
            (learned.inputs.len(), judged.inputs.len())
        };
        assert_eq!([1, 2, 3, 4, 5, 8].map(counts), [(1, 1), (1, 1), (2, 1), (3, 1), (4, 1), (6, 2)]);
    }

    #[test]
    fn a_number_that_is_lost_is_the_worst() {
        let found = fidelity(&[outputs(vec![1.0])], &[outputs(vec![f32::NAN])]);
        assert_eq!(found[0].snr_db, f64::NEG_INFINITY);
        let infinite = fidelity(&[outputs(vec![f32::INFINITY, 1.0])], &[outputs(vec![0.0, 1.0])]);
        assert_eq!(infinite[0].snr_db, f64::INFINITY, "what was infinite is not compared");
    }
}
