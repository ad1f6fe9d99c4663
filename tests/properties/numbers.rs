//! Does a rewritten program still compute the same?
//!
//! An exact pass must leave the same bits in every output. A rounding pass is held to a bound for each output as a whole: its largest
//! error, measured against an evaluation of the original in `f64`, is at most [`FACTOR`] times the original's own largest error,
//! plus as many units in the last place of the largest number. The bound per element that passes promise cannot be asked for
//! in random programs: where terms cancel, the original is now and then exact by chance. Outputs that an op has touched which
//! turns the last bit into another number altogether ([`JUMPS`]) are left out, and those behind a number that is not finite.

use std::collections::BTreeSet;

use milopt::eval::{
    EvalOptions, EvalValue, Evaluator, Flavour, Inputs, NumericsClass, Outputs, random_inputs, verify,
};
use milopt::ir::{Graph, Name, OpId, Opset, Program};
use milopt::pass::{Instrument, Numerics, PassEvent, PassReport};

/// See the module's documentation.
const FACTOR: f64 = 16.0;

/// Ops whose result jumps.
const JUMPS: &[&str] = &[
    "argsort",
    "ceil",
    "classify",
    "cond",
    "equal",
    "floor",
    "floor_div",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "mod",
    "non_maximum_suppression",
    "non_zero",
    "not_equal",
    "quantize",
    "random_categorical",
    "reduce_argmax",
    "reduce_argmin",
    "resample",
    "round",
    "sign",
    "thresholded_relu",
    "topk",
    "while_loop",
];

/// The graph that runs, with its opset.
pub(super) fn graph(program: &Program) -> Option<(&Graph, &Opset)> {
    program.functions.values().find_map(|function| Some((function.graph()?, &function.opset)))
}

/// How programs are run: the same numbers on every machine.
pub(super) fn options() -> EvalOptions {
    EvalOptions::default().reproducible()
}

/// Inputs of these flavours.
pub(super) fn inputs(program: &Program, flavours: &[Flavour], seed: u64) -> Result<Vec<Inputs>, String> {
    let (graph, _) = graph(program).ok_or("no graph")?;
    let interface = program.interface.function("main");
    flavours
        .iter()
        .zip(seed..)
        .map(|(&flavour, seed)| random_inputs(graph, interface, flavour, seed))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

/// An op draws numbers that depend on how many ops run before it.
pub(super) fn unseeded(program: &Program) -> bool {
    program.graphs().any(|(_, _, graph)| {
        graph.walk().any(|op| {
            graph.op(op).kind().starts_with("random_")
                && graph.constant(op, "seed").and_then(|seed| seed.item_i64()).is_none_or(|seed| seed < 0)
        })
    })
}

/// Holds a rewritten program to the class of its pass. `Some`: not compared, for this reason.
pub(super) fn kept(
    before: &Program,
    after: &Program,
    class: Numerics,
    flavours: &[Flavour],
    seed: u64,
) -> Result<Option<&'static str>, String> {
    if unseeded(before) {
        return Ok(Some("random numbers"));
    }
    match class {
        Numerics::Exact => exact(before, after, flavours, seed).map(|()| None),
        Numerics::Rounding => rounding(before, after, flavours, seed),
        Numerics::Lossy => Ok(Some("lossy")),
    }
}

fn exact(before: &Program, after: &Program, flavours: &[Flavour], seed: u64) -> Result<(), String> {
    let (Some(old), Some(new)) = (graph(before), graph(after)) else { return Err("no graph".into()) };
    let inputs = inputs(before, flavours, seed)?;
    let report =
        verify(old, new, NumericsClass::Exact, &inputs, &options()).map_err(|error| error.to_string())?;
    match report.broken().next() {
        None => Ok(()),
        Some(found) => Err(format!(
            "{} changes for {:?} inputs in {} elements: {:?}",
            found.output, flavours[found.input], found.wrong, found.worst
        )),
    }
}

fn rounding(
    before: &Program,
    after: &Program,
    flavours: &[Flavour],
    seed: u64,
) -> Result<Option<&'static str>, String> {
    let (Some((old, opset)), Some((new, _))) = (graph(before), graph(after)) else {
        return Err("no graph".into());
    };
    let all = old
        .root()
        .ops()
        .flat_map(|op| old.op(op).results().iter().map(|&value| old.value(value).name().as_str()));
    let all: Vec<&str> = all.collect();
    let outputs: Vec<&str> = old.root().outputs().map(|value| old.value(value).name().as_str()).collect();
    let run =
        |graph: &Graph, names: &[&str], options: EvalOptions, inputs: &Inputs| -> Result<Outputs, String> {
            let evaluator = Evaluator::of_graph(graph, opset, "main".into(), None, options);
            let evaluator = evaluator.and_then(|evaluator| evaluator.with_outputs(names));
            evaluator.and_then(|evaluator| evaluator.run(inputs)).map_err(|error| error.to_string())
        };
    let mut compared = false;
    for (flavour, inputs) in flavours.iter().zip(inputs(before, flavours, seed)?) {
        let was = run(old, &all, options(), &inputs)?;
        let smooth = smooth_outputs(old, &was);
        if smooth.is_empty() {
            continue;
        }
        compared = true;
        let is = run(new, &outputs, options(), &inputs)?;
        let exact = run(old, &outputs, options().double(), &inputs)?;
        for name in &smooth {
            let values = [was.get(name), is.get(name), exact.get(name)]
                .map(|value| value.and_then(EvalValue::as_array));
            let [Some(was), Some(is), Some(exact)] = values else { continue };
            if was.shape() != is.shape() || was.dtype() != is.dtype() {
                return Err(format!("{name} is another type"));
            }
            let (Ok(a), Ok(b), Ok(wide)) = (was.reals::<f64>(), is.reals::<f64>(), exact.reals::<f64>())
            else {
                continue;
            };
            if let Some(worst) = excess(&a, &b, &wide, was.dtype()) {
                return Err(format!("{name} changes for {flavour:?} inputs: {worst}"));
            }
        }
    }
    Ok((!compared).then_some("rounding decides"))
}

/// Which element is further off than it may be, where the original's numbers are all finite and not near the end of the type.
fn excess(was: &[f64], is: &[f64], exact: &[f64], dtype: milopt::tensor::DType) -> Option<String> {
    use milopt::tensor::DType;
    let (largest, epsilon) = match dtype {
        DType::Fp16 => (60_000.0, f64::from(half_epsilon())),
        DType::Fp32 => (1e36, f64::from(f32::EPSILON)),
        _ => return was.iter().zip(is).any(|(a, b)| a != b).then(|| "integers differ".to_owned()),
    };
    let in_range = |value: &f64| value.is_finite() && value.abs() < largest;
    if !exact.iter().chain(was).all(in_range) {
        return None;
    }
    let error = was.iter().zip(exact).fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
    let scale = exact.iter().fold(0.0_f64, |worst, value| worst.max(value.abs()));
    // Where terms of ordinary size cancel to nothing even in `f64`, as in `1 + erf(x)` far below 0, a better formula gives what
    // is left of them.
    let least = if dtype == DType::Fp16 { 6e-8 } else { 1e-15 };
    let allowed = FACTOR * (error + scale * epsilon + least);
    // NaN is too far off.
    let is_wrong = |(is, exact): (&f64, &f64)| is.is_nan() || (is - exact).abs() > allowed;
    let at = is.iter().zip(exact).position(is_wrong)?;
    Some(format!(
        "element {at} was {:e}, is {:e}, exactly {:e}; {allowed:e} allowed",
        was[at], is[at], exact[at]
    ))
}

const fn half_epsilon() -> f32 {
    0.000_976_562_5
}

/// A value holds no infinity and no NaN.
fn is_finite(value: &EvalValue) -> bool {
    let array = value.as_array().filter(|array| array.dtype().is_float());
    array.is_none_or(|array| {
        array.reals::<f64>().is_ok_and(|values| values.iter().all(|value| value.is_finite()))
    })
}

/// Names of the outputs that no jump reaches, and no value that is not finite.
fn smooth_outputs(graph: &Graph, values: &Outputs) -> Vec<Name> {
    let mut jumpy: BTreeSet<OpId> = BTreeSet::new();
    let root = graph.root();
    for op in root.ops() {
        let found = graph.op(op);
        let from_jump =
            found.values().filter_map(|value| graph.definition(value)).any(|source| jumpy.contains(&source));
        let narrows = found.kind() == "cast" && !result_is_float(graph, op);
        // States make a jump reach what no operand does.
        let state = found.kind() == "read_state";
        let finite =
            found.results().iter().all(|&value| values.get(graph.value(value).name()).is_none_or(is_finite));
        if from_jump || narrows || state || !finite || JUMPS.contains(&found.kind().as_str()) {
            jumpy.insert(op);
        }
    }
    root.outputs()
        .filter(|&value| graph.definition(value).is_none_or(|op| !jumpy.contains(&op)))
        .map(|value| graph.value(value).name().clone())
        .collect()
}

fn result_is_float(graph: &Graph, op: OpId) -> bool {
    graph
        .op(op)
        .results()
        .iter()
        .all(|&value| graph.value(value).ty().dtype().is_some_and(|dtype| dtype.is_float()))
}

/// Holds every pass of a pipeline to its class, for two flavours of inputs.
#[derive(Debug)]
pub(super) struct Watch {
    seed: u64,
    before: Option<Program>,
}

impl Watch {
    pub(super) fn new(seed: u64) -> Watch {
        Watch { seed, before: None }
    }
}

impl Instrument for Watch {
    fn before_pass(&mut self, _: &PassEvent<'_>, program: &Program) {
        self.before = Some(program.clone());
    }

    fn after_pass(
        &mut self,
        event: &PassEvent<'_>,
        program: &Program,
        report: &PassReport,
    ) -> Result<(), String> {
        match self.before.take() {
            Some(before) if report.changed => {
                // Each pass by itself meets all flavours already.
                let all = Flavour::ALL;
                let first = self.seed as usize % all.len();
                let flavours = [all[first], all[(first + 2) % all.len()]];
                kept(&before, program, event.def.numerics, &flavours, self.seed).map(drop)
            }
            _ => Ok(()),
        }
    }
}
