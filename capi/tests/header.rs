//! `include/milopt.h` declares what the library exports, function by function and parameter by parameter.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use std::collections::BTreeMap;

/// Types of parameters and results, as Rust and as C spell them.
const TYPES: &[(&str, &str)] = &[
    ("*const c_char", "const char *"),
    ("*const u8", "const uint8_t *"),
    ("usize", "size_t"),
    ("i32", "int32_t"),
    ("*mut usize", "size_t *"),
    ("*mut c_void", "void *"),
    ("MiloptProgress", "milopt_progress "),
    ("*const MiloptModel", "const milopt_model *"),
    ("*mut MiloptModel", "milopt_model *"),
    ("*mut *mut MiloptModel", "milopt_model **"),
    ("*const MiloptText", "const milopt_text *"),
    ("*mut MiloptText", "milopt_text *"),
    ("*mut *mut MiloptText", "milopt_text **"),
    ("*const MiloptError", "const milopt_error *"),
    ("*mut MiloptError", "milopt_error *"),
    ("", "void "),
];

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Types of the parameters, then that of the result, by function.
type Functions = BTreeMap<String, Vec<String>>;

fn in_rust() -> Functions {
    let source = include_str!("../src/functions.rs");
    let c = |rust: &str| {
        let found = TYPES.iter().find(|(own, _)| *own == rust.trim());
        found.unwrap_or_else(|| panic!("{rust} has no form in C")).1.trim().replace(" *", "*")
    };
    let mut all = Functions::new();
    for declared in source.split("extern \"C\" fn ").skip(1).filter(|text| text.starts_with("milopt_")) {
        let (name, rest) = declared.split_once('(').unwrap();
        let (parameters, rest) = rest.split_once(')').unwrap();
        let result = rest.split('{').next().unwrap().trim().trim_start_matches("->").trim();
        let parameters = parameters.split(',').map(str::trim).filter(|it| !it.is_empty());
        let types = parameters.map(|it| c(it.split_once(':').unwrap().1)).chain([c(result)]);
        all.insert(name.to_owned(), types.collect());
    }
    // Those that the macro makes have one signature.
    for made in source.split("report! {").skip(1) {
        let name = made.split(", model =>").next().unwrap().lines().last().unwrap().trim();
        let types = ["const milopt_model*", "milopt_text**", "milopt_error*"];
        all.insert(name.to_owned(), types.map(str::to_owned).to_vec());
    }
    all
}

fn in_c() -> Functions {
    let header = include_str!("../include/milopt.h");
    let mut code = String::new();
    for (at, part) in header.split("/*").enumerate() {
        code.push_str(if at == 0 { part } else { part.split_once("*/").unwrap().1 });
    }
    let code = squeezed(&code.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join(" "));
    let mut all = Functions::new();
    for statement in code.split(';').filter(|text| text.contains("milopt_") && text.contains('(')) {
        if statement.contains("typedef") {
            continue;
        }
        let (head, parameters) = statement.split_once('(').unwrap();
        let name_at = head.rfind("milopt_").unwrap();
        let (result, name) = head.split_at(name_at);
        let result = result.trim_start_matches("extern \"C\" {").trim().replace(" *", "*");
        let parameters = parameters.trim_end_matches(')').split(',').map(str::trim);
        let types = parameters.filter(|it| *it != "void").map(|it| {
            let end = it.rfind(|c: char| !c.is_alphanumeric() && c != '_').unwrap() + 1;
            it[..end].trim().replace(" *", "*")
        });
        all.insert(name.to_owned(), types.chain([result]).collect());
    }
    all
}

#[test]
fn the_header_declares_what_is_exported() {
    let (rust, c) = (in_rust(), in_c());
    assert!(rust.len() >= 16, "{rust:?}");
    assert_eq!(rust, c);
}
