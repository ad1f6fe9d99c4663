use std::collections::BTreeMap;

use mil_ir::{Name, Program};
use mil_pass::{Alias, OptionMap, Pass, PassCx, PassError, pass};

pass! {
    /// Adds functions for inputs of fixed shapes, made of a function with flexible ones.
    ///
    /// Each new function computes what its source does, over the same weights, which the file holds once.
    /// Sizes that follow from the fixed ones are declared, and `const_elimination` folds what they are
    /// computed by. An input that is not named stays flexible, but for sets of shapes, which belong together
    /// by place. A name that exists is replaced, the source's own included.
    ///
    /// A model with several functions needs iOS18: its version is raised if there were none. A classifier has
    /// one function only; there, the source itself can be replaced.
    ///
    /// # Before
    /// ```mil
    /// // options: {functions={"of_two": {"x": [2]}}}
    /// func main<ios17>(tensor<fp32, [?]> x) {
    ///     tensor<fp32, [?]> y = exp(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [?]> x) {
    ///     tensor<fp32, [?]> y = exp(x = x)[name = string("y")];
    /// } -> (y);
    /// func of_two<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> y = exp(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct MaterializeShapes {
        /// For each new function, the shapes of its inputs by name.
        pub functions: BTreeMap<String, BTreeMap<String, Vec<usize>>> = BTreeMap::new(),
        /// The function that they are made of; empty: what runs where an app names none.
        pub source: String = String::new(),
    }
    id: "materialize_shapes",
    numerics: Exact,
    scope: Program,
    changes_interface: true,
    aliases: [Alias { id: "common::materialize_symbolic_shape_program", adapt }],
    statistics: [functions: "functions added or replaced"],
}

/// coremltools has longer names.
fn adapt(mut options: OptionMap) -> Result<OptionMap, String> {
    let names = [("function_name_to_materialization_map", "functions"), ("source_function_name", "source")];
    for (theirs, ours) in names {
        if let Some(value) = options.remove(theirs) {
            options.insert(ours.into(), value);
        }
    }
    Ok(options)
}

impl Pass for MaterializeShapes {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        if self.functions.is_empty() {
            return Ok(());
        }
        let source = self.source(program)?;
        let no_function = || mil_ir::InterfaceError::NoFunction(source.clone());
        let function = program.function(&source).ok_or_else(no_function)?.clone();
        let features = program.interface.function(&source).ok_or_else(no_function)?.clone();
        for (name, shapes) in &self.functions {
            cx.check_cancelled()?;
            if let Some(fault) = mil_ir::verify::name_fault("a function", name) {
                return Err(PassError::Refused(fault));
            }
            let is_new = !program.functions.contains_key(name.as_str());
            if is_new && !features.predicted_feature.is_empty() {
                return Err(PassError::Refused(format!(
                    "{name} cannot be added: a classifier has one function"
                )));
            }
            if is_new && !program.interface.training_inputs.is_empty() {
                let why = "a model with training inputs has one function";
                return Err(PassError::Refused(format!("{name} cannot be added: {why}")));
            }
            let shapes = shapes.iter().map(|(input, shape)| {
                (Name::from(input.as_str()), shape.iter().map(|&size| size as u64).collect())
            });
            if !cx.spend() {
                break;
            }
            program.functions.insert(name.as_str().into(), function.clone());
            program.interface.describe_function(name.as_str(), features.clone());
            mil_ops::specialize(program, name, &shapes.collect())?;
            cx.count("functions", 1);
        }
        Ok(())
    }
}

impl MaterializeShapes {
    fn source(&self, program: &Program) -> Result<Name, PassError> {
        if !self.source.is_empty() {
            return Ok(self.source.as_str().into());
        }
        let main = program.functions.keys().find(|name| ***name == *"main");
        let only = || program.functions.keys().next().filter(|_| program.functions.len() == 1);
        let default = program.interface.default_function.as_ref().or(main).or_else(only).cloned();
        default.ok_or_else(|| PassError::Refused("no function is the default: name the `source`".into()))
    }
}
