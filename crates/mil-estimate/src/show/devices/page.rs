//! Devices as one page that needs nothing else, for whoever decides what to ship.

use std::fmt::Write as _;

use super::seconds;
use crate::devices::DeviceRow;
use crate::show::html::Origin;
use crate::words::{bytes, millis};

const STYLE: &str = include_str!("style.css");

/// The rows as an HTML page. Names that files bring stand on it as text, never as markup.
pub fn devices_html(origin: &Origin<'_>, rows: &[DeviceRow]) -> String {
    let title = escaped(origin.title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} on devices</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title} on devices</h1>\n\
         <p>What an app should let Core ML use, by device and system. These are estimates of a plan, not \
         measurements; where too little is known, nothing is recommended.</p>\n"
    );
    let count = |units: Option<&str>| rows.iter().filter(|row| row.units.as_deref() == units).count();
    let _ = writeln!(
        page,
        "<p class=\"sum\"><b>{}</b> Neural Engine · <b>{}</b> CPU only · <b>{}</b> not known</p>",
        count(Some("cpu-and-ne")),
        count(Some("cpu-only")),
        count(None)
    );
    let mut kind = "";
    for row in rows {
        if row.kind != kind {
            if !kind.is_empty() {
                page.push_str("</tbody></table></section>\n");
            }
            kind = row.kind;
            let _ = writeln!(page, "<section><h2>{kind}</h2>{HEAD}");
        }
        push_row(&mut page, row);
    }
    if !kind.is_empty() {
        page.push_str("</tbody></table></section>\n");
    }
    let _ = writeln!(page, "<footer>Made by {}.</footer>\n</body>\n</html>", escaped(origin.tool));
    page
}

const HEAD: &str = "<table><thead><tr><th scope=\"col\">Devices<th scope=\"col\">System<th scope=\"col\">Allow\
                    <th scope=\"col\">On the ANE<th scope=\"col\">Segments<th scope=\"col\">Planned ms\
                    <th scope=\"col\">First load<th scope=\"col\">Why, and what to know</tr></thead><tbody>";

fn push_row(page: &mut String, row: &DeviceRow) {
    let (class, units) = match row.units.as_deref() {
        Some("cpu-and-ne") => ("ne", "CPU and Neural Engine"),
        Some(_) => ("cpu", "CPU only"),
        None => ("unknown", "not known"),
    };
    let chip = row.chip.map(|chip| format!("<small>{chip}</small>")).unwrap_or_default();
    let _ = write!(
        page,
        "<tr><th scope=\"row\">{}{chip}<td>{}<td class=\"{class}\">{units}",
        escaped(row.devices),
        escaped(&row.system)
    );
    match &row.estimate {
        Some(found) => {
            let [least, most] = found.cost_interval_ms;
            let reported = found
                .first_load_reported_s
                .map(|[least, most]| {
                    format!("<small>{} to {} by reports</small>", seconds(least), seconds(most))
                })
                .unwrap_or_default();
            let _ = write!(
                page,
                "<td>{:.0}%<td>{}<td>{} to {}<td>{}{reported}",
                100.0 * found.ane_share,
                found.segments,
                escaped(&millis(least)),
                escaped(&millis(most)),
                bytes(found.first_load_weight_bytes)
            );
        }
        None => page.push_str("<td>–<td>–<td>–<td>–"),
    }
    let _ = write!(page, "<td>{}", escaped(&row.why));
    for risk in &row.risks {
        let (certainty, message) = (risk.certainty, escaped(&risk.message));
        let _ = write!(page, "<small>Risk ({certainty}): {message}; {}</small>", escaped(risk.consequence));
    }
    if let Some(help) = &row.help {
        let _ = write!(page, "<small>{}</small>", escaped(help));
    }
    page.push_str("</tr>\n");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text() {
        let origin = Origin { title: "<script>&", tool: "milopt", files: Vec::new() };
        let page = devices_html(&origin, &[]);
        assert!(page.contains("<h1>&lt;script&gt;&amp; on devices</h1>"), "{page}");
    }
}
