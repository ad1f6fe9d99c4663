//! Constants, branches, loops and lists.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod cond;
pub mod r#const;
pub mod list_gather;
pub mod list_length;
pub mod list_read;
pub mod list_scatter;
pub mod list_write;
pub mod make_list;
pub mod select;
pub mod while_loop;

use mil_ir::Shape;

use crate::prelude::*;

/// A type that both have, as far as they agree.
fn either(a: &Type, b: &Type) -> Result<Type, InferError> {
    let differ = || invalid!("types {a} and {b} differ");
    let (Some(x), Some(y)) = (a.as_tensor(), b.as_tensor()) else {
        return if types_agree(a, b) { Ok(a.clone()) } else { Err(differ()) };
    };
    if x.dtype != y.dtype {
        return Err(differ());
    }
    match (&x.shape, &y.shape) {
        (x, y) if x == y => Ok(a.clone()),
        (Shape::Ranked(x), Shape::Ranked(y)) if x.len() == y.len() => {
            let common = |(x, y): (&Dim, &Dim)| if x == y { x.clone() } else { Dim::UNKNOWN };
            let dims = x.iter().zip(y).map(common).collect();
            Ok(dims::tensor(a.dtype().ok_or_else(differ)?, Some(dims)))
        }
        (x, y) if infer::shapes_agree(x, y) => Ok(a.clone()),
        _ => Err(differ()),
    }
}

/// The type of the elements of the list `ls`.
fn element<'a>(call: &Call<'a>) -> Result<&'a Type, InferError> {
    match call.ty("ls").map(Type::kind) {
        Some(TypeKind::List(element, _)) => Ok(element),
        Some(_) => Err(invalid!("ls is no list")),
        None => Err(InferError::Missing("ls".into())),
    }
}

/// The list as it was.
fn infer_list(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    element(call)?;
    Ok(call.ty("ls").into_iter().cloned().collect())
}

/// There are two blocks.
fn expect_blocks(call: &Call<'_>, problems: &mut Problems) {
    if call.block_count() != 2 {
        problems.add(format!("there are {} blocks, not 2", call.block_count()));
    }
}
