//! Follows transposes through a block: what depends on each of them, if it is moved behind what it passes
//! through.

use std::rc::Rc;

use foldhash::HashSet;
use mil_ir::{BlockId, Graph, OpId, Opset, Type, ValueId};
use mil_ops::{Call, is_known};
use mil_pass::No;

use crate::layout::axes::{Moved, moved};

/// Transposes that can only be moved together, and what depends on them.
#[derive(Debug, Default)]
pub(super) struct Component {
    /// The transposes that are moved.
    pub starts: Vec<Start>,
    /// Ops that take the values before the transposes instead, in program order.
    pub members: Vec<Member>,
    /// Transposes that they meet.
    pub ends: Vec<End>,
    /// Values that must be transposed again.
    pub again: Vec<Again>,
}

/// A transpose that is moved.
#[derive(Debug)]
pub(super) struct Start {
    pub op: OpId,
    /// The first of the ops that need its result as it is: the transpose is moved there and stays.
    pub needed_at: Option<OpId>,
    /// Its result is an output of the block.
    pub is_output: bool,
}

/// An op that takes the values before the transposes instead.
#[derive(Debug)]
pub(super) struct Member {
    pub op: OpId,
    pub moved: Moved,
}

/// A transpose that takes a moved value.
#[derive(Debug)]
pub(super) struct End {
    pub op: OpId,
    /// Its own order and that of its operand in one.
    pub order: Vec<usize>,
}

/// A value that must be transposed again.
#[derive(Debug)]
pub(super) struct Again {
    pub value: ValueId,
    pub order: Rc<[usize]>,
    /// The first of the ops that need it.
    pub needed_at: OpId,
}

/// The components of a block, and the ops that transposes do not pass through, with the reasons.
#[derive(Debug, Default)]
pub(super) struct Followed {
    pub components: Vec<Component>,
    pub barriers: Vec<(OpId, String)>,
}

impl End {
    /// The two transposes undo each other.
    pub(super) fn cancels(&self) -> bool {
        self.order.is_sorted()
    }
}

impl Component {
    /// The ops that take values before the transposes.
    pub(super) fn takers(&self) -> HashSet<OpId> {
        self.members.iter().map(|member| member.op).chain(self.ends.iter().map(|end| end.op)).collect()
    }
}

/// No place in a list.
const NOWHERE: u32 = u32::MAX;

/// A value that is a transpose, in this order, of one that the component has after the move.
#[derive(Clone)]
struct Lazy {
    order: Rc<[usize]>,
    component: usize,
}

/// Follows all transposes of a block but those that are `fixed`.
pub(super) fn follow(
    graph: &Graph,
    block: BlockId,
    opset: &Opset,
    fixed: &HashSet<OpId>,
) -> Result<Followed, No> {
    let places = vec![NOWHERE; graph.bound()];
    let mut walk = Walk { graph, opset, places, values: Vec::new(), parents: Vec::new() };
    let mut starts: Vec<(usize, OpId)> = Vec::new();
    let mut members: Vec<(usize, Member)> = Vec::new();
    let mut ends: Vec<(usize, End)> = Vec::new();
    let mut followed = Followed::default();

    for op in graph.block(block).ops() {
        let moved_operand = graph.op(op).values().find_map(|value| walk.lazy(value).cloned());
        let order = match graph.op(op).kind() == "transpose" {
            true => walk.transpose(op),
            false => None,
        };
        if let Some(order) = &order {
            if let Some(operand) = &moved_operand {
                let both = order.iter().map(|&axis| operand.order[axis]).collect();
                ends.push((operand.component, End { op, order: both }));
                if ends.last().is_some_and(|(_, end)| end.cancels()) {
                    continue;
                }
            }
            if !order.is_sorted() && !fixed.contains(&op) {
                let component = walk.new_component();
                starts.push((component, op));
                walk.mark(graph.op(op).results(), order.clone(), component);
            }
        } else if let Some(operand) = moved_operand {
            match walk.pass_through(op, &operand) {
                Ok(moved) => {
                    walk.mark(graph.op(op).results(), moved.order.clone().into(), operand.component);
                    members.push((operand.component, Member { op, moved }));
                }
                Err(No::Miss(reason)) => followed.barriers.push((op, reason.into_owned())),
                Err(fault) => return Err(fault),
            }
        }
    }

    // Component by component, in the order of their first transposes.
    let mut place = vec![usize::MAX; walk.parents.len()];
    // By op: that of a start among those of its component, and whether it takes values before a transpose.
    let mut position = vec![NOWHERE; graph.bound()];
    let mut takes = vec![false; graph.bound()];
    let components = &mut followed.components;
    for (component, op) in starts {
        let at = &mut place[walk.root(component)];
        if *at == usize::MAX {
            *at = components.len();
            components.push(Component::default());
        }
        let starts = &mut components[*at].starts;
        position[op.index()] = starts.len() as u32;
        starts.push(Start { op, needed_at: None, is_output: false });
    }
    for (component, member) in members {
        takes[member.op.index()] = true;
        components[place[walk.root(component)]].members.push(member);
    }
    for (component, end) in ends {
        takes[end.op.index()] = true;
        components[place[walk.root(component)]].ends.push(end);
    }
    for (value, lazy) in std::mem::take(&mut walk.values) {
        let component = &mut components[place[walk.root(lazy.component)]];
        let Some(needed_at) = first_other_user(graph, block, value, &takes) else { continue };
        let start = graph.definition(value).map_or(NOWHERE, |op| position[op.index()]);
        match component.starts.get_mut(start as usize) {
            Some(start) => {
                (start.needed_at, start.is_output) = (Some(needed_at), graph.is_block_output(value))
            }
            None => component.again.push(Again { value, order: lazy.order, needed_at }),
        }
    }
    Ok(followed)
}

/// The first op of a block that uses a value and is not one of these, or holds such an op.
fn first_other_user(graph: &Graph, block: BlockId, value: ValueId, takes: &[bool]) -> Option<OpId> {
    let others = graph.users(value).filter(|user| !takes[user.index()]);
    let others = others.filter_map(|user| graph.ancestor_in(user, block));
    others.reduce(|first, user| if graph.is_before(user, first) { user } else { first })
}

struct Walk<'g> {
    graph: &'g Graph,
    opset: &'g Opset,
    /// By value: its place among `values`.
    places: Vec<u32>,
    /// Transposes in program order.
    values: Vec<(ValueId, Lazy)>,
    /// Of each component, another one that it was joined with, or itself.
    parents: Vec<usize>,
}

impl Walk<'_> {
    fn lazy(&self, value: ValueId) -> Option<&Lazy> {
        self.values.get(self.places[value.index()] as usize).map(|(_, lazy)| lazy)
    }

    fn new_component(&mut self) -> usize {
        self.parents.push(self.parents.len());
        self.parents.len() - 1
    }

    fn root(&mut self, mut component: usize) -> usize {
        while self.parents[component] != component {
            self.parents[component] = self.parents[self.parents[component]];
            component = self.parents[component];
        }
        component
    }

    /// These values are transposes. What is in order is not: its users take it as it is.
    fn mark(&mut self, values: &[ValueId], order: Rc<[usize]>, component: usize) {
        if order.is_sorted() {
            return;
        }
        for &value in values {
            self.places[value.index()] = self.values.len() as u32;
            self.values.push((value, Lazy { order: order.clone(), component }));
        }
    }

    /// The order of a transpose whose operand and result have as many axes.
    fn transpose(&self, op: OpId) -> Option<Rc<[usize]>> {
        let order = Call::of(self.graph, op, self.opset).ok()?.order("perm").ok()?;
        let mut sorted = order.clone();
        sorted.sort_unstable();
        let complete = sorted.iter().enumerate().all(|(at, &axis)| at == axis);
        let result = self.graph.op(op).result()?;
        let known = is_known(self.graph, op) && rank(self.graph.value(result).ty()) == Some(order.len());
        let operand = rank(self.graph.param_type(op, "x")?) == Some(order.len());
        (complete && known && operand && self.graph.input(op, "x").is_some()).then(|| order.into())
    }

    /// What becomes of an op whose operands are taken as they were before the transposes, which then are of
    /// one component.
    fn pass_through(&mut self, op: OpId, operand: &Lazy) -> Result<Moved, No> {
        let graph = self.graph;
        No::unless(graph.op(op).blocks().is_empty(), "it has inner blocks")?;
        No::unless(is_known(graph, op), "it has fields that this version does not know")?;
        let call = Call::of(graph, op, self.opset)?;
        let mut operands: Vec<usize> = Vec::new();
        for other in graph.op(op).values().filter_map(|value| self.lazy(value)) {
            No::unless(other.order == operand.order, "its operands are transposed in different orders")?;
            operands.push(other.component);
        }
        let moved = moved(&call, &operand.order, &|value| self.lazy(value).is_some())?;
        let ranks = graph.op(op).results().iter().map(|&value| rank(graph.value(value).ty()));
        No::unless(
            { ranks }.all(|rank| rank == Some(moved.order.len())),
            "the rank of a result is not known",
        )?;
        for other in operands {
            let (component, other) = (self.root(operand.component), self.root(other));
            // The earlier one stays the root, so that the order of components is that of the program.
            let (first, second) = (component.min(other), component.max(other));
            self.parents[second] = first;
        }
        Ok(moved)
    }
}

/// The number of axes, where the type says nothing that this version does not know.
fn rank(ty: &Type) -> Option<usize> {
    let variadic = |dim: &mil_ir::Dim| matches!(dim, mil_ir::Dim::Unknown { variadic: true });
    let dims = ty.dims().filter(|dims| !dims.iter().any(variadic))?;
    ty.carried().is_none().then_some(dims.len())
}
