//! Reductions along axes.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod reduce_argmax;
pub mod reduce_argmin;
pub mod reduce_l1_norm;
pub mod reduce_l2_norm;
pub mod reduce_log_sum;
pub mod reduce_log_sum_exp;
pub mod reduce_max;
pub mod reduce_mean;
pub mod reduce_min;
pub mod reduce_prod;
pub mod reduce_sum;
pub mod reduce_sum_square;
