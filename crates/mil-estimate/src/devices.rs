//! One answer per device: what an app that ships to a whole lineup should let Core ML use on each, and why.
//!
//! Devices, their hardware identifiers and chips are data (`data/devices.tsv`). A row abstains where the
//! estimator does: no plan is known of the chip and its system, or most of the function is undecided there.

use std::collections::HashMap;
use std::sync::LazyLock;

use mil_ir::{Program, Release};
use serde::Serialize;

use crate::advice::advice;
use crate::estimate::{Estimate, estimate};
use crate::rewrites::{Rewrites, Totals};
use crate::table::{self, Row};
use crate::target::{Chip, Confidence, Os, Platform, Target, Units};
use crate::words::plural;

pub(crate) const TABLE: &str = include_str!("../data/devices.tsv");

/// Devices with one chip that came with one system.
#[derive(Clone, Debug)]
pub struct DeviceFamily {
    /// `iPhone`, `iPad`, `Mac`, `Vision` or `Watch`.
    pub kind: &'static str,
    /// Their names.
    pub devices: &'static str,
    /// Hardware identifiers: `iPhone16,1`.
    pub identifiers: Vec<&'static str>,
    /// The chip; `None` where the estimator knows nothing of it under this system.
    pub chip: Option<Chip>,
    /// Major version of the system that they came with.
    first: u16,
    /// Major version of the last system known to run on them.
    last: u16,
    /// Who says so.
    pub source: &'static str,
}

impl DeviceFamily {
    /// Every family, by kind, oldest first.
    pub fn all() -> &'static [DeviceFamily] {
        static ROWS: LazyLock<Vec<DeviceFamily>> = LazyLock::new(|| table::read(TABLE, DeviceFamily::parse));
        &ROWS
    }

    pub(crate) fn parse(row: &Row<'_>) -> Result<DeviceFamily, String> {
        row.need::<Confidence>("certainty")?;
        let chip: Option<Chip> = match row.text("chip")? {
            "" => None,
            name => Some(name.parse().map_err(|error: crate::TargetError| error.to_string())?),
        };
        let platform = match row.text("kind")? {
            "Mac" => Platform::MacOs,
            _ => Platform::Ios,
        };
        Ok(DeviceFamily {
            kind: row.text("kind")?,
            devices: row.text("devices")?,
            identifiers: row.text("identifiers")?.split(' ').collect(),
            chip: chip.map(|chip| Chip { platform, ..chip }),
            first: row.need("first")?,
            last: row.need("last")?,
            source: row.text("source")?,
        })
    }

    /// Name of the system that they run.
    fn system(&self) -> &'static str {
        match self.kind {
            "Mac" => "macOS",
            "iPad" => "iPadOS",
            "Vision" => "visionOS",
            "Watch" => "watchOS",
            _ => "iOS",
        }
    }

    /// The oldest system that runs both the devices and a model for this release, and the newest; one where
    /// they are the same.
    fn systems(&self, release: Release) -> Vec<u16> {
        // The systems of the years from 2021 on: their numbers differ up to 2025.
        let year = match release {
            release if release <= Release::IOS15 => 0,
            Release::IOS16 => 1,
            Release::IOS17 => 2,
            Release::IOS18 => 3,
            _ => 4,
        };
        let systems: [u16; 5] = match self.kind {
            "Mac" => [12, 13, 14, 15, 26],
            "Vision" => [1, 1, 1, 2, 26],
            "Watch" => [8, 9, 10, 11, 26],
            _ => [15, 16, 17, 18, 26],
        };
        let needed = systems[year];
        let mut systems = vec![self.first.max(needed), self.last];
        systems.retain(|&system| system <= self.last);
        systems.dedup();
        systems
    }
}

/// A family of devices under one system.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeviceRow {
    /// `iPhone`, `iPad`, `Mac`, `Vision` or `Watch`.
    pub kind: &'static str,
    /// Names of the devices.
    pub devices: &'static str,
    /// Hardware identifiers.
    pub identifiers: Vec<&'static str>,
    /// The chip, as Apple writes it, without spaces.
    pub chip: Option<&'static str>,
    /// The system: `iOS 18`.
    pub system: String,
    /// Its major version.
    pub system_major: u16,
    /// What the app should let Core ML use: `cpu-only` or `cpu-and-ne`; `None` where nobody can say.
    pub units: Option<String>,
    /// Why.
    pub why: String,
    /// The estimate; `None` where there is none.
    pub estimate: Option<DeviceEstimate>,
    /// What was seen to go wrong with such models there.
    pub risks: Vec<DeviceRisk>,
    /// What would help most.
    pub help: Option<String>,
    /// Who knows the identifiers and the chip.
    pub source: &'static str,
}

/// What is estimated for a device, CPU and Neural Engine allowed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeviceEstimate {
    /// Ops that some device runs.
    pub ops: usize,
    /// Their share that is on the Neural Engine.
    pub ane_share: f64,
    /// Runs of one device.
    pub segments: usize,
    /// The least and the most that the planner may believe it to cost.
    pub cost_interval_ms: [f64; 2],
    /// Ops on which the estimator abstains.
    pub unknown_ops: usize,
    /// What the Neural Engine's compiler gets on the first load: segments.
    pub first_load_segments: usize,
    /// And bytes of weights.
    pub first_load_weight_bytes: u64,
    /// Seconds, as public reports of such sizes range.
    pub first_load_reported_s: Option<[f64; 2]>,
    /// How sure it is that the chip is as the family whose plans are known.
    pub certainty: Confidence,
}

/// A risk, without the ops that cause it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeviceRisk {
    /// Short name.
    pub code: &'static str,
    /// What was found.
    pub message: String,
    /// What then happens.
    pub consequence: &'static str,
    /// How sure that is.
    pub certainty: Confidence,
}

/// With a larger share of undecided ops, nothing is said of a device.
const UNDECIDED: f64 = 0.25;

/// Every family of devices that runs a model of these programs, under the oldest and the newest system that do.
pub fn devices(programs: &[&Program]) -> Vec<DeviceRow> {
    let releases = programs.iter().map(|program| program.interface.release());
    let release = releases.map(|release| release.unwrap_or(Release::IOS26)).max().unwrap_or(Release::IOS15);
    let mut known: HashMap<(&str, Platform, u16), Vec<Estimate>> = HashMap::new();
    let mut rows = Vec::new();
    for family in DeviceFamily::all() {
        for system in family.systems(release) {
            let Some(chip) = family.chip else {
                rows.push(abstained(family, system, "no plan of its chip under its system is public"));
                continue;
            };
            let estimates = known.entry((chip.name, chip.platform, system)).or_insert_with(|| {
                let target = Target { chip, os: Os { major: system, minor: 0 }, units: Units::CpuAndNe };
                programs.iter().map(|program| estimate(program, &target)).collect()
            });
            rows.push(row(family, chip, system, estimates));
        }
    }
    rows
}

fn abstained(family: &DeviceFamily, system: u16, why: &str) -> DeviceRow {
    DeviceRow {
        kind: family.kind,
        devices: family.devices,
        identifiers: family.identifiers.clone(),
        chip: family.chip.map(|chip| chip.name),
        system: format!("{} {system}", family.system()),
        system_major: system,
        units: None,
        why: format!("{why}: a plan from such a device (`milopt score`) would settle it"),
        estimate: None,
        risks: Vec::new(),
        help: None,
        source: family.source,
    }
}

fn row(family: &DeviceFamily, chip: Chip, system: u16, estimates: &[Estimate]) -> DeviceRow {
    let totals = Totals::of(estimates);
    let functions = || estimates.iter().flat_map(|estimate| estimate.functions.values());
    let bound = |at: usize| functions().map(|function| function.summary.cost_interval_ms[at]).sum();
    let reported =
        |at: usize| functions().filter_map(|f| f.first_load.reported_s).map(move |range| range[at]);
    let has_reports = functions().any(|function| function.first_load.reported_s.is_some());
    let mut risks: Vec<DeviceRisk> = Vec::new();
    for risk in functions().flat_map(|function| &function.risks) {
        if !risks.iter().any(|known| known.code == risk.code) {
            risks.push(DeviceRisk {
                code: risk.code,
                message: risk.message.clone(),
                consequence: risk.consequence,
                certainty: risk.certainty,
            });
        }
    }
    let mut found = abstained(family, system, "");
    found.estimate = Some(DeviceEstimate {
        ops: totals.ops,
        ane_share: if totals.ops > 0 { totals.ane_ops as f64 / totals.ops as f64 } else { 0.0 },
        segments: totals.segments,
        cost_interval_ms: [bound(0), bound(1)],
        unknown_ops: totals.unknown_ops,
        first_load_segments: functions().map(|function| function.first_load.ane_segments).sum(),
        first_load_weight_bytes: functions().map(|function| function.first_load.ane_weight_bytes).sum(),
        first_load_reported_s: has_reports.then(|| [reported(0).sum(), reported(1).sum()]),
        certainty: chip.confidence,
    });
    let worst = functions().max_by(|a, b| a.summary.cost_ms.total_cmp(&b.summary.cost_ms));
    found.help =
        worst.and_then(|function| advice(function, &Rewrites::Untried).into_iter().next()).map(|it| it.text);
    let fp32 = functions().all(|function| function.summary.needs_fp16_cast);
    (found.units, found.why) = verdict(&totals, &risks, fp32);
    found.risks = risks;
    found
}

/// What to allow, and why.
fn verdict(totals: &Totals, risks: &[DeviceRisk], fp32: bool) -> (Option<String>, String) {
    let cpu = |why: String| (Some(Units::CpuOnly.to_string()), why);
    if totals.ops == 0 {
        return (None, "there are no ops to place".to_owned());
    }
    if fp32 {
        return cpu("it computes in fp32, which the Neural Engine does not".to_owned());
    }
    if totals.unknown_ops as f64 > UNDECIDED * totals.ops as f64 {
        let undecided = plural(totals.unknown_ops, "op");
        let why = format!(
            "{undecided} of {} are undecided: a plan from such a device (`milopt score`) would settle it",
            totals.ops
        );
        return (None, why);
    }
    if let Some(risk) = risks.iter().find(|risk| risk.certainty != Confidence::Assumed) {
        return cpu(format!("{}; {}", risk.message, risk.consequence));
    }
    match totals.ane_ops {
        0 => cpu("the planner would put nothing on the Neural Engine".to_owned()),
        some => (
            Some(Units::CpuAndNe.to_string()),
            format!("{} of {} are on the Neural Engine", plural(some, "op"), totals.ops),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_identifier_stands_once_and_each_row_can_be_read() {
        let faults = table::rows(TABLE, DeviceFamily::parse);
        let faults: Vec<String> = faults.into_iter().filter_map(|(_, row)| row.err()).collect();
        assert_eq!(faults, Vec::<String>::new());
        let all = DeviceFamily::all().iter().flat_map(|family| &family.identifiers);
        let mut seen = BTreeSet::new();
        for identifier in all {
            assert!(seen.insert(identifier), "{identifier} stands twice");
        }
        for kind in ["iPhone", "iPad", "Mac", "Vision", "Watch"] {
            assert!(DeviceFamily::all().iter().any(|family| family.kind == kind), "{kind}");
        }
    }

    #[test]
    fn systems_are_those_that_run_device_and_model() {
        let family = |identifier: &str| {
            let mut all = DeviceFamily::all().iter();
            all.find(|family| family.identifiers.contains(&identifier)).unwrap()
        };
        assert_eq!(family("iPhone12,1").systems(Release::IOS17), [17, 26]);
        assert_eq!(family("iPhone18,3").systems(Release::IOS15), [26]);
        assert_eq!(family("Macmini9,1").systems(Release::IOS18), [15, 26]);
        assert_eq!(family("RealityDevice14,1").systems(Release::IOS17), [1, 26]);
    }
}
