//! Generalised linear models.

use mil_ir::FunctionInterface;
use mil_proto::payload::glm_classifier::{self, ClassEncoding, PostEvaluationTransform};
use mil_proto::payload::{GlmClassifier, GlmRegressor};

use super::classifier::{self, Labels, labels};
use super::features::{Kind, NUMBERS, all_are};
use super::rule::{Checked, require};

const CODE: &str = "linear-weights";

pub(super) fn regressor(main: &FunctionInterface, model: &GlmRegressor) -> Checked {
    classifier::regressor(main)?;
    all_are(&main.inputs, NUMBERS)?;
    all_are(&main.outputs, &[Kind::Double])?;
    let rows: Vec<_> = model.weights.iter().map(|row| row.value.len()).collect();
    rows_fit(&rows, model.offset.len())
}

pub(super) fn classifier(main: &FunctionInterface, model: &GlmClassifier) -> Checked {
    let labels = labels!(glm_classifier, model.class_labels);
    classifier::classifier(main, labels)?;
    all_are(&main.inputs, NUMBERS)?;
    let transform = PostEvaluationTransform::try_from(model.post_evaluation_transform);
    require(transform.is_ok(), "parameter-value", "the transform is not known")?;
    let encoding = ClassEncoding::try_from(model.class_encoding);
    require(encoding.is_ok(), "parameter-value", "the class encoding is not known")?;
    let rows: Vec<_> = model.weights.iter().map(|row| row.value.len()).collect();
    require(!rows.is_empty(), CODE, "there are no weights")?;
    rows_fit(&rows, model.offset.len())?;
    require(rows.first() != Some(&0), CODE, "the rows of weights are empty")?;
    let classes = labels.len();
    let wanted = match encoding {
        Ok(ClassEncoding::OneVsRest) if classes != 2 => classes,
        _ => classes - 1,
    };
    let message = format!("{} rows of weights for {classes} classes, where {wanted} are needed", rows.len());
    require(rows.len() == wanted, CODE, message)?;
    let probit = transform == Ok(PostEvaluationTransform::Probit);
    require(classes <= 2 || !probit, "parameter-value", "probit is for two classes")
}

/// Rows of one length, with an offset each.
fn rows_fit(rows: &[usize], offsets: usize) -> Checked {
    require(rows.len() == offsets, CODE, format!("{} rows of weights, {offsets} offsets", rows.len()))?;
    require(rows.windows(2).all(|pair| pair[0] == pair[1]), CODE, "the rows of weights differ in length")
}
