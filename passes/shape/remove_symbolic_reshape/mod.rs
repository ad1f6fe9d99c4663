use mil_ir::{Graph, OpId, SymExpr, Type};
use mil_ops::{Shapes, is_known};
use mil_pass::{Alias, Pass, PassCx, PassError, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Gives a `reshape` whose shape is computed a constant one, with -1 for the one size that is not known.
    ///
    /// All other sizes follow from arithmetic on shapes and are positive, so that only one value of the last
    /// one is possible. A -1 whose size follows from the elements of `x` becomes that size, so that another one
    /// may be open in its place. What computed the shape falls to `dead_code_elimination`.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [?, 2, 3]> x) {
    ///     tensor<int32, [3]> s = shape(x = x)[name = string("s")];
    ///     tensor<int32, [1]> b = const()[name = string("b"), val = tensor<int32, [1]>([0])];
    ///     tensor<int32, [1]> e = const()[name = string("e"), val = tensor<int32, [1]>([1])];
    ///     tensor<int32, [1]> n = slice_by_index(begin = b, end = e, x = s)[name = string("n")];
    ///     tensor<int32, [1]> six = const()[name = string("six"), val = tensor<int32, [1]>([6])];
    ///     int32 axis = const()[name = string("axis"), val = int32(0)];
    ///     bool no = const()[name = string("no"), val = bool(false)];
    ///     tensor<int32, [2]> t = concat(axis = axis, interleave = no, values = (n, six))[name = string("t")];
    ///     tensor<fp32, [?, 6]> y = reshape(shape = t, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [?, 2, 3]> x) {
    ///     tensor<int32, [3]> s = shape(x = x)[name = string("s")];
    ///     tensor<int32, [1]> b = const()[name = string("b"), val = tensor<int32, [1]>([0])];
    ///     tensor<int32, [1]> e = const()[name = string("e"), val = tensor<int32, [1]>([1])];
    ///     tensor<int32, [1]> n = slice_by_index(begin = b, end = e, x = s)[name = string("n")];
    ///     tensor<int32, [2]> y_shape_0 = const()[name = string("y_shape_0"), val = tensor<int32, [2]>([-1, 6])];
    ///     tensor<fp32, [?, 6]> y = reshape(shape = y_shape_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct RemoveSymbolicReshape;
    id: "remove_symbolic_reshape",
    numerics: Exact,
    aliases: [Alias::plain("common::remove_symbolic_reshape")],
    statistics: [replaced: "shapes made constant"],
}

impl Pass for RemoveSymbolicReshape {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let (shapes, opset) = (cx.shapes(graph), cx.opset().clone());
        let reshapes: Vec<OpId> = graph.walk().filter(|&op| graph.op(op).kind() == "reshape").collect();
        for reshape in reshapes {
            let computed = graph.producer(reshape, "shape").filter(|_| is_known(graph, reshape));
            let Some(computed) = computed.filter(|_| graph.constant(reshape, "shape").is_none()) else {
                continue;
            };
            let Some(shape) = constant_shape(graph, reshape, &shapes) else { continue };
            if !cx.spend() {
                return Ok(());
            }
            let mut rw = Rewrite::new(graph, &opset);
            let name = format!("{}_shape_0", rw.graph().label(reshape));
            let shape = rw.tensor(&name, Tensor::ints(&shape), reshape);
            rw.graph_mut().set_operand(reshape, "shape", 0, shape);
            rw.erase_unused(&[computed]);
            cx.count("replaced", 1);
        }
        Ok(())
    }
}

/// The shape with -1 for the only size that is not known; `None` where there are more, or another one is not
/// positive.
fn constant_shape(graph: &Graph, reshape: OpId, shapes: &Shapes) -> Option<Vec<i32>> {
    let sizes = shapes.elements(graph.input(reshape, "shape")?)?;
    let &[result] = graph.op(reshape).results() else { return None };
    let follows = shapes.refined(result).and_then(Type::dims);
    let constant = |(axis, size): (usize, &Option<SymExpr>)| {
        let size = match size.as_ref().and_then(SymExpr::as_constant) {
            Some(-1) => i64::try_from(follows?.get(axis)?.fixed()?).ok(),
            Some(size) => Some(size),
            None => return Some(-1),
        };
        i32::try_from(size?).ok().filter(|&size| size > 0)
    };
    let shape: Vec<i32> = sizes.iter().enumerate().map(constant).collect::<Option<_>>()?;
    (shape.iter().filter(|&&size| size == -1).count() <= 1).then_some(shape)
}
