use std::collections::BTreeMap;

use mil_ir::{Graph, Name, NewOp, Program, Type};
use mil_pass::{Pass, PassCx, PassError, pass};
use mil_tensor::DType;

use super::access;

pass! {
    /// Makes one state of several that differ in their first axis at most.
    ///
    /// The Neural Engine took models with one state where it refused several. The states lie one behind the
    /// other along the first axis, in the order in which the function has them; what each held is a slice.
    /// The new state has the name of the first, and the suffix. `split_states` is the way back.
    ///
    /// # Before
    /// ```mil
    /// func main<ios18>(state<tensor<fp16, [1, 2]>> k, state<tensor<fp16, [2, 2]>> v, tensor<fp16, [1, 2]> x) {
    ///     tensor<fp16, [1, 2]> a = read_state(input = k)[name = string("a")];
    ///     tensor<fp16, [2, 2]> b = read_state(input = v)[name = string("b")];
    ///     tensor<fp16, [2, 2]> y = add(x = b, y = a)[name = string("y")];
    ///     write_state(data = x, input = k)[name = string("w")];
    ///     write_state(data = y, input = v)[name = string("z")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios18>(tensor<fp16, [1, 2]> x, state<tensor<fp16, [3, 2]>> k_merged) {
    ///     tensor<fp16, [3, 2]> k_merged_read = read_state(input = k_merged)[name = string("k_merged_read")];
    ///     tensor<fp16, [1, 2]> a = slice_by_index(begin = tensor<int32, [2]>([0, 0]), end = tensor<int32, [2]>([1, 2]), x = k_merged_read)[name = string("k_merged_read_part")];
    ///     tensor<fp16, [3, 2]> k_merged_read_1 = read_state(input = k_merged)[name = string("k_merged_read_1")];
    ///     tensor<fp16, [2, 2]> b = slice_by_index(begin = tensor<int32, [2]>([1, 0]), end = tensor<int32, [2]>([3, 2]), x = k_merged_read_1)[name = string("k_merged_read_1_part")];
    ///     tensor<fp16, [2, 2]> y = add(x = b, y = a)[name = string("y")];
    ///     tensor<fp16, [3, 2]> k_merged_read_0 = read_state(input = k_merged)[name = string("k_merged_read_0")];
    ///     tensor<fp16, [3, 2]> k_updated = slice_update(begin = tensor<int32, [2]>([0, 0]), end = tensor<int32, [2]>([1, 2]), update = x, x = k_merged_read_0)[name = string("k_updated")];
    ///     write_state(data = k_updated, input = k_merged)[name = string("k_merged_write")];
    ///     tensor<fp16, [3, 2]> k_merged_read_2 = read_state(input = k_merged)[name = string("k_merged_read_2")];
    ///     tensor<fp16, [3, 2]> v_updated = slice_update(begin = tensor<int32, [2]>([1, 0]), end = tensor<int32, [2]>([3, 2]), update = y, x = k_merged_read_2)[name = string("v_updated")];
    ///     write_state(data = v_updated, input = k_merged)[name = string("k_merged_write")];
    /// } -> (y);
    /// ```
    pub struct MergeStates {
        /// What the name of a merged state ends in.
        pub suffix: String = "_merged".to_owned(),
    }
    id: "merge_states",
    numerics: Exact,
    scope: Program,
    changes_interface: true,
    statistics: [
        merged: "states that became part of another one",
    ],
}

/// A state and its place in the one that it becomes part of.
#[derive(PartialEq)]
struct Part {
    name: Name,
    begin: usize,
    shape: Vec<usize>,
}

impl Pass for MergeStates {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let functions: Vec<Name> = program.functions.keys().cloned().collect();
        let all: Vec<Vec<Group>> = functions
            .iter()
            .map(|function| program.graph(function).map(groups).unwrap_or_default())
            .collect();
        for (function, own) in functions.iter().zip(&all) {
            for Group { dtype, rest, parts } in own {
                let name: Name = format!("{}{}", parts[0].name, self.suffix).into();
                let shared = all.iter().all(|others| others.iter().all(|other| other.agrees_with(parts)));
                if !shared
                    || parts.len() < 2
                    || access::is_taken(program, function, std::slice::from_ref(&name))
                {
                    continue;
                }
                if !cx.spend() {
                    return Ok(());
                }
                let first = parts.iter().map(|part| part.shape[0]).sum::<usize>();
                let shape = [&[first], &rest[..]].concat();
                for (_, _, graph) in program.graphs_mut().filter(|(other, ..)| *other == function) {
                    in_graph(graph, parts, &name, *dtype, &shape)?;
                }
                let gone: Vec<Name> = parts.iter().map(|part| part.name.clone()).collect();
                access::replace_states(program, function, &gone, &[(name, *dtype, shape)])?;
                cx.count("merged", gone.len() as u64);
            }
        }
        Ok(())
    }
}

/// States of a function that can be parts of one.
struct Group {
    dtype: DType,
    rest: Vec<usize>,
    parts: Vec<Part>,
}

impl Group {
    /// Functions share states by name: a group has the same states in all of them, or none.
    fn agrees_with(&self, parts: &[Part]) -> bool {
        let common = self.parts.iter().any(|own| parts.iter().any(|part| part.name == own.name));
        !common || self.parts == parts
    }
}

fn groups(graph: &Graph) -> Vec<Group> {
    let mut groups: BTreeMap<(DType, Vec<usize>), Vec<Part>> = BTreeMap::new();
    for (value, shape, dtype) in access::states(graph).into_iter().filter(|(_, shape, _)| !shape.is_empty()) {
        let group = groups.entry((dtype, shape[1..].to_vec())).or_default();
        let begin = group.iter().map(|part| part.shape[0]).sum();
        group.push(Part { name: graph.value(value).name().clone(), begin, shape });
    }
    groups.into_iter().map(|((dtype, rest), parts)| Group { dtype, rest, parts }).collect()
}

fn in_graph(
    graph: &mut Graph,
    parts: &[Part],
    name: &Name,
    dtype: DType,
    shape: &[usize],
) -> Result<(), PassError> {
    let state = access::add_state(graph, name, dtype, shape);
    for Part { name, begin: at, shape: own } in parts {
        let old = graph.input_named(name);
        let old =
            old.ok_or_else(|| PassError::Refused(format!("a graph of the function lacks state {name}")))?;
        let (mut begin, mut end) = (vec![0; shape.len()], own.clone());
        (begin[0], end[0]) = (*at, at + own[0]);
        for op in access::accesses(graph, old)? {
            let whole = access::read(graph, state, op)?;
            match access::written(graph, op) {
                None => {
                    let part = access::slice(graph, whole, &begin, &end, op);
                    access::instead_of_read(graph, op, part)?;
                }
                Some(data) => {
                    let new = NewOp::new("slice_update")
                        .with("x", whole)
                        .with("update", data)
                        .with("begin", access::ints(&begin))
                        .with("end", access::ints(&end));
                    let data =
                        access::insert(graph, new, &format!("{name}_updated"), Type::fixed(dtype, shape), op);
                    access::write(graph, state, data, op);
                    graph.erase(op)?;
                }
            }
        }
        graph.remove_input(Graph::ROOT, old);
    }
    Ok(())
}
