//! What differs between two models.

mod graph;
mod pairs;
mod show;
mod text;
mod weights;

use std::collections::BTreeSet;

use mil_ir::{Interface, Model, Program, text::print_feature};
use serde::Serialize;

use crate::inspect;

pub use graph::{GraphDifference, OpChange, OpName, Retyped};
pub use text::lines;
pub use weights::WeightChange;

/// A number in the first model and in the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Change<T> {
    /// In the first.
    pub before: T,
    /// In the second.
    pub after: T,
}

/// What differs between two models, `a` and `b`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Difference {
    /// Ops of all programs, without `const`.
    pub ops: Change<usize>,
    /// Bytes of the constants of all programs.
    pub weight_bytes: Change<u64>,
    /// Kinds of the models, features, states, target: what an app sees.
    pub interface: Vec<String>,
    /// Author, licence and what else was written down.
    pub metadata: Vec<String>,
    /// Functions, opsets and attributes of programs.
    pub program: Vec<String>,
    /// Graphs that differ.
    pub graphs: Vec<GraphDifference>,
}

impl Difference {
    /// The models are the same.
    pub fn is_empty(&self) -> bool {
        self.interface.is_empty()
            && self.metadata.is_empty()
            && self.program.is_empty()
            && self.graphs.is_empty()
    }
}

/// Compares two models.
pub fn compare(a: &Model, b: &Model) -> Difference {
    let mut difference = Difference {
        ops: Change { before: ops(a), after: ops(b) },
        weight_bytes: Change { before: weight_bytes(a), after: weight_bytes(b) },
        ..Difference::default()
    };
    // Members of pipelines are compared in pairs; the place of each stands before what differs.
    let mut stack = vec![(String::new(), a, b)];
    while let Some((place, a, b)) = stack.pop() {
        if a.kind() != b.kind() {
            difference.interface.push(format!("{place}kind: {} became {}", a.kind(), b.kind()));
            continue;
        }
        compare_interfaces(&place, a.interface(), b.interface(), &mut difference);
        match (a, b) {
            (Model::Program(a), Model::Program(b)) => compare_programs(&place, a, b, &mut difference),
            (Model::Pipeline(a), Model::Pipeline(b)) => {
                if a.members.len() != b.members.len() {
                    let text = format!("{place}members: {} became {}", a.members.len(), b.members.len());
                    difference.interface.push(text);
                }
                for (index, ((name_a, member_a), (name_b, member_b))) in
                    a.members.iter().zip(&b.members).enumerate().rev()
                {
                    if name_a != name_b {
                        let name = |name: &Option<mil_ir::Name>| match name {
                            Some(name) => name.to_string(),
                            None => "none".to_owned(),
                        };
                        let (a, b) = (name(name_a), name(name_b));
                        difference.interface.push(format!("{place}member {index}: name {a} became {b}"));
                    }
                    stack.push((format!("{place}member {index}: "), member_a, member_b));
                }
            }
            (Model::Opaque(a), Model::Opaque(b)) if a.bytes != b.bytes => {
                difference.program.push(format!("{place}the contents differ"));
            }
            _ => {}
        }
    }
    difference
}

fn ops(model: &Model) -> usize {
    let programs = model.programs();
    let functions = programs.iter().flat_map(|(_, program)| program.functions.values());
    functions
        .filter_map(|function| function.graph())
        .flat_map(|graph| inspect::histogram(graph).into_values())
        .sum()
}

fn weight_bytes(model: &Model) -> u64 {
    model.programs().iter().map(|(_, program)| inspect::weights(program).bytes).sum()
}

fn compare_interfaces(place: &str, a: &Interface, b: &Interface, difference: &mut Difference) {
    if a.specification_version != b.specification_version {
        let (a, b) = (a.specification_version, b.specification_version);
        difference.interface.push(format!("{place}specification version: {a} became {b}"));
    }
    if a.default_function != b.default_function {
        let name = |name: &Option<mil_ir::Name>| name.as_ref().map_or("none".to_owned(), ToString::to_string);
        let (a, b) = (name(&a.default_function), name(&b.default_function));
        difference.interface.push(format!("{place}default function: {a} became {b}"));
    }
    for (what, a, b) in [
        ("functions are spelled one by one", a.multifunction, b.multifunction),
        ("updatable", a.updatable, b.updatable),
    ] {
        if a != b {
            let side = if a { "only in the first" } else { "only in the second" };
            difference.interface.push(format!("{place}{what}: {side}"));
        }
    }
    let functions: BTreeSet<_> = a.functions.keys().chain(b.functions.keys()).collect();
    for name in functions {
        let (Some(a), Some(b)) = (a.functions.get(name), b.functions.get(name)) else {
            let side =
                if a.functions.contains_key(name) { "only in the first" } else { "only in the second" };
            difference.interface.push(format!("{place}features of function {name}: {side}"));
            continue;
        };
        for (role, a, b) in [
            ("input", &a.inputs, &b.inputs),
            ("output", &a.outputs, &b.outputs),
            ("state", &a.states, &b.states),
        ] {
            let names: BTreeSet<_> = a.iter().chain(b).map(|feature| &feature.name).collect();
            for feature in names {
                let find =
                    |features: &[mil_ir::Feature]| features.iter().position(|found| found.name == *feature);
                let text = match (find(a), find(b)) {
                    (Some(at_a), Some(at_b)) if a[at_a] != b[at_b] => {
                        format!("{} became {}", print_feature(&a[at_a]), print_feature(&b[at_b]))
                    }
                    (Some(at_a), Some(at_b)) if at_a != at_b => format!("place {at_a} became {at_b}"),
                    (Some(_), None) => "only in the first".to_owned(),
                    (None, Some(_)) => "only in the second".to_owned(),
                    _ => continue,
                };
                difference.interface.push(format!("{place}{name}: {role} {feature}: {text}"));
            }
        }
        for (what, a, b) in [
            ("predicted feature", &a.predicted_feature, &b.predicted_feature),
            ("predicted probabilities", &a.predicted_probabilities, &b.predicted_probabilities),
        ] {
            if a != b {
                difference.interface.push(format!("{place}{name}: {what}: {a:?} became {b:?}"));
            }
        }
    }
    if a.training_inputs != b.training_inputs {
        difference.interface.push(format!("{place}training inputs"));
    }
    if a.metadata != b.metadata {
        for (what, a, b) in [
            ("description", &a.metadata.description, &b.metadata.description),
            ("version", &a.metadata.version, &b.metadata.version),
            ("author", &a.metadata.author, &b.metadata.author),
            ("license", &a.metadata.license, &b.metadata.license),
        ] {
            if a != b {
                difference.metadata.push(format!("{place}{what}: {a:?} became {b:?}"));
            }
        }
        let keys: BTreeSet<_> =
            a.metadata.user_defined.keys().chain(b.metadata.user_defined.keys()).collect();
        for key in keys {
            let (a, b) = (a.metadata.user_defined.get(key), b.metadata.user_defined.get(key));
            if a != b {
                difference.metadata.push(match (a, b) {
                    (Some(a), Some(b)) => format!("{place}{key}: {a:?} became {b:?}"),
                    (Some(a), None) => format!("{place}{key}: {a:?} only in the first"),
                    (None, b) => {
                        format!("{place}{key}: {:?} only in the second", b.map_or("", String::as_str))
                    }
                });
            }
        }
        if a.metadata.carried != b.metadata.carried || a.metadata.present != b.metadata.present {
            difference.metadata.push(format!("{place}unknown fields"));
        }
    }
    if a.model_carried != b.model_carried || a.carried != b.carried {
        difference.interface.push(format!("{place}unknown fields"));
    }
}

fn compare_programs(place: &str, a: &Program, b: &Program, difference: &mut Difference) {
    if a.version != b.version || a.doc != b.doc || a.attributes != b.attributes || a.carried != b.carried {
        difference.program.push(format!("{place}version, documentation or attributes of the program"));
    }
    let functions: BTreeSet<_> = a.functions.keys().chain(b.functions.keys()).collect();
    for name in functions {
        let (Some(a), Some(b)) = (a.functions.get(name), b.functions.get(name)) else {
            let side =
                if a.functions.contains_key(name) { "only in the first" } else { "only in the second" };
            difference.program.push(format!("{place}function {name}: {side}"));
            continue;
        };
        if a.opset != b.opset {
            difference.program.push(format!("{place}function {name}: opset {} became {}", a.opset, b.opset));
        }
        if a.attributes != b.attributes || a.carried != b.carried {
            difference.program.push(format!("{place}function {name}: attributes"));
        }
        let opsets: BTreeSet<_> = a.specializations.keys().chain(b.specializations.keys()).collect();
        for opset in opsets {
            match (a.specializations.get(opset), b.specializations.get(opset)) {
                (Some(a), Some(b)) => {
                    difference.graphs.extend(graph::compare(&format!("{place}{name} for {opset}"), a, b))
                }
                (Some(_), None) => {
                    difference
                        .program
                        .push(format!("{place}function {name}: opset {opset} only in the first"));
                }
                _ => difference
                    .program
                    .push(format!("{place}function {name}: opset {opset} only in the second")),
            }
        }
    }
}
