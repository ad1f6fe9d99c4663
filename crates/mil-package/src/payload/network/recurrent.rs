//! Recurrent layers: activations, and the size of each matrix.

use mil_proto::payload::activation_params::NonlinearityType;
use mil_proto::payload::{
    ActivationParams, BiDirectionalLstmLayerParams, GruLayerParams, LstmParams, LstmWeightParams,
    SimpleRecurrentLayerParams, UniDirectionalLstmLayerParams, WeightParams,
};

use super::super::rule::{Checked, require};
use super::weights::{self, Form};

const CODE: &str = "layer-activation";

/// Whether fp16 and fp32 may stand side by side. In bidirectional layers Apple's validator lets them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Precision {
    One,
    Any,
}

type Matrix<'a> = (&'a Option<WeightParams>, &'static str);

pub(super) fn simple(params: &SimpleRecurrentLayerParams) -> Checked {
    let (inputs, outputs) = (params.input_vector_size, params.output_vector_size);
    let bias = (&params.bias_vector, "bias vector");
    let biases = if params.has_bias_vector { &[bias][..] } else { &[] };
    check(
        &[(&params.weight_matrix, "weight matrix")],
        &[(&params.recursion_matrix, "recursion matrix")],
        biases,
        (inputs, outputs),
        Precision::One,
    )?;
    activations(params.activation.as_ref().map_or(&[ActivationParams::default()], std::slice::from_ref))
}

pub(super) fn gru(params: &GruLayerParams) -> Checked {
    let biases = [
        (&params.update_gate_bias_vector, "update gate's bias"),
        (&params.reset_gate_bias_vector, "reset gate's bias"),
        (&params.output_gate_bias_vector, "output gate's bias"),
    ];
    check(
        &[
            (&params.update_gate_weight_matrix, "update gate's weights"),
            (&params.reset_gate_weight_matrix, "reset gate's weights"),
            (&params.output_gate_weight_matrix, "output gate's weights"),
        ],
        &[
            (&params.update_gate_recursion_matrix, "update gate's recursion"),
            (&params.reset_gate_recursion_matrix, "reset gate's recursion"),
            (&params.output_gate_recursion_matrix, "output gate's recursion"),
        ],
        if params.has_bias_vectors { &biases } else { &[] },
        (params.input_vector_size, params.output_vector_size),
        Precision::One,
    )?;
    activations(&params.activations)
}

pub(super) fn lstm(params: &UniDirectionalLstmLayerParams) -> Checked {
    three(&params.activations)?;
    let unset = LstmWeightParams::default();
    let weights = params.weight_params.as_ref().unwrap_or(&unset);
    let sizes = (params.input_vector_size, params.output_vector_size);
    gates(weights, params.params.as_ref(), sizes, Precision::One)
}

pub(super) fn bidirectional(params: &BiDirectionalLstmLayerParams) -> Checked {
    three(&params.activations_forward_lstm)?;
    three(&params.activations_backward_lstm)?;
    let count = params.weight_params.len();
    require(count >= 2, "layer-weights", format!("weights of {count} directions, where there are 2"))?;
    let sizes = (params.input_vector_size, params.output_vector_size);
    for weights in params.weight_params.iter().take(2) {
        gates(weights, params.params.as_ref(), sizes, Precision::Any)?;
    }
    Ok(())
}

fn gates(
    weights: &LstmWeightParams,
    params: Option<&LstmParams>,
    sizes: (u64, u64),
    precision: Precision,
) -> Checked {
    let biases = [
        (&weights.input_gate_bias_vector, "input gate's bias"),
        (&weights.forget_gate_bias_vector, "forget gate's bias"),
        (&weights.block_input_bias_vector, "block input's bias"),
        (&weights.output_gate_bias_vector, "output gate's bias"),
    ];
    let peepholes = [
        (&weights.input_gate_peephole_vector, "input gate's peephole"),
        (&weights.forget_gate_peephole_vector, "forget gate's peephole"),
        (&weights.output_gate_peephole_vector, "output gate's peephole"),
    ];
    let has_biases = params.is_some_and(|params| params.has_bias_vectors);
    let has_peepholes = params.is_some_and(|params| params.has_peephole_vectors);
    let vectors =
        [if has_biases { &biases[..] } else { &[] }, if has_peepholes { &peepholes[..] } else { &[] }];
    check(
        &[
            (&weights.input_gate_weight_matrix, "input gate's weights"),
            (&weights.forget_gate_weight_matrix, "forget gate's weights"),
            (&weights.block_input_weight_matrix, "block input's weights"),
            (&weights.output_gate_weight_matrix, "output gate's weights"),
        ],
        &[
            (&weights.input_gate_recursion_matrix, "input gate's recursion"),
            (&weights.forget_gate_recursion_matrix, "forget gate's recursion"),
            (&weights.block_input_recursion_matrix, "block input's recursion"),
            (&weights.output_gate_recursion_matrix, "output gate's recursion"),
        ],
        &vectors.concat(),
        sizes,
        precision,
    )
}

/// Matrices from the input, matrices from the state, and vectors.
fn check(
    input: &[Matrix<'_>],
    state: &[Matrix<'_>],
    vectors: &[Matrix<'_>],
    (inputs, outputs): (u64, u64),
    precision: Precision,
) -> Checked {
    if precision == Precision::One {
        let all = [input, state, vectors].concat();
        let forms: Vec<_> = all.iter().map(|(weights, _)| Form::of(weights.as_ref())).collect();
        weights::one_precision(&forms)?;
    }
    let sizes = [
        (input, inputs.saturating_mul(outputs), outputs),
        (state, outputs.saturating_mul(outputs), outputs),
        (vectors, outputs, 1),
    ];
    for (matrices, count, channels) in sizes {
        for (matrix, what) in matrices {
            weights::count(matrix.as_ref(), count, channels, what)?;
        }
    }
    Ok(())
}

fn three(params: &[ActivationParams]) -> Checked {
    activations(params)?;
    require(params.len() == 3, CODE, format!("{} activations, where there are 3", params.len()))
}

fn activations(params: &[ActivationParams]) -> Checked {
    let sound = params.iter().all(|activation| {
        matches!(
            activation.nonlinearity_type,
            Some(
                NonlinearityType::Linear(_)
                    | NonlinearityType::Sigmoid(_)
                    | NonlinearityType::Tanh(_)
                    | NonlinearityType::ScaledTanh(_)
                    | NonlinearityType::SigmoidHard(_)
                    | NonlinearityType::ReLu(_)
            )
        )
    });
    require(sound, CODE, "an activation is not one that recurrent layers take")
}
