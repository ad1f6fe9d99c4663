//! The report as one page that needs nothing else: no network, no fonts, no other file.
//!
//! The page is a skeleton (`html/page.html`), a style sheet, scripts, and the estimates as JSON, which the
//! scripts draw. The JSON stands in a `<script>` element, so no `<` may appear in it: names come from files
//! that anybody may have written. Scripts put them on the page as text, never as markup.

use std::fmt::Write as _;

use crate::estimate::Estimate;
use crate::rewrites::Rewrites;
use crate::show::report::report_with;

mod data;

/// What a page is about, so that whoever gets it can make it again.
#[derive(Clone, Debug, Default)]
pub struct Origin<'o> {
    /// Name of the model's file.
    pub title: &'o str,
    /// What made the page: `milopt 0.1.0`.
    pub tool: &'o str,
    /// The files that were read, each with its hash: `weights/weight.bin`, `sha256:…`.
    pub files: Vec<(String, String)>,
}

/// A model as it is estimated on a report: as it came, or after some rewrite.
#[derive(Clone, Debug)]
pub struct Version<'e> {
    /// What sets it apart from the others: `as it is`, `after default,add_fp16_cast`.
    pub label: &'e str,
    /// One per ML Program of the model.
    pub estimates: Vec<&'e Estimate>,
    /// What is known about rewriting the model.
    pub rewrites: &'e Rewrites,
}

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/style.css");
/// So many letters of the text report stand on the page.
const REPORT: usize = 20_000;
/// In the order in which the page runs them.
const SCRIPTS: [&str; 5] = [
    include_str!("html/model.js"),
    include_str!("html/dom.js"),
    include_str!("html/graph.js"),
    include_str!("html/list.js"),
    include_str!("html/app.js"),
];

/// The report as an HTML page: what to do first, each op on the lane of its device, why it is there and what
/// it costs, and the versions of the model beside each other. The last version is shown first.
///
/// The same estimates give the same bytes. The time and the size are linear in ops, and the size is bounded:
/// of a model that is too large for a browser the page shows the beginning and says so. Nothing fails:
/// without scripts a reader gets the text report.
pub fn html(origin: &Origin<'_>, versions: &[Version<'_>]) -> String {
    let mut plain = String::new();
    for version in versions {
        let _ = writeln!(plain, "{}\n", version.label);
        for estimate in &version.estimates {
            let _ = writeln!(plain, "{}", report_with(estimate, version.rewrites, false));
        }
        let _ = writeln!(plain, "{}", version.rewrites.closing());
    }
    let scripts: usize = SCRIPTS.iter().map(|script| script.len()).sum();
    let data = data::json(origin, versions);
    let mut page = String::with_capacity(PAGE.len() + STYLE.len() + scripts + data.len() + plain.len());
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        page.push_str(before);
        match name {
            "title" => page.push_str(&escaped(&data::short(origin.title))),
            "style" => page.push_str(STYLE),
            "report" => page.push_str(&escaped(&data::cut(&plain, REPORT))),
            "data" => page.push_str(&data),
            _ => SCRIPTS.iter().for_each(|script| page.push_str(script)),
        }
        rest = after;
    }
    page.push_str(rest);
    page
}

/// Text for between tags and in quoted attributes, of HTML and of SVG.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(letter),
            // Not allowed in XML, and of no use in HTML.
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                out.push('\u{fffd}')
            }
            letter => out.push(letter),
        }
    }
    out
}
