//! What a file or folder is that does not hold a model, so that a message can say what to do with it.
//!
//! Only the first bytes are looked at, and the last ones of a zip archive. Formats are told by the signatures
//! that their specifications give them; what has none, ONNX and plain text, by what a Core ML model never is.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use mil_proto::wire::{self, WireType};
use mil_tensor::Source;
use serde_json::Value;

use crate::manifest::{self, DATA};
use crate::weights::format;

/// What stands where a model was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Found {
    /// A file without any byte.
    Empty,
    /// A zip archive with a model in it.
    ZippedModel,
    /// Any other zip archive.
    Zip,
    /// A tar archive, or a compressed file that may hold one.
    Archive,
    /// ONNX.
    Onnx,
    /// PyTorch.
    PyTorch,
    /// safetensors.
    Safetensors,
    /// GGUF.
    Gguf,
    /// Keras, in one of its two forms.
    Keras,
    /// HDF5, which older Keras models are stored in.
    Hdf5,
    /// TensorFlow Lite.
    TfLite,
    /// A TensorFlow SavedModel folder.
    SavedModel,
    /// Arrays of NumPy.
    NumPy,
    /// A weight file without its package.
    Weights,
    /// JSON.
    Json,
    /// MIL text in a file that is not called so.
    MilText,
    /// What coremltools prints of a program.
    CoremltoolsPrint,
    /// Other text.
    Text,
    /// A folder without any entry.
    EmptyFolder,
    /// A folder that is not a package.
    Folder,
    /// Neither file nor folder.
    Special,
    /// Something else.
    Unknown,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Found::Empty => "the file is empty",
            Found::ZippedModel => "it is a zip archive with a model in it; unzip it first",
            Found::Zip => "it is a zip archive",
            Found::Archive => "it is an archive or a compressed file; unpack it first",
            Found::Onnx => "it is an ONNX model",
            Found::PyTorch => "it is a PyTorch file; convert it with coremltools",
            Found::Safetensors => "it is a safetensors file, which holds weights and no program",
            Found::Gguf => "it is a GGUF file",
            Found::Keras => "it is a Keras model; convert it with coremltools",
            Found::Hdf5 => "it is an HDF5 file, perhaps a Keras model; convert it with coremltools",
            Found::TfLite => "it is a TensorFlow Lite model",
            Found::SavedModel => "it is a TensorFlow SavedModel; convert it with coremltools",
            Found::NumPy => "it holds arrays of NumPy",
            Found::Weights => "it is the weight file of a package; open the .mlpackage",
            Found::Json => "it is JSON",
            Found::MilText => "it is MIL text; rename it to end in .mil",
            Found::CoremltoolsPrint => {
                "it is what coremltools prints of a program, for people to read; save the model as .mlpackage"
            }
            Found::Text => "it is text",
            Found::EmptyFolder => "the folder is empty",
            Found::Folder => "the folder has no Manifest.json, as a .mlpackage has",
            Found::Special => "it is neither a file nor a folder",
            Found::Unknown => "its format is not known",
        })
    }
}

/// Bytes that are looked at.
const HEAD: u64 = 64 << 10;
/// How far the names in a zip archive are looked for from its end.
const TAIL: u64 = 64 << 10;
/// Files that Git LFS leaves are smaller.
const LARGEST_POINTER: u64 = 1024;
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// A file that Git LFS left in place of another.
pub(crate) fn is_pointer(source: &dyn Source) -> bool {
    source.len() <= LARGEST_POINTER && head(source, HEAD).starts_with(POINTER)
}

/// What a file is that starts like no model; `None` where it may be one.
pub(crate) fn file(source: &dyn Source) -> Option<Found> {
    let head = head(source, HEAD);
    if head.is_empty() {
        return Some(Found::Empty);
    }
    signature(source, &head).or_else(|| is_onnx(source, &head).then_some(Found::Onnx)).or_else(|| text(&head))
}

/// The like for MIL text: only what cannot be text at all.
pub(crate) fn not_mil(source: &dyn Source) -> Option<Found> {
    let head = head(source, HEAD);
    match signature(source, &head) {
        None if head.is_empty() => Some(Found::Empty),
        None if text(&head) == Some(Found::CoremltoolsPrint) => Some(Found::CoremltoolsPrint),
        other => other,
    }
}

/// The message of a model begins with its specification version, in all files that were seen.
pub(crate) fn starts_like_model(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x08)
}

fn head(source: &dyn Source, most: u64) -> Vec<u8> {
    read(source, 0, source.len().min(most))
}

/// Nothing where the file cannot be read: whoever reads it next gets the error.
fn read(source: &dyn Source, offset: u64, len: u64) -> Vec<u8> {
    let mut bytes = vec![0; len as usize];
    match source.read_at(offset, &mut bytes) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

fn signature(source: &dyn Source, head: &[u8]) -> Option<Found> {
    const SIGNATURES: [(usize, &[u8], Found); 16] = [
        (0, b"\x1F\x8B", Found::Archive),
        (0, b"\xFD7zXZ\0", Found::Archive),
        (0, b"\x28\xB5\x2F\xFD", Found::Archive),
        (0, b"BZh", Found::Archive),
        (0, b"7z\xBC\xAF\x27\x1C", Found::Archive),
        (257, b"ustar", Found::Archive),
        (0, b"\x89HDF\r\n\x1A\n", Found::Hdf5),
        (4, b"TFL3", Found::TfLite),
        (0, b"GGUF", Found::Gguf),
        (0, b"\x93NUMPY", Found::NumPy),
        // The number with which files of `torch.save` began before they were zip archives, pickled.
        (0, b"\x80\x02\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19", Found::PyTorch),
        (0, b"PK\x03\x04", Found::Zip),
        (0, b"PK\x05\x06", Found::Zip),
        (0, b"\xEF\xBB\xBF{", Found::Json),
        (0, b"{", Found::Json),
        (0, b"[", Found::Json),
    ];
    let begins =
        |&(at, bytes, _): &(usize, &[u8], Found)| head.get(at..).is_some_and(|h| h.starts_with(bytes));
    match SIGNATURES.iter().find(|row| begins(row)).map(|row| row.2) {
        Some(Found::Zip) => Some(zip(source, head)),
        // Text may begin with a bracket, too.
        Some(Found::Json) => text(head).map(|_| Found::Json),
        None if is_safetensors(source, head) => Some(Found::Safetensors),
        None if is_weights(head) => Some(Found::Weights),
        other => other,
    }
}

/// By the names in the archive, which stand before each file and again at the end.
fn zip(source: &dyn Source, head: &[u8]) -> Found {
    let tail = source.len().min(TAIL);
    let tail = read(source, source.len() - tail, tail);
    let has = |name: &str| {
        [head, &tail].iter().any(|bytes| bytes.windows(name.len()).any(|window| window == name.as_bytes()))
    };
    if [".mlpackage/", ".mlmodelc/", "com.apple.CoreML/", ".mlmodel"].iter().any(|name| has(name)) {
        Found::ZippedModel
    } else if has("/data.pkl") {
        Found::PyTorch
    } else if has("model.weights.h5") {
        Found::Keras
    } else if has(".npy") {
        Found::NumPy
    } else {
        Found::Zip
    }
}

/// The length of a JSON header, then the header.
fn is_safetensors(source: &dyn Source, head: &[u8]) -> bool {
    let Some((length, rest)) = head.split_first_chunk() else { return false };
    let length = u64::from_le_bytes(*length);
    rest.starts_with(b"{") && length >= 2 && length.checked_add(8).is_some_and(|end| end <= source.len())
}

fn is_weights(head: &[u8]) -> bool {
    let Some((header, rest)) = head.split_first_chunk() else { return false };
    let record = rest.first_chunk();
    format::read_header(header).is_ok()
        && record.is_some_and(|record| format::Record::from_bytes(record).is_ok())
}

/// A protobuf message with ONNX's fields (`ModelProto`: 1 version, 7 graph, 8 opsets) and none that only Core
/// ML's has.
fn is_onnx(source: &dyn Source, head: &[u8]) -> bool {
    let (mut version, mut graph, mut position) = (false, false, 0);
    for raw in wire::fields(head) {
        // The graph is longer than what was read: its tag is enough.
        let Ok(raw) = raw else { break };
        position = raw.range.end;
        match (raw.number, raw.wire_type) {
            (1, WireType::Varint) => version = true,
            (7 | 8, WireType::Length) => graph = true,
            (2..=6 | 14 | 20 | 25, _) => {}
            _ => return false,
        }
    }
    graph |= head.get(position) == Some(&0x3A) && source.len() > head.len() as u64;
    version && graph
}

fn text(head: &[u8]) -> Option<Found> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character may be cut.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}')) {
        return None;
    }
    let start = text.trim_start();
    if start.starts_with("program(") {
        return Some(Found::MilText);
    }
    // `main[CoreML8](%x: (1, 4, fp16)(Tensor)) {` and `block0() {`
    let first = start.lines().next().unwrap_or_default();
    let is_print = first.contains("[CoreML") && first.contains("](") || start.contains("\n  block0(");
    Some(if is_print { Found::CoremltoolsPrint } else { Found::Text })
}

/// The model that a file or folder is a part of.
pub(crate) fn whole(path: &Path) -> Option<PathBuf> {
    // As it was spelled, if the spelling goes that far.
    whole_above(path).or_else(|| whole_above(&std::path::absolute(path).ok()?))
}

fn whole_above(path: &Path) -> Option<PathBuf> {
    for folder in path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
        let inside = path.strip_prefix(folder).ok()?;
        if is_compiled(folder) && is_compiled_part(inside) {
            return Some(folder.to_owned());
        }
        let is_part = inside == Path::new(manifest::FILE) || inside.starts_with(DATA);
        if is_part && is_manifest(&folder.join(manifest::FILE)) {
            return Some(folder.to_owned());
        }
    }
    None
}

/// The folder holds a compiled model: its text or its data, or those of a pipeline's first member.
pub(crate) fn is_compiled(folder: &Path) -> bool {
    const SIGNS: [&str; 4] = ["model.mil", "coremldata.bin", "model0/model.mil", "model0/coremldata.bin"];
    SIGNS.iter().any(|name| folder.join(name).is_file())
}

fn is_compiled_part(inside: &Path) -> bool {
    const PARTS: [&str; 9] = [
        "coremldata.bin",
        "metadata.json",
        "weights",
        "analytics",
        "model",
        "neural_network_optionals",
        "model.espresso.net",
        "model.espresso.shape",
        "model.espresso.weights",
    ];
    PARTS.iter().any(|part| inside.starts_with(part))
}

/// A file of this name may be anyone's.
fn is_manifest(path: &Path) -> bool {
    let manifest = fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    manifest.is_some_and(|manifest| manifest.get("itemInfoEntries").is_some())
}

/// What a folder is that is neither a package nor a compiled model.
pub(crate) fn folder(path: &Path) -> Found {
    if path.join("saved_model.pb").is_file() {
        return Found::SavedModel;
    }
    match fs::read_dir(path).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Found::EmptyFolder,
        _ => Found::Folder,
    }
}

#[cfg(test)]
mod tests {
    use mil_tensor::MemorySource;

    use super::*;

    fn found(bytes: &[u8]) -> Option<Found> {
        file(&MemorySource::new(bytes))
    }

    #[test]
    fn formats_are_told_by_their_signatures() {
        assert_eq!(found(b""), Some(Found::Empty));
        assert_eq!(found(b"hello, world\n"), Some(Found::Text));
        assert_eq!(found("größer\n".as_bytes()), Some(Found::Text));
        assert_eq!(found(b"{\"a\": 1}"), Some(Found::Json));
        assert_eq!(found(b"program(1.0)\n{}"), Some(Found::MilText));
        assert_eq!(
            found(b"main[CoreML8](%x: (1, fp16)(Tensor)) {\n  block0() {\n"),
            Some(Found::CoremltoolsPrint)
        );
        assert_eq!(found(b"PK\x03\x04 x.mlpackage/Manifest.json"), Some(Found::ZippedModel));
        assert_eq!(found(b"PK\x03\x04 archive/data.pkl"), Some(Found::PyTorch));
        assert_eq!(found(b"PK\x03\x04 readme"), Some(Found::Zip));
        assert_eq!(found(b"\x1F\x8B\x08rest"), Some(Found::Archive));
        assert_eq!(found(b"\x89HDF\r\n\x1A\nrest"), Some(Found::Hdf5));
        assert_eq!(found(b"\x1C\0\0\0TFL3rest"), Some(Found::TfLite));
        assert_eq!(found(b"GGUF\x03\0\0\0"), Some(Found::Gguf));
        assert_eq!(found(b"\x02\0\0\0\0\0\0\0{}"), Some(Found::Safetensors));
        let record = format::Record::new(mil_tensor::DType::Fp16, 1, 128).unwrap();
        assert_eq!(found(&[format::header(1), record.to_bytes()].concat()), Some(Found::Weights));
    }

    #[test]
    fn onnx_is_told_from_a_model_by_its_fields() {
        // ir_version, producer_name, graph, opset_import.
        assert_eq!(found(b"\x08\x08\x12\x02pt\x3A\x01\x0A\x42\x02\x10\x0D"), Some(Found::Onnx));
        // specificationVersion, description; then the type, or none.
        assert_eq!(found(b"\x08\x01\x12\x00\xAA\x1F\x00"), None);
        assert_eq!(found(b"\x08\x01\x12\x00"), None);
    }

    #[test]
    fn pointers_of_git_lfs_are_known() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n";
        assert!(is_pointer(&MemorySource::new(&pointer[..])));
        assert!(!is_pointer(&MemorySource::new(&b"version 2"[..])));
    }
}
