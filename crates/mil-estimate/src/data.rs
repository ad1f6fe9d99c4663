//! The tables in `data/*.tsv`: tab-separated, `#` begins a comment line, the first other line names the columns.
//!
//! They are parsed once. A row that cannot be read is left out and noted in [`Tables::faults`], which a test holds empty.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::cost::{Leaf, Roofline, Support};
use crate::first_load::Report;
use crate::fixes::Fix;
use crate::legality::Rule;
use crate::placement::Planner;
use crate::risk::RiskRule;
use crate::target::Chip;

/// Everything that the crate knows about chips, systems and ops.
pub(crate) struct Tables {
    pub(crate) chips: Vec<Chip>,
    pub(crate) support: BTreeMap<&'static str, Support>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) risks: Vec<RiskRule>,
    pub(crate) first_loads: Vec<Report>,
    pub(crate) fixes: Vec<Fix>,
    pub(crate) rooflines: Vec<Roofline>,
    pub(crate) leaves: BTreeMap<&'static str, Vec<Leaf>>,
    pub(crate) planner: Planner,
    #[cfg(test)]
    pub(crate) faults: Vec<String>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut faults = Vec::new();
    let support = read("support.tsv", include_str!("../data/support.tsv"), &mut faults, Support::parse);
    let mut leaves: BTreeMap<&'static str, Vec<Leaf>> = BTreeMap::new();
    for leaf in read("leaves.tsv", include_str!("../data/leaves.tsv"), &mut faults, Leaf::parse) {
        for op in &leaf.ops {
            leaves.entry(op).or_default().push(leaf.clone());
        }
    }
    let mut planner = Planner::default();
    read("planner.tsv", include_str!("../data/planner.tsv"), &mut faults, |row| planner.parse(row));
    Tables {
        chips: read("chips.tsv", include_str!("../data/chips.tsv"), &mut faults, Chip::from_row),
        support: support.into_iter().map(|row| (row.op, row)).collect(),
        rules: read("rules.tsv", include_str!("../data/rules.tsv"), &mut faults, Rule::parse),
        risks: read("risks.tsv", include_str!("../data/risks.tsv"), &mut faults, RiskRule::parse),
        first_loads: read(
            "first_load.tsv",
            include_str!("../data/first_load.tsv"),
            &mut faults,
            Report::parse,
        ),
        rooflines: read("rooflines.tsv", include_str!("../data/rooflines.tsv"), &mut faults, Roofline::parse),
        fixes: read("fixes.tsv", include_str!("../data/fixes.tsv"), &mut faults, Fix::parse),
        leaves,
        planner,
        #[cfg(test)]
        faults,
    }
});

/// The tables.
pub(crate) fn tables() -> &'static Tables {
    &TABLES
}

/// One row of a table.
pub(crate) struct Row<'t> {
    columns: &'t [&'static str],
    cells: Vec<&'static str>,
}

impl Row<'_> {
    /// The cell of a column.
    pub(crate) fn text(&self, column: &str) -> Result<&'static str, String> {
        let at = self.columns.iter().position(|name| *name == column);
        at.and_then(|at| self.cells.get(at).copied()).ok_or_else(|| format!("no column {column}"))
    }

    /// The cell of a column, read as a `T`; `None` where it is empty.
    pub(crate) fn get<T: std::str::FromStr>(&self, column: &str) -> Result<Option<T>, String> {
        match self.text(column)? {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| format!("{column}: cannot read {text:?}")),
        }
    }

    /// The cell of a column, which must not be empty.
    pub(crate) fn need<T: std::str::FromStr>(&self, column: &str) -> Result<T, String> {
        self.get(column)?.ok_or_else(|| format!("{column} is empty"))
    }

    /// The cell of a column, split at commas.
    pub(crate) fn list(&self, column: &str) -> Result<Vec<&'static str>, String> {
        Ok(self.text(column)?.split(',').filter(|item| !item.is_empty()).collect())
    }
}

fn read<T>(
    file: &str,
    text: &'static str,
    faults: &mut Vec<String>,
    mut parse: impl FnMut(&Row<'_>) -> Result<T, String>,
) -> Vec<T> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let columns: Vec<&'static str> =
        lines.next().map_or_else(Vec::new, |(_, line)| line.split('\t').collect());
    let mut found = Vec::new();
    for (number, line) in lines {
        let cells: Vec<&'static str> = line.split('\t').collect();
        let width = cells.len();
        let row = Row { columns: &columns, cells };
        match parse(&row) {
            Ok(item) if width == columns.len() => found.push(item),
            Ok(_) => faults.push(format!("{file}:{}: {width} cells, not {}", number + 1, columns.len())),
            Err(fault) => faults.push(format!("{file}:{}: {fault}", number + 1)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_read() {
        assert_eq!(tables().faults, Vec::<String>::new());
        assert!(!tables().chips.is_empty() && !tables().rules.is_empty() && !tables().rooflines.is_empty());
        assert!(!tables().risks.is_empty() && !tables().first_loads.is_empty());
    }

    #[test]
    fn every_op_has_a_row() {
        for def in mil_ops::all() {
            let listed = def.name != "const" && !def.is(mil_ops::Trait::Constexpr);
            assert_eq!(tables().support.contains_key(def.name), listed, "{}", def.name);
        }
        for op in tables().support.keys() {
            assert!(mil_ops::def(op).is_some(), "support.tsv names {op}");
        }
    }

    #[test]
    fn a_bad_row_is_noted_and_left_out() {
        let mut faults = Vec::new();
        let rows = read("x.tsv", "# c\na\tb\n1\t2\n3\nx\t4\n", &mut faults, |row| row.need::<u32>("a"));
        assert_eq!(rows, [1]);
        assert_eq!(faults, ["x.tsv:4: 1 cells, not 2", "x.tsv:5: a: cannot read \"x\""]);
    }
}
