//! The search for ops that stay: cuts in which losses become dearer until the bound is met.

use std::collections::BTreeSet;

use mil_ir::OpId;
use mil_pass::PassError;

use super::choose::{Switches, kept};
use super::devices::Devices;
use super::loss::Loss;
use super::trial::Trials;

/// Attempts, each with losses twice as dear.
const ATTEMPTS: i32 = 36;

/// Prices of a change of devices that are tried, in ops that are kept.
const PRICES: &[u64] = &[4, 32];

/// Signal over noise in dB, and the ops that stay for it.
pub(super) type Choice = (f64, BTreeSet<OpId>);

/// What is known for the search.
pub(super) struct Search<'a> {
    pub trials: Trials<'a>,
    pub convertible: &'a [OpId],
    pub losses: &'a [Loss],
    /// Signal over noise, in dB, that is to be left.
    pub least: f64,
}

impl Search<'_> {
    /// The ops that stay: as few as can be found, unless data changes devices for them and others cost less.
    /// `known` is a choice that does not meet the bound.
    pub(super) fn run(
        &self,
        known: Option<Choice>,
        go_on: &mut dyn FnMut() -> Result<(), PassError>,
    ) -> Result<BTreeSet<OpId>, PassError> {
        let trials = &self.trials;
        let (db, fewest) = self.cut(&Switches { on_ane: &BTreeSet::new(), price: 0 }, known, go_on)?;
        if db < self.least || fewest.is_empty() {
            return Ok(fewest);
        }
        let devices = Devices::of(trials.observer.function, trials.observer.opset, trials.graph)?;
        let none_kept = devices.placement(&trials.cast(&BTreeSet::new())?);
        let mut best = (devices.placement(&trials.cast(&fewest)?), fewest);
        for &price in PRICES {
            if best.0.segments <= none_kept.segments {
                break;
            }
            let switches = Switches { on_ane: &none_kept.on_ane, price };
            let (db, stays) = self.cut(&switches, None, go_on)?;
            let placement = devices.placement(&trials.cast(&stays)?);
            if db >= self.least && placement.is_better_than(&best.0) {
                best = (placement, stays);
            }
        }
        Ok(best.1)
    }

    /// The first cut that meets the bound, without the ops that it does not need; else the best of all.
    fn cut(
        &self,
        switches: &Switches<'_>,
        known: Option<Choice>,
        go_on: &mut dyn FnMut() -> Result<(), PassError>,
    ) -> Result<Choice, PassError> {
        let budget = 10_f64.powf(-self.least / 10.0);
        let mut best = known;
        for attempt in 0..ATTEMPTS {
            go_on()?;
            let weight = 2_f64.powi(attempt - 10);
            let graph = self.trials.graph;
            let now = kept(graph, self.convertible, self.losses, switches, (budget, weight));
            if best.as_ref().is_some_and(|(_, known)| *known == now) {
                continue;
            }
            let db = self.trials.db(&now)?;
            if best.as_ref().is_none_or(|(known, _)| db > *known) {
                best = Some((db, now));
            }
            if db >= self.least {
                break;
            }
        }
        let (db, stays) = best.unwrap_or((f64::INFINITY, BTreeSet::new()));
        let stays = match switches.price {
            0 => self.trials.released(stays, self.least.min(db))?,
            _ => stays,
        };
        Ok((db, stays))
    }
}
