//! What a choice of ops leaves of the numbers: the program is cast, runs, and is compared.

use std::collections::BTreeSet;

use mil_eval::EvalValue;
use mil_ir::{Graph, OpId};
use mil_pass::PassError;

use super::noise::Power;
use super::observe::Observer;
use crate::precision::add_fp16_cast::{AddFp16Cast, whole};

/// A program whose ops are chosen, and what it is to compute.
pub(super) struct Trials<'a> {
    pub graph: &'a Graph,
    pub observer: &'a Observer<'a>,
    pub caster: &'a AddFp16Cast,
    /// Ops that are told to keep fp32.
    pub told: &'a BTreeSet<OpId>,
    /// The outputs of each call in fp32.
    pub wanted: &'a [Vec<EvalValue>],
    /// Some values come close to the end of fp16.
    pub is_close: bool,
}

impl Trials<'_> {
    /// The program if these ops stay in fp32.
    pub(super) fn cast(&self, stays: &BTreeSet<OpId>) -> Result<Graph, PassError> {
        let mut copy = self.graph.clone();
        let whole = whole::kept(self.graph, self.observer.opset);
        let mut keeps = |_: &Graph, op: OpId, _: bool| {
            let kept = stays.contains(&op) || self.told.contains(&op) || whole.contains(&op);
            Ok(kept.then_some("kept"))
        };
        self.caster.cast(&mut copy, self.observer.opset, false, &mut keeps, &mut |_| Ok(true))?;
        Ok(copy)
    }

    /// Signal over noise of the worst output, in dB, if these ops stay in fp32. What comes close to the end of
    /// fp16 counts as beyond it, as far as ops without inner blocks go.
    pub(super) fn db(&self, stays: &BTreeSet<OpId>) -> Result<f64, PassError> {
        let copy = self.cast(stays)?;
        let db = compare(self.wanted, &self.observer.outputs(&copy)?);
        if !self.is_close {
            return Ok(db);
        }
        let strict = self.observer.strict_outputs(&copy)?;
        Ok(strict.map_or(db, |outputs| db.min(compare(self.wanted, &outputs))))
    }

    /// Ops that need not stay, as long as `least` dB are left: all at once, else halves of them, and halves of
    /// those.
    pub(super) fn released(&self, stays: BTreeSet<OpId>, least: f64) -> Result<BTreeSet<OpId>, PassError> {
        let mut stays = stays;
        let in_order: Vec<OpId> = self.graph.root().ops().filter(|op| stays.contains(op)).collect();
        let (first, second) = in_order.split_at(in_order.len() / 2);
        let mut pieces = vec![second.to_vec(), first.to_vec()];
        for _ in 0..MOST_TRIALS {
            let Some(piece) = pieces.pop() else { break };
            if piece.is_empty() {
                continue;
            }
            let fewer: BTreeSet<OpId> = stays.iter().copied().filter(|op| !piece.contains(op)).collect();
            if self.db(&fewer)? >= least {
                stays = fewer;
            } else if piece.len() > 1 {
                let (first, second) = piece.split_at(piece.len() / 2);
                pieces.extend([second.to_vec(), first.to_vec()]);
            }
        }
        Ok(stays)
    }
}

/// Trials that [`Trials::released`] makes at most.
const MOST_TRIALS: usize = 64;

/// Signal over noise of the worst output in the worst call.
pub(super) fn compare(wanted: &[Vec<EvalValue>], got: &[Vec<EvalValue>]) -> f64 {
    let pairs = wanted.iter().zip(got).flat_map(|(wanted, got)| wanted.iter().zip(got));
    let of = |(wanted, got): (&EvalValue, &EvalValue)| {
        let mut power = Power::default();
        power.compare(wanted, got);
        power.db()
    };
    pairs.map(of).fold(f64::INFINITY, f64::min)
}
