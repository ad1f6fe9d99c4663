//! Branches, loops that end, lists.

use mil_ir::{Dim, NewOp, Operand, Type, TypeKind, ValueId};
use mil_tensor::{DType, Tensor};

use super::constexpr;
use crate::maker::{Made, Maker, NUMBERS, PLAIN};

pub(crate) fn cond(maker: &mut Maker) -> Made {
    let pred = maker.value(DType::Bool, &[])?;
    let types = result_types(maker)?;
    let mut new = NewOp::new("cond").with("pred", pred);
    for (at, ty) in types.iter().enumerate() {
        new = new.result(format!("branch_{at}"), ty.clone());
    }
    maker.blocks(new, &[Vec::new(), Vec::new()], |maker, _, _| body(maker, &types)).map(drop)
}

/// The types of one to three values.
fn result_types(maker: &mut Maker) -> Made<Vec<Type>> {
    let count = maker.dice.range(1, 3);
    let mut types = Vec::new();
    for _ in 0..count {
        let like = maker.tensor(NUMBERS, 0..=4)?;
        types.push(maker.ty(like).clone());
    }
    Ok(types)
}

/// A few ops, and values of these types.
fn body(maker: &mut Maker, types: &[Type]) -> Made<Vec<ValueId>> {
    for _ in 0..maker.dice.range(0, 3) {
        maker.step()?;
    }
    types
        .iter()
        .map(|ty| maker.value(ty.dtype().unwrap_or(DType::Fp32), &ty.fixed_shape().unwrap_or_default()))
        .collect()
}

pub(crate) fn while_loop(maker: &mut Maker) -> Made {
    let types = result_types(maker)?;
    // The counter starts at what the program computes, and is bounded from both sides.
    let start = maker.value(DType::Int32, &[])?;
    let zero = maker.int(0);
    let start = maker.op(NewOp::new("maximum").with("x", start).with("y", zero))?;
    let mut variables: Vec<Operand> = vec![start.into()];
    let mut all = vec![Type::scalar(DType::Int32)];
    for ty in &types {
        let value = maker.value(ty.dtype().unwrap_or(DType::Fp32), &ty.fixed_shape().unwrap_or_default())?;
        variables.push(value.into());
    }
    all.extend(types.iter().cloned());
    let mut new = NewOp::new("while_loop").with_all("loop_vars", variables);
    for (at, ty) in all.iter().enumerate() {
        new = new.result(format!("loop_{at}"), ty.clone());
    }
    let rounds = maker.dice.range(0, 4) as i32;
    let inputs = [all.clone(), all];
    maker
        .blocks(new, &inputs, |maker, block, inputs| {
            if block == 0 {
                let limit = maker.int(rounds);
                return Ok(vec![maker.op(NewOp::new("less").with("x", inputs[0]).with("y", limit))?]);
            }
            let one = maker.int(1);
            let next = maker.op(NewOp::new("add").with("x", inputs[0]).with("y", one))?;
            let mut outputs = vec![next];
            outputs.extend(body(maker, &types)?);
            Ok(outputs)
        })
        .map(drop)
}

pub(crate) fn select(maker: &mut Maker) -> Made {
    let a = maker.tensor(PLAIN, 0..=4)?;
    let (dtype, shape) = (maker.ty(a).dtype().unwrap_or(DType::Fp32), maker.sizes(a));
    let cond = maker.value(DType::Bool, &shape)?;
    let b = if maker.dice.chance(50) {
        maker.value(dtype, &shape)?.into()
    } else {
        constexpr::weight(maker, dtype, &shape)?
    };
    maker.ops(NewOp::new("select").with("cond", cond).with("a", a).with("b", b)).map(drop)
}

/// Elements of every list.
const LENGTH: usize = 3;

fn new_list(maker: &mut Maker) -> Made<ValueId> {
    let dtype = maker.dice.pick(PLAIN);
    let rank = maker.dice.range(1, 3);
    let shape = maker.shape(rank);
    let sizes: Vec<Operand> = shape.iter().map(|&size| maker.int(size as i32)).collect();
    let name = maker.text(&dtype.to_string());
    let (length, grows) = (maker.int(LENGTH as i32), maker.any_flag());
    let new = NewOp::new("make_list").with("init_length", length).with("dynamic_length", grows);
    maker.op(new.with_all("elem_shape", sizes).with("dtype", name))
}

fn list(maker: &mut Maker) -> Made<ValueId> {
    match maker.find(|ty| matches!(ty.kind(), TypeKind::List(..))) {
        Some(found) if maker.dice.chance(85) => Ok(found),
        _ => new_list(maker),
    }
}

/// Element type and sizes of the elements.
fn element(maker: &Maker, list: ValueId) -> (DType, Vec<usize>) {
    match maker.ty(list).kind() {
        TypeKind::List(element, _) => {
            (element.dtype().unwrap_or(DType::Fp32), element.fixed_shape().unwrap_or_default())
        }
        _ => (DType::Fp32, Vec::new()),
    }
}

pub(crate) fn make_list(maker: &mut Maker) -> Made {
    new_list(maker).map(drop)
}

pub(crate) fn list_length(maker: &mut Maker) -> Made {
    let ls = list(maker)?;
    maker.ops(NewOp::new("list_length").with("ls", ls)).map(drop)
}

fn place(maker: &mut Maker) -> Operand {
    let index = maker.dice.below(LENGTH) as i32;
    maker.int(index)
}

pub(crate) fn list_read(maker: &mut Maker) -> Made {
    let ls = list(maker)?;
    let index = place(maker);
    maker.ops(NewOp::new("list_read").with("ls", ls).with("index", index)).map(drop)
}

pub(crate) fn list_write(maker: &mut Maker) -> Made {
    let ls = list(maker)?;
    let (dtype, shape) = element(maker, ls);
    let (index, value) = (place(maker), maker.value(dtype, &shape)?);
    maker.ops(NewOp::new("list_write").with("ls", ls).with("index", index).with("value", value)).map(drop)
}

/// Places, each once, as a constant.
fn places(maker: &mut Maker) -> (usize, Operand) {
    let mut places: Vec<i32> = (0..LENGTH as i32).collect();
    maker.shuffle(&mut places);
    places.truncate(maker.dice.range(1, LENGTH));
    (places.len(), maker.constant(Tensor::ints(&places)))
}

pub(crate) fn list_gather(maker: &mut Maker) -> Made {
    let ls = list(maker)?;
    let (_, indices) = places(maker);
    let gathered = maker.op(NewOp::new("list_gather").with("ls", ls).with("indices", indices))?;
    debug_assert!(maker.ty(gathered).dims().is_some_and(|dims| matches!(dims[0], Dim::Fixed(_))));
    Ok(())
}

pub(crate) fn list_scatter(maker: &mut Maker) -> Made {
    let ls = list(maker)?;
    let (dtype, mut shape) = element(maker, ls);
    let (count, indices) = places(maker);
    shape.insert(0, count);
    let value = maker.value(dtype, &shape)?;
    maker
        .ops(NewOp::new("list_scatter").with("ls", ls).with("indices", indices).with("value", value))
        .map(drop)
}
