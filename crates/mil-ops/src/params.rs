//! What the parameters of an op alone say about it: presence, form, element types, constancy.

use std::collections::BTreeSet;

use mil_ir::{Graph, Operand, TypeKind, ValueId};
use mil_tensor::DType;
use smallvec::SmallVec;

use crate::{Call, Effect, InferError, Param, ParamKind, Problems, Trait, Types};

/// Values looked at before a chain of ops counts as constant without proof.
const BUDGET: usize = 1000;

/// Adds whatever contradicts the declaration of an op's parameters.
pub(crate) fn check(call: &Call<'_>, problems: &mut Problems) {
    let version = call.version();
    for name in call.given() {
        if version.param(name).is_none() && !call.operands(name).is_empty() {
            problems.add_as("op-parameter", format!("opset {} has no parameter {name}", call.opset()));
        }
    }
    for param in version.params {
        if !call.is_given(param.name) {
            if param.default.is_none() && param.kind != ParamKind::Variadic {
                problems.add_as("op-parameter", InferError::Missing(param.name.into()).to_string());
            }
            continue;
        }
        check_form(call, param, problems);
        check_choice(call, param, problems);
        if param.constant
            && !call.operands(param.name).iter().all(|operand| is_constant(call.graph(), operand))
        {
            let message = format!("{} must be constant", param.name);
            problems.add_as("op-constant", message);
        }
    }
    check_domains(call, problems);
}

/// Parameters that must be constant and that ops compute: a program may hold them between passes, but what is
/// written may not (coremltools, `mil/program.py`). Each with whether a weight is decompressed on the way,
/// which is not folded.
pub(crate) fn unfolded(call: &Call<'_>) -> Vec<(&'static str, bool)> {
    let params = call.version().params.iter().filter(|param| param.constant);
    let found = params.filter_map(|param| {
        let origins: SmallVec<[Origin; 1]> =
            call.operands(param.name).iter().map(|operand| origin(call.graph(), operand)).collect();
        let is_computed = |origin: &Origin| matches!(origin, Origin::Computed { .. });
        let decompressed = origins.contains(&Origin::Computed { decompressed: true });
        let is_constant = !origins.contains(&Origin::Inputs);
        (is_constant && origins.iter().any(is_computed)).then_some((param.name, decompressed))
    });
    found.collect()
}

/// A text is one of those that the parameter knows; converters differ in upper and lower case.
fn check_choice(call: &Call<'_>, param: &Param, problems: &mut Problems) {
    if !param.choices.is_empty()
        && let Ok(text) = call.string(param.name)
        && !param.choices.iter().any(|choice| choice.eq_ignore_ascii_case(text))
    {
        let message = format!("{} cannot be {text}, only {}", param.name, param.choices.join(", "));
        problems.add_as("op-choice", message);
    }
}

/// What is bound has the form and the element type of the parameter.
fn check_form(call: &Call<'_>, param: &Param, problems: &mut Problems) {
    let fits = |kind: &TypeKind| match param.kind {
        ParamKind::Tensor => matches!(kind, TypeKind::Tensor(_)),
        ParamKind::List => matches!(kind, TypeKind::List(..)),
        ParamKind::State => matches!(kind, TypeKind::State(_)),
        ParamKind::Variadic | ParamKind::Any => true,
    };
    if param.kind != ParamKind::Variadic
        && param.kind != ParamKind::Any
        && call.operands(param.name).len() > 1
    {
        problems.add_as("op-parameter", format!("{} takes one value", param.name));
        return;
    }
    let Some(ty) = call.ty(param.name) else { return };
    if !fits(ty.kind()) && *ty.kind() != TypeKind::Unknown {
        problems.add_as("op-type", format!("{} cannot be a {ty}", param.name));
        return;
    }
    if let (Some(dtype), Some(allowed)) = (ty.dtype(), call.version().dtypes(param))
        && !allowed.contains(&dtype)
        && !matches!(dtype, DType::Unknown(_))
    {
        let names: Vec<String> = allowed.iter().map(DType::to_string).collect();
        let message =
            format!("{} cannot have elements of type {dtype}, only {}", param.name, names.join(", "));
        // Some converters write a plain integer constant in another integer type.
        match allowed {
            [only] if param.constant && dtype.is_int() && only.is_int() => problems.doubt(message),
            _ => problems.add_as("op-type", message),
        }
    }
}

/// Parameters of one type domain have one element type.
fn check_domains(call: &Call<'_>, problems: &mut Problems) {
    for (id, _) in call.version().domains {
        let members = call.version().params.iter().filter(|param| param.types == Types::Domain(id));
        let mut first: Option<(&Param, DType)> = None;
        for param in members {
            let Some(dtype) = call.ty(param.name).and_then(|ty| ty.dtype()) else { continue };
            match first {
                None => first = Some((param, dtype)),
                Some((other, wanted)) if wanted != dtype => {
                    let message = format!(
                        "{} has elements of type {dtype}, {} of type {wanted}",
                        param.name, other.name
                    );
                    problems.add_as("op-type", message);
                }
                Some(_) => {}
            }
        }
    }
}

/// Where the value of an operand comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// It is a constant, or a weight that is decompressed when the program is loaded.
    Constant,
    /// Ops compute it from constants and static shapes.
    Computed {
        /// One of them is a decompressed weight.
        decompressed: bool,
    },
    /// It may depend on the inputs of the program.
    Inputs,
}

/// The operand does not depend on the program's inputs: a literal, or what constants, decompressed weights
/// and static shapes give.
pub(crate) fn is_constant(graph: &Graph, operand: &Operand) -> bool {
    origin(graph, operand) != Origin::Inputs
}

fn origin(graph: &Graph, operand: &Operand) -> Origin {
    let Some(value) = operand.value() else { return Origin::Constant };
    // Most are, and need no search.
    if graph.const_literal(value).is_some() {
        return Origin::Constant;
    }
    let mut seen: BTreeSet<ValueId> = BTreeSet::new();
    let mut stack = vec![value];
    let (mut computed, mut decompressed) = (false, false);
    while let Some(value) = stack.pop() {
        if !seen.insert(value) || seen.len() > BUDGET {
            continue;
        }
        let Some(op) = graph.definition(value) else { return Origin::Inputs };
        let found = graph.op(op);
        let Some(def) = crate::def(found.kind()) else { return Origin::Inputs };
        if def.name == "const" || def.is(Trait::Constexpr) {
            decompressed |= def.is(Trait::Constexpr);
            continue;
        }
        if def.effect != Effect::Pure || def.is(Trait::Blocks) {
            return Origin::Inputs;
        }
        computed = true;
        let shape_only = matches!(def.name, "shape");
        if !shape_only {
            stack.extend(found.values());
        } else if graph.param_type(op, "x").and_then(|ty| ty.fixed_shape()).is_none() {
            return Origin::Inputs;
        }
    }
    if computed { Origin::Computed { decompressed } } else { Origin::Constant }
}
