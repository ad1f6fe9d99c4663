//! Pipelines: passes in order, some of them repeated.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use mil_ir::Program;
use serde_json::Value;

use crate::{Alias, GrammarError, Pass, PassDef, RunError, RunReport, Runner};

/// A sequence of passes.
///
/// ```text
/// let report = Pipeline::new().add(FuseConvBn).run(&mut program)?;
/// ```
///
/// Text and JSON forms are read by [`Pipeline::parse`] and [`Pipeline::from_json`] and round-trip.
#[derive(Clone, Default)]
pub struct Pipeline {
    /// What runs, in order.
    pub entries: Vec<Entry>,
}

/// One step of a pipeline.
#[derive(Clone)]
#[non_exhaustive]
pub enum Entry {
    /// A pass.
    Pass {
        /// Id as spelled: ours, or an alias.
        id: String,
        /// The instance.
        pass: Arc<dyn Pass>,
        /// Patterns that are off.
        disabled: Vec<&'static str>,
    },
    /// Steps repeated until nothing changes.
    Fixpoint {
        /// The steps.
        entries: Vec<Entry>,
        /// Rounds at most.
        max: usize,
    },
}

/// The passes and named pipelines that ids are looked up in.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    passes: Vec<&'static PassDef>,
    by_id: BTreeMap<&'static str, (&'static PassDef, Option<&'static Alias>)>,
    pipelines: BTreeMap<&'static str, &'static str>,
}

/// Rounds of a fixpoint that does not say.
pub(crate) const DEFAULT_ROUNDS: usize = 8;

impl Registry {
    /// From declarations, and named pipelines as JSON.
    pub fn new(passes: &[&'static PassDef], pipelines: &[(&'static str, &'static str)]) -> Registry {
        let mut by_id = BTreeMap::new();
        for def in passes {
            by_id.insert(def.id, (*def, None));
            for alias in def.aliases {
                by_id.insert(alias.id, (*def, Some(alias)));
            }
        }
        Registry { passes: passes.to_vec(), by_id, pipelines: pipelines.iter().copied().collect() }
    }

    /// All declarations.
    pub fn passes(&self) -> &[&'static PassDef] {
        &self.passes
    }

    /// The declaration behind an id, ours or an alias.
    pub fn find(&self, id: &str) -> Option<(&'static PassDef, Option<&'static Alias>)> {
        self.by_id.get(id).copied()
    }

    /// Names of the named pipelines.
    pub fn pipelines(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.pipelines.keys().copied()
    }

    /// A named pipeline.
    pub fn pipeline(&self, name: &str) -> Option<Result<Pipeline, GrammarError>> {
        Some(Pipeline::from_json(self.pipelines.get(name)?, self))
    }

    /// An entry for a pass, from its id and options.
    pub fn entry(&self, id: &str, options: Value) -> Result<Entry, GrammarError> {
        let (def, alias) = self.find(id).ok_or_else(|| GrammarError::unknown_pass(id, self))?;
        let fault = |message: String| GrammarError::Options { id: id.to_owned(), message };
        let Value::Object(mut options) = options else {
            return Err(fault("options are an object".into()));
        };
        let mut disabled: Vec<&'static str> = def
            .patterns
            .iter()
            .filter(|pattern| alias.is_some() && pattern.ours_only)
            .map(|p| p.name)
            .collect();
        for (key, keep) in [("disable", false), ("only", true)] {
            let Some(names) = options.remove(key) else { continue };
            let names: Vec<String> =
                serde_json::from_value(names).map_err(|error| fault(error.to_string()))?;
            if let Some(unknown) = names.iter().find(|name| def.patterns.iter().all(|p| p.name != **name)) {
                return Err(fault(format!("there is no pattern {unknown}")));
            }
            let off = def.patterns.iter().filter(|pattern| names.iter().any(|n| n == pattern.name) != keep);
            disabled.extend(off.map(|pattern| pattern.name));
        }
        disabled.sort_unstable();
        disabled.dedup();
        let mut options = Value::Object(options);
        if let Some(alias) = alias {
            options = (alias.adapt)(options).map_err(fault)?;
        }
        let pass = (def.build)(options).map_err(|error| fault(error.to_string()))?;
        Ok(Entry::Pass { id: id.to_owned(), pass: pass.into(), disabled })
    }
}

impl Pipeline {
    /// Nothing yet.
    pub fn new() -> Pipeline {
        Pipeline::default()
    }

    /// With one more pass at the end.
    #[must_use]
    #[allow(clippy::should_implement_trait, reason = "the name that users expect of a builder")]
    pub fn add(mut self, pass: impl Pass + 'static) -> Pipeline {
        self.entries.push(Entry::Pass {
            id: pass.def().id.to_owned(),
            pass: Arc::new(pass),
            disabled: Vec::new(),
        });
        self
    }

    /// With other steps, repeated until nothing changes or `max` rounds are done, at the end.
    #[must_use]
    pub fn fixpoint(mut self, steps: Pipeline, max: usize) -> Pipeline {
        self.entries.push(Entry::Fixpoint { entries: steps.entries, max });
        self
    }

    /// With the steps of another pipeline at the end.
    #[must_use]
    pub fn then(mut self, other: Pipeline) -> Pipeline {
        self.entries.extend(other.entries);
        self
    }

    /// Runs on a program without instruments. See [`Runner`] for more.
    pub fn run(&self, program: &mut Program) -> Result<RunReport, RunError> {
        Runner::new().run(self, program)
    }

    /// Replaces an option of every entry with this id, those inside fixpoints included; says how many there are.
    pub fn set(
        &mut self,
        id: &str,
        option: &str,
        value: &Value,
        registry: &Registry,
    ) -> Result<usize, GrammarError> {
        let mut count = 0;
        let mut stack: Vec<&mut Entry> = self.entries.iter_mut().collect();
        while let Some(entry) = stack.pop() {
            match entry {
                Entry::Pass { id: own, pass, disabled } if own == id => {
                    let alias = registry.find(id).and_then(|(_, alias)| alias);
                    let fault = |message: String| GrammarError::Options { id: id.to_owned(), message };
                    let mut given = serde_json::Map::new();
                    given.insert(option.to_owned(), value.clone());
                    let mut given = Value::Object(given);
                    if let Some(alias) = alias {
                        given = (alias.adapt)(given).map_err(fault)?;
                    }
                    let mut options = pass.options();
                    if let (Value::Object(all), Value::Object(new)) = (&mut options, given) {
                        all.extend(new);
                    }
                    let built = (pass.def().build)(options).map_err(|error| fault(error.to_string()))?;
                    (*pass, *disabled) = (built.into(), std::mem::take(disabled));
                    count += 1;
                }
                Entry::Pass { .. } => {}
                Entry::Fixpoint { entries, .. } => stack.extend(entries.iter_mut()),
            }
        }
        Ok(count)
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pipeline({self})")
    }
}
