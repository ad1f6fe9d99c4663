// Generated from `schema/*.proto` by `tests/schema.rs`.

pub(crate) static ACOS_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.AcosLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static ACOSH_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.AcoshLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static ACTIVATION_ELU: Message = Message {
    name: "CoreML.Specification.ActivationELU",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ACTIVATION_LEAKY_RE_LU: Message = Message {
    name: "CoreML.Specification.ActivationLeakyReLU",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ACTIVATION_LINEAR: Message = Message {
    name: "CoreML.Specification.ActivationLinear",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
        Field { number: 2, name: "beta", label: Label::Single, kind: Kind::Float, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ACTIVATION_P_RE_LU: Message = Message {
    name: "CoreML.Specification.ActivationPReLU",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ACTIVATION_PARAMETRIC_SOFTPLUS: Message = Message {
    name: "CoreML.Specification.ActivationParametricSoftplus",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 0 },
        Field { number: 2, name: "beta", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ACTIVATION_PARAMS: Message = Message {
    name: "CoreML.Specification.ActivationParams",
    fields: &[
        Field { number: 5, name: "linear", label: Label::Single, kind: Kind::Message(&ACTIVATION_LINEAR), slot: 0 },
        Field { number: 10, name: "ReLU", label: Label::Single, kind: Kind::Message(&ACTIVATION_RE_LU), slot: 0 },
        Field { number: 15, name: "leakyReLU", label: Label::Single, kind: Kind::Message(&ACTIVATION_LEAKY_RE_LU), slot: 0 },
        Field { number: 20, name: "thresholdedReLU", label: Label::Single, kind: Kind::Message(&ACTIVATION_THRESHOLDED_RE_LU), slot: 0 },
        Field { number: 25, name: "PReLU", label: Label::Single, kind: Kind::Message(&ACTIVATION_P_RE_LU), slot: 0 },
        Field { number: 30, name: "tanh", label: Label::Single, kind: Kind::Message(&ACTIVATION_TANH), slot: 0 },
        Field { number: 31, name: "scaledTanh", label: Label::Single, kind: Kind::Message(&ACTIVATION_SCALED_TANH), slot: 0 },
        Field { number: 40, name: "sigmoid", label: Label::Single, kind: Kind::Message(&ACTIVATION_SIGMOID), slot: 0 },
        Field { number: 41, name: "sigmoidHard", label: Label::Single, kind: Kind::Message(&ACTIVATION_SIGMOID_HARD), slot: 0 },
        Field { number: 50, name: "ELU", label: Label::Single, kind: Kind::Message(&ACTIVATION_ELU), slot: 0 },
        Field { number: 60, name: "softsign", label: Label::Single, kind: Kind::Message(&ACTIVATION_SOFTSIGN), slot: 0 },
        Field { number: 70, name: "softplus", label: Label::Single, kind: Kind::Message(&ACTIVATION_SOFTPLUS), slot: 0 },
        Field { number: 71, name: "parametricSoftplus", label: Label::Single, kind: Kind::Message(&ACTIVATION_PARAMETRIC_SOFTPLUS), slot: 0 },
    ],
    counters: 0,
    memory: 464,
};

pub(crate) static ACTIVATION_RE_LU: Message = Message {
    name: "CoreML.Specification.ActivationReLU",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static ACTIVATION_SCALED_TANH: Message = Message {
    name: "CoreML.Specification.ActivationScaledTanh",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
        Field { number: 2, name: "beta", label: Label::Single, kind: Kind::Float, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ACTIVATION_SIGMOID: Message = Message {
    name: "CoreML.Specification.ActivationSigmoid",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static ACTIVATION_SIGMOID_HARD: Message = Message {
    name: "CoreML.Specification.ActivationSigmoidHard",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
        Field { number: 2, name: "beta", label: Label::Single, kind: Kind::Float, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ACTIVATION_SOFTPLUS: Message = Message {
    name: "CoreML.Specification.ActivationSoftplus",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static ACTIVATION_SOFTSIGN: Message = Message {
    name: "CoreML.Specification.ActivationSoftsign",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static ACTIVATION_TANH: Message = Message {
    name: "CoreML.Specification.ActivationTanh",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static ACTIVATION_THRESHOLDED_RE_LU: Message = Message {
    name: "CoreML.Specification.ActivationThresholdedReLU",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ADAM_OPTIMIZER: Message = Message {
    name: "CoreML.Specification.AdamOptimizer",
    fields: &[
        Field { number: 1, name: "learningRate", label: Label::Single, kind: Kind::Message(&DOUBLE_PARAMETER), slot: 0 },
        Field { number: 2, name: "miniBatchSize", label: Label::Single, kind: Kind::Message(&INT64_PARAMETER), slot: 1 },
        Field { number: 3, name: "beta1", label: Label::Single, kind: Kind::Message(&DOUBLE_PARAMETER), slot: 2 },
        Field { number: 4, name: "beta2", label: Label::Single, kind: Kind::Message(&DOUBLE_PARAMETER), slot: 3 },
        Field { number: 5, name: "eps", label: Label::Single, kind: Kind::Message(&DOUBLE_PARAMETER), slot: 4 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ADD_BROADCASTABLE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.AddBroadcastableLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static ADD_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.AddLayerParams",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ARG_MAX_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ArgMaxLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "removeDim", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ARG_MIN_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ArgMinLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "removeDim", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ARG_SORT_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ArgSortLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "descending", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ARRAY_FEATURE_EXTRACTOR: Message = Message {
    name: "CoreML.Specification.ArrayFeatureExtractor",
    fields: &[
        Field { number: 1, name: "extractIndex", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ARRAY_FEATURE_TYPE: Message = Message {
    name: "CoreML.Specification.ArrayFeatureType",
    fields: &[
        Field { number: 1, name: "shape", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "dataType", label: Label::Single, kind: Kind::Enum, slot: 2 },
        Field { number: 21, name: "enumeratedShapes", label: Label::Single, kind: Kind::Message(&ARRAY_FEATURE_TYPE_ENUMERATED_SHAPES), slot: 0 },
        Field { number: 31, name: "shapeRange", label: Label::Single, kind: Kind::Message(&ARRAY_FEATURE_TYPE_SHAPE_RANGE), slot: 0 },
        Field { number: 41, name: "intDefaultValue", label: Label::Single, kind: Kind::Int32, slot: 1 },
        Field { number: 51, name: "floatDefaultValue", label: Label::Single, kind: Kind::Float, slot: 1 },
        Field { number: 61, name: "doubleDefaultValue", label: Label::Single, kind: Kind::Double, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ARRAY_FEATURE_TYPE_ENUMERATED_SHAPES: Message = Message {
    name: "CoreML.Specification.ArrayFeatureType.EnumeratedShapes",
    fields: &[
        Field { number: 1, name: "shapes", label: Label::Repeated, kind: Kind::Message(&ARRAY_FEATURE_TYPE_SHAPE), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static ARRAY_FEATURE_TYPE_SHAPE: Message = Message {
    name: "CoreML.Specification.ArrayFeatureType.Shape",
    fields: &[
        Field { number: 1, name: "shape", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ARRAY_FEATURE_TYPE_SHAPE_RANGE: Message = Message {
    name: "CoreML.Specification.ArrayFeatureType.ShapeRange",
    fields: &[
        Field { number: 1, name: "sizeRanges", label: Label::Repeated, kind: Kind::Message(&SIZE_RANGE), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static ASIN_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.AsinLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static ASINH_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.AsinhLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static ATAN_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.AtanLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static ATANH_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.AtanhLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static AVERAGE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.AverageLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static BATCHED_MAT_MUL_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.BatchedMatMulLayerParams",
    fields: &[
        Field { number: 1, name: "transposeA", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 2, name: "transposeB", label: Label::Single, kind: Kind::Bool, slot: 1 },
        Field { number: 5, name: "weightMatrixFirstDimension", label: Label::Single, kind: Kind::Uint64, slot: 2 },
        Field { number: 6, name: "weightMatrixSecondDimension", label: Label::Single, kind: Kind::Uint64, slot: 3 },
        Field { number: 7, name: "hasBias", label: Label::Single, kind: Kind::Bool, slot: 4 },
        Field { number: 8, name: "weights", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 5 },
        Field { number: 9, name: "bias", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 6 },
        Field { number: 10, name: "int8DynamicQuantize", label: Label::Single, kind: Kind::Bool, slot: 7 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static BATCHNORM_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.BatchnormLayerParams",
    fields: &[
        Field { number: 1, name: "channels", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 5, name: "computeMeanVar", label: Label::Single, kind: Kind::Bool, slot: 1 },
        Field { number: 6, name: "instanceNormalization", label: Label::Single, kind: Kind::Bool, slot: 2 },
        Field { number: 10, name: "epsilon", label: Label::Single, kind: Kind::Float, slot: 3 },
        Field { number: 15, name: "gamma", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 4 },
        Field { number: 16, name: "beta", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 5 },
        Field { number: 17, name: "mean", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 6 },
        Field { number: 18, name: "variance", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 7 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static BAYESIAN_PROBIT_REGRESSOR: Message = Message {
    name: "CoreML.Specification.BayesianProbitRegressor",
    fields: &[
        Field { number: 1, name: "numberOfFeatures", label: Label::Single, kind: Kind::Uint32, slot: 0 },
        Field { number: 2, name: "bias", label: Label::Single, kind: Kind::Message(&BAYESIAN_PROBIT_REGRESSOR_GAUSSIAN), slot: 1 },
        Field { number: 3, name: "features", label: Label::Repeated, kind: Kind::Message(&BAYESIAN_PROBIT_REGRESSOR_FEATURE_WEIGHT), slot: 0 },
        Field { number: 10, name: "regressionInputFeatureName", label: Label::Single, kind: Kind::String, slot: 2 },
        Field { number: 11, name: "optimismInputFeatureName", label: Label::Single, kind: Kind::String, slot: 3 },
        Field { number: 12, name: "samplingScaleInputFeatureName", label: Label::Single, kind: Kind::String, slot: 4 },
        Field { number: 13, name: "samplingTruncationInputFeatureName", label: Label::Single, kind: Kind::String, slot: 5 },
        Field { number: 20, name: "meanOutputFeatureName", label: Label::Single, kind: Kind::String, slot: 6 },
        Field { number: 21, name: "varianceOutputFeatureName", label: Label::Single, kind: Kind::String, slot: 7 },
        Field { number: 22, name: "pessimisticProbabilityOutputFeatureName", label: Label::Single, kind: Kind::String, slot: 8 },
        Field { number: 23, name: "sampledProbabilityOutputFeatureName", label: Label::Single, kind: Kind::String, slot: 9 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static BAYESIAN_PROBIT_REGRESSOR_FEATURE_VALUE_WEIGHT: Message = Message {
    name: "CoreML.Specification.BayesianProbitRegressor.FeatureValueWeight",
    fields: &[
        Field { number: 1, name: "featureValue", label: Label::Single, kind: Kind::Uint32, slot: 0 },
        Field { number: 2, name: "featureWeight", label: Label::Single, kind: Kind::Message(&BAYESIAN_PROBIT_REGRESSOR_GAUSSIAN), slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static BAYESIAN_PROBIT_REGRESSOR_FEATURE_WEIGHT: Message = Message {
    name: "CoreML.Specification.BayesianProbitRegressor.FeatureWeight",
    fields: &[
        Field { number: 1, name: "featureId", label: Label::Single, kind: Kind::Uint32, slot: 0 },
        Field { number: 2, name: "weights", label: Label::Repeated, kind: Kind::Message(&BAYESIAN_PROBIT_REGRESSOR_FEATURE_VALUE_WEIGHT), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static BAYESIAN_PROBIT_REGRESSOR_GAUSSIAN: Message = Message {
    name: "CoreML.Specification.BayesianProbitRegressor.Gaussian",
    fields: &[
        Field { number: 1, name: "mean", label: Label::Single, kind: Kind::Double, slot: 0 },
        Field { number: 2, name: "precision", label: Label::Single, kind: Kind::Double, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static BI_DIRECTIONAL_LSTM_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.BiDirectionalLSTMLayerParams",
    fields: &[
        Field { number: 1, name: "inputVectorSize", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "outputVectorSize", label: Label::Single, kind: Kind::Uint64, slot: 1 },
        Field { number: 10, name: "activationsForwardLSTM", label: Label::Repeated, kind: Kind::Message(&ACTIVATION_PARAMS), slot: 0 },
        Field { number: 11, name: "activationsBackwardLSTM", label: Label::Repeated, kind: Kind::Message(&ACTIVATION_PARAMS), slot: 1 },
        Field { number: 15, name: "params", label: Label::Single, kind: Kind::Message(&LSTM_PARAMS), slot: 2 },
        Field { number: 20, name: "weightParams", label: Label::Repeated, kind: Kind::Message(&LSTM_WEIGHT_PARAMS), slot: 2 },
    ],
    counters: 3,
    memory: 32,
};

pub(crate) static BIAS_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.BiasLayerParams",
    fields: &[
        Field { number: 1, name: "shape", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "bias", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static BOOL_PARAMETER: Message = Message {
    name: "CoreML.Specification.BoolParameter",
    fields: &[
        Field { number: 1, name: "defaultValue", label: Label::Single, kind: Kind::Bool, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static BORDER_AMOUNTS: Message = Message {
    name: "CoreML.Specification.BorderAmounts",
    fields: &[
        Field { number: 10, name: "borderAmounts", label: Label::Repeated, kind: Kind::Message(&BORDER_AMOUNTS_EDGE_SIZES), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static BORDER_AMOUNTS_EDGE_SIZES: Message = Message {
    name: "CoreML.Specification.BorderAmounts.EdgeSizes",
    fields: &[
        Field { number: 1, name: "startEdgeSize", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "endEdgeSize", label: Label::Single, kind: Kind::Uint64, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static BOX_COORDINATES_MODE: Message = Message {
    name: "CoreML.Specification.BoxCoordinatesMode",
    fields: &[
        Field { number: 1, name: "boxMode", label: Label::Single, kind: Kind::Enum, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static BRANCH_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.BranchLayerParams",
    fields: &[
        Field { number: 1, name: "ifBranch", label: Label::Single, kind: Kind::Message(&NEURAL_NETWORK), slot: 0 },
        Field { number: 2, name: "elseBranch", label: Label::Single, kind: Kind::Message(&NEURAL_NETWORK), slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static BROADCAST_TO_DYNAMIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.BroadcastToDynamicLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static BROADCAST_TO_LIKE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.BroadcastToLikeLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static BROADCAST_TO_STATIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.BroadcastToStaticLayerParams",
    fields: &[
        Field { number: 1, name: "targetShape", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CATEGORICAL_CROSS_ENTROPY_LOSS_LAYER: Message = Message {
    name: "CoreML.Specification.CategoricalCrossEntropyLossLayer",
    fields: &[
        Field { number: 1, name: "input", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "target", label: Label::Single, kind: Kind::String, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CATEGORICAL_DISTRIBUTION_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.CategoricalDistributionLayerParams",
    fields: &[
        Field { number: 1, name: "seed", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "numSamples", label: Label::Single, kind: Kind::Int64, slot: 1 },
        Field { number: 3, name: "isLogits", label: Label::Single, kind: Kind::Bool, slot: 2 },
        Field { number: 4, name: "eps", label: Label::Single, kind: Kind::Float, slot: 3 },
        Field { number: 5, name: "temperature", label: Label::Single, kind: Kind::Float, slot: 4 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CATEGORICAL_MAPPING: Message = Message {
    name: "CoreML.Specification.CategoricalMapping",
    fields: &[
        Field { number: 1, name: "stringToInt64Map", label: Label::Single, kind: Kind::Message(&STRING_TO_INT64_MAP), slot: 0 },
        Field { number: 2, name: "int64ToStringMap", label: Label::Single, kind: Kind::Message(&INT64_TO_STRING_MAP), slot: 0 },
        Field { number: 101, name: "strValue", label: Label::Single, kind: Kind::String, slot: 1 },
        Field { number: 102, name: "int64Value", label: Label::Single, kind: Kind::Int64, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CEIL_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.CeilLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static CLAMPED_RE_LU_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ClampedReLULayerParams",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
        Field { number: 2, name: "beta", label: Label::Single, kind: Kind::Float, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CLASS_CONFIDENCE_THRESHOLDING: Message = Message {
    name: "CoreML.Specification.ClassConfidenceThresholding",
    fields: &[
        Field { number: 100, name: "precisionRecallCurves", label: Label::Repeated, kind: Kind::Message(&PRECISION_RECALL_CURVE), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static CLIP_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ClipLayerParams",
    fields: &[
        Field { number: 1, name: "minVal", label: Label::Single, kind: Kind::Float, slot: 0 },
        Field { number: 2, name: "maxVal", label: Label::Single, kind: Kind::Float, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static COEFFICIENTS: Message = Message {
    name: "CoreML.Specification.Coefficients",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Repeated, kind: Kind::Double, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CONCAT_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ConcatLayerParams",
    fields: &[
        Field { number: 100, name: "sequenceConcat", label: Label::Single, kind: Kind::Bool, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CONCAT_ND_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ConcatNDLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "interleave", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CONSTANT_PADDING_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ConstantPaddingLayerParams",
    fields: &[
        Field { number: 1, name: "value", label: Label::Single, kind: Kind::Float, slot: 0 },
        Field { number: 2, name: "padAmounts", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
        Field { number: 3, name: "padToGivenOutputSizeMode", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CONVOLUTION3_D_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.Convolution3DLayerParams",
    fields: &[
        Field { number: 1, name: "outputChannels", label: Label::Single, kind: Kind::Int32, slot: 0 },
        Field { number: 2, name: "inputChannels", label: Label::Single, kind: Kind::Int32, slot: 1 },
        Field { number: 10, name: "nGroups", label: Label::Single, kind: Kind::Int32, slot: 2 },
        Field { number: 20, name: "kernelDepth", label: Label::Single, kind: Kind::Int32, slot: 3 },
        Field { number: 21, name: "kernelHeight", label: Label::Single, kind: Kind::Int32, slot: 4 },
        Field { number: 22, name: "kernelWidth", label: Label::Single, kind: Kind::Int32, slot: 5 },
        Field { number: 31, name: "strideDepth", label: Label::Single, kind: Kind::Int32, slot: 6 },
        Field { number: 32, name: "strideHeight", label: Label::Single, kind: Kind::Int32, slot: 7 },
        Field { number: 33, name: "strideWidth", label: Label::Single, kind: Kind::Int32, slot: 8 },
        Field { number: 40, name: "dilationDepth", label: Label::Single, kind: Kind::Int32, slot: 9 },
        Field { number: 41, name: "dilationHeight", label: Label::Single, kind: Kind::Int32, slot: 10 },
        Field { number: 42, name: "dilationWidth", label: Label::Single, kind: Kind::Int32, slot: 11 },
        Field { number: 50, name: "hasBias", label: Label::Single, kind: Kind::Bool, slot: 12 },
        Field { number: 60, name: "weights", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 13 },
        Field { number: 61, name: "bias", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 14 },
        Field { number: 70, name: "paddingType", label: Label::Single, kind: Kind::Enum, slot: 15 },
        Field { number: 80, name: "customPaddingFront", label: Label::Single, kind: Kind::Int32, slot: 16 },
        Field { number: 81, name: "customPaddingBack", label: Label::Single, kind: Kind::Int32, slot: 17 },
        Field { number: 82, name: "customPaddingTop", label: Label::Single, kind: Kind::Int32, slot: 18 },
        Field { number: 83, name: "customPaddingBottom", label: Label::Single, kind: Kind::Int32, slot: 19 },
        Field { number: 84, name: "customPaddingLeft", label: Label::Single, kind: Kind::Int32, slot: 20 },
        Field { number: 85, name: "customPaddingRight", label: Label::Single, kind: Kind::Int32, slot: 21 },
        Field { number: 86, name: "isDeconvolution", label: Label::Single, kind: Kind::Bool, slot: 22 },
        Field { number: 87, name: "outputShape", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CONVOLUTION_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ConvolutionLayerParams",
    fields: &[
        Field { number: 1, name: "outputChannels", label: Label::Single, kind: Kind::Uint64, slot: 1 },
        Field { number: 2, name: "kernelChannels", label: Label::Single, kind: Kind::Uint64, slot: 2 },
        Field { number: 10, name: "nGroups", label: Label::Single, kind: Kind::Uint64, slot: 3 },
        Field { number: 20, name: "kernelSize", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
        Field { number: 30, name: "stride", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
        Field { number: 40, name: "dilationFactor", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
        Field { number: 50, name: "valid", label: Label::Single, kind: Kind::Message(&VALID_PADDING), slot: 0 },
        Field { number: 51, name: "same", label: Label::Single, kind: Kind::Message(&SAME_PADDING), slot: 0 },
        Field { number: 60, name: "isDeconvolution", label: Label::Single, kind: Kind::Bool, slot: 4 },
        Field { number: 70, name: "hasBias", label: Label::Single, kind: Kind::Bool, slot: 5 },
        Field { number: 90, name: "weights", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 6 },
        Field { number: 91, name: "bias", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 7 },
        Field { number: 100, name: "outputShape", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static COPY_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.CopyLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static CORE_ML_MODELS_AUDIO_FEATURE_PRINT: Message = Message {
    name: "CoreML.Specification.CoreMLModels.AudioFeaturePrint",
    fields: &[
        Field { number: 20, name: "sound", label: Label::Single, kind: Kind::Message(&CORE_ML_MODELS_AUDIO_FEATURE_PRINT_SOUND), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CORE_ML_MODELS_AUDIO_FEATURE_PRINT_SOUND: Message = Message {
    name: "CoreML.Specification.CoreMLModels.AudioFeaturePrint.Sound",
    fields: &[
        Field { number: 1, name: "version", label: Label::Single, kind: Kind::Enum, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CORE_ML_MODELS_GAZETTEER: Message = Message {
    name: "CoreML.Specification.CoreMLModels.Gazetteer",
    fields: &[
        Field { number: 1, name: "revision", label: Label::Single, kind: Kind::Uint32, slot: 1 },
        Field { number: 10, name: "language", label: Label::Single, kind: Kind::String, slot: 2 },
        Field { number: 100, name: "modelParameterData", label: Label::Single, kind: Kind::Bytes, slot: 3 },
        Field { number: 200, name: "stringClassLabels", label: Label::Single, kind: Kind::Message(&STRING_VECTOR), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CORE_ML_MODELS_SOUND_ANALYSIS_PREPROCESSING: Message = Message {
    name: "CoreML.Specification.CoreMLModels.SoundAnalysisPreprocessing",
    fields: &[
        Field { number: 20, name: "vggish", label: Label::Single, kind: Kind::Message(&CORE_ML_MODELS_SOUND_ANALYSIS_PREPROCESSING_VGGISH), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CORE_ML_MODELS_SOUND_ANALYSIS_PREPROCESSING_VGGISH: Message = Message {
    name: "CoreML.Specification.CoreMLModels.SoundAnalysisPreprocessing.Vggish",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static CORE_ML_MODELS_TEXT_CLASSIFIER: Message = Message {
    name: "CoreML.Specification.CoreMLModels.TextClassifier",
    fields: &[
        Field { number: 1, name: "revision", label: Label::Single, kind: Kind::Uint32, slot: 1 },
        Field { number: 10, name: "language", label: Label::Single, kind: Kind::String, slot: 2 },
        Field { number: 100, name: "modelParameterData", label: Label::Single, kind: Kind::Bytes, slot: 3 },
        Field { number: 200, name: "stringClassLabels", label: Label::Single, kind: Kind::Message(&STRING_VECTOR), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CORE_ML_MODELS_VISION_FEATURE_PRINT: Message = Message {
    name: "CoreML.Specification.CoreMLModels.VisionFeaturePrint",
    fields: &[
        Field { number: 20, name: "scene", label: Label::Single, kind: Kind::Message(&CORE_ML_MODELS_VISION_FEATURE_PRINT_SCENE), slot: 0 },
        Field { number: 21, name: "objects", label: Label::Single, kind: Kind::Message(&CORE_ML_MODELS_VISION_FEATURE_PRINT_OBJECTS), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CORE_ML_MODELS_VISION_FEATURE_PRINT_OBJECTS: Message = Message {
    name: "CoreML.Specification.CoreMLModels.VisionFeaturePrint.Objects",
    fields: &[
        Field { number: 1, name: "version", label: Label::Single, kind: Kind::Enum, slot: 0 },
        Field { number: 100, name: "output", label: Label::Repeated, kind: Kind::String, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CORE_ML_MODELS_VISION_FEATURE_PRINT_SCENE: Message = Message {
    name: "CoreML.Specification.CoreMLModels.VisionFeaturePrint.Scene",
    fields: &[
        Field { number: 1, name: "version", label: Label::Single, kind: Kind::Enum, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CORE_ML_MODELS_WORD_EMBEDDING: Message = Message {
    name: "CoreML.Specification.CoreMLModels.WordEmbedding",
    fields: &[
        Field { number: 1, name: "revision", label: Label::Single, kind: Kind::Uint32, slot: 0 },
        Field { number: 10, name: "language", label: Label::Single, kind: Kind::String, slot: 1 },
        Field { number: 100, name: "modelParameterData", label: Label::Single, kind: Kind::Bytes, slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CORE_ML_MODELS_WORD_TAGGER: Message = Message {
    name: "CoreML.Specification.CoreMLModels.WordTagger",
    fields: &[
        Field { number: 1, name: "revision", label: Label::Single, kind: Kind::Uint32, slot: 1 },
        Field { number: 10, name: "language", label: Label::Single, kind: Kind::String, slot: 2 },
        Field { number: 20, name: "tokensOutputFeatureName", label: Label::Single, kind: Kind::String, slot: 3 },
        Field { number: 21, name: "tokenTagsOutputFeatureName", label: Label::Single, kind: Kind::String, slot: 4 },
        Field { number: 22, name: "tokenLocationsOutputFeatureName", label: Label::Single, kind: Kind::String, slot: 5 },
        Field { number: 23, name: "tokenLengthsOutputFeatureName", label: Label::Single, kind: Kind::String, slot: 6 },
        Field { number: 100, name: "modelParameterData", label: Label::Single, kind: Kind::Bytes, slot: 7 },
        Field { number: 200, name: "stringTags", label: Label::Single, kind: Kind::Message(&STRING_VECTOR), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static COS_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.CosLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static COSH_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.CoshLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static CROP_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.CropLayerParams",
    fields: &[
        Field { number: 1, name: "cropAmounts", label: Label::Single, kind: Kind::Message(&BORDER_AMOUNTS), slot: 0 },
        Field { number: 5, name: "offset", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CROP_RESIZE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.CropResizeLayerParams",
    fields: &[
        Field { number: 1, name: "targetSize", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "normalizedCoordinates", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 3, name: "mode", label: Label::Single, kind: Kind::Message(&SAMPLING_MODE), slot: 1 },
        Field { number: 4, name: "boxIndicesMode", label: Label::Single, kind: Kind::Message(&BOX_COORDINATES_MODE), slot: 2 },
        Field { number: 5, name: "spatialScale", label: Label::Single, kind: Kind::Float, slot: 3 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CUM_SUM_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.CumSumLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "excludeFinalSum", label: Label::Single, kind: Kind::Bool, slot: 1 },
        Field { number: 3, name: "reverse", label: Label::Single, kind: Kind::Bool, slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CUSTOM_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.CustomLayerParams",
    fields: &[
        Field { number: 10, name: "className", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 20, name: "weights", label: Label::Repeated, kind: Kind::Message(&WEIGHT_PARAMS), slot: 0 },
        Field { number: 30, name: "parameters", label: Label::Map, kind: Kind::Message(&CUSTOM_LAYER_PARAMS_PARAMETERS_ENTRY), slot: 1 },
        Field { number: 40, name: "description", label: Label::Single, kind: Kind::String, slot: 1 },
    ],
    counters: 2,
    memory: 32,
};

pub(crate) static CUSTOM_LAYER_PARAMS_CUSTOM_LAYER_PARAM_VALUE: Message = Message {
    name: "CoreML.Specification.CustomLayerParams.CustomLayerParamValue",
    fields: &[
        Field { number: 10, name: "doubleValue", label: Label::Single, kind: Kind::Double, slot: 0 },
        Field { number: 20, name: "stringValue", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 30, name: "intValue", label: Label::Single, kind: Kind::Int32, slot: 0 },
        Field { number: 40, name: "longValue", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 50, name: "boolValue", label: Label::Single, kind: Kind::Bool, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CUSTOM_LAYER_PARAMS_PARAMETERS_ENTRY: Message = Message {
    name: "CoreML.Specification.CustomLayerParams.ParametersEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Message(&CUSTOM_LAYER_PARAMS_CUSTOM_LAYER_PARAM_VALUE), slot: 1 },
    ],
    counters: 0,
    memory: 792,
};

pub(crate) static CUSTOM_MODEL: Message = Message {
    name: "CoreML.Specification.CustomModel",
    fields: &[
        Field { number: 10, name: "className", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 30, name: "parameters", label: Label::Map, kind: Kind::Message(&CUSTOM_MODEL_PARAMETERS_ENTRY), slot: 0 },
        Field { number: 40, name: "description", label: Label::Single, kind: Kind::String, slot: 1 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static CUSTOM_MODEL_CUSTOM_MODEL_PARAM_VALUE: Message = Message {
    name: "CoreML.Specification.CustomModel.CustomModelParamValue",
    fields: &[
        Field { number: 10, name: "doubleValue", label: Label::Single, kind: Kind::Double, slot: 0 },
        Field { number: 20, name: "stringValue", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 30, name: "intValue", label: Label::Single, kind: Kind::Int32, slot: 0 },
        Field { number: 40, name: "longValue", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 50, name: "boolValue", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 60, name: "bytesValue", label: Label::Single, kind: Kind::Bytes, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static CUSTOM_MODEL_PARAMETERS_ENTRY: Message = Message {
    name: "CoreML.Specification.CustomModel.ParametersEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Message(&CUSTOM_MODEL_CUSTOM_MODEL_PARAM_VALUE), slot: 1 },
    ],
    counters: 0,
    memory: 792,
};

pub(crate) static DENSE_SUPPORT_VECTORS: Message = Message {
    name: "CoreML.Specification.DenseSupportVectors",
    fields: &[
        Field { number: 1, name: "vectors", label: Label::Repeated, kind: Kind::Message(&DENSE_VECTOR), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static DENSE_VECTOR: Message = Message {
    name: "CoreML.Specification.DenseVector",
    fields: &[
        Field { number: 1, name: "values", label: Label::Repeated, kind: Kind::Double, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static DICT_VECTORIZER: Message = Message {
    name: "CoreML.Specification.DictVectorizer",
    fields: &[
        Field { number: 1, name: "stringToIndex", label: Label::Single, kind: Kind::Message(&STRING_VECTOR), slot: 0 },
        Field { number: 2, name: "int64ToIndex", label: Label::Single, kind: Kind::Message(&INT64_VECTOR), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static DICTIONARY_FEATURE_TYPE: Message = Message {
    name: "CoreML.Specification.DictionaryFeatureType",
    fields: &[
        Field { number: 1, name: "int64KeyType", label: Label::Single, kind: Kind::Message(&INT64_FEATURE_TYPE), slot: 0 },
        Field { number: 2, name: "stringKeyType", label: Label::Single, kind: Kind::Message(&STRING_FEATURE_TYPE), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static DIVIDE_BROADCASTABLE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.DivideBroadcastableLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static DOT_PRODUCT_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.DotProductLayerParams",
    fields: &[
        Field { number: 1, name: "cosineSimilarity", label: Label::Single, kind: Kind::Bool, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static DOUBLE_FEATURE_TYPE: Message = Message {
    name: "CoreML.Specification.DoubleFeatureType",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static DOUBLE_PARAMETER: Message = Message {
    name: "CoreML.Specification.DoubleParameter",
    fields: &[
        Field { number: 1, name: "defaultValue", label: Label::Single, kind: Kind::Double, slot: 1 },
        Field { number: 10, name: "range", label: Label::Single, kind: Kind::Message(&DOUBLE_RANGE), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static DOUBLE_RANGE: Message = Message {
    name: "CoreML.Specification.DoubleRange",
    fields: &[
        Field { number: 1, name: "minValue", label: Label::Single, kind: Kind::Double, slot: 0 },
        Field { number: 2, name: "maxValue", label: Label::Single, kind: Kind::Double, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static DOUBLE_VECTOR: Message = Message {
    name: "CoreML.Specification.DoubleVector",
    fields: &[
        Field { number: 1, name: "vector", label: Label::Repeated, kind: Kind::Double, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static EMBEDDING_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.EmbeddingLayerParams",
    fields: &[
        Field { number: 1, name: "inputDim", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "outputChannels", label: Label::Single, kind: Kind::Uint64, slot: 1 },
        Field { number: 10, name: "hasBias", label: Label::Single, kind: Kind::Bool, slot: 2 },
        Field { number: 20, name: "weights", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 3 },
        Field { number: 21, name: "bias", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 4 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static EMBEDDING_ND_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.EmbeddingNDLayerParams",
    fields: &[
        Field { number: 1, name: "vocabSize", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "embeddingSize", label: Label::Single, kind: Kind::Uint64, slot: 1 },
        Field { number: 3, name: "hasBias", label: Label::Single, kind: Kind::Bool, slot: 2 },
        Field { number: 20, name: "weights", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 3 },
        Field { number: 21, name: "bias", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 4 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static EQUAL_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.EqualLayerParams",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ERF_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ErfLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static EXP2_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.Exp2LayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static EXPAND_DIMS_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ExpandDimsLayerParams",
    fields: &[
        Field { number: 1, name: "axes", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static FEATURE_DESCRIPTION: Message = Message {
    name: "CoreML.Specification.FeatureDescription",
    fields: &[
        Field { number: 1, name: "name", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "shortDescription", label: Label::Single, kind: Kind::String, slot: 1 },
        Field { number: 3, name: "type", label: Label::Single, kind: Kind::Message(&FEATURE_TYPE), slot: 2 },
    ],
    counters: 0,
    memory: 384,
};

pub(crate) static FEATURE_TYPE: Message = Message {
    name: "CoreML.Specification.FeatureType",
    fields: &[
        Field { number: 1, name: "int64Type", label: Label::Single, kind: Kind::Message(&INT64_FEATURE_TYPE), slot: 0 },
        Field { number: 2, name: "doubleType", label: Label::Single, kind: Kind::Message(&DOUBLE_FEATURE_TYPE), slot: 0 },
        Field { number: 3, name: "stringType", label: Label::Single, kind: Kind::Message(&STRING_FEATURE_TYPE), slot: 0 },
        Field { number: 4, name: "imageType", label: Label::Single, kind: Kind::Message(&IMAGE_FEATURE_TYPE), slot: 0 },
        Field { number: 5, name: "multiArrayType", label: Label::Single, kind: Kind::Message(&ARRAY_FEATURE_TYPE), slot: 0 },
        Field { number: 6, name: "dictionaryType", label: Label::Single, kind: Kind::Message(&DICTIONARY_FEATURE_TYPE), slot: 0 },
        Field { number: 7, name: "sequenceType", label: Label::Single, kind: Kind::Message(&SEQUENCE_FEATURE_TYPE), slot: 0 },
        Field { number: 8, name: "stateType", label: Label::Single, kind: Kind::Message(&STATE_FEATURE_TYPE), slot: 0 },
        Field { number: 1000, name: "isOptional", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static FEATURE_VECTORIZER: Message = Message {
    name: "CoreML.Specification.FeatureVectorizer",
    fields: &[
        Field { number: 1, name: "inputList", label: Label::Repeated, kind: Kind::Message(&FEATURE_VECTORIZER_INPUT_COLUMN), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static FEATURE_VECTORIZER_INPUT_COLUMN: Message = Message {
    name: "CoreML.Specification.FeatureVectorizer.InputColumn",
    fields: &[
        Field { number: 1, name: "inputColumn", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "inputDimensions", label: Label::Single, kind: Kind::Uint64, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static FILL_DYNAMIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.FillDynamicLayerParams",
    fields: &[
        Field { number: 1, name: "value", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static FILL_LIKE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.FillLikeLayerParams",
    fields: &[
        Field { number: 1, name: "value", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static FILL_STATIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.FillStaticLayerParams",
    fields: &[
        Field { number: 1, name: "value", label: Label::Single, kind: Kind::Float, slot: 0 },
        Field { number: 2, name: "targetShape", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static FLATTEN_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.FlattenLayerParams",
    fields: &[
        Field { number: 1, name: "mode", label: Label::Single, kind: Kind::Enum, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static FLATTEN_TO2_D_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.FlattenTo2DLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static FLOAT_VECTOR: Message = Message {
    name: "CoreML.Specification.FloatVector",
    fields: &[
        Field { number: 1, name: "vector", label: Label::Repeated, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static FLOOR_DIV_BROADCASTABLE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.FloorDivBroadcastableLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static FLOOR_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.FloorLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static FUNCTION_DESCRIPTION: Message = Message {
    name: "CoreML.Specification.FunctionDescription",
    fields: &[
        Field { number: 1, name: "name", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "input", label: Label::Repeated, kind: Kind::Message(&FEATURE_DESCRIPTION), slot: 0 },
        Field { number: 3, name: "output", label: Label::Repeated, kind: Kind::Message(&FEATURE_DESCRIPTION), slot: 1 },
        Field { number: 4, name: "predictedFeatureName", label: Label::Single, kind: Kind::String, slot: 1 },
        Field { number: 5, name: "predictedProbabilitiesName", label: Label::Single, kind: Kind::String, slot: 2 },
        Field { number: 6, name: "state", label: Label::Repeated, kind: Kind::Message(&FEATURE_DESCRIPTION), slot: 2 },
    ],
    counters: 3,
    memory: 512,
};

pub(crate) static GLM_CLASSIFIER: Message = Message {
    name: "CoreML.Specification.GLMClassifier",
    fields: &[
        Field { number: 1, name: "weights", label: Label::Repeated, kind: Kind::Message(&GLM_CLASSIFIER_DOUBLE_ARRAY), slot: 0 },
        Field { number: 2, name: "offset", label: Label::Repeated, kind: Kind::Double, slot: 0 },
        Field { number: 3, name: "postEvaluationTransform", label: Label::Single, kind: Kind::Enum, slot: 1 },
        Field { number: 4, name: "classEncoding", label: Label::Single, kind: Kind::Enum, slot: 2 },
        Field { number: 100, name: "stringClassLabels", label: Label::Single, kind: Kind::Message(&STRING_VECTOR), slot: 0 },
        Field { number: 101, name: "int64ClassLabels", label: Label::Single, kind: Kind::Message(&INT64_VECTOR), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static GLM_CLASSIFIER_DOUBLE_ARRAY: Message = Message {
    name: "CoreML.Specification.GLMClassifier.DoubleArray",
    fields: &[
        Field { number: 1, name: "value", label: Label::Repeated, kind: Kind::Double, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static GLM_REGRESSOR: Message = Message {
    name: "CoreML.Specification.GLMRegressor",
    fields: &[
        Field { number: 1, name: "weights", label: Label::Repeated, kind: Kind::Message(&GLM_REGRESSOR_DOUBLE_ARRAY), slot: 0 },
        Field { number: 2, name: "offset", label: Label::Repeated, kind: Kind::Double, slot: 0 },
        Field { number: 3, name: "postEvaluationTransform", label: Label::Single, kind: Kind::Enum, slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static GLM_REGRESSOR_DOUBLE_ARRAY: Message = Message {
    name: "CoreML.Specification.GLMRegressor.DoubleArray",
    fields: &[
        Field { number: 1, name: "value", label: Label::Repeated, kind: Kind::Double, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static GRU_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.GRULayerParams",
    fields: &[
        Field { number: 1, name: "inputVectorSize", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "outputVectorSize", label: Label::Single, kind: Kind::Uint64, slot: 1 },
        Field { number: 10, name: "activations", label: Label::Repeated, kind: Kind::Message(&ACTIVATION_PARAMS), slot: 0 },
        Field { number: 15, name: "sequenceOutput", label: Label::Single, kind: Kind::Bool, slot: 2 },
        Field { number: 20, name: "hasBiasVectors", label: Label::Single, kind: Kind::Bool, slot: 3 },
        Field { number: 30, name: "updateGateWeightMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 4 },
        Field { number: 31, name: "resetGateWeightMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 5 },
        Field { number: 32, name: "outputGateWeightMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 6 },
        Field { number: 50, name: "updateGateRecursionMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 7 },
        Field { number: 51, name: "resetGateRecursionMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 8 },
        Field { number: 52, name: "outputGateRecursionMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 9 },
        Field { number: 70, name: "updateGateBiasVector", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 10 },
        Field { number: 71, name: "resetGateBiasVector", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 11 },
        Field { number: 72, name: "outputGateBiasVector", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 12 },
        Field { number: 100, name: "reverseInput", label: Label::Single, kind: Kind::Bool, slot: 13 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static GATHER_ALONG_AXIS_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.GatherAlongAxisLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static GATHER_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.GatherLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static GATHER_ND_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.GatherNDLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static GELU_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.GeluLayerParams",
    fields: &[
        Field { number: 1, name: "mode", label: Label::Single, kind: Kind::Enum, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static GET_SHAPE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.GetShapeLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static GLOBAL_POOLING3_D_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.GlobalPooling3DLayerParams",
    fields: &[
        Field { number: 1, name: "type", label: Label::Single, kind: Kind::Enum, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static GREATER_EQUAL_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.GreaterEqualLayerParams",
    fields: &[
        Field { number: 2, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static GREATER_THAN_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.GreaterThanLayerParams",
    fields: &[
        Field { number: 2, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static IDENTITY: Message = Message {
    name: "CoreML.Specification.Identity",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static IMAGE_FEATURE_TYPE: Message = Message {
    name: "CoreML.Specification.ImageFeatureType",
    fields: &[
        Field { number: 1, name: "width", label: Label::Single, kind: Kind::Int64, slot: 1 },
        Field { number: 2, name: "height", label: Label::Single, kind: Kind::Int64, slot: 2 },
        Field { number: 3, name: "colorSpace", label: Label::Single, kind: Kind::Enum, slot: 3 },
        Field { number: 21, name: "enumeratedSizes", label: Label::Single, kind: Kind::Message(&IMAGE_FEATURE_TYPE_ENUMERATED_IMAGE_SIZES), slot: 0 },
        Field { number: 31, name: "imageSizeRange", label: Label::Single, kind: Kind::Message(&IMAGE_FEATURE_TYPE_IMAGE_SIZE_RANGE), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static IMAGE_FEATURE_TYPE_ENUMERATED_IMAGE_SIZES: Message = Message {
    name: "CoreML.Specification.ImageFeatureType.EnumeratedImageSizes",
    fields: &[
        Field { number: 1, name: "sizes", label: Label::Repeated, kind: Kind::Message(&IMAGE_FEATURE_TYPE_IMAGE_SIZE), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static IMAGE_FEATURE_TYPE_IMAGE_SIZE: Message = Message {
    name: "CoreML.Specification.ImageFeatureType.ImageSize",
    fields: &[
        Field { number: 1, name: "width", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "height", label: Label::Single, kind: Kind::Uint64, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static IMAGE_FEATURE_TYPE_IMAGE_SIZE_RANGE: Message = Message {
    name: "CoreML.Specification.ImageFeatureType.ImageSizeRange",
    fields: &[
        Field { number: 1, name: "widthRange", label: Label::Single, kind: Kind::Message(&SIZE_RANGE), slot: 0 },
        Field { number: 2, name: "heightRange", label: Label::Single, kind: Kind::Message(&SIZE_RANGE), slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static IMPUTER: Message = Message {
    name: "CoreML.Specification.Imputer",
    fields: &[
        Field { number: 1, name: "imputedDoubleValue", label: Label::Single, kind: Kind::Double, slot: 0 },
        Field { number: 2, name: "imputedInt64Value", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 3, name: "imputedStringValue", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 4, name: "imputedDoubleArray", label: Label::Single, kind: Kind::Message(&DOUBLE_VECTOR), slot: 0 },
        Field { number: 5, name: "imputedInt64Array", label: Label::Single, kind: Kind::Message(&INT64_VECTOR), slot: 0 },
        Field { number: 6, name: "imputedStringDictionary", label: Label::Single, kind: Kind::Message(&STRING_TO_DOUBLE_MAP), slot: 0 },
        Field { number: 7, name: "imputedInt64Dictionary", label: Label::Single, kind: Kind::Message(&INT64_TO_DOUBLE_MAP), slot: 0 },
        Field { number: 11, name: "replaceDoubleValue", label: Label::Single, kind: Kind::Double, slot: 1 },
        Field { number: 12, name: "replaceInt64Value", label: Label::Single, kind: Kind::Int64, slot: 1 },
        Field { number: 13, name: "replaceStringValue", label: Label::Single, kind: Kind::String, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static INNER_PRODUCT_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.InnerProductLayerParams",
    fields: &[
        Field { number: 1, name: "inputChannels", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "outputChannels", label: Label::Single, kind: Kind::Uint64, slot: 1 },
        Field { number: 10, name: "hasBias", label: Label::Single, kind: Kind::Bool, slot: 2 },
        Field { number: 20, name: "weights", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 3 },
        Field { number: 21, name: "bias", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 4 },
        Field { number: 22, name: "int8DynamicQuantize", label: Label::Single, kind: Kind::Bool, slot: 5 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static INT64_FEATURE_TYPE: Message = Message {
    name: "CoreML.Specification.Int64FeatureType",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static INT64_PARAMETER: Message = Message {
    name: "CoreML.Specification.Int64Parameter",
    fields: &[
        Field { number: 1, name: "defaultValue", label: Label::Single, kind: Kind::Int64, slot: 1 },
        Field { number: 10, name: "range", label: Label::Single, kind: Kind::Message(&INT64_RANGE), slot: 0 },
        Field { number: 11, name: "set", label: Label::Single, kind: Kind::Message(&INT64_SET), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static INT64_RANGE: Message = Message {
    name: "CoreML.Specification.Int64Range",
    fields: &[
        Field { number: 1, name: "minValue", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "maxValue", label: Label::Single, kind: Kind::Int64, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static INT64_SET: Message = Message {
    name: "CoreML.Specification.Int64Set",
    fields: &[
        Field { number: 1, name: "values", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static INT64_TO_DOUBLE_MAP: Message = Message {
    name: "CoreML.Specification.Int64ToDoubleMap",
    fields: &[
        Field { number: 1, name: "map", label: Label::Map, kind: Kind::Message(&INT64_TO_DOUBLE_MAP_MAP_ENTRY), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static INT64_TO_DOUBLE_MAP_MAP_ENTRY: Message = Message {
    name: "CoreML.Specification.Int64ToDoubleMap.MapEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Double, slot: 1 },
    ],
    counters: 0,
    memory: 792,
};

pub(crate) static INT64_TO_STRING_MAP: Message = Message {
    name: "CoreML.Specification.Int64ToStringMap",
    fields: &[
        Field { number: 1, name: "map", label: Label::Map, kind: Kind::Message(&INT64_TO_STRING_MAP_MAP_ENTRY), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static INT64_TO_STRING_MAP_MAP_ENTRY: Message = Message {
    name: "CoreML.Specification.Int64ToStringMap.MapEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::String, slot: 1 },
    ],
    counters: 0,
    memory: 792,
};

pub(crate) static INT64_VECTOR: Message = Message {
    name: "CoreML.Specification.Int64Vector",
    fields: &[
        Field { number: 1, name: "vector", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static INVERSE_DISTANCE_WEIGHTING: Message = Message {
    name: "CoreML.Specification.InverseDistanceWeighting",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static ITEM_SIMILARITY_RECOMMENDER: Message = Message {
    name: "CoreML.Specification.ItemSimilarityRecommender",
    fields: &[
        Field { number: 1, name: "itemItemSimilarities", label: Label::Repeated, kind: Kind::Message(&ITEM_SIMILARITY_RECOMMENDER_SIMILAR_ITEMS), slot: 0 },
        Field { number: 2, name: "itemStringIds", label: Label::Single, kind: Kind::Message(&STRING_VECTOR), slot: 0 },
        Field { number: 3, name: "itemInt64Ids", label: Label::Single, kind: Kind::Message(&INT64_VECTOR), slot: 1 },
        Field { number: 10, name: "itemInputFeatureName", label: Label::Single, kind: Kind::String, slot: 2 },
        Field { number: 11, name: "numRecommendationsInputFeatureName", label: Label::Single, kind: Kind::String, slot: 3 },
        Field { number: 12, name: "itemRestrictionInputFeatureName", label: Label::Single, kind: Kind::String, slot: 4 },
        Field { number: 13, name: "itemExclusionInputFeatureName", label: Label::Single, kind: Kind::String, slot: 5 },
        Field { number: 20, name: "recommendedItemListOutputFeatureName", label: Label::Single, kind: Kind::String, slot: 6 },
        Field { number: 21, name: "recommendedItemScoreOutputFeatureName", label: Label::Single, kind: Kind::String, slot: 7 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static ITEM_SIMILARITY_RECOMMENDER_CONNECTED_ITEM: Message = Message {
    name: "CoreML.Specification.ItemSimilarityRecommender.ConnectedItem",
    fields: &[
        Field { number: 1, name: "itemId", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "similarityScore", label: Label::Single, kind: Kind::Double, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ITEM_SIMILARITY_RECOMMENDER_SIMILAR_ITEMS: Message = Message {
    name: "CoreML.Specification.ItemSimilarityRecommender.SimilarItems",
    fields: &[
        Field { number: 1, name: "itemId", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "similarItemList", label: Label::Repeated, kind: Kind::Message(&ITEM_SIMILARITY_RECOMMENDER_CONNECTED_ITEM), slot: 0 },
        Field { number: 3, name: "itemScoreAdjustment", label: Label::Single, kind: Kind::Double, slot: 1 },
    ],
    counters: 1,
    memory: 64,
};

pub(crate) static K_NEAREST_NEIGHBORS_CLASSIFIER: Message = Message {
    name: "CoreML.Specification.KNearestNeighborsClassifier",
    fields: &[
        Field { number: 1, name: "nearestNeighborsIndex", label: Label::Single, kind: Kind::Message(&NEAREST_NEIGHBORS_INDEX), slot: 3 },
        Field { number: 3, name: "numberOfNeighbors", label: Label::Single, kind: Kind::Message(&INT64_PARAMETER), slot: 4 },
        Field { number: 100, name: "stringClassLabels", label: Label::Single, kind: Kind::Message(&STRING_VECTOR), slot: 0 },
        Field { number: 101, name: "int64ClassLabels", label: Label::Single, kind: Kind::Message(&INT64_VECTOR), slot: 0 },
        Field { number: 110, name: "defaultStringLabel", label: Label::Single, kind: Kind::String, slot: 1 },
        Field { number: 111, name: "defaultInt64Label", label: Label::Single, kind: Kind::Int64, slot: 1 },
        Field { number: 200, name: "uniformWeighting", label: Label::Single, kind: Kind::Message(&UNIFORM_WEIGHTING), slot: 2 },
        Field { number: 210, name: "inverseDistanceWeighting", label: Label::Single, kind: Kind::Message(&INVERSE_DISTANCE_WEIGHTING), slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static KERNEL: Message = Message {
    name: "CoreML.Specification.Kernel",
    fields: &[
        Field { number: 1, name: "linearKernel", label: Label::Single, kind: Kind::Message(&LINEAR_KERNEL), slot: 0 },
        Field { number: 2, name: "rbfKernel", label: Label::Single, kind: Kind::Message(&RBF_KERNEL), slot: 0 },
        Field { number: 3, name: "polyKernel", label: Label::Single, kind: Kind::Message(&POLY_KERNEL), slot: 0 },
        Field { number: 4, name: "sigmoidKernel", label: Label::Single, kind: Kind::Message(&SIGMOID_KERNEL), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static L2_NORMALIZE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.L2NormalizeLayerParams",
    fields: &[
        Field { number: 1, name: "epsilon", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static LRN_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.LRNLayerParams",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
        Field { number: 2, name: "beta", label: Label::Single, kind: Kind::Float, slot: 1 },
        Field { number: 3, name: "localSize", label: Label::Single, kind: Kind::Uint64, slot: 2 },
        Field { number: 4, name: "k", label: Label::Single, kind: Kind::Float, slot: 3 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static LSTM_PARAMS: Message = Message {
    name: "CoreML.Specification.LSTMParams",
    fields: &[
        Field { number: 10, name: "sequenceOutput", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 20, name: "hasBiasVectors", label: Label::Single, kind: Kind::Bool, slot: 1 },
        Field { number: 30, name: "forgetBias", label: Label::Single, kind: Kind::Bool, slot: 2 },
        Field { number: 40, name: "hasPeepholeVectors", label: Label::Single, kind: Kind::Bool, slot: 3 },
        Field { number: 50, name: "coupledInputAndForgetGate", label: Label::Single, kind: Kind::Bool, slot: 4 },
        Field { number: 60, name: "cellClipThreshold", label: Label::Single, kind: Kind::Float, slot: 5 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static LSTM_WEIGHT_PARAMS: Message = Message {
    name: "CoreML.Specification.LSTMWeightParams",
    fields: &[
        Field { number: 1, name: "inputGateWeightMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 0 },
        Field { number: 2, name: "forgetGateWeightMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 1 },
        Field { number: 3, name: "blockInputWeightMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 2 },
        Field { number: 4, name: "outputGateWeightMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 3 },
        Field { number: 20, name: "inputGateRecursionMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 4 },
        Field { number: 21, name: "forgetGateRecursionMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 5 },
        Field { number: 22, name: "blockInputRecursionMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 6 },
        Field { number: 23, name: "outputGateRecursionMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 7 },
        Field { number: 40, name: "inputGateBiasVector", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 8 },
        Field { number: 41, name: "forgetGateBiasVector", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 9 },
        Field { number: 42, name: "blockInputBiasVector", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 10 },
        Field { number: 43, name: "outputGateBiasVector", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 11 },
        Field { number: 60, name: "inputGatePeepholeVector", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 12 },
        Field { number: 61, name: "forgetGatePeepholeVector", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 13 },
        Field { number: 62, name: "outputGatePeepholeVector", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 14 },
    ],
    counters: 0,
    memory: 3360,
};

pub(crate) static LAYER_NORMALIZATION_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.LayerNormalizationLayerParams",
    fields: &[
        Field { number: 1, name: "normalizedShape", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "eps", label: Label::Single, kind: Kind::Float, slot: 0 },
        Field { number: 3, name: "gamma", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 1 },
        Field { number: 4, name: "beta", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static LESS_EQUAL_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.LessEqualLayerParams",
    fields: &[
        Field { number: 2, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static LESS_THAN_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.LessThanLayerParams",
    fields: &[
        Field { number: 2, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static LINEAR_INDEX: Message = Message {
    name: "CoreML.Specification.LinearIndex",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static LINEAR_KERNEL: Message = Message {
    name: "CoreML.Specification.LinearKernel",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static LINEAR_QUANTIZATION_PARAMS: Message = Message {
    name: "CoreML.Specification.LinearQuantizationParams",
    fields: &[
        Field { number: 1, name: "scale", label: Label::Repeated, kind: Kind::Float, slot: 0 },
        Field { number: 2, name: "bias", label: Label::Repeated, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static LINKED_MODEL: Message = Message {
    name: "CoreML.Specification.LinkedModel",
    fields: &[
        Field { number: 1, name: "linkedModelFile", label: Label::Single, kind: Kind::Message(&LINKED_MODEL_FILE), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static LINKED_MODEL_FILE: Message = Message {
    name: "CoreML.Specification.LinkedModelFile",
    fields: &[
        Field { number: 1, name: "linkedModelFileName", label: Label::Single, kind: Kind::Message(&STRING_PARAMETER), slot: 0 },
        Field { number: 2, name: "linkedModelSearchPath", label: Label::Single, kind: Kind::Message(&STRING_PARAMETER), slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static LOAD_CONSTANT_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.LoadConstantLayerParams",
    fields: &[
        Field { number: 1, name: "shape", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "data", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static LOAD_CONSTANT_ND_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.LoadConstantNDLayerParams",
    fields: &[
        Field { number: 1, name: "shape", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "data", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static LOGICAL_AND_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.LogicalAndLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static LOGICAL_NOT_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.LogicalNotLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static LOGICAL_OR_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.LogicalOrLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static LOGICAL_XOR_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.LogicalXorLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static LOOK_UP_TABLE_QUANTIZATION_PARAMS: Message = Message {
    name: "CoreML.Specification.LookUpTableQuantizationParams",
    fields: &[
        Field { number: 1, name: "floatValue", label: Label::Repeated, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static LOOP_BREAK_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.LoopBreakLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static LOOP_CONTINUE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.LoopContinueLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static LOOP_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.LoopLayerParams",
    fields: &[
        Field { number: 1, name: "maxLoopIterations", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "conditionVar", label: Label::Single, kind: Kind::String, slot: 1 },
        Field { number: 3, name: "conditionNetwork", label: Label::Single, kind: Kind::Message(&NEURAL_NETWORK), slot: 2 },
        Field { number: 4, name: "bodyNetwork", label: Label::Single, kind: Kind::Message(&NEURAL_NETWORK), slot: 3 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static LOSS_LAYER: Message = Message {
    name: "CoreML.Specification.LossLayer",
    fields: &[
        Field { number: 1, name: "name", label: Label::Single, kind: Kind::String, slot: 1 },
        Field { number: 10, name: "categoricalCrossEntropyLossLayer", label: Label::Single, kind: Kind::Message(&CATEGORICAL_CROSS_ENTROPY_LOSS_LAYER), slot: 0 },
        Field { number: 11, name: "meanSquaredErrorLossLayer", label: Label::Single, kind: Kind::Message(&MEAN_SQUARED_ERROR_LOSS_LAYER), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static LOWER_TRIANGULAR_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.LowerTriangularLayerParams",
    fields: &[
        Field { number: 1, name: "k", label: Label::Single, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static MIL_SPEC_ARGUMENT: Message = Message {
    name: "CoreML.Specification.MILSpec.Argument",
    fields: &[
        Field { number: 1, name: "arguments", label: Label::Repeated, kind: Kind::Message(&MIL_SPEC_ARGUMENT_BINDING), slot: 0 },
    ],
    counters: 1,
    memory: 0,
};

pub(crate) static MIL_SPEC_ARGUMENT_BINDING: Message = Message {
    name: "CoreML.Specification.MILSpec.Argument.Binding",
    fields: &[
        Field { number: 1, name: "name", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE), slot: 0 },
    ],
    counters: 0,
    memory: 96,
};

pub(crate) static MIL_SPEC_BLOCK: Message = Message {
    name: "CoreML.Specification.MILSpec.Block",
    fields: &[
        Field { number: 1, name: "inputs", label: Label::Repeated, kind: Kind::Message(&MIL_SPEC_NAMED_VALUE_TYPE), slot: 0 },
        Field { number: 2, name: "outputs", label: Label::Repeated, kind: Kind::String, slot: 0 },
        Field { number: 3, name: "operations", label: Label::Repeated, kind: Kind::Message(&MIL_SPEC_OPERATION), slot: 1 },
        Field { number: 4, name: "attributes", label: Label::Map, kind: Kind::Message(&MIL_SPEC_BLOCK_ATTRIBUTES_ENTRY), slot: 2 },
    ],
    counters: 3,
    memory: 256,
};

pub(crate) static MIL_SPEC_BLOCK_ATTRIBUTES_ENTRY: Message = Message {
    name: "CoreML.Specification.MILSpec.Block.AttributesEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE), slot: 1 },
    ],
    counters: 0,
    memory: 792,
};

pub(crate) static MIL_SPEC_DICTIONARY_TYPE: Message = Message {
    name: "CoreML.Specification.MILSpec.DictionaryType",
    fields: &[
        Field { number: 1, name: "keyType", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE_TYPE), slot: 0 },
        Field { number: 2, name: "valueType", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE_TYPE), slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static MIL_SPEC_DICTIONARY_VALUE: Message = Message {
    name: "CoreML.Specification.MILSpec.DictionaryValue",
    fields: &[
        Field { number: 1, name: "values", label: Label::Repeated, kind: Kind::Message(&MIL_SPEC_DICTIONARY_VALUE_KEY_VALUE_PAIR), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static MIL_SPEC_DICTIONARY_VALUE_KEY_VALUE_PAIR: Message = Message {
    name: "CoreML.Specification.MILSpec.DictionaryValue.KeyValuePair",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE), slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE), slot: 1 },
    ],
    counters: 0,
    memory: 160,
};

pub(crate) static MIL_SPEC_DIMENSION: Message = Message {
    name: "CoreML.Specification.MILSpec.Dimension",
    fields: &[
        Field { number: 1, name: "constant", label: Label::Single, kind: Kind::Message(&MIL_SPEC_DIMENSION_CONSTANT_DIMENSION), slot: 0 },
        Field { number: 2, name: "unknown", label: Label::Single, kind: Kind::Message(&MIL_SPEC_DIMENSION_UNKNOWN_DIMENSION), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static MIL_SPEC_DIMENSION_CONSTANT_DIMENSION: Message = Message {
    name: "CoreML.Specification.MILSpec.Dimension.ConstantDimension",
    fields: &[
        Field { number: 1, name: "size", label: Label::Single, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 0,
};

pub(crate) static MIL_SPEC_DIMENSION_UNKNOWN_DIMENSION: Message = Message {
    name: "CoreML.Specification.MILSpec.Dimension.UnknownDimension",
    fields: &[
        Field { number: 1, name: "variadic", label: Label::Single, kind: Kind::Bool, slot: 0 },
    ],
    counters: 0,
    memory: 0,
};

pub(crate) static MIL_SPEC_FUNCTION: Message = Message {
    name: "CoreML.Specification.MILSpec.Function",
    fields: &[
        Field { number: 1, name: "inputs", label: Label::Repeated, kind: Kind::Message(&MIL_SPEC_NAMED_VALUE_TYPE), slot: 0 },
        Field { number: 2, name: "opset", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 3, name: "block_specializations", label: Label::Map, kind: Kind::Message(&MIL_SPEC_FUNCTION_BLOCK_SPECIALIZATIONS_ENTRY), slot: 1 },
        Field { number: 4, name: "attributes", label: Label::Map, kind: Kind::Message(&MIL_SPEC_FUNCTION_ATTRIBUTES_ENTRY), slot: 2 },
    ],
    counters: 3,
    memory: 512,
};

pub(crate) static MIL_SPEC_FUNCTION_ATTRIBUTES_ENTRY: Message = Message {
    name: "CoreML.Specification.MILSpec.Function.AttributesEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE), slot: 1 },
    ],
    counters: 0,
    memory: 792,
};

pub(crate) static MIL_SPEC_FUNCTION_BLOCK_SPECIALIZATIONS_ENTRY: Message = Message {
    name: "CoreML.Specification.MILSpec.Function.BlockSpecializationsEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Message(&MIL_SPEC_BLOCK), slot: 1 },
    ],
    counters: 0,
    memory: 792,
};

pub(crate) static MIL_SPEC_LIST_TYPE: Message = Message {
    name: "CoreML.Specification.MILSpec.ListType",
    fields: &[
        Field { number: 1, name: "type", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE_TYPE), slot: 0 },
        Field { number: 2, name: "length", label: Label::Single, kind: Kind::Message(&MIL_SPEC_DIMENSION), slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static MIL_SPEC_LIST_VALUE: Message = Message {
    name: "CoreML.Specification.MILSpec.ListValue",
    fields: &[
        Field { number: 1, name: "values", label: Label::Repeated, kind: Kind::Message(&MIL_SPEC_VALUE), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static MIL_SPEC_NAMED_VALUE_TYPE: Message = Message {
    name: "CoreML.Specification.MILSpec.NamedValueType",
    fields: &[
        Field { number: 1, name: "name", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "type", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE_TYPE), slot: 1 },
    ],
    counters: 0,
    memory: 112,
};

pub(crate) static MIL_SPEC_OPERATION: Message = Message {
    name: "CoreML.Specification.MILSpec.Operation",
    fields: &[
        Field { number: 1, name: "type", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "inputs", label: Label::Map, kind: Kind::Message(&MIL_SPEC_OPERATION_INPUTS_ENTRY), slot: 0 },
        Field { number: 3, name: "outputs", label: Label::Repeated, kind: Kind::Message(&MIL_SPEC_NAMED_VALUE_TYPE), slot: 1 },
        Field { number: 4, name: "blocks", label: Label::Repeated, kind: Kind::Message(&MIL_SPEC_BLOCK), slot: 2 },
        Field { number: 5, name: "attributes", label: Label::Map, kind: Kind::Message(&MIL_SPEC_OPERATION_ATTRIBUTES_ENTRY), slot: 3 },
    ],
    counters: 4,
    memory: 288,
};

pub(crate) static MIL_SPEC_OPERATION_ATTRIBUTES_ENTRY: Message = Message {
    name: "CoreML.Specification.MILSpec.Operation.AttributesEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE), slot: 1 },
    ],
    counters: 0,
    memory: 48,
};

pub(crate) static MIL_SPEC_OPERATION_INPUTS_ENTRY: Message = Message {
    name: "CoreML.Specification.MILSpec.Operation.InputsEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Message(&MIL_SPEC_ARGUMENT), slot: 1 },
    ],
    counters: 0,
    memory: 48,
};

pub(crate) static MIL_SPEC_PROGRAM: Message = Message {
    name: "CoreML.Specification.MILSpec.Program",
    fields: &[
        Field { number: 1, name: "version", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "functions", label: Label::Map, kind: Kind::Message(&MIL_SPEC_PROGRAM_FUNCTIONS_ENTRY), slot: 0 },
        Field { number: 3, name: "docString", label: Label::Single, kind: Kind::String, slot: 1 },
        Field { number: 4, name: "attributes", label: Label::Map, kind: Kind::Message(&MIL_SPEC_PROGRAM_ATTRIBUTES_ENTRY), slot: 1 },
    ],
    counters: 2,
    memory: 32,
};

pub(crate) static MIL_SPEC_PROGRAM_ATTRIBUTES_ENTRY: Message = Message {
    name: "CoreML.Specification.MILSpec.Program.AttributesEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE), slot: 1 },
    ],
    counters: 0,
    memory: 792,
};

pub(crate) static MIL_SPEC_PROGRAM_FUNCTIONS_ENTRY: Message = Message {
    name: "CoreML.Specification.MILSpec.Program.FunctionsEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Message(&MIL_SPEC_FUNCTION), slot: 1 },
    ],
    counters: 0,
    memory: 792,
};

pub(crate) static MIL_SPEC_STATE_TYPE: Message = Message {
    name: "CoreML.Specification.MILSpec.StateType",
    fields: &[
        Field { number: 1, name: "wrappedType", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE_TYPE), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static MIL_SPEC_TENSOR_TYPE: Message = Message {
    name: "CoreML.Specification.MILSpec.TensorType",
    fields: &[
        Field { number: 1, name: "dataType", label: Label::Single, kind: Kind::Enum, slot: 0 },
        Field { number: 2, name: "rank", label: Label::Single, kind: Kind::Int64, slot: 1 },
        Field { number: 3, name: "dimensions", label: Label::Repeated, kind: Kind::Message(&MIL_SPEC_DIMENSION), slot: 0 },
        Field { number: 4, name: "attributes", label: Label::Map, kind: Kind::Message(&MIL_SPEC_TENSOR_TYPE_ATTRIBUTES_ENTRY), slot: 1 },
    ],
    counters: 2,
    memory: 0,
};

pub(crate) static MIL_SPEC_TENSOR_TYPE_ATTRIBUTES_ENTRY: Message = Message {
    name: "CoreML.Specification.MILSpec.TensorType.AttributesEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE), slot: 1 },
    ],
    counters: 0,
    memory: 792,
};

pub(crate) static MIL_SPEC_TENSOR_VALUE: Message = Message {
    name: "CoreML.Specification.MILSpec.TensorValue",
    fields: &[
        Field { number: 1, name: "floats", label: Label::Single, kind: Kind::Message(&MIL_SPEC_TENSOR_VALUE_REPEATED_FLOATS), slot: 0 },
        Field { number: 2, name: "ints", label: Label::Single, kind: Kind::Message(&MIL_SPEC_TENSOR_VALUE_REPEATED_INTS), slot: 0 },
        Field { number: 3, name: "bools", label: Label::Single, kind: Kind::Message(&MIL_SPEC_TENSOR_VALUE_REPEATED_BOOLS), slot: 0 },
        Field { number: 4, name: "strings", label: Label::Single, kind: Kind::Message(&MIL_SPEC_TENSOR_VALUE_REPEATED_STRINGS), slot: 0 },
        Field { number: 5, name: "longInts", label: Label::Single, kind: Kind::Message(&MIL_SPEC_TENSOR_VALUE_REPEATED_LONG_INTS), slot: 0 },
        Field { number: 6, name: "doubles", label: Label::Single, kind: Kind::Message(&MIL_SPEC_TENSOR_VALUE_REPEATED_DOUBLES), slot: 0 },
        Field { number: 7, name: "bytes", label: Label::Single, kind: Kind::Message(&MIL_SPEC_TENSOR_VALUE_REPEATED_BYTES), slot: 0 },
    ],
    counters: 0,
    memory: 0,
};

pub(crate) static MIL_SPEC_TENSOR_VALUE_REPEATED_BOOLS: Message = Message {
    name: "CoreML.Specification.MILSpec.TensorValue.RepeatedBools",
    fields: &[
        Field { number: 1, name: "values", label: Label::Repeated, kind: Kind::Bool, slot: 0 },
    ],
    counters: 0,
    memory: 0,
};

pub(crate) static MIL_SPEC_TENSOR_VALUE_REPEATED_BYTES: Message = Message {
    name: "CoreML.Specification.MILSpec.TensorValue.RepeatedBytes",
    fields: &[
        Field { number: 1, name: "values", label: Label::Single, kind: Kind::Bytes, slot: 0 },
    ],
    counters: 0,
    memory: 0,
};

pub(crate) static MIL_SPEC_TENSOR_VALUE_REPEATED_DOUBLES: Message = Message {
    name: "CoreML.Specification.MILSpec.TensorValue.RepeatedDoubles",
    fields: &[
        Field { number: 1, name: "values", label: Label::Repeated, kind: Kind::Double, slot: 0 },
    ],
    counters: 0,
    memory: 0,
};

pub(crate) static MIL_SPEC_TENSOR_VALUE_REPEATED_FLOATS: Message = Message {
    name: "CoreML.Specification.MILSpec.TensorValue.RepeatedFloats",
    fields: &[
        Field { number: 1, name: "values", label: Label::Repeated, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 0,
};

pub(crate) static MIL_SPEC_TENSOR_VALUE_REPEATED_INTS: Message = Message {
    name: "CoreML.Specification.MILSpec.TensorValue.RepeatedInts",
    fields: &[
        Field { number: 1, name: "values", label: Label::Repeated, kind: Kind::Int32, slot: 0 },
    ],
    counters: 0,
    memory: 0,
};

pub(crate) static MIL_SPEC_TENSOR_VALUE_REPEATED_LONG_INTS: Message = Message {
    name: "CoreML.Specification.MILSpec.TensorValue.RepeatedLongInts",
    fields: &[
        Field { number: 1, name: "values", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 0,
};

pub(crate) static MIL_SPEC_TENSOR_VALUE_REPEATED_STRINGS: Message = Message {
    name: "CoreML.Specification.MILSpec.TensorValue.RepeatedStrings",
    fields: &[
        Field { number: 1, name: "values", label: Label::Repeated, kind: Kind::String, slot: 0 },
    ],
    counters: 0,
    memory: 0,
};

pub(crate) static MIL_SPEC_TUPLE_TYPE: Message = Message {
    name: "CoreML.Specification.MILSpec.TupleType",
    fields: &[
        Field { number: 1, name: "types", label: Label::Repeated, kind: Kind::Message(&MIL_SPEC_VALUE_TYPE), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static MIL_SPEC_TUPLE_VALUE: Message = Message {
    name: "CoreML.Specification.MILSpec.TupleValue",
    fields: &[
        Field { number: 1, name: "values", label: Label::Repeated, kind: Kind::Message(&MIL_SPEC_VALUE), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static MIL_SPEC_VALUE: Message = Message {
    name: "CoreML.Specification.MILSpec.Value",
    fields: &[
        Field { number: 1, name: "docString", label: Label::Single, kind: Kind::String, slot: 1 },
        Field { number: 2, name: "type", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE_TYPE), slot: 2 },
        Field { number: 3, name: "immediateValue", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE_IMMEDIATE_VALUE), slot: 0 },
        Field { number: 5, name: "blobFileValue", label: Label::Single, kind: Kind::Message(&MIL_SPEC_VALUE_BLOB_FILE_VALUE), slot: 0 },
    ],
    counters: 0,
    memory: 48,
};

pub(crate) static MIL_SPEC_VALUE_BLOB_FILE_VALUE: Message = Message {
    name: "CoreML.Specification.MILSpec.Value.BlobFileValue",
    fields: &[
        Field { number: 1, name: "fileName", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "offset", label: Label::Single, kind: Kind::Uint64, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static MIL_SPEC_VALUE_IMMEDIATE_VALUE: Message = Message {
    name: "CoreML.Specification.MILSpec.Value.ImmediateValue",
    fields: &[
        Field { number: 1, name: "tensor", label: Label::Single, kind: Kind::Message(&MIL_SPEC_TENSOR_VALUE), slot: 0 },
        Field { number: 2, name: "tuple", label: Label::Single, kind: Kind::Message(&MIL_SPEC_TUPLE_VALUE), slot: 0 },
        Field { number: 3, name: "list", label: Label::Single, kind: Kind::Message(&MIL_SPEC_LIST_VALUE), slot: 0 },
        Field { number: 4, name: "dictionary", label: Label::Single, kind: Kind::Message(&MIL_SPEC_DICTIONARY_VALUE), slot: 0 },
    ],
    counters: 0,
    memory: 0,
};

pub(crate) static MIL_SPEC_VALUE_TYPE: Message = Message {
    name: "CoreML.Specification.MILSpec.ValueType",
    fields: &[
        Field { number: 1, name: "tensorType", label: Label::Single, kind: Kind::Message(&MIL_SPEC_TENSOR_TYPE), slot: 0 },
        Field { number: 2, name: "listType", label: Label::Single, kind: Kind::Message(&MIL_SPEC_LIST_TYPE), slot: 0 },
        Field { number: 3, name: "tupleType", label: Label::Single, kind: Kind::Message(&MIL_SPEC_TUPLE_TYPE), slot: 0 },
        Field { number: 4, name: "dictionaryType", label: Label::Single, kind: Kind::Message(&MIL_SPEC_DICTIONARY_TYPE), slot: 0 },
        Field { number: 5, name: "stateType", label: Label::Single, kind: Kind::Message(&MIL_SPEC_STATE_TYPE), slot: 0 },
    ],
    counters: 0,
    memory: 24,
};

pub(crate) static MATRIX_BAND_PART_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.MatrixBandPartLayerParams",
    fields: &[
        Field { number: 1, name: "numLower", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "numUpper", label: Label::Single, kind: Kind::Int64, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static MAX_BROADCASTABLE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.MaxBroadcastableLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static MAX_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.MaxLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static MEAN_SQUARED_ERROR_LOSS_LAYER: Message = Message {
    name: "CoreML.Specification.MeanSquaredErrorLossLayer",
    fields: &[
        Field { number: 1, name: "input", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "target", label: Label::Single, kind: Kind::String, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static MEAN_VARIANCE_NORMALIZE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.MeanVarianceNormalizeLayerParams",
    fields: &[
        Field { number: 1, name: "acrossChannels", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 2, name: "normalizeVariance", label: Label::Single, kind: Kind::Bool, slot: 1 },
        Field { number: 3, name: "epsilon", label: Label::Single, kind: Kind::Float, slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static METADATA: Message = Message {
    name: "CoreML.Specification.Metadata",
    fields: &[
        Field { number: 1, name: "shortDescription", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "versionString", label: Label::Single, kind: Kind::String, slot: 1 },
        Field { number: 3, name: "author", label: Label::Single, kind: Kind::String, slot: 2 },
        Field { number: 4, name: "license", label: Label::Single, kind: Kind::String, slot: 3 },
        Field { number: 100, name: "userDefined", label: Label::Map, kind: Kind::Message(&METADATA_USER_DEFINED_ENTRY), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static METADATA_USER_DEFINED_ENTRY: Message = Message {
    name: "CoreML.Specification.Metadata.UserDefinedEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::String, slot: 1 },
    ],
    counters: 0,
    memory: 792,
};

pub(crate) static MIN_BROADCASTABLE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.MinBroadcastableLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static MIN_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.MinLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static MOD_BROADCASTABLE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ModBroadcastableLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static MODEL: Message = Message {
    name: "CoreML.Specification.Model",
    fields: &[
        Field { number: 1, name: "specificationVersion", label: Label::Single, kind: Kind::Int32, slot: 1 },
        Field { number: 2, name: "description", label: Label::Single, kind: Kind::Message(&MODEL_DESCRIPTION), slot: 2 },
        Field { number: 10, name: "isUpdatable", label: Label::Single, kind: Kind::Bool, slot: 3 },
        Field { number: 200, name: "pipelineClassifier", label: Label::Single, kind: Kind::Message(&PIPELINE_CLASSIFIER), slot: 0 },
        Field { number: 201, name: "pipelineRegressor", label: Label::Single, kind: Kind::Message(&PIPELINE_REGRESSOR), slot: 0 },
        Field { number: 202, name: "pipeline", label: Label::Single, kind: Kind::Message(&PIPELINE), slot: 0 },
        Field { number: 300, name: "glmRegressor", label: Label::Single, kind: Kind::Opaque(&GLM_REGRESSOR), slot: 0 },
        Field { number: 301, name: "supportVectorRegressor", label: Label::Single, kind: Kind::Opaque(&SUPPORT_VECTOR_REGRESSOR), slot: 0 },
        Field { number: 302, name: "treeEnsembleRegressor", label: Label::Single, kind: Kind::Opaque(&TREE_ENSEMBLE_REGRESSOR), slot: 0 },
        Field { number: 303, name: "neuralNetworkRegressor", label: Label::Single, kind: Kind::Opaque(&NEURAL_NETWORK_REGRESSOR), slot: 0 },
        Field { number: 304, name: "bayesianProbitRegressor", label: Label::Single, kind: Kind::Opaque(&BAYESIAN_PROBIT_REGRESSOR), slot: 0 },
        Field { number: 400, name: "glmClassifier", label: Label::Single, kind: Kind::Opaque(&GLM_CLASSIFIER), slot: 0 },
        Field { number: 401, name: "supportVectorClassifier", label: Label::Single, kind: Kind::Opaque(&SUPPORT_VECTOR_CLASSIFIER), slot: 0 },
        Field { number: 402, name: "treeEnsembleClassifier", label: Label::Single, kind: Kind::Opaque(&TREE_ENSEMBLE_CLASSIFIER), slot: 0 },
        Field { number: 403, name: "neuralNetworkClassifier", label: Label::Single, kind: Kind::Opaque(&NEURAL_NETWORK_CLASSIFIER), slot: 0 },
        Field { number: 404, name: "kNearestNeighborsClassifier", label: Label::Single, kind: Kind::Opaque(&K_NEAREST_NEIGHBORS_CLASSIFIER), slot: 0 },
        Field { number: 500, name: "neuralNetwork", label: Label::Single, kind: Kind::Opaque(&NEURAL_NETWORK), slot: 0 },
        Field { number: 501, name: "itemSimilarityRecommender", label: Label::Single, kind: Kind::Opaque(&ITEM_SIMILARITY_RECOMMENDER), slot: 0 },
        Field { number: 502, name: "mlProgram", label: Label::Single, kind: Kind::Message(&MIL_SPEC_PROGRAM), slot: 0 },
        Field { number: 555, name: "customModel", label: Label::Single, kind: Kind::Opaque(&CUSTOM_MODEL), slot: 0 },
        Field { number: 556, name: "linkedModel", label: Label::Single, kind: Kind::Opaque(&LINKED_MODEL), slot: 0 },
        Field { number: 560, name: "classConfidenceThresholding", label: Label::Single, kind: Kind::Opaque(&CLASS_CONFIDENCE_THRESHOLDING), slot: 0 },
        Field { number: 600, name: "oneHotEncoder", label: Label::Single, kind: Kind::Opaque(&ONE_HOT_ENCODER), slot: 0 },
        Field { number: 601, name: "imputer", label: Label::Single, kind: Kind::Opaque(&IMPUTER), slot: 0 },
        Field { number: 602, name: "featureVectorizer", label: Label::Single, kind: Kind::Opaque(&FEATURE_VECTORIZER), slot: 0 },
        Field { number: 603, name: "dictVectorizer", label: Label::Single, kind: Kind::Opaque(&DICT_VECTORIZER), slot: 0 },
        Field { number: 604, name: "scaler", label: Label::Single, kind: Kind::Opaque(&SCALER), slot: 0 },
        Field { number: 606, name: "categoricalMapping", label: Label::Single, kind: Kind::Opaque(&CATEGORICAL_MAPPING), slot: 0 },
        Field { number: 607, name: "normalizer", label: Label::Single, kind: Kind::Opaque(&NORMALIZER), slot: 0 },
        Field { number: 609, name: "arrayFeatureExtractor", label: Label::Single, kind: Kind::Opaque(&ARRAY_FEATURE_EXTRACTOR), slot: 0 },
        Field { number: 610, name: "nonMaximumSuppression", label: Label::Single, kind: Kind::Opaque(&NON_MAXIMUM_SUPPRESSION), slot: 0 },
        Field { number: 900, name: "identity", label: Label::Single, kind: Kind::Opaque(&IDENTITY), slot: 0 },
        Field { number: 2000, name: "textClassifier", label: Label::Single, kind: Kind::Opaque(&CORE_ML_MODELS_TEXT_CLASSIFIER), slot: 0 },
        Field { number: 2001, name: "wordTagger", label: Label::Single, kind: Kind::Opaque(&CORE_ML_MODELS_WORD_TAGGER), slot: 0 },
        Field { number: 2002, name: "visionFeaturePrint", label: Label::Single, kind: Kind::Opaque(&CORE_ML_MODELS_VISION_FEATURE_PRINT), slot: 0 },
        Field { number: 2003, name: "soundAnalysisPreprocessing", label: Label::Single, kind: Kind::Opaque(&CORE_ML_MODELS_SOUND_ANALYSIS_PREPROCESSING), slot: 0 },
        Field { number: 2004, name: "gazetteer", label: Label::Single, kind: Kind::Opaque(&CORE_ML_MODELS_GAZETTEER), slot: 0 },
        Field { number: 2005, name: "wordEmbedding", label: Label::Single, kind: Kind::Opaque(&CORE_ML_MODELS_WORD_EMBEDDING), slot: 0 },
        Field { number: 2006, name: "audioFeaturePrint", label: Label::Single, kind: Kind::Opaque(&CORE_ML_MODELS_AUDIO_FEATURE_PRINT), slot: 0 },
        Field { number: 3000, name: "serializedModel", label: Label::Single, kind: Kind::Message(&SERIALIZED_MODEL), slot: 0 },
    ],
    counters: 0,
    memory: 1024,
};

pub(crate) static MODEL_DESCRIPTION: Message = Message {
    name: "CoreML.Specification.ModelDescription",
    fields: &[
        Field { number: 1, name: "input", label: Label::Repeated, kind: Kind::Message(&FEATURE_DESCRIPTION), slot: 0 },
        Field { number: 10, name: "output", label: Label::Repeated, kind: Kind::Message(&FEATURE_DESCRIPTION), slot: 1 },
        Field { number: 11, name: "predictedFeatureName", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 12, name: "predictedProbabilitiesName", label: Label::Single, kind: Kind::String, slot: 1 },
        Field { number: 13, name: "state", label: Label::Repeated, kind: Kind::Message(&FEATURE_DESCRIPTION), slot: 2 },
        Field { number: 20, name: "functions", label: Label::Repeated, kind: Kind::Message(&FUNCTION_DESCRIPTION), slot: 3 },
        Field { number: 21, name: "defaultFunctionName", label: Label::Single, kind: Kind::String, slot: 2 },
        Field { number: 50, name: "trainingInput", label: Label::Repeated, kind: Kind::Message(&FEATURE_DESCRIPTION), slot: 4 },
        Field { number: 100, name: "metadata", label: Label::Single, kind: Kind::Message(&METADATA), slot: 3 },
    ],
    counters: 5,
    memory: 32,
};

pub(crate) static MULTIPLY_BROADCASTABLE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.MultiplyBroadcastableLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static MULTIPLY_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.MultiplyLayerParams",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static NEAREST_NEIGHBORS_INDEX: Message = Message {
    name: "CoreML.Specification.NearestNeighborsIndex",
    fields: &[
        Field { number: 1, name: "numberOfDimensions", label: Label::Single, kind: Kind::Int32, slot: 2 },
        Field { number: 2, name: "floatSamples", label: Label::Repeated, kind: Kind::Message(&FLOAT_VECTOR), slot: 0 },
        Field { number: 100, name: "linearIndex", label: Label::Single, kind: Kind::Message(&LINEAR_INDEX), slot: 0 },
        Field { number: 110, name: "singleKdTreeIndex", label: Label::Single, kind: Kind::Message(&SINGLE_KD_TREE_INDEX), slot: 0 },
        Field { number: 200, name: "squaredEuclideanDistance", label: Label::Single, kind: Kind::Message(&SQUARED_EUCLIDEAN_DISTANCE), slot: 1 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static NETWORK_UPDATE_PARAMETERS: Message = Message {
    name: "CoreML.Specification.NetworkUpdateParameters",
    fields: &[
        Field { number: 1, name: "lossLayers", label: Label::Repeated, kind: Kind::Message(&LOSS_LAYER), slot: 0 },
        Field { number: 2, name: "optimizer", label: Label::Single, kind: Kind::Message(&OPTIMIZER), slot: 0 },
        Field { number: 3, name: "epochs", label: Label::Single, kind: Kind::Message(&INT64_PARAMETER), slot: 1 },
        Field { number: 10, name: "shuffle", label: Label::Single, kind: Kind::Message(&BOOL_PARAMETER), slot: 2 },
        Field { number: 20, name: "seed", label: Label::Single, kind: Kind::Message(&INT64_PARAMETER), slot: 3 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static NEURAL_NETWORK: Message = Message {
    name: "CoreML.Specification.NeuralNetwork",
    fields: &[
        Field { number: 1, name: "layers", label: Label::Repeated, kind: Kind::Message(&NEURAL_NETWORK_LAYER), slot: 0 },
        Field { number: 2, name: "preprocessing", label: Label::Repeated, kind: Kind::Message(&NEURAL_NETWORK_PREPROCESSING), slot: 1 },
        Field { number: 5, name: "arrayInputShapeMapping", label: Label::Single, kind: Kind::Enum, slot: 0 },
        Field { number: 6, name: "imageInputShapeMapping", label: Label::Single, kind: Kind::Enum, slot: 1 },
        Field { number: 10, name: "updateParams", label: Label::Single, kind: Kind::Message(&NETWORK_UPDATE_PARAMETERS), slot: 2 },
    ],
    counters: 2,
    memory: 32,
};

pub(crate) static NEURAL_NETWORK_CLASSIFIER: Message = Message {
    name: "CoreML.Specification.NeuralNetworkClassifier",
    fields: &[
        Field { number: 1, name: "layers", label: Label::Repeated, kind: Kind::Message(&NEURAL_NETWORK_LAYER), slot: 0 },
        Field { number: 2, name: "preprocessing", label: Label::Repeated, kind: Kind::Message(&NEURAL_NETWORK_PREPROCESSING), slot: 1 },
        Field { number: 5, name: "arrayInputShapeMapping", label: Label::Single, kind: Kind::Enum, slot: 1 },
        Field { number: 6, name: "imageInputShapeMapping", label: Label::Single, kind: Kind::Enum, slot: 2 },
        Field { number: 10, name: "updateParams", label: Label::Single, kind: Kind::Message(&NETWORK_UPDATE_PARAMETERS), slot: 3 },
        Field { number: 100, name: "stringClassLabels", label: Label::Single, kind: Kind::Message(&STRING_VECTOR), slot: 0 },
        Field { number: 101, name: "int64ClassLabels", label: Label::Single, kind: Kind::Message(&INT64_VECTOR), slot: 0 },
        Field { number: 200, name: "labelProbabilityLayerName", label: Label::Single, kind: Kind::String, slot: 4 },
    ],
    counters: 2,
    memory: 32,
};

pub(crate) static NEURAL_NETWORK_IMAGE_SCALER: Message = Message {
    name: "CoreML.Specification.NeuralNetworkImageScaler",
    fields: &[
        Field { number: 10, name: "channelScale", label: Label::Single, kind: Kind::Float, slot: 0 },
        Field { number: 20, name: "blueBias", label: Label::Single, kind: Kind::Float, slot: 1 },
        Field { number: 21, name: "greenBias", label: Label::Single, kind: Kind::Float, slot: 2 },
        Field { number: 22, name: "redBias", label: Label::Single, kind: Kind::Float, slot: 3 },
        Field { number: 30, name: "grayBias", label: Label::Single, kind: Kind::Float, slot: 4 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static NEURAL_NETWORK_LAYER: Message = Message {
    name: "CoreML.Specification.NeuralNetworkLayer",
    fields: &[
        Field { number: 1, name: "name", label: Label::Single, kind: Kind::String, slot: 1 },
        Field { number: 2, name: "input", label: Label::Repeated, kind: Kind::String, slot: 0 },
        Field { number: 3, name: "output", label: Label::Repeated, kind: Kind::String, slot: 0 },
        Field { number: 4, name: "inputTensor", label: Label::Repeated, kind: Kind::Message(&TENSOR), slot: 0 },
        Field { number: 5, name: "outputTensor", label: Label::Repeated, kind: Kind::Message(&TENSOR), slot: 1 },
        Field { number: 10, name: "isUpdatable", label: Label::Single, kind: Kind::Bool, slot: 2 },
        Field { number: 100, name: "convolution", label: Label::Single, kind: Kind::Message(&CONVOLUTION_LAYER_PARAMS), slot: 0 },
        Field { number: 120, name: "pooling", label: Label::Single, kind: Kind::Message(&POOLING_LAYER_PARAMS), slot: 0 },
        Field { number: 130, name: "activation", label: Label::Single, kind: Kind::Message(&ACTIVATION_PARAMS), slot: 0 },
        Field { number: 140, name: "innerProduct", label: Label::Single, kind: Kind::Message(&INNER_PRODUCT_LAYER_PARAMS), slot: 0 },
        Field { number: 150, name: "embedding", label: Label::Single, kind: Kind::Message(&EMBEDDING_LAYER_PARAMS), slot: 0 },
        Field { number: 160, name: "batchnorm", label: Label::Single, kind: Kind::Message(&BATCHNORM_LAYER_PARAMS), slot: 0 },
        Field { number: 165, name: "mvn", label: Label::Single, kind: Kind::Message(&MEAN_VARIANCE_NORMALIZE_LAYER_PARAMS), slot: 0 },
        Field { number: 170, name: "l2normalize", label: Label::Single, kind: Kind::Message(&L2_NORMALIZE_LAYER_PARAMS), slot: 0 },
        Field { number: 175, name: "softmax", label: Label::Single, kind: Kind::Message(&SOFTMAX_LAYER_PARAMS), slot: 0 },
        Field { number: 180, name: "lrn", label: Label::Single, kind: Kind::Message(&LRN_LAYER_PARAMS), slot: 0 },
        Field { number: 190, name: "crop", label: Label::Single, kind: Kind::Message(&CROP_LAYER_PARAMS), slot: 0 },
        Field { number: 200, name: "padding", label: Label::Single, kind: Kind::Message(&PADDING_LAYER_PARAMS), slot: 0 },
        Field { number: 210, name: "upsample", label: Label::Single, kind: Kind::Message(&UPSAMPLE_LAYER_PARAMS), slot: 0 },
        Field { number: 211, name: "resizeBilinear", label: Label::Single, kind: Kind::Message(&RESIZE_BILINEAR_LAYER_PARAMS), slot: 0 },
        Field { number: 212, name: "cropResize", label: Label::Single, kind: Kind::Message(&CROP_RESIZE_LAYER_PARAMS), slot: 0 },
        Field { number: 220, name: "unary", label: Label::Single, kind: Kind::Message(&UNARY_FUNCTION_LAYER_PARAMS), slot: 0 },
        Field { number: 230, name: "add", label: Label::Single, kind: Kind::Message(&ADD_LAYER_PARAMS), slot: 0 },
        Field { number: 231, name: "multiply", label: Label::Single, kind: Kind::Message(&MULTIPLY_LAYER_PARAMS), slot: 0 },
        Field { number: 240, name: "average", label: Label::Single, kind: Kind::Message(&AVERAGE_LAYER_PARAMS), slot: 0 },
        Field { number: 245, name: "scale", label: Label::Single, kind: Kind::Message(&SCALE_LAYER_PARAMS), slot: 0 },
        Field { number: 250, name: "bias", label: Label::Single, kind: Kind::Message(&BIAS_LAYER_PARAMS), slot: 0 },
        Field { number: 260, name: "max", label: Label::Single, kind: Kind::Message(&MAX_LAYER_PARAMS), slot: 0 },
        Field { number: 261, name: "min", label: Label::Single, kind: Kind::Message(&MIN_LAYER_PARAMS), slot: 0 },
        Field { number: 270, name: "dot", label: Label::Single, kind: Kind::Message(&DOT_PRODUCT_LAYER_PARAMS), slot: 0 },
        Field { number: 280, name: "reduce", label: Label::Single, kind: Kind::Message(&REDUCE_LAYER_PARAMS), slot: 0 },
        Field { number: 290, name: "loadConstant", label: Label::Single, kind: Kind::Message(&LOAD_CONSTANT_LAYER_PARAMS), slot: 0 },
        Field { number: 300, name: "reshape", label: Label::Single, kind: Kind::Message(&RESHAPE_LAYER_PARAMS), slot: 0 },
        Field { number: 301, name: "flatten", label: Label::Single, kind: Kind::Message(&FLATTEN_LAYER_PARAMS), slot: 0 },
        Field { number: 310, name: "permute", label: Label::Single, kind: Kind::Message(&PERMUTE_LAYER_PARAMS), slot: 0 },
        Field { number: 320, name: "concat", label: Label::Single, kind: Kind::Message(&CONCAT_LAYER_PARAMS), slot: 0 },
        Field { number: 330, name: "split", label: Label::Single, kind: Kind::Message(&SPLIT_LAYER_PARAMS), slot: 0 },
        Field { number: 340, name: "sequenceRepeat", label: Label::Single, kind: Kind::Message(&SEQUENCE_REPEAT_LAYER_PARAMS), slot: 0 },
        Field { number: 345, name: "reorganizeData", label: Label::Single, kind: Kind::Message(&REORGANIZE_DATA_LAYER_PARAMS), slot: 0 },
        Field { number: 350, name: "slice", label: Label::Single, kind: Kind::Message(&SLICE_LAYER_PARAMS), slot: 0 },
        Field { number: 400, name: "simpleRecurrent", label: Label::Single, kind: Kind::Message(&SIMPLE_RECURRENT_LAYER_PARAMS), slot: 0 },
        Field { number: 410, name: "gru", label: Label::Single, kind: Kind::Message(&GRU_LAYER_PARAMS), slot: 0 },
        Field { number: 420, name: "uniDirectionalLSTM", label: Label::Single, kind: Kind::Message(&UNI_DIRECTIONAL_LSTM_LAYER_PARAMS), slot: 0 },
        Field { number: 430, name: "biDirectionalLSTM", label: Label::Single, kind: Kind::Message(&BI_DIRECTIONAL_LSTM_LAYER_PARAMS), slot: 0 },
        Field { number: 500, name: "custom", label: Label::Single, kind: Kind::Message(&CUSTOM_LAYER_PARAMS), slot: 0 },
        Field { number: 600, name: "copy", label: Label::Single, kind: Kind::Message(&COPY_LAYER_PARAMS), slot: 0 },
        Field { number: 605, name: "branch", label: Label::Single, kind: Kind::Message(&BRANCH_LAYER_PARAMS), slot: 0 },
        Field { number: 615, name: "loop", label: Label::Single, kind: Kind::Message(&LOOP_LAYER_PARAMS), slot: 0 },
        Field { number: 620, name: "loopBreak", label: Label::Single, kind: Kind::Message(&LOOP_BREAK_LAYER_PARAMS), slot: 0 },
        Field { number: 625, name: "loopContinue", label: Label::Single, kind: Kind::Message(&LOOP_CONTINUE_LAYER_PARAMS), slot: 0 },
        Field { number: 635, name: "rangeStatic", label: Label::Single, kind: Kind::Message(&RANGE_STATIC_LAYER_PARAMS), slot: 0 },
        Field { number: 640, name: "rangeDynamic", label: Label::Single, kind: Kind::Message(&RANGE_DYNAMIC_LAYER_PARAMS), slot: 0 },
        Field { number: 660, name: "clip", label: Label::Single, kind: Kind::Message(&CLIP_LAYER_PARAMS), slot: 0 },
        Field { number: 665, name: "ceil", label: Label::Single, kind: Kind::Message(&CEIL_LAYER_PARAMS), slot: 0 },
        Field { number: 670, name: "floor", label: Label::Single, kind: Kind::Message(&FLOOR_LAYER_PARAMS), slot: 0 },
        Field { number: 680, name: "sign", label: Label::Single, kind: Kind::Message(&SIGN_LAYER_PARAMS), slot: 0 },
        Field { number: 685, name: "round", label: Label::Single, kind: Kind::Message(&ROUND_LAYER_PARAMS), slot: 0 },
        Field { number: 700, name: "exp2", label: Label::Single, kind: Kind::Message(&EXP2_LAYER_PARAMS), slot: 0 },
        Field { number: 710, name: "sin", label: Label::Single, kind: Kind::Message(&SIN_LAYER_PARAMS), slot: 0 },
        Field { number: 715, name: "cos", label: Label::Single, kind: Kind::Message(&COS_LAYER_PARAMS), slot: 0 },
        Field { number: 720, name: "tan", label: Label::Single, kind: Kind::Message(&TAN_LAYER_PARAMS), slot: 0 },
        Field { number: 730, name: "asin", label: Label::Single, kind: Kind::Message(&ASIN_LAYER_PARAMS), slot: 0 },
        Field { number: 735, name: "acos", label: Label::Single, kind: Kind::Message(&ACOS_LAYER_PARAMS), slot: 0 },
        Field { number: 740, name: "atan", label: Label::Single, kind: Kind::Message(&ATAN_LAYER_PARAMS), slot: 0 },
        Field { number: 750, name: "sinh", label: Label::Single, kind: Kind::Message(&SINH_LAYER_PARAMS), slot: 0 },
        Field { number: 755, name: "cosh", label: Label::Single, kind: Kind::Message(&COSH_LAYER_PARAMS), slot: 0 },
        Field { number: 760, name: "tanh", label: Label::Single, kind: Kind::Message(&TANH_LAYER_PARAMS), slot: 0 },
        Field { number: 770, name: "asinh", label: Label::Single, kind: Kind::Message(&ASINH_LAYER_PARAMS), slot: 0 },
        Field { number: 775, name: "acosh", label: Label::Single, kind: Kind::Message(&ACOSH_LAYER_PARAMS), slot: 0 },
        Field { number: 780, name: "atanh", label: Label::Single, kind: Kind::Message(&ATANH_LAYER_PARAMS), slot: 0 },
        Field { number: 790, name: "erf", label: Label::Single, kind: Kind::Message(&ERF_LAYER_PARAMS), slot: 0 },
        Field { number: 795, name: "gelu", label: Label::Single, kind: Kind::Message(&GELU_LAYER_PARAMS), slot: 0 },
        Field { number: 815, name: "equal", label: Label::Single, kind: Kind::Message(&EQUAL_LAYER_PARAMS), slot: 0 },
        Field { number: 820, name: "notEqual", label: Label::Single, kind: Kind::Message(&NOT_EQUAL_LAYER_PARAMS), slot: 0 },
        Field { number: 825, name: "lessThan", label: Label::Single, kind: Kind::Message(&LESS_THAN_LAYER_PARAMS), slot: 0 },
        Field { number: 827, name: "lessEqual", label: Label::Single, kind: Kind::Message(&LESS_EQUAL_LAYER_PARAMS), slot: 0 },
        Field { number: 830, name: "greaterThan", label: Label::Single, kind: Kind::Message(&GREATER_THAN_LAYER_PARAMS), slot: 0 },
        Field { number: 832, name: "greaterEqual", label: Label::Single, kind: Kind::Message(&GREATER_EQUAL_LAYER_PARAMS), slot: 0 },
        Field { number: 840, name: "logicalOr", label: Label::Single, kind: Kind::Message(&LOGICAL_OR_LAYER_PARAMS), slot: 0 },
        Field { number: 845, name: "logicalXor", label: Label::Single, kind: Kind::Message(&LOGICAL_XOR_LAYER_PARAMS), slot: 0 },
        Field { number: 850, name: "logicalNot", label: Label::Single, kind: Kind::Message(&LOGICAL_NOT_LAYER_PARAMS), slot: 0 },
        Field { number: 855, name: "logicalAnd", label: Label::Single, kind: Kind::Message(&LOGICAL_AND_LAYER_PARAMS), slot: 0 },
        Field { number: 865, name: "modBroadcastable", label: Label::Single, kind: Kind::Message(&MOD_BROADCASTABLE_LAYER_PARAMS), slot: 0 },
        Field { number: 870, name: "minBroadcastable", label: Label::Single, kind: Kind::Message(&MIN_BROADCASTABLE_LAYER_PARAMS), slot: 0 },
        Field { number: 875, name: "maxBroadcastable", label: Label::Single, kind: Kind::Message(&MAX_BROADCASTABLE_LAYER_PARAMS), slot: 0 },
        Field { number: 880, name: "addBroadcastable", label: Label::Single, kind: Kind::Message(&ADD_BROADCASTABLE_LAYER_PARAMS), slot: 0 },
        Field { number: 885, name: "powBroadcastable", label: Label::Single, kind: Kind::Message(&POW_BROADCASTABLE_LAYER_PARAMS), slot: 0 },
        Field { number: 890, name: "divideBroadcastable", label: Label::Single, kind: Kind::Message(&DIVIDE_BROADCASTABLE_LAYER_PARAMS), slot: 0 },
        Field { number: 895, name: "floorDivBroadcastable", label: Label::Single, kind: Kind::Message(&FLOOR_DIV_BROADCASTABLE_LAYER_PARAMS), slot: 0 },
        Field { number: 900, name: "multiplyBroadcastable", label: Label::Single, kind: Kind::Message(&MULTIPLY_BROADCASTABLE_LAYER_PARAMS), slot: 0 },
        Field { number: 905, name: "subtractBroadcastable", label: Label::Single, kind: Kind::Message(&SUBTRACT_BROADCASTABLE_LAYER_PARAMS), slot: 0 },
        Field { number: 920, name: "tile", label: Label::Single, kind: Kind::Message(&TILE_LAYER_PARAMS), slot: 0 },
        Field { number: 925, name: "stack", label: Label::Single, kind: Kind::Message(&STACK_LAYER_PARAMS), slot: 0 },
        Field { number: 930, name: "gather", label: Label::Single, kind: Kind::Message(&GATHER_LAYER_PARAMS), slot: 0 },
        Field { number: 935, name: "scatter", label: Label::Single, kind: Kind::Message(&SCATTER_LAYER_PARAMS), slot: 0 },
        Field { number: 940, name: "gatherND", label: Label::Single, kind: Kind::Message(&GATHER_ND_LAYER_PARAMS), slot: 0 },
        Field { number: 945, name: "scatterND", label: Label::Single, kind: Kind::Message(&SCATTER_ND_LAYER_PARAMS), slot: 0 },
        Field { number: 950, name: "softmaxND", label: Label::Single, kind: Kind::Message(&SOFTMAX_ND_LAYER_PARAMS), slot: 0 },
        Field { number: 952, name: "gatherAlongAxis", label: Label::Single, kind: Kind::Message(&GATHER_ALONG_AXIS_LAYER_PARAMS), slot: 0 },
        Field { number: 954, name: "scatterAlongAxis", label: Label::Single, kind: Kind::Message(&SCATTER_ALONG_AXIS_LAYER_PARAMS), slot: 0 },
        Field { number: 960, name: "reverse", label: Label::Single, kind: Kind::Message(&REVERSE_LAYER_PARAMS), slot: 0 },
        Field { number: 965, name: "reverseSeq", label: Label::Single, kind: Kind::Message(&REVERSE_SEQ_LAYER_PARAMS), slot: 0 },
        Field { number: 975, name: "splitND", label: Label::Single, kind: Kind::Message(&SPLIT_ND_LAYER_PARAMS), slot: 0 },
        Field { number: 980, name: "concatND", label: Label::Single, kind: Kind::Message(&CONCAT_ND_LAYER_PARAMS), slot: 0 },
        Field { number: 985, name: "transpose", label: Label::Single, kind: Kind::Message(&TRANSPOSE_LAYER_PARAMS), slot: 0 },
        Field { number: 995, name: "sliceStatic", label: Label::Single, kind: Kind::Message(&SLICE_STATIC_LAYER_PARAMS), slot: 0 },
        Field { number: 1000, name: "sliceDynamic", label: Label::Single, kind: Kind::Message(&SLICE_DYNAMIC_LAYER_PARAMS), slot: 0 },
        Field { number: 1005, name: "slidingWindows", label: Label::Single, kind: Kind::Message(&SLIDING_WINDOWS_LAYER_PARAMS), slot: 0 },
        Field { number: 1015, name: "topK", label: Label::Single, kind: Kind::Message(&TOP_K_LAYER_PARAMS), slot: 0 },
        Field { number: 1020, name: "argMin", label: Label::Single, kind: Kind::Message(&ARG_MIN_LAYER_PARAMS), slot: 0 },
        Field { number: 1025, name: "argMax", label: Label::Single, kind: Kind::Message(&ARG_MAX_LAYER_PARAMS), slot: 0 },
        Field { number: 1040, name: "embeddingND", label: Label::Single, kind: Kind::Message(&EMBEDDING_ND_LAYER_PARAMS), slot: 0 },
        Field { number: 1045, name: "batchedMatmul", label: Label::Single, kind: Kind::Message(&BATCHED_MAT_MUL_LAYER_PARAMS), slot: 0 },
        Field { number: 1065, name: "getShape", label: Label::Single, kind: Kind::Message(&GET_SHAPE_LAYER_PARAMS), slot: 0 },
        Field { number: 1070, name: "loadConstantND", label: Label::Single, kind: Kind::Message(&LOAD_CONSTANT_ND_LAYER_PARAMS), slot: 0 },
        Field { number: 1080, name: "fillLike", label: Label::Single, kind: Kind::Message(&FILL_LIKE_LAYER_PARAMS), slot: 0 },
        Field { number: 1085, name: "fillStatic", label: Label::Single, kind: Kind::Message(&FILL_STATIC_LAYER_PARAMS), slot: 0 },
        Field { number: 1090, name: "fillDynamic", label: Label::Single, kind: Kind::Message(&FILL_DYNAMIC_LAYER_PARAMS), slot: 0 },
        Field { number: 1100, name: "broadcastToLike", label: Label::Single, kind: Kind::Message(&BROADCAST_TO_LIKE_LAYER_PARAMS), slot: 0 },
        Field { number: 1105, name: "broadcastToStatic", label: Label::Single, kind: Kind::Message(&BROADCAST_TO_STATIC_LAYER_PARAMS), slot: 0 },
        Field { number: 1110, name: "broadcastToDynamic", label: Label::Single, kind: Kind::Message(&BROADCAST_TO_DYNAMIC_LAYER_PARAMS), slot: 0 },
        Field { number: 1120, name: "squeeze", label: Label::Single, kind: Kind::Message(&SQUEEZE_LAYER_PARAMS), slot: 0 },
        Field { number: 1125, name: "expandDims", label: Label::Single, kind: Kind::Message(&EXPAND_DIMS_LAYER_PARAMS), slot: 0 },
        Field { number: 1130, name: "flattenTo2D", label: Label::Single, kind: Kind::Message(&FLATTEN_TO2_D_LAYER_PARAMS), slot: 0 },
        Field { number: 1135, name: "reshapeLike", label: Label::Single, kind: Kind::Message(&RESHAPE_LIKE_LAYER_PARAMS), slot: 0 },
        Field { number: 1140, name: "reshapeStatic", label: Label::Single, kind: Kind::Message(&RESHAPE_STATIC_LAYER_PARAMS), slot: 0 },
        Field { number: 1145, name: "reshapeDynamic", label: Label::Single, kind: Kind::Message(&RESHAPE_DYNAMIC_LAYER_PARAMS), slot: 0 },
        Field { number: 1150, name: "rankPreservingReshape", label: Label::Single, kind: Kind::Message(&RANK_PRESERVING_RESHAPE_LAYER_PARAMS), slot: 0 },
        Field { number: 1155, name: "constantPad", label: Label::Single, kind: Kind::Message(&CONSTANT_PADDING_LAYER_PARAMS), slot: 0 },
        Field { number: 1170, name: "randomNormalLike", label: Label::Single, kind: Kind::Message(&RANDOM_NORMAL_LIKE_LAYER_PARAMS), slot: 0 },
        Field { number: 1175, name: "randomNormalStatic", label: Label::Single, kind: Kind::Message(&RANDOM_NORMAL_STATIC_LAYER_PARAMS), slot: 0 },
        Field { number: 1180, name: "randomNormalDynamic", label: Label::Single, kind: Kind::Message(&RANDOM_NORMAL_DYNAMIC_LAYER_PARAMS), slot: 0 },
        Field { number: 1190, name: "randomUniformLike", label: Label::Single, kind: Kind::Message(&RANDOM_UNIFORM_LIKE_LAYER_PARAMS), slot: 0 },
        Field { number: 1195, name: "randomUniformStatic", label: Label::Single, kind: Kind::Message(&RANDOM_UNIFORM_STATIC_LAYER_PARAMS), slot: 0 },
        Field { number: 1200, name: "randomUniformDynamic", label: Label::Single, kind: Kind::Message(&RANDOM_UNIFORM_DYNAMIC_LAYER_PARAMS), slot: 0 },
        Field { number: 1210, name: "randomBernoulliLike", label: Label::Single, kind: Kind::Message(&RANDOM_BERNOULLI_LIKE_LAYER_PARAMS), slot: 0 },
        Field { number: 1215, name: "randomBernoulliStatic", label: Label::Single, kind: Kind::Message(&RANDOM_BERNOULLI_STATIC_LAYER_PARAMS), slot: 0 },
        Field { number: 1220, name: "randomBernoulliDynamic", label: Label::Single, kind: Kind::Message(&RANDOM_BERNOULLI_DYNAMIC_LAYER_PARAMS), slot: 0 },
        Field { number: 1230, name: "categoricalDistribution", label: Label::Single, kind: Kind::Message(&CATEGORICAL_DISTRIBUTION_LAYER_PARAMS), slot: 0 },
        Field { number: 1250, name: "reduceL1", label: Label::Single, kind: Kind::Message(&REDUCE_L1_LAYER_PARAMS), slot: 0 },
        Field { number: 1255, name: "reduceL2", label: Label::Single, kind: Kind::Message(&REDUCE_L2_LAYER_PARAMS), slot: 0 },
        Field { number: 1260, name: "reduceMax", label: Label::Single, kind: Kind::Message(&REDUCE_MAX_LAYER_PARAMS), slot: 0 },
        Field { number: 1265, name: "reduceMin", label: Label::Single, kind: Kind::Message(&REDUCE_MIN_LAYER_PARAMS), slot: 0 },
        Field { number: 1270, name: "reduceSum", label: Label::Single, kind: Kind::Message(&REDUCE_SUM_LAYER_PARAMS), slot: 0 },
        Field { number: 1275, name: "reduceProd", label: Label::Single, kind: Kind::Message(&REDUCE_PROD_LAYER_PARAMS), slot: 0 },
        Field { number: 1280, name: "reduceMean", label: Label::Single, kind: Kind::Message(&REDUCE_MEAN_LAYER_PARAMS), slot: 0 },
        Field { number: 1285, name: "reduceLogSum", label: Label::Single, kind: Kind::Message(&REDUCE_LOG_SUM_LAYER_PARAMS), slot: 0 },
        Field { number: 1290, name: "reduceSumSquare", label: Label::Single, kind: Kind::Message(&REDUCE_SUM_SQUARE_LAYER_PARAMS), slot: 0 },
        Field { number: 1295, name: "reduceLogSumExp", label: Label::Single, kind: Kind::Message(&REDUCE_LOG_SUM_EXP_LAYER_PARAMS), slot: 0 },
        Field { number: 1313, name: "whereNonZero", label: Label::Single, kind: Kind::Message(&WHERE_NON_ZERO_LAYER_PARAMS), slot: 0 },
        Field { number: 1315, name: "matrixBandPart", label: Label::Single, kind: Kind::Message(&MATRIX_BAND_PART_LAYER_PARAMS), slot: 0 },
        Field { number: 1320, name: "lowerTriangular", label: Label::Single, kind: Kind::Message(&LOWER_TRIANGULAR_LAYER_PARAMS), slot: 0 },
        Field { number: 1325, name: "upperTriangular", label: Label::Single, kind: Kind::Message(&UPPER_TRIANGULAR_LAYER_PARAMS), slot: 0 },
        Field { number: 1330, name: "whereBroadcastable", label: Label::Single, kind: Kind::Message(&WHERE_BROADCASTABLE_LAYER_PARAMS), slot: 0 },
        Field { number: 1350, name: "layerNormalization", label: Label::Single, kind: Kind::Message(&LAYER_NORMALIZATION_LAYER_PARAMS), slot: 0 },
        Field { number: 1400, name: "NonMaximumSuppression", label: Label::Single, kind: Kind::Message(&NON_MAXIMUM_SUPPRESSION_LAYER_PARAMS), slot: 0 },
        Field { number: 1450, name: "oneHot", label: Label::Single, kind: Kind::Message(&ONE_HOT_LAYER_PARAMS), slot: 0 },
        Field { number: 1455, name: "cumSum", label: Label::Single, kind: Kind::Message(&CUM_SUM_LAYER_PARAMS), slot: 0 },
        Field { number: 1460, name: "clampedReLU", label: Label::Single, kind: Kind::Message(&CLAMPED_RE_LU_LAYER_PARAMS), slot: 0 },
        Field { number: 1461, name: "argSort", label: Label::Single, kind: Kind::Message(&ARG_SORT_LAYER_PARAMS), slot: 0 },
        Field { number: 1465, name: "pooling3d", label: Label::Single, kind: Kind::Message(&POOLING3_D_LAYER_PARAMS), slot: 0 },
        Field { number: 1466, name: "globalPooling3d", label: Label::Single, kind: Kind::Message(&GLOBAL_POOLING3_D_LAYER_PARAMS), slot: 0 },
        Field { number: 1470, name: "sliceBySize", label: Label::Single, kind: Kind::Message(&SLICE_BY_SIZE_LAYER_PARAMS), slot: 0 },
        Field { number: 1471, name: "convolution3d", label: Label::Single, kind: Kind::Message(&CONVOLUTION3_D_LAYER_PARAMS), slot: 0 },
    ],
    counters: 2,
    memory: 32,
};

pub(crate) static NEURAL_NETWORK_MEAN_IMAGE: Message = Message {
    name: "CoreML.Specification.NeuralNetworkMeanImage",
    fields: &[
        Field { number: 1, name: "meanImage", label: Label::Repeated, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static NEURAL_NETWORK_PREPROCESSING: Message = Message {
    name: "CoreML.Specification.NeuralNetworkPreprocessing",
    fields: &[
        Field { number: 1, name: "featureName", label: Label::Single, kind: Kind::String, slot: 1 },
        Field { number: 10, name: "scaler", label: Label::Single, kind: Kind::Message(&NEURAL_NETWORK_IMAGE_SCALER), slot: 0 },
        Field { number: 11, name: "meanImage", label: Label::Single, kind: Kind::Message(&NEURAL_NETWORK_MEAN_IMAGE), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static NEURAL_NETWORK_REGRESSOR: Message = Message {
    name: "CoreML.Specification.NeuralNetworkRegressor",
    fields: &[
        Field { number: 1, name: "layers", label: Label::Repeated, kind: Kind::Message(&NEURAL_NETWORK_LAYER), slot: 0 },
        Field { number: 2, name: "preprocessing", label: Label::Repeated, kind: Kind::Message(&NEURAL_NETWORK_PREPROCESSING), slot: 1 },
        Field { number: 5, name: "arrayInputShapeMapping", label: Label::Single, kind: Kind::Enum, slot: 0 },
        Field { number: 6, name: "imageInputShapeMapping", label: Label::Single, kind: Kind::Enum, slot: 1 },
        Field { number: 10, name: "updateParams", label: Label::Single, kind: Kind::Message(&NETWORK_UPDATE_PARAMETERS), slot: 2 },
    ],
    counters: 2,
    memory: 32,
};

pub(crate) static NON_MAXIMUM_SUPPRESSION: Message = Message {
    name: "CoreML.Specification.NonMaximumSuppression",
    fields: &[
        Field { number: 1, name: "pickTop", label: Label::Single, kind: Kind::Message(&NON_MAXIMUM_SUPPRESSION_PICK_TOP), slot: 0 },
        Field { number: 100, name: "stringClassLabels", label: Label::Single, kind: Kind::Message(&STRING_VECTOR), slot: 1 },
        Field { number: 101, name: "int64ClassLabels", label: Label::Single, kind: Kind::Message(&INT64_VECTOR), slot: 1 },
        Field { number: 110, name: "iouThreshold", label: Label::Single, kind: Kind::Double, slot: 2 },
        Field { number: 111, name: "confidenceThreshold", label: Label::Single, kind: Kind::Double, slot: 3 },
        Field { number: 200, name: "confidenceInputFeatureName", label: Label::Single, kind: Kind::String, slot: 4 },
        Field { number: 201, name: "coordinatesInputFeatureName", label: Label::Single, kind: Kind::String, slot: 5 },
        Field { number: 202, name: "iouThresholdInputFeatureName", label: Label::Single, kind: Kind::String, slot: 6 },
        Field { number: 203, name: "confidenceThresholdInputFeatureName", label: Label::Single, kind: Kind::String, slot: 7 },
        Field { number: 210, name: "confidenceOutputFeatureName", label: Label::Single, kind: Kind::String, slot: 8 },
        Field { number: 211, name: "coordinatesOutputFeatureName", label: Label::Single, kind: Kind::String, slot: 9 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static NON_MAXIMUM_SUPPRESSION_PICK_TOP: Message = Message {
    name: "CoreML.Specification.NonMaximumSuppression.PickTop",
    fields: &[
        Field { number: 1, name: "perClass", label: Label::Single, kind: Kind::Bool, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static NON_MAXIMUM_SUPPRESSION_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.NonMaximumSuppressionLayerParams",
    fields: &[
        Field { number: 1, name: "iouThreshold", label: Label::Single, kind: Kind::Float, slot: 0 },
        Field { number: 2, name: "scoreThreshold", label: Label::Single, kind: Kind::Float, slot: 1 },
        Field { number: 3, name: "maxBoxes", label: Label::Single, kind: Kind::Uint64, slot: 2 },
        Field { number: 4, name: "perClassSuppression", label: Label::Single, kind: Kind::Bool, slot: 3 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static NORMALIZER: Message = Message {
    name: "CoreML.Specification.Normalizer",
    fields: &[
        Field { number: 1, name: "normType", label: Label::Single, kind: Kind::Enum, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static NOT_EQUAL_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.NotEqualLayerParams",
    fields: &[
        Field { number: 1, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ONE_HOT_ENCODER: Message = Message {
    name: "CoreML.Specification.OneHotEncoder",
    fields: &[
        Field { number: 1, name: "stringCategories", label: Label::Single, kind: Kind::Message(&STRING_VECTOR), slot: 0 },
        Field { number: 2, name: "int64Categories", label: Label::Single, kind: Kind::Message(&INT64_VECTOR), slot: 0 },
        Field { number: 10, name: "outputSparse", label: Label::Single, kind: Kind::Bool, slot: 1 },
        Field { number: 11, name: "handleUnknown", label: Label::Single, kind: Kind::Enum, slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ONE_HOT_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.OneHotLayerParams",
    fields: &[
        Field { number: 1, name: "oneHotVectorSize", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 1 },
        Field { number: 3, name: "onValue", label: Label::Single, kind: Kind::Float, slot: 2 },
        Field { number: 4, name: "offValue", label: Label::Single, kind: Kind::Float, slot: 3 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static OPTIMIZER: Message = Message {
    name: "CoreML.Specification.Optimizer",
    fields: &[
        Field { number: 10, name: "sgdOptimizer", label: Label::Single, kind: Kind::Message(&SGD_OPTIMIZER), slot: 0 },
        Field { number: 11, name: "adamOptimizer", label: Label::Single, kind: Kind::Message(&ADAM_OPTIMIZER), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static PADDING_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.PaddingLayerParams",
    fields: &[
        Field { number: 1, name: "constant", label: Label::Single, kind: Kind::Message(&PADDING_LAYER_PARAMS_PADDING_CONSTANT), slot: 0 },
        Field { number: 2, name: "reflection", label: Label::Single, kind: Kind::Message(&PADDING_LAYER_PARAMS_PADDING_REFLECTION), slot: 0 },
        Field { number: 3, name: "replication", label: Label::Single, kind: Kind::Message(&PADDING_LAYER_PARAMS_PADDING_REPLICATION), slot: 0 },
        Field { number: 10, name: "paddingAmounts", label: Label::Single, kind: Kind::Message(&BORDER_AMOUNTS), slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static PADDING_LAYER_PARAMS_PADDING_CONSTANT: Message = Message {
    name: "CoreML.Specification.PaddingLayerParams.PaddingConstant",
    fields: &[
        Field { number: 1, name: "value", label: Label::Single, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static PADDING_LAYER_PARAMS_PADDING_REFLECTION: Message = Message {
    name: "CoreML.Specification.PaddingLayerParams.PaddingReflection",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static PADDING_LAYER_PARAMS_PADDING_REPLICATION: Message = Message {
    name: "CoreML.Specification.PaddingLayerParams.PaddingReplication",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static PERMUTE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.PermuteLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static PIPELINE: Message = Message {
    name: "CoreML.Specification.Pipeline",
    fields: &[
        Field { number: 1, name: "models", label: Label::Repeated, kind: Kind::Message(&MODEL), slot: 0 },
        Field { number: 2, name: "names", label: Label::Repeated, kind: Kind::String, slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static PIPELINE_CLASSIFIER: Message = Message {
    name: "CoreML.Specification.PipelineClassifier",
    fields: &[
        Field { number: 1, name: "pipeline", label: Label::Single, kind: Kind::Message(&PIPELINE), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static PIPELINE_REGRESSOR: Message = Message {
    name: "CoreML.Specification.PipelineRegressor",
    fields: &[
        Field { number: 1, name: "pipeline", label: Label::Single, kind: Kind::Message(&PIPELINE), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static POLY_KERNEL: Message = Message {
    name: "CoreML.Specification.PolyKernel",
    fields: &[
        Field { number: 1, name: "degree", label: Label::Single, kind: Kind::Int32, slot: 0 },
        Field { number: 2, name: "c", label: Label::Single, kind: Kind::Double, slot: 1 },
        Field { number: 3, name: "gamma", label: Label::Single, kind: Kind::Double, slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static POOLING3_D_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.Pooling3DLayerParams",
    fields: &[
        Field { number: 1, name: "type", label: Label::Single, kind: Kind::Enum, slot: 0 },
        Field { number: 2, name: "kernelDepth", label: Label::Single, kind: Kind::Int32, slot: 1 },
        Field { number: 3, name: "kernelHeight", label: Label::Single, kind: Kind::Int32, slot: 2 },
        Field { number: 4, name: "kernelWidth", label: Label::Single, kind: Kind::Int32, slot: 3 },
        Field { number: 5, name: "strideDepth", label: Label::Single, kind: Kind::Int32, slot: 4 },
        Field { number: 6, name: "strideHeight", label: Label::Single, kind: Kind::Int32, slot: 5 },
        Field { number: 7, name: "strideWidth", label: Label::Single, kind: Kind::Int32, slot: 6 },
        Field { number: 8, name: "customPaddingFront", label: Label::Single, kind: Kind::Int32, slot: 7 },
        Field { number: 9, name: "customPaddingBack", label: Label::Single, kind: Kind::Int32, slot: 8 },
        Field { number: 10, name: "customPaddingTop", label: Label::Single, kind: Kind::Int32, slot: 9 },
        Field { number: 11, name: "customPaddingBottom", label: Label::Single, kind: Kind::Int32, slot: 10 },
        Field { number: 12, name: "customPaddingLeft", label: Label::Single, kind: Kind::Int32, slot: 11 },
        Field { number: 13, name: "customPaddingRight", label: Label::Single, kind: Kind::Int32, slot: 12 },
        Field { number: 14, name: "countExcludePadding", label: Label::Single, kind: Kind::Bool, slot: 13 },
        Field { number: 15, name: "paddingType", label: Label::Single, kind: Kind::Enum, slot: 14 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static POOLING_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.PoolingLayerParams",
    fields: &[
        Field { number: 1, name: "type", label: Label::Single, kind: Kind::Enum, slot: 1 },
        Field { number: 10, name: "kernelSize", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
        Field { number: 20, name: "stride", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
        Field { number: 30, name: "valid", label: Label::Single, kind: Kind::Message(&VALID_PADDING), slot: 0 },
        Field { number: 31, name: "same", label: Label::Single, kind: Kind::Message(&SAME_PADDING), slot: 0 },
        Field { number: 32, name: "includeLastPixel", label: Label::Single, kind: Kind::Message(&POOLING_LAYER_PARAMS_VALID_COMPLETE_PADDING), slot: 0 },
        Field { number: 50, name: "avgPoolExcludePadding", label: Label::Single, kind: Kind::Bool, slot: 2 },
        Field { number: 60, name: "globalPooling", label: Label::Single, kind: Kind::Bool, slot: 3 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static POOLING_LAYER_PARAMS_VALID_COMPLETE_PADDING: Message = Message {
    name: "CoreML.Specification.PoolingLayerParams.ValidCompletePadding",
    fields: &[
        Field { number: 10, name: "paddingAmounts", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static POW_BROADCASTABLE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.PowBroadcastableLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static PRECISION_RECALL_CURVE: Message = Message {
    name: "CoreML.Specification.PrecisionRecallCurve",
    fields: &[
        Field { number: 1, name: "precisionValues", label: Label::Single, kind: Kind::Message(&FLOAT_VECTOR), slot: 0 },
        Field { number: 2, name: "precisionConfidenceThresholds", label: Label::Single, kind: Kind::Message(&FLOAT_VECTOR), slot: 1 },
        Field { number: 3, name: "recallValues", label: Label::Single, kind: Kind::Message(&FLOAT_VECTOR), slot: 2 },
        Field { number: 4, name: "recallConfidenceThresholds", label: Label::Single, kind: Kind::Message(&FLOAT_VECTOR), slot: 3 },
    ],
    counters: 0,
    memory: 128,
};

pub(crate) static QUANTIZATION_PARAMS: Message = Message {
    name: "CoreML.Specification.QuantizationParams",
    fields: &[
        Field { number: 1, name: "numberOfBits", label: Label::Single, kind: Kind::Uint64, slot: 1 },
        Field { number: 101, name: "linearQuantization", label: Label::Single, kind: Kind::Message(&LINEAR_QUANTIZATION_PARAMS), slot: 0 },
        Field { number: 102, name: "lookupTableQuantization", label: Label::Single, kind: Kind::Message(&LOOK_UP_TABLE_QUANTIZATION_PARAMS), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RBF_KERNEL: Message = Message {
    name: "CoreML.Specification.RBFKernel",
    fields: &[
        Field { number: 1, name: "gamma", label: Label::Single, kind: Kind::Double, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RANDOM_BERNOULLI_DYNAMIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.RandomBernoulliDynamicLayerParams",
    fields: &[
        Field { number: 1, name: "seed", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "prob", label: Label::Single, kind: Kind::Float, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RANDOM_BERNOULLI_LIKE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.RandomBernoulliLikeLayerParams",
    fields: &[
        Field { number: 1, name: "seed", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "prob", label: Label::Single, kind: Kind::Float, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RANDOM_BERNOULLI_STATIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.RandomBernoulliStaticLayerParams",
    fields: &[
        Field { number: 1, name: "seed", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "prob", label: Label::Single, kind: Kind::Float, slot: 1 },
        Field { number: 3, name: "outputShape", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RANDOM_NORMAL_DYNAMIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.RandomNormalDynamicLayerParams",
    fields: &[
        Field { number: 1, name: "seed", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "mean", label: Label::Single, kind: Kind::Float, slot: 1 },
        Field { number: 3, name: "stdDev", label: Label::Single, kind: Kind::Float, slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RANDOM_NORMAL_LIKE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.RandomNormalLikeLayerParams",
    fields: &[
        Field { number: 1, name: "seed", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "mean", label: Label::Single, kind: Kind::Float, slot: 1 },
        Field { number: 3, name: "stdDev", label: Label::Single, kind: Kind::Float, slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RANDOM_NORMAL_STATIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.RandomNormalStaticLayerParams",
    fields: &[
        Field { number: 1, name: "seed", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "mean", label: Label::Single, kind: Kind::Float, slot: 1 },
        Field { number: 3, name: "stdDev", label: Label::Single, kind: Kind::Float, slot: 2 },
        Field { number: 4, name: "outputShape", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RANDOM_UNIFORM_DYNAMIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.RandomUniformDynamicLayerParams",
    fields: &[
        Field { number: 1, name: "seed", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "minVal", label: Label::Single, kind: Kind::Float, slot: 1 },
        Field { number: 3, name: "maxVal", label: Label::Single, kind: Kind::Float, slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RANDOM_UNIFORM_LIKE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.RandomUniformLikeLayerParams",
    fields: &[
        Field { number: 1, name: "seed", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "minVal", label: Label::Single, kind: Kind::Float, slot: 1 },
        Field { number: 3, name: "maxVal", label: Label::Single, kind: Kind::Float, slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RANDOM_UNIFORM_STATIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.RandomUniformStaticLayerParams",
    fields: &[
        Field { number: 1, name: "seed", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "minVal", label: Label::Single, kind: Kind::Float, slot: 1 },
        Field { number: 3, name: "maxVal", label: Label::Single, kind: Kind::Float, slot: 2 },
        Field { number: 4, name: "outputShape", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RANGE_DYNAMIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.RangeDynamicLayerParams",
    fields: &[
        Field { number: 2, name: "startValue", label: Label::Single, kind: Kind::Float, slot: 0 },
        Field { number: 3, name: "stepSizeValue", label: Label::Single, kind: Kind::Float, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RANGE_STATIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.RangeStaticLayerParams",
    fields: &[
        Field { number: 1, name: "endValue", label: Label::Single, kind: Kind::Float, slot: 0 },
        Field { number: 2, name: "startValue", label: Label::Single, kind: Kind::Float, slot: 1 },
        Field { number: 3, name: "stepSizeValue", label: Label::Single, kind: Kind::Float, slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RANK_PRESERVING_RESHAPE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.RankPreservingReshapeLayerParams",
    fields: &[
        Field { number: 1, name: "targetShape", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static REDUCE_L1_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReduceL1LayerParams",
    fields: &[
        Field { number: 1, name: "axes", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "keepDims", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 3, name: "reduceAll", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static REDUCE_L2_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReduceL2LayerParams",
    fields: &[
        Field { number: 1, name: "axes", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "keepDims", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 3, name: "reduceAll", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static REDUCE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReduceLayerParams",
    fields: &[
        Field { number: 1, name: "mode", label: Label::Single, kind: Kind::Enum, slot: 0 },
        Field { number: 2, name: "epsilon", label: Label::Single, kind: Kind::Float, slot: 1 },
        Field { number: 3, name: "axis", label: Label::Single, kind: Kind::Enum, slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static REDUCE_LOG_SUM_EXP_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReduceLogSumExpLayerParams",
    fields: &[
        Field { number: 1, name: "axes", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "keepDims", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 3, name: "reduceAll", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static REDUCE_LOG_SUM_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReduceLogSumLayerParams",
    fields: &[
        Field { number: 1, name: "axes", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "keepDims", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 3, name: "reduceAll", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static REDUCE_MAX_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReduceMaxLayerParams",
    fields: &[
        Field { number: 1, name: "axes", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "keepDims", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 3, name: "reduceAll", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static REDUCE_MEAN_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReduceMeanLayerParams",
    fields: &[
        Field { number: 1, name: "axes", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "keepDims", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 3, name: "reduceAll", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static REDUCE_MIN_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReduceMinLayerParams",
    fields: &[
        Field { number: 1, name: "axes", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "keepDims", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 3, name: "reduceAll", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static REDUCE_PROD_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReduceProdLayerParams",
    fields: &[
        Field { number: 1, name: "axes", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "keepDims", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 3, name: "reduceAll", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static REDUCE_SUM_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReduceSumLayerParams",
    fields: &[
        Field { number: 1, name: "axes", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "keepDims", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 3, name: "reduceAll", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static REDUCE_SUM_SQUARE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReduceSumSquareLayerParams",
    fields: &[
        Field { number: 1, name: "axes", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "keepDims", label: Label::Single, kind: Kind::Bool, slot: 0 },
        Field { number: 3, name: "reduceAll", label: Label::Single, kind: Kind::Bool, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static REORGANIZE_DATA_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReorganizeDataLayerParams",
    fields: &[
        Field { number: 1, name: "mode", label: Label::Single, kind: Kind::Enum, slot: 0 },
        Field { number: 2, name: "blockSize", label: Label::Single, kind: Kind::Uint64, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RESHAPE_DYNAMIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReshapeDynamicLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static RESHAPE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReshapeLayerParams",
    fields: &[
        Field { number: 1, name: "targetShape", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "mode", label: Label::Single, kind: Kind::Enum, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RESHAPE_LIKE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReshapeLikeLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static RESHAPE_STATIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReshapeStaticLayerParams",
    fields: &[
        Field { number: 1, name: "targetShape", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static RESIZE_BILINEAR_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ResizeBilinearLayerParams",
    fields: &[
        Field { number: 1, name: "targetSize", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "mode", label: Label::Single, kind: Kind::Message(&SAMPLING_MODE), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static REVERSE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReverseLayerParams",
    fields: &[
        Field { number: 1, name: "reverseDim", label: Label::Repeated, kind: Kind::Bool, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static REVERSE_SEQ_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ReverseSeqLayerParams",
    fields: &[
        Field { number: 1, name: "batchAxis", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "sequenceAxis", label: Label::Single, kind: Kind::Int64, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static ROUND_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.RoundLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static SGD_OPTIMIZER: Message = Message {
    name: "CoreML.Specification.SGDOptimizer",
    fields: &[
        Field { number: 1, name: "learningRate", label: Label::Single, kind: Kind::Message(&DOUBLE_PARAMETER), slot: 0 },
        Field { number: 2, name: "miniBatchSize", label: Label::Single, kind: Kind::Message(&INT64_PARAMETER), slot: 1 },
        Field { number: 3, name: "momentum", label: Label::Single, kind: Kind::Message(&DOUBLE_PARAMETER), slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SAME_PADDING: Message = Message {
    name: "CoreML.Specification.SamePadding",
    fields: &[
        Field { number: 1, name: "asymmetryMode", label: Label::Single, kind: Kind::Enum, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SAMPLING_MODE: Message = Message {
    name: "CoreML.Specification.SamplingMode",
    fields: &[
        Field { number: 1, name: "samplingMethod", label: Label::Single, kind: Kind::Enum, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SCALE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ScaleLayerParams",
    fields: &[
        Field { number: 1, name: "shapeScale", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "scale", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 0 },
        Field { number: 3, name: "hasBias", label: Label::Single, kind: Kind::Bool, slot: 1 },
        Field { number: 4, name: "shapeBias", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
        Field { number: 5, name: "bias", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SCALER: Message = Message {
    name: "CoreML.Specification.Scaler",
    fields: &[
        Field { number: 1, name: "shiftValue", label: Label::Repeated, kind: Kind::Double, slot: 0 },
        Field { number: 2, name: "scaleValue", label: Label::Repeated, kind: Kind::Double, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SCATTER_ALONG_AXIS_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ScatterAlongAxisLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "mode", label: Label::Single, kind: Kind::Enum, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SCATTER_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ScatterLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "mode", label: Label::Single, kind: Kind::Enum, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SCATTER_ND_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.ScatterNDLayerParams",
    fields: &[
        Field { number: 1, name: "mode", label: Label::Single, kind: Kind::Enum, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SEQUENCE_FEATURE_TYPE: Message = Message {
    name: "CoreML.Specification.SequenceFeatureType",
    fields: &[
        Field { number: 1, name: "int64Type", label: Label::Single, kind: Kind::Message(&INT64_FEATURE_TYPE), slot: 0 },
        Field { number: 3, name: "stringType", label: Label::Single, kind: Kind::Message(&STRING_FEATURE_TYPE), slot: 0 },
        Field { number: 101, name: "sizeRange", label: Label::Single, kind: Kind::Message(&SIZE_RANGE), slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SEQUENCE_REPEAT_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SequenceRepeatLayerParams",
    fields: &[
        Field { number: 1, name: "nRepetitions", label: Label::Single, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SERIALIZED_MODEL: Message = Message {
    name: "CoreML.Specification.SerializedModel",
    fields: &[
        Field { number: 1, name: "identifier", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "model", label: Label::Single, kind: Kind::Bytes, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SIGMOID_KERNEL: Message = Message {
    name: "CoreML.Specification.SigmoidKernel",
    fields: &[
        Field { number: 1, name: "gamma", label: Label::Single, kind: Kind::Double, slot: 0 },
        Field { number: 2, name: "c", label: Label::Single, kind: Kind::Double, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SIGN_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SignLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static SIMPLE_RECURRENT_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SimpleRecurrentLayerParams",
    fields: &[
        Field { number: 1, name: "inputVectorSize", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "outputVectorSize", label: Label::Single, kind: Kind::Uint64, slot: 1 },
        Field { number: 10, name: "activation", label: Label::Single, kind: Kind::Message(&ACTIVATION_PARAMS), slot: 2 },
        Field { number: 15, name: "sequenceOutput", label: Label::Single, kind: Kind::Bool, slot: 3 },
        Field { number: 20, name: "hasBiasVector", label: Label::Single, kind: Kind::Bool, slot: 4 },
        Field { number: 30, name: "weightMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 5 },
        Field { number: 31, name: "recursionMatrix", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 6 },
        Field { number: 32, name: "biasVector", label: Label::Single, kind: Kind::Message(&WEIGHT_PARAMS), slot: 7 },
        Field { number: 100, name: "reverseInput", label: Label::Single, kind: Kind::Bool, slot: 8 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SIN_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SinLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static SINGLE_KD_TREE_INDEX: Message = Message {
    name: "CoreML.Specification.SingleKdTreeIndex",
    fields: &[
        Field { number: 1, name: "leafSize", label: Label::Single, kind: Kind::Int32, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SINH_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SinhLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static SIZE_RANGE: Message = Message {
    name: "CoreML.Specification.SizeRange",
    fields: &[
        Field { number: 1, name: "lowerBound", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "upperBound", label: Label::Single, kind: Kind::Int64, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SLICE_BY_SIZE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SliceBySizeLayerParams",
    fields: &[
        Field { number: 2, name: "size", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 3, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SLICE_DYNAMIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SliceDynamicLayerParams",
    fields: &[
        Field { number: 2, name: "beginMasks", label: Label::Repeated, kind: Kind::Bool, slot: 0 },
        Field { number: 3, name: "endIds", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 4, name: "endMasks", label: Label::Repeated, kind: Kind::Bool, slot: 0 },
        Field { number: 5, name: "strides", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 6, name: "squeezeMasks", label: Label::Repeated, kind: Kind::Bool, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SLICE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SliceLayerParams",
    fields: &[
        Field { number: 1, name: "startIndex", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "endIndex", label: Label::Single, kind: Kind::Int64, slot: 1 },
        Field { number: 3, name: "stride", label: Label::Single, kind: Kind::Uint64, slot: 2 },
        Field { number: 4, name: "axis", label: Label::Single, kind: Kind::Enum, slot: 3 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SLICE_STATIC_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SliceStaticLayerParams",
    fields: &[
        Field { number: 1, name: "beginIds", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "beginMasks", label: Label::Repeated, kind: Kind::Bool, slot: 0 },
        Field { number: 3, name: "endIds", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 4, name: "endMasks", label: Label::Repeated, kind: Kind::Bool, slot: 0 },
        Field { number: 5, name: "strides", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 6, name: "squeezeMasks", label: Label::Repeated, kind: Kind::Bool, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SLIDING_WINDOWS_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SlidingWindowsLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "windowSize", label: Label::Single, kind: Kind::Uint64, slot: 1 },
        Field { number: 3, name: "step", label: Label::Single, kind: Kind::Uint64, slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SOFTMAX_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SoftmaxLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static SOFTMAX_ND_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SoftmaxNDLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SPARSE_NODE: Message = Message {
    name: "CoreML.Specification.SparseNode",
    fields: &[
        Field { number: 1, name: "index", label: Label::Single, kind: Kind::Int32, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Double, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SPARSE_SUPPORT_VECTORS: Message = Message {
    name: "CoreML.Specification.SparseSupportVectors",
    fields: &[
        Field { number: 1, name: "vectors", label: Label::Repeated, kind: Kind::Message(&SPARSE_VECTOR), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static SPARSE_VECTOR: Message = Message {
    name: "CoreML.Specification.SparseVector",
    fields: &[
        Field { number: 1, name: "nodes", label: Label::Repeated, kind: Kind::Message(&SPARSE_NODE), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static SPLIT_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SplitLayerParams",
    fields: &[
        Field { number: 1, name: "nOutputs", label: Label::Single, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SPLIT_ND_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SplitNDLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "numSplits", label: Label::Single, kind: Kind::Uint64, slot: 1 },
        Field { number: 3, name: "splitSizes", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SQUARED_EUCLIDEAN_DISTANCE: Message = Message {
    name: "CoreML.Specification.SquaredEuclideanDistance",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static SQUEEZE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SqueezeLayerParams",
    fields: &[
        Field { number: 1, name: "axes", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "squeezeAll", label: Label::Single, kind: Kind::Bool, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static STACK_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.StackLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static STATE_FEATURE_TYPE: Message = Message {
    name: "CoreML.Specification.StateFeatureType",
    fields: &[
        Field { number: 1, name: "arrayType", label: Label::Single, kind: Kind::Message(&ARRAY_FEATURE_TYPE), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static STRING_FEATURE_TYPE: Message = Message {
    name: "CoreML.Specification.StringFeatureType",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static STRING_PARAMETER: Message = Message {
    name: "CoreML.Specification.StringParameter",
    fields: &[
        Field { number: 1, name: "defaultValue", label: Label::Single, kind: Kind::String, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static STRING_TO_DOUBLE_MAP: Message = Message {
    name: "CoreML.Specification.StringToDoubleMap",
    fields: &[
        Field { number: 1, name: "map", label: Label::Map, kind: Kind::Message(&STRING_TO_DOUBLE_MAP_MAP_ENTRY), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static STRING_TO_DOUBLE_MAP_MAP_ENTRY: Message = Message {
    name: "CoreML.Specification.StringToDoubleMap.MapEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Double, slot: 1 },
    ],
    counters: 0,
    memory: 792,
};

pub(crate) static STRING_TO_INT64_MAP: Message = Message {
    name: "CoreML.Specification.StringToInt64Map",
    fields: &[
        Field { number: 1, name: "map", label: Label::Map, kind: Kind::Message(&STRING_TO_INT64_MAP_MAP_ENTRY), slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static STRING_TO_INT64_MAP_MAP_ENTRY: Message = Message {
    name: "CoreML.Specification.StringToInt64Map.MapEntry",
    fields: &[
        Field { number: 1, name: "key", label: Label::Single, kind: Kind::String, slot: 0 },
        Field { number: 2, name: "value", label: Label::Single, kind: Kind::Int64, slot: 1 },
    ],
    counters: 0,
    memory: 792,
};

pub(crate) static STRING_VECTOR: Message = Message {
    name: "CoreML.Specification.StringVector",
    fields: &[
        Field { number: 1, name: "vector", label: Label::Repeated, kind: Kind::String, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static SUBTRACT_BROADCASTABLE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.SubtractBroadcastableLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static SUPPORT_VECTOR_CLASSIFIER: Message = Message {
    name: "CoreML.Specification.SupportVectorClassifier",
    fields: &[
        Field { number: 1, name: "kernel", label: Label::Single, kind: Kind::Message(&KERNEL), slot: 2 },
        Field { number: 2, name: "numberOfSupportVectorsPerClass", label: Label::Repeated, kind: Kind::Int32, slot: 0 },
        Field { number: 3, name: "sparseSupportVectors", label: Label::Single, kind: Kind::Message(&SPARSE_SUPPORT_VECTORS), slot: 0 },
        Field { number: 4, name: "denseSupportVectors", label: Label::Single, kind: Kind::Message(&DENSE_SUPPORT_VECTORS), slot: 0 },
        Field { number: 5, name: "coefficients", label: Label::Repeated, kind: Kind::Message(&COEFFICIENTS), slot: 0 },
        Field { number: 6, name: "rho", label: Label::Repeated, kind: Kind::Double, slot: 0 },
        Field { number: 7, name: "probA", label: Label::Repeated, kind: Kind::Double, slot: 0 },
        Field { number: 8, name: "probB", label: Label::Repeated, kind: Kind::Double, slot: 0 },
        Field { number: 100, name: "stringClassLabels", label: Label::Single, kind: Kind::Message(&STRING_VECTOR), slot: 1 },
        Field { number: 101, name: "int64ClassLabels", label: Label::Single, kind: Kind::Message(&INT64_VECTOR), slot: 1 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static SUPPORT_VECTOR_REGRESSOR: Message = Message {
    name: "CoreML.Specification.SupportVectorRegressor",
    fields: &[
        Field { number: 1, name: "kernel", label: Label::Single, kind: Kind::Message(&KERNEL), slot: 1 },
        Field { number: 2, name: "sparseSupportVectors", label: Label::Single, kind: Kind::Message(&SPARSE_SUPPORT_VECTORS), slot: 0 },
        Field { number: 3, name: "denseSupportVectors", label: Label::Single, kind: Kind::Message(&DENSE_SUPPORT_VECTORS), slot: 0 },
        Field { number: 4, name: "coefficients", label: Label::Single, kind: Kind::Message(&COEFFICIENTS), slot: 2 },
        Field { number: 5, name: "rho", label: Label::Single, kind: Kind::Double, slot: 3 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static TAN_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.TanLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static TANH_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.TanhLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static TENSOR: Message = Message {
    name: "CoreML.Specification.Tensor",
    fields: &[
        Field { number: 1, name: "rank", label: Label::Single, kind: Kind::Uint32, slot: 0 },
        Field { number: 2, name: "dimValue", label: Label::Repeated, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static TILE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.TileLayerParams",
    fields: &[
        Field { number: 1, name: "reps", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static TOP_K_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.TopKLayerParams",
    fields: &[
        Field { number: 1, name: "axis", label: Label::Single, kind: Kind::Int64, slot: 0 },
        Field { number: 2, name: "K", label: Label::Single, kind: Kind::Uint64, slot: 1 },
        Field { number: 3, name: "useBottomK", label: Label::Single, kind: Kind::Bool, slot: 2 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static TRANSPOSE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.TransposeLayerParams",
    fields: &[
        Field { number: 1, name: "axes", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static TREE_ENSEMBLE_CLASSIFIER: Message = Message {
    name: "CoreML.Specification.TreeEnsembleClassifier",
    fields: &[
        Field { number: 1, name: "treeEnsemble", label: Label::Single, kind: Kind::Message(&TREE_ENSEMBLE_PARAMETERS), slot: 1 },
        Field { number: 2, name: "postEvaluationTransform", label: Label::Single, kind: Kind::Enum, slot: 2 },
        Field { number: 100, name: "stringClassLabels", label: Label::Single, kind: Kind::Message(&STRING_VECTOR), slot: 0 },
        Field { number: 101, name: "int64ClassLabels", label: Label::Single, kind: Kind::Message(&INT64_VECTOR), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static TREE_ENSEMBLE_PARAMETERS: Message = Message {
    name: "CoreML.Specification.TreeEnsembleParameters",
    fields: &[
        Field { number: 1, name: "nodes", label: Label::Repeated, kind: Kind::Message(&TREE_ENSEMBLE_PARAMETERS_TREE_NODE), slot: 0 },
        Field { number: 2, name: "numPredictionDimensions", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 3, name: "basePredictionValue", label: Label::Repeated, kind: Kind::Double, slot: 0 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static TREE_ENSEMBLE_PARAMETERS_TREE_NODE: Message = Message {
    name: "CoreML.Specification.TreeEnsembleParameters.TreeNode",
    fields: &[
        Field { number: 1, name: "treeId", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "nodeId", label: Label::Single, kind: Kind::Uint64, slot: 1 },
        Field { number: 3, name: "nodeBehavior", label: Label::Single, kind: Kind::Enum, slot: 2 },
        Field { number: 10, name: "branchFeatureIndex", label: Label::Single, kind: Kind::Uint64, slot: 3 },
        Field { number: 11, name: "branchFeatureValue", label: Label::Single, kind: Kind::Double, slot: 4 },
        Field { number: 12, name: "trueChildNodeId", label: Label::Single, kind: Kind::Uint64, slot: 5 },
        Field { number: 13, name: "falseChildNodeId", label: Label::Single, kind: Kind::Uint64, slot: 6 },
        Field { number: 14, name: "missingValueTracksTrueChild", label: Label::Single, kind: Kind::Bool, slot: 7 },
        Field { number: 20, name: "evaluationInfo", label: Label::Repeated, kind: Kind::Message(&TREE_ENSEMBLE_PARAMETERS_TREE_NODE_EVALUATION_INFO), slot: 0 },
        Field { number: 30, name: "relativeHitRate", label: Label::Single, kind: Kind::Double, slot: 8 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static TREE_ENSEMBLE_PARAMETERS_TREE_NODE_EVALUATION_INFO: Message = Message {
    name: "CoreML.Specification.TreeEnsembleParameters.TreeNode.EvaluationInfo",
    fields: &[
        Field { number: 1, name: "evaluationIndex", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "evaluationValue", label: Label::Single, kind: Kind::Double, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static TREE_ENSEMBLE_REGRESSOR: Message = Message {
    name: "CoreML.Specification.TreeEnsembleRegressor",
    fields: &[
        Field { number: 1, name: "treeEnsemble", label: Label::Single, kind: Kind::Message(&TREE_ENSEMBLE_PARAMETERS), slot: 0 },
        Field { number: 2, name: "postEvaluationTransform", label: Label::Single, kind: Kind::Enum, slot: 1 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static UNARY_FUNCTION_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.UnaryFunctionLayerParams",
    fields: &[
        Field { number: 1, name: "type", label: Label::Single, kind: Kind::Enum, slot: 0 },
        Field { number: 2, name: "alpha", label: Label::Single, kind: Kind::Float, slot: 1 },
        Field { number: 3, name: "epsilon", label: Label::Single, kind: Kind::Float, slot: 2 },
        Field { number: 4, name: "shift", label: Label::Single, kind: Kind::Float, slot: 3 },
        Field { number: 5, name: "scale", label: Label::Single, kind: Kind::Float, slot: 4 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static UNI_DIRECTIONAL_LSTM_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.UniDirectionalLSTMLayerParams",
    fields: &[
        Field { number: 1, name: "inputVectorSize", label: Label::Single, kind: Kind::Uint64, slot: 0 },
        Field { number: 2, name: "outputVectorSize", label: Label::Single, kind: Kind::Uint64, slot: 1 },
        Field { number: 10, name: "activations", label: Label::Repeated, kind: Kind::Message(&ACTIVATION_PARAMS), slot: 0 },
        Field { number: 15, name: "params", label: Label::Single, kind: Kind::Message(&LSTM_PARAMS), slot: 2 },
        Field { number: 20, name: "weightParams", label: Label::Single, kind: Kind::Message(&LSTM_WEIGHT_PARAMS), slot: 3 },
        Field { number: 100, name: "reverseInput", label: Label::Single, kind: Kind::Bool, slot: 4 },
    ],
    counters: 1,
    memory: 32,
};

pub(crate) static UNIFORM_WEIGHTING: Message = Message {
    name: "CoreML.Specification.UniformWeighting",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static UPPER_TRIANGULAR_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.UpperTriangularLayerParams",
    fields: &[
        Field { number: 1, name: "k", label: Label::Single, kind: Kind::Int64, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static UPSAMPLE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.UpsampleLayerParams",
    fields: &[
        Field { number: 1, name: "scalingFactor", label: Label::Repeated, kind: Kind::Uint64, slot: 0 },
        Field { number: 5, name: "mode", label: Label::Single, kind: Kind::Enum, slot: 0 },
        Field { number: 6, name: "linearUpsampleMode", label: Label::Single, kind: Kind::Enum, slot: 1 },
        Field { number: 7, name: "fractionalScalingFactor", label: Label::Repeated, kind: Kind::Float, slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static VALID_PADDING: Message = Message {
    name: "CoreML.Specification.ValidPadding",
    fields: &[
        Field { number: 1, name: "paddingAmounts", label: Label::Single, kind: Kind::Message(&BORDER_AMOUNTS), slot: 0 },
    ],
    counters: 0,
    memory: 32,
};

pub(crate) static WEIGHT_PARAMS: Message = Message {
    name: "CoreML.Specification.WeightParams",
    fields: &[
        Field { number: 1, name: "floatValue", label: Label::Repeated, kind: Kind::Float, slot: 0 },
        Field { number: 2, name: "float16Value", label: Label::Single, kind: Kind::Bytes, slot: 0 },
        Field { number: 30, name: "rawValue", label: Label::Single, kind: Kind::Bytes, slot: 1 },
        Field { number: 31, name: "int8RawValue", label: Label::Single, kind: Kind::Bytes, slot: 2 },
        Field { number: 40, name: "quantization", label: Label::Single, kind: Kind::Message(&QUANTIZATION_PARAMS), slot: 3 },
        Field { number: 50, name: "isUpdatable", label: Label::Single, kind: Kind::Bool, slot: 4 },
    ],
    counters: 0,
    memory: 224,
};

pub(crate) static WHERE_BROADCASTABLE_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.WhereBroadcastableLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static WHERE_NON_ZERO_LAYER_PARAMS: Message = Message {
    name: "CoreML.Specification.WhereNonZeroLayerParams",
    fields: &[],
    counters: 0,
    memory: 32,
};

pub(crate) static MESSAGES: &[&Message] = &[
    &ACOS_LAYER_PARAMS,
    &ACOSH_LAYER_PARAMS,
    &ACTIVATION_ELU,
    &ACTIVATION_LEAKY_RE_LU,
    &ACTIVATION_LINEAR,
    &ACTIVATION_P_RE_LU,
    &ACTIVATION_PARAMETRIC_SOFTPLUS,
    &ACTIVATION_PARAMS,
    &ACTIVATION_RE_LU,
    &ACTIVATION_SCALED_TANH,
    &ACTIVATION_SIGMOID,
    &ACTIVATION_SIGMOID_HARD,
    &ACTIVATION_SOFTPLUS,
    &ACTIVATION_SOFTSIGN,
    &ACTIVATION_TANH,
    &ACTIVATION_THRESHOLDED_RE_LU,
    &ADAM_OPTIMIZER,
    &ADD_BROADCASTABLE_LAYER_PARAMS,
    &ADD_LAYER_PARAMS,
    &ARG_MAX_LAYER_PARAMS,
    &ARG_MIN_LAYER_PARAMS,
    &ARG_SORT_LAYER_PARAMS,
    &ARRAY_FEATURE_EXTRACTOR,
    &ARRAY_FEATURE_TYPE,
    &ARRAY_FEATURE_TYPE_ENUMERATED_SHAPES,
    &ARRAY_FEATURE_TYPE_SHAPE,
    &ARRAY_FEATURE_TYPE_SHAPE_RANGE,
    &ASIN_LAYER_PARAMS,
    &ASINH_LAYER_PARAMS,
    &ATAN_LAYER_PARAMS,
    &ATANH_LAYER_PARAMS,
    &AVERAGE_LAYER_PARAMS,
    &BATCHED_MAT_MUL_LAYER_PARAMS,
    &BATCHNORM_LAYER_PARAMS,
    &BAYESIAN_PROBIT_REGRESSOR,
    &BAYESIAN_PROBIT_REGRESSOR_FEATURE_VALUE_WEIGHT,
    &BAYESIAN_PROBIT_REGRESSOR_FEATURE_WEIGHT,
    &BAYESIAN_PROBIT_REGRESSOR_GAUSSIAN,
    &BI_DIRECTIONAL_LSTM_LAYER_PARAMS,
    &BIAS_LAYER_PARAMS,
    &BOOL_PARAMETER,
    &BORDER_AMOUNTS,
    &BORDER_AMOUNTS_EDGE_SIZES,
    &BOX_COORDINATES_MODE,
    &BRANCH_LAYER_PARAMS,
    &BROADCAST_TO_DYNAMIC_LAYER_PARAMS,
    &BROADCAST_TO_LIKE_LAYER_PARAMS,
    &BROADCAST_TO_STATIC_LAYER_PARAMS,
    &CATEGORICAL_CROSS_ENTROPY_LOSS_LAYER,
    &CATEGORICAL_DISTRIBUTION_LAYER_PARAMS,
    &CATEGORICAL_MAPPING,
    &CEIL_LAYER_PARAMS,
    &CLAMPED_RE_LU_LAYER_PARAMS,
    &CLASS_CONFIDENCE_THRESHOLDING,
    &CLIP_LAYER_PARAMS,
    &COEFFICIENTS,
    &CONCAT_LAYER_PARAMS,
    &CONCAT_ND_LAYER_PARAMS,
    &CONSTANT_PADDING_LAYER_PARAMS,
    &CONVOLUTION3_D_LAYER_PARAMS,
    &CONVOLUTION_LAYER_PARAMS,
    &COPY_LAYER_PARAMS,
    &CORE_ML_MODELS_AUDIO_FEATURE_PRINT,
    &CORE_ML_MODELS_AUDIO_FEATURE_PRINT_SOUND,
    &CORE_ML_MODELS_GAZETTEER,
    &CORE_ML_MODELS_SOUND_ANALYSIS_PREPROCESSING,
    &CORE_ML_MODELS_SOUND_ANALYSIS_PREPROCESSING_VGGISH,
    &CORE_ML_MODELS_TEXT_CLASSIFIER,
    &CORE_ML_MODELS_VISION_FEATURE_PRINT,
    &CORE_ML_MODELS_VISION_FEATURE_PRINT_OBJECTS,
    &CORE_ML_MODELS_VISION_FEATURE_PRINT_SCENE,
    &CORE_ML_MODELS_WORD_EMBEDDING,
    &CORE_ML_MODELS_WORD_TAGGER,
    &COS_LAYER_PARAMS,
    &COSH_LAYER_PARAMS,
    &CROP_LAYER_PARAMS,
    &CROP_RESIZE_LAYER_PARAMS,
    &CUM_SUM_LAYER_PARAMS,
    &CUSTOM_LAYER_PARAMS,
    &CUSTOM_LAYER_PARAMS_CUSTOM_LAYER_PARAM_VALUE,
    &CUSTOM_LAYER_PARAMS_PARAMETERS_ENTRY,
    &CUSTOM_MODEL,
    &CUSTOM_MODEL_CUSTOM_MODEL_PARAM_VALUE,
    &CUSTOM_MODEL_PARAMETERS_ENTRY,
    &DENSE_SUPPORT_VECTORS,
    &DENSE_VECTOR,
    &DICT_VECTORIZER,
    &DICTIONARY_FEATURE_TYPE,
    &DIVIDE_BROADCASTABLE_LAYER_PARAMS,
    &DOT_PRODUCT_LAYER_PARAMS,
    &DOUBLE_FEATURE_TYPE,
    &DOUBLE_PARAMETER,
    &DOUBLE_RANGE,
    &DOUBLE_VECTOR,
    &EMBEDDING_LAYER_PARAMS,
    &EMBEDDING_ND_LAYER_PARAMS,
    &EQUAL_LAYER_PARAMS,
    &ERF_LAYER_PARAMS,
    &EXP2_LAYER_PARAMS,
    &EXPAND_DIMS_LAYER_PARAMS,
    &FEATURE_DESCRIPTION,
    &FEATURE_TYPE,
    &FEATURE_VECTORIZER,
    &FEATURE_VECTORIZER_INPUT_COLUMN,
    &FILL_DYNAMIC_LAYER_PARAMS,
    &FILL_LIKE_LAYER_PARAMS,
    &FILL_STATIC_LAYER_PARAMS,
    &FLATTEN_LAYER_PARAMS,
    &FLATTEN_TO2_D_LAYER_PARAMS,
    &FLOAT_VECTOR,
    &FLOOR_DIV_BROADCASTABLE_LAYER_PARAMS,
    &FLOOR_LAYER_PARAMS,
    &FUNCTION_DESCRIPTION,
    &GLM_CLASSIFIER,
    &GLM_CLASSIFIER_DOUBLE_ARRAY,
    &GLM_REGRESSOR,
    &GLM_REGRESSOR_DOUBLE_ARRAY,
    &GRU_LAYER_PARAMS,
    &GATHER_ALONG_AXIS_LAYER_PARAMS,
    &GATHER_LAYER_PARAMS,
    &GATHER_ND_LAYER_PARAMS,
    &GELU_LAYER_PARAMS,
    &GET_SHAPE_LAYER_PARAMS,
    &GLOBAL_POOLING3_D_LAYER_PARAMS,
    &GREATER_EQUAL_LAYER_PARAMS,
    &GREATER_THAN_LAYER_PARAMS,
    &IDENTITY,
    &IMAGE_FEATURE_TYPE,
    &IMAGE_FEATURE_TYPE_ENUMERATED_IMAGE_SIZES,
    &IMAGE_FEATURE_TYPE_IMAGE_SIZE,
    &IMAGE_FEATURE_TYPE_IMAGE_SIZE_RANGE,
    &IMPUTER,
    &INNER_PRODUCT_LAYER_PARAMS,
    &INT64_FEATURE_TYPE,
    &INT64_PARAMETER,
    &INT64_RANGE,
    &INT64_SET,
    &INT64_TO_DOUBLE_MAP,
    &INT64_TO_DOUBLE_MAP_MAP_ENTRY,
    &INT64_TO_STRING_MAP,
    &INT64_TO_STRING_MAP_MAP_ENTRY,
    &INT64_VECTOR,
    &INVERSE_DISTANCE_WEIGHTING,
    &ITEM_SIMILARITY_RECOMMENDER,
    &ITEM_SIMILARITY_RECOMMENDER_CONNECTED_ITEM,
    &ITEM_SIMILARITY_RECOMMENDER_SIMILAR_ITEMS,
    &K_NEAREST_NEIGHBORS_CLASSIFIER,
    &KERNEL,
    &L2_NORMALIZE_LAYER_PARAMS,
    &LRN_LAYER_PARAMS,
    &LSTM_PARAMS,
    &LSTM_WEIGHT_PARAMS,
    &LAYER_NORMALIZATION_LAYER_PARAMS,
    &LESS_EQUAL_LAYER_PARAMS,
    &LESS_THAN_LAYER_PARAMS,
    &LINEAR_INDEX,
    &LINEAR_KERNEL,
    &LINEAR_QUANTIZATION_PARAMS,
    &LINKED_MODEL,
    &LINKED_MODEL_FILE,
    &LOAD_CONSTANT_LAYER_PARAMS,
    &LOAD_CONSTANT_ND_LAYER_PARAMS,
    &LOGICAL_AND_LAYER_PARAMS,
    &LOGICAL_NOT_LAYER_PARAMS,
    &LOGICAL_OR_LAYER_PARAMS,
    &LOGICAL_XOR_LAYER_PARAMS,
    &LOOK_UP_TABLE_QUANTIZATION_PARAMS,
    &LOOP_BREAK_LAYER_PARAMS,
    &LOOP_CONTINUE_LAYER_PARAMS,
    &LOOP_LAYER_PARAMS,
    &LOSS_LAYER,
    &LOWER_TRIANGULAR_LAYER_PARAMS,
    &MIL_SPEC_ARGUMENT,
    &MIL_SPEC_ARGUMENT_BINDING,
    &MIL_SPEC_BLOCK,
    &MIL_SPEC_BLOCK_ATTRIBUTES_ENTRY,
    &MIL_SPEC_DICTIONARY_TYPE,
    &MIL_SPEC_DICTIONARY_VALUE,
    &MIL_SPEC_DICTIONARY_VALUE_KEY_VALUE_PAIR,
    &MIL_SPEC_DIMENSION,
    &MIL_SPEC_DIMENSION_CONSTANT_DIMENSION,
    &MIL_SPEC_DIMENSION_UNKNOWN_DIMENSION,
    &MIL_SPEC_FUNCTION,
    &MIL_SPEC_FUNCTION_ATTRIBUTES_ENTRY,
    &MIL_SPEC_FUNCTION_BLOCK_SPECIALIZATIONS_ENTRY,
    &MIL_SPEC_LIST_TYPE,
    &MIL_SPEC_LIST_VALUE,
    &MIL_SPEC_NAMED_VALUE_TYPE,
    &MIL_SPEC_OPERATION,
    &MIL_SPEC_OPERATION_ATTRIBUTES_ENTRY,
    &MIL_SPEC_OPERATION_INPUTS_ENTRY,
    &MIL_SPEC_PROGRAM,
    &MIL_SPEC_PROGRAM_ATTRIBUTES_ENTRY,
    &MIL_SPEC_PROGRAM_FUNCTIONS_ENTRY,
    &MIL_SPEC_STATE_TYPE,
    &MIL_SPEC_TENSOR_TYPE,
    &MIL_SPEC_TENSOR_TYPE_ATTRIBUTES_ENTRY,
    &MIL_SPEC_TENSOR_VALUE,
    &MIL_SPEC_TENSOR_VALUE_REPEATED_BOOLS,
    &MIL_SPEC_TENSOR_VALUE_REPEATED_BYTES,
    &MIL_SPEC_TENSOR_VALUE_REPEATED_DOUBLES,
    &MIL_SPEC_TENSOR_VALUE_REPEATED_FLOATS,
    &MIL_SPEC_TENSOR_VALUE_REPEATED_INTS,
    &MIL_SPEC_TENSOR_VALUE_REPEATED_LONG_INTS,
    &MIL_SPEC_TENSOR_VALUE_REPEATED_STRINGS,
    &MIL_SPEC_TUPLE_TYPE,
    &MIL_SPEC_TUPLE_VALUE,
    &MIL_SPEC_VALUE,
    &MIL_SPEC_VALUE_BLOB_FILE_VALUE,
    &MIL_SPEC_VALUE_IMMEDIATE_VALUE,
    &MIL_SPEC_VALUE_TYPE,
    &MATRIX_BAND_PART_LAYER_PARAMS,
    &MAX_BROADCASTABLE_LAYER_PARAMS,
    &MAX_LAYER_PARAMS,
    &MEAN_SQUARED_ERROR_LOSS_LAYER,
    &MEAN_VARIANCE_NORMALIZE_LAYER_PARAMS,
    &METADATA,
    &METADATA_USER_DEFINED_ENTRY,
    &MIN_BROADCASTABLE_LAYER_PARAMS,
    &MIN_LAYER_PARAMS,
    &MOD_BROADCASTABLE_LAYER_PARAMS,
    &MODEL,
    &MODEL_DESCRIPTION,
    &MULTIPLY_BROADCASTABLE_LAYER_PARAMS,
    &MULTIPLY_LAYER_PARAMS,
    &NEAREST_NEIGHBORS_INDEX,
    &NETWORK_UPDATE_PARAMETERS,
    &NEURAL_NETWORK,
    &NEURAL_NETWORK_CLASSIFIER,
    &NEURAL_NETWORK_IMAGE_SCALER,
    &NEURAL_NETWORK_LAYER,
    &NEURAL_NETWORK_MEAN_IMAGE,
    &NEURAL_NETWORK_PREPROCESSING,
    &NEURAL_NETWORK_REGRESSOR,
    &NON_MAXIMUM_SUPPRESSION,
    &NON_MAXIMUM_SUPPRESSION_PICK_TOP,
    &NON_MAXIMUM_SUPPRESSION_LAYER_PARAMS,
    &NORMALIZER,
    &NOT_EQUAL_LAYER_PARAMS,
    &ONE_HOT_ENCODER,
    &ONE_HOT_LAYER_PARAMS,
    &OPTIMIZER,
    &PADDING_LAYER_PARAMS,
    &PADDING_LAYER_PARAMS_PADDING_CONSTANT,
    &PADDING_LAYER_PARAMS_PADDING_REFLECTION,
    &PADDING_LAYER_PARAMS_PADDING_REPLICATION,
    &PERMUTE_LAYER_PARAMS,
    &PIPELINE,
    &PIPELINE_CLASSIFIER,
    &PIPELINE_REGRESSOR,
    &POLY_KERNEL,
    &POOLING3_D_LAYER_PARAMS,
    &POOLING_LAYER_PARAMS,
    &POOLING_LAYER_PARAMS_VALID_COMPLETE_PADDING,
    &POW_BROADCASTABLE_LAYER_PARAMS,
    &PRECISION_RECALL_CURVE,
    &QUANTIZATION_PARAMS,
    &RBF_KERNEL,
    &RANDOM_BERNOULLI_DYNAMIC_LAYER_PARAMS,
    &RANDOM_BERNOULLI_LIKE_LAYER_PARAMS,
    &RANDOM_BERNOULLI_STATIC_LAYER_PARAMS,
    &RANDOM_NORMAL_DYNAMIC_LAYER_PARAMS,
    &RANDOM_NORMAL_LIKE_LAYER_PARAMS,
    &RANDOM_NORMAL_STATIC_LAYER_PARAMS,
    &RANDOM_UNIFORM_DYNAMIC_LAYER_PARAMS,
    &RANDOM_UNIFORM_LIKE_LAYER_PARAMS,
    &RANDOM_UNIFORM_STATIC_LAYER_PARAMS,
    &RANGE_DYNAMIC_LAYER_PARAMS,
    &RANGE_STATIC_LAYER_PARAMS,
    &RANK_PRESERVING_RESHAPE_LAYER_PARAMS,
    &REDUCE_L1_LAYER_PARAMS,
    &REDUCE_L2_LAYER_PARAMS,
    &REDUCE_LAYER_PARAMS,
    &REDUCE_LOG_SUM_EXP_LAYER_PARAMS,
    &REDUCE_LOG_SUM_LAYER_PARAMS,
    &REDUCE_MAX_LAYER_PARAMS,
    &REDUCE_MEAN_LAYER_PARAMS,
    &REDUCE_MIN_LAYER_PARAMS,
    &REDUCE_PROD_LAYER_PARAMS,
    &REDUCE_SUM_LAYER_PARAMS,
    &REDUCE_SUM_SQUARE_LAYER_PARAMS,
    &REORGANIZE_DATA_LAYER_PARAMS,
    &RESHAPE_DYNAMIC_LAYER_PARAMS,
    &RESHAPE_LAYER_PARAMS,
    &RESHAPE_LIKE_LAYER_PARAMS,
    &RESHAPE_STATIC_LAYER_PARAMS,
    &RESIZE_BILINEAR_LAYER_PARAMS,
    &REVERSE_LAYER_PARAMS,
    &REVERSE_SEQ_LAYER_PARAMS,
    &ROUND_LAYER_PARAMS,
    &SGD_OPTIMIZER,
    &SAME_PADDING,
    &SAMPLING_MODE,
    &SCALE_LAYER_PARAMS,
    &SCALER,
    &SCATTER_ALONG_AXIS_LAYER_PARAMS,
    &SCATTER_LAYER_PARAMS,
    &SCATTER_ND_LAYER_PARAMS,
    &SEQUENCE_FEATURE_TYPE,
    &SEQUENCE_REPEAT_LAYER_PARAMS,
    &SERIALIZED_MODEL,
    &SIGMOID_KERNEL,
    &SIGN_LAYER_PARAMS,
    &SIMPLE_RECURRENT_LAYER_PARAMS,
    &SIN_LAYER_PARAMS,
    &SINGLE_KD_TREE_INDEX,
    &SINH_LAYER_PARAMS,
    &SIZE_RANGE,
    &SLICE_BY_SIZE_LAYER_PARAMS,
    &SLICE_DYNAMIC_LAYER_PARAMS,
    &SLICE_LAYER_PARAMS,
    &SLICE_STATIC_LAYER_PARAMS,
    &SLIDING_WINDOWS_LAYER_PARAMS,
    &SOFTMAX_LAYER_PARAMS,
    &SOFTMAX_ND_LAYER_PARAMS,
    &SPARSE_NODE,
    &SPARSE_SUPPORT_VECTORS,
    &SPARSE_VECTOR,
    &SPLIT_LAYER_PARAMS,
    &SPLIT_ND_LAYER_PARAMS,
    &SQUARED_EUCLIDEAN_DISTANCE,
    &SQUEEZE_LAYER_PARAMS,
    &STACK_LAYER_PARAMS,
    &STATE_FEATURE_TYPE,
    &STRING_FEATURE_TYPE,
    &STRING_PARAMETER,
    &STRING_TO_DOUBLE_MAP,
    &STRING_TO_DOUBLE_MAP_MAP_ENTRY,
    &STRING_TO_INT64_MAP,
    &STRING_TO_INT64_MAP_MAP_ENTRY,
    &STRING_VECTOR,
    &SUBTRACT_BROADCASTABLE_LAYER_PARAMS,
    &SUPPORT_VECTOR_CLASSIFIER,
    &SUPPORT_VECTOR_REGRESSOR,
    &TAN_LAYER_PARAMS,
    &TANH_LAYER_PARAMS,
    &TENSOR,
    &TILE_LAYER_PARAMS,
    &TOP_K_LAYER_PARAMS,
    &TRANSPOSE_LAYER_PARAMS,
    &TREE_ENSEMBLE_CLASSIFIER,
    &TREE_ENSEMBLE_PARAMETERS,
    &TREE_ENSEMBLE_PARAMETERS_TREE_NODE,
    &TREE_ENSEMBLE_PARAMETERS_TREE_NODE_EVALUATION_INFO,
    &TREE_ENSEMBLE_REGRESSOR,
    &UNARY_FUNCTION_LAYER_PARAMS,
    &UNI_DIRECTIONAL_LSTM_LAYER_PARAMS,
    &UNIFORM_WEIGHTING,
    &UPPER_TRIANGULAR_LAYER_PARAMS,
    &UPSAMPLE_LAYER_PARAMS,
    &VALID_PADDING,
    &WEIGHT_PARAMS,
    &WHERE_BROADCASTABLE_LAYER_PARAMS,
    &WHERE_NON_ZERO_LAYER_PARAMS,
];

impl super::Described for crate::specification::ArrayFeatureType {
    const SCHEMA: &'static Message = &ARRAY_FEATURE_TYPE;
}

impl super::Described for crate::specification::array_feature_type::EnumeratedShapes {
    const SCHEMA: &'static Message = &ARRAY_FEATURE_TYPE_ENUMERATED_SHAPES;
}

impl super::Described for crate::specification::array_feature_type::Shape {
    const SCHEMA: &'static Message = &ARRAY_FEATURE_TYPE_SHAPE;
}

impl super::Described for crate::specification::array_feature_type::ShapeRange {
    const SCHEMA: &'static Message = &ARRAY_FEATURE_TYPE_SHAPE_RANGE;
}

impl super::Described for crate::specification::DictionaryFeatureType {
    const SCHEMA: &'static Message = &DICTIONARY_FEATURE_TYPE;
}

impl super::Described for crate::specification::DoubleFeatureType {
    const SCHEMA: &'static Message = &DOUBLE_FEATURE_TYPE;
}

impl super::Described for crate::specification::FeatureDescription {
    const SCHEMA: &'static Message = &FEATURE_DESCRIPTION;
}

impl super::Described for crate::specification::FeatureType {
    const SCHEMA: &'static Message = &FEATURE_TYPE;
}

impl super::Described for crate::specification::FunctionDescription {
    const SCHEMA: &'static Message = &FUNCTION_DESCRIPTION;
}

impl super::Described for crate::specification::ImageFeatureType {
    const SCHEMA: &'static Message = &IMAGE_FEATURE_TYPE;
}

impl super::Described for crate::specification::image_feature_type::EnumeratedImageSizes {
    const SCHEMA: &'static Message = &IMAGE_FEATURE_TYPE_ENUMERATED_IMAGE_SIZES;
}

impl super::Described for crate::specification::image_feature_type::ImageSize {
    const SCHEMA: &'static Message = &IMAGE_FEATURE_TYPE_IMAGE_SIZE;
}

impl super::Described for crate::specification::image_feature_type::ImageSizeRange {
    const SCHEMA: &'static Message = &IMAGE_FEATURE_TYPE_IMAGE_SIZE_RANGE;
}

impl super::Described for crate::specification::Int64FeatureType {
    const SCHEMA: &'static Message = &INT64_FEATURE_TYPE;
}

impl super::Described for crate::specification::mil_spec::Argument {
    const SCHEMA: &'static Message = &MIL_SPEC_ARGUMENT;
}

impl super::Described for crate::specification::mil_spec::argument::Binding {
    const SCHEMA: &'static Message = &MIL_SPEC_ARGUMENT_BINDING;
}

impl super::Described for crate::specification::mil_spec::Block {
    const SCHEMA: &'static Message = &MIL_SPEC_BLOCK;
}

impl super::Described for crate::specification::mil_spec::DictionaryType {
    const SCHEMA: &'static Message = &MIL_SPEC_DICTIONARY_TYPE;
}

impl super::Described for crate::specification::mil_spec::DictionaryValue {
    const SCHEMA: &'static Message = &MIL_SPEC_DICTIONARY_VALUE;
}

impl super::Described for crate::specification::mil_spec::dictionary_value::KeyValuePair {
    const SCHEMA: &'static Message = &MIL_SPEC_DICTIONARY_VALUE_KEY_VALUE_PAIR;
}

impl super::Described for crate::specification::mil_spec::Dimension {
    const SCHEMA: &'static Message = &MIL_SPEC_DIMENSION;
}

impl super::Described for crate::specification::mil_spec::dimension::ConstantDimension {
    const SCHEMA: &'static Message = &MIL_SPEC_DIMENSION_CONSTANT_DIMENSION;
}

impl super::Described for crate::specification::mil_spec::dimension::UnknownDimension {
    const SCHEMA: &'static Message = &MIL_SPEC_DIMENSION_UNKNOWN_DIMENSION;
}

impl super::Described for crate::specification::mil_spec::Function {
    const SCHEMA: &'static Message = &MIL_SPEC_FUNCTION;
}

impl super::Described for crate::specification::mil_spec::ListType {
    const SCHEMA: &'static Message = &MIL_SPEC_LIST_TYPE;
}

impl super::Described for crate::specification::mil_spec::ListValue {
    const SCHEMA: &'static Message = &MIL_SPEC_LIST_VALUE;
}

impl super::Described for crate::specification::mil_spec::NamedValueType {
    const SCHEMA: &'static Message = &MIL_SPEC_NAMED_VALUE_TYPE;
}

impl super::Described for crate::specification::mil_spec::Operation {
    const SCHEMA: &'static Message = &MIL_SPEC_OPERATION;
}

impl super::Described for crate::specification::mil_spec::Program {
    const SCHEMA: &'static Message = &MIL_SPEC_PROGRAM;
}

impl super::Described for crate::specification::mil_spec::StateType {
    const SCHEMA: &'static Message = &MIL_SPEC_STATE_TYPE;
}

impl super::Described for crate::specification::mil_spec::TensorType {
    const SCHEMA: &'static Message = &MIL_SPEC_TENSOR_TYPE;
}

impl super::Described for crate::specification::mil_spec::TensorValue {
    const SCHEMA: &'static Message = &MIL_SPEC_TENSOR_VALUE;
}

impl super::Described for crate::specification::mil_spec::tensor_value::RepeatedBools {
    const SCHEMA: &'static Message = &MIL_SPEC_TENSOR_VALUE_REPEATED_BOOLS;
}

impl super::Described for crate::specification::mil_spec::tensor_value::RepeatedBytes {
    const SCHEMA: &'static Message = &MIL_SPEC_TENSOR_VALUE_REPEATED_BYTES;
}

impl super::Described for crate::specification::mil_spec::tensor_value::RepeatedDoubles {
    const SCHEMA: &'static Message = &MIL_SPEC_TENSOR_VALUE_REPEATED_DOUBLES;
}

impl super::Described for crate::specification::mil_spec::tensor_value::RepeatedFloats {
    const SCHEMA: &'static Message = &MIL_SPEC_TENSOR_VALUE_REPEATED_FLOATS;
}

impl super::Described for crate::specification::mil_spec::tensor_value::RepeatedInts {
    const SCHEMA: &'static Message = &MIL_SPEC_TENSOR_VALUE_REPEATED_INTS;
}

impl super::Described for crate::specification::mil_spec::tensor_value::RepeatedLongInts {
    const SCHEMA: &'static Message = &MIL_SPEC_TENSOR_VALUE_REPEATED_LONG_INTS;
}

impl super::Described for crate::specification::mil_spec::tensor_value::RepeatedStrings {
    const SCHEMA: &'static Message = &MIL_SPEC_TENSOR_VALUE_REPEATED_STRINGS;
}

impl super::Described for crate::specification::mil_spec::TupleType {
    const SCHEMA: &'static Message = &MIL_SPEC_TUPLE_TYPE;
}

impl super::Described for crate::specification::mil_spec::TupleValue {
    const SCHEMA: &'static Message = &MIL_SPEC_TUPLE_VALUE;
}

impl super::Described for crate::specification::mil_spec::Value {
    const SCHEMA: &'static Message = &MIL_SPEC_VALUE;
}

impl super::Described for crate::specification::mil_spec::value::BlobFileValue {
    const SCHEMA: &'static Message = &MIL_SPEC_VALUE_BLOB_FILE_VALUE;
}

impl super::Described for crate::specification::mil_spec::value::ImmediateValue {
    const SCHEMA: &'static Message = &MIL_SPEC_VALUE_IMMEDIATE_VALUE;
}

impl super::Described for crate::specification::mil_spec::ValueType {
    const SCHEMA: &'static Message = &MIL_SPEC_VALUE_TYPE;
}

impl super::Described for crate::specification::Metadata {
    const SCHEMA: &'static Message = &METADATA;
}

impl super::Described for crate::specification::Model {
    const SCHEMA: &'static Message = &MODEL;
}

impl super::Described for crate::specification::ModelDescription {
    const SCHEMA: &'static Message = &MODEL_DESCRIPTION;
}

impl super::Described for crate::specification::Pipeline {
    const SCHEMA: &'static Message = &PIPELINE;
}

impl super::Described for crate::specification::PipelineClassifier {
    const SCHEMA: &'static Message = &PIPELINE_CLASSIFIER;
}

impl super::Described for crate::specification::PipelineRegressor {
    const SCHEMA: &'static Message = &PIPELINE_REGRESSOR;
}

impl super::Described for crate::specification::SequenceFeatureType {
    const SCHEMA: &'static Message = &SEQUENCE_FEATURE_TYPE;
}

impl super::Described for crate::specification::SerializedModel {
    const SCHEMA: &'static Message = &SERIALIZED_MODEL;
}

impl super::Described for crate::specification::SizeRange {
    const SCHEMA: &'static Message = &SIZE_RANGE;
}

impl super::Described for crate::specification::StateFeatureType {
    const SCHEMA: &'static Message = &STATE_FEATURE_TYPE;
}

impl super::Described for crate::specification::StringFeatureType {
    const SCHEMA: &'static Message = &STRING_FEATURE_TYPE;
}
