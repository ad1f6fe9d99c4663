//! The generated fixtures: each package is what its source makes, byte for byte. `BLESS=1` writes them anew.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use milopt::ir::{Interface, Model, ModelPipeline, PipelineKind};
use milopt::package::{Limits, Package};
use milopt_tests::{files, fixture, fixtures, root};

/// Every generated package by name, as files.
fn generated() -> BTreeMap<String, BTreeMap<String, Vec<u8>>> {
    let mut packages = BTreeMap::new();
    for source in files(&root().join("fixtures/sources"), ".mil") {
        let name = source.file_stem().unwrap().to_str().unwrap().to_owned();
        packages.insert(name, Package::open(&source).unwrap().to_files().unwrap());
    }
    packages.insert("pipeline".into(), pipeline());
    packages
}

/// Two programs one after the other: the negative of an image, and that of the negative.
fn pipeline() -> BTreeMap<String, Vec<u8>> {
    let source = root().join("fixtures/sources/image.mil");
    let first = Package::open(&source).unwrap().take_program().unwrap();
    let mut package = Package::from(first.clone());
    let text = std::fs::read_to_string(&source).unwrap();
    // The second takes what the first gives.
    let text = text.replace("negative", "again").replace("photo", "negative");
    let second = milopt::ir::text::parse(&text).unwrap();
    let mut interface: Interface = first.interface.clone();
    let outputs = second.interface.functions["main"].outputs.clone();
    interface.functions["main"].outputs = outputs;
    let model = Model::Pipeline(ModelPipeline {
        kind: PipelineKind::Plain,
        interface,
        members: vec![
            (Some("negate".into()), Model::Program(first)),
            (Some("restore".into()), Model::Program(second)),
        ],
        carried: None,
    });
    *package.model_mut() = model;
    package.to_files().unwrap()
}

fn contents(package: &Path) -> BTreeMap<String, Vec<u8>> {
    let name = |file: &Path| file.strip_prefix(package).unwrap().to_str().unwrap().replace('\\', "/");
    files(package, "").iter().map(|file| (name(file), std::fs::read(file).unwrap())).collect()
}

#[test]
fn packages_are_what_their_sources_make() {
    let mut stale = Vec::new();
    for (name, wanted) in generated() {
        let package = fixture(&format!("{name}.mlpackage"));
        if contents(&package) == wanted {
            continue;
        }
        if std::env::var_os("BLESS").is_none() {
            stale.push(name);
            continue;
        }
        for (path, bytes) in wanted {
            let file = package.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, bytes).unwrap();
        }
    }
    assert!(stale.is_empty(), "BLESS=1 writes {} anew", stale.join(", "));
}

#[test]
fn every_file_stands_in_the_manifest_and_all_are_small() {
    let manifest = std::fs::read_to_string(root().join("fixtures/MANIFEST.md")).unwrap();
    let mut bytes = 0;
    for package in fixtures() {
        let name = package.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(manifest.contains(&format!("`{name}`")), "{name} has no origin");
        for (path, content) in contents(&package) {
            assert!(manifest.contains(&format!("{name}/{path}")), "{name}/{path} is not listed");
            bytes += content.len();
        }
    }
    assert!(bytes > 0 && bytes < 2_000_000, "{bytes} bytes of fixtures");
}

/// What each fixture is there for, so that nobody loses it.
#[test]
fn fixtures_hold_what_they_are_for() {
    let open = |name: &str| Package::open(fixture(&format!("{name}.mlpackage"))).unwrap();
    let model = |name: &str| open(name).model().clone();
    let main = |name: &str| model(name).as_program().unwrap().interface.functions["main"].clone();
    assert_eq!(main("states").states.len(), 1);
    assert_eq!(model("functions").as_program().unwrap().functions.len(), 2);
    assert!(matches!(main("image").inputs[0].kind, Some(milopt::ir::FeatureKind::Image(_))));
    assert_eq!(main("classifier").predicted_feature, "label");
    assert!(matches!(model("pipeline"), Model::Pipeline(pipeline) if pipeline.members.len() == 2));
    let has = |name: &str, kind: &str| {
        let program = model(name);
        let graph = program.as_program().unwrap().graph("main").unwrap().clone();
        graph.walk().any(|op| graph.op(op).kind() == kind)
    };
    assert!(
        has("compressed", "constexpr_blockwise_shift_scale") && has("compressed", "constexpr_lut_to_dense")
    );
    assert!(matches!(
        &main("enumerated").inputs[0].kind,
        Some(milopt::ir::FeatureKind::Array(array)) if array.flexibility.is_some()
    ));
}

#[test]
fn a_package_in_memory_is_the_one_on_disk() {
    for package in fixtures() {
        let shared = contents(&package).into_iter().map(|(path, bytes)| (path, Arc::from(bytes)));
        let read = Package::from_files(shared, &Limits::default()).unwrap();
        let difference = milopt::diff::compare(read.model(), Package::open(&package).unwrap().model());
        assert!(difference.is_empty(), "{}: {difference}", package.display());
    }
}
