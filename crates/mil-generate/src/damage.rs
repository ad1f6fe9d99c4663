//! Programs that lie: valid ones with operands exchanged, constants and declared types replaced by absurd
//! ones.

use mil_ir::{Argument, Dim, Graph, Literal, OpId, Operand, Program, Shape, Type, ValueId};
use mil_tensor::{DType, Tensor};

use crate::Stream;

/// Damages a program in so many places. Its structure stays sound (operands are visible where they are used),
/// but types, sizes, constants and the presence of operands may contradict each other; loops may not end.
pub fn damage(program: &mut Program, dice: &mut Stream, places: usize) {
    for (_, _, graph) in program.graphs_mut() {
        for _ in 0..places {
            let ops: Vec<OpId> = graph.walk().collect();
            if !ops.is_empty() {
                let op = dice.pick(&ops);
                damage_op(graph, op, dice);
            }
        }
    }
}

fn damage_op(graph: &mut Graph, op: OpId, dice: &mut Stream) {
    let params: Vec<String> = graph.op(op).arguments().map(|(param, _)| param.to_string()).collect();
    let keys: Vec<String> = graph.op(op).attributes().keys().map(|key| key.to_string()).collect();
    match dice.below(8) {
        0..=2 if !params.is_empty() => {
            let param = dice.pick(&params);
            let count = graph.op(op).argument(&param).map_or(0, |argument| argument.len());
            if count > 0 {
                let at = dice.below(count);
                let new = match graph.op(op).argument(&param).map(|argument| &argument[at]) {
                    Some(Operand::Literal(literal)) => absurd(literal, dice),
                    Some(Operand::Value(value)) => match graph.const_literal(*value) {
                        Some(literal) => absurd(literal, dice),
                        None => constant(dice),
                    },
                    None => return,
                };
                graph.set_operand(op, &param, at, new);
            }
        }
        3 if !params.is_empty() => {
            let param = dice.pick(&params);
            let others: Vec<ValueId> = visible(graph, op);
            if !others.is_empty() {
                let other = dice.pick(&others);
                graph.set_argument(op, &param, Some(Argument::from_elem(other.into(), 1)));
            }
        }
        4 if !params.is_empty() => {
            let param = dice.pick(&params);
            graph.set_argument(op, &param, None);
        }
        5 if !keys.is_empty() => {
            let key = dice.pick(&keys);
            if let Some(literal) = graph.op(op).attributes().get(&key) {
                let literal = absurd(literal, dice);
                graph.set_attribute(op, key, Some(literal));
            }
        }
        _ => {
            let results = graph.op(op).results().to_vec();
            if !results.is_empty() {
                let value = dice.pick(&results);
                let ty = absurd_type(graph.value(value).ty(), dice);
                graph.retype(value, ty);
            }
        }
    }
}

/// Values that an op may use where it stands: those defined before it in its own block, and inputs of the
/// program.
fn visible(graph: &Graph, op: OpId) -> Vec<ValueId> {
    let before = std::iter::successors(graph.previous(op), |&op| graph.previous(op));
    let defined = before.flat_map(|op| graph.op(op).results().to_vec());
    defined.chain(graph.root().inputs().iter().copied()).collect()
}

const NUMBERS: &[i32] = &[0, 1, -1, 2, 3, 7, 64, 1 << 12, 1 << 20, i32::MAX, i32::MIN];

/// Another literal in its place: other numbers, another size, another element type, many equal elements.
fn absurd(literal: &Literal, dice: &mut Stream) -> Literal {
    let Some(tensor) = literal.as_tensor() else { return constant(dice) };
    let count = tensor.len();
    match (dice.below(5), tensor.dtype()) {
        (0..=2, DType::Int32) if count <= 64 => {
            let old = tensor.to_i64s().unwrap_or_default();
            let new: Vec<f64> = old
                .iter()
                .map(|&old| if dice.chance(50) { f64::from(dice.pick(NUMBERS)) } else { old as f64 })
                .collect();
            Tensor::from_f64s(DType::Int32, tensor.shape(), &new)
                .map_or_else(|_| constant(dice), Literal::tensor)
        }
        (0, DType::Bool) => Literal::tensor(Tensor::splat(tensor.shape(), 1_u8)),
        (0..=2, dtype) if dtype.is_float() || dtype.is_int() => {
            let shape: Vec<usize> = (0..dice.below(6)).map(|_| dice.pick(&[0, 1, 2, 3, 5])).collect();
            let values = vec![f64::from(dice.pick(NUMBERS)); shape.iter().product()];
            Tensor::from_f64s(dtype, &shape, &values).map_or_else(|_| constant(dice), Literal::tensor)
        }
        (3, _) => {
            // More than a careful caller allows, and no more than reading and hashing take in a moment.
            let shape: Vec<usize> = (0..dice.below(3)).map(|_| dice.pick(&[1, 1 << 9, 1 << 10])).collect();
            Literal::tensor(match dice.chance(50) {
                true => Tensor::splat(&shape, 0.5_f32),
                false => Tensor::splat(&shape, 1_i32),
            })
        }
        _ => constant(dice),
    }
}

fn constant(dice: &mut Stream) -> Literal {
    let number = dice.pick(NUMBERS);
    Literal::tensor(match dice.below(6) {
        0 => Tensor::scalar(number),
        1 => Tensor::ints(&[number, 1, -1]),
        2 => Tensor::scalar(dice.pick(&[f32::NAN, f32::INFINITY, -1e30, 0.0])),
        3 => Tensor::bool(true),
        4 => Tensor::string(dice.pick(&["", "fp16", "custom", "i,j->ij", "same"])),
        _ => Tensor::ints(&[]),
    })
}

fn absurd_type(ty: &Type, dice: &mut Stream) -> Type {
    let dtype = ty.dtype().unwrap_or(DType::Fp32);
    let dims = ty.dims().unwrap_or(&[]).to_vec();
    let dim = |dice: &mut Stream| {
        dice.pick(&[Dim::Fixed(0), Dim::Fixed(1), Dim::Fixed(1 << 40), Dim::Fixed(u64::MAX), Dim::UNKNOWN])
    };
    match dice.below(4) {
        0 => Type::tensor(dtype, Shape::Ranked(dims.iter().map(|_| dim(dice)).collect())),
        1 => Type::tensor(
            dice.pick(&[DType::Int8, DType::Fp16, DType::Bool, DType::String, DType::Uint4]),
            Shape::Ranked(dims),
        ),
        2 => Type::tensor(dtype, Shape::Unranked),
        _ => {
            let rank = dice.below(7);
            Type::tensor(dtype, Shape::Ranked((0..rank).map(|_| dim(dice)).collect()))
        }
    }
}
