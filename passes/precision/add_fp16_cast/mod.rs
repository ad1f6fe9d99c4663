mod halves;
pub(in crate::precision) mod range;
mod vanishing;
pub(in crate::precision) mod whole;

use foldhash::{HashSet, HashSetExt};
use half::f16;
use halves::Halves;
use mil_ir::{Graph, Literal, NewOp, Op, OpId, Operand, Opset, Release, ValueId};
use mil_ops::{OpDef, ParamKind, Version, is_known};
use mil_pass::{Alias, No, OptionMap, Pass, PassCx, PassError, Rewrite, pass};
use mil_tensor::{DType, Data, Fingerprint, Tensor, TensorError};
use range::Ranges;
use serde_json::Value;

pass! {
    /// Makes ops compute in fp16.
    ///
    /// Each fp32 operand that may be fp16 is cast, and each result that thereby becomes fp16 is cast back, so
    /// that inputs and outputs of the program keep their types; between neighbours the fp16 value itself is
    /// used. Constants are converted themselves. An op keeps fp32 if it has inner blocks, or if it works on
    /// lists or states. From iOS17 on, slopes and offsets of activations and the epsilons of `inverse`, `log`
    /// and `rsqrt` stay fp32.
    ///
    /// *Nothing is divided by zero.* In a constant of less than 400 elements that keeps a divisor, a root or a
    /// logarithm from zero, there or behind arithmetic, what would become 0 becomes the smallest number of its
    /// sign. Any other constant is rounded to the nearest: an offset that is next to nothing is nothing.
    ///
    /// *Finite stays finite.* An op keeps fp32 if one of its constants has a finite element beyond the range
    /// of fp16 that is not meant as infinity (65504 < |c| < 1e38), and so does what takes its result, as far
    /// as arithmetic goes. A larger constant becomes ±65504, or ±30000 where it is added to others, so that
    /// what is masked twice stays finite. Infinities stay infinities.
    ///
    /// *Whole numbers keep their value.* fp16 has whole numbers up to 2048 only. Arithmetic between integers
    /// that are cast to fp32 (or `range_1d`) and a cast back to integers, or a comparison, keeps fp32, unless
    /// its numbers are provably small.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> y = exp(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     string x_to_fp16_dtype_0 = const()[name = string("x_to_fp16_dtype_0"), val = string("fp16")];
    ///     tensor<fp16, [2]> x_to_fp16 = cast(dtype = x_to_fp16_dtype_0, x = x)[name = string("x_to_fp16")];
    ///     tensor<fp16, [2]> y_cast_fp16 = exp(x = x_to_fp16)[name = string("y_cast_fp16")];
    ///     string y_dtype_0 = const()[name = string("y_dtype_0"), val = string("fp32")];
    ///     tensor<fp32, [2]> y = cast(dtype = y_dtype_0, x = y_cast_fp16)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct AddFp16Cast {
        /// Op types that keep fp32.
        pub skip_ops_by_type: Vec<String> = Vec::new(),
        /// Convert constants themselves rather than by a `cast` op.
        pub convert_constants: bool = true,
    }
    id: "add_fp16_cast",
    numerics: Lossy { min_snr_db: 40.0 },
    aliases: [Alias { id: "common::add_fp16_cast", adapt }],
    statistics: [
        converted: "ops that compute in fp16 now",
        overflowing: "ops left in fp32 because a constant, or what comes of it, is beyond the range of fp16",
        whole: "ops left in fp32 because whole numbers go through them",
        invalid: "ops left alone because they break the rules of their type",
    ],
}

/// coremltools: types in one string or a list, and a `cast` op for a constant too.
fn adapt(mut options: OptionMap) -> Result<OptionMap, String> {
    if let Some(Value::String(types)) = options.get("skip_ops_by_type") {
        let types: Vec<&str> = types.split(',').filter(|name| !name.is_empty()).collect();
        let types = serde_json::json!(types);
        options.insert("skip_ops_by_type".into(), types);
    }
    options.entry("convert_constants").or_insert(false.into());
    Ok(options)
}

/// Ops that are not converted, whatever their operands.
const KEPT: &[&str] = &[
    "cast",
    "while_loop",
    "cond",
    "make_list",
    "list_gather",
    "list_scatter",
    "list_read",
    "list_write",
    "list_length",
    "read_state",
    "write_state",
    "const",
];

/// Parameters that keep fp32 from iOS17 on, when mixed types came.
const KEPT_PARAMS: &[(&str, &[&str])] = &[
    ("elu", &["alpha"]),
    ("leaky_relu", &["alpha"]),
    ("prelu", &["alpha"]),
    ("thresholded_relu", &["alpha"]),
    ("clamped_relu", &["alpha", "beta"]),
    ("linear_activation", &["alpha", "beta"]),
    ("scaled_tanh", &["alpha", "beta"]),
    ("sigmoid_hard", &["alpha", "beta"]),
    ("softplus_parametric", &["alpha", "beta"]),
    ("inverse", &["epsilon"]),
    ("log", &["epsilon"]),
    ("rsqrt", &["epsilon"]),
];

impl Pass for AddFp16Cast {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let opset = cx.opset().clone();
        let whole = whole::kept(graph, &opset);
        let mut ranges = Ranges::default();
        let mut keeps = |graph: &Graph, op: OpId, is_convertible: bool| {
            let fault = |source| PassError::Tensor { op: graph.label(op).clone(), source };
            let reason = if !is_convertible {
                None
            } else if whole.contains(&op) {
                Some("whole")
            } else {
                ranges.keeps_fp32(graph, op).map_err(fault)?.then_some("overflowing")
            };
            if reason.is_some() || !is_convertible {
                ranges.stays(graph, op).map_err(fault)?;
            }
            Ok(reason)
        };
        let is_sound = cx.is_sound();
        self.cast(graph, &opset, is_sound, &mut keeps, &mut |step| {
            cx.check_cancelled()?;
            match step {
                Step::Keeps(reason) => cx.count(reason, 1),
                Step::Converts => return Ok(cx.spend()),
                Step::Converted => cx.count("converted", 1),
            }
            Ok(true)
        })
    }
}

/// What happens to an op.
pub(in crate::precision) enum Step {
    /// It keeps fp32, counted as this.
    Keeps(&'static str),
    /// It is about to be converted, if whoever is asked agrees.
    Converts,
    /// It was converted.
    Converted,
}

/// Which ops keep fp32: asked of each in program order, and told whether the op could be converted; answers
/// the reason.
pub(in crate::precision) type Keeps<'k> =
    &'k mut dyn FnMut(&Graph, OpId, bool) -> Result<Option<&'static str>, PassError>;

impl AddFp16Cast {
    /// Converts the ops of a graph, but for those that `keeps` names. An op that breaks a rule is left alone,
    /// which is not asked where the graph is known to be sound.
    pub(in crate::precision) fn cast(
        &self,
        graph: &mut Graph,
        opset: &Opset,
        is_sound: bool,
        keeps: Keeps<'_>,
        on: &mut dyn FnMut(Step) -> Result<bool, PassError>,
    ) -> Result<(), PassError> {
        let ops: Vec<OpId> = graph.walk().collect();
        let invalid = match is_sound {
            true => HashSet::new(),
            false => self.invalid(graph, opset, &ops),
        };
        let mut halves = Halves::default();
        for op in ops {
            if let Some(half) = cast_back(graph, op, &halves) {
                if !on(Step::Converts)? {
                    break;
                }
                match halves.is_half(half) {
                    true => halves.is_idle(graph, op, half),
                    false => Rewrite::new(graph, opset).replace_with_existing(op, &[half], &[])?,
                }
                continue;
            }
            let is_fp32 = |operand: &Operand| halves.is_fp32(graph, operand);
            let params = match self.names_half(graph, op, &halves) {
                true => Some(vec!["x"]),
                false => self.params(graph, op, opset, &is_fp32),
            };
            let Some(params) = params else {
                keeps(graph, op, false)?;
                continue;
            };
            let is_valid = !invalid.contains(&op);
            let reason = keeps(graph, op, is_valid)?.or((!is_valid).then_some("invalid"));
            if let Some(reason) = reason {
                on(Step::Keeps(reason))?;
                continue;
            }
            if !on(Step::Converts)? {
                break;
            }
            self.convert(&mut Rewrite::new(graph, opset), op, &params, &mut halves)?;
            on(Step::Converted)?;
        }
        halves.settle(&mut Rewrite::new(graph, opset))?;
        Ok(())
    }

    /// Those ops that could be converted if they did not break a rule.
    fn invalid(&self, graph: &Graph, opset: &Opset, ops: &[OpId]) -> HashSet<OpId> {
        let breaks = |op: OpId| !mil_ops::verify_ops(graph, opset, [op]).is_clean();
        let convertible = |op: OpId| self.convertible(graph, op, opset).is_some();
        ops.iter().copied().filter(|&op| convertible(op) && breaks(op)).collect()
    }
}

/// Parameters and attributes of an op that hold fp32 and may hold fp16.
fn convertible(
    found: &Op,
    def: &OpDef,
    version: &'static Version,
    mixes: bool,
    is_fp32: &dyn Fn(&Operand) -> bool,
) -> Vec<&'static str> {
    let kept =
        KEPT_PARAMS.iter().find(|(kind, _)| mixes && *kind == def.name).map_or(&[][..], |(_, params)| params);
    version
        .params
        .iter()
        .filter(|param| {
            !kept.contains(&param.name)
                && matches!(param.kind, ParamKind::Tensor | ParamKind::Variadic)
                && version.dtypes(param).is_none_or(|types| types.contains(&DType::Fp16))
        })
        .filter(|param| match found.argument(param.name) {
            Some(argument) => argument.iter().any(is_fp32),
            None => found
                .attributes()
                .get(param.name)
                .is_some_and(|literal| literal.ty.dtype() == Some(DType::Fp32)),
        })
        .map(|param| param.name)
        .collect()
}

/// What an op asks of a constant that becomes fp16.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::precision) struct Asked {
    /// The magnitude of what is meant as infinity.
    limit: u16,
    /// Nothing becomes zero.
    keeps_from_zero: bool,
}

impl Asked {
    /// What an op asks of what it takes by a parameter: of what is no constant, nothing.
    pub(in crate::precision) fn by(
        graph: &Graph,
        op: OpId,
        param: &str,
        tensor: Option<&Tensor>,
    ) -> Result<Asked, TensorError> {
        let Some(tensor) = tensor else { return Ok(Asked::default()) };
        Ok(Asked {
            limit: range::limit(graph.op(op).kind()),
            keeps_from_zero: vanishing::vanishes(tensor)? && vanishing::keeps_from_zero(graph, op, param),
        })
    }
}

/// The constant in fp16.
///
/// A constant whose elements are missing stays one: its program cannot be written, but what it would be is of
/// interest.
pub(in crate::precision) fn to_fp16(tensor: &Tensor, asked: Asked) -> Result<Tensor, TensorError> {
    if let Data::Opaque(elements) = tensor.data() {
        let cast = Fingerprint::stand_in(&format!("{elements} in fp16"));
        return Ok(Tensor::opaque(DType::Fp16, tensor.shape(), cast));
    }
    let cast = tensor.cast_saturating(DType::Fp16)?;
    let Asked { limit, keeps_from_zero } = asked;
    if !keeps_from_zero && !range::stands_for_infinity(tensor)? {
        return Ok(cast);
    }
    let values = tensor.to_f64s()?;
    let mut halves: Vec<f16> = cast.to_vec()?;
    for (half, value) in halves.iter_mut().zip(values) {
        if keeps_from_zero && *half == f16::ZERO && value != 0.0 {
            *half = f16::MIN_POSITIVE_SUBNORMAL.copysign(f16::from_f64(value));
        }
        if value.is_finite() && value.abs() >= range::INFINITE {
            *half = f16::from_f64(f64::from(limit).copysign(value));
        }
    }
    Tensor::from_slice(tensor.shape(), &halves)
}

impl AddFp16Cast {
    /// What of an op becomes fp16; `None` for an op that stays as it is.
    pub(in crate::precision) fn convertible(
        &self,
        graph: &Graph,
        op: OpId,
        opset: &Opset,
    ) -> Option<Vec<&'static str>> {
        let is_fp32 = |operand: &Operand| graph.operand_type(operand).dtype() == Some(DType::Fp32);
        self.params(graph, op, opset, &is_fp32)
    }

    /// The same where it is known otherwise which operands are fp32.
    fn params(
        &self,
        graph: &Graph,
        op: OpId,
        opset: &Opset,
        is_fp32: &dyn Fn(&Operand) -> bool,
    ) -> Option<Vec<&'static str>> {
        let found = graph.op(op);
        let kind = found.kind().as_str();
        let (def, target) = mil_ops::def(kind).zip(opset.release())?;
        let version = def.version(target)?;
        let skipped = KEPT.contains(&kind) || self.skip_ops_by_type.iter().any(|skip| skip == kind);
        if skipped || !found.blocks().is_empty() || !is_known(graph, op) {
            return None;
        }
        let params = convertible(found, def, version, target >= Release::IOS17, is_fp32);
        (!params.is_empty()).then_some(params)
    }

    /// An `identity` only gives another name: it is of fp16 where its input is, and no reason to cast what is not.
    fn names_half(&self, graph: &Graph, op: OpId, halves: &Halves) -> bool {
        let skipped = self.skip_ops_by_type.iter().any(|skip| skip == "identity");
        graph.op(op).kind() == "identity"
            && !skipped
            && is_known(graph, op)
            && graph.input(op, "x").is_some_and(|x| halves.is_half(x))
    }

    /// Makes an op compute in fp16.
    fn convert(
        &self,
        rw: &mut Rewrite<'_>,
        op: OpId,
        params: &[&'static str],
        halves: &mut Halves,
    ) -> Result<(), No> {
        // In the order in which an op has its operands.
        let mut sorted = params.to_vec();
        sorted.sort_unstable();
        for param in sorted {
            let Some(argument) = rw.graph().op(op).argument(param) else {
                let attribute = rw.graph().op(op).attributes().get(param).and_then(Literal::as_tensor);
                if let Some(tensor) = attribute {
                    let asked = Asked::by(rw.graph(), op, param, Some(tensor))?;
                    let half = Literal::tensor(to_fp16(tensor, asked)?);
                    rw.graph_mut().set_attribute(op, param, Some(half));
                }
                continue;
            };
            let mut converted: Vec<(usize, Operand)> = Vec::new();
            for index in 0..argument.len() {
                let half = self.operand(rw, op, (param, index), halves)?;
                converted.extend(half.map(|half| (index, half)));
            }
            if let Some(mut argument) = rw.graph().op(op).argument(param).cloned()
                && !converted.is_empty()
            {
                for (index, half) in converted {
                    argument[index] = half;
                }
                rw.graph_mut().set_argument(op, param, Some(argument));
            }
        }
        let types = mil_ops::infer_op(rw.graph(), op, rw.opset())?;
        halves.convert(rw, op, params, &types);
        Ok(())
    }

    /// What an operand becomes in fp16; `None` for one that stays as it is.
    fn operand(
        &self,
        rw: &mut Rewrite<'_>,
        op: OpId,
        (param, index): (&str, usize),
        halves: &mut Halves,
    ) -> Result<Option<Operand>, No> {
        let graph = rw.graph();
        let operand = graph.op(op).argument(param).and_then(|argument| argument.get(index));
        let Some(operand) =
            operand.filter(|operand| graph.operand_type(operand).dtype() == Some(DType::Fp32))
        else {
            return Ok(None);
        };
        let value = match operand {
            Operand::Literal(literal) => {
                let tensor = literal.as_tensor().ok_or(No::miss("a literal is not a tensor"))?;
                let asked = Asked::by(graph, op, param, Some(tensor))?;
                return Ok(Some(Literal::tensor(to_fp16(tensor, asked)?).into()));
            }
            Operand::Value(value) => *value,
        };
        // What was fp16 before it was cast to fp32 needs no cast.
        if let Ok(cast) = rw.definition_anywhere(value, &["cast"])
            && let Some(half) = graph.input(cast, "x").filter(|&x| halves.was_fp16(graph, x))
        {
            return Ok(Some(Operand::Value(halves.source(half))));
        }
        let tensor = graph.const_tensor(value);
        let asked = Asked::by(graph, op, param, tensor.as_ref())?;
        // A cast would make infinity of a mask, and no number of it times zero; and nothing of an epsilon.
        let is_special =
            |tensor: &Tensor| Ok::<_, No>(asked.keeps_from_zero || range::stands_for_infinity(tensor)?);
        let constant = match tensor {
            Some(tensor) if self.convert_constants || is_special(&tensor)? => Some(tensor),
            _ => None,
        };
        if constant.is_some() {
            halves.replaced_constant(graph, value);
        }
        let key = (graph.op(op).block(), value, asked);
        if let Some(&known) = halves.casts.get(&key) {
            return Ok(Some(Operand::Value(known)));
        }
        let name = format!("{}_to_fp16", graph.value(value).name());
        let cast = match constant {
            Some(tensor) => rw.tensor(&name, to_fp16(&tensor, asked)?, op),
            None => {
                let ty = rw.ty(value).with_dtype(DType::Fp16);
                let cast = cast(rw, value, "fp16", &name, op)?;
                rw.graph_mut().retype(cast, ty);
                cast
            }
        };
        halves.casts.insert(key, cast);
        Ok(Some(Operand::Value(cast)))
    }
}

/// What a `cast` to fp16 casts back: a value that was cast to fp32, or that has become fp16.
fn cast_back(graph: &Graph, op: OpId, halves: &Halves) -> Option<ValueId> {
    let is = |op: OpId, dtype: DType| {
        let of = |value: ValueId| graph.value(value).ty().dtype();
        (graph.op(op).kind() == "cast" && of(graph.op(op).result()?) == Some(dtype)).then_some(())
    };
    is(op, DType::Fp16)?;
    let x = graph.input(op, "x")?;
    if halves.is_half(x) {
        return Some(x);
    }
    let first = graph.definition(x)?;
    is(first, DType::Fp32)?;
    graph.input(first, "x").filter(|&x| halves.was_fp16(graph, x))
}

fn cast(rw: &mut Rewrite<'_>, x: ValueId, dtype: &str, name: &str, before: OpId) -> Result<ValueId, No> {
    // A `const` whatever the op before has: the cast outlives it.
    let dtype = rw.tensor(&format!("{name}_dtype_0"), Tensor::string(dtype), before);
    rw.emit_one(NewOp::new("cast").named(name).with("x", x).with("dtype", dtype), before)
}
