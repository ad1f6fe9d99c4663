//! How fast the interpreter runs a model, and in how much memory.
//!
//! ```text
//! cargo run --release --example eval_speed -- MODEL [RUNS]
//! ```
//!
//! Random inputs, one call to warm up, then the median of RUNS calls (5). Reading the model and its constants
//! is not in the time. Memory is what the kernel calls anonymous (Linux only), from opening to the end,
//! beside the bytes of the weights and of the largest result of an op. `eval_speed.py` beside this file runs
//! it on torchvision's ResNet-18 together with PyTorch.
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

#[path = "support/peak.rs"]
mod peak;

use std::error::Error;
use std::time::Instant;

use milopt::Package;
use milopt::eval::{EvalOptions, Evaluator, Flavour, random_inputs};
use milopt::ir::Graph;
use peak::Peak;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let path = words.first().ok_or("the path of a model is wanted")?;
    let runs = words.get(1).map_or(Ok(5), |word| word.parse())?;
    let peak = Peak::watch();
    let program = Package::open(path)?.take_program()?;
    let (name, function) = program.functions.iter().next().ok_or("the program has no function")?;
    let graph = function.graph().ok_or("the function has no graph")?;
    let evaluator = Evaluator::new(&program, name, EvalOptions::default())?;
    let inputs = random_inputs(graph, program.interface.function(name), Flavour::Normal, 1)?;
    evaluator.run(&inputs)?;
    let mut seconds = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        evaluator.run(&inputs)?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let median = seconds.get(seconds.len() / 2).ok_or("RUNS must be at least 1")?;
    let mib = |bytes: usize| bytes as f64 / (1 << 20) as f64;
    let (weights, largest) = (mib(weight_bytes(graph)), mib(largest_result(graph)));
    let peak = peak.end();
    println!("median of {runs}: {median:.4} s");
    println!(
        "peak {peak:.1} MiB, weights {weights:.1} MiB, largest result {largest:.1} MiB: {:.2} times their sum",
        peak / (weights + largest)
    );
    Ok(())
}

fn weight_bytes(graph: &Graph) -> usize {
    graph.tensors().filter_map(|(_, tensor)| tensor.byte_len()).sum()
}

fn largest_result(graph: &Graph) -> usize {
    let results = graph.walk().flat_map(|op| graph.op(op).results().to_vec());
    let bytes = results.filter_map(|value| {
        let ty = graph.value(value).ty();
        let elements = ty.fixed_shape()?.iter().try_fold(1_usize, |n, &size| n.checked_mul(size))?;
        ty.dtype()?.byte_len(elements)
    });
    bytes.max().unwrap_or(0)
}
