use mil_ir::{Graph, Name, NewOp, Program, Type, ValueId};
use mil_pass::{Pass, PassCx, PassError, pass};
use mil_tensor::{DType, Tensor};

use super::access;

pass! {
    /// Makes several states of one, along its first axis.
    ///
    /// Each part is a state of its own, numbered from 0; a read joins them, a write cuts what is written. A
    /// state that `states` names must have a first axis that falls into equal parts; of the others, those are
    /// split that have.
    ///
    /// # Before
    /// ```mil
    /// func main<ios18>(state<tensor<fp16, [2, 2]>> s, tensor<fp16, [2, 2]> x) {
    ///     tensor<fp16, [2, 2]> old = read_state(input = s)[name = string("old")];
    ///     tensor<fp16, [2, 2]> y = add(x = old, y = x)[name = string("y")];
    ///     write_state(data = y, input = s)[name = string("w")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp16, [2, 2]> x, state<tensor<fp16, [1, 2]>> s_0, state<tensor<fp16, [1, 2]>> s_1) {
    ///     tensor<fp16, [1, 2]> s_0_read = read_state(input = s_0)[name = string("s_0_read")];
    ///     tensor<fp16, [1, 2]> s_1_read = read_state(input = s_1)[name = string("s_1_read")];
    ///     tensor<fp16, [2, 2]> old = concat(axis = int32(0), interleave = bool(false), values = (s_0_read, s_1_read))[name = string("s_joined")];
    ///     tensor<fp16, [2, 2]> y = add(x = old, y = x)[name = string("y")];
    ///     tensor<fp16, [1, 2]> y_part = slice_by_index(begin = tensor<int32, [2]>([0, 0]), end = tensor<int32, [2]>([1, 2]), x = y)[name = string("y_part")];
    ///     write_state(data = y_part, input = s_0)[name = string("s_0_write")];
    ///     tensor<fp16, [1, 2]> y_part_0 = slice_by_index(begin = tensor<int32, [2]>([1, 0]), end = tensor<int32, [2]>([2, 2]), x = y)[name = string("y_part_0")];
    ///     write_state(data = y_part_0, input = s_1)[name = string("s_1_write")];
    /// } -> (y);
    /// ```
    pub struct SplitStates {
        /// The states. Empty: all that fall into equal parts.
        pub states: Vec<String> = Vec::new(),
        /// How many parts each becomes.
        pub parts: usize = 2,
    }
    id: "split_states",
    numerics: Exact,
    scope: Program,
    changes_interface: true,
    statistics: [
        split: "states that became several",
    ],
}

impl Pass for SplitStates {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let functions: Vec<Name> = program.functions.keys().cloned().collect();
        let divides = |shape: &[usize]| {
            self.parts > 1 && shape.first().is_some_and(|first| *first > 0 && first % self.parts == 0)
        };
        let mut left: Vec<&String> = self.states.iter().collect();
        for function in &functions {
            let Some(graph) = program.graph(function) else { continue };
            let states = access::states(graph).into_iter();
            let named = states.map(|(value, shape, dtype)| (graph.value(value).name().clone(), shape, dtype));
            for (name, shape, dtype) in named.collect::<Vec<_>>() {
                let wanted = self.states.iter().any(|state| state.as_str() == &*name);
                left.retain(|state| state.as_str() != &*name);
                if wanted && !divides(&shape) {
                    let reason =
                        format!("state {name}: its first axis does not fall into {} parts", self.parts);
                    return Err(PassError::Refused(reason));
                }
                if !wanted && (!self.states.is_empty() || !divides(&shape)) {
                    continue;
                }
                let names: Vec<Name> = (0..self.parts).map(|part| format!("{name}_{part}").into()).collect();
                if access::is_taken(program, function, &names) {
                    if wanted {
                        return Err(PassError::Refused(format!("state {name}: the name of a part is taken")));
                    }
                    continue;
                }
                if !cx.spend() {
                    return Ok(());
                }
                let mut own = shape.clone();
                own[0] /= self.parts;
                for (_, _, graph) in program.graphs_mut().filter(|(other, ..)| *other == function) {
                    in_graph(graph, &name, &names, dtype, &shape, &own)?;
                }
                let added: Vec<_> = names.into_iter().map(|name| (name, dtype, own.clone())).collect();
                access::replace_states(program, function, &[name], &added)?;
                cx.count("split", 1);
            }
        }
        match left.first() {
            Some(state) => Err(PassError::Refused(format!("there is no state {state}"))),
            None => Ok(()),
        }
    }
}

fn in_graph(
    graph: &mut Graph,
    name: &str,
    names: &[Name],
    dtype: DType,
    shape: &[usize],
    own: &[usize],
) -> Result<(), PassError> {
    let old = graph.input_named(name);
    let old = old.ok_or_else(|| PassError::Refused(format!("a graph of the function lacks state {name}")))?;
    let states: Vec<ValueId> = names.iter().map(|name| access::add_state(graph, name, dtype, own)).collect();
    for op in access::accesses(graph, old)? {
        match access::written(graph, op) {
            None => {
                let parts = states.iter().map(|&state| access::read(graph, state, op));
                let parts: Vec<ValueId> = parts.collect::<Result<_, _>>()?;
                let new = NewOp::new("concat")
                    .with_all("values", parts.into_iter().map(Into::into))
                    .with("axis", Tensor::scalar(0))
                    .with("interleave", Tensor::bool(false));
                let whole =
                    access::insert(graph, new, &format!("{name}_joined"), Type::fixed(dtype, shape), op);
                access::instead_of_read(graph, op, whole)?;
            }
            Some(data) => {
                for (number, &state) in states.iter().enumerate() {
                    let (mut begin, mut end) = (vec![0; shape.len()], own.to_vec());
                    (begin[0], end[0]) = (number * own[0], (number + 1) * own[0]);
                    let part = access::slice(graph, data, &begin, &end, op);
                    access::write(graph, state, part, op);
                }
                graph.erase(op)?;
            }
        }
    }
    graph.remove_input(Graph::ROOT, old);
    Ok(())
}
