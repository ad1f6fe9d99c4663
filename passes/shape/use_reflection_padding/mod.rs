use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Alias, Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Makes a reflecting `pad` of slices that are joined around their tensor.
    ///
    /// The `concat` is along one of the last two axes, and its parts are slices of one element, which mirror
    /// the tensor at its edges; there may be more of them on one side than on the other. Sizes must be
    /// static, and a slice must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 4]> x) {
    ///     tensor<int32, [2]> b = const()[name = string("b"), val = tensor<int32, [2]>([0, 1])];
    ///     tensor<int32, [2]> e = const()[name = string("e"), val = tensor<int32, [2]>([2, 2])];
    ///     tensor<fp32, [2, 1]> left = slice_by_index(begin = b, end = e, x = x)[name = string("left")];
    ///     int32 axis = const()[name = string("axis"), val = int32(1)];
    ///     bool no = const()[name = string("no"), val = bool(false)];
    ///     tensor<fp32, [2, 5]> y = concat(axis = axis, interleave = no, values = (left, x))[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 4]> x) {
    ///     tensor<int32, [2]> y_pad_0 = const()[name = string("y_pad_0"), val = tensor<int32, [2]>([1, 0])];
    ///     string y_mode_0 = const()[name = string("y_mode_0"), val = string("reflect")];
    ///     fp32 y_constant_val_0 = const()[name = string("y_constant_val_0"), val = fp32(0x0p+0)];
    ///     tensor<fp32, [2, 5]> y = pad(constant_val = y_constant_val_0, mode = y_mode_0, pad = y_pad_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct UseReflectionPadding;
    id: "use_reflection_padding",
    numerics: Exact,
    aliases: [Alias::plain("common::use_reflection_padding")],
    patterns: [
        /// `slice_by_index` of single elements, then `concat` with their tensor between them
        mirror(concat),
    ],
}

fn mirror(rw: &mut Rewrite<'_>, concat: OpId) -> Matched {
    let rank = rw.rank(rw.result(concat)?)?;
    let call = rw.call(concat)?;
    let axis = call.axis("axis", rank)?;
    No::unless(axis + 2 >= rank, "the axis is not one of the last two")?;
    No::unless(!call.bool("interleave")?, "the parts are interleaved")?;
    let parts: Option<Vec<ValueId>> = call.operands("values").iter().map(|operand| operand.value()).collect();
    let parts = parts.ok_or(No::miss("a part is a literal"))?;
    No::unless(parts.len() > 1, "there is only one part")?;
    // The parts that are slices stand around the one that is not.
    let is_slice = |part: ValueId| rw.definition_anywhere(part, &["slice_by_index"]).ok();
    let source = parts.iter().find_map(|&part| rw.graph().input(is_slice(part)?, "x"));
    let x = source.ok_or(No::miss("no part is a slice"))?;
    let middle = parts.iter().position(|&part| part == x).ok_or(No::miss("the tensor is not a part"))?;
    let shape = rw.shape(x)?;
    let mut m = Match::ending(concat);
    for (at, &part) in parts.iter().enumerate().filter(|&(at, _)| at != middle) {
        let slice = m.definition(rw, part, &["slice_by_index"])?;
        No::unless(rw.input(slice, "x")? == x, "a part is a slice of something else")?;
        let mirrored = match at.checked_sub(middle) {
            None => Some(middle - at),
            Some(behind) => shape[axis].checked_sub(1 + behind),
        };
        let only = only_element(rw, slice, &shape, axis)?;
        No::unless(mirrored == Some(only), "a part is not the mirrored element")?;
    }
    m.closed(rw)?;
    let sides = [middle, parts.len() - 1 - middle].map(|count| i32::try_from(count).unwrap_or(i32::MAX));
    let pad = if axis + 1 == rank { sides.to_vec() } else { [sides, [0, 0]].concat() };
    let zero = Tensor::from_f64s(rw.dtype(x)?, &[], &[0.0])?;
    let new = NewOp::new("pad").with("x", x).with("pad", Tensor::ints(&pad));
    m.replace(rw, new.with("mode", Tensor::string("reflect")).with("constant_val", zero))
}

/// The index of the one element along the axis that a slice takes; it takes all others whole.
fn only_element(rw: &Rewrite<'_>, slice: OpId, shape: &[usize], axis: usize) -> Result<usize, No> {
    let call = rw.call(slice)?;
    let flags = |param: &str| -> Result<Vec<bool>, No> {
        Ok(if call.is_given(param) { call.bools(param)? } else { vec![false; shape.len()] })
    };
    let steps = if call.is_given("stride") { call.ints("stride")? } else { vec![1; shape.len()] };
    let (begin, end) = (call.ints("begin")?, call.ints("end")?);
    let (from_edge, to_edge, squeezed) = (flags("begin_mask")?, flags("end_mask")?, flags("squeeze_mask")?);
    let lengths = [begin.len(), end.len(), steps.len(), from_edge.len(), to_edge.len(), squeezed.len()];
    No::unless(lengths.iter().all(|&length| length == shape.len()), "the slice has other axes")?;
    No::unless(squeezed.iter().all(|&gone| !gone), "the slice removes an axis")?;
    No::unless(steps.iter().all(|&step| step == 1), "the slice has steps")?;
    let mut only = None;
    for (at, &size) in shape.iter().enumerate() {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let place = |index: i64| if index < 0 { index + size } else { index };
        let first = if from_edge[at] { 0 } else { place(begin[at]) };
        let last = if to_edge[at] { size } else { place(end[at]).min(size) };
        if at == axis {
            No::unless(last - first == 1, "the slice has another size than 1")?;
            only = usize::try_from(first).ok();
        } else {
            No::unless(first == 0 && last == size, "the slice cuts another axis")?;
        }
    }
    only.ok_or(No::miss("the slice begins outside"))
}
