//! Differences as people read them: in short, by type of op, and one by one.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use crate::diff::weights::decibels;
use crate::diff::{Difference, GraphDifference, OpName, WeightChange};
use crate::words;

/// In short: what an app sees, then counts.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return writeln!(f, "no difference");
        }
        writeln!(
            f,
            "{}, {} of weights",
            words::count_change(self.ops.before, self.ops.after, "op"),
            words::bytes_change(self.weight_bytes.before, self.weight_bytes.after)
        )?;
        for (title, entries) in
            [("interface", &self.interface), ("metadata", &self.metadata), ("program", &self.program)]
        {
            for entry in entries {
                writeln!(f, "{title}: {entry}")?;
            }
        }
        if self.interface.is_empty() {
            writeln!(f, "interface: the same")?;
        }
        self.graphs.iter().try_for_each(|graph| graph.fmt(f))
    }
}

impl Difference {
    /// Types of ops of which there are more or fewer, as a table.
    pub fn table(&self) -> String {
        let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (kind, change) in self.graphs.iter().flat_map(|graph| &graph.kinds) {
            let (before, after) = kinds.entry(kind).or_default();
            *before += change.before;
            *after += change.after;
        }
        let mut text = format!("{:<36} {:>8} {:>8}\n", "op", "first", "second");
        for (kind, (before, after)) in kinds {
            text.push_str(&format!("{kind:<36} {before:>8} {after:>8}\n"));
        }
        text.push_str(&format!("{:<36} {:>8} {:>8}\n", "in all", self.ops.before, self.ops.after));
        text
    }

    /// Every op and weight that differs.
    pub fn details(&self) -> String {
        let mut text = String::new();
        for graph in &self.graphs {
            // A String takes everything.
            let _ = graph.list(&mut text);
        }
        text
    }
}

/// `13 cast, 7 shape`: the most frequent first.
fn by_kind<'a>(ops: impl IntoIterator<Item = &'a OpName>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    ops.into_iter().for_each(|op| *counts.entry(&op.kind).or_default() += 1);
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by_key(|&(kind, count)| (std::cmp::Reverse(count), kind));
    rows.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for GraphDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}: {}", self.place, words::count_change(self.ops.before, self.ops.after, "op"))?;
        for (title, ops) in [("only in the first", &self.removed), ("only in the second", &self.added)] {
            if !ops.is_empty() {
                writeln!(f, "  {title}: {}", by_kind(ops))?;
            }
        }
        let mut casts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        self.retyped.iter().for_each(|op| *casts.entry((&op.from, &op.to)).or_default() += 1);
        for ((from, to), count) in casts {
            let (ops, verb) = (words::count(count, "op"), if count == 1 { "is" } else { "are" });
            writeln!(f, "  {ops} {verb} the same, now {to} (was {from})")?;
        }
        if !self.changed.is_empty() {
            writeln!(f, "  changed: {}", by_kind(self.changed.iter().map(|change| &change.op)))?;
        }
        self.weights_in_short(f)?;
        let (removed, added) = (self.constants_removed.len(), self.constants_added.len());
        if removed + added > 0 {
            writeln!(f, "  const ops: {removed} only in the first, {added} only in the second")?;
        }
        if self.respelled > 0 {
            let arguments = words::count(self.respelled, "argument");
            writeln!(f, "  {arguments}: the same constant from another place, or through other casts")?;
        }
        for (count, word) in [(self.moved, "op"), (self.constants_moved, "const op")] {
            if count > 0 {
                writeln!(f, "  {} in another order", words::count(count, word))?;
            }
        }
        Ok(())
    }
}

impl GraphDifference {
    fn weights_in_short(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(worst) = self.weights.iter().max_by(|a, b| error(a).total_cmp(&error(b))) else {
            return Ok(());
        };
        let bytes = |pick: fn(&WeightChange) -> u64| self.weights.iter().map(pick).sum();
        let bytes =
            words::bytes_change(bytes(|change| change.bytes.before), bytes(|change| change.bytes.after));
        write!(f, "  {} differ ({bytes})", words::count(self.weights.len(), "weight"))?;
        if let Some(error) = worst.max_error {
            write!(f, ", by {error:.3e} at most ({})", worst.name)?;
        }
        // Each weight alone would say little: the tiniest have the largest relative errors.
        let sum = |pick: fn(&WeightChange) -> f64| self.weights.iter().map(pick).sum();
        if let Some(db) = decibels(sum(|change| change.energies.0), sum(|change| change.energies.1)) {
            write!(f, ", {db:.1} dB in all")?;
        }
        writeln!(f)
    }

    fn list(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "\n{}, one by one:", self.place)?;
        for (mark, ops) in [('-', &self.removed), ('+', &self.added)] {
            for op in ops {
                writeln!(out, "  {mark} {} {}", op.kind, op.name)?;
            }
        }
        for (mark, names) in [('-', &self.constants_removed), ('+', &self.constants_added)] {
            for name in names {
                writeln!(out, "  {mark} const {name}")?;
            }
        }
        for change in &self.changed {
            writeln!(out, "  ~ {} {}: {}", change.op.kind, change.op.name, change.what.join(", "))?;
        }
        for change in &self.retyped {
            writeln!(out, "  ~ {} {}: now {}", change.op.kind, change.op.name, change.to)?;
        }
        for change in &self.weights {
            write!(out, "  ~ weight {}", change.name)?;
            if change.from != change.to {
                write!(out, ": {} became {}", change.from, change.to)?;
            }
            if let Some(error) = change.max_error {
                write!(out, ", largest error {error:.3e}")?;
            }
            if let Some(db) = change.snr_db {
                write!(out, ", {db:.1} dB")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// What cannot be compared comes last.
fn error(change: &WeightChange) -> f64 {
    change.max_error.unwrap_or(-1.0)
}
