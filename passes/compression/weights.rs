//! Finding the weights that are compressed, and putting what they become in their places.

use mil_compress::CompressError;
use mil_compress::compensate::Gain;
use mil_ir::{At, Graph, NewOp, OpId, Opset, Program, Release, ValueId};
use mil_pass::{Declared, No, PassCx, PassError, Rewrite};
use mil_tensor::{DType, Tensor};
use serde_json::{Value, json};

use super::calibration::{Calibrated, Layer};
use super::config::{Config, OpConfig};
use super::elsewhere::{self, Asked, Elsewhere, Form};
use super::fits::{self, Planned};

/// What one of the three passes does with a weight.
pub(super) trait Compressor: Declared + Sync {
    /// What it is told about a weight.
    type Config: OpConfig;
    /// What is to be fitted: what the fit depends on, and nothing else.
    type Plan: Send + Sync;
    /// What was fitted.
    type Fit: Send + Sync;

    /// What it is told about all weights.
    fn config(&self) -> &Config<Self::Config>;

    /// Which constants of ops that decompress it may compress once more: op types and parameters.
    fn again(&self) -> &'static [(&'static str, &'static str)];

    /// What is to be fitted for a weight.
    fn plan(&self, place: &Place<'_>, config: &Self::Config) -> Result<Self::Plan, No>;

    /// Both fits are the same.
    fn same(&self, a: &Self::Plan, b: &Self::Plan) -> bool;

    /// The fit needs several times the memory of the weight, so that one at a time is enough.
    fn is_heavy(&self, plan: &Self::Plan) -> bool {
        let _ = plan;
        false
    }

    /// The name of the calls in which weights are looked at, if rounding makes up for its errors.
    fn samples(&self) -> Option<&str> {
        None
    }

    /// Why the fit would not learn from calls.
    fn uncalibrated(&self, plan: &Self::Plan) -> Option<&'static str> {
        let _ = plan;
        None
    }

    /// The weight that the fit reads.
    fn weight<'p>(&self, plan: &'p Self::Plan) -> &'p Tensor;

    /// Finds the parameters; `weight` is that of the plan, perhaps in memory, and `met` is what it meets in calls.
    fn fit(
        &self,
        plan: &Self::Plan,
        weight: &Tensor,
        met: Option<&Calibrated>,
    ) -> Result<Self::Fit, CompressError>;

    /// What a fit computes from the weight when it is read.
    fn results<'f>(&self, fit: &'f mut Self::Fit) -> Vec<&'f mut Tensor>;

    /// What calls have won, where the fit learned from them.
    fn gain(&self, fit: &Self::Fit) -> Option<Gain> {
        let _ = fit;
        None
    }

    /// What a fit consists of.
    fn tensors(&self, fit: &Self::Fit) -> Vec<Option<Tensor>>;

    /// The inverse: the fit that consists of these tensors; `None` if they are not as many as it has.
    fn of_tensors(
        &self,
        plan: &Self::Plan,
        tensors: Vec<Option<Tensor>>,
    ) -> Result<Option<Self::Fit>, CompressError>;

    /// What a fit will consist of, where that follows from shapes and options.
    fn forms(&self, plan: &Self::Plan) -> Option<Vec<Option<Form>>> {
        let _ = plan;
        None
    }

    /// Inserts what decompresses the weight; answers the value that takes its place.
    fn emit(&self, rw: &mut Rewrite<'_>, weight: &Weight, fit: &Self::Fit) -> Result<ValueId, No>;
}

/// A weight: a constant, or what an op decompresses.
pub(super) struct Weight {
    pub(super) op: OpId,
    pub(super) value: ValueId,
    pub(super) name: String,
    /// The op that decompresses with this constant, where it is compressed once more.
    pub(super) decompressor: Option<OpId>,
}

/// A weight in its graph.
pub(super) struct Place<'g> {
    pub(super) graph: &'g Graph,
    pub(super) opset: &'g Opset,
    pub(super) weight: &'g Weight,
    pub(super) tensor: &'g Tensor,
}

impl Place<'_> {
    /// An error where the opset is older than what needs another.
    pub(super) fn needs(&self, release: Release, what: &str) -> Result<(), No> {
        needs(self.opset, release, &self.weight.name, what)
    }

    /// The op that decompresses with this constant, if it is of a type.
    pub(super) fn decompressor(&self, kind: &str) -> Option<OpId> {
        self.weight.decompressor.filter(|&op| self.graph.op(op).kind() == kind)
    }

    /// The axes of the output and input channels, as the users of the weight see it.
    pub(super) fn channels(&self) -> Result<Channels, No> {
        channels(self.graph, self.weight.value, self.tensor.rank())
    }
}

/// An error where an opset is older than what a weight needs another for.
fn needs(opset: &Opset, release: Release, weight: &str, what: &str) -> Result<(), No> {
    if opset.release().is_some_and(|own| own >= release) {
        return Ok(());
    }
    let own = opset.release().map_or_else(|| opset.to_string(), |own| own.to_string());
    Err(No::Fault(PassError::Refused(format!(
        "{weight}: {what} needs {release}, and the model is for {own}: raise its target first \
         (--raise-target {release})"
    ))))
}

/// The axes of output and input channels; the latter may not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Channels {
    pub(super) output: usize,
    pub(super) input: usize,
}

/// The axes of channels, on which all users must agree.
fn channels(graph: &Graph, value: ValueId, rank: usize) -> Result<Channels, No> {
    let mut found: Option<Channels> = None;
    for user in graph.users(value).filter(|&user| !graph.op(user).is_return()) {
        let kind = graph.op(user).kind().as_str();
        let flag =
            |param: &str| graph.constant(user, param).and_then(|flag| flag.item_bool()).unwrap_or(false);
        let last = |swapped: bool| {
            let (a, b) = (rank.saturating_sub(1), rank.saturating_sub(2));
            if swapped { Channels { output: b, input: a } } else { Channels { output: a, input: b } }
        };
        let own = match kind {
            "conv_transpose" => Channels { output: 1, input: 0 },
            "matmul" if graph.input(user, "y") == Some(value) => last(flag("transpose_y")),
            "matmul" => last(!flag("transpose_x")),
            _ if kind.starts_with("constexpr_") => match graph.op(user).results() {
                [.., result] => channels(graph, *result, rank)?,
                [] => Channels { output: 0, input: 1 },
            },
            _ => Channels { output: 0, input: 1 },
        };
        if *found.get_or_insert(own) != own {
            return Err(No::miss("the ops that use the weight have their channels along different axes"));
        }
    }
    Ok(found.unwrap_or(Channels { output: 0, input: 1 }))
}

/// A weight that is to be compressed.
struct Found {
    weight: Weight,
    /// Which of the fits.
    plan: usize,
}

/// Compresses the weights of a program. `again`: also what is compressed already.
pub(super) fn run<C: Compressor>(
    compressor: &C,
    again: bool,
    measure: bool,
    program: &mut Program,
    cx: &mut PassCx<'_>,
) -> Result<(), PassError> {
    let mut graphs: Vec<Vec<Found>> = Vec::new();
    let mut plans: Vec<Planned<C::Plan>> = Vec::new();
    let division = cx.handed::<Elsewhere>().map(|elsewhere| &*elsewhere.0);
    // Of each plan, for whoever divides them.
    let mut asked: Vec<Asked> = Vec::new();
    cx.each_graph(program, |graph, cx| {
        name_inline(compressor, again, graph);
        let mut found = Vec::new();
        for op in graph.walk().collect::<Vec<_>>() {
            cx.check_cancelled()?;
            match look(compressor, again, graph, cx, op) {
                Ok(None) => {}
                Ok(Some((weight, plan, tensor))) => {
                    let layer = looked_at(compressor, graph, &weight, &plan, &tensor);
                    let layer = layer.map(|layer| layer.map(|layer| (graphs.len(), layer)));
                    let same = |known: &Planned<C::Plan>| {
                        known.tensor.is_same(&tensor) && compressor.same(&known.plan, &plan)
                    };
                    let at = match plans.iter().position(same) {
                        Some(at) => {
                            plans[at].layer = joined(plans[at].layer.take(), layer);
                            at
                        }
                        None => {
                            plans.push(Planned { plan, tensor, layer });
                            plans.len() - 1
                        }
                    };
                    if division.is_some() {
                        let place = elsewhere::place(graph, cx, weight.value);
                        match asked.get_mut(at) {
                            Some(known) => known.places.push(place),
                            None => asked.push(ask(compressor, &weight, &plans[at], place)),
                        }
                    }
                    found.push(Found { weight, plan: at });
                }
                Err(No::Miss(reason)) => leave(graph, cx, op, &reason),
                Err(No::Fault(error)) => return Err(error),
            }
        }
        graphs.push(found);
        Ok(())
    })?;
    let fits: Vec<Option<fits::Outcome<C::Fit>>> = match division {
        None => fits::all(compressor, &plans, program, cx)?.into_iter().map(Some).collect(),
        Some(division) => elsewhere::fits(compressor, &plans, &asked, division)?,
    };
    let mut graphs = graphs.into_iter();
    cx.each_graph(program, |graph, cx| {
        for Found { weight, plan } in graphs.next().unwrap_or_default() {
            cx.check_cancelled()?;
            let planned = &plans[plan];
            let Some(fit) = &fits[plan] else { continue };
            match fit {
                Ok(fit) => {
                    if !cx.spend() {
                        return Ok(());
                    }
                    let detail = put(compressor, graph, cx, &weight, fit, planned, measure)?;
                    if let (Some(division), Some(asked)) = (division, asked.get(plan)) {
                        division.told(asked, &detail);
                    }
                    cx.tell(detail);
                }
                Err(CompressError::Tensor(error @ mil_tensor::TensorError::Read { .. })) => {
                    let error = PassError::Refused(format!("{}: {error}", weight.name));
                    return Err(error);
                }
                Err(error) => leave(graph, cx, weight.op, &error.to_string()),
            }
        }
        Ok(())
    })
}

/// What whoever divides the fits is asked about a weight.
fn ask<C: Compressor>(compressor: &C, weight: &Weight, planned: &Planned<C::Plan>, place: String) -> Asked {
    Asked {
        pass: compressor.def().id,
        name: weight.name.clone(),
        places: vec![place],
        tensor: planned.tensor.clone(),
        forms: compressor.forms(&planned.plan),
    }
}

/// Makes constants of the weights that stand in the ops that use them, where they are to be compressed. `again`:
/// of what ops hold that decompress, too, if that may be compressed once more.
fn name_inline<C: Compressor>(compressor: &C, again: bool, graph: &mut Graph) {
    let mut inline = Vec::new();
    for op in graph.walk() {
        let kind = graph.op(op).kind().as_str();
        let again = again && compressor.again().iter().any(|(known, _)| *known == kind);
        let said = compressor.config().of_op(graph, op);
        let is_weight = |tensor: &Tensor| match (is_decompressor(graph, op), said) {
            (true, _) => again && tensor.len() >= STORED,
            (false, Some(said)) => {
                is_stored(tensor) && tensor.rank() > 1 && tensor.len() > said.weight_threshold()
            }
            (false, None) => false,
        };
        for (param, argument) in graph.op(op).arguments() {
            for (position, operand) in argument.iter().enumerate() {
                let Some(literal) = operand.literal() else { continue };
                if literal.as_tensor().is_some_and(is_weight) {
                    inline.push((op, param.clone(), position, literal.clone()));
                }
            }
        }
    }
    for (op, param, position, literal) in inline {
        let name = graph.fresh_name(&format!("{}_{param}", graph.label(op)));
        let constant = graph.insert(NewOp::constant(name, literal), At::Before(op));
        graph.inherit_origins(constant, &[op]);
        if let Some(value) = graph.op(constant).result() {
            graph.set_operand(op, &param, position, value);
        }
    }
}

/// What has so many elements stands in a file beside the program, as converters decide it.
const STORED: usize = 10;

/// What a file holds beside the program.
fn is_stored(tensor: &Tensor) -> bool {
    matches!(tensor.dtype(), DType::Fp16 | DType::Fp32 | DType::Int8 | DType::Uint8) && tensor.len() >= STORED
}

/// The layer in which a weight is looked at; `None` where nobody asks.
fn looked_at<C: Compressor>(
    compressor: &C,
    graph: &Graph,
    weight: &Weight,
    plan: &C::Plan,
    tensor: &Tensor,
) -> Option<Result<Layer, &'static str>> {
    compressor.samples()?;
    Some(match compressor.uncalibrated(plan) {
        Some(reason) => Err(reason),
        None => Layer::of(graph, weight.value, tensor.shape()),
    })
}

/// The layers of one weight that stands at two places: those of one graph are looked at together, those of
/// another not at all.
type Seen = Option<Result<(usize, Layer), &'static str>>;

fn joined(a: Seen, b: Seen) -> Seen {
    match (a, b) {
        (Some(Ok((graph, a))), Some(Ok((other, b)))) if graph == other => {
            Some(a.with(b).map(|layer| (graph, layer)))
        }
        (a @ Some(Ok(_)), _) => a,
        (_, b) => b,
    }
}

/// Looks at an op: is it a weight that is to be compressed? `None`: it is no weight at all.
fn look<C: Compressor>(
    compressor: &C,
    again: bool,
    graph: &Graph,
    cx: &PassCx<'_>,
    op: OpId,
) -> Result<Option<(Weight, C::Plan, Tensor)>, No> {
    let kind = graph.op(op).kind().as_str();
    let whole = |(other, param): &(&str, &str)| param.is_empty() && *other == kind;
    let is_const = kind == "const";
    let Some(value) = graph.op(op).result() else { return Ok(None) };
    if again && is_decompressor(graph, op) && !final_users(graph, value).is_empty() {
        let said = compressor.config().of_constant(graph, op, &final_users(graph, value));
        if said.map_err(|error| No::Fault(PassError::Refused(error)))?.is_some() {
            needs(cx.opset(), Release::IOS18, graph.value(value).name(), "compressing a weight twice")?;
        }
    }
    let tensor = match is_const {
        true => graph.const_tensor(value),
        false if again && compressor.again().iter().any(whole) => Some(super::emit::decompressed(graph, op)?),
        false => None,
    };
    let Some(tensor) = tensor.filter(is_stored) else { return Ok(None) };
    let users: Vec<OpId> = graph.users(value).filter(|&user| !graph.op(user).is_return()).collect();
    No::unless(!users.is_empty(), "no op uses the weight")?;
    let decompressors = users.iter().filter(|&&user| is_decompressor(graph, user)).count();
    let decompressor = if decompressors > 0 {
        No::unless(again, "the weight is compressed already")?;
        let only = graph.only_use(value).filter(|only| {
            let wanted = (graph.op(only.op).kind().as_str(), only.param.as_str());
            compressor.again().contains(&wanted)
        });
        Some(only.ok_or(No::miss("the weight is compressed already"))?.op)
    } else {
        None
    };
    let consumers = final_users(graph, value);
    let said = compressor.config().of_constant(graph, op, &consumers);
    let said = said.map_err(|error| No::Fault(PassError::Refused(error)))?;
    let config = said.ok_or(No::miss("the configuration leaves the weight alone"))?;
    let elements = if decompressor.is_some() { final_size(graph, value) } else { tensor.len() };
    No::unless(
        elements > config.weight_threshold(),
        "the weight has no more elements than weight_threshold",
    )?;
    No::unless(decompressor.is_some() || tensor.rank() > 1, "the weight is a vector")?;
    No::unless(mil_ops::is_known(graph, op), "the op has fields that are not known")?;
    let name = graph.value(value).name().to_string();
    let weight = Weight { op, value, name, decompressor };
    let place = Place { graph, opset: cx.opset(), weight: &weight, tensor: &tensor };
    place.needs(Release::IOS16, "compressed weights")?;
    if again && (decompressor.is_some() || !is_const) {
        place.needs(Release::IOS18, "compressing a weight twice")?;
    }
    let plan = compressor.plan(&place, config)?;
    Ok(Some((weight, plan, tensor)))
}

pub(super) fn is_decompressor(graph: &Graph, op: OpId) -> bool {
    graph.op(op).kind().as_str().starts_with("constexpr_")
}

/// The ops that use a weight when it is decompressed, however many ops do that.
fn final_users(graph: &Graph, value: ValueId) -> Vec<OpId> {
    let (mut found, mut stack) = (Vec::new(), vec![value]);
    while let Some(value) = stack.pop() {
        for user in graph.users(value).filter(|&user| !graph.op(user).is_return()) {
            match is_decompressor(graph, user) {
                true => stack.extend(graph.op(user).results()),
                false if !found.contains(&user) => found.push(user),
                false => {}
            }
        }
    }
    found.sort_by(
        |&a, &b| if graph.is_before(a, b) { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater },
    );
    found
}

/// Elements of a weight when it is decompressed.
fn final_size(graph: &Graph, mut value: ValueId) -> usize {
    while let Some(user) = graph.users(value).find(|&user| is_decompressor(graph, user)) {
        match graph.op(user).results() {
            [.., result] => value = *result,
            [] => break,
        }
    }
    let sizes = graph.value(value).ty().dims().map(|dims| {
        dims.iter().map(|dim| dim.fixed().map_or(0, |size| usize::try_from(size).unwrap_or(0))).product()
    });
    sizes.unwrap_or(0)
}

/// Says why a weight was left alone.
fn leave(graph: &Graph, cx: &mut PassCx<'_>, op: OpId, reason: &str) {
    cx.missed("weight", graph, op, reason);
    let function = cx.function().to_string();
    if let Some(value) = graph.op(op).result() {
        let ty = graph.value(value).ty();
        cx.tell(json!({
            "function": function,
            "weight": graph.value(value).name().as_str(),
            "type": ty.to_string(),
            "skipped": reason,
        }));
    }
    cx.count("skipped", 1);
}

/// Puts what a weight becomes in its place; gives what there is to tell about it.
fn put<C: Compressor>(
    compressor: &C,
    graph: &mut Graph,
    cx: &mut PassCx<'_>,
    weight: &Weight,
    fit: &C::Fit,
    planned: &Planned<C::Plan>,
    measure: bool,
) -> Result<Value, PassError> {
    let source = &planned.tensor;
    let users: Vec<String> =
        final_users(graph, weight.value).iter().map(|&user| graph.label(user).to_string()).collect();
    let opset = cx.opset().clone();
    let before = super::emit::stored_bytes(graph, weight.value);
    let mut rw = Rewrite::new(graph, &opset);
    let value = compressor.emit(&mut rw, weight, fit)?;
    match rw.graph().is_output(weight.value) {
        true => rw.replace_with_new(weight.op, &[value], &[])?,
        false => rw.replace_with_existing(weight.op, &[value], &[])?,
    }
    cx.count("compressed", 1);
    let mut detail = json!({
        "function": cx.function().as_str(),
        "weight": weight.name,
        "type": format!("{}{:?}", source.dtype(), source.shape()),
        "used_by": users,
        "bytes_before": before,
        "bytes_after": super::emit::stored_bytes(graph, value),
        "form": graph.definition(value).map(|op| graph.op(op).kind().as_str()),
    });
    if measure && let Some(dense) = super::emit::decompressed_value(graph, value) {
        let refused = |error: CompressError| PassError::Refused(error.to_string());
        let loss = mil_compress::loss(source, &dense).map_err(refused)?;
        detail["signal"] = json!(loss.signal);
        detail["noise"] = json!(loss.noise);
    }
    match (compressor.gain(fit), &planned.layer) {
        (Some(gain), _) => {
            detail["layer_error_plain"] = json!(gain.plain);
            detail["layer_error"] = json!(gain.compensated);
        }
        (None, Some(Err(reason))) => detail["not_calibrated"] = json!(reason),
        _ => {}
    }
    Ok(detail)
}
