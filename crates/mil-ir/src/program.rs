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
