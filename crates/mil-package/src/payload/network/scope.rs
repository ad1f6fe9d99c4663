//! The walk over layers: which values exist, who makes them, and of which rank they are.
//!
//! A nested network sees the values around it. What it makes is kept or forgotten as its layer says; a
//! journal undoes it, so that no scope is ever copied and the walk is linear. Networks nest as deep as the
//! message does, which the scan of the payload bounds.

use std::collections::{BTreeSet, HashMap, HashSet};

use mil_ir::Feature;
use mil_ir::verify::{Report, Violation};
use mil_proto::payload::neural_network_layer::Layer;
use mil_proto::payload::{BranchLayerParams, LoopLayerParams, NeuralNetwork, NeuralNetworkLayer, Tensor};
use prost::bytes::Bytes;

use super::super::rule::{Checked, Record, fault, require};
use super::ranks::Ranks;
use super::{layers, parameters};

/// Stands for the maker of inputs.
const INPUT: &str = "__input";

/// The values that exist at one place of a network.
pub(super) struct Scope {
    /// Each value with the names of the layers that make it: several where layers copy onto it.
    makers: HashMap<String, BTreeSet<String>>,
    inputs: HashSet<String>,
    ranks: Ranks,
    /// Ranks of the model's features.
    model_ranks: HashMap<String, u64>,
    general: bool,
    /// How many loop bodies are around.
    loops: usize,
    journal: Vec<Change>,
}

/// What a layer added.
enum Change {
    Maker { value: String, layer: String },
    Rank(String),
}

/// A value and the layer that makes it.
type Made = (String, String);

impl Scope {
    pub(super) fn new(inputs: &[Feature], model_ranks: HashMap<String, u64>, general: bool) -> Scope {
        let names = || inputs.iter().map(|input| input.name.to_string());
        Scope {
            makers: names().map(|name| (name, BTreeSet::from([INPUT.to_owned()]))).collect(),
            inputs: names().collect(),
            ranks: Ranks(model_ranks.clone()),
            model_ranks,
            general,
            loops: 0,
            journal: Vec::new(),
        }
    }

    /// The values that layers make. An input counts where a layer copies onto it.
    pub(super) fn made(self) -> HashSet<String> {
        let Scope { makers, inputs, .. } = self;
        let made = makers.into_iter().filter(|(value, makers)| makers.len() > 1 || !inputs.contains(value));
        made.map(|(value, _)| value).collect()
    }

    /// Checks layers in order. The values of a broken one exist all the same, so that it is the only one that
    /// is told.
    pub(super) fn layers(&mut self, encoded: &[Bytes], report: &mut Report) {
        for encoded in encoded {
            let outcome = layers::kind(encoded).and_then(|kind| Ok((kind, super::decode(encoded)?)));
            let (kind, layer) = match outcome {
                Ok(decoded) => decoded,
                Err(finding) => {
                    report.record(Err(finding));
                    continue;
                }
            };
            // What a nested layer breaks is said of that one.
            let of_layer = |mut violation: Violation| {
                if violation.place.is_empty() {
                    violation.place.op = Some(layer.name.as_str().into());
                    violation.place.kind = kind.map(Into::into);
                }
                violation
            };
            let checked = self.layer(kind, &layer, report);
            let checked = checked.and_then(|()| self.topology(&layer));
            report.record(checked.map_err(of_layer));
            for output in &layer.output {
                self.make(output.clone(), layer.name.clone());
            }
        }
    }

    fn layer(&mut self, kind: Option<&str>, layer: &NeuralNetworkLayer, report: &mut Report) -> Checked {
        if self.general {
            self.rank_messages(&layer.input, &layer.input_tensor, "input")?;
            self.rank_messages(&layer.output, &layer.output_tensor, "output")?;
        }
        let row = kind.and_then(layers::rules);
        let row = row.ok_or_else(|| fault("layer-kind", "the layer has no kind that is known"))?;
        layers::arity(layer, &row)?;
        if self.general {
            layers::ranks(layer, &row, &self.ranks)?;
        }
        parameters::check(layer, self.general)?;
        match &layer.layer {
            Some(Layer::LoopBreak(_) | Layer::LoopContinue(_)) => {
                require(self.loops > 0, "layer-control", "it stands outside the body of a loop")
            }
            Some(Layer::Branch(params)) => self.branch(layer, params, report),
            Some(Layer::Loop(params)) => self.repeat(layer, params, report),
            _ => Ok(()),
        }
    }

    /// Inputs exist; outputs do not yet, unless the layer copies.
    fn topology(&self, layer: &NeuralNetworkLayer) -> Checked {
        if let Some(input) = layer.input.iter().find(|input| !self.makers.contains_key(*input)) {
            return Err(fault("layer-input", format!("input {input} does not exist")));
        }
        let copies = matches!(layer.layer, Some(Layer::Copy(_)));
        let mut own = HashSet::new();
        let again =
            layer.output.iter().find(|output| !own.insert(*output) || self.makers.contains_key(*output));
        match again.filter(|_| !copies) {
            None => Ok(()),
            Some(output) => Err(fault("layer-output", format!("output {output} exists already"))),
        }
    }

    /// What a layer says of the ranks of its values agrees with itself, the model and all other layers.
    fn rank_messages(&mut self, values: &[String], messages: &[Tensor], what: &str) -> Checked {
        if messages.is_empty() {
            return Ok(());
        }
        let code = "layer-rank-message";
        let message = format!("{} {what}s, ranks of {}", values.len(), messages.len());
        require(values.len() == messages.len(), code, message)?;
        for (value, tensor) in values.iter().zip(messages) {
            let rank = u64::from(tensor.rank);
            let sizes = tensor.dim_value.len() as u64;
            require(
                sizes == 0 || sizes == rank,
                code,
                format!("{what} {value}: rank {rank}, {sizes} sizes"),
            )?;
            let in_model = self.model_ranks.get(value).is_none_or(|&other| other == rank);
            require(in_model, code, format!("{what} {value}: the model gives it another rank than {rank}"))?;
            match self.ranks.of(value) {
                None => {
                    self.ranks.0.insert(value.clone(), rank);
                    self.journal.push(Change::Rank(value.clone()));
                }
                Some(other) => {
                    require(
                        other == rank,
                        code,
                        format!("{what} {value}: rank {rank} here, {other} elsewhere"),
                    )?;
                }
            }
        }
        Ok(())
    }

    /// What both branches make exists afterwards.
    fn branch(
        &mut self,
        layer: &NeuralNetworkLayer,
        params: &BranchLayerParams,
        report: &mut Report,
    ) -> Checked {
        single(layer)?;
        let (then, otherwise) = (layers_of(&params.if_branch), layers_of(&params.else_branch));
        require(!then.is_empty(), "layer-control", "the if-branch is empty")?;
        let then = self.nested(then, report);
        if otherwise.is_empty() {
            return Ok(());
        }
        let otherwise = self.nested(otherwise, report);
        let values = |made: &[Made]| made.iter().map(|(value, _)| value.clone()).collect::<HashSet<_>>();
        let (in_then, in_otherwise) = (values(&then), values(&otherwise));
        let mut kept = then;
        kept.retain(|(value, _)| self.makers.contains_key(value) || in_otherwise.contains(value));
        let others = otherwise.into_iter();
        kept.extend(others.filter(|(value, _)| self.makers.contains_key(value) || in_then.contains(value)));
        self.keep(kept);
        Ok(())
    }

    /// What the condition makes exists afterwards; of the body, what existed before it, or all without a
    /// condition.
    fn repeat(
        &mut self,
        layer: &NeuralNetworkLayer,
        params: &LoopLayerParams,
        report: &mut Report,
    ) -> Checked {
        let code = "layer-control";
        single(layer)?;
        let (condition, body) = (layers_of(&params.condition_network), layers_of(&params.body_network));
        let (has_condition, variable) = (!condition.is_empty(), &params.condition_var);
        require(!body.is_empty(), code, "the body is empty")?;
        let both = has_condition != variable.is_empty();
        require(both, code, "a condition network and its variable go together")?;
        let ends = has_condition || params.max_loop_iterations > 0 || !layer.input.is_empty();
        require(ends, code, "nothing ends the loop")?;
        if has_condition {
            let made = self.nested(condition, report);
            let makes = made.iter().any(|(value, _)| value == variable);
            self.keep(made);
            require(makes, code, format!("the condition network does not make {variable}"))?;
        }
        self.loops += 1;
        let mut made = self.nested(body, report);
        self.loops -= 1;
        made.retain(|(value, _)| !has_condition || self.makers.contains_key(value));
        self.keep(made);
        Ok(())
    }

    /// Checks a nested network, forgets what it makes, and says what that was.
    fn nested(&mut self, layers: &[Bytes], report: &mut Report) -> Vec<Made> {
        let start = self.journal.len();
        self.layers(layers, report);
        let mut made = Vec::new();
        for change in self.journal.drain(start..) {
            match change {
                Change::Rank(value) => {
                    self.ranks.0.remove(&value);
                }
                Change::Maker { value, layer } => {
                    if let Some(makers) = self.makers.get_mut(&value) {
                        makers.remove(&layer);
                        if makers.is_empty() {
                            self.makers.remove(&value);
                        }
                    }
                    made.push((value, layer));
                }
            }
        }
        made
    }

    fn keep(&mut self, made: Vec<Made>) {
        for (value, layer) in made {
            self.make(value, layer);
        }
    }

    fn make(&mut self, value: String, layer: String) {
        if self.makers.entry(value.clone()).or_default().insert(layer.clone()) {
            self.journal.push(Change::Maker { value, layer });
        }
    }
}

fn layers_of(network: &Option<NeuralNetwork>) -> &[Bytes] {
    network.as_ref().map_or(&[], |network| &network.layers)
}

/// The condition has one element.
fn single(layer: &NeuralNetworkLayer) -> Checked {
    let sizes = layer.input_tensor.first().map_or(&[][..], |tensor| &tensor.dim_value);
    require(sizes.iter().all(|&size| size <= 1), "layer-control", "the condition has more than one element")
}
