//! The report as a page: one file, in light and dark.

use std::fmt::Write;

use mil_estimate::escaped;
use serde_json::Value;

use super::super::sweep::{Point, snr_text};
use super::plot::{Dot, plot};
use super::{Report, bytes, field, form, snr};
use crate::words;

const STYLE: &str = include_str!("page.css");

/// The page.
pub(super) fn page(report: &Report) -> String {
    let name = report.input.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{0}: compression</title>\n<style>\n{STYLE}</style>\n<h1>{0}</h1>\n",
        escaped(&name)
    );
    head(&mut page, report);
    if !report.sweep.is_empty() {
        sweep(&mut page, &report.sweep, report.weight_bytes_before);
    }
    if !report.weights.is_empty() {
        weights(&mut page, &report.weights);
    }
    page.push_str("</html>\n");
    page
}

fn head(page: &mut String, report: &Report) {
    let (before, after) = (report.weight_bytes_before, report.weight_bytes_after);
    if report.sweep.is_empty() {
        let part = 100.0 * after as f64 / before.max(1) as f64;
        let change = words::bytes_change(before, after);
        let _ = writeln!(page, "<p class=\"lead\">Weights: {change}, {part:.1}% of what they were</p>");
    } else {
        let _ = writeln!(page, "<p class=\"lead\">Weights: {}</p>", words::bytes(before));
    }
    for output in &report.outputs {
        let _ = writeln!(
            page,
            "<p>Output <b>{}</b>: {} on the samples</p>",
            escaped(&output.name),
            snr_text(output.snr_db)
        );
    }
    if let Some(found) = &report.allocation {
        let proof = if found.is_optimal { "no choice is better" } else { "a better one is not ruled out" };
        let _ = writeln!(
            page,
            "<p>Chosen from {} forms of {}: {} expected, {proof}</p>",
            found.forms,
            words::count(found.weights, "weight"),
            snr_text(found.expected_snr_db)
        );
    }
    for line in &report.placement {
        let _ = writeln!(page, "<p>Placement: {}</p>", escaped(line));
    }
}

fn sweep(page: &mut String, points: &[Point], before: u64) {
    let what = if points.iter().any(|point| point.output_snr_db.is_some()) {
        "the outputs on the samples"
    } else {
        "all weights together"
    };
    let dots: Vec<Dot> = points
        .iter()
        .map(|point| Dot {
            bytes: point.weight_bytes,
            snr_db: point.snr_db(),
            label: point.setting.clone(),
            is_best: point.is_on_frontier,
        })
        .collect();
    let _ = writeln!(
        page,
        "<h2>Size against error</h2>\n<p class=\"hint\">Each dot is a setting for all weights; higher is closer \
         to the original, measured on {what}. No setting is both smaller and closer than one on the line. What is exact stands in the table alone.</p>\n\
         <div class=\"card\">{}</div>",
        plot(&dots, "sizes of all weights against signal to noise, by setting")
    );
    page.push_str(
        "<div class=\"wide\"><table>\n<tr><th>setting<th class=\"n\">weights<th class=\"n\">of all\
         <th class=\"n\">SNR of weights<th class=\"n\">SNR of outputs</tr>\n",
    );
    for point in points {
        let _ = writeln!(
            page,
            "<tr{}><td>{}<td class=\"n\">{}<td class=\"n\">{:.1}%<td class=\"n\">{}<td class=\"n\">{}</tr>",
            if point.is_on_frontier { " class=\"best\"" } else { "" },
            escaped(&point.setting),
            words::bytes(point.weight_bytes),
            100.0 * point.weight_bytes as f64 / before.max(1) as f64,
            snr_text(point.weights_snr_db),
            point.output_snr_db.map_or("–".to_owned(), snr_text)
        );
    }
    page.push_str("</table></div>\n");
}

fn weights(page: &mut String, weights: &[Value]) {
    let done: Vec<&Value> = weights.iter().filter(|weight| weight.get("bytes_before").is_some()).collect();
    let dots: Vec<Dot> = done
        .iter()
        .filter_map(|weight| {
            let (bytes, label) = (bytes(weight, "bytes_after"), field(weight, "weight").to_owned());
            Some(Dot { bytes, snr_db: snr(weight)?, label, is_best: false })
        })
        .collect();
    if !dots.is_empty() {
        let _ = writeln!(
            page,
            "<h2>Weights</h2>\n<p class=\"hint\">Each dot is a weight: how large it is now, and how close to what \
             it was. What is exact is not shown.</p>\n<div class=\"card\">{}</div>",
            plot(&dots, "sizes of weights against their signal to noise")
        );
    }
    if !done.is_empty() {
        page.push_str(
            "<div class=\"wide\"><table>\n<tr><th>weight<th>type<th class=\"n\">size<th class=\"n\">bits\
             <th class=\"n\">SNR<th>form<th>used by</tr>\n",
        );
    }
    for weight in &done {
        let users: Vec<&str> = weight
            .get("used_by")
            .and_then(Value::as_array)
            .map(|users| users.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let bits = weight.get("bits").and_then(Value::as_f64);
        let _ = writeln!(
            page,
            "<tr><td class=\"name\">{}<td>{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td>{}\
             <td class=\"name\">{}</tr>",
            escaped(field(weight, "weight")),
            escaped(field(weight, "type")),
            words::bytes_change(bytes(weight, "bytes_before"), bytes(weight, "bytes_after")),
            bits.map_or_else(String::new, |bits| format!("{bits:.2}")),
            snr(weight).map_or_else(String::new, snr_text),
            escaped(form(weight)),
            escaped(&users.join(", "))
        );
    }
    if !done.is_empty() {
        page.push_str("</table></div>\n");
    }
    let skipped: Vec<&Value> = weights.iter().filter(|weight| weight.get("skipped").is_some()).collect();
    if skipped.is_empty() {
        return;
    }
    page.push_str("<h2>Left alone</h2>\n<div class=\"wide\"><table>\n<tr><th>weight<th>type<th>why</tr>\n");
    for weight in skipped {
        let _ = writeln!(
            page,
            "<tr><td class=\"name\">{}<td>{}<td>{}</tr>",
            escaped(field(weight, "weight")),
            escaped(field(weight, "type")),
            escaped(field(weight, "skipped"))
        );
    }
    page.push_str("</table></div>\n");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_escaped_and_nothing_is_fetched() {
        let weight = json!({
            "weight": "<script>", "type": "fp16[4, 4]", "bytes_before": 32, "bytes_after": 8, "signal": 4.0,
            "noise": 0.1, "used_by": ["a & b"], "form": "constexpr_lut_to_dense"
        });
        let skipped = json!({"weight": "bias", "type": "fp16[4]", "skipped": "the weight is a vector"});
        let report = Report {
            input: "models/a.mlpackage".into(),
            output: None,
            weight_bytes_before: 40,
            weight_bytes_after: 16,
            weights: vec![weight, skipped],
            outputs: Vec::new(),
            rounding: None,
            allocation: None,
            sweep: Vec::new(),
            placement: vec!["x < y".to_owned()],
            seconds: 0.0,
        };
        let page = page(&report);
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
        assert!(page.contains("a &amp; b") && page.contains("the weight is a vector"));
        assert!(!page.contains("http") && !page.contains("src="));
        assert!(page.contains("40.0% of what they were"));
    }
}
