//! `milopt calibrate`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use mil_estimate::{Contradiction, DevicePlan, Evidence, Fitted, Standing};
use serde_json::json;

use crate::cli::estimate::target;
use crate::cli::{Failure, Outcome, open, say, say_json};
use crate::words::count;

/// Fit rows of the estimator's tables to plans that Core ML made on devices.
///
/// A plan is a dump of MLComputePlan, as JSON or tab-separated text; docs/placement.md has the format, and
/// snippets that write one. Its model is a package or file of the name that the plan's ops say, or of the
/// plan's own name, in the folder --models. Prints the rows that follow for data/leaves.tsv, each with how it
/// stands to what the table has, and the rules with which the plans disagree. Nothing is changed: what the
/// table says otherwise is told, and stays.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The plans: .json or .tsv
    #[arg(required = true, value_name = "PLAN")]
    plans: Vec<PathBuf>,
    /// Where the models are; where it is not given, beside each plan
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// The chip of plans that do not say
    #[arg(long)]
    chip: Option<String>,
    /// The system's version of plans that do not say
    #[arg(long)]
    os: Option<String>,
    /// The compute units of plans that do not say; where neither does, cpu-and-ne
    #[arg(long)]
    units: Option<String>,
    /// Write the rows to this file, without those that the table has
    #[arg(short, long, value_name = "FILE.tsv")]
    output: Option<PathBuf>,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let mut evidence = Evidence::default();
    for path in &args.plans {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::Input(format!("cannot read {}: {error}", path.display())))?;
        let plan = DevicePlan::parse(&text)?;
        let missing =
            |what: &str| Failure::Input(format!("{} does not say its {what}: give --{what}", path.display()));
        let chip = plan.chip.as_ref().or(args.chip.as_ref()).ok_or_else(|| missing("chip"))?;
        let os = plan.os.as_ref().or(args.os.as_ref()).ok_or_else(|| missing("os"))?;
        let units = plan.units.as_ref().or(args.units.as_ref()).map_or("cpu-and-ne", |units| units);
        let target = target(chip, os, units)?;
        for (name, plan) in by_model(path, plan) {
            let package = open(&model(args, path, &name)?)?;
            for (_, program) in package.model().programs() {
                evidence.add(&name, program, &target, &plan);
            }
        }
    }
    let (rows, wrong) = (evidence.leaves(), evidence.contradictions());
    if let Some(file) = &args.output {
        let new = rows.iter().filter(|row| row.standing != Standing::Confirms);
        let text: String = new.map(|row| format!("{}\n", row.row)).collect();
        mil_package::write_file(file, |mut file| file.write_all(text.as_bytes()))?;
    }
    if args.json {
        return say_json(&json!({"rows": rows, "contradictions": wrong, "left_out": evidence.left_out}));
    }
    say(&report(&rows, &wrong, &evidence.left_out))
}

/// The plans of a file by the model that they are of: the one that ops say, else the file's own name.
fn by_model(path: &Path, plan: DevicePlan) -> BTreeMap<String, DevicePlan> {
    let own = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let head = DevicePlan { ops: Vec::new(), ..plan.clone() };
    let mut all: BTreeMap<String, DevicePlan> = BTreeMap::new();
    for op in plan.ops {
        let name = op.model.clone().unwrap_or_else(|| own.clone());
        all.entry(name).or_insert_with(|| head.clone()).ops.push(op);
    }
    all
}

/// The file of a model.
fn model(args: &Args, plan: &Path, name: &str) -> Result<PathBuf, Failure> {
    let folder = args.models.as_deref().or(plan.parent()).unwrap_or(Path::new("."));
    let files =
        ["mlpackage", "mlmodelc", "mlmodel", "mil"].map(|ending| folder.join(format!("{name}.{ending}")));
    files.into_iter().find(|file| file.exists()).ok_or_else(|| {
        let place = folder.display();
        Failure::Input(format!("{} is of {name}, which is not in {place}: give --models", plan.display()))
    })
}

fn report(rows: &[Fitted], wrong: &[Contradiction], left_out: &[(String, String)]) -> String {
    let mut out = String::new();
    for (standing, title) in [
        (Standing::New, "New: the table has no such row"),
        (Standing::Differs, "The table says otherwise, and stays"),
        (Standing::Confirms, "The table says the same"),
    ] {
        let of_standing: Vec<&Fitted> = rows.iter().filter(|row| row.standing == standing).collect();
        if of_standing.is_empty() {
            continue;
        }
        out.push_str(&format!("{title}\n"));
        for row in of_standing {
            out.push_str(&format!("  {}\t({})\n", row.row, count(row.samples, "op")));
        }
    }
    if !wrong.is_empty() {
        out.push_str("Rules with which plans disagree\n");
    }
    for one in wrong {
        out.push_str(&format!("  {} ({}): {} of {} agree\n", one.op, one.rule, one.agreed, one.seen));
    }
    if !left_out.is_empty() {
        out.push_str("Plans that say nothing about times\n");
    }
    for (name, why) in left_out {
        out.push_str(&format!("  {name}: {why}\n"));
    }
    if out.is_empty() { "the plans say nothing that the tables ask about\n".to_owned() } else { out }
}
