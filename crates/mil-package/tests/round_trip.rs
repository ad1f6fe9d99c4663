//! What is read is what is written.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod common;

use std::path::{Path, PathBuf};

use common::{MODEL_PATH, WEIGHT_PATH, encoded, inject, model, package, unknown, weights};
use mil_ir::{At, Literal, Model, NewOp, Storage};
use mil_package::{Limits, Package, PackageError};
use mil_proto::Described;
use mil_proto::specification::{self as spec, model::Type};
use mil_tensor::random::Stream;
use mil_tensor::{Tensor, TensorError};
use proptest::prelude::*;
use prost::Message as _;

fn open(message: Vec<u8>, weights: Vec<u8>) -> Result<Package, PackageError> {
    Package::from_files(package(message, weights), &Limits::default())
}

#[test]
fn an_untouched_model_is_written_as_it_was_read() {
    let files = package(encoded(), weights().0);
    let package = Package::from_files(files.clone(), &Limits::default()).unwrap();
    assert_eq!(package.warnings(), [""; 0]);
    let written = package.to_files().unwrap();
    assert_eq!(written.len(), files.len());
    for (path, bytes) in files {
        assert!(written[&path] == *bytes, "{path}");
    }
}

#[test]
fn pipelines_are_written_as_they_were_read() {
    let network = spec::Model {
        specification_version: 4,
        r#type: Some(Type::NeuralNetwork(vec![0x0A, 1, 9].into())),
        ..Default::default()
    };
    let inner = spec::Pipeline { models: vec![model(), network.clone()], names: vec!["a".into()] };
    let inner = spec::Model { r#type: Some(Type::Pipeline(inner)), ..Default::default() };
    let outer = spec::Pipeline { models: vec![network, inner, spec::Model::default()], names: vec![] };
    let outer = Some(Type::PipelineClassifier(spec::PipelineClassifier { pipeline: Some(outer) }));
    let outer = spec::Model { description: Some(Default::default()), r#type: outer, ..Default::default() };
    for model in [
        outer,
        spec::Model::default(),
        spec::Model { description: Some(Default::default()), ..Default::default() },
        spec::Model {
            r#type: Some(Type::PipelineRegressor(spec::PipelineRegressor { pipeline: None })),
            ..Default::default()
        },
        spec::Model {
            r#type: Some(Type::PipelineRegressor(spec::PipelineRegressor {
                pipeline: Some(Default::default()),
            })),
            ..Default::default()
        },
    ] {
        let package = open(model.encode_to_vec(), weights().0).unwrap();
        let bytes = &package.to_files().unwrap()[MODEL_PATH];
        assert!(spec::Model::decode(&bytes[..]).unwrap() == model);
    }
}

#[test]
fn a_package_takes_a_program_back() {
    let mut package = open(encoded(), weights().0).unwrap();
    let program = package.take_program().unwrap();
    assert!(matches!(package.take_program(), Err(PackageError::Taken)));
    assert!(matches!(package.to_files(), Err(PackageError::Taken)));
    assert!(package.set_program(program).to_files().is_ok());

    let mut network = open(spec::Model::default().encode_to_vec(), Vec::new()).unwrap();
    assert!(matches!(network.take_program(), Err(PackageError::NoProgram(_))));
}

/// The weights of the written program by op, and the file.
fn tensors(package: &Package) -> Vec<Vec<u8>> {
    let files = package.to_files().unwrap();
    let files = files.into_iter().map(|(path, bytes)| (path, bytes.into()));
    let again = Package::from_files(files, &Limits::default()).unwrap();
    let Model::Program(program) = again.model() else { panic!("no program") };
    let graph = program.graph("main").unwrap();
    let literals = graph.literals().filter(|(_, literal)| matches!(literal.storage, Storage::File(_)));
    literals.map(|(_, literal)| literal.as_tensor().unwrap().bytes().unwrap().into_owned()).collect()
}

#[test]
fn changed_weights_are_laid_out_anew_and_shared_once() {
    // Without values that can only be carried, whose blobs would have to stay.
    let mut package = without_carried();
    let Model::Program(program) = package.model_mut() else { panic!("no program") };
    let graph = program.graph_mut("main").unwrap();
    let first = graph.walk().next().unwrap();
    let shared = Tensor::from_slice(&[12], &[7_u8; 12]).unwrap();
    for name in ["new_a", "new_b"] {
        graph.insert(NewOp::constant(name, Literal::tensor(shared.clone())), At::Before(first));
    }
    let unused = graph.walk().find(|&op| graph.label(op) == "w3").unwrap();
    graph.erase(unused).unwrap();
    let file = &package.to_files().unwrap()[WEIGHT_PATH];
    let halves: Vec<u8> = (0..32).collect();
    let floats: Vec<u8> = (0..80).map(|i| i * 3).collect();
    assert_eq!(tensors(&package), [vec![7; 12], vec![7; 12], halves.clone(), halves, floats]);
    assert_eq!(file[..4], 3_u32.to_le_bytes());
    // Header; record, 12 bytes; record, 32; record, 80; nothing behind it.
    assert_eq!(file.len(), 64 + 128 + 128 + 64 + 80);
}

#[test]
fn beside_carried_fields_old_blobs_stay_and_new_ones_are_appended() {
    let (old, offsets) = weights();
    let mut package = open(encoded(), old.clone()).unwrap();
    let Model::Program(program) = package.model_mut() else { panic!("no program") };
    let graph = program.graph_mut("main").unwrap();
    let first = graph.walk().next().unwrap();
    graph.insert(NewOp::constant("new", Tensor::splat(&[3, 5], 1.5_f32)), At::Before(first));
    let file = &package.to_files().unwrap()[WEIGHT_PATH];
    assert_eq!(file[..4], 4_u32.to_le_bytes());
    assert_eq!(file[4..old.len()], old[4..]);
    let new = old.len().next_multiple_of(64);
    assert_eq!(file[new..new + 4], 0xDEAD_BEEF_u32.to_le_bytes());
    assert_eq!(file.len(), new + 64 + 60);
    assert!(offsets.iter().all(|&offset| (offset as usize) < old.len()));
    assert_eq!(tensors(&package)[0], [1.5_f32; 15].map(f32::to_le_bytes).concat());
}

fn without_carried() -> Package {
    let mut package = open(encoded(), weights().0).unwrap();
    let Model::Program(program) = package.model_mut() else { panic!("no program") };
    program.functions.get_mut("main").unwrap().specializations.shift_remove_index(1);
    let graph = program.graph_mut("main").unwrap();
    for label in ["unusual", "label"] {
        let op = graph.walk().find(|&op| graph.label(op) == label).unwrap();
        if label == "label" {
            let outputs: Vec<_> =
                graph.root().outputs().filter(|&v| graph.value(v).name() != "label").collect();
            graph.set_outputs(mil_ir::Graph::ROOT, outputs);
        }
        graph.erase(op).unwrap();
    }
    package
}

#[test]
fn a_model_from_a_single_file_becomes_a_package_the_same_each_time() {
    let open = || Package::from_bytes(encoded(), Some(weights().0.into())).unwrap();
    let written = open().to_files().unwrap();
    assert_eq!(written, open().to_files().unwrap());
    assert_eq!(written[WEIGHT_PATH], weights().0);
    assert_eq!(written[MODEL_PATH], encoded());
    let files = written.clone().into_iter().map(|(path, bytes)| (path, bytes.into()));
    assert_eq!(Package::from_files(files, &Limits::default()).unwrap().to_files().unwrap(), written);
}

#[test]
fn a_package_without_its_weights_can_be_looked_at_only() {
    let mut files = package(encoded(), weights().0);
    files.remove(2);
    let package = Package::from_files(files, &Limits::default()).unwrap();
    assert_eq!(package.warnings(), ["item com.apple.CoreML/weights of the package is missing"]);
    let Model::Program(program) = package.model() else { panic!("no program") };
    let (_, tensor) = program.graph("main").unwrap().tensors().next().unwrap();
    assert_eq!(tensor.shape(), [4, 4]);
    assert!(matches!(tensor.bytes(), Err(TensorError::Opaque(_))));
    let shown = mil_ir::text::print(program, &mil_ir::text::PrintOptions::default());
    let place = "BLOBFILE(path = string(\"@model_path/weights/weight.bin\"), offset = uint64(64))";
    assert!(shown.contains(place), "{shown}");
    let folder = tempfile::tempdir().unwrap();
    let error = package.save(folder.path().join("x.mlpackage")).unwrap_err();
    assert!(error.to_string().contains("x.mlpackage"), "{error}");
    assert_eq!(error.cause().to_string(), "item com.apple.CoreML/weights of the package is missing");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_empty_folder_of_weights_that_got_lost_is_made_again() {
    let mut files = package(encoded(), weights().0);
    let whole = Package::from_files(files.clone(), &Limits::default()).unwrap();
    let Model::Program(program) = whole.model() else { panic!("no program") };
    let mut bare = program.clone();
    for graph in bare.graphs_mut().map(|(_, _, graph)| graph) {
        let ops: Vec<_> = graph.root().ops().collect();
        graph.set_outputs(mil_ir::Graph::ROOT, []);
        ops.into_iter().rev().for_each(|op| graph.erase(op).unwrap());
    }
    let model = Package::from(bare).to_files().unwrap()[MODEL_PATH].clone();
    let at = files.iter().position(|(path, _)| path == MODEL_PATH).unwrap();
    files[at].1 = model.into();
    files.remove(2);
    let package = Package::from_files(files, &Limits::default()).unwrap();
    assert_eq!(package.warnings(), [] as [&str; 0]);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x.mlpackage");
    package.save(&place).unwrap();
    assert!(place.join("Data/com.apple.CoreML/weights").is_dir());
}

#[test]
fn references_into_the_weight_file_are_checked_and_named() {
    let message = |change: fn(&mut Vec<u8>)| {
        let mut file = weights().0;
        change(&mut file);
        let error = open(encoded(), file).unwrap_err();
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    };
    let place = "function main, op w16 is not valid: the reference to offset 64 of \
                 @model_path/weights/weight.bin is not valid: ";
    assert_eq!(message(|file| file[64] = 0), format!("{place}no blob begins there"));
    assert!(message(|file| file[4] = 1).contains("has version 1, not 2"));
    assert!(message(|file| file[68] = 2).starts_with(&format!("{place}the blob has element type code 2")));
    assert!(message(|file| file[72] = 31).contains("has 31 bytes; its type asks for 32"));
    assert!(message(|file| file[87] = 0xFF).contains("too short"));
    assert!(message(|file| file.truncate(70)).contains("too short"));
    assert!(message(|file| file.truncate(20)).contains("too short"));
}

#[test]
fn names_are_resolved_where_they_stand() {
    let broken = |change: fn(&mut spec::mil_spec::Block)| {
        let mut model = model();
        let Some(Type::MlProgram(program)) = &mut model.r#type else { panic!("no program") };
        change(program.functions.get_mut("main").unwrap().block_specializations.get_mut("CoreML8").unwrap());
        let error = open(model.encode_to_vec(), weights().0).unwrap_err();
        format!("{error}: {}", std::error::Error::source(&error).unwrap())
    };
    assert_eq!(
        broken(|block| block.operations.swap(2, 8)),
        r#"function main, op sum is not valid: uses "w32", which is not defined before it"#
    );
    assert_eq!(
        broken(|block| block.outputs.push("nothing".into())),
        r#"function main is not valid: uses "nothing", which is not defined before it"#
    );
    // The results of an op are not visible in its own blocks.
    assert_eq!(
        broken(|block| {
            let mut cond = spec::mil_spec::Operation::decode(block.operations[9].clone()).unwrap();
            cond.blocks[0].outputs[0] = "chosen".into();
            block.operations[9] = cond.encode_to_vec().into();
        }),
        r#"function main, op chosen is not valid: uses "chosen", which is not defined before it"#
    );
}

#[test]
fn text_and_package_are_the_same_program() {
    let folder = tempfile::tempdir().unwrap();
    let package = without_carried();
    let text = folder.path().join("x.mil");
    package.save(&text).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    let again = Package::open(&text).unwrap();
    assert_eq!(again.warnings(), [""; 0]);
    assert_eq!(tensors(&again), tensors(&package));
    assert_eq!(again.to_files().unwrap()[WEIGHT_PATH], package.to_files().unwrap()[WEIGHT_PATH]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn unknown_fields_survive_at_any_depth(seed: u64) {
        let bytes = inject(&encoded(), spec::Model::SCHEMA, &mut Stream::new(seed), 6);
        let mut package = open(bytes.clone(), weights().0).unwrap();
        let written = package.to_files().unwrap();
        prop_assert!(unknown(&written[MODEL_PATH]) == unknown(&bytes));

        // An op with another name keeps them, and so do all others.
        let mut program = package.take_program().unwrap();
        let graph = program.graph_mut("main").unwrap();
        let ops: Vec<_> = graph.walk().filter(|&op| graph.op(op).name().is_some()).collect();
        for op in ops {
            graph.rename_op(op, Some("renamed".into()));
        }
        let written = package.set_program(program).to_files().unwrap();
        prop_assert!(unknown(&written[MODEL_PATH]) == unknown(&bytes));
    }

    #[test]
    fn damage_is_an_error_or_another_model(seed: u64, flips in 0_usize..4, cut in 0_usize..3) {
        let mut random = Stream::new(seed);
        let (mut message, mut file) = (encoded(), weights().0);
        for bytes in [&mut message, &mut file] {
            for _ in 0..flips {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
            if cut == 0 {
                bytes.truncate(random.below(bytes.len()));
            }
        }
        if let Ok(package) = open(message, file) {
            // Whatever it is now, it is written as it is.
            let _ = package.to_files();
        }
    }

    #[test]
    fn anything_may_come_as_a_model(message in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Package::from_bytes(message, None);
    }
}

/// Reads and writes every package and model below the folder that `MILOPT_TEST_MODELS` names.
#[test]
fn real_models_are_written_as_they_were_read() {
    let Some(root) = std::env::var_os("MILOPT_TEST_MODELS") else { return };
    let mut models = Vec::new();
    collect(Path::new(&root), &mut models);
    assert!(!models.is_empty());
    for path in models {
        let Ok(package) = Package::open(&path) else { continue };
        if !package.warnings().is_empty() {
            continue;
        }
        let written = package.to_files().unwrap();
        let original = match path.is_dir() {
            true => path.join(MODEL_PATH),
            false => path.clone(),
        };
        // Maps have no order in files, so the bytes may differ; what they mean may not.
        let files = written.clone().into_iter().map(|(path, bytes)| (path, bytes.into()));
        let again = Package::from_files(files, &Limits::default()).unwrap();
        assert!(again.to_files().unwrap() == written, "{}", path.display());
        if let Ok(original) = std::fs::read(original) {
            assert_eq!(original.len(), written[MODEL_PATH].len(), "{}", path.display());
        }
    }
}

fn collect(folder: &Path, models: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("mlpackage") if path.join("Manifest.json").exists() => models.push(path),
            Some("mlmodel") if path.is_file() => models.push(path),
            _ if path.is_dir() => collect(&path, models),
            _ => {}
        }
    }
}
