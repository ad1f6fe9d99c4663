//! Fits that are not all made in one run: several machines fit some weights each, and one puts them together.
//!
//! Whoever divides the work hands an [`Elsewhere`] to every run
//! ([`Runner::hand`](mil_pass::Runner::hand)). It is asked what to do with each weight, and told what came of
//! those that were fitted. The passes do the same as ever around it, so that the run which takes all fits from
//! elsewhere leaves the program that a run alone would leave.

use std::fmt;

use mil_compress::CompressError;
use mil_ir::{Graph, Use, ValueId};
use mil_pass::{PassCx, PassError};
use mil_tensor::{DType, Tensor};
use serde_json::Value;

use super::fits::{self, Outcome, Planned};
use super::weights::{Compressor, is_decompressor};

/// Who knows about fits that are made elsewhere.
pub struct Elsewhere(pub Box<dyn Division>);

/// Which weights a run fits itself.
pub trait Division: Send + Sync {
    /// What to do with the weights that a pass is about to fit, an answer for each. Asked once in each run of a
    /// pass, so that the first call is about the first pass.
    fn ask(&self, weights: &[Asked]) -> Result<Vec<Answer>, PassError>;

    /// What came of a weight that was to be fitted here.
    fn made(&self, weight: &Asked, made: &Made);

    /// What the report says of a weight whose place was taken by what it became.
    fn told(&self, weight: &Asked, detail: &Value);
}

/// A weight that is about to be fitted.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The pass, by its own id.
    pub pass: &'static str,
    /// The name of the weight.
    pub name: String,
    /// Where it ends up, however many ops decompress it on the way: its first use in each graph that holds it.
    /// No compression changes that, so that it tells weights apart from one pass to the next.
    pub places: Vec<String>,
    /// Its numbers.
    pub tensor: Tensor,
    /// What the fit will consist of, where that follows from shapes and options.
    pub forms: Option<Vec<Option<Form>>>,
}

/// A tensor's element type and shape.
pub type Form = (DType, Vec<usize>);

/// What to do with a weight.
#[derive(Debug)]
pub enum Answer {
    /// Fit it, and tell what came of it.
    Make,
    /// Leave it as it is.
    Leave,
    /// This came of it.
    Take(Made),
}

/// What came of a fit: tensors, in an order that the pass knows, or why the weight is left alone.
pub type Made = Result<Vec<Option<Tensor>>, String>;

impl fmt::Debug for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Elsewhere")
    }
}

/// The fits that a division asks for or brings; `None` for weights that stay as they are.
pub(super) fn fits<C: Compressor>(
    compressor: &C,
    planned: &[Planned<C::Plan>],
    asked: &[Asked],
    division: &dyn Division,
) -> Result<Vec<Option<Outcome<C::Fit>>>, PassError> {
    if compressor.samples().is_some() {
        return Err(PassError::Refused(
            "what learns from samples runs the whole model, and is not divided between machines".into(),
        ));
    }
    let answers = division.ask(asked)?;
    let own: Vec<usize> =
        (0..planned.len()).filter(|&at| matches!(answers.get(at), Some(Answer::Make))).collect();
    let mut own = fits::plain(compressor, planned, &own).into_iter();
    let all = planned.iter().zip(asked).zip(answers).map(|((planned, asked), answer)| match answer {
        Answer::Leave => Ok(None),
        Answer::Take(Err(reason)) => Ok(Some(Err(CompressError::Option(reason)))),
        Answer::Take(Ok(tensors)) => taken(compressor, &planned.plan, asked, tensors).map(Some),
        Answer::Make => {
            let fit = own.next();
            match &fit {
                // The pass ends with it.
                Some(Err(CompressError::Tensor(mil_tensor::TensorError::Read { .. }))) | None => {}
                Some(Err(reason)) => division.made(asked, &Err(reason.to_string())),
                Some(Ok(fit)) => division.made(asked, &Ok(compressor.tensors(fit))),
            }
            Ok(fit)
        }
    });
    all.collect()
}

/// A fit of tensors that were made elsewhere.
fn taken<C: Compressor>(
    compressor: &C,
    plan: &C::Plan,
    asked: &Asked,
    tensors: Vec<Option<Tensor>>,
) -> Result<Outcome<C::Fit>, PassError> {
    let form =
        |tensor: &Option<Tensor>| tensor.as_ref().map(|tensor| (tensor.dtype(), tensor.shape().to_vec()));
    let fits = match &asked.forms {
        Some(forms) => tensors.iter().map(form).eq(forms.iter().cloned()),
        None => true,
    };
    let refused = |why: &str| PassError::Refused(format!("{}: what was fitted elsewhere {why}", asked.name));
    if !fits {
        return Err(refused("has other types or shapes than planned"));
    }
    let fit = compressor.of_tensors(plan, tensors).map_err(|error| refused(&error.to_string()))?;
    fit.map(Ok).ok_or_else(|| refused("has another number of tensors"))
}

/// Where a weight ends up in a graph, in words: the function, the op and its parameter.
pub(super) fn place(graph: &Graph, cx: &PassCx<'_>, value: ValueId) -> String {
    let (function, opset) = (cx.function(), cx.opset());
    let (mut uses, mut stack) = (Vec::new(), vec![value]);
    while let Some(value) = stack.pop() {
        for used in graph.uses(value).filter(|used| !graph.op(used.op).is_return()) {
            match is_decompressor(graph, used.op) {
                true => stack.extend(graph.op(used.op).results()),
                false => uses.push(used),
            }
        }
    }
    let first = uses.into_iter().reduce(|a, b| {
        let key = |used: &Use| (used.param.clone(), used.position);
        let is_later = if a.op == b.op { key(&b) < key(&a) } else { graph.is_before(b.op, a.op) };
        if is_later { b } else { a }
    });
    match first {
        Some(used) => {
            let (op, param, position) = (graph.label(used.op), used.param, used.position);
            format!("{function}/{opset}/{op}.{param}[{position}]")
        }
        // Nothing uses what it is decompressed to.
        None => format!("{function}/{opset}/{}", graph.value(value).name()),
    }
}
