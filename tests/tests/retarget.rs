//! Programs for older and newer releases: translated with the same numbers, or refused by op.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use milopt::eval::{EvalOptions, Evaluator, Flavour, compare, random_inputs};
use milopt::ir::{Program, Release, text};
use milopt::ops::{RetargetError, retarget, verify_program};

fn parse(opset: &str, inputs: &str, ops: &str, outputs: &str) -> Program {
    let source = format!("program(1.3) {{ func main<{opset}>({inputs}) {{ {ops} }} -> ({outputs}); }}");
    let program = text::parse(&source).unwrap_or_else(|error| panic!("{error}\n{source}"));
    let report = verify_program(&program);
    assert!(report.is_clean(), "{:?}", report.violations);
    program
}

/// The program for a release, after its numbers were found to be the same.
fn translated(program: &Program, release: Release) -> Program {
    let mut other = program.clone();
    retarget(&mut other, release).unwrap_or_else(|error| panic!("{error}"));
    let report = verify_program(&other);
    assert!(report.is_clean(), "{release}: {:?}", report.violations);
    for seed in 0..4 {
        let options = EvalOptions::default().reproducible();
        let graph = program.graph("main").unwrap();
        let inputs = random_inputs(graph, program.interface.function("main"), Flavour::Normal, seed).unwrap();
        let run = |program: &Program| {
            Evaluator::new(program, "main", options.clone()).unwrap().run(&inputs).unwrap()
        };
        let (before, after) = (run(program), run(&other));
        assert_eq!(before.len(), after.len());
        for (name, value) in &before {
            let (old, new) = (value.as_array().unwrap(), after[name].as_array().unwrap());
            assert!(compare(old, new).is_exact(), "{release}: {name}: {old:?} against {new:?}");
        }
    }
    other
}

/// Why the program cannot be one for a release.
fn refused(program: &Program, release: Release) -> String {
    let mut other = program.clone();
    let error = retarget(&mut other, release).unwrap_err();
    assert!(matches!(error, RetargetError::Refused(..)), "{error}");
    let print = |program: &Program| text::print(program, &text::PrintOptions::default());
    assert_eq!(print(program), print(&other), "a refused program does not change");
    error.to_string()
}

/// There and back again.
fn both_ways(program: &Program, there: Release, back: Release) {
    translated(&translated(program, there), back);
}

#[test]
fn compressed_weights_change_their_form() {
    let lut = |bits: usize, bytes: &str, count: usize| {
        let entries = 1 << bits;
        let table: Vec<String> = (0..entries).map(|entry| entry.to_string()).collect();
        let table = table.join(",");
        let length = (count * bits).div_ceil(8);
        let weight = format!(
            "tensor<fp32, [{count}]> w = constexpr_lut_to_dense()[indices = tensor<uint8, [{length}]>([{bytes}]), \
             lut = tensor<fp32, [{entries}]>([{table}]), name = string(\"w\"), shape = tensor<uint32, [1]>([{count}])];"
        );
        let ops = format!("{weight} tensor<fp32, [{count}]> y = add(x = w, y = x)[name = string(\"y\")];");
        parse("ios16", "tensor<fp32, [1]> x", &ops, "y")
    };
    for (bits, bytes, count) in [
        (1, "27", 8),
        (2, "228, 27", 8),
        (3, "57, 119, 250", 8),
        (4, "16, 50", 4),
        (5, "65, 12, 82, 204, 65", 8),
        (6, "129, 32, 8", 4),
        (7, "129, 129, 1, 255", 4),
        (8, "0, 255, 7", 3),
    ] {
        both_ways(&lut(bits, bytes, count), Release::IOS18, Release::IOS16);
    }
    let sparse =
        "tensor<fp32, [10]> w = constexpr_sparse_to_dense()[nonzero_data = tensor<fp32, [3]>([1, 2, 3]), \
                  mask = tensor<uint8, [2]>([5, 2]), name = string(\"w\"), shape = tensor<uint32, [1]>([10])];
                  tensor<fp32, [10]> y = add(x = w, y = x)[name = string(\"y\")];";
    both_ways(&parse("ios16", "tensor<fp32, [1]> x", sparse, "y"), Release::IOS26, Release::IOS17);
    let cast = "tensor<fp32, [2]> w = constexpr_cast()[source_val = tensor<fp16, [2]>([0x1.8p+0, 0x1p-1]), \
                output_dtype = string(\"fp32\"), name = string(\"w\")];
                tensor<fp32, [2]> y = add(x = w, y = x)[name = string(\"y\")];";
    both_ways(&parse("ios17", "tensor<fp32, [1]> x", cast, "y"), Release::IOS18, Release::IOS16);
    let why = refused(&lut(1, "27", 8), Release::IOS15);
    assert!(why.contains("op w (constexpr_lut_to_dense)") && why.contains("first in iOS16"), "{why}");
}

#[test]
fn scales_in_blocks_are_lowered_where_they_follow_one_axis() {
    let program = |scale: &str, shape: &str| {
        let ops = format!(
            "tensor<fp32, [2, 4]> w = constexpr_blockwise_shift_scale(data = tensor<int8, [2, 4]>([1,2,3,4,5,6,7,8]), \
             scale = tensor<fp32, {shape}>({scale}))[name = string(\"w\")];
             tensor<fp32, [2, 4]> y = add(x = w, y = x)[name = string(\"y\")];"
        );
        parse("ios18", "tensor<fp32, [1]> x", &ops, "y")
    };
    translated(&program("[0.5, 0.25]", "[2, 1]"), Release::IOS16);
    translated(&program("[0.5]", "[1, 1]"), Release::IOS17);
    let why = refused(&program("[0.5, 0.25]", "[1, 2]"), Release::IOS17);
    assert!(why.contains("blocks") && why.contains("iOS18"), "{why}");
}

#[test]
fn suppression_keeps_its_threshold_and_its_count() {
    let program = |threshold: &str| {
        let ops = format!(
            "tensor<fp32, [2, 4, 4]> b, tensor<fp32, [2, 4, 3]> s, tensor<int32, [2, 4]> i, tensor<int32, [2]> n =
             non_maximum_suppression(boxes = boxes, scores = scores, iou_threshold = fp32(0.3), \
             score_threshold = fp32({threshold}), max_boxes = int32(4), per_class_suppression = bool(false));"
        );
        let inputs = "tensor<fp32, [2, 6, 4]> boxes, tensor<fp32, [2, 6, 3]> scores";
        parse("ios15", inputs, &ops, "b, s, i, n")
    };
    for threshold in ["0.9", "0", "-100", "100"] {
        both_ways(&program(threshold), Release::IOS17, Release::IOS16);
        translated(&program(threshold), Release::IOS26);
    }
}

#[test]
fn boxes_are_cut_from_the_same_images() {
    let rest = "target_height = int32(3), target_width = int32(2), normalized_coordinates = bool(true), \
                spatial_scale = fp32(1), box_coordinate_mode = string(\"CORNERS_HEIGHT_FIRST\"), \
                sampling_mode = string(\"ALIGN_CORNERS\")";
    let all = |batch: usize| {
        let ops = format!(
            "tensor<fp32, [2, {batch}, 3, 3, 2]> y = crop_resize(x = x, roi = roi, pad_value = fp32(2), {rest});"
        );
        let inputs = format!("tensor<fp32, [{batch}, 3, 5, 4]> x, tensor<fp32, [2, 1, 4, 1, 1]> roi");
        parse("ios16", &inputs, &ops, "y")
    };
    for batch in [1, 3] {
        translated(&all(batch), Release::IOS18);
    }
    both_ways(&all(1), Release::IOS17, Release::IOS16);
    let named = |roi: &str, opset: &str, pad: &str| {
        let ops = format!(
            "tensor<fp32, [2, 1, 5, 1, 1]> roi = const()[name = string(\"roi\"), val = tensor<fp32, [2, 1, 5, 1, 1]>({roi})];
             tensor<fp32, [2, 1, 3, 3, 2]> y = crop_resize(x = x, roi = roi, {pad}{rest});"
        );
        parse(opset, "tensor<fp32, [3, 3, 5, 4]> x", &ops, "y")
    };
    let within = "[2, 0.1, 0.2, 0.9, 1, 0, 0, 0, 0.5, 0.5]";
    let beyond = "[2, 0.1, 0.2, 0.9, 1, 0, 0, 0, 1.5, 0.5]";
    both_ways(&named(within, "ios15", ""), Release::IOS18, Release::IOS15);
    both_ways(&named(beyond, "ios16", "pad_value = fp32(1), "), Release::IOS18, Release::IOS16);
    assert!(refused(&named(beyond, "ios15", ""), Release::IOS17).contains("crop_resize"));
}

#[test]
fn parameters_go_where_they_say_what_holds_anyway() {
    let gather = |batch: u32| {
        let ops = format!(
            "tensor<fp32, [2, 3]> y = gather(x = x, indices = tensor<int32, [2, 3]>([0,1,1,2,0,1]), axis = int32(1), \
             batch_dims = int32({batch}), validate_indices = bool(true));"
        );
        parse("ios17", "tensor<fp32, [2, 4]> x", &ops, "y")
    };
    translated(&gather(1), Release::IOS16);
    assert!(refused(&gather(1), Release::IOS15).contains("batch_dims"));
    let top = "tensor<fp32, [2, 2]> y = topk(x = x, k = int32(2), axis = int32(1), ascending = bool(false), \
               sort = bool(true), return_indices = bool(false), output_indices_dtype = string(\"int32\"));";
    translated(&parse("ios17", "tensor<fp32, [2, 4]> x", top, "y"), Release::IOS15);
    let zeros = "tensor<fp32, [4, 1, 2]> y = reshape(x = x, shape = tensor<int32, [3]>([-1, 1, 0]));";
    translated(&parse("ios17", "tensor<fp32, [4, 2]> x", zeros, "y"), Release::IOS15);
    let up = "tensor<fp32, [1, 4, 4]> y = upsample_bilinear(x = x, scale_factor_height = int32(2), \
              scale_factor_width = int32(2), align_corners = bool(false), half_pixel_centers = bool(HALF));";
    let up = |half: &str| parse("ios16", "tensor<fp32, [1, 2, 2]> x", &up.replace("HALF", half), "y");
    both_ways(&up("true"), Release::IOS15, Release::IOS26);
    assert!(refused(&up("false"), Release::IOS15).contains("half_pixel_centers"));
}

#[test]
fn features_and_ops_that_a_release_lacks_are_all_named() {
    let ops = "tensor<fp16, [4]> r = read_state(input = k)[name = string(\"r\")];
               tensor<fp16, [4]> y = add(x = x, y = r)[name = string(\"y\")];";
    let program = parse("ios18", "tensor<fp16, [4]> x, state<tensor<fp16, [4]>> k", ops, "y");
    let why = refused(&program, Release::IOS15);
    for part in ["op r (read_state)", "first in iOS18", "feature x", "iOS16", "feature k"] {
        assert!(why.contains(part), "{part}: {why}");
    }
    let unknown = text::parse(
        "program(1.3) { func main<ios17>(tensor<fp32, [2]> x) {
        tensor<fp32, [2]> y = frobnicate(x = x); } -> (y); }",
    )
    .unwrap();
    assert!(refused(&unknown, Release::IOS18).contains("frobnicate"));
}

#[test]
fn a_weight_that_ops_compute_stays_where_only_constants_may_be() {
    let ops = |weight: &str| {
        format!(
            "tensor<fp32, [4]> ones = const()[name = string(\"ones\"), val = tensor<fp32, [4]>([1, 1, 1, 1])];
             tensor<fp32, [2, 2, 1]> w = {weight}
             tensor<fp32, [1, 2, 5]> y = conv_transpose(x = x, weight = w)[name = string(\"y\")];"
        )
    };
    let reshaped = ops("reshape(shape = tensor<int32, [3]>([2, 2, 1]), x = ones)[name = string(\"w\")];");
    let program = parse("ios17", "tensor<fp32, [1, 2, 5]> x", &reshaped, "y");
    let why = refused(&program, Release::IOS16);
    for part in ["op y (conv_transpose): weight must be constant", "const_elimination", "first in iOS17"] {
        assert!(why.contains(part), "{part}: {why}");
    }
    let folded =
        ops("const()[name = string(\"w\"), val = tensor<fp32, [2, 2, 1]>([[[1], [1]], [[1], [1]]])];");
    translated(&parse("ios17", "tensor<fp32, [1, 2, 5]> x", &folded, "y"), Release::IOS16);
}
