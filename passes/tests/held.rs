//! Weights in a file are held in memory while they are compressed, and what they become is computed at once; where
//! they are in memory already, it is computed when it is read. Both give the same bytes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may panic anywhere")]

use std::io;
use std::sync::Arc;

use mil_ir::text::parse;
use mil_ir::{Literal, Program};
use mil_pass::Pipeline;
use mil_passes::registry;
use mil_tensor::random::Stream;
use mil_tensor::{Blob, DType, MemorySource, Source, Tensor};

const SHAPE: [usize; 2] = [64, 96];

/// A source that has nothing in memory, as a file.
#[derive(Debug)]
struct Remote(MemorySource);

impl Source for Remote {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, out)
    }

    fn len(&self) -> u64 {
        self.0.len()
    }
}

/// A layer whose weight comes from a source.
fn program(source: Arc<dyn Source>) -> Program {
    let row = format!("[{}]", ["0x0p+0"; SHAPE[1]].join(", "));
    let zeros = vec![row; SHAPE[0]].join(", ");
    let text = format!(
        "program(1.3)\n{{\n    func main<ios18>(tensor<fp16, [1, 96]> x) {{\n        tensor<fp16, [64, 96]> w = \
         const()[name = string(\"w\"), val = tensor<fp16, [64, 96]>([{zeros}])];\n        tensor<fp16, [1, 64]> y = \
         linear(weight = w, x = x)[name = string(\"y\")];\n    }} -> (y);\n}}\n"
    );
    let mut program = parse(&text).unwrap();
    let range = 0..source.len();
    let weight = Tensor::from_blob(DType::Fp16, &SHAPE, Blob { source, range }).unwrap();
    let (_, _, graph) = program.graphs_mut().next().unwrap();
    let constant = graph.walk().find(|&op| graph.op(op).kind() == "const").unwrap();
    graph.set_attribute(constant, "val", Some(Literal::tensor(weight)));
    program
}

/// All constants after a pass, by name.
fn constants(mut program: Program, pass: &str) -> Vec<(String, Vec<u8>)> {
    Pipeline::from_json(pass, &registry()).unwrap().run(&mut program).unwrap();
    let graph = program.graph("main").unwrap();
    let constants = graph.walk().filter_map(|op| {
        let value = graph.op(op).result()?;
        let tensor = graph.const_tensor(value)?;
        Some((graph.value(value).name().to_string(), tensor.bytes().unwrap().into_owned()))
    });
    constants.collect()
}

#[test]
fn what_is_held_becomes_what_it_would_become_anyhow() {
    let mut random = Stream::new(7);
    let values = std::iter::repeat_with(|| half::f16::from_f64(random.unit() - 0.5));
    let bytes: Vec<u8> =
        values.take(SHAPE.iter().product()).flat_map(|value| value.to_bits().to_le_bytes()).collect();
    let config = |pass: &str, fields: &str| {
        format!(r#"[{{"pass": "{pass}", "options": {{"config": {{"global_config": {{{fields}}}}}}}}}]"#)
    };
    for pass in [
        config("palettize_weights", r#""mode": "kmeans", "nbits": 4"#),
        config("palettize_weights", r#""nbits": 3, "granularity": "per_grouped_channel", "group_size": 16"#),
        config("palettize_weights", r#""nbits": 4, "cluster_dim": 2"#),
        config("linear_quantize_weights", r#""dtype": "int4", "granularity": "per_block", "block_size": 32"#),
        config("linear_quantize_weights", r#""dtype": "uint8", "mode": "linear""#),
        config("prune_weights", r#""target_sparsity": 0.5"#),
        config("prune_weights", r#""n_m_ratio": [2, 4]"#),
    ] {
        let in_memory = constants(program(Arc::new(MemorySource::new(bytes.clone()))), &pass);
        let held = constants(program(Arc::new(Remote(MemorySource::new(bytes.clone())))), &pass);
        assert!(in_memory.len() > 1 && in_memory.iter().all(|(name, _)| name != "w"), "{pass}");
        assert_eq!(in_memory, held, "{pass}");
    }
}
