mod numbers;

use std::collections::HashMap;

use mil_ir::{At, BlockId, Graph, Literal, NewOp, OpId, ValueId};
use mil_ops::Shapes;
use mil_pass::{Pass, PassCx, PassError, pass};
use mil_tensor::Tensor;

use numbers::{Number, Numbers};

pass! {
    /// Makes users of equal values share the first of them, however their ops are spelled.
    ///
    /// Layers that were written one by one compute the same tables and masks again and again: sines and cosines
    /// of positions above all. `remove_redundant_ops` finds ops that are equal to the letter. Here values are
    /// numbered by what they hold: a reshape and its kin leave the elements in their order, an op that goes element
    /// by element does not care what shape they stand in, operands that commute have no order, a `concat` of one
    /// value is a `tile`. A value that is there in another shape is reshaped, instead of being computed again.
    ///
    /// Ops that give an output stay, and so do ops with inner blocks, random ops, and those that touch a state or
    /// have fields that are not known. Values are shared within a block.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [3]> at, tensor<fp32, [1, 3, 2]> q, tensor<fp32, [1, 3, 2]> k) {
    ///     tensor<fp32, [2]> rates = const()[name = string("rates"), val = tensor<fp32, [2]>([0x1p+0, 0x1p-1])];
    ///     tensor<fp32, [3, 1]> a = expand_dims(axes = tensor<int32, [1]>([1]), x = at)[name = string("a")];
    ///     tensor<fp32, [3, 2]> b = mul(x = a, y = rates)[name = string("b")];
    ///     tensor<fp32, [3, 2]> c = cos(x = b)[name = string("c")];
    ///     tensor<fp32, [1, 3, 2]> d = mul(x = q, y = c)[name = string("d")];
    ///     tensor<fp32, [1, 3, 1]> e = reshape(shape = tensor<int32, [3]>([1, 3, 1]), x = at)[name = string("e")];
    ///     tensor<fp32, [1, 3, 2]> f = mul(x = rates, y = e)[name = string("f")];
    ///     tensor<fp32, [1, 3, 2]> g = cos(x = f)[name = string("g")];
    ///     tensor<fp32, [1, 3, 2]> h = mul(x = k, y = g)[name = string("h")];
    ///     tensor<fp32, [1, 3, 2]> y = add(x = d, y = h)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [3]> at, tensor<fp32, [1, 3, 2]> q, tensor<fp32, [1, 3, 2]> k) {
    ///     tensor<fp32, [2]> rates = const()[name = string("rates"), val = tensor<fp32, [2]>([0x1p+0, 0x1p-1])];
    ///     tensor<fp32, [3, 1]> a = expand_dims(axes = tensor<int32, [1]>([1]), x = at)[name = string("a")];
    ///     tensor<fp32, [3, 2]> b = mul(x = a, y = rates)[name = string("b")];
    ///     tensor<fp32, [3, 2]> c = cos(x = b)[name = string("c")];
    ///     tensor<fp32, [1, 3, 2]> d = mul(x = q, y = c)[name = string("d")];
    ///     tensor<fp32, [1, 3, 2]> g_shared = reshape(shape = tensor<int32, [3]>([1, 3, 2]), x = c)[name = string("g_shared")];
    ///     tensor<fp32, [1, 3, 2]> h = mul(x = k, y = g_shared)[name = string("h")];
    ///     tensor<fp32, [1, 3, 2]> y = add(x = d, y = h)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct ShareEqualValues;
    id: "share_equal_values",
    numerics: Exact,
    statistics: [
        shared: "ops whose users take an equal value",
        reshaped: "of them, in another shape",
    ],
}

impl Pass for ShareEqualValues {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let shapes = cx.shapes(graph);
        let mut numbers = Numbers::default();
        let blocks: Vec<BlockId> = graph.blocks().collect();
        for block in blocks {
            let mut first = First::default();
            let ops: Vec<OpId> = graph.block(block).ops().collect();
            for op in ops {
                let Some(of_results) = numbers.of_results(graph, &shapes, op) else { continue };
                match first.take(graph, &shapes, op, &of_results, cx)? {
                    Step::Stop => return Ok(()),
                    Step::Reshaped(value) => numbers.set(value, of_results[0]),
                    Step::Done => {}
                }
            }
        }
        // What only erased ops took.
        erase_unused(graph)
    }
}

/// Ops that nothing needs any more, because what they led to is shared.
fn erase_unused(graph: &mut Graph) -> Result<(), PassError> {
    let mut ops: Vec<OpId> = graph.walk().collect();
    while let Some(op) = ops.pop() {
        let keeps = mil_ops::def(graph.op(op).kind()).is_some_and(|def| def.is(mil_ops::Trait::KeepsOrder));
        if keeps && mil_ops::can_erase(graph, op) {
            graph.erase(op)?;
        }
    }
    Ok(())
}

/// What became of an op.
enum Step {
    Done,
    /// A reshape of another value took its place.
    Reshaped(ValueId),
    /// No more may be changed.
    Stop,
}

/// The first value of a block with each number: in any shape, and in each type.
#[derive(Default)]
struct First {
    any: HashMap<Number, ValueId>,
    typed: HashMap<(Number, String), ValueId>,
}

impl First {
    /// Shares the values of an op if they are there, and knows them from here on.
    fn take(
        &mut self,
        graph: &mut Graph,
        shapes: &Shapes,
        op: OpId,
        of_results: &[Number],
        cx: &mut PassCx<'_>,
    ) -> Result<Step, PassError> {
        let results: Vec<ValueId> = graph.op(op).results().to_vec();
        let ty = |graph: &Graph, value: ValueId| graph.value(value).ty().to_string();
        let known: Option<Vec<ValueId>> = of_results
            .iter()
            .zip(&results)
            .map(|(&number, &result)| self.typed.get(&(number, ty(graph, result))).copied())
            .collect();
        let is_output = results.iter().any(|&value| graph.is_block_output(value));
        let reshaped = || {
            let [number] = of_results else { return None };
            let of = *self.any.get(number).filter(|_| !numbers::keeps_order(graph, shapes, op))?;
            let shape = shapes.ty(graph, results[0]).fixed_shape()?;
            let sizes = shape.iter().map(|&size| i32::try_from(size).ok()).collect::<Option<Vec<i32>>>()?;
            (!sizes.is_empty() && !sizes.contains(&0)).then_some((of, sizes))
        };
        let (instead, is_reshaped) = match (known, reshaped()) {
            (Some(known), _) if !is_output => (Some(known), false),
            (None, Some((of, sizes))) if !is_output => {
                if !cx.spend() {
                    return Ok(Step::Stop);
                }
                (Some(vec![reshape(graph, op, of, &sizes)]), true)
            }
            _ => (None, false),
        };
        let Some(instead) = instead else {
            for (&number, &result) in of_results.iter().zip(&results) {
                self.any.entry(number).or_insert(result);
                self.typed.entry((number, ty(graph, result))).or_insert(result);
            }
            return Ok(Step::Done);
        };
        if !is_reshaped && !cx.spend() {
            return Ok(Step::Stop);
        }
        for ((&gone, &kept), &number) in results.iter().zip(&instead).zip(of_results) {
            self.typed.entry((number, ty(graph, gone))).or_insert(kept);
            graph.replace_uses(gone, kept);
        }
        graph.erase(op)?;
        cx.count("shared", 1);
        cx.count("reshaped", u64::from(is_reshaped));
        Ok(if is_reshaped { Step::Reshaped(instead[0]) } else { Step::Done })
    }
}

/// A value in the shape of the result of an op, before it.
fn reshape(graph: &mut Graph, op: OpId, of: ValueId, sizes: &[i32]) -> ValueId {
    let ty = graph.value(graph.op(op).results()[0]).ty().clone();
    let name = graph.fresh_name(&format!("{}_shared", graph.label(op)));
    let new = NewOp::new("reshape").named(name.clone()).with("x", of);
    let new = new.with("shape", Literal::tensor(Tensor::ints(sizes))).result(name, ty);
    let reshape = graph.insert(new, At::Before(op));
    graph.op(reshape).results()[0]
}
