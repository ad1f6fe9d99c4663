//! Ops of more than five axes on fewer: axes that an op treats alike are one.

use std::ops::Range;

use mil_ir::{NewOp, OpId, Operand};
use mil_ops::Trait;
use mil_pass::{Matched, No, Rewrite};
use mil_tensor::Tensor;

use super::{MOST, low};
use crate::ane::{Steps, reshaped, sizes, whole};
use crate::slices::bounds;

/// What an op does along an axis.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// What it does along its neighbours of this kind.
    Even,
    /// It sums, or normalises, over it and its neighbours of this kind.
    Over,
    /// Something that no other axis shares.
    Own,
}

/// An operand that has the axes of the result, or is broadcast to them.
struct Datum {
    param: String,
    operand: Operand,
    /// With leading axes of one element, as many as the op counts.
    shape: Vec<usize>,
}

/// Axes of an op that become one.
struct Merged {
    groups: Vec<Range<usize>>,
    uses: Vec<Use>,
}

/// Ops that have a say about some axes and treat the others alike.
const KINDS: &[&str] = &[
    "argsort",
    "concat",
    "cumsum",
    "gather",
    "layer_norm",
    "linear",
    "matmul",
    "reduce_argmax",
    "reduce_argmin",
    "reduce_l1_norm",
    "reduce_l2_norm",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "reduce_sum_square",
    "reverse",
    "slice_by_index",
    "softmax",
    "split",
    "stack",
    "tile",
    "topk",
];

/// The longest axis that the Neural Engine takes on every chip.
const LONGEST: usize = 16384;

/// An op on fewer axes.
pub(super) struct Plan {
    data: Vec<Datum>,
    merged: Merged,
    /// The op, still without its data.
    new: NewOp,
    /// Shapes of the results, as they were.
    results: Vec<Vec<usize>>,
}

impl Plan {
    /// For an op of more than five axes that tells at most five apart.
    pub(super) fn of(rw: &Rewrite<'_>, op: OpId) -> Result<Plan, No> {
        let kind = rw.graph().op(op).kind().as_str();
        let is_elementwise = mil_ops::def(kind).is_some_and(|def| def.is(Trait::Elementwise));
        No::unless(is_elementwise || KINDS.contains(&kind), "it does not treat axes alike")?;
        rw.known(op)?;
        let results = rw.graph().op(op).results().to_vec();
        let results = results.iter().map(|&value| rw.shape(value)).collect::<Result<Vec<_>, No>>()?;
        let data = data(rw, op, results.first().map_or(0, Vec::len))?;
        let few = data.iter().map(|datum| &datum.shape).chain(&results).all(|shape| shape.len() <= MOST);
        No::unless(!few, "it has at most five axes")?;
        No::unless(results.iter().all(|shape| !shape.is_empty()), "the result is a scalar")?;
        let rank = data.first().map_or(0, |datum| datum.shape.len());
        let merged = Merged::of(&uses(rw, op, rank)?, &data);
        No::unless(merged.groups.len() <= MOST, "more than five axes are told apart")?;
        let new = attributes(rw, op, &merged, &data)?;
        Ok(Plan { data, merged, new, results })
    }

    /// Puts it in the op's place. What its data are made of has at most five axes.
    pub(super) fn put(self, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
        let Plan { data, merged, mut new, results } = self;
        let (mut gone, mut sources) = (Vec::new(), Vec::new());
        for datum in data {
            let value = datum.operand.value().filter(|_| rw.graph().literal(&datum.operand).is_none());
            let operand = match value {
                Some(value) => {
                    let (x, between) = low(rw, value)?;
                    gone.extend(between);
                    x.into()
                }
                None => datum.operand,
            };
            sources.push((datum.param, operand, merged.sizes(&datum.shape)));
        }
        let mut steps = Steps::new(rw, op);
        let mut listed = Vec::new();
        for (param, operand, shape) in sources {
            let operand = reshaped(&mut steps, &format!("{param}_blocks"), operand, &shape)?;
            match param.as_str() {
                "values" => listed.push(operand),
                _ => new = new.set(&param, operand),
            }
        }
        if !listed.is_empty() {
            new = new.without("values").with_all("values", listed);
        }
        let values = steps.emit_all("merged", new)?;
        let mut shaped = Vec::new();
        for (value, shape) in values.into_iter().zip(&results) {
            shaped.push(steps.reshape("axes", value, shape)?);
        }
        rw.replace_with_new(op, &shaped, &gone)
    }
}

/// The operands that have the op's axes.
fn data(rw: &Rewrite<'_>, op: OpId, result_rank: usize) -> Result<Vec<Datum>, No> {
    let call = rw.call(op)?;
    let is_elementwise = mil_ops::def(rw.graph().op(op).kind()).is_some_and(|def| def.is(Trait::Elementwise));
    let mut data = Vec::new();
    for param in call.given() {
        let is_data = match rw.graph().op(op).kind().as_str() {
            "concat" | "stack" => param == "values",
            "matmul" => matches!(param, "x" | "y"),
            _ if is_elementwise => matches!(param, "x" | "y" | "a" | "b" | "cond"),
            _ => param == "x",
        };
        for operand in call.operands(param) {
            let shape = rw.graph().operand_type(operand).fixed_shape();
            let shape = shape.ok_or(No::miss("a shape is not static"))?;
            if is_data {
                data.push(Datum { param: param.to_owned(), operand: operand.clone(), shape });
            } else {
                No::unless(!is_elementwise || shape.is_empty(), "a parameter is not a number")?;
            }
        }
    }
    if rw.is(op, &["stack"]) {
        // Joined along an axis of one element that each has.
        let axis = call.axis("axis", result_rank)?;
        data.iter_mut().for_each(|datum| datum.shape.insert(axis, 1));
    }
    let rank = data.iter().map(|datum| datum.shape.len()).max().unwrap_or(0);
    for datum in &mut data {
        let missing = rank - datum.shape.len();
        datum.shape.splice(0..0, vec![1; missing]);
    }
    Ok(data)
}

/// What the op does along each axis.
fn uses(rw: &Rewrite<'_>, op: OpId, rank: usize) -> Result<Vec<Use>, No> {
    let call = rw.call(op)?;
    let mut uses = vec![Use::Even; rank];
    match rw.graph().op(op).kind().as_str() {
        "argsort" | "concat" | "cumsum" | "reduce_argmax" | "reduce_argmin" | "softmax" | "split"
        | "stack" | "topk" => uses[call.axis("axis", rank)?] = Use::Own,
        "gather" => {
            let indices = rw.constant(op, "indices")?;
            let batch =
                if call.version().param("batch_dims").is_some() { call.int("batch_dims")? } else { 0 };
            No::unless(indices.rank() <= 1 && batch == 0, "the indices have more than one axis")?;
            uses[call.axis("axis", rank)?] = Use::Own;
        }
        "layer_norm" | "reduce_max" | "reduce_min" | "reduce_mean" | "reduce_sum" | "reduce_sum_square"
        | "reduce_l1_norm" | "reduce_l2_norm" | "reduce_prod" => {
            No::unless(call.is_given("axes"), "no axes are given")?;
            call.axes("axes", rank)?.into_iter().for_each(|axis| uses[axis] = Use::Over);
        }
        "reverse" => {
            No::unless(call.is_given("axes"), "no axes are given")?;
            call.axes("axes", rank)?.into_iter().for_each(|axis| uses[axis] = Use::Own);
        }
        "tile" => {
            let reps = call.ints("reps")?;
            No::unless(reps.len() == rank, "the repetitions do not fit the axes")?;
            (0..rank).filter(|&axis| reps[axis] != 1).for_each(|axis| uses[axis] = Use::Own);
        }
        "slice_by_index" => {
            let bounds = bounds(rw, op)?;
            let shape = rw.shape(rw.input(op, "x")?)?;
            let whole = |axis: &usize| bounds[*axis] == (0, shape[*axis], 1);
            (0..rank).filter(|axis| !whole(axis)).for_each(|axis| uses[axis] = Use::Own);
        }
        "matmul" => uses[rank.saturating_sub(2)..].fill(Use::Own),
        "linear" => uses[rank.saturating_sub(1)..].fill(Use::Own),
        _ => {}
    }
    Ok(uses)
}

/// The op with what it says of axes said of those that are left.
fn attributes(rw: &Rewrite<'_>, op: OpId, merged: &Merged, data: &[Datum]) -> Result<NewOp, No> {
    let (call, like) = (rw.call(op)?, rw.like(op)?);
    let rank = data.first().map_or(0, |datum| datum.shape.len());
    let groups = merged.groups.len();
    let all = |wanted: Use| (0..groups).filter(|&group| merged.uses[group] == wanted).collect::<Vec<_>>();
    Ok(match rw.graph().op(op).kind().as_str() {
        "argsort" | "concat" | "cumsum" | "gather" | "softmax" | "split" | "topk" => {
            like.set("axis", whole(merged.place(call.axis("axis", rank)?)))
        }
        "reduce_argmax" | "reduce_argmin" => like
            .set("axis", whole(merged.place(call.axis("axis", rank)?)))
            .set("keep_dims", Tensor::bool(true)),
        "stack" => NewOp::new("concat")
            .with("axis", whole(merged.place(call.axis("axis", rank)?)))
            .with("interleave", Tensor::bool(false)),
        "layer_norm" => {
            let axes = all(Use::Over);
            let shape = data.first().map_or_else(Vec::new, |datum| merged.sizes(&datum.shape));
            let shape: Vec<usize> = axes.iter().map(|&group| shape[group]).collect();
            let mut new = like.set("axes", sizes(&axes));
            for param in ["gamma", "beta"] {
                if let Some(weights) = rw.optional_constant(op, param)? {
                    new = new.set(param, weights.reshaped(&shape)?);
                }
            }
            new
        }
        "reverse" => {
            let axes = call.axes("axes", rank)?;
            like.set("axes", sizes(&axes.into_iter().map(|axis| merged.place(axis)).collect::<Vec<_>>()))
        }
        "tile" => {
            let reps = call.ints("reps")?;
            let of_group = |group: &Range<usize>| reps[group.clone()].iter().product::<i64>();
            let reps = merged.groups.iter().map(|group| usize::try_from(of_group(group)).unwrap_or(0));
            like.set("reps", sizes(&reps.collect::<Vec<_>>()))
        }
        "slice_by_index" => {
            let bounds = bounds(rw, op)?;
            let shape = rw.shape(rw.input(op, "x")?)?;
            let sizes_now = merged.sizes(&shape);
            let of_group = |at: usize| {
                let mut own = merged.groups[at].clone().filter(|&axis| bounds[axis] != (0, shape[axis], 1));
                own.next().map_or((0, sizes_now[at], 1), |axis| bounds[axis])
            };
            let found: Vec<(usize, usize, usize)> = (0..groups).map(of_group).collect();
            let each = |pick: fn(&(usize, usize, usize)) -> usize| {
                sizes(&found.iter().map(pick).collect::<Vec<usize>>())
            };
            NewOp::new("slice_by_index")
                .with("begin", each(|bound| bound.0))
                .with("end", each(|bound| bound.1))
                .with("stride", each(|bound| bound.2))
        }
        kind if kind.starts_with("reduce_") => {
            like.set("axes", sizes(&all(Use::Over))).set("keep_dims", Tensor::bool(true))
        }
        _ => like,
    })
}

impl Merged {
    /// Neighbours that are used alike, and along which the same operands are broadcast, are one.
    fn of(uses: &[Use], data: &[Datum]) -> Merged {
        let mut merged = Merged { groups: Vec::new(), uses: Vec::new() };
        // What the last group is like; `None` while it has axes of one element alone, which go with any.
        let mut last: Option<(Use, Vec<bool>)> = None;
        for (axis, &of_axis) in uses.iter().enumerate() {
            let size = data.iter().map(|datum| datum.shape[axis]).max().unwrap_or(1);
            let own = match of_axis {
                Use::Even if size == 1 => None,
                _ => Some((of_axis, data.iter().map(|datum| datum.shape[axis] == size).collect())),
            };
            let joins = match (&last, &own) {
                (_, None) | (None, _) => true,
                (Some(last), Some(own)) => last == own && of_axis != Use::Own,
            };
            match merged.groups.last_mut().filter(|_| joins) {
                Some(group) => group.end = axis + 1,
                None => {
                    merged.groups.push(axis..axis + 1);
                    merged.uses.push(Use::Even);
                    last = None;
                }
            }
            if let (Some(found), Some(kind)) = (own, merged.uses.last_mut()) {
                *kind = found.0;
                last = Some(found);
            }
        }
        merged.divided(data)
    }

    /// Groups that the Neural Engine of some chips would find too long are cut where they have axes, as long as
    /// there are fewer than five.
    fn divided(mut self, data: &[Datum]) -> Merged {
        let size = |axis: usize| data.iter().map(|datum| datum.shape[axis]).max().unwrap_or(1);
        let product = |axes: Range<usize>| axes.map(size).product::<usize>();
        while self.groups.len() < MOST {
            let parts = |group: &Range<usize>| {
                let cuts = group.start + 1..group.end;
                let longest = |&cut: &usize| product(group.start..cut).max(product(cut..group.end));
                cuts.filter(|cut| longest(cut) < product(group.clone())).min_by_key(longest)
            };
            let long = self
                .groups
                .iter()
                .enumerate()
                .filter(|(at, group)| self.uses[*at] != Use::Own && product((*group).clone()) > LONGEST);
            let longest = long.max_by_key(|(_, group)| product((*group).clone()));
            let Some((at, cut)) = longest.and_then(|(at, group)| Some((at, parts(group)?))) else { break };
            let (start, end) = (self.groups[at].start, self.groups[at].end);
            self.groups.splice(at..=at, [start..cut, cut..end]);
            self.uses.insert(at, self.uses[at]);
        }
        self
    }

    /// The sizes that are left of a shape.
    fn sizes(&self, shape: &[usize]) -> Vec<usize> {
        self.groups.iter().map(|group| shape[group.clone()].iter().product()).collect()
    }

    /// The axis that stands for this one.
    fn place(&self, axis: usize) -> usize {
        self.groups.iter().position(|group| group.contains(&axis)).unwrap_or(0)
    }
}
