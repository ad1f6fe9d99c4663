//! One op in place of a site: the layout that costs least, and the ops that bring everything into it.

use mil_ir::{NewOp, OpId, Operand, ValueId};
use mil_pass::{Matched, No, Rewrite};
use mil_tensor::DType;

use super::arrange::{Step, arrange, cost, emit};
use super::letters::{Letters, View, Word, number};
use super::mask::{MaskTerm, mask};
use super::product::Factor;
use super::scores::{Along, Term};
use super::sight::Sight;
use super::site::{Layout, Site};
use super::sources::{Source, by_number, sources};
use crate::attention::casts::{cast, cast_value};
use crate::constants::to_dtype;

/// Core ML's tensors have no more axes.
const MOST_AXES: usize = 5;

/// How a site is to be rewritten.
#[derive(Debug)]
pub(super) struct Plan {
    query: Arranged,
    key: Arranged,
    value: Arranged,
    /// What the query is multiplied by, beside the scale that the op has.
    times: f64,
    /// What the query is multiplied by along its axes, and the key.
    of_query: Vec<(Arranged, bool)>,
    of_key: Vec<(Arranged, bool)>,
    mask: Vec<MaskTerm>,
    result: Vec<Step>,
    /// The product that the query goes into.
    product: OpId,
    end: OpId,
    gone: Vec<OpId>,
    dtype: DType,
}

/// An operand and the ops that bring it into the layout.
#[derive(Clone, Debug)]
pub(super) struct Arranged {
    pub operand: Operand,
    steps: Vec<Step>,
    ops: Vec<OpId>,
    times: f64,
    cost: usize,
}

/// What the operands of a site may be taken from.
struct Origins {
    query: Vec<Source>,
    key: Vec<Source>,
    value: Vec<Source>,
    /// For each scale, and for each term of the mask with its scales.
    scales: Vec<Vec<Source>>,
    terms: Vec<(Vec<Source>, Vec<Vec<Source>>)>,
}

impl Origins {
    fn of(sight: &Sight<'_, '_>, letters: &mut Letters, site: &Site) -> Origins {
        let mut of = |along: &Along, scaled: bool| sources(sight, letters, along, scaled);
        let factor =
            |factor: &Factor| Along { operand: factor.value.into(), view: factor.view.clone(), exact: true };
        Origins {
            query: of(&factor(&site.query), true),
            key: of(&factor(&site.key), true),
            value: of(&factor(&site.value), false),
            scales: site.scores.scales.iter().map(|scale| of(&scale.along, false)).collect(),
            terms: site
                .scores
                .terms
                .iter()
                .map(|term| match term {
                    Term::Added { along, scales, .. } => {
                        (of(along, false), scales.iter().map(|scale| of(&scale.along, false)).collect())
                    }
                    Term::Kept { cond, .. } => (of(cond, false), Vec::new()),
                    Term::AtLeast { .. } => (Vec::new(), Vec::new()),
                })
                .collect(),
        }
    }
}

impl Plan {
    /// The cheapest way to rewrite a site.
    pub(super) fn of(sight: &Sight<'_, '_>, letters: &mut Letters, site: &Site) -> Result<Plan, No> {
        // Looking back splits letters; afterwards none is split any more.
        let origins = Origins::of(sight, letters, site);
        let letters = &*letters;
        let mut best: Option<(usize, Plan)> = None;
        let mut reason = No::miss("the axes of query, key and value fit no layout of the op");
        for layout in &site.layouts {
            match (In { letters, site, layout: layout.spelled(letters) }).plan(&origins) {
                Ok((cost, plan)) if best.as_ref().is_none_or(|(least, _)| cost < *least) => {
                    best = Some((cost, plan));
                }
                Ok(_) => {}
                Err(No::Fault(error)) => return Err(No::Fault(error)),
                Err(miss) => reason = miss,
            }
        }
        best.map(|(_, plan)| plan).ok_or(reason)
    }

    /// Does it.
    pub(super) fn apply(self, rw: &mut Rewrite<'_>) -> Matched {
        let (end, dtype) = (self.end, self.dtype);
        let label = rw.graph().label(end).clone();
        let name = |what: &str| format!("{label}_{what}");
        let mut query = self.query.emit(rw, &name("query"), end)?;
        query = cast_value(rw, query, dtype, &name("query_cast"), end)?;
        for (scale, divides) in &self.of_query {
            query = scale.times(rw, query, dtype, *divides, &name("query_scaled"), end)?;
        }
        if self.times != 1.0 && !self.scales_before(rw)? {
            let times = to_dtype(&[self.times], dtype)?.reshaped(&[])?;
            let new = NewOp::new("mul").named(name("query_scaled")).with("x", query).with("y", times);
            query = rw.emit_one(new, end)?;
        }
        let mut key = self.key.emit(rw, &name("key"), end)?;
        key = cast_value(rw, key, dtype, &name("key_cast"), end)?;
        for (scale, divides) in &self.of_key {
            key = scale.times(rw, key, dtype, *divides, &name("key_scaled"), end)?;
        }
        let value = self.value.emit(rw, &name("value"), end)?;
        let mask = mask(rw, &self.mask, &name("mask"), end)?;

        let new = NewOp::new("scaled_dot_product_attention");
        let new = new.with("query", query).with("key", key).with("value", value);
        let new = mask.into_iter().fold(new, |new, mask| new.with("attn_mask", mask));
        if self.result.is_empty() {
            return rw.replace(end, new, &self.gone);
        }
        let attention = rw.emit_one(new.named(name("attention")), end)?;
        let result = emit(rw, &self.result, attention.into(), &label, end)?;
        let result = result.value().ok_or(No::miss("the result is not a value"))?;
        rw.replace_with_new(end, &[result], &self.gone)
    }
}

/// A site in one layout.
struct In<'a> {
    letters: &'a Letters,
    site: &'a Site,
    layout: Layout,
}

impl In<'_> {
    fn plan(&self, origins: &Origins) -> Result<(usize, Plan), No> {
        let (letters, site) = (self.letters, self.site);
        let rank = self.layout.leading.len() + 2;
        No::unless(rank <= MOST_AXES, "the op would need more than five axes")?;
        let [rows, keys, head, features] =
            [&self.layout.rows, &site.keys, &site.head, &site.features].map(|word| letters.spelled(word));
        let none = Word::new();
        let size = number(&letters.size(&head)).ok_or(No::miss("the size of a head is not known"))?;

        let (query, key, times) = self.pair(origins, [&rows, &keys, &head], (size as f64).sqrt())?;
        let value = cheapest(candidates(letters, &origins.value, &self.axes(&keys, &features), false)?)?;
        let (mut of_query, mut of_key) = (Vec::new(), Vec::new());
        for (scale, sources) in site.scores.scales.iter().zip(&origins.scales) {
            if !self.runs_along(&scale.along, &keys) {
                let along = self.along(&scale.along, sources, &self.axes(&rows, &none))?;
                of_query.push((along, scale.divides));
            } else if !self.runs_along(&scale.along, &rows) && !site.scores.shifted {
                let along = self.along(&scale.along, sources, &self.axes(&keys, &none))?;
                of_key.push((along, scale.divides));
            } else {
                return Err(No::miss("the scale varies with query and key"));
            }
        }
        let full = self.axes(&rows, &keys);
        let mut mask = Vec::new();
        for (term, (sources, of_scales)) in site.scores.terms.iter().zip(&origins.terms) {
            mask.push(match term {
                Term::Added { along, times, scales } => {
                    let scales = scales.iter().zip(of_scales);
                    let scales = scales.map(|(scale, sources)| {
                        Ok((self.along(&scale.along, sources, &full)?, scale.divides))
                    });
                    let scales = scales.collect::<Result<Vec<_>, No>>()?;
                    MaskTerm::Added { term: self.along(along, sources, &full)?, times: *times, scales }
                }
                Term::Kept { cond, keeps, fill, dtype } => {
                    let cond = self.along(cond, sources, &full)?;
                    MaskTerm::Kept { cond, keeps: *keeps, fill: *fill, dtype: *dtype }
                }
                Term::AtLeast { least, dtype } => MaskTerm::AtLeast { least: *least, dtype: *dtype },
            });
        }
        let result = arrange(letters, &self.axes(&rows, &features), &site.result)?;
        let terms = mask.iter().filter_map(MaskTerm::arranged);
        let all = || [&query, &key, &value].into_iter().chain(terms.clone());
        let total = all().map(|arranged| arranged.cost).sum::<usize>() + cost(&result);
        let gone = all().flat_map(|arranged| &arranged.ops).chain(&site.ops).copied().collect();
        let total = total + usize::from(times != 1.0);
        let (product, end, dtype) = (site.scores.product.op, site.end, site.dtype);
        Ok((
            total,
            Plan { query, key, value, times, of_query, of_key, mask, result, product, end, gone, dtype },
        ))
    }

    /// The leading axes and two more.
    fn axes(&self, row: &Word, column: &Word) -> View {
        [&self.layout.leading[..], &[row.clone(), column.clone()]].concat()
    }

    /// Query and key, and the number that the query is multiplied by then: the cheapest together.
    fn pair(
        &self,
        origins: &Origins,
        [rows, keys, head]: [&Word; 3],
        built_in: f64,
    ) -> Result<(Arranged, Arranged, f64), No> {
        let queries = candidates(self.letters, &origins.query, &self.axes(rows, head), false)?;
        let keys = candidates(self.letters, &origins.key, &self.axes(keys, head), false)?;
        let pairs = queries.iter().flat_map(|query| keys.iter().map(move |key| (query, key)));
        let pairs = pairs.map(|(query, key)| {
            let times = self.site.scores.constant * query.times * key.times * built_in;
            let times = if is_one(times, self.site.dtype) { 1.0 } else { times };
            (query.cost + key.cost + usize::from(times != 1.0), query, key, times)
        });
        // A scale that the query has already becomes part of the new one.
        let least = pairs.min_by_key(|(cost, query, ..)| (*cost, query.times == 1.0));
        let (_, query, key, times) = least.ok_or(No::miss("the query is not brought into order"))?;
        Ok((query.clone(), key.clone(), times))
    }

    fn runs_along(&self, along: &Along, word: &Word) -> bool {
        let view = self.letters.view(&along.view).concat();
        word.iter().any(|letter| view.contains(letter))
    }

    /// An operand of the scores beside these axes: along those that it has, and of size 1 along the others.
    fn along(&self, along: &Along, sources: &[Source], full: &View) -> Result<Arranged, No> {
        let word = |word: &Word| if self.runs_along(along, word) { word.clone() } else { Word::new() };
        let goal: View = full.iter().map(word).collect();
        let found = cheapest(candidates(self.letters, sources, &goal, true)?)?;
        let keeps = |step: &Step| matches!(step, Step::ExpandDims(_) | Step::Transpose(_));
        No::unless(along.exact || found.steps.iter().all(keeps), "the sizes of a mask are not known")?;
        Ok(found)
    }
}

impl Plan {
    /// Where the query was multiplied by a number before its axes were arranged, and nothing else uses it,
    /// the number becomes another one.
    fn scales_before(&self, rw: &mut Rewrite<'_>) -> Result<bool, No> {
        let Some(mut value) = self.query.operand.value() else { return Ok(false) };
        let mut user = self.product;
        loop {
            let only = rw
                .graph()
                .only_use(value)
                .is_some_and(|only| self.gone.contains(&only.op) || only.op == user);
            let Some(op) = rw.graph().definition(value).filter(|_| only) else { return Ok(false) };
            if let Some((source, number)) = by_number(rw, op).filter(|_| user != self.product) {
                let number = number * self.times;
                if is_one(number, rw.dtype(value)?) {
                    rw.replace_with_existing(op, &[source], &[])?;
                } else {
                    let number = to_dtype(&[number], rw.dtype(value)?)?.reshaped(&[])?;
                    rw.replace(op, NewOp::new("mul").with("x", source).with("y", number), &[])?;
                }
                return Ok(true);
            }
            let moves = ["reshape", "transpose", "expand_dims", "squeeze", "identity", "tile"];
            if !rw.is(op, &moves) || rw.known(op).is_err() {
                return Ok(false);
            }
            (user, value) = (op, rw.input(op, "x")?);
        }
    }
}

impl Arranged {
    fn emit(&self, rw: &mut Rewrite<'_>, label: &str, before: OpId) -> Result<ValueId, No> {
        let operand = emit(rw, &self.steps, self.operand.clone(), label, before)?;
        operand.value().ok_or(No::miss("an operand is not a value"))
    }

    pub(super) fn operand(&self, rw: &mut Rewrite<'_>, label: &str, before: OpId) -> Result<Operand, No> {
        emit(rw, &self.steps, self.operand.clone(), label, before)
    }

    /// An operand of this element type times this, or divided by it.
    pub(super) fn times(
        &self,
        rw: &mut Rewrite<'_>,
        operand: impl Into<Operand>,
        dtype: DType,
        divides: bool,
        label: &str,
        before: OpId,
    ) -> Result<ValueId, No> {
        let own = self.operand(rw, label, before)?;
        let own = cast(rw, own, dtype, label, before)?;
        let kind = if divides { "real_div" } else { "mul" };
        rw.emit_one(NewOp::new(kind).named(label).with("x", operand).with("y", own), before)
    }
}

/// Each source with the ops that bring it to these axes.
fn candidates(
    letters: &Letters,
    sources: &[Source],
    goal: &View,
    broadcasts: bool,
) -> Result<Vec<Arranged>, No> {
    let mut reason = No::miss("an operand is not brought into order");
    let mut found = Vec::new();
    let spared = sources.iter().map(|other| other.spared).max().unwrap_or(0);
    for source in sources {
        let view = letters.view(&source.view);
        let steps = match broadcasts && is_broadcast(&view, goal) {
            true => Ok(Vec::new()),
            false => arrange(letters, &view, goal),
        };
        match steps {
            Ok(steps) => found.push(Arranged {
                operand: source.operand.clone(),
                cost: cost(&steps) + spared - source.spared,
                steps,
                ops: source.ops.clone(),
                times: source.times,
            }),
            Err(miss) => reason = miss,
        }
    }
    if found.is_empty() { Err(reason) } else { Ok(found) }
}

fn cheapest(candidates: Vec<Arranged>) -> Result<Arranged, No> {
    let least = candidates.into_iter().min_by_key(|arranged| arranged.cost);
    least.ok_or(No::miss("an operand is not brought into order"))
}

/// Axes that are broadcast to others as they are, from the last one on; those in front may be left out.
fn is_broadcast(view: &[Word], goal: &[Word]) -> bool {
    let missing = goal.len().checked_sub(view.len());
    let fits = |missing: usize| goal[..missing].iter().all(Word::is_empty) && goal[missing..] == *view;
    view.len() >= 2 && missing.is_some_and(fits)
}

/// A scale is 1 to the precision of the constants that it was made of.
fn is_one(scale: f64, dtype: DType) -> bool {
    let tolerance = if dtype == DType::Fp16 { 1e-3 } else { 1e-6 };
    (scale - 1.0).abs() <= tolerance
}
