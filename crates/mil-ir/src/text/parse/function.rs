//! Programs, functions, blocks and ops.

use std::collections::{BTreeMap, HashMap};

use indexmap::IndexMap;

use crate::graph::{Argument, At, NewBlock, NewOp};
use crate::text::TextErrorKind;
use crate::text::derived_interface;
use crate::text::lexer::Token;
use crate::text::parse::{OP_MEMORY, Parser, Result, VALUE_MEMORY};
use crate::{
    Attributes, BlockId, Carried, Function, Graph, Interface, Name, OpId, Operand, Opset, Program, Storage,
    Type, ValueId,
};

/// The values that are visible at a place, by name.
struct Scope {
    graph: Graph,
    visible: HashMap<Name, ValueId>,
    /// The same for states, which have names of their own; see [`crate::STATE_PARAM`].
    states: HashMap<Name, ValueId>,
    /// Names in the order in which they became visible; those of a block are taken back at its end.
    order: Vec<Name>,
}

/// Name, type and unknown fields of a value to be.
type TypedName = (Name, Type, Option<Box<Carried>>);

impl Parser<'_, '_> {
    pub(super) fn program(&mut self) -> Result<Program> {
        if let Token::Word(word) = self.token {
            let shown = match word {
                "pipeline" | "pipelineClassifier" | "pipelineRegressor" => Some("a pipeline of models"),
                "opaque" => Some("a model of another type"),
                "func" => Some("a function without its program"),
                _ => None,
            };
            if let Some(shown) = shown {
                return Err(self.error(TextErrorKind::ReadOnly(shown)));
            }
        }
        self.expect_word("program", "at the start")?;
        self.expect("(", "after `program`")?;
        match self.token {
            Token::Number("1.0" | "1.3") => self.bump()?,
            _ => return Err(self.expected("version 1.0 or 1.3")),
        };
        self.expect(")", "after the version")?;
        let extras = self.extras(&["version", "doc", "carried"])?;
        let mut program = Program {
            version: extras.version.unwrap_or(1),
            doc: extras.doc.unwrap_or_default(),
            carried: extras.carried,
            attributes: self.attributes()?,
            functions: BTreeMap::new(),
            interface: Interface::default(),
        };
        self.expect("{", "before the functions")?;
        while !self.eat("}")? {
            let start = self.start;
            if !self.looks_at_word("func") {
                return Err(self.expected("`func` or `}`"));
            }
            let (name, function) = self.function()?;
            if program.functions.insert(name.clone(), function).is_some() {
                return Err(self.duplicate(start, "function", name));
            }
        }
        program.interface = match self.looks_at_word("model") {
            true => self.interface()?,
            false => derived_interface(&program),
        };
        if self.token != Token::End {
            return Err(self.expected("the end of the text or a `model` section"));
        }
        Ok(program)
    }

    fn function(&mut self) -> Result<(Name, Function)> {
        self.charge(OP_MEMORY)?;
        self.expect_word("func", "for a function")?;
        let name = self.name("the name of a function")?;
        let opset = self.opset()?;
        let mut specializations = IndexMap::new();
        let (attributes, extras);
        if self.looks_at("(") {
            let mut scope = self.inputs()?;
            attributes = self.attributes()?;
            extras = self.extras(&["carried"])?;
            self.body(&mut scope, Graph::ROOT)?;
            specializations.insert(opset.clone(), scope.finish());
        } else {
            attributes = self.attributes()?;
            extras = self.extras(&["carried"])?;
            self.expect_word("specializations", "or the inputs of a function")?;
            self.expect("{", "before specializations")?;
            while !self.eat("}")? {
                let start = self.start;
                let opset = self.opset()?;
                let mut scope = self.inputs()?;
                self.body(&mut scope, Graph::ROOT)?;
                if specializations.insert(opset.clone(), scope.finish()).is_some() {
                    return Err(self.duplicate(start, "specialization", opset));
                }
            }
            self.expect(";", "after specializations")?;
        }
        Ok((name, Function { opset, specializations, attributes, carried: extras.carried }))
    }

    fn opset(&mut self) -> Result<Opset> {
        self.expect("<", "before the opset")?;
        let opset = match &self.token {
            Token::Word(tag) => Opset::from_tag(tag),
            Token::Quoted(name) => Opset::new(name),
            _ => return Err(self.expected("an opset, for example `ios17`")),
        };
        self.bump()?;
        self.expect(">", "after the opset")?;
        Ok(opset)
    }

    /// The inputs of a function's outermost block, and its graph.
    fn inputs(&mut self) -> Result<Scope> {
        let start = self.start;
        let mut carried = Vec::new();
        let mut inputs = Vec::new();
        for (name, ty, unknown) in self.typed_names()? {
            inputs.push((name, ty));
            carried.push(unknown);
        }
        let mut scope = Scope {
            graph: Graph::new(inputs),
            visible: HashMap::new(),
            states: HashMap::new(),
            order: Vec::new(),
        };
        for (&input, carried) in scope.graph.root().inputs().to_vec().iter().zip(carried) {
            scope.graph.set_value_carried(input, carried);
            self.define(&mut scope, input, start)?;
        }
        Ok(scope)
    }

    /// `(TYPE name, …)`.
    fn typed_names(&mut self) -> Result<Vec<TypedName>> {
        self.expect("(", "before inputs")?;
        let mut names = Vec::new();
        self.list(")", "an input", |parser| {
            let ty = parser.ty()?;
            names.push(parser.typed_name(ty)?);
            Ok(())
        })?;
        Ok(names)
    }

    /// The name of a value, after its type.
    fn typed_name(&mut self, ty: Type) -> Result<TypedName> {
        self.charge(VALUE_MEMORY)?;
        let name = self.name("the name of a value")?;
        if !self.looks_at("@{") {
            return Ok((name, ty, None));
        }
        Ok((name, ty, self.extras(&["carried"])?.carried))
    }

    /// Makes a value visible.
    fn define(&self, scope: &mut Scope, value: ValueId, start: usize) -> Result<()> {
        let name = scope.graph.value(value).name().clone();
        if scope.graph.value(value).ty().as_state().is_some() {
            // Only functions take states, so that their names never go out of sight.
            return match scope.states.insert(name.clone(), value) {
                Some(_) => Err(self.duplicate(start, "a state with the name", name)),
                None => Ok(()),
            };
        }
        if scope.visible.insert(name.clone(), value).is_some() {
            return Err(self.duplicate(start, "a value with the name", name));
        }
        scope.order.push(name);
        Ok(())
    }

    /// `{ statements } -> (outputs);` with the block's `@{…}` clause.
    fn body(&mut self, scope: &mut Scope, block: BlockId) -> Result<()> {
        self.expect("{", "before the statements of a block")?;
        while !self.eat("}")? {
            self.statement(scope, block)?;
        }
        let extras = self.extras(&["attributes", "carried"])?;
        self.expect("->", "after a block")?;
        self.expect("(", "before the outputs of a block")?;
        let mut outputs = Vec::new();
        self.list(")", "an output", |parser| {
            outputs.push(parser.visible(scope, "", "the name of a value")?);
            Ok(())
        })?;
        self.expect(";", "after the outputs of a block")?;
        scope.graph.set_outputs(block, outputs);
        scope.graph.set_block_extras(block, extras.attributes, extras.carried);
        Ok(())
    }

    /// The value of a name that stands here.
    fn visible(&mut self, scope: &Scope, param: &str, what: &str) -> Result<ValueId> {
        let start = self.start;
        let name = self.name(what)?;
        self.lookup(scope, param, &name, start)
    }

    /// The value of a name. Of a state and another value with the same name, `param` tells which.
    fn lookup(&self, scope: &Scope, param: &str, name: &str, start: usize) -> Result<ValueId> {
        let (first, second) = if param == crate::STATE_PARAM {
            (&scope.states, &scope.visible)
        } else {
            (&scope.visible, &scope.states)
        };
        let found = first.get(name).or_else(|| second.get(name)).copied();
        found.ok_or_else(|| self.error_at(start, TextErrorKind::Undefined(name.into())))
    }

    /// `TYPE y = op(x = x)[name = string("y")] { blocks };`
    fn statement(&mut self, scope: &mut Scope, block: BlockId) -> Result<()> {
        self.charge(OP_MEMORY)?;
        let start = self.start;
        let mut results = Vec::new();
        let mut carried = Vec::new();
        let kind = match self.token {
            Token::Word(word) => {
                self.bump()?;
                if self.looks_at("(") {
                    scope.graph.intern(word)
                } else {
                    let mut ty = self.type_after(word, start)?;
                    loop {
                        let (name, ty_, unknown) = self.typed_name(ty)?;
                        results.push((name, ty_));
                        carried.push(unknown);
                        if !self.eat(",")? {
                            break;
                        }
                        ty = self.ty()?;
                    }
                    self.expect("=", "after the results of an op")?;
                    self.op_type(scope)?
                }
            }
            Token::Quoted(_) => self.op_type(scope)?,
            _ => return Err(self.expected("a statement or `}`")),
        };
        let arguments = self.arguments(scope)?;
        let mut attributes = self.attributes()?;
        let name = take_label(&mut attributes);
        let extras = self.extras(&["carried"])?;
        let new = NewOp { kind, name, arguments, results, attributes, ..NewOp::default() };
        let op = scope.graph.insert(new, At::End(block));
        scope.graph.set_op_carried(op, extras.carried);
        if self.eat("{")? {
            while !self.eat("}")? {
                self.nested(|parser| parser.inner_block(scope, op))?;
            }
        }
        self.expect(";", "after a statement")?;
        let results = scope.graph.op(op).results().to_vec();
        for (value, carried) in results.into_iter().zip(carried) {
            if carried.is_some() {
                scope.graph.set_value_carried(value, carried);
            }
            self.define(scope, value, start)?;
        }
        // Nothing of this is ever undone, and a journal of it all would be as large as the graph.
        scope.graph.forget_edits();
        Ok(())
    }

    fn op_type(&mut self, scope: &mut Scope) -> Result<Name> {
        match &self.token {
            Token::Word(word) => {
                let kind = scope.graph.intern(word);
                self.bump()?;
                Ok(kind)
            }
            _ => self.name("an op type"),
        }
    }

    fn inner_block(&mut self, scope: &mut Scope, op: OpId) -> Result<()> {
        self.charge(OP_MEMORY)?;
        if !self.looks_at_word("block") {
            return Err(self.expected("`block` or `}`"));
        }
        self.bump()?;
        let start = self.start;
        let mut carried = Vec::new();
        let mut inputs = Vec::new();
        for (name, ty, unknown) in self.typed_names()? {
            inputs.push((name, ty));
            carried.push(unknown);
        }
        let block = scope.graph.add_block(op, NewBlock { inputs });
        let outer = scope.order.len();
        for (&input, carried) in scope.graph.block(block).inputs().to_vec().iter().zip(carried) {
            scope.graph.set_value_carried(input, carried);
            self.define(scope, input, start)?;
        }
        self.body(scope, block)?;
        for name in scope.order.split_off(outer) {
            scope.visible.remove(&name);
        }
        Ok(())
    }

    /// `(param = operand, param = (operand, operand))`.
    fn arguments(&mut self, scope: &mut Scope) -> Result<Vec<(Name, Argument)>> {
        self.expect("(", "after an op type")?;
        let mut arguments: Vec<(Name, Argument)> = Vec::new();
        self.list(")", "an argument", |parser| {
            let start = parser.start;
            let param = match &parser.token {
                Token::Word(word) => {
                    let param = scope.graph.intern(word);
                    parser.bump()?;
                    param
                }
                _ => parser.name("the name of a parameter")?,
            };
            parser.expect("=", "after the name of a parameter")?;
            if arguments.iter().any(|(known, _)| *known == param) {
                return Err(parser.duplicate(start, "parameter", param));
            }
            let mut argument = Argument::new();
            if parser.eat("(")? {
                parser.list(")", "an operand", |parser| {
                    argument.push(parser.operand(scope, &param)?);
                    Ok(())
                })?;
            } else {
                argument.push(parser.operand(scope, &param)?);
            }
            arguments.push((param, argument));
            Ok(())
        })?;
        Ok(arguments)
    }

    /// A visible value, or a literal.
    fn operand(&mut self, scope: &Scope, param: &str) -> Result<Operand> {
        self.charge(64)?; // an edge
        let start = self.start;
        let Token::Word(word) = self.token else {
            if self.looks_at_bare() {
                return self.bare().map(|literal| Operand::Literal(Box::new(literal)));
            }
            return self
                .visible(scope, param, "the name of a value, or a literal with its type")
                .map(Operand::Value);
        };
        self.bump()?;
        if self.looks_at("(") || self.looks_at("<") || self.looks_at("@{") {
            return self.literal_after(word, start).map(|literal| Operand::Literal(Box::new(literal)));
        }
        self.lookup(scope, param, word, start).map(Operand::Value)
    }
}

impl Scope {
    fn finish(mut self) -> Graph {
        self.graph.forget_edits();
        self.graph
    }
}

/// The attribute `name`, where it is a plain string.
fn take_label(attributes: &mut Attributes) -> Option<Name> {
    let literal = attributes.get("name")?;
    let is_plain = literal.doc.is_empty()
        && literal.carried.is_none()
        && literal.storage == Storage::Auto
        && literal.ty.rank() == Some(0)
        && literal.ty.carried().is_none();
    let label = Name::from(literal.as_str().filter(|_| is_plain)?);
    attributes.remove("name");
    Some(label)
}
