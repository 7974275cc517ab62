//! A file that a report is written to: it can be written before the wait begins, and is whole at every moment after.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::printer::{Printer, Standard};
use crate::text::SafeText;

/// A file for a report.
pub struct OutputFile {
    path: PathBuf,
    place: Place,
}

enum Place {
    /// A regular file, replaced as a whole.
    File {
        /// The file itself: links are followed, for it is the file behind them that is to have the text.
        target: PathBuf,
        /// True once the file holds a text of this run.
        ours: bool,
    },
    /// A pipe, a device, or a file that somebody holds open: what is written stays written, so only the last text is.
    Stream(File),
    /// One of the process's own streams.
    Standard(Standard, Printer),
}

impl OutputFile {
    /// Makes sure that the path can be written, and makes the folders above it that are missing. A file that was not
    /// there is not there afterwards either, for an empty one could be taken for a report.
    ///
    /// # Errors
    ///
    /// Where it cannot.
    pub fn create(path: &Path, printer: &Printer) -> io::Result<Self> {
        let own = |stream| Self { path: path.to_owned(), place: Place::Standard(stream, printer.clone()) };
        if let Some(stream) = printer.stream_behind(path, None) {
            return Ok(own(stream));
        }
        make_folders_above(path)?;
        let is_new = !path.exists();
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        if let Some(stream) = printer.stream_behind(path, Some(&file)) {
            return Ok(own(stream));
        }
        let place = if !file.metadata()?.is_file() || is_a_descriptor(path) {
            Place::Stream(file)
        } else {
            let target = fs::canonicalize(path)?;
            if is_new {
                fs::remove_file(&target)?;
            }
            Place::File { target, ours: false }
        };
        Ok(Self { path: path.to_owned(), place })
    }

    /// Where it is, as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns true where what is written to the one would end up in the other.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (&self.place, &other.place) {
            (Place::File { target: one, .. }, Place::File { target: other, .. }) => one == other,
            (Place::Standard(one, _), Place::Standard(other, _)) => one == other,
            _ => self.path == other.path,
        }
    }

    /// Replaces what is in the file. Whoever reads it sees the old text or the new one, and so does whoever reads it
    /// after the process was killed or the disk was full.
    ///
    /// # Errors
    ///
    /// Where the text cannot be written. A text of another run is not left in its place.
    pub fn replace(&mut self, text: &SafeText) -> io::Result<()> {
        let Place::File { target, ours } = &mut self.place else { return Ok(()) };
        let written = replace_file(target, text);
        if written.is_ok() {
            *ours = true;
        } else if !*ours && target.exists() {
            // Whoever finds it would take it for what this run says.
            let _ = File::create(target);
        }
        written
    }

    /// Writes the text that will not be replaced any more.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn finish(&mut self, text: &SafeText) -> io::Result<()> {
        match &mut self.place {
            Place::Stream(stream) => stream.write_all(text.as_bytes()).and_then(|()| stream.flush()),
            Place::Standard(Standard::Output, printer) => {
                printer.result(text);
                Ok(())
            }
            Place::Standard(Standard::Error, printer) => {
                printer.draw(text);
                Ok(())
            }
            Place::File { .. } => self.replace(text),
        }
    }
}

/// Makes the folders above a file that are missing.
///
/// # Errors
///
/// Where one cannot be made, with its name: the first that is missing, or what stands in its place.
pub fn make_folders_above(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    fs::create_dir_all(folder).map_err(|error| {
        let above = || folder.ancestors().filter(|above| !above.as_os_str().is_empty());
        let words = if let Some(file) = above().find(|above| above.exists() && !above.is_dir()) {
            format!("{} is not a folder", file.display())
        } else {
            let missing = above().take_while(|above| !above.exists()).last().unwrap_or(folder);
            format!("cannot make the folder {}: {error}", missing.display())
        };
        io::Error::new(error.kind(), words)
    })
}

/// Paths that stand for a file that is open already, and that others may be writing to: it must not be replaced.
fn is_a_descriptor(path: &Path) -> bool {
    path.starts_with("/dev/fd") || path.starts_with("/proc")
}

/// Returns true where both paths lead to the same file, which must be there.
#[must_use]
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    // Only regular files are opened for this: opening a pipe would wait for its other end.
    let is_file = |path: &Path| fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    is_file(one) && is_file(other) && same_file::is_same_file(one, other).unwrap_or(false)
}

fn replace_file(target: &Path, text: &SafeText) -> io::Result<()> {
    let mut beside = target.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = PathBuf::from(beside);
    let mut file = match OpenOptions::new().write(true).create_new(true).open(&beside) {
        Ok(file) => file,
        // A folder in which nothing can be created may hold a file that can be written.
        Err(error) if is_refusal(&error) && target.exists() => return fs::write(target, text.as_bytes()),
        Err(error) => return Err(error),
    };
    let written = file.write_all(text.as_bytes()).and_then(|()| {
        if let Ok(metadata) = fs::metadata(target) {
            file.set_permissions(metadata.permissions())?;
        }
        fs::rename(&beside, target)
    });
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::OutputFile;
    use crate::report::printer::Printer;

    fn printer() -> Printer {
        Printer::to(Box::new(std::io::sink()), Box::new(std::io::sink()))
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.txt");
        fs::write(&path, "a longer text from before").unwrap();
        let mut file = OutputFile::create(&path, &printer()).unwrap();
        file.replace(&"one".into()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        file.finish(&"two".into()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_is_not_there_before_something_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.txt");
        let mut file = OutputFile::create(&path, &printer()).unwrap();
        assert!(!path.exists(), "an empty file could be taken for a report");
        file.replace(&"one".into()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
    }

    #[test]
    fn two_names_of_one_file_are_the_same_output() {
        let folder = tempfile::tempdir().unwrap();
        let create = |name: &str| OutputFile::create(&folder.path().join(name), &printer()).unwrap();
        assert!(create("a").is_same_as(&create("./a")));
        assert!(!create("a").is_same_as(&create("b")));
    }

    #[test]
    fn what_cannot_be_written_is_found_at_once() {
        let folder = tempfile::tempdir().unwrap();
        assert!(OutputFile::create(folder.path(), &printer()).is_err(), "a folder is no file");
    }

    #[test]
    fn missing_folders_are_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reports/of/today/report.txt");
        OutputFile::create(&path, &printer()).unwrap().finish(&"text".into()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "text");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "text").unwrap();
        for below in ["report.txt", "a/b/report.txt"] {
            let error = OutputFile::create(&file.join(below), &printer()).err().unwrap();
            assert_eq!(error.to_string(), format!("{} is not a folder", file.display()));
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "text");
        let long = folder.path().join("x".repeat(300));
        let error = OutputFile::create(&long.join("b/report.txt"), &printer()).err().unwrap().to_string();
        assert!(error.starts_with(&format!("cannot make the folder {}: ", long.display())), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&path, "").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        OutputFile::create(&link, &printer()).unwrap().finish(&"text".into()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "text");
        assert!(link.is_symlink());
    }
}
