//! Commands that take models apart and put them together.

pub(super) mod chunk;
pub(super) mod cut;
pub(super) mod functions;
pub(super) mod pipeline;

use std::path::{Path, PathBuf};

use mil_ir::verify::Report;
use mil_ir::{Model, Program};
use mil_package::Package;

use crate::cli::run::check;
use crate::cli::{Failure, Outcome};
use crate::surgery::SurgeryError;

/// A model cannot be taken apart or put together.
fn failure(error: SurgeryError) -> Failure {
    Failure::Pass(mil_ir::error_chain(&error))
}

/// The program of a package.
fn program<'p>(path: &Path, package: &'p Package) -> Result<&'p Program, Failure> {
    let model = package.model();
    model.as_program().ok_or_else(|| {
        Failure::Input(format!("{} is of type {}: this is for ML Programs", path.display(), model.kind()))
    })
}

/// Writes models that were made of others, if none breaks a rule that those kept.
fn write(models: Vec<(PathBuf, Model)>, known: &Report) -> Outcome {
    for (path, model) in &models {
        Package::check_output(path)?;
        check(known, crate::verify(model))?;
    }
    for (path, model) in models {
        Package::from(model).save(path)?;
    }
    Ok(())
}

/// The path of one of several packages: `out.mlpackage` becomes `out_SUFFIX.mlpackage`.
fn beside(output: &Path, suffix: &str) -> PathBuf {
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    let end = output.extension().map(|end| format!(".{}", end.to_string_lossy())).unwrap_or_default();
    output.with_file_name(format!("{stem}_{suffix}{end}"))
}
