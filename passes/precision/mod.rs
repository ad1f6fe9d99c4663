//! Element types.

mod add_fp16_cast;
mod cast_optimization;

pub use add_fp16_cast::AddFp16Cast;
pub use cast_optimization::CastOptimization;
