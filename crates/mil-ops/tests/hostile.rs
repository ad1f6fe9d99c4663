//! Kernels given operands that do not fit: an error, never a panic, and never more memory than the limits
//! allow.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;
#[path = "support/values.rs"]
mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};

use mil_ir::{Name, Release};
use mil_ops::eval::{Array, Bound, Context, EvalOptions, EvalValue, Stored, call};
use mil_tensor::DType;
use mil_tensor::random::Stream;
use serde_json::Value;

use values::array;

/// The operands of a case; `None` where one is a list or a state.
fn operands(case: &Value) -> Option<Vec<(String, Vec<Array>)>> {
    let bind = |(param, given): (&String, &Value)| {
        let records = given.as_array().map_or_else(|| std::slice::from_ref(given), Vec::as_slice);
        let arrays = records.iter().map(|record| record.get("type").is_some().then(|| array(record)));
        Some((param.clone(), arrays.collect::<Option<_>>()?))
    };
    case["operands"].as_object().unwrap().iter().map(bind).collect()
}

/// Another array in its place: another shape, other integers, another type.
fn damaged(array: &Array, dice: &mut Stream) -> Array {
    const SIZES: [usize; 6] = [0, 1, 2, 3, 5, 16];
    const INTS: [i32; 11] = [0, 1, -1, 2, -2, 3, 7, 100, i32::MAX, i32::MIN, 1 << 20];
    match dice.below(4) {
        0 => {
            let rank = dice.below(6);
            let shape: Vec<usize> = (0..rank).map(|_| SIZES[dice.below(SIZES.len())]).collect();
            Array::filled(
                if array.dtype() == DType::String { DType::Int32 } else { array.dtype() },
                &shape,
                1.0,
                false,
            )
            .unwrap()
        }
        1 => {
            let mut shape = array.shape().to_vec();
            if let Some(at) = (!shape.is_empty()).then(|| dice.below(shape.len())) {
                shape[at] = SIZES[dice.below(SIZES.len())];
            }
            Array::filled(
                if array.dtype() == DType::String { DType::Bool } else { array.dtype() },
                &shape,
                -1.0,
                false,
            )
            .unwrap()
        }
        2 => match array.slice::<i32>() {
            Some(ints) => {
                let ints =
                    ints.iter().map(|&x| if dice.below(2) == 0 { INTS[dice.below(INTS.len())] } else { x });
                let data = i32::pack(ints.collect());
                Array::new(array.dtype(), array.shape(), data).unwrap().settle()
            }
            None => Array::filled(
                DType::Fp32,
                array.shape(),
                [f64::NAN, f64::INFINITY, -1e30, 0.0][dice.below(4)],
                false,
            )
            .unwrap(),
        },
        _ => {
            let types = [DType::Bool, DType::Int32, DType::Fp16, DType::Fp32, DType::Uint8, DType::Int64];
            Array::filled(types[dice.below(types.len())], array.shape(), 3.0, dice.below(2) == 0).unwrap()
        }
    }
}

#[test]
fn damaged_operands_never_panic() {
    let mut dice = Stream::new(7);
    let mut faults = Vec::new();
    let mut options = EvalOptions::default();
    options.limits.value_bytes = 1 << 22;
    for def in mil_ops::all() {
        let cases: Vec<_> =
            support::cases(def).iter().filter_map(operands).filter(|given| !given.is_empty()).collect();
        for _ in 0..if cases.is_empty() { 0 } else { 600 } {
            let mut given = cases[dice.below(cases.len())].clone();
            for _ in 0..=dice.below(2) {
                let at = dice.below(given.len());
                if dice.below(8) == 0 {
                    given.remove(at);
                } else if !given[at].1.is_empty() {
                    let which = dice.below(given[at].1.len());
                    given[at].1[which] = damaged(&given[at].1[which], &mut dice);
                }
                if given.is_empty() {
                    break;
                }
            }
            let bind = |(param, arrays): &(String, Vec<Array>)| {
                (Name::from(param.as_str()), arrays.iter().cloned().map(EvalValue::from).collect())
            };
            let bound: Bound = given.iter().map(bind).collect();
            let target = Release::ALL[2 + dice.below(5)];
            let context = Context {
                def,
                target,
                bound: &bound,
                results: &[],
                options: &options,
                stream: 0,
                host: None,
            };
            if catch_unwind(AssertUnwindSafe(|| call(&context))).is_err() {
                let shown: Vec<String> = given
                    .iter()
                    .map(|(param, arrays)| {
                        let shown = |array: &Array| match array.slice::<i32>() {
                            Some(ints) if ints.len() < 9 => format!("{} {ints:?}", array.dtype()),
                            _ => format!("{} {:?}", array.dtype(), array.shape()),
                        };
                        format!("{param}={}", arrays.iter().map(shown).collect::<Vec<_>>().join("+"))
                    })
                    .collect();
                faults.push(format!("{} {target}: {}", def.name, shown.join(", ")));
            }
        }
    }
    assert!(faults.is_empty(), "{} panics:\n{}", faults.len(), faults.join("\n"));
}
