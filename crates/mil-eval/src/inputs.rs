//! Random inputs for a function.

use mil_ir::{Dim, Flexibility, FunctionInterface, Graph, Type, ValueId};
use mil_ops::eval::{Array, EvalError, Stored};
use mil_tensor::DType;

use crate::interface::Inputs;

/// What kind of numbers to draw for floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// Normally distributed around 0.
    Normal,
    /// As `Normal`, and negative.
    Negative,
    /// Zeros of both signs.
    Zero,
    /// Near the largest finite number of the element type.
    Huge,
    /// Below the smallest normal number of the element type.
    Denormal,
}

impl Flavour {
    /// All of them.
    pub const ALL: [Flavour; 5] =
        [Flavour::Normal, Flavour::Negative, Flavour::Zero, Flavour::Huge, Flavour::Denormal];
}

/// Integers below this are drawn: plausible as indices of most tables.
const SMALL: u64 = 4;

/// Random inputs for the outermost block of a graph, the same for the same seed.
///
/// Flexible dimensions get the interface's default shape, else its lower bound, else 1. Integers that are used as indices of a
/// `gather` with a known axis stay inside it; others are small.
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
    let mut source = Source(seed ^ 0x5DEE_CE66_D1CE_5EED);
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
        let array = match dtype {
            DType::String => return Err(EvalError::Unsupported(format!("random text for input {name}"))),
            float if float.is_float() => {
                let values: Vec<f32> = (0..len).map(|_| source.float(flavour, dtype)).collect();
                let data = if dtype == DType::Fp64 {
                    f64::pack(values.into_iter().map(f64::from).collect())
                } else {
                    f32::pack(values)
                };
                Array::new(dtype, &shape, data)?.settle()
            }
            _ => {
                let below = bound(graph, value).unwrap_or(SMALL);
                let values: Vec<i64> = (0..len).map(|_| (source.bits() % below.max(1)) as i64).collect();
                let wide = Array::from_vec(&shape, values)?;
                crate::interface::converted(&wide, dtype, false)?
            }
        };
        inputs.insert(name.clone(), array);
    }
    Ok(inputs)
}

/// One more than the largest index that a `gather` of this value allows.
fn bound(graph: &Graph, value: ValueId) -> Option<u64> {
    let sizes = graph.uses(value).filter_map(|found| {
        let op = graph.op(found.op);
        let gathers = matches!(&**op.kind(), "gather" | "gather_along_axis") && &*found.param == "indices";
        let dims = gathers.then(|| graph.param_type(found.op, "x")?.dims())??;
        let axis = graph.constant(found.op, "axis").and_then(|axis| axis.item_i64()).unwrap_or(0);
        dims.get(mil_tensor::place(axis, dims.len())?)?.fixed()
    });
    sizes.min()
}

/// A shape that the input may have.
fn shape(ty: &Type, name: &str, interface: Option<&FunctionInterface>) -> Option<Vec<usize>> {
    let dims = ty.dims()?;
    let array = interface.and_then(|found| match &found.find(name)?.kind {
        Some(mil_ir::FeatureKind::Array(array)) => Some(array),
        _ => None,
    });
    let fits = |shape: &[usize]| {
        shape.len() == dims.len()
            && dims.iter().zip(shape).all(|(dim, &size)| dim.fixed().is_none_or(|dim| dim == size as u64))
    };
    let sizes =
        |list: &[i64]| list.iter().map(|&size| usize::try_from(size).ok()).collect::<Option<Vec<_>>>();
    let mut candidates = Vec::new();
    if let Some(array) = array {
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

/// SplitMix64.
struct Source(u64);

impl Source {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The sum of twelve uniform numbers is nearly normal.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    fn float(&mut self, flavour: Flavour, dtype: DType) -> f32 {
        let (largest, least): (f64, f64) = match dtype {
            DType::Fp16 => (65504.0, 6.2e-5),
            _ => (f64::from(f32::MAX), f64::from(f32::MIN_POSITIVE)),
        };
        let value = match flavour {
            Flavour::Normal => self.normal(),
            Flavour::Negative => -self.normal().abs(),
            Flavour::Zero => return if self.bits() & 1 == 0 { 0.0 } else { -0.0 },
            Flavour::Huge => largest * (2.0 * self.unit() - 1.0),
            Flavour::Denormal => least * (2.0 * self.unit() - 1.0),
        };
        value as f32
    }
}
