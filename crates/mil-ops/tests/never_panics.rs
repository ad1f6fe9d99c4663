//! Inference and checks answer any operands, however absurd: with types or with an error, never with a panic.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use mil_ir::{Dim, Graph, Literal, NewBlock, NewOp, OpId, Operand, Release, Shape, Type, TypeKind, ValueId};
use mil_ops::{OpDef, ParamKind, ProgramBuilder, infer_new, infer_op, verify_graph};
use mil_tensor::random::Stream;
use mil_tensor::{DType, Tensor};

/// Random operands.
struct Random(Stream);

impl Random {
    fn dim(&mut self) -> Dim {
        let variadic = self.0.below(12) == 0;
        self.0.pick(&[
            Dim::Fixed(0),
            Dim::Fixed(1),
            Dim::Fixed(2),
            Dim::Fixed(4),
            Dim::Fixed(1 << 62),
            Dim::Fixed(u64::MAX),
            Dim::Unknown { variadic },
        ])
    }

    fn dims(&mut self) -> Vec<Dim> {
        let rank = self.0.pick(&[0, 1, 2, 3, 4, 4, 5]);
        (0..rank).map(|_| self.dim()).collect()
    }

    fn dtype(&mut self) -> DType {
        let all: Vec<DType> = DType::all().chain([DType::Unknown(77)]).collect();
        self.0.pick(&all)
    }

    fn ty(&mut self, dtypes: &[DType]) -> Type {
        let dtype =
            if self.0.below(4) == 0 || dtypes.is_empty() { self.dtype() } else { self.0.pick(dtypes) };
        let tensor = match self.0.below(12) {
            0 => Type::tensor(dtype, Shape::Unranked),
            _ => Type::tensor(dtype, Shape::Ranked(self.dims())),
        };
        match self.0.below(24) {
            0 => Type::new(TypeKind::List(tensor, self.dim())),
            1 => Type::new(TypeKind::State(tensor)),
            2 => Type::new(TypeKind::Unknown),
            _ => tensor,
        }
    }

    fn constant(&mut self, choices: &[&str]) -> Literal {
        let numbers = [0, 1, 2, 3, -1, -2, 4, i32::MAX, i32::MIN];
        let count = self.0.below(7);
        let ints: Vec<i32> = (0..count).map(|_| self.0.pick(&numbers)).collect();
        let flags: Vec<bool> = (0..count).map(|_| self.0.below(2) == 0).collect();
        Literal::tensor(match self.0.below(8) {
            0 => Tensor::scalar(self.0.pick(&numbers)),
            1 => Tensor::scalar(self.0.pick(&[0_f32, 1.5, -1.0, f32::NAN, f32::INFINITY, 1e38])),
            2 => Tensor::bool(flags.len().is_multiple_of(2)),
            3 => Tensor::from_bools(&[count], &flags).unwrap(),
            4 => Tensor::string(self.0.pick(&["", "fp16", "i,j->", "ij,jk->ik", "int8", "bidirectional"])),
            5 if !choices.is_empty() => Tensor::string(self.0.pick(choices)),
            6 => Tensor::from_slice(&[count], &ints.iter().map(|&x| x as u32).collect::<Vec<_>>()).unwrap(),
            _ => Tensor::ints(&ints),
        })
    }

    /// An op whose operands are now and then what its declaration asks for.
    fn op(&mut self, def: &OpDef, target: Release, builder: &mut ProgramBuilder) -> Option<NewOp> {
        let version = def.version(target)?;
        let mut new = NewOp::new(def.name);
        for param in version.params {
            if self.0.below(8) == 0 {
                continue;
            }
            let count = if param.kind == ParamKind::Variadic { self.0.below(4) } else { 1 };
            let dtypes = version.dtypes(param).unwrap_or(&[]);
            let operands: Vec<Operand> = (0..count)
                .map(|_| match self.0.below(3) {
                    0 => self.constant(param.choices).into(),
                    1 if param.constant => self.constant(param.choices).into(),
                    _ => builder.input("input", self.ty(dtypes)).into(),
                })
                .collect();
            match (operands.as_slice(), self.0.below(6)) {
                ([Operand::Literal(literal)], 0) => new = new.attribute(param.name, (**literal).clone()),
                _ => new = new.with_all(param.name, operands),
            }
        }
        for _ in 0..self.0.below(4) {
            new.blocks.push(NewBlock { inputs: vec![("inner".into(), self.ty(&[]))] });
        }
        Some(new.result("result", self.ty(&[])))
    }
}

#[test]
fn any_operands_get_an_answer() {
    for (seed, def) in mil_ops::all().iter().enumerate() {
        let mut random = Random(Stream::new(seed as u64));
        for round in 0..50 {
            let target = Release::ALL[round % Release::ALL.len()];
            let mut builder = ProgramBuilder::new(target);
            let Some(new) = random.op(def, target, &mut builder) else { continue };
            let opset = target.opset();
            let new_types = infer_new(builder.graph(), &new, &opset);
            let _ = builder.clone().emit(new.clone());
            let graph: &mut Graph = builder.graph_mut();
            let op: OpId = graph.insert(new, mil_ir::At::End(Graph::ROOT));
            let blocks = graph.op(op).blocks().to_vec();
            for block in blocks {
                let inputs: Vec<ValueId> = graph.block(block).inputs().to_vec();
                graph.set_outputs(block, inputs);
            }
            let _ = verify_graph(graph, &opset);
            if graph.op(op).blocks().is_empty() {
                assert_eq!(new_types, infer_op(graph, op, &opset), "{}", def.name);
            }
        }
    }
}
