//! The intermediate representation of milopt.
//!
//! # What a program means
//!
//! A [`Model`] is a [`Program`], a pipeline of models, or a payload that milopt carries without looking.
//! A program has an [`Interface`] (what an app sees: features, states, metadata, target) and functions. A
//! [`Function`] has one [`Graph`] per opset it is specialised for, and names the opset that runs.
//!
//! A graph holds **values** and **ops**. An op takes *operands*, each a value or a [`Literal`], grouped by
//! parameter; it defines *results*, which are values; it may own *blocks* (`cond`, `while_loop`). Blocks hold
//! ops in program order and end in a `return` op, which text does not print and whose operands are the
//! block's outputs. A value is visible to the ops after its definition in the same block and in blocks nested
//! there. Program order is execution order for everything that touches a state; otherwise data dependence is
//! all that counts.
//!
//! A **constant** is spelled in one of three ways: the result of a `const` op, a literal operand, or an
//! attribute (of an iOS16 `constexpr_*` op). [`Graph::constant`] answers for all of them.
//!
//! # Invariants
//!
//! - Operands are the truth; the edges of the underlying graph are the index of uses and are kept in step
//!   by the mutators, the only way to change a graph.
//! - Ids are never reused while a graph lives. They mean nothing outside their graph; text and errors
//!   show names.
//! - Value names are unique among the values visible in a block; op names are labels. States have names of
//!   their own: converters write programs in which a value is named like a state ([`STATE_PARAM`]).
//! - The type that a file declares stays as written until its op is rewritten.
//! - No file, no protobuf and no op semantics here: this crate carries ops that nobody knows.
//! - Every field of a message that this version does not know is kept where it stood ([`Carried`]).

mod attributes;
mod carried;
mod chain;
mod graph;
mod ids;
mod interface;
mod literal;
mod model;
mod name;
mod opset;
mod program;
mod rename;
mod rewrite;
mod sym;
pub mod text;
mod types;
pub mod verify;

pub use attributes::{Attributes, Iter as AttributesIter};
pub use carried::{Carried, CarriedKey};
pub use chain::error_chain;
pub use graph::{
    Argument, At, BlockRef, Checkpoint, Edit, Graph, GraphError, NewBlock, NewOp, Op, Operand, OriginId,
    Revision, Use, Value, Walk,
};
pub use ids::{BlockId, OpId, ValueId};
pub use interface::{
    ArrayFeature, ColorSpace, DefaultNumber, DictionaryKey, Feature, FeatureKind, Flexibility,
    FunctionInterface, ImageFeature, Interface, InterfaceError, Metadata, SequenceElement, SizeFlexibility,
    SizeRange,
};
pub use literal::{Literal, LiteralData, Storage};
pub use model::{Model, ModelPipeline, OpaqueModel, PipelineKind};
pub use name::{Name, STATE_PARAM};
pub use opset::{Opset, Release, release_name};
pub use program::{Function, Program};
pub use rewrite::Rewriter;
pub use sym::{Bounds, MAX_SIZE, SymExpr, SymRange, Symbol};
pub use types::{Dim, Shape, TensorType, Type, TypeKind};
