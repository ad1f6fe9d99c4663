//! What a program is estimated for: chip, system, compute units; and what it is placed on.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Serialize, Serializer};

use crate::table::{self, Row};

/// The newest system that the tables speak of.
const NEWEST: u16 = 27;

/// The chips, with their families and first systems.
pub(crate) const TABLE: &str = include_str!("../data/chips.tsv");

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
    /// Major version of the first system that runs on it.
    pub first_os: u16,
    /// How sure it is that the chip belongs to the family.
    pub confidence: Confidence,
}

/// Which system a chip runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Platform {
    /// A Mac. An iPad with an M chip is [`Platform::Ios`].
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
    /// Not a version.
    #[error("{0:?} is not a version of a system; write for example 14.5, 26, macOS15 or iOS18")]
    Os(String),
    /// A system that never ran on the chip.
    #[error("{chip} does not run {system}: its first system is {platform} {first}")]
    TooOld {
        /// The chip.
        chip: &'static str,
        /// What was asked for.
        system: String,
        /// What the chip runs.
        platform: Platform,
        /// The major version of its first system.
        first: u16,
    },
    /// The version numbers that were left out when macOS and iOS both became 26.
    #[error("there is no {0}: after {1} comes 26")]
    NoSuchSystem(String, String),
    /// A Mac's system on a chip of phones.
    #[error("{0} runs iOS, not macOS")]
    Platform(&'static str),
    /// Unknown compute units.
    #[error(
        "unknown compute units {0:?}; write cpu-only, cpu-and-ne, cpu-and-gpu or all \
             (CPU_AND_NE and cpuAndNeuralEngine are read, too)"
    )]
    Units(String),
}

impl Target {
    /// From the words of the command line: `M4`, `27`, `cpu-and-ne`. A system may be named (`macOS15`, `iOS
    /// 18.2`): an M chip under iOS is an iPad's. Systems that the chip cannot run are refused; newer ones
    /// than are known are not, see
    /// [`Target::warning`].
    pub fn new(chip: &str, os: &str, units: &str) -> Result<Target, TargetError> {
        let (platform, version) = split_system(os);
        let mut target = Target { chip: chip.parse()?, os: version.parse()?, units: units.parse()? };
        let chip = &mut target.chip;
        let ipad = platform == Some(Platform::Ios) && chip.platform == Platform::MacOs;
        match platform {
            Some(Platform::MacOs) if chip.platform == Platform::Ios => {
                return Err(TargetError::Platform(chip.name));
            }
            Some(platform) => chip.platform = platform,
            None => {}
        }
        let system = || format!("{} {}", target.chip.platform, target.os);
        let last = if target.chip.platform == Platform::Ios { 18 } else { 15 };
        if (last + 1..26).contains(&target.os.major) {
            return Err(TargetError::NoSuchSystem(system(), format!("{} {last}", target.chip.platform)));
        }
        // When iPads got a chip is not in the table.
        if !ipad && target.os.major < target.chip.first_os {
            let Chip { name, platform, first_os, .. } = target.chip;
            return Err(TargetError::TooOld { chip: name, system: system(), platform, first: first_os });
        }
        Ok(target)
    }

    /// What is to be said about the target before anything else: the system is newer than any that is known.
    pub fn warning(self) -> Option<String> {
        (self.os.major > NEWEST)
            .then(|| format!("{} {} is not known; estimated as {NEWEST}", self.chip.platform, self.os))
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

/// `macOS15` is a platform and a version.
fn split_system(text: &str) -> (Option<Platform>, &str) {
    let text = text.trim();
    for (name, platform) in [("macos", Platform::MacOs), ("ipados", Platform::Ios), ("ios", Platform::Ios)] {
        if text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)) {
            return (Some(platform), text[name.len()..].trim());
        }
    }
    (None, text)
}

impl Chip {
    /// Every chip that this version knows.
    pub fn all() -> &'static [Chip] {
        static CHIPS: LazyLock<Vec<Chip>> = LazyLock::new(|| table::read(TABLE, Chip::from_row));
        &CHIPS
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
            first_os: row.need("first")?,
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
        // As we write them, as coremltools does (`ct.ComputeUnit.CPU_AND_NE`), as Swift
        // (`.cpuAndNeuralEngine`) and Objective-C do (`MLComputeUnitsCPUAndNeuralEngine`).
        let last = text.rsplit('.').next().unwrap_or(text);
        let word: String =
            last.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        match word.strip_prefix("mlcomputeunits").unwrap_or(&word) {
            "cpuonly" => Ok(Units::CpuOnly),
            "cpuandne" | "cpuandneuralengine" => Ok(Units::CpuAndNe),
            "cpuandgpu" => Ok(Units::CpuAndGpu),
            "all" => Ok(Units::All),
            _ => Err(TargetError::Units(text.to_owned())),
        }
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

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Platform::MacOs => "macOS",
            Platform::Ios => "iOS",
        })
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
        for words in ["CPU_AND_NE", "ct.ComputeUnit.CPU_AND_NE", "cpuAndNeuralEngine", ".cpuAndNeuralEngine"]
        {
            assert_eq!(Target::new("M1", "26", words).unwrap().units, Units::CpuAndNe, "{words}");
        }
        assert_eq!("MLComputeUnitsCPUAndGPU".parse::<Units>().unwrap(), Units::CpuAndGpu);
    }

    #[test]
    fn systems_may_be_named_and_must_run_on_the_chip() {
        for words in ["macOS15", "macOS 15.0", "15"] {
            let target = Target::new("M4", words, "all").unwrap();
            assert_eq!((target.os.to_string(), target.chip.platform), ("15".into(), Platform::MacOs));
        }
        // An iPad.
        assert_eq!(Target::new("M4", "iOS 18", "all").unwrap().macos_major(), 15);
        assert_eq!(Target::new("A17Pro", "ios18.2", "all").unwrap().os.to_string(), "18.2");
        let told = |chip: &str, os: &str| Target::new(chip, os, "all").unwrap_err().to_string();
        assert_eq!(told("M4", "12"), "M4 does not run macOS 12: its first system is macOS 15");
        assert_eq!(told("A16", "15"), "A16 does not run iOS 15: its first system is iOS 16");
        assert_eq!(told("M4", "20"), "there is no macOS 20: after macOS 15 comes 26");
        assert_eq!(told("A17Pro", "macOS15"), "A17Pro runs iOS, not macOS");
        assert_eq!(Target::new("M4", "27", "all").unwrap().warning(), None);
        let newer = Target::new("M4", "99", "all").unwrap().warning();
        assert_eq!(newer.unwrap(), "macOS 99 is not known; estimated as 27");
    }

    #[test]
    fn ios_counts_as_the_macos_of_its_year() {
        assert_eq!(Target::new("A16", "17", "all").unwrap().macos_major(), 14);
        assert_eq!(Target::new("A16", "26", "all").unwrap().macos_major(), 26);
        assert_eq!(Target::new("M2", "15", "all").unwrap().macos_major(), 15);
    }
}
