//! Two functions whose interfaces differ, made comparable.

use mil_ir::{At, Dim, Graph, Literal, Name, NewOp, ValueId};
use mil_tensor::{DType, Tensor};

/// Two graphs with the interfaces of the first, for [`verify`](super::verify).
///
/// Inputs, states and outputs belong together by name, or where names differ by place. Where their element
/// types differ, what is between them goes through both types on either side, so that a number which only one
/// of them holds is no difference. An output that the first graph has as a value, but not as an output,
/// becomes one there; other outputs that only one of the two has are left out. `None` where an input has
/// another shape now: numbers cannot be compared then.
pub fn align(before: &Graph, after: &Graph) -> Option<(Graph, Graph)> {
    let (mut before, mut after) = (before.clone(), after.clone());
    align_inputs(&mut before, &mut after);
    align_outputs(&mut before, &mut after);
    // Sizes may be known that were not: then both have them.
    for input in before.root().inputs().to_vec() {
        let new = after.input_named(before.value(input).name())?;
        let (old_ty, new_ty) = (before.value(input).ty().clone(), after.value(new).ty());
        let (Some(old), Some(new)) = (old_ty.dims(), new_ty.dims()) else { continue };
        let keeps = |(old, new): (&Dim, &Dim)| old.fixed().is_none_or(|size| new.fixed() == Some(size));
        if old.len() != new.len() || !old.iter().zip(new).all(keeps) {
            return None;
        }
        before.retype(input, new_ty.clone());
    }
    Some((before, after))
}

fn align_inputs(before: &mut Graph, after: &mut Graph) {
    for is_state in [false, true] {
        let of = |graph: &Graph| -> Vec<ValueId> {
            let all = graph.root().inputs().iter().copied();
            all.filter(|&value| graph.value(value).ty().as_state().is_some() == is_state).collect()
        };
        for (old, new) in pairs(before, &of(before), after, &of(after)) {
            let (name, ty) = (before.value(old).name().clone(), before.value(old).ty().clone());
            let Some(new) = new else {
                let free = after.fresh_name(&name);
                let added = after.add_input(Graph::ROOT, free, ty);
                rename(after, added, &name);
                continue;
            };
            rename(after, new, &name);
            let other = after.value(new).ty().clone();
            let (Some(wide), Some(narrow)) = (ty.dtype(), other.dtype()) else { continue };
            if wide != narrow {
                let through = cast(before, old, narrow, At::Start(Graph::ROOT));
                let place = before.definition(through).map_or(At::Start(Graph::ROOT), At::After);
                let back = cast(before, through, wide, place);
                let first = before.definition(through);
                before.replace_uses_if(old, back, |user| Some(user) != first);
                after.retype(new, other.with_dtype(wide));
                let inner = cast(after, new, narrow, At::Start(Graph::ROOT));
                let first = after.definition(inner);
                after.replace_uses_if(new, inner, |user| Some(user) != first);
            }
        }
    }
}

fn align_outputs(before: &mut Graph, after: &mut Graph) {
    let mut olds: Vec<ValueId> = before.root().outputs().collect();
    let news: Vec<ValueId> = after.root().outputs().collect();
    // What is an output now and was a value before.
    for &new in &news {
        let name = after.value(new).name();
        let results = before.root().ops().flat_map(|op| before.op(op).results().to_vec());
        let inner = results.into_iter().find(|&value| before.value(value).name() == name);
        let inner = inner.filter(|&value| !olds.contains(&value) && is_same(before, value, after, new));
        olds.extend(inner);
    }
    let (mut kept_before, mut kept_after) = (Vec::new(), Vec::new());
    for (old, new) in pairs(before, &olds, after, &news) {
        let Some(new) = new else { continue };
        let (wide, narrow) = (before.value(old).ty().dtype(), after.value(new).ty().dtype());
        let name = before.value(old).name().clone();
        let (mut old, mut new) = (old, new);
        if let (Some(wide), Some(narrow)) = (wide, narrow)
            && wide != narrow
        {
            let through = cast(before, old, narrow, At::End(Graph::ROOT));
            old = cast(before, through, wide, At::End(Graph::ROOT));
            new = cast(after, new, wide, At::End(Graph::ROOT));
        }
        rename(before, old, &name);
        rename(after, new, &name);
        kept_before.push(old);
        kept_after.push(new);
    }
    before.set_outputs(Graph::ROOT, kept_before);
    after.set_outputs(Graph::ROOT, kept_after);
}

/// Two values of one name are made by ops of one label, be it that the second went through a cast since. A
/// feature that is renamed may have the name of another value.
fn is_same(before: &Graph, old: ValueId, after: &Graph, new: ValueId) -> bool {
    let label = |graph: &Graph, value: ValueId| graph.definition(value).map(|op| graph.label(op).clone());
    let through = || {
        let op = after.definition(new)?;
        let is_way = matches!(after.op(op).kind().as_str(), "cast" | "identity");
        after.input(op, "x").filter(|_| is_way)
    };
    let wanted = label(before, old);
    label(after, new) == wanted || through().is_some_and(|value| label(after, value) == wanted)
}

/// Each of the first values with the one of the others that belongs to it.
fn pairs(
    before: &Graph,
    olds: &[ValueId],
    after: &Graph,
    news: &[ValueId],
) -> Vec<(ValueId, Option<ValueId>)> {
    let name = |graph: &Graph, value: ValueId| graph.value(value).name().clone();
    let named = |old: ValueId| news.iter().copied().find(|&new| name(after, new) == name(before, old));
    let is_lone = |new: &ValueId| !olds.iter().any(|&old| name(before, old) == name(after, *new));
    let mut lone = news.iter().copied().filter(is_lone);
    let renamed = olds.len() == news.len();
    olds.iter().map(|&old| (old, named(old).or_else(|| lone.next().filter(|_| renamed)))).collect()
}

/// Gives a value a name, which what has it gives up.
fn rename(graph: &mut Graph, value: ValueId, name: &Name) {
    if graph.value(value).name() == name {
        return;
    }
    let inputs = graph.blocks().flat_map(|block| graph.block(block).inputs());
    let all = inputs.chain(graph.walk().flat_map(|op| graph.op(op).results())).copied();
    let others: Vec<ValueId> = all.filter(|&other| graph.value(other).name() == name).collect();
    for other in others {
        let free = graph.fresh_name(&format!("{name}_other"));
        graph.rename_value(other, free);
    }
    graph.rename_value(value, name.clone());
}

/// A `cast` of a value.
fn cast(graph: &mut Graph, x: ValueId, dtype: DType, at: At) -> ValueId {
    let name = graph.fresh_name(&format!("{}_{dtype}", graph.value(x).name()));
    let ty = graph.value(x).ty().with_dtype(dtype);
    let new = NewOp::new("cast")
        .named(name.clone())
        .with("x", x)
        .with("dtype", Literal::tensor(Tensor::string(dtype.to_string())))
        .result(name, ty);
    let op = graph.insert(new, at);
    graph.op(op).result().unwrap_or(x)
}
