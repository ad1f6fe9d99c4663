//! Options of passes: read from JSON with messages for people, and written back.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Options by name, as JSON.
pub type OptionMap = Map<String, Value>;

/// A type that an option of a pass may have.
pub trait OptionValue: Sized {
    /// Reads it; an error says what was expected, for example `a whole number`.
    fn read(value: &Value) -> Result<Self, String>;

    /// The JSON that reads to it.
    fn write(&self) -> Value;
}

impl OptionValue for bool {
    fn read(value: &Value) -> Result<bool, String> {
        value.as_bool().ok_or_else(|| "true or false".into())
    }

    fn write(&self) -> Value {
        (*self).into()
    }
}

impl OptionValue for i64 {
    fn read(value: &Value) -> Result<i64, String> {
        whole(value).and_then(|number| i64::try_from(number).ok()).ok_or_else(|| "a whole number".into())
    }

    fn write(&self) -> Value {
        (*self).into()
    }
}

impl OptionValue for usize {
    fn read(value: &Value) -> Result<usize, String> {
        let number = whole(value).ok_or("a whole number")?;
        usize::try_from(number).map_err(|_| format!("a whole number from 0 to {}", usize::MAX))
    }

    fn write(&self) -> Value {
        (*self).into()
    }
}

impl OptionValue for f64 {
    fn read(value: &Value) -> Result<f64, String> {
        value.as_f64().ok_or_else(|| "a number".into())
    }

    fn write(&self) -> Value {
        (*self).into()
    }
}

impl OptionValue for String {
    fn read(value: &Value) -> Result<String, String> {
        value.as_str().map(str::to_owned).ok_or_else(|| "text".into())
    }

    fn write(&self) -> Value {
        self.as_str().into()
    }
}

impl<T: OptionValue> OptionValue for Vec<T> {
    fn read(value: &Value) -> Result<Vec<T>, String> {
        let elements = value.as_array().ok_or("a list")?;
        let each =
            |element| T::read(element).map_err(|expected| format!("a list in which each is {expected}"));
        elements.iter().map(each).collect()
    }

    fn write(&self) -> Value {
        self.iter().map(T::write).collect()
    }
}

impl<T: OptionValue> OptionValue for Option<T> {
    fn read(value: &Value) -> Result<Option<T>, String> {
        if value.is_null() {
            return Ok(None);
        }
        T::read(value).map(Some).map_err(|expected| format!("{expected}, or null"))
    }

    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::write)
    }
}

impl<T: OptionValue> OptionValue for BTreeMap<String, T> {
    fn read(value: &Value) -> Result<BTreeMap<String, T>, String> {
        let entries = value.as_object().ok_or("an object")?;
        let each = |(key, value): (&String, &Value)| match T::read(value) {
            Ok(value) => Ok((key.clone(), value)),
            Err(expected) => Err(format!("an object in which each value is {expected}")),
        };
        entries.iter().map(each).collect()
    }

    fn write(&self) -> Value {
        self.iter().map(|(key, value)| (key.clone(), value.write())).collect::<Map<_, _>>().into()
    }
}

/// A whole number, however it is spelled: `1e6` is one.
fn whole(value: &Value) -> Option<i128> {
    let exact = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    exact.or_else(|| {
        let number = value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e18)?;
        Some(number as i128)
    })
}

/// The options that a pass is built from. What [`crate::pass!`] makes takes them one by one, then asks
/// [`Options::finish`] whether any is left.
#[derive(Debug)]
pub struct Options {
    given: OptionMap,
    known: Vec<&'static str>,
}

impl Options {
    /// From what was given.
    pub fn new(given: OptionMap) -> Options {
        Options { given, known: Vec::new() }
    }

    /// The value of an option; `None` where nothing is said.
    pub fn take<T: OptionValue>(&mut self, name: &'static str) -> Result<Option<T>, String> {
        self.known.push(name);
        let Some(value) = self.given.remove(name) else { return Ok(None) };
        T::read(&value).map(Some).map_err(|expected| {
            // What has an inner form says itself what was wrong in it.
            if value.is_object() {
                format!("{name}: {expected}")
            } else {
                format!("{name}: expected {expected}, not {value}")
            }
        })
    }

    /// An error where an option is left that nobody took.
    pub fn finish(self) -> Result<(), String> {
        let Some(unknown) = self.given.keys().next() else { return Ok(()) };
        Err(match &self.known[..] {
            [] => format!("there is no option {unknown}; the pass has none"),
            [only] => format!("there is no option {unknown}; the only one is {only}"),
            [rest @ .., last] => {
                format!("there is no option {unknown}; the options are {} and {last}", rest.join(", "))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_reads_to_the_same() {
        fn check<T: OptionValue + PartialEq + std::fmt::Debug>(value: T) {
            assert_eq!(T::read(&value.write()), Ok(value));
        }
        check(true);
        check(-3_i64);
        check(usize::MAX);
        check(0.1_f64);
        check("a,b".to_owned());
        check(vec![1_i64, 2]);
        check(None::<f64>);
        check(Some(vec!["x".to_owned()]));
        check(BTreeMap::from([("x".to_owned(), vec![1_i64])]));
    }

    #[test]
    fn numbers_may_be_spelled_in_any_way() {
        assert_eq!(usize::read(&json!(1e6)), Ok(1_000_000));
        assert!(usize::read(&json!(-1)).unwrap_err().contains("from 0 to"));
        assert_eq!(i64::read(&json!(1.5)), Err("a whole number".into()));
        assert_eq!(Vec::<i64>::read(&json!([1, "x"])), Err("a list in which each is a whole number".into()));
        assert_eq!(Option::<f64>::read(&json!("x")), Err("a number, or null".into()));
        let map = BTreeMap::<String, bool>::read(&json!({"x": 1}));
        assert_eq!(map, Err("an object in which each value is true or false".into()));
    }
}
