//! Functions that are ready to run, and sessions in which they run.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use mil_ir::{
    BlockId, FunctionInterface, Graph, Name, OpId, Operand, Opset, Program, Release, Type, ValueId,
};
use mil_ops::eval::{
    Array, Context, EvalError, EvalOptions, EvalValue, Host, Precision, State, bind_constants, call,
};
use mil_ops::{OpDef, Trait};

use crate::Error;
use crate::interface::{self, Inputs, Outputs};
use crate::jitter::Jitter;
use crate::plan::Plan;
use crate::taint::{Divisors, Taint};

/// A function, ready to run.
#[derive(Debug)]
pub struct Evaluator<'g> {
    graph: &'g Graph,
    function: Name,
    opset: Opset,
    target: Release,
    interface: Option<&'g FunctionInterface>,
    options: EvalOptions,
    jitter: Option<Jitter>,
    taint: Option<Taint>,
    divisors: Option<Arc<Divisors>>,
    wanted: Vec<(Name, ValueId)>,
    plan: Plan,
    constants: Vec<OnceLock<EvalValue>>,
    /// Bytes of those that are evaluated.
    constant_bytes: AtomicUsize,
}

/// Calls of a function that share states.
#[derive(Debug)]
pub struct Session<'e, 'g> {
    evaluator: &'e Evaluator<'g>,
    states: IndexMap<Name, State>,
}

impl<'g> Evaluator<'g> {
    /// A function of a program.
    ///
    /// # Errors
    ///
    /// If the program has no such function, or its opset is not known.
    pub fn new(program: &'g Program, function: &str, options: EvalOptions) -> Result<Evaluator<'g>, Error> {
        let name = Name::from(function);
        let found = program.function(function).ok_or_else(|| Error::NoFunction(name.clone()))?;
        let graph = found.graph().ok_or_else(|| Error::NoGraph(name.clone(), found.opset.clone()))?;
        let interface = program.interface.function(function);
        Evaluator::of_graph(graph, &found.opset, name, interface, options)
    }

    /// A graph that stands on its own. `function` is for messages.
    ///
    /// # Errors
    ///
    /// If the opset is not known.
    pub fn of_graph(
        graph: &'g Graph,
        opset: &Opset,
        function: Name,
        interface: Option<&'g FunctionInterface>,
        options: EvalOptions,
    ) -> Result<Evaluator<'g>, Error> {
        let target = opset.release().ok_or_else(|| Error::UnknownOpset(function.clone(), opset.clone()))?;
        let name = |value: ValueId| graph.value(value).name().clone();
        let wanted: Vec<_> = graph.root().outputs().map(|value| (name(value), value)).collect();
        let mut evaluator = Evaluator {
            graph,
            function,
            opset: opset.clone(),
            target,
            interface,
            options,
            jitter: None,
            taint: None,
            divisors: None,
            wanted: Vec::new(),
            plan: Plan::new(graph, &[]),
            constants: std::iter::repeat_with(OnceLock::new).take(graph.bound()).collect(),
            constant_bytes: AtomicUsize::new(0),
        };
        evaluator.want(wanted);
        Ok(evaluator)
    }

    fn want(&mut self, wanted: Vec<(Name, ValueId)>) {
        let values: Vec<_> = wanted.iter().map(|entry| entry.1).collect();
        self.plan = Plan::new(self.graph, &values);
        self.wanted = wanted;
    }

    /// Gives these values of the outermost block, by name, instead of the function's outputs.
    ///
    /// # Errors
    ///
    /// If the function has no such value.
    pub fn with_outputs(mut self, names: &[&str]) -> Result<Evaluator<'g>, Error> {
        let mut wanted = Vec::new();
        for &name in names {
            let root = self.graph.root();
            let results = root.ops().flat_map(|op| self.graph.op(op).results());
            let mut values = root.inputs().iter().chain(results).copied();
            let value = values.find(|&value| &**self.graph.value(value).name() == name);
            wanted.push((name.into(), value.ok_or_else(|| self.no_such("value", name))?));
        }
        self.want(wanted);
        Ok(self)
    }

    /// Gives these values of the outermost block, in this order, instead of the function's outputs.
    ///
    /// # Errors
    ///
    /// If a value stands in an inner block.
    pub fn with_values(mut self, values: &[ValueId]) -> Result<Evaluator<'g>, Error> {
        let name = |value: ValueId| self.graph.value(value).name().clone();
        if let Some(&inner) = values.iter().find(|&&value| self.graph.home(value) != Graph::ROOT) {
            return Err(self.no_such("value", &name(inner)));
        }
        let wanted = values.iter().map(|&value| (name(value), value)).collect();
        self.want(wanted);
        Ok(self)
    }

    /// With every float, constants and inputs too, rounded to a narrower type; which of its neighbours a
    /// number that does not fit becomes is up to the seed. Several seeds show what that precision makes of a
    /// function.
    #[must_use]
    pub fn rounded_to(self, dtype: mil_tensor::DType, seed: u64) -> Evaluator<'g> {
        self.jittered(Jitter { seed, grain: Some(dtype), flushes: false })
    }

    /// As [`Evaluator::rounded_to`], where what is below the last place of the largest number of its tensor
    /// becomes 0: what hangs on whether a number is 0 shows.
    #[must_use]
    pub fn flushed_to(self, dtype: mil_tensor::DType, seed: u64) -> Evaluator<'g> {
        self.jittered(Jitter { seed, grain: Some(dtype), flushes: true })
    }

    /// With every rounding as it might have fallen, too.
    pub(crate) fn jittered(mut self, jitter: Jitter) -> Evaluator<'g> {
        self.jitter = Some(jitter);
        self
    }

    /// With NaN where rounding decides beyond any measure.
    pub(crate) fn tainted(mut self, taint: Taint) -> Evaluator<'g> {
        self.taint = Some(taint);
        self
    }

    /// Looking at all divisors on the way.
    pub(crate) fn watched(mut self, divisors: Arc<Divisors>) -> Evaluator<'g> {
        self.divisors = Some(divisors);
        self
    }

    fn no_such(&self, kind: &'static str, name: &str) -> Error {
        Error::NoSuch { function: self.function.clone(), kind, name: name.into() }
    }

    /// The function's name.
    pub fn function(&self) -> &Name {
        &self.function
    }

    /// The options.
    pub fn options(&self) -> &EvalOptions {
        &self.options
    }

    /// Names and types of the inputs that are no states.
    pub fn inputs(&self) -> impl Iterator<Item = (&Name, &Type)> {
        self.parameters().filter(|(_, ty)| ty.as_state().is_none())
    }

    /// Names of what it gives.
    pub fn outputs(&self) -> impl Iterator<Item = &Name> {
        self.wanted.iter().map(|(name, _)| name)
    }

    fn parameters(&self) -> impl Iterator<Item = (&Name, &Type)> {
        self.graph.root().inputs().iter().map(|&value| {
            let value = self.graph.value(value);
            (value.name(), value.ty())
        })
    }

    /// A session whose states are zero.
    ///
    /// # Errors
    ///
    /// If a state has no fixed shape.
    pub fn session(&self) -> Result<Session<'_, 'g>, Error> {
        let mut states = IndexMap::new();
        let mut held = 0_usize;
        for (name, ty) in self.parameters() {
            let Some(contents) = ty.as_state() else { continue };
            let fail = || Error::State { function: self.function.clone(), state: name.clone() };
            let dtype = contents.dtype().ok_or_else(fail)?;
            let shape = contents.fixed_shape().ok_or_else(fail)?;
            let zeros = self.zeros(dtype, &shape)?;
            held = held.saturating_add(zeros.bytes());
            if held > self.options.limits.held_bytes {
                return Err(EvalError::TooMuchHeld(self.options.limits.held_bytes).into());
            }
            states.insert(name.clone(), State::new(zeros));
        }
        Ok(Session { evaluator: self, states })
    }

    fn zeros(&self, dtype: mil_tensor::DType, shape: &[usize]) -> Result<Array, EvalError> {
        let limit = self.options.limits.value_bytes;
        let bytes = shape.iter().try_fold(8_usize, |n, &size| n.checked_mul(size));
        if bytes.is_none_or(|bytes| bytes > limit) && !shape.contains(&0) {
            return Err(EvalError::TooLarge { shape: shape.to_vec(), limit });
        }
        Array::filled(dtype, shape, 0.0, self.is_double())
    }

    fn is_double(&self) -> bool {
        self.options.precision == Precision::Double
    }

    /// One call, with states of its own.
    ///
    /// # Errors
    ///
    /// See [`Session::run`].
    pub fn run(&self, inputs: &Inputs) -> Result<Outputs, Error> {
        self.session()?.run(inputs)
    }
}

impl<'g> Session<'_, 'g> {
    /// The contents of the states, by name.
    pub fn states(&self) -> impl Iterator<Item = (&Name, Array)> {
        self.states.iter().map(|(name, state)| (name, state.read()))
    }

    /// Sets the contents of a state.
    ///
    /// # Errors
    ///
    /// If there is no such state, or the array has another shape.
    pub fn set_state(&mut self, name: &str, contents: &Array) -> Result<(), Error> {
        let state = self.states.get(name).ok_or_else(|| self.evaluator.no_such("state", name))?;
        let dtype = state.read().dtype();
        state.write(interface::converted(contents, dtype, self.evaluator.is_double())?)?;
        Ok(())
    }

    /// Runs the function.
    ///
    /// Inputs are converted to the element types that the function declares, outputs to those that the
    /// interface declares.
    ///
    /// # Errors
    ///
    /// If an input is missing, unknown or of another shape; if an op fails, or is unknown.
    pub fn run(&mut self, inputs: &Inputs) -> Result<Outputs, Error> {
        let evaluator = self.evaluator;
        let graph = evaluator.graph;
        if let Some(name) = inputs.keys().find(|&name| {
            !evaluator.inputs().any(|(known, _)| known == name)
                && !evaluator.interface.is_some_and(|i| i.inputs.iter().any(|f| f.name == *name))
        }) {
            return Err(evaluator.no_such("input", name));
        }
        let run = Run {
            evaluator,
            values: RefCell::new(vec![None; graph.bound()]),
            error: RefCell::new(None),
            stream: Cell::new(0),
            depth: Cell::new(0),
            held: Cell::new(0),
        };
        for &value in graph.root().inputs() {
            let (name, ty) = (graph.value(value).name(), graph.value(value).ty());
            let bound = match self.states.get(name) {
                Some(state) => EvalValue::State(state.clone()),
                None => interface::input(
                    &evaluator.function,
                    name,
                    ty,
                    inputs.get(name),
                    evaluator.interface,
                    evaluator.is_double(),
                )?
                .into(),
            };
            let bound = match evaluator.jitter {
                Some(jitter) if jitter.grain.is_some() => {
                    jitter.constant(value.index() as u64 * 256 + 255, &bound)
                }
                _ => bound,
            };
            run.values.borrow_mut()[value.index()] = Some(bound);
        }
        run.block(Graph::ROOT)?;
        let mut outputs = Outputs::new();
        for (name, value) in &evaluator.wanted {
            let got = run.value(*value)?;
            let got = interface::output(
                &evaluator.function,
                name,
                got,
                evaluator.interface,
                evaluator.is_double(),
            )?;
            outputs.insert(name.clone(), got);
        }
        Ok(outputs)
    }
}

/// One call.
struct Run<'r, 'g> {
    evaluator: &'r Evaluator<'g>,
    values: RefCell<Vec<Option<EvalValue>>>,
    /// The error of an inner block, on its way out through the kernel that ran it.
    error: RefCell<Option<Error>>,
    stream: Cell<u64>,
    depth: Cell<usize>,
    /// Bytes of the values that are there.
    held: Cell<usize>,
}

/// Runs the blocks of one op.
struct Blocks<'r, 'g> {
    run: &'r Run<'r, 'g>,
    op: OpId,
}

impl Host for Blocks<'_, '_> {
    fn run_block(&self, index: usize, inputs: &[EvalValue]) -> Result<Vec<EvalValue>, EvalError> {
        let (run, graph) = (self.run, self.run.evaluator.graph);
        let missing = || EvalError::invalid(format!("the op has no block {index}"));
        let block = *graph.op(self.op).blocks().get(index).ok_or_else(missing)?;
        let limit = run.evaluator.options.limits.depth;
        if run.depth.get() >= limit {
            return Err(EvalError::TooDeep(limit));
        }
        let parameters = graph.block(block).inputs();
        if parameters.len() != inputs.len() {
            return Err(EvalError::invalid(format!(
                "{} values for {} inputs",
                inputs.len(),
                parameters.len()
            )));
        }
        for (&parameter, input) in parameters.iter().zip(inputs) {
            run.hold(&mut run.values.borrow_mut()[parameter.index()], Some(input.clone()));
        }
        run.depth.set(run.depth.get() + 1);
        let done = run.block(block);
        run.depth.set(run.depth.get() - 1);
        done.and_then(|()| graph.block(block).outputs().map(|value| run.value(value)).collect()).map_err(
            |error: Error| {
                let message = error.to_string();
                run.error.replace(Some(error));
                EvalError::Block(message.into())
            },
        )
    }
}

impl Run<'_, '_> {
    /// Runs the needed ops of a block.
    fn block(&self, block: BlockId) -> Result<(), Error> {
        for step in self.evaluator.plan.block(block) {
            let op = self.evaluator.graph.op(step.op);
            if is_constant(op.kind()) {
                continue;
            }
            let results = self.op(step.op, |value| self.value(value))?;
            let mut values = self.values.borrow_mut();
            for (&result, value) in op.results().iter().zip(results) {
                self.hold(&mut values[result.index()], Some(value));
            }
            for value in &step.drop {
                self.hold(&mut values[value.index()], None);
            }
            let limit = self.evaluator.options.limits.held_bytes;
            if self.held.get().saturating_add(self.evaluator.constant_bytes.load(Ordering::Relaxed)) > limit {
                return Err(self.evaluator.failed(step.op, EvalError::TooMuchHeld(limit)));
            }
        }
        Ok(())
    }

    /// Puts a value in its place, and counts the bytes of what stands there before and after.
    fn hold(&self, place: &mut Option<EvalValue>, value: Option<EvalValue>) {
        let bytes = |value: &Option<EvalValue>| value.as_ref().map_or(0, EvalValue::bytes);
        self.held.set(self.held.get().saturating_sub(bytes(place)).saturating_add(bytes(&value)));
        *place = value;
    }

    /// The value of something that was computed, or of a constant.
    fn value(&self, value: ValueId) -> Result<EvalValue, Error> {
        if let Some(found) = &self.values.borrow()[value.index()] {
            return Ok(found.clone());
        }
        self.constant(value)
    }

    /// The value of a constant: computed when it is first needed.
    fn constant(&self, value: ValueId) -> Result<EvalValue, Error> {
        let evaluator = self.evaluator;
        if let Some(known) = evaluator.constants[value.index()].get() {
            return Ok(known.clone());
        }
        let graph = evaluator.graph;
        let definition = graph.definition(value).filter(|&op| is_constant(graph.op(op).kind()));
        let op = definition.ok_or_else(|| evaluator.no_such("computed value", graph.value(value).name()))?;
        // Operands first, with a stack of our own: no recursion on the program's depth.
        let mut local: IndexMap<ValueId, EvalValue> = IndexMap::new();
        let mut stack = vec![(op, false)];
        while let Some((op, ready)) = stack.pop() {
            let found = graph.op(op);
            if found.results().iter().all(|result| local.contains_key(result)) {
                continue;
            }
            if !ready {
                stack.push((op, true));
                let definitions = found.values().filter_map(|value| graph.definition(value));
                stack.extend(definitions.map(|definition| (definition, false)));
                continue;
            }
            let results = self.op(op, |value| match local.get(&value) {
                Some(known) => Ok(known.clone()),
                None => Err(evaluator.no_such("constant", graph.value(value).name())),
            })?;
            local.extend(found.results().iter().copied().zip(results));
        }
        // Only what the program itself needs is kept: not the compressed data inside the chain.
        for &result in graph.op(op).results() {
            if let Some(found) = local.get(&result) {
                evaluator.constants[result.index()].get_or_init(|| {
                    evaluator.constant_bytes.fetch_add(found.bytes(), Ordering::Relaxed);
                    found.clone()
                });
            }
        }
        local.swap_remove(&value).ok_or_else(|| evaluator.no_such("constant", graph.value(value).name()))
    }

    /// Runs one op.
    fn op(
        &self,
        id: OpId,
        lookup: impl Fn(ValueId) -> Result<EvalValue, Error>,
    ) -> Result<Vec<EvalValue>, Error> {
        let evaluator = self.evaluator;
        let graph = evaluator.graph;
        let op = graph.op(id);
        let def = evaluator.definition(id)?;
        let failed = |source: EvalError| evaluator.failed(id, source);
        let mut inner = None;
        let bound = bind_constants(graph, id, &evaluator.options, |value| {
            lookup(value).map_err(|error| {
                let message = error.to_string();
                inner = Some(error);
                EvalError::invalid(message)
            })
        });
        let mut bound = match (bound, inner) {
            (_, Some(error)) => return Err(error),
            (bound, None) => bound.map_err(failed)?,
        };
        let place = id.index() as u64 * 256;
        if let Some(jitter) = evaluator.jitter {
            for (at, (param, values)) in bound.iter_mut().enumerate() {
                let argument = op.argument(param);
                for (index, value) in values.iter_mut().enumerate() {
                    if argument.is_none_or(|found| matches!(found.get(index), Some(Operand::Literal(_)))) {
                        *value = jitter.constant(place + 16 + at as u64, value);
                    }
                }
            }
        }
        let types: Vec<Type> = op.results().iter().map(|&value| graph.value(value).ty().clone()).collect();
        self.stream.set(self.stream.get() + 1);
        let limits = &evaluator.options.limits;
        if self.stream.get() > limits.ops {
            return Err(failed(EvalError::TooManyOps(limits.ops)));
        }
        let blocks = Blocks { run: self, op: id };
        let context = Context {
            def,
            target: evaluator.target,
            bound: &bound,
            results: &types,
            options: &evaluator.options,
            stream: self.stream.get(),
            host: (!op.blocks().is_empty()).then_some(&blocks as &dyn Host),
        };
        if let Some(divisors) = &evaluator.divisors {
            divisors.see(place, &context);
        }
        let tainted = evaluator.taint.as_ref().and_then(|taint| taint.operands(place, &context));
        let context = Context { bound: tainted.as_ref().unwrap_or(&bound), ..context };
        let results = match call(&context) {
            Err(EvalError::Block(message)) => {
                return Err(self.error.take().unwrap_or_else(|| failed(EvalError::Block(message))));
            }
            other => other.map_err(failed)?,
        };
        if results.len() != op.results().len() {
            return Err(Error::Results {
                function: evaluator.function.clone(),
                label: graph.label(id).clone(),
                kind: op.kind().clone(),
                got: results.len(),
                wanted: op.results().len(),
            });
        }
        let results = match &evaluator.taint {
            Some(taint) => taint.results(&context, results),
            None => results,
        };
        Ok(match evaluator.jitter {
            None => results,
            Some(jitter) if is_constant(op.kind()) => results
                .iter()
                .enumerate()
                .map(|(at, value)| jitter.constant(place + at as u64, value))
                .collect(),
            Some(jitter) => jitter.results(place, &context, results),
        })
    }
}

impl Evaluator<'_> {
    /// The error of an op.
    fn failed(&self, id: OpId, source: EvalError) -> Error {
        Error::Op {
            function: self.function.clone(),
            label: self.graph.label(id).clone(),
            kind: self.graph.op(id).kind().clone(),
            source: Box::new(source),
        }
    }

    fn definition(&self, id: OpId) -> Result<&'static OpDef, Error> {
        let op = self.graph.op(id);
        let label = self.graph.label(id).clone();
        if op.kind() == "custom_layer" {
            return Err(Error::CustomLayer { function: self.function.clone(), label });
        }
        mil_ops::def(op.kind()).filter(|def| def.version(self.target).is_some()).ok_or_else(|| {
            Error::UnknownOp {
                function: self.function.clone(),
                label,
                kind: op.kind().clone(),
                opset: self.opset.clone(),
            }
        })
    }
}

/// The op is evaluated once, whatever the inputs are.
fn is_constant(kind: &str) -> bool {
    kind == "const" || mil_ops::def(kind).is_some_and(|def| def.is(Trait::Constexpr))
}
