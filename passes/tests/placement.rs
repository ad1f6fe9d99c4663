//! Every row of the estimator's tables that names passes has a small program for each, in `placement/`: there
//! the row is why an op is not on the Neural Engine, and with the pipeline `ane` the pass brings it there.
//!
//! The head of a file says what it shows, the row, the pass, and the chip with its system.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use mil_estimate::{Answer, Device, FunctionEstimate, Target, answers, estimate};
use mil_ir::{Graph, OpId, Program, text};
use mil_pass::{Instrument, PassDef, Pipeline, Runner};

struct Case {
    name: String,
    row: String,
    by: String,
    target: Target,
    program: Program,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/placement");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let case = |file: &std::path::PathBuf| {
        let content = std::fs::read_to_string(file).unwrap();
        let said = |key: &str| {
            let line = content.lines().find_map(|line| line.strip_prefix(&format!("// {key}: ")));
            line.unwrap_or_else(|| panic!("{} does not say `{key}`", file.display())).to_owned()
        };
        let on = said("on");
        let (chip, system) = on.split_once(' ').unwrap();
        Case {
            name: file.file_stem().unwrap().to_string_lossy().into_owned(),
            row: said("row"),
            by: said("by"),
            target: Target::new(chip, system, "cpu-and-ne").unwrap(),
            program: text::parse(&format!("program(1.3)\n{{\n{}\n}}\n", spelled_out(&content))).unwrap(),
        }
    };
    files.iter().map(case).collect()
}

/// A row of a weight that is too long to be read is `HALVES` in a file.
fn spelled_out(content: &str) -> String {
    content.replace("HALVES", &format!("[[{}]]", vec!["0.5"; 65536].join(", ")))
}

/// Pays from weights of tens of megabytes on, which is more than a test should hold; by hand, a head of 32,000
/// words goes from 0.365 to 0.285 ms.
const TOO_LARGE: &str = "size_spatial * dim:DHW>16384: split_wide_linears";

#[test]
fn every_row_that_names_a_pass_has_a_program_for_it() {
    let pair = |row: &str, pass: &str| format!("{row}: {pass}");
    let of_row = |answer: &Answer| answer.fixes.iter().map(|fix| pair(&answer.row, fix)).collect::<Vec<_>>();
    let wanted: BTreeSet<String> = answers().iter().flat_map(of_row).collect();
    let found = cases().into_iter().map(|case| pair(&case.row, &case.by));
    let found: BTreeSet<String> = found.chain([TOO_LARGE.to_owned()]).collect();
    let missing: Vec<_> = wanted.difference(&found).collect();
    let stale: Vec<_> = found.difference(&wanted).collect();
    assert!(missing.is_empty() && stale.is_empty(), "without a program: {missing:#?}; no row: {stale:#?}");
}

#[test]
fn the_passes_that_rows_name_bring_their_ops_to_the_neural_engine() {
    let wrong: Vec<String> = cases().iter().filter_map(|case| wrong(case).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is not as the head of a file says.
fn wrong(case: &Case) -> Result<(), String> {
    let Case { name, row, by, target, program } = case;
    let answer = answers().into_iter().find(|answer| answer.row == *row).ok_or("no such row")?;
    let main = |program: &Program| estimate(program, target).functions["main"].clone();
    let before = main(program);
    let refused = off_ane(&before);
    let holds =
        |reason: &&(String, String)| reason.1 == answer.code && answer.op.is_none_or(|op| op == reason.0);
    if !refused.iter().any(|reason| holds(&reason)) {
        return Err(format!("{name}: the row is not why an op is off the Neural Engine, but {refused:?}"));
    }
    let (chip, system) = (target.chip.name, target.os.to_string());
    let system = system.rsplit(' ').next().unwrap_or_default();
    let options = format!("chips=[\"{chip}\"],systems=[\"{system}\"]");
    let pipeline = format!("default,add_fp16_cast,cleanup,improve_placement{{{options}}}");
    let pipeline = Pipeline::parse(&pipeline, &mil_passes::registry()).map_err(|error| error.to_string())?;
    let (mut after, told) = (program.clone(), Told::default());
    let report = Runner::new().instrument(told.clone()).run(&pipeline, &mut after);
    let report = report.map_err(|error| format!("{name}: {}", mil_ir::error_chain(&error)))?;
    let after = main(&after);
    let told = told.0.lock().unwrap().clone();
    let taken = |told: &String| told.contains(by.as_str()) && told.contains(" is taken: ");
    // What stands in the pipeline itself has run before.
    let id = if by == "fp16" { "add_fp16_cast" } else { by };
    let changed = report.passes.iter().any(|pass| pass.id == id && pass.changed);
    let numbers = |function: &FunctionEstimate| {
        format!("{:.4} ms in {}", function.summary.cost_ms, function.summary.segments)
    };
    if !changed && !told.iter().any(taken) {
        return Err(format!("{name}: {by} is not what was taken, from {}: {told:#?}", numbers(&before)));
    }
    let (before_cost, after_cost) = (before.summary.cost_ms, after.summary.cost_ms);
    if after_cost >= before_cost || after.summary.segments > before.summary.segments {
        return Err(format!("{name}: {} became {}", numbers(&before), numbers(&after)));
    }
    // What follows from integers alone may begin on the CPU; nothing cuts the rest in two.
    let cut = after.ops.windows(2).any(|pair| pair[0].device == Device::Ane && pair[1].device == Device::Cpu);
    let last = after.ops.iter().rposition(|op| op.device == Device::Ane).unwrap_or(0);
    let ends_in_casts = after.ops[last + 1..].iter().all(|op| op.kind == "cast");
    if cut && !ends_in_casts {
        return Err(format!("{name}: the Neural Engine is left in the middle: {:?}", off_ane(&after)));
    }
    Ok(())
}

/// Types of the ops that are not on the Neural Engine, with the code of the reason.
fn off_ane(function: &FunctionEstimate) -> Vec<(String, String)> {
    let off = function.ops.iter().filter(|op| op.device != Device::Ane);
    off.filter_map(|op| Some((op.kind.clone(), op.reason.as_ref()?.code.to_owned()))).collect()
}

/// What passes say of places.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Instrument for Told {
    fn wants_misses(&self) -> bool {
        true
    }

    fn missed(&mut self, def: &'static PassDef, _: &'static str, _: &Graph, _: OpId, reason: &str) {
        if def.id == "improve_placement" {
            self.0.lock().unwrap().push(reason.to_owned());
        }
    }
}
