//! Every pass.

// Generated from the folders: BLESS=1 cargo test -p mil-passes

use mil_pass::PassDef;

/// Every pass, sorted by id.
pub const PASSES: &[&PassDef] = &[
    &crate::AddFp16Cast::DEF,
    &crate::CastOptimization::DEF,
    &crate::ConstDeduplication::DEF,
    &crate::ConstElimination::DEF,
    &crate::DeadCodeElimination::DEF,
    &crate::DecomposeConstBase2Pow::DEF,
    &crate::DivideToMultiply::DEF,
    &crate::ExpandDynamicLinear::DEF,
    &crate::FuseConvBias::DEF,
    &crate::FuseConvBn::DEF,
    &crate::FuseConvScale::DEF,
    &crate::FuseElementwiseToBatchnorm::DEF,
    &crate::FuseGeluExact::DEF,
    &crate::FuseGeluSigmoid::DEF,
    &crate::FuseGeluTanh::DEF,
    &crate::FuseLayernormOrInstancenorm::DEF,
    &crate::FuseLeakyRelu::DEF,
    &crate::FuseLinearBias::DEF,
    &crate::FuseMatmulWeightBias::DEF,
    &crate::FuseOnehotMatmulToGather::DEF,
    &crate::FusePow2Sqrt::DEF,
    &crate::FusePrelu::DEF,
    &crate::FuseReduceMean::DEF,
    &crate::FuseSilu::DEF,
    &crate::FuseTransposeMatmul::DEF,
    &crate::MergeConsecutiveRelus::DEF,
    &crate::MergeConsecutiveReshapes::DEF,
    &crate::MergeConsecutiveTransposes::DEF,
    &crate::NoopElimination::DEF,
    &crate::PreluToLeakyRelu::DEF,
    &crate::Rank0ExpandDimsSwap::DEF,
    &crate::RemoveRedundantOps::DEF,
    &crate::SelectOptimization::DEF,
    &crate::TopologicalReorder::DEF,
];
