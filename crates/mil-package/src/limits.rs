//! What is read at most.

/// What a reader accepts of a package. Beyond it there is an error, before memory is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of the model's message: its messages, their nesting and their memory.
    pub message: mil_proto::wire::Limits,
    /// Of MIL text.
    pub text: mil_ir::text::Limits,
    /// Bytes of the manifest. Default: 4 MiB.
    pub manifest_bytes: u64,
    /// Files in the package. Default: 4096.
    pub files: usize,
    /// Bytes of the message of a model that carries its weights inside. Default: 4 GiB; protobuf itself ends
    /// at 2 GiB.
    pub model_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            message: mil_proto::wire::Limits::default(),
            text: mil_ir::text::Limits::default(),
            manifest_bytes: 4 << 20,
            files: 4096,
            model_bytes: 4 << 30,
        }
    }
}
