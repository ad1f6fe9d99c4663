//! Bayesian probit regression.

use mil_ir::FunctionInterface;

use super::features::{Kind, array, is_one_of};
use super::rule::{Checked, require};

/// `ArrayFeatureType.INT32`.
const INT32: i32 = 131_104;

/// Inputs are arrays of whole numbers, of rank 1 or 2.
pub(super) fn regressor(main: &FunctionInterface) -> Checked {
    for input in &main.inputs {
        is_one_of(input, &[Kind::Array])?;
        let fits = array(input).is_some_and(|a| a.data_type == INT32 && (1..=2).contains(&a.shape.len()));
        let message = format!("input {} is not an int32 array of rank 1 or 2", input.name);
        require(fits, "feature-shape", message)?;
    }
    Ok(())
}
