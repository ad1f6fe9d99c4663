mod arrange;
mod fuse;
mod letters;
mod mask;
mod neutral;
mod product;
mod scores;
mod sight;
mod site;
mod softmax;
mod sources;

use fuse::Plan;
use letters::{Letters, number};
use mil_estimate::Chip;
use mil_ir::{Graph, OpId};
use mil_pass::{No, Pass, PassCx, PassError, Rewrite, pass};
use product::PRODUCTS;
use sight::Sight;
use site::Site;

pass! {
    /// Makes `scaled_dot_product_attention` of what computes `softmax(q kᵀ · s + mask) v`.
    ///
    /// From a softmax outwards, an op or spelled out, axes are followed through `reshape`, `transpose`,
    /// `expand_dims`, `squeeze`, `tile` and `cast`, so it does not matter how heads are laid out, joined
    /// with the batch or repeated, on which side of the product the keys stand, or in which order the result
    /// comes. The op divides by the root of the head's size itself: what else scales, on the query, the key
    /// or the scores, is multiplied into the query, also where it differs between heads or queries. What is
    /// added to the scores becomes the mask. So do scores that are replaced where a condition says so: by
    /// minus infinity they are a boolean mask; by a finite number of -100 or less, one that is added and so
    /// large that a row which is masked as a whole keeps its equal weights (in fp16, up to what fp16 can
    /// hold).
    ///
    /// Sizes of a mask that only the run decides are taken to be those of the scores, or 1.
    ///
    /// Left alone: scores or weights that are used elsewhere, scores that go through anything else (a cap, a
    /// clip), weights that are masked or mixed, a softmax along another axis than that over which the values
    /// are summed.
    ///
    /// All sites are fused unless options say otherwise: the planner of every chip believes the op to take less
    /// than the products that it replaces, as it does not count its arithmetic. Fusing is not always faster,
    /// though. On the GPU, attention with a batch of 10 and more was wrong in one release; on the Neural
    /// Engine, several fused attentions over the whole sequence have made a model fall back to the CPU, so a
    /// function gets no second one where `chips` names one to stay on; large heads in fp16 have crashed on
    /// it. `unfuse_sdpa` is the way back.
    ///
    /// # Before
    /// ```mil
    /// func main<ios18>(tensor<fp32, [1, 2, 3, 4]> q, tensor<fp32, [1, 2, 3, 4]> k, tensor<fp32, [1, 2, 3, 4]> v) {
    ///     tensor<fp32, [1, 2, 3, 3]> p = matmul(transpose_x = bool(false), transpose_y = bool(true), x = q, y = k)[name = string("p")];
    ///     fp32 h = const()[name = string("h"), val = fp32(0x1p-1)];
    ///     tensor<fp32, [1, 2, 3, 3]> s = mul(x = p, y = h)[name = string("s")];
    ///     tensor<fp32, [1, 2, 3, 3]> w = softmax(axis = int32(-1), x = s)[name = string("w")];
    ///     tensor<fp32, [1, 2, 3, 4]> y = matmul(transpose_x = bool(false), transpose_y = bool(false), x = w, y = v)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp32, [1, 2, 3, 4]> q, tensor<fp32, [1, 2, 3, 4]> k, tensor<fp32, [1, 2, 3, 4]> v) {
    ///     tensor<fp32, [1, 2, 3, 4]> y = scaled_dot_product_attention(key = k, query = q, value = v)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseSdpa {
        /// Leave sites alone that have fewer keys; short ones gain little. An unknown number counts as many.
        pub min_sequence: usize = 0,
        /// Leave sites alone whose heads are larger.
        pub max_head_size: Option<usize> = None,
        /// Fuse no more sites than this in a function, the first ones.
        pub max_sites_per_function: Option<usize> = None,
        /// Chips whose Neural Engine the model must stay on: a function then gets one attention with as many
        /// queries as keys, and no second one. Others, as those of one token over a cache, are all fused.
        pub chips: Vec<String> = Vec::new(),
    }
    id: "fuse_sdpa",
    numerics: Rounding,
    statistics: [
        fused: "sites that became `scaled_dot_product_attention`",
    ],
}

impl Pass for FuseSdpa {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let anchors: Vec<OpId> = graph.walk().filter(|&op| is_anchor(graph, op)).collect();
        if anchors.is_empty() {
            return Ok(());
        }
        for chip in &self.chips {
            chip.parse::<Chip>().map_err(|error| PassError::Refused(error.to_string()))?;
        }
        let (opset, shapes, leads) = (cx.opset().clone(), cx.shapes(graph), from_products(graph));
        let mut fused = Fused { sites: 0, whole: already_whole(graph) };
        for op in anchors {
            cx.check_cancelled()?;
            if !graph.is_live(op) {
                continue;
            }
            let mut rw = Rewrite::new(graph, &opset);
            let plan = self.plan(&Sight { rw: &rw, shapes: &shapes, leads: &leads }, op, &fused);
            let done = match plan {
                Ok(_) if !cx.spend() => return Ok(()),
                Ok((plan, whole)) => {
                    let before = rw.graph().checkpoint();
                    let done = plan.apply(&mut rw);
                    if done.is_err() {
                        graph.roll_back(before);
                    }
                    done.map(|()| whole)
                }
                Err(no) => Err(no),
            };
            match done {
                Ok(whole) => {
                    fused.sites += 1;
                    fused.whole |= whole;
                    cx.count("fused", 1);
                }
                Err(No::Miss(reason)) => cx.missed("site", graph, op, &reason),
                Err(No::Fault(error)) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What a function has of fused attention.
struct Fused {
    sites: usize,
    /// One of them is over the whole sequence.
    whole: bool,
}

impl FuseSdpa {
    /// How a site is rewritten, and whether it is over the whole sequence.
    fn plan(&self, sight: &Sight<'_, '_>, op: OpId, fused: &Fused) -> Result<(Plan, bool), No> {
        sight.rw.has_op("scaled_dot_product_attention")?;
        let mut letters = Letters::default();
        let site = Site::around(sight, &mut letters, op)?;
        let size = |word| number(&letters.size(word)).and_then(|size| usize::try_from(size).ok());
        let (keys, head) = (size(&site.keys), size(&site.head));
        No::unless(keys.is_none_or(|keys| keys >= self.min_sequence), "fewer keys than min_sequence")?;
        let is_small = head.zip(self.max_head_size).is_none_or(|(head, most)| head <= most);
        No::unless(is_small, "the heads are larger than max_head_size")?;
        let room = self.max_sites_per_function.is_none_or(|most| fused.sites < most);
        No::unless(room, "max_sites_per_function is reached")?;
        let rows = site.layouts.first().map(|layout| letters.spelled(&layout.rows)).unwrap_or_default();
        let whole = keys != Some(1) && letters.size(&rows) == letters.size(&site.keys);
        let alone = self.chips.is_empty() || !whole || !fused.whole;
        No::unless(alone, "a second attention over the whole sequence may keep the function off the ANE")?;
        Ok((Plan::of(sight, &mut letters, &site)?, whole))
    }
}

/// Whether a graph has a fused attention with as many queries as keys, and more than one.
fn already_whole(graph: &Graph) -> bool {
    graph.walk().filter(|&op| graph.op(op).kind() == "scaled_dot_product_attention").any(|op| {
        let length = |param: &str| {
            let dims = graph.param_type(op, param)?.dims()?;
            dims.get(dims.len().checked_sub(2)?).cloned()
        };
        length("query") == length("key") && length("query").and_then(|dim| dim.fixed()) != Some(1)
    })
}

/// A softmax, or the heart of one.
fn is_anchor(graph: &Graph, op: OpId) -> bool {
    let found = graph.op(op);
    let is = |kinds: &[&str], kind: &str| kinds.contains(&kind);
    if is(&["softmax"], found.kind().as_str()) {
        return true;
    }
    let summed = |result| graph.users(result).any(|user| graph.op(user).kind() == "reduce_sum");
    let less = graph.producer(op, "x").is_some_and(|producer| graph.op(producer).kind() == "sub");
    is(&["exp", "exp2"], found.kind().as_str()) && (less || found.result().is_some_and(summed))
}

/// Which values come from a product, by index: through ops that scores may go through.
fn from_products(graph: &Graph) -> Vec<bool> {
    const THROUGH: &[&str] = &[
        "add",
        "cast",
        "clip",
        "expand_dims",
        "identity",
        "maximum",
        "mul",
        "real_div",
        "reshape",
        "select",
        "squeeze",
        "sub",
        "transpose",
    ];
    let mut leads = vec![false; graph.bound()];
    for op in graph.walk() {
        let found = graph.op(op);
        let kind = found.kind().as_str();
        let from_product = PRODUCTS.contains(&kind)
            || THROUGH.contains(&kind) && found.values().any(|value| leads[value.index()]);
        if from_product {
            found.results().iter().for_each(|result| leads[result.index()] = true);
        }
    }
    leads
}
