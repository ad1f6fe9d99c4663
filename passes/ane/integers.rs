//! Integers that fp16 can stand for: how they are computed, and the range in which they lie.

use mil_ir::{NewOp, OpId, Operand, ValueId};
use mil_pass::{No, Rewrite};
use mil_tensor::{DType, Tensor};

use super::extremes::Places;
use super::{Steps, number};

/// fp16 holds every integer up to here.
const COUNTS: f64 = 2048.0;
/// The largest number of fp16.
const LARGEST: f64 = 65504.0;
/// Ops that a plan may hold: one that feeds two would be computed twice.
const MOST: usize = 24;

/// How integers are computed as floats.
pub(super) struct Plan {
    /// The least that they may be.
    pub(super) low: f64,
    /// The most.
    pub(super) high: f64,
    how: How,
}

enum How {
    /// What was cast: floats, whole already, never negative, or neither.
    Cast {
        x: ValueId,
        fraction: Fraction,
    },
    /// What was cast from truth values.
    Bools(ValueId),
    Constant(Tensor),
    /// An op like this one, of two plans.
    Binary(&'static str, Box<Plan>, Box<Plan>),
    /// An op like this one, which moves elements or has one operand.
    Unary(OpId, Box<Plan>),
    /// The quotient by a constant, rounded down.
    Quotient(Box<Plan>, f64),
    /// The quotient by a power of two, rounded down: no bit of it is lost, however large it is.
    Shift(Box<Plan>, f64),
    /// The place of an extreme, as `reduce_argmax` gives it.
    Place(OpId),
}

#[derive(Clone, Copy, PartialEq)]
enum Fraction {
    /// There is none.
    None,
    /// Down is towards zero.
    Down,
    /// It depends on the sign.
    Signed,
}

impl Plan {
    /// For integers that are not constant.
    pub(super) fn of(rw: &Rewrite<'_>, operand: Option<&Operand>) -> Result<Plan, No> {
        let plan = Plan::any(rw, operand)?;
        No::unless(plan.is_computed(), "the integers are constant")?;
        Ok(plan)
    }

    /// For integers, constants among them.
    pub(super) fn any(rw: &Rewrite<'_>, operand: Option<&Operand>) -> Result<Plan, No> {
        let operand = operand.ok_or(No::miss("an operand is not given"))?;
        let mut budget = MOST;
        plan(rw, operand, &mut budget)
    }

    pub(super) fn is_computed(&self) -> bool {
        !matches!(self.how, How::Constant(_))
    }

    /// The floats, or a constant of them.
    pub(super) fn operand(&self, steps: &mut Steps<'_, '_>) -> Result<Operand, No> {
        match &self.how {
            How::Constant(tensor) => Ok(tensor.clone().into()),
            _ => Ok(self.emit(steps)?.into()),
        }
    }

    /// Puts the ops that compute the floats.
    pub(super) fn emit(&self, steps: &mut Steps<'_, '_>) -> Result<ValueId, No> {
        match &self.how {
            How::Cast { x, fraction: Fraction::None } => Ok(*x),
            How::Cast { x, fraction: Fraction::Down } => steps.unary("whole", "floor", *x),
            How::Cast { x, fraction: Fraction::Signed } => {
                let size = steps.unary("size", "abs", *x)?;
                let whole = steps.unary("whole", "floor", size)?;
                let sign = steps.unary("sign", "sign", *x)?;
                steps.binary("signed", "mul", whole, sign)
            }
            How::Bools(x) => steps.cast("mark", *x, DType::Fp16),
            How::Constant(_) => Err(No::miss("the integers are constant")),
            How::Binary(kind, x, y) => {
                let (x, y) = (x.operand(steps)?, y.operand(steps)?);
                steps.binary("value", kind, x, y)
            }
            How::Unary(op, x) => {
                let x = x.emit(steps)?;
                let new = steps.rw.like(*op)?.set("x", x);
                steps.emit("value", new)
            }
            How::Place(op) => place(steps, *op),
            How::Shift(x, divisor) => {
                let x = x.emit(steps)?;
                let quotient = steps.binary("quotient", "mul", x, number(DType::Fp16, 1.0 / divisor)?)?;
                steps.unary("value", "floor", quotient)
            }
            How::Quotient(x, divisor) => {
                // Half a unit keeps the quotient away from whole numbers, on either side of which it could be
                // rounded.
                let x = x.emit(steps)?;
                let middle = steps.binary("middle", "add", x, number(DType::Fp16, 0.5)?)?;
                let quotient =
                    steps.binary("quotient", "real_div", middle, number(DType::Fp16, *divisor)?)?;
                steps.unary("value", "floor", quotient)
            }
        }
    }
}

fn plan(rw: &Rewrite<'_>, operand: &Operand, budget: &mut usize) -> Result<Plan, No> {
    No::unless(*budget > 0, "too many ops compute the integers")?;
    *budget -= 1;
    let dtype = rw.graph().operand_type(operand).dtype();
    No::unless(dtype.is_some_and(|dtype| dtype.is_int()), "the values are not integers")?;
    if let Some(literal) = rw.graph().literal(operand) {
        let mil_ir::LiteralData::Tensor(tensor) = &literal.data else {
            return Err(No::miss("a constant is not a tensor"));
        };
        let (low, high) = tensor.min_max()?.ok_or(No::miss("a constant is empty"))?;
        No::unless(low >= -COUNTS && high <= COUNTS, "a constant is beyond what fp16 counts")?;
        let floats = Tensor::from_f64s(DType::Fp16, tensor.shape(), &tensor.to_f64s()?)?;
        return Ok(Plan { low, high, how: How::Constant(floats) });
    }
    let value = operand.value().ok_or(No::miss("an operand is not a value"))?;
    let op = rw.graph().definition(value).ok_or(No::miss("the integers are an input"))?;
    rw.known(op)?;
    let kind = rw.graph().op(op).kind().as_str();
    match kind {
        "cast" => cast(rw, op, budget),
        "minimum" | "maximum" | "add" | "sub" | "mul" | "floor_div" | "mod" => binary(rw, op, budget),
        "reshape" | "expand_dims" | "squeeze" | "transpose" | "slice_by_index" | "tile" | "identity"
        | "abs" => {
            let x = plan(rw, &rw.input(op, "x")?.into(), budget)?;
            let (low, high) = match kind {
                "abs" if x.low < 0.0 => (0.0, x.high.max(-x.low)),
                _ => (x.low, x.high),
            };
            unary(rw, op, x, (low, high))
        }
        "select" => unguarded(rw, op, budget),
        "reduce_max" | "reduce_min" | "reduce_sum" | "cumsum" => gathered(rw, op, budget),
        "reduce_argmax" | "reduce_argmin" => {
            let places = Places::behind(rw, value)?;
            No::unless(rw.dtype(places.x)? == DType::Fp16, "the maximum is not of fp16")?;
            let high = places.shape[places.axis].saturating_sub(1) as f64;
            Ok(Plan { low: 0.0, high, how: How::Place(op) })
        }
        _ => Err(No::miss(format!("the integers come from {kind}"))),
    }
}

/// What a `select` counts from the end where it is negative, and it never is.
fn unguarded(rw: &Rewrite<'_>, op: OpId, budget: &mut usize) -> Result<Plan, No> {
    let value = rw.input(op, "a")?;
    let test = rw.producer(op, "cond", &["greater_equal"])?;
    let guards = rw.input(test, "x")? == value && rw.constant(test, "y")?.is_splat_of(0.0)?;
    No::unless(guards, "the integers are chosen by something else")?;
    let plan = plan(rw, &value.into(), budget)?;
    No::unless(plan.low >= 0.0, "the integers may be negative")?;
    Ok(plan)
}

/// A reduction, or sums along an axis, of integers.
fn gathered(rw: &Rewrite<'_>, op: OpId, budget: &mut usize) -> Result<Plan, No> {
    let x = rw.input(op, "x")?;
    let shape = rw.shape(x)?;
    let inner = plan(rw, &x.into(), budget)?;
    let call = rw.call(op)?;
    let count = match rw.graph().op(op).kind().as_str() {
        "reduce_sum" if call.is_given("axes") => {
            call.axes("axes", shape.len())?.iter().map(|&axis| shape[axis]).product()
        }
        "reduce_sum" => shape.iter().product(),
        "cumsum" => shape[call.axis("axis", shape.len())?],
        _ => 1,
    } as f64;
    let (low, high) = ((inner.low * count).min(inner.low), (inner.high * count).max(inner.high));
    let counted = count == 1.0 || (low >= -COUNTS && high <= COUNTS);
    No::unless(counted, "the integers may be beyond what fp16 counts")?;
    unary(rw, op, inner, (low, high))
}

/// An op of one operand, which is not constant.
fn unary(rw: &Rewrite<'_>, op: OpId, x: Plan, (low, high): (f64, f64)) -> Result<Plan, No> {
    No::unless(x.is_computed(), "an operand could be folded first")?;
    rw.like(op)?;
    Ok(Plan { low, high, how: How::Unary(op, Box::new(x)) })
}

/// Puts the ops that compute the place of an extreme: its marks times the places.
fn place(steps: &mut Steps<'_, '_>, op: OpId) -> Result<ValueId, No> {
    let value = steps.rw.result(op)?;
    let (places, shape) = (Places::behind(steps.rw, value)?, steps.rw.shape(value)?);
    let count = places.shape[places.axis];
    let numbers: Vec<f64> = (0..count).map(|place| place as f64).collect();
    let weight = Tensor::from_f64s(DType::Fp16, &[1, count], &numbers)?;
    let marks = places.marks(steps, DType::Fp16)?;
    let found = steps.emit("places", NewOp::new("linear").with("x", marks).with("weight", weight))?;
    steps.reshape("place", found, &shape)
}

fn cast(rw: &Rewrite<'_>, op: OpId, budget: &mut usize) -> Result<Plan, No> {
    let x = rw.input(op, "x")?;
    let to = rw.dtype(rw.result(op)?)?;
    match rw.dtype(x)? {
        DType::Bool => Ok(Plan { low: 0.0, high: 1.0, how: How::Bools(x) }),
        DType::Fp16 => {
            let (low, high) = range(rw, x, 8);
            let (low, high) = (low.trunc(), high.trunc());
            let fits = to.int_range().is_some_and(|(least, most)| low >= least as f64 && high <= most as f64);
            No::unless(fits, "the integers wrap round")?;
            let whole = rw.definition_anywhere(x, &["floor", "ceil", "round"]).is_ok();
            let fraction = match (whole, low >= 0.0) {
                (true, _) => Fraction::None,
                (false, true) => Fraction::Down,
                (false, false) => Fraction::Signed,
            };
            Ok(Plan { low, high, how: How::Cast { x, fraction } })
        }
        dtype if dtype.is_int() => {
            let inner = plan(rw, &x.into(), budget)?;
            let fits = to.int_range();
            let fits =
                fits.is_some_and(|(least, most)| inner.low >= least as f64 && inner.high <= most as f64);
            No::unless(fits, "the integers wrap round")?;
            Ok(inner)
        }
        _ => Err(No::miss("the integers are cast from fp32")),
    }
}

fn binary(rw: &Rewrite<'_>, op: OpId, budget: &mut usize) -> Result<Plan, No> {
    let operand =
        |param: &str| rw.graph().operand(op, param).cloned().ok_or(No::miss("an operand is not given"));
    if let Some(divisor) = remainders_divisor(rw, op) {
        return division(rw, op, plan(rw, &operand("x")?, budget)?, &plan(rw, &divisor, budget)?);
    }
    let (x, y) = (plan(rw, &operand("x")?, budget)?, plan(rw, &operand("y")?, budget)?);
    let kind = rw.graph().op(op).kind().as_str();
    let ends = |f: fn(f64, f64) -> f64| {
        let all = [f(x.low, y.low), f(x.low, y.high), f(x.high, y.low), f(x.high, y.high)];
        (
            all.iter().copied().fold(f64::INFINITY, f64::min),
            all.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        )
    };
    let (kind, (low, high)) = match kind {
        "minimum" => ("minimum", (x.low.min(y.low), x.high.min(y.high))),
        "maximum" => ("maximum", (x.low.max(y.low), x.high.max(y.high))),
        "add" => ("add", ends(|x, y| x + y)),
        "sub" => ("sub", ends(|x, y| x - y)),
        "mul" => ("mul", ends(|x, y| x * y)),
        _ => return division(rw, op, x, &y),
    };
    // What is chosen of two is one of them; what is computed must be counted.
    let counted = matches!(kind, "minimum" | "maximum") || (low >= -COUNTS && high <= COUNTS);
    No::unless(counted, "the integers may be beyond what fp16 counts")?;
    Ok(Plan { low, high, how: How::Binary(kind, Box::new(x), Box::new(y)) })
}

/// The divisor of `x - floor_div(x, divisor) * divisor`, as converters write a remainder.
fn remainders_divisor(rw: &Rewrite<'_>, op: OpId) -> Option<Operand> {
    let graph = rw.graph();
    let multiple = rw.is(op, &["sub"]).then(|| rw.producer(op, "y", &["mul"]).ok()).flatten()?;
    [("x", "y"), ("y", "x")].into_iter().find_map(|(quotient, factor)| {
        let quotient = rw.producer(multiple, quotient, &["floor_div"]).ok()?;
        let (factor, divisor) = (graph.operand(multiple, factor)?, graph.operand(quotient, "y")?);
        let is_one = graph.operand(op, "x")? == graph.operand(quotient, "x")?
            && graph.literal(factor)? == graph.literal(divisor)?;
        is_one.then(|| divisor.clone())
    })
}

/// `floor_div`, and remainders, by a positive number.
fn division(rw: &Rewrite<'_>, op: OpId, x: Plan, y: &Plan) -> Result<Plan, No> {
    No::unless(x.is_computed(), "an operand could be folded first")?;
    let positive = !y.is_computed() && y.low == y.high && y.low >= 1.0;
    No::unless(positive, "the divisor is not a positive number")?;
    let divisor = y.low;
    // fp16 holds multiples of a power of two up to its largest number as it holds the whole numbers.
    let is_shift = divisor.log2().fract() == 0.0 && divisor <= COUNTS;
    if is_shift && (x.low / divisor).floor() * divisor >= -LARGEST {
        let (low, high) = ((x.low / divisor).floor(), (x.high / divisor).floor());
        let again = x.again();
        let quotient = Plan { low, high, how: How::Shift(Box::new(x), divisor) };
        return match rw.is(op, &["floor_div"]) {
            true => Ok(quotient),
            false => remainder(again, quotient, divisor),
        };
    }
    // The quotient of what is half a unit further is rounded by less than what it is away from the next whole
    // number, 0.5 / divisor.
    let exact = x.low >= 0.0 && x.high + divisor <= COUNTS / 2.0;
    No::unless(exact, "the quotient may be rounded to another whole number")?;
    if rw.is(op, &["floor_div"]) {
        let (low, high) = ((x.low / divisor).floor(), (x.high / divisor).floor());
        return Ok(Plan { low, high, how: How::Quotient(Box::new(x), divisor) });
    }
    let again = x.again();
    let quotient = Plan { low: 0.0, high: x.high, how: How::Quotient(Box::new(x), divisor) };
    remainder(again, quotient, divisor)
}

/// What the multiple of a divisor leaves of a number.
fn remainder(x: Plan, quotient: Plan, divisor: f64) -> Result<Plan, No> {
    let (low, high) = (quotient.low * divisor, quotient.high * divisor);
    let factor = Plan::number(divisor)?;
    let multiple = Plan { low, high, how: How::Binary("mul", Box::new(quotient), Box::new(factor)) };
    let how = How::Binary("sub", Box::new(x), Box::new(multiple));
    Ok(Plan { low: 0.0, high: divisor - 1.0, how })
}

impl Plan {
    fn number(value: f64) -> Result<Plan, No> {
        Ok(Plan { low: value, high: value, how: How::Constant(number(DType::Fp16, value)?) })
    }

    /// The same, to be computed once more.
    fn again(&self) -> Plan {
        let how = match &self.how {
            How::Cast { x, fraction } => How::Cast { x: *x, fraction: *fraction },
            How::Bools(x) => How::Bools(*x),
            How::Constant(tensor) => How::Constant(tensor.clone()),
            How::Binary(kind, x, y) => How::Binary(kind, Box::new(x.again()), Box::new(y.again())),
            How::Unary(op, x) => How::Unary(*op, Box::new(x.again())),
            How::Quotient(x, divisor) => How::Quotient(Box::new(x.again()), *divisor),
            How::Shift(x, divisor) => How::Shift(Box::new(x.again()), *divisor),
            How::Place(op) => How::Place(*op),
        };
        Plan { low: self.low, high: self.high, how }
    }
}

/// Where floats of fp16 lie, as far as a few ops say.
fn range(rw: &Rewrite<'_>, value: ValueId, depth: usize) -> (f64, f64) {
    let all = (-LARGEST, LARGEST);
    let found = (|| {
        let depth = depth.checked_sub(1)?;
        let op = rw.graph().definition(value)?;
        let inner = |param: &str| Some(range(rw, rw.input(op, param).ok()?, depth));
        let constant = || {
            let (tensor, other, _) = rw.with_constant(op).ok()?;
            Some((tensor.min_max().ok()??, range(rw, other, depth)))
        };
        let found = match rw.graph().op(op).kind().as_str() {
            "sigmoid" | "sigmoid_hard" | "softmax" => (0.0, 1.0),
            "tanh" | "sin" | "cos" | "erf" | "sign" | "softsign" => (-1.0, 1.0),
            "relu6" => (0.0, 6.0),
            "relu" => (0.0, inner("x")?.1.max(0.0)),
            "sqrt" | "square" | "exp" | "abs" => (0.0, all.1),
            "clip" => {
                let call = rw.call(op).ok()?;
                (call.float("alpha").ok()?, call.float("beta").ok()?)
            }
            "floor" | "ceil" | "round" => {
                let (low, high) = inner("x")?;
                (low.floor(), high.ceil())
            }
            "minimum" => constant().map(|((_, most), (low, high))| (low.min(most), high.min(most)))?,
            "maximum" => constant().map(|((least, _), (low, high))| (low.max(least), high.max(least)))?,
            "add" => constant().map(|((a, b), (low, high))| widened(low + a, high + b))?,
            "mul" => {
                let ((a, b), (low, high)) = constant()?;
                let ends = [a * low, a * high, b * low, b * high];
                let least = ends.iter().copied().fold(f64::INFINITY, f64::min);
                widened(least, ends.iter().copied().fold(f64::NEG_INFINITY, f64::max))
            }
            "reshape"
            | "transpose"
            | "expand_dims"
            | "squeeze"
            | "identity"
            | "upsample_nearest_neighbor" => inner("x")?,
            _ => return None,
        };
        Some((found.0.max(all.0), found.1.min(all.1)))
    })();
    found.unwrap_or(all)
}

/// A range whose ends may be rounded away from zero once, by less than a part in 1000. A sum that is zero at
/// an end is exact.
fn widened(low: f64, high: f64) -> (f64, f64) {
    (low - low.abs() / 1000.0, high + high.abs() / 1000.0)
}
