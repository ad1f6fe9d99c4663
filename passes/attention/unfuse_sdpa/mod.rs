use mil_ir::{NewOp, OpId, Operand, ValueId};
use mil_pass::{Matched, No, Rewrite, is_close, pass};
use mil_tensor::{DType, Tensor};

use crate::attention::casts::cast_value;
use crate::constants::to_dtype;

pass! {
    /// Computes `scaled_dot_product_attention` by products and a softmax.
    ///
    /// For chips that run the op badly, or do not have it. The scale, one over the root of the head's size,
    /// goes into the query, where it joins a number that the query is multiplied by already. A boolean mask
    /// puts minus infinity in place of the scores that do not count. It undoes `fuse_sdpa` up to rounding.
    /// In fp16, scores and masks are then added in fp16, where a row that is masked as a whole by numbers near
    /// the lowest of fp16 would overflow and have no weights: so each row of such a mask is counted from its
    /// largest number, which changes no weight. A row of minus infinity alone has none, before and after. The
    /// size of a head must be known.
    ///
    /// # Before
    /// ```mil
    /// func main<ios18>(tensor<fp32, [1, 2, 3, 4]> q, tensor<fp32, [1, 2, 3, 4]> k, tensor<fp32, [1, 2, 3, 4]> v, tensor<fp32, [3, 3]> m) {
    ///     tensor<fp32, [1, 2, 3, 4]> y = scaled_dot_product_attention(attn_mask = m, key = k, query = q, value = v)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp32, [1, 2, 3, 4]> q, tensor<fp32, [1, 2, 3, 4]> k, tensor<fp32, [1, 2, 3, 4]> v, tensor<fp32, [3, 3]> m) {
    ///     fp32 y_y_0 = const()[name = string("y_y_0"), val = fp32(0x1p-1)];
    ///     tensor<fp32, [1, 2, 3, 4]> y_query = mul(x = q, y = y_y_0)[name = string("y_query")];
    ///     bool y_transpose_x_0 = const()[name = string("y_transpose_x_0"), val = bool(false)];
    ///     bool y_transpose_y_0 = const()[name = string("y_transpose_y_0"), val = bool(true)];
    ///     tensor<fp32, [1, 2, 3, 3]> y_scores = matmul(transpose_x = y_transpose_x_0, transpose_y = y_transpose_y_0, x = y_query, y = k)[name = string("y_scores")];
    ///     tensor<fp32, [1, 2, 3, 3]> y_masked = add(x = y_scores, y = m)[name = string("y_masked")];
    ///     int32 y_axis_0 = const()[name = string("y_axis_0"), val = int32(-1)];
    ///     tensor<fp32, [1, 2, 3, 3]> y_weights = softmax(axis = y_axis_0, x = y_masked)[name = string("y_weights")];
    ///     bool y_transpose_x_1 = const()[name = string("y_transpose_x_1"), val = bool(false)];
    ///     bool y_transpose_y_1 = const()[name = string("y_transpose_y_1"), val = bool(false)];
    ///     tensor<fp32, [1, 2, 3, 4]> y = matmul(transpose_x = y_transpose_x_1, transpose_y = y_transpose_y_1, x = y_weights, y = v)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct UnfuseSdpa;
    id: "unfuse_sdpa",
    numerics: Lossy { min_snr_db: 40.0 },
    patterns: [
        /// `scaled_dot_product_attention`
        attention(scaled_dot_product_attention),
    ],
}

fn attention(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let [query, key, value] = [rw.input(op, "query")?, rw.input(op, "key")?, rw.input(op, "value")?];
    let rank = rw.rank(query)?;
    let head = rw.size(query, rank - 1).or_else(|_| rw.size(key, rank - 1));
    let head = head.map_err(|_| No::miss("the size of a head is not known"))?;
    let dtype = rw.dtype(query)?;
    let mask = rw.graph().operand(op, "attn_mask").cloned();
    let label = rw.graph().label(op).clone();
    let name = |what: &str| format!("{label}_{what}");

    let (query, times, product) = scaled(rw, query, 1.0 / (head as f64).sqrt());
    let times =
        if is_close(times, 1.0, dtype) { None } else { Some(to_dtype(&[times], dtype)?.reshaped(&[])?) };
    let query = match times {
        None => query,
        Some(times) => {
            rw.emit_one(NewOp::new("mul").named(name("query")).with("x", query).with("y", times), op)?
        }
    };
    let mut scores = rw.emit_one(matmul(query, key, true).named(name("scores")), op)?;
    if let Some(mask) = mask {
        let of_mask = rw.graph().operand_type(&mask).dtype().unwrap_or(dtype);
        scores = if of_mask == DType::Bool {
            let infinity = Tensor::from_f64s(dtype, &[], &[f64::NEG_INFINITY])?;
            let new = NewOp::new("select").named(name("masked"));
            rw.emit_one(new.with("cond", mask).with("a", scores).with("b", infinity), op)?
        } else {
            let mask = from_largest(rw, mask, &name("mask"), op)?;
            // A mask in more bits is added in more bits.
            let scores = cast_value(rw, scores, of_mask, &name("scores_cast"), op)?;
            rw.emit_one(NewOp::new("add").named(name("masked")).with("x", scores).with("y", mask), op)?
        };
    }
    let softmax =
        NewOp::new("softmax").named(name("weights")).with("x", scores).with("axis", Tensor::scalar(-1));
    let weights = rw.emit_one(softmax, op)?;
    let weights = cast_value(rw, weights, dtype, &name("weights_cast"), op)?;
    rw.replace(op, matmul(weights, value, false), &product.into_iter().collect::<Vec<_>>())
}

/// A mask whose rows may lie so low that adding scores overflows, each row counted from its largest number.
fn from_largest(rw: &mut Rewrite<'_>, mask: Operand, label: &str, before: OpId) -> Result<Operand, No> {
    let ty = rw.graph().operand_type(&mask);
    let (rank, dtype) = (ty.dims().map_or(0, <[_]>::len), ty.dtype());
    let constant = match &mask {
        Operand::Value(value) => rw.graph().const_tensor(*value),
        Operand::Literal(literal) => literal.as_tensor().cloned(),
    };
    if dtype != Some(DType::Fp16) || rank == 0 || constant.is_some_and(|mask| stays_finite(&mask)) {
        return Ok(mask);
    }
    let largest = NewOp::new("reduce_max").named(format!("{label}_largest")).with("x", mask.clone());
    let largest = largest.with("axes", Tensor::ints(&[-1])).with("keep_dims", Tensor::bool(true));
    let largest = rw.emit_one(largest, before)?;
    let shifted = NewOp::new("sub").named(format!("{label}_from_largest"));
    Ok(rw.emit_one(shifted.with("x", mask).with("y", largest), before)?.into())
}

/// Each row of a mask has a number that scores may be added to in fp16.
fn stays_finite(mask: &Tensor) -> bool {
    let row = mask.shape().last().copied().unwrap_or(1).max(1);
    let rows = mask.to_f64s().unwrap_or_default();
    !rows.is_empty() && rows.chunks(row).all(|row| row.iter().any(|&number| number >= LOW))
}

/// Half the lowest number of fp16: scores of any size that is seen fit beside it.
const LOW: f64 = -32752.0;

/// What a query is a number of times of, with the number times `scale`, and the op that multiplies it.
fn scaled(rw: &Rewrite<'_>, query: ValueId, scale: f64) -> (ValueId, f64, Option<OpId>) {
    let times = || {
        let product = rw.definition_anywhere(query, &["mul"]).ok()?;
        let (constant, value, _) = rw.with_constant(product).ok()?;
        rw.does_not_widen(&constant, value).ok()?;
        let number = constant.splat_value().ok()?.filter(|number| number.is_finite() && *number != 0.0)?;
        Some((value, number * scale, Some(product)))
    };
    times().unwrap_or((query, scale, None))
}

fn matmul(x: ValueId, y: ValueId, transpose_y: bool) -> NewOp {
    let new = NewOp::new("matmul").with("x", x).with("y", y);
    new.with("transpose_x", Tensor::bool(false)).with("transpose_y", Tensor::bool(transpose_y))
}
