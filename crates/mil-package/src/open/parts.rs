//! What becomes a package, gathered from a text and the files that it names.

use std::path::Path;
use std::sync::Arc;

use mil_ir::text::parse_with;
use mil_ir::verify::Violation;
use mil_ir::{Graph, Literal, Model, Name, OpId, Operand, Program, Storage};
use mil_tensor::{DType, FileSource};

use crate::beside;
use crate::files::{Files, open_file, read_all};
use crate::identify::{is_pointer, not_mil};
use crate::manifest::Manifest;
use crate::package::MissingItem;
use crate::paths::{join, parent};
use crate::weights::{MODEL_PATH, Weights};
use crate::{Limits, Package, PackageError};

/// What becomes a package, while its texts are read.
pub(crate) struct Parts {
    pub(crate) files: Files,
    pub(crate) weights: Weights,
    pub(crate) warnings: Vec<String>,
    pub(crate) mended: Vec<Violation>,
    missing: Vec<MissingItem>,
}

impl Parts {
    pub(crate) fn new() -> Parts {
        let weights = Weights::new(parent(&Manifest::new_model_path()));
        let (files, missing) = (Files::default(), Vec::new());
        Parts { files, weights, warnings: Vec::new(), mended: Vec::new(), missing }
    }

    pub(crate) fn into_package(self, model: Model) -> Package {
        let mut package = Package::new(model, None, self.files, self.weights, self.missing);
        self.warnings.into_iter().for_each(|warning| package.warn(warning));
        package.mend(self.mended);
        package
    }

    /// Reads a program and finds its weights. `packaged` answers what a weight file is called in a package,
    /// where the text calls it otherwise.
    pub(crate) fn read(
        &mut self,
        path: &Path,
        folder: &Path,
        stem: Option<&str>,
        packaged: &dyn Fn(&str) -> Option<Name>,
        limits: &Limits,
    ) -> Result<Program, PackageError> {
        let source = open_file(path)?;
        if is_pointer(&source) {
            return Err(PackageError::LfsPointer { path: path.into() });
        }
        if let Some(found) = not_mil(&source) {
            return Err(PackageError::NotAModel { path: path.into(), found });
        }
        let bytes = read_all(&source, &path.to_string_lossy(), limits.text.bytes as u64)?;
        let text = String::from_utf8(bytes).map_err(|_| PackageError::NotText { path: path.into() })?;
        let mut tensor = |name: &str, offset: u64, dtype: DType, shape: &[usize]| {
            let known = packaged(name);
            let known = known.as_deref().unwrap_or(name);
            if let Some(inside) = self.weights.not_found_yet(known)
                && self.files.get(&inside).is_none()
            {
                let found = find(folder, stem, name, limits).map_err(|error| chain(&error))?;
                let is_lfs_pointer = found.as_ref().is_some_and(|found| is_pointer(found));
                match found.filter(|_| !is_lfs_pointer) {
                    Some(found) => self.files.insert(inside, Arc::new(found)),
                    None => {
                        let item = name.strip_prefix(MODEL_PATH).unwrap_or(name).to_owned();
                        self.missing.push(MissingItem { item, is_lfs_pointer });
                    }
                }
            }
            let tensor = self.weights.tensor(&self.files, known, offset, dtype, shape);
            tensor.map_err(|error| chain(&error))
        };
        let mut program = parse_with(&text, &limits.text, &mut tensor)
            .map_err(|source| PackageError::Text { path: path.into(), source })?;
        rename_weights(&mut program, packaged);
        Ok(program)
    }
}

/// The file that a program names, if it is there.
fn find(
    folder: &Path,
    stem: Option<&str>,
    name: &str,
    limits: &Limits,
) -> Result<Option<FileSource>, PackageError> {
    let relative = name.strip_prefix(MODEL_PATH).unwrap_or(name);
    let Some(relative) = join("", relative) else { return Err(PackageError::Outside(name.to_owned())) };
    let older = stem.map(|stem| beside::older(stem, name));
    for candidate in older.into_iter().chain([relative]) {
        let mut found = Files::default();
        if found.open_item(folder, &candidate, limits)? && found.get(&candidate).is_some() {
            return open_file(&folder.join(candidate)).map(Some);
        }
    }
    Ok(None)
}

/// A weight file by a name that is its own in the whole package.
pub(crate) fn prefixed(prefix: &str, name: &str) -> Name {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let slash = if folder.is_empty() { "" } else { "/" };
    format!("{folder}{slash}{prefix}{file}").into()
}

/// Changes the names of weight files in a program.
fn rename_weights(program: &mut Program, rename: &dyn Fn(&str) -> Option<Name>) {
    let renamed = |literal: &Literal| {
        let storage = match &literal.storage {
            Storage::File(name) => Storage::File(rename(name)?),
            Storage::Missing(name, offset) => Storage::Missing(rename(name)?, *offset),
            Storage::Auto | Storage::Immediate => return None,
        };
        Some(Literal { storage, ..literal.clone() })
    };
    for function in program.functions.values_mut() {
        for graph in function.specializations.values_mut() {
            let ops: Vec<OpId> = graph.walk().collect();
            ops.into_iter().for_each(|op| rename_in_op(graph, op, &renamed));
            graph.forget_edits();
        }
    }
}

fn rename_in_op(graph: &mut Graph, id: OpId, renamed: &dyn Fn(&Literal) -> Option<Literal>) {
    let op = graph.op(id);
    let attributes: Vec<_> =
        op.attributes().iter().filter_map(|(key, literal)| Some((key.clone(), renamed(literal)?))).collect();
    let mut operands = Vec::new();
    for (param, argument) in op.arguments() {
        for (position, operand) in argument.iter().enumerate() {
            if let Some(literal) = operand.literal().and_then(renamed) {
                operands.push((param.clone(), position, literal));
            }
        }
    }
    for (key, literal) in attributes {
        graph.set_attribute(id, key, Some(literal));
    }
    for (param, position, literal) in operands {
        graph.set_operand(id, &param, position, Operand::from(literal));
    }
}

/// An error with its causes, for a reader that takes text.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
