//! Values of all forms.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use mil_tensor::DType;

use super::{Array, EvalError};

/// What an op takes and gives. Clones are cheap.
#[derive(Clone, Debug)]
pub enum EvalValue {
    /// An array.
    Array(Array),
    /// A list of arrays.
    List(List),
    /// Keys and numbers, as `classify` gives them.
    Dictionary(Arc<Vec<(ClassLabel, f64)>>),
    /// A state.
    State(State),
}

/// The name of a class.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClassLabel {
    /// A number.
    Int(i64),
    /// Text.
    Text(String),
}

/// A list of arrays of one element type. An element that was never written has no value.
#[derive(Clone, Debug)]
pub struct List {
    /// Element type.
    pub dtype: DType,
    /// Elements.
    pub elements: Arc<Vec<Option<Array>>>,
    /// Writing behind the end makes it longer.
    pub growing: bool,
}

/// A place that holds an array between ops and between calls. Clones are the same place.
#[derive(Clone)]
pub struct State(Arc<Mutex<Array>>);

impl State {
    /// With these contents.
    pub fn new(contents: Array) -> State {
        State(Arc::new(Mutex::new(contents)))
    }

    /// The contents.
    pub fn read(&self) -> Array {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the contents; type and shape stay.
    pub fn write(&self, contents: Array) -> Result<(), EvalError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.dtype() != contents.dtype() || held.shape() != contents.shape() {
            return Err(EvalError::Invalid(format!(
                "a state of {} {:?} cannot hold {} {:?}",
                held.dtype(),
                held.shape(),
                contents.dtype(),
                contents.shape()
            )));
        }
        *held = contents;
        Ok(())
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "State({:?})", self.read().shape())
    }
}

impl EvalValue {
    /// What it is, for messages.
    pub fn form(&self) -> &'static str {
        match self {
            EvalValue::Array(_) => "an array",
            EvalValue::List(_) => "a list",
            EvalValue::Dictionary(_) => "a dictionary",
            EvalValue::State(_) => "a state",
        }
    }

    /// The array, where it is one.
    pub fn as_array(&self) -> Option<&Array> {
        match self {
            EvalValue::Array(array) => Some(array),
            _ => None,
        }
    }

    /// Bytes of its arrays; those of a state do not count.
    pub fn bytes(&self) -> usize {
        match self {
            EvalValue::Array(array) => array.bytes(),
            EvalValue::List(list) => list.elements.iter().flatten().map(Array::bytes).sum(),
            EvalValue::Dictionary(pairs) => pairs.len() * size_of::<(ClassLabel, f64)>(),
            EvalValue::State(_) => 0,
        }
    }
}

impl From<Array> for EvalValue {
    fn from(array: Array) -> EvalValue {
        EvalValue::Array(array)
    }
}

impl From<List> for EvalValue {
    fn from(list: List) -> EvalValue {
        EvalValue::List(list)
    }
}
