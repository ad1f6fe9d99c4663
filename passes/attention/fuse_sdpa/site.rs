//! A site: a product, a softmax, a product, and what each axis is there for.

use std::collections::BTreeSet;

use mil_ir::{OpId, Operand, ValueId};
use mil_ops::Shapes;
use mil_pass::{No, Rewrite};
use mil_tensor::DType;

use super::letters::{Letter, Letters, Size, View, Word, number, sizes};
use super::product::{Factor, PRODUCTS, Product};
use super::scores::{Along, Scores};
use super::softmax::{self, Softmax};

/// The graph as the analysis of a site sees it.
pub(super) struct Sight<'a, 'g> {
    pub rw: &'a Rewrite<'g>,
    pub shapes: &'a Shapes,
    /// By value: it comes from a product through ops that sites are made of.
    pub leads: &'a [bool],
}

impl Sight<'_, '_> {
    /// The sizes of a value, as far as they follow from the inputs.
    pub(super) fn sizes(&self, value: ValueId) -> Result<Vec<Size>, No> {
        sizes(self.shapes.ty(self.rw.graph(), value))
    }

    /// The same of an operand.
    pub(super) fn operand_sizes(&self, operand: &Operand) -> Result<Vec<Size>, No> {
        match operand.value() {
            Some(value) => self.sizes(value),
            None => sizes(self.rw.graph().operand_type(operand)),
        }
    }

    /// Whether a value comes from a product.
    pub(super) fn leads(&self, value: ValueId) -> bool {
        self.leads.get(value.index()).copied().unwrap_or(false)
    }

    /// The axes of the result of an op that moves elements, or keeps them where they are.
    pub(super) fn through(&self, letters: &mut Letters, op: OpId, view: &View) -> Result<View, No> {
        let call = self.rw.call(op)?;
        match self.rw.graph().op(op).kind().as_str() {
            "reshape" => letters.reshaped(view, &self.sizes(self.rw.result(op)?)?),
            "transpose" => Ok(call.order("perm")?.into_iter().map(|axis| view[axis].clone()).collect()),
            "expand_dims" => {
                let rank = view.len() + call.ints("axes")?.len();
                Ok(with_ones(view, &call.axes("axes", rank)?))
            }
            "squeeze" => {
                let kept = self.sizes(self.rw.result(op)?)?.len();
                without_ones(view, &squeezed(&call, view.len())?, kept)
            }
            _ => Ok(view.clone()),
        }
    }

    /// What an op that moves elements takes, with its axes; `None` for other ops. Repeating a value along an
    /// axis of size 1 counts as well.
    pub(super) fn behind(
        &self,
        letters: &mut Letters,
        op: OpId,
        view: &View,
    ) -> Result<Option<(ValueId, View)>, No> {
        let kind = self.rw.graph().op(op).kind().as_str();
        if !["reshape", "transpose", "expand_dims", "squeeze", "tile", "identity"].contains(&kind) {
            return Ok(None);
        }
        self.rw.known(op)?;
        let (call, x) = (self.rw.call(op)?, self.rw.input(op, "x")?);
        let own = self.sizes(x)?;
        let view = match kind {
            "reshape" => letters.reshaped(view, &own)?,
            "transpose" => {
                let mut view_of_x = vec![Word::new(); own.len()];
                for (axis, &from) in call.order("perm")?.iter().enumerate() {
                    view_of_x[from] = view[axis].clone();
                }
                view_of_x
            }
            "expand_dims" => without_ones(view, &call.axes("axes", view.len())?, own.len())?,
            "squeeze" => with_ones(view, &squeezed(&call, own.len())?),
            "tile" => {
                let reps = call.ints("reps")?;
                let same_rank = reps.len() == view.len() && own.len() == view.len();
                No::unless(same_rank, "a tile makes axes")?;
                let axes = view.iter().zip(&reps).zip(&own);
                let word = |((word, &reps), size): ((&Word, &i64), &Size)| match (reps, number(size)) {
                    (1, _) => Ok(word.clone()),
                    (_, Some(1)) => Ok(Word::new()),
                    _ => Err(No::miss("an axis is repeated as a whole")),
                };
                axes.map(word).collect::<Result<View, No>>()?
            }
            _ => view.clone(),
        };
        Ok(Some((x, view)))
    }
}

/// The axes that a `squeeze` takes out; all of size 1 where it does not say.
fn squeezed(call: &mil_ops::Call<'_>, rank: usize) -> Result<Vec<usize>, No> {
    No::unless(call.is_given("axes"), "a squeeze does not say its axes")?;
    Ok(call.axes("axes", rank)?)
}

fn with_ones(view: &View, axes: &[usize]) -> View {
    let mut words = view.iter().cloned();
    let rank = view.len() + axes.len();
    (0..rank)
        .map(|axis| if axes.contains(&axis) { Word::new() } else { words.next().unwrap_or_default() })
        .collect()
}

fn without_ones(view: &View, axes: &[usize], rank: usize) -> Result<View, No> {
    let ones = axes.iter().all(|&axis| view.get(axis).is_some_and(Word::is_empty));
    No::unless(ones && view.len() == rank + axes.len(), "an axis that is taken out is not of size 1")?;
    let kept = view.iter().enumerate().filter(|(axis, _)| !axes.contains(axis));
    Ok(kept.map(|(_, word)| word.clone()).collect())
}

/// The ops of a site and the roles of its axes, in letters that are not split any more.
#[derive(Debug)]
pub(super) struct Site {
    pub scores: Scores,
    pub query: Factor,
    pub key: Factor,
    pub value: Factor,
    /// The axis that the keys are numbered by.
    pub keys: Word,
    /// The axis of a head's features that query and key share, and that of the values.
    pub head: Word,
    pub features: Word,
    /// The axes of the last product, and of the scores on their way, as layouts to choose from.
    pub layouts: Vec<Layout>,
    /// The axes of the result.
    pub result: View,
    /// The op that gives the result, and the others.
    pub end: OpId,
    pub ops: Vec<OpId>,
    pub dtype: DType,
}

/// An order of axes in which query, key, value and mask are handed over: leading axes, and the rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    pub leading: View,
    pub rows: Word,
}

impl Site {
    /// The site around a softmax.
    pub(super) fn around(sight: &Sight<'_, '_>, letters: &mut Letters, op: OpId) -> Result<Site, No> {
        let rw = sight.rw;
        let softmax = softmax::find(rw, op)?;
        let mut scores = Scores::of(sight, letters, softmax.scores, op)?;
        scores.times(softmax.scale)?;
        negligible(softmax.added, &scores, rw.dtype(softmax.scores)?)?;
        let keys = scores.view[softmax.axis].clone();
        let (ops, weights, view) = weights(sight, letters, &softmax, scores.view.clone())?;
        let product = rw.graph().users(weights).find(|&user| rw.is(user, PRODUCTS));
        let product = product.ok_or(No::miss("the weights are not multiplied with values"))?;
        let product = Product::of(sight, letters, product, Some((weights, &view)))?;
        let (end, ops_behind) = match softmax.late {
            Some(sum) => divided(sight, letters, &softmax, &scores, &product, sum)?,
            None => (product.op, Vec::new()),
        };

        let mut inner = [&scores.ops[..], &softmax.ops, &ops, &[product.op], &ops_behind].concat();
        inner.retain(|&op| op != end);
        closed(rw, &scores.ops, &inner, end, "the scores are used elsewhere")?;
        closed(rw, &inner, &inner, end, "the weights are used elsewhere")?;

        // All splits are known from here on.
        let keys = letters.spelled(&keys);
        No::unless(!keys.is_empty(), "the softmax runs along an axis of size 1")?;
        No::unless(
            letters.spelled(&product.inner) == keys,
            "the weights are not summed along the axis of the softmax",
        )?;
        let along_keys = scores
            .rows
            .iter()
            .any(|&letter| letters.spelled(&[letter]).iter().any(|letter| keys.contains(letter)));
        No::unless(!along_keys, "what is subtracted from the scores is not the same for all keys")?;
        let spelled = |factor: &Factor| Factor { value: factor.value, view: letters.view(&factor.view) };
        let [first, second] = [&scores.product.factors[0], &scores.product.factors[1]].map(spelled);
        let has_keys = |factor: &Factor| factor.view.iter().flatten().any(|letter| keys.contains(letter));
        let (query, key, own) = match (has_keys(&first), has_keys(&second)) {
            (false, true) => (first, second, &scores.product.own[0]),
            (true, false) => (second, first, &scores.product.own[1]),
            _ => return Err(No::miss("the softmax runs along an axis that query and key share")),
        };
        let side = usize::from(product.factors[0].value == weights);
        let value = spelled(&product.factors[side]);
        let features = letters.spelled(&product.own[side]);
        let rows = letters.spelled(&product.own[1 - side]);
        let result = letters.view(&product.result);

        let mut layouts =
            vec![Layout::of(&letters.view(&scores.product.result), &keys, &letters.spelled(own))];
        layouts.push(Layout::of(&result, &features, &rows));
        for view in &scores.views {
            let view = letters.view(view);
            if let Some(at) = view.iter().position(|word| *word == keys) {
                let before = at.checked_sub(1).or(Some(at + 1).filter(|&after| after < view.len()));
                let rows = before.map(|axis| view[axis].clone()).unwrap_or_default();
                layouts.push(Layout::of(&view, &keys, &rows));
            }
        }
        let outer: BTreeSet<Letter> =
            result.iter().flatten().copied().filter(|letter| !features.contains(letter)).collect();
        let of_keys: BTreeSet<Letter> = key.view.iter().chain(&value.view).flatten().copied().collect();
        layouts.retain(|layout| {
            let all: Vec<Letter> = layout.leading.iter().chain([&layout.rows]).flatten().copied().collect();
            all.len() == outer.len()
                && all.iter().copied().collect::<BTreeSet<Letter>>() == outer
                && !layout.rows.iter().any(|letter| of_keys.contains(letter))
        });
        let dtype = rw.dtype(value.value)?;
        No::unless(dtype.is_float(), "the values are not floats")?;
        let head = letters.spelled(&scores.product.inner);
        Ok(Site { scores, query, key, value, keys, head, features, layouts, result, end, ops: inner, dtype })
    }
}

/// A number that is added to the sum of the exponentials changes no more than rounding does. The sum is 1 at
/// least where the largest score is 0.
fn negligible(added: f64, scores: &Scores, dtype: DType) -> Result<(), No> {
    let rounding = if dtype == DType::Fp16 { 1e-3 } else { 1e-6 };
    let is_small = added == 0.0 || scores.less_largest && (0.0..=rounding).contains(&added);
    No::unless(is_small, "the sum is not the divisor alone")
}

impl Layout {
    /// The axes of a view, without those of keys or features, and the rows set apart.
    fn of(view: &[Word], last: &Word, rows: &Word) -> Layout {
        let mut leading: View = view.to_vec();
        for word in [last, rows] {
            if let Some(at) = leading.iter().rposition(|other| other == word) {
                leading.remove(at);
            }
        }
        if leading.is_empty() {
            // The op takes three axes at least.
            leading.push(Word::new());
        }
        Layout { leading, rows: rows.clone() }
    }

    /// In the letters that are left.
    pub(super) fn spelled(&self, letters: &Letters) -> Layout {
        Layout { leading: letters.view(&self.leading), rows: letters.spelled(&self.rows) }
    }
}

/// Follows weights to the product that takes them: the ops between, the value that is multiplied, its axes.
fn weights(
    sight: &Sight<'_, '_>,
    letters: &mut Letters,
    softmax: &Softmax,
    mut view: View,
) -> Result<(Vec<OpId>, ValueId, View), No> {
    let rw = sight.rw;
    let (mut value, mut ops) = (softmax.weights, Vec::new());
    loop {
        let mut users = rw.graph().users(value).filter(|user| !softmax.ops.contains(user));
        let user = users.next().ok_or(No::miss("nothing uses the weights"))?;
        No::unless(users.next().is_none(), "the weights are used elsewhere")?;
        No::unless(!rw.graph().op(user).is_return(), "the weights are an output")?;
        let same = rw.graph().op(user).block() == rw.graph().op(softmax.ops[0]).block();
        No::unless(same, "the weights are used in an inner block")?;
        rw.known(user)?;
        if rw.is(user, PRODUCTS) {
            return Ok((ops, value, view));
        }
        if let Some((exp, result)) = undone_log(rw, user) {
            value = result;
            ops.extend([user, exp]);
            continue;
        }
        let kind = rw.graph().op(user).kind();
        let moves = ["cast", "identity", "reshape", "transpose", "expand_dims", "squeeze"];
        let floats = rw.result(user).and_then(|result| rw.dtype(result)).is_ok_and(DType::is_float);
        if !moves.contains(&kind.as_str()) || !floats {
            return Err(No::miss(format!("the weights go through {kind}")));
        }
        view = sight.through(letters, user, &view)?;
        value = rw.result(user)?;
        ops.push(user);
    }
}

/// The exponential behind a logarithm that undoes it, and its result.
fn undone_log(rw: &Rewrite<'_>, log: OpId) -> Option<(OpId, ValueId)> {
    let exp = rw.is(log, &["log"]).then(|| rw.only_user(log).ok())?.filter(|&exp| rw.is(exp, &["exp"]))?;
    // Weights sum to 1, so this much more is rounding.
    let epsilon = rw.call(log).ok()?.float("epsilon").ok()?;
    (epsilon <= 1e-7).then_some((exp, rw.result(exp).ok()?))
}

/// The op that divides the last product by the sum of the exponentials, and the ops before it.
fn divided(
    sight: &Sight<'_, '_>,
    letters: &mut Letters,
    softmax: &Softmax,
    scores: &Scores,
    product: &Product,
    sum: ValueId,
) -> Result<(OpId, Vec<OpId>), No> {
    let rw = sight.rw;
    let end = rw.only_user(product.op)?;
    let takes = rw.is(end, &["real_div", "mul"]) && rw.other_operand(end, sum).is_ok();
    No::unless(takes, "the sum of the exponentials divides something else")?;
    let mut of_sum = letters.view(&scores.view);
    let rest: BTreeSet<Letter> = {
        let keys = of_sum[softmax.axis].clone();
        of_sum[softmax.axis] = Word::new();
        scores
            .view
            .iter()
            .flat_map(|word| letters.spelled(word))
            .filter(|letter| !keys.contains(letter))
            .collect()
    };
    let result = letters.view(&product.result);
    let missing = result.len().checked_sub(of_sum.len()).ok_or(No::miss("the sum has more axes"))?;
    let fits = of_sum.iter().zip(&result[missing..]).all(|(own, word)| own.is_empty() || own == word);
    let covered: BTreeSet<Letter> = of_sum.iter().flatten().copied().collect();
    No::unless(fits && covered == rest, "the sum of the exponentials stands along other axes")?;
    No::unless(end != product.op, "the sum of the exponentials divides something else")?;
    Ok((end, vec![product.op]))
}

/// Nothing outside uses what these ops give.
fn closed(rw: &Rewrite<'_>, ops: &[OpId], inner: &[OpId], end: OpId, reason: &'static str) -> Result<(), No> {
    let inside: BTreeSet<OpId> = inner.iter().copied().chain([end]).collect();
    let values = ops.iter().filter(|&&op| op != end).flat_map(|&op| rw.graph().op(op).results());
    let mut users = values.flat_map(|&value| rw.graph().users(value));
    No::unless(users.all(|user| inside.contains(&user)), reason)
}

/// A value to start from instead, behind ops that move elements or scale them by one number.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub operand: Operand,
    pub view: View,
    /// What the operand is this many times of.
    pub times: f64,
    /// What repeating it costs is spared.
    pub spared: usize,
    /// The ops between.
    pub ops: Vec<OpId>,
}

/// Steps that are looked back from a query, key, value or mask.
const LOOK_BACK: usize = 6;

/// What an operand may be taken from: itself first.
pub(super) fn sources(
    sight: &Sight<'_, '_>,
    letters: &mut Letters,
    along: &Along,
    scaled: bool,
) -> Vec<Source> {
    let start = Source {
        operand: along.operand.clone(),
        view: along.view.clone(),
        times: 1.0,
        spared: 0,
        ops: Vec::new(),
    };
    let mut sources = vec![start];
    for _ in 0..LOOK_BACK {
        let Some(last) = sources.last() else { break };
        let Some(op) = last.operand.value().and_then(|value| sight.rw.graph().definition(value)) else {
            break;
        };
        let mut next = last.clone();
        match sight.behind(letters, op, &letters.view(&last.view)) {
            Ok(Some((value, view))) => {
                (next.operand, next.view) = (value.into(), view);
                next.spared += 4 * usize::from(sight.rw.is(op, &["tile"]));
            }
            _ if scaled => match by_number(sight.rw, op) {
                Some((value, number)) => (next.operand, next.times) = (value.into(), next.times * number),
                None => break,
            },
            _ => break,
        }
        next.ops.push(op);
        sources.push(next);
    }
    sources
}

/// The value that an op multiplies by one number, and the number.
pub(super) fn by_number(rw: &Rewrite<'_>, op: OpId) -> Option<(ValueId, f64)> {
    rw.known(op).ok()?;
    if !rw.is(op, &["mul", "real_div"]) {
        return None;
    }
    let (constant, value, side) = rw.with_constant(op).ok()?;
    let number = constant.splat_value().ok()??;
    rw.does_not_widen(&constant, value).ok()?;
    let number = match (rw.is(op, &["mul"]), side) {
        (true, _) => number,
        (false, mil_pass::Side::Y) => 1.0 / number,
        (false, mil_pass::Side::X) => return None,
    };
    (number.is_finite() && number != 0.0).then_some((value, number))
}
