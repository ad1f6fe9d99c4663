//! Tensors in temporary files.

use std::io::{BufWriter, Write};
use std::sync::Arc;

use crate::{Blob, DType, FileSource, Tensor, TensorError};

impl Tensor {
    /// A tensor whose packed bytes `write` computes, one after another: for results that are not
    /// expressions and too large for memory.
    ///
    /// They go to a temporary file that has no name, so that nothing is left behind. The tensor is then
    /// like any other in a file ([`Data::Mapped`](crate::Data::Mapped)).
    pub fn spill(
        dtype: DType,
        shape: &[usize],
        write: impl FnOnce(&mut dyn Write) -> Result<(), TensorError>,
    ) -> Result<Tensor, TensorError> {
        let mut writer = BufWriter::with_capacity(64 << 10, tempfile::tempfile()?);
        write(&mut writer)?;
        let file = writer.into_inner().map_err(|error| error.into_error())?;
        let source = Arc::new(FileSource::new(file)?);
        let range = 0..crate::Source::len(&*source);
        Tensor::from_blob(dtype, shape, Blob { source, range })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let spilled =
            Tensor::spill(DType::Int16, &[2, 2], |out| Ok(out.write_all(&[1, 0, 2, 0, 3, 0, 4, 0])?));
        assert_eq!(spilled.unwrap().to_i64s().unwrap(), [1, 2, 3, 4]);
    }

    #[test]
    fn too_few_bytes_are_an_error() {
        let short = Tensor::spill(DType::Int16, &[2, 2], |out| Ok(out.write_all(&[1, 0])?));
        assert!(matches!(short, Err(TensorError::Size { got: 2, .. })));
    }
}
