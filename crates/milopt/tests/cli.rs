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
        (vec!["run", &fixture, "-o", &out, "--pass", "common::fuse_pad_conv"], 2, "a pass of coremltools"),
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
    assert!(text(&nowhere.stderr).contains("missing/plan.html"), "{}", text(&nowhere.stderr));
}
