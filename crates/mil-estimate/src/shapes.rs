//! Flexible shapes: a function is estimated at the default shape of its interface, and at each other shape
//! that is enumerated. Enumerated inputs vary together: Core ML takes the first shapes of all of them, or the
//! second ones, and never mixes them (coremltools: several enumerated inputs from iOS18 on, index by index).
//!
//! To settle the shapes, the sizes are set at the inputs of a copy of the graph and carried through it by
//! inference, computed sizes included; what that leaves open stays open. The copy gives types alone: what is
//! constant is asked of the graph as declared.

use mil_ir::{
    ArrayFeature, Dim, FeatureKind, Flexibility, FunctionInterface, Graph, ImageFeature, Opset, Shape,
    SizeFlexibility, SizeRange, Type, TypeKind, ValueId,
};
use serde::Serialize;

use crate::summary::Summary;
use crate::target::Confidence;

/// So many of the enumerated shapes are estimated.
const ESTIMATED: usize = 16;

/// An input or a state whose shape may change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlexibleShape {
    /// Name of the feature.
    pub feature: String,
    /// `enumerated`, `range`, or `undeclared`, where the program leaves sizes open and the interface does not
    /// say which they may be.
    pub kind: &'static str,
    /// The default shape, which the estimate is for; empty where there is none: then open sizes count as 1.
    pub default: Vec<u64>,
    /// The sizes that it may have, as a person writes them: `1 × 3 × 64…512`.
    pub allowed: String,
    /// The function at the other enumerated shapes, at most 16. All enumerated features change together: at
    /// the same place of `others` every one of them has the same numbers.
    pub others: Vec<ShapeEstimate>,
    /// What is wrong with the enumeration, if something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// What runs where at other shapes than the default.
    pub consequence: &'static str,
    /// Who saw it.
    pub source: &'static str,
    /// How sure it is.
    pub certainty: Confidence,
}

/// A function at another shape.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShapeEstimate {
    /// The shape of the feature.
    pub shape: Vec<u64>,
    /// The shapes of the other enumerated features, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<(String, Vec<u64>)>,
    /// The function in numbers, at this shape.
    pub summary: Summary,
}

/// The flexible features of a function.
pub(crate) struct Shapes<'g> {
    graph: &'g Graph,
    opset: &'g Opset,
    flexible: Vec<Flexible>,
}

struct Flexible {
    value: ValueId,
    name: String,
    default: Vec<u64>,
    flexibility: Option<Flexibility>,
    /// Its shapes, where they are enumerated.
    enumerated: Vec<Vec<u64>>,
}

impl<'g> Shapes<'g> {
    /// The inputs of a graph with open sizes, and what the interface says about them.
    pub(crate) fn of(graph: &'g Graph, opset: &'g Opset, features: Option<&FunctionInterface>) -> Shapes<'g> {
        let inputs = graph.root().inputs().iter().copied();
        let flexible = inputs.filter(|&value| is_open(graph.value(value).ty())).map(|value| {
            let name = graph.value(value).name();
            let kind = features.and_then(|features| features.find(name)?.kind.as_ref());
            let (default, flexibility) = match kind {
                Some(FeatureKind::Array(array) | FeatureKind::State(Some(array))) => array_shapes(array),
                Some(FeatureKind::Image(image)) => image_shapes(image, graph.value(value).ty()),
                _ => (Vec::new(), None),
            };
            let enumerated = match &flexibility {
                Some(Flexibility::Enumerated(shapes)) => shapes.iter().filter_map(|s| sizes(s)).collect(),
                _ => Vec::new(),
            };
            Flexible { value, name: name.to_string(), default, flexibility, enumerated }
        });
        Shapes { graph, opset, flexible: flexible.collect() }
    }

    /// The graph with sizes in place of open ones: the default shapes. `None` where nothing is open.
    pub(crate) fn settle(&self) -> Option<Graph> {
        (!self.flexible.is_empty()).then(|| self.at(|feature| &feature.default))
    }

    /// The graph with these sizes in place of open ones.
    fn at<'s>(&'s self, sizes: impl Fn(&'s Flexible) -> &'s [u64]) -> Graph {
        let mut graph = self.graph.clone();
        for feature in &self.flexible {
            let sizes = sizes(feature);
            let ty = settled(graph.value(feature.value).ty(), sizes);
            graph.retype(feature.value, ty);
        }
        let found = mil_ops::Shapes::of(&graph, self.opset, None);
        let results: Vec<_> = graph.walk().flat_map(|op| graph.op(op).results().to_vec()).collect();
        for value in results {
            if let Some(refined) = found.refined(value) {
                graph.retype(value, refined.clone());
            }
        }
        graph
    }

    /// The function at each place of the enumerations but the default one.
    fn joint(&self, estimate: impl Fn(&Graph) -> Summary) -> Vec<(usize, Summary)> {
        let longest = self.flexible.iter().map(|feature| feature.enumerated.len()).max().unwrap_or(0);
        let is_default = |place: usize| {
            self.flexible
                .iter()
                .all(|feature| feature.enumerated.get(place).is_none_or(|shape| *shape == feature.default))
        };
        (0..longest)
            .filter(|&place| !is_default(place))
            .take(ESTIMATED)
            .map(|place| {
                (
                    place,
                    estimate(&self.at(|feature| feature.enumerated.get(place).unwrap_or(&feature.default))),
                )
            })
            .collect()
    }

    /// Enumerations of different lengths have places at which not every input has a shape.
    fn fault(&self) -> Option<String> {
        let mut counts = self.flexible.iter().filter(|feature| !feature.enumerated.is_empty());
        let first = counts.next()?;
        let other = counts.find(|feature| feature.enumerated.len() != first.enumerated.len())?;
        Some(format!(
            "{} enumerates {} shapes and {} enumerates {}: inputs vary together, so Core ML \
             refuses lists of different lengths",
            first.name,
            first.enumerated.len(),
            other.name,
            other.enumerated.len()
        ))
    }

    /// What is to be said about each flexible feature; `estimate` estimates a settled graph.
    pub(crate) fn describe(&self, estimate: impl Fn(&Graph) -> Summary) -> Vec<FlexibleShape> {
        let joint = self.joint(estimate);
        let fault = self.fault();
        let others = |feature: &Flexible| -> Vec<ShapeEstimate> {
            let at = |(place, summary): &(usize, Summary)| {
                let with = self.flexible.iter().filter(|other| other.value != feature.value);
                Some(ShapeEstimate {
                    shape: feature.enumerated.get(*place)?.clone(),
                    with: with
                        .filter_map(|other| Some((other.name.clone(), other.enumerated.get(*place)?.clone())))
                        .collect(),
                    summary: summary.clone(),
                })
            };
            joint.iter().filter_map(at).collect()
        };
        self.flexible
            .iter()
            .map(|feature| {
                let (kind, consequence, source, certainty) = match &feature.flexibility {
                    Some(Flexibility::Enumerated(_)) => (
                        "enumerated",
                        "each of the shapes can run on the Neural Engine, and is compiled for it on its own",
                        "coremltools' documentation; coremltools#1909, #2370",
                        Confidence::Derived,
                    ),
                    Some(Flexibility::Ranges(_)) => (
                        "range",
                        "a plan may show the Neural Engine, but only the default shape runs there; others run at the CPU's speed, and \
                         some programs do not compile for it at all",
                        "Apple developer forums 724930; coremltools#2370; LuuOW: 1.9 ms at the default, 35 ms beside it",
                        Confidence::Measured,
                    ),
                    None => (
                        "undeclared",
                        "open sizes count as 1, as the planner counts them",
                        "751K (range_1d)",
                        Confidence::Assumed,
                    ),
                };
                FlexibleShape {
                    feature: feature.name.clone(),
                    kind,
                    default: feature.default.clone(),
                    allowed: feature.flexibility.as_ref().map_or_else(String::new, allowed),
                    others: others(feature),
                    fault: fault.clone().filter(|_| !feature.enumerated.is_empty()),
                    consequence,
                    source,
                    certainty,
                }
            })
            .collect()
    }
}

/// Some size is open.
pub(crate) fn is_open(ty: &Type) -> bool {
    match ty.kind() {
        TypeKind::Tensor(tensor) => {
            tensor.shape.dims().is_none_or(|dims| dims.iter().any(|dim| dim.fixed().is_none()))
        }
        TypeKind::State(inner) => is_open(inner),
        _ => false,
    }
}

/// The type with these sizes where its own are open and the rank fits.
fn settled(ty: &Type, sizes: &[u64]) -> Type {
    match ty.kind() {
        TypeKind::State(inner) => Type::new(TypeKind::State(settled(inner, sizes))),
        TypeKind::Tensor(tensor) => {
            let dims = match tensor.shape.dims() {
                _ if sizes.is_empty() => return ty.clone(),
                Some(dims) if dims.len() != sizes.len() => return ty.clone(),
                Some(dims) => dims
                    .iter()
                    .zip(sizes)
                    .map(|(dim, &size)| dim.fixed().map_or(Dim::Fixed(size), Dim::Fixed))
                    .collect(),
                None => sizes.iter().map(|&size| Dim::Fixed(size)).collect(),
            };
            Type::tensor(tensor.dtype, Shape::Ranked(dims))
        }
        _ => ty.clone(),
    }
}

fn sizes(shape: &[i64]) -> Option<Vec<u64>> {
    shape.iter().map(|&size| u64::try_from(size).ok()).collect()
}

fn array_shapes(array: &ArrayFeature) -> (Vec<u64>, Option<Flexibility>) {
    (sizes(&array.shape).unwrap_or_default(), array.flexibility.clone())
}

/// An image of height and width is a tensor of batch, channels, height and width.
fn image_shapes(image: &ImageFeature, ty: &Type) -> (Vec<u64>, Option<Flexibility>) {
    let [batch, channels, ..] = ty.dims().unwrap_or_default() else { return (Vec::new(), None) };
    let lead = [batch, channels].map(|dim| dim.fixed().unwrap_or(1));
    let whole = |height: i64, width: i64| {
        let lead = lead.map(|size| i64::try_from(size).unwrap_or(i64::MAX));
        vec![lead[0], lead[1], height, width]
    };
    let exactly = |size: u64| SizeRange { lower: size, upper: i64::try_from(size).unwrap_or(-1) };
    let side = |range: &Option<SizeRange>, size: i64| range.unwrap_or_else(|| exactly(size.max(0) as u64));
    let flexibility = image.flexibility.as_ref().map(|flexibility| match flexibility {
        SizeFlexibility::Enumerated(sizes) => {
            let number = |size: u64| i64::try_from(size).unwrap_or(i64::MAX);
            let shapes = sizes.iter().map(|&(width, height)| whole(number(height), number(width)));
            Flexibility::Enumerated(shapes.collect())
        }
        SizeFlexibility::Range(width, height) => Flexibility::Ranges(vec![
            exactly(lead[0]),
            exactly(lead[1]),
            side(height, image.height),
            side(width, image.width),
        ]),
    });
    (sizes(&whole(image.height, image.width)).unwrap_or_default(), flexibility)
}

fn allowed(flexibility: &Flexibility) -> String {
    let join = |sizes: Vec<String>| sizes.join(" × ");
    match flexibility {
        Flexibility::Enumerated(shapes) => shapes
            .iter()
            .map(|shape| join(shape.iter().map(ToString::to_string).collect()))
            .collect::<Vec<_>>()
            .join(", "),
        Flexibility::Ranges(ranges) => join(
            ranges
                .iter()
                .map(|range| match (range.lower, u64::try_from(range.upper)) {
                    (lower, Ok(upper)) if lower == upper => lower.to_string(),
                    (lower, Ok(upper)) => format!("{lower}…{upper}"),
                    (lower, Err(_)) => format!("{lower}…"),
                })
                .collect(),
        ),
    }
}
