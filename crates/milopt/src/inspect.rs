//! What a person asks first about a model.

use std::collections::{BTreeMap, BTreeSet};

use mil_ir::{Feature, FeatureKind, Flexibility, FunctionInterface, Graph, Interface, Model, Program};
use mil_tensor::Data;
use serde::Serialize;

/// A summary of a model. Its JSON form is stable: fields may be added, not renamed.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The type of the model in the format, for example `mlprogram` or `neuralNetwork`.
    pub kind: String,
    /// `Model.specificationVersion`.
    pub specification_version: i32,
    /// The oldest release that takes the model, for example `iOS17`; `None` for a version that is newer than milopt.
    pub target: Option<String>,
    /// Functions by name. For models other than programs: their features, without ops.
    pub functions: BTreeMap<String, FunctionSummary>,
    /// Tensors of the program, each place in a file counted once.
    pub weights: Weights,
    /// The members of a pipeline.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Summary>,
    /// Author, licence and what else was written down; empty entries left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// A summary of a function.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FunctionSummary {
    /// The opset that runs, as the file spells it; empty for models other than programs.
    pub opset: String,
    /// Other opsets that the function is specialised for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_opsets: Vec<String>,
    /// Inputs in order.
    pub inputs: Vec<FeatureSummary>,
    /// Outputs in order.
    pub outputs: Vec<FeatureSummary>,
    /// States.
    pub states: Vec<FeatureSummary>,
    /// Ops by type, those of inner blocks included, without `const`.
    pub ops: BTreeMap<String, usize>,
}

/// A summary of a feature.
#[derive(Clone, Debug, Serialize)]
pub struct FeatureSummary {
    /// Name.
    pub name: String,
    /// Element type of an array or state; `image`, `string`, `dictionary`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Default shape, in elements; `None` where there is none. For images: height, width.
    pub shape: Option<Vec<i64>>,
    /// Other shapes that it may have, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flexible: Option<String>,
}

/// Tensors of a program.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Weights {
    /// Bytes as stored.
    pub bytes: u64,
    /// Tensors.
    pub tensors: usize,
}

/// Summarises a model.
pub fn summarize(model: &Model) -> Summary {
    let interface = model.interface();
    let mut summary = Summary {
        kind: if matches!(model, Model::Program(_)) { "mlprogram".into() } else { model.kind().into() },
        specification_version: interface.specification_version,
        target: interface.release().map(|target| target.to_string()),
        functions: BTreeMap::new(),
        weights: Weights::default(),
        members: Vec::new(),
        metadata: metadata(interface),
    };
    for (name, features) in &interface.functions {
        summary.functions.insert(name.to_string(), of_features(features));
    }
    match model {
        Model::Program(program) => {
            of_program(program, &mut summary.functions);
            summary.weights = weights(program);
        }
        Model::Pipeline(pipeline) => {
            summary.members = pipeline.members.iter().map(|(_, member)| summarize(member)).collect();
        }
        Model::Opaque(_) => {}
    }
    summary
}

fn of_program(program: &Program, functions: &mut BTreeMap<String, FunctionSummary>) {
    for (name, function) in &program.functions {
        let summary = functions.entry(name.to_string()).or_default();
        summary.opset = function.opset.to_string();
        let others = function.specializations.keys().filter(|opset| **opset != function.opset);
        summary.other_opsets = others.map(ToString::to_string).collect();
        if let Some(graph) = function.graph() {
            summary.ops = histogram(graph);
        }
    }
}

/// Ops by type, those of inner blocks included, without `const`.
pub fn histogram(graph: &Graph) -> BTreeMap<String, usize> {
    let mut ops = BTreeMap::new();
    for op in graph.walk() {
        let kind = graph.op(op).kind();
        if kind != "const" {
            *ops.entry(kind.to_string()).or_default() += 1;
        }
    }
    ops
}

/// Tensors of all functions; what several share counts once.
pub fn weights(program: &Program) -> Weights {
    let mut places = BTreeSet::new();
    let mut total = Weights::default();
    for (_, _, graph) in program.graphs() {
        for (_, tensor) in graph.tensors() {
            let is_new = match tensor.data() {
                Data::Mapped(blob) => places.insert((blob.range.start, blob.range.end)),
                _ => true,
            };
            if is_new {
                total.tensors += 1;
                total.bytes += tensor.byte_len().unwrap_or(0) as u64;
            }
        }
    }
    total
}

fn of_features(features: &FunctionInterface) -> FunctionSummary {
    let all = |features: &[Feature]| features.iter().map(of_feature).collect();
    FunctionSummary {
        inputs: all(&features.inputs),
        outputs: all(&features.outputs),
        states: all(&features.states),
        ..FunctionSummary::default()
    }
}

fn of_feature(feature: &Feature) -> FeatureSummary {
    let (kind, shape, flexible) = match &feature.kind {
        None => ("unspecified".to_owned(), None, None),
        Some(FeatureKind::Array(array) | FeatureKind::State(Some(array))) => {
            let kind =
                array.dtype().map_or_else(|| format!("array_{}", array.data_type), |dtype| dtype.to_string());
            let flexible = array.flexibility.as_ref().map(|flexibility| match flexibility {
                Flexibility::Enumerated(shapes) => {
                    let shapes: Vec<String> = shapes.iter().map(|shape| format!("{shape:?}")).collect();
                    format!("one of {}", shapes.join(", "))
                }
                Flexibility::Ranges(ranges) => {
                    let ranges: Vec<String> = ranges
                        .iter()
                        .map(|range| match range.upper {
                            upper if upper < 0 => format!("{}..", range.lower),
                            upper if upper as u64 == range.lower => upper.to_string(),
                            upper => format!("{}..{upper}", range.lower),
                        })
                        .collect();
                    format!("[{}]", ranges.join(", "))
                }
            });
            (kind, Some(array.shape.clone()), flexible)
        }
        Some(FeatureKind::State(None)) => ("state".to_owned(), None, None),
        Some(FeatureKind::Image(image)) => ("image".to_owned(), Some(vec![image.height, image.width]), None),
        Some(FeatureKind::Int64) => ("int64".to_owned(), None, None),
        Some(FeatureKind::Double) => ("double".to_owned(), None, None),
        Some(FeatureKind::String) => ("string".to_owned(), None, None),
        Some(FeatureKind::Dictionary(_)) => ("dictionary".to_owned(), None, None),
        Some(FeatureKind::Sequence { .. }) => ("sequence".to_owned(), None, None),
        Some(_) => ("unknown".to_owned(), None, None),
    };
    FeatureSummary { name: feature.name.to_string(), kind, shape, flexible }
}

fn metadata(interface: &Interface) -> BTreeMap<String, String> {
    let known = [
        ("description", &interface.metadata.description),
        ("version", &interface.metadata.version),
        ("author", &interface.metadata.author),
        ("license", &interface.metadata.license),
    ];
    let known = known.into_iter().map(|(key, value)| (key.to_owned(), value.clone()));
    let own = interface.metadata.user_defined.iter().map(|(key, value)| (key.clone(), value.clone()));
    known.chain(own).filter(|(_, value)| !value.is_empty()).collect()
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let target = self
            .target
            .as_ref()
            .map_or_else(|| "newer than this milopt".to_owned(), |target| format!("{target} and later"));
        writeln!(f, "{}, specification version {} ({target})", self.kind, self.specification_version)?;
        for (name, function) in &self.functions {
            write!(f, "\nfunction {name}")?;
            if !function.opset.is_empty() {
                write!(f, ", opset {}", function.opset)?;
            }
            if !function.other_opsets.is_empty() {
                write!(f, ", also specialised for {}", function.other_opsets.join(", "))?;
            }
            writeln!(f)?;
            for (role, features) in
                [("input", &function.inputs), ("output", &function.outputs), ("state", &function.states)]
            {
                for feature in features {
                    let shape = feature.shape.as_ref().map(|shape| format!(" {shape:?}")).unwrap_or_default();
                    let flexible =
                        feature.flexible.as_ref().map(|text| format!(", {text}")).unwrap_or_default();
                    writeln!(f, "  {role:<7}{}: {}{shape}{flexible}", feature.name, feature.kind)?;
                }
            }
            let mut ops: Vec<_> = function.ops.iter().collect();
            ops.sort_by_key(|(kind, count)| (std::cmp::Reverse(**count), (*kind).clone()));
            if !ops.is_empty() {
                writeln!(f, "  {} ops", ops.iter().map(|(_, count)| **count).sum::<usize>())?;
            }
            for (kind, count) in ops {
                writeln!(f, "  {count:>7} {kind}")?;
            }
        }
        if self.weights.tensors > 0 {
            writeln!(f, "\nweights: {} tensors, {} bytes", self.weights.tensors, self.weights.bytes)?;
        }
        for (key, value) in &self.metadata {
            writeln!(f, "{key}: {value}")?;
        }
        for (index, member) in self.members.iter().enumerate() {
            writeln!(f, "\n-- member {index} --\n{member}")?;
        }
        Ok(())
    }
}
