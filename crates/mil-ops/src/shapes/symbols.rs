//! Symbols for the sizes of flexible inputs.

use mil_ir::{Dim, Feature, FeatureKind, Flexibility, FunctionInterface, Shape, SizeFlexibility, SizeRange};
use mil_ir::{SymExpr, SymRange, Type};

/// Elements of the largest tensor: Core ML counts them in `int32`.
const MOST_ELEMENTS: i64 = i32::MAX as i64;

/// The type of an input with a symbol for each size that only the run decides: `x.0` for the first of input
/// `x`. `None` if there is none.
pub(super) fn named(name: &str, ty: &Type, interface: Option<&FunctionInterface>) -> Option<Type> {
    let dims = ty.as_tensor()?.shape.dims()?;
    if dims.iter().any(|dim| matches!(dim, Dim::Unknown { variadic: true })) {
        return None;
    }
    let others =
        dims.iter().filter_map(Dim::fixed).fold(1_u64, |others, size| others.saturating_mul(size.max(1)));
    let most = MOST_ELEMENTS / i64::try_from(others).unwrap_or(i64::MAX);
    let feature =
        interface.and_then(|interface| interface.inputs.iter().find(|feature| *feature.name == *name));
    let sizes = dims.iter().enumerate().map(|(axis, dim)| match dim {
        Dim::Unknown { .. } => {
            let range = feature.and_then(|feature| range(feature, axis, dims.len()));
            // A size that nobody bounds may be zero.
            let range = match range.unwrap_or(SymRange::Between(0, None)) {
                SymRange::Between(lower, None) if lower <= most => SymRange::Between(lower, Some(most)),
                range => range,
            };
            Dim::from(SymExpr::ranged(&format!("{name}.{axis}"), range))
        }
        known => known.clone(),
    });
    let refined = Type::tensor(ty.dtype()?, Shape::Ranked(sizes.collect()));
    (refined != *ty).then_some(refined)
}

/// The sizes that an axis may have.
fn range(feature: &Feature, axis: usize, rank: usize) -> Option<SymRange> {
    match feature.kind.as_ref()? {
        FeatureKind::Array(array) => match array.flexibility.as_ref()? {
            Flexibility::Enumerated(shapes) => {
                let sizes: Option<Vec<i64>> = shapes
                    .iter()
                    .map(|shape| shape.get(axis).copied().filter(|_| shape.len() == rank))
                    .collect();
                sizes.filter(|sizes| !sizes.is_empty()).map(SymRange::OneOf)
            }
            Flexibility::Ranges(ranges) if ranges.len() == rank => between(*ranges.get(axis)?),
            Flexibility::Ranges(_) => None,
        },
        // Images are batch, channels, height, width.
        FeatureKind::Image(image) => {
            let is_height = match (rank, axis) {
                (4, 2) => true,
                (4, 3) => false,
                _ => return None,
            };
            match image.flexibility.as_ref()? {
                SizeFlexibility::Enumerated(sizes) if !sizes.is_empty() => {
                    let pick =
                        |&(width, height): &(u64, u64)| i64::try_from(if is_height { height } else { width });
                    sizes.iter().map(pick).collect::<Result<_, _>>().ok().map(SymRange::OneOf)
                }
                SizeFlexibility::Enumerated(_) => None,
                SizeFlexibility::Range(width, height) => between((*if is_height { height } else { width })?),
            }
        }
        _ => None,
    }
}

fn between(range: SizeRange) -> Option<SymRange> {
    let lower = i64::try_from(range.lower).ok()?;
    let upper = (range.upper >= 0).then_some(range.upper);
    upper.is_none_or(|upper| upper >= lower).then_some(SymRange::Between(lower, upper))
}
