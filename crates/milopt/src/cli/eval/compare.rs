//! Outputs held against a reference.

use mil_eval::{Comparison, Inputs};
use mil_ir::Name;
use serde_json::json;

use super::{Args, Run};
use crate::cli::{Failure, Outcome, say, say_json};

/// Compares what ran with the arrays of a reference. Arrays of the reference that are inputs are passed over,
/// and where --outputs chooses, those that it does not choose.
pub(super) fn compare(args: &Args, reference: &Inputs, inputs: &[Name], run: &Run) -> Outcome {
    let results = run.arrays();
    let (mut faults, mut rows) = (Vec::new(), serde_json::Map::new());
    let line = |text: String| if args.json { Ok(()) } else { say(&format!("{text}\n")) };
    for (name, array) in &results {
        let Some(wanted) = reference.get(name.as_str()) else {
            // A reference has no dictionaries unless it was written here.
            match run.results.iter().any(|(result, _)| result == name) {
                true => faults.push(format!("the reference has no {name}")),
                false => line(format!("{name}: not in the reference, not compared"))?,
            }
            continue;
        };
        let found = mil_eval::compare(wanted, array);
        line(format!("{name}: {}", describe(&found, array.slice::<String>().is_some())))?;
        faults.extend(fault(&found, args.min_snr).map(|fault| format!("{name} {fault}")));
        rows.insert(
            name.clone(),
            json!({
                "snr_db": found.snr_db, "max_abs": found.max_abs, "elements": found.elements,
                "different": found.different, "nan": found.nan, "infinite": found.infinite,
                "mismatch": found.mismatch,
            }),
        );
    }
    let is_missing = |name: &&Name| {
        let is_input = inputs.contains(name);
        let is_result = results.iter().any(|(own, _)| **own == ***name);
        !is_input && !is_result && args.outputs.is_empty()
    };
    for name in reference.keys().filter(is_missing) {
        faults.push(format!("no output is called {name}"));
    }
    if rows.is_empty() && faults.is_empty() {
        faults.push("the reference has none of the outputs".into());
    }
    if args.json {
        say_json(&json!({"function": run.function, "outputs": rows, "faults": faults}))?;
    }
    if faults.is_empty() { Ok(()) } else { Err(Failure::Limit(faults.join("; "))) }
}

/// How far an output is from the reference.
fn describe(found: &Comparison, texts: bool) -> String {
    if let Some(mismatch) = &found.mismatch {
        return mismatch.clone();
    }
    if texts {
        return format!("{} of {} texts differ", found.text, found.elements);
    }
    let odd = [(found.nan, "NaN"), (found.infinite, "infinite")];
    let odd: String = odd
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!(", {count} {what} in one of the two only"))
        .collect();
    format!(
        "{:.1} dB, largest difference {:.3e}, {} of {} elements differ{odd}",
        found.snr_db, found.max_abs, found.different, found.elements
    )
}

/// What is wrong with an output, whatever the limit is, or by the limit.
fn fault(found: &Comparison, min_snr: Option<f64>) -> Option<String> {
    match (&found.mismatch, min_snr) {
        (Some(mismatch), _) => Some(format!("differs: {mismatch}")),
        _ if found.text > 0 => Some(format!("differs in {} of {} texts", found.text, found.elements)),
        _ if found.nan > 0 => {
            Some(format!("has NaN in {} elements where only one of the two has it", found.nan))
        }
        _ if found.infinite > 0 => {
            Some(format!("is infinite in {} elements where the other is not", found.infinite))
        }
        (None, Some(min)) if found.snr_db.is_nan() || found.snr_db < min => {
            Some(format!("has {:.1} dB, under {min}", found.snr_db))
        }
        _ => None,
    }
}
