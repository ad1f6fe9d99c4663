//! Which weight takes which form: the least error within a size, or the least size within an error.
//!
//! This is the knapsack problem with multiple choice. It is solved exactly, by dynamic programming over the
//! sums of sizes and errors that no other sums beat; what cannot lead to a better answer than a known one, by
//! the bound that a Lagrange multiplier gives, is dropped on the way. Where too many sums are left, the best
//! that was found comes with a bound on how much better any other could be.

mod search;

/// One of the forms that a weight can have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Form {
    /// Bytes.
    pub size: u64,
    /// What is lost; errors of weights add up.
    pub error: f64,
}

/// A form for each weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Allocation {
    /// For each weight, which of its forms.
    pub chosen: Vec<usize>,
    /// The sum of their sizes.
    pub size: u64,
    /// The sum of their errors.
    pub error: f64,
    /// No allocation within the limit has less of what was to be small: the error for [`least_error`], the size
    /// for [`least_size`].
    pub bound: f64,
    /// No allocation is better.
    pub is_optimal: bool,
}

/// The forms with the least error whose sizes add up to no more than `size`; `None` where there are none.
pub fn least_error(weights: &[Vec<Form>], size: u64) -> Option<Allocation> {
    let load = |form: &Form| (form.error, form.size as f64);
    answer(weights, search::solve(&pairs(weights, load)?, size as f64, search::MOST)?, |all| all.error)
}

/// The forms with the least size whose errors add up to no more than `error`; `None` where there are none.
pub fn least_size(weights: &[Vec<Form>], error: f64) -> Option<Allocation> {
    let load = |form: &Form| (form.size as f64, form.error);
    answer(weights, search::solve(&pairs(weights, load)?, error, search::MOST)?, |all| all.size as f64)
}

/// What is to be small and what is limited, of each form; `None` where an error is not a number.
fn pairs(weights: &[Vec<Form>], load: impl Fn(&Form) -> (f64, f64)) -> Option<Vec<Vec<(f64, f64)>>> {
    let sound = weights.iter().flatten().all(|form| form.error.is_finite() && form.error >= 0.0);
    sound.then(|| weights.iter().map(|forms| forms.iter().map(&load).collect()).collect())
}

fn answer(
    weights: &[Vec<Form>],
    found: search::Found,
    cost: impl Fn(&Allocation) -> f64,
) -> Option<Allocation> {
    let forms = || weights.iter().zip(&found.chosen).filter_map(|(forms, &at)| forms.get(at));
    let (size, error) = (forms().map(|form| form.size).sum(), forms().map(|form| form.error).sum());
    let (bound, is_optimal) = (found.bound, found.is_optimal);
    let mut all = Allocation { chosen: found.chosen.clone(), size, error, bound, is_optimal };
    all.bound = if is_optimal { cost(&all) } else { bound.min(cost(&all)) };
    Some(all)
}

#[cfg(test)]
mod tests;
