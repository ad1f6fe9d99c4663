//! A network that was made worse on purpose is brought back by the pipeline `ane`: moves through six axes and
//! back, orders of channels and back, padding that is cut off again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use milopt::estimate::{Summary, Target, estimate};
use milopt::eval::{EvalValue, Evaluator, Flavour, Outputs, compare, random_inputs};
use milopt::ir::{NewOp, OpId, Opset, ValueId};
use milopt::pass::Rewrite;
use milopt::tensor::Tensor;
use milopt::{Package, Pipeline, Program, Runner, passes};

const FP16: &str = "default,add_fp16_cast,cleanup";

fn target() -> Target {
    Target::new("M4", "26", "cpu-and-ne").unwrap()
}

fn summary(program: &Program) -> Summary {
    estimate(program, &target()).functions["main"].summary.clone()
}

fn run(pipeline: &str, program: &Program) -> Program {
    let mut after = program.clone();
    let pipeline = Pipeline::parse(pipeline, &passes::registry()).unwrap();
    // Programs with six axes break a rule as they are.
    Runner::new().verify(false).run(&pipeline, &mut after).unwrap();
    after
}

fn ints(values: &[usize]) -> Tensor {
    Tensor::ints(&values.iter().map(|&value| i32::try_from(value).unwrap()).collect::<Vec<_>>())
}

/// Puts a detour before the operand `x` of every convolution of a map whose channels and rows can be halved,
/// one kind after the other.
fn worsened(program: &Program) -> (Program, usize) {
    let mut worse = program.clone();
    let function = worse.functions.get_mut("main").unwrap();
    let opset: Opset = function.opset.clone();
    let graph = function.graph_mut().unwrap();
    let convs: Vec<OpId> = graph.root().ops().filter(|&op| graph.op(op).kind().as_str() == "conv").collect();
    let mut rw = Rewrite::new(graph, &opset);
    let mut count = 0;
    for conv in convs {
        let x = rw.input(conv, "x").unwrap();
        let [1, channels, rows, columns] = rw.shape(x).unwrap()[..] else { continue };
        if channels % 2 + rows % 2 + columns % 2 > 0 || rows < 8 || rw.graph().definition(x).is_none() {
            continue;
        }
        let shape = [channels, rows, columns];
        let detour = match count % 3 {
            0 => through_six_axes(&mut rw, conv, x, shape),
            1 => through_an_order(&mut rw, conv, x, shape),
            _ => through_a_pad(&mut rw, conv, x, shape),
        };
        rw.graph_mut().set_operand(conv, "x", 0, detour);
        count += 1;
    }
    (worse, count)
}

fn emit(rw: &mut Rewrite<'_>, before: OpId, new: NewOp) -> ValueId {
    rw.emit_one(new.named("detour"), before).unwrap()
}

fn through_six_axes(rw: &mut Rewrite<'_>, at: OpId, x: ValueId, [c, h, w]: [usize; 3]) -> ValueId {
    let six = ints(&[1, c, h / 2, 2, w / 2, 2]);
    let order = || ints(&[0, 1, 2, 5, 4, 3]);
    let mut value = emit(rw, at, NewOp::new("reshape").with("x", x).with("shape", six));
    for _ in 0..2 {
        value = emit(rw, at, NewOp::new("transpose").with("x", value).with("perm", order()));
        let one = Tensor::from_f64s(milopt::tensor::DType::Fp16, &[], &[1.0]).unwrap();
        value = emit(rw, at, NewOp::new("mul").with("x", value).with("y", one));
    }
    emit(rw, at, NewOp::new("reshape").with("x", value).with("shape", ints(&[1, c, h, w])))
}

fn through_an_order(rw: &mut Rewrite<'_>, at: OpId, x: ValueId, [c, ..]: [usize; 3]) -> ValueId {
    let order: Vec<usize> = (0..c).rev().collect();
    let gather = |x| {
        let new = NewOp::new("gather").with("x", x).with("indices", ints(&order));
        new.with("axis", Tensor::scalar(1_i32)).with("batch_dims", Tensor::scalar(0_i32))
    };
    let turned = emit(rw, at, gather(x));
    emit(rw, at, gather(turned))
}

fn through_a_pad(rw: &mut Rewrite<'_>, at: OpId, x: ValueId, [c, h, w]: [usize; 3]) -> ValueId {
    let pad = NewOp::new("pad").with("x", x).with("pad", ints(&[0, 0, 0, 0, 3, 3, 3, 3]));
    let pad = pad.with("mode", Tensor::string("reflect"));
    let padded = emit(rw, at, pad);
    let slice = NewOp::new("slice_by_index").with("x", padded).with("begin", ints(&[0, 0, 3, 3]));
    emit(rw, at, slice.with("end", ints(&[1, c, h + 3, w + 3])))
}

fn outputs(program: &Program) -> Outputs {
    let features = program.interface.function("main");
    let inputs = random_inputs(program.graph("main").unwrap(), features, Flavour::Normal, 5).unwrap();
    let evaluator = Evaluator::new(program, "main", Default::default()).unwrap();
    evaluator.session().unwrap().run(&inputs).unwrap()
}

#[test]
fn detours_go() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/star_hourglass.mlpackage");
    let whole = run(FP16, &Package::open(path).unwrap().take_program().unwrap());
    let (worse, count) = worsened(&whole);
    let (before, made_worse) = (summary(&whole), summary(&worse));
    // So many cuts leave no part that is worth a switch: all of it is on the CPU.
    let is_worse = made_worse.cost_ms > 1.2 * before.cost_ms && made_worse.ane_share < before.ane_share;
    assert!(count >= 15 && is_worse, "{count} detours: {made_worse:?}, from {before:?}");
    let back =
        run("default,add_fp16_cast,cleanup,improve_placement{chips=[\"M4\"],systems=[\"26\"]}", &worse);
    let after = summary(&back);
    assert!(after.segments <= before.segments, "{} of {}", after.segments, before.segments);
    assert!(after.cost_ms <= 1.001 * before.cost_ms, "{} of {} ms", after.cost_ms, before.cost_ms);
    for (name, wanted) in outputs(&whole) {
        let (EvalValue::Array(wanted), EvalValue::Array(found)) = (wanted, outputs(&back)[&name].clone())
        else {
            continue;
        };
        assert!(compare(&wanted, &found).snr_db > 40.0, "{name}");
    }
}
