use mil_ir::{NewOp, OpId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::ane::{Steps, sizes, whole};

pass! {
    /// Multiplies slices where a `reduce_prod` multiplies along axes.
    ///
    /// The axes have known sizes of at most 16 elements in all, and the value is of floats. The slices are
    /// multiplied in pairs.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [3, 2]> x) {
    ///     tensor<fp32, [3, 1]> y = reduce_prod(axes = tensor<int32, [1]>([1]), keep_dims = bool(true), x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [3, 2]> x) {
    ///     int32 y_axis_0 = const()[name = string("y_axis_0"), val = int32(1)];
    ///     int32 y_num_splits_0 = const()[name = string("y_num_splits_0"), val = int32(2)];
    ///     tensor<fp32, [3, 1]> y_parts_0, tensor<fp32, [3, 1]> y_parts_1 = split(axis = y_axis_0, num_splits = y_num_splits_0, x = x)[name = string("y_parts")];
    ///     tensor<fp32, [3, 1]> y = mul(x = y_parts_0, y = y_parts_1)[name = string("y_product")];
    /// } -> (y);
    /// ```
    pub struct ReduceProdToProducts;
    id: "reduce_prod_to_products",
    numerics: Rounding,
    patterns: [
        /// `reduce_prod` over few elements
        product(reduce_prod),
    ],
}

/// Elements that one product may have.
const MOST: usize = 16;

fn product(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let x = rw.input(op, "x")?;
    No::unless(rw.dtype(x)?.is_float(), "the value is not of floats")?;
    let shape = rw.shape(x)?;
    let call = rw.call(op)?;
    No::unless(call.is_given("axes"), "no axes are given")?;
    let (axes, keeps) = (call.axes("axes", shape.len())?, call.bool("keep_dims")?);
    let count = axes.iter().map(|&axis| shape[axis]).product::<usize>();
    No::unless((2..=MOST).contains(&count), "there are too many elements to multiply, or only one")?;
    No::unless(axes.len() < shape.len() || keeps, "the result is a scalar")?;
    let mut steps = Steps::new(rw, op);
    let mut value = x;
    for &axis in axes.iter().filter(|&&axis| shape[axis] > 1) {
        let split = NewOp::new("split").with("x", value).with("axis", whole(axis));
        let mut parts = steps.emit_all("parts", split.with("num_splits", whole(shape[axis])))?;
        while parts.len() > 1 {
            let pairs: Vec<Vec<_>> = parts.chunks(2).map(<[_]>::to_vec).collect();
            parts = Vec::new();
            for pair in pairs {
                parts.push(match pair[..] {
                    [a, b] => steps.binary("product", "mul", a, b)?,
                    _ => pair[0],
                });
            }
        }
        value = parts[0];
    }
    if keeps {
        return steps.finish(value, &[]);
    }
    let axes: Tensor = sizes(&axes);
    rw.replace(op, NewOp::new("squeeze").with("x", value).with("axes", axes), &[])
}
