//! Leaves of the cost model, fitted to plans that devices made.
//!
//! A dump of `MLComputePlan` says which share of the plan's cost each op has. Some ops cost what their bytes
//! cost, which is known of every family; they tell what the plan costs as a whole, and so what each op does.
//! Dumps that hold the planner's own times are read as such. What an op counts as work, divided by its time,
//! is a rate; rates of one op come in steps along a feature, and each step is a row for `data/leaves.tsv`.
//!
//! Nothing is overwritten: a row says whether the tables have it, say something else, or say nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use mil_ir::Program;
use serde::Serialize;

use crate::cost::{Costs, Feature, Leaf, Rate, counted, roofline};
use crate::estimate::facts_of;
use crate::facts::OpFacts;
use crate::legality;
use crate::plan::{DevicePlan, PlannedOp, device_named};
use crate::target::{Backend, Confidence, Device, Target};

/// Rates within this of each other are one step.
const SAME: f64 = 0.05;
/// Shares are printed with four digits; smaller ones say little.
const LEAST_SHARE: f64 = 0.005;
/// `classic_cpu` is slower than `bnns` by this factor wherever both are known (751K, freedomtan).
const CLASSIC: f64 = 1.1502;

/// What plans say about the costs and the rules.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    samples: Vec<Sample>,
    /// Ops that plans and rules speak of, by what the rules say: how many, and of how many both say the same.
    rules: BTreeMap<(String, String), [usize; 2]>,
    /// Plans that say nothing about times, with why.
    pub left_out: Vec<(String, String)>,
}

/// One op of one plan, on one backend.
#[derive(Clone, Debug)]
struct Sample {
    source: String,
    family: &'static str,
    op: String,
    backend: Backend,
    /// Giga work items per second; `None` where bytes and peak decide.
    rate: Option<f64>,
    features: BTreeMap<Feature, f64>,
    certainty: Confidence,
}

/// A row for `data/leaves.tsv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fitted {
    /// The row as the table spells it.
    pub row: String,
    /// How it stands to what the table has.
    pub standing: Standing,
    /// Ops of plans that it rests on.
    pub samples: usize,
    #[serde(skip)]
    leaf: FittedLeaf,
}

#[derive(Clone, Debug, PartialEq)]
struct FittedLeaf {
    family: &'static str,
    op: String,
    by: Feature,
    from: f64,
    to: f64,
    rates: [Rate; 4],
    certainty: Confidence,
}

/// How a fitted row stands to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// The table has nothing of this op for this family.
    New,
    /// The table says the same.
    Confirms,
    /// The table says something else, and stays.
    Differs,
}

/// A rule with which plans disagree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// The op.
    pub op: String,
    /// The code of our reason; `ane` where we say that the Neural Engine can run it.
    pub rule: String,
    /// Ops that plans speak of.
    pub seen: usize,
    /// Those of which they say the same.
    pub agreed: usize,
}

impl Evidence {
    /// Adds a plan of a program; `source` is what rows will name.
    pub fn add(&mut self, source: &str, program: &Program, target: &Target, plan: &DevicePlan) {
        let facts = facts_of(program);
        let matched: Vec<(&PlannedOp, &OpFacts)> = plan
            .ops
            .iter()
            .filter_map(|planned| {
                let fits = |(function, output, _): &&(String, String, OpFacts)| {
                    planned.function.as_ref().is_none_or(|wanted| wanted == function)
                        && *output == planned.output
                };
                Some((planned, &facts.iter().find(fits)?.2))
            })
            .collect();
        if matched.is_empty() {
            self.left_out.push((source.to_owned(), "none of its ops is in the model".to_owned()));
            return;
        }
        for (planned, op) in &matched {
            self.count(planned, op, target);
        }
        let before = self.samples.len();
        let scale = scale(&matched, target);
        for (planned, op) in &matched {
            for backend in Backend::ALL {
                if let Some(ms) = planned.ms[backend as usize] {
                    self.samples.extend(Sample::of(source, op, backend, ms, target, Confidence::Measured));
                }
            }
            let told = planned.ms.iter().any(Option::is_some);
            let share = planned.cost.filter(|&share| share >= LEAST_SHARE && !told);
            if let (Some(scale), Some(share), Some(backend)) = (scale, share, preferred(planned)) {
                let ms = scale * share;
                self.samples.extend(Sample::of(source, op, backend, ms, target, Confidence::Derived));
            }
        }
        if self.samples.len() == before {
            let why = "it tells neither times nor shares of which some op's time is known";
            self.left_out.push((source.to_owned(), why.to_owned()));
        }
    }

    fn count(&mut self, planned: &PlannedOp, op: &OpFacts, target: &Target) {
        if planned.supported.is_empty() {
            return;
        }
        let theirs = planned.supported.iter().any(|name| device_named(name) == Some(Device::Ane));
        let ours = legality::check(op, target);
        let can = ours.backends[Backend::Ane as usize];
        let rule = ours.reason.map_or("ane", |reason| reason.code);
        let counts = self.rules.entry((op.kind.to_string(), rule.to_owned())).or_default();
        counts[0] += 1;
        counts[1] += usize::from(theirs == can);
    }

    /// The rules with which plans disagree.
    pub fn contradictions(&self) -> Vec<Contradiction> {
        let wrong = self.rules.iter().filter(|(_, [seen, agreed])| agreed < seen);
        let told = wrong.map(|((op, rule), &[seen, agreed])| Contradiction {
            op: op.clone(),
            rule: rule.clone(),
            seen,
            agreed,
        });
        told.collect()
    }

    /// The rows that the plans make.
    pub fn leaves(&self) -> Vec<Fitted> {
        let mut groups: BTreeMap<(&str, &str), Vec<&Sample>> = BTreeMap::new();
        for sample in &self.samples {
            groups.entry((sample.family, sample.op.as_str())).or_default().push(sample);
        }
        groups.into_values().flat_map(|samples| fitted(&samples)).collect()
    }
}

impl Sample {
    /// `None` of ops that count no work: bytes are all that there is.
    fn of(
        source: &str,
        op: &OpFacts,
        backend: Backend,
        ms: f64,
        target: &Target,
        certainty: Confidence,
    ) -> Option<Sample> {
        let (work, bytes) = counted(op);
        if work <= 0.0 || ms <= 0.0 {
            return None;
        }
        let by_roofline = roofline(backend, &target.chip, (work, bytes)).ms;
        let all = [Feature::Single, Feature::FlopPerByte, Feature::OutputElements, Feature::BatchMoves];
        Some(Sample {
            source: source.to_owned(),
            family: target.chip.family,
            op: op.kind.to_string(),
            backend,
            rate: ((ms / by_roofline - 1.0).abs() > 0.005).then_some(work / ms * 1e-6),
            features: all.into_iter().map(|feature| (feature, feature.of(op, work, bytes))).collect(),
            certainty,
        })
    }
}

/// The backend of the device that a plan prefers. Of the CPU's two, `bnns` is the faster one.
fn preferred(planned: &PlannedOp) -> Option<Backend> {
    match device_named(&planned.preferred)? {
        Device::Ane => Some(Backend::Ane),
        Device::Cpu => Some(Backend::Bnns),
        Device::Gpu => Some(Backend::MpsGraph),
        _ => None,
    }
}

/// What a share of one is in milliseconds, by the ops of which the time is known on every family.
fn scale(matched: &[(&PlannedOp, &OpFacts)], target: &Target) -> Option<f64> {
    let everywhere = Costs::known().without_family(target.chip.family);
    let mut found: Vec<f64> = matched
        .iter()
        .filter_map(|(planned, op)| {
            let share = planned.cost.filter(|&share| share >= LEAST_SHARE)?;
            let backend = preferred(planned)?;
            let time = everywhere.times(op, &target.chip)[backend as usize];
            (time.low == time.high && time.ms > 0.0).then_some(time.ms / share)
        })
        .collect();
    found.sort_by(f64::total_cmp);
    found.get(found.len() / 2).copied()
}

/// The steps of one op on one family.
fn fitted(samples: &[&Sample]) -> Vec<Fitted> {
    let Some(first) = samples.first() else { return Vec::new() };
    let own = Costs::known().leaves.get(&*first.op).map_or(&[][..], Vec::as_slice);
    // The feature that selects the op's leaves on families that are known, else the one of the fewest steps.
    let features = match own.first() {
        Some(leaf) => vec![leaf.by],
        None => vec![Feature::Single, Feature::FlopPerByte, Feature::OutputElements],
    };
    let all = features.into_iter().filter_map(|by| Some((by, steps(samples, by)?)));
    let Some((by, steps)) = all.min_by_key(|(_, steps)| steps.len()) else { return Vec::new() };
    let mut rows = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let border = |a: Option<&Vec<&Sample>>, b: Option<&Vec<&Sample>>, open: f64| match (a, b) {
            (Some(a), Some(b)) => between(most(a, by), least(b, by)),
            _ => open,
        };
        let before = at.checked_sub(1).and_then(|before| steps.get(before));
        let from = border(before, Some(step), f64::NEG_INFINITY);
        let to = border(Some(step), steps.get(at + 1), f64::INFINITY);
        rows.extend(row(first, by, (from, to), step, own));
    }
    rows
}

/// Neighbours along a feature whose rates agree on every backend; `None` where the feature does not tell them
/// apart: more than one sample in ten differs from the others of its place.
fn steps<'s>(samples: &[&'s Sample], by: Feature) -> Option<Vec<Vec<&'s Sample>>> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(|a, b| a.features[&by].total_cmp(&b.features[&by]));
    let mut steps: Vec<(Rates, Vec<&Sample>)> = Vec::new();
    let mut odd = 0;
    for place in sorted.chunk_by(|a, b| a.features[&by] == b.features[&by]) {
        let rates = rates(place);
        let is_odd =
            |sample: &&&Sample| rates[sample.backend as usize].is_some_and(|rate| !same(rate, sample.rate));
        odd += place.iter().filter(is_odd).count();
        match steps.last_mut() {
            Some((own, step)) if agree(own, &rates) => {
                step.extend(place);
                *own = self::rates(step);
            }
            _ => steps.push((rates, place.to_vec())),
        }
    }
    (10 * odd <= samples.len()).then(|| steps.into_iter().map(|(_, step)| step).collect())
}

/// The middle rate of each backend; `None` where there is no sample of it.
type Rates = [Option<Option<f64>>; 4];

fn rates(samples: &[&Sample]) -> Rates {
    Backend::ALL.map(|backend| {
        let of_backend = samples.iter().filter(|sample| sample.backend == backend);
        let mut found: Vec<Option<f64>> = of_backend.map(|sample| sample.rate).collect();
        found.sort_by(|a, b| a.unwrap_or(0.0).total_cmp(&b.unwrap_or(0.0)));
        found.get(found.len() / 2).copied()
    })
}

/// What both know is the same.
fn agree(a: &Rates, b: &Rates) -> bool {
    a.iter().zip(b).all(|(a, b)| match (a, b) {
        (Some(a), Some(b)) => same(*a, *b),
        _ => true,
    })
}

fn same(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a / b - 1.0).abs() <= SAME,
        (a, b) => a.is_none() == b.is_none(),
    }
}

fn least(step: &[&Sample], by: Feature) -> f64 {
    step.iter().map(|sample| sample.features[&by]).fold(f64::INFINITY, f64::min)
}

fn most(step: &[&Sample], by: Feature) -> f64 {
    step.iter().map(|sample| sample.features[&by]).fold(f64::NEG_INFINITY, f64::max)
}

/// The geometric mean; of what is not positive, the middle.
fn between(a: f64, b: f64) -> f64 {
    if a > 0.0 { (a * b).sqrt() } else { (a + b) / 2.0 }
}

fn row(
    first: &Sample,
    by: Feature,
    (from, to): (f64, f64),
    step: &[&Sample],
    own: &[Leaf],
) -> Option<Fitted> {
    let mut rates = rates(step).map(|rate| match rate {
        Some(Some(rate)) => Rate::Known(rate),
        Some(None) => Rate::Roofline,
        None => Rate::Unknown,
    });
    let (bnns, classic) = (Backend::Bnns as usize, Backend::ClassicCpu as usize);
    if let (Rate::Known(rate), Rate::Unknown) = (rates[bnns], rates[classic]) {
        rates[classic] = Rate::Known(rate / CLASSIC);
    }
    // The roofline is there without a row.
    if !rates.iter().any(|rate| matches!(rate, Rate::Known(_))) {
        return None;
    }
    let certainty = step.iter().map(|sample| sample.certainty).max().unwrap_or(Confidence::Assumed);
    let leaf = FittedLeaf { family: first.family, op: first.op.clone(), by, from, to, rates, certainty };
    let sources: BTreeSet<&str> = step.iter().map(|sample| sample.source.as_str()).collect();
    let named: Vec<&str> = sources.iter().take(3).copied().collect();
    let more = sources.len().saturating_sub(named.len());
    let source = match more {
        0 => named.join("; "),
        _ => format!("{} and {more} more", named.join("; ")),
    };
    Some(Fitted { row: leaf.row(&source), standing: leaf.standing(own), samples: step.len(), leaf })
}

impl FittedLeaf {
    fn row(&self, source: &str) -> String {
        let border = |value: f64| if value.is_finite() { format!("{value:.4}") } else { String::new() };
        let rate = |rate: &Rate| match rate {
            Rate::Known(rate) => format!("{rate:.6}"),
            Rate::Roofline => String::new(),
            Rate::Unknown => "?".to_owned(),
        };
        let mut cells = vec![self.family.to_owned(), self.op.clone(), self.by.name().to_owned()];
        cells.extend([border(self.from), border(self.to)]);
        cells.extend(self.rates.iter().map(rate));
        cells.extend([self.certainty.to_string(), source.to_owned()]);
        cells.join("\t")
    }

    fn standing(&self, own: &[Leaf]) -> Standing {
        let of_family =
            |leaf: &&Leaf| leaf.families.iter().any(|family| *family == self.family || family == "*");
        let overlaps = |leaf: &&Leaf| leaf.from < self.to && self.from < leaf.to;
        let mut known = own.iter().filter(of_family).filter(overlaps).peekable();
        if known.peek().is_none() {
            return Standing::New;
        }
        let fits = |leaf: &Leaf| {
            leaf.by == self.by
                && leaf.rates.iter().zip(&self.rates).all(|(table, fitted)| match (table, fitted) {
                    (Rate::Known(table), Rate::Known(fitted)) => same(Some(*table), Some(*fitted)),
                    (_, Rate::Unknown) | (Rate::Unknown, _) => true,
                    (table, fitted) => table == fitted,
                })
        };
        if known.any(fits) { Standing::Confirms } else { Standing::Differs }
    }
}

impl Costs {
    /// With rows that were fitted, beside those that there are.
    #[must_use]
    pub fn with_fitted(&self, fitted: &[Fitted]) -> Costs {
        let leaf = |fitted: &Fitted| {
            let leaf = &fitted.leaf;
            Leaf {
                families: vec![Cow::Borrowed(leaf.family)],
                ops: vec![Cow::Owned(leaf.op.clone())],
                by: leaf.by,
                from: leaf.from,
                to: leaf.to,
                rates: leaf.rates,
                certainty: leaf.certainty,
            }
        };
        self.clone().with(fitted.iter().map(leaf))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "program(1.3)\n{\n    func main<ios17>(tensor<fp16, [1, 64, 32, 32]> x) {\n        \
        tensor<fp16, [1, 64, 32, 32]> a = conv(dilations = [1, 1], groups = 1, pad = [1, 1, 1, 1], \
        pad_type = \"custom\", strides = [1, 1], weight = tensor<fp16, [64, 64, 3, 3]>(HASH(\"00000000000000000000000000000000\")), \
        x = x)[name = \"a\"];\n        tensor<fp16, [1, 64, 32, 32]> y = relu(x = a)[name = \"y\"];\n    } -> (y);\n}\n";

    /// A plan of the program on the Neural Engine, in which the convolution takes so many times what the
    /// tables say of an M4.
    fn plan(program: &Program, factor: f64) -> DevicePlan {
        let m4: crate::Chip = "M4".parse().unwrap();
        let times: Vec<(String, f64)> = facts_of(program)
            .into_iter()
            .map(|(_, output, op)| {
                let ms = Costs::known().times(&op, &m4)[Backend::Ane as usize].ms;
                (output, if &*op.kind == "conv" { factor * ms } else { ms })
            })
            .collect();
        let all: f64 = times.iter().map(|(_, ms)| ms).sum();
        let op = |(output, ms): (String, f64)| PlannedOp {
            output,
            preferred: "ane".to_owned(),
            supported: vec!["ane".to_owned(), "cpu".to_owned()],
            cost: Some(ms / all),
            ..PlannedOp::default()
        };
        DevicePlan { ops: times.into_iter().map(op).collect(), ..DevicePlan::default() }
    }

    fn fitted_on(chip: &str, factor: f64) -> (Vec<Fitted>, Costs) {
        let program = mil_ir::text::parse(TEXT).unwrap();
        let target = Target::new(chip, "26", "cpu-and-ne").unwrap();
        let mut evidence = Evidence::default();
        evidence.add("a_dump", &program, &target, &plan(&program, factor));
        assert_eq!((evidence.left_out.len(), evidence.contradictions().len()), (0, 0));
        let rows = evidence.leaves();
        let costs = Costs::known().without_family("H14G").with_fitted(&rows);
        (rows, costs)
    }

    #[test]
    fn shares_of_a_plan_become_rows_that_stand_beside_the_table() {
        for (chip, factor, standing) in
            [("M4", 1.0, Standing::Confirms), ("M4", 2.0, Standing::Differs), ("M2", 2.0, Standing::New)]
        {
            let (rows, _) = fitted_on(chip, factor);
            let conv: Vec<&Fitted> = rows.iter().filter(|row| row.row.contains("\tconv\t")).collect();
            assert_eq!((conv.len(), conv[0].standing), (1, standing), "{rows:?}");
            assert!(conv[0].row.ends_with("\tderived\ta_dump"), "{}", conv[0].row);
        }
    }

    #[test]
    fn a_fitted_row_is_what_the_family_costs() {
        let (_, costs) = fitted_on("M2", 2.0);
        let program = mil_ir::text::parse(TEXT).unwrap();
        let conv = facts_of(&program).swap_remove(0).2;
        let [m2, m4] = ["M2", "M4"].map(|name| name.parse::<crate::Chip>().unwrap());
        let (fitted, known) = (costs.times(&conv, &m2)[0], Costs::known().times(&conv, &m4)[0]);
        assert!((fitted.ms / known.ms - 2.0).abs() < 1e-6, "{} {}", fitted.ms, known.ms);
        assert_eq!((fitted.low, fitted.high, fitted.confidence), (fitted.ms, fitted.ms, Confidence::Derived));
    }

    #[test]
    fn a_plan_of_another_model_is_left_out() {
        let program = mil_ir::text::parse(TEXT).unwrap();
        let target = Target::new("M4", "26", "cpu-and-ne").unwrap();
        let other = PlannedOp { output: "z".to_owned(), ..PlannedOp::default() };
        let mut evidence = Evidence::default();
        evidence.add("z", &program, &target, &DevicePlan { ops: vec![other], ..DevicePlan::default() });
        assert_eq!((evidence.left_out.len(), evidence.leaves().len()), (1, 0));
    }
}
