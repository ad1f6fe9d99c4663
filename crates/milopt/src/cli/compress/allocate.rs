//! Bits for each weight: the least error within a size, or the least size within an error.

use std::collections::BTreeMap;

use mil_compress::allocate::{Allocation, Form, least_error, least_size};
use mil_ir::{Graph, Program};
use mil_pass::Registry;
use mil_tensor::Tensor;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::apply::apply;
use super::calls::{Calls, decibels, fidelity};
use super::report::told;
use super::settings::Setting;
use super::steps::{How, Step, pipeline};
use crate::cli::Failure;
use crate::{inspect, words};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Goal {
    /// The least error with all weights in so many bytes.
    Size(u64),
    /// The least size with an error of no more than this part of the signal's power.
    Error(f64),
}

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Found {
    /// Bytes of all weights that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target_size: Option<u64>,
    /// Bytes of all weights with the chosen forms, as the measured table has it.
    pub(super) size: u64,
    /// The noise that the chosen forms are expected to make in what the model gives, in decibels below the signal.
    pub(super) expected_snr_db: f64,
    /// No choice from the table is better.
    pub(super) is_optimal: bool,
    /// How much smaller the error, or the size where that was to be small, of another choice could be at most, as a
    /// part of it.
    pub(super) gap: f64,
    /// The error of each weight was weighed by what it makes of the outputs, on the samples.
    pub(super) by_sensitivity: bool,
    /// Weights and forms in the table.
    pub(super) weights: usize,
    /// See `weights`.
    pub(super) forms: usize,
}

/// The sensitivity of a weight whose error leaves no number in an output.
const BROKEN: f64 = 1e6;

/// No weight is less sensitive than this part of the one in the middle.
const LEAST_PART: f64 = 0.01;

/// What is measured with: a program and how its passes run.
pub(super) struct Bench<'b> {
    pub(super) program: &'b Program,
    pub(super) calls: Option<&'b Calls>,
    pub(super) how: &'b How,
    pub(super) registry: &'b Registry,
}

/// Weights that get the same form: one tensor, or several of one name.
struct Item {
    names: Vec<String>,
    tensors: Vec<Tensor>,
    bytes: u64,
    /// How much of its error the outputs show.
    sensitivity: f64,
    /// What each form takes and loses; the first is the weight as it is.
    forms: Vec<(Option<usize>, Form)>,
}

/// Sizes and losses of one weight under a setting.
#[derive(Clone, Copy)]
struct Measured {
    before: u64,
    after: u64,
    /// The part of the signal's power that is noise.
    error: f64,
}

/// The steps with which each weight gets its form, and what is to be said of them.
pub(super) fn allocate(
    bench: &Bench<'_>,
    settings: &[Setting],
    goal: Goal,
) -> Result<(Vec<Step>, Found), Failure> {
    let tables =
        settings.iter().map(|setting| bench.measure(&[setting.for_all()])).collect::<Result<Vec<_>, _>>()?;
    let mut items = items(bench.program, &tables);
    if let Some(calls) = bench.calls {
        bench.probe(&mut items, settings, calls)?;
    }
    let forms: Vec<Vec<Form>> = items
        .iter()
        .map(|item| {
            let weighed = |form: &Form| Form { error: form.error * item.sensitivity, ..*form };
            item.forms.iter().map(|(_, form)| weighed(form)).collect()
        })
        .collect();
    let whole = inspect::weights(bench.program).bytes;
    let fixed = whole.saturating_sub(items.iter().map(|item| item.bytes).sum());
    let found = solve(&forms, goal, fixed)?;
    let chosen = items.iter().zip(&found.chosen);
    let chosen: Vec<(&Item, usize)> =
        chosen.filter_map(|(item, &at)| Some((item, item.forms.get(at)?.0?))).collect();
    let steps = steps(settings, &chosen);
    let own = match goal {
        Goal::Size(_) => found.error,
        Goal::Error(_) => found.size as f64,
    };
    let gap = if own > 0.0 { ((own - found.bound) / own).max(0.0) } else { 0.0 };
    Ok((
        steps,
        Found {
            target_size: match goal {
                Goal::Size(size) => Some(size),
                Goal::Error(_) => None,
            },
            size: found.size + fixed,
            expected_snr_db: decibels(1.0, found.error),
            is_optimal: found.is_optimal,
            gap,
            by_sensitivity: bench.calls.is_some(),
            weights: items.len(),
            forms: items.iter().map(|item| item.forms.len()).sum(),
        },
    ))
}

fn solve(forms: &[Vec<Form>], goal: Goal, fixed: u64) -> Result<Allocation, Failure> {
    let least: u64 = forms.iter().filter_map(|forms| forms.iter().map(|form| form.size).min()).sum();
    match goal {
        Goal::Size(size) => size.checked_sub(fixed).and_then(|size| least_error(forms, size)).ok_or_else(|| {
            Failure::Input(format!(
                "--target-size: the weights take {} at least: {} of what is not compressed, and {} of the rest",
                words::bytes(fixed + least),
                words::bytes(fixed),
                words::bytes(least)
            ))
        }),
        Goal::Error(error) => least_size(forms, error)
            .ok_or_else(|| Failure::Input("--max-error: the errors of the weights are not numbers".into())),
    }
}

/// One step for each pass, with a configuration for each name.
fn steps(settings: &[Setting], chosen: &[(&Item, usize)]) -> Vec<Step> {
    let mut by_pass: BTreeMap<&'static str, Map<String, Value>> = BTreeMap::new();
    for &(item, setting) in chosen {
        let Setting { pass, fields, .. } = &settings[setting];
        let names = by_pass.entry(*pass).or_default();
        names.extend(item.names.iter().map(|name| (name.clone(), fields.clone())));
    }
    by_pass
        .into_iter()
        .map(|(pass, names)| Step { pass, config: json!({ "op_name_configs": names }) })
        .collect()
}

impl Bench<'_> {
    /// What each weight would take and lose, by function and name.
    fn measure(&self, steps: &[Step]) -> Result<BTreeMap<(String, String), Measured>, Failure> {
        let mut copy = self.program.clone();
        // Compensation is for the choice itself: it would be the same work for every setting.
        let how = How { measure: true, twice: false, compensate: false, ..self.how.clone() };
        let report = apply(&pipeline(steps, &how, &Value::Null)?, &mut copy, None, None, self.registry)?;
        let mut found = BTreeMap::new();
        for detail in told(std::slice::from_ref(&report)) {
            let text = |key: &str| detail.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
            let number = |key: &str| detail.get(key).and_then(Value::as_f64);
            let bytes = |key: &str| detail.get(key).and_then(Value::as_u64);
            let sizes = bytes("bytes_before").zip(bytes("bytes_after"));
            if let (Some((before, after)), Some((signal, noise))) =
                (sizes, number("signal").zip(number("noise")))
            {
                let error = if noise == 0.0 { 0.0 } else { noise / signal };
                found.insert((text("function"), text("weight")), Measured { before, after, error });
            }
        }
        Ok(found)
    }

    /// Finds out how much of each weight's error the outputs show: each alone is compressed, and the model runs.
    fn probe(&self, items: &mut [Item], settings: &[Setting], calls: &Calls) -> Result<(), Failure> {
        let reference = calls.outputs(self.program)?;
        for item in &mut *items {
            // The form that loses most of those that lose little: noise that is large enough to be seen, and
            // small enough to grow as errors do.
            let seen = |form: &&(Option<usize>, Form)| form.1.error > 0.0;
            let small = item.forms.iter().filter(seen).filter(|form| form.1.error <= 0.02);
            let most = small.max_by(|a, b| a.1.error.total_cmp(&b.1.error));
            let least = || item.forms.iter().filter(seen).min_by(|a, b| a.1.error.total_cmp(&b.1.error));
            let Some(&(Some(setting), form)) = most.or_else(least) else { continue };
            let steps = steps(settings, &[(item, setting)]);
            let how = How { measure: false, twice: false, compensate: false, ..self.how.clone() };
            let mut copy = self.program.clone();
            apply(&pipeline(&steps, &how, &Value::Null)?, &mut copy, None, None, self.registry)?;
            let found = fidelity(&reference, &calls.outputs(&copy)?);
            let noise: f64 = found.iter().map(|found| 10_f64.powf(-found.snr_db / 10.0)).sum();
            item.sensitivity = (noise / form.error).min(BROKEN);
        }
        // What these calls do not show may matter in others.
        let mut all: Vec<f64> = items.iter().map(|item| item.sensitivity).collect();
        all.sort_by(f64::total_cmp);
        let least = LEAST_PART * all.get(all.len() / 2).copied().unwrap_or(0.0);
        items.iter_mut().for_each(|item| item.sensitivity = item.sensitivity.max(least));
        Ok(())
    }
}

/// The weights that some setting compresses, with all of their forms.
fn items(program: &Program, tables: &[BTreeMap<(String, String), Measured>]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for (function, _, graph) in program.graphs() {
        for (name, tensor) in constants(graph) {
            let key = (function.to_string(), name);
            let mut measured = tables.iter().map(|table| table.get(&key).copied());
            let Some(before) = measured.clone().flatten().map(|found| found.before).next() else { continue };
            let alike = |item: &Item| {
                item.names.contains(&key.1) || item.tensors.iter().any(|known| known.is_same(&tensor))
            };
            let at = items.iter().position(alike).unwrap_or_else(|| {
                let forms = vec![(None, Form { size: 0, error: 0.0 })];
                items.push(Item { names: vec![], tensors: vec![], bytes: 0, sensitivity: 1.0, forms });
                items.len() - 1
            });
            let item = &mut items[at];
            if !item.names.contains(&key.1) {
                item.names.push(key.1.clone());
            }
            if item.tensors.iter().any(|known| known.is_same(&tensor)) {
                continue;
            }
            let is_first = item.tensors.is_empty();
            item.tensors.push(tensor);
            item.bytes += before;
            item.forms[0].1.size += before;
            for setting in 0..tables.len() {
                let Some(found) = measured.next().flatten() else {
                    // What one of several tensors cannot be, none of them is.
                    item.forms.retain(|(known, _)| *known != Some(setting));
                    continue;
                };
                match item.forms.iter_mut().find(|(known, _)| *known == Some(setting)) {
                    Some((_, form)) => {
                        *form = Form { size: form.size + found.after, error: form.error + found.error };
                    }
                    None if is_first => {
                        item.forms.push((Some(setting), Form { size: found.after, error: found.error }));
                    }
                    None => {}
                }
            }
        }
    }
    items
}

/// The constants of a graph that stand in `const` ops, by the names of their values.
fn constants(graph: &Graph) -> Vec<(String, Tensor)> {
    let constant = |op| {
        let value = graph.op(op).result().filter(|_| graph.op(op).kind() == "const")?;
        Some((graph.value(value).name().to_string(), graph.const_tensor(value)?))
    };
    graph.walk().filter_map(constant).collect()
}

/// A size in bytes: `40MB`, `1.5 GB`, `200kB`, `40MiB`, `1000`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let expected = || "expected a size such as 40MB, 1.5GB, 40MiB or 300kB".to_owned();
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic() || letter == ' ');
    let unit = match text[digits.len()..].trim().to_lowercase().as_str() {
        "" | "b" | "bytes" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(expected()),
    };
    let number = digits.trim().parse::<f64>().map_err(|_| expected())?;
    let bytes = number * unit;
    if bytes.is_finite() && (0.0..1e18).contains(&bytes) { Ok(bytes as u64) } else { Err(expected()) }
}

/// The power of noise beside that of the signal: `0.01` and `1%` say how large the error is beside the signal,
/// `40dB` how far below.
pub(super) fn error(text: &str) -> Result<f64, String> {
    let expected = || "expected a part such as 0.01, 1% or 40dB".to_owned();
    let lower = text.trim().to_lowercase();
    let number = |digits: &str| digits.trim().parse::<f64>().map_err(|_| expected());
    let power = if let Some(digits) = lower.strip_suffix("db") {
        10_f64.powf(-number(digits)? / 10.0)
    } else if let Some(digits) = lower.strip_suffix('%') {
        (number(digits)? / 100.0).powi(2)
    } else {
        number(&lower)?.powi(2)
    };
    if power.is_finite() { Ok(power) } else { Err(expected()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_errors_are_read_as_people_write_them() {
        let sizes = ["40MB", "1.5 GB", "300kb", "1MiB", "1000", "7 bytes"].map(|text| size(text).unwrap());
        assert_eq!(sizes, [40_000_000, 1_500_000_000, 300_000, 1 << 20, 1000, 7]);
        for text in ["", "MB", "-1MB", "40 apples", "1e30GB", "nan"] {
            assert!(size(text).is_err(), "{text}");
        }
        for text in ["0.01", "1%", "40dB", "40 db"] {
            assert!((error(text).unwrap() - 1e-4).abs() < 1e-12, "{text}");
        }
        assert!(error("much").is_err() && error("nan").is_err());
    }
}
