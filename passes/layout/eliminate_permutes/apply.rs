//! Writing down what was chosen: parameters, types, and the transposes that remain.

use std::collections::{BTreeMap, BTreeSet};

use mil_ir::{At, Dim, Graph, Name, NewOp, OpId, Shape, Type, TypeKind, ValueId};
use mil_ops::Call;
use mil_pass::{Matched, No, Rewrite};
use mil_tensor::Tensor;

use super::frame::{Change, Site, arranged};
use super::plan::{Plan, Use};
use super::view::{Steps, View};
use crate::layout::bind::bind;

/// What becomes of a graph.
#[derive(Debug, Default)]
pub(super) struct Decision {
    changes: Vec<Change>,
    /// Values that are given in another arrangement, and its sizes.
    given: Vec<(ValueId, Vec<Dim>)>,
    /// Products: which of `x`, `y` and the result have their last two axes swapped.
    products: BTreeMap<OpId, [bool; 3]>,
    values: Vec<Arranged>,
}

/// A value, and those arrangements of it that are made anew.
#[derive(Debug)]
struct Arranged {
    root: ValueId,
    /// Its transposes and reshapes so far.
    links: Vec<OpId>,
    wanted: Vec<Wanted>,
}

/// An arrangement of a value, and who takes it.
#[derive(Debug)]
struct Wanted {
    from: From,
    sizes: Vec<Dim>,
    uses: Vec<Place>,
}

/// An operand, and the value that it was where it takes the same arrangement as before.
#[derive(Debug)]
struct Place {
    op: OpId,
    param: Name,
    index: usize,
    same: Option<ValueId>,
}

/// How an arrangement is had.
#[derive(Debug)]
enum From {
    Steps(Steps),
    Constant(Tensor),
}

impl Decision {
    /// Reads the choices of a plan.
    pub(super) fn of(plan: &mut Plan<'_>) -> Result<Decision, No> {
        let mut decision = Decision::default();
        let mut touched: BTreeSet<ValueId> = plan.roots().into_iter().collect();
        for node in &plan.nodes {
            let frame = &node.frame;
            if frame.identity().as_ref() == Some(&node.view) {
                continue;
            }
            if let Some(ports) = frame.swapped_ports(&node.view) {
                let known = decision.products.entry(frame.op).or_default();
                known.iter_mut().zip(ports).for_each(|(known, swapped)| *known |= swapped);
            }
            if plan.reader.graph.op(frame.op).blocks().is_empty() {
                let call = Call::of(plan.reader.graph, frame.op, plan.reader.opset)?;
                let call = call.with_shapes(plan.reader.shapes);
                decision.changes.extend(frame.changes(&node.view, &call)?);
            }
            for slot in frame.slots.iter().filter(|slot| !slot.is_constant()) {
                match &slot.site {
                    Site::Gives(value) => {
                        touched.insert(*value);
                        decision.given.push((*value, frame.seen(slot, &node.view).sizes()));
                    }
                    Site::Takes { value, .. } => touched.extend(value.map(|value| plan.root(value))),
                }
            }
        }
        for root in touched {
            if let Some(arranged) = Decision::value(plan, root)? {
                decision.values.push(arranged);
            }
        }
        Ok(decision)
    }

    /// What has to be made anew of the arrangements of a value.
    fn value(plan: &mut Plan<'_>, root: ValueId) -> Result<Option<Arranged>, No> {
        let lost = || No::miss("an arrangement cannot be said");
        let view_of = |plan: &Plan<'_>, node: usize| plan.nodes[node].view.clone();
        let giver = plan.giver(root).map(|(node, _)| view_of(plan, node));
        let given = plan.given(root, giver.as_ref()).ok_or_else(lost)?;
        let constant = plan.is_constant(root).then(|| plan.reader.graph.const_tensor(root)).flatten();
        let mut groups: Vec<(View, Vec<(Use, bool)>)> = Vec::new();
        for found in plan.uses(root).iter().cloned() {
            let view = found.node.map(|(node, _)| view_of(plan, node));
            let taken = plan.taken(&found, view.as_ref()).ok_or_else(lost)?;
            let as_before = taken == found.view;
            match groups.iter_mut().find(|(known, _)| *known == taken) {
                Some((_, uses)) => uses.push((found, as_before)),
                None => groups.push((taken, vec![(found, as_before)])),
            }
        }
        let graph = plan.reader.graph;
        let links = plan.links(root).to_vec();
        let mut wanted = Vec::new();
        let written = View::identity(&plan.reader.sizes(root).ok_or_else(lost)?);
        let is_as_written = written.as_ref() == Some(&given) || constant.is_some();
        for (taken, uses) in groups {
            let steps = plan.steps(root, &given, &taken);
            if is_as_written && Decision::stays(graph, root, &uses, steps.as_ref()) {
                continue;
            }
            let from = match &constant {
                Some(tensor) => From::Constant(arranged(tensor, &taken)?),
                None => From::Steps(steps.ok_or_else(lost)?),
            };
            let place = |(found, as_before): (Use, bool)| {
                let Use { op, param, index, value, .. } = found;
                Place { op, param, index, same: as_before.then_some(value) }
            };
            let uses = uses.into_iter().map(place).collect();
            wanted.push(Wanted { from, sizes: taken.sizes(), uses });
        }
        // Links that nothing takes go with the value that they were of.
        Ok((!wanted.is_empty() || !is_as_written).then_some(Arranged { root, links, wanted }))
    }

    /// The program has an arrangement already, by no more ops than it takes.
    fn stays(graph: &Graph, root: ValueId, uses: &[(Use, bool)], steps: Option<&Steps>) -> bool {
        let Some(mut link) = uses.first().map(|(found, _)| found.value) else { return true };
        if uses.iter().any(|(found, as_before)| !as_before || found.value != link) {
            return false;
        }
        let (mut transposes, mut reshapes) = (0, 0);
        while link != root {
            let Some(op) = graph.definition(link) else { return false };
            match graph.op(op).kind() == "transpose" {
                true => transposes += 1,
                false => reshapes += 1,
            }
            match graph.input(op, "x") {
                Some(operand) => link = operand,
                None => return false,
            }
        }
        steps
            .is_none_or(|steps| transposes <= u64::from(steps.moves()) && reshapes <= steps.reshapes().max(1))
    }

    /// Rewrites the graph.
    pub(super) fn apply(self, rw: &mut Rewrite<'_>) -> Matched {
        let types: BTreeMap<ValueId, Type> = self
            .values
            .iter()
            .flat_map(|arranged| arranged.wanted.iter().flat_map(|wanted| &wanted.uses))
            .filter_map(|place| Some((place.same?, rw.ty(place.same?).clone())))
            .collect();
        for Change { op, param, index, tensor } in self.changes {
            bind(rw, op, &param, index, tensor);
        }
        for (value, sizes) in &self.given {
            retype(rw, *value, sizes);
        }
        let mut links: Vec<OpId> = Vec::new();
        for Arranged { root, links: own, wanted } in self.values {
            links.extend(own);
            let name = rw.graph().value(root).name().clone();
            for wanted in wanted {
                let value = emit(rw, root, &name, &wanted)?;
                hand_on(rw, root, value, &wanted.uses, &types)?;
            }
        }
        for (op, swapped) in self.products {
            swap_product(rw, op, swapped)?;
        }
        links.reverse();
        rw.erase_unused(&links);
        Ok(())
    }
}

/// Makes an arrangement of a value, before the first op that takes it.
fn emit(rw: &mut Rewrite<'_>, root: ValueId, name: &str, wanted: &Wanted) -> Result<ValueId, No> {
    let block = rw.graph().home(root);
    let users = wanted.uses.iter().filter_map(|place| rw.graph().ancestor_in(place.op, block));
    let first = users.reduce(|first, user| if rw.graph().is_before(user, first) { user } else { first });
    let first = first.ok_or(No::miss("nothing takes an arrangement"))?;
    let steps = match &wanted.from {
        From::Constant(tensor) => return Ok(rw.tensor(&format!("{name}_arranged"), tensor.clone(), first)),
        From::Steps(steps) => steps,
    };
    let sources: Vec<OpId> = rw.graph().definition(root).into_iter().collect();
    let ty = rw.ty(root).clone();
    let step = |rw: &mut Rewrite<'_>, x: ValueId, kind: &str, param: &str, tensor: Tensor, what: &str| {
        let label = rw.graph_mut().fresh_name(&format!("{name}_{what}"));
        let tensor = rw.tensor(&format!("{label}_{param}"), tensor, first);
        let made = rw.emit_one(NewOp::new(kind).named(label).with("x", x).with(param, tensor), first)?;
        if let Some(op) = rw.graph().definition(made) {
            rw.graph_mut().inherit_origins(op, &sources);
        }
        Ok::<_, No>(made)
    };
    let mut value = root;
    if let Some(sizes) = &steps.first {
        value = step(rw, value, "reshape", "shape", shape(sizes)?, "split")?;
        rw.graph_mut().retype(value, resized(&ty, sizes));
    }
    if let Some(order) = &steps.transpose {
        let order: Vec<i32> = order.iter().map(|&axis| axis as i32).collect();
        value = step(rw, value, "transpose", "perm", Tensor::ints(&order), "transposed")?;
    }
    if let Some(sizes) = &steps.last {
        value = step(rw, value, "reshape", "shape", shape(sizes)?, "reshaped")?;
    }
    if value != root {
        rw.graph_mut().retype(value, resized(&ty, &wanted.sizes));
    }
    Ok(value)
}

/// Has an arrangement taken. What is computed under a name stays the same: the arrangement takes the name of
/// the value that was taken before, and an output keeps its name in any case.
fn hand_on(
    rw: &mut Rewrite<'_>,
    root: ValueId,
    value: ValueId,
    uses: &[Place],
    types: &BTreeMap<ValueId, Type>,
) -> Matched {
    let graph = rw.graph();
    let returned = graph.root().return_op();
    let computed = graph.definition(value).filter(|&op| graph.op(op).kind() != "const");
    let mut is_named = match value == root {
        true => graph.home(root) != Graph::ROOT || graph.is_output(root) || computed.is_none(),
        false => computed.is_none(),
    };
    for Place { op, param, index, .. } in uses {
        rw.graph_mut().set_operand(*op, param, *index, value);
    }
    let mut outputs: Vec<(&Place, ValueId)> = uses
        .iter()
        .filter(|place| place.op == returned)
        .filter_map(|place| Some((place, place.same?)))
        .collect();
    outputs.sort_by_key(|(place, _)| place.index);
    let mut made: BTreeMap<ValueId, ValueId> = BTreeMap::from([(value, value)]);
    for (place, old) in outputs {
        if let Some(&output) = made.get(&old) {
            rw.graph_mut().set_operand(place.op, &place.param, place.index, output);
            continue;
        }
        let name = rw.graph().value(old).name().clone();
        let hidden = rw.graph_mut().fresh_name(&format!("{name}_before_transpose"));
        rw.graph_mut().rename_value(old, hidden);
        let output = if is_named {
            let ty = types.get(&old).unwrap_or(rw.ty(value)).clone();
            let identity = NewOp::new("identity").named(name.clone()).with("x", value).result(name, ty);
            let op = rw.graph_mut().insert(identity, At::Before(returned));
            rw.result(op)?
        } else {
            rw.graph_mut().rename_value(value, name);
            value
        };
        is_named = true;
        rw.graph_mut().set_operand(place.op, &place.param, place.index, output);
        made.insert(old, output);
    }
    let old = uses.iter().find_map(|place| place.same).filter(|&old| old != value);
    if let Some(old) = old
        && value != root
    {
        if let Some(ty) = types.get(&old) {
            rw.graph_mut().retype(value, ty.clone());
        }
        if !is_named {
            let name = rw.graph().value(old).name().clone();
            let hidden = rw.graph_mut().fresh_name(&format!("{name}_before_transpose"));
            rw.graph_mut().rename_value(old, hidden);
            rw.graph_mut().rename_value(value, name);
        }
    }
    Ok(())
}

/// Flags of a product whose operands or result have their last two axes swapped: `(x y)ᵀ = yᵀ xᵀ`.
fn swap_product(rw: &mut Rewrite<'_>, op: OpId, [x, y, result]: [bool; 3]) -> Matched {
    let call = rw.call(op)?;
    let (flag_x, flag_y) = (call.bool("transpose_x")? ^ x, call.bool("transpose_y")? ^ y);
    let flags = if result { (!flag_y, !flag_x) } else { (flag_x, flag_y) };
    if result {
        let of = |param: &str| rw.graph().op(op).argument(param).cloned();
        let (of_x, of_y) = (of("x"), of("y"));
        rw.graph_mut().set_argument(op, "x", of_y);
        rw.graph_mut().set_argument(op, "y", of_x);
    }
    bind(rw, op, "transpose_x", 0, Tensor::bool(flags.0));
    bind(rw, op, "transpose_y", 0, Tensor::bool(flags.1));
    Ok(())
}

/// Sizes as `reshape` takes them, -1 for the one that is not a number.
fn shape(sizes: &[Dim]) -> Result<Tensor, No> {
    let size = |dim: &Dim| dim.fixed().map_or(Some(-1), |size| i32::try_from(size).ok());
    let sizes: Option<Vec<i32>> = sizes.iter().map(size).collect();
    Ok(Tensor::ints(&sizes.ok_or(No::miss("a size is beyond int32"))?))
}

fn retype(rw: &mut Rewrite<'_>, value: ValueId, sizes: &[Dim]) {
    let ty = resized(rw.ty(value), sizes);
    rw.graph_mut().retype(value, ty);
}

/// A tensor type of other sizes; what is not a number is written as unknown.
fn resized(ty: &Type, sizes: &[Dim]) -> Type {
    let Some(tensor) = ty.as_tensor() else { return ty.clone() };
    let mut tensor = tensor.clone();
    let written = |dim: &Dim| dim.fixed().map_or(Dim::UNKNOWN, Dim::Fixed);
    tensor.shape = Shape::Ranked(sizes.iter().map(written).collect());
    Type::new(TypeKind::Tensor(tensor))
}
