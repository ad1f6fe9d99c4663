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
        // Programs without large weights have no such file.
        let weights = "Data/com.apple.CoreML/weights/weight.bin";
        assert_eq!(std::fs::read(fixture.join(weights)).ok(), std::fs::read(one.join(weights)).ok());
    }
}

#[test]
fn text_prints_the_same_after_it_was_parsed() {
    for fixture in milopt_tests::fixtures() {
        let package = Package::open(&fixture).unwrap();
        let options = text::PrintOptions::default();
        for (_, program) in package.model().programs() {
            let printed = text::print(program, &options);
            let again = text::print(&text::parse(&printed).unwrap(), &options);
            assert_eq!(printed, again, "{}", fixture.display());
        }
    }
}

#[test]
fn the_text_for_people_computes_the_same() {
    for fixture in milopt_tests::fixtures() {
        let package = Package::open(&fixture).unwrap();
        // A pipeline's text cannot be read back.
        let Some(program) = package.model().as_program() else { continue };
        let options = text::PrintOptions::readable().inline_all();
        let again = text::parse(&text::print(program, &options)).unwrap();
        assert!(milopt::ops::verify_program(&again).is_clean(), "{}", fixture.display());
        let same = milopt::numerics::compare_programs(program, &again, milopt::ops::Numerics::Exact, 3);
        let same = same.unwrap_or_else(|fault| panic!("{}: {fault}", fixture.display()));
        assert!(same.elements > 0 && same.notes.is_empty(), "{}: {:?}", fixture.display(), same.notes);
    }
}

#[test]
fn a_package_survives_the_way_through_text_and_weights() {
    let folder = tempfile::tempdir().unwrap();
    let mut tried = 0;
    for fixture in milopt_tests::fixtures() {
        // Text has no form for a pipeline of models.
        if Package::open(&fixture).unwrap().model().as_program().is_none() {
            continue;
        }
        tried += 1;
        let (text, back) = (folder.path().join("x.mil"), folder.path().join("y.mlpackage"));
        Package::open(&fixture).unwrap().save(&text).unwrap();
        Package::open(&text).unwrap().save(&back).unwrap();
        let difference =
            diff::compare(Package::open(&fixture).unwrap().model(), Package::open(&back).unwrap().model());
        assert!(difference.is_empty(), "{}: {difference}", fixture.display());
    }
    assert!(tried > 2);
}

#[test]
fn default_keeps_what_the_fixtures_compute() {
    let registry = milopt::passes::registry();
    let mut changed = 0;
    for fixture in milopt_tests::fixtures() {
        let mut package = Package::open(&fixture).unwrap();
        for program in package.model_mut().programs_mut() {
            let before = program.clone();
            let report = registry.pipeline("default").unwrap().unwrap().run(program).unwrap();
            changed += usize::from(report.changed());
            assert!(milopt::ops::verify_program(program).is_clean());
            let compared =
                milopt::numerics::compare_programs(&before, program, milopt::ops::Numerics::Rounding, 3);
            let compared = compared.unwrap_or_else(|error| panic!("{}: {error}", fixture.display()));
            assert!(
                compared.notes.is_empty() && compared.elements > 0,
                "{}: {compared:?}",
                fixture.display()
            );
        }
    }
    assert!(changed > 1);
}
