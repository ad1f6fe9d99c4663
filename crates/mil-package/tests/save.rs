//! Packages on disk: replaced whole or not at all.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{MODEL_PATH, WEIGHT_PATH, encoded, package, weight_file, weights};
use mil_package::{Found, Limits, Package, PackageError};
use tempfile::tempdir;

/// All files below a folder, by path.
fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut stack = vec![root.to_owned()];
    while let Some(folder) = stack.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                stack.push(entry.path());
            } else {
                let path = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(path, fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

fn write(root: &Path, files: Vec<(String, std::sync::Arc<[u8]>)>) {
    for (path, bytes) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_package_is_copied_with_all_its_items() {
    let folder = tempdir().unwrap();
    let (from, to) = (folder.path().join("in.mlpackage"), folder.path().join("out.mlpackage"));
    write(&from, package(encoded(), weights().0));
    Package::open(&from).unwrap().save(&to).unwrap();
    assert_eq!(tree(&to), tree(&from));
    assert_eq!(names(folder.path()), ["in.mlpackage", "out.mlpackage"]);
    // Over another, and over itself.
    fs::write(to.join(MODEL_PATH), b"").unwrap();
    let package = Package::open(&from).unwrap();
    package.save(&to).unwrap();
    package.save(&from).unwrap();
    package.save(&from).unwrap();
    assert_eq!(tree(&to), tree(&from));
    assert_eq!(names(folder.path()), ["in.mlpackage", "out.mlpackage"]);
}

#[test]
fn only_packages_are_replaced() {
    let folder = tempdir().unwrap();
    let package = Package::from_bytes(encoded(), Some(weights().0.into())).unwrap();
    let precious = folder.path().join("precious.mlpackage");
    fs::create_dir(&precious).unwrap();
    fs::write(precious.join("diary.txt"), "dear").unwrap();
    assert!(matches!(package.save(&precious), Err(PackageError::NotReplaced { .. })));
    let file = folder.path().join("file.mlpackage");
    fs::write(&file, "dear").unwrap();
    assert!(matches!(package.save(&file), Err(PackageError::NotReplaced { .. })));
    let text = folder.path().join("folder.mil");
    fs::create_dir(&text).unwrap();
    assert!(matches!(package.save(&text), Err(PackageError::NotReplaced { .. })));
    assert_eq!(names(folder.path()), ["file.mlpackage", "folder.mil", "precious.mlpackage"]);
    assert_eq!(names(&precious), ["diary.txt"]);
}

#[test]
fn names_that_say_no_form_are_refused() {
    let folder = tempdir().unwrap();
    let package = Package::from_bytes(encoded(), Some(weights().0.into())).unwrap();
    for name in ["x", "x.onnx", "x.mlmodel", "x.mlmodelc", "-", "mil", "x.MIL"] {
        let path = folder.path().join(name);
        let error = package.save(&path).unwrap_err();
        assert!(matches!(error, PackageError::OutputName { .. }), "{name}");
        let message = error.to_string();
        assert!(message.contains(".mlpackage") && message.contains(".mil"), "{message}");
    }
    assert!(matches!(package.save("/"), Err(PackageError::OutputName { .. })));
    assert_eq!(names(folder.path()), [] as [&str; 0]);
}

#[test]
fn a_missing_folder_is_named_and_no_temporary_one() {
    let folder = tempdir().unwrap();
    let package = Package::from_bytes(encoded(), Some(weights().0.into())).unwrap();
    for name in ["no/such/x.mlpackage", "no/such/x.mil"] {
        let error = package.save(folder.path().join(name)).unwrap_err();
        let there = folder.path().join("no/such");
        assert_eq!(error.to_string(), format!("{} does not exist", there.display()));
    }
    fs::write(folder.path().join("file"), "").unwrap();
    for name in ["file/x.mlpackage", "file/x.mil"] {
        let error = package.save(folder.path().join(name)).unwrap_err();
        let message = format!("{error} {:?}", std::error::Error::source(&error));
        assert!(message.contains(name) && !message.contains("milopt-"), "{message}");
    }
}

#[test]
fn a_link_is_replaced_and_not_what_it_leads_to() {
    let folder = tempdir().unwrap();
    let real = folder.path().join("real.mlpackage");
    let link = folder.path().join("link.mlpackage");
    write(&real, package(encoded(), weights().0));
    fs::write(real.join("notes.txt"), "mine").unwrap();
    let before = tree(&real);
    // In place, through the link; then over links to a file and to nothing.
    for target in [&real, &folder.path().join("file"), &folder.path().join("nothing")] {
        let _ = fs::remove_file(&link);
        let _ = fs::remove_dir_all(&link);
        fs::write(folder.path().join("file"), "mine").unwrap();
        std::os::unix::fs::symlink(target, &link).unwrap();
        Package::open(&real).unwrap().save(&link).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_dir());
        assert_eq!(tree(&real), before);
        assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"mine");
        assert!(!folder.path().join("nothing").exists());
        // Behind a link stands somebody else's folder: its guests stay there.
        assert!(!link.join("notes.txt").exists());
    }
}

#[test]
fn links_inside_a_package_are_not_written_through() {
    let folder = tempdir().unwrap();
    let (path, store) = (folder.path().join("x.mlpackage"), folder.path().join("store"));
    write(&path, package(encoded(), weights().0));
    fs::create_dir(&store).unwrap();
    for (at, inside) in ["Manifest.json", MODEL_PATH, WEIGHT_PATH].iter().enumerate() {
        let blob = store.join(at.to_string());
        fs::rename(path.join(inside), &blob).unwrap();
        std::os::unix::fs::symlink(&blob, path.join(inside)).unwrap();
    }
    let before = tree(&store);
    Package::open(&path).unwrap().save(&path).unwrap();
    assert_eq!(tree(&store), before);
    for inside in ["Manifest.json", MODEL_PATH, WEIGHT_PATH] {
        assert!(fs::symlink_metadata(path.join(inside)).unwrap().is_file(), "{inside}");
    }
    Package::open(&path).unwrap();
}

#[test]
fn what_no_manifest_names_survives() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.mlpackage");
    write(&path, package(encoded(), weights().0));
    let guests = ["README.md", "Data/notes.txt", "docs/a/b.txt", ".hidden"];
    for guest in guests {
        fs::create_dir_all(path.join(guest).parent().unwrap()).unwrap();
        fs::write(path.join(guest), guest).unwrap();
    }
    fs::create_dir(path.join("empty")).unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"caf\xE9");
    fs::create_dir(path.join(odd)).unwrap();
    fs::write(path.join(odd).join(odd), "odd").unwrap();
    std::os::unix::fs::symlink("/nowhere", path.join("docs/link")).unwrap();
    // An own file of the old package that the new one does not have.
    fs::write(path.join("Data/com.apple.CoreML/weights/old.bin"), "old").unwrap();
    let check = || {
        for guest in guests {
            assert_eq!(fs::read_to_string(path.join(guest)).unwrap(), guest);
        }
        assert!(path.join("empty").is_dir());
        assert_eq!(fs::read(path.join(odd).join(odd)).unwrap(), b"odd");
        assert_eq!(fs::read_link(path.join("docs/link")).unwrap(), Path::new("/nowhere"));
        Package::open(&path).unwrap();
        assert_eq!(names(folder.path()), ["x.mlpackage"]);
    };
    Package::open(&path).unwrap().save(&path).unwrap();
    check();
    large(1).save(&path).unwrap();
    check();
    assert!(!path.join("Data/com.apple.CoreML/weights/old.bin").exists());
    // Whoever copies the package elsewhere copies the package.
    let copy = folder.path().join("y.mlpackage");
    Package::open(&path).unwrap().save(&copy).unwrap();
    assert!(!copy.join("README.md").exists());
    fs::remove_dir_all(copy).unwrap();
    // A manifest that cannot be read.
    fs::write(path.join("Manifest.json"), "{").unwrap();
    large(2).save(&path).unwrap();
    check();
}

#[test]
fn several_writers_all_succeed_and_one_of_them_stays() {
    for name in ["x.mlpackage", "x.mil"] {
        let folder = tempdir().unwrap();
        let path = folder.path().join(name);
        std::thread::scope(|scope| {
            for fill in 0..6 {
                let path = &path;
                scope.spawn(move || {
                    for turn in 0..8 {
                        small(fill * 8 + turn).save(path).unwrap();
                    }
                });
            }
        });
        let found = Package::open(&path).unwrap();
        assert!(found.missing().is_empty());
        let found = found.to_files().unwrap();
        let one = (0..48).any(|fill| same_weights(&small(fill).to_files().unwrap(), &found));
        assert!(one, "{name} is none of those that were written");
        let left = names(folder.path()).into_iter().filter(|name| name.starts_with('.')).count();
        assert_eq!(left, 0, "{:?}", names(folder.path()));
    }
}

/// A package whose weights tell it from the others.
fn small(fill: u8) -> Package {
    let (file, _) = weight_file(&[(1, (0..32).collect(), 0), (2, vec![fill; 80], 0), (12, vec![7; 5], 7)]);
    Package::from_bytes(encoded(), Some(file.into())).unwrap()
}

fn same_weights(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>) -> bool {
    a.get(WEIGHT_PATH) == b.get(WEIGHT_PATH)
}

#[test]
fn a_text_refers_to_its_weights_by_their_content() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.mil");
    small(1).save(&path).unwrap();
    let first = names(folder.path());
    let [weights, text] = &first[..] else { panic!("{first:?}") };
    assert_eq!(text, "x.mil");
    let named = format!("\"@model_path/{weights}\"");
    assert!(fs::read_to_string(&path).unwrap().contains(&named), "{named}");
    // In place, and the same again: nothing changes.
    Package::open(&path).unwrap().save(&path).unwrap();
    assert_eq!(names(folder.path()), first);
    // As a package it is one like any other.
    let files = Package::open(&path).unwrap().to_files().unwrap();
    assert!(same_weights(&files, &small(1).to_files().unwrap()));
    // A second text that refers to the same weights keeps them.
    fs::copy(&path, folder.path().join("copy.mil")).unwrap();
    small(2).save(&path).unwrap();
    assert_eq!(names(folder.path()).len(), 4, "{:?}", names(folder.path()));
    assert!(Package::open(folder.path().join("copy.mil")).unwrap().missing().is_empty());
    fs::remove_file(folder.path().join("copy.mil")).unwrap();
    // The last text that referred to weights takes them along; others' files stay.
    fs::write(folder.path().join("x.notes.bin"), "").unwrap();
    small(3).save(&path).unwrap();
    let left = names(folder.path());
    assert_eq!(left.len(), 4, "{left:?}");
    assert!(left.contains(weights), "the text that is replaced did not refer to it");
}

#[test]
fn older_pairs_are_read_and_replaced() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.mil");
    small(1).save(&path).unwrap();
    let [weights, _] = &names(folder.path())[..] else { panic!() };
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(weights.as_str(), "weights/weight.bin")).unwrap();
    fs::rename(folder.path().join(weights), folder.path().join("x.weights.bin")).unwrap();
    let package = Package::open(&path).unwrap();
    assert!(same_weights(&package.to_files().unwrap(), &small(1).to_files().unwrap()));
    package.save(&path).unwrap();
    assert_eq!(&names(folder.path()), &[weights.as_str(), "x.mil"]);
}

#[test]
fn a_single_file_is_replaced_whole() {
    use std::io::Write;
    let folder = tempdir().unwrap();
    let (path, link) = (folder.path().join("a.txt"), folder.path().join("link.txt"));
    mil_package::write_file(&path, |mut file| file.write_all(b"one")).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    mil_package::write_file(&link, |mut file| file.write_all(b"two")).unwrap();
    let fails = mil_package::write_file(&path, |mut file| {
        file.write_all(b"half")?;
        Err(std::io::ErrorKind::StorageFull.into())
    });
    assert!(fails.unwrap_err().to_string().ends_with("a.txt"));
    assert_eq!(fs::read(&path).unwrap(), b"one");
    assert_eq!(fs::read(&link).unwrap(), b"two");
    assert_eq!(names(folder.path()), ["a.txt", "link.txt"]);
    mil_package::write_file("/dev/null", |mut file| file.write_all(b"gone")).unwrap();
    assert!(mil_package::write_file(folder.path(), |_| Ok(())).is_err());
}

#[test]
fn leftovers_of_the_dead_are_removed_and_those_of_the_living_are_not() {
    let folder = tempdir().unwrap();
    fs::create_dir(folder.path().join(".x.mlpackage.milopt-1-0")).unwrap();
    fs::create_dir(folder.path().join(".x.mlpackage.milopt-2-0")).unwrap();
    fs::create_dir(folder.path().join(".x.mlpackage.milopt-mine")).unwrap();
    let living = fs::File::open(folder.path().join(".x.mlpackage.milopt-2-0")).unwrap();
    rustix::fs::flock(&living, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let package = Package::from_bytes(encoded(), Some(weights().0.into())).unwrap();
    package.save(folder.path().join("x.mlpackage")).unwrap();
    assert_eq!(names(folder.path()), [".x.mlpackage.milopt-2-0", ".x.mlpackage.milopt-mine", "x.mlpackage"]);
}

#[test]
fn links_are_read_through() {
    let folder = tempdir().unwrap();
    let root = folder.path().join("x.mlpackage");
    write(&root, package(encoded(), weights().0));
    let expected = Package::open(&root).unwrap().to_files().unwrap();
    // Relative, out of the package, as a hub's cache has them.
    fs::create_dir(folder.path().join("blobs")).unwrap();
    for (inside, up) in [("Manifest.json", "../"), (MODEL_PATH, "../../../"), (WEIGHT_PATH, "../../../../")] {
        let name = inside.rsplit('/').next().unwrap();
        fs::rename(root.join(inside), folder.path().join("blobs").join(name)).unwrap();
        std::os::unix::fs::symlink(format!("{up}blobs/{name}"), root.join(inside)).unwrap();
    }
    assert_eq!(Package::open(&root).unwrap().to_files().unwrap(), expected);
    // A link to nothing is an item that is missing; one to a folder above never ends.
    fs::remove_file(folder.path().join("blobs/weight.bin")).unwrap();
    let error = Package::open(&root).unwrap_err();
    assert!(error.to_string().contains("weight.bin"), "{error}");
    fs::remove_file(root.join(WEIGHT_PATH)).unwrap();
    std::os::unix::fs::symlink("..", root.join("Data/com.apple.CoreML/weights/loop")).unwrap();
    let error = Package::open(&root).unwrap_err();
    assert!(matches!(error.cause(), PackageError::Limit(_) | PackageError::Io { .. }), "{error}");
}

#[test]
fn what_is_no_model_is_named() {
    let folder = tempdir().unwrap();
    let found = |path: &Path| match Package::open(path) {
        Err(PackageError::NotAModel { path: named, found }) if named == path => found,
        other => panic!("{other:?}"),
    };
    assert_eq!(found(folder.path()), Found::EmptyFolder);
    assert!(matches!(Package::open(folder.path().join("x")), Err(PackageError::Io { .. })));
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 178000000\n";
    for (name, contents, wanted) in [
        ("a.mlmodel", "", Found::Empty),
        ("a.mil", "", Found::Empty),
        ("notes.txt", "hello, this is not a model\n", Found::Text),
        ("b.json", "{\"a\": 1}", Found::Json),
        ("printed.mil", "main[CoreML8](%x: (1, fp16)(Tensor)) {\n  block0() {\n", Found::CoremltoolsPrint),
        ("bytes.bin", "\u{1}\u{2}\u{3}\u{4}", Found::Unknown),
    ] {
        fs::write(folder.path().join(name), contents).unwrap();
        assert_eq!(found(&folder.path().join(name)), wanted, "{name}");
    }
    for name in ["pointer.mlmodel", "pointer.mil"] {
        fs::write(folder.path().join(name), pointer).unwrap();
        let error = Package::open(folder.path().join(name)).unwrap_err();
        assert!(matches!(error, PackageError::LfsPointer { .. }), "{error}");
    }
    assert_eq!(found(folder.path()), Found::Folder);

    let compiled = folder.path().join("c.mlmodelc");
    fs::create_dir(&compiled).unwrap();
    fs::write(compiled.join("model.espresso.net"), "{}").unwrap();
    fs::write(compiled.join("coremldata.bin"), "").unwrap();
    let error = Package::open(&compiled).unwrap_err().to_string();
    assert!(error.contains("a compiled neural network") && error.contains("c.mlmodelc"), "{error}");

    let root = folder.path().join("x.mlpackage");
    write(&root, package(encoded(), weights().0));
    for part in ["Manifest.json", MODEL_PATH, WEIGHT_PATH, "Data"] {
        match Package::open(root.join(part)) {
            Err(PackageError::Part { whole, .. }) => assert_eq!(whole, root),
            other => panic!("{part}: {other:?}"),
        }
    }
    let small = Limits { manifest_bytes: 10, ..Limits::default() };
    let error = Package::open_with(&root, &small).unwrap_err();
    assert!(error.to_string().contains("x.mlpackage"), "{error}");
    assert!(matches!(error.cause(), PackageError::Limit(_)));

    fs::write(root.join(WEIGHT_PATH), pointer).unwrap();
    let opened = Package::open(&root).unwrap();
    assert!(opened.missing()[0].is_lfs_pointer && opened.missing().len() == 1);
    let said = opened.warnings().join(" ");
    assert!(said.contains("weight.bin") && said.contains("git lfs pull"), "{said}");
    assert!(matches!(opened.to_files(), Err(PackageError::Missing { pointer: true, .. })));

    fs::remove_file(root.join(MODEL_PATH)).unwrap();
    let error = Package::open(&root).unwrap_err();
    assert_eq!(error.cause().to_string(), format!("item {MODEL_PATH} of the package is missing"));
    fs::write(root.join(MODEL_PATH), pointer).unwrap();
    assert!(matches!(Package::open(&root), Err(PackageError::LfsPointer { .. })));
}

/// The number that tells a file from all others, whatever its name.
fn inode(path: &Path) -> u64 {
    fs::metadata(path).unwrap().ino()
}

#[test]
fn weights_that_stand_already_are_not_written_again() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.mlpackage");
    let file = path.join(WEIGHT_PATH);
    large(1).save(&path).unwrap();
    let first = inode(&file);
    let expected = tree(&path);
    large(1).save(&path).unwrap();
    assert_eq!(inode(&file), first);
    assert_eq!(fs::metadata(&file).unwrap().nlink(), 1);
    assert_eq!(tree(&path), expected);

    // The last byte differs; one is missing; one is too many.
    let mut other = fs::read(&file).unwrap();
    *other.last_mut().unwrap() ^= 1;
    for other in [&other[..], &other[..other.len() - 1], &[&other[..], &[1]].concat()] {
        fs::write(&file, other).unwrap();
        let before = inode(&file);
        large(1).save(&path).unwrap();
        assert_ne!(inode(&file), before);
        assert_eq!(tree(&path), expected);
    }
}

#[test]
fn a_file_that_others_can_reach_is_not_taken_over() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.mlpackage");
    let (file, elsewhere) = (path.join(WEIGHT_PATH), folder.path().join("elsewhere"));
    large(1).save(&path).unwrap();
    let expected = tree(&path);
    // A second name.
    fs::hard_link(&file, &elsewhere).unwrap();
    large(1).save(&path).unwrap();
    assert_ne!(inode(&file), inode(&elsewhere));
    // A link, of the file or of its folder.
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    large(1).save(&path).unwrap();
    assert!(fs::symlink_metadata(&file).unwrap().is_file());
    assert_ne!(inode(&file), inode(&elsewhere));
    let weights = file.parent().unwrap();
    let moved = folder.path().join("moved");
    fs::rename(weights, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, weights).unwrap();
    large(1).save(&path).unwrap();
    assert_ne!(inode(&file), inode(&moved.join("weight.bin")));
    assert_eq!(tree(&path), expected);
}

/// What a package of the kill test looks like: its weights are large enough to be caught in the middle.
fn large(fill: u8) -> Package {
    let (_, offsets) = weights();
    let (mut file, _) =
        weight_file(&[(1, (0..32).collect(), 0), (2, vec![fill; 80], 0), (12, vec![7; 5], 7)]);
    assert!(offsets.len() == 3);
    file.resize(4 << 20, fill);
    Package::from_bytes(encoded(), Some(file.into())).unwrap()
}

/// Not a test by itself: the process that the kill test kills.
#[test]
fn writer() {
    let Some(path) = std::env::var_os("MILOPT_KILLED_WRITER") else { return };
    let fill = if std::env::var_os("MILOPT_KILLED_FILL").is_some() { 2 } else { 1 };
    let package = large(fill);
    for _ in 0..100 {
        package.save(&path).unwrap();
    }
}

#[test]
fn a_killed_writer_leaves_the_old_package_or_the_new() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.mlpackage");
    let old = large(1).to_files().unwrap();
    let new = large(2).to_files().unwrap();
    let mut seen = [0; 3];
    for round in 0..40 {
        let stands = round % 3 != 0;
        let _ = fs::remove_dir_all(&path);
        if stands {
            large(1).save(&path).unwrap();
        }
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writer", "--nocapture"])
            .env("MILOPT_KILLED_WRITER", &path)
            .env("MILOPT_KILLED_FILL", "2")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Wait until it has begun, then some more.
        for _ in 0..2000 {
            let begun = names(folder.path()).iter().any(|name| name.contains(".milopt-"));
            if begun || child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(round * 700));
        child.kill().unwrap();
        child.wait().unwrap();
        if path.exists() {
            let found = tree(&path);
            assert!(found == old && stands || found == new, "round {round}: neither the old nor the new");
            seen[if found == old { 1 } else { 2 }] += 1;
        } else {
            assert!(!stands, "round {round}: nothing stands where a package stood");
            seen[0] += 1;
        }
    }
    large(1).save(&path).unwrap();
    assert_eq!(names(folder.path()), ["x.mlpackage"], "leftovers are removed; seen {seen:?}");
}
