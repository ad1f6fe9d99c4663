//! What a file holds: a program, a pipeline of models, or something that is only carried.

use crate::{Carried, Interface, Name, Program};

/// A Core ML model.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there are few models, and most are programs")]
pub enum Model {
    /// An ML Program: what passes work on.
    Program(Program),
    /// Models that run one after the other. Passes reach the programs inside.
    Pipeline(ModelPipeline),
    /// Any other type: carried byte for byte.
    Opaque(OpaqueModel),
}

/// A model made of models.
#[derive(Clone, Debug)]
pub struct ModelPipeline {
    /// What the last member gives: anything, a class, a number.
    pub kind: PipelineKind,
    /// What an app sees.
    pub interface: Interface,
    /// The members in order. A name may be missing.
    pub members: Vec<(Option<Name>, Model)>,
    /// Unknown fields of the `Pipeline` message.
    pub carried: Option<Box<Carried>>,
}

/// The three pipeline messages of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PipelineKind {
    /// `Model.pipeline`.
    Plain,
    /// `Model.pipelineClassifier`.
    Classifier,
    /// `Model.pipelineRegressor`.
    Regressor,
}

/// A model whose type milopt does not rewrite.
#[derive(Clone, Debug)]
pub struct OpaqueModel {
    /// The name of its type in the format, for example `neuralNetwork`; `None` where the model has none.
    pub kind: Option<Name>,
    /// What an app sees, for reading only: the bytes are what goes out.
    pub interface: Interface,
    /// The whole `Model` message.
    pub bytes: std::sync::Arc<[u8]>,
}

impl Model {
    /// What an app sees.
    pub fn interface(&self) -> &Interface {
        match self {
            Model::Program(program) => &program.interface,
            Model::Pipeline(pipeline) => &pipeline.interface,
            Model::Opaque(opaque) => &opaque.interface,
        }
    }

    /// The name of its type in the format.
    pub fn kind(&self) -> &str {
        match self {
            Model::Program(_) => "mlProgram",
            Model::Pipeline(pipeline) => match pipeline.kind {
                PipelineKind::Plain => "pipeline",
                PipelineKind::Classifier => "pipelineClassifier",
                PipelineKind::Regressor => "pipelineRegressor",
            },
            Model::Opaque(opaque) => opaque.kind.as_deref().unwrap_or("none"),
        }
    }

    /// The program, where the model is one.
    pub fn as_program(&self) -> Option<&Program> {
        match self {
            Model::Program(program) => Some(program),
            _ => None,
        }
    }

    /// Every program: the model itself, or those inside a pipeline, with the path of member numbers to it.
    pub fn programs(&self) -> Vec<(Vec<usize>, &Program)> {
        self.leaves().into_iter().filter_map(|(path, leaf)| Some((path, leaf.as_program()?))).collect()
    }

    /// Every model that is only carried: the model itself, or those inside a pipeline. Paths are those of
    /// [`Model::programs`].
    pub fn opaques(&self) -> Vec<(Vec<usize>, &OpaqueModel)> {
        let leaves = self.leaves().into_iter();
        leaves
            .filter_map(|(path, leaf)| match leaf {
                Model::Opaque(opaque) => Some((path, opaque)),
                _ => None,
            })
            .collect()
    }

    /// Every model that is not a pipeline.
    fn leaves(&self) -> Vec<(Vec<usize>, &Model)> {
        let mut found = Vec::new();
        let mut stack = vec![(Vec::new(), self)];
        while let Some((path, model)) = stack.pop() {
            let Model::Pipeline(pipeline) = model else {
                found.push((path, model));
                continue;
            };
            for (index, (_, member)) in pipeline.members.iter().enumerate().rev() {
                stack.push((path.iter().copied().chain([index]).collect(), member));
            }
        }
        found
    }

    /// Every program, to be changed. Same order as [`Model::programs`].
    pub fn programs_mut(&mut self) -> Vec<&mut Program> {
        let mut found = Vec::new();
        let mut stack = vec![self];
        while let Some(model) = stack.pop() {
            match model {
                Model::Program(program) => found.push(program),
                Model::Pipeline(pipeline) => {
                    stack.extend(pipeline.members.iter_mut().rev().map(|(_, member)| member))
                }
                Model::Opaque(_) => {}
            }
        }
        found
    }
}
