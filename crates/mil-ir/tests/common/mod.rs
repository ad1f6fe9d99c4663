//! Random programs, and comparing programs down to their unknown fields.
#![allow(dead_code, reason = "each test uses a part")]

use std::collections::BTreeMap;

use indexmap::IndexMap;
use mil_ir::*;
use mil_tensor::{DType, Tensor};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

pub(crate) fn name() -> impl Strategy<Value = Name> {
    prop_oneof![4 => "[a-zA-Z_][a-z0-9_@]{0,5}", 1 => ".{0,4}", 1 => Just("name".to_owned())]
        .prop_map(Name::from)
}

pub(crate) fn carried() -> impl Strategy<Value = Option<Box<Carried>>> {
    let own = vec(any::<u8>(), 0..4);
    let leaf = own.clone().prop_map(|own| Carried { own, ..Carried::default() });
    let tree = leaf.prop_recursive(2, 6, 2, move |inner| {
        let key = prop_oneof![(0_usize..3).prop_map(CarriedKey::Index), ".{0,3}".prop_map(CarriedKey::Key)];
        (own.clone(), vec((1_u32..9, key, inner), 0..2)).prop_map(|(own, children)| {
            let mut carried = Carried { own, ..Carried::default() };
            for (field, key, child) in children {
                carried.put(field, key, child);
            }
            carried
        })
    });
    prop_oneof![5 => Just(None), 1 => tree.prop_map(Carried::boxed)]
}

fn dtype() -> impl Strategy<Value = DType> {
    prop::sample::select(DType::all().collect::<Vec<_>>())
}

fn dim() -> impl Strategy<Value = Dim> {
    prop_oneof![4 => (0_u64..4).prop_map(Dim::Fixed), 1 => Just(Dim::UNKNOWN), 1 => Just(Dim::Unknown { variadic: true })]
}

pub(crate) fn ty() -> impl Strategy<Value = Type> {
    let shape = prop_oneof![5 => vec(dim(), 0..4).prop_map(Shape::Ranked), 1 => Just(Shape::Unranked)];
    let attributes = prop_oneof![8 => Just(BTreeMap::new()), 1 => btree_map(name(), tensor_literal(), 1..3)]
        .prop_map(Attributes::from);
    let tensor = (dtype(), shape, attributes, carried()).prop_map(|(dtype, shape, attributes, carried)| {
        Type::with_carried(TypeKind::Tensor(TensorType { dtype, shape, attributes }), carried)
    });
    let leaf = prop_oneof![8 => tensor, 1 => Just(Type::new(TypeKind::Unknown))];
    leaf.prop_recursive(2, 6, 3, |inner| {
        let kind = prop_oneof![
            (inner.clone(), dim()).prop_map(|(element, length)| TypeKind::List(element, length)),
            vec(inner.clone(), 0..3).prop_map(TypeKind::Tuple),
            (inner.clone(), inner.clone()).prop_map(|(key, value)| TypeKind::Dict(key, value)),
            inner.prop_map(TypeKind::State),
        ];
        (kind, carried()).prop_map(|(kind, carried)| Type::with_carried(kind, carried))
    })
}

fn tensor() -> impl Strategy<Value = Tensor> {
    (dtype(), vec(0_usize..4, 0..4), any::<u64>()).prop_map(|(dtype, shape, seed)| {
        let count: usize = shape.iter().product();
        let mut state = seed | 1;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        if dtype == DType::String {
            let texts = ["", "a\"b\\", "line\nbreak\u{7}", "é\u{2028}", "plain"];
            let strings = (0..count).map(|_| texts[next() as usize % texts.len()].to_owned()).collect();
            return Tensor::from_strings(&shape, strings).unwrap();
        }
        let len = dtype.byte_len(count).unwrap();
        let mut bytes: Vec<u8> = (0..len).map(|_| next() as u8).collect();
        if dtype == DType::Bool {
            bytes.iter_mut().for_each(|byte| *byte &= 1);
        }
        // Padding of packed elements is zero.
        let bits = dtype.bits().unwrap() * count;
        if !bits.is_multiple_of(8) {
            *bytes.last_mut().unwrap() &= (1 << (bits % 8)) - 1;
        }
        Tensor::from_bytes(dtype, &shape, bytes).unwrap()
    })
}

fn tensor_literal() -> impl Strategy<Value = Literal> {
    tensor().prop_map(Literal::tensor)
}

fn storage() -> impl Strategy<Value = Storage> {
    prop_oneof![
        4 => Just(Storage::Auto),
        1 => Just(Storage::Immediate),
        1 => Just(Storage::File("@model_path/weights/weight.bin".into())),
        1 => Just(Storage::File("other \"file\"".into())),
    ]
}

/// Literals, whose types may disagree with their contents.
pub(crate) fn literal() -> impl Strategy<Value = Literal> {
    let leaf = prop_oneof![
        6 => tensor_literal(),
        1 => (ty(), tensor()).prop_map(|(ty, tensor)| Literal::new(ty, LiteralData::Tensor(tensor))),
        1 => (ty(), vec(any::<u8>(), 0..5)).prop_map(|(ty, bytes)| Literal::new(ty, LiteralData::Opaque(bytes.into()))),
        1 => (vec(dim(), 0..3), tensor()).prop_map(|(dims, tensor)| {
            Literal::new(Type::tensor(tensor.dtype(), Shape::Ranked(dims)), LiteralData::Tensor(tensor))
        }),
    ];
    let tree = leaf.prop_recursive(3, 12, 3, |inner| {
        let doc = prop_oneof![4 => Just(Name::default()), 1 => name()];
        let data = prop_oneof![
            vec(inner.clone(), 0..3).prop_map(LiteralData::List),
            vec(inner.clone(), 0..3).prop_map(LiteralData::Tuple),
            vec((inner.clone(), inner.clone()), 0..3).prop_map(LiteralData::Dict),
        ];
        let fitting = |data: &LiteralData| {
            let of = |literal: Option<&Literal>| match literal {
                Some(literal) => literal.ty.clone(),
                None => Type::scalar(DType::String),
            };
            Type::new(match data {
                LiteralData::List(all) => TypeKind::List(of(all.first()), all.len().into()),
                LiteralData::Tuple(all) => TypeKind::Tuple(all.iter().map(|one| one.ty.clone()).collect()),
                LiteralData::Dict(all) => {
                    TypeKind::Dict(of(all.first().map(|pair| &pair.0)), of(all.first().map(|pair| &pair.1)))
                }
                _ => TypeKind::Unknown,
            })
        };
        prop_oneof![
            2 => (data.clone(), doc).prop_map(move |(data, doc)| Literal { doc, ..Literal::new(fitting(&data), data) }),
            1 => (ty(), data).prop_map(|(ty, data)| Literal::new(ty, data)),
            2 => inner,
        ]
    });
    (tree, storage(), carried()).prop_map(|(mut literal, storage, carried)| {
        if matches!(literal.data, LiteralData::Tensor(_)) {
            literal.storage = storage;
        }
        literal.carried = carried;
        literal
    })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    prop_oneof![2 => Just(BTreeMap::new()), 1 => btree_map(name(), literal(), 0..3)]
        .prop_map(Attributes::from)
}

/// What is needed to make an op; numbers choose among what is there.
#[derive(Clone, Debug)]
pub(crate) struct OpSeed {
    kind: Name,
    label: Option<Name>,
    arguments: Vec<(Name, Vec<Result<usize, Literal>>)>,
    results: Vec<(Name, Type, Option<Box<Carried>>)>,
    attributes: Attributes,
    carried: Option<Box<Carried>>,
    blocks: Vec<BlockSeed>,
}

#[derive(Clone, Debug)]
pub(crate) struct BlockSeed {
    inputs: Vec<(Name, Type, Option<Box<Carried>>)>,
    ops: Vec<OpSeed>,
    outputs: Vec<usize>,
    attributes: Attributes,
    carried: Option<Box<Carried>>,
}

fn values(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(Name, Type, Option<Box<Carried>>)>> {
    vec((name(), ty(), carried()), count)
}

fn op(blocks: BoxedStrategy<Vec<BlockSeed>>) -> impl Strategy<Value = OpSeed> {
    let operand = prop_oneof![4 => any::<usize>().prop_map(Ok), 1 => literal().prop_map(Err)];
    let kind = prop_oneof![4 => name(), 1 => Just(Name::from("return")), 1 => Just(Name::from("tensor"))];
    let arguments = vec((name(), vec(operand, 0..3)), 0..3);
    (kind, prop::option::of(name()), arguments, values(0..3), attributes(), carried(), blocks).prop_map(
        |(kind, label, arguments, results, mut attributes, carried, blocks)| {
            // A plain string under this key is the label.
            attributes.remove("name");
            OpSeed { kind, label, arguments, results, attributes, carried, blocks }
        },
    )
}

pub(crate) fn block(depth: u32) -> BoxedStrategy<BlockSeed> {
    let inner = match depth {
        0 => Just(Vec::new()).boxed(),
        _ => prop_oneof![4 => Just(Vec::new()), 1 => vec(block(depth - 1), 1..3)].boxed(),
    };
    (values(0..3), vec(op(inner), 0..5), vec(any::<usize>(), 0..3), attributes(), carried())
        .prop_map(|(inputs, ops, outputs, attributes, carried)| BlockSeed {
            inputs,
            ops,
            outputs,
            attributes,
            carried,
        })
        .boxed()
}

pub(crate) fn build(seed: &BlockSeed) -> Graph {
    let mut graph = Graph::new(Vec::new());
    let mut visible = Vec::new();
    fill(&mut graph, Graph::ROOT, seed, &mut visible);
    graph
}

fn fill(graph: &mut Graph, block: BlockId, seed: &BlockSeed, visible: &mut Vec<ValueId>) {
    let outer = visible.len();
    for (name, ty, carried) in &seed.inputs {
        let name = graph.fresh_name(name);
        let value = graph.add_input(block, name, ty.clone());
        graph.set_value_carried(value, carried.clone());
        visible.push(value);
    }
    for op in &seed.ops {
        let mut new = NewOp::new(op.kind.clone());
        new.name = op.label.clone();
        new.attributes = op.attributes.clone();
        for (param, operands) in &op.arguments {
            let operands = operands.iter().filter_map(|operand| match operand {
                Ok(_) if visible.is_empty() => None,
                Ok(pick) => Some(Operand::Value(visible[pick % visible.len()])),
                Err(literal) => Some(literal.clone().into()),
            });
            new = new.with_all(param.clone(), operands);
        }
        // Unique within the op, too.
        for (name, ty, _) in &op.results {
            let mut name = graph.fresh_name(name);
            while new.results.iter().any(|(taken, _)| *taken == name) {
                name = graph.fresh_name(&format!("{name}x"));
            }
            new.results.push((name, ty.clone()));
        }
        let id = graph.insert(new, At::End(block));
        graph.set_op_carried(id, op.carried.clone());
        let results = graph.op(id).results().to_vec();
        for (&value, (_, _, carried)) in results.iter().zip(&op.results) {
            graph.set_value_carried(value, carried.clone());
        }
        for inner in &op.blocks {
            let inner_block = graph.add_block(id, NewBlock::default());
            fill(graph, inner_block, inner, visible);
        }
        visible.extend(results);
    }
    let outputs: Vec<ValueId> = seed
        .outputs
        .iter()
        .filter(|_| !visible.is_empty())
        .map(|pick| visible[pick % visible.len()])
        .collect();
    graph.set_outputs(block, outputs);
    graph.set_block_extras(block, seed.attributes.clone(), seed.carried.clone());
    visible.truncate(outer);
}

fn opset() -> impl Strategy<Value = Opset> {
    prop_oneof![
        4 => prop::sample::select(vec!["CoreML5", "CoreML7", "CoreML9"]),
        1 => prop::sample::select(vec!["ios17", "CoreML77", "odd name", ""]),
    ]
    .prop_map(Opset::new)
}

fn function() -> impl Strategy<Value = Function> {
    let specializations = vec((opset(), block(2)), 0..3);
    (opset(), specializations, attributes(), carried()).prop_map(|(opset, blocks, attributes, carried)| {
        let specializations: IndexMap<Opset, Graph> =
            blocks.iter().map(|(opset, seed)| (opset.clone(), build(seed))).collect();
        let opset = specializations.keys().last().cloned().unwrap_or(opset);
        Function { opset, specializations, attributes, carried }
    })
}

fn array() -> impl Strategy<Value = ArrayFeature> {
    let range = (any::<u64>(), any::<i64>()).prop_map(|(lower, upper)| SizeRange { lower, upper });
    let sizes = vec(any::<i64>(), 0..3);
    let flexibility = prop_oneof![
        vec(sizes.clone(), 0..3).prop_map(Flexibility::Enumerated),
        vec(range, 0..3).prop_map(Flexibility::Ranges),
    ];
    let number = prop_oneof![Just(65552), Just(131_104), Just(0), any::<i32>()];
    (sizes, number, prop::option::of(flexibility), prop::option::of(vec(any::<u8>(), 0..4))).prop_map(
        |(shape, data_type, flexibility, default)| ArrayFeature {
            shape,
            data_type,
            flexibility,
            default_value: default.map(Into::into),
        },
    )
}

fn feature() -> impl Strategy<Value = Feature> {
    let range = || (any::<u64>(), any::<i64>()).prop_map(|(lower, upper)| SizeRange { lower, upper });
    let sizes = prop_oneof![
        vec(any::<(u64, u64)>(), 0..3).prop_map(SizeFlexibility::Enumerated),
        (prop::option::of(range()), prop::option::of(range()))
            .prop_map(|(width, height)| SizeFlexibility::Range(width, height)),
    ];
    let color = prop_oneof![prop::sample::select(vec![10, 20, 30, 40]), any::<i32>()];
    let image = (any::<i64>(), any::<i64>(), color, prop::option::of(sizes))
        .prop_map(|(width, height, color, flexibility)| ImageFeature { width, height, color, flexibility });
    let element =
        prop::sample::select(vec![None, Some(SequenceElement::Int64), Some(SequenceElement::String)]);
    let key = vec![DictionaryKey::Int64, DictionaryKey::String, DictionaryKey::Unspecified];
    let kind = prop_oneof![
        Just(FeatureKind::Int64),
        Just(FeatureKind::Double),
        Just(FeatureKind::String),
        array().prop_map(FeatureKind::Array),
        image.prop_map(FeatureKind::Image),
        prop::sample::select(key).prop_map(FeatureKind::Dictionary),
        (element, prop::option::of(range()))
            .prop_map(|(element, length)| FeatureKind::Sequence { element, length }),
        prop::option::of(array()).prop_map(FeatureKind::State),
    ];
    (name(), ".{0,5}", prop::option::of(kind), any::<bool>(), carried())
        .prop_map(|(name, doc, kind, optional, carried)| Feature { name, doc, kind, optional, carried })
}

pub(crate) fn interface() -> impl Strategy<Value = Interface> {
    let features = (
        vec(feature(), 0..3),
        vec(feature(), 0..3),
        vec(feature(), 0..2),
        (prop_oneof![Just(Name::default()), name()], prop_oneof![Just(Name::default()), name()], carried()),
    )
        .prop_map(|(inputs, outputs, states, (predicted_feature, predicted_probabilities, carried))| {
            FunctionInterface { inputs, outputs, states, predicted_feature, predicted_probabilities, carried }
        });
    let texts = (
        any::<bool>(),
        ".{0,4}",
        ".{0,4}",
        ".{0,4}",
        ".{0,4}",
        btree_map(".{0,3}", ".{0,3}", 0..3),
        carried(),
    );
    let metadata = texts.prop_map(
        |(present, description, version, author, license, user_defined, carried)| match present {
            true => Metadata { present, description, version, author, license, user_defined, carried },
            false => Metadata::default(),
        },
    );
    (
        any::<i32>(),
        vec((name(), features), 0..3),
        any::<(bool, bool)>(),
        prop::option::of(name()),
        vec(feature(), 0..2),
        metadata,
        (carried(), carried()),
    )
        .prop_map(
            |(
                version,
                functions,
                (multifunction, updatable),
                default_function,
                training,
                metadata,
                unknown,
            )| {
                Interface {
                    specification_version: version,
                    functions: functions.into_iter().collect(),
                    multifunction,
                    default_function,
                    training_inputs: training,
                    updatable,
                    metadata,
                    model_carried: unknown.0,
                    carried: unknown.1,
                }
            },
        )
}

pub(crate) fn program() -> impl Strategy<Value = Program> {
    let functions = btree_map(name(), function(), 0..3);
    (any::<i64>(), functions, ".{0,5}", attributes(), interface(), carried()).prop_map(
        |(version, functions, doc, attributes, interface, carried)| Program {
            version,
            functions,
            doc,
            attributes,
            interface,
            carried,
        },
    )
}

/// Everything in a program, in order, for comparison. Storage counts only where it is not implied: the text
/// keeps a mark wherever it matters, so this shows it just as the parser leaves it.
pub(crate) fn everything(program: &Program) -> Vec<String> {
    let mut lines = vec![
        format!("program {} {:?} {:?}", program.version, program.doc, program.carried),
        format!("{:?}", program.interface),
        literals(&program.attributes),
    ];
    for (name, function) in &program.functions {
        lines.push(format!("func {name:?} {:?} {:?}", function.opset, function.carried));
        lines.push(literals(&function.attributes));
        for (opset, graph) in &function.specializations {
            lines.push(format!("<{opset:?}>"));
            block_lines(graph, Graph::ROOT, &mut lines);
        }
    }
    lines
}

fn block_lines(graph: &Graph, block: BlockId, lines: &mut Vec<String>) {
    let block = graph.block(block);
    let value = |&id: &ValueId| {
        let value = graph.value(id);
        format!("{:?} {} {:?}", value.name(), types(value.ty()), value.carried())
    };
    lines.push(format!("inputs {:?}", block.inputs().iter().map(value).collect::<Vec<_>>()));
    for id in block.ops() {
        let op = graph.op(id);
        let arguments: Vec<_> = op
            .arguments()
            .map(|(param, argument)| {
                let operands: Vec<String> = argument
                    .iter()
                    .map(|operand| match operand {
                        Operand::Value(id) => graph.value(*id).name().to_string(),
                        Operand::Literal(literal) => literal_line(literal),
                    })
                    .collect();
                (param.clone(), operands)
            })
            .collect();
        let results: Vec<String> = op.results().iter().map(value).collect();
        lines.push(format!(
            "{:?} {:?} {arguments:?} {results:?} {} {:?}",
            op.kind(),
            op.name(),
            literals(op.attributes()),
            op.carried()
        ));
        for &inner in op.blocks() {
            block_lines(graph, inner, lines);
        }
    }
    let outputs: Vec<_> = block.outputs().map(|id| graph.value(id).name().clone()).collect();
    lines.push(format!("outputs {outputs:?} {} {:?}", literals(block.attributes()), block.carried()));
}

fn literals(attributes: &Attributes) -> String {
    let lines: Vec<_> = attributes.iter().map(|(key, literal)| (key, literal_line(literal))).collect();
    format!("{lines:?}")
}

fn types(ty: &Type) -> String {
    let inner = match ty.kind() {
        TypeKind::Tensor(tensor) => literals(&tensor.attributes),
        TypeKind::List(inner, _) | TypeKind::State(inner) => types(inner),
        TypeKind::Tuple(inner) => inner.iter().map(types).collect(),
        TypeKind::Dict(key, value) => types(key) + &types(value),
        TypeKind::Unknown => String::new(),
    };
    format!("{ty} {:?} {inner}", ty.carried())
}

fn literal_line(literal: &Literal) -> String {
    let data = match &literal.data {
        LiteralData::Tensor(tensor) => {
            format!("{:?} {:?} {:?}", tensor.dtype(), tensor.shape(), tensor.fingerprint().unwrap())
        }
        LiteralData::List(inner) => format!("list {:?}", inner.iter().map(literal_line).collect::<Vec<_>>()),
        LiteralData::Tuple(inner) => {
            format!("tuple {:?}", inner.iter().map(literal_line).collect::<Vec<_>>())
        }
        LiteralData::Dict(pairs) => {
            let pairs: Vec<_> =
                pairs.iter().map(|(key, value)| (literal_line(key), literal_line(value))).collect();
            format!("dict {pairs:?}")
        }
        LiteralData::Opaque(bytes) => format!("opaque {bytes:?}"),
    };
    format!(
        "{} = {data} {:?} {:?} {:?}",
        types(&literal.ty),
        literal.doc,
        storage_class(literal),
        literal.carried
    )
}

/// Storage, with `Auto` for what the format's rules say anyway.
fn storage_class(literal: &Literal) -> Storage {
    let rule = match &literal.data {
        LiteralData::Tensor(tensor) if tensor.len() >= 10 => match tensor.dtype() {
            DType::Bool | DType::String | DType::Int64 | DType::Uint64 | DType::Fp64 => Storage::Immediate,
            DType::Int16 | DType::Uint16 | DType::Int32 | DType::Uint32 => Storage::Auto,
            _ => Storage::File("@model_path/weights/weight.bin".into()),
        },
        _ => Storage::Immediate,
    };
    if literal.storage == rule { Storage::Auto } else { literal.storage.clone() }
}
