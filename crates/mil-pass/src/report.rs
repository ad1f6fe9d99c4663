//! What a run did.

use mil_ir::verify::Report;
use serde::Serialize;

/// What one pass did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PassReport {
    /// Id as the pipeline spells it.
    pub id: String,
    /// The program is not what it was.
    pub changed: bool,
    /// Ops of all functions before, `const` not counted.
    pub ops_before: usize,
    /// Ops of all functions after, `const` not counted.
    pub ops_after: usize,
    /// Counters that are not zero: rewrites by pattern, then the pass's own statistics.
    pub statistics: Vec<(String, u64)>,
    /// What the pass told about single places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<serde_json::Value>,
    /// Seconds in the pass itself.
    pub seconds: f64,
    /// Seconds in the verifier after it.
    pub verify_seconds: f64,
}

/// What a run of a pipeline did, pass by pass in the order of execution.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunReport {
    /// One entry for each time a pass ran.
    pub passes: Vec<PassReport>,
    /// Fixpoints that still changed something after their last round.
    pub unfinished: Vec<String>,
    /// Rewrites in all.
    pub rewrites: u64,
    /// What instruments have to say at the end, a line each.
    pub notes: Vec<String>,
    /// What [`mil_ops::verify_program`] says of the program as it is now; `None` where the run did not
    /// verify.
    #[serde(skip)]
    pub verified: Option<Report>,
}

impl RunReport {
    /// Any pass changed anything.
    pub fn changed(&self) -> bool {
        self.passes.iter().any(|pass| pass.changed)
    }

    /// Rewrites or events counted under a name, over all passes of an id.
    pub fn count(&self, id: &str, statistic: &str) -> u64 {
        let passes = self.passes.iter().filter(|pass| pass.id == id);
        passes
            .flat_map(|pass| &pass.statistics)
            .filter(|(name, _)| name == statistic)
            .map(|(_, count)| count)
            .sum()
    }
}
