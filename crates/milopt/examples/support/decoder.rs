//! A decoder of any size for one token, taken apart: what that takes.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use milopt::Package;
use milopt::estimate::Target;
use milopt::ir::{Model, NewOp, Release, Type, ValueId};
use milopt::ops::{BuildError, ProgramBuilder};
use milopt::surgery::{Limit, chunk};
use milopt::tensor::{Blob, DType, FileSource, Tensor};

use crate::Outcome;
use crate::peak::Peak;

/// Width of the stream between layers, and of a layer's middle.
const WIDTH: usize = 4096;
const MIDDLE: usize = 11_008;
/// Rows and columns of a layer's weights.
const WEIGHTS: [(&str, usize, usize); 7] = [
    ("q", WIDTH, WIDTH),
    ("k", WIDTH, WIDTH),
    ("v", WIDTH, WIDTH),
    ("o", WIDTH, WIDTH),
    ("gate", MIDDLE, WIDTH),
    ("up", MIDDLE, WIDTH),
    ("down", WIDTH, MIDDLE),
];

/// Makes a package of so many GiB, and cuts it into parts; prints the parts and the peak of memory.
pub(crate) fn chunks(folder: &Path, gib: u64, parts: usize) -> Outcome<()> {
    let path = folder.join("decoder.mlpackage");
    make(folder, gib, &path)?;
    let peak = Peak::watch();
    let mut package = Package::open(&path)?;
    let program = package.take_program()?;
    let target = Target::new("M4", "26", "cpu-and-ne")?;
    let found = chunk(&program, None, Limit { parts: Some(parts), weight_bytes: None }, &target)?;
    for (at, (part, size)) in found.programs.into_iter().zip(&found.parts).enumerate() {
        let model = Model::Program(part);
        if let Some(violation) = milopt::verify(&model).violations.first() {
            return Err(violation.to_string().into());
        }
        let path = folder.join(format!("part_{at}.mlpackage"));
        Package::from(model).save(&path)?;
        // Four parts take as much room as the whole.
        std::fs::remove_dir_all(&path)?;
        println!(
            "part {at}: {} ops, {:.2} ms, {} bytes of weights",
            size.ops, size.cost_ms, size.weight_bytes
        );
    }
    println!("peak {:.0} MiB", peak.end());
    Ok(())
}

fn make(folder: &Path, gib: u64, path: &Path) -> Outcome<()> {
    let layer: u64 = WEIGHTS.iter().map(|(_, rows, columns)| (rows * columns * 2) as u64).sum();
    let layers = (gib << 30).div_ceil(layer);
    // Holes but for a few elements, which differ from weight to weight.
    let mut file = tempfile::tempfile_in(folder)?;
    file.set_len(layers * layer)?;
    let mut start = 0;
    let mut ranges = Vec::new();
    for number in 0..layers * WEIGHTS.len() as u64 {
        let (_, rows, columns) = WEIGHTS[(number % WEIGHTS.len() as u64) as usize];
        let end = start + (rows * columns * 2) as u64;
        for place in [start, end - 8] {
            file.seek(SeekFrom::Start(place))?;
            file.write_all(&[number as u8, 0x20, (number >> 8) as u8, 0x21, 0, 0, 0, 0])?;
        }
        ranges.push(start..end);
        start = end;
    }
    let source = Arc::new(FileSource::new(file)?);
    let mut weights = ranges.into_iter().map(|range| Blob { source: source.clone(), range });
    let mut builder = ProgramBuilder::new(Release::IOS17);
    let mut x = builder.input("x", Type::fixed(DType::Fp16, &[1, WIDTH]));
    for number in 0..layers {
        let mut project = |builder: &mut ProgramBuilder, at: usize, x: ValueId| -> Outcome<ValueId> {
            let (name, rows, columns) = WEIGHTS[at];
            let blob = weights.next().ok_or("there is no weight left")?;
            let weight = Tensor::from_blob(DType::Fp16, &[rows, columns], blob)?;
            let name = format!("{name}_{number}");
            let weight = builder.tensor(&format!("{name}_weight"), weight);
            Ok(builder.op(NewOp::new("linear").named(name).with("x", x).with("weight", weight))?)
        };
        let q = project(&mut builder, 0, x)?;
        let k = project(&mut builder, 1, x)?;
        let v = project(&mut builder, 2, x)?;
        let scores = binary(&mut builder, "mul", &format!("scores_{number}"), q, k)?;
        let gate = builder.op(NewOp::new("sigmoid").named(format!("share_{number}")).with("x", scores))?;
        let mixed = binary(&mut builder, "mul", &format!("mixed_{number}"), gate, v)?;
        let o = project(&mut builder, 3, mixed)?;
        x = binary(&mut builder, "add", &format!("attended_{number}"), x, o)?;
        let gate = project(&mut builder, 4, x)?;
        let gate = builder.op(NewOp::new("silu").named(format!("open_{number}")).with("x", gate))?;
        let up = project(&mut builder, 5, x)?;
        let middle = binary(&mut builder, "mul", &format!("middle_{number}"), gate, up)?;
        let down = project(&mut builder, 6, middle)?;
        x = binary(&mut builder, "add", &format!("layer_{number}"), x, down)?;
    }
    Ok(Package::from(builder.finish([x])?).save(path)?)
}

fn binary(
    builder: &mut ProgramBuilder,
    kind: &str,
    name: &str,
    x: ValueId,
    y: ValueId,
) -> Result<ValueId, BuildError> {
    builder.op(NewOp::new(kind).named(name).with("x", x).with("y", y))
}
