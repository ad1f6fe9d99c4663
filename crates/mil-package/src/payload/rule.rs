//! How a rule is written: a function that gives the first thing that is wrong.

use super::Finding;

/// The outcome of a rule.
pub(super) type Checked = Result<(), Finding>;

/// A finding of a rule.
pub(super) fn fault(code: &'static str, message: impl Into<String>) -> Finding {
    Finding { code, layer: None, message: message.into() }
}

/// The rule that something holds.
pub(super) fn require(holds: bool, code: &'static str, message: impl Into<String>) -> Checked {
    if holds { Ok(()) } else { Err(fault(code, message)) }
}

/// A member of a oneof that must be set.
pub(super) fn set<'a, T>(field: &'a Option<T>, code: &'static str, what: &str) -> Result<&'a T, Finding> {
    field.as_ref().ok_or_else(|| fault(code, format!("{what} is not set")))
}
