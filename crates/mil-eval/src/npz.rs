//! NumPy's `.npz` archives: arrays by name, with `fp16`.
//!
//! A `.npz` is a ZIP archive of `.npy` files, which are a header that is a Python literal, and the elements.

use std::io::{Cursor, Read, Seek, Write};

use indexmap::IndexMap;
use mil_ir::Name;
use mil_ops::eval::{Array, Data, EvalError, Stored};
use mil_tensor::{DType, Tensor};

/// Why an archive cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpzError {
    /// It is no ZIP archive, or a damaged one.
    #[error(transparent)]
    Zip(#[from] zip::result::ZipError),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A member is no array that we can read.
    #[error("{member}: {problem}")]
    Member {
        /// The member.
        member: String,
        /// What is wrong.
        problem: String,
    },
    /// An array cannot be made.
    #[error(transparent)]
    Eval(#[from] EvalError),
}

/// NumPy's names of element types, without the byte order.
const TYPES: [(&str, DType); 12] = [
    ("b1", DType::Bool),
    ("f2", DType::Fp16),
    ("f4", DType::Fp32),
    ("f8", DType::Fp64),
    ("i1", DType::Int8),
    ("i2", DType::Int16),
    ("i4", DType::Int32),
    ("i8", DType::Int64),
    ("u1", DType::Uint8),
    ("u2", DType::Uint16),
    ("u4", DType::Uint32),
    ("u8", DType::Uint64),
];

const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads the arrays of an archive, in its order; no array may have more than `limit` bytes.
///
/// # Errors
///
/// If it is no archive, or a member is no array of a type that we know.
pub fn read(source: impl Read + Seek, limit: usize) -> Result<IndexMap<Name, Array>, NpzError> {
    let mut archive = zip::ZipArchive::new(source)?;
    let mut arrays = IndexMap::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index)?;
        let name = member.name().to_owned();
        let Some(stem) = name.strip_suffix(".npy") else { continue };
        let wrong = |problem: String| NpzError::Member { member: name.clone(), problem };
        let mut bytes = Vec::new();
        let bound = limit as u64 + (1 << 16);
        member.by_ref().take(bound + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > bound {
            return Err(wrong(format!("more than {limit} bytes")));
        }
        arrays.insert(stem.into(), parse(&bytes).map_err(wrong)?);
    }
    Ok(arrays)
}

/// Arrays as an archive. The same arrays give the same bytes.
///
/// # Errors
///
/// If an array has elements that NumPy has no type for.
pub fn to_bytes<'a>(arrays: impl IntoIterator<Item = (&'a str, &'a Array)>) -> Result<Vec<u8>, NpzError> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default())
        .large_file(true);
    for (name, array) in arrays {
        let bytes = format(array).map_err(|problem| NpzError::Member { member: name.into(), problem })?;
        archive.start_file(format!("{name}.npy"), options)?;
        archive.write_all(&bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// One `.npy` file.
fn parse(bytes: &[u8]) -> Result<Array, String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("no .npy file")?;
    let (start, length) = match rest {
        [1, _, a, b, ..] => (10, usize::from(u16::from_le_bytes([*a, *b]))),
        [2 | 3, _, a, b, c, d, ..] => (12, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => return Err("an unknown version of .npy".into()),
    };
    let header = bytes.get(start..).and_then(|rest| rest.get(..length)).ok_or("a header that ends early")?;
    let header = str::from_utf8(header).map_err(|error| error.to_string())?;
    let descr = text_of(header, "descr").ok_or_else(|| format!("a header without descr: {header}"))?;
    let columns_first = after(header, "fortran_order").is_some_and(|rest| rest.starts_with("True"));
    let shape = after(header, "shape")
        .and_then(shape_of)
        .ok_or_else(|| format!("a header without shape: {header}"))?;
    let body = &bytes[start + length..];
    let (order, kind) = descr.split_at(descr.len().min(1));
    let count =
        shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size)).ok_or("a shape that overflows")?;
    let dtype = TYPES.iter().find(|row| row.0 == kind).map(|row| row.1);
    let array = match dtype {
        None => text_array(kind, order, body, &shape, count)?,
        Some(dtype) => {
            let width = dtype.bits().unwrap_or(8) / 8;
            let length = count.checked_mul(width).ok_or("a shape that overflows")?;
            let mut elements = body.get(..length).ok_or("fewer elements than the shape says")?.to_vec();
            if order == ">" {
                elements.chunks_mut(width).for_each(<[u8]>::reverse);
            }
            if dtype == DType::Bool {
                elements.iter_mut().for_each(|x| *x = u8::from(*x != 0));
            }
            let tensor = Tensor::from_bytes(dtype, &shape, elements).map_err(|error| error.to_string())?;
            Array::from_tensor(&tensor, false).map_err(|error| error.to_string())?
        }
    };
    if columns_first && shape.len() > 1 { rows_first(&array) } else { Ok(array) }
}

/// What follows a key of the header.
fn after<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let at = [format!("'{key}'"), format!("\"{key}\"")]
        .iter()
        .find_map(|quoted| header.find(quoted.as_str()).map(|at| at + quoted.len()))?;
    Some(header[at..].trim_start().strip_prefix(':')?.trim_start())
}

fn text_of<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let rest = after(header, key)?;
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    rest[1..].split(quote).next()
}

fn shape_of(rest: &str) -> Option<Vec<usize>> {
    let inside = rest.strip_prefix('(')?.split(')').next()?;
    let parts =
        inside.split(',').map(|part| part.trim().trim_end_matches('L')).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().ok()).collect()
}

/// Text in four bytes per character.
fn text_array(kind: &str, order: &str, body: &[u8], shape: &[usize], count: usize) -> Result<Array, String> {
    let unknown = || format!("elements of type {kind}");
    let width: usize = kind.strip_prefix('U').and_then(|width| width.parse().ok()).ok_or_else(unknown)?;
    let length = width.checked_mul(4).and_then(|width| width.checked_mul(count)).ok_or_else(unknown)?;
    let body = body.get(..length).ok_or("fewer elements than the shape says")?;
    let mut texts: Vec<String> = Vec::new();
    for index in 0..count {
        let characters = body[index * width * 4..(index + 1) * width * 4].chunks(4).map(|c| {
            let code = [c[0], c[1], c[2], c[3]];
            if order == ">" { u32::from_be_bytes(code) } else { u32::from_le_bytes(code) }
        });
        let text: Option<String> = characters.take_while(|&code| code != 0).map(char::from_u32).collect();
        texts.push(text.ok_or_else(unknown)?);
    }
    Array::from_vec(shape, texts).map_err(|error| error.to_string())
}

/// Turns elements that lie column by column into rows.
fn rows_first(array: &Array) -> Result<Array, String> {
    let shape = array.shape();
    let mut strides = vec![1; shape.len()];
    for axis in 1..shape.len() {
        strides[axis] = strides[axis - 1] * shape[axis - 1];
    }
    let place = |mut at: usize| {
        let mut from = 0;
        for axis in (0..shape.len()).rev() {
            from += at % shape[axis] * strides[axis];
            at /= shape[axis];
        }
        from
    };
    macro_rules! moved {
        ($values:expr) => {
            Stored::pack((0..$values.len()).map(|at| $values[place(at)].clone()).collect())
        };
    }
    let data = match array.data() {
        Data::Bool(v) => moved!(v),
        Data::Int(v) => moved!(v),
        Data::Long(v) => moved!(v),
        Data::Single(v) => moved!(v),
        Data::Double(v) => moved!(v),
        Data::Text(v) => moved!(v),
    };
    array.with_data(shape, data).map_err(|error| error.to_string())
}

fn format(array: &Array) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    let descr = match array.slice::<String>() {
        Some(texts) => {
            let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
            for text in texts {
                let padded = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(width);
                body.extend(padded.flat_map(u32::to_le_bytes));
            }
            format!("<U{width}")
        }
        None => {
            let kind = TYPES.iter().find(|row| row.1 == array.dtype()).map(|row| row.0);
            let kind = kind.ok_or_else(|| format!("NumPy has no {}", array.dtype()))?;
            let tensor = array.to_tensor().map_err(|error| error.to_string())?;
            body.extend_from_slice(&tensor.bytes().map_err(|error| error.to_string())?);
            let order = if kind.ends_with('1') { '|' } else { '<' };
            format!("{order}{kind}")
        }
    };
    let sizes: String = array.shape().iter().map(|size| format!("{size}, ")).collect();
    let sizes = if array.rank() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let whole = (10 + header.len() + 1).next_multiple_of(64);
    header.extend(std::iter::repeat_n(' ', whole - 10 - header.len() - 1));
    header.push('\n');
    let length = u16::try_from(header.len()).map_err(|_| "a header that is too long".to_owned())?;
    let mut bytes = [MAGIC, &[1, 0], &length.to_le_bytes(), header.as_bytes()].concat();
    bytes.append(&mut body);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_survive() {
        let half = Array::new(DType::Fp16, &[2, 1], f32::pack(vec![0.5, -2.0])).unwrap();
        let arrays = [
            ("half", half),
            ("scalar", Array::int(-7)),
            ("row", Array::ints(vec![1, 2, 3])),
            ("bools", Array::from_vec(&[2], vec![true, false]).unwrap()),
            ("text", Array::from_vec(&[2], vec!["a".to_owned(), "größer".to_owned()]).unwrap()),
            ("empty", Array::from_vec(&[0, 3], Vec::<f64>::new()).unwrap()),
        ];
        let bytes = to_bytes(arrays.iter().map(|(name, array)| (*name, array))).unwrap();
        let read = read(Cursor::new(bytes), 1 << 20).unwrap();
        for (name, array) in &arrays {
            assert_eq!(&read[*name], array, "{name}");
        }
    }

    #[test]
    fn columns_become_rows() {
        let header = b"{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }\n";
        let length = (header.len() as u16).to_le_bytes();
        let elements: Vec<u8> = [0_i16, 3, 1, 4, 2, 5].iter().flat_map(|x| x.to_be_bytes()).collect();
        let bytes = [MAGIC, &[1, 0], &length, header, &elements].concat();
        assert_eq!(parse(&bytes).unwrap().longs().unwrap(), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn damage_is_an_error() {
        assert!(parse(b"").is_err());
        assert!(parse(b"\x93NUMPY\x01\x00\xff\xff{").is_err());
        let header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }";
        let length = (header.len() as u16).to_le_bytes();
        assert!(parse(&[MAGIC, &[1, 0], &length, header].concat()).is_err());
    }
}
