//! Ops on the way to a softmax that change no weight.

use mil_ir::OpId;
use mil_pass::{No, Rewrite, Side};
use mil_tensor::DType;

use super::letters::{Letters, is_one};
use super::scores::{Scores, Term, uniform};
use super::sight::Sight;

impl Scores {
    /// A limit from below that only what masks the scores reaches. Where nothing masks them it does nothing.
    pub(super) fn at_least(&mut self, rw: &Rewrite<'_>, op: OpId, side: Side) -> Result<(), No> {
        let dtype = rw.dtype(rw.result(op)?)?;
        let (least, most) = match rw.is(op, &["clip"]) {
            true => (Some(rw.call(op)?.float("alpha")?), rw.call(op)?.float("beta")?),
            false => (uniform(rw, op, side.other().param())?, f64::INFINITY),
        };
        let least = least.filter(|&least| is_lowest(least, dtype) && is_lowest(-most, dtype));
        let least = least.ok_or(No::miss("the scores have a limit that they may reach"))?;
        if least.is_finite() && !self.terms.is_empty() {
            self.terms.push(Term::AtLeast { least, dtype });
        }
        Ok(())
    }

    /// Scores less their own largest, or another number that is one for all keys: it changes no weight. Such a
    /// number is reduced from the scores; which axes are left is checked when the keys are known.
    pub(super) fn less_reduced(
        &mut self,
        sight: &Sight<'_, '_>,
        letters: &mut Letters,
        op: OpId,
        side: Side,
    ) -> Result<bool, No> {
        let rw = sight.rw;
        let operands = [side, side.other()].map(|side| rw.graph().input(op, side.param()));
        let [Some(scores), Some(mut value)] = operands else { return Ok(false) };
        let (mut view, mut ops) = (self.view.clone(), Vec::new());
        let rank = sight.sizes(value)?.len();
        view.drain(..view.len().saturating_sub(rank));
        for (word, size) in view.iter_mut().zip(sight.sizes(value)?) {
            if is_one(&size) {
                word.clear();
            }
        }
        while let Some(own) = rw.graph().definition(value) {
            if rw.is(own, &["reduce_max", "reduce_mean", "reduce_min"]) {
                if rw.input(own, "x")? != scores {
                    return Ok(false);
                }
                ops.push(own);
                self.ops.extend(ops);
                self.rows.extend(view.concat());
                // Left out, they are all axes.
                let axes = rw.call(own)?.axes("axes", rw.rank(scores)?);
                let one_axis = axes.is_ok_and(|axes| axes.len() == 1);
                self.less_largest = side == Side::X && one_axis && rw.is(own, &["reduce_max"]);
                if side == Side::Y {
                    self.times(-1.0)?;
                }
                self.shifted = true;
                return Ok(true);
            }
            (value, view) = match sight.behind(letters, own, &view) {
                Ok(Some(behind)) => behind,
                Ok(None) | Err(No::Miss(_)) => return Ok(false),
                Err(fault) => return Err(fault),
            };
            ops.push(own);
        }
        Ok(false)
    }
}

/// So low that adding a score changes nothing.
fn is_lowest(number: f64, dtype: DType) -> bool {
    number <= if dtype == DType::Fp16 { -3e4 } else { -1e30 }
}
