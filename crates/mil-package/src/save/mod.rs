//! Writing a model: what a package consists of, and where it goes.

mod file;
mod guests;
mod keep;
mod package;
mod stream;
mod temporary;
mod text;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use mil_tensor::Source;

use crate::manifest::{self, DATA, Manifest};
use crate::paths::{is_within, parent};
use crate::translate::model::{encode_model, lay_out_model};
use crate::weights::{self, FileLayout, Layout, Out};
use crate::{Package, PackageError};

pub use file::write_file;
pub use stream::Sink;

impl Package {
    /// Writes the model: as a package to a path that ends in `.mlpackage`, as text to one that ends in
    /// `.mil`.
    ///
    /// **A package** that stands there is exchanged for the new one in one step; whoever opens the path, at
    /// any moment, finds one or the other, whole. What the manifest of the old one names is replaced. Its
    /// other files, a README for example, stay: the new package has them, too, unless it has a file of its
    /// own at their path.
    ///
    /// **A text** `x.mil` comes with a file `x.HASH.weights.bin` beside it, which it refers to. The weights
    /// are there before the text is replaced, in one step; then the weights that the old text referred to are
    /// removed, unless another text in the folder refers to them.
    ///
    /// A link at the path is replaced, not what it leads to. Several writers may write to the same path: all
    /// succeed, and what the last one wrote stays.
    ///
    /// # Errors
    ///
    /// If the path ends in anything else; if something else than a model stands there; if the program cannot
    /// be written, for example because its weights are missing; if the file system fails. Then what stood
    /// there stands there still.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PackageError> {
        let path = path.as_ref();
        let done = match Form::of(path)? {
            Form::Text => self.check_whole().and_then(|()| text::save(self, path)),
            Form::Package => self.contents().and_then(|contents| package::replace(path, &contents)),
        };
        done.map_err(|error| error.saving(path))
    }

    /// Whether [`Package::save`] takes a path: for a program that wants to say so before it does any work.
    ///
    /// # Errors
    ///
    /// If the path ends neither in `.mlpackage` nor in `.mil`.
    pub fn check_output(path: impl AsRef<Path>) -> Result<(), PackageError> {
        Form::of(path.as_ref()).map(|_| ())
    }

    /// The package as files in memory, by their path in the package: what [`Package::save`] writes.
    ///
    /// # Errors
    ///
    /// If the program cannot be written; see [`Package::save`].
    pub fn to_files(&self) -> Result<BTreeMap<String, Vec<u8>>, PackageError> {
        self.contents()?.to_memory()
    }

    fn contents(&self) -> Result<Contents, PackageError> {
        self.check_whole()?;
        Contents::new(self)
    }
}

/// The forms that are written.
enum Form {
    Package,
    Text,
}

impl Form {
    fn of(path: &Path) -> Result<Form, PackageError> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("mlpackage") => Ok(Form::Package),
            Some("mil") => Ok(Form::Text),
            _ => Err(PackageError::OutputName { path: path.to_owned() }),
        }
    }
}

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
