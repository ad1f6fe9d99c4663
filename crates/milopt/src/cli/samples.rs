//! Samples for passes: files of calls.
//!
//! A file is an `.npz` archive with an array for each input of each call: `0.x`, `0.y`, `1.x` and so on. Arrays
//! with plain names, `x` and `y`, are one call.

use std::collections::BTreeMap;
use std::fs::File;

use mil_eval::npz;
use mil_pass::{Pipeline, Sample};

use crate::cli::Failure;

/// Calls by the name of their file.
pub(super) type Named = BTreeMap<String, Vec<Sample>>;

/// Bytes of the largest array that is read.
const MOST_BYTES: usize = 4 << 30;

/// The files that options of a pipeline's passes name as `samples`.
pub(super) fn of_pipeline(pipeline: &Pipeline) -> Result<Named, Failure> {
    let mut named = Named::new();
    for pass in pipeline.passes() {
        if let Some(name) = pass.pass().options().get("samples").and_then(|name| name.as_str())
            && !named.contains_key(name)
        {
            named.insert(name.to_owned(), read(name)?);
        }
    }
    Ok(named)
}

/// The calls of a file, in the order of their numbers.
pub(super) fn read(path: &str) -> Result<Vec<Sample>, Failure> {
    let fault = |message: String| Failure::Input(format!("samples {path}: {message}"));
    let file = File::open(path).map_err(|error| fault(error.to_string()))?;
    let arrays = npz::read(file, MOST_BYTES).map_err(|error| fault(error.to_string()))?;
    let mut calls: BTreeMap<u64, Sample> = BTreeMap::new();
    let numbered = |key: &str| {
        let (number, name) = key.split_once('.')?;
        Some((number.parse::<u64>().ok()?, name.to_owned()))
    };
    let is_one = !arrays.keys().any(|key| numbered(key).is_some());
    for (key, array) in arrays {
        let place = if is_one { Some((0, key.to_string())) } else { numbered(&key) };
        let (number, name) = place.ok_or_else(|| {
            fault(format!("{key} is not CALL.NAME, for example 0.x, which other arrays are"))
        })?;
        let tensor = array.to_tensor().map_err(|error| fault(format!("{key}: {error}")))?;
        calls.entry(number).or_default().insert(name.into(), tensor);
    }
    match calls.is_empty() {
        true => Err(fault("there are no calls".to_owned())),
        false => Ok(calls.into_values().collect()),
    }
}
