use std::collections::BTreeMap;

use mil_ir::{ArrayFeature, FeatureKind, Function, ImageFeature, Interface, Name, NewOp, Opset, Program};
use mil_ir::{ColorSpace, Feature, Graph, ValueId};
use mil_pass::{Pass, PassCx, PassError, Rewrite, pass};
use mil_tensor::{DType, Tensor};

use super::casts::{cast_input, cast_output, first_op, replace_output};
use super::io_type::{Form, IoType};
use super::layout::{array_of, has_channels_last, image_of, put_channels_first};

pass! {
    /// Changes what an app hands over and gets: element types of arrays, arrays into images and back.
    ///
    /// The program computes as before: a `cast` stands between. An array becomes an image if it is batch 1,
    /// the channels of the color space, height and width; an input with channels last is transposed inside.
    /// `scale` and `bias` say what the program makes of a pixel (`scale * pixel + bias`), or of an output
    /// what an app gets. A scale that is a power of two goes into the weights of the first or last op if no
    /// bit changes; otherwise it is a `mul`, and a bias an `add`. From `rgb` to `bgr`, the channels are
    /// reversed inside.
    ///
    /// `*` stands for every array of floats, where the type is fp16 or fp32. What has the type already stays
    /// as it is. An input that is an output is one value, and changes as one. States are fp16 always.
    ///
    /// # Before
    /// ```mil
    /// // options: {inputs={"x": "fp16"},outputs={"y": "fp16"}}
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> y = exp(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp16, [2]> x) {
    ///     string x_to_fp32_dtype_0 = const()[name = string("x_to_fp32_dtype_0"), val = string("fp32")];
    ///     tensor<fp32, [2]> x_to_fp32 = cast(dtype = x_to_fp32_dtype_0, x = x)[name = string("x_to_fp32")];
    ///     tensor<fp32, [2]> y_fp32 = exp(x = x_to_fp32)[name = string("y")];
    ///     string y_to_fp16_dtype_0 = const()[name = string("y_to_fp16_dtype_0"), val = string("fp16")];
    ///     tensor<fp16, [2]> y = cast(dtype = y_to_fp16_dtype_0, x = y_fp32)[name = string("y_to_fp16")];
    /// } -> (y);
    /// ```
    pub struct ChangeIoTypes {
        /// Inputs and what they are to be: `fp16`, `fp32`, `int32`, `int8`, `rgb`, `bgr`, `grayscale`,
        /// `grayscale_fp16`, or an object with one of them as `type`, with `scale`, a number, and `bias`, a
        /// number or one for each channel.
        pub inputs: BTreeMap<String, IoType> = BTreeMap::new(),
        /// Outputs, likewise.
        pub outputs: BTreeMap<String, IoType> = BTreeMap::new(),
        /// The function whose features change; empty: every one that has them.
        pub function: String = String::new(),
    }
    id: "change_io_types",
    numerics: Lossy { min_snr_db: 40.0 },
    scope: Program,
    changes_interface: true,
    statistics: [inputs: "inputs changed", outputs: "outputs changed"],
}

/// All arrays of floats.
const ALL: &str = "*";

impl Pass for ChangeIoTypes {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let mut functions: Vec<Name> = program.functions.keys().cloned().collect();
        if !self.function.is_empty() {
            functions.retain(|name| **name == *self.function);
            if functions.is_empty() {
                return Err(mil_ir::InterfaceError::NoFunction(self.function.as_str().into()).into());
            }
        }
        self.check_names(program, &functions)?;
        for name in functions {
            let Some(features) = program.interface.function(&name).cloned() else { continue };
            for (feature, is_input) in features
                .inputs
                .iter()
                .map(|feature| (feature, true))
                .chain(features.outputs.iter().map(|feature| (feature, false)))
            {
                let Some(wanted) = self.wanted(feature, is_input) else { continue };
                let Program { interface, functions, .. } = program;
                let Some(function) = functions.get_mut(&name) else { continue };
                // An input that is an output has changed already.
                let current = interface.function(&name).and_then(|features| features.find(&feature.name));
                let feature = current.unwrap_or(feature).clone();
                let mut site = Site { interface, function, name: &name, feature: &feature, is_input };
                if site.has(wanted.form) || !cx.spend() {
                    continue;
                }
                site.change(wanted)?;
                cx.count(if is_input { "inputs" } else { "outputs" }, 1);
            }
            let least = program.interface.function(&name).map(|features| features.least_release());
            if let Some(least) = least {
                program.interface.raise_target(least);
            }
        }
        Ok(())
    }
}

impl ChangeIoTypes {
    /// Every name is that of a feature in one of the functions.
    fn check_names(&self, program: &Program, functions: &[Name]) -> Result<(), PassError> {
        let all = || functions.iter().filter_map(|name| program.interface.function(name));
        let has = |features: &[Feature], name: &str| features.iter().any(|feature| *feature.name == *name);
        let missing = |what: &str, name: &str| PassError::Refused(format!("there is no {what} {name}"));
        for (name, wanted) in self.inputs.iter().chain(&self.outputs).filter(|(name, _)| *name == ALL) {
            if !matches!(wanted.form, Form::Array(DType::Fp16 | DType::Fp32)) {
                let what = wanted.form.name();
                return Err(PassError::Refused(format!("{name} is for fp16 and fp32, not for {what}")));
            }
        }
        let named =
            |names: &BTreeMap<String, IoType>| names.keys().filter(|name| *name != ALL).cloned().collect();
        let (inputs, outputs): (Vec<String>, Vec<String>) = (named(&self.inputs), named(&self.outputs));
        if let Some(name) = inputs.iter().find(|name| !all().any(|found| has(&found.inputs, name))) {
            return Err(missing("input", name));
        }
        match outputs.iter().find(|name| !all().any(|found| has(&found.outputs, name))) {
            Some(name) => Err(missing("output", name)),
            None => Ok(()),
        }
    }

    /// What a feature is to be; `None` where it stays.
    fn wanted(&self, feature: &Feature, is_input: bool) -> Option<&IoType> {
        let names = if is_input { &self.inputs } else { &self.outputs };
        let is_float = match &feature.kind {
            Some(FeatureKind::Array(array)) => array.dtype().is_some_and(DType::is_float),
            _ => false,
        };
        names.get(feature.name.as_str()).or_else(|| names.get(ALL).filter(|_| is_float))
    }
}

/// A feature that changes, with the function that has it.
struct Site<'a> {
    interface: &'a mut Interface,
    function: &'a mut Function,
    name: &'a Name,
    feature: &'a Feature,
    is_input: bool,
}

impl Site<'_> {
    fn refuse(&self, why: impl std::fmt::Display) -> PassError {
        PassError::Refused(format!("{} of function {} stays as it is: {why}", self.feature.name, self.name))
    }

    /// The feature is this already.
    fn has(&self, form: Form) -> bool {
        match (&self.feature.kind, form) {
            (Some(FeatureKind::Array(array)), Form::Array(dtype)) => array.dtype() == Some(dtype),
            (Some(FeatureKind::Image(image)), Form::Image(space)) => image.color_space() == Some(space),
            _ => false,
        }
    }

    fn change(&mut self, wanted: &IoType) -> Result<(), PassError> {
        let kind = match (self.feature.kind.clone(), wanted.form) {
            (Some(FeatureKind::Array(array)), Form::Array(dtype)) => {
                self.each(|site, graph, opset, value| site.convert(graph, opset, value, dtype, wanted))?;
                let data_type = ArrayFeature::new(dtype, Vec::new()).map(|new| new.data_type);
                let data_type = data_type.ok_or_else(|| self.refuse("the format has no such array"))?;
                FeatureKind::Array(ArrayFeature { data_type, ..array })
            }
            (Some(FeatureKind::Array(array)), Form::Image(space)) => {
                FeatureKind::Image(self.make_image(&array, space, wanted)?)
            }
            (Some(FeatureKind::Image(image)), Form::Array(dtype)) => {
                self.each(|site, graph, opset, value| site.convert(graph, opset, value, dtype, wanted))?;
                let array = self.value().and_then(|(graph, value)| array_of(&image, graph.value(value).ty()));
                FeatureKind::Array(array.ok_or_else(|| self.refuse("its color space is not known"))?)
            }
            (Some(FeatureKind::Image(image)), Form::Image(space)) => {
                self.swap_channels(&image, space, wanted)?;
                FeatureKind::Image(ImageFeature { color: space.number(), ..image })
            }
            _ => return Err(self.refuse("it is neither an array nor an image")),
        };
        Ok(self.interface.set_feature_kind(self.name, &self.feature.name, kind)?)
    }

    /// Does something to the value in each graph of the function.
    fn each(
        &mut self,
        mut act: impl FnMut(&Site<'_>, &mut Graph, &Opset, ValueId) -> Result<(), PassError>,
    ) -> Result<(), PassError> {
        let mut graphs = std::mem::take(&mut self.function.specializations);
        let done = graphs.iter_mut().try_for_each(|(opset, graph)| {
            if opset.release().is_none() {
                let (function, opset) = (self.name.clone(), opset.to_string());
                return Err(PassError::UnknownOpset { function, opset });
            }
            match self.value_in(graph) {
                Some(value) => act(self, graph, opset, value),
                None => Err(self.refuse("the program has no such value")),
            }
        });
        self.function.specializations = graphs;
        done
    }

    fn value(&self) -> Option<(&Graph, ValueId)> {
        let graph = self.function.graph()?;
        Some((graph, self.value_in(graph)?))
    }

    fn value_in(&self, graph: &Graph) -> Option<ValueId> {
        let name = &self.feature.name;
        match self.is_input {
            true => graph.input_named(name),
            false => graph.root().outputs().find(|&value| graph.value(value).name() == name),
        }
    }

    /// Casts at an end of the graph, with what happens to the numbers inside of the cast.
    fn convert(
        &self,
        graph: &mut Graph,
        opset: &Opset,
        value: ValueId,
        dtype: DType,
        wanted: &IoType,
    ) -> Result<(), PassError> {
        if self.is_input {
            cast_input(graph, opset, value, dtype)?;
            return wanted.numbers.apply_to_input(graph, opset, value);
        }
        if graph.definition(value).is_none() && graph.value(value).ty().dtype() != Some(dtype) {
            return Err(self.refuse("it is an input as well: change that"));
        }
        wanted.numbers.apply_to_output(graph, opset, value)?;
        if let Some(value) = self.value_in(graph) {
            cast_output(graph, opset, value, dtype)?;
        }
        Ok(())
    }

    /// Makes the value one that an image can be.
    fn make_image(
        &mut self,
        array: &ArrayFeature,
        space: ColorSpace,
        wanted: &IoType,
    ) -> Result<ImageFeature, PassError> {
        let mut array = array.clone();
        // Pixels are floats inside; those of 16 bits have no other form.
        let pixels = |old: Option<DType>| match space {
            ColorSpace::GrayscaleFloat16 => DType::Fp16,
            _ => old.filter(|old| matches!(old, DType::Fp16 | DType::Fp32)).unwrap_or(DType::Fp32),
        };
        let guess = ImageFeature {
            height: array.shape.get(1).copied().unwrap_or(0),
            width: array.shape.get(2).copied().unwrap_or(0),
            color: space.number(),
            flexibility: None,
        };
        let is_last = self.value().is_some_and(|(graph, value)| {
            self.is_input && has_channels_last(graph.value(value).ty(), &guess)
        });
        if is_last && array.flexibility.is_some() {
            return Err(self.refuse("its channels come last, and its shape is flexible"));
        }
        self.each(|site, graph, opset, value| {
            let dtype = pixels(graph.value(value).ty().dtype());
            site.convert(graph, opset, value, dtype, wanted)?;
            if is_last { put_channels_first(graph, opset, value) } else { Ok(()) }
        })?;
        if is_last && let [batch, height, width, channels] = array.shape[..] {
            array.shape = vec![batch, channels, height, width];
        }
        let (graph, value) = self.value().ok_or_else(|| self.refuse("the program has no such value"))?;
        image_of(&array, graph.value(value).ty(), space).map_err(|why| self.refuse(why))
    }

    /// Makes an image one of another color space with as many channels.
    fn swap_channels(
        &mut self,
        image: &ImageFeature,
        space: ColorSpace,
        wanted: &IoType,
    ) -> Result<(), PassError> {
        use ColorSpace::{Bgr, Grayscale, GrayscaleFloat16, Rgb};
        match (image.color_space(), space) {
            (Some(Rgb), Bgr) | (Some(Bgr), Rgb) => self.each(|site, graph, opset, value| {
                let dtype = graph.value(value).ty().dtype().unwrap_or(DType::Fp32);
                site.convert(graph, opset, value, dtype, wanted)?;
                site.value_in(graph).map_or(Ok(()), |value| site.reverse(graph, opset, value))
            }),
            (Some(Grayscale), GrayscaleFloat16) => {
                self.each(|site, graph, opset, value| site.convert(graph, opset, value, DType::Fp16, wanted))
            }
            (Some(GrayscaleFloat16), Grayscale) => self.each(|site, graph, opset, value| {
                let dtype = graph.value(value).ty().dtype().unwrap_or(DType::Fp32);
                site.convert(graph, opset, value, dtype, wanted)
            }),
            _ => Err(self.refuse("the color spaces have different channels")),
        }
    }

    /// Reverses the channels at an end of the graph.
    fn reverse(&self, graph: &mut Graph, opset: &Opset, value: ValueId) -> Result<(), PassError> {
        if self.is_input && graph.is_output(value) {
            return Err(self.refuse("it is an output as well"));
        }
        let name = graph.value(value).name().clone();
        let before = if self.is_input { first_op(graph) } else { graph.root().return_op() };
        let label = format!("{name}_reversed");
        let mut rw = Rewrite::new(graph, opset);
        let axes = rw.tensor(&format!("{label}_axes_0"), Tensor::ints(&[1]), before);
        let reverse = NewOp::new("reverse").named(label).with("x", value).with("axes", axes);
        let reversed = rw.emit_one(reverse, before)?;
        if self.is_input {
            let op = graph.definition(reversed);
            graph.replace_uses_if(value, reversed, |user| Some(user) != op);
        } else {
            replace_output(graph, value, reversed, &format!("{name}_straight"));
        }
        Ok(())
    }
}
