//! Where the elements of a value come from: boxes of it that are boxes of an input.
//!
//! Ops that only move elements move the boxes; what else computes gives new elements. An op that writes at a
//! place which only the run knows leaves elements that are old or new. Elements that were joined to an input
//! along an axis are behind or before it, which says where a window that is cut out of both lies.

use std::collections::HashMap;

use mil_ir::{Graph, OpId, Opset, SymExpr, ValueId};
use mil_ops::{Call, Shapes};

/// Ops that are looked through to see that a mask holds bits.
const DEPTH: usize = 8;

/// A value: the boxes that it consists of, which do not overlap, and the shape in which they stand.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Held {
    pub shape: Vec<usize>,
    pub boxes: Vec<Part>,
    /// The shape of the value, where a reshape put the elements into another one than that of the boxes.
    outer: Vec<usize>,
}

/// A box of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub begin: Vec<usize>,
    pub size: Vec<usize>,
    pub from: Vec<Origin>,
    /// What the new elements among these are computed from, where there are any.
    pub new: Vec<ValueId>,
}

/// Where the elements of a box are in an input.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Origin {
    pub input: ValueId,
    /// For each axis of the value, the axis of the input.
    pub axes: Vec<Option<usize>>,
    /// The place of the box's first element, along each axis of the input.
    pub place: Vec<i64>,
    pub how: How,
}

/// What a box has to do with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Its elements are the input's.
    Old,
    /// They were joined to the input, and are numbered as if it went on.
    Joined,
}

impl Held {
    /// An input as a whole.
    fn input(value: ValueId, shape: Vec<usize>) -> Held {
        let from = Origin {
            input: value,
            axes: (0..shape.len()).map(Some).collect(),
            place: vec![0; shape.len()],
            how: How::Old,
        };
        let boxes = vec![Part {
            begin: vec![0; shape.len()],
            size: shape.clone(),
            from: vec![from],
            new: Vec::new(),
        }];
        Held::of(shape, boxes)
    }

    /// Elements that are computed.
    fn new(value: ValueId, shape: Vec<usize>) -> Held {
        let begin = vec![0; shape.len()];
        let boxes = vec![Part { begin, size: shape.clone(), from: Vec::new(), new: vec![value] }];
        Held::of(shape, boxes)
    }

    fn of(shape: Vec<usize>, boxes: Vec<Part>) -> Held {
        Held { outer: shape.clone(), shape, boxes }
    }

    /// The boxes, where they stand in the value's own shape.
    pub(super) fn plain(&self) -> Option<&Held> {
        (self.outer == self.shape).then_some(self)
    }

    /// It is the whole of one input, and nothing else.
    fn whole(&self) -> Option<&Origin> {
        let [only] = &self.boxes[..] else { return None };
        let [from] = &only.from[..] else { return None };
        let straight = from.axes.iter().copied().eq((0..self.shape.len()).map(Some));
        let old = from.how == How::Old && only.new.is_empty();
        (old && straight && from.place.iter().all(|&at| at == 0) && only.size == self.shape).then_some(from)
    }

    /// With elements that may have been replaced by others, anywhere.
    fn perhaps(mut self, new: ValueId) -> Held {
        for one in &mut self.boxes {
            one.from.retain(|from| from.how == How::Old);
            one.new.push(new);
        }
        self
    }

    fn reshaped(&self, shape: Vec<usize>) -> Held {
        let long = |shape: &[usize]| shape.iter().copied().filter(|&size| size != 1).collect::<Vec<usize>>();
        let same = self.plain().is_some() && long(&shape) == long(&self.shape);
        if shape == self.shape || !same {
            return Held { outer: shape, ..self.clone() };
        }
        // Only axes of size 1 come and go.
        let mut old = self.shape.iter().enumerate().filter(|(_, size)| **size != 1).map(|(axis, _)| axis);
        let axes: Vec<Option<usize>> =
            shape.iter().map(|&size| if size == 1 { None } else { old.next() }).collect();
        self.with_axes(&axes, shape)
    }

    /// The axes of the result are these axes of the value; none is one of size 1.
    fn with_axes(&self, axes: &[Option<usize>], shape: Vec<usize>) -> Held {
        let boxes = self.boxes.iter().map(|one| Part {
            begin: axes.iter().map(|axis| axis.map_or(0, |axis| one.begin[axis])).collect(),
            size: axes.iter().map(|axis| axis.map_or(1, |axis| one.size[axis])).collect(),
            from: one
                .from
                .iter()
                .map(|from| Origin {
                    axes: axes.iter().map(|axis| axis.and_then(|axis| from.axes[axis])).collect(),
                    ..from.clone()
                })
                .collect(),
            new: one.new.clone(),
        });
        Held::of(shape, boxes.collect())
    }

    /// The part from `begin` on.
    fn sliced(&self, begin: &[usize], size: &[usize]) -> Held {
        let boxes = self.boxes.iter().filter_map(|one| one.within(begin, size));
        let mut boxes: Vec<Part> = boxes.collect();
        for one in &mut boxes {
            one.begin.iter_mut().zip(begin).for_each(|(at, begin)| *at -= begin);
        }
        Held::of(size.to_vec(), boxes)
    }

    /// With elements that are computed in a part of it.
    fn replaced(&self, begin: &[usize], size: Vec<usize>, new: ValueId) -> Held {
        Held { outer: self.outer.clone(), ..self.updated(begin, &Held::new(new, size)) }
    }

    /// With another value put over a part of it.
    fn updated(&self, begin: &[usize], update: &Held) -> Held {
        let mut boxes: Vec<Part> =
            self.boxes.iter().flat_map(|one| one.without(begin, &update.shape)).collect();
        boxes.extend(update.boxes.iter().map(|one| one.moved(begin)));
        Held::of(self.shape.clone(), boxes)
    }
}

impl Part {
    /// The part of it that lies within another box.
    fn within(&self, begin: &[usize], size: &[usize]) -> Option<Part> {
        let low: Vec<usize> = self.begin.iter().zip(begin).map(|(a, b)| *a.max(b)).collect();
        let ends = self.begin.iter().zip(&self.size).zip(begin.iter().zip(size));
        let high: Vec<usize> = ends.map(|((a, b), (c, d))| (a + b).min(c + d)).collect();
        if low.iter().zip(&high).any(|(low, high)| low >= high) {
            return None;
        }
        let mut part = self.clone();
        for from in &mut part.from {
            for (axis, into) in from.axes.iter().enumerate() {
                if let Some(into) = into {
                    from.place[*into] += (low[axis] - self.begin[axis]) as i64;
                }
            }
        }
        part.size = low.iter().zip(&high).map(|(low, high)| high - low).collect();
        part.begin = low;
        Some(part)
    }

    /// The parts of it that lie outside of another box.
    fn without(&self, begin: &[usize], size: &[usize]) -> Vec<Part> {
        if self.within(begin, size).is_none() {
            return vec![self.clone()];
        }
        let mut rest = self.clone();
        let mut parts = Vec::new();
        for axis in 0..begin.len() {
            for (low, high) in [
                (rest.begin[axis], begin[axis]),
                (begin[axis] + size[axis], rest.begin[axis] + rest.size[axis]),
            ] {
                if low < high {
                    let (mut from, mut long) = (rest.begin.clone(), rest.size.clone());
                    (from[axis], long[axis]) = (low, high - low);
                    parts.extend(rest.within(&from, &long));
                }
            }
            let (mut from, mut long) = (rest.begin.clone(), rest.size.clone());
            (from[axis], long[axis]) = (begin[axis], size[axis]);
            match rest.within(&from, &long) {
                Some(middle) => rest = middle,
                None => break,
            }
        }
        parts
    }

    fn moved(&self, by: &[usize]) -> Part {
        let mut moved = self.clone();
        moved.begin.iter_mut().zip(by).for_each(|(at, by)| *at += by);
        moved
    }
}

/// Follows the inputs of a function through its ops.
pub(super) fn follow(graph: &Graph, opset: &Opset, shapes: &Shapes) -> HashMap<ValueId, Held> {
    let mut held = HashMap::new();
    for &input in graph.root().inputs() {
        if let Some(shape) =
            graph.value(input).ty().fixed_shape().filter(|_| graph.value(input).ty().as_tensor().is_some())
        {
            held.insert(input, Held::input(input, shape));
        }
    }
    for op in graph.root().ops() {
        let Ok(call) = Call::of(graph, op, opset) else { continue };
        let site = Site { graph, shapes, op, call: call.with_shapes(shapes), held: &held };
        let found = site.results();
        let results = graph.op(op).results();
        held.extend(results.iter().copied().zip(found).filter_map(|(value, found)| Some((value, found?))));
    }
    held
}

/// An op, with what is known of its operands.
struct Site<'a> {
    graph: &'a Graph,
    shapes: &'a Shapes,
    op: OpId,
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
            "add" => self.blended(),
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

    fn shape_of(&self, value: ValueId) -> Option<Vec<usize>> {
        self.shapes.ty(self.graph, value).fixed_shape()
    }

    /// Numbers that a parameter consists of, none of them negative.
    fn numbers(&self, param: &str) -> Option<Vec<usize>> {
        let elements = self.call.elements(param)?;
        elements.iter().map(|one| usize::try_from(one.as_ref()?.as_constant()?).ok()).collect()
    }

    /// First element and size of a slice along each axis, where the run does not decide it.
    fn slice(&self, of: &str) -> Option<(Vec<usize>, Vec<usize>)> {
        let shape = self.shape_of(self.graph.input(self.op, of)?)?;
        let elements = |param: &str| -> Option<Vec<Option<SymExpr>>> { self.call.elements(param) };
        let (begins, ends) = (elements("begin")?, elements("end")?);
        let mask = |param: &str| match self.call.is_given(param) {
            true => self.call.bools(param).ok(),
            false => Some(vec![false; shape.len()]),
        };
        let (begin_mask, end_mask, squeezed) =
            (mask("begin_mask")?, mask("end_mask")?, mask("squeeze_mask")?);
        let strides =
            if self.call.is_given("stride") { self.call.ints("stride").ok()? } else { vec![1; shape.len()] };
        let full =
            [begins.len(), ends.len(), begin_mask.len(), end_mask.len(), squeezed.len(), strides.len()];
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
                Some(held.updated(&begin, update.reshaped(size).plain()?))
            }
            None => Some(held.clone().perhaps(update)),
        }
    }

    /// An operand: what is known of it, or that it is computed.
    fn known(&self, value: ValueId) -> Option<Held> {
        match self.held.get(&value) {
            Some(held) if held.plain().is_some() => Some(held.clone()),
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

    /// `old * (1 - m) + new * m`, or `old + m * (new - old)`, where `m` is 0 or 1 everywhere.
    fn blended(&self) -> Option<Held> {
        let [x, y] = ["x", "y"].map(|param| self.graph.input(self.op, param).map(|value| self.uncast(value)));
        let (x, y) = (x?, y?);
        for (x, y) in [(x, y), (y, x)] {
            for (old, mask) in self.factors(x) {
                for (new, other) in self.factors(y) {
                    if self.complement(mask, other) && self.is_bit(other, DEPTH)
                        || self.complement(other, mask) && self.is_bit(mask, DEPTH)
                    {
                        return self.either(Some(old), Some(new));
                    }
                }
            }
            for (difference, mask) in self.factors(y) {
                let sub = self.made_by(difference, "sub");
                let from_x =
                    |sub: &OpId| self.graph.input(*sub, "y").map(|value| self.uncast(value)) == Some(x);
                let new = sub.filter(from_x);
                if let Some(new) =
                    new.and_then(|sub| self.graph.input(sub, "x")).filter(|_| self.is_bit(mask, DEPTH))
                {
                    return self.either(Some(x), Some(new));
                }
            }
        }
        None
    }

    /// A value behind casts between floats.
    fn uncast(&self, mut value: ValueId) -> ValueId {
        let is_float =
            |value: ValueId| self.graph.value(value).ty().dtype().is_some_and(|dtype| dtype.is_float());
        while let Some(op) = self.graph.definition(value)
            && ["cast", "identity"].contains(&self.graph.op(op).kind().as_str())
            && let Some(x) = self.graph.input(op, "x").filter(|&x| is_float(x))
        {
            value = x;
        }
        value
    }

    fn made_by(&self, value: ValueId, kind: &str) -> Option<OpId> {
        self.graph.definition(value).filter(|&op| self.graph.op(op).kind() == kind)
    }

    /// The factors of a product, in both orders; a `matmul` that sums over an axis of size 1 is one too.
    fn factors(&self, value: ValueId) -> Vec<(ValueId, ValueId)> {
        let outer = |op: &OpId| {
            let flipped = ["transpose_x", "transpose_y"].iter().any(|param| {
                self.graph.constant(*op, param).is_some_and(|flip| !flip.is_splat_of(0.0).unwrap_or(false))
            });
            let inner = self.graph.input(*op, "x").and_then(|x| self.shape_of(x));
            !flipped && inner.is_some_and(|shape| shape.len() >= 2 && shape.last() == Some(&1))
        };
        let product = self.made_by(value, "mul").or_else(|| self.made_by(value, "matmul").filter(outer));
        let found = product
            .and_then(|op| Some((self.graph.input(op, "x")?, self.graph.input(op, "y")?)))
            .map(|(x, y)| (self.uncast(x), self.uncast(y)));
        found.map(|(x, y)| vec![(x, y), (y, x)]).unwrap_or_default()
    }

    /// The first is 1 minus the second.
    fn complement(&self, value: ValueId, of: ValueId) -> bool {
        let one =
            |op: OpId| self.graph.constant(op, "x").is_some_and(|one| one.is_splat_of(1.0).unwrap_or(false));
        let less = |op: OpId| self.graph.input(op, "y").map(|value| self.uncast(value)) == Some(of);
        self.made_by(value, "sub").is_some_and(|op| one(op) && less(op))
    }

    /// Every element is 0 or 1.
    fn is_bit(&self, value: ValueId, depth: usize) -> bool {
        let Some((op, depth)) = self.graph.definition(value).zip(depth.checked_sub(1)) else { return false };
        let of = |param: &str| self.graph.input(op, param).is_some_and(|value| self.is_bit(value, depth));
        match self.graph.op(op).kind().as_str() {
            "cast" => {
                let ty = self.graph.param_type(op, "x").and_then(|ty| ty.dtype());
                ty == Some(mil_tensor::DType::Bool) || of("x")
            }
            "expand_dims" | "squeeze" | "reshape" | "transpose" | "tile" | "identity" | "slice_by_index" => {
                of("x")
            }
            "sub" => {
                self.graph.constant(op, "x").is_some_and(|one| one.is_splat_of(1.0).unwrap_or(false))
                    && of("y")
            }
            "mul" => of("x") && of("y"),
            "one_hot" => {
                let is = |param: &str, number: f64| match self.graph.constant(op, param) {
                    Some(constant) => constant.is_splat_of(number).unwrap_or(false),
                    None => self.graph.operand(op, param).is_none(),
                };
                is("on_value", 1.0) && is("off_value", 0.0)
            }
            "const" => self.graph.const_tensor(value).is_some_and(|tensor| {
                tensor.all(|element| element == 0.0 || element == 1.0).unwrap_or(false)
            }),
            _ => false,
        }
    }
}
