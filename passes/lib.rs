//! The passes of milopt, one folder each, grouped by theme, and the named pipelines.
//!
//! A pass's folder holds its declaration and code (`mod.rs`) and its before/after cases (`cases/*.mil`). The
//! path of the folder ends in the pass's id. To add one: make the folder, and run `BLESS=1 cargo test -p
//! mil-passes`, which rewrites the lists. No pass knows of files.

mod constants;
mod coremltools;
mod pipelines;
mod registry;

// Generated from the folders: BLESS=1 cargo test -p mil-passes
pub mod activation;
pub mod ane;
pub mod cleanup;
pub mod conv;
pub mod elementwise;
pub mod layout;
pub mod linear;
pub mod norm;
pub mod precision;
pub mod quantization;
pub mod shape;
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
pub use cleanup::ConstDeduplication;
pub use cleanup::ConstElimination;
pub use cleanup::DeadCodeElimination;
pub use cleanup::DedupOpAndVarNames;
pub use cleanup::LoopInvariantElimination;
pub use cleanup::NoopElimination;
pub use cleanup::RemoveRedundantOps;
pub use cleanup::TopologicalReorder;
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
pub use layout::MergeConsecutiveTransposes;
pub use layout::ReduceTransposes;
pub use linear::ExpandDynamicLinear;
pub use linear::FuseLinearBias;
pub use linear::FuseMatmulWeightBias;
pub use linear::FuseOnehotMatmulToGather;
pub use linear::FuseTransposeMatmul;
pub use norm::FuseElementwiseToBatchnorm;
pub use norm::FuseLayernormOrInstancenorm;
pub use precision::AddFp16Cast;
pub use precision::AddInt16Cast;
pub use precision::CastOptimization;
pub use quantization::DequantizeQuantizePairElimination;
pub use quantization::DequantizeToConstexpr;
pub use quantization::IntOpCanonicalization;
pub use quantization::MergeAffineDequantizeWithConsecutiveOps;
pub use quantization::NullifyRedundantQuantizationZeroPoint;
pub use shape::ConcatToPixelShuffle;
pub use shape::DetectConcatInterleave;
pub use shape::FuseSqueezeExpandDims;
pub use shape::FuseStackSplit;
pub use shape::GuardNegativeGatherIndices;
pub use shape::MergeConsecutivePaddings;
pub use shape::MergeConsecutiveReshapes;
pub use shape::RemoveSymbolicReshape;
pub use shape::ReplaceStackReshape;
pub use shape::UseReflectionPadding;

use mil_pass::Registry;

pub use registry::PASSES;

/// All passes and named pipelines. [`Registry::with`] adds others to them.
pub fn registry() -> Registry {
    Registry::new(PASSES, pipelines::PIPELINES).with_coremltools(coremltools::IDS)
}
