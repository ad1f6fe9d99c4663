//! Sizes of values in networks of the old mode, where every value has five axes: sequence, batch, channel,
//! height, width.
//!
//! Each value has a range for each axis. Layers narrow the ranges of their inputs and outputs, forwards and
//! backwards, until the knowledge of each input has reached everything that it can; an empty range is a
//! contradiction. The arithmetic is that of Apple's validator, clamped at zero as there.

use std::collections::HashMap;

use mil_ir::verify::{Place, Report, Violation};
use mil_ir::{
    ArrayFeature, FeatureKind, Flexibility, FunctionInterface, ImageFeature, SizeFlexibility, SizeRange,
};
use mil_proto::payload::convolution_layer_params::ConvolutionPaddingType;
use mil_proto::payload::neural_network_layer::Layer;
use mil_proto::payload::pooling_layer_params::PoolingPaddingType;
use mil_proto::payload::reduce_layer_params::ReduceAxis;
use mil_proto::payload::reorganize_data_layer_params::ReorganizationType;
use mil_proto::payload::slice_layer_params::SliceAxis;
use mil_proto::payload::{
    BorderAmounts, ConvolutionLayerParams, CropResizeLayerParams, NeuralNetworkLayer, PoolingLayerParams,
    SliceLayerParams,
};
use prost::bytes::Bytes;

use super::super::rule::{Record, fault};

const CODE: &str = "layer-shape";

/// Layers that are processed at most, counting each pass; and bits for which inputs a value depends on.
const MOST_STEPS: usize = 1 << 24;
const MOST_BITS: usize = 1 << 28;

// The axes.
const S: usize = 0;
const B: usize = 1;
const C: usize = 2;
const H: usize = 3;
const W: usize = 4;

/// Follows sizes through the network. What would take too long is said to be unchecked.
pub(super) fn follow(main: &FunctionInterface, encoded: &[Bytes], report: &mut Report) {
    let outcome = Walk::new(main, encoded).and_then(|walk| walk.run(main));
    match outcome {
        Ok(true) => {}
        Ok(false) => report.unchecked("the sizes of values in a network with so many inputs and layers"),
        Err(finding) => report.record(Err(finding)),
    }
}

/// Bounds of a size; no upper bound is infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    min: u64,
    max: Option<u64>,
}

/// There is no such size.
struct Empty;

type Sized<T = ()> = Result<T, Empty>;

impl Range {
    const FREE: Range = Range { min: 0, max: None };

    fn exactly(size: u64) -> Range {
        Range { min: size, max: Some(size) }
    }

    fn at_least(min: u64) -> Range {
        Range { min, max: None }
    }

    fn new(min: u64, max: Option<u64>) -> Sized<Range> {
        if max.is_none_or(|max| min <= max) { Ok(Range { min, max }) } else { Err(Empty) }
    }

    fn of(range: SizeRange) -> Range {
        Range { min: range.lower, max: u64::try_from(range.upper).ok() }
    }

    fn map(self, change: impl Fn(u64) -> u64) -> Sized<Range> {
        Range::new(change(self.min), self.max.map(&change))
    }

    fn meet(self, other: Range) -> Sized<Range> {
        let max = match (self.max, other.max) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Range::new(self.min.max(other.min), max)
    }

    fn unite(self, other: Range) -> Range {
        Range { min: self.min.min(other.min), max: self.max.zip(other.max).map(|(a, b)| a.max(b)) }
    }

    /// Clamped at zero.
    fn add(self, size: i64) -> Sized<Range> {
        self.map(|value| value.saturating_add_signed(size))
    }

    fn times(self, factor: u64) -> Sized<Range> {
        self.map(|value| value.wrapping_mul(factor))
    }

    fn over(self, divisor: i64) -> Sized<Range> {
        let divisor = u64::try_from(divisor).ok().filter(|&divisor| divisor > 0).ok_or(Empty)?;
        self.map(|value| value / divisor)
    }

    fn over_up(self, divisor: i64) -> Sized<Range> {
        let divisor = u64::try_from(divisor).ok().filter(|&divisor| divisor > 0).ok_or(Empty)?;
        self.map(|value| value.div_ceil(divisor))
    }

    fn plus(self, other: Range) -> Sized<Range> {
        let max = self.max.zip(other.max).map(|(a, b)| a.wrapping_add(b));
        Range::new(self.min.wrapping_add(other.min), max)
    }

    fn by(self, other: Range) -> Sized<Range> {
        let max = self.max.zip(other.max).map(|(a, b)| a.wrapping_mul(b));
        Range::new(self.min.wrapping_mul(other.min), max)
    }

    fn is_fixed(self) -> bool {
        self.max == Some(self.min)
    }
}

type Shape = [Range; 5];

/// A layer with its values by number, without its weights.
struct Step {
    layer: Layer,
    name: String,
    inputs: Vec<usize>,
    outputs: Vec<usize>,
}

struct Walk {
    numbers: HashMap<String, usize>,
    shapes: Vec<Shape>,
    steps: Vec<Step>,
    inputs: usize,
}

impl Walk {
    fn new(main: &FunctionInterface, encoded: &[Bytes]) -> Result<Walk, Violation> {
        let mut walk = Walk {
            numbers: HashMap::new(),
            shapes: Vec::new(),
            steps: Vec::new(),
            inputs: main.inputs.len(),
        };
        for input in &main.inputs {
            let number = walk.number(&input.name);
            let narrowed = match &input.kind {
                Some(FeatureKind::Image(image)) => walk.image_input(number, image),
                Some(FeatureKind::Array(array)) => walk.array_input(number, array),
                _ => Ok(()),
            };
            narrowed.map_err(|Empty| fault(CODE, format!("input {} has no size", input.name)))?;
        }
        for encoded in encoded {
            let mut decoded = super::decode(encoded)?;
            let numbers =
                |walk: &mut Walk, values: &[String]| values.iter().map(|value| walk.number(value)).collect();
            let inputs = numbers(&mut walk, &decoded.input);
            let outputs = numbers(&mut walk, &decoded.output);
            let name = std::mem::take(&mut decoded.name);
            if let Some(layer) = without_weights(decoded) {
                walk.steps.push(Step { layer, name, inputs, outputs });
            }
        }
        Ok(walk)
    }

    fn number(&mut self, value: &str) -> usize {
        let next = self.numbers.len();
        let number = *self.numbers.entry(value.to_owned()).or_insert(next);
        if number == self.shapes.len() {
            self.shapes.push([Range::FREE; 5]);
        }
        number
    }

    fn image_input(&mut self, input: usize, image: &ImageFeature) -> Sized {
        self.set(input, C, channels(image))?;
        let (width, height) = match &image.flexibility {
            None => (Range::exactly(image.width as u64), Range::exactly(image.height as u64)),
            Some(SizeFlexibility::Range(width, height)) => {
                (Range::of(width.unwrap_or_default()), Range::of(height.unwrap_or_default()))
            }
            Some(SizeFlexibility::Enumerated(sizes)) => {
                (hull(sizes.iter().map(|size| size.0))?, hull(sizes.iter().map(|size| size.1))?)
            }
        };
        self.narrow(input, W, width)?;
        self.narrow(input, H, height)
    }

    fn array_input(&mut self, input: usize, array: &ArrayFeature) -> Sized {
        let ranges: Vec<Range> = match &array.flexibility {
            None => Vec::new(),
            Some(Flexibility::Ranges(ranges)) => ranges.iter().copied().map(Range::of).collect(),
            Some(Flexibility::Enumerated(shapes)) => {
                // At most 3: more is refused below.
                let rank = shapes.iter().map(Vec::len).max().unwrap_or(0).min(4);
                let axis = |axis: usize| {
                    hull(shapes.iter().filter_map(|shape| shape.get(axis)).map(|&size| size as u64))
                };
                (0..rank).map(axis).collect::<Sized<_>>()?
            }
        };
        match (&ranges[..], &array.shape[..]) {
            ([channels], _) => self.narrow(input, C, *channels),
            ([channels, height, width], _) => {
                self.narrow(input, C, *channels)?;
                self.narrow(input, H, *height)?;
                self.narrow(input, W, *width)
            }
            ([], [channels, height, width]) => {
                self.set_chw(input, [*channels, *height, *width].map(|size| size as u64))
            }
            ([], [channels, ..]) => self.set_chw(input, [*channels as u64, 1, 1]),
            _ => Err(Empty),
        }
    }

    /// `false`: it would take too long.
    fn run(mut self, main: &FunctionInterface) -> Result<bool, Violation> {
        let words = self.inputs.div_ceil(64);
        if words.saturating_mul(64).saturating_mul(self.shapes.len()) > MOST_BITS {
            return Ok(false);
        }
        let mut seen = Colours::new(self.shapes.len(), self.inputs, main, &self.numbers);
        let mut budget = MOST_STEPS;
        loop {
            let mut changed = false;
            let forwards = 0..self.steps.len();
            for (at, forward) in
                forwards.clone().map(|at| (at, true)).chain(forwards.rev().map(|at| (at, false)))
            {
                let Some(step) = self.steps.get(at) else { continue };
                let values = step.inputs.len() + step.outputs.len();
                let Some(left) = budget.checked_sub(1 + values * words) else { return Ok(false) };
                budget = left;
                let (from, to) =
                    if forward { (&step.inputs, &step.outputs) } else { (&step.outputs, &step.inputs) };
                changed |= seen.spread(from, to);
                if let Err(Empty) = narrow(&mut self.shapes, step) {
                    let message = "the sizes of its values contradict each other";
                    let place = Place { op: Some(step.name.as_str().into()), ..Place::default() };
                    return Err(Violation::new(CODE, place, message));
                }
            }
            if !changed || seen.all() {
                break;
            }
        }
        for output in &main.outputs {
            let predicted = [&main.predicted_feature, &main.predicted_probabilities].contains(&&output.name);
            let Some(&number) = self.numbers.get(&*output.name).filter(|_| !predicted) else { continue };
            let fits = match &output.kind {
                Some(FeatureKind::Image(image)) => {
                    let sizes = [channels(image), image.height as u64, image.width as u64];
                    self.set_chw(number, sizes)
                }
                Some(FeatureKind::Array(array)) => match array.shape[..] {
                    [channels, height, width] => {
                        self.set_chw(number, [channels, height, width].map(|size| size as u64))
                    }
                    [channels] => self.set_chw(number, [channels as u64, 1, 1]),
                    _ => Ok(()),
                },
                _ => Ok(()),
            };
            fits.map_err(|Empty| fault(CODE, format!("output {} cannot have its shape", output.name)))?;
        }
        Ok(true)
    }

    fn narrow(&mut self, value: usize, axis: usize, range: Range) -> Sized {
        narrow_axis(&mut self.shapes, value, axis, range)
    }

    fn set(&mut self, value: usize, axis: usize, size: u64) -> Sized {
        self.narrow(value, axis, Range::exactly(size))
    }

    fn set_chw(&mut self, value: usize, sizes: [u64; 3]) -> Sized {
        set_chw(&mut self.shapes, value, sizes)
    }
}

/// Which inputs a value has to do with; sizes are followed until this is known.
struct Colours {
    words: usize,
    bits: Vec<u64>,
    /// All values that have to do with an input at all, with every input.
    full: Vec<u64>,
}

impl Colours {
    fn new(
        values: usize,
        inputs: usize,
        main: &FunctionInterface,
        numbers: &HashMap<String, usize>,
    ) -> Colours {
        let words = inputs.div_ceil(64);
        let mut full = vec![0; words];
        let mut bits = vec![0; words * values];
        for (at, input) in main.inputs.iter().enumerate() {
            let (word, bit) = (at / 64, 1u64 << (at % 64));
            if let Some(slot) = full.get_mut(word) {
                *slot |= bit;
            }
            let number = numbers.get(&*input.name).copied().unwrap_or_default();
            if let Some(slot) = bits.get_mut(number * words + word) {
                *slot |= bit;
            }
        }
        Colours { words, bits, full }
    }

    fn spread(&mut self, from: &[usize], to: &[usize]) -> bool {
        let mut all = vec![0u64; self.words];
        for &value in from {
            let bits = self.bits.get(value * self.words..(value + 1) * self.words).unwrap_or_default();
            all.iter_mut().zip(bits).for_each(|(all, bits)| *all |= bits);
        }
        let mut changed = false;
        for &value in to {
            let bits = self.bits.get_mut(value * self.words..(value + 1) * self.words).unwrap_or_default();
            for (bits, all) in bits.iter_mut().zip(&all) {
                changed |= *all & !*bits != 0;
                *bits |= all;
            }
        }
        changed
    }

    fn all(&self) -> bool {
        self.words == 0 || self.bits.chunks(self.words).all(|bits| bits == self.full)
    }
}

/// The parameters that matter for sizes.
fn without_weights(layer: NeuralNetworkLayer) -> Option<Layer> {
    let mut layer = layer.layer?;
    match &mut layer {
        Layer::Convolution(params) => (params.weights, params.bias) = (None, None),
        Layer::InnerProduct(params) => (params.weights, params.bias) = (None, None),
        Layer::Embedding(params) => (params.weights, params.bias) = (None, None),
        Layer::LoadConstant(params) => params.data = None,
        Layer::Batchnorm(params) => *params = Default::default(),
        Layer::Scale(params) => *params = Default::default(),
        Layer::Bias(params) => *params = Default::default(),
        Layer::Activation(params) => *params = Default::default(),
        Layer::SimpleRecurrent(params) => {
            (params.weight_matrix, params.recursion_matrix, params.bias_vector) = (None, None, None);
        }
        Layer::Gru(params) => {
            *params = mil_proto::payload::GruLayerParams {
                input_vector_size: params.input_vector_size,
                output_vector_size: params.output_vector_size,
                sequence_output: params.sequence_output,
                ..Default::default()
            };
        }
        Layer::UniDirectionalLstm(params) => params.weight_params = None,
        Layer::BiDirectionalLstm(params) => params.weight_params = Vec::new(),
        Layer::Custom(params) => *params = Default::default(),
        _ => {}
    }
    Some(layer)
}

fn channels(image: &ImageFeature) -> u64 {
    // `GRAYSCALE` and `GRAYSCALE_FLOAT16`.
    if matches!(image.color, 10 | 40) { 1 } else { 3 }
}

/// The range that holds some sizes.
fn hull(sizes: impl Iterator<Item = u64>) -> Sized<Range> {
    let range = sizes.map(Range::exactly).reduce(Range::unite);
    range.ok_or(Empty)
}

fn axis_of(shapes: &[Shape], value: usize, axis: usize) -> Range {
    shapes.get(value).and_then(|shape| shape.get(axis)).copied().unwrap_or(Range::FREE)
}

fn narrow_axis(shapes: &mut [Shape], value: usize, axis: usize, range: Range) -> Sized {
    if let Some(slot) = shapes.get_mut(value).and_then(|shape| shape.get_mut(axis)) {
        *slot = slot.meet(range)?;
    }
    Ok(())
}

fn set_chw(shapes: &mut [Shape], value: usize, sizes: [u64; 3]) -> Sized {
    for (axis, size) in [C, H, W].into_iter().zip(sizes) {
        narrow_axis(shapes, value, axis, Range::exactly(size))?;
    }
    Ok(())
}

/// One layer's view of the shapes.
struct View<'a> {
    shapes: &'a mut [Shape],
    input: usize,
    output: usize,
}

impl View<'_> {
    fn input(&self, axis: usize) -> Range {
        axis_of(self.shapes, self.input, axis)
    }

    fn output(&self, axis: usize) -> Range {
        axis_of(self.shapes, self.output, axis)
    }

    fn narrow_input(&mut self, axis: usize, range: Range) -> Sized {
        narrow_axis(self.shapes, self.input, axis, range)
    }

    fn narrow_output(&mut self, axis: usize, range: Range) -> Sized {
        narrow_axis(self.shapes, self.output, axis, range)
    }

    /// These axes are the same in input and output.
    fn same(&mut self, axes: &[usize]) -> Sized {
        for &axis in axes {
            self.narrow_output(axis, self.input(axis))?;
            self.narrow_input(axis, self.output(axis))?;
        }
        Ok(())
    }

    fn input_chw(&mut self, sizes: [u64; 3]) -> Sized {
        set_chw(self.shapes, self.input, sizes)
    }

    fn output_chw(&mut self, sizes: [u64; 3]) -> Sized {
        set_chw(self.shapes, self.output, sizes)
    }
}

/// Narrows the shapes of a layer's values.
fn narrow(shapes: &mut [Shape], step: &Step) -> Sized {
    let first = |values: &[usize]| values.first().copied().unwrap_or(usize::MAX);
    let mut view = View { shapes, input: first(&step.inputs), output: first(&step.outputs) };
    match &step.layer {
        Layer::Convolution(params) => convolution(&mut view, params),
        Layer::Pooling(params) => pooling(&mut view, params),
        Layer::Activation(_)
        | Layer::Batchnorm(_)
        | Layer::Mvn(_)
        | Layer::L2normalize(_)
        | Layer::Softmax(_)
        | Layer::Lrn(_)
        | Layer::Unary(_)
        | Layer::Scale(_)
        | Layer::Bias(_)
        | Layer::Max(_)
        | Layer::Min(_) => view.same(&[S, B, C, H, W]),
        Layer::InnerProduct(params) => {
            view.same(&[S, B])?;
            view.input_chw([params.input_channels, 1, 1])?;
            view.output_chw([params.output_channels, 1, 1])
        }
        Layer::Embedding(params) => {
            view.same(&[S, B])?;
            view.input_chw([1, 1, 1])?;
            view.output_chw([params.output_channels, 1, 1])
        }
        Layer::Crop(params) => match step.inputs[..] {
            [_, size] => {
                view.same(&[S, B, C])?;
                for axis in [H, W] {
                    let range = axis_of(view.shapes, size, axis);
                    view.narrow_output(axis, range)?;
                }
                Ok(())
            }
            _ => {
                view.same(&[S, B, C])?;
                for (axis, (start, end)) in [H, W].into_iter().zip(amounts(params.crop_amounts.as_ref())) {
                    let inside = view.input(axis).add(-start)?.add(-end)?;
                    view.narrow_output(axis, inside)?;
                    view.narrow_input(axis, Range::at_least((start + end + 1) as u64))?;
                }
                Ok(())
            }
        },
        Layer::Padding(params) => {
            view.same(&[S, B, C])?;
            for (axis, (start, end)) in [H, W].into_iter().zip(amounts(params.padding_amounts.as_ref())) {
                let padded = view.input(axis).add(start)?.add(end)?;
                view.narrow_output(axis, padded)?;
                let inside = view.output(axis).add(-start)?.add(-end)?;
                view.narrow_input(axis, inside)?;
            }
            Ok(())
        }
        Layer::Upsample(params) => {
            view.same(&[S, B, C])?;
            let factors = match params.scaling_factor[..] {
                [height, width] => [height.max(1), width.max(1)],
                _ => [1, 1],
            };
            for (axis, factor) in [H, W].into_iter().zip(factors) {
                let larger = view.input(axis).times(factor)?;
                view.narrow_output(axis, larger)?;
                let smaller = view.output(axis).map(|size| size / factor)?;
                view.narrow_input(axis, smaller)?;
            }
            Ok(())
        }
        Layer::Add(_) | Layer::Multiply(_) | Layer::Average(_) => broadcast(shapes, step),
        Layer::Dot(_) => dot(shapes, step),
        Layer::Reduce(params) => {
            view.same(&[S, B])?;
            let reduced: &[usize] = match ReduceAxis::try_from(params.axis) {
                Ok(ReduceAxis::Chw) => &[C, H, W],
                Ok(ReduceAxis::Hw) => &[H, W],
                Ok(ReduceAxis::C) => &[C],
                Ok(ReduceAxis::H) => &[H],
                Ok(ReduceAxis::W) => &[W],
                Err(_) => return Ok(()),
            };
            for axis in [C, H, W] {
                if reduced.contains(&axis) {
                    view.narrow_output(axis, Range::exactly(1))?;
                } else {
                    view.same(&[axis])?;
                }
            }
            Ok(())
        }
        Layer::LoadConstant(params) => {
            for axis in [S, B] {
                view.narrow_output(axis, Range::exactly(1))?;
            }
            match params.shape[..] {
                [channels, height, width] => view.output_chw([channels, height, width]),
                _ => Ok(()),
            }
        }
        Layer::Reshape(params) => {
            view.narrow_output(B, view.input(B))?;
            match params.target_shape[..] {
                [channels, height, width] => {
                    view.narrow_output(S, view.input(S))?;
                    view.output_chw([channels, height, width].map(|size| size as u64))
                }
                [sequence, channels, height, width] => {
                    // At least, as the validator has it.
                    view.narrow_output(S, Range::at_least(sequence as u64))?;
                    view.output_chw([channels, height, width].map(|size| size as u64))
                }
                _ => Ok(()),
            }
        }
        Layer::Flatten(_) => {
            view.same(&[S, B])?;
            let all = view.input(C).by(view.input(H))?.by(view.input(W))?;
            view.narrow_output(C, all)?;
            view.narrow_output(H, Range::exactly(1))?;
            view.narrow_output(W, Range::exactly(1))
        }
        Layer::Permute(params) => {
            let axes = [S, C, H, W];
            for (to, &from) in axes.into_iter().zip(&params.axis) {
                let from = usize::try_from(from).ok().and_then(|from| axes.get(from)).ok_or(Empty)?;
                view.narrow_output(to, view.input(*from))?;
                view.narrow_input(*from, view.output(to))?;
            }
            view.narrow_input(B, view.output(B))
        }
        Layer::Concat(params) => concat(shapes, step, if params.sequence_concat { S } else { C }),
        Layer::Split(params) => split(shapes, step, params.n_outputs as i32),
        Layer::SequenceRepeat(params) => {
            let repeated = view.input(S).times(params.n_repetitions)?;
            view.narrow_output(S, repeated)?;
            view.same(&[B, C, H, W])
        }
        Layer::ReorganizeData(params) => {
            view.same(&[S, B])?;
            let block = params.block_size;
            let square = block.wrapping_mul(block);
            let to_depth = params.mode == ReorganizationType::SpaceToDepth as i32;
            for (axis, factor, grows) in [(C, square, to_depth), (H, block, !to_depth), (W, block, !to_depth)]
            {
                if factor == 0 {
                    return Err(Empty);
                }
                let changed = |range: Range, grows: bool| {
                    if grows { range.times(factor) } else { range.map(|size| size / factor) }
                };
                let output = changed(view.input(axis), grows)?;
                view.narrow_output(axis, output)?;
                let input = changed(view.output(axis), !grows)?;
                view.narrow_input(axis, input)?;
            }
            Ok(())
        }
        Layer::Slice(params) => slice(&mut view, params),
        Layer::SimpleRecurrent(params) => {
            let sizes = (params.input_vector_size, params.output_vector_size);
            recurrent(shapes, step, sizes, 1, params.sequence_output, 2)
        }
        Layer::Gru(params) => {
            let sizes = (params.input_vector_size, params.output_vector_size);
            recurrent(shapes, step, sizes, 1, params.sequence_output, 2)
        }
        Layer::UniDirectionalLstm(params) => {
            let sizes = (params.input_vector_size, params.output_vector_size);
            let sequence = params.params.as_ref().is_some_and(|params| params.sequence_output);
            recurrent(shapes, step, sizes, 1, sequence, 3)
        }
        Layer::BiDirectionalLstm(params) => {
            // The longest sequence that it takes.
            view.narrow_input(S, Range { min: 0, max: Some(10_000) })?;
            let sizes = (params.input_vector_size, params.output_vector_size);
            let sequence = params.params.as_ref().is_some_and(|params| params.sequence_output);
            recurrent(shapes, step, sizes, 2, sequence, 5)
        }
        Layer::ResizeBilinear(params) => {
            view.same(&[S, B, C])?;
            target(&mut view, &params.target_size)
        }
        Layer::CropResize(params) => crop_resize(&mut view, params, step.inputs.get(1).copied()),
        // Nobody knows what a custom layer does.
        _ => Ok(()),
    }
}

/// Amounts at start and end of height and width, cut to 32 bits.
fn amounts(border: Option<&BorderAmounts>) -> [(i64, i64); 2] {
    let cut = |size: u64| i64::from(size as i32);
    match border.map_or(&[][..], |border| &border.border_amounts) {
        [height, width] => [height, width].map(|edge| (cut(edge.start_edge_size), cut(edge.end_edge_size))),
        _ => [(0, 0); 2],
    }
}

/// Two numbers for height and width, cut to 32 bits, or a default.
fn pair(values: &[u64], default: i64) -> [i64; 2] {
    match values {
        [height, width] => [*height, *width].map(|value| i64::from(value as i32)),
        _ => [default; 2],
    }
}

fn convolution(view: &mut View<'_>, params: &ConvolutionLayerParams) -> Sized {
    view.same(&[S, B])?;
    let cut = |size: u64| i64::from(size as i32);
    let groups = if params.is_deconvolution { 1 } else { cut(params.n_groups.max(1)) };
    let channels = cut(params.kernel_channels).wrapping_mul(groups);
    view.narrow_input(C, Range::exactly(channels as u64))?;
    view.narrow_output(C, Range::exactly(params.output_channels))?;
    if let ([height, width], true) = (&params.output_shape[..], params.is_deconvolution) {
        view.narrow_output(H, Range::exactly(*height))?;
        return view.narrow_output(W, Range::exactly(*width));
    }
    let (kernel, stride) = (pair(&params.kernel_size, 3), pair(&params.stride, 1));
    let dilation = pair(&params.dilation_factor, 1);
    for (at, axis) in [H, W].into_iter().enumerate() {
        let stride = stride[at];
        let kernel = (kernel[at] - 1) * dilation[at] + 1;
        match params.convolution_padding_type.as_ref().ok_or(Empty)? {
            ConvolutionPaddingType::Valid(valid) => {
                let (start, end) = amounts(valid.padding_amounts.as_ref())[at];
                let inner = kernel - start - end;
                if params.is_deconvolution {
                    let stride_size = u64::try_from(stride).ok().filter(|&stride| stride > 0).ok_or(Empty)?;
                    let output = view.output(axis);
                    let least = (i64::from(output.min as i32) - inner) / stride + 1;
                    let most = output.max.map(|max| max.saturating_add_signed(-inner) / stride_size + 1);
                    if least > 0 {
                        view.narrow_input(axis, Range::at_least(least as u64))?;
                    }
                    view.narrow_input(axis, Range { min: 0, max: most })?;
                    let grown =
                        view.input(axis).add(-1)?.times(stride_size)?.add(kernel)?.add(-start)?.add(-end)?;
                    view.narrow_output(axis, grown)?;
                } else {
                    if inner > 0 {
                        let (inner, stride) = (inner as u64, stride as u64);
                        let before =
                            |size: u64| size.saturating_sub(1).wrapping_mul(stride).wrapping_add(inner);
                        let output = view.output(axis);
                        view.narrow_input(axis, Range::at_least(before(output.min)))?;
                        // What the division cuts off.
                        let spare = view.input(axis).max.is_some_and(|max| max != 0 || inner % 2 != 0);
                        let most = output.max.map(|max| before(max).wrapping_add(u64::from(spare)));
                        view.narrow_input(axis, Range { min: 0, max: most })?;
                    }
                    let shrunk = view.input(axis).add(-inner)?.over(stride)?.add(1)?;
                    view.narrow_output(axis, shrunk)?;
                }
            }
            ConvolutionPaddingType::Same(_) => {
                let factor = stride as u64;
                if params.is_deconvolution {
                    let grown = view.input(axis).times(factor)?;
                    view.narrow_output(axis, grown)?;
                } else {
                    let shrunk = view.input(axis).add(-1)?.over(stride)?.add(1)?;
                    view.narrow_output(axis, shrunk)?;
                    let output = view.output(axis);
                    view.narrow_input(axis, Range::at_least(output.min))?;
                    view.narrow_input(
                        axis,
                        Range { min: 0, max: output.max.map(|max| max.wrapping_mul(factor)) },
                    )?;
                }
            }
        }
    }
    Ok(())
}

fn pooling(view: &mut View<'_>, params: &PoolingLayerParams) -> Sized {
    view.same(&[S, B, C])?;
    if params.global_pooling {
        view.narrow_output(H, Range::exactly(1))?;
        return view.narrow_output(W, Range::exactly(1));
    }
    let (kernel, stride) = (pair(&params.kernel_size, 3), pair(&params.stride, 1));
    for (at, axis) in [H, W].into_iter().enumerate() {
        let (kernel, stride) = (kernel[at], stride[at]);
        let pooled = match params.pooling_padding_type.as_ref().ok_or(Empty)? {
            PoolingPaddingType::Valid(valid) => {
                let (start, end) = amounts(valid.padding_amounts.as_ref())[at];
                let inner = kernel - start - end;
                if inner > 0 {
                    let before = view.output(axis).min.saturating_sub(1).wrapping_mul(stride as u64);
                    view.narrow_input(axis, Range::at_least(before.wrapping_add(inner as u64)))?;
                }
                view.input(axis).add(-inner)?.over(stride)?.add(1)?
            }
            PoolingPaddingType::Same(_) => view.input(axis).add(-1)?.over(stride)?.add(1)?,
            PoolingPaddingType::IncludeLastPixel(complete) => {
                let paddings = pair(&complete.padding_amounts, 0);
                let inner = kernel - 2 * paddings[at];
                let least = i64::from(view.input(axis).min as i32);
                let padded = paddings.iter().any(|&padding| padding != 0);
                // The last window starts in the padding.
                let beyond = padded && least - 2 - inner + 2 * stride >= least + paddings[at];
                let pooled =
                    view.input(axis).add(-inner)?.over_up(stride)?.add(1)?.add(-i64::from(beyond))?;
                view.narrow_output(axis, pooled)?;
                if inner > 0 {
                    // Of the height for both axes, as the validator has it.
                    let least = view.output(axis).min.wrapping_sub(1).wrapping_add(inner as u64);
                    view.narrow_input(H, Range::at_least(least))?;
                }
                continue;
            }
        };
        view.narrow_output(axis, pooled)?;
    }
    Ok(())
}

fn broadcast(shapes: &mut [Shape], step: &Step) -> Sized {
    let fixed = |shapes: &[Shape], value: usize| {
        [C, H, W].iter().all(|&axis| axis_of(shapes, value, axis).is_fixed())
    };
    let [first, others @ ..] = &step.inputs[..] else { return Ok(()) };
    let Some(&output) = step.outputs.first() else { return Ok(()) };
    let mut most: Shape = [S, B, C, H, W].map(|axis| axis_of(shapes, *first, axis));
    let mut all_fixed = fixed(shapes, *first);
    for &other in others {
        all_fixed &= fixed(shapes, other);
        for axis in [S, B] {
            most[axis] = most[axis].meet(axis_of(shapes, other, axis))?;
        }
        for axis in [C, H, W] {
            most[axis] = most[axis].unite(axis_of(shapes, other, axis));
        }
    }
    for axis in [S, B, C, H, W] {
        let range = match most[axis].max {
            Some(max) if all_fixed && axis >= C => Range::exactly(max),
            _ => most[axis],
        };
        narrow_axis(shapes, output, axis, range)?;
    }
    for &input in &step.inputs {
        let free = !fixed(shapes, input);
        for axis in [S, B, C, H, W] {
            if axis < C || free {
                let range = axis_of(shapes, output, axis);
                narrow_axis(shapes, input, axis, range)?;
            }
        }
    }
    Ok(())
}

/// What is known of the output is used, but nothing is told to it, as the validator has it.
fn dot(shapes: &mut [Shape], step: &Step) -> Sized {
    let ([first, second], Some(&output)) = (&step.inputs[..], step.outputs.first()) else { return Ok(()) };
    let mut common = [Range::FREE; 2];
    for axis in [S, B] {
        let range = axis_of(shapes, output, axis).meet(axis_of(shapes, *first, axis))?;
        common[axis] = range.meet(axis_of(shapes, *second, axis))?;
    }
    for input in [*first, *second] {
        for axis in [H, W] {
            narrow_axis(shapes, input, axis, Range::exactly(1))?;
        }
    }
    for axis in [S, B, C, H, W] {
        let mut range = axis_of(shapes, *first, axis).meet(axis_of(shapes, *second, axis))?;
        if let Some(common) = common.get(axis) {
            range = range.meet(*common)?;
        }
        narrow_axis(shapes, *first, axis, range)?;
        narrow_axis(shapes, *second, axis, range)?;
    }
    for (axis, wanted) in [(C, 1), (H, 1), (W, 1)] {
        axis_of(shapes, output, axis).meet(Range::exactly(wanted))?;
    }
    Ok(())
}

fn concat(shapes: &mut [Shape], step: &Step, along: usize) -> Sized {
    let ([first, others @ ..], Some(&output)) = (&step.inputs[..], step.outputs.first()) else {
        return Ok(());
    };
    let kept: Vec<_> = [S, B, C, H, W]
        .into_iter()
        .filter(|&axis| axis != along)
        .filter(|&axis| axis != S || along == C)
        .collect();
    let mut sum = axis_of(shapes, *first, along);
    for &axis in &kept {
        let range = axis_of(shapes, *first, axis);
        narrow_axis(shapes, output, axis, range)?;
    }
    for &other in others {
        sum = sum.plus(axis_of(shapes, other, along))?;
        for &axis in &kept {
            let range = axis_of(shapes, other, axis);
            narrow_axis(shapes, output, axis, range)?;
            let range = axis_of(shapes, output, axis);
            narrow_axis(shapes, other, axis, range)?;
        }
    }
    narrow_axis(shapes, output, along, sum)
}

fn split(shapes: &mut [Shape], step: &Step, count: i32) -> Sized {
    let Some(&input) = step.inputs.first() else { return Ok(()) };
    for &output in &step.outputs {
        for axis in [S, B, C, H, W] {
            let range = axis_of(shapes, input, axis);
            let range = if axis == C { range.over(i64::from(count))? } else { range };
            narrow_axis(shapes, output, axis, range)?;
        }
    }
    let Some(&output) = step.outputs.first() else { return Ok(()) };
    for axis in [S, B, C, H, W] {
        let range = axis_of(shapes, output, axis);
        let range = if axis == C { range.times(i64::from(count) as u64)? } else { range };
        narrow_axis(shapes, input, axis, range)?;
    }
    Ok(())
}

fn slice(view: &mut View<'_>, params: &SliceLayerParams) -> Sized {
    view.same(&[S, B])?;
    let axis = match SliceAxis::try_from(params.axis) {
        Ok(SliceAxis::ChannelAxis) => C,
        Ok(SliceAxis::HeightAxis) => H,
        Ok(SliceAxis::WidthAxis) => W,
        Err(_) => return Err(Empty),
    };
    // Cut to 32 bits.
    let (start, end) = (i64::from(params.start_index as i32), i64::from(params.end_index as i32));
    let stride = i64::from(params.stride as i32);
    if stride == 0 {
        return Err(Empty);
    }
    let (output, least) = if start >= 0 && end > 0 {
        (Range::exactly(((end - 1 - start) / stride + 1) as u64), end)
    } else if start < 0 && end <= 0 {
        (Range::exactly(((-start - 1 + end) / stride + 1) as u64), -start)
    } else {
        let (start, end) = if end <= 0 { (start, -end) } else { (-start, end) };
        let least = start + 1 + end;
        (view.input(axis).add(-least)?.over(stride)?.add(1)?, least)
    };
    for other in [C, H, W] {
        if other == axis {
            view.narrow_output(axis, output)?;
            view.narrow_input(axis, Range::at_least(least as u64))?;
        } else {
            view.same(&[other])?;
        }
    }
    Ok(())
}

/// The first input and output are the sequence; the states behind them, if they are all there, are vectors.
fn recurrent(
    shapes: &mut [Shape],
    step: &Step,
    (inputs, outputs): (u64, u64),
    directions: u64,
    sequence: bool,
    values: usize,
) -> Sized {
    let (Some(&input), Some(&output)) = (step.inputs.first(), step.outputs.first()) else { return Ok(()) };
    set_chw(shapes, input, [inputs, 1, 1])?;
    set_chw(shapes, output, [outputs.wrapping_mul(directions), 1, 1])?;
    let length = if sequence { axis_of(shapes, input, S) } else { Range::exactly(1) };
    narrow_axis(shapes, output, S, length)?;
    if step.inputs.len() < values {
        return Ok(());
    }
    for &state in step.inputs.iter().chain(&step.outputs).filter(|&&value| value != input && value != output)
    {
        narrow_axis(shapes, state, S, Range::exactly(1))?;
        set_chw(shapes, state, [outputs, 1, 1])?;
    }
    Ok(())
}

fn target(view: &mut View<'_>, size: &[u64]) -> Sized {
    let sizes = match size {
        [height, width] => [(*height).max(1), (*width).max(1)],
        _ => [1, 1],
    };
    view.narrow_output(H, Range::exactly(sizes[0]))?;
    view.narrow_output(W, Range::exactly(sizes[1]))
}

/// The second input holds boxes: four coordinates each, or five.
fn crop_resize(view: &mut View<'_>, params: &CropResizeLayerParams, boxes: Option<usize>) -> Sized {
    let boxes = boxes.unwrap_or(usize::MAX);
    let count = axis_of(view.shapes, boxes, S);
    view.narrow_output(S, count)?;
    view.narrow_output(B, view.input(B))?;
    view.same(&[C])?;
    target(view, &params.target_size)?;
    let count = view.output(S);
    let wanted =
        [count, Range::exactly(1), Range { min: 4, max: Some(5) }, Range::exactly(1), Range::exactly(1)];
    for (axis, range) in wanted.into_iter().enumerate() {
        narrow_axis(view.shapes, boxes, axis, range)?;
    }
    Ok(())
}
