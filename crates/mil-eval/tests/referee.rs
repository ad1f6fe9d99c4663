//! What `verify` sees: folded weights, lost outputs, states.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use mil_eval::{EvalOptions, Flavour, Inputs, Numerics, Report, random_inputs, verify};
use mil_ir::{Program, text};

fn program(body: &str) -> Program {
    text::parse(&format!("program(1.3)\n{{\n{body}\n}}\n")).unwrap()
}

/// A function over sixteen numbers in `fp16`, whose body gives `y`.
fn half(body: &str) -> Program {
    program(&format!("func main<ios17>(tensor<fp16, [1, 16, 4, 4]> x) {{ {body} }} -> (y);"))
}

fn report(before: &Program, after: &Program, class: Numerics) -> Report {
    let side = |program: &'_ Program| {
        let function = &program.functions["main"];
        (function.graph().unwrap().clone(), function.opset.clone())
    };
    let ((old, old_opset), (new, new_opset)) = (side(before), side(after));
    let inputs: Vec<Inputs> =
        Flavour::ALL.iter().map(|&flavour| random_inputs(&old, None, flavour, 1).unwrap()).collect();
    let options = EvalOptions::default();
    verify((&old, &old_opset), (&new, &new_opset), class, &inputs, &options).unwrap()
}

/// Numbers as text, each with 11 bits of fraction.
fn numbers(count: usize, scale: f64) -> Vec<f64> {
    (0..count).map(|at| (((at * 7919 + 13) % 2003) as f64 - 1001.0) / 1024.0 * scale).collect()
}

fn list(values: &[f64]) -> String {
    values.iter().map(|value| format!("{value:.9}")).collect::<Vec<_>>().join(", ")
}

/// `conv`, then each channel times 0.7: in two steps, or with the weight scaled before and by `off` too much.
fn scaled_conv(folded: bool, off: f64) -> Program {
    let weight = numbers(4 * 16, 1.0);
    let weight: Vec<f64> = weight.iter().map(|w| if folded { w * 0.7 * off } else { *w }).collect();
    let conv = |name: &str| {
        format!(
            "tensor<fp16, [4, 16, 1, 1]> w = const()[name = string(\"w\"), val = tensor<fp16, [4, 16, 1, 1]>([{}])]; \
             tensor<fp16, [1, 4, 4, 4]> {name} = conv(weight = w, x = x)[name = string(\"{name}\")];",
            list(&weight)
        )
    };
    half(&match folded {
        true => conv("y"),
        false => format!(
            "{} tensor<fp16, [1, 4, 4, 4]> y = mul(x = c, y = fp16(0.7))[name = string(\"y\")];",
            conv("c")
        ),
    })
}

#[test]
fn folding_a_weight_once_is_rounding() {
    let before = scaled_conv(false, 1.0);
    let report_of = |off| report(&before, &scaled_conv(true, off), Numerics::Rounding);
    let folded = report_of(1.0);
    assert!(folded.holds(), "{:?}", folded.broken().next());
    assert!(folded.skipped < folded.elements() / 2, "most elements are judged");
    assert!(!report_of(1.02).holds(), "two percent are more than rounding");
}

/// `x * 1e-4 * 1e-4`, in two steps or with a factor that `fp16` does not have.
#[test]
fn a_weight_that_vanishes_is_no_rounding() {
    let ty = "tensor<fp16, [1, 16, 4, 4]>";
    let step = |from: &str, to: &str, factor: &str| {
        format!("{ty} {to} = mul(x = {from}, y = fp16({factor}))[name = string(\"{to}\")];")
    };
    let before = half(&format!("{} {}", step("x", "c", "0.0001"), step("c", "y", "0.0001")));
    let after = half(&step("x", "y", "0.0"));
    let found = report(&before, &after, Numerics::Rounding);
    let broken = found.broken().next().unwrap();
    assert_eq!(Flavour::ALL[broken.input], Flavour::Huge, "where the original is not 0");
    let other = half(&format!("{} {}", step("x", "c", "0.0001"), step("c", "y", "0.0001003")));
    assert!(report(&before, &other, Numerics::Rounding).holds(), "a neighbour of the factor");
}

/// Sums that cancel: what is left is as uncertain as the terms, not as the result.
#[test]
fn cancelled_terms_leave_their_rounding() {
    let ty = "tensor<fp16, [1, 16, 4, 4]>";
    let body = |first: &str, second: &str| {
        half(&format!(
            "{ty} a = add(x = x, y = fp16({first}))[name = string(\"a\")]; \
             {ty} y = add(x = a, y = fp16({second}))[name = string(\"y\")];"
        ))
    };
    assert!(report(&body("100.3", "-100.3"), &body("50.15", "-50.15"), Numerics::Rounding).holds());
    assert!(!report(&body("100.3", "-100.3"), &body("100.3", "-95.3"), Numerics::Rounding).holds());
}

#[test]
fn what_decides_an_integer_is_looked_at() {
    let body = |factor: &str| {
        program(&format!(
            "func main<ios17>(tensor<int32, [64]> i) {{ \
             tensor<fp32, [64]> f = cast(x = i, dtype = string(\"fp32\"))[name = string(\"f\")]; \
             tensor<fp32, [64]> h = mul(x = f, y = fp32({factor}))[name = string(\"h\")]; \
             tensor<int32, [64]> y = cast(x = h, dtype = string(\"int32\"))[name = string(\"y\")]; }} -> (y);"
        ))
    };
    assert!(report(&body("0.5"), &body("0.5"), Numerics::Rounding).holds());
    assert!(!report(&body("0.5"), &body("0.501"), Numerics::Rounding).holds());
}

#[test]
fn a_lost_or_renamed_output_is_wrong() {
    let before = half("tensor<fp16, [1, 16, 4, 4]> y = relu(x = x)[name = string(\"y\")];");
    let renamed = program(
        "func main<ios17>(tensor<fp16, [1, 16, 4, 4]> x) \
         { tensor<fp16, [1, 16, 4, 4]> z = relu(x = x)[name = string(\"z\")]; } -> (z);",
    );
    for class in [Numerics::Exact, Numerics::Rounding, Numerics::Lossy { min_snr_db: 10.0 }] {
        let found = report(&before, &renamed, class);
        let places: Vec<String> = found.broken().take(2).map(|found| found.place.to_string()).collect();
        assert_eq!(places, ["output y", "output z"]);
    }
}

/// A counter in a state; `write` is what a call leaves in it.
fn counter(write: &str) -> Program {
    program(&format!(
        "func main<ios18>(tensor<fp16, [2]> x, state<tensor<fp16, [2]>> s) {{ \
         tensor<fp16, [2]> old = read_state(input = s)[name = string(\"old\")]; \
         tensor<fp16, [2]> sum = add(x = old, y = x)[name = string(\"sum\")]; {write} \
         tensor<fp16, [2]> y = relu(x = x)[name = string(\"y\")]; }} -> (y);"
    ))
}

#[test]
fn states_are_compared() {
    let write = |value: &str| format!("write_state(data = {value}, input = s)[name = string(\"w\")];");
    let before = counter(&write("sum"));
    let place = |after: &Program| {
        let found = report(&before, after, Numerics::Exact);
        found.broken().next().map(|found| found.place.to_string())
    };
    assert_eq!(place(&before), None);
    assert_eq!(place(&counter("")).as_deref(), Some("state s"), "a write that is gone");
    // After one call both hold the same.
    assert_eq!(
        place(&counter(&write("x"))).as_deref(),
        Some("state s"),
        "a write of what the first call wrote"
    );
}
