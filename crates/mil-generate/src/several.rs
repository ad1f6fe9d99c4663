//! Programs with several functions.

use mil_ir::{Name, Program, Release};
use mil_ops::BuildError;

use crate::{Options, generate};

/// A random program with two functions, `main` and `other`. Every second one begins with the same ops over
/// the same weights in both, as functions that share an encoder do. A classifier stays alone, as it must.
///
/// # Errors
///
/// As for [`generate`].
pub fn generate_several(options: &Options) -> Result<Program, BuildError> {
    let target = options.target.unwrap_or(match options.seed.is_multiple_of(5) {
        true => Release::IOS26,
        false => Release::IOS18,
    });
    let mut program = generate(&Options { target: Some(target), ..*options })?;
    let (seed, size) = match options.seed.is_multiple_of(2) {
        true => (options.seed, options.size / 2 + 1),
        false => (options.seed ^ 1 << 63, options.size),
    };
    let mut second = generate(&Options { seed, size, target: Some(target), ..*options })?;
    let is_classifier = |program: &Program| {
        program.interface.functions.values().any(|function| !function.predicted_feature.is_empty())
    };
    if is_classifier(&program) || is_classifier(&second) {
        return Ok(program);
    }
    let (main, other) = (Name::from("main"), Name::from("other"));
    if let Some(function) = second.functions.remove(&main) {
        program.functions.insert(other.clone(), function);
    }
    if let Some(features) = second.interface.functions.swap_remove(&main) {
        program.interface.functions.insert(other, features);
    }
    program.interface.multifunction = true;
    program.interface.default_function = Some(main);
    let version = Release::IOS18.specification_version();
    program.interface.specification_version = program.interface.specification_version.max(version);
    Ok(program)
}
