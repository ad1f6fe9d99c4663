use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, pass};

use super::activations::{Affine, Ranges};
use super::config::{Config, LinearConfig};

pass! {
    /// Puts a `quantize` and a `dequantize` behind ops whose operands have such pairs, so that they compute on
    /// integers alone.
    ///
    /// These are `conv`, `linear`, `avg_pool`, `max_pool` and `add`, with the activation that follows. Scale and
    /// zero point follow from the range of the value in `activation_stats`. An op is left alone if the
    /// configuration says so, if an operand was not dequantized, if only outputs use its result, if that is
    /// quantized already, or if no range is known.
    ///
    /// # Before
    /// ```mil
    /// // options: {config={"global_config": {"mode": "linear", "dtype": "uint8"}}, activation_stats={"y": {"rmin": -20, "rmax": 20}}}
    /// func main<ios17>(tensor<fp32, [1, 4]> x) {
    ///     uint8 zero = const()[name = string("zero"), val = uint8(64)];
    ///     fp32 s = const()[name = string("s"), val = fp32(0x1p-6)];
    ///     tensor<uint8, [1, 4]> q = quantize(input = x, output_dtype = string("uint8"), scale = s, zero_point = zero)[name = string("q")];
    ///     tensor<fp32, [1, 4]> d = dequantize(input = q, scale = s, zero_point = zero)[name = string("d")];
    ///     tensor<fp32, [3, 4]> w = const()[name = string("w"), val = tensor<fp32, [3, 4]>([[1, 2, 1, 2], [2, 2, 1, 1], [-1, 1, 1, 4]])];
    ///     tensor<fp32, [1, 3]> y = linear(weight = w, x = d)[name = string("y")];
    ///     tensor<fp32, [1, 3]> out = exp(x = y)[name = string("out")];
    /// } -> (out);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 4]> x) {
    ///     uint8 zero = const()[name = string("zero"), val = uint8(64)];
    ///     fp32 s = const()[name = string("s"), val = fp32(0x1p-6)];
    ///     tensor<uint8, [1, 4]> q = quantize(input = x, output_dtype = string("uint8"), scale = s, zero_point = zero)[name = string("q")];
    ///     tensor<fp32, [1, 4]> d = dequantize(input = q, scale = s, zero_point = zero)[name = string("d")];
    ///     tensor<fp32, [3, 4]> w = const()[name = string("w"), val = tensor<fp32, [3, 4]>([[0x1p+0, 0x1p+1, 0x1p+0, 0x1p+1], [0x1p+1, 0x1p+1, 0x1p+0, 0x1p+0], [-0x1p+0, 0x1p+0, 0x1p+0, 0x1p+2]])];
    ///     tensor<fp32, [1, 3]> y = linear(weight = w, x = d)[name = string("y")];
    ///     fp32 y_quantize_scale = const()[name = string("y_quantize_scale"), val = fp32(0x1.414142p-3)];
    ///     uint8 y_quantize_zero_point = const()[name = string("y_quantize_zero_point"), val = uint8(128)];
    ///     string y_quantize_dtype = const()[name = string("y_quantize_dtype"), val = string("uint8")];
    ///     tensor<uint8, [1, 3]> y_quantized = quantize(input = y, output_dtype = y_quantize_dtype, scale = y_quantize_scale, zero_point = y_quantize_zero_point)[name = string("y_quantized")];
    ///     fp32 y_dequantize_scale = const()[name = string("y_dequantize_scale"), val = fp32(0x1.414142p-3)];
    ///     uint8 y_dequantize_zero_point = const()[name = string("y_dequantize_zero_point"), val = uint8(128)];
    ///     tensor<fp32, [1, 3]> y_dequantized = dequantize(input = y_quantized, scale = y_dequantize_scale, zero_point = y_dequantize_zero_point)[name = string("y_dequantized")];
    ///     tensor<fp32, [1, 3]> out = exp(x = y_dequantized)[name = string("out")];
    /// } -> (out);
    /// ```
    pub struct InsertSuffixQuantizeDequantizePair {
        /// Which ops, and to which integers, as coremltools' `OptimizationConfig` in JSON; the type of all
        /// configurations is `OpLinearQuantizerConfig`.
        pub config: Config<LinearConfig> = Config::default(),
        /// The ranges of values by their names: `{"x": {"rmin": -1, "rmax": 1}}`.
        pub activation_stats: Ranges = Ranges::default(),
    }
    id: "insert_suffix_quantize_dequantize_pair",
    numerics: Lossy { min_snr_db: 0.0 },
    aliases: [Alias::plain("compression::insert_suffix_quantize_dequantize_pair")],
    patterns: [
        /// an op of one value
        unary(conv | linear | avg_pool | max_pool) with options,
        /// `add` of two values
        sum(add) with options,
    ],
}

/// Activations that belong to the op before them.
const ACTIVATIONS: [&str; 7] =
    ["leaky_relu", "tanh", "scaled_tanh", "sigmoid", "sigmoid_hard", "relu", "relu6"];

fn unary(pass: &InsertSuffixQuantizeDequantizePair, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    pass.quantize_result(rw, op, &["x"])
}

fn sum(pass: &InsertSuffixQuantizeDequantizePair, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    pass.quantize_result(rw, op, &["x", "y"])
}

impl InsertSuffixQuantizeDequantizePair {
    fn quantize_result(&self, rw: &mut Rewrite<'_>, op: OpId, params: &[&str]) -> Matched {
        let config =
            self.config.of_op(rw.graph(), op).ok_or(No::miss("the configuration leaves the op alone"))?;
        for param in params {
            rw.producer(op, param, &["dequantize"])?;
        }
        let mut last = op;
        if let Ok(user) = rw.only_user(op)
            && rw.is(user, &ACTIVATIONS)
        {
            last = user;
        }
        let value = rw.result(last)?;
        let graph = rw.graph();
        let users: Vec<OpId> = graph.users(value).filter(|&user| !graph.op(user).is_return()).collect();
        No::unless(!users.is_empty(), "only outputs use the result")?;
        let quantized = users.iter().any(|&user| graph.op(user).kind() == "quantize");
        No::unless(!quantized, "the result is quantized already")?;
        let range = self.activation_stats.0.get(graph.value(value).name().as_str());
        let range = *range.ok_or(No::miss("no range of the result is known"))?;
        let next = graph.next(last).ok_or(No::miss("the op is the last of its block"))?;
        let affine = Affine::new(range, config, rw.dtype(value)?)?;
        let new = affine.pair(rw, value, next)?;
        rw.graph_mut().replace_uses_if(value, new, |user| users.contains(&user));
        Ok(())
    }
}
