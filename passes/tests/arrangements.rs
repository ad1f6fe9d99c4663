//! `eliminate_permutes` on random programs full of transposes and reshapes: they compute the same, with no more
//! transposes or bytes than `reduce_transposes` leaves.
//!
//! `PROGRAMS=100000 cargo test --release -p mil-passes --test arrangements` tries more of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may panic anywhere")]

use std::fmt::Write;

use mil_eval::{EvalOptions, EvalValue, Evaluator, Flavour, random_inputs};
use mil_ir::{Program, text};
use mil_pass::Pipeline;
use mil_passes::registry;

/// Numbers that look random, and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % sides.max(1) as u64) as usize
    }
}

struct Writer {
    dice: Dice,
    body: String,
    values: Vec<(String, Vec<usize>)>,
    count: usize,
}

fn ints(values: &[usize]) -> String {
    let list: Vec<String> = values.iter().map(usize::to_string).collect();
    format!("tensor<int32, [{}]>([{}])", values.len(), list.join(", "))
}

fn ty(shape: &[usize]) -> String {
    let list: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!("tensor<fp32, [{}]>", list.join(", "))
}

/// A constant with different elements.
fn constant(shape: &[usize]) -> String {
    fn nested(shape: &[usize], next: &mut usize) -> String {
        let Some((&size, rest)) = shape.split_first() else {
            *next += 1;
            return format!("{}.5", *next % 7);
        };
        let inner: Vec<String> = (0..size).map(|_| nested(rest, next)).collect();
        format!("[{}]", inner.join(", "))
    }
    format!("{}({})", ty(shape), nested(shape, &mut 0))
}

impl Writer {
    fn new(seed: u64) -> Writer {
        Writer { dice: Dice(seed), body: String::new(), values: Vec::new(), count: 0 }
    }

    fn pick(&mut self) -> (String, Vec<usize>) {
        // The newest are likeliest, so that chains grow.
        let back = self.dice.roll(4).min(self.dice.roll(self.values.len()));
        self.values[self.values.len() - 1 - back].clone()
    }

    fn op(&mut self, shape: Vec<usize>, call: &str) -> (String, Vec<usize>) {
        let name = format!("v{}", self.count);
        self.count += 1;
        writeln!(self.body, "{} {name} = {call}[name = string(\"{name}\")];", ty(&shape)).unwrap();
        self.values.push((name.clone(), shape.clone()));
        (name, shape)
    }

    fn order(&mut self, rank: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..rank).collect();
        for at in (1..rank).rev() {
            let other = self.dice.roll(at + 1);
            order.swap(at, other);
        }
        order
    }

    fn transpose(&mut self, x: &(String, Vec<usize>), order: &[usize]) -> (String, Vec<usize>) {
        let shape = order.iter().map(|&axis| x.1[axis]).collect();
        self.op(shape, &format!("transpose(perm = {}, x = {})", ints(order), x.0))
    }

    fn reshape(&mut self, x: &(String, Vec<usize>), shape: Vec<usize>) -> (String, Vec<usize>) {
        let call = format!("reshape(shape = {}, x = {})", ints(&shape), x.0);
        self.op(shape, &call)
    }

    /// Another grouping of axes, or one that mixes them.
    fn regroup(&mut self, x: &(String, Vec<usize>)) -> (String, Vec<usize>) {
        let mut shape = x.1.clone();
        let at = self.dice.roll(shape.len());
        match self.dice.roll(4) {
            0 if at + 1 < shape.len() => {
                let next = shape.remove(at + 1);
                shape[at] *= next;
            }
            1 if shape[at].is_multiple_of(2) && shape.len() < 5 => {
                shape[at] /= 2;
                shape.insert(at, 2);
            }
            2 if shape.len() < 5 => shape.insert(at, 1),
            _ if at + 1 < shape.len() && shape[at].is_multiple_of(2) => {
                shape[at] /= 2;
                shape[at + 1] *= 2;
            }
            _ => {}
        }
        self.reshape(x, shape)
    }

    fn step(&mut self) {
        let x = self.pick();
        let rank = x.1.len();
        let axis = self.dice.roll(rank);
        match self.dice.roll(22) {
            0..=4 => {
                let order = self.order(rank);
                self.transpose(&x, &order);
            }
            5 | 6 => {
                self.regroup(&x);
            }
            7 => {
                // There, an op, and back.
                let order = self.order(rank);
                let mut back = vec![0; rank];
                order.iter().enumerate().for_each(|(at, &axis)| back[axis] = at);
                let there = self.transpose(&x, &order);
                let softmax = format!("softmax(axis = int32({}), x = {})", self.dice.roll(rank), there.0);
                let between = self.op(there.1, &softmax);
                self.transpose(&between, &back);
            }
            8 => {
                self.op(x.1.clone(), &format!("relu(x = {})", x.0));
            }
            9 => {
                let others: Vec<_> = self.values.iter().filter(|other| other.1 == x.1).cloned().collect();
                let y = others[self.dice.roll(others.len())].clone();
                self.op(x.1.clone(), &format!("add(x = {}, y = {})", x.0, y.0));
            }
            10 => {
                // A constant of any rank, broadcast along some axes.
                let from = self.dice.roll(rank + 1);
                let shape: Vec<usize> =
                    x.1[from..].iter().map(|&size| if self.dice.roll(2) == 0 { 1 } else { size }).collect();
                let call = match shape.is_empty() {
                    true => format!("mul(x = {}, y = fp32(1.5))", x.0),
                    false => format!("mul(x = {}, y = {})", x.0, constant(&shape)),
                };
                self.op(x.1.clone(), &call);
            }
            11 => {
                let keep = self.dice.roll(2) == 0 || rank == 1;
                let mut shape = x.1.clone();
                if keep {
                    shape[axis] = 1;
                } else {
                    shape.remove(axis);
                }
                let kind = ["reduce_max", "reduce_mean", "reduce_sum"][self.dice.roll(3)];
                let axes = ints(&[axis]);
                self.op(shape, &format!("{kind}(axes = {axes}, keep_dims = bool({keep}), x = {})", x.0));
            }
            12 => {
                let mut shape = x.1.clone();
                shape[axis] *= 2;
                if shape.iter().product::<usize>() < 2000 {
                    let call = match self.dice.roll(2) {
                        0 => {
                            let mut reps = vec![1; rank];
                            reps[axis] = 2;
                            format!("tile(reps = {}, x = {})", ints(&reps), x.0)
                        }
                        _ => format!(
                            "concat(axis = int32({axis}), interleave = bool(false), values = ({0}, {0}))",
                            x.0
                        ),
                    };
                    self.op(shape, &call);
                }
            }
            13 if x.1[axis] > 1 => {
                let (mut begin, mut end, mut shape) = (vec![0; rank], x.1.clone(), x.1.clone());
                begin[axis] = self.dice.roll(x.1[axis]);
                if begin[axis] + 1 == end[axis] {
                    end[axis] = begin[axis] + 1;
                }
                shape[axis] = end[axis] - begin[axis];
                let (begin, end) = (ints(&begin), ints(&end));
                self.op(shape, &format!("slice_by_index(begin = {begin}, end = {end}, x = {})", x.0));
            }
            14 => {
                let mut pad = vec![0; 2 * rank];
                pad[2 * axis] = self.dice.roll(2);
                pad[2 * axis + 1] = 1;
                let mut shape = x.1.clone();
                shape[axis] += pad[2 * axis] + 1;
                let pad = ints(&pad);
                let mode = "constant_val = fp32(0.5), mode = string(\"constant\")";
                self.op(shape, &format!("pad({mode}, pad = {pad}, x = {})", x.0));
            }
            15 if rank < 5 => {
                let mut shape = x.1.clone();
                shape.insert(axis, 2);
                self.op(shape, &format!("stack(axis = int32({axis}), values = ({0}, {0}))", x.0));
            }
            16 => {
                let mut shape = x.1.clone();
                let inner = shape[rank - 1];
                shape[rank - 1] = 3;
                let weight = constant(&[3, inner]);
                self.op(shape, &format!("linear(weight = {weight}, x = {})", x.0));
            }
            17 if rank >= 2 => {
                // With itself, by flags: x xᵀ.
                let mut shape = x.1.clone();
                shape[rank - 1] = shape[rank - 2];
                let flags = "transpose_x = bool(false), transpose_y = bool(true)";
                self.op(shape, &format!("matmul({flags}, x = {0}, y = {0})", x.0));
            }
            18 => {
                let gamma = constant(&[x.1[axis]]);
                let axes = ints(&[axis]);
                let scale = format!("epsilon = fp32(0.01), gamma = {gamma}");
                self.op(x.1.clone(), &format!("layer_norm(axes = {axes}, {scale}, x = {})", x.0));
            }
            19 => {
                let call = ["reverse(axes = ", "cumsum(axis = "][self.dice.roll(2)];
                let axis = if call.starts_with("rev") { ints(&[axis]) } else { format!("int32({axis})") };
                let more = if call.starts_with("cum") {
                    ", exclusive = bool(false), reverse = bool(false)"
                } else {
                    ""
                };
                self.op(x.1.clone(), &format!("{call}{axis}{more}, x = {})", x.0));
            }
            20 => {
                let mut shape = x.1.clone();
                let at = self.dice.roll(shape[axis]);
                let indices = match self.dice.roll(2) {
                    0 if rank > 1 => {
                        shape.remove(axis);
                        format!("int32({at})")
                    }
                    _ => {
                        shape[axis] = 2;
                        ints(&[at, 0])
                    }
                };
                let axis = format!("axis = int32({axis})");
                self.op(shape, &format!("gather({axis}, indices = {indices}, x = {})", x.0));
            }
            21 => {
                // A variable of a loop that runs twice.
                let name = format!("v{}", self.count);
                self.count += 1;
                let shape = ty(&x.1);
                writeln!(
                    self.body,
                    "int32 {name}_n, {shape} {name} = while_loop(loop_vars = (int32(0), {x}))[name = string(\"{name}\")] {{
                        block(int32 {name}_i, {shape} {name}_a) {{
                            bool {name}_c = less(x = {name}_i, y = int32(2))[name = string(\"{name}_c\")];
                        }} -> ({name}_c);
                        block(int32 {name}_j, {shape} {name}_b) {{
                            int32 {name}_k = add(x = {name}_j, y = int32(1))[name = string(\"{name}_k\")];
                            {shape} {name}_d = add(x = {name}_b, y = {x})[name = string(\"{name}_d\")];
                        }} -> ({name}_k, {name}_d);
                    }};",
                    x = x.0
                )
                .unwrap();
                self.values.push((name, x.1));
            }
            _ => {}
        }
    }

    fn program(mut self) -> Program {
        let inputs = [vec![2, 3, 4], vec![2, 4, 3, 2], vec![4, 6]];
        let mut head = Vec::new();
        for (at, shape) in inputs.into_iter().enumerate() {
            head.push(format!("{} x{at}", ty(&shape)));
            self.values.push((format!("x{at}"), shape));
        }
        for _ in 0..4 + self.dice.roll(12) {
            self.step();
        }
        let mut outputs: Vec<String> = Vec::new();
        for _ in 0..3 {
            let (name, _) = self.pick();
            if name.starts_with('v') && !outputs.contains(&name) {
                outputs.push(name);
            }
        }
        if outputs.is_empty() {
            let x = self.values[0].clone();
            outputs.push(self.op(x.1, &format!("relu(x = {})", x.0)).0);
        }
        let text = format!(
            "program(1.3)\n{{\nfunc main<ios17>({}) {{\n{}}} -> ({});\n}}",
            head.join(", "),
            self.body,
            outputs.join(", ")
        );
        text::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }
}

fn run(pipeline: &str, program: &Program) -> Result<Program, String> {
    let mut program = program.clone();
    let pipeline = Pipeline::parse(pipeline, &registry()).unwrap();
    pipeline.run(&mut program).map_err(|error| mil_ir::error_chain(&error))?;
    Ok(program)
}

/// Transposes, but for those of constants, and the elements that they move.
fn moved(program: &Program) -> (usize, usize) {
    let mut sizes = Vec::new();
    for (_, _, graph) in program.graphs() {
        for op in graph.walk().filter(|&op| graph.op(op).kind() == "transpose") {
            if graph.literal(graph.operand(op, "x").unwrap()).is_none() {
                let ty = graph.value(graph.op(op).result().unwrap()).ty();
                sizes.push(ty.fixed_shape().unwrap().iter().product::<usize>());
            }
        }
    }
    (sizes.len(), sizes.iter().sum())
}

fn outputs(program: &Program, seed: u64) -> Result<Vec<Vec<f64>>, String> {
    let evaluator = Evaluator::new(program, "main", EvalOptions::default().reproducible()).unwrap();
    let function = program.function("main").unwrap();
    let inputs = random_inputs(function.graph().unwrap(), None, Flavour::ALL[0], seed);
    let outputs =
        evaluator.run(&inputs.map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
    let floats = |value: EvalValue| value.as_array().unwrap().reals::<f64>().unwrap().into_owned();
    Ok(outputs.into_values().map(floats).collect())
}

#[test]
fn random_arrangements_compute_the_same() {
    let count = std::env::var("PROGRAMS").map_or(250_u64, |count| count.parse().unwrap());
    let first = std::env::var("FIRST").map_or(0_u64, |first| first.parse().unwrap());
    let (mut fewer, mut tried) = (0, 0);
    for seed in first..first + count {
        let program = Writer::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)).program();
        let shown = || text::print(&program, &text::PrintOptions::apple().inline_all());
        let fail = |message: String| -> ! { panic!("seed {seed}: {message}\n{}", shown()) };
        let arranged = run("eliminate_permutes", &program).unwrap_or_else(|error| fail(error));
        let reduced = run("reduce_transposes", &program).unwrap_or_else(|error| fail(error));
        let (ours, theirs) = (moved(&arranged), moved(&reduced));
        if ours.0 > theirs.0 || ours.1 > theirs.1 {
            fail(format!("{ours:?} transposes and elements, reduce_transposes leaves {theirs:?}"));
        }
        fewer += usize::from(ours != theirs);
        tried += 1;
        let Ok(wanted) = outputs(&program, seed) else { continue };
        let got = outputs(&arranged, seed).unwrap_or_else(|error| fail(error));
        for (wanted, got) in wanted.iter().zip(&got) {
            let largest = wanted.iter().filter(|x| x.is_finite()).fold(1e-30_f64, |max, x| max.max(x.abs()));
            let close = |(a, b): (&f64, &f64)| a == b || (a - b).abs() <= 1e-5 * largest || !a.is_finite();
            if wanted.len() != got.len() || !wanted.iter().zip(got).all(close) {
                let after = text::print(&arranged, &text::PrintOptions::apple().inline_all());
                fail(format!("other numbers after\n{after}"));
            }
        }
    }
    assert!(fewer * 10 > tried, "the programs leave nothing to do: {fewer} of {tried}");
}
