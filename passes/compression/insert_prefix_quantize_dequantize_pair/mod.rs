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
