//! Devices as a table in Swift, from which an app picks its compute units at run time.

use std::fmt::Write as _;

use crate::devices::DeviceRow;
use crate::show::html::Origin;

/// The rows as a Swift file: a table by hardware identifier and system, and a function that looks up the device
/// it runs on. A device or a system that is not in it, and one of which nothing is known, gets the CPU alone,
/// which runs every model and meets none of the risks.
pub fn devices_swift(origin: &Origin<'_>, rows: &[DeviceRow]) -> String {
    let title: String = origin.title.chars().filter(|letter| !letter.is_control()).collect();
    let mut table = String::new();
    let mut lines: Vec<(&str, u16, &str)> = Vec::new();
    for row in rows {
        let units = if row.units.as_deref() == Some("cpu-and-ne") { "neuralEngine" } else { "cpuOnly" };
        lines.extend(row.identifiers.iter().map(|&identifier| (identifier, row.system_major, units)));
    }
    lines.sort_unstable();
    for same in lines.chunk_by(|a, b| a.0 == b.0) {
        let entries: Vec<String> =
            same.iter().map(|(_, system, units)| format!("({system}, .{units})")).collect();
        let identifier = same.first().map_or("", |line| line.0);
        let _ = writeln!(table, "        \"{identifier}\": [{}],", entries.join(", "));
    }
    format!("// Made by {} of {title}. Do not edit.\n{HEAD}{table}{TAIL}", origin.tool)
}

const HEAD: &str = r#"
import CoreML
import Foundation

/// What Core ML may use for this model on the device at hand, as estimated when the file was made.
enum ModelComputeUnits {
    enum Choice {
        case cpuOnly
        case neuralEngine
    }

    /// For devices and systems that are not in the table: runs every model.
    static let safeDefault = Choice.cpuOnly

    /// By hardware identifier: from which major version of the system on, what to use.
    static let table: [String: [(system: Int, choice: Choice)]] = [
"#;

const TAIL: &str = r#"    ]

    /// The choice for a device and a major version of its system.
    static func choice(identifier: String, system: Int) -> Choice {
        table[identifier]?.last(where: { $0.system <= system })?.choice ?? safeDefault
    }

    /// The compute units for the device at hand.
    static func recommended() -> MLComputeUnits {
        let system = ProcessInfo.processInfo.operatingSystemVersion.majorVersion
        guard choice(identifier: hardwareIdentifier(), system: system) == .neuralEngine else {
            return .cpuOnly
        }
        if #available(iOS 16, macOS 13, tvOS 16, watchOS 9, *) {
            return .cpuAndNeuralEngine
        }
        return .all
    }

    /// `iPhone16,1`, `Mac16,10`.
    static func hardwareIdentifier() -> String {
        if let simulated = ProcessInfo.processInfo.environment["SIMULATOR_MODEL_IDENTIFIER"] {
            return simulated
        }
        #if os(macOS)
        let key = "hw.model"
        #else
        let key = "hw.machine"
        #endif
        var size = 0
        guard sysctlbyname(key, nil, &size, nil, 0) == 0, size > 0 else { return "" }
        var bytes = [CChar](repeating: 0, count: size)
        guard sysctlbyname(key, &bytes, &size, nil, 0) == 0 else { return "" }
        return String(cString: bytes)
    }
}
"#;
