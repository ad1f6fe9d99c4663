//! What is small is computed at once.

use std::sync::Arc;

use mil_tensor::{Blob, DType, Data, EAGER_BYTES, MemorySource, Tensor, TensorError};

fn mapped(elements: usize) -> Result<Tensor, TensorError> {
    let source = Arc::new(MemorySource::new(vec![1_u8; elements * 4]));
    Tensor::from_blob(DType::Fp32, &[elements], Blob { source, range: 0..elements as u64 * 4 })
}

#[test]
fn results_up_to_the_limit_are_in_memory() {
    let small = mapped(EAGER_BYTES / 2).unwrap().cast(DType::Fp16).unwrap();
    assert!(matches!(small.data(), Data::Inline(_)));
    let large = mapped(EAGER_BYTES / 2 + 1).unwrap().cast(DType::Fp16).unwrap();
    assert!(matches!(large.data(), Data::Lazy(_)));
    let part = large.sliced(&[0], &[10], &[3]).unwrap();
    assert!(matches!(part.data(), Data::Inline(_)));
}

#[cfg(feature = "spill")]
#[test]
fn a_materialized_expression_is_in_a_file() {
    let large = mapped(EAGER_BYTES).unwrap().cast(DType::Fp16).unwrap();
    let stored = large.materialized().unwrap();
    assert!(matches!(stored.data(), Data::Mapped(_)));
    assert!(stored.content_eq(&large).unwrap());
}
