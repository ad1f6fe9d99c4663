use std::collections::BTreeMap;

use mil_ir::{InterfaceError, Name, Program};
use mil_pass::{Pass, PassCx, PassError, pass};

pass! {
    /// Renames inputs, outputs and states, wherever their names stand.
    ///
    /// In the interface: features of every function or of one, predicted features, inputs for training. In
    /// the program: the values, whoever uses them, in inner blocks as well. Two features can change names. A
    /// value inside that has a new name gives it up. In a pipeline of models, `milopt run` renames what flows
    /// between the members in all of them. A feature that is called by its new name already is left alone.
    ///
    /// # Before
    /// ```mil
    /// // options: {names={"x": "image", "y": "scores"}}
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> scores = sin(x = x)[name = string("scores")];
    ///     tensor<fp32, [2]> y = exp(x = scores)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> image) {
    ///     tensor<fp32, [2]> scores_0 = sin(x = image)[name = string("scores")];
    ///     tensor<fp32, [2]> scores = exp(x = scores_0)[name = string("y")];
    /// } -> (scores);
    /// ```
    pub struct RenameFeatures {
        /// New names by old ones.
        pub names: BTreeMap<String, String> = BTreeMap::new(),
        /// The function whose features are renamed; empty: every one that has them.
        pub function: String = String::new(),
    }
    id: "rename_features",
    numerics: Exact,
    scope: Program,
    changes_interface: true,
    statistics: [renamed: "features renamed, each function's counted"],
}

impl Pass for RenameFeatures {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let function = Some(self.function.as_str()).filter(|name| !name.is_empty());
        let features = || {
            let functions = program.interface.functions.iter();
            let wanted = functions.filter(|(name, _)| function.is_none_or(|only| ***name == *only));
            wanted.flat_map(|(_, features)| features.all())
        };
        let mut names: BTreeMap<Name, Name> = BTreeMap::new();
        for (old, new) in &self.names {
            let has = |name: &str| features().any(|feature| *feature.name == *name);
            if has(old) && old != new {
                names.insert(old.as_str().into(), new.as_str().into());
            } else if !has(new) {
                let function = function.unwrap_or("main");
                return Err(InterfaceError::NoFeature(function.into(), old.as_str().into()).into());
            }
        }
        if names.is_empty() || !cx.spend() {
            return Ok(());
        }
        let renamed = program.rename_features(function, &names)?;
        cx.count("renamed", renamed as u64);
        Ok(())
    }
}
