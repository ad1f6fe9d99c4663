//! Names as the format has them.

use std::collections::BTreeMap;

use mil_ir::verify::name_fault;
use mil_ir::{Graph, Name, Program, ValueId};
use mil_pass::{PassCx, PassError};

/// The name that takes the place of one which the format does not have: other characters become `_`, what
/// does not begin with a letter gets a prefix, a word of MIL's text an ending. `None` for a sound name.
pub(super) fn sanitized(name: &str, prefix: &str) -> Option<String> {
    name_fault("a value", name)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut new: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    if !new.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        new.insert_str(0, prefix);
    }
    // What is still none is a word of MIL's text.
    if name_fault("a value", &new).is_some() {
        new.push_str("_workaround");
    }
    Some(new)
}

/// Gives sound names to what enters and leaves each function, in graphs and interface. Answers how many got
/// one.
pub(super) fn sanitize_signatures(program: &mut Program, cx: &mut PassCx<'_>) -> Result<u64, PassError> {
    let mut count = 0;
    let functions: Vec<Name> = program.functions.keys().cloned().collect();
    for function in functions {
        let mut taken: Vec<Name> = signature(program, &function);
        let faulty = taken.clone();
        let mut names = BTreeMap::new();
        for name in faulty {
            let Some(new) = sanitized(&name, "var_") else { continue };
            if !cx.spend() {
                break;
            }
            let new = unique(&new, |candidate| taken.iter().any(|name| *name == *candidate));
            taken.push(new.clone());
            names.insert(name, new);
        }
        count += names.len() as u64;
        let features = program.interface.function(&function);
        let is_feature = |name: &Name| features.is_some_and(|features| features.find(name).is_some());
        let (of_features, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            names.into_iter().partition(|(name, _)| is_feature(name));
        program.rename_features(Some(&function), &of_features)?;
        let graphs = program.functions.get_mut(&function).into_iter();
        for graph in graphs.flat_map(|function| function.specializations.values_mut()) {
            for value in ends(graph) {
                if let Some(new) = others.get(graph.value(value).name()) {
                    let free = graph.fresh_name(new);
                    graph.rename_value(value, free);
                }
            }
        }
    }
    Ok(count)
}

/// The name, or with a number where it is taken.
pub(super) fn unique(name: &str, is_taken: impl Fn(&str) -> bool) -> Name {
    let numbered = (0..).map(|number| format!("{name}_{number}"));
    let mut all = std::iter::once(name.to_owned()).chain(numbered);
    all.find(|candidate| !is_taken(candidate)).unwrap_or_default().into()
}

/// The names of a function's features, and of what enters and leaves its graphs.
fn signature(program: &Program, function: &str) -> Vec<Name> {
    let features = program.interface.function(function).into_iter().flat_map(|features| features.all());
    let mut names: Vec<Name> = features.map(|feature| feature.name.clone()).collect();
    let graphs =
        program.function(function).into_iter().flat_map(|function| function.specializations.values());
    for graph in graphs {
        names.extend(ends(graph).into_iter().map(|value| graph.value(value).name().clone()));
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// What enters and leaves a graph.
fn ends(graph: &Graph) -> Vec<ValueId> {
    let root = graph.root();
    root.inputs().iter().copied().chain(root.outputs()).collect()
}

#[cfg(test)]
mod tests {
    use super::sanitized;

    #[test]
    fn names_become_identifiers() {
        for (name, new) in [
            ("x", None),
            ("x/0", Some("x_0")),
            ("var_1!", Some("var_1_")),
            ("1", Some("var_1")),
            ("state", Some("state_workaround")),
            ("", Some("var_")),
            ("é", Some("_")),
        ] {
            assert_eq!(sanitized(name, "var_").as_deref(), new, "{name}");
        }
    }
}
