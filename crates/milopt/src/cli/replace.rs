//! Writing a file so that whoever opens it finds the old content or the new one.

use std::io::{self, Write};
use std::path::Path;

/// Replaces a file: the bytes go to a sibling, which takes its place once they are on the disk. What is no regular file,
/// such as a pipe or a device, is written to as it is; of a link, the file that it points to is replaced.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => {
            return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
        }
        Ok(_) => std::fs::canonicalize(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_path_buf(),
        Err(error) => return Err(error),
    };
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut sibling = tempfile::Builder::new().prefix(".milopt-").tempfile_in(folder)?;
    sibling.write_all(bytes)?;
    sibling.as_file().sync_all()?;
    let permissions = match std::fs::metadata(&target) {
        Ok(found) => found.permissions(),
        // As a file that is created has them: a probe tells what the process masks.
        Err(_) => new_permissions(folder)?,
    };
    sibling.as_file().set_permissions(permissions)?;
    sibling.persist(&target).map(drop).map_err(|error| error.error)
}

/// The permissions of a file that is created in a folder.
fn new_permissions(folder: &Path) -> io::Result<std::fs::Permissions> {
    let probe = tempfile::Builder::new()
        .prefix(".milopt-")
        .make_in(folder, |path| std::fs::File::create_new(path))?;
    Ok(probe.as_file().metadata()?.permissions())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_its_folder_left_clean() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("y.npz");
        for content in ["one", "two"] {
            replace(&path, content.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(replace(&folder.path().join("none/y.npz"), b"").is_err());
    }
}
