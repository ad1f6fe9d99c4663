//! Any program is evaluated or refused: within the limits, without a panic. The input is MIL text, or the
//! seed of a random program and of the damage done to it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mil_eval::{EvalOptions, Evaluator, Flavour, random_inputs};
use mil_generate::{Stream, Options, damage, generate};
use mil_ir::{Program, text};

fn program(data: &[u8]) -> Option<Program> {
    if let Some(text) = std::str::from_utf8(data).ok().filter(|text| text.trim_start().starts_with("program")) {
        return text::parse(text).ok();
    }
    let (seed, rest) = data.split_first_chunk::<4>()?;
    let (damaged, rest) = rest.split_first_chunk::<4>()?;
    let options = Options {
        seed: u32::from_le_bytes(*seed).into(),
        size: usize::from(rest.first().copied().unwrap_or(8) % 24),
        ..Options::default()
    };
    let mut program = generate(&options).ok()?;
    let mut dice = Stream::new(u32::from_le_bytes(*damaged).into());
    damage(&mut program, &mut dice, usize::from(rest.get(1).copied().unwrap_or(3) % 8));
    Some(program)
}

fuzz_target!(|data: &[u8]| {
    let Some(program) = program(data) else { return };
    let _ = mil_ops::verify_program(&program);
    let mut options = EvalOptions::default().reproducible();
    options.limits.value_bytes = 1 << 18;
    options.limits.held_bytes = 1 << 24;
    options.limits.ops = 2000;
    options.limits.iterations = 100;
    for (name, function) in &program.functions {
        let Some(graph) = function.graph() else { continue };
        // Inputs are as large as the program says, up to a gigabyte: what an app hands over is the app's own.
        let elements = |ty: &mil_ir::Type| ty.fixed_shape().map_or(0, |shape| shape.iter().fold(1, |n: usize, &size| n.saturating_mul(size)));
        if graph.root().inputs().iter().any(|&value| elements(graph.value(value).ty()) > 1 << 16) {
            continue;
        }
        let interface = program.interface.function(name);
        if let Ok(evaluator) = Evaluator::of_graph(graph, &function.opset, name.clone(), interface, options.clone())
            && let Ok(inputs) = random_inputs(graph, interface, Flavour::Normal, 1)
        {
            let _ = evaluator.run(&inputs);
        }
    }
});
