//! Passes of one's own beside those of milopt.

mod abs_of_abs;

use milopt::pass::Registry;

pub use abs_of_abs::AbsOfAbs;

/// The passes and pipelines of milopt, with ours beside them.
pub fn registry() -> Registry {
    milopt::passes::registry()
        .with(&AbsOfAbs::DEF)
        .with_pipeline("mine", r#"["default", {"pass": "abs_of_abs", "options": {"squares": true}}]"#)
}
