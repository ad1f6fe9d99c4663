//! `eliminate_permutes` leaves the fewest bytes that any choice of layouts leaves, where there are two; and
//! never more than `reduce_transposes`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may panic anywhere")]

use std::fmt::Write;

use mil_ir::{Program, text};
use mil_pass::Pipeline;
use mil_passes::registry;
use proptest::prelude::*;

/// An op, as it is drawn.
#[derive(Clone, Debug)]
struct Drawn {
    kind: Kind,
    /// Whose results it takes, counted back.
    operands: [usize; 2],
    /// It was written for channels last.
    last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unary,
    Binary,
    /// Takes and gives one layout only.
    Fixed,
    /// Gives elements of half the size.
    Cast,
}

/// A value of the program that is made: how it was written, and what takes it in which layout.
struct Value {
    name: String,
    last: bool,
    is_half: bool,
    /// Its op can be computed in either layout.
    is_free: bool,
    operands: Vec<usize>,
}

/// Shapes of the two layouts of one value.
const SHAPES: [&str; 2] = ["1, 2, 3, 4", "1, 3, 4, 2"];
const ORDERS: [&str; 2] = ["0, 3, 1, 2", "0, 2, 3, 1"];
const ELEMENTS: u64 = 24;

fn drawn() -> impl Strategy<Value = Drawn> {
    let kind = prop_oneof![
        3 => Just(Kind::Unary),
        4 => Just(Kind::Binary),
        2 => Just(Kind::Fixed),
        1 => Just(Kind::Cast),
    ];
    (kind, [0..4_usize, 0..4_usize], any::<bool>()).prop_map(|(kind, operands, last)| Drawn {
        kind,
        operands,
        last,
    })
}

/// The program of these ops, each with transposes of its own, and what stands in it.
fn program(inputs: [bool; 2], ops: &[Drawn]) -> (Program, Vec<Value>) {
    let mut values: Vec<Value> = Vec::new();
    let mut head: Vec<String> = Vec::new();
    for (at, last) in inputs.into_iter().enumerate() {
        let name = format!("x{at}");
        head.push(format!("tensor<fp32, [{}]> {name}", SHAPES[usize::from(last)]));
        values.push(Value { name, last, is_half: false, is_free: false, operands: Vec::new() });
    }
    let mut body = String::new();
    for (at, Drawn { kind, operands, last }) in ops.iter().enumerate() {
        let pick = |back: usize| values.len() - 1 - back % values.len();
        let (first, second) = (pick(operands[0]), pick(operands[1]));
        let joins = *kind == Kind::Binary && values[first].is_half == values[second].is_half;
        let taken = if joins { vec![first, second] } else { vec![first] };
        let is_half = values[first].is_half || *kind == Kind::Cast;
        let ty = |is_half: bool| {
            format!("tensor<{}, [{}]>", if is_half { "fp16" } else { "fp32" }, SHAPES[usize::from(*last)])
        };
        let mut names = Vec::new();
        for (place, &operand) in taken.iter().enumerate() {
            let Value { name, last: given, is_half, .. } = &values[operand];
            if given == last {
                names.push(name.clone());
                continue;
            }
            let moved = format!("t{at}_{place}");
            let order = ORDERS[usize::from(*last)];
            writeln!(
                body,
                "{} {moved} = transpose(perm = tensor<int32, [4]>([{order}]), x = {name})[name = string(\"{moved}\")];",
                ty(*is_half)
            )
            .unwrap();
            names.push(moved);
        }
        let call = match kind {
            Kind::Fixed => format!("band_part(lower = int32(-1), upper = int32(0), x = {})", names[0]),
            Kind::Cast => format!("cast(dtype = string(\"fp16\"), x = {})", names[0]),
            _ if joins => format!("add(x = {}, y = {})", names[0], names[1]),
            _ => format!("relu(x = {})", names[0]),
        };
        let name = format!("v{at}");
        writeln!(body, "{} {name} = {call}[name = string(\"{name}\")];", ty(is_half)).unwrap();
        let is_free = *kind != Kind::Fixed;
        values.push(Value { name, last: *last, is_half, is_free, operands: taken });
    }
    let used = |at: usize| values.iter().any(|value| value.operands.contains(&at));
    let outputs: Vec<&str> =
        (2..values.len()).filter(|&at| !used(at)).map(|at| values[at].name.as_str()).collect();
    let text = format!("func main<ios17>({}) {{ {body} }} -> ({});", head.join(", "), outputs.join(", "));
    let program = text::parse(&format!("program(1.3)\n{{\n{text}\n}}")).unwrap();
    (program, values)
}

/// The bytes that must be moved if values have these layouts.
fn cost(values: &[Value], last: &[bool]) -> u64 {
    let of = |at: usize| {
        let taken = |wanted: bool| {
            let by_op =
                (0..values.len()).any(|user| values[user].operands.contains(&at) && last[user] == wanted);
            let is_output = at >= 2 && !values.iter().any(|value| value.operands.contains(&at));
            by_op || is_output && values[at].last == wanted
        };
        let size = if values[at].is_half { 2 } else { 4 };
        u64::from(taken(!last[at])) * size * ELEMENTS
    };
    (0..values.len()).map(of).sum()
}

/// The least over all layouts of the ops that have a choice.
fn least(values: &[Value]) -> u64 {
    let free: Vec<usize> = (0..values.len()).filter(|&at| values[at].is_free).collect();
    let choices = (0..1_u32 << free.len()).map(|bits| {
        let mut last: Vec<bool> = values.iter().map(|value| value.last).collect();
        free.iter().enumerate().for_each(|(bit, &at)| last[at] = bits >> bit & 1 == 1);
        cost(values, &last)
    });
    choices.min().unwrap()
}

/// Transposes of a program and the bytes that they move.
fn moved(program: &Program) -> (usize, u64) {
    let mut sizes = Vec::new();
    for (_, _, graph) in program.graphs() {
        for op in graph.walk().filter(|&op| graph.op(op).kind() == "transpose") {
            let ty = graph.value(graph.op(op).result().unwrap()).ty();
            let count: usize = ty.fixed_shape().unwrap().iter().product();
            sizes.push(count as u64 * ty.dtype().unwrap().bits().unwrap() as u64 / 8);
        }
    }
    (sizes.len(), sizes.iter().sum())
}

fn run(pass: &str, program: &Program) -> Program {
    let mut program = program.clone();
    Pipeline::parse(pass, &registry()).unwrap().run(&mut program).unwrap();
    program
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_choice_of_two_layouts_moves_less(
        inputs in [any::<bool>(), any::<bool>()],
        ops in prop::collection::vec(drawn(), 1..9),
    ) {
        let (program, values) = program(inputs, &ops);
        let arranged = run("eliminate_permutes", &program);
        let (count, bytes) = moved(&arranged);
        let (known_count, known_bytes) = moved(&run("reduce_transposes,dead_code_elimination", &program));
        prop_assert!(count <= known_count && bytes <= known_bytes, "{count} of {bytes}, not {known_count} of {known_bytes}");
        let shown = text::print(&arranged, &text::PrintOptions::default());
        prop_assert_eq!(bytes, least(&values), "{}", shown);
    }
}
