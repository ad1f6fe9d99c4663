mod apply;
mod follow;

use apply::{Balance, apply};
use foldhash::{HashSet, HashSetExt};
use follow::{Component, follow};
use mil_ir::{BlockId, Graph, OpId, Opset};
use mil_pass::{Alias, No, OptionMap, Pass, PassCx, PassError, Rewrite, pass};

use crate::layout::axes::Change;

pass! {
    /// Removes transposes that undo one another across other ops.
    ///
    /// Each `transpose` is followed through the ops that can as well be computed in another order of axes:
    /// elementwise ops with their constants, ops whose axes are parameters, joins of values that are
    /// transposed alike. It ends where another `transpose` undoes it or takes up its order, or where a
    /// reduction takes out the axes that it moves. What needs a value in the old order, outputs and ops with
    /// inner blocks included, gets it by a new `transpose`, one for each value.
    ///
    /// Transposes that meet are moved together, if fewer remain and these move no more data. Values keep
    /// their names: one that is transposed again has its name behind the new `transpose`. A sum of floats
    /// keeps the order in which it runs through its axes.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3, 4]> x) {
    ///     tensor<int32, [3]> p = const()[name = string("p"), val = tensor<int32, [3]>([1, 2, 0])];
    ///     tensor<int32, [3]> q = const()[name = string("q"), val = tensor<int32, [3]>([2, 0, 1])];
    ///     tensor<fp32, [2]> b = const()[name = string("b"), val = tensor<fp32, [2]>([0x1p+0, 0x1p+1])];
    ///     tensor<fp32, [3, 4, 2]> z = transpose(perm = p, x = x)[name = string("z")];
    ///     tensor<fp32, [3, 4, 2]> w = add(x = z, y = b)[name = string("w")];
    ///     tensor<fp32, [2, 3, 4]> y = transpose(perm = q, x = w)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3, 4]> x) {
    ///     tensor<fp32, [2, 1, 1]> w_y_0 = const()[name = string("w_y_0"), val = tensor<fp32, [2, 1, 1]>([[[0x1p+0]], [[0x1p+1]]])];
    ///     tensor<fp32, [2, 3, 4]> y = add(x = x, y = w_y_0)[name = string("w")];
    /// } -> (y);
    /// ```
    pub struct ReduceTransposes {
        /// Leave alone what coremltools leaves alone: a `transpose` whose result is an output, and an operand
        /// that would be reshaped though it has two long axes or an unknown size.
        pub like_coremltools: bool = false,
    }
    id: "reduce_transposes",
    numerics: Exact,
    aliases: [Alias { id: "common::reduce_transposes", adapt }],
    statistics: [
        removed: "`transpose` ops erased",
        added: "`transpose` ops added",
    ],
}

fn adapt(mut options: OptionMap) -> Result<OptionMap, String> {
    options.entry("like_coremltools").or_insert(true.into());
    Ok(options)
}

impl Pass for ReduceTransposes {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let opset = cx.opset().clone();
        let mut done = Done::default();
        self.reduce(graph, &opset, &mut || cx.spend(), &mut done)?;
        cx.check_cancelled()?;
        cx.count("removed", done.removed);
        cx.count("added", done.added);
        for (pattern, op, reason) in done.left {
            cx.missed(pattern, graph, op, &reason);
        }
        Ok(())
    }
}

/// What was done, and what was left alone.
#[derive(Debug, Default)]
pub(in crate::layout) struct Done {
    removed: u64,
    added: u64,
    left: Vec<(&'static str, OpId, String)>,
}

impl ReduceTransposes {
    /// Moves the transposes of a graph, asking before each rewrite.
    pub(in crate::layout) fn reduce(
        &self,
        graph: &mut Graph,
        opset: &Opset,
        spend: &mut dyn FnMut() -> bool,
        done: &mut Done,
    ) -> Result<(), PassError> {
        let blocks: Vec<BlockId> = graph.blocks().collect();
        for block in blocks {
            // Transposes that stay, as moving them does not pay; the ones that they meet may still be moved.
            let mut fixed: HashSet<OpId> = HashSet::new();
            while self.round(graph, block, opset, &mut fixed, spend, done)? {}
        }
        Ok(())
    }

    /// Moves what pays, most first. A transpose that two components share is left to the one, and the other
    /// to the next round. `false` if the next round would do nothing.
    fn round(
        &self,
        graph: &mut Graph,
        block: BlockId,
        opset: &Opset,
        fixed: &mut HashSet<OpId>,
        spend: &mut dyn FnMut() -> bool,
        done: &mut Done,
    ) -> Result<bool, PassError> {
        let followed = follow(graph, block, opset, fixed)?;
        let mut paying: Vec<(Balance, &Component)> = Vec::new();
        let mut refused: Vec<(&Component, String)> = Vec::new();
        for component in &followed.components {
            let balance = Balance::of(graph, component);
            match self.may_move(component).and_then(|()| balance.pays()) {
                Ok(()) => paying.push((balance, component)),
                Err(reason) => refused.push((component, reason)),
            }
        }
        paying.sort_by_key(|(balance, _)| std::cmp::Reverse(balance.spared()));
        let mut touched: HashSet<OpId> = HashSet::new();
        for (balance, component) in paying {
            if transposes(component).any(|op| touched.contains(&op)) {
                continue;
            }
            if !spend() {
                return Ok(false);
            }
            let before = graph.checkpoint();
            match apply(&mut Rewrite::new(graph, opset), component) {
                Ok(()) => {
                    touched.extend(transposes(component));
                    done.removed += balance.gone as u64;
                    done.added += balance.added as u64;
                }
                Err(No::Miss(reason)) => {
                    graph.roll_back(before);
                    refused.push((component, reason.into_owned()));
                }
                Err(No::Fault(error)) => return Err(error),
            }
        }
        if !touched.is_empty() {
            return Ok(true);
        }
        done.left.extend(followed.barriers.iter().map(|(op, reason)| ("through", *op, reason.clone())));
        let mut more = false;
        for (component, reason) in refused {
            done.left.extend(component.starts.iter().map(|start| ("component", start.op, reason.clone())));
            if !component.ends.is_empty() {
                more = true;
                fixed.extend(component.starts.iter().map(|start| start.op));
            }
        }
        Ok(more)
    }

    /// What forbids to move the transposes of a component, whatever it spares.
    fn may_move(&self, component: &Component) -> Result<(), String> {
        if self.like_coremltools && component.starts.iter().any(|start| start.is_output) {
            return Err("the result of a transpose is an output".to_owned());
        }
        let mut changes = component.members.iter().flat_map(|member| &member.moved.changes);
        let other_than_vector = |change: &Change| match change {
            Change::Reshape { shape, .. } => {
                shape.contains(&-1) || shape.iter().filter(|&&size| size != 1).count() > 1
            }
            _ => false,
        };
        if self.like_coremltools && changes.any(other_than_vector) {
            return Err("an operand other than a vector of known size would be reshaped".to_owned());
        }
        let starts: HashSet<OpId> = component.starts.iter().map(|start| start.op).collect();
        match component.ends.iter().any(|end| starts.contains(&end.op)) {
            true => Err("it meets a transpose that would move with it".to_owned()),
            false => Ok(()),
        }
    }
}

/// The transposes that a component changes.
fn transposes(component: &Component) -> impl Iterator<Item = OpId> + '_ {
    component.starts.iter().map(|start| start.op).chain(component.ends.iter().map(|end| end.op))
}
