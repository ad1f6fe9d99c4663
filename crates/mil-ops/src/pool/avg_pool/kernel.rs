//! Mean of each window. Padding counts as zeros, or not at all.

use crate::eval::prelude::*;
use crate::eval::window;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    if cx.bool("exclude_padding_from_average")? {
        return window::pooled(cx, |elements, _| mean(elements, None), |elements, _| mean(elements, None));
    }
    window::pooled(
        cx,
        |elements, size| mean(elements, Some(size)),
        |elements, size| mean(elements, Some(size)),
    )
}

fn mean<F: Real>(elements: &mut dyn Iterator<Item = F>, size: Option<usize>) -> F {
    let (mut sum, mut count) = (0.0, 0);
    for element in elements {
        sum += element.wide();
        count += 1;
    }
    F::of(sum / size.unwrap_or(count).max(1) as f64)
}
