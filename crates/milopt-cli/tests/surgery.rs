//! `functions`, `cut`, `chunk`, `pipeline`, `reduce`, `devices` and `trend` as scripts see them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn milopt(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_milopt")).args(arguments).output().unwrap()
}

fn done(arguments: &[&str]) -> String {
    let output = milopt(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn fixture(name: &str) -> String {
    format!("{}/../../fixtures/{name}.mlpackage", env!("CARGO_MANIFEST_DIR"))
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

#[test]
fn parts_give_what_the_whole_gives() {
    let folder = tempfile::tempdir().unwrap();
    let (out, pipeline) = (path(folder.path(), "d.mlpackage"), path(folder.path(), "p.mlpackage"));
    let whole = fixture("decoder");
    let report: Value = serde_json::from_str(&done(&[
        "chunk",
        &whole,
        "--parts",
        "3",
        "-o",
        &out,
        "--pipeline",
        &pipeline,
        "--json",
    ]))
    .unwrap();
    assert_eq!(report["parts"].as_array().unwrap().len(), 3);
    let parts: Vec<String> = (1..=3).map(|at| path(folder.path(), &format!("d_{at}.mlpackage"))).collect();
    let reference = path(folder.path(), "y.npz");
    done(&["eval", &whole, "--random", "7", "-o", &reference]);
    let [first, second, third] = &parts[..] else { panic!("three parts") };
    let compared = ["--random", "7", "--compare", &reference, "--min-snr", "300"];
    for models in [vec![first.as_str(), second, third], vec![pipeline.as_str()]] {
        let arguments: Vec<&str> = ["eval"].into_iter().chain(models).chain(compared).collect();
        let text = done(&arguments);
        assert!(text.contains("next: ") && text.contains("present_v: "), "{text}");
    }
    for model in parts.iter().chain([&pipeline]) {
        done(&["verify", model]);
    }
    // Taken apart and put together again.
    let member = path(folder.path(), "m.mlpackage");
    done(&["pipeline", "split", &pipeline, "-o", &member]);
    let names: Vec<String> =
        (1..=3).map(|at| path(folder.path(), &format!("m_part_{at}.mlpackage"))).collect();
    let joined = path(folder.path(), "j.mlpackage");
    done(&["pipeline", "join", &names[0], &names[1], &names[2], "-o", &joined]);
    done(&["verify", &joined]);
}

#[test]
fn functions_are_merged_listed_and_split() {
    let folder = tempfile::tempdir().unwrap();
    let (merged, out) = (path(folder.path(), "m.mlpackage"), path(folder.path(), "s.mlpackage"));
    let model = fixture("star_hourglass");
    done(&["functions", "merge", &format!("one={model}"), &format!("two={model}"), "-o", &merged]);
    done(&["verify", &merged]);
    let rows: Value = serde_json::from_str(&done(&["functions", "list", &merged, "--json"])).unwrap();
    assert_eq!(rows[0]["name"], "one");
    assert_eq!(rows[0]["own_weight_bytes"], 0);
    done(&["functions", "split", &merged, "-o", &out]);
    let text = |model: &str| done(&["print", model, "--full"]);
    assert_eq!(text(&path(folder.path(), "s_two.mlpackage")), text(&model));
    let error = milopt(&["functions", "merge", &format!("1={model}"), "-o", &merged]);
    assert_eq!(error.status.code(), Some(3));
}

#[test]
fn functions_are_made_for_fixed_shapes() {
    let folder = tempfile::tempdir().unwrap();
    let out = path(folder.path(), "m.mlpackage");
    let model = fixture("enumerated");
    let summary: Value = serde_json::from_str(&done(&["inspect", &model, "--json"])).unwrap();
    let input = &summary["functions"]["main"]["inputs"][0];
    let sizes: Vec<String> = input["shape"].as_array().unwrap().iter().map(ToString::to_string).collect();
    let function = format!("fixed:{}={}", input["name"].as_str().unwrap(), sizes.join("x"));
    done(&["functions", "materialize", &model, "-o", &out, "--function", &function]);
    assert!(done(&["functions", "list", &out]).contains("fixed"));
}

#[test]
fn a_cut_is_two_models() {
    let folder = tempfile::tempdir().unwrap();
    let out = path(folder.path(), "c.mlpackage");
    let whole = fixture("decoder");
    let text = done(&["cut", &whole, "--at", "attended", "-o", &out]);
    assert!(text.contains("attended") && text.contains("cross"), "{text}");
    let reference = path(folder.path(), "y.npz");
    done(&["eval", &whole, "--random", "1", "-o", &reference]);
    let (before, after) =
        (path(folder.path(), "c_before.mlpackage"), path(folder.path(), "c_after.mlpackage"));
    done(&["eval", &before, &after, "--random", "1", "--compare", &reference, "--min-snr", "300"]);
    let error = milopt(&["cut", &whole, "--at", "hidden", "-o", &out]);
    assert_eq!(error.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&error.stderr).contains("is an input"));
}

#[cfg(unix)]
#[test]
fn the_smallest_model_that_shows_a_fault_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let out = path(folder.path(), "r.mlpackage");
    let keep = format!("'{}' print {{}} | grep -q 'softmax('", env!("CARGO_BIN_EXE_milopt"));
    let report: Value =
        serde_json::from_str(&done(&["reduce", &fixture("decoder"), "--keep", &keep, "-o", &out, "--json"]))
            .unwrap();
    assert_eq!(report["ops"], 1, "{report}");
    done(&["verify", &out]);
    let error = milopt(&["reduce", &fixture("decoder"), "--keep", "false", "-o", &out]);
    assert_eq!(error.status.code(), Some(2));
}

#[test]
fn the_table_in_swift_says_what_the_rows_say() {
    let folder = tempfile::tempdir().unwrap();
    let (swift, html) = (path(folder.path(), "d.swift"), path(folder.path(), "d.html"));
    let model = fixture("star_hourglass");
    let rows: Value =
        serde_json::from_str(&done(&["devices", &model, "--swift", &swift, "--html", &html, "--json"]))
            .unwrap();
    let swift = std::fs::read_to_string(swift).unwrap();
    let html = std::fs::read_to_string(html).unwrap();
    let rows = rows.as_array().unwrap();
    assert!(rows.len() > 40);
    for row in rows {
        let choice = if row["units"] == "cpu-and-ne" { ".neuralEngine" } else { ".cpuOnly" };
        for identifier in row["identifiers"].as_array().unwrap() {
            let line = swift.lines().find(|line| line.contains(&format!("{identifier}:"))).unwrap();
            assert!(line.contains(&format!("({}, {choice})", row["system_major"])), "{line}: {row}");
        }
        assert!(html.contains(row["devices"].as_str().unwrap()), "{row}");
    }
    let of = |identifier: &str| {
        rows.iter()
            .find(|row| row["identifiers"].as_array().unwrap().iter().any(|it| it == identifier))
            .unwrap()
    };
    assert!(of("RealityDevice14,1")["units"].is_null());
    assert!(of("RealityDevice14,1")["why"].as_str().unwrap().contains("would settle it"));
    let text = done(&["devices", &model, "--kind", "iPhone"]);
    assert!(text.contains("iPhone 15 Pro") && !text.contains("iPad"), "{text}");
}

#[test]
fn a_history_tells_what_became_worse() {
    let folder = tempfile::tempdir().unwrap();
    let [file, svg, junit] = ["h.jsonl", "h.svg", "h.xml"].map(|name| path(folder.path(), name));
    let model = path(folder.path(), "m.mlpackage");
    for (pipeline, label) in [("fp16", "first"), ("none", "second")] {
        done(&["run", &fixture("star_hourglass"), "-o", &model, "--pipeline", pipeline]);
        done(&["estimate", &model, "--chip", "M1", "--record", &file, "--label", label]);
    }
    let text = done(&["trend", &file, "--svg", &svg, "--junit", &junit]);
    assert!(text.contains("second") && text.contains("worse: "), "{text}");
    assert!(done(&["trend", &file, "--github"]).starts_with("::error title=m.mlpackage on M1"));
    assert!(std::fs::read_to_string(junit).unwrap().contains("failures=\"1\""));
    assert!(std::fs::read_to_string(svg).unwrap().contains("<polyline"));
    assert_eq!(milopt(&["trend", &file, "--check"]).status.code(), Some(1));
    let found: Value = serde_json::from_str(&done(&["trend", &file, "--json"])).unwrap();
    assert_eq!(found[0]["records"].as_array().unwrap().len(), 2);
    std::fs::write(&file, "{}\n").unwrap();
    assert_eq!(milopt(&["trend", &file]).status.code(), Some(2));
}
