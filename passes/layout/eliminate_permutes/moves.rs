//! Choosing arrangements: one cut for each way in which a region could be arranged otherwise.
//!
//! Where a value is transposed, the two sides propose theirs to the other: what would become of everything
//! connected if the giver gave what is taken, or the taker took what is given. Of the region that could follow,
//! a cut chooses the part that pays most ("expansion"), or, of a region that has only these two arrangements,
//! the cheapest choice of all ("swap", which is exact for two; Boykov, Veksler and Zabih, "Fast approximate
//! energy minimization via graph cuts", 2001). Nothing is taken that does not lower the cost, so the result is
//! never worse than the program as it was, and rounds end.

use std::collections::{BTreeSet, VecDeque};

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use mil_ir::ValueId;

use super::frame::Site;
use super::plan::{Node, Plan, Use};
use super::view::View;
use crate::cut::{Prices, Side};

/// Arrangements that are worked out for each op before the search ends: it stays linear where proposals that
/// contradict one another reach far.
const EFFORT: usize = 32;

/// A region and two views for each of its nodes.
#[derive(Default)]
struct Region {
    nodes: Vec<usize>,
    views: HashMap<usize, [View; 2]>,
}

/// What a node is offered.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Offer {
    /// To stay as it is, or to follow.
    Expansion,
    /// One of two, of which it has one.
    Swap,
}

/// The search for cheaper arrangements.
pub(super) struct Search<'p, 'g> {
    plan: &'p mut Plan<'g>,
    tried: HashMap<usize, HashSet<(Offer, [View; 2])>>,
    effort: usize,
}

impl<'p, 'g> Search<'p, 'g> {
    pub(super) fn new(plan: &'p mut Plan<'g>) -> Search<'p, 'g> {
        let effort = EFFORT * plan.reader.graph.op_count() + 4096;
        Search { plan, tried: HashMap::new(), effort }
    }

    /// Lowers the cost until no proposal does. `accept` is asked before each change, and ends the search by
    /// `false`.
    pub(super) fn run(mut self, mut accept: impl FnMut() -> bool) {
        let mut queue: VecDeque<ValueId> = self.plan.roots().into();
        let mut queued: HashSet<ValueId> = queue.iter().copied().collect();
        while let Some(root) = queue.pop_front() {
            queued.remove(&root);
            for (offer, node, views) in self.proposals(root) {
                if self.effort == 0 {
                    return;
                }
                let tried = self.tried.entry(node).or_default();
                if !tried.insert((offer, views.clone())) {
                    continue;
                }
                let region = self.region(offer, node, views);
                let Some(chosen) = self.better(&region) else { continue };
                if !accept() {
                    return;
                }
                for (&node, chosen) in region.nodes.iter().zip(chosen) {
                    self.plan.nodes[node].view = region.views[&node][usize::from(chosen)].clone();
                    self.tried.remove(&node);
                }
                // The value among them: other proposals were made for what was.
                for root in self.touched(&region) {
                    if queued.insert(root) {
                        queue.push_back(root);
                    }
                }
                break;
            }
        }
    }

    /// Where a value is given in one arrangement and taken in another, what each side could offer the other.
    fn proposals(&mut self, root: ValueId) -> Vec<(Offer, usize, [View; 2])> {
        let mut found = Vec::new();
        if self.plan.is_constant(root) {
            return found;
        }
        let giver = self.plan.giver(root);
        let view = giver.map(|(node, _)| self.plan.nodes[node].view.clone());
        let Some(given) = self.plan.given(root, view.as_ref()) else { return found };
        for taker in self.plan.uses(root).iter() {
            let view = taker.node.map(|(node, _)| self.plan.nodes[node].view.clone());
            let Some(taken) = self.plan.taken(taker, view.as_ref()) else { continue };
            let moves = self.plan.steps(root, &given, &taken).is_none_or(|steps| steps.moves());
            if taken == given || !moves {
                continue;
            }
            if let Some((node, slot)) = giver {
                let now = self.plan.nodes[node].view.clone();
                if let Some(view) = self.lifted(node, slot, &taken) {
                    found.push((Offer::Expansion, node, [now.clone(), view.clone()]));
                    found.push((Offer::Swap, node, [now, view]));
                }
            }
            if let Some((node, slot)) = taker.node {
                let now = self.plan.nodes[node].view.clone();
                let own = self.of_use(root, taker, &given);
                if let Some(view) = own.and_then(|own| self.lifted(node, slot, &own)) {
                    found.push((Offer::Expansion, node, [now.clone(), view.clone()]));
                    found.push((Offer::Swap, node, [now, view]));
                }
            }
        }
        found
    }

    fn lifted(&mut self, node: usize, slot: usize, seen: &View) -> Option<View> {
        self.effort = self.effort.saturating_sub(1);
        let Node { frame, view } = &self.plan.nodes[node];
        frame.lifted(&frame.slots[slot], seen, view)
    }

    /// An arrangement of a root, as one of the value that a use takes in the program as it is.
    fn of_use(&self, root: ValueId, found: &Use, arrangement: &View) -> Option<View> {
        if found.value == root {
            return Some(arrangement.clone());
        }
        found.view.inverse(self.plan.reader.sizes(root)?.len())?.then(arrangement)
    }

    /// Everything that could follow a node.
    fn region(&mut self, offer: Offer, start: usize, views: [View; 2]) -> Region {
        let mut region = Region::default();
        if views[0] == views[1] {
            return region;
        }
        region.nodes.push(start);
        region.views.insert(start, views);
        let mut seen: HashSet<ValueId> = HashSet::new();
        let mut next = 0;
        while let Some(&node) = region.nodes.get(next) {
            next += 1;
            let views = region.views[&node].clone();
            for slot in 0..self.plan.nodes[node].frame.slots.len() {
                let Some((root, arrangements)) = self.arrangements(node, slot, &views) else { continue };
                if !self.plan.is_constant(root) && seen.insert(root) && self.effort > 0 {
                    self.offer(offer, &mut region, root, &arrangements);
                }
            }
        }
        region
    }

    /// The arrangements of its root in which a node takes or gives a value.
    fn arrangements(&mut self, node: usize, slot: usize, views: &[View; 2]) -> Option<(ValueId, [View; 2])> {
        let found = &self.plan.nodes[node].frame;
        let site = &found.slots[slot];
        let seen = [found.seen(site, &views[0]), found.seen(site, &views[1])];
        match &site.site {
            Site::Gives(value) => Some((*value, seen)),
            Site::Takes { value, .. } => {
                let value = value.filter(|_| !site.is_constant())?;
                let (root, view) = self.plan.place(value)?;
                let [a, b] = seen;
                Some((root, [view.then(&a)?, view.then(&b)?]))
            }
        }
    }

    /// Offers the arrangements of a value to all that give or take it.
    fn offer(&mut self, offer: Offer, region: &mut Region, root: ValueId, arrangements: &[View; 2]) {
        let uses = self.plan.uses(root);
        let giver = self.plan.giver(root).map(|(node, slot)| (node, slot, None));
        let takers = uses.iter().filter_map(|found| found.node.map(|(node, slot)| (node, slot, Some(found))));
        for (node, slot, found) in giver.into_iter().chain(takers) {
            if region.views.contains_key(&node) {
                continue;
            }
            let mut lift = |arrangement: &View| {
                let own = match found {
                    Some(found) => self.of_use(root, found, arrangement)?,
                    None => arrangement.clone(),
                };
                self.lifted(node, slot, &own)
            };
            let Some(to) = lift(&arrangements[1]) else { continue };
            let from = if offer == Offer::Swap { lift(&arrangements[0]) } else { None };
            let now = self.plan.nodes[node].view.clone();
            let views = match from {
                Some(from) if from == now || to == now => [from, to],
                Some(_) => continue,
                None if offer == Offer::Swap => continue,
                None => [now, to],
            };
            if views[0] != views[1] {
                region.nodes.push(node);
                region.views.insert(node, views);
            }
        }
    }

    /// The values that the nodes of a region take or give.
    fn touched(&self, region: &Region) -> BTreeSet<ValueId> {
        let slots = region.nodes.iter().flat_map(|&node| &self.plan.nodes[node].frame.slots);
        let values = slots.filter(|slot| !slot.is_constant()).filter_map(|slot| match &slot.site {
            Site::Gives(value) => Some(*value),
            Site::Takes { value, .. } => *value,
        });
        values.map(|value| self.plan.root(value)).collect()
    }

    /// The choice for each node of a region, if there is one that costs less than now.
    fn better(&mut self, region: &Region) -> Option<Vec<bool>> {
        if region.nodes.is_empty() {
            return None;
        }
        let choice: HashMap<usize, usize> =
            region.nodes.iter().enumerate().map(|(at, &node)| (node, at)).collect();
        let mut prices = Prices::of(region.nodes.len());
        let touched = self.touched(region);
        for &root in &touched {
            self.price(root, region, &choice, &mut prices);
        }
        let chosen = prices.cheapest();
        let now = |plan: &Plan<'_>, node: usize| plan.nodes[node].view.clone();
        let then = |plan: &Plan<'_>, node: usize| match choice.get(&node) {
            Some(&at) => region.views[&node][usize::from(chosen[at])].clone(),
            None => plan.nodes[node].view.clone(),
        };
        let (mut before, mut after) = (0_u64, 0_u64);
        for &root in &touched {
            before = before.saturating_add(cost(self.plan, root, &now));
            after = after.saturating_add(cost(self.plan, root, &then));
        }
        (after < before).then_some(chosen)
    }

    /// What has to be paid for a value: each arrangement in which it is taken, from that in which it is given.
    fn price(
        &mut self,
        root: ValueId,
        region: &Region,
        choice: &HashMap<usize, usize>,
        prices: &mut Prices,
    ) -> Option<()> {
        let views = |plan: &Plan<'_>, node: usize| match region.views.get(&node) {
            Some(views) => views.clone(),
            None => [plan.nodes[node].view.clone(), plan.nodes[node].view.clone()],
        };
        let giver = self.plan.giver(root).map(|(node, _)| node);
        let of_giver = giver.map(|node| views(self.plan, node));
        let given = [
            self.plan.given(root, of_giver.as_ref().map(|views| &views[0]))?,
            self.plan.given(root, of_giver.as_ref().map(|views| &views[1]))?,
        ];
        let giver = giver.and_then(|node| choice.get(&node).copied());
        // Of each arrangement: it is always taken, or where these are chosen.
        let mut wanted: Vec<(View, bool, Vec<Side>)> = Vec::new();
        for taker in self.plan.uses(root).iter() {
            let node = taker.node.map(|(node, _)| node);
            let of_taker = node.map(|node| views(self.plan, node));
            let taken = [
                self.plan.taken(taker, of_taker.as_ref().map(|views| &views[0]))?,
                self.plan.taken(taker, of_taker.as_ref().map(|views| &views[1]))?,
            ];
            let taker = node.and_then(|node| choice.get(&node).copied());
            let always = taken[0] == taken[1];
            for (arrangement, side) in taken.into_iter().zip([false, true]) {
                let at = wanted.iter().position(|(known, ..)| *known == arrangement).unwrap_or(wanted.len());
                if at == wanted.len() {
                    wanted.push((arrangement, false, Vec::new()));
                }
                match taker {
                    Some(taker) if !always => wanted[at].2.push((taker, side)),
                    _ => wanted[at].1 = true,
                }
            }
        }
        for (arrangement, always, sides) in wanted {
            let costs = [
                self.plan.cost(root, &given[0], &arrangement),
                self.plan.cost(root, &given[1], &arrangement),
            ];
            let least = costs[0].min(costs[1]);
            for (cost, side) in costs.into_iter().zip([false, true]) {
                if let Some(giver) = giver {
                    match always {
                        true => prices.pay(cost - least, None, &[(giver, side)]),
                        false => prices.pay(cost - least, Some((giver, side)), &sides),
                    }
                }
            }
            if !always {
                prices.pay(least, None, &sides);
            }
        }
        Some(())
    }
}

/// What a value costs if its nodes have these views.
fn cost(plan: &mut Plan<'_>, root: ValueId, view: &dyn Fn(&Plan<'_>, usize) -> View) -> u64 {
    let giver = plan.giver(root).map(|(node, _)| view(plan, node));
    let Some(given) = plan.given(root, giver.as_ref()) else { return 0 };
    let mut wanted: Vec<View> = Vec::new();
    for taker in plan.uses(root).iter() {
        let of_taker = taker.node.map(|(node, _)| view(plan, node));
        if let Some(taken) = plan.taken(taker, of_taker.as_ref())
            && !wanted.contains(&taken)
        {
            wanted.push(taken);
        }
    }
    wanted.iter().fold(0, |sum: u64, taken| sum.saturating_add(plan.cost(root, &given, taken)))
}
