//! How the elements of a value may be arranged: transposes and reshapes as arithmetic.
//!
//! Each axis of a value is a row of factors, its digits in a mixed base. A view says which factors make the
//! axes of an arrangement: `transpose` puts them in another order, `reshape` groups them anew, and both can be
//! followed by another view or undone. Two views that run through the factors in the same order differ by a
//! reshape only, which moves nothing.

use mil_ir::Dim;

/// A part of the places along an axis: those that differ in one digit of their number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Factor {
    /// The axis.
    pub axis: usize,
    /// How many places.
    pub size: Dim,
    /// The distance of two of them along the axis.
    pub inner: Dim,
}

/// An arrangement of a value's elements: of each new axis the factors that it is made of, the slowest first.
/// An axis of size 1 has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct View {
    pub dims: Vec<Vec<Factor>>,
}

/// What turns one arrangement into another, in this order; sizes that are not numbers are unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Steps {
    pub first: Option<Vec<Dim>>,
    pub transpose: Option<Vec<usize>>,
    pub last: Option<Vec<Dim>>,
}

pub(super) const ONE: Dim = Dim::Fixed(1);

impl View {
    /// A value as it is. `None` where its elements cannot be counted out: an empty one, one of unknown rank.
    pub(super) fn identity(sizes: &[Dim]) -> Option<View> {
        let counted =
            sizes.iter().all(|size| !matches!(size, Dim::Fixed(0) | Dim::Unknown { variadic: true }));
        let whole = |(axis, size): (usize, &Dim)| match *size == ONE {
            true => Vec::new(),
            false => vec![Factor { axis, size: size.clone(), inner: ONE }],
        };
        counted.then(|| View { dims: sizes.iter().enumerate().map(whole).collect() })
    }

    pub(super) fn rank(&self) -> usize {
        self.dims.len()
    }

    /// The sizes of the arrangement.
    pub(super) fn sizes(&self) -> Vec<Dim> {
        self.dims.iter().map(|dim| product(dim)).collect()
    }

    /// With its axes in another order: axis `i` is axis `order[i]` of this one.
    pub(super) fn transposed(&self, order: &[usize]) -> Option<View> {
        let dims = order.iter().map(|&axis| self.dims.get(axis).cloned()).collect::<Option<_>>()?;
        Some(View { dims })
    }

    /// With the same elements in the same order in other axes. `None` where axes would be mixed, or where
    /// unknown sizes hide whether they are.
    pub(super) fn regrouped(&self, sizes: &[Dim]) -> Option<View> {
        let mut rest: Vec<Factor> = self.dims.concat();
        let mut dims: Vec<Vec<Factor>> = vec![Vec::new(); sizes.len()];
        let mut end = sizes.len();
        while let Some(last) = end.checked_sub(1) {
            let Some((front, back)) = cut(&rest, &sizes[last]) else { break };
            (rest, dims[last], end) = (front, back, last);
        }
        // At most one size is not found from the end: what is left between is its own.
        for (dim, size) in dims.iter_mut().zip(&sizes[..end.saturating_sub(1)]) {
            let (front, back) = cut_front(&rest, size)?;
            (*dim, rest) = (front, back);
        }
        match end.checked_sub(1) {
            Some(open) => dims[open] = rest,
            None if !rest.is_empty() => return None,
            None => {}
        }
        Some(View { dims }.merged())
    }

    /// This view, and of its result another one.
    pub(super) fn then(&self, next: &View) -> Option<View> {
        let mut dims = Vec::with_capacity(next.dims.len());
        for dim in &next.dims {
            let mut found = Vec::with_capacity(dim.len());
            for factor in dim {
                found.extend(part(self.dims.get(factor.axis)?, factor)?);
            }
            dims.push(found);
        }
        Some(View { dims }.merged())
    }

    /// The view that undoes this one, of a value with so many axes.
    pub(super) fn inverse(&self, rank: usize) -> Option<View> {
        let mut of_axes: Vec<Vec<(&Factor, Factor)>> = vec![Vec::new(); rank];
        for (axis, dim) in self.dims.iter().enumerate() {
            let mut inner = ONE;
            for factor in dim.iter().rev() {
                let own = Factor { axis, size: factor.size.clone(), inner: inner.clone() };
                inner = times(&inner, &factor.size);
                of_axes.get_mut(factor.axis)?.push((factor, own));
            }
        }
        let mut dims = Vec::with_capacity(rank);
        for mut factors in of_axes {
            let (mut dim, mut inner) = (Vec::with_capacity(factors.len()), ONE);
            while !factors.is_empty() {
                let next = factors.iter().position(|(factor, _)| factor.inner == inner)?;
                let (factor, own) = factors.swap_remove(next);
                inner = times(&inner, &factor.size);
                dim.push(own);
            }
            dim.reverse();
            dims.push(dim);
        }
        Some(View { dims }.merged())
    }

    /// The factors in the order in which the elements lie: equal for views between which nothing moves.
    pub(super) fn order(&self) -> Vec<Factor> {
        merge(self.dims.concat())
    }

    fn merged(self) -> View {
        View { dims: self.dims.into_iter().map(merge).collect() }
    }
}

impl Steps {
    /// From one arrangement of a value of so many axes to another. `None` where the two are of different
    /// elements.
    pub(super) fn between(from: &View, to: &View, rank: usize) -> Option<Steps> {
        if from == to {
            return Some(Steps::default());
        }
        let (before, after) = (from.sizes(), to.sizes());
        let change = from.inverse(rank)?.then(to)?;
        if let Some(order) = change.as_order(&before) {
            return Some(Steps { transpose: Some(order), ..Steps::default() });
        }
        let factors = change.order();
        let split = View { dims: factors.iter().map(|factor| vec![factor.clone()]).collect() };
        let source: Vec<usize> = split.inverse(before.len())?.dims.concat().iter().map(|f| f.axis).collect();
        if source.is_sorted() {
            return Some(Steps { last: Some(after), ..Steps::default() });
        }
        let mut place = vec![0; source.len()];
        source.iter().enumerate().for_each(|(at, &target)| place[target] = at);
        // What lies together on both sides is moved as one.
        let heads: Vec<usize> =
            (0..place.len()).filter(|&at| at == 0 || place[at] != place[at - 1] + 1).collect();
        let mut moved: Vec<(usize, Dim)> = Vec::with_capacity(heads.len());
        for (run, &head) in heads.iter().enumerate() {
            let end = heads.get(run + 1).copied().unwrap_or(place.len());
            moved.push((place[head], product(&factors[head..end])));
        }
        let mut sorted: Vec<&(usize, Dim)> = moved.iter().collect();
        sorted.sort_by_key(|(place, _)| *place);
        let first: Vec<Dim> = sorted.iter().map(|(_, size)| size.clone()).collect();
        let rank_of = |place: usize| sorted.iter().filter(|(other, _)| *other < place).count();
        let transpose = moved.iter().map(|(place, _)| rank_of(*place)).collect();
        let moved: Vec<Dim> = moved.into_iter().map(|(_, size)| size).collect();
        Some(Steps {
            first: Some(first).filter(|sizes| *sizes != before),
            transpose: Some(transpose),
            last: Some(after).filter(|sizes| *sizes != moved),
        })
    }

    /// Nothing but the order of axes changes the order of elements.
    pub(super) fn moves(&self) -> bool {
        self.transpose.is_some()
    }

    pub(super) fn reshapes(&self) -> u64 {
        u64::from(self.first.is_some()) + u64::from(self.last.is_some())
    }

    /// It can be written: no reshape has two sizes that are not numbers, and no more axes than this meet.
    pub(super) fn is_possible(&self, most: usize) -> bool {
        let open = |sizes: &Vec<Dim>| sizes.iter().filter(|size| size.fixed().is_none()).count() > 1;
        let shapes = || self.first.iter().chain(&self.last);
        !shapes().any(open) && shapes().all(|sizes| sizes.len() <= most)
    }
}

impl View {
    /// As an order of whole axes, if it is one. Axes of size 1 stand wherever there is room.
    fn as_order(&self, sizes: &[Dim]) -> Option<Vec<usize>> {
        if self.rank() != sizes.len() {
            return None;
        }
        let mut ones = (0..sizes.len()).filter(|&axis| sizes[axis] == ONE);
        let axis = |dim: &Vec<Factor>| match &dim[..] {
            [] => ones.next(),
            [one] => (one.inner == ONE && one.size == sizes[one.axis]).then_some(one.axis),
            _ => None,
        };
        let order: Vec<usize> = self.dims.iter().map(axis).collect::<Option<_>>()?;
        let moves = order.iter().filter(|&&axis| sizes[axis] != ONE).is_sorted();
        (!moves).then_some(order)
    }
}

/// The factors of an axis that a factor of it is made of.
pub(super) fn part(axis: &[Factor], of: &Factor) -> Option<Vec<Factor>> {
    if of.inner == ONE && of.size == product(axis) {
        return Some(axis.to_vec());
    }
    let (rest, _) = cut(axis, &of.inner)?;
    Some(cut(&rest, &of.size)?.1)
}

/// Parts factors so that those behind have this many places together.
fn cut(factors: &[Factor], size: &Dim) -> Option<(Vec<Factor>, Vec<Factor>)> {
    let (mut at, mut behind) = (factors.len(), ONE);
    while !same(&behind, size) {
        at = at.checked_sub(1)?;
        let factor = &factors[at];
        if let (Some(behind), Some(wanted), Some(own)) = (behind.fixed(), size.fixed(), factor.size.fixed())
            && behind.checked_mul(own).is_none_or(|all| all > wanted)
        {
            let (fast, slow) = split(factor, quotient(wanted, behind)?)?;
            let front = factors[..at].iter().cloned().chain([slow]).collect();
            let back = [fast].into_iter().chain(factors[at + 1..].iter().cloned()).collect();
            return Some((front, back));
        }
        behind = times(&behind, &factor.size);
    }
    Some((factors[..at].to_vec(), factors[at..].to_vec()))
}

/// Parts factors so that those in front have this many places together.
fn cut_front(factors: &[Factor], size: &Dim) -> Option<(Vec<Factor>, Vec<Factor>)> {
    let (mut at, mut before) = (0, ONE);
    while !same(&before, size) {
        let factor = factors.get(at)?;
        if let (Some(before), Some(wanted), Some(own)) = (before.fixed(), size.fixed(), factor.size.fixed())
            && before.checked_mul(own).is_none_or(|all| all > wanted)
        {
            let (fast, slow) = split(factor, quotient(own, quotient(wanted, before)?)?)?;
            let front = factors[..at].iter().cloned().chain([slow]).collect();
            let back = [fast].into_iter().chain(factors[at + 1..].iter().cloned()).collect();
            return Some((front, back));
        }
        before = times(&before, &factor.size);
        at += 1;
    }
    Some((factors[..at].to_vec(), factors[at..].to_vec()))
}

/// A factor as two, of which the fast one has this size.
fn split(factor: &Factor, fast: u64) -> Option<(Factor, Factor)> {
    let slow = quotient(factor.size.fixed()?, fast)?;
    let (fast, slow) = (Dim::Fixed(fast), Dim::Fixed(slow));
    let inner = times(&factor.inner, &fast);
    Some((
        Factor { axis: factor.axis, size: fast, inner: factor.inner.clone() },
        Factor { axis: factor.axis, size: slow, inner },
    ))
}

fn quotient(a: u64, b: u64) -> Option<u64> {
    a.checked_rem(b).filter(|&rest| rest == 0).map(|_| a / b)
}

/// Neighbours that lie as they do in their axis are one factor.
pub(super) fn merge(factors: Vec<Factor>) -> Vec<Factor> {
    let mut merged: Vec<Factor> = Vec::with_capacity(factors.len());
    for factor in factors {
        if let Some(last) = merged.last_mut()
            && last.axis == factor.axis
            && same(&last.inner, &times(&factor.size, &factor.inner))
        {
            *last = Factor { size: times(&last.size, &factor.size), ..factor };
        } else {
            merged.push(factor);
        }
    }
    merged
}

pub(super) fn product(factors: &[Factor]) -> Dim {
    factors.iter().fold(ONE, |product, factor| times(&product, &factor.size))
}

pub(super) fn times(a: &Dim, b: &Dim) -> Dim {
    match (a, b) {
        (Dim::Fixed(1), other) | (other, Dim::Fixed(1)) => other.clone(),
        (Dim::Fixed(a), Dim::Fixed(b)) => a.checked_mul(*b).map_or(Dim::UNKNOWN, Dim::Fixed),
        _ => a.times(b),
    }
}

/// Certainly equal.
pub(super) fn same(a: &Dim, b: &Dim) -> bool {
    a == b && !matches!(a, Dim::Unknown { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(sizes: &[usize]) -> Vec<Dim> {
        sizes.iter().map(|&size| size.into()).collect()
    }

    /// Where the elements of a value of this shape come to stand.
    fn places(view: &View, shape: &[usize]) -> Vec<usize> {
        let strides: Vec<usize> = (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect();
        let number = |dim: &Dim| dim.fixed().unwrap() as usize;
        view.dims.concat().iter().fold(vec![0], |places, factor| {
            let step = number(&factor.inner) * strides[factor.axis];
            let digits = 0..number(&factor.size);
            places.iter().flat_map(|&place| digits.clone().map(move |digit| place + digit * step)).collect()
        })
    }

    #[test]
    fn a_window_partition_is_undone_by_its_inverse() {
        let shape = sizes(&[1, 8, 6, 5]);
        let image = View::identity(&shape).unwrap();
        let windows = image.regrouped(&sizes(&[1, 2, 4, 3, 2, 5])).unwrap();
        let windows = windows.transposed(&[0, 1, 3, 2, 4, 5]).unwrap();
        let windows = windows.regrouped(&sizes(&[6, 8, 5])).unwrap();
        assert_eq!(windows.sizes(), sizes(&[6, 8, 5]));
        let back = windows.inverse(4).unwrap();
        assert_eq!(windows.then(&back), Some(image.clone()));
        let steps = Steps::between(&image, &windows, 4).unwrap();
        assert_eq!(steps.first, Some(sizes(&[2, 4, 3, 10])));
        assert_eq!(steps.transpose, Some(vec![0, 2, 1, 3]));
        assert_eq!(steps.last, Some(sizes(&[6, 8, 5])));
        assert_eq!(places(&windows, &[1, 8, 6, 5])[10..12], [30, 31]);
    }

    #[test]
    fn steps_do_what_the_views_say() {
        let shape = [2, 3, 4];
        let value = View::identity(&sizes(&shape)).unwrap();
        let views = [
            value.clone(),
            value.transposed(&[2, 0, 1]).unwrap(),
            value.regrouped(&sizes(&[6, 4])).unwrap().transposed(&[1, 0]).unwrap(),
            value.regrouped(&sizes(&[2, 3, 2, 2])).unwrap().transposed(&[3, 0, 2, 1]).unwrap(),
            value.regrouped(&sizes(&[24])).unwrap(),
            value.transposed(&[1, 0, 2]).unwrap().regrouped(&sizes(&[3, 8])).unwrap(),
        ];
        for from in &views {
            for to in &views {
                let steps = Steps::between(from, to, 3).unwrap();
                let mut reached = View::identity(&from.sizes()).unwrap();
                if let Some(sizes) = &steps.first {
                    reached = reached.regrouped(sizes).unwrap();
                }
                if let Some(order) = &steps.transpose {
                    reached = reached.transposed(order).unwrap();
                }
                if let Some(sizes) = &steps.last {
                    reached = reached.regrouped(sizes).unwrap();
                }
                assert_eq!(from.then(&reached).as_ref(), Some(to), "{steps:?}");
                assert_eq!(steps.moves(), places(from, &shape) != places(to, &shape));
            }
        }
    }

    #[test]
    fn a_reshape_that_mixes_axes_is_no_view() {
        let value = View::identity(&sizes(&[6, 4])).unwrap();
        assert_eq!(value.transposed(&[1, 0]).unwrap().regrouped(&sizes(&[3, 8])), None);
        assert!(value.regrouped(&sizes(&[8, 3])).is_none());
        assert!(View::identity(&sizes(&[0, 3])).is_none());
    }
}
