//! Functions and their graphs: names, visibility, constants, literals.

use std::cell::RefCell;

use foldhash::{HashSet, HashSetExt};

use super::report::{Place, Report, Violation};
use super::{MAX_RANK, names};
use crate::graph::nested;
use crate::{
    BlockId, Dim, Function, Graph, Literal, LiteralData, Name, OpId, Opset, Shape, Type, TypeKind, ValueId,
};

/// The violations of some ops of a graph, which name no function.
pub fn verify_ops(graph: &Graph, ops: &[OpId]) -> Report {
    let mut check = GraphCheck { graph, found: Vec::new() };
    let mut suspects = HashSet::new();
    for &op in ops.iter().filter(|&&op| graph.is_live(op)) {
        check.op(op);
        let inputs = graph.op(op).blocks().iter().flat_map(|&block| graph.block(block).inputs());
        for &value in graph.op(op).results().iter().chain(inputs) {
            let name = graph.value(value).name();
            if graph.name_count(name) > 1 {
                suspects.insert(name.clone());
            }
        }
    }
    if !suspects.is_empty() {
        check.duplicates(|name| suspects.contains(name));
    }
    Report { violations: check.found, unchecked: Vec::new() }
}

/// What must hold between the graphs of a function, whatever is in them. Cheap.
pub(super) fn verify_signature(name: &Name, function: &Function, found: &mut Vec<Violation>) {
    let mut add = |code, opset: Option<&Opset>, message: String| {
        let place = Place { opset: opset.cloned(), ..Place::function(name) };
        found.push(Violation::new(code, place, message));
    };
    if let Some((code, message)) = names::fault("a function", name) {
        add(code, None, message);
    }
    if function.graph().is_none() {
        add("no-specialization", None, format!("there is no graph for the opset {}", function.opset));
    }
    let mut graphs = function.specializations.iter();
    if let Some((_, first)) = graphs.next() {
        let wanted = signature(first);
        for (opset, graph) in graphs.filter(|(_, graph)| signature(graph) != wanted) {
            let (is, was) = (describe(graph), describe(first));
            add(
                "signature",
                Some(opset),
                format!("the signature is {is}, that of another specialization {was}"),
            );
        }
    }
}

/// Every op and block of a graph.
pub(super) fn verify_graph(graph: &Graph) -> Report {
    let mut check = GraphCheck { graph, found: Vec::new() };
    for block in graph.blocks() {
        check.outputs(block);
    }
    for op in graph.walk() {
        check.op(op);
    }
    for &input in graph.root().inputs() {
        check.value(input, None);
    }
    check.duplicates(|_| true);
    Report { violations: check.found, unchecked: Vec::new() }
}

/// Inputs, then outputs, by name and type.
fn signature(graph: &Graph) -> [Vec<(&Name, &Type)>; 2] {
    let of = |value: ValueId| (graph.value(value).name(), graph.value(value).ty());
    [graph.root().inputs().iter().copied().map(of).collect(), graph.root().outputs().map(of).collect()]
}

fn describe(graph: &Graph) -> String {
    let [inputs, outputs] = signature(graph).map(|values| {
        let values: Vec<String> = values.iter().map(|(name, ty)| format!("{ty} {name}")).collect();
        values.join(", ")
    });
    format!("({inputs}) -> ({outputs})")
}

/// Checks one graph.
struct GraphCheck<'g> {
    graph: &'g Graph,
    found: Vec<Violation>,
}

impl GraphCheck<'_> {
    fn add(&mut self, code: &'static str, op: Option<OpId>, message: String) {
        let place = Place {
            op: op.map(|op| self.graph.label(op).clone()),
            kind: op.map(|op| self.graph.op(op).kind().clone()),
            ..Place::default()
        };
        self.found.push(Violation::new(code, place, message));
    }

    fn op(&mut self, id: OpId) {
        let graph = self.graph;
        let op = graph.op(id);
        if op.is_return() {
            self.outputs(op.block());
            return;
        }
        if op.kind().is_empty() {
            self.add("empty-name", Some(id), "the op has no type".into());
        }
        for (param, argument) in op.arguments() {
            if param.is_empty() {
                self.add("empty-name", Some(id), "a parameter has no name".into());
            }
            for value in argument.iter().filter_map(|operand| operand.value()) {
                if !self.is_visible(value, id) {
                    let name = graph.value(value).name();
                    self.add(
                        "undefined-value",
                        Some(id),
                        format!("{param} is {name}, which is not visible here"),
                    );
                }
            }
        }
        let inputs = op.blocks().iter().flat_map(|&block| graph.block(block).inputs());
        for &value in op.results().iter().chain(inputs) {
            self.value(value, Some(id));
        }
        let operands = op.operands().filter_map(|operand| operand.literal());
        for literal in op.attributes().values().chain(operands).flat_map(nested) {
            if let Some(message) = mismatch(literal) {
                self.add("literal-type", Some(id), message);
            }
        }
        if &**op.kind() == "const" {
            self.constant(id);
        }
    }

    fn constant(&mut self, id: OpId) {
        let op = self.graph.op(id);
        let (Some(literal), Some(result)) = (op.attributes().get("val"), op.result()) else {
            self.add("const-value", Some(id), "a const has one result and an attribute `val`".into());
            return;
        };
        if op.arguments().next().is_some() {
            self.add("const-value", Some(id), "a const has no operands".into());
        }
        let ty = self.graph.value(result).ty();
        if *ty != literal.ty {
            self.add("const-type", Some(id), format!("the result is {ty}, the value {}", literal.ty));
        }
    }

    fn value(&mut self, value: ValueId, op: Option<OpId>) {
        let graph = self.graph;
        let name = graph.value(value).name();
        if let Some((code, message)) = names::fault("a value", name) {
            self.add(code, op, message);
        }
        let ty = graph.value(value).ty();
        let held = ty.as_state().unwrap_or(ty);
        if held.rank().is_some_and(|rank| rank > MAX_RANK) && !self.is_decompressed(value) {
            self.add("rank", op, format!("{name} is a {ty}, and no tensor has more than {MAX_RANK} axes"));
        }
    }

    /// A constant, decompressed or not, that only ops which decompress weights use, or nothing.
    fn is_decompressed(&self, value: ValueId) -> bool {
        let graph = self.graph;
        let decompresses = |op: OpId| {
            let kind = graph.op(op).kind();
            kind == "const" || kind.starts_with("constexpr_")
        };
        graph.definition(value).is_some_and(decompresses)
            && graph.users(value).all(|user| graph.op(user).kind().starts_with("constexpr_"))
    }

    fn outputs(&mut self, block: BlockId) {
        let graph = self.graph;
        let block = graph.block(block);
        for value in
            block.outputs().filter(|&value| !self.is_visible(value, block.return_op())).collect::<Vec<_>>()
        {
            let message =
                format!("{} is an output of the block but not visible in it", graph.value(value).name());
            self.add("undefined-output", block.parent(), message);
        }
    }

    fn is_visible(&self, value: ValueId, op: OpId) -> bool {
        self.graph.is_visible(value, op)
            && (self.graph.definition(value).is_some()
                || self.graph.block(self.graph.home(value)).inputs().contains(&value))
    }

    /// Finds values that are visible together and have the same name, where a name is of interest.
    fn duplicates(&mut self, of_interest: impl Fn(&Name) -> bool) {
        let graph = self.graph;
        let visible: RefCell<HashSet<Name>> = RefCell::default();
        let define = |check: &mut Self, open: &mut Open, values: &[ValueId], op: Option<OpId>| {
            // States have names of their own.
            let plain = values
                .iter()
                .map(|&value| graph.value(value))
                .filter(|value| value.ty().as_state().is_none());
            for name in plain.map(|value| value.name()).filter(|name| of_interest(name)) {
                if visible.borrow_mut().insert(name.clone()) {
                    open.names.push(name.clone());
                } else {
                    check.add(
                        "duplicate-name",
                        op,
                        format!("another value that is visible here is named {name}"),
                    );
                }
            }
        };
        let mut root = Open::new(graph, Graph::ROOT);
        define(self, &mut root, graph.root().inputs(), None);
        let mut stack = vec![root];
        while let Some(mut top) = stack.pop() {
            if let Some(op) = top.next {
                // The op's blocks come before its results, which they don't see.
                match graph.op(op).blocks().get(top.entered) {
                    Some(&block) => {
                        top.entered += 1;
                        stack.push(top);
                        let mut inner = Open::new(graph, block);
                        define(self, &mut inner, graph.block(block).inputs(), Some(op));
                        stack.push(inner);
                    }
                    None => {
                        define(self, &mut top, graph.op(op).results(), Some(op));
                        top.next = graph.next(op).filter(|&next| !graph.op(next).is_return());
                        top.entered = 0;
                        stack.push(top);
                    }
                }
            } else {
                let mut visible = visible.borrow_mut();
                for name in &top.names {
                    visible.remove(name);
                }
            }
        }
    }
}

/// A block that is being walked through.
struct Open {
    next: Option<OpId>,
    /// Blocks of the next op that were walked through already.
    entered: usize,
    /// Names that the block made visible.
    names: Vec<Name>,
}

impl Open {
    fn new(graph: &Graph, block: BlockId) -> Open {
        let next = graph.block(block).ops().next();
        Open { next, entered: 0, names: Vec::new() }
    }
}

/// How a literal's contents contradict its type.
fn mismatch(literal: &Literal) -> Option<String> {
    let message = |what: String| Some(format!("a literal of type {} holds {what}", literal.ty));
    match (literal.ty.kind(), &literal.data) {
        (_, LiteralData::Opaque(_)) => None,
        (TypeKind::Tensor(declared), LiteralData::Tensor(tensor)) => {
            let fits = match &declared.shape {
                Shape::Unranked => true,
                // Any number of axes may stand for a variadic one.
                Shape::Ranked(dims) if dims.contains(&Dim::Unknown { variadic: true }) => true,
                Shape::Ranked(dims) => {
                    dims.len() == tensor.rank()
                        && dims
                            .iter()
                            .zip(tensor.shape())
                            .all(|(dim, &size)| dim.fixed().is_none_or(|declared| declared == size as u64))
                }
            };
            if fits && declared.dtype == tensor.dtype() {
                return None;
            }
            message(format!("a {} tensor of shape {:?}", tensor.dtype(), tensor.shape()))
        }
        (TypeKind::List(element, length), LiteralData::List(elements)) => {
            if length.fixed().is_some_and(|length| length != elements.len() as u64) {
                return message(format!("{} elements", elements.len()));
            }
            let other = elements.iter().find(|inner| inner.ty != *element)?;
            message(format!("an element of type {}", other.ty))
        }
        (TypeKind::Tuple(types), LiteralData::Tuple(elements)) => {
            let fits = types.len() == elements.len()
                && types.iter().zip(elements).all(|(ty, inner)| inner.ty == *ty);
            if fits { None } else { message("other elements".into()) }
        }
        (TypeKind::Dict(key, value), LiteralData::Dict(pairs)) => {
            let fits = pairs.iter().all(|pair| pair.0.ty == *key && pair.1.ty == *value);
            if fits { None } else { message("a pair of other types".into()) }
        }
        _ => message("something of another form".into()),
    }
}
