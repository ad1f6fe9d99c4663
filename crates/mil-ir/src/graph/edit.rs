//! The mutators: the only way to change a graph. Each keeps operands and use edges in step and writes the
//! journal.

use foldhash::{HashMap, HashSet};
use petgraph::stable_graph::{EdgeIndex, NodeIndex, StableDiGraph};
use smallvec::SmallVec;

use crate::graph::journal::Revision;
use crate::graph::order::STRIDE;
use crate::graph::origins::Origins;
use crate::graph::{
    Argument, Block, Definition, Edit, Graph, Node, Op, Operand, RETURN, Use, UseCount, Value,
};
use crate::{Attributes, BlockId, Carried, Literal, Name, OpId, Type, ValueId};

/// A place in program order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Directly before an op, in its block.
    Before(OpId),
    /// Directly after an op, in its block.
    After(OpId),
    /// After all ops of a block.
    End(BlockId),
    /// Before all ops of a block.
    Start(BlockId),
}

impl At {
    /// The op that what is put here stands before.
    fn next(self, graph: &Graph) -> OpId {
        match self {
            At::Before(op) => op,
            At::After(op) => graph.op(op).next.unwrap_or(op),
            At::End(block) => graph.block(block).return_op(),
            At::Start(block) => graph.blocks[block.index()].first,
        }
    }
}

/// An op to be inserted.
#[derive(Clone, Debug, Default)]
pub struct NewOp {
    /// Op type.
    pub kind: Name,
    /// Label.
    pub name: Option<Name>,
    /// Operands by parameter, in any order; a parameter that comes twice keeps the last.
    pub arguments: Vec<(Name, Argument)>,
    /// Names and types of the results.
    pub results: Vec<(Name, Type)>,
    /// Inner blocks, empty at first.
    pub blocks: Vec<NewBlock>,
    /// Attributes but for the label.
    pub attributes: Attributes,
    /// Unknown fields of the op's message.
    pub carried: Option<Box<Carried>>,
    /// Parameters whose literals stand in the op itself, as in the op that it is like. Rewriters make `const`
    /// ops of others.
    pub inline: Vec<Name>,
}

/// A block to be created with its op.
#[derive(Clone, Debug, Default)]
pub struct NewBlock {
    /// Names and types of the values that enter it.
    pub inputs: Vec<(Name, Type)>,
}

/// Why a graph refuses a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// Results that something still uses.
    #[error("cannot erase {op}: {user} uses its result {value}")]
    InUse {
        /// The op to be erased.
        op: Name,
        /// One of its users.
        user: Name,
        /// The result.
        value: Name,
    },
    /// The end of a block.
    #[error("the return of a block cannot be moved or erased")]
    Return,
}

impl NewOp {
    /// An op without operands or results.
    pub fn new(kind: impl Into<Name>) -> NewOp {
        NewOp { kind: kind.into(), ..NewOp::default() }
    }

    /// An op with the type, operands, attributes and unknown fields of another, but without its label,
    /// results and blocks.
    pub fn like(graph: &Graph, op: OpId) -> NewOp {
        let found = graph.op(op);
        let literals = |argument: &Argument| argument.iter().any(|operand| operand.literal().is_some());
        let inline = found.arguments().filter(|(_, argument)| literals(argument));
        NewOp {
            inline: inline.map(|(param, _)| param.clone()).collect(),
            kind: found.kind().clone(),
            arguments: found.arguments().map(|(param, argument)| (param.clone(), argument.clone())).collect(),
            attributes: found.attributes().clone(),
            carried: found.carried().cloned().map(Box::new),
            ..NewOp::default()
        }
    }

    /// With another operand for a parameter, in whatever spelling it was bound.
    #[must_use]
    pub fn set(self, param: &str, operand: impl Into<Operand>) -> NewOp {
        self.without(param).with(param, operand)
    }

    /// With nothing bound to a parameter.
    #[must_use]
    pub fn without(mut self, param: &str) -> NewOp {
        self.arguments.retain(|(name, _)| name != param);
        self.inline.retain(|name| name != param);
        self.attributes.remove(param);
        self
    }

    /// With a label.
    #[must_use]
    pub fn named(mut self, name: impl Into<Name>) -> NewOp {
        self.name = Some(name.into());
        self
    }

    /// With one operand for a parameter.
    #[must_use]
    pub fn with(mut self, param: impl Into<Name>, operand: impl Into<Operand>) -> NewOp {
        self.arguments.push((param.into(), SmallVec::from_elem(operand.into(), 1)));
        self
    }

    /// With the operands of a variadic parameter.
    #[must_use]
    pub fn with_all(mut self, param: impl Into<Name>, operands: impl IntoIterator<Item = Operand>) -> NewOp {
        self.arguments.push((param.into(), operands.into_iter().collect()));
        self
    }

    /// With one more result.
    #[must_use]
    pub fn result(mut self, name: impl Into<Name>, ty: Type) -> NewOp {
        self.results.push((name.into(), ty));
        self
    }

    /// With an attribute.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<Name>, value: impl Into<Literal>) -> NewOp {
        self.attributes.insert(key.into(), value.into());
        self
    }

    /// A `const` op. Label and result have the same name, as converters write them.
    pub fn constant(name: impl Into<Name>, literal: impl Into<Literal>) -> NewOp {
        let (name, literal) = (name.into(), literal.into());
        let ty = literal.ty.clone();
        NewOp::new("const").named(name.clone()).result(name, ty).attribute("val", literal)
    }
}

impl Graph {
    /// A graph whose outermost block has these inputs and nothing else.
    pub fn new(inputs: Vec<(Name, Type)>) -> Graph {
        let mut graph = Graph {
            edges: StableDiGraph::new(),
            use_counts: Vec::new(),
            nodes: Vec::new(),
            blocks: Vec::new(),
            names: HashMap::default(),
            suffixes: HashMap::default(),
            interned: HashSet::default(),
            journal: Vec::new(),
            revision: Revision::next(),
            origins: Origins::default(),
        };
        graph.new_block(None, NewBlock { inputs });
        graph
    }

    /// A shared name for an op type or a parameter, so that many ops hold one string.
    pub fn intern(&mut self, text: &str) -> Name {
        match self.interned.get(text) {
            Some(name) => name.clone(),
            None => self.share(text.into()),
        }
    }

    /// The shared name of this text; a short one has nothing to share.
    fn share(&mut self, name: Name) -> Name {
        if name.is_short() {
            return name;
        }
        if let Some(name) = self.interned.get(&name) {
            return name.clone();
        }
        self.interned.insert(name.clone());
        name
    }

    /// A value name that no value of the graph has: `base` itself, or with a number.
    pub fn fresh_name(&mut self, base: &str) -> Name {
        let base = Name::from(base);
        if !self.names.contains_key(&base) {
            return base;
        }
        let mut suffix = self.suffixes.get(&base).copied().unwrap_or(0);
        loop {
            let name = Name::from(format!("{base}_{suffix}"));
            suffix += 1;
            if !self.names.contains_key(&name) {
                self.suffixes.insert(base, suffix);
                return name;
            }
        }
    }

    /// Some value has this name.
    pub fn has_value_named(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// Inserts an op. Names are taken as they are; see [`Graph::fresh_name`].
    pub fn insert(&mut self, new: NewOp, at: At) -> OpId {
        let next = at.next(self);
        let op = self.new_op(new);
        self.link_before(op, next);
        self.record(Edit::Inserted(op));
        op
    }

    /// Adds an empty block to an op; for decoders, which learn of blocks one by one. Not in the journal.
    pub fn add_block(&mut self, op: OpId, new: NewBlock) -> BlockId {
        let block = self.new_block(Some(op), new);
        self.op_mut(op).blocks.push(block);
        block
    }

    /// Sets what a block gives back.
    pub fn set_outputs(&mut self, block: BlockId, outputs: impl IntoIterator<Item = ValueId>) {
        let op = self.blocks[block.index()].last;
        let argument = outputs.into_iter().map(Operand::Value).collect();
        self.set_argument(op, "values", Some(argument));
    }

    /// Adds a value to those that enter a block.
    pub fn add_input(&mut self, block: BlockId, name: impl Into<Name>, ty: Type) -> ValueId {
        let name = name.into();
        let value = self.new_value(name.clone(), ty, Definition::Input(block));
        self.release_name(&name); // `put_inputs` counts it
        let mut inputs = self.blocks[block.index()].inputs.clone();
        inputs.push(value);
        self.put_inputs(block, inputs);
        value
    }

    /// Removes an unused value from those that enter a block; `false` if something uses it.
    pub fn remove_input(&mut self, block: BlockId, value: ValueId) -> bool {
        if !self.is_unused(value) {
            return false;
        }
        let inputs =
            self.blocks[block.index()].inputs.iter().copied().filter(|&input| input != value).collect();
        self.put_inputs(block, inputs);
        true
    }

    /// Replaces the operands of a parameter; `None` removes them.
    pub fn set_argument(&mut self, op: OpId, param: &str, argument: Option<Argument>) {
        let param = self.intern(param);
        self.put_argument(op, param, argument);
    }

    /// Replaces the one operand of a parameter, or one of several.
    pub fn set_operand(&mut self, op: OpId, param: &str, position: usize, operand: impl Into<Operand>) {
        let mut argument = self.op(op).argument(param).cloned().unwrap_or_default();
        match argument.get_mut(position) {
            Some(place) => *place = operand.into(),
            None => argument.push(operand.into()),
        }
        self.set_argument(op, param, Some(argument));
    }

    /// Makes every use of one value a use of another, block outputs included.
    pub fn replace_uses(&mut self, old: ValueId, new: ValueId) {
        self.replace_uses_if(old, new, |_| true);
    }

    /// Makes the uses of one value that a predicate accepts uses of another.
    pub fn replace_uses_if(&mut self, old: ValueId, new: ValueId, mut accept: impl FnMut(OpId) -> bool) {
        if old == new {
            return;
        }
        // Newest first, which is the order in which edges are removed in constant time.
        let mut untidy = Vec::new();
        for (edge, found) in self.edges_with_uses(old) {
            if accept(found.op) {
                untidy.extend(self.put_operand(edge, found, new));
            }
        }
        untidy.into_iter().for_each(|ends| self.tidy(ends));
    }

    /// Moves an op, with its blocks, to another place.
    pub fn move_op(&mut self, op: OpId, at: At) -> Result<(), GraphError> {
        if self.op(op).is_return() {
            return Err(GraphError::Return);
        }
        let next = at.next(self);
        let Some(old_next) = self.op(op).next else { return Err(GraphError::Return) };
        if next == op || next == old_next {
            return Ok(());
        }
        self.unlink(op);
        self.link_before(op, next);
        self.record(Edit::Moved(op, old_next));
        Ok(())
    }

    /// Erases an op and what its blocks hold. Refused while something uses a result.
    pub fn erase(&mut self, op: OpId) -> Result<(), GraphError> {
        if self.op(op).is_return() {
            return Err(GraphError::Return);
        }
        for &value in &self.op(op).results {
            if let Some(user) = self.users(value).next() {
                let (op, user) = (self.label(op).clone(), self.label(user).clone());
                return Err(GraphError::InUse { op, user, value: self.value(value).name.clone() });
            }
        }
        // Inner ops go last to first, so that users go before definitions.
        let mut doomed: SmallVec<[OpId; 4]> = SmallVec::from_elem(op, 1);
        let mut at = 0;
        while let Some(&next) = doomed.get(at) {
            for &block in &self.op(next).blocks {
                doomed.extend(self.block(block).ops());
            }
            at += 1;
        }
        for &block in doomed.iter().flat_map(|&op| self.op(op).blocks.clone()).collect::<Vec<_>>().iter() {
            self.set_outputs(block, []);
        }
        for op in doomed.into_iter().rev() {
            let Some(next) = self.op(op).next else { continue };
            self.detach(op);
            self.record(Edit::Erased(op, next));
        }
        Ok(())
    }

    /// Replaces an attribute; `None` removes it.
    pub fn set_attribute(&mut self, op: OpId, key: impl Into<Name>, value: Option<Literal>) {
        let key = key.into();
        let attributes = &mut self.op_mut(op).attributes;
        let old = match value {
            Some(value) => attributes.insert(key.clone(), value),
            None => attributes.remove(&key),
        };
        self.record(Edit::Attribute(op, key, old.map(Box::new)));
    }

    /// Replaces an op's label.
    pub fn rename_op(&mut self, op: OpId, name: Option<Name>) {
        let old = std::mem::replace(&mut self.op_mut(op).name, name);
        self.record(Edit::OpName(op, old));
    }

    /// Replaces a value's name.
    pub fn rename_value(&mut self, value: ValueId, name: impl Into<Name>) {
        let name = name.into();
        let old = std::mem::replace(&mut self.value_mut(value).name, name.clone());
        self.release_name(&old);
        *self.names.entry(name).or_default() += 1;
        self.record(Edit::ValueName(value, old));
    }

    /// Gives each of two values of the program the name of the other.
    pub fn swap_names(&mut self, a: ValueId, b: ValueId) {
        let (of_a, of_b) = (self.value(a).name.clone(), self.value(b).name.clone());
        for (value, old, new) in [(a, of_a.clone(), of_b.clone()), (b, of_b, of_a)] {
            self.value_mut(value).name = new;
            self.record(Edit::ValueName(value, old));
        }
    }

    /// Replaces a value's declared type.
    pub fn retype(&mut self, value: ValueId, ty: Type) {
        let old = std::mem::replace(&mut self.value_mut(value).ty, ty);
        self.record(Edit::ValueType(value, old));
    }

    /// Unknown fields of an op's message; for decoders.
    pub fn set_op_carried(&mut self, op: OpId, carried: Option<Box<Carried>>) {
        self.op_mut(op).carried = carried;
    }

    /// Unknown fields of a value's message; for decoders.
    pub fn set_value_carried(&mut self, value: ValueId, carried: Option<Box<Carried>>) {
        self.value_mut(value).carried = carried;
    }

    /// Attributes and unknown fields of a block's message; for decoders.
    pub fn set_block_extras(
        &mut self,
        block: BlockId,
        attributes: Attributes,
        carried: Option<Box<Carried>>,
    ) {
        let entry = &mut self.blocks[block.index()];
        (entry.attributes, entry.carried) = (attributes, carried);
    }

    // Below: parts that the mutators and the journal share.

    pub(super) fn op_mut(&mut self, id: OpId) -> &mut Op {
        match &mut self.nodes[id.index()] {
            Node::Op(op) => op,
            Node::Value(_) => unreachable!("{id} is a value"),
        }
    }

    fn value_mut(&mut self, id: ValueId) -> &mut Value {
        match &mut self.nodes[id.index()] {
            Node::Value(value) => value,
            Node::Op(_) => unreachable!("{id} is an op"),
        }
    }

    fn new_node(&mut self, node: Node) -> u32 {
        let index = self.edges.add_node(());
        debug_assert_eq!(index.index(), self.nodes.len(), "nodes are never removed");
        self.nodes.push(node);
        self.use_counts.push(UseCount::default());
        index.index() as u32
    }

    fn new_value(&mut self, name: Name, ty: Type, definition: Definition) -> ValueId {
        *self.names.entry(name.clone()).or_default() += 1;
        ValueId(self.new_node(Node::Value(Box::new(Value { name, ty, definition, carried: None }))))
    }

    fn new_block(&mut self, parent: Option<OpId>, new: NewBlock) -> BlockId {
        let id = BlockId(self.blocks.len() as u32);
        let kind = self.intern(RETURN);
        let last = self.bare_op(kind, id);
        self.op_mut(last).ends_block = true;
        let block = Block {
            parent,
            inputs: Vec::new(),
            first: last,
            last,
            attributes: Attributes::new(),
            carried: None,
        };
        self.blocks.push(block);
        let inputs = new
            .inputs
            .into_iter()
            .map(|(name, ty)| self.new_value(name, ty, Definition::Input(id)))
            .collect();
        self.blocks[id.index()].inputs = inputs;
        id
    }

    /// An op that is in no list yet.
    fn bare_op(&mut self, kind: Name, block: BlockId) -> OpId {
        OpId(self.new_node(Node::Op(Box::new(Op {
            kind,
            name: None,
            arguments: Vec::new(),
            results: SmallVec::new(),
            blocks: SmallVec::new(),
            attributes: Attributes::new(),
            carried: None,
            block,
            previous: None,
            next: None,
            sequence: STRIDE,
            erased: false,
            ends_block: false,
        }))))
    }

    fn new_op(&mut self, new: NewOp) -> OpId {
        let kind = self.share(new.kind);
        let op = self.bare_op(kind, Graph::ROOT);
        let results = new
            .results
            .into_iter()
            .enumerate()
            .map(|(index, (name, ty))| self.new_value(name, ty, Definition::Result(op, index as u32)))
            .collect();
        let blocks = new.blocks.into_iter().map(|block| self.new_block(Some(op), block)).collect();
        let mut arguments: Vec<(Name, Argument)> =
            new.arguments.into_iter().map(|(param, argument)| (self.share(param), argument)).collect();
        arguments.sort_by(|a, b| a.0.cmp(&b.0));
        arguments.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        let mut attributes = new.attributes;
        attributes.shrink();
        let entry = self.op_mut(op);
        (entry.name, entry.results, entry.blocks, entry.attributes) = (new.name, results, blocks, attributes);
        (entry.arguments, entry.carried) = (arguments, new.carried);
        self.connect(op);
        op
    }

    /// Makes the use edges of an op's operands.
    fn connect(&mut self, op: OpId) {
        let arguments = std::mem::take(&mut self.op_mut(op).arguments);
        for (param, argument) in &arguments {
            self.connect_argument(op, param, argument);
        }
        self.op_mut(op).arguments = arguments;
    }

    fn connect_argument(&mut self, op: OpId, param: &Name, argument: &Argument) {
        for (position, operand) in argument.iter().enumerate() {
            if let Some(value) = operand.value() {
                self.add_use(value, op, param, position);
            }
        }
    }

    /// Removes the use edges of an op: all, or those of one parameter.
    fn disconnect(&mut self, op: OpId, param: Option<&Name>) {
        let edges = self.edges_into(op, param);
        let untidy: SmallVec<[_; 8]> = edges.into_iter().filter_map(|edge| self.remove_use(edge)).collect();
        untidy.into_iter().for_each(|ends| self.tidy(ends));
    }

    /// Takes an op out of the program, keeping all it needs to come back.
    pub(super) fn detach(&mut self, op: OpId) {
        self.unlink(op);
        self.disconnect(op, None);
        for value in self.owned_values(op) {
            let name = self.value(value).name.clone();
            self.release_name(&name);
        }
        self.op_mut(op).erased = true;
    }

    /// Puts a detached op back before `next`.
    pub(super) fn attach(&mut self, op: OpId, next: OpId) {
        self.op_mut(op).erased = false;
        self.link_before(op, next);
        for value in self.owned_values(op) {
            let name = self.value(value).name.clone();
            *self.names.entry(name).or_default() += 1;
        }
        self.connect(op);
    }

    /// Results of an op and inputs of its blocks.
    fn owned_values(&self, op: OpId) -> SmallVec<[ValueId; 4]> {
        let op = self.op(op);
        let inputs = op.blocks.iter().flat_map(|block| &self.blocks[block.index()].inputs);
        op.results.iter().chain(inputs).copied().collect()
    }

    fn release_name(&mut self, name: &Name) {
        if let Some(count) = self.names.get_mut(name) {
            *count -= 1;
            if *count == 0 {
                self.names.remove(name);
            }
        }
    }

    pub(super) fn put_argument(&mut self, op: OpId, param: Name, argument: Option<Argument>) {
        self.disconnect(op, Some(&param));
        if let Some(argument) = &argument {
            self.connect_argument(op, &param, argument);
        }
        let arguments = &mut self.op_mut(op).arguments;
        let place = arguments.binary_search_by(|(name, _)| name.cmp(&param));
        let old = match (place, argument) {
            (Ok(at), Some(argument)) => Some(std::mem::replace(&mut arguments[at].1, argument)),
            (Ok(at), None) => Some(arguments.remove(at).1),
            (Err(at), Some(argument)) => {
                arguments.insert(at, (param.clone(), argument));
                None
            }
            (Err(_), None) => None,
        };
        self.record(Edit::Argument(op, param, old));
    }

    /// Replaces one operand, a value: the use that an edge stands for. Answers what is to be tidied.
    #[must_use]
    pub(super) fn put_operand(
        &mut self,
        edge: EdgeIndex,
        found: Use,
        new: ValueId,
    ) -> Option<(NodeIndex, NodeIndex)> {
        let Use { op, param, position } = found;
        let place = self.op_mut(op).arguments.iter_mut().find(|(name, _)| *name == param);
        let operand = place.and_then(|(_, argument)| argument.get_mut(position))?;
        let old = std::mem::replace(operand, Operand::Value(new));
        let untidy = self.remove_use(edge);
        self.add_use(new, op, &param, position);
        if let Operand::Value(old) = old {
            self.record(Edit::Operand(Use { op, param, position }, old));
        }
        untidy
    }

    pub(super) fn put_inputs(&mut self, block: BlockId, inputs: Vec<ValueId>) {
        for &value in &inputs {
            *self.names.entry(self.value(value).name.clone()).or_default() += 1;
        }
        let old = std::mem::replace(&mut self.blocks[block.index()].inputs, inputs);
        for &value in &old {
            let name = self.value(value).name.clone();
            self.release_name(&name);
        }
        self.record(Edit::Inputs(block, old));
    }
}
