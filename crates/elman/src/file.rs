//! Writing files so that nothing is lost: never half a file, never the old one gone before the new
//! one is whole.
//!
//! ```
//! use elman::file;
//!
//! let path = std::env::temp_dir().join(format!("elman-{}", std::process::id()));
//! file::write(&path, b"all or nothing")?;
//! assert_eq!(file::read(&path)?, b"all or nothing");
//! std::fs::remove_file(&path)?;
//! assert!(file::read(&path).unwrap_err().to_string().ends_with("there is no such file or folder; check the path"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::FileError;

/// Writes `bytes` to `path`, all or nothing: to a temporary file beside it, which takes its name
/// once it is safely on the disk. A device or pipe is written to directly; of a symbolic link, the
/// file that it points to is replaced.
///
/// # Errors
/// The operating system's reason: no such directory, no permission, no space. What stood at `path`
/// before is then still there.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    try_write(path, bytes).map_err(|error| FileError { action: "write", path: path.to_owned(), error })
}

fn try_write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let special = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    if special {
        let mut device = OpenOptions::new().write(true).open(path)?;
        device.write_all(bytes)?;
        return device.flush();
    }
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut file = temporary_beside(&target)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    sync_folder(&target);
    Ok(())
}

/// Makes the new name last through a power failure, where the system lets a folder be opened.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent().and_then(|folder| fs::File::open(folder).ok()) {
        // The file itself is safe; a folder that cannot be synchronised is no failure.
        let _ = folder.sync_all();
    }
}

/// Checks that `path` could be written, before hours are spent on what is to go there.
///
/// # Errors
/// As [`write()`], as far as can be known beforehand.
pub fn check_writable(path: &Path) -> Result<(), FileError> {
    let attempt = || match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) if !metadata.is_file() => Ok(()),
        _ => temporary_beside(&fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())).map(drop),
    };
    attempt().map_err(|error| FileError { action: "write", path: path.to_owned(), error })
}

fn temporary_beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".tmp");
    // One name per file, so that what a killed process left is replaced by the next.
    let _ = fs::remove_file(directory.join(&name));
    let mut builder = tempfile::Builder::new();
    builder.prefix(&name).rand_bytes(0);
    // The permissions that any new file would get: the umask still takes its share.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // The name of a temporary file would say nothing to the user: the bare reason is enough.
    builder.tempfile_in(directory).map_err(|error| io::Error::from(error.kind()))
}

/// Reads a whole file.
///
/// # Errors
/// The operating system's reason; a directory or device is refused.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    let attempt = || {
        let metadata = fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        fs::read(path)
    };
    attempt().map_err(|error| FileError { action: "read", path: path.to_owned(), error })
}

/// `path` with `extension` added to its name: `a/b.elman` to `a/b.elman.checkpoint`.
pub fn with_added_extension(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("model");
        write(&path, b"old").unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        let error = write(&directory.path().join("none/model"), b"x").unwrap_err();
        assert!(error.to_string().starts_with("cannot write "), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_device_is_an_error_and_stays_a_device() {
        let error = write(Path::new("/dev/full"), b"x").unwrap_err();
        assert_eq!(error.error.kind(), io::ErrorKind::StorageFull);
        assert!(!fs::metadata("/dev/full").unwrap().is_file());
    }
}
