//! Samples: what an app hands to a program, for passes that look at numbers.
//!
//! A pass has no idea of files. It names its samples by an option, for example `samples = "calls.npz"`, and
//! whoever runs it hands over what stands under that name ([`Runner::samples`](crate::Runner::samples)): the
//! command line reads the file of that name.

use std::collections::BTreeMap;

use mil_ir::Name;
use mil_tensor::Tensor;

/// The inputs of one call, by name.
pub type Sample = BTreeMap<Name, Tensor>;

/// Calls by the name under which an option asks for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(BTreeMap<String, Vec<Sample>>);

impl Samples {
    pub(crate) fn insert(&mut self, name: String, calls: Vec<Sample>) {
        self.0.insert(name, calls);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&[Sample]> {
        self.0.get(name).map(|calls| &calls[..])
    }
}
