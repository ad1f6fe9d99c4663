//! A function in parts of equal estimated cost, or as few as a limit of weights allows.
//!
//! Parts are runs of ops in program order. Of all ways to cut, that one is taken whose dearest part is
//! cheapest; among those that come within a twentieth of it, the one where least crosses from part to part.

use std::collections::HashMap;

use mil_estimate::{Target, estimate};
use mil_ir::{OpId, Program};
use serde::Serialize;

use super::costs::{Costs, PartSize};
use super::part::{Parts, Whole};
use super::{SurgeryError, refused};

/// How many parts, or how large.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limit {
    /// So many parts; as few as the limit of weights allows where it is not said.
    pub parts: Option<usize>,
    /// No part has more bytes of weights.
    pub weight_bytes: Option<u64>,
}

/// A function in parts.
#[derive(Clone, Debug, Serialize)]
pub struct Chunks {
    /// The programs, in the order in which they run.
    #[serde(skip)]
    pub programs: Vec<Program>,
    /// What they are in numbers.
    pub parts: Vec<PartSize>,
    /// Bytes that cross from each part to the later ones.
    pub crossing_bytes: Vec<u64>,
}

/// Places that are considered at most.
const PLACES: usize = 384;
/// What the dearest part may cost more than it has to, so that less crosses.
const SLACK: f64 = 1.05;

/// Cuts a function into parts.
///
/// # Errors
///
/// If it cannot be cut into so many parts, an op alone has more weights than the limit, or a state would be in
/// two parts however it is cut.
pub fn chunk(
    program: &Program,
    function: Option<&str>,
    limit: Limit,
    target: &Target,
) -> Result<Chunks, SurgeryError> {
    if limit.parts == Some(0) {
        return refused("a function cannot be cut into 0 parts");
    }
    let whole = Whole::of(program, function)?;
    if whole.ops.is_empty() {
        return refused("there are no ops to be parted");
    }
    let costs = Costs::of(&whole, &estimate(&whole.program, target))?;
    let cuts = place_cuts(&costs, limit)?;
    let home = |at: usize| cuts.iter().filter(|&&cut| cut <= at).count();
    let homes: HashMap<OpId, usize> = whole.ops.iter().enumerate().map(|(at, &op)| (op, home(at))).collect();
    let count = cuts.len() + 1;
    let programs = Parts::new(&whole, count, |op| homes.get(&op).copied().unwrap_or(0), &[])?.programs()?;
    let ends: Vec<usize> = [0].into_iter().chain(cuts.iter().copied()).chain([costs.len()]).collect();
    Ok(Chunks {
        programs,
        parts: ends.windows(2).map(|pair| costs.part(pair[0], pair[1])).collect(),
        crossing_bytes: cuts.iter().filter_map(|&cut| costs.crossing[cut]).collect(),
    })
}

/// Where to cut.
fn place_cuts(costs: &Costs, limit: Limit) -> Result<Vec<usize>, SurgeryError> {
    let places = places(costs);
    let reach = costs.reach(&places, limit.weight_bytes.unwrap_or(u64::MAX));
    let last = places.len() - 1;
    let least = fewest(&reach, last);
    let Some(least) = least else {
        let stuck = (0..last).find(|&at| reach[at] == at).unwrap_or(0);
        let part = costs.part(places[stuck], places[stuck + 1]);
        return refused(format!(
            "the ops from {} to {} alone have {} bytes of weights, and cannot be cut apart",
            part.first, part.last, part.weight_bytes
        ));
    };
    let count = limit.parts.unwrap_or(least);
    if count < least {
        return refused(format!("under this limit of weights there are at least {least} parts"));
    }
    if count > last {
        return refused(format!("it can be cut into {last} parts at most"));
    }
    let Some((dearest, _)) = best(costs, &places, &reach, count, f64::INFINITY) else {
        return refused(format!("it cannot be cut into {count} parts within the limit of weights"));
    };
    let chosen = best(costs, &places, &reach, count, dearest * SLACK);
    Ok(chosen.map(|(_, cuts)| cuts).unwrap_or_default())
}

/// Places at which cuts are considered, both ends among them: all, or of each stretch of about equal cost and
/// number of ops the one where least crosses.
fn places(costs: &Costs) -> Vec<usize> {
    let (count, total) = (costs.len(), costs.total());
    let share = |at: usize| match total > 0.0 {
        true => (costs.cost(0, at) / total + at as f64 / count as f64) / 2.0,
        false => at as f64 / count as f64,
    };
    let all: Vec<usize> = (1..count).filter(|&at| costs.crossing[at].is_some()).collect();
    let mut chosen = vec![0];
    if all.len() <= PLACES {
        chosen.extend(all);
    } else {
        let stretch = |at: usize| (share(at) * PLACES as f64) as usize;
        for stretch in all.chunk_by(|&a, &b| stretch(a) == stretch(b)) {
            chosen.extend(stretch.iter().min_by_key(|&&at| costs.crossing[at]));
        }
    }
    chosen.push(count);
    chosen
}

/// The fewest parts that stay within their reach; `None` where there is no way.
fn fewest(reach: &[usize], last: usize) -> Option<usize> {
    let (mut at, mut parts) = (0, 0);
    while at < last {
        if reach[at] == at {
            return None;
        }
        (at, parts) = (reach[at], parts + 1);
    }
    Some(parts)
}

/// The cuts for so many parts whose dearest part is cheapest; where its cost is given as a limit, those by
/// which least crosses. Answers the dearest part, too.
fn best(
    costs: &Costs,
    places: &[usize],
    reach: &[usize],
    count: usize,
    dearest: f64,
) -> Option<(f64, Vec<usize>)> {
    let balance = dearest.is_infinite();
    // What it takes to come to a place with so many parts, and from which place.
    let mut rows: Vec<Vec<Option<(f64, usize)>>> = Vec::with_capacity(count);
    for part in 0..count {
        let mut row: Vec<Option<(f64, usize)>> = vec![None; places.len()];
        for from in 0..places.len() {
            let before = match part {
                0 if from == 0 => 0.0,
                0 => continue,
                _ => match rows[part - 1][from] {
                    Some((before, _)) => before,
                    None => continue,
                },
            };
            for to in from + 1..=reach[from] {
                let cost = costs.cost(places[from], places[to]);
                if cost > dearest {
                    break;
                }
                let crossing = costs.crossing.get(places[to]).copied().flatten().unwrap_or(0) as f64;
                let sum = if balance { before.max(cost) } else { before + crossing };
                if row[to].is_none_or(|(known, _)| sum < known) {
                    row[to] = Some((sum, from));
                }
            }
        }
        rows.push(row);
    }
    let mut at = places.len() - 1;
    let (sum, _) = rows.last()?[at]?;
    let mut cuts = Vec::new();
    for row in rows.iter().rev() {
        at = row[at]?.1;
        cuts.push(places[at]);
    }
    cuts.pop();
    cuts.reverse();
    Some((sum, cuts))
}
