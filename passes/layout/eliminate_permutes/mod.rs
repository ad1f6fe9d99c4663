mod apply;
mod frame;
mod moves;
mod plan;
mod view;

use apply::Decision;
use frame::Reader;
use mil_ir::{Checkpoint, Graph, OpId};
use mil_pass::{No, Pass, PassCx, PassError, Rewrite, pass};
use moves::Search;
use plan::{Moved, Plan};

use crate::layout::reduce_transposes::{Done, ReduceTransposes};

pass! {
    /// Chooses an arrangement for every value so that transposes move as few bytes as possible.
    ///
    /// Transposes, and reshapes that keep axes apart, say that a value is another one in a new arrangement. Ops
    /// that can be computed in several arrangements (elementwise ops, reductions, norms, joins, slices, pads,
    /// the leading axes of a `linear`, operands and results of a `matmul`, variables of loops) get the one
    /// that is cheapest for the function as a whole: by a minimum cut for each region that two arrangements
    /// compete for, which is exact, repeated until nothing improves. Constants follow, unread; the weight of a
    /// `linear` follows the order of the axes that were flattened before it. What transposes remain stand
    /// where they move least.
    ///
    /// Never more transposes, nor more bytes, than `reduce_transposes` leaves. Inputs and outputs keep their
    /// layout, and names stay. A sum of floats keeps the order in which it runs through its axes, but for that
    /// of a `linear` whose weight is rearranged.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 4, 5, 6]> x) {
    ///     tensor<int32, [4]> p = const()[name = string("p"), val = tensor<int32, [4]>([0, 2, 3, 1])];
    ///     tensor<fp32, [1, 5, 6, 4]> a = transpose(perm = p, x = x)[name = "a"];
    ///     tensor<int32, [3]> s = const()[name = string("s"), val = tensor<int32, [3]>([1, 30, 4])];
    ///     tensor<fp32, [1, 30, 4]> b = reshape(shape = s, x = a)[name = "b"];
    ///     int32 last = const()[name = string("last"), val = int32(-1)];
    ///     tensor<fp32, [1, 30, 4]> c = softmax(axis = last, x = b)[name = "c"];
    ///     tensor<int32, [3]> q = const()[name = string("q"), val = tensor<int32, [3]>([0, 2, 1])];
    ///     tensor<fp32, [1, 4, 30]> y = transpose(perm = q, x = c)[name = "y"];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 4, 5, 6]> x) {
    ///     int32 c_axis_0 = const()[name = string("c_axis_0"), val = int32(1)];
    ///     tensor<fp32, [1, 4, 5, 6]> c = softmax(axis = c_axis_0, x = x)[name = string("c")];
    ///     tensor<int32, [3]> c_reshaped_shape = const()[name = string("c_reshaped_shape"), val = tensor<int32, [3]>([1, 4, 30])];
    ///     tensor<fp32, [1, 4, 30]> y = reshape(shape = c_reshaped_shape, x = c)[name = string("c_reshaped")];
    /// } -> (y);
    /// ```
    pub struct EliminatePermutes;
    id: "eliminate_permutes",
    numerics: Rounding,
    statistics: [
        moves: "regions that were arranged otherwise",
    ],
}

impl Pass for EliminatePermutes {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let before = Moved::by(graph);
        if before.transposes == 0 {
            return Ok(());
        }
        let start = graph.checkpoint();
        let done = arrange(graph, cx)?;
        let after = Moved::by(graph);
        // Nothing is less than none.
        if done && after.transposes == 0 {
            return Ok(());
        }
        let bound = bound(graph, start, cx)?;
        if done && after.is_within(&bound) && after.is_better_than(&before) {
            return Ok(());
        }
        // Fewer bytes by more transposes, or the other way round: from where the bound is met, fewer of both.
        graph.roll_back(start);
        if bound.is_better_than(&before) {
            ReduceTransposes { like_coremltools: false }.reduce(
                graph,
                &cx.opset().clone(),
                &mut || cx.spend(),
                &mut Done::default(),
            )?;
            let reduced = graph.checkpoint();
            let before = Moved::by(graph);
            let done = arrange(graph, cx)?;
            if !done || !Moved::by(graph).is_better_than(&before) {
                graph.roll_back(reduced);
            }
        }
        Ok(())
    }
}

/// What `reduce_transposes` would leave of a graph as it was.
fn bound(graph: &Graph, start: Checkpoint, cx: &PassCx<'_>) -> Result<Moved, PassError> {
    let mut copy = graph.clone();
    copy.roll_back(start);
    let pass = ReduceTransposes { like_coremltools: false };
    pass.reduce(&mut copy, cx.opset(), &mut || true, &mut Done::default())?;
    Ok(Moved::by(&copy))
}

/// Chooses arrangements and writes them down; `false` if that cannot be done.
fn arrange(graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<bool, PassError> {
    write_down_sizes(graph, cx)?;
    let opset = cx.opset().clone();
    let shapes = cx.shapes(graph);
    let mut plan = Plan::of(Reader { graph, opset: &opset, shapes: &shapes });
    let mut moves = 0;
    Search::new(&mut plan).run(|| {
        let may = cx.spend();
        moves += u64::from(may);
        may
    });
    let decision = Decision::of(&mut plan);
    if cx.wants_misses() {
        for (op, reason) in plan.left() {
            cx.missed("permute", graph, op, &reason);
        }
    }
    match decision.and_then(|decision| decision.apply(&mut Rewrite::new(graph, &opset))) {
        Ok(()) => {
            cx.count("moves", moves);
            Ok(true)
        }
        Err(No::Miss(_)) => Ok(false),
        Err(No::Fault(error)) => Err(error),
    }
}

/// Who asks for sizes that are known needs no arrangement.
fn write_down_sizes(graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
    let opset = cx.opset().clone();
    let shapes = cx.shapes(graph);
    let asked: Vec<OpId> = graph.walk().filter(|&op| graph.op(op).kind() == "shape").collect();
    let mut rw = Rewrite::new(graph, &opset);
    for op in asked {
        let Some(value) = rw.graph().op(op).result() else { continue };
        let Some(sizes) = shapes.tensor(rw.graph(), value) else { continue };
        let name = rw.graph().value(value).name().to_string();
        let known = rw.tensor(&format!("{name}_known"), sizes, op);
        rw.replace_with_existing(op, &[known], &[])?;
    }
    Ok(())
}
