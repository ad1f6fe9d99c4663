//! What can be wrong with an op.

use mil_ir::{Name, Opset};

/// Why the types of an op's results cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InferError {
    /// Nobody knows the op.
    #[error("there is no op {0}")]
    UnknownOp(Name),
    /// Nobody knows the opset.
    #[error("opset {0} is not known")]
    UnknownOpset(Opset),
    /// The op is newer than the opset.
    #[error("opset {1} has no op {0}")]
    NotInOpset(&'static str, Opset),
    /// A parameter is left out that must be there.
    #[error("{0} is missing")]
    Missing(Name),
    /// A parameter whose value decides the types is not constant, or has no value of the right form.
    #[error("{0} is not a constant of the right form")]
    NotConstant(Name),
    /// A parameter that must be a tensor is something else.
    #[error("{0} is no tensor")]
    NotTensor(Name),
    /// Operands that do not fit each other or the op.
    #[error("{0}")]
    Invalid(String),
    /// The op's results follow from nothing that is known here.
    #[error("the types of the results do not follow from the operands")]
    Undecided,
}

impl InferError {
    /// The operands are wrong, whatever the missing knowledge would be: the verifier reports it.
    pub fn is_fault(&self) -> bool {
        matches!(self, InferError::Missing(_) | InferError::NotTensor(_) | InferError::Invalid(_))
    }
}

/// Shorthand for [`InferError::Invalid`].
macro_rules! invalid {
    ($($message:tt)*) => {
        $crate::InferError::Invalid(format!($($message)*))
    };
}
pub(crate) use invalid;

/// Collects what is wrong with one op.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    faults: Vec<(&'static str, String)>,
    doubts: Vec<String>,
}

impl Problems {
    /// Adds a rule of the op itself that is broken: lower case, without the op's name.
    pub fn add(&mut self, message: impl Into<String>) {
        self.add_as("op-rule", message);
    }

    /// Adds a rule that is broken, with its code.
    pub(crate) fn add_as(&mut self, code: &'static str, message: impl Into<String>) {
        self.faults.push((code, message.into()));
    }

    /// Adds something that the declaration does not foresee and that may work all the same.
    pub fn doubt(&mut self, message: impl Into<String>) {
        self.doubts.push(message.into());
    }

    /// The broken rules with their codes, in the order in which they were found.
    pub fn faults(&self) -> &[(&'static str, String)] {
        &self.faults
    }

    /// What may work all the same.
    pub fn doubts(&self) -> &[String] {
        &self.doubts
    }
}
