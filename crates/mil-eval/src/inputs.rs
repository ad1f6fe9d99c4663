//! Random inputs for a function.

use std::collections::BTreeSet;

use mil_ir::{Dim, FeatureKind, Flexibility, FunctionInterface, Graph, OpId, Type, ValueId};
use mil_ops::eval::{Array, EvalError, Stored};
use mil_tensor::DType;
use mil_tensor::random::Stream;

use crate::interface::Inputs;

/// What kind of numbers to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// Floats normally distributed around 0. Integers small and large ones.
    Normal,
    /// Negative floats and integers.
    Negative,
    /// Zeros, of floats both.
    Zero,
    /// Numbers near the largest of the element type; of `fp32` with room for a few factors, as no model comes
    /// near it.
    Huge,
    /// Floats below the smallest normal number of the element type. Small integers.
    Denormal,
    /// What masks are made of, input by input: zeros and ones, or zeros and numbers far below 0.
    Mask,
}

impl Flavour {
    /// All of them.
    pub const ALL: [Flavour; 6] =
        [Flavour::Normal, Flavour::Negative, Flavour::Zero, Flavour::Huge, Flavour::Denormal, Flavour::Mask];
}

/// Random inputs for the outermost block of a graph. What an input gets depends on its name and the seed, not
/// on the inputs beside it.
///
/// Flexible dimensions get the interface's default shape, else its lower bound, else 1. Integers that a
/// program uses as indices or sizes are small, and inside the table of a `gather` that they index; others may
/// be of any size, so that arithmetic on them in a narrow float shows.
///
/// # Errors
///
/// If an input is no tensor, or larger than a gigabyte.
pub fn random_inputs(
    graph: &Graph,
    interface: Option<&FunctionInterface>,
    flavour: Flavour,
    seed: u64,
) -> Result<Inputs, EvalError> {
    let mut inputs = Inputs::new();
    for &value in graph.root().inputs() {
        let (name, ty) = (graph.value(value).name(), graph.value(value).ty());
        if ty.as_state().is_some() {
            continue;
        }
        let shape = shape(ty, name, interface)
            .ok_or_else(|| EvalError::Unsupported(format!("random values for input {name} of type {ty}")))?;
        let len = shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size)).filter(|&n| n <= 1 << 28);
        let len = len.ok_or_else(|| EvalError::Unsupported(format!("random values of shape {shape:?}")))?;
        let dtype = ty.dtype().unwrap_or(DType::Fp32);
        let mut source = Source { stream: Stream::named(seed, name), flavour, dtype, far: None };
        let array = match dtype {
            DType::String => return Err(EvalError::Unsupported(format!("random text for input {name}"))),
            float if float.is_float() => {
                let values: Vec<f32> = (0..len).map(|_| source.float()).collect();
                let data = if dtype == DType::Fp64 {
                    f64::pack(values.into_iter().map(f64::from).collect())
                } else {
                    f32::pack(values)
                };
                Array::new(dtype, &shape, data)?.settle()
            }
            _ => {
                let values: Vec<i64> = match index_bound(graph, value) {
                    Some(bound) => (0..len).map(|_| source.below(bound)).collect(),
                    None => (0..len).map(|_| source.integer()).collect(),
                };
                let wide = Array::from_vec(&shape, values)?;
                crate::interface::converted(&wide, dtype, false)?
            }
        };
        inputs.insert(name.clone(), array);
    }
    Ok(inputs)
}

/// Integers that are indices or sizes of something unknown are below this.
const SMALL: u64 = 4;

/// Parameters by which an op finds, sizes or counts something: a number beyond the bounds is an error, or
/// takes all memory.
const STRUCTURAL: &[&str] = &[
    "axes",
    "axis",
    "begin",
    "end",
    "index",
    "indices",
    "k",
    "lengths",
    "loop_vars",
    "pad",
    "reps",
    "seq_lengths",
    "shape",
    "size",
    "start",
    "step",
    "stride",
];

/// Ops whose results stay within bounds whatever their operands are.
const BOUNDING: &[&str] =
    &["argsort", "non_maximum_suppression", "non_zero", "reduce_argmax", "reduce_argmin", "shape", "topk"];

/// One more than the largest index that the program's uses of this value allow; `None` where any number will
/// do.
fn index_bound(graph: &Graph, value: ValueId) -> Option<u64> {
    let mut bound = None;
    let mut least = |size: u64| bound = Some(bound.map_or(size, |known: u64| known.min(size)));
    let mut seen = BTreeSet::from([value]);
    let mut work = vec![value];
    while let Some(reached) = work.pop() {
        for found in graph.uses(reached) {
            let op = graph.op(found.op);
            // In a loop, anything may count its rounds.
            if STRUCTURAL.contains(&&*found.param) || op.block() != Graph::ROOT {
                let table = (reached == value).then(|| table(graph, found.op, &found.param)).flatten();
                least(table.unwrap_or(SMALL).max(1));
            }
            if !BOUNDING.contains(&op.kind().as_str()) {
                work.extend(op.results().iter().copied().filter(|&result| {
                    graph.value(result).ty().dtype() != Some(DType::Bool) && seen.insert(result)
                }));
            }
        }
    }
    bound
}

/// The size of the axis that the indices of a `gather` go along.
fn table(graph: &Graph, op: OpId, param: &str) -> Option<u64> {
    let gathers = matches!(&**graph.op(op).kind(), "gather" | "gather_along_axis") && param == "indices";
    let dims = gathers.then(|| graph.param_type(op, "x")?.dims())??;
    let axis = graph.constant(op, "axis").and_then(|axis| axis.item_i64()).unwrap_or(0);
    dims.get(mil_tensor::place(axis, dims.len())?)?.fixed()
}

/// A shape that the input may have.
fn shape(ty: &Type, name: &str, interface: Option<&FunctionInterface>) -> Option<Vec<usize>> {
    let dims = ty.dims()?;
    let kind = interface.and_then(|found| found.find(name)?.kind.as_ref());
    let fits = |shape: &[usize]| {
        shape.len() == dims.len()
            && dims.iter().zip(shape).all(|(dim, &size)| dim.fixed().is_none_or(|dim| dim == size as u64))
    };
    let sizes =
        |list: &[i64]| list.iter().map(|&size| usize::try_from(size).ok()).collect::<Option<Vec<_>>>();
    let mut candidates = Vec::new();
    if let Some(FeatureKind::Image(image)) = kind
        && let [rows @ .., _, _] = dims
    {
        // Height and width come last.
        let outer = rows.iter().map(|dim| dim.fixed().map_or(1, |size| size as usize));
        let inner = [image.height, image.width].map(|size| usize::try_from(size).unwrap_or_default());
        candidates.push(outer.chain(inner).collect());
    }
    if let Some(FeatureKind::Array(array)) = kind {
        candidates.extend(sizes(&array.shape));
        match &array.flexibility {
            Some(Flexibility::Enumerated(shapes)) => {
                candidates.extend(shapes.iter().filter_map(|s| sizes(s)))
            }
            Some(Flexibility::Ranges(ranges)) => {
                candidates.extend(
                    ranges
                        .iter()
                        .map(|range| usize::try_from(range.lower.max(1)).ok())
                        .collect::<Option<Vec<_>>>(),
                );
            }
            None => {}
        }
    }
    candidates.push(dims.iter().map(|dim| dim.fixed().map_or(1, |size| size as usize)).collect());
    let variadic = dims.iter().any(|dim| matches!(dim, Dim::Unknown { variadic: true }));
    candidates.into_iter().find(|shape| fits(shape)).filter(|_| !variadic)
}

/// The numbers of one input.
struct Source {
    stream: Stream,
    flavour: Flavour,
    dtype: DType,
    /// Of a mask: what stands where something is masked.
    far: Option<f64>,
}

impl Source {
    /// The sum of twelve uniform numbers is nearly normal.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.stream.unit()).sum::<f64>() - 6.0
    }

    fn float(&mut self) -> f32 {
        let (huge, least, far): (f64, f64, f64) = match self.dtype {
            DType::Fp16 => (65504.0, 6.2e-5, -1e4),
            _ => (1e32, f64::from(f32::MIN_POSITIVE), -1e9),
        };
        let value = match self.flavour {
            Flavour::Normal => self.normal(),
            Flavour::Negative => -self.normal().abs(),
            Flavour::Zero => return if self.stream.chance(50) { 0.0 } else { -0.0 },
            Flavour::Huge => huge * (2.0 * self.stream.unit() - 1.0),
            Flavour::Denormal => least * (2.0 * self.stream.unit() - 1.0),
            Flavour::Mask => {
                let one = *self.far.get_or_insert(if self.stream.chance(50) { 1.0 } else { far });
                if self.stream.chance(50) { one } else { 0.0 }
            }
        };
        value as f32
    }

    fn below(&mut self, bound: u64) -> i64 {
        (self.stream.bits() % bound) as i64
    }

    /// Of few digits or of many, up to 17 bits.
    fn large(&mut self) -> i64 {
        let bits = self.stream.pick(&[3, 8, 12, 17]);
        self.below(1 << bits)
    }

    /// An integer that is neither index nor size: now and then beyond 2,048, where `fp16` counts in twos, and
    /// beyond 65,504, where it ends.
    fn integer(&mut self) -> i64 {
        match self.flavour {
            Flavour::Normal if self.stream.chance(50) => self.below(SMALL),
            Flavour::Normal => self.large(),
            Flavour::Negative => -self.large(),
            Flavour::Zero => 0,
            Flavour::Huge => self.below(1 << 32) - (1 << 31),
            Flavour::Denormal => self.below(SMALL),
            Flavour::Mask => self.below(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use mil_ir::{At, NewOp};

    use super::*;

    /// `y = kind(x = x)` or a `gather` with `x` for its indices.
    fn program(gathers: bool) -> Graph {
        let ints = Type::fixed(DType::Int32, &[64]);
        let mut graph =
            Graph::new(vec![("i".into(), ints.clone()), ("t".into(), Type::fixed(DType::Fp32, &[9]))]);
        let [i, t] = [0, 1].map(|at: usize| graph.root().inputs()[at]);
        let new = match gathers {
            true => NewOp::new("gather")
                .with("x", t)
                .with("indices", i)
                .result("y", Type::fixed(DType::Fp32, &[64])),
            false => NewOp::new("abs").with("x", i).result("y", ints),
        };
        let op = graph.insert(new, At::End(Graph::ROOT));
        let y = graph.op(op).results()[0];
        graph.set_outputs(Graph::ROOT, [y]);
        graph
    }

    #[test]
    fn indices_stay_inside_and_other_integers_grow() {
        for flavour in Flavour::ALL {
            let inputs = random_inputs(&program(true), None, flavour, 1).unwrap();
            assert!(inputs["i"].longs().unwrap().iter().all(|index| (0..9).contains(index)), "{flavour:?}");
        }
        let numbers = random_inputs(&program(false), None, Flavour::Normal, 1).unwrap()["i"].longs().unwrap();
        assert!(numbers.iter().any(|&x| x > 65_504) && numbers.iter().any(|&x| x < 4));
    }

    #[test]
    fn numbers_belong_to_names() {
        let (one, two) = (program(true), program(false));
        let draw = |graph| random_inputs(graph, None, Flavour::Normal, 1).unwrap()["t"].clone();
        assert_eq!(draw(&one), draw(&two));
    }
}
