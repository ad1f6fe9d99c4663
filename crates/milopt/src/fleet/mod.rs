//! Work for many machines: keys by which results are known, and one big package compressed in parts.
//!
//! Nothing here starts a machine or waits for one. [`key`] says what a result depends on, so that whoever has
//! it need not make it again. [`Plan::new`] lists what there is to fit, [`work`] fits some of it, [`merge`]
//! puts all together; they meet in files, and any queue, cluster or loop of a shell can stand between them.
//!
//! # Invariants
//!
//! - **The same bytes.** What is merged is what a run alone writes, whoever did which part, in what order and
//!   how often: passes run as ever around fits that come from elsewhere
//!   ([`Elsewhere`](mil_passes::compression::Elsewhere)).
//! - **Nothing is taken for granted.** A plan knows its package, each weight and the version that made it by
//!   their hashes; a part knows its plan, and its bytes by their hash.

mod job;
mod key;
mod merge;
mod part;
mod plan;
mod shard;
mod work;

use std::path::PathBuf;

use mil_package::PackageError;
use mil_pass::GrammarError;

pub use key::{Content, FileHash, VERSION, canonical, key};
pub use merge::merge;
pub use plan::{Plan, Task};
pub use shard::Shard;
pub use work::{Progress, Worked, work};

use crate::rewrite::RewriteError;

/// Why something of a plan is not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FleetError {
    /// The pipeline cannot be divided.
    #[error("{0}")]
    NotDivided(String),
    /// It is not a plan.
    #[error("{path} is not a plan: {why}")]
    NotAPlan {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Another version of milopt made the plan.
    #[error("the plan was made by milopt {planned}, and this is {}: results may differ", VERSION)]
    Version {
        /// The version.
        planned: String,
    },
    /// The package is not the one that was planned.
    #[error("{path} is not what was planned: {why}")]
    OtherInput {
        /// The package.
        path: PathBuf,
        /// What differs.
        why: String,
    },
    /// A task or a shard that there is not.
    #[error("{0}")]
    NoSuchTask(String),
    /// Parts are missing.
    #[error("{} is missing: milopt work with --task {task} makes it{}", path.display(), and_more(*.more))]
    Missing {
        /// The first of them.
        path: PathBuf,
        /// Its task.
        task: usize,
        /// How many more are missing.
        more: usize,
    },
    /// A part is not what was written.
    #[error("{} is damaged: {why}; remove it, and milopt work with --task {task} makes it again", path.display())]
    Damaged {
        /// The part.
        path: PathBuf,
        /// Its task.
        task: usize,
        /// How.
        why: String,
    },
    /// A part of another plan.
    #[error("{} is of another plan, {found}", path.display())]
    Foreign {
        /// The part.
        path: PathBuf,
        /// The key of its plan.
        found: String,
    },
    /// A file cannot be read or written.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The pipeline is not understood.
    #[error(transparent)]
    Grammar(#[from] GrammarError),
    /// The model cannot be opened.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// A pass failed, or the result is not written.
    #[error(transparent)]
    Rewrite(#[from] RewriteError),
}

fn and_more(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" (and {count} more are missing)") }
}

impl FleetError {
    /// What failed is a pass, and not what was asked for.
    pub fn is_of_passes(&self) -> bool {
        matches!(self, FleetError::Rewrite(RewriteError::Run(_) | RewriteError::Invalid(_)))
    }

    fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> FleetError {
        let path = path.into();
        |source| FleetError::Io { path, source }
    }
}
