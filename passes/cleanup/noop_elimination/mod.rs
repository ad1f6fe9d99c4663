use mil_ir::{Graph, OpId, ValueId};
use mil_pass::{Alias, Miss, Pass, PassCx, PassError, Pattern, Rewrite, pass};

pass! {
    /// Removes ops that give back what they take.
    ///
    /// Input and result have the same type; where a shape is not static, only ops are removed whose result is their input by
    /// definition. The constant of an arithmetic op may be a `const` or a `fill`, of any shape that does not widen the result.
    /// Adding zero gives +0 for -0, the only case in which a float changes.
    /// What gives the result of a block stays, since the name of an output must not change.
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
        identity: "`identity`",
        arithmetic: "`add` or `sub` of 0; `mul`, `real_div` or `pow` by 1; `floor_div` of integers by 1",
        tile: "`tile` by ones",
        same_shape: "`reshape`, `slice_by_size`, `pad`, `crop`, an upsampling or a one-way `split` that keeps its input",
        slice_by_index: "`slice_by_index` of everything, forwards",
        transpose: "`transpose` to the same order",
        linear_activation: "`linear_activation` with slope 1 and offset 0",
    ],
}

const PATTERNS: &[Pattern<NoopElimination>] = &[
    Pattern { name: "identity", anchors: &["identity"], apply: identity },
    Pattern {
        name: "arithmetic",
        anchors: &["add", "sub", "mul", "real_div", "pow", "floor_div"],
        apply: arithmetic,
    },
    Pattern { name: "tile", anchors: &["tile"], apply: tile },
    Pattern {
        name: "same_shape",
        anchors: &[
            "reshape",
            "slice_by_size",
            "split",
            "pad",
            "crop",
            "upsample_nearest_neighbor",
            "upsample_bilinear",
            "resize_bilinear",
        ],
        apply: same_shape,
    },
    Pattern { name: "slice_by_index", anchors: &["slice_by_index"], apply: slice_by_index },
    Pattern { name: "transpose", anchors: &["transpose"], apply: transpose },
    Pattern { name: "linear_activation", anchors: &["linear_activation"], apply: linear_activation },
];

impl Pass for NoopElimination {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        cx.rewrite(self, PATTERNS, graph)
    }
}

/// The op is removed in favour of its input.
fn forward(rw: &mut Rewrite<'_>, op: OpId, input: ValueId) -> Result<(), Miss> {
    let result = rw.result(op)?;
    if rw.graph().is_block_output(result) {
        return Err(Miss::new("the result is an output"));
    }
    rw.forward(op, &[input], &[])
}

fn identity(_: &NoopElimination, rw: &mut Rewrite<'_>, op: OpId) -> Result<(), Miss> {
    let input = rw.input(op, "x")?;
    forward(rw, op, input)
}

fn arithmetic(_: &NoopElimination, rw: &mut Rewrite<'_>, op: OpId) -> Result<(), Miss> {
    let kind = rw.graph().op(op).kind().to_string();
    let result = rw.result(op)?;
    let is_int = rw.ty(result).dtype().is_some_and(|dtype| dtype.is_int());
    let (neutral, commutes) = match kind.as_str() {
        "add" => (0.0, true),
        "sub" => (0.0, false),
        "mul" => (1.0, true),
        "floor_div" if !is_int => return Err(Miss::new("floor_div of floats rounds")),
        _ => (1.0, false),
    };
    for (param, other) in [("y", "x"), ("x", "y")] {
        if param == "x" && !commutes {
            break;
        }
        let Some(input) = rw.graph().input(op, other) else { continue };
        let keeps_type = rw.same_static_type(input, result).is_ok() || is_filled_like(rw, op, param, input);
        if keeps_type && is_all(rw, op, param, neutral) {
            return forward(rw, op, input);
        }
    }
    Err(Miss::new("no operand is neutral, or it widens the result"))
}

/// A parameter is a constant, or a `fill`, of this value everywhere.
fn is_all(rw: &Rewrite<'_>, op: OpId, param: &str, value: f64) -> bool {
    if let Some(tensor) = rw.graph().constant(op, param) {
        return tensor.splat_value().is_ok_and(|splat| splat == Some(value));
    }
    let fill = rw.graph().producer(op, param).filter(|&fill| rw.is(fill, &["fill"]));
    fill.and_then(|fill| rw.parameter(fill, "value").ok()).and_then(|tensor| tensor.item_f64()) == Some(value)
}

/// A parameter is a `fill` in the `shape` of this value: what it is combined with keeps its shape, whatever it is.
fn is_filled_like(rw: &Rewrite<'_>, op: OpId, param: &str, value: ValueId) -> bool {
    let fill = rw.producer(op, param, &["fill"]).and_then(|fill| rw.producer(fill, "shape", &["shape"]));
    fill.is_ok_and(|shape| rw.graph().input(shape, "x") == Some(value))
}

fn tile(_: &NoopElimination, rw: &mut Rewrite<'_>, op: OpId) -> Result<(), Miss> {
    if rw.constant(op, "reps")?.to_i64s()?.iter().any(|&count| count != 1) {
        return Err(Miss::new("it repeats"));
    }
    let input = rw.input(op, "x")?;
    forward(rw, op, input)
}

fn same_shape(_: &NoopElimination, rw: &mut Rewrite<'_>, op: OpId) -> Result<(), Miss> {
    let (input, result) = (rw.input(op, "x")?, rw.result(op)?);
    rw.same_static_type(input, result)?;
    if rw.is(op, &["pad"]) {
        let pad = rw.constant(op, "pad")?.to_i64s()?;
        if pad.iter().any(|&n| n != 0) {
            return Err(Miss::new("it pads one side and cuts the other"));
        }
    }
    // The same size is the same sampling grid in every mode but one.
    if rw.is(op, &["resize_bilinear"])
        && rw.parameter(op, "sampling_mode")?.item_str() == Some("OFFSET_CORNERS")
    {
        return Err(Miss::new("the mode samples between elements even at the same size"));
    }
    forward(rw, op, input)
}

fn slice_by_index(_: &NoopElimination, rw: &mut Rewrite<'_>, op: OpId) -> Result<(), Miss> {
    let (input, result) = (rw.input(op, "x")?, rw.result(op)?);
    rw.same_static_type(input, result)?;
    if rw.graph().operand(op, "stride").is_some()
        && rw.constant(op, "stride")?.to_i64s()?.iter().any(|&step| step < 0)
    {
        return Err(Miss::new("it reverses an axis"));
    }
    forward(rw, op, input)
}

fn transpose(_: &NoopElimination, rw: &mut Rewrite<'_>, op: OpId) -> Result<(), Miss> {
    let perm = rw.constant(op, "perm")?.to_i64s()?;
    let rank = perm.len() as i64;
    if perm.iter().zip(0..).any(|(&axis, place)| axis.rem_euclid(rank) != place) {
        return Err(Miss::new("it changes the order of axes"));
    }
    let input = rw.input(op, "x")?;
    forward(rw, op, input)
}

fn linear_activation(_: &NoopElimination, rw: &mut Rewrite<'_>, op: OpId) -> Result<(), Miss> {
    let (alpha, beta) = (rw.constant(op, "alpha")?, rw.parameter(op, "beta")?);
    if alpha.item_f64() != Some(1.0) || beta.item_f64() != Some(0.0) {
        return Err(Miss::new("it scales or shifts"));
    }
    let input = rw.input(op, "x")?;
    forward(rw, op, input)
}
