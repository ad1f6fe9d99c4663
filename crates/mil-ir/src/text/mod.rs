//! MIL text.

use std::fmt;

use crate::{Dim, Shape, Type, TypeKind};

/// Writes a type as MIL text has it.
pub fn write_type(out: &mut dyn fmt::Write, ty: &Type) -> fmt::Result {
    match ty.kind() {
        TypeKind::Tensor(tensor) => match &tensor.shape {
            Shape::Ranked(dims) => {
                write!(out, "tensor<{}, [", tensor.dtype)?;
                for (i, dim) in dims.iter().enumerate() {
                    write!(out, "{}{dim}", if i > 0 { ", " } else { "" })?;
                }
                out.write_str("]>")
            }
            Shape::Unranked => write!(out, "tensor<{}, ?>", tensor.dtype),
        },
        TypeKind::List(element, length) => {
            out.write_str("list<")?;
            write_type(out, element)?;
            match length {
                Dim::Fixed(_) => write!(out, ", {length}>"),
                _ => out.write_str(", ?>"),
            }
        }
        TypeKind::Tuple(elements) => {
            out.write_str("tuple<")?;
            for (i, element) in elements.iter().enumerate() {
                out.write_str(if i > 0 { ", " } else { "" })?;
                write_type(out, element)?;
            }
            out.write_str(">")
        }
        TypeKind::Dict(key, value) => {
            out.write_str("dict<")?;
            write_type(out, key)?;
            out.write_str(", ")?;
            write_type(out, value)?;
            out.write_str(">")
        }
        TypeKind::State(inner) => {
            out.write_str("state<")?;
            write_type(out, inner)?;
            out.write_str(">")
        }
        TypeKind::Unknown => out.write_str("unknown"),
    }
}
