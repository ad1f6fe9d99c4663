//! Flexible shapes and sizes, and the defaults within them.

use crate::{Flexibility, SizeFlexibility, SizeRange};

/// The shapes of an array and its default shape, which may be empty.
pub(super) fn verify_shapes(
    default: &[i64],
    flexibility: &Flexibility,
    add: &mut dyn FnMut(&'static str, String),
) {
    match flexibility {
        Flexibility::Enumerated(shapes) => {
            if shapes.is_empty() {
                add("shape-set", "the set of its shapes is empty".into());
            } else if shapes.iter().any(Vec::is_empty) {
                add("shape-set", "a shape of the set has no sizes".into());
            } else if !default.is_empty() && !shapes.iter().any(|shape| shape == default) {
                add("shape-set", format!("the default shape {default:?} is not in the set"));
            }
        }
        Flexibility::Ranges(ranges) => {
            for (axis, range) in ranges.iter().enumerate().filter(|(_, range)| range.is_reversed()) {
                add("shape-range", format!("the range of axis {axis} is {range}"));
            }
            if default.is_empty() {
                return;
            }
            if default.len() != ranges.len() {
                let message =
                    format!("the default shape has {} axes, the ranges {}", default.len(), ranges.len());
                add("shape-range", message);
            }
            for (axis, (&size, range)) in default.iter().zip(ranges).enumerate() {
                if !range.contains(size) {
                    let message = format!("the default size {size} of axis {axis} is outside of {range}");
                    add("shape-range", message);
                }
            }
        }
    }
}

/// The sizes of an image and its default size, of which a part may be left out.
pub(super) fn verify_image_sizes(
    default: (i64, i64),
    flexibility: Option<&SizeFlexibility>,
    add: &mut dyn FnMut(&'static str, String),
) {
    let is_given = default.0 > 0 && default.1 > 0;
    let size = match flexibility {
        None => default,
        Some(SizeFlexibility::Enumerated(sizes)) => {
            let signed = |(width, height): (u64, u64)| {
                (i64::try_from(width).unwrap_or(i64::MAX), i64::try_from(height).unwrap_or(i64::MAX))
            };
            let Some(&first) = sizes.first() else {
                add("image-size", "the set of its sizes is empty".into());
                return;
            };
            if is_given && !sizes.iter().any(|&size| signed(size) == default) {
                add("image-size", format!("the size {} x {} is not in the set", default.0, default.1));
            }
            if is_given { default } else { signed(first) }
        }
        Some(SizeFlexibility::Range(width, height)) => {
            let ranges = [width.unwrap_or_default(), height.unwrap_or_default()];
            for (axis, range) in
                ["width", "height"].iter().zip(ranges).filter(|(_, range)| range.is_reversed())
            {
                add("image-size", format!("the range of the {axis} is {range}"));
            }
            let lower = |range: SizeRange| i64::try_from(range.lower).unwrap_or(i64::MAX);
            if is_given {
                for ((axis, size), range) in [("width", default.0), ("height", default.1)].iter().zip(ranges)
                {
                    if !range.contains(*size) {
                        add("image-size", format!("the {axis} {size} is outside of {range}"));
                    }
                }
                default
            } else {
                (lower(ranges[0]), lower(ranges[1]))
            }
        }
    };
    if size.0 <= 0 || size.1 <= 0 {
        add("image-size", format!("an image of {} x {} pixels", size.0, size.1));
    }
}
