//! Opsets and targets.

use std::fmt;

use crate::Name;

/// The opset of a function, as a file spells it: `CoreML5` … `CoreML9`, or one that is newer than milopt.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Opset(Name);

/// A release of the Core ML format. Ordered by age.
///
/// Certain facts: `specificationVersion` and opset strings of coremltools 9.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Release {
    /// Specification 4, opset `CoreML3`.
    IOS13,
    /// Specification 5, opset `CoreML4`.
    IOS14,
    /// Specification 6, opset `CoreML5`: the first with ML Programs.
    IOS15,
    /// Specification 7, opset `CoreML6`.
    IOS16,
    /// Specification 8, opset `CoreML7`.
    IOS17,
    /// Specification 9, opset `CoreML8`.
    IOS18,
    /// Specification 10, opset `CoreML9`.
    IOS26,
}

impl Release {
    /// All that this version knows, oldest first.
    pub const ALL: [Release; 7] = [
        Release::IOS13,
        Release::IOS14,
        Release::IOS15,
        Release::IOS16,
        Release::IOS17,
        Release::IOS18,
        Release::IOS26,
    ];

    /// The newest that this version knows.
    pub const NEWEST: Release = Release::IOS26;

    /// `Model.specificationVersion`.
    pub fn specification_version(self) -> i32 {
        self as i32 + 4
    }

    /// The oldest target of this specification version.
    pub fn from_specification_version(version: i32) -> Option<Release> {
        Release::ALL.into_iter().find(|target| target.specification_version() == version)
    }

    /// The opset that came with it.
    pub fn opset(self) -> Opset {
        Opset::new(self.opset_name())
    }

    fn opset_name(self) -> &'static str {
        match self {
            Release::IOS13 => "CoreML3",
            Release::IOS14 => "CoreML4",
            Release::IOS15 => "CoreML5",
            Release::IOS16 => "CoreML6",
            Release::IOS17 => "CoreML7",
            Release::IOS18 => "CoreML8",
            Release::IOS26 => "CoreML9",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Release::IOS13 => "iOS13",
            Release::IOS14 => "iOS14",
            Release::IOS15 => "iOS15",
            Release::IOS16 => "iOS16",
            Release::IOS17 => "iOS17",
            Release::IOS18 => "iOS18",
            Release::IOS26 => "iOS26",
        }
    }

    /// The release of this name, in any case: `iOS17`, or what came with it on another system (`macOS14`,
    /// `tvOS17`, `watchOS10`, `visionOS1`).
    pub fn from_name(name: &str) -> Option<Release> {
        let is = |other: &str| other.eq_ignore_ascii_case(name);
        Release::ALL
            .into_iter()
            .find(|release| is(&release.to_string()) || release.elsewhere().iter().any(|other| is(other)))
    }

    /// What other systems call it, as coremltools lists them.
    fn elsewhere(self) -> &'static [&'static str] {
        match self {
            Release::IOS13 => &["macOS10.15", "tvOS13", "watchOS6"],
            Release::IOS14 => &["macOS10.16", "macOS11", "tvOS14", "watchOS7"],
            Release::IOS15 => &["macOS12", "tvOS15", "watchOS8"],
            Release::IOS16 => &["macOS13", "tvOS16", "watchOS9"],
            Release::IOS17 => &["macOS14", "tvOS17", "watchOS10", "visionOS1"],
            Release::IOS18 => &["macOS15", "tvOS18", "watchOS11", "visionOS2"],
            Release::IOS26 => &["macOS26", "tvOS26", "watchOS26", "visionOS26"],
        }
    }
}

/// The first system release that reads a specification version, for people: `iOS11.2` for 2. Versions below
/// [`Release::IOS13`] have no opset and are only shown.
pub fn release_name(specification_version: i32) -> Option<&'static str> {
    Some(match specification_version {
        1 => "iOS11",
        2 => "iOS11.2",
        3 => "iOS12",
        version => Release::from_specification_version(version)?.name(),
    })
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Opset {
    /// As spelled in a file.
    pub fn new(name: &str) -> Opset {
        Opset(name.into())
    }

    /// As spelled in a file.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The release it came with; `None` for one that this version does not know.
    pub fn release(&self) -> Option<Release> {
        Release::ALL.into_iter().find(|target| target.opset_name() == self.as_str())
    }

    /// The tag in MIL text: `ios17` for `CoreML7`; an unknown opset's own name.
    pub fn tag(&self) -> String {
        self.release().map_or_else(|| self.0.to_string(), |target| target.to_string().to_lowercase())
    }

    /// The inverse of [`Opset::tag`].
    pub fn from_tag(tag: &str) -> Opset {
        Release::from_name(tag).map_or_else(|| Opset::new(tag), Release::opset)
    }
}

impl fmt::Display for Opset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_opsets_and_tags_agree() {
        assert_eq!(Release::IOS18.specification_version(), 9);
        assert_eq!(Release::IOS26.opset().as_str(), "CoreML9");
        assert_eq!(Opset::new("CoreML6").tag(), "ios16");
        for target in Release::ALL {
            assert_eq!(target.opset().release(), Some(target));
            assert_eq!(Opset::from_tag(&target.opset().tag()), target.opset());
        }
        assert_eq!(Opset::from_tag("ios99").as_str(), "ios99");
        assert_eq!(Release::from_name("MACOS15"), Some(Release::IOS18));
        assert_eq!(Release::from_name("macOS9"), None);
        assert_eq!(release_name(2), Some("iOS11.2"));
        assert_eq!(release_name(9), Some("iOS18"));
        assert_eq!(release_name(11), None);
    }
}
