//! Which arrangements an op can be computed in.
//!
//! The frame of an op is the space of indices over which it runs. A view of the frame says how it is computed,
//! and with that in which arrangement it takes each operand and gives each result. What the op asks of an axis
//! is its demand.

mod product;
mod reader;

use mil_ir::{Dim, OpId, ValueId};
use mil_ops::Call;
use mil_pass::No;
use mil_tensor::Tensor;

use super::view::{Factor, ONE, Steps, View, merge, part, product, times};

pub(super) use reader::{BATCHES, Reader};

/// Core ML's tensors have at most five axes.
pub(super) const MOST_AXES: usize = 5;

/// The space of indices over which an op runs.
#[derive(Debug)]
pub(super) struct Frame {
    pub op: OpId,
    pub slots: Vec<Slot>,
    /// Sizes; unknown for an axis that is not the same for all operands and results.
    sizes: Vec<Dim>,
    demands: Vec<Demand>,
    /// So many axes stay in front.
    pinned: usize,
    kind: Kind,
}

/// What an op asks of an axis of its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    /// Nothing: it may be split, merged with others and moved.
    Free,
    /// To be an axis of its own.
    Whole,
    /// To share axes with its like only, and to be run through in the same order.
    Together,
    /// To be the last axis; a weight follows the order of its factors.
    Contracted,
    /// To come first in its axis: `tile` puts it in.
    Repeat,
}

/// How the parameters of an op depend on the view of its frame.
#[derive(Clone, Debug)]
enum Kind {
    /// They do not.
    Plain,
    /// One names an axis of the frame.
    Axis(&'static str, usize),
    /// One names axes of the frame.
    Axes(&'static str, Vec<usize>),
    /// They have a number for each axis: one that does nothing, and those of some axes of the frame.
    PerAxis(Vec<PerAxis>),
    /// `pad`: sizes before and after each axis of the frame. What it reflects or repeats reaches along the
    /// last two axes only.
    Pad { sides: Vec<(i64, i64)>, reflects: bool },
    /// `tile`: how often, by axis of the frame.
    Tile,
    /// `linear`, whose weight can follow the order of the contracted axis.
    Linear(Option<Tensor>),
    /// An operand or the result of a `matmul`, whose last two axes may change places.
    Product,
    /// A whole `matmul` of so many leading axes, which its operands and the result share.
    Batches(usize),
}

/// A parameter with a number for each axis.
#[derive(Clone, Debug)]
struct PerAxis {
    param: &'static str,
    idle: f64,
    numbers: Vec<f64>,
}

/// An operand or a result.
#[derive(Debug)]
pub(super) struct Slot {
    pub site: Site,
    sizes: Vec<Dim>,
    /// The axes of the frame that make each axis.
    base: Vec<Vec<usize>>,
    lacks: Lacks,
    constant: Option<Tensor>,
}

/// What stands for an axis of the frame that an operand or a result has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lacks {
    /// Size 1.
    One,
    /// Size 1, or nothing in front: it is broadcast.
    Broadcast,
    /// Nothing.
    Nothing,
    /// Nothing, and nothing for other axes of size 1: a parameter that has the axes of a norm only.
    NothingForOnes,
}

/// Where an op takes or gives a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Site {
    /// An operand of the op itself, or of what ends one of its blocks.
    Takes {
        op: OpId,
        param: String,
        index: usize,
        value: Option<ValueId>,
    },
    Gives(ValueId),
}

/// What an op takes otherwise than before.
#[derive(Debug)]
pub(super) struct Change {
    pub op: OpId,
    pub param: String,
    pub index: usize,
    pub tensor: Tensor,
}

impl Frame {
    /// Free axes have one size in all operands and results that have them; the size of others is their own.
    fn checked(mut self) -> Result<Frame, No> {
        for axis in 0..self.sizes.len() {
            if self.demands[axis] == Demand::Whole {
                self.sizes[axis] = Dim::UNKNOWN;
            }
        }
        for slot in &self.slots {
            for (size, base) in slot.sizes.iter().zip(&slot.base) {
                let [axis] = base[..] else { continue };
                let own = matches!(self.demands[axis], Demand::Whole | Demand::Contracted);
                let alike = own || *size == self.sizes[axis] || *size == ONE;
                No::unless(alike, "its operands have different sizes, or unknown ones")?;
            }
            let lacks = |axis: &usize| slot.lacks == Lacks::Nothing && slot.place(*axis).is_none();
            for axis in (0..self.sizes.len()).filter(lacks) {
                No::unless(self.sizes[axis] != ONE, "an axis of size 1 is taken out")?;
            }
        }
        No::unless(self.identity().is_some(), "it is empty")?;
        Ok(self)
    }

    /// The op as it was written.
    pub(super) fn identity(&self) -> Option<View> {
        let view = View::identity(&self.sizes)?;
        match (&self.kind, self.slots.last()) {
            // Repeats stand in the axes that they repeat.
            (Kind::Tile, Some(result)) => {
                let of = |axes: &Vec<usize>| axes.iter().flat_map(|&axis| view.dims[axis].clone()).collect();
                Some(View { dims: result.base.iter().map(of).collect() })
            }
            _ => Some(view),
        }
    }

    /// The arrangement in which an operand is taken or a result given, of its own axes.
    pub(super) fn seen(&self, slot: &Slot, view: &View) -> View {
        let mut dims = Vec::with_capacity(view.rank());
        for dim in &view.dims {
            let has = dim.iter().any(|factor| slot.place(factor.axis).is_some());
            let left_out = match slot.lacks {
                Lacks::One | Lacks::Broadcast => false,
                Lacks::Nothing => !dim.is_empty() && !has,
                Lacks::NothingForOnes => !has,
            };
            if !left_out {
                dims.push(self.seen_axis(slot, dim));
            }
        }
        // An operand that is broadcast keeps the leading axes of size 1 that it has.
        let open = |dims: &[Vec<Factor>]| dims.len() > slot.sizes.len() && dims[0].is_empty();
        while slot.lacks == Lacks::Broadcast && open(&dims) {
            dims.remove(0);
        }
        View { dims }
    }

    fn seen_axis(&self, slot: &Slot, dim: &[Factor]) -> Vec<Factor> {
        let contracted = dim.iter().any(|factor| self.demands[factor.axis] == Demand::Contracted);
        let gives = matches!(slot.site, Site::Gives(_));
        let mut seen = Vec::with_capacity(dim.len());
        for factor in dim {
            let Some((axis, inner)) = slot.place(factor.axis) else { continue };
            let whole = self.demands[factor.axis] == Demand::Whole || contracted && gives;
            let size = if whole { slot.sizes[axis].clone() } else { factor.size.clone() };
            // Broadcast along this axis, or of another size there.
            if slot.sizes[axis] == ONE || contracted && gives && !seen.is_empty() {
                continue;
            }
            let inner = if whole { ONE } else { times(&factor.inner, &self.inner_of(slot, axis, inner)) };
            seen.push(Factor { axis, size, inner });
        }
        seen
    }

    /// The distance of neighbours along an axis of the frame in the axis of a value that it is part of.
    fn inner_of(&self, slot: &Slot, axis: usize, at: usize) -> Dim {
        slot.base[axis][at + 1..].iter().fold(ONE, |inner, &axis| times(&inner, &self.sizes[axis]))
    }

    /// The view of the frame in which an operand is taken, or a result given, in an arrangement. What that does
    /// not say stays as it is `now`.
    pub(super) fn lifted(&self, slot: &Slot, seen: &View, now: &View) -> Option<View> {
        if let Kind::Batches(batches) = self.kind {
            return self.lifted_batches(batches, slot, seen, now);
        }
        let mut dims = Vec::with_capacity(seen.rank());
        for dim in &self.joined(slot, seen) {
            let mut lifted = Vec::with_capacity(dim.len());
            for factor in dim {
                lifted.extend(self.lifted_factor(slot, factor)?);
            }
            dims.push(lifted);
        }
        for axis in 0..self.sizes.len() {
            if self.sizes[axis] == ONE {
                continue;
            }
            let place = slot.place(axis);
            match (self.demands[axis], place) {
                (_, Some((own, _))) if slot.sizes[own] == ONE => return None,
                (_, Some(_)) => {}
                (Demand::Repeat, None) => self.put_repeat(&mut dims, axis)?,
                (_, None) if slot.lacks == Lacks::Nothing => self.put_axis(&mut dims, axis),
                _ => return None,
            }
        }
        self.settled(View { dims })
    }

    /// An arrangement with its axes joined where together they are one that must stay whole.
    fn joined(&self, slot: &Slot, seen: &View) -> Vec<Vec<Factor>> {
        let mut dims: Vec<Vec<Factor>> = Vec::with_capacity(seen.rank());
        for dim in &seen.dims {
            let part_of = |dim: &[Factor]| {
                let first = dim.first()?;
                let alone = dim.iter().all(|factor| factor.axis == first.axis);
                let own = |axes: &Vec<usize>| axes.iter().any(|&axis| self.demands[axis] != Demand::Free);
                (alone && slot.base.get(first.axis).is_some_and(own)).then_some(first.axis)
            };
            let follows =
                part_of(dim).is_some() && dims.last().and_then(|last| part_of(last)) == part_of(dim);
            match dims.last_mut().filter(|_| follows) {
                Some(last) => last.extend(dim.iter().cloned()),
                None => dims.push(dim.clone()),
            }
        }
        dims.into_iter().map(merge).collect()
    }

    fn lifted_factor(&self, slot: &Slot, factor: &Factor) -> Option<Vec<Factor>> {
        let base = slot.base.get(factor.axis)?;
        if let [axis] = base[..] {
            let gives = matches!(slot.site, Site::Gives(_));
            let demand = self.demands[axis];
            if demand == Demand::Whole || demand == Demand::Contracted && gives {
                let whole = factor.inner == ONE && factor.size == slot.sizes[factor.axis];
                return whole.then(|| vec![Factor { axis, size: self.sizes[axis].clone(), inner: ONE }]);
            }
            return Some(vec![Factor { axis, ..factor.clone() }]);
        }
        let own = |&axis: &usize| Factor { axis, size: self.sizes[axis].clone(), inner: ONE };
        let own: Vec<Factor> = base.iter().map(own).filter(|factor| factor.size != ONE).collect();
        part(&own, factor)
    }

    /// An axis that the value lacks, behind the one that it followed.
    fn put_axis(&self, dims: &mut Vec<Vec<Factor>>, axis: usize) {
        let before = axis.checked_sub(1);
        let place =
            before.and_then(|before| dims.iter().rposition(|dim| dim.iter().any(|f| f.axis == before)));
        let own = Factor { axis, size: self.sizes[axis].clone(), inner: ONE };
        dims.insert(place.map_or(0, |place| place + 1), vec![own]);
    }

    /// The repeats of an axis, in front of it.
    fn put_repeat(&self, dims: &mut Vec<Vec<Factor>>, axis: usize) -> Option<()> {
        let repeat = Factor { axis, size: self.sizes[axis].clone(), inner: ONE };
        let repeated = axis + 1;
        if self.sizes[repeated] == ONE {
            return None;
        }
        let slowest = |factor: &Factor| {
            factor.axis == repeated && times(&factor.size, &factor.inner) == self.sizes[repeated]
        };
        let place = dims.iter().position(|dim| dim.iter().any(slowest))?;
        let at = dims[place].iter().position(slowest)?;
        let rest = dims[place].split_off(at);
        let repeats = [repeat].into_iter().chain(rest).collect();
        match at {
            0 => dims[place] = repeats,
            _ => dims.insert(place + 1, repeats),
        }
        Some(())
    }

    /// The view in a grouping that meets the demands: as it is, else with its axes parted where demands
    /// differ, else as the op was written if that runs through the elements alike.
    fn settled(&self, view: View) -> Option<View> {
        if self.meets(&view) {
            return Some(view);
        }
        let parted = self.parted(&view);
        if self.meets(&parted) {
            return Some(parted);
        }
        // What has to be last is hidden by axes of size 1 behind it.
        let bare = View { dims: parted.dims.into_iter().filter(|dim| !dim.is_empty()).collect() };
        if self.pinned == 0 && self.meets(&bare) {
            return Some(bare);
        }
        let written = [self.identity(), self.swapped()].into_iter().flatten();
        written.into_iter().find(|written| self.meets(written) && written.order() == view.order())
    }

    fn swapped(&self) -> Option<View> {
        let rank = self.sizes.len().checked_sub(2)?;
        let order: Vec<usize> = (0..rank).chain([rank + 1, rank]).collect();
        self.identity()?.transposed(&order)
    }

    fn parted(&self, view: &View) -> View {
        let mut dims: Vec<Vec<Factor>> = Vec::new();
        for dim in &view.dims {
            let mut last: Option<&Factor> = None;
            for factor in dim {
                let joins = last.is_some_and(|last| {
                    let (a, b) = (self.demands[last.axis], self.demands[factor.axis]);
                    b != Demand::Repeat
                        && (a == b && a != Demand::Whole && self.are_had_alike(last.axis, factor.axis)
                            || a == Demand::Repeat && b == Demand::Free)
                });
                match dims.last_mut().filter(|_| joins) {
                    Some(open) => open.push(factor.clone()),
                    None => dims.push(vec![factor.clone()]),
                }
                last = Some(factor);
            }
            if dim.is_empty() {
                dims.push(Vec::new());
            }
        }
        // Room for new axes: those of size 1 that no demand holds.
        while dims.len() > MOST_AXES.max(self.sizes.len()) {
            let Some(spare) = (self.pinned..dims.len()).find(|&at| dims[at].is_empty()) else { break };
            dims.remove(spare);
        }
        View { dims }
    }

    /// Every operand and result has both axes, or neither: along an axis that is made of them, all of it is
    /// broadcast or nothing.
    fn are_had_alike(&self, a: usize, b: usize) -> bool {
        let has = |slot: &Slot, axis: usize| slot.place(axis).is_some_and(|(own, _)| slot.sizes[own] != ONE);
        self.slots.iter().all(|slot| has(slot, a) == has(slot, b))
    }

    fn meets(&self, view: &View) -> bool {
        if let Kind::Product = self.kind {
            return [self.identity(), self.swapped()].contains(&Some(view.clone()));
        }
        let demand = |factor: &Factor| self.demands[factor.axis];
        let rank = view.rank();
        // The frame of `tile` has more axes than its values.
        let own = self.slots.iter().map(|slot| slot.sizes.len()).max().unwrap_or(0);
        let few = rank <= MOST_AXES.max(own);
        let apart = view.dims.iter().all(|dim| match dim.first().map(demand) {
            Some(Demand::Whole) => dim.len() == 1,
            Some(Demand::Repeat) => {
                let repeats = dim.iter().take_while(|factor| demand(factor) == Demand::Repeat).count();
                dim[repeats..].iter().all(|factor| demand(factor) == Demand::Free)
            }
            Some(first) => dim
                .iter()
                .all(|factor| demand(factor) == first && self.are_had_alike(factor.axis, dim[0].axis)),
            None => true,
        });
        let is_last = |(at, dim): (usize, &Vec<Factor>)| {
            let contracted = dim.iter().any(|factor| demand(factor) == Demand::Contracted);
            !contracted || at + 1 == rank && self.follows(dim)
        };
        let held = (0..self.pinned).all(|axis| {
            let dims = View::identity(&self.sizes).map(|view| view.dims);
            dims.is_some_and(|dims| view.dims.get(axis) == dims.get(axis))
        });
        few && apart
            && held
            && view.dims.iter().enumerate().all(is_last)
            && self.runs_alike(view)
            && self.can_be_said(view)
    }

    /// Axes that are run through together keep their order.
    fn runs_alike(&self, view: &View) -> bool {
        let together = |factor: &&Factor| self.demands[factor.axis] == Demand::Together;
        let order = view.order();
        let numbers: Vec<(usize, u64)> = order
            .iter()
            .filter(together)
            .map(|factor| (factor.axis, u64::MAX - factor.inner.fixed().unwrap_or(1)))
            .collect();
        numbers.is_sorted()
    }

    /// The last axis is the contracted one, as it was or as a weight can follow it.
    fn follows(&self, dim: &[Factor]) -> bool {
        let whole = |factor: &Factor| factor.inner == ONE && factor.size == self.sizes[factor.axis];
        match (&self.kind, dim) {
            (_, [one]) => whole(one),
            (Kind::Linear(Some(_)), _) => product(dim) == self.sizes[dim[0].axis],
            _ => false,
        }
    }

    /// Its parameters can say it.
    fn can_be_said(&self, view: &View) -> bool {
        let Kind::Pad { sides, reflects: true } = &self.kind else { return true };
        let padded = |dim: &Vec<Factor>| dim.iter().any(|factor| sides[factor.axis] != (0, 0));
        !view.dims.iter().rev().skip(2).any(padded)
    }

    /// The parameters of the op, or its constants, where they are others than before.
    pub(super) fn changes(&self, view: &View, call: &Call<'_>) -> Result<Vec<Change>, No> {
        let mut changes = Vec::new();
        let position = |axis: usize| {
            let place = view.dims.iter().position(|dim| dim.iter().any(|factor| factor.axis == axis));
            place.ok_or(No::miss("an axis is lost"))
        };
        let mut set = |param: &str, tensor: Tensor| {
            changes.push(Change { op: self.op, param: param.to_owned(), index: 0, tensor });
        };
        match &self.kind {
            Kind::Plain | Kind::Product | Kind::Batches(_) => {}
            Kind::Axis(param, axis) => set(param, Tensor::scalar(position(*axis)? as i32)),
            Kind::Axes(param, named) => {
                let holds = |dim: &&Vec<Factor>| dim.iter().any(|factor| named.contains(&factor.axis));
                let axes: Vec<i32> =
                    (0..view.rank()).filter(|&at| holds(&&view.dims[at])).map(|at| at as i32).collect();
                set(param, Tensor::ints(&axes));
            }
            Kind::PerAxis(params) => {
                for PerAxis { param, idle, numbers } in params {
                    let of = |dim: &Vec<Factor>| match &dim[..] {
                        [one] if self.demands[one.axis] == Demand::Whole => numbers[one.axis],
                        _ => *idle,
                    };
                    let new: Vec<f64> = view.dims.iter().map(of).collect();
                    let dtype = match param.ends_with("_mask") {
                        true => mil_tensor::DType::Bool,
                        false => call.constant(param).map_or(mil_tensor::DType::Int32, |old| old.dtype()),
                    };
                    set(param, Tensor::from_f64s(dtype, &[new.len()], &new)?);
                }
            }
            Kind::Pad { sides, reflects } => {
                let of = |dim: &Vec<Factor>| dim.first().map_or((0, 0), |factor| sides[factor.axis]);
                let new: Vec<(i64, i64)> = view.dims.iter().map(of).collect();
                let first = if *reflects { new.len().saturating_sub(2) } else { 0 };
                let numbers: Vec<f64> =
                    new[first..].iter().flat_map(|&(a, b)| [a as f64, b as f64]).collect();
                let tensor = Tensor::from_f64s(call.dtype("pad")?, &[numbers.len()], &numbers)?;
                set("pad", tensor);
            }
            Kind::Tile => {
                let repeat = |factor: &&Factor| self.demands[factor.axis] == Demand::Repeat;
                let of = |dim: &Vec<Factor>| {
                    let repeats: Vec<Factor> = dim.iter().filter(repeat).cloned().collect();
                    product(&repeats).fixed().map(|times| times as f64)
                };
                let reps: Option<Vec<f64>> = view.dims.iter().map(of).collect();
                let reps = reps.ok_or(No::miss("how often is not known"))?;
                set("reps", Tensor::from_f64s(call.dtype("reps")?, &[reps.len()], &reps)?);
            }
            Kind::Linear(weight) => {
                let last = view.dims.last().ok_or(No::miss("it has no axis"))?;
                if last.len() > 1 {
                    let weight = weight.as_ref().ok_or(No::miss("the weight is not constant"))?;
                    let columns = Factor { axis: 0, size: Dim::from(weight.shape()[0]), inner: ONE };
                    let moved = last.iter().map(|factor| Factor { axis: 1, ..factor.clone() }).collect();
                    let to = View { dims: vec![vec![columns], moved] };
                    set("weight", arranged(weight, &to)?);
                }
            }
        }
        for slot in &self.slots {
            let (Site::Takes { op, param, index, .. }, Some(tensor)) = (&slot.site, &slot.constant) else {
                continue;
            };
            let seen = self.seen(slot, view);
            if Some(&seen) != View::identity(&slot.sizes).as_ref() {
                let tensor = arranged(tensor, &seen)?;
                changes.push(Change { op: *op, param: param.clone(), index: *index, tensor });
            }
        }
        Ok(changes)
    }
}

impl Slot {
    /// The axis of the value that an axis of the frame is part of, and the place in its base.
    fn place(&self, axis: usize) -> Option<(usize, usize)> {
        let at = |base: &Vec<usize>| base.iter().position(|&own| own == axis);
        self.base.iter().enumerate().find_map(|(own, base)| at(base).map(|at| (own, at)))
    }

    /// The arrangement matters: it is not a constant, which can be had in any.
    pub(super) fn is_constant(&self) -> bool {
        self.constant.is_some()
    }
}

/// A constant in another arrangement; nothing is read yet.
pub(super) fn arranged(tensor: &Tensor, to: &View) -> Result<Tensor, No> {
    let sizes: Vec<Dim> = tensor.shape().iter().map(|&size| size.into()).collect();
    let lost = || No::miss("a constant cannot be arranged like that");
    let from = View::identity(&sizes).ok_or_else(lost)?;
    let steps = Steps::between(&from, to, sizes.len()).ok_or_else(lost)?;
    let mut arranged = tensor.clone();
    let fixed = |sizes: &Vec<Dim>| {
        let size = |dim: &Dim| dim.fixed().and_then(|size| usize::try_from(size).ok());
        sizes.iter().map(size).collect::<Option<Vec<usize>>>().ok_or_else(lost)
    };
    if let Some(sizes) = &steps.first {
        arranged = arranged.reshaped(&fixed(sizes)?)?;
    }
    if let Some(order) = &steps.transpose {
        arranged = arranged.transposed(order)?;
    }
    if let Some(sizes) = &steps.last {
        arranged = arranged.reshaped(&fixed(sizes)?)?;
    }
    Ok(arranged)
}
