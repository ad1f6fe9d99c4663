//! Access to the operations of a block, which are kept encoded.

use prost::{DecodeError, Message};

use crate::specification::mil_spec::{Block, Operation};

impl Block {
    /// Decodes the operations one at a time, in order.
    ///
    /// Each operation starts at nesting depth 0 for prost's recursion limit. The operations of *its* blocks
    /// are encoded again, so walking nested blocks takes a stack of the caller.
    pub fn decode_operations(&self) -> impl ExactSizeIterator<Item = Result<Operation, DecodeError>> {
        // A clone of `Bytes` shares the buffer; decoding from it makes inner byte fields share it too.
        self.operations.iter().map(|encoded| Operation::decode(encoded.clone()))
    }

    /// Encodes an operation and puts it at the end.
    pub fn push_operation(&mut self, operation: &Operation) {
        self.operations.push(operation.encode_to_vec().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_go_in_and_come_out() {
        let mut block = Block::default();
        for r#type in ["const", "conv"] {
            block.push_operation(&Operation { r#type: r#type.into(), ..Default::default() });
        }
        let types: Result<Vec<_>, _> = block.decode_operations().map(|op| op.map(|op| op.r#type)).collect();
        assert_eq!(types, Ok(vec!["const".to_owned(), "conv".to_owned()]));
    }
}
