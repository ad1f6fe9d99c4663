//! The passes of milopt, one folder each, grouped by theme, and the named pipelines.
//!
//! A pass's folder holds its declaration and code (`mod.rs`) and its before/after cases (`cases/*.mil`). The path of the
//! folder ends in the pass's id. To add one: make the folder, and name it in the list of its theme and in `PASSES` below.
//! No pass knows of files.

pub mod activation;
pub mod cleanup;
pub mod conv;
pub mod layout;
pub mod linear;
pub mod norm;
pub mod precision;
pub mod shape;

mod constants;
mod pipelines;

use mil_pass::{PassDef, Registry};

pub use activation::{FuseGeluExact, MergeConsecutiveRelus, PreluToLeakyRelu};
pub use cleanup::{
    ConstDeduplication, ConstElimination, DeadCodeElimination, NoopElimination, RemoveRedundantOps,
    TopologicalReorder,
};
pub use conv::{FuseConvBias, FuseConvBn, FuseConvScale};
pub use layout::MergeConsecutiveTransposes;
pub use linear::FuseLinearBias;
pub use norm::FuseLayernormOrInstancenorm;
pub use precision::{AddFp16Cast, CastOptimization};
pub use shape::MergeConsecutiveReshapes;

/// Every pass, sorted by id.
pub const PASSES: &[&PassDef] = &[
    &AddFp16Cast::DEF,
    &CastOptimization::DEF,
    &ConstDeduplication::DEF,
    &ConstElimination::DEF,
    &DeadCodeElimination::DEF,
    &FuseConvBias::DEF,
    &FuseConvBn::DEF,
    &FuseConvScale::DEF,
    &FuseGeluExact::DEF,
    &FuseLayernormOrInstancenorm::DEF,
    &FuseLinearBias::DEF,
    &MergeConsecutiveRelus::DEF,
    &MergeConsecutiveReshapes::DEF,
    &MergeConsecutiveTransposes::DEF,
    &NoopElimination::DEF,
    &PreluToLeakyRelu::DEF,
    &RemoveRedundantOps::DEF,
    &TopologicalReorder::DEF,
];

/// All passes and named pipelines.
pub fn registry() -> Registry {
    Registry::new(PASSES, pipelines::PIPELINES)
}
