//! Classification by the nearest stored samples.

use mil_ir::FunctionInterface;
use mil_proto::payload::k_nearest_neighbors_classifier::{self, DefaultClassLabel};
use mil_proto::payload::nearest_neighbors_index::IndexType;
use mil_proto::payload::{Int64Parameter, KNearestNeighborsClassifier, NearestNeighborsIndex};

use super::classifier::{self, Labels, labels};
use super::parameter;
use super::rule::{Checked, require, set};

const CODE: &str = "neighbours";

pub(super) fn classifier(main: &FunctionInterface, model: &KNearestNeighborsClassifier) -> Checked {
    let unset = Int64Parameter::default();
    let neighbours = model.number_of_neighbors.as_ref().unwrap_or(&unset);
    parameter::int64("numberOfNeighbors", neighbours, true)?;
    set(&model.weighting_scheme, CODE, "the weighting scheme")?;
    let labels = labels!(k_nearest_neighbors_classifier, model.class_labels);
    let (numbers, texts) = (matches!(labels, Labels::Int64(_)), matches!(labels, Labels::String(_)));
    let numbers = match &model.default_class_label {
        Some(DefaultClassLabel::DefaultStringLabel(_)) => {
            require(!numbers, "class-labels", "labels and default label differ in type")?;
            false
        }
        Some(DefaultClassLabel::DefaultInt64Label(_)) => {
            require(!texts, "class-labels", "labels and default label differ in type")?;
            true
        }
        None => {
            require(labels.len() > 0, "class-labels", "there are neither labels nor a default label")?;
            numbers
        }
    };
    classifier::outputs(main, numbers)?;
    let index = model.nearest_neighbors_index.as_ref();
    check_index(index.unwrap_or(&NearestNeighborsIndex::default()), labels.len())
}

fn check_index(index: &NearestNeighborsIndex, labels: usize) -> Checked {
    let samples = index.float_samples.len();
    require(samples == labels, CODE, format!("{samples} samples, {labels} labels"))?;
    let dimensions = usize::try_from(index.number_of_dimensions).ok();
    let fits = index.float_samples.iter().all(|sample| Some(sample.vector.len()) == dimensions);
    require(fits, CODE, format!("a sample has not {} dimensions", index.number_of_dimensions))?;
    let positive = match set(&index.index_type, CODE, "the index")? {
        IndexType::SingleKdTreeIndex(tree) => tree.leaf_size > 0,
        IndexType::LinearIndex(_) => true,
    };
    require(positive, CODE, "the leaf size is not positive")?;
    set(&index.distance_function, CODE, "the distance")?;
    Ok(())
}
