//! Arithmetic on shapes: the elements of small tensors of integers.

use mil_ir::{Dim, SymExpr};
use mil_tensor::{DType, Tensor};

use crate::{Call, Elements};

/// Elements of the largest tensor that is followed: more than any rank.
const MOST: usize = 64;

/// The elements of a constant of integers.
pub(crate) fn constant(tensor: &Tensor) -> Option<Elements> {
    let followed = is_followed(tensor.dtype()) && tensor.len() <= MOST;
    let numbers = followed.then(|| tensor.to_i64s().ok())??;
    Some(numbers.into_iter().map(|number| Some(SymExpr::constant(number))).collect())
}

/// The elements of the only result of an op, where its operands' elements say them.
pub(super) fn of(call: &Call<'_>) -> Option<Elements> {
    let found = match call.def().name {
        "shape" => call.dims_of("x")?.iter().map(Dim::expression).collect(),
        "identity" | "reshape" | "squeeze" | "expand_dims" => call.elements("x")?,
        "cast" => call.elements("x").filter(|_| is_followed_name(call.string("dtype").ok()))?,
        "gather" => gather(call)?,
        "slice_by_index" => slice_by_index(call)?,
        "slice_by_size" => slice_by_size(call)?,
        "concat" => joined(call, 1)?,
        "stack" => joined(call, 0)?,
        "fill" => fill(call)?,
        "reduce_prod" => reduced(call, 1, SymExpr::checked_mul)?,
        "reduce_sum" => reduced(call, 0, SymExpr::checked_add)?,
        "add" => pairs(call, SymExpr::checked_add)?,
        "sub" => pairs(call, SymExpr::checked_sub)?,
        "mul" => pairs(call, SymExpr::checked_mul)?,
        "maximum" => pairs(call, SymExpr::maximum)?,
        "minimum" => pairs(call, SymExpr::minimum)?,
        "floor_div" => pairs(call, |x, y| x.floor_div(y.as_constant().filter(|&y| y > 0)?))?,
        "mod" => pairs(call, |x, y| x.modulo(y.as_constant().filter(|&y| y > 0)?))?,
        _ => return None,
    };
    let dtype = match call.def().name {
        "cast" => DType::from_name(call.string("dtype").ok()?)?,
        "shape" => DType::Int32,
        "concat" | "stack" => call.types("values").first()?.dtype()?,
        "fill" => call.dtype("value").ok()?,
        _ => call.dtype("x").ok()?,
    };
    let kept = found.into_iter().map(|element| element.filter(|element| fits(element, dtype)));
    let kept: Elements = kept.collect();
    (is_followed(dtype) && kept.len() <= MOST && kept.iter().any(Option::is_some)).then_some(kept)
}

fn is_followed(dtype: DType) -> bool {
    dtype.is_int() && !dtype.is_sub_byte()
}

fn is_followed_name(name: Option<&str>) -> bool {
    name.and_then(DType::from_name).is_some_and(is_followed)
}

/// No size wraps in this type. In `int32` no tensor is large enough.
fn fits(element: &SymExpr, dtype: DType) -> bool {
    let (low, high) = match dtype {
        DType::Int8 => (i64::from(i8::MIN), i64::from(i8::MAX)),
        DType::Uint8 => (0, i64::from(u8::MAX)),
        DType::Int16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
        DType::Uint16 => (0, i64::from(u16::MAX)),
        DType::Int32 => {
            let bounds = element.bounds();
            return bounds.lower.is_none_or(|lower| lower >= i64::from(i32::MIN))
                && bounds.upper.is_none_or(|upper| upper <= i64::from(i32::MAX));
        }
        _ => return false,
    };
    let bounds = element.bounds();
    bounds.lower.is_some_and(|lower| lower >= low) && bounds.upper.is_some_and(|upper| upper <= high)
}

/// The elements of a vector.
fn vector(call: &Call<'_>, param: &str) -> Option<Elements> {
    (call.dims_of(param)?.len() == 1).then(|| call.elements(param))?
}

fn gather(call: &Call<'_>) -> Option<Elements> {
    let from = vector(call, "x")?;
    let has_batch = call.is_given("batch_dims") && call.int("batch_dims").ok()? != 0;
    if has_batch {
        return None;
    }
    call.ints("indices").ok()?.into_iter().map(|index| from.get(place(index, from.len())?).cloned()).collect()
}

/// An index that may count from the end.
fn place(index: i64, len: usize) -> Option<usize> {
    let len = i64::try_from(len).ok()?;
    usize::try_from(if index < 0 { index.checked_add(len)? } else { index }).ok()
}

fn slice_by_index(call: &Call<'_>) -> Option<Elements> {
    let from = vector(call, "x")?;
    let one = |param: &str| -> Option<Option<i64>> {
        match call.is_given(param) {
            false => Some(None),
            true => match call.ints(param).ok()?[..] {
                [number] => Some(Some(number)),
                _ => None,
            },
        }
    };
    let set = |param: &str| Some(one(param)?.is_some_and(|mask| mask != 0));
    let len = i64::try_from(from.len()).ok()?;
    let bound = |number: i64| if number < 0 { number.saturating_add(len) } else { number };
    if set("squeeze_mask")? {
        return Some(vec![from.get(place(one("begin")??, from.len())?)?.clone()]);
    }
    if one("stride")?.unwrap_or(1) != 1 {
        return None;
    }
    let begin = if set("begin_mask")? { 0 } else { bound(one("begin")??).clamp(0, len) };
    let end = if set("end_mask")? { len } else { bound(one("end")??).clamp(0, len) };
    from.get(usize::try_from(begin).ok()?..usize::try_from(end).ok()?).map(<[_]>::to_vec)
}

fn slice_by_size(call: &Call<'_>) -> Option<Elements> {
    let from = vector(call, "x")?;
    let (&[begin], &[size]) = (&call.ints("begin").ok()?[..], &call.ints("size").ok()?[..]) else {
        return None;
    };
    let begin = place(begin, from.len())?;
    let end = if size == -1 { from.len() } else { begin.checked_add(usize::try_from(size).ok()?)? };
    from.get(begin..end).map(<[_]>::to_vec)
}

/// All operands of this rank, one behind the other.
fn joined(call: &Call<'_>, rank: usize) -> Option<Elements> {
    let operands = call.operands("values");
    let mut all = Elements::new();
    for operand in operands {
        let sizes = call.operand_type(operand).as_tensor()?.shape.dims()?;
        let count = match sizes {
            [] => 1,
            [Dim::Fixed(count)] => usize::try_from(*count).ok().filter(|&count| count <= MOST)?,
            _ => return None,
        };
        if sizes.len() != rank {
            return None;
        }
        all.extend(call.elements_of(operand).unwrap_or_else(|| vec![None; count]));
    }
    Some(all)
}

fn fill(call: &Call<'_>) -> Option<Elements> {
    let count = match call.ints("shape").ok()?[..] {
        [] => 1,
        [count] => usize::try_from(count).ok().filter(|&count| count <= MOST)?,
        _ => return None,
    };
    let value = call.int("value").ok()?;
    Some(vec![Some(SymExpr::constant(value)); count])
}

/// All elements of a vector as one.
fn reduced(
    call: &Call<'_>,
    start: i64,
    with: impl Fn(&SymExpr, &SymExpr) -> Option<SymExpr>,
) -> Option<Elements> {
    let all = vector(call, "x")?;
    let start = SymExpr::constant(start);
    Some(vec![all.iter().try_fold(start, |sum, element| with(&sum, element.as_ref()?))])
}

/// Element by element; a single one goes with all of the other's.
fn pairs(call: &Call<'_>, with: impl Fn(&SymExpr, &SymExpr) -> Option<SymExpr>) -> Option<Elements> {
    let (x, y) = (call.elements("x")?, call.elements("y")?);
    let count = match (x.len(), y.len()) {
        (a, b) if a == b => a,
        (1, b) => b,
        (a, 1) => a,
        _ => return None,
    };
    let at =
        |elements: &Elements, index: usize| elements[if elements.len() == 1 { 0 } else { index }].clone();
    Some((0..count).map(|index| with(&at(&x, index)?, &at(&y, index)?)).collect())
}
