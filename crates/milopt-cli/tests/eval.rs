//! `milopt eval` and `run --verify-numerics` as a user meets them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use milopt::eval::{Array, npz};

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Desk {
        Desk(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a program.
    fn mil(&self, name: &str, body: &str) {
        std::fs::write(self.path(name), format!("program(1.3)\n{{\n{body}\n}}\n")).unwrap();
    }

    /// Writes arrays.
    fn npz(&self, name: &str, arrays: &[(&str, Array)]) {
        let bytes = npz::to_bytes(arrays.iter().map(|(name, array)| (*name, array))).unwrap();
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// Exit status, what is printed, what is complained of.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output: Output =
            Command::new(env!("CARGO_BIN_EXE_milopt")).current_dir(&self.0).args(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }
}

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name);
    path.to_str().unwrap().to_owned()
}

fn floats(values: &[f32]) -> Array {
    Array::from_vec(&[values.len()], values.to_vec()).unwrap()
}

const LOG: &str = "func main<ios15>(tensor<fp32, [4]> x) { \
    tensor<fp32, [4]> y = log(x = x, epsilon = fp32(0))[name = string(\"y\")]; } -> (y);";

#[test]
fn compare_fails_on_what_differs() {
    let desk = Desk::new();
    desk.mil("log.mil", LOG);
    desk.npz("x.npz", &[("x", floats(&[-1.0, 1.0, 1.0, 1.0]))]);
    let compare = |reference: &[(&str, Array)]| {
        desk.npz("r.npz", reference);
        desk.run(&["eval", "log.mil", "--inputs", "x.npz", "--compare", "r.npz"])
    };
    let (code, _, says) = compare(&[("y", floats(&[f32::NAN, 0.0, 0.0, 0.0]))]);
    assert_eq!((code, says.as_str()), (0, ""));
    let (code, _, says) = compare(&[("y", floats(&[5.0, 0.0, 0.0, 0.0]))]);
    assert!(code == 1 && says.contains("y has NaN"), "{code} {says}");
    let (code, _, says) = compare(&[("y", floats(&[f32::NAN, f32::INFINITY, 0.0, 0.0]))]);
    assert!(code == 1 && says.contains("infinite"), "{code} {says}");
    let (code, _, says) = compare(&[("y", floats(&[0.0]))]);
    assert!(code == 1 && says.contains("shape [4], not [1]"), "{code} {says}");
    let (code, _, says) = compare(&[("z", floats(&[0.0]))]);
    assert!(
        code == 1 && says.contains("no output is called z") && says.contains("has no y"),
        "{code} {says}"
    );
    // Inputs beside the reference are no outputs that are missing.
    let (code, ..) = compare(&[("x", floats(&[0.0])), ("y", floats(&[f32::NAN, 0.0, 0.0, 0.0]))]);
    assert_eq!(code, 0);
}

#[test]
fn a_classifier_says_the_class() {
    let desk = Desk::new();
    let model = fixture("classifier.mlpackage");
    let (code, says, _) = desk.run(&["eval", &model, "--random", "1", "-o", "y.npz"]);
    assert_eq!(code, 0);
    assert_eq!(says, "label: string [], cat\nlabel_probs: cat 0.760908, größer 0.227414, dog 0.011678\n");
    let (_, json, _) = desk.run(&["eval", &model, "--random", "1", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["outputs"]["label"]["values"][0], "cat");
    assert_eq!(json["outputs"]["label_probs"]["top"][0]["class"], "cat");
    let (code, ..) = desk.run(&["eval", &model, "--random", "1", "--compare", "y.npz"]);
    assert_eq!(code, 0, "keys and values are written and read");
    let other = ["2", "3", "4", "5"].iter().find_map(|seed| {
        let (code, _, says) = desk.run(&["eval", &model, "--random", seed, "--compare", "y.npz"]);
        (code == 1).then_some(says)
    });
    assert!(other.unwrap().contains("label differs in 1 of 1 texts"));
}

#[test]
fn shapes_beyond_the_interface_are_refused() {
    let desk = Desk::new();
    let input = |length: usize| Array::from_vec(&[1, length, 4], vec![0.0_f32; 4 * length]).unwrap();
    for (length, code) in [(8, 0), (16, 0), (9, 2)] {
        desk.npz("x.npz", &[("x", input(length))]);
        let (got, _, says) = desk.run(&["eval", &fixture("enumerated.mlpackage"), "--inputs", "x.npz"]);
        assert_eq!(got, code, "{says}");
        assert!(code == 0 || says.contains("[1, 8, 4], [1, 16, 4]"), "{says}");
    }
}

#[test]
fn a_pipeline_runs_whole_or_by_member() {
    let desk = Desk::new();
    let model = fixture("pipeline.mlpackage");
    let (code, says, _) = desk.run(&["eval", &model, "--random", "1"]);
    assert!(code == 0 && says.starts_with("again: fp32 [1, 3, 24, 32]"), "{says}");
    for member in ["0", "negate"] {
        let (code, says, _) = desk.run(&["eval", &model, "--random", "1", "--member", member]);
        assert!(code == 0 && says.starts_with("negative: fp32 [1, 3, 24, 32]"), "{says}");
    }
    let (code, _, says) = desk.run(&["eval", &model, "--random", "1", "--member", "2"]);
    assert!(code == 2 && says.contains("the members are 0 negate"), "{says}");
}

#[test]
fn mistakes_are_answered_with_what_there_is() {
    let desk = Desk::new();
    desk.mil("log.mil", LOG);
    desk.npz("x.npz", &[("x", floats(&[1.0; 4])), ("y0", floats(&[0.0]))]);
    let (code, _, says) = desk.run(&["eval", "log.mil"]);
    assert!(code == 2 && says.contains("--random SEED"), "{says}");
    let (code, _, says) = desk.run(&["eval", "log.mil", "--inputs", "x.npz"]);
    assert!(code == 0 && says.contains("y0 ignored; the inputs are x"), "{says}");
    let model = fixture("classifier.mlpackage");
    let (code, _, says) = desk.run(&["eval", &model, "--random", "1", "--outputs", "likly"]);
    assert!(code == 2 && says.contains("did you mean likely?"), "{says}");
    let functions = fixture("functions.mlpackage");
    let (_, says, _) = desk.run(&["eval", &functions, "--random", "1"]);
    assert!(says.starts_with("function decode (not prefill)\n"), "{says}");
    let (code, _, says) = desk.run(&["eval", &functions, "--random", "1", "--function", "encode"]);
    assert!(code == 2 && says.contains("the functions are decode, prefill"), "{says}");
}

#[test]
fn what_cannot_be_verified_is_said() {
    let desk = Desk::new();
    desk.mil(
        "unknown.mil",
        "func main<ios15>(tensor<fp32, [4]> x) { \
         tensor<fp32, [4]> a = weird_op(x = x)[name = string(\"a\")]; \
         tensor<fp32, [4]> b = relu(x = a)[name = string(\"b\")]; \
         tensor<fp32, [4]> y = relu(x = b)[name = string(\"y\")]; } -> (y);",
    );
    let run = |model: &str, steps: &[&str]| {
        desk.run(&[&["run", model, "-o", "o.mil", "--verify-numerics"], steps].concat())
    };
    let (code, says, _) = run("unknown.mil", &["--pass", "merge_consecutive_relus"]);
    assert_eq!(code, 0);
    assert!(says.contains("function main is not compared") && says.contains("weird_op"), "{says}");
    assert!(says.contains("no numbers were verified"), "{says}");
    let (_, says, _) = run("unknown.mil", &["--pass", "fuse_conv_bn"]);
    assert!(says.contains("no pass changed anything"), "{says}");
    let (code, says, _) = run(&fixture("functions.mlpackage"), &["--pass", "add_fp16_cast"]);
    assert_eq!(code, 0, "{says}");
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_is_one_line() {
    let desk = Desk::new();
    desk.mil("log.mil", LOG);
    if Path::new("/dev/full").exists() {
        let (code, _, says) = desk.run(&["eval", "log.mil", "--random", "1", "-o", "/dev/full"]);
        assert!(code == 2 && says.lines().count() == 1 && says.contains("cannot write /dev/full"), "{says}");
    }
}
