//! Programs and their functions.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::{Attributes, Carried, Graph, Interface, Name, Opset};

/// An ML Program: functions, and what an app sees of them.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// `Program.version`; 1 in all files known.
    pub version: i64,
    /// Functions by name, sorted by name as files have no order for them.
    pub functions: BTreeMap<Name, Function>,
    /// Documentation; empty in most programs.
    pub doc: String,
    /// Attributes, for example `buildInfo`.
    pub attributes: Attributes,
    /// Features, states, metadata and target.
    pub interface: Interface,
    /// Unknown fields of the program's message.
    pub carried: Option<Box<Carried>>,
}

/// A function: one graph per opset that it is specialised for.
#[derive(Clone, Debug)]
pub struct Function {
    /// The opset that runs.
    pub opset: Opset,
    /// Graphs by opset, in the order of the file's keys.
    pub specializations: IndexMap<Opset, Graph>,
    /// Attributes.
    pub attributes: Attributes,
    /// Unknown fields of the function's message.
    pub carried: Option<Box<Carried>>,
}

impl Function {
    /// A function with one graph.
    pub fn new(opset: Opset, graph: Graph) -> Function {
        let specializations = IndexMap::from([(opset.clone(), graph)]);
        Function { opset, specializations, attributes: Attributes::new(), carried: None }
    }

    /// The graph that runs; `None` if the file lacks it.
    pub fn graph(&self) -> Option<&Graph> {
        self.specializations.get(&self.opset)
    }

    /// The graph that runs; `None` if the file lacks it.
    pub fn graph_mut(&mut self) -> Option<&mut Graph> {
        self.specializations.get_mut(&self.opset)
    }
}

impl Program {
    /// A program without functions.
    pub fn new(interface: Interface) -> Program {
        Program { version: 1, interface, ..Program::default() }
    }

    /// A function by name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.get(name)
    }

    /// The graph that runs in a function.
    pub fn graph(&self, function: &str) -> Option<&Graph> {
        self.function(function)?.graph()
    }

    /// The graph that runs in a function.
    pub fn graph_mut(&mut self, function: &str) -> Option<&mut Graph> {
        self.functions.get_mut(function)?.graph_mut()
    }

    /// Every graph of the program: function, opset, graph.
    pub fn graphs(&self) -> impl Iterator<Item = (&Name, &Opset, &Graph)> {
        self.functions.iter().flat_map(|(name, function)| {
            function.specializations.iter().map(move |(opset, graph)| (name, opset, graph))
        })
    }

    /// Every graph of the program: function, opset, graph.
    pub fn graphs_mut(&mut self) -> impl Iterator<Item = (&Name, &Opset, &mut Graph)> {
        self.functions.iter_mut().flat_map(|(name, function)| {
            function.specializations.iter_mut().map(move |(opset, graph)| (name, opset, graph))
        })
    }
}

/// Why a program cannot be made one for another release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// A function has graphs for several opsets, of which only one would be raised.
    #[error("function {0} is specialised for several opsets; drop all but one before raising the target")]
    SeveralOpsets(Name),
    /// The opset is newer than what was asked for, or not known.
    #[error("function {0} has opset {1}, which cannot be raised to {2}")]
    Newer(Name, Opset, Opset),
}

impl Program {
    /// Makes the program one for this release: specification version and the opset of every function. Ops keep their meaning
    /// from one opset to the next; the semantic verifier says where an op must change. Nothing changes on an error.
    pub fn raise_target(&mut self, target: crate::Release) -> Result<(), ReleaseError> {
        let opset = target.opset();
        for (name, function) in &self.functions {
            if function.specializations.len() > 1 {
                return Err(ReleaseError::SeveralOpsets(name.clone()));
            }
            if function.opset.release().is_none_or(|own| own > target) {
                return Err(ReleaseError::Newer(name.clone(), function.opset.clone(), opset));
            }
        }
        for function in self.functions.values_mut() {
            let graphs = std::mem::take(&mut function.specializations);
            function.specializations = graphs.into_iter().map(|(_, graph)| (opset.clone(), graph)).collect();
            function.opset = opset.clone();
        }
        self.interface.raise_target(target);
        Ok(())
    }
}
