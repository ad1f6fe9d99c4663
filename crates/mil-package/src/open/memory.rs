//! Opening a model from memory, and from files that are open.

use std::sync::Arc;

use mil_ir::Model;
use mil_tensor::{MemorySource, Source};
use prost::bytes::Bytes;

use crate::files::{Files, read_all};
use crate::manifest::{self, Manifest};
use crate::package::MissingItem;
use crate::paths::parent;
use crate::translate::Decoder;
use crate::weights::Weights;
use crate::{Found, Limits, Package, PackageError, identify};

impl Package {
    /// Reads a model from memory: its message, and the bytes of its weight file if it has one.
    ///
    /// # Errors
    ///
    /// See [`Package::open`].
    pub fn from_bytes(
        message: impl Into<Vec<u8>>,
        weights: Option<Arc<[u8]>>,
    ) -> Result<Package, PackageError> {
        let mut files = Files::default();
        if let Some(weights) = weights {
            let path = format!("{}/weights/weight.bin", parent(&Manifest::new_model_path()));
            files.insert(path, Arc::new(MemorySource::new(weights)));
        }
        Package::decode(message.into(), None, files, Vec::new(), &Limits::default())
    }

    /// Reads a package from memory: its files by their path in the package, `Manifest.json` among them.
    ///
    /// # Errors
    ///
    /// See [`Package::open`].
    pub fn from_files(
        contents: impl IntoIterator<Item = (String, Arc<[u8]>)>,
        limits: &Limits,
    ) -> Result<Package, PackageError> {
        let source = |(path, bytes)| (path, Arc::new(MemorySource::new(bytes)) as Arc<dyn Source>);
        Package::from_sources(contents.into_iter().map(source), limits)
    }

    /// Reads a package whose files are read in ranges, wherever they are: by their path in the package,
    /// `Manifest.json` among them.
    ///
    /// # Errors
    ///
    /// See [`Package::open`].
    pub fn from_sources(
        sources: impl IntoIterator<Item = (String, Arc<dyn Source>)>,
        limits: &Limits,
    ) -> Result<Package, PackageError> {
        let mut files = Files::default();
        for (path, source) in sources {
            files.insert(path, source);
        }
        let manifest = read_manifest(&files, limits)?;
        let absent = manifest.items().filter(|item| !files.has_item(&item.path));
        let missing = absent.map(|item| MissingItem::new(item.spelled.clone())).collect();
        Package::without_pointers(manifest, files, missing, limits)
    }

    /// Reads a model that is one file, which errors call by this name.
    ///
    /// # Errors
    ///
    /// If it is not the message of a model, with what it looks like.
    pub fn from_source(source: &dyn Source, name: &str, limits: &Limits) -> Result<Package, PackageError> {
        if identify::is_pointer(source) {
            return Err(PackageError::LfsPointer { path: name.into() });
        }
        if let Some(found) = identify::file(source) {
            return Err(PackageError::NotAModel { path: name.into(), found });
        }
        let bytes = read_all(source, name, limits.model_bytes)?;
        let is_likely = identify::starts_like_model(&bytes);
        Package::decode(bytes, None, Files::default(), Vec::new(), limits).map_err(|error| match error {
            PackageError::Wire(_) | PackageError::Protobuf(_) if !is_likely => {
                PackageError::NotAModel { path: name.into(), found: Found::Unknown }
            }
            error => error,
        })
    }

    /// The same as [`Package::of_files`], where Git LFS may have left pointers in place of files.
    pub(crate) fn without_pointers(
        manifest: Manifest,
        mut files: Files,
        mut missing: Vec<MissingItem>,
        limits: &Limits,
    ) -> Result<Package, PackageError> {
        let paths: Vec<String> = files.iter().map(|(path, _)| path.clone()).collect();
        for inside in paths {
            if files.drop_pointer(&inside) {
                if inside == manifest.model() {
                    return Err(PackageError::LfsPointer { path: inside.into() });
                }
                missing.push(MissingItem { item: inside, is_lfs_pointer: true });
            }
        }
        Package::of_files(manifest, files, missing, limits)
    }

    fn of_files(
        manifest: Manifest,
        files: Files,
        missing: Vec<MissingItem>,
        limits: &Limits,
    ) -> Result<Package, PackageError> {
        let bytes = files.read(manifest.model(), limits.model_bytes)?;
        Package::decode(bytes, Some(manifest), files, missing, limits)
    }

    pub(crate) fn decode(
        bytes: Vec<u8>,
        manifest: Option<Manifest>,
        files: Files,
        mut missing: Vec<MissingItem>,
        limits: &Limits,
    ) -> Result<Package, PackageError> {
        let model_path = manifest.as_ref().map_or_else(Manifest::new_model_path, |m| m.model().to_owned());
        let mut weights = Weights::new(parent(&model_path));
        let mut decoder = Decoder::new(&files, &mut weights);
        let model = decoder.model(Bytes::from(bytes), &limits.message)?;
        let mended = decoder.mended;
        let is_within = |path: &str, MissingItem { item, .. }: &MissingItem| {
            path.ends_with(item.as_str()) || path.contains(&format!("{item}/"))
        };
        // Converters write an empty folder for weights that there are none of, which archives and
        // repositories lose: what a program does not refer to is not missing.
        if let Model::Program(_) = model {
            let needed = |found: &MissingItem| weights.missing().any(|path| is_within(path, found));
            missing.retain(|found| found.is_lfs_pointer || needed(found));
        }
        for path in weights.missing() {
            if !missing.iter().any(|found| is_within(path, found)) {
                missing.push(MissingItem::new(path.clone()));
            }
        }
        let mut package = Package::new(model, manifest, files, weights, missing);
        package.mend(mended);
        Ok(package)
    }
}

pub(crate) fn read_manifest(files: &Files, limits: &Limits) -> Result<Manifest, PackageError> {
    Manifest::parse(files.read(manifest::FILE, limits.manifest_bytes)?)
}
