//! Devices for people: text, a page, and a table in Swift.

mod page;
mod swift;

pub use page::devices_html;
pub use swift::devices_swift;

use std::fmt::Write as _;

use crate::devices::{DeviceEstimate, DeviceRow};
use crate::words::{bytes, millis, plural, share};

/// The rows as text: what to allow on each, and what it rests on.
pub fn devices_report(rows: &[DeviceRow]) -> String {
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        if at == 0 || rows[at - 1].devices != row.devices {
            let chip = row.chip.map(|chip| format!(" ({chip})")).unwrap_or_default();
            let _ = writeln!(text, "{}{chip}", row.devices);
        }
        let units = row.units.as_deref().unwrap_or("not known");
        let _ = writeln!(text, "  {}: {units}: {}", row.system, row.why);
        if let Some(found) = &row.estimate {
            let _ = writeln!(text, "    {}", numbers(found));
        }
        for risk in &row.risks {
            let _ = writeln!(text, "    risk ({}): {}; {}", risk.certainty, risk.message, risk.consequence);
        }
        if let Some(help) = &row.help {
            let _ = writeln!(text, "    {help}");
        }
    }
    text
}

/// An estimate in one line.
fn numbers(found: &DeviceEstimate) -> String {
    let on_ane = (found.ane_share * found.ops as f64).round() as usize;
    let [least, most] = found.cost_interval_ms;
    let first = match (found.first_load_segments, found.first_load_reported_s) {
        (0, _) => String::new(),
        (segments, reported) => {
            let reported = reported
                .map(|[least, most]| format!(", {} to {} by public reports", seconds(least), seconds(most)))
                .unwrap_or_default();
            format!(
                "; the first load compiles {} with {} of weights{reported}",
                plural(segments, "segment"),
                bytes(found.first_load_weight_bytes)
            )
        }
    };
    format!(
        "{}, {} of {} on the ANE, {} to {} ms planned ({}){first}",
        plural(found.segments, "segment"),
        share(on_ane, found.ops),
        plural(found.ops, "op"),
        millis(least),
        millis(most),
        found.certainty
    )
}

/// Seconds, or milliseconds where there is less than one.
fn seconds(seconds: f64) -> String {
    match seconds {
        _ if seconds < 1.0 => format!("{:.0} ms", 1000.0 * seconds),
        _ if seconds < 10.0 => format!("{seconds:.1} s"),
        _ => format!("{seconds:.0} s"),
    }
}
