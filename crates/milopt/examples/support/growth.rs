//! Programs in which some passes have a lot to do, and others to look through: chains, fans, and nested
//! blocks.

use milopt::ir::{At, BlockId, Graph, NewBlock, NewOp, OpId, Operand, Program, Release, Type, ValueId};
use milopt::ops::{BuildError, ProgramBuilder};
use milopt::tensor::{DType, Tensor};

type Outcome = Result<Program, BuildError>;

/// Makes a program of about so many ops.
pub(crate) type Shape = fn(usize) -> Outcome;

/// Each shape, with its name.
pub(crate) const SHAPES: [(&str, Shape); 16] = [
    ("elementwise", elementwise),
    ("transposes", transposes),
    ("reshapes", reshapes),
    ("casts", casts),
    ("relus", relus),
    ("identities", identities),
    ("conv bn", conv_bn),
    ("constants", constants),
    ("sizes", sizes),
    ("equal fan", equal_fan),
    ("one constant", one_constant),
    ("cast fan", cast_fan),
    ("one value", one_value),
    ("outputs", outputs),
    ("nested", nested),
    ("attention", attention),
];

fn begin(dims: &[usize]) -> (ProgramBuilder, ValueId) {
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let x = builder.input("x", Type::fixed(DType::Fp32, dims));
    (builder, x)
}

/// One op after the other.
fn chain(
    dims: &[usize],
    ops: usize,
    mut op: impl FnMut(&mut ProgramBuilder, usize, ValueId) -> Result<ValueId, BuildError>,
) -> Outcome {
    let (mut builder, mut x) = begin(dims);
    for i in 0..ops {
        x = op(&mut builder, i, x)?;
    }
    let y = builder.op(NewOp::new("exp").named("y").with("x", x))?;
    builder.finish([y])
}

/// Ops of one value, all of which one op takes.
fn fan(
    ops: usize,
    mut op: impl FnMut(&mut ProgramBuilder, usize, ValueId) -> Result<ValueId, BuildError>,
) -> Outcome {
    let (mut builder, x) = begin(&[1, 4]);
    let x = builder.op(NewOp::new("tanh").named("root").with("x", x))?;
    let ends = (0..ops).map(|i| op(&mut builder, i, x)).collect::<Result<Vec<_>, _>>()?;
    let all = NewOp::new("concat").named("y").with_all("values", ends.into_iter().map(Into::into));
    let y = builder.op(all.with("axis", Tensor::scalar(0_i32)))?;
    builder.finish([y])
}

fn elementwise(ops: usize) -> Outcome {
    chain(&[4], ops, |builder, i, x| {
        let y = Tensor::scalar(1.0 + i as f32 / 1e6);
        let kind = if i % 2 == 0 { "add" } else { "mul" };
        builder.op(NewOp::new(kind).named(format!("op_{i}")).with("x", x).with("y", y))
    })
}

fn transposes(ops: usize) -> Outcome {
    chain(&[2, 3, 4], ops, |builder, i, x| {
        let perm = Tensor::ints(&[1, 2, 0]);
        builder.op(NewOp::new("transpose").named(format!("op_{i}")).with("x", x).with("perm", perm))
    })
}

fn reshapes(ops: usize) -> Outcome {
    chain(&[2, 12], ops, |builder, i, x| {
        let shape = Tensor::ints(if i % 2 == 0 { &[4, 6] } else { &[3, 8] });
        builder.op(NewOp::new("reshape").named(format!("op_{i}")).with("x", x).with("shape", shape))
    })
}

fn casts(ops: usize) -> Outcome {
    chain(&[4], ops / 2 * 2, |builder, i, x| {
        let dtype = Tensor::string(if i % 2 == 0 { "fp16" } else { "fp32" });
        builder.op(NewOp::new("cast").named(format!("op_{i}")).with("x", x).with("dtype", dtype))
    })
}

fn relus(ops: usize) -> Outcome {
    chain(&[4], ops, |builder, i, x| builder.op(NewOp::new("relu").named(format!("op_{i}")).with("x", x)))
}

fn identities(ops: usize) -> Outcome {
    chain(&[4], ops, |builder, i, x| builder.op(NewOp::new("identity").named(format!("op_{i}")).with("x", x)))
}

fn conv_bn(ops: usize) -> Outcome {
    let weight = Tensor::splat(&[2, 2, 1, 1], 0.5_f32);
    let (mean, variance) = (Tensor::splat(&[2], 0.25_f32), Tensor::splat(&[2], 1.5_f32));
    chain(&[1, 2, 1, 1], ops / 2, |builder, i, x| {
        let weight = builder.tensor(&format!("weight_{i}"), weight.clone());
        let conv = NewOp::new("conv").named(format!("conv_{i}")).with("x", x).with("weight", weight);
        let x = builder.op(conv)?;
        let norm = NewOp::new("batch_norm").named(format!("norm_{i}")).with("x", x);
        builder.op(norm.with("mean", mean.clone()).with("variance", variance.clone()))
    })
}

/// Everything is constant but for one sum at the end.
fn constants(ops: usize) -> Outcome {
    let (mut builder, input) = begin(&[4]);
    let mut x = builder.tensor("c", Tensor::splat(&[4], 0.5_f32));
    for i in 0..ops {
        x = builder.op(NewOp::new("tanh").named(format!("op_{i}")).with("x", x))?;
    }
    let y = builder.op(NewOp::new("add").named("y").with("x", input).with("y", x))?;
    builder.finish([y])
}

/// Arithmetic on a size that is not known.
fn sizes(ops: usize) -> Outcome {
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let dims = milopt::ir::Shape::Ranked(vec![milopt::ir::Dim::UNKNOWN]);
    let input = builder.input("x", Type::tensor(DType::Fp32, dims));
    let first = builder.op(NewOp::new("shape").named("size").with("x", input))?;
    let mut x = first;
    for i in 0..ops {
        let new = match i % 3 {
            0 => NewOp::new("floor_div").with("y", Tensor::scalar(2_i32)),
            1 => NewOp::new("add").with("y", first),
            _ => NewOp::new("maximum").with("y", first),
        };
        x = builder.op(new.named(format!("op_{i}")).with("x", x))?;
    }
    builder.finish([x])
}

fn equal_fan(ops: usize) -> Outcome {
    fan(ops, |builder, i, x| builder.op(NewOp::new("relu").named(format!("op_{i}")).with("x", x)))
}

fn one_constant(ops: usize) -> Outcome {
    let (mut builder, mut x) = begin(&[4]);
    let one = builder.tensor("one", Tensor::scalar(1.0_f32));
    for i in 0..ops {
        x = builder.op(NewOp::new("mul").named(format!("op_{i}")).with("x", x).with("y", one))?;
    }
    let y = builder.op(NewOp::new("exp").named("y").with("x", x))?;
    builder.finish([y])
}

/// To fp16 once, and back for each user.
fn cast_fan(ops: usize) -> Outcome {
    let mut half = None;
    fan(ops, |builder, i, x| {
        let half =
            match half {
                Some(half) => half,
                None => *half.insert(builder.op(
                    NewOp::new("cast").named("half").with("x", x).with("dtype", Tensor::string("fp16")),
                )?),
            };
        let back = NewOp::new("cast").named(format!("op_{i}")).with("x", half);
        builder.op(back.with("dtype", Tensor::string("fp32")))
    })
}

/// One value, and its users that differ.
fn one_value(ops: usize) -> Outcome {
    fan(ops, |builder, i, x| {
        let y = Tensor::scalar(i as f32 / 1e6);
        builder.op(NewOp::new("add").named(format!("op_{i}")).with("x", x).with("y", y))
    })
}

/// All results are outputs, and all are one value.
fn outputs(ops: usize) -> Outcome {
    let (mut builder, x) = begin(&[4]);
    let x = builder.op(NewOp::new("tanh").named("root").with("x", x))?;
    let names = (0..ops).map(|i| format!("op_{i}"));
    let ends = names.map(|name| builder.op(NewOp::new("identity").named(name).with("x", x)));
    let ends = ends.collect::<Result<Vec<_>, _>>()?;
    builder.finish(ends)
}

/// Layers of attention: 17 ops each, four of them transposes.
fn attention(ops: usize) -> Outcome {
    let [tokens, heads, head] = [4, 2, 3];
    let mut builder = ProgramBuilder::new(Release::IOS18);
    let mut x = builder.input("x", Type::fixed(DType::Fp32, &[1, tokens, heads * head]));
    let weight = builder.tensor("weight", Tensor::splat(&[heads * head, heads * head], 0.5_f32));
    let apart = Tensor::ints(&[1, tokens as i32, heads as i32, head as i32]);
    let together = Tensor::ints(&[1, tokens as i32, (heads * head) as i32]);
    let swapped = Tensor::ints(&[0, 2, 1, 3]);
    for layer in 0..ops / 17 {
        let mut op = |kind: &str, name: &str, operands: Vec<(&'static str, Operand)>| {
            let new = NewOp::new(kind).named(format!("{name}_{layer}"));
            builder.op(operands.into_iter().fold(new, |new, (param, operand)| new.with(param, operand)))
        };
        let mut parts = Vec::new();
        for name in ["q", "k", "v"] {
            let y = op("linear", name, vec![("x", x.into()), ("weight", weight.into())])?;
            let y = op(
                "reshape",
                &format!("{name}_apart"),
                vec![("x", y.into()), ("shape", apart.clone().into())],
            )?;
            parts.push(op(
                "transpose",
                &format!("{name}_heads"),
                vec![("x", y.into()), ("perm", swapped.clone().into())],
            )?);
        }
        let scale = Tensor::scalar(0.5_f32);
        let q = op("mul", "scaled", vec![("x", parts[0].into()), ("y", scale.into())])?;
        let flag = Tensor::bool(true);
        let scores = vec![("x", q.into()), ("y", parts[1].into()), ("transpose_y", flag.into())];
        let scores = op("matmul", "scores", scores)?;
        let last = Tensor::scalar(-1_i32);
        let weights = op("softmax", "weights", vec![("x", scores.into()), ("axis", last.into())])?;
        let y = op("matmul", "heads", vec![("x", weights.into()), ("y", parts[2].into())])?;
        let y = op("transpose", "back", vec![("x", y.into()), ("perm", swapped.clone().into())])?;
        let y = op("reshape", "together", vec![("x", y.into()), ("shape", together.clone().into())])?;
        let y = op("linear", "out", vec![("x", y.into()), ("weight", weight.into())])?;
        x = op("add", "sum", vec![("x", x.into()), ("y", y.into())])?;
    }
    let y = builder.op(NewOp::new("exp").named("y").with("x", x))?;
    builder.finish([y])
}

/// Conditions inside conditions, eight deep, one after the other.
fn nested(ops: usize) -> Outcome {
    const DEPTH: usize = 8;
    let (mut builder, x) = begin(&[4]);
    let which = builder.input("which", Type::fixed(DType::Fp32, &[1]));
    let flat = NewOp::new("squeeze").named("flat").with("x", which).with("axes", Tensor::ints(&[0]));
    let which = builder.op(flat)?;
    let which =
        builder.op(NewOp::new("greater").named("flag").with("x", which).with("y", Tensor::scalar(0_f32)))?;
    let mut end = x;
    for i in 0..ops / (3 * DEPTH) {
        end = condition(builder.graph_mut(), Graph::ROOT, which, end, DEPTH, &format!("c_{i}"));
    }
    let y = builder.op(NewOp::new("exp").named("y").with("x", end))?;
    builder.finish([y])
}

fn condition(
    graph: &mut Graph,
    block: BlockId,
    which: ValueId,
    x: ValueId,
    depth: usize,
    name: &str,
) -> ValueId {
    let ty = Type::fixed(DType::Fp32, &[4]);
    let mut new = NewOp::new("cond").named(name).with("pred", which).result(name, ty.clone());
    new.blocks = vec![NewBlock::default(), NewBlock::default()];
    let op: OpId = graph.insert(new, At::End(block));
    for (index, inner) in graph.op(op).blocks().to_vec().into_iter().enumerate() {
        let own = format!("{name}_{index}");
        let relu = NewOp::new("relu").named(own.clone()).with("x", x).result(own, ty.clone());
        let relu = graph.insert(relu, At::End(inner));
        let mut end = graph.op(relu).results()[0];
        if depth > 1 && index == 0 {
            end = condition(graph, inner, which, end, depth - 1, &format!("{name}_{depth}"));
        }
        graph.set_outputs(inner, [end]);
    }
    graph.op(op).results()[0]
}
