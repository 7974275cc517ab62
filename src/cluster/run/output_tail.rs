//! The end of an output, of which there can be any amount.

/// The end of what was written.
#[derive(Debug, Clone, Default)]
pub struct OutputTail {
    bytes: Vec<u8>,
    limit: usize,
    total: u64,
}

impl OutputTail {
    /// Keeps the last `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, total: 0 }
    }

    /// Takes in what was written.
    pub fn take(&mut self, bytes: &[u8]) {
        self.total += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes.extend_from_slice(bytes);
        // Twice as much is held at times, so that not every piece moves all of it.
        if self.bytes.len() > self.limit * 2 {
            self.bytes.drain(..self.bytes.len() - self.limit);
        }
    }

    /// The last bytes, at most as many as the limit.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.bytes.len().saturating_sub(self.limit)..]
    }

    /// How many bytes there were in all.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::OutputTail;

    #[test]
    fn the_end_is_kept() {
        let mut kept = OutputTail::new(4);
        for piece in ["a", "bcd", "efghijkl", "m"] {
            kept.take(piece.as_bytes());
        }
        assert_eq!((kept.bytes(), kept.total()), (&b"jklm"[..], 13));
    }
}
