//! What passes look for, and near misses of it: a wrong axis, a constant that is not quite the one, a value
//! that others use, a size that broadcasts the other way.

mod chains;
mod conv;
mod nothing;
mod pointwise;

use mil_ir::{NewOp, ValueId};

use crate::maker::{Made, Maker};

const ALL: &[fn(&mut Maker) -> Made] = &[
    chains::casts,
    chains::duplicates,
    chains::relus,
    chains::reshapes,
    chains::transposes,
    conv::chain,
    conv::linear,
    nothing::noops,
    pointwise::gelu,
    pointwise::norm,
    pointwise::prelu,
];

/// One of them.
pub(crate) fn any(maker: &mut Maker) -> Made {
    let template = maker.dice.pick(ALL);
    template(maker)
}

/// Uses a value beside the chain that it is part of, now and then: a rewrite must then keep it.
fn leak(maker: &mut Maker, value: ValueId) -> Made {
    if maker.dice.chance(10) {
        maker.ops(NewOp::new("identity").with("x", value))?;
    }
    Ok(())
}
