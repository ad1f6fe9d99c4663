//! Which ops stay in fp32: as few as the losses allow, by a minimum cut.

use std::collections::{BTreeMap, BTreeSet};

use mil_ir::{Graph, OpId};

use super::loss::Loss;
use crate::cut::Prices;

/// What it costs to keep an op in fp32, and to cast between two ops.
const KEPT: u64 = 1000;
const CAST: u64 = 10;
/// More than anything else.
const MOST: f64 = 1e12;

/// The ops that stay in fp32 if a loss of `budget` costs as much as `weight` ops.
pub(super) fn kept(
    graph: &Graph,
    convertible: &[OpId],
    losses: &[Loss],
    budget: f64,
    weight: f64,
) -> BTreeSet<OpId> {
    let choice: BTreeMap<OpId, usize> = convertible.iter().enumerate().map(|(at, &op)| (op, at)).collect();
    let mut prices = Prices::of(convertible.len());
    for at in 0..convertible.len() {
        prices.pay(KEPT, None, &[(at, true)]);
    }
    for &taker in convertible {
        for value in graph.op(taker).values() {
            let giver = graph.definition(value).and_then(|giver| choice.get(&giver));
            if let (Some(&giver), Some(&taker)) = (giver, choice.get(&taker))
                && giver != taker
            {
                prices.pay(CAST, Some((giver, false)), &[(taker, true)]);
                prices.pay(CAST, Some((giver, true)), &[(taker, false)]);
            }
        }
    }
    for Loss { taker, giver, amount, .. } in losses {
        // A value is rounded if the op that gives it computes in fp16, or the one that takes it.
        let rounds = [taker, giver].into_iter().flatten().filter_map(|op| choice.get(op));
        let rounds: Vec<(usize, bool)> = rounds.map(|&at| (at, false)).collect();
        let price = (amount / budget * weight * KEPT as f64).min(MOST);
        prices.pay(price as u64, None, &rounds);
    }
    let chosen = prices.cheapest();
    convertible.iter().zip(chosen).filter(|(_, stays)| *stays).map(|(&op, _)| op).collect()
}
