//! Constants that only ops which decompress use, in these ops themselves: the form that converters write from
//! iOS18 on, with neither an op nor a name for each table and scale.

use mil_ir::{Graph, GraphError, OpId, Program, ValueId};

/// Puts such constants of all functions into the ops that use them.
pub(super) fn inline_constants(program: &mut Program) -> Result<(), GraphError> {
    program.graphs_mut().try_for_each(|(_, _, graph)| inline_in(graph))
}

fn inline_in(graph: &mut Graph) -> Result<(), GraphError> {
    let constants: Vec<(OpId, ValueId)> =
        graph.walk().filter_map(|op| Some((op, graph.op(op).result()?))).collect();
    for (op, value) in constants {
        let Some(literal) = graph.const_literal(value).cloned() else { continue };
        let decompresses = |user: OpId| graph.op(user).kind().as_str().starts_with("constexpr_");
        let uses: Vec<_> = graph.uses(value).collect();
        if uses.is_empty() || !uses.iter().all(|used| decompresses(used.op)) || !mil_ops::is_known(graph, op)
        {
            continue;
        }
        for used in uses {
            graph.set_operand(used.op, &used.param, used.position, literal.clone());
        }
        graph.erase(op)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_constants_of_decompressing_ops_move_into_them() {
        let text = r#"program(1.3) {
            func main<ios18>(tensor<fp32, [2]> x) {
                tensor<uint8, [2]> data = const()[name = string("data"), val = tensor<uint8, [2]>([1, 2])];
                tensor<fp32, [1]> scale = const()[name = string("scale"), val = tensor<fp32, [1]>([0x1p+0])];
                tensor<fp32, [2]> w = constexpr_blockwise_shift_scale(data = data, scale = scale)[name = string("w")];
                tensor<fp32, [2]> z = mul(x = x, y = w)[name = string("z")];
                tensor<fp32, [2]> y = add(x = z, y = scale)[name = string("y")];
            } -> (y);
        }"#;
        let mut program = mil_ir::text::parse(text).unwrap();
        inline_constants(&mut program).unwrap();
        let graph = program.graph("main").unwrap();
        let op = |kind: &str| graph.walk().find(|&op| graph.op(op).kind() == kind).unwrap();
        let op = op("constexpr_blockwise_shift_scale");
        let inline = |param: &str| graph.operand(op, param).unwrap().literal().is_some();
        assert_eq!((inline("data"), inline("scale")), (true, false));
        assert_eq!(graph.walk().filter(|&op| graph.op(op).kind() == "const").count(), 1);
        assert_eq!(graph.constant(op, "data").unwrap().to_i64s().unwrap(), [1, 2]);
    }
}
