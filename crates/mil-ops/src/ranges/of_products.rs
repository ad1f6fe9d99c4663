//! Ranges of sums of products, norms and recurrent nets: bounds that are seldom met.

use mil_tensor::Tensor;

use super::{Range, Site, of_tensor};

/// Elements of the largest weight that is read.
const MOST: usize = 1 << 24;

impl Site<'_> {
    pub(super) fn of_products(&self) -> Option<Vec<Range>> {
        let x = || self.input("x");
        let one = match self.call.def().name {
            "linear" => self.weighted(x())?.loose(),
            "conv" => self.weighted(x().or_zero())?.loose(),
            "matmul" => {
                let inner = self.inner()?;
                self.input("x").times(self.input("y")).summed(inner).loose()
            }
            "batch_norm" => self.batch_norm()?,
            "layer_norm" => {
                let rank = self.call.dims_of("x")?.len();
                let axes = match self.call.is_given("axes") {
                    true => self.call.axes("axes", rank).ok()?,
                    false => (0..rank).collect(),
                };
                self.normalised(self.count("x", &axes))
            }
            "instance_norm" => {
                let rank = self.call.dims_of("x")?.len();
                self.normalised(self.count("x", &(2..rank).collect::<Vec<_>>()))
            }
            "l2_norm" => Range::new(-1.0, 1.0),
            "scaled_dot_product_attention" => self.input("value"),
            "lstm" | "gru" | "rnn" => return self.recurrent(),
            _ => return None,
        };
        Some(vec![one])
    }

    /// `Σ weight · x + bias` for each row of the weight, whatever elements of the range meet.
    fn weighted(&self, x: Range) -> Option<Range> {
        let weight = self.call.constant("weight").filter(|weight| weight.len() <= MOST)?;
        let rows = *weight.shape().first()?;
        let weights = weight.to_f64s().ok()?;
        let biases = match self.call.is_given("bias") {
            true => self.call.constant("bias")?.to_f64s().ok()?,
            false => Vec::new(),
        };
        let row = weights.len().checked_div(rows).filter(|&row| row > 0)?;
        let ranges = weights.chunks(row).enumerate().map(|(at, row)| {
            let (positive, negative) = row.iter().fold((0.0, 0.0), |(positive, negative), &weight| {
                if weight > 0.0 { (positive + weight, negative) } else { (positive, negative + weight) }
            });
            let bias = biases.get(at).copied().unwrap_or(0.0);
            let terms = x.times(Range::new(positive, positive)).plus(x.times(Range::new(negative, negative)));
            terms.plus(Range::new(bias, bias))
        });
        ranges.reduce(Range::or)
    }

    /// The length of the sums of a product.
    fn inner(&self) -> Option<f64> {
        let rank = self.call.dims_of("x")?.len();
        let from_end = if self.call.bool("transpose_x").ok()? { 2 } else { 1 };
        Some(self.count("x", &[rank.checked_sub(from_end)?]))
    }

    fn batch_norm(&self) -> Option<Range> {
        let x = self.input("x");
        let read = |param: &str| self.call.constant(param)?.to_f64s().ok();
        let (mean, variance) = (read("mean")?, read("variance")?);
        let or = |param: &str, other: f64| match self.call.is_given(param) {
            true => read(param),
            false => Some(vec![other; mean.len()]),
        };
        let (gamma, beta, epsilon) = (or("gamma", 1.0)?, or("beta", 0.0)?, self.number("epsilon")?);
        let channels = mean.iter().zip(&variance).zip(gamma.iter().zip(&beta));
        let ranges = channels.map(|((mean, variance), (gamma, beta))| {
            let scale = gamma / (variance + epsilon).sqrt();
            x.minus(Range::new(*mean, *mean)).times(Range::new(scale, scale)).plus(Range::new(*beta, *beta))
        });
        ranges.reduce(Range::or)
    }

    /// Of `count` numbers whose mean is 0 and whose variance 1, none is beyond `√(count - 1)`.
    fn normalised(&self, count: f64) -> Range {
        let most = (count - 1.0).max(0.0).sqrt();
        let or = |param: &str, other: f64| match self.call.is_given(param) {
            true => self.call.constant(param).map_or(Range::ALL, |tensor: Tensor| of_tensor(&tensor)),
            false => Range::new(other, other),
        };
        Range::new(-most, most).times(or("gamma", 1.0)).plus(or("beta", 0.0)).loose()
    }

    /// Hidden states are products of gates and hyperbolic tangents, or between such and what they were.
    fn recurrent(&self) -> Option<Vec<Range>> {
        let is = |param: &str, name: &str| self.call.string(param).is_ok_and(|found| found == name);
        let is_gated = self.call.def().name == "rnn" || is("recurrent_activation", "sigmoid");
        let hidden = (is_gated && is("activation", "tanh")).then(|| Range::new(-1.0, 1.0))?;
        let hidden = if self.call.def().name == "gru" { hidden.or(self.input("initial_h")) } else { hidden };
        Some(vec![hidden, hidden])
    }
}
