//! A history for people, for a page, and for systems that run on every change.

use std::fmt::Write as _;

use crate::history::{Regression, Series};
use crate::words::{ms, plural};

/// A line per estimate, and under it what became worse.
pub fn history_report(all: &[Series]) -> String {
    let mut text = String::new();
    for series in all {
        let _ = writeln!(text, "{} on {}", series.model, series.target);
        for (at, record) in series.records.iter().enumerate() {
            let _ = writeln!(
                text,
                "  {:<16} {:>10} {:>13}  {:>5.1}% on the ANE  {} ops",
                name(series, at),
                ms(record.cost_ms),
                plural(record.segments, "segment"),
                100.0 * record.ane_share,
                record.ops
            );
            for worse in series.regressions.iter().filter(|worse| worse.at == at) {
                let _ = writeln!(text, "    worse: {}", message(worse));
            }
        }
    }
    text
}

/// What a record is called: its label, else its number.
fn name(series: &Series, at: usize) -> String {
    match series.records.get(at) {
        Some(record) if !record.label.is_empty() => record.label.clone(),
        _ => format!("#{}", at + 1),
    }
}

fn message(worse: &Regression) -> String {
    let mut parts = Vec::new();
    if worse.cost_ms > 0.0 {
        parts.push(format!("{} more", ms(worse.cost_ms)));
    }
    if worse.segments > 0 {
        parts.push(format!("{} more", plural(worse.segments.unsigned_abs() as usize, "segment")));
    }
    if !worse.ops.is_empty() {
        parts.push(worse.ops.join(", "));
    }
    parts.join("; ")
}

/// What became worse with the last record of each series, as annotations of GitHub's workflows.
pub fn history_github(all: &[Series]) -> String {
    let mut text = String::new();
    for (series, worse) in latest(all) {
        let message = message(worse).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
        let title = format!("{} on {}", series.model, series.target);
        let title = title.replace('%', "%25").replace(':', "%3A").replace(',', "%2C").replace('\n', "%0A");
        let _ = writeln!(text, "::error title={title}::{message}");
    }
    text
}

/// The last record of each series as a test of JUnit's form, which fails where it is worse than the one before.
pub fn history_junit(all: &[Series]) -> String {
    let failures = latest(all).count();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"milopt estimate\" tests=\"{}\" \
         failures=\"{failures}\">\n",
        all.len()
    );
    for series in all {
        let (model, target) = (escaped(&series.model), escaped(&series.target));
        let _ = write!(text, "  <testcase classname=\"{model}\" name=\"{target}\"");
        match latest(std::slice::from_ref(series)).next() {
            Some((_, worse)) => {
                let _ = writeln!(text, "><failure message=\"{}\"/></testcase>", escaped(&message(worse)));
            }
            None => text.push_str("/>\n"),
        }
    }
    text.push_str("</testsuite>\n");
    text
}

/// The series whose last record is worse.
fn latest(all: &[Series]) -> impl Iterator<Item = (&Series, &Regression)> {
    all.iter().filter_map(|series| {
        let last = series.records.len() - 1;
        Some((series, series.regressions.iter().find(|worse| worse.at == last)?))
    })
}

/// The costs of each series as a line over its records; what became worse is marked.
pub fn history_svg(all: &[Series]) -> String {
    const WIDTH: f64 = 760.0;
    const HEIGHT: f64 = 150.0;
    const LEFT: f64 = 60.0;
    let total = all.len() as f64 * HEIGHT + 20.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {total}\" width=\"{WIDTH}\" \
         height=\"{total}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (row, series) in all.iter().enumerate() {
        let top = row as f64 * HEIGHT + 20.0;
        let most = series.records.iter().map(|record| record.cost_ms).fold(0.0, f64::max).max(1e-9);
        let count = series.records.len().saturating_sub(1).max(1) as f64;
        let x = |at: usize| LEFT + at as f64 * (WIDTH - LEFT - 40.0) / count;
        let y = |cost: f64| top + 110.0 - 85.0 * cost / most;
        let _ = writeln!(
            svg,
            "<text x=\"8\" y=\"{}\" fill=\"#15191f\">{} on {}</text>\n\
             <text x=\"8\" y=\"{}\" fill=\"#59626e\">{}</text>\n\
             <line x1=\"{LEFT}\" x2=\"{}\" y1=\"{}\" y2=\"{}\" stroke=\"#d5d9df\"/>",
            top + 8.0,
            escaped(&series.model),
            escaped(&series.target),
            y(most) + 4.0,
            ms(most),
            WIDTH - 40.0,
            top + 110.0,
            top + 110.0
        );
        let points: Vec<String> = series
            .records
            .iter()
            .enumerate()
            .map(|(at, record)| format!("{:.1},{:.1}", x(at), y(record.cost_ms)))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"#0b6fc2\" stroke-width=\"2\" points=\"{}\"/>",
            points.join(" ")
        );
        for (at, record) in series.records.iter().enumerate() {
            let worse = series.regressions.iter().any(|worse| worse.at == at);
            let (color, size) = if worse { ("#a8320a", 5) } else { ("#0b6fc2", 3) };
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{size}\" fill=\"{color}\"><title>{}: {}</title></circle>",
                x(at),
                y(record.cost_ms),
                escaped(&name(series, at)),
                ms(record.cost_ms)
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
