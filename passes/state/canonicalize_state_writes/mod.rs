use mil_ir::{At, Graph, OpId};
use mil_ops::can_move;
use mil_pass::{Alias, Matched, No, Rewrite, pass};

pass! {
    /// Moves a `write_state` up to the op that computes the new contents.
    ///
    /// Core ML updates a state in place where the write stands directly behind that op. A `read_state` behind
    /// the write, which reads what was written, goes along. A write stays where it is if the state is read or
    /// written in between: coremltools moves it all the same, and later reads see other contents.
    ///
    /// # Before
    /// ```mil
    /// func main<ios18>(state<tensor<fp16, [2]>> s, tensor<fp16, [2]> x) {
    ///     tensor<fp16, [2]> old = read_state(input = s)[name = string("old")];
    ///     tensor<fp16, [2]> new = mul(x = old, y = x)[name = string("new")];
    ///     tensor<fp16, [2]> y = relu(x = new)[name = string("y")];
    ///     write_state(data = new, input = s)[name = string("w")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(state<tensor<fp16, [2]>> s, tensor<fp16, [2]> x) {
    ///     tensor<fp16, [2]> old = read_state(input = s)[name = string("old")];
    ///     tensor<fp16, [2]> new = mul(x = old, y = x)[name = string("new")];
    ///     write_state(data = new, input = s)[name = string("w")];
    ///     tensor<fp16, [2]> y = relu(x = new)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct CanonicalizeStateWrites;
    id: "canonicalize_state_writes",
    numerics: Exact,
    aliases: [Alias::plain("common::canonicalize_inplace_pattern")],
    patterns: [
        /// `write_state` of a value, other ops before it
        late_write(write_state),
    ],
}

fn late_write(rw: &mut Rewrite<'_>, write: OpId) -> Matched {
    let data = rw.input(write, "data")?;
    let state = rw.input(write, "input")?;
    let producer = rw.graph().definition(data).ok_or(No::miss("the new contents are an input"))?;
    let kind = rw.graph().op(producer).kind();
    No::unless(kind != "read_state" && kind != "const", "no op computes the new contents")?;
    let block = rw.graph().op(write).block();
    No::unless(rw.graph().op(producer).block() == block, "the new contents are computed in another block")?;
    let place = behind(rw.graph(), producer);
    No::unless(passes_work(rw.graph(), place, write), "the write stands behind the op already")?;
    No::unless(can_move(rw.graph(), write, place), "the state is read or written in between")?;
    let read = rw
        .graph()
        .next(write)
        .filter(|&next| rw.is(next, &["read_state"]) && rw.graph().input(next, "input") == Some(state));
    rw.graph_mut().move_op(write, At::Before(place))?;
    if let Some(read) = read.filter(|&read| can_move(rw.graph(), read, place)) {
        rw.graph_mut().move_op(read, At::Before(place))?;
    }
    Ok(())
}

/// The first op behind another that is not itself a write or a read of a state.
fn behind(graph: &Graph, op: OpId) -> OpId {
    let all = std::iter::successors(graph.next(op), |&next| graph.next(next));
    let is_state = |op: &OpId| matches!(graph.op(*op).kind().as_str(), "read_state" | "write_state");
    all.into_iter().find(|op| !is_state(op)).unwrap_or(op)
}

/// There is an op from `first` on before `last` that computes something.
fn passes_work(graph: &Graph, first: OpId, last: OpId) -> bool {
    let all = std::iter::successors(Some(first), |&op| graph.next(op));
    graph.is_before(first, last)
        && all
            .take_while(|&op| op != last)
            .any(|op| !matches!(graph.op(op).kind().as_str(), "read_state" | "write_state" | "const"))
}
