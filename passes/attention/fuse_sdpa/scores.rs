//! From a product to the softmax: what becomes of the scores on the way.
//!
//! The scores are followed back to their product, then forward again, in letters. What stands before the
//! softmax is `constant * factors * product + terms`, each along its own axes.

use mil_ir::{OpId, Operand, ValueId};
use mil_pass::{No, Rewrite, Side};
use mil_tensor::{DType, Tensor};

use super::letters::{Letter, Letters, View};
use super::product::{PRODUCTS, Product};
use super::sight::Sight;

/// A score that is replaced by this, or less, is taken for masked: no row of scores lies so low that its
/// weight would show.
const MASKED: f64 = -100.0;

/// Steps that are followed back.
const STEPS: usize = 64;

/// An operand along axes of the scores.
#[derive(Clone, Debug)]
pub(super) struct Along {
    pub operand: Operand,
    pub view: View,
    /// Its sizes are known to be those of the scores, or 1.
    pub exact: bool,
}

/// Something that the scores are multiplied by.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    pub along: Along,
    /// The scores are divided by it.
    pub divides: bool,
}

/// Something that is added to the scores.
#[derive(Clone, Debug)]
pub(super) enum Term {
    /// A number of times a value, and these factors.
    Added { along: Along, times: f64, scales: Vec<Scale> },
    /// A number in place of the scores, where `cond` is not `keeps`.
    Kept { cond: Along, keeps: bool, fill: f64, dtype: DType },
    /// What masks is this number at least, which is so low that adding a score changes nothing.
    AtLeast { least: f64, dtype: DType },
}

/// Scores as a function of a product.
#[derive(Clone, Debug)]
pub(super) struct Scores {
    pub product: Product,
    pub constant: f64,
    pub scales: Vec<Scale>,
    pub terms: Vec<Term>,
    /// A number was added to all of them, which changes no weight, unless the sum is scaled along the keys.
    pub shifted: bool,
    /// The axes along which numbers vary that were added to all scores of a row: none may be that of the keys.
    pub rows: Vec<Letter>,
    /// The largest score of a row is 0.
    pub less_largest: bool,
    /// The axes of what is exponentiated.
    pub view: View,
    /// The axes that the scores have on their way.
    pub views: Vec<View>,
    /// The ops between product and softmax, the product included.
    pub ops: Vec<OpId>,
}

/// An op on the way from the product, and which of its operands are the scores.
#[derive(Clone, Copy, Debug)]
struct Step {
    op: OpId,
    side: Option<Side>,
}

impl Scores {
    /// Follows scores to their product, in the block of the softmax.
    pub(super) fn of(
        sight: &Sight<'_, '_>,
        letters: &mut Letters,
        scores: ValueId,
        softmax: OpId,
    ) -> Result<Scores, No> {
        let mut steps = Vec::new();
        let product = back(sight, scores, softmax, &mut steps, &mut STEPS.clone())?;
        let product = Product::of(sight, letters, product, None)?;
        let view = product.result.clone();
        let ops = std::iter::once(product.op).chain(steps.iter().map(|step| step.op)).collect();
        let mut scores = Scores {
            product,
            constant: 1.0,
            scales: Vec::new(),
            terms: Vec::new(),
            shifted: false,
            rows: Vec::new(),
            less_largest: false,
            view,
            views: Vec::new(),
            ops,
        };
        for step in steps {
            scores.follow(sight, letters, step)?;
            if scores.views.last() != Some(&scores.view) {
                scores.views.push(scores.view.clone());
            }
        }
        Ok(scores)
    }

    /// Takes one step from the product towards the softmax.
    fn follow(&mut self, sight: &Sight<'_, '_>, letters: &mut Letters, step: Step) -> Result<(), No> {
        let rw = sight.rw;
        let Step { op, side } = step;
        let Some(side) = side else {
            self.view = sight.through(letters, op, &self.view)?;
            return Ok(());
        };
        if rw.is(op, &["select"]) {
            return self.replaced(sight, letters, op, side);
        }
        self.less_largest = false;
        if rw.is(op, &["maximum", "clip"]) {
            return self.at_least(rw, op, side);
        }
        let other = side.other().param();
        let along = self.beside(sight, letters, op, other)?;
        let number = uniform(rw, op, other)?;
        match (rw.graph().op(op).kind().as_str(), number) {
            ("mul", Some(number)) => self.times(number),
            ("real_div", Some(number)) if side == Side::X && number != 0.0 => self.times(1.0 / number),
            ("mul", None) => self.scaled(Scale { along, divides: false }),
            ("real_div", None) if side == Side::X => self.scaled(Scale { along, divides: true }),
            ("real_div", _) => Err(No::miss("the scores are a divisor")),
            // The same for all keys: it changes no weight.
            ("add" | "sub", Some(number))
                if number.is_finite() && (side == Side::X || rw.is(op, &["add"])) =>
            {
                self.shifted = true;
                Ok(())
            }
            ("sub", None) if self.less_reduced(sight, letters, op, side)? => Ok(()),
            ("add", _) if self.blanked(rw, op, other, 1.0)? => Ok(()),
            ("sub", _) if side == Side::X && self.blanked(rw, op, other, -1.0)? => Ok(()),
            ("add", _) => self.added(along, 1.0),
            ("sub", _) if side == Side::X => self.added(along, -1.0),
            ("sub", _) => {
                self.times(-1.0)?;
                self.added(along, 1.0)
            }
            (kind, _) => Err(No::miss(format!("the scores go through {kind}"))),
        }
    }

    /// The other operand of an elementwise op, and the axes that the scores have behind it.
    fn beside(
        &mut self,
        sight: &Sight<'_, '_>,
        letters: &mut Letters,
        op: OpId,
        param: &str,
    ) -> Result<Along, No> {
        let operand = sight.rw.graph().operand(op, param).cloned();
        let operand = operand.ok_or_else(|| No::miss(format!("{param} is missing")))?;
        let broadcast = letters.broadcast(&self.view, &sight.operand_sizes(&operand)?);
        self.view = broadcast.result;
        Ok(Along { operand, view: broadcast.own, exact: broadcast.exact })
    }

    /// All of it, times a number.
    pub(super) fn times(&mut self, number: f64) -> Result<(), No> {
        self.constant *= number;
        for term in &mut self.terms {
            match term {
                Term::Added { times, .. } => *times *= number,
                Term::Kept { fill, .. } => {
                    *fill *= number;
                    No::unless(*fill <= MASKED, "masked scores are scaled afterwards, and count again")?;
                }
                Term::AtLeast { .. } => {
                    No::unless(number == 1.0, "scores with a limit from below are scaled afterwards")?;
                }
            }
        }
        No::unless(self.constant.is_finite(), "the scale is not finite")
    }

    fn scaled(&mut self, scale: Scale) -> Result<(), No> {
        for term in &mut self.terms {
            match term {
                Term::Added { scales, .. } => scales.push(scale.clone()),
                Term::Kept { .. } | Term::AtLeast { .. } => {
                    return Err(No::miss("masked scores are scaled by a value afterwards"));
                }
            }
        }
        self.scales.push(scale);
        Ok(())
    }

    fn added(&mut self, along: Along, times: f64) -> Result<(), No> {
        self.terms.push(Term::Added { along, times, scales: Vec::new() });
        Ok(())
    }

    /// Scores that were just multiplied by zeros and ones, and now get a number added where the zeros were:
    /// the number stands in place of them.
    fn blanked(&mut self, rw: &Rewrite<'_>, op: OpId, param: &str, sign: f64) -> Result<bool, No> {
        let Some(last) = self.scales.last().filter(|scale| !scale.divides) else { return Ok(false) };
        let constant = |operand: &Operand| rw.graph().literal(operand)?.as_tensor().cloned();
        let (Some(bits), Some(added)) = (constant(&last.along.operand), rw.graph().constant(op, param))
        else {
            return Ok(false);
        };
        if bits.shape() != added.shape() {
            return Ok(false);
        }
        let (bits, added) = (bits.to_f64s()?, added.to_f64s()?);
        let mut fills =
            bits.iter().zip(&added).filter(|(bit, _)| **bit == 0.0).map(|(_, added)| sign * added);
        let Some(fill) = fills.next() else { return Ok(false) };
        let kept = |(bit, added): (&f64, &f64)| *bit == 0.0 || (*bit == 1.0 && *added == 0.0);
        if fill > MASKED || fills.any(|other| other != fill) || !bits.iter().zip(&added).all(kept) {
            return Ok(false);
        }
        let Some(scale) = self.scales.pop() else { return Ok(false) };
        for term in &mut self.terms {
            if let Term::Added { scales, .. } = term {
                scales.pop();
            }
        }
        let shape = rw.graph().operand_type(&scale.along.operand).fixed_shape().unwrap_or_default();
        let bits: Vec<bool> = bits.iter().map(|&bit| bit != 0.0).collect();
        let cond = Along { operand: Tensor::from_bools(&shape, &bits)?.into(), ..scale.along };
        self.terms.push(Term::Kept { cond, keeps: true, fill, dtype: rw.dtype(rw.result(op)?)? });
        Ok(true)
    }

    /// `select` between the scores and one number.
    fn replaced(
        &mut self,
        sight: &Sight<'_, '_>,
        letters: &mut Letters,
        op: OpId,
        side: Side,
    ) -> Result<(), No> {
        let rw = sight.rw;
        let param = if side == Side::X { "b" } else { "a" };
        let fill = match uniform(rw, op, param)? {
            Some(fill) => Some(fill),
            None => self.filled_like(rw, op, param),
        };
        let fill = fill.ok_or(No::miss("scores are replaced by values that are not one constant"))?;
        No::unless(fill <= MASKED, "scores are replaced by a number that still counts")?;
        self.beside(sight, letters, op, param)?;
        let cond = self.beside(sight, letters, op, "cond")?;
        let dtype = rw.dtype(rw.result(op)?)?;
        self.terms.push(Term::Kept { cond, keeps: side == Side::X, fill, dtype });
        Ok(())
    }
}

impl Scores {
    /// The number that fills a value which has the shape of the scores. The op that makes it belongs to the
    /// site then, as nothing else uses what it gives.
    fn filled_like(&mut self, rw: &Rewrite<'_>, op: OpId, param: &str) -> Option<f64> {
        let fill = rw.producer(op, param, &["fill_like"]).ok()?;
        rw.used_only_by(fill, op).ok()?;
        let number = rw.call(fill).ok()?.float("value").ok()?;
        self.ops.push(fill);
        Some(number)
    }
}

/// The product that scores come from; `steps` becomes the way from there.
fn back(
    sight: &Sight<'_, '_>,
    scores: ValueId,
    place: OpId,
    steps: &mut Vec<Step>,
    budget: &mut usize,
) -> Result<OpId, No> {
    let rw = sight.rw;
    *budget = budget.checked_sub(1).ok_or(No::miss("the scores come from too far away"))?;
    let op = rw.graph().definition(scores).ok_or(No::miss("the scores are an input of the block"))?;
    rw.known(op)?;
    let block = |op: OpId| rw.graph().op(op).block();
    No::unless(block(op) == block(place), "the scores come from an outer block")?;
    if rw.is(op, PRODUCTS) {
        return Ok(op);
    }
    let kind = rw.graph().op(op).kind().clone();
    let (first, second) = match kind.as_str() {
        "cast" | "identity" | "reshape" | "transpose" | "expand_dims" | "squeeze" => {
            let x = rw.input(op, "x")?;
            No::unless(rw.dtype(rw.result(op)?)?.is_float(), "the scores become integers")?;
            let product = back(sight, x, place, steps, budget)?;
            steps.push(Step { op, side: None });
            return Ok(product);
        }
        "mul" | "real_div" | "add" | "sub" | "maximum" => ("x", "y"),
        "clip" => ("x", "x"),
        "select" => ("a", "b"),
        _ => return Err(No::miss(format!("the scores go through {kind}"))),
    };
    let sides = [(first, Side::X), (second, Side::Y)];
    let candidates = sides.map(|(param, side)| (rw.graph().input(op, param), side));
    let mut values: Vec<(ValueId, Side)> =
        candidates.into_iter().filter_map(|(value, side)| Some((value?, side))).collect();
    values.retain(|(value, _)| rw.graph().const_literal(*value).is_none());
    let leads: Vec<(ValueId, Side)> =
        values.iter().copied().filter(|(value, _)| sight.leads(*value)).collect();
    // Where neither is known to come from a product, the first says why.
    let tried = if leads.is_empty() { values.into_iter().take(1).collect() } else { leads };
    let mut reason = No::miss("the scores are constant");
    for (value, side) in tried {
        let before = steps.len();
        match back(sight, value, place, steps, budget) {
            Ok(product) => {
                steps.push(Step { op, side: Some(side) });
                return Ok(product);
            }
            Err(No::Fault(error)) => return Err(No::Fault(error)),
            Err(miss) => {
                steps.truncate(before);
                reason = miss;
            }
        }
    }
    Err(reason)
}

/// The one number that an operand consists of.
pub(super) fn uniform(rw: &Rewrite<'_>, op: OpId, param: &str) -> Result<Option<f64>, No> {
    let constant: Option<Tensor> = rw.graph().constant(op, param);
    match constant {
        Some(constant) if constant.dtype().is_float() => Ok(constant.splat_value()?),
        _ => Ok(None),
    }
}
