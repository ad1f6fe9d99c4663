//! How the time of each pass grows when the number of ops doubles.
//!
//! Times are of the processor, so that other jobs on the machine count less, and of a pass with its
//! verification: what opens and ends a run is left out.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cpu_time::ProcessTime;
use milopt::pass::{Instrument, PassDef, PassEvent, PassReport};
use milopt::{Pipeline, Program, Runner};

use super::{Outcome, growth};

/// What one doubling may cost: the double, and some for caches that no longer hold everything.
const LIMIT: f64 = 2.3;

/// Less is noise.
const SHORTEST: Duration = Duration::from_millis(20);

/// Measures a pass on a program until runs add up to this, but not more often than [`RUNS`].
const ENOUGH: Duration = Duration::from_millis(300);
const RUNS: usize = 5;

/// Each pass of the registry on each shape, or one of them on one, from 2,000 ops to so many: seconds at the
/// end, and the worst growth from one size to the next. Where a pass only looks and finds nothing, it has a
/// line if that takes too long.
pub(super) fn passes(most: usize, only_pass: Option<&str>, only_shape: Option<&str>) -> Outcome<()> {
    let lengths: Vec<usize> =
        std::iter::successors(Some(2000), |length| Some(length * 2)).take_while(|&n| n <= most).collect();
    println!("| pass | shape | s at {} | worst doubling |", lengths.last().ok_or("fewer than 2000 ops")?);
    println!("|---|---|---:|---:|");
    let (mut worst, mut measured) = (0.0_f64, 0);
    for (name, shape) in
        growth::SHAPES.into_iter().filter(|(name, _)| only_shape.is_none_or(|only| only == *name))
    {
        let programs = lengths.iter().map(|&length| shape(length)).collect::<Result<Vec<_>, _>>()?;
        for def in milopt::passes::PASSES.iter().filter(|def| only_pass.is_none_or(|only| def.id == only)) {
            let is_shown = changes(def, &programs[0])?;
            let mut times = Vec::new();
            for program in &programs {
                times.push(shortest(def.id, program)?);
            }
            let mut most = (0.0_f64, 0);
            for at in 1..times.len() {
                if times[at] < SHORTEST {
                    continue;
                }
                // Once more where another job may have been in the way.
                if growth(&times, at) > LIMIT {
                    for at in [at - 1, at] {
                        times[at] = times[at].min(shortest(def.id, &programs[at])?);
                    }
                }
                most = if growth(&times, at) > most.0 { (growth(&times, at), lengths[at]) } else { most };
            }
            worst = worst.max(most.0);
            let seconds = times.last().map_or(0.0, Duration::as_secs_f64);
            let (growth, at) = most;
            measured += 1;
            if !is_shown && growth <= LIMIT {
                continue;
            }
            let growth = if at == 0 { "too short".to_owned() } else { format!("x{growth:.2} to {at}") };
            println!("| {} | {name} | {seconds:.3} | {growth} |", def.id);
        }
    }
    println!("\nat most x{worst:.2} per doubling, of {measured} passes on shapes");
    Ok(())
}

/// Each pass that takes longer than this on a shape of so many ops.
pub(super) fn within(ops: usize, most: Duration) -> Outcome<()> {
    println!("| pass | shape | ms for {ops} ops |");
    println!("|---|---|---:|");
    let mut slow = 0;
    for (name, shape) in growth::SHAPES {
        let program = shape(ops)?;
        for def in milopt::passes::PASSES {
            let time = shortest(def.id, &program)?;
            if time > most {
                println!("| {} | {name} | {:.0} |", def.id, time.as_secs_f64() * 1e3);
                slow += 1;
            }
        }
    }
    let measured = milopt::passes::PASSES.len() * growth::SHAPES.len();
    println!("\n{slow} of {measured} passes on shapes take more than {} ms", most.as_millis());
    Ok(())
}

/// What casting to fp16 takes beside cleaning up, by shape.
pub(super) fn casting(ops: usize) -> Outcome<()> {
    println!("| shape | add_fp16_cast, s | cleanup, s | ratio |");
    println!("|---|---:|---:|---:|");
    let shapes = super::CHAINS.into_iter().chain(growth::SHAPES);
    for (name, shape) in shapes {
        let program = shape(ops)?;
        let cast = shortest("add_fp16_cast", &program)?.as_secs_f64();
        let cleanup = shortest("cleanup", &program)?.as_secs_f64();
        println!("| {name} | {cast:.3} | {cleanup:.3} | {:.2} |", cast / cleanup);
    }
    Ok(())
}

fn growth(times: &[Duration], at: usize) -> f64 {
    times[at].as_secs_f64() / times[at - 1].as_secs_f64()
}

fn changes(def: &PassDef, program: &Program) -> Outcome<bool> {
    let pipeline = Pipeline::parse(def.id, &milopt::passes::registry())?;
    Ok(pipeline.run(&mut program.clone())?.changed())
}

/// The shortest of some runs.
fn shortest(pipeline: &str, program: &Program) -> Outcome<Duration> {
    let pipeline = Pipeline::parse(pipeline, &milopt::passes::registry())?;
    let (mut shortest, mut all) = (Duration::MAX, Duration::ZERO);
    for _ in 0..RUNS {
        let watch = Watch::default();
        let spent = watch.spent.clone();
        Runner::new().instrument(watch).run(&pipeline, &mut program.clone())?;
        let spent = *spent.lock().map_err(|_| "a run panicked")?;
        shortest = shortest.min(spent);
        all += spent;
        if all > ENOUGH {
            break;
        }
    }
    Ok(shortest)
}

/// Time of the processor in passes and their verification.
#[derive(Default)]
struct Watch {
    start: Option<ProcessTime>,
    spent: Arc<Mutex<Duration>>,
}

impl Instrument for Watch {
    fn before_pass(&mut self, _: &PassEvent<'_>, _: &Program) {
        self.start = Some(ProcessTime::now());
    }

    fn after_pass(&mut self, _: &PassEvent<'_>, _: &Program, _: &PassReport) -> Result<(), String> {
        let start = self.start.take().ok_or("a pass ended that did not begin")?;
        *self.spent.lock().map_err(|error| error.to_string())? += start.elapsed();
        Ok(())
    }
}
