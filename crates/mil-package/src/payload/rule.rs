//! How a rule is written: a function that gives the first thing that is wrong.

use mil_ir::verify::{Place, Report, Violation};

/// The outcome of a rule.
pub(super) type Checked = Result<(), Violation>;

/// Violations that are kept; a broken file can break a rule a million times.
const MOST: usize = 1000;

/// A violation of a rule. Its place is known to who asked.
pub(super) fn fault(code: &'static str, message: impl Into<String>) -> Violation {
    Violation::new(code, Place::default(), message)
}

/// The rule that something holds.
pub(super) fn require(holds: bool, code: &'static str, message: impl Into<String>) -> Checked {
    if holds { Ok(()) } else { Err(fault(code, message)) }
}

/// A member of a oneof that must be set.
pub(super) fn set<'a, T>(field: &'a Option<T>, code: &'static str, what: &str) -> Result<&'a T, Violation> {
    field.as_ref().ok_or_else(|| fault(code, format!("{what} is not set")))
}

/// How outcomes come into a report.
pub(super) trait Record {
    /// What a rule found.
    fn record(&mut self, checked: Checked);

    /// What could not be judged.
    fn unchecked(&mut self, what: impl Into<String>);
}

impl Record for Report {
    fn record(&mut self, checked: Checked) {
        let Err(violation) = checked else { return };
        match self.violations.len() {
            0..MOST => self.violations.push(violation),
            MOST if self.unchecked.iter().all(|found| found.code != "more") => {
                self.unchecked.push(fault("more", format!("violations beyond the first {MOST}")));
            }
            _ => {}
        }
    }

    fn unchecked(&mut self, what: impl Into<String>) {
        self.unchecked.push(fault("unchecked", what));
    }
}
