//! The second layer: how long the planner believes an op to take on each backend.
//!
//! `time = max(flop / peak, bytes / bandwidth)` (`data/rooflines.tsv`), or, for ops that have leaves of their
//! own, `work / rate`. Rates come in steps: a leaf holds for a range of a [`Feature`]. What the planner
//! counts as work is not what the hardware does: an attention counts as moving its operands, a dilated conv
//! as cheaper by the square of the dilation. That is no mistake here; the plan follows from it.
//!
//! A family of chips without a leaf takes the nearest family's. Such a time is [`Confidence::Assumed`], and
//! comes with the interval that the families which have one span, widened by `spread` of `data/planner.tsv`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::str::FromStr;
use std::sync::LazyLock;

use crate::facts::OpFacts;
use crate::placement::Planner;
use crate::table::{self, Row};
use crate::target::{Backend, Chip, Confidence, generation};

/// GiB in bytes.
const GIB: f64 = 1_073_741_824.0;

/// A time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Time {
    /// The best guess.
    pub ms: f64,
    /// The least that other families make likely.
    pub low: f64,
    /// The most.
    pub high: f64,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What the planner counts as work: a column of `data/support.tsv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nothing: bytes alone count. [751K: softmax, norms, casts, reductions, attention, …]
    None,
    /// 2 per multiply-add and 1 per element of the bias; divided by the square of the dilation (751K
    /// `conv3x3_d2`).
    Conv,
    /// 2 per element of the result, input channel and kernel element: overlaps are not thinned by the stride
    /// (751K, 4 shapes).
    ConvTranspose,
    /// 2 per row and pair of input channels: the output channels do not count (751K, 256 to 512 channels).
    Linear,
    /// 2 per multiply-add, and 1 per element of an operand that is transposed (751K `matmul_dyn_tr`).
    Matmul,
    /// 1 per element of the result and of the kernel.
    Pool,
    /// 2 per element of the result.
    Relu,
    /// 1 per element of each operand, constants included: broadcasting is free.
    ElementsIn,
    /// 1 per element of the result.
    ElementsOut,
}

/// Which bytes the planner counts: a column of `data/support.tsv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// Every operand, constants included, and the first result.
    All,
    /// The same without constants of rank 0 or 1.
    Data,
    /// `x`, the result, and 4 bytes per element of the kernel.
    Pool,
}

/// What selects a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// There is one leaf.
    Single,
    /// Work over bytes.
    FlopPerByte,
    /// Elements of the result.
    OutputElements,
    /// 1 if a transpose moves the first axis, else 0.
    BatchMoves,
}

/// What a backend has in principle, and how its work is counted: a row of `data/support.tsv`.
#[derive(Clone, Debug)]
pub(crate) struct Support {
    pub(crate) op: &'static str,
    pub(crate) ane: bool,
    pub(crate) gpu: bool,
    work: Work,
    bytes: Bytes,
    /// What may compute it by other ops.
    pub(crate) fix: Option<&'static str>,
    pub(crate) certainty: Confidence,
    pub(crate) source: &'static str,
}

/// Peak and bandwidth of a backend: a row of `data/rooflines.tsv`.
#[derive(Clone, Debug)]
pub(crate) struct Roofline {
    family: &'static str,
    backend: Backend,
    gflops: Option<f64>,
    gibs: f64,
    certainty: Confidence,
}

/// Rates of an op within a range of a feature: a row of `data/leaves.tsv`.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) families: Vec<Cow<'static, str>>,
    pub(crate) ops: Vec<Cow<'static, str>>,
    pub(crate) by: Feature,
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) rates: [Rate; 4],
    pub(crate) certainty: Confidence,
}

/// What a leaf says of a backend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rate {
    /// Giga work items per second.
    Known(f64),
    /// The roofline holds: an empty cell.
    Roofline,
    /// Nothing: `?`.
    Unknown,
}

/// The leaves that times are computed from.
#[derive(Clone, Debug, Default)]
pub struct Costs {
    pub(crate) leaves: BTreeMap<Cow<'static, str>, Vec<Leaf>>,
}

pub(crate) const SUPPORT: &str = include_str!("../data/support.tsv");
pub(crate) const ROOFLINES: &str = include_str!("../data/rooflines.tsv");
pub(crate) const LEAVES: &str = include_str!("../data/leaves.tsv");

/// What is known of an op type.
pub(crate) fn support(kind: &str) -> Option<&'static Support> {
    support_table().get(kind)
}

fn support_table() -> &'static BTreeMap<&'static str, Support> {
    static ROWS: LazyLock<BTreeMap<&'static str, Support>> =
        LazyLock::new(|| table::read(SUPPORT, Support::parse).into_iter().map(|row| (row.op, row)).collect());
    &ROWS
}

/// Peaks and bandwidths.
fn rooflines() -> &'static [Roofline] {
    static ROWS: LazyLock<Vec<Roofline>> = LazyLock::new(|| table::read(ROOFLINES, Roofline::parse));
    &ROWS
}

impl Costs {
    /// Those of `data/leaves.tsv`.
    pub fn known() -> &'static Costs {
        static ROWS: LazyLock<Costs> =
            LazyLock::new(|| Costs::default().with(table::read(LEAVES, Leaf::parse)));
        &ROWS
    }

    /// Without what is known of one family of chips.
    #[must_use]
    pub fn without_family(&self, family: &str) -> Costs {
        let mut costs = self.clone();
        for leaves in costs.leaves.values_mut() {
            leaves.iter_mut().for_each(|leaf| leaf.families.retain(|found| found != family));
            leaves.retain(|leaf| !leaf.families.is_empty());
        }
        costs
    }

    pub(crate) fn with(mut self, leaves: impl IntoIterator<Item = Leaf>) -> Costs {
        for leaf in leaves {
            for op in &leaf.ops {
                self.leaves.entry(op.clone()).or_default().push(leaf.clone());
            }
        }
        self
    }

    /// The times of an op on each backend, in the order of [`Backend::ALL`], whether or not it can run there.
    pub fn times(&self, op: &OpFacts, chip: &Chip) -> [Time; 4] {
        let support = support(&op.kind);
        let (work, bytes) = counted(op);
        let leaves = self.leaves.get(&*op.kind).map_or(&[][..], Vec::as_slice);
        let mut found = Backend::ALL.map(|backend| {
            let feature = |feature: Feature| feature.of(op, work, bytes);
            from_leaves(leaves, backend, chip, work, feature)
                .unwrap_or_else(|| from_roofline(backend, chip, work, bytes))
        });
        if support.is_none() || op.flexible {
            for time in &mut found {
                time.confidence = Confidence::Assumed;
            }
        }
        found
    }
}

/// What the planner counts of an op: operations and bytes.
pub fn counted(op: &OpFacts) -> (f64, f64) {
    let support = support(&op.kind);
    let work = support.map_or(Work::None, |support| support.work).count(op);
    let bytes = support.map_or(Bytes::All, |support| support.bytes).count(op);
    (finite(work), finite(bytes))
}

/// The times of an op on each backend by what is known: see [`Costs::times`].
pub fn times(op: &OpFacts, chip: &Chip) -> [Time; 4] {
    Costs::known().times(op, chip)
}

/// The time of an op on a backend by bytes and peak alone.
pub(crate) fn roofline(backend: Backend, chip: &Chip, (work, bytes): (f64, f64)) -> Time {
    from_roofline(backend, chip, work, bytes)
}

/// Sizes in a file are claims: their product may be too large for a number.
fn finite(amount: f64) -> f64 {
    amount.min(1e30) // of what is no number, too
}

/// How far a family is from a chip's: other generations first, then the letter.
fn distance(family: &str, chip: &Chip) -> u32 {
    if family == chip.family || family == "*" {
        return 0;
    }
    generation(family).map_or(u32::MAX, |other| 2 * other.abs_diff(chip.generation) + 1)
}

/// The nearest of several candidates (the first of equally near ones), and the interval that they and
/// `spread` span. The family's own constants are exact.
fn nearest(candidates: impl Iterator<Item = (u32, f64, Confidence)>, spread: f64) -> Option<Time> {
    let mut best: Option<(u32, f64, Confidence)> = None;
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for next in candidates {
        (least, most) = (least.min(next.1), most.max(next.1));
        if best.is_none_or(|best| next.0 < best.0) {
            best = Some(next);
        }
    }
    let (distance, ms, certainty) = best?;
    if distance == 0 {
        return Some(Time { ms, low: ms, high: ms, confidence: certainty });
    }
    let spread = spread.max(1.0);
    let (low, high) = (least.min(ms / spread), most.max(ms * spread));
    Some(Time { ms, low, high, confidence: Confidence::Assumed })
}

fn from_leaves(
    leaves: &[Leaf],
    backend: Backend,
    chip: &Chip,
    work: f64,
    feature: impl Fn(Feature) -> f64,
) -> Option<Time> {
    let fitting = leaves.iter().filter_map(|leaf| {
        let Rate::Known(rate) = leaf.rates[backend as usize] else { return None };
        let at = feature(leaf.by);
        (leaf.from <= at && at < leaf.to).then_some((leaf, work / rate * 1e-6))
    });
    // A family whose own leaf leaves this backend to the roofline has an answer, and it is the roofline.
    let own_says_roofline = leaves.iter().any(|leaf| {
        let own = leaf.families.iter().any(|family| distance(family, chip) == 0);
        own && leaf.rates[backend as usize] == Rate::Roofline && backend != Backend::MpsGraph
    });
    if own_says_roofline {
        return None;
    }
    let candidates = fitting.flat_map(|(leaf, ms)| {
        leaf.families.iter().map(move |family| (distance(family, chip), ms, leaf.certainty))
    });
    nearest(candidates, Planner::known().spread)
}

fn from_roofline(backend: Backend, chip: &Chip, work: f64, bytes: f64) -> Time {
    let rows = || rooflines().iter().filter(move |row| row.backend == backend);
    let moved = nearest(
        rows().map(|row| (distance(row.family, chip), bytes / row.gibs / GIB * 1e3, row.certainty)),
        1.0, // the same in five families
    );
    let computed = nearest(
        rows().filter_map(|row| Some((distance(row.family, chip), work / row.gflops? * 1e-6, row.certainty))),
        Planner::known().spread,
    );
    let zero = Time { ms: 0.0, low: 0.0, high: 0.0, confidence: Confidence::Assumed };
    let (moved, computed) = (moved.unwrap_or(zero), computed.unwrap_or(zero));
    Time {
        ms: moved.ms.max(computed.ms),
        low: moved.low.max(computed.low),
        high: moved.high.max(computed.high),
        // Bytes alone decide: how fast the backend computes does not matter.
        confidence: if computed.high <= moved.low {
            moved.confidence.max(Confidence::Derived)
        } else {
            moved.confidence.max(computed.confidence).max(Confidence::Derived)
        },
    }
}

impl Work {
    /// Counts the work of an op.
    pub fn count(self, op: &OpFacts) -> f64 {
        let result = op.result().map_or(0.0, |result| result.elements());
        let dims = |param: &str| op.operand(param).map_or(&[][..], |operand| operand.tensor.dims());
        let product = |sizes: &[u64]| sizes.iter().map(|&size| size as f64).product::<f64>();
        match self {
            Work::None => 0.0,
            Work::Conv => {
                let [_, per_output @ ..] = dims("weight") else { return 0.0 };
                let bias = if op.operand("bias").is_some() { result } else { 0.0 };
                let dilation: i64 = op.ints("dilations").iter().copied().max().unwrap_or(1).max(1);
                (2.0 * result * product(per_output) + bias) / (dilation * dilation) as f64
            }
            Work::ConvTranspose => {
                let [channels, _, kernel @ ..] = dims("weight") else { return 0.0 };
                let groups = op.ints("groups").first().copied().unwrap_or(1).max(1);
                2.0 * result * (*channels as f64 / groups as f64) * product(kernel)
            }
            Work::Linear => {
                let channels = dims("weight").last().map_or(0.0, |&size| size as f64);
                2.0 * product(dims("x")) * channels
            }
            Work::Matmul => {
                let x = dims("x");
                let axis = if op.flag("transpose_x") {
                    x.len().saturating_sub(2)
                } else {
                    x.len().saturating_sub(1)
                };
                let summed = x.get(axis).map_or(0.0, |&size| size as f64);
                let turned = |flag: &str, param: &str| if op.flag(flag) { product(dims(param)) } else { 0.0 };
                2.0 * result * summed + turned("transpose_x", "x") + turned("transpose_y", "y")
            }
            Work::Pool => result * product(&op.kernel()),
            Work::Relu => 2.0 * result,
            Work::ElementsIn => op.operands.iter().map(|operand| operand.tensor.elements()).sum(),
            Work::ElementsOut => result,
        }
    }
}

impl Bytes {
    /// Counts the bytes of an op.
    pub fn count(self, op: &OpFacts) -> f64 {
        let result = op.result().map_or(0.0, |result| result.bytes());
        match self {
            Bytes::All => op.operands.iter().map(|operand| operand.tensor.bytes()).sum::<f64>() + result,
            Bytes::Data => {
                let counted = op.operands.iter().filter(|one| !one.constant || one.tensor.dims().len() > 1);
                counted.map(|operand| operand.tensor.bytes()).sum::<f64>() + result
            }
            Bytes::Pool => {
                let kernel: f64 = op.kernel().iter().map(|&size| size as f64).product();
                op.operand("x").map_or(0.0, |x| x.tensor.bytes()) + result + 4.0 * kernel
            }
        }
    }
}

impl Feature {
    /// As the table spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Feature::Single => "-",
            Feature::FlopPerByte => "flop_per_byte",
            Feature::OutputElements => "output_elements",
            Feature::BatchMoves => "batch_moves",
        }
    }

    pub(crate) fn of(self, op: &OpFacts, work: f64, bytes: f64) -> f64 {
        match self {
            Feature::Single => 0.0,
            Feature::FlopPerByte => {
                // Strides, groups and the like are no data.
                let small: f64 = op
                    .operands
                    .iter()
                    .filter(|operand| !matches!(&*operand.param, "x" | "weight"))
                    .map(|operand| operand.tensor.bytes())
                    .sum();
                work / (bytes - small).max(1.0)
            }
            Feature::OutputElements => op.result().map_or(0.0, |result| result.elements()),
            Feature::BatchMoves => {
                f64::from(u8::from(op.ints("perm").first().is_some_and(|&axis| axis != 0)))
            }
        }
    }
}

impl Support {
    pub(crate) fn parse(row: &Row<'_>) -> Result<Support, String> {
        let yes = |column: &str| match row.text(column)? {
            "yes" => Ok(true),
            "no" => Ok(false),
            other => Err(format!("{column}: {other:?}")),
        };
        Ok(Support {
            op: row.text("op")?,
            ane: yes("ane")?,
            gpu: yes("gpu")?,
            work: row.need("work")?,
            bytes: row.need("bytes")?,
            fix: Some(row.text("fix")?).filter(|fix| !fix.is_empty()),
            certainty: row.need("certainty")?,
            source: row.text("source")?,
        })
    }
}

impl Roofline {
    pub(crate) fn parse(row: &Row<'_>) -> Result<Roofline, String> {
        Ok(Roofline {
            family: row.text("family")?,
            backend: row.need("backend")?,
            gflops: row.get("gflops")?,
            gibs: row.need("gibs")?,
            certainty: row.need("certainty")?,
        })
    }
}

impl Leaf {
    pub(crate) fn parse(row: &Row<'_>) -> Result<Leaf, String> {
        let ops = row.list("ops")?;
        let unique: HashSet<_> = ops.iter().collect();
        if unique.len() != ops.len() {
            return Err("an op comes twice".to_owned());
        }
        Ok(Leaf {
            families: row.list("family")?.into_iter().map(Cow::Borrowed).collect(),
            ops: ops.into_iter().map(Cow::Borrowed).collect(),
            by: row.need("by")?,
            from: row.get("from")?.unwrap_or(f64::NEG_INFINITY),
            to: row.get("to")?.unwrap_or(f64::INFINITY),
            rates: [
                row.get("ane")?.unwrap_or(Rate::Roofline),
                row.get("bnns")?.unwrap_or(Rate::Roofline),
                row.get("classic_cpu")?.unwrap_or(Rate::Roofline),
                row.get("mps_graph")?.unwrap_or(Rate::Roofline),
            ],
            certainty: row.need("certainty")?,
        })
    }
}

impl FromStr for Rate {
    type Err = String;
    fn from_str(text: &str) -> Result<Rate, String> {
        match text {
            "?" => Ok(Rate::Unknown),
            _ => text.parse().map(Rate::Known).map_err(|_| format!("rate {text:?}")),
        }
    }
}

impl FromStr for Work {
    type Err = String;
    fn from_str(text: &str) -> Result<Work, String> {
        Ok(match text {
            "none" => Work::None,
            "conv" => Work::Conv,
            "conv_transpose" => Work::ConvTranspose,
            "linear" => Work::Linear,
            "matmul" => Work::Matmul,
            "pool" => Work::Pool,
            "relu" => Work::Relu,
            "elements_in" => Work::ElementsIn,
            "elements_out" => Work::ElementsOut,
            other => return Err(format!("work {other:?}")),
        })
    }
}

impl FromStr for Bytes {
    type Err = String;
    fn from_str(text: &str) -> Result<Bytes, String> {
        Ok(match text {
            "all" => Bytes::All,
            "data" => Bytes::Data,
            "pool" => Bytes::Pool,
            other => return Err(format!("bytes {other:?}")),
        })
    }
}

impl FromStr for Feature {
    type Err = String;
    fn from_str(text: &str) -> Result<Feature, String> {
        Ok(match text {
            "-" => Feature::Single,
            "flop_per_byte" => Feature::FlopPerByte,
            "output_elements" => Feature::OutputElements,
            "batch_moves" => Feature::BatchMoves,
            other => return Err(format!("feature {other:?}")),
        })
    }
}

#[cfg(test)]
mod tests;
