//! MIL text as a form of a model: `.mil` files with their weights beside them, and what compiled models hold.
//!
//! A text refers to its weights by their path from the folder it stands in, which it spells `@model_path`.
//! The ones that [`Package::save`] writes beside `x.mil` are called `x.HASH.weights.bin` after their content
//! ([`beside`]); read back, they count as `@model_path/weights/weight.bin`, as in a package.
//!
//! Older texts refer to `@model_path/weights/weight.bin` where the file beside `x.mil` is called
//! `x.weights.bin`, and to `@model_path/weights/w.bin` where it is called `x.w.bin`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mil_ir::text::parse_with;
use mil_ir::{Graph, Literal, Model, Name, OpId, Operand, Program, Storage};
use mil_tensor::{DType, FileSource};

use crate::files::{Files, join, open_file, parent, read_all};
use crate::manifest::Manifest;
use crate::package::MissingItem;
use crate::weights::{MODEL_PATH, WEIGHT_FILE, Weights};
use crate::{Limits, Package, PackageError, compiled, identify};

/// The path is that of a text.
pub(crate) fn is_text(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "mil")
}

/// Opens a text and the weights beside it.
pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Package, PackageError> {
    let (folder, stem) = place(path);
    let mut parts = Parts::new();
    let names = RefCell::new(HashMap::new());
    let packaged = |name: &str| packaged(&mut names.borrow_mut(), name);
    let mut program = parts.read(path, &folder, Some(&stem), &packaged, limits)?;
    compiled::take_flexible_shapes(&mut program);
    Ok(parts.into_package(Model::Program(program)))
}

/// What a weight file is called in a package. No two names of a text become one.
fn packaged(names: &mut HashMap<Name, Name>, name: &str) -> Option<Name> {
    let first = beside::packaged(name).unwrap_or_else(|| name.to_owned());
    let mut inside = Name::from(first.as_str());
    let mut count = 1;
    while names.get(&inside).is_some_and(|known| &**known != name) {
        count += 1;
        inside = compiled::prefixed(&format!("{count}-"), &first);
    }
    names.insert(inside.clone(), name.into());
    (&*inside != name).then_some(inside)
}

/// The folder of a path and its name without extension.
pub(crate) fn place(path: &Path) -> (PathBuf, String) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    (folder.unwrap_or(Path::new(".")).to_owned(), stem)
}

/// What becomes a package, while its texts are read.
pub(crate) struct Parts {
    pub(crate) files: Files,
    pub(crate) weights: Weights,
    pub(crate) warnings: Vec<String>,
    missing: Vec<MissingItem>,
}

impl Parts {
    pub(crate) fn new() -> Parts {
        let weights = Weights::new(parent(&Manifest::new_model_path()));
        Parts { files: Files::default(), weights, warnings: Vec::new(), missing: Vec::new() }
    }

    pub(crate) fn into_package(self, model: Model) -> Package {
        let mut package = Package::new(model, None, self.files, self.weights, self.missing);
        self.warnings.into_iter().for_each(|warning| package.warn(warning));
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
        if identify::is_pointer(&source) {
            return Err(PackageError::LfsPointer { path: path.into() });
        }
        if let Some(found) = identify::not_mil(&source) {
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
                let is_lfs_pointer = found.as_ref().is_some_and(|found| identify::is_pointer(found));
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

/// Names of weight files beside a text.
pub(crate) mod beside {
    use super::{MODEL_PATH, WEIGHT_FILE};

    /// Digits of the hash in a name.
    const DIGITS: usize = 32;

    /// What a file is called whose content has this hash, and whose name in the package ends so.
    pub(crate) fn new(stem: &str, end: &str, hash: &blake3::Hash) -> String {
        let hex = hash.to_hex();
        format!("{stem}.{}.{end}", &hex[..DIGITS])
    }

    /// What older versions called the file of a name.
    pub(crate) fn older(stem: &str, name: &str) -> String {
        format!("{stem}.{}", end(name))
    }

    /// What stands in a package for the name of a file beside a text.
    pub(crate) fn packaged(name: &str) -> Option<String> {
        let end = split(name.strip_prefix(MODEL_PATH)?)?.1;
        Some(match end {
            "weights.bin" => WEIGHT_FILE.to_owned(),
            end => format!("{MODEL_PATH}weights/{end}"),
        })
    }

    /// The file is one that was written for the text of this stem.
    pub(crate) fn is_of(stem: &str, file: &str) -> bool {
        file == older(stem, WEIGHT_FILE) || split(file).is_some_and(|(found, _)| found == stem)
    }

    /// What stands before and behind the hash in a name.
    fn split(file: &str) -> Option<(&str, &str)> {
        let is_hash = |piece: &str| {
            piece.len() == DIGITS && piece.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let dots = file.match_indices('.').map(|(at, _)| at);
        dots.filter(|&at| at > 0 && !file.contains('/')).find_map(|at| {
            let hash = file.get(at + 1..at + 1 + DIGITS).filter(|piece| is_hash(piece))?;
            let end = file.get(at + 1 + hash.len()..)?.strip_prefix('.')?;
            (!end.is_empty()).then_some((&file[..at], end))
        })
    }

    /// What the name beside the text has of the one in the package.
    pub(crate) fn end(name: &str) -> &str {
        if name == WEIGHT_FILE { "weights.bin" } else { name.rsplit('/').next().unwrap_or(name) }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn names_lead_back_to_the_package() {
            let hash = blake3::hash(b"");
            for name in [WEIGHT_FILE, "@model_path/weights/0-weight.bin"] {
                let file = new("a.b", end(name), &hash);
                assert_eq!(packaged(&format!("{MODEL_PATH}{file}")).as_deref(), Some(name));
                assert!(is_of("a.b", &file) && !is_of("a", &file));
            }
            for name in ["@model_path/weights/weight.bin", "@model_path/x.weights.bin", "x"] {
                assert_eq!(packaged(name), None);
            }
            assert!(is_of("x", "x.weights.bin") && !is_of("x", "x.other.bin"));
        }
    }
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
