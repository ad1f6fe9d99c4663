//! Why a pipeline cannot be read, shown under the place in its text.

use std::fmt;

use crate::Unknown;

/// Why a pipeline cannot be read, and where that is in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrammarError {
    fault: GrammarFault,
    place: Option<Place>,
    file: Option<String>,
}

/// What is wrong with a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrammarFault {
    /// The text has not the form of a pipeline.
    #[error("{0}")]
    Syntax(String),
    /// The JSON has not the form of a pipeline.
    #[error("the pipeline's JSON: {0}")]
    Json(String),
    /// No such pass or pipeline.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// The pass does not take these options.
    #[error("options of {id}: {message}")]
    Options {
        /// The pass, as spelled.
        id: String,
        /// Why.
        message: String,
    },
}

/// A place in the text of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    /// Counted from 1; `None` in a text of one line.
    line: Option<usize>,
    /// The line.
    text: String,
    /// Characters of the line before the place.
    column: usize,
}

impl GrammarError {
    /// What is wrong.
    pub fn fault(&self) -> &GrammarFault {
        &self.fault
    }

    /// With the name of the file that holds the text.
    #[must_use]
    pub fn in_file(mut self, name: impl Into<String>) -> GrammarError {
        self.file = Some(name.into());
        self
    }

    /// With its place, unless that is known: so many bytes into the text.
    pub(crate) fn at(mut self, text: &str, at: usize) -> GrammarError {
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[start..].lines().next().unwrap_or("");
        self.place.get_or_insert(Place {
            line: text.trim_end().contains('\n').then(|| text[..at].matches('\n').count() + 1),
            text: line.replace('\t', " "),
            column: text[start..at].chars().count(),
        });
        self
    }
}

impl From<GrammarFault> for GrammarError {
    fn from(fault: GrammarFault) -> GrammarError {
        GrammarError { fault, place: None, file: None }
    }
}

impl std::error::Error for GrammarError {}

impl fmt::Display for GrammarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.place.as_ref().and_then(|place| place.line);
        match (&self.file, line) {
            (Some(file), Some(line)) => write!(f, "{file}, line {line}: ")?,
            (Some(file), None) => write!(f, "{file}: ")?,
            (None, Some(line)) => write!(f, "line {line} of the pipeline: ")?,
            (None, None) => {}
        }
        write!(f, "{}", self.fault)?;
        match &self.place {
            Some(place) => write!(f, "\n  {}\n  {:width$}^", place.text, "", width = place.column),
            None => Ok(()),
        }
    }
}
