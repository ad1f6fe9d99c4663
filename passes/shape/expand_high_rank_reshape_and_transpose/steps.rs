//! A permutation of many axes as permutations of at most five blocks of them.

use mil_pass::No;

/// A `reshape` and the `transpose` behind it, of five axes at most.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) shape: Vec<i64>,
    pub(super) order: Vec<usize>,
}

/// Axes that move as one: what they become in the end is a place in a row, and they are kept in memory order.
#[derive(Clone, Copy)]
struct Group {
    place: usize,
    /// -1 where it is not known.
    size: i64,
}

/// The most blocks of axes that are searched for the best step.
const MOST: usize = 24;

/// The steps that do what a transpose of `shape` by `order` does. One size may be -1.
pub(super) fn steps(shape: &[i64], order: &[usize]) -> Result<Vec<Step>, No> {
    // Axes in memory order, each with its place in the result; an axis of size 1 may be anywhere.
    let kept: Vec<usize> = order.iter().copied().filter(|&axis| shape[axis] != 1).collect();
    let place = |axis: usize| kept.iter().position(|&other| other == axis);
    let placed =
        shape.iter().enumerate().filter_map(|(axis, &size)| Some(Group { place: place(axis)?, size }));
    let mut groups = merged(placed.collect());
    No::unless(groups.len() <= MOST, "too many axes move apart")?;
    let mut steps = Vec::new();
    while groups.len() > 1 {
        let (cuts, order) = best(&groups);
        let mut bounds = vec![0];
        bounds.extend(cuts);
        bounds.push(groups.len());
        let blocks: Vec<&[Group]> = bounds.windows(2).map(|pair| &groups[pair[0]..pair[1]]).collect();
        let shape = blocks.iter().map(|block| product(block.iter().map(|group| group.size))).collect();
        let moved = order.iter().flat_map(|&block| blocks[block].iter().copied()).collect();
        steps.push(Step { shape, order });
        groups = merged(moved);
    }
    Ok(steps)
}

/// Groups that stand side by side and do so in the end, as one; places are counted anew.
fn merged(groups: Vec<Group>) -> Vec<Group> {
    let mut runs: Vec<(usize, Group)> = Vec::new();
    for group in groups {
        match runs.last_mut() {
            Some((last, run)) if *last + 1 == group.place => {
                *last = group.place;
                run.size = product([run.size, group.size].into_iter());
            }
            _ => runs.push((group.place, group)),
        }
    }
    let mut places: Vec<usize> = runs.iter().map(|(_, run)| run.place).collect();
    places.sort_unstable();
    let rank = |place: usize| places.partition_point(|&other| other < place);
    runs.into_iter().map(|(_, run)| Group { place: rank(run.place), size: run.size }).collect()
}

fn product(sizes: impl Iterator<Item = i64>) -> i64 {
    sizes.fold(1, |product, size| if product < 0 || size < 0 { -1 } else { product * size })
}

/// Where to cut into at most five blocks, and the order of the blocks that leaves the fewest groups.
fn best(groups: &[Group]) -> (Vec<usize>, Vec<usize>) {
    let blocks = groups.len().min(5);
    let orders = permutations(blocks);
    let mut cuts: Vec<usize> = (1..blocks).collect();
    let mut best: Option<(usize, Vec<usize>, Vec<usize>)> = None;
    loop {
        let bounds: Vec<usize> = [&[0], &cuts[..], &[groups.len()]].concat();
        for order in &orders {
            let joined = order
                .windows(2)
                .filter(|pair| groups[bounds[pair[0] + 1] - 1].place + 1 == groups[bounds[pair[1]]].place);
            let joined = joined.count();
            if best.as_ref().is_none_or(|(most, ..)| joined > *most) {
                best = Some((joined, cuts.clone(), order.clone()));
            }
        }
        // The next choice of cuts, in lexicographic order.
        let Some(at) = (0..cuts.len()).rev().find(|&at| cuts[at] < groups.len() - (cuts.len() - at)) else {
            break;
        };
        cuts[at] += 1;
        for next in at + 1..cuts.len() {
            cuts[next] = cuts[next - 1] + 1;
        }
    }
    best.map_or_else(Default::default, |(_, cuts, order)| (cuts, order))
}

/// All orders of so many things, the given one first.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    (0..count).fold(vec![Vec::new()], |orders, _| {
        let extended = orders.into_iter().flat_map(|order: Vec<usize>| {
            let free: Vec<usize> = (0..count).filter(|next| !order.contains(next)).collect();
            free.into_iter().map(move |next| [&order[..], &[next]].concat())
        });
        extended.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Elements, by their numbers, as the steps leave them.
    fn moved(shape: &[i64], steps: &[Step]) -> Vec<usize> {
        let mut elements: Vec<usize> = (0..shape.iter().product::<i64>() as usize).collect();
        for step in steps {
            elements = transposed(&elements, &step.shape, &step.order);
        }
        elements
    }

    fn transposed(elements: &[usize], shape: &[i64], order: &[usize]) -> Vec<usize> {
        let strides: Vec<usize> =
            (0..shape.len()).map(|axis| shape[axis + 1..].iter().product::<i64>() as usize).collect();
        let mut places = vec![0];
        for &axis in order {
            let along = (0..shape[axis] as usize).map(|at| at * strides[axis]);
            let along: Vec<usize> = along.collect();
            places = places.iter().flat_map(|place| along.iter().map(move |at| place + at)).collect();
        }
        places.into_iter().map(|place| elements[place]).collect()
    }

    #[test]
    fn steps_move_elements_as_the_transpose_does() {
        let cases: [(&[i64], &[usize], usize); 5] = [
            (&[2, 3, 2, 2, 3, 2], &[5, 4, 3, 2, 1, 0], 2),
            (&[1, 2, 1, 3, 2, 2, 1, 5, 2, 3], &[0, 1, 2, 3, 4, 9, 5, 6, 7, 8], 1),
            (&[2, 2, 2, 2, 2, 2, 2, 2], &[7, 5, 3, 1, 6, 4, 2, 0], 2),
            (&[2, 1, 3], &[1, 0, 2], 0),
            (&[2, 2, 2, 2, 2, 2, 2, 2, 2, 2], &[9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 3),
        ];
        for (shape, order, count) in cases {
            let found = steps(shape, order).unwrap_or_else(|no| panic!("{no:?}"));
            let all: Vec<usize> = (0..shape.iter().product::<i64>() as usize).collect();
            assert_eq!(moved(shape, &found), transposed(&all, shape, order), "{shape:?} by {order:?}");
            assert!(found.iter().all(|step| step.shape.len() <= 5), "{found:?}");
            assert!(found.len() <= count, "{shape:?} by {order:?}: {found:?}");
        }
    }
}
