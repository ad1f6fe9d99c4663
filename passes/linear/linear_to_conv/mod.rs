use mil_ir::{NewOp, OpId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Computes `linear` by a convolution with a kernel of 1 × 1, channels in front.
    ///
    /// The rows of the operand become places of a map of height 1, those of an operand with four axes stay a
    /// map. What is transposed for it is gone again where `eliminate_permutes` follows and the neighbours can
    /// have channels in front too: `ane_attention` does both where the estimate falls.
    ///
    /// Refused: a weight that is not a plain constant, a single row, other ranks.
    ///
    /// # Before
    /// ```mil
    /// func main<ios18>(tensor<fp16, [1, 3, 2]> x) {
    ///     tensor<fp16, [4, 2]> w = const()[name = string("w"), val = tensor<fp16, [4, 2]>([[0x0p+0, 0x1p+0], [0x1p+1, 0x1.8p+1], [0x1p+2, 0x1.4p+2], [0x1.8p+2, 0x1.cp+2]])];
    ///     tensor<fp16, [1, 3, 4]> y = linear(weight = w, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp16, [1, 3, 2]> x) {
    ///     tensor<int32, [3]> y_perm_0 = const()[name = string("y_perm_0"), val = tensor<int32, [3]>([0, 2, 1])];
    ///     tensor<fp16, [1, 2, 3]> y_first = transpose(perm = y_perm_0, x = x)[name = string("y_first")];
    ///     tensor<int32, [1]> y_axes_0 = const()[name = string("y_axes_0"), val = tensor<int32, [1]>([2])];
    ///     tensor<fp16, [1, 2, 1, 3]> y_map = expand_dims(axes = y_axes_0, x = y_first)[name = string("y_map")];
    ///     tensor<fp16, [4, 2, 1, 1]> y_weight = const()[name = string("y_weight"), val = tensor<fp16, [4, 2, 1, 1]>([[[[0x0p+0]], [[0x1p+0]]], [[[0x1p+1]], [[0x1.8p+1]]], [[[0x1p+2]], [[0x1.4p+2]]], [[[0x1.8p+2]], [[0x1.cp+2]]]])];
    ///     tensor<int32, [2]> y_strides_0 = const()[name = string("y_strides_0"), val = tensor<int32, [2]>([1, 1])];
    ///     tensor<int32, [2]> y_dilations_0 = const()[name = string("y_dilations_0"), val = tensor<int32, [2]>([1, 1])];
    ///     string y_pad_type_0 = const()[name = string("y_pad_type_0"), val = string("valid")];
    ///     tensor<int32, [4]> y_pad_0 = const()[name = string("y_pad_0"), val = tensor<int32, [4]>([0, 0, 0, 0])];
    ///     int32 y_groups_0 = const()[name = string("y_groups_0"), val = int32(1)];
    ///     tensor<fp16, [1, 4, 1, 3]> y_conv = conv(dilations = y_dilations_0, groups = y_groups_0, pad = y_pad_0, pad_type = y_pad_type_0, strides = y_strides_0, weight = y_weight, x = y_map)[name = string("y_conv")];
    ///     tensor<int32, [1]> y_axes_1 = const()[name = string("y_axes_1"), val = tensor<int32, [1]>([2])];
    ///     tensor<fp16, [1, 4, 3]> y_rows = squeeze(axes = y_axes_1, x = y_conv)[name = string("y_rows")];
    ///     tensor<int32, [3]> y_perm_1 = const()[name = string("y_perm_1"), val = tensor<int32, [3]>([0, 2, 1])];
    ///     tensor<fp16, [1, 3, 4]> y = transpose(perm = y_perm_1, x = y_rows)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct LinearToConv;
    id: "linear_to_conv",
    numerics: Rounding,
    patterns: [
        /// `linear` over several rows
        linear(linear),
    ],
}

fn linear(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let x = rw.input(op, "x")?;
    No::unless(rw.dtype(x)?.is_float(), "convolutions are of floats")?;
    let (weight, bias) = (rw.constant(op, "weight")?, rw.optional_constant(op, "bias")?);
    let map = Map::of(rw.rank(x)?)?;
    let rows: Result<Vec<usize>, No> = (0..map.to_first.len() - 1).map(|axis| rw.size(x, axis)).collect();
    No::unless(!rows.is_ok_and(|rows| rows.iter().product::<usize>() == 1), "there is one row only")?;
    let &[outputs, inputs] = weight.shape() else { return Err(No::miss("the weight is not a matrix")) };
    let label = rw.graph().label(op).clone();
    let name = |what: &str| format!("{label}_{what}");
    let transpose = |perm: &[i32]| NewOp::new("transpose").with("perm", Tensor::ints(perm));

    let mut value = rw.emit_one(transpose(map.to_first).named(name("first")).with("x", x), op)?;
    if !map.ones.is_empty() {
        let new = NewOp::new("expand_dims").named(name("map")).with("x", value);
        value = rw.emit_one(new.with("axes", Tensor::ints(map.ones)), op)?;
    }
    let weight = rw.tensor(&name("weight"), weight.reshaped(&[outputs, inputs, 1, 1])?, op);
    let mut conv = NewOp::new("conv").named(name("conv")).with("x", value).with("weight", weight);
    if let Some(bias) = bias {
        conv = conv.with("bias", bias);
    }
    let conv = conv.with("strides", Tensor::ints(&[1, 1])).with("dilations", Tensor::ints(&[1, 1]));
    let conv = conv.with("pad_type", Tensor::string("valid")).with("pad", Tensor::ints(&[0; 4]));
    value = rw.emit_one(conv.with("groups", Tensor::scalar(1)), op)?;
    if !map.ones.is_empty() {
        let new = NewOp::new("squeeze").named(name("rows")).with("x", value);
        value = rw.emit_one(new.with("axes", Tensor::ints(map.ones)), op)?;
    }
    rw.replace(op, transpose(map.to_last).with("x", value), &[])
}

/// How rows become a map: channels in front, axes of size 1 put in, and back.
struct Map {
    to_first: &'static [i32],
    ones: &'static [i32],
    to_last: &'static [i32],
}

impl Map {
    fn of(rank: usize) -> Result<Map, No> {
        match rank {
            2 => Ok(Map { to_first: &[1, 0], ones: &[0, 2], to_last: &[1, 0] }),
            3 => Ok(Map { to_first: &[0, 2, 1], ones: &[2], to_last: &[0, 2, 1] }),
            4 => Ok(Map { to_first: &[0, 3, 1, 2], ones: &[], to_last: &[0, 2, 3, 1] }),
            _ => Err(No::miss("the operand has not two, three or four axes")),
        }
    }
}
