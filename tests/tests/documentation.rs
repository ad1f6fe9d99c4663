//! The documentation holds together: every page stands in the summary, every link leads somewhere, and code
//! is shown as it runs elsewhere.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use milopt_tests::markdown::{Page, region};
use milopt_tests::{files, root};

/// Every page in Markdown of the repository.
fn pages() -> Vec<PathBuf> {
    let pages = files(&root(), ".md");
    assert!(pages.len() > 20, "{pages:?}");
    pages
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => assert!(plain.pop(), "{}", path.display()),
            std::path::Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[test]
fn links_lead_somewhere() {
    let mut faults = Vec::new();
    let mut count = 0;
    for page in pages() {
        let text = read(&page);
        for (line, target) in Page::new(&text).links() {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let leads =
                if file.is_empty() { page.clone() } else { plain(&page.parent().unwrap().join(file)) };
            let there = leads.exists()
                && (anchor.is_empty() || Page::new(&read(&leads)).anchors().iter().any(|it| it == anchor));
            if !there {
                faults.push(format!("{}:{line}: {target}", page.display()));
            }
        }
    }
    assert!(count > 100, "{count} links");
    assert!(faults.is_empty(), "links that lead nowhere:\n{}", faults.join("\n"));
}

#[test]
fn every_page_stands_in_the_summary_once() {
    let docs = root().join("docs");
    let summary = docs.join("SUMMARY.md");
    let text = read(&summary);
    let mut listed = BTreeSet::new();
    for (_, target) in Page::new(&text).links() {
        assert!(listed.insert(docs.join(&target)), "docs/SUMMARY.md lists {target} twice");
    }
    let there: BTreeSet<PathBuf> = files(&docs, ".md").into_iter().filter(|page| *page != summary).collect();
    let missing: Vec<_> = there.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&there).collect();
    assert!(missing.is_empty() && gone.is_empty(), "docs/SUMMARY.md lacks {missing:?} and has {gone:?}");
}

/// A block of Rust, C or Python on a page of the documentation is a file, or a region of one, that a test
/// runs: `<!-- from FILE -->` or `<!-- from FILE, REGION -->` stands before it. `BLESS=1` copies it there.
/// Blocks that say `ignore` are sketches.
#[test]
fn code_is_shown_as_it_runs() {
    let documentation = root().join("docs");
    let readme = root().join("README.md");
    let mut shown = 0;
    for path in pages().into_iter().filter(|path| path.starts_with(&documentation) || *path == readme) {
        let text = read(&path);
        let page = Page::new(&text);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        // From the last one on: lines of those before it stay where they are.
        for block in page.blocks().collect::<Vec<_>>().into_iter().rev() {
            let place = format!("{}:{}", path.display(), block.line);
            let Some(from) = block.from else {
                let runs = ["rust", "c", "python"].contains(&block.info);
                assert!(!runs, "{place}: which file is this from? `<!-- from FILE, REGION -->` says it");
                continue;
            };
            let (file, name) = from.split_once(", ").map_or((from, None), |(file, name)| (file, Some(name)));
            let source = read(&root().join(file));
            let code = match name {
                Some(name) => region(&source, name).unwrap_or_else(|| panic!("{place}: no region {name}")),
                None => source,
            };
            shown += 1;
            if std::env::var_os("BLESS").is_some() {
                let indent = " ".repeat(lines[block.line - 1].find('`').unwrap());
                let code = code.lines().map(|line| format!("{indent}{line}").trim_end().to_owned());
                lines.splice(block.lines, code);
            } else {
                assert!(block.code == code, "{place} is not {from}: BLESS=1 cargo test -p milopt-tests");
            }
        }
        let blessed = lines.join("\n") + "\n";
        if std::env::var_os("BLESS").is_some() && blessed != text {
            std::fs::write(&path, blessed).unwrap();
        }
    }
    assert!(shown >= 5, "{shown} blocks");
}

#[test]
fn pages_are_read_as_readers_see_them() {
    let text = "# A b\n## `c_d`, E\n# A b\n[x](y.md#a-b) `[no](no)` [`z`](#c_d-e)\n\n\
                <!-- from f, n -->\n```rust\n  a\n\n    [b](c)\n```\n";
    let page = Page::new(text);
    assert_eq!(page.anchors(), ["a-b", "c_d-e", "a-b-1"]);
    assert_eq!(page.links(), [(4, "y.md#a-b".to_owned()), (4, "#c_d-e".to_owned())]);
    let blocks: Vec<_> = page.blocks().collect();
    assert_eq!(blocks.len(), 1);
    assert_eq!(
        (blocks[0].line, blocks[0].info, blocks[0].from, blocks[0].code.as_str()),
        (7, "rust", Some("f, n"), "a\n\n  [b](c)\n")
    );
    assert_eq!(region("x\n  // docs: begin n\n  a\n  // docs: end n\n", "n").as_deref(), Some("a\n"));
    assert_eq!(region("x", "n"), None);
}
