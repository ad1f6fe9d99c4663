//! Programs run: states, blocks, constants, limits, comparison.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use mil_eval::{
    Array, Error, EvalError, EvalOptions, Evaluator, Flavour, Inputs, Numerics, random_inputs, verify,
};
use mil_ir::{At, BlockId, Graph, NewBlock, NewOp, Operand, Opset, Release, Type, ValueId};
use mil_tensor::{DType, Tensor};

fn opset() -> Opset {
    Release::IOS18.opset()
}

fn fp32(shape: &[usize]) -> Type {
    Type::fixed(DType::Fp32, shape)
}

fn add(graph: &mut Graph, block: BlockId, op: NewOp) -> ValueId {
    let op = graph.insert(op, At::End(block));
    graph.op(op).results()[0]
}

fn root(graph: &mut Graph, op: NewOp) -> ValueId {
    add(graph, Graph::ROOT, op)
}

fn input(graph: &Graph, name: &str) -> ValueId {
    graph.input_named(name).unwrap()
}

fn evaluator(graph: &Graph, options: EvalOptions) -> Evaluator<'_> {
    Evaluator::of_graph(graph, &opset(), "main".into(), None, options).unwrap()
}

fn x(values: &[f32]) -> Inputs {
    Inputs::from([("x".into(), Array::from_vec(&[values.len()], values.to_vec()).unwrap())])
}

fn floats(graph: &Graph, inputs: &Inputs) -> Result<Vec<f32>, Error> {
    let outputs = evaluator(graph, EvalOptions::default()).run(inputs)?;
    Ok(outputs["y"].as_array().unwrap().reals::<f32>().unwrap().into_owned())
}

/// `y = (x + 1) * 2`
fn simple() -> Graph {
    let mut graph = Graph::new(vec![("x".into(), fp32(&[2]))]);
    let one = root(&mut graph, NewOp::constant("one", Tensor::scalar(1_f32)));
    let x = input(&graph, "x");
    let sum = root(&mut graph, NewOp::new("add").with("x", x).with("y", one).result("sum", fp32(&[2])));
    let two = Operand::from(Tensor::scalar(2_f32));
    let y = root(&mut graph, NewOp::new("mul").with("x", sum).with("y", two).result("y", fp32(&[2])));
    graph.set_outputs(Graph::ROOT, [y]);
    graph
}

#[test]
fn a_program_runs() {
    assert_eq!(floats(&simple(), &x(&[1.0, -2.0])).unwrap(), [4.0, -2.0]);
}

#[test]
fn values_on_the_way_can_be_asked_for() {
    let graph = simple();
    let evaluator = evaluator(&graph, EvalOptions::default()).with_outputs(&["sum", "x"]).unwrap();
    let outputs = evaluator.run(&x(&[1.0, 2.0])).unwrap();
    assert_eq!(outputs["sum"].as_array().unwrap().slice::<f32>().unwrap(), [2.0, 3.0]);
    assert!(matches!(evaluator.with_outputs(&["nothing"]), Err(Error::NoSuch { .. })));
}

#[test]
fn inputs_are_checked() {
    let graph = simple();
    assert!(matches!(floats(&graph, &Inputs::new()), Err(Error::MissingInput { .. })));
    assert!(matches!(floats(&graph, &x(&[1.0])), Err(Error::Input { .. })));
    let mut more = x(&[1.0, 2.0]);
    more.insert("z".into(), Array::int(1));
    assert!(matches!(floats(&graph, &more), Err(Error::NoSuch { .. })));
    let ints = Inputs::from([("x".into(), Array::ints(vec![1, 2]))]);
    assert_eq!(floats(&graph, &ints).unwrap(), [4.0, 6.0]);
}

#[test]
fn states_live_across_calls() {
    let state = Type::new(mil_ir::TypeKind::State(Type::fixed(DType::Fp16, &[2])));
    let half = || Type::fixed(DType::Fp16, &[2]);
    let mut graph = Graph::new(vec![("x".into(), half()), ("total".into(), state)]);
    let (x_value, total) = (input(&graph, "x"), input(&graph, "total"));
    let old = root(&mut graph, NewOp::new("read_state").with("input", total).result("old", half()));
    let y = root(&mut graph, NewOp::new("add").with("x", old).with("y", x_value).result("y", half()));
    graph.insert(NewOp::new("write_state").with("input", total).with("data", y), At::End(Graph::ROOT));
    graph.set_outputs(Graph::ROOT, [y]);
    let evaluator = evaluator(&graph, EvalOptions::default());
    let mut session = evaluator.session().unwrap();
    for wanted in [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]] {
        let outputs = session.run(&x(&[1.0, 2.0])).unwrap();
        assert_eq!(outputs["y"].as_array().unwrap().slice::<f32>().unwrap(), wanted);
    }
    session.set_state("total", &Array::from_vec(&[2], vec![10_f32, 10.0]).unwrap()).unwrap();
    let outputs = session.run(&x(&[1.0, 2.0])).unwrap();
    assert_eq!(outputs["y"].as_array().unwrap().slice::<f32>().unwrap(), [11.0, 12.0]);
    assert_eq!(evaluator.run(&x(&[1.0, 2.0])).unwrap()["y"].as_array().unwrap().len(), 2);
}

/// Doubles `x` while it is less than 100; for ever if `endless`.
fn doubling(endless: bool) -> Graph {
    let (scalar, truth) = (fp32(&[]), Type::scalar(DType::Bool));
    let mut graph = Graph::new(vec![("x".into(), scalar.clone())]);
    let x = input(&graph, "x");
    let mut op = NewOp::new("while_loop").with_all("loop_vars", [x.into()]).result("y", scalar.clone());
    op.blocks = vec![
        NewBlock { inputs: vec![("a".into(), scalar.clone())] },
        NewBlock { inputs: vec![("b".into(), scalar.clone())] },
    ];
    let op = graph.insert(op, At::End(Graph::ROOT));
    let (condition, body) = (graph.op(op).blocks()[0], graph.op(op).blocks()[1]);
    let bound = Operand::from(Tensor::scalar(if endless { f32::INFINITY } else { 100.0 }));
    let a = graph.block(condition).inputs()[0];
    let less = add(
        &mut graph,
        condition,
        NewOp::new("less_equal").with("x", a).with("y", bound).result("less", truth),
    );
    graph.set_outputs(condition, [less]);
    let b = graph.block(body).inputs()[0];
    // Captures a value of the outer block, too.
    let half = NewOp::new("sub").with("x", x).with("y", x).result("nothing", scalar.clone());
    let nothing = add(&mut graph, body, half);
    let twice =
        add(&mut graph, body, NewOp::new("add").with("x", b).with("y", b).result("twice", scalar.clone()));
    let sum =
        add(&mut graph, body, NewOp::new("add").with("x", twice).with("y", nothing).result("next", scalar));
    graph.set_outputs(body, [sum]);
    let y = graph.op(op).results()[0];
    graph.set_outputs(Graph::ROOT, [y]);
    graph
}

fn number(value: f32) -> Inputs {
    Inputs::from([("x".into(), Array::from_vec(&[], vec![value]).unwrap())])
}

#[test]
fn loops_run_and_end() {
    assert_eq!(floats(&doubling(false), &number(3.0)).unwrap(), [192.0]);
    let graph = doubling(true);
    let mut options = EvalOptions::default();
    options.limits.iterations = 1000;
    let error = evaluator(&graph, options).run(&number(0.0)).unwrap_err();
    assert!(
        matches!(&error, Error::Op { source, .. } if matches!(**source, EvalError::TooManyIterations(1000))),
        "{error}"
    );
}

#[test]
fn calls_have_bounds() {
    let refused = |change: fn(&mut EvalOptions)| {
        let mut options = EvalOptions::default();
        change(&mut options);
        evaluator(&doubling(true), options).run(&number(0.0)).unwrap_err().to_string()
    };
    let ops = refused(|options| options.limits.ops = 100);
    assert!(ops.ends_with("a call runs more than 100 ops"), "{ops}");
    let held = refused(|options| options.limits.held_bytes = 4);
    assert!(held.ends_with("the values held at once need more than 4 bytes"), "{held}");
    // A few bytes of a program that stand for many elements.
    let mut graph = Graph::new(Vec::new());
    let y = root(&mut graph, NewOp::constant("y", Tensor::splat(&[1 << 20, 1 << 20], 0_f32)));
    graph.set_outputs(Graph::ROOT, [y]);
    let error = evaluator(&graph, EvalOptions::default()).run(&Inputs::new()).unwrap_err().to_string();
    assert!(error.contains("needs more than"), "{error}");
}

#[test]
fn unknown_ops_are_named_where_they_are_needed() {
    let mut graph = simple();
    let x_value = input(&graph, "x");
    let odd = NewOp::new("frobnicate").named("odd").with("x", x_value).result("odd", fp32(&[2]));
    let odd = root(&mut graph, odd);
    assert_eq!(floats(&graph, &x(&[0.0, 0.0])).unwrap(), [2.0, 2.0]);
    graph.set_outputs(Graph::ROOT, [odd]);
    let error = evaluator(&graph, EvalOptions::default()).run(&x(&[0.0, 0.0])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "function main, op odd: milopt does not know the op frobnicate in opset CoreML8"
    );
}

/// `y = x * (a * b)`, or `(x * a) * b`.
fn product(folded: bool, a: f32, b: f32) -> Graph {
    let mut graph = Graph::new(vec![("x".into(), fp32(&[64]))]);
    let mut value = input(&graph, "x");
    let factors = if folded { vec![a * b] } else { vec![a, b] };
    let last = factors.len() - 1;
    for (at, factor) in factors.into_iter().enumerate() {
        let name = if at == last { "y" } else { "half" };
        let factor = Operand::from(Tensor::scalar(factor));
        value =
            root(&mut graph, NewOp::new("mul").with("x", value).with("y", factor).result(name, fp32(&[64])));
    }
    graph.set_outputs(Graph::ROOT, [value]);
    graph
}

#[test]
fn promises_are_held_against_numbers() {
    let (before, after, wrong) =
        (product(false, 0.1, 0.3), product(true, 0.1, 0.3), product(true, 0.1, 0.3001));
    let inputs: Vec<Inputs> =
        Flavour::ALL.iter().map(|&flavour| random_inputs(&before, None, flavour, 3).unwrap()).collect();
    let opset = opset();
    let check = |other: &Graph, class| {
        verify((&before, &opset), (other, &opset), class, &inputs, &EvalOptions::default()).unwrap().holds()
    };
    assert!(check(&before, Numerics::Exact));
    assert!(!check(&after, Numerics::Exact));
    assert!(check(&after, Numerics::Rounding));
    assert!(!check(&wrong, Numerics::Rounding));
    assert!(check(&wrong, Numerics::Lossy { min_snr_db: 60.0 }));
    assert!(!check(&wrong, Numerics::Lossy { min_snr_db: 90.0 }));
}
