use mil_ir::{NewOp, OpId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::slices::bounds;

pass! {
    /// Removes moves of elements that other moves take back.
    ///
    /// A slice that cuts off no less than what a `pad` added is a slice of what was padded, or nothing at all. Two
    /// gathers at constant indices of one axis are one, and one that takes each element where it stands goes.
    /// The value between must have no other use; sizes are known.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x) {
    ///     tensor<fp32, [2, 5]> a = pad(constant_val = fp32(0x0p+0), mode = string("reflect"), pad = tensor<int32, [2]>([1, 1]), x = x)[name = string("a")];
    ///     tensor<fp32, [2, 3]> b = slice_by_index(begin = tensor<int32, [2]>([0, 1]), end = tensor<int32, [2]>([2, 4]), x = a)[name = string("b")];
    ///     tensor<fp32, [2, 3]> y = relu(x = b)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x) {
    ///     tensor<fp32, [2, 3]> y = relu(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct CancelMoves;
    id: "cancel_moves",
    numerics: Exact,
    patterns: [
        /// `pad`, then `slice_by_index`
        cropped(slice_by_index),
        /// `gather`, then `gather`, both at constant indices
        twice(gather),
        /// `gather` of each element where it stands
        in_place(gather),
    ],
}

fn cropped(rw: &mut Rewrite<'_>, slice: OpId) -> Matched {
    let pad = rw.producer(slice, "x", &["pad"])?;
    rw.used_only_by(pad, slice)?;
    let x = rw.input(pad, "x")?;
    let shape = rw.shape(x)?;
    let mut pads = rw.call(pad)?.ints("pad")?;
    // They are of the last axes.
    let missing =
        (2 * shape.len()).checked_sub(pads.len()).ok_or(No::miss("it pads more axes than there are"))?;
    pads.splice(0..0, vec![0; missing]);
    let (mut begin, mut end, mut stride) = (Vec::new(), Vec::new(), Vec::new());
    for (axis, (first, last, step)) in bounds(rw, slice)?.into_iter().enumerate() {
        let before = usize::try_from(pads[2 * axis]).map_err(|_| No::miss("it pads by less than nothing"))?;
        let inside = first >= before && last <= before + shape[axis];
        No::unless(inside, "some of what was added stays")?;
        begin.push(first - before);
        end.push(last - before);
        stride.push(step);
    }
    let all = begin.iter().all(|&first| first == 0) && end == shape && stride.iter().all(|&step| step == 1);
    if all && rw.same_type(x, rw.result(slice)?).is_ok() {
        return rw.replace_with_existing(slice, &[x], &[pad]);
    }
    // What masks said is in the numbers now; an axis that falls away does so as before.
    let mut new = NewOp::new("slice_by_index").with("x", x);
    for (param, numbers) in [("begin", begin), ("end", end), ("stride", stride)] {
        new = new.with(param, ints(&numbers));
    }
    if let Some(squeezed) = rw.optional_constant(slice, "squeeze_mask")? {
        new = new.with("squeeze_mask", squeezed);
    }
    rw.replace(slice, new, &[pad])
}

fn twice(rw: &mut Rewrite<'_>, second: OpId) -> Matched {
    let first = rw.producer(second, "x", &["gather"])?;
    rw.used_only_by(first, second)?;
    let x = rw.input(first, "x")?;
    let rank = rw.rank(x)?;
    let (axis, inner) = places(rw, first, rank)?;
    let (other, outer) = places(rw, second, rank)?;
    No::unless(axis == other, "they gather along different axes")?;
    let both = outer.into_iter().map(|at| inner.get(at).copied()).collect::<Option<Vec<usize>>>();
    let both = both.ok_or(No::miss("an index is outside"))?;
    let new = rw.like(second)?.set("x", x).set("indices", ints(&both));
    rw.replace(second, new, &[first])
}

fn in_place(rw: &mut Rewrite<'_>, gather: OpId) -> Matched {
    let x = rw.input(gather, "x")?;
    let (axis, places) = places(rw, gather, rw.rank(x)?)?;
    let same = places.into_iter().eq(0..rw.size(x, axis)?);
    No::unless(same, "an element moves")?;
    rw.replace_with_existing(gather, &[x], &[])
}

/// The axis of a gather, and its constant indices, all from the front.
fn places(rw: &Rewrite<'_>, gather: OpId, rank: usize) -> Result<(usize, Vec<usize>), No> {
    let indices = rw.constant(gather, "indices")?;
    let call = rw.call(gather)?;
    let batch = if call.version().param("batch_dims").is_some() { call.int("batch_dims")? } else { 0 };
    No::unless(indices.rank() == 1 && batch == 0, "the indices do not have one axis")?;
    let axis = call.axis("axis", rank)?;
    let size = i64::try_from(rw.size(rw.input(gather, "x")?, axis)?).unwrap_or(i64::MAX);
    let from_front = |index: i64| if index < 0 { index + size } else { index };
    let inside = |index: i64| usize::try_from(index).ok().filter(|_| index < size);
    let places = indices.to_i64s()?.into_iter().map(|index| inside(from_front(index)));
    let places = places.collect::<Option<Vec<usize>>>().ok_or(No::miss("an index is outside"))?;
    Ok((axis, places))
}

/// Sizes and indices, which int32 holds.
fn ints(values: &[usize]) -> Tensor {
    let narrow: Vec<i32> = values.iter().map(|&value| i32::try_from(value).unwrap_or(i32::MAX)).collect();
    Tensor::ints(&narrow)
}
