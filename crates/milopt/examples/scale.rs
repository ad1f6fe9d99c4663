//! How time grows with the number of ops, and how much memory large weights take.
//!
//! ```text
//! cargo run --release --example scale                  # chains of 50,000 to 400,000 ops
//! cargo run --release --example scale -- 50000 100000  # of these lengths
//! cargo run --release --example scale -- memory 4      # a package with 4 GiB of weights
//! cargo run --release --example scale -- passes 64000  # each pass on chains and fans of 2,000 ops to so many
//! cargo run --release --example scale -- passes 64000 add_fp16_cast 'one value'
//! cargo run --release --example scale -- within 10000 200  # passes that take more than 200 ms for 10,000 ops
//! cargo run --release --example scale -- casting 100000  # add_fp16_cast beside cleanup, on the same shapes
//! cargo run --release --example scale -- make mixed 200000 chain.mlpackage
//! cargo run --release --example scale -- make memory 4 large.mlpackage
//! cargo run --release --example scale -- chunk 8 4     # a decoder of 8 GiB in four parts
//! ```
//!
//! With `PASSES=1` in the environment also the seconds of each pass.
//!
//! Both make their packages in a temporary folder, open, verify, run the pipeline `cleanup` and write the
//! result. Memory is what the kernel calls anonymous (Linux only): pages of files that it may drop are not
//! counted.
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

use std::error::Error;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cpu_time::ProcessTime;
use milopt::Package;
use milopt::ir::{NewOp, Program, Release, Type, ValueId};
use milopt::ops::{BuildError, ProgramBuilder};
use milopt::tensor::{Blob, DType, FileSource, Tensor};

#[path = "support/decoder.rs"]
mod decoder;
#[path = "support/doubling.rs"]
mod doubling;
#[path = "support/growth.rs"]
mod growth;
#[path = "support/peak.rs"]
mod peak;

use peak::Peak;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let folder = tempfile::tempdir()?;
    match words.split_first() {
        Some((first, rest)) if first == "memory" => {
            let gib = rest.first().map_or(Ok(4), |word| word.parse())?;
            memory(folder.path(), gib)
        }
        Some((first, [gib, parts])) if first == "chunk" => {
            decoder::chunks(folder.path(), gib.parse()?, parts.parse()?)
        }
        Some((first, rest)) if first == "passes" => {
            let most = rest.first().map_or(Ok(64_000), |word| word.parse())?;
            let word = |at: usize| rest.get(at).map(String::as_str);
            doubling::passes(most, word(1), word(2))
        }
        Some((first, rest)) if first == "within" => {
            let number = |at: usize, default: u64| rest.get(at).map_or(Ok(default), |word| word.parse());
            doubling::within(usize::try_from(number(0, 10_000)?)?, Duration::from_millis(number(1, 200)?))
        }
        Some((first, rest)) if first == "casting" => {
            doubling::casting(rest.first().map_or(Ok(100_000), |word| word.parse())?)
        }
        Some((first, [kind, size, path])) if first == "make" => {
            if kind == "memory" {
                return large(folder.path(), size.parse()?, Path::new(path));
            }
            let (_, chain) = CHAINS.iter().find(|(name, _)| name == kind).ok_or("no such chain")?;
            Ok(Package::from(chain(size.parse()?)?).save(path)?)
        }
        Some(_) => {
            time(folder.path(), &words.iter().map(|word| word.parse()).collect::<Result<Vec<_>, _>>()?)
        }
        None => time(folder.path(), &[50_000, 100_000, 200_000, 400_000]),
    }
}

fn time(folder: &Path, lengths: &[usize]) -> Outcome<()> {
    println!("chain       ops | {} | peak MiB", Stages::HEAD);
    for (name, chain) in CHAINS {
        let mut last: Option<Stages> = None;
        for &length in lengths {
            let path = folder.join("chain.mlpackage");
            let start = ProcessTime::now();
            let package = Package::from(chain(length)?);
            let make = start.elapsed();
            package.save(&path)?;
            drop(package);
            let peak = Peak::watch();
            let stages = Stages::measure(&path, &folder.join("out.mlpackage"), make)?;
            let growth = last.map(|last| format!("  x{:.2}", stages.total() / last.total()));
            println!("{name:6} {length:8} | {stages} | {:8.0}{}", peak.end(), growth.unwrap_or_default());
            last = Some(stages);
        }
    }
    Ok(())
}

/// Seconds by stage.
#[derive(Clone, Copy)]
struct Stages {
    make: Duration,
    open: Duration,
    verify: Duration,
    run: Duration,
    save: Duration,
}

impl Stages {
    const HEAD: &str = "   make    open  verify     run    save |     all";

    fn measure(input: &Path, output: &Path, make: Duration) -> Outcome<Stages> {
        let start = ProcessTime::now();
        let mut package = Package::open(input)?;
        let open = start.elapsed();

        let start = ProcessTime::now();
        for (_, program) in package.model().programs() {
            let faults = milopt::ops::verify_program(program).violations;
            if let Some(fault) = faults.first() {
                return Err(fault.to_string().into());
            }
        }
        let verify = start.elapsed();

        let start = ProcessTime::now();
        let cleanup = milopt::passes::registry().pipeline("cleanup").ok_or("no pipeline cleanup")??;
        let mut program = package.take_program()?;
        let report = cleanup.run(&mut program)?;
        let run = start.elapsed();
        // For finding the pass that grows.
        if std::env::var_os("PASSES").is_some() {
            for pass in &report.passes {
                println!(
                    "    {:24} {:7.3} s, {:7.3} s verify, {} ops",
                    pass.id, pass.seconds, pass.verify_seconds, pass.ops_after
                );
            }
        }

        let start = ProcessTime::now();
        package.set_program(program).save(output)?;
        Ok(Stages { make, open, verify, run, save: start.elapsed() })
    }

    /// Without making the program.
    fn total(&self) -> f64 {
        (self.open + self.verify + self.run + self.save).as_secs_f64()
    }
}

impl std::fmt::Display for Stages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for stage in [self.make, self.open, self.verify, self.run, self.save] {
            write!(f, "{:7.3} ", stage.as_secs_f64())?;
        }
        write!(f, "| {:7.3}", self.total())
    }
}

type Chain = fn(usize) -> Result<Program, BuildError>;

const CHAINS: [(&str, Chain); 4] = [("mixed", mixed), ("noop", noop), ("dead", dead), ("equal", equal)];

/// A builder, and the value at the end of the chain so far.
fn begin() -> (ProgramBuilder, ValueId) {
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let x = builder.input("x", Type::fixed(DType::Fp32, &[1, 4, 8, 8]));
    (builder, x)
}

/// An output that no pass removes.
fn end(mut builder: ProgramBuilder, x: ValueId) -> Result<Program, BuildError> {
    let y = builder.op(NewOp::new("relu").named("y").with("x", x))?;
    builder.finish([y])
}

/// Transposes, sums with constants of their own and of all, activations.
fn mixed(ops: usize) -> Result<Program, BuildError> {
    let (mut builder, mut x) = begin();
    let one = builder.tensor("one", Tensor::scalar(1.0_f32));
    for i in 0..ops {
        let name = format!("op_{i}");
        let new = match i % 6 {
            0 | 2 => {
                let order = if i % 6 == 0 { [0, 2, 3, 1] } else { [0, 3, 1, 2] };
                let perm = builder.tensor(&format!("{name}_perm"), Tensor::ints(&order));
                NewOp::new("transpose").with("perm", perm)
            }
            1 => NewOp::new("relu"),
            3 => {
                let bias = builder.tensor(&format!("{name}_y"), Tensor::scalar(i as f32));
                NewOp::new("add").with("y", bias)
            }
            4 => NewOp::new("mul").with("y", one),
            _ => NewOp::new("identity"),
        };
        x = builder.op(new.named(name).with("x", x))?;
    }
    end(builder, x)
}

/// Every op goes, and all of them use one constant.
fn noop(ops: usize) -> Result<Program, BuildError> {
    let (mut builder, mut x) = begin();
    let one = builder.tensor("one", Tensor::scalar(1.0_f32));
    for i in 0..ops {
        x = builder.op(NewOp::new("mul").named(format!("op_{i}")).with("x", x).with("y", one))?;
    }
    end(builder, x)
}

/// Every op uses the input, and nothing uses the op.
fn dead(ops: usize) -> Result<Program, BuildError> {
    let (mut builder, x) = begin();
    for i in 0..ops {
        builder.op(NewOp::new("exp").named(format!("op_{i}")).with("x", x))?;
    }
    end(builder, x)
}

/// Two chains of the same ops over equal constants become one.
fn equal(ops: usize) -> Result<Program, BuildError> {
    let (mut builder, start) = begin();
    let mut ends = Vec::new();
    for side in 0..2 {
        let mut x = start;
        for i in 0..ops / 2 {
            let name = format!("op_{side}_{i}");
            let bias = builder.tensor(&format!("{name}_y"), Tensor::scalar(i as f32));
            x = builder.op(NewOp::new("add").named(name).with("x", x).with("y", bias))?;
        }
        ends.push(x);
    }
    let x = builder.op(NewOp::new("sub").named("difference").with("x", ends[0]).with("y", ends[1]))?;
    end(builder, x)
}

fn memory(folder: &Path, gib: u64) -> Outcome<()> {
    let input = folder.join("large.mlpackage");
    let start = ProcessTime::now();
    large(folder, gib, &input)?;
    let make = start.elapsed();
    let peak = Peak::watch();
    let stages = Stages::measure(&input, &folder.join("out.mlpackage"), make)?;
    println!("{} | peak MiB", Stages::HEAD);
    println!("{stages} | {:8.0}", peak.end());
    Ok(())
}

/// Weights of which many have the same shape, and two of them the same bytes.
fn large(folder: &Path, gib: u64, path: &Path) -> Outcome<()> {
    const COUNT: u64 = 16;
    let (rows, columns) = (4096, (gib << 30) / COUNT / 2 / 4096);
    let columns = usize::try_from(columns)?;
    let bytes = (rows * columns * 2) as u64;
    // Holes but for the first and the last element of each.
    let mut file = tempfile::tempfile_in(folder)?;
    file.set_len(bytes * COUNT)?;
    for i in 0..COUNT {
        // The first two are equal.
        let value = [i.max(1) as u8, 0x20];
        for place in [i * bytes, (i + 1) * bytes - 2] {
            file.seek(SeekFrom::Start(place))?;
            file.write_all(&value)?;
        }
    }
    let source = Arc::new(FileSource::new(file)?);
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let x = builder.input("x", Type::fixed(DType::Fp16, &[1, columns]));
    let mut ends = Vec::new();
    for i in 0..COUNT {
        let blob = Blob { source: source.clone(), range: i * bytes..(i + 1) * bytes };
        let weight = Tensor::from_blob(DType::Fp16, &[rows, columns], blob)?;
        let weight = builder.tensor(&format!("weight_{i}"), weight);
        ends.push(
            builder
                .op(NewOp::new("linear").named(format!("linear_{i}")).with("x", x).with("weight", weight))?,
        );
    }
    let mut y = ends[0];
    for (i, &end) in ends.iter().enumerate().skip(1) {
        y = builder.op(NewOp::new("add").named(format!("sum_{i}")).with("x", y).with("y", end))?;
    }
    Ok(Package::from(builder.finish([y])?).save(path)?)
}
