//! Root of the sum of squares of each window.

use crate::eval::prelude::*;
use crate::eval::window;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    window::pooled(cx, |elements, _| norm(elements), |elements, _| norm(elements))
}

fn norm<F: Real>(elements: &mut dyn Iterator<Item = F>) -> F {
    F::of(elements.map(|x| x.wide() * x.wide()).sum::<f64>().sqrt())
}
