//! A plan that Core ML made on a device, as a dump of `MLComputePlan` tells it. `docs/placement.md` has the
//! format and the snippets that write one.

use serde::Deserialize;

use crate::target::{Backend, Device};

/// A plan that Core ML made on a device.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct DevicePlan {
    /// The chip, as Apple writes it, if the dump says.
    #[serde(default)]
    pub chip: Option<String>,
    /// Version of the system.
    #[serde(default)]
    pub os: Option<String>,
    /// Compute units: `cpu-and-ne`.
    #[serde(default)]
    pub units: Option<String>,
    /// The ops that have a device, in program order.
    pub ops: Vec<PlannedOp>,
}

/// One op of a [`DevicePlan`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct PlannedOp {
    /// The model it belongs to, in files with several.
    #[serde(default)]
    pub model: Option<String>,
    /// The function; where it is missing, ops are looked for in all.
    #[serde(default)]
    pub function: Option<String>,
    /// Name of its first result, by which ops are matched.
    pub output: String,
    /// Op type, with or without its opset: `ios17.conv`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The device that Core ML prefers: `ane`, `cpu`, `gpu`; empty: none.
    #[serde(default)]
    pub preferred: String,
    /// The devices that can run it; empty: the dump does not say.
    #[serde(default)]
    pub supported: Vec<String>,
    /// Another device gives the same plan cost, so that the choice says nothing.
    #[serde(default)]
    pub tie: bool,
    /// Why the Neural Engine was refused, in Core ML's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// Its share of the plan's cost, which `MLComputePlan` calls its weight.
    #[serde(default)]
    pub cost: Option<f64>,
    /// What the planner believes it to take on each backend, where a dump says, in the order of
    /// [`Backend::ALL`].
    #[serde(skip)]
    pub ms: [Option<f64>; 4],
}

/// Why a plan cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The JSON is not as documented.
    #[error("the plan's JSON cannot be read: {0}")]
    Json(String),
    /// A column is missing.
    #[error(
        "the plan has no column {0}; columns are output, type, preferred and, if known, function, supported, tie, reason, model"
    )]
    Column(&'static str),
    /// A row has another number of cells than there are columns.
    #[error("line {line} of the plan has {cells} cells, not {columns}")]
    Cells {
        /// Counted from 1.
        line: usize,
        /// Those found.
        cells: usize,
        /// Those expected.
        columns: usize,
    },
    /// A device that does not exist.
    #[error("{op}: {device:?} is no device; write ane, cpu or gpu")]
    Device {
        /// The op.
        op: String,
        /// What stands there.
        device: String,
    },
    /// It has no op with a device.
    #[error("the plan has no op with a device")]
    Empty,
}

impl DevicePlan {
    /// Reads a plan: JSON if the text begins with `{`, else tab-separated with a line of column names.
    pub fn parse(text: &str) -> Result<DevicePlan, PlanError> {
        let text = text.trim_start_matches('\u{feff}');
        let mut plan = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| PlanError::Json(error.to_string()))?
        } else {
            DevicePlan::parse_tsv(text)?
        };
        plan.ops.retain(|op| !op.preferred.trim().is_empty());
        for op in &plan.ops {
            for device in op.supported.iter().chain([&op.preferred]) {
                if device_named(device).is_none() {
                    return Err(PlanError::Device { op: op.output.clone(), device: device.clone() });
                }
            }
        }
        if plan.ops.is_empty() { Err(PlanError::Empty) } else { Ok(plan) }
    }

    fn parse_tsv(text: &str) -> Result<DevicePlan, PlanError> {
        let mut plan = DevicePlan::default();
        let mut columns: Option<Vec<&str>> = None;
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            if let Some(comment) = line.strip_prefix('#') {
                let Some((key, value)) = comment.split_once(':') else { continue };
                let value = Some(value.trim().to_owned());
                match key.trim() {
                    "chip" => plan.chip = value,
                    "os" => plan.os = value,
                    "units" => plan.units = value,
                    _ => {}
                }
                continue;
            }
            let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
            let Some(columns) = &columns else {
                columns = Some(cells);
                continue;
            };
            if cells.len() != columns.len() {
                let (cells, columns) = (cells.len(), columns.len());
                return Err(PlanError::Cells { line: number + 1, cells, columns });
            }
            let cell = |names: &[&str]| {
                let at = columns.iter().position(|column| names.contains(column))?;
                Some(cells[at])
            };
            // A time or a share that cannot be read is one that is not told.
            let number = |name: &str| cell(&[name]).and_then(|text| text.parse::<f64>().ok());
            let need = |names: &[&'static str]| cell(names).ok_or(PlanError::Column(names[0]));
            let some = |name: &str| cell(&[name]).filter(|text| !text.is_empty()).map(str::to_owned);
            plan.ops.push(PlannedOp {
                model: some("model"),
                function: some("function"),
                output: need(&["output", "op_output_name"])?.to_owned(),
                kind: need(&["type", "op_type"])?.to_owned(),
                preferred: need(&["preferred"])?.to_owned(),
                supported: some("supported")
                    .map(|list| {
                        list.split([',', ' ', ';'])
                            .filter(|name| !name.is_empty())
                            .map(str::to_owned)
                            .collect()
                    })
                    .unwrap_or_default(),
                tie: matches!(cell(&["tie"]), Some("1" | "true" | "yes")),
                reason: some("reason"),
                cost: number("cost"),
                ms: Backend::ALL.map(|backend| number(&format!("{}_ms", backend.name()))),
            });
        }
        Ok(plan)
    }
}

/// A device as people and Core ML write it.
pub(crate) fn device_named(name: &str) -> Option<Device> {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match plain.as_str() {
        "ane" | "neuralengine" | "mlneuralenginecomputedevice" => Some(Device::Ane),
        "cpu" | "mlcpucomputedevice" => Some(Device::Cpu),
        "gpu" | "mlgpucomputedevice" => Some(Device::Gpu),
        _ => None,
    }
}
