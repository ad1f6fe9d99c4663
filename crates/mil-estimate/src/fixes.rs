//! What may improve a placement. This crate names the fixes; who has the passes tries them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::legality::UNSUPPORTED;
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
        answers().into_iter().flat_map(|answer| answer.fixes).collect()
    }

    pub(crate) fn parse(row: &Row<'_>) -> Result<Fix, String> {
        Ok(Fix { pipeline: row.text("fix")?, named: row.text("named")? == "yes", why: row.text("why")? })
    }
}

/// A row of `data/rules.tsv` or `data/support.tsv` that says what may bring its ops to the Neural Engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The row: code, ops and conditions of a rule, or `op` and the op.
    pub row: String,
    /// Code of the reason that it gives.
    pub code: &'static str,
    /// The op, where the row is an op's.
    pub op: Option<&'static str>,
    /// Passes and pipelines, any of which may.
    pub fixes: Vec<&'static str>,
}

/// Every row that names passes.
pub fn answers() -> Vec<Answer> {
    let rule = |row: &Row<'_>| {
        let (code, ops, when) = (row.text("code")?, row.text("ops")?, row.text("when")?);
        Ok(Answer { row: format!("{code} {ops} {when}"), code, op: None, fixes: row.list("fix")? })
    };
    let op = |row: &Row<'_>| {
        let op = row.text("op")?;
        Ok(Answer { row: format!("op {op}"), code: UNSUPPORTED, op: Some(op), fixes: row.list("fix")? })
    };
    let rules = table::read(legality::TABLE, rule);
    rules.into_iter().chain(table::read(cost::SUPPORT, op)).filter(|row| !row.fixes.is_empty()).collect()
}
