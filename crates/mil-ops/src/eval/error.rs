//! Why an op has no value.

use mil_tensor::{DType, TensorError};

/// Why a kernel gives no result. The interpreter adds function and op.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// An operand is missing.
    #[error("parameter {0} is missing")]
    Missing(String),
    /// An operand has another form.
    #[error("parameter {param} is {got}, not {wanted}")]
    Form {
        /// The parameter.
        param: String,
        /// What the kernel takes.
        wanted: &'static str,
        /// What it got.
        got: &'static str,
    },
    /// An operand has elements that the kernel does not take.
    #[error("{wanted} are wanted, not {got}")]
    Type {
        /// What the kernel takes.
        wanted: &'static str,
        /// What it got.
        got: DType,
    },
    /// Elements that do not make an array of this type and shape.
    #[error("{len} elements do not make a {dtype} array of shape {shape:?}")]
    Mismatch {
        /// Element type.
        dtype: DType,
        /// Shape.
        shape: Vec<usize>,
        /// Number of elements.
        len: usize,
    },
    /// Operands that do not fit together, or out of bounds.
    #[error("{0}")]
    Invalid(String),
    /// The result is larger than the limits allow.
    #[error("a value of shape {shape:?} needs more than {limit} bytes")]
    TooLarge {
        /// Its shape.
        shape: Vec<usize>,
        /// [`super::Limits::value_bytes`].
        limit: usize,
    },
    /// There is no memory.
    #[error("no memory for {0} bytes")]
    OutOfMemory(usize),
    /// All values together are larger than the limits allow.
    #[error("the values held at once need more than {0} bytes")]
    TooMuchHeld(usize),
    /// Loops within loops do not end.
    #[error("a call runs more than {0} ops")]
    TooManyOps(u64),
    /// A loop does not end.
    #[error("a loop runs for more than {0} iterations")]
    TooManyIterations(u64),
    /// Blocks are nested too deeply.
    #[error("blocks are nested more than {0} deep")]
    TooDeep(usize),
    /// What milopt cannot compute.
    #[error("milopt cannot evaluate {0}")]
    Unsupported(String),
    /// A weight cannot be read.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// An op of an inner block failed; the text says where.
    #[error("in a block: {0}")]
    Block(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl EvalError {
    /// Operands that do not fit together, or out of bounds.
    pub fn invalid(message: impl Into<String>) -> EvalError {
        EvalError::Invalid(message.into())
    }
}

/// Leaves the kernel with [`EvalError::Invalid`] unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::eval::EvalError::Invalid(format!($($message)+)));
        }
    };
}
pub(crate) use ensure;
