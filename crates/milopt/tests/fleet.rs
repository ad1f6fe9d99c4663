//! One package compressed in parts is the package that one run writes.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use milopt::fleet::{self, FleetError, Plan, Worked};
use milopt::ir::{Release, text};
use milopt::pass::Registry;
use milopt::rewrite::Direction;
use milopt::{Package, Pipeline, Rewrite, Runner};

/// A number that depends on its place.
fn number(seed: usize, at: usize) -> f64 {
    let number = ((at * 31 + seed * 17) as f64 * 0.37).sin();
    (number * 1e4).round() / 1e4
}

fn weight(name: &str, seed: usize, scale: f64, few: bool) -> String {
    let value = |at: usize| match few {
        true => format!("{}", (at * 7 + seed) % 5),
        false => format!("{}", scale * number(seed, at)),
    };
    let row =
        |row: usize| format!("[{}]", (0..64).map(|at| value(64 * row + at)).collect::<Vec<_>>().join(", "));
    let rows: Vec<String> = (0..64).map(row).collect();
    format!(
        "        tensor<fp32, [64, 64]> {name} = const()[name = \"{name}\", val = tensor<fp32, [64, 64]>([{}])];\n",
        rows.join(", ")
    )
}

/// Layers one after another. The fourth weight is twice the second, so that both have the same integers, indices and
/// masks; the last has few values.
fn function(name: &str, opset: &str) -> String {
    let mut body = String::new();
    let mut last = "x".to_owned();
    for (layer, (seed, scale)) in [(1, 1.0), (2, 1.0), (3, 1.0), (2, 2.0), (5, 1.0)].into_iter().enumerate() {
        body += &weight(&format!("w{layer}"), seed, scale, layer == 4);
        body += &format!(
            "        tensor<fp32, [1, 64]> h{layer} = linear(weight = w{layer}, x = {last})[name = \"h{layer}\"];\n"
        );
        last = format!("h{layer}");
    }
    format!("    func {name}<{opset}>(tensor<fp32, [1, 64]> x) {{\n{body}    }} -> ({last});\n")
}

fn write_model(folder: &Path, functions: &[&str], opset: &str) -> PathBuf {
    let functions: String = functions.iter().map(|name| function(name, opset)).collect();
    let path = folder.join("in.mlpackage");
    let program = text::parse(&format!("program(1.3)\n{{\n{functions}}}\n")).unwrap();
    Package::from(program).save(&path).unwrap();
    path
}

fn registry() -> Registry {
    milopt::passes::registry()
}

fn read(pipeline: &str) -> Pipeline {
    Pipeline::read(pipeline, &registry()).unwrap()
}

/// What one run writes.
fn alone(input: &Path, target: Option<Release>, pipeline: &str, output: &Path) {
    let mut package = Package::open(input).unwrap();
    let mut rewrite = Rewrite::of(&mut package);
    if let Some(release) = target {
        rewrite.retarget(release, Direction::Raise).unwrap();
    }
    rewrite.run(&read(pipeline), |_| Runner::new()).unwrap();
    rewrite.save(output).unwrap();
}

fn work(plan: &Plan, tasks: &[usize], parts: &Path) -> Result<Worked, FleetError> {
    fleet::work(plan, tasks, parts, None, &registry(), &mut |_, _, _| ControlFlow::Continue(()))
}

fn merge(plan: &Plan, parts: &Path, output: &Path) -> Result<(), FleetError> {
    fleet::merge(plan, parts, output, None, &registry()).map(drop)
}

fn files(package: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut pending) = (Vec::new(), vec![package.to_owned()]);
    while let Some(path) = pending.pop() {
        match path.is_dir() {
            true => pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path())),
            false => found.push((path.strip_prefix(package).unwrap().to_owned(), fs::read(&path).unwrap())),
        }
    }
    found.sort();
    found
}

/// Three shards and a merge give the bytes of one run; answers the plan and the folder of its parts.
fn check(input: &Path, target: Option<Release>, pipeline: &str) -> (Plan, PathBuf) {
    let folder = input.parent().unwrap();
    let (one, other, parts) =
        (folder.join("alone.mlpackage"), folder.join("merged.mlpackage"), folder.join("parts"));
    for old in [&one, &other, &parts] {
        let _ = fs::remove_dir_all(old);
    }
    alone(input, target, pipeline, &one);
    let plan = Plan::new(input, target, &read(pipeline)).unwrap();
    // As another machine reads it.
    let plan =
        Plan::parse(&serde_json::to_string(&plan).unwrap(), Path::new("plan.json"), &registry()).unwrap();
    for shard in ["2/3", "0/3", "1/3"] {
        let tasks = plan.shard(shard.parse().unwrap());
        assert_eq!(work(&plan, &tasks, &parts).unwrap().done, tasks);
    }
    merge(&plan, &parts, &other).unwrap();
    assert!(files(&one) == files(&other), "{pipeline}: other bytes");
    assert_ne!(fs::metadata(input.join("Data/com.apple.CoreML/weights/weight.bin")).unwrap().len(), {
        fs::metadata(other.join("Data/com.apple.CoreML/weights/weight.bin")).unwrap().len()
    });
    (plan, parts)
}

fn global(pass: &str, fields: &str, options: &str) -> String {
    format!("{pass}{{config={{\"global_config\": {fields}}}{options}}}")
}

#[test]
fn every_form_comes_out_as_from_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let input = write_model(folder.path(), &["main", "other"], "ios18");
    for pipeline in [
        global("palettize_weights", r#"{"nbits": 4}"#, ""),
        global(
            "palettize_weights",
            r#"{"nbits": 3, "granularity": "per_grouped_channel", "group_size": 16}"#,
            "",
        ),
        global("palettize_weights", r#"{"nbits": 4, "cluster_dim": 2}"#, ""),
        global("palettize_weights", r#"{"nbits": 6, "enable_per_channel_scale": true}"#, ""),
        global("palettize_weights", r#"{"mode": "uniform", "nbits": 2}"#, ""),
        // All but one weight have too many values, which only their fits find out.
        global("palettize_weights", r#"{"mode": "unique"}"#, ""),
        global("linear_quantize_weights", r#"{"dtype": "int8"}"#, ""),
        global(
            "linear_quantize_weights",
            r#"{"dtype": "uint4", "mode": "linear", "granularity": "per_block"}"#,
            "",
        ),
        global("prune_weights", r#"{"target_sparsity": 0.5}"#, ""),
        global("prune_weights", r#"{"n_m_ratio": [2, 4]}"#, ""),
        format!("add_fp16_cast,{}", global("palettize_weights", r#"{"nbits": 4}"#, ",measure=true")),
    ] {
        let (plan, parts) = check(&input, None, &pipeline);
        // Both functions hold the same weights, until a pass gives each its own.
        let own = if pipeline.starts_with("add_fp16_cast") { 2 } else { 1 };
        assert_eq!(plan.tasks.len(), 5 * own, "{pipeline}");
        for task in &plan.tasks {
            assert_eq!(task.places.len(), 2 / own);
            let bytes = fs::metadata(parts.join(format!("{}.bin", task.id))).unwrap().len();
            assert!(task.output_bytes.is_none_or(|planned| planned == bytes), "{pipeline}: {task:?} {bytes}");
        }
        let is_known = plan.tasks.iter().all(|task| task.output_bytes.is_some());
        assert_eq!(is_known, !pipeline.contains("prune") && !pipeline.contains("unique"), "{pipeline}");
    }
}

#[test]
fn what_is_compressed_twice_comes_out_as_from_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let input = write_model(folder.path(), &["main"], "ios18");
    let twice = ",joint_compression=true";
    let prune = global("prune_weights", r#"{"target_sparsity": 0.5}"#, twice);
    let palettize = global("palettize_weights", r#"{"nbits": 4}"#, twice);
    let table = global("linear_quantize_weights", r#"{"dtype": "int8", "granularity": "per_tensor"}"#, twice);
    let quantize = global("linear_quantize_weights", r#"{"dtype": "int8"}"#, twice);
    for passes in [
        [&prune, &palettize].as_slice(),
        &[&prune, &palettize, &table],
        &[&palettize, &table],
        &[&quantize, &prune],
        &[&palettize, &prune],
        &[&quantize, &palettize],
    ] {
        let pipeline = passes.iter().map(|pass| pass.as_str()).collect::<Vec<_>>().join(",");
        let (plan, _) = check(&input, None, &pipeline);
        assert_eq!(plan.tasks.len(), 5, "{pipeline}");
    }
    let (plan, _) = check(&input, None, &format!("{palettize},{table}"));
    // Indices of 4 bits; a table of integers and its scale.
    assert!(plan.tasks.iter().all(|task| task.output_bytes == Some(64 * 64 / 2 + 16 + 4)), "{plan:?}");
}

#[test]
fn older_forms_and_raised_releases_come_out_as_from_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let input = write_model(folder.path(), &["main"], "ios16");
    for pipeline in [
        global("palettize_weights", r#"{"nbits": 4}"#, ""),
        global("linear_quantize_weights", r#"{"dtype": "int8"}"#, ""),
        global("prune_weights", r#"{"target_sparsity": 0.5}"#, ""),
    ] {
        check(&input, None, &pipeline);
        check(&input, Some(Release::IOS18), &pipeline);
    }
}

/// A small plan, half done.
fn started(folder: &Path) -> (Plan, PathBuf) {
    let input = write_model(folder, &["main"], "ios18");
    let plan = Plan::new(&input, None, &read(&global("palettize_weights", r#"{"nbits": 4}"#, ""))).unwrap();
    let parts = folder.join("parts");
    work(&plan, &[0, 1, 2], &parts).unwrap();
    (plan, parts)
}

#[test]
fn what_is_done_is_not_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, parts) = started(folder.path());
    let before = fs::metadata(parts.join("1.bin")).unwrap().modified().unwrap();
    let worked = work(&plan, &[1, 3, 1], &parts).unwrap();
    assert_eq!(worked, Worked { done: vec![3], known: vec![1] });
    assert_eq!(fs::metadata(parts.join("1.bin")).unwrap().modified().unwrap(), before);
    // What is damaged is made again, and the same.
    let bytes = fs::read(parts.join("1.bin")).unwrap();
    fs::write(parts.join("1.bin"), &bytes[1..]).unwrap();
    assert_eq!(work(&plan, &[1], &parts).unwrap().done, [1]);
    assert_eq!(fs::read(parts.join("1.bin")).unwrap(), bytes);
    let other = work(&plan, &[5], &parts).unwrap_err();
    assert!(matches!(other, FleetError::NoSuchTask(_)), "{other}");
}

#[test]
fn a_part_that_is_not_right_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, parts) = started(folder.path());
    let output = folder.path().join("out.mlpackage");
    let fault = || merge(&plan, &parts, &output).unwrap_err();
    assert!(matches!(fault(), FleetError::Missing { task: 3, more: 1, .. }), "{}", fault());
    assert!(fault().to_string().contains("3.json"));
    work(&plan, &[3, 4], &parts).unwrap();
    let flip = |name: &str, at: usize| {
        let path = parts.join(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    flip("2.bin", 100);
    assert!(matches!(fault(), FleetError::Damaged { task: 2, .. }) && fault().to_string().contains("2.bin"));
    flip("2.bin", 100);
    let json = fs::read_to_string(parts.join("1.json")).unwrap();
    fs::write(parts.join("1.json"), json.replace("\"shape\": [\n          64", "\"shape\": [\n          32"))
        .unwrap();
    let changed = json != fs::read_to_string(parts.join("1.json")).unwrap();
    flip("1.json", if changed { 0 } else { json.len() / 2 });
    assert!(matches!(fault(), FleetError::Damaged { task: 1, .. }), "{}", fault());
    fs::write(parts.join("1.json"), &json).unwrap();
    fs::rename(parts.join("0.bin"), parts.join("x.bin")).unwrap();
    assert!(matches!(fault(), FleetError::Missing { task: 0, more: 0, .. }), "{}", fault());
    fs::rename(parts.join("x.bin"), parts.join("0.bin")).unwrap();
    // Parts of another plan.
    let other =
        Plan::new(&plan.input, None, &read(&global("palettize_weights", r#"{"nbits": 2}"#, ""))).unwrap();
    for error in [merge(&other, &parts, &output).unwrap_err(), work(&other, &[0], &parts).unwrap_err()] {
        assert!(matches!(&error, FleetError::Foreign { found, .. } if *found == plan.key), "{error}");
    }
    assert!(!output.exists());
    merge(&plan, &parts, &output).unwrap();
}

#[test]
fn a_package_that_is_not_the_planned_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, parts) = started(folder.path());
    let weights = plan.input.join("Data/com.apple.CoreML/weights/weight.bin");
    let whole = fs::read(&weights).unwrap();
    let mut other = whole.clone();
    *other.last_mut().unwrap() ^= 1;
    fs::write(&weights, &other).unwrap();
    // Task 3 does not read what changed.
    work(&plan, &[3], &parts).unwrap();
    let error = work(&plan, &[4], &parts).unwrap_err();
    assert!(matches!(error, FleetError::OtherInput { .. }), "{error}");
    assert!(error.to_string().contains("w4"), "{error}");
    fs::write(&weights, &whole[1..]).unwrap();
    assert!(matches!(work(&plan, &[4], &parts).unwrap_err(), FleetError::OtherInput { .. }));
    fs::write(&weights, &whole).unwrap();
    work(&plan, &[4], &parts).unwrap();
    fs::write(plan.input.join("README"), "new").unwrap();
    let output = folder.path().join("out.mlpackage");
    assert!(matches!(merge(&plan, &parts, &output).unwrap_err(), FleetError::OtherInput { .. }));
}

#[test]
fn what_cannot_be_divided_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let input = write_model(folder.path(), &["main"], "ios18");
    for (pipeline, why) in [
        ("cleanup", "nothing is divided"),
        ("palettize_weights,cleanup", "come last"),
        ("fixpoint(palettize_weights){max=2}", "come last"),
        ("palettize_weights{samples=\"x.npz\"}", "samples"),
    ] {
        let error = Plan::new(&input, None, &read(pipeline)).unwrap_err();
        assert!(matches!(&error, FleetError::NotDivided(text) if text.contains(why)), "{pipeline}: {error}");
    }
}

#[test]
fn a_plan_that_was_changed_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, _) = started(folder.path());
    let text = serde_json::to_string(&plan).unwrap();
    let parse = |text: &str| Plan::parse(text, Path::new("plan.json"), &registry());
    assert!(parse(&text).is_ok());
    assert!(matches!(parse("{").unwrap_err(), FleetError::NotAPlan { .. }));
    assert!(matches!(
        parse(&text.replace("\"nbits\":4", "\"nbits\":2")).unwrap_err(),
        FleetError::NotAPlan { .. }
    ));
    let version = format!("\"milopt\":\"{}\"", fleet::VERSION);
    assert!(text.contains(&version));
    let error = parse(&text.replace(&version, "\"milopt\":\"0.0.1\"")).unwrap_err();
    assert!(matches!(error, FleetError::Version { .. }), "{error}");
}
