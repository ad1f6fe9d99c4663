mod choose;
mod loss;
mod masks;
mod noise;
mod observe;

use std::collections::BTreeSet;

use mil_eval::{EvalValue, Inputs};
use mil_ir::{Graph, Name, OpId};
use mil_ops::eval::Array;
use mil_pass::{Pass, PassCx, PassError, pass};
use mil_tensor::Tensor;

use crate::inputs::ByInput;
use crate::precision::add_fp16_cast::{AddFp16Cast, Step, range::Ranges, whole};
use choose::kept;
use loss::{Loss, losses};
use noise::Power;
use observe::{Observer, calls};

pass! {
    /// Makes ops compute in fp16, but for those whose numbers would suffer.
    ///
    /// `samples` names calls that whoever runs the pass hands over (the command line reads the file of that name:
    /// arrays `CALL.NAME`); `ranges` says instead what inputs range over, `{"x": [-4, 4]}`, and calls are drawn
    /// from there. The program runs on them, and each op once more with one operand rounded to fp16: what its
    /// result loses, and how much of a loss comes through to the outputs, says what each rounding costs.
    /// Overflow, underflow, cancellation, small epsilons and angles of large arguments are found that way
    /// whatever ops they are spelled in. A minimum cut keeps as few ops in fp32 as leave `min_snr_db`
    /// between signal and noise on the samples, which is measured on the program that results. What comes within
    /// a factor of two of the end of fp16 counts as beyond it. `--why cast_fp16` says what stays, and why.
    ///
    /// Constants that stand for minus infinity become safe ones if no output moves by it. Whole numbers on their
    /// way to indices keep fp32. Where neither samples nor ranges are given, or a function takes other inputs,
    /// the rules of `add_fp16_cast` decide.
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
    pub struct CastFp16 {
        /// The name of calls to look at.
        pub samples: Option<String> = None,
        /// Least and greatest element of each input, where there are no samples.
        pub ranges: ByInput<Vec<f64>> = ByInput::default(),
        /// Signal over noise, in dB, that every output keeps on the samples.
        pub min_snr_db: f64 = 50.0,
        /// Op types that keep fp32.
        pub keep_types: Vec<String> = Vec::new(),
        /// Names of ops that keep fp32.
        pub keep_names: Vec<String> = Vec::new(),
    }
    id: "cast_fp16",
    numerics: Lossy { min_snr_db: 40.0 },
    statistics: [
        converted: "ops that compute in fp16 now",
        kept: "ops left in fp32 because their numbers would suffer, or as they were told to",
        masks: "constants that stood for infinity and are within fp16 now",
        overflowing: "ops left in fp32 because a constant, or what comes of it, is beyond the range of fp16",
        whole: "ops left in fp32 because whole numbers go through them",
        invalid: "ops left alone because they break the rules of their type",
    ],
}

/// Calls that are drawn from ranges.
const DRAWN: u64 = 4;

/// Attempts, each with losses twice as dear.
const ATTEMPTS: i32 = 36;

impl Pass for CastFp16 {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let opset = cx.opset().clone();
        let caster = self.caster();
        let mut stays = self.told(graph);
        let calls = self.calls(graph, cx)?;
        let is_sampled = !calls.is_empty();
        if is_sampled {
            let chosen = self.choose(graph, cx, &caster, &calls, &stays)?;
            for (op, reason) in &chosen {
                cx.missed("fp32", graph, *op, reason);
            }
            stays.extend(chosen.into_iter().map(|(op, _)| op));
        }
        cx.check_cancelled()?;
        let whole = whole::kept(graph, &opset);
        let mut ranges = Ranges::default();
        let mut keeps = |graph: &Graph, op: OpId, is_convertible: bool| {
            let fault = |source| PassError::Tensor { op: graph.label(op).clone(), source };
            let reason = match is_convertible {
                false => None,
                true if whole.contains(&op) => Some("whole"),
                true if stays.contains(&op) => Some("kept"),
                true if is_sampled => None,
                true => ranges.keeps_fp32(graph, op).map_err(fault)?.then_some("overflowing"),
            };
            if !is_sampled && (reason.is_some() || !is_convertible) {
                ranges.stays(graph, op).map_err(fault)?;
            }
            Ok(reason)
        };
        let is_sound = cx.is_sound();
        caster.cast(graph, &opset, is_sound, &mut keeps, &mut |step| {
            match step {
                Step::Keeps(reason) => cx.count(reason, 1),
                Step::Converts => return Ok(cx.spend()),
                Step::Converted => cx.count("converted", 1),
            }
            Ok(true)
        })
    }
}

impl CastFp16 {
    fn caster(&self) -> AddFp16Cast {
        AddFp16Cast { skip_ops_by_type: self.keep_types.clone(), convert_constants: true }
    }

    /// Ops that are told to keep fp32.
    fn told(&self, graph: &Graph) -> BTreeSet<OpId> {
        let is_told = |&op: &OpId| self.keep_names.iter().any(|name| **name == **graph.label(op));
        graph.walk().filter(is_told).collect()
    }

    /// The calls to look at; none if nothing is known of the function's inputs.
    fn calls(&self, graph: &Graph, cx: &PassCx<'_>) -> Result<Vec<Inputs>, PassError> {
        let inputs: Vec<(Name, _)> = graph
            .root()
            .inputs()
            .iter()
            .map(|&value| (graph.value(value).name().clone(), graph.value(value).ty().clone()))
            .filter(|(_, ty)| ty.as_state().is_none())
            .collect();
        if let Some(name) = &self.samples {
            let calls = calls(cx.samples(name)?)?;
            let fits = |call: &Inputs| inputs.iter().all(|(name, _)| call.contains_key(name));
            return Ok(if calls.iter().all(fits) { calls } else { Vec::new() });
        }
        let mut drawn = Vec::new();
        for number in 0..DRAWN {
            let mut call = Inputs::new();
            for (name, ty) in &inputs {
                let Some(bounds) = self.ranges.0.get(name.as_str()) else { return Ok(Vec::new()) };
                let &[least, greatest] = &bounds[..] else {
                    return Err(PassError::Refused(format!("ranges: {name} needs two numbers")));
                };
                let (Some(dtype), Some(shape)) = (ty.dtype(), ty.fixed_shape()) else {
                    return Err(PassError::Refused(format!("ranges: the size of {name} is not known")));
                };
                let mut state = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(number + 1);
                let count: usize = shape.iter().product();
                let values = std::iter::repeat_with(|| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let share = (state >> 11) as f64 / (1_u64 << 53) as f64;
                    let value = least + (greatest - least) * share;
                    if dtype.is_float() { value } else { value.round() }
                });
                let values: Vec<f64> = values.take(count).collect();
                let refused = |error: String| PassError::Refused(format!("ranges of {name}: {error}"));
                let tensor = Tensor::from_f64s(dtype, &shape, &values).map_err(|e| refused(e.to_string()))?;
                let array = Array::from_tensor(&tensor, false).map_err(|e| refused(e.to_string()))?;
                call.insert(name.clone(), array);
            }
            drawn.push(call);
        }
        Ok(if inputs.is_empty() { Vec::new() } else { drawn })
    }

    /// Makes masks safe, and chooses what stays in fp32, with reasons.
    fn choose(
        &self,
        graph: &mut Graph,
        cx: &mut PassCx<'_>,
        caster: &AddFp16Cast,
        calls: &[Inputs],
        told: &BTreeSet<OpId>,
    ) -> Result<Vec<(OpId, String)>, PassError> {
        let (opset, function) = (cx.opset().clone(), cx.function().clone());
        let features = cx.features().cloned();
        let interface = features.as_ref();
        let original = graph.clone();
        let observer = |graph| Observer { graph, opset: &opset, function: &function, interface, calls };
        let wanted = observer(&original).outputs(&original)?;
        for (op, param, index, safe) in masks::candidates(graph)? {
            let start = graph.checkpoint();
            masks::replace(graph, op, &param, index, safe);
            let moved = compare(&wanted, &observer(&original).outputs(graph)?);
            match moved >= self.min_snr_db + 20.0 && cx.spend() {
                true => cx.count("masks", 1),
                false => graph.roll_back(start),
            }
        }
        let whole = whole::kept(graph, &opset);
        let convertible: Vec<OpId> = graph
            .root()
            .ops()
            .filter(|op| !told.contains(op) && !whole.contains(op))
            .filter(|&op| caster.convertible(graph, op, &opset).is_some())
            .collect();
        // Nothing kept, unless the samples come close to the end of fp16; then what costs most.
        let budget = 10_f64.powf(-self.min_snr_db / 10.0);
        let mut best: Option<(f64, BTreeSet<OpId>)> = None;
        let seen = observer(&*graph).run()?;
        if !noise::comes_close(seen.iter().flat_map(|values| values.values())) {
            let nothing = BTreeSet::new();
            let db = self.measure(graph, &observer(&original), caster, &nothing, told, &wanted)?;
            if db >= self.min_snr_db {
                return Ok(Vec::new());
            }
            best = Some((db, nothing));
        }
        let losses = losses(&observer(&*graph), &seen, caster);
        for attempt in 0..ATTEMPTS {
            cx.check_cancelled()?;
            let now = kept(graph, &convertible, &losses, budget, 2_f64.powi(attempt - 10));
            if best.as_ref().is_some_and(|(_, known)| *known == now) {
                continue;
            }
            let db = self.measure(graph, &observer(&original), caster, &now, told, &wanted)?;
            if best.as_ref().is_none_or(|(known, _)| db > *known) {
                best = Some((db, now));
            }
            if db >= self.min_snr_db {
                break;
            }
        }
        let (_, stays) = best.unwrap_or_default();
        Ok(stays.into_iter().map(|op| (op, reason(&losses, op))).collect())
    }

    /// Signal over noise of the worst output, if these ops stay in fp32.
    fn measure(
        &self,
        graph: &Graph,
        observer: &Observer<'_>,
        caster: &AddFp16Cast,
        stays: &BTreeSet<OpId>,
        told: &BTreeSet<OpId>,
        wanted: &[Vec<EvalValue>],
    ) -> Result<f64, PassError> {
        let mut copy = graph.clone();
        let whole = whole::kept(graph, observer.opset);
        let mut keeps = |_: &Graph, op: OpId, _: bool| {
            let kept = stays.contains(&op) || told.contains(&op) || whole.contains(&op);
            Ok(kept.then_some("kept"))
        };
        caster.cast(&mut copy, observer.opset, false, &mut keeps, &mut |_| Ok(true))?;
        Ok(compare(wanted, &observer.outputs(&copy)?))
    }
}

/// Signal over noise of the worst output in the worst call.
fn compare(wanted: &[Vec<EvalValue>], got: &[Vec<EvalValue>]) -> f64 {
    let pairs = wanted.iter().zip(got).flat_map(|(wanted, got)| wanted.iter().zip(got));
    let of = |(wanted, got): (&EvalValue, &EvalValue)| {
        let mut power = Power::default();
        power.compare(wanted, got);
        power.db()
    };
    pairs.map(of).fold(f64::INFINITY, f64::min)
}

/// Why an op stays: the largest loss that it would be part of.
fn reason(losses: &[Loss], op: OpId) -> String {
    let of_op = losses.iter().filter(|loss| loss.taker == Some(op) || loss.giver == Some(op));
    let worst = of_op.max_by(|a, b| a.amount.total_cmp(&b.amount));
    worst.map_or_else(|| "it stands between ops that stay".to_owned(), |loss| loss.reason.clone())
}
