//! Unknown fields, handed from the message that was read to the entities of the program and back.
//!
//! `mil_proto` finds the unknown fields of a file as one tree. Decoding cuts it up: each entity takes the
//! fields of its message and of those inside it that are no entities themselves. Encoding puts them together
//! again, leaving out what belonged to a message that is gone.

use std::collections::BTreeMap;

use mil_ir::{Carried, CarriedKey};
use mil_proto::schema::{Kind, Label, Message};
use mil_proto::wire::{self, ChildKey, Unknown};

/// The way from a message to one inside it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'a> {
    /// The message in a field that occurs once.
    One(u32),
    /// One of the messages in a repeated field.
    At(u32, usize),
    /// The value of an entry of a map.
    Entry(u32, &'a str),
}

impl Step<'_> {
    /// As keys in the tree, where the entry of a map is a message of its own.
    fn keys(self) -> impl Iterator<Item = (u32, CarriedKey)> {
        let (first, second) = match self {
            Step::One(number) => ((number, CarriedKey::Index(0)), None),
            Step::At(number, index) => ((number, CarriedKey::Index(index)), None),
            Step::Entry(number, key) => {
                ((number, CarriedKey::Key(key.into())), Some((2, CarriedKey::Index(0))))
            }
        };
        [Some(first), second].into_iter().flatten()
    }
}

/// The tree of a message as `mil_proto` found it. Trees are as deep as messages, which is at most 100.
pub(crate) fn from_unknown(mut unknown: Unknown) -> Carried {
    let own = std::mem::take(&mut unknown.own);
    let children = unknown
        .into_children()
        .map(|(number, key, child)| ((number, from_key(key)), from_unknown(child)))
        .collect();
    Carried { own, children }
}

fn from_key(key: ChildKey) -> CarriedKey {
    match key {
        ChildKey::Index(index) => CarriedKey::Index(index),
        ChildKey::Text(text) => CarriedKey::Key(text),
        // No message that is decoded here has a map with such keys.
        ChildKey::Integer(key) => CarriedKey::Key(key.to_string()),
    }
}

fn to_key(key: &CarriedKey) -> ChildKey {
    match key {
        CarriedKey::Index(index) => ChildKey::Index(*index),
        CarriedKey::Key(text) => ChildKey::Text(text.clone()),
    }
}

/// The inverse of [`from_unknown`].
pub(crate) fn to_unknown(carried: &Carried) -> Unknown {
    let mut unknown = Unknown::new(carried.own.clone());
    for ((number, key), child) in &carried.children {
        unknown.insert(*number, to_key(key), to_unknown(child));
    }
    unknown
}

/// Takes the tree of a message inside out of the tree around it.
pub(crate) fn take(carried: &mut Carried, steps: &[Step<'_>]) -> Carried {
    if carried.children.is_empty() {
        return Carried::default();
    }
    let keys: Vec<_> = steps.iter().flat_map(|step| step.keys()).collect();
    take_keys(carried, &keys)
}

fn take_keys(carried: &mut Carried, keys: &[(u32, CarriedKey)]) -> Carried {
    let Some((key, rest)) = keys.split_first() else { return std::mem::take(carried) };
    let Some(child) = carried.children.get_mut(key) else { return Carried::default() };
    let taken = take_keys(child, rest);
    if child.is_empty() {
        carried.children.remove(key);
    }
    taken
}

/// Puts the tree of a message inside into the tree around it.
pub(crate) fn put(unknown: &mut Unknown, steps: &[Step<'_>], child: Unknown) {
    if child.is_empty() {
        return;
    }
    let keys: Vec<_> = steps.iter().flat_map(|step| step.keys()).collect();
    put_keys(unknown, &keys, child);
}

fn put_keys(unknown: &mut Unknown, keys: &[(u32, CarriedKey)], child: Unknown) {
    let Some(((number, key), rest)) = keys.split_first() else {
        *unknown = child;
        return;
    };
    let key = to_key(key);
    let inner = if rest.is_empty() {
        child
    } else {
        let mut inner = unknown.child(*number, &key).cloned().unwrap_or_default();
        put_keys(&mut inner, rest, child);
        inner
    };
    unknown.insert(*number, key, inner);
}

/// The unknown fields of a message that is written anew, without those of messages that it no longer has.
pub(crate) fn fit<M: prost::Message>(
    message: &M,
    schema: &'static Message,
    carried: Option<&Carried>,
) -> Unknown {
    match carried {
        Some(carried) if !carried.is_empty() => fit_bytes(&message.encode_to_vec(), schema, carried),
        _ => Unknown::default(),
    }
}

fn fit_bytes(bytes: &[u8], schema: &'static Message, carried: &Carried) -> Unknown {
    let mut fitted = Unknown::new(carried.own.clone());
    if carried.children.is_empty() {
        return fitted;
    }
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for raw in wire::fields(bytes) {
        let Ok(raw) = raw else { break };
        let Some(field) = schema.field(raw.number) else { continue };
        let Kind::Message(inner) = field.kind else { continue };
        let Some(content) = bytes.get(raw.value) else { continue };
        let key = match field.label {
            Label::Map => CarriedKey::Key(entry_key(content)),
            Label::Single | Label::Repeated => {
                let count = counts.entry(raw.number).or_default();
                *count += 1;
                CarriedKey::Index(*count - 1)
            }
        };
        if let Some(child) = carried.children.get(&(raw.number, key.clone())) {
            fitted.insert(raw.number, to_key(&key), fit_bytes(content, inner, child));
        }
    }
    fitted
}

/// The key of an encoded entry of a map.
fn entry_key(entry: &[u8]) -> String {
    let key = wire::fields(entry).filter_map(Result::ok).find(|raw| raw.number == 1);
    let text = key.and_then(|raw| entry.get(raw.value)).unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use mil_proto::Described;
    use mil_proto::specification::mil_spec::{Argument, Operation};

    use super::*;

    #[test]
    fn what_is_taken_out_goes_back() {
        let mut unknown = Unknown::default();
        put(&mut unknown, &[Step::Entry(2, "x"), Step::At(1, 3)], Unknown::new(vec![1]));
        put(&mut unknown, &[Step::Entry(2, "x")], Unknown::default());
        let mut carried = from_unknown(unknown.clone());
        assert_eq!(to_unknown(&carried), unknown);
        assert_eq!(take(&mut carried, &[Step::Entry(2, "x"), Step::At(1, 3)]).own, [1]);
        assert!(carried.is_empty());
    }

    #[test]
    fn fields_of_messages_that_are_gone_are_left_out() {
        let mut unknown = Unknown::new(vec![9]);
        put(&mut unknown, &[Step::Entry(2, "x"), Step::At(1, 0)], Unknown::new(vec![1]));
        put(&mut unknown, &[Step::Entry(2, "y")], Unknown::new(vec![2]));
        let inputs = [("y".to_owned(), Argument { arguments: vec![Default::default()] })];
        let message = Operation { inputs: inputs.into(), ..Default::default() };
        let fitted = fit(&message, Operation::SCHEMA, Some(&from_unknown(unknown)));
        assert_eq!(fitted.own, [9]);
        assert_eq!(fitted.map_value(2, "y").map(|child| &child.own[..]), Some(&[2][..]));
        assert!(fitted.map_value(2, "x").is_none());
    }
}
