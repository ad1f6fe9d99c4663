//! Packages on disk: replaced whole or not at all.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{MODEL_PATH, WEIGHT_PATH, encoded, package, weight_file, weights};
use mil_ir::Program;
use mil_package::{Limits, Package, PackageError};
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
    let precious = folder.path().join("precious");
    fs::create_dir(&precious).unwrap();
    fs::write(precious.join("diary.txt"), "dear").unwrap();
    assert!(matches!(package.save(&precious), Err(PackageError::NotReplaced { .. })));
    assert!(matches!(package.save(precious.join("diary.txt")), Err(PackageError::NotReplaced { .. })));
    assert!(matches!(package.save("/"), Err(PackageError::NotReplaced { .. })));
    assert!(matches!(package.save(precious.join("no/such")), Err(PackageError::Io { .. })));
    assert_eq!(names(folder.path()), ["precious"]);
    assert_eq!(names(&precious), ["diary.txt"]);
}

#[test]
fn a_link_stays_a_link() {
    let folder = tempdir().unwrap();
    let real = folder.path().join("real.mlpackage");
    let link = folder.path().join("link.mlpackage");
    write(&real, package(encoded(), weights().0));
    std::os::unix::fs::symlink(&real, &link).unwrap();
    Package::open(&link).unwrap().save(&link).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::symlink_metadata(&real).unwrap().is_dir());
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
fn links_out_of_the_package_are_refused() {
    let folder = tempdir().unwrap();
    let root = folder.path().join("x.mlpackage");
    write(&root, package(encoded(), weights().0));
    let secret = folder.path().join("secret");
    fs::write(&secret, weights().0).unwrap();
    fs::remove_file(root.join(WEIGHT_PATH)).unwrap();
    std::os::unix::fs::symlink(&secret, root.join(WEIGHT_PATH)).unwrap();
    assert!(matches!(Package::open(&root), Err(PackageError::Outside(_))));

    fs::remove_file(root.join(WEIGHT_PATH)).unwrap();
    let loops = root.join("Data/com.apple.CoreML/weights/loop");
    std::os::unix::fs::symlink("..", loops).unwrap();
    assert!(matches!(Package::open(&root), Err(PackageError::Limit(_) | PackageError::Io { .. })));
}

#[test]
fn what_is_no_model_is_named() {
    let folder = tempdir().unwrap();
    assert!(matches!(Package::open(folder.path()), Err(PackageError::NotAModel { .. })));
    assert!(matches!(Package::open(folder.path().join("x")), Err(PackageError::Io { .. })));
    fs::write(folder.path().join("model.espresso.net"), "").unwrap();
    fs::write(folder.path().join("coremldata.bin"), "").unwrap();
    let error = Package::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("a compiled neural network"), "{error}");
    let root = folder.path().join("x.mlpackage");
    write(&root, package(encoded(), weights().0));
    let small = Limits { manifest_bytes: 10, ..Limits::default() };
    assert!(matches!(Package::open_with(&root, &small), Err(PackageError::Limit(_))));
    fs::remove_file(root.join(MODEL_PATH)).unwrap();
    let error = Package::open(&root).unwrap_err().to_string();
    assert_eq!(error, format!("item {MODEL_PATH} of the package is missing"));
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

#[test]
fn what_could_not_be_read_back_is_not_written() {
    let parse = |ops: &str, output: &str| {
        let source =
            format!("program(1.3) {{ func main<ios17>(tensor<fp32, [2]> x) {{ {ops} }} -> ({output}); }}");
        mil_ir::text::parse(&source).unwrap()
    };
    let refused = |program: Program| {
        let error = Package::from(program).to_files().unwrap_err();
        assert!(matches!(error, PackageError::Unwritable(_)), "{error}");
        error.to_string()
    };
    // No feature can be a bool.
    let why = refused(parse("tensor<bool, [2]> y = greater(x = x, y = fp32(0));", "y"));
    assert!(why.contains("feature y") && why.contains("tensor<bool, [2]>"), "{why}");
    // A value is used before it is made.
    let mut program = parse("tensor<fp32, [2]> a = relu(x = x); tensor<fp32, [2]> y = relu(x = a);", "y");
    let graph = program.graph_mut("main").unwrap();
    let first = graph.walk().next().unwrap();
    let last = graph.walk().nth(1).unwrap();
    graph.move_op(first, mil_ir::At::After(last)).unwrap();
    assert!(refused(program).contains("undefined-value"));
}
