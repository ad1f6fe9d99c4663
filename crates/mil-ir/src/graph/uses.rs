//! The index of uses: edges `value → op`.
//!
//! petgraph keeps the edges of a node in a list, newest first, and walks the lists of both ends to remove
//! one: where a value has many uses, or an op many operands, old edges take long to find. So an edge that is
//! not the newest is only retired, and skipped from then on. When a value or an op has more retired edges
//! than others, all its edges are removed, newest first, and those in use are put back in their order.

use petgraph::Direction;
use petgraph::stable_graph::{EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;
use smallvec::SmallVec;

use crate::graph::{Graph, Use};
use crate::{Name, OpId, ValueId};

/// Retired edges that are not worth removing, and edges that are walked over.
const FEW: u32 = 16;

/// What an edge stands for: the place of an operand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) param: Name,
    pub(super) position: u32,
    /// It stands for nothing any more.
    retired: bool,
}

/// How many edges leave a value, or lead to an op.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct UseCount {
    pub(super) live: u32,
    retired: u32,
    /// Live ones to the ends of blocks, and to the end of the outermost.
    pub(super) returns: u32,
    pub(super) outputs: u32,
    /// Of an op: its live edges, and its retired ones.
    operands: u32,
    retired_operands: u32,
}

fn node(index: usize) -> NodeIndex {
    NodeIndex::new(index)
}

impl Graph {
    /// The uses of a value, newest first.
    pub(super) fn edges_of(&self, value: ValueId) -> impl Iterator<Item = (OpId, &Slot)> {
        self.edges
            .edges_directed(node(value.index()), Direction::Outgoing)
            .map(|edge| (OpId(edge.target().index() as u32), edge.weight()))
            .filter(|(_, slot)| !slot.retired)
    }

    /// The values that an op uses, in no order.
    pub(super) fn operand_edges(&self, op: OpId) -> impl Iterator<Item = (ValueId, &Slot)> {
        self.edges
            .edges_directed(node(op.index()), Direction::Incoming)
            .map(|edge| (ValueId(edge.source().index() as u32), edge.weight()))
            .filter(|(_, slot)| !slot.retired)
    }

    /// The uses of a value with the edges that stand for them, newest first.
    pub(super) fn edges_with_uses(&self, value: ValueId) -> Vec<(EdgeIndex, Use)> {
        self.edges
            .edges_directed(node(value.index()), Direction::Outgoing)
            .filter(|edge| !edge.weight().retired)
            .map(|edge| {
                let slot = edge.weight();
                let op = OpId(edge.target().index() as u32);
                (edge.id(), Use { op, param: slot.param.clone(), position: slot.position as usize })
            })
            .collect()
    }

    /// The edge that stands for a use of a value, looked for from the newest on.
    pub(super) fn edge_of(&self, value: ValueId, found: &Use) -> Option<EdgeIndex> {
        let mut edges = self.edges.edges_directed(node(value.index()), Direction::Outgoing);
        let edge = edges.find(|edge| {
            let slot = edge.weight();
            !slot.retired
                && edge.target() == node(found.op.index())
                && slot.position as usize == found.position
                && slot.param == found.param
        })?;
        Some(edge.id())
    }

    /// The uses by an op: all, or those of one parameter.
    pub(super) fn edges_into(&self, op: OpId, param: Option<&Name>) -> SmallVec<[EdgeIndex; 8]> {
        self.edges
            .edges_directed(node(op.index()), Direction::Incoming)
            .filter(|edge| !edge.weight().retired)
            .filter(|edge| param.is_none_or(|param| edge.weight().param == *param))
            .map(|edge| edge.id())
            .collect()
    }

    pub(super) fn add_use(&mut self, value: ValueId, op: OpId, param: &Name, position: usize) {
        let slot = Slot { param: param.clone(), position: position as u32, retired: false };
        self.edges.add_edge(node(value.index()), node(op.index()), slot);
        self.use_counts[op.index()].operands += 1;
        let (returns, outputs) = self.weight(op);
        let count = &mut self.use_counts[value.index()];
        count.live += 1;
        count.returns += returns;
        count.outputs += outputs;
    }

    /// A use by this op counts so often among those by the ends of blocks, and by the end of the outermost.
    fn weight(&self, op: OpId) -> (u32, u32) {
        let op = self.op(op);
        let ends = op.ends_block;
        (u32::from(ends), u32::from(ends && op.block == Graph::ROOT))
    }

    /// Removes a use, or retires it. Answers its ends, of which retired uses are to be removed by
    /// [`Graph::tidy`]: not before all edges that somebody has by their indices were gone through.
    #[must_use]
    pub(super) fn remove_use(&mut self, edge: EdgeIndex) -> Option<(NodeIndex, NodeIndex)> {
        let (value, op) = self.edges.edge_endpoints(edge)?;
        let (returns, outputs) = self.weight(OpId(op.index() as u32));
        let count = &mut self.use_counts[value.index()];
        count.live -= 1;
        count.returns -= returns;
        count.outputs -= outputs;
        if self.is_cheap(edge) {
            self.edges.remove_edge(edge);
            self.use_counts[op.index()].operands -= 1;
            // Retired ones that thereby became the newest.
            while let Some(next) = self.newest_edge(value)
                && self.edges.edge_weight(next).is_some_and(|slot| slot.retired)
                && self.is_cheap(next)
            {
                self.remove_retired(next);
            }
            return None;
        }
        if let Some(slot) = self.edges.edge_weight_mut(edge) {
            slot.retired = true;
        }
        self.use_counts[op.index()].operands -= 1;
        self.use_counts[op.index()].retired_operands += 1;
        self.use_counts[value.index()].retired += 1;
        Some((value, op))
    }

    /// Removes the retired uses of a value and by an op once they are many. Edges get other indices by it.
    pub(super) fn tidy(&mut self, (value, op): (NodeIndex, NodeIndex)) {
        let (value_count, op_count) = (self.use_counts[value.index()], self.use_counts[op.index()]);
        if value_count.retired > value_count.live.max(FEW) {
            self.sweep(value, Direction::Outgoing);
        } else if op_count.retired_operands > op_count.operands.max(FEW) {
            self.sweep(op, Direction::Incoming);
        }
    }

    /// The edge is the first to be found from both of its ends, or nearly so.
    fn is_cheap(&self, edge: EdgeIndex) -> bool {
        let Some((value, op)) = self.edges.edge_endpoints(edge) else { return false };
        let count = self.use_counts[op.index()];
        let newest = self.edges.edges_directed(op, Direction::Incoming).next().map(|edge| edge.id());
        self.newest_edge(value) == Some(edge)
            && (count.operands + count.retired_operands <= FEW || newest == Some(edge))
    }

    fn newest_edge(&self, value: NodeIndex) -> Option<EdgeIndex> {
        self.edges.edges_directed(value, Direction::Outgoing).next().map(|edge| edge.id())
    }

    fn remove_retired(&mut self, edge: EdgeIndex) {
        if let Some((value, op)) = self.edges.edge_endpoints(edge) {
            self.edges.remove_edge(edge);
            self.use_counts[value.index()].retired -= 1;
            self.use_counts[op.index()].retired_operands -= 1;
        }
    }

    /// Removes the retired edges of a value or, incoming, of an op.
    fn sweep(&mut self, node: NodeIndex, direction: Direction) {
        let mut kept = Vec::new();
        while let Some(edge) = self.edges.edges_directed(node, direction).next().map(|edge| edge.id()) {
            if self.edges.edge_weight(edge).is_some_and(|slot| slot.retired) {
                self.remove_retired(edge);
                continue;
            }
            let ends = self.edges.edge_endpoints(edge);
            kept.extend(ends.zip(self.edges.remove_edge(edge)));
        }
        for ((value, op), slot) in kept.into_iter().rev() {
            self.edges.add_edge(value, op, slot);
        }
    }

    /// Values whose edges are not as they are counted.
    pub(super) fn check_uses(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (index, count) in self.use_counts.iter().enumerate() {
            let mut found = UseCount::default();
            for edge in self.edges.edges_directed(node(index), Direction::Incoming) {
                match edge.weight().retired {
                    true => found.retired_operands += 1,
                    false => found.operands += 1,
                }
            }
            for edge in self.edges.edges_directed(node(index), Direction::Outgoing) {
                if edge.weight().retired {
                    found.retired += 1;
                } else {
                    let (returns, outputs) = self.weight(OpId(edge.target().index() as u32));
                    found.live += 1;
                    found.returns += returns;
                    found.outputs += outputs;
                }
            }
            if found != *count {
                faults.push(format!("uses of {index} are counted as {count:?} and are {found:?}"));
            }
        }
        faults
    }
}
