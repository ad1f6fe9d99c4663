//! Passes that take away what does nothing.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod const_deduplication;
mod const_elimination;
mod dead_code_elimination;
mod dedup_op_and_var_names;
mod inline_control_flow;
mod loop_invariant_elimination;
mod noop_elimination;
mod remove_redundant_ops;
mod share_equal_values;
mod topological_reorder;
pub use const_deduplication::ConstDeduplication;
pub use const_elimination::ConstElimination;
pub use dead_code_elimination::DeadCodeElimination;
pub use dedup_op_and_var_names::DedupOpAndVarNames;
pub use inline_control_flow::InlineControlFlow;
pub use loop_invariant_elimination::LoopInvariantElimination;
pub use noop_elimination::NoopElimination;
pub use remove_redundant_ops::RemoveRedundantOps;
pub use share_equal_values::ShareEqualValues;
pub use topological_reorder::TopologicalReorder;
