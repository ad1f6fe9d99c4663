//! Ranges of values as they follow from what inputs are declared to be.
//!
//! Interval arithmetic from a function's inputs on: pixels lie between 0 and 255, integers within their type,
//! and the results of bounded functions (sigmoid, tanh, softmax, clip, …) within their bounds, whatever comes
//! before. What nothing is known of has no bounds. One range stands for all elements of a tensor.

mod interval;
mod of_elements;
mod of_products;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use mil_ir::{
    BlockId, ColorSpace, FeatureKind, FunctionInterface, Graph, Name, OpId, Operand, Opset, ValueId,
};
use mil_tensor::{DType, Tensor};

pub use interval::Range;

use crate::{Call, Shapes};

/// The range of each value of a graph.
///
/// It describes the graph as it was; after a change it is made anew.
#[derive(Clone, Debug)]
pub struct Ranges {
    found: Vec<Option<Range>>,
}

impl Ranges {
    /// Follows a graph from its inputs on. `interface` knows which of them are images, and `told` says more of
    /// some, by name.
    pub fn of(
        graph: &Graph,
        opset: &Opset,
        interface: Option<&FunctionInterface>,
        shapes: &Shapes,
        told: &BTreeMap<Name, Range>,
    ) -> Ranges {
        let mut ranges = Ranges { found: vec![None; graph.bound()] };
        for &input in graph.root().inputs() {
            let name = graph.value(input).name();
            let declared = told.get(name).copied().or_else(|| interface.and_then(|all| pixels(all, name)));
            ranges.set(graph, input, declared.unwrap_or(Range::ALL));
        }
        ranges.follow(graph, opset, shapes, Graph::ROOT);
        ranges
    }

    /// The range of a value that is not a constant.
    pub fn of_value(&self, value: ValueId) -> Range {
        self.found.get(value.index()).copied().flatten().unwrap_or(Range::ALL)
    }

    /// The range of an operand.
    pub fn of_operand(&self, graph: &Graph, operand: &Operand) -> Range {
        match (graph.literal(operand), operand.value()) {
            (Some(literal), _) => literal.as_tensor().map_or(Range::ALL, of_tensor),
            (None, Some(value)) => self.of_value(value),
            (None, None) => Range::ALL,
        }
    }

    fn follow(&mut self, graph: &Graph, opset: &Opset, shapes: &Shapes, block: BlockId) {
        for op in graph.block(block).ops() {
            for &inner in graph.op(op).blocks() {
                for &input in graph.block(inner).inputs() {
                    self.set(graph, input, Range::ALL);
                }
                self.follow(graph, opset, shapes, inner);
            }
            for (at, range) in self.results(graph, opset, shapes, op).into_iter().enumerate() {
                if let Some(&result) = graph.op(op).results().get(at) {
                    self.set(graph, result, range);
                }
            }
        }
    }

    /// The ranges of an op's results; those that are missing are not known.
    fn results(&self, graph: &Graph, opset: &Opset, shapes: &Shapes, op: OpId) -> Vec<Range> {
        let found = graph.op(op);
        let of_outputs = |at: usize| {
            let outputs = found.blocks().get(at).map(|&block| graph.block(block).outputs());
            let outputs = outputs.into_iter().flatten().map(Operand::Value);
            outputs.map(|output| self.of_operand(graph, &output)).collect::<Vec<_>>()
        };
        let both = |a: Vec<Range>, b: Vec<Range>| a.into_iter().zip(b).map(|(a, b)| a.or(b)).collect();
        match found.kind().as_str() {
            // Read where an op asks for them: most weights are not asked for.
            "const" => Vec::new(),
            "cond" => both(of_outputs(0), of_outputs(1)),
            "while_loop" => {
                let start = found.argument("loop_vars").into_iter().flat_map(|argument| argument.iter());
                let start = start.map(|operand| self.of_operand(graph, operand)).collect();
                both(start, of_outputs(1))
            }
            _ => match Call::of(graph, op, opset) {
                Ok(call) => Site { call: call.with_shapes(shapes), ranges: self }.results(),
                Err(_) => Vec::new(),
            },
        }
    }

    fn set(&mut self, graph: &Graph, value: ValueId, range: Range) {
        let of_type = graph.value(value).ty().dtype().map_or(Range::ALL, of_type);
        if let Some(place) = self.found.get_mut(value.index()) {
            *place = Some(range.and(of_type));
        }
    }
}

/// What an image holds.
fn pixels(interface: &FunctionInterface, name: &str) -> Option<Range> {
    let feature = interface.inputs.iter().find(|feature| *feature.name == *name)?;
    match feature.kind.as_ref()? {
        FeatureKind::Image(image) if image.color_space() != Some(ColorSpace::GrayscaleFloat16) => {
            Some(Range::new(0.0, 255.0))
        }
        _ => None,
    }
}

/// What an element type holds. Integers are not made to use all of it.
fn of_type(dtype: DType) -> Range {
    match dtype.int_range() {
        Some((low, high)) => Range::new(low as f64, high as f64).loose(),
        None if dtype == DType::Bool => Range::new(0.0, 1.0),
        None => Range::ALL,
    }
}

/// Weights that are missing are not known, and an empty tensor has no elements to know.
fn of_tensor(tensor: &Tensor) -> Range {
    tensor.min_max().ok().flatten().map_or(Range::ALL, |(low, high)| Range::new(low, high))
}

/// An op, and what is known of its operands.
struct Site<'a> {
    call: Call<'a>,
    ranges: &'a Ranges,
}

impl Site<'_> {
    /// The range of what is bound to a parameter, or of its default.
    fn input(&self, param: &str) -> Range {
        match self.call.operand(param) {
            Some(operand) => self.ranges.of_operand(self.call.graph(), operand),
            None => self.call.value(param).map_or(Range::ALL, |tensor| of_tensor(&tensor)),
        }
    }

    /// All operands of a variadic parameter together.
    fn inputs(&self, param: &str) -> Range {
        let operands = self.call.operands(param).iter();
        operands
            .map(|operand| self.ranges.of_operand(self.call.graph(), operand))
            .reduce(Range::or)
            .unwrap_or(Range::ALL)
    }

    /// A number, where it is constant.
    fn number(&self, param: &str) -> Option<f64> {
        self.call.float(param).ok().filter(|number| number.is_finite())
    }

    /// The most elements along these axes of a parameter; infinity where nothing bounds them.
    fn count(&self, param: &str, axes: &[usize]) -> f64 {
        let Some(dims) = self.call.dims_of(param) else { return f64::INFINITY };
        let size = |axis: &usize| {
            let bounds = dims.get(*axis)?.expression()?.bounds();
            Some(bounds.upper? as f64)
        };
        axes.iter().map(|axis| size(axis).unwrap_or(f64::INFINITY)).product()
    }

    /// The most elements that a reduction takes together.
    fn reduced(&self) -> f64 {
        let Some(rank) = self.call.dims_of("x").map(<[_]>::len) else { return f64::INFINITY };
        let axes = match self.call.is_given("axes") {
            true => self.call.axes("axes", rank).ok(),
            false => Some((0..rank).collect()),
        };
        axes.map_or(f64::INFINITY, |axes| self.count("x", &axes))
    }

    /// The size of an axis that a parameter names.
    fn along(&self, param: &str) -> f64 {
        let rank = self.call.dims_of("x").map(<[_]>::len);
        let axis = rank.and_then(|rank| self.call.axis(param, rank).ok());
        axis.map_or(f64::INFINITY, |axis| self.count("x", &[axis]))
    }

    /// The same value is bound to `x` and `y`.
    fn is_same(&self) -> bool {
        let value = |param: &str| self.call.operand(param).and_then(Operand::value);
        value("x").is_some() && value("x") == value("y")
    }

    fn results(&self) -> Vec<Range> {
        let found = self.of_elements().or_else(|| self.of_products());
        found.or_else(|| self.of_moves()).unwrap_or_default()
    }

    /// Ops that choose among elements, or mix them.
    fn of_moves(&self) -> Option<Vec<Range>> {
        let x = || self.input("x");
        let places = |size: f64| Range::new(0.0, (size - 1.0).max(0.0));
        let one = match self.call.def().name {
            "identity"
            | "reshape"
            | "reshape_like"
            | "transpose"
            | "squeeze"
            | "expand_dims"
            | "slice_by_index"
            | "slice_by_size"
            | "reverse"
            | "reverse_sequence"
            | "tile"
            | "flatten2d"
            | "batch_to_space"
            | "space_to_depth"
            | "depth_to_space"
            | "pixel_shuffle"
            | "pixel_unshuffle"
            | "sliding_windows"
            | "gather"
            | "gather_nd"
            | "gather_along_axis"
            | "upsample_nearest_neighbor"
            | "upsample_bilinear"
            | "resize_nearest_neighbor"
            | "resize_bilinear"
            | "resize"
            | "crop"
            | "max_pool"
            | "reduce_max"
            | "reduce_min"
            | "reduce_mean" => x(),
            "avg_pool" | "space_to_batch" | "band_part" => x().or_zero(),
            "crop_resize" if self.call.version().param("pad_value").is_some() => {
                x().or(self.input("pad_value"))
            }
            "crop_resize" => x().or_zero(),
            "resample" | "affine" => x().or(self.input("padding_value")).or_zero(),
            "pad" if self.call.string("mode").is_ok_and(|mode| mode == "constant") => {
                x().or(self.input("constant_val"))
            }
            "pad" => x(),
            "concat" | "stack" => self.inputs("values"),
            "select" => self.input("a").or(self.input("b")),
            "slice_update" => x().or(self.input("update")),
            "scatter" | "scatter_nd" | "scatter_along_axis"
                if self.call.string("mode").is_ok_and(|mode| mode == "update") =>
            {
                self.input("data").or(self.input("updates"))
            }
            "fill" | "fill_like" => self.input("value"),
            "one_hot" => self.input("on_value").or(self.input("off_value")),
            "range_1d" => self.input("start").or(self.input("end")),
            "shape" | "non_zero" => Range::new(0.0, f64::INFINITY).loose(),
            "argsort" => places(self.along("axis")),
            "reduce_argmax" | "reduce_argmin" => places(self.along("axis")),
            "random_uniform" => Range::new(self.number("low")?, self.number("high")?),
            "random_bernoulli" => Range::new(0.0, 1.0),
            "topk" => return Some(vec![x(), places(self.along("axis"))]),
            "split" => {
                return Some(vec![
                    x();
                    self.call.id().map_or(0, |op| self.call.graph().op(op).results().len())
                ]);
            }
            _ => return None,
        };
        Some(vec![one])
    }
}
