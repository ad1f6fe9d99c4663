//! Every op of MIL: what it takes, what it gives, what it means.
//!
//! An op is declared once, in its folder `src/<family>/<op>/`, as a static [`OpDef`]: parameters with their
//! element types per opset, defaults and documentation, effects, and optional functions that infer the types
//! of its results and check what the parameters alone cannot tell. Everything else in milopt that knows ops
//! reads that table.
//!
//! # Adding an op
//!
//! Make the folder, declare `DEF`, and run `BLESS=1 cargo test -p mil-ops`, which rewrites the lists of
//! modules, the registry and `docs/generated/ops.md`.

#![allow(clippy::module_inception, reason = "an op may bear the name of its family")]

#[cfg(feature = "eval")]
pub mod eval;

mod build;
mod call;
mod describe;
mod dims;
mod effects;
mod error;
mod infer;
mod lookup;
mod numerics;
mod params;
mod prelude;
pub mod ranges;
mod registry;
mod retarget;
pub mod shapes;
mod specialize;
mod table;
mod verify;

pub mod activation;
pub mod attention;
pub mod classify;
pub mod constexpr;
pub mod control_flow;
pub mod conv;
pub mod elementwise_binary;
pub mod elementwise_unary;
pub mod image;
pub mod linear;
pub mod normalization;
pub mod pool;
pub mod quantization;
pub mod random;
pub mod recurrent;
pub mod reduction;
pub mod scatter_gather;
pub mod shape;
pub mod state;
pub mod tensor_operation;

pub use build::{BuildError, ProgramBuilder, complete, emit};
pub use call::Call;
pub use describe::describe;
pub use effects::{Effects, can_erase, can_merge, can_move, captured, effects, is_known};
pub use error::{InferError, Problems};
pub use infer::{infer, infer_new, infer_op, parameter, refine_type, types_agree};
pub use lookup::def;
pub use mil_ir::verify::Report;
pub use numerics::Numerics;
pub use ranges::{Range, Ranges};
pub use retarget::{Refusal, RetargetError, retarget};
pub use shapes::{Elements, Shapes};
pub use specialize::{SpecializeError, fix_input, shape_refusal, specialize};
pub use table::{Check, DefaultValue, Effect, Family, Infer, OpDef, Param, ParamKind, Trait, Types, Version};
pub use verify::{FILE_RULES, RULES, verify_graph, verify_ops, verify_program, verify_shapes};

/// Every op, by name.
pub fn all() -> &'static [&'static OpDef] {
    registry::OPS
}
