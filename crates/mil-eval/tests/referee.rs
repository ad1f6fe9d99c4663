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

/// A sum of two products and a bias, from which a constant may be subtracted; and 0.5 divided
/// by that. In `mask` inputs of -1e9 the products cancel, and a bias as small as this is lost or not.
fn divided(weight: [f64; 2], bias: f64, shift: Option<f64>) -> Program {
    let shifted = shift.map_or(String::new(), |shift| {
        format!("tensor<fp32, [64, 1]> s = sub(x = c, y = fp32({shift}))[name = string(\"s\")]; ")
    });
    let divisor = if shift.is_some() { "s" } else { "c" };
    let [a, b] = weight;
    program(&format!(
        "func main<ios17>(tensor<fp32, [64, 2]> x) {{ \
         tensor<fp32, [64, 1]> c = linear(x = x, weight = tensor<fp32, [1, 2]>([{a}, {b}]), \
         bias = tensor<fp32, [1]>([{bias}]))[name = string(\"c\")]; {shifted}\
         tensor<fp32, [64, 1]> y = real_div(x = fp32(0.5), y = {divisor})[name = string(\"y\")]; }} -> (y);"
    ))
}

/// With the masked inputs, `(-1e9 * 1.5 + 1e9 * 1.5) + bias - shift` may be any number up to some hundreds, so
/// that a quotient by it may be infinite. A bias that is wrong shows where the products are small.
#[test]
fn a_quotient_by_what_rounding_decides_is_left_out() {
    let before = divided([1.5, -1.5], -1.0625, Some(0.75));
    let found = report(&before, &divided([1.5, -1.5], -1.8125, None), Numerics::Rounding);
    assert!(found.holds(), "{:?}", found.broken().next());
    assert!(found.skipped < found.elements() / 2, "most elements are judged");
    for wrong in [-0.3125, -1.8, 0.0] {
        let found = report(&before, &divided([1.5, -1.5], wrong, None), Numerics::Rounding);
        assert!(!found.holds(), "a bias of {wrong}");
    }
    // A divisor that is exactly 0, whatever is rounded how, makes what was finite infinite.
    let exact = |shift: f64| divided([1.0, 0.0], 0.0, Some(shift));
    assert!(!report(&exact(2.0), &exact(0.0), Numerics::Rounding).holds());
}

/// `(x + 1) - 1` loses a denormal `x` in `f64`, too; `x` is right.
#[test]
fn what_a_double_swallows_was_rounded() {
    let ty = "tensor<fp32, [64]>";
    let body = |ops: &str| program(&format!("func main<ios17>({ty} x) {{ {ops} }} -> (y);"));
    let before = body(&format!(
        "{ty} a = add(x = x, y = fp32(1.0))[name = string(\"a\")]; \
         {ty} b = sub(x = a, y = fp32(1.0))[name = string(\"b\")]; \
         {ty} y = mul(x = b, y = fp32(8.0))[name = string(\"y\")];"
    ));
    let times =
        |factor: &str| body(&format!("{ty} y = mul(x = x, y = fp32({factor}))[name = string(\"y\")];"));
    let found = report(&before, &times("8.0"), Numerics::Rounding);
    assert!(found.holds(), "{:?}", found.broken().next());
    assert!(!report(&before, &times("8.001"), Numerics::Rounding).holds());
    // Where nothing is swallowed, a denormal factor too much is wrong as it ever was.
    assert!(!report(&times("8.0"), &times("8.001"), Numerics::Rounding).holds());
    let found = report(&times("8.0"), &times("16.0"), Numerics::Rounding);
    let broken: Vec<_> = found.broken().map(|found| Flavour::ALL[found.input]).collect();
    assert!(broken.contains(&Flavour::Denormal), "{broken:?}");
}

/// A variance that overflows in `fp16` gives 0 for all, in the original only.
#[test]
fn what_hangs_on_an_overflow_is_left_out() {
    let ty = "tensor<fp16, [1, 16, 4, 4]>";
    let body = |shift: &str| {
        half(&format!(
            "{ty} s = mul(x = x, y = x)[name = string(\"s\")]; \
             {ty} a = add(x = s, y = fp16(1.0))[name = string(\"a\")]; \
             {ty} d = real_div(x = x, y = a)[name = string(\"d\")]; \
             {ty} y = add(x = d, y = fp16({shift}))[name = string(\"y\")];"
        ))
    };
    // The same without an overflow: x / (x^2 + 1) = 1 / (x + 1/x).
    let after = half(&format!(
        "{ty} i = real_div(x = fp16(1.0), y = x)[name = string(\"i\")]; \
         {ty} a = add(x = x, y = i)[name = string(\"a\")]; \
         {ty} d = real_div(x = fp16(1.0), y = a)[name = string(\"d\")]; \
         {ty} y = add(x = d, y = fp16(0.5))[name = string(\"y\")];"
    ));
    let found = report(&body("0.5"), &after, Numerics::Rounding);
    assert!(found.holds(), "{:?}", found.broken().next());
    assert!(!report(&body("0.5"), &body("0.52"), Numerics::Rounding).holds());
}

/// A product that is 0 whatever the order, and leaves the range on the way in some.
#[test]
fn what_a_product_meets_on_the_way_is_left_out() {
    let ty = "tensor<fp16, [1, 16, 4, 1]>";
    let wide = "tensor<fp16, [1, 16, 4, 4]>";
    let product = |x: &str| {
        half(&format!(
            "{wide} z = mul(x = x, y = fp16({x}))[name = string(\"z\")]; \
             {ty} p = reduce_prod(x = z, axes = tensor<int32, [1]>([3]), keep_dims = bool(true))[name = string(\"p\")]; \
             {wide} y = add(x = x, y = p)[name = string(\"y\")];"
        ))
    };
    // The last factor first, and the first one last.
    let slice = |name: &str, at: usize| {
        format!(
            "{ty} {name} = slice_by_index(x = z, begin = tensor<int32, [4]>([0, 0, 0, {at}]), \
             end = tensor<int32, [4]>([1, 16, 4, {}]))[name = string(\"{name}\")]; ",
            at + 1
        )
    };
    let backwards = |x: &str| {
        half(&format!(
            "{wide} z = mul(x = x, y = fp16({x}))[name = string(\"z\")]; {}{}{}{}\
             {ty} e = mul(x = d, y = c)[name = string(\"e\")]; \
             {ty} f = mul(x = e, y = b)[name = string(\"f\")]; \
             {ty} p = mul(x = f, y = a)[name = string(\"p\")]; \
             {wide} y = add(x = x, y = p)[name = string(\"y\")];",
            slice("a", 0),
            slice("b", 1),
            slice("c", 2),
            slice("d", 3)
        ))
    };
    let found = report(&product("1.0"), &backwards("1.0"), Numerics::Rounding);
    assert!(found.holds(), "{:?}", found.broken().next());
    assert!(!report(&product("1.0"), &backwards("1.02"), Numerics::Rounding).holds());
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
