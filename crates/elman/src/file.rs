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

mod blocks;
mod stored;

pub(crate) use blocks::Blocks;
pub(crate) use stored::Stored;

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

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
    if is_special(path) {
        return write_device(path, bytes);
    }
    let (mut file, target) = begin(path)?;
    file.file.write_all(bytes)?;
    finish(file, &target)
}

fn write_device(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut device = OpenOptions::new().write(true).open(path)?;
    device.write_all(bytes)?;
    device.flush()
}

/// A temporary file, and the place that it will take.
fn begin(path: &Path) -> io::Result<(Temporary, PathBuf)> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    Ok((temporary_beside(&target)?, target))
}

fn finish(Temporary { file, name: _name }: Temporary, target: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(target).map_err(|error| error.error)?;
    sync_folder(target);
    Ok(())
}

/// As [`write()`], of what `fill` writes in parts. What goes to a device or pipe is in memory until all of it is there.
///
/// # Errors
/// Those of `fill`, which become one of the file where they are the operating system's; as [`write()`].
pub fn write_by<E: From<FileError>>(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |error| FileError { action: "write", path: path.to_owned(), error };
    if is_special(path) {
        let mut bytes = Vec::new();
        fill(&mut bytes)?;
        return Ok(write_device(path, &bytes).map_err(failed)?);
    }
    let (mut file, target) = begin(path).map_err(failed)?;
    let mut writer = BufWriter::new(file.file.as_file_mut());
    fill(&mut writer)?;
    writer.flush().map_err(failed)?;
    drop(writer);
    Ok(finish(file, &target).map_err(failed)?)
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

/// A temporary file of one name per path, so that what a killed process left is replaced by the next; of another
/// while a living one writes there.
fn temporary_beside(path: &Path) -> io::Result<Temporary> {
    let name = hidden_beside(path, ".tmp");
    let is_free =
        File::open(&name).is_ok_and(|file| !matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
    if is_free {
        let _ = fs::remove_file(&name);
    }
    let directory = folder(path);
    let make = |random: usize| {
        let mut builder = tempfile::Builder::new();
        let name = name.file_name().unwrap_or_default();
        builder.prefix(name).rand_bytes(random);
        // The permissions that any new file would get: the umask still takes its share.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.tempfile_in(directory)
    };
    // From before there is a file until its name is known, so that [`exit`] sees either none or both.
    let mut names = temporary();
    let made = match make(0) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => make(6),
        made => made,
    };
    // The name of a temporary file would say nothing to the user: the bare reason is enough.
    let file = made.map_err(|error| io::Error::from(error.kind()))?;
    names.push(file.path().to_owned());
    drop(names);
    // Where files cannot be locked, writing goes on as it would anyway.
    let _ = file.as_file().try_lock();
    let name = Name(file.path().to_owned());
    Ok(Temporary { file, name })
}

/// A temporary file, which is gone with this unless it has become another.
struct Temporary {
    file: tempfile::NamedTempFile,
    name: Name,
}

/// The names of the temporary files that this process writes at this moment.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// One of them.
struct Name(PathBuf);

impl Drop for Name {
    fn drop(&mut self) {
        temporary().retain(|name| *name != self.0);
    }
}

fn temporary() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the process at once, as when a signal asks for it. What is being written leaves nothing behind.
pub fn exit(code: u8) -> ! {
    // Held to the end, so that no further file is begun.
    let names = temporary();
    for name in names.iter() {
        // One that has just become another is no longer there.
        let _ = fs::remove_file(name);
    }
    std::process::exit(code.into());
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}

/// `a/b` to `a/.b.tmp`.
fn hidden_beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(ending);
    folder(path).join(name)
}

/// Keeps other processes from writing a file: see [`lock`].
#[derive(Debug)]
pub struct Lock(Option<(File, PathBuf)>);

/// Claims the right to write `path`, and what belongs to it, until the lock is dropped or the process ends, however
/// it ends. Nobody is kept from it who does not ask. A hidden file beside it stands for the lock, and stays behind
/// where a process was killed, for the next to use. Devices, and files where the system knows no locks, are free for all.
///
/// # Errors
/// If another process, or another part of this one, holds the lock; or as [`check_writable`].
pub fn lock(path: &Path) -> Result<Lock, FileError> {
    try_lock(path).map_err(|error| FileError { action: "write", path: path.to_owned(), error })
}

fn try_lock(path: &Path) -> io::Result<Lock> {
    if is_special(path) {
        return Ok(Lock(None));
    }
    let lock = hidden_beside(&fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()), ".lock");
    loop {
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(&lock);
        // As with temporary files: the bare reason.
        let file = open.map_err(|error| io::Error::from(error.kind()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other(
                    "another run is writing it at this moment; wait for its end, or name another file",
                ));
            }
            Err(TryLockError::Error(_)) => return Ok(Lock(None)),
        }
        // Its last owner may have removed it between the two.
        if stands_at(&file, &lock) {
            return Ok(Lock(Some((file, lock))));
        }
    }
}

/// Is this open file still the one of that name?
fn stands_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let place = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        file.metadata().ok().map(place) == fs::metadata(path).ok().map(place)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some((_locked, path)) = self.0.take() {
            // What stays behind is no lock any more.
            let _ = fs::remove_file(path);
        }
    }
}

/// A device, a pipe: what is written to or read as it is.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Refuses a device, of which some never end: a table is read from a file or a pipe.
///
/// # Errors
/// That it is a device.
pub fn refuse_device(path: &Path) -> Result<(), FileError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let is_device = |kind: fs::FileType| kind.is_char_device() || kind.is_block_device();
        if fs::metadata(path).is_ok_and(|metadata| is_device(metadata.file_type())) {
            let error = io::Error::other("it is a device; name a file, or - for standard input");
            return Err(FileError { action: "read", path: path.to_owned(), error });
        }
    }
    Ok(())
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

    #[test]
    fn a_lock_is_held_once_and_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("model");
        let held = lock(&path).unwrap();
        let error = lock(&path).unwrap_err().to_string();
        assert!(
            error.ends_with(
                "another run is writing it at this moment; wait for its end, or name another file"
            )
        );
        assert!(lock(&directory.path().join("other")).is_ok());
        drop(held);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
        // What a killed process left is no lock.
        fs::write(directory.path().join(".model.lock"), "").unwrap();
        drop(lock(&path).unwrap());
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
    }

    #[test]
    fn two_writers_of_one_file_do_not_disturb_each_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("model");
        let mut first = temporary_beside(&path).unwrap();
        first.file.write_all(b"first").unwrap();
        write(&path, b"second").unwrap();
        first.file.persist(&path).unwrap();
        assert_eq!(read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        // What a killed process left is replaced.
        fs::write(directory.path().join(".model.tmp"), "half").unwrap();
        write(&path, b"third").unwrap();
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_device_is_an_error_and_stays_a_device() {
        let error = write(Path::new("/dev/full"), b"x").unwrap_err();
        assert_eq!(error.error.kind(), io::ErrorKind::StorageFull);
        assert!(!fs::metadata("/dev/full").unwrap().is_file());
    }
}
