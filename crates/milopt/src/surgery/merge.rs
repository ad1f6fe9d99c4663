//! Programs as functions of one, and back.
//!
//! What a program says beside its functions (target, metadata, build information) is there once in a file. What
//! the merged program cannot say of a source stands in its metadata, as MIL text of the source without its
//! function, so that [`split`] can give the source back as it was.

use std::collections::BTreeMap;

use mil_ir::text::{self, PrintOptions};
use mil_ir::verify::name_fault;
use mil_ir::{Interface, Name, Program, Release};

use super::{SurgeryError, alone, chosen, refused};

/// Under this key and the function's name stands what a source said of itself.
const ORIGIN: &str = "milopt.merged.";

/// A function to be merged.
#[derive(Clone, Debug)]
pub struct Source<'p> {
    /// What it is called in the merged program.
    pub name: Name,
    /// The program that it comes from.
    pub program: &'p Program,
    /// Which of its functions; without a name the one that runs where an app names none.
    pub function: Option<Name>,
}

/// One program with a function of each source, in which equal weights are written once. What stands beside the
/// functions is that of the first source. `default` is the function that runs where an app names none: the
/// first where it is not said.
///
/// # Errors
///
/// If a name cannot be that of a function or is given twice, or a source is a classifier or is trained on the
/// device: such models have one function.
pub fn merge(sources: &[Source<'_>], default: Option<&str>) -> Result<Program, SurgeryError> {
    let Some(first) = sources.first() else { return refused("there is nothing to merge") };
    let mut merged = alone(first.program, &chosen(first.program, first.function.as_deref())?)?;
    merged.functions.clear();
    merged.interface.functions.clear();
    merged.interface.multifunction = true;
    merged.interface.raise_target(Release::IOS18);
    for source in sources {
        if let Some(fault) = name_fault("a function", &source.name) {
            return refused(fault);
        }
        let single = alone(source.program, &chosen(source.program, source.function.as_deref())?)?;
        refuse_alone(&source.name, &single)?;
        let version = &mut merged.interface.specification_version;
        *version = single.interface.specification_version.max(*version);
        let (features, functions) = (single.interface.functions, single.functions);
        let (Some(features), Some(function)) =
            (features.into_values().next(), functions.into_values().next())
        else {
            continue;
        };
        if merged.functions.insert(source.name.clone(), function).is_some() {
            return refused(format!("two functions are to be called {}", source.name));
        }
        merged.interface.functions.insert(source.name.clone(), features);
    }
    merged.interface.default_function = Some(chosen(&merged, Some(default.unwrap_or(&first.name)))?);
    let origins: BTreeMap<String, String> = sources
        .iter()
        .filter(|source| !source.program.interface.multifunction && source.program.functions.len() == 1)
        .filter_map(|source| {
            let original = shell(source.program);
            let given_back = shell(&alone(&merged, &source.name).ok()?);
            (original != given_back).then(|| (format!("{ORIGIN}{}", source.name), original))
        })
        .collect();
    merged.interface.metadata.present |= !origins.is_empty();
    merged.interface.metadata.user_defined.extend(origins);
    Ok(merged)
}

/// Models that have one function by the format's rules.
fn refuse_alone(name: &Name, single: &Program) -> Result<(), SurgeryError> {
    let features = single.interface.functions.values();
    if features.into_iter().any(|features| !features.predicted_feature.is_empty()) {
        return refused(format!("{name} cannot be merged: a classifier has one function"));
    }
    if single.interface.updatable || !single.interface.training_inputs.is_empty() {
        return refused(format!("{name} cannot be merged: a model that is trained has one function"));
    }
    Ok(())
}

/// What a program says beside its functions.
fn shell(program: &Program) -> String {
    let mut shell = program.clone();
    shell.functions.clear();
    shell.interface.functions.values_mut().for_each(|features| *features = Default::default());
    text::print(&shell, &PrintOptions::default().inline_all())
}

/// Each function as a program of its own. A program that [`merge`] took in is given back as it was.
///
/// # Errors
///
/// If a function is not described by the interface, or what was noted of a source cannot be read.
pub fn split(program: &Program) -> Result<BTreeMap<Name, Program>, SurgeryError> {
    let mut all = BTreeMap::new();
    for name in program.functions.keys() {
        let mut single = alone(program, name)?;
        let noted = &mut single.interface.metadata.user_defined;
        let origin = noted.remove(&format!("{ORIGIN}{name}"));
        noted.retain(|key, _| !key.starts_with(ORIGIN));
        if let Some(origin) = origin {
            single = restored(single, &origin)
                .map_err(|why| SurgeryError::Refused(format!("metadata {ORIGIN}{name}: {why}")))?;
        }
        all.insert(name.clone(), single);
    }
    Ok(all)
}

/// A program with what its source said of itself.
fn restored(single: Program, origin: &str) -> Result<Program, String> {
    let shell = text::parse(origin).map_err(|error| error.to_string())?;
    let name = shell.interface.functions.keys().next().ok_or("it names no function")?.clone();
    let features = single.interface.functions.into_values().next().unwrap_or_default();
    let functions = single.functions.into_values().map(|function| (name.clone(), function)).collect();
    let interface = Interface { functions: [(name.clone(), features)].into(), ..shell.interface };
    Ok(Program { functions, interface, ..shell })
}
