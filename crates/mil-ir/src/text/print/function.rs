//! Programs, functions, blocks and ops.

use std::fmt;

use mil_tensor::{DType, Data};

use crate::text::derived_interface;
use crate::text::print::literal::is_plain;
use crate::text::print::types::{Entry, is_same_type};
use crate::text::print::{Form, Printer, identifier};
use crate::{BlockId, Function, Graph, Name, Op, OpId, Operand, Opset, Program, ValueId};

/// Columns of functions and of what is inside blocks.
const STEP: usize = 4;

/// Elements up to which a constant stands in the ops that take it, in the form for people.
const INLINED_ELEMENTS: usize = 8;
/// The same for bytes of text: what many ops take must not stand there in full each time.
const INLINED_TEXT: usize = 64;

/// What remains to be printed of a block and of the op that owns it.
struct Open {
    block: BlockId,
    next: Option<OpId>,
    indent: usize,
    /// Blocks of the same op that follow.
    siblings: Vec<BlockId>,
}

impl Printer<'_> {
    pub(super) fn program(&mut self, program: &Program) -> fmt::Result {
        if let Some(name) = &self.options.function {
            return match program.functions.get(name) {
                Some(function) => self.function(name, function, 0),
                None => Ok(()),
            };
        }
        self.out.write_str("program(1.3)")?;
        let mut entries = Vec::new();
        if program.version != 1 {
            entries.push(("version", Entry::Number(program.version)));
        }
        if !program.doc.is_empty() {
            entries.push(("doc", Entry::Text(&program.doc)));
        }
        self.clause("program", &entries, None, program.carried.as_deref())?;
        self.out.write_str("\n")?;
        if !program.attributes.is_empty() {
            self.attributes(None, &program.attributes)?;
            self.out.write_str("\n")?;
        }
        self.out.write_str("{\n")?;
        for (name, function) in &program.functions {
            self.function(name, function, STEP)?;
        }
        self.out.write_str("}\n")?;
        if self.is(Form::Apple) {
            self.dropped.push("model: interface, metadata and target".into());
            return Ok(());
        }
        let derived = derived_interface(program);
        let same_order = program.interface.functions.keys().eq(derived.functions.keys());
        if same_order && program.interface == derived { Ok(()) } else { self.interface(&program.interface) }
    }

    fn indent(&mut self, columns: usize) -> fmt::Result {
        write!(self.out, "{:columns$}", "")
    }

    fn function(&mut self, name: &Name, function: &Function, indent: usize) -> fmt::Result {
        self.indent(indent)?;
        self.out.write_str("func ")?;
        self.name(name)?;
        self.opset(&function.opset)?;
        let plain = match function.graph() {
            Some(graph) if function.specializations.len() == 1 => Some(graph),
            Some(graph) if self.is(Form::Apple) => {
                for opset in function.specializations.keys().filter(|opset| **opset != function.opset) {
                    self.dropped.push(format!("function {name}: specialization for {opset}"));
                }
                Some(graph)
            }
            _ => None,
        };
        if let Some(graph) = plain {
            self.prepare(graph);
            self.inputs(graph, Graph::ROOT)?;
            self.function_extras(name, function)?;
            return self.body(graph, indent);
        }
        if self.drops(|| format!("function {name}: it has no graph for its opset {}", function.opset)) {
            return self.out.write_str("() {\n} -> ();\n");
        }
        self.function_extras(name, function)?;
        self.out.write_str(" specializations {\n")?;
        for (opset, graph) in &function.specializations {
            self.prepare(graph);
            self.indent(indent + STEP)?;
            self.opset(opset)?;
            self.inputs(graph, Graph::ROOT)?;
            self.body(graph, indent + STEP)?;
        }
        self.indent(indent)?;
        self.out.write_str("};\n")
    }

    fn function_extras(&mut self, name: &Name, function: &Function) -> fmt::Result {
        if !function.attributes.is_empty() {
            self.out.write_str(" ")?;
            self.attributes(None, &function.attributes)?;
        }
        self.clause(&format!("function {name}"), &[], None, function.carried.as_deref())
    }

    /// `<ios18>`; an opset whose name is another's tag in quotes.
    fn opset(&mut self, opset: &Opset) -> fmt::Result {
        let tag = opset.tag();
        self.out.write_str("<")?;
        if Opset::from_tag(&tag) == *opset && Name::from(tag.as_str()).is_identifier() {
            self.out.write_str(&tag)?;
        } else if self.drops(|| format!("the opset {opset} was changed")) {
            self.out.write_str(&identifier(opset.as_str()))?;
        } else {
            self.out.write_str("@")?;
            self.quoted(opset.as_str())?;
        }
        self.out.write_str(">")
    }

    /// Decides what differs from the program in the form that is printed.
    fn prepare(&mut self, graph: &Graph) {
        self.replaced.clear();
        self.inlined.clear();
        match self.options.form {
            Form::Full => {}
            Form::Readable => {
                self.inlined = graph.walk().filter_map(|op| inlined(graph, op)).collect();
                let unused = self.inlined.iter().filter(|value| graph.is_unused(**value)).count();
                if unused > 0 {
                    self.dropped.push(format!("small constants that nothing uses: {unused}"));
                }
            }
            Form::Apple => self.replace_names(graph),
        }
    }

    /// Finds identifiers for the values whose names Apple's grammar has no form for.
    fn replace_names(&mut self, graph: &Graph) {
        let blocks = graph.blocks().flat_map(|block| graph.block(block).inputs());
        let values: Vec<ValueId> =
            blocks.chain(graph.walk().flat_map(|op| graph.op(op).results())).copied().collect();
        let mut taken = std::collections::HashSet::new();
        for value in values {
            let name = graph.value(value).name();
            if name.is_identifier() {
                continue;
            }
            let base = identifier(name);
            let mut new = base.clone();
            let mut number = 0;
            while graph.has_value_named(&new) || taken.contains(&new) {
                new = format!("{base}_{number}");
                number += 1;
            }
            self.dropped.push(format!("the name of value {name:?} was changed to {new}"));
            taken.insert(new.clone());
            self.replaced.insert(value, new.into());
        }
    }

    fn value(&mut self, graph: &Graph, value: ValueId) -> fmt::Result {
        match self.replaced.get(&value) {
            Some(name) => self.out.write_str(name),
            None => self.name(graph.value(value).name()),
        }
    }

    /// `TYPE name`, with its `@{…}` clause.
    fn typed_value(&mut self, graph: &Graph, id: ValueId) -> fmt::Result {
        let value = graph.value(id);
        self.ty(value.ty())?;
        self.out.write_str(" ")?;
        self.value(graph, id)?;
        match value.carried() {
            Some(carried) => self.clause(&format!("value {}", value.name()), &[], None, Some(carried)),
            None => Ok(()),
        }
    }

    fn inputs(&mut self, graph: &Graph, block: BlockId) -> fmt::Result {
        self.out.write_str("(")?;
        self.separated(graph.block(block).inputs(), |printer, &value| printer.typed_value(graph, value))?;
        self.out.write_str(")")
    }

    /// The outermost block of a graph, and those inside.
    fn body(&mut self, graph: &Graph, indent: usize) -> fmt::Result {
        let mut stack = Vec::new();
        self.open(graph, &mut stack, Graph::ROOT, indent, Vec::new())?;
        while let Some(top) = stack.last_mut() {
            if let Some(op) = top.next {
                let found = graph.op(op);
                let following = graph.next(op).filter(|&next| !graph.op(next).is_return());
                top.next = following;
                if found.results().first().is_some_and(|value| self.inlined.contains(value)) {
                    continue;
                }
                let indent = top.indent + STEP;
                self.indent(indent)?;
                self.op_line(graph, op)?;
                let mut blocks = found.blocks().iter().rev().copied().collect::<Vec<_>>();
                match blocks.pop() {
                    None => self.out.write_str(";\n")?,
                    Some(first) => {
                        self.drops(|| {
                            format!("op {}: its blocks are printed in milopt's own grammar", graph.label(op))
                        });
                        self.out.write_str(" {\n")?;
                        self.inner(graph, &mut stack, first, indent + STEP, blocks)?;
                    }
                }
                continue;
            }
            let Some(done) = stack.pop() else { return Ok(()) };
            self.close(graph, &done)?;
            let mut siblings = done.siblings;
            if let Some(next) = siblings.pop() {
                self.inner(graph, &mut stack, next, done.indent, siblings)?;
            } else if !stack.is_empty() {
                self.indent(done.indent - STEP)?;
                self.out.write_str("};\n")?;
            }
        }
        Ok(())
    }

    /// The head of an inner block.
    fn inner(
        &mut self,
        graph: &Graph,
        stack: &mut Vec<Open>,
        block: BlockId,
        indent: usize,
        siblings: Vec<BlockId>,
    ) -> fmt::Result {
        self.indent(indent)?;
        self.out.write_str("block")?;
        self.inputs(graph, block)?;
        self.open(graph, stack, block, indent, siblings)
    }

    fn open(
        &mut self,
        graph: &Graph,
        stack: &mut Vec<Open>,
        block: BlockId,
        indent: usize,
        siblings: Vec<BlockId>,
    ) -> fmt::Result {
        stack.push(Open { block, next: graph.block(block).ops().next(), indent, siblings });
        self.out.write_str(" {\n")
    }

    fn close(&mut self, graph: &Graph, open: &Open) -> fmt::Result {
        let block = graph.block(open.block);
        self.indent(open.indent)?;
        self.out.write_str("}")?;
        self.clause("block", &[], Some(block.attributes()), block.carried())?;
        self.out.write_str(" -> (")?;
        self.separated(block.outputs(), |printer, value| printer.value(graph, value))?;
        self.out.write_str(");\n")
    }

    /// `TYPE y = op(x = x)[name = string("y")]`, without inner blocks and the semicolon.
    pub(super) fn op_line(&mut self, graph: &Graph, id: OpId) -> fmt::Result {
        let op = graph.op(id);
        self.separated(op.results(), |printer, &value| printer.typed_value(graph, value))?;
        if !op.results().is_empty() {
            self.out.write_str(" = ")?;
        }
        self.name(op.kind())?;
        self.out.write_str("(")?;
        self.separated(op.arguments(), |printer, (param, argument)| {
            printer.name(param)?;
            printer.out.write_str(" = ")?;
            match &argument[..] {
                [one] => printer.operand(graph, one),
                several => {
                    printer.out.write_str("(")?;
                    printer.separated(several, |printer, operand| printer.operand(graph, operand))?;
                    printer.out.write_str(")")
                }
            }
        })?;
        self.out.write_str(")")?;
        self.op_attributes(op)?;
        match op.carried() {
            Some(carried) => self.clause(&format!("op {}", graph.label(id)), &[], None, Some(carried)),
            None => Ok(()),
        }
    }

    fn op_attributes(&mut self, op: &Op) -> fmt::Result {
        if op.name().is_none() && op.attributes().is_empty() {
            return Ok(());
        }
        self.attributes(op.name(), op.attributes())
    }

    fn operand(&mut self, graph: &Graph, operand: &Operand) -> fmt::Result {
        match operand {
            Operand::Value(value) => match graph.const_literal(*value) {
                Some(literal) if self.inlined.contains(value) => self.literal(literal),
                _ => self.value(graph, *value),
            },
            Operand::Literal(literal) => self.literal(literal),
        }
    }
}

/// The result of a `const` op that says nothing but a small tensor, if nothing but operands of ops refers to
/// it.
fn inlined(graph: &Graph, id: OpId) -> Option<ValueId> {
    let op = graph.op(id);
    let [result] = op.results() else { return None };
    let value = graph.value(*result);
    let literal = op.attributes().get("val").filter(|_| op.attributes().len() == 1)?;
    let tensor = literal.as_tensor()?;
    let says_no_more = &**op.kind() == "const"
        && op.arguments().next().is_none()
        && op.blocks().is_empty()
        && op.carried().is_none()
        && value.carried().is_none()
        && is_plain(literal)
        && is_same_type(value.ty(), &literal.ty);
    let is_operand = graph.users(*result).all(|user| !graph.op(user).is_return());
    let is_short = || {
        let length = |texts: &[String]| texts.iter().map(String::len).sum::<usize>();
        tensor.dtype() != DType::String
            || tensor.to_strings().is_ok_and(|texts| length(texts) <= INLINED_TEXT)
    };
    let is_small =
        tensor.len() <= INLINED_ELEMENTS && !matches!(tensor.data(), Data::Opaque(_)) && is_short();
    (says_no_more && is_operand && is_small).then_some(*result)
}
