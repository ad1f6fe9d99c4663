//! Boxes of inputs through the ops of a function.
//!
//! Ops that only move elements move the boxes; what else computes gives new elements. An op that writes at a
//! place which only the run knows leaves elements that are old or new. Elements that were joined to an input
//! along an axis are behind or before it, which says where a window that is cut out of both lies.

use std::borrow::Cow;
use std::collections::HashMap;

use mil_ir::{Graph, OpId, Operand, Opset, SymExpr, ValueId};
use mil_ops::{Call, Shapes};

use super::blend::blended;
use super::held::{Held, How, Origin};

/// What is known of the values of a function.
#[derive(Default)]
pub(super) struct Followed {
    pub held: HashMap<ValueId, Held>,
    pub joins: Vec<Join>,
}

/// A value that was joined to an input as a whole.
pub(super) struct Join {
    pub value: ValueId,
    pub input: ValueId,
    pub axis: usize,
    /// Where the value begins along the axis, counted from where the input begins.
    pub offset: i64,
}

/// Follows the inputs of a function through its ops.
pub(super) fn follow(graph: &Graph, opset: &Opset, shapes: &Shapes) -> Followed {
    let mut followed = Followed::default();
    for &input in graph.root().inputs() {
        if let Some(shape) =
            graph.value(input).ty().fixed_shape().filter(|_| graph.value(input).ty().as_tensor().is_some())
        {
            followed.held.insert(input, Held::input(input, shape));
        }
    }
    for op in graph.root().ops() {
        let Ok(call) = Call::of(graph, op, opset) else { continue };
        let site = Site { graph, shapes, op, call: call.with_shapes(shapes), held: &followed.held };
        let (found, joins) = (site.results(), site.joins());
        let results = graph.op(op).results().iter().copied();
        followed.held.extend(results.zip(found).filter_map(|(value, found)| Some((value, found?))));
        followed.joins.extend(joins);
    }
    followed
}

/// An op, with what is known of its operands.
pub(super) struct Site<'a> {
    pub graph: &'a Graph,
    shapes: &'a Shapes,
    pub op: OpId,
    call: Call<'a>,
    held: &'a HashMap<ValueId, Held>,
}

impl Site<'_> {
    /// What is known of each result; nothing where it is computed.
    fn results(&self) -> Vec<Option<Held>> {
        if !mil_ops::is_known(self.graph, self.op) {
            return Vec::new();
        }
        match self.graph.op(self.op).kind().as_str() {
            "split" => self.split().unwrap_or_default(),
            _ => vec![self.result()],
        }
    }

    fn result(&self) -> Option<Held> {
        match self.graph.op(self.op).kind().as_str() {
            "identity" => self.of("x").cloned(),
            // Nothing is repeated where the shape stays.
            "tile" => self.of("x").filter(|held| self.shape().as_ref() == Some(&held.outer)).cloned(),
            "cast" => self.of("x").filter(|_| self.is_float("x") && self.result_is_float()).cloned(),
            "reshape" | "expand_dims" | "squeeze" => Some(self.of("x")?.reshaped(self.shape()?)),
            "transpose" => {
                let axes: Vec<Option<usize>> = self.call.order("perm").ok()?.into_iter().map(Some).collect();
                Some(self.of("x")?.plain()?.with_axes(&axes, self.shape()?))
            }
            "slice_by_index" => {
                let (begin, size) = self.slice("x")?;
                Some(self.of("x")?.plain()?.sliced(&begin, &size).reshaped(self.shape()?))
            }
            "slice_by_size" => {
                let begin = self.numbers("begin")?;
                Some(self.of("x")?.plain()?.sliced(&begin, &self.shape()?))
            }
            "slice_update" => self.slice_update(),
            "scatter" | "scatter_along_axis" | "scatter_nd" => {
                let mode = self.call.string("mode").ok()?;
                let held = self.of("data").filter(|_| mode == "update")?;
                let updates = self.graph.input(self.op, "updates")?;
                match self.scattered(held) {
                    Some((begin, size)) => Some(held.replaced(&begin, size, updates)),
                    None => Some(held.clone().perhaps(updates)),
                }
            }
            "select" => self.either(self.graph.input(self.op, "a"), self.graph.input(self.op, "b")),
            "concat" => self.joined(self.call.axis("axis", self.shape()?.len()).ok()?, false),
            "stack" => self.joined(self.call.axis("axis", self.shape()?.len()).ok()?, true),
            "gather" => self.gathered(),
            "add" | "sub" => {
                let (old, new) = blended(self)?;
                self.either(Some(old), Some(new))
            }
            _ => None,
        }
    }

    fn of(&self, param: &str) -> Option<&Held> {
        self.held.get(&self.graph.input(self.op, param)?)
    }

    fn is_float(&self, param: &str) -> bool {
        self.call.dtype(param).is_ok_and(|dtype| dtype.is_float())
    }

    fn result_is_float(&self) -> bool {
        let result = self.graph.op(self.op).result();
        result.and_then(|value| self.graph.value(value).ty().dtype()).is_some_and(|dtype| dtype.is_float())
    }

    fn shape(&self) -> Option<Vec<usize>> {
        self.shape_of(self.graph.op(self.op).result()?)
    }

    pub(super) fn shape_of(&self, value: ValueId) -> Option<Vec<usize>> {
        self.shapes.ty(self.graph, value).fixed_shape()
    }

    /// Numbers that a parameter consists of, none of them negative.
    fn numbers(&self, param: &str) -> Option<Vec<usize>> {
        let elements = self.call.elements(param)?;
        elements.iter().map(|one| usize::try_from(one.as_ref()?.as_constant()?).ok()).collect()
    }

    /// First element and size of a slice of a parameter along each axis, where the run does not decide it.
    fn slice(&self, of: &str) -> Option<(Vec<usize>, Vec<usize>)> {
        slice(self.graph, self.shapes, &self.call, self.graph.input(self.op, of)?)
    }

    /// The box that a scatter writes, where its indices are constant and fill one; the elements may stand in one
    /// row.
    fn scattered(&self, held: &Held) -> Option<(Vec<usize>, Vec<usize>)> {
        let in_a_row = self.graph.op(self.op).kind() == "scatter" && held.outer.len() == 1;
        let indices = self.numbers("indices").filter(|indices| in_a_row && !indices.is_empty())?;
        let place = |mut index: usize| {
            let mut place = vec![0; held.shape.len()];
            for (at, &size) in place.iter_mut().zip(&held.shape).rev() {
                (*at, index) = (index % size.max(1), index / size.max(1));
            }
            place
        };
        let (mut low, mut high) = (place(indices[0]), place(indices[0]));
        for place in indices.iter().map(|&index| place(index)) {
            for (axis, at) in place.into_iter().enumerate() {
                (low[axis], high[axis]) = (low[axis].min(at), high[axis].max(at));
            }
        }
        let size: Vec<usize> = low.iter().zip(&high).map(|(low, high)| high - low + 1).collect();
        let rising = indices.windows(2).all(|pair| pair[0] < pair[1]);
        (rising && indices.len() == size.iter().product::<usize>()).then_some((low, size))
    }

    fn slice_update(&self) -> Option<Held> {
        let held = self.of("x")?;
        let update = self.graph.input(self.op, "update")?;
        match held.plain().zip(self.slice("x")) {
            Some((held, (begin, size))) => {
                let update = self.known(update)?;
                Some(held.updated(&begin, update.reshaped(size).plain()?.as_ref()))
            }
            None => Some(held.clone().perhaps(update)),
        }
    }

    /// An operand: what is known of it, or that it is computed.
    fn known(&self, value: ValueId) -> Option<Held> {
        match self.held.get(&value) {
            Some(held) if held.plain().is_some() => held.plain().map(Cow::into_owned),
            _ => Some(Held::new(value, self.shape_of(value)?)),
        }
    }

    /// One of two values, element by element.
    fn either(&self, a: Option<ValueId>, b: Option<ValueId>) -> Option<Held> {
        let (a, b) = (a?, b?);
        let shape = self.shape()?;
        let old = |value: ValueId| self.held.get(&value).filter(|held| held.outer == shape);
        match (old(a), old(b)) {
            (Some(one), Some(other)) if one == other => Some(one.clone()),
            (Some(held), None) => Some(held.clone().perhaps(b)),
            (None, Some(held)) => Some(held.clone().perhaps(a)),
            _ => None,
        }
    }

    fn joined(&self, axis: usize, stacked: bool) -> Option<Held> {
        if !stacked && self.call.bool("interleave").ok()? {
            return None;
        }
        let shape = self.shape()?;
        let (mut boxes, mut at) = (Vec::new(), 0);
        let mut wholes = Vec::new();
        for operand in self.call.operands("values") {
            let value = operand.value()?;
            let mut part = self.known(value)?;
            if stacked {
                let axes: Vec<Option<usize>> =
                    (0..axis).map(Some).chain([None]).chain((axis..part.shape.len()).map(Some)).collect();
                let mut shape = part.shape.clone();
                shape.insert(axis, 1);
                part = part.with_axes(&axes, shape);
            } else if let Some(from) = part.whole() {
                wholes.push((from.clone(), at));
            }
            if part.shape.len() != shape.len() {
                return None;
            }
            let mut by = vec![0; shape.len()];
            by[axis] = at;
            at += part.shape[axis];
            boxes.extend(part.boxes.iter().map(|one| one.moved(&by)));
        }
        for (from, start) in wholes {
            for one in boxes.iter_mut().filter(|one| !one.from.iter().any(|own| own.input == from.input)) {
                let mut place: Vec<i64> = one.begin.iter().map(|&at| at as i64).collect();
                place[axis] -= start as i64;
                one.from.push(Origin { place, how: How::Joined, ..from.clone() });
            }
        }
        Some(Held::of(shape, boxes))
    }

    /// What a `concat` joins to inputs as a whole.
    fn joins(&self) -> Vec<Join> {
        let place = || -> Option<Vec<(ValueId, i64)>> {
            let mut at = 0;
            let axis = self.axis_of_concat()?;
            let begin = |operand: &Operand| {
                let (value, begin) = (operand.value()?, at);
                at += *self.shape_of(value)?.get(axis)? as i64;
                Some((value, begin))
            };
            self.call.operands("values").iter().map(begin).collect()
        };
        let (Some(axis), Some(places)) = (self.axis_of_concat(), place()) else { return Vec::new() };
        let own = |value: ValueId| {
            let held = self.held.get(&value).filter(|held| held.outer == held.shape)?;
            held.whole().filter(|from| from.frame == held.shape).map(|from| from.input)
        };
        let inputs = places.iter().filter_map(|&(value, at)| Some((own(value)?, at)));
        inputs
            .flat_map(|(input, begin)| {
                let others = places.iter().filter(move |(_, at)| *at != begin);
                others.map(move |&(value, at)| Join { value, input, axis, offset: at - begin })
            })
            .collect()
    }

    fn axis_of_concat(&self) -> Option<usize> {
        let is_plain = self.graph.op(self.op).kind() == "concat" && !self.call.bool("interleave").ok()?;
        self.call.axis("axis", self.shape().filter(|_| is_plain)?.len()).ok()
    }

    fn split(&self) -> Option<Vec<Option<Held>>> {
        let held = self.of("x")?.plain()?;
        let axis = self.call.axis("axis", held.shape.len()).ok()?;
        let mut begin = vec![0; held.shape.len()];
        let mut parts = Vec::new();
        for &result in self.graph.op(self.op).results() {
            let shape = self.shape_of(result)?;
            parts.push(Some(held.sliced(&begin, &shape)));
            begin[axis] += shape[axis];
        }
        Some(parts)
    }

    /// Runs of constant indices, as those that roll a value.
    fn gathered(&self) -> Option<Held> {
        let held = self.of("x")?.plain()?;
        let axis = self.call.axis("axis", held.shape.len()).ok()?;
        let indices = self.numbers("indices")?;
        let shape = self.shape()?;
        let straight = shape.len() == held.shape.len() && self.call.int("batch_dims").unwrap_or(0) == 0;
        let mut boxes = Vec::new();
        let mut at = 0;
        while straight && at < indices.len() {
            let run =
                (at..indices.len()).take_while(|&next| indices[next] == indices[at] + (next - at)).count();
            let (mut begin, mut size) = (vec![0; shape.len()], held.shape.clone());
            (begin[axis], size[axis]) = (indices[at], run);
            let mut by = vec![0; shape.len()];
            by[axis] = at;
            boxes.extend(held.sliced(&begin, &size).boxes.iter().map(|one| one.moved(&by)));
            at += run;
        }
        (straight && shape[axis] == indices.len()).then(|| Held::of(shape, boxes))
    }
}

/// First element and size of a slice along each axis, where the run does not decide it.
pub(super) fn slice(
    graph: &Graph,
    shapes: &Shapes,
    call: &Call<'_>,
    of: ValueId,
) -> Option<(Vec<usize>, Vec<usize>)> {
    let shape = shapes.ty(graph, of).fixed_shape()?;
    let elements = |param: &str| -> Option<Vec<Option<SymExpr>>> { call.elements(param) };
    let (begins, ends) = (elements("begin")?, elements("end")?);
    let mask = |param: &str| match call.is_given(param) {
        true => call.bools(param).ok(),
        false => Some(vec![false; shape.len()]),
    };
    let (begin_mask, end_mask, squeezed) = (mask("begin_mask")?, mask("end_mask")?, mask("squeeze_mask")?);
    let strides = if call.is_given("stride") { call.ints("stride").ok()? } else { vec![1; shape.len()] };
    let full = [begins.len(), ends.len(), begin_mask.len(), end_mask.len(), squeezed.len(), strides.len()];
    if full.iter().any(|&len| len != shape.len()) || strides.iter().any(|&stride| stride != 1) {
        return None;
    }
    let (mut begin, mut size) = (Vec::new(), Vec::new());
    for (axis, &whole) in shape.iter().enumerate() {
        let at = |element: &Option<SymExpr>| -> Option<usize> {
            let number = element.as_ref()?.as_constant()?;
            let number = if number < 0 { number + whole as i64 } else { number };
            usize::try_from(number.clamp(0, whole as i64)).ok()
        };
        let first = if begin_mask[axis] { 0 } else { at(&begins[axis])? };
        let last = match (squeezed[axis], end_mask[axis]) {
            (true, _) => first + 1,
            (false, true) => whole,
            (false, false) => at(&ends[axis])?,
        };
        begin.push(first);
        size.push(last.checked_sub(first)?);
    }
    Some((begin, size))
}
