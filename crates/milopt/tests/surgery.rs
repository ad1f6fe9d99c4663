//! Models taken apart and put together: what comes back is what went in, and parts compute what the whole does.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use milopt::estimate::Target;
use milopt::eval::{Chain, EvalValue, Evaluator, Flavour, Inputs, Outputs, compare, random_inputs};
use milopt::ir::text::{PrintOptions, parse, print, print_model};
use milopt::ir::{Model, Name};
use milopt::surgery::{
    Limit, Source, chunk, cut, functions, join, merge, pipeline_of_parts, split, take_apart,
};
use milopt::{Package, Program, verify};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../fixtures/{name}.mlpackage"))
}

fn program(name: &str) -> Program {
    Package::open(fixture(name)).unwrap().take_program().unwrap()
}

fn text(program: &Program) -> String {
    print(program, &PrintOptions::default().inline_all())
}

fn m4() -> Target {
    Target::new("M4", "26", "cpu-and-ne").unwrap()
}

/// Every output of these programs, run one after the other.
fn run(programs: &[Program], inputs: &Inputs) -> Outputs {
    let member = |program| Evaluator::new(program, "main", Default::default()).unwrap();
    let chain = Chain::new(programs.iter().map(member).collect());
    chain.session().unwrap().run(inputs).unwrap()
}

/// The parts give every output of the whole, bit by bit, and each of them is a model that breaks no rule.
fn equals_whole(whole: &Program, parts: &[Program]) {
    for seed in 0..3 {
        let features = whole.interface.function("main");
        let inputs = random_inputs(whole.graph("main").unwrap(), features, Flavour::Normal, seed).unwrap();
        let (wanted, found) = (run(std::slice::from_ref(whole), &inputs), run(parts, &inputs));
        for (name, value) in &wanted {
            assert!(same(value, &found[name]), "{name} differs");
        }
    }
    for part in parts {
        let report = verify(&Model::Program(part.clone()));
        assert!(report.is_clean(), "{:?}\n{}", report.violations, print(part, &PrintOptions::readable()));
    }
}

fn same(a: &EvalValue, b: &EvalValue) -> bool {
    match (a, b) {
        (EvalValue::Array(a), EvalValue::Array(b)) => a.dtype() == b.dtype() && compare(a, b).is_exact(),
        (EvalValue::Dictionary(a), EvalValue::Dictionary(b)) => a == b,
        _ => false,
    }
}

#[test]
fn a_decoder_in_three_chunks_equals_the_whole() {
    let models =
        [("decoder", 3), ("star_hourglass", 3), ("rnn_gru", 3), ("compressed", 2), ("classifier", 2)];
    for (name, parts) in models {
        let whole = program(name);
        let found = chunk(&whole, None, Limit { parts: Some(parts), weight_bytes: None }, &m4());
        let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((found.programs.len(), found.parts.len()), (parts, parts));
        equals_whole(&whole, &found.programs);
        let named = |(at, part)| (Name::from(format!("part_{at}")), part);
        let parts = found.programs.into_iter().enumerate().map(named).collect();
        let pipeline = pipeline_of_parts(whole.interface.function("main").unwrap(), parts).unwrap();
        let report = verify(&Model::Pipeline(pipeline));
        assert!(report.is_clean(), "{name}: {:?}", report.violations);
    }
}

#[test]
fn chunks_cost_the_same_or_stay_within_a_limit_of_weights() {
    let whole = program("star_hourglass");
    let found = chunk(&whole, None, Limit { parts: Some(4), weight_bytes: None }, &m4()).unwrap();
    let costs: Vec<f64> = found.parts.iter().map(|part| part.cost_ms).collect();
    let mean = costs.iter().sum::<f64>() / 4.0;
    assert!(costs.iter().all(|cost| (cost - mean).abs() < 0.25 * mean), "{costs:?}");

    let total: u64 = milopt::inspect::weights(&whole).bytes;
    let limit = Limit { parts: None, weight_bytes: Some(total / 3) };
    let found = chunk(&whole, None, limit, &m4()).unwrap();
    assert!(found.programs.len() >= 3);
    for (part, size) in found.programs.iter().zip(&found.parts) {
        assert!(size.weight_bytes <= total / 3);
        assert_eq!(milopt::inspect::weights(part).bytes, size.weight_bytes);
    }
    equals_whole(&whole, &found.programs);

    let limit = Limit { parts: None, weight_bytes: Some(16) };
    let error = chunk(&whole, None, limit, &m4()).unwrap_err().to_string();
    assert!(error.contains("alone have"), "{error}");
}

const TYPES: &str = "\
program(1.3)
{
    func main<ios16>(tensor<fp16, [2, 3]> x) {
        tensor<bool, [2, 3]> mask = greater(x = x, y = fp16(0.0))[name = \"mask\"];
        tensor<fp16, []> sum = reduce_sum(axes = tensor<int32, [2]>([0, 1]), keep_dims = bool(false), x = x)[name = \"sum\"];
        tensor<fp16, [2, 3]> h = mul(x = x, y = sum)[name = \"h\"];
        tensor<fp16, [2, 3]> z = exp(x = h)[name = \"z\"];
        tensor<fp16, [2, 3]> y = select(a = h, b = x, cond = mask)[name = \"y\"];
    } -> (h, y, z);
}
";

#[test]
fn values_that_no_app_can_carry_are_cast_on_the_way() {
    let whole = parse(TYPES).unwrap();
    let found = cut(&whole, None, &["mask".into(), "sum".into()]).unwrap();
    assert_eq!(found.crossing, ["mask", "sum"]);
    let before = print(&found.before, &PrintOptions::readable());
    assert!(before.contains("-> (mask, sum)") && before.contains("tensor<int32, [2, 3]> mask"), "{before}");
    equals_whole(&whole, &[found.before, found.after]);
    // An output of the whole that the rest needs as well stays one, and crosses by its name.
    let found = cut(&whole, None, &["h".into()]).unwrap();
    assert_eq!(found.crossing, ["h"]);
    equals_whole(&whole, &[found.before, found.after]);
}

#[test]
fn a_cut_says_what_it_cannot_do() {
    let whole = parse(TYPES).unwrap();
    for (at, message) in [
        (&["x"][..], "is an input"),
        (&["nothing"], "no value nothing"),
        (&["y", "z"], "nothing behind the cut"),
    ] {
        let at: Vec<String> = at.iter().map(ToString::to_string).collect();
        let error = cut(&whole, None, &at).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let whole = program("states");
    let limit = Limit { parts: Some(200), weight_bytes: None };
    assert!(chunk(&whole, None, limit, &m4()).unwrap_err().to_string().contains("at most"));
}

#[test]
fn flexible_sizes_cross_with_their_ranges() {
    let whole = program("enumerated");
    let found = chunk(&whole, None, Limit { parts: Some(2), weight_bytes: None }, &m4()).unwrap();
    equals_whole(&whole, &found.programs);
}

#[test]
fn merged_models_share_weights_and_come_back_as_they_were() {
    let (small, base) = (program("star_hourglass"), program("star_hourglass"));
    let mut other = base.clone();
    other.interface.metadata.author = "somebody else".into();
    other.interface.metadata.present = true;
    let source = |name: &str, program| Source { name: name.into(), program, function: None };
    let sources = [source("plain", &small), source("other", &other)];
    let merged = merge(&sources, Some("other")).unwrap();
    assert!(verify(&Model::Program(merged.clone())).is_clean());
    let rows = functions(&merged);
    assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["other", "plain"]);
    assert!(rows[0].default && !rows[1].default);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("merged.mlpackage");
    Package::from(merged).save(&path).unwrap();
    let size =
        |path: &Path| std::fs::metadata(path.join("Data/com.apple.CoreML/weights/weight.bin")).unwrap().len();
    assert!(size(&path) <= size(&fixture("star_hourglass")), "each weight is there once");

    let written = Package::open(&path).unwrap().take_program().unwrap();
    assert!(functions(&written).iter().all(|row| row.own_weight_bytes == 0 && row.shares_with.len() == 1));
    let back = split(&written).unwrap();
    assert_eq!(text(&back["plain"]), text(&small));
    assert_eq!(text(&back["other"]), text(&other));
}

#[test]
fn functions_of_one_model_are_split_and_merged() {
    let whole = program("functions");
    let parts = split(&whole).unwrap();
    assert_eq!(parts.len(), 2);
    for part in parts.values() {
        assert!(verify(&Model::Program(part.clone())).is_clean());
    }
    let source = |(name, program)| Source { name: Name::clone(name), program, function: None };
    let sources: Vec<Source<'_>> = parts.iter().map(source).collect();
    let default = whole.interface.default_function.as_deref();
    let merged = merge(&sources, default).unwrap();
    for name in ["decode", "prefill"] {
        assert_eq!(merged.graph(name).unwrap().walk().count(), whole.graph(name).unwrap().walk().count());
    }
    let again = split(&merged).unwrap();
    assert_eq!(parts.values().map(text).collect::<Vec<_>>(), again.values().map(text).collect::<Vec<_>>());
}

#[test]
fn pipelines_are_made_and_taken_apart() {
    let Model::Pipeline(pipeline) = Package::open(fixture("pipeline")).unwrap().model().clone() else {
        panic!("it is not a pipeline")
    };
    let before = print_model(&Model::Pipeline(pipeline.clone()), &PrintOptions::readable());
    let members = take_apart(pipeline.clone());
    let joined = join(members).unwrap();
    let report = verify(&Model::Pipeline(joined.clone()));
    assert!(report.is_clean(), "{:?}", report.violations);
    let names = |pipeline: &milopt::ir::ModelPipeline| -> Vec<Name> {
        let features = pipeline.interface.functions.values().next().unwrap();
        features.all().map(|feature| feature.name.clone()).collect()
    };
    assert_eq!(names(&joined), names(&pipeline), "{before}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("joined.mlpackage");
    Package::from(Model::Pipeline(joined)).save(&path).unwrap();
    let Model::Pipeline(again) = Package::open(&path).unwrap().model().clone() else {
        panic!("it is not a pipeline")
    };
    assert_eq!(again.members.len(), pipeline.members.len());
}
