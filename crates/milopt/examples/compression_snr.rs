//! What rounding from samples gains: the signal to noise of a model's outputs with weights, and activations, of
//! few bits, beside plain rounding at the same size.
//!
//! ```text
//! cargo run --release --example compression_snr -- MODEL ...
//! ```
//!
//! Each model runs through the pipeline `default` first, and is raised to iOS18 where it is older. Ranges and
//! rounding learn from 3 random calls; a fourth one judges whether what they learned is kept, as in `milopt
//! compress --compensate`; what is measured are 2 others. The exit code is 1 where a row is worse than plain
//! rounding by more than 0.05 dB.
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use milopt::calibrate::{Calibration, activations, ranges};
use milopt::eval::{EvalOptions, EvalValue, Evaluator, Flavour, Inputs, Outputs, random_inputs};
use milopt::ir::{Program, Release};
use milopt::pass::{Pipeline, Sample};
use milopt::{Package, Runner, inspect, ops, passes};
use serde_json::{Value, json};

/// Calls that are learned from, others that judge, and others that are measured.
const LEARNED: std::ops::Range<u64> = 0..3;
const JUDGES: std::ops::Range<u64> = 3..4;
const MEASURED: std::ops::Range<u64> = 100..102;

/// A gain below this is none.
const GRAIN: f64 = 0.05;

type Fault = Box<dyn Error>;

/// A model and its calls.
struct Subject {
    program: Program,
    function: String,
    learned: Vec<Inputs>,
    judges: Calls,
    measured: Calls,
}

/// Calls, and what the model gives for them.
struct Calls {
    inputs: Vec<Inputs>,
    reference: Vec<Outputs>,
}

/// A row of the table.
struct Row {
    name: &'static str,
    pass: &'static str,
    fields: Value,
    /// Activations become integers, too.
    activations: bool,
}

fn main() -> Result<ExitCode, Fault> {
    let mut worse = 0;
    println!("| model | form | size | plain | from samples | gain | seconds |");
    println!("|---|---|--:|--:|--:|--:|--:|");
    for path in std::env::args().skip(1) {
        let subject = Subject::open(&path)?;
        for row in rows() {
            let plain = subject.compressed(&row, false)?;
            let start = Instant::now();
            let mut found = subject.compressed(&row, true)?;
            let seconds = start.elapsed().as_secs_f64();
            let judged = |program: &Program| subject.snr(program, &subject.judges);
            let kept = judged(&found)? >= judged(&plain)?;
            if !kept {
                found = plain.clone();
            }
            let measured = |program: &Program| subject.snr(program, &subject.measured);
            let (before, after) = (measured(&plain)?, measured(&found)?);
            let (size, same) = (inspect::weights(&found).bytes, inspect::weights(&plain).bytes);
            let name = path.rsplit('/').next().unwrap_or(&path).trim_end_matches(".mlpackage");
            println!(
                "| {name} | {} | {:.2} MB | {before:.1} dB | {after:.1} dB | {} | {seconds:.0} |",
                row.name,
                size as f64 / 1e6,
                if kept { format!("{:+.1} dB", after - before) } else { "not kept".to_owned() },
            );
            if after < before - GRAIN || size != same {
                worse += 1;
            }
        }
    }
    Ok(if worse == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn rows() -> [Row; 4] {
    let quantized = |name, dtype, activations| Row {
        name,
        pass: "linear_quantize_weights",
        fields: json!({"dtype": dtype, "granularity": "per_channel"}),
        activations,
    };
    [
        quantized("int8 weights", "int8", false),
        quantized("int4 weights", "int4", false),
        Row {
            pass: "palettize_weights",
            fields: json!({"nbits": 4}),
            ..quantized("4 bit palettes", "", false)
        },
        quantized("int8 weights and activations", "int8", true),
    ]
}

impl Subject {
    fn open(path: &str) -> Result<Subject, Fault> {
        let mut program = Package::open(path)?.take_program()?;
        Pipeline::parse("default", &passes::registry())?.run(&mut program)?;
        let function = program.functions.keys().next().ok_or("the program has no function")?.to_string();
        let release = program.function(&function).and_then(|function| function.opset.release());
        if release.is_none_or(|release| release < Release::IOS18) {
            ops::retarget(&mut program, Release::IOS18)?;
        }
        let graph = program.graph(&function).ok_or("the function has no graph")?;
        let interface = program.interface.function(&function);
        let calls = |seeds: std::ops::Range<u64>| -> Result<Vec<Inputs>, Fault> {
            let call = |seed| Ok(random_inputs(graph, interface, Flavour::Normal, seed)?);
            seeds.map(call).collect()
        };
        let with_reference = |inputs: Vec<Inputs>| -> Result<Calls, Fault> {
            Ok(Calls { reference: outputs(&program, &function, &inputs)?, inputs })
        };
        let learned = calls(LEARNED)?;
        let (judges, measured) = (with_reference(calls(JUDGES)?)?, with_reference(calls(MEASURED)?)?);
        Ok(Subject { program, function, learned, judges, measured })
    }

    /// With the form of a row: plainly rounded, or from samples.
    fn compressed(&self, row: &Row, from_samples: bool) -> Result<Program, Fault> {
        let mut program = self.program.clone();
        let mut options = json!({"config": {"global_config": row.fields}});
        if from_samples {
            options["samples"] = json!("learned");
        }
        let mut passes = vec![json!({"pass": row.pass, "options": options})];
        if row.activations {
            let graph = program.graph(&self.function).ok_or("the function has no graph")?;
            let names = activations(graph);
            let found = ranges(&program, &self.function, &names, &self.learned, Calibration::MinMax)?;
            let found =
                found.into_iter().map(|(name, (least, most))| (name, json!({"rmin": least, "rmax": most})));
            let options = json!({
                "config": {"global_config": {"dtype": "int8", "mode": "linear"}},
                "activation_stats": Value::Object(found.collect()),
            });
            passes.push(json!({"pass": "insert_prefix_quantize_dequantize_pair", "options": options}));
            passes.push(json!({"pass": "insert_suffix_quantize_dequantize_pair", "options": options}));
            passes.push(json!("dequantize_quantize_pair_elimination"));
        }
        let pipeline = Pipeline::from_json(&Value::Array(passes).to_string(), &passes::registry())?;
        let calls = self.learned.iter().map(|call| {
            let array = |(name, array): (&milopt::ir::Name, &milopt::eval::Array)| {
                Ok::<_, Fault>((name.clone(), array.to_tensor()?))
            };
            call.iter().map(array).collect::<Result<Sample, _>>()
        });
        let calls = calls.collect::<Result<Vec<_>, _>>()?;
        Runner::new().samples("learned", calls).run(&pipeline, &mut program)?;
        Ok(program)
    }

    /// Signal to noise of all outputs together.
    fn snr(&self, program: &Program, calls: &Calls) -> Result<f64, Fault> {
        let (mut signal, mut noise) = (0.0, 0.0);
        for (old, new) in calls.reference.iter().zip(outputs(program, &self.function, &calls.inputs)?) {
            for (name, old) in old {
                let (EvalValue::Array(old), Some(EvalValue::Array(new))) = (old, new.get(name)) else {
                    continue;
                };
                for (old, new) in old.reals::<f64>()?.iter().zip(new.reals::<f64>()?.iter()) {
                    signal += old * old;
                    noise += (old - new) * (old - new);
                }
            }
        }
        Ok(10.0 * (signal / noise).log10())
    }
}

fn outputs(program: &Program, function: &str, calls: &[Inputs]) -> Result<Vec<Outputs>, Fault> {
    let evaluator = Evaluator::new(program, function, EvalOptions::default())?;
    Ok(calls.iter().map(|call| evaluator.run(call)).collect::<Result<_, _>>()?)
}
