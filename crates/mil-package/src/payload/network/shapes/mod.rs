//! Sizes of values in networks of the old mode, where every value has five axes: sequence, batch, channel,
//! height, width.
//!
//! Each value has a range for each axis. Layers narrow the ranges of their inputs and outputs, forwards and
//! backwards, until the knowledge of each input has reached everything that it can; an empty range is a
//! contradiction. The arithmetic is that of Apple's validator, clamped at zero as there.

mod colours;
mod joins;
mod layers;
mod range;
mod step;
mod view;
mod windows;

use std::collections::HashMap;

use mil_ir::verify::{Place, Report, Violation};
use mil_ir::{ArrayFeature, FeatureKind, Flexibility, FunctionInterface, ImageFeature, SizeFlexibility};
use prost::bytes::Bytes;

use super::super::rule::{Record, fault};
use colours::Colours;
use range::{Empty, Range, Sized, hull};
use step::{Step, without_weights};
use view::{C, H, Shape, W, narrow_axis, set_chw};

const CODE: &str = "layer-shape";

/// Layers that are processed at most, counting each pass; and bits for which inputs a value depends on.
const MOST_STEPS: usize = 1 << 24;
const MOST_BITS: usize = 1 << 28;

/// Follows sizes through the network. What would take too long is said to be unchecked.
pub(super) fn follow(main: &FunctionInterface, encoded: &[Bytes], report: &mut Report) {
    let outcome = Walk::new(main, encoded).and_then(|walk| walk.run(main));
    match outcome {
        Ok(true) => {}
        Ok(false) => report.unchecked("the sizes of values in a network with so many inputs and layers"),
        Err(finding) => report.record(Err(finding)),
    }
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
                if let Err(Empty) = layers::narrow(&mut self.shapes, step) {
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

fn channels(image: &ImageFeature) -> u64 {
    // `GRAYSCALE` and `GRAYSCALE_FLOAT16`.
    if matches!(image.color, 10 | 40) { 1 } else { 3 }
}
