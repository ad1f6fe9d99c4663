//! Recurrent layers.

use mil_ir::NewOp;
use mil_tensor::DType;

use super::constexpr;
use crate::maker::{Made, Maker};

/// Sizes of a layer, and its op so far: the sequence, the weights of all gates, what is said by text.
struct Layer {
    dtype: DType,
    batch: usize,
    input: usize,
    hidden: usize,
    gates: usize,
    new: NewOp,
}

fn layer(maker: &mut Maker, kind: &'static str, gates: usize) -> Made<Layer> {
    let dtype = maker.dtype(kind, "x", &[DType::Fp32, DType::Fp16]);
    let x = maker.tensor(&[dtype], 3..=3)?;
    let shape = maker.sizes(x);
    let (batch, input, hidden) = (shape[1], shape[2], maker.dice.range(1, 3));
    let weights = [
        constexpr::weight(maker, dtype, &[gates * hidden, input])?,
        constexpr::weight(maker, dtype, &[gates * hidden, hidden])?,
    ];
    let [ih, hh] = weights;
    let new = NewOp::new(kind).with("x", x).with("weight_ih", ih).with("weight_hh", hh);
    let new = maker.maybe(new, "bias", |maker| constexpr::weight(maker, dtype, &[gates * hidden]))?;
    let new = maker.maybe(new, "output_sequence", |maker| Ok(maker.any_flag()))?;
    let activations = ["tanh", "sigmoid", "relu"];
    let mut layer = Layer { dtype, batch, input, hidden, gates, new };
    for param in ["recurrent_activation", "cell_activation", "activation"] {
        let name = maker.dice.pick(&activations);
        layer.new = maker.maybe(layer.new, param, |maker| Ok(maker.text(name)))?;
    }
    Ok(layer)
}

impl Layer {
    fn start(&mut self, maker: &mut Maker, param: &'static str, directions: usize) -> Made {
        let value = maker.value(self.dtype, &[self.batch, directions * self.hidden])?;
        self.new = self.new.clone().with(param, value);
        Ok(())
    }

    fn direction(&mut self, maker: &mut Maker, among: &[&'static str]) -> &'static str {
        let direction = maker.dice.pick(among);
        if direction != "forward" || maker.dice.chance(50) {
            let operand = maker.text(direction);
            self.new = self.new.clone().with("direction", operand);
        }
        direction
    }
}

pub(crate) fn rnn(maker: &mut Maker) -> Made {
    let mut layer = layer(maker, "rnn", 1)?;
    layer.direction(maker, &["forward", "reverse"]);
    layer.start(maker, "initial_h", 1)?;
    maker.ops(layer.new).map(drop)
}

pub(crate) fn gru(maker: &mut Maker) -> Made {
    let mut layer = layer(maker, "gru", 3)?;
    layer.direction(maker, &["forward", "reverse"]);
    layer.start(maker, "initial_h", 1)?;
    let new = maker.maybe(layer.new, "reset_after", |maker| Ok(maker.any_flag()))?;
    let new = maker.maybe(new, "input_bias", |maker| {
        constexpr::weight(maker, layer.dtype, &[layer.gates * layer.hidden])
    })?;
    maker.ops(new).map(drop)
}

pub(crate) fn lstm(maker: &mut Maker) -> Made {
    let mut layer = layer(maker, "lstm", 4)?;
    let direction = layer.direction(maker, &["forward", "reverse", "bidirectional"]);
    let directions = if direction == "bidirectional" { 2 } else { 1 };
    layer.start(maker, "initial_h", directions)?;
    layer.start(maker, "initial_c", directions)?;
    let rows = layer.gates * layer.hidden;
    let peephole = maker.dice.chance(30);
    let mut new = layer.new;
    if directions == 2 {
        let (ih, hh) = (
            constexpr::weight(maker, layer.dtype, &[rows, layer.input])?,
            constexpr::weight(maker, layer.dtype, &[rows, layer.hidden])?,
        );
        new = new.with("weight_ih_back", ih).with("weight_hh_back", hh);
        new = maker.maybe(new, "bias_back", |maker| constexpr::weight(maker, layer.dtype, &[rows]))?;
    }
    for param in ["peephole", "peephole_back"].into_iter().take(if peephole { directions } else { 0 }) {
        let weights = constexpr::weight(maker, layer.dtype, &[3 * layer.hidden])?;
        new = new.with(param, weights);
    }
    new = maker.maybe(new, "clip", |maker| Ok(maker.scalar(layer.dtype, 1.5)))?;
    maker.ops(new).map(drop)
}
