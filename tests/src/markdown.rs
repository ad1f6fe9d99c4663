//! Pages in Markdown: what they link to, where links can lead, and the code that they show.

use std::collections::BTreeMap;
use std::ops::Range;

/// A page, line by line.
pub struct Page<'t> {
    lines: Vec<&'t str>,
    /// The lines of each block of code, its fences left out.
    blocks: Vec<Range<usize>>,
}

/// A block of code.
pub struct Block<'t> {
    /// The line of its first fence, from 1 on.
    pub line: usize,
    /// What stands behind the first fence: the language, and perhaps `,ignore`.
    pub info: &'t str,
    /// What a comment in front of it says of where the code comes from: `<!-- from FILE -->`.
    pub from: Option<&'t str>,
    /// The code, without what all of its lines are indented by.
    pub code: String,
    /// Where it stands among the lines of the page.
    pub lines: Range<usize>,
}

impl<'t> Page<'t> {
    /// Reads a page.
    pub fn new(text: &'t str) -> Page<'t> {
        let lines: Vec<&str> = text.lines().collect();
        let mut blocks = Vec::new();
        let mut open: Option<(usize, &str)> = None;
        for (at, line) in lines.iter().enumerate() {
            let ticks = line.trim_start();
            let ticks = &ticks[..ticks.len() - ticks.trim_start_matches('`').len()];
            match open {
                None if ticks.len() >= 3 => open = Some((at, ticks)),
                Some((first, fence)) if line.trim() == fence => {
                    blocks.push(first + 1..at);
                    open = None;
                }
                _ => {}
            }
        }
        Page { lines, blocks }
    }

    /// Blocks of code, in order.
    pub fn blocks(&self) -> impl Iterator<Item = Block<'t>> {
        self.blocks.iter().map(|lines| {
            let fence = lines.start - 1;
            let before = self.lines[..fence].iter().rev().find(|line| !line.trim().is_empty());
            let from = before.and_then(|line| line.trim().strip_prefix("<!-- from ")?.strip_suffix(" -->"));
            Block {
                line: fence + 1,
                info: self.lines[fence].trim().trim_start_matches('`'),
                from,
                code: dedent(&self.lines[lines.clone()]),
                lines: lines.clone(),
            }
        })
    }

    /// Targets of links, with their lines from 1 on.
    pub fn links(&self) -> Vec<(usize, String)> {
        let mut links = Vec::new();
        for (at, line) in self.prose() {
            let plain = without_code(line);
            for rest in plain.split("](").skip(1) {
                if let Some((target, _)) = rest.split_once(')') {
                    links.push((at + 1, target.to_owned()));
                }
            }
        }
        links
    }

    /// What `#` in a link can lead to: each heading in small letters, spaces as hyphens, numbered where one
    /// comes again.
    pub fn anchors(&self) -> Vec<String> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut anchors = Vec::new();
        for (_, line) in self.prose() {
            let Some(title) =
                line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#'))
            else {
                continue;
            };
            let slug: String = title
                .trim()
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() })
                .collect();
            let count = seen.entry(slug.clone()).or_default();
            anchors.push(if *count == 0 { slug } else { format!("{slug}-{count}") });
            *count += 1;
        }
        anchors
    }

    /// Lines outside of code.
    fn prose(&self) -> impl Iterator<Item = (usize, &'t str)> {
        let lines = self.lines.iter().copied().enumerate();
        lines.filter(|(at, _)| !self.blocks.iter().any(|block| (block.start - 1..=block.end).contains(at)))
    }
}

/// The lines between `docs: begin NAME` and `docs: end NAME` of a source.
pub fn region(source: &str, name: &str) -> Option<String> {
    let lines: Vec<&str> = source.lines().collect();
    let mark = |word: &str| lines.iter().position(|line| line.ends_with(&format!("docs: {word} {name}")));
    let (begin, end) = (mark("begin")?, mark("end")?);
    Some(dedent(lines.get(begin + 1..end)?))
}

/// Lines without what all of them are indented by.
fn dedent(lines: &[&str]) -> String {
    let filled = lines.iter().filter(|line| !line.trim().is_empty());
    let indent = filled.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    lines.iter().map(|line| format!("{}\n", line.get(indent..).unwrap_or(""))).collect()
}

/// A line whose code spans are empty.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("``")
}
