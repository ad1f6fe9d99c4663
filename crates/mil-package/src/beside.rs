//! A text `x.mil` and the weight files beside it, which are called `x.HASH.weights.bin` after their content.
//!
//! Older texts refer to `@model_path/weights/weight.bin` where the file is called `x.weights.bin`, and to
//! `@model_path/weights/w.bin` where it is called `x.w.bin`.

use std::path::{Path, PathBuf};

use crate::weights::{MODEL_PATH, WEIGHT_FILE};

/// The path is that of a text.
pub(crate) fn is_text(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "mil")
}

/// The folder of a path and its name without extension.
pub(crate) fn place(path: &Path) -> (PathBuf, String) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    (folder.unwrap_or(Path::new(".")).to_owned(), stem)
}

/// Digits of the hash in a name.
const DIGITS: usize = 32;

/// What a file is called whose content has this hash, and whose name in the package ends so.
pub(crate) fn new(stem: &str, end: &str, hash: &blake3::Hash) -> String {
    let hex = hash.to_hex();
    format!("{stem}.{}.{end}", &hex[..DIGITS])
}

/// What older versions called the file of a name.
pub(crate) fn older(stem: &str, name: &str) -> String {
    format!("{stem}.{}", end(name))
}

/// What stands in a package for the name of a file beside a text.
pub(crate) fn packaged(name: &str) -> Option<String> {
    let end = split(name.strip_prefix(MODEL_PATH)?)?.1;
    Some(match end {
        "weights.bin" => WEIGHT_FILE.to_owned(),
        end => format!("{MODEL_PATH}weights/{end}"),
    })
}

/// The file is one that was written for the text of this stem.
pub(crate) fn is_of(stem: &str, file: &str) -> bool {
    file == older(stem, WEIGHT_FILE) || split(file).is_some_and(|(found, _)| found == stem)
}

/// What stands before and behind the hash in a name.
fn split(file: &str) -> Option<(&str, &str)> {
    let is_hash = |piece: &str| {
        piece.len() == DIGITS && piece.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let dots = file.match_indices('.').map(|(at, _)| at);
    dots.filter(|&at| at > 0 && !file.contains('/')).find_map(|at| {
        let hash = file.get(at + 1..at + 1 + DIGITS).filter(|piece| is_hash(piece))?;
        let end = file.get(at + 1 + hash.len()..)?.strip_prefix('.')?;
        (!end.is_empty()).then_some((&file[..at], end))
    })
}

/// What the name beside the text has of the one in the package.
pub(crate) fn end(name: &str) -> &str {
    if name == WEIGHT_FILE { "weights.bin" } else { name.rsplit('/').next().unwrap_or(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_the_package() {
        let hash = blake3::hash(b"");
        for name in [WEIGHT_FILE, "@model_path/weights/0-weight.bin"] {
            let file = new("a.b", end(name), &hash);
            assert_eq!(packaged(&format!("{MODEL_PATH}{file}")).as_deref(), Some(name));
            assert!(is_of("a.b", &file) && !is_of("a", &file));
        }
        for name in ["@model_path/weights/weight.bin", "@model_path/x.weights.bin", "x"] {
            assert_eq!(packaged(name), None);
        }
        assert!(is_of("x", "x.weights.bin") && !is_of("x", "x.other.bin"));
    }
}
