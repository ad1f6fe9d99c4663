//! What moving the transposes of a component costs, and how they are moved.

use mil_ir::{At, Graph, NewOp, OpId, Shape, Type, TypeKind, ValueId};
use mil_pass::{Matched, No, Rewrite};
use mil_tensor::Tensor;

use super::follow::{Component, End, Member};
use crate::layout::axes::{Change, scattered};
use crate::layout::bind::bind;

/// What moving the transposes of a component would spare and cost.
pub(super) struct Balance {
    /// Transposes that would fall away.
    pub gone: usize,
    /// Transposes that would be added.
    pub added: usize,
    bits_gone: u128,
    bits_added: u128,
}

impl Balance {
    pub(super) fn of(graph: &Graph, component: &Component) -> Balance {
        let starts = component.starts.iter().filter(|start| start.needed_at.is_none()).map(|start| start.op);
        let ends = component.ends.iter().filter(|end| end.cancels()).map(|end| end.op);
        let gone: Vec<OpId> = starts.chain(ends).collect();
        let results = gone.iter().filter_map(|&op| graph.op(op).result());
        Balance {
            gone: gone.len(),
            added: component.again.len(),
            bits_gone: results.map(|value| bits(graph, value)).sum(),
            bits_added: component.again.iter().map(|again| bits(graph, again.value)).sum(),
        }
    }

    /// Transposes that there would be less.
    pub(super) fn spared(&self) -> usize {
        self.gone.saturating_sub(self.added)
    }

    /// Fewer transposes remain, and they move no more data.
    pub(super) fn pays(&self) -> Result<(), String> {
        let Balance { gone, added, .. } = self;
        if *gone == 0 {
            return Err("nothing undoes it before what needs it".to_owned());
        }
        if added >= gone {
            return Err(format!("{added} would be needed behind it, and {gone} would fall away"));
        }
        match self.bits_added > self.bits_gone {
            true => Err("the transposes behind it would move more data".to_owned()),
            false => Ok(()),
        }
    }
}

/// The size of a value; an axis of unknown size counts as 1 on both sides of the balance.
fn bits(graph: &Graph, value: ValueId) -> u128 {
    let ty = graph.value(value).ty();
    let element = ty.dtype().and_then(|dtype| dtype.bits()).unwrap_or(8);
    let dims = ty.dims().unwrap_or(&[]).iter().map(|dim| u128::from(dim.fixed().unwrap_or(1)));
    dims.fold(element as u128, u128::saturating_mul)
}

/// Moves the transposes of a component behind the ops that they pass through.
pub(super) fn apply(rw: &mut Rewrite<'_>, component: &Component) -> Matched {
    let types: Vec<Type> =
        component.again.iter().map(|again| rw.graph().value(again.value).ty().clone()).collect();
    for member in &component.members {
        change(rw, member)?;
    }
    let mut takers = component.takers();
    for start in &component.starts {
        let (source, result) = (rw.input(start.op, "x")?, rw.result(start.op)?);
        rw.graph_mut().replace_uses_if(result, source, |user| takers.contains(&user));
        if let Some(user) = start.needed_at {
            rw.graph_mut().move_op(start.op, At::Before(user))?;
        }
    }
    let starts: Vec<OpId> = component.starts.iter().map(|start| start.op).collect();
    for (again, ty) in component.again.iter().zip(types) {
        let name = rw.graph().value(again.value).name().clone();
        let label = rw.graph_mut().fresh_name(&format!("{name}_transposed"));
        let order = ints(&again.order);
        let new = NewOp::new("transpose").named(label).with("x", again.value).with("perm", order);
        let value = rw.emit_one(new, again.needed_at)?;
        let op = rw.graph().definition(value).ok_or(No::miss("the transpose has no result"))?;
        let graph = rw.graph_mut();
        graph.retype(value, ty);
        graph.inherit_origins(op, &starts);
        // What is computed under a name stays the same.
        let hidden = graph.fresh_name(&format!("{name}_before_transpose"));
        graph.rename_value(again.value, hidden);
        graph.rename_value(value, name);
        takers.insert(op);
        graph.replace_uses_if(again.value, value, |user| !takers.contains(&user));
    }
    for End { op, order } in &component.ends {
        if order.is_sorted() {
            let source = rw.input(*op, "x")?;
            rw.replace_with_existing(*op, &[source], &[])?;
        } else {
            bind(rw, *op, "perm", 0, ints(order));
        }
    }
    let unneeded = component.starts.iter().filter(|start| start.needed_at.is_none()).map(|start| start.op);
    rw.erase_unused(&unneeded.collect::<Vec<_>>());
    Ok(())
}

/// An op that takes the values before the transposes: its other operands and the types of its results change.
fn change(rw: &mut Rewrite<'_>, Member { op, moved }: &Member) -> Matched {
    let op = *op;
    for change in &moved.changes {
        match change {
            Change::Set(param, tensor) => bind(rw, op, param, 0, tensor.clone()),
            Change::Transpose { param, index, shape, order } => {
                let operand = rw.graph().op(op).argument(param).and_then(|argument| argument.get(*index));
                let operand = operand.ok_or(No::miss("an operand is missing"))?.clone();
                let literal = rw.graph().literal(&operand).and_then(|literal| literal.as_tensor());
                let tensor = literal.ok_or(No::miss("an operand is not constant"))?;
                let tensor = tensor.reshaped(shape)?.transposed(order)?;
                bind(rw, op, param, *index, tensor);
            }
            Change::Reshape { param, index, shape } => {
                let operand = rw.graph().op(op).argument(param).and_then(|argument| argument.get(*index));
                let operand = operand.ok_or(No::miss("an operand is missing"))?.clone();
                let name = format!("{}_{param}", rw.graph().label(op));
                let reshape = NewOp::new("reshape").named(name).with("x", operand);
                let value = rw.emit_one(reshape.with("shape", Tensor::ints(shape)), op)?;
                rw.graph_mut().set_operand(op, param, *index, value);
            }
        }
    }
    for value in rw.graph().op(op).results().to_vec() {
        if let Some(tensor) = rw.ty(value).as_tensor()
            && let Some(dims) = tensor.shape.dims()
        {
            let mut tensor = tensor.clone();
            tensor.shape = Shape::Ranked(scattered(dims, &moved.order).into_iter().collect());
            rw.graph_mut().retype(value, Type::new(TypeKind::Tensor(tensor)));
        }
    }
    Ok(())
}

fn ints(order: &[usize]) -> Tensor {
    Tensor::ints(&order.iter().map(|&axis| axis as i32).collect::<Vec<_>>())
}
