//! The rules of Apple's validator for the description of a model of any type (`Model.cpp`,
//! `InterfaceValidators.cpp`).

use super::features::{Role, verify_feature};
use super::{ModelKind, Place, Violation, needs, needs_release};
use crate::{Feature, FeatureKind, FunctionInterface, Interface, Name, Release};

/// The first version that can be trained on the device.
const TRAINABLE: i32 = 4;
/// The first version in which an optional input has a default value.
const DEFAULTS: i32 = 5;

/// The violations of a description.
pub(in super::super) fn verify_description(
    interface: &Interface,
    kind: ModelKind,
    found: &mut Vec<Violation>,
) {
    let check = Check { interface, kind };
    found.extend(check.model());
    for (name, features) in &interface.functions {
        let function = (check.has_functions() || kind == ModelKind::Program).then(|| name.clone());
        let own = check.function(features);
        found.extend(own.into_iter().map(|mut violation| {
            violation.place.function = function.clone();
            violation
        }));
    }
}

struct Check<'a> {
    interface: &'a Interface,
    kind: ModelKind,
}

impl Check<'_> {
    fn version(&self) -> i32 {
        self.interface.specification_version
    }

    /// The description speaks of functions one by one, or pretends to.
    fn has_functions(&self) -> bool {
        self.interface.multifunction || self.interface.default_function.is_some()
    }

    fn model(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut add = |code, message: String| found.push(Violation::new(code, Place::default(), message));
        let version = self.version();
        let newest = Release::NEWEST.specification_version();
        if version < 1 {
            add("specification-version", format!("there is no specification version {version}"));
        } else if version > newest {
            let message = format!("specification version {version} is newer than the newest known, {newest}");
            add("specification-version", message);
        }
        if self.kind == ModelKind::None {
            add("model-type", "the model has no type".into());
        }
        if self.interface.updatable {
            if let Some(message) = needs("training on the device", version, TRAINABLE) {
                add("specification-version", message);
            }
            if !self.kind.is_trainable() {
                add("updatable", "models of this type cannot be trained on the device".into());
            }
        }
        if self.has_functions() {
            self.functions(&mut add);
        }
        found
    }

    /// Functions with descriptions of their own (`validateMultiFunctionDescription`).
    fn functions(&self, add: &mut impl FnMut(&'static str, String)) {
        if self.kind != ModelKind::Program {
            add("functions", "only an ML Program has several functions".into());
        }
        if let Some(message) = needs_release("a description by function", self.version(), Release::IOS18) {
            add("specification-version", message);
        }
        if !self.interface.training_inputs.is_empty() {
            add("functions", "a model described by function has training inputs of its own".into());
        }
        match &self.interface.default_function {
            None => add("default-function", "no function is the default".into()),
            Some(name) if !self.interface.multifunction => {
                add("default-function", format!("{name} is the default function, but none is described"));
            }
            Some(name) if !self.interface.functions.contains_key(name) => {
                add("default-function", format!("the default function {name} is not described"));
            }
            Some(_) => {}
        }
    }

    fn function(&self, features: &FunctionInterface) -> Vec<Violation> {
        let mut found = Vec::new();
        let groups = [
            (Role::Input, &features.inputs),
            (Role::Output, &features.outputs),
            (Role::State, &features.states),
        ];
        for (role, feature) in groups.iter().flat_map(|(role, all)| all.iter().map(move |one| (*role, one))) {
            verify_feature(feature, role, self.version(), &mut |code, message| {
                found.push(Violation::new(code, Place::feature(&feature.name), message));
            });
        }
        let mut add = |code, feature: Option<&Name>, message: String| {
            let place = feature.map(Place::feature).unwrap_or_default();
            found.push(Violation::new(code, place, message));
        };
        if features.outputs.is_empty() {
            add("no-outputs", None, "there is no output".into());
        }
        if features.inputs.is_empty() && !self.interface.multifunction {
            let message = match self.kind.may_lack_inputs() {
                true => needs_release("a model without inputs", self.version(), Release::IOS18),
                false => Some("there is no input".into()),
            };
            message.into_iter().for_each(|message| add("no-inputs", None, message));
        }
        // Features of functions are let pass, as Apple's validator does.
        if !self.interface.multifunction {
            self.optional(features, &mut add);
        }
        found
    }

    fn optional(
        &self,
        features: &FunctionInterface,
        add: &mut impl FnMut(&'static str, Option<&Name>, String),
    ) {
        for output in features.outputs.iter().filter(|output| output.optional) {
            add("optional", Some(&output.name), "an output is never optional".into());
        }
        let is_state = |feature: &&Feature| matches!(feature.kind, Some(FeatureKind::State(_)));
        for input in features.inputs.iter().filter(|input| input.optional && !is_state(input)) {
            if !self.kind.may_have_optional_inputs() {
                add("optional", Some(&input.name), "inputs of such a model are never optional".into());
            }
            if !matches!(&input.kind, Some(FeatureKind::Array(array)) if array.default_value.is_some()) {
                continue;
            }
            if !self.kind.knows_defaults() {
                let message = "optional inputs of such a model have no default value".into();
                add("default-value", Some(&input.name), message);
            } else if let Some(message) =
                needs("the default value of an optional input", self.version(), DEFAULTS)
            {
                add("specification-version", Some(&input.name), message);
            }
        }
        if self.kind.knows_defaults()
            && !features.inputs.is_empty()
            && features.inputs.iter().all(|input| input.optional)
        {
            add("optional", None, "all inputs are optional: one must be given".into());
        }
    }
}
