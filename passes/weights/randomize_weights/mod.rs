mod source;

use std::collections::HashMap;
use std::sync::Arc;

use mil_ir::{Graph, Literal, LiteralData, Name, OpId, Program};
use mil_ops::{Trait, is_known};
use mil_pass::{Alias, Pass, PassCx, PassError, pass};
use mil_tensor::random::Stream;
use mil_tensor::{Blob, DType, Fingerprint, Tensor, TensorError};
use source::RandomSource;

pass! {
    /// Puts random numbers in the place of weights, so that a model can be shown without them.
    ///
    /// Types, shapes and sizes stay, and so does what is compressed. Floats are drawn between the powers of
    /// two around the least and the largest number that there was, integers of at most 8 bits between these:
    /// no variance becomes negative, no index leaves its table, fp16 does not overflow. Masks of sparse
    /// weights stay, as do other integers and constants of few elements: they are structure. Equal weights
    /// become equal ones. What is drawn follows from the seed, the names and these bounds, which are among
    /// it.
    ///
    /// coremltools draws floats between 0 and 1, and makes zeros of integers.
    ///
    /// # Before
    /// ```mil
    /// // options: {min_elements=2}
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> w = const()[name = string("w"), val = tensor<fp32, [2]>([0x1.8p+0, 0x1p-1])];
    ///     tensor<fp32, [2]> y = mul(x = x, y = w)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> w = const()[name = string("w"), val = tensor<fp32, [2]>([0x1p-1, 0x1p+1])];
    ///     tensor<fp32, [2]> y = mul(x = x, y = w)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct RandomizeWeights {
        /// Where random numbers start.
        pub seed: i64 = 0,
        /// Elements below which a constant stays; what has fewer than 10 does not go to the weight file.
        pub min_elements: usize = 10,
    }
    id: "randomize_weights",
    numerics: Lossy { min_snr_db: f64::NEG_INFINITY },
    scope: Program,
    aliases: [Alias::plain("common::WeightRandomizer")],
    statistics: [
        randomized: "weights randomized, each function's counted",
        kept: "weights left alone: drawn from this seed already, or of nothing but zeros, infinities and NaN",
    ],
}

/// Parameters of `constexpr_*` ops that say where elements are, not what they are.
const STRUCTURE: &[&str] = &["mask", "data_mask", "indices_mask", "shape"];

impl Pass for RandomizeWeights {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let mut known: HashMap<Fingerprint, Option<Tensor>> = HashMap::new();
        cx.each_graph(program, |graph, cx| {
            let ops: Vec<OpId> = graph.walk().filter(|&op| is_known(graph, op)).collect();
            for op in ops {
                cx.check_cancelled()?;
                for place in self.places(graph, op) {
                    let Some(literal) = place.literal(graph, op) else { continue };
                    let Some(tensor) = literal.as_tensor().cloned() else { continue };
                    let fault = |source| PassError::Tensor { op: graph.label(op).clone(), source };
                    let key = tensor.fingerprint().map_err(fault)?;
                    let random = match known.get(&key) {
                        Some(random) => random.clone(),
                        None => {
                            let label = format!("{}.{}", graph.label(op), place.name());
                            let packed = place.packed_bits(graph, op, &tensor);
                            let random = self.random(&label, &tensor, packed).map_err(fault)?;
                            known.insert(key, random.clone());
                            random
                        }
                    };
                    let Some(random) = random else {
                        cx.count("kept", 1);
                        continue;
                    };
                    if !cx.spend() {
                        return Ok(());
                    }
                    let literal = Literal { data: LiteralData::Tensor(random), ..literal.clone() };
                    place.put(graph, op, literal);
                    cx.count("randomized", 1);
                }
            }
            Ok(())
        })
    }
}

/// Where a tensor stands in an op.
enum Place {
    Attribute(Name),
    Operand(Name, usize),
}

impl Place {
    fn name(&self) -> &Name {
        match self {
            Place::Attribute(name) | Place::Operand(name, _) => name,
        }
    }

    fn literal<'g>(&self, graph: &'g Graph, op: OpId) -> Option<&'g Literal> {
        match self {
            Place::Attribute(key) => graph.op(op).attributes().get(key),
            Place::Operand(param, at) => graph.op(op).argument(param)?.get(*at)?.literal(),
        }
    }

    fn put(self, graph: &mut Graph, op: OpId, literal: Literal) {
        match self {
            Place::Attribute(key) => graph.set_attribute(op, key, Some(literal)),
            Place::Operand(param, at) => graph.set_operand(op, &param, at, literal),
        }
    }

    /// How many bits the packed indices of iOS16 have, which are bytes: the last one may have more. `None`
    /// for any other tensor.
    fn packed_bits(&self, graph: &Graph, op: OpId, tensor: &Tensor) -> Option<u64> {
        if !matches!(self, Place::Attribute(key) if **key == *"indices") {
            return None;
        }
        let all = tensor.byte_len()? as u64 * 8;
        let shape = graph.constant(op, "shape")?.to_i64s().ok()?;
        let elements = shape.iter().try_fold(1_u64, |n, &size| n.checked_mul(u64::try_from(size).ok()?))?;
        let entries = graph.constant(op, "lut")?.len();
        elements.checked_mul(u64::from(entries.max(2).ilog2())).map(|bits| bits.min(all))
    }
}

impl RandomizeWeights {
    /// The weights in an op.
    fn places(&self, graph: &Graph, op: OpId) -> Vec<Place> {
        let found = graph.op(op);
        let is_weight = |literal: &Literal| {
            literal.as_tensor().is_some_and(|tensor| {
                let dtype = tensor.dtype();
                let is_small = dtype.is_int() && dtype.bits().is_some_and(|bits| bits <= 8);
                tensor.len() >= self.min_elements && (dtype.is_float() || is_small)
            })
        };
        let is_structure = |param: &str| STRUCTURE.contains(&param);
        if found.kind() == "const" {
            let result = found.result();
            let is_mask = result.is_some_and(|value| graph.uses(value).any(|used| is_structure(&used.param)));
            let value = found.attributes().get("val").filter(|literal| is_weight(literal) && !is_mask);
            return value.map(|_| Place::Attribute("val".into())).into_iter().collect();
        }
        let is_compressed = mil_ops::def(found.kind()).is_some_and(|def| def.is(Trait::Constexpr));
        let attributes = found
            .attributes()
            .iter()
            .filter(|(key, literal)| is_compressed && !is_structure(key) && is_weight(literal));
        let attributes = attributes.map(|(key, _)| Place::Attribute(key.clone()));
        let operands = found.arguments().flat_map(|(param, argument)| {
            let literals = argument.iter().enumerate();
            let weights = literals.filter(|(_, operand)| operand.literal().is_some_and(is_weight));
            weights.filter(|_| !is_structure(param)).map(|(at, _)| Place::Operand(param.clone(), at))
        });
        attributes.chain(operands).collect()
    }

    /// Random numbers in the form of a tensor; `None` where it has none to take the place of.
    fn random(
        &self,
        label: &str,
        tensor: &Tensor,
        packed: Option<u64>,
    ) -> Result<Option<Tensor>, TensorError> {
        let dtype = tensor.dtype();
        let bounds = match packed {
            Some(_) => Some((0.0, 255.0)),
            None => bounds(tensor)?,
        };
        let (Some((low, high)), Some(bits), Some(bytes)) = (bounds, dtype.bits(), tensor.byte_len()) else {
            return Ok(None);
        };
        let seed = Stream::named(self.seed as u64, label).bits();
        let (bits, bytes) = (bits as u32, bytes as u64);
        let used_bits = packed.unwrap_or(tensor.len() as u64 * u64::from(bits));
        let elements = tensor.len() as u64;
        let source = RandomSource { seed, dtype, bits, low, high, elements, bytes, used_bits };
        let blob = Blob { source: Arc::new(source), range: 0..bytes };
        let random = Tensor::from_blob(dtype, tensor.shape(), blob)?;
        // What was drawn from this seed before stays.
        Ok((random.fingerprint()? != tensor.fingerprint()?).then_some(random))
    }
}

/// The bounds of what is drawn in the place of a tensor's elements: of floats the powers of two around them.
fn bounds(tensor: &Tensor) -> Result<Option<(f64, f64)>, TensorError> {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    tensor.for_each_f64_chunk(|values| {
        for &value in values.iter().filter(|value| value.is_finite()) {
            (least, most) = (least.min(value), most.max(value));
        }
    })?;
    if least > most || (least == 0.0 && most == 0.0) {
        return Ok(None);
    }
    if !tensor.dtype().is_float() {
        return Ok(Some((least, most)));
    }
    let largest = match tensor.dtype() {
        DType::Fp16 => 65504.0,
        DType::Bf16 | DType::Fp32 => f64::from(f32::MAX) / 2.0,
        _ => f64::MAX / 4.0,
    };
    // The exponent alone: of a positive number the power of two below it.
    let inward = |value: f64| f64::from_bits(value.to_bits() & !((1 << 52) - 1));
    let out = |value: f64| if inward(value) == value { value } else { (2.0 * inward(value)).min(largest) };
    let low = if least < 0.0 {
        -out(-least)
    } else if least > 0.0 {
        inward(least)
    } else {
        0.0
    };
    let high = if most > 0.0 {
        out(most)
    } else if most < 0.0 {
        -inward(-most)
    } else {
        0.0
    };
    Ok(Some((low, high)))
}
