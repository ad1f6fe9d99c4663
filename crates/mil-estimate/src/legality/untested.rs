//! What no plan shows as it is: an op whose place is what the rules say, but less surely.

use std::sync::LazyLock;

use super::condition::{Bound, Condition, Ops};
use crate::facts::OpFacts;
use crate::table::{self, Row};
use crate::target::{Confidence, Target};

pub(crate) const TABLE: &str = include_str!("../../data/untested.tsv");

/// Ops that nobody saw placed: a row of `data/untested.tsv`.
#[derive(Clone, Debug)]
pub(crate) struct Untested {
    ops: Ops,
    chips: Chips,
    when: Vec<Condition>,
    certainty: Confidence,
}

/// Chips of some generations, or of one family alone (`H13G`: M1, not the A14).
#[derive(Clone, Copy, Debug)]
enum Chips {
    Generations(Bound),
    Family(&'static str),
}

/// How sure the place of an op can be at most, by what was seen.
pub(super) fn least_confidence(op: &OpFacts, target: &Target) -> Confidence {
    let rows = rows().iter().filter(|row| row.holds(op, target));
    rows.map(|row| row.certainty).max().unwrap_or(Confidence::Measured)
}

fn rows() -> &'static [Untested] {
    static ROWS: LazyLock<Vec<Untested>> = LazyLock::new(|| table::read(TABLE, Untested::parse));
    &ROWS
}

impl Untested {
    pub(crate) fn parse(row: &Row<'_>) -> Result<Untested, String> {
        let chips = row.text("chips")?;
        // For people: why, and who says so.
        for column in ["why", "source"] {
            if row.text(column)?.is_empty() {
                return Err(format!("{column} is empty"));
            }
        }
        Ok(Untested {
            ops: Ops::parse(row.text("ops")?),
            chips: match chips.starts_with('H') {
                true => Chips::Family(chips),
                false => Chips::Generations(chips.parse()?),
            },
            when: row.text("when")?.split(' ').map(Condition::parse).collect::<Result<_, _>>()?,
            certainty: row.need("certainty")?,
        })
    }

    fn holds(&self, op: &OpFacts, target: &Target) -> bool {
        let on_chip = match self.chips {
            Chips::Generations(bound) => bound.holds(target.chip.generation),
            Chips::Family(family) => family == target.chip.family,
        };
        on_chip && self.ops.name(&op.kind) && self.when.iter().all(|condition| condition.holds(op).is_some())
    }
}

#[cfg(test)]
mod tests {
    use mil_tensor::DType;

    use super::*;
    use crate::facts::TensorFacts;
    use crate::legality::check;

    fn fp16(dims: &[u64]) -> TensorFacts {
        TensorFacts::new(DType::Fp16, dims)
    }

    fn like(kind: &str, x: &[u64]) -> OpFacts {
        OpFacts::new(kind).with("x", fp16(x)).giving(fp16(x))
    }

    fn numbers(op: OpFacts, param: &str, values: &[i64]) -> OpFacts {
        op.with_constant(param, TensorFacts::new(DType::Int32, &[values.len() as u64]), values)
    }

    fn kernel(op: OpFacts, height: u64, width: u64) -> OpFacts {
        op.with_constant("weight", fp16(&[8, 8, height, width]), &[])
    }

    /// An op that nobody saw, on which chip, and the same op where it was seen.
    fn cases() -> Vec<(OpFacts, &'static str, OpFacts)> {
        let map = [1, 8, 32, 32];
        let pool = |height, width| numbers(like("avg_pool", &map), "kernel_sizes", &[height, width]);
        let moving = |batch| like("conv", &[batch, 8, 32, 32]).with("weight", fp16(&[8, 8, 3, 3]));
        vec![
            (
                numbers(kernel(like("conv", &map), 1, 1), "strides", &[9, 1]),
                "M4",
                numbers(kernel(like("conv", &map), 1, 1), "strides", &[8, 8]),
            ),
            (kernel(like("conv_transpose", &map), 1, 16), "M4", kernel(like("conv_transpose", &map), 1, 15)),
            (kernel(like("conv_transpose", &map), 32, 1), "M4", kernel(like("conv_transpose", &map), 31, 1)),
            (pool(1, 15), "M4", pool(14, 14)),
            (pool(15, 1), "M4", pool(14, 14)),
            (moving(2), "M4", moving(1)),
            (kernel(like("conv", &map), 16, 16), "M4", kernel(like("conv", &map), 15, 15)),
            (like("relu", &[1, 16385, 4]), "M2", like("relu", &[1, 16384, 4])),
        ]
    }

    #[test]
    fn what_nobody_saw_is_less_sure() {
        let mut held = vec![false; rows().len()];
        for (op, chip, seen) in cases() {
            let target = Target::new(chip, "26", "cpu-and-ne").unwrap();
            let (unseen, seen) = (check(&op, &target), check(&seen, &target));
            assert_eq!((&unseen.reason, &seen.reason), (&None, &None), "{op:?}");
            assert!(unseen.confidence > seen.confidence, "{op:?}");
            for (row, held) in rows().iter().zip(&mut held) {
                *held |= row.holds(&op, &target);
            }
        }
        // Chips with a texture engine of their own are told by their family alone.
        for kind in ["affine", "resample", "resize", "crop_resize"] {
            let op = like(kind, &[1, 8, 32, 32]);
            let [m1, a14] = ["M1", "A14"].map(|chip| Target::new(chip, "26", "cpu-and-ne").unwrap());
            for (row, held) in rows().iter().zip(&mut held) {
                *held |= row.holds(&op, &m1);
                assert!(!row.holds(&op, &a14), "{kind}");
            }
        }
        let pad = like("pad", &[1, 8, 32, 32]).with_text("mode", "reflect");
        let m1 = Target::new("M1", "26", "cpu-and-ne").unwrap();
        for (row, held) in rows().iter().zip(&mut held) {
            *held |= row.holds(&pad, &m1);
        }
        assert!(held.iter().all(|held| *held), "rows without a case: {held:?}");
    }
}
