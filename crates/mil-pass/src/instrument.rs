//! Watching a run.

use mil_ir::{Graph, OpId, Program};

use crate::{PassDef, PassReport, RunError, RunReport};

/// Which pass an event is about.
#[derive(Clone, Copy, Debug)]
pub struct PassEvent<'a> {
    /// The declaration.
    pub def: &'static PassDef,
    /// Id as the pipeline spells it.
    pub id: &'a str,
    /// How many passes ran before it.
    pub index: usize,
    /// The rest of the pipeline from this pass on, in the grammar of pipelines.
    pub rest: &'a str,
}

/// Watches a run. All methods do nothing by default.
pub trait Instrument {
    /// A pass is about to run.
    fn before_pass(&mut self, event: &PassEvent<'_>, program: &Program) {
        let _ = (event, program);
    }

    /// A pass has run and verified. An error fails the pass, which is then rolled back.
    fn after_pass(
        &mut self,
        event: &PassEvent<'_>,
        program: &Program,
        report: &PassReport,
    ) -> Result<(), String> {
        let _ = (event, program, report);
        Ok(())
    }

    /// A pass has failed; the program is as before it.
    fn pass_failed(&mut self, event: &PassEvent<'_>, program: &Program, error: &RunError) {
        let _ = (event, program, error);
    }

    /// The run is over, and every pass went well. What the instrument has to say goes into the report's
    /// notes.
    fn finished(&mut self, report: &mut RunReport) {
        let _ = report;
    }

    /// A pattern looked at an op and did not match.
    fn missed(
        &mut self,
        pass: &'static PassDef,
        pattern: &'static str,
        graph: &Graph,
        op: OpId,
        reason: &str,
    ) {
        let _ = (pass, pattern, graph, op, reason);
    }

    /// Somebody wants to know about misses; without, reasons are dropped where they arise.
    fn wants_misses(&self) -> bool {
        false
    }
}
