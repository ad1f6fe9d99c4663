//! `x * weight^T + bias`. Integers wrap.

use crate::eval::prelude::*;
use crate::eval::products::matmul;
use crate::eval::reduce::integers;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (x, weight) = (cx.array("x")?, cx.array("weight")?);
    ensure!(weight.rank() == 2, "weight has rank {}", weight.rank());
    let product = matmul(cx, x, weight, (false, true))?;
    let Some(bias) = cx.optional("bias")? else {
        return one(product);
    };
    let outputs = weight.shape()[0];
    ensure!(bias.len() == outputs, "bias has {} elements for {outputs} outputs", bias.len());
    let (shape, data) = match product.data() {
        Data::Single(values) => {
            strided::zip(cx, (values, product.shape()), (&bias.reals::<f32>()?, &[outputs]), |a, b| a + b)
                .map(|(shape, out)| (shape, f32::pack(out)))?
        }
        Data::Double(values) => {
            strided::zip(cx, (values, product.shape()), (&bias.reals::<f64>()?, &[outputs]), |a, b| a + b)
                .map(|(shape, out)| (shape, f64::pack(out)))?
        }
        _ => {
            let (shape, out) = strided::zip(
                cx,
                (&product.longs()?, product.shape()),
                (&bias.longs()?, &[outputs]),
                |a, b| a.wrapping_add(b),
            )?;
            return one(integers(&product, &shape, out)?);
        }
    };
    one(product.with_data(&shape, data)?)
}
