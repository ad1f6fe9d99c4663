use mil_ir::{Graph, OpId, ValueId};
use mil_pass::{Alias, Matched, No, Rewrite, Side, pass};

pass! {
    /// Removes ops that give back what they take.
    ///
    /// Input and result have the same type; where a shape is not static, only ops are removed whose result is
    /// their input by definition. The constant of an arithmetic op may be a `const` or a `fill`, of any shape
    /// that does not widen the result. Adding zero gives +0 for -0, the only case in which a float changes.
    /// What gives an output of the function goes if its input can be given the name of the output; what gives
    /// one of an inner block stays.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 one = const()[name = string("one"), val = fp32(0x1p+0)];
    ///     tensor<fp32, [2]> z = mul(x = x, y = one)[name = string("z")];
    ///     tensor<fp32, [2]> y = exp(x = z)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> y = exp(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct NoopElimination;
    id: "noop_elimination",
    numerics: Rounding,
    aliases: [Alias::plain("common::noop_elimination")],
    patterns: [
        /// `identity`
        identity(identity),
        /// `add` or `sub` of 0; `mul`, `real_div` or `pow` by 1; `floor_div` of integers by 1
        arithmetic(add | sub | mul | real_div | pow | floor_div),
        /// `tile` by ones
        tile(tile),
        /// `reshape`, `slice_by_size`, `pad`, `crop`, an upsampling or a one-way `split` that keeps its input
        same_shape(
            reshape | slice_by_size | split | pad | crop | upsample_nearest_neighbor | upsample_bilinear
                | resize_bilinear
        ),
        /// `slice_by_index` of everything, forwards
        slice_by_index(slice_by_index),
        /// `transpose` to the same order
        transpose(transpose),
        /// `linear_activation` with slope 1 and offset 0
        linear_activation(linear_activation),
    ],
}

/// The op is removed in favour of its input.
fn forward(rw: &mut Rewrite<'_>, op: OpId, input: ValueId) -> Matched {
    let (graph, result) = (rw.graph(), rw.result(op)?);
    let named_alike = || {
        graph.is_output(result)
            && !graph.is_output(input)
            && graph.definition(input).is_some_and(|definition| {
                graph.op(definition).kind() != "const" && graph.op(definition).block() == Graph::ROOT
            })
    };
    No::unless(!graph.is_block_output(result) || named_alike(), "the result is an output")?;
    rw.replace_with_existing(op, &[input], &[])
}

fn identity(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    forward(rw, op, rw.input(op, "x")?)
}

fn arithmetic(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let result = rw.result(op)?;
    let is_int = rw.dtype(result)?.is_int();
    No::unless(is_int || !rw.is(op, &["floor_div"]), "floor_div of floats rounds")?;
    let neutral = if rw.is(op, &["add", "sub"]) { 0.0 } else { 1.0 };
    let sides: &[Side] = if rw.commutes(op) { &[Side::Y, Side::X] } else { &[Side::Y] };
    for side in sides {
        let Ok(input) = rw.input(op, side.other().param()) else { continue };
        let narrow = rw.constant(op, side.param()).and_then(|constant| rw.does_not_widen(&constant, input));
        let keeps_type = narrow.is_ok()
            || rw.same_type(input, result).is_ok()
            || is_filled_like(rw, op, side.param(), input);
        if keeps_type && is_all(rw, op, side.param(), neutral)? {
            return forward(rw, op, input);
        }
    }
    Err(No::miss("no operand is neutral, or it widens the result"))
}

/// A parameter is a constant, or a `fill`, of this value everywhere.
fn is_all(rw: &Rewrite<'_>, op: OpId, param: &str, value: f64) -> Result<bool, No> {
    if let Some(tensor) = rw.graph().constant(op, param) {
        return Ok(tensor.splat_value()? == Some(value));
    }
    let fill = rw.graph().producer(op, param).filter(|&fill| rw.is(fill, &["fill"]));
    Ok(fill.is_some_and(|fill| rw.call(fill).is_ok_and(|call| call.float("value") == Ok(value))))
}

/// A parameter is a `fill` in the `shape` of this value: what it is combined with keeps its shape, whatever
/// it is.
fn is_filled_like(rw: &Rewrite<'_>, op: OpId, param: &str, value: ValueId) -> bool {
    let fill = rw.producer(op, param, &["fill"]).and_then(|fill| rw.producer(fill, "shape", &["shape"]));
    fill.is_ok_and(|shape| rw.graph().input(shape, "x") == Some(value))
}

fn tile(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    No::unless(rw.call(op)?.ints("reps")?.iter().all(|&count| count == 1), "it repeats")?;
    forward(rw, op, rw.input(op, "x")?)
}

fn same_shape(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let input = rw.input(op, "x")?;
    rw.same_type(input, rw.result(op)?)?;
    let call = rw.call(op)?;
    if rw.is(op, &["pad"]) {
        let nothing = call.ints("pad")?.iter().all(|&size| size == 0);
        No::unless(nothing, "it adds on one side and cuts on the other")?;
    }
    // The same size is the same sampling grid in every mode but one.
    if rw.is(op, &["resize_bilinear"]) {
        let aligned = call.string("sampling_mode")? != "OFFSET_CORNERS";
        No::unless(aligned, "the mode samples between elements even at the same size")?;
    }
    forward(rw, op, input)
}

fn slice_by_index(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let input = rw.input(op, "x")?;
    rw.same_type(input, rw.result(op)?)?;
    if let Some(stride) = rw.optional_constant(op, "stride")? {
        No::unless(stride.to_i64s()?.iter().all(|&step| step > 0), "it reverses an axis")?;
    }
    forward(rw, op, input)
}

fn transpose(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let order = rw.call(op)?.order("perm")?;
    No::unless(order.is_sorted(), "it changes the order of axes")?;
    forward(rw, op, rw.input(op, "x")?)
}

fn linear_activation(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let call = rw.call(op)?;
    No::unless(call.float("alpha")? == 1.0 && call.float("beta")? == 0.0, "it scales or shifts")?;
    forward(rw, op, rw.input(op, "x")?)
}
