use mil_ir::{Graph, NewOp, OpId, ValueId};
use mil_pass::{Alias, Matched, No, Rewrite, pass};

pass! {
    /// Makes what follows a `write_state` read the state instead of the value that was written.
    ///
    /// The value then need not be kept beside the state, which is updated in place. Uses before the write
    /// stay, as do those in other branches. A value that nothing but writes and outputs use is left alone,
    /// and so is an input that is an output: neither costs memory.
    ///
    /// # Before
    /// ```mil
    /// func main<ios18>(state<tensor<fp16, [2]>> s, tensor<fp16, [2]> x) {
    ///     tensor<fp16, [2]> old = read_state(input = s)[name = string("old")];
    ///     tensor<fp16, [2]> new = mul(x = old, y = x)[name = string("new")];
    ///     write_state(data = new, input = s)[name = string("w")];
    ///     tensor<fp16, [2]> y = add(x = new, y = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(state<tensor<fp16, [2]>> s, tensor<fp16, [2]> x) {
    ///     tensor<fp16, [2]> old = read_state(input = s)[name = string("old")];
    ///     tensor<fp16, [2]> new = mul(x = old, y = x)[name = string("new")];
    ///     write_state(data = new, input = s)[name = string("w")];
    ///     tensor<fp16, [2]> new_state = read_state(input = s)[name = string("new_state")];
    ///     tensor<fp16, [2]> y = add(x = new_state, y = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct ReadBackStates;
    id: "read_back_states",
    numerics: Exact,
    aliases: [Alias::plain("common::prefer_state_in_downstream")],
    patterns: [
        /// `write_state` of a value that is used behind it
        written(write_state),
    ],
}

fn written(rw: &mut Rewrite<'_>, write: OpId) -> Matched {
    let data = rw.input(write, "data")?;
    let state = rw.input(write, "input")?;
    let graph = rw.graph();
    let is_input = graph.definition(data).is_none();
    No::unless(!is_input || !graph.is_block_output(data), "the value is an input and an output")?;
    let is_work = |user: OpId| !graph.op(user).is_return() && graph.op(user).kind() != "write_state";
    No::unless(graph.users(data).any(is_work), "only writes and outputs use the value")?;
    let behind = uses_behind(graph, data, write);
    No::unless(!behind.is_empty(), "nothing uses the value behind the write")?;
    let is_output = graph.is_output(data) && behind.contains(&graph.root().return_op());
    let next = graph.next(write).ok_or(No::miss("nothing uses the value behind the write"))?;
    let reads = rw.is(next, &["read_state"]) && rw.graph().input(next, "input") == Some(state);
    // One value is not two outputs.
    let is_free = |read: &ValueId| reads && !(is_output && rw.graph().is_output(*read));
    let read = match rw.graph().op(next).result().filter(is_free) {
        Some(read) => read,
        None => {
            let label = format!("{}_state", rw.graph().value(data).name());
            rw.emit_one(NewOp::new("read_state").named(label).with("input", state), next)?
        }
    };
    rw.graph_mut().replace_uses_if(data, read, |user| behind.contains(&user));
    if is_output && !rw.graph().is_output(data) {
        let name = rw.graph().value(data).name().clone();
        let hidden = rw.graph_mut().fresh_name(&format!("{name}_written"));
        rw.graph_mut().rename_value(data, hidden);
        rw.graph_mut().rename_value(read, name);
    }
    Ok(())
}

/// The users of a value that stand behind a write of it: there, the state holds the value.
fn uses_behind(graph: &Graph, value: ValueId, write: OpId) -> Vec<OpId> {
    let block = graph.op(write).block();
    let is_behind = |user: &OpId| {
        graph.ancestor_in(*user, block).is_some_and(|ancestor| graph.is_before(write, ancestor))
    };
    graph.users(value).filter(is_behind).collect()
}
