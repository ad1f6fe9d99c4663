//! What a pass is.

use std::borrow::Cow;

use mil_ir::{Graph, GraphError, Name, Program};
use mil_ops::{BuildError, InferError};
use mil_tensor::TensorError;

use crate::{OptionMap, PassCx, PassDef};

/// What [`crate::pass!`] makes of a declaration.
pub trait Declared {
    /// The declaration.
    fn def(&self) -> &'static PassDef;

    /// The options as JSON.
    fn options(&self) -> OptionMap;
}

/// A rewrite of a program. Declare one with [`crate::pass!`]; where it is a set of patterns that is all,
/// otherwise implement the method of its scope.
pub trait Pass: Declared + Send + Sync {
    /// Rewrites one graph. Called for each graph of an opset that this version knows, in the order of the
    /// functions.
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let _ = (graph, cx);
        Ok(())
    }

    /// Rewrites a program as a whole: what a pass of [`Scope::Program`](crate::Scope::Program) does.
    /// [`PassCx::each_graph`] goes through its graphs.
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let _ = (program, cx);
        Ok(())
    }
}

/// What a pattern makes of a place: it has rewritten it, or says why not.
pub type Matched = Result<(), No>;

/// Why a pattern rewrites nothing.
#[derive(Debug)]
pub enum No {
    /// It does not match here, for this reason. Costs nothing when nobody asks.
    Miss(Cow<'static, str>),
    /// Something is wrong that no other place would mend: weights that cannot be read, or a mistake of the
    /// pattern. It fails the pass.
    Fault(PassError),
}

impl No {
    /// It does not match, for this reason.
    pub fn miss(reason: impl Into<Cow<'static, str>>) -> No {
        No::Miss(reason.into())
    }

    /// A guard: misses, for this reason, unless the condition holds.
    pub fn unless(condition: bool, reason: &'static str) -> Result<(), No> {
        if condition { Ok(()) } else { Err(No::miss(reason)) }
    }
}

/// Weights that cannot be read are a fault. All else is about what the tensor is, which depends on the
/// program.
impl From<TensorError> for No {
    fn from(error: TensorError) -> No {
        match error {
            TensorError::Read { .. } => No::Fault(PassError::Weights(error)),
            _ => No::miss(error.to_string()),
        }
    }
}

/// A parameter that has not the form which the pattern needs.
impl From<InferError> for No {
    fn from(error: InferError) -> No {
        No::miss(error.to_string())
    }
}

/// An op that does not exist, or lacks what every op of its type has, is a mistake of the pattern. All else
/// depends on opset and operands.
impl From<BuildError> for No {
    fn from(error: BuildError) -> No {
        match error.reason {
            InferError::UnknownOp(_) | InferError::Missing(_) => No::Fault(error.into()),
            _ => No::miss(error.to_string()),
        }
    }
}

/// A change that the graph refuses is a mistake of the pattern.
impl From<GraphError> for No {
    fn from(error: GraphError) -> No {
        No::Fault(error.into())
    }
}

impl From<PassError> for No {
    fn from(error: PassError) -> No {
        No::Fault(error)
    }
}

/// Why a pass fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassError {
    /// A pattern met a fault.
    #[error("pattern {pattern} at {op}")]
    Pattern {
        /// Its name.
        pattern: &'static str,
        /// Label of the op that it looked at.
        op: Name,
        /// What is wrong.
        source: Box<PassError>,
    },
    /// A pattern changed the graph before it found that it does not match. Builds with debug assertions fail
    /// by it; others undo the change and count it as `undone`.
    #[error("pattern {pattern} at {op} changed the graph, then did not match: {reason}")]
    ChangedThenMissed {
        /// Its name.
        pattern: &'static str,
        /// Label of the op that it looked at.
        op: Name,
        /// Why it did not match.
        reason: String,
    },
    /// Weights of an op could not be read.
    #[error("in op {op}")]
    Tensor {
        /// Label of the op.
        op: Name,
        /// Why.
        source: TensorError,
    },
    /// Weights could not be read.
    #[error(transparent)]
    Weights(TensorError),
    /// An op has no such parameter.
    #[error("{kind} has no parameter {param}")]
    NoParameter {
        /// Op type.
        kind: Name,
        /// What was bound.
        param: Name,
    },
    /// An op could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// An op could not be changed.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The interface could not be changed.
    #[error(transparent)]
    Interface(#[from] mil_ir::InterfaceError),
    /// The shapes of a function's inputs could not be fixed.
    #[error(transparent)]
    Specialize(#[from] mil_ops::SpecializeError),
    /// A function has a graph for an opset that this version does not know, and leaving it as it is would
    /// make the program's functions differ.
    #[error(
        "function {function} has a specialisation for {opset}, which this version does not know; drop it first"
    )]
    UnknownOpset {
        /// Function.
        function: Name,
        /// Opset as the file spells it.
        opset: String,
    },
    /// The pass cannot do what it was asked for.
    #[error("{0}")]
    Refused(String),
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// For a pass that drives itself: what it cannot rewrite fails it.
impl From<No> for PassError {
    fn from(no: No) -> PassError {
        match no {
            No::Miss(reason) => PassError::Refused(reason.into_owned()),
            No::Fault(error) => error,
        }
    }
}
