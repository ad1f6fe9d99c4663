//! How large the values of a function are, and how many digits fp16 leaves of them.

use std::collections::{BTreeMap, HashMap};

use mil_eval::{Array, EvalOptions, EvalValue, Evaluator, Inputs};
use mil_ir::{Graph, Name, OpId, Program, ValueId};
use mil_ops::{Range, Ranges, Shapes};
use mil_tensor::DType;

/// Digits that a value of fp16 has at most: the noise of one rounding is a third of `2^-11` squared, at worst.
pub const FP16_DIGITS: f64 = 3.3;

/// The largest finite number of fp16.
const LARGEST: f64 = 65504.0;

/// One result of an op, if it is an array of floats.
#[derive(Clone, Debug)]
pub struct ValueRange {
    /// The op that gives it, by its label.
    pub op: Name,
    /// The op's type.
    pub kind: Name,
    /// Its name.
    pub value: Name,
    /// What follows from the inputs' declarations.
    pub declared: Range,
    /// What it was in the calls.
    pub seen: Option<Seen>,
}

/// What a value was.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The least finite element.
    pub low: f64,
    /// The greatest finite element.
    pub high: f64,
    /// The least magnitude that is not 0.
    pub least: f64,
    /// Decimal digits that agree with fp32 where everything up to here is computed in fp16. 0 where something is
    /// infinite or NaN that was not before.
    pub digits: f64,
    /// So many fewer than the worst of the op's operands has.
    pub lost: f64,
}

impl ValueRange {
    /// It leaves fp16: in the calls, or without calls by what is declared.
    pub fn leaves_fp16(&self) -> bool {
        match self.seen {
            Some(seen) => seen.low.abs().max(seen.high.abs()) > LARGEST,
            None => self.declared.leaves_fp16(),
        }
    }
}

/// The ranges of all floats that the outermost block of a function computes, in program order. `told` says what
/// inputs range over, and `calls` are samples to run.
///
/// # Errors
///
/// If there is no such function, or it does not run on the samples.
pub fn ranges(
    program: &Program,
    function: &str,
    told: &BTreeMap<Name, Range>,
    calls: &[Inputs],
) -> Result<Vec<ValueRange>, mil_eval::Error> {
    let missing = || mil_eval::Error::NoFunction(function.into());
    let found = program.function(function).ok_or_else(missing)?;
    let graph = found.graph().ok_or_else(missing)?;
    let interface = program.interface.function(function);
    let shapes = Shapes::of(graph, &found.opset, interface);
    let declared = Ranges::of(graph, &found.opset, interface, &shapes, told);
    let is_float = |value: ValueId| graph.value(value).ty().dtype().is_some_and(DType::is_float);
    let results = |op: OpId| graph.op(op).results().iter().copied().filter(move |&value| is_float(value));
    let ops: Vec<OpId> = graph.root().ops().filter(|&op| graph.op(op).kind() != "const").collect();
    let inputs = graph.root().inputs().iter().copied().filter(|&value| is_float(value));
    let values: Vec<ValueId> = inputs.chain(ops.iter().copied().flat_map(results)).collect();
    let seen = see(program, function, graph, &values, calls)?;
    let row = |op: OpId, value: ValueId| {
        let operands = graph.op(op).values().filter_map(|operand| seen.get(&operand));
        let before = operands.map(|seen| seen.digits).fold(f64::INFINITY, f64::min).min(FP16_DIGITS);
        let seen = seen.get(&value).map(|seen| Seen { lost: (before - seen.digits).max(0.0), ..*seen });
        ValueRange {
            op: graph.label(op).clone(),
            kind: graph.op(op).kind().clone(),
            value: graph.value(value).name().clone(),
            declared: declared.of_value(value),
            seen,
        }
    };
    Ok(ops
        .into_iter()
        .flat_map(|op| results(op).map(move |value| (op, value)))
        .map(|(op, value)| row(op, value))
        .collect())
}

/// Runs the calls in fp32, and with everything rounded to fp16.
fn see(
    program: &Program,
    function: &str,
    graph: &Graph,
    values: &[ValueId],
    calls: &[Inputs],
) -> Result<HashMap<ValueId, Seen>, mil_eval::Error> {
    let mut seen: HashMap<ValueId, Gathered> = HashMap::new();
    if calls.is_empty() {
        return Ok(HashMap::new());
    }
    let evaluator = || {
        let found = Evaluator::new(program, function, EvalOptions::default().reproducible())?;
        found.with_values(values)
    };
    let (exact, half) = (evaluator()?, evaluator()?.rounded_to(DType::Fp16, 1));
    for call in calls {
        let exact = exact.session()?.run(call)?;
        let half = half.session()?.run(call)?;
        for ((&value, exact), half) in values.iter().zip(exact.values()).zip(half.values()) {
            if let (EvalValue::Array(exact), EvalValue::Array(half)) = (exact, half)
                && graph.value(value).ty().as_tensor().is_some()
            {
                seen.entry(value).or_default().add(exact, half);
            }
        }
    }
    Ok(seen.into_iter().map(|(value, gathered)| (value, gathered.seen())).collect())
}

/// What one value was so far.
struct Gathered {
    low: f64,
    high: f64,
    least: f64,
    signal: f64,
    noise: f64,
}

impl Default for Gathered {
    fn default() -> Gathered {
        let low = f64::INFINITY;
        Gathered { low, high: -low, least: low, signal: 0.0, noise: 0.0 }
    }
}

impl Gathered {
    fn add(&mut self, exact: &Array, half: &Array) {
        let (Ok(exact), Ok(half)) = (exact.reals::<f64>(), half.reals::<f64>()) else { return };
        for (&exact, &half) in exact.iter().zip(half.iter()).filter(|(exact, _)| exact.is_finite()) {
            self.low = self.low.min(exact);
            self.high = self.high.max(exact);
            if exact != 0.0 {
                self.least = self.least.min(exact.abs());
            }
            self.signal += exact * exact;
            self.noise += if half.is_finite() { (exact - half) * (exact - half) } else { f64::INFINITY };
        }
    }

    fn seen(self) -> Seen {
        let ratio = if self.noise == 0.0 { 0.0 } else { self.noise / self.signal };
        let digits = (-ratio.log10() / 2.0).clamp(0.0, FP16_DIGITS);
        Seen { low: self.low, high: self.high, least: self.least, digits, lost: 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: &str = r#"program(1.3)
{
    func main<ios17>(tensor<fp32, [2]> x) {
        tensor<fp32, [2]> a = sigmoid(x = x)[name = string("a")];
        tensor<fp32, [2]> s = mul(x = a, y = fp32(4))[name = string("s")];
        tensor<fp32, [2]> b = mul(x = s, y = fp32(30000))[name = string("b")];
        tensor<fp32, [2]> c = mul(x = b, y = fp32(0x1p-15))[name = string("c")];
    } -> (c);
}
"#;

    fn of(calls: &[Inputs]) -> Vec<ValueRange> {
        let program = mil_ir::text::parse(PROGRAM).unwrap();
        ranges(&program, "main", &BTreeMap::new(), calls).unwrap()
    }

    #[test]
    fn declarations_alone_say_what_leaves_fp16() {
        let found = of(&[]);
        let beyond: Vec<&str> =
            found.iter().filter(|row| row.leaves_fp16()).map(|row| row.value.as_str()).collect();
        assert_eq!(beyond, ["b"]);
        assert_eq!((found[0].declared.low, found[0].declared.high), (0.0, 1.0));
        assert!(found.iter().all(|row| row.seen.is_none()));
    }

    #[test]
    fn samples_say_what_happens() {
        let call =
            |x: [f32; 2]| Inputs::from_iter([("x".into(), Array::from_vec(&[2], x.to_vec()).unwrap())]);
        let small = of(&[call([-3.0, -2.0])]);
        assert!(small.iter().all(|row| !row.leaves_fp16() && row.seen.unwrap().digits > 2.5), "{small:?}");
        let large = of(&[call([0.0, 8.0])]);
        let seen = |at: usize| large[at].seen.unwrap();
        assert!(large[2].leaves_fp16() && seen(2).high > 99_000.0);
        assert!(seen(2).lost > 2.5 && seen(2).digits == 0.0);
        assert!(seen(3).lost == 0.0, "what is lost is lost once");
    }

    #[test]
    fn what_does_not_run_is_an_error() {
        let program = mil_ir::text::parse(PROGRAM).unwrap();
        assert!(ranges(&program, "other", &BTreeMap::new(), &[]).is_err());
        let call = Inputs::from_iter([("x".into(), Array::from_vec(&[3], vec![0_f32; 3]).unwrap())]);
        assert!(ranges(&program, "main", &BTreeMap::new(), &[call]).is_err());
    }
}
