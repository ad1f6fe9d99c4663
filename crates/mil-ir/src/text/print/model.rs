//! The `model { … }` section: what stands outside the program. And models that are no programs.

use std::fmt;

use mil_tensor::{DType, Tensor};

use crate::text::print::Printer;
use crate::text::print::types::Entry;
use crate::{
    ArrayFeature, Carried, DictionaryKey, Feature, FeatureKind, Flexibility, FunctionInterface, ImageFeature,
    Interface, Metadata, Model, ModelPipeline, SequenceElement, SizeFlexibility, SizeRange,
};

impl Printer<'_> {
    pub(super) fn model(&mut self, model: &Model) -> fmt::Result {
        match model {
            Model::Program(program) => self.program(program),
            Model::Pipeline(pipeline) => self.pipeline(model, pipeline),
            Model::Opaque(opaque) => {
                let bytes = Tensor::from_bytes(DType::Uint8, &[opaque.bytes.len()], &opaque.bytes[..]);
                let hash = bytes.and_then(|bytes| bytes.fingerprint());
                write!(self.out, "opaque {} {{\n    bytes = {};\n", model.kind(), opaque.bytes.len())?;
                if let Ok(hash) = hash {
                    writeln!(self.out, "    hash = \"{hash}\";")?;
                }
                self.out.write_str("}\n")?;
                self.interface(&opaque.interface)
            }
        }
    }

    fn pipeline(&mut self, model: &Model, pipeline: &ModelPipeline) -> fmt::Result {
        self.out.write_str(model.kind())?;
        self.clause("pipeline", &[], None, pipeline.carried.as_deref())?;
        self.out.write_str(" {\n")?;
        for (index, (name, member)) in pipeline.members.iter().enumerate() {
            write!(self.out, "    member {index}")?;
            if let Some(name) = name {
                self.out.write_str(" ")?;
                self.quoted(name)?;
            }
            self.out.write_str(" {\n")?;
            let mut out = Indented { out: self.out, at_start: true };
            let mut inner = Printer::new(&mut out, self.options, self.place);
            inner.model(member)?;
            let dropped = inner.dropped;
            self.dropped.extend(dropped);
            self.out.write_str("    }\n")?;
        }
        self.out.write_str("}\n")?;
        self.interface(&pipeline.interface)
    }

    pub(super) fn interface(&mut self, interface: &Interface) -> fmt::Result {
        self.out.write_str("model {\n")?;
        writeln!(self.out, "    specification_version = {};", interface.specification_version)?;
        if interface.multifunction {
            self.out.write_str("    multifunction;\n")?;
        }
        if interface.updatable {
            self.out.write_str("    updatable;\n")?;
        }
        if let Some(name) = &interface.default_function {
            self.entry(1, "default_function", name)?;
        }
        for (name, features) in &interface.functions {
            self.out.write_str("    function ")?;
            self.name(name)?;
            self.out.write_str(" {\n")?;
            self.features(features)?;
            self.out.write_str("    };\n")?;
        }
        for feature in &interface.training_inputs {
            self.feature(1, "training_input", feature)?;
        }
        if interface.metadata.present || interface.metadata != Metadata::default() {
            self.metadata(&interface.metadata)?;
        }
        self.unknown(1, "carried", interface.carried.as_deref())?;
        self.unknown(1, "model_carried", interface.model_carried.as_deref())?;
        self.out.write_str("}\n")
    }

    fn entry(&mut self, level: usize, key: &str, text: &str) -> fmt::Result {
        write!(self.out, "{:width$}{key} = ", "", width = 4 * level)?;
        self.quoted(text)?;
        self.out.write_str(";\n")
    }

    fn unknown(&mut self, level: usize, key: &str, carried: Option<&Carried>) -> fmt::Result {
        let Some(carried) = carried else { return Ok(()) };
        write!(self.out, "{:width$}{key} = ", "", width = 4 * level)?;
        self.carried(carried)?;
        self.out.write_str(";\n")
    }

    fn features(&mut self, features: &FunctionInterface) -> fmt::Result {
        let kinds = [("input", &features.inputs), ("output", &features.outputs), ("state", &features.states)];
        for (word, features) in kinds {
            for feature in features {
                self.feature(2, word, feature)?;
            }
        }
        if !features.predicted_feature.is_empty() {
            self.entry(2, "predicted_feature", &features.predicted_feature)?;
        }
        if !features.predicted_probabilities.is_empty() {
            self.entry(2, "predicted_probabilities", &features.predicted_probabilities)?;
        }
        self.unknown(2, "carried", features.carried.as_deref())
    }

    fn metadata(&mut self, metadata: &Metadata) -> fmt::Result {
        self.out.write_str("    metadata {\n")?;
        let texts = [
            ("description", &metadata.description),
            ("version", &metadata.version),
            ("author", &metadata.author),
            ("license", &metadata.license),
        ];
        for (key, text) in texts {
            if !text.is_empty() {
                self.entry(2, key, text)?;
            }
        }
        for (key, text) in &metadata.user_defined {
            self.out.write_str("        user[")?;
            self.quoted(key)?;
            self.out.write_str("] = ")?;
            self.quoted(text)?;
            self.out.write_str(";\n")?;
        }
        self.unknown(2, "carried", metadata.carried.as_deref())?;
        self.out.write_str("    };\n")
    }

    fn feature(&mut self, level: usize, word: &str, feature: &Feature) -> fmt::Result {
        write!(self.out, "{:width$}{word} ", "", width = 4 * level)?;
        self.name(&feature.name)?;
        self.out.write_str(": ")?;
        self.feature_type(feature)?;
        self.out.write_str(";\n")
    }

    /// What stands behind the name of a feature.
    pub(super) fn feature_type(&mut self, feature: &Feature) -> fmt::Result {
        match &feature.kind {
            None => self.out.write_str("?")?,
            Some(kind) => self.feature_kind(kind)?,
        }
        let mut entries = Vec::new();
        if feature.optional {
            entries.push(("optional", Entry::Flag));
        }
        if !feature.doc.is_empty() {
            entries.push(("doc", Entry::Text(&feature.doc)));
        }
        self.clause("feature", &entries, None, feature.carried.as_deref())
    }

    fn feature_kind(&mut self, kind: &FeatureKind) -> fmt::Result {
        match kind {
            FeatureKind::Int64 => self.out.write_str("int64"),
            FeatureKind::Double => self.out.write_str("double"),
            FeatureKind::String => self.out.write_str("string"),
            FeatureKind::Array(array) => self.array(array),
            FeatureKind::Image(image) => self.image(image),
            FeatureKind::Dictionary(key) => self.out.write_str(match key {
                DictionaryKey::Int64 => "dictionary<int64>",
                DictionaryKey::String => "dictionary<string>",
                DictionaryKey::Unspecified => "dictionary<?>",
            }),
            FeatureKind::Sequence { element, length } => {
                self.out.write_str(match element {
                    Some(SequenceElement::Int64) => "sequence<int64",
                    Some(SequenceElement::String) => "sequence<string",
                    None => "sequence<?",
                })?;
                if let Some(range) = length {
                    self.out.write_str(", ")?;
                    self.range(*range)?;
                }
                self.out.write_str(">")
            }
            FeatureKind::State(contents) => {
                self.out.write_str("state<")?;
                match contents {
                    Some(array) => self.array(array)?,
                    None => self.out.write_str("?")?,
                }
                self.out.write_str(">")
            }
        }
    }

    fn array(&mut self, array: &ArrayFeature) -> fmt::Result {
        self.out.write_str("array<")?;
        match array.dtype() {
            Some(dtype) => write!(self.out, "{dtype}, ")?,
            None => write!(self.out, "{}, ", array.data_type)?,
        }
        self.sizes(&array.shape)?;
        match &array.flexibility {
            None => {}
            Some(Flexibility::Enumerated(shapes)) => {
                self.out.write_str(", enumerated = [")?;
                self.separated(shapes, |printer, shape| printer.sizes(shape))?;
                self.out.write_str("]")?;
            }
            Some(Flexibility::Ranges(ranges)) => {
                self.out.write_str(", ranges = [")?;
                self.separated(ranges, |printer, range| printer.range(*range))?;
                self.out.write_str("]")?;
            }
        }
        if let Some(bytes) = &array.default_value {
            self.out.write_str(", default = ")?;
            self.hex(bytes)?;
        }
        self.out.write_str(">")
    }

    fn image(&mut self, image: &ImageFeature) -> fmt::Result {
        self.out.write_str("image<")?;
        match image.color_space() {
            Some(space) => self.out.write_str(space.name())?,
            None => write!(self.out, "{}", image.color)?,
        }
        write!(self.out, ", [{}, {}]", image.width, image.height)?;
        match &image.flexibility {
            None => {}
            Some(SizeFlexibility::Enumerated(sizes)) => {
                self.out.write_str(", enumerated = [")?;
                self.separated(sizes, |printer, (width, height)| write!(printer.out, "[{width}, {height}]"))?;
                self.out.write_str("]")?;
            }
            Some(SizeFlexibility::Range(width, height)) => {
                self.out.write_str(", ranges = [")?;
                self.separated([width, height], |printer, range| match range {
                    Some(range) => printer.range(*range),
                    None => printer.out.write_str("?"),
                })?;
                self.out.write_str("]")?;
            }
        }
        self.out.write_str(">")
    }

    fn sizes(&mut self, sizes: &[i64]) -> fmt::Result {
        self.out.write_str("[")?;
        self.separated(sizes, |printer, size| write!(printer.out, "{size}"))?;
        self.out.write_str("]")
    }

    fn range(&mut self, range: SizeRange) -> fmt::Result {
        write!(self.out, "{}..{}", range.lower, range.upper)
    }
}

/// Moves every line to the right.
struct Indented<'a> {
    out: &'a mut dyn fmt::Write,
    at_start: bool,
}

impl fmt::Write for Indented<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for line in text.split_inclusive('\n') {
            if self.at_start {
                self.out.write_str("        ")?;
            }
            self.out.write_str(line)?;
            self.at_start = line.ends_with('\n');
        }
        Ok(())
    }
}
