//! An op with its operands.

/// An op with its operands.
#[derive(Debug)]
pub struct Call<'a> {
    opset: &'a mil_ir::Opset,
}

impl Call<'_> {
    /// The opset of the function.
    pub fn opset(&self) -> &mil_ir::Opset {
        self.opset
    }
}

/// Why the results of an op have no types.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InferError(pub String);

/// What is wrong with an op.
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<String>);

impl Problems {
    /// Adds one.
    pub fn add(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }
}
