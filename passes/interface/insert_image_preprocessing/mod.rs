use std::collections::BTreeMap;

use mil_ir::{FeatureKind, Program};
use mil_pass::{Alias, Pass, PassCx, PassError, pass};

use super::pixels::Preprocessing;

pass! {
    /// Scales the pixels of image inputs and adds a bias, before anything else sees them.
    ///
    /// A file does not say what scale and bias a conversion was asked for: they are options, by input. An
    /// image that has been treated already, which the names of its ops tell, is left alone. `change_io_types`
    /// does the same while it makes an image of an array, and folds what it can.
    ///
    /// # Before
    /// ```mil
    /// // options: {inputs={"x": {"scale": 0.5, "bias": [-1, -2, -3]}}}
    /// func main<ios17>(tensor<fp32, [1, 3, 2, 2]> x) {
    ///     tensor<fp32, [1, 3, 2, 2]> y = exp(x = x)[name = string("y")];
    /// } -> (y);
    /// model {
    ///     specification_version = 8;
    ///     function main {
    ///         input x: image<rgb, [2, 2]>;
    ///         output y: array<fp32, [1, 3, 2, 2]>;
    ///     };
    /// }
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 3, 2, 2]> x) {
    ///     fp32 x__scaled__y_0 = const()[name = string("x__scaled__y_0"), val = fp32(0x1p-1)];
    ///     tensor<fp32, [1, 3, 2, 2]> x__scaled__ = mul(x = x, y = x__scaled__y_0)[name = string("x__scaled__")];
    ///     tensor<fp32, [1, 3, 1, 1]> x__biased__y_0 = const()[name = string("x__biased__y_0"), val = tensor<fp32, [1, 3, 1, 1]>([[[[-0x1p+0]], [[-0x1p+1]], [[-0x1.8p+1]]]])];
    ///     tensor<fp32, [1, 3, 2, 2]> x__biased__ = add(x = x__scaled__, y = x__biased__y_0)[name = string("x__biased__")];
    ///     tensor<fp32, [1, 3, 2, 2]> y = exp(x = x__biased__)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct InsertImagePreprocessing {
        /// For each image, `scale`, a number, and `bias`, a number or one for each channel.
        pub inputs: BTreeMap<String, Preprocessing> = BTreeMap::new(),
    }
    id: "insert_image_preprocessing",
    numerics: Lossy { min_snr_db: f64::NEG_INFINITY },
    scope: Program,
    changes_interface: true,
    aliases: [Alias::plain("mil_backend::insert_image_preprocessing_ops")],
    statistics: [inputs: "images that are scaled or biased"],
}

impl Pass for InsertImagePreprocessing {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let interface = program.interface.clone();
        for name in self.inputs.keys() {
            let mut features = interface.functions.values().flat_map(|features| &features.inputs);
            let is_image = |kind: &Option<FeatureKind>| matches!(kind, Some(FeatureKind::Image(_)));
            if !features.any(|feature| *feature.name == **name && is_image(&feature.kind)) {
                return Err(PassError::Refused(format!("no function has an image {name} as an input")));
            }
        }
        cx.each_graph(program, |graph, cx| {
            let opset = cx.opset().clone();
            for (name, preprocessing) in &self.inputs {
                let Some(input) = graph.input_named(name) else { continue };
                if !preprocessing.is_inserted(graph, input) && cx.spend() {
                    preprocessing.insert_behind_input(graph, &opset, input)?;
                    cx.count("inputs", 1);
                }
            }
            Ok(())
        })
    }
}
