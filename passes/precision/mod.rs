//! Element types.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod add_fp16_cast;
mod add_int16_cast;
mod cast_fp16;
mod cast_optimization;
mod stabilize_fp16;
pub use add_fp16_cast::AddFp16Cast;
pub use add_int16_cast::AddInt16Cast;
pub use cast_fp16::CastFp16;
pub use cast_optimization::CastOptimization;
pub use stabilize_fp16::StabilizeFp16;
