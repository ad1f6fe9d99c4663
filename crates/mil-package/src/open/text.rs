//! Opening MIL text with the weights beside it.
//!
//! A text refers to its weights by their path from the folder it stands in, which it spells `@model_path`.
//! The ones that [`Package::save`] writes beside `x.mil` are called `x.HASH.weights.bin` after their content
//! ([`beside`]); read back, they count as `@model_path/weights/weight.bin`, as in a package.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use mil_ir::{Model, Name};

use crate::beside::{self, place};
use crate::open::compiled::take_flexible_shapes;
use crate::open::parts::{Parts, prefixed};
use crate::{Limits, Package, PackageError};

/// Opens a text and the weights beside it.
pub(super) fn open(path: &Path, limits: &Limits) -> Result<Package, PackageError> {
    let (folder, stem) = place(path);
    let mut parts = Parts::new();
    let names = RefCell::new(HashMap::new());
    let packaged = |name: &str| packaged(&mut names.borrow_mut(), name);
    let mut program = parts.read(path, &folder, Some(&stem), &packaged, limits)?;
    take_flexible_shapes(&mut program);
    Ok(parts.into_package(Model::Program(program)))
}

/// What a weight file is called in a package. No two names of a text become one.
fn packaged(names: &mut HashMap<Name, Name>, name: &str) -> Option<Name> {
    let first = beside::packaged(name).unwrap_or_else(|| name.to_owned());
    let mut inside = Name::from(first.as_str());
    let mut count = 1;
    while names.get(&inside).is_some_and(|known| &**known != name) {
        count += 1;
        inside = prefixed(&format!("{count}-"), &first);
    }
    names.insert(inside.clone(), name.into());
    (&*inside != name).then_some(inside)
}
