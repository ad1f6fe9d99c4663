//! What a kernel is given.

use std::borrow::Cow;

use mil_ir::{Release, Type};
use mil_tensor::DType;
use smallvec::SmallVec;

use super::array::elements;
use super::{Array, Data, EvalError, EvalValue, List, Real, State, Stored};
use crate::{DefaultValue, OpDef};

/// How exactly floats are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// As Core ML defines: `fp16` ops compute in `f32` and round once per op.
    #[default]
    Native,
    /// Every float in `f64`, never rounded to its element type: the reference that rounding errors are
    /// measured against.
    Double,
}

/// Bounds on what hostile programs can ask for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one value, and of a kernel's scratch memory.
    pub value_bytes: usize,
    /// Bytes of all values that a call holds at once, constants included. Values that share their elements
    /// count each.
    pub held_bytes: usize,
    /// Ops that a call runs; one in a loop counts in every round.
    pub ops: u64,
    /// Iterations of one `while_loop`.
    pub iterations: u64,
    /// Blocks inside blocks.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        // Where addresses have 32 bits, all there are.
        let bytes = |gib: u64| usize::try_from(gib << 30).unwrap_or(usize::MAX);
        Limits { value_bytes: bytes(8), held_bytes: bytes(64), ops: 1 << 32, iterations: 1 << 20, depth: 32 }
    }
}

/// How ops are evaluated.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EvalOptions {
    /// How exactly floats are computed.
    pub precision: Precision,
    /// Matrix products in a fixed order of additions, the same on every machine: slower.
    pub reproducible: bool,
    /// Bounds on what a program can ask for.
    pub limits: Limits,
    /// Where random numbers start.
    pub seed: u64,
}

impl EvalOptions {
    /// Every float in `f64`.
    #[must_use]
    pub fn double(mut self) -> EvalOptions {
        self.precision = Precision::Double;
        self
    }

    /// The same bits on every machine.
    #[must_use]
    pub fn reproducible(mut self) -> EvalOptions {
        self.reproducible = true;
        self
    }
}

/// Runs inner blocks: what ops with blocks need of the interpreter.
pub trait Host {
    /// Runs block `index` of the op with these values for its inputs; gives its outputs.
    fn run_block(&self, index: usize, inputs: &[EvalValue]) -> Result<Vec<EvalValue>, EvalError>;
}

/// The values bound to an op's parameters.
pub type Bound = Vec<(mil_ir::Name, SmallVec<[EvalValue; 1]>)>;

/// What a kernel is given: operands by parameter, defaults, the release, options.
pub struct Context<'a> {
    /// The op.
    pub def: &'a OpDef,
    /// The release whose definition of the op holds.
    pub target: Release,
    /// Operands, and attributes where there is no operand of that name.
    pub bound: &'a Bound,
    /// Declared types of the results, where the op stands in a program.
    pub results: &'a [Type],
    /// How to compute.
    pub options: &'a EvalOptions,
    /// Tells apart ops that draw random numbers.
    pub stream: u64,
    /// Runs inner blocks, where there are some.
    pub host: Option<&'a dyn Host>,
}

/// What a kernel gives: one value per result.
pub type Outcome = Result<Vec<EvalValue>, EvalError>;

/// The one result of a kernel.
pub(crate) fn one(value: impl Into<EvalValue>) -> Outcome {
    Ok(vec![value.into()])
}

/// Runs the same code for `f32` or `f64`: whatever holds the floats of an array, or what the options ask for.
macro_rules! with_real {
    ($double:expr, $F:ident => $body:expr) => {
        if $double {
            type $F = f64;
            $body
        } else {
            type $F = f32;
            $body
        }
    };
}
pub(crate) use with_real;

impl<'a> Context<'a> {
    /// All operands of a parameter, where it is bound.
    pub fn values(&self, param: &str) -> Option<&'a [EvalValue]> {
        self.bound.iter().find(|(name, _)| name == param).map(|(_, values)| &values[..])
    }

    /// The operand of a parameter, where it is bound.
    pub fn value(&self, param: &str) -> Option<&'a EvalValue> {
        match self.values(param)? {
            [one] => Some(one),
            _ => None,
        }
    }

    fn wanted(&self, param: &str) -> Result<&'a EvalValue, EvalError> {
        self.value(param).ok_or_else(|| EvalError::Missing(param.into()))
    }

    fn form(&self, param: &str, wanted: &'static str, got: &EvalValue) -> EvalError {
        EvalError::Form { param: param.into(), wanted, got: got.form() }
    }

    /// The array bound to a parameter.
    pub fn array(&self, param: &str) -> Result<&'a Array, EvalError> {
        let value = self.wanted(param)?;
        value.as_array().ok_or_else(|| self.form(param, "an array", value))
    }

    /// The array bound to a parameter, where it is bound.
    pub fn optional(&self, param: &str) -> Result<Option<&'a Array>, EvalError> {
        self.value(param).map(|_| self.array(param)).transpose()
    }

    /// The arrays bound to a variadic parameter.
    pub fn arrays(&self, param: &str) -> Result<Vec<&'a Array>, EvalError> {
        let values = self.values(param).ok_or_else(|| EvalError::Missing(param.into()))?;
        values.iter().map(|value| value.as_array().ok_or_else(|| self.form(param, "arrays", value))).collect()
    }

    /// The list bound to a parameter.
    pub fn list(&self, param: &str) -> Result<&'a List, EvalError> {
        match self.wanted(param)? {
            EvalValue::List(list) => Ok(list),
            other => Err(self.form(param, "a list", other)),
        }
    }

    /// The state bound to a parameter.
    pub fn state(&self, param: &str) -> Result<&'a State, EvalError> {
        match self.wanted(param)? {
            EvalValue::State(state) => Ok(state),
            other => Err(self.form(param, "a state", other)),
        }
    }

    fn default(&self, param: &str) -> Result<DefaultValue, EvalError> {
        let default = self.def.version(self.target).and_then(|version| version.param(param)?.default);
        default.ok_or_else(|| EvalError::Missing(param.into()))
    }

    /// Integers: of an array of any shape, or the default.
    pub fn ints(&self, param: &str) -> Result<Vec<i64>, EvalError> {
        if let Some(array) = self.optional(param)? {
            return array.longs();
        }
        let spatial = || Ok::<usize, EvalError>(self.array("x")?.rank().saturating_sub(2));
        match self.default(param)? {
            DefaultValue::Int(value) => Ok(vec![i64::from(value)]),
            DefaultValue::EachAxis(value) => Ok(vec![i64::from(value); spatial()?]),
            DefaultValue::EachSide(value) => Ok(vec![i64::from(value); 2 * spatial()?]),
            _ => Err(EvalError::Missing(param.into())),
        }
    }

    /// Integers, where the parameter is bound.
    pub fn optional_ints(&self, param: &str) -> Result<Option<Vec<i64>>, EvalError> {
        self.optional(param)?.map(Array::longs).transpose()
    }

    /// Sizes: integers that are not negative.
    pub fn sizes(&self, param: &str) -> Result<Vec<usize>, EvalError> {
        self.ints(param)?
            .into_iter()
            .map(|size| {
                usize::try_from(size).map_err(|_| EvalError::Invalid(format!("{param} is negative: {size}")))
            })
            .collect()
    }

    /// One integer.
    pub fn int(&self, param: &str) -> Result<i64, EvalError> {
        match self.ints(param)?[..] {
            [one] => Ok(one),
            ref many => Err(EvalError::Invalid(format!("{param} has {} elements, not one", many.len()))),
        }
    }

    /// One size.
    pub fn size(&self, param: &str) -> Result<usize, EvalError> {
        let size = self.int(param)?;
        usize::try_from(size).map_err(|_| EvalError::Invalid(format!("{param} is negative: {size}")))
    }

    /// An axis of an array of this rank; negative ones count from the end.
    pub fn axis(&self, param: &str, rank: usize) -> Result<usize, EvalError> {
        axis(self.int(param)?, rank)
    }

    /// One number.
    pub fn float(&self, param: &str) -> Result<f64, EvalError> {
        if let Some(array) = self.optional(param)? {
            return match array.reals::<f64>()?[..] {
                [one] => Ok(one),
                ref many => Err(EvalError::Invalid(format!("{param} has {} elements, not one", many.len()))),
            };
        }
        match self.default(param)? {
            DefaultValue::Int(value) => Ok(f64::from(value)),
            DefaultValue::Float(value) => Ok(value),
            _ => Err(EvalError::Missing(param.into())),
        }
    }

    /// One boolean.
    pub fn bool(&self, param: &str) -> Result<bool, EvalError> {
        if let Some(array) = self.optional(param)? {
            return match array.bools()?[..] {
                [one] => Ok(one),
                ref many => Err(EvalError::Invalid(format!("{param} has {} elements, not one", many.len()))),
            };
        }
        match self.default(param)? {
            DefaultValue::Bool(value) => Ok(value),
            _ => Err(EvalError::Missing(param.into())),
        }
    }

    /// One text.
    pub fn text(&self, param: &str) -> Result<&'a str, EvalError> {
        if let Some(array) = self.optional(param)? {
            return match array.slice::<String>() {
                Some([one]) => Ok(one),
                _ => Err(EvalError::Type { wanted: "a string", got: array.dtype() }),
            };
        }
        match self.default(param)? {
            DefaultValue::Str(value) => Ok(value),
            _ => Err(EvalError::Missing(param.into())),
        }
    }

    /// Floats of a parameter as `F`.
    pub fn reals<F: Real>(&self, param: &str) -> Result<Cow<'a, [F]>, EvalError> {
        self.array(param)?.reals()
    }

    /// Floats of a parameter as `F`, where it is bound.
    pub fn optional_reals<F: Real>(&self, param: &str) -> Result<Option<Cow<'a, [F]>>, EvalError> {
        self.optional(param)?.map(Array::reals).transpose()
    }

    /// Floats are computed in `f64`.
    pub fn is_double(&self) -> bool {
        self.options.precision == Precision::Double
    }

    /// Makes sure that a value of this shape is within the limits; gives its number of elements.
    pub fn room<T: Stored>(&self, shape: &[usize]) -> Result<usize, EvalError> {
        let limit = self.options.limits.value_bytes;
        elements(shape)
            .filter(|&n| n.checked_mul(size_of::<T>()).is_some_and(|bytes| bytes <= limit))
            .ok_or_else(|| EvalError::TooLarge { shape: shape.to_vec(), limit })
    }

    /// An empty vector with room for a value of this shape.
    pub fn vec<T: Stored>(&self, shape: &[usize]) -> Result<Vec<T>, EvalError> {
        let len = self.room::<T>(shape)?;
        let mut values = Vec::new();
        values.try_reserve_exact(len).map_err(|_| EvalError::OutOfMemory(len * size_of::<T>()))?;
        Ok(values)
    }

    /// A vector for a value of this shape, filled with zeros, `false` or empty texts.
    pub fn zeros<T: Stored>(&self, shape: &[usize]) -> Result<Vec<T>, EvalError> {
        let len = self.room::<T>(shape)?;
        let mut values = self.vec(shape)?;
        values.resize(len, T::default());
        Ok(values)
    }

    /// The element type that the program declares for a result, else that of an array, else `fp32`.
    pub fn result_dtype(&self, result: usize, like: Option<&Array>) -> DType {
        let declared = self.results.get(result).and_then(Type::dtype);
        declared.or(like.map(Array::dtype)).unwrap_or(DType::Fp32)
    }

    /// An array of integers that indices and positions are given in, in the element type that the program
    /// declares for that result, else in `int32`.
    pub fn index_array(&self, result: usize, shape: &[usize], values: Vec<i32>) -> Result<Array, EvalError> {
        let declared = self.results.get(result).and_then(Type::dtype);
        let dtype = declared.filter(|dtype| {
            dtype.is_int() && Array::new(*dtype, &[0], Data::Int(Default::default())).is_ok()
        });
        Ok(Array::new(dtype.unwrap_or(DType::Int32), shape, i32::pack(values))?.settle())
    }
}

/// An axis of an array of this rank; negative ones count from the end.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize, EvalError> {
    mil_tensor::place(axis, rank)
        .ok_or_else(|| EvalError::Invalid(format!("axis {axis} of an array of rank {rank}")))
}

/// Axes, each once, in increasing order.
pub(crate) fn axes(list: &[i64], rank: usize) -> Result<Vec<usize>, EvalError> {
    let mut found = list.iter().map(|&one| axis(one, rank)).collect::<Result<Vec<_>, _>>()?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
