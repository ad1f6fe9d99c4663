//! What may improve a placement. This crate names the fixes; who has the passes tries them.

use std::collections::BTreeSet;

use crate::data::{Row, tables};

/// A pipeline that may improve a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The pipeline, in the grammar of pipelines: `add_fp16_cast`.
    pub pipeline: &'static str,
    /// What it helps with.
    pub why: &'static str,
}

impl Fix {
    /// The known fixes, in the order in which they are combined.
    pub fn all() -> &'static [Fix] {
        &tables().fixes
    }

    /// Ids of the passes that reasons name.
    pub fn of_reasons() -> BTreeSet<&'static str> {
        tables().rules.iter().filter_map(|rule| rule.fix).collect()
    }

    pub(crate) fn parse(row: &Row<'_>) -> Result<Fix, String> {
        Ok(Fix { pipeline: row.text("fix")?, why: row.text("why")? })
    }
}
