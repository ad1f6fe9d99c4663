//! Lists that are made from folders, and the test that they are fresh. The passes have such lists too.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders with a `mod.rs` of their own, sorted.
pub(crate) fn folders(path: &Path) -> Vec<String> {
    let mut found: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("mod.rs").exists())
        .map(|path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort();
    found
}

/// Folders that hold such folders.
pub(crate) fn families(path: &Path) -> Vec<String> {
    folders(path).into_iter().filter(|family| !folders(&path.join(family)).is_empty()).collect()
}

/// Puts a list into a file, between the line `mark` and the next empty line. With `BLESS=1` it is written;
/// without, the test fails where the file holds another.
pub(crate) fn fill(path: &Path, mark: &str, list: &str) {
    let text = fs::read_to_string(path).unwrap();
    let start =
        text.find(mark).unwrap_or_else(|| panic!("{} has no line {mark}", path.display())) + mark.len();
    let end = text[start..].find("\n\n").map_or(text.len(), |at| start + at + 1);
    bless(path, &format!("{}{list}{}", &text[..start], &text[end..]), mark);
}

/// The file holds this text. With `BLESS=1` it is written.
pub(crate) fn bless(path: &Path, text: &str, mark: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, text).unwrap();
    } else {
        assert!(fs::read_to_string(path).unwrap_or_default() == text, "{} is stale: {mark}", path.display());
    }
}
