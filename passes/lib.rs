//! The passes of milopt, one folder each, grouped by theme, and the named pipelines.
//!
//! A pass's folder holds its declaration and code (`mod.rs`) and its before/after cases (`cases/*.mil`). The
//! path of the folder ends in the pass's id. To add one: make the folder, and run `BLESS=1 cargo test -p
//! mil-passes`, which rewrites the lists. No pass knows of files.

mod constants;
pub mod coremltools;
mod cut;
mod inputs;
mod pipelines;
mod registry;
mod scaled_weights;

// Generated from the folders: BLESS=1 cargo test -p mil-passes
pub mod activation;
pub mod ane;
pub mod attention;
pub mod cleanup;
pub mod compression;
pub mod conv;
pub mod elementwise;
pub mod interface;
pub mod layout;
pub mod linear;
pub mod norm;
pub mod precision;
pub mod quantization;
pub mod shape;
pub mod state;
pub mod weights;
pub use activation::FuseGeluExact;
pub use activation::FuseGeluSigmoid;
pub use activation::FuseGeluTanh;
pub use activation::FuseLeakyRelu;
pub use activation::FusePrelu;
pub use activation::FuseSilu;
pub use activation::MergeConsecutiveRelus;
pub use activation::PreluToLeakyRelu;
pub use ane::BandPartToMask;
pub use ane::CumsumToProduct;
pub use ane::CutLongAxes;
pub use ane::DecomposeWideKernels;
pub use ane::ExpandFunctions;
pub use ane::FloatIntegers;
pub use ane::FloatMasks;
pub use ane::HoistIntegers;
pub use ane::ImprovePlacement;
pub use ane::LookupToProduct;
pub use ane::LowerRank6;
pub use ane::ReduceProdToProducts;
pub use ane::ScatterToConcat;
pub use ane::SineToPolynomial;
pub use ane::TopkToMaxima;
pub use ane::Unflatten;
pub use attention::AneAttention;
pub use attention::FuseSdpa;
pub use attention::SliceAttentionQueries;
pub use attention::UnfuseSdpa;
pub use cleanup::ConstDeduplication;
pub use cleanup::ConstElimination;
pub use cleanup::DeadCodeElimination;
pub use cleanup::DedupOpAndVarNames;
pub use cleanup::InlineControlFlow;
pub use cleanup::LoopInvariantElimination;
pub use cleanup::NoopElimination;
pub use cleanup::RemoveRedundantOps;
pub use cleanup::TopologicalReorder;
pub use compression::InsertPrefixQuantizeDequantizePair;
pub use compression::InsertSuffixQuantizeDequantizePair;
pub use compression::LinearQuantizeWeights;
pub use compression::PalettizeWeights;
pub use compression::PruneWeights;
pub use conv::AddConvTransposeOutputShape;
pub use conv::ComposeConv1d;
pub use conv::FuseConvBias;
pub use conv::FuseConvBn;
pub use conv::FuseConvScale;
pub use conv::FuseDilatedConv;
pub use conv::FusePadConv;
pub use elementwise::DecomposeConstBase2Pow;
pub use elementwise::DivideToMultiply;
pub use elementwise::FusePow2Sqrt;
pub use elementwise::FuseReduceMean;
pub use elementwise::Rank0ExpandDimsSwap;
pub use elementwise::SelectOptimization;
pub use interface::AdjustIoTypes;
pub use interface::ChangeIoTypes;
pub use interface::HandleUnusedInputs;
pub use interface::ImageChannelsFirst;
pub use interface::InsertImagePreprocessing;
pub use interface::MatchOutputTypes;
pub use interface::MaterializeShapes;
pub use interface::OutputsToFp16;
pub use interface::RenameFeatures;
pub use interface::SanitizeIoNames;
pub use interface::SanitizeNames;
pub use interface::SelectOutputs;
pub use layout::EliminatePermutes;
pub use layout::MergeConsecutiveTransposes;
pub use layout::ReduceTransposes;
pub use linear::ExpandDynamicLinear;
pub use linear::FuseLinearBias;
pub use linear::FuseMatmulWeightBias;
pub use linear::FuseOnehotMatmulToGather;
pub use linear::FuseTransposeMatmul;
pub use linear::LinearToConv;
pub use norm::FuseElementwiseToBatchnorm;
pub use norm::FuseLayernormOrInstancenorm;
pub use precision::AddFp16Cast;
pub use precision::AddInt16Cast;
pub use precision::CastFp16;
pub use precision::CastOptimization;
pub use precision::StabilizeFp16;
pub use quantization::CanonicalizeQuantizedLutPattern;
pub use quantization::DequantizeQuantizePairElimination;
pub use quantization::DequantizeToConstexpr;
pub use quantization::IntOpCanonicalization;
pub use quantization::MergeAffineDequantizeWithConsecutiveOps;
pub use quantization::NormalizeQuantizedBinaryScale;
pub use quantization::NullifyRedundantQuantizationZeroPoint;
pub use quantization::ReorderLutPerChannelScale;
pub use shape::ConcatToPixelShuffle;
pub use shape::DetectConcatInterleave;
pub use shape::EnumerateShapes;
pub use shape::ExpandHighRankReshapeAndTranspose;
pub use shape::FuseSqueezeExpandDims;
pub use shape::FuseStackSplit;
pub use shape::GuardNegativeGatherIndices;
pub use shape::MergeConcats;
pub use shape::MergeConsecutivePaddings;
pub use shape::MergeConsecutiveReshapes;
pub use shape::MergeReduceAxes;
pub use shape::RemoveSymbolicReshape;
pub use shape::ReplaceStackReshape;
pub use shape::ResolveStaticShapes;
pub use shape::UseReflectionPadding;
pub use state::CanonicalizeStateWrites;
pub use state::MarkKvCacheStates;
pub use state::MergeStates;
pub use state::PadStates;
pub use state::ReadBackStates;
pub use state::SplitStates;
pub use state::UnmarkStates;
pub use weights::DecompressWeights;
pub use weights::RandomizeWeights;

use mil_pass::Registry;

pub use registry::PASSES;

/// All passes and named pipelines. [`Registry::with`] adds others to them.
pub fn registry() -> Registry {
    let registry = Registry::new(PASSES, pipelines::PIPELINES).with_coremltools(coremltools::IDS);
    registry.with_reasons(coremltools::LEFT_OUT)
}
