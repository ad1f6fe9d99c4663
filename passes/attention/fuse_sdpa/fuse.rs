//! One op in place of a site: the layout that costs least, and the ops that bring everything into it.

use mil_ir::{NewOp, OpId, Operand, ValueId};
use mil_pass::{Matched, No, Rewrite};
use mil_tensor::{DType, Tensor};

use super::arrange::{Step, arrange, cost, emit};
use super::letters::{Letters, View, Word, number};
use super::scores::{Along, Scale, Term};
use super::site::{Layout, Sight, Site, Source, sources};
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
    end: OpId,
    gone: Vec<OpId>,
    dtype: DType,
}

/// An operand and the ops that bring it into the layout.
#[derive(Clone, Debug)]
struct Arranged {
    operand: Operand,
    steps: Vec<Step>,
    ops: Vec<OpId>,
    times: f64,
    cost: usize,
}

/// A term of the mask in the layout.
#[derive(Debug)]
enum MaskTerm {
    Added { term: Arranged, times: f64, scales: Vec<(Arranged, bool)> },
    Kept { cond: Arranged, keeps: bool, fill: f64, dtype: DType },
}

impl Plan {
    /// The cheapest way to rewrite a site.
    pub(super) fn of(sight: &Sight<'_, '_>, letters: &mut Letters, site: &Site) -> Result<Plan, No> {
        let mut best: Option<(usize, Plan)> = None;
        let mut reason = No::miss("the axes of query, key and value fit no layout of the op");
        for layout in &site.layouts {
            match Plan::in_layout(sight, letters, site, layout.clone()) {
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

    fn in_layout(
        sight: &Sight<'_, '_>,
        letters: &mut Letters,
        site: &Site,
        mut layout: Layout,
    ) -> Result<(usize, Plan), No> {
        if layout.leading.is_empty() {
            layout.leading.push(Word::new());
        }
        let rank = layout.leading.len() + 2;
        No::unless(rank <= MOST_AXES, "the op would need more than five axes")?;
        let with = |row: &Word, column: &Word| -> View { [&layout.leading[..], &[row.clone(), column.clone()]].concat() };
        let head = number(&letters.size(&site.head)).ok_or(No::miss("the size of a head is not known"))?;

        let of = |factor: &super::product::Factor| Along {
            operand: factor.value.into(),
            view: factor.view.clone(),
            exact: true,
        };
        let query = sources(sight, letters, &of(&site.query), true);
        let key = sources(sight, letters, &of(&site.key), true);
        let value = sources(sight, letters, &of(&site.value), false);
        let queries = candidates(letters, &query, &with(&layout.rows, &site.head));
        let keys = candidates(letters, &key, &with(&site.keys, &site.head));
        let value = cheapest(candidates(letters, &value, &with(&site.keys, &site.features)))?;
        let built_in = (head as f64).sqrt();
        let mut pairs = Vec::new();
        for query in queries? {
            for key in keys.as_ref().map_err(again)? {
                let times = site.scale * query.times * key.times * built_in;
                let times = if is_one(times, site.dtype) { 1.0 } else { times };
                pairs.push((query.cost + key.cost + usize::from(times != 1.0), query.clone(), key.clone(), times));
            }
        }
        let pair = pairs.into_iter().min_by_key(|(cost, ..)| *cost);
        let (mut total, query, key, times) = pair.ok_or(No::miss("the query is not brought into order"))?;
        total += value.cost;

        let broadcast = |letters: &Letters, view: &View, full: &View| -> View {
            let view = letters.view(view);
            let has = |word: &Word| word.iter().any(|letter| view.iter().flatten().any(|other| other == letter));
            full.iter().map(|word| if has(word) { word.clone() } else { Word::new() }).collect()
        };
        let along = |letters: &mut Letters, along: &Along, full: &View| -> Result<Arranged, No> {
            let goal = broadcast(letters, &along.view, full);
            let sources = sources(sight, letters, along, false);
            let found = cheapest(candidates(letters, &sources, &goal))?;
            let keeps = |step: &Step| matches!(step, Step::ExpandDims(_) | Step::Transpose(_));
            No::unless(along.exact || found.steps.iter().all(keeps), "the sizes of a mask are not known")?;
            Ok(found)
        };
        let scaled = |letters: &mut Letters, scale: &Scale, full: &View| {
            Ok::<_, No>((along(letters, &scale.along, full)?, scale.divides))
        };

        let (mut of_query, mut of_key) = (Vec::new(), Vec::new());
        for scale in &site.scores.scales {
            let view = letters.view(&scale.along.view);
            let has = |word: &Word| word.iter().any(|letter| view.iter().flatten().any(|other| other == letter));
            if !has(&site.keys) {
                of_query.push(scaled(letters, scale, &with(&layout.rows, &Word::new()))?);
            } else if !has(&layout.rows) && !site.scores.shifted {
                of_key.push(scaled(letters, scale, &with(&site.keys, &Word::new()))?);
            } else {
                return Err(No::miss("the scale varies with query and key"));
            }
        }
        let full = with(&layout.rows, &site.keys);
        let mut mask = Vec::new();
        for term in &site.scores.terms {
            mask.push(match term {
                Term::Added { along: added, times, scales } => {
                    let scales = scales.iter().map(|scale| scaled(letters, scale, &full));
                    let scales = scales.collect::<Result<Vec<_>, No>>()?;
                    MaskTerm::Added { term: along(letters, added, &full)?, times: *times, scales }
                }
                Term::Kept { cond, keeps, fill, dtype } => {
                    MaskTerm::Kept { cond: along(letters, cond, &full)?, keeps: *keeps, fill: *fill, dtype: *dtype }
                }
            });
        }
        total += mask.iter().map(MaskTerm::cost).sum::<usize>();
        let result = arrange(letters, &with(&layout.rows, &site.features), &site.result)?;
        total += cost(&result);
        let walked = [&query, &key, &value].into_iter().chain(mask.iter().map(MaskTerm::arranged));
        let gone = site.ops.iter().copied().chain(walked.flat_map(|arranged| arranged.ops.clone())).collect();
        let (end, dtype) = (site.end, site.dtype);
        Ok((total, Plan { query, key, value, times, of_query, of_key, mask, result, end, gone, dtype }))
    }

    /// Does it.
    pub(super) fn apply(self, rw: &mut Rewrite<'_>) -> Matched {
        let (end, dtype) = (self.end, self.dtype);
        let label = rw.graph().label(end).clone();
        let name = |what: &str| format!("{label}_{what}");
        let mut query = self.query.emit(rw, &name("query"), end)?;
        query = cast(rw, query, dtype, &name("query_cast"), end)?;
        for (scale, divides) in &self.of_query {
            query = scale.times(rw, query, *divides, &name("query_scaled"), end)?;
        }
        if self.times != 1.0 {
            let times = to_dtype(&[self.times], dtype)?.reshaped(&[])?;
            let new = NewOp::new("mul").named(name("query_scaled")).with("x", query).with("y", times);
            query = rw.emit_one(new, end)?;
        }
        let mut key = self.key.emit(rw, &name("key"), end)?;
        key = cast(rw, key, dtype, &name("key_cast"), end)?;
        for (scale, divides) in &self.of_key {
            key = scale.times(rw, key, *divides, &name("key_scaled"), end)?;
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

impl Arranged {
    fn emit(&self, rw: &mut Rewrite<'_>, label: &str, before: OpId) -> Result<ValueId, No> {
        let operand = emit(rw, &self.steps, self.operand.clone(), label, before)?;
        operand.value().ok_or(No::miss("an operand is not a value"))
    }

    fn operand(&self, rw: &mut Rewrite<'_>, label: &str, before: OpId) -> Result<Operand, No> {
        emit(rw, &self.steps, self.operand.clone(), label, before)
    }

    /// A value times this, or divided by it.
    fn times(
        &self,
        rw: &mut Rewrite<'_>,
        value: ValueId,
        divides: bool,
        label: &str,
        before: OpId,
    ) -> Result<ValueId, No> {
        let own = self.operand(rw, label, before)?;
        let dtype = rw.dtype(value)?;
        let own = cast_operand(rw, own, dtype, label, before)?;
        let kind = if divides { "real_div" } else { "mul" };
        rw.emit_one(NewOp::new(kind).named(label).with("x", value).with("y", own), before)
    }
}

impl MaskTerm {
    fn arranged(&self) -> &Arranged {
        match self {
            MaskTerm::Added { term, .. } => term,
            MaskTerm::Kept { cond, .. } => cond,
        }
    }

    fn cost(&self) -> usize {
        self.arranged().cost
    }
}

/// An error once more, for another layout.
fn again(no: &No) -> No {
    match no {
        No::Miss(reason) => No::Miss(reason.clone()),
        No::Fault(_) => No::miss("a key is not brought into order"),
    }
}

/// Each source with the ops that bring it to these axes.
fn candidates(letters: &Letters, sources: &[Source], goal: &View) -> Result<Vec<Arranged>, No> {
    let mut reason = No::miss("an operand is not brought into order");
    let mut found = Vec::new();
    for source in sources {
        let view = letters.view(&source.view);
        let steps = match is_broadcast(&view, goal) {
            true => Ok(Vec::new()),
            false => arrange(letters, &view, goal),
        };
        match steps {
            Ok(steps) => found.push(Arranged {
                operand: source.operand.clone(),
                // Relative to the most that can be spared.
                cost: cost(&steps) + sources.iter().map(|other| other.spared).max().unwrap_or(0) - source.spared,
                steps,
                ops: source.ops.clone(),
                times: source.times,
            }),
            Err(miss) => reason = miss,
        }
    }
    if found.is_empty() { Err(reason) } else { Ok(found) }
}

fn cheapest(candidates: Result<Vec<Arranged>, No>) -> Result<Arranged, No> {
    let least = candidates?.into_iter().min_by_key(|arranged| arranged.cost);
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

fn cast(rw: &mut Rewrite<'_>, value: ValueId, dtype: DType, label: &str, before: OpId) -> Result<ValueId, No> {
    if rw.dtype(value)? == dtype {
        return Ok(value);
    }
    let new = NewOp::new("cast").named(label).with("x", value).with("dtype", Tensor::string(dtype.to_string()));
    rw.emit_one(new, before)
}

fn cast_operand(
    rw: &mut Rewrite<'_>,
    operand: Operand,
    dtype: DType,
    label: &str,
    before: OpId,
) -> Result<Operand, No> {
    if rw.graph().operand_type(&operand).dtype() == Some(dtype) {
        return Ok(operand);
    }
    let new = NewOp::new("cast").named(label).with("x", operand).with("dtype", Tensor::string(dtype.to_string()));
    Ok(rw.emit_one(new, before)?.into())
}

/// The mask: boolean where scores are only taken out, a sum otherwise.
fn mask(rw: &mut Rewrite<'_>, terms: &[MaskTerm], label: &str, before: OpId) -> Result<Option<Operand>, No> {
    let takes_out = |term: &MaskTerm| matches!(term, MaskTerm::Kept { fill, .. } if *fill == f64::NEG_INFINITY);
    let mut sum: Option<Operand> = None;
    if terms.iter().all(takes_out) {
        for term in terms {
            let MaskTerm::Kept { cond, keeps, .. } = term else { continue };
            let kept = kept(rw, cond, *keeps, label, before)?;
            sum = Some(match sum {
                None => kept,
                Some(others) => {
                    let both = NewOp::new("logical_and").named(label).with("x", others).with("y", kept);
                    rw.emit_one(both, before)?.into()
                }
            });
        }
        return Ok(sum);
    }
    let dtype = match terms.iter().any(|term| term.dtype(rw) == Some(DType::Fp32)) {
        true => DType::Fp32,
        false => DType::Fp16,
    };
    for term in terms {
        sum = Some(match term {
            MaskTerm::Added { term, times, scales } => {
                let mut added = term.operand(rw, label, before)?;
                added = cast_operand(rw, added, dtype, label, before)?;
                for (scale, divides) in scales {
                    let by = scale.operand(rw, label, before)?;
                    let by = cast_operand(rw, by, dtype, label, before)?;
                    let kind = if *divides { "real_div" } else { "mul" };
                    added = rw.emit_one(NewOp::new(kind).named(label).with("x", added).with("y", by), before)?.into();
                }
                if *times != 1.0 {
                    let times = to_dtype(&[*times], dtype)?.reshaped(&[])?;
                    added = rw.emit_one(NewOp::new("mul").named(label).with("x", added).with("y", times), before)?.into();
                }
                match sum {
                    None => added,
                    Some(others) => {
                        let both = NewOp::new("add").named(label).with("x", others).with("y", added);
                        rw.emit_one(both, before)?.into()
                    }
                }
            }
            MaskTerm::Kept { cond, keeps, fill, .. } => {
                let fill = number_of(masking(*fill, dtype), dtype)?;
                let others = match sum {
                    Some(others) => others,
                    None => number_of(0.0, dtype)?.into(),
                };
                let cond = cond.operand(rw, label, before)?;
                let (a, b) = if *keeps { (others, fill.into()) } else { (fill.into(), others) };
                let new = NewOp::new("select").named(label).with("cond", cond).with("a", a).with("b", b);
                rw.emit_one(new, before)?.into()
            }
        });
    }
    Ok(sum)
}

impl MaskTerm {
    fn dtype(&self, rw: &Rewrite<'_>) -> Option<DType> {
        match self {
            MaskTerm::Added { term, .. } => rw.graph().operand_type(&term.operand).dtype(),
            MaskTerm::Kept { dtype, .. } => Some(*dtype),
        }
    }
}

/// Which scores count.
fn kept(
    rw: &mut Rewrite<'_>,
    cond: &Arranged,
    keeps: bool,
    label: &str,
    before: OpId,
) -> Result<Operand, No> {
    let cond = cond.operand(rw, label, before)?;
    if keeps {
        return Ok(cond);
    }
    Ok(rw.emit_one(NewOp::new("logical_not").named(label).with("x", cond), before)?.into())
}

/// What is added to a score so that it is masked like one that `fill` was put in place of. It is so large
/// that adding the score changes nothing: a row that is masked as a whole has equal weights then too.
fn masking(fill: f64, dtype: DType) -> f64 {
    match dtype {
        DType::Fp16 => fill.min(-3e4),
        _ => fill.min(-1e30),
    }
}

/// A number as a scalar; the infinite stay infinite.
fn number_of(value: f64, dtype: DType) -> Result<Tensor, No> {
    Ok(Tensor::from_f64s(dtype, &[], &[value])?)
}
