//! What a pass is.

use std::borrow::Cow;

use mil_ir::{Graph, GraphError, Name, Program};
use mil_ops::BuildError;
use mil_tensor::TensorError;

use crate::{PassCx, PassDef};

/// What [`crate::pass!`] makes of a declaration.
pub trait Declared {
    /// The declaration.
    fn def(&self) -> &'static PassDef;

    /// The options as JSON: what the grammar prints.
    fn options(&self) -> serde_json::Value;
}

/// A rewrite of a program. Declare one with [`crate::pass!`], then implement one of the two methods.
pub trait Pass: Declared + Send + Sync {
    /// Rewrites one graph. Passes that need only one graph at a time implement this.
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let _ = (graph, cx);
        Ok(())
    }

    /// Rewrites a program: by default each graph of an opset that this version knows, in the order of the functions.
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        for (function, opset, graph) in program.graphs_mut() {
            if opset.release().is_none() {
                cx.skip_unknown_opset(function, opset)?;
                continue;
            }
            cx.enter(function, opset);
            self.run_on_graph(graph, cx)?;
        }
        Ok(())
    }
}

/// Why a pattern does not match a place. Costs nothing when nobody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss(pub Cow<'static, str>);

impl Miss {
    /// With a reason that is known beforehand.
    pub const fn new(reason: &'static str) -> Miss {
        Miss(Cow::Borrowed(reason))
    }
}

impl From<&'static str> for Miss {
    fn from(reason: &'static str) -> Miss {
        Miss::new(reason)
    }
}

impl From<String> for Miss {
    fn from(reason: String) -> Miss {
        Miss(reason.into())
    }
}

impl From<TensorError> for Miss {
    fn from(error: TensorError) -> Miss {
        Miss(error.to_string().into())
    }
}

impl From<BuildError> for Miss {
    fn from(error: BuildError) -> Miss {
        Miss(error.to_string().into())
    }
}

impl From<GraphError> for Miss {
    fn from(error: GraphError) -> Miss {
        Miss(error.to_string().into())
    }
}

/// Why a pass fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassError {
    /// Weights could not be read.
    #[error("in op {op}")]
    Tensor {
        /// Label of the op.
        op: Name,
        /// Why.
        source: TensorError,
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
    /// A function has a graph for an opset that this version does not know, and leaving it as it is would make the
    /// program's functions differ.
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

/// The options of a pass without options: any name is unknown.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoOptions {}
