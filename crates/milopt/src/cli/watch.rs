//! Instruments of `run`: printing the program, misses, progress, and a reproducer.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mil_ir::{Graph, OpId, Program, text};
use mil_pass::{Instrument, PassDef, PassEvent, PassReport, RunError};

use super::chain;

/// Which passes a print flag is about.
#[derive(Clone, Debug)]
pub(super) enum Selection {
    /// All.
    All,
    /// Those with these ids.
    Ids(Vec<String>),
}

impl Selection {
    /// From `all` or a list of ids.
    pub(super) fn parse(text: &str) -> Selection {
        if text == "all" {
            Selection::All
        } else {
            Selection::Ids(text.split(',').map(str::to_owned).collect())
        }
    }

    fn has(&self, event: &PassEvent<'_>) -> bool {
        match self {
            Selection::All => true,
            Selection::Ids(ids) => ids.iter().any(|id| event.def.has_id(id)),
        }
    }
}

/// Prints the program to standard error before or after passes, whole or as what changed.
pub(super) struct Printer {
    pub(super) before: Option<Selection>,
    pub(super) after: Option<Selection>,
    pub(super) changes: bool,
    pub(super) last: String,
}

#[allow(clippy::print_stderr, reason = "what the flags ask for")]
impl Instrument for Printer {
    fn before_pass(&mut self, event: &PassEvent<'_>, program: &Program) {
        if self.before.as_ref().is_some_and(|selection| selection.has(event)) {
            eprintln!("// before {}\n{}", event.id, text::print(program, &text::PrintOptions::default()));
        }
        if self.changes && self.last.is_empty() {
            self.last = text::print(program, &text::PrintOptions::default());
        }
    }

    fn after_pass(
        &mut self,
        event: &PassEvent<'_>,
        program: &Program,
        report: &PassReport,
    ) -> Result<(), String> {
        if self.after.as_ref().is_some_and(|selection| selection.has(event)) {
            eprintln!("// after {}\n{}", event.id, text::print(program, &text::PrintOptions::default()));
        }
        if self.changes && report.changed {
            let now = text::print(program, &text::PrintOptions::default());
            eprintln!("// changed by {}\n{}", event.id, crate::diff::lines(&self.last, &now));
            self.last = now;
        }
        Ok(())
    }
}

/// Counts and prints why a pass left places alone.
pub(super) struct Why {
    pub(super) id: String,
    pub(super) counts: BTreeMap<(&'static str, String), usize>,
}

#[allow(clippy::print_stderr, reason = "what the flag asks for")]
impl Instrument for Why {
    fn wants_misses(&self) -> bool {
        true
    }

    fn missed(
        &mut self,
        pass: &'static PassDef,
        pattern: &'static str,
        graph: &Graph,
        op: OpId,
        reason: &str,
    ) {
        if !pass.has_id(&self.id) {
            return;
        }
        *self.counts.entry((pattern, reason.to_owned())).or_default() += 1;
        let origins = match &graph.origins(op)[..] {
            [] => String::new(),
            [only] if only == graph.label(op) => String::new(),
            names => format!(" (was {})", names.join(", ")),
        };
        eprintln!("{}.{pattern}: {} {}{origins}: {reason}", pass.id, graph.op(op).kind(), graph.label(op));
    }

    fn after_pass(&mut self, event: &PassEvent<'_>, _: &Program, report: &PassReport) -> Result<(), String> {
        if !event.def.has_id(&self.id) {
            return Ok(());
        }
        let counts = std::mem::take(&mut self.counts);
        let is_pattern = |name: &str| event.def.patterns.iter().any(|pattern| pattern.name == name);
        let counted = report.statistics.iter().filter(|(name, _)| is_pattern(name));
        let matches: u64 = counted.map(|(_, count)| count).sum();
        let left: usize = counts.values().sum();
        for ((pattern, reason), count) in counts {
            eprintln!("{count:>7} x {}.{pattern}: {reason}", event.def.id);
        }
        let matches = format!("{matches} {}", if matches == 1 { "match" } else { "matches" });
        match (event.def.patterns.is_empty(), left) {
            (true, 0) => eprintln!("{}: not a set of patterns: it gives no reasons", event.def.id),
            (false, 0) => eprintln!("{}: {matches}, nothing left alone", event.def.id),
            (true, _) => {}
            (false, 1) => eprintln!("{}: {matches}, 1 place left alone", event.def.id),
            (false, left) => eprintln!("{}: {matches}, {left} places left alone", event.def.id),
        }
        Ok(())
    }
}

/// Tells which pass runs, once the run takes more than a second and somebody watches.
pub(super) struct Progress {
    start: Instant,
    total: usize,
    bar: Option<indicatif::ProgressBar>,
}

impl Progress {
    /// For a pipeline of so many passes.
    pub(super) fn new(total: usize) -> Progress {
        Progress { start: Instant::now(), total, bar: None }
    }
}

impl Instrument for Progress {
    fn before_pass(&mut self, event: &PassEvent<'_>, _: &Program) {
        if self.bar.is_none() && self.start.elapsed() > Duration::from_secs(1) {
            // Draws to standard error, and only to a terminal.
            self.bar = Some(indicatif::ProgressBar::new(self.total as u64));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(event.index as u64);
            bar.set_message(event.id.to_owned());
            bar.set_style(
                indicatif::ProgressStyle::with_template("{pos:>4}/{len} {wide_bar} {msg}")
                    .unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()),
            );
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Writes the program before a failing pass and the rest of the pipeline into one text file.
pub(super) struct Reproducer {
    pub(super) folder: PathBuf,
}

#[allow(clippy::print_stderr, reason = "where the file is")]
impl Instrument for Reproducer {
    fn pass_failed(&mut self, event: &PassEvent<'_>, program: &Program, error: &RunError) {
        let path = self.folder.join(format!("{}-{}.mil", event.index, event.def.id));
        let head: String = chain(error).lines().map(|line| format!("// {line}\n")).collect();
        let body = text::print(program, &text::PrintOptions::default());
        let content =
            format!("// RUN: milopt run {} -o OUT --pipeline '{}'\n{head}{body}", path.display(), event.rest);
        let written = std::fs::create_dir_all(&self.folder).and_then(|()| std::fs::write(&path, content));
        match written {
            Ok(()) => eprintln!("milopt: the program before {} is in {}", event.id, path.display()),
            Err(error) => eprintln!("milopt: cannot write {}: {error}", path.display()),
        }
    }
}
