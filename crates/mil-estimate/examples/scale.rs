//! How the time of an estimate grows with the program: chains and branching graphs of 1,000 to 100,000 ops,
//! placed on an M4.
//!
//! ```text
//! cargo run --release -p mil-estimate --example scale
//! ```

#![allow(clippy::print_stdout, reason = "an example that prints a table")]

use std::time::{Duration, Instant};

use mil_estimate::{Target, TargetError, estimate};
use mil_ir::{At, Function, Graph, Interface, Literal, NewOp, Operand, Program, Release, Type, ValueId};
use mil_tensor::{DType, Tensor};

const SIZES: [usize; 5] = [1_000, 10_000, 20_000, 50_000, 100_000];
const RUNS: usize = 5;

fn main() -> Result<(), TargetError> {
    let target = Target::new("M4", "27", "cpu-and-ne")?;
    let far = Target::new("A15", "18", "cpu-and-ne")?;
    println!("median of {RUNS}, ms   ops      M4     A15   ns per op (M4)  segments");
    for (name, build) in [("chain", chain as fn(usize) -> Program), ("fragments", fragments), ("wide", wide)]
    {
        for size in SIZES {
            let program = build(size);
            let (near, segments) = median(&program, &target);
            let (assumed, _) = median(&program, &far);
            let per_op = near.as_nanos() as f64 / size as f64;
            println!(
                "{name:<18} {size:>7} {:>7.1} {:>7.1} {per_op:>16.0} {segments:>9}",
                near.as_secs_f64() * 1e3,
                assumed.as_secs_f64() * 1e3
            );
        }
    }
    Ok(())
}

fn median(program: &Program, target: &Target) -> (Duration, usize) {
    let mut times = Vec::with_capacity(RUNS);
    let mut segments = 0;
    for _ in 0..RUNS {
        let start = Instant::now();
        let found = estimate(program, target);
        times.push(start.elapsed());
        segments = found.functions.values().map(|function| function.segments.len()).sum();
    }
    times.sort_unstable();
    (times[RUNS / 2], segments)
}

fn ty() -> Type {
    Type::fixed(DType::Fp16, &[1, 64, 32, 32])
}

fn push(graph: &mut Graph, op: NewOp) -> ValueId {
    let op = graph.insert(op, At::End(Graph::ROOT));
    graph.op(op).results()[0]
}

struct Builder {
    graph: Graph,
    weight: ValueId,
}

impl Builder {
    fn new() -> Builder {
        let mut graph = Graph::new(vec![("x".into(), ty())]);
        let weight = Tensor::splat(&[64, 64, 3, 3], half::f16::ONE);
        let weight = push(&mut graph, NewOp::constant("w", Literal::tensor(weight)));
        Builder { graph, weight }
    }

    fn op(&mut self, at: usize, kind: &str, x: ValueId) -> ValueId {
        let mut op = NewOp::new(kind).with("x", x);
        match kind {
            "conv" => op = op.with("weight", self.weight),
            "cumsum" => op = op.with("axis", Tensor::scalar(3_i32)),
            _ => {}
        }
        push(&mut self.graph, op.result(format!("v{at}"), ty()))
    }

    fn finish(mut self, last: ValueId) -> Program {
        self.graph.set_outputs(Graph::ROOT, [last]);
        let mut program = Program::new(Interface::default());
        program.functions.insert("main".into(), Function::new(Release::IOS17.opset(), self.graph));
        program
    }
}

/// Convolutions and activations, one after the other: one segment.
fn chain(size: usize) -> Program {
    let mut builder = Builder::new();
    let mut last = builder.graph.root().inputs()[0];
    for at in 0..size {
        last = builder.op(at, if at % 2 == 0 { "conv" } else { "relu" }, last);
    }
    builder.finish(last)
}

/// The same with a cumsum, which the ANE does not have, every 20 ops.
fn fragments(size: usize) -> Program {
    let mut builder = Builder::new();
    let mut last = builder.graph.root().inputs()[0];
    for at in 0..size {
        let kind = match at % 20 {
            19 => "cumsum",
            even if even % 2 == 0 => "conv",
            _ => "relu",
        };
        last = builder.op(at, kind, last);
    }
    builder.finish(last)
}

/// Every convolution reads the input, and one concat reads them all.
fn wide(size: usize) -> Program {
    let mut builder = Builder::new();
    let x = builder.graph.root().inputs()[0];
    let values: Vec<ValueId> = (1..size).map(|at| builder.op(at, "conv", x)).collect();
    let width = 64 * values.len();
    let concat = NewOp::new("concat")
        .with_all("values", values.into_iter().map(Operand::Value))
        .with("axis", Tensor::scalar(1_i32))
        .with("interleave", Tensor::bool(false))
        .result("all", Type::fixed(DType::Fp16, &[1, width, 32, 32]));
    let last = push(&mut builder.graph, concat);
    builder.finish(last)
}
