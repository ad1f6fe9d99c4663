//! Classes and numbers that a model predicts: names, labels and outputs.

use mil_ir::FunctionInterface;

use super::features::{Kind, named};
use super::rule::{Checked, require};

/// How many labels a classifier has, by their type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Labels {
    Unset,
    Int64(usize),
    String(usize),
}

/// The labels in the oneof `ClassLabels` of a message.
macro_rules! labels {
    ($module:ident, $field:expr) => {
        match &$field {
            None => Labels::Unset,
            Some($module::ClassLabels::Int64ClassLabels(labels)) => Labels::Int64(labels.vector.len()),
            Some($module::ClassLabels::StringClassLabels(labels)) => Labels::String(labels.vector.len()),
        }
    };
}
pub(super) use labels;

impl Labels {
    pub(super) fn len(self) -> usize {
        match self {
            Labels::Unset => 0,
            Labels::Int64(len) | Labels::String(len) => len,
        }
    }
}

/// A classifier has labels, an output for the class, and perhaps one for the probabilities.
pub(super) fn classifier(main: &FunctionInterface, labels: Labels) -> Checked {
    require(labels != Labels::Unset, "class-labels", "the class labels are not set")?;
    require(labels.len() > 0, "class-labels", "the list of class labels is empty")?;
    outputs(main, matches!(labels, Labels::Int64(_)))
}

/// The outputs of a classifier whose labels are numbers, or texts.
pub(super) fn outputs(main: &FunctionInterface, numbers: bool) -> Checked {
    require(!main.predicted_feature.is_empty(), "predicted-feature", "predictedFeatureName is not given")?;
    let kind = if numbers { Kind::Int64 } else { Kind::String };
    named(&main.outputs, &main.predicted_feature, &[kind], "predictedFeatureName")?;
    if !main.predicted_probabilities.is_empty() {
        let kinds = [Kind::Array, Kind::Dictionary];
        named(&main.outputs, &main.predicted_probabilities, &kinds, "predictedProbabilitiesName")?;
    }
    Ok(())
}

/// A regressor has an output for the number.
pub(super) fn regressor(main: &FunctionInterface) -> Checked {
    require(!main.predicted_feature.is_empty(), "predicted-feature", "predictedFeatureName is not given")?;
    named(&main.outputs, &main.predicted_feature, &[Kind::Double, Kind::Array], "predictedFeatureName")?;
    Ok(())
}
