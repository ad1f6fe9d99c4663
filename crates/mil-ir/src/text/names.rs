//! Words that the printer and the parser share.

use mil_tensor::DType;

use crate::{Literal, LiteralData, Name, Storage};

/// The weight file of a package that has one, as programs name it.
pub(super) const WEIGHT_FILE: &str = "@model_path/weights/weight.bin";

/// A tensor in a weight file.
pub(super) const BLOBFILE: &str = "BLOBFILE";
/// A tensor of which the text holds only the hash.
pub(super) const HASH: &str = "HASH";
/// A tensor whose elements could not be read when the text was printed.
pub(super) const UNREADABLE: &str = "UNREADABLE";
/// A literal that is only carried: its wire bytes.
pub(super) const OPAQUE: &str = "OPAQUE";

/// Elements from which on converters put a tensor in the weight file.
const STORED_ELEMENTS: usize = 10;

/// Where a file keeps a literal if its text does not say, as far as the format's rules leave no choice.
pub(super) fn usual_storage(literal: &Literal) -> Storage {
    use DType::*;
    match &literal.data {
        LiteralData::Tensor(tensor) if tensor.len() >= STORED_ELEMENTS => match tensor.dtype() {
            Bool | String | Int64 | Uint64 | Fp64 => Storage::Immediate,
            // Since iOS18 in the weight file, before in the program.
            Int16 | Uint16 | Int32 | Uint32 => Storage::Auto,
            _ => Storage::File(Name::from(WEIGHT_FILE)),
        },
        _ => Storage::Immediate,
    }
}
