//! Guards: what a pattern asks of a place. Each answers, or misses with the reason.

use mil_ir::{Dim, OpId, Type, ValueId};
use mil_ops::{Call, Trait, is_known};
use mil_tensor::{DType, Tensor};
use smallvec::{SmallVec, smallvec};

use crate::{No, Rewrite};

/// An operand of a binary op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    X,
    /// The second.
    Y,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Side {
        match self {
            Side::X => Side::Y,
            Side::Y => Side::X,
        }
    }

    /// The parameter's name.
    pub fn param(self) -> &'static str {
        match self {
            Side::X => "x",
            Side::Y => "y",
        }
    }
}

impl Rewrite<'_> {
    // Ops.

    /// The op is of one of these types.
    pub fn is(&self, op: OpId, kinds: &[&str]) -> bool {
        kinds.contains(&self.graph().op(op).kind().as_str())
    }

    /// The opset has this op.
    pub fn has_op(&self, kind: &str) -> Result<(), No> {
        let release = self.opset().release();
        let known =
            release.zip(mil_ops::def(kind)).is_some_and(|(target, def)| def.version(target).is_some());
        if known { Ok(()) } else { Err(No::miss(format!("opset {} has no {kind}", self.opset()))) }
    }

    /// An op with its declaration: parameters in any spelling, with their defaults, axes counted from the
    /// front.
    pub fn call(&self, op: OpId) -> Result<Call<'_>, No> {
        Ok(Call::of(self.graph(), op, self.opset())?)
    }

    /// The op behind a parameter, if it is of one of these types and in the same block.
    pub fn producer(&self, op: OpId, param: &str, kinds: &[&str]) -> Result<OpId, No> {
        let producer = self.definition_anywhere(self.input(op, param)?, kinds)?;
        if self.graph().op(producer).block() != self.graph().op(op).block() {
            return Err(No::miss("the producer stands in an outer block"));
        }
        Ok(producer)
    }

    /// The op that defines a value, if it is of one of these types. It may stand in an outer block, where it
    /// runs once while a loop runs its own ops many times: what it computes must not move into the loop.
    pub fn definition_anywhere(&self, value: ValueId, kinds: &[&str]) -> Result<OpId, No> {
        let op = self.graph().definition(value).ok_or(No::miss("the value is an input of a block"))?;
        if !self.is(op, kinds) {
            let kind = self.graph().op(op).kind();
            return Err(No::miss(format!("the value comes from {kind}, not from {}", kinds.join(" or "))));
        }
        self.known(op)?;
        Ok(op)
    }

    /// The op has no fields that this version does not know: they would be lost with it.
    pub fn known(&self, op: OpId) -> Result<(), No> {
        No::unless(is_known(self.graph(), op), "the op has fields that this version does not know")
    }

    /// The op that is the only user of an op's only result, once.
    pub fn only_user(&self, op: OpId) -> Result<OpId, No> {
        let value = self.result(op)?;
        let found = self.graph().only_use(value).ok_or(No::miss("the intermediate value has other uses"))?;
        if self.graph().op(found.op).is_return() {
            return Err(No::miss("the intermediate value is an output of its block"));
        }
        if self.graph().op(found.op).block() != self.graph().op(op).block() {
            return Err(No::miss("the intermediate value is used in an inner block"));
        }
        self.known(found.op)?;
        Ok(found.op)
    }

    /// An op's only result is used by one op only, once, and is no output.
    pub fn used_only_by(&self, op: OpId, user: OpId) -> Result<(), No> {
        No::unless(self.only_user(op)? == user, "the intermediate value has another user")
    }

    // Values.

    /// The value bound to a parameter.
    pub fn input(&self, op: OpId, param: &str) -> Result<ValueId, No> {
        self.graph().input(op, param).ok_or_else(|| No::miss(format!("{param} is not a value")))
    }

    /// The only result of an op.
    pub fn result(&self, op: OpId) -> Result<ValueId, No> {
        self.graph().op(op).result().ok_or(No::miss("the op has not exactly one result"))
    }

    /// The type of a value.
    pub fn ty(&self, value: ValueId) -> &Type {
        self.graph().value(value).ty()
    }

    /// The element type of a value.
    pub fn dtype(&self, value: ValueId) -> Result<DType, No> {
        self.ty(value).dtype().ok_or(No::miss("the value is not a tensor"))
    }

    /// The number of axes of a value.
    pub fn rank(&self, value: ValueId) -> Result<usize, No> {
        self.ty(value).rank().ok_or(No::miss("the rank is not known"))
    }

    /// Sizes of a value, all known.
    pub fn shape(&self, value: ValueId) -> Result<Vec<usize>, No> {
        self.ty(value).fixed_shape().ok_or(No::miss("a shape is not static"))
    }

    /// The size of one axis of a value, known.
    pub fn size(&self, value: ValueId, axis: usize) -> Result<usize, No> {
        let dims = self.ty(value).dims().ok_or(No::miss("the rank is not known"))?;
        let dim = dims.get(axis).ok_or(No::miss("the value has too few axes"))?;
        let size = dim.fixed().and_then(|size| usize::try_from(size).ok());
        size.ok_or(No::miss("the size of an axis is not known"))
    }

    /// Two values have the same declared type, with nothing unknown about it: two unknown sizes are never the
    /// same.
    pub fn same_type(&self, a: ValueId, b: ValueId) -> Result<(), No> {
        let (a, b) = (self.ty(a), self.ty(b));
        let same = a.dtype() == b.dtype() && a.fixed_shape().is_some() && a.fixed_shape() == b.fixed_shape();
        No::unless(same, "the types differ or are not static")
    }

    // Constants.

    /// The constant bound to a parameter, in any spelling.
    pub fn constant(&self, op: OpId, param: &str) -> Result<Tensor, No> {
        self.graph().constant(op, param).ok_or_else(|| {
            let producer = self.graph().producer(op, param).map(|producer| self.graph().op(producer).kind());
            let compressed =
                producer.filter(|kind| mil_ops::def(kind).is_some_and(|def| def.is(Trait::Constexpr)));
            match compressed {
                Some(kind) => No::miss(format!("{param} is compressed ({kind})")),
                None => No::miss(format!("{param} is not constant")),
            }
        })
    }

    /// The constant bound to a parameter; `None` where nothing is bound to it.
    pub fn optional_constant(&self, op: OpId, param: &str) -> Result<Option<Tensor>, No> {
        let found = self.graph().op(op);
        match found.argument(param).is_some() || found.attributes().get(param).is_some() {
            true => self.constant(op, param).map(Some),
            false => Ok(None),
        }
    }

    // Binary ops.

    /// The operands of a binary op: as they stand, and where the op table says that they may change places,
    /// the other way round too.
    pub fn orders(&self, op: OpId) -> Result<SmallVec<[(ValueId, ValueId); 2]>, No> {
        let (x, y) = (self.input(op, "x")?, self.input(op, "y")?);
        Ok(if self.commutes(op) { smallvec![(x, y), (y, x)] } else { smallvec![(x, y)] })
    }

    /// The operands of an op may change places.
    pub fn commutes(&self, op: OpId) -> bool {
        mil_ops::def(self.graph().op(op).kind()).is_some_and(|def| def.is(Trait::Commutative))
    }

    /// The op of one of these types, in the same block, from which an operand of a binary op comes, and on
    /// which side it stands.
    pub fn side_from(&self, op: OpId, kinds: &[&str]) -> Result<(OpId, Side), No> {
        let mut reason = None;
        for side in [Side::X, Side::Y] {
            match self.producer(op, side.param(), kinds) {
                Ok(producer) => return Ok((producer, side)),
                // It does come from there, but must not be touched.
                Err(no) if self.graph().producer(op, side.param()).is_some_and(|op| self.is(op, kinds)) => {
                    reason = Some(no);
                }
                Err(_) => {}
            }
        }
        Err(reason.unwrap_or_else(|| No::miss(format!("no operand comes from {}", kinds.join(" or ")))))
    }

    /// The constant operand of a binary op, the other operand, and the side of the constant.
    pub fn with_constant(&self, op: OpId) -> Result<(Tensor, ValueId, Side), No> {
        match self.constant(op, "y") {
            Ok(constant) => Ok((constant, self.input(op, "x")?, Side::Y)),
            Err(_) => Ok((self.constant(op, "x")?, self.input(op, "y")?, Side::X)),
        }
    }

    /// The operand of a binary op other than this one.
    pub fn other_operand(&self, op: OpId, known: ValueId) -> Result<ValueId, No> {
        let (x, y) = (self.input(op, "x")?, self.input(op, "y")?);
        let other = if x == known { Some(y) } else { (y == known).then_some(x) };
        other.ok_or(No::miss("an operand is another value"))
    }

    /// The operand of a binary op whose other operand is this number everywhere, to the precision of its
    /// type, and does not widen the result. The number stands second, or first where the operands may change
    /// places.
    pub fn beside(&self, op: OpId, number: f64) -> Result<ValueId, No> {
        for side in [Side::Y, Side::X] {
            if side == Side::X && !self.commutes(op) {
                break;
            }
            let Ok(constant) = self.constant(op, side.param()) else { continue };
            if constant.splat_value()?.is_some_and(|value| is_close(value, number, constant.dtype())) {
                let other = self.input(op, side.other().param())?;
                self.does_not_widen(&constant, other)?;
                return Ok(other);
            }
        }
        Err(No::miss(format!("no operand is {number}")))
    }

    /// Broadcasting a constant against a value gives the value's shape, whatever its unknown sizes turn out
    /// to be, and the element types are one.
    pub fn does_not_widen(&self, constant: &Tensor, value: ValueId) -> Result<(), No> {
        let dims = self.ty(value).dims().ok_or(No::miss("the rank is not known"))?;
        let fits = |(&size, dim): (&usize, &Dim)| size == 1 || dim.fixed() == Some(size as u64);
        let ranked = dims.iter().all(|dim| !matches!(dim, Dim::Unknown { variadic: true }));
        let fits_all =
            constant.rank() <= dims.len() && constant.shape().iter().rev().zip(dims.iter().rev()).all(fits);
        No::unless(ranked && fits_all, "the constant widens the result")?;
        No::unless(constant.dtype() == self.dtype(value)?, "the constant has another element type")
    }
}

/// Whether a constant is `value` up to the rounding of its element type: in fp32 a few units in the last
/// place, in fp16, whose units are coarse enough to hold other constants, rounded to the nearest.
pub fn is_close(constant: f64, value: f64, dtype: DType) -> bool {
    let tolerance = match dtype {
        DType::Fp16 => 0.5 * 2_f64.powi(-10),
        _ => 2.0 * f64::from(f32::EPSILON),
    };
    (constant - value).abs() <= tolerance * value.abs()
}
