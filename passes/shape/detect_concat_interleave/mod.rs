use mil_ir::OpId;
use mil_pass::{Alias, Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Makes an interleaved `concat` of a `concat` whose channels are then shuffled.
    ///
    /// Tensors of one static shape are joined along an axis; a `reshape` gives them an axis of their own, a
    /// `transpose` moves it behind the old one, and a `reshape` merges the two. Any rank and any axis.
    /// Tensors of different sizes stay, since an interleaved `concat` takes only equal ones. The values
    /// between must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 3, 2, 2]> a, tensor<fp32, [1, 3, 2, 2]> b) {
    ///     int32 axis = const()[name = string("axis"), val = int32(-3)];
    ///     bool no = const()[name = string("no"), val = bool(false)];
    ///     tensor<int32, [5]> groups = const()[name = string("groups"), val = tensor<int32, [5]>([1, 2, 3, 2, 2])];
    ///     tensor<int32, [5]> perm = const()[name = string("perm"), val = tensor<int32, [5]>([0, 2, 1, 3, 4])];
    ///     tensor<int32, [4]> flat = const()[name = string("flat"), val = tensor<int32, [4]>([1, -1, 2, 2])];
    ///     tensor<fp32, [1, 6, 2, 2]> c = concat(axis = axis, interleave = no, values = (a, b))[name = string("c")];
    ///     tensor<fp32, [1, 2, 3, 2, 2]> g = reshape(shape = groups, x = c)[name = string("g")];
    ///     tensor<fp32, [1, 3, 2, 2, 2]> t = transpose(perm = perm, x = g)[name = string("t")];
    ///     tensor<fp32, [1, 6, 2, 2]> y = reshape(shape = flat, x = t)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 3, 2, 2]> a, tensor<fp32, [1, 3, 2, 2]> b) {
    ///     int32 axis = const()[name = string("axis"), val = int32(-3)];
    ///     bool y_interleave_0 = const()[name = string("y_interleave_0"), val = bool(true)];
    ///     tensor<fp32, [1, 6, 2, 2]> y = concat(axis = axis, interleave = y_interleave_0, values = (a, b))[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct DetectConcatInterleave;
    id: "detect_concat_interleave",
    numerics: Exact,
    aliases: [Alias::plain("common::detect_concat_interleave")],
    patterns: [
        /// `concat`, `reshape`, `transpose`, `reshape`
        shuffle(reshape),
    ],
}

fn shuffle(rw: &mut Rewrite<'_>, flat: OpId) -> Matched {
    let mut m = Match::ending(flat);
    let transpose = m.from(rw, flat, "x", &["transpose"])?;
    let grouped = m.from(rw, transpose, "x", &["reshape"])?;
    let concat = m.from(rw, grouped, "x", &["concat"])?;
    m.closed(rw)?;
    let call = rw.call(concat)?;
    No::unless(!call.bool("interleave")?, "the tensors are interleaved already")?;
    let types = call.types("values");
    let shape = types.first().and_then(|ty| ty.fixed_shape()).ok_or(No::miss("a shape is not static"))?;
    let alike = types.iter().all(|ty| ty.fixed_shape().as_ref() == Some(&shape));
    No::unless(alike, "the tensors have different sizes")?;
    let axis = call.axis("axis", shape.len())?;
    let mut groups = shape.clone();
    groups.insert(axis, types.len());
    No::unless(rw.shape(rw.result(grouped)?)? == groups, "the reshape does not tell the tensors apart")?;
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.swap(axis, axis + 1);
    No::unless(rw.call(transpose)?.order("perm")? == order, "the transpose swaps other axes")?;
    let same = rw.shape(rw.result(flat)?)? == rw.shape(rw.result(concat)?)?;
    No::unless(same, "the last reshape does not merge the two axes")?;
    let new = rw.like(concat)?.set("interleave", Tensor::bool(true));
    m.replace(rw, new)
}
