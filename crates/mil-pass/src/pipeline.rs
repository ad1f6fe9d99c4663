//! Pipelines: passes in order, some of them repeated.

use std::fmt;
use std::sync::Arc;

use mil_ir::Program;
use serde_json::Value;

use crate::grammar_error::{GrammarError, GrammarFault};
use crate::{Alias, OptionMap, Pass, PassDef, RunError, RunReport, Runner};

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
    Pass(Configured),
    /// Steps repeated until nothing changes.
    Fixpoint {
        /// The steps.
        entries: Vec<Entry>,
        /// Rounds at most.
        max: usize,
    },
}

/// A pass under one of its ids, with options. What was given is kept as it was spelled.
#[derive(Clone)]
pub struct Configured {
    id: &'static str,
    given: OptionMap,
    pass: Arc<dyn Pass>,
    disabled: Vec<&'static str>,
}

impl Configured {
    /// A pass from what is given under its own id or an alias: the options that the id has, and `disable` and
    /// `only`, lists of patterns.
    pub(crate) fn new(
        def: &'static PassDef,
        alias: Option<&'static Alias>,
        given: OptionMap,
    ) -> Result<Configured, GrammarError> {
        let id = alias.map_or(def.id, |alias| alias.id);
        let fault = |message: String| GrammarFault::Options { id: id.to_owned(), message };
        let mut options = given.clone();
        let mut disabled: Vec<&'static str> = def
            .patterns
            .iter()
            .filter(|pattern| alias.is_some() && pattern.ours_only)
            .map(|pattern| pattern.name)
            .collect();
        for (key, keep) in [("disable", false), ("only", true)] {
            let Some(names) = options.remove(key) else { continue };
            let names = <Vec<String> as crate::OptionValue>::read(&names)
                .map_err(|_| fault(format!("{key}: expected a list of patterns, not {names}")))?;
            if let Some(unknown) = names.iter().find(|name| def.patterns.iter().all(|p| p.name != **name)) {
                let known: Vec<&str> = def.patterns.iter().map(|pattern| pattern.name).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(fault(format!("there is no pattern {unknown}; it has {known}")).into());
            }
            let off = def.patterns.iter().filter(|pattern| names.iter().any(|n| n == pattern.name) != keep);
            disabled.extend(off.map(|pattern| pattern.name));
        }
        disabled.sort_unstable();
        disabled.dedup();
        if let Some(alias) = alias {
            options = (alias.adapt)(options).map_err(fault)?;
        }
        let pass = (def.build)(options).map_err(fault)?;
        Ok(Configured { id, given, pass: pass.into(), disabled })
    }

    /// An instance: what differs from the defaults counts as given.
    fn of(pass: impl Pass + 'static) -> Configured {
        let mut given = pass.options();
        for default in (pass.def().options)() {
            if given.get(default.name) == Some(&default.default) {
                given.shift_remove(default.name);
            }
        }
        Configured { id: pass.def().id, given, pass: Arc::new(pass), disabled: Vec::new() }
    }

    /// The id as the pipeline spells it: ours, or an alias.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The declaration.
    pub fn def(&self) -> &'static PassDef {
        self.pass.def()
    }

    /// The options as they were given, in the names that the id has.
    pub fn given(&self) -> &OptionMap {
        &self.given
    }

    /// The instance.
    pub fn pass(&self) -> &dyn Pass {
        &*self.pass
    }

    /// Patterns that are off.
    pub fn disabled(&self) -> &[&'static str] {
        &self.disabled
    }

    /// The same with one more option given, or another value for it.
    fn with(&self, option: &str, value: &Value) -> Result<Configured, GrammarError> {
        let mut given = self.given.clone();
        given.insert(option.to_owned(), value.clone());
        Configured::new(self.def(), self.def().alias(self.id), given)
    }
}

/// Rounds of a fixpoint that does not say.
pub(crate) const DEFAULT_ROUNDS: usize = 8;

impl Pipeline {
    /// Nothing yet.
    pub fn new() -> Pipeline {
        Pipeline::default()
    }

    /// With one more pass at the end.
    #[must_use]
    #[allow(clippy::should_implement_trait, reason = "the name that users expect of a builder")]
    pub fn add(mut self, pass: impl Pass + 'static) -> Pipeline {
        self.entries.push(Entry::Pass(Configured::of(pass)));
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

    /// The passes, those inside fixpoints included, each once for each time it is written.
    pub fn passes(&self) -> impl Iterator<Item = &Configured> {
        let mut stack: Vec<&Entry> = self.entries.iter().rev().collect();
        std::iter::from_fn(move || {
            loop {
                match stack.pop()? {
                    Entry::Pass(pass) => return Some(pass),
                    Entry::Fixpoint { entries, .. } => stack.extend(entries.iter().rev()),
                }
            }
        })
    }

    /// Gives an option to every pass that stands under this id, those inside fixpoints included; says how
    /// many there are. The other options that they were given stay.
    pub fn set(&mut self, id: &str, option: &str, value: &Value) -> Result<usize, GrammarError> {
        let mut count = 0;
        let mut stack: Vec<&mut Entry> = self.entries.iter_mut().collect();
        while let Some(entry) = stack.pop() {
            match entry {
                Entry::Pass(pass) if pass.id == id => {
                    *pass = pass.with(option, value)?;
                    count += 1;
                }
                Entry::Pass(_) => {}
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
