//! What a running pass may ask and tell.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mil_ir::{FunctionInterface, Graph, Interface, Name, OpId, Opset, Program, Revision};
use mil_ops::Shapes;

use crate::samples::Samples;
use crate::{Instrument, PassDef, PassError, Sample};

/// What a running pass may ask and tell: where it is, what an app sees, which patterns are on, analyses,
/// fuel, counters.
pub struct PassCx<'a> {
    pub(crate) def: &'static PassDef,
    pub(crate) function: Name,
    pub(crate) opset: Opset,
    pub(crate) interface: Arc<Interface>,
    pub(crate) shapes: &'a mut Option<CachedShapes>,
    pub(crate) sound: bool,
    pub(crate) disabled: BTreeSet<&'static str>,
    pub(crate) statistics: BTreeMap<&'static str, u64>,
    pub(crate) details: Vec<serde_json::Value>,
    pub(crate) fuel: &'a mut Option<u64>,
    pub(crate) rewrites: &'a mut u64,
    pub(crate) cancel: Option<Arc<AtomicBool>>,
    pub(crate) samples: &'a Samples,
    pub(crate) handed: &'a [Arc<dyn Any + Send + Sync>],
    pub(crate) sites: Option<Arc<Sites>>,
    /// Ops from this index on were made by the pass.
    pub(crate) made_from: usize,
    pub(crate) instruments: &'a mut [Box<dyn Instrument>],
}

/// Ops by function and opset, around which alone a pass may rewrite.
pub type Sites = HashSet<(Name, Opset, OpId)>;

/// The last analysis of shapes, with the state of the graph that it describes.
pub(crate) struct CachedShapes {
    revision: Revision,
    function: Name,
    opset: Opset,
    shapes: Arc<Shapes>,
}

impl std::fmt::Debug for PassCx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PassCx({} in {} for {})", self.def.id, self.function, self.opset)
    }
}

impl<'a> PassCx<'a> {
    /// The function whose graph is being rewritten.
    pub fn function(&self) -> &Name {
        &self.function
    }

    /// The opset of the graph that is being rewritten.
    pub fn opset(&self) -> &Opset {
        &self.opset
    }

    /// What an app sees of the program, as it was before the pass.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// What an app sees of the function whose graph is being rewritten.
    pub fn features(&self) -> Option<&FunctionInterface> {
        self.interface.function(&self.function)
    }

    /// The shapes of the graph that is being rewritten, as they follow from the ranges of the interface. They
    /// describe the graph as it is now: asking again costs nothing until it changes.
    pub fn shapes(&mut self, graph: &Graph) -> Arc<Shapes> {
        if let Some(cached) = &*self.shapes
            && cached.revision == graph.revision()
            && (&cached.function, &cached.opset) == (&self.function, &self.opset)
        {
            return cached.shapes.clone();
        }
        let shapes = Arc::new(Shapes::of(graph, &self.opset, self.interface.function(&self.function)));
        *self.shapes = Some(CachedShapes {
            revision: graph.revision(),
            function: self.function.clone(),
            opset: self.opset.clone(),
            shapes: shapes.clone(),
        });
        shapes
    }

    /// The verifier found nothing wrong with the program as it was before the pass, so that a pass need not ask
    /// it again of an op that it has not touched.
    pub fn is_sound(&self) -> bool {
        self.sound
    }

    /// The calls that were handed over under a name.
    pub fn samples(&self, name: &str) -> Result<&'a [Sample], PassError> {
        let missing = || PassError::Refused(format!("no samples were handed over as {name}"));
        self.samples.get(name).ok_or_else(missing)
    }

    /// The value of a type that whoever runs the pass handed over, if there is one.
    pub fn handed<T: Any>(&self) -> Option<&'a T> {
        self.handed.iter().find_map(|value| value.downcast_ref())
    }

    /// Adds to a counter that the pass declares.
    pub fn count(&mut self, statistic: &'static str, by: u64) {
        *self.statistics.entry(statistic).or_default() += by;
    }

    /// Tells something about a single place, for reports: an object whose fields the pass documents.
    pub fn tell(&mut self, detail: serde_json::Value) {
        self.details.push(detail);
    }

    /// The pattern may be used.
    pub fn is_enabled(&self, pattern: &str) -> bool {
        !self.disabled.contains(pattern)
    }

    /// The pass may rewrite around this op: all, unless the run was given sites; and what the pass made.
    pub fn is_site(&self, op: OpId) -> bool {
        let Some(sites) = &self.sites else { return true };
        op.index() >= self.made_from || sites.contains(&(self.function.clone(), self.opset.clone(), op))
    }

    /// Asks to do one rewrite, of a pattern or of the pass as such: `false` when the fuel is spent. A pass
    /// asks before each change that it could as well leave out.
    pub fn spend(&mut self) -> bool {
        if let Some(fuel) = self.fuel {
            if *fuel == 0 {
                return false;
            }
            *fuel -= 1;
        }
        *self.rewrites += 1;
        true
    }

    /// Gives back what [`PassCx::spend`] took for a rewrite that did not take place.
    pub(crate) fn refund(&mut self) {
        if let Some(fuel) = self.fuel {
            *fuel += 1;
        }
        *self.rewrites -= 1;
    }

    /// An error once somebody asked to stop. Long loops ask now and then.
    pub fn check_cancelled(&self) -> Result<(), PassError> {
        match &self.cancel {
            Some(cancel) if cancel.load(Ordering::Relaxed) => Err(PassError::Cancelled),
            _ => Ok(()),
        }
    }

    /// Says why a place was left alone.
    pub fn missed(&mut self, pattern: &'static str, graph: &Graph, op: OpId, reason: &str) {
        for instrument in self.instruments.iter_mut() {
            instrument.missed(self.def, pattern, graph, op, reason);
        }
    }

    /// Somebody asks why places were left alone: what a pass finds out for nothing else can wait for this.
    pub fn wants_misses(&self) -> bool {
        self.instruments.iter().any(|instrument| instrument.wants_misses())
    }

    /// Goes through the graphs of a program: each of an opset that this version knows, in the order of the
    /// functions.
    pub fn each_graph(
        &mut self,
        program: &mut Program,
        mut each: impl FnMut(&mut Graph, &mut PassCx<'_>) -> Result<(), PassError>,
    ) -> Result<(), PassError> {
        for (function, opset, graph) in program.graphs_mut() {
            if opset.release().is_none() {
                self.skip_unknown_opset(function, opset)?;
                continue;
            }
            (self.function, self.opset) = (function.clone(), opset.clone());
            self.made_from = graph.bound();
            each(graph, self)?;
        }
        Ok(())
    }

    /// A graph for an opset that this version does not know stays as it is, which only a pass that keeps
    /// results may accept.
    fn skip_unknown_opset(&self, function: &Name, opset: &Opset) -> Result<(), PassError> {
        if self.def.changes_interface || self.def.numerics.is_lossy() {
            return Err(PassError::UnknownOpset { function: function.clone(), opset: opset.to_string() });
        }
        Ok(())
    }
}
