//! What happens to pixels between an app and a program: a scale and a bias.

use mil_ir::{Graph, NewOp, OpId, Opset, ValueId};
use mil_pass::{No, OptionValue, PassError, Rewrite};
use mil_tensor::{DType, Tensor};
use serde_json::{Value, json};

use super::casts::{first_op, replace_output};

/// `scale * pixel + bias`, with one bias for all channels or one for each.
#[derive(Clone, Debug, PartialEq)]
pub struct Preprocessing {
    /// What each pixel is multiplied by.
    pub scale: f64,
    /// What is then added: nothing, one number, or one for each channel.
    pub bias: Vec<f64>,
}

impl Default for Preprocessing {
    fn default() -> Preprocessing {
        Preprocessing { scale: 1.0, bias: Vec::new() }
    }
}

/// An object with `scale`, a number, and `bias`, a number or a list.
impl OptionValue for Preprocessing {
    fn read(value: &Value) -> Result<Preprocessing, String> {
        let expected = "an object with `scale`, a number, and `bias`, a number or one for each channel";
        let fields = value.as_object().ok_or(expected)?;
        let mut found = Preprocessing::default();
        for (key, value) in fields {
            match key.as_str() {
                "scale" => found.scale = value.as_f64().ok_or(expected)?,
                "bias" if value.is_number() => found.bias = vec![value.as_f64().ok_or(expected)?],
                "bias" => found.bias = Vec::<f64>::read(value).map_err(|_| expected)?,
                _ => return Err(expected.into()),
            }
        }
        Ok(found)
    }

    fn write(&self) -> Value {
        json!({"scale": self.scale, "bias": self.bias})
    }
}

/// Endings of the names of the ops that scale and bias an image, as coremltools has them.
const SCALED: &str = "__scaled__";
const BIASED: &str = "__biased__";

impl Preprocessing {
    /// The ops stand behind an input already.
    pub(super) fn is_inserted(&self, graph: &Graph, input: ValueId) -> bool {
        let name = graph.value(input).name();
        [SCALED, BIASED].iter().any(|ending| graph.has_value_named(&format!("{name}{ending}")))
    }

    fn is_scaled(&self) -> bool {
        self.scale != 1.0
    }

    fn is_biased(&self) -> bool {
        self.bias.iter().any(|&bias| bias != 0.0)
    }

    /// Scales and biases what an input hands over. A scale is folded into the weight of the one op that takes
    /// the input where that is the same to the bit; otherwise it is a `mul`. A bias is an `add`: folded, it
    /// would be summed over the weights, and the padding of a `conv` would not see it.
    pub(super) fn apply_to_input(
        &self,
        graph: &mut Graph,
        opset: &Opset,
        input: ValueId,
    ) -> Result<(), PassError> {
        if !self.is_biased() && self.is_scaled() && fold_into_user(graph, opset, input, self.scale)? {
            return Ok(());
        }
        self.insert_behind_input(graph, opset, input)
    }

    /// Inserts a `mul` and an `add` behind an input, for all that takes it.
    pub(super) fn insert_behind_input(
        &self,
        graph: &mut Graph,
        opset: &Opset,
        input: ValueId,
    ) -> Result<(), PassError> {
        let before = match self.inner(graph, input) {
            Some(cast) => graph.next(cast).unwrap_or(cast),
            None => first_op(graph),
        };
        let value = self.inner(graph, input).and_then(|cast| graph.op(cast).result()).unwrap_or(input);
        let returned = graph.root().return_op();
        let users: Vec<OpId> = graph.users(value).filter(|&user| user != returned).collect();
        let name = graph.value(input).name().to_string();
        let last = self.emit(graph, opset, value, &name, before)?;
        if last != value {
            graph.replace_uses_if(value, last, |user| users.contains(&user));
        }
        Ok(())
    }

    /// The cast that alone takes an input, to a type in which arithmetic is done.
    fn inner(&self, graph: &Graph, input: ValueId) -> Option<OpId> {
        let user = graph.only_use(input)?.op;
        let is_float = |op: OpId| {
            graph
                .op(op)
                .result()
                .is_some_and(|value| graph.value(value).ty().dtype().is_some_and(DType::is_float))
        };
        (graph.op(user).kind() == "cast" && is_float(user)).then_some(user)
    }

    /// Scales and biases an output, which keeps its name. A scale is folded into the op that makes the output
    /// where that is the same to the bit.
    pub(super) fn apply_to_output(
        &self,
        graph: &mut Graph,
        opset: &Opset,
        output: ValueId,
    ) -> Result<(), PassError> {
        if !self.is_biased() && self.is_scaled() && fold_into_producer(graph, opset, output, self.scale)? {
            return Ok(());
        }
        let name = graph.value(output).name().to_string();
        let end = graph.root().return_op();
        let last = self.emit(graph, opset, output, &name, end)?;
        if last != output {
            replace_output(graph, output, last, &format!("{name}__raw__"));
        }
        Ok(())
    }

    /// The ops, with the names that coremltools gives them.
    fn emit(
        &self,
        graph: &mut Graph,
        opset: &Opset,
        x: ValueId,
        name: &str,
        before: OpId,
    ) -> Result<ValueId, PassError> {
        let ty = graph.value(x).ty().clone();
        let refuse = |why: String| PassError::Refused(format!("{name} cannot be scaled or biased: {why}"));
        let Some(dtype) = ty.dtype().filter(|dtype| matches!(dtype, DType::Fp16 | DType::Fp32)) else {
            return Err(refuse(format!("it is a {ty}")));
        };
        let numbers = |shape: &[usize], values: &[f64]| -> Result<Tensor, PassError> {
            let fits = values.iter().all(|&value| crate::constants::fits(value, dtype));
            No::unless(fits, "a scale or a bias is not finite in the element type of the pixels")?;
            Tensor::from_f64s(dtype, shape, values).map_err(PassError::Weights)
        };
        let mut value = x;
        let mut rw = Rewrite::new(graph, opset);
        if self.is_scaled() {
            let label = format!("{name}{SCALED}");
            let scale = rw.tensor(&format!("{label}y_0"), numbers(&[], &[self.scale])?, before);
            value = rw.emit_one(NewOp::new("mul").named(label).with("x", value).with("y", scale), before)?;
        }
        if self.is_biased() {
            let shape: Vec<usize> = match (&self.bias[..], ty.dims()) {
                ([_], _) => Vec::new(),
                (bias, Some([_, channels, _, _])) if channels.fixed() == Some(bias.len() as u64) => {
                    vec![1, bias.len(), 1, 1]
                }
                (bias, _) => return Err(refuse(format!("{} biases for a {ty}", bias.len()))),
            };
            let label = format!("{name}{BIASED}");
            let bias = rw.tensor(&format!("{label}y_0"), numbers(&shape, &self.bias)?, before);
            value = rw.emit_one(NewOp::new("add").named(label).with("x", value).with("y", bias), before)?;
        }
        Ok(value)
    }
}

/// Ops that multiply `x` by a constant, with its parameter.
const PRODUCTS: &[(&str, &str)] = &[("conv", "weight"), ("linear", "weight"), ("mul", "y")];

/// Scales the constant of the only op that takes a value, which then takes `1 / scale` times as much.
fn fold_into_user(graph: &mut Graph, opset: &Opset, x: ValueId, scale: f64) -> Result<bool, PassError> {
    let Some(user) = graph.only_use(x).filter(|found| *found.param == *"x").map(|found| found.op) else {
        return Ok(false);
    };
    scale_constants(graph, opset, user, scale, false)
}

/// Scales the constants of the op that makes an output, which nothing else uses.
fn fold_into_producer(graph: &mut Graph, opset: &Opset, y: ValueId, scale: f64) -> Result<bool, PassError> {
    match (graph.definition(y), graph.only_use(y)) {
        (Some(op), Some(_)) => scale_constants(graph, opset, op, scale, true),
        _ => Ok(false),
    }
}

/// Scales the constants of a product, its bias as well where the result is to be scaled, if each product is
/// exact: by a power of two, with nothing lost at either end of the type.
fn scale_constants(
    graph: &mut Graph,
    opset: &Opset,
    op: OpId,
    scale: f64,
    with_bias: bool,
) -> Result<bool, PassError> {
    let kind = graph.op(op).kind().clone();
    let Some(&(_, weight)) = PRODUCTS.iter().find(|(product, _)| kind == **product) else { return Ok(false) };
    let is_power = scale > 0.0 && scale.is_normal() && scale.to_bits() & ((1 << 52) - 1) == 0;
    let blocked = graph.op(op).block() != Graph::ROOT || !mil_ops::is_known(graph, op);
    let mut rw = Rewrite::new(graph, opset);
    let Some(constant) = rw.constant(op, weight).ok().filter(|_| is_power && !blocked) else {
        return Ok(false);
    };
    let Some(scaled) = scaled_exactly(&constant, scale)? else { return Ok(false) };
    let mut new = rw.like(op)?.set(weight, scaled);
    if with_bias && kind != "mul" && rw.graph().op(op).argument("bias").is_some() {
        let bias = rw.constant(op, "bias").ok();
        let Some(bias) = bias.map(|bias| scaled_exactly(&bias, scale)).transpose()?.flatten() else {
            return Ok(false);
        };
        new = new.set("bias", bias);
    }
    rw.replace(op, new, &[])?;
    Ok(true)
}

/// A constant times a power of two; `None` where an element would overflow, or lose bits.
fn scaled_exactly(tensor: &Tensor, scale: f64) -> Result<Option<Tensor>, PassError> {
    let (least, most) = match tensor.dtype() {
        DType::Fp16 => (2_f64.powi(-14), 65504.0),
        DType::Fp32 => (f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)),
        _ => return Ok(None),
    };
    let is_exact = |value: f64| value == 0.0 || (least..=most).contains(&(value * scale).abs());
    if !tensor.all(is_exact).map_err(PassError::Weights)? {
        return Ok(None);
    }
    let factor = Tensor::scalar(scale);
    tensor.scale_shift(0, Some(&factor), None).map(Some).map_err(PassError::Weights)
}
