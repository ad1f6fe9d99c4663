//! The cases of some passes as tests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use mil_pass::{PassDef, Registry};

use crate::compare::compare;
use crate::run::{Outcome, parse, print, run};

/// Between a case's program and what the pass leaves of it.
const MARK: &str = "// after\n";

/// Before a reason why a pattern does not match.
const MISS: &str = "// miss: ";

/// Before options of the pass.
const OPTIONS: &str = "// options: ";

/// The cases of some passes.
#[derive(Clone, Debug)]
pub struct Suite {
    root: PathBuf,
    registry: Registry,
    passes: Vec<&'static PassDef>,
}

impl Suite {
    /// No passes yet. `root` is the folder of the crate that declares them, `env!("CARGO_MANIFEST_DIR")`.
    pub fn new(root: impl Into<PathBuf>, registry: Registry) -> Suite {
        Suite { root: root.into(), registry, passes: Vec::new() }
    }

    /// With the cases of one more pass.
    #[must_use]
    pub fn pass(mut self, def: &'static PassDef) -> Suite {
        self.passes.push(def);
        self
    }

    /// Runs the tests that the arguments of the process select, as a test binary does.
    pub fn main(&self) -> ExitCode {
        let bless = std::env::var_os("BLESS").is_some();
        libtest_mimic::run(&Arguments::from_args(), self.trials(bless)).exit_code()
    }

    /// Every pattern's reasons that some case meets, as `pass.pattern: reason`.
    pub fn reasons(&self) -> Result<BTreeSet<String>, String> {
        let mut all = BTreeSet::new();
        for &def in &self.passes {
            for outcome in self.outcomes(def)? {
                all.extend(outcome.misses.iter().map(|miss| format!("{}.{miss}", def.id)));
            }
        }
        Ok(all)
    }

    /// The folder of a pass's source. A path that the compiler saw is relative to the workspace, which holds
    /// the crate.
    pub fn folder(&self, def: &PassDef) -> Option<PathBuf> {
        let source = self.root.ancestors().map(|folder| folder.join(def.file)).find(|file| file.exists())?;
        source.parent().map(Path::to_path_buf)
    }

    fn trials(&self, bless: bool) -> Vec<Trial> {
        let mut trials = Vec::new();
        for &def in &self.passes {
            let mut add = |name: String, test: fn(&Suite, &PassDef) -> Result<(), String>| {
                let suite = self.clone();
                trials.push(Trial::test(name, move || Ok(test(&suite, def)?)));
            };
            add(format!("{}: before becomes after", def.id), Suite::before_becomes_after);
            add(format!("{}: a second run changes nothing", def.id), Suite::a_second_run_changes_nothing);
            add(format!("{}: every pattern has a case", def.id), Suite::every_pattern_has_a_case);
            for file in self.files(def) {
                let (suite, name) = (self.clone(), format!("{}/{}", def.id, stem(&file)));
                trials.push(Trial::test(name, move || Ok(suite.case(def, &file, bless)?)));
            }
        }
        trials
    }

    /// The files of a pass's cases, sorted.
    fn files(&self, def: &PassDef) -> Vec<PathBuf> {
        let folder = self.folder(def).map(|folder| folder.join("cases"));
        let entries =
            folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        files.sort();
        files
    }

    fn before_becomes_after(&self, def: &PassDef) -> Result<(), String> {
        let before = block(def, "# Before")?;
        let outcome = run(def, options(before), before, &self.registry)?;
        check(def, &outcome, block(def, "# After")?)
    }

    fn a_second_run_changes_nothing(&self, def: &PassDef) -> Result<(), String> {
        let before = block(def, "# Before")?;
        let options = options(before);
        let once = print(&run(def, options, before, &self.registry)?.after);
        let twice = print(&run(def, options, &once, &self.registry)?.after);
        if once == twice { Ok(()) } else { Err(format!("the second run leaves\n{twice}\nand not\n{once}")) }
    }

    fn every_pattern_has_a_case(&self, def: &PassDef) -> Result<(), String> {
        let outcomes = self.outcomes(def)?;
        let fires = |name: &str| outcomes.iter().any(|outcome| outcome.report.count(def.id, name) > 0);
        let silent: Vec<&str> = def.patterns.iter().map(|p| p.name).filter(|name| !fires(name)).collect();
        if !silent.is_empty() {
            return Err(format!("no case is matched by {}", silent.join(", ")));
        }
        match outcomes.iter().any(|outcome| outcome.report.changed()) {
            true => Ok(()),
            false => Err("no case is changed".into()),
        }
    }

    /// What the pass makes of each file.
    fn outcomes(&self, def: &PassDef) -> Result<Vec<Outcome>, String> {
        let outcome = |file: PathBuf| {
            let case = Case::read(&file)?;
            run(def, &case.options, &case.before, &self.registry)
                .map_err(|error| format!("{}: {error}", file.display()))
        };
        self.files(def).into_iter().map(outcome).collect()
    }

    /// One file: the pass leaves what stands in it; or, to bless, writes that.
    fn case(&self, def: &PassDef, file: &Path, bless: bool) -> Result<(), String> {
        let mut case = Case::read(file)?;
        let outcome = run(def, &case.options, &case.before, &self.registry)?;
        let refuses = stem(file).contains("refuses_");
        let misses: Vec<String> = outcome.misses.iter().filter(|_| refuses).cloned().collect();
        if bless {
            (case.after, case.misses) = (print(&outcome.after), misses);
            return case.write(file);
        }
        check(def, &outcome, &case.after)?;
        if refuses != (print(&outcome.before) == print(&outcome.after)) {
            let promise = if refuses { "nothing" } else { "something" };
            return Err(format!("by its name, the pass changes {promise}"));
        }
        if misses != case.misses {
            return Err(format!("it misses for\n{}\nand not\n{}", misses.join("\n"), case.misses.join("\n")));
        }
        Ok(())
    }
}

/// What a file of a case says.
struct Case {
    /// The program, comments included but for the reasons.
    before: String,
    options: String,
    misses: Vec<String>,
    after: String,
}

impl Case {
    fn read(file: &Path) -> Result<Case, String> {
        let content =
            std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let (before, after) = content.split_once(MARK).unwrap_or((&content, ""));
        let (misses, rest): (Vec<&str>, Vec<&str>) = before.lines().partition(|line| line.starts_with(MISS));
        let options = options(before).to_owned();
        let misses = misses.iter().map(|line| line[MISS.len()..].to_owned()).collect();
        let before = rest.iter().map(|line| format!("{line}\n")).collect();
        Ok(Case { before, options, misses, after: after.to_owned() })
    }

    /// Reasons stand behind the comments at the head.
    fn write(&self, file: &Path) -> Result<(), String> {
        let head: usize =
            self.before.split_inclusive('\n').take_while(|l| l.starts_with("//")).map(str::len).sum();
        let misses: String = self.misses.iter().map(|miss| format!("{MISS}{miss}\n")).collect();
        let (head, program) = self.before.split_at(head);
        std::fs::write(file, format!("{head}{misses}{program}{MARK}{}", self.after))
            .map_err(|error| format!("{}: {error}", file.display()))
    }
}

/// The options that a comment of a program sets; empty where there is none.
fn options(program: &str) -> &str {
    program.lines().find_map(|line| line.trim_start().strip_prefix(OPTIONS)).unwrap_or("")
}

/// The pass has left `wanted`, which computes the same as what there was.
fn check(def: &PassDef, outcome: &Outcome, wanted: &str) -> Result<(), String> {
    let (got, wanted) = (print(&outcome.after), print(&parse(wanted)?));
    if got != wanted {
        return Err(format!("the pass leaves\n{got}\nand not\n{wanted}"));
    }
    if got == print(&outcome.before) { Ok(()) } else { compare(def, &outcome.before, &outcome.after) }
}

/// The fenced block after a heading of the documentation.
fn block<'a>(def: &'a PassDef, heading: &str) -> Result<&'a str, String> {
    let missing = || format!("its documentation has no `mil` block after `{heading}`");
    let rest = &def.doc[def.doc.find(heading).ok_or_else(missing)?..];
    let start = rest.find("```mil\n").ok_or_else(missing)? + "```mil\n".len();
    let text = rest[start..].split("```").next().unwrap_or("");
    if text.trim().is_empty() { Err(format!("the block after `{heading}` is empty")) } else { Ok(text) }
}

/// The name of a case: that of its file.
fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
