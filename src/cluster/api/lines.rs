//! Lines out of a stream of bytes that is cut anywhere.

use bytes::{Bytes, BytesMut};

/// A watch line longer than this is refused: objects are limited to a few MiB by etcd.
pub const LONGEST_LINE: usize = 32 * 1024 * 1024;

/// A line went on past the limit without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line is longer than {limit} bytes")]
pub struct LineTooLong {
    /// The limit in bytes.
    pub limit: usize,
}

/// Collects bytes and gives whole lines back.
#[derive(Debug)]
pub struct Lines {
    buffer: BytesMut,
    /// Bytes at the front of the buffer that are known to hold no line end.
    searched: usize,
    limit: usize,
}

impl Lines {
    /// A collector that refuses lines longer than `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::new(), searched: 0, limit }
    }

    /// Takes in what came.
    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// The next whole line, without its end; blank lines are passed over. `None` where more bytes are needed.
    ///
    /// # Errors
    ///
    /// Where the line is longer than the limit. The stream is of no use after that.
    pub fn next_line(&mut self) -> Result<Option<Bytes>, LineTooLong> {
        loop {
            let Some(place) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') else {
                self.searched = self.buffer.len();
                return if self.searched > self.limit { Err(LineTooLong { limit: self.limit }) } else { Ok(None) };
            };
            let line = self.buffer.split_to(self.searched + place + 1).freeze();
            self.searched = 0;
            if line.len() - 1 > self.limit {
                return Err(LineTooLong { limit: self.limit });
            }
            let line = line.slice(..line.len() - 1);
            if !line.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some(line));
            }
        }
    }

    /// True where the bytes so far end in the middle of a line.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        !self.buffer.iter().all(u8::is_ascii_whitespace)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use proptest::{collection::vec, prop_assert_eq};

    use super::{LineTooLong, Lines};

    fn collect(lines: &mut Lines, out: &mut Vec<String>) {
        while let Some(line) = lines.next_line().unwrap() {
            out.push(String::from_utf8(line.to_vec()).unwrap());
        }
    }

    proptest! {
        #[test]
        fn any_cutting_gives_the_same_lines(
            texts in vec("[a-zäß{}\" \r]{0,40}", 0..12),
            cuts in vec(any::<proptest::sample::Index>(), 0..20),
            ended in any::<bool>(),
        ) {
            let mut whole = texts.join("\n");
            if ended {
                whole.push('\n');
            }
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(whole.len() + 1)).collect();
            places.push(whole.len());
            places.sort_unstable();
            let mut lines = Lines::new(1000);
            let mut got = Vec::new();
            let mut from = 0;
            for place in places {
                lines.push(&whole.as_bytes()[from..place]);
                collect(&mut lines, &mut got);
                from = place;
            }
            let complete = whole.rfind('\n').map_or("", |end| &whole[..end]);
            let expected: Vec<&str> =
                complete.split('\n').filter(|line| !line.bytes().all(|byte| byte.is_ascii_whitespace())).collect();
            prop_assert_eq!(got, expected);
        }
    }

    #[test]
    fn a_line_without_end_is_refused_before_memory_is_full() {
        let mut lines = Lines::new(10);
        lines.push(b"0123456789");
        assert_eq!(lines.next_line(), Ok(None));
        assert!(lines.is_torn());
        lines.push(b"0");
        assert_eq!(lines.next_line(), Err(LineTooLong { limit: 10 }));
    }

    #[test]
    fn a_long_line_in_one_chunk_is_refused_too() {
        let mut lines = Lines::new(3);
        lines.push(b"abc\nabcd\n");
        assert_eq!(lines.next_line().unwrap().unwrap(), "abc");
        assert_eq!(lines.next_line(), Err(LineTooLong { limit: 3 }));
    }
}
