//! Casts where a type differs.

use mil_ir::{NewOp, OpId, Operand, ValueId};
use mil_pass::{No, Rewrite};
use mil_tensor::{DType, Tensor};

/// The operand in another element type; itself where it has that type.
pub(super) fn cast(
    rw: &mut Rewrite<'_>,
    operand: Operand,
    dtype: DType,
    label: &str,
    before: OpId,
) -> Result<Operand, No> {
    if rw.graph().operand_type(&operand).dtype() == Some(dtype) {
        return Ok(operand);
    }
    let new = NewOp::new("cast").named(label).with("x", operand);
    Ok(rw.emit_one(new.with("dtype", Tensor::string(dtype.to_string())), before)?.into())
}

/// The like of a value.
pub(super) fn cast_value(
    rw: &mut Rewrite<'_>,
    value: ValueId,
    dtype: DType,
    label: &str,
    before: OpId,
) -> Result<ValueId, No> {
    let cast = cast(rw, value.into(), dtype, label, before)?;
    cast.value().ok_or(No::miss("a cast is not a value"))
}
