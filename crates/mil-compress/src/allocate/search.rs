//! The search for the best choice.

/// Sums that are kept at once.
pub(super) const MOST: usize = 1 << 16;

/// A choice for each item.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) chosen: Vec<usize>,
    /// No choice within the limit costs less.
    pub(super) bound: f64,
    pub(super) is_optimal: bool,
}

/// What an item can be: costs and loads, with the place among those that were given.
#[derive(Clone, Copy, Debug)]
struct Choice {
    cost: f64,
    load: f64,
    place: usize,
}

/// A sum of choices for the first items.
#[derive(Clone, Copy, Debug)]
struct Sum {
    cost: f64,
    load: f64,
    /// The sum of one item less that it comes from, and the choice.
    from: u32,
    choice: u32,
}

/// The choices with the least sum of costs whose loads add up to no more than `limit`: items are pairs of a
/// cost and a load for each of their choices. `None` where there are none.
pub(super) fn solve(items: &[Vec<(f64, f64)>], limit: f64, most: usize) -> Option<Found> {
    let items: Vec<Vec<Choice>> = items.iter().map(|item| undominated(item)).collect();
    let lightest: f64 =
        items.iter().map(|item| item.first().map(|choice| choice.load)).sum::<Option<f64>>()?;
    if lightest > limit {
        return None;
    }
    let multiplier = multiplier(&items, limit);
    let known = completed(&items, limit, multiplier);
    Some(Search::new(&items, limit, multiplier).run(known, most))
}

/// The choices that no other beats in both cost and load: ascending loads, descending costs.
fn undominated(item: &[(f64, f64)]) -> Vec<Choice> {
    let mut all: Vec<Choice> =
        item.iter().enumerate().map(|(place, &(cost, load))| Choice { cost, load, place }).collect();
    all.sort_by(|a, b| a.load.total_cmp(&b.load).then(a.cost.total_cmp(&b.cost)));
    let mut kept: Vec<Choice> = Vec::new();
    for choice in all {
        if kept.last().is_none_or(|last| choice.cost < last.cost) {
            kept.push(choice);
        }
    }
    kept
}

/// The choice of an item with the least cost, where each unit of load costs something, too.
fn cheapest(item: &[Choice], multiplier: f64) -> usize {
    let priced = |choice: &Choice| choice.cost + multiplier * choice.load;
    let mut best = 0;
    for at in 1..item.len() {
        if priced(&item[at]) < priced(&item[best]) {
            best = at;
        }
    }
    best
}

/// The least price of a unit of load at which the cheapest choices are within the limit, from above.
fn multiplier(items: &[Vec<Choice>], limit: f64) -> f64 {
    let load =
        |multiplier: f64| -> f64 { items.iter().map(|item| item[cheapest(item, multiplier)].load).sum() };
    if load(0.0) <= limit {
        return 0.0;
    }
    let steepest = |item: &Vec<Choice>| {
        let slope = |pair: &[Choice]| (pair[0].cost - pair[1].cost) / (pair[1].load - pair[0].load);
        item.windows(2).map(slope).fold(0.0, f64::max)
    };
    let (mut low, mut high) = (0.0, 2.0 * items.iter().map(steepest).fold(f64::MIN_POSITIVE, f64::max));
    // Halving the exponent first would be quicker; 200 halvings reach any double.
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if load(middle) <= limit { high = middle } else { low = middle }
    }
    high
}

/// Choices within the limit: the cheapest at this price, improved as far as single changes do.
fn completed(items: &[Vec<Choice>], limit: f64, multiplier: f64) -> Vec<usize> {
    let mut chosen: Vec<usize> = items.iter().map(|item| cheapest(item, multiplier)).collect();
    let mut load: f64 = items.iter().zip(&chosen).map(|(item, &at)| item[at].load).sum();
    if load > limit {
        chosen.fill(0);
        load = items.iter().map(|item| item[0].load).sum();
    }
    loop {
        let mut best: Option<(f64, usize, usize)> = None;
        for (number, item) in items.iter().enumerate() {
            let now = item[chosen[number]];
            for (at, other) in item.iter().enumerate().skip(chosen[number] + 1) {
                let gain = now.cost - other.cost;
                let fits = load - now.load + other.load <= limit;
                if fits && gain > 0.0 && best.is_none_or(|(most, ..)| gain > most) {
                    best = Some((gain, number, at));
                }
            }
        }
        let Some((_, number, at)) = best else { return chosen };
        chosen[number] = at;
        load = items.iter().zip(&chosen).map(|(item, &at)| item[at].load).sum();
    }
}

/// Dynamic programming over sums.
struct Search<'i> {
    items: &'i [Vec<Choice>],
    limit: f64,
    multiplier: f64,
    /// From each item on: the least load, and the least cost where load costs something, too.
    lightest: Vec<f64>,
    priced: Vec<f64>,
}

impl<'i> Search<'i> {
    fn new(items: &'i [Vec<Choice>], limit: f64, multiplier: f64) -> Search<'i> {
        let (mut lightest, mut priced) = (vec![0.0; items.len() + 1], vec![0.0; items.len() + 1]);
        for (at, item) in items.iter().enumerate().rev() {
            let choice = item[cheapest(item, multiplier)];
            lightest[at] = lightest[at + 1] + item[0].load;
            priced[at] = priced[at + 1] + choice.cost + multiplier * choice.load;
        }
        Search { items, limit, multiplier, lightest, priced }
    }

    /// No choices for the items from `next` on make of a sum less than this, within the limit.
    fn bound(&self, sum: &Sum, next: usize) -> f64 {
        sum.cost + self.priced[next] - self.multiplier * (self.limit - sum.load)
    }

    /// `known` are choices within the limit.
    fn run(&self, known: Vec<usize>, most: usize) -> Found {
        let known_cost: f64 = self.items.iter().zip(&known).map(|(item, &at)| item[at].cost).sum();
        // What rounding of sums may hide.
        let grain = known_cost.abs().max(self.priced[0].abs()) * 1e-12;
        let mut dropped = f64::INFINITY;
        let mut stages = vec![vec![Sum { cost: 0.0, load: 0.0, from: 0, choice: 0 }]];
        for (number, item) in self.items.iter().enumerate() {
            let sums = &stages[number];
            let mut next: Vec<Sum> = Vec::with_capacity(sums.len() * item.len());
            for (from, sum) in sums.iter().enumerate() {
                for (at, choice) in item.iter().enumerate() {
                    let (cost, load) = (sum.cost + choice.cost, sum.load + choice.load);
                    let new = Sum { cost, load, from: from as u32, choice: at as u32 };
                    let hopeful = self.bound(&new, number + 1) < known_cost - grain;
                    if load + self.lightest[number + 1] <= self.limit && hopeful {
                        next.push(new);
                    }
                }
            }
            next.sort_by(|a, b| a.load.total_cmp(&b.load).then(a.cost.total_cmp(&b.cost)));
            let mut least = f64::INFINITY;
            next.retain(|sum| {
                let is_kept = sum.cost < least;
                least = least.min(sum.cost);
                is_kept
            });
            if next.len() > most {
                next.sort_by(|a, b| self.bound(a, number + 1).total_cmp(&self.bound(b, number + 1)));
                dropped = dropped.min(self.bound(&next[most], number + 1));
                next.truncate(most);
            }
            stages.push(next);
        }
        let last = self.items.len();
        let best = (0..stages[last].len()).min_by(|&a, &b| {
            let cost = |at: usize| stages[last][at].cost;
            cost(a).total_cmp(&cost(b))
        });
        let (chosen, cost) = match best.filter(|&at| stages[last][at].cost < known_cost) {
            Some(at) => (self.choices(&stages, at), stages[last][at].cost),
            None => (known, known_cost),
        };
        let places = chosen.iter().zip(self.items).map(|(&at, item)| item[at].place).collect();
        Found { chosen: places, bound: dropped.min(cost), is_optimal: dropped >= cost - grain }
    }

    /// The choices behind a sum of all items.
    fn choices(&self, stages: &[Vec<Sum>], mut at: usize) -> Vec<usize> {
        let mut chosen = Vec::with_capacity(self.items.len());
        for stage in stages.iter().skip(1).rev() {
            chosen.push(stage[at].choice as usize);
            at = stage[at].from as usize;
        }
        chosen.reverse();
        chosen
    }
}
