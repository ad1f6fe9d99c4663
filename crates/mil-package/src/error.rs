//! What can go wrong with a package.

use std::io;
use std::path::{Path, PathBuf};

use mil_proto::wire::WireError;
use mil_tensor::{DType, TensorError};

use crate::Found;

/// Why a package cannot be read or written.
///
/// Every error names the file that it is about, so that a message is enough to act on.
/// [`PackageError::cause`] gets past the names.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// A model cannot be opened.
    #[error("cannot open {}", path.display())]
    Open {
        /// The path that was to be opened.
        path: PathBuf,
        /// Why not.
        source: Box<PackageError>,
    },
    /// A model cannot be written.
    #[error("cannot write {}", path.display())]
    Save {
        /// The path that was to be written.
        path: PathBuf,
        /// Why not.
        source: Box<PackageError>,
    },
    /// The file system said no.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What stands at the path is something else than a model.
    #[error("{} is not a Core ML model: {found}", path.display())]
    NotAModel {
        /// The path.
        path: PathBuf,
        /// What it is.
        found: Found,
    },
    /// The file is a part of a model, which is to be opened as a whole.
    #[error("{} is a part of a model: open {}", path.display(), whole.display())]
    Part {
        /// The file.
        path: PathBuf,
        /// The model.
        whole: PathBuf,
    },
    /// Git left a pointer where the file should be.
    #[error("{} is a Git LFS pointer: run `git lfs pull`", path.display())]
    LfsPointer {
        /// The file.
        path: PathBuf,
    },
    /// The model has a form or a type that milopt does not read.
    #[error("{} is {what}", path.display())]
    Unsupported {
        /// The path.
        path: PathBuf,
        /// What it is, and what milopt reads instead.
        what: String,
    },
    /// `Manifest.json` is not what it should be.
    #[error("Manifest.json is not valid: {0}")]
    Manifest(String),
    /// The text of a program is not UTF-8.
    #[error("{} is not text", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// A path leads out of the package.
    #[error("{0:?} leads out of the package")]
    Outside(String),
    /// More files, or larger ones, than [`Limits`](crate::Limits) allow.
    #[error("{0}")]
    Limit(String),
    /// An item that the package needs is not there.
    #[error("item {item} of the package is {}", if *.pointer { POINTER } else { "missing" })]
    Missing {
        /// Its path in the package, as the manifest has it.
        item: String,
        /// Git left a pointer in its place.
        pointer: bool,
    },
    /// The model's message is malformed or exceeds the limits.
    #[error("the model message is not valid")]
    Wire(#[from] WireError),
    /// The model's message cannot be decoded.
    #[error("the model message cannot be decoded")]
    Protobuf(#[from] prost::DecodeError),
    /// The program makes no sense.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The interface or the structure of the model makes no sense.
    #[error("the model is not valid: {0}")]
    Model(String),
    /// A program could not be read back if it were written.
    #[error("the program cannot be written: {0}")]
    Unwritable(mil_ir::verify::Violation),
    /// The program cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The text of a program cannot be read.
    #[error("{} cannot be read", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: mil_ir::text::TextError,
    },
    /// The model is not a program.
    #[error("the model is not an ML Program but has type {0}")]
    NoProgram(String),
    /// The program was taken out of the package and not put back.
    #[error("the program was taken out of the package; put it back before saving")]
    Taken,
    /// The name does not say in which form to write a model.
    #[error("{} ends neither in .mlpackage nor in .mil, the forms that are written", path.display())]
    OutputName {
        /// The path.
        path: PathBuf,
    },
    /// The folder to write to is not there.
    #[error("{} does not exist", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The path is taken by something else than a model.
    #[error("{} exists and is not a model package; it is not replaced", path.display())]
    NotReplaced {
        /// The path.
        path: PathBuf,
    },
}

/// In words, with its sources: what `main` prints of an error that it returns.
impl std::fmt::Debug for PackageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&mil_ir::error_chain(self))
    }
}

/// What is said of an item that is one; see [`PackageError::LfsPointer`].
pub(crate) const POINTER: &str = "a Git LFS pointer: run `git lfs pull`";

/// What is wrong with a program that was read, and where.
#[derive(Debug, thiserror::Error)]
#[error("{place} is not valid")]
#[non_exhaustive]
pub struct DecodeError {
    /// Where.
    pub place: Place,
    /// What.
    #[source]
    pub kind: Box<DecodeErrorKind>,
}

/// Why a program cannot be written, and where.
#[derive(Debug, thiserror::Error)]
#[error("{place} cannot be written")]
#[non_exhaustive]
pub struct EncodeError {
    /// Where.
    pub place: Place,
    /// Why.
    #[source]
    pub kind: Box<EncodeErrorKind>,
}

/// A place in a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The function; empty for the program itself.
    pub function: String,
    /// The op; empty for the function itself.
    pub op: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&*self.function, &*self.op) {
            ("", "") => f.write_str("program"),
            (function, "") => write!(f, "function {function}"),
            ("", op) => write!(f, "op {op}"),
            (function, op) => write!(f, "function {function}, op {op}"),
        }
    }
}

/// What is wrong with a program that was read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// A name that stands for nothing where it is used.
    #[error("uses {0:?}, which is not defined before it")]
    Undefined(String),
    /// A name of two inputs or outputs, or of two states.
    #[error("defines {0:?}, which is defined already")]
    Duplicate(String),
    /// The block of a function has inputs of its own.
    #[error("the outermost block has inputs of its own")]
    BlockInputs,
    /// A function without any block.
    #[error("the function has no block")]
    NoBlock,
    /// The op's message cannot be decoded.
    #[error("the message of the op cannot be decoded")]
    Protobuf(#[from] prost::DecodeError),
    /// Unknown fields that cannot be kept.
    #[error("unknown fields cannot be kept")]
    Wire(#[from] WireError),
    /// A reference into a weight file leads nowhere good.
    #[error("the reference to offset {offset} of {file} is not valid")]
    Weights {
        /// The file, as the program names it.
        file: String,
        /// The offset, as the program has it.
        offset: u64,
        /// What is wrong with it.
        #[source]
        kind: Box<WeightsErrorKind>,
    },
}

/// What is wrong with a reference into a weight file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsErrorKind {
    /// The file cannot be read.
    #[error("the weight file cannot be read")]
    Io(#[from] io::Error),
    /// The path leads out of the package.
    #[error("the path leads out of the package")]
    Outside,
    /// A version that Core ML refuses, too.
    #[error("the weight file has version {0}, not 2; files of version 1 are those of older neural networks")]
    Version(u32),
    /// The file ends early.
    #[error("the weight file has {size} bytes, which is too short")]
    Short {
        /// Its size.
        size: u64,
    },
    /// No blob begins there.
    #[error("no blob begins there")]
    Sentinel,
    /// A blob cannot hold this element type.
    #[error("weight files have no elements of type {0}")]
    NoSuchType(DType),
    /// The blob's element type is another.
    #[error("the blob has element type code {found}; {dtype} has {wanted}")]
    Type {
        /// The type in the program.
        dtype: DType,
        /// Its code.
        wanted: u32,
        /// The code in the file.
        found: u32,
    },
    /// The blob's size is another.
    #[error("the blob has {found} bytes; its type asks for {wanted}")]
    Size {
        /// The size that the type asks for.
        wanted: u64,
        /// The size in the file.
        found: u64,
    },
    /// The number of bits that fill the last byte is another.
    #[error("the blob has {found} bits of padding; its type asks for {wanted}")]
    Padding {
        /// The number that the type asks for.
        wanted: u64,
        /// The number in the file.
        found: u64,
    },
    /// The tensor does not fit its blob.
    #[error("the blob cannot be used")]
    Tensor(#[from] TensorError),
}

/// Why a program cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// The values of a tensor cannot be had.
    #[error("a tensor cannot be read")]
    Tensor(#[from] TensorError),
    /// The specialisations of a function disagree about its inputs.
    #[error("the specialisations for {0} and {1} have different inputs")]
    Inputs(String, String),
    /// A function without any block.
    #[error("the function has no block")]
    NoBlock,
    /// The path of a weight file leads out of the package.
    #[error("the weight file {0:?} lies outside the package")]
    Outside(String),
    /// A weight is larger than the format can say.
    #[error("the weights are too large")]
    TooLarge,
}

impl PackageError {
    /// For `map_err` around calls to the file system.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> PackageError {
        let path = path.into();
        move |source| PackageError::Io { action, path, source }
    }

    /// The error below those that only say which model was opened or written.
    pub fn cause(&self) -> &PackageError {
        let mut error = self;
        while let PackageError::Open { source, .. } | PackageError::Save { source, .. } = error {
            error = source;
        }
        error
    }

    /// Says which model was opened, where the error does not say it.
    pub(crate) fn opening(self, model: &Path) -> PackageError {
        if self.names(model) {
            return self;
        }
        PackageError::Open { path: model.to_owned(), source: Box::new(self) }
    }

    /// Says which model was written, where the error does not say it.
    pub(crate) fn saving(self, model: &Path) -> PackageError {
        if self.names(model) {
            return self;
        }
        PackageError::Save { path: model.to_owned(), source: Box::new(self) }
    }

    /// The message has the path of a model, of a file in it, or of the folder around it.
    fn names(&self, model: &Path) -> bool {
        match self {
            PackageError::Open { path, .. }
            | PackageError::Save { path, .. }
            | PackageError::Io { path, .. }
            | PackageError::NotAModel { path, .. }
            | PackageError::Part { path, .. }
            | PackageError::LfsPointer { path }
            | PackageError::Unsupported { path, .. }
            | PackageError::NotText { path }
            | PackageError::Text { path, .. }
            | PackageError::OutputName { path }
            | PackageError::NotReplaced { path } => path.starts_with(model),
            PackageError::NoFolder { .. } => true,
            _ => false,
        }
    }
}
