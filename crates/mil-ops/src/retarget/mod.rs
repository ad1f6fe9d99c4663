//! A program for another release: every op in the form that the opset of that release has, or a refusal.
//!
//! The op table knows which release brought which parameters and element types. From one release to the next
//! an op stays as it is, loses parameters that say what holds anyway (`params.rs`), or is written anew (a
//! file for each family). What none of them can say, and what the interface needs, is refused by op and with
//! the first release that has it. Nothing is changed unless everything can be.
//!
//! What comes out gives the same numbers; where a form of another opset computes something else at its edges,
//! as `crop_resize` beyond an image, only what is known to stay within them is translated.

mod constexpr;
mod crop_resize;
mod non_maximum_suppression;
mod params;
mod reshape;
mod topk;

use std::collections::BTreeSet;
use std::fmt;

use mil_ir::verify::Violation;
use mil_ir::{Argument, Graph, Name, NewOp, OpId, Opset, Program, Release, Rewriter, ValueId};

use crate::verify::verify_folded;
use crate::{Call, OpDef, Shapes, Version, emit, verify_ops};

/// Why a program cannot be one for another release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RetargetError {
    /// A function has graphs for several opsets, of which only one would be translated.
    #[error("function {0} is specialised for several opsets; drop all but one before changing the target")]
    SeveralOpsets(Name),
    /// Nobody knows the opset of a function.
    #[error("function {0} has opset {1}, which this version does not know")]
    UnknownOpset(Name, Opset),
    /// Ops or features that the release does not have.
    #[error("{}", listed(*.0, .1))]
    Refused(Release, Vec<Refusal>),
}

/// Something that a release does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it is, and where.
    pub violation: Violation,
    /// The first release that has it, where that is known.
    pub first: Option<Release>,
}

/// How many refusals a message lists.
const SHOWN: usize = 8;

fn listed(release: Release, refusals: &[Refusal]) -> String {
    let shown: Vec<String> = refusals.iter().take(SHOWN).map(Refusal::to_string).collect();
    let more = match refusals.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("the program cannot be one for {release}: {}{more}", shown.join("; "))
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { place, message, .. } = &self.violation;
        match place.is_empty() {
            true => f.write_str(message)?,
            false => write!(f, "{place}: {message}")?,
        }
        self.first.map_or(Ok(()), |first| write!(f, " (first in {first})"))
    }
}

/// What becomes of an op from one version of its declaration to the one beside it.
#[derive(Clone, Copy)]
enum Step {
    /// Nothing: what it may say, the other version says by the same words.
    Same,
    /// Parameters that the other version lacks go, where they say what holds anyway.
    Drop(&'static [params::Rule]),
    /// It is written anew.
    Rewrite(Rewrite),
}

/// Writes an op anew in the opset of [`Site::opset`], or says why that cannot be.
type Rewrite = fn(&mut Site<'_>) -> Result<(), String>;

/// An op that is written anew.
struct Site<'a> {
    graph: &'a mut Graph,
    op: OpId,
    /// The opset that it has now.
    from: &'a Opset,
    /// The opset that it shall have.
    opset: &'a Opset,
    /// Sizes, as they follow from the inputs of the function.
    shapes: &'a Shapes,
}

impl Site<'_> {
    /// The op as it stands now.
    fn call(&self) -> Result<Call<'_>, String> {
        let call = Call::of(self.graph, self.op, self.from).map_err(|error| error.to_string())?;
        Ok(call.with_shapes(self.shapes))
    }

    /// The op's operands and attributes but for some parameters, as the beginning of its successor.
    fn like(&self, without: &[&str]) -> NewOp {
        let op = self.graph.op(self.op);
        let mut new = NewOp::new(op.kind().clone());
        new.name = op.name().cloned();
        let keeps = |key: &Name| !without.contains(&&**key) && &**key != "name";
        for (param, argument) in op.arguments().filter(|(param, _)| keeps(param)) {
            new = new.with_all(param.clone(), argument.iter().cloned());
        }
        for (key, value) in op.attributes().iter().filter(|(key, _)| keeps(key)) {
            new = new.attribute(key.clone(), value.clone());
        }
        new
    }

    /// Inserts an op before this one.
    fn emit(&mut self, new: NewOp) -> Result<Vec<ValueId>, String> {
        let opset = self.opset.clone();
        emit(&mut Rewriter::new(self.graph), &opset, new, self.op).map_err(|error| error.to_string())
    }

    /// Inserts an op of one result before this one, named after it.
    fn one(&mut self, suffix: &str, new: NewOp) -> Result<ValueId, String> {
        let base = self.graph.label(self.op).clone();
        let values = self.emit(new.named(format!("{base}_{suffix}")))?;
        values.first().copied().ok_or_else(|| "the op has no result".to_owned())
    }

    /// Puts these values in the place of the op's results.
    fn finish(&mut self, values: &[ValueId]) -> Result<(), String> {
        let op = self.op;
        Rewriter::new(self.graph).replace_with_new(op, values, &[]).map_err(|error| error.to_string())
    }

    /// Takes a parameter away, wherever it stands.
    fn drop(&mut self, param: &str) {
        let op = self.op;
        self.graph.set_argument(op, param, None::<Argument>);
        self.graph.set_attribute(op, param, None);
    }
}

/// Makes the program one for this release: opsets, the form of each op, specification version.
///
/// # Errors
///
/// If an op or a feature has no form there, or one that this version does not know. Then nothing changes.
pub fn retarget(program: &mut Program, release: Release) -> Result<(), RetargetError> {
    for (name, function) in &program.functions {
        if function.specializations.len() > 1 {
            return Err(RetargetError::SeveralOpsets(name.clone()));
        }
        if function.opset.release().is_none() {
            return Err(RetargetError::UnknownOpset(name.clone(), function.opset.clone()));
        }
    }
    let mut result = program.clone();
    let mut refusals = Vec::new();
    for (name, function) in &mut result.functions {
        let (old, new) = (function.opset.clone(), release.opset());
        let graphs = std::mem::take(&mut function.specializations);
        function.specializations = graphs
            .into_iter()
            .map(|(_, mut graph)| {
                let found = translate(&mut graph, &old, release, program.interface.function(name));
                refusals.extend(found.into_iter().map(|mut refusal| {
                    refusal.violation.place.function = Some(name.clone());
                    refusal
                }));
                (new.clone(), graph)
            })
            .collect();
        function.opset = new;
    }
    result.interface.specification_version = release.specification_version();
    refusals.extend(features(program, &result));
    if !refusals.is_empty() {
        return Err(RetargetError::Refused(release, refusals));
    }
    *program = result;
    Ok(())
}

/// What the interface needs and the release lacks.
fn features(before: &Program, after: &Program) -> Vec<Refusal> {
    let found = |program: &Program| mil_ir::verify::verify_signatures(program).violations;
    let key = |violation: &Violation| (violation.code, violation.place.clone());
    let known: BTreeSet<_> = found(before).iter().map(key).collect();
    let new: Vec<Violation> =
        found(after).into_iter().filter(|violation| !known.contains(&key(violation))).collect();
    // The message says which release has it.
    new.into_iter().map(|violation| Refusal { violation, first: None }).collect()
}

/// Translates a graph release by release.
fn translate(
    graph: &mut Graph,
    old: &Opset,
    release: Release,
    interface: Option<&mil_ir::FunctionInterface>,
) -> Vec<Refusal> {
    let Some(start) = old.release() else { return Vec::new() };
    let key = |violation: &Violation| (violation.code, violation.place.clone());
    let judged = |graph: &Graph, opset: &Opset, op: OpId| {
        let mut report = verify_ops(graph, opset, [op]);
        verify_folded(graph, opset, op, &mut report);
        report
    };
    let known: BTreeSet<_> = graph
        .walk()
        .flat_map(|op| judged(graph, old, op).violations)
        .map(|violation| key(&violation))
        .collect();
    let mut refusals = Vec::new();
    let mut refused = BTreeSet::new();
    for (from, to) in ways(start, release) {
        let (from, opset) = (from.opset(), to.opset());
        let shapes = Shapes::of(graph, &from, interface);
        for op in graph.walk().collect::<Vec<_>>() {
            if !graph.is_live(op) || graph.op(op).is_return() || refused.contains(&op) {
                continue;
            }
            let place = crate::verify::place(graph, op);
            if let Err(message) = step(&mut Site { graph, op, from: &from, opset: &opset, shapes: &shapes }) {
                let violation = Violation::new("op-opset", place, message);
                refusals.push(Refusal { violation, first: first_release(graph, op) });
                refused.insert(op);
            }
        }
    }
    // Element types, parameters that must be constants: whatever the declarations of the release do not let
    // pass.
    let opset = release.opset();
    for op in graph.walk().filter(|op| !refused.contains(op)) {
        let found = judged(graph, &opset, op).violations;
        let new = found.into_iter().filter(|violation| !known.contains(&key(violation)));
        let has = |first: &Release| judged(graph, &first.opset(), op).is_clean();
        let first = || Release::ALL.into_iter().find(has).filter(|&first| first > release);
        refusals.extend(new.map(|violation| Refusal { violation, first: first() }));
    }
    refusals
}

/// The first release that has an op.
fn first_release(graph: &Graph, op: OpId) -> Option<Release> {
    let def = crate::def(graph.op(op).kind())?;
    def.since().filter(|&first| first > Release::IOS13)
}

/// The releases on the way, each with the one after it.
fn ways(start: Release, end: Release) -> Vec<(Release, Release)> {
    let between = |low: Release, high: Release| {
        Release::ALL.into_iter().filter(move |&release| low <= release && release <= high).collect::<Vec<_>>()
    };
    let mut stops = if start <= end { between(start, end) } else { between(end, start) };
    if start > end {
        stops.reverse();
    }
    stops.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Takes one op over the border between two releases.
fn step(site: &mut Site<'_>) -> Result<(), String> {
    let kind = site.graph.op(site.op).kind().clone();
    let Some(def) = crate::def(&kind) else {
        return Err("this version does not know the op, and so not its form in other opsets".into());
    };
    let version = |opset: &Opset| opset.release().and_then(|release| def.version(release));
    let (from, to) = (version(site.from), version(site.opset));
    match (from, to) {
        (None, _) => Ok(()),
        (Some(_), None) => match constexpr::older_form(def) {
            Some(rewrite) => rewrite(site),
            None => Err(format!("opset {} has no op {kind}", site.opset)),
        },
        (Some(from), Some(to)) if std::ptr::eq(from, to) => Ok(()),
        (Some(from), Some(to)) => match plan(def, from, to) {
            Step::Same => Ok(()),
            Step::Drop(rules) => params::drop_params(site, rules),
            Step::Rewrite(rewrite) => rewrite(site),
        },
    }
}

/// What becomes of an op between two versions of its declaration that follow each other.
fn plan(def: &OpDef, from: &Version, to: &Version) -> Step {
    let raises = from.since < to.since;
    match (def.name, raises, from.since.max(to.since)) {
        ("constexpr_cast", true, _) => Step::Rewrite(constexpr::operands_from_attributes),
        ("constexpr_cast", false, _) => Step::Rewrite(constexpr::attributes_from_operands),
        ("constexpr_lut_to_dense", true, _) => Step::Rewrite(constexpr::raise_look_up),
        ("constexpr_lut_to_dense", false, _) => Step::Rewrite(constexpr::lower_look_up),
        ("constexpr_sparse_to_dense", true, _) => Step::Rewrite(constexpr::raise_sparse),
        ("constexpr_sparse_to_dense", false, _) => Step::Rewrite(constexpr::lower_sparse),
        ("non_maximum_suppression", true, _) => Step::Rewrite(non_maximum_suppression::raise),
        ("non_maximum_suppression", false, _) => Step::Rewrite(non_maximum_suppression::lower),
        ("crop_resize", _, Release::IOS16) => Step::Rewrite(crop_resize::across_padding),
        ("crop_resize", true, _) => Step::Rewrite(crop_resize::raise),
        ("crop_resize", false, _) => Step::Rewrite(crop_resize::lower),
        ("reshape", false, _) => Step::Rewrite(reshape::lower),
        ("topk", false, Release::IOS16) => Step::Rewrite(topk::lower),
        _ => match params::rules(def.name, from, to) {
            [] => Step::Same,
            rules => Step::Drop(rules),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every op whose declaration changed: each way over a border is a rewrite, or loses only what a rule
    /// names, and keeps the default of whatever else may be left out.
    #[test]
    fn every_border_of_every_op_is_known() {
        let mut borders = 0;
        for def in crate::all() {
            for pair in def.versions.windows(2) {
                for (from, to) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
                    borders += 1;
                    let rules: &[params::Rule] = match plan(def, from, to) {
                        Step::Rewrite(_) => continue,
                        Step::Same => &[],
                        Step::Drop(rules) => rules,
                    };
                    for param in from.params {
                        let place =
                            format!("{} from {} to {}: {}", def.name, from.since, to.since, param.name);
                        let is_dropped = rules.iter().any(|rule| rule.param == param.name);
                        match to.param(param.name) {
                            None => assert!(is_dropped, "{place}"),
                            Some(other) => {
                                assert!(!is_dropped, "{place}");
                                assert_eq!(other.default, param.default, "{place}");
                            }
                        }
                    }
                    // What is new may be left out, or else the op must be written anew.
                    for param in to.params.iter().filter(|param| from.param(param.name).is_none()) {
                        assert!(param.default.is_some(), "{} to {}: {}", def.name, to.since, param.name);
                    }
                }
            }
        }
        assert!(borders > 80, "{borders}");
    }

    #[test]
    fn ways_go_release_by_release() {
        let way = ways(Release::IOS18, Release::IOS16);
        assert_eq!(way, [(Release::IOS18, Release::IOS17), (Release::IOS17, Release::IOS16)]);
        assert!(ways(Release::IOS16, Release::IOS16).is_empty());
    }
}
