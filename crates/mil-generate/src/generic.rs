//! Ops made from their declaration alone.

use std::collections::BTreeMap;

use mil_ir::{NewOp, Operand, Type, ValueId};
use mil_ops::{OpDef, Param, ParamKind, Trait, Types, Version};
use mil_tensor::DType;

use crate::maker::{Made, Maker, NUMBERS, PLAIN};

/// Makes an op whose first tensor is any, whose other tensors broadcast to it, and whose constants are plain
/// numbers, axes, flags or one of the texts declared.
pub(crate) fn make(maker: &mut Maker, def: &'static OpDef) -> Made {
    let Some(version) = def.version(maker.target) else { return Ok(()) };
    let mut new = NewOp::new(def.name);
    let mut first: Option<ValueId> = None;
    // The element type that each type domain got.
    let mut chosen: BTreeMap<&'static str, DType> = BTreeMap::new();
    for param in version.params {
        if param.default.is_some() && maker.dice.chance(50) {
            continue;
        }
        let operand = match (param.kind, param.constant, first) {
            (ParamKind::Tensor | ParamKind::Any, false, None) => {
                let x = leading(maker, def, version, param)?;
                first = Some(x);
                if let (Types::Domain(id), Some(dtype)) = (param.types, maker.ty(x).dtype()) {
                    chosen.insert(id, dtype);
                }
                x.into()
            }
            (ParamKind::Tensor, false, Some(x)) => partner(maker, version, param, x)?,
            (ParamKind::Tensor, true, first) => constant(maker, version, param, first, &mut chosen),
            _ => continue,
        };
        new = new.with(param.name, operand);
    }
    maker.ops(new).map(drop)
}

fn dtypes(version: &Version, param: &Param) -> Vec<DType> {
    let allowed = version.dtypes(param).unwrap_or(NUMBERS);
    let common: Vec<DType> = PLAIN.iter().filter(|dtype| allowed.contains(dtype)).copied().collect();
    if common.is_empty() { allowed.to_vec() } else { common }
}

/// Any tensor. For ops that work element by element, of unknown sizes too: others may want an element at
/// least.
fn leading(maker: &mut Maker, def: &OpDef, version: &Version, param: &Param) -> Made<ValueId> {
    let dtypes = dtypes(version, param);
    let narrow = version.dtypes(param).unwrap_or(&[]);
    let flexible = |ty: &Type| {
        ty.dtype().is_some_and(|dtype| dtypes.contains(&dtype))
            && ty.rank().is_some_and(|rank| (1..=5).contains(&rank))
            && ty.fixed_shape().is_none()
    };
    if def.is(Trait::Elementwise)
        && maker.dice.chance(25)
        && let Some(found) = maker.find(flexible)
    {
        return Ok(found);
    }
    let dtype = if maker.dice.chance(15) { maker.dice.pick(&dtypes) } else { maker.dice.pick(&dtypes[..1]) };
    if maker.dice.chance(10) && narrow.contains(&DType::Int8) {
        return maker.tensor(&[DType::Int8, DType::Uint8, DType::Int16, DType::Uint16], 1..=4);
    }
    if maker.dice.chance(50) {
        return maker.tensor(&dtypes, 1..=5);
    }
    maker.tensor(&[dtype], 1..=4)
}

/// A tensor that broadcasts to the first one: of the same shape, of fewer axes, with axes of size 1, or a
/// constant.
fn partner(maker: &mut Maker, version: &Version, param: &Param, x: ValueId) -> Made<Operand> {
    let same_domain = matches!(param.types, Types::Domain(_));
    let own = maker.ty(x).dtype().filter(|_| same_domain);
    let dtype = match own {
        Some(dtype) => dtype,
        None => {
            let dtypes = dtypes(version, param);
            maker.dice.pick(&dtypes)
        }
    };
    if maker.ty(x).fixed_shape().is_none() {
        return Ok(if own.is_some() && maker.dice.chance(40) { x.into() } else { maker.scalar(dtype, 2.0) });
    }
    let mut shape = maker.sizes(x);
    match maker.dice.below(6) {
        0 => shape = Vec::new(),
        1 => {
            let cut = maker.dice.below(shape.len() + 1);
            shape.drain(..cut);
        }
        2 => {
            for size in &mut shape {
                if maker.dice.chance(50) {
                    *size = 1;
                }
            }
        }
        _ => {}
    }
    if maker.dice.chance(40) || dtype.bits().is_some_and(|bits| bits < 16) && dtype != DType::Bool {
        let tensor = maker.numbers(dtype, &shape);
        return Ok(maker.constant(tensor));
    }
    Ok(maker.value(dtype, &shape)?.into())
}

/// A constant that the parameter's name and type ask for.
fn constant(
    maker: &mut Maker,
    version: &Version,
    param: &Param,
    first: Option<ValueId>,
    chosen: &mut BTreeMap<&'static str, DType>,
) -> Operand {
    let rank = first.and_then(|x| maker.ty(x).rank()).unwrap_or(1).max(1);
    let dtypes = dtypes(version, param);
    let own = first.and_then(|x| maker.ty(x).dtype());
    let free = match own {
        Some(own) if dtypes.contains(&own) && maker.dice.chance(80) => own,
        _ => maker.dice.pick(&dtypes),
    };
    let dtype = match param.types {
        Types::Domain(id) => *chosen.entry(id).or_insert(free),
        _ => free,
    };
    match (param.name, dtype) {
        ("axis", _) => maker.axis(rank).1,
        ("axes", _) => maker.axes(rank).1,
        (_, DType::Bool) if !matches!(param.types, Types::Domain(_)) => maker.any_flag(),
        (_, DType::String) => {
            let choice = if param.choices.is_empty() { "fp32" } else { maker.dice.pick(param.choices) };
            maker.text(choice)
        }
        ("epsilon", _) => {
            let value = maker.dice.pick(&[1e-5, 1e-3, 1e-12]);
            maker.scalar(dtype, value)
        }
        ("lower" | "upper", _) => {
            let value = maker.dice.range(0, 3) as i32 - 1;
            maker.int(value)
        }
        // Exact in half precision, and `alpha` below `beta`.
        ("beta", _) if dtype.is_float() => {
            let value = 1.0 + maker.dice.below(16) as f64 / 4.0;
            maker.scalar(dtype, value)
        }
        (_, dtype) if dtype.is_float() => {
            let value = maker.dice.below(17) as f64 / 16.0;
            maker.scalar(dtype, value)
        }
        (_, dtype) => {
            let value = maker.dice.range(1, 3) as f64;
            maker.scalar(dtype, value)
        }
    }
}
