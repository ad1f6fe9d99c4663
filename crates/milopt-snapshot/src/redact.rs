//! What of a program is left out of its text.

use std::collections::HashMap;

use milopt::Program;
use milopt::ir::text::{Placement, PrintOptions, write};
use milopt::ir::{Attributes, Graph, Name, ValueId};

use crate::{Subject, sections};

/// What a snapshot leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redact {
    /// Names of values and ops: a value is called by its op's type and a number. Features keep theirs, which
    /// an app uses.
    pub names: bool,
    /// Elements of float tensors, and the hashes that stand for them.
    pub weights: bool,
    /// Metadata of the model and attributes of the program, which name tools and their versions.
    pub metadata: bool,
    /// Milliseconds of a placement.
    pub costs: bool,
}

impl Default for Redact {
    fn default() -> Redact {
        Redact { names: false, weights: true, metadata: true, costs: true }
    }
}

impl Redact {
    /// Leaves nothing out.
    pub fn nothing() -> Redact {
        Redact { names: false, weights: false, metadata: false, costs: false }
    }
}

/// The MIL text, in the form for people.
pub fn text(subject: &impl Subject, redact: &Redact) -> String {
    sections(subject, |program| {
        let mut program = program.clone();
        if redact.metadata {
            program.attributes = Attributes::default();
            program.interface.metadata = Default::default();
        }
        if redact.names {
            program.graphs_mut().for_each(|(_, _, graph)| rename(graph));
        }
        print(&program, redact)
    })
}

/// What the printer puts before a hash, and after it.
const HASH: (&str, &str) = ("HASH(\"", "\")");

fn print(program: &Program, redact: &Redact) -> String {
    let mut out = String::new();
    // A String takes everything.
    let _ = write(&mut out, program, &PrintOptions::readable(), &mut |tensor, _| {
        let hidden = redact.weights && tensor.len() > 1 && tensor.dtype().is_float();
        if hidden { Placement::Hash } else { Placement::BySize }
    });
    if !redact.weights {
        return out;
    }
    let mut text = String::with_capacity(out.len());
    let mut rest = out.as_str();
    while let Some(at) = rest.find(HASH.0) {
        let (before, hash) = rest.split_at(at + HASH.0.len());
        text.push_str(before);
        text.push('…');
        rest = hash.find(HASH.1).map_or("", |end| &hash[end..]);
    }
    text + rest
}

/// Calls each value by its op's type and a number, but for inputs and outputs of the function.
fn rename(graph: &mut Graph) {
    let features: Vec<ValueId> = {
        let root = graph.root();
        let outputs = graph.op(root.return_op()).values();
        root.inputs().iter().copied().chain(outputs).collect()
    };
    let mut counts: HashMap<Name, usize> = HashMap::new();
    let ops: Vec<_> = graph.walk().collect();
    let mut named: Vec<(ValueId, String)> = Vec::new();
    for &op in &ops {
        let (kind, found) = (graph.op(op).kind().clone(), graph.op(op));
        let inputs = found.blocks().iter().flat_map(|&block| graph.block(block).inputs());
        for &value in found.results().iter().chain(inputs) {
            if !features.contains(&value) {
                let count = counts.entry(kind.clone()).or_default();
                named.push((value, format!("{kind}_{count}")));
                *count += 1;
            }
        }
    }
    // First away from the names that others are about to take.
    for (value, name) in &named {
        let free = graph.fresh_name(&format!("{name}_renamed"));
        graph.rename_value(*value, free);
    }
    for (value, name) in named {
        let free = graph.fresh_name(&name);
        graph.rename_value(value, free);
    }
    ops.into_iter().for_each(|op| graph.rename_op(op, None));
}
