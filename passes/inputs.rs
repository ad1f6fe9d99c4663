//! Options that say something of each input.

use std::collections::BTreeMap;

use mil_pass::OptionValue;
use serde_json::Value;

/// Something for each input, by its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ByInput<T>(pub BTreeMap<String, T>);

impl<T: OptionValue> OptionValue for ByInput<T> {
    fn read(value: &Value) -> Result<ByInput<T>, String> {
        let expected = || "an object by the names of inputs".to_owned();
        let given = value.as_object().ok_or_else(expected)?;
        let read = |(name, one): (&String, &Value)| {
            T::read(one)
                .map(|one| (name.clone(), one))
                .map_err(|expected| format!("an object in which each is {expected}"))
        };
        given.iter().map(read).collect::<Result<_, _>>().map(ByInput)
    }

    fn write(&self) -> Value {
        Value::Object(self.0.iter().map(|(name, one)| (name.clone(), one.write())).collect())
    }
}
