mod alike;
mod region;

use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Matched, No, Rewrite, pass};

use crate::ane::{Steps, sizes};

pass! {
    /// Does in at most five axes what ops of six or more do behind a reshape.
    ///
    /// Axes of one element fall away, and neighbours that an op treats alike are one: those that a `transpose`
    /// leaves side by side in their order, that a reduction or a norm goes over, that elementwise ops, `matmul`,
    /// `linear`, `softmax`, `tile`, `concat`, `split`, slices and gathers have no say about. A `transpose` of
    /// what then still has more than five axes is two of blocks of axes. Sizes are known, and what comes before
    /// is of five axes itself.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [8, 6]> x) {
    ///     tensor<fp32, [1, 2, 2, 2, 2, 3]> a = reshape(shape = tensor<int32, [6]>([1, 2, 2, 2, 2, 3]), x = x)[name = string("a")];
    ///     tensor<fp32, [1, 2, 2, 2, 2, 3]> b = transpose(perm = tensor<int32, [6]>([0, 1, 3, 2, 4, 5]), x = a)[name = string("b")];
    ///     tensor<fp32, [8, 6]> y = reshape(shape = tensor<int32, [2]>([8, 6]), x = b)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [8, 6]> x) {
    ///     tensor<int32, [4]> y_shape_0 = const()[name = string("y_shape_0"), val = tensor<int32, [4]>([2, 2, 2, 6])];
    ///     tensor<fp32, [2, 2, 2, 6]> y_blocks = reshape(shape = y_shape_0, x = x)[name = string("y_blocks")];
    ///     tensor<int32, [4]> y_perm_0 = const()[name = string("y_perm_0"), val = tensor<int32, [4]>([0, 2, 1, 3])];
    ///     tensor<fp32, [2, 2, 2, 6]> y_moved = transpose(perm = y_perm_0, x = y_blocks)[name = string("y_moved")];
    ///     tensor<int32, [2]> y_shape_1 = const()[name = string("y_shape_1"), val = tensor<int32, [2]>([8, 6])];
    ///     tensor<fp32, [8, 6]> y = reshape(shape = y_shape_1, x = y_moved)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct LowerRank6;
    id: "lower_rank_6",
    numerics: Exact,
    patterns: [
        /// `transpose` of more than five axes
        moved(transpose),
        /// an op of more than five axes that treats some of them alike
        alike(),
        /// a reshape to five axes or fewer of what was reshaped to more
        returned(reshape | expand_dims | squeeze),
    ],
}

/// The most axes that the Neural Engine takes.
const MOST: usize = 5;
/// Transposes of more axes are left alone: the search goes through the orders of what is left of them.
const AXES: usize = 8;
/// Ops that only reshape.
const VIEWS: &[&str] = &["reshape", "expand_dims", "squeeze"];

fn moved(rw: &mut Rewrite<'_>, transpose: OpId) -> Matched {
    let result = rw.result(transpose)?;
    let rank = rw.rank(result)?;
    No::unless(rank > MOST, "it has at most five axes")?;
    let (x, mut gone) = low(rw, rw.input(transpose, "x")?)?;
    let shape = rw.shape(rw.input(transpose, "x")?)?;
    let order = rw.call(transpose)?.order("perm")?;
    // Where nothing but reshapes follows, six axes are over.
    let ends = match ends(rw, result)? {
        Some((ends, between)) => {
            gone.extend(between);
            gone.push(transpose);
            ends
        }
        None => {
            region::is_lowered(rw, transpose)?;
            vec![transpose]
        }
    };
    let (shape, order) = merged(&shape, &order);
    let turns = turns(&order).ok_or(No::miss("it moves too many axes"))?;
    let mut shapes = Vec::new();
    for &end in &ends {
        shapes.push(rw.shape(rw.result(end)?)?);
    }
    let first = ends[0];
    let mut steps = Steps::new(rw, first);
    let (mut value, mut sizes_now) = (x, shape);
    for turn in turns {
        let (joined, perm) = merged(&sizes_now, &turn);
        let blocks = steps.reshape("blocks", value, &joined)?;
        value = steps.transpose("moved", blocks, &perm)?;
        sizes_now = turn.iter().map(|&axis| sizes_now[axis]).collect();
    }
    for (&end, shape) in ends.iter().zip(&shapes) {
        rw.replace(end, NewOp::new("reshape").with("x", value).with("shape", sizes(shape)), &gone)?;
    }
    Ok(())
}

fn alike(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let plan = alike::Plan::of(rw, op)?;
    region::is_lowered(rw, op)?;
    plan.put(rw, op)
}

fn returned(rw: &mut Rewrite<'_>, view: OpId) -> Matched {
    let many = rw.input(view, "x")?;
    No::unless(rw.rank(many)? > MOST, "it has at most five axes")?;
    let shape = rw.shape(rw.result(view)?)?;
    No::unless((1..=MOST).contains(&shape.len()), "the result has more than five axes, or none")?;
    let (x, gone) = low(rw, many)?;
    let new = NewOp::new("reshape").with("x", x).with("shape", sizes(&shape));
    rw.replace(view, new, &gone)
}

/// The value of few axes that a value was reshaped from, and the ops between.
fn low(rw: &Rewrite<'_>, mut value: ValueId) -> Result<(ValueId, Vec<OpId>), No> {
    let mut between = Vec::new();
    while rw.rank(value)? > MOST {
        let op = rw.definition_anywhere(value, VIEWS)?;
        between.push(op);
        value = rw.input(op, "x")?;
    }
    Ok((value, between))
}

/// Ops that bring a value of many axes back to few, and those between.
type Ends = (Vec<OpId>, Vec<OpId>);

/// The ends of a value that is only reshaped, in program order and in one block.
fn ends(rw: &Rewrite<'_>, value: ValueId) -> Result<Option<Ends>, No> {
    let (mut ends, mut between) = (Vec::new(), Vec::new());
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        for user in rw.graph().users(value) {
            if !rw.is(user, VIEWS) || rw.known(user).is_err() {
                return Ok(None);
            }
            let result = rw.result(user)?;
            rw.shape(result)?;
            if rw.rank(result)? > MOST {
                between.push(user);
                open.push(result);
            } else {
                ends.push(user);
            }
        }
    }
    let graph = rw.graph();
    let block = ends.first().map(|&end| graph.op(end).block());
    let together = ends.iter().all(|&end| Some(graph.op(end).block()) == block);
    // New ops stand before the first one.
    ends.sort_by(
        |&a, &b| if graph.is_before(a, b) { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater },
    );
    ends.dedup();
    Ok((together && !ends.is_empty()).then_some((ends, between)))
}

/// Sizes and order without axes of one element, and with axes that stay side by side as one.
fn merged(shape: &[usize], order: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let kept: Vec<usize> = order.iter().copied().filter(|&axis| shape[axis] != 1).collect();
    let is_next = |a: usize, b: usize| a < b && shape[a + 1..b].iter().all(|&size| size == 1);
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for axis in kept {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|&last| is_next(last, axis)) => group.push(axis),
            _ => groups.push(vec![axis]),
        }
    }
    let mut by_place: Vec<usize> = (0..groups.len()).collect();
    by_place.sort_by_key(|&group| groups[group][0]);
    let sizes = by_place.iter().map(|&group| groups[group].iter().map(|&axis| shape[axis]).product());
    let mut place = vec![0; groups.len()];
    by_place.iter().enumerate().for_each(|(at, &group)| place[group] = at);
    (sizes.collect(), place)
}

/// One transpose, or two one after the other, that make an order, each of at most five blocks of axes.
fn turns(order: &[usize]) -> Option<Vec<Vec<usize>>> {
    let count = order.len();
    if blocks(order) <= MOST {
        return Some(vec![order.to_vec()]);
    }
    if count > AXES {
        return None;
    }
    // What is left to do after a first one: order[i] = first[second[i]].
    let rest = |first: &[usize]| {
        let mut place = vec![0; count];
        first.iter().enumerate().for_each(|(at, &axis)| place[axis] = at);
        order.iter().map(|&axis| place[axis]).collect::<Vec<usize>>()
    };
    let pairs = cuts(count).into_iter().flat_map(|cut| {
        let block = move |at: usize| cut[at]..cut[at + 1];
        let first = move |places: Vec<usize>| places.into_iter().flat_map(&block).collect::<Vec<usize>>();
        permutations(MOST).into_iter().map(first).collect::<Vec<_>>()
    });
    let mut pairs = pairs.map(|first| (rest(&first), first));
    pairs.find(|(second, _)| blocks(second) <= MOST).map(|(second, first)| vec![first, second])
}

/// The ways to cut so many axes into five blocks: where each begins, and the end.
fn cuts(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![vec![0]];
    for block in 1..MOST {
        let longer = |cut: Vec<usize>| {
            let last = cut[cut.len() - 1];
            let left = MOST - block;
            (last + 1..=count.saturating_sub(left)).map(move |next| [&cut[..], &[next]].concat())
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all.into_iter().map(|cut| [&cut[..], &[count]].concat()).collect()
}

/// All orders of so many things.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    (0..count).fold(vec![Vec::new()], |orders, next| {
        let inserted = |order: Vec<usize>| {
            (0..=order.len()).map(move |at| [&order[..at], &[next], &order[at..]].concat())
        };
        orders.into_iter().flat_map(inserted).collect()
    })
}

/// Runs of axes that stay side by side.
fn blocks(order: &[usize]) -> usize {
    1 + order.windows(2).filter(|pair| pair[0] + 1 != pair[1]).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_and_seven_axes_take_two_transposes_at_most() {
        let mut orders = permutations(6);
        orders.extend(permutations(7).into_iter().step_by(13));
        for order in orders {
            let turns = turns(&order).unwrap();
            assert!(turns.len() <= 2 && turns.iter().all(|turn| blocks(turn) <= MOST), "{order:?}");
            let mut now: Vec<usize> = (0..order.len()).collect();
            for turn in turns {
                now = turn.iter().map(|&place| now[place]).collect();
            }
            assert_eq!(now, order);
        }
    }
}
