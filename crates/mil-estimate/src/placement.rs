//! The third layer: the cheapest path.
//!
//! The planner goes through the ops in program order. It pays each op's time on the backend that it picks, a
//! launch when it begins on a backend, a switch and a launch when it changes to another, and a toll at the
//! end if it ends on the ANE; inputs are free. Out of that follows what an island on the ANE must save to
//! come about: 0.25 ms if it is the whole program or its head, 0.375 ms in the middle or at the tail. The
//! constants are in `data/planner.tsv`.
//!
//! [`place`] finds the cheapest of all paths and, from both ends, the cheapest through each op on each
//! backend: the difference is the op's margin, and a margin of nothing is a tie, where a device's choice is
//! arbitrary.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::LazyLock;

use crate::table::{self, Row};
use crate::target::{Backend, Device};

pub(crate) const TABLE: &str = include_str!("../data/planner.tsv");

/// Costs that differ by less are the same, added up in another order.
const TIE: f64 = 1e-9;

/// Fixed costs of a plan, in milliseconds, in the order of [`Backend::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Planner {
    /// To begin on a backend.
    pub launch: [f64; 4],
    /// To leave a backend for another one, besides its launch.
    pub switch: f64,
    /// To end on a backend.
    pub end: [f64; 4],
    /// Factor by which a rate that is another family's may be wrong, either way.
    pub spread: f64,
}

/// A placement of ops.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The backend of each op; `None` where no backend can run it.
    pub backends: Vec<Option<Backend>>,
    /// Cost of the cheapest plan that runs an op on a backend; infinite where it cannot run there.
    pub through: Vec<[f64; 4]>,
    /// Cost of the cheapest way to an op, launch included, by the backend that the op will run on; without
    /// the op's time.
    pub before: Vec<[f64; 4]>,
    /// Cost of the cheapest way on from an op to the end, by the backend that the op ran on.
    pub after: Vec<[f64; 4]>,
    /// Cost of the whole plan, in milliseconds.
    pub cost: f64,
}

impl Planner {
    /// The constants of `data/planner.tsv`.
    pub fn known() -> Planner {
        static KNOWN: LazyLock<Planner> = LazyLock::new(|| {
            let mut planner = Planner::default();
            table::read(TABLE, |row| planner.parse(row));
            planner
        });
        *KNOWN
    }

    pub(crate) fn parse(&mut self, row: &Row<'_>) -> Result<(), String> {
        let value: f64 = row.need("value")?;
        match (row.text("constant")?, row.text("backend")?) {
            ("switch", "*") => self.switch = value,
            ("spread", "*") => self.spread = value,
            ("launch", backend) => self.launch[backend.parse::<Backend>()? as usize] = value,
            ("end", backend) => self.end[backend.parse::<Backend>()? as usize] = value,
            (constant, _) => return Err(format!("constant {constant:?}")),
        }
        Ok(())
    }

    fn change(&self, from: usize, to: usize) -> f64 {
        if from == to { 0.0 } else { self.switch + self.launch[to] }
    }

    /// From the costs up to and with an op to the costs up to the next one.
    fn step(&self, costs: &[f64; 4]) -> [f64; 4] {
        std::array::from_fn(|to| {
            (0..4).map(|from| costs[from] + self.change(from, to)).fold(f64::INFINITY, f64::min)
        })
    }
}

/// Places ops whose times on each backend are given in program order; `None`: the backend cannot run the op.
///
/// Where paths cost the same, the one that stays on its backend longer wins, so that a change stands at the
/// op that forces it. Devices choose either (751K: of 123 ops at such ties 82 are on the ANE).
pub fn place(times: &[[Option<f64>; 4]], planner: &Planner) -> Plan {
    let placed: Vec<usize> = (0..times.len()).filter(|&op| times[op].iter().any(Option::is_some)).collect();
    let cost = |op: usize, backend: usize| times[op][backend].unwrap_or(f64::INFINITY);
    // Cost up to each op, and with it.
    let mut before: Vec<[f64; 4]> = Vec::with_capacity(placed.len());
    let mut forward: Vec<[f64; 4]> = Vec::with_capacity(placed.len());
    for &op in &placed {
        let reached = forward.last().map_or(planner.launch, |last| planner.step(last));
        before.push(reached);
        forward.push(std::array::from_fn(|backend| reached[backend] + cost(op, backend)));
    }
    // Cost after each op.
    let mut after = vec![planner.end; placed.len()];
    for at in (1..placed.len()).rev() {
        let next: [f64; 4] = std::array::from_fn(|to| after[at][to] + cost(placed[at], to));
        after[at - 1] = std::array::from_fn(|here| {
            (0..4).map(|to| planner.change(here, to) + next[to]).fold(f64::INFINITY, f64::min)
        });
    }
    let nowhere = vec![[f64::INFINITY; 4]; times.len()];
    let mut plan = Plan {
        backends: vec![None; times.len()],
        through: nowhere.clone(),
        before: nowhere.clone(),
        after: nowhere,
        cost: 0.0,
    };
    let mut current = None;
    for (at, &op) in placed.iter().enumerate() {
        plan.through[op] = std::array::from_fn(|backend| forward[at][backend] + after[at][backend]);
        (plan.before[op], plan.after[op]) = (before[at], after[at]);
        let rest: [f64; 4] = std::array::from_fn(|backend| {
            let change = current.map_or(planner.launch[backend], |from| planner.change(from, backend));
            change + cost(op, backend) + after[at][backend]
        });
        let least = rest.iter().copied().fold(f64::INFINITY, f64::min);
        let equal = |backend: &usize| rest[*backend] <= least + TIE * least.max(1.0);
        if at == 0 {
            plan.cost = least;
        }
        current = current.filter(equal).or_else(|| (0..4).find(equal));
        plan.backends[op] = current.map(|backend| Backend::ALL[backend]);
    }
    plan
}

impl Plan {
    /// The device of an op.
    pub fn device(&self, op: usize) -> Device {
        self.backends[op].map_or(Device::None, Backend::device)
    }

    /// What the cheapest plan with the op on another device costs more; `None` where no other device can run
    /// it.
    pub fn margin(&self, op: usize) -> Option<f64> {
        let chosen = self.device(op);
        let other = Backend::ALL
            .into_iter()
            .filter(|backend| backend.device() != chosen)
            .map(|backend| self.through[op][backend as usize])
            .fold(f64::INFINITY, f64::min);
        other.is_finite().then_some((other - self.cost).max(0.0))
    }

    /// What the cheapest plan costs more that runs all of these ops on `device`; `None` where it cannot run
    /// them all. `times` and `planner` are those that the plan was made from. Ops that no backend runs do not
    /// count.
    pub fn moved(
        &self,
        ops: Range<usize>,
        device: Device,
        times: &[[Option<f64>; 4]],
        planner: &Planner,
    ) -> Option<f64> {
        let mut reached: Option<[f64; 4]> = None;
        let mut last = None;
        for op in ops.filter(|&op| times[op].iter().any(Option::is_some)) {
            let start = reached.map_or(self.before[op], |costs| planner.step(&costs));
            reached = Some(std::array::from_fn(|backend| {
                let time = times[op][backend].filter(|_| Backend::ALL[backend].device() == device);
                start[backend] + time.unwrap_or(f64::INFINITY)
            }));
            last = Some(op);
        }
        let (costs, last) = (reached?, last?);
        let whole = (0..4).map(|at| costs[at] + self.after[last][at]).fold(f64::INFINITY, f64::min);
        whole.is_finite().then_some((whole - self.cost).max(0.0))
    }

    /// Another device gives the same cost.
    pub fn is_tie(&self, op: usize) -> bool {
        self.margin(op).is_some_and(|margin| margin <= TIE * self.cost.max(1.0))
    }
}

/// The least number of runs of one device over orders of the ops that keep their dependences: program order
/// is not how ops must run. Greedy: goes on with a device while any op for it is ready. Ops without a device
/// do not count. `needs` has for each op the places of those that must run before it.
pub fn least_segments(devices: &[Device], needs: &[Vec<usize>]) -> usize {
    const DEVICES: [Device; 4] = [Device::Ane, Device::Cpu, Device::Gpu, Device::Unknown];
    let slot = |op: usize| DEVICES.iter().position(|&device| device == devices[op]);
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); devices.len()];
    for (op, needed) in needs.iter().enumerate() {
        for &other in needed {
            users[other].push(op);
        }
    }
    let run = |mut current: usize| {
        let mut waiting: Vec<usize> = needs.iter().map(Vec::len).collect();
        let mut ready: [VecDeque<usize>; 5] = Default::default();
        for op in (0..devices.len()).filter(|&op| waiting[op] == 0) {
            ready[slot(op).unwrap_or(4)].push_back(op);
        }
        let mut segments = 0;
        let mut running = None;
        loop {
            let next = ready[4].pop_front().or_else(|| {
                let op = ready[current].pop_front()?;
                if running != Some(current) {
                    (running, segments) = (Some(current), segments + 1);
                }
                Some(op)
            });
            if let Some(op) = next {
                for &user in &users[op] {
                    waiting[user] -= 1;
                    if waiting[user] == 0 {
                        ready[slot(user).unwrap_or(4)].push_back(user);
                    }
                }
            } else if let Some(other) = (0..4).find(|&other| !ready[other].is_empty()) {
                current = other;
            } else {
                return segments;
            }
        }
    };
    (0..4).map(run).min().unwrap_or(0)
}

#[cfg(test)]
mod tests;
