//! Sizes that the element shape of a list leaves open, as they follow from what is written into the list.
//!
//! A converter names them by text. All values that are one list after another, through writes, loops and
//! branches, have one element type: a size is settled where every write says the same number.

use std::collections::BTreeMap;

use mil_ir::{Dim, Graph, Literal, OpId, Operand, Shape, Type, TypeKind, ValueId};
use mil_tensor::Tensor;

/// Values that are one list, by a representative each.
#[derive(Default)]
struct Lists(BTreeMap<ValueId, ValueId>);

impl Lists {
    fn find(&self, mut value: ValueId) -> ValueId {
        while let Some(&next) = self.0.get(&value).filter(|&&next| next != value) {
            value = next;
        }
        value
    }

    fn join(&mut self, graph: &Graph, values: impl IntoIterator<Item = ValueId>) {
        let lists = values.into_iter().filter(|&value| element(graph, value).is_some());
        let roots: Vec<ValueId> = lists.map(|value| self.find(value)).collect();
        if let Some(&first) = roots.iter().min() {
            self.0.extend(roots.into_iter().map(|root| (root, first)));
        }
    }
}

/// The element type of a list.
fn element(graph: &Graph, value: ValueId) -> Option<&Type> {
    match graph.value(value).ty().kind() {
        TypeKind::List(element, _) => Some(element),
        _ => None,
    }
}

/// Settles what can be; gives the number of sizes.
pub(super) fn settle(graph: &mut Graph) -> u64 {
    let makers: Vec<OpId> = graph.walk().filter(|&op| graph.op(op).kind() == "make_list").collect();
    if makers.is_empty() {
        return 0;
    }
    let lists = same(graph);
    let mut members: BTreeMap<ValueId, Vec<ValueId>> = BTreeMap::new();
    for &value in lists.0.keys() {
        members.entry(lists.find(value)).or_default().push(value);
    }
    let written = written(graph, &lists);
    let mut settled = 0;
    for maker in makers {
        let Some(list) = graph.op(maker).result() else { continue };
        let root = lists.find(list);
        let Some(sizes) = written.get(&root) else { continue };
        let count = write_sizes(graph, maker, sizes);
        if count > 0 {
            for &value in members.get(&root).into_iter().flatten() {
                retype(graph, value, sizes);
            }
        }
        settled += count;
    }
    settled
}

/// Which values are one list.
fn same(graph: &Graph) -> Lists {
    let mut lists = Lists::default();
    for op in graph.walk() {
        let found = graph.op(op);
        match found.kind().as_str() {
            "make_list" => lists.join(graph, found.result()),
            "list_write" | "list_scatter" => {
                lists.join(graph, graph.input(op, "ls").into_iter().chain(found.result()))
            }
            "while_loop" | "cond" => {
                let starts = found.argument("loop_vars").into_iter().flat_map(|all| all.iter());
                let starts: Vec<Option<ValueId>> = starts.map(Operand::value).collect();
                for (at, &result) in found.results().iter().enumerate() {
                    let mut values = vec![result];
                    values.extend(starts.get(at).copied().flatten());
                    for &block in found.blocks() {
                        let block = graph.block(block);
                        values.extend(block.inputs().get(at));
                        values.extend(block.outputs().nth(at));
                    }
                    lists.join(graph, values);
                }
            }
            _ => {}
        }
    }
    lists
}

/// The sizes of what is written into each list; `None` for one that is not known, or not one number.
fn written(graph: &Graph, lists: &Lists) -> BTreeMap<ValueId, Vec<Option<u64>>> {
    let mut found: BTreeMap<ValueId, Vec<Option<u64>>> = BTreeMap::new();
    let mut unknown = Vec::new();
    for op in graph.walk() {
        let stacked = match graph.op(op).kind().as_str() {
            "list_write" => 0,
            "list_scatter" => 1,
            _ => continue,
        };
        let Some(list) = graph.input(op, "ls").map(|list| lists.find(list)) else { continue };
        let dims = graph.param_type(op, "value").and_then(Type::dims).and_then(|dims| dims.get(stacked..));
        let Some(dims) = dims else {
            unknown.push(list);
            continue;
        };
        let sizes: Vec<Option<u64>> = dims.iter().map(Dim::fixed).collect();
        match found.get_mut(&list) {
            None => {
                found.insert(list, sizes);
            }
            Some(known) if known.len() == sizes.len() => {
                for (known, size) in known.iter_mut().zip(sizes) {
                    *known = known.filter(|&known| size == Some(known));
                }
            }
            Some(_) => unknown.push(list),
        }
    }
    found.retain(|list, _| !unknown.contains(list));
    found
}

/// Writes numbers where the element shape says none; gives how many.
fn write_sizes(graph: &mut Graph, maker: OpId, sizes: &[Option<u64>]) -> u64 {
    let operands =
        graph.op(maker).argument("elem_shape").map(|shape| shape.iter().cloned().collect::<Vec<_>>());
    let Some(operands) = operands.filter(|operands| operands.len() == sizes.len()) else { return 0 };
    let mut count = 0;
    for (at, (operand, size)) in operands.iter().zip(sizes).enumerate() {
        let number = graph.literal(operand).and_then(|literal| literal.as_tensor()?.item_i64());
        let size = size.and_then(|size| i32::try_from(size).ok());
        if let Some(size) = size.filter(|_| number.is_none_or(|number| number < 0)) {
            graph.set_operand(maker, "elem_shape", at, Operand::from(Literal::tensor(Tensor::scalar(size))));
            count += 1;
        }
    }
    count
}

/// Gives a list the sizes that its element type leaves open.
fn retype(graph: &mut Graph, value: ValueId, sizes: &[Option<u64>]) {
    let ty = graph.value(value).ty();
    let TypeKind::List(element, length) = ty.kind() else { return };
    let (Some(tensor), Some(dims)) = (element.as_tensor(), element.dims()) else { return };
    if dims.len() != sizes.len() {
        return;
    }
    let sized = |(dim, size): (&Dim, &Option<u64>)| match (dim.fixed(), size) {
        (None, Some(size)) => Dim::Fixed(*size),
        _ => dim.clone(),
    };
    let mut tensor = tensor.clone();
    tensor.shape = Shape::Ranked(dims.iter().zip(sizes).map(sized).collect());
    let element = Type::with_carried(TypeKind::Tensor(tensor), element.carried().cloned().map(Box::new));
    let list =
        Type::with_carried(TypeKind::List(element, length.clone()), ty.carried().cloned().map(Box::new));
    graph.retype(value, list);
}
