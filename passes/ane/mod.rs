//! Other forms of what the Neural Engine refuses, or of what stands in the way of one segment: each computes
//! the same, and pays only where the placement becomes cheaper.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod band_part_to_mask;
mod cumsum_to_product;
mod cut_long_axes;
mod decompose_wide_kernels;
mod expand_functions;
mod float_integers;
mod float_masks;
mod hoist_integers;
mod improve_placement;
mod lookup_to_product;
mod lower_rank_6;
mod reduce_prod_to_products;
mod scatter_to_concat;
mod sine_to_polynomial;
mod split_wide_linears;
mod topk_to_maxima;
mod unflatten;
mod windows_to_slices;
pub use band_part_to_mask::BandPartToMask;
pub use cumsum_to_product::CumsumToProduct;
pub use cut_long_axes::CutLongAxes;
pub use decompose_wide_kernels::DecomposeWideKernels;
pub use expand_functions::ExpandFunctions;
pub use float_integers::FloatIntegers;
pub use float_masks::FloatMasks;
pub use hoist_integers::HoistIntegers;
pub use improve_placement::ImprovePlacement;
pub use lookup_to_product::LookupToProduct;
pub use lower_rank_6::LowerRank6;
pub use reduce_prod_to_products::ReduceProdToProducts;
pub use scatter_to_concat::ScatterToConcat;
pub use sine_to_polynomial::SineToPolynomial;
pub use split_wide_linears::SplitWideLinears;
pub use topk_to_maxima::TopkToMaxima;
pub use unflatten::Unflatten;
pub use windows_to_slices::WindowsToSlices;

mod extremes;
mod integers;
mod marks;

pub(crate) use improve_placement::{Standing, TIDY, targets};

use mil_ir::{LiteralData, NewOp, OpId, Operand, ValueId};
use mil_pass::{Matched, No, Rewrite};
use mil_tensor::{DType, Tensor};

/// Ops that are put, one after the other, before the op that they are to replace, and named after it.
struct Steps<'r, 'g> {
    rw: &'r mut Rewrite<'g>,
    op: OpId,
    label: String,
    /// What was there before the first step.
    given: Vec<ValueId>,
}

impl<'r, 'g> Steps<'r, 'g> {
    fn new(rw: &'r mut Rewrite<'g>, op: OpId) -> Steps<'r, 'g> {
        let label = rw.graph().label(op).to_string();
        let given = rw.graph().op(op).values().collect();
        Steps { rw, op, label, given }
    }

    /// An op with one result, named `{label}_{name}`.
    fn emit(&mut self, name: &str, new: NewOp) -> Result<ValueId, No> {
        self.rw.emit_one(new.named(format!("{}_{name}", self.label)), self.op)
    }

    /// An op with several results.
    fn emit_all(&mut self, name: &str, new: NewOp) -> Result<Vec<ValueId>, No> {
        self.rw.emit(new.named(format!("{}_{name}", self.label)), self.op)
    }

    fn unary(&mut self, name: &str, kind: &str, x: ValueId) -> Result<ValueId, No> {
        self.emit(name, NewOp::new(kind).with("x", x))
    }

    fn binary(
        &mut self,
        name: &str,
        kind: &str,
        x: impl Into<Operand>,
        y: impl Into<Operand>,
    ) -> Result<ValueId, No> {
        self.emit(name, NewOp::new(kind).with("x", x).with("y", y))
    }

    fn cast(&mut self, name: &str, x: ValueId, dtype: DType) -> Result<ValueId, No> {
        self.emit(name, NewOp::new("cast").with("x", x).with("dtype", Tensor::string(dtype.to_string())))
    }

    /// The value in another shape of as many elements; itself where it has this shape.
    fn reshape(&mut self, name: &str, x: ValueId, shape: &[usize]) -> Result<ValueId, No> {
        if self.rw.ty(x).fixed_shape().as_deref() == Some(shape) {
            return Ok(x);
        }
        self.emit(name, NewOp::new("reshape").with("x", x).with("shape", sizes(shape)))
    }

    /// The value with its axes in another order; itself where that is the order.
    fn transpose(&mut self, name: &str, x: ValueId, order: &[usize]) -> Result<ValueId, No> {
        if order.iter().enumerate().all(|(at, &axis)| at == axis) {
            return Ok(x);
        }
        self.emit(name, NewOp::new("transpose").with("x", x).with("perm", sizes(order)))
    }

    /// A reduction over some axes, which stay with one element.
    fn reduce(&mut self, name: &str, kind: &str, x: ValueId, axes: &[usize]) -> Result<ValueId, No> {
        let new = NewOp::new(kind).with("x", x).with("axes", sizes(axes));
        self.emit(name, new.with("keep_dims", Tensor::bool(true)))
    }

    /// The part of a value from `begin` to `end` along one axis; all of it is the value itself.
    fn slice(
        &mut self,
        name: &str,
        x: ValueId,
        axis: usize,
        begin: usize,
        end: usize,
    ) -> Result<ValueId, No> {
        let shape = self.rw.shape(x)?;
        if (begin, end) == (0, shape[axis]) {
            return Ok(x);
        }
        let (mut from, mut to) = (vec![0; shape.len()], shape);
        (from[axis], to[axis]) = (begin, end);
        self.emit(
            name,
            NewOp::new("slice_by_index").with("x", x).with("begin", sizes(&from)).with("end", sizes(&to)),
        )
    }

    /// Values one behind the other along an axis; a single one is itself.
    fn concat(&mut self, name: &str, values: Vec<Operand>, axis: usize) -> Result<ValueId, No> {
        if let [Operand::Value(only)] = values[..] {
            return Ok(only);
        }
        let new = NewOp::new("concat").with_all("values", values).with("axis", whole(axis));
        self.emit(name, new.with("interleave", Tensor::bool(false)))
    }

    /// The op gives way to a value that was made for it, or to one of its operands.
    fn finish(self, value: ValueId, gone: &[OpId]) -> Matched {
        match self.given.contains(&value) {
            true => self.rw.replace_with_existing(self.op, &[value], gone),
            false => self.rw.replace_with_new(self.op, &[value], gone),
        }
    }
}

/// An operand in another shape: a constant as such; what was flattened from this shape is what it was.
fn reshaped(steps: &mut Steps<'_, '_>, name: &str, operand: Operand, shape: &[usize]) -> Result<Operand, No> {
    if let Some(literal) = steps.rw.graph().literal(&operand)
        && let LiteralData::Tensor(tensor) = &literal.data
    {
        return Ok(tensor.reshaped(shape)?.into());
    }
    let value = operand.value().ok_or(No::miss("an operand is not a value"))?;
    if let Ok(reshape) = steps.rw.definition_anywhere(value, &["reshape"])
        && let Ok(x) = steps.rw.input(reshape, "x")
        && steps.rw.ty(x).fixed_shape().as_deref() == Some(shape)
    {
        return Ok(x.into());
    }
    Ok(steps.reshape(name, value, shape)?.into())
}

/// A floating-point scalar. Refused where the element type is not one that the passes compute in.
fn number(dtype: DType, value: f64) -> Result<Tensor, No> {
    No::unless(matches!(dtype, DType::Fp16 | DType::Fp32), "the value is not of floats")?;
    Ok(Tensor::from_f64s(dtype, &[], &[value])?)
}

/// Sizes or axes as a parameter. They come from the shapes of tensors, which int32 holds.
fn sizes(values: &[usize]) -> Tensor {
    let narrow: Vec<i32> = values.iter().map(|&value| i32::try_from(value).unwrap_or(i32::MAX)).collect();
    Tensor::ints(&narrow)
}

/// One size or axis as a parameter.
fn whole(value: usize) -> Tensor {
    Tensor::scalar(i32::try_from(value).unwrap_or(i32::MAX))
}

/// The order of axes that puts one of them last, and the order that puts it back.
fn to_the_end(rank: usize, axis: usize) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..rank).filter(|&other| other != axis).collect();
    order.push(axis);
    let mut back = vec![0; rank];
    order.iter().enumerate().for_each(|(at, &axis)| back[axis] = at);
    (order, back)
}
