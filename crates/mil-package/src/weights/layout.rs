//! Where each blob goes, known before any byte is written.
//!
//! Blobs that were read and not touched are known by their place and keep it as long as the file can. Blobs
//! that are new are shared by content ([`share`]): a weight of several functions that a pass has rewritten in
//! each of them is written once, whatever the pass was.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use mil_tensor::{DType, Source, Tensor};

use crate::error::EncodeErrorKind;
use crate::weights::format::{self, BLOCK, Record};
use crate::weights::{Weights, share};

/// The blobs of all weight files of a package that is to be written.
#[derive(Debug)]
pub(crate) struct Layout<'a> {
    original: &'a Weights,
    files: BTreeMap<String, FileLayout>,
}

/// The blobs of one weight file.
#[derive(Debug, Default)]
pub(crate) struct FileLayout {
    /// The blobs in the order of their first use, and where their records stand.
    pub(crate) blobs: Vec<(Tensor, u64)>,
    /// Which of the blobs.
    index: HashMap<Key, usize>,
    /// What the file begins with.
    pub(crate) origin: Origin,
    /// The file's size.
    pub(crate) size: u64,
}

/// What a weight file is made of.
#[derive(Clone, Debug, Default)]
pub(crate) enum Origin {
    /// Of its blobs alone.
    #[default]
    Blobs,
    /// It is the file that was read.
    Same(Arc<dyn Source>),
    /// It is the file that was read, and the blobs from this one on stand behind it.
    Appended(Arc<dyn Source>, usize),
}

/// What makes two tensors one blob at first sight: the same bytes in the same place, of the same element
/// type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    dtype: DType,
    address: usize,
    start: u64,
    end: u64,
}

impl Key {
    fn new(tensor: &Tensor) -> Key {
        let dtype = tensor.dtype();
        match tensor.blob() {
            Some(blob) => {
                let address = Arc::as_ptr(&blob.source).cast::<()>() as usize;
                Key { dtype, address, start: blob.range.start, end: blob.range.end }
            }
            // The shape counts where the data do not say how long they are.
            None => {
                let address = std::ptr::from_ref(tensor.data()) as usize;
                Key { dtype, address, start: 0, end: tensor.len() as u64 }
            }
        }
    }
}

impl<'a> Layout<'a> {
    /// Of a package that was read with these weights.
    pub(crate) fn new(original: &'a Weights) -> Layout<'a> {
        let files = original.paths().map(|path| (path.clone(), FileLayout::default())).collect();
        Layout { original, files }
    }

    /// Asks for a place for a tensor in a file, which is named as programs do.
    pub(crate) fn add(&mut self, name: &str, tensor: &Tensor) -> Result<(), EncodeErrorKind> {
        let path = self.original.path(name).ok_or_else(|| EncodeErrorKind::Outside(name.to_owned()))?;
        let file = self.files.entry(path).or_default();
        if let std::collections::hash_map::Entry::Vacant(entry) = file.index.entry(Key::new(tensor)) {
            entry.insert(file.blobs.len());
            file.blobs.push((tensor.clone(), 0));
        }
        Ok(())
    }

    /// Gives every blob its place. With `pinned`, blobs that were read stay where they are.
    pub(crate) fn settle(&mut self, pinned: bool) -> Result<(), EncodeErrorKind> {
        for (path, file) in &mut self.files {
            file.settle(self.original, path, pinned)?;
        }
        Ok(())
    }

    /// Where the record of a tensor stands.
    pub(crate) fn offset(&self, name: &str, tensor: &Tensor) -> Option<u64> {
        let file = self.files.get(&self.original.path(name)?)?;
        Some(file.blobs.get(*file.index.get(&Key::new(tensor))?)?.1)
    }

    /// The files by their path in the package.
    pub(crate) fn files(&self) -> &BTreeMap<String, FileLayout> {
        &self.files
    }

    /// See [`files`](Layout::files).
    pub(crate) fn into_files(self) -> BTreeMap<String, FileLayout> {
        self.files
    }
}

impl FileLayout {
    fn settle(&mut self, original: &Weights, path: &str, pinned: bool) -> Result<(), EncodeErrorKind> {
        let original = original.file(path).and_then(|file| Some((file, file.source.as_ref()?)));
        let place = |tensor: &Tensor| original?.0.record(tensor.blob()?, tensor.dtype());
        let mut kept: Vec<Option<u64>> = self.blobs.iter().map(|(tensor, _)| place(tensor)).collect();
        if let Some((original, source)) = original {
            let used: BTreeSet<u64> = kept.iter().flatten().copied().collect();
            let all_kept = kept.iter().all(Option::is_some);
            // Two records of the same data count as one here, so the sets may differ in size.
            if all_kept && (pinned || used.len() == original.data_count()) {
                for (blob, offset) in self.blobs.iter_mut().zip(kept.into_iter().flatten()) {
                    blob.1 = offset;
                }
                self.origin = Origin::Same(source.clone());
                self.size = source.len();
                return Ok(());
            }
        }
        // What moves anyhow is as good as new.
        self.share(&mut kept, !pinned)?;
        if let Some((_, source)) = original
            && pinned
        {
            return self.append(source.clone(), &kept).ok_or(EncodeErrorKind::TooLarge);
        }
        self.size = BLOCK;
        for (tensor, offset) in &mut self.blobs {
            self.size = place_blob(tensor, offset, self.size).ok_or(EncodeErrorKind::TooLarge)?;
        }
        Ok(())
    }

    /// Drops each new blob that is equal to another one; all blobs are new where none stays in its place.
    fn share(&mut self, kept: &mut Vec<Option<u64>>, all: bool) -> Result<(), EncodeErrorKind> {
        let is_new = |at: usize| all || kept.get(at).is_some_and(Option::is_none);
        let same = share::equal_blobs(&self.blobs, is_new)?;
        if same.is_empty() {
            return Ok(());
        }
        // Where each blob stands when the others are gone.
        let mut left = 0;
        let mut place: Vec<usize> = Vec::with_capacity(self.blobs.len());
        for at in 0..self.blobs.len() {
            place.push(left);
            left += usize::from(!same.contains_key(&at));
        }
        self.index.values_mut().for_each(|at| *at = place[*same.get(at).unwrap_or(at)]);
        let mut at = 0..;
        self.blobs.retain(|_| at.next().is_some_and(|at| !same.contains_key(&at)));
        let mut at = 0..;
        kept.retain(|_| at.next().is_some_and(|at| !same.contains_key(&at)));
        Ok(())
    }

    /// Leaves what was there and puts the rest behind it, in the same order.
    fn append(&mut self, source: Arc<dyn Source>, kept: &[Option<u64>]) -> Option<()> {
        self.size = source.len();
        let mut order: Vec<usize> = (0..self.blobs.len()).collect();
        order.sort_by_key(|&at| kept[at].is_none());
        let first_new = kept.iter().flatten().count();
        let mut blobs = Vec::with_capacity(self.blobs.len());
        for &at in &order {
            let (tensor, mut offset) = self.blobs[at].clone();
            match kept[at] {
                Some(old) => offset = old,
                None => self.size = place_blob(&tensor, &mut offset, self.size)?,
            }
            blobs.push((tensor, offset));
        }
        let mut place = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old] = new;
        }
        self.index.values_mut().for_each(|at| *at = place[*at]);
        self.blobs = blobs;
        self.origin = Origin::Appended(source, first_new);
        Some(())
    }
}

/// Puts a blob behind the end of a file; answers the new end.
fn place_blob(tensor: &Tensor, offset: &mut u64, end: u64) -> Option<u64> {
    *offset = format::align(end)?;
    let start = offset.checked_add(BLOCK)?;
    start.checked_add(Record::new(tensor.dtype(), tensor.len(), start)?.size)
}
