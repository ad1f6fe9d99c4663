use mil_ir::OpId;
use mil_pass::{Alias, Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::constants::ints;

pass! {
    /// Makes a dilated `conv` of a `conv` between `space_to_batch` and `batch_to_space`.
    ///
    /// The blocks are the same on both sides; they multiply the dilations. Padding of the first op, cropping
    /// of the last and padding of the convolution itself become the padding of the new one, as `same` or
    /// `valid` where that is what they amount to. A convolution with strides stays, as does cropping beyond
    /// the padding. The values between must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 4, 4]> x) {
    ///     tensor<fp32, [1, 1, 1, 3]> w = const()[name = string("w"), val = tensor<fp32, [1, 1, 1, 3]>([0x1p+0, 0x1p+1, 0x1p+2])];
    ///     tensor<int32, [2]> block = const()[name = string("block"), val = tensor<int32, [2]>([1, 2])];
    ///     tensor<int32, [2, 2]> p = const()[name = string("p"), val = tensor<int32, [2, 2]>([[0, 0], [2, 2]])];
    ///     tensor<int32, [2, 2]> c = const()[name = string("c"), val = tensor<int32, [2, 2]>([[0, 0], [0, 0]])];
    ///     tensor<fp32, [2, 1, 4, 4]> s = space_to_batch(block_shape = block, paddings = p, x = x)[name = string("s")];
    ///     tensor<fp32, [2, 1, 4, 2]> z = conv(weight = w, x = s)[name = string("z")];
    ///     tensor<fp32, [1, 1, 4, 4]> y = batch_to_space(block_shape = block, crops = c, x = z)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 4, 4]> x) {
    ///     tensor<fp32, [1, 1, 1, 3]> w = const()[name = string("w"), val = tensor<fp32, [1, 1, 1, 3]>([[[[0x1p+0, 0x1p+1, 0x1p+2]]]])];
    ///     tensor<int32, [2]> y_dilations_0 = const()[name = string("y_dilations_0"), val = tensor<int32, [2]>([1, 2])];
    ///     string y_pad_type_0 = const()[name = string("y_pad_type_0"), val = string("same")];
    ///     tensor<int32, [4]> y_pad_0 = const()[name = string("y_pad_0"), val = tensor<int32, [4]>([0, 0, 0, 0])];
    ///     tensor<fp32, [1, 1, 4, 4]> y = conv(dilations = y_dilations_0, pad = y_pad_0, pad_type = y_pad_type_0, weight = w, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseDilatedConv;
    id: "fuse_dilated_conv",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_dilated_conv")],
    patterns: [
        /// `space_to_batch`, then `conv`, then `batch_to_space`
        dealt(batch_to_space),
    ],
}

fn dealt(rw: &mut Rewrite<'_>, back: OpId) -> Matched {
    let mut m = Match::ending(back);
    let conv = m.from(rw, back, "x", &["conv"])?;
    let deal = m.from(rw, conv, "x", &["space_to_batch"])?;
    m.closed(rw)?;
    let blocks = rw.call(deal)?.ints("block_shape")?;
    No::unless(rw.call(back)?.ints("block_shape")? == blocks, "the blocks differ")?;
    let (paddings, crops) = (rw.call(deal)?.ints("paddings")?, rw.call(back)?.ints("crops")?);
    let call = rw.call(conv)?;
    No::unless(call.ints("strides")?.iter().all(|&step| step == 1), "the convolution has strides")?;
    let own = own_padding(rw, conv)?;
    let dilations = call.ints("dilations")?;
    let two_axes = blocks.len() == 2 && dilations.len() == 2 && paddings.len() == 4 && crops.len() == 4;
    No::unless(two_axes, "there are not two spatial axes")?;
    let dilations = [0, 1].map(|axis| dilations[axis].saturating_mul(blocks[axis]));
    let pad = [0, 1, 2, 3].map(|side| {
        let inside = own[side].saturating_mul(blocks[side / 2]);
        paddings[side].saturating_add(inside).saturating_sub(crops[side])
    });
    No::unless(pad.iter().all(|&size| size >= 0), "more is cropped than was padded")?;
    let same = spread(kernel(rw, conv)?, dilations, false);
    let pad_type = match pad {
        [0, 0, 0, 0] => "valid",
        pad if pad == same => "same",
        _ => "custom",
    };
    let pad = if pad_type == "custom" { pad } else { [0; 4] };
    let new = rw.like(conv)?.set("x", rw.input(deal, "x")?).set("dilations", ints(dilations)?);
    let new = new.set("pad_type", Tensor::string(pad_type)).set("pad", ints(pad)?);
    m.replace(rw, new)
}

/// Height and width of the kernel.
fn kernel(rw: &Rewrite<'_>, conv: OpId) -> Result<[i64; 2], No> {
    let dims = rw.call(conv)?.dims("weight")?.and_then(|dims| match dims {
        [_, _, height, width] => {
            Some([i64::try_from(height.fixed()?).ok()?, i64::try_from(width.fixed()?).ok()?])
        }
        _ => None,
    });
    dims.ok_or(No::miss("the size of the kernel is not known"))
}

/// What a convolution without strides adds on each side to keep its sizes; the odd row stands at the end, or
/// in front.
fn spread(kernel: [i64; 2], dilations: [i64; 2], odd_in_front: bool) -> [i64; 4] {
    let total = [0, 1].map(|axis| (kernel[axis] - 1).saturating_mul(dilations[axis]).max(0));
    let less = total.map(|total| total / 2);
    let more = [total[0] - less[0], total[1] - less[1]];
    let (front, end) = if odd_in_front { (more, less) } else { (less, more) };
    [front[0], end[0], front[1], end[1]]
}

/// What a convolution without strides adds on each side.
fn own_padding(rw: &Rewrite<'_>, conv: OpId) -> Result<[i64; 4], No> {
    let call = rw.call(conv)?;
    let four =
        |sizes: Vec<i64>| <[i64; 4]>::try_from(sizes).map_err(|_| No::miss("there are not two spatial axes"));
    let dilations = || {
        <[i64; 2]>::try_from(call.ints("dilations")?).map_err(|_| No::miss("there are not two spatial axes"))
    };
    match call.string("pad_type")? {
        "valid" => Ok([0; 4]),
        "custom" => four(call.ints("pad")?),
        "same" => Ok(spread(kernel(rw, conv)?, dilations()?, false)),
        "same_lower" => Ok(spread(kernel(rw, conv)?, dilations()?, true)),
        _ => Err(No::miss("pad_type is not known")),
    }
}
