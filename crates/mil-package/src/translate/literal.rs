//! `Value` and what is in it.

use mil_ir::{Carried, Literal, LiteralData, Name, Storage, Type};
use mil_proto::Described;
use mil_proto::specification::mil_spec::{
    DictionaryValue, ListValue, TensorValue, TupleValue, Value,
    dictionary_value::KeyValuePair,
    tensor_value::{
        RepeatedBools, RepeatedBytes, RepeatedDoubles, RepeatedFloats, RepeatedInts, RepeatedLongInts,
        RepeatedStrings, Value as Elements,
    },
    value::{BlobFileValue, ImmediateValue, Value as Contents, immediate_value::Value as Immediate},
};
use mil_proto::wire::{self, Unknown};
use mil_tensor::{DType, Tensor};
use prost::Message as _;

use crate::error::{DecodeErrorKind, EncodeErrorKind};
use crate::translate::carried::{Step, fit, put, take, to_unknown};
use crate::translate::{Decoded, Decoder, Encoded, Encoder, Spot};
use crate::weights::format;

// Fields of `Value` and `ImmediateValue`.
const TYPE: Step<'_> = Step::One(2);
const IMMEDIATE: Step<'_> = Step::One(3);
const TUPLE: Step<'_> = Step::One(2);
const LIST: Step<'_> = Step::One(3);
const DICT: Step<'_> = Step::One(4);

/// Below this many elements a tensor stands in the program.
const FEWEST_IN_FILE: usize = 10;

impl Decoder<'_> {
    /// A value.
    pub(crate) fn literal(&mut self, message: &Value, mut carried: Carried) -> Decoded<Literal> {
        let whole = carried.clone();
        let ty_carried = take(&mut carried, &[TYPE]);
        let ty = self.ty(message.r#type.as_deref(), ty_carried)?;
        let doc = Name::from(message.doc_string.as_str());
        let known = match &message.value {
            Some(Contents::BlobFileValue(blob)) => self.blob(blob, &ty)?,
            Some(Contents::ImmediateValue(immediate)) => {
                let data = self.immediate(immediate, &ty, &mut carried)?;
                data.map(|data| Literal { storage: Storage::Immediate, ..Literal::new(ty.clone(), data) })
            }
            None => None,
        };
        Ok(match known {
            Some(literal) => Literal { doc, carried: carried.boxed(), ..literal },
            None => {
                let bytes = wire::splice(&message.encode_to_vec(), Value::SCHEMA, &to_unknown(&whole))?;
                let literal = Literal::new(ty, LiteralData::Opaque(bytes.into()));
                Literal { doc, storage: Storage::Immediate, ..literal }
            }
        })
    }

    fn blob(&mut self, blob: &BlobFileValue, ty: &Type) -> Decoded<Option<Literal>> {
        let (Some(dtype), Some(shape)) = (ty.dtype(), ty.fixed_shape()) else { return Ok(None) };
        if matches!(dtype, DType::Unknown(_)) {
            return Ok(None);
        }
        let (file, offset) = (&blob.file_name, blob.offset);
        match self.weights.tensor(self.files, file, offset, dtype, &shape) {
            Ok(Some(tensor)) => {
                let literal = Literal::new(ty.clone(), LiteralData::Tensor(tensor));
                Ok(Some(Literal { storage: Storage::File(file.as_str().into()), ..literal }))
            }
            Ok(None) => Ok(Some(Literal::missing(ty.clone(), dtype, &shape, file, offset))),
            Err(kind) => {
                let (file, kind) = (file.clone(), Box::new(kind));
                Err(DecodeErrorKind::Weights { file, offset, kind })
            }
        }
    }

    /// `None` for a form that [`LiteralData`] cannot say exactly.
    fn immediate(
        &mut self,
        message: &ImmediateValue,
        ty: &Type,
        carried: &mut Carried,
    ) -> Decoded<Option<LiteralData>> {
        let Some(value) = &message.value else { return Ok(None) };
        Ok(match value {
            Immediate::Tensor(tensor) => immediate_tensor(tensor, ty).map(LiteralData::Tensor),
            Immediate::Tuple(tuple) => {
                Some(LiteralData::Tuple(self.literals(&tuple.values, TUPLE, carried)?))
            }
            Immediate::List(list) => Some(LiteralData::List(self.literals(&list.values, LIST, carried)?)),
            Immediate::Dictionary(dict) => {
                let mut pairs = Vec::with_capacity(dict.values.len());
                for (index, pair) in dict.values.iter().enumerate() {
                    let (Some(key), Some(value)) = (&pair.key, &pair.value) else { return Ok(None) };
                    let mut part =
                        |field| take(carried, &[IMMEDIATE, DICT, Step::At(1, index), Step::One(field)]);
                    let (key_carried, value_carried) = (part(1), part(2));
                    pairs.push((self.literal(key, key_carried)?, self.literal(value, value_carried)?));
                }
                Some(LiteralData::Dict(pairs))
            }
        })
    }

    fn literals(
        &mut self,
        values: &[Value],
        field: Step<'_>,
        carried: &mut Carried,
    ) -> Decoded<Vec<Literal>> {
        let mut literals = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let carried = take(carried, &[IMMEDIATE, field, Step::At(1, index)]);
            literals.push(self.literal(value, carried)?);
        }
        Ok(literals)
    }
}

/// `None` unless the elements stand in the field where elements of this type belong, and as many as the type
/// says.
fn immediate_tensor(message: &TensorValue, ty: &Type) -> Option<Tensor> {
    let (dtype, shape) = (ty.dtype()?, ty.fixed_shape()?);
    match (message.value.as_ref()?, dtype) {
        (Elements::Floats(floats), DType::Fp32) => Tensor::from_slice(&shape, &floats.values),
        (Elements::Doubles(doubles), DType::Fp64) => Tensor::from_slice(&shape, &doubles.values),
        (Elements::Bools(bools), DType::Bool) => Tensor::from_bools(&shape, &bools.values),
        (Elements::Strings(strings), DType::String) => Tensor::from_strings(&shape, strings.values.clone()),
        (Elements::Ints(ints), DType::Int32) => Tensor::from_slice(&shape, &ints.values),
        (Elements::Ints(ints), DType::Int16) => Tensor::from_slice(&shape, &narrow::<i16>(&ints.values)?),
        (Elements::Ints(ints), DType::Uint16) => Tensor::from_slice(&shape, &narrow::<u16>(&ints.values)?),
        (Elements::LongInts(ints), DType::Int64) => Tensor::from_slice(&shape, &ints.values),
        (Elements::LongInts(ints), DType::Uint64) => {
            let values: Vec<u64> = ints.values.iter().map(|&value| value as u64).collect();
            Tensor::from_slice(&shape, &values)
        }
        (Elements::Bytes(bytes), dtype) if in_bytes(dtype) => {
            Tensor::from_bytes(dtype, &shape, bytes.values.to_vec())
        }
        _ => return None,
    }
    .ok()
}

fn narrow<T: TryFrom<i32>>(values: &[i32]) -> Option<Vec<T>> {
    values.iter().map(|&value| T::try_from(value).ok()).collect()
}

/// Element types that have no field of their own.
fn in_bytes(dtype: DType) -> bool {
    use DType::*;
    !matches!(dtype, Bool | String | Fp32 | Fp64 | Int16 | Uint16 | Int32 | Int64 | Uint64 | Unknown(_))
}

fn encode_tensor(tensor: &Tensor) -> Encoded<TensorValue> {
    let value = match tensor.dtype() {
        DType::Fp32 => Elements::Floats(RepeatedFloats { values: tensor.to_vec()? }),
        DType::Fp64 => Elements::Doubles(RepeatedDoubles { values: tensor.to_vec()? }),
        DType::Bool => {
            let values = tensor.bytes()?.iter().map(|&byte| byte != 0).collect();
            Elements::Bools(RepeatedBools { values })
        }
        DType::String => Elements::Strings(RepeatedStrings { values: tensor.to_strings()?.to_vec() }),
        DType::Int16 | DType::Uint16 | DType::Int32 => {
            let values = tensor.to_i64s()?.into_iter().map(|value| value as i32).collect();
            Elements::Ints(RepeatedInts { values })
        }
        DType::Int64 | DType::Uint64 => Elements::LongInts(RepeatedLongInts { values: tensor.to_i64s()? }),
        _ => Elements::Bytes(RepeatedBytes { values: tensor.bytes()?.into_owned().into() }),
    };
    Ok(TensorValue { value: Some(value) })
}

impl Encoder<'_> {
    /// The message of a value, and its unknown fields.
    pub(crate) fn encode_literal(&self, literal: &Literal, spot: Spot) -> Encoded<(Value, Unknown)> {
        let mut inner: Vec<(Vec<Step<'_>>, Unknown)> = Vec::new();
        let contents = match &literal.data {
            LiteralData::Opaque(bytes) => return Ok((Value::default(), Unknown::new(bytes.to_vec()))),
            LiteralData::Tensor(tensor) => {
                match file_for(literal, spot, self.specification_version, &self.new_weights) {
                    Some(file) => {
                        let offset = self.layout.offset(file, tensor).ok_or(EncodeErrorKind::TooLarge)?;
                        let file_name = file.to_string();
                        Contents::BlobFileValue(Box::new(BlobFileValue { file_name, offset }))
                    }
                    None => immediate(Immediate::Tensor(encode_tensor(tensor)?)),
                }
            }
            LiteralData::Tuple(literals) => {
                let values = self.encode_literals(literals, TUPLE, &mut inner)?;
                immediate(Immediate::Tuple(TupleValue { values }))
            }
            LiteralData::List(literals) => {
                let values = self.encode_literals(literals, LIST, &mut inner)?;
                immediate(Immediate::List(ListValue { values }))
            }
            LiteralData::Dict(pairs) => {
                let mut values = Vec::with_capacity(pairs.len());
                for (index, (key, value)) in pairs.iter().enumerate() {
                    let (key, key_unknown) = self.encode_literal(key, Spot::Other)?;
                    let (value, value_unknown) = self.encode_literal(value, Spot::Other)?;
                    for (field, unknown) in [(1, key_unknown), (2, value_unknown)] {
                        let steps = vec![IMMEDIATE, DICT, Step::At(1, index), Step::One(field)];
                        inner.push((steps, unknown));
                    }
                    values.push(KeyValuePair { key: Some(key), value: Some(value) });
                }
                immediate(Immediate::Dictionary(DictionaryValue { values }))
            }
        };
        let (ty, ty_unknown) = self.encode_ty(&literal.ty)?;
        inner.push((vec![TYPE], ty_unknown));
        let message =
            Value { doc_string: literal.doc.to_string(), r#type: ty.map(Box::new), value: Some(contents) };
        let mut unknown = fit(&message, Value::SCHEMA, literal.carried.as_deref());
        for (steps, child) in inner {
            put(&mut unknown, &steps, child);
        }
        Ok((message, unknown))
    }

    fn encode_literals(
        &self,
        literals: &[Literal],
        field: Step<'static>,
        inner: &mut Vec<(Vec<Step<'_>>, Unknown)>,
    ) -> Encoded<Vec<Value>> {
        let mut values = Vec::with_capacity(literals.len());
        for (index, literal) in literals.iter().enumerate() {
            let (value, unknown) = self.encode_literal(literal, Spot::Other)?;
            inner.push((vec![IMMEDIATE, field, Step::At(1, index)], unknown));
            values.push(value);
        }
        Ok(values)
    }
}

fn immediate(value: Immediate) -> Contents {
    Contents::ImmediateValue(Box::new(ImmediateValue { value: Some(value) }))
}

/// The weight file that holds a literal's tensor; `None` if it stands in the program. New weights go to a
/// file by the rules of Apple's converter: at least ten elements, of a type that files of this version hold.
pub(crate) fn file_for<'n>(
    literal: &'n Literal,
    spot: Spot,
    specification_version: i32,
    new_weights: &'n Name,
) -> Option<&'n Name> {
    use DType::*;
    let tensor = literal.as_tensor()?;
    format::code(tensor.dtype())?;
    match &literal.storage {
        Storage::File(name) => Some(name),
        Storage::Immediate | Storage::Missing(..) => None,
        Storage::Auto => {
            let held = match tensor.dtype() {
                Int16 | Uint16 | Int32 | Uint32 => specification_version >= 9,
                _ => true,
            };
            (spot == Spot::Weight && held && tensor.len() >= FEWEST_IN_FILE).then_some(new_weights)
        }
    }
}

/// Pushes the literals that a list, tuple or dictionary holds.
pub(super) fn push_inner<'l>(literal: &'l Literal, stack: &mut Vec<(&'l Literal, Spot)>) {
    match &literal.data {
        LiteralData::List(inner) | LiteralData::Tuple(inner) => {
            stack.extend(inner.iter().rev().map(|literal| (literal, Spot::Other)))
        }
        LiteralData::Dict(pairs) => stack
            .extend(pairs.iter().rev().flat_map(|(key, value)| [(value, Spot::Other), (key, Spot::Other)])),
        LiteralData::Tensor(_) | LiteralData::Opaque(_) => {}
    }
}
