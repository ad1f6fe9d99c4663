//! What a package that is to be written consists of.

mod file;
mod guests;
mod keep;
pub(crate) mod package;
mod temporary;
pub(crate) mod text;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use mil_tensor::Source;

use crate::files::{is_within, parent};
use crate::manifest::{self, DATA, Manifest};
use crate::translate::model::{encode_model, lay_out_model};
use crate::weights::{self, FileLayout, Layout, Out};
use crate::{Package, PackageError};

pub use file::write_file;

/// What a package consists of, by path in it.
#[derive(Debug)]
pub(crate) struct Contents {
    files: BTreeMap<String, Content>,
    /// Items of the manifest that hold no file: converters write an empty folder for weights that there are
    /// none of.
    empty: Vec<String>,
}

/// One file.
#[derive(Debug)]
pub(crate) enum Content {
    /// Bytes.
    Bytes(Vec<u8>),
    /// As it was read.
    Same(Arc<dyn Source>),
    /// Weights.
    Weights(FileLayout),
}

impl Contents {
    /// Lays out and encodes a package. Nothing of the weights is read.
    pub(crate) fn new(package: &Package) -> Result<Contents, PackageError> {
        let mut layout = Layout::new(&package.weights);
        lay_out_model(&package.model, &mut layout)?;
        let message = encode_model(&package.model, &layout)?;
        let mut manifest = match &package.manifest {
            Some(manifest) => manifest.clone(),
            None => Manifest::new(&message),
        };
        let mut files = BTreeMap::new();
        for (path, source) in package.files.iter() {
            files.insert(path.clone(), Content::Same(source.clone()));
        }
        for (path, file) in layout.into_files() {
            files.insert(path, Content::Weights(file));
        }
        // Weights that nothing stood for yet.
        for path in files.keys() {
            let is_item = manifest.items().any(|item| is_within(path, &item.path));
            if path != manifest::FILE && path != manifest.model() && !is_item {
                let folder = parent(path);
                let item = if folder == parent(manifest.model()) { path } else { folder };
                let spelled = item.strip_prefix(&format!("{DATA}/")).unwrap_or(item).to_owned();
                let name = spelled.rsplit('/').next().unwrap_or_default().to_owned();
                manifest.add(&spelled, &name, "CoreML Model Weights", &message);
            }
        }
        files.insert(manifest.model().to_owned(), Content::Bytes(message));
        files.insert(manifest::FILE.to_owned(), Content::Bytes(manifest.to_bytes()?));
        let holds_file = |item: &str| files.keys().any(|path| is_within(path, item));
        let empty =
            manifest.items().filter(|item| !holds_file(&item.path)).map(|item| item.path.clone()).collect();
        Ok(Contents { files, empty })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Content)> {
        self.files.iter()
    }

    /// Folders without any file.
    pub(crate) fn empty_folders(&self) -> &[String] {
        &self.empty
    }

    pub(crate) fn to_memory(&self) -> Result<BTreeMap<String, Vec<u8>>, PackageError> {
        let mut files = BTreeMap::new();
        for (path, content) in self.iter() {
            let mut bytes = Vec::new();
            content.write(&mut bytes).map_err(PackageError::io("write", path))?;
            files.insert(path.clone(), bytes);
        }
        Ok(files)
    }
}

impl Content {
    pub(crate) fn write(&self, out: &mut dyn Out) -> io::Result<()> {
        match self {
            Content::Bytes(bytes) => out.put(bytes),
            Content::Same(source) => weights::copy(source.as_ref(), out),
            Content::Weights(layout) => weights::write(layout, out),
        }
    }
}
