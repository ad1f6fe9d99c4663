//! What a program is estimated for: chip, system, compute units; and what it is placed on.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::data::{Row, tables};

/// What a program is estimated for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The chip.
    pub chip: Chip,
    /// The system's version: macOS for M chips, iOS for A chips.
    pub os: Os,
    /// What the app lets Core ML use.
    pub units: Units,
}

/// A chip and the family that the planner's constants are kept by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chip {
    /// As Apple writes it, without spaces: `M4Pro`.
    pub name: &'static str,
    /// Family of the Neural Engine: `H16G`.
    pub family: &'static str,
    /// Number of the family: 16.
    pub generation: u32,
    /// What it runs.
    pub platform: Platform,
    /// How sure it is that the chip belongs to the family.
    pub confidence: Confidence,
}

/// Which system a chip runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// A Mac.
    MacOs,
    /// An iPhone or an iPad with an A chip.
    Ios,
}

/// Version of a system: `14.5`, `26`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Os {
    /// The number before the first point.
    pub major: u16,
    /// The number after it.
    pub minor: u16,
}

/// `MLComputeUnits`: what an app lets Core ML use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units {
    /// Only the CPU.
    CpuOnly,
    /// CPU and Neural Engine.
    CpuAndNe,
    /// CPU and GPU.
    CpuAndGpu,
    /// Everything.
    All,
}

/// One of the backends that the planner chooses among. The order breaks no ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Backend {
    /// The Neural Engine.
    Ane,
    /// The CPU's newer library.
    Bnns,
    /// The CPU's older library.
    ClassicCpu,
    /// The GPU.
    MpsGraph,
}

/// Where an op runs, as an app sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// The Neural Engine.
    Ane,
    /// The CPU.
    Cpu,
    /// The GPU.
    Gpu,
    /// No device runs it.
    None,
    /// The estimator abstains: the device changes within what is known about the costs.
    Unknown,
}

/// How sure something is, surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Seen in a plan that Core ML made on this family of chips.
    Measured,
    /// Follows from what was seen.
    Derived,
    /// Taken from another family, system or op.
    Assumed,
}

/// Why there is no such target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// A chip that is not in `data/chips.tsv`.
    #[error("unknown chip {0:?}; known: {1}")]
    Chip(String, String),
    /// No version.
    #[error("{0:?} is no version of a system; write for example 14.5 or 26")]
    Os(String),
    /// No compute units.
    #[error("unknown compute units {0:?}; write cpu-only, cpu-and-ne, cpu-and-gpu or all")]
    Units(String),
}

impl Target {
    /// From the words of the command line: `M4`, `27`, `cpu-and-ne`.
    pub fn new(chip: &str, os: &str, units: &str) -> Result<Target, TargetError> {
        Ok(Target { chip: chip.parse()?, os: os.parse()?, units: units.parse()? })
    }

    /// The macOS of the same year: rules name that. iOS was three behind until both became 26.
    pub(crate) fn macos_major(self) -> u16 {
        let os = self.os.major;
        if self.chip.platform == Platform::Ios && os < 26 { os.saturating_sub(3) } else { os }
    }

    /// The app lets Core ML use this backend.
    pub fn allows(self, backend: Backend) -> bool {
        match backend {
            Backend::Ane => matches!(self.units, Units::CpuAndNe | Units::All),
            Backend::MpsGraph => matches!(self.units, Units::CpuAndGpu | Units::All),
            Backend::Bnns | Backend::ClassicCpu => true,
        }
    }
}

impl Chip {
    /// Every chip that this version knows.
    pub fn all() -> &'static [Chip] {
        &tables().chips
    }

    pub(crate) fn from_row(row: &Row<'_>) -> Result<Chip, String> {
        let family = row.text("family")?;
        Ok(Chip {
            name: row.text("chip")?,
            family,
            generation: generation(family).ok_or("family without a number")?,
            platform: match row.text("platform")? {
                "macos" => Platform::MacOs,
                "ios" => Platform::Ios,
                other => return Err(format!("platform {other:?}")),
            },
            confidence: row.need("certainty")?,
        })
    }
}

/// The number in a family's name.
pub(crate) fn generation(family: &str) -> Option<u32> {
    family.strip_prefix('H')?.trim_end_matches('G').parse().ok()
}

impl FromStr for Chip {
    type Err = TargetError;
    fn from_str(text: &str) -> Result<Chip, TargetError> {
        let wanted = text.replace(' ', "");
        let found = Chip::all().iter().find(|chip| chip.name.eq_ignore_ascii_case(&wanted));
        found.copied().ok_or_else(|| {
            let known: Vec<&str> = Chip::all().iter().map(|chip| chip.name).collect();
            TargetError::Chip(text.to_owned(), known.join(", "))
        })
    }
}

impl FromStr for Os {
    type Err = TargetError;
    fn from_str(text: &str) -> Result<Os, TargetError> {
        let fault = || TargetError::Os(text.to_owned());
        let mut parts = text.split('.').map(|part| part.parse::<u16>().map_err(|_| fault()));
        let major = parts.next().ok_or_else(fault)??;
        let minor = parts.next().transpose()?.unwrap_or(0);
        match parts.next().transpose()? {
            Some(_) if parts.next().is_some() => Err(fault()),
            _ => Ok(Os { major, minor }),
        }
    }
}

impl Units {
    /// All of them.
    pub const ALL: [Units; 4] = [Units::CpuOnly, Units::CpuAndNe, Units::CpuAndGpu, Units::All];
}

impl FromStr for Units {
    type Err = TargetError;
    fn from_str(text: &str) -> Result<Units, TargetError> {
        let found = Units::ALL.into_iter().find(|units| units.to_string() == text);
        found.ok_or_else(|| TargetError::Units(text.to_owned()))
    }
}

impl Backend {
    /// All of them, in the order of side tables.
    pub const ALL: [Backend; 4] = [Backend::Ane, Backend::Bnns, Backend::ClassicCpu, Backend::MpsGraph];

    /// The device that it runs on.
    pub fn device(self) -> Device {
        match self {
            Backend::Ane => Device::Ane,
            Backend::Bnns | Backend::ClassicCpu => Device::Cpu,
            Backend::MpsGraph => Device::Gpu,
        }
    }

    /// The planner's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Ane => "ane",
            Backend::Bnns => "bnns",
            Backend::ClassicCpu => "classic_cpu",
            Backend::MpsGraph => "mps_graph",
        }
    }
}

impl FromStr for Backend {
    type Err = String;
    fn from_str(text: &str) -> Result<Backend, String> {
        let found = Backend::ALL.into_iter().find(|backend| backend.name() == text);
        found.ok_or_else(|| format!("unknown backend {text:?}"))
    }
}

impl FromStr for Confidence {
    type Err = String;
    fn from_str(text: &str) -> Result<Confidence, String> {
        match text {
            "measured" => Ok(Confidence::Measured),
            "derived" => Ok(Confidence::Derived),
            "assumed" => Ok(Confidence::Assumed),
            other => Err(format!("unknown certainty {other:?}")),
        }
    }
}

impl fmt::Display for Os {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor {
            0 => write!(f, "{}", self.major),
            minor => write!(f, "{}.{minor}", self.major),
        }
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Units::CpuOnly => "cpu-only",
            Units::CpuAndNe => "cpu-and-ne",
            Units::CpuAndGpu => "cpu-and-gpu",
            Units::All => "all",
        })
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Confidence::Measured => "measured",
            Confidence::Derived => "derived",
            Confidence::Assumed => "assumed",
        })
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Device::Ane => "ane",
            Device::Cpu => "cpu",
            Device::Gpu => "gpu",
            Device::None => "none",
            Device::Unknown => "unknown",
        })
    }
}

impl Serialize for Backend {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_as_people_write_them() {
        let target = Target::new("M4 Pro", "27.0.1", "cpu-and-ne").unwrap();
        assert_eq!((target.chip.name, target.chip.family, target.chip.generation), ("M4Pro", "H16G", 16));
        assert_eq!((target.os.to_string(), target.units.to_string()), ("27".into(), "cpu-and-ne".into()));
        assert_eq!("14.5".parse::<Os>().unwrap().to_string(), "14.5");
        assert!(matches!(Target::new("M99", "27", "all"), Err(TargetError::Chip(..))));
        assert!(matches!(Target::new("M1", "x", "all"), Err(TargetError::Os(_))));
        assert!(matches!(Target::new("M1", "26", "gpu"), Err(TargetError::Units(_))));
    }

    #[test]
    fn ios_counts_as_the_macos_of_its_year() {
        assert_eq!(Target::new("A16", "17", "all").unwrap().macos_major(), 14);
        assert_eq!(Target::new("A16", "26", "all").unwrap().macos_major(), 26);
        assert_eq!(Target::new("M2", "15", "all").unwrap().macos_major(), 15);
    }
}
