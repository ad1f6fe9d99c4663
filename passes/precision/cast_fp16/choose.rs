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

/// What it costs that data changes devices, in ops that are kept.
pub(super) struct Switches<'a> {
    /// Ops that the Neural Engine runs in fp16. In fp32 it runs none.
    pub on_ane: &'a BTreeSet<OpId>,
    pub price: u64,
}

/// The ops that stay in fp32 if a loss of `budget` costs as much as `weight` ops.
pub(super) fn kept(
    graph: &Graph,
    convertible: &[OpId],
    losses: &[Loss],
    switches: &Switches<'_>,
    (budget, weight): (f64, f64),
) -> BTreeSet<OpId> {
    let choice: BTreeMap<OpId, usize> = convertible.iter().enumerate().map(|(at, &op)| (op, at)).collect();
    let mut prices = Prices::of(convertible.len());
    for at in 0..convertible.len() {
        prices.pay(KEPT, None, &[(at, true)]);
    }
    for &taker in convertible {
        for value in graph.op(taker).values() {
            let giver = graph.definition(value).filter(|giver| choice.contains_key(giver) && *giver != taker);
            let Some(giver) = giver else { continue };
            let parts = [giver, taker].iter().all(|op| switches.on_ane.contains(op));
            let price = CAST + if parts { switches.price * KEPT } else { 0 };
            let (giver, taker) = (choice[&giver], choice[&taker]);
            prices.pay(price, Some((giver, false)), &[(taker, true)]);
            prices.pay(price, Some((giver, true)), &[(taker, false)]);
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing test may panic anywhere")]
mod tests {
    use super::*;

    #[test]
    fn an_op_between_two_that_stay_stays_where_changing_devices_costs_more() {
        let names: Vec<String> = (0..15).map(|at| format!("v{at}")).collect();
        let op = |pair: &[String]| {
            let (from, to) = (&pair[0], &pair[1]);
            format!("tensor<fp32, [2]> {to} = tanh(x = {from})[name = string(\"{to}\")];\n")
        };
        let ops: String = names.windows(2).map(op).collect();
        let text =
            format!("program(1.3)\n{{\nfunc main<ios17>(tensor<fp32, [2]> v0) {{\n{ops}}} -> (v14);\n}}\n");
        let program = mil_ir::text::parse(&text).unwrap();
        let graph = program.graph("main").unwrap();
        let ops: Vec<OpId> = graph.root().ops().collect();
        let loss = |at: usize| Loss { taker: Some(ops[at]), giver: None, amount: 1.0, reason: String::new() };
        let (losses, all) = ([loss(6), loss(8)], ops.iter().copied().collect());
        let found = |price: u64| {
            let kept = kept(graph, &ops, &losses, &Switches { on_ane: &all, price }, (1e-5, 1.0));
            ops.iter().enumerate().filter(|(_, op)| kept.contains(op)).map(|(at, _)| at).collect::<Vec<_>>()
        };
        assert_eq!(found(0), [6, 8]);
        assert_eq!(found(4), [6, 7, 8]);
    }
}
