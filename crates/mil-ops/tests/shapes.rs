//! Arithmetic on shapes says what the kernels compute: random programs, at sizes that wrap, round, and are
//! zero.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::collections::BTreeMap;

use mil_ir::{At, Dim, Graph, Name, NewOp, Operand, Opset, Release, Shape, Type, ValueId};
use mil_ops::eval::{EvalOptions, fold};
use mil_ops::{ProgramBuilder, Shapes};
use mil_tensor::{DType, Tensor};
use proptest::prelude::*;

/// Sizes that inputs are given.
const SIZES: [i32; 10] = [0, 1, 2, 3, 7, 2047, 2049, 40_000, 65_536, 700_000];

/// Numbers that programs compute with.
const NUMBERS: [i32; 12] = [-70_000, -3, -1, 0, 1, 2, 3, 4, 7, 2048, 65_535, 65_536];

/// Factors of floats.
const FACTORS: [f64; 6] = [0.5, 0.25, 2.0, 1.5, 0.1, -1.0];

/// One step of a program: an op, and numbers from which its operands are drawn.
type Step = (usize, [usize; 8]);

/// A program over the shapes of two inputs, and its steps' results.
fn graph(steps: &[Step]) -> Graph {
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let ty = |dims: &[Dim]| Type::tensor(DType::Fp32, Shape::Ranked(dims.to_vec()));
    let x = builder.input("x", ty(&[Dim::UNKNOWN, Dim::Fixed(3), Dim::UNKNOWN]));
    let z = builder.input("z", ty(&[Dim::UNKNOWN]));
    let mut values: Vec<ValueId> = Vec::new();
    for (name, input) in [("sx", x), ("sz", z)] {
        values.push(builder.op(NewOp::new("shape").named(name).with("x", input)).unwrap());
    }
    for (at, (op, draw)) in steps.iter().enumerate() {
        let new = step(builder.graph(), &values, *op, draw);
        // An op that the rules refuse is left out.
        if let Some(new) = new
            && let Ok(value) = builder.op(new.named(format!("v{at}")))
        {
            values.push(value);
        }
    }
    builder.graph().clone()
}

fn step(graph: &Graph, values: &[ValueId], op: usize, draw: &[usize; 8]) -> Option<NewOp> {
    let value = |at: usize| values[draw[at] % values.len()];
    let number = |at: usize| NUMBERS[draw[at] % NUMBERS.len()];
    let small = |at: usize| draw[at] as i32 % 9 - 4;
    let flag =
        |at: usize| Tensor::from_f64s(DType::Bool, &[1], &[f64::from(draw[at].is_multiple_of(3))]).unwrap();
    let (x, dtype) = (value(0), graph.value(value(0)).ty().dtype()?);
    let constant = |at: usize| match dtype {
        DType::Int32 => Tensor::scalar(number(at)),
        float if float.is_float() => {
            Tensor::from_f64s(float, &[], &[FACTORS[draw[at] % FACTORS.len()]]).unwrap()
        }
        other => Tensor::from_f64s(other, &[], &[f64::from(draw[at] as u8 % 9)]).unwrap(),
    };
    let y = || -> Operand { if draw[2].is_multiple_of(2) { value(1).into() } else { constant(1).into() } };
    let pair = |kind: &str| match draw[3] % 4 {
        0 => NewOp::new(kind).with("x", y()).with("y", x),
        _ => NewOp::new(kind).with("x", x).with("y", y()),
    };
    Some(match op {
        0 => NewOp::new("gather")
            .with("x", x)
            .with("indices", Tensor::ints(&[small(1)]))
            .with("axis", Tensor::scalar(0_i32)),
        1 => NewOp::new("gather")
            .with("x", x)
            .with("indices", Tensor::scalar(small(1)))
            .with("axis", Tensor::scalar(0_i32)),
        2 => {
            let mut new = NewOp::new("slice_by_index")
                .with("x", x)
                .with("begin", Tensor::ints(&[small(1)]))
                .with("end", Tensor::ints(&[small(2)]))
                .with("begin_mask", flag(3))
                .with("end_mask", flag(4))
                .with("squeeze_mask", flag(5));
            if draw[6].is_multiple_of(2) {
                new = new.with("stride", Tensor::ints(&[[1, 2, -1, -2, 3][draw[7] % 5]]));
            }
            new
        }
        3 => {
            let (begin, size) = (Tensor::ints(&[small(1)]), Tensor::ints(&[small(2).max(-1)]));
            NewOp::new("slice_by_size").with("x", x).with("begin", begin).with("size", size)
        }
        4 => NewOp::new("concat")
            .with_all(
                "values",
                [x.into(), value(1).into(), value(2).into()].into_iter().take(1 + draw[3] % 3),
            )
            .with("axis", Tensor::scalar(-((draw[4] % 2) as i32)))
            .with("interleave", Tensor::bool(draw[5].is_multiple_of(2))),
        5 => NewOp::new("stack")
            .with_all("values", [x.into(), value(1).into()])
            .with("axis", Tensor::scalar(-((draw[4] % 2) as i32))),
        6 => pair("add"),
        7 => pair("sub"),
        8 => pair("mul"),
        9 => pair("maximum"),
        10 => pair("minimum"),
        11 => pair("floor_div"),
        12 => pair("mod"),
        13 => pair("real_div"),
        14 | 15 => {
            let dtype = ["int32", "fp32", "fp16", "int16", "uint8", "uint16"][draw[1] % 6];
            NewOp::new("cast").with("x", x).with("dtype", Tensor::string(dtype))
        }
        16 => NewOp::new("floor").with("x", x),
        17 => NewOp::new("ceil").with("x", x),
        18 | 19 => NewOp::new(if op == 18 { "reduce_prod" } else { "reduce_sum" })
            .with("x", x)
            .with("axes", Tensor::ints(&[0]))
            .with("keep_dims", Tensor::bool(draw[1].is_multiple_of(2))),
        20 => NewOp::new("expand_dims").with("x", x).with("axes", Tensor::ints(&[small(1).clamp(-2, 1)])),
        21 => NewOp::new("squeeze").with("x", x),
        22 => {
            NewOp::new("fill").with("shape", Tensor::ints(&[draw[1] as i32 % 4])).with("value", constant(2))
        }
        _ => NewOp::new("reshape").with("x", x).with("shape", Tensor::ints(&[small(1).clamp(-1, 3), 1])),
    })
}

/// What each value is where the inputs have these sizes; a value that cannot be computed is missing, as are
/// those after it.
fn computed(graph: &Graph, opset: &Opset, sizes: &BTreeMap<ValueId, Vec<i32>>) -> BTreeMap<ValueId, Tensor> {
    let mut scratch = graph.clone();
    let end = scratch.root().return_op();
    let options = EvalOptions::default().reproducible();
    let mut known: BTreeMap<ValueId, Tensor> = BTreeMap::new();
    for op in graph.walk() {
        let found = graph.op(op);
        let result = found.result().unwrap();
        let tensor = match found.kind().as_str() {
            "const" => graph.const_tensor(result),
            "shape" => Some(Tensor::ints(&sizes[&graph.input(op, "x").unwrap()])),
            kind => {
                let mut new = NewOp::new(kind).result("r", graph.value(result).ty().clone());
                let mut all = true;
                for (param, argument) in found.arguments() {
                    let operands: Vec<Operand> = argument
                        .iter()
                        .filter_map(|operand| match operand.value() {
                            Some(value) => known.get(&value).cloned().map(Operand::from),
                            None => Some(operand.clone()),
                        })
                        .collect();
                    all &= operands.len() == argument.len();
                    new = new.with_all(param.clone(), operands);
                }
                let op = scratch.insert(new, At::Before(end));
                let folded = all.then(|| fold(&scratch, op, opset, &options)).flatten();
                folded.and_then(|tensors| tensors.ok()?.into_iter().next())
            }
        };
        if let Some(tensor) = tensor {
            known.insert(result, tensor);
        }
    }
    known
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn symbols_say_what_kernels_compute(
        steps in prop::collection::vec((0_usize..24, prop::array::uniform8(0_usize..1000)), 4..24),
        picks in prop::array::uniform3(0_usize..SIZES.len()),
    ) {
        let (graph, opset) = (&graph(&steps), &Release::IOS17.opset());
        let shapes = Shapes::of(graph, opset, None);
        prop_assert!(shapes.conflicts().is_empty(), "{:?}", shapes.conflicts());

        let inputs = graph.root().inputs();
        let [a, b, c] = picks.map(|pick| SIZES[pick]);
        // No tensor has more elements than int32 counts.
        let b = b.min(i32::MAX / (3 * a.max(1)));
        let sizes = BTreeMap::from([(inputs[0], vec![a, 3, b]), (inputs[1], vec![c])]);
        let computed = computed(graph, opset, &sizes);
        let mut bindings: BTreeMap<Name, i64> = BTreeMap::new();
        for (name, size) in [("x.0", a), ("x.2", b), ("z.0", c)] {
            bindings.insert(name.into(), i64::from(size));
        }
        for (&value, tensor) in &computed {
            let name = graph.value(value).name();
            for (at, number) in tensor.to_f64s().unwrap_or_default().into_iter().enumerate() {
                bindings.insert(format!("{name}[{at}]").into(), number as i64);
            }
        }
        for (&value, tensor) in &computed {
            let name = graph.value(value).name();
            let numbers = tensor.to_f64s().unwrap_or_default();
            if let Some(elements) = shapes.elements(value) {
                prop_assert_eq!(elements.len(), tensor.len(), "{}", name);
                for (element, &number) in elements.iter().zip(&numbers) {
                    let Some(element) = element else { continue };
                    if let Some(said) = element.evaluate(&bindings) {
                        prop_assert_eq!(said as f64, number, "{} is said to be {}", name, element);
                    }
                    let bounds = element.bounds();
                    prop_assert!(bounds.lower.is_none_or(|lower| lower as f64 <= number), "{} {:?}", name, bounds);
                    prop_assert!(bounds.upper.is_none_or(|upper| upper as f64 >= number), "{} {:?}", name, bounds);
                }
            }
            if let Some(said) = shapes.tensor(graph, value) {
                prop_assert_eq!(said.shape(), tensor.shape(), "{}", name);
                prop_assert_eq!(said.to_f64s().unwrap(), numbers, "{}", name);
            }
            for (dim, &size) in shapes.ty(graph, value).dims().unwrap_or_default().iter().zip(tensor.shape()) {
                if let Some(said) = dim.expression().and_then(|dim| dim.evaluate(&bindings)) {
                    prop_assert_eq!(said, size as i64, "{} has a size {:?}", name, dim);
                }
            }
        }
    }
}
