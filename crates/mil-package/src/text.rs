//! MIL text as a form of a package: compiled `.mlmodelc` folders, and `.mil` files with their weights beside them.
//!
//! A program names its weight files as in a package, `@model_path/weights/weight.bin`. Beside a text `x.mil` that file
//! is called `x.weights.bin`, and another one, `@model_path/weights/w.bin`, `x.w.bin`. Where there is no such file, the
//! path counts from the folder of the text.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mil_ir::text::{Placement, PrintOptions, parse_with, write};
use mil_ir::{Interface, Literal, Model, Storage};
use mil_tensor::{DType, FileSource, Tensor};
use serde_json::Value;

use crate::files::{Files, join, parent};
use crate::manifest::{DATA, Manifest};
use crate::save::{Content, atomic};
use crate::translate::model::lay_out_model;
use crate::translate::program::new_weights;
use crate::weights::{Layout, MODEL_PATH, WEIGHT_FILE, Weights};
use crate::{Limits, Package, PackageError};

/// Text of a compiled program.
const PROGRAM: &str = "model.mil";

/// The path is that of a text.
pub(crate) fn is_text(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "mil")
}

/// The folder holds a compiled model.
pub(crate) fn is_compiled(folder: &Path) -> bool {
    [PROGRAM, "coremldata.bin"].iter().any(|name| folder.join(name).is_file())
}

/// Opens a text and the weights beside it.
pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Package, PackageError> {
    let (folder, stem) = place(path);
    read(path, &folder, Some(&stem), limits)
}

/// Opens a compiled program.
pub(crate) fn open_compiled(folder: &Path, limits: &Limits) -> Result<Package, PackageError> {
    let program = folder.join(PROGRAM);
    if !program.is_file() {
        let what = if folder.join("model.espresso.net").is_file() {
            "a compiled neural network"
        } else if folder.join("model0").is_dir() {
            "a compiled pipeline"
        } else {
            "a compiled model that is no program"
        };
        return Err(PackageError::Unsupported { what: format!("{} is {what}, which", folder.display()) });
    }
    let mut package = read(&program, folder, None, limits)?;
    let mut files = Files::default();
    if files.open_item(folder, "metadata.json", limits)?
        && let Ok(Value::Array(entries)) =
            serde_json::from_slice(&files.read("metadata.json", limits.manifest_bytes)?)
        && let (Some(metadata), Model::Program(program)) = (entries.first(), package.model_mut())
    {
        describe(&mut program.interface, metadata);
    }
    Ok(package)
}

/// What the metadata of a compiled model say beyond its program.
fn describe(interface: &mut Interface, json: &Value) {
    let text = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let version = json.get("specificationVersion").and_then(Value::as_i64);
    if let Some(version) = version.and_then(|version| i32::try_from(version).ok()) {
        interface.specification_version = interface.specification_version.max(version);
    }
    let metadata = &mut interface.metadata;
    (metadata.present, metadata.description) = (true, text("shortDescription"));
    (metadata.author, metadata.license, metadata.version) =
        (text("author"), text("license"), text("version"));
    let user = json.get("userDefinedMetadata").and_then(Value::as_object);
    for (key, value) in user.into_iter().flatten() {
        if let Some(value) = value.as_str() {
            metadata.user_defined.insert(key.clone(), value.to_owned());
        }
    }
}

fn read(path: &Path, folder: &Path, stem: Option<&str>, limits: &Limits) -> Result<Package, PackageError> {
    let len = fs::metadata(path).map_err(PackageError::io("open", path))?.len();
    if len > limits.text.bytes as u64 {
        return Err(PackageError::Limit(format!("{} has {len} bytes", path.display())));
    }
    let bytes = fs::read(path).map_err(PackageError::io("read", path))?;
    let text = String::from_utf8(bytes).map_err(|_| PackageError::NotText { path: path.into() })?;
    let mut weights = Weights::new(parent(&Manifest::new_model_path()));
    let mut files = Files::default();
    let mut tensor = |name: &str, offset: u64, dtype: DType, shape: &[usize]| {
        if let Some(inside) = weights.not_found_yet(name)
            && files.get(&inside).is_none()
            && let Some(found) = find(folder, stem, name, limits).map_err(|error| chain(&error))?
        {
            files.insert(inside, Arc::new(found));
        }
        let tensor = weights.tensor(&files, name, offset, dtype, shape);
        tensor.map_err(|error| chain(&error))
    };
    let program = parse_with(&text, &limits.text, &mut tensor)
        .map_err(|source| PackageError::Text { path: path.into(), source })?;
    Ok(Package::new(Model::Program(program), None, files, weights, Vec::new()))
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
    let beside = stem.map(|stem| beside(stem, name));
    for candidate in beside.into_iter().chain([relative]) {
        let mut found = Files::default();
        if found.open_item(folder, &candidate, limits)? && found.get(&candidate).is_some() {
            let path = folder.join(candidate);
            let source = File::open(&path).and_then(FileSource::new);
            return source.map(Some).map_err(PackageError::io("open", path));
        }
    }
    Ok(None)
}

/// What a weight file is called beside a text.
fn beside(stem: &str, name: &str) -> String {
    if name == WEIGHT_FILE {
        return format!("{stem}.weights.bin");
    }
    format!("{stem}.{}", name.rsplit('/').next().unwrap_or(name))
}

/// The folder of a path and its name without extension.
fn place(path: &Path) -> (PathBuf, String) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    (folder.unwrap_or(Path::new(".")).to_owned(), stem)
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

/// Writes a program as text, and its weights beside it.
pub(crate) fn save(package: &Package, path: &Path) -> Result<(), PackageError> {
    let Model::Program(program) = &package.model else {
        return Err(PackageError::NoProgram(package.model.kind().to_owned()));
    };
    let mut layout = Layout::new(&package.weights);
    lay_out_model(&package.model, &mut layout)?;
    let new_weights = new_weights(program);
    let mut place_tensor = |tensor: &Tensor, literal: &Literal| {
        let name = match &literal.storage {
            Storage::File(name) => name,
            _ => &new_weights,
        };
        match layout.offset(name, tensor) {
            Some(offset) if literal.storage != Storage::Immediate => {
                Placement::Blob { path: name.clone(), offset }
            }
            _ => Placement::Inline,
        }
    };
    let mut text = String::new();
    write(&mut text, program, &PrintOptions::default(), &mut place_tensor)
        .map_err(|error| PackageError::Model(error.to_string()))?;
    let (folder, stem) = place(path);
    let base = format!("{DATA}/");
    for (inside, file) in layout.into_files() {
        // As the program names it, as far as `beside` looks at it.
        let model_folder = parent(&Manifest::new_model_path()).to_owned();
        let relative = inside
            .strip_prefix(&format!("{model_folder}/"))
            .unwrap_or_else(|| inside.strip_prefix(&base).unwrap_or(&inside));
        let target = folder.join(beside(&stem, &format!("{MODEL_PATH}{relative}")));
        let content = Content::Weights(file);
        atomic::replace_file(&target, |file| content.write(&mut &*file))?;
    }
    atomic::replace_file(path, |file| Content::Bytes(text.into_bytes()).write(&mut &*file))
}
