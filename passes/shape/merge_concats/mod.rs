use mil_ir::{OpId, Operand};
use mil_pass::{Matched, No, Rewrite, pass};

pass! {
    /// Removes a `concat` that puts nothing together, and lets one do the work of several.
    ///
    /// A `concat` of one value that is not a scalar is that value. One that feeds another along the same axis,
    /// and nothing else, is part of it, where all that is put together then has the same number of axes. A
    /// reduction of a vector of one scalar, as converters write it for sizes, is the scalar.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x, tensor<fp32, [3]> y, tensor<fp32, [4]> z) {
    ///     int32 axis = const()[name = string("axis"), val = int32(0)];
    ///     bool no = const()[name = string("no"), val = bool(false)];
    ///     tensor<fp32, [5]> a = concat(axis = axis, interleave = no, values = (x, y))[name = string("a")];
    ///     tensor<fp32, [9]> b = concat(axis = axis, interleave = no, values = (a, z))[name = string("b")];
    /// } -> (b);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x, tensor<fp32, [3]> y, tensor<fp32, [4]> z) {
    ///     int32 axis = const()[name = string("axis"), val = int32(0)];
    ///     bool no = const()[name = string("no"), val = bool(false)];
    ///     tensor<fp32, [9]> b = concat(axis = axis, interleave = no, values = (x, y, z))[name = string("b")];
    /// } -> (b);
    /// ```
    pub struct MergeConcats;
    id: "merge_concats",
    numerics: Exact,
    aliases: [],
    patterns: [
        /// `concat` of one value
        single(concat),
        /// `concat` of the result of another `concat`
        nested(concat),
        /// a reduction of a `concat` of one scalar
        reduced(reduce_prod | reduce_sum | reduce_max | reduce_min),
    ],
}

fn single(rw: &mut Rewrite<'_>, concat: OpId) -> Matched {
    let &[Operand::Value(only)] = rw.call(concat)?.operands("values") else {
        return Err(No::miss("it does not put together a single value"));
    };
    No::unless(rw.rank(only)? > 0, "the value is a scalar, of which it makes a vector")?;
    let output = rw.graph().is_block_output(rw.result(concat)?);
    No::unless(!output, "the result is an output")?;
    rw.replace_with_existing(concat, &[only], &[])
}

fn nested(rw: &mut Rewrite<'_>, concat: OpId) -> Matched {
    let (axis, rank) = plain(rw, concat)?;
    let operands = rw.call(concat)?.operands("values").to_vec();
    let mut inner = Vec::new();
    let mut values = Vec::new();
    for operand in operands {
        match part(rw, concat, &operand, axis, rank) {
            Ok((op, parts)) => {
                inner.push(op);
                values.extend(parts);
            }
            Err(No::Miss(_)) => values.push(operand),
            Err(fault) => return Err(fault),
        }
    }
    No::unless(!inner.is_empty(), "no value comes from a concat along the same axis that nothing else uses")?;
    let ranks: Vec<Option<usize>> =
        values.iter().map(|operand| rw.graph().operand_type(operand).rank()).collect();
    let same = ranks.first().is_some_and(|first| first.is_some() && ranks.iter().all(|rank| rank == first));
    No::unless(same, "scalars and vectors are not put together")?;
    let new = rw.like(concat)?.without("values").with_all("values", values);
    rw.replace(concat, new, &inner)
}

/// The values of a `concat` that only this one uses.
fn part(
    rw: &Rewrite<'_>,
    concat: OpId,
    operand: &Operand,
    axis: usize,
    rank: usize,
) -> Result<(OpId, Vec<Operand>), No> {
    let value = operand.value().ok_or(No::miss("the value is a literal"))?;
    let inner = rw.definition_anywhere(value, &["concat"])?;
    rw.used_only_by(inner, concat)?;
    No::unless(plain(rw, inner)? == (axis, rank), "it is along another axis")?;
    Ok((inner, rw.call(inner)?.operands("values").to_vec()))
}

/// Axis and rank of a `concat` that does not interleave.
fn plain(rw: &Rewrite<'_>, concat: OpId) -> Result<(usize, usize), No> {
    let call = rw.call(concat)?;
    No::unless(!call.bool("interleave")?, "it interleaves")?;
    let rank = rw.rank(rw.result(concat)?)?;
    Ok((call.axis("axis", rank)?, rank))
}

fn reduced(rw: &mut Rewrite<'_>, reduction: OpId) -> Matched {
    let concat = rw.producer(reduction, "x", &["concat"])?;
    let &[Operand::Value(only)] = rw.call(concat)?.operands("values") else {
        return Err(No::miss("more than one value is reduced"));
    };
    No::unless(rw.rank(only)? == 0, "the value is not a scalar")?;
    No::unless(!rw.call(reduction)?.bool("keep_dims")?, "the axis is kept")?;
    let output = rw.graph().is_block_output(rw.result(reduction)?);
    No::unless(!output, "the result is an output")?;
    rw.replace_with_existing(reduction, &[only], &[concat])
}
