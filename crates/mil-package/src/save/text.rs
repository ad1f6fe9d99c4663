//! A text and its weights, replaced together.
//!
//! Only a rename is one step, and it takes one file. So the weights get a name of their content, which the
//! text says: they are put beside what stands without touching it, then the text is renamed to its place, and
//! with that the new pair is there. Whoever is killed before leaves the old pair, and weights that the next
//! writer of the same content takes over.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::path::Path;

use mil_ir::text::{Placement, PrintOptions, write};
use mil_ir::{Literal, Model, Storage};
use mil_tensor::{Source, Tensor};

use crate::beside::{self, is_text, place};
use crate::manifest::{DATA, Manifest};
use crate::paths::parent;
use crate::save::file::Draft;
use crate::save::temporary::wait_for;
use crate::translate::model::lay_out_model;
use crate::translate::program::new_weights;
use crate::weights::{self, Layout, MODEL_PATH, Out};
use crate::{Package, PackageError};

/// Writes a program as text, and its weights beside it.
pub(crate) fn save(package: &Package, path: &Path) -> Result<(), PackageError> {
    let Model::Program(program) = &package.model else {
        return Err(PackageError::NoProgram(package.model.kind().to_owned()));
    };
    let (folder, stem) = place(path);
    let mut layout = Layout::new(&package.weights);
    lay_out_model(&package.model, &mut layout)?;
    let mut drafts = Vec::new();
    let mut ends: Vec<String> = Vec::new();
    for (inside, file) in layout.files() {
        let name = named(inside);
        let mut end = beside::end(&name).to_owned();
        while ends.contains(&end) {
            end = format!("{}-{end}", ends.len());
        }
        let mut hash = blake3::Hasher::new();
        let draft =
            Draft::new(path, |new| weights::write(file, &mut Hashing { hash: &mut hash, file: new }))?;
        drafts.push((inside.clone(), beside::new(&stem, &end, &hash.finalize()), draft));
        ends.push(end);
    }
    let new_weights = new_weights(program);
    let mut place_tensor = |tensor: &Tensor, literal: &Literal| {
        let name = match &literal.storage {
            Storage::File(name) => name,
            _ => &new_weights,
        };
        let inside = package.weights.path(name);
        let draft = drafts.iter().find(|(path, ..)| Some(path) == inside.as_ref());
        match (layout.offset(name, tensor), draft) {
            (Some(offset), Some((_, file, _))) if literal.storage != Storage::Immediate => {
                Placement::Blob { path: format!("{MODEL_PATH}{file}").into(), offset }
            }
            _ => Placement::Inline,
        }
    };
    let mut text = String::new();
    write(&mut text, program, &PrintOptions::default(), &mut place_tensor)
        .map_err(|error| PackageError::Model(error.to_string()))?;
    let draft = Draft::new(path, |mut file| file.put(text.as_bytes()))?;

    // Two writers of the same text must not take each other's weights away.
    let _alone = wait_for(&folder);
    let mut kept = Vec::new();
    for (_, file, draft) in drafts {
        draft.put(&folder.join(&file))?;
        kept.push(file);
    }
    let old = fs::read_to_string(path).unwrap_or_default();
    draft.put(path)?;
    // The pair is there; what cannot be removed does no harm.
    let _ = remove_unused(&folder, path, &stem, &old, &kept);
    Ok(())
}

/// What the program calls a file of a package.
fn named(inside: &str) -> String {
    let model_folder = parent(&Manifest::new_model_path()).to_owned();
    let relative = inside.strip_prefix(&format!("{model_folder}/"));
    format!("{MODEL_PATH}{}", relative.or(inside.strip_prefix(&format!("{DATA}/"))).unwrap_or(inside))
}

/// Removes the weights that were written for the old text, if no text in the folder refers to them.
fn remove_unused(folder: &Path, path: &Path, stem: &str, old: &str, kept: &[String]) -> io::Result<()> {
    let mut unused = Vec::new();
    for entry in fs::read_dir(folder)?.flatten() {
        let Ok(file) = entry.file_name().into_string() else { continue };
        if beside::is_of(stem, &file) && !kept.contains(&file) && refers(old, stem, &file) {
            unused.push(file);
        }
    }
    if unused.is_empty() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)?.flatten() {
        let other = entry.path();
        if is_text(&other) && other != path && other.file_name() != path.file_name() {
            // One that cannot be read may refer to anything.
            let text = fs::read_to_string(&other)?;
            let stem = place(&other).1;
            unused.retain(|file| !refers(&text, &stem, file));
        }
    }
    for file in unused {
        fs::remove_file(folder.join(file))?;
    }
    Ok(())
}

/// The text `STEM.mil` refers to a file beside it.
fn refers(text: &str, stem: &str, file: &str) -> bool {
    text.match_indices(MODEL_PATH).any(|(at, _)| {
        let name = text[at..].split('"').next().unwrap_or_default();
        name.strip_prefix(MODEL_PATH) == Some(file) || beside::older(stem, name) == file
    })
}

/// A file and the hash of what it holds.
struct Hashing<'a> {
    hash: &'a mut blake3::Hasher,
    file: &'a File,
}

impl Out for Hashing<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.file.put(bytes)
    }

    fn copy(&mut self, source: &dyn Source, range: Range<u64>) -> io::Result<()> {
        weights::copy_chunks(self, source, range)
    }
}
