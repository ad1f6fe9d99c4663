//! Values of all forms.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use mil_tensor::DType;

use super::{Array, Context, EvalError};

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

impl List {
    fn place(&self, index: i64) -> Result<usize, EvalError> {
        let found = if index < 0 { index + self.elements.len() as i64 } else { index };
        usize::try_from(found).map_err(|_| {
            EvalError::Invalid(format!("index {index} of a list of {} elements", self.elements.len()))
        })
    }

    /// An element; zeros of the declared shape, without its first `skipped` axes, if it was never written.
    pub(crate) fn read(&self, cx: &Context<'_>, index: i64, skipped: usize) -> Result<Array, EvalError> {
        match self.elements.get(self.place(index)?) {
            Some(Some(element)) => Ok(element.clone()),
            Some(None) => {
                let declared = cx.results.first().and_then(mil_ir::Type::fixed_shape);
                let shape = declared.as_ref().and_then(|shape| shape.get(skipped..)).ok_or_else(|| {
                    EvalError::Invalid(format!("element {index} of a list was never written"))
                })?;
                cx.room::<f64>(shape)?;
                Array::filled(self.dtype, shape, 0.0, cx.is_double())
            }
            None => Err(EvalError::Invalid(format!(
                "index {index} of a list of {} elements",
                self.elements.len()
            ))),
        }
    }

    /// With one element replaced, and longer if it grows and the index is behind its end.
    pub(crate) fn written(mut self, cx: &Context<'_>, index: i64, value: Array) -> Result<List, EvalError> {
        let at = self.place(index)?;
        if at >= self.elements.len() && !self.growing {
            return Err(EvalError::Invalid(format!(
                "index {index} of a list of {} elements",
                self.elements.len()
            )));
        }
        cx.room::<f64>(&[at.saturating_add(1), 16])?;
        let elements = Arc::make_mut(&mut self.elements);
        if at >= elements.len() {
            elements.resize(at + 1, None);
        }
        elements[at] = Some(value);
        Ok(self)
    }
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
