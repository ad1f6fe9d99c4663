//! Shapes as they follow from a function's inputs.
//!
//! Each axis of an input whose size only the run decides gets a symbol, with the range that the interface
//! states. Sizes are then expressions over these symbols, through the inference of every op, and through
//! arithmetic on shapes: `shape`, `gather` of one size, sums, `concat`, and the `reshape` that takes the
//! result; also through floats, as far as they are provably exact. Where an op's result cannot be said, its
//! declared type stands.
//!
//! What is said holds for all sizes that the inputs may have: a number that might wrap in its type, or whose
//! expression grew too large, becomes a symbol of its own, of which nothing is known but its bounds.

mod elements;
mod number;
mod symbols;
#[cfg(test)]
mod tests;

use mil_ir::{FunctionInterface, Graph, OpId, Operand, Opset, SymExpr, Type, ValueId};
use mil_tensor::{DType, Tensor};

use elements::Numbers;
pub(crate) use elements::constant;

use crate::{Call, infer, refine_type};

/// Elements of a small tensor of integers, in row-major order; `None` for one that only the run decides.
pub type Elements = Vec<Option<SymExpr>>;

/// The types of a graph's values, refined by what follows from the inputs, and the elements of small integer
/// tensors.
///
/// It describes the graph as it was; after a change it is made anew.
#[derive(Clone, Debug)]
pub struct Shapes {
    types: Vec<Option<Type>>,
    numbers: Vec<Option<Numbers>>,
    conflicts: Vec<(OpId, String)>,
}

impl Shapes {
    /// Follows a graph from its inputs on; linear in the number of ops. `interface` knows the ranges of
    /// flexible sizes.
    pub fn of(graph: &Graph, opset: &Opset, interface: Option<&FunctionInterface>) -> Shapes {
        let mut shapes = Shapes {
            types: vec![None; graph.bound()],
            numbers: vec![None; graph.bound()],
            conflicts: Vec::new(),
        };
        for &input in graph.root().inputs() {
            let value = graph.value(input);
            shapes.types[input.index()] = symbols::named(value.name(), value.ty(), interface);
        }
        for op in graph.walk() {
            shapes.step(graph, opset, op);
        }
        shapes
    }

    fn step(&mut self, graph: &Graph, opset: &Opset, op: OpId) {
        let Ok(call) = Call::of(graph, op, opset) else { return };
        let call = call.with_shapes(self);
        let inferred = infer(&call).unwrap_or_default();
        let results = graph.op(op).results();
        let numbers = match (results, &inferred[..]) {
            (&[result], [ty]) => ty
                .dtype()
                .and_then(|dtype| elements::of(&call, self, dtype, graph.value(result).name()))
                .map(|numbers| (result, numbers)),
            _ => None,
        };
        for (&result, inferred) in results.iter().zip(inferred) {
            let declared = graph.value(result).ty();
            match refine_type(declared, &inferred) {
                Some(refined) if refined != *declared => self.types[result.index()] = Some(refined),
                Some(_) => {}
                None => self.conflicts.push((
                    op,
                    format!(
                        "a result is a {inferred} by what follows from the inputs, but declared as {declared}"
                    ),
                )),
            }
        }
        if let Some((result, numbers)) = numbers {
            self.numbers[result.index()] = Some(numbers);
        }
    }

    /// The type of a value, where more is known of it than the graph declares.
    pub fn refined(&self, value: ValueId) -> Option<&Type> {
        self.types.get(value.index())?.as_ref()
    }

    /// The type of a value: refined, or else as declared.
    pub fn ty<'a>(&'a self, graph: &'a Graph, value: ValueId) -> &'a Type {
        self.refined(value).unwrap_or_else(|| graph.value(value).ty())
    }

    /// The elements of a value that arithmetic on shapes gives, where they are whole numbers.
    pub fn elements(&self, value: ValueId) -> Option<Elements> {
        self.numbers.get(value.index())?.as_ref().map(elements::whole)
    }

    /// The elements of a value as numbers, where all of them are known.
    pub fn numbers(&self, value: ValueId) -> Option<Vec<i64>> {
        self.elements(value)?.iter().map(|element| element.as_ref()?.as_constant()).collect()
    }

    /// A value as a constant, where all its elements are known.
    pub fn tensor(&self, graph: &Graph, value: ValueId) -> Option<Tensor> {
        let numbers = self.numbers.get(value.index())?.as_ref()?;
        let values = numbers.iter().map(|number| number.as_ref()?.as_f64()).collect::<Option<Vec<_>>>()?;
        let ty = self.ty(graph, value);
        Tensor::from_f64s(ty.dtype()?, &ty.fixed_shape()?, &values).ok()
    }

    /// A value is a constant, or the result of arithmetic on shapes, all elements of which a type has
    /// exactly.
    pub fn is_exact(&self, graph: &Graph, value: ValueId, dtype: DType) -> bool {
        self.numbers_of(graph, &Operand::Value(value)).is_some_and(|numbers| {
            numbers.iter().flatten().filter(|number| number.fits(dtype)).count() == numbers.len()
        })
    }

    /// Ops whose results cannot have their declared types, each with a message.
    pub fn conflicts(&self) -> &[(OpId, String)] {
        &self.conflicts
    }

    /// The elements of an operand: of a constant, or as arithmetic on shapes gives them.
    pub(crate) fn operand(&self, graph: &Graph, operand: &Operand) -> Option<Elements> {
        if let Some(literal) = graph.literal(operand) {
            return elements::constant(literal.as_tensor()?);
        }
        self.elements(operand.value()?)
    }

    /// The same, of floats as well.
    fn numbers_of(&self, graph: &Graph, operand: &Operand) -> Option<Numbers> {
        if let Some(literal) = graph.literal(operand) {
            return elements::numbers(literal.as_tensor()?);
        }
        self.numbers.get(operand.value()?.index())?.clone()
    }
}
