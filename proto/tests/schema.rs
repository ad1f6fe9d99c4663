//! Holds the three forms of the schema together: the list of facts, the `.proto` files and the generated
//! Rust.
//!
//! `BLESS=1 cargo test -p mil-proto --test schema` rewrites the generated files.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};

/// The files whose messages have Rust types.
const TYPED_FILES: &[&str] = &["FeatureTypes.proto", "MIL.proto", "Model.proto"];

/// Messages that the Rust types keep encoded although they have a type: `(message, field)`. They take far
/// more room decoded than encoded, and are walked one at a time.
const ENCODED_FIELDS: &[(&str, &str)] = &[
    (".CoreML.Specification.MILSpec.Block", "operations"),
    (".CoreML.Specification.NeuralNetwork", "layers"),
    (".CoreML.Specification.NeuralNetworkClassifier", "layers"),
    (".CoreML.Specification.NeuralNetworkRegressor", "layers"),
    (".CoreML.Specification.TreeEnsembleParameters", "nodes"),
];

/// Rarely used in a message that is stored many times, so kept behind a pointer.
const BOXED_FIELDS: &[&str] = &[
    ".CoreML.Specification.MILSpec.Argument.Binding.binding.value",
    ".CoreML.Specification.MILSpec.NamedValueType.type",
    ".CoreML.Specification.MILSpec.Value.type",
    ".CoreML.Specification.MILSpec.Value.value.immediateValue",
    ".CoreML.Specification.MILSpec.Value.value.blobFileValue",
];

/// Estimates of what a message takes in memory, for the limits of `wire::scan`: its slot in the parent with
/// the spare room that a growing list has, and what a program in memory builds from it. Measured against the
/// encoded sizes of real programs, the sum must stay well below eight bytes per encoded byte.
const MEMORY: &[(&str, u32)] = &[
    ("CoreML.Specification.Model", 1024),
    ("CoreML.Specification.FeatureDescription", 384),
    ("CoreML.Specification.FunctionDescription", 512),
    ("CoreML.Specification.MILSpec.Function", 512),
    ("CoreML.Specification.MILSpec.Block", 256),
    ("CoreML.Specification.MILSpec.Operation", 288),
    ("CoreML.Specification.MILSpec.NamedValueType", 112),
    ("CoreML.Specification.MILSpec.Argument.Binding", 96),
    ("CoreML.Specification.MILSpec.Value", 48),
    ("CoreML.Specification.MILSpec.ValueType", 24),
    ("CoreML.Specification.MILSpec.DictionaryValue.KeyValuePair", 160),
    // Operations are decoded one at a time: the maps in them are short-lived.
    ("CoreML.Specification.MILSpec.Operation.InputsEntry", 48),
    ("CoreML.Specification.MILSpec.Operation.AttributesEntry", 48),
    // Stored inside their parents.
    ("CoreML.Specification.MILSpec.Argument", 0),
    ("CoreML.Specification.MILSpec.TensorType", 0),
    ("CoreML.Specification.MILSpec.TensorValue", 0),
    ("CoreML.Specification.MILSpec.Dimension.ConstantDimension", 0),
    ("CoreML.Specification.MILSpec.Dimension.UnknownDimension", 0),
    ("CoreML.Specification.MILSpec.Value.ImmediateValue", 0),
    ("CoreML.Specification.MILSpec.TensorValue.RepeatedFloats", 0),
    ("CoreML.Specification.MILSpec.TensorValue.RepeatedDoubles", 0),
    ("CoreML.Specification.MILSpec.TensorValue.RepeatedInts", 0),
    ("CoreML.Specification.MILSpec.TensorValue.RepeatedLongInts", 0),
    ("CoreML.Specification.MILSpec.TensorValue.RepeatedBools", 0),
    ("CoreML.Specification.MILSpec.TensorValue.RepeatedStrings", 0),
    ("CoreML.Specification.MILSpec.TensorValue.RepeatedBytes", 0),
    // Of payloads, which only the verifier decodes: what lies in lists, and is big.
    ("CoreML.Specification.WeightParams", 224),
    ("CoreML.Specification.LSTMWeightParams", 15 * 224),
    ("CoreML.Specification.ActivationParams", 464),
    ("CoreML.Specification.ItemSimilarityRecommender.SimilarItems", 64),
    ("CoreML.Specification.PrecisionRecallCurve", 128),
];

/// Any other message.
const MEMORY_OF_A_MESSAGE: u32 = 32;

/// Any other entry of a map: the first one allocates a tree node with room for eleven.
const MEMORY_OF_AN_ENTRY: u32 = 11 * 72;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn compile() -> FileDescriptorSet {
    let schema = folder().join("schema");
    let mut names: Vec<_> = fs::read_dir(&schema)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut set = protox::compile(names, [&schema]).unwrap();
    set.file.sort_by(|a, b| a.name().cmp(b.name()));
    set
}

// ---- The `.proto` files against the facts ----

/// One row of the facts without its file: kind, owner, name, number, type, reference, label, oneof, options.
type Row = [String; 9];

fn facts_of_message(owner: &str, message: &DescriptorProto, rows: &mut BTreeSet<Row>) {
    let full = format!("{owner}.{}", message.name());
    let entry = |type_name: &str| {
        let short = type_name.strip_prefix(&format!(".{full}."))?;
        message.nested_type.iter().find(|nested| {
            nested.name() == short && nested.options.as_ref().is_some_and(|options| options.map_entry())
        })
    };
    for field in &message.field {
        let mut label = if field.label() == Label::Repeated { "repeated" } else { "" };
        let (mut type_, mut reference) =
            (type_name(field), field.type_name().trim_start_matches('.').to_owned());
        if let Some(entry) = entry(field.type_name()) {
            let side = |index: usize| match entry.field[index].r#type() {
                Type::Message => entry.field[index].type_name().trim_start_matches('.').to_owned(),
                _ => type_name(&entry.field[index]),
            };
            (type_, label) = ("map".to_owned(), "");
            reference = format!("map<{},{}>", side(0), side(1));
        }
        let oneof = field.oneof_index.map_or("", |index| message.oneof_decl[index as usize].name());
        let packed = field.options.as_ref().is_some_and(|options| options.packed());
        rows.insert([
            "field".to_owned(),
            full.clone(),
            field.name().to_owned(),
            field.number().to_string(),
            type_,
            reference,
            label.to_owned(),
            oneof.to_owned(),
            if packed { "packed" } else { "" }.to_owned(),
        ]);
    }
    for nested in &message.nested_type {
        if !nested.options.as_ref().is_some_and(|options| options.map_entry()) {
            facts_of_message(&full, nested, rows);
        }
    }
    for nested in &message.enum_type {
        facts_of_enum(&full, nested, rows);
    }
}

fn facts_of_enum(owner: &str, enumeration: &prost_types::EnumDescriptorProto, rows: &mut BTreeSet<Row>) {
    for value in &enumeration.value {
        rows.insert([
            "enum".to_owned(),
            format!("{owner}.{}", enumeration.name()),
            value.name().to_owned(),
            value.number().to_string(),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
        ]);
    }
}

fn type_name(field: &FieldDescriptorProto) -> String {
    // `TYPE_INT32` is the name of the protobuf type `int32`.
    field.r#type().as_str_name().trim_start_matches("TYPE_").to_lowercase()
}

/// The `# file` line of a file.
fn facts_of_file(file: &FileDescriptorProto) -> String {
    let public: Vec<_> =
        file.public_dependency.iter().map(|&index| file.dependency[index as usize].as_str()).collect();
    let speed = file.options.as_ref().unwrap().optimize_for().as_str_name();
    assert_eq!(file.syntax(), "proto3");
    format!(
        "# file {} package {} imports {} public {} options optimize_for: {speed}",
        file.name(),
        file.package(),
        file.dependency.join(","),
        public.join(","),
    )
}

#[test]
fn the_schema_states_the_facts_and_nothing_else() {
    let facts = fs::read_to_string(folder().join("schema.tsv")).unwrap();
    let mut expected: BTreeMap<&str, BTreeSet<Row>> = BTreeMap::new();
    let mut expected_files = BTreeSet::new();
    for line in facts.lines() {
        if line.starts_with("# file ") {
            expected_files.insert(line.to_owned());
        } else if !line.starts_with('#') && !line.starts_with("file\t") {
            let (file, row) = line.split_once('\t').unwrap();
            let row: Vec<_> = row.split('\t').map(str::to_owned).collect();
            expected.entry(file).or_default().insert(row.try_into().unwrap());
        }
    }
    assert!(expected.values().map(BTreeSet::len).sum::<usize>() > 1000);

    let set = compile();
    assert_eq!(set.file.iter().map(facts_of_file).collect::<BTreeSet<_>>(), expected_files);
    for file in &set.file {
        let mut rows = BTreeSet::new();
        for message in &file.message_type {
            facts_of_message(file.package(), message, &mut rows);
        }
        for enumeration in &file.enum_type {
            facts_of_enum(file.package(), enumeration, &mut rows);
        }
        let expected = expected.remove(file.name()).unwrap_or_default();
        let missing: Vec<_> = expected.difference(&rows).collect();
        let surplus: Vec<_> = rows.difference(&expected).collect();
        assert!(missing.is_empty() && surplus.is_empty(), "{}:\n- {missing:#?}\n+ {surplus:#?}", file.name());
    }
    assert!(expected.is_empty());
}

// ---- The generated Rust against the `.proto` files ----

/// What the Rust types are generated from: the files with types, other messages as bytes.
fn narrowed(set: &FileDescriptorSet, is_typed: impl Fn(&str) -> bool) -> FileDescriptorSet {
    let mut set = set.clone();
    set.file.retain(|file| is_typed(file.name()));
    let typed: BTreeSet<String> = set
        .file
        .iter()
        .flat_map(|file| {
            file.message_type.iter().map(|message| format!(".{}.{}", file.package(), message.name()))
        })
        .collect();
    for file in &mut set.file {
        file.dependency.retain(|name| is_typed(name));
        file.public_dependency.clear();
        for message in &mut file.message_type {
            let owner = format!(".{}.{}", file.package.as_deref().unwrap(), message.name());
            for field in &mut message.field {
                let is_typed = typed.iter().any(|name| {
                    field.type_name() == name || field.type_name().starts_with(&format!("{name}."))
                });
                let is_encoded = ENCODED_FIELDS.contains(&(owner.as_str(), field.name()));
                if field.r#type() == Type::Message && (!is_typed || is_encoded) {
                    field.set_type(Type::Bytes);
                    field.type_name = None;
                }
            }
        }
    }
    set
}

struct TableMessage<'a> {
    /// Without the leading dot.
    name: String,
    message: &'a DescriptorProto,
    typed: bool,
}

fn flatten<'a>(owner: &str, message: &'a DescriptorProto, typed: bool, all: &mut Vec<TableMessage<'a>>) {
    let name = format!("{owner}.{}", message.name());
    for nested in &message.nested_type {
        flatten(&name, nested, typed, all);
    }
    all.push(TableMessage { name, message, typed });
}

/// `CoreML.Specification.MILSpec.Value.ImmediateValue` → `MIL_SPEC_VALUE_IMMEDIATE_VALUE`.
fn static_name(full: &str) -> String {
    snake(full.trim_start_matches("CoreML.Specification.")).to_uppercase()
}

/// Cuts where a capital follows a small letter or precedes one, as prost does.
fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, &letter) in letters.iter().enumerate() {
        if letter == '.' {
            snake.push('_');
            continue;
        }
        let before = at.checked_sub(1).map_or('.', |at| letters[at]);
        let after = letters.get(at + 1).copied().unwrap_or('.');
        let cut = before.is_lowercase() || before.is_ascii_digit() || after.is_lowercase();
        if letter.is_uppercase() && before != '.' && cut {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// `CoreML.Specification.MILSpec.Value.ImmediateValue` → `mil_spec::value::ImmediateValue`.
fn rust_path(full: &str) -> String {
    let short = full.trim_start_matches("CoreML.Specification.");
    let (modules, name) = short.rsplit_once('.').unwrap_or(("", short));
    let modules = modules.split('.').filter(|module| !module.is_empty());
    modules.map(|module| snake(module) + "::").collect::<String>() + name
}

fn schema_table(set: &FileDescriptorSet) -> String {
    let mut all = Vec::new();
    for file in &set.file {
        for message in &file.message_type {
            flatten(file.package(), message, TYPED_FILES.contains(&file.name()), &mut all);
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let is_typed: BTreeMap<_, _> = all.iter().map(|m| (m.name.as_str(), m.typed)).collect();
    let is_entry = |message: &DescriptorProto| message.options.as_ref().is_some_and(|o| o.map_entry());
    let entries: BTreeSet<_> = all.iter().filter(|m| is_entry(m.message)).map(|m| m.name.as_str()).collect();
    for (name, _) in MEMORY {
        assert!(is_typed.contains_key(name), "{name} has a size but is not in the schema");
    }

    let mut out = String::from("// Generated from `schema/*.proto` by `tests/schema.rs`.\n");
    for TableMessage { name, message, typed } in &all {
        let (mut counters, mut bits) = (0, message.oneof_decl.len());
        let mut fields: Vec<_> = message.field.iter().collect();
        fields.sort_by_key(|field| field.number());
        let mut lines = String::new();
        for field in fields {
            let target = field.type_name().trim_start_matches('.');
            let label = match field.label() {
                Label::Repeated if entries.contains(target) => "Map",
                Label::Repeated => "Repeated",
                _ => "Single",
            };
            let slot = match (label, field.oneof_index) {
                ("Single", Some(oneof)) => oneof as usize,
                ("Single", None) => {
                    bits += 1;
                    bits - 1
                }
                _ if field.r#type() == Type::Message => {
                    counters += 1;
                    counters - 1
                }
                _ => 0,
            };
            let kind = match field.r#type() {
                Type::Message if *typed && !is_typed[target] => format!("Opaque(&{})", static_name(target)),
                Type::Message => format!("Message(&{})", static_name(target)),
                Type::Uint32 => "Uint32".to_owned(),
                Type::Uint64 => "Uint64".to_owned(),
                Type::Bool
                | Type::Int32
                | Type::Int64
                | Type::Enum
                | Type::Float
                | Type::Double
                | Type::String
                | Type::Bytes => {
                    let lower = type_name(field);
                    lower[..1].to_uppercase() + &lower[1..]
                }
                other => panic!("{name}: {other:?} has no kind"),
            };
            writeln!(
                lines,
                "        Field {{ number: {}, name: {:?}, label: Label::{label}, kind: Kind::{kind}, slot: {slot} }},",
                field.number(),
                field.name(),
            )
            .unwrap();
        }
        assert!(bits <= 64 && counters < 256, "{name} needs a bigger set");
        let memory = MEMORY.iter().find(|(known, _)| known == name).map(|(_, memory)| *memory);
        let default = if is_entry(message) { MEMORY_OF_AN_ENTRY } else { MEMORY_OF_A_MESSAGE };
        let fields = if lines.is_empty() { "&[]".to_owned() } else { format!("&[\n{lines}    ]") };
        writeln!(
            out,
            "\npub(crate) static {}: Message = Message {{\n    name: {name:?},\n    fields: {fields},\n    \
             counters: {counters},\n    memory: {},\n}};",
            static_name(name),
            memory.unwrap_or(default),
        )
        .unwrap();
    }
    out.push_str("\npub(crate) static MESSAGES: &[&Message] = &[\n");
    for message in &all {
        writeln!(out, "    &{},", static_name(&message.name)).unwrap();
    }
    out.push_str("];\n");
    for TableMessage { name, message, .. } in all.iter().filter(|m| m.typed && !is_entry(m.message)) {
        assert!(!message.name().is_empty());
        writeln!(
            out,
            "\nimpl super::Described for crate::specification::{} {{\n    const SCHEMA: &'static Message = &{};\n}}",
            rust_path(name),
            static_name(name),
        )
        .unwrap();
    }
    out
}

fn check_or_bless(name: &str, generated: &str) {
    let path = folder().join("src/generated").join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, generated).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == generated,
        "{name} is stale; run `BLESS=1 cargo test -p mil-proto --test schema` and commit the result"
    );
}

#[test]
fn the_generated_files_are_fresh() {
    let set = compile();
    check_or_bless("schema.rs", &schema_table(&set));

    let typed = |name: &str| TYPED_FILES.contains(&name);
    let models = generate("models", narrowed(&set, typed));
    for name in ["core_ml.specification.rs", "core_ml.specification.mil_spec.rs"] {
        check_or_bless(name, &fs::read_to_string(models.join(name)).unwrap());
    }
    let payloads = generate("payloads", narrowed(&set, |name| !typed(name)));
    for (name, file) in [
        ("core_ml.specification.rs", "payload.rs"),
        ("core_ml.specification.core_ml_models.rs", "payload.core_ml_models.rs"),
    ] {
        check_or_bless(file, &fs::read_to_string(payloads.join(name)).unwrap());
    }
}

/// Runs the generator; where its files are.
fn generate(folder: &str, set: FileDescriptorSet) -> PathBuf {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mil-proto-generated").join(folder);
    fs::create_dir_all(&out).unwrap();
    let mut config = prost_build::Config::new();
    config.out_dir(&out).btree_map(["."]).bytes(["."]);
    for field in BOXED_FIELDS {
        config.boxed(field);
    }
    config.compile_fds(set).unwrap();
    out
}
