//! What each rounding to fp16 costs at the outputs.
//!
//! Each op is run again with one operand rounded: what its result then loses is what that rounding costs
//! there. And with one operand shaken: how much of a loss comes through. From the outputs back, the losses that
//! come through add up to how much each value matters. Overflow, underflow, cancellation, small epsilons and
//! angles of large arguments all show as losses, whatever ops they are spelled in.

use std::collections::HashMap;

use mil_eval::{Array, EvalValue};
use mil_ir::{Graph, Literal, OpId, Operand, ValueId};
use mil_tensor::{DType, Tensor, TensorError};

use super::noise::{LARGEST, Power, WRONG, gain, rounded, shaken};
use super::observe::{Observer, Seen};
use crate::precision::add_fp16_cast::{AddFp16Cast, Asked, to_fp16};

/// A loss at the outputs, as noise over signal, and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Loss {
    /// The op that takes what is rounded; `None`: it is an output.
    pub taker: Option<OpId>,
    /// The op that gives it; `None` for an input or a constant.
    pub giver: Option<OpId>,
    pub amount: f64,
    pub reason: String,
}

/// Every loss of a graph that computes in fp16.
pub(super) fn losses(observer: &Observer<'_>, seen: &Seen, caster: &AddFp16Cast) -> Vec<Loss> {
    let graph = observer.graph;
    let mut matters: HashMap<ValueId, f64> = HashMap::new();
    let mut losses = Vec::new();
    for value in graph.root().outputs() {
        *matters.entry(value).or_default() += 1.0;
        if let Some(giver) = graph.definition(value)
            && let Some(amount) = own_loss(seen, value)
        {
            let reason = format!("as an output it {}", lost(seen, value));
            losses.push(Loss { taker: None, giver: Some(giver), amount, reason });
        }
    }
    let ops: Vec<OpId> = graph.root().ops().collect();
    for op in ops.into_iter().rev().filter(|&op| graph.op(op).kind() != "const") {
        let results = graph.op(op).results();
        let weight: f64 = results.iter().filter_map(|value| matters.get(value)).fold(0.0, |a, &b| a + b);
        if weight == 0.0 {
            continue;
        }
        let site = Site { observer, seen, op, caster };
        for place in site.places() {
            site.at(&place, weight, &mut matters, &mut losses);
        }
    }
    losses
}

/// Noise over signal if a value is rounded; `None` for what is not fp32.
fn own_loss(seen: &Seen, value: ValueId) -> Option<f64> {
    let mut power = Power::default();
    for values in seen {
        let array = values.get(&value)?;
        power.compare(&array.clone().into(), &rounded(array)?.into());
    }
    Some(power.ratio())
}

/// What becomes of a value in fp16, in words.
fn lost(seen: &Seen, value: ValueId) -> String {
    let largest = seen
        .iter()
        .filter_map(|values| super::noise::elements(values.get(&value)?))
        .flatten()
        .filter(|value| value.is_finite())
        .fold(0.0_f64, |largest, value| largest.max(value.abs()));
    match () {
        () if largest * 2.0 > LARGEST => format!("reaches {largest:.3e}, beyond fp16 or close to its end"),
        () if largest < 1e-3 => format!("is at most {largest:.1e}, where fp16 has few digits"),
        () => "loses digits that are needed".to_owned(),
    }
}

/// An op whose operands are rounded one by one.
struct Site<'a> {
    observer: &'a Observer<'a>,
    seen: &'a Seen,
    op: OpId,
    caster: &'a AddFp16Cast,
}

/// An operand.
struct Place {
    param: String,
    index: usize,
    value: Option<ValueId>,
    /// A constant, and what it becomes.
    constant: Option<(Tensor, Result<Tensor, TensorError>)>,
    /// It is rounded if the op computes in fp16.
    is_rounded: bool,
}

impl Site<'_> {
    fn graph(&self) -> &Graph {
        self.observer.graph
    }

    /// The operands, each value once.
    fn places(&self) -> Vec<Place> {
        let graph = self.graph();
        let convertible = self.caster.convertible(graph, self.op, self.observer.opset).unwrap_or_default();
        let mut places: Vec<Place> = Vec::new();
        for (param, argument) in graph.op(self.op).arguments() {
            for (index, operand) in argument.iter().enumerate() {
                let value = operand.value();
                let constant = graph.literal(operand).and_then(Literal::as_tensor);
                let is_fp32 = graph.operand_type(operand).dtype() == Some(DType::Fp32);
                let half = |tensor: &Tensor| to_fp16(tensor, Asked::by(graph, self.op, param, Some(tensor))?);
                let constant = constant.filter(|_| is_fp32).map(|tensor| (tensor.clone(), half(tensor)));
                let is_rounded = is_fp32 && convertible.iter().any(|name| **name == **param);
                if matches!(operand, Operand::Literal(_)) && !is_rounded {
                    continue;
                }
                places.push(Place { param: param.to_string(), index, value, constant, is_rounded });
            }
        }
        places
    }

    /// What rounding an operand costs, and how much of what it has lost before comes through.
    fn at(&self, place: &Place, weight: f64, matters: &mut HashMap<ValueId, f64>, losses: &mut Vec<Loss>) {
        let graph = self.graph();
        let label = graph.label(self.op);
        if let Some((tensor, half)) = &place.constant {
            let half = half.as_ref().ok().and_then(|half| half.cast(DType::Fp32).ok());
            let half = half.and_then(|half| Array::from_tensor(&half, false).ok());
            let amount = match half {
                Some(half) => self.noise(place, |_| Some(half.clone())),
                None => WRONG,
            };
            if place.is_rounded && amount > 0.0 {
                let largest = tensor.min_max().ok().flatten().map_or(0.0, |(a, b)| a.abs().max(b.abs()));
                let reason = format!("its {}, up to {largest:.3e}, is not kept by fp16", place.param);
                losses.push(Loss { taker: Some(self.op), giver: None, amount: amount * weight, reason });
            }
            return;
        }
        let Some(value) = place.value else { return };
        let is_fp32 = graph.value(value).ty().dtype() == Some(DType::Fp32);
        if is_fp32 {
            let amount = self.noise(place, |values| rounded(values.get(&value)?));
            let name = graph.value(value).name();
            let reason = format!("{name}, which {label} takes, {}", lost(self.seen, value));
            // An op that stays as it is rounds nothing, but may be given what is rounded.
            let taker = place.is_rounded.then_some(self.op);
            let giver = graph.definition(value);
            losses.push(Loss { taker, giver, amount: amount * weight, reason });
        }
        // What is not a float, or an op that does not run by itself, hands on what it is given.
        let through = match is_fp32 && graph.op(self.op).blocks().is_empty() {
            true => gain(self.noise(place, |values| shaken(values.get(&value)?))),
            false => 1.0,
        };
        *matters.entry(value).or_default() += (through * weight).min(WRONG);
    }

    /// Noise over signal of the op's results if an operand is another one.
    fn noise(&self, place: &Place, other: impl Fn(&HashMap<ValueId, Array>) -> Option<Array>) -> f64 {
        let mut power = Power::default();
        for values in self.seen {
            let found = other(values)
                .and_then(|array| self.observer.again(self.op, values, (&place.param, place.index), array));
            let Some(found) = found else { continue };
            for (result, got) in self.graph().op(self.op).results().iter().zip(found) {
                if let Some(wanted) = values.get(result) {
                    power.compare(&EvalValue::Array(wanted.clone()), &got);
                }
            }
        }
        power.ratio()
    }
}
