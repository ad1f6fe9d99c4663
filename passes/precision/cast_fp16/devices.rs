//! Where a program would run, what that costs, and how often its data changes devices.

use std::collections::BTreeSet;

use mil_estimate::{Device, Target, estimate};
use mil_ir::{Function, Graph, Interface, Name, OpId, Opset, Program};
use mil_pass::PassError;

use crate::ane::{ImprovePlacement, targets};

/// What a graph is estimated for: the chips of `improve_placement`.
pub(super) struct Devices {
    name: Name,
    opset: Opset,
    targets: Vec<Target>,
}

impl Devices {
    pub(super) fn of(name: &Name, opset: &Opset, graph: &Graph) -> Result<Devices, PassError> {
        let mut devices = Devices { name: name.clone(), opset: opset.clone(), targets: Vec::new() };
        let refused = |error: mil_estimate::TargetError| PassError::Refused(error.to_string());
        let known = targets(&ImprovePlacement::default().chips, &[], &devices.program(graph));
        devices.targets = known.map_err(refused)?;
        Ok(devices)
    }

    fn program(&self, graph: &Graph) -> Program {
        let mut program = Program::new(Interface::default());
        let function = Function::new(self.opset.clone(), graph.clone());
        program.functions.insert(self.name.clone(), function);
        program
    }

    pub(super) fn placement(&self, graph: &Graph) -> Placement {
        let mut found = Placement::default();
        let program = self.program(graph);
        for target in &self.targets {
            for function in estimate(&program, target).functions.values() {
                found.segments += function.summary.segments;
                found.cost += function.summary.cost_ms;
                let on_ane = function.ops.iter().filter(|op| op.device == Device::Ane);
                found.on_ane.extend(on_ane.map(|op| op.id));
            }
        }
        found
    }
}

/// Where a graph would run.
#[derive(Default)]
pub(super) struct Placement {
    /// Runs of one device, over all targets.
    pub segments: usize,
    /// Milliseconds, over all targets.
    pub cost: f64,
    /// Ops that the Neural Engine runs on one of them.
    pub on_ane: BTreeSet<OpId>,
}

impl Placement {
    /// It costs less, and data changes devices no more often.
    pub(super) fn is_better_than(&self, other: &Placement) -> bool {
        self.cost < other.cost && self.segments <= other.segments
    }
}
