//! The package: a model, its weights, and what else stands beside them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use mil_ir::{Model, Program};
use mil_tensor::{FileSource, MemorySource};
use prost::bytes::Bytes;

use crate::files::{Files, parent};
use crate::manifest::{self, Manifest};
use crate::save;
use crate::text;
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
    /// Items that the manifest names and that are not there.
    missing: Vec<String>,
    warnings: Vec<String>,
}

impl Package {
    /// Opens a `.mlpackage` folder, a `.mlmodel` file, a compiled `.mlmodelc` folder or a `.mil` text.
    ///
    /// A text `x.mil` may have its weights in `x.weights.bin` beside it, or where it says.
    ///
    /// A package whose weights are missing opens with a warning: its program can be looked at, but neither its weights
    /// can be read nor can it be saved.
    ///
    /// # Errors
    ///
    /// If the path holds no model, or one that is malformed, exceeds the [`Limits`], or refers to weights that are not
    /// what the program says.
    pub fn open(path: impl AsRef<Path>) -> Result<Package, PackageError> {
        Package::open_with(path, &Limits::default())
    }

    /// Like [`Package::open`], with limits.
    ///
    /// # Errors
    ///
    /// See [`Package::open`].
    pub fn open_with(path: impl AsRef<Path>, limits: &Limits) -> Result<Package, PackageError> {
        let path = path.as_ref();
        let found = fs::metadata(path).map_err(PackageError::io("open", path))?;
        if found.is_dir() {
            return Package::open_folder(path, limits);
        }
        if !found.is_file() {
            return Err(PackageError::NotAModel {
                path: path.into(),
                reason: "it is neither file nor folder",
            });
        }
        if text::is_text(path) {
            return text::open(path, limits);
        }
        let source = File::open(path).and_then(FileSource::new).map_err(PackageError::io("open", path))?;
        let model = Manifest::new_model_path();
        let mut files = Files::default();
        files.insert(model.clone(), Arc::new(source));
        let bytes = files.read(&model, limits.model_bytes).map_err(|error| match error {
            PackageError::Io { action, source, .. } => PackageError::Io { action, path: path.into(), source },
            other => other,
        })?;
        Package::decode(bytes, None, Files::default(), Vec::new(), limits)
    }

    fn open_folder(path: &Path, limits: &Limits) -> Result<Package, PackageError> {
        if text::is_compiled(path) {
            return text::open_compiled(path, limits);
        }
        let manifest = path.join(manifest::FILE);
        let is_package = manifest.try_exists().map_err(PackageError::io("open", &manifest))?;
        if !is_package {
            let reason = "it has no Manifest.json";
            return Err(PackageError::NotAModel { path: path.into(), reason });
        }
        let mut files = Files::default();
        files.open_item(path, manifest::FILE, limits)?;
        let manifest = read_manifest(&mut files, limits)?;
        let mut missing = Vec::new();
        for item in manifest.items() {
            if !files.open_item(path, &item.path, limits)? {
                missing.push(item.spelled.clone());
            }
        }
        Package::of_files(manifest, files, missing, limits)
    }

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
        let manifest = read_manifest(&mut files, limits)?;
        let absent = manifest.items().filter(|item| !files.has_item(&item.path));
        let missing = absent.map(|item| item.spelled.clone()).collect();
        Package::of_files(manifest, files, missing, limits)
    }

    fn of_files(
        manifest: Manifest,
        files: Files,
        missing: Vec<String>,
        limits: &Limits,
    ) -> Result<Package, PackageError> {
        let bytes = files.read(manifest.model(), limits.model_bytes)?;
        Package::decode(bytes, Some(manifest), files, missing, limits)
    }

    fn decode(
        bytes: Vec<u8>,
        manifest: Option<Manifest>,
        files: Files,
        missing: Vec<String>,
        limits: &Limits,
    ) -> Result<Package, PackageError> {
        let model_path = manifest.as_ref().map_or_else(Manifest::new_model_path, |m| m.model().to_owned());
        let mut weights = Weights::new(parent(&model_path));
        let mut decoder = Decoder { files: &files, weights: &mut weights };
        let model = decoder.model(Bytes::from(bytes), &limits.message)?;
        Ok(Package::new(model, manifest, files, weights, missing))
    }

    /// A package of parts that were read.
    pub(crate) fn new(
        model: Model,
        manifest: Option<Manifest>,
        files: Files,
        weights: Weights,
        missing: Vec<String>,
    ) -> Package {
        let mut package =
            Package { model, taken: false, manifest, files, weights, missing, warnings: Vec::new() };
        for path in package.weights.missing() {
            let within = |item: &String| path.ends_with(item.as_str()) || path.contains(&format!("{item}/"));
            if !package.missing.iter().any(within) {
                package.missing.push(path.clone());
            }
        }
        let warnings = package.missing.iter().map(|item| format!("item {item} of the package is missing"));
        package.warnings = warnings.collect();
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

    /// Takes the program out, to be changed and put back with [`Package::set_program`].
    ///
    /// # Errors
    ///
    /// If the model is none: the programs of a pipeline are reached through [`Package::model_mut`]. If the program was
    /// taken already.
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

    /// Writes the package as a `.mlpackage` folder; to a path that ends in `.mil`, as [`Package::save_text`] does. A package that stands there is exchanged for it in one step;
    /// whoever opens the path, whenever, finds one or the other, whole.
    ///
    /// # Errors
    ///
    /// If something else than a package stands there; if the program cannot be written, for example because its weights
    /// are missing; if the file system fails. Then what stood there stands there still.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PackageError> {
        let path = path.as_ref();
        if text::is_text(path) {
            self.save_text(path)
        } else {
            save::atomic::replace(path, &self.contents()?)
        }
    }

    /// Writes the program as MIL text, and its weights beside it: `x.weights.bin` for `x.mil`. Each file is replaced in
    /// one step, but not the two together.
    ///
    /// # Errors
    ///
    /// If the model is no program; otherwise see [`Package::save`].
    pub fn save_text(&self, path: impl AsRef<Path>) -> Result<(), PackageError> {
        self.check_whole()?;
        text::save(self, path.as_ref())
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
            return Err(PackageError::Missing { item: item.clone() });
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

fn read_manifest(files: &mut Files, limits: &Limits) -> Result<Manifest, PackageError> {
    Manifest::parse(files.read(manifest::FILE, limits.manifest_bytes)?)
}
