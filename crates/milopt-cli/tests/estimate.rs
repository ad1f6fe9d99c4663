//! `estimate` and `score` as scripts see them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Output};

use serde_json::Value;

fn milopt(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_milopt")).args(arguments).output().unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = milopt(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn fixture() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/star_hourglass.mlpackage")
}

#[test]
fn what_if_shows_before_and_after_and_writes_nothing() {
    let found = json(&[
        "estimate",
        fixture(),
        "--chip",
        "M4",
        "--os",
        "27",
        "--what-if",
        "add_fp16_cast,cleanup",
        "--json",
    ]);
    let share = |estimate: &Value| estimate["functions"]["main"]["summary"]["ane_share"].as_f64().unwrap();
    assert!(share(&found["before"]) == 0.0 && share(&found) > 0.5, "{}", share(&found));
    let compared = &found["comparison"]["functions"]["main"];
    assert_eq!(compared["before"], found["before"]["functions"]["main"]["summary"]);
    assert_eq!(compared["after"], found["functions"]["main"]["summary"]);
    assert!(compared["reasons"]["fp32"][0].as_u64().unwrap() > 0);
    let text = milopt(&["estimate", fixture(), "--os", "27", "--what-if", "add_fp16_cast"]).stdout;
    let text = String::from_utf8(text).unwrap();
    for part in ["before", "after", "ops on the ANE", "fp32 150 → 0"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn two_packages_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let cast = folder.path().join("cast.mlpackage");
    let cast = cast.to_str().unwrap();
    let run = milopt(&["run", fixture(), "-o", cast, "--pass", "add_fp16_cast"]);
    assert!(run.status.success(), "{}", stderr(&run));
    let two = json(&["estimate", fixture(), cast, "--os", "27", "--json"]);
    let one = json(&["estimate", fixture(), "--os", "27", "--what-if", "add_fp16_cast", "--json"]);
    assert_eq!(two["comparison"], one["comparison"], "written or not, the program is the same");
    assert_eq!(milopt(&["estimate", fixture(), cast, "--suggest"]).status.code(), Some(2));
}

#[test]
fn suggestions_come_with_numbers() {
    let found = json(&["estimate", fixture(), "--os", "27", "--suggest", "--json"]);
    let suggestions = &found["suggestions"];
    let best = &suggestions["found"][0];
    let summary = &found["functions"]["main"]["summary"];
    assert_eq!(suggestions["now"]["cost_ms"], summary["cost_ms"]);
    assert!(best["after"]["cost_ms"].as_f64().unwrap() < summary["cost_ms"].as_f64().unwrap());
    let again = json(&[
        "estimate",
        fixture(),
        "--os",
        "27",
        "--json",
        "--what-if",
        best["pipeline"].as_str().unwrap(),
    ]);
    assert_eq!(again["functions"]["main"]["summary"]["cost_ms"], best["after"]["cost_ms"]);
}

#[test]
fn limits_fail_with_the_reason() {
    for (limit, message) in [
        (["--max-cost-ms", "0.001"], "ms, more than 0.001; first"),
        (
            ["--min-ane-share", "0.5"],
            "0% of main is on the Neural Engine (0 of 178 ops), less than 50%; first",
        ),
        (["--min-ane-share", "95%"], "less than 95%; first"),
        (["--max-segments", "0"], "falls into 1 segment, more than 0"),
    ] {
        let output = milopt(&["estimate", fixture(), limit[0], limit[1]]);
        assert_eq!(output.status.code(), Some(1), "{limit:?}");
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
        assert!(!output.stdout.is_empty(), "the report is printed all the same");
    }
    assert!(milopt(&["estimate", fixture(), "--max-cost-ms", "1000"]).status.success());
    for bad in ["--max-cost-ms=nan", "--max-cost-ms=-1", "--min-ane-share=95", "--min-ane-share=2"] {
        assert_eq!(milopt(&["estimate", fixture(), bad]).status.code(), Some(2), "{bad}");
    }
}

#[test]
fn a_plan_is_scored() {
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("plan.tsv");
    let estimate = json(&["estimate", fixture(), "--chip", "M4", "--os", "27", "--json"]);
    let mut text = String::from("# chip: M4\n# os: 27\nfunction\toutput\ttype\tpreferred\tsupported\n");
    let ops = estimate["functions"]["main"]["ops"].as_array().unwrap();
    for (at, op) in ops.iter().enumerate() {
        let preferred = if at == 3 { "neuralEngine" } else { "cpu" };
        let (output, kind) = (op["output"].as_str().unwrap(), op["type"].as_str().unwrap());
        text.push_str(&format!("main\t{output}\tios17.{kind}\t{preferred}\tcpu\n"));
    }
    std::fs::write(&plan, text).unwrap();
    let plan = plan.to_str().unwrap();
    let found = json(&["score", fixture(), plan, "--json"]);
    assert_eq!(found["answered"], ops.len());
    assert_eq!(found["right"], ops.len() - 1);
    assert_eq!(found["segments"], serde_json::json!([3, 1]));
    assert_eq!(found["disagreements"][0]["output"], ops[3]["output"]);
    assert_eq!(found["disagreements"][0]["rule"], ops[3]["reason"]["code"]);
    assert_eq!(found["by_rule"]["fp32"], serde_json::json!([150, 150]));
    let limited = milopt(&["score", fixture(), plan, "--device-at-least", "1"]);
    assert_eq!(limited.status.code(), Some(1), "{}", stderr(&limited));
    std::fs::write(plan, "output\ttype\tpreferred\nnowhere\tadd\tcpu\n").unwrap();
    let silent = milopt(&["score", fixture(), plan]);
    assert!(
        silent.status.code() == Some(2) && stderr(&silent).contains("give --chip"),
        "{}",
        stderr(&silent)
    );
    let other = milopt(&["score", fixture(), plan, "--chip", "M4", "--os", "27"]);
    assert!(
        other.status.code() == Some(2) && stderr(&other).contains("another model's"),
        "{}",
        stderr(&other)
    );
}
