//! Compressed packages.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use milopt::ir::text;
use milopt::{Package, Pipeline};

/// A function with a weight that all of them have.
fn function(name: &str) -> String {
    let number = |at: usize| format!("{:.3}", (at as f64 * 0.7).sin());
    let row =
        |row: usize| format!("[{}]", (0..64).map(|at| number(64 * row + at)).collect::<Vec<_>>().join(", "));
    let rows: Vec<String> = (0..64).map(row).collect();
    format!(
        "    func {name}<ios18>(tensor<fp32, [1, 64]> x) {{
        tensor<fp32, [64, 64]> w = const()[name = \"w\", val = tensor<fp32, [64, 64]>([{}])];
        tensor<fp32, [1, 64]> h = linear(weight = w, x = x)[name = \"h\"];
        tensor<fp32, [1, 64]> y = relu(x = h)[name = \"y\"];
    }} -> (y);\n",
        rows.join(", ")
    )
}

/// Bytes of the weight file of a program with these functions, compressed.
fn weight_bytes(functions: &[&str], pipeline: &str) -> usize {
    let functions: String = functions.iter().map(|name| function(name)).collect();
    let mut program = text::parse(&format!("program(1.3)\n{{\n{functions}}}\n")).unwrap();
    Pipeline::parse(pipeline, &milopt::passes::registry()).unwrap().run(&mut program).unwrap();
    let files = Package::from(program).to_files().unwrap();
    files.iter().find(|(path, _)| path.ends_with("weight.bin")).unwrap().1.len()
}

#[test]
fn functions_share_compressed_weights() {
    for (pass, options) in [
        ("palettize_weights", r#"{"nbits": 4, "granularity": "per_grouped_channel", "group_size": 16}"#),
        ("linear_quantize_weights", r#"{"dtype": "int4", "granularity": "per_block"}"#),
        ("prune_weights", r#"{"target_sparsity": 0.5}"#),
    ] {
        let pipeline = format!("{pass}{{config={{\"global_config\": {options}}}}}");
        let alone = weight_bytes(&["main"], &pipeline);
        assert!(alone < 64 * 64 * 4, "{pass} did nothing");
        assert_eq!(weight_bytes(&["main", "other"], &pipeline), alone, "{pass}");
    }
}
