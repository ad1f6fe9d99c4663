//! Models that ship with the operating system: their features, and what selects them.

use mil_ir::{Feature, FeatureKind, FunctionInterface, SequenceElement};
use mil_proto::payload::core_ml_models::audio_feature_print::AudioFeaturePrintType;
use mil_proto::payload::core_ml_models::vision_feature_print::VisionFeaturePrintType;
use mil_proto::payload::core_ml_models::{
    AudioFeaturePrint, Gazetteer, SoundAnalysisPreprocessing, TextClassifier, VisionFeaturePrint,
    WordEmbedding, WordTagger, gazetteer, text_classifier, word_tagger,
};
use mil_proto::payload::{ClassConfidenceThresholding, FloatVector};

use super::features::{Kind, all_are, array, at_most, named, only};
use super::rule::{Checked, fault, require, set};

/// `ArrayFeatureType.FLOAT32`.
const FLOAT32: i32 = 65568;

pub(super) fn vision(main: &FunctionInterface, model: &VisionFeaturePrint) -> Checked {
    only(&main.inputs, &[Kind::Image], "inputs")?;
    match set(&model.vision_feature_print_type, "feature-print", "the kind of feature print")? {
        VisionFeaturePrintType::Scene(scene) => {
            let known = (1..=2).contains(&scene.version);
            require(known, "feature-print", format!("scene version {} is not known", scene.version))?;
            only(&main.outputs, &[Kind::Array], "outputs")?;
        }
        VisionFeaturePrintType::Objects(objects) => {
            let version = objects.version;
            require(version == 1, "feature-print", format!("objects version {version} is not known"))?;
            require(objects.output.len() == 2, "feature-print", "objects have not two outputs")?;
            at_most(&main.outputs, 2, "outputs")?;
            all_are(&main.outputs, &[Kind::Array])?;
            let unknown =
                main.outputs.iter().find(|output| objects.output.iter().all(|name| *name != *output.name));
            require(unknown.is_none(), "feature-name", "an output is not among those of the objects")?;
        }
    }
    Ok(())
}

pub(super) fn audio(main: &FunctionInterface, model: &AudioFeaturePrint) -> Checked {
    only(&main.inputs, &[Kind::Array], "inputs")?;
    let AudioFeaturePrintType::Sound(sound) =
        set(&model.audio_feature_print_type, "feature-print", "the kind of feature print")?;
    require(sound.version != 0, "feature-print", "the sound version is not set")?;
    if sound.version == 1 {
        only(&main.outputs, &[Kind::Array], "outputs")?;
    }
    Ok(())
}

pub(super) fn sound_preprocessing(main: &FunctionInterface, model: &SoundAnalysisPreprocessing) -> Checked {
    let input = only(&main.inputs, &[Kind::Array], "inputs")?;
    let output = only(&main.outputs, &[Kind::Array], "outputs")?;
    set(&model.sound_analysis_preprocessing_type, "feature-print", "the kind of preprocessing")?;
    for (feature, shape) in [(input, &[15600][..]), (output, &[1, 96, 64][..])] {
        let fits = array(feature).is_some_and(|array| array.shape == shape && array.data_type == FLOAT32);
        require(
            fits,
            "feature-shape",
            format!("feature {} is not an fp32 array of shape {shape:?}", feature.name),
        )?;
    }
    Ok(())
}

pub(super) fn text_classifier(main: &FunctionInterface, model: &TextClassifier) -> Checked {
    only(&main.inputs, &[Kind::String], "inputs")?;
    only(&main.outputs, &[Kind::String], "outputs")?;
    let text_classifier::ClassLabels::StringClassLabels(labels) =
        set(&model.class_labels, "class-labels", "the class labels")?;
    text_model(model.revision, 1, Some(&labels.vector), &model.model_parameter_data)
}

pub(super) fn gazetteer(main: &FunctionInterface, model: &Gazetteer) -> Checked {
    only(&main.inputs, &[Kind::String], "inputs")?;
    only(&main.outputs, &[Kind::String], "outputs")?;
    let gazetteer::ClassLabels::StringClassLabels(labels) =
        set(&model.class_labels, "class-labels", "the class labels")?;
    text_model(model.revision, 2, Some(&labels.vector), &model.model_parameter_data)
}

pub(super) fn word_embedding(main: &FunctionInterface, model: &WordEmbedding) -> Checked {
    only(&main.inputs, &[Kind::String], "inputs")?;
    only(&main.outputs, &[Kind::Array], "outputs")?;
    text_model(model.revision, 2, None, &model.model_parameter_data)
}

/// A revision, labels where the model has some, and data.
fn text_model(revision: u32, least: u32, labels: Option<&[String]>, data: &[u8]) -> Checked {
    require(revision >= least, "revision", format!("revision {revision} is below {least}"))?;
    let empty = labels.is_some_and(<[_]>::is_empty);
    require(!empty, "class-labels", "the list of labels is empty")?;
    require(!data.is_empty(), "model-data", "the model has no data")
}

pub(super) fn word_tagger(main: &FunctionInterface, model: &WordTagger) -> Checked {
    only(&main.inputs, &[Kind::String], "inputs")?;
    let outputs = [
        (&model.tokens_output_feature_name, SequenceElement::String, "tokensOutputFeatureName"),
        (&model.token_tags_output_feature_name, SequenceElement::String, "tokenTagsOutputFeatureName"),
        (
            &model.token_locations_output_feature_name,
            SequenceElement::Int64,
            "tokenLocationsOutputFeatureName",
        ),
        (&model.token_lengths_output_feature_name, SequenceElement::Int64, "tokenLengthsOutputFeatureName"),
    ];
    require(
        !model.token_tags_output_feature_name.is_empty(),
        "feature-name",
        "the output of tags is not named",
    )?;
    let given: Vec<_> = outputs.iter().filter(|(name, _, _)| !name.is_empty()).collect();
    let message = format!("{} outputs, {} names", main.outputs.len(), given.len());
    require(main.outputs.len() == given.len(), "feature-count", message)?;
    for &&(name, element, what) in &given {
        let output = named(&main.outputs, name, &[Kind::Sequence], what)?;
        require(sequence_of(output, element), "feature-kind", format!("{what}: a sequence of another type"))?;
    }
    let word_tagger::Tags::StringTags(tags) = set(&model.tags, "class-labels", "the tags")?;
    text_model(model.revision, 1, Some(&tags.vector), &model.model_parameter_data)
}

fn sequence_of(feature: &Feature, wanted: SequenceElement) -> bool {
    matches!(&feature.kind, Some(FeatureKind::Sequence { element: Some(element), .. }) if *element == wanted)
}

pub(super) fn confidence_thresholding(model: &ClassConfidenceThresholding) -> Checked {
    let code = "curves";
    require(!model.precision_recall_curves.is_empty(), code, "there are no curves")?;
    for curve in &model.precision_recall_curves {
        let pairs = [
            (&curve.precision_values, &curve.precision_confidence_thresholds, "precision"),
            (&curve.recall_values, &curve.recall_confidence_thresholds, "recall"),
        ];
        for (values, thresholds, what) in pairs {
            let (values, thresholds) = (numbers(values), numbers(thresholds));
            let fits = !values.is_empty() && values.len() == thresholds.len();
            require(fits, code, format!("{what}: {} values, {} thresholds", values.len(), thresholds.len()))?;
            let sound = values.iter().chain(thresholds).all(|&number| number.is_finite() && number >= 0.0);
            if !sound {
                return Err(fault(code, format!("{what}: a number is negative or not finite")));
            }
        }
    }
    Ok(())
}

fn numbers(vector: &Option<FloatVector>) -> &[f32] {
    vector.as_ref().map_or(&[], |vector| &vector.vector)
}
