//! Which arrangements an op can be computed in.
//!
//! The frame of an op is the space of indices over which it runs. A view of the frame says how it is computed,
//! and with that in which arrangement it takes each operand and gives each result. What the op asks of an axis
//! is its demand.

use mil_ir::{Dim, Graph, OpId, Operand, Opset, ValueId};
use mil_ops::{Call, Shapes, is_known};
use mil_pass::No;
use mil_tensor::Tensor;

use super::view::{Factor, ONE, Steps, View, merge, part, product, same, times};
use crate::layout::axes::{Rule, rule};

/// Core ML's tensors have at most five axes.
const MOST_AXES: usize = 5;

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

/// What a frame is made of.
pub(super) struct Reader<'g> {
    pub graph: &'g Graph,
    pub opset: &'g Opset,
    pub shapes: &'g Shapes,
}

impl Reader<'_> {
    /// The sizes of a value, as far as they are known. `None` for what is not a tensor of known rank.
    pub(super) fn sizes(&self, value: ValueId) -> Option<Vec<Dim>> {
        let ty = self.shapes.ty(self.graph, value);
        let dims = ty.as_tensor().filter(|_| ty.carried().is_none())?.shape.dims()?;
        let variadic = dims.iter().any(|dim| matches!(dim, Dim::Unknown { variadic: true }));
        (!variadic).then(|| dims.to_vec())
    }

    fn operand_sizes(&self, operand: &Operand) -> Option<Vec<Dim>> {
        match operand {
            Operand::Value(value) => self.sizes(*value),
            Operand::Literal(literal) => literal.ty.dims().map(<[Dim]>::to_vec),
        }
    }

    /// The frame that a use or a result of an op belongs to. `port` tells apart the frames of an op that has
    /// several: operands and result of a `matmul`, the variables of a loop.
    pub(super) fn frame(&self, op: OpId, port: usize) -> Result<Frame, No> {
        No::unless(is_known(self.graph, op), "it has fields that this version does not know")?;
        let kind = self.graph.op(op).kind().clone();
        match kind.as_str() {
            "while_loop" | "cond" => return self.variable(op, port),
            _ => No::unless(self.graph.op(op).blocks().is_empty(), "it has inner blocks")?,
        }
        let call = Call::of(self.graph, op, self.opset)?.with_shapes(self.shapes);
        let maker = Maker { reader: self, call: &call, op };
        match kind.as_str() {
            "matmul" => return maker.matmul(port),
            "linear" => return maker.linear(),
            "tile" => return maker.tile(),
            "instance_norm" => return maker.channels(true),
            _ => {}
        }
        match rule(&kind).ok_or_else(|| No::miss(format!("{kind} takes no other order of axes")))? {
            Rule::Elements(params) => maker.elements(params),
            Rule::Along(params) => maker.along(params),
            Rule::Channels => maker.channels(false),
            Rule::PerAxis(params) => maker.per_axis(params),
            Rule::Reverse => maker.named_axes("axes", Demand::Whole),
            Rule::LayerNorm => maker.layer_norm(),
            Rule::Reduce { axes, .. } => maker.reduce(axes),
            Rule::Pad => maker.pad(),
            Rule::Stack => maker.stack(),
            Rule::Gather => maker.gather(),
            Rule::Squeeze | Rule::ExpandDims => Err(No::miss("it is a reshape of unknown sizes")),
        }
    }

    /// A variable of a loop, or a result of `cond`: the same in all places where it stands.
    fn variable(&self, op: OpId, port: usize) -> Result<Frame, No> {
        let found = self.graph.op(op);
        let result = found.results().get(port).ok_or(No::miss("a result is missing"))?;
        let sizes = self.sizes(*result).ok_or(No::miss("its rank is not known"))?;
        let mut sites = vec![Site::Gives(*result)];
        let given_back: &[_] = match found.kind().as_str() {
            "while_loop" => {
                for &block in found.blocks() {
                    let inputs = self.graph.block(block).inputs();
                    sites.push(Site::Gives(*inputs.get(port).ok_or(No::miss("an input is missing"))?));
                }
                let operand = found.argument("loop_vars").and_then(|operands| operands.get(port)?.value());
                let value = operand.ok_or(No::miss("a variable of the loop starts as a literal"))?;
                let param = "loop_vars".to_owned();
                sites.push(Site::Takes { op, param, index: port, value: Some(value) });
                &found.blocks()[1..]
            }
            _ => found.blocks(),
        };
        for &block in given_back {
            let end = self.graph.block(block).return_op();
            let (param, value) = self.returned(end, port).ok_or(No::miss("an output is missing"))?;
            sites.push(Site::Takes { op: end, param, index: port, value: Some(value) });
        }
        for site in &sites {
            let (Site::Gives(value) | Site::Takes { value: Some(value), .. }) = site else { continue };
            No::unless(self.sizes(*value).as_ref() == Some(&sizes), "its size changes from round to round")?;
        }
        let base = (0..sizes.len()).map(|axis| vec![axis]).collect::<Vec<_>>();
        let slot =
            |site| Slot { site, sizes: sizes.clone(), base: base.clone(), lacks: Lacks::One, constant: None };
        let slots = sites.into_iter().map(slot).collect();
        let demands = vec![Demand::Free; sizes.len()];
        Ok(Frame { op, slots, sizes, demands, pinned: 0, kind: Kind::Plain })
    }

    fn returned(&self, end: OpId, port: usize) -> Option<(String, ValueId)> {
        let (param, operands) = self.graph.op(end).arguments().next()?;
        Some((param.to_string(), operands.get(port)?.value()?))
    }
}

/// An op whose frame is being made.
struct Maker<'a> {
    reader: &'a Reader<'a>,
    call: &'a Call<'a>,
    op: OpId,
}

impl Maker<'_> {
    /// An operand that runs over these axes of the frame.
    fn operand(&self, param: &str, index: usize, base: Vec<Vec<usize>>) -> Result<Slot, No> {
        let operand =
            self.call.operands(param).get(index).ok_or_else(|| No::miss(format!("{param} is missing")))?;
        let sizes =
            self.reader.operand_sizes(operand).ok_or(No::miss("the rank of an operand is not known"))?;
        No::unless(sizes.len() == base.len(), "the operands have different ranks")?;
        let literal = self.call.graph().literal(operand).and_then(|literal| literal.as_tensor());
        let param = param.to_owned();
        let site = Site::Takes { op: self.op, param, index, value: operand.value() };
        Ok(Slot { site, sizes, base, lacks: Lacks::One, constant: literal.cloned() })
    }

    /// All operands of some parameters, each over all axes of the frame.
    fn operands(&self, params: &[&str], rank: usize) -> Result<Vec<Slot>, No> {
        let mut slots = Vec::new();
        for param in params {
            for index in 0..self.call.operands(param).len() {
                slots.push(self.operand(param, index, axes(0..rank))?);
            }
        }
        Ok(slots)
    }

    fn results(&self) -> &[ValueId] {
        self.call.graph().op(self.op).results()
    }

    fn result(&self, value: ValueId, base: Vec<Vec<usize>>) -> Result<Slot, No> {
        let sizes = self.reader.sizes(value).ok_or(No::miss("the rank of a result is not known"))?;
        No::unless(sizes.len() == base.len(), "a result has another rank than its operands say")?;
        Ok(Slot { site: Site::Gives(value), sizes, base, lacks: Lacks::One, constant: None })
    }

    fn all_results(&self, rank: usize) -> Result<Vec<Slot>, No> {
        self.results().iter().map(|&value| self.result(value, axes(0..rank))).collect()
    }

    fn takes_and_gives(&self, params: &[&str], rank: usize) -> Result<Vec<Slot>, No> {
        let mut slots = self.operands(params, rank)?;
        slots.extend(self.all_results(rank)?);
        Ok(slots)
    }

    fn sizes_of(&self, param: &str) -> Result<Vec<Dim>, No> {
        let operand = self.call.operands(param).first();
        let sizes = operand.and_then(|operand| self.reader.operand_sizes(operand));
        sizes.ok_or(No::miss("the rank of an operand is not known"))
    }

    fn frame(
        &self,
        sizes: Vec<Dim>,
        demands: Vec<Demand>,
        slots: Vec<Slot>,
        kind: Kind,
    ) -> Result<Frame, No> {
        Frame { op: self.op, slots, sizes, demands, pinned: 0, kind }.checked()
    }

    fn elements(&self, params: &[&'static str]) -> Result<Frame, No> {
        let &[result] = self.results() else { return Err(No::miss("it has not exactly one result")) };
        let sizes = self.reader.sizes(result).ok_or(No::miss("the rank of a result is not known"))?;
        let rank = sizes.len();
        let mut demands = vec![Demand::Free; rank];
        let mut slots = vec![self.result(result, axes(0..rank))?];
        for &param in params {
            let own = self.sizes_of(param)?;
            let missing = rank.checked_sub(own.len()).ok_or(No::miss("an operand has more axes"))?;
            for (size, (whole, demand)) in own.iter().zip(sizes.iter().zip(&mut demands).skip(missing)) {
                // Whether an unknown size is broadcast is seen when the program runs.
                if *size != ONE && !same(size, whole) && params.len() > 1 {
                    *demand = Demand::Whole;
                }
            }
            let mut slot = self.operand(param, 0, axes(missing..rank))?;
            if missing > 0 {
                slot.lacks = Lacks::Broadcast;
            }
            slots.push(slot);
        }
        self.frame(sizes, demands, slots, Kind::Plain)
    }

    fn along(&self, params: &[&'static str]) -> Result<Frame, No> {
        if self.call.def().name == "concat" {
            No::unless(!self.call.bool("interleave")?, "it interleaves")?;
        }
        let sizes = self.sizes_of(params[0])?;
        let rank = sizes.len();
        let slots = self.takes_and_gives(params, rank)?;
        let names_axis = self.call.is_given("axis") || self.call.value("axis").is_some();
        if !names_axis {
            return self.frame(sizes, vec![Demand::Free; rank], slots, Kind::Plain);
        }
        let axis = self.call.axis("axis", rank)?;
        self.frame(sizes, only(rank, &[axis], Demand::Whole), slots, Kind::Axis("axis", axis))
    }

    /// Batch and channels stay in front.
    fn channels(&self, sums: bool) -> Result<Frame, No> {
        let sizes = self.sizes_of("x")?;
        let rank = sizes.len();
        No::unless(rank >= 2, "it has no channels")?;
        let slots = self.takes_and_gives(&["x"], rank)?;
        let mut demands = vec![if sums { Demand::Together } else { Demand::Free }; rank];
        demands[..2].fill(Demand::Free);
        let mut frame = self.frame(sizes, demands, slots, Kind::Plain)?;
        frame.pinned = 2;
        Ok(frame)
    }

    fn per_axis(&self, params: &[&'static str]) -> Result<Frame, No> {
        let sizes = self.sizes_of("x")?;
        let rank = sizes.len();
        let mut numbers = Vec::new();
        for &param in params.iter().filter(|param| self.call.is_given(param)) {
            let tensor =
                self.call.constant(param).ok_or_else(|| No::miss(format!("{param} is not constant")))?;
            No::unless(tensor.len() == rank, "a parameter has not one number for each axis")?;
            numbers.push((param, tensor.to_f64s()?));
        }
        let of = |name: &str| numbers.iter().find(|(param, _)| *param == name).map(|(_, numbers)| numbers);
        let at = |name: &str, axis: usize, default: f64| of(name).map_or(default, |numbers| numbers[axis]);
        let by_size = params.contains(&"size");
        let squeezed: Vec<usize> = (0..rank).filter(|&axis| at("squeeze_mask", axis, 0.0) != 0.0).collect();
        let idle = |axis: usize| match by_size {
            true => {
                at("begin", axis, 0.0) == 0.0
                    && (at("size", axis, 0.0) == -1.0
                        || sizes[axis].fixed().is_some_and(|size| size as f64 == at("size", axis, 0.0)))
            }
            false => {
                !squeezed.contains(&axis)
                    && at("stride", axis, 1.0) == 1.0
                    && (at("begin_mask", axis, 0.0) != 0.0 || at("begin", axis, 0.0) == 0.0)
                    && (at("end_mask", axis, 0.0) != 0.0
                        || sizes[axis].fixed().is_some_and(|size| at("end", axis, 0.0) >= size as f64))
            }
        };
        let cut: Vec<usize> = (0..rank).filter(|&axis| !idle(axis)).collect();
        let kept = (0..rank).filter(|axis| !squeezed.contains(axis)).map(|axis| vec![axis]).collect();
        let &[result] = self.results() else { return Err(No::miss("it has not exactly one result")) };
        let mut result = self.result(result, kept)?;
        result.lacks = Lacks::Nothing;
        let slots = vec![self.operand("x", 0, axes(0..rank))?, result];
        let idle_of = |param: &str| match param {
            "stride" | "begin_mask" | "end_mask" => 1.0,
            "size" => -1.0,
            _ => 0.0,
        };
        // An axis that is left as it is needs masks to say so, whatever its size becomes.
        let mut params: Vec<PerAxis> = numbers
            .iter()
            .map(|(param, numbers)| PerAxis { param, idle: idle_of(param), numbers: numbers.clone() })
            .collect();
        for param in ["begin_mask", "end_mask"] {
            if !by_size && of(param).is_none() {
                params.push(PerAxis { param, idle: 1.0, numbers: vec![0.0; rank] });
            }
        }
        self.frame(sizes, only(rank, &cut, Demand::Whole), slots, Kind::PerAxis(params))
    }

    fn named_axes(&self, param: &'static str, demand: Demand) -> Result<Frame, No> {
        let sizes = self.sizes_of("x")?;
        let rank = sizes.len();
        let named = self.axes_or_all(param, rank)?;
        let long = demand == Demand::Whole || named.iter().all(|&axis| sizes[axis] != ONE);
        No::unless(long, "it runs over an axis of size 1")?;
        let slots = self.takes_and_gives(&["x"], rank)?;
        self.frame(sizes, only(rank, &named, demand), slots, Kind::Axes(param, named))
    }

    fn axes_or_all(&self, param: &str, rank: usize) -> Result<Vec<usize>, No> {
        let mut named = match self.call.is_given(param) || self.call.value(param).is_some() {
            true => self.call.axes(param, rank)?,
            false => (0..rank).collect(),
        };
        named.sort_unstable();
        named.dedup();
        Ok(named)
    }

    fn layer_norm(&self) -> Result<Frame, No> {
        let given = self.call.is_given("axes");
        let sorted = !given || self.call.axes("axes", self.sizes_of("x")?.len())?.is_sorted();
        No::unless(sorted, "its axes would be run through in another order")?;
        let mut frame = self.named_axes("axes", Demand::Together)?;
        let Kind::Axes(_, named) = &frame.kind else { return Ok(frame) };
        let named = named.clone();
        for param in ["gamma", "beta"] {
            if self.call.is_given(param) {
                let base = named.iter().map(|&axis| vec![axis]).collect();
                let mut slot = self.operand(param, 0, base)?;
                No::unless(slot.constant.is_some(), "gamma or beta is not constant")?;
                slot.lacks = Lacks::NothingForOnes;
                frame.slots.push(slot);
            }
        }
        frame.checked()
    }

    fn reduce(&self, param: &'static str) -> Result<Frame, No> {
        let sizes = self.sizes_of("x")?;
        let rank = sizes.len();
        let named = self.axes_or_all(param, rank)?;
        No::unless(named.iter().all(|&axis| sizes[axis] != ONE), "it runs over an axis of size 1")?;
        let keeps = self.call.bool("keep_dims")?;
        let single = matches!(self.call.def().name, "reduce_argmax" | "reduce_argmin");
        let demand = if single { Demand::Whole } else { Demand::Together };
        let &[result] = self.results() else { return Err(No::miss("it has not exactly one result")) };
        let kept = |axis: usize| match named.contains(&axis) {
            false => Some(vec![axis]),
            true => keeps.then(Vec::new),
        };
        let mut result = self.result(result, (0..rank).filter_map(kept).collect())?;
        result.lacks = if keeps { Lacks::One } else { Lacks::Nothing };
        let slots = vec![self.operand("x", 0, axes(0..rank))?, result];
        let kind = if single { Kind::Axis(param, named[0]) } else { Kind::Axes(param, named.clone()) };
        self.frame(sizes, only(rank, &named, demand), slots, kind)
    }

    fn pad(&self) -> Result<Frame, No> {
        let sizes = self.sizes_of("x")?;
        let rank = sizes.len();
        let given = self.call.ints("pad")?;
        let sides: Vec<(i64, i64)> = given.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        let leading = rank.checked_sub(sides.len()).ok_or(No::miss("it pads more axes than there are"))?;
        let sides: Vec<(i64, i64)> = std::iter::repeat_n((0, 0), leading).chain(sides).collect();
        let padded: Vec<usize> = (0..rank).filter(|&axis| sides[axis] != (0, 0)).collect();
        let slots = self.takes_and_gives(&["x"], rank)?;
        let reflects = self.call.string("mode")? != "constant";
        self.frame(sizes, only(rank, &padded, Demand::Whole), slots, Kind::Pad { sides, reflects })
    }

    /// The repeats of an axis are an axis of their own in front of it.
    fn tile(&self) -> Result<Frame, No> {
        let own = self.sizes_of("x")?;
        let reps = self.call.ints("reps")?;
        No::unless(reps.len() == own.len(), "it adds axes")?;
        let (mut sizes, mut demands) = (Vec::new(), Vec::new());
        let (mut of_x, mut of_result) = (Vec::new(), Vec::new());
        for (size, &times) in own.iter().zip(&reps) {
            let at = sizes.len();
            let times = u64::try_from(times).ok().filter(|&times| times > 0);
            let times = times.ok_or(No::miss("it repeats an axis no time"))?;
            if times > 1 {
                sizes.push(Dim::Fixed(times));
                demands.push(Demand::Repeat);
            }
            of_x.push(vec![sizes.len()]);
            of_result.push((at..=sizes.len()).collect());
            sizes.push(size.clone());
            demands.push(Demand::Free);
        }
        let &[result] = self.results() else { return Err(No::miss("it has not exactly one result")) };
        let slots = vec![self.operand("x", 0, of_x)?, self.result(result, of_result)?];
        self.frame(sizes, demands, slots, Kind::Tile)
    }

    fn stack(&self) -> Result<Frame, No> {
        let &[result] = self.results() else { return Err(No::miss("it has not exactly one result")) };
        let sizes = self.reader.sizes(result).ok_or(No::miss("the rank of a result is not known"))?;
        let rank = sizes.len();
        let axis = self.call.axis("axis", rank)?;
        let mut slots = vec![self.result(result, axes(0..rank))?];
        for index in 0..self.call.operands("values").len() {
            let others = (0..rank).filter(|&other| other != axis).map(|axis| vec![axis]).collect();
            let mut slot = self.operand("values", index, others)?;
            slot.lacks = Lacks::Nothing;
            slots.push(slot);
        }
        self.frame(sizes, only(rank, &[axis], Demand::Whole), slots, Kind::Axis("axis", axis))
    }

    fn gather(&self) -> Result<Frame, No> {
        let batched = self.call.version().param("batch_dims").is_some() && self.call.int("batch_dims")? != 0;
        No::unless(!batched, "it gathers in batches")?;
        let sizes = self.sizes_of("x")?;
        let rank = sizes.len();
        let axis = self.call.axis("axis", rank)?;
        let count = self.call.rank("indices")?.ok_or(No::miss("the rank of the indices is not known"))?;
        No::unless(count <= 1, "its indices have several axes")?;
        let &[result] = self.results() else { return Err(No::miss("it has not exactly one result")) };
        let kept = (0..rank).filter(|&other| count == 1 || other != axis).map(|axis| vec![axis]).collect();
        let mut result = self.result(result, kept)?;
        result.lacks = Lacks::Nothing;
        let slots = vec![self.operand("x", 0, axes(0..rank))?, result];
        self.frame(sizes, only(rank, &[axis], Demand::Whole), slots, Kind::Axis("axis", axis))
    }

    fn linear(&self) -> Result<Frame, No> {
        let sizes = self.sizes_of("x")?;
        let rank = sizes.len();
        No::unless(sizes.last().is_some_and(|size| *size != ONE), "it contracts an axis of size 1")?;
        let &[result] = self.results() else { return Err(No::miss("it has not exactly one result")) };
        let slots = vec![self.operand("x", 0, axes(0..rank))?, self.result(result, axes(0..rank))?];
        let weight = self.call.constant("weight").filter(|weight| weight.rank() == 2);
        let demands = only(rank, &[rank - 1], Demand::Contracted);
        self.frame(sizes, demands, slots, Kind::Linear(weight))
    }

    /// Operands and result of a product can each be had with their last two axes in the other order: flags
    /// say so for operands, and a product is transposed by changing them.
    fn matmul(&self, port: usize) -> Result<Frame, No> {
        let &[result] = self.results() else { return Err(No::miss("it has not exactly one result")) };
        let rank = self.reader.sizes(result).map_or(0, |sizes| sizes.len());
        for param in ["x", "y"] {
            No::unless((2..=rank).contains(&self.sizes_of(param)?.len()), "an operand is a vector")?;
            let flag = if param == "x" { "transpose_x" } else { "transpose_y" };
            self.call.bool(flag)?;
        }
        let slot = match port {
            0 => self.operand("x", 0, axes(0..self.sizes_of("x")?.len()))?,
            1 => self.operand("y", 0, axes(0..self.sizes_of("y")?.len()))?,
            _ => self.result(result, axes(0..rank))?,
        };
        let (sizes, rank) = (slot.sizes.clone(), slot.sizes.len());
        self.frame(sizes, vec![Demand::Free; rank], vec![slot], Kind::Product)
    }
}

fn axes(range: std::ops::Range<usize>) -> Vec<Vec<usize>> {
    range.map(|axis| vec![axis]).collect()
}

fn only(rank: usize, named: &[usize], demand: Demand) -> Vec<Demand> {
    (0..rank).map(|axis| if named.contains(&axis) { demand } else { Demand::Free }).collect()
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

    /// The view of the frame in which an operand is taken, or a result given, in an arrangement.
    pub(super) fn lifted(&self, slot: &Slot, seen: &View) -> Option<View> {
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
            Kind::Plain | Kind::Product => {}
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

    /// An operand or the result of a product; see [`Maker::matmul`].
    pub(super) fn is_product(&self) -> bool {
        matches!(self.kind, Kind::Product)
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
