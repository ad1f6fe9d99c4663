//! States.

use mil_ir::{NewOp, Type, TypeKind, ValueId};
use mil_tensor::DType;

use crate::maker::{Made, Maker};

/// A state that is there, or a new one.
fn state(maker: &mut Maker) -> ValueId {
    let graph = maker.graph();
    let states: Vec<ValueId> = graph
        .root()
        .inputs()
        .iter()
        .copied()
        .filter(|&value| graph.value(value).ty().as_state().is_some())
        .collect();
    if !states.is_empty() && (states.len() > 2 || maker.dice.chance(70)) {
        return maker.dice.pick(&states);
    }
    let rank = maker.dice.range(1, 3);
    let shape = maker.shape(rank);
    maker.input(Type::new(TypeKind::State(Type::fixed(DType::Fp16, &shape))))
}

pub(crate) fn read_state(maker: &mut Maker) -> Made {
    let input = state(maker);
    maker.ops(NewOp::new("read_state").with("input", input)).map(drop)
}

pub(crate) fn write_state(maker: &mut Maker) -> Made {
    let input = state(maker);
    let shape = maker.ty(input).as_state().and_then(Type::fixed_shape).unwrap_or_default();
    let data = maker.value(DType::Fp16, &shape)?;
    maker.ops(NewOp::new("write_state").with("input", input).with("data", data)).map(drop)
}
