//! The frame of each op: what its operands, results and parameters say of its axes.

use mil_ir::{Dim, Graph, OpId, Operand, Opset, ValueId};
use mil_ops::{Call, Shapes, is_known};
use mil_pass::No;

use super::{Demand, Frame, Kind, Lacks, PerAxis, Site, Slot};
use crate::layout::axes::{Rule, rule};
use crate::layout::eliminate_permutes::view::{ONE, same};

/// The port of a product as a whole.
pub(in crate::layout::eliminate_permutes) const BATCHES: usize = 3;

/// What a frame is made of.
pub(in crate::layout::eliminate_permutes) struct Reader<'g> {
    pub graph: &'g Graph,
    pub opset: &'g Opset,
    pub shapes: &'g Shapes,
}

impl Reader<'_> {
    /// The sizes of a value, as far as they are known. `None` for what is not a tensor of known rank.
    pub(in crate::layout::eliminate_permutes) fn sizes(&self, value: ValueId) -> Option<Vec<Dim>> {
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
    pub(in crate::layout::eliminate_permutes) fn frame(&self, op: OpId, port: usize) -> Result<Frame, No> {
        No::unless(is_known(self.graph, op), "it has fields that this version does not know")?;
        let kind = self.graph.op(op).kind().clone();
        match kind.as_str() {
            "while_loop" | "cond" => return self.variable(op, port),
            _ => No::unless(self.graph.op(op).blocks().is_empty(), "it has inner blocks")?,
        }
        let call = Call::of(self.graph, op, self.opset)?.with_shapes(self.shapes);
        let maker = Maker { reader: self, call: &call, op };
        match kind.as_str() {
            "matmul" if port == BATCHES => return maker.batches(),
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

    /// A product whose operands and result have the same leading axes, at least two of them. Without axes of
    /// size 1, which could stand anywhere.
    fn batches(&self) -> Result<Frame, No> {
        let &[result] = self.results() else { return Err(No::miss("it has not exactly one result")) };
        let given = self.reader.sizes(result).ok_or(No::miss("the rank of a result is not known"))?;
        let batches = given.len().checked_sub(2).filter(|&batches| batches >= 2);
        let batches = batches.ok_or(No::miss("it has no two leading axes"))?;
        let all = [self.sizes_of("x")?, self.sizes_of("y")?, given];
        let mut sizes = all[2][..batches].to_vec();
        for own in &all {
            let alike = own.len() == batches + 2 && own[..batches] == sizes[..batches];
            No::unless(alike, "its operands have different leading axes")?;
            sizes.extend_from_slice(&own[batches..]);
        }
        let long = sizes.iter().all(|size| size.fixed().is_some_and(|size| size > 1));
        No::unless(long, "an axis has size 1, or an unknown one")?;
        for flag in ["transpose_x", "transpose_y"] {
            self.call.bool(flag)?;
        }
        let base = |port: usize| {
            let own = batches + 2 * port;
            (0..batches).chain([own, own + 1]).map(|axis| vec![axis]).collect::<Vec<_>>()
        };
        let mut slots = vec![
            self.operand("x", 0, base(0))?,
            self.operand("y", 0, base(1))?,
            self.result(result, base(2))?,
        ];
        slots.iter_mut().for_each(|slot| slot.lacks = Lacks::Nothing);
        let demands = vec![Demand::Free; sizes.len()];
        self.frame(sizes, demands, slots, Kind::Batches(batches))
    }
}

fn axes(range: std::ops::Range<usize>) -> Vec<Vec<usize>> {
    range.map(|axis| vec![axis]).collect()
}

fn only(rank: usize, named: &[usize], demand: Demand) -> Vec<Demand> {
    (0..rank).map(|axis| if named.contains(&axis) { demand } else { Demand::Free }).collect()
}
