use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, pass};

use crate::constants::ints;

pass! {
    /// Gives a `conv_transpose` its `output_shape` where the shape of its result is static.
    ///
    /// The parameter repeats what the formula says, so that no runtime has to choose.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 2]> x) {
    ///     tensor<fp32, [1, 1, 2]> w = const()[name = string("w"), val = tensor<fp32, [1, 1, 2]>([0x1p+0, 0x1p+1])];
    ///     tensor<fp32, [1, 1, 3]> y = conv_transpose(weight = w, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 2]> x) {
    ///     tensor<fp32, [1, 1, 2]> w = const()[name = string("w"), val = tensor<fp32, [1, 1, 2]>([[[0x1p+0, 0x1p+1]]])];
    ///     tensor<int32, [3]> y_output_shape_0 = const()[name = string("y_output_shape_0"), val = tensor<int32, [3]>([1, 1, 3])];
    ///     tensor<fp32, [1, 1, 3]> y = conv_transpose(output_shape = y_output_shape_0, weight = w, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct AddConvTransposeOutputShape;
    id: "add_conv_transpose_output_shape",
    numerics: Exact,
    aliases: [Alias::plain("common::add_conv_transpose_output_shape")],
    patterns: [
        /// `conv_transpose` without `output_shape`
        open(conv_transpose),
    ],
}

fn open(rw: &mut Rewrite<'_>, conv: OpId) -> Matched {
    No::unless(!rw.call(conv)?.is_given("output_shape"), "output_shape is given")?;
    let shape = rw.shape(rw.result(conv)?)?.into_iter().map(|size| size as i64);
    let new = rw.like(conv)?.set("output_shape", ints(shape)?);
    rw.replace(conv, new, &[])
}
