//! How far plans of a chip carry: rows of costs are fitted to some of the plans, as if none were known of the
//! chip's family, and devices are estimated for the others.
//!
//! ```text
//! cargo run --release --example refit -- PLANS.tsv PACKAGES CHIP SYSTEM FAMILY[,FAMILY]
//! ```
//!
//! PLANS has a column `model`, PACKAGES holds `MODEL.mlpackage`. The leaves of the families are forgotten.
//! Every other model by the hash of its name is withheld. The first table reads the times that the plans
//! tell; the second their shares of the cost alone, which is what an app can see.
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use milopt::estimate::cost::Costs;
use milopt::estimate::{DevicePlan, Evidence, Target, estimate_with, score};
use milopt::{Package, Program};

type Case = (String, Program, DevicePlan);

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [plans, packages, chip, system, families] = &words[..] else {
        return Err("give PLANS.tsv PACKAGES CHIP SYSTEM FAMILY[,FAMILY]".into());
    };
    let target = Target::new(chip, system, "cpu-and-ne")?;
    let mut by_model: BTreeMap<String, DevicePlan> = BTreeMap::new();
    for op in DevicePlan::parse(&std::fs::read_to_string(plans)?)?.ops {
        by_model.entry(op.model.clone().unwrap_or_default()).or_default().ops.push(op);
    }
    let mut cases: Vec<(u64, Case)> = Vec::new();
    for (name, plan) in by_model {
        let path = Path::new(packages).join(format!("{name}.mlpackage"));
        cases.push((hash(&name), (name, Package::open(path)?.take_program()?, plan)));
    }
    cases.sort_by_key(|(hash, _)| *hash);
    let (learned, withheld): (Vec<_>, Vec<_>) =
        cases.into_iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let of =
        |cases: Vec<(usize, (u64, Case))>| cases.into_iter().map(|(_, (_, case))| case).collect::<Vec<_>>();
    let (learned, withheld) = (of(learned), of(withheld));
    let forgotten =
        families.split(',').fold(Costs::known().clone(), |costs, family| costs.without_family(family));
    println!("{} plans to learn from, {} withheld", learned.len(), withheld.len());
    for (title, shares_alone) in [("times", false), ("shares of the cost", true)] {
        println!("\n{title}\nplans  rows  answered  right of these  right of all");
        for number in [0, 2, 5, 10, 20, 40, learned.len()] {
            if number > learned.len() {
                continue;
            }
            let mut evidence = Evidence::default();
            for (name, program, plan) in &learned[..number] {
                let mut plan = plan.clone();
                if shares_alone {
                    plan.ops.iter_mut().for_each(|op| op.ms = [None; 4]);
                }
                evidence.add(name, program, &target, &plan);
            }
            let rows = evidence.leaves();
            let costs = forgotten.with_fitted(&rows);
            let (mut asked, mut answered, mut right) = (0, 0, 0);
            for (_, program, plan) in &withheld {
                let found = score(&estimate_with(program, &target, &costs), plan);
                asked += found.ops - found.plan_ties;
                answered += found.answered;
                right += found.right;
            }
            let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
            println!(
                "{number:5}  {:4}  {:8.3}  {:14.3}  {:12.3}",
                rows.len(),
                share(answered, asked),
                share(right, answered),
                share(right, asked)
            );
        }
    }
    Ok(())
}

/// FNV-1a, which is the same everywhere.
fn hash(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
