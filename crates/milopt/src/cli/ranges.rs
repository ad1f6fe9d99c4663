//! `milopt ranges`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use mil_eval::{Array, Inputs};
use mil_ir::{Model, Name};
use mil_ops::Range;
use mil_pass::Sample;
use serde_json::{Value, json};

use crate::cli::{Failure, Outcome, open, samples, say, say_json};
use crate::evaluate;
use crate::ranges::{FP16_DIGITS, ValueRange, ranges};
use crate::words;

/// What range the values of a model have, and how many digits fp16 leaves of them.
///
/// For each op that gives floats: the range that follows from what the inputs are declared to be (pixels lie
/// between 0 and 255, sigmoids between 0 and 1; ~ marks a mere bound, - what has none), and with --samples the
/// range that was seen, the digits that are left where everything is computed in fp16, and how many of them this
/// op loses. At the end: the first value that leaves fp16. cast_fp16 decides what stays in fp32.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil
    input: PathBuf,
    /// Calls to run: arrays CALL.NAME, such as 0.x and 1.x
    #[arg(long, value_name = "X.npz")]
    samples: Option<String>,
    /// What an input ranges over, where nothing is declared; may be repeated
    #[arg(long, value_name = "NAME=LOW,HIGH", value_parser = told)]
    range: Vec<(Name, Range)>,
    /// The function to look at; the default function where there are several
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

fn told(text: &str) -> Result<(Name, Range), String> {
    let parse = || {
        let (name, bounds) = text.rsplit_once('=')?;
        let (low, high) = bounds.split_once(',')?;
        let (low, high): (f64, f64) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
        (low <= high).then(|| (Name::from(name), Range::new(low, high)))
    };
    parse().ok_or_else(|| "a name and two numbers, the least first: x=-1,1".to_owned())
}

pub(super) fn run(args: &Args) -> Outcome {
    let package = open(&args.input)?;
    let Model::Program(program) = package.model() else {
        let kind = package.model().kind();
        return Err(Failure::Input(format!(
            "{} is of type {kind}: only ML Programs have ranges",
            args.input.display()
        )));
    };
    let function = evaluate::function(program, args.function.as_deref())?;
    let told: BTreeMap<Name, Range> = args.range.iter().cloned().collect();
    let graph = program.graph(&function).ok_or_else(|| Failure::Input(format!("no function {function}")))?;
    if let Some(name) = told.keys().find(|name| graph.input_named(name).is_none()) {
        return Err(Failure::Input(format!("function {function} has no input {name}")));
    }
    let calls = match &args.samples {
        Some(path) => samples::read(path)?.iter().map(call).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let found = ranges(program, &function, &told, &calls)?;
    if args.json { say_json(&as_json(&found)) } else { say(&table(&found)) }
}

fn call(sample: &Sample) -> Result<Inputs, Failure> {
    let array =
        |(name, tensor): (&Name, &mil_tensor::Tensor)| Ok((name.clone(), Array::from_tensor(tensor, false)?));
    sample.iter().map(array).collect()
}

fn table(found: &[ValueRange]) -> String {
    let is_seen = found.iter().any(|row| row.seen.is_some());
    let mut rows = vec![vec!["value".to_owned(), "op".to_owned(), "declared".to_owned()]];
    if is_seen {
        rows[0].extend(["seen", "digits", "lost"].map(str::to_owned));
    }
    rows.extend(found.iter().map(|row| {
        let mut cells = vec![row.value.to_string(), row.kind.to_string(), declared(row.declared)];
        if let Some(seen) = row.seen {
            let lost = if seen.lost < 0.05 { String::new() } else { format!("{:.1}", seen.lost) };
            let range = Range { low: seen.low, high: seen.high, is_loose: false };
            cells.extend([range.to_string(), format!("{:.1}", seen.digits), lost]);
        }
        cells
    }));
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..rows[0].len()).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text + &summary(found)
}

/// The first value that leaves fp16, and where most digits are lost.
fn summary(found: &[ValueRange]) -> String {
    let beyond: Vec<&ValueRange> = found.iter().filter(|row| row.leaves_fp16()).collect();
    let by =
        if found.iter().any(|row| row.seen.is_some()) { "in these samples" } else { "by what is declared" };
    let mut text = match &beyond[..] {
        [] => format!("no value leaves fp16 {by}\n"),
        [first, rest @ ..] => {
            let largest = match first.seen {
                Some(seen) => seen.low.abs().max(seen.high.abs()),
                None => first.declared.magnitude(),
            };
            let more = if rest.is_empty() {
                String::new()
            } else {
                format!(", and {} after it", words::count(rest.len(), "value"))
            };
            format!("{} ({}) leaves fp16 {by}: it reaches {largest:.3e}{more}\n", first.value, first.kind)
        }
    };
    let worst =
        found.iter().filter_map(|row| Some((row, row.seen?))).max_by(|a, b| a.1.lost.total_cmp(&b.1.lost));
    if let Some((row, seen)) = worst.filter(|(_, seen)| seen.lost >= 0.5) {
        text.push_str(&format!(
            "{} ({}) loses most: {:.1} of {FP16_DIGITS} digits\n",
            row.value, row.kind, seen.lost
        ));
    }
    text
}

fn declared(range: Range) -> String {
    match (range.low.is_finite() || range.high.is_finite(), range.is_loose) {
        (false, _) => "-".to_owned(),
        (true, true) => format!("~{range}"),
        (true, false) => range.to_string(),
    }
}

fn as_json(found: &[ValueRange]) -> Value {
    // JSON has no infinity.
    let end = |value: f64| if value.is_finite() { json!(value) } else { Value::Null };
    let values: Vec<Value> = found
        .iter()
        .map(|row| {
            let mut value = json!({
                "value": row.value.as_str(),
                "op": row.op.as_str(),
                "type": row.kind.as_str(),
                "declared": {"low": end(row.declared.low), "high": end(row.declared.high), "bound": row.declared.is_loose},
                "leaves_fp16": row.leaves_fp16(),
            });
            if let Some(seen) = row.seen {
                value["seen"] = json!({
                    "low": end(seen.low),
                    "high": end(seen.high),
                    "least": end(seen.least),
                    "digits": seen.digits,
                    "lost": seen.lost,
                });
            }
            value
        })
        .collect();
    let first = found.iter().find(|row| row.leaves_fp16()).map(|row| row.value.as_str());
    json!({"values": values, "first_beyond_fp16": first})
}
