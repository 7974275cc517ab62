//! Where manifests come from: files and stdin, read whole, and never more of them than a manifest can be.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use super::diagnostics::{Diagnostic, Diagnostics, Message, Place, Problem};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// Where a manifest comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// The standard input.
    Stdin,
    /// A text that was read before.
    Text(Text),
}

impl Source {
    /// The source that `-f` names: a path, or `-` for stdin.
    #[must_use]
    pub fn named(path: PathBuf) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path) }
    }
}

/// A text that was read, and what to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The path as it was given, or `<stdin>`.
    pub name: String,
    /// The text.
    pub content: String,
}

impl Source {
    /// Reads the source.
    ///
    /// # Errors
    /// One problem where it cannot be opened or read, is no file, is too large, or holds no text.
    pub fn read(&self) -> Result<Text, Diagnostic> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::Stdin => read_text("<stdin>", || Ok(io::stdin().lock())),
            Self::File(path) => {
                let name = path.display().to_string();
                let too_large = path.metadata().is_ok_and(|file| file.is_file() && file.len() > MAX_BYTES as u64);
                if too_large {
                    return Err(Diagnostic::of_file(&name, &self::too_large()));
                }
                read_text(&name, || File::open(path))
            }
        }
    }
}

/// Returns texts that were read as sources that need not be read again.
///
/// # Errors
/// Every one that could not be read.
pub fn texts(read: impl Iterator<Item = Result<Text, Diagnostic>>) -> Result<Vec<Source>, Diagnostics> {
    let (mut sources, mut problems) = (Vec::new(), Vec::new());
    for text in read {
        match text {
            Ok(text) => sources.push(Source::Text(text)),
            Err(problem) => problems.push(problem),
        }
    }
    Diagnostics::none_or_err(problems)?;
    Ok(sources)
}

fn read_text<R: Read>(name: &str, open: impl FnOnce() -> io::Result<R>) -> Result<Text, Diagnostic> {
    let mut bytes = Vec::new();
    // One byte more than may be there, so that too much is noticed without being read.
    open()
        .and_then(|reader| reader.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| Diagnostic::of_file(name, &unreadable(&error)))?;
    if bytes.len() > MAX_BYTES {
        return Err(Diagnostic::of_file(name, &too_large()));
    }
    let content = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        Diagnostic::of_file(
            name,
            &Message::new(
                format!("this is not text: byte {} is not UTF-8", valid + 1),
                "give a YAML file; if it is one, save it as UTF-8",
            ),
        )
    })?;
    // A byte order mark at the very beginning is no part of the text, and every line ends alike, so that the parser's
    // lines are the lines that are shown.
    let content = content.strip_prefix('\u{feff}').unwrap_or(&content).replace("\r\n", "\n").replace('\r', "\n");
    match control_character(&content) {
        None => Ok(Text { name: name.to_owned(), content }),
        Some(problem) => Err(Diagnostic::in_text(name, &content, &problem)),
    }
}

fn unreadable(error: &io::Error) -> Message {
    match error.kind() {
        io::ErrorKind::NotFound => Message::new("there is no such file", "check the path given with `-f`"),
        io::ErrorKind::IsADirectory => {
            Message::new("this is a directory", "name the files in it, each with `-f`, as in `-f gates/checkout.yaml`")
        }
        io::ErrorKind::NotADirectory => {
            Message::new("a part of the path before the last one is not a directory", "check the path given with `-f`")
        }
        io::ErrorKind::PermissionDenied => Message::new(
            "the file may not be read by this user",
            "change its permissions, or run as a user who may read it",
        ),
        _ => Message::new(format!("the file cannot be read: {error}"), "check the path given with `-f`"),
    }
}

fn too_large() -> Message {
    Message::new(
        format!("this is larger than {} MiB, and no gate is", MAX_BYTES >> 20),
        "give the gate's manifest; check the path given with `-f`",
    )
}

/// The first character that no YAML may hold. A text with one is binary, or is meant to play with the terminal.
fn control_character(text: &str) -> Option<Problem> {
    let is_wrong = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    let (line, column, found) = text.split('\n').enumerate().find_map(|(line, content)| {
        let (column, found) = content.chars().enumerate().find(|(_, c)| is_wrong(*c))?;
        Some((line + 1, column + 1, found))
    })?;
    Some(Problem::at(
        Place { line, column, width: 1 },
        Message::new(
            format!("this is not YAML: it holds the control character U+{:04X}", u32::from(found)),
            "give a YAML file; in a text, remove the character",
        ),
    ))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{MAX_BYTES, read_text};

    fn read(bytes: &[u8]) -> Result<String, String> {
        read_text("gate.yaml", || Ok(bytes)).map(|text| text.content).map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_text_is_read_with_plain_line_ends() {
        assert_eq!(read(b"app: x\n").unwrap(), "app: x\n");
        assert_eq!(read("\u{feff}app: é\r\n".as_bytes()).unwrap(), "app: é\n");
    }

    #[test]
    fn an_endless_source_is_not_read_to_its_end() {
        let endless = read_text("/dev/zero", || Ok(io::repeat(b'a'))).unwrap_err();
        assert_eq!(endless.sentence, "this is larger than 1 MiB, and no gate is");
        assert!(read(&vec![b'a'; MAX_BYTES]).is_ok());
        assert!(read(&vec![b'a'; MAX_BYTES + 1]).is_err());
    }

    #[test]
    fn what_is_no_text_is_told_in_one_message() {
        assert!(read(b"\xff\xfea\0p\0p\0").unwrap_err().contains("byte 1 is not UTF-8"));
        let binary = read(b"app: x\n\x00\x01\x02\n").unwrap_err();
        assert!(binary.contains("gate.yaml:2:1: this is not YAML: it holds the control character U+0000"), "{binary}");
        let hostile = read(b"app: \x1b[2Jx\n").unwrap_err();
        assert!(hostile.contains("U+001B") && !hostile.contains('\x1b'), "{hostile}");
    }
}
