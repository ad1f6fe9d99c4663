//! Which values are arrangements of one another, who uses them, and what it costs.

use std::collections::BTreeSet;
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt};
use mil_ir::{Dim, Graph, Name, OpId, ValueId};
use mil_ops::{Call, is_known};

use super::frame::{BATCHES, Frame, MOST_AXES, Reader, Site, Slot};
use super::view::{Steps, View};

/// How often a loop is thought to run: what can be moved out of it is.
const ROUNDS: u64 = 8;

/// Costs compare bytes first, then transposes, then reshapes.
const BYTE: u64 = 1 << 16;
const TRANSPOSE: u64 = 1 << 8;
/// No arrangement is reached like that.
const NEVER: u64 = 1 << 48;

/// Values that are arrangements of one another, and what takes and gives them.
pub(super) struct Plan<'g> {
    pub reader: Reader<'g>,
    /// Results of transposes and reshapes: which value they arrange, and how.
    arranged: HashMap<ValueId, (ValueId, View)>,
    /// The transposes and reshapes of each value that is none, in program order.
    links: HashMap<ValueId, Vec<OpId>>,
    /// The same values in program order.
    roots: Vec<ValueId>,
    uses: HashMap<ValueId, Rc<[Use]>>,
    pub nodes: Vec<Node>,
    known: HashMap<(OpId, usize), Result<usize, String>>,
}

/// An op that can be computed in several arrangements, and the one that is chosen.
pub(super) struct Node {
    pub frame: Frame,
    pub view: View,
}

/// A place that takes a value, or an arrangement of it.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub op: OpId,
    pub param: Name,
    pub index: usize,
    /// What it takes in the program as it is.
    pub value: ValueId,
    pub view: View,
    /// The node, and its slot, if it can take other arrangements.
    pub node: Option<(usize, usize)>,
}

/// Transposes, and the bits that they move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moved {
    pub transposes: u64,
    pub bits: u128,
}

impl Moved {
    /// What the transposes of a graph move; an axis of unknown size counts as 1.
    pub(super) fn by(graph: &Graph) -> Moved {
        let mut moved = Moved::default();
        for op in graph.walk().filter(|&op| graph.op(op).kind() == "transpose") {
            let ty = graph.op(op).result().map(|value| graph.value(value).ty());
            let Some(ty) = ty.filter(|_| !is_constant(graph, op)) else { continue };
            let element = ty.dtype().and_then(|dtype| dtype.bits()).unwrap_or(8) as u128;
            let dims = ty.dims().unwrap_or(&[]).iter().map(|dim| u128::from(dim.fixed().unwrap_or(1)));
            moved.transposes += 1;
            moved.bits = moved.bits.saturating_add(dims.fold(element, u128::saturating_mul));
        }
        moved
    }

    /// Fewer of one and no more of the other.
    pub(super) fn is_better_than(&self, other: &Moved) -> bool {
        self != other && self.is_within(other)
    }

    /// No more of either.
    pub(super) fn is_within(&self, other: &Moved) -> bool {
        self.transposes <= other.transposes && self.bits <= other.bits
    }
}

/// It transposes what is constant, so constants will be folded.
fn is_constant(graph: &Graph, op: OpId) -> bool {
    graph.operand(op, "x").is_some_and(|operand| graph.literal(operand).is_some())
}

impl<'g> Plan<'g> {
    /// Reads a graph; linear in its size.
    pub(super) fn of(reader: Reader<'g>) -> Plan<'g> {
        let mut plan = Plan {
            reader,
            arranged: HashMap::new(),
            links: HashMap::new(),
            roots: Vec::new(),
            uses: HashMap::new(),
            nodes: Vec::new(),
            known: HashMap::new(),
        };
        for op in plan.reader.graph.walk() {
            if let Some((value, root, view)) = plan.link(op) {
                let links = plan.links.entry(root).or_default();
                if links.is_empty() {
                    plan.roots.push(root);
                }
                links.push(op);
                plan.arranged.insert(value, (root, view));
            }
        }
        plan
    }

    /// A transpose or a reshape whose elements can be followed: its result, of which value it is an
    /// arrangement, and which.
    fn link(&self, op: OpId) -> Option<(ValueId, ValueId, View)> {
        let graph = self.reader.graph;
        let kind = graph.op(op).kind().as_str();
        if !matches!(kind, "transpose" | "reshape" | "expand_dims" | "squeeze") || !is_known(graph, op) {
            return None;
        }
        let (operand, result) = (graph.input(op, "x")?, graph.op(op).result()?);
        // Each block arranges for itself what comes from outside.
        let (root, view) = self.place(operand)?;
        let view = if kind == "transpose" {
            let call = Call::of(graph, op, self.reader.opset).ok()?;
            let order = call.order("perm").ok()?;
            (order.len() == view.rank() && is_order(&order)).then(|| view.transposed(&order))??
        } else {
            view.regrouped(&self.reader.sizes(result)?)?
        };
        (view.rank() == self.reader.sizes(result)?.len()).then_some((result, root, view))
    }

    /// Which value a value arranges, and how: itself if none.
    pub(super) fn place(&self, value: ValueId) -> Option<(ValueId, View)> {
        match self.arranged.get(&value) {
            Some((root, view)) => Some((*root, view.clone())),
            None => Some((value, View::identity(&self.reader.sizes(value)?)?)),
        }
    }

    /// The value that a value arranges.
    pub(super) fn root(&self, value: ValueId) -> ValueId {
        self.arranged.get(&value).map_or(value, |(root, _)| *root)
    }

    /// Values that are transposed or reshaped somewhere, in program order.
    pub(super) fn roots(&self) -> Vec<ValueId> {
        self.roots.clone()
    }

    pub(super) fn links(&self, root: ValueId) -> &[OpId] {
        self.links.get(&root).map_or(&[], |links| links)
    }

    /// A constant can be had in any arrangement.
    pub(super) fn is_constant(&self, root: ValueId) -> bool {
        let graph = self.reader.graph;
        graph.definition(root).is_some_and(|op| graph.op(op).kind() == "const")
    }

    /// All that takes a value or an arrangement of it.
    pub(super) fn uses(&mut self, root: ValueId) -> Rc<[Use]> {
        if let Some(uses) = self.uses.get(&root) {
            return uses.clone();
        }
        let graph = self.reader.graph;
        let links: BTreeSet<OpId> = self.links(root).iter().copied().collect();
        let values: Vec<ValueId> =
            [root].into_iter().chain(links.iter().flat_map(|&op| graph.op(op).results()).copied()).collect();
        let mut uses = Vec::new();
        for value in values {
            let Some((_, view)) = self.place(value) else { continue };
            for found in graph.uses(value) {
                if links.contains(&found.op) && found.param == "x" {
                    continue;
                }
                let node = self.taker(found.op, &found.param, found.position);
                let (op, param, index) = (found.op, found.param, found.position);
                uses.push(Use { op, param, index, value, view: view.clone(), node });
            }
        }
        let uses: Rc<[Use]> = uses.into();
        self.uses.insert(root, uses.clone());
        uses
    }

    /// The node of an op, made when it is first asked for.
    fn node(&mut self, op: OpId, port: usize) -> Option<usize> {
        if !self.known.contains_key(&(op, port)) {
            let found = self.reader.frame(op, port).map_err(|no| match no {
                mil_pass::No::Miss(reason) => reason.into_owned(),
                mil_pass::No::Fault(error) => error.to_string(),
            });
            let found = found.and_then(|frame| {
                let view = frame.identity().ok_or("it is empty")?;
                self.nodes.push(Node { frame, view });
                Ok(self.nodes.len() - 1)
            });
            self.known.insert((op, port), found);
        }
        self.known.get(&(op, port))?.as_ref().ok().copied()
    }

    /// The node of a product: one for all of it where its leading axes may change places.
    fn product(&mut self, op: OpId, port: usize) -> Option<usize> {
        self.node(op, BATCHES).or_else(|| self.node(op, port))
    }

    fn taker(&mut self, op: OpId, param: &str, index: usize) -> Option<(usize, usize)> {
        let graph = self.reader.graph;
        let found = graph.op(op);
        let node = match found.kind().as_str() {
            _ if found.is_return() => self.node(graph.block(found.block()).parent()?, index)?,
            "while_loop" => self.node(op, index)?,
            "cond" => return None,
            "matmul" => self.product(op, usize::from(param == "y"))?,
            _ => self.node(op, 0)?,
        };
        let takes = |slot: &Slot| {
            let Site::Takes { op: o, param: p, index: i, .. } = &slot.site else { return false };
            (*o, p.as_str(), *i) == (op, param, index) && !slot.is_constant()
        };
        let slot = self.nodes[node].frame.slots.iter().position(takes)?;
        Some((node, slot))
    }

    /// What gives a value, if it can give it in other arrangements.
    pub(super) fn giver(&mut self, root: ValueId) -> Option<(usize, usize)> {
        let graph = self.reader.graph;
        let node = match graph.definition(root) {
            Some(op) => match graph.op(op).kind().as_str() {
                "matmul" => self.product(op, 2)?,
                "while_loop" | "cond" => self.node(op, graph.result_index(root)?)?,
                _ => self.node(op, 0)?,
            },
            None => {
                let block = graph.block(graph.home(root));
                let at = block.inputs().iter().position(|&input| input == root)?;
                self.node(block.parent()?, at)?
            }
        };
        let gives = |slot: &Slot| slot.site == Site::Gives(root);
        Some((node, self.nodes[node].frame.slots.iter().position(gives)?))
    }

    /// Transposes that remain, with the reason.
    pub(super) fn left(&mut self) -> Vec<(OpId, String)> {
        let mut left = Vec::new();
        for root in self.roots() {
            let giver = self.giver(root).map(|(node, _)| self.nodes[node].view.clone());
            let Some(given) = self.given(root, giver.as_ref()) else { continue };
            for found in self.uses(root).iter() {
                let view = found.node.map(|(node, _)| self.nodes[node].view.clone());
                let Some(taken) = self.taken(found, view.as_ref()) else { continue };
                let stays = self.steps(root, &given, &taken).is_none_or(|steps| steps.moves());
                let Some(op) = self.reader.graph.definition(found.value).filter(|_| stays) else { continue };
                let of_giver = match self.reader.graph.definition(root) {
                    Some(giver) => self.reason(giver),
                    None => Some("it is an input".to_owned()),
                };
                let of_taker = match self.reader.graph.op(found.op).is_return() {
                    true => Some("it is an output".to_owned()),
                    false => self.reason(found.op),
                };
                let free = || "nothing is spared by moving it".to_owned();
                let sides = format!(
                    "before it: {}; behind it: {}",
                    of_giver.unwrap_or_else(free),
                    of_taker.unwrap_or_else(free)
                );
                left.push((op, sides));
            }
        }
        left.dedup();
        left
    }

    /// Why an op takes or gives no other arrangement.
    fn reason(&self, op: OpId) -> Option<String> {
        let known = |port| self.known.get(&(op, port))?.as_ref().err().cloned();
        known(0).or_else(|| known(2))
    }

    /// The arrangement in which a value is given, if this is the view of its giver.
    pub(super) fn given(&mut self, root: ValueId, view: Option<&View>) -> Option<View> {
        match (self.giver(root), view) {
            (Some((node, slot)), Some(view)) => {
                let frame = &self.nodes[node].frame;
                Some(frame.seen(&frame.slots[slot], view))
            }
            _ => View::identity(&self.reader.sizes(root)?),
        }
    }

    /// The arrangement of its root that a use takes, if this is the view of its node.
    pub(super) fn taken(&self, found: &Use, view: Option<&View>) -> Option<View> {
        match (found.node, view) {
            (Some((node, slot)), Some(view)) => {
                let frame = &self.nodes[node].frame;
                found.view.then(&frame.seen(&frame.slots[slot], view))
            }
            _ => Some(found.view.clone()),
        }
    }

    /// What it costs to have an arrangement of a value from another.
    pub(super) fn cost(&self, root: ValueId, from: &View, to: &View) -> u64 {
        if from == to || self.is_constant(root) {
            return 0;
        }
        let Some(steps) = self.steps(root, from, to) else { return NEVER };
        match steps.moves() {
            true => (self.bytes(root).saturating_mul(BYTE) + TRANSPOSE).min(NEVER) + steps.reshapes(),
            false => steps.reshapes(),
        }
    }

    pub(super) fn steps(&self, root: ValueId, from: &View, to: &View) -> Option<Steps> {
        let rank = self.reader.sizes(root)?.len();
        Steps::between(from, to, rank).filter(|steps| steps.is_possible(MOST_AXES.max(rank)))
    }

    /// The size of a value, times the rounds of the loops around it.
    fn bytes(&self, root: ValueId) -> u64 {
        let graph = self.reader.graph;
        let element = graph.value(root).ty().dtype().and_then(|dtype| dtype.bits()).unwrap_or(8) as u64;
        let sizes = self.reader.sizes(root).unwrap_or_default();
        let count = sizes.iter().filter_map(Dim::fixed).fold(1, u64::saturating_mul);
        let mut rounds: u64 = 1;
        let mut block = graph.home(root);
        while let Some(parent) = graph.block(block).parent() {
            if graph.op(parent).kind() == "while_loop" {
                rounds = rounds.saturating_mul(ROUNDS);
            }
            block = graph.op(parent).block();
        }
        count.saturating_mul(element).div_ceil(8).saturating_mul(rounds)
    }
}

fn is_order(order: &[usize]) -> bool {
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    sorted.iter().enumerate().all(|(at, &axis)| at == axis)
}
