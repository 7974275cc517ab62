//! The signature by which a receiver knows that a notification is genuine: HMAC-SHA256 over the moment, a dot and the body.

use std::fmt::{self, Write as _};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use ring::hmac;

/// How long a secret may be, in bytes.
const LONGEST: u64 = 4096;

/// The secret that crashgate and its receivers share.
#[derive(Clone)]
pub struct Secret(Arc<hmac::Key>);

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("the secret of notifications cannot be read from {path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why not.
        error: std::io::Error,
    },
    /// It is empty, or too long to be one.
    #[error("the secret of notifications is {0}")]
    Unfit(&'static str),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Takes these bytes, without the line ends that follow them.
    ///
    /// # Errors
    /// Where nothing is left: anybody could sign with that.
    pub fn of(bytes: &[u8]) -> Result<Self, SecretError> {
        let end = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
        match end {
            0 => Err(SecretError::Unfit("empty")),
            _ if bytes.len() as u64 > LONGEST => Err(SecretError::Unfit("longer than 4 KiB")),
            _ => Ok(Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, &bytes[..end])))),
        }
    }

    /// Reads it from a file.
    ///
    /// # Errors
    /// Where it cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self, SecretError> {
        let mut bytes = Vec::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
        read.map_err(|error| SecretError::File { path: path.display().to_string(), error })?;
        Self::of(&bytes)
    }

    /// The signature of a body that is sent at this moment, as the header has it: `sha256=` and 64 hexadecimal digits.
    pub(super) fn sign(&self, timestamp: &str, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        for part in [timestamp.as_bytes(), b".", body] {
            context.update(part);
        }
        let mut signature = "sha256=".to_owned();
        for byte in context.sign().as_ref() {
            // A `String` takes everything.
            let _ = write!(signature, "{byte:02x}");
        }
        signature
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        let signed = Secret::of(b"secret\n").unwrap().sign("1700000000", b"{\"a\":1}");
        assert_eq!(signed, "sha256=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686");
        assert_ne!(signed, Secret::of(b"secret").unwrap().sign("1700000001", b"{\"a\":1}"));
    }

    #[test]
    fn nothing_is_no_secret() {
        for bytes in [&b""[..], b"\n", b"\r\n"] {
            assert!(Secret::of(bytes).is_err());
        }
        assert!(Secret::of(&[b'a'; 5000]).is_err());
    }
}
