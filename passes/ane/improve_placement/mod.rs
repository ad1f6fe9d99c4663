mod search;
mod standing;

use mil_estimate::{Chip, Platform, Target, TargetError};
use mil_ir::{Program, Release};
use mil_pass::{Pass, PassCx, PassError, pass};
use search::Search;
pub(crate) use search::TIDY;
pub(crate) use standing::Standing;

pass! {
    /// Rewrites what keeps ops off the Neural Engine, where the estimate says that it pays.
    ///
    /// The estimate's reasons name passes that may remove them. Each is tried where its reasons stand: all its
    /// places together, each group of neighbours alone, and with the other passes. A rewrite is taken only if
    /// the planner's cost falls, at both ends of what is known about it, on one of the chips, and on none does
    /// the cost rise, do segments become more, or does a risk come about. Everything else stays as it is.
    /// `--why improve_placement` tells what was tried, what it would have brought, and what was taken.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp16, [1, 16, 32, 32]> x) {
    ///     tensor<fp16, [1, 16, 64, 64]> a = upsample_bilinear(align_corners = bool(false), scale_factor_height = fp32(0x1p+1), scale_factor_width = fp32(0x1p+1), x = x)[name = string("a")];
    ///     tensor<fp16, [1, 16, 64, 64]> b = cosh(x = a)[name = string("b")];
    ///     tensor<fp16, [1, 16, 128, 128]> y = upsample_bilinear(align_corners = bool(false), scale_factor_height = fp32(0x1p+1), scale_factor_width = fp32(0x1p+1), x = b)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp16, [1, 16, 32, 32]> x) {
    ///     tensor<fp16, [1, 16, 64, 64]> a = upsample_bilinear(align_corners = bool(false), scale_factor_height = fp32(0x1p+1), scale_factor_width = fp32(0x1p+1), x = x)[name = string("a")];
    ///     tensor<fp16, [1, 16, 64, 64]> b_up = exp(x = a)[name = string("b_up")];
    ///     fp16 b_y_0 = const()[name = string("b_y_0"), val = fp16(-0x1p+0)];
    ///     tensor<fp16, [1, 16, 64, 64]> b_negated = mul(x = a, y = b_y_0)[name = string("b_negated")];
    ///     tensor<fp16, [1, 16, 64, 64]> b_down = exp(x = b_negated)[name = string("b_down")];
    ///     tensor<fp16, [1, 16, 64, 64]> b_both = add(x = b_up, y = b_down)[name = string("b_both")];
    ///     fp16 b_y_1 = const()[name = string("b_y_1"), val = fp16(0x1p-1)];
    ///     tensor<fp16, [1, 16, 64, 64]> b = mul(x = b_both, y = b_y_1)[name = string("b")];
    ///     tensor<fp16, [1, 16, 128, 128]> y = upsample_bilinear(align_corners = bool(false), scale_factor_height = fp32(0x1p+1), scale_factor_width = fp32(0x1p+1), x = b)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct ImprovePlacement {
        /// The chips that the model is for.
        pub chips: Vec<String> = vec!["M1".into(), "A15".into(), "A17Pro".into(), "M4".into()],
        /// Their systems: one for all, or as many as there are chips. Left out, each chip counts with the
        /// oldest system that runs both it and the model, and with macOS or iOS 26.
        pub systems: Vec<String> = Vec::new(),
        /// Rewrites that are tried, at most; fewer in large programs.
        pub trials: usize = 64,
    }
    id: "improve_placement",
    numerics: Lossy { min_snr_db: 40.0 },
    scope: Program,
    statistics: [
        tried: "rewrites tried",
        taken: "rewrites taken",
    ],
}

/// The system that stands for new ones.
const RECENT: u16 = 26;
/// The units that an app should allow for a model that is to run on the Neural Engine.
const UNITS: &str = "cpu-and-ne";

impl Pass for ImprovePlacement {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let targets = targets(&self.chips, &self.systems, program)
            .map_err(|error| PassError::Refused(error.to_string()))?;
        let (taken, tried) = Search::new(program, targets, self.trials).run(program, cx)?;
        cx.count("tried", tried);
        cx.count("taken", taken);
        Ok(())
    }
}

/// What a program is estimated for: chips with the systems that were given for them.
pub(crate) fn targets(
    chips: &[String],
    given: &[String],
    program: &Program,
) -> Result<Vec<Target>, TargetError> {
    let mut targets = Vec::new();
    for (at, chip) in chips.iter().enumerate() {
        let systems = match given.get(at).or(given.last()) {
            Some(system) => vec![system.clone()],
            None => systems(chip.parse()?, program),
        };
        for system in systems {
            targets.push(Target::new(chip, &system, UNITS)?);
        }
    }
    Ok(targets)
}

/// The oldest system that runs both the chip and the program, and a recent one.
fn systems(chip: Chip, program: &Program) -> Vec<String> {
    let newest = program.functions.values().filter_map(|function| function.opset.release()).max();
    let oldest = newest.map_or(0, |release| first_system(release, chip.platform)).max(chip.first_os);
    if oldest >= RECENT { vec![oldest.to_string()] } else { vec![oldest.to_string(), RECENT.to_string()] }
}

/// The first system that runs programs of a release.
fn first_system(release: Release, platform: Platform) -> u16 {
    let ios = match release {
        Release::IOS13 => 13,
        Release::IOS14 => 14,
        Release::IOS15 => 15,
        Release::IOS16 => 16,
        Release::IOS17 => 17,
        Release::IOS18 => 18,
        _ => RECENT,
    };
    // macOS 11 came with iOS 14; both became 26.
    if platform == Platform::MacOs && ios < RECENT { ios - 3 } else { ios }
}
