//! The command as scripts see it: exit codes, JSON, errors that say what and where.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Output};

fn milopt(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_milopt")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn fixture() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/star_hourglass.mlpackage").to_owned()
}

#[test]
fn inspect_gives_the_promised_json() {
    let output = milopt(&["inspect", &fixture(), "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["kind"], "mlprogram");
    let main = &summary["functions"]["main"];
    assert_eq!(main["opset"], "CoreML7");
    assert_eq!(main["ops"]["conv"], 38);
    assert!(main["ops"].get("const").is_none(), "const is not counted");
    assert!(summary["weights"]["bytes"].as_u64().unwrap() > 0);
    for list in ["inputs", "outputs"] {
        let first = &main[list][0];
        assert!(
            first["name"].is_string() && first["type"].is_string() && first["shape"].is_array(),
            "{first}"
        );
    }
}

#[test]
fn run_reports_each_pass() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.mlpackage");
    let out = out.to_str().unwrap();
    let steps = [
        "run",
        &fixture(),
        "-o",
        out,
        "--pass",
        "fuse_conv_bn",
        "--pipeline",
        "dead_code_elimination",
        "--json",
    ];
    let output = milopt(&steps);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let passes = report["programs"][0]["passes"].as_array().unwrap();
    let ids: Vec<&str> = passes.iter().map(|pass| pass["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["fuse_conv_bn", "dead_code_elimination"], "in the order of the command line");
    assert!(milopt(&["verify", out]).status.success());
    assert_eq!(milopt(&["diff", &fixture(), out]).status.code(), Some(1));
    assert_eq!(milopt(&["diff", out, out]).status.code(), Some(0));
}

#[test]
fn faults_are_told_with_their_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.mlpackage").display().to_string();
    let fixture = fixture();
    for (arguments, code, message) in [
        (vec!["run", &fixture, "-o", &out, "--pass", "fuse_conv_bm"], 2, "is it fuse_conv_bn?"),
        (
            vec!["run", &fixture, "-o", &out, "--set", "fuse_conv_bn.x=1"],
            2,
            "the pipeline has no fuse_conv_bn",
        ),
        (
            vec!["run", &fixture, "-o", &out, "--pass", "fuse_conv_batchnorm"],
            2,
            "common::fuse_conv_batchnorm",
        ),
        (
            vec!["run", &fixture, "-o", &out, "--pass", "common::lower_complex_dialect_ops"],
            2,
            "a pass of coremltools",
        ),
        (vec!["run", &fixture, "-o", &out, "--pipeline", "nofile.txt"], 2, "there is no file nofile.txt"),
        (
            vec!["run", &fixture, "-o", &out, "--pipeline", "default,fixpoint(none"],
            2,
            "expected a comma or `)`\n  default,fixpoint(none\n                       ^",
        ),
        (
            vec!["run", &fixture, "-o", &out, "--pipeline", "const_elimination{max_bytes=abc}"],
            2,
            "max_bytes: expected a whole number, not \"abc\"",
        ),
        (
            vec!["run", &fixture, "-o", &out, "--pass", "cleanup", "--why", "fuse_conv_bn"],
            2,
            "--why fuse_conv_bn: the pipeline has no fuse_conv_bn",
        ),
        (
            vec!["run", &fixture, "-o", &out, "--pass", "cleanup", "--print-before", "no_such"],
            2,
            "--print-before no_such: there is no pass or pipeline no_such",
        ),
        (vec!["run", &fixture, "-o", &out, "--raise-target", "iOS19"], 2, "expected one of"),
        (vec!["inspect", "no_such.mlpackage"], 2, "no_such.mlpackage"),
        (vec!["print", &fixture, "--function", "other"], 2, "has no function other"),
        (vec!["estimate", &fixture, "--chip", "Z80"], 2, "Z80"),
        (vec!["estimate", &fixture, "--min-ane-share", "0.5"], 1, "of main is on the Neural Engine"),
    ] {
        let output = milopt(&arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(message), "{arguments:?}: {}", text(&output.stderr));
    }
    assert!(!std::path::Path::new(&out).exists(), "nothing is written on a fault");
}

#[test]
fn pipelines_are_read_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("two.txt"), "noop_elimination,\n  dead_code_elimination\n").unwrap();
    std::fs::write(path("two.json"), r#"["noop_elimination", "dead_code_elimination"]"#).unwrap();
    std::fs::write(path("faulty.txt"), "noop_elimination,\n  dead_code\n").unwrap();
    let run = |flag: &str, text: &str| {
        milopt(&["run", &fixture(), "-o", &path("out.mlpackage"), flag, text, "--json"])
    };
    let forms = [path("two.txt"), path("two.json"), r#"["noop_elimination","dead_code_elimination"]"#.into()];
    for form in &forms {
        let output = run("--pipeline", form);
        assert!(output.status.success(), "{form}: {}", text(&output.stderr));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["programs"][0]["passes"].as_array().unwrap().len(), 2, "{form}");
    }
    assert!(run("--pass", "cleanup").status.success(), "a pipeline's name is as good as a pass's");
    let faulty = text(&run("--pipeline", &path("faulty.txt")).stderr);
    let place = format!("{}, line 2: there is no pass or pipeline dead_code", path("faulty.txt"));
    assert!(faulty.contains(&place) && faulty.ends_with("    dead_code\n    ^\n"), "{faulty}");
}

#[test]
fn why_says_something_even_where_nothing_was_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.mlpackage").display().to_string();
    for id in ["fuse_conv_bn", "common::fuse_conv_batchnorm"] {
        let output = milopt(&["run", &fixture(), "-o", &out, "--pass", "default", "--why", id]);
        let said = text(&output.stderr);
        assert!(said.contains("fuse_conv_bn: 1 match, nothing left alone"), "{said}");
    }
}

#[test]
fn setting_an_option_of_an_alias_keeps_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(
        path("in.mil"),
        r#"program(1.3)
{
    func main<ios17>(tensor<fp32, [1, 2]> x) {
        tensor<fp32, [1, 2]> w = const()[name = string("w"), val = tensor<fp32, [1, 2]>([[0x1p+0, 0x1p+1]])];
        tensor<fp32, [1, 1]> y = linear(weight = w, x = x)[name = string("y")];
    } -> (y);
}
"#,
    )
    .unwrap();
    let casts = |more: &[&str]| {
        let pipeline = ["--pipeline", "common::add_fp16_cast{convert_constants=true}"];
        let (input, out) = (path("in.mil"), path("out.mil"));
        let output = milopt(&[&["run", &input, "-o", &out][..], &pipeline, more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        std::fs::read_to_string(out).unwrap().matches("= cast(").count()
    };
    assert_eq!(casts(&[]), 2);
    assert_eq!(casts(&["--set", r#"common::add_fp16_cast.skip_ops_by_type=["gelu"]"#]), 2);
}

#[test]
fn an_estimate_is_drawn_before_and_after() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (page, picture, again) = (file("plan.html"), file("plan.svg"), file("again.html"));
    let fixture = fixture();
    let what_if = ["estimate", &fixture, "--what-if", "default,add_fp16_cast"];
    let output = milopt(&[&what_if[..], &["--html", &page, "--svg", &picture]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(milopt(&[&what_if[..], &["--html", &again]].concat()).status.success());
    let drawn = std::fs::read_to_string(&page).unwrap();
    assert_eq!(drawn, std::fs::read_to_string(&again).unwrap(), "same input, same bytes");
    for part in ["star_hourglass.mlpackage", "\"as it is\"", "\"after default,add_fp16_cast\""] {
        assert!(drawn.contains(part), "{part}");
    }
    let strips = std::fs::read_to_string(&picture).unwrap();
    assert!(strips.contains(">as it is</text>") && strips.contains(">after default,add_fp16_cast</text>"));
    let nowhere = milopt(&["estimate", &fixture, "--html", &file("missing/plan.html")]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(text(&nowhere.stderr).contains("missing does not exist"), "{}", text(&nowhere.stderr));
}

#[test]
fn a_run_is_one_document() {
    let output =
        milopt(&["run", &fixture(), "--pipeline", "default", "--json", "--stats", "--estimate", "M1"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document["output"].is_null(), "nothing was written");
    let program = &document["programs"][0];
    assert_eq!(program["ops"]["before"]["conv"], 38);
    assert_eq!(program["ops_before"], 178);
    let fused =
        program["passes"].as_array().unwrap().iter().find(|pass| pass["id"] == "fuse_conv_bn").unwrap();
    assert_eq!(fused["statistics"]["conv_bn"], 1, "statistics are an object");
    for key in ["changed", "ops_before", "ops_after", "seconds"] {
        assert!(fused.get(key).is_some(), "{key}");
    }
    assert_eq!(document["estimate"]["chip"], "M1");
    assert!(document["estimate"]["functions"]["main"]["summary"]["ops"].is_number());
}

#[test]
fn text_goes_through_standard_input() {
    for form in [&["--full"][..], &[]] {
        let printed = milopt(&[&["print", &fixture()], form].concat());
        let mut child = Command::new(env!("CARGO_BIN_EXE_milopt"))
            .args(["inspect", "-", "--json"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), &printed.stdout).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(summary["functions"]["main"]["ops"]["conv"], 38);
    }
}

#[test]
fn a_model_is_written_over_itself_only_where_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("model.mlpackage").display().to_string();
    assert!(milopt(&["run", &fixture(), "-o", &package, "--quiet"]).stdout.is_empty());
    assert!(milopt(&["run", &package, "--pipeline", "default"]).status.success());
    assert_eq!(milopt(&["diff", &fixture(), &package]).status.code(), Some(0), "a dry run writes nothing");
    assert!(milopt(&["run", &package, "--pipeline", "default", "--in-place"]).status.success());
    assert_eq!(milopt(&["diff", &fixture(), &package]).status.code(), Some(1));
    let model = format!("{}/Data/com.apple.CoreML/model.mlmodel", fixture());
    let refused = milopt(&["run", &model, "--in-place"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("--in-place"), "{}", text(&refused.stderr));
}

#[test]
fn shells_and_manuals_are_served() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = text(&milopt(&["completions", shell]).stdout);
        assert!(script.contains("estimate") && script.contains("in-place"), "{shell}");
    }
    let folder = tempfile::tempdir().unwrap();
    let man = folder.path().join("man1");
    assert!(milopt(&["man", man.to_str().unwrap()]).status.success());
    for page in ["milopt.1", "milopt-run.1", "milopt-passes-explain.1"] {
        assert!(std::fs::read_to_string(man.join(page)).unwrap().contains(".TH"), "{page}");
    }
}

/// A text in a folder of its own, and the path of what it is turned into.
fn text_model(source: &str) -> (tempfile::TempDir, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let (model, out) = (folder.path().join("x.mil"), folder.path().join("out.mlpackage"));
    std::fs::write(&model, source).unwrap();
    (folder, model.display().to_string(), out.display().to_string())
}

#[test]
fn violations_have_codes_and_places() {
    let (_folder, model, _) = text_model(
        "program(1.3) { func main<ios18>(tensor<fp32, [2]> x) { tensor<fp32, [2]> y = relu(x = x); } -> (y); }
         model { specification_version = 8; function main { input z: array<fp32, [2]>; output y: array<fp32, [2]>; }; }",
    );
    let output = milopt(&["verify", &model]);
    assert_eq!(output.status.code(), Some(3));
    let said = text(&output.stdout);
    for line in [
        "violation: function main: opset CoreML8 needs iOS18, specification version 9; the model's is 8 [specification-version]",
        "violation: function main, feature z: the function has no input of this name [no-value]",
        "violation: function main: value x of the function's signature is not a feature [no-feature]",
        "3 violations",
    ] {
        assert!(said.lines().any(|found| found == line), "{line}\n{said}");
    }
    let output = milopt(&["verify", "--json", &model]);
    assert_eq!(output.status.code(), Some(3));
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let codes: Vec<&str> =
        value["violations"].as_array().unwrap().iter().map(|found| found["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["specification-version", "no-value", "no-feature"]);
    assert_eq!(value["violations"][1]["feature"], "z");
    assert_eq!(value["violations"][1]["function"], "main");
}

#[test]
fn run_writes_no_new_violation() {
    // What came in broken may go out broken by the same rule.
    let (_folder, model, out) = text_model(
        "program(1.3) { func main<ios17>(tensor<fp32, [2]> x) { tensor<fp32, [2]> y = relu(x = x); } -> (y); }
         model { specification_version = 7; function main { input x: array<fp32, [2]>; output y: array<fp32, [2]>; }; }",
    );
    let output = milopt(&["run", &model, "-o", &out, "--pass", "dead_code_elimination"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let warning = format!("milopt: warning: {model} breaks 1 rule as it is: see milopt verify");
    assert!(text(&output.stderr).contains(&warning), "{}", text(&output.stderr));
    // An output of a type that no feature can have is named.
    let (_folder, model, out) = text_model(
        "program(1.3) { func main<ios17>(tensor<fp32, [2]> x) {
         tensor<bool, [2]> y = greater(x = x, y = fp32(0)); } -> (y); }",
    );
    let output = milopt(&["run", &model, "-o", &out]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("y is a tensor<bool, [2]> in the program"),
        "{}",
        text(&output.stderr)
    );
    assert!(!std::path::Path::new(&out).exists());
}

#[test]
fn the_target_goes_up_and_down() {
    let (_folder, model, out) = text_model(
        "program(1.3) { func main<ios16>(tensor<fp32, [1]> x) {
         tensor<fp32, [8]> w = constexpr_lut_to_dense()[indices = tensor<uint8, [1]>([27]), lut = tensor<fp32, [2]>([1, 2]),
             name = string(\"w\"), shape = tensor<uint32, [1]>([8])];
         tensor<fp32, [8]> y = add(x = w, y = x)[name = string(\"y\")]; } -> (y); }",
    );
    for arguments in [["--target", "macOS15"], ["--raise-target", "iOS18"], ["--lower-target", "iOS16"]] {
        let output = milopt(&[&["run", &model, "-o", &out], &arguments[..]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        assert!(milopt(&["verify", &out]).status.success());
    }
    for (arguments, code, message) in [
        (["--lower-target", "iOS18"], 2, "the model is for iOS16"),
        (["--raise-target", "iOS15"], 2, "the model is for iOS16"),
        (
            ["--target", "iOS15"],
            3,
            "op w (constexpr_lut_to_dense): opset CoreML5 has no op constexpr_lut_to_dense (first in iOS16)",
        ),
    ] {
        let output = milopt(&[&["run", &model, "-o", &out], &arguments[..]].concat());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(text(&output.stderr).contains(message), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn verify_looks_into_models_that_are_not_programs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scaler.mlmodel");
    // Version 1; a double x, a double y; a scaler with two shifts, for which there is no room.
    let description = b"\x0a\x07\x0a\x01x\x1a\x02\x12\x00\x52\x07\x0a\x01y\x1a\x02\x12\x00";
    let scaler = [&b"\xe2\x25\x12\x0a\x10"[..], &[0; 16]].concat();
    std::fs::write(&path, [&b"\x08\x01\x12\x12"[..], description, &scaler].concat()).unwrap();
    let output = milopt(&["verify", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("[parameter-value]"), "{}", text(&output.stdout));
}
