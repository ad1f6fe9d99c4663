//! What a run shows: outputs of each call, and states at the end.

use std::collections::BTreeSet;

use mil_ir::Name;
use mil_ops::eval::{Array, Data, EvalValue};

use crate::{Error, Evaluator, Inputs};

/// Calls of a session with states: what a call leaves in them is seen by the next.
const CALLS: usize = 3;

/// Where a value is seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// An output of a call, counted from 0. A function without states is called once.
    Output {
        /// The output.
        name: Name,
        /// The call.
        call: usize,
    },
    /// A state after the last call.
    State(Name),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Output { name, call: 0 } => write!(f, "output {name}"),
            Place::Output { name, call } => write!(f, "output {name} of call {}", call + 1),
            Place::State(name) => write!(f, "state {name}"),
        }
    }
}

/// The values of one run.
pub(super) type Seen = Vec<(Place, Array)>;

/// Runs a session on the same inputs: once, or so often that states show.
pub(super) fn run(evaluator: &Evaluator<'_>, inputs: &Inputs) -> Result<Seen, Error> {
    let mut session = evaluator.session()?;
    let calls = if session.states().next().is_some() { CALLS } else { 1 };
    let mut seen = Seen::new();
    for call in 0..calls {
        for (name, value) in session.run(inputs)? {
            for (part, array) in arrays(value) {
                let name = if part.is_empty() { name.clone() } else { format!("{name}.{part}").into() };
                seen.push((Place::Output { name, call }, array));
            }
        }
    }
    seen.extend(session.states().map(|(name, array)| (Place::State(name.clone()), array)));
    Ok(seen)
}

/// A value as arrays, each with the part of the value that it is.
fn arrays(value: EvalValue) -> Vec<(&'static str, Array)> {
    match value {
        EvalValue::Array(array) => vec![("", array)],
        EvalValue::Dictionary(entries) => {
            let mut entries = entries.to_vec();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            let keys = entries.iter().map(|(key, _)| format!("{key:?}")).collect();
            let numbers: Vec<f32> = entries.iter().map(|&(_, number)| number as f32).collect();
            let shape = [entries.len()];
            let keys = Array::from_vec::<String>(&shape, keys).ok().map(|array| ("keys", array));
            let numbers = Array::from_vec(&shape, numbers).ok().map(|array| ("values", array));
            keys.into_iter().chain(numbers).collect()
        }
        // A function gives neither lists nor states.
        EvalValue::List(_) | EvalValue::State(_) => Vec::new(),
    }
}

/// The value at a place.
pub(super) fn at<'s>(seen: &'s Seen, place: &Place) -> Option<&'s Array> {
    seen.iter().find(|(found, _)| found == place).map(|(_, array)| array)
}

/// Places that only one of two runs has.
pub(super) fn unpaired(old: &Seen, new: &Seen) -> (Vec<Place>, Vec<Place>) {
    let places = |seen: &Seen| seen.iter().map(|(place, _)| place.to_string()).collect::<BTreeSet<_>>();
    let (mine, theirs) = (places(old), places(new));
    let without = |seen: &Seen, other: &BTreeSet<String>| {
        let lone = seen.iter().filter(|(place, _)| !other.contains(&place.to_string()));
        lone.map(|(place, _)| place.clone()).collect()
    };
    (without(old, &theirs), without(new, &mine))
}

/// Elements of an array that are numbers of a float type.
pub(super) fn floats(array: &Array) -> Option<Vec<f64>> {
    array.dtype().is_float().then(|| array.reals::<f64>().ok().map(|values| values.into_owned())).flatten()
}

/// Whether one element, of integers, flags or text, is the same in two arrays of one shape.
pub(super) fn same_element(a: &Array, b: &Array, at: usize) -> bool {
    match (a.data(), b.data()) {
        (Data::Bool(a), Data::Bool(b)) => a.get(at) == b.get(at),
        (Data::Int(a), Data::Int(b)) => a.get(at) == b.get(at),
        (Data::Long(a), Data::Long(b)) => a.get(at) == b.get(at),
        (Data::Text(a), Data::Text(b)) => a.get(at) == b.get(at),
        _ => false,
    }
}
