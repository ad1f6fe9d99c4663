//! Models that run one after the other.

use std::collections::BTreeSet;

use mil_ir::Name;
use mil_ops::eval::EvalValue;

use crate::{Error, Evaluator, Inputs, Outputs, Session};

/// Models that run one after the other, wired by the names of their features, as the members of a pipeline are:
/// each takes what the caller hands over and what those before it give.
#[derive(Debug)]
pub struct Chain<'g> {
    members: Vec<Evaluator<'g>>,
}

/// Calls of a chain that share states.
#[derive(Debug)]
pub struct ChainSession<'e, 'g> {
    chain: &'e Chain<'g>,
    sessions: Vec<Session<'e, 'g>>,
}

impl<'g> Chain<'g> {
    /// A chain of functions, in the order in which they run.
    pub fn new(members: Vec<Evaluator<'g>>) -> Chain<'g> {
        Chain { members }
    }

    /// Names of what the caller hands over: what a member takes and none before it gives.
    pub fn inputs(&self) -> Vec<Name> {
        let mut given: BTreeSet<&Name> = BTreeSet::new();
        let mut inputs: Vec<Name> = Vec::new();
        for member in &self.members {
            for (name, _) in member.inputs() {
                if !given.contains(name) && !inputs.contains(name) {
                    inputs.push(name.clone());
                }
            }
            given.extend(member.outputs());
        }
        inputs
    }

    /// A session whose states are zero.
    ///
    /// # Errors
    ///
    /// If a state has no fixed shape.
    pub fn session(&self) -> Result<ChainSession<'_, 'g>, Error> {
        let sessions = self.members.iter().map(Evaluator::session).collect::<Result<_, _>>()?;
        Ok(ChainSession { chain: self, sessions })
    }
}

impl<'e, 'g> ChainSession<'e, 'g> {
    /// The sessions of the members.
    pub fn members(&mut self) -> &mut [Session<'e, 'g>] {
        &mut self.sessions
    }

    /// Runs all members; answers all that they give.
    ///
    /// # Errors
    ///
    /// If an input is missing, unknown or of another shape; if an op fails, or is unknown.
    pub fn run(&mut self, inputs: &Inputs) -> Result<Outputs, Error> {
        let wanted = self.chain.inputs();
        if let (Some(unknown), Some(first)) =
            (inputs.keys().find(|name| !wanted.contains(name)), self.chain.members.first())
        {
            let function = first.function().clone();
            return Err(Error::NoSuch { function, kind: "input", name: unknown.to_string() });
        }
        let mut known = inputs.clone();
        let mut outputs = Outputs::new();
        for (member, session) in self.chain.members.iter().zip(&mut self.sessions) {
            let taken =
                member.inputs().filter_map(|(name, _)| Some((name.clone(), known.get(name)?.clone())));
            for (name, value) in session.run(&taken.collect())? {
                if let EvalValue::Array(array) = &value {
                    known.insert(name.clone(), array.clone());
                }
                outputs.insert(name, value);
            }
        }
        Ok(outputs)
    }
}

#[cfg(test)]
mod tests {
    use mil_ir::text;

    use super::*;
    use crate::Array;

    #[test]
    fn each_takes_what_those_before_give() {
        let program = |input: &str, op: &str, output: &str| {
            let text = format!(
                "program(1.3)\n{{\n    func main<ios17>(tensor<fp32, [2]> {input}) {{\n        \
                 tensor<fp32, [2]> {output} = {op}(x = {input})[name = \"op\"];\n    }} -> ({output});\n}}\n"
            );
            text::parse(&text).unwrap()
        };
        let programs = [program("x", "relu", "h"), program("h", "square", "y"), program("x", "abs", "z")];
        let member = |program| Evaluator::new(program, "main", Default::default()).unwrap();
        let chain = Chain::new(programs.iter().map(member).collect());
        assert_eq!(chain.inputs(), ["x"]);
        let x = Array::from_vec(&[2], vec![3_f32, -1.0]).unwrap();
        let outputs = chain.session().unwrap().run(&Inputs::from([("x".into(), x.clone())])).unwrap();
        let numbers = |name: &str| match &outputs[name] {
            EvalValue::Array(array) => array.reals::<f32>().unwrap().to_vec(),
            other => panic!("{name} is {}", other.form()),
        };
        assert_eq!(
            (numbers("h"), numbers("y"), numbers("z")),
            (vec![3.0, 0.0], vec![9.0, 0.0], vec![3.0, 1.0])
        );
        let wrong = Inputs::from([("h".into(), x)]);
        assert!(chain.session().unwrap().run(&wrong).unwrap_err().to_string().contains('h'));
    }
}
