//! Non-maximum suppression: which features it takes, of which type and shape.

use mil_ir::{Feature, Flexibility, FunctionInterface};
use mil_proto::payload::{NonMaximumSuppression, non_maximum_suppression};

use super::classifier::{Labels, labels};
use super::features::{Kind, array, flexible_rank, named};
use super::rule::{Checked, fault, require};

/// `ArrayFeatureType.DOUBLE` and `FLOAT32`.
const DOUBLE: i32 = 65600;
const FLOAT32: i32 = 65568;
/// The first version with fp32 features.
const FLOAT32_SINCE: i32 = 5;

pub(super) fn suppression(main: &FunctionInterface, version: i32, model: &NonMaximumSuppression) -> Checked {
    let thresholds =
        [&model.iou_threshold_input_feature_name, &model.confidence_threshold_input_feature_name];
    let inputs = [&model.confidence_input_feature_name, &model.coordinates_input_feature_name];
    let outputs = [&model.confidence_output_feature_name, &model.coordinates_output_feature_name];
    all_named(&main.inputs, &[&inputs[..], &thresholds].concat())?;
    all_named(&main.outputs, &outputs)?;
    let mut arrays = Vec::new();
    for (features, names) in [(&main.inputs, inputs), (&main.outputs, outputs)] {
        for name in names {
            arrays.push(named(features, name, &[Kind::Array], "boxes")?);
        }
    }
    for name in thresholds {
        // The name alone is fine: the constant is used.
        if main.inputs.iter().any(|input| *input.name == **name) {
            named(&main.inputs, name, &[Kind::Double], "threshold")?;
        }
    }
    let (iou, confidence) = (model.iou_threshold, model.confidence_threshold);
    require((0.0..=1.0).contains(&iou), "threshold", format!("iouThreshold {iou} is not in 0..1"))?;
    require(confidence >= 0.0, "threshold", format!("confidenceThreshold {confidence} is negative"))?;
    let [kind, others @ ..] =
        &arrays.iter().filter_map(|f| array(f)).map(|a| a.data_type).collect::<Vec<_>>()[..]
    else {
        return Ok(());
    };
    require(others.iter().all(|other| other == kind), "element-type", "the arrays differ in element type")?;
    let allowed = *kind == DOUBLE || (*kind == FLOAT32 && version >= FLOAT32_SINCE);
    require(allowed, "element-type", "the arrays are not double, nor fp32 from version 5 on")?;
    let [_, _, confidence, coordinates] = &arrays[..] else { return Ok(()) };
    let labels = labels!(non_maximum_suppression, model.class_labels).len();
    output_shapes(confidence, coordinates, labels)
}

/// Every feature is named by the model.
fn all_named(features: &[Feature], names: &[&String]) -> Checked {
    let surplus = features.iter().find(|feature| names.iter().all(|name| **name != *feature.name));
    match surplus {
        None => Ok(()),
        Some(feature) => {
            Err(fault("feature-name", format!("the model does not name feature {}", feature.name)))
        }
    }
}

/// The outputs have no shape, or rank 2. Of coordinates only the first dimension is looked at, and whether
/// there are ranges where the confidence has them.
fn output_shapes(confidence: &Feature, coordinates: &Feature, labels: usize) -> Checked {
    let (Some(confidence), Some(coordinates)) = (array(confidence), array(coordinates)) else {
        return Ok(());
    };
    let ranks = (confidence.shape.len(), flexible_rank(confidence));
    let fits = matches!(ranks, (0, 0) | (2, 0) | (0, 2));
    require(fits, "feature-shape", "the confidence output has another rank than 2")?;
    let wrong_labels = || format!("dimension 1 of the confidence output does not fit {labels} labels");
    if let [boxes, classes] = confidence.shape[..] {
        let fits = coordinates.shape.first().is_none_or(|&other| other == boxes);
        require(fits, "feature-shape", "the outputs differ in the number of boxes")?;
        let fits = labels == 0 || usize::try_from(classes) == Ok(labels);
        require(fits, "class-labels", wrong_labels())?;
    }
    if ranks == (0, 2) {
        let (Some(Flexibility::Ranges(ranges)), Some(Flexibility::Ranges(_))) =
            (&confidence.flexibility, &coordinates.flexibility)
        else {
            return Err(fault("feature-shape", "the flexible outputs are not both ranges"));
        };
        let labels = labels as u64;
        let holds = ranges.get(1).is_none_or(|range| {
            labels >= range.lower && u64::try_from(range.upper).map_or(true, |upper| labels <= upper)
        });
        require(labels == 0 || holds, "class-labels", wrong_labels())?;
    }
    Ok(())
}
