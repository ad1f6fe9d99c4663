//! Ops, values and blocks of one specialisation of a function.
//!
//! The only folder that holds the IR in petgraph. Ops and values are nodes; an edge `value → op` is a use.
//! What an op is stands in [`Op`]: its operands, in the author's order, are the truth, and the edges are the
//! index of uses that the mutators keep in step (`check` compares them).
//!
//! - `mod.rs`: the data, and reading
//! - `edit.rs`: the mutators
//! - `journal.rs`: what the mutators did, and undoing it
//! - `order.rs`: program order
//! - `uses.rs`: the index of uses
//! - `origins.rs`: which ops of the original program an op stands for

mod edit;
mod journal;
mod order;
mod origins;
mod uses;

use foldhash::{HashMap, HashSet};
use mil_tensor::Tensor;
use petgraph::stable_graph::StableDiGraph;
use smallvec::SmallVec;

use crate::{Attributes, BlockId, Carried, Literal, LiteralData, Name, OpId, Type, ValueId};

pub use edit::{At, GraphError, NewBlock, NewOp};
pub use journal::{Checkpoint, Edit, Revision};
pub use order::Walk;
pub use origins::OriginId;
use origins::Origins;
use uses::{Slot, UseCount};

/// Op type that the node which ends a block shows in logs. Never stored or printed; an op of a file may have
/// it too.
pub(crate) const RETURN: &str = "return";

/// Ops, values and blocks of one specialisation of a function. See the crate's documentation.
#[derive(Clone, Debug)]
pub struct Graph {
    edges: StableDiGraph<(), Slot>,
    use_counts: Vec<UseCount>,
    nodes: Vec<Node>,
    blocks: Vec<Block>,
    names: HashMap<Name, u32>,
    suffixes: HashMap<Name, u32>,
    interned: HashSet<Name>,
    journal: Vec<Edit>,
    revision: Revision,
    origins: Origins,
}

#[derive(Clone, Debug)]
enum Node {
    Op(Box<Op>),
    Value(Box<Value>),
}

/// An op: its type, operands by parameter, results, inner blocks and attributes.
#[derive(Clone, Debug)]
pub struct Op {
    kind: Name,
    name: Option<Name>,
    arguments: Vec<(Name, Argument)>,
    results: SmallVec<[ValueId; 1]>,
    blocks: SmallVec<[BlockId; 1]>,
    attributes: Attributes,
    carried: Option<Box<Carried>>,
    block: BlockId,
    previous: Option<OpId>,
    next: Option<OpId>,
    sequence: u64,
    erased: bool,
    ends_block: bool,
}

/// What is bound to one parameter: a single operand, or several for a variadic one.
pub type Argument = SmallVec<[Operand; 1]>;

/// One operand of an op.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// The result of an op or an input of a block.
    Value(ValueId),
    /// A constant that stands in the op itself.
    Literal(Box<Literal>),
}

/// A value: the result of an op, or an input of a block.
#[derive(Clone, Debug)]
pub struct Value {
    name: Name,
    ty: Type,
    definition: Definition,
    carried: Option<Box<Carried>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Definition {
    Result(OpId, u32),
    Input(BlockId),
}

#[derive(Clone, Debug)]
struct Block {
    parent: Option<OpId>,
    inputs: Vec<ValueId>,
    first: OpId,
    last: OpId,
    attributes: Attributes,
    carried: Option<Box<Carried>>,
}

/// One use of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The op that uses it; a block's `return` where it is a block output.
    pub op: OpId,
    /// The parameter.
    pub param: Name,
    /// The place among the operands of that parameter.
    pub position: usize,
}

/// A block, for reading.
#[derive(Clone, Copy, Debug)]
pub struct BlockRef<'g> {
    graph: &'g Graph,
    id: BlockId,
}

impl Op {
    /// The op type, for example `conv`.
    #[inline]
    pub fn kind(&self) -> &Name {
        &self.kind
    }

    /// The label: attribute `name` of the file.
    pub fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// Operands by parameter, sorted by its name.
    pub fn arguments(&self) -> impl Iterator<Item = (&Name, &Argument)> {
        self.arguments.iter().map(|(param, argument)| (param, argument))
    }

    /// What is bound to a parameter.
    #[inline]
    pub fn argument(&self, param: &str) -> Option<&Argument> {
        // They are few, and the lengths of most names differ.
        self.arguments.iter().find(|(name, _)| name == param).map(|(_, argument)| argument)
    }

    /// All operands: by parameter, then by position.
    pub fn operands(&self) -> impl Iterator<Item = &Operand> {
        self.arguments.iter().flat_map(|(_, argument)| argument)
    }

    /// The values among the operands; one that is used twice comes twice.
    pub fn values(&self) -> impl Iterator<Item = ValueId> {
        self.operands().filter_map(Operand::value)
    }

    /// What the op defines.
    #[inline]
    pub fn results(&self) -> &[ValueId] {
        &self.results
    }

    /// The result of an op that has exactly one.
    pub fn result(&self) -> Option<ValueId> {
        match *self.results {
            [one] => Some(one),
            _ => None,
        }
    }

    /// Inner blocks.
    pub fn blocks(&self) -> &[BlockId] {
        &self.blocks
    }

    /// Attributes but for the label.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Unknown fields of the op's message.
    pub fn carried(&self) -> Option<&Carried> {
        self.carried.as_deref()
    }

    /// The block it stands in.
    pub fn block(&self) -> BlockId {
        self.block
    }

    /// The unprinted op that ends a block.
    pub fn is_return(&self) -> bool {
        self.ends_block
    }
}

impl Operand {
    /// The value, where it is one.
    pub fn value(&self) -> Option<ValueId> {
        match self {
            Operand::Value(value) => Some(*value),
            Operand::Literal(_) => None,
        }
    }

    /// The literal, where it is one.
    pub fn literal(&self) -> Option<&Literal> {
        match self {
            Operand::Literal(literal) => Some(literal),
            Operand::Value(_) => None,
        }
    }
}

impl From<ValueId> for Operand {
    fn from(value: ValueId) -> Operand {
        Operand::Value(value)
    }
}

impl From<Literal> for Operand {
    fn from(literal: Literal) -> Operand {
        Operand::Literal(Box::new(literal))
    }
}

impl From<Tensor> for Operand {
    fn from(tensor: Tensor) -> Operand {
        Literal::tensor(tensor).into()
    }
}

impl Value {
    /// Unique among the values visible where it is.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The declared type.
    #[inline]
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// Unknown fields of the value's message.
    pub fn carried(&self) -> Option<&Carried> {
        self.carried.as_deref()
    }
}

impl<'g> BlockRef<'g> {
    /// Its id.
    pub fn id(self) -> BlockId {
        self.id
    }

    fn block(self) -> &'g Block {
        &self.graph.blocks[self.id.index()]
    }

    /// The op that owns it; `None` for the outermost block.
    pub fn parent(self) -> Option<OpId> {
        self.block().parent
    }

    /// Values that enter it.
    pub fn inputs(self) -> &'g [ValueId] {
        &self.block().inputs
    }

    /// Values that leave it, in order.
    pub fn outputs(self) -> impl Iterator<Item = ValueId> + 'g {
        self.graph.op(self.block().last).values()
    }

    /// The unprinted op that ends it.
    pub fn return_op(self) -> OpId {
        self.block().last
    }

    /// Its ops in program order, without `return`.
    pub fn ops(self) -> impl Iterator<Item = OpId> + 'g {
        let (graph, last) = (self.graph, self.block().last);
        std::iter::successors(Some(self.block().first), move |&op| graph.op(op).next)
            .take_while(move |&op| op != last)
    }

    /// Attributes of the block.
    pub fn attributes(self) -> &'g Attributes {
        &self.block().attributes
    }

    /// Unknown fields of the block's message.
    pub fn carried(self) -> Option<&'g Carried> {
        self.block().carried.as_deref()
    }
}

impl Graph {
    /// The outermost block.
    pub const ROOT: BlockId = BlockId(0);

    /// One more than the largest index of an op or a value: the length of a side table.
    pub fn bound(&self) -> usize {
        self.nodes.len()
    }

    /// The op of this id. Ids come from this graph; another graph's may name anything or panic.
    #[inline]
    pub fn op(&self, id: OpId) -> &Op {
        match &self.nodes[id.index()] {
            Node::Op(op) => op,
            Node::Value(_) => unreachable!("{id} is a value"),
        }
    }

    /// The value of this id.
    #[inline]
    pub fn value(&self, id: ValueId) -> &Value {
        match &self.nodes[id.index()] {
            Node::Value(value) => value,
            Node::Op(_) => unreachable!("{id} is an op"),
        }
    }

    /// The block of this id.
    pub fn block(&self, id: BlockId) -> BlockRef<'_> {
        BlockRef { graph: self, id }
    }

    /// The outermost block.
    pub fn root(&self) -> BlockRef<'_> {
        self.block(Graph::ROOT)
    }

    /// The op is in the program: not erased.
    pub fn is_live(&self, op: OpId) -> bool {
        !self.op(op).erased
    }

    /// The op that defines a value; `None` for an input of a block.
    #[inline]
    pub fn definition(&self, value: ValueId) -> Option<OpId> {
        match self.value(value).definition {
            Definition::Result(op, _) => Some(op),
            Definition::Input(_) => None,
        }
    }

    /// Which of its op's results a value is; `None` for an input of a block.
    pub fn result_index(&self, value: ValueId) -> Option<usize> {
        match self.value(value).definition {
            Definition::Result(_, index) => Some(index as usize),
            Definition::Input(_) => None,
        }
    }

    /// The block in which a value is defined or which it enters.
    pub fn home(&self, value: ValueId) -> BlockId {
        match self.value(value).definition {
            Definition::Result(op, _) => self.op(op).block,
            Definition::Input(block) => block,
        }
    }

    /// Uses of a value, newest first, block outputs among them. A value that one op uses twice is used twice.
    pub fn uses(&self, value: ValueId) -> impl Iterator<Item = Use> + '_ {
        self.edges_of(value).map(|(op, slot)| Use {
            op,
            param: slot.param.clone(),
            position: slot.position as usize,
        })
    }

    /// The ops that use a value, newest first; one that uses it twice comes twice.
    pub fn users(&self, value: ValueId) -> impl Iterator<Item = OpId> + '_ {
        self.edges_of(value).map(|(op, _)| op)
    }

    /// Nothing uses the value.
    pub fn is_unused(&self, value: ValueId) -> bool {
        self.use_counts[value.index()].live == 0
    }

    /// The only use of a value, where there is exactly one.
    pub fn only_use(&self, value: ValueId) -> Option<Use> {
        let mut uses = self.uses(value);
        uses.next().filter(|_| uses.next().is_none())
    }

    /// The value is an output of some block.
    pub fn is_block_output(&self, value: ValueId) -> bool {
        self.use_counts[value.index()].returns > 0
    }

    /// The value is an output of the outermost block.
    pub fn is_output(&self, value: ValueId) -> bool {
        self.use_counts[value.index()].outputs > 0
    }

    /// What is bound to a parameter that takes one operand.
    #[inline]
    pub fn operand(&self, op: OpId, param: &str) -> Option<&Operand> {
        match self.op(op).argument(param).map(|argument| &argument[..]) {
            Some([one]) => Some(one),
            _ => None,
        }
    }

    /// The value bound to a parameter that takes one operand.
    #[inline]
    pub fn input(&self, op: OpId, param: &str) -> Option<ValueId> {
        self.operand(op, param)?.value()
    }

    /// The op that defines what is bound to a parameter.
    #[inline]
    pub fn producer(&self, op: OpId, param: &str) -> Option<OpId> {
        self.definition(self.input(op, param)?)
    }

    /// The literal behind an operand: itself, or that of the `const` op which defines it.
    pub fn literal<'g>(&'g self, operand: &'g Operand) -> Option<&'g Literal> {
        match operand {
            Operand::Literal(literal) => Some(literal),
            Operand::Value(value) => self.const_literal(*value),
        }
    }

    /// The literal of the `const` op that defines a value.
    pub fn const_literal(&self, value: ValueId) -> Option<&Literal> {
        let op = self.op(self.definition(value)?);
        (&*op.kind == "const").then(|| op.attributes.get("val")).flatten()
    }

    /// The constant tensor behind a value. A clone is cheap.
    pub fn const_tensor(&self, value: ValueId) -> Option<Tensor> {
        self.const_literal(value)?.as_tensor().cloned()
    }

    /// The constant bound to a parameter in any of the three spellings: literal, `const` op, attribute of the
    /// op.
    pub fn constant(&self, op: OpId, param: &str) -> Option<Tensor> {
        let literal = match self.op(op).argument(param).map(|argument| &argument[..]) {
            Some([one]) => self.literal(one),
            Some(_) => None,
            None => self.op(op).attributes.get(param),
        };
        literal?.as_tensor().cloned()
    }

    /// The type of an operand.
    pub fn operand_type<'g>(&'g self, operand: &'g Operand) -> &'g Type {
        match operand {
            Operand::Value(value) => self.value(*value).ty(),
            Operand::Literal(literal) => &literal.ty,
        }
    }

    /// The type of what is bound to a parameter that takes one operand.
    pub fn param_type(&self, op: OpId, param: &str) -> Option<&Type> {
        self.operand(op, param).map(|operand| self.operand_type(operand))
    }

    /// Every literal of the program: of `const` ops, operands and attributes, nested ones included.
    pub fn literals(&self) -> impl Iterator<Item = (OpId, &Literal)> {
        self.walk().flat_map(move |id| {
            let op = self.op(id);
            let own = op.attributes.values().chain(op.operands().filter_map(Operand::literal));
            let inner = op.blocks.iter().flat_map(|&block| self.block(block).attributes().values());
            own.chain(inner).flat_map(nested).map(move |literal| (id, literal))
        })
    }

    /// Every tensor of the program; see [`Graph::literals`].
    pub fn tensors(&self) -> impl Iterator<Item = (OpId, &Tensor)> {
        self.literals().filter_map(|(op, literal)| Some((op, literal.as_tensor()?)))
    }

    /// The input of the outermost block with this name.
    pub fn input_named(&self, name: &str) -> Option<ValueId> {
        self.root().inputs().iter().copied().find(|&value| &**self.value(value).name() == name)
    }

    /// How many values of the program have this name.
    pub(crate) fn name_count(&self, name: &str) -> u32 {
        self.names.get(name).copied().unwrap_or(0)
    }

    /// A label for messages: the op's name, else its first result's, else its type.
    pub fn label(&self, op: OpId) -> &Name {
        let found = self.op(op);
        found
            .name()
            .or_else(|| found.results.first().map(|&value| self.value(value).name()))
            .unwrap_or(&found.kind)
    }

    /// Finds ops whose operands and use edges disagree, or whose order links or names do not. Empty in a
    /// sound graph: only a fault in this crate breaks it.
    pub fn check(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let live = |op: OpId| self.is_live(op);
        for (index, node) in self.nodes.iter().enumerate() {
            let Node::Op(op) = node else { continue };
            let id = OpId(index as u32);
            let mut wanted: Vec<(u32, Name, u32)> = Vec::new();
            if live(id) {
                for (param, argument) in &op.arguments {
                    for (position, operand) in argument.iter().enumerate() {
                        wanted.extend(operand.value().map(|value| (value.0, param.clone(), position as u32)));
                    }
                }
            }
            let mut got: Vec<(u32, Name, u32)> = self
                .operand_edges(id)
                .map(|(value, slot)| (value.0, slot.param.clone(), slot.position))
                .collect();
            wanted.sort();
            got.sort();
            if wanted != got {
                faults.push(format!("{id} ({}) has operands {wanted:?} and edges {got:?}", op.kind));
            }
            if let Some(next) = op.next.filter(|_| live(id))
                && (self.op(next).previous != Some(id) || self.op(next).sequence <= op.sequence)
            {
                faults.push(format!("{id} and {next} disagree about their order"));
            }
        }
        faults.extend(self.check_uses());
        let mut names: HashMap<Name, u32> = HashMap::default();
        let inputs = self.blocks().flat_map(|block| self.block(block).inputs());
        for &value in inputs.chain(self.walk().flat_map(|op| self.op(op).results())) {
            *names.entry(self.value(value).name.clone()).or_default() += 1;
        }
        if names != self.names {
            faults.push("the table of value names and the values disagree".to_owned());
        }
        faults
    }
}

/// A literal and those inside it, outermost first.
pub(crate) fn nested(literal: &Literal) -> impl Iterator<Item = &Literal> {
    let mut stack = vec![literal];
    std::iter::from_fn(move || {
        let next = stack.pop()?;
        match &next.data {
            LiteralData::List(inner) | LiteralData::Tuple(inner) => stack.extend(inner.iter().rev()),
            LiteralData::Dict(pairs) => {
                stack.extend(pairs.iter().rev().flat_map(|(key, value)| [value, key]))
            }
            LiteralData::Tensor(_) | LiteralData::Opaque(_) => {}
        }
        Some(next)
    })
}
