//! Layers of several inputs or outputs: arithmetic with broadcasting, concatenation, splits.

use super::range::{Range, Sized};
use super::step::Step;
use super::view::{B, C, H, S, Shape, W, axis_of, narrow_axis};

pub(super) fn broadcast(shapes: &mut [Shape], step: &Step) -> Sized {
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
pub(super) fn dot(shapes: &mut [Shape], step: &Step) -> Sized {
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

pub(super) fn concat(shapes: &mut [Shape], step: &Step, along: usize) -> Sized {
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

pub(super) fn split(shapes: &mut [Shape], step: &Step, count: i32) -> Sized {
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
