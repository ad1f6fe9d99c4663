//! What may improve a placement. This crate names the fixes; who has the passes tries them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::table::{self, Row};
use crate::{cost, legality};

pub(crate) const TABLE: &str = include_str!("../data/fixes.tsv");

/// A pipeline that may improve a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The pipeline, in the grammar of pipelines: `fp16`.
    pub pipeline: &'static str,
    /// It is one of the few that every advice tries.
    pub named: bool,
    /// What it helps with.
    pub why: &'static str,
}

impl Fix {
    /// The known fixes, the named pipelines first.
    pub fn all() -> &'static [Fix] {
        static ROWS: LazyLock<Vec<Fix>> = LazyLock::new(|| table::read(TABLE, Fix::parse));
        &ROWS
    }

    /// Passes and pipelines that reasons name.
    pub fn of_reasons() -> BTreeSet<&'static str> {
        let of_rules = legality::rules().iter().filter_map(|rule| rule.fix);
        let of_ops = cost::supports().filter_map(|support| support.fix);
        of_rules.chain(of_ops).flat_map(|fix| fix.split(',')).collect()
    }

    pub(crate) fn parse(row: &Row<'_>) -> Result<Fix, String> {
        Ok(Fix { pipeline: row.text("fix")?, named: row.text("named")? == "yes", why: row.text("why")? })
    }
}
