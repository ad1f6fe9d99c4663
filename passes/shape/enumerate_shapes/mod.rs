use std::collections::BTreeSet;

use mil_ir::{FeatureKind, Flexibility, Name, Program, Release};
use mil_pass::{Pass, PassCx, PassError, pass};

use crate::inputs::ByInput;
use crate::shape::fixed::objection;

pass! {
    /// Lists the shapes that flexible inputs may have, in the place of ranges.
    ///
    /// `shapes` names them: `{"x": [[1, 3, 224, 224], [1, 3, 448, 448]]}`, the default first. Each must be allowed
    /// by the interface as it is; the program itself stays. Core ML compiles a plan for each listed shape, and
    /// runs other shapes of a range by a slower one.
    ///
    /// Before iOS18 one input may have listed shapes, and no other may be flexible; later several may, with as
    /// many shapes each, of which the first of all belong together, the second, and so on. What does not keep
    /// to that is refused, as are listed shapes beside ranges, which Core ML does not load.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x) {
    ///     tensor<fp32, [2, 3]> y = relu(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x) {
    ///     tensor<fp32, [2, 3]> y = relu(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct EnumerateShapes {
        /// Lists of shapes by the name of an input, the default first.
        pub shapes: ByInput<Vec<Vec<i64>>> = ByInput::default(),
    }
    id: "enumerate_shapes",
    numerics: Exact,
    scope: Program,
    changes_interface: true,
    statistics: [
        listed: "inputs whose shapes are listed now",
    ],
}

impl Pass for EnumerateShapes {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let release = program.interface.release().unwrap_or(Release::IOS15);
        let names: Vec<Name> = program.interface.functions.keys().cloned().collect();
        let mut found: BTreeSet<&str> = BTreeSet::new();
        for function in &names {
            let Some(features) = program.interface.function(function).cloned() else { continue };
            for (name, shapes) in &self.shapes.0 {
                if !features.inputs.iter().any(|feature| *feature.name == **name) {
                    continue;
                }
                found.insert(name);
                let default = shapes.first().filter(|_| shapes.len() > 1);
                let default =
                    default.ok_or_else(|| refused(format!("input {name} needs two shapes or more")))?;
                if let Some(objection) = shapes.iter().find_map(|shape| objection(&features, name, shape)) {
                    return Err(refused(objection));
                }
                let listed = Some(Flexibility::Enumerated(shapes.clone()));
                program.interface.reshape_feature(function, name, default.clone(), listed)?;
                cx.count("listed", 1);
            }
            if self.shapes.0.is_empty() {
                continue;
            }
            let Some(features) = program.interface.function(function) else { continue };
            let mut counts: Vec<usize> = Vec::new();
            for feature in &features.inputs {
                match &feature.kind {
                    Some(FeatureKind::Array(array)) => match &array.flexibility {
                        Some(Flexibility::Enumerated(shapes)) => counts.push(shapes.len()),
                        Some(Flexibility::Ranges(ranges))
                            if ranges.iter().any(|range| range.only().is_none()) =>
                        {
                            return Err(refused(format!("input {} keeps a range", feature.name)));
                        }
                        _ => {}
                    },
                    Some(FeatureKind::Image(image)) if image.flexibility.is_some() => {
                        return Err(refused(format!("input {} is a flexible image", feature.name)));
                    }
                    _ => {}
                }
            }
            if counts.len() > 1 && release < Release::IOS18 {
                return Err(refused("several inputs with listed shapes need iOS18".to_owned()));
            }
            if counts.iter().any(|&count| count != counts[0]) {
                return Err(refused("the inputs need as many shapes each".to_owned()));
            }
        }
        match self.shapes.0.keys().find(|name| !found.contains(name.as_str())) {
            Some(missing) => Err(refused(format!("no function has an input {missing}"))),
            None => Ok(()),
        }
    }
}

fn refused(message: String) -> PassError {
    PassError::Refused(message)
}
