//! What can go wrong.

use mil_ir::{Name, Opset};
use mil_ops::eval::EvalError;

/// Why a program has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The program has no such function.
    #[error("there is no function {0}")]
    NoFunction(Name),
    /// The function has no graph for its opset.
    #[error("function {0} has no specialisation for its opset {1}")]
    NoGraph(Name, Opset),
    /// The opset is not known.
    #[error("function {0}: milopt does not know the opset {1}")]
    UnknownOpset(Name, Opset),
    /// An input is missing.
    #[error("function {function}: input {input} is missing")]
    MissingInput {
        /// The function.
        function: Name,
        /// The input.
        input: Name,
    },
    /// There is no such input, state or value.
    #[error("function {function} has no {kind} {name}")]
    NoSuch {
        /// The function.
        function: Name,
        /// `input`, `state` or `value`.
        kind: &'static str,
        /// The name that was asked for.
        name: String,
    },
    /// An input does not have the type that the program declares.
    #[error("function {function}: input {input} of type {wanted} cannot be {got}")]
    Input {
        /// The function.
        function: Name,
        /// The input.
        input: Name,
        /// The declared type.
        wanted: String,
        /// The type and shape that were given, or why they cannot be converted.
        got: String,
    },
    /// The interface does not allow an input of this shape.
    #[error("function {function}: input {input} of shape {shape:?}: by the model's interface {reason}")]
    Shape {
        /// The function.
        function: Name,
        /// The input.
        input: Name,
        /// The shape that was given.
        shape: Vec<usize>,
        /// What is allowed.
        reason: String,
    },
    /// A state whose contents have no fixed size.
    #[error("function {function}: state {state} has no fixed shape")]
    State {
        /// The function.
        function: Name,
        /// The state.
        state: Name,
    },
    /// An op that milopt does not know.
    #[error("function {function}, op {label}: milopt does not know the op {kind} in opset {opset}")]
    UnknownOp {
        /// The function.
        function: Name,
        /// The op's label.
        label: Name,
        /// The op type.
        kind: Name,
        /// The opset.
        opset: Opset,
    },
    /// A custom layer: its code is in the app.
    #[error("function {function}, op {label}: a custom layer cannot be evaluated, its code is in the app")]
    CustomLayer {
        /// The function.
        function: Name,
        /// The op's label.
        label: Name,
    },
    /// An op failed.
    #[error("function {function}, op {label} ({kind}): {source}")]
    Op {
        /// The function.
        function: Name,
        /// The op's label.
        label: Name,
        /// The op type.
        kind: Name,
        /// Why.
        source: Box<EvalError>,
    },
    /// An op gives another number of values than it has results.
    #[error("function {function}, op {label} ({kind}): {got} values for {wanted} results")]
    Results {
        /// The function.
        function: Name,
        /// The op's label.
        label: Name,
        /// The op type.
        kind: Name,
        /// Values.
        got: usize,
        /// Results.
        wanted: usize,
    },
    /// An output cannot be given in the type that the interface declares.
    #[error("function {function}: output {output}")]
    Output {
        /// The function.
        function: Name,
        /// The output.
        output: Name,
        /// Why.
        source: Box<EvalError>,
    },
    /// An array or tensor cannot be made.
    #[error(transparent)]
    Eval(Box<EvalError>),
    /// An archive cannot be read or written.
    #[cfg(feature = "npz")]
    #[error(transparent)]
    Npz(Box<crate::npz::NpzError>),
}

impl From<EvalError> for Error {
    fn from(error: EvalError) -> Error {
        Error::Eval(Box::new(error))
    }
}

#[cfg(feature = "npz")]
impl From<crate::npz::NpzError> for Error {
    fn from(error: crate::npz::NpzError) -> Error {
        Error::Npz(Box::new(error))
    }
}
