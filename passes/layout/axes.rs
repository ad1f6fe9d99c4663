//! What becomes of an op whose operands are handed over in another order of axes.
//!
//! An order of axes says where those of a value come from: the value is `transpose(other, order)` of another
//! one, so that its axis `i` is axis `order[i]` of the other. [`rule`] says how an op type depends on the
//! order of axes; [`moved`] says which parameters an op takes over the other values, and in which order its
//! results then are.

use mil_ir::{Dim, Operand, ValueId};
use mil_ops::{Call, InferError};
use mil_pass::No;
use mil_tensor::Tensor;

use Rule::{
    Along, Channels, Elements, ExpandDims, Gather, LayerNorm, Pad, PerAxis, Reduce, Reverse, Squeeze, Stack,
};

/// How an op type depends on the order of axes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// It does not: element by element over these operands, which broadcast.
    Elements(&'static [&'static str]),
    /// These operands have one layout, and `axis` names an axis of it. None does where a scale is a scalar.
    Along(&'static [&'static str]),
    /// A vector belongs to axis 1.
    Channels,
    /// These parameters have a number for each axis; axes where `squeeze_mask` says so are taken out.
    PerAxis(&'static [&'static str]),
    /// `axes` are reversed.
    Reverse,
    /// `axes` are normalised over, and shape `gamma` and `beta`.
    LayerNorm,
    /// The axes of this parameter are reduced. A sum of floats depends on the order in which its axes are run
    /// through.
    Reduce { axes: &'static str, sums: bool },
    /// Sizes before and after each of the last axes.
    Pad,
    /// Axes of size 1 are taken out.
    Squeeze,
    /// Axes of size 1 are put in.
    ExpandDims,
    /// One axis is put in, along which the operands lie.
    Stack,
    /// One axis is replaced by those of `indices`.
    Gather,
}

/// How an op type depends on the order of axes; `None` for one that only takes the order that it was written
/// for.
pub(super) fn rule(kind: &str) -> Option<Rule> {
    Some(match kind {
        "abs" | "acos" | "asin" | "atan" | "atanh" | "cast" | "ceil" | "clamped_relu" | "clip" | "cos"
        | "cosh" | "elu" | "erf" | "exp" | "exp2" | "floor" | "gelu" | "identity" | "inverse"
        | "leaky_relu" | "linear_activation" | "log" | "logical_not" | "relu" | "relu6" | "round"
        | "rsqrt" | "scaled_tanh" | "sigmoid" | "sigmoid_hard" | "sign" | "silu" | "sin" | "sinh"
        | "softplus" | "softsign" | "sqrt" | "square" | "tan" | "tanh" | "threshold" | "thresholded_relu" => {
            Elements(&["x"])
        }
        "add" | "equal" | "floor_div" | "greater" | "greater_equal" | "less" | "less_equal"
        | "logical_and" | "logical_or" | "logical_xor" | "maximum" | "minimum" | "mod" | "mul"
        | "not_equal" | "pow" | "real_div" | "sub" => Elements(&["x", "y"]),
        "select" => Elements(&["cond", "a", "b"]),
        "argsort" | "cumsum" | "softmax" | "split" | "topk" => Along(&["x"]),
        "concat" => Along(&["values"]),
        "dequantize" | "quantize" => Along(&["input"]),
        "gather_along_axis" => Along(&["x", "indices"]),
        "batch_norm" | "prelu" | "softplus_parametric" => Channels,
        "slice_by_index" => PerAxis(&["begin", "end", "stride", "begin_mask", "end_mask", "squeeze_mask"]),
        "slice_by_size" => PerAxis(&["begin", "size"]),
        "tile" => PerAxis(&["reps"]),
        "reverse" => Reverse,
        "layer_norm" => LayerNorm,
        "reduce_argmax" | "reduce_argmin" => Reduce { axes: "axis", sums: false },
        "reduce_max" | "reduce_min" => Reduce { axes: "axes", sums: false },
        "reduce_l1_norm" | "reduce_l2_norm" | "reduce_log_sum" | "reduce_log_sum_exp" | "reduce_mean"
        | "reduce_prod" | "reduce_sum" | "reduce_sum_square" => Reduce { axes: "axes", sums: true },
        "pad" => Pad,
        "squeeze" => Squeeze,
        "expand_dims" => ExpandDims,
        "stack" => Stack,
        "gather" => Gather,
        _ => return None,
    })
}

impl Rule {
    /// The parameters that take values of the layout.
    pub(super) fn data(self) -> &'static [&'static str] {
        match self {
            Elements(params) | Along(params) => params,
            Stack => &["values"],
            _ => &["x"],
        }
    }
}

/// What becomes of an op.
#[derive(Debug)]
pub(super) struct Moved {
    /// What it takes otherwise than before.
    pub changes: Vec<Change>,
    /// The order in which its results, as they were, have the axes of the new ones.
    pub order: Vec<usize>,
}

/// What an op takes otherwise than before.
#[derive(Debug)]
pub(super) enum Change {
    /// A parameter gets another value.
    Set(&'static str, Tensor),
    /// A constant operand: in this shape, then transposed.
    Transpose { param: &'static str, index: usize, shape: Vec<usize>, order: Vec<usize> },
    /// An operand in another shape, -1 for the size that is not known. Its elements keep their order.
    Reshape { param: &'static str, index: usize, shape: Vec<i32> },
}

/// What becomes of an op if those of its operands that `is_moved` accepts are handed over as they were before
/// a transpose to this order. Misses where the op cannot take them.
pub(super) fn moved(
    call: &Call<'_>,
    order: &[usize],
    is_moved: &dyn Fn(ValueId) -> bool,
) -> Result<Moved, No> {
    let kind = call.def().name;
    let rule = rule(kind).ok_or_else(|| No::miss(format!("{kind} takes no other order of axes")))?;
    let site = Site { call, order, is_moved };
    site.only_data_is_moved(rule.data())?;
    match rule {
        Elements(params) => site.elements(params),
        Along(params) => site.along(params),
        Channels => {
            No::unless(order.get(1) == Some(&1), "its parameters belong to axis 1")?;
            Ok(Moved { changes: Vec::new(), order: order.to_vec() })
        }
        PerAxis(params) => site.per_axis(params),
        Reverse => site.axes_change("axes", order.to_vec()),
        LayerNorm => site.layer_norm(),
        Reduce { axes, sums } => site.reduce(axes, sums),
        Pad => site.pad(),
        Squeeze => site.squeeze(),
        ExpandDims => {
            let rank = order.len() + call.ints("axes")?.len();
            let places = call.axes("axes", rank)?;
            Ok(Moved { changes: Vec::new(), order: with_axes(order, &places, rank) })
        }
        Stack => {
            let rank = order.len() + 1;
            let place = call.axis("axis", rank)?;
            let changes = site.other_constants("values")?;
            Ok(Moved { changes, order: with_axes(order, &[place], rank) })
        }
        Gather => site.gather(),
    }
}

/// An op whose operands are handed over in another order.
struct Site<'a> {
    call: &'a Call<'a>,
    order: &'a [usize],
    is_moved: &'a dyn Fn(ValueId) -> bool,
}

impl Site<'_> {
    fn takes_moved(&self, operand: &Operand) -> bool {
        operand.value().is_some_and(self.is_moved)
    }

    /// What is not data keeps its place.
    fn only_data_is_moved(&self, data: &[&str]) -> Result<(), No> {
        for param in self.call.given() {
            let moved = self.call.operands(param).iter().any(|operand| self.takes_moved(operand));
            No::unless(!moved || data.contains(&param), "a parameter is transposed, not only the data")?;
        }
        Ok(())
    }

    /// Axes of the op's layout, in the other order.
    fn elsewhere(&self, axes: &[usize]) -> Vec<usize> {
        axes.iter().map(|&axis| self.order[axis]).collect()
    }

    /// The parameter is given, or has a default that says which axes.
    fn is_bound(&self, param: &str) -> bool {
        self.call.is_given(param) || self.call.value(param).is_some()
    }

    /// A parameter that names axes is changed where the names change. What means all axes stays left out.
    fn axes_change(&self, param: &'static str, order: Vec<usize>) -> Result<Moved, No> {
        let mut changes = Vec::new();
        if self.is_bound(param) {
            let axes = self.call.axes(param, self.order.len())?;
            let moved = self.elsewhere(&axes);
            if moved != axes {
                let moved: Vec<i32> = moved.into_iter().map(|axis| axis as i32).collect();
                let scalar = self.call.value(param).is_some_and(|tensor| tensor.rank() == 0);
                let tensor = if scalar { Tensor::scalar(moved[0]) } else { Tensor::ints(&moved) };
                changes.push(Change::Set(param, tensor));
            }
        }
        Ok(Moved { changes, order })
    }

    fn elements(&self, params: &[&'static str]) -> Result<Moved, No> {
        let mut changes = Vec::new();
        for &param in params {
            let operand = self.call.operand(param).ok_or_else(|| InferError::Missing(param.into()))?;
            if !self.takes_moved(operand) {
                changes.extend(self.broadcast(param, operand)?);
            }
        }
        Ok(Moved { changes, order: self.order.to_vec() })
    }

    /// An operand that is broadcast against those that are moved.
    fn broadcast(&self, param: &'static str, operand: &Operand) -> Result<Option<Change>, No> {
        let dims =
            self.call.operand_type(operand).dims().ok_or(No::miss("the rank of an operand is not known"))?;
        let rank = self.order.len();
        let missing = rank.checked_sub(dims.len()).ok_or(No::miss("an operand has more axes"))?;
        let one = Dim::Fixed(1);
        let variadic = dims.iter().any(|dim| matches!(dim, Dim::Unknown { variadic: true }));
        No::unless(!variadic, "the rank of an operand is not known")?;
        let full: Vec<&Dim> = std::iter::repeat_n(&one, missing).chain(dims).collect();
        let to: Vec<&Dim> = scattered(&full, self.order);
        // Axes of size 1 may stand anywhere; if the others keep their order, so do the elements.
        let long: Vec<usize> =
            (0..rank).filter(|&axis| *full[axis] != one).map(|axis| self.order[axis]).collect();
        let in_place = long.is_sorted();
        if in_place && without_leading_ones(&full) == without_leading_ones(&to) {
            return Ok(None);
        }
        if let Some(tensor) = self.call.graph().literal(operand).and_then(|literal| literal.as_tensor()) {
            let shape = std::iter::repeat_n(1, missing).chain(tensor.shape().iter().copied()).collect();
            return Ok(Some(Change::Transpose { param, index: 0, shape, order: inverse(self.order) }));
        }
        No::unless(in_place, "an operand would need a transpose of its own")?;
        let size = |dim: &&Dim| dim.fixed().map_or(Some(-1), |size| i32::try_from(size).ok());
        let shape: Option<Vec<i32>> = to.iter().map(size).collect();
        let shape = shape.ok_or(No::miss("an operand is too large to be reshaped"))?;
        let unknown = shape.iter().filter(|&&size| size == -1).count();
        No::unless(unknown <= 1, "an operand has several sizes that are not known")?;
        Ok(Some(Change::Reshape { param, index: 0, shape }))
    }

    fn along(&self, params: &[&'static str]) -> Result<Moved, No> {
        let call = self.call;
        if call.def().name == "concat" {
            No::unless(!call.bool("interleave")?, "it interleaves")?;
        }
        let mut changes = Vec::new();
        for param in params {
            changes.extend(self.other_constants(param)?);
        }
        if self.is_bound("axis") {
            let axis = call.axis("axis", self.order.len())?;
            if self.order[axis] != axis {
                changes.push(Change::Set("axis", Tensor::scalar(self.order[axis] as i32)));
            }
        }
        Ok(Moved { changes, order: self.order.to_vec() })
    }

    /// The operands of a parameter have one layout: those that are not moved must be constants.
    fn other_constants(&self, param: &'static str) -> Result<Vec<Change>, No> {
        let mut changes = Vec::new();
        for (index, operand) in self.call.operands(param).iter().enumerate() {
            if self.takes_moved(operand) {
                continue;
            }
            let tensor = self.call.graph().literal(operand).and_then(|literal| literal.as_tensor());
            let tensor = tensor.ok_or(No::miss("another operand is not transposed"))?;
            No::unless(tensor.rank() == self.order.len(), "the operands have different ranks")?;
            let (shape, order) = (tensor.shape().to_vec(), inverse(self.order));
            changes.push(Change::Transpose { param, index, shape, order });
        }
        Ok(changes)
    }

    fn per_axis(&self, params: &[&'static str]) -> Result<Moved, No> {
        let mut changes = Vec::new();
        for &param in params.iter().filter(|param| self.call.is_given(param)) {
            let numbers =
                self.call.constant(param).ok_or_else(|| No::miss(format!("{param} is not constant")))?;
            No::unless(numbers.len() == self.order.len(), "a parameter has not one number for each axis")?;
            let old = numbers.to_f64s()?;
            let new = scattered(&old, self.order);
            if new != old {
                changes.push(Change::Set(param, Tensor::from_f64s(numbers.dtype(), numbers.shape(), &new)?));
            }
        }
        let squeezed = match params.contains(&"squeeze_mask") && self.call.is_given("squeeze_mask") {
            true => self.call.bools("squeeze_mask")?,
            false => Vec::new(),
        };
        let gone: Vec<usize> = (0..squeezed.len()).filter(|&axis| squeezed[axis]).collect();
        Ok(Moved { changes, order: without_axes(self.order, &gone) })
    }

    fn layer_norm(&self) -> Result<Moved, No> {
        self.runs_through_alike(&self.axes_or_all("axes")?)?;
        self.axes_change("axes", self.order.to_vec())
    }

    fn reduce(&self, param: &'static str, sums: bool) -> Result<Moved, No> {
        let axes = self.axes_or_all(param)?;
        if sums && !self.call.dtype("x")?.is_int() {
            let mut sorted = axes.clone();
            sorted.sort_unstable();
            self.runs_through_alike(&sorted)?;
        }
        let order = match self.call.bool("keep_dims")? {
            true => self.order.to_vec(),
            false => without_axes(self.order, &axes),
        };
        self.axes_change(param, order)
    }

    fn axes_or_all(&self, param: &str) -> Result<Vec<usize>, No> {
        match self.is_bound(param) {
            true => Ok(self.call.axes(param, self.order.len())?),
            false => Ok((0..self.order.len()).collect()),
        }
    }

    /// The axes stand in the same order as before.
    fn runs_through_alike(&self, axes: &[usize]) -> Result<(), No> {
        let alike = axes.is_sorted() && self.elsewhere(axes).is_sorted();
        No::unless(alike, "its axes would be run through in another order")
    }

    fn pad(&self) -> Result<Moved, No> {
        let rank = self.order.len();
        let given = self.call.ints("pad")?;
        let sides: Vec<(i64, i64)> = given.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        let leading = rank.checked_sub(sides.len()).ok_or(No::miss("it pads more axes than there are"))?;
        let full: Vec<(i64, i64)> = std::iter::repeat_n((0, 0), leading).chain(sides).collect();
        let new = scattered(&full, self.order);
        let first = new.iter().position(|&sides| sides != (0, 0)).unwrap_or(rank);
        let constant = self.call.string("mode")? == "constant";
        No::unless(
            constant || rank - first <= 2,
            "it would reflect or repeat along other than the last two axes",
        )?;
        let new = &new[first.min(leading)..];
        let numbers: Vec<f64> =
            new.iter().flat_map(|&(before, after)| [before as f64, after as f64]).collect();
        let dtype = self.call.dtype("pad")?;
        let change = Change::Set("pad", Tensor::from_f64s(dtype, &[numbers.len()], &numbers)?);
        Ok(Moved { changes: vec![change], order: self.order.to_vec() })
    }

    fn squeeze(&self) -> Result<Moved, No> {
        let dims = self.call.dims("x")?.ok_or(No::miss("the rank is not known"))?;
        let gone: Vec<usize> = match self.call.is_given("axes") {
            true => self.call.axes("axes", self.order.len())?,
            false => (0..dims.len()).filter(|&axis| dims[axis] == Dim::Fixed(1)).collect(),
        };
        let certain = match self.call.is_given("axes") {
            true => gone.iter().all(|&axis| dims[axis] == Dim::Fixed(1)),
            false => dims.iter().all(|dim| dim.fixed().is_some()),
        };
        No::unless(certain, "which axes are taken out is not known")?;
        self.axes_change("axes", without_axes(self.order, &gone))
    }

    fn gather(&self) -> Result<Moved, No> {
        let batched = self.call.version().param("batch_dims").is_some() && self.call.int("batch_dims")? != 0;
        No::unless(!batched, "it gathers in batches")?;
        let from = self.call.axis("axis", self.order.len())?;
        let to = self.order[from];
        let count = self.call.rank("indices")?.ok_or(No::miss("the rank of the indices is not known"))?;
        // Where an axis of `x` stands in the result: the axes of `indices` take the place of one.
        let place = |axis: usize, replaced: usize| if axis < replaced { axis } else { axis + count - 1 };
        let mut order = vec![0; self.order.len() + count - 1];
        for axis in (0..self.order.len()).filter(|&axis| axis != from) {
            order[place(axis, from)] = place(self.order[axis], to);
        }
        for index in 0..count {
            order[from + index] = to + index;
        }
        let changes =
            if to == from { Vec::new() } else { vec![Change::Set("axis", Tensor::scalar(to as i32))] };
        Ok(Moved { changes, order })
    }
}

/// The order that undoes another.
pub(super) fn inverse(order: &[usize]) -> Vec<usize> {
    let axes: Vec<usize> = (0..order.len()).collect();
    scattered(&axes, order)
}

/// What belongs to the axes of a value, for the axes of the value that it is a transpose of.
pub(super) fn scattered<T: Clone>(of_axes: &[T], order: &[usize]) -> Vec<T> {
    let mut sources: Vec<usize> = vec![0; order.len()];
    for (axis, &to) in order.iter().enumerate() {
        sources[to] = axis;
    }
    sources.into_iter().map(|axis| of_axes[axis].clone()).collect()
}

/// The order without some axes: those that stay are counted anew.
fn without_axes(order: &[usize], gone: &[usize]) -> Vec<usize> {
    let kept: Vec<usize> =
        (0..order.len()).filter(|axis| !gone.contains(axis)).map(|axis| order[axis]).collect();
    let rank_of = |axis: &usize| kept.iter().filter(|other| *other < axis).count();
    kept.iter().map(rank_of).collect()
}

/// The order with axes put in at these places of the result, where they stay.
fn with_axes(order: &[usize], places: &[usize], rank: usize) -> Vec<usize> {
    let others: Vec<usize> = (0..rank).filter(|place| !places.contains(place)).collect();
    let mut with: Vec<usize> = (0..rank).collect();
    for (&place, &axis) in others.iter().zip(order) {
        with[place] = others[axis];
    }
    with
}

fn without_leading_ones<'d, 'a>(dims: &'a [&'d Dim]) -> &'a [&'d Dim] {
    let first = dims.iter().position(|dim| **dim != Dim::Fixed(1)).unwrap_or(dims.len());
    &dims[first..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_lose_and_gain_axes() {
        assert_eq!(inverse(&[2, 0, 1]), [1, 2, 0]);
        assert_eq!(without_axes(&[0, 2, 3, 1], &[1, 2]), [0, 1]);
        assert_eq!(without_axes(&[0, 2, 3, 1], &[3]), [0, 1, 2]);
        assert_eq!(without_axes(&[2, 0, 1], &[0]), [0, 1]);
        assert_eq!(with_axes(&[1, 0], &[1], 3), [2, 1, 0]);
    }
}
