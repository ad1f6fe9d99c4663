//! The weight files of a package, found as the program refers to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mil_tensor::{Blob, DType, Source, Tensor};

use crate::error::WeightsErrorKind;
use crate::files::Files;
use crate::paths::join;
use crate::weights::MODEL_PATH;
use crate::weights::format::{self, BLOCK, Record};

/// The weight files of a package.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weights {
    /// The folder of the model's message in the package; what `@model_path` stands for.
    base: String,
    /// Files by their path in the package.
    files: BTreeMap<String, WeightFile>,
}

/// A weight file that the program refers to.
#[derive(Clone, Debug)]
pub(crate) struct WeightFile {
    /// `None`: the file is not there.
    pub(crate) source: Option<Arc<dyn Source>>,
    /// The record of the data that start somewhere; elements may have different types.
    records: BTreeMap<(u64, DType), u64>,
}

impl Weights {
    /// No files yet; they are found when a program refers to them.
    pub(crate) fn new(base: impl Into<String>) -> Weights {
        Weights { base: base.into(), files: BTreeMap::new() }
    }

    /// The path in the package of a file that a program names.
    pub(crate) fn path(&self, name: &str) -> Option<String> {
        join(&self.base, name.strip_prefix(MODEL_PATH).unwrap_or(name))
    }

    /// The path in the package of a file that a program names, if the file was not found yet.
    pub(crate) fn not_found_yet(&self, name: &str) -> Option<String> {
        self.path(name).filter(|path| !self.files.contains_key(path))
    }

    /// The file at a path in the package.
    pub(crate) fn file(&self, path: &str) -> Option<&WeightFile> {
        self.files.get(path)
    }

    /// The paths of the files that programs refer to.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &String> {
        self.files.keys()
    }

    /// The files that programs refer to and that are not there.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &String> {
        self.files.iter().filter(|(_, file)| file.source.is_none()).map(|(path, _)| path)
    }

    /// The tensor whose record stands at an offset of a file; `None` if the file is not there.
    pub(crate) fn tensor(
        &mut self,
        files: &Files,
        name: &str,
        offset: u64,
        dtype: DType,
        shape: &[usize],
    ) -> Result<Option<Tensor>, WeightsErrorKind> {
        let path = self.path(name).ok_or(WeightsErrorKind::Outside)?;
        if !self.files.contains_key(&path) {
            self.files.insert(path.clone(), WeightFile::find(files, &path)?);
        }
        let Some(file) = self.files.get_mut(&path) else { return Err(WeightsErrorKind::Outside) };
        file.tensor(offset, dtype, shape)
    }
}

impl WeightFile {
    fn find(files: &Files, path: &str) -> Result<WeightFile, WeightsErrorKind> {
        let Some(source) = files.get(path) else {
            return Ok(WeightFile { source: None, records: BTreeMap::new() });
        };
        let mut bytes = [0; BLOCK as usize];
        if source.len() < BLOCK {
            return Err(WeightsErrorKind::Short { size: source.len() });
        }
        source.read_at(0, &mut bytes)?;
        format::read_header(&bytes)?;
        Ok(WeightFile { source: Some(source.clone()), records: BTreeMap::new() })
    }

    fn tensor(
        &mut self,
        offset: u64,
        dtype: DType,
        shape: &[usize],
    ) -> Result<Option<Tensor>, WeightsErrorKind> {
        let Some(source) = &self.source else { return Ok(None) };
        // Only the size of the elements counts here; `from_blob` checks the shape.
        let elements = shape.iter().try_fold(1_usize, |n, &dim| n.checked_mul(dim)).unwrap_or(usize::MAX);
        let size = source.len();
        if offset.checked_add(BLOCK).is_none_or(|end| end > size) {
            return Err(WeightsErrorKind::Short { size });
        }
        let mut bytes = [0; BLOCK as usize];
        source.read_at(offset, &mut bytes)?;
        let record = Record::from_bytes(&bytes)?;
        record.check(dtype, elements)?;
        let end = record.start.checked_add(record.size).filter(|&end| end <= size);
        let end = end.ok_or(WeightsErrorKind::Short { size })?;
        let blob = Blob { source: source.clone(), range: record.start..end };
        let tensor = Tensor::from_blob(dtype, shape, blob)?;
        self.records.entry((record.start, dtype)).or_insert(offset);
        Ok(Some(tensor))
    }

    /// How many blobs the program referred to when it was read.
    pub(crate) fn data_count(&self) -> usize {
        self.records.values().collect::<BTreeSet<_>>().len()
    }

    /// The record of a blob, if it is one of this file.
    pub(crate) fn record(&self, blob: &Blob, dtype: DType) -> Option<u64> {
        self.source.as_ref().filter(|source| Arc::ptr_eq(&blob.source, source))?;
        self.records.get(&(blob.range.start, dtype)).copied()
    }
}
