//! A model as an object.

use std::path::PathBuf;

use milopt::embed::{self, Call};
use milopt::pass::{Pipeline, Runner};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::errors::Fault;
use crate::run::Watch;

/// A model, open.
#[pyclass(module = "milopt._milopt")]
pub(crate) struct Model(embed::Model);

#[pymethods]
impl Model {
    /// Opens a .mlpackage, .mlmodel, .mlmodelc or .mil.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> Result<Model, Fault> {
        py.detach(|| Ok(Model(embed::Model::open(path)?)))
    }

    /// Reads a model from its message, and its weight file if it has one.
    #[staticmethod]
    #[pyo3(signature = (message, weights = None))]
    fn from_bytes(py: Python<'_>, message: &[u8], weights: Option<&[u8]>) -> Result<Model, Fault> {
        py.detach(|| Ok(Model(embed::Model::from_bytes(message, weights)?)))
    }

    /// Reads MIL text.
    #[staticmethod]
    fn from_text(py: Python<'_>, text: &str) -> Result<Model, Fault> {
        py.detach(|| Ok(Model(embed::Model::from_text(text)?)))
    }

    /// What is odd about the model, but does not keep it from being read.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.0.warnings().to_vec()
    }

    /// MIL text: for people, or in the form that reads back the same to the last bit.
    fn text(&self, py: Python<'_>, full: bool) -> Result<String, Fault> {
        py.detach(|| Ok(self.0.text(full)?))
    }

    /// What is in it, as JSON.
    fn inspect(&self, py: Python<'_>) -> Result<String, Fault> {
        py.detach(|| Ok(self.0.inspect()?))
    }

    /// Every rule that it breaks, as JSON.
    fn verify(&self, py: Python<'_>) -> String {
        py.detach(|| self.0.verify())
    }

    /// Rewrites it. Gives a report as JSON, an object for each program.
    #[pyo3(signature = (pipeline, target = None, verify = true, samples = Vec::new(), progress = None))]
    fn run(
        &mut self,
        py: Python<'_>,
        pipeline: &str,
        target: Option<&str>,
        verify: bool,
        samples: Vec<(String, Vec<PyBackedBytes>)>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<String> {
        let watch = Watch::default();
        let done = py.detach(|| {
            let read = |calls: &[PyBackedBytes]| {
                calls.iter().map(|call| embed::sample(call)).collect::<Result<Vec<_>, _>>()
            };
            let samples: Vec<(String, Vec<_>)> = samples
                .iter()
                .map(|(name, calls)| Ok((name.clone(), read(calls)?)))
                .collect::<Result<_, embed::Fault>>()?;
            let runner = |passes: &Pipeline| {
                let mut runner = Runner::new().verify(verify).cancel(watch.cancel.clone());
                for (name, calls) in &samples {
                    runner = runner.samples(name, calls.clone());
                }
                let progress = Python::attach(|py| progress.as_ref().map(|it| it.clone_ref(py)));
                runner.instrument(watch.instrument(passes.passes().count(), progress))
            };
            self.0.run(pipeline, target, runner)
        });
        match watch.raised() {
            Some(raised) => Err(raised),
            None => done.map_err(|fault| Fault::from(fault).into()),
        }
    }

    /// The pipeline that configurations of coremltools stand for, in their order, as JSON.
    fn compression(&self, configs: &str) -> Result<String, Fault> {
        Ok(self.0.compression(configs)?)
    }

    /// Where its ops would run: JSON, text for people, and a page.
    fn estimate(
        &self,
        py: Python<'_>,
        chip: &str,
        os: &str,
        units: &str,
        title: &str,
    ) -> Result<(String, String, String), Fault> {
        let found = py.detach(|| self.0.estimate(chip, os, units, title))?;
        Ok((found.json, found.text, found.page))
    }

    /// Runs calls that share states, each an archive of its inputs. Gives an archive of each one's outputs,
    /// and one of the states behind them.
    #[pyo3(signature = (calls, function = None, member = None, outputs = Vec::new(), states = None))]
    fn eval<'py>(
        &self,
        py: Python<'py>,
        calls: Vec<PyBackedBytes>,
        function: Option<String>,
        member: Option<String>,
        outputs: Vec<String>,
        states: Option<PyBackedBytes>,
    ) -> Result<(Vec<Bound<'py, PyBytes>>, Bound<'py, PyBytes>), Fault> {
        let call = Call { member, function, outputs };
        let (results, states) = py.detach(|| self.0.eval(&call, &calls, states.as_deref()))?;
        Ok((results.iter().map(|bytes| PyBytes::new(py, bytes)).collect(), PyBytes::new(py, &states)))
    }

    /// An archive of random inputs of a function.
    #[pyo3(signature = (seed, function = None, member = None))]
    fn random_inputs<'py>(
        &self,
        py: Python<'py>,
        seed: u64,
        function: Option<String>,
        member: Option<String>,
    ) -> Result<Bound<'py, PyBytes>, Fault> {
        let call = Call { member, function, outputs: Vec::new() };
        Ok(PyBytes::new(py, &self.0.random_inputs(&call, seed)?))
    }

    /// A table of its weights with at least so many elements, as JSON.
    fn weights(&self, py: Python<'_>, min_elements: usize) -> Result<String, Fault> {
        py.detach(|| Ok(self.0.weights(min_elements)?))
    }

    /// How another model differs: whether it does, as JSON, and as text.
    fn diff(&self, py: Python<'_>, other: &Model) -> Result<(bool, String, String), Fault> {
        let found = py.detach(|| self.0.diff(&other.0))?;
        Ok((!found.is_empty, found.json, found.text))
    }

    /// Writes it: .mlpackage, or .mil with its weights beside it.
    fn save(&self, py: Python<'_>, path: PathBuf) -> Result<(), Fault> {
        py.detach(|| Ok(self.0.save(path)?))
    }
}
