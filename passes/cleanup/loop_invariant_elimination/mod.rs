use mil_ir::{At, BlockId, NewBlock, NewOp, OpId, Operand, ValueId};
use mil_pass::{Alias, Matched, No, Rewrite, pass};

pass! {
    /// Takes loop variables that never change out of a `while_loop`.
    ///
    /// Both blocks use the value outside instead, and so does what used the result. A variable never changes
    /// if the body gives back what it takes, or the very value that it began with. A body that gives another
    /// outer value changes the variable in the first round, and stays.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(int32 b) {
    ///     int32 a = const()[name = string("a"), val = int32(0)];
    ///     int32 three = const()[name = string("three"), val = int32(3)];
    ///     int32 one = const()[name = string("one"), val = int32(1)];
    ///     int32 y, int32 z = while_loop(loop_vars = (a, b))[name = string("y")] {
    ///         block(int32 v, int32 w) {
    ///             bool go = less(x = v, y = three)[name = string("go")];
    ///         } -> (go);
    ///         block(int32 p, int32 q) {
    ///             int32 s = add(x = p, y = one)[name = string("s")];
    ///         } -> (s, q);
    ///     };
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(int32 b) {
    ///     int32 a = const()[name = string("a"), val = int32(0)];
    ///     int32 three = const()[name = string("three"), val = int32(3)];
    ///     int32 one = const()[name = string("one"), val = int32(1)];
    ///     int32 y = while_loop(loop_vars = a)[name = string("y")] {
    ///         block(int32 v) {
    ///             bool go = less(x = v, y = three)[name = string("go")];
    ///         } -> (go);
    ///         block(int32 p) {
    ///             int32 s = add(x = p, y = one)[name = string("s")];
    ///         } -> (s);
    ///     };
    /// } -> (y);
    /// ```
    pub struct LoopInvariantElimination;
    id: "loop_invariant_elimination",
    numerics: Exact,
    aliases: [Alias::plain("common::loop_invariant_elimination")],
    patterns: [
        /// `while_loop` with a variable that never changes
        unchanged(while_loop),
    ],
}

fn unchanged(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let &[condition, body] = rw.graph().op(op).blocks() else {
        return Err(No::miss("there are not two blocks"));
    };
    let first: Vec<Operand> = rw.call(op)?.operands("loop_vars").to_vec();
    let inputs = |block: BlockId| rw.graph().block(block).inputs().to_vec();
    let blocks = [(condition, inputs(condition)), (body, inputs(body))];
    let outputs: Vec<ValueId> = rw.graph().block(body).outputs().collect();
    let given: Vec<ValueId> = outputs.iter().map(|&value| copied(rw, value)).collect();
    let copies: Vec<OpId> =
        outputs.iter().filter_map(|&value| rw.definition_anywhere(value, &["identity"]).ok()).collect();
    let results = rw.graph().op(op).results().to_vec();
    let lengths = [blocks[0].1.len(), blocks[1].1.len(), given.len(), results.len()];
    No::unless(lengths.iter().all(|&length| length == first.len()), "the variables do not correspond")?;
    // What stands for each variable that goes.
    let outer: Vec<Option<ValueId>> = (0..first.len())
        .map(|at| first[at].value().filter(|&value| given[at] == blocks[1].1[at] || given[at] == value))
        .collect();
    let kept: Vec<usize> = (0..first.len()).filter(|&at| outer[at].is_none()).collect();
    No::unless(kept.len() < first.len(), "every variable changes")?;
    No::unless(!kept.is_empty(), "nothing changes in the loop")?;
    let plain = [condition, body].iter().all(|&block| rw.graph().block(block).attributes().is_empty());
    No::unless(plain, "a block has attributes")?;

    let label = rw.graph().label(op).clone();
    let named = |values: &[ValueId]| {
        kept.iter()
            .map(|&at| (rw.graph().value(values[at]).name().clone(), rw.ty(values[at]).clone()))
            .collect()
    };
    let mut new = NewOp { results: named(&results), ..rw.like(op)?.without("loop_vars").named(label) };
    new = new.with_all("loop_vars", kept.iter().map(|&at| first[at].clone()));
    new.blocks = blocks.iter().map(|(_, inputs)| NewBlock { inputs: named(inputs) }).collect();
    let names: Vec<_> = results.iter().map(|&value| rw.graph().value(value).name().clone()).collect();
    let emitted = rw.emit(new, op)?;
    let Some(new) = rw.graph().definition(emitted[0]) else { return Err(No::miss("the loop has no result")) };
    let targets = rw.graph().op(new).blocks().to_vec();
    for ((block, inputs), &target) in blocks.iter().zip(&targets) {
        let is_body = *block == body;
        move_block(rw, *block, target, inputs, &outer, is_body)?;
    }
    let mut fresh = emitted.iter().copied();
    let values: Option<Vec<ValueId>> = outer.iter().map(|value| value.or_else(|| fresh.next())).collect();
    let values = values.ok_or(No::miss("the loop lost a result"))?;
    rw.replace_with_existing(op, &values, &[])?;
    for (&at, &value) in kept.iter().zip(&emitted) {
        rw.graph_mut().rename_value(value, names[at].clone());
    }
    rw.erase_unused(&copies);
    Ok(())
}

/// What an `identity` hands on, or several.
fn copied(rw: &Rewrite<'_>, mut value: ValueId) -> ValueId {
    while let Ok(op) = rw.definition_anywhere(value, &["identity"])
        && let Ok(x) = rw.input(op, "x")
    {
        value = x;
    }
    value
}

/// Moves what a block holds into another, which takes fewer values: those that are gone are used from
/// outside.
fn move_block(
    rw: &mut Rewrite<'_>,
    from: BlockId,
    to: BlockId,
    inputs: &[ValueId],
    outer: &[Option<ValueId>],
    is_body: bool,
) -> Matched {
    let mut taken = rw.graph().block(to).inputs().to_vec().into_iter();
    let graph = rw.graph_mut();
    for (&old, outer) in inputs.iter().zip(outer) {
        let Some(new) = outer.or_else(|| taken.next()) else { continue };
        let name = graph.value(old).name().clone();
        graph.replace_uses(old, new);
        if outer.is_none() {
            let hidden = graph.fresh_name(&format!("{name}_replaced"));
            graph.rename_value(old, hidden);
            graph.rename_value(new, name);
        }
    }
    let given: Vec<ValueId> = graph.block(from).outputs().collect();
    let given = given.into_iter().enumerate().filter(|&(at, _)| !is_body || outer[at].is_none());
    let given: Vec<ValueId> = given.map(|(_, value)| value).collect();
    let ops: Vec<OpId> = graph.block(from).ops().collect();
    graph.set_outputs(from, []);
    for op in ops {
        graph.move_op(op, At::End(to))?;
    }
    graph.set_outputs(to, given);
    Ok(())
}
