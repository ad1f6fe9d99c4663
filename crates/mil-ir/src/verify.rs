//! The structural verifier: what must hold of any program, whatever its ops mean.
//!
//! [`verify`] collects every violation of a program, [`verify_ops`] those of some ops (after a pass: of the ops that it
//! touched), [`unchecked`] what nobody can check because this version does not know it. Both are near-linear.
//!
//! The rules, by code:
//!
//! | code | what must hold |
//! |---|---|
//! | `undefined-value` | an operand is a result of an earlier op of its block or an enclosing one, or an input of these |
//! | `undefined-output` | the same for the outputs of a block |
//! | `duplicate-name` | values visible at one place have different names |
//! | `empty-name` | values, functions, op types and parameters have names |
//! | `const-value` | a `const` op has a value, one result and no operands |
//! | `const-type` | its result has the type of the value |
//! | `literal-type` | a literal's contents are of its type |
//! | `no-specialization` | a function has a graph for its opset |
//! | `signature` | all graphs of a function have the same inputs and outputs |
//! | `no-function` | the interface speaks of functions that exist |
//! | `no-interface` | the interface speaks of every function |
//! | `default-function` | the default function exists |
//! | `no-value` | a feature is an input, output or state of its function |
//! | `no-feature` | an input or output of a function is a feature |
//! | `feature-type` | feature and value have compatible types; a state's value is a state |
//! | `predicted-feature` | the predicted features are outputs |
//! | `specification-version` | the model's version has the opsets, states and several functions that are used |

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use mil_tensor::DType;

use crate::graph::nested;
use crate::{
    ArrayFeature, BlockId, DictionaryKey, Dim, Feature, FeatureKind, Flexibility, Function,
    FunctionInterface, Graph, Literal, LiteralData, Name, OpId, Opset, Program, Release, Shape, Type,
    TypeKind, ValueId,
};

/// A rule that a program breaks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Violation {
    /// Which rule; stable. See the [module](self).
    pub code: &'static str,
    /// The function, where the violation lies in one.
    pub function: Option<Name>,
    /// The opset of the graph, where it lies in one.
    pub opset: Option<Opset>,
    /// The op's label, where it lies in one.
    pub op: Option<Name>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(function) = &self.function {
            write!(f, "function {function}")?;
            if let Some(opset) = &self.opset {
                write!(f, "<{}>", opset.tag())?;
            }
            f.write_str(if self.op.is_some() { ", " } else { ": " })?;
        }
        if let Some(op) = &self.op {
            write!(f, "op {op}: ")?;
        }
        write!(f, "{} [{}]", self.message, self.code)
    }
}

/// Something that this version does not know and therefore does not check.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unchecked {
    /// The function, where it lies in one.
    pub function: Option<Name>,
    /// What it is.
    pub what: String,
}

impl fmt::Display for Unchecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(function) = &self.function {
            write!(f, "function {function}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// Every violation of a program: by function, then in program order.
pub fn verify(program: &Program) -> Vec<Violation> {
    let mut found = Vec::new();
    for (name, function) in &program.functions {
        verify_function(name, function, &mut found);
    }
    verify_interface(program, &mut found);
    found
}

/// The violations of some ops of a graph, which name no function.
pub fn verify_ops(graph: &Graph, ops: &[OpId]) -> Vec<Violation> {
    let mut check = GraphCheck { graph, found: Vec::new() };
    let mut suspects = HashSet::new();
    for &op in ops.iter().filter(|&&op| graph.is_live(op)) {
        check.op(op);
        let inputs = graph.op(op).blocks().iter().flat_map(|&block| graph.block(block).inputs());
        for &value in graph.op(op).results().iter().chain(inputs) {
            let name = graph.value(value).name();
            if graph.name_count(name) > 1 {
                suspects.insert(name.clone());
            }
        }
    }
    if !suspects.is_empty() {
        check.duplicates(|name| suspects.contains(name));
    }
    check.found
}

/// What no one can check in a program: unknown opsets, types, literals and features. Each once, sorted.
pub fn unchecked(program: &Program) -> Vec<Unchecked> {
    let mut found = BTreeSet::new();
    for (name, opset, graph) in program.graphs() {
        let mut add = |what: String| found.insert(Unchecked { function: Some(name.clone()), what });
        if opset.release().is_none() {
            add(format!("opset {opset} is not known"));
        }
        let inputs = graph.blocks().flat_map(|block| graph.block(block).inputs());
        let results = graph.walk().flat_map(|op| graph.op(op).results());
        for &value in inputs.chain(results) {
            if let Some(what) = unknown_in(graph.value(value).ty()) {
                add(what);
            }
        }
        for (_, literal) in graph.literals() {
            if matches!(literal.data, LiteralData::Opaque(_)) {
                add("a literal cannot be read".into());
            } else if let Some(what) = unknown_in(&literal.ty) {
                add(what);
            }
        }
    }
    for (name, features) in &program.interface.functions {
        for feature in features.all() {
            let what = match &feature.kind {
                None => format!("feature {} has no type", feature.name),
                Some(FeatureKind::Array(array) | FeatureKind::State(Some(array)))
                    if array.dtype().is_none() =>
                {
                    format!("feature {} has elements of the unknown type {}", feature.name, array.data_type)
                }
                Some(FeatureKind::Image(image)) if image.color_space().is_none() => {
                    format!("feature {} has the unknown color space {}", feature.name, image.color)
                }
                Some(_) => continue,
            };
            found.insert(Unchecked { function: Some(name.clone()), what });
        }
    }
    if program.interface.release().is_none() {
        let what = format!("specification version {} is not known", program.interface.specification_version);
        found.insert(Unchecked { function: None, what });
    }
    found.into_iter().collect()
}

/// What is unknown in a type.
fn unknown_in(ty: &Type) -> Option<String> {
    match ty.kind() {
        TypeKind::Tensor(tensor) => matches!(tensor.dtype, DType::Unknown(_))
            .then(|| format!("element type {} is not known", tensor.dtype)),
        TypeKind::List(inner, _) | TypeKind::State(inner) => unknown_in(inner),
        TypeKind::Tuple(elements) => elements.iter().find_map(unknown_in),
        TypeKind::Dict(key, value) => unknown_in(key).or_else(|| unknown_in(value)),
        TypeKind::Unknown => Some("a type has an unknown form".into()),
    }
}

fn verify_function(name: &Name, function: &Function, found: &mut Vec<Violation>) {
    let mut add = |code, opset: Option<&Opset>, message: String| {
        found.push(Violation {
            code,
            function: Some(name.clone()),
            opset: opset.cloned(),
            op: None,
            message,
        });
    };
    if name.is_empty() {
        add("empty-name", None, "a function has no name".into());
    }
    if function.graph().is_none() {
        add("no-specialization", None, format!("there is no graph for the opset {}", function.opset));
    }
    let mut graphs = function.specializations.iter();
    if let Some((_, first)) = graphs.next() {
        let wanted = signature(first);
        for (opset, graph) in graphs.filter(|(_, graph)| signature(graph) != wanted) {
            let (is, was) = (describe(graph), describe(first));
            add(
                "signature",
                Some(opset),
                format!("the signature is {is}, that of another specialization {was}"),
            );
        }
    }
    for (opset, graph) in &function.specializations {
        let mut check = GraphCheck { graph, found: Vec::new() };
        for block in graph.blocks() {
            check.outputs(block);
        }
        for op in graph.walk() {
            check.op(op);
        }
        for &input in graph.root().inputs() {
            check.value_name(input, None);
        }
        check.duplicates(|_| true);
        found.extend(check.found.into_iter().map(|violation| Violation {
            function: Some(name.clone()),
            opset: Some(opset.clone()),
            ..violation
        }));
    }
}

/// Inputs, then outputs, by name and type.
fn signature(graph: &Graph) -> [Vec<(&Name, &Type)>; 2] {
    let of = |value: ValueId| (graph.value(value).name(), graph.value(value).ty());
    [graph.root().inputs().iter().copied().map(of).collect(), graph.root().outputs().map(of).collect()]
}

fn describe(graph: &Graph) -> String {
    let [inputs, outputs] = signature(graph).map(|values| {
        let values: Vec<String> = values.iter().map(|(name, ty)| format!("{ty} {name}")).collect();
        values.join(", ")
    });
    format!("({inputs}) -> ({outputs})")
}

/// Checks one graph.
struct GraphCheck<'g> {
    graph: &'g Graph,
    found: Vec<Violation>,
}

impl GraphCheck<'_> {
    fn add(&mut self, code: &'static str, op: Option<OpId>, message: String) {
        let op = op.map(|op| self.graph.label(op).clone());
        self.found.push(Violation { code, function: None, opset: None, op, message });
    }

    fn op(&mut self, id: OpId) {
        let graph = self.graph;
        let op = graph.op(id);
        if op.is_return() {
            self.outputs(op.block());
            return;
        }
        if op.kind().is_empty() {
            self.add("empty-name", Some(id), "the op has no type".into());
        }
        for (param, argument) in op.arguments() {
            if param.is_empty() {
                self.add("empty-name", Some(id), "a parameter has no name".into());
            }
            for value in argument.iter().filter_map(|operand| operand.value()) {
                if !self.is_visible(value, id) {
                    let name = graph.value(value).name();
                    self.add(
                        "undefined-value",
                        Some(id),
                        format!("{param} is {name}, which is not visible here"),
                    );
                }
            }
        }
        let inputs = op.blocks().iter().flat_map(|&block| graph.block(block).inputs());
        for &value in op.results().iter().chain(inputs) {
            self.value_name(value, Some(id));
        }
        let operands = op.operands().filter_map(|operand| operand.literal());
        for literal in op.attributes().values().chain(operands).flat_map(nested) {
            if let Some(message) = mismatch(literal) {
                self.add("literal-type", Some(id), message);
            }
        }
        if &**op.kind() == "const" {
            self.constant(id);
        }
    }

    fn constant(&mut self, id: OpId) {
        let op = self.graph.op(id);
        let (Some(literal), Some(result)) = (op.attributes().get("val"), op.result()) else {
            self.add("const-value", Some(id), "a const has one result and an attribute `val`".into());
            return;
        };
        if op.arguments().next().is_some() {
            self.add("const-value", Some(id), "a const has no operands".into());
        }
        let ty = self.graph.value(result).ty();
        if *ty != literal.ty {
            self.add("const-type", Some(id), format!("the result is {ty}, the value {}", literal.ty));
        }
    }

    fn value_name(&mut self, value: ValueId, op: Option<OpId>) {
        if self.graph.value(value).name().is_empty() {
            self.add("empty-name", op, "a value has no name".into());
        }
    }

    fn outputs(&mut self, block: BlockId) {
        let graph = self.graph;
        let block = graph.block(block);
        for value in
            block.outputs().filter(|&value| !self.is_visible(value, block.return_op())).collect::<Vec<_>>()
        {
            let message =
                format!("{} is an output of the block but not visible in it", graph.value(value).name());
            self.add("undefined-output", block.parent(), message);
        }
    }

    fn is_visible(&self, value: ValueId, op: OpId) -> bool {
        self.graph.is_visible(value, op)
            && (self.graph.definition(value).is_some()
                || self.graph.block(self.graph.home(value)).inputs().contains(&value))
    }

    /// Finds values that are visible together and have the same name, where a name is of interest.
    fn duplicates(&mut self, of_interest: impl Fn(&Name) -> bool) {
        let graph = self.graph;
        let visible: RefCell<HashSet<Name>> = RefCell::default();
        let define = |check: &mut Self, open: &mut Open, values: &[ValueId], op: Option<OpId>| {
            // States have names of their own.
            let plain = values
                .iter()
                .map(|&value| graph.value(value))
                .filter(|value| value.ty().as_state().is_none());
            for name in plain.map(|value| value.name()).filter(|name| of_interest(name)) {
                if visible.borrow_mut().insert(name.clone()) {
                    open.names.push(name.clone());
                } else {
                    check.add(
                        "duplicate-name",
                        op,
                        format!("another value that is visible here is named {name}"),
                    );
                }
            }
        };
        let mut root = Open::new(graph, Graph::ROOT);
        define(self, &mut root, graph.root().inputs(), None);
        let mut stack = vec![root];
        while let Some(mut top) = stack.pop() {
            if let Some(op) = top.next {
                // The op's blocks come before its results, which they don't see.
                match graph.op(op).blocks().get(top.entered) {
                    Some(&block) => {
                        top.entered += 1;
                        stack.push(top);
                        let mut inner = Open::new(graph, block);
                        define(self, &mut inner, graph.block(block).inputs(), Some(op));
                        stack.push(inner);
                    }
                    None => {
                        define(self, &mut top, graph.op(op).results(), Some(op));
                        top.next = graph.next(op).filter(|&next| !graph.op(next).is_return());
                        top.entered = 0;
                        stack.push(top);
                    }
                }
            } else {
                let mut visible = visible.borrow_mut();
                for name in &top.names {
                    visible.remove(name);
                }
            }
        }
    }
}

/// A block that is being walked through.
struct Open {
    next: Option<OpId>,
    /// Blocks of the next op that were walked through already.
    entered: usize,
    /// Names that the block made visible.
    names: Vec<Name>,
}

impl Open {
    fn new(graph: &Graph, block: BlockId) -> Open {
        let next = graph.block(block).ops().next();
        Open { next, entered: 0, names: Vec::new() }
    }
}

/// How a literal's contents contradict its type.
fn mismatch(literal: &Literal) -> Option<String> {
    let message = |what: String| Some(format!("a literal of type {} holds {what}", literal.ty));
    match (literal.ty.kind(), &literal.data) {
        (_, LiteralData::Opaque(_)) => None,
        (TypeKind::Tensor(declared), LiteralData::Tensor(tensor)) => {
            let fits = match &declared.shape {
                Shape::Unranked => true,
                // Any number of axes may stand for a variadic one.
                Shape::Ranked(dims) if dims.contains(&Dim::Unknown { variadic: true }) => true,
                Shape::Ranked(dims) => {
                    dims.len() == tensor.rank()
                        && dims
                            .iter()
                            .zip(tensor.shape())
                            .all(|(dim, &size)| dim.fixed().is_none_or(|declared| declared == size as u64))
                }
            };
            if fits && declared.dtype == tensor.dtype() {
                return None;
            }
            message(format!("a {} tensor of shape {:?}", tensor.dtype(), tensor.shape()))
        }
        (TypeKind::List(element, length), LiteralData::List(elements)) => {
            if length.fixed().is_some_and(|length| length != elements.len() as u64) {
                return message(format!("{} elements", elements.len()));
            }
            let other = elements.iter().find(|inner| inner.ty != *element)?;
            message(format!("an element of type {}", other.ty))
        }
        (TypeKind::Tuple(types), LiteralData::Tuple(elements)) => {
            let fits = types.len() == elements.len()
                && types.iter().zip(elements).all(|(ty, inner)| inner.ty == *ty);
            if fits { None } else { message("other elements".into()) }
        }
        (TypeKind::Dict(key, value), LiteralData::Dict(pairs)) => {
            let fits = pairs.iter().all(|pair| pair.0.ty == *key && pair.1.ty == *value);
            if fits { None } else { message("a pair of other types".into()) }
        }
        _ => message("something of another form".into()),
    }
}

fn verify_interface(program: &Program, found: &mut Vec<Violation>) {
    let interface = &program.interface;
    let mut add = |code, function: Option<&Name>, message: String| {
        found.push(Violation { code, function: function.cloned(), opset: None, op: None, message });
    };
    if let Some(name) =
        interface.default_function.as_ref().filter(|name| !program.functions.contains_key(*name))
    {
        add("default-function", None, format!("the default function {name} does not exist"));
    }
    let version = interface.specification_version;
    let mut need = |what: String, function: Option<&Name>, target: Release| {
        if version < target.specification_version() {
            let message = format!(
                "{what} needs {target}, version {}; the model's is {version}",
                target.specification_version()
            );
            add("specification-version", function, message);
        }
    };
    if interface.multifunction {
        need("more than one function".into(), None, Release::IOS18);
    }
    for (name, function) in &program.functions {
        if let Some(target) = function.opset.release() {
            need(format!("opset {}", function.opset), Some(name), target);
        }
        if interface.function(name).is_some_and(|features| !features.states.is_empty()) {
            need("a state".into(), Some(name), Release::IOS18);
        }
    }
    for name in interface.functions.keys().filter(|name| !program.functions.contains_key(*name)) {
        add("no-function", Some(name), "the interface speaks of a function that does not exist".into());
    }
    for (name, function) in &program.functions {
        let Some(features) = interface.function(name) else {
            add("no-interface", Some(name), "the interface does not speak of this function".into());
            continue;
        };
        let Some(graph) = function.graph() else { continue };
        verify_features(graph, features, &mut |code, message| add(code, Some(name), message));
    }
}

fn verify_features(graph: &Graph, features: &FunctionInterface, add: &mut impl FnMut(&'static str, String)) {
    let index = |values: &mut dyn Iterator<Item = ValueId>| -> HashMap<Name, ValueId> {
        values.map(|value| (graph.value(value).name().clone(), value)).collect()
    };
    let inputs = index(&mut graph.root().inputs().iter().copied());
    let outputs = index(&mut graph.root().outputs());
    let groups = [
        ("input", &features.inputs, &inputs),
        ("output", &features.outputs, &outputs),
        ("state", &features.states, &inputs),
    ];
    for (role, features, values) in groups {
        for feature in features {
            let Some(&value) = values.get(&feature.name) else {
                add("no-value", format!("{role} {} is no {role} of the function", feature.name));
                continue;
            };
            let ty = graph.value(value).ty();
            if (role == "state") != ty.as_state().is_some() || !is_compatible(feature, ty) {
                add("feature-type", format!("{role} {} cannot be a {ty}", feature.name));
            }
        }
    }
    let known: HashSet<&Name> = features.all().map(|feature| &feature.name).collect();
    for value in graph.root().inputs().iter().copied().chain(graph.root().outputs()) {
        let name = graph.value(value).name();
        if !known.contains(name) {
            add("no-feature", format!("value {name} of the function's signature is no feature"));
        }
    }
    for name in [&features.predicted_feature, &features.predicted_probabilities] {
        if !name.is_empty() && !features.outputs.iter().any(|feature| feature.name == *name) {
            add("predicted-feature", format!("the predicted feature {name} is no output"));
        }
    }
}

/// A value of this type can be this feature.
fn is_compatible(feature: &Feature, ty: &Type) -> bool {
    let is_scalar = |dtypes: &[DType]| ty.dtype().is_some_and(|dtype| dtypes.contains(&dtype));
    match &feature.kind {
        None => true,
        Some(FeatureKind::Array(array)) => is_array(array, ty),
        Some(FeatureKind::State(contents)) => {
            ty.as_state().is_some_and(|inner| contents.as_ref().is_none_or(|array| is_array(array, inner)))
        }
        Some(FeatureKind::Image(image)) => match ty.dims() {
            // Channels first; sizes that are not fixed are the caller's.
            Some([_, _, height, width]) => {
                image.flexibility.is_some()
                    || [(height, image.height), (width, image.width)]
                        .iter()
                        .all(|(dim, size)| dim.fixed().is_none_or(|dim| i64::try_from(dim) == Ok(*size)))
            }
            _ => ty.as_tensor().is_some_and(|tensor| tensor.shape == Shape::Unranked),
        },
        Some(FeatureKind::Dictionary(key)) => match ty.kind() {
            TypeKind::Dict(found, _) => match key {
                DictionaryKey::Int64 => found.dtype() == Some(DType::Int64),
                DictionaryKey::String => found.dtype() == Some(DType::String),
                DictionaryKey::Unspecified => true,
            },
            _ => false,
        },
        Some(FeatureKind::String) => is_scalar(&[DType::String]),
        Some(FeatureKind::Int64) => is_scalar(&[DType::Int64, DType::Int32]),
        Some(FeatureKind::Double) => is_scalar(&[DType::Fp64, DType::Fp32, DType::Fp16]),
        Some(FeatureKind::Sequence { .. }) => matches!(ty.kind(), TypeKind::List(..)),
    }
}

/// A value of this type can be this array. A scalar may be an array of one element, and an array without a shape is one
/// whose shape is not declared.
fn is_array(array: &ArrayFeature, ty: &Type) -> bool {
    let Some(tensor) = ty.as_tensor() else { return false };
    let same_type =
        array.dtype().is_none_or(|dtype| dtype == tensor.dtype || matches!(tensor.dtype, DType::Unknown(_)));
    let Some(dims) = tensor.shape.dims() else { return same_type };
    let same_shape = array.shape.is_empty()
        || (dims.is_empty() && array.shape == [1])
        || (dims.len() == array.shape.len()
            && dims
                .iter()
                .enumerate()
                .all(|(axis, dim)| dim.fixed().is_none_or(|size| may_have(array, axis, size))));
    same_type && same_shape
}

/// An axis of the array may have this size: the default one, or one within its flexibility. A value may be narrower than its
/// feature, as an output is whose size was computed and is now constant.
fn may_have(array: &ArrayFeature, axis: usize, size: u64) -> bool {
    let is = |known: Option<&i64>| known.is_some_and(|&known| i64::try_from(size) == Ok(known));
    is(array.shape.get(axis))
        || match &array.flexibility {
            Some(Flexibility::Ranges(ranges)) => ranges.get(axis).is_some_and(|range| {
                // A negative upper bound is none.
                size >= range.lower && u64::try_from(range.upper).map_or(true, |upper| size <= upper)
            }),
            Some(Flexibility::Enumerated(shapes)) => shapes.iter().any(|shape| is(shape.get(axis))),
            None => false,
        }
}
