//! Fields that occur twice, put together as every parser of protobuf reads them.

use std::collections::HashMap;
use std::ops::Range;

use super::reader::{Fault, Reader, push_varint};
use super::{WireError, WireErrorKind, WireType};
use crate::schema::{Kind, Label, Message};

/// Deeper messages are refused, as [`scan`](super::scan()) refuses them.
const DEEPEST: usize = 100;

/// The same message with every single field once: of a number or a text the last one counts, messages are
/// merged, and of a oneof the last member remains.
///
/// ```
/// use mil_proto::specification::Model;
/// use mil_proto::{Described, wire};
///
/// // Versions 6 and 7.
/// assert_eq!(wire::merge(&[0x08, 6, 0x08, 7], Model::SCHEMA)?, [0x08, 7]);
/// # Ok::<(), wire::WireError>(())
/// ```
///
/// # Errors
///
/// If the bytes are malformed, or messages are nested too deep.
pub fn merge(bytes: &[u8], root: &'static Message) -> Result<Vec<u8>, WireError> {
    merged(bytes, root, 0).map_err(|fault| WireError {
        offset: fault.offset,
        path: String::new(),
        kind: fault.kind,
    })
}

/// A field of the merged message.
enum Piece {
    /// As it stands.
    Raw(Range<usize>),
    /// A message whose content stands in one or several places.
    Message { number: u32, kind: &'static Message, is_opaque: bool, content: Vec<u8> },
}

/// Recurses as deep as messages are nested, at most [`DEEPEST`].
fn merged(bytes: &[u8], message: &'static Message, depth: usize) -> Result<Vec<u8>, Fault> {
    if depth > DEEPEST {
        return Err(Fault { offset: 0, kind: WireErrorKind::Depth(DEEPEST) });
    }
    let mut reader = Reader::within(bytes, &(0..bytes.len()));
    let mut pieces: Vec<Option<Piece>> = Vec::new();
    // Where a single field stands among the pieces, by its slot, which the members of a oneof share.
    let mut places: HashMap<u8, usize> = HashMap::new();
    while !reader.is_at_end() {
        let raw = reader.field()?;
        let field = message.field(raw.number);
        let inner = field.filter(|_| raw.wire_type == WireType::Length).and_then(|field| match field.kind {
            Kind::Message(kind) => Some((kind, false)),
            Kind::Opaque(kind) => Some((kind, true)),
            _ => None,
        });
        let slot = field.filter(|field| field.label == Label::Single).map(|field| field.slot);
        let value = bytes.get(raw.value.clone()).unwrap_or_default();
        let earlier = slot.and_then(|slot| places.get(&slot)).and_then(|&at| pieces.get_mut(at)?.as_mut());
        if let Some(Piece::Message { number, content, .. }) = earlier
            && *number == raw.number
            && inner.is_some()
        {
            content.extend_from_slice(value);
            continue;
        }
        if let Some(slot) = slot
            && let Some(at) = places.insert(slot, pieces.len())
            && let Some(overridden) = pieces.get_mut(at)
        {
            *overridden = None;
        }
        pieces.push(Some(match inner {
            Some((kind, is_opaque)) => {
                Piece::Message { number: raw.number, kind, is_opaque, content: value.to_vec() }
            }
            None => Piece::Raw(raw.range),
        }));
    }
    let mut out = Vec::with_capacity(bytes.len());
    for piece in pieces.into_iter().flatten() {
        match piece {
            Piece::Raw(range) => out.extend_from_slice(bytes.get(range).unwrap_or_default()),
            Piece::Message { number, kind, is_opaque, content } => {
                // What the types keep encoded is not looked into.
                let content = if is_opaque { content } else { merged(&content, kind, depth + 1)? };
                push_varint(&mut out, u64::from(number) << 3 | 2);
                push_varint(&mut out, content.len() as u64);
                out.extend_from_slice(&content);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::Described;
    use crate::specification::{FeatureDescription, Model, ModelDescription, model::Type};
    use crate::wire::{Limits, scan};

    fn check(bytes: &[u8]) -> Vec<u8> {
        let once = merge(bytes, Model::SCHEMA).unwrap();
        assert!(scan(&once, Model::SCHEMA, &Limits::default()).is_ok());
        // prost merges by the same rules.
        assert_eq!(Model::decode(&*once), Model::decode(bytes));
        once
    }

    #[test]
    fn what_occurs_twice_is_merged() {
        let feature = |name: &str| FeatureDescription { name: name.into(), ..Default::default() };
        let part = |name: &str, class: &str| Model {
            specification_version: name.len() as i32,
            description: Some(ModelDescription {
                input: vec![feature(name)],
                predicted_feature_name: class.into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let bytes = [part("x", "a").encode_to_vec(), part("yy", "b").encode_to_vec()].concat();
        let model = Model::decode(&*check(&bytes)).unwrap();
        let description = model.description.unwrap();
        assert_eq!(model.specification_version, 2);
        assert_eq!(description.input.len(), 2);
        assert_eq!(description.predicted_feature_name, "b");
    }

    #[test]
    fn the_last_member_of_a_oneof_remains() {
        let of = |r#type| Model { r#type: Some(r#type), ..Default::default() }.encode_to_vec();
        let (identity, scaler) = (of(Type::Identity("".into())), of(Type::Scaler("".into())));
        assert_eq!(check(&[&identity[..], &scaler[..]].concat()), scaler);
        assert_eq!(check(&[&identity[..], &scaler[..], &identity[..]].concat()), identity);
    }

    #[test]
    fn malformed_bytes_are_refused() {
        assert!(merge(&[0x08], Model::SCHEMA).is_err());
        assert!(merge(&[0x12, 9, 0], Model::SCHEMA).is_err());
    }
}
