//! A site: a product, a softmax, a product, and what each axis is there for.

use std::collections::BTreeSet;

use mil_ir::{OpId, ValueId};
use mil_pass::{No, Rewrite};
use mil_tensor::DType;

use super::letters::{Letter, Letters, View, Word};
use super::product::{Factor, PRODUCTS, Product};
use super::scores::Scores;
use super::sight::Sight;
use super::softmax::{self, Softmax};

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
