use mil_ir::{Dim, NewOp, OpId, Operand};
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::{DType, Tensor};

use crate::constants::ints;

pass! {
    /// Computes attention for one part of the queries after the other, so that all scores are never in
    /// memory at once.
    ///
    /// `scaled_dot_product_attention` becomes `matmul`, `softmax` and `matmul` for each part, and one
    /// `concat`. The queries are scaled before they are multiplied, so that scores in fp16 stay in range for
    /// longer; those that the op itself would have kept in fp32 may still become infinite. Any number of
    /// queries is cut into parts whose lengths differ by one at most; it must be known, as must the length of
    /// a query. Masks of numbers or booleans may have any rank and are cut where they have a row per query.
    ///
    /// # Before
    /// ```mil
    /// // options: {min_seq_length=4, seq_length_divider=2}
    /// func main<ios18>(tensor<fp16, [1, 4, 4]> q, tensor<fp16, [1, 3, 4]> k, tensor<fp16, [1, 3, 2]> v) {
    ///     tensor<fp16, [1, 4, 2]> y = scaled_dot_product_attention(key = k, query = q, value = v)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp16, [1, 4, 4]> q, tensor<fp16, [1, 3, 4]> k, tensor<fp16, [1, 3, 2]> v) {
    ///     fp16 y_y_0 = const()[name = string("y_y_0"), val = fp16(0x1p-1)];
    ///     tensor<fp16, [1, 4, 4]> y_query = mul(x = q, y = y_y_0)[name = string("y_query")];
    ///     tensor<int32, [3]> y_begin_0 = const()[name = string("y_begin_0"), val = tensor<int32, [3]>([0, 0, 0])];
    ///     tensor<int32, [3]> y_end_0 = const()[name = string("y_end_0"), val = tensor<int32, [3]>([0, 2, 0])];
    ///     tensor<bool, [3]> y_end_mask_0 = const()[name = string("y_end_mask_0"), val = tensor<bool, [3]>([true, false, true])];
    ///     tensor<fp16, [1, 2, 4]> y_query_0 = slice_by_index(begin = y_begin_0, end = y_end_0, end_mask = y_end_mask_0, x = y_query)[name = string("y_query_0")];
    ///     bool y_transpose_y_0 = const()[name = string("y_transpose_y_0"), val = bool(true)];
    ///     tensor<fp16, [1, 2, 3]> y_scores_0 = matmul(transpose_y = y_transpose_y_0, x = y_query_0, y = k)[name = string("y_scores_0")];
    ///     int32 y_axis_0 = const()[name = string("y_axis_0"), val = int32(-1)];
    ///     tensor<fp16, [1, 2, 3]> y_weights_0 = softmax(axis = y_axis_0, x = y_scores_0)[name = string("y_weights_0")];
    ///     tensor<fp16, [1, 2, 2]> y_part_0 = matmul(x = y_weights_0, y = v)[name = string("y_part_0")];
    ///     tensor<int32, [3]> y_begin_1 = const()[name = string("y_begin_1"), val = tensor<int32, [3]>([0, 2, 0])];
    ///     tensor<int32, [3]> y_end_1 = const()[name = string("y_end_1"), val = tensor<int32, [3]>([0, 4, 0])];
    ///     tensor<bool, [3]> y_end_mask_1 = const()[name = string("y_end_mask_1"), val = tensor<bool, [3]>([true, false, true])];
    ///     tensor<fp16, [1, 2, 4]> y_query_1 = slice_by_index(begin = y_begin_1, end = y_end_1, end_mask = y_end_mask_1, x = y_query)[name = string("y_query_1")];
    ///     bool y_transpose_y_1 = const()[name = string("y_transpose_y_1"), val = bool(true)];
    ///     tensor<fp16, [1, 2, 3]> y_scores_1 = matmul(transpose_y = y_transpose_y_1, x = y_query_1, y = k)[name = string("y_scores_1")];
    ///     int32 y_axis_1 = const()[name = string("y_axis_1"), val = int32(-1)];
    ///     tensor<fp16, [1, 2, 3]> y_weights_1 = softmax(axis = y_axis_1, x = y_scores_1)[name = string("y_weights_1")];
    ///     tensor<fp16, [1, 2, 2]> y_part_1 = matmul(x = y_weights_1, y = v)[name = string("y_part_1")];
    ///     int32 y_axis_2 = const()[name = string("y_axis_2"), val = int32(-2)];
    ///     bool y_interleave_0 = const()[name = string("y_interleave_0"), val = bool(false)];
    ///     tensor<fp16, [1, 4, 2]> y = concat(axis = y_axis_2, interleave = y_interleave_0, values = (y_part_0, y_part_1))[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct SliceAttentionQueries {
        /// Attention of fewer queries stays as it is.
        pub min_seq_length: usize = 1280,
        /// Into how many parts the queries are cut.
        pub seq_length_divider: usize = 16,
    }
    id: "slice_attention_queries",
    numerics: Lossy { min_snr_db: 40.0 },
    aliases: [Alias::plain("common::scaled_dot_product_attention_sliced_q")],
    patterns: [
        /// `scaled_dot_product_attention`
        attention(scaled_dot_product_attention) with options,
    ],
}

fn attention(pass: &SliceAttentionQueries, rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let query = rw.input(op, "query")?;
    let rank = rw.rank(query)?;
    No::unless(rank >= 2, "the queries are a vector")?;
    let (rows, length) = (rw.size(query, rank - 2)?, rw.size(query, rank - 1)?);
    No::unless(rows >= pass.min_seq_length, "there are fewer queries than min_seq_length")?;
    let parts = pass.seq_length_divider.min(rows);
    No::unless(parts > 1, "there is one part only")?;
    No::unless(length > 0, "a query has no elements")?;
    let dtype = rw.dtype(query)?;
    let operand = |param: &str| {
        let found = rw.graph().op(op).argument(param).and_then(|argument| argument.first().cloned());
        found.ok_or_else(|| No::miss(format!("{param} is missing")))
    };
    let (key, value) = (operand("key")?, operand("value")?);
    let mask = operand("attn_mask").ok();
    let mask_rows = mask.as_ref().map(|mask| mask_rows(rw, mask, rows)).transpose()?;

    let label = rw.graph().label(op).to_string();
    let emit = |rw: &mut Rewrite<'_>, new: NewOp, what: String| {
        rw.emit_one(new.named(format!("{label}_{what}")), op)
    };
    let number = |value: f64| Tensor::from_f64s(dtype, &[], &[value]);
    let factor = number((length as f64).sqrt().recip())?;
    let scaled = NewOp::new("mul").with("x", query).with("y", factor);
    let scaled = emit(rw, scaled, "query".into())?;
    let mask = match mask {
        Some(mask) if rw.graph().operand_type(&mask).dtype() == Some(DType::Bool) => {
            let numbers = NewOp::new("select").with("cond", mask);
            let numbers = numbers.with("a", number(0.0)?).with("b", number(f64::NEG_INFINITY)?);
            Some(emit(rw, numbers, "mask".into())?.into())
        }
        other => other,
    };
    let mut results: Vec<Operand> = Vec::new();
    for part in 0..parts {
        let bounds = [rows * part / parts, rows * (part + 1) / parts];
        let queries = rows_of(scaled.into(), rank, bounds)?;
        let queries = emit(rw, queries, format!("query_{part}"))?;
        let scores = NewOp::new("matmul").with("x", queries).with("y", key.clone());
        let scores = scores.with("transpose_y", Tensor::bool(true));
        let mut scores = emit(rw, scores, format!("scores_{part}"))?;
        if let Some(mask) = &mask {
            let rows = match mask_rows {
                Some(Some(mask_rank)) => {
                    let rows = rows_of(mask.clone(), mask_rank, bounds)?;
                    emit(rw, rows, format!("mask_{part}"))?.into()
                }
                _ => mask.clone(),
            };
            let sum = NewOp::new("add").with("x", scores).with("y", rows);
            scores = emit(rw, sum, format!("masked_{part}"))?;
        }
        let weights = NewOp::new("softmax").with("x", scores).with("axis", Tensor::scalar(-1_i32));
        let weights = emit(rw, weights, format!("weights_{part}"))?;
        let result = NewOp::new("matmul").with("x", weights).with("y", value.clone());
        results.push(emit(rw, result, format!("part_{part}"))?.into());
    }
    let joined = NewOp::new("concat").with_all("values", results).with("axis", Tensor::scalar(-2_i32));
    let joined = joined.with("interleave", Tensor::bool(false));
    rw.replace(op, joined, &[])
}

/// The rank of a mask that has a row per query; `None` for one whose only row counts for all.
fn mask_rows(rw: &Rewrite<'_>, mask: &Operand, rows: usize) -> Result<Option<usize>, No> {
    let dims = rw.graph().operand_type(mask).dims().ok_or(No::miss("the rank of the mask is not known"))?;
    match dims {
        [] | [_] | [.., Dim::Fixed(1), _] => Ok(None),
        [.., Dim::Fixed(size), _] if *size == rows as u64 => Ok(Some(dims.len())),
        _ => Err(No::miss("the mask has another number of rows, or an unknown one")),
    }
}

/// Some of the rows along the last axis but one.
fn rows_of(value: Operand, rank: usize, [from, to]: [usize; 2]) -> Result<NewOp, No> {
    let at = |row: usize| ints((0..rank).map(|axis| if axis + 2 == rank { row as i64 } else { 0 }));
    let whole: Vec<bool> = (0..rank).map(|axis| axis + 2 != rank).collect();
    let slice = NewOp::new("slice_by_index").with("x", value).with("begin", at(from)?).with("end", at(to)?);
    Ok(slice.with("end_mask", Tensor::from_bools(&[rank], &whole)?))
}
