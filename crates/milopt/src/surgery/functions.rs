//! The functions of a program, and what weights they share.

use std::collections::{BTreeMap, BTreeSet};

use mil_ir::{Name, Program};
use mil_tensor::{Data, Tensor};
use serde::Serialize;

use super::chosen;
use crate::inspect::place;

/// A function, for a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionRow {
    /// Its name.
    pub name: String,
    /// It runs where an app names none.
    pub default: bool,
    /// The opset that runs.
    pub opset: String,
    /// Names of its inputs.
    pub inputs: Vec<String>,
    /// Names of its outputs.
    pub outputs: Vec<String>,
    /// Names of its states.
    pub states: Vec<String>,
    /// Ops, those of inner blocks included, without constants.
    pub ops: usize,
    /// Bytes of its weights as stored.
    pub weight_bytes: u64,
    /// Bytes of those that no other function has.
    pub own_weight_bytes: u64,
    /// The functions that have weights of it.
    pub shares_with: Vec<String>,
}

/// Elements from which on a constant goes to the weight file.
const LEAST: usize = 10;

/// What makes two weights one: their place in a file; of one in memory what it says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Place((usize, u64, u64)),
    Content(String),
}

fn key(tensor: &Tensor) -> Option<Key> {
    match tensor.data() {
        Data::Mapped(blob) => Some(Key::Place(place(blob))),
        _ => {
            let content = tensor.fingerprint().ok()?;
            Some(Key::Content(format!("{} {:?} {content:?}", tensor.dtype(), tensor.shape())))
        }
    }
}

/// Every function, in the order of their names.
pub fn functions(program: &Program) -> Vec<FunctionRow> {
    let mut owners: BTreeMap<Key, (u64, BTreeSet<Name>)> = BTreeMap::new();
    for (name, _, graph) in program.graphs() {
        for (_, tensor) in graph.tensors().filter(|(_, tensor)| tensor.len() >= LEAST) {
            let Some(key) = key(tensor) else { continue };
            let bytes = tensor.byte_len().unwrap_or(0) as u64;
            owners.entry(key).or_insert((bytes, BTreeSet::new())).1.insert(name.clone());
        }
    }
    let default = chosen(program, None).ok();
    let row = |(name, function): (&Name, &mil_ir::Function)| {
        let features = program.interface.function(name);
        let names = |list: Option<&Vec<mil_ir::Feature>>| -> Vec<String> {
            list.into_iter().flatten().map(|feature| feature.name.to_string()).collect()
        };
        let ops = function
            .graph()
            .into_iter()
            .flat_map(|graph| graph.walk().filter(move |&op| graph.op(op).kind() != "const"));
        let weights = || owners.values().filter(|(_, owners)| owners.contains(name));
        let own = weights().filter(|(_, owners)| owners.len() == 1);
        let others: BTreeSet<&Name> =
            weights().flat_map(|(_, owners)| owners).filter(|owner| *owner != name).collect();
        FunctionRow {
            name: name.to_string(),
            default: default.as_ref() == Some(name),
            opset: function.opset.to_string(),
            inputs: names(features.map(|features| &features.inputs)),
            outputs: names(features.map(|features| &features.outputs)),
            states: names(features.map(|features| &features.states)),
            ops: ops.count(),
            weight_bytes: weights().map(|(bytes, _)| bytes).sum(),
            own_weight_bytes: own.map(|(bytes, _)| bytes).sum(),
            shares_with: others.into_iter().map(ToString::to_string).collect(),
        }
    };
    program.functions.iter().map(row).collect()
}
