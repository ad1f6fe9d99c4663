//! A strip of segments for a README.
//!
//! One picture serves light and dark pages: no background, text in a grey for each, and devices told apart by
//! their row before their colour.

use std::fmt::Write as _;

use crate::estimate::FunctionEstimate;
use crate::segments::Segment;
use crate::show::html::{Version, escaped};
use crate::target::Device;
use crate::words::{ms, plural};

const WIDTH: f64 = 760.0;
const MARGIN: f64 = 8.0;
const ROW: f64 = 15.0;
/// Room above a strip for its title.
const HEAD: f64 = 24.0;
const LEGEND: f64 = 26.0;
/// So many strips are drawn.
const STRIPS: usize = 24;
/// Rows from the top; the colours keep a contrast of 3 to white and to black.
const DEVICES: [(Device, &str, &str); 4] = [
    (Device::Ane, "#2f81d8", "Neural Engine"),
    (Device::Cpu, "#c77700", "CPU"),
    (Device::Gpu, "#9a6bd0", "GPU"),
    (Device::Unknown, "#7d858f", "undecided"),
];
const TEXT: &str = "#59626e";
/// The same on a dark page.
const DARK: &str = "#a2abb6";
/// Room for a letter, for text that is measured before anybody draws it.
const LETTER: f64 = 7.4;

/// The report as a small SVG picture: a strip for each function of each version, as wide as its ops are many,
/// with a row for each device, and a legend. Its size is bounded; the same estimates give the same bytes.
pub fn svg(title: &str, versions: &[Version<'_>]) -> String {
    let functions = || {
        versions.iter().flat_map(|version| {
            let estimates = version.estimates.iter();
            estimates.flat_map(move |found| found.functions.iter().map(move |named| (version, found, named)))
        })
    };
    let used = |device: Device| {
        functions().any(|(_, _, (_, function))| function.segments.iter().any(|s| s.device == device))
    };
    let rows: Vec<_> =
        DEVICES.into_iter().filter(|&(device, ..)| device == Device::Ane || used(device)).collect();
    let several = versions.iter().any(|v| v.estimates.iter().map(|e| e.functions.len()).sum::<usize>() > 1);
    let mut body = String::new();
    let mut spoken = Vec::new();
    let mut y = MARGIN;
    for (version, estimate, (name, function)) in functions().take(STRIPS) {
        let mut label = if versions.len() == 1 { title } else { version.label }.to_owned();
        if several {
            label = format!("{label} · {name}");
        }
        let numbers = numbers(function);
        let whose = if versions.len() == 1 { label.clone() } else { format!("{title}, {label}") };
        let (chip, os) = (&estimate.chip, &estimate.os);
        spoken.push(format!("{}: {numbers}, on {chip} with system {os}", shortened(&whose, 200)));
        let room = (WIDTH - 2.0 * MARGIN - LETTER * numbers.chars().count() as f64) / LETTER - 2.0;
        let _ = writeln!(
            body,
            "<text x=\"{MARGIN}\" y=\"{:.0}\" font-weight=\"600\">{}</text>\n\
             <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{numbers}</text>",
            y + 15.0,
            escaped(&shortened(&label, room.max(8.0) as usize)),
            WIDTH - MARGIN,
            y + 15.0
        );
        y += HEAD;
        strip(&mut body, function, y, &rows);
        y += ROW * rows.len() as f64 + 10.0;
    }
    let mut x = MARGIN;
    for (_, color, name) in &rows {
        let _ = writeln!(
            body,
            "<rect x=\"{x:.0}\" y=\"{:.0}\" width=\"11\" height=\"11\" rx=\"2\" fill=\"{color}\"/><text x=\"{:.0}\" y=\"{:.0}\">{name}</text>",
            y + 6.0,
            x + 17.0,
            y + 16.0
        );
        x += 34.0 + 7.5 * name.len() as f64;
    }
    if let Some((_, estimate, _)) = functions().next() {
        let _ = writeln!(
            body,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">estimated for {}, system {}, {}</text>",
            WIDTH - MARGIN,
            y + 16.0,
            estimate.chip,
            estimate.os,
            estimate.units
        );
    }
    let height = y + LEGEND;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" height=\"{height:.0}\" role=\"img\" aria-labelledby=\"t d\" \
         font-family=\"system-ui,-apple-system,Segoe UI,Roboto,sans-serif\" font-size=\"13\" fill=\"{TEXT}\">\n\
         <title id=\"t\">{}</title>\n<desc id=\"d\">{}</desc>\n\
         <style>@media (prefers-color-scheme: dark) {{ text {{ fill: {DARK} }} }}</style>\n{body}</svg>\n",
        escaped(&format!("Where {} would run", shortened(title, 200))),
        escaped(&spoken.join(". "))
    )
}

fn numbers(function: &FunctionEstimate) -> String {
    let summary = &function.summary;
    format!(
        "{} of {} ops on the ANE · {} · {} planned",
        summary.ane_ops,
        summary.ops,
        plural(summary.segments, "segment"),
        ms(summary.cost_ms)
    )
}

/// A name in so many letters, cut in the middle: what sets names apart stands at their ends. Wide letters
/// count as two.
fn shortened(name: &str, room: usize) -> String {
    let width = |letter: char| if letter < '\u{1100}' { 1 } else { 2 };
    if name.chars().map(width).sum::<usize>() <= room {
        return name.to_owned();
    }
    let half = room.saturating_sub(1) / 2;
    let take = |letters: &mut dyn Iterator<Item = char>| {
        let mut used = 0;
        letters
            .take_while(|&letter| {
                used += width(letter);
                used <= half
            })
            .collect::<Vec<char>>()
    };
    let head = take(&mut name.chars());
    let mut tail = take(&mut name.chars().rev());
    tail.reverse();
    head.into_iter().chain(['…']).chain(tail).collect()
}

/// Each device's segments on its row. Neighbours that would touch are one, so that the number of shapes is
/// bounded by the width.
fn strip(body: &mut String, function: &FunctionEstimate, top: f64, rows: &[(Device, &str, &str)]) {
    let width = WIDTH - 2.0 * MARGIN;
    let total = function.segments.last().map_or(1, |last: &Segment| last.end.max(1)) as f64;
    for (at, &(device, color, _)) in rows.iter().enumerate() {
        let y = top + ROW * at as f64;
        let _ = writeln!(
            body,
            "<rect x=\"{MARGIN}\" y=\"{:.1}\" width=\"{width}\" height=\"1\" fill=\"{TEXT}\" opacity=\".35\"/>",
            y + ROW - 2.0
        );
        let mut path = String::new();
        let mut open: Option<(f64, f64)> = None;
        let mut close = |span: Option<(f64, f64)>| {
            if let Some((from, to)) = span {
                let _ = write!(path, "M{from:.1} {y:.1}H{to:.1}v{:.1}H{from:.1}z", ROW - 2.0);
            }
        };
        for segment in function.segments.iter().filter(|segment| segment.device == device) {
            let from = MARGIN + width * segment.first as f64 / total;
            let to = (MARGIN + width * segment.end as f64 / total - 0.6).max(from + 1.0);
            open = match open {
                Some((begin, end)) if from <= end + 0.1 => Some((begin, end.max(to))),
                before => {
                    close(before);
                    Some((from, to))
                }
            };
        }
        close(open);
        if !path.is_empty() {
            let _ = writeln!(body, "<path fill=\"{color}\" d=\"{path}\"/>");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_in_the_middle() {
        assert_eq!(shortened("short.mlpackage", 20), "short.mlpackage");
        let cut = shortened("a_very_long_name_of_a_model_v2.mlpackage", 20);
        assert_eq!((cut.chars().count(), &*cut), (19, "a_very_lo…mlpackage"));
        assert_eq!(shortened("字字字字字字", 7), "字…字");
    }
}
