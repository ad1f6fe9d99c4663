//! The mask of a site: what is added to the scores or put in their place.

use mil_ir::{NewOp, OpId, Operand};
use mil_pass::{No, Rewrite};
use mil_tensor::{DType, Tensor};

use super::fuse::Arranged;
use crate::attention::casts::cast;
use crate::constants::to_dtype;

/// A term of the mask in the layout.
#[derive(Debug)]
pub(super) enum MaskTerm {
    Added { term: Arranged, times: f64, scales: Vec<(Arranged, bool)> },
    Kept { cond: Arranged, keeps: bool, fill: f64, dtype: DType },
    AtLeast { least: f64, dtype: DType },
}

impl MaskTerm {
    pub(super) fn arranged(&self) -> Option<&Arranged> {
        match self {
            MaskTerm::Added { term, .. } => Some(term),
            MaskTerm::Kept { cond, .. } => Some(cond),
            MaskTerm::AtLeast { .. } => None,
        }
    }

    fn dtype(&self, rw: &Rewrite<'_>) -> Option<DType> {
        match self {
            MaskTerm::Added { term, .. } => rw.graph().operand_type(&term.operand).dtype(),
            MaskTerm::Kept { dtype, .. } | MaskTerm::AtLeast { dtype, .. } => Some(*dtype),
        }
    }
}

/// The mask: boolean where scores are only taken out, a sum otherwise.
pub(super) fn mask(
    rw: &mut Rewrite<'_>,
    terms: &[MaskTerm],
    label: &str,
    before: OpId,
) -> Result<Option<Operand>, No> {
    let takes_out =
        |term: &MaskTerm| matches!(term, MaskTerm::Kept { fill, .. } if *fill == f64::NEG_INFINITY);
    let mut sum: Option<Operand> = None;
    if terms.iter().all(takes_out) {
        for term in terms {
            let MaskTerm::Kept { cond, keeps, .. } = term else { continue };
            let kept = kept(rw, cond, *keeps, label, before)?;
            sum = Some(match sum {
                None => kept,
                Some(others) => {
                    let both = NewOp::new("logical_and").named(label).with("x", others).with("y", kept);
                    rw.emit_one(both, before)?.into()
                }
            });
        }
        return Ok(sum);
    }
    let dtype = match terms.iter().any(|term| term.dtype(rw) == Some(DType::Fp32)) {
        true => DType::Fp32,
        false => DType::Fp16,
    };
    for term in terms {
        sum = Some(match term {
            MaskTerm::Added { term, times, scales } => {
                let mut added = term.operand(rw, label, before)?;
                added = cast(rw, added, dtype, label, before)?;
                for (scale, divides) in scales {
                    added = scale.times(rw, added, dtype, *divides, label, before)?.into();
                }
                if *times != 1.0 {
                    let times = to_dtype(&[*times], dtype)?.reshaped(&[])?;
                    added = rw
                        .emit_one(NewOp::new("mul").named(label).with("x", added).with("y", times), before)?
                        .into();
                }
                match sum {
                    None => added,
                    Some(others) => {
                        let both = NewOp::new("add").named(label).with("x", others).with("y", added);
                        rw.emit_one(both, before)?.into()
                    }
                }
            }
            MaskTerm::Kept { cond, keeps, fill, .. } => {
                let fill = number_of(masking(*fill, dtype), dtype)?;
                let others = match sum {
                    Some(others) => others,
                    None => number_of(0.0, dtype)?.into(),
                };
                let cond = cond.operand(rw, label, before)?;
                let (a, b) = if *keeps { (others, fill.into()) } else { (fill.into(), others) };
                let new = NewOp::new("select").named(label).with("cond", cond).with("a", a).with("b", b);
                rw.emit_one(new, before)?.into()
            }
            MaskTerm::AtLeast { least, .. } => {
                let Some(others) = sum else { continue };
                let least = number_of(*least, dtype)?;
                let new = NewOp::new("maximum").named(label).with("x", others).with("y", least);
                rw.emit_one(new, before)?.into()
            }
        });
    }
    Ok(sum)
}

/// Which scores count.
fn kept(
    rw: &mut Rewrite<'_>,
    cond: &Arranged,
    keeps: bool,
    label: &str,
    before: OpId,
) -> Result<Operand, No> {
    let cond = cond.operand(rw, label, before)?;
    if keeps {
        return Ok(cond);
    }
    Ok(rw.emit_one(NewOp::new("logical_not").named(label).with("x", cond), before)?.into())
}

/// What is added to a score so that it is masked like one that `fill` was put in place of. It is so large
/// that adding the score changes nothing: a row that is masked as a whole has equal weights then too.
fn masking(fill: f64, dtype: DType) -> f64 {
    match dtype {
        DType::Fp16 => fill.min(-3e4),
        _ => fill.min(-1e30),
    }
}

/// A number as a scalar; the infinite stay infinite.
fn number_of(value: f64, dtype: DType) -> Result<Tensor, No> {
    Ok(Tensor::from_f64s(dtype, &[], &[value])?)
}
