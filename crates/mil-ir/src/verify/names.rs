//! Names of values, functions and features of programs.

/// Words of MIL's text; the exporter renames what is called like one (`NameSanitizer` of coremltools).
const WORDS: [&str; 24] = [
    "any", "bf16", "bool", "dict", "fp16", "fp32", "fp64", "func", "int16", "int32", "int64", "int8", "list",
    "program", "state", "string", "tensor", "tuple", "true", "false", "uint16", "uint32", "uint64", "uint8",
];

/// The code and the message where a name cannot be one of a program. The format says
/// `[A-Za-z_][A-Za-z0-9_@]*`.
pub(super) fn fault(what: &str, name: &str) -> Option<(&'static str, String)> {
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
    let Some(first) = name.chars().next() else {
        return Some(("empty-name", format!("{what} has no name")));
    };
    if !is_start(first) || !name.chars().all(|c| is_start(c) || c.is_ascii_digit() || c == '@') {
        let message = format!(
            "{what} is named {name:?}, which is not an identifier: letters, digits, _ and @, the first a \
             letter or _"
        );
        return Some(("identifier", message));
    }
    let message = || format!("{what} is named {name}, which is a word of MIL's text");
    WORDS.contains(&name).then(|| ("identifier", message()))
}
