use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, pass};

use super::activations::{Affine, Ranges};
use super::config::{Config, LinearConfig};

pass! {
    /// Puts a `quantize` and a `dequantize` before ops that compute on integers where they find such pairs.
    ///
    /// These are `conv`, `linear`, `avg_pool`, `max_pool` and `add`. Scale and zero point follow from the range of
    /// the value in `activation_stats`. An op is left alone if the configuration says so, if an operand is a
    /// constant or has been dequantized already, or if no range is known.
    ///
    /// # Before
    /// ```mil
    /// // options: {config={"global_config": {"mode": "linear", "dtype": "uint8"}}, activation_stats={"x": {"rmin": -1, "rmax": 3}, "a": {"rmin": -1, "rmax": 1}}}
    /// func main<ios17>(tensor<fp32, [1, 4]> x) {
    ///     tensor<fp32, [3, 4]> w = const()[name = string("w"), val = tensor<fp32, [3, 4]>([[1, 2, 1, 2], [2, 2, 1, 1], [-1, 1, 1, 4]])];
    ///     tensor<fp32, [1, 3]> y = linear(weight = w, x = x)[name = string("y")];
    ///     tensor<fp32, [1, 3]> out = exp(x = y)[name = string("out")];
    /// } -> (out);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 4]> x) {
    ///     tensor<fp32, [3, 4]> w = const()[name = string("w"), val = tensor<fp32, [3, 4]>([[0x1p+0, 0x1p+1, 0x1p+0, 0x1p+1], [0x1p+1, 0x1p+1, 0x1p+0, 0x1p+0], [-0x1p+0, 0x1p+0, 0x1p+0, 0x1p+2]])];
    ///     fp32 x_quantize_scale = const()[name = string("x_quantize_scale"), val = fp32(0x1.010102p-6)];
    ///     uint8 x_quantize_zero_point = const()[name = string("x_quantize_zero_point"), val = uint8(64)];
    ///     string x_quantize_dtype = const()[name = string("x_quantize_dtype"), val = string("uint8")];
    ///     tensor<uint8, [1, 4]> x_quantized = quantize(input = x, output_dtype = x_quantize_dtype, scale = x_quantize_scale, zero_point = x_quantize_zero_point)[name = string("x_quantized")];
    ///     fp32 x_dequantize_scale = const()[name = string("x_dequantize_scale"), val = fp32(0x1.010102p-6)];
    ///     uint8 x_dequantize_zero_point = const()[name = string("x_dequantize_zero_point"), val = uint8(64)];
    ///     tensor<fp32, [1, 4]> x_dequantized = dequantize(input = x_quantized, scale = x_dequantize_scale, zero_point = x_dequantize_zero_point)[name = string("x_dequantized")];
    ///     tensor<fp32, [1, 3]> y = linear(weight = w, x = x_dequantized)[name = string("y")];
    ///     tensor<fp32, [1, 3]> out = exp(x = y)[name = string("out")];
    /// } -> (out);
    /// ```
    pub struct InsertPrefixQuantizeDequantizePair {
        /// Which ops, and to which integers, as coremltools' `OptimizationConfig` in JSON; the type of all
        /// configurations is `OpLinearQuantizerConfig`.
        pub config: Config<LinearConfig> = Config::default(),
        /// The ranges of values by their names: `{"x": {"rmin": -1, "rmax": 1}}`.
        pub activation_stats: Ranges = Ranges::default(),
    }
    id: "insert_prefix_quantize_dequantize_pair",
    numerics: Lossy { min_snr_db: 0.0 },
    aliases: [Alias::plain("compression::insert_prefix_quantize_dequantize_pair")],
    patterns: [
        /// an op of one value
        unary(conv | linear | avg_pool | max_pool) with options,
        /// `add` of two values
        sum(add) with options,
    ],
}

fn unary(pass: &InsertPrefixQuantizeDequantizePair, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    pass.quantize_operands(rw, op, &["x"])
}

fn sum(pass: &InsertPrefixQuantizeDequantizePair, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    pass.quantize_operands(rw, op, &["x", "y"])
}

impl InsertPrefixQuantizeDequantizePair {
    fn quantize_operands(&self, rw: &mut Rewrite<'_>, op: OpId, params: &[&str]) -> Matched {
        let config =
            self.config.of_op(rw.graph(), op).ok_or(No::miss("the configuration leaves the op alone"))?;
        rw.has_op("quantize")?;
        let mut pairs = Vec::new();
        for param in params {
            let value = rw.input(op, param)?;
            if let Some(producer) = rw.graph().definition(value) {
                let kind = rw.graph().op(producer).kind().as_str();
                let constant = kind == "const" || kind.starts_with("constexpr_");
                No::unless(!constant, "an operand is a constant")?;
                No::unless(kind != "dequantize", "an operand has been dequantized already")?;
            }
            let range = self.activation_stats.0.get(rw.graph().value(value).name().as_str());
            let range = *range.ok_or(No::miss("no range of an operand is known"))?;
            pairs.push((*param, value, Affine::new(range, config, rw.dtype(value)?)?));
        }
        let mut done = Vec::new();
        for (param, value, affine) in pairs {
            let known = done.iter().find(|(old, _)| *old == value).map(|(_, new)| *new);
            let new = match known {
                Some(new) => new,
                None => affine.pair(rw, value, op)?,
            };
            done.push((value, new));
            rw.graph_mut().set_operand(op, param, 0, new);
        }
        Ok(())
    }
}
