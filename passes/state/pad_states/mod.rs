use mil_ir::{Graph, Name, NewOp, Program, Type};
use mil_pass::{Pass, PassCx, PassError, pass};
use mil_tensor::Tensor;

use super::access;

pass! {
    /// Makes the last axis of each state a multiple of a number.
    ///
    /// The Neural Engine pads the last axis of what a model keeps to 64 bytes; states of fp16 whose last axis
    /// is not a multiple of 32 made it fail. What is read is cut to its size, what is written is padded by
    /// zeros.
    ///
    /// # Before
    /// ```mil
    /// func main<ios18>(state<tensor<fp16, [1, 30]>> s, tensor<fp16, [1, 30]> x) {
    ///     tensor<fp16, [1, 30]> old = read_state(input = s)[name = string("old")];
    ///     tensor<fp16, [1, 30]> y = add(x = old, y = x)[name = string("y")];
    ///     write_state(data = y, input = s)[name = string("w")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp16, [1, 30]> x, state<tensor<fp16, [1, 32]>> s) {
    ///     tensor<fp16, [1, 32]> s_read = read_state(input = s)[name = string("s_read")];
    ///     tensor<fp16, [1, 30]> old = slice_by_index(begin = tensor<int32, [2]>([0, 0]), end = tensor<int32, [2]>([1, 30]), x = s_read)[name = string("s_read_part")];
    ///     tensor<fp16, [1, 30]> y = add(x = old, y = x)[name = string("y")];
    ///     tensor<fp16, [1, 32]> s_padded = pad(constant_val = fp16(0x0p+0), mode = string("constant"), pad = tensor<int32, [4]>([0, 0, 0, 2]), x = y)[name = string("s_padded")];
    ///     write_state(data = s_padded, input = s)[name = string("s_write")];
    /// } -> (y);
    /// ```
    pub struct PadStates {
        /// What the last axis is a multiple of.
        pub multiple: usize = 32,
    }
    id: "pad_states",
    numerics: Exact,
    scope: Program,
    changes_interface: true,
    statistics: [
        padded: "states padded",
    ],
}

impl Pass for PadStates {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        if self.multiple == 0 {
            return Err(PassError::Refused("multiple is 0".to_owned()));
        }
        let functions: Vec<Name> = program.functions.keys().cloned().collect();
        for function in &functions {
            let Some(graph) = program.graph(function) else { continue };
            let odd: Vec<_> = access::states(graph)
                .into_iter()
                .filter(|(_, shape, _)| shape.last().is_some_and(|last| last % self.multiple != 0))
                .map(|(value, shape, dtype)| (graph.value(value).name().clone(), shape, dtype))
                .collect();
            for (name, shape, dtype) in odd {
                if !cx.spend() {
                    return Ok(());
                }
                let mut padded = shape.clone();
                if let Some(last) = padded.last_mut() {
                    *last = last.next_multiple_of(self.multiple);
                }
                for (_, _, graph) in program.graphs_mut().filter(|(other, ..)| *other == function) {
                    in_graph(graph, &name, &shape, &padded)?;
                }
                let added = [(name.clone(), dtype, padded)];
                access::replace_states(program, function, &[name], &added)?;
                cx.count("padded", 1);
            }
        }
        Ok(())
    }
}

fn in_graph(graph: &mut Graph, name: &Name, shape: &[usize], padded: &[usize]) -> Result<(), PassError> {
    let found = access::states(graph)
        .into_iter()
        .find(|(value, own, _)| graph.value(*value).name() == name && own == shape);
    let (old, _, dtype) =
        found.ok_or_else(|| PassError::Refused(format!("a graph of the function lacks state {name}")))?;
    let all = access::accesses(graph, old)?;
    let state = access::add_state(graph, name, dtype, padded);
    for op in all {
        match access::written(graph, op) {
            None => {
                let whole = access::read(graph, state, op)?;
                let part = access::slice(graph, whole, &vec![0; shape.len()], shape, op);
                access::instead_of_read(graph, op, part)?;
            }
            Some(data) => {
                let mut pad = vec![0; 2 * shape.len()];
                pad[2 * shape.len() - 1] = padded[shape.len() - 1] - shape[shape.len() - 1];
                let zero = Tensor::from_f64s(dtype, &[], &[0.0])
                    .map_err(|error| PassError::Refused(error.to_string()))?;
                let new = NewOp::new("pad")
                    .with("x", data)
                    .with("pad", access::ints(&pad))
                    .with("mode", Tensor::string("constant"))
                    .with("constant_val", zero);
                let base = format!("{name}_padded");
                let data = access::insert(graph, new, &base, Type::fixed(dtype, padded), op);
                access::write(graph, state, data, op);
                graph.erase(op)?;
            }
        }
    }
    graph.remove_input(Graph::ROOT, old);
    Ok(())
}
