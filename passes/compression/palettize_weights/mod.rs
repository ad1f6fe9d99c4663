use mil_compress::compensate::{self, Gain};
use mil_compress::palette::{Mode, Options, Palette, Vectors, palettize};
use mil_compress::sparse::bytes_of;
use mil_compress::{Blocks, CompressError};
use mil_ir::{Program, Release, ValueId};
use mil_pass::{Alias, No, Pass, PassCx, PassError, Rewrite, pass};
use mil_tensor::{DType, Tensor};

use super::calibration::Calibrated;
use super::config::{Config, PaletteConfig, PaletteGranularity, PaletteMode};
use super::elsewhere::Form;
use super::emit::{Decompressor, is_old, only, refuse, shape_of};
use super::mask::{Mask, faked, uncalibrated};
use super::weights::{Compressor, Place, Weight, run};

pass! {
    /// Replaces the elements of weights by indices of small look-up tables.
    ///
    /// The tables have the least possible squared error (mode `kmeans`), are spread evenly (`uniform`), or hold
    /// the distinct values of a weight that has few (`unique`). One table serves a whole weight, or a group of
    /// channels, from iOS18 on; and from iOS18 on an index may stand for a vector, and each output channel may
    /// have a scale beside the table. Each element becomes the entry that is nearest as it is stored.
    ///
    /// A weight is left alone if it has no more elements than `weight_threshold`, is a vector, is an output
    /// only, or if its sizes do not divide. With `joint_compression`, what is quantized or sparse already has
    /// its integers or elements replaced.
    ///
    /// `samples` names calls that whoever runs the pass hands over (the command line reads the file of that name:
    /// arrays `CALL.NAME`). For the weights of `linear`, `conv` and `matmul`, k-means then counts errors by what
    /// they meet in the calls, and indices are chosen so that what these ops give changes least: later elements
    /// of an output channel make up for the errors of earlier ones.
    ///
    /// # Before
    /// ```mil
    /// // options: {config={"global_config": {"mode": "unique", "weight_threshold": 0}}}
    /// func main<ios18>(tensor<fp32, [1, 4]> x) {
    ///     tensor<fp32, [3, 4]> w = const()[name = string("w"), val = tensor<fp32, [3, 4]>([[1, 2, 1, 2], [2, 2, 1, 1], [-1, 1, 1, 4]])];
    ///     tensor<fp32, [1, 3]> y = linear(weight = w, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp32, [1, 4]> x) {
    ///     tensor<uint2, [3, 4]> w_palettized_indices = const()[name = string("w_palettized_indices"), val = tensor<uint2, [3, 4]>([[1, 2, 1, 2], [2, 2, 1, 1], [0, 1, 1, 3]])];
    ///     tensor<fp32, [1, 1, 4, 1]> w_palettized_lut = const()[name = string("w_palettized_lut"), val = tensor<fp32, [1, 1, 4, 1]>([[[[-0x1p+0], [0x1p+0], [0x1p+1], [0x1p+2]]]])];
    ///     tensor<fp32, [3, 4]> w_palettized = constexpr_lut_to_dense(indices = w_palettized_indices, lut = w_palettized_lut)[name = string("w_palettized")];
    ///     tensor<fp32, [1, 3]> y = linear(weight = w_palettized, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct PalettizeWeights {
        /// What is done with which weights, as coremltools' `OptimizationConfig` in JSON; the type of all
        /// configurations is `OpPalettizerConfig`.
        pub config: Config<PaletteConfig> = Config::default(),
        /// Also compress what is compressed already.
        pub joint_compression: bool = false,
        /// Leave weights as they are decompressed, to see what is lost.
        pub fake_compression: bool = false,
        /// Tell what each weight loses.
        pub measure: bool = false,
        /// The name of calls from which tables and indices learn.
        pub samples: Option<String> = None,
    }
    id: "palettize_weights",
    numerics: Lossy { min_snr_db: 0.0 },
    scope: Program,
    aliases: [Alias::plain("compression::palettize_weights")],
    statistics: [
        compressed: "weights that are compressed",
        skipped: "weights that are left alone",
    ],
}

impl Pass for PalettizeWeights {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        run(self, self.joint_compression, self.measure, program, cx)
    }
}

/// A weight, and the palette that it is to have.
pub(super) struct Plan {
    /// Dense, and in its own type.
    weight: Tensor,
    /// Where elements are kept, if only they are stored.
    mask: Option<Mask>,
    groups: Blocks,
    options: Options,
    /// Indices of 3 bits came with iOS18.
    three_bits: bool,
    /// What is replaced are the integers of a quantized weight.
    of_integers: bool,
}

/// A palette, and where its indices are kept.
pub(super) struct Fit {
    palette: Palette,
    mask: Option<Mask>,
    gain: Option<Gain>,
}

impl Compressor for PalettizeWeights {
    type Config = PaletteConfig;
    type Plan = Plan;
    type Fit = Fit;

    fn config(&self) -> &Config<PaletteConfig> {
        &self.config
    }

    fn again(&self) -> &'static [(&'static str, &'static str)] {
        &[("constexpr_sparse_to_dense", "nonzero_data"), ("constexpr_blockwise_shift_scale", "data")]
    }

    fn plan(&self, place: &Place<'_>, config: &PaletteConfig) -> Result<Plan, No> {
        let grouped = config.granularity == PaletteGranularity::PerGroupedChannel;
        for (asked, what) in [
            (grouped, "a palette for each group of channels"),
            (config.cluster_dim > 1, "a palette of vectors"),
            (config.enable_per_channel_scale, "a palette with a scale for each channel"),
            (config.nbits == Some(3), "a palette of 3 bits"),
        ] {
            if asked {
                place.needs(Release::IOS18, what)?;
            }
        }
        let (mask, weight) = Mask::of(place)?;
        let rank = weight.rank();
        let channels = Place { tensor: &weight, ..*place }.channels()?;
        let axis = match config.channel_axis.filter(|_| grouped) {
            None => channels.output,
            Some(axis) => usize::try_from(if axis < 0 { axis + rank as i64 } else { axis }).unwrap_or(rank),
        };
        let mut sizes = vec![0; rank];
        if grouped {
            let size = sizes.get_mut(axis).ok_or(No::miss("the weight has no such channel axis"))?;
            *size = config.group_size;
        }
        let groups = Blocks::of_sizes(weight.shape(), &sizes).map_err(refuse)?;
        let width = config.cluster_dim;
        let vectors = (width > 1).then_some(Vectors { axis, width });
        if vectors.is_some() {
            No::unless(mask.is_none(), "vectors of elements that are not next to each other")?;
            No::unless(axis < rank, "the weight has no such channel axis")?;
            No::unless(divides_groups(place, width, axis), "a vector lies across groups of the convolution")?;
        }
        let scale_axis = config.enable_per_channel_scale.then_some(channels.output);
        No::unless(scale_axis.is_none_or(|axis| axis < rank), "the weight has no such channel axis")?;
        let float = weight.dtype().is_float();
        No::unless(scale_axis.is_none() || float, "a scale for each channel of integers")?;
        let mode = match config.mode {
            PaletteMode::Kmeans => Mode::Kmeans,
            PaletteMode::Uniform => Mode::Uniform,
            PaletteMode::Unique => Mode::Unique,
        };
        let options = Options { mode, bits: config.nbits, vectors, scale_axis, ignore_zeros: mask.is_some() };
        let three_bits = place.needs(Release::IOS18, "").is_ok();
        let of_integers = place.weight.decompressor.is_some();
        Ok(Plan { weight, mask, groups, options, three_bits, of_integers })
    }

    fn same(&self, a: &Plan, b: &Plan) -> bool {
        Mask::is_same(&a.mask, &b.mask)
            && (&a.groups, &a.options, a.three_bits) == (&b.groups, &b.options, b.three_bits)
    }

    fn is_heavy(&self, plan: &Plan) -> bool {
        let wide = plan.weight.dtype() != DType::Fp16 || plan.options.scale_axis.is_some();
        (wide || plan.options.vectors.is_some()) && plan.groups.size() > 1 << 18
    }

    fn samples(&self) -> Option<&str> {
        self.samples.as_deref()
    }

    fn uncalibrated(&self, plan: &Plan) -> Option<&'static str> {
        uncalibrated(&plan.mask, plan.of_integers).or(match plan.options {
            Options { mode: Mode::Unique, .. } => Some("nothing is rounded"),
            Options { vectors: Some(_), .. } => Some("an index stands for a vector"),
            _ => None,
        })
    }

    fn weight<'p>(&self, plan: &'p Plan) -> &'p Tensor {
        &plan.weight
    }

    fn fit(&self, plan: &Plan, weight: &Tensor, met: Option<&Calibrated>) -> Result<Fit, CompressError> {
        let Plan { mask, groups, .. } = plan;
        let mut options = plan.options.clone();
        let mut palette = palettize(weight, groups, &options, None)?;
        if palette.bits() == 3 && !plan.three_bits {
            options.bits = Some(4);
            palette = palettize(weight, groups, &options, None)?;
        }
        let mut gain = None;
        if let Some(Calibrated { met, output_axis }) = met {
            let (found, of_plain) = compensate::palettized(weight, groups, &palette, met, *output_axis)?;
            (palette, gain) = (found, Some(of_plain));
            // Tables that count errors by what they meet are mostly better, but not always.
            if options.mode == Mode::Kmeans && options.scale_axis.is_none() {
                let importance = met.importance(weight.shape(), *output_axis)?;
                let other = palettize(weight, groups, &options, Some(&importance))?;
                let (other, own) = compensate::palettized(weight, groups, &other, met, *output_axis)?;
                if own.compensated < of_plain.compensated {
                    (palette, gain) = (other, Some(Gain { plain: of_plain.plain, ..own }));
                }
            }
        }
        Ok(Fit { palette, mask: mask.clone(), gain })
    }

    fn results<'f>(&self, fit: &'f mut Fit) -> Vec<&'f mut Tensor> {
        vec![&mut fit.palette.indices]
    }

    fn gain(&self, fit: &Fit) -> Option<Gain> {
        fit.gain
    }

    fn tensors(&self, fit: &Fit) -> Vec<Option<Tensor>> {
        let Palette { indices, lut, scale, .. } = &fit.palette;
        vec![Some(indices.clone()), Some(lut.clone()), scale.clone()]
    }

    fn of_tensors(&self, plan: &Plan, tensors: Vec<Option<Tensor>>) -> Result<Option<Fit>, CompressError> {
        let Ok([Some(indices), Some(lut), scale]) = <[_; 3]>::try_from(tensors) else { return Ok(None) };
        let vector_axis = plan.options.vectors.map(|vectors| vectors.axis);
        let palette = Palette::of_parts(indices, lut, vector_axis, scale, plan.weight.dtype());
        Ok(Some(Fit { palette, mask: plan.mask.clone(), gain: None }))
    }

    fn forms(&self, plan: &Plan) -> Option<Vec<Option<Form>>> {
        let Plan { weight, groups, options, .. } = plan;
        let bits = options.bits.filter(|_| options.mode != Mode::Unique && plan.mask.is_none())?;
        let width = options.vectors.map_or(1, |vectors| vectors.width);
        let mut indices = weight.shape().to_vec();
        if let Some(Vectors { axis, width }) = options.vectors {
            *indices.get_mut(axis)? /= width;
        }
        let lut = groups.counts().iter().copied().chain([1 << bits, width]).collect();
        let scale = options.scale_axis.map(|axis| {
            let size = |(at, &size): (usize, &usize)| if at == axis { size } else { 1 };
            (weight.dtype(), weight.shape().iter().enumerate().map(size).collect())
        });
        Some(vec![Some((DType::index(bits)?, indices)), Some((weight.dtype(), lut)), scale])
    }

    fn emit(&self, rw: &mut Rewrite<'_>, weight: &Weight, fit: &Fit) -> Result<ValueId, No> {
        let Fit { palette, mask, .. } = fit;
        let name = &weight.name;
        if self.fake_compression {
            return faked(rw, weight, "palettized", palette.dense().map_err(refuse)?, mask.as_ref());
        }
        let axis = palette.vector_axis.map(|axis| Tensor::scalar(axis as i32));
        let palettized = format!("{name}_palettized");
        if let Some(mask) = mask {
            let new = Decompressor::new(rw, "constexpr_lut_to_sparse", &palettized)
                .constant("indices_nonzero_data", mask.compact(&palette.indices)?)
                .constant("lut", palette.lut.clone());
            return Mask::insert(rw, weight, new, "indices_mask");
        }
        let mut new = Decompressor::new(rw, "constexpr_lut_to_dense", &palettized);
        new = if is_old(rw) {
            new.constant("indices", bytes_of(&palette.indices).map_err(refuse)?)
                .constant("lut", palette.lut.reshaped(&[palette.lut.len()])?)
                .constant("shape", shape_of(&palette.indices)?)
        } else {
            new.constant("indices", palette.indices.clone())
                .constant("lut", palette.lut.clone())
                .optional("vector_axis", axis)
        };
        let dense = only(&new.insert(rw, weight.op)?)?;
        let Some(scale) = &palette.scale else { return Ok(dense) };
        let scaled = Decompressor::new(rw, "constexpr_blockwise_shift_scale", &format!("{palettized}_pcs"))
            .value("data", dense)
            .constant("scale", scale.clone())
            .insert(rw, weight.op)?;
        only(&scaled)
    }
}

/// Vectors along an axis do not lie across the groups of a convolution, whose weight has its first axis
/// divided.
fn divides_groups(place: &Place<'_>, width: usize, axis: usize) -> bool {
    let graph = place.graph;
    let size = place.tensor.shape().get(axis).copied().unwrap_or(0);
    graph.users(place.weight.value).all(|user| {
        let convolution = matches!(graph.op(user).kind().as_str(), "conv" | "conv_transpose");
        let groups = graph.constant(user, "groups").and_then(|groups| groups.item_i64()).unwrap_or(1);
        let groups = usize::try_from(groups).unwrap_or(1).max(1);
        !convolution || if axis == 0 { size / groups % width == 0 } else { size % width == 0 }
    })
}
