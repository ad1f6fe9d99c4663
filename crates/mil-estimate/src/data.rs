//! What the tables of `data/*.tsv` must keep to.

use crate::legality::untested;
use crate::table::{Row, rows};
use crate::{cost, devices, first_load, fixes, legality, placement, risk, target};

fn faults<T>(
    file: &str,
    text: &'static str,
    parse: impl FnMut(&Row<'_>) -> Result<T, String>,
) -> Vec<String> {
    let rows = rows(text, parse);
    assert!(!rows.is_empty(), "{file} has rows");
    rows.into_iter().filter_map(|(line, row)| Some(format!("{file}:{line}: {}", row.err()?))).collect()
}

#[test]
fn every_row_can_be_read() {
    let mut planner = placement::Planner::default();
    let found = [
        faults("chips.tsv", target::TABLE, target::Chip::from_row),
        faults("support.tsv", cost::SUPPORT, cost::Support::parse),
        faults("rooflines.tsv", cost::ROOFLINES, cost::Roofline::parse),
        faults("leaves.tsv", cost::LEAVES, cost::Leaf::parse),
        faults("rules.tsv", legality::TABLE, legality::Rule::parse),
        faults("untested.tsv", untested::TABLE, untested::Untested::parse),
        faults("planner.tsv", placement::TABLE, |row| planner.parse(row)),
        faults("risks.tsv", risk::TABLE, risk::RiskRule::parse),
        faults("first_load.tsv", first_load::TABLE, first_load::Report::parse),
        faults("fixes.tsv", fixes::TABLE, fixes::Fix::parse),
        faults("devices.tsv", devices::TABLE, devices::DeviceFamily::parse),
    ];
    assert_eq!(found.concat(), Vec::<String>::new());
}

#[test]
fn every_op_has_a_row() {
    for def in mil_ops::all() {
        let listed = def.name != "const" && !def.is(mil_ops::Trait::Constexpr);
        assert_eq!(cost::support(def.name).is_some(), listed, "{}", def.name);
    }
    for row in rows(cost::SUPPORT, cost::Support::parse) {
        let op = row.1.unwrap().op;
        assert!(mil_ops::def(op).is_some(), "support.tsv names {op}");
    }
}

#[test]
fn a_bad_row_is_noted_and_left_out() {
    let text = "# c\na\tb\n1\t2\n3\nx\t4\n";
    let noted = faults("x.tsv", text, |row| row.need::<u32>("a"));
    assert_eq!(noted, ["x.tsv:4: 1 cells, not 2", "x.tsv:5: a: cannot read \"x\""]);
    assert_eq!(crate::table::read(text, |row| row.need::<u32>("a")), [1]);
}
