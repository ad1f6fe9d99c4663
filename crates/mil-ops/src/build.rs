//! Making ops whose operands are checked and whose types are inferred, and whole programs of them.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use mil_ir::{
    ArrayFeature, At, Dim, Feature, FeatureKind, Flexibility, Function, FunctionInterface, Graph, Interface,
    Literal, Name, NewOp, OpId, Opset, Program, Release, Rewriter, SizeRange, Type, TypeKind, ValueId,
};
use mil_tensor::Tensor;

use crate::{Call, InferError, infer, verify};

/// Why an op is not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot make {kind} {name}: {reason}")]
#[non_exhaustive]
pub struct BuildError {
    /// Its type.
    pub kind: Name,
    /// The name that it was to have.
    pub name: Name,
    /// What is wrong.
    pub reason: InferError,
}

/// Inserts an op before another one.
///
/// The op is checked against its declaration in this opset, and the types of its results are inferred. The
/// results are named after the op, made unique; several get `_0`, `_1`, …. Results that the caller already
/// named keep those names. Where types cannot be inferred (a `cond` whose blocks are still empty), the
/// caller's hold.
pub fn emit(
    rewriter: &mut Rewriter<'_>,
    opset: &Opset,
    new: NewOp,
    before: OpId,
) -> Result<Vec<ValueId>, BuildError> {
    let new = complete(rewriter.graph(), opset, new)?;
    let op = rewriter.insert(new, before);
    Ok(rewriter.graph().op(op).results().to_vec())
}

/// Checks an op that is to be inserted against its declaration, and gives its results names and types; see
/// [`emit`].
pub fn complete(graph: &Graph, opset: &Opset, mut new: NewOp) -> Result<NewOp, BuildError> {
    let base = new.name.clone().unwrap_or_else(|| new.kind.clone());
    let error = |reason| BuildError { kind: new.kind.clone(), name: base.clone(), reason };
    let call = Call::of_new(graph, &new, opset).map_err(error)?;
    let problems = verify::problems(&call);
    if !problems.faults().is_empty() {
        let messages: Vec<&str> = problems.faults().iter().map(|(_, message)| message.as_str()).collect();
        return Err(error(InferError::Invalid(messages.join("; "))));
    }
    let types = match infer(&call) {
        Ok(types) => types,
        Err(InferError::Undecided) if !new.results.is_empty() => {
            new.results.iter().map(|(_, ty)| ty.clone()).collect()
        }
        Err(reason) => return Err(error(reason)),
    };
    new.results = match (types.len() == new.results.len(), types.len()) {
        (true, _) => new.results.into_iter().zip(types).map(|((name, _), ty)| (name, ty)).collect(),
        (false, 1) => types.into_iter().map(|ty| (base.clone(), ty)).collect(),
        (false, _) => {
            types.into_iter().enumerate().map(|(i, ty)| (Name::from(format!("{base}_{i}")), ty)).collect()
        }
    };
    new.name = Some(base);
    Ok(new)
}

/// Makes a program with one function, `main`, op by op. For converters, tests and generators.
///
/// ```
/// use mil_ir::{NewOp, Release, Type};
/// use mil_ops::ProgramBuilder;
/// use mil_tensor::{DType, Tensor};
///
/// let mut builder = ProgramBuilder::new(Release::IOS17);
/// let x = builder.input("x", Type::fixed(DType::Fp32, &[1, 3, 32, 32]));
/// let weight = builder.tensor("weight", Tensor::splat(&[8, 3, 3, 3], 0.1_f32));
/// let conv = NewOp::new("conv").named("conv").with("x", x).with("weight", weight).with("strides", Tensor::ints(&[2, 2]));
/// let conv = builder.op(conv)?;
/// let y = builder.op(NewOp::new("relu").named("y").with("x", conv))?;
/// let program = builder.finish([y])?;
///
/// let graph = program.graph("main").unwrap();
/// assert_eq!(graph.value(y).ty(), &Type::fixed(DType::Fp32, &[1, 8, 15, 15]));
/// assert!(mil_ops::verify_program(&program).is_clean());
/// # Ok::<(), mil_ops::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ProgramBuilder {
    target: Release,
    graph: Graph,
}

impl ProgramBuilder {
    /// A program for this release, without inputs.
    pub fn new(target: Release) -> ProgramBuilder {
        ProgramBuilder { target, graph: Graph::new(Vec::new()) }
    }

    /// The graph so far.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The graph so far, for what the builder has no method for, such as the insides of blocks (see
    /// [`emit`]).
    pub fn graph_mut(&mut self) -> &mut Graph {
        &mut self.graph
    }

    /// Adds an input; a state if its type is one.
    pub fn input(&mut self, name: impl Into<Name>, ty: Type) -> ValueId {
        self.graph.add_input(Graph::ROOT, name, ty)
    }

    /// Adds a `const` op.
    pub fn constant(&mut self, name: &str, literal: impl Into<Literal>) -> ValueId {
        let name = self.graph.fresh_name(name);
        let op = self.graph.insert(NewOp::constant(name, literal), At::End(Graph::ROOT));
        self.graph.op(op).results()[0]
    }

    /// Adds a `const` op for a tensor.
    pub fn tensor(&mut self, name: &str, tensor: Tensor) -> ValueId {
        self.constant(name, Literal::tensor(tensor))
    }

    /// Adds an op with any number of results; see [`emit`].
    pub fn emit(&mut self, new: NewOp) -> Result<Vec<ValueId>, BuildError> {
        let end = self.graph.root().return_op();
        emit(&mut Rewriter::new(&mut self.graph), &self.target.opset(), new, end)
    }

    /// Adds an op with one result; see [`emit`].
    pub fn op(&mut self, new: NewOp) -> Result<ValueId, BuildError> {
        let (kind, name) = (new.kind.clone(), new.name.clone());
        match self.emit(new)?.as_slice() {
            [one] => Ok(*one),
            results => {
                let reason = InferError::Invalid(format!("it has {} results, not one", results.len()));
                Err(BuildError { name: name.unwrap_or_else(|| kind.clone()), kind, reason })
            }
        }
    }

    /// The program with these outputs. Its interface has an array for each input and output, flexible where a
    /// size is not known.
    pub fn finish(mut self, outputs: impl IntoIterator<Item = ValueId>) -> Result<Program, BuildError> {
        let outputs: Vec<ValueId> = outputs.into_iter().collect();
        self.graph.set_outputs(Graph::ROOT, outputs.iter().copied());
        let mut main = FunctionInterface::default();
        for &value in self.graph.root().inputs() {
            let feature = feature(&self.graph, value)?;
            match feature.kind {
                Some(FeatureKind::State(_)) => main.states.push(feature),
                _ => main.inputs.push(feature),
            }
        }
        main.outputs =
            outputs.iter().map(|&value| feature(&self.graph, value)).collect::<Result<_, BuildError>>()?;
        let interface = Interface {
            specification_version: self.target.max(main.least_release()).specification_version(),
            functions: IndexMap::from([(Name::from("main"), main)]),
            ..Interface::default()
        };
        let mut program = Program::new(interface);
        let function = Function::new(self.target.opset(), self.graph);
        program.functions = BTreeMap::from([(Name::from("main"), function)]);
        Ok(program)
    }
}

/// What an app sees of a value.
fn feature(graph: &Graph, value: ValueId) -> Result<Feature, BuildError> {
    let (name, ty) = (graph.value(value).name(), graph.value(value).ty());
    let kind = match ty.kind() {
        TypeKind::State(inner) => array(inner).map(|array| FeatureKind::State(Some(array))),
        _ => array(ty).map(FeatureKind::Array),
    };
    let Some(kind) = kind else {
        let reason = InferError::Invalid(format!("a model cannot have a feature of type {ty}"));
        return Err(BuildError { kind: "feature".into(), name: name.clone(), reason });
    };
    Ok(Feature { name: name.clone(), doc: String::new(), kind: Some(kind), optional: false, carried: None })
}

/// An array of this type; any size from 1 on where it is not known.
fn array(ty: &Type) -> Option<ArrayFeature> {
    let dims = ty.dims()?;
    let size = |dim: &Dim| dim.fixed().map_or(Some(1), |size| i64::try_from(size).ok());
    let mut array = ArrayFeature::new(ty.dtype()?, dims.iter().map(size).collect::<Option<_>>()?)?;
    if dims.iter().any(|dim| dim.fixed().is_none()) {
        let range = |dim: &Dim| match size(dim).filter(|_| dim.fixed().is_some()) {
            Some(size) => SizeRange { lower: size.unsigned_abs(), upper: size },
            None => SizeRange { lower: 1, upper: -1 },
        };
        array.flexibility = Some(Flexibility::Ranges(dims.iter().map(range).collect()));
    }
    Some(array)
}
