//! Which input is the old version of an output.

use std::collections::HashMap;

use mil_ir::{Graph, Opset, Type, ValueId};
use mil_ops::{Call, Shapes};
use mil_tensor::DType;

use super::follow::{Join, follow};
use super::held::{Held, How, Origin, Part};

/// An input and an output that is the input as it is to be after the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub past: ValueId,
    pub present: ValueId,
}

/// The pairs of a function that can be proven: the output holds elements of the input at their places, or
/// all of them moved along one axis, and elements that are computed from other inputs. The end of what was
/// joined behind an input counts as well, where it is as long as the input: the window has moved beyond what was
/// there. An input or an output with two partners has none. The second list says why outputs of the shape of an
/// input have no pair.
///
/// With `max_length`, an output that is an input of this length with new elements joined behind is one too: what
/// is fed back is its end.
pub(super) fn pairs(
    graph: &Graph,
    opset: &Opset,
    shapes: &Shapes,
    max_length: Option<usize>,
) -> (Vec<Pair>, Vec<(ValueId, &'static str)>) {
    let followed = follow(graph, opset, shapes);
    let sources = sources(graph);
    let (mut found, mut left): (Vec<Pair>, Vec<(ValueId, &'static str)>) = (Vec::new(), Vec::new());
    for present in graph.root().outputs() {
        let inputs = graph.root().inputs().iter().copied();
        let ty = |value: ValueId| graph.value(value).ty();
        let grows = |past: ValueId| max_length.is_some_and(|most| grown(ty(past), ty(present)) == Some(most));
        let alike = |input: &ValueId| are_alike(ty(*input), ty(present)) || grows(*input);
        let alike: Vec<ValueId> = inputs.filter(alike).collect();
        if alike.is_empty() {
            continue;
        }
        if graph.value(present).ty().fixed_shape().is_none() {
            left.push((present, "its shape is not fixed"));
            continue;
        }
        let held = followed.held.get(&present);
        let mut fitting = Vec::new();
        let mut reason = "it is computed: nothing says that it is fed back";
        for past in alike {
            let update = match held {
                _ if is_end(graph, opset, shapes, present, past, &followed.joins) => Ok(()),
                None => Err(None),
                Some(held) if grows(past) => is_growth(held, past, &sources),
                Some(held) => is_update(held, past, &sources),
            };
            match update {
                Ok(()) => fitting.push(past),
                Err(why) => reason = why.unwrap_or(reason),
            }
        }
        match fitting[..] {
            [past] => found.push(Pair { past, present }),
            [] => left.push((present, reason)),
            _ => left.push((present, "it holds several inputs")),
        }
    }
    let claims = |past: ValueId, found: &[Pair]| found.iter().filter(|pair| pair.past == past).count();
    let (sure, unsure): (Vec<Pair>, Vec<Pair>) =
        found.clone().into_iter().partition(|pair| claims(pair.past, &found) == 1);
    left.extend(unsure.iter().map(|pair| (pair.present, "another output holds the same input")));
    (sure, left)
}

/// Types of one shape, whose elements are floats or equal.
fn are_alike(past: &Type, present: &Type) -> bool {
    let floats = [past, present].iter().all(|ty| ty.dtype().is_some_and(DType::is_float));
    past == present || floats && past.fixed_shape().is_some() && past.fixed_shape() == present.fixed_shape()
}

/// A value is the end of one that was joined behind an input, and as long as the input.
fn is_end(
    graph: &Graph,
    opset: &Opset,
    shapes: &Shapes,
    mut value: ValueId,
    past: ValueId,
    joins: &[Join],
) -> bool {
    let of_past = shapes.ty(graph, past).fixed_shape();
    let behind = |join: &&Join| join.input == past && join.offset > 0;
    while let Some(op) = graph.definition(value).filter(|&op| mil_ops::is_known(graph, op)) {
        let whole = shapes.ty(graph, value).fixed_shape() == of_past;
        if whole && joins.iter().filter(behind).any(|join| join.value == value) {
            return true;
        }
        let Some(x) = graph.input(op, "x") else { return false };
        match graph.op(op).kind().as_str() {
            "identity" | "cast" => value = x,
            "slice_by_index" => {
                let Ok(call) = Call::of(graph, op, opset) else { return false };
                let part = super::follow::slice(graph, shapes, &call.with_shapes(shapes), x);
                let (Some((begin, size)), Some(whole)) = (part, shapes.ty(graph, x).fixed_shape()) else {
                    return false;
                };
                let last = |axis: usize| begin[axis] + size[axis] == whole[axis];
                let all = |axis: usize| begin[axis] == 0 && last(axis);
                return of_past.as_ref() == Some(&size)
                    && joins.iter().filter(behind).filter(|join| join.value == x).any(|join| {
                        last(join.axis) && (0..size.len()).all(|axis| axis == join.axis || all(axis))
                    });
            }
            _ => return false,
        }
    }
    false
}

/// A value holds an input at its place, or moved along one axis, and new elements.
fn is_update(
    held: &Held,
    past: ValueId,
    sources: &HashMap<ValueId, Sources>,
) -> Result<(), Option<&'static str>> {
    let mut shift: Option<Vec<i64>> = None;
    let (mut old, mut joined, mut new) = (0, 0, Vec::new());
    for one in &held.boxes {
        let from = one.from.iter().find(|from| from.input == past);
        match from.map(|from| from.how) {
            Some(How::Old) => old += 1,
            Some(How::Joined) => joined += 1,
            None => {}
        }
        // What is not old in it came from somewhere else.
        new.extend(one.new.iter().copied());
        new.extend(
            one.from.iter().filter(|from| from.how == How::Old && from.input != past).map(|from| from.input),
        );
        let Some(from) = from else { continue };
        // Places are those of the input where both are seen in one shape.
        let same = from.frame == held.shape;
        let straight = same
            && from
                .axes
                .iter()
                .enumerate()
                .all(|(axis, &into)| into.unwrap_or(axis) == axis || one.size[axis] == 1);
        let by: Vec<i64> = from.place.iter().zip(&one.begin).map(|(place, &at)| place - at as i64).collect();
        if !straight || shift.get_or_insert_with(|| by.clone()) != &by {
            return Err(Some("elements of an input stand at other places, and not all moved alike"));
        }
    }
    let shift = shift.ok_or(None)?;
    let moved = shift.iter().filter(|&&by| by != 0).count();
    if old == 0 && (joined != held.boxes.len() || moved == 0) {
        return Err(None);
    }
    if moved > 1 {
        return Err(Some("an input is moved along several axes"));
    }
    if new.is_empty() {
        return Err(Some("an input passes through unchanged"));
    }
    let other = |value: &ValueId| sources.get(value).is_some_and(|sources| sources.has_other_than(past));
    match new.iter().any(other) {
        true => Ok(()),
        false => Err(Some("what is new in it does not come from another input")),
    }
}

/// The length of an input along the one axis along which an output of the same type is longer.
pub(super) fn grown(past: &Type, present: &Type) -> Option<usize> {
    let same = past.dtype() == present.dtype();
    let (past, present) = (past.fixed_shape().filter(|_| same)?, present.fixed_shape()?);
    let mut differ = past.iter().zip(&present).filter(|(past, present)| past != present);
    let (&length, &longer) = differ.next()?;
    (past.len() == present.len() && differ.next().is_none() && longer > length).then_some(length)
}

/// A value begins with an input as a whole, and goes on with new elements.
fn is_growth(
    held: &Held,
    past: ValueId,
    sources: &HashMap<ValueId, Sources>,
) -> Result<(), Option<&'static str>> {
    let of_past = |one: &&Part| one.from.iter().any(|from| from.input == past && from.how == How::Old);
    let (old, rest): (Vec<&Part>, Vec<&Part>) = held.boxes.iter().partition(of_past);
    let first = |one: &&Part| {
        let straight = |from: &Origin| {
            let axes = from.axes.iter().copied().eq((0..held.shape.len()).map(Some));
            let axes = axes && from.frame.len() == held.outer.len() && held.outer == held.shape;
            from.input != past || axes && from.place.iter().all(|&at| at == 0)
        };
        one.new.is_empty() && one.begin.iter().all(|&at| at == 0) && one.from.iter().all(straight)
    };
    if old.len() != 1 || !old.iter().all(first) {
        return Err(Some("it does not begin with the input as a whole"));
    }
    let given =
        |one: &&Part| one.from.iter().filter(|from| from.how == How::Old).map(|from| from.input).collect();
    let mut new = rest.iter().flat_map(|one| one.new.iter().copied().chain::<Vec<ValueId>>(given(one)));
    match new.any(|value| sources.get(&value).is_some_and(|sources| sources.has_other_than(past))) {
        true => Ok(()),
        false => Err(Some("what is new in it does not come from another input")),
    }
}

/// Inputs that a value hangs on: two suffice to tell.
#[derive(Clone, Copy, Debug, Default)]
struct Sources([Option<ValueId>; 2]);

impl Sources {
    fn add(&mut self, other: ValueId) {
        if !self.0.contains(&Some(other))
            && let Some(free) = self.0.iter_mut().find(|one| one.is_none())
        {
            *free = Some(other);
        }
    }

    fn has_other_than(&self, input: ValueId) -> bool {
        self.0.iter().flatten().any(|&other| other != input)
    }
}

fn sources(graph: &Graph) -> HashMap<ValueId, Sources> {
    let mut all: HashMap<ValueId, Sources> = HashMap::new();
    for &input in graph.root().inputs() {
        all.insert(input, Sources([Some(input), None]));
    }
    for op in graph.walk() {
        let mut own = Sources::default();
        for value in graph.op(op).values() {
            all.get(&value).iter().flat_map(|sources| sources.0).flatten().for_each(|input| own.add(input));
        }
        all.extend(graph.op(op).results().iter().map(|&result| (result, own)));
    }
    all
}
