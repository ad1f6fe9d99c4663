//! What the page can ask for.

use serde::Deserialize;

use crate::compress::Compression;

/// A request, `{"do": "run", …}`.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub(crate) enum Request {
    /// What this version knows: pipelines, passes, chips, releases.
    About,
    /// The files of the model in a zip archive.
    Archive {
        /// The archive, as one file.
        file: FileRange,
    },
    /// Opens a model. One that was open is closed, unless this one cannot be read.
    Open {
        /// What to call it if its files do not say it.
        name: String,
        files: Vec<NamedFile>,
    },
    /// Where ops run, on one chip.
    Estimate { target: Aim },
    /// The same as `milopt estimate --json`.
    Placement { target: Aim },
    /// What to let Core ML use on each device.
    Devices,
    /// What would help.
    Suggest {
        target: Aim,
        /// Every known fix, however long it takes.
        all: bool,
    },
    /// Runs a pipeline.
    Run {
        pipeline: String,
        /// For this release.
        release: Option<String>,
        /// For passes that ask for a chip.
        target: Aim,
    },
    /// Makes weights smaller.
    Compress(Compression),
    /// Takes the last step back.
    Undo,
    /// Takes all steps back.
    Reset,
    /// How the model differs from what came.
    Compare,
    /// Hands over the package.
    Write,
}

/// A chip, its system, and what an app allows.
#[derive(Debug, Deserialize)]
pub(crate) struct Aim {
    pub(crate) chip: String,
    pub(crate) os: String,
    pub(crate) units: String,
}

/// A range of one of the page's files.
#[derive(Debug, Deserialize)]
pub(crate) struct FileRange {
    pub(crate) file: u32,
    #[serde(default)]
    pub(crate) start: u64,
    pub(crate) len: u64,
}

/// A file of a model.
#[derive(Debug, Deserialize)]
pub(crate) struct NamedFile {
    /// Its path among the files that came with it.
    pub(crate) path: String,
    #[serde(flatten)]
    pub(crate) range: FileRange,
    /// What an archive says that its checksum is.
    pub(crate) crc: Option<u32>,
}
