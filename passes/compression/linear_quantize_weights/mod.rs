use mil_compress::compensate::{self, Gain};
use mil_compress::quantize::{Options, Quantized, Range, quantize};
use mil_compress::{Blocks, CompressError};
use mil_ir::{Program, Release, ValueId};
use mil_pass::{Alias, No, OptionMap, Pass, PassCx, PassError, Rewrite, pass};
use mil_tensor::{DType, Tensor};

use super::calibration::Calibrated;
use super::config::{BlockSize, Config, LinearConfig, LinearGranularity};
use super::elsewhere::Form;
use super::emit::{Decompressor, is_old, only, refuse};
use super::mask::{Mask, faked, uncalibrated};
use super::weights::{Compressor, Place, Weight, run};

pass! {
    /// Replaces the elements of weights by integers of 4 or 8 bits, with a scale and perhaps a zero point.
    ///
    /// They hold for a whole weight, an output channel, or a block; integers of 4 bits and blocks came with
    /// iOS18. By default the range is the one with the least squared error of those that are tried, which may
    /// clip some elements; it is never worse than the range that holds all.
    ///
    /// A weight is left alone if it has no more elements than `weight_threshold`, is a vector, is an output
    /// only, has elements that are not finite, or if blocks do not divide it. With `joint_compression`, what is
    /// sparse already has its elements replaced, and a look-up table its entries.
    ///
    /// `samples` names calls that whoever runs the pass hands over (the command line reads the file of that name:
    /// arrays `CALL.NAME`). The weights of `linear`, `conv` and `matmul` are then rounded so that what these ops
    /// give in the calls changes least, as GPTQ does: later elements of an output channel make up for the
    /// errors of earlier ones. Scales and sizes stay, and no channel is worse than with plain rounding.
    ///
    /// # Before
    /// ```mil
    /// // options: {config={"global_config": {"weight_threshold": 0}}}
    /// func main<ios18>(tensor<fp32, [1, 4]> x) {
    ///     tensor<fp32, [3, 4]> w = const()[name = string("w"), val = tensor<fp32, [3, 4]>([[0x1p-1, 0x1.8p0, 0x1p-2, 2], [-1, -2, 0x1p0, 3], [0x1.cp1, 4, -3, 0x1.4p2]])];
    ///     tensor<fp32, [1, 3]> y = linear(weight = w, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp32, [1, 4]> x) {
    ///     tensor<int8, [3, 4]> w_quantized_data = const()[name = string("w_quantized_data"), val = tensor<int8, [3, 4]>([[32, 95, 16, 127], [-42, -85, 42, 127], [89, 102, -76, 127]])];
    ///     tensor<fp32, [3, 1]> w_quantized_scale = const()[name = string("w_quantized_scale"), val = tensor<fp32, [3, 1]>([[0x1.022664p-6], [0x1.8304d2p-6], [0x1.423e3cp-5]])];
    ///     tensor<fp32, [3, 4]> w_quantized = constexpr_blockwise_shift_scale(data = w_quantized_data, scale = w_quantized_scale)[name = string("w_quantized")];
    ///     tensor<fp32, [1, 3]> y = linear(weight = w_quantized, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct LinearQuantizeWeights {
        /// What is done with which weights, as coremltools' `OptimizationConfig` in JSON; the type of all
        /// configurations is `OpLinearQuantizerConfig`.
        pub config: Config<LinearConfig> = Config::default(),
        /// Try ranges and take the one with the least error, instead of the one that holds all elements.
        pub search_range: bool = true,
        /// Also compress what is compressed already.
        pub joint_compression: bool = false,
        /// Leave weights as they are decompressed, to see what is lost.
        pub fake_compression: bool = false,
        /// Tell what each weight loses.
        pub measure: bool = false,
        /// The name of calls from which rounding learns.
        pub samples: Option<String> = None,
    }
    id: "linear_quantize_weights",
    numerics: Lossy { min_snr_db: 0.0 },
    scope: Program,
    aliases: [Alias { id: "compression::linear_quantize_weights", adapt }],
    statistics: [
        compressed: "weights that are compressed",
        skipped: "weights that are left alone",
    ],
}

/// coremltools does not search.
fn adapt(mut options: OptionMap) -> Result<OptionMap, String> {
    options.entry("search_range").or_insert(false.into());
    Ok(options)
}

impl Pass for LinearQuantizeWeights {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        run(self, self.joint_compression, self.measure, program, cx)
    }
}

/// A weight, and the integers that it is to become.
pub(super) struct Plan {
    /// Dense, and in its own type.
    weight: Tensor,
    /// Where elements are kept, if only they are stored.
    mask: Option<Mask>,
    blocks: Blocks,
    options: Options,
    /// The weight is a look-up table.
    of_table: bool,
}

/// Integers, and where they are kept.
pub(super) struct Fit {
    quantized: Quantized,
    mask: Option<Mask>,
    gain: Option<Gain>,
}

impl Compressor for LinearQuantizeWeights {
    type Config = LinearConfig;
    type Plan = Plan;
    type Fit = Fit;

    fn config(&self) -> &Config<LinearConfig> {
        &self.config
    }

    fn again(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("constexpr_lut_to_dense", "lut"),
            ("constexpr_lut_to_sparse", "lut"),
            ("constexpr_sparse_to_dense", "nonzero_data"),
        ]
    }

    fn plan(&self, place: &Place<'_>, config: &LinearConfig) -> Result<Plan, No> {
        No::unless(place.tensor.dtype().is_float(), "the weight holds integers already")?;
        if config.granularity == LinearGranularity::PerBlock {
            place.needs(Release::IOS18, "quantization by blocks")?;
        }
        if matches!(config.dtype, DType::Int4 | DType::Uint4) {
            place.needs(Release::IOS18, "quantization to 4 bits")?;
        }
        let (mask, weight) = Mask::of(place)?;
        let of_table = place.weight.decompressor.is_some() && mask.is_none();
        if of_table && config.granularity != LinearGranularity::PerTensor {
            return Err(No::miss("the axes of a look-up table are not those of the weight: use per_tensor"));
        }
        let sizes = match of_table {
            true => vec![0; weight.rank()],
            false => block_sizes(&Place { tensor: &weight, ..*place }, config)?,
        };
        let blocks = Blocks::of_sizes(weight.shape(), &sizes).map_err(refuse)?;
        let range = if self.search_range { Range::Search } else { Range::Extent };
        let options = Options { dtype: config.dtype, symmetric: config.symmetric, range };
        Ok(Plan { weight, mask, blocks, options, of_table })
    }

    fn same(&self, a: &Plan, b: &Plan) -> bool {
        Mask::is_same(&a.mask, &b.mask) && (&a.blocks, a.options) == (&b.blocks, b.options)
    }

    fn samples(&self) -> Option<&str> {
        self.samples.as_deref()
    }

    fn uncalibrated(&self, plan: &Plan) -> Option<&'static str> {
        uncalibrated(&plan.mask, plan.of_table)
    }

    fn weight<'p>(&self, plan: &'p Plan) -> &'p Tensor {
        &plan.weight
    }

    fn fit(&self, plan: &Plan, weight: &Tensor, met: Option<&Calibrated>) -> Result<Fit, CompressError> {
        let Plan { mask, blocks, options, .. } = plan;
        let plain = quantize(weight, blocks, *options)?;
        let (quantized, gain) = match met {
            None => (plain, None),
            Some(Calibrated { met, output_axis }) => {
                let (found, gain) = compensate::quantized(weight, blocks, &plain, met, *output_axis)?;
                (found, Some(gain))
            }
        };
        Ok(Fit { quantized, mask: mask.clone(), gain })
    }

    fn results<'f>(&self, fit: &'f mut Fit) -> Vec<&'f mut Tensor> {
        vec![&mut fit.quantized.data]
    }

    fn gain(&self, fit: &Fit) -> Option<Gain> {
        fit.gain
    }

    fn tensors(&self, fit: &Fit) -> Vec<Option<Tensor>> {
        let Quantized { data, scale, offset, .. } = &fit.quantized;
        vec![Some(data.clone()), Some(scale.clone()), offset.clone()]
    }

    fn of_tensors(&self, plan: &Plan, tensors: Vec<Option<Tensor>>) -> Result<Option<Fit>, CompressError> {
        let Ok([Some(data), Some(scale), offset]) = <[_; 3]>::try_from(tensors) else { return Ok(None) };
        let quantized = Quantized::of_parts(data, scale, offset, plan.blocks.clone());
        Ok(Some(Fit { quantized, mask: plan.mask.clone(), gain: None }))
    }

    fn forms(&self, plan: &Plan) -> Option<Vec<Option<Form>>> {
        let Plan { weight, mask, blocks, options, .. } = plan;
        if mask.is_some() {
            return None;
        }
        let counts = || blocks.counts().to_vec();
        let is_signed = options.dtype.int_range().is_some_and(|(least, _)| least < 0);
        let offset = !(options.symmetric && is_signed);
        Some(vec![
            Some((options.dtype, weight.shape().to_vec())),
            Some((weight.dtype(), counts())),
            offset.then(|| (options.dtype, counts())),
        ])
    }

    fn emit(&self, rw: &mut Rewrite<'_>, weight: &Weight, fit: &Fit) -> Result<ValueId, No> {
        let Fit { quantized, mask, .. } = fit;
        let Quantized { data, scale, offset, .. } = quantized;
        if self.fake_compression {
            return faked(rw, weight, "quantized", quantized.dense().map_err(refuse)?, mask.as_ref());
        }
        let name = format!("{}_quantized", weight.name);
        if let Some(mask) = mask {
            let new = Decompressor::new(rw, "constexpr_sparse_blockwise_shift_scale", &name)
                .constant("nonzero_data", mask.compact(data)?)
                .constant("scale", scale.clone())
                .optional("offset", offset.clone());
            return Mask::insert(rw, weight, new, "data_mask");
        }
        let new = if is_old(rw) {
            let axis = scale.shape().iter().position(|&size| size > 1).unwrap_or(0);
            let flat = |tensor: &Tensor| {
                let shape: &[usize] = if tensor.len() == 1 { &[] } else { &[tensor.len()] };
                tensor.reshaped(shape)
            };
            let zero = match offset {
                Some(offset) => flat(offset)?,
                None => flat(&Tensor::from_f64s(data.dtype(), scale.shape(), &vec![0.0; scale.len()])?)?,
            };
            Decompressor::new(rw, "constexpr_affine_dequantize", &name)
                .constant("quantized_data", data.clone())
                .constant("zero_point", zero)
                .constant("scale", flat(scale)?)
                .constant("axis", Tensor::scalar(axis as i32))
        } else {
            Decompressor::new(rw, "constexpr_blockwise_shift_scale", &name)
                .constant("data", data.clone())
                .constant("scale", scale.clone())
                .optional("offset", offset.clone())
        };
        only(&new.insert(rw, weight.op)?)
    }
}

/// The sizes of the blocks along each axis of the weight.
fn block_sizes(place: &Place<'_>, config: &LinearConfig) -> Result<Vec<usize>, No> {
    let rank = place.tensor.rank();
    let mut sizes = vec![0; rank];
    let channels = || place.channels();
    match (config.granularity, &config.block_size) {
        (LinearGranularity::PerTensor, _) => {}
        (LinearGranularity::PerBlock, BlockSize::Axes(given)) => {
            No::unless(given.len() == rank, "block_size does not have one size for each axis")?;
            sizes.clone_from(given);
        }
        (LinearGranularity::PerChannel, _) => {
            if let Some(size) = sizes.get_mut(channels()?.output) {
                *size = 1;
            }
        }
        (LinearGranularity::PerBlock, BlockSize::Inputs(inputs)) => {
            let channels = channels()?;
            if let Some(size) = sizes.get_mut(channels.input) {
                *size = *inputs;
            }
            if let Some(size) = sizes.get_mut(channels.output) {
                *size = 1;
            }
        }
    }
    Ok(sizes)
}
