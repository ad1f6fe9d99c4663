//! What names stand for while the blocks of a function are read, in order.
//!
//! A name that is defined again stands for the later value from there on, to the end of the block: an
//! operation that uses it was written with the nearest definition before it in mind, which is what coremltools
//! reads. Its converters write such files where an op is called like an input of the model.

use std::collections::{BTreeSet, HashMap, HashSet};

use mil_ir::verify::{Place, Violation};
use mil_ir::{Graph, Name, STATE_PARAM, ValueId};

use crate::error::DecodeErrorKind;
use crate::translate::Decoded;

#[derive(Default)]
pub(super) struct Scope {
    values: HashMap<Name, ValueId>,
    /// The same for states, which have names of their own; see [`mil_ir::STATE_PARAM`].
    states: HashMap<Name, ValueId>,
    /// Values whose name a later one has taken, the latest last.
    older: HashMap<Name, Vec<ValueId>>,
    /// All names that were defined again.
    repeated: BTreeSet<Name>,
}

impl Scope {
    /// Makes a value visible to what follows; `names` are those of the block that defines it.
    pub(super) fn define(&mut self, graph: &Graph, value: ValueId, names: &mut Vec<Name>) -> Decoded<()> {
        let name = graph.value(value).name().clone();
        if graph.value(value).ty().as_state().is_some() {
            // Only functions take states, so that their names never go out of sight.
            return match self.states.insert(name.clone(), value) {
                Some(_) => Err(DecodeErrorKind::Duplicate(name.to_string())),
                None => Ok(()),
            };
        }
        if let Some(older) = self.values.insert(name.clone(), value) {
            self.older.entry(name.clone()).or_default().push(older);
            self.repeated.insert(name.clone());
        }
        names.push(name);
        Ok(())
    }

    /// Takes the names of a block that is left out of sight; those of outer blocks stand for what they did.
    pub(super) fn leave(&mut self, names: Vec<Name>) {
        for name in names {
            match self.older.get_mut(&name).and_then(Vec::pop) {
                Some(older) => self.values.insert(name, older),
                None => self.values.remove(&name),
            };
        }
    }

    /// The value of a name. Of a state and another value with the same name, `param` tells which.
    pub(super) fn lookup(&self, name: &str, param: &str) -> Decoded<ValueId> {
        let (first, second) =
            if param == STATE_PARAM { (&self.states, &self.values) } else { (&self.values, &self.states) };
        first
            .get(name)
            .or_else(|| second.get(name))
            .copied()
            .ok_or_else(|| DecodeErrorKind::Undefined(name.to_owned()))
    }

    /// Gives values whose name was defined again names of their own, and says which. The first keeps its name,
    /// unless another is an output of the function; inputs and outputs cannot be renamed.
    pub(super) fn rename_repeated(self, graph: &mut Graph) -> Decoded<Vec<Violation>> {
        if self.repeated.is_empty() {
            return Ok(Vec::new());
        }
        let root = graph.root();
        let fixed: HashSet<ValueId> = root.inputs().iter().copied().chain(root.outputs()).collect();
        let blocks: Vec<_> = graph.blocks().collect();
        let inputs = blocks.iter().flat_map(|&block| graph.block(block).inputs().iter().copied());
        let results = graph.walk().flat_map(|op| graph.op(op).results().iter().copied());
        let mut found = Vec::new();
        let mut same: HashMap<Name, Vec<ValueId>> = HashMap::new();
        for value in inputs.chain(results) {
            let value_is = graph.value(value);
            if value_is.ty().as_state().is_none() && self.repeated.contains(value_is.name()) {
                same.entry(value_is.name().clone()).or_default().push(value);
            }
        }
        for name in &self.repeated {
            let mut number = 0_u64;
            let values = same.remove(name).unwrap_or_default();
            let mut keepers = values.iter().filter(|value| fixed.contains(value));
            let keeper = keepers.next().or(values.first()).copied();
            if keepers.next().is_some() {
                return Err(DecodeErrorKind::Duplicate(name.to_string()));
            }
            for value in values.into_iter().filter(|&value| Some(value) != keeper) {
                let fresh = loop {
                    number += 1;
                    let fresh = Name::from(format!("{name}_{number}"));
                    if !graph.has_value_named(&fresh) {
                        break fresh;
                    }
                };
                let op = graph.definition(value);
                let message = format!("a second value is named {name}; it is read as {fresh}");
                let place = Place {
                    op: op.map(|op| graph.label(op).clone()),
                    kind: op.map(|op| graph.op(op).kind().clone()),
                    ..Place::default()
                };
                found.push(Violation::new("duplicate-name", place, message));
                graph.rename_value(value, fresh);
            }
        }
        Ok(found)
    }
}
