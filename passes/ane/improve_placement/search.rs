//! Which rewrites are tried, and which are taken.

use std::collections::{BTreeMap, BTreeSet};

use mil_estimate::Target;
use mil_ir::Program;
use mil_pass::{PassCx, PassError, Pipeline, Registry, Runner, Sites};

use super::standing::{Place, Standing};

/// The passes that reasons may name, in the order in which they run together, and whether each is held to the
/// ops whose reasons name it: some must begin before these.
const PASSES: &[(&str, bool)] = &[
    ("lower_rank_6", true),
    ("unflatten", false),
    ("cut_long_axes", true),
    ("split_wide_linears", true),
    ("decompose_wide_kernels", true),
    ("expand_functions", true),
    ("sine_to_polynomial", true),
    ("reduce_prod_to_products", true),
    ("cumsum_to_product", true),
    ("band_part_to_mask", true),
    ("scatter_to_concat", true),
    ("lookup_to_product", true),
    ("topk_to_maxima", true),
    ("windows_to_slices", true),
    ("float_integers", true),
    ("float_masks", true),
    ("hoist_integers", true),
];

/// What runs behind each rewrite: what it leaves for nothing goes.
pub(crate) const TIDY: &str = "fixpoint(merge_consecutive_reshapes,merge_consecutive_transposes,noop_elimination)\
                    {max=4},const_elimination,remove_redundant_ops,dead_code_elimination";

/// Ops that all trials together may go through.
const OPS: usize = 2_000_000;
/// Trials that every program gets, however large.
const FEWEST: usize = 8;

/// A search for rewrites that pay.
pub(super) struct Search {
    registry: Registry,
    targets: Vec<Target>,
    now: Standing,
    left: usize,
    tried: u64,
    taken: u64,
    /// Passes with the places that were tried since the last rewrite was taken.
    refused: BTreeSet<String>,
}

/// A rewrite that was tried.
struct Trial {
    text: String,
    first: Option<Place>,
    program: Program,
    standing: Standing,
    gain: f64,
}

/// Passes with the places that each is held to.
type Choice<'c> = Vec<(&'static str, Vec<&'c Place>)>;

impl Search {
    pub(super) fn new(program: &Program, targets: Vec<Target>, trials: usize) -> Search {
        let now = Standing::of(program, &targets);
        let ops = program.graphs().map(|(_, _, graph)| graph.op_count()).sum::<usize>();
        let affordable = (OPS / ops.max(1)).max(FEWEST);
        let left = trials.min(affordable);
        let registry = crate::registry();
        Search { registry, targets, now, left, tried: 0, taken: 0, refused: BTreeSet::new() }
    }

    /// Takes the best rewrite until none pays; says how many were taken and tried.
    pub(super) fn run(mut self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(u64, u64), PassError> {
        while let Some(best) = self.best(program, cx)? {
            if !cx.spend() {
                break;
            }
            let change = self.now.compared(&best.standing);
            let place = best.first.as_ref();
            place.inspect(|place| miss(cx, program, place, &format!("{} is taken: {change}", best.text)));
            (*program, self.now) = (best.program, best.standing);
            self.taken += 1;
            self.refused.clear();
        }
        Ok((self.taken, self.tried))
    }

    /// The rewrite that brings most: of each pass at all its places, of all passes together, and, where these
    /// do not pay, of each pass at one place.
    fn best(&mut self, program: &Program, cx: &mut PassCx<'_>) -> Result<Option<Trial>, PassError> {
        let places = std::mem::take(&mut self.now.places);
        let known: Choice<'_> = PASSES
            .iter()
            .filter_map(|(id, _)| Some((*id, places.get(id)?.iter().collect::<Vec<_>>())))
            .collect();
        let mut best: Option<Trial> = None;
        for one in &known {
            best = better(best, self.attempt(program, &vec![one.clone()], cx, &places)?);
        }
        if known.len() > 1 {
            best = better(best, self.attempt(program, &known, cx, &places)?);
        }
        for (id, all) in known.iter().filter(|(id, all)| all.len() > 1 && is_held(id)) {
            if best.is_some() {
                break;
            }
            for place in all {
                best = better(best, self.attempt(program, &vec![(*id, vec![*place])], cx, &places)?);
            }
        }
        self.now.places = places;
        Ok(best)
    }

    /// Tries passes at places; `None` where that changes nothing, does not pay, or no trial is left.
    fn attempt(
        &mut self,
        program: &Program,
        choice: &Choice<'_>,
        cx: &mut PassCx<'_>,
        places: &BTreeMap<&'static str, Vec<Place>>,
    ) -> Result<Option<Trial>, PassError> {
        cx.check_cancelled()?;
        let text = described(choice, places);
        if self.left == 0 || self.refused.contains(&text) {
            return Ok(None);
        }
        (self.left, self.tried) = (self.left - 1, self.tried + 1);
        let first = choice.iter().find_map(|(_, places)| places.first().copied());
        let outcome = match self.rewritten(program, choice) {
            Ok(Some(after)) => {
                let standing = Standing::of(&after, &self.targets);
                self.now.gain(&standing).map(|gain| (after, standing, gain))
            }
            Ok(None) => Err("it finds nothing to rewrite".to_owned()),
            Err(error) => Err(error),
        };
        match outcome {
            Ok((program, standing, gain)) => {
                Ok(Some(Trial { text, first: first.cloned(), program, standing, gain }))
            }
            Err(reason) => {
                if let Some(place) = first {
                    miss(cx, program, place, &format!("{text}: {reason}"));
                }
                self.refused.insert(text);
                Ok(None)
            }
        }
    }

    /// The program after these passes; `None` where they change nothing.
    fn rewritten(&self, program: &Program, choice: &Choice<'_>) -> Result<Option<Program>, String> {
        let mut after = program.clone();
        let mut changed = false;
        for (id, places) in choice {
            let pipeline = self.pipeline(id)?;
            let mut runner = Runner::new().verify(false);
            if is_held(id) {
                let sites: Sites = places.iter().flat_map(|place| &place.sites).cloned().collect();
                runner = runner.only_at(sites);
            }
            let report = runner.run(&pipeline, &mut after).map_err(|error| mil_ir::error_chain(&error))?;
            changed |= report.changed();
        }
        if !changed {
            return Ok(None);
        }
        let tidy = Pipeline::parse(TIDY, &self.registry).map_err(|error| error.to_string())?;
        Runner::new().verify(false).run(&tidy, &mut after).map_err(|error| mil_ir::error_chain(&error))?;
        Ok(Some(after))
    }

    /// A pass with the options that the chips ask for.
    fn pipeline(&self, id: &str) -> Result<Pipeline, String> {
        let all = |generation: u32| self.targets.iter().all(|target| target.chip.generation >= generation);
        let options = match id {
            // From M2 and A15 on, kernels may be 15 wide.
            "decompose_wide_kernels" if all(14) => "{width=15}",
            // From M4 and A17 Pro on, every axis may have 65536 elements.
            "unflatten" | "cut_long_axes" if all(16) => "{limit=65536}",
            _ => "",
        };
        Pipeline::parse(&format!("{id}{options}"), &self.registry).map_err(|error| error.to_string())
    }
}

fn is_held(id: &str) -> bool {
    PASSES.iter().any(|(pass, held)| *pass == id && *held)
}

fn better(a: Option<Trial>, b: Option<Trial>) -> Option<Trial> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.gain > a.gain { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// Passes, and at which of their places where not at all.
fn described(choice: &Choice<'_>, places: &BTreeMap<&'static str, Vec<Place>>) -> String {
    let one = |(id, chosen): &(&'static str, Vec<&Place>)| {
        let all = places.get(id).map_or(0, Vec::len);
        let first = chosen.first().filter(|_| chosen.len() < all);
        first.map_or_else(|| (*id).to_owned(), |place| format!("{id} at {} only", place.first))
    };
    choice.iter().map(one).collect::<Vec<_>>().join(",")
}

/// Tells `--why` of a place.
fn miss(cx: &mut PassCx<'_>, program: &Program, place: &Place, reason: &str) {
    if let Some(graph) = program.functions.get(&place.function).and_then(mil_ir::Function::graph)
        && graph.is_live(place.first)
    {
        cx.missed("placement", graph, place.first, reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pass_that_a_reason_names_is_tried_and_none_else() {
        let registry = crate::registry();
        let named = mil_estimate::Fix::of_reasons();
        for (id, _) in PASSES {
            assert!(registry.find(id).is_some(), "{id} is a pass");
            assert!(named.contains(id), "{id} is named by a reason");
        }
        for id in named.into_iter().filter(|id| registry.find(id).is_some()) {
            assert!(PASSES.iter().any(|(pass, _)| *pass == id), "{id} is tried");
        }
        assert!(Pipeline::parse(TIDY, &registry).is_ok());
    }
}
