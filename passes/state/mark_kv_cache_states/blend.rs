//! Sums that choose between two values, element by element.
//!
//! A term that is a value where a bit is set, and 0 elsewhere, and another with the opposite bit: their sum is one
//! of two values everywhere, as `select` says it in one op.

use mil_ir::{OpId, ValueId};
use mil_tensor::DType;

use super::follow::Site;

/// Ops that are looked through to see that a mask holds bits.
const DEPTH: usize = 8;

/// A value of bits: those of another one, or their opposites.
#[derive(PartialEq)]
struct Bits {
    of: ValueId,
    shape: Vec<usize>,
    opposite: bool,
}

impl Bits {
    fn flipped(self) -> Bits {
        Bits { opposite: !self.opposite, ..self }
    }

    fn is_opposite_of(&self, other: &Bits) -> bool {
        self.of == other.of && self.shape == other.shape && self.opposite != other.opposite
    }
}

/// The old and the new value between which an `add` or `sub` chooses: `old * (1 - m) + new * m`,
/// `old + m * (new - old)`, and what else comes to the same, where `m` is 0 or 1 everywhere.
pub(super) fn blended(site: &Site<'_>) -> Option<(ValueId, ValueId)> {
    let [x, y] = ["x", "y"].map(|param| site.graph.input(site.op, param).map(|value| uncast(site, value)));
    let (x, y) = (x?, y?);
    if site.graph.op(site.op).kind() == "sub" {
        // `old - m * (old - new)`
        return terms(site, y).into_iter().find_map(|(difference, _)| Some((x, less(site, difference, x)?)));
    }
    for (x, y) in [(x, y), (y, x)] {
        for (old, kept) in terms(site, x) {
            for (new, set) in terms(site, y) {
                if kept.is_opposite_of(&set) {
                    return Some((old, new));
                }
            }
        }
        for (difference, _) in terms(site, y) {
            if let Some(new) = made_by(site, difference, "sub").filter(|&sub| of(site, sub, "y") == Some(x)) {
                return Some((x, site.graph.input(new, "x")?));
            }
        }
    }
    None
}

/// What `difference` subtracts from `value`.
fn less(site: &Site<'_>, difference: ValueId, value: ValueId) -> Option<ValueId> {
    let sub = made_by(site, difference, "sub").filter(|&sub| of(site, sub, "x") == Some(value))?;
    site.graph.input(sub, "y")
}

/// What a value is where bits are set, and the bits; elsewhere it is 0.
fn terms(site: &Site<'_>, value: ValueId) -> Vec<(ValueId, Bits)> {
    let Some(op) = site.graph.definition(value) else { return Vec::new() };
    let operand = |param: &str| site.graph.input(op, param);
    let zero = |param: &str| {
        site.graph.constant(op, param).is_some_and(|number| number.is_splat_of(0.0).unwrap_or(false))
    };
    let bits_of = |value: Option<ValueId>| value.and_then(|value| bits(site, value, DEPTH));
    let mut found = Vec::new();
    match site.graph.op(op).kind().as_str() {
        "select" if zero("b") => {
            found.extend(operand("a").zip(bits_of(operand("cond"))));
        }
        "select" if zero("a") => {
            found.extend(operand("b").zip(bits_of(operand("cond")).map(Bits::flipped)));
        }
        "sub" => {
            // `old - old * m`
            let old = of(site, op, "x");
            for (other, mask) in
                operand("y").map(|value| factors(site, uncast(site, value))).unwrap_or_default()
            {
                if Some(other) == old {
                    found.extend(bits(site, mask, DEPTH).map(|bits| (other, bits.flipped())));
                }
            }
        }
        _ => {
            let of_mask = |(value, mask): (ValueId, ValueId)| Some((value, bits(site, mask, DEPTH)?));
            found.extend(factors(site, value).into_iter().filter_map(of_mask));
        }
    }
    found
}

/// An operand behind casts between floats.
fn of(site: &Site<'_>, op: OpId, param: &str) -> Option<ValueId> {
    site.graph.input(op, param).map(|value| uncast(site, value))
}

/// A value behind casts between floats.
fn uncast(site: &Site<'_>, mut value: ValueId) -> ValueId {
    let is_float =
        |value: ValueId| site.graph.value(value).ty().dtype().is_some_and(|dtype| dtype.is_float());
    while let Some(op) = site.graph.definition(value)
        && ["cast", "identity"].contains(&site.graph.op(op).kind().as_str())
        && let Some(x) = site.graph.input(op, "x").filter(|&x| is_float(x))
    {
        value = x;
    }
    value
}

fn made_by(site: &Site<'_>, value: ValueId, kind: &str) -> Option<OpId> {
    site.graph.definition(value).filter(|&op| site.graph.op(op).kind() == kind)
}

/// The factors of a product, in both orders; a `matmul` that sums over an axis of size 1 is one too.
fn factors(site: &Site<'_>, value: ValueId) -> Vec<(ValueId, ValueId)> {
    let outer = |op: &OpId| {
        let flipped = ["transpose_x", "transpose_y"].iter().any(|param| {
            site.graph.constant(*op, param).is_some_and(|flip| !flip.is_splat_of(0.0).unwrap_or(false))
        });
        let inner = site.graph.input(*op, "x").and_then(|x| site.shape_of(x));
        !flipped && inner.is_some_and(|shape| shape.len() >= 2 && shape.last() == Some(&1))
    };
    let product = made_by(site, value, "mul").or_else(|| made_by(site, value, "matmul").filter(outer));
    let found = product.and_then(|op| Some((of(site, op, "x")?, of(site, op, "y")?)));
    found.map(|(x, y)| vec![(x, y), (y, x)]).unwrap_or_default()
}

/// The bits that a value consists of: those of the value where no op is seen to make them.
fn bits(site: &Site<'_>, value: ValueId, depth: usize) -> Option<Bits> {
    let shape = site.shape_of(value)?;
    let own =
        || is_bit(site, value, depth).then(|| Bits { of: value, shape: shape.clone(), opposite: false });
    let Some((op, depth)) = site.graph.definition(value).zip(depth.checked_sub(1)) else { return own() };
    let of =
        |param: &str| Some(Bits { shape: shape.clone(), ..bits(site, site.graph.input(op, param)?, depth)? });
    match site.graph.op(op).kind().as_str() {
        "cast" | "identity" | "expand_dims" | "squeeze" | "reshape" => of("x").or_else(own),
        "logical_not" => of("x").map(Bits::flipped).or_else(own),
        "sub" if is_one(site, op, "x") => of("y").map(Bits::flipped),
        _ => own(),
    }
}

fn is_one(site: &Site<'_>, op: OpId, param: &str) -> bool {
    site.graph.constant(op, param).is_some_and(|one| one.is_splat_of(1.0).unwrap_or(false))
}

/// Every element is 0 or 1.
fn is_bit(site: &Site<'_>, value: ValueId, depth: usize) -> bool {
    if site.graph.value(value).ty().dtype() == Some(DType::Bool) {
        return true;
    }
    let Some((op, depth)) = site.graph.definition(value).zip(depth.checked_sub(1)) else { return false };
    let of = |param: &str| site.graph.input(op, param).is_some_and(|value| is_bit(site, value, depth));
    match site.graph.op(op).kind().as_str() {
        "cast" | "expand_dims" | "squeeze" | "reshape" | "transpose" | "tile" | "identity"
        | "slice_by_index" => of("x"),
        "sub" => is_one(site, op, "x") && of("y"),
        "mul" => of("x") && of("y"),
        "one_hot" => {
            let is = |param: &str, number: f64| match site.graph.constant(op, param) {
                Some(constant) => constant.is_splat_of(number).unwrap_or(false),
                None => site.graph.operand(op, param).is_none(),
            };
            is("on_value", 1.0) && is("off_value", 0.0)
        }
        "const" => site
            .graph
            .const_tensor(value)
            .is_some_and(|tensor| tensor.all(|element| element == 0.0 || element == 1.0).unwrap_or(false)),
        _ => false,
    }
}
