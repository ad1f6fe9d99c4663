//! What registries and packagers ask of a crate that is published: each says what it is, where it comes from,
//! and in words that are found.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use milopt_tests::{files, root};

/// The value of a key of a manifest, as it stands there.
fn value<'t>(manifest: &'t str, key: &str) -> Option<&'t str> {
    manifest.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))
}

#[test]
fn every_published_crate_says_what_it_is() {
    let mut published = 0;
    for path in files(&root(), "Cargo.toml") {
        let manifest = std::fs::read_to_string(&path).unwrap();
        let is_member = manifest.contains("version.workspace = true");
        if !is_member || value(&manifest, "publish") == Some("false") {
            continue;
        }
        published += 1;
        let place = path.display();
        for key in ["version", "edition", "rust-version", "license", "repository"] {
            assert!(manifest.contains(&format!("{key}.workspace = true\n")), "{place}: {key}");
        }
        let name = value(&manifest, "name").unwrap().trim_matches('"');
        assert_eq!(
            value(&manifest, "documentation"),
            Some(&*format!("\"https://docs.rs/{name}\"")),
            "{place}"
        );
        assert!(value(&manifest, "description").is_some_and(|text| text.len() > 30), "{place}: description");
        for (key, most) in [("keywords", 5), ("categories", 5)] {
            let list = value(&manifest, key).unwrap_or_else(|| panic!("{place}: {key}"));
            let words: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
            assert!((1..=most).contains(&words.len()), "{place}: {key} = {list}");
            assert!(words.iter().all(|word| key == "categories" || word.len() <= 20), "{place}: {list}");
        }
        let folder = path.parent().unwrap();
        let readme = value(&manifest, "readme").map_or("README.md", |path| path.trim_matches('"'));
        for file in [readme, "LICENSE"] {
            assert!(folder.join(file).is_file(), "{place}: {file} is missing");
        }
    }
    assert!(published >= 14, "{published}");
}

/// The Python package stands outside the workspace and has its version to itself.
#[test]
fn everything_has_one_version() {
    let python = std::fs::read_to_string(root().join("python/Cargo.toml")).unwrap();
    assert_eq!(value(&python, "version"), Some(&*format!("\"{}\"", env!("CARGO_PKG_VERSION"))));
    let workspace = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for line in workspace.lines().filter(|line| line.starts_with("mil") && line.contains("path = ")) {
        let version = line.split_once("version = \"").map(|(_, rest)| rest.split('"').next().unwrap());
        assert!(version.is_none_or(|version| version == env!("CARGO_PKG_VERSION")), "{line}");
    }
}
