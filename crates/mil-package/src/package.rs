//! The package: a model, its weights, and what else stands beside them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use mil_ir::{Model, Program};
use mil_tensor::MemorySource;
use prost::bytes::Bytes;

use crate::files::{Files, parent};
use crate::manifest::{self, Manifest};
use crate::save;
use crate::translate::Decoder;
use crate::weights::Weights;
use crate::{Limits, PackageError};

/// A model with its weights, open for reading and writing.
///
/// ```no_run
/// use mil_package::Package;
///
/// let mut package = Package::open("in.mlpackage")?;
/// let graph = package.take_program()?;
/// // … passes …
/// package.set_program(graph).save("out.mlpackage")?;
/// # Ok::<(), mil_package::PackageError>(())
/// ```
///
/// The files stay open, so the package can be saved over the one that it was read from.
#[derive(Debug)]
pub struct Package {
    pub(crate) model: Model,
    /// The program was taken and not put back.
    taken: bool,
    /// Absent where the model was not read from a package.
    pub(crate) manifest: Option<Manifest>,
    pub(crate) files: Files,
    pub(crate) weights: Weights,
    missing: Vec<MissingItem>,
    warnings: Vec<String>,
}

/// A file or folder that a model needs and that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingItem {
    /// Its path, as the manifest or the program has it.
    pub item: String,
    /// Git left a pointer in its place.
    pub is_lfs_pointer: bool,
}

impl MissingItem {
    /// One that nothing stands for.
    pub(crate) fn new(item: String) -> MissingItem {
        MissingItem { item, is_lfs_pointer: false }
    }

    fn error(&self) -> PackageError {
        PackageError::Missing { item: self.item.clone(), pointer: self.is_lfs_pointer }
    }
}

impl Package {
    /// Reads a model from memory: its message, and the bytes of its weight file if it has one.
    ///
    /// # Errors
    ///
    /// See [`Package::open`].
    pub fn from_bytes(
        message: impl Into<Vec<u8>>,
        weights: Option<Arc<[u8]>>,
    ) -> Result<Package, PackageError> {
        let mut files = Files::default();
        if let Some(weights) = weights {
            let path = format!("{}/weights/weight.bin", parent(&Manifest::new_model_path()));
            files.insert(path, Arc::new(MemorySource::new(weights)));
        }
        Package::decode(message.into(), None, files, Vec::new(), &Limits::default())
    }

    /// Reads a package from memory: its files by their path in the package, `Manifest.json` among them.
    ///
    /// # Errors
    ///
    /// See [`Package::open`].
    pub fn from_files(
        contents: impl IntoIterator<Item = (String, Arc<[u8]>)>,
        limits: &Limits,
    ) -> Result<Package, PackageError> {
        let mut files = Files::default();
        for (path, bytes) in contents {
            files.insert(path, Arc::new(MemorySource::new(bytes)));
        }
        let manifest = read_manifest(&files, limits)?;
        let absent = manifest.items().filter(|item| !files.has_item(&item.path));
        let missing = absent.map(|item| MissingItem::new(item.spelled.clone())).collect();
        Package::of_files(manifest, files, missing, limits)
    }

    pub(crate) fn of_files(
        manifest: Manifest,
        files: Files,
        missing: Vec<MissingItem>,
        limits: &Limits,
    ) -> Result<Package, PackageError> {
        let bytes = files.read(manifest.model(), limits.model_bytes)?;
        Package::decode(bytes, Some(manifest), files, missing, limits)
    }

    pub(crate) fn decode(
        bytes: Vec<u8>,
        manifest: Option<Manifest>,
        files: Files,
        mut missing: Vec<MissingItem>,
        limits: &Limits,
    ) -> Result<Package, PackageError> {
        let model_path = manifest.as_ref().map_or_else(Manifest::new_model_path, |m| m.model().to_owned());
        let mut weights = Weights::new(parent(&model_path));
        let mut decoder = Decoder { files: &files, weights: &mut weights };
        let model = decoder.model(Bytes::from(bytes), &limits.message)?;
        let is_within = |path: &str, MissingItem { item, .. }: &MissingItem| {
            path.ends_with(item.as_str()) || path.contains(&format!("{item}/"))
        };
        // Converters write an empty folder for weights that there are none of, which archives and
        // repositories lose: what a program does not refer to is not missing.
        if let Model::Program(_) = model {
            let needed = |found: &MissingItem| weights.missing().any(|path| is_within(path, found));
            missing.retain(|found| found.is_lfs_pointer || needed(found));
        }
        for path in weights.missing() {
            if !missing.iter().any(|found| is_within(path, found)) {
                missing.push(MissingItem::new(path.clone()));
            }
        }
        Ok(Package::new(model, manifest, files, weights, missing))
    }

    /// A package of parts that were read.
    pub(crate) fn new(
        model: Model,
        manifest: Option<Manifest>,
        files: Files,
        weights: Weights,
        missing: Vec<MissingItem>,
    ) -> Package {
        let mut package =
            Package { model, taken: false, manifest, files, weights, missing, warnings: Vec::new() };
        package.warnings = package.missing.iter().map(|item| item.error().to_string()).collect();
        package
    }

    /// The model. After [`Package::take_program`] an empty program with the same interface.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The model, to be changed.
    pub fn model_mut(&mut self) -> &mut Model {
        &mut self.model
    }

    /// What is odd about the package, but does not keep it from being read.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What the model needs and what is not there: the program can be looked at, but not written.
    pub fn missing(&self) -> &[MissingItem] {
        &self.missing
    }

    /// Adds a warning.
    pub(crate) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// Takes the program out, to be changed and put back with [`Package::set_program`].
    ///
    /// # Errors
    ///
    /// If the model is none: the programs of a pipeline are reached through [`Package::model_mut`]. If the
    /// program was taken already.
    pub fn take_program(&mut self) -> Result<Program, PackageError> {
        match &mut self.model {
            _ if self.taken => Err(PackageError::Taken),
            Model::Program(program) => {
                self.taken = true;
                let stand_in = Program::new(program.interface.clone());
                Ok(std::mem::replace(program, stand_in))
            }
            other => Err(PackageError::NoProgram(other.kind().to_owned())),
        }
    }

    /// Makes a program the model of the package. Weights of other packages are copied from there.
    pub fn set_program(&mut self, program: Program) -> &mut Package {
        self.model = Model::Program(program);
        self.taken = false;
        self
    }

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
            Form::Text => self.check_whole().and_then(|()| save::text::save(self, path)),
            Form::Package => self.contents().and_then(|contents| save::package::replace(path, &contents)),
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

    fn contents(&self) -> Result<save::Contents, PackageError> {
        self.check_whole()?;
        save::Contents::new(self)
    }

    /// Nothing is missing that saving needs.
    fn check_whole(&self) -> Result<(), PackageError> {
        if self.taken {
            return Err(PackageError::Taken);
        }
        if let Some(item) = self.missing.first() {
            return Err(item.error());
        }
        for (_, program) in self.model.programs() {
            if let Some(violation) = mil_ir::verify::unwritable(program).into_iter().next() {
                return Err(PackageError::Unwritable(violation));
            }
        }
        Ok(())
    }
}

/// A program that was built and never stood in a file.
impl From<Program> for Package {
    fn from(program: Program) -> Package {
        let weights = Weights::new(parent(&Manifest::new_model_path()));
        Package::new(Model::Program(program), None, Files::default(), weights, Vec::new())
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

pub(crate) fn read_manifest(files: &Files, limits: &Limits) -> Result<Manifest, PackageError> {
    Manifest::parse(files.read(manifest::FILE, limits.manifest_bytes)?)
}
