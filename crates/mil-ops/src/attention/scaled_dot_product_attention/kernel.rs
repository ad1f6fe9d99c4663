//! `softmax(query * key^T / sqrt(E) + mask) * value`. A mask of booleans keeps what is true.

use crate::eval::prelude::*;
use crate::eval::reduce::softmax_row;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (query, key, value) = (cx.array("query")?, cx.array("key")?, cx.array("value")?);
    let rank = query.rank();
    ensure!(rank >= 2 && key.rank() == rank && value.rank() == rank, "operands of different ranks");
    let (stack, [l, e]) = (&query.shape()[..rank - 2], [query.shape()[rank - 2], query.shape()[rank - 1]]);
    let (s, ev) = (key.shape()[rank - 2], value.shape()[rank - 1]);
    ensure!(
        key.shape()[..rank - 2] == *stack
            && value.shape()[..rank - 2] == *stack
            && key.shape()[rank - 1] == e
            && value.shape()[rank - 2] == s,
        "query {:?}, key {:?}, value {:?}",
        query.shape(),
        key.shape(),
        value.shape()
    );
    let count: usize = stack.iter().product();
    let mut scores_shape: Shape = stack.into();
    scores_shape.extend([l, s]);
    let mut shape: Shape = stack.into();
    shape.extend([l, ev]);
    with_real!(query.is_double(), F => {
        let (q, k, v) = (query.reals::<F>()?, key.reals::<F>()?, value.reals::<F>()?);
        let mask = match cx.optional("attn_mask")? {
            None => None,
            Some(mask) => {
                let own: Vec<F> = match mask.data() {
                    Data::Bool(keep) => keep.iter().map(|&keep| if keep { 0.0 } else { -F::INFINITY }).collect(),
                    _ => mask.reals::<F>()?.into_owned(),
                };
                Some(strided::stretch(cx, &own, mask.shape(), &scores_shape)?.into_owned())
            }
        };
        let scale = F::of(1.0 / (e as f64).sqrt());
        let mut scores = cx.zeros::<F>(&scores_shape)?;
        let mut out = cx.zeros::<F>(&shape)?;
        for at in 0..count {
            let scores = &mut scores[at * l * s..][..l * s];
            let queries = Matrix::new(&q[at * l * e..][..l * e], l, e);
            let keys = Matrix::new(&k[at * s * e..][..s * e], s, e);
            gemm::add_product(queries, keys.transposed(), scores, cx.options.reproducible)?;
            par::chunks(scores, s, |row, scores| {
                scores.iter_mut().for_each(|x| *x *= scale);
                if let Some(mask) = &mask {
                    let mask = &mask[(at * l + row) * s..][..s];
                    scores.iter_mut().zip(mask).for_each(|(x, &mask)| *x += mask);
                }
                softmax_row(scores);
            });
            let values = Matrix::new(&v[at * s * ev..][..s * ev], s, ev);
            let out = &mut out[at * l * ev..][..l * ev];
            gemm::add_product(Matrix::new(scores, l, s), values, out, cx.options.reproducible)?;
        }
        one(query.with_data(&shape, F::pack(out))?)
    })
}
