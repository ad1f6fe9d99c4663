//! `milopt devices`.

use std::io::Write;
use std::path::{Path, PathBuf};

use mil_estimate::{DeviceRow, Origin, devices, devices_html, devices_report, devices_swift};
use mil_ir::Program;

use crate::cli::{Failure, Outcome, open, say, say_json};

/// What to let Core ML use on each device that an app ships to, and why.
///
/// A row for each family of devices, under the oldest and the newest system that run both it and the model:
/// compute units, segments, the share on the Neural Engine, the cost, what was seen to go wrong, what the first
/// load compiles, what would help. Where no plan of such a chip and system is known, nothing is recommended.
/// GPUs are never: what they cost is not known.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil
    input: PathBuf,
    /// Only devices of these kinds: iPhone, iPad, Mac, Vision, Watch
    #[arg(long, value_name = "KINDS", value_delimiter = ',', ignore_case = true,
        value_parser = ["iPhone", "iPad", "Mac", "Vision", "Watch"])]
    kind: Vec<String>,
    /// Write the rows as a page for a browser
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write a Swift file that picks compute units by hardware identifier at run time
    #[arg(long, value_name = "FILE")]
    swift: Option<PathBuf>,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let package = open(&args.input)?;
    let programs: Vec<&Program> =
        package.model().programs().into_iter().map(|(_, program)| program).collect();
    if programs.is_empty() {
        let kind = package.model().kind();
        return Err(Failure::Input(format!(
            "{} is of type {kind}: ML Programs are estimated",
            args.input.display()
        )));
    }
    let is_asked = |row: &DeviceRow| {
        args.kind.is_empty() || args.kind.iter().any(|kind| kind.eq_ignore_ascii_case(row.kind))
    };
    let rows: Vec<DeviceRow> = devices(&programs).into_iter().filter(is_asked).collect();
    let title = args.input.file_name().unwrap_or_default().to_string_lossy();
    let tool = concat!("milopt ", env!("CARGO_PKG_VERSION"));
    let origin = Origin { title: &title, tool, files: Vec::new() };
    if let Some(path) = &args.html {
        write(path, &devices_html(&origin, &rows))?;
    }
    if let Some(path) = &args.swift {
        write(path, &devices_swift(&origin, &rows))?;
    }
    if args.json { say_json(&rows) } else { say(&devices_report(&rows)) }
}

fn write(path: &Path, text: &str) -> Outcome {
    Ok(mil_package::write_file(path, |mut file| file.write_all(text.as_bytes()))?)
}
