use std::collections::BTreeMap;

use mil_ir::{BlockId, Graph, Name, OpId, ValueId};
use mil_ops::is_known;
use mil_pass::{Alias, OptionMap, Pass, PassCx, PassError, pass};
use mil_tensor::{DType, Fingerprint, Tensor};

pass! {
    /// Makes users of equal constants share one.
    ///
    /// Constants are equal if type, shape and every bit are: weights that are merely close stay apart. Equal
    /// `constexpr_*` ops over equal data share one as well. Weights of the same place in the same file are
    /// known to be equal without being read; others are compared by a hash of all their bytes, and only if
    /// another of the same type and shape exists. A constant with fields that are not known stays apart.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> a = const()[name = string("a"), val = tensor<fp32, [2]>([0x1p+0, 0x1p+1])];
    ///     tensor<fp32, [2]> b = const()[name = string("b"), val = tensor<fp32, [2]>([0x1p+0, 0x1p+1])];
    ///     tensor<fp32, [2]> z = add(x = x, y = a)[name = string("z")];
    ///     tensor<fp32, [2]> y = mul(x = z, y = b)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> a = const()[name = string("a"), val = tensor<fp32, [2]>([0x1p+0, 0x1p+1])];
    ///     tensor<fp32, [2]> z = add(x = x, y = a)[name = string("z")];
    ///     tensor<fp32, [2]> y = mul(x = z, y = a)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct ConstDeduplication {
        /// Elements that a constant must have; smaller ones stay as they are.
        pub const_threshold: i64 = 2,
    }
    id: "const_deduplication",
    numerics: Exact,
    aliases: [Alias { id: "common::const_deduplication", adapt }],
    statistics: [
        constants: "`const` ops erased",
        compressed: "`constexpr_*` ops erased",
    ],
}

/// Element type and shape.
type Kind = (DType, Vec<usize>);

/// coremltools leaves constants of less than 100 elements alone.
fn adapt(mut options: OptionMap) -> Result<OptionMap, String> {
    options.entry("const_threshold").or_insert(100.into());
    Ok(options)
}

impl Pass for ConstDeduplication {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let blocks: Vec<BlockId> = graph.blocks().collect();
        for block in blocks {
            self.constants(graph, block, cx)?;
            self.compressed(graph, block, cx)?;
        }
        Ok(())
    }
}

impl ConstDeduplication {
    fn constants(&self, graph: &mut Graph, block: BlockId, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let mut groups: BTreeMap<Kind, Vec<(OpId, Tensor)>> = BTreeMap::new();
        for op in graph.block(block).ops() {
            let Some(value) = graph.op(op).result() else { continue };
            let Some(tensor) = graph.const_tensor(value) else { continue };
            let tensor_of_text = tensor.dtype() == DType::String;
            let known = graph.op(op).carried().is_none() && graph.value(value).carried().is_none();
            let short = i64::try_from(tensor.len()).is_ok_and(|len| len < self.const_threshold);
            if known && !tensor_of_text && !short && tensor.dtype().bits().is_some() {
                groups.entry((tensor.dtype(), tensor.shape().to_vec())).or_default().push((op, tensor));
            }
        }
        for group in groups.into_values().flat_map(by_beginning).filter(|group| group.len() > 1) {
            let mut known: Vec<(OpId, Tensor)> = Vec::new();
            let mut hashed: BTreeMap<Fingerprint, OpId> = BTreeMap::new();
            for (op, tensor) in group {
                cx.check_cancelled()?;
                let same = known.iter().find(|(_, other)| other.is_same(&tensor)).map(|(first, _)| *first);
                let first = match same {
                    Some(first) => first,
                    None => {
                        let source = |source| PassError::Tensor { op: graph.label(op).clone(), source };
                        let first = *hashed.entry(tensor.fingerprint().map_err(source)?).or_insert(op);
                        // Few places per group are worth remembering: the list is searched one by one.
                        if known.len() < 64 {
                            known.push((first, tensor));
                        }
                        first
                    }
                };
                if first != op && share(graph, first, op, cx)? {
                    cx.count("constants", 1);
                }
            }
        }
        Ok(())
    }

    fn compressed(&self, graph: &mut Graph, block: BlockId, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let mut known: BTreeMap<Key, OpId> = BTreeMap::new();
        let ops: Vec<OpId> =
            graph.block(block).ops().filter(|&op| graph.op(op).kind().starts_with("constexpr_")).collect();
        for op in ops {
            let source = |source| PassError::Tensor { op: graph.label(op).clone(), source };
            let Some(key) = Key::of(graph, op).map_err(source)? else { continue };
            let first = *known.entry(key).or_insert(op);
            if first != op && share(graph, first, op, cx)? {
                cx.count("compressed", 1);
            }
        }
        Ok(())
    }
}

/// Elements that are looked at before all of them are.
const BEGINNING: usize = 64;

/// Constants of one kind, apart where they begin with other elements: hardly any large one is then read as a
/// whole only to find that it has no equal. All together where the elements of one are not there.
fn by_beginning(group: Vec<(OpId, Tensor)>) -> Vec<Vec<(OpId, Tensor)>> {
    let beginning = |tensor: &Tensor| {
        let first = tensor.reshaped(&[tensor.len()])?.sliced(&[0], &[BEGINNING], &[1])?;
        first.fingerprint()
    };
    let long = group.len() > 1 && group[0].1.len() > BEGINNING;
    let beginnings: Result<Vec<Fingerprint>, _> = match long {
        true => group.iter().map(|(_, tensor)| beginning(tensor)).collect(),
        false => return vec![group],
    };
    let Ok(beginnings) = beginnings else { return vec![group] };
    let mut apart: BTreeMap<Fingerprint, Vec<(OpId, Tensor)>> = BTreeMap::new();
    for (constant, beginning) in group.into_iter().zip(beginnings) {
        apart.entry(beginning).or_default().push(constant);
    }
    apart.into_values().collect()
}

/// What makes two `constexpr_*` ops equal: op type, and each parameter's value or the hash of its constant.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    kind: Name,
    parts: Vec<(Name, Option<ValueId>, Option<Fingerprint>)>,
}

impl Key {
    fn of(graph: &Graph, op: OpId) -> Result<Option<Key>, mil_tensor::TensorError> {
        let found = graph.op(op);
        if found.carried().is_some() {
            return Ok(None);
        }
        let mut parts = Vec::new();
        for (param, argument) in found.arguments() {
            for operand in argument {
                match (graph.literal(operand).map(|literal| literal.as_tensor()), operand.value()) {
                    (Some(Some(tensor)), _) => parts.push((param.clone(), None, Some(tensor.fingerprint()?))),
                    (None, Some(value)) => parts.push((param.clone(), Some(value), None)),
                    _ => return Ok(None),
                }
            }
        }
        for (key, literal) in found.attributes() {
            let Some(tensor) = literal.as_tensor() else { return Ok(None) };
            parts.push((key.clone(), None, Some(tensor.fingerprint()?)));
        }
        Ok(Some(Key { kind: found.kind().clone(), parts }))
    }
}

/// Makes the users of one constant use an equal one that stands before it. Outputs keep their own.
fn share(graph: &mut Graph, first: OpId, second: OpId, cx: &mut PassCx<'_>) -> Result<bool, PassError> {
    let (Some(kept), Some(gone)) = (graph.op(first).result(), graph.op(second).result()) else {
        return Ok(false);
    };
    if graph.is_block_output(gone) || !is_known(graph, second) || !cx.spend() {
        return Ok(false);
    }
    graph.replace_uses(gone, kept);
    graph.erase(second)?;
    Ok(true)
}
