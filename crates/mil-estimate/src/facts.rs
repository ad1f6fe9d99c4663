//! What the layers look at: the facts of one op, apart from the graph.

use std::borrow::Cow;

use mil_ir::{Dim, Graph, Name, OpId, Operand, Type, TypeKind, ValueId};
use mil_ops::{Family, Trait};
use mil_tensor::DType;

use crate::shapes::is_open;

/// Constants of up to so many elements are read: axes, strides, kernel sizes.
const READ: usize = 64;

/// One op, as the layers see it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpFacts {
    /// Op type.
    pub kind: Name,
    /// Operands, by parameter and position.
    pub operands: Vec<OperandFacts>,
    /// Results.
    pub results: Vec<TensorFacts>,
    /// It stands in a block of a loop or a branch.
    pub inner: bool,
    /// Some size is known only when the program runs; the default shape, or 1, stands in for it.
    pub flexible: bool,
}

/// One operand.
#[derive(Clone, Debug, PartialEq)]
pub struct OperandFacts {
    /// The parameter that it is bound to.
    pub param: Name,
    /// Its type.
    pub tensor: TensorFacts,
    /// It is known when the program is compiled.
    pub constant: bool,
    /// Its values, where it is a small constant of integers or booleans.
    pub ints: Vec<i64>,
    /// Its value, where it is a constant string.
    pub text: Option<String>,
    /// It is a weight whose scales vary within a channel.
    pub per_block: bool,
    /// It is a small constant with an infinite element.
    pub infinite: bool,
}

/// Element type and sizes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TensorFacts {
    /// Element type; `None` for what is no tensor.
    pub dtype: Option<DType>,
    /// Sizes; `None` where not even the rank is known.
    pub dims: Option<Vec<u64>>,
}

impl TensorFacts {
    /// A tensor.
    pub fn new(dtype: DType, dims: &[u64]) -> TensorFacts {
        TensorFacts { dtype: Some(dtype), dims: Some(dims.to_vec()) }
    }

    /// Sizes; empty where they are not known.
    pub fn dims(&self) -> &[u64] {
        self.dims.as_deref().unwrap_or_default()
    }

    /// Number of elements.
    pub fn elements(&self) -> f64 {
        self.dims().iter().map(|&dim| dim as f64).product()
    }

    /// Bytes as the planner counts them.
    pub fn bytes(&self) -> f64 {
        self.elements() * self.dtype.and_then(DType::bits).unwrap_or(0) as f64 / 8.0
    }
}

impl OpFacts {
    /// An op without operands or results.
    pub fn new(kind: &str) -> OpFacts {
        OpFacts { kind: kind.into(), ..OpFacts::default() }
    }

    /// With an operand that is known when the program runs.
    #[must_use]
    pub fn with(mut self, param: &str, tensor: TensorFacts) -> OpFacts {
        let param = param.into();
        self.operands.push(OperandFacts {
            param,
            tensor,
            constant: false,
            ints: Vec::new(),
            text: None,
            per_block: false,
            infinite: false,
        });
        self
    }

    /// With a constant operand.
    #[must_use]
    pub fn with_constant(mut self, param: &str, tensor: TensorFacts, ints: &[i64]) -> OpFacts {
        let (param, ints) = (param.into(), ints.to_vec());
        self.operands.push(OperandFacts {
            param,
            tensor,
            constant: true,
            ints,
            text: None,
            per_block: false,
            infinite: false,
        });
        self
    }

    /// With a constant string.
    #[must_use]
    pub fn with_text(mut self, param: &str, text: &str) -> OpFacts {
        self = self.with_constant(param, TensorFacts::new(DType::String, &[]), &[]);
        if let Some(operand) = self.operands.last_mut() {
            operand.text = Some(text.to_owned());
        }
        self
    }

    /// With one more result.
    #[must_use]
    pub fn giving(mut self, tensor: TensorFacts) -> OpFacts {
        self.results.push(tensor);
        self
    }

    /// The first operand of a parameter.
    pub fn operand(&self, param: &str) -> Option<&OperandFacts> {
        self.operands.iter().find(|operand| &*operand.param == param)
    }

    /// The values of a small constant; empty where there is none.
    pub fn ints(&self, param: &str) -> &[i64] {
        self.operand(param).map_or(&[], |operand| &operand.ints)
    }

    /// The constant boolean of a parameter; `false` where there is none.
    pub fn flag(&self, param: &str) -> bool {
        self.ints(param).first().is_some_and(|&value| value != 0)
    }

    /// The constant string of a parameter.
    pub fn text(&self, param: &str) -> Option<&str> {
        self.operand(param)?.text.as_deref()
    }

    /// The first result.
    pub fn result(&self) -> Option<&TensorFacts> {
        self.results.first()
    }

    /// Operands that are known only when the program runs.
    pub fn dynamic(&self) -> impl Iterator<Item = &OperandFacts> {
        self.operands.iter().filter(|operand| !operand.constant)
    }

    /// Sizes of the kernel along the spatial axes: of `weight`, or `kernel_sizes`. Empty where there is none.
    pub fn kernel(&self) -> Cow<'_, [u64]> {
        let sizes = self.ints("kernel_sizes");
        if !sizes.is_empty() {
            return sizes.iter().map(|&size| size.max(0) as u64).collect::<Vec<_>>().into();
        }
        match self.operand("weight").map(|weight| weight.tensor.dims()) {
            Some([_, _, spatial @ ..]) => spatial.into(),
            _ => Cow::Borrowed(&[]),
        }
    }
}

/// Ops that a plan names: all but constants and what decompresses them.
pub(crate) fn is_placed(kind: &str) -> bool {
    kind != "const" && !kind.starts_with("constexpr_")
}

/// The facts of every op that a plan names, in program order. `graph` gives the types, `declared` all else:
/// it is the graph before its open sizes were settled, and what is open there is flexible.
pub(crate) fn read(graph: &Graph, declared: &Graph) -> Vec<(OpId, OpFacts)> {
    let mut known: Vec<Option<TensorFacts>> = vec![None; graph.bound()];
    let mut flexible: Vec<bool> = vec![false; graph.bound()];
    for &input in graph.root().inputs() {
        flexible[input.index()] = is_open(declared.value(input).ty());
        known[input.index()] = Some(of_type(graph.value(input).ty()).0);
    }
    let mut found = Vec::new();
    for id in graph.walk() {
        let op = declared.op(id);
        let mut facts = OpFacts { kind: op.kind().clone(), ..OpFacts::default() };
        facts.inner = op.block() != Graph::ROOT;
        if is_placed(op.kind()) {
            for (param, argument) in op.arguments() {
                for operand in argument {
                    facts.flexible |= operand.value().is_some_and(|value| flexible[value.index()]);
                    facts.operands.push(operand_facts(declared, param, operand, &known));
                }
            }
        }
        for &result in op.results() {
            let ty = graph.value(result).ty();
            let (mut tensor, open) = of_type(ty);
            if open {
                fill(&mut tensor, ty, &facts);
            }
            if is_open(declared.value(result).ty()) {
                flexible[result.index()] = true;
                facts.flexible = true;
            }
            known[result.index()] = Some(tensor.clone());
            facts.results.push(tensor);
        }
        if is_placed(op.kind()) {
            found.push((id, facts));
        }
    }
    found
}

fn operand_facts(
    graph: &Graph,
    param: &Name,
    operand: &Operand,
    known: &[Option<TensorFacts>],
) -> OperandFacts {
    let value = operand.value();
    let tensor = value
        .and_then(|value| known[value.index()].clone())
        .unwrap_or_else(|| of_type(graph.operand_type(operand)).0);
    let literal = graph.literal(operand);
    let definition = value.and_then(|value| graph.definition(value));
    let constexpr = definition.is_some_and(|op| !is_placed(graph.op(op).kind()));
    let small = literal.and_then(|literal| literal.as_tensor()).filter(|tensor| tensor.len() <= READ);
    let ints = small
        .filter(|tensor| !tensor.dtype().is_float())
        .and_then(|tensor| tensor.to_i64s().ok())
        .unwrap_or_default();
    let infinite = small
        .filter(|tensor| tensor.dtype().is_float())
        .and_then(|tensor| tensor.to_f64s().ok())
        .is_some_and(|values| values.iter().any(|value| value.is_infinite()));
    OperandFacts {
        param: param.clone(),
        tensor,
        constant: literal.is_some() || constexpr,
        ints,
        text: literal
            .and_then(|literal| literal.as_tensor())
            .and_then(|tensor| tensor.item_str().map(str::to_owned)),
        per_block: value.is_some_and(|value| is_per_block(graph, value)),
        infinite,
    }
}

/// A weight with several scales along an axis other than the first two, or along both of those.
pub(crate) fn is_per_block(graph: &Graph, value: ValueId) -> bool {
    let Some(op) = graph.definition(value) else { return false };
    if graph.op(op).kind() != "constexpr_blockwise_shift_scale" {
        return false;
    }
    let scales = graph.param_type(op, "scale").and_then(Type::fixed_shape).unwrap_or_default();
    scales.iter().filter(|&&size| size > 1).count() > 1
}

/// The facts of a type, and whether some size is open. An open size counts as 1, as the planner counts it
/// (751K: `range_1d`).
fn of_type(ty: &Type) -> (TensorFacts, bool) {
    let tensor = match ty.kind() {
        TypeKind::Tensor(tensor) => tensor,
        TypeKind::State(inner) => return of_type(inner),
        _ => return (TensorFacts::default(), false),
    };
    let dims = tensor.shape.dims();
    let sizes = dims.map(|dims| dims.iter().map(|dim| dim.fixed().unwrap_or(1)).collect());
    (TensorFacts { dtype: Some(tensor.dtype), dims: sizes }, is_open(ty))
}

/// Sizes of a result that are open, from an operand of the same rank where the op keeps its shape.
fn fill(tensor: &mut TensorFacts, ty: &Type, op: &OpFacts) {
    let keeps = mil_ops::def(&op.kind).is_some_and(|def| {
        def.is(Trait::Elementwise) || matches!(def.family, Family::Activation | Family::Normalization)
    });
    let (Some(sizes), Some(dims)) = (&mut tensor.dims, ty.dims()) else { return };
    if !keeps {
        return;
    }
    for operand in op.operands.iter().filter(|operand| operand.tensor.dims().len() == dims.len()) {
        for ((size, dim), &from) in sizes.iter_mut().zip(dims).zip(operand.tensor.dims()) {
            if !matches!(dim, Dim::Fixed(_)) {
                *size = (*size).max(from);
            }
        }
    }
}
