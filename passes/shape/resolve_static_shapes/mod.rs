mod lists;
mod settle;

use std::collections::BTreeSet;

use mil_ir::{FeatureKind, Flexibility, Function, Name, Program, Release};
use mil_pass::{Pass, PassCx, PassError, pass};

use crate::inputs::ByInput;
use crate::shape::fixed::{objection, sizes};
use settle::settle;

pass! {
    /// Fixes shapes of inputs, and computes all sizes that follow from them.
    ///
    /// `shapes` says which inputs: `{"x": [1, 3, 224, 224]}`. Every function that has an input of that name
    /// gets it; a shape that the interface does not allow is refused. Inputs that are not named keep their
    /// ranges. From there on, in program order, types of results become as exact as inference can say, and what
    /// is computed of sizes alone becomes constant, on whatever way, floats and ranges of numbers included: so
    /// reshapes, slices, tiles, pads, fills and resizes take constants, and no size is left open that the
    /// shapes decide. Outputs lose their flexibility where their shape is known.
    ///
    /// `each` makes a function for each enumerated shape instead, which share their weights: `main_1x3x16x32`.
    /// The one of the default shape is what an app gets that asks for none.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x) {
    ///     tensor<int32, [2]> s = shape(x = x)[name = string("s")];
    ///     int32 at = const()[name = string("at"), val = int32(0)];
    ///     int32 axis = const()[name = string("axis"), val = int32(0)];
    ///     int32 n = gather(axis = axis, indices = at, x = s)[name = string("n")];
    ///     string half = const()[name = string("half"), val = string("fp32")];
    ///     fp32 f = cast(dtype = half, x = n)[name = string("f")];
    ///     tensor<fp32, [2, 3]> y = real_div(x = x, y = f)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x) {
    ///     fp32 f = const()[name = string("f"), val = fp32(0x1p+1)];
    ///     tensor<fp32, [2, 3]> y = real_div(x = x, y = f)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct ResolveStaticShapes {
        /// Shapes by the name of an input.
        pub shapes: ByInput<Vec<i64>> = ByInput::default(),
        /// A function for each enumerated shape.
        pub each: bool = false,
    }
    id: "resolve_static_shapes",
    numerics: Exact,
    scope: Program,
    changes_interface: true,
    statistics: [
        fixed: "inputs that have one shape now",
        folded: "ops replaced by constants",
        sized: "results whose type became more exact",
    ],
}

impl Pass for ResolveStaticShapes {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        if self.each {
            return self.run_each(program, cx);
        }
        let names: Vec<Name> = program.functions.keys().cloned().collect();
        let mut found: BTreeSet<&str> = BTreeSet::new();
        for function in &names {
            found.extend(self.fix(program, function, cx)?);
        }
        match self.shapes.0.keys().find(|name| !found.contains(name.as_str())) {
            Some(missing) => Err(PassError::Refused(format!("no function has an input {missing}"))),
            None => Ok(()),
        }
    }
}

impl ResolveStaticShapes {
    /// Fixes those inputs of a function that have a shape, and gives their names.
    fn fix(
        &self,
        program: &mut Program,
        function: &Name,
        cx: &mut PassCx<'_>,
    ) -> Result<Vec<&str>, PassError> {
        let features = program.interface.function(function);
        let has = |name: &str| {
            features.is_some_and(|features| features.inputs.iter().any(|feature| *feature.name == *name))
        };
        let mine: Vec<(&String, &Vec<i64>)> = self.shapes.0.iter().filter(|(name, _)| has(name)).collect();
        let objections = mine.iter().filter_map(|(name, shape)| objection(features?, name, shape));
        if let Some(objection) = objections.collect::<Vec<_>>().into_iter().next() {
            return Err(PassError::Refused(objection));
        }
        let Some(body) = program.functions.get_mut(function) else { return Ok(Vec::new()) };
        for (opset, graph) in &mut body.specializations {
            if opset.release().is_none() {
                let (function, opset) = (function.clone(), opset.to_string());
                return Err(PassError::UnknownOpset { function, opset });
            }
            for (name, shape) in &mine {
                let negative = || PassError::Refused(format!("input {name}: a size is negative"));
                let shape = sizes(shape).ok_or_else(negative)?;
                mil_ops::fix_input(&mut program.interface, function, graph, name, &shape)?;
            }
            let done = settle(graph, opset, program.interface.function(function), cx)?;
            cx.count("folded", done.folded);
            cx.count("sized", done.sized);
        }
        cx.count("fixed", mine.len() as u64);
        self.fix_outputs(program, function)?;
        Ok(mine.into_iter().map(|(name, _)| name.as_str()).collect())
    }

    /// Outputs whose shape is known are not flexible.
    fn fix_outputs(&self, program: &mut Program, function: &Name) -> Result<(), PassError> {
        let Some(graph) = program.graph(function) else { return Ok(()) };
        let known =
            |output| Some((graph.value(output).name().clone(), graph.value(output).ty().fixed_shape()?));
        let known: Vec<(Name, Vec<usize>)> = graph.root().outputs().filter_map(known).collect();
        for (name, shape) in known {
            let shape: Vec<i64> = shape.into_iter().filter_map(|size| i64::try_from(size).ok()).collect();
            let feature = program.interface.function(function).and_then(|features| features.find(&name));
            let Some(Some(FeatureKind::Array(array))) = feature.map(|feature| &feature.kind) else {
                continue;
            };
            // Core ML hands scalars over as one element; a shape that is not declared stays so.
            let says_more =
                array.flexibility.is_some() || array.shape.len() == shape.len() && array.shape != shape;
            if says_more && !shape.is_empty() {
                program.interface.reshape_feature(function, &name, shape, None)?;
            }
        }
        Ok(())
    }

    /// A function for each enumerated shape.
    fn run_each(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let refused = |message: &str| Err(PassError::Refused(message.to_owned()));
        if !self.shapes.0.is_empty() {
            return refused("each takes the shapes from the interface: leave shapes out");
        }
        if program.interface.release().is_none_or(|release| release < Release::IOS18) {
            return refused("several functions need iOS18: raise the target first");
        }
        let Some(name) = program.interface.functions.keys().next().filter(|_| program.functions.len() == 1)
        else {
            return refused("the program has several functions already");
        };
        let name = name.clone();
        let Some(body) = program.functions.get(&name).cloned() else {
            return refused("the interface's function is missing");
        };
        let Some(features) = program.interface.function(&name).cloned() else {
            return refused("the function has no interface");
        };
        let mut sets: Vec<(String, Vec<Vec<i64>>, Vec<i64>)> = Vec::new();
        for feature in &features.inputs {
            if let Some(FeatureKind::Array(array)) = &feature.kind
                && let Some(Flexibility::Enumerated(shapes)) = &array.flexibility
            {
                sets.push((feature.name.to_string(), shapes.clone(), array.shape.clone()));
            }
        }
        let Some((_, first, default)) = sets.first().cloned() else {
            return refused("no input has enumerated shapes");
        };
        if sets.iter().any(|(_, shapes, _)| shapes.len() != first.len()) {
            return refused("the inputs have different numbers of shapes");
        }
        program.functions.clear();
        program.interface.functions.clear();
        for (at, shape) in first.iter().enumerate() {
            let sizes: Vec<String> = shape.iter().map(i64::to_string).collect();
            let own = Name::from(format!("{name}_{}", sizes.join("x")));
            if program.functions.contains_key(&own) {
                continue;
            }
            program.functions.insert(own.clone(), Function::clone(&body));
            program.interface.functions.insert(own.clone(), features.clone());
            if *shape == default || at == 0 {
                program.interface.default_function = Some(own.clone());
            }
            let shapes = sets.iter().map(|(name, shapes, _)| (name.clone(), shapes[at].clone())).collect();
            ResolveStaticShapes { shapes: ByInput(shapes), each: false }.fix(program, &own, cx)?;
        }
        program.interface.multifunction = true;
        Ok(())
    }
}
