//! What is declared of an op. Everything else in milopt that knows ops reads these tables.

use std::fmt;

use mil_ir::{Release, Type};
use mil_tensor::DType;

use crate::{Call, InferError, Problems};

/// The declaration of an op: one static per op folder.
pub struct OpDef {
    /// Op type, as in files.
    pub name: &'static str,
    /// Which ops it stands beside.
    pub family: Family,
    /// What it computes, in Markdown.
    pub doc: &'static str,
    /// What it takes, oldest opset first; see [`OpDef::version`].
    pub versions: &'static [Version],
    /// What it does besides computing its results.
    pub effect: Effect,
    /// Facts that rewriters ask for.
    pub traits: &'static [Trait],
    /// The types of its results. `None`: they cannot be told from the operands.
    pub infer: Option<Infer>,
    /// Rules beyond the parameters' own, for the semantic verifier.
    pub check: Option<Check>,
    /// What it computes.
    #[cfg(feature = "eval")]
    pub kernel: Option<crate::eval::Kernel>,
}

/// Infers the types of an op's results.
pub type Infer = fn(&Call<'_>) -> Result<Vec<Type>, InferError>;

/// Collects what is wrong with an op.
pub type Check = fn(&Call<'_>, &mut Problems);

/// The parameters of an op from one opset on, until the next version.
#[derive(Debug)]
pub struct Version {
    /// The first release that has it.
    pub since: Release,
    /// Parameters, in the order of the documentation.
    pub params: &'static [Param],
    /// Type domains: parameters that name the same one have the same element type.
    pub domains: &'static [(&'static str, &'static [DType])],
}

/// A parameter of an op.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// The name, as in files.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// What may be bound to it.
    pub kind: ParamKind,
    /// The element types that it may have.
    pub types: Types,
    /// It must be known when the program is compiled.
    pub constant: bool,
    /// The texts that it may be; empty: any.
    pub choices: &'static [&'static str],
    /// What holds if it is left out; `None`: it must be there.
    pub default: Option<DefaultValue>,
}

/// What may be bound to a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// One tensor.
    Tensor,
    /// Any number of values.
    Variadic,
    /// One list.
    List,
    /// One state.
    State,
    /// One value of any form.
    Any,
}

/// The element types of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Types {
    /// Those of a type domain of the version.
    Domain(&'static str),
    /// One of these.
    Only(&'static [DType]),
    /// Whatever there is.
    Any,
}

/// What holds if a parameter is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DefaultValue {
    /// Nothing: the op does without.
    Absent,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i32),
    /// A number of the parameter's element type.
    Float(f64),
    /// A string.
    Str(&'static str),
    /// This integer for each spatial axis of `x` (those after the first two).
    EachAxis(i32),
    /// This integer for both sides of each spatial axis of `x`.
    EachSide(i32),
    /// A value that follows from other operands, as said here.
    Derived(&'static str),
}

/// What an op does besides computing its results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Pure,
    /// It reads the state bound to `input`.
    ReadsState,
    /// It writes the state bound to `input`.
    WritesState,
    /// It draws random numbers.
    Random,
}

/// A fact about an op that holds whatever its operands are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trait {
    /// Each element of the result depends on the elements of the operands at its place, after broadcasting.
    Elementwise,
    /// `x` and `y` may change places.
    Commutative,
    /// It decompresses a weight when the program is loaded, and all its operands are constants.
    Constexpr,
    /// It owns blocks.
    Blocks,
    /// Results share the elements of `x` in the same row-major order: only the shape differs.
    KeepsOrder,
}

/// Ops that belong together; each family is a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Family {
    Activation,
    Attention,
    Classify,
    Constexpr,
    ControlFlow,
    Conv,
    ElementwiseBinary,
    ElementwiseUnary,
    Image,
    Linear,
    Normalization,
    Pool,
    Quantization,
    Random,
    Recurrent,
    Reduction,
    ScatterGather,
    Shape,
    State,
    TensorOperation,
}

impl OpDef {
    /// The parameters in the opset of a release: the newest version that is not newer. `None`: it has no such
    /// op.
    pub fn version(&self, target: Release) -> Option<&'static Version> {
        self.versions.iter().rev().find(|version| version.since <= target)
    }

    /// The first release that has the op.
    pub fn since(&self) -> Option<Release> {
        self.versions.first().map(|version| version.since)
    }

    /// A fact about the op.
    pub fn is(&self, fact: Trait) -> bool {
        self.traits.contains(&fact)
    }
}

impl Version {
    /// The parameter of this name.
    pub fn param(&self, name: &str) -> Option<&'static Param> {
        self.params.iter().find(|param| param.name == name)
    }

    /// The element types that a parameter may have; `None`: any.
    pub fn dtypes(&self, param: &Param) -> Option<&'static [DType]> {
        match param.types {
            Types::Domain(id) => self.domains.iter().find(|domain| domain.0 == id).map(|domain| domain.1),
            Types::Only(dtypes) => Some(dtypes),
            Types::Any => None,
        }
    }
}

impl Param {
    const fn new(name: &'static str, kind: ParamKind, types: Types, doc: &'static str) -> Param {
        Param { name, doc, kind, types, constant: false, choices: &[], default: None }
    }

    /// A tensor.
    pub const fn tensor(name: &'static str, types: Types, doc: &'static str) -> Param {
        Param::new(name, ParamKind::Tensor, types, doc)
    }

    /// Any number of tensors.
    pub const fn variadic(name: &'static str, doc: &'static str) -> Param {
        Param::new(name, ParamKind::Variadic, Types::Any, doc)
    }

    /// A list.
    pub const fn list(name: &'static str, doc: &'static str) -> Param {
        Param::new(name, ParamKind::List, Types::Any, doc)
    }

    /// A state.
    pub const fn state(name: &'static str, doc: &'static str) -> Param {
        Param::new(name, ParamKind::State, Types::Any, doc)
    }

    /// A value of any form.
    pub const fn any(name: &'static str, doc: &'static str) -> Param {
        Param::new(name, ParamKind::Any, Types::Any, doc)
    }

    /// It must be a constant.
    #[must_use]
    pub const fn constant(mut self) -> Param {
        self.constant = true;
        self
    }

    /// It must be one of these texts.
    #[must_use]
    pub const fn one_of(mut self, choices: &'static [&'static str]) -> Param {
        self.choices = choices;
        self
    }

    const fn or(mut self, default: DefaultValue) -> Param {
        self.default = Some(default);
        self
    }

    /// It may be left out, and nothing stands in for it.
    #[must_use]
    pub const fn optional(self) -> Param {
        self.or(DefaultValue::Absent)
    }

    /// It may be left out.
    #[must_use]
    pub const fn or_bool(self, value: bool) -> Param {
        self.or(DefaultValue::Bool(value))
    }

    /// It may be left out.
    #[must_use]
    pub const fn or_int(self, value: i32) -> Param {
        self.or(DefaultValue::Int(value))
    }

    /// It may be left out.
    #[must_use]
    pub const fn or_float(self, value: f64) -> Param {
        self.or(DefaultValue::Float(value))
    }

    /// It may be left out.
    #[must_use]
    pub const fn or_str(self, value: &'static str) -> Param {
        self.or(DefaultValue::Str(value))
    }

    /// It may be left out: then it is this integer for each spatial axis.
    #[must_use]
    pub const fn or_each_axis(self, value: i32) -> Param {
        self.or(DefaultValue::EachAxis(value))
    }

    /// It may be left out: then it is this integer for both sides of each spatial axis.
    #[must_use]
    pub const fn or_each_side(self, value: i32) -> Param {
        self.or(DefaultValue::EachSide(value))
    }

    /// It may be left out: then it follows from other operands.
    #[must_use]
    pub const fn or_derived(self, rule: &'static str) -> Param {
        self.or(DefaultValue::Derived(rule))
    }
}

/// The parameters of a later version: as they were, but for those that changed.
pub(crate) const fn changed<const N: usize>(mut params: [Param; N], changes: &[Param]) -> [Param; N] {
    let mut change = 0;
    while change < changes.len() {
        let mut at = 0;
        // A change of no parameter is an index out of bounds, when this is compiled.
        while !same(params[at].name, changes[change].name) {
            at += 1;
        }
        params[at] = changes[change];
        change += 1;
    }
    params
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

impl Family {
    /// All of them, by name.
    pub const ALL: [Family; 20] = [
        Family::Activation,
        Family::Attention,
        Family::Classify,
        Family::Constexpr,
        Family::ControlFlow,
        Family::Conv,
        Family::ElementwiseBinary,
        Family::ElementwiseUnary,
        Family::Image,
        Family::Linear,
        Family::Normalization,
        Family::Pool,
        Family::Quantization,
        Family::Random,
        Family::Recurrent,
        Family::Reduction,
        Family::ScatterGather,
        Family::Shape,
        Family::State,
        Family::TensorOperation,
    ];

    /// The name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Family::Activation => "activation",
            Family::Attention => "attention",
            Family::Classify => "classify",
            Family::Constexpr => "constexpr",
            Family::ControlFlow => "control_flow",
            Family::Conv => "conv",
            Family::ElementwiseBinary => "elementwise_binary",
            Family::ElementwiseUnary => "elementwise_unary",
            Family::Image => "image",
            Family::Linear => "linear",
            Family::Normalization => "normalization",
            Family::Pool => "pool",
            Family::Quantization => "quantization",
            Family::Random => "random",
            Family::Recurrent => "recurrent",
            Family::Reduction => "reduction",
            Family::ScatterGather => "scatter_gather",
            Family::Shape => "shape",
            Family::State => "state",
            Family::TensorOperation => "tensor_operation",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for OpDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpDef({})", self.name)
    }
}

/// Ops are equal if they are the same static.
impl PartialEq for OpDef {
    fn eq(&self, other: &OpDef) -> bool {
        std::ptr::eq(self, other)
    }
}
