//! An op with its operands, as inference, checks and cost rules see it.

use mil_ir::{Dim, Graph, Literal, NewOp, OpId, Operand, Opset, Release, TensorType, Type};
use mil_tensor::{DType, Tensor};

use crate::{DefaultValue, Elements, InferError, OpDef, Problems, Shapes, Version, dims};

/// An op of a graph, or one that is about to be inserted, together with its declaration.
///
/// Parameters are looked up wherever they may stand: an operand that is a value, a literal operand, or an
/// attribute (the data of iOS16 `constexpr_*` ops). The accessors for plain values ([`Call::int`],
/// [`Call::string`], …) answer the constant, or else the default of the op's version.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    def: &'static OpDef,
    version: &'static Version,
    opset: &'a Opset,
    graph: &'a Graph,
    site: Site<'a>,
    /// What more is known of the values than the graph declares.
    shapes: Option<&'a Shapes>,
}

#[derive(Clone, Copy, Debug)]
enum Site<'a> {
    Old(OpId),
    New(&'a NewOp),
}

impl<'a> Call<'a> {
    /// An op of a graph.
    pub fn of(graph: &'a Graph, op: OpId, opset: &'a Opset) -> Result<Call<'a>, InferError> {
        Call::at(graph, graph.op(op).kind(), Site::Old(op), opset)
    }

    /// An op that is not inserted yet. Its operands are values of the graph.
    pub fn of_new(graph: &'a Graph, new: &'a NewOp, opset: &'a Opset) -> Result<Call<'a>, InferError> {
        Call::at(graph, &new.kind, Site::New(new), opset)
    }

    fn at(graph: &'a Graph, kind: &str, site: Site<'a>, opset: &'a Opset) -> Result<Call<'a>, InferError> {
        let def = crate::def(kind).ok_or_else(|| InferError::UnknownOp(kind.into()))?;
        let target = opset.release().ok_or_else(|| InferError::UnknownOpset(opset.clone()))?;
        let version = def.version(target).ok_or_else(|| InferError::NotInOpset(def.name, opset.clone()))?;
        Ok(Call { def, version, opset, graph, site, shapes: None })
    }

    /// The same op among values of which more is known.
    pub fn with_shapes(self, shapes: &'a Shapes) -> Call<'a> {
        Call { shapes: Some(shapes), ..self }
    }

    /// Its declaration.
    pub fn def(&self) -> &'static OpDef {
        self.def
    }

    /// The version of the declaration that its opset has.
    pub fn version(&self) -> &'static Version {
        self.version
    }

    /// The release that brought this version: what formulas that changed ask for.
    pub fn since(&self) -> Release {
        self.version.since
    }

    /// The opset of the function.
    pub fn opset(&self) -> &'a Opset {
        self.opset
    }

    /// The graph that it is in, or will be.
    pub fn graph(&self) -> &'a Graph {
        self.graph
    }

    /// Its id, if it is in the graph.
    pub fn id(&self) -> Option<OpId> {
        match self.site {
            Site::Old(op) => Some(op),
            Site::New(_) => None,
        }
    }

    /// Everything that is bound: by operands, then by attributes.
    pub fn given(&self) -> Vec<&'a str> {
        match self.site {
            Site::Old(op) => {
                let op = self.graph.op(op);
                let operands = op.arguments().map(|(param, _)| param.as_str());
                operands.chain(op.attributes().keys().map(|key| key.as_str())).collect()
            }
            Site::New(new) => {
                let operands = new.arguments.iter().map(|(param, _)| param.as_str());
                operands.chain(new.attributes.keys().map(|key| key.as_str())).collect()
            }
        }
    }

    /// The operands of a parameter; none where it is left out or an attribute.
    pub fn operands(&self, param: &str) -> &'a [Operand] {
        match self.site {
            Site::Old(op) => self.graph.op(op).argument(param).map_or(&[], |argument| &argument[..]),
            Site::New(new) => new
                .arguments
                .iter()
                .rev()
                .find(|(name, _)| name == param)
                .map_or(&[], |(_, argument)| &argument[..]),
        }
    }

    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&'a Literal> {
        match self.site {
            Site::Old(op) => self.graph.op(op).attributes().get(name),
            Site::New(new) => new.attributes.get(name),
        }
    }

    /// The parameter is bound.
    pub fn is_given(&self, param: &str) -> bool {
        !self.operands(param).is_empty() || self.attribute(param).is_some()
    }

    /// The one operand of a parameter.
    pub fn operand(&self, param: &str) -> Option<&'a Operand> {
        match self.operands(param) {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The type of an operand.
    pub fn operand_type(&self, operand: &'a Operand) -> &'a Type {
        let refined = self.shapes.zip(operand.value()).and_then(|(shapes, value)| shapes.refined(value));
        refined.unwrap_or_else(|| self.graph.operand_type(operand))
    }

    /// The type of what is bound to a parameter; `None` where it is left out or takes several.
    pub fn ty(&self, param: &str) -> Option<&'a Type> {
        match self.operand(param) {
            Some(operand) => Some(self.operand_type(operand)),
            None => self.attribute(param).map(|literal| &literal.ty),
        }
    }

    /// The types of everything that is bound to a variadic parameter.
    pub fn types(&self, param: &str) -> Vec<&'a Type> {
        self.operands(param).iter().map(|operand| self.operand_type(operand)).collect()
    }

    /// The literal bound to a parameter, in any of the three spellings of a constant.
    pub fn literal(&self, param: &str) -> Option<&'a Literal> {
        match self.operands(param) {
            [] => self.attribute(param),
            [one] => self.graph.literal(one),
            _ => None,
        }
    }

    /// The constant tensor bound to a parameter, in any of the three spellings. A clone is cheap.
    pub fn constant(&self, param: &str) -> Option<Tensor> {
        self.literal(param)?.as_tensor().cloned()
    }

    /// The constant tensor bound to a parameter, or the default as a tensor.
    pub fn value(&self, param: &str) -> Option<Tensor> {
        match self.is_given(param) {
            true => self.constant(param).or_else(|| self.computed(param)),
            false => self.default_tensor(param),
        }
    }

    /// The tensor that arithmetic on shapes gives for a parameter.
    fn computed(&self, param: &str) -> Option<Tensor> {
        let operand = self.operand(param)?;
        let numbers = self.shapes?.numbers(operand.value()?)?;
        let numbers: Vec<f64> = numbers.into_iter().map(|number| number as f64).collect();
        let ty = self.operand_type(operand);
        let shape: &[usize] = if ty.rank() == Some(0) { &[] } else { &[numbers.len()] };
        Tensor::from_f64s(ty.dtype()?, shape, &numbers).ok()
    }

    /// The elements of a parameter that is a small tensor of integers: of a constant, or as arithmetic on
    /// shapes gives them.
    pub fn elements(&self, param: &str) -> Option<Elements> {
        self.elements_of(self.operand(param)?)
    }

    /// The elements of an operand, likewise.
    pub fn elements_of(&self, operand: &Operand) -> Option<Elements> {
        match self.shapes {
            Some(shapes) => shapes.operand(self.graph, operand),
            None => crate::shapes::constant(self.graph.literal(operand)?.as_tensor()?),
        }
    }

    /// What holds if the parameter is left out.
    pub fn default(&self, param: &str) -> Option<DefaultValue> {
        self.version.param(param)?.default
    }

    /// The default as a tensor of the parameter's element type.
    fn default_tensor(&self, param: &str) -> Option<Tensor> {
        Some(match self.default(param)? {
            DefaultValue::Absent | DefaultValue::Derived(_) => return None,
            DefaultValue::Bool(value) => Tensor::bool(value),
            DefaultValue::Str(text) => Tensor::string(text),
            DefaultValue::Int(value) => self.scalar(param, f64::from(value)),
            DefaultValue::Float(value) => self.scalar(param, value),
            DefaultValue::EachAxis(value) => Tensor::ints(&vec![value; self.spatial_rank()?]),
            DefaultValue::EachSide(value) => Tensor::ints(&vec![value; 2 * self.spatial_rank()?]),
        })
    }

    /// A number in the element type that a parameter has here: that of another operand of its type domain, or
    /// the first floating-point type that it may have, or its only type.
    fn scalar(&self, param: &str, value: f64) -> Tensor {
        let dtype = self.default_dtype(param).unwrap_or(DType::Fp32);
        match dtype {
            DType::Fp16 => Tensor::scalar(half::f16::from_f64(value)),
            DType::Int32 => Tensor::scalar(value as i32),
            _ => Tensor::scalar(value as f32),
        }
    }

    fn default_dtype(&self, param: &str) -> Option<DType> {
        let param = self.version.param(param)?;
        let sibling = self.version.params.iter().find_map(|other| {
            let same = other.types == param.types && matches!(param.types, crate::Types::Domain(_));
            if same { self.ty(other.name)?.dtype() } else { None }
        });
        let dtypes = self.version.dtypes(param)?;
        let integral = matches!(param.default, Some(DefaultValue::Int(_))) && dtypes.contains(&DType::Int32);
        let usual = if integral { DType::Int32 } else { DType::Fp32 };
        sibling.or_else(|| dtypes.contains(&usual).then_some(usual)).or_else(|| dtypes.first().copied())
    }

    fn spatial_rank(&self) -> Option<usize> {
        self.ty("x")?.rank()?.checked_sub(2)
    }

    /// Not constant, or left out and without default.
    fn unknown(&self, param: &str) -> InferError {
        match self.is_given(param) {
            true => InferError::NotConstant(param.into()),
            false => InferError::Missing(param.into()),
        }
    }

    /// A boolean: the constant or the default.
    pub fn bool(&self, param: &str) -> Result<bool, InferError> {
        self.value(param).and_then(|tensor| tensor.item_bool()).ok_or_else(|| self.unknown(param))
    }

    /// An integer: the constant or the default.
    pub fn int(&self, param: &str) -> Result<i64, InferError> {
        self.value(param).and_then(|tensor| tensor.item_i64()).ok_or_else(|| self.unknown(param))
    }

    /// A number: the constant or the default.
    pub fn float(&self, param: &str) -> Result<f64, InferError> {
        self.value(param).and_then(|tensor| tensor.item_f64()).ok_or_else(|| self.unknown(param))
    }

    /// Integers in row-major order: the constant or the default. A scalar counts as one.
    pub fn ints(&self, param: &str) -> Result<Vec<i64>, InferError> {
        self.value(param).and_then(|tensor| tensor.to_i64s().ok()).ok_or_else(|| self.unknown(param))
    }

    /// Booleans: the constant or the default.
    pub fn bools(&self, param: &str) -> Result<Vec<bool>, InferError> {
        Ok(self.ints(param)?.into_iter().map(|value| value != 0).collect())
    }

    /// Text: the constant or the default.
    pub fn string(&self, param: &str) -> Result<&'a str, InferError> {
        let text = match self.is_given(param) {
            true => self.literal(param).and_then(Literal::as_str),
            false => match self.default(param) {
                Some(DefaultValue::Str(text)) => Some(text),
                _ => None,
            },
        };
        text.ok_or_else(|| self.unknown(param))
    }

    /// The type of a parameter that must be bound to a tensor.
    pub fn tensor(&self, param: &str) -> Result<&'a TensorType, InferError> {
        let ty = self.ty(param).ok_or_else(|| InferError::Missing(param.into()))?;
        ty.as_tensor().ok_or_else(|| InferError::NotTensor(param.into()))
    }

    /// The element type of a parameter that must be bound to a tensor.
    pub fn dtype(&self, param: &str) -> Result<DType, InferError> {
        Ok(self.tensor(param)?.dtype)
    }

    /// The sizes of a parameter that must be bound to a tensor; `None` where its rank is not known.
    pub fn dims(&self, param: &str) -> Result<Option<&'a [Dim]>, InferError> {
        Ok(dims::ranked(self.tensor(param)?))
    }

    /// The sizes of what is bound to a parameter, where that is a tensor of known rank.
    pub fn dims_of(&self, param: &str) -> Option<&'a [Dim]> {
        dims::ranked(self.ty(param)?.as_tensor()?)
    }

    /// Complains if a parameter is bound to a tensor of another shape.
    pub(crate) fn expect_shape(&self, param: &str, wanted: &[Dim], problems: &mut Problems) {
        if let Some(dims) = self.dims_of(param)
            && !(dims.len() == wanted.len() && dims.iter().zip(wanted).all(|(a, b)| dims::may_equal(a, b)))
        {
            problems.add(format!("{param} has shape {}, not {}", dims::show(dims), dims::show(wanted)));
        }
    }

    /// A tensor type in the shape of a parameter.
    pub fn ty_like(&self, param: &str, dtype: DType) -> Result<Type, InferError> {
        Ok(Type::tensor(dtype, self.tensor(param)?.shape.clone()))
    }

    /// The shape that a vector of integers says: sizes where it is constant, else only their number where
    /// that is known, else `None`.
    pub fn shape_from(&self, param: &str) -> Result<Option<Vec<Dim>>, InferError> {
        if let Ok(sizes) = self.ints(param) {
            return sizes.into_iter().map(dims::size).collect::<Result<_, _>>().map(Some);
        }
        if let Some(elements) = self.elements(param) {
            return Ok(Some(elements.into_iter().map(|size| size.map_or(Dim::UNKNOWN, Dim::from)).collect()));
        }
        match self.dims(param)? {
            Some([]) => Ok(Some(vec![Dim::UNKNOWN])),
            Some([Dim::Fixed(rank)]) if *rank <= dims::MAX_RANK => {
                Ok(Some((0..*rank).map(|_| Dim::UNKNOWN).collect()))
            }
            _ => Ok(None),
        }
    }

    /// The number of axes of a parameter that must be bound to a tensor, where it is known.
    pub fn rank(&self, param: &str) -> Result<Option<usize>, InferError> {
        Ok(self.dims(param)?.map(<[Dim]>::len))
    }

    /// An axis of a tensor of this rank: the constant or the default, counted from the front.
    pub fn axis(&self, param: &str, rank: usize) -> Result<usize, InferError> {
        dims::axis(param, self.int(param)?, rank)
    }

    /// Axes of a tensor of this rank: the constant or the default, counted from the front, in the order
    /// given.
    pub fn axes(&self, param: &str, rank: usize) -> Result<Vec<usize>, InferError> {
        self.ints(param)?.into_iter().map(|axis| dims::axis(param, axis, rank)).collect()
    }

    /// An order of axes, of as many as it names: the constant or the default, each counted from the front.
    pub fn order(&self, param: &str) -> Result<Vec<usize>, InferError> {
        let order = self.ints(param)?;
        order.iter().map(|&axis| dims::axis(param, axis, order.len())).collect()
    }

    /// The types of the values that enter an inner block.
    pub fn block_inputs(&self, index: usize) -> Option<Vec<Type>> {
        match self.site {
            Site::Old(op) => {
                let block = self.graph.block(*self.graph.op(op).blocks().get(index)?);
                Some(block.inputs().iter().map(|&value| self.graph.value(value).ty().clone()).collect())
            }
            Site::New(new) => Some(new.blocks.get(index)?.inputs.iter().map(|(_, ty)| ty.clone()).collect()),
        }
    }

    /// The types of the values that leave an inner block. `None` for an op that is not inserted yet: its
    /// blocks are empty.
    pub fn block_outputs(&self, index: usize) -> Option<Vec<Type>> {
        let op = self.id()?;
        let block = self.graph.block(*self.graph.op(op).blocks().get(index)?);
        Some(block.outputs().map(|value| self.graph.value(value).ty().clone()).collect())
    }

    /// Number of inner blocks.
    pub fn block_count(&self) -> usize {
        match self.site {
            Site::Old(op) => self.graph.op(op).blocks().len(),
            Site::New(new) => new.blocks.len(),
        }
    }
}
