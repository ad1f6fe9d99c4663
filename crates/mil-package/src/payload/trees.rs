//! Tree ensembles: each tree is one, whole and without cycles; leaves have values.
//!
//! Nodes are decoded one at a time and kept small, so that a million of them take no more room than the file.

use std::collections::{HashMap, HashSet};

use mil_ir::verify::Violation;
use mil_proto::payload::tree_ensemble_parameters::TreeNode;
use mil_proto::payload::tree_ensemble_parameters::tree_node::TreeNodeBehavior;
use mil_proto::payload::{
    TreeEnsembleClassifier, TreeEnsembleParameters, TreeEnsembleRegressor, tree_ensemble_classifier,
};
use prost::Message as _;

use super::classifier::{Labels, labels};
use super::rule::{Checked, fault, require};

const CODE: &str = "tree";

pub(super) fn regressor(model: &TreeEnsembleRegressor) -> Checked {
    ensemble(model.tree_ensemble.as_ref())?;
    Ok(())
}

/// Without labels the classes are numbered.
pub(super) fn classifier(model: &TreeEnsembleClassifier) -> Checked {
    ensemble(model.tree_ensemble.as_ref())?;
    let dimensions = model.tree_ensemble.as_ref().map_or(0, |trees| trees.num_prediction_dimensions);
    let classes = labels!(tree_ensemble_classifier, model.class_labels).len() as u64;
    let wanted = if dimensions == 1 { 2 } else { dimensions };
    let message = format!("{classes} labels, where {wanted} are needed");
    require(classes == 0 || classes == wanted, "class-labels", message)
}

fn ensemble(trees: Option<&TreeEnsembleParameters>) -> Checked {
    let unset = TreeEnsembleParameters::default();
    let trees = trees.unwrap_or(&unset);
    let dimensions = trees.num_prediction_dimensions;
    require(dimensions > 0, CODE, "there are no prediction dimensions")?;
    let base = trees.base_prediction_value.len() as u64;
    let message = format!("{base} base values for {dimensions} dimensions");
    require(base == 0 || base == dimensions, CODE, message)?;
    let mut nodes = Vec::with_capacity(trees.nodes.len());
    for encoded in &trees.nodes {
        let node =
            TreeNode::decode(encoded.clone()).map_err(|error| fault("unreadable", error.to_string()))?;
        nodes.push(small(&node, dimensions)?);
    }
    connected(&nodes)
}

/// What the structure needs of a node.
struct Node {
    tree: u64,
    id: u64,
    /// Of a branch.
    children: Option<[u64; 2]>,
}

fn small(node: &TreeNode, dimensions: u64) -> Result<Node, Violation> {
    let wrong = |what: &str| fault(CODE, format!("node {} of tree {}: {what}", node.node_id, node.tree_id));
    let Ok(behaviour) = TreeNodeBehavior::try_from(node.node_behavior) else {
        return Err(wrong("its behaviour is not known"));
    };
    let children = if behaviour == TreeNodeBehavior::LeafNode {
        let mut indices: Vec<_> = node.evaluation_info.iter().map(|value| value.evaluation_index).collect();
        indices.sort_unstable();
        match indices.last() {
            None => return Err(wrong("a leaf without values")),
            Some(&last) if last >= dimensions => {
                return Err(wrong("a value for a dimension that is not there"));
            }
            Some(_) if indices.windows(2).any(|pair| pair[0] == pair[1]) => {
                return Err(wrong("two values for one dimension"));
            }
            Some(_) => None,
        }
    } else {
        Some([node.false_child_node_id, node.true_child_node_id])
    };
    Ok(Node { tree: node.tree_id, id: node.node_id, children })
}

/// Ids are unique, each node but one of a tree has one parent, and there is no cycle.
fn connected(nodes: &[Node]) -> Checked {
    let mut index = HashMap::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        if index.insert((node.tree, node.id), at).is_some() {
            return Err(fault(CODE, format!("node {} of tree {} is there twice", node.id, node.tree)));
        }
    }
    let mut has_parent = vec![false; nodes.len()];
    for node in nodes {
        for child in node.children.into_iter().flatten() {
            let wrong =
                |what| fault(CODE, format!("child {child} of node {} of tree {} {what}", node.id, node.tree));
            let at = index.get(&(node.tree, child)).copied();
            let slot = at.and_then(|at| has_parent.get_mut(at)).ok_or_else(|| wrong("is not there"))?;
            if child == node.id {
                return Err(wrong("is the node itself"));
            }
            if std::mem::replace(slot, true) {
                return Err(wrong("has another parent"));
            }
        }
    }
    let mut roots = HashSet::new();
    let mut stack = Vec::new();
    for (at, node) in nodes.iter().enumerate().filter(|(at, _)| has_parent.get(*at) == Some(&false)) {
        if !roots.insert(node.tree) {
            return Err(fault(CODE, format!("tree {} has two roots", node.tree)));
        }
        stack.push(at);
    }
    // Every node has one parent at most, so whatever is not reached from a root lies on or behind a cycle.
    let mut reached = 0;
    while let Some(node) = stack.pop().and_then(|at| nodes.get(at)) {
        reached += 1;
        let children = node.children.into_iter().flatten();
        stack.extend(children.filter_map(|child| index.get(&(node.tree, child)).copied()));
    }
    require(reached == nodes.len(), CODE, "some nodes form a cycle")
}
