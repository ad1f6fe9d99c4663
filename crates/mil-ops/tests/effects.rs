//! What may be erased, merged and moved.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use mil_ir::{At, Carried, Graph, NewBlock, NewOp, OpId, Operand, Release, Type, TypeKind, ValueId};
use mil_ops::{ProgramBuilder, can_erase, can_merge, can_move, captured, effects, is_known};
use mil_tensor::{DType, Tensor};

/// A program with an input, a state, and what is done with the state.
struct States {
    graph: Graph,
    state: ValueId,
    first: OpId,
    write: OpId,
    second: OpId,
    third: OpId,
}

fn states() -> States {
    let mut builder = ProgramBuilder::new(Release::IOS18);
    let ty = Type::fixed(DType::Fp16, &[2]);
    let x = builder.input("x", ty.clone());
    let state = builder.input("s", Type::new(TypeKind::State(ty)));
    let read =
        |builder: &mut ProgramBuilder| builder.op(NewOp::new("read_state").with("input", state)).unwrap();
    let first = read(&mut builder);
    builder.emit(NewOp::new("write_state").with("input", state).with("data", x)).unwrap();
    let second = read(&mut builder);
    let third = read(&mut builder);
    let graph = builder.graph().clone();
    let definition = |value| graph.definition(value).unwrap();
    let (first, second, third) = (definition(first), definition(second), definition(third));
    let write = graph.next(first).unwrap();
    States { graph, state, first, write, second, third }
}

#[test]
fn a_write_stays_and_separates_reads() {
    let States { graph, state, first, write, second, third } = states();
    assert_eq!(effects(&graph, write).writes[..], [state]);
    assert!(!can_erase(&graph, write));
    assert!(can_erase(&graph, first));
    assert!(can_merge(&graph, second, third));
    assert!(!can_merge(&graph, first, second));
    assert!(!can_merge(&graph, third, second));
    assert!(can_move(&graph, third, second));
    assert!(!can_move(&graph, third, write));
    assert!(!can_move(&graph, write, third));
    assert!(!can_move(&graph, first, second));
}

#[test]
fn random_numbers_are_not_merged() {
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let draw = |builder: &mut ProgramBuilder| {
        builder.op(NewOp::new("random_normal").with("shape", Tensor::ints(&[3]))).unwrap()
    };
    let (a, b) = (draw(&mut builder), draw(&mut builder));
    let graph = builder.graph();
    let (a, b) = (graph.definition(a).unwrap(), graph.definition(b).unwrap());
    assert!(effects(graph, a).random);
    assert!(!can_merge(graph, a, b));
    assert!(can_erase(graph, a));
}

#[test]
fn nobody_touches_unknown_ops() {
    let mut graph = Graph::new(vec![("x".into(), Type::fixed(DType::Fp32, &[1]))]);
    let x = graph.root().inputs()[0];
    let custom =
        |name: &str| NewOp::new("custom_layer").with("x", x).result(name, Type::fixed(DType::Fp32, &[1]));
    let a = graph.insert(custom("a"), At::End(Graph::ROOT));
    let b = graph.insert(custom("b"), At::End(Graph::ROOT));
    assert!(effects(&graph, a).opaque);
    assert!(!can_erase(&graph, a) && !can_merge(&graph, a, b) && !can_move(&graph, b, a));
}

#[test]
fn nobody_touches_ops_with_unknown_fields() {
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let x = builder.input("x", Type::fixed(DType::Fp32, &[1]));
    let relu = |builder: &mut ProgramBuilder| builder.op(NewOp::new("relu").with("x", x)).unwrap();
    let values = [relu(&mut builder), relu(&mut builder), relu(&mut builder)];
    let graph = builder.graph_mut();
    let [a, b, c] = values.map(|value| graph.definition(value).unwrap());
    let carried = || Some(Box::new(Carried { own: vec![1], ..Carried::default() }));
    assert!(is_known(graph, a) && can_merge(graph, a, b) && can_erase(graph, a) && can_move(graph, b, a));
    graph.set_op_carried(a, carried());
    graph.set_value_carried(values[2], carried());
    for op in [a, c] {
        assert!(!is_known(graph, op) && effects(graph, op).opaque);
        assert!(!can_erase(graph, op) && !can_merge(graph, op, b) && !can_merge(graph, b, op));
    }
    assert!(!can_move(graph, c, b));
}

#[test]
fn moves_respect_operands_users_and_blocks() {
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let ty = Type::fixed(DType::Fp32, &[1]);
    let x = builder.input("x", ty.clone());
    let relu = builder.op(NewOp::new("relu").with("x", x)).unwrap();
    let square = builder.op(NewOp::new("square").with("x", relu)).unwrap();
    let graph = builder.graph_mut();
    let (relu_op, square_op) = (graph.definition(relu).unwrap(), graph.definition(square).unwrap());
    let mut new =
        NewOp::new("while_loop").with_all("loop_vars", [Operand::from(square)]).result("y", ty.clone());
    for name in ["a", "b"] {
        new.blocks.push(NewBlock { inputs: vec![(name.into(), ty.clone())] });
    }
    let looped = graph.insert(new, At::End(Graph::ROOT));
    let body = graph.op(looped).blocks()[1];
    let inner = graph.insert(NewOp::new("exp").with("x", relu).result("e", ty), At::End(body));
    let e = graph.op(inner).results()[0];
    graph.set_outputs(body, [e]);

    assert_eq!(captured(graph, looped), [relu, square]);
    assert!(!can_move(graph, square_op, relu_op));
    assert!(!can_move(graph, relu_op, looped));
    assert!(can_move(graph, inner, looped));
    assert!(can_move(graph, inner, square_op));
    assert!(!can_move(graph, inner, relu_op));
    assert!(!can_move(graph, looped, inner));
    assert!(can_erase(graph, looped));
    assert!(!can_erase(graph, relu_op));
}

#[test]
fn equal_ops_merge_into_the_first() {
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let x = builder.input("x", Type::fixed(DType::Fp32, &[2, 3]));
    let sum = |builder: &mut ProgramBuilder, axis: i32| {
        builder.op(NewOp::new("reduce_sum").with("x", x).with("axes", Tensor::ints(&[axis]))).unwrap()
    };
    let values = [sum(&mut builder, 1), sum(&mut builder, 1), sum(&mut builder, 0)];
    let graph = builder.graph();
    let [a, b, c] = values.map(|value| graph.definition(value).unwrap());
    assert!(can_merge(graph, a, b));
    assert!(!can_merge(graph, b, a));
    assert!(!can_merge(graph, a, c));
    assert!(!can_merge(graph, a, a));
}
