//! `milopt weights`.

use std::path::PathBuf;

use crate::cli::{Failure, Outcome, open, say, say_json};
use crate::weights::{Weight, weights};
use crate::words;

/// Every weight: how large it is, how it is stored, what its numbers are like, who uses it.
///
/// The largest first. Weights are read one at a time and piece by piece. A compressed weight is one row, with the
/// bytes of all its parts; its numbers are those that it stands for, computed unless they would take more than
/// --max-mib. What several functions share is listed once.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil; `-` reads standard input
    input: PathBuf,
    /// Leave out weights of fewer elements; what has fewer than 10 does not go to the weight file
    #[arg(long, value_name = "N", default_value_t = 10)]
    min_elements: usize,
    /// Show only so many, the largest
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// MiB that a compressed weight may take when it is decompressed to look at its numbers
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    max_mib: usize,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let package = open(&args.input)?;
    let programs = package.model().programs();
    if programs.is_empty() {
        let kind = package.model().kind();
        return Err(Failure::Input(format!(
            "{} is of type {kind}: weights are listed of ML Programs",
            args.input.display()
        )));
    }
    let mut all: Vec<Weight> = Vec::new();
    for (path, program) in programs {
        all.extend(weights(program, &path, args.min_elements, args.max_mib.saturating_mul(1 << 20)));
    }
    all.sort_by_key(|weight| std::cmp::Reverse(weight.bytes));
    let (count, bytes) = (all.len(), all.iter().map(|weight| weight.bytes).sum::<u64>());
    all.truncate(args.top.unwrap_or(usize::MAX));
    if args.json {
        return say_json(&all);
    }
    let shown = if all.len() < count { format!(", {} shown", all.len()) } else { String::new() };
    say(&format!("{}{} of {}{shown}\n", table(&all), words::count(count, "weight"), words::bytes(bytes)))
}

/// One row a weight.
fn table(all: &[Weight]) -> String {
    let heads = ["name", "stored as", "shape", "bytes", "zeros", "distinct", "least", "largest", "used by"];
    let mut rows: Vec<[String; 9]> = vec![heads.map(str::to_owned)];
    rows.extend(all.iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate();
        let cells: Vec<String> = cells
            .map(|(column, (cell, &width))| match column {
                3..=7 => format!("{cell:>width$}"),
                _ => format!("{cell:<width$}"),
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn row(weight: &Weight) -> [String; 9] {
    let shape: Vec<String> = weight.shape.iter().map(ToString::to_string).collect();
    let users: Vec<String> =
        weight.users.iter().map(|user| format!("{} {}.{}", user.kind, user.op, user.param)).collect();
    let users = match &users[..] {
        [first, second, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second} and {} more", rest.len())
        }
        few => few.join(", "),
    };
    let mut cells = [(); 4].map(|()| "-".to_owned());
    if let Some(numbers) = &weight.numbers {
        let more = if numbers.distinct_is_exact { "" } else { ">" };
        cells = [
            format!("{:.1}%", 100.0 * numbers.sparsity),
            format!("{more}{}", numbers.distinct),
            numbers.min.map_or("-".into(), short),
            numbers.max.map_or("-".into(), short),
        ];
    }
    let [zeros, distinct, least, largest] = cells;
    let member: String = weight.member.iter().map(|index| format!("member {index}: ")).collect();
    let stored = weight.stored_as.clone();
    let bytes = weight.bytes.to_string();
    [
        format!("{member}{}", weight.name),
        stored,
        shape.join("×"),
        bytes,
        zeros,
        distinct,
        least,
        largest,
        users,
    ]
}

/// A number in few digits.
fn short(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        size if (1e-3..1e5).contains(&size) => {
            let text = format!("{number:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => format!("{number:.2e}"),
    }
}
