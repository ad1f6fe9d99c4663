//! `ValueType` and what is in it.

use mil_ir::{Carried, Dim, Literal, Shape, TensorType, Type, TypeKind};
use mil_proto::Described;
use mil_proto::specification::mil_spec::{
    DictionaryType, Dimension, ListType, StateType, TensorType as TensorMessage, TupleType, ValueType,
    dimension::{ConstantDimension, Dimension as DimensionKind, UnknownDimension},
    value_type::Type as Message,
};
use mil_proto::wire::{self, Unknown};
use mil_tensor::DType;
use prost::Message as _;

use crate::translate::carried::{Step, fit, put, take, to_unknown};
use crate::translate::{Decoded, Decoder, Encoded, Encoder, Spot, each_literal, present};

// Members of the oneof in `ValueType`.
const TENSOR: u32 = 1;
const LIST: u32 = 2;
const TUPLE: u32 = 3;
const DICT: u32 = 4;
const STATE: u32 = 5;
/// `TensorType.attributes`.
const ATTRIBUTES: u32 = 4;

impl Decoder<'_> {
    /// The type in a field that may be absent.
    pub(crate) fn ty(&mut self, message: Option<&ValueType>, mut carried: Carried) -> Decoded<Type> {
        let Some(message) = message else { return Ok(Type::new(TypeKind::Unknown)) };
        let whole = carried.clone();
        match self.kind(message, &mut carried)? {
            Some(TypeKind::Unknown) => Ok(Type::with_carried(TypeKind::Unknown, present(carried))),
            Some(kind) => Ok(Type::with_carried(kind, carried.boxed())),
            None => {
                let bytes = wire::splice(&message.encode_to_vec(), ValueType::SCHEMA, &to_unknown(&whole))?;
                let carried = Carried { own: bytes, ..Carried::default() };
                Ok(Type::with_carried(TypeKind::Unknown, present(carried)))
            }
        }
    }

    /// `None` for a form that [`TypeKind`] cannot say exactly.
    fn kind(&mut self, message: &ValueType, carried: &mut Carried) -> Decoded<Option<TypeKind>> {
        Ok(Some(match &message.r#type {
            None => TypeKind::Unknown,
            Some(Message::TensorType(tensor)) => {
                let Some(shape) = shape(tensor) else { return Ok(None) };
                let mut attributes = mil_ir::Attributes::new();
                for (key, value) in &tensor.attributes {
                    let carried = take(carried, &[Step::One(TENSOR), Step::Entry(ATTRIBUTES, key)]);
                    attributes.insert(key.as_str().into(), self.literal(value, carried)?);
                }
                TypeKind::Tensor(TensorType {
                    dtype: DType::from_number(tensor.data_type),
                    shape,
                    attributes,
                })
            }
            Some(Message::ListType(list)) => {
                let Some(length) = list.length.as_ref().and_then(dim) else { return Ok(None) };
                let carried = take(carried, &[Step::One(LIST), Step::One(1)]);
                TypeKind::List(self.ty(list.r#type.as_deref(), carried)?, length)
            }
            Some(Message::TupleType(tuple)) => {
                let mut types = Vec::with_capacity(tuple.types.len());
                for (index, ty) in tuple.types.iter().enumerate() {
                    let carried = take(carried, &[Step::One(TUPLE), Step::At(1, index)]);
                    types.push(self.ty(Some(ty), carried)?);
                }
                TypeKind::Tuple(types)
            }
            Some(Message::DictionaryType(dict)) => {
                let key_carried = take(carried, &[Step::One(DICT), Step::One(1)]);
                let value_carried = take(carried, &[Step::One(DICT), Step::One(2)]);
                let key = self.ty(dict.key_type.as_deref(), key_carried)?;
                TypeKind::Dict(key, self.ty(dict.value_type.as_deref(), value_carried)?)
            }
            Some(Message::StateType(state)) => {
                let carried = take(carried, &[Step::One(STATE), Step::One(1)]);
                TypeKind::State(self.ty(state.wrapped_type.as_deref(), carried)?)
            }
        }))
    }
}

/// `None` for one that [`Shape`] cannot say exactly.
fn shape(tensor: &TensorMessage) -> Option<Shape> {
    match (tensor.rank, tensor.dimensions.len()) {
        (-1, 0) => Some(Shape::Unranked),
        (rank, len) if usize::try_from(rank) == Ok(len) => {
            tensor.dimensions.iter().map(dim).collect::<Option<_>>().map(Shape::Ranked)
        }
        _ => None,
    }
}

fn dim(message: &Dimension) -> Option<Dim> {
    message.dimension.as_ref().map(|dimension| match *dimension {
        DimensionKind::Constant(ConstantDimension { size }) => Dim::Fixed(size),
        DimensionKind::Unknown(UnknownDimension { variadic }) => Dim::Unknown { variadic },
    })
}

fn encode_dim(dim: &Dim) -> Dimension {
    Dimension {
        dimension: Some(match *dim {
            Dim::Fixed(size) => DimensionKind::Constant(ConstantDimension { size }),
            Dim::Symbolic(_) => DimensionKind::Unknown(UnknownDimension { variadic: false }),
            Dim::Unknown { variadic } => DimensionKind::Unknown(UnknownDimension { variadic }),
        }),
    }
}

impl Encoder<'_> {
    /// The message of a type, if there is one, and its unknown fields.
    pub(crate) fn encode_ty(&self, ty: &Type) -> Encoded<(Option<ValueType>, Unknown)> {
        let mut inner: Vec<(Vec<Step<'_>>, Unknown)> = Vec::new();
        let mut nested = |steps: Vec<Step<'static>>, ty: &Type| -> Encoded<Option<ValueType>> {
            let (message, unknown) = self.encode_ty(ty)?;
            inner.push((steps, unknown));
            Ok(message)
        };
        let message = match ty.kind() {
            TypeKind::Unknown => match ty.carried() {
                None => return Ok((None, Unknown::default())),
                Some(_) => None,
            },
            TypeKind::Tensor(tensor) => {
                let (rank, dimensions) = match &tensor.shape {
                    Shape::Ranked(dims) => (dims.len() as i64, dims.iter().map(encode_dim).collect()),
                    Shape::Unranked => (-1, Vec::new()),
                };
                let mut attributes = std::collections::BTreeMap::new();
                for (key, literal) in &tensor.attributes {
                    let (value, unknown) = self.encode_literal(literal, Spot::Other)?;
                    inner.push((vec![Step::One(TENSOR), Step::Entry(ATTRIBUTES, key)], unknown));
                    attributes.insert(key.to_string(), value);
                }
                let data_type = tensor.dtype.number();
                Some(Message::TensorType(TensorMessage { data_type, rank, dimensions, attributes }))
            }
            TypeKind::List(element, length) => {
                let element = nested(vec![Step::One(LIST), Step::One(1)], element)?;
                let length = Some(encode_dim(length));
                Some(Message::ListType(Box::new(ListType { r#type: element.map(Box::new), length })))
            }
            TypeKind::Tuple(elements) => {
                let mut types = Vec::with_capacity(elements.len());
                for (index, ty) in elements.iter().enumerate() {
                    types.push(nested(vec![Step::One(TUPLE), Step::At(1, index)], ty)?.unwrap_or_default());
                }
                Some(Message::TupleType(TupleType { types }))
            }
            TypeKind::Dict(key, value) => {
                let key_type = nested(vec![Step::One(DICT), Step::One(1)], key)?.map(Box::new);
                let value_type = nested(vec![Step::One(DICT), Step::One(2)], value)?.map(Box::new);
                Some(Message::DictionaryType(Box::new(DictionaryType { key_type, value_type })))
            }
            TypeKind::State(wrapped) => {
                let wrapped_type = nested(vec![Step::One(STATE), Step::One(1)], wrapped)?.map(Box::new);
                Some(Message::StateType(Box::new(StateType { wrapped_type })))
            }
        };
        let message = ValueType { r#type: message };
        let mut unknown = fit(&message, ValueType::SCHEMA, ty.carried());
        for (steps, child) in inner {
            put(&mut unknown, &steps, child);
        }
        Ok((Some(message), unknown))
    }
}

/// Pushes the literals that are attributes of tensor types in a type.
pub(super) fn push_attributes<'t>(ty: &'t Type, stack: &mut Vec<(&'t Literal, Spot)>) {
    let mut types = vec![ty];
    while let Some(ty) = types.pop() {
        match ty.kind() {
            TypeKind::Tensor(tensor) => {
                stack.extend(tensor.attributes.values().rev().map(|literal| (literal, Spot::Other)))
            }
            TypeKind::List(inner, _) | TypeKind::State(inner) => types.push(inner),
            TypeKind::Tuple(inner) => types.extend(inner.iter().rev()),
            TypeKind::Dict(key, value) => types.extend([value, key]),
            TypeKind::Unknown => {}
        }
    }
}

/// Visits the literals that are attributes of tensor types in a type.
pub(crate) fn each_attribute<'t>(
    ty: &'t Type,
    visit: &mut dyn FnMut(&'t Literal, Spot) -> Encoded<()>,
) -> Encoded<()> {
    let mut found = Vec::new();
    push_attributes(ty, &mut found);
    found.into_iter().try_for_each(|(literal, spot)| each_literal(literal, spot, visit))
}
