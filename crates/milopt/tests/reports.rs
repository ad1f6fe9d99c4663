//! What reports say, word for word, where no command line in the documentation or in
//! `crates/milopt-cli/tests/commands` shows it already. `INSTA_UPDATE=always` writes down what they say now.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use milopt::estimate::{Estimate, Target, compare, estimate, report};
use milopt::ir::text::parse;
use milopt::suggest::Subject;
use milopt::{Model, Package, Pipeline, Program, diff, inspect, passes};

/// Fixtures that stand for one kind of model each.
const KINDS: [&str; 7] =
    ["classifier", "compressed", "enumerated", "functions", "image", "pipeline", "states"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../fixtures/{name}.mlpackage"))
}

fn program(name: &str) -> Program {
    Package::open(fixture(name)).unwrap().take_program().unwrap()
}

fn after(pipeline: &str, mut program: Program) -> Program {
    Pipeline::parse(pipeline, &passes::registry()).unwrap().run(&mut program).unwrap();
    program
}

fn m1() -> Target {
    Target::new("M1", "26", "cpu-and-ne").unwrap()
}

#[test]
fn summaries() {
    for kind in KINDS {
        let package = Package::open(fixture(kind)).unwrap();
        assert_snapshot!(format!("summary_{kind}"), inspect::summarize(package.model()));
    }
}

#[test]
fn estimates() {
    for kind in KINDS {
        let package = Package::open(fixture(kind)).unwrap();
        let programs = package.model().programs();
        let texts: Vec<String> =
            programs.into_iter().map(|(_, program)| report(&estimate(program, &m1()), false)).collect();
        assert_snapshot!(format!("estimate_{kind}"), texts.join("\n"));
    }
}

#[test]
fn estimates_side_by_side() {
    let [before, after] = [program("star_hourglass"), after("fp16", program("star_hourglass"))]
        .map(|program| -> Estimate { estimate(&program, &m1()) });
    assert_snapshot!(compare(&before, &after).report());
}

#[test]
fn suggestions() {
    let program = program("rnn_gru");
    let (target, registry) = (m1(), passes::registry());
    let subject = Subject { programs: &[&program], file: None, target: &target, registry: &registry };
    assert_snapshot!(subject.advise(None).report());
}

#[test]
fn differences_in_detail() {
    let before = program("star_hourglass");
    let after = after("fuse_conv_bn,merge_consecutive_reshapes", before.clone());
    let found = diff::compare(&Model::Program(before), &Model::Program(after));
    assert_snapshot!(found.details());
}

#[test]
fn violations() {
    let program = parse(
        r#"program(1.3) {
    func main<ios15>(tensor<fp32, [1, 4, 8, 8]> x, tensor<fp64, [2]> odd) {
        tensor<fp32, [3]> axes = const()[name = "axes", val = tensor<fp32, [3]>([0, 1, 2])];
        tensor<fp32, [1, 4, 8, 8]> a = relu(x = x, alpha = fp32(1))[name = "a"];
        tensor<fp32, [1, 4, 8, 8]> one = add(x = a)[name = "one"];
        tensor<fp32, [1, 4, 9, 9]> b = reduce_sum(axes = [7], keep_dims = bool(true), x = x)[name = "b"];
        tensor<fp32, [1, 4, 8, 8]> c = conv(pad_type = "narrow", weight = x, x = x)[name = "c"];
        tensor<fp32, [1, 4, 8, 8]> d = topk(x = x)[name = "d"];
        tensor<fp32, [1, 4, 8, 8]> e = read_state(input = x)[name = "e"];
        tensor<fp32, [4]> f = transpose(perm = axes, x = x)[name = "f"];
        tensor<fp32, [4]> g = no_such_op(x = x)[name = "g"];
    } -> (a, c, f);
}
model {
    specification_version = 6;
    function main {
        input x: array<fp32, [1, 4, 8, 9]>;
        input odd: array<fp64, [2]>;
        output a: array<fp16, [1, 4, 8, 8]>;
        output c: array<fp32, [1, 4, 8, 8]>;
        output missing: array<fp32, [4]>;
    };
}"#,
    )
    .unwrap();
    let report = milopt::verify(&Model::Program(program));
    let lines =
        |all: &[milopt::ir::verify::Violation]| all.iter().map(|it| format!("{it}\n")).collect::<String>();
    assert_snapshot!(format!("{}not judged:\n{}", lines(&report.violations), lines(&report.unchecked)));
}
