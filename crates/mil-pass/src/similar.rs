//! What somebody meant who asked for a pass or pipeline that does not exist.

use std::fmt;

use crate::Registry;

/// Ids that are listed at most.
const SHOWN: usize = 4;

/// There is no pass or pipeline of this id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Unknown {
    /// What was asked for.
    pub id: String,
    /// What exists and is like it, the likeliest first.
    pub similar: Vec<String>,
    /// The pass of coremltools that has this id.
    pub coremltools: Option<&'static str>,
    /// Why milopt does not have that pass, where there is a reason.
    pub reason: Option<&'static str>,
}

impl Unknown {
    pub(crate) fn new(id: &str, registry: &Registry) -> Unknown {
        let known: Vec<&str> = registry.ids().chain(registry.pipelines()).collect();
        let foreign = registry.foreign().iter().copied();
        let coremltools = foreign.filter(|other| !known.contains(other)).find(|other| same(other, id));
        let reason = coremltools
            .and_then(|other| registry.reasons().iter().find(|(id, _)| *id == other))
            .map(|(_, reason)| *reason);
        // What cannot be there has nothing like it.
        let similar = if reason.is_some() { Vec::new() } else { similar(id, &known) };
        Unknown { id: id.to_owned(), similar, coremltools, reason }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.coremltools {
            Some(other) => write!(f, "{other} is a pass of coremltools that milopt does not have")?,
            None => write!(f, "there is no pass or pipeline {}", self.id)?,
        }
        if let Some(reason) = self.reason {
            write!(f, ": {reason}")?;
        }
        match &self.similar[..] {
            [] if self.coremltools.is_none() => f.write_str("; `milopt passes` lists all"),
            [] => Ok(()),
            [only] => write!(f, "; is it {only}?"),
            [rest @ .., last] => write!(f, "; is it {} or {last}?", rest.join(", ")),
        }
    }
}

/// The part of an id after its namespace.
fn tail(id: &str) -> &str {
    id.rsplit("::").next().unwrap_or(id)
}

/// The ids are equal, but for a namespace that one of them lacks.
fn same(known: &str, asked: &str) -> bool {
    known == asked || tail(known) == asked || known == tail(asked)
}

/// First what differs in the namespace only; then what contains it or is contained; then what is nearly
/// spelled so.
fn similar(asked: &str, known: &[&str]) -> Vec<String> {
    let asked = asked.to_lowercase();
    let rank = |id: &str| {
        let (own, other) = (tail(id), tail(&asked));
        let distance = strsim::levenshtein(own, other);
        if same(id, &asked) || own == other {
            Some((0, distance))
        } else if other.len() >= 3 && own.contains(other) || own.len() >= 4 && other.contains(own) {
            Some((1, distance))
        } else {
            (distance <= own.len().min(other.len()) / 3).then_some((2, distance))
        }
    };
    let mut found: Vec<((i32, usize), &str)> = known.iter().filter_map(|id| Some((rank(id)?, *id))).collect();
    found.sort_unstable_by_key(|(rank, id)| (*rank, id.contains("::"), *id));
    // Of the nearly spelled, only the nearest.
    let best = found.first().map_or((0, 0), |(rank, _)| *rank);
    found.retain(|(rank, _)| rank.0 == best.0 && (best.0 < 2 || rank.1 == best.1));
    found.into_iter().take(SHOWN).map(|(_, id)| id.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] =
        &["common::fuse_conv_batchnorm", "default", "fuse_conv_bias", "fuse_conv_bn", "none"];

    #[test]
    fn names_are_found_by_tail_part_and_spelling() {
        for (asked, found) in [
            ("fuse_conv_batchnorm", &["common::fuse_conv_batchnorm"][..]),
            ("common::fuse_conv_bn", &["fuse_conv_bn"]),
            ("conv_bn", &["fuse_conv_bn"]),
            ("fuse_conv", &["fuse_conv_bn", "fuse_conv_bias", "common::fuse_conv_batchnorm"]),
            ("fuse_conv_bm", &["fuse_conv_bn"]),
            ("Default", &["default"]),
            ("defualt", &["default"]),
            ("nosuch", &[]),
        ] {
            assert_eq!(similar(asked, KNOWN), found, "{asked}");
        }
    }

    #[test]
    fn a_pass_that_cannot_be_there_says_why() {
        let registry = Registry::default()
            .with_coremltools(&["torch::lower", "common::later"])
            .with_reasons(&[("torch::lower", "no file holds its ops")]);
        let message = |id: &str| Unknown::new(id, &registry).to_string();
        assert_eq!(
            message("torch::lower"),
            "torch::lower is a pass of coremltools that milopt does not have: no file holds its ops"
        );
        assert_eq!(
            message("common::later"),
            "common::later is a pass of coremltools that milopt does not have"
        );
    }
}
