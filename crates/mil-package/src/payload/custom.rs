//! Models that the app, or another file, holds.

use mil_proto::payload::linked_model::LinkType;
use mil_proto::payload::{CustomModel, LinkedModel};

use super::rule::{Checked, require, set};

/// A class name, and a value for each parameter.
pub(super) fn custom(model: &CustomModel) -> Checked {
    require(!model.class_name.is_empty(), "class-name", "the class name is empty")?;
    for (name, parameter) in &model.parameters {
        require(!name.is_empty(), "parameter-value", "a parameter has no name")?;
        set(&parameter.value, "parameter-value", &format!("parameter {name}"))?;
    }
    Ok(())
}

/// A link to a file that has a name.
pub(super) fn linked(model: &LinkedModel) -> Checked {
    let LinkType::LinkedModelFile(file) = set(&model.link_type, "link", "the link")?;
    let name = file.linked_model_file_name.as_ref().map_or("", |name| &name.default_value);
    require(!name.is_empty(), "link", "the file name of the link is empty")
}
