//! The passes and named pipelines that ids are looked up in.

use std::collections::BTreeMap;

use crate::grammar_error::{GrammarError, GrammarFault};
use crate::{Alias, Configured, OptionMap, PassDef, Pipeline, Unknown};

/// The passes and named pipelines that ids are looked up in.
///
/// ```text
/// let registry = milopt::passes::registry().with(&MyPass::DEF);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Registry {
    passes: Vec<&'static PassDef>,
    by_id: BTreeMap<&'static str, (&'static PassDef, Option<&'static Alias>)>,
    pipelines: BTreeMap<&'static str, &'static str>,
    foreign: &'static [&'static str],
    reasons: &'static [(&'static str, &'static str)],
}

impl Registry {
    /// From declarations, and named pipelines as JSON.
    pub fn new(passes: &[&'static PassDef], pipelines: &[(&'static str, &'static str)]) -> Registry {
        let registry = passes.iter().fold(Registry::default(), |registry, def| registry.with(def));
        pipelines.iter().fold(registry, |registry, (name, json)| registry.with_pipeline(name, json))
    }

    /// With one more pass. It takes the place of one that has its id, and the aliases of others that it
    /// claims.
    #[must_use]
    pub fn with(mut self, def: &'static PassDef) -> Registry {
        self.passes.retain(|other| other.id != def.id);
        self.passes.push(def);
        self.by_id.retain(|id, (other, _)| other.id != def.id && *id != def.id);
        self.by_id.insert(def.id, (def, None));
        for alias in def.aliases {
            self.by_id.insert(alias.id, (def, Some(alias)));
        }
        self
    }

    /// With one more named pipeline, as JSON, or another in the place of one of this name.
    #[must_use]
    pub fn with_pipeline(mut self, name: &'static str, json: &'static str) -> Registry {
        self.pipelines.insert(name, json);
        self
    }

    /// Knowing the ids of all passes of coremltools: those that no pass has as an alias are told from
    /// mistakes.
    #[must_use]
    pub fn with_coremltools(mut self, ids: &'static [&'static str]) -> Registry {
        self.foreign = ids;
        self
    }

    /// Knowing why some passes of coremltools have no counterpart: by id.
    #[must_use]
    pub fn with_reasons(mut self, reasons: &'static [(&'static str, &'static str)]) -> Registry {
        self.reasons = reasons;
        self
    }

    /// Passes of coremltools that have no counterpart, each with the reason.
    pub fn reasons(&self) -> &'static [(&'static str, &'static str)] {
        self.reasons
    }

    /// All declarations.
    pub fn passes(&self) -> &[&'static PassDef] {
        &self.passes
    }

    /// The declaration behind an id, ours or an alias.
    pub fn find(&self, id: &str) -> Option<(&'static PassDef, Option<&'static Alias>)> {
        self.by_id.get(id).copied()
    }

    /// The declaration behind an id, or what was perhaps meant.
    pub fn get(&self, id: &str) -> Result<(&'static PassDef, Option<&'static Alias>), Unknown> {
        self.find(id).ok_or_else(|| Unknown::new(id, self))
    }

    /// Every id of a pass, ours and aliases, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.by_id.keys().copied()
    }

    /// Names of the named pipelines.
    pub fn pipelines(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.pipelines.keys().copied()
    }

    /// A named pipeline.
    pub fn pipeline(&self, name: &str) -> Option<Result<Pipeline, GrammarError>> {
        Some(Pipeline::from_json(self.pipelines.get(name)?, self))
    }

    /// A step of a pipeline, from the id of a pass and its options.
    pub fn step(&self, id: &str, options: OptionMap) -> Result<Configured, GrammarError> {
        let (def, alias) = self.get(id).map_err(GrammarFault::Unknown)?;
        Configured::new(def, alias, options)
    }

    /// Passes of coremltools.
    pub(crate) fn foreign(&self) -> &'static [&'static str] {
        self.foreign
    }
}
