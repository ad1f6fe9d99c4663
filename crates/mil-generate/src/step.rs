//! One step of a program in the making.

use mil_ops::{OpDef, Trait};

use crate::maker::{Made, Maker};
use crate::{generic, recipes, templates};

/// Blocks inside blocks.
const DEEPEST: usize = 3;

/// Adds an op, or a few that belong together.
pub(crate) fn step(maker: &mut Maker) -> Made {
    if maker.dice.chance(25) {
        return templates::any(maker);
    }
    let defs: Vec<&'static OpDef> =
        mil_ops::all().iter().copied().filter(|def| def.version(maker.target).is_some()).collect();
    let def = maker.dice.pick(&defs);
    if def.is(Trait::Blocks) && maker.depth() > DEEPEST {
        return Ok(());
    }
    match recipes::find(def.name) {
        Some(recipe) => recipe(maker),
        None => generic::make(maker, def),
    }
}
