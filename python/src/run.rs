//! Watching a run from Python: progress, and a person who presses Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use milopt::ir::Program;
use milopt::pass::{Instrument, PassEvent};
use pyo3::prelude::*;

/// What Python has to say to a run.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    /// Ends the run.
    pub(crate) cancel: Arc<AtomicBool>,
    /// What ended it.
    raised: Arc<Mutex<Option<PyErr>>>,
}

impl Watch {
    /// An instrument for a run of so many passes, which calls `progress(done, total, id)` before each.
    pub(crate) fn instrument(&self, total: usize, progress: Option<Py<PyAny>>) -> impl Instrument + 'static {
        Watcher { watch: self.clone(), total, progress }
    }

    /// The exception that ended the run.
    pub(crate) fn raised(&self) -> Option<PyErr> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

struct Watcher {
    watch: Watch,
    total: usize,
    progress: Option<Py<PyAny>>,
}

impl Instrument for Watcher {
    fn before_pass(&mut self, event: &PassEvent<'_>, _: &Program) {
        let told = Python::attach(|py| {
            py.check_signals()?;
            match &self.progress {
                Some(progress) => progress.call1(py, (event.index, self.total, event.id)).map(drop),
                None => Ok(()),
            }
        });
        if let Err(error) = told {
            *self.watch.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            self.watch.cancel.store(true, Ordering::Relaxed);
        }
    }
}
