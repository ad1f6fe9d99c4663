//! Models taken apart and put together: functions, parts of a function, pipelines.
//!
//! - [`functions`]: what a program's functions share. [`merge`] makes one program of several, whose weights the
//!   file then holds once; [`split`] gives them back as they were.
//! - [`cut`] parts a function at named values, [`chunk`] into parts of equal estimated cost or under a limit of
//!   weights. What crosses a cut goes by a feature of the part that makes it and of those that take it.
//! - [`join`] makes a pipeline of models; [`take_apart`] gives its members back.
//!
//! Nothing here reads weights: programs are rearranged, and the writer copies what they refer to.

mod carriers;
mod chunk;
mod costs;
mod cut;
mod functions;
mod merge;
mod part;
mod pipeline;

use mil_ir::{GraphError, InterfaceError, Name, Program};
use mil_ops::{BuildError, SpecializeError};

pub use chunk::{Chunks, Limit, chunk};
pub use costs::PartSize;
pub use cut::{Cut, cut};
pub use functions::{FunctionRow, functions};
pub use merge::{Source, merge, split};
pub use pipeline::{join, pipeline_of_parts, take_apart};

/// Why a model is not taken apart or put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SurgeryError {
    /// It cannot be done with this model, for a reason that is said.
    #[error("{0}")]
    Refused(String),
    /// The interface refuses.
    #[error(transparent)]
    Interface(#[from] InterfaceError),
    /// The graph refuses.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// An op at the edge of a part cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The sizes of what crosses a cut cannot be found.
    #[error(transparent)]
    Specialize(#[from] SpecializeError),
}

/// The name of the function of a program that has one.
const MAIN: &str = "main";

fn refused<T>(why: impl Into<String>) -> Result<T, SurgeryError> {
    Err(SurgeryError::Refused(why.into()))
}

/// The function of this name; without one, the one that runs where an app names none.
fn chosen(program: &Program, function: Option<&str>) -> Result<Name, SurgeryError> {
    let names = || program.functions.keys();
    if let Some(name) = function {
        return match names().find(|known| ***known == *name) {
            Some(known) => Ok(known.clone()),
            None => Err(InterfaceError::NoFunction(name.into()).into()),
        };
    }
    let main = names().find(|name| ***name == *MAIN);
    let only = || names().next().filter(|_| program.functions.len() == 1);
    match program.interface.default_function.as_ref().or(main).or_else(only) {
        Some(name) => Ok(name.clone()),
        None => refused("no function is the default: name one"),
    }
}

/// A program with one function of another and nothing else, as a model of one function.
fn alone(program: &Program, function: &Name) -> Result<Program, SurgeryError> {
    let missing = || InterfaceError::NoFunction(function.clone());
    let found = program.functions.get(function).ok_or_else(missing)?.clone();
    let features = program.interface.function(function).ok_or_else(missing)?.clone();
    let mut interface = program.interface.clone();
    interface.functions = [(Name::from(MAIN), features)].into();
    (interface.multifunction, interface.default_function) = (false, None);
    Ok(Program {
        version: program.version,
        functions: [(Name::from(MAIN), found)].into(),
        doc: program.doc.clone(),
        attributes: program.attributes.clone(),
        interface,
        carried: program.carried.clone(),
    })
}
