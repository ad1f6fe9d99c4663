//! `scaled_dot_product_attention`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "scaled_dot_product_attention",
    family: Family::Attention,
    doc: "`softmax(query · keyᵀ / √E + mask) · value`, along the last axis. `query` is `[batch…, L, \
          E]`, the result `[batch…, L, EV]`.",
    versions: &[Version {
        since: Release::IOS18,
        params: &[
            Param::tensor("query", T, "Queries: `[batch…, L, E]`, rank 3 at least."),
            Param::tensor("key", T, "Keys: `[batch…, S, E]`."),
            Param::tensor("value", T, "Values: `[batch…, S, EV]`."),
            Param::tensor(
                "attn_mask",
                Types::Domain("M"),
                "Added to the scores, or, if boolean, which of them count; broadcast to `[batch…, \
                 L, S]`.",
            )
            .optional(),
        ],
        domains: &[("T", &[Fp16, Fp32]), ("M", &[Bool, Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The shape of `query`, with the last axis of `value`.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = call.dtype("query")?;
    let (Some(query), Some(key), Some(value)) = (call.dims("query")?, call.dims("key")?, call.dims("value")?)
    else {
        return Ok(vec![dims::tensor(dtype, None)]);
    };
    let rank = query.len();
    if rank < 3 || key.len() != rank || value.len() != rank {
        return Err(invalid!("ranks of query, key and value are {rank}, {}, {}", key.len(), value.len()));
    }
    let same = |a: &[Dim], b: &[Dim]| a.iter().zip(b).all(|(a, b)| dims::may_equal(a, b));
    let (head, last) = (rank - 2, rank - 1);
    if !same(&query[..head], &key[..head]) || !same(&query[..head], &value[..head]) {
        return Err(invalid!("query, key and value differ in their batch axes"));
    }
    if !dims::may_equal(&query[last], &key[last]) {
        return Err(invalid!("query and key differ in their last axis: {} and {}", query[last], key[last]));
    }
    if !dims::may_equal(&key[head], &value[head]) {
        return Err(invalid!("key and value differ in length: {} and {}", key[head], value[head]));
    }
    if let Some(mask) = call.dims_of("attn_mask") {
        let mut scores = query.to_vec();
        scores[last] = key[head].clone();
        dims::broadcast(mask, &scores)?;
    }
    let mut result = query.to_vec();
    result[last] = value[last].clone();
    Ok(vec![dims::tensor(dtype, Some(result))])
}
