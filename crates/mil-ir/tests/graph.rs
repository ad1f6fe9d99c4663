//! Mutators, journal and rewriter.
#![allow(clippy::unwrap_used, reason = "a failing test may panic anywhere")]

mod common;

use mil_ir::text::{self, PrintOptions};
use mil_ir::*;
use mil_tensor::{DType, Tensor};
use proptest::prelude::*;

/// An edit; numbers choose among what is there.
#[derive(Clone, Debug)]
enum Step {
    Insert(usize, usize, usize),
    Erase(usize),
    Replace(usize, usize),
    ReplaceAndErase(usize, usize),
    Move(usize, usize),
    Operand(usize, usize, usize),
    Drop(usize),
    Rename(usize, Name),
    SwapNames(usize, usize),
    Label(usize, Name),
    Retype(usize),
    Attribute(usize, Option<Literal>),
    AddInput(usize),
    RemoveInput(usize, usize),
    Outputs(usize, usize),
    Checkpoint,
    RollBack,
}

fn step() -> impl Strategy<Value = Step> {
    let n = || any::<usize>();
    prop_oneof![
        3 => (n(), n(), n()).prop_map(|(a, b, c)| Step::Insert(a, b, c)),
        2 => n().prop_map(Step::Erase),
        2 => (n(), n()).prop_map(|(a, b)| Step::Replace(a, b)),
        2 => (n(), n()).prop_map(|(a, b)| Step::ReplaceAndErase(a, b)),
        2 => (n(), n()).prop_map(|(a, b)| Step::Move(a, b)),
        1 => (n(), n(), n()).prop_map(|(a, b, c)| Step::Operand(a, b, c)),
        1 => n().prop_map(Step::Drop),
        1 => (n(), common::name()).prop_map(|(a, name)| Step::Rename(a, name)),
        1 => (n(), n()).prop_map(|(a, b)| Step::SwapNames(a, b)),
        1 => (n(), common::name()).prop_map(|(a, name)| Step::Label(a, name)),
        1 => n().prop_map(Step::Retype),
        1 => (n(), prop::option::of(common::literal())).prop_map(|(a, literal)| Step::Attribute(a, literal)),
        1 => n().prop_map(Step::AddInput),
        1 => (n(), n()).prop_map(|(a, b)| Step::RemoveInput(a, b)),
        1 => (n(), n()).prop_map(|(a, b)| Step::Outputs(a, b)),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::RollBack),
    ]
}

fn values(graph: &Graph) -> Vec<ValueId> {
    let inputs = graph.blocks().flat_map(|block| graph.block(block).inputs());
    inputs.chain(graph.walk().flat_map(|op| graph.op(op).results())).copied().collect()
}

fn pick<T: Copy>(from: &[T], number: usize) -> Option<T> {
    from.get(number.checked_rem(from.len())?).copied()
}

fn apply(graph: &mut Graph, step: &Step) -> Option<()> {
    let ops: Vec<OpId> = graph.walk().collect();
    let values = values(graph);
    let blocks: Vec<BlockId> = graph.blocks().collect();
    let is_inside = |graph: &Graph, op: OpId, block: BlockId| {
        graph
            .op(op)
            .blocks()
            .iter()
            .any(|&inner| graph.ancestor_in(graph.block(block).return_op(), inner).is_some())
    };
    match step {
        Step::Insert(block, x, y) => {
            let mut new = NewOp::new("add").result(graph.fresh_name("sum"), Type::scalar(DType::Fp16));
            for (param, value) in [("x", x), ("y", y)] {
                if let Some(value) = pick(&values, *value) {
                    new = new.with(param, value);
                }
            }
            if x % 3 == 0 {
                new.blocks
                    .push(NewBlock { inputs: vec![(graph.fresh_name("inner"), Type::scalar(DType::Int32))] });
            }
            let at =
                if y % 2 == 0 { At::End(pick(&blocks, *block)?) } else { At::Before(pick(&ops, *block)?) };
            graph.insert(new, at);
        }
        Step::Erase(op) => drop(graph.erase(pick(&ops, *op)?)),
        Step::Replace(old, new) => graph.replace_uses(pick(&values, *old)?, pick(&values, *new)?),
        Step::ReplaceAndErase(op, new) => {
            let op = pick(&ops, *op)?;
            let new = pick(&values, *new)?;
            if graph.op(op).results().contains(&new) {
                return None;
            }
            for value in graph.op(op).results().to_vec() {
                graph.replace_uses(value, new);
            }
            drop(graph.erase(op));
        }
        Step::Move(op, before) => {
            let (op, before) = (pick(&ops, *op)?, pick(&ops, *before)?);
            if !is_inside(graph, op, graph.op(before).block()) {
                graph.move_op(op, At::Before(before)).unwrap();
            }
        }
        Step::Operand(op, position, value) => {
            graph.set_operand(pick(&ops, *op)?, "x", position % 3, pick(&values, *value)?);
        }
        Step::Drop(op) => graph.set_argument(pick(&ops, *op)?, "x", None),
        Step::Rename(value, name) => graph.rename_value(pick(&values, *value)?, name),
        Step::SwapNames(a, b) => graph.swap_names(pick(&values, *a)?, pick(&values, *b)?),
        Step::Label(op, name) => graph.rename_op(pick(&ops, *op)?, Some(name.clone())),
        Step::Retype(value) => graph.retype(pick(&values, *value)?, Type::fixed(DType::Int8, &[7])),
        Step::Attribute(op, literal) => graph.set_attribute(pick(&ops, *op)?, "note", literal.clone()),
        Step::AddInput(block) => {
            let name = graph.fresh_name("added");
            graph.add_input(pick(&blocks, *block)?, name, Type::scalar(DType::Bool));
        }
        Step::RemoveInput(block, input) => {
            let block = pick(&blocks, *block)?;
            let input = pick(graph.block(block).inputs(), *input)?;
            graph.remove_input(block, input);
        }
        Step::Outputs(block, value) => graph.set_outputs(pick(&blocks, *block)?, pick(&values, *value)),
        Step::Checkpoint | Step::RollBack => {}
    }
    Some(())
}

fn shown(graph: &Graph) -> (String, Vec<Name>) {
    let mut program = Program::new(Interface::default());
    program.functions.insert("main".into(), Function::new(Opset::new("CoreML8"), graph.clone()));
    let names = values(graph).iter().map(|&value| graph.value(value).name().clone()).collect();
    (text::print(&program, &PrintOptions::default().inline_all()), names)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_keep_the_index_and_are_undone(seed in common::block(2), steps in prop::collection::vec(step(), 0..30)) {
        let mut graph = common::build(&seed);
        prop_assert_eq!(graph.check(), Vec::<String>::new());
        let mut marks = vec![(graph.checkpoint(), shown(&graph))];
        for step in &steps {
            match step {
                Step::Checkpoint => marks.push((graph.checkpoint(), shown(&graph))),
                Step::RollBack => {
                    let (checkpoint, before) = if marks.len() > 1 { marks.pop().unwrap() } else { marks[0].clone() };
                    graph.roll_back(checkpoint);
                    prop_assert_eq!(shown(&graph), before);
                }
                _ => drop(apply(&mut graph, step)),
            }
            prop_assert_eq!(graph.check(), Vec::<String>::new(), "after {:?}", step);
        }
        while let Some((checkpoint, before)) = marks.pop() {
            graph.roll_back(checkpoint);
            prop_assert_eq!(graph.check(), Vec::<String>::new());
            prop_assert_eq!(shown(&graph), before);
        }
    }
}

fn relu(name: &str, x: ValueId) -> NewOp {
    NewOp::new("relu").named(name).with("x", x).result(name, Type::scalar(DType::Fp16))
}

#[test]
fn a_value_with_many_uses_is_replaced_in_time_that_grows_with_them() {
    let mut graph =
        Graph::new(vec![("x".into(), Type::scalar(DType::Fp16)), ("y".into(), Type::scalar(DType::Fp16))]);
    let [x, y] = graph.root().inputs().to_vec()[..] else { unreachable!() };
    const USERS: usize = 20_000;
    for index in 0..USERS {
        graph.insert(relu(&format!("r{index}"), x), At::End(Graph::ROOT));
    }
    let concat = NewOp::new("concat").with_all("values", std::iter::repeat_n(Operand::Value(x), USERS));
    graph.insert(concat.result("all", Type::scalar(DType::Fp16)), At::End(Graph::ROOT));
    let checkpoint = graph.checkpoint();
    graph.replace_uses(x, y);
    assert_eq!(graph.edits_since(checkpoint).len(), 2 * USERS);
    assert!(graph.is_unused(x));
    assert_eq!(graph.uses(y).count(), 2 * USERS);
    graph.roll_back(checkpoint);
    assert!(graph.is_unused(y));
    assert_eq!(graph.check(), Vec::<String>::new());
}

#[test]
fn uses_stay_in_step_where_an_op_uses_a_value_twice() {
    let x = Type::fixed(DType::Fp32, &[2]);
    let mut graph = Graph::new(vec![("x".into(), x.clone()), ("z".into(), x.clone())]);
    let [x, z] = [graph.root().inputs()[0], graph.root().inputs()[1]];
    let add = |at: usize| {
        let ty = Type::fixed(DType::Fp32, &[2]);
        NewOp::new("add").with("x", x).with("y", x).result(format!("y{at}"), ty)
    };
    let ops: Vec<OpId> = (0..80).map(|at| graph.insert(add(at), At::End(Graph::ROOT))).collect();
    // The oldest first: their uses are the last in the list of the value's.
    for &op in &ops[..60] {
        graph.erase(op).unwrap();
        assert_eq!(graph.check(), Vec::<String>::new());
    }
    let start = graph.checkpoint();
    graph.replace_uses_if(x, z, |op| ops[60..75].contains(&op));
    assert_eq!(graph.check(), Vec::<String>::new());
    assert_eq!((graph.uses(x).count(), graph.uses(z).count()), (10, 30));
    graph.roll_back(start);
    assert_eq!(graph.check(), Vec::<String>::new());
    assert_eq!(graph.uses(x).count(), 40);
}

#[test]
fn an_op_of_type_return_is_an_op() {
    let mut graph = Graph::new(Vec::new());
    let odd = graph.insert(NewOp::new("return"), At::End(Graph::ROOT));
    let after = graph.insert(NewOp::new("relu"), At::End(Graph::ROOT));
    assert_eq!(graph.walk().collect::<Vec<_>>(), [odd, after]);
    graph.erase(odd).unwrap();
}

#[test]
fn names_are_free_again_after_a_rollback() {
    let mut graph = Graph::new(vec![("x".into(), Type::scalar(DType::Fp16))]);
    let x = graph.root().inputs()[0];
    let checkpoint = graph.checkpoint();
    let op = graph.insert(relu("y", x), At::End(Graph::ROOT));
    graph.rename_value(graph.op(op).results()[0], "z");
    graph.add_input(Graph::ROOT, "more", Type::scalar(DType::Bool));
    graph.rename_value(x, "input");
    assert!(["z", "more", "input"].iter().all(|name| graph.has_value_named(name)));
    graph.roll_back(checkpoint);
    assert!(["y", "z", "more", "input"].iter().all(|name| !graph.has_value_named(name)));
    assert!(graph.has_value_named("x"));
    assert_eq!(graph.fresh_name("y"), "y");
}

/// `main(x) { a = relu(x); b = relu(a); } -> (a, b)`.
fn chain() -> (Graph, [ValueId; 3], [OpId; 2]) {
    let mut graph = Graph::new(vec![("x".into(), Type::scalar(DType::Fp16))]);
    let x = graph.root().inputs()[0];
    let first = graph.insert(relu("a", x), At::End(Graph::ROOT));
    let a = graph.op(first).results()[0];
    let second = graph.insert(relu("b", a), At::End(Graph::ROOT));
    let b = graph.op(second).results()[0];
    graph.set_outputs(Graph::ROOT, [a, b]);
    (graph, [x, a, b], [first, second])
}

fn output_names(graph: &Graph) -> Vec<Name> {
    graph.root().outputs().map(|value| graph.value(value).name().clone()).collect()
}

#[test]
fn a_successor_takes_over_the_name_of_an_output() {
    let (mut graph, [x, ..], [_, second]) = chain();
    let mut rewriter = Rewriter::new(&mut graph);
    let new = rewriter.insert(relu("fused", x), second);
    let value = rewriter.graph().op(new).results()[0];
    rewriter.replace_with_existing(second, &[value], &[]).unwrap();
    assert_eq!(output_names(&graph), ["a", "b"]);
    assert_eq!(graph.root().outputs().nth(1), Some(value));
    assert_eq!(graph.origins(new), ["b"]);
    assert_eq!(graph.op_count(), 2);
    assert_eq!(graph.check(), Vec::<String>::new());
}

#[test]
fn an_identity_takes_the_name_where_the_successor_cannot() {
    // The successor is an input.
    let (mut graph, [x, ..], [first, second]) = chain();
    Rewriter::new(&mut graph).replace_with_existing(first, &[x], &[]).unwrap();
    assert_eq!(output_names(&graph), ["a", "b"]);
    assert_eq!(graph.input(second, "x"), Some(x), "other users take the input itself");
    // The successor is another output.
    let (mut graph, [_, a, _], [_, second]) = chain();
    Rewriter::new(&mut graph).replace_with_existing(second, &[a], &[]).unwrap();
    assert_eq!(output_names(&graph), ["a", "b"]);
    // The successor is a constant.
    let (mut graph, _, [_, second]) = chain();
    let mut rewriter = Rewriter::new(&mut graph);
    let constant = rewriter.tensor("c", Tensor::ints(&[1]), second);
    rewriter.replace_with_existing(second, &[constant], &[]).unwrap();
    assert_eq!(output_names(&graph), ["a", "b"]);
    let identities = graph.walk().filter(|&op| &**graph.op(op).kind() == "identity").count();
    assert_eq!(identities, 1);
    assert_eq!(graph.check(), Vec::<String>::new());
}

#[test]
fn results_of_one_op_get_different_names() {
    let (mut graph, [x, ..], [first, _]) = chain();
    let ty = graph.value(x).ty().clone();
    let twice = NewOp::new("split").with("x", x).result("part", ty.clone()).result("part", ty);
    let new = Rewriter::new(&mut graph).insert(twice, first);
    let names: Vec<String> =
        graph.op(new).results().iter().map(|&value| graph.value(value).name().to_string()).collect();
    assert_eq!(names, ["part", "part_0"]);
    assert_eq!(graph.check(), Vec::<String>::new());
}

#[test]
fn erasing_a_used_op_is_refused() {
    let (mut graph, _, [first, second]) = chain();
    assert!(matches!(graph.erase(first), Err(GraphError::InUse { .. })));
    assert_eq!(graph.erase(graph.root().return_op()), Err(GraphError::Return));
    assert!(graph.is_live(second));
}

#[test]
fn there_is_always_room_between_two_ops() {
    let mut graph = Graph::new(Vec::new());
    let last = graph.insert(NewOp::new("last"), At::End(Graph::ROOT));
    for _ in 0..500 {
        graph.insert(NewOp::new("start"), At::Start(Graph::ROOT));
        graph.insert(NewOp::new("before"), At::Before(last));
    }
    assert_eq!(graph.check(), Vec::<String>::new());
    let ops: Vec<OpId> = graph.walk().collect();
    assert!(ops.windows(2).all(|pair| graph.is_before(pair[0], pair[1])));
}

#[test]
fn a_revision_names_a_content() {
    let (mut graph, [x, ..], [_, second]) = chain();
    let (before, checkpoint) = (graph.revision(), graph.checkpoint());
    assert_eq!(graph.clone().revision(), before, "a copy has the same content");
    graph.set_operand(second, "x", 0, x);
    let changed = graph.revision();
    assert_ne!(changed, before);
    graph.roll_back(checkpoint);
    assert_eq!(graph.revision(), before, "a rollback brings it back");
    graph.set_operand(second, "x", 0, x);
    assert_ne!(graph.revision(), changed, "no revision comes twice");
}

#[test]
fn what_loses_a_use_is_known() {
    let (mut graph, [x, ..], [first, second]) = chain();
    let checkpoint = graph.checkpoint();
    graph.set_operand(second, "x", 0, x);
    assert_eq!(graph.freed_since(checkpoint), [first]);
    graph.roll_back(checkpoint);
    graph.set_outputs(Graph::ROOT, []);
    let checkpoint = graph.checkpoint();
    graph.erase(second).unwrap();
    assert_eq!(graph.freed_since(checkpoint), [first], "the producer of what was erased");
}

#[test]
fn an_op_like_another_keeps_what_is_not_changed() {
    let mut graph = Graph::new(vec![("x".into(), Type::fixed(DType::Fp32, &[2]))]);
    let x = graph.root().inputs()[0];
    let old = NewOp::new("clip").named("old").with("x", x).with("alpha", Tensor::scalar(0.0_f32));
    let old = old.attribute("beta", Literal::tensor(Tensor::scalar(1.0_f32)));
    let old = graph.insert(old.result("y", Type::fixed(DType::Fp32, &[2])), At::End(Graph::ROOT));
    let carried = Carried { own: vec![1, 2, 3], ..Carried::default() };
    graph.set_op_carried(old, Some(Box::new(carried.clone())));
    let new = NewOp::like(&graph, old);
    assert_eq!((new.kind.as_str(), &new.name, &new.inline[..]), ("clip", &None, &["alpha".into()][..]));
    let new = new.set("beta", Tensor::scalar(2.0_f32)).without("alpha");
    assert!(new.inline.is_empty());
    let new = graph.insert(new, At::End(Graph::ROOT));
    let new = graph.op(new);
    assert_eq!(new.arguments().map(|(param, _)| param.as_str()).collect::<Vec<_>>(), ["beta", "x"]);
    assert!(new.attributes().get("beta").is_none(), "bound once, whatever the spelling was");
    assert_eq!(new.carried(), Some(&carried));
}

#[test]
fn an_op_lets_go_of_all_its_operands_though_uses_are_tidied_meanwhile() {
    for count in 10..20 {
        let mut graph = Graph::new(vec![("x".into(), Type::scalar(DType::Fp16))]);
        let x = graph.root().inputs()[0];
        let end = At::End(Graph::ROOT);
        let old: Vec<OpId> = (0..count).map(|i| graph.insert(relu(&format!("old_{i}"), x), end)).collect();
        let sum = NewOp::new("add").with("x", x).with("y", x).result("sum", Type::scalar(DType::Fp16));
        let sum = graph.insert(sum, end);
        graph.insert(relu("new", x), end);
        for op in old.into_iter().chain([sum]) {
            graph.erase(op).unwrap();
        }
        assert_eq!(graph.check(), Vec::<String>::new(), "{count}");
    }
}
