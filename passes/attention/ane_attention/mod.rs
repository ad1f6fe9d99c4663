mod sites;

use mil_estimate::Target;
use mil_ir::{Name, Program};
use mil_pass::{Pass, PassCx, PassError, Pipeline, Runner, Sites, pass};

use crate::ane::{Standing, TIDY, targets};
use sites::{attention, linears};

pass! {
    /// Computes functions with attention in the layout of the Neural Engine, where the estimate falls.
    ///
    /// A sequence is a map of height 1 there, `(B, C, 1, S)`: each `linear` becomes a convolution with a kernel
    /// of 1 × 1, layer norms run over the channels, heads are split off by a reshape alone, and the transposes
    /// around the products of attention are gone. That is what Apple's own advice for transformers comes to.
    ///
    /// It is tried on a copy, with fused attention as it is and as products and softmax. What saves most is
    /// taken if the planner's cost falls on one of the chips, and on none does it rise, do segments become
    /// more, or does a risk come about. `--why ane_attention` says what each would have brought.
    ///
    /// The program is to be in fp16: nothing else runs on the Neural Engine.
    ///
    /// # Before
    /// ```mil
    /// // options: {chips=["M4"]}
    /// func main<ios18>(tensor<fp16, [1, 512, 8]> x) {
    ///     tensor<fp16, [8, 8]> w = const()[name = string("w"), val = tensor<fp16, [8, 8]>([[0x1p-1, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0], [0x0p+0, 0x1p-1, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0], [0x0p+0, 0x0p+0, 0x1p-1, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0], [0x0p+0, 0x0p+0, 0x0p+0, 0x1p-1, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0], [0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x1p-1, 0x0p+0, 0x0p+0, 0x0p+0], [0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x1p-1, 0x0p+0, 0x0p+0], [0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x1p-1, 0x0p+0], [0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x0p+0, 0x1p-1]])];
    ///     tensor<fp16, [1, 512, 8]> a = linear(weight = w, x = x)[name = string("a")];
    ///     tensor<fp16, [1, 512, 2, 4]> h = reshape(shape = tensor<int32, [4]>([1, 512, 2, 4]), x = a)[name = string("h")];
    ///     tensor<fp16, [1, 2, 512, 4]> q = transpose(perm = tensor<int32, [4]>([0, 2, 1, 3]), x = h)[name = string("q")];
    ///     tensor<fp16, [1, 2, 512, 512]> s = matmul(transpose_x = bool(false), transpose_y = bool(true), x = q, y = q)[name = string("s")];
    ///     tensor<fp16, [1, 2, 512, 512]> p = softmax(axis = int32(-1), x = s)[name = string("p")];
    ///     tensor<fp16, [1, 2, 512, 4]> o = matmul(transpose_x = bool(false), transpose_y = bool(false), x = p, y = q)[name = string("o")];
    ///     tensor<fp16, [1, 512, 2, 4]> t = transpose(perm = tensor<int32, [4]>([0, 2, 1, 3]), x = o)[name = string("t")];
    ///     tensor<fp16, [1, 512, 8]> y = reshape(shape = tensor<int32, [3]>([1, 512, 8]), x = t)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp16, [1, 512, 8]> x) {
    ///     tensor<int32, [3]> a_perm_0 = const()[name = string("a_perm_0"), val = tensor<int32, [3]>([0, 2, 1])];
    ///     tensor<fp16, [1, 8, 512]> a_first = transpose(perm = a_perm_0, x = x)[name = string("a_first")];
    ///     tensor<int32, [1]> a_axes_0 = const()[name = string("a_axes_0"), val = tensor<int32, [1]>([2])];
    ///     tensor<fp16, [1, 8, 1, 512]> a_map = expand_dims(axes = a_axes_0, x = a_first)[name = string("a_map")];
    ///     tensor<fp16, [8, 8, 1, 1]> a_weight = const()[name = string("a_weight"), val = tensor<fp16, [8, 8, 1, 1]>([[[[0x1p-1]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]]], [[[0x0p+0]], [[0x1p-1]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]]], [[[0x0p+0]], [[0x0p+0]], [[0x1p-1]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]]], [[[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x1p-1]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]]], [[[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x1p-1]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]]], [[[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x1p-1]], [[0x0p+0]], [[0x0p+0]]], [[[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x1p-1]], [[0x0p+0]]], [[[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x0p+0]], [[0x1p-1]]]])];
    ///     tensor<int32, [2]> a_strides_0 = const()[name = string("a_strides_0"), val = tensor<int32, [2]>([1, 1])];
    ///     tensor<int32, [2]> a_dilations_0 = const()[name = string("a_dilations_0"), val = tensor<int32, [2]>([1, 1])];
    ///     string a_pad_type_0 = const()[name = string("a_pad_type_0"), val = string("valid")];
    ///     tensor<int32, [4]> a_pad_0 = const()[name = string("a_pad_0"), val = tensor<int32, [4]>([0, 0, 0, 0])];
    ///     int32 a_groups_0 = const()[name = string("a_groups_0"), val = int32(1)];
    ///     tensor<fp16, [1, 8, 1, 512]> a_conv = conv(dilations = a_dilations_0, groups = a_groups_0, pad = a_pad_0, pad_type = a_pad_type_0, strides = a_strides_0, weight = a_weight, x = a_map)[name = string("a_conv")];
    ///     tensor<int32, [4]> a_conv_reshaped_shape = const()[name = string("a_conv_reshaped_shape"), val = tensor<int32, [4]>([1, 2, 4, 512])];
    ///     tensor<fp16, [1, 2, 4, 512]> a_conv_reshaped = reshape(shape = a_conv_reshaped_shape, x = a_conv)[name = string("a_conv_reshaped")];
    ///     tensor<fp16, [1, 2, 512, 512]> s = matmul(transpose_x = bool(true), transpose_y = bool(false), x = a_conv_reshaped, y = a_conv_reshaped)[name = string("s")];
    ///     tensor<fp16, [1, 2, 512, 512]> p = softmax(axis = int32(-1), x = s)[name = string("p")];
    ///     tensor<fp16, [1, 2, 512, 4]> o = matmul(transpose_x = bool(false), transpose_y = bool(true), x = p, y = a_conv_reshaped)[name = string("o")];
    ///     tensor<fp16, [1, 512, 2, 4]> t = transpose(perm = tensor<int32, [4]>([0, 2, 1, 3]), x = o)[name = string("t")];
    ///     tensor<fp16, [1, 512, 8]> y = reshape(shape = tensor<int32, [3]>([1, 512, 8]), x = t)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct AneAttention {
        /// The chips that the model is for.
        pub chips: Vec<String> = vec!["M1".into(), "A17Pro".into(), "M4".into()],
        /// Their systems: one for all, or as many as there are chips. Left out, each chip counts with the
        /// oldest system that runs both it and the model, and with macOS or iOS 26.
        pub systems: Vec<String> = Vec::new(),
    }
    id: "ane_attention",
    numerics: Lossy { min_snr_db: 40.0 },
    scope: Program,
    statistics: [
        functions: "functions with attention in the layout of the Neural Engine",
    ],
}

/// What runs before the linears become convolutions.
const FIRST: &[&str] = &["", "unfuse_sdpa"];

/// What runs behind: transposes meet and go.
const BEHIND: &str = "eliminate_permutes";

impl Pass for AneAttention {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let targets = targets(&self.chips, &self.systems, program)
            .map_err(|error| PassError::Refused(error.to_string()))?;
        let mut now = Standing::of(program, &targets);
        for function in program.functions.keys().cloned().collect::<Vec<Name>>() {
            let Some(best) = best(program, &function, &now, &targets, cx)? else { continue };
            if !cx.spend() {
                return Ok(());
            }
            (*program, now) = (best.program, best.standing);
            cx.count("functions", 1);
        }
        Ok(())
    }
}

/// A form that pays.
struct Best {
    program: Program,
    standing: Standing,
    gain: f64,
}

/// The form of a function that saves most.
fn best(
    program: &Program,
    function: &Name,
    now: &Standing,
    targets: &[Target],
    cx: &mut PassCx<'_>,
) -> Result<Option<Best>, PassError> {
    let Some(graph) = program.graph(function) else { return Ok(None) };
    let Some(place) = attention(graph) else {
        if let Some(softmax) = graph.walk().find(|&op| graph.op(op).kind() == "softmax") {
            cx.missed(
                "attention",
                graph,
                softmax,
                "the function has no softmax whose weights go into a product",
            );
        }
        return Ok(None);
    };
    let sites = linears(program, function);
    let mut best: Option<Best> = None;
    for first in FIRST {
        cx.check_cancelled()?;
        let Some(after) = rewritten(program, first, &sites).map_err(PassError::Refused)? else {
            if first.is_empty() {
                cx.missed("attention", graph, place, "in this layout: nothing changes");
            }
            continue;
        };
        let standing = Standing::of(&after, targets);
        let outcome = match now.gain(&standing) {
            Ok(gain) => {
                let change = now.compared(&standing);
                if best.as_ref().is_none_or(|best| gain > best.gain) {
                    best = Some(Best { program: after, standing, gain });
                }
                change
            }
            Err(reason) => reason,
        };
        let form = if first.is_empty() { "in this layout" } else { "unfused, in this layout" };
        cx.missed("attention", graph, place, &format!("{form}: {outcome}"));
    }
    Ok(best)
}

/// The program in a form; `None` where that changes nothing.
fn rewritten(program: &Program, first: &str, sites: &Sites) -> Result<Option<Program>, String> {
    let registry = crate::registry();
    let parse = |text: &str| Pipeline::parse(text, &registry).map_err(|error| error.to_string());
    let mut after = program.clone();
    let mut changed = false;
    let mut run = |text: &str, sites: Option<&Sites>| -> Result<bool, String> {
        let mut runner = Runner::new().verify(false);
        if let Some(sites) = sites {
            runner = runner.only_at(sites.clone());
        }
        let report = runner.run(&parse(text)?, &mut after).map_err(|error| mil_ir::error_chain(&error))?;
        Ok(report.changed())
    };
    if !first.is_empty() {
        // Where nothing is fused this is the form without it.
        if !run(first, None)? {
            return Ok(None);
        }
        changed = true;
    }
    if !sites.is_empty() {
        changed |= run("linear_to_conv", Some(sites))?;
    }
    changed |= run(BEHIND, None)?;
    if !changed {
        return Ok(None);
    }
    run(TIDY, None)?;
    Ok(Some(after))
}
