//! An estimate as people and pages show it. The layers know nothing of this folder.

mod compare;
mod devices;
mod history;
mod html;
mod report;
mod svg;

pub use compare::{Comparison, FunctionComparison, Moved, compare};
pub use devices::{devices_html, devices_report, devices_swift};
pub use history::{history_github, history_junit, history_report, history_svg};
pub use html::{Origin, Version, escaped, html};
pub use report::{report, report_with};
pub use svg::svg;
