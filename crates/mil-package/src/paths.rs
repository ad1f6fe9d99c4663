//! Paths in a package: relative, with `/` between their parts, never leading out of it.

/// A path in a package from a folder in it and a relative path; `None` where it leads out of the package.
pub(crate) fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if path.starts_with('/') || path.contains(['\\', '\0']) {
        return None;
    }
    let before = parts.len();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => return None,
            part if cfg!(windows) && part.contains(':') => return None,
            part => parts.push(part),
        }
    }
    (parts.len() > before).then(|| parts.join("/"))
}

/// The folder around a path in a package; empty for the package itself.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path is an item or lies in it.
pub(crate) fn is_within(path: &str, item: &str) -> bool {
    path.strip_prefix(item).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_package() {
        assert_eq!(join("Data", "a/./b").as_deref(), Some("Data/a/b"));
        for bad in ["../x", "/x", "a/../../x", "", ".", "a\\b"] {
            assert_eq!(join("Data", bad), None, "{bad}");
        }
        assert!(is_within("a/b", "a") && is_within("a", "a") && !is_within("ab", "a"));
        assert_eq!(parent("a/b/c"), "a/b");
    }
}
