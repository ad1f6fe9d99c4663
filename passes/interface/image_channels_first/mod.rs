use mil_ir::{FeatureKind, Program};
use mil_pass::{Alias, Pass, PassCx, PassError, pass};

use super::layout::{has_channels_last, put_channels_first};

pass! {
    /// Gives an image input whose value has channels last the layout of images, and transposes inside.
    ///
    /// Core ML hands over images as batch, channels, height, width. A value of batch, height, width, channels
    /// cannot be one; the ops that take it keep what they had.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 4, 5, 3]> x) {
    ///     tensor<fp32, [1, 4, 5, 3]> y = exp(x = x)[name = string("y")];
    /// } -> (y);
    /// model {
    ///     specification_version = 8;
    ///     function main {
    ///         input x: image<rgb, [5, 4]>;
    ///         output y: array<fp32, [1, 4, 5, 3]>;
    ///     };
    /// }
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 3, 4, 5]> x) {
    ///     tensor<int32, [4]> x__transpose_from_nchw__perm_0 = const()[name = string("x__transpose_from_nchw__perm_0"), val = tensor<int32, [4]>([0, 2, 3, 1])];
    ///     tensor<fp32, [1, 4, 5, 3]> x__transpose_from_nchw__ = transpose(perm = x__transpose_from_nchw__perm_0, x = x)[name = string("x__transpose_from_nchw__")];
    ///     tensor<fp32, [1, 4, 5, 3]> y = exp(x = x__transpose_from_nchw__)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct ImageChannelsFirst;
    id: "image_channels_first",
    numerics: Lossy { min_snr_db: f64::NEG_INFINITY },
    scope: Program,
    changes_interface: true,
    aliases: [Alias::plain("common::image_input_preprocess")],
    statistics: [inputs: "images whose channels come first now"],
}

impl Pass for ImageChannelsFirst {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let interface = program.interface.clone();
        cx.each_graph(program, |graph, cx| {
            let opset = cx.opset().clone();
            let Some(features) = interface.function(cx.function()) else { return Ok(()) };
            for feature in &features.inputs {
                let Some(FeatureKind::Image(image)) = &feature.kind else { continue };
                let input = graph.input_named(&feature.name);
                let Some(input) = input.filter(|&input| has_channels_last(graph.value(input).ty(), image))
                else {
                    continue;
                };
                if cx.spend() {
                    put_channels_first(graph, &opset, input)?;
                    cx.count("inputs", 1);
                }
            }
            Ok(())
        })
    }
}
