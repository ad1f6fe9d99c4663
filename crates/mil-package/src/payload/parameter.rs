//! Parameters that an app may set: the default lies among the values that are allowed.

use mil_proto::payload::{DoubleParameter, Int64Parameter, double_parameter, int64_parameter};

use super::rule::{Checked, require};

const CODE: &str = "parameter-range";

/// A whole number; all that is looked at is positive where it must be.
pub(super) fn int64(what: &str, parameter: &Int64Parameter, positive: bool) -> Checked {
    let default = parameter.default_value;
    let allowed = |value: i64| value > 0 || !positive;
    require(allowed(default), CODE, format!("{what}: the default {default} is not positive"))?;
    match &parameter.allowed_values {
        None => Ok(()),
        Some(int64_parameter::AllowedValues::Set(set)) => {
            // What stands behind the default is not looked at.
            let at = set.values.iter().position(|&value| value == default || !allowed(value));
            let found = at.and_then(|at| set.values.get(at));
            require(
                found == Some(&default),
                CODE,
                format!(
                    "{what}: the default {default} is not in the set, or behind a value that is not positive"
                ),
            )
        }
        Some(int64_parameter::AllowedValues::Range(range)) => {
            let ends = [range.min_value, range.max_value];
            require(ends.into_iter().all(allowed), CODE, format!("{what}: the range is not positive"))?;
            let inside = (range.min_value..=range.max_value).contains(&default);
            require(inside, CODE, format!("{what}: the default {default} is not in its range"))
        }
    }
}

/// A number.
pub(super) fn double(what: &str, parameter: &DoubleParameter) -> Checked {
    let Some(double_parameter::AllowedValues::Range(range)) = &parameter.allowed_values else {
        return Ok(());
    };
    let default = parameter.default_value;
    let outside = default < range.min_value || default > range.max_value;
    require(!outside, CODE, format!("{what}: the default {default} is not in its range"))
}
