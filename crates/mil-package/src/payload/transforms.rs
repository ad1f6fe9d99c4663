//! Models that change the form of features.

use mil_ir::{Feature, FeatureKind, FunctionInterface, SequenceElement};
use mil_proto::payload::categorical_mapping::{MappingType, ValueOnUnknown};
use mil_proto::payload::imputer::{ImputedValue, ReplaceValue};
use mil_proto::payload::normalizer::NormType;
use mil_proto::payload::{
    ArrayFeatureExtractor, CategoricalMapping, DictVectorizer, FeatureVectorizer, Imputer, Normalizer,
    OneHotEncoder, Scaler,
};

use super::features::{Kind, NUMBERS, all_are, is_one_of, only, vector_length};
use super::rule::{Checked, fault, require, set};

const CODE: &str = "parameter-value";

pub(super) fn feature_vectorizer(main: &FunctionInterface, model: &FeatureVectorizer) -> Checked {
    all_are(&main.inputs, &[Kind::Int64, Kind::Double, Kind::Array, Kind::Dictionary])?;
    only(&main.outputs, &[Kind::Array], "outputs")?;
    let empty = model.input_list.iter().find(|column| column.input_dimensions == 0);
    match empty {
        None => Ok(()),
        Some(column) => Err(fault(CODE, format!("column {:?} has the size 0", column.input_column))),
    }
}

pub(super) fn array_feature_extractor(main: &FunctionInterface, model: &ArrayFeatureExtractor) -> Checked {
    only(&main.inputs, &[Kind::Array], "inputs")?;
    let output = only(&main.outputs, NUMBERS, "outputs")?;
    let indices = model.extract_index.len();
    let fits = Kind::of(output) != Some(Kind::Double) || indices == 1;
    require(fits, CODE, format!("{indices} indices for a double"))
}

pub(super) fn one_hot_encoder(main: &FunctionInterface, model: &OneHotEncoder) -> Checked {
    only(&main.inputs, &[Kind::Int64, Kind::String], "inputs")?;
    let kind = if model.output_sparse { Kind::Dictionary } else { Kind::Array };
    only(&main.outputs, &[kind], "outputs")?;
    set(&model.category_type, CODE, "the list of categories")?;
    Ok(())
}

pub(super) fn dict_vectorizer(main: &FunctionInterface, model: &DictVectorizer) -> Checked {
    only(&main.inputs, &[Kind::Dictionary], "inputs")?;
    only(&main.outputs, &[Kind::Array, Kind::Dictionary], "outputs")?;
    set(&model.map, CODE, "the map")?;
    Ok(())
}

pub(super) fn normalizer(main: &FunctionInterface, model: &Normalizer) -> Checked {
    only(&main.inputs, &[Kind::Array], "inputs")?;
    only(&main.outputs, &[Kind::Array], "outputs")?;
    require(
        NormType::try_from(model.norm_type).is_ok(),
        CODE,
        format!("norm {} is not known", model.norm_type),
    )
}

pub(super) fn scaler(main: &FunctionInterface, model: &Scaler) -> Checked {
    let input = only(&main.inputs, NUMBERS, "inputs")?;
    let output = only(&main.outputs, NUMBERS, "outputs")?;
    let kinds = (Kind::of(input), Kind::of(output));
    let fits = kinds.0 == kinds.1 || kinds == (Some(Kind::Int64), Some(Kind::Double));
    require(fits, "feature-kind", "input and output are of different kinds")?;
    let length = vector_length(input, output)?;
    for (what, values) in [("shifts", &model.shift_value), ("scales", &model.scale_value)] {
        let count = values.len();
        let fits = count <= 1 || length.is_some_and(|length| usize::try_from(length) == Ok(count));
        require(fits, CODE, format!("{count} {what}, where there are 0, 1 or one for each element"))?;
    }
    Ok(())
}

pub(super) fn imputer(main: &FunctionInterface, model: &Imputer) -> Checked {
    let kinds = [Kind::Int64, Kind::Double, Kind::Array, Kind::String, Kind::Dictionary];
    let input = only(&main.inputs, &kinds, "inputs")?;
    let output = only(&main.outputs, &kinds, "outputs")?;
    require(Kind::of(input) == Kind::of(output), "feature-kind", "input and output are of different kinds")?;
    let length = vector_length(input, output)?;
    let imputed = set(&model.imputed_value, CODE, "the imputed value")?;
    // For each value: the inputs that it fits, the value that it may replace, and how many there are.
    let replaced = model.replace_value.as_ref();
    let is_double = matches!(replaced, None | Some(ReplaceValue::ReplaceDoubleValue(_)));
    let is_int64 = matches!(replaced, None | Some(ReplaceValue::ReplaceInt64Value(_)));
    let is_string = matches!(replaced, None | Some(ReplaceValue::ReplaceStringValue(_)));
    let (fits, replaces, count): (&[Kind], bool, Option<usize>) = match imputed {
        ImputedValue::ImputedDoubleValue(_) => (&[Kind::Double, Kind::Array], is_double, None),
        ImputedValue::ImputedInt64Value(_) => (&[Kind::Int64], is_int64, None),
        ImputedValue::ImputedStringValue(_) => (&[Kind::String], is_string, None),
        ImputedValue::ImputedDoubleArray(array) => (&[Kind::Array], is_double, Some(array.vector.len())),
        ImputedValue::ImputedInt64Array(array) => (&[Kind::Array], is_int64, Some(array.vector.len())),
        ImputedValue::ImputedStringDictionary(_) | ImputedValue::ImputedInt64Dictionary(_) => {
            (&[Kind::Dictionary], replaced.is_none(), None)
        }
    };
    is_one_of(input, fits)?;
    require(replaces, CODE, "the replaced value is of another type than the imputed one")?;
    let fits = count.is_none_or(|count| length.is_some_and(|length| usize::try_from(length) == Ok(count)));
    require(fits, CODE, "the imputed array is not as long as the input")
}

pub(super) fn categorical_mapping(main: &FunctionInterface, model: &CategoricalMapping) -> Checked {
    let mapping = set(&model.mapping_type, CODE, "the map")?;
    let (from, to) = match mapping {
        MappingType::StringToInt64Map(_) => (SequenceElement::String, SequenceElement::Int64),
        MappingType::Int64ToStringMap(_) => (SequenceElement::Int64, SequenceElement::String),
    };
    let fits = match &model.value_on_unknown {
        None => true,
        Some(ValueOnUnknown::StrValue(_)) => to == SequenceElement::String,
        Some(ValueOnUnknown::Int64Value(_)) => to == SequenceElement::Int64,
    };
    require(fits, CODE, "the value for unknown keys is of another type than the map's values")?;
    let input = only(&main.inputs, &[scalar(from), Kind::Sequence], "inputs")?;
    let output = only(&main.outputs, &[scalar(to), Kind::Sequence], "outputs")?;
    if Kind::of(input) == Some(Kind::Sequence) {
        let fits = sequence(input) == Some(from) && sequence(output) == Some(to);
        require(fits, "feature-kind", "input and output are not sequences of the map's types")?;
    }
    Ok(())
}

fn scalar(element: SequenceElement) -> Kind {
    match element {
        SequenceElement::Int64 => Kind::Int64,
        SequenceElement::String => Kind::String,
    }
}

fn sequence(feature: &Feature) -> Option<SequenceElement> {
    match &feature.kind {
        Some(FeatureKind::Sequence { element, .. }) => *element,
        _ => None,
    }
}
