//! What the Python package `milopt` stands on: models as objects, everything else as text and bytes.
//!
//! Reports cross the border as JSON, arrays as `.npz` archives in memory: both are what the command line
//! reads and writes, so that there is one form of each. The Python side makes dictionaries and NumPy arrays
//! of them. Python's lock is released while milopt works.

mod errors;
mod fleet;
mod model;
mod run;

use pyo3::prelude::*;

/// The extension module.
#[pymodule]
mod _milopt {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::model::Model;
    #[pymodule_export]
    use crate::fleet::{content, key, merge, plan, work};
    #[pymodule_export]
    use crate::{command, passes};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

/// The command line, for arguments of which the first is the command's name. Gives the exit code.
#[pyfunction]
fn command(py: Python<'_>, arguments: Vec<std::ffi::OsString>) -> u8 {
    py.detach(|| milopt::main_of(milopt::passes::registry(), arguments))
}

/// Ids of all passes, and names of all pipelines with their text.
#[pyfunction]
fn passes() -> (Vec<String>, Vec<(String, String)>) {
    let registry = milopt::passes::registry();
    let ids = registry.passes().iter().map(|def| def.id.to_owned()).collect();
    let text = |name: &str| Some((name.to_owned(), registry.pipeline(name)?.ok()?.to_string()));
    let pipelines = registry.pipelines().filter_map(text).collect();
    (ids, pipelines)
}
