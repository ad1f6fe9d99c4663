//! Payloads of models that are not programs: a valid model of each family, and changes that break one rule
//! each.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::panic, reason = "a panic is how a test fails")]

use std::time::{Duration, Instant};

use mil_ir::Model as Ir;
use mil_ir::verify::Report;
use mil_package::Package;
use mil_package::payload::verify;
use mil_proto::payload::core_ml_models as apple;
use mil_proto::payload::neural_network_layer::Layer;
use mil_proto::payload::*;
use mil_proto::specification::array_feature_type::{ShapeFlexibility, ShapeRange};
use mil_proto::specification::feature_type::Type as Feature;
use mil_proto::specification::model::Type;
use mil_proto::specification::{
    ArrayFeatureType, DictionaryFeatureType, DoubleFeatureType, FeatureDescription, FeatureType,
    ImageFeatureType, Int64FeatureType, Model, ModelDescription, SequenceFeatureType, SizeRange,
    StringFeatureType, dictionary_feature_type, sequence_feature_type,
};
use proptest::prelude::*;
use prost::Message;
use prost::bytes::Bytes;

const FLOAT32: i32 = 65568;
const DOUBLE: i32 = 65600;
const INT32: i32 = 131_104;

// ---- Features ----

fn array_of(data_type: i32, shape: &[i64]) -> Feature {
    Feature::MultiArrayType(ArrayFeatureType { shape: shape.to_vec(), data_type, ..Default::default() })
}

fn array(shape: &[i64]) -> Feature {
    array_of(FLOAT32, shape)
}

fn image() -> Feature {
    Feature::ImageType(ImageFeatureType { width: 8, height: 8, color_space: 20, ..Default::default() })
}

fn double() -> Feature {
    Feature::DoubleType(DoubleFeatureType {})
}

fn int64() -> Feature {
    Feature::Int64Type(Int64FeatureType {})
}

fn string() -> Feature {
    Feature::StringType(StringFeatureType {})
}

fn dictionary() -> Feature {
    let key = dictionary_feature_type::KeyType::StringKeyType(StringFeatureType {});
    Feature::DictionaryType(DictionaryFeatureType { key_type: Some(key) })
}

fn sequence(of_text: bool) -> Feature {
    let element = if of_text {
        sequence_feature_type::Type::StringType(StringFeatureType {})
    } else {
        sequence_feature_type::Type::Int64Type(Int64FeatureType {})
    };
    Feature::SequenceType(SequenceFeatureType { r#type: Some(element), size_range: None })
}

fn ranges(data_type: i32, bounds: &[(u64, i64)]) -> Feature {
    let size_ranges =
        bounds.iter().map(|&(lower_bound, upper_bound)| SizeRange { lower_bound, upper_bound }).collect();
    Feature::MultiArrayType(ArrayFeatureType {
        data_type,
        shape_flexibility: Some(ShapeFlexibility::ShapeRange(ShapeRange { size_ranges })),
        ..Default::default()
    })
}

fn feature(name: &str, kind: Feature) -> FeatureDescription {
    let r#type = Some(FeatureType { is_optional: false, r#type: Some(kind) });
    FeatureDescription { name: name.to_owned(), short_description: String::new(), r#type }
}

// ---- Cases ----

/// A model of one type that can be changed.
#[derive(Clone)]
struct Case<P> {
    wrap: fn(Bytes) -> Type,
    model: Model,
    payload: P,
}

impl<P: Message + Clone> Case<P> {
    fn new(
        wrap: fn(Bytes) -> Type,
        inputs: &[(&str, Feature)],
        outputs: &[(&str, Feature)],
        payload: P,
    ) -> Case<P> {
        let features =
            |list: &[(&str, Feature)]| list.iter().map(|(name, kind)| feature(name, kind.clone())).collect();
        let description =
            ModelDescription { input: features(inputs), output: features(outputs), ..Default::default() };
        let model = Model { specification_version: 5, description: Some(description), ..Default::default() };
        Case { wrap, model, payload }
    }

    fn predicting(mut self, class: &str, probabilities: &str) -> Case<P> {
        self.description().predicted_feature_name = class.to_owned();
        self.description().predicted_probabilities_name = probabilities.to_owned();
        self
    }

    fn description(&mut self) -> &mut ModelDescription {
        self.model.description.get_or_insert_default()
    }

    fn set_input(&mut self, at: usize, kind: Feature) {
        self.description().input[at].r#type = Some(FeatureType { is_optional: false, r#type: Some(kind) });
    }

    fn set_output(&mut self, at: usize, kind: Feature) {
        self.description().output[at].r#type = Some(FeatureType { is_optional: false, r#type: Some(kind) });
    }

    fn bytes(&self) -> Vec<u8> {
        let r#type = Some((self.wrap)(self.payload.encode_to_vec().into()));
        Model { r#type, ..self.model.clone() }.encode_to_vec()
    }

    fn report(&self) -> Report {
        report(self.bytes()).unwrap()
    }

    #[track_caller]
    fn accepts(&self, what: &str, change: impl FnOnce(&mut Case<P>)) {
        let mut case = self.clone();
        change(&mut case);
        assert_eq!(case.report(), Report::default(), "{what}");
    }

    /// The first violation is of this rule.
    #[track_caller]
    fn rejects(&self, code: &str, what: &str, change: impl FnOnce(&mut Case<P>)) {
        let mut case = self.clone();
        change(&mut case);
        let report = case.report();
        assert_eq!(report.violations.first().map(|found| found.code), Some(code), "{what}: {report:?}");
    }
}

/// `None`: the file cannot be read.
fn report(bytes: Vec<u8>) -> Option<Report> {
    let package = Package::from_bytes(bytes, None).ok()?;
    match package.model() {
        Ir::Opaque(opaque) => Some(verify(opaque)),
        other => panic!("{} is not carried", other.kind()),
    }
}

fn texts(labels: &[&str]) -> StringVector {
    StringVector { vector: labels.iter().map(|&label| label.to_owned()).collect() }
}

// ---- Classical models ----

#[test]
fn linear_models() {
    let row = |values: &[f64]| glm_regressor::DoubleArray { value: values.to_vec() };
    let payload = GlmRegressor { weights: vec![row(&[1., 2.])], offset: vec![0.], ..Default::default() };
    let base =
        Case::new(Type::GlmRegressor, &[("x", array(&[2]))], &[("y", double())], payload).predicting("y", "");
    base.accepts("as it is", |_| {});
    base.accepts("no rows", |case| {
        case.payload.weights.clear();
        case.payload.offset.clear();
    });
    base.rejects("predicted-feature", "no name", |case| case.description().predicted_feature_name.clear());
    base.rejects("feature-name", "unknown name", |case| {
        case.description().predicted_feature_name = "z".into()
    });
    base.rejects("feature-kind", "an image", |case| case.set_input(0, image()));
    base.rejects("feature-kind", "output is an array", |case| case.set_output(0, array(&[1])));
    base.rejects("linear-weights", "two offsets", |case| case.payload.offset.push(1.));
    base.rejects("linear-weights", "rows differ", |case| {
        case.payload.weights.push(row(&[1.]));
        case.payload.offset.push(1.);
    });

    let row = |values: &[f64]| glm_classifier::DoubleArray { value: values.to_vec() };
    let payload = GlmClassifier {
        weights: vec![row(&[1., 2.])],
        offset: vec![0.],
        class_labels: Some(glm_classifier::ClassLabels::StringClassLabels(texts(&["a", "b"]))),
        ..Default::default()
    };
    let base = Case::new(
        Type::GlmClassifier,
        &[("x", array(&[2]))],
        &[("y", string()), ("p", dictionary())],
        payload,
    )
    .predicting("y", "p");
    base.accepts("as it is", |_| {});
    base.accepts("no probabilities", |case| case.description().predicted_probabilities_name.clear());
    base.rejects("class-labels", "no labels", |case| case.payload.class_labels = None);
    base.rejects("class-labels", "empty labels", |case| {
        case.payload.class_labels = Some(glm_classifier::ClassLabels::StringClassLabels(texts(&[])));
    });
    base.rejects("feature-kind", "labels of the other type", |case| case.set_output(0, int64()));
    base.rejects("feature-kind", "probabilities are a double", |case| case.set_output(1, double()));
    base.rejects("parameter-value", "transform", |case| case.payload.post_evaluation_transform = 7);
    base.rejects("parameter-value", "encoding", |case| case.payload.class_encoding = 7);
    base.rejects("linear-weights", "empty row", |case| case.payload.weights = vec![row(&[])]);
    base.rejects("linear-weights", "a row too many", |case| {
        case.payload.weights.push(row(&[1., 2.]));
        case.payload.offset.push(0.);
    });
    let three = Some(glm_classifier::ClassLabels::StringClassLabels(texts(&["a", "b", "c"])));
    base.rejects("linear-weights", "too few rows", |case| case.payload.class_labels = three.clone());
    base.rejects("parameter-value", "probit of three classes", |case| {
        case.payload.class_labels = three.clone();
        case.payload.weights.push(row(&[1., 2.]));
        case.payload.offset.push(0.);
        case.payload.post_evaluation_transform = 1;
    });
}

#[test]
fn support_vector_machines() {
    let kernel = |kernel| Some(Kernel { kernel: Some(kernel) });
    let linear = || kernel(kernel::Kernel::LinearKernel(LinearKernel {}));
    let vectors = DenseSupportVectors { vectors: vec![DenseVector { values: vec![1.] }; 3] };
    let payload = SupportVectorClassifier {
        kernel: linear(),
        number_of_support_vectors_per_class: vec![1, 2],
        support_vectors: Some(support_vector_classifier::SupportVectors::DenseSupportVectors(
            vectors.clone(),
        )),
        coefficients: vec![Coefficients { alpha: vec![1.; 3] }],
        rho: vec![0.],
        class_labels: Some(support_vector_classifier::ClassLabels::StringClassLabels(texts(&["a", "b"]))),
        ..Default::default()
    };
    let base = Case::new(Type::SupportVectorClassifier, &[("x", double())], &[("y", string())], payload)
        .predicting("y", "");
    base.accepts("as it is", |_| {});
    base.accepts("probabilities", |case| {
        case.payload.prob_a = vec![1.];
        case.payload.prob_b = vec![1.];
    });
    base.rejects("feature-kind", "text", |case| case.set_input(0, string()));
    base.rejects("kernel", "no kernel", |case| case.payload.kernel = None);
    base.rejects("kernel", "negative gamma", |case| {
        case.payload.kernel = kernel(kernel::Kernel::RbfKernel(RbfKernel { gamma: -1. }));
    });
    base.rejects("kernel", "negative degree", |case| {
        let poly = PolyKernel { degree: -1, ..Default::default() };
        case.payload.kernel = kernel(kernel::Kernel::PolyKernel(poly));
    });
    base.rejects("support-vectors", "no vectors", |case| case.payload.support_vectors = None);
    base.rejects("support-vectors", "counts", |case| {
        case.payload.number_of_support_vectors_per_class = vec![1, 1]
    });
    base.rejects("support-vectors", "negative counts", |case| {
        case.payload.number_of_support_vectors_per_class = vec![i32::MIN, i32::MIN];
    });
    base.rejects("support-vectors", "a row too many", |case| {
        case.payload.coefficients.push(Coefficients { alpha: vec![1.; 3] });
    });
    base.rejects("support-vectors", "a short row", |case| {
        case.payload.coefficients[0].alpha.pop();
    });
    base.rejects("support-vectors", "one of probA, probB", |case| case.payload.prob_a = vec![1.]);

    let payload = SupportVectorRegressor {
        kernel: linear(),
        support_vectors: Some(support_vector_regressor::SupportVectors::DenseSupportVectors(vectors)),
        coefficients: Some(Coefficients { alpha: vec![1.; 3] }),
        rho: 0.,
    };
    let base = Case::new(Type::SupportVectorRegressor, &[("x", double())], &[("y", double())], payload)
        .predicting("y", "");
    base.accepts("as it is", |_| {});
    base.rejects("support-vectors", "coefficients", |case| case.payload.coefficients = None);
}

fn node(tree: u64, id: u64, children: Option<(u64, u64)>) -> tree_ensemble_parameters::TreeNode {
    use tree_ensemble_parameters::tree_node::EvaluationInfo;
    let (behaviour, (yes, no)) = children.map_or((6, (0, 0)), |children| (0, children));
    let value = EvaluationInfo { evaluation_index: 0, evaluation_value: 1. };
    tree_ensemble_parameters::TreeNode {
        tree_id: tree,
        node_id: id,
        node_behavior: behaviour,
        true_child_node_id: yes,
        false_child_node_id: no,
        evaluation_info: if children.is_none() { vec![value] } else { Vec::new() },
        ..Default::default()
    }
}

fn trees(nodes: &[tree_ensemble_parameters::TreeNode]) -> Option<TreeEnsembleParameters> {
    Some(TreeEnsembleParameters {
        nodes: nodes.iter().map(|node| node.encode_to_vec().into()).collect(),
        num_prediction_dimensions: 1,
        base_prediction_value: vec![0.],
    })
}

#[test]
fn tree_ensembles() {
    let nodes = [node(0, 0, Some((1, 2))), node(0, 1, None), node(0, 2, None), node(1, 0, None)];
    let payload = TreeEnsembleClassifier {
        tree_ensemble: trees(&nodes),
        class_labels: Some(tree_ensemble_classifier::ClassLabels::StringClassLabels(texts(&["a", "b"]))),
        ..Default::default()
    };
    let base = Case::new(Type::TreeEnsembleClassifier, &[("x", double())], &[("y", string())], payload);
    base.accepts("as it is, with names that nobody looks at", |_| {});
    base.accepts("no labels", |case| case.payload.class_labels = None);
    let with = |nodes: &[_]| {
        let trees = trees(nodes);
        move |case: &mut Case<TreeEnsembleClassifier>| case.payload.tree_ensemble = trees
    };
    let [branch, left, right, _] = nodes.clone();
    base.accepts("no nodes", with(&[]));
    base.rejects("tree", "no trees", |case| case.payload.tree_ensemble = None);
    base.rejects("tree", "a node twice", with(&[branch.clone(), left.clone(), right.clone(), right.clone()]));
    base.rejects("tree", "no such child", with(&[branch.clone(), left.clone()]));
    base.rejects("tree", "its own child", with(&[node(0, 0, Some((0, 1))), left.clone()]));
    base.rejects("tree", "two parents", with(&[node(0, 0, Some((1, 1))), left.clone()]));
    base.rejects("tree", "two roots", with(&[left.clone(), right.clone()]));
    let cycle = [node(0, 0, Some((1, 2))), node(0, 1, Some((0, 3))), right.clone(), node(0, 3, None)];
    base.rejects("tree", "a cycle", with(&cycle));
    let mut unknown = branch.clone();
    unknown.node_behavior = 7;
    base.rejects("tree", "behaviour", with(&[unknown, left.clone(), right.clone()]));
    let mut leaf = left.clone();
    leaf.evaluation_info.clear();
    base.rejects("tree", "a leaf without value", with(&[leaf]));
    let mut leaf = left.clone();
    leaf.evaluation_info[0].evaluation_index = 1;
    base.rejects("tree", "dimension", with(&[leaf]));
    let mut leaf = left.clone();
    leaf.evaluation_info.push(leaf.evaluation_info[0]);
    base.rejects("tree", "two values", with(&[leaf]));
    base.rejects("tree", "base values", |case| {
        case.payload.tree_ensemble.as_mut().unwrap().base_prediction_value.push(1.);
    });
    base.rejects("class-labels", "three labels", |case| {
        let labels = tree_ensemble_classifier::ClassLabels::StringClassLabels(texts(&["a", "b", "c"]));
        case.payload.class_labels = Some(labels);
    });
}

#[test]
fn nearest_neighbors() {
    let payload = KNearestNeighborsClassifier {
        nearest_neighbors_index: Some(NearestNeighborsIndex {
            number_of_dimensions: 2,
            float_samples: vec![FloatVector { vector: vec![0., 1.] }; 2],
            index_type: Some(nearest_neighbors_index::IndexType::SingleKdTreeIndex(SingleKdTreeIndex {
                leaf_size: 3,
            })),
            distance_function: Some(nearest_neighbors_index::DistanceFunction::SquaredEuclideanDistance(
                SquaredEuclideanDistance {},
            )),
        }),
        number_of_neighbors: Some(Int64Parameter {
            default_value: 3,
            allowed_values: Some(int64_parameter::AllowedValues::Set(Int64Set { values: vec![1, 3, -5] })),
        }),
        class_labels: Some(k_nearest_neighbors_classifier::ClassLabels::StringClassLabels(texts(&[
            "a", "b",
        ]))),
        default_class_label: None,
        weighting_scheme: Some(k_nearest_neighbors_classifier::WeightingScheme::UniformWeighting(
            UniformWeighting {},
        )),
    };
    let base =
        Case::new(Type::KNearestNeighborsClassifier, &[("x", array(&[2]))], &[("y", string())], payload)
            .predicting("y", "");
    base.accepts("what stands behind the default is free", |_| {});
    base.accepts("no labels but a default", |case| {
        case.payload.class_labels = None;
        case.payload.nearest_neighbors_index.as_mut().unwrap().float_samples.clear();
        let label = k_nearest_neighbors_classifier::DefaultClassLabel::DefaultStringLabel("a".into());
        case.payload.default_class_label = Some(label);
    });
    let neighbours = |default_value, min_value, max_value| {
        move |case: &mut Case<KNearestNeighborsClassifier>| {
            let range = int64_parameter::AllowedValues::Range(Int64Range { min_value, max_value });
            case.payload.number_of_neighbors =
                Some(Int64Parameter { default_value, allowed_values: Some(range) });
        }
    };
    base.accepts("range", neighbours(3, 1, 5));
    base.rejects("parameter-range", "outside", neighbours(3, 4, 5));
    base.rejects("parameter-range", "from zero", neighbours(3, 0, 5));
    base.rejects("parameter-range", "no neighbours", |case| case.payload.number_of_neighbors = None);
    base.rejects("neighbours", "weighting", |case| case.payload.weighting_scheme = None);
    base.rejects("class-labels", "default of the other type", |case| {
        let label = k_nearest_neighbors_classifier::DefaultClassLabel::DefaultInt64Label(1);
        case.payload.default_class_label = Some(label);
    });
    base.rejects("class-labels", "neither labels nor default", |case| case.payload.class_labels = None);
    let index = |change: fn(&mut NearestNeighborsIndex)| {
        move |case: &mut Case<KNearestNeighborsClassifier>| {
            change(case.payload.nearest_neighbors_index.as_mut().unwrap())
        }
    };
    base.rejects("neighbours", "samples", index(|index| index.float_samples.truncate(1)));
    base.rejects("neighbours", "dimensions", index(|index| index.number_of_dimensions = -2));
    base.rejects("neighbours", "index", index(|index| index.index_type = None));
    base.rejects("neighbours", "distance", index(|index| index.distance_function = None));
    base.rejects(
        "neighbours",
        "leaf size",
        index(|index| {
            let tree = SingleKdTreeIndex { leaf_size: 0 };
            index.index_type = Some(nearest_neighbors_index::IndexType::SingleKdTreeIndex(tree));
        }),
    );
}

#[test]
fn probit_and_recommendations() {
    let base = Case::new(
        Type::BayesianProbitRegressor,
        &[("x", array_of(INT32, &[3]))],
        &[("y", double())],
        BayesianProbitRegressor::default(),
    );
    base.accepts("as it is", |_| {});
    base.rejects("feature-shape", "floats", |case| case.set_input(0, array(&[3])));
    base.rejects("feature-shape", "rank 3", |case| case.set_input(0, array_of(INT32, &[1, 2, 3])));
    base.rejects("feature-kind", "int64", |case| case.set_input(0, int64()));

    let item = |id, other| item_similarity_recommender::SimilarItems {
        item_id: id,
        similar_item_list: vec![item_similarity_recommender::ConnectedItem {
            item_id: other,
            similarity_score: 1.,
        }],
        item_score_adjustment: 0.,
    };
    let payload = ItemSimilarityRecommender {
        item_item_similarities: vec![item(0, 1), item(1, 2)],
        item_int64_ids: Some(Int64Vector { vector: vec![5, 6, 7] }),
        recommended_item_list_output_feature_name: "y".into(),
        ..Default::default()
    };
    let base = Case::new(
        Type::ItemSimilarityRecommender,
        &[("x", dictionary())],
        &[("y", sequence(false))],
        payload,
    );
    base.accepts("the only input", |_| {});
    base.rejects("items", "no items", |case| case.payload.item_item_similarities.clear());
    base.rejects("items", "too few ids", |case| {
        case.payload.item_int64_ids.as_mut().unwrap().vector.pop();
    });
    base.rejects("items", "equal ids", |case| {
        case.payload.item_int64_ids.as_mut().unwrap().vector[0] = 7;
    });
    base.rejects("items", "both ids", |case| case.payload.item_string_ids = Some(texts(&["a", "b", "c"])));
    base.accepts("one text less", |case| {
        case.payload.item_int64_ids = None;
        case.payload.item_string_ids = Some(texts(&["a", "b"]));
    });
    base.rejects("feature-kind", "item is a double", |case| case.set_input(0, double()));
    base.rejects("feature-name", "no output", |case| {
        case.payload.recommended_item_list_output_feature_name.clear()
    });
    base.rejects("feature-name", "count unknown", |case| {
        case.payload.num_recommendations_input_feature_name = "k".into();
    });
}

// ---- Transforms ----

#[test]
fn transforms() {
    let payload = Scaler { shift_value: vec![1.; 3], scale_value: vec![2.] };
    let base = Case::new(Type::Scaler, &[("x", array(&[3]))], &[("y", array(&[3]))], payload);
    base.accepts("as it is", |_| {});
    base.rejects("parameter-value", "two shifts", |case| case.payload.shift_value.truncate(2));
    base.rejects("feature-shape", "other length", |case| case.set_output(0, array(&[2])));
    base.rejects("feature-kind", "other kind", |case| case.set_output(0, double()));
    base.rejects("feature-count", "second input", |case| {
        case.description().input.push(feature("z", array(&[3])))
    });

    let payload =
        Imputer { imputed_value: Some(imputer::ImputedValue::ImputedDoubleValue(1.)), ..Default::default() };
    let base = Case::new(Type::Imputer, &[("x", double())], &[("y", double())], payload);
    base.accepts("as it is", |_| {});
    base.accepts("replaced", |case| {
        case.payload.replace_value = Some(imputer::ReplaceValue::ReplaceDoubleValue(0.));
    });
    base.rejects("parameter-value", "nothing imputed", |case| case.payload.imputed_value = None);
    base.rejects("parameter-value", "replaced text", |case| {
        case.payload.replace_value = Some(imputer::ReplaceValue::ReplaceStringValue("".into()));
    });
    base.rejects("feature-kind", "imputed text", |case| {
        case.payload.imputed_value = Some(imputer::ImputedValue::ImputedStringValue("".into()));
    });
    base.rejects("parameter-value", "array of 2 for 3", |case| {
        case.set_input(0, array(&[3]));
        case.set_output(0, array(&[3]));
        let value = imputer::ImputedValue::ImputedDoubleArray(DoubleVector { vector: vec![1.; 2] });
        case.payload.imputed_value = Some(value);
    });

    let payload = OneHotEncoder {
        category_type: Some(one_hot_encoder::CategoryType::StringCategories(texts(&[]))),
        ..Default::default()
    };
    let base = Case::new(Type::OneHotEncoder, &[("x", int64())], &[("y", array(&[3]))], payload);
    base.accepts("categories of the other type", |_| {});
    base.rejects("feature-kind", "sparse array", |case| case.payload.output_sparse = true);
    base.rejects("parameter-value", "no categories", |case| case.payload.category_type = None);

    let map = dict_vectorizer::Map::StringToIndex(texts(&["a"]));
    let base = Case::new(
        Type::DictVectorizer,
        &[("x", dictionary())],
        &[("y", array(&[1]))],
        DictVectorizer { map: Some(map) },
    );
    base.accepts("as it is", |_| {});
    base.rejects("parameter-value", "no map", |case| case.payload.map = None);
    base.rejects("feature-kind", "text", |case| case.set_output(0, string()));

    let base = Case::new(
        Type::Normalizer,
        &[("x", array(&[3]))],
        &[("y", array(&[3]))],
        Normalizer { norm_type: 2 },
    );
    base.accepts("as it is", |_| {});
    base.rejects("parameter-value", "norm", |case| case.payload.norm_type = 3);

    let payload = ArrayFeatureExtractor { extract_index: vec![9] };
    let base = Case::new(Type::ArrayFeatureExtractor, &[("x", array(&[3]))], &[("y", double())], payload);
    base.accepts("an index beyond the array", |_| {});
    base.rejects("parameter-value", "two for a double", |case| case.payload.extract_index.push(1));

    let column = feature_vectorizer::InputColumn { input_column: "z".into(), input_dimensions: 1 };
    let payload = FeatureVectorizer { input_list: vec![column] };
    let base = Case::new(Type::FeatureVectorizer, &[("x", double())], &[("y", array(&[3]))], payload);
    base.accepts("an unknown column", |_| {});
    base.rejects("parameter-value", "size 0", |case| case.payload.input_list[0].input_dimensions = 0);
    base.rejects("feature-kind", "text", |case| case.set_input(0, string()));

    let mapping = categorical_mapping::MappingType::StringToInt64Map(StringToInt64Map::default());
    let payload = CategoricalMapping { mapping_type: Some(mapping), value_on_unknown: None };
    let base = Case::new(Type::CategoricalMapping, &[("x", string())], &[("y", int64())], payload);
    base.accepts("as it is", |_| {});
    base.accepts("sequences", |case| {
        case.set_input(0, sequence(true));
        case.set_output(0, sequence(false));
    });
    base.rejects("feature-kind", "sequence to number", |case| case.set_input(0, sequence(true)));
    base.rejects("feature-kind", "reversed", |case| case.set_input(0, int64()));
    base.rejects("parameter-value", "unknown is a text", |case| {
        case.payload.value_on_unknown = Some(categorical_mapping::ValueOnUnknown::StrValue("".into()));
    });
    base.rejects("parameter-value", "no map", |case| case.payload.mapping_type = None);
}

// ---- Models of the system, and of the app ----

#[test]
fn models_of_the_system() {
    use apple::vision_feature_print::{Objects, Scene, VisionFeaturePrintType};
    let scene = |version| Some(VisionFeaturePrintType::Scene(Scene { version }));
    let payload = apple::VisionFeaturePrint { vision_feature_print_type: scene(1) };
    let base = Case::new(Type::VisionFeaturePrint, &[("x", image())], &[("y", array(&[2048]))], payload);
    base.accepts("as it is", |_| {});
    base.rejects("feature-print", "scene 3", |case| case.payload.vision_feature_print_type = scene(3));
    base.rejects("feature-print", "nothing", |case| case.payload.vision_feature_print_type = None);
    base.rejects("feature-kind", "an array", |case| case.set_input(0, array(&[1])));
    let objects = |names: &[&str]| {
        let output = names.iter().map(|&name| name.to_owned()).collect();
        Some(VisionFeaturePrintType::Objects(Objects { version: 1, output }))
    };
    base.accepts("objects", |case| case.payload.vision_feature_print_type = objects(&["y", "z"]));
    base.rejects("feature-print", "one object", |case| {
        case.payload.vision_feature_print_type = objects(&["y"])
    });
    base.rejects("feature-name", "unnamed", |case| {
        case.payload.vision_feature_print_type = objects(&["a", "b"])
    });

    use apple::audio_feature_print::{AudioFeaturePrintType, Sound};
    let sound = |version| Some(AudioFeaturePrintType::Sound(Sound { version }));
    let payload = apple::AudioFeaturePrint { audio_feature_print_type: sound(1) };
    let base = Case::new(Type::AudioFeaturePrint, &[("x", array(&[1]))], &[("y", array(&[1]))], payload);
    base.accepts("as it is", |_| {});
    base.rejects("feature-print", "version 0", |case| case.payload.audio_feature_print_type = sound(0));

    use apple::sound_analysis_preprocessing::{SoundAnalysisPreprocessingType, Vggish};
    let kind = SoundAnalysisPreprocessingType::Vggish(Vggish {});
    let payload = apple::SoundAnalysisPreprocessing { sound_analysis_preprocessing_type: Some(kind) };
    let (input, output) = (array(&[15600]), array(&[1, 96, 64]));
    let base = Case::new(Type::SoundAnalysisPreprocessing, &[("x", input)], &[("y", output)], payload);
    base.accepts("as it is", |_| {});
    base.rejects("feature-shape", "16000", |case| case.set_input(0, array(&[16000])));
    base.rejects("feature-shape", "double", |case| case.set_output(0, array_of(DOUBLE, &[1, 96, 64])));

    let payload = apple::TextClassifier {
        revision: 1,
        model_parameter_data: Bytes::from_static(b"x"),
        class_labels: Some(apple::text_classifier::ClassLabels::StringClassLabels(texts(&["a"]))),
        ..Default::default()
    };
    let base = Case::new(Type::TextClassifier, &[("x", string())], &[("y", string())], payload);
    base.accepts("as it is", |_| {});
    base.rejects("revision", "0", |case| case.payload.revision = 0);
    base.rejects("model-data", "no data", |case| case.payload.model_parameter_data = Bytes::new());
    base.rejects("class-labels", "no labels", |case| case.payload.class_labels = None);

    let payload = apple::Gazetteer {
        revision: 2,
        model_parameter_data: Bytes::from_static(b"x"),
        class_labels: Some(apple::gazetteer::ClassLabels::StringClassLabels(texts(&["a"]))),
        ..Default::default()
    };
    let base = Case::new(Type::Gazetteer, &[("x", string())], &[("y", string())], payload);
    base.accepts("as it is", |_| {});
    base.rejects("revision", "1", |case| case.payload.revision = 1);

    let payload = apple::WordEmbedding {
        revision: 2,
        model_parameter_data: Bytes::from_static(b"x"),
        ..Default::default()
    };
    let base = Case::new(Type::WordEmbedding, &[("x", string())], &[("y", array(&[8]))], payload);
    base.accepts("as it is", |_| {});
    base.rejects("feature-kind", "text", |case| case.set_output(0, string()));

    let payload = apple::WordTagger {
        revision: 1,
        tokens_output_feature_name: "tokens".into(),
        token_tags_output_feature_name: "tags".into(),
        token_lengths_output_feature_name: "lengths".into(),
        model_parameter_data: Bytes::from_static(b"x"),
        tags: Some(apple::word_tagger::Tags::StringTags(texts(&["a"]))),
        ..Default::default()
    };
    let outputs = [("tags", sequence(true)), ("tokens", sequence(true)), ("lengths", sequence(false))];
    let base = Case::new(Type::WordTagger, &[("x", string())], &outputs, payload);
    base.accepts("as it is", |_| {});
    base.rejects("feature-kind", "lengths of text", |case| case.set_output(2, sequence(true)));
    base.rejects("feature-name", "no tags", |case| case.payload.token_tags_output_feature_name.clear());
    base.rejects("feature-count", "a name too few", |case| case.payload.tokens_output_feature_name.clear());

    let numbers = |numbers: &[f32]| Some(FloatVector { vector: numbers.to_vec() });
    let curve = PrecisionRecallCurve {
        precision_values: numbers(&[0.5]),
        precision_confidence_thresholds: numbers(&[2.]),
        recall_values: numbers(&[0.5, 1.]),
        recall_confidence_thresholds: numbers(&[0., 1.]),
    };
    let payload = ClassConfidenceThresholding { precision_recall_curves: vec![curve] };
    let base =
        Case::new(Type::ClassConfidenceThresholding, &[("x", array(&[1]))], &[("y", array(&[1]))], payload);
    base.accepts("above 1", |_| {});
    base.rejects("curves", "none", |case| case.payload.precision_recall_curves.clear());
    let change = |change: fn(&mut PrecisionRecallCurve)| {
        move |case: &mut Case<ClassConfidenceThresholding>| {
            change(&mut case.payload.precision_recall_curves[0])
        }
    };
    base.rejects("curves", "lengths", change(|curve| curve.recall_values = None));
    base.rejects(
        "curves",
        "NaN",
        change(|curve| curve.precision_values.as_mut().unwrap().vector[0] = f32::NAN),
    );
    base.rejects("curves", "negative", change(|curve| curve.recall_values.as_mut().unwrap().vector[0] = -1.));
}

#[test]
fn models_that_lie_elsewhere() {
    let mut payload = CustomModel { class_name: "C".into(), ..Default::default() };
    let value = custom_model::custom_model_param_value::Value::IntValue(1);
    payload.parameters.insert("k".into(), custom_model::CustomModelParamValue { value: Some(value) });
    let base = Case::new(Type::CustomModel, &[("x", string())], &[("y", string())], payload);
    base.accepts("as it is", |_| {});
    base.rejects("class-name", "no class", |case| case.payload.class_name.clear());
    base.rejects("parameter-value", "no value", |case| {
        case.payload.parameters.insert("v".into(), Default::default());
    });

    let name = |name: &str| {
        let name = Some(StringParameter { default_value: name.to_owned() });
        let file = LinkedModelFile { linked_model_file_name: name, linked_model_search_path: None };
        LinkedModel { link_type: Some(linked_model::LinkType::LinkedModelFile(file)) }
    };
    let base = Case::new(Type::LinkedModel, &[("x", string())], &[("y", string())], name("a.mlmodelc"));
    base.accepts("no search path", |_| {});
    base.rejects("link", "no file", |case| case.payload = name(""));
    base.rejects("link", "no link", |case| case.payload = LinkedModel::default());
}

#[test]
fn suppression_of_boxes() {
    let payload = NonMaximumSuppression {
        class_labels: Some(non_maximum_suppression::ClassLabels::StringClassLabels(texts(&["a", "b"]))),
        iou_threshold: 0.5,
        confidence_input_feature_name: "c".into(),
        coordinates_input_feature_name: "b".into(),
        iou_threshold_input_feature_name: "iou".into(),
        confidence_output_feature_name: "co".into(),
        coordinates_output_feature_name: "bo".into(),
        ..Default::default()
    };
    let base = Case::new(
        Type::NonMaximumSuppression,
        &[("c", array(&[10, 2])), ("b", array(&[10, 4])), ("iou", double())],
        &[("co", array(&[3, 2])), ("bo", array(&[3, 4]))],
        payload,
    );
    base.accepts("as it is", |_| {});
    base.accepts("a threshold without an input", |case| {
        case.description().input.pop();
    });
    base.accepts("ranges", |case| {
        case.set_output(0, ranges(FLOAT32, &[(0, -1), (2, 2)]));
        case.set_output(1, ranges(FLOAT32, &[(0, -1), (4, 4)]));
    });
    base.rejects("feature-name", "surplus input", |case| {
        case.description().input.push(feature("z", double()))
    });
    base.rejects("feature-name", "missing output", |case| {
        case.description().output.pop();
    });
    base.rejects("feature-kind", "threshold is an array", |case| case.set_input(2, array(&[1])));
    base.rejects("threshold", "above 1", |case| case.payload.iou_threshold = 1.5);
    base.rejects("threshold", "NaN", |case| case.payload.iou_threshold = f64::NAN);
    base.rejects("threshold", "negative", |case| case.payload.confidence_threshold = -1.);
    base.rejects("element-type", "fp32 in version 4", |case| case.model.specification_version = 4);
    base.rejects("element-type", "mixed", |case| case.set_output(1, array_of(DOUBLE, &[3, 4])));
    base.rejects("element-type", "int32", |case| {
        case.set_input(0, array_of(INT32, &[10, 2]));
        case.set_input(1, array_of(INT32, &[10, 4]));
        case.set_output(0, array_of(INT32, &[3, 2]));
        case.set_output(1, array_of(INT32, &[3, 4]));
    });
    base.rejects("feature-shape", "rank 3", |case| case.set_output(0, array(&[1, 3, 2])));
    base.rejects("feature-shape", "boxes differ", |case| case.set_output(1, array(&[4, 4])));
    base.rejects("feature-shape", "one range", |case| {
        case.set_output(0, ranges(FLOAT32, &[(0, -1), (2, 2)]))
    });
    base.rejects("class-labels", "three classes", |case| case.set_output(0, array(&[3, 3])));
    base.rejects("class-labels", "range of classes", |case| {
        case.set_output(0, ranges(FLOAT32, &[(0, -1), (3, 9)]));
        case.set_output(1, ranges(FLOAT32, &[(0, -1), (4, 4)]));
    });
}

// ---- Neural networks ----

fn weights(count: usize) -> Option<WeightParams> {
    Some(WeightParams { float_value: vec![1.; count], ..Default::default() })
}

fn layer(name: &str, input: &[&str], output: &[&str], layer: Layer) -> NeuralNetworkLayer {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    NeuralNetworkLayer {
        name: name.to_owned(),
        input: names(input),
        output: names(output),
        layer: Some(layer),
        ..Default::default()
    }
}

fn encoded(layers: &[NeuralNetworkLayer]) -> Vec<Bytes> {
    layers.iter().map(|layer| layer.encode_to_vec().into()).collect()
}

fn nested(layers: &[NeuralNetworkLayer]) -> Option<NeuralNetwork> {
    Some(NeuralNetwork { layers: encoded(layers), ..Default::default() })
}

fn inner_product(inputs: u64, outputs: u64) -> InnerProductLayerParams {
    InnerProductLayerParams {
        input_channels: inputs,
        output_channels: outputs,
        weights: weights((inputs * outputs) as usize),
        ..Default::default()
    }
}

fn relu() -> Layer {
    let kind = activation_params::NonlinearityType::ReLu(ActivationReLu {});
    Layer::Activation(ActivationParams { nonlinearity_type: Some(kind) })
}

fn unary() -> Layer {
    Layer::Unary(UnaryFunctionLayerParams::default())
}

fn convolution() -> ConvolutionLayerParams {
    ConvolutionLayerParams {
        output_channels: 2,
        kernel_channels: 3,
        convolution_padding_type: Some(convolution_layer_params::ConvolutionPaddingType::Valid(
            ValidPadding::default(),
        )),
        weights: weights(2 * 3 * 3 * 3),
        ..Default::default()
    }
}

/// `x` of this shape, to `y` by the layers.
fn network(shape: &[i64], exact: bool, layers: &[NeuralNetworkLayer]) -> Case<NeuralNetwork> {
    let payload = NeuralNetwork {
        layers: encoded(layers),
        array_input_shape_mapping: i32::from(exact),
        ..Default::default()
    };
    Case::new(Type::NeuralNetwork, &[("x", array(shape))], &[("y", array(&[]))], payload)
}

/// `x` of this shape, through one layer, to `y`.
fn single(shape: &[i64], exact: bool, kind: Layer) -> Case<NeuralNetwork> {
    network(shape, exact, &[layer("l", &["x"], &["y"], kind)])
}

#[track_caller]
fn accepted(case: &Case<NeuralNetwork>) {
    case.accepts("as it is", |_| {});
}

#[track_caller]
fn rejected(code: &str, case: &Case<NeuralNetwork>) {
    case.rejects(code, "as it is", |_| {});
}

#[test]
fn networks_as_a_whole() {
    let base = single(&[4], false, relu());
    accepted(&base);
    base.accepts("an image", |case| case.set_input(0, image()));
    base.rejects("feature-kind", "a double", |case| case.set_output(0, double()));
    base.rejects("network-empty", "no layers", |case| case.payload.layers.clear());
    base.rejects("network-input-rank", "rank 2", |case| case.set_input(0, array(&[2, 2])));
    base.rejects("network-output", "unknown", |case| case.description().output[0].name = "z".into());
    base.rejects("network-output", "the input", |case| case.description().output[0].name = "x".into());
    base.rejects("network-output", "twice", |case| {
        let again = case.description().output[0].clone();
        case.description().output.push(again);
    });
    base.rejects("network-mapping", "images of rank 4", |case| case.payload.image_input_shape_mapping = 1);
    base.rejects("network-mapping", "a new layer", |case| {
        case.payload
            .layers
            .push(layer("e", &["y"], &["e"], Layer::Erf(ErfLayerParams {})).encode_to_vec().into());
    });
    let base = single(&[2, 2], true, relu());
    accepted(&base);
    base.rejects("network-input-rank", "no shape", |case| case.set_input(0, ranges(FLOAT32, &[(1, 2)])));

    rejected("layer-input", &network(&[4], false, &[layer("l", &["z"], &["y"], relu())]));
    rejected("layer-output", &network(&[4], false, &[layer("l", &["x"], &["x"], relu())]));
    let twice = [layer("a", &["x"], &["y"], relu()), layer("b", &["x"], &["y"], relu())];
    rejected("layer-output", &network(&[4], false, &twice));
    let copies = [
        layer("a", &["x"], &["y"], relu()),
        layer("b", &["y"], &["x"], Layer::Copy(CopyLayerParams {})),
        layer("c", &["x"], &["y"], Layer::Copy(CopyLayerParams {})),
    ];
    accepted(&network(&[4], true, &copies));
    rejected("layer-arity", &network(&[4], false, &[layer("l", &["x", "x"], &["y"], relu())]));
    rejected("layer-kind", &network(&[4], true, &[NeuralNetworkLayer::default()]));
}

#[test]
fn classifiers_and_regressors() {
    let layers = encoded(&[layer("l", &["x"], &["h"], relu())]);
    let payload = NeuralNetworkClassifier {
        layers: layers.clone(),
        class_labels: Some(neural_network_classifier::ClassLabels::StringClassLabels(texts(&["a", "b"]))),
        label_probability_layer_name: "h".into(),
        ..Default::default()
    };
    let outputs = [("y", string()), ("p", dictionary())];
    let base = Case::new(Type::NeuralNetworkClassifier, &[("x", array(&[2]))], &outputs, payload)
        .predicting("y", "p");
    base.accepts("as it is", |_| {});
    base.accepts("an inner value", |case| case.description().output.push(feature("h", array(&[2]))));
    base.rejects("network-output", "not made", |case| {
        case.description().output.push(feature("z", array(&[2])))
    });
    base.rejects("network-output", "input as probabilities", |case| {
        case.payload.label_probability_layer_name = "x".into();
    });
    base.rejects("predicted-feature", "no class", |case| case.description().predicted_feature_name.clear());

    let payload = NeuralNetworkRegressor { layers, ..Default::default() };
    let base = Case::new(Type::NeuralNetworkRegressor, &[("x", array(&[2]))], &[("y", double())], payload)
        .predicting("y", "");
    base.accepts("an output that no layer makes", |_| {});
    base.rejects("feature-kind", "an int64", |case| case.set_output(0, int64()));
}

#[test]
fn weights_of_layers() {
    let product = |change: fn(&mut InnerProductLayerParams)| {
        let mut params = inner_product(4, 2);
        change(&mut params);
        single(&[4], false, Layer::InnerProduct(params))
    };
    accepted(&product(|_| {}));
    accepted(&product(|params| params.weights = None));
    accepted(&product(|params| params.bias = weights(9)));
    rejected("layer-weights", &product(|params| params.weights = weights(9)));
    rejected(
        "layer-weights",
        &product(|params| {
            params.has_bias = true;
            params.bias = weights(3);
        }),
    );
    let both = WeightParams { float16_value: vec![0; 16].into(), ..weights(8).unwrap() };
    let mut params = inner_product(4, 2);
    params.weights = Some(both);
    rejected("layer-weights", &single(&[4], false, Layer::InnerProduct(params)));
    let mut params = inner_product(4, 2);
    params.has_bias = true;
    params.bias = Some(WeightParams { float16_value: vec![0; 4].into(), ..Default::default() });
    rejected("layer-weights", &single(&[4], false, Layer::InnerProduct(params)));

    let quantized = |bits, bytes: usize, kind| {
        let quantization = Some(QuantizationParams { number_of_bits: bits, quantization_type: kind });
        let mut params = inner_product(4, 2);
        params.weights =
            Some(WeightParams { raw_value: vec![0; bytes].into(), quantization, ..Default::default() });
        single(&[4], false, Layer::InnerProduct(params))
    };
    use quantization_params::QuantizationType;
    let linear = |scales: usize, biases: usize| {
        let linear = LinearQuantizationParams { scale: vec![1.; scales], bias: vec![0.; biases] };
        Some(QuantizationType::LinearQuantization(linear))
    };
    let table = |entries: usize| {
        let table = LookUpTableQuantizationParams { float_value: vec![0.; entries] };
        Some(QuantizationType::LookupTableQuantization(table))
    };
    accepted(&quantized(8, 8, linear(2, 0)));
    accepted(&quantized(4, 4, table(16)));
    rejected("layer-weights", &quantized(4, 3, table(16)));
    rejected("layer-weights", &quantized(4, 4, table(15)));
    rejected("layer-weights", &quantized(9, 9, linear(1, 0)));
    rejected("layer-weights", &quantized(8, 8, linear(3, 0)));
    rejected("layer-weights", &quantized(8, 8, linear(2, 1)));
    rejected("layer-weights", &quantized(8, 8, None));

    let dynamic = |bits, scales| {
        let quantization =
            Some(QuantizationParams { number_of_bits: bits, quantization_type: linear(scales, 0) });
        let mut params = inner_product(4, 2);
        params.int8_dynamic_quantize = true;
        params.weights =
            Some(WeightParams { int8_raw_value: vec![0; 8].into(), quantization, ..Default::default() });
        single(&[4], true, Layer::InnerProduct(params))
    };
    accepted(&dynamic(8, 1));
    rejected("layer-weights", &dynamic(4, 1));
    rejected("layer-weights", &dynamic(8, 2));

    let convolved = |change: fn(&mut ConvolutionLayerParams)| {
        let mut params = convolution();
        change(&mut params);
        single(&[3, 8, 8], false, Layer::Convolution(params))
    };
    accepted(&convolved(|_| {}));
    accepted(&convolved(|params| {
        params.is_deconvolution = true;
        params.weights = weights(3 * 2 * 9);
    }));
    rejected("layer-weights", &convolved(|params| params.weights = None));
    rejected("layer-weights", &convolved(|params| params.kernel_size = vec![u64::MAX, u64::MAX]));
    rejected("layer-weights", &convolved(|params| params.has_bias = true));
    rejected("layer-parameter", &convolved(|params| params.convolution_padding_type = None));

    let norm = |mean, compute| {
        let params = BatchnormLayerParams {
            channels: 3,
            compute_mean_var: compute,
            gamma: weights(3),
            beta: weights(3),
            mean: weights(mean),
            variance: weights(3),
            ..Default::default()
        };
        single(&[3, 1, 1], false, Layer::Batchnorm(params))
    };
    accepted(&norm(3, false));
    accepted(&norm(0, true));
    rejected("layer-weights", &norm(2, false));
}

#[test]
fn recurrent_layers() {
    let sigmoid = || ActivationParams {
        nonlinearity_type: Some(activation_params::NonlinearityType::Sigmoid(ActivationSigmoid {})),
    };
    let (matrix, state) = (weights(6), weights(4));
    let gates = LstmWeightParams {
        input_gate_weight_matrix: matrix.clone(),
        forget_gate_weight_matrix: matrix.clone(),
        block_input_weight_matrix: matrix.clone(),
        output_gate_weight_matrix: matrix.clone(),
        input_gate_recursion_matrix: state.clone(),
        forget_gate_recursion_matrix: state.clone(),
        block_input_recursion_matrix: state.clone(),
        output_gate_recursion_matrix: state.clone(),
        ..Default::default()
    };
    let lstm = |change: fn(&mut UniDirectionalLstmLayerParams)| {
        let mut params = UniDirectionalLstmLayerParams {
            input_vector_size: 3,
            output_vector_size: 2,
            activations: vec![sigmoid(); 3],
            weight_params: Some(gates.clone()),
            ..Default::default()
        };
        change(&mut params);
        network(&[3], false, &[layer("l", &["x"], &["y", "h", "c"], Layer::UniDirectionalLstm(params))])
    };
    accepted(&lstm(|_| {}));
    rejected("layer-activation", &lstm(|params| params.activations.truncate(2)));
    rejected("layer-activation", &lstm(|params| params.activations[0] = ActivationParams::default()));
    rejected("layer-weights", &lstm(|params| params.input_vector_size = 4));
    rejected(
        "layer-weights",
        &lstm(|params| {
            params.params = Some(LstmParams { has_bias_vectors: true, ..Default::default() });
        }),
    );
    let params = BiDirectionalLstmLayerParams {
        input_vector_size: 3,
        output_vector_size: 2,
        activations_forward_lstm: vec![sigmoid(); 3],
        activations_backward_lstm: vec![sigmoid(); 3],
        weight_params: vec![gates.clone()],
        ..Default::default()
    };
    let names = ["y", "a", "b", "c", "d"];
    let one = network(&[3], false, &[layer("l", &["x"], &names, Layer::BiDirectionalLstm(params.clone()))]);
    rejected("layer-weights", &one);
    let params = BiDirectionalLstmLayerParams { weight_params: vec![gates.clone(); 2], ..params };
    accepted(&network(&[3], false, &[layer("l", &["x"], &names, Layer::BiDirectionalLstm(params))]));
}

#[test]
fn parameters_of_layers() {
    // Rank 2, in the general mode.
    let cases: &[(&str, Layer)] = &[
        ("", Layer::Clip(ClipLayerParams { min_val: 0., max_val: 1. })),
        ("layer-parameter", Layer::Clip(ClipLayerParams { min_val: 1., max_val: 0. })),
        ("", Layer::Transpose(TransposeLayerParams { axes: vec![1, 0] })),
        ("layer-parameter", Layer::Transpose(TransposeLayerParams { axes: vec![] })),
        ("layer-parameter", Layer::ReshapeStatic(ReshapeStaticLayerParams { target_shape: vec![] })),
        ("layer-parameter", Layer::Copy(CopyLayerParams {})),
        (
            "layer-parameter",
            Layer::RandomBernoulliLike(RandomBernoulliLikeLayerParams { seed: 0, prob: 1.5 }),
        ),
        ("", Layer::RandomBernoulliLike(RandomBernoulliLikeLayerParams { seed: 0, prob: 1. })),
        ("layer-parameter", Layer::SliceStatic(SliceStaticLayerParams::default())),
        (
            "",
            Layer::ConstantPad(ConstantPaddingLayerParams {
                pad_amounts: vec![1, 1, 0, 0],
                ..Default::default()
            }),
        ),
        (
            "layer-parameter",
            Layer::ConstantPad(ConstantPaddingLayerParams { pad_amounts: vec![1], ..Default::default() }),
        ),
        ("layer-parameter", Layer::ArgSort(ArgSortLayerParams { axis: -1, descending: false })),
        ("layer-parameter", Layer::ExpandDims(ExpandDimsLayerParams { axes: vec![0, 0] })),
        ("layer-parameter", Layer::Squeeze(SqueezeLayerParams { axes: vec![], squeeze_all: false })),
        ("", Layer::Squeeze(SqueezeLayerParams { axes: vec![], squeeze_all: true })),
        (
            "layer-rank-message",
            Layer::RankPreservingReshape(RankPreservingReshapeLayerParams { target_shape: vec![1, 1] }),
        ),
        ("layer-activation", Layer::Activation(ActivationParams::default())),
        ("layer-parameter", Layer::Custom(CustomLayerParams::default())),
        ("layer-rank", Layer::Softmax(SoftmaxLayerParams {})),
        ("layer-rank", Layer::Reshape(ReshapeLayerParams { target_shape: vec![1, 2, 2], mode: 0 })),
        (
            "layer-weights",
            Layer::LayerNormalization(LayerNormalizationLayerParams {
                normalized_shape: vec![2],
                gamma: weights(2),
                beta: weights(3),
                ..Default::default()
            }),
        ),
    ];
    for (code, kind) in cases {
        let output = if matches!(kind, Layer::Copy(_)) { "x" } else { "y" };
        let case = network(&[2, 2], true, &[layer("l", &["x"], &[output], kind.clone())]);
        if code.is_empty() { accepted(&case) } else { rejected(code, &case) }
    }
    // Rank 3, in the old mode.
    let border = |count: usize| Some(BorderAmounts { border_amounts: vec![Default::default(); count] });
    let cases: &[(&str, Layer)] = &[
        ("layer-parameter", Layer::Pooling(PoolingLayerParams::default())),
        ("layer-parameter", Layer::Lrn(LrnLayerParams { k: -1., ..Default::default() })),
        (
            "layer-parameter",
            Layer::Upsample(UpsampleLayerParams { scaling_factor: vec![2], ..Default::default() }),
        ),
        ("", Layer::Upsample(UpsampleLayerParams { scaling_factor: vec![2, 2], ..Default::default() })),
        (
            "layer-parameter",
            Layer::Padding(PaddingLayerParams { padding_amounts: border(1), ..Default::default() }),
        ),
        ("layer-parameter", Layer::Crop(CropLayerParams { crop_amounts: border(1), offset: vec![] })),
        ("", Layer::Crop(CropLayerParams { crop_amounts: border(2), offset: vec![] })),
        ("layer-parameter", Layer::Permute(PermuteLayerParams { axis: vec![0, 1, 2] })),
        ("", Layer::Permute(PermuteLayerParams { axis: vec![0, 2, 3, 1] })),
        ("layer-parameter", Layer::ReorganizeData(ReorganizeDataLayerParams { mode: 0, block_size: 1 })),
        (
            "layer-parameter",
            Layer::Slice(SliceLayerParams { start_index: 0, end_index: 1, stride: 0, axis: 0 }),
        ),
        (
            "layer-parameter",
            Layer::Slice(SliceLayerParams { start_index: 2, end_index: 1, stride: 1, axis: 0 }),
        ),
        ("", Layer::Slice(SliceLayerParams { start_index: 0, end_index: -1, stride: 1, axis: 1 })),
        ("layer-parameter", Layer::Reshape(ReshapeLayerParams { target_shape: vec![1], mode: 0 })),
        (
            "layer-parameter",
            Layer::ResizeBilinear(ResizeBilinearLayerParams { target_size: vec![1], mode: None }),
        ),
        ("layer-parameter", Layer::Bias(BiasLayerParams { shape: vec![3, 1], bias: weights(3) })),
        ("layer-weights", Layer::Bias(BiasLayerParams { shape: vec![3], bias: weights(4) })),
        ("layer-arity", Layer::Split(SplitLayerParams { n_outputs: 1 })),
    ];
    for (code, kind) in cases {
        let case = single(&[3, 8, 8], false, kind.clone());
        if code.is_empty() { accepted(&case) } else { rejected(code, &case) }
    }
}

#[test]
fn ranks_that_layers_state() {
    let tensor = |sizes: &[i64]| Tensor { rank: sizes.len() as u32, dim_value: sizes.to_vec() };
    let stated = |input: Tensor, output: Tensor, kind: Layer| {
        let mut layer = layer("l", &["x"], &["y"], kind);
        (layer.input_tensor, layer.output_tensor) = (vec![input], vec![output]);
        network(&[2, 3], true, &[layer])
    };
    accepted(&stated(tensor(&[2, 3]), tensor(&[2, 3]), unary()));
    rejected("layer-rank-message", &stated(tensor(&[2, 3, 1]), tensor(&[2, 3]), unary()));
    rejected("layer-rank-message", &stated(Tensor { rank: 3, dim_value: vec![1] }, tensor(&[2]), unary()));
    rejected("layer-rank", &stated(tensor(&[2, 3]), tensor(&[6]), unary()));
    let softmax = |axis| Layer::SoftmaxNd(SoftmaxNdLayerParams { axis });
    accepted(&stated(tensor(&[2, 3]), tensor(&[2, 3]), softmax(-2)));
    rejected("layer-parameter", &stated(tensor(&[2, 3]), tensor(&[2, 3]), softmax(2)));
    let expand = |axes: &[i64]| Layer::ExpandDims(ExpandDimsLayerParams { axes: axes.to_vec() });
    accepted(&stated(tensor(&[2, 3]), tensor(&[2, 1, 3]), expand(&[-2])));
    rejected("layer-parameter", &stated(tensor(&[2, 3]), tensor(&[2, 3]), expand(&[0])));
    rejected("layer-parameter", &stated(tensor(&[2, 3]), tensor(&[1, 1, 2, 3]), expand(&[0, -4])));
    let mut two = layer("l", &["x"], &["y"], unary());
    two.input_tensor = vec![tensor(&[2, 3]); 2];
    rejected("layer-rank-message", &network(&[2, 3], true, &[two]));
}

#[test]
fn sizes_in_the_old_mode() {
    let product = || Layer::InnerProduct(inner_product(4, 2));
    let base = single(&[4], false, product());
    accepted(&base);
    base.accepts("the output's shape", |case| case.set_output(0, array(&[2])));
    base.rejects("layer-shape", "another output", |case| case.set_output(0, array(&[3])));
    base.rejects("layer-shape", "another input", |case| case.set_input(0, array(&[5])));
    base.accepts("a range that holds it", |case| case.set_input(0, ranges(FLOAT32, &[(1, 8)])));
    base.rejects("layer-shape", "a range beyond it", |case| case.set_input(0, ranges(FLOAT32, &[(5, 8)])));
    // 8 - 3 + 1, halved.
    let pool = PoolingLayerParams {
        kernel_size: vec![2, 2],
        stride: vec![2, 2],
        pooling_padding_type: Some(pooling_layer_params::PoolingPaddingType::Valid(ValidPadding::default())),
        ..Default::default()
    };
    let layers = [
        layer("c", &["x"], &["h"], Layer::Convolution(convolution())),
        layer("p", &["h"], &["y"], Layer::Pooling(pool)),
    ];
    let base = network(&[3, 8, 8], false, &layers);
    base.accepts("3 x 3", |case| case.set_output(0, array(&[2, 3, 3])));
    base.rejects("layer-shape", "4 x 4", |case| case.set_output(0, array(&[2, 4, 4])));
    base.rejects("layer-shape", "channels", |case| case.set_input(0, array(&[4, 8, 8])));
    base.rejects("layer-shape", "smaller than the kernel", |case| case.set_input(0, array(&[3, 2, 8])));
    let add = Layer::Add(AddLayerParams::default());
    let concat = Layer::Concat(ConcatLayerParams::default());
    for (kind, fits) in [(add, [4, 1, 1]), (concat, [8, 1, 1])] {
        let base = network(
            &[4],
            false,
            &[layer("a", &["x"], &["h"], relu()), layer("b", &["x", "h"], &["y"], kind)],
        );
        base.accepts("the sum", |case| case.set_output(0, array(&fits)));
        base.rejects("layer-shape", "another", |case| case.set_output(0, array(&[5, 1, 1])));
    }
    let flatten = single(&[2, 3, 4], false, Layer::Flatten(FlattenLayerParams::default()));
    flatten.accepts("24", |case| case.set_output(0, array(&[24])));
    flatten.rejects("layer-shape", "25", |case| case.set_output(0, array(&[25])));
}

#[test]
fn branches_and_loops() {
    let branch = |then: &[NeuralNetworkLayer], otherwise: &[NeuralNetworkLayer]| {
        let params = BranchLayerParams { if_branch: nested(then), else_branch: nested(otherwise) };
        layer("b", &["x"], &[], Layer::Branch(params))
    };
    let make = |name: &str, output: &str| layer(name, &["x"], &[output], unary());
    let after = layer("y", &["h"], &["y"], unary());
    let of = |branch| network(&[1], true, &[branch, after.clone()]);
    accepted(&of(branch(&[make("t", "h")], &[make("e", "h")])));
    rejected("layer-input", &of(branch(&[make("t", "h")], &[make("e", "g")])));
    rejected("layer-input", &of(branch(&[make("t", "h")], &[])));
    rejected("layer-control", &of(branch(&[], &[make("e", "h")])));
    rejected(
        "layer-control",
        &network(&[1], true, &[layer("l", &[], &[], Layer::LoopBreak(LoopBreakLayerParams {}))]),
    );

    let repeat = |change: fn(&mut LoopLayerParams)| {
        let stop = layer("s", &[], &[], Layer::LoopBreak(LoopBreakLayerParams {}));
        let mut params = LoopLayerParams {
            condition_var: "h".into(),
            condition_network: nested(&[layer("c", &["x"], &["h"], unary())]),
            body_network: nested(&[layer("d", &["x"], &["g"], unary()), stop]),
            ..Default::default()
        };
        change(&mut params);
        network(&[1], true, &[layer("l", &[], &[], Layer::Loop(params)), layer("y", &["h"], &["y"], unary())])
    };
    accepted(&repeat(|_| {}));
    rejected("layer-control", &repeat(|params| params.condition_var.clear()));
    rejected("layer-control", &repeat(|params| params.condition_var = "g".into()));
    rejected("layer-control", &repeat(|params| params.body_network = None));
    rejected(
        "layer-control",
        &repeat(|params| {
            params.condition_var.clear();
            params.condition_network = None;
        }),
    );
    // Without a condition, what the body makes exists afterwards.
    accepted(&repeat(|params| {
        params.condition_var.clear();
        params.condition_network = None;
        params.max_loop_iterations = 2;
        params.body_network = nested(&[layer("d", &["x"], &["h"], unary())]);
    }));
}

#[test]
fn networks_that_are_trained() {
    let marked = |count| Some(WeightParams { is_updatable: true, ..weights(count).unwrap() });
    let mut dense = layer(
        "dense",
        &["x"],
        &["h"],
        Layer::InnerProduct(InnerProductLayerParams { weights: marked(8), ..inner_product(4, 2) }),
    );
    dense.is_updatable = true;
    let layers = [dense.clone(), layer("soft", &["h"], &["y"], Layer::Softmax(SoftmaxLayerParams {}))];
    let number = |default_value| Some(Int64Parameter { default_value, allowed_values: None });
    let entropy = CategoricalCrossEntropyLossLayer { input: "y".into(), target: "t".into() };
    let sgd = SgdOptimizer {
        learning_rate: Some(DoubleParameter::default()),
        mini_batch_size: number(8),
        momentum: None,
    };
    let update = NetworkUpdateParameters {
        loss_layers: vec![LossLayer {
            name: "loss".into(),
            loss_layer_type: Some(loss_layer::LossLayerType::CategoricalCrossEntropyLossLayer(entropy)),
        }],
        optimizer: Some(Optimizer { optimizer_type: Some(optimizer::OptimizerType::SgdOptimizer(sgd)) }),
        epochs: number(10),
        ..Default::default()
    };
    let mut base = network(&[4], false, &layers);
    base.payload.update_params = Some(update);
    base.model.is_updatable = true;
    base.description().training_input = vec![feature("x", array(&[4])), feature("t", array(&[1]))];
    base.accepts("as it is", |_| {});
    let update = |change: fn(&mut NetworkUpdateParameters)| {
        move |case: &mut Case<NeuralNetwork>| change(case.payload.update_params.as_mut().unwrap())
    };
    base.rejects("update", "no loss", update(|update| update.loss_layers.clear()));
    base.rejects(
        "update",
        "two losses",
        update(|update| update.loss_layers.push(update.loss_layers[0].clone())),
    );
    base.rejects(
        "update",
        "loss called as a layer",
        update(|update| update.loss_layers[0].name = "soft".into()),
    );
    base.rejects("update", "no kind of loss", update(|update| update.loss_layers[0].loss_layer_type = None));
    base.rejects("update", "no optimiser", update(|update| update.optimizer = None));
    base.rejects("update", "no epochs", update(|update| update.epochs = None));
    base.rejects(
        "parameter-range",
        "no epoch",
        update(|update| update.epochs.as_mut().unwrap().default_value = 0),
    );
    base.rejects(
        "update",
        "Adam without its numbers",
        update(|update| {
            let adam = AdamOptimizer::default();
            update.optimizer =
                Some(Optimizer { optimizer_type: Some(optimizer::OptimizerType::AdamOptimizer(adam)) });
        }),
    );
    base.rejects(
        "update",
        "entropy without softmax",
        update(|update| {
            let loss = CategoricalCrossEntropyLossLayer { input: "h".into(), target: "t".into() };
            update.loss_layers[0].loss_layer_type =
                Some(loss_layer::LossLayerType::CategoricalCrossEntropyLossLayer(loss));
        }),
    );
    base.rejects(
        "update",
        "softmax before another loss",
        update(|update| {
            let loss = MeanSquaredErrorLossLayer { input: "y".into(), target: "t".into() };
            update.loss_layers[0].loss_layer_type =
                Some(loss_layer::LossLayerType::MeanSquaredErrorLossLayer(loss));
        }),
    );
    let with = |layers: &[NeuralNetworkLayer]| {
        let layers = encoded(layers);
        move |case: &mut Case<NeuralNetwork>| case.payload.layers = layers
    };
    let [_, soft] = layers.clone();
    base.rejects(
        "update",
        "nothing to train",
        with(&[NeuralNetworkLayer { is_updatable: false, ..dense.clone() }, soft.clone()]),
    );
    base.rejects(
        "update",
        "equal names",
        with(&[dense.clone(), NeuralNetworkLayer { name: "dense".into(), ..soft.clone() }]),
    );
    base.rejects(
        "update",
        "softmax is trained",
        with(&[dense.clone(), NeuralNetworkLayer { is_updatable: true, ..soft.clone() }]),
    );
    let unmarked =
        NeuralNetworkLayer { layer: Some(Layer::InnerProduct(inner_product(4, 2))), ..dense.clone() };
    base.rejects("update", "unmarked weights", with(&[unmarked, soft.clone()]));
    let blocked = [
        NeuralNetworkLayer { output: vec!["g".into()], ..dense.clone() },
        layer("u", &["g"], &["h"], unary()),
        soft.clone(),
    ];
    base.rejects("update", "a layer that cannot be differentiated", with(&blocked));
    base.rejects("update", "one training input", |case| {
        case.description().training_input.pop();
    });
    base.rejects("update", "no input of the model", |case| {
        case.description().training_input[0].name = "z".into();
    });
    base.rejects("update", "no target", |case| case.description().training_input[1].name = "z".into());
    base.accepts("without the flag nobody looks", |case| {
        case.model.is_updatable = false;
        case.payload.update_params.as_mut().unwrap().loss_layers.clear();
    });
}

// ---- Hostile payloads ----

#[test]
fn strings_are_utf8_and_messages_whole() {
    let base = single(&[4], false, relu());
    base.accepts("unknown fields", |case| {
        case.payload.layers.push(Bytes::new());
        case.payload.layers.pop();
    });
    let bad = |payload: &'static [u8]| {
        let r#type = Some(Type::NeuralNetwork(Bytes::from_static(payload)));
        report(Model { r#type, ..base.model.clone() }.encode_to_vec()).unwrap()
    };
    // A layer whose name is no text; a layer that is longer than the payload.
    for payload in [&b"\x0a\x03\x0a\x01\xff"[..], b"\x0a\x09\x0a"] {
        assert_eq!(bad(payload).violations[0].code, "unreadable");
    }
}

#[test]
fn what_occurs_twice_is_merged() {
    let base = Case::new(Type::Scaler, &[("x", double())], &[("y", double())], Scaler::default());
    let again = Model { specification_version: 3, ..Default::default() }.encode_to_vec();
    let package = Package::from_bytes([base.bytes(), again].concat(), None).unwrap();
    assert_eq!(package.model().interface().specification_version, 3);
    // Two shifts, one from each payload.
    let payload = Scaler { shift_value: vec![1.], scale_value: vec![] }.encode_to_vec();
    let half = Model { r#type: Some(Type::Scaler(payload.into())), ..Default::default() }.encode_to_vec();
    let whole = report([base.bytes(), half.clone(), half].concat()).unwrap();
    assert_eq!(whole.violations[0].code, "parameter-value");
}

#[test]
fn large_payloads_take_linear_time() {
    let time = |count: u64| {
        let mut nodes = Vec::new();
        for id in 0..count {
            let children = (2 * id + 2 < count).then_some((2 * id + 1, 2 * id + 2));
            nodes.push(node(0, id, children));
        }
        let payload = TreeEnsembleRegressor { tree_ensemble: trees(&nodes), ..Default::default() };
        let case = Case::new(Type::TreeEnsembleRegressor, &[("x", double())], &[("y", double())], payload);
        let start = Instant::now();
        case.accepts("a large tree", |_| {});
        start.elapsed()
    };
    assert!(time(100_001) < Duration::from_secs(20));

    // Side by side, and as deep as messages may be.
    let branch = |name: &str, then: NeuralNetworkLayer| {
        let otherwise = NeuralNetworkLayer { name: format!("{name}'"), ..then.clone() };
        let params = BranchLayerParams { if_branch: nested(&[then]), else_branch: nested(&[otherwise]) };
        layer(name, &["x"], &[], Layer::Branch(params))
    };
    let mut layers: Vec<_> = (0..5000)
        .map(|at| branch(&format!("b{at}"), layer("t", &["x"], &[&format!("v{at}")], unary())))
        .collect();
    layers.push(layer("y", &["v0"], &["y"], unary()));
    let start = Instant::now();
    accepted(&network(&[1], true, &layers));
    assert!(start.elapsed() < Duration::from_secs(20));

    let deep = |depth: usize| {
        let mut inner = layer("t", &["x"], &["h"], unary());
        for at in 0..depth {
            let params = BranchLayerParams { if_branch: nested(&[inner]), else_branch: None };
            inner = layer(&format!("b{at}"), &["x"], &[], Layer::Branch(params));
        }
        network(&[1], true, &[inner, layer("y", &["x"], &["y"], unary())])
    };
    accepted(&deep(20));
    rejected("unreadable", &deep(1000));
}

/// One valid model of every kind whose rules do more than compare numbers.
fn bases() -> Vec<Vec<u8>> {
    let sigmoid = ActivationParams {
        nonlinearity_type: Some(activation_params::NonlinearityType::Sigmoid(ActivationSigmoid {})),
    };
    let lstm = UniDirectionalLstmLayerParams { activations: vec![sigmoid; 3], ..Default::default() };
    let params = BranchLayerParams {
        if_branch: nested(&[layer("t", &["x"], &["h"], unary())]),
        else_branch: nested(&[layer("e", &["x"], &["h"], unary())]),
    };
    let nodes = [node(0, 0, Some((1, 2))), node(0, 1, None), node(0, 2, None)];
    let forest = TreeEnsembleRegressor { tree_ensemble: trees(&nodes), ..Default::default() };
    let pad = PaddingLayerParams {
        padding_amounts: Some(BorderAmounts { border_amounts: vec![Default::default(); 2] }),
        padding_type: Some(padding_layer_params::PaddingType::Constant(Default::default())),
    };
    let slice = SliceLayerParams { start_index: 0, end_index: -1, stride: 1, axis: 1 };
    vec![
        single(&[3, 8, 8], false, Layer::Convolution(convolution())).bytes(),
        single(&[3, 8, 8], false, Layer::Slice(slice)).bytes(),
        single(&[3, 8, 8], false, Layer::Padding(pad)).bytes(),
        network(&[3], false, &[layer("l", &["x"], &["y", "h", "c"], Layer::UniDirectionalLstm(lstm))])
            .bytes(),
        network(
            &[1],
            true,
            &[layer("b", &["x"], &[], Layer::Branch(params)), layer("y", &["h"], &["y"], unary())],
        )
        .bytes(),
        Case::new(Type::TreeEnsembleRegressor, &[("x", double())], &[("y", double())], forest).bytes(),
        Case::new(Type::Scaler, &[("x", array(&[3]))], &[("y", array(&[3]))], Scaler::default()).bytes(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever is done to the bytes, the verifier says something, and does not fall over.
    #[test]
    fn damaged_payloads_are_judged(
        base in 0..7usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..6),
    ) {
        let mut bytes = bases().swap_remove(base);
        for (at, value, edit) in edits {
            let at = at.index(bytes.len());
            match edit {
                0 => bytes[at] = value,
                1 => bytes[at] = bytes[at].wrapping_add(1),
                2 => bytes.insert(at, value),
                _ if bytes.len() > 1 => {
                    bytes.remove(at);
                }
                _ => {}
            }
        }
        if let Ok(package) = Package::from_bytes(bytes, None)
            && let Ir::Opaque(opaque) = package.model()
        {
            let report = verify(opaque);
            prop_assert!(report.violations.len() + report.unchecked.len() <= 1001);
        }
    }
}
