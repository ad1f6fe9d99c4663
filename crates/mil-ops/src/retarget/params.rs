//! Parameters that an older opset lacks: they go where they say what holds anyway.

use super::Site;
use crate::{DefaultValue, Version};

/// A parameter that may go.
pub(super) struct Rule {
    pub(super) param: &'static str,
    goes: Goes,
}

/// When a parameter may go.
enum Goes {
    /// Whatever it says: results that are defined are the same.
    Always,
    /// Its value is the default.
    AtDefault,
    /// All of it is zero.
    AtZero,
    /// The pixels are aligned by corners, or it is the opposite of that.
    AsAligned,
}

/// Where `to` lacks parameters of `from`.
pub(super) fn rules(op: &str, from: &Version, to: &Version) -> &'static [Rule] {
    let lost = |param: &str| from.param(param).is_some() && to.param(param).is_none();
    const VALIDATE: Rule = Rule { param: "validate_indices", goes: Goes::Always };
    const BATCH: Rule = Rule { param: "batch_dims", goes: Goes::AtDefault };
    match op {
        "gather" | "gather_along_axis" | "gather_nd" | "scatter" | "scatter_along_axis" | "scatter_nd"
            if lost("validate_indices") =>
        {
            const { &[VALIDATE] }
        }
        "gather" | "gather_nd" if lost("batch_dims") => const { &[BATCH] },
        "reduce_argmax" | "reduce_argmin" if lost("output_dtype") => {
            const { &[Rule { param: "output_dtype", goes: Goes::AtDefault }] }
        }
        "topk" if lost("output_indices_dtype") => {
            const { &[Rule { param: "output_indices_dtype", goes: Goes::AtDefault }] }
        }
        "upsample_bilinear" if lost("half_pixel_centers") => {
            const { &[Rule { param: "half_pixel_centers", goes: Goes::AsAligned }] }
        }
        "gru" if lost("reset_after") => {
            const {
                &[
                    Rule { param: "reset_after", goes: Goes::AtDefault },
                    Rule { param: "input_bias", goes: Goes::AtZero },
                ]
            }
        }
        _ => &[],
    }
}

/// Takes parameters away, or says which of them cannot go.
pub(super) fn drop_params(site: &mut Site<'_>, rules: &[Rule]) -> Result<(), String> {
    for Rule { param, goes } in rules {
        let call = site.call()?;
        if !call.is_given(param) {
            continue;
        }
        let may_go = match goes {
            Goes::Always => true,
            Goes::AtDefault => match call.default(param) {
                Some(DefaultValue::Bool(value)) => call.bool(param) == Ok(value),
                Some(DefaultValue::Int(value)) => call.int(param) == Ok(i64::from(value)),
                Some(DefaultValue::Str(text)) => call.string(param) == Ok(text),
                _ => false,
            },
            Goes::AtZero => {
                call.constant(param).is_some_and(|tensor| matches!(tensor.is_splat_of(0.0), Ok(true)))
            }
            Goes::AsAligned => {
                let aligned = call.bool("align_corners") == Ok(true);
                aligned || call.bool(param) == Ok(true)
            }
        };
        if !may_go {
            let opset = site.opset;
            return Err(format!(
                "opset {opset} has no parameter {param}, and it is not what holds without it"
            ));
        }
        site.drop(param);
    }
    Ok(())
}
