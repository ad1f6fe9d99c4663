//! Outputs for people, and as JSON.

use mil_eval::{Array, ClassLabel, Data, EvalValue};
use serde_json::{Value, json};

use super::{Args, Run};
use crate::cli::{Outcome, say, say_json};
use crate::evaluate::label;

/// Outputs with no more elements are shown whole.
const SMALL: usize = 16;
/// Classes that are shown, the likeliest first.
const TOP: usize = 5;

pub(super) fn summary(args: &Args, run: &Run) -> Outcome {
    if args.json {
        let all: serde_json::Map<_, _> =
            run.results.iter().map(|(name, value)| (name.clone(), as_json(value))).collect();
        return say_json(&json!({"function": run.function, "outputs": all}));
    }
    if !run.others.is_empty() {
        say(&format!("function {} (not {})\n", run.function, run.others.join(", ")))?;
    }
    for (name, value) in &run.results {
        say(&format!("{name}: {}\n", as_text(value)))?;
    }
    Ok(())
}

fn as_text(value: &EvalValue) -> String {
    match value {
        EvalValue::Array(array) => format!("{} {:?}{}", array.dtype(), array.shape(), contents(array)),
        EvalValue::Dictionary(entries) => {
            let top: Vec<String> = top(entries)
                .iter()
                .map(|(key, value)| format!("{} {}", label(key), number(*value)))
                .collect();
            match entries.len() {
                0..=TOP => top.join(", "),
                all => format!("{}; {TOP} of {all} classes", top.join(", ")),
            }
        }
        other => other.form().to_owned(),
    }
}

/// Elements of a small array, else the range of a numeric one.
fn contents(array: &Array) -> String {
    if array.len() > SMALL {
        return range(array);
    }
    let elements: Vec<String> = match array.data() {
        Data::Text(texts) => texts.to_vec(),
        Data::Bool(flags) => flags.iter().map(bool::to_string).collect(),
        Data::Int(ints) => ints.iter().map(i32::to_string).collect(),
        Data::Long(longs) => longs.iter().map(i64::to_string).collect(),
        Data::Single(_) | Data::Double(_) => {
            array.reals::<f64>().map_or_else(|_| Vec::new(), |all| all.iter().map(|&x| number(x)).collect())
        }
    };
    match elements.as_slice() {
        [] => String::new(),
        _ => format!(", {}", elements.join(" ")),
    }
}

/// Smallest, largest and mean of the finite elements, and how many there are.
fn spread(array: &Array) -> Option<(Vec<f64>, usize)> {
    let values = array.reals::<f64>().ok()?;
    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    if finite.is_empty() {
        return Some((Vec::new(), 0));
    }
    let min = finite.iter().copied().fold(f64::INFINITY, f64::min);
    let max = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mean = finite.iter().sum::<f64>() / finite.len() as f64;
    Some((vec![min, max, mean], finite.len()))
}

fn range(array: &Array) -> String {
    let Some((numbers, finite)) = spread(array) else { return String::new() };
    let odd = match array.len() - finite {
        0 => String::new(),
        odd => format!(", {odd} of {} not finite", array.len()),
    };
    match numbers.as_slice() {
        [min, max, mean] => {
            format!(", from {} to {}, mean {}{odd}", number(*min), number(*max), number(*mean))
        }
        _ => odd,
    }
}

fn as_json(value: &EvalValue) -> Value {
    match value {
        EvalValue::Array(array) => {
            let mut row = json!({"type": array.dtype().to_string(), "shape": array.shape()});
            if let Some((numbers, finite)) = spread(array) {
                if let [min, max, mean] = numbers.as_slice() {
                    (row["min"], row["max"], row["mean"]) = (json!(min), json!(max), json!(mean));
                }
                row["not_finite"] = json!(array.len() - finite);
            }
            if array.len() <= SMALL {
                row["values"] = elements(array);
            }
            row
        }
        EvalValue::Dictionary(entries) => {
            let top: Vec<Value> = top(entries)
                .iter()
                .map(|(key, value)| json!({"class": json_label(key), "value": value}))
                .collect();
            json!({"type": "dictionary", "classes": entries.len(), "top": top})
        }
        other => json!({"type": other.form()}),
    }
}

/// Elements as JSON, in one row; NaN and infinities, which JSON has no numbers for, as text.
fn elements(array: &Array) -> Value {
    let real = |x: &f64| if x.is_finite() { json!(x) } else { json!(number(*x)) };
    match array.data() {
        Data::Text(texts) => json!(**texts),
        Data::Bool(flags) => json!(**flags),
        Data::Int(ints) => json!(**ints),
        Data::Long(longs) => json!(**longs),
        Data::Single(_) | Data::Double(_) => {
            array.reals::<f64>().map_or(Value::Null, |all| all.iter().map(real).collect())
        }
    }
}

/// The likeliest classes, in order.
fn top(entries: &[(ClassLabel, f64)]) -> Vec<(ClassLabel, f64)> {
    let mut sorted = entries.to_vec();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
    sorted.truncate(TOP);
    sorted
}

fn json_label(label: &ClassLabel) -> Value {
    match label {
        ClassLabel::Int(number) => json!(number),
        ClassLabel::Text(text) => json!(text),
    }
}

/// With six digits behind the point, or in powers of ten where those would not do.
fn number(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 || !value.is_finite() || (1e-3..1e6).contains(&magnitude) {
        format!("{value:.6}")
    } else {
        format!("{value:.6e}")
    }
}
