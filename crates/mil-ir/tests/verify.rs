//! The structural verifier: one program per rule that breaks it.
#![allow(clippy::unwrap_used, reason = "a failing test may panic anywhere")]

mod common;

use mil_ir::text;
use mil_ir::verify::{Place, Report, Violation, verify, verify_ops};
use mil_ir::*;
use mil_tensor::{DType, Tensor};
use proptest::prelude::*;

fn sound() -> Program {
    text::parse(
        r#"program(1.3) {
        func main<ios18>(tensor<fp16, [1, 3]> x, state<tensor<fp16, [1, 3]>> kv) {
            fp16 one = const()[name = string("one"), val = fp16(1)];
            tensor<fp16, [1, 3]> y = add(x = x, y = one)[name = string("y_op")];
            bool go = any(x = y);
            tensor<fp16, [1, 3]> z = cond(pred = go) {
                block() { tensor<fp16, [1, 3]> a = relu(x = y); } -> (a);
                block() { tensor<fp16, [1, 3]> a = neg(x = y); } -> (a);
            };
        } -> (z);
    }"#,
    )
    .unwrap()
}

fn codes(program: &Program) -> Vec<&'static str> {
    verify(program).violations.into_iter().map(|violation| violation.code).collect()
}

#[test]
fn a_sound_program_has_none() {
    assert_eq!(verify(&sound()), Report::default());
}

/// The violations after a change to the graph of `main`.
fn after(change: impl FnOnce(&mut Graph)) -> Vec<&'static str> {
    let mut program = sound();
    change(program.graph_mut("main").unwrap());
    codes(&program)
}

fn named(graph: &Graph, kind: &str) -> OpId {
    graph.walk().find(|&op| &**graph.op(op).kind() == kind).unwrap()
}

#[test]
fn values() {
    let mut program = sound();
    let graph = program.graph_mut("main").unwrap();
    let (add, any) = (named(graph, "add"), named(graph, "any"));
    graph.move_op(add, At::After(any)).unwrap();
    let violations = verify(&program).violations;
    assert_eq!(
        violations[0].to_string(),
        "function main<ios18>, op go (any): x is y, which is not visible here [undefined-value]"
    );
    let inner = |graph: &mut Graph| {
        let a = graph.op(named(graph, "relu")).results()[0];
        graph.set_outputs(Graph::ROOT, [a]);
    };
    assert_eq!(after(inner)[0], "undefined-output");
    let rename = |name: &'static str| {
        move |graph: &mut Graph| {
            let value = graph.op(named(graph, "relu")).results()[0];
            graph.rename_value(value, name);
        }
    };
    assert_eq!(after(rename("one")), ["duplicate-name"]);
    assert_eq!(after(rename("")), ["empty-name"]);
    // A block does not see the results of its owner.
    assert_eq!(after(rename("z")), [""; 0]);
}

#[test]
fn constants() {
    let set = |value: Option<Literal>| {
        move |graph: &mut Graph| {
            let op = named(graph, "const");
            graph.set_attribute(op, "val", value);
        }
    };
    assert_eq!(after(set(None)), ["const-value"]);
    assert_eq!(after(set(Some(Tensor::ints(&[1]).into()))), ["const-type"]);
    let wrong = Literal::new(Type::scalar(DType::Fp16), LiteralData::Tensor(Tensor::ints(&[1])));
    assert_eq!(after(set(Some(wrong))), ["literal-type"]);
}

#[test]
fn functions_and_interface() {
    let change = |change: fn(&mut Program)| {
        let mut program = sound();
        change(&mut program);
        codes(&program)
    };
    let features = |program: &mut Program, change: fn(&mut FunctionInterface)| {
        change(program.interface.functions.get_mut("main").unwrap());
    };
    assert_eq!(
        change(|p| p.interface.specification_version = 8),
        ["specification-version", "specification-version"]
    );
    assert_eq!(change(|p| p.interface.default_function = Some("other".into())), ["default-function"]);
    assert_eq!(change(|p| p.interface.functions.clear()), ["no-interface"]);
    assert_eq!(
        change(|p| p.functions.get_mut("main").unwrap().opset = Opset::new("CoreML5")),
        ["no-specialization"]
    );
    let mut program = sound();
    features(&mut program, |features| features.states.clear());
    assert_eq!(codes(&program), ["no-feature"]);
    let mut program = sound();
    features(&mut program, |features| features.inputs[0].name = "other".into());
    assert_eq!(codes(&program), ["no-value", "no-feature"]);
    let mut program = sound();
    program.interface.retype_feature("main", "x", DType::Fp32).unwrap();
    assert_eq!(codes(&program), ["feature-type"]);
    let mut program = sound();
    program.interface.reshape_feature("main", "kv", vec![1, 4], None).unwrap();
    assert_eq!(codes(&program), ["feature-type"]);
    let mut program = sound();
    let sizes = |upper| Some(Flexibility::Ranges(vec![SizeRange { lower: 1, upper }; 2]));
    let shape = |program: &Program| match &program.interface.functions["main"].find("x").unwrap().kind {
        Some(FeatureKind::Array(array)) => vec![1; array.shape.len()],
        _ => Vec::new(),
    };
    let ones = shape(&program);
    assert_eq!(ones.len(), 2);
    program.interface.reshape_feature("main", "x", ones.clone(), sizes(-1)).unwrap();
    assert_eq!(codes(&program), ["feature-type"], "other sizes than the value's may come in");
    let one = |size: i64| SizeRange { lower: size as u64, upper: size };
    let only = Some(Flexibility::Ranges(vec![one(1), one(3)]));
    program.interface.reshape_feature("main", "x", vec![1, 3], only).unwrap();
    assert_eq!(codes(&program), Vec::<&str>::new(), "no other sizes may");
    program.interface.reshape_feature("main", "x", ones, sizes(1)).unwrap();
    assert_eq!(codes(&program), ["feature-type"]);
    let mut program = sound();
    features(&mut program, |features| features.predicted_feature = "label".into());
    assert_eq!(codes(&program), ["predicted-feature"]);
    let mut program = sound();
    let function = program.functions.get_mut("main").unwrap();
    function.specializations.insert(Opset::new("CoreML99"), Graph::new(Vec::new()));
    assert_eq!(codes(&program), ["signature"]);
    assert_eq!(verify(&program).unchecked.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn random_graphs_have_sound_values_and_touched_ops_say_the_same(seed in common::block(2)) {
        let mut graph = common::build(&seed);
        let ops: Vec<OpId> = graph.walk().collect();
        let structural = |graph: &Graph, ops: &[OpId]| {
            let mut found = verify_ops(graph, ops).violations;
            found.retain(|violation| ["undefined-value", "undefined-output", "duplicate-name"].contains(&violation.code));
            found
        };
        prop_assert_eq!(structural(&graph, &ops), []);
        if let [.., last] = ops[..] {
            let start = At::Start(graph.op(last).block());
            let checkpoint = graph.checkpoint();
            graph.move_op(last, start).unwrap();
            let all: Vec<OpId> = graph.walk().collect();
            let touched = graph.touched_since(checkpoint);
            prop_assert_eq!(structural(&graph, &touched).len(), structural(&graph, &all).len());
        }
    }
}

#[test]
fn what_is_said_of_a_member_can_be_asked_for() {
    let report = |code: &'static str| Report {
        violations: vec![Violation::new(code, Place::function(&"main".into()), "wrong")],
        unchecked: vec![Violation::new(code, Place::default(), "not known")],
    };
    let mut all = report("of the pipeline");
    all.extend(report("of the first").within(&[0]));
    all.extend(report("of a member of the first").within(&[0, 1]));
    assert_eq!(all.of_member(&[]), report("of the pipeline"));
    assert_eq!(all.of_member(&[0]), report("of the first"));
    assert_eq!(all.of_member(&[0, 1]), report("of a member of the first"));
    assert_eq!(all.of_member(&[1]), Report::default());
}
