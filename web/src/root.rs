//! Which of the files that somebody dropped are the model.

use milopt::embed::Fault;

/// The file that a package has in its folder.
const MANIFEST: &str = "Manifest.json";
/// Files that only compiled models have.
const COMPILED: [&str; 2] = ["coremldata.bin", "model.mil"];

/// A model among files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Root {
    pub(crate) form: Form,
    /// What the paths of its files begin with: `a/X.mlpackage/`, or the whole path of a single file.
    pub(crate) prefix: String,
}

/// What a model is stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A folder with a manifest.
    Package,
    /// One file with a message, `.mlmodel`.
    Message,
    /// MIL text.
    Text,
}

impl Root {
    /// The model among files with these paths.
    pub(crate) fn find<'p>(paths: impl Iterator<Item = &'p str> + Clone) -> Result<Root, Fault> {
        // macOS puts a shadow of each file into archives.
        let paths = paths.filter(|path| !path.split('/').any(|part| part == "__MACOSX"));
        let mut packages: Vec<&str> = paths.clone().filter_map(|path| folder_of(path, MANIFEST)).collect();
        packages.sort_unstable_by_key(|folder| (folder.len(), *folder));
        if let Some(&first) = packages.first() {
            // What lies in a package is a part of it.
            if let Some(other) = packages.iter().skip(1).find(|other| !other.starts_with(first)) {
                return Err(several(first, other));
            }
            return Ok(Root { form: Form::Package, prefix: first.to_owned() });
        }
        if let Some(folder) =
            paths.clone().find_map(|path| COMPILED.iter().find_map(|name| folder_of(path, name)))
        {
            let name = Some(named(folder)).filter(|name| !name.is_empty()).unwrap_or("X.mlmodelc");
            return Err(Fault::input(format!(
                "{name} is a compiled model, which this page does not open; the command \
                 `milopt run {name} -o X.mlpackage` makes a package of it"
            )));
        }
        let of = |form: Form| {
            let paths = paths.clone();
            paths.filter(move |path| Form::of(path) == Some(form)).map(move |path| (form, path))
        };
        let mut single = of(Form::Message).chain(of(Form::Text));
        match (single.next(), single.next()) {
            (Some((form, path)), None) => Ok(Root { form, prefix: path.to_owned() }),
            (Some((_, one)), Some((_, other))) => Err(several(one, other)),
            (None, _) => match (paths.clone().next(), paths.clone().nth(1)) {
                // The reader says what it is instead.
                (Some(only), None) => Ok(Root { form: Form::Message, prefix: only.to_owned() }),
                (Some(_), Some(_)) => Err(Fault::input(
                    "no model is among these files: a package is a folder with a Manifest.json in it; other \
                     models end in .mlmodel or .mil",
                )),
                (None, _) => Err(Fault::input("the folder is empty")),
            },
        }
    }

    /// The path of a file in the package; `None` where the file is not one of the model's.
    pub(crate) fn inside<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(self.prefix.as_str())
    }

    /// What the model is called; empty where nothing says it.
    pub(crate) fn name(&self) -> &str {
        named(&self.prefix)
    }
}

impl Form {
    fn of(path: &str) -> Option<Form> {
        match path.rsplit_once('.')?.1 {
            "mlmodel" => Some(Form::Message),
            "mil" => Some(Form::Text),
            _ => None,
        }
    }
}

/// The folder, with its slash, in which a file of this name lies.
fn folder_of<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    path.strip_suffix(name).filter(|folder| folder.is_empty() || folder.ends_with('/'))
}

/// The last part of a path.
fn named(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

fn several(one: &str, other: &str) -> Fault {
    Fault::input(format!("these are several models, {} and {}: open one of them", named(one), named(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(paths: &[&str]) -> Result<(Form, String), String> {
        let found = Root::find(paths.iter().copied());
        found.map(|root| (root.form, root.prefix)).map_err(|fault| fault.message)
    }

    #[test]
    fn a_model_is_found_wherever_it_lies() {
        let package = |prefix: &str| Ok((Form::Package, prefix.to_owned()));
        assert_eq!(find(&["Manifest.json", "Data/a"]), package(""));
        assert_eq!(
            find(&["a/X.mlpackage/Data/Manifest.json", "a/X.mlpackage/Manifest.json"]),
            package("a/X.mlpackage/")
        );
        assert_eq!(
            find(&["__MACOSX/X.mlpackage/Manifest.json", "X.mlpackage/Manifest.json"]),
            package("X.mlpackage/")
        );
        assert_eq!(find(&["README", "b/c.mlmodel"]), Ok((Form::Message, "b/c.mlmodel".to_owned())));
        assert_eq!(find(&["c.mil", "c.bin"]), Ok((Form::Text, "c.mil".to_owned())));
        assert_eq!(find(&["c.onnx"]), Ok((Form::Message, "c.onnx".to_owned())));
    }

    #[test]
    fn what_is_not_one_model_is_refused_in_words() {
        for (paths, part) in [
            (&["A.mlpackage/Manifest.json", "B.mlpackage/Manifest.json"][..], "A.mlpackage and B.mlpackage"),
            (&["a.mlmodel", "b.mlmodel"], "several models"),
            (&["M.mlmodelc/coremldata.bin", "M.mlmodelc/model.mil"], "`milopt run M.mlmodelc"),
            (&["a.txt", "b.txt"], "no model is among these files"),
            (&["notManifest.json", "b.txt"], "no model"),
            (&[], "empty"),
        ] {
            let message = find(paths).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
    }
}
