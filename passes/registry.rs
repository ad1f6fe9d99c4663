//! Every pass.

// Generated from the folders: BLESS=1 cargo test -p mil-passes

use mil_pass::PassDef;

/// Every pass, sorted by id.
pub const PASSES: &[&PassDef] = &[
    &crate::AddConvTransposeOutputShape::DEF,
    &crate::AddFp16Cast::DEF,
    &crate::AddInt16Cast::DEF,
    &crate::CastOptimization::DEF,
    &crate::ComposeConv1d::DEF,
    &crate::ConcatToPixelShuffle::DEF,
    &crate::ConstDeduplication::DEF,
    &crate::ConstElimination::DEF,
    &crate::DeadCodeElimination::DEF,
    &crate::DedupOpAndVarNames::DEF,
    &crate::DequantizeQuantizePairElimination::DEF,
    &crate::DequantizeToConstexpr::DEF,
    &crate::DetectConcatInterleave::DEF,
    &crate::FuseConvBias::DEF,
    &crate::FuseConvBn::DEF,
    &crate::FuseConvScale::DEF,
    &crate::FuseDilatedConv::DEF,
    &crate::FuseGeluExact::DEF,
    &crate::FuseLayernormOrInstancenorm::DEF,
    &crate::FuseLinearBias::DEF,
    &crate::FusePadConv::DEF,
    &crate::FuseSqueezeExpandDims::DEF,
    &crate::FuseStackSplit::DEF,
    &crate::GuardNegativeGatherIndices::DEF,
    &crate::IntOpCanonicalization::DEF,
    &crate::LoopInvariantElimination::DEF,
    &crate::MergeAffineDequantizeWithConsecutiveOps::DEF,
    &crate::MergeConsecutivePaddings::DEF,
    &crate::MergeConsecutiveRelus::DEF,
    &crate::MergeConsecutiveReshapes::DEF,
    &crate::MergeConsecutiveTransposes::DEF,
    &crate::NoopElimination::DEF,
    &crate::NullifyRedundantQuantizationZeroPoint::DEF,
    &crate::PreluToLeakyRelu::DEF,
    &crate::RemoveRedundantOps::DEF,
    &crate::RemoveSymbolicReshape::DEF,
    &crate::ReplaceStackReshape::DEF,
    &crate::TopologicalReorder::DEF,
    &crate::UseReflectionPadding::DEF,
];
