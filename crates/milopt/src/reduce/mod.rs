//! The smallest program that still shows a fault, by delta debugging.
//!
//! Whoever knows the fault is asked of each candidate whether it still shows. Candidates are made by leaving
//! out functions, outputs and ops, by weights that are all alike, and by smaller sizes; each is a valid
//! program, so that what is found is the fault that was asked about and not one of the reduction's own.
//!
//! - `ops.rs`: leaving out ops, whose results become inputs, or for which an operand stands in
//! - `interface.rs`: leaving out functions and outputs, and what nothing needs then
//! - `weights.rs`: constants of one number
//! - `sizes.rs`: one size for another, wherever it stands

mod interface;
mod ops;
mod sizes;
mod weights;

use mil_ir::verify::Report;
use mil_ir::{Graph, Model, Name, Program};

use crate::verify::new_violations;

/// What became of a program.
#[derive(Clone, Debug)]
pub struct Reduced {
    /// The smallest program that was found.
    pub program: Program,
    /// Candidates that were tried.
    pub tried: usize,
    /// Those of them that still showed the fault.
    pub kept: usize,
}

/// Makes a program smaller as long as `keep` says that the fault still shows; `None` where it does not show in
/// the program as it is. Candidates that break a rule that the program keeps are not asked about.
///
/// # Errors
///
/// Those of `keep`, at once.
pub fn reduce<E>(
    program: &Program,
    mut keep: impl FnMut(&Program) -> Result<bool, E>,
) -> Result<Option<Reduced>, E> {
    if !keep(program)? {
        return Ok(None);
    }
    let known = crate::verify(&Model::Program(program.clone()));
    let mut search = Search { best: program.clone(), known, keep, tried: 0, kept: 0 };
    loop {
        let before = search.kept;
        search.functions()?;
        search.outputs()?;
        search.ops()?;
        search.outputs()?;
        search.weights()?;
        search.sizes()?;
        if search.kept == before {
            return Ok(Some(Reduced { program: search.best, tried: search.tried, kept: search.kept }));
        }
    }
}

struct Search<K> {
    best: Program,
    known: Report,
    keep: K,
    tried: usize,
    kept: usize,
}

impl<K> Search<K> {
    /// Asks about a candidate; it is the best program from now on if the fault shows.
    fn attempt<E>(&mut self, candidate: Option<Program>) -> Result<bool, E>
    where
        K: FnMut(&Program) -> Result<bool, E>,
    {
        let Some(candidate) = candidate else { return Ok(false) };
        let model = Model::Program(candidate);
        if !new_violations(&self.known, &model).is_empty() {
            return Ok(false);
        }
        let Model::Program(candidate) = model else { return Ok(false) };
        self.tried += 1;
        let shows = (self.keep)(&candidate)?;
        if shows {
            self.kept += 1;
            self.best = candidate;
        }
        Ok(shows)
    }

    /// The functions that have one graph, which is one that milopt can change.
    fn names(&self) -> Vec<Name> {
        let functions = self.best.functions.iter();
        let plain = functions.filter(|(_, function)| {
            function.specializations.len() == 1 && function.opset.release().is_some()
        });
        plain.map(|(name, _)| name.clone()).collect()
    }

    fn graph(&self, function: &Name) -> Option<&Graph> {
        self.best.graph(function)
    }
}
