//! What a created container writes, and when.

use bytes::Bytes;

/// The log of one container.
#[derive(Debug, Clone, Default)]
pub(in crate::sandbox) struct Written {
    /// When it ends, in milliseconds of the recording; `None`: never.
    pub ends_ms: Option<u64>,
    pub(super) records: Vec<Record>,
}

/// A line of it, or the part of a line that was written at once.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// In milliseconds of the recording.
    pub at_ms: u64,
    /// Nanoseconds beyond them, so that lines have times of their own.
    pub nanos: u32,
    /// What was written.
    pub bytes: Bytes,
}

impl Written {
    /// What a container writes that starts at this moment.
    pub fn new(start_ms: u64, ends_ms: Option<u64>, writes: &[(u64, Bytes)]) -> Self {
        let mut records: Vec<Record> = Vec::new();
        for (after_ms, bytes) in writes {
            let at_ms = start_ms.saturating_add(*after_ms);
            let mut rest = bytes.clone();
            while !rest.is_empty() {
                let length = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
                // As many to the millisecond as its nanoseconds allow; those beyond share the last one.
                let nanos = match records.last() {
                    Some(last) if last.at_ms == at_ms => (last.nanos + 7).min(999_999),
                    _ => 0,
                };
                records.push(Record { at_ms, nanos, bytes: rest.split_to(length) });
            }
        }
        if let Some(ends_ms) = ends_ms {
            records.retain(|record| record.at_ms <= ends_ms);
        }
        Self { ends_ms, records }
    }

    /// The same log, that ends at this moment.
    pub fn ended(&self, at_ms: u64) -> Self {
        let mut written = self.clone();
        written.ends_ms = Some(written.ends_ms.map_or(at_ms, |ends| ends.min(at_ms)));
        written.records.retain(|record| record.at_ms <= at_ms);
        written
    }
}

#[cfg(test)]
mod tests {
    use super::Written;

    #[test]
    fn lines_become_records_with_times_of_their_own() {
        let written =
            Written::new(100, Some(1200), &[(0, "a\nb\npart".into()), (1000, "ial\n".into()), (5000, "x".into())]);
        let told: Vec<_> =
            written.records.iter().map(|record| (record.at_ms, record.nanos, &record.bytes[..])).collect();
        assert_eq!(told, [(100, 0, &b"a\n"[..]), (100, 7, b"b\n"), (100, 14, b"part"), (1100, 0, b"ial\n")]);
        assert_eq!(written.ended(500).records.len(), 3);
    }
}
