//! Every fixture goes out as it came in: as a package, through text, twice the same bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::Path;

use milopt::ir::text;
use milopt::{Package, diff};

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = milopt_tests::files(folder, "");
    let name = |file: &Path| file.strip_prefix(folder).unwrap().display().to_string();
    files.iter().map(|file| (name(file), std::fs::read(file).unwrap())).collect()
}

#[test]
fn an_unchanged_package_is_the_same_twice() {
    let folder = tempfile::tempdir().unwrap();
    for fixture in milopt_tests::fixtures() {
        let (one, two) = (folder.path().join("one.mlpackage"), folder.path().join("two.mlpackage"));
        for out in [&one, &two] {
            Package::open(&fixture).unwrap().save(out).unwrap();
        }
        assert_eq!(contents(&one), contents(&two), "{}", fixture.display());
        let difference =
            diff::compare(Package::open(&fixture).unwrap().model(), Package::open(&one).unwrap().model());
        assert!(difference.is_empty(), "{}: {difference}", fixture.display());
        let weights = "Data/com.apple.CoreML/weights/weight.bin";
        assert_eq!(std::fs::read(fixture.join(weights)).unwrap(), std::fs::read(one.join(weights)).unwrap());
    }
}

#[test]
fn text_prints_the_same_after_it_was_parsed() {
    for fixture in milopt_tests::fixtures() {
        let package = Package::open(&fixture).unwrap();
        let options = text::PrintOptions::default();
        let printed = text::print(package.model().as_program().unwrap(), &options);
        let again = text::print(&text::parse(&printed).unwrap(), &options);
        assert_eq!(printed, again, "{}", fixture.display());
    }
}

#[test]
fn the_text_for_people_computes_the_same() {
    for fixture in milopt_tests::fixtures() {
        let package = Package::open(&fixture).unwrap();
        let program = package.model().as_program().unwrap();
        let options = text::PrintOptions::readable().inline_all();
        let again = text::parse(&text::print(program, &options)).unwrap();
        assert!(milopt::ops::verify_program(&again).is_clean(), "{}", fixture.display());
        let notes =
            milopt::numerics::compare_programs(program, &again, milopt::eval::NumericsClass::Exact, 3);
        assert_eq!(notes, Ok(Vec::new()), "{}", fixture.display());
    }
}

#[test]
fn a_package_survives_the_way_through_text_and_weights() {
    let folder = tempfile::tempdir().unwrap();
    for fixture in milopt_tests::fixtures() {
        let (text, back) = (folder.path().join("x.mil"), folder.path().join("y.mlpackage"));
        Package::open(&fixture).unwrap().save(&text).unwrap();
        Package::open(&text).unwrap().save(&back).unwrap();
        let difference =
            diff::compare(Package::open(&fixture).unwrap().model(), Package::open(&back).unwrap().model());
        assert!(difference.is_empty(), "{}: {difference}", fixture.display());
    }
}

#[test]
fn default_keeps_what_the_fixtures_compute() {
    let registry = milopt::passes::registry();
    for fixture in milopt_tests::fixtures() {
        let mut package = Package::open(&fixture).unwrap();
        let mut program = package.take_program().unwrap();
        let before = program.clone();
        let report = registry.pipeline("default").unwrap().unwrap().run(&mut program).unwrap();
        assert!(report.changed());
        assert!(milopt::ops::verify_program(&program).is_clean());
        let class = milopt::eval::NumericsClass::Lossy { min_snr_db: 90.0 };
        let notes = milopt::numerics::compare_programs(&before, &program, class, 3);
        assert_eq!(notes, Ok(Vec::new()), "{}", fixture.display());
    }
}
