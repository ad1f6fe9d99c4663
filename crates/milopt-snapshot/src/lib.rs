//! Snapshots of Core ML models for the tests of whoever makes or ships them.
//!
//! A converter, a training script or an app keeps beside its tests what a model is, what it is made of, or
//! where it would run, in files that reviewers read; a change of the model then shows as a change of such a
//! file. The snapshots are [insta](https://insta.rs)'s: `cargo insta review` accepts a change.
//!
//! ```no_run
//! use milopt_snapshot::{Redact, assert_ops, assert_placement, assert_text};
//!
//! # fn main() -> Result<(), milopt::Error> {
//! let package = milopt::Package::open("model.mlpackage")?;
//! assert_text!(package);
//! assert_ops!(package);
//! assert_placement!(package, "M4", "26");
//! // Names of values are left out, too: for converters that number them anew.
//! assert_text!(package, Redact { names: true, ..Redact::default() });
//! # Ok(())
//! # }
//! ```
//!
//! What changes without anybody's doing is left out unless [`Redact`] asks for it: contents of weights, which
//! another training replaces; metadata, which names dates and versions of tools; costs, which follow the
//! estimator's tables.

mod placement;
mod redact;

use std::fmt::Write as _;

use milopt::ir::Name;
use milopt::{Model, Package, Program};

pub use placement::{placement, try_placement};
pub use redact::{Redact, text};

#[doc(hidden)]
pub use insta;

/// What a snapshot is taken of.
pub trait Subject {
    /// Its programs, those of a pipeline by their member's name or place.
    fn programs(&self) -> Vec<(String, &Program)>;
}

impl Subject for Program {
    fn programs(&self) -> Vec<(String, &Program)> {
        vec![(String::new(), self)]
    }
}

impl Subject for Package {
    fn programs(&self) -> Vec<(String, &Program)> {
        Subject::programs(self.model())
    }
}

impl Subject for Model {
    fn programs(&self) -> Vec<(String, &Program)> {
        let title = |path: &[usize], model: &Model| match model {
            Model::Pipeline(pipeline) => {
                let named = path.first().and_then(|&at| pipeline.members.get(at)?.0.as_ref());
                let places: Vec<String> = path.iter().map(ToString::to_string).collect();
                format!("member {}", named.map_or_else(|| places.join("."), Name::to_string))
            }
            _ => String::new(),
        };
        Model::programs(self).into_iter().map(|(path, program)| (title(&path, self), program)).collect()
    }
}

impl<S: Subject> Subject for &S {
    fn programs(&self) -> Vec<(String, &Program)> {
        (**self).programs()
    }
}

/// How many ops of each type each function has, inner blocks included and `const` left out.
pub fn ops(subject: &impl Subject) -> String {
    sections(subject, |program| {
        let mut out = String::new();
        for (name, function) in &program.functions {
            let counts = function.graph().map(milopt::inspect::histogram).unwrap_or_default();
            let _ = writeln!(out, "{name}: {} ops", counts.values().sum::<usize>());
            for (kind, count) in counts {
                let _ = writeln!(out, "{count:>6} {kind}");
            }
        }
        out
    })
}

/// A text for each program, under its name where there are several.
fn sections(subject: &impl Subject, mut text: impl FnMut(&Program) -> String) -> String {
    let mut out = String::new();
    for (title, program) in subject.programs() {
        if !title.is_empty() {
            let _ = writeln!(out, "== {title}");
        }
        out.push_str(&text(program));
    }
    out
}

/// Holds the MIL text of a program or package against its snapshot; a [`Redact`] may follow.
#[macro_export]
macro_rules! assert_text {
    ($subject:expr $(,)?) => {
        $crate::assert_text!($subject, $crate::Redact::default())
    };
    ($subject:expr, $redact:expr $(,)?) => {
        $crate::assert_snapshot!($crate::text(&$subject, &$redact))
    };
}

/// Holds the op counts of a program or package against their snapshot.
#[macro_export]
macro_rules! assert_ops {
    ($subject:expr $(,)?) => {
        $crate::assert_snapshot!($crate::ops(&$subject))
    };
}

/// Holds the placement of a program or package on a chip with a system against its snapshot; a [`Redact`] may
/// follow.
///
/// # Panics
///
/// If chip or system are not known.
#[macro_export]
macro_rules! assert_placement {
    ($subject:expr, $chip:expr, $os:expr $(,)?) => {
        $crate::assert_placement!($subject, $chip, $os, $crate::Redact::default())
    };
    ($subject:expr, $chip:expr, $os:expr, $redact:expr $(,)?) => {
        $crate::assert_snapshot!(match $crate::try_placement(&$subject, $chip, $os, &$redact) {
            Ok(text) => text,
            Err(error) => panic!("{error}"),
        })
    };
}

/// insta's, without the expression, which says nothing to whoever reads the snapshot.
#[doc(hidden)]
#[macro_export]
macro_rules! assert_snapshot {
    ($text:expr) => {
        $crate::insta::with_settings!({ omit_expression => true }, {
            $crate::insta::assert_snapshot!($text);
        })
    };
}
