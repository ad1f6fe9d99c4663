//! The kinds of layers: how many inputs and outputs each has, and of which ranks.

use mil_ir::verify::Violation;
use mil_proto::payload::NeuralNetworkLayer;
use mil_proto::payload::activation_params::NonlinearityType;
use mil_proto::payload::neural_network_layer::Layer;
use mil_proto::payload::reorganize_data_layer_params::ReorganizationType;
use mil_proto::payload::upsample_layer_params::LinearUpsampleMode;
use mil_proto::schema;
use mil_proto::wire;
use prost::Message as _;
use prost::bytes::Bytes;

use super::super::rule::{Checked, fault, require};
use super::ranks::Ranks;

/// No upper bound.
const ANY: usize = usize::MAX;

/// What a kind of layer demands of its values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// How many inputs, at least and at most.
    pub(super) inputs: (usize, usize),
    pub(super) outputs: (usize, usize),
    /// Rank of the first input and of the first output, where it is known.
    pub(super) rank: (u64, u64),
    /// Both ranks are equal.
    pub(super) equal: bool,
}

/// A row whose ranks are free.
const fn row(inputs: (usize, usize), outputs: (usize, usize)) -> Row {
    Row { inputs, outputs, rank: (0, u64::MAX), equal: false }
}

/// A row whose ranks are equal and within bounds.
const fn equal(inputs: (usize, usize), outputs: (usize, usize), rank: (u64, u64)) -> Row {
    Row { inputs, outputs, rank, equal: true }
}

/// The row of a kind, named as in the format. Where nothing is wanted, surplus does not matter.
pub(super) fn rules(kind: &str) -> Option<Row> {
    const ONE: (usize, usize) = (1, 1);
    const FREE: (usize, usize) = (0, ANY);
    const RANKS: (u64, u64) = (0, u64::MAX);
    let from = |rank| (rank, u64::MAX);
    Some(match kind {
        "loopContinue" | "loopBreak" => row(FREE, FREE),
        "loadConstant" | "loadConstantND" | "fillStatic" | "rangeStatic" | "randomNormalStatic"
        | "randomUniformStatic" | "randomBernoulliStatic" => row(FREE, ONE),
        "loop" => row((0, 1), FREE),
        "rangeDynamic" => row((0, 3), ONE),
        "branch" => row(ONE, FREE),
        "transpose" | "copy" | "softmaxND" | "reverse" | "fillLike" | "fillDynamic" | "reshapeStatic"
        | "broadcastToStatic" | "sin" | "cos" | "tan" | "asin" | "acos" | "atan" | "sinh" | "cosh" | "tanh"
        | "asinh" | "acosh" | "atanh" | "exp2" | "matrixBandPart" | "lowerTriangular" | "upperTriangular"
        | "whereNonZero" | "ceil" | "floor" | "round" | "sign" | "clip" | "sliceStatic" | "slidingWindows"
        | "reduceL1" | "reduceL2" | "reduceMax" | "reduceMin" | "reduceSum" | "reduceProd" | "reduceMean"
        | "reduceLogSum" | "reduceSumSquare" | "reduceLogSumExp" | "erf" | "gelu" | "clampedReLU"
        | "rankPreservingReshape" | "flattenTo2D" | "expandDims" | "squeeze" | "getShape" | "randomNormalLike"
        | "randomUniformLike" | "randomBernoulliLike" | "randomNormalDynamic" | "randomUniformDynamic"
        | "randomBernoulliDynamic" | "categoricalDistribution" | "layerNormalization" | "logicalNot"
        // Their ranks depend on parameters.
        | "activation" | "reduce" | "slice" | "argMax" | "argMin" => row(ONE, ONE),
        "unary" | "argSort" => equal(ONE, ONE, RANKS),
        "innerProduct" => equal(ONE, ONE, (1, 5)),
        "padding" => equal(ONE, ONE, from(2)),
        "embeddingND" => equal(ONE, ONE, (2, 5)),
        "batchnorm" | "lrn" | "upsample" | "bias" | "l2normalize" | "flatten" | "reorganizeData" | "scale"
        | "mvn" | "softmax" | "resizeBilinear" => equal(ONE, ONE, from(3)),
        "pooling" | "embedding" => equal(ONE, ONE, from(4)),
        "convolution" => equal((1, 2), ONE, from(4)),
        "convolution3d" | "pooling3d" | "globalPooling3d" | "sequenceRepeat" => equal(ONE, ONE, from(5)),
        "reshape" | "permute" => equal(ONE, ONE, (5, 5)),
        "splitND" => row(ONE, (2, ANY)),
        "split" => equal(ONE, (2, ANY), from(3)),
        "add" | "multiply" | "average" | "max" | "min" => row((1, ANY), ONE),
        "custom" => row((1, ANY), (1, ANY)),
        "batchedMatmul" | "tile" | "oneHot" | "cumSum" | "equal" | "notEqual" | "lessThan" | "lessEqual"
        | "greaterThan" | "greaterEqual" => row((1, 2), ONE),
        "constantPad" => equal((1, 2), ONE, RANKS),
        "crop" => equal((1, 2), ONE, from(3)),
        "topK" => equal((1, 2), (2, 2), RANKS),
        "gru" => equal((1, 2), (2, 2), (5, 5)),
        "uniDirectionalLSTM" => equal((1, 3), (3, 3), (5, 5)),
        "biDirectionalLSTM" => equal((1, 5), (5, 5), (5, 5)),
        "logicalOr" | "logicalXor" | "logicalAnd" | "modBroadcastable" | "minBroadcastable"
        | "maxBroadcastable" | "addBroadcastable" | "powBroadcastable" | "divideBroadcastable"
        | "floorDivBroadcastable"
        | "multiplyBroadcastable" | "subtractBroadcastable" | "reshapeLike" | "reshapeDynamic"
        | "broadcastToLike" | "broadcastToDynamic" | "gather" | "gatherND" | "gatherAlongAxis" | "reverseSeq"
        | "sliceBySize" => row((2, 2), ONE),
        "dot" => equal((2, 2), ONE, from(3)),
        "cropResize" => equal((2, 2), ONE, from(5)),
        "simpleRecurrent" => equal((2, 2), (2, 2), (5, 5)),
        "concatND" | "stack" => row((2, ANY), ONE),
        "concat" => equal((2, ANY), ONE, from(3)),
        "NonMaximumSuppression" => row((2, 5), (4, 4)),
        "sliceDynamic" => row((2, 7), ONE),
        "whereBroadcastable" | "scatter" | "scatterND" | "scatterAlongAxis" => row((3, 3), ONE),
        _ => return None,
    })
}

/// As many inputs and outputs as the row says.
pub(super) fn arity(layer: &NeuralNetworkLayer, row: &Row) -> Checked {
    for (count, (least, most), what) in
        [(layer.input.len(), row.inputs, "inputs"), (layer.output.len(), row.outputs, "outputs")]
    {
        let sound = (least..=most).contains(&count);
        require(sound, "layer-arity", format!("{count} {what}, where there are {}", bounds(least, most)))?;
    }
    Ok(())
}

fn bounds(least: usize, most: usize) -> String {
    match most {
        ANY => format!("at least {least}"),
        _ if least == most => least.to_string(),
        _ => format!("{least} to {most}"),
    }
}

/// The ranks that the row and the parameters ask for, in the general mode.
pub(super) fn ranks(layer: &NeuralNetworkLayer, row: &Row, ranks: &Ranks) -> Checked {
    let mut row = *row;
    match &layer.layer {
        Some(Layer::Activation(params)) => {
            let parametric = matches!(
                params.nonlinearity_type,
                Some(NonlinearityType::PReLu(_) | NonlinearityType::ParametricSoftplus(_))
            );
            if parametric {
                row = equal(row.inputs, row.outputs, (3, u64::MAX));
            }
        }
        Some(Layer::Concat(params)) if params.sequence_concat => row.rank = (5, u64::MAX),
        Some(Layer::Reduce(_) | Layer::Slice(_)) => row.equal = !layer.input_tensor.is_empty(),
        Some(Layer::ArgMax(params)) => row.equal = !params.remove_dim,
        Some(Layer::ArgMin(params)) => row.equal = !params.remove_dim,
        Some(Layer::LoadConstant(_)) => row.rank = (5, 5),
        _ => {}
    }
    let first = |names: &[String]| names.first().and_then(|name| ranks.of(name));
    let is_constant = matches!(layer.layer, Some(Layer::LoadConstant(_)));
    let input = first(&layer.input).filter(|_| !is_constant);
    let output = first(&layer.output);
    let same = |a: Option<u64>, b: Option<u64>| a.is_none() || b.is_none() || a == b;
    require(!row.equal || same(input, output), "layer-rank", "input and output differ in rank")?;
    for rank in [input, output].into_iter().flatten() {
        let sound = (row.rank.0..=row.rank.1).contains(&rank);
        require(sound, "layer-rank", format!("rank {rank} is not one that this kind takes"))?;
    }
    let alike = match &layer.layer {
        Some(Layer::Split(_)) => &layer.output[..],
        Some(Layer::Concat(_) | Layer::Crop(_) | Layer::Dot(_) | Layer::CropResize(_)) => &layer.input[..],
        // Of both outputs.
        Some(Layer::TopK(_)) => {
            let second = layer.output.get(1).and_then(|name| ranks.of(name));
            return require(same(input, second), "layer-rank", "input and second output differ in rank");
        }
        _ => return Ok(()),
    };
    let rank = first(alike);
    let sound = alike.iter().all(|name| same(rank, ranks.of(name)));
    require(sound, "layer-rank", "values that must be of one rank are not")
}

/// The name of a layer's kind; `None` where it has none.
pub(super) fn kind(encoded: &[u8]) -> Result<Option<&'static str>, Violation> {
    let message = schema::find("CoreML.Specification.NeuralNetworkLayer");
    let mut kind = None;
    for raw in wire::fields(encoded) {
        let raw = raw.map_err(|error| fault("unreadable", error.to_string()))?;
        if raw.number >= 100 {
            kind = message.and_then(|message| message.field(raw.number)).map(|field| field.name).or(kind);
        }
    }
    Ok(kind)
}

/// Whether iOS 12 knows the layer.
pub(super) fn is_old(encoded: &Bytes) -> Result<bool, Violation> {
    Ok(match kind(encoded)? {
        Some("convolution" | "innerProduct" | "upsample" | "reorganizeData") => {
            let layer = NeuralNetworkLayer::decode(encoded.clone());
            let layer = layer.map_err(|error| fault("unreadable", error.to_string()))?;
            match &layer.layer {
                Some(Layer::Convolution(_)) => layer.input.len() == 1,
                Some(Layer::InnerProduct(params)) => !params.int8_dynamic_quantize,
                Some(Layer::Upsample(params)) => {
                    params.linear_upsample_mode == LinearUpsampleMode::Default as i32
                        && params.fractional_scaling_factor.is_empty()
                }
                Some(Layer::ReorganizeData(params)) => params.mode != ReorganizationType::PixelShuffle as i32,
                _ => false,
            }
        }
        Some(
            "batchnorm" | "activation" | "pooling" | "padding" | "concat" | "lrn" | "softmax" | "split"
            | "add" | "multiply" | "unary" | "bias" | "l2normalize" | "reshape" | "flatten" | "permute"
            | "reduce" | "loadConstant" | "scale" | "simpleRecurrent" | "gru" | "uniDirectionalLSTM"
            | "biDirectionalLSTM" | "crop" | "average" | "max" | "min" | "dot" | "mvn" | "embedding"
            | "sequenceRepeat" | "slice" | "custom" | "resizeBilinear" | "cropResize",
        ) => true,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_row() {
        let message = schema::find("CoreML.Specification.NeuralNetworkLayer").unwrap();
        let kinds: Vec<_> = message.fields.iter().filter(|field| field.number >= 100).collect();
        assert!(kinds.len() > 140);
        for kind in kinds {
            assert!(rules(kind.name).is_some(), "{} has no row", kind.name);
        }
    }
}
