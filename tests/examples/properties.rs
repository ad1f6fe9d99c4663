//! Tries the properties on many random programs: `cargo run --release -p milopt-tests --example properties --
//! --programs 100000`, passes on every tenth of them with `--passes-every 10`. With `--seed N --size M` it
//! tries one program and prints it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use mil_generate::Options;
use milopt::ir::text;
use milopt_tests::properties::{Tally, check, program, report};

/// Reports of failures that are printed, for each property.
const SHOWN: usize = 2;

/// What is asked for.
struct Arguments {
    programs: u64,
    first: u64,
    size: Option<usize>,
    one: bool,
    threads: usize,
    seconds: u64,
    /// Passes are tried on every program whose seed is a multiple of this.
    passes_every: u64,
}

fn arguments() -> Result<Arguments, String> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut found = Arguments {
        programs: 1000,
        first: 0,
        size: None,
        one: false,
        threads,
        seconds: u64::MAX,
        passes_every: 1,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let number =
            words.next().and_then(|word| word.parse::<u64>().ok()).ok_or(format!("{word} takes a number"))?;
        match word.as_str() {
            "--programs" => found.programs = number,
            "--first" => found.first = number,
            "--size" => found.size = Some(number as usize),
            "--seed" => (found.first, found.programs, found.one) = (number, 1, true),
            "--threads" => found.threads = number as usize,
            "--seconds" => found.seconds = number,
            "--passes-every" => found.passes_every = number.max(1),
            other => return Err(format!("{other} is not known")),
        }
    }
    Ok(found)
}

/// What a seed makes: small programs and larger ones.
fn options(seed: u64, size: Option<usize>) -> Options {
    let size = size.unwrap_or(4 + (seed % 17) as usize);
    Options { seed, size, unseeded: seed.is_multiple_of(16), ..Options::default() }
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    if arguments.one
        && let Ok(program) = program(&options(arguments.first, arguments.size))
    {
        println!("{}", text::print(&program, &text::PrintOptions::default().inline_all()));
    }
    // Panics are reported with their seed.
    std::panic::set_hook(Box::new(|_| {}));
    let start = Instant::now();
    let next = AtomicU64::new(0);
    let tally = Mutex::new(Tally::default());
    let failures: Mutex<BTreeMap<String, Vec<u64>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(|| {
                let registry = milopt::passes::registry();
                let mut own = Tally::default();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= arguments.programs || start.elapsed().as_secs() >= arguments.seconds {
                        break;
                    }
                    let options = options(arguments.first + index, arguments.size);
                    let passes = options.seed.is_multiple_of(arguments.passes_every).then_some(&registry);
                    if let Err(failure) = check(&options, passes, &mut own) {
                        let mut failures = failures.lock().unwrap_or_else(|error| error.into_inner());
                        let seeds = failures.entry(failure.property.clone()).or_default();
                        seeds.push(options.seed);
                        let first = seeds.len() <= SHOWN;
                        drop(failures);
                        if first {
                            println!("{}\n", report(&options, &failure, passes));
                        }
                    }
                }
                tally.lock().unwrap_or_else(|error| error.into_inner()).merge(own);
            });
        }
    });
    let tally = tally.into_inner().unwrap_or_else(|error| error.into_inner());
    let failures = failures.into_inner().unwrap_or_else(|error| error.into_inner());
    print(&tally, &failures, start.elapsed().as_secs_f64());
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print(tally: &Tally, failures: &BTreeMap<String, Vec<u64>>, seconds: f64) {
    println!("{} programs in {seconds:.0} s, {} with two functions", tally.programs, tally.several);
    println!("\nprograms with an op:");
    for def in milopt::ops::all() {
        let count = tally.ops.get(def.name).copied().unwrap_or(0);
        let reason =
            mil_generate::NEVER.iter().find(|(kind, _)| *kind == def.name).map_or("", |(_, reason)| reason);
        println!("  {:<40} {count:>8} {reason}", def.name);
    }
    println!("\nprograms changed by:");
    for (pass, count) in &tally.changed {
        println!("  {pass:<40} {count:>8}");
    }
    println!("\nnumbers not compared after:");
    for (reason, count) in &tally.skipped {
        println!("  {reason:<60} {count:>8}");
    }
    println!("\nfailures:");
    for (property, seeds) in failures {
        let first: Vec<String> = seeds.iter().take(8).map(u64::to_string).collect();
        println!("  {property:<40} {:>8}  seeds {} …", seeds.len(), first.join(", "));
    }
    let total: usize = failures.values().map(Vec::len).sum();
    println!("{total} of {} programs fail", tally.programs);
}
