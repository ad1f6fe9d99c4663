use mil_ir::{Graph, OpId};
use mil_ops::can_erase;
use mil_pass::{Alias, Pass, PassCx, PassError, pass};

pass! {
    /// Erases ops whose results nothing uses.
    ///
    /// An op stays if it writes a state, or if its effects are not known. Ops in inner blocks are looked at
    /// too.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> unused = exp(x = x)[name = string("unused")];
    ///     tensor<fp32, [2]> y = relu(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> y = relu(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct DeadCodeElimination;
    id: "dead_code_elimination",
    numerics: Exact,
    aliases: [Alias::plain("common::dead_code_elimination")],
    statistics: [erased: "ops erased, constants included"],
}

impl Pass for DeadCodeElimination {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        // Program order reversed, so that users go before producers; a stack takes producers that come free.
        let mut stack: Vec<OpId> = graph.walk().collect();
        while let Some(op) = stack.pop() {
            if !graph.is_live(op) || !is_dead(graph, op) {
                continue;
            }
            if !cx.spend() {
                return Ok(());
            }
            let mut producers: Vec<OpId> = held(graph, op)
                .flat_map(|op| graph.op(op).values())
                .filter_map(|value| graph.definition(value))
                .collect();
            producers.sort_unstable();
            producers.dedup();
            graph.erase(op)?;
            cx.count("erased", 1);
            stack.extend(producers);
        }
        Ok(())
    }
}

fn is_dead(graph: &Graph, op: OpId) -> bool {
    graph.op(op).results().iter().all(|&value| graph.is_unused(value)) && can_erase(graph, op)
}

/// An op, what its blocks hold, and their returns.
fn held(graph: &Graph, op: OpId) -> impl Iterator<Item = OpId> + '_ {
    let mut stack = vec![op];
    std::iter::from_fn(move || {
        let op = stack.pop()?;
        for &block in graph.op(op).blocks() {
            stack.extend(graph.block(block).ops());
            stack.push(graph.block(block).return_op());
        }
        Some(op)
    })
}
