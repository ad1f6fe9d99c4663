//! `milopt chunk`.

use std::path::PathBuf;

use mil_ir::{Model, Name};
use mil_package::Package;
use serde_json::json;

use super::{beside, failure, program, write};
use crate::cli::estimate::target;
use crate::cli::{Context, Outcome, open, say, say_json};
use crate::surgery::{Chunks, Limit, chunk, pipeline_of_parts};
use crate::words;

/// Cut a model into parts of equal estimated cost, or into as few as a limit of weights allows.
///
/// OUT.mlpackage becomes OUT_1.mlpackage, OUT_2.mlpackage and so on, each with its own weights. An app runs
/// them in this order and hands on what crosses; `milopt eval OUT_1.mlpackage OUT_2.mlpackage` does so.
/// --pipeline writes them as one model that an app sees as it saw the whole. Without -o and --pipeline nothing
/// is written.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil; `-` reads standard input
    input: PathBuf,
    /// So many parts
    #[arg(long, value_name = "N", required_unless_present = "max_weights")]
    parts: Option<usize>,
    /// No part has more bytes of weights: 500MB, 1.5GiB, or a number of bytes
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_weights: Option<u64>,
    /// What to write: .mlpackage, or .mil with its weights beside it
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Write the parts as one pipeline
    #[arg(long, value_name = "OUT")]
    pipeline: Option<PathBuf>,
    /// The function to cut; what runs where an app names none where it is not said
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// The chip whose costs are to be equal, as Apple writes it: M1, M4Pro, A17Pro
    #[arg(long, default_value = "M4")]
    chip: String,
    /// Its system: 15.4, 26, or with its name: macOS15, iOS18
    #[arg(long, default_value = "26")]
    os: String,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

/// Bytes, in a unit or without.
fn size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, f64); 7] = [
        ("kib", 1024.0),
        ("mib", 1_048_576.0),
        ("gib", 1_073_741_824.0),
        ("kb", 1e3),
        ("mb", 1e6),
        ("gb", 1e9),
        ("b", 1.0),
    ];
    let lower = text.trim().to_ascii_lowercase();
    let (number, unit) = UNITS
        .iter()
        .find_map(|(name, unit)| Some((lower.strip_suffix(name)?, *unit)))
        .unwrap_or((&lower, 1.0));
    match number.trim_end().parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok((number * unit) as u64),
        _ => Err("write a size, such as 500MB, 1.5GiB or a number of bytes".to_owned()),
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Outcome {
    let target = target(&args.chip, &args.os, "cpu-and-ne")?;
    for output in args.output.iter().chain(&args.pipeline) {
        Package::check_output(output)?;
    }
    let package = open(&args.input)?;
    let known = crate::verify(package.model());
    let whole = program(&args.input, &package)?;
    let limit = Limit { parts: args.parts, weight_bytes: args.max_weights };
    let chunks = chunk(whole, args.function.as_deref(), limit, &target).map_err(failure)?;
    let mut models: Vec<(PathBuf, Model)> = Vec::new();
    if let Some(output) = &args.output {
        for (index, part) in chunks.programs.iter().enumerate() {
            models.push((beside(output, &(index + 1).to_string()), Model::Program(part.clone())));
        }
    }
    if let Some(output) = &args.pipeline {
        let function = crate::evaluate::function(whole, args.function.as_deref())?;
        let features = whole.interface.function(&function).cloned().unwrap_or_default();
        let part = |(index, program)| (Name::from(format!("part_{}", index + 1)), program);
        let parts = chunks.programs.iter().cloned().enumerate().map(part).collect();
        let pipeline = pipeline_of_parts(&features, parts).map_err(failure)?;
        models.push((output.clone(), Model::Pipeline(pipeline)));
    }
    let paths: Vec<PathBuf> = models.iter().map(|(path, _)| path.clone()).collect();
    write(models, &known)?;
    if args.json {
        let (parts, crossing) = (&chunks.parts, &chunks.crossing_bytes);
        return say_json(&json!({"parts": parts, "crossing_bytes": crossing, "written": paths}));
    }
    say(&table(&chunks))?;
    if context.quiet {
        return Ok(());
    }
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    say(&match paths.is_empty() {
        true => "nothing written\n".to_owned(),
        false => format!("wrote {}\n", paths.join(", ")),
    })
}

fn table(chunks: &Chunks) -> String {
    let mut text = String::new();
    for (index, part) in chunks.parts.iter().enumerate() {
        let crossing = match chunks.crossing_bytes.get(index) {
            Some(&bytes) => format!(", hands on {}", words::bytes(bytes)),
            None => String::new(),
        };
        text.push_str(&format!(
            "part {}: {}, {:.3} ms, {} of weights, from {} to {}{crossing}\n",
            index + 1,
            words::count(part.ops, "op"),
            part.cost_ms,
            words::bytes(part.weight_bytes),
            part.first,
            part.last
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_in_their_units() {
        for (text, bytes) in
            [("1024", 1024), ("1.5GiB", 1_610_612_736), ("500 MB", 500_000_000), ("2kb", 2000)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        assert!(size("much").is_err() && size("-1").is_err() && size("").is_err());
    }
}
