//! Files in which one name stands for several values are read in order, and it is said.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{block, name, named, op, tensor_type};
use mil_ir::Model;
use mil_ir::text::{PrintOptions, print};
use mil_package::{Package, PackageError};
use mil_proto::specification as spec;
use mil_proto::specification::mil_spec::{Function, Operation, Program, ValueType};
use mil_proto::specification::model::Type;
use prost::Message as _;

fn ty() -> ValueType {
    tensor_type(11, &[2])
}

fn unary(kind: &str, x: &str, result: &str) -> Operation {
    op(kind, vec![("x", name(x))], vec![named(result, ty())])
}

fn open_with(inputs: &[&str], ops: &[Operation], outputs: &[&str]) -> Result<Package, PackageError> {
    let main = Function {
        inputs: inputs.iter().map(|input| named(input, ty())).collect(),
        opset: "CoreML6".into(),
        block_specializations: [("CoreML6".to_owned(), block(ops, outputs))].into(),
        ..Default::default()
    };
    let program = Program { version: 1, functions: [("main".to_owned(), main)].into(), ..Default::default() };
    let model = spec::Model {
        specification_version: 7,
        r#type: Some(Type::MlProgram(program)),
        ..Default::default()
    };
    Package::from_bytes(model.encode_to_vec(), None)
}

fn open(ops: &[Operation], outputs: &[&str]) -> Result<Package, PackageError> {
    open_with(&["x"], ops, outputs)
}

/// The ops of the program, and what was said of it.
fn read(package: &Package) -> (Vec<String>, Vec<String>) {
    let Model::Program(program) = package.model() else { panic!("no program") };
    let printed = print(program, &PrintOptions::default());
    let ops = printed.lines().filter(|line| line.contains(" = ")).map(|line| line.trim().to_owned());
    let said: Vec<String> = package.mended().iter().map(ToString::to_string).collect();
    assert_eq!(package.warnings(), said, "what was mended is a warning, too");
    (ops.collect(), said)
}

/// The operands of all ops, in program order.
fn operands(package: &Package) -> Vec<String> {
    let Model::Program(program) = package.model() else { panic!("no program") };
    let graph = program.graph("main").unwrap();
    let of = |op| graph.op(op).values().map(|value| graph.value(value).name().to_string());
    graph.walk().flat_map(of).collect()
}

fn why(opened: Result<Package, PackageError>) -> String {
    let error = opened.unwrap_err();
    format!("{error}: {}", std::error::Error::source(&error).unwrap())
}

#[test]
fn a_name_is_the_last_value_before_its_use() {
    let ops = [unary("exp", "x", "a"), unary("relu", "a", "a"), unary("sqrt", "a", "y")];
    let package = open(&ops, &["y"]).unwrap();
    let (_, said) = read(&package);
    assert_eq!(
        said,
        ["function main<ios16>, op a (relu): a second value is named a; it is read as a_1 [duplicate-name]"]
    );
    assert_eq!(operands(&package), ["x", "a", "a_1"]);
}

#[test]
fn what_is_written_has_names_of_its_own() {
    let ops = [unary("exp", "x", "x"), unary("relu", "x", "y")];
    let package = open(&ops, &["y"]).unwrap();
    assert_eq!(package.mended().len(), 1);
    let files = package.to_files().unwrap();
    let files = files.into_iter().map(|(path, bytes)| (path, bytes.into()));
    let again = Package::from_files(files, &Default::default()).unwrap();
    assert_eq!(again.mended(), []);
    assert_eq!(read(&again).0, read(&package).0);
}

#[test]
fn the_output_keeps_its_name() {
    let ops = [unary("exp", "x", "y"), unary("relu", "y", "y")];
    let (_, said) = read(&open(&ops, &["y"]).unwrap());
    assert_eq!(
        said,
        ["function main<ios16>, op y (exp): a second value is named y; it is read as y_1 [duplicate-name]"]
    );
}

#[test]
fn names_that_are_there_are_not_given_again() {
    let ops = [unary("exp", "x", "a"), unary("relu", "a", "a_1"), unary("sqrt", "a_1", "a")];
    let (_, said) = read(&open(&ops, &["a_1"]).unwrap());
    assert!(said[0].contains("it is read as a_2"), "{said:?}");
}

#[test]
fn names_of_inner_blocks_end_with_them() {
    let inner = || block(&[unary("relu", "x", "x")], &["x"]);
    let mut cond = op("cond", vec![("pred", name("p"))], vec![named("c", ty())]);
    cond.blocks = vec![inner(), inner()];
    let package = open(&[unary("exp", "x", "p"), cond, unary("sqrt", "x", "y")], &["y"]).unwrap();
    let (_, said) = read(&package);
    let renamed: Vec<_> = said.iter().map(|said| said.split("read as ").nth(1).unwrap()).collect();
    assert_eq!(renamed, ["x_1 [duplicate-name]", "x_2 [duplicate-name]"]);
    assert_eq!(operands(&package), ["x", "p", "x", "x", "x"]);
}

#[test]
fn inputs_and_outputs_of_one_name_are_refused() {
    assert_eq!(
        why(open_with(&["x", "x"], &[unary("relu", "x", "y")], &["y"])),
        r#"function main is not valid: defines "x", which is defined already"#
    );
    assert_eq!(
        why(open(&[unary("relu", "x", "x")], &["x"])),
        r#"function main is not valid: defines "x", which is defined already"#
    );
}
