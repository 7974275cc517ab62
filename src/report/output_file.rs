//! A file that a report is written to: it can be written before the wait begins, and is whole at every moment after.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file for a report.
#[derive(Debug)]
pub struct OutputFile {
    path: PathBuf,
    /// A pipe or a device: what is written stays written, so only the last word is.
    stream: Option<File>,
}

impl OutputFile {
    /// Creates the file, or makes sure that the one that is there can be written.
    ///
    /// # Errors
    ///
    /// Where it cannot.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        let stream = (!file.metadata()?.is_file()).then_some(file);
        Ok(Self { path: path.to_owned(), stream })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces what is in the file. Whoever reads it sees the old text or the new one, and so does whoever reads it
    /// after the process was killed.
    ///
    /// # Errors
    ///
    /// Where the text cannot be written.
    pub fn replace(&mut self, text: &str) -> io::Result<()> {
        if self.stream.is_some() {
            return Ok(());
        }
        // Links are followed: it is the file behind them that is to have the text.
        let path = fs::canonicalize(&self.path)?;
        let mut beside = path.clone().into_os_string();
        beside.push(format!(".{}.tmp", std::process::id()));
        let beside = PathBuf::from(beside);
        let written = write_new(&beside, text).and_then(|()| {
            fs::set_permissions(&beside, fs::metadata(&path)?.permissions())?;
            fs::rename(&beside, &path)
        });
        if written.is_err() {
            // It may not have been created at all.
            let _ = fs::remove_file(&beside);
            // A folder in which nothing can be created may hold a file that can be written.
            return fs::write(&path, text);
        }
        Ok(())
    }

    /// Writes the text that will not be replaced any more.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn finish(&mut self, text: &str) -> io::Result<()> {
        match &mut self.stream {
            Some(stream) => stream.write_all(text.as_bytes()).and_then(|()| stream.flush()),
            None => self.replace(text),
        }
    }
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::OutputFile;

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.txt");
        fs::write(&path, "a longer text from before").unwrap();
        let mut file = OutputFile::create(&path).unwrap();
        file.replace("one").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        file.finish("two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_cannot_be_written_is_found_at_once() {
        let folder = tempfile::tempdir().unwrap();
        assert!(OutputFile::create(&folder.path().join("missing").join("report.txt")).is_err());
        assert!(OutputFile::create(folder.path()).is_err(), "a folder is no file");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&path, "").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        OutputFile::create(&link).unwrap().finish("text").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "text");
        assert!(link.is_symlink());
    }
}
