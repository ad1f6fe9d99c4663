//! Arithmetic on shapes: the elements of small tensors of numbers.

use mil_ir::{Dim, Operand};
use mil_tensor::{DType, Tensor, place};

use super::Shapes;
use super::number::{Known, Number, is_followed};
use crate::{Call, Elements};

/// Elements of the largest tensor that is followed: more than any rank.
const MOST: usize = 64;

/// Elements in row-major order; `None` for one of which nothing is known.
pub(super) type Numbers = Vec<Option<Number>>;

/// The elements of a constant of integers.
pub(crate) fn constant(tensor: &Tensor) -> Option<Elements> {
    tensor.dtype().is_int().then(|| numbers(tensor)).flatten().map(|numbers| whole(&numbers))
}

/// The elements of a constant.
pub(super) fn numbers(tensor: &Tensor) -> Option<Numbers> {
    let followed = is_followed(tensor.dtype()) && tensor.len() <= MOST;
    let values = followed.then(|| tensor.to_f64s().ok())??;
    Some(values.into_iter().map(Number::from_f64).collect())
}

/// Those elements that are whole numbers, as expressions.
pub(super) fn whole(numbers: &Numbers) -> Elements {
    numbers.iter().map(|number| number.as_ref()?.as_whole().cloned()).collect()
}

/// The elements of the only result of an op, an array of this element type and name, where its operands'
/// elements say them.
pub(super) fn of(call: &Call<'_>, shapes: &Shapes, dtype: DType, name: &str) -> Option<Numbers> {
    let site = Site { call, shapes };
    let found: Vec<Option<Known>> = match call.def().name {
        "add" => site.pairs(Number::plus)?,
        "sub" => site.pairs(Number::minus)?,
        "mul" if dtype.is_float() => site.pairs(Number::times_of_floats)?,
        "mul" => site.pairs(Number::times)?,
        "maximum" => site.pairs(Number::maximum)?,
        "minimum" => site.pairs(Number::minimum)?,
        "floor_div" if dtype.is_int() => site.pairs(Number::floor_div)?,
        "mod" if dtype.is_int() => site.pairs(Number::modulo)?,
        "real_div" if dtype.is_float() => site.pairs(Number::divided)?,
        "floor" => site.each(Number::floor)?,
        "ceil" => site.each(Number::ceil)?,
        "cast" if dtype.is_int() => site.each(Number::truncated)?,
        "cast" => site.each(Number::itself)?,
        "reduce_prod" if dtype.is_int() => site.reduced(1.0, Number::times, dtype, name)?,
        "reduce_prod" => site.reduced(1.0, Number::times_of_floats, dtype, name)?,
        "reduce_sum" => site.reduced(0.0, Number::plus, dtype, name)?,
        "shape" => {
            let sizes = call.dims_of("x")?.iter().map(Dim::expression);
            sizes.map(|size| Some(Number::whole(size?).itself())).collect()
        }
        _ => return site.moved().filter(|found| is_worth_it(dtype, found)),
    };
    let settled = found.into_iter().enumerate();
    let settled = settled.map(|(at, known)| known?.settle(dtype, || format!("{name}[{at}]")));
    Some(settled.collect()).filter(|found| is_worth_it(dtype, found))
}

fn is_worth_it(dtype: DType, found: &Numbers) -> bool {
    is_followed(dtype) && found.len() <= MOST && found.iter().any(Option::is_some)
}

/// An op, and what is known of its operands.
struct Site<'a> {
    call: &'a Call<'a>,
    shapes: &'a Shapes,
}

impl Site<'_> {
    /// The elements of an operand.
    fn operand(&self, operand: &Operand) -> Option<Numbers> {
        self.shapes.numbers_of(self.call.graph(), operand)
    }

    /// The elements of what is bound to a parameter.
    fn input(&self, param: &str) -> Option<Numbers> {
        self.operand(self.call.operand(param)?)
    }

    /// The elements of a vector.
    fn vector(&self, param: &str) -> Option<Numbers> {
        (self.call.dims_of(param)?.len() == 1).then(|| self.input(param))?
    }

    /// The elements of ops that move them without computing.
    fn moved(&self) -> Option<Numbers> {
        match self.call.def().name {
            "identity" | "reshape" | "squeeze" | "expand_dims" => self.input("x"),
            "gather" => self.gather(),
            "slice_by_index" => self.slice_by_index(),
            "slice_by_size" => self.slice_by_size(),
            "concat" => self.concat(),
            "stack" => self.rows(0).map(|rows| rows.concat()),
            "fill" => self.fill(),
            _ => None,
        }
    }

    fn each(&self, with: fn(&Number) -> Known) -> Option<Vec<Option<Known>>> {
        Some(self.input("x")?.iter().map(|number| number.as_ref().map(with)).collect())
    }

    /// Element by element, broadcast to each other.
    fn pairs(&self, with: fn(&Number, &Number) -> Known) -> Option<Vec<Option<Known>>> {
        let (x, y) = (self.input("x")?, self.input("y")?);
        let (a, b) = (self.sizes("x", x.len())?, self.sizes("y", y.len())?);
        let rank = a.len().max(b.len());
        let size =
            |sizes: &[usize], axis: usize| (axis + sizes.len()).checked_sub(rank).map_or(1, |at| sizes[at]);
        let shape: Vec<usize> = (0..rank)
            .map(|axis| match (size(&a, axis), size(&b, axis)) {
                (a, b) if a == b => Some(a),
                (1, other) | (other, 1) => Some(other),
                _ => None,
            })
            .collect::<Option<_>>()?;
        let count = shape.iter().try_fold(1_usize, |count, &size| count.checked_mul(size))?;
        if count > MOST {
            return None;
        }
        // Where the element at a place of the result comes from.
        let place = |sizes: &[usize], mut at: usize| {
            let (mut place, mut step) = (0, 1);
            for axis in (0..rank).rev() {
                let own = size(sizes, axis);
                place += if own == 1 { 0 } else { at % shape[axis] * step };
                (at, step) = (at / shape[axis], step * own);
            }
            place
        };
        let pair = |at| Some(with(x[place(&a, at)].as_ref()?, y[place(&b, at)].as_ref()?));
        Some((0..count).map(pair).collect())
    }

    /// The sizes of a parameter of so many elements.
    fn sizes(&self, param: &str, count: usize) -> Option<Vec<usize>> {
        let sizes = match self.call.dims_of(param)? {
            [_] => vec![count],
            dims => dims.iter().map(|dim| usize::try_from(dim.fixed()?).ok()).collect::<Option<Vec<_>>>()?,
        };
        (sizes.iter().try_fold(1_usize, |count, &size| count.checked_mul(size))? == count).then_some(sizes)
    }

    /// All elements of a vector as one.
    fn reduced(
        &self,
        start: f64,
        with: fn(&Number, &Number) -> Known,
        dtype: DType,
        name: &str,
    ) -> Option<Vec<Option<Known>>> {
        if self.call.is_given("axes") && self.call.ints("axes").ok()?.is_empty() {
            return None;
        }
        let all = self.vector("x")?;
        let mut sum = Number::from_f64(start);
        for (at, number) in all.iter().enumerate() {
            let known = with(sum.as_ref()?, number.as_ref()?);
            sum = known.settle(dtype, || format!("{name}[0..={at}]"));
        }
        Some(vec![sum.map(|sum| sum.itself())])
    }

    fn gather(&self) -> Option<Numbers> {
        let from = self.vector("x")?;
        if self.call.is_given("batch_dims") && self.call.int("batch_dims").ok()? != 0 {
            return None;
        }
        let indices = self.call.ints("indices").ok()?.into_iter();
        indices.map(|index| from.get(place(index, from.len())?).cloned()).collect()
    }

    fn slice_by_index(&self) -> Option<Numbers> {
        let from = self.vector("x")?;
        let one = |param: &str| match self.call.ints(param).ok()?[..] {
            [number] => Some(number),
            _ => None,
        };
        let or = |param: &str, default| if self.call.is_given(param) { one(param) } else { Some(default) };
        let set = |param: &str| Some(or(param, 0)? != 0);
        let (from_edge, to_edge, step) = (set("begin_mask")?, set("end_mask")?, or("stride", 1)?);
        if set("squeeze_mask")? {
            let begin = if from_edge { 0 } else { one("begin")? };
            return Some(vec![from.get(place(begin, from.len())?)?.clone()]);
        }
        // As Python's `slice.indices`.
        let len = i64::try_from(from.len()).ok()?;
        let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
        let bound =
            |number: i64| (if number < 0 { number.saturating_add(len) } else { number }).clamp(low, high);
        let (first, last) = if step > 0 { (low, high) } else { (high, low) };
        let begin = if from_edge { first } else { bound(one("begin")?) };
        let end = if to_edge { last } else { bound(one("end")?) };
        let is_inside = |at: &i64| if step > 0 { *at < end } else { *at > end };
        if step == 0 {
            return None;
        }
        let places = std::iter::successors(Some(begin), |at| at.checked_add(step)).take_while(is_inside);
        places.map(|at| from.get(usize::try_from(at).ok()?).cloned()).collect()
    }

    fn slice_by_size(&self) -> Option<Numbers> {
        let from = self.vector("x")?;
        let (&[begin], &[size]) = (&self.call.ints("begin").ok()?[..], &self.call.ints("size").ok()?[..])
        else {
            return None;
        };
        let begin = place(begin, from.len())?;
        let end = if size == -1 { from.len() } else { begin.checked_add(usize::try_from(size).ok()?)? };
        from.get(begin..end).map(<[_]>::to_vec)
    }

    /// The elements of each operand, all of which have this rank. Scalars count as rows of one.
    fn rows(&self, rank: usize) -> Option<Vec<Numbers>> {
        let row = |operand| {
            let sizes = self.call.operand_type(operand).as_tensor()?.shape.dims()?;
            let count = match sizes {
                [] => 1,
                [Dim::Fixed(count)] => usize::try_from(*count).ok().filter(|&count| count <= MOST)?,
                _ => return None,
            };
            (sizes.len() <= rank).then(|| self.operand(operand).unwrap_or_else(|| vec![None; count]))
        };
        self.call.operands("values").iter().take(MOST + 1).map(row).collect()
    }

    /// Of vectors, or of scalars, as converters put sizes together.
    fn concat(&self) -> Option<Numbers> {
        let rows = self.rows(1).or_else(|| self.rows(0))?;
        if !self.call.bool("interleave").ok()? {
            return Some(rows.concat());
        }
        let len = rows.first()?.len();
        if rows.iter().any(|row| row.len() != len) {
            return None;
        }
        Some((0..len).flat_map(|at| rows.iter().map(move |row| row[at].clone())).collect())
    }

    fn fill(&self) -> Option<Numbers> {
        let sizes = self.call.ints("shape").ok()?;
        let count =
            sizes.iter().try_fold(1_usize, |count, &size| count.checked_mul(size.try_into().ok()?))?;
        let value = Number::from_f64(self.call.float("value").ok()?)?;
        (count <= MOST).then(|| vec![Some(value); count])
    }
}
