mod counter;
mod counts;

use mil_ir::{NewOp, OpId, Operand, Release, ValueId};
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::{DType, Tensor};

use crate::constants::ints;

pass! {
    /// Makes negative indices of `gather` and `gather_nd` count from the front.
    ///
    /// From iOS17 on Core ML does not take negative indices. Where they are signed and may be negative, the
    /// size of the axis is added to those that are. Index tuples behind batch axes are compared with the axes
    /// that they name. This adds up to eight ops, of which constant folding leaves three where sizes are
    /// static. Indices that are made from places, sizes, ranges from 0 on, truth values and counters of loops
    /// need no guard.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x, tensor<int32, [1]> i) {
    ///     int32 axis = const()[name = string("axis"), val = int32(0)];
    ///     tensor<fp32, [1, 3]> y = gather(axis = axis, indices = i, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x, tensor<int32, [1]> i) {
    ///     int32 axis = const()[name = string("axis"), val = int32(0)];
    ///     int32 y_y_0 = const()[name = string("y_y_0"), val = int32(0)];
    ///     tensor<bool, [1]> y_not_negative = greater_equal(x = i, y = y_y_0)[name = string("y_not_negative")];
    ///     tensor<int32, [2]> y_x_shape = shape(x = x)[name = string("y_x_shape")];
    ///     tensor<int32, [1]> y_begin_0 = const()[name = string("y_begin_0"), val = tensor<int32, [1]>([0])];
    ///     tensor<int32, [1]> y_end_0 = const()[name = string("y_end_0"), val = tensor<int32, [1]>([1])];
    ///     tensor<bool, [1]> y_squeeze_mask_0 = const()[name = string("y_squeeze_mask_0"), val = tensor<bool, [1]>([true])];
    ///     int32 y_size = slice_by_index(begin = y_begin_0, end = y_end_0, squeeze_mask = y_squeeze_mask_0, x = y_x_shape)[name = string("y_size")];
    ///     tensor<int32, [1]> y_from_front = add(x = i, y = y_size)[name = string("y_from_front")];
    ///     tensor<int32, [1]> y_guarded = select(a = i, b = y_from_front, cond = y_not_negative)[name = string("y_guarded")];
    ///     tensor<fp32, [1, 3]> y = gather(axis = axis, indices = y_guarded, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct GuardNegativeGatherIndices;
    id: "guard_negative_gather_indices",
    numerics: Exact,
    aliases: [Alias::plain("common::guard_negative_gather_indices")],
    patterns: [
        /// `gather` at indices that may be negative
        along_axis(gather),
        /// `gather_nd` at index tuples that may be negative
        tuples(gather_nd),
    ],
}

pub(crate) fn along_axis(rw: &mut Rewrite<'_>, gather: OpId) -> Matched {
    let indices = signed_indices(rw, gather)?;
    let x = rw.input(gather, "x")?;
    let axis = rw.call(gather)?.axis("axis", rw.rank(x)?)?;
    let mut steps = Steps { rw, gather };
    let (indices, negative_not, sizes) = steps.begin(indices, x)?;
    let size = steps.element(sizes, axis)?;
    steps.end(indices, negative_not, size)
}

fn tuples(rw: &mut Rewrite<'_>, gather: OpId) -> Matched {
    let indices = signed_indices(rw, gather)?;
    let x = rw.input(gather, "x")?;
    let rank = rw.call(gather)?.rank("indices")?.ok_or(No::miss("the rank is not known"))?;
    let last = rank.checked_sub(1).ok_or(No::miss("the indices are a scalar"))?;
    let batch = rw.call(gather)?.int("batch_dims")?;
    let mut steps = Steps { rw, gather };
    let (indices, negative_not, sizes) = steps.begin(indices, x)?;
    let tuple = steps.emit(NewOp::new("shape").with("x", indices), "indices_shape")?;
    let length = steps.element(tuple, last)?;
    let length = NewOp::new("expand_dims").with("x", length).with("axes", Tensor::ints(&[0]));
    let length = steps.emit(length, "tuple_length")?;
    let sizes =
        NewOp::new("slice_by_size").with("x", sizes).with("begin", ints([batch])?).with("size", length);
    let sizes = steps.emit(sizes, "sizes")?;
    steps.end(indices, negative_not, sizes)
}

/// Indices that may be negative, in an opset where they must not.
fn signed_indices(rw: &Rewrite<'_>, gather: OpId) -> Result<Operand, No> {
    let call = rw.call(gather)?;
    No::unless(call.since() >= Release::IOS17, "negative indices are allowed")?;
    let unsigned = matches!(call.dtype("indices")?, DType::Uint8 | DType::Uint16);
    No::unless(!unsigned, "the indices are unsigned")?;
    if let Some(constant) = call.constant("indices") {
        No::unless(!constant.all(|index| index >= 0.0)?, "the indices are not negative")?;
    }
    if let Some(producer) = rw.graph().producer(gather, "indices") {
        No::unless(!is_guarded(rw, producer), "the indices are guarded already")?;
    }
    let counts = rw.input(gather, "indices").is_ok_and(|indices| counts::largest(rw, indices).is_some());
    No::unless(!counts, "the indices are not negative")?;
    call.operand("indices").cloned().ok_or(No::miss("the indices are an attribute"))
}

/// `select` of what is not negative, and of something else where it is.
fn is_guarded(rw: &Rewrite<'_>, select: OpId) -> bool {
    let tested = || {
        let chosen = rw.graph().input(select, "a")?;
        let test = rw.graph().producer(select, "cond").filter(|&test| rw.is(test, &["greater_equal"]))?;
        let zero = rw.graph().constant(test, "y")?.is_splat_of(0.0).ok()?;
        Some(zero && rw.graph().input(test, "x") == Some(chosen))
    };
    rw.is(select, &["select"]) && tested() == Some(true)
}

/// The ops that are put before a gather.
struct Steps<'r, 'g> {
    rw: &'r mut Rewrite<'g>,
    gather: OpId,
}

impl Steps<'_, '_> {
    fn emit(&mut self, new: NewOp, what: &str) -> Result<ValueId, No> {
        let name = format!("{}_{what}", self.rw.graph().label(self.gather));
        self.rw.emit_one(new.named(name), self.gather)
    }

    /// The indices as int32, where they are not negative, and the sizes of `x`.
    fn begin(&mut self, indices: Operand, x: ValueId) -> Result<(ValueId, ValueId, ValueId), No> {
        let cast = |value: ValueId, dtype: &str| {
            NewOp::new("cast").with("x", value).with("dtype", Tensor::string(dtype))
        };
        let indices = match &indices {
            Operand::Value(value) => *value,
            Operand::Literal(literal) => {
                let tensor = literal.as_tensor().ok_or(No::miss("the indices are not a tensor"))?;
                let name = format!("{}_indices", self.rw.graph().label(self.gather));
                self.rw.tensor(&name, tensor.clone(), self.gather)
            }
        };
        // Comparison, sum and `select` take int32 of all integers only, and `shape` no narrow ones.
        let wide = self.rw.dtype(indices)? == DType::Int32;
        let indices = if wide { indices } else { self.emit(cast(indices, "int32"), "indices_int32")? };
        let takes = matches!(self.rw.dtype(x)?, DType::Fp16 | DType::Fp32 | DType::Int32 | DType::Bool);
        let x = if takes { x } else { self.emit(cast(x, "bool"), "x_bool")? };
        let zero = NewOp::new("greater_equal").with("x", indices).with("y", Tensor::scalar(0));
        let negative_not = self.emit(zero, "not_negative")?;
        let sizes = self.emit(NewOp::new("shape").with("x", x), "x_shape")?;
        Ok((indices, negative_not, sizes))
    }

    /// One element of a vector.
    fn element(&mut self, vector: ValueId, at: usize) -> Result<ValueId, No> {
        let at = i64::try_from(at).unwrap_or(i64::MAX - 1);
        let slice = NewOp::new("slice_by_index").with("x", vector);
        let slice = slice.with("begin", ints([at])?).with("end", ints([at + 1])?);
        self.emit(slice.with("squeeze_mask", Tensor::from_bools(&[1], &[true])?), "size")
    }

    /// The gather at indices to which sizes are added where they are negative.
    fn end(mut self, indices: ValueId, negative_not: ValueId, sizes: ValueId) -> Matched {
        let sum = self.emit(NewOp::new("add").with("x", indices).with("y", sizes), "from_front")?;
        let select = NewOp::new("select").with("cond", negative_not).with("a", indices).with("b", sum);
        let guarded = self.emit(select, "guarded")?;
        let ty = self.rw.ty(indices).clone();
        self.rw.graph_mut().retype(guarded, ty);
        let new = self.rw.like(self.gather)?.set("indices", guarded);
        self.rw.replace(self.gather, new, &[])
    }
}
