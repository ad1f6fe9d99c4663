//! States and what they are made of, over successive calls: the cases of `mark_kv_cache_states`, called in a
//! loop that hands each output back as the input, give what they give with states, and so does what
//! `unmark_states` makes of these again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may panic anywhere")]

use std::path::Path;

use mil_eval::{Array, Evaluator, Flavour, Inputs, Outputs, compare, random_inputs};
use mil_ir::text::parse;
use mil_ir::{Graph, Name, Program};
use mil_pass::{Pipeline, Runner};
use mil_passes::registry;
use mil_tensor::Tensor;

const CALLS: u64 = 5;

#[test]
fn loops_give_what_states_give() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("state/mark_kv_cache_states/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| !file.to_string_lossy().contains("refuses_"));
    assert!(files.len() > 10);
    for file in files {
        let (option, stateless) = case(&file);
        let stateful = run(&format!("mark_kv_cache_states{option}"), &stateless);
        let again = run("unmark_states", &stateful);

        let graph = stateless.graph("main").unwrap();
        let gone =
            |names: Vec<Name>, kept: Vec<Name>| names.into_iter().find(|name| !kept.contains(name)).unwrap();
        let kept = stateful.graph("main").unwrap();
        let past = gone(inputs(graph), inputs(kept));
        let present = gone(outputs(graph), outputs(kept));
        let in_a_loop = looped(&stateless, &past, &present);
        let with_states = looped(&stateful, "", "");
        let in_a_loop_again = looped(&again, &past, &format!("{past}_out"));
        for (call, outputs) in with_states.iter().enumerate() {
            for (name, value) in outputs {
                let array = |outputs: &Outputs| outputs[name].as_array().unwrap().clone();
                let wanted = array(&in_a_loop[call]);
                let found = compare(&wanted, value.as_array().unwrap());
                let rounded = graph.input_named(&past).and_then(|past| graph.value(past).ty().dtype());
                let least = if rounded == Some(mil_tensor::DType::Fp16) { f64::INFINITY } else { 50.0 };
                assert!(found.snr_db >= least, "{}: {name}, call {call}: {found:?}", file.display());
                let found = compare(value.as_array().unwrap(), &array(&in_a_loop_again[call]));
                assert!(found.is_exact(), "{}: unmarked {name}, call {call}: {found:?}", file.display());
            }
        }
    }
}

#[test]
fn states_of_other_forms_give_the_same() {
    for pass in ["pad_states", "merge_states", "split_states"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("state/{pass}/cases"));
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            let (option, before) = case(&file);
            let after = run(&format!("{pass}{option}"), &before);
            for (call, outputs) in looped(&before, "", "").iter().zip(looped(&after, "", "")).enumerate() {
                for (name, value) in outputs.0 {
                    let found = compare(value.as_array().unwrap(), outputs.1[name].as_array().unwrap());
                    assert!(found.is_exact(), "{}: {name}, call {call}: {found:?}", file.display());
                }
            }
        }
    }
}

/// A decoder for one to eight tokens becomes two functions over one cache: what prefill leaves there, decoding
/// goes on with.
#[test]
fn prefill_hands_its_cache_to_decoding() {
    const TOKENS: usize = 12;
    let text = include_str!("../../fixtures/sources/decoder_lengths.mil");
    let text =
        text.replace("<ios17>", "<ios18>").replace("specification_version = 8", "specification_version = 9");
    let lengths = r#"{"main": {"tokens": [1, 1], "mask": [1, 1, 1, 16]}, "prefill": {"tokens": [1, 8], "mask": [1, 1, 8, 16]}}"#;
    let both = run(&format!("materialize_shapes{{functions={lengths}}},llm"), &parse(&text).unwrap());
    let [decoding, prefill] =
        ["main", "prefill"].map(|name| Evaluator::new(&both, name, Default::default()).unwrap());

    let text: Vec<i32> = (0..TOKENS as i32).map(|at| at * 7 % 16).collect();
    // Tokens stand at the end of the cache. A query sees those up to its own.
    let call = |first: usize, count: usize| -> Inputs {
        let mask = (0..count).flat_map(|row| {
            let seen = 16 - first - count..=16 - count + row;
            (0..16).map(move |place| if seen.contains(&place) { 0.0 } else { -1e4 })
        });
        let tokens = Array::from_vec::<i32>(&[1, count], text[first..first + count].to_vec());
        let mask = Array::from_vec::<f32>(&[1, 1, count, 16], mask.collect());
        Inputs::from_iter([("tokens".into(), tokens.unwrap()), ("mask".into(), mask.unwrap())])
    };
    let next = |outputs: &Outputs| outputs["next"].as_array().unwrap().clone();
    let mut alone = decoding.session().unwrap();
    let wanted: Vec<Array> = (0..TOKENS).map(|token| next(&alone.run(&call(token, 1)).unwrap())).collect();

    let mut first = prefill.session().unwrap();
    let eight = next(&first.run(&call(0, 8)).unwrap());
    let together = wanted[..8].iter().flat_map(|token| token.reals::<f32>().unwrap().into_owned()).collect();
    let together = Array::from_vec::<f32>(&[1, 8, 8], together).unwrap();
    assert!(compare(&together, &eight).snr_db > 50.0);
    let mut rest = decoding.session().unwrap();
    for (name, contents) in first.states() {
        rest.set_state(name, &contents).unwrap();
    }
    for (token, wanted) in wanted.iter().enumerate().skip(8) {
        let found = compare(wanted, &next(&rest.run(&call(token, 1)).unwrap()));
        assert!(found.snr_db > 50.0, "token {token}: {found:?}");
    }
}

/// What one function proves, the others have as well; what one cannot have, none has.
#[test]
fn a_state_is_one_for_all_functions() {
    let window = |name: &str, tokens: usize, kept: usize, places: usize| {
        format!(
            "func {name}<ios18>(tensor<fp16, [{tokens}, 2]> x, tensor<fp16, [{places}, 2]> past) {{
                tensor<fp16, [?, 2]> all = concat(axis = int32(0), interleave = bool(false), values = (past, x))[name = string(\"all\")];
                tensor<fp16, [{places}, 2]> present = slice_by_index(begin = tensor<int32, [2]>([{tokens}, 0]), end = tensor<int32, [2]>([{}, 2]), x = all)[name = string(\"present\")];
                tensor<fp16, [2]> y = reduce_mean(axes = tensor<int32, [1]>([0]), keep_dims = bool(false), x = present)[name = string(\"y\")];
            }} -> (y, present);",
            tokens + kept
        )
        .replace("[?, 2]", &format!("[{}, 2]", tokens + places))
    };
    let states = |functions: &[String]| {
        let program = parse(&format!("program(1.3)\n{{\n{}\n}}\n", functions.join("\n"))).unwrap();
        let marked = run("mark_kv_cache_states", &program);
        let count = |name: &Name| {
            let graph = marked.graph(name).unwrap();
            graph
                .root()
                .inputs()
                .iter()
                .filter(|&&input| graph.value(input).ty().as_state().is_some())
                .count()
        };
        marked.functions.keys().map(count).collect::<Vec<usize>>()
    };
    // Four tokens leave nothing of the old window.
    assert_eq!(states(&[window("main", 1, 4, 4), window("prefill", 4, 4, 4)]), [1, 1]);
    assert_eq!(states(&[window("main", 1, 4, 4), window("prefill", 1, 5, 5)]), [0, 0]);
    let other = window("prefill", 1, 4, 4).replace("past", "before");
    assert_eq!(states(&[window("main", 1, 4, 4), other]), [0, 0]);
}

#[test]
fn pairs_that_cannot_be_states_are_errors() {
    let refused = |pairs: &str, functions: &str| {
        let mut program = parse(&format!("program(1.3)\n{{\n{functions}\n}}\n")).unwrap();
        let pipeline = format!("mark_kv_cache_states{{pairs={pairs}}}");
        let pipeline = Pipeline::parse(&pipeline, &registry()).unwrap();
        let error = Runner::new().run(&pipeline, &mut program).unwrap_err();
        std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source())
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(": ")
    };
    let two = "func main<ios18>(tensor<fp16, [2]> a, tensor<fp16, [2]> b, tensor<fp16, [3]> c, tensor<int32, [2]> n) {
        tensor<fp16, [2]> x = add(x = a, y = b)[name = string(\"x\")];
        tensor<int32, [2]> m = add(x = n, y = n)[name = string(\"m\")];
    } -> (x, m);";
    for (pairs, reason) in [
        (r#"{"a": "y"}"#, "no function has an input a and an output y"),
        (r#"{"a": "x", "b": "x"}"#, "two inputs claim one output"),
        (r#"{"c": "x"}"#, "the input has shape [3], and the output [2]"),
        (r#"{"n": "m"}"#, "states are fp16, and this is int32"),
    ] {
        let said = refused(pairs, two);
        assert!(said.contains(reason), "{said}");
    }
    let one = "func main<ios18>(tensor<fp16, [2]> a, tensor<fp16, [2]> b) {
        tensor<fp16, [2]> x = add(x = a, y = b)[name = string(\"x\")];
    } -> (x);";
    let said = refused(r#"{"a": "x"}"#, one);
    assert!(said.contains("has no other output"), "{said}");
    let old = two.replace("ios18", "ios17");
    let said = refused(r#"{"a": "x"}"#, &old);
    assert!(said.contains("states need iOS18"), "{said}");
}

/// The options of a case, and its program.
fn case(file: &Path) -> (String, Program) {
    let text = std::fs::read_to_string(file).unwrap();
    let options = text.lines().find_map(|line| line.strip_prefix("// options: ")).unwrap_or("").to_owned();
    let functions = text.split("// after").next().unwrap();
    (options, parse(&format!("program(1.3)\n{{\n{functions}\n}}\n")).unwrap())
}

fn run(pipeline: &str, program: &Program) -> Program {
    let mut program = program.clone();
    let pipeline = Pipeline::parse(pipeline, &registry()).unwrap();
    Runner::new().run(&pipeline, &mut program).unwrap();
    program
}

fn inputs(graph: &Graph) -> Vec<Name> {
    let inputs = graph.root().inputs().iter().map(|&input| graph.value(input));
    inputs.filter(|input| input.ty().as_state().is_none()).map(|input| input.name().clone()).collect()
}

fn outputs(graph: &Graph) -> Vec<Name> {
    graph.root().outputs().map(|output| graph.value(output).name().clone()).collect()
}

/// The outputs of successive calls, in each of which `past` is what `present` was; zeros at first.
fn looped(program: &Program, past: &str, present: &str) -> Vec<Outputs> {
    let graph = program.graph("main").unwrap();
    let evaluator = Evaluator::new(program, "main", Default::default()).unwrap();
    let mut session = evaluator.session().unwrap();
    let mut all: Vec<Outputs> = Vec::new();
    for call in 0..CALLS {
        let mut given: Inputs = random_inputs(graph, None, Flavour::Normal, call).unwrap();
        for (name, array) in &mut given {
            if &**name == "at" {
                let places = (0..array.len()).map(|place| (place as i32 + call as i32) % 4).collect();
                *array = Array::from_vec::<i32>(array.shape(), places).unwrap();
            }
            if &**name == past {
                *array = match all.last() {
                    Some(last) => end(last[present].as_array().unwrap(), array.shape()),
                    None => Array::filled(array.dtype(), array.shape(), 0.0, false).unwrap(),
                };
            }
        }
        all.push(session.run(&given).unwrap());
    }
    all
}

/// The last elements along each axis: what an app keeps of a cache that grows.
fn end(array: &Array, shape: &[usize]) -> Array {
    let tensor = array.to_tensor().unwrap();
    let numbers = tensor.to_f64s().unwrap();
    let strides: Vec<usize> =
        (0..shape.len()).map(|axis| array.shape()[axis + 1..].iter().product()).collect();
    let place = |at: usize| -> usize {
        let mut rest = at;
        let mut place = 0;
        for axis in (0..shape.len()).rev() {
            place += (rest % shape[axis] + array.shape()[axis] - shape[axis]) * strides[axis];
            rest /= shape[axis];
        }
        place
    };
    let kept: Vec<f64> = (0..shape.iter().product()).map(|at| numbers[place(at)]).collect();
    Array::from_tensor(&Tensor::from_f64s(tensor.dtype(), shape, &kept).unwrap(), false).unwrap()
}
