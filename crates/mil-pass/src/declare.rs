//! Declarations of passes.

use mil_ops::Numerics;
use serde_json::Value;

use crate::{OptionMap, Pass};

/// All that is known about a pass without running it.
#[derive(Debug)]
pub struct PassDef {
    /// Short id, the name of its folder.
    pub id: &'static str,
    /// Documentation in Markdown: what it does, Before and After, what it refuses.
    pub doc: &'static str,
    /// Options with their defaults.
    pub options: fn() -> Vec<OptionDef>,
    /// Patterns, in the order in which they are tried.
    pub patterns: &'static [PatternDef],
    /// Counters other than those of the patterns.
    pub statistics: &'static [StatisticDef],
    /// How results may change.
    pub numerics: Numerics,
    /// It changes features, states or the target.
    pub changes_interface: bool,
    /// Ids of coremltools that mean this pass.
    pub aliases: &'static [Alias],
    /// Whether it works on one graph after the other, or on programs as a whole.
    pub scope: Scope,
    /// Makes an instance from options; an error says which one is wrong, and what was expected.
    pub build: fn(OptionMap) -> Result<Box<dyn Pass>, String>,
    /// Source file of the declaration.
    pub file: &'static str,
}

/// What a pass is handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Graphs, one by one: what it may change is inside them. [`Pass::run_on_graph`] runs.
    Graph,
    /// The program: it may add and remove functions, and change states, the target and all else.
    /// [`Pass::run`] runs.
    Program,
}

/// One option of a pass.
#[derive(Clone, Debug)]
pub struct OptionDef {
    /// Name in pipelines and `--set`.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// The value it has where nothing is said.
    pub default: Value,
}

/// One named pattern of a pass.
#[derive(Clone, Copy, Debug)]
pub struct PatternDef {
    /// Name, by which it is counted, disabled and explained.
    pub name: &'static str,
    /// What it matches.
    pub doc: &'static str,
    /// Types of the ops that it looks at; empty: all.
    pub anchors: &'static [&'static str],
    /// Only ours: the coremltools pass of the alias has no such pattern.
    pub ours_only: bool,
}

/// One counter of a pass.
#[derive(Clone, Copy, Debug)]
pub struct StatisticDef {
    /// Name in reports.
    pub name: &'static str,
    /// What it counts, with the unit.
    pub doc: &'static str,
}

/// A coremltools id for a pass. Under it, only the patterns that coremltools has are enabled, and options
/// come in coremltools' names.
#[derive(Clone, Copy, Debug)]
pub struct Alias {
    /// For example `common::fuse_conv_batchnorm`.
    pub id: &'static str,
    /// Translates coremltools' options into ours.
    pub adapt: fn(OptionMap) -> Result<OptionMap, String>,
}

impl Alias {
    /// An alias whose options have our names, or which has none.
    pub const fn plain(id: &'static str) -> Alias {
        Alias { id, adapt: Ok }
    }
}

impl PassDef {
    /// The first paragraph of the documentation.
    pub fn summary(&self) -> String {
        let lines = self.doc.lines().map(str::trim).skip_while(|line| line.is_empty());
        lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// The folder of the pass's folder, where the path of its source ends in `<theme>/<id>/mod.rs`.
    pub fn theme(&self) -> Option<&'static str> {
        let mut folders = self.file.rsplit(['/', '\\']).skip(1);
        folders.next().filter(|folder| *folder == self.id).and_then(|_| folders.next())
    }

    /// The pass is meant by this id: its own, or an alias.
    pub fn has_id(&self, id: &str) -> bool {
        self.id == id || self.alias(id).is_some()
    }

    /// Our alias with this id.
    pub fn alias(&self, id: &str) -> Option<&'static Alias> {
        self.aliases.iter().find(|alias| alias.id == id)
    }
}
