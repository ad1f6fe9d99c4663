use mil_compress::CompressError;
use mil_compress::prune::{Pruned, Rule, prune_with};
use mil_compress::sparse::{Counts, bytes_of};
use mil_ir::{OpId, Program, ValueId};
use mil_pass::{Alias, No, Pass, PassCx, PassError, Rewrite, pass};
use mil_tensor::Tensor;

use super::calibration::Calibrated;
use super::config::{Config, MagnitudeConfig, PruneConfig};
use super::emit::{Decompressor, is_old, only, refuse, shape_of};
use super::mask::faked;
use super::weights::{Compressor, Place, Weight, run};

pass! {
    /// Makes small elements of weights zero, and leaves them out of the file.
    ///
    /// These are the elements up to a threshold, or the least part of all, of the blocks of some that follow
    /// each other along an axis, or of each few; the last two are for the weights of `conv` and `linear`, unless
    /// a weight is named.
    ///
    /// A weight is left alone if it has no more elements than `weight_threshold`, is a vector, is an output
    /// only, or if less of it than wanted would be zero. With `joint_compression`, what is quantized or
    /// palettized already has integers or indices left out.
    ///
    /// # Before
    /// ```mil
    /// // options: {config={"global_config": {"config_type": "OpThresholdPrunerConfig", "threshold": 0.1, "weight_threshold": 0}}}
    /// func main<ios18>(tensor<fp32, [1, 4]> x) {
    ///     tensor<fp32, [3, 4]> w = const()[name = string("w"), val = tensor<fp32, [3, 4]>([[4, 0, 0x1p-4, -2], [0, 3, 0, 0x1p-5], [0x1p-3, 0, 0, 1]])];
    ///     tensor<fp32, [1, 3]> y = linear(weight = w, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp32, [1, 4]> x) {
    ///     tensor<fp32, [5]> w_sparsified_nonzero_data = const()[name = string("w_sparsified_nonzero_data"), val = tensor<fp32, [5]>([0x1p+2, -0x1p+1, 0x1.8p+1, 0x1p-3, 0x1p+0])];
    ///     tensor<uint1, [3, 4]> w_sparsified_mask = const()[name = string("w_sparsified_mask"), val = tensor<uint1, [3, 4]>([[1, 0, 0, 1], [0, 1, 0, 0], [1, 0, 0, 1]])];
    ///     tensor<fp32, [3, 4]> w_sparsified = constexpr_sparse_to_dense(mask = w_sparsified_mask, nonzero_data = w_sparsified_nonzero_data)[name = string("w_sparsified")];
    ///     tensor<fp32, [1, 3]> y = linear(weight = w_sparsified, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct PruneWeights {
        /// What is done with which weights, as coremltools' `OptimizationConfig` in JSON; the type of
        /// configurations is `OpMagnitudePrunerConfig` or `OpThresholdPrunerConfig`.
        pub config: Config<PruneConfig> = Config::default(),
        /// Also compress what is compressed already.
        pub joint_compression: bool = false,
        /// Leave weights as they are decompressed, to see what is lost.
        pub fake_compression: bool = false,
        /// Tell what each weight loses.
        pub measure: bool = false,
    }
    id: "prune_weights",
    numerics: Lossy { min_snr_db: 0.0 },
    scope: Program,
    aliases: [Alias::plain("compression::prune_weights")],
    statistics: [
        compressed: "weights that are compressed",
        skipped: "weights that are left alone",
    ],
}

impl Pass for PruneWeights {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        run(self, self.joint_compression, self.measure, program, cx)
    }
}

/// A weight, and which of its elements become zero.
pub(super) struct Plan {
    /// What is stored: elements, or integers or indices that stand for them.
    stored: Tensor,
    /// The elements.
    weight: Tensor,
    rule: Rule,
    /// It stays as it is if less becomes zero.
    least: f64,
}

impl Compressor for PruneWeights {
    type Config = PruneConfig;
    type Plan = Plan;
    type Fit = Pruned;

    fn config(&self) -> &Config<PruneConfig> {
        &self.config
    }

    fn again(&self) -> &'static [(&'static str, &'static str)] {
        &[("constexpr_blockwise_shift_scale", ""), ("constexpr_lut_to_dense", "")]
    }

    fn plan(&self, place: &Place<'_>, config: &PruneConfig) -> Result<Plan, No> {
        let stored = match stored_param(place.graph.op(place.weight.op).kind().as_str()) {
            None => place.tensor.clone(),
            Some(param) => {
                let found = place.graph.constant(place.weight.op, param);
                let found = found.ok_or(No::miss("the weight is compressed twice already"))?;
                No::unless(found.shape() == place.tensor.shape(), "an index stands for a vector")?;
                found
            }
        };
        let (rule, least) = match config {
            PruneConfig::Threshold(config) => {
                (Rule::Threshold(config.threshold), config.minimum_sparsity_percentile)
            }
            PruneConfig::Magnitude(config) => (self.magnitude(place, config)?, 0.0),
        };
        Ok(Plan { stored, weight: place.tensor.clone(), rule, least })
    }

    fn same(&self, a: &Plan, b: &Plan) -> bool {
        a.rule == b.rule && a.least == b.least && a.stored.is_same(&b.stored)
    }

    fn weight<'p>(&self, plan: &'p Plan) -> &'p Tensor {
        &plan.weight
    }

    fn fit(&self, plan: &Plan, weight: &Tensor, _: Option<&Calibrated>) -> Result<Pruned, CompressError> {
        let stored = if plan.stored.is_same(&plan.weight) { weight } else { &plan.stored };
        let pruned = prune_with(stored, weight, plan.rule)?;
        if pruned.sparsity() < plan.least {
            let text = format!("only {:.1} % of the elements would be zero", 100.0 * pruned.sparsity());
            return Err(CompressError::Option(text));
        }
        Ok(pruned)
    }

    fn results<'f>(&self, fit: &'f mut Pruned) -> Vec<&'f mut Tensor> {
        vec![&mut fit.mask, &mut fit.nonzero]
    }

    fn tensors(&self, pruned: &Pruned) -> Vec<Option<Tensor>> {
        vec![Some(pruned.mask.clone()), Some(pruned.nonzero.clone())]
    }

    fn of_tensors(&self, _: &Plan, tensors: Vec<Option<Tensor>>) -> Result<Option<Pruned>, CompressError> {
        let Ok([Some(mask), Some(nonzero)]) = <[_; 2]>::try_from(tensors) else { return Ok(None) };
        let counts = Counts::of(&mask)?;
        Ok(Some(Pruned { mask, nonzero, counts }))
    }

    fn emit(&self, rw: &mut Rewrite<'_>, weight: &Weight, pruned: &Pruned) -> Result<ValueId, No> {
        let name = format!("{}_sparsified", weight.name);
        let compressed = stored_param(rw.graph().op(weight.op).kind().as_str()).is_some();
        if compressed {
            return self.emit_again(rw, weight, pruned, &name);
        }
        if self.fake_compression {
            return faked(rw, weight, "sparsified", pruned.dense().map_err(refuse)?, None);
        }
        let new = Decompressor::new(rw, "constexpr_sparse_to_dense", &name)
            .constant("nonzero_data", pruned.nonzero.clone());
        let new = if is_old(rw) {
            new.constant("mask", bytes_of(&pruned.mask).map_err(refuse)?)
                .constant("shape", shape_of(&pruned.mask)?)
        } else {
            new.constant("mask", pruned.mask.clone())
        };
        only(&new.insert(rw, weight.op)?)
    }
}

/// The parameter that holds what stands for the elements, in an op that decompresses.
fn stored_param(kind: &str) -> Option<&'static str> {
    match kind {
        "constexpr_blockwise_shift_scale" => Some("data"),
        "constexpr_lut_to_dense" => Some("indices"),
        _ => None,
    }
}

impl PruneWeights {
    fn magnitude(&self, place: &Place<'_>, config: &MagnitudeConfig) -> Result<Rule, No> {
        let axis = config.dim;
        if config.is_structural() {
            let named = self.config.names.contains_key(&place.weight.name);
            let users =
                place.graph.uses(place.weight.value).filter(|used| !place.graph.op(used.op).is_return());
            let layers = users.map(|used| {
                let layer = matches!(place.graph.op(used.op).kind().as_str(), "conv" | "linear");
                layer && used.param == "weight"
            });
            let layers = layers.fold(true, |all, layer| all & layer);
            No::unless(named || layers, "blocks and ratios are for the weights of conv and linear")?;
            No::unless((2..=5).contains(&place.tensor.rank()), "blocks and ratios are for 2 to 5 axes")?;
        }
        let channels = place.tensor.shape().get(axis).copied().unwrap_or(0);
        match (config.target_sparsity, config.n_m_ratio, config.block_size) {
            (_, Some((zeros, of)), _) => {
                No::unless(2 * of <= channels, "the ratio is of more than half of the channels")?;
                Ok(Rule::Ratio { zeros, of, axis })
            }
            (Some(sparsity), None, Some(size)) => {
                No::unless(2 * size <= channels, "a block is more than half of the channels")?;
                Ok(Rule::Blocks { sparsity, size, axis })
            }
            (Some(sparsity), None, None) => Ok(Rule::Sparsity(sparsity)),
            (None, None, _) => Err(No::miss("neither target_sparsity nor n_m_ratio is given")),
        }
    }

    /// Leaves integers or indices out.
    fn emit_again(
        &self,
        rw: &mut Rewrite<'_>,
        weight: &Weight,
        pruned: &Pruned,
        name: &str,
    ) -> Result<ValueId, No> {
        No::unless(!self.fake_compression, "the weight is compressed already")?;
        let op: OpId = weight.op;
        let operand = |rw: &Rewrite<'_>, param: &str| rw.graph().operand(op, param).cloned();
        let (kind, mask, data, others): (_, _, _, &[&'static str]) = match rw.graph().op(op).kind().as_str() {
            "constexpr_lut_to_dense" => {
                ("constexpr_lut_to_sparse", "indices_mask", "indices_nonzero_data", &["lut", "vector_axis"])
            }
            _ => {
                ("constexpr_sparse_blockwise_shift_scale", "data_mask", "nonzero_data", &["scale", "offset"])
            }
        };
        let mut new = Decompressor::new(rw, kind, &format!("{name}_elements"))
            .constant(mask, pruned.mask.clone())
            .constant(data, pruned.nonzero.clone());
        for param in others {
            if let Some(bound) = operand(rw, param) {
                new = new.operand(param, bound);
            }
        }
        let found = new.insert(rw, op)?;
        let [mask, elements] = found[..] else { return Err(No::miss("the op has not two results")) };
        let dense = Decompressor::new(rw, "constexpr_sparse_to_dense", name)
            .value("nonzero_data", elements)
            .value("mask", mask)
            .insert(rw, op)?;
        only(&dense)
    }
}
