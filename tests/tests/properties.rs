//! The properties, on a few hundred random programs; the example of this name tries any number.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use mil_generate::{NEVER, Options, generate};
use milopt::ir::{Release, text};
use milopt_tests::properties::{Tally, check, report};

#[test]
fn properties_hold_for_random_programs() {
    let registry = milopt::passes::registry();
    let mut tally = Tally::default();
    for seed in 0..200 {
        let options = Options { seed, size: 4 + (seed % 9) as usize, ..Options::default() };
        if let Err(failure) = check(&options, Some(&registry), &mut tally) {
            panic!("{}", report(&options, &failure, Some(&registry)));
        }
    }
    assert_eq!(tally.programs, 200);
}

#[test]
fn every_op_is_generated_in_every_release_that_has_it() {
    let mut missing = Vec::new();
    for target in [Release::IOS15, Release::IOS16, Release::IOS17, Release::IOS18, Release::IOS26] {
        let mut kinds = BTreeSet::new();
        for seed in 0..400 {
            let program =
                generate(&Options { seed, size: 20, target: Some(target), unseeded: false }).unwrap();
            for (_, _, graph) in program.graphs() {
                kinds.extend(graph.walk().map(|op| graph.op(op).kind().to_string()));
            }
        }
        let known = milopt::ops::all().iter().filter(|def| def.version(target).is_some()).map(|def| def.name);
        let never = |kind: &&str| NEVER.iter().any(|(never, _)| never == kind);
        missing.extend(
            known
                .filter(|kind| !never(kind) && !kinds.contains(*kind))
                .map(|kind| format!("{target} {kind}")),
        );
    }
    assert!(missing.is_empty(), "{}", missing.join(", "));
}

#[test]
fn the_same_seed_makes_the_same_program() {
    let print = |seed| {
        let program = generate(&Options { seed, ..Options::default() }).unwrap();
        text::print(&program, &text::PrintOptions::default())
    };
    for seed in 0..20 {
        assert_eq!(print(seed), print(seed));
        assert_ne!(print(seed), print(seed + 1));
    }
}
