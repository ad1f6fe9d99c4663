//! The page and the picture: complete in themselves, safe with hostile names, bounded, the same each time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use mil_estimate::{Device, Estimate, Origin, Rewrites, Segment, Target, Version, estimate, html, svg};
use mil_ir::{At, Function, Graph, Interface, NewOp, Program, Release, Type};
use mil_tensor::{DType, Tensor};
use serde_json::Value;

/// What breaks out of a script, a comment, an attribute or an XML file.
const HOSTILE: &str = "</script><script>alert(1)</script><!--<script>]]>\"'&{{data}}\u{2028}\u{1}`x`";

/// `count` ops one after another: gelu, with a cumsum at every hundredth place.
fn chain(count: usize, name: &str, dtype: DType) -> Program {
    let ty = Type::fixed(dtype, &[1, 256, 64, 64]);
    let mut graph = Graph::new(vec![("x".into(), ty.clone())]);
    let mut last = graph.root().inputs()[0];
    for at in 0..count {
        let op = if at % 100 == 99 {
            NewOp::new("cumsum").with("x", last).with("axis", Tensor::scalar(1_i32))
        } else {
            NewOp::new("softplus").with("x", last)
        };
        let name = format!("{name}{at}");
        let op = graph.insert(op.named(name.clone()).result(name, ty.clone()), At::End(Graph::ROOT));
        last = graph.op(op).results()[0];
    }
    graph.set_outputs(Graph::ROOT, [last]);
    let mut program = Program::new(Interface::default());
    program.functions.insert("main".into(), Function::new(Release::IOS17.opset(), graph));
    program
}

fn placed(count: usize, name: &str) -> Estimate {
    estimate(&chain(count, name, DType::Fp16), &Target::new("M4", "27", "cpu-and-ne").unwrap())
}

fn origin(title: &str) -> Origin<'_> {
    let files = vec![("model/weights.bin".to_owned(), "blake3:00ff".to_owned())];
    Origin { title, tool: "milopt 0.0", files }
}

fn version<'e>(label: &'e str, found: &'e Estimate) -> Version<'e> {
    Version { label, estimates: vec![found], rewrites: &Rewrites::Untried }
}

fn page(found: &Estimate) -> String {
    html(&origin("model"), &[version("as it is", found)])
}

fn picture(found: &Estimate) -> String {
    svg("model", &[version("as it is", found)])
}

/// What the scripts of a page read.
fn data(page: &str) -> Value {
    let (_, after) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    serde_json::from_str(after.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn the_page_needs_nothing_else() {
    let page = page(&placed(250, "op"));
    for loads in
        ["http:", "https:", " src=", "@import", "url(", "<link", "innerHTML", "eval(", "{{style", "{{scripts"]
    {
        assert!(!page.contains(loads), "{loads}");
    }
    assert!(page.contains("default-src 'none'"));
    for asked in page.split("byId(\"").skip(1).map(|rest| rest.split_once('"').unwrap().0) {
        assert!(page.contains(&format!("id=\"{asked}\"")), "the scripts ask for {asked}");
    }
}

#[test]
fn the_data_say_what_the_estimate_says() {
    let found = placed(250, "op");
    let main = &found.functions["main"];
    let data = data(&page(&found));
    let shown = &data["versions"][0]["functions"][0];
    let text = |at: &Value| data["texts"][at.as_u64().unwrap() as usize].as_str().unwrap().to_owned();
    assert_eq!(shown["ops"].as_array().unwrap().len(), 250);
    assert_eq!(shown["summary"], serde_json::to_value(&main.summary).unwrap());
    assert_eq!(shown["segments"].as_array().unwrap().len(), 5);
    assert_eq!(shown["segments"][1]["first"], 99);
    let cut = &shown["ops"][99];
    assert_eq!((text(&cut["name"]), text(&cut["kind"])), ("op99".to_owned(), "cumsum".to_owned()));
    assert_eq!((&cut["device"], &cut["needs"]), (&"cpu".into(), &serde_json::json!([98])));
    let reason = &data["reasons"][cut["reason"].as_u64().unwrap() as usize];
    assert_eq!(text(&reason["code"]), "unsupported_op");
    assert_eq!(text(&reason["message"]), main.ops[99].reason.as_ref().unwrap().message);
    assert!(reason["refused"] == true && reason["fix"].is_number());
    let planned = main.ops[99].cost_ms.cpu.unwrap();
    assert!((cut["ms"][1].as_f64().unwrap() - planned).abs() < 1e-5 * planned, "{}", cut["ms"]);
    assert_eq!(data["files"], serde_json::json!([["model/weights.bin", "blake3:00ff"]]));
    assert_eq!(shown["inputs"], serde_json::json!([["x", "tensor<fp16, [1, 256, 64, 64]>"]]));
    // Operands: parameter, name, type, value, constant.
    let axis =
        cut["operands"].as_array().unwrap().iter().find(|operand| text(&operand[0]) == "axis").unwrap();
    assert_eq!((text(&axis[3]), &axis[4]), ("1".to_owned(), &1.into()));
    assert_eq!(shown["groups"][0]["code"], "unsupported_op");
    assert!(shown["ops"][0]["reason"].is_null() && shown["ops"][0]["device"] == "ane");
}

#[test]
fn versions_stand_beside_each_other() {
    let target = Target::new("M4", "27", "cpu-and-ne").unwrap();
    let before = estimate(&chain(120, "op", DType::Fp32), &target);
    let after = placed(120, "op");
    let versions = [version("as it is", &before), version("after add_fp16_cast", &after)];
    let data = data(&html(&origin("model"), &versions));
    let on_ane = |version: usize| data["versions"][version]["functions"][0]["summary"]["ane_ops"].clone();
    assert_eq!((on_ane(0), on_ane(1)), (0.into(), after.functions["main"].summary.ane_ops.into()));
    assert_eq!(data["versions"][1]["label"], "after add_fp16_cast");
    let picture = svg("model", &versions);
    assert!(picture.contains(">as it is</text>") && picture.contains(">after add_fp16_cast</text>"));
}

#[test]
fn names_are_text_and_nothing_else() {
    let found = placed(3, HOSTILE);
    let versions = [version(HOSTILE, &found)];
    let page = html(&origin(HOSTILE), &versions);
    let tame = self::page(&placed(3, "op"));
    let count = |page: &str, what: &str| page.to_lowercase().matches(what).count();
    for tag in ["<script", "</script", "<!--", "alert(1)</", "<title", "{{data}}</pre"] {
        assert_eq!(count(&page, tag), count(&tame, tag), "{tag}");
    }
    let data = data(&page);
    let texts = data["texts"].as_array().unwrap();
    assert!(texts.contains(&format!("{HOSTILE}0").into()), "the name comes through as it is");
    assert_eq!(data["title"], HOSTILE);
    let picture = svg(HOSTILE, &versions);
    assert_eq!(count(&picture, "<script"), 0);
    assert!(!picture.contains('\u{1}'), "XML has no control characters");
    assert!(picture.contains("&lt;/script&gt;"));
}

#[test]
fn the_same_estimate_gives_the_same_bytes() {
    let (one, other) = (placed(300, "op"), placed(300, "op"));
    assert_eq!(page(&one), page(&other));
    assert_eq!(picture(&one), picture(&other));
}

#[test]
fn the_size_is_linear_and_bounded() {
    let frame = page(&placed(0, "op")).len();
    let size = |count: usize| page(&placed(count, "op")).len() - frame;
    let (small, large) = (size(500), size(5_000));
    assert!(large < 11 * small, "{small} {large}");
    assert!(large < 2_000_000, "{large}");

    let mut found = placed(400, "op");
    let main = found.functions.get_mut("main").unwrap();
    main.ops = main.ops.iter().cycle().take(41_000).cloned().collect();
    main.segments = (0..4_100)
        .map(|at| Segment { first: 10 * at, end: 10 * at + 10, ..main.segments[at % 2].clone() })
        .collect();
    let data = data(&page(&found));
    let shown = &data["versions"][0]["functions"][0];
    assert_eq!((&shown["total"], shown["ops"].as_array().unwrap().len()), (&41_000.into(), 40_000));
    let ends = shown["segments"].as_array().unwrap().iter().map(|segment| segment["end"].as_u64().unwrap());
    assert_eq!(ends.max(), Some(40_000), "no segment reaches beyond what is shown");

    let long = "n".repeat(1 << 20);
    assert!(page(&placed(2, &long)).len() < frame + 200_000, "long names are cut");
}

#[test]
fn a_picture_has_no_more_shapes_than_it_is_wide() {
    let mut found = placed(50, "op");
    let main = found.functions.get_mut("main").unwrap();
    let whole: Segment = main.segments[0].clone();
    main.segments = (0..20_000)
        .map(|at| Segment {
            device: if at % 2 == 0 { Device::Ane } else { Device::Cpu },
            first: at,
            end: at + 1,
            ..whole.clone()
        })
        .collect();
    let picture = picture(&found);
    assert!(picture.len() < 60_000, "{}", picture.len());
    for row in ["#2f81d8", "#c77700"] {
        assert!(picture.contains(&format!("<path fill=\"{row}\"")), "{row}");
    }
}

#[test]
fn nothing_to_show_is_shown() {
    let none = Estimate { functions: std::collections::BTreeMap::new(), ..placed(0, "op") };
    for found in [placed(0, "op"), none] {
        assert!(data(&page(&found))["versions"][0]["functions"].is_array());
        assert!(picture(&found).ends_with("</svg>\n"));
    }
    assert!(data(&html(&origin("model"), &[]))["versions"].as_array().unwrap().is_empty());
}
