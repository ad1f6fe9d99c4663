//! Recurrent layers.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod gru;
pub mod lstm;
pub mod rnn;

use crate::prelude::*;

/// The output and so many last states. The weights of `gates` gates are stacked in `weight_hh`.
fn outputs(call: &Call<'_>, gates: i64, states: usize) -> Result<Vec<Type>, InferError> {
    let dtype = call.dtype("x")?;
    let x = call.dims("x")?.map_or_else(|| vec![Dim::UNKNOWN; 3], <[Dim]>::to_vec);
    let [length, batch, _] = &x[..] else { return Err(invalid!("x must have rank 3, not {}", x.len())) };
    let weight = call.dims("weight_hh")?.map_or_else(|| vec![Dim::UNKNOWN; 2], <[Dim]>::to_vec);
    let [rows, hidden] = &weight[..] else {
        return Err(invalid!("weight_hh must have rank 2, not {}", weight.len()));
    };
    if !dims::may_equal(rows, &dims::mul(hidden, gates)?) {
        return Err(invalid!("weight_hh has shape {}: not {gates} square matrices", dims::show(&weight)));
    }
    let directions = if call.string("direction")? == "bidirectional" { 2 } else { 1 };
    let size = dims::mul(hidden, directions)?;
    let steps = if call.bool("output_sequence")? { length.clone() } else { Dim::Fixed(1) };
    let output = dims::tensor(dtype, Some(vec![steps, batch.clone(), size.clone()]));
    let state = dims::tensor(dtype, Some(vec![batch.clone(), size]));
    Ok(std::iter::once(output).chain(std::iter::repeat_n(state, states)).collect())
}

/// The weights of so many gates are stacked, and fit the sequence.
fn check_weights(call: &Call<'_>, gates: i64, problems: &mut Problems) {
    let (Some([_, _, size]), Some([_, hidden])) = (call.dims_of("x"), call.dims_of("weight_hh")) else {
        return;
    };
    let Ok(rows) = dims::mul(hidden, gates) else { return };
    for (param, columns) in
        [("weight_ih", size), ("weight_ih_back", size), ("weight_hh", hidden), ("weight_hh_back", hidden)]
    {
        call.expect_shape(param, &[rows.clone(), columns.clone()], problems);
    }
    for param in ["bias", "bias_back", "input_bias"] {
        call.expect_shape(param, std::slice::from_ref(&rows), problems);
    }
}
