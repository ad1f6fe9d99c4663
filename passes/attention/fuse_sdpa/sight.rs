//! The graph as the analysis of a site sees it: sizes as far as they are known, and axes through ops.

use mil_ir::{OpId, Operand, ValueId};
use mil_ops::Shapes;
use mil_pass::{No, Rewrite};

use super::letters::{Letters, Size, View, Word, number, sizes};

/// The graph as the analysis of a site sees it.
pub(super) struct Sight<'a, 'g> {
    pub rw: &'a Rewrite<'g>,
    pub shapes: &'a Shapes,
    /// By value: it comes from a product through ops that sites are made of.
    pub leads: &'a [bool],
}

impl Sight<'_, '_> {
    /// The sizes of a value, as far as they follow from the inputs.
    pub(super) fn sizes(&self, value: ValueId) -> Result<Vec<Size>, No> {
        sizes(self.shapes.ty(self.rw.graph(), value))
    }

    /// The same of an operand.
    pub(super) fn operand_sizes(&self, operand: &Operand) -> Result<Vec<Size>, No> {
        match operand.value() {
            Some(value) => self.sizes(value),
            None => sizes(self.rw.graph().operand_type(operand)),
        }
    }

    /// Whether a value comes from a product.
    pub(super) fn leads(&self, value: ValueId) -> bool {
        self.leads.get(value.index()).copied().unwrap_or(false)
    }

    /// The axes of the result of an op that moves elements, or keeps them where they are.
    pub(super) fn through(&self, letters: &mut Letters, op: OpId, view: &View) -> Result<View, No> {
        let call = self.rw.call(op)?;
        match self.rw.graph().op(op).kind().as_str() {
            "reshape" => letters.reshaped(view, &self.sizes(self.rw.result(op)?)?),
            "transpose" => Ok(call.order("perm")?.into_iter().map(|axis| view[axis].clone()).collect()),
            "expand_dims" => {
                let rank = view.len() + call.ints("axes")?.len();
                Ok(with_ones(view, &call.axes("axes", rank)?))
            }
            "squeeze" => {
                let kept = self.sizes(self.rw.result(op)?)?.len();
                without_ones(view, &squeezed(&call, view.len())?, kept)
            }
            _ => Ok(view.clone()),
        }
    }

    /// What an op that moves elements takes, with its axes; `None` for other ops. Repeating a value along an
    /// axis of size 1 counts as well.
    pub(super) fn behind(
        &self,
        letters: &mut Letters,
        op: OpId,
        view: &View,
    ) -> Result<Option<(ValueId, View)>, No> {
        let kind = self.rw.graph().op(op).kind().as_str();
        if !["reshape", "transpose", "expand_dims", "squeeze", "tile", "identity"].contains(&kind) {
            return Ok(None);
        }
        self.rw.known(op)?;
        let (call, x) = (self.rw.call(op)?, self.rw.input(op, "x")?);
        let own = self.sizes(x)?;
        let view = match kind {
            "reshape" => letters.reshaped(view, &own)?,
            "transpose" => {
                let mut view_of_x = vec![Word::new(); own.len()];
                for (axis, &from) in call.order("perm")?.iter().enumerate() {
                    view_of_x[from] = view[axis].clone();
                }
                view_of_x
            }
            "expand_dims" => without_ones(view, &call.axes("axes", view.len())?, own.len())?,
            "squeeze" => with_ones(view, &squeezed(&call, own.len())?),
            "tile" => {
                let reps = call.ints("reps")?;
                let same_rank = reps.len() == view.len() && own.len() == view.len();
                No::unless(same_rank, "a tile makes axes")?;
                let axes = view.iter().zip(&reps).zip(&own);
                let word = |((word, &reps), size): ((&Word, &i64), &Size)| match (reps, number(size)) {
                    (1, _) => Ok(word.clone()),
                    (_, Some(1)) => Ok(Word::new()),
                    _ => Err(No::miss("an axis is repeated as a whole")),
                };
                axes.map(word).collect::<Result<View, No>>()?
            }
            _ => view.clone(),
        };
        Ok(Some((x, view)))
    }
}

/// The axes that a `squeeze` takes out; all of size 1 where it does not say.
fn squeezed(call: &mil_ops::Call<'_>, rank: usize) -> Result<Vec<usize>, No> {
    No::unless(call.is_given("axes"), "a squeeze does not say its axes")?;
    Ok(call.axes("axes", rank)?)
}

fn with_ones(view: &View, axes: &[usize]) -> View {
    let mut words = view.iter().cloned();
    let rank = view.len() + axes.len();
    (0..rank)
        .map(|axis| if axes.contains(&axis) { Word::new() } else { words.next().unwrap_or_default() })
        .collect()
}

fn without_ones(view: &View, axes: &[usize], rank: usize) -> Result<View, No> {
    let ones = axes.iter().all(|&axis| view.get(axis).is_some_and(Word::is_empty));
    No::unless(ones && view.len() == rank + axes.len(), "an axis that is taken out is not of size 1")?;
    let kept = view.iter().enumerate().filter(|(axis, _)| !axes.contains(axis));
    Ok(kept.map(|(_, word)| word.clone()).collect())
}
