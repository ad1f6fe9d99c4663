//! Where the elements of a value come from: boxes of it that are boxes of an input.

use std::borrow::Cow;

use mil_ir::ValueId;

/// A value: the boxes that it consists of, which do not overlap, and the shape in which they stand.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Held {
    pub shape: Vec<usize>,
    pub boxes: Vec<Part>,
    /// The shape of the value, where a reshape put the elements into another one than that of the boxes.
    pub outer: Vec<usize>,
}

/// A box of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub begin: Vec<usize>,
    pub size: Vec<usize>,
    pub from: Vec<Origin>,
    /// What the new elements among these are computed from, where there are any.
    pub new: Vec<ValueId>,
}

/// Where the elements of a box are in an input.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Origin {
    pub input: ValueId,
    /// For each axis of the value, the axis of the input.
    pub axes: Vec<Option<usize>>,
    /// The place of the box's first element, along each axis of the input.
    pub place: Vec<i64>,
    /// The shape in which the input is seen: its own, or one that it was given as a whole.
    pub frame: Vec<usize>,
    pub how: How,
}

/// What a box has to do with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Its elements are the input's.
    Old,
    /// They were joined to the input, and are numbered as if it went on.
    Joined,
}

impl Held {
    /// An input as a whole.
    pub(super) fn input(value: ValueId, shape: Vec<usize>) -> Held {
        let from = Origin {
            input: value,
            axes: (0..shape.len()).map(Some).collect(),
            place: vec![0; shape.len()],
            frame: shape.clone(),
            how: How::Old,
        };
        let boxes = vec![Part {
            begin: vec![0; shape.len()],
            size: shape.clone(),
            from: vec![from],
            new: Vec::new(),
        }];
        Held::of(shape, boxes)
    }

    /// Elements that are computed.
    pub(super) fn new(value: ValueId, shape: Vec<usize>) -> Held {
        let begin = vec![0; shape.len()];
        let boxes = vec![Part { begin, size: shape.clone(), from: Vec::new(), new: vec![value] }];
        Held::of(shape, boxes)
    }

    pub(super) fn of(shape: Vec<usize>, boxes: Vec<Part>) -> Held {
        Held { outer: shape.clone(), shape, boxes }
    }

    /// The boxes in the value's own shape. An input as a whole can be seen in any.
    pub(super) fn plain(&self) -> Option<Cow<'_, Held>> {
        if self.outer == self.shape {
            return Some(Cow::Borrowed(self));
        }
        self.whole().map(|from| Cow::Owned(Held::input(from.input, self.outer.clone())))
    }

    /// It is the whole of one input, and nothing else.
    pub(super) fn whole(&self) -> Option<&Origin> {
        let [only] = &self.boxes[..] else { return None };
        let [from] = &only.from[..] else { return None };
        let straight = from.axes.iter().copied().eq((0..self.shape.len()).map(Some));
        let old = from.how == How::Old && only.new.is_empty();
        (old && straight && from.place.iter().all(|&at| at == 0) && only.size == self.shape).then_some(from)
    }

    /// With elements that may have been replaced by others, anywhere.
    pub(super) fn perhaps(mut self, new: ValueId) -> Held {
        for one in &mut self.boxes {
            one.from.retain(|from| from.how == How::Old);
            one.new.push(new);
        }
        self
    }

    pub(super) fn reshaped(&self, shape: Vec<usize>) -> Held {
        let long = |shape: &[usize]| shape.iter().copied().filter(|&size| size != 1).collect::<Vec<usize>>();
        let same = self.outer == self.shape && long(&shape) == long(&self.shape);
        if shape == self.shape || !same {
            return Held { outer: shape, ..self.clone() };
        }
        // Only axes of size 1 come and go.
        let mut old = self.shape.iter().enumerate().filter(|(_, size)| **size != 1).map(|(axis, _)| axis);
        let axes: Vec<Option<usize>> =
            shape.iter().map(|&size| if size == 1 { None } else { old.next() }).collect();
        self.with_axes(&axes, shape)
    }

    /// The axes of the result are these axes of the value; none is one of size 1.
    pub(super) fn with_axes(&self, axes: &[Option<usize>], shape: Vec<usize>) -> Held {
        let boxes = self.boxes.iter().map(|one| Part {
            begin: axes.iter().map(|axis| axis.map_or(0, |axis| one.begin[axis])).collect(),
            size: axes.iter().map(|axis| axis.map_or(1, |axis| one.size[axis])).collect(),
            from: one
                .from
                .iter()
                .map(|from| Origin {
                    axes: axes.iter().map(|axis| axis.and_then(|axis| from.axes[axis])).collect(),
                    ..from.clone()
                })
                .collect(),
            new: one.new.clone(),
        });
        Held::of(shape, boxes.collect())
    }

    /// The part from `begin` on.
    pub(super) fn sliced(&self, begin: &[usize], size: &[usize]) -> Held {
        let boxes = self.boxes.iter().filter_map(|one| one.within(begin, size));
        let mut boxes: Vec<Part> = boxes.collect();
        for one in &mut boxes {
            one.begin.iter_mut().zip(begin).for_each(|(at, begin)| *at -= begin);
        }
        Held::of(size.to_vec(), boxes)
    }

    /// With elements that are computed in a part of it.
    pub(super) fn replaced(&self, begin: &[usize], size: Vec<usize>, new: ValueId) -> Held {
        Held { outer: self.outer.clone(), ..self.updated(begin, &Held::new(new, size)) }
    }

    /// With another value put over a part of it.
    pub(super) fn updated(&self, begin: &[usize], update: &Held) -> Held {
        let mut boxes: Vec<Part> =
            self.boxes.iter().flat_map(|one| one.without(begin, &update.shape)).collect();
        boxes.extend(update.boxes.iter().map(|one| one.moved(begin)));
        Held::of(self.shape.clone(), boxes)
    }
}

impl Part {
    /// The part of it that lies within another box.
    fn within(&self, begin: &[usize], size: &[usize]) -> Option<Part> {
        let low: Vec<usize> = self.begin.iter().zip(begin).map(|(a, b)| *a.max(b)).collect();
        let ends = self.begin.iter().zip(&self.size).zip(begin.iter().zip(size));
        let high: Vec<usize> = ends.map(|((a, b), (c, d))| (a + b).min(c + d)).collect();
        if low.iter().zip(&high).any(|(low, high)| low >= high) {
            return None;
        }
        let mut part = self.clone();
        for from in &mut part.from {
            for (axis, into) in from.axes.iter().enumerate() {
                if let Some(into) = into {
                    from.place[*into] += (low[axis] - self.begin[axis]) as i64;
                }
            }
        }
        part.size = low.iter().zip(&high).map(|(low, high)| high - low).collect();
        part.begin = low;
        Some(part)
    }

    /// The parts of it that lie outside of another box.
    fn without(&self, begin: &[usize], size: &[usize]) -> Vec<Part> {
        if self.within(begin, size).is_none() {
            return vec![self.clone()];
        }
        let mut rest = self.clone();
        let mut parts = Vec::new();
        for axis in 0..begin.len() {
            for (low, high) in [
                (rest.begin[axis], begin[axis]),
                (begin[axis] + size[axis], rest.begin[axis] + rest.size[axis]),
            ] {
                if low < high {
                    let (mut from, mut long) = (rest.begin.clone(), rest.size.clone());
                    (from[axis], long[axis]) = (low, high - low);
                    parts.extend(rest.within(&from, &long));
                }
            }
            let (mut from, mut long) = (rest.begin.clone(), rest.size.clone());
            (from[axis], long[axis]) = (begin[axis], size[axis]);
            match rest.within(&from, &long) {
                Some(middle) => rest = middle,
                None => break,
            }
        }
        parts
    }

    pub(super) fn moved(&self, by: &[usize]) -> Part {
        let mut moved = self.clone();
        moved.begin.iter_mut().zip(by).for_each(|(at, by)| *at += by);
        moved
    }
}
