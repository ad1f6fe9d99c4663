//! A model that has something of everything, built from messages.

#![allow(dead_code, reason = "each test uses a part")]

use std::collections::BTreeMap;
use std::sync::Arc;

use mil_proto::Described;
use mil_proto::schema::{Kind, Message as Schema};
use mil_proto::specification::mil_spec::{
    Argument, Block, DictionaryType, DictionaryValue, Dimension, Function, ListType, ListValue,
    NamedValueType, Operation, Program, StateType, TensorType, TensorValue, Value, ValueType,
    argument::{Binding, binding::Binding as Bound},
    dictionary_value::KeyValuePair,
    dimension::{ConstantDimension, Dimension as DimensionKind, UnknownDimension},
    tensor_value::{self, Value as Elements},
    value::{BlobFileValue, ImmediateValue, Value as Contents, immediate_value::Value as Immediate},
    value_type::Type as TypeMessage,
};
use mil_proto::specification::{
    ArrayFeatureType, FeatureDescription, FeatureType, ImageFeatureType, Metadata, Model, ModelDescription,
    SizeRange, StateFeatureType, array_feature_type, feature_type, image_feature_type, model,
    state_feature_type,
};
use mil_proto::wire;
use mil_tensor::random::Stream;
use prost::Message as _;

pub(crate) const WEIGHT_FILE: &str = "@model_path/weights/weight.bin";
pub(crate) const MODEL_PATH: &str = "Data/com.apple.CoreML/model.mlmodel";
pub(crate) const WEIGHT_PATH: &str = "Data/com.apple.CoreML/weights/weight.bin";
const FP16: i32 = 10;
const FP32: i32 = 11;
const STRING: i32 = 2;
const INT32: i32 = 22;
const UINT3: i32 = 39;

pub(crate) fn dim(size: u64) -> Dimension {
    Dimension { dimension: Some(DimensionKind::Constant(ConstantDimension { size })) }
}

pub(crate) fn tensor_type(dtype: i32, dims: &[u64]) -> ValueType {
    let dimensions = dims.iter().map(|&size| dim(size)).collect();
    let tensor =
        TensorType { data_type: dtype, rank: dims.len() as i64, dimensions, attributes: BTreeMap::new() };
    ValueType { r#type: Some(TypeMessage::TensorType(tensor)) }
}

pub(crate) fn value(ty: ValueType, contents: Contents) -> Value {
    Value { doc_string: String::new(), r#type: Some(Box::new(ty)), value: Some(contents) }
}

pub(crate) fn immediate(ty: ValueType, elements: Elements) -> Value {
    let tensor = Immediate::Tensor(TensorValue { value: Some(elements) });
    value(ty, Contents::ImmediateValue(Box::new(ImmediateValue { value: Some(tensor) })))
}

pub(crate) fn string(text: &str) -> Value {
    let strings = tensor_value::RepeatedStrings { values: vec![text.into()] };
    immediate(tensor_type(STRING, &[]), Elements::Strings(strings))
}

pub(crate) fn ints(values: &[i32]) -> Value {
    let ints = tensor_value::RepeatedInts { values: values.to_vec() };
    immediate(tensor_type(INT32, &[values.len() as u64]), Elements::Ints(ints))
}

pub(crate) fn blob(dtype: i32, dims: &[u64], offset: u64) -> Value {
    let blob = BlobFileValue { file_name: WEIGHT_FILE.into(), offset };
    value(tensor_type(dtype, dims), Contents::BlobFileValue(Box::new(blob)))
}

pub(crate) fn named(name: &str, ty: ValueType) -> NamedValueType {
    NamedValueType { name: name.into(), r#type: Some(Box::new(ty)) }
}

fn bound(bindings: Vec<Bound>) -> Argument {
    Argument { arguments: bindings.into_iter().map(|binding| Binding { binding: Some(binding) }).collect() }
}

pub(crate) fn name(text: &str) -> Argument {
    bound(vec![Bound::Name(text.into())])
}

pub(crate) fn op(kind: &str, inputs: Vec<(&str, Argument)>, outputs: Vec<NamedValueType>) -> Operation {
    let label = outputs.first().map_or("nameless", |output| &output.name).to_owned();
    Operation {
        r#type: kind.into(),
        inputs: inputs.into_iter().map(|(param, argument)| (param.to_owned(), argument)).collect(),
        outputs,
        blocks: Vec::new(),
        attributes: [("name".to_owned(), string(&label))].into(),
    }
}

pub(crate) fn constant(name: &str, value: Value) -> Operation {
    let ty = value.r#type.as_deref().cloned().unwrap_or_default();
    let mut constant = op("const", vec![], vec![named(name, ty)]);
    constant.attributes.insert("val".into(), value);
    constant
}

/// A weight file of blobs given as code, data and bits of padding; and where their records stand.
pub(crate) fn weight_file(blobs: &[(u32, Vec<u8>, u64)]) -> (Vec<u8>, Vec<u64>) {
    let mut bytes = vec![0; 64];
    bytes[0..4].copy_from_slice(&(blobs.len() as u32).to_le_bytes());
    bytes[4..8].copy_from_slice(&2_u32.to_le_bytes());
    let mut offsets = Vec::new();
    for (code, data, padding) in blobs {
        bytes.resize(bytes.len().next_multiple_of(64), 0);
        let at = bytes.len() as u64;
        offsets.push(at);
        let mut record = [0; 64];
        record[0..4].copy_from_slice(&0xDEAD_BEEF_u32.to_le_bytes());
        record[4..8].copy_from_slice(&code.to_le_bytes());
        record[8..16].copy_from_slice(&(data.len() as u64).to_le_bytes());
        record[16..24].copy_from_slice(&(at + 64).to_le_bytes());
        record[24..32].copy_from_slice(&padding.to_le_bytes());
        bytes.extend_from_slice(&record);
        bytes.extend_from_slice(data);
    }
    (bytes, offsets)
}

/// The weights of [`model`]: 16 halves, 20 floats, 11 three-bit integers.
pub(crate) fn weights() -> (Vec<u8>, Vec<u64>) {
    let halves = (0..32).collect();
    let floats = (0..80).map(|i| i * 3).collect();
    weight_file(&[(1, halves, 0), (2, floats, 0), (12, vec![7; 5], 7)])
}

fn feature(name: &str, ty: feature_type::Type) -> FeatureDescription {
    FeatureDescription {
        name: name.into(),
        short_description: format!("what {name} is"),
        r#type: Some(FeatureType { is_optional: name == "image", r#type: Some(ty) }),
    }
}

fn array(shape: &[i64]) -> ArrayFeatureType {
    let ranges = shape.iter().map(|_| SizeRange { lower_bound: 1, upper_bound: -1 }).collect();
    ArrayFeatureType {
        shape: shape.to_vec(),
        data_type: 65568,
        shape_flexibility: Some(array_feature_type::ShapeFlexibility::ShapeRange(
            array_feature_type::ShapeRange { size_ranges: ranges },
        )),
        default_optional_value: Some(array_feature_type::DefaultOptionalValue::FloatDefaultValue(0.5)),
    }
}

pub(crate) fn block(operations: &[Operation], outputs: &[&str]) -> Block {
    let mut block = Block {
        outputs: outputs.iter().map(|&name| name.into()).collect(),
        attributes: [("note".to_owned(), string("of a block"))].into(),
        ..Block::default()
    };
    for operation in operations {
        block.push_operation(operation);
    }
    block
}

/// A model that has something of everything. Its weights are [`weights`].
pub(crate) fn model() -> Model {
    let (_, offsets) = weights();
    let any = ValueType {
        r#type: Some(TypeMessage::TensorType(TensorType {
            data_type: FP32,
            rank: 2,
            dimensions: vec![
                Dimension { dimension: Some(DimensionKind::Unknown(UnknownDimension { variadic: false })) },
                dim(4),
            ],
            attributes: [("layout".to_owned(), string("C"))].into(),
        })),
    };
    let list_type = |length| ValueType {
        r#type: Some(TypeMessage::ListType(Box::new(ListType {
            r#type: Some(Box::new(tensor_type(STRING, &[]))),
            length: Some(length),
        }))),
    };
    let classes = Contents::ImmediateValue(Box::new(ImmediateValue {
        value: Some(Immediate::List(ListValue { values: vec![string("cat"), string("dog")] })),
    }));
    let pairs = DictionaryValue {
        values: vec![KeyValuePair { key: Some(string("made by")), value: Some(string("a test")) }],
    };
    let dict_type = ValueType {
        r#type: Some(TypeMessage::DictionaryType(Box::new(DictionaryType {
            key_type: Some(Box::new(tensor_type(STRING, &[]))),
            value_type: Some(Box::new(tensor_type(STRING, &[]))),
        }))),
    };
    let build_info = value(
        dict_type,
        Contents::ImmediateValue(Box::new(ImmediateValue { value: Some(Immediate::Dictionary(pairs)) })),
    );

    let branch = |suffix: &str| {
        let inner = op("add", vec![("x", name("sum")), ("y", name("w32"))], vec![named("same", any.clone())]);
        let mut inner_most = op("custom_layer", vec![], vec![named(&format!("deep_{suffix}"), any.clone())]);
        inner_most.blocks.push(Block { inputs: vec![named("i", any.clone())], ..block(&[], &["i", "same"]) });
        block(&[inner, inner_most], &["same"])
    };
    let mut cond = op("cond", vec![("pred", name("sum"))], vec![named("chosen", any.clone())]);
    cond.blocks = vec![branch("a"), branch("b")];

    let unusual = immediate(
        tensor_type(FP16, &[2]),
        Elements::Floats(tensor_value::RepeatedFloats { values: vec![1.0, f32::NAN] }),
    );
    let halves = immediate(
        tensor_type(FP16, &[1]),
        Elements::Bytes(tensor_value::RepeatedBytes { values: vec![0, 0x3C].into() }),
    );
    let empty =
        immediate(tensor_type(FP32, &[0]), Elements::Floats(tensor_value::RepeatedFloats { values: vec![] }));
    let mut documented = ints(&[1, 2]);
    documented.doc_string = "two".into();
    let mut lut = op("constexpr_lut_to_dense", vec![], vec![named("w3", tensor_type(FP16, &[11]))]);
    lut.attributes.insert("indices".into(), blob(UINT3, &[11], offsets[2]));
    let mut nameless = op("write_state", vec![("input", name("kv")), ("data", name("w16"))], vec![]);
    nameless.attributes.clear();
    let typeless = NamedValueType { name: "typeless".into(), r#type: None };
    let sum = bound(vec![
        Bound::Name("x".into()),
        Bound::Value(Box::new(ints(&[3, 4, 5]))),
        Bound::Name("w32".into()),
    ]);
    let listed = value(list_type(dim(2)), classes);
    let operations = [
        constant("w16", blob(FP16, &[4, 4], offsets[0])),
        constant("w16_again", blob(FP16, &[16], offsets[0])),
        constant("w32", blob(FP32, &[20], offsets[1])),
        constant("axes", documented),
        constant("half", halves),
        constant("unusual", unusual),
        constant("empty", empty),
        lut,
        op("concat", vec![("values", sum)], vec![named("sum", any.clone()), typeless]),
        cond,
        op(
            "classify",
            vec![("classes", bound(vec![Bound::Value(Box::new(listed))]))],
            vec![
                named("label", tensor_type(STRING, &[])),
                named("list", list_type(Dimension { dimension: None })),
            ],
        ),
        nameless,
    ];
    let state = ValueType {
        r#type: Some(TypeMessage::StateType(Box::new(StateType {
            wrapped_type: Some(Box::new(tensor_type(FP16, &[4]))),
        }))),
    };
    let main = Function {
        inputs: vec![named("x", any.clone()), named("kv", state)],
        opset: "CoreML8".into(),
        block_specializations: [
            ("CoreML8".to_owned(), block(&operations, &["chosen", "label", "chosen"])),
            ("CoreML99".to_owned(), block(&[], &["x"])),
        ]
        .into(),
        attributes: [("intent".to_owned(), string("to test"))].into(),
    };
    let program = Program {
        version: 1,
        functions: [("main".to_owned(), main)].into(),
        doc_string: "a program".into(),
        attributes: [("buildInfo".to_owned(), build_info)].into(),
    };
    let image = ImageFeatureType {
        width: 8,
        height: 4,
        color_space: 20,
        size_flexibility: Some(image_feature_type::SizeFlexibility::ImageSizeRange(
            image_feature_type::ImageSizeRange {
                width_range: Some(SizeRange { lower_bound: 1, upper_bound: 9 }),
                height_range: None,
            },
        )),
    };
    let kv = StateFeatureType { r#type: Some(state_feature_type::Type::ArrayType(array(&[4]))) };
    let description = ModelDescription {
        input: vec![
            feature("x", feature_type::Type::MultiArrayType(array(&[1, 4]))),
            feature("image", feature_type::Type::ImageType(image)),
        ],
        output: vec![
            feature("label", feature_type::Type::StringType(Default::default())),
            FeatureDescription {
                name: "bare".into(),
                r#type: Some(FeatureType::default()),
                ..Default::default()
            },
        ],
        state: vec![feature("kv", feature_type::Type::StateType(kv))],
        predicted_feature_name: "label".into(),
        metadata: Some(Metadata {
            author: "a test".into(),
            user_defined: [("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())].into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    Model {
        specification_version: 9,
        description: Some(description),
        is_updatable: false,
        r#type: Some(model::Type::MlProgram(program)),
    }
}

/// The files of a package with a manifest of its own.
pub(crate) fn package(message: Vec<u8>, weights: Vec<u8>) -> Vec<(String, Arc<[u8]>)> {
    let manifest = r#"{"fileFormatVersion": "1.0.0", "itemInfoEntries": {
        "A": {"author": "x", "description": "m", "name": "model.mlmodel", "path": "com.apple.CoreML/model.mlmodel"},
        "B": {"author": "x", "description": "w", "name": "weights", "path": "com.apple.CoreML/weights"},
        "C": {"author": "x", "description": "c", "name": "extra", "path": "com.example/extra.json"}},
        "rootModelIdentifier": "A"}"#;
    vec![
        ("Manifest.json".into(), manifest.as_bytes().into()),
        (MODEL_PATH.into(), message.into()),
        (WEIGHT_PATH.into(), weights.into()),
        ("Data/com.example/extra.json".into(), b"{}"[..].into()),
    ]
}

/// Adds an unknown field to some of the messages in an encoded message.
pub(crate) fn inject(bytes: &[u8], schema: &'static Schema, random: &mut Stream, one_in: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for raw in wire::fields(bytes) {
        let raw = raw.expect("a sound message");
        let inner = schema.field(raw.number).map(|field| field.kind);
        if let Some(Kind::Message(inner)) = inner {
            let content = inject(&bytes[raw.value.clone()], inner, random, one_in);
            prost::encoding::encode_key(raw.number, prost::encoding::WireType::LengthDelimited, &mut out);
            prost::encoding::encode_varint(content.len() as u64, &mut out);
            out.extend_from_slice(&content);
        } else {
            out.extend_from_slice(&bytes[raw.range.clone()]);
        }
    }
    if random.below(one_in) == 0 {
        prost::encoding::uint64::encode(2047, &(random.below(1000) as u64), &mut out);
    }
    out
}

/// The unknown fields of an encoded model.
pub(crate) fn unknown(bytes: &[u8]) -> wire::Unknown {
    wire::scan(bytes, Model::SCHEMA, &wire::Limits::default()).expect("a sound message").unknown
}

pub(crate) fn encoded() -> Vec<u8> {
    model().encode_to_vec()
}
