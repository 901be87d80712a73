//! Files that are read where they stand, part by part, because they may be larger than memory.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::error::DataError;

/// A file whose parts are read whenever they are needed. It must stay as it is until then: what was found out about it
/// would not be true any more.
#[derive(Debug)]
pub(crate) struct Stored {
    /// What stands for it in messages.
    name: String,
    file: Mutex<File>,
    len: u64,
    modified: Option<SystemTime>,
}

impl Stored {
    /// A regular file, of which any part can be read at any time; `None` of a pipe or a device.
    pub(crate) fn of(name: &str, file: &File) -> io::Result<Option<Self>> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(None);
        }
        let (len, modified) = signs(&metadata);
        Ok(Some(Stored { name: name.to_owned(), file: Mutex::new(file.try_clone()?), len, modified }))
    }

    /// What stands for it in messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Fills `part` with the bytes from `at` on.
    ///
    /// # Errors
    /// If the file has changed since it was opened, or cannot be read any more.
    pub(crate) fn read_at(&self, at: u64, part: &mut [u8]) -> Result<(), DataError> {
        // Whoever panicked while it held the file left it at some place, which is looked for anew.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_unchanged(&file)?;
        let mut read = || {
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(part)
        };
        read().map_err(|error| self.lost(&error))
    }

    /// Refuses a file that has changed since it was opened.
    ///
    /// # Errors
    /// That it has.
    pub(crate) fn check(&self) -> Result<(), DataError> {
        self.check_unchanged(&self.file.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn check_unchanged(&self, file: &File) -> Result<(), DataError> {
        match file.metadata() {
            Ok(metadata) if signs(&metadata) == (self.len, self.modified) => Ok(()),
            Ok(_) => Err(self.changed()),
            Err(error) => Err(self.lost(&error)),
        }
    }

    /// The error about a file whose part could not be read.
    pub(crate) fn lost(&self, error: &io::Error) -> DataError {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return self.changed();
        }
        DataError::new(&self.name, format!("cannot be read any more: {error}; see to it, and start again"))
    }

    /// The error about a file that is no longer what it was.
    pub(crate) fn changed(&self) -> DataError {
        let message = "has changed while it was read; large files are read part by part, so leave it as it is until \
                       the end, and start again";
        DataError::new(&self.name, message)
    }
}

/// What tells that a file has changed.
fn signs(metadata: &Metadata) -> (u64, Option<SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn parts_are_those_of_the_file_until_it_changes() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"0123456789").unwrap();
        let stored = Stored::of("f", file.as_file()).unwrap().unwrap();
        let part = |at, len| {
            let mut part = vec![0; len];
            stored.read_at(at, &mut part).map(|()| part).map_err(|error| error.to_string())
        };
        assert_eq!((stored.len(), part(3, 4), part(0, 2)), (10, Ok(b"3456".to_vec()), Ok(b"01".to_vec())));
        let changed = "f: has changed while it was read; large files are read part by part, so leave it as it is until \
                       the end, and start again";
        assert_eq!(part(8, 3).unwrap_err(), changed);
        file.write_all(b"x").unwrap();
        assert_eq!(part(0, 2).unwrap_err(), changed);
    }
}
