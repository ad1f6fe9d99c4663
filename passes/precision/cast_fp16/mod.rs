mod choose;
mod declared;
mod devices;
mod draw;
mod loss;
mod masks;
mod noise;
mod observe;
mod safe;
mod search;
mod trial;

use std::collections::{BTreeMap, BTreeSet};

use mil_eval::Inputs;
use mil_ir::{Graph, OpId};
use mil_pass::{Pass, PassCx, PassError, pass};

use crate::inputs::ByInput;
use crate::precision::add_fp16_cast::{AddFp16Cast, Step, range::Ranges, whole};
use loss::{Loss, losses};
use observe::{Observer, calls};
use search::Search;
use trial::{Trials, compare};

pass! {
    /// Makes ops compute in fp16, but for those whose numbers would suffer.
    ///
    /// `samples` names calls that whoever runs the pass hands over (the command line reads the file of that name:
    /// arrays `CALL.NAME`); `ranges` says instead what inputs range over, `{"x": [-4, 4]}`, and calls are drawn
    /// from there. The program runs on them, and each op once more with one operand rounded to fp16: what its
    /// result loses, and how much of a loss comes through to the outputs, says what each rounding costs.
    /// Overflow, underflow, cancellation, small epsilons and angles of large arguments are found that way
    /// whatever ops they are spelled in. A minimum cut keeps as few ops in fp32 as leave `min_snr_db`
    /// between signal and noise on the samples, which is measured on the program that results. Where data changes
    /// devices for it, by the estimate for the chips of `improve_placement`, a choice that costs less, with no
    /// more changes, is taken if it leaves as much. What comes within a factor of two of the end of fp16 counts as
    /// beyond it. `--why cast_fp16` says what stays, and why.
    ///
    /// Constants that stand for minus infinity become safe ones if no output moves by it. Whole numbers on their
    /// way to indices keep fp32. Where neither samples nor ranges are given, or a function takes other inputs,
    /// the rules of `add_fp16_cast` decide, and three more. Finite masks that nothing but a softmax sees become
    /// -30000: those of at least 1e8, at which fp32 has no digits of a score left either, and smaller ones (-1e5)
    /// where they are put in the place of scores, or leave a place in each row. What they are made of must be
    /// whole numbers, and scores are taken to be within 15,000. A row that is masked whole keeps weights that sum
    /// to 1. Intervals follow from what is declared (pixels are
    /// between 0 and 255, sigmoids between 0 and 1): an op whose numbers are to be expected beyond fp16, such as
    /// the sum over an image, keeps fp32. So does what makes sines and cosines of whole numbers, such as positions.
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
        } else {
            for (op, param, index, safe) in safe::masks(graph)? {
                if cx.spend() {
                    masks::replace(graph, op, &param, index, safe);
                    cx.count("masks", 1);
                }
            }
            for (op, reason) in self.declared(graph, cx)? {
                if caster.convertible(graph, op, &opset).is_some() {
                    cx.missed("fp32", graph, op, &reason);
                    stays.insert(op);
                }
            }
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
        let Some(name) = &self.samples else { return draw::calls(graph, &self.ranges.0) };
        let calls = calls(cx.samples(name)?)?;
        let inputs = graph.root().inputs().iter().map(|&value| graph.value(value));
        let inputs: Vec<_> = inputs.filter(|value| value.ty().as_state().is_none()).collect();
        let fits = |call: &Inputs| inputs.iter().all(|value| call.contains_key(value.name()));
        Ok(if calls.iter().all(fits) { calls } else { Vec::new() })
    }

    /// What stays in fp32 by what is declared, with reasons.
    fn declared(&self, graph: &Graph, cx: &mut PassCx<'_>) -> Result<BTreeMap<OpId, String>, PassError> {
        let told = draw::told(&self.ranges.0)?;
        let shapes = cx.shapes(graph);
        let ranges = mil_ops::Ranges::of(graph, cx.opset(), cx.features(), &shapes, &told);
        Ok(declared::kept(graph, &ranges))
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
        // Nothing kept, unless nobody can tell what comes of values close to the end of fp16; then what costs
        // most.
        let seen = observer(&*graph).run()?;
        let is_close = noise::comes_close(seen.iter().flat_map(|values| values.values()));
        let by = observer(&original);
        let trials = Trials { graph: &*graph, observer: &by, caster, told, wanted: &wanted, is_close };
        let mut best = None;
        if !is_close || graph.root().ops().all(|op| graph.op(op).blocks().is_empty()) {
            let nothing = BTreeSet::new();
            let db = trials.db(&nothing)?;
            if db >= self.min_snr_db {
                return Ok(Vec::new());
            }
            best = Some((db, nothing));
        }
        let losses = losses(&observer(&*graph), &seen, caster);
        let search = Search { trials, convertible: &convertible, losses: &losses, least: self.min_snr_db };
        let stays = search.run(best, &mut || cx.check_cancelled())?;
        Ok(stays.into_iter().map(|op| (op, reason(&losses, op))).collect())
    }
}

/// Why an op stays: the largest loss that it would be part of.
fn reason(losses: &[Loss], op: OpId) -> String {
    let of_op = losses.iter().filter(|loss| loss.taker == Some(op) || loss.giver == Some(op));
    let worst = of_op.max_by(|a, b| a.amount.total_cmp(&b.amount));
    worst.map_or_else(|| "it stands between ops that stay".to_owned(), |loss| loss.reason.clone())
}
