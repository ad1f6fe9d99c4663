use mil_ir::{Graph, NewOp, OpId};
use mil_pass::{Alias, Miss, Pass, PassCx, PassError, Pattern, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Makes one `transpose` of two in a row.
    ///
    /// The value between must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3, 4]> x) {
    ///     tensor<int32, [3]> p = const()[name = string("p"), val = tensor<int32, [3]>([1, 0, 2])];
    ///     tensor<int32, [3]> q = const()[name = string("q"), val = tensor<int32, [3]>([0, 2, 1])];
    ///     tensor<fp32, [3, 2, 4]> z = transpose(perm = p, x = x)[name = string("z")];
    ///     tensor<fp32, [3, 4, 2]> y = transpose(perm = q, x = z)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3, 4]> x) {
    ///     tensor<int32, [3]> y_perm_0 = const()[name = string("y_perm_0"), val = tensor<int32, [3]>([1, 2, 0])];
    ///     tensor<fp32, [3, 4, 2]> y = transpose(perm = y_perm_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct MergeConsecutiveTransposes;
    id: "merge_consecutive_transposes",
    numerics: Exact,
    aliases: [Alias::plain("common::merge_consecutive_transposes")],
    patterns: [pair: "`transpose`, then `transpose`"],
}

const PATTERNS: &[Pattern<MergeConsecutiveTransposes>] =
    &[Pattern { name: "pair", anchors: &["transpose"], apply: pair }];

impl Pass for MergeConsecutiveTransposes {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        cx.rewrite(self, PATTERNS, graph)
    }
}

fn pair(_: &MergeConsecutiveTransposes, rw: &mut Rewrite<'_>, second: OpId) -> Result<(), Miss> {
    let first = rw.producer(second, "x", &["transpose"])?;
    rw.used_only_by(first, second)?;
    let x = rw.input(first, "x")?;
    let (inner, outer) = (permutation(rw, first)?, permutation(rw, second)?);
    if inner.len() != outer.len() {
        return Err(Miss::new("the permutations have different ranks"));
    }
    let merged: Vec<i32> = outer.iter().map(|&axis| inner[axis as usize]).collect();
    let name = format!("{}_perm_0", rw.graph().label(second));
    let perm = rw.tensor(&name, Tensor::ints(&merged), second);
    rw.replace_op(second, NewOp::new("transpose").with("x", x).with("perm", perm), &[first])
}

/// Axes as numbers from 0 on.
fn permutation(rw: &Rewrite<'_>, op: OpId) -> Result<Vec<i32>, Miss> {
    let perm = rw.constant(op, "perm")?.to_i64s()?;
    let rank = perm.len() as i64;
    let axes = perm.iter().map(|&axis| if axis < 0 { axis + rank } else { axis });
    axes.map(|axis| {
        (0..rank).contains(&axis).then_some(axis as i32).ok_or(Miss::new("an axis is out of range"))
    })
    .collect()
}
