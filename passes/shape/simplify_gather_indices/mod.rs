use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::DType;

pass! {
    /// Makes fewer ops of what `guard_negative_gather_indices` and `add_int16_cast` leave around a `gather`.
    ///
    /// A guard that adds the size of the axis to negative indices is one `mod` by that size: the two are the
    /// same for each index that names an element. So is the index without a cast to int16 and back before it,
    /// where the axis is that short. Sizes that are cast to 16 bits, gathered and cast back are gathered as
    /// they are.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [9, 3]> x, tensor<int32, [1]> i) {
    ///     int32 axis = const()[name = string("axis"), val = int32(0)];
    ///     int32 zero = const()[name = string("zero"), val = int32(0)];
    ///     int32 nine = const()[name = string("nine"), val = int32(9)];
    ///     tensor<bool, [1]> n = greater_equal(x = i, y = zero)[name = string("n")];
    ///     tensor<int32, [1]> s = add(x = i, y = nine)[name = string("s")];
    ///     tensor<int32, [1]> g = select(a = i, b = s, cond = n)[name = string("g")];
    ///     tensor<fp32, [1, 3]> y = gather(axis = axis, indices = g, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [9, 3]> x, tensor<int32, [1]> i) {
    ///     int32 axis = const()[name = string("axis"), val = int32(0)];
    ///     int32 g_y_0 = const()[name = string("g_y_0"), val = int32(9)];
    ///     tensor<int32, [1]> g = mod(x = i, y = g_y_0)[name = string("g")];
    ///     tensor<fp32, [1, 3]> y = gather(axis = axis, indices = g, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct SimplifyGatherIndices;
    id: "simplify_gather_indices",
    numerics: Exact,
    aliases: [],
    patterns: [
        /// `gather` at indices that a `select` guards
        guarded(gather),
        /// `gather` of sizes in 16 bits, which are cast back
        sizes(gather),
    ],
}

fn guarded(rw: &mut Rewrite<'_>, gather: OpId) -> Matched {
    let first = rw.producer(gather, "indices", &["select", "cast"])?;
    rw.used_only_by(first, gather)?;
    let select = match rw.is(first, &["cast"]) {
        true => {
            let select = rw.producer(first, "x", &["select"])?;
            rw.used_only_by(select, first)?;
            select
        }
        false => first,
    };
    let index = rw.input(select, "a")?;
    let test = rw.producer(select, "cond", &["greater_equal"])?;
    let sum = rw.producer(select, "b", &["add"])?;
    let is_of_index = rw.input(test, "x")? == index && rw.input(sum, "x")? == index;
    No::unless(is_of_index, "the guard looks at another value")?;
    No::unless(rw.constant(test, "y")?.splat_value()? == Some(0.0), "the guard does not begin at 0")?;
    let x = rw.input(gather, "x")?;
    let axis = rw.call(gather)?.axis("axis", rw.rank(x)?)?;
    let (added, size) = (rw.constant(sum, "y")?, rw.size(x, axis)?);
    No::unless(added.splat_value()? == Some(size as f64), "the guard adds another size")?;
    let (index, casts) = before_casts(rw, index, size);
    let guard = NewOp::new("mod").with("x", index).with("y", added);
    rw.replace(select, guard, &[&[test, sum], &casts[..]].concat())
}

/// The index as it was before it was cast to int16 and back, if that keeps every index of the axis; and the
/// casts.
fn before_casts(rw: &Rewrite<'_>, index: ValueId, size: usize) -> (ValueId, Vec<OpId>) {
    let cast = |value: ValueId, from: DType| {
        let cast = rw.definition_anywhere(value, &["cast"]).ok()?;
        let x = rw.graph().input(cast, "x").filter(|&x| rw.dtype(x).ok() == Some(from))?;
        Some((x, cast))
    };
    let fits = size <= i16::MAX.unsigned_abs().into();
    let found = || {
        let (narrow, wide) = cast(index, DType::Int16)?;
        let (x, narrowed) = cast(narrow, DType::Int32)?;
        Some((x, vec![wide, narrowed]))
    };
    fits.then(found).flatten().unwrap_or((index, Vec::new()))
}

fn sizes(rw: &mut Rewrite<'_>, gather: OpId) -> Matched {
    let narrow = rw.producer(gather, "x", &["cast"])?;
    let sizes = rw.input(narrow, "x")?;
    rw.producer(narrow, "x", &["shape"])?;
    let back = rw.only_user(gather)?;
    No::unless(rw.is(back, &["cast"]), "the result is not cast back")?;
    let wide = rw.dtype(sizes)?;
    No::unless(rw.dtype(rw.result(back)?)? == wide, "the result is cast to another type")?;
    let new = rw.like(gather)?.set("x", sizes);
    rw.replace(back, new, &[gather, narrow])
}
