//! What the weight of a convolution meets: its windows, laid out as vectors.

use mil_compress::compensate::Gram;
use mil_ir::{Graph, OpId};

use super::TILE;

/// The windows of a convolution over up to three spatial axes; the first of three are of one element where
/// there are fewer.
pub(super) struct Windows {
    batches: usize,
    channels: usize,
    input: [usize; 3],
    kernel: [usize; 3],
    stride: [usize; 3],
    dilation: [usize; 3],
    before: [usize; 3],
    output: [usize; 3],
}

impl Windows {
    /// Of a `conv` whose input has this shape.
    pub(super) fn of(graph: &Graph, op: OpId, shape: &[usize]) -> Result<Windows, String> {
        let [batches, channels, input @ ..] = shape else { return Err("the input is not an image".into()) };
        let rank = input.len();
        let sizes = |param: &str, missing: usize, count: usize| -> Result<Vec<usize>, String> {
            let Some(given) = graph.constant(op, param) else { return Ok(vec![missing; count]) };
            let found = given.to_i64s().map_err(|error| error.to_string())?;
            let found: Option<Vec<usize>> = found.iter().map(|&size| usize::try_from(size).ok()).collect();
            found.filter(|found| found.len() == count).ok_or(format!("{param} does not fit the input"))
        };
        let weight = graph.param_type(op, "weight").and_then(|ty| ty.fixed_shape());
        let kernel = weight.filter(|weight| weight.len() == rank + 2 && (1..=3).contains(&rank));
        let kernel = kernel.ok_or("the weight has other axes than the input")?[2..].to_vec();
        let (stride, dilation) = (sizes("strides", 1, rank)?, sizes("dilations", 1, rank)?);
        let pad_type = graph.constant(op, "pad_type");
        let pad_type = pad_type.as_ref().and_then(|text| text.item_str()).unwrap_or("valid");
        let given = match pad_type {
            "custom" => sizes("pad", 0, 2 * rank)?,
            "valid" | "same" | "same_lower" => vec![0; 2 * rank],
            other => return Err(format!("pad_type {other} is not known")),
        };
        let (mut before, mut output) = (vec![0; rank], vec![0; rank]);
        for axis in 0..rank {
            let (step, size) = (stride[axis].max(1), input[axis]);
            let span = dilation[axis] * kernel[axis].saturating_sub(1) + 1;
            let total = match pad_type {
                "same" | "same_lower" => {
                    let wanted = (size.div_ceil(step).saturating_sub(1) * step + span).saturating_sub(size);
                    before[axis] = if pad_type == "same" { wanted / 2 } else { wanted.div_ceil(2) };
                    wanted
                }
                _ => {
                    before[axis] = given[2 * axis];
                    given[2 * axis] + given[2 * axis + 1]
                }
            };
            let room = (size + total).checked_sub(span).ok_or("a window is larger than the input")?;
            output[axis] = room / step + 1;
        }
        let three = |sizes: &[usize], missing: usize| {
            let mut all = [missing; 3];
            all[3 - sizes.len()..].copy_from_slice(sizes);
            all
        };
        Ok(Windows {
            batches: *batches,
            channels: *channels,
            input: three(input, 1),
            kernel: three(&kernel, 1),
            stride: three(&stride, 1),
            dilation: three(&dilation, 1),
            before: three(&before, 0),
            output: three(&output, 1),
        })
    }

    /// Adds all windows.
    pub(super) fn gather(&self, groups: usize, inputs: usize, numbers: &[f32], gram: &mut Gram) {
        let (plane, windows) = (self.input.iter().product::<usize>(), self.output.iter().product::<usize>());
        let channels = self.channels / groups;
        let taps = positions(self.kernel);
        if plane == 0 || inputs != channels * taps.len() {
            return;
        }
        let places = positions(self.output);
        for batch in 0..self.batches {
            for group in 0..groups {
                let first = (batch * self.channels + group * channels) * plane;
                let planes = &numbers[first..][..channels * plane];
                for start in (0..windows).step_by(TILE) {
                    let places = &places[start..windows.min(start + TILE)];
                    let mut columns = Vec::with_capacity(inputs * places.len());
                    for plane in planes.chunks_exact(plane) {
                        for &tap in &taps {
                            columns.extend(places.iter().map(|&place| self.at(plane, tap, place)));
                        }
                    }
                    gram.add(group, &columns, places.len());
                }
            }
        }
    }

    /// What a window has at one of its taps: zero beyond the border.
    fn at(&self, plane: &[f32], tap: [usize; 3], place: [usize; 3]) -> f32 {
        let mut at = 0;
        for axis in 0..3 {
            let padded = place[axis] * self.stride[axis] + tap[axis] * self.dilation[axis];
            match padded.checked_sub(self.before[axis]).filter(|&place| place < self.input[axis]) {
                Some(place) => at = at * self.input[axis] + place,
                None => return 0.0,
            }
        }
        plane[at]
    }
}

/// All positions of a grid, row by row.
fn positions(sizes: [usize; 3]) -> Vec<[usize; 3]> {
    let [depth, height, width] = sizes;
    let count = depth * height * width;
    (0..count).map(|at| [at / (height * width), at / width % height, at % width]).collect()
}
