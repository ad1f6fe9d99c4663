//! Errors as exceptions.

use milopt::embed;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// What went wrong, on its way to Python.
#[derive(Debug)]
pub(crate) struct Fault(embed::Fault);

impl From<embed::Fault> for Fault {
    fn from(fault: embed::Fault) -> Fault {
        Fault(fault)
    }
}

impl From<Fault> for PyErr {
    fn from(Fault(fault): Fault) -> PyErr {
        Python::attach(|py| {
            let make = || {
                let named = PyDict::new(py);
                named.set_item("kind", fault.kind.name())?;
                if let Some((code, place)) = &fault.rule {
                    named.set_item("code", code)?;
                    named.set_item("place", place)?;
                }
                // Python's own class: one of the extension's needs more than the stable interface has.
                py.import("milopt._errors")?.getattr("MiloptError")?.call((&fault.message,), Some(&named))
            };
            make().map_or_else(|error| error, PyErr::from_value)
        })
    }
}
