//! Which images may be run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The images that may be run, each exactly as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedImages(BTreeSet<String>);

impl AllowedImages {
    /// Reads a file: one image a line; empty lines and those that begin with `#` are passed over.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn load(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Self::parse(&text).map_err(|why| format!("the images in {}: {why}", path.display()))
    }

    /// Reads the lines of such a file.
    ///
    /// # Errors
    /// A line that is no image, or no image at all.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut images = BTreeSet::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.contains(|c: char| c.is_whitespace() || c.is_control()) || line.contains('*') {
                return Err(format!(
                    "line {} is no image; write one a line, exactly as callers name it, without patterns",
                    number + 1
                ));
            }
            images.insert(line.to_owned());
        }
        if images.is_empty() {
            return Err("there is none in it, and so none may be run; leave out `--allow-run`".to_owned());
        }
        Ok(Self(images))
    }
}

impl AllowedImages {
    /// May this image be run?
    #[must_use]
    pub fn has(&self, image: &str) -> bool {
        self.0.contains(image)
    }
}

#[cfg(test)]
mod tests {
    use super::AllowedImages;

    #[test]
    fn a_list_of_images_has_one_a_line() {
        let images = AllowedImages::parse("# ours\n\nbusybox:1.36\n  ghcr.io/a/b@sha256:00  \r\n").unwrap();
        assert!(images.0.contains("busybox:1.36") && images.0.contains("ghcr.io/a/b@sha256:00") && images.0.len() == 2);
        for (text, said) in [("", "none in it"), ("# a\n", "none in it"), ("a b", "line 1"), ("x\nghcr.io/*", "line 2")]
        {
            assert!(AllowedImages::parse(text).unwrap_err().contains(said), "{text}");
        }
    }
}
