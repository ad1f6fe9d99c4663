//! The types that are inferred are those of the results that others computed, and the builder and its checks
//! take every call.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod support;
#[path = "support/values.rs"]
mod values;

use mil_ir::{Dim, Literal, NewOp, Operand, Opset, Shape, Type, TypeKind};
use mil_ops::{OpDef, ProgramBuilder, types_agree};
use serde_json::Value;

use values::{array, dtype, items, sizes};

/// Ops with blocks: their types follow from those of the blocks, which `tests/infer.rs` tries.
const WITH_BLOCKS: &[&str] = &["cond", "while_loop"];

/// Variadic parameters whose values must be constants, although the op table cannot say so of them.
const CONSTANTS: &[(&str, &str)] =
    &[("reshape_like", "begins"), ("reshape_like", "ends"), ("reshape_like", "end_masks")];

/// The element type of the result is that of the operand that is no constant, which a case does not tell.
const MIXED: &[&str] = &["matmul"];

/// Ops whose results have as many elements as the values of operands say, and which inference does not
/// follow.
const BY_VALUE: &[&str] = &["non_zero"];

/// The declared type of an operand or a result.
fn ty(record: &Value) -> Type {
    if let Some(name) = record.get("list") {
        let elements = items(&record["elements"]);
        let element = elements.iter().find(|element| !element.is_null());
        let element = element.map_or_else(|| Type::tensor(dtype(name), Shape::Unranked), ty);
        return Type::new(TypeKind::List(element, Dim::UNKNOWN));
    }
    if let Some(contents) = record.get("state") {
        return Type::new(TypeKind::State(ty(contents)));
    }
    if record.get("dictionary").is_some() {
        return Type::new(TypeKind::Unknown);
    }
    Type::fixed(dtype(&record["type"]), &sizes(&record["shape"]))
}

/// The literal of an operand; `None` where there is no form for it.
fn literal(record: &Value) -> Option<Literal> {
    if record.get("list").is_some() {
        let elements: Option<Vec<Literal>> = items(&record["elements"]).iter().map(literal).collect();
        let elements = elements?;
        return Some(Literal::list(elements.first()?.ty.clone(), elements));
    }
    record.get("type")?;
    Some(Literal::tensor(array(record).to_tensor().unwrap()))
}

/// What is known of the operands that need no constant.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    /// Everything: they are literals where there is a form for it.
    Values,
    /// They are inputs of fixed sizes.
    Sizes,
    /// They are inputs of which only the rank is known.
    Ranks,
}

/// A tensor type without its sizes.
fn flexible(ty: Type) -> Type {
    match (ty.dtype(), ty.fixed_shape()) {
        (Some(dtype), Some(shape)) => Type::tensor(dtype, Shape::Ranked(vec![Dim::UNKNOWN; shape.len()])),
        _ => ty,
    }
}

/// The types of the results of a call.
fn inferred(def: &OpDef, case: &Value, known: Known) -> Result<Vec<Type>, String> {
    let target = Opset::new(case["opset"].as_str().unwrap()).release().unwrap();
    let version = def.version(target).unwrap();
    let mut builder = ProgramBuilder::new(target);
    let mut new = NewOp::new(def.name).named("it");
    for (param, given) in case["operands"].as_object().unwrap() {
        let constant =
            version.param(param).is_none_or(|param| param.constant) || CONSTANTS.contains(&(def.name, param));
        let records = given.as_array().map_or_else(|| std::slice::from_ref(given), Vec::as_slice);
        let operands = records.iter().enumerate().map(|(at, record)| match literal(record) {
            Some(literal) if constant || known == Known::Values => Operand::Literal(literal.into()),
            _ => {
                let ty = if known == Known::Ranks { flexible(ty(record)) } else { ty(record) };
                Operand::Value(builder.input(format!("{param}_{at}").as_str(), ty))
            }
        });
        let operands: Vec<Operand> = operands.collect();
        new = match literal(given) {
            Some(literal) if def.name == "const" => new.attribute(param.as_str(), literal),
            _ => new.with_all(param.as_str(), operands),
        };
    }
    let results = builder.emit(new).map_err(|error| error.to_string())?;
    Ok(results.iter().map(|&result| builder.graph().value(result).ty().clone()).collect())
}

/// In what inferred types differ from those of the results.
fn difference(def: &OpDef, case: &Value, known: Known) -> Option<String> {
    let types = match inferred(def, case, known) {
        Ok(types) => types,
        Err(error) => return Some(error),
    };
    let wanted: Vec<Type> = match case.get("drawn") {
        Some(law) => vec![Type::fixed(dtype(&law["type"]), &sizes(&law["shape"]))],
        None => items(&case["results"]).iter().filter(|result| !result.is_null()).map(ty).collect(),
    };
    if case["results"].as_array().is_some_and(|results| results.len() != types.len()) {
        return Some(format!("{} results, not {}", types.len(), wanted.len()));
    }
    types.iter().zip(&wanted).find_map(|(got, wanted)| {
        let sized = got.fixed_shape().is_some() || wanted.fixed_shape().is_none();
        let scalars = |ty: &Type| ty.fixed_shape().is_some_and(|shape| shape.iter().all(|&size| size == 1));
        let agree = types_agree(got, wanted) || matches!(wanted.kind(), TypeKind::Unknown);
        // Tests of coremltools hand scalars over as one element.
        let agree = agree || (got.dtype() == wanted.dtype() && scalars(got) && scalars(wanted));
        let agree = agree || (MIXED.contains(&def.name) && got.dtype() != wanted.dtype());
        let exact = known != Known::Values || sized || BY_VALUE.contains(&def.name);
        (!agree || !exact).then(|| format!("{got}, not {wanted}"))
    })
}

#[test]
fn inference_agrees_with_results() {
    let mut faults = Vec::new();
    for def in mil_ops::all().iter().filter(|def| !WITH_BLOCKS.contains(&def.name)) {
        for case in &support::cases(def) {
            for known in [Known::Values, Known::Sizes, Known::Ranks] {
                if let Some(difference) = difference(def, case, known) {
                    faults.push(format!(
                        "{} {} {} ({known:?}): {difference}",
                        def.name, case["opset"], case["source"]
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} wrong:\n{}", faults.len(), faults.join("\n"));
}
