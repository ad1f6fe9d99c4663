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
    /// func main<ios17>(tensor<fp32, [1, 1, 2, 2]> x) {
    ///     tensor<fp32, [1, 1, 2, 2]> y = relu(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 2, 2]> x) {
    ///     tensor<fp32, [1, 1, 2, 2]> y = relu(x = x)[name = string("y")];
    /// } -> (y);
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
