//! What a program gives, and its interface.

use mil_ir::{DictionaryKey, Feature, FeatureKind, Flexibility, Function, Graph, NewOp, Program, ValueId};
use mil_tensor::DType;

use crate::maker::{Made, Maker};

/// Makes a program of what there is: some values become outputs, the rest is dead code unless something uses
/// it.
pub(crate) fn finish(mut maker: Maker) -> Made<Program> {
    let graph = maker.graph();
    let leaves: Vec<ValueId> = maker
        .visible()
        .filter(|&value| graph.is_unused(value) && graph.definition(value).is_some())
        .filter(|&value| is_array(graph, value))
        .collect();
    let mut outputs = Vec::new();
    for value in leaves {
        if outputs.len() < 12 && maker.dice.chance(80) {
            outputs.push(as_feature(&mut maker, value)?);
        }
    }
    // Now and then one that other ops use, too.
    if maker.dice.chance(25)
        && let Some(inner) =
            maker.find(|ty| ty.dtype() == Some(DType::Fp32) && ty.rank().is_some_and(|rank| rank > 0))
        && maker.graph().definition(inner).is_some()
        && !outputs.contains(&inner)
    {
        outputs.push(inner);
    }
    if outputs.is_empty() {
        let x = maker.tensor(&[DType::Fp32], 1..=4)?;
        outputs.push(maker.op(NewOp::new("relu").with("x", x))?);
    }
    let classifier = maker.classifier;
    let mut program = maker.into_builder().finish(outputs.iter().copied())?;
    size_flexible_features(&mut program);
    if let Some(results) = classifier {
        add_classifier(&mut program, &outputs, results);
    }
    Ok(program)
}

/// A tensor of numbers.
fn is_array(graph: &Graph, value: ValueId) -> bool {
    let ty = graph.value(value).ty();
    ty.dims().is_some() && ty.dtype().is_some_and(|dtype| dtype.bits().is_some_and(|bits| bits < 64))
}

/// The value as an app can see it: of a type that arrays have, with an axis at least.
fn as_feature(maker: &mut Maker, value: ValueId) -> Made<ValueId> {
    let mut value = value;
    match maker.ty(value).dtype() {
        Some(DType::Fp32 | DType::Int32 | DType::Fp16) => {}
        _ => value = maker.cast(value, DType::Int32)?,
    }
    if maker.ty(value).rank() == Some(0) {
        let axes = maker.ints(&[0]);
        value = maker.op(NewOp::new("expand_dims").with("x", value).with("axes", axes))?;
    }
    Ok(value)
}

/// Inputs of any size get a default of 2, which no fixed default shape would hide. Outputs of any size may be
/// empty.
fn size_flexible_features(program: &mut Program) {
    for function in program.interface.functions.values_mut() {
        for feature in &mut function.outputs {
            if let Some(FeatureKind::Array(array)) = &mut feature.kind
                && let Some(Flexibility::Ranges(ranges)) = &mut array.flexibility
            {
                ranges.iter_mut().filter(|range| range.upper < 0).for_each(|range| range.lower = 0);
            }
        }
        for feature in &mut function.inputs {
            if let Some(FeatureKind::Array(array)) = &mut feature.kind
                && let Some(Flexibility::Ranges(ranges)) = &array.flexibility
            {
                for (size, range) in array.shape.iter_mut().zip(ranges) {
                    if range.upper < 0 {
                        *size = 2;
                    }
                }
            }
        }
    }
}

/// Makes label and probabilities the outputs that a classifier names.
fn add_classifier(program: &mut Program, outputs: &[ValueId], results: [ValueId; 2]) {
    let Some(graph) = program.functions.get_mut("main").and_then(Function::graph_mut) else { return };
    graph.set_outputs(Graph::ROOT, outputs.iter().copied().chain(results));
    let texts = graph.value(results[0]).ty().dtype() == Some(DType::String);
    let names = results.map(|value| graph.value(value).name().clone());
    let key = if texts { DictionaryKey::String } else { DictionaryKey::Int64 };
    let label = if texts { FeatureKind::String } else { FeatureKind::Int64 };
    let kinds = [label, FeatureKind::Dictionary(key)];
    if let Some(main) = program.interface.functions.get_mut("main") {
        for (name, kind) in names.iter().zip(kinds) {
            let feature = Feature {
                name: name.clone(),
                doc: String::new(),
                kind: Some(kind),
                optional: false,
                carried: None,
            };
            main.outputs.push(feature);
        }
        [main.predicted_feature, main.predicted_probabilities] = names;
    }
}
