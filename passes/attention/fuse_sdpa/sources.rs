//! Where an operand of a site may be taken from instead: from behind what moves elements or scales them.

use mil_ir::{OpId, Operand, ValueId};
use mil_pass::{Rewrite, Side};

use super::letters::{Letters, View};
use super::scores::Along;
use super::sight::Sight;

/// A value to start from instead, behind ops that move elements or scale them by one number.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub operand: Operand,
    pub view: View,
    /// What the operand is this many times of.
    pub times: f64,
    /// What repeating it costs is spared.
    pub spared: usize,
    /// The ops between.
    pub ops: Vec<OpId>,
}

/// Steps that are looked back from a query, key, value or mask.
const LOOK_BACK: usize = 6;

/// What an operand may be taken from: itself first.
pub(super) fn sources(
    sight: &Sight<'_, '_>,
    letters: &mut Letters,
    along: &Along,
    scaled: bool,
) -> Vec<Source> {
    let start = Source {
        operand: along.operand.clone(),
        view: along.view.clone(),
        times: 1.0,
        spared: 0,
        ops: Vec::new(),
    };
    let mut sources = vec![start];
    for _ in 0..LOOK_BACK {
        let Some(last) = sources.last() else { break };
        let Some(op) = last.operand.value().and_then(|value| sight.rw.graph().definition(value)) else {
            break;
        };
        let mut next = last.clone();
        match sight.behind(letters, op, &letters.view(&last.view)) {
            Ok(Some((value, view))) => {
                (next.operand, next.view) = (value.into(), view);
                next.spared += 4 * usize::from(sight.rw.is(op, &["tile"]));
            }
            _ if scaled => match by_number(sight.rw, op) {
                Some((value, number)) => (next.operand, next.times) = (value.into(), next.times * number),
                None => break,
            },
            _ => break,
        }
        next.ops.push(op);
        sources.push(next);
    }
    sources
}

/// The value that an op multiplies by one number, and the number.
pub(super) fn by_number(rw: &Rewrite<'_>, op: OpId) -> Option<(ValueId, f64)> {
    rw.known(op).ok()?;
    if !rw.is(op, &["mul", "real_div"]) {
        return None;
    }
    let (constant, value, side) = rw.with_constant(op).ok()?;
    let number = constant.splat_value().ok()??;
    rw.does_not_widen(&constant, value).ok()?;
    let number = match (rw.is(op, &["mul"]), side) {
        (true, _) => number,
        (false, Side::Y) => 1.0 / number,
        (false, Side::X) => return None,
    };
    (number.is_finite() && number != 0.0).then_some((value, number))
}
