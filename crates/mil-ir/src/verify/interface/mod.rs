//! What a model says about itself: features, versions, functions, and how they fit what is inside.

mod description;
mod features;
mod flexibility;
mod kind;
mod pipeline;
mod program;
mod signature;

pub use kind::ModelKind;

pub(super) use description::verify_description;
pub(super) use pipeline::verify_pipeline;
pub(super) use program::{verify_program, without_form};

use super::report::{Place, Violation};
use crate::Release;

/// A release and its version, as messages name what a version lacks.
fn needs(what: &str, version: i32, least: i32) -> Option<String> {
    (version < least).then(|| {
        let release = crate::release_name(least).unwrap_or("a newer release");
        format!("{what} needs {release}, specification version {least}; the model's is {version}")
    })
}

/// The same for what a release brought.
fn needs_release(what: &str, version: i32, release: Release) -> Option<String> {
    needs(what, version, release.specification_version())
}
