use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::DType;

use crate::ane::{Steps, number};

pass! {
    /// Joins masks as floats: "and" is a product, "or" a maximum, "xor" a difference.
    ///
    /// A mask that is used as one is compared with a half again, so that `select` stays exact. Masks that were
    /// repeated along axes of one element are joined before, where broadcasting does the same; others are
    /// repeated as floats. Casts of such masks become the floats themselves.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<bool, [2]> a, tensor<bool, [2]> b) {
    ///     tensor<bool, [2]> y = logical_or(x = a, y = b)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<bool, [2]> a, tensor<bool, [2]> b) {
    ///     string y_dtype_0 = const()[name = string("y_dtype_0"), val = string("fp16")];
    ///     tensor<fp16, [2]> y_x_mask = cast(dtype = y_dtype_0, x = a)[name = string("y_x_mask")];
    ///     string y_dtype_1 = const()[name = string("y_dtype_1"), val = string("fp16")];
    ///     tensor<fp16, [2]> y_y_mask = cast(dtype = y_dtype_1, x = b)[name = string("y_y_mask")];
    ///     tensor<fp16, [2]> y_mask = maximum(x = y_x_mask, y = y_y_mask)[name = string("y_mask")];
    ///     fp16 y_y_0 = const()[name = string("y_y_0"), val = fp16(0x1p-1)];
    ///     tensor<bool, [2]> y = greater(x = y_mask, y = y_y_0)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FloatMasks;
    id: "float_masks",
    numerics: Exact,
    patterns: [
        /// `logical_and` or `logical_or`
        joined(logical_and | logical_or),
        /// `logical_xor`
        different(logical_xor),
        /// `tile` of a mask
        repeated(tile),
        /// `cast` of a mask that is known as floats
        known(cast),
    ],
}

/// Ops that a search for the floats behind a mask looks through.
const DEPTH: usize = 32;

fn joined(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let result = rw.result(op)?;
    let kind = if rw.is(op, &["logical_and"]) { "mul" } else { "maximum" };
    let (x, y) = (rw.input(op, "x")?, rw.input(op, "y")?);
    let (x, y) = (source(rw, x), source(rw, y));
    // Without the repetitions, if broadcasting gives the shape all the same.
    let (thin_x, thin_y) = (unrepeated(rw, x), unrepeated(rw, y));
    let full = rw.ty(result).fixed_shape();
    let fits = |x: ValueId, y: ValueId| full.is_some() && broadcast(rw, x, y) == full;
    let (x, y) =
        [(thin_x, thin_y), (thin_x, y), (x, thin_y)].into_iter().find(|&(x, y)| fits(x, y)).unwrap_or((x, y));
    let half = number(DType::Fp16, 0.5)?;
    let mut steps = Steps::new(rw, op);
    let (x, y) = (floats(&mut steps, "x_mask", x)?, floats(&mut steps, "y_mask", y)?);
    let mask = steps.binary("mask", kind, x, y)?;
    rw.replace(op, NewOp::new("greater").with("x", mask).with("y", half), &[])
}

fn different(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let (x, y) = (rw.input(op, "x")?, rw.input(op, "y")?);
    let (x, y) = (source(rw, x), source(rw, y));
    let mut steps = Steps::new(rw, op);
    let (x, y) = (floats(&mut steps, "x_mask", x)?, floats(&mut steps, "y_mask", y)?);
    rw.replace(op, NewOp::new("not_equal").with("x", x).with("y", y), &[])
}

fn repeated(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let x = rw.input(op, "x")?;
    No::unless(rw.dtype(x)? == DType::Bool, "what is repeated is not a mask")?;
    let half = number(DType::Fp16, 0.5)?;
    let mut new = rw.like(op)?;
    let x = source(rw, x);
    let mut steps = Steps::new(rw, op);
    let x = floats(&mut steps, "mask", x)?;
    new = new.set("x", x);
    let mask = steps.emit("repeated", new)?;
    rw.replace(op, NewOp::new("greater").with("x", mask).with("y", half), &[])
}

fn known(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let x = rw.input(op, "x")?;
    No::unless(rw.dtype(x)? == DType::Bool, "it is not a cast of a mask")?;
    let dtype = rw.dtype(rw.result(op)?)?;
    No::unless(dtype.is_float(), "it is not cast to floats")?;
    let mask = source(rw, x);
    No::unless(rw.dtype(mask)? != DType::Bool, "the mask is not known as floats")?;
    if rw.dtype(mask)? == dtype {
        return rw.replace_with_existing(op, &[mask], &[]);
    }
    let new = rw.like(op)?.set("x", mask);
    rw.replace(op, new, &[])
}

/// The floats that a mask was made of by a comparison with a half, else the mask itself.
fn source(rw: &Rewrite<'_>, mask: ValueId) -> ValueId {
    let found = (|| {
        let compared = rw.definition_anywhere(mask, &["greater"]).ok()?;
        let half = rw.constant(compared, "y").ok()?;
        let x = rw.input(compared, "x").ok()?;
        (half.rank() == 0 && half.item_f64() == Some(0.5) && is_mask(rw, x)).then_some(x)
    })();
    found.unwrap_or(mask)
}

/// Floats that are 0 or 1: cast from bools, and products, maxima and repetitions of such.
fn is_mask(rw: &Rewrite<'_>, value: ValueId) -> bool {
    let mut open = vec![value];
    for _ in 0..DEPTH {
        let Some(value) = open.pop() else { return true };
        let Some(op) = rw.graph().definition(value) else { return false };
        match rw.graph().op(op).kind().as_str() {
            "cast"
                if rw.input(op, "x").is_ok_and(|x| rw.dtype(x).is_ok_and(|dtype| dtype == DType::Bool)) => {}
            "tile" | "reshape" | "expand_dims" | "squeeze" | "transpose" => open.extend(rw.input(op, "x")),
            "mul" | "maximum" => match (rw.input(op, "x"), rw.input(op, "y")) {
                (Ok(x), Ok(y)) => open.extend([x, y]),
                _ => return false,
            },
            _ => return false,
        }
    }
    false
}

/// What was repeated along axes of one element only, else the value itself.
fn unrepeated(rw: &Rewrite<'_>, value: ValueId) -> ValueId {
    let found = (|| {
        let tile = rw.definition_anywhere(value, &["tile"]).ok()?;
        let x = rw.input(tile, "x").ok()?;
        let shape = rw.shape(x).ok()?;
        let reps = rw.call(tile).ok()?.ints("reps").ok()?;
        let thin =
            reps.len() == shape.len() && reps.iter().zip(&shape).all(|(&rep, &size)| rep == 1 || size == 1);
        thin.then_some(x)
    })();
    found.map_or(value, |found| source(rw, found))
}

/// The shape of an elementwise op of two values of known shapes.
fn broadcast(rw: &Rewrite<'_>, x: ValueId, y: ValueId) -> Option<Vec<usize>> {
    let (x, y) = (rw.ty(x).fixed_shape()?, rw.ty(y).fixed_shape()?);
    let rank = x.len().max(y.len());
    let padded = |shape: Vec<usize>| [vec![1; rank - shape.len()], shape].concat();
    let joined = padded(x).into_iter().zip(padded(y)).map(|(x, y)| match (x, y) {
        (1, size) | (size, 1) => Some(size),
        (x, y) => (x == y).then_some(x),
    });
    joined.collect()
}

/// A mask as floats of fp16.
fn floats(steps: &mut Steps<'_, '_>, name: &str, mask: ValueId) -> Result<ValueId, No> {
    match steps.rw.dtype(mask)? {
        DType::Fp16 => Ok(mask),
        _ => steps.cast(name, mask, DType::Fp16),
    }
}
