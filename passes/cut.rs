//! The cheapest choice among two for each of many things, as a cut through a network.
//!
//! Prices are paid where choices meet. As long as none is paid for two choices being alike, the cheapest cut is
//! the cheapest choice of all (Kolmogorov and Zabih, "What energy functions can be minimized via graph cuts?",
//! 2004).

use crate::flow::Network;

/// What is never paid.
const NEVER: u64 = 1 << 62;

/// A choice, and one of its two sides.
pub(crate) type Side = (usize, bool);

/// Prices of choices.
#[derive(Debug, Default)]
pub(crate) struct Prices {
    choices: usize,
    paid: Vec<Price>,
}

/// To be paid where `if_too` is chosen, or always, and any of `any`.
#[derive(Debug)]
struct Price {
    amount: u64,
    if_too: Option<Side>,
    any: Vec<Side>,
}

impl Prices {
    pub(crate) fn of(choices: usize) -> Prices {
        Prices { choices, paid: Vec::new() }
    }

    /// A price that is paid where one choice falls to a side, and any of others does. Those that no cut can
    /// express are raised, but for everything left as it is (on side `false`): so the result is never worse
    /// than that, if perhaps not the best.
    pub(crate) fn pay(&mut self, amount: u64, if_too: Option<Side>, any: &[Side]) {
        if amount == 0 || any.is_empty() {
            return;
        }
        for side in [false, true] {
            let any: Vec<Side> = any.iter().copied().filter(|found| found.1 == side).collect();
            let if_too = if_too.filter(|found| found.1 != side);
            if !any.is_empty() {
                self.paid.push(Price { amount, if_too, any });
            }
        }
    }

    /// The side to choose for each.
    pub(crate) fn cheapest(&self) -> Vec<bool> {
        // A node for each choice, and two more: what stays with the source is chosen `false`.
        let mut network = Network::of(self.choices + 2);
        let (source, sink) = (self.choices, self.choices + 1);
        for Price { amount, if_too, any } in &self.paid {
            let side = any.first().is_some_and(|first| first.1);
            let meeting = match any[..] {
                [one] => one.0,
                _ => {
                    let meeting = network.add_node();
                    for &(choice, _) in any {
                        let (from, to) = if side { (meeting, choice) } else { (choice, meeting) };
                        network.add_arc(from, to, NEVER);
                    }
                    meeting
                }
            };
            let other = if_too.map_or(if side { source } else { sink }, |(choice, _)| choice);
            if other != meeting {
                let (from, to) = if side { (other, meeting) } else { (meeting, other) };
                network.add_arc(from, to, *amount);
            }
        }
        // As little as possible is moved.
        let mut moved = network.sink_side(source, sink);
        moved.truncate(self.choices);
        moved
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn total(prices: &[(u64, Option<Side>, Vec<Side>)], chosen: &[bool]) -> u64 {
        let falls = |&(choice, side): &Side| chosen[choice] == side;
        let due = prices.iter().filter(|(_, if_too, any)| if_too.iter().all(falls) && any.iter().any(falls));
        due.map(|(amount, _, _)| amount).sum()
    }

    /// A price that a cut can express: those that meet are on different sides.
    fn price() -> impl Strategy<Value = (u64, Option<Side>, Vec<Side>)> {
        let any = prop::collection::vec(0..6_usize, 1..4);
        (0..20_u64, prop::option::of(0..6_usize), any, any_side()).prop_map(|(amount, if_too, any, side)| {
            (amount, if_too.map(|choice| (choice, !side)), any.into_iter().map(|c| (c, side)).collect())
        })
    }

    fn any_side() -> impl Strategy<Value = bool> {
        any::<bool>()
    }

    proptest! {
        #[test]
        fn no_choice_is_cheaper(paid in prop::collection::vec(price(), 0..12)) {
            let mut prices = Prices::of(6);
            for (amount, if_too, any) in &paid {
                prices.pay(*amount, *if_too, any);
            }
            let all = (0..64_u32).map(|bits| (0..6).map(|at| bits >> at & 1 == 1).collect::<Vec<bool>>());
            let best = all.map(|chosen| total(&paid, &chosen)).min().unwrap();
            prop_assert_eq!(total(&paid, &prices.cheapest()), best);
        }
    }
}
