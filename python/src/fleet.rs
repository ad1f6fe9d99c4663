//! Work for many machines.

use std::ops::ControlFlow;
use std::path::PathBuf;

use milopt::embed;
use pyo3::prelude::*;

use crate::errors::Fault;

/// The hash of all files of a model.
#[pyfunction]
pub(crate) fn content(py: Python<'_>, model: PathBuf) -> Result<String, Fault> {
    py.detach(|| Ok(embed::content(&model)?))
}

/// The key of what a pipeline makes of a model with this content, for what else counts.
#[pyfunction]
pub(crate) fn key(content: &str, pipeline: &str, target: Vec<String>) -> Result<String, Fault> {
    let target: Vec<&str> = target.iter().map(String::as_str).collect();
    Ok(embed::key(content, pipeline, &target)?)
}

/// The plan of a compression, as JSON.
#[pyfunction]
#[pyo3(signature = (input, pipeline, target = None))]
pub(crate) fn plan(
    py: Python<'_>,
    input: PathBuf,
    pipeline: &str,
    target: Option<&str>,
) -> Result<String, Fault> {
    py.detach(|| Ok(embed::plan(&input, pipeline, target)?))
}

/// Does tasks of a plan. Gives those that were done, and those that were done before.
#[pyfunction]
#[pyo3(signature = (plan, tasks, parts, input = None))]
pub(crate) fn work(
    py: Python<'_>,
    plan: &str,
    tasks: Vec<usize>,
    parts: PathBuf,
    input: Option<PathBuf>,
) -> PyResult<(Vec<usize>, Vec<usize>)> {
    let mut raised = None;
    let worked = py.detach(|| {
        // A person who presses Ctrl-C.
        let mut progress = |_: usize, _: usize, _: &str| match Python::attach(|py| py.check_signals()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                raised = Some(error);
                ControlFlow::Break(())
            }
        };
        embed::work(plan, &tasks, &parts, input.as_deref(), &mut progress)
    });
    match raised {
        Some(raised) => Err(raised),
        None => {
            let worked = worked.map_err(Fault::from)?;
            Ok((worked.done, worked.known))
        }
    }
}

/// Writes what the parts of a plan make of its model. Gives a report as JSON, an object for each program.
#[pyfunction]
#[pyo3(signature = (plan, parts, output, input = None))]
pub(crate) fn merge(
    py: Python<'_>,
    plan: &str,
    parts: PathBuf,
    output: PathBuf,
    input: Option<PathBuf>,
) -> Result<String, Fault> {
    py.detach(|| Ok(embed::merge(plan, &parts, &output, input.as_deref())?))
}
