//! Flags of `run` that stand for a pass with options: what a person looks for who wants another interface.

use mil_pass::OptionMap;
use serde_json::{Map, Value, json};

/// One flag.
#[derive(Debug)]
pub(super) struct Flag {
    /// As it is typed.
    name: &'static str,
    /// The pass that it stands for.
    pub(super) pass: &'static str,
    /// It can stand without a value.
    pub(super) is_bare: bool,
    /// What it is given, for messages.
    form: &'static str,
    /// Adds what it is given to the options of the pass; `None` where it cannot be read.
    add: fn(&str, &mut OptionMap) -> Option<()>,
}

/// All of them, in the order of the help.
const FLAGS: &[Flag] = &[
    Flag { name: "--rename", pass: "rename_features", is_bare: false, form: "OLD=NEW", add: rename },
    Flag {
        name: "--input-type",
        pass: "change_io_types",
        is_bare: false,
        form: "[NAME=]TYPE",
        add: input_type,
    },
    Flag {
        name: "--output-type",
        pass: "change_io_types",
        is_bare: false,
        form: "[NAME=]TYPE",
        add: output_type,
    },
    Flag { name: "--outputs", pass: "select_outputs", is_bare: false, form: "NAME,NAME", add: outputs },
    Flag {
        name: "--materialize",
        pass: "materialize_shapes",
        is_bare: false,
        form: "FUNCTION:INPUT=1x3x224x224,INPUT=1x8",
        add: materialize,
    },
    Flag {
        name: "--decompress-weights",
        pass: "decompress_weights",
        is_bare: true,
        form: "nothing",
        add: nothing,
    },
    Flag {
        name: "--randomize-weights",
        pass: "randomize_weights",
        is_bare: true,
        form: "a whole number",
        add: seed,
    },
];

/// The flag of this name.
pub(super) fn find(name: &str) -> Option<&'static Flag> {
    FLAGS.iter().find(|flag| flag.name == name)
}

impl Flag {
    /// Adds what the flag is given to the options of its pass.
    pub(super) fn read(&self, value: &str, options: &mut OptionMap) -> Result<(), String> {
        (self.add)(value, options).ok_or_else(|| format!("{} {value}: expected {}", self.name, self.form))
    }
}

/// The object that an option is, made where it is not there.
fn object<'o>(options: &'o mut OptionMap, option: &str) -> Option<&'o mut Map<String, Value>> {
    options.entry(option).or_insert_with(|| json!({})).as_object_mut()
}

fn rename(value: &str, options: &mut OptionMap) -> Option<()> {
    let (old, new) = value.split_once('=').filter(|(old, new)| !old.is_empty() && !new.is_empty())?;
    let names = object(options, "names")?;
    // A feature is renamed once.
    names.insert(old.to_owned(), new.into()).is_none().then_some(())
}

fn input_type(value: &str, options: &mut OptionMap) -> Option<()> {
    io_type(value, object(options, "inputs")?)
}

fn output_type(value: &str, options: &mut OptionMap) -> Option<()> {
    io_type(value, object(options, "outputs")?)
}

/// A type alone is for all arrays of floats. It may be an object, with scale and bias.
fn io_type(value: &str, types: &mut Map<String, Value>) -> Option<()> {
    let (name, ty) = match value.split_once('=') {
        Some((name, ty)) => (name, ty),
        None => ("*", value),
    };
    let ty = serde_json::from_str(ty).ok().filter(Value::is_object).unwrap_or_else(|| ty.into());
    (!name.is_empty() && types.insert(name.to_owned(), ty).is_none()).then_some(())
}

fn outputs(value: &str, options: &mut OptionMap) -> Option<()> {
    let names = options.entry("outputs").or_insert_with(|| json!([])).as_array_mut()?;
    for name in value.split(',') {
        names.push((!name.is_empty()).then(|| name.into())?);
    }
    Some(())
}

fn materialize(value: &str, options: &mut OptionMap) -> Option<()> {
    let (function, inputs) = value.split_once(':').filter(|(function, _)| !function.is_empty())?;
    let mut shapes = Map::new();
    for input in inputs.split(',') {
        let (name, shape) = input.split_once('=')?;
        let sizes: Option<Vec<u64>> = shape.split('x').map(|size| size.parse().ok()).collect();
        shapes.insert(name.to_owned(), json!(sizes?));
    }
    object(options, "functions")?.insert(function.to_owned(), shapes.into()).is_none().then_some(())
}

fn nothing(value: &str, _: &mut OptionMap) -> Option<()> {
    value.is_empty().then_some(())
}

fn seed(value: &str, options: &mut OptionMap) -> Option<()> {
    if !value.is_empty() {
        options.insert("seed".into(), json!(value.parse::<i64>().ok()?));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(flags: &[(&str, &str)]) -> Result<Value, String> {
        let mut options = OptionMap::new();
        for (name, value) in flags {
            find(name).ok_or("no such flag")?.read(value, &mut options)?;
        }
        Ok(options.into())
    }

    #[test]
    fn flags_become_options() {
        for (flags, wanted) in [
            (&[("--rename", "x=y"), ("--rename", "y=x")][..], json!({"names": {"x": "y", "y": "x"}})),
            (
                &[("--input-type", "fp16"), ("--output-type", "y=rgb")],
                json!({"inputs": {"*": "fp16"}, "outputs": {"y": "rgb"}}),
            ),
            (
                &[("--input-type", r#"x={"type": "rgb", "scale": 0.5}"#)],
                json!({"inputs": {"x": {"type": "rgb", "scale": 0.5}}}),
            ),
            (&[("--outputs", "a,b"), ("--outputs", "c")], json!({"outputs": ["a", "b", "c"]})),
            (
                &[("--materialize", "small:x=1x3,y=8")],
                json!({"functions": {"small": {"x": [1, 3], "y": [8]}}}),
            ),
            (&[("--randomize-weights", "-7")], json!({"seed": -7})),
            (&[("--decompress-weights", "")], json!({})),
        ] {
            assert_eq!(options(flags), Ok(wanted));
        }
    }

    #[test]
    fn what_cannot_be_read_says_what_was_expected() {
        for (name, value) in
            [("--rename", "x"), ("--outputs", "a,"), ("--materialize", "x=1x3"), ("--randomize-weights", "x")]
        {
            let error = options(&[(name, value)]).unwrap_err();
            assert!(error.starts_with(&format!("{name} {value}: expected ")), "{error}");
        }
        assert!(options(&[("--rename", "x=y"), ("--rename", "x=z")]).is_err());
    }
}
