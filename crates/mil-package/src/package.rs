//! The package: a model, its weights, and what else stands beside them.

use mil_ir::verify::Violation;
use mil_ir::{Model, Program};

use crate::PackageError;
use crate::files::Files;
use crate::manifest::Manifest;
use crate::paths::parent;
use crate::weights::Weights;

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
    mended: Vec<Violation>,
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

    pub(crate) fn error(&self) -> PackageError {
        PackageError::Missing { item: self.item.clone(), pointer: self.is_lfs_pointer }
    }
}

impl Package {
    /// A package of parts that were read.
    pub(crate) fn new(
        model: Model,
        manifest: Option<Manifest>,
        files: Files,
        weights: Weights,
        missing: Vec<MissingItem>,
    ) -> Package {
        let (mended, warnings) = (Vec::new(), Vec::new());
        let mut package =
            Package { model, taken: false, manifest, files, weights, missing, mended, warnings };
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

    /// Rules that the file breaks and the model does not, because reading mended them: values of one name were
    /// given names of their own. Each is a warning, too.
    pub fn mended(&self) -> &[Violation] {
        &self.mended
    }

    /// Keeps in mind what was mended.
    pub(crate) fn mend(&mut self, mended: Vec<Violation>) {
        self.warnings.extend(mended.iter().map(Violation::to_string));
        self.mended = mended;
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

    /// Nothing is missing that saving needs.
    pub(crate) fn check_whole(&self) -> Result<(), PackageError> {
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
        Package::from(Model::Program(program))
    }
}

/// A model that was built and never stood in a file. Weights of other packages are copied from there.
impl From<Model> for Package {
    fn from(model: Model) -> Package {
        let weights = Weights::new(parent(&Manifest::new_model_path()));
        Package::new(model, None, Files::default(), weights, Vec::new())
    }
}
