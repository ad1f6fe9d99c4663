//! A program in the making: what is visible where, operands on demand, constants in their spellings.

use mil_ir::{At, BlockId, Graph, NewBlock, NewOp, OpId, Operand, Opset, Release, Rewriter, Type, ValueId};
use mil_ops::{BuildError, ProgramBuilder, Trait, Version};
use mil_tensor::random::Stream;
use mil_tensor::{DType, Tensor};

use crate::Options;

pub(crate) type Made<T = ()> = Result<T, BuildError>;

/// Element types that every release computes with.
pub(crate) const FLOATS: &[DType] = &[DType::Fp32, DType::Fp16];
pub(crate) const NUMBERS: &[DType] = &[DType::Fp32, DType::Fp16, DType::Int32];
pub(crate) const PLAIN: &[DType] = &[DType::Fp32, DType::Fp16, DType::Int32, DType::Bool];

/// Values with more elements are not used again, so that programs stay quick to run.
const LARGEST: usize = 2048;

/// A block in the making.
#[derive(Debug)]
struct Scope {
    block: BlockId,
    /// Values that are no constants, oldest first.
    values: Vec<ValueId>,
    constants: Vec<ValueId>,
}

/// A program in the making.
#[derive(Debug)]
pub(crate) struct Maker {
    pub(crate) dice: Stream,
    pub(crate) target: Release,
    pub(crate) unseeded: bool,
    /// The program is a classifier: label and probabilities.
    pub(crate) classifier: Option<[ValueId; 2]>,
    builder: ProgramBuilder,
    opset: Opset,
    scopes: Vec<Scope>,
    step: fn(&mut Maker) -> Made,
}

impl Maker {
    /// A program without ops. `step` is what fills a block.
    pub(crate) fn new(options: &Options, step: fn(&mut Maker) -> Made) -> Maker {
        let mut dice = Stream::new(options.seed);
        let releases =
            [Release::IOS15, Release::IOS16, Release::IOS17, Release::IOS18, Release::IOS18, Release::IOS26];
        let drawn = dice.pick(&releases);
        let target = options.target.unwrap_or(drawn);
        let root = Scope { block: Graph::ROOT, values: Vec::new(), constants: Vec::new() };
        let mut maker = Maker {
            dice,
            target,
            unseeded: options.unseeded,
            classifier: None,
            builder: ProgramBuilder::new(target),
            opset: target.opset(),
            scopes: vec![root],
            step,
        };
        let rank = maker.dice.range(2, 4);
        let shape = maker.shape(rank);
        let dtype = maker.float();
        maker.input(Type::fixed(dtype, &shape));
        if maker.dice.chance(15) {
            let mut dims: Vec<mil_ir::Dim> = shape.iter().map(|&size| size.into()).collect();
            dims[0] = mil_ir::Dim::UNKNOWN;
            maker.input(Type::tensor(dtype, mil_ir::Shape::Ranked(dims)));
        }
        maker
    }

    /// Adds an op, or a few that belong together.
    pub(crate) fn step(&mut self) -> Made {
        (self.step)(self)
    }

    pub(crate) fn graph(&self) -> &Graph {
        self.builder.graph()
    }

    pub(crate) fn into_builder(self) -> ProgramBuilder {
        self.builder
    }

    pub(crate) fn opset(&self) -> &Opset {
        &self.opset
    }

    fn scope(&mut self) -> &mut Scope {
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    /// The declaration of an op of this release.
    pub(crate) fn version(&self, kind: &str) -> Option<&'static Version> {
        mil_ops::def(kind)?.version(self.target)
    }

    /// The op has this parameter in this release.
    pub(crate) fn has(&self, kind: &str, param: &str) -> bool {
        self.version(kind).is_some_and(|version| version.param(param).is_some())
    }

    /// An element type of a parameter, of those that programs commonly hold.
    pub(crate) fn dtype(&mut self, kind: &str, param: &str, among: &[DType]) -> DType {
        let version = self.version(kind);
        let allowed = version.and_then(|version| version.dtypes(version.param(param)?));
        let fits = |dtype: &&DType| allowed.is_none_or(|allowed| allowed.contains(dtype));
        let fitting: Vec<DType> = among.iter().filter(fits).copied().collect();
        if fitting.is_empty() { DType::Fp32 } else { self.dice.pick(&fitting) }
    }

    /// Single or half precision.
    pub(crate) fn float(&mut self) -> DType {
        self.dice.pick(FLOATS)
    }

    /// Sizes with not too many elements.
    pub(crate) fn shape(&mut self, rank: usize) -> Vec<usize> {
        let mut room = 256;
        let mut shape: Vec<usize> = Vec::new();
        for _ in 0..rank {
            let size = self.dice.pick(&[1, 2, 2, 3, 4, 4, 5, 6]).min(room);
            room /= size;
            shape.push(size);
        }
        shape
    }

    /// Adds an input of the program.
    pub(crate) fn input(&mut self, ty: Type) -> ValueId {
        let base = if ty.as_state().is_some() { "kept" } else { "input" };
        let name = self.builder.graph_mut().fresh_name(base);
        let is_state = ty.as_state().is_some();
        let value = self.builder.input(name, ty);
        if !is_state {
            self.scopes[0].values.push(value);
        }
        value
    }

    /// Adds an op at the end of the block in the making.
    pub(crate) fn ops(&mut self, new: NewOp) -> Made<Vec<ValueId>> {
        let block = self.scope().block;
        let end = self.graph().block(block).return_op();
        let results = mil_ops::emit(&mut Rewriter::new(self.builder.graph_mut()), &self.opset, new, end)?;
        let constants = mil_ops::def(&self.graph().op(self.last(block)).kind().clone());
        if !constants.is_some_and(|def| def.is(Trait::Constexpr)) {
            self.scope().values.extend(&results);
        }
        Ok(results)
    }

    /// The op that stands last in a block.
    fn last(&self, block: BlockId) -> OpId {
        let end = self.graph().block(block).return_op();
        self.graph().previous(end).unwrap_or(end)
    }

    /// Adds an op with one result, or gives the first of several.
    pub(crate) fn op(&mut self, new: NewOp) -> Made<ValueId> {
        Ok(self.ops(new)?[0])
    }

    /// Binds an optional parameter in half of the cases where the release has it.
    pub(crate) fn maybe(
        &mut self,
        new: NewOp,
        param: &'static str,
        make: impl FnOnce(&mut Maker) -> Made<Operand>,
    ) -> Made<NewOp> {
        if self.has(&new.kind, param) && self.dice.chance(50) {
            let operand = make(self)?;
            return Ok(new.with(param, operand));
        }
        Ok(new)
    }

    pub(crate) fn ty(&self, value: ValueId) -> &Type {
        self.graph().value(value).ty()
    }

    /// The sizes of a value that has fixed ones.
    pub(crate) fn sizes(&self, value: ValueId) -> Vec<usize> {
        self.ty(value).fixed_shape().unwrap_or_default()
    }

    /// A visible value that is no constant.
    pub(crate) fn find(&mut self, fits: impl Fn(&Type) -> bool) -> Option<ValueId> {
        let graph = self.builder.graph();
        let all = self.scopes.iter().flat_map(|scope| &scope.values).copied();
        let fitting: Vec<ValueId> = all.filter(|&value| fits(graph.value(value).ty())).collect();
        (!fitting.is_empty()).then(|| {
            // Newer values more often: programs are deep rather than wide.
            let (a, b) = (self.dice.below(fitting.len()), self.dice.below(fitting.len()));
            fitting[a.max(b)]
        })
    }

    /// All visible values that are no constants, those of the outermost block first.
    pub(crate) fn visible(&self) -> impl Iterator<Item = ValueId> + '_ {
        self.scopes.iter().flat_map(|scope| scope.values.iter().copied())
    }

    /// A tensor with fixed sizes, not too large, of one of these element types and ranks: a value that is
    /// there, or a new one.
    pub(crate) fn tensor(
        &mut self,
        dtypes: &[DType],
        ranks: std::ops::RangeInclusive<usize>,
    ) -> Made<ValueId> {
        let fits = |ty: &Type| {
            let shape = ty.fixed_shape().unwrap_or(vec![0]);
            let count: usize = shape.iter().product();
            ty.dtype().is_some_and(|dtype| dtypes.contains(&dtype))
                && ranks.contains(&shape.len())
                && (1..=LARGEST).contains(&count)
        };
        if self.dice.chance(90)
            && let Some(found) = self.find(fits)
        {
            return Ok(found);
        }
        let rank = self.dice.range(*ranks.start(), (*ranks.end()).min(5));
        let (dtype, shape) = (self.dice.pick(dtypes), self.shape(rank));
        self.value(dtype, &shape)
    }

    /// A value of exactly this type: one that is there, one made of it, or an input.
    pub(crate) fn value(&mut self, dtype: DType, shape: &[usize]) -> Made<ValueId> {
        let wanted = Type::fixed(dtype, shape);
        if self.dice.chance(80)
            && let Some(found) = self.find(|ty| *ty == wanted)
        {
            return Ok(found);
        }
        self.new_value(dtype, shape)
    }

    fn new_value(&mut self, dtype: DType, shape: &[usize]) -> Made<ValueId> {
        match dtype {
            DType::Fp32 | DType::Int32 => {}
            DType::Fp16 if self.target >= Release::IOS16 && self.dice.chance(50) => {}
            DType::Bool => {
                let x = self.value(DType::Fp32, shape)?;
                let zero = self.scalar(DType::Fp32, 0.25);
                return self.op(NewOp::new("greater").with("x", x).with("y", zero));
            }
            _ => {
                let wide = if dtype.is_float() { DType::Fp32 } else { DType::Int32 };
                let x = self.value(wide, shape)?;
                return self.cast(x, dtype);
            }
        }
        let count: usize = shape.iter().product();
        let same = |ty: &Type| {
            ty.dtype() == Some(dtype)
                && ty.fixed_shape().is_some_and(|shape| shape.iter().product::<usize>() == count)
        };
        if self.dice.chance(60)
            && shape.len() <= 5
            && let Some(x) = self.find(same)
        {
            return self.reshape(x, shape);
        }
        if shape.is_empty() {
            let x = self.tensor(&[dtype], 1..=4)?;
            let keep = self.flag(false);
            return self.op(NewOp::new("reduce_max").with("x", x).with("keep_dims", keep));
        }
        Ok(self.input(Type::fixed(dtype, shape)))
    }

    pub(crate) fn cast(&mut self, x: ValueId, dtype: DType) -> Made<ValueId> {
        let name = self.text(&dtype.to_string());
        self.op(NewOp::new("cast").with("x", x).with("dtype", name))
    }

    pub(crate) fn reshape(&mut self, x: ValueId, shape: &[usize]) -> Made<ValueId> {
        if shape.is_empty() {
            return self.op(NewOp::new("squeeze").with("x", x));
        }
        if self.sizes(x).is_empty() {
            let axes: Vec<i32> = (0..shape.len() as i32).collect();
            let axes = self.ints(&axes);
            return self.op(NewOp::new("expand_dims").with("x", x).with("axes", axes));
        }
        let mut sizes: Vec<i32> = shape.iter().map(|&size| size as i32).collect();
        if self.dice.chance(20) {
            let at = self.dice.below(sizes.len());
            sizes[at] = -1;
        }
        let sizes = self.ints(&sizes);
        self.op(NewOp::new("reshape").with("x", x).with("shape", sizes))
    }

    /// A constant operand: a literal, a `const` op, or one that is there already.
    pub(crate) fn constant(&mut self, tensor: Tensor) -> Operand {
        if self.dice.chance(50) {
            return tensor.into();
        }
        if self.dice.chance(50) {
            let graph = self.builder.graph();
            let all = self.scopes.iter().flat_map(|scope| &scope.constants);
            let same = |value: &&ValueId| {
                graph.const_tensor(**value).is_some_and(|known| {
                    known.dtype() == tensor.dtype()
                        && known.shape() == tensor.shape()
                        && known.content_eq(&tensor).unwrap_or(false)
                })
            };
            if let Some(&found) = all.into_iter().find(same) {
                return found.into();
            }
        }
        self.const_op(tensor.into()).into()
    }

    /// A `const` op at the end of the block in the making.
    pub(crate) fn const_op(&mut self, literal: mil_ir::Literal) -> ValueId {
        let block = self.scope().block;
        let graph = self.builder.graph_mut();
        let name = graph.fresh_name("const");
        let op = graph.insert(NewOp::constant(name, literal), At::End(block));
        let value = graph.op(op).results()[0];
        self.scope().constants.push(value);
        value
    }

    pub(crate) fn ints(&mut self, values: &[i32]) -> Operand {
        self.constant(Tensor::ints(values))
    }

    pub(crate) fn int(&mut self, value: i32) -> Operand {
        self.constant(Tensor::scalar(value))
    }

    pub(crate) fn flag(&mut self, value: bool) -> Operand {
        self.constant(Tensor::bool(value))
    }

    pub(crate) fn any_flag(&mut self) -> Operand {
        let value = self.dice.chance(50);
        self.flag(value)
    }

    pub(crate) fn text(&mut self, value: &str) -> Operand {
        self.constant(Tensor::string(value))
    }

    /// One of the texts that a parameter may be.
    pub(crate) fn choice(&mut self, kind: &str, param: &str) -> Operand {
        let choices = self
            .version(kind)
            .and_then(|version| version.param(param))
            .map_or(&[][..], |param| param.choices);
        let choice = if choices.is_empty() { "" } else { self.dice.pick(choices) };
        self.text(choice)
    }

    /// A scalar constant.
    pub(crate) fn scalar(&mut self, dtype: DType, value: f64) -> Operand {
        let tensor = filled(dtype, &[], &[value]);
        self.constant(tensor)
    }

    /// Random numbers of an element type: plain ones, now and then zeros, ones, equal or large ones.
    pub(crate) fn numbers(&mut self, dtype: DType, shape: &[usize]) -> Tensor {
        let count = shape.iter().product();
        let kind = self.dice.below(20);
        let splat = self.number(dtype);
        let values: Vec<f64> = (0..count)
            .map(|_| match kind {
                0 => 0.0,
                1 => 1.0,
                2 => splat,
                3 if dtype.is_float() => self.number(dtype) * 100.0,
                _ => self.number(dtype),
            })
            .collect();
        filled(dtype, shape, &values)
    }

    fn number(&mut self, dtype: DType) -> f64 {
        match dtype {
            DType::Bool => self.dice.below(2) as f64,
            float if float.is_float() => (self.dice.unit() * 64.0).floor() / 16.0 - 2.0,
            other => {
                let (low, high) = other.int_range().unwrap_or((0, 1));
                let (low, high) = (low.max(-4) as i64, high.min(7) as i64);
                (low + self.dice.below((high - low + 1) as usize) as i64) as f64
            }
        }
    }

    /// Numbers above 0, such as variances.
    pub(crate) fn positive(&mut self, dtype: DType, shape: &[usize]) -> Tensor {
        let count = shape.iter().product();
        let values: Vec<f64> = (0..count).map(|_| (1 + self.dice.below(32)) as f64 / 16.0).collect();
        filled(dtype, shape, &values)
    }

    /// Integers from 0 on, below `bound`, as an operand: constant, or computed from a value of the program.
    pub(crate) fn indices(&mut self, dtype: DType, shape: &[usize], bound: usize) -> Made<Operand> {
        if dtype == DType::Int32 && self.dice.chance(40) {
            let x = self.value(DType::Int32, shape)?;
            let (zero, last) =
                (self.scalar(DType::Int32, 0.0), self.scalar(DType::Int32, bound as f64 - 1.0));
            let x = self.op(NewOp::new("maximum").with("x", x).with("y", zero))?;
            return Ok(self.op(NewOp::new("minimum").with("x", x).with("y", last))?.into());
        }
        let negative = self.dice.chance(25) && dtype.int_range().is_some_and(|(low, _)| low < 0);
        let count = shape.iter().product();
        let values: Vec<f64> = (0..count)
            .map(|_| self.dice.below(bound) as f64 - if negative { bound as f64 } else { 0.0 })
            .collect();
        Ok(self.constant(filled(dtype, shape, &values)))
    }

    /// An axis of a tensor of this rank, counted from either end.
    pub(crate) fn axis(&mut self, rank: usize) -> (usize, Operand) {
        let axis = self.dice.below(rank);
        let signed = self.signed(axis, rank);
        (axis, self.int(signed))
    }

    fn signed(&mut self, axis: usize, rank: usize) -> i32 {
        if self.dice.chance(30) { axis as i32 - rank as i32 } else { axis as i32 }
    }

    /// Some axes, at least one, each once, in any order.
    pub(crate) fn axes(&mut self, rank: usize) -> (Vec<usize>, Operand) {
        let mut axes: Vec<usize> = (0..rank).collect();
        self.shuffle(&mut axes);
        axes.truncate(self.dice.range(1, rank));
        let signed: Vec<i32> = axes.iter().map(|&axis| self.signed(axis, rank)).collect();
        (axes, self.ints(&signed))
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.dice.below(at + 1));
        }
    }

    /// Adds an op with blocks, whose results have these types; each block is then filled and told what it
    /// gives.
    pub(crate) fn blocks(
        &mut self,
        mut new: NewOp,
        inputs: &[Vec<Type>],
        mut fill: impl FnMut(&mut Maker, usize, &[ValueId]) -> Made<Vec<ValueId>>,
    ) -> Made<Vec<ValueId>> {
        for types in inputs {
            let inputs = types.iter().enumerate().map(|(at, ty)| {
                // Not inserted yet, so that the graph cannot keep the names apart.
                let base = format!("inner{}_{at}", new.blocks.len());
                (self.builder.graph_mut().fresh_name(&base), ty.clone())
            });
            let inputs = inputs.collect();
            new.blocks.push(NewBlock { inputs });
        }
        let results = self.ops(new)?;
        // The results are not visible in the blocks.
        let kept = self.scope().values.len() - results.len();
        self.scope().values.truncate(kept);
        let Some(op) = results.first().and_then(|&value| self.graph().definition(value)) else {
            return Ok(results);
        };
        for (index, block) in self.graph().op(op).blocks().to_vec().into_iter().enumerate() {
            let inputs = self.graph().block(block).inputs().to_vec();
            self.scopes.push(Scope { block, values: inputs.clone(), constants: Vec::new() });
            let outputs = fill(self, index, &inputs)?;
            self.scopes.pop();
            self.builder.graph_mut().set_outputs(block, outputs);
        }
        self.scope().values.extend(&results);
        Ok(results)
    }

    /// Blocks that enclose the place where ops are added, the outermost one counted.
    pub(crate) fn depth(&self) -> usize {
        self.scopes.len()
    }

    /// The block in the making is the outermost one.
    pub(crate) fn is_outermost(&self) -> bool {
        self.scopes.len() == 1
    }
}

/// A tensor of these numbers, whose type and count are the generator's own.
#[allow(clippy::expect_used, reason = "numbers and shapes come from the generator, not from a program")]
pub(crate) fn filled(dtype: DType, shape: &[usize], values: &[f64]) -> Tensor {
    if dtype == DType::Bool {
        let flags: Vec<bool> = values.iter().map(|&value| value != 0.0).collect();
        return Tensor::from_bools(shape, &flags).expect("as many values as elements");
    }
    Tensor::from_f64s(dtype, shape, values).expect("as many values as elements, of a type that numbers have")
}

/// The numbers that divide one.
pub(crate) fn divisors(number: usize) -> Vec<usize> {
    (1..=number).filter(|&divisor| number.is_multiple_of(divisor)).collect()
}
