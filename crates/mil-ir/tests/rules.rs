//! Every rule of the verifier: a model that breaks it, and is sound but for that.
#![allow(clippy::unwrap_used, reason = "a failing test may panic anywhere")]

use std::collections::BTreeSet;
use std::sync::Arc;

use mil_ir::verify::{RULES, verify_model};
use mil_ir::*;
use mil_tensor::{DType, Tensor};

/// A program with an array, a state, and a classifier's results.
fn program() -> Program {
    text::parse(
        r#"program(1.3) {
        func main<ios18>(tensor<fp32, [1, 3]> x, state<tensor<fp16, [1, 3]>> kv) {
            fp32 one = const()[name = string("one"), val = fp32(1)];
            tensor<fp32, [1, 3]> y = add(x = x, y = one)[name = string("y_op")];
            string label, dict<string, fp64> p = classify(probabilities = y, classes = list<string, 3>(["a", "b", "c"]))[name = string("c")];
        } -> (y, label, p);
    }
    model {
        specification_version = 9;
        function main {
            input x: array<fp32, [1, 3]>;
            state kv: state<array<fp16, [1, 3]>>;
            output y: array<fp32, [1, 3]>;
            output label: string;
            output p: dictionary<string>;
            predicted_feature = "label";
            predicted_probabilities = "p";
        };
    }"#,
    )
    .unwrap()
}

fn main_of(program: &mut Program) -> &mut FunctionInterface {
    &mut program.interface.functions["main"]
}

fn op(graph: &Graph, kind: &str) -> OpId {
    graph.walk().find(|&op| &**graph.op(op).kind() == kind).unwrap()
}

fn array(dtype: DType, shape: &[i64]) -> ArrayFeature {
    ArrayFeature::new(dtype, shape.to_vec()).unwrap()
}

fn feature(name: &str, kind: FeatureKind) -> Feature {
    Feature { name: name.into(), doc: String::new(), kind: Some(kind), optional: false, carried: None }
}

/// A model of a type that has interface rules alone.
fn identity(version: i32, input: FeatureKind) -> OpaqueModel {
    let features = FunctionInterface {
        inputs: vec![feature("x", input.clone())],
        outputs: vec![feature("y", input)],
        ..FunctionInterface::default()
    };
    let interface = Interface {
        specification_version: version,
        functions: [("main".into(), features)].into_iter().collect(),
        ..Interface::default()
    };
    OpaqueModel { kind: Some("identity".into()), interface, bytes: Arc::from([]) }
}

fn pipeline(change: impl FnOnce(&mut ModelPipeline)) -> Model {
    let kind = FeatureKind::Array(array(DType::Fp32, &[2]));
    let member = identity(4, kind);
    let mut pipeline = ModelPipeline {
        kind: PipelineKind::Plain,
        interface: member.interface.clone(),
        members: vec![(None, Model::Opaque(member))],
        carried: None,
    };
    change(&mut pipeline);
    Model::Pipeline(pipeline)
}

fn of(kind: FeatureKind) -> Model {
    Model::Opaque(identity(9, kind))
}

fn opaque(change: impl FnOnce(&mut OpaqueModel)) -> Model {
    let mut model = identity(9, FeatureKind::Array(array(DType::Fp32, &[2])));
    change(&mut model);
    Model::Opaque(model)
}

fn changed(change: impl FnOnce(&mut Program)) -> Model {
    let mut program = program();
    change(&mut program);
    Model::Program(program)
}

fn graph(change: impl FnOnce(&mut Graph)) -> Model {
    changed(|program| change(program.graph_mut("main").unwrap()))
}

/// The input `x` of the program with other features.
fn input(change: impl FnOnce(&mut Feature)) -> Model {
    changed(|program| change(&mut main_of(program).inputs[0]))
}

fn ranges(upper: i64) -> Option<Flexibility> {
    Some(Flexibility::Ranges(vec![SizeRange { lower: 1, upper: 1 }, SizeRange { lower: 3, upper }]))
}

/// A code and a model that breaks its rule; a model may break another one with it.
fn broken() -> Vec<(&'static str, Model)> {
    let wide = |shape: &[usize]| Type::fixed(DType::Fp32, shape);
    let one = |lower, upper| SizeRange { lower, upper };
    let image = |width, height, color| ImageFeature { width, height, color, flexibility: None };
    vec![
        ("undefined-value", graph(|g| g.move_op(op(g, "add"), At::After(op(g, "classify"))).unwrap())),
        ("undefined-output", {
            let mut cond = program();
            let g = cond.graph_mut("main").unwrap();
            let block = NewOp::new("cond").named("c2");
            let owner = g.insert(block, At::Start(Graph::ROOT));
            let inner = g.add_block(owner, NewBlock::default());
            let value = g.op(op(g, "add")).result().unwrap();
            g.set_outputs(inner, [value]);
            Model::Program(cond)
        }),
        (
            "duplicate-name",
            graph(|g| {
                let v = g.op(op(g, "add")).result().unwrap();
                g.rename_value(v, "one");
            }),
        ),
        (
            "empty-name",
            graph(|g| {
                let v = g.op(op(g, "const")).result().unwrap();
                g.rename_value(v, "");
            }),
        ),
        ("const-value", graph(|g| g.set_attribute(op(g, "const"), "val", None))),
        ("const-type", graph(|g| g.set_attribute(op(g, "const"), "val", Some(Tensor::ints(&[1]).into())))),
        (
            "literal-type",
            graph(|g| {
                let wrong = Literal::new(Type::scalar(DType::Fp32), LiteralData::Tensor(Tensor::ints(&[1])));
                g.set_attribute(op(g, "const"), "val", Some(wrong));
            }),
        ),
        (
            "no-specialization",
            changed(|p| p.functions.get_mut("main").unwrap().opset = Opset::new("CoreML5")),
        ),
        (
            "signature",
            changed(|p| {
                let function = p.functions.get_mut("main").unwrap();
                function.specializations.insert(Opset::new("CoreML7"), Graph::new(Vec::new()));
            }),
        ),
        (
            "identifier",
            graph(|g| {
                let v = g.op(op(g, "const")).result().unwrap();
                g.rename_value(v, "a/b:0");
            }),
        ),
        (
            "identifier",
            graph(|g| {
                let v = g.op(op(g, "const")).result().unwrap();
                g.rename_value(v, "tensor");
            }),
        ),
        ("identifier", input(|f| f.name = "17".into())),
        (
            "rank",
            graph(|g| {
                let v = g.op(op(g, "const")).result().unwrap();
                g.retype(v, wide(&[1; 6]));
            }),
        ),
        ("program-version", changed(|p| p.version = 2)),
        (
            "opsets",
            changed(|p| {
                let opset = Opset::new("CoreML7");
                p.functions.insert("other".into(), Function::new(opset, Graph::new(Vec::new())));
            }),
        ),
        ("specification-version", changed(|p| p.interface.specification_version = 8)),
        ("specification-version", changed(|p| p.interface.specification_version = 11)),
        ("specification-version", opaque(|m| m.interface.specification_version = 0)),
        ("specification-version", Model::Opaque(identity(6, FeatureKind::Array(array(DType::Fp16, &[2]))))),
        ("specification-version", Model::Opaque(identity(9, FeatureKind::Array(array(DType::Int8, &[2]))))),
        ("model-type", opaque(|m| m.kind = None)),
        ("updatable", opaque(|m| m.interface.updatable = true)),
        ("no-inputs", opaque(|m| m.interface.functions["main"].inputs.clear())),
        ("no-outputs", opaque(|m| m.interface.functions["main"].outputs.clear())),
        ("functions", opaque(|m| m.interface.multifunction = true)),
        ("default-function", changed(|p| p.interface.default_function = Some("main".into()))),
        ("default-function", changed(|p| p.interface.multifunction = true)),
        ("feature-name", opaque(|m| m.interface.functions["main"].inputs[0].name = "".into())),
        ("feature-kind", input(|f| f.kind = None)),
        (
            "feature-twice",
            changed(|p| {
                let again = main_of(p).inputs[0].clone();
                main_of(p).inputs.push(again);
            }),
        ),
        ("array-type", of(FeatureKind::Array(ArrayFeature { data_type: 7, ..array(DType::Fp32, &[2]) }))),
        ("array-shape", of(FeatureKind::Array(array(DType::Fp32, &[-1])))),
        ("array-shape", of(FeatureKind::Array(array(DType::Fp32, &[])))),
        (
            "shape-range",
            of(FeatureKind::Array(ArrayFeature {
                flexibility: Some(Flexibility::Ranges(vec![one(5, 2)])),
                ..array(DType::Fp32, &[])
            })),
        ),
        (
            "shape-range",
            of(FeatureKind::Array(ArrayFeature {
                flexibility: Some(Flexibility::Ranges(vec![one(5, -1)])),
                ..array(DType::Fp32, &[4])
            })),
        ),
        (
            "shape-set",
            of(FeatureKind::Array(ArrayFeature {
                flexibility: Some(Flexibility::Enumerated(vec![vec![3]])),
                ..array(DType::Fp32, &[4])
            })),
        ),
        (
            "shape-set",
            input(|f| {
                let flexibility = Some(Flexibility::Enumerated(vec![vec![1, 3]; 129]));
                f.kind =
                    Some(FeatureKind::Array(ArrayFeature { flexibility, ..array(DType::Fp32, &[1, 3]) }));
            }),
        ),
        ("image-color", of(FeatureKind::Image(image(2, 2, 0)))),
        ("image-size", of(FeatureKind::Image(image(2, 0, 20)))),
        (
            "image-size",
            of(FeatureKind::Image(ImageFeature {
                flexibility: Some(SizeFlexibility::Range(Some(one(1, 8)), None)),
                ..image(2, 2, 20)
            })),
        ),
        ("dictionary", of(FeatureKind::Dictionary(DictionaryKey::Unspecified))),
        ("sequence", of(FeatureKind::Sequence { element: None, length: None })),
        (
            "sequence",
            of(FeatureKind::Sequence { element: Some(SequenceElement::Int64), length: Some(one(5, 2)) }),
        ),
        ("state", changed(|p| main_of(p).states[0].optional = true)),
        (
            "state",
            changed(|p| {
                main_of(p).states[0].kind = Some(FeatureKind::State(Some(array(DType::Int8, &[1, 3]))));
            }),
        ),
        ("optional", changed(|p| main_of(p).outputs[0].optional = true)),
        ("optional", input(|f| f.optional = true)),
        (
            "default-value",
            opaque(|m| {
                let value = [0xC8, 0x02, 0x01];
                let default_value = Some(value[..].into());
                m.interface.functions["main"].inputs[0].kind =
                    Some(FeatureKind::Array(ArrayFeature { default_value, ..array(DType::Fp32, &[2]) }));
            }),
        ),
        (
            "flexibility",
            changed(|p| {
                let main = main_of(p);
                let flexible = |flexibility| {
                    FeatureKind::Array(ArrayFeature { flexibility, ..array(DType::Fp32, &[1, 3]) })
                };
                main.inputs[0].kind = Some(flexible(Some(Flexibility::Enumerated(vec![vec![1, 3]]))));
                main.inputs.push(feature("z", flexible(ranges(3))));
            }),
        ),
        (
            "no-function",
            changed(|p| {
                p.interface.functions.insert("other".into(), FunctionInterface::default());
            }),
        ),
        ("no-interface", changed(|p| p.interface.functions.clear())),
        ("no-value", changed(|p| main_of(p).inputs.push(feature("z", FeatureKind::Double)))),
        ("no-feature", changed(|p| main_of(p).states.clear())),
        ("feature-type", changed(|p| p.interface.retype_feature("main", "x", DType::Int32).unwrap())),
        (
            "feature-type",
            input(|f| {
                f.kind = Some(FeatureKind::Array(ArrayFeature {
                    flexibility: ranges(8),
                    ..array(DType::Fp32, &[1, 3])
                }));
            }),
        ),
        ("feature-type", input(|f| f.kind = Some(FeatureKind::Image(image(3, 1, 20))))),
        ("predicted-feature", changed(|p| main_of(p).predicted_feature = "x".into())),
        ("classifier", changed(|p| main_of(p).predicted_feature = "y".into())),
        ("pipeline-members", pipeline(|p| p.members.clear())),
        (
            "pipeline-names",
            pipeline(|p| {
                let member = p.members[0].1.clone();
                p.members = vec![(Some("a".into()), member.clone()), (Some("a".into()), member)];
            }),
        ),
        ("pipeline-input", pipeline(|p| p.interface.functions["main"].inputs[0].name = "z".into())),
        ("pipeline-input", pipeline(|p| p.interface.retype_feature("main", "x", DType::Int32).unwrap())),
        ("pipeline-output", pipeline(|p| p.interface.reshape_feature("main", "y", vec![3], None).unwrap())),
        ("updatable", pipeline(|p| p.interface.updatable = true)),
    ]
}

#[test]
fn sound_models_break_no_rule() {
    let models = [
        Model::Program(program()),
        pipeline(|_| {}),
        opaque(|_| {}),
        of(FeatureKind::Dictionary(DictionaryKey::String)),
        of(FeatureKind::Image(ImageFeature { width: 2, height: 2, color: 20, flexibility: None })),
    ];
    for model in models {
        let report = verify_model(&model);
        assert!(report.is_clean() && report.unchecked.is_empty(), "{report:?}");
    }
}

#[test]
fn each_rule_is_broken_by_its_model() {
    let mut seen = BTreeSet::new();
    for (code, model) in broken() {
        let report = verify_model(&model);
        let codes: Vec<&str> = report.violations.iter().map(|found| found.code).collect();
        assert!(codes.contains(&code), "{code}: {codes:?}");
        seen.insert(code);
        for found in &report.violations {
            assert!(RULES.iter().any(|rule| rule.code == found.code), "{found} is not in the table");
            assert!(!found.message.is_empty());
        }
    }
    let untold = RULES.iter().filter(|rule| !rule.code.starts_with("unknown-"));
    let missing: Vec<&str> = untold.map(|rule| rule.code).filter(|code| !seen.contains(code)).collect();
    assert!(missing.is_empty(), "no model breaks {missing:?}");
}

#[test]
fn what_is_not_known_is_said() {
    let unknown = DType::Unknown(99);
    let model = changed(|program| {
        let function = program.functions.get_mut("main").unwrap();
        let graph = function.specializations.get(&Opset::new("CoreML8")).unwrap().clone();
        function.specializations.insert(Opset::new("CoreML77"), graph);
        let graph = program.graph_mut("main").unwrap();
        let value = graph.op(op(graph, "const")).result().unwrap();
        graph.retype(value, Type::scalar(unknown));
    });
    let codes: BTreeSet<&str> = verify_model(&model).unchecked.iter().map(|found| found.code).collect();
    assert_eq!(codes, BTreeSet::from(["unknown-opset", "unknown-type"]));
}
