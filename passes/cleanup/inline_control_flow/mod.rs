use std::collections::HashMap;

use mil_ir::{At, BlockId, OpId, Operand, ValueId};
use mil_ops::eval::{self, EvalOptions};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Puts the ops of a block into the place of the `cond` or `while_loop` that is known to run it once.
    ///
    /// A `cond` with a constant predicate becomes the branch that it takes. A `while_loop` whose condition
    /// follows from constants and does not hold at first falls away; one whose condition does not hold after
    /// the first round becomes its body.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     bool p = const()[name = string("p"), val = bool(false)];
    ///     tensor<fp32, [2]> y = cond(pred = p)[name = string("y")] {
    ///         block() {
    ///             tensor<fp32, [2]> a = exp(x = x)[name = string("a")];
    ///         } -> (a);
    ///         block() {
    ///             tensor<fp32, [2]> b = relu(x = x)[name = string("b")];
    ///         } -> (b);
    ///     };
    ///     tensor<fp32, [2]> z = abs(x = y)[name = string("z")];
    /// } -> (z);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> b = relu(x = x)[name = string("b")];
    ///     tensor<fp32, [2]> z = abs(x = b)[name = string("z")];
    /// } -> (z);
    /// ```
    pub struct InlineControlFlow;
    id: "inline_control_flow",
    numerics: Exact,
    aliases: [],
    patterns: [
        /// `cond` with a constant predicate
        branch(cond),
        /// `while_loop` that runs zero times or once
        rounds(while_loop),
    ],
}

/// Elements of the largest values that are followed to find out how often a loop runs.
const SMALL: usize = 64;

fn branch(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let holds = rw.constant(op, "pred")?.to_i64s()?.iter().any(|&value| value != 0);
    let &[yes, no] = rw.graph().op(op).blocks() else {
        return Err(No::miss("there are not two blocks"));
    };
    let taken = if holds { yes } else { no };
    movable(rw, taken)?;
    let values: Vec<ValueId> = rw.graph().block(taken).outputs().collect();
    agree(rw, op, &values)?;
    inline(rw, op, taken, &[])?;
    rw.replace_with_existing(op, &values, &[])
}

fn rounds(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let &[condition, body] = rw.graph().op(op).blocks() else {
        return Err(No::miss("there are not two blocks"));
    };
    let first: Vec<Operand> = rw.call(op)?.operands("loop_vars").to_vec();
    let given: Vec<ValueId> = rw.graph().block(body).outputs().collect();
    let lengths = [condition, body].map(|block| rw.graph().block(block).inputs().len());
    let same = lengths.iter().all(|&length| length == first.len()) && given.len() == first.len();
    No::unless(same, "the variables do not correspond")?;

    let graph = rw.graph();
    let pure = graph.block(condition).ops().all(|op| {
        let effects = mil_ops::effects(graph, op);
        effects.writes.is_empty() && !effects.opaque
    });
    No::unless(pure, "the condition does more than compute")?;
    let start: Vec<Option<Tensor>> =
        first.iter().map(|operand| rw.graph().literal(operand)?.as_tensor().cloned()).collect();
    let runs = |values: &[Option<Tensor>]| -> Result<bool, No> {
        let known = followed(rw, condition, values);
        let result = rw.graph().block(condition).outputs().next();
        let holds = result.and_then(|value| lookup(rw, &known, value)).and_then(|holds| holds.item_bool());
        holds.ok_or(No::miss("how often the loop runs is not known"))
    };
    let once = runs(&start)?;
    if once {
        let known = followed(rw, body, &start);
        let next: Vec<Option<Tensor>> = given.iter().map(|&value| lookup(rw, &known, value)).collect();
        No::unless(!runs(&next)?, "the loop runs more than once")?;
        movable(rw, body)?;
        agree(rw, op, &given)?;
    }

    let label = rw.graph().label(op).to_string();
    let start: Result<Vec<ValueId>, No> = first
        .iter()
        .enumerate()
        .map(|(at, operand)| match operand {
            Operand::Value(value) => Ok(*value),
            Operand::Literal(literal) => {
                let tensor = literal.as_tensor().ok_or(No::miss("a variable is not a tensor"))?;
                Ok(rw.tensor(&format!("{label}_start_{at}"), tensor.clone(), op))
            }
        })
        .collect();
    let start = start?;
    if !once {
        return rw.replace_with_existing(op, &start, &[]);
    }
    // A variable that the body gives back as it took it is its value before.
    let inputs = rw.graph().block(body).inputs().to_vec();
    let values: Vec<ValueId> = given
        .iter()
        .map(|given| inputs.iter().position(|input| input == given).map_or(*given, |at| start[at]))
        .collect();
    inline(rw, op, body, &start)?;
    rw.replace_with_existing(op, &values, &[])
}

/// Guard: nothing is lost when the ops of a block stand elsewhere.
fn movable(rw: &Rewrite<'_>, block: BlockId) -> Result<(), No> {
    No::unless(rw.graph().block(block).attributes().is_empty(), "the block has attributes")
}

/// Guard: the block gives what the op gives.
fn agree(rw: &Rewrite<'_>, op: OpId, values: &[ValueId]) -> Result<(), No> {
    let results = rw.graph().op(op).results();
    let same = results.len() == values.len()
        && results
            .iter()
            .zip(values)
            .all(|(&result, &value)| mil_ops::types_agree(rw.ty(result), rw.ty(value)));
    No::unless(same, "the block gives values of other types")
}

/// A constant, or a value that was followed.
fn lookup(rw: &Rewrite<'_>, known: &HashMap<ValueId, Tensor>, value: ValueId) -> Option<Tensor> {
    known.get(&value).cloned().or_else(|| rw.graph().const_tensor(value))
}

/// What of a block follows from constants, with these values for its inputs.
fn followed(rw: &Rewrite<'_>, block: BlockId, inputs: &[Option<Tensor>]) -> HashMap<ValueId, Tensor> {
    let graph = rw.graph();
    let mut options = EvalOptions::default();
    options.reproducible = true;
    let taken = graph.block(block).inputs().iter().zip(inputs);
    let mut known: HashMap<ValueId, Tensor> =
        taken.filter_map(|(&value, tensor)| Some((value, tensor.clone()?))).collect();
    for op in graph.block(block).ops() {
        let found = graph.op(op);
        let small = |&value: &ValueId| {
            rw.ty(value).fixed_shape().is_some_and(|shape| shape.iter().product::<usize>() <= SMALL)
        };
        let is_known = |operand: &Operand| match operand {
            Operand::Literal(_) => true,
            Operand::Value(value) => known.contains_key(value) || graph.const_tensor(*value).is_some(),
        };
        let plain = found.kind() != "const" && found.blocks().is_empty() && rw.known(op).is_ok();
        if !plain || !found.results().iter().all(small) || !found.operands().all(is_known) {
            continue;
        }
        let results = eval::fold_with(graph, op, rw.opset(), &options, |value| known.get(&value).cloned());
        if let Some(Ok(tensors)) = results {
            known.extend(found.results().iter().copied().zip(tensors));
        }
    }
    known
}

/// Moves the ops of a block before the op that holds it, with these values for its inputs.
fn inline(rw: &mut Rewrite<'_>, op: OpId, block: BlockId, inputs: &[ValueId]) -> Matched {
    let taken = rw.graph().block(block).inputs().to_vec();
    let ops: Vec<OpId> = rw.graph().block(block).ops().collect();
    let graph = rw.graph_mut();
    for (&old, &new) in taken.iter().zip(inputs) {
        graph.replace_uses(old, new);
    }
    graph.set_outputs(block, []);
    for moved in ops {
        graph.move_op(moved, At::Before(op))?;
        // A name that was free in the block may be taken around it.
        for value in graph.op(moved).results().to_vec() {
            let name = graph.value(value).name().clone();
            let hidden = graph.fresh_name(&format!("{name}_inlined"));
            graph.rename_value(value, hidden);
            if !graph.has_value_named(&name) {
                graph.rename_value(value, name);
            }
        }
    }
    Ok(())
}
