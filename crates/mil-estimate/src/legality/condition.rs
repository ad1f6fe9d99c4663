//! When a row of a table holds for an op.

use std::str::FromStr;

use mil_tensor::DType;

use crate::facts::{OpFacts, TensorFacts};

/// Which ops a rule speaks of: `*`, `!cast`, `conv,linear`.
#[derive(Clone, Debug)]
pub(crate) enum Ops {
    All,
    Only(Vec<&'static str>),
    Not(Vec<&'static str>),
}

/// A bound on a generation or on a version: `*`, `<26`, `<=14`, `>=16`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bound {
    low: u32,
    high: u32,
}

/// A condition of a rule.
///
/// | text | holds if |
/// |---|---|
/// | `always` | |
/// | `inner` | the op stands in a block of a loop or a branch |
/// | `any:T,U` | a result, or an operand that is not constant, has this element type |
/// | `in:x=T`, `in:*=T` | so has an operand that is not constant |
/// | `out:T` | so has a result |
/// | `type:x=T` | so has the operand, constant or not |
/// | `const:x`, `dynamic:x` | the operand is there and constant, or not |
/// | `rank>5` | a tensor has more axes |
/// | `unranked` | not even the rank of a tensor is known |
/// | `dim:DHW>16384` | a size along one of these axes of a tensor is larger |
/// | `sides:HW>5567` | the sizes along all of these axes of one tensor are larger |
/// | `kernel:W>15`, `kernel:W=16`, `kernel:W!=32` | the kernel is wider; is as wide; is not (`H`: high) |
/// | `stride>8` | a step along any axis is larger |
/// | `batch>1` | the first axis of the first operand is larger |
/// | `middle>16384` | the second of the three axes of a tensor is larger |
/// | `mode:reflect` | the op's mode is this one |
/// | `contraction>32768` | a matrix product sums over more elements |
/// | `per_block:x` | the operand is a weight whose scales vary within a channel |
/// | `groups>1023` | a convolution has more groups |
/// | `depthwise` | a convolution has a filter of one channel for each group |
/// | `whole_sequence` | an attention has as many queries as keys, and more than one |
/// | `dilated_width>16384` | a convolution that is dilated along the width widens its tensor to more: to twice its width and 2 |
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    Always,
    Inner,
    Any(Vec<DType>),
    In(Option<&'static str>, Vec<DType>),
    Out(Vec<DType>),
    Type(&'static str, Vec<DType>),
    Const(&'static str),
    Dynamic(&'static str),
    Rank(u64),
    Unranked,
    Dim(&'static str, u64),
    Sides(&'static str, u64),
    Kernel { wide: bool, is: Compare, size: u64 },
    Stride(u64),
    Batch(u64),
    Middle(u64),
    Mode(&'static str),
    Contraction(u64),
    PerBlock(&'static str),
    Groups(u64),
    DilatedWidth(u64),
    Depthwise,
    WholeSequence,
}

/// How a size is held against a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Compare {
    More,
    Equal,
    Unequal,
}

/// What made a condition hold, for the message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) dtype: Option<DType>,
    pub(crate) value: Option<u64>,
    pub(crate) dims: Option<Vec<u64>>,
}

impl Ops {
    pub(crate) fn parse(text: &'static str) -> Ops {
        match text.strip_prefix('!') {
            _ if text == "*" => Ops::All,
            Some(rest) => Ops::Not(rest.split(',').collect()),
            None => Ops::Only(text.split(',').collect()),
        }
    }

    /// The rule speaks of an op of this type.
    pub(crate) fn name(&self, kind: &str) -> bool {
        match self {
            Ops::All => true,
            Ops::Only(ops) => ops.contains(&kind),
            Ops::Not(ops) => !ops.contains(&kind),
        }
    }
}

impl Bound {
    pub(crate) fn holds(self, number: u32) -> bool {
        (self.low..=self.high).contains(&number)
    }
}

impl FromStr for Bound {
    type Err = String;
    fn from_str(text: &str) -> Result<Bound, String> {
        let number = |text: &str| text.parse::<u32>().map_err(|_| format!("bound {text:?}"));
        Ok(if text == "*" {
            Bound { low: 0, high: u32::MAX }
        } else if let Some(high) = text.strip_prefix("<=") {
            Bound { low: 0, high: number(high)? }
        } else if let Some(high) = text.strip_prefix('<') {
            Bound { low: 0, high: number(high)?.saturating_sub(1) }
        } else if let Some(low) = text.strip_prefix(">=") {
            Bound { low: number(low)?, high: u32::MAX }
        } else {
            return Err(format!("bound {text:?}"));
        })
    }
}

impl Condition {
    pub(crate) fn parse(text: &'static str) -> Result<Condition, String> {
        let fault = || format!("condition {text:?}");
        let number = |text: &str| text.parse::<u64>().map_err(|_| fault());
        let types = |text: &str| {
            text.split(',')
                .map(|name| DType::from_name(name).ok_or_else(fault))
                .collect::<Result<Vec<_>, _>>()
        };
        let (key, rest) = text.split_once([':', '>']).unwrap_or((text, ""));
        Ok(match key {
            "always" => Condition::Always,
            "inner" => Condition::Inner,
            "unranked" => Condition::Unranked,
            "any" => Condition::Any(types(rest)?),
            "out" => Condition::Out(types(rest)?),
            "in" | "type" => {
                let (param, list) = rest.split_once('=').ok_or_else(fault)?;
                match (key, param) {
                    ("in", "*") => Condition::In(None, types(list)?),
                    ("in", _) => Condition::In(Some(param), types(list)?),
                    _ => Condition::Type(param, types(list)?),
                }
            }
            "const" => Condition::Const(rest),
            "dynamic" => Condition::Dynamic(rest),
            "per_block" => Condition::PerBlock(rest),
            "rank" => Condition::Rank(number(rest)?),
            "stride" => Condition::Stride(number(rest)?),
            "batch" => Condition::Batch(number(rest)?),
            "middle" => Condition::Middle(number(rest)?),
            "mode" if !rest.is_empty() => Condition::Mode(rest),
            "contraction" => Condition::Contraction(number(rest)?),
            "groups" => Condition::Groups(number(rest)?),
            "dilated_width" => Condition::DilatedWidth(number(rest)?),
            "depthwise" => Condition::Depthwise,
            "whole_sequence" => Condition::WholeSequence,
            "dim" | "sides" => {
                let (names, limit) = rest.split_once('>').ok_or_else(fault)?;
                if key == "dim" {
                    Condition::Dim(names, number(limit)?)
                } else {
                    Condition::Sides(names, number(limit)?)
                }
            }
            "kernel" => {
                let wide = match rest.get(..1) {
                    Some("W") => true,
                    Some("H") => false,
                    _ => return Err(fault()),
                };
                let spelled = [(">", Compare::More), ("=", Compare::Equal), ("!=", Compare::Unequal)];
                let (size, is) = spelled
                    .iter()
                    .find_map(|(sign, is)| Some((rest[1..].strip_prefix(sign)?, *is)))
                    .ok_or_else(fault)?;
                Condition::Kernel { wide, is, size: number(size)? }
            }
            _ => return Err(fault()),
        })
    }

    pub(crate) fn holds(&self, op: &OpFacts) -> Option<Found> {
        let plain = |holds: bool| holds.then(Found::default);
        let of = |tensor: &TensorFacts, types: &[DType]| {
            let dtype = tensor.dtype.filter(|dtype| types.contains(dtype))?;
            Some(Found { dtype: Some(dtype), ..Found::default() })
        };
        let tensors = || op.dynamic().map(|operand| &operand.tensor).chain(&op.results);
        let value = |value: u64| Found { value: Some(value), ..Found::default() };
        match self {
            Condition::Always => plain(true),
            Condition::Inner => plain(op.inner),
            Condition::Any(types) => tensors().find_map(|tensor| of(tensor, types)),
            Condition::In(None, types) => op.dynamic().find_map(|operand| of(&operand.tensor, types)),
            Condition::In(Some(param), types) => op
                .operand(param)
                .filter(|operand| !operand.constant)
                .and_then(|operand| of(&operand.tensor, types)),
            Condition::Out(types) => op.results.iter().find_map(|tensor| of(tensor, types)),
            Condition::Type(param, types) => op.operand(param).and_then(|operand| of(&operand.tensor, types)),
            Condition::Const(param) => plain(op.operand(param).is_some_and(|operand| operand.constant)),
            Condition::Dynamic(param) => plain(op.operand(param).is_some_and(|operand| !operand.constant)),
            Condition::Rank(limit) => {
                tensors().map(|tensor| tensor.dims().len() as u64).find(|rank| rank > limit).map(value)
            }
            Condition::Stride(limit) => {
                let strides = op.ints("strides").iter().filter_map(|&stride| u64::try_from(stride).ok());
                strides.max().filter(|stride| stride > limit).map(value)
            }
            Condition::Batch(limit) => {
                let first = op.operands.first()?.tensor.dims().first().copied();
                first.filter(|batch| batch > limit).map(value)
            }
            Condition::Middle(limit) => tensors().find_map(|tensor| match *tensor.dims() {
                [_, middle, _] if middle > *limit => Some(value(middle)),
                _ => None,
            }),
            Condition::Mode(mode) => plain(op.text("mode") == Some(*mode)),
            Condition::Unranked => {
                plain(tensors().any(|tensor| tensor.dtype.is_some() && tensor.dims.is_none()))
            }
            Condition::Dim(names, limit) => tensors()
                .find(|tensor| {
                    axes(tensor.dims()).iter().any(|(axis, size)| names.contains(*axis) && size > limit)
                })
                .map(|tensor| Found { dims: tensor.dims.clone(), ..Found::default() }),
            Condition::Sides(names, limit) => tensors()
                .find(|tensor| {
                    let named = axes(tensor.dims()).into_iter().filter(|(axis, _)| names.contains(*axis));
                    named.into_iter().all(|(_, size)| size > *limit)
                })
                .map(|tensor| Found { dims: tensor.dims.clone(), ..Found::default() }),
            Condition::Kernel { wide, is, size: wanted } => {
                let kernel = op.kernel();
                let size = match (&kernel[..], wide) {
                    ([.., width], true) => *width,
                    ([.., height, _], false) => *height,
                    ([_], false) => 1,
                    _ => return None,
                };
                let holds = match is {
                    Compare::More => size > *wanted,
                    Compare::Equal => size == *wanted,
                    Compare::Unequal => size != *wanted,
                };
                holds.then(|| value(size))
            }
            Condition::Contraction(limit) => {
                let x = &op.operand("x")?.tensor;
                let last = if op.flag("transpose_x") { 2 } else { 1 };
                let size = x.dims().len().checked_sub(last).and_then(|axis| x.dims().get(axis))?;
                // The planner's message tells bytes, which it calls kB.
                let bytes = x.dtype.and_then(DType::bits).unwrap_or(16) as u64 / 8;
                (size > limit).then(|| value(size.saturating_mul(bytes)))
            }
            Condition::PerBlock(param) => plain(op.operand(param).is_some_and(|operand| operand.per_block)),
            Condition::Groups(limit) => {
                let groups = u64::try_from(*op.ints("groups").first()?).ok()?;
                (groups > *limit).then(|| value(groups))
            }
            Condition::DilatedWidth(limit) => {
                let dilated = op.ints("dilations").last().is_some_and(|&dilation| dilation > 1);
                let width = op.operand("x")?.tensor.dims().last()?.saturating_mul(2).saturating_add(2);
                (dilated && width > *limit).then(|| value(width))
            }
            Condition::Depthwise => {
                let weight = &op.operand("weight")?.tensor;
                let groups = u64::try_from(*op.ints("groups").first()?).ok()?;
                plain(groups > 1 && matches!(*weight.dims(), [filters, 1, ..] if filters >= groups))
            }
            Condition::WholeSequence => {
                let length = |param: &str| {
                    let dims = op.operand(param)?.tensor.dims();
                    dims.len().checked_sub(2).map(|axis| dims[axis])
                };
                plain(length("query")? > 1 && length("query") == length("key"))
            }
        }
    }
}

/// Sizes by the names that the Neural Engine has for axes. Which axes a rank below 4 has is a guess that fits
/// all plans seen.
pub(crate) fn axes(dims: &[u64]) -> [(char, u64); 5] {
    let (n, d, c, h, w) = match *dims {
        [] => (1, 1, 1, 1, 1),
        [c] => (1, 1, c, 1, 1),
        [n, c] => (n, 1, c, 1, 1),
        [n, c, w] => (n, 1, c, 1, w),
        [n, c, h, w] => (n, 1, c, h, w),
        [n, c, d, h, w, ..] => (n, d, c, h, w),
    };
    [('N', n), ('D', d), ('C', c), ('H', h), ('W', w)]
}
