mod chain;

use chain::{Chain, Link};
use mil_ir::{NewOp, OpId, Operand, ValueId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::ane::{Steps, sizes};
use crate::constants::ints;

pass! {
    /// Computes in pieces, with margins, what is too long along an axis only for a while.
    ///
    /// A chain of ops begins where an `upsample_nearest_neighbor`, a `conv_transpose` or a `pad` with a constant
    /// makes an axis longer than `limit`, and ends where a convolution or a pool with strides, or a slice, makes
    /// it short again. Each piece of the end is computed from the part of the beginning that it depends on:
    /// convolutions, pools, elementwise ops, norms with known statistics and added or dropped axes may stand
    /// between. Nothing else may use what is long.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 10000, 1]> x) {
    ///     tensor<fp32, [1, 1, 20000, 1]> a = upsample_nearest_neighbor(scale_factor_height = int32(2), scale_factor_width = int32(1), x = x)[name = string("a")];
    ///     tensor<fp32, [1, 1, 10000, 1]> y = max_pool(ceil_mode = bool(false), kernel_sizes = tensor<int32, [2]>([3, 1]), pad = tensor<int32, [4]>([1, 0, 0, 0]), pad_type = string("custom"), strides = tensor<int32, [2]>([2, 1]), x = a)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 10000, 1]> x) {
    ///     tensor<int32, [4]> y_begin_0 = const()[name = string("y_begin_0"), val = tensor<int32, [4]>([0, 0, 0, 0])];
    ///     tensor<int32, [4]> y_end_0 = const()[name = string("y_end_0"), val = tensor<int32, [4]>([1, 1, 5000, 1])];
    ///     tensor<fp32, [1, 1, 5000, 1]> y_part = slice_by_index(begin = y_begin_0, end = y_end_0, x = x)[name = string("y_part")];
    ///     tensor<fp32, [1, 1, 10000, 1]> y_piece = upsample_nearest_neighbor(scale_factor_height = int32(2), scale_factor_width = int32(1), x = y_part)[name = string("y_piece")];
    ///     string y_pad_type_0 = const()[name = string("y_pad_type_0"), val = string("custom")];
    ///     tensor<int32, [4]> y_pad_0 = const()[name = string("y_pad_0"), val = tensor<int32, [4]>([1, 0, 0, 0])];
    ///     tensor<fp32, [1, 1, 5000, 1]> y_piece_0 = max_pool(ceil_mode = bool(false), kernel_sizes = tensor<int32, [2]>([3, 1]), pad = y_pad_0, pad_type = y_pad_type_0, strides = tensor<int32, [2]>([2, 1]), x = y_piece)[name = string("y_piece")];
    ///     tensor<int32, [4]> y_begin_1 = const()[name = string("y_begin_1"), val = tensor<int32, [4]>([0, 0, 4999, 0])];
    ///     tensor<int32, [4]> y_end_1 = const()[name = string("y_end_1"), val = tensor<int32, [4]>([1, 1, 10000, 1])];
    ///     tensor<fp32, [1, 1, 5001, 1]> y_part_0 = slice_by_index(begin = y_begin_1, end = y_end_1, x = x)[name = string("y_part")];
    ///     tensor<fp32, [1, 1, 10002, 1]> y_piece_1 = upsample_nearest_neighbor(scale_factor_height = int32(2), scale_factor_width = int32(1), x = y_part_0)[name = string("y_piece")];
    ///     tensor<int32, [4]> y_begin_2 = const()[name = string("y_begin_2"), val = tensor<int32, [4]>([0, 0, 1, 0])];
    ///     tensor<int32, [4]> y_end_2 = const()[name = string("y_end_2"), val = tensor<int32, [4]>([1, 1, 10002, 1])];
    ///     tensor<fp32, [1, 1, 10001, 1]> y_kept = slice_by_index(begin = y_begin_2, end = y_end_2, x = y_piece_1)[name = string("y_kept")];
    ///     string y_pad_type_1 = const()[name = string("y_pad_type_1"), val = string("custom")];
    ///     tensor<int32, [4]> y_pad_1 = const()[name = string("y_pad_1"), val = tensor<int32, [4]>([0, 0, 0, 0])];
    ///     tensor<fp32, [1, 1, 5000, 1]> y_piece_2 = max_pool(ceil_mode = bool(false), kernel_sizes = tensor<int32, [2]>([3, 1]), pad = y_pad_1, pad_type = y_pad_type_1, strides = tensor<int32, [2]>([2, 1]), x = y_kept)[name = string("y_piece")];
    ///     int32 y_axis_0 = const()[name = string("y_axis_0"), val = int32(2)];
    ///     bool y_interleave_0 = const()[name = string("y_interleave_0"), val = bool(false)];
    ///     tensor<fp32, [1, 1, 10000, 1]> y = concat(axis = y_axis_0, interleave = y_interleave_0, values = (y_piece_0, y_piece_2))[name = string("y_whole")];
    /// } -> (y);
    /// ```
    pub struct CutLongAxes {
        /// The longest axis that may stay.
        pub limit: i64 = 16384,
    }
    id: "cut_long_axes",
    numerics: Rounding,
    patterns: [
        /// a chain that begins where an axis becomes long, and ends where it is short
        pieces(upsample_nearest_neighbor | conv_transpose | pad) with options,
    ],
}

/// Pieces of one chain; more would cost more than two switches.
const MOST: usize = 8;

fn pieces(pass: &CutLongAxes, rw: &mut Rewrite<'_>, first: OpId) -> Matched {
    let limit = usize::try_from(pass.limit).unwrap_or(0).max(1);
    let chain = Chain::from(rw, first, limit)?;
    let end = chain.links.last().ok_or(No::miss("the chain is empty"))?;
    let (end, count, end_axis) = (end.op, end.count, end.axis_out);
    let cut = |pieces: usize, at: usize| at * count / pieces;
    let ranges = |pieces: usize| -> Option<Vec<Vec<(usize, usize)>>> {
        let of_piece = |at: usize| chain.ranges((cut(pieces, at), cut(pieces, at + 1)), limit);
        (0..pieces).map(of_piece).collect()
    };
    let pieces = (2..=MOST.min(count)).find_map(ranges);
    let pieces = pieces.ok_or(No::miss("the pieces would be too long, or too many"))?;
    let mut likes = Vec::new();
    for link in &chain.links {
        likes.push(rw.like(link.op)?);
    }
    let gone: Vec<OpId> = chain.links[..chain.links.len() - 1].iter().rev().map(|link| link.op).collect();
    let mut steps = Steps::new(rw, end);
    let mut values: Vec<Operand> = Vec::new();
    for ranges in &pieces {
        let start = &chain.links[0];
        let mut value = steps.slice("part", chain.x, start.axis_in, ranges[0].0, ranges[0].1)?;
        for (at, link) in chain.links.iter().enumerate() {
            value = piece(&mut steps, link, likes[at].clone(), value, ranges[at], ranges[at + 1])?;
        }
        values.push(value.into());
    }
    let whole = steps.concat("whole", values, end_axis)?;
    steps.finish(whole, &gone)
}

/// One op of the chain on the part `from` of its input, which gives the part `to` of its result.
fn piece(
    steps: &mut Steps<'_, '_>,
    link: &Link,
    like: NewOp,
    x: ValueId,
    from: (usize, usize),
    to: (usize, usize),
) -> Result<ValueId, No> {
    let like = like.set("x", x);
    match &link.reach {
        chain::Reach::Same => steps.emit("piece", like),
        chain::Reach::Repeat(factor) => {
            let long = steps.emit("piece", like)?;
            let begin = to.0 - from.0 * factor;
            steps.slice("kept", long, link.axis_out, begin, begin + to.1 - to.0)
        }
        chain::Reach::Window(window) => {
            let (before, behind) = window.pads_of(to, link.size);
            let mut pads = window.pads.clone();
            (pads[2 * window.place], pads[2 * window.place + 1]) = (before, behind);
            let new = like.set("pad_type", Tensor::string("custom")).set("pad", ints(pads)?);
            steps.emit("piece", new)
        }
        chain::Reach::Spread(window) => {
            let mut pads = window.pads.clone();
            let own = pads[2 * window.place];
            (pads[2 * window.place], pads[2 * window.place + 1]) = (0, 0);
            let new = like.set("pad_type", Tensor::string("custom")).set("pad", ints(pads)?);
            let long = steps.emit("piece", new.without("output_shape"))?;
            let first = (from.0 * window.stride) as i64 - own;
            let begin =
                usize::try_from(to.0 as i64 - first).map_err(|_| No::miss("a piece begins too late"))?;
            steps.slice("kept", long, link.axis_out, begin, begin + to.1 - to.0)
        }
        chain::Reach::Pad(padding) => {
            let mut pads = padding.pads.clone();
            (pads[2 * padding.place], pads[2 * padding.place + 1]) = padding.pads_of(to, link.size);
            steps.emit("piece", like.set("pad", ints(pads)?))
        }
        // The part begins and ends where the slice does.
        chain::Reach::Offset(_) => Ok(x),
        chain::Reach::Shape => {
            let mut shape = link.shape.clone();
            shape[link.axis_out] = to.1 - to.0;
            steps.emit("piece", NewOp::new("reshape").with("x", x).with("shape", sizes(&shape)))
        }
    }
}
