//! What the ops that the Neural Engine refuses cost: for each reason and op type, how much cheaper the plan
//! would be if it took them. The plan is made anew for that, so a refusal that merely cuts a segment counts
//! for what the cut costs.

use std::collections::BTreeMap;

use mil_ir::OpId;
use serde::Serialize;

use crate::cost::Time;
use crate::facts::OpFacts;
use crate::legality::Legality;
use crate::placement::{Plan, Planner, place};
use crate::target::Backend;

/// So many groups are asked for, those with the longest times first: each takes a plan.
const ASKED: usize = 24;

/// Ops of one type that the Neural Engine refuses for one reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Blocker {
    /// The code of the reason: `conv_kernel`.
    pub code: &'static str,
    /// Op type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Places of the ops in `ops`.
    pub ops: Vec<usize>,
    /// What the cheapest plan would cost less if the Neural Engine could run them.
    pub saves_ms: f64,
}

/// The groups of refused ops that cost something, the most expensive first. `chosen` has the times that the
/// plan was made from.
pub(crate) fn find(
    ops: &[(OpId, OpFacts)],
    legality: &[Legality],
    times: &[[Time; 4]],
    chosen: &[[Option<f64>; 4]],
    plan: &Plan,
    planner: &Planner,
) -> Vec<Blocker> {
    const ANE: usize = Backend::Ane as usize;
    let mut groups: BTreeMap<(&'static str, &str), Vec<usize>> = BTreeMap::new();
    for (at, legality) in legality.iter().enumerate() {
        if let Some(reason) = &legality.reason {
            groups.entry((reason.code, &*ops[at].1.kind)).or_default().push(at);
        }
    }
    let taken = |op: usize| plan.backends[op].and_then(|backend| chosen[op][backend as usize]).unwrap_or(0.0);
    let mut groups: Vec<_> = groups
        .into_iter()
        .map(|(key, ops)| (ops.iter().map(|&op| taken(op)).sum::<f64>(), key, ops))
        .collect();
    groups.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut found: Vec<Blocker> = Vec::new();
    for (_, (code, kind), ops) in groups.into_iter().take(ASKED) {
        let mut with = chosen.to_vec();
        for &op in &ops {
            with[op][ANE] = Some(times[op][ANE].ms);
        }
        let saves_ms = plan.cost - place(&with, planner).cost;
        if saves_ms > 0.0 {
            found.push(Blocker { code, kind: kind.to_owned(), ops, saves_ms });
        }
    }
    found.sort_by(|a, b| b.saves_ms.total_cmp(&a.saves_ms));
    found
}
