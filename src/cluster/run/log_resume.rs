//! A log that is read to its end over connections that break: nothing is lost, and nothing comes twice.
//!
//! Each line is asked for with its time in front, and after a break all lines since a second before the newest known one.
//! What is known already is passed over, line by line, and within the last line byte by byte. To read the log anew from
//! its start and to pass over as many bytes as were written would be simpler and wrong: a node keeps only the newest part
//! of a log (10 MiB by default), so that the same place is not the same byte a while later. The times show too what is no
//! line of the container's: a node writes its own troubles into the stream, without a time, and a log from which lines
//! are missing.
//!
//! What an API server does with `sinceTime`: it cuts it to the second and leaves out the lines that are older.

use std::collections::VecDeque;

use jiff::Timestamp;

/// No time is longer: `2026-11-21T03:09:57.123456789+00:00`.
const LONGEST_TIME: usize = 40;
/// So much is kept of what a node says.
const LONGEST_WORDS: usize = 400;
/// The seconds before the newest known line that are read again. The two streams of a container may swap lines.
const OVERLAP: i64 = 1;

/// What was read of a log so far, and where the present connection is in it.
#[derive(Debug, Default)]
pub struct LogResume {
    /// The second from which on lines are known.
    since: Option<i64>,
    /// The times of the lines since then, in order.
    known: VecDeque<Timestamp>,
    /// How many bytes of the newest line were given out.
    newest: usize,
    /// The newest line has no end yet.
    is_open: bool,
    given: u64,
    has_gap: bool,
    /// How many of the known lines this connection has passed.
    passed: usize,
    /// Nothing of this connection's was understood yet.
    is_first: bool,
    place: Place,
}

/// Where the connection is.
#[derive(Debug)]
enum Place {
    /// At the begin of a line, with what came of its time.
    Time(Vec<u8>),
    /// In a line that is known, or the rest of one whose begin is older than what was asked for.
    Known,
    /// So many bytes before the first one that is new, in a line of which a part is known.
    PartlyKnown(usize),
    /// In a new line.
    New,
    /// In words that are not the container's.
    Foreign(Vec<u8>),
}

impl Default for Place {
    fn default() -> Self {
        Self::Time(Vec::new())
    }
}

/// What a node said in place of the log, or in the midst of it. The connection gives nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignWords(pub String);

impl LogResume {
    /// The `sinceTime` of the next connection; `None` for all of the log.
    #[must_use]
    pub fn since(&self) -> Option<String> {
        let time = Timestamp::from_second(self.since?).ok()?;
        Some(format!("{time:.0}"))
    }

    /// A new connection begins, with what [`LogResume::since`] asks for.
    pub fn begin(&mut self) {
        self.passed = 0;
        self.is_first = true;
        self.place = Place::default();
    }

    /// Takes in what came, and puts what is new of the container's output into `out`.
    ///
    /// # Errors
    ///
    /// The words of a node that are no line of the log.
    pub fn push(&mut self, mut chunk: &[u8], out: &mut Vec<u8>) -> Result<(), ForeignWords> {
        while !chunk.is_empty() {
            match &mut self.place {
                Place::Time(read) => {
                    let room = LONGEST_TIME - read.len();
                    let end = chunk.iter().take(room).position(|byte| matches!(byte, b' ' | b'\n')).unwrap_or(room);
                    let (head, rest) = chunk.split_at(end.min(chunk.len()));
                    read.extend_from_slice(head);
                    let Some((byte, rest)) = rest.split_first() else { return Ok(()) };
                    chunk = rest;
                    self.time_read(*byte)?;
                }
                Place::Known => {
                    let line_end = line_end(chunk);
                    chunk = &chunk[line_end.unwrap_or(chunk.len())..];
                    if line_end.is_some() {
                        self.place = Place::default();
                    }
                }
                Place::PartlyKnown(left) => {
                    let line_end = line_end(chunk);
                    let passed = (*left).min(line_end.unwrap_or(chunk.len()));
                    let at_end = line_end == Some(passed);
                    *left -= passed;
                    chunk = &chunk[passed..];
                    if at_end {
                        self.is_open = false;
                        self.place = Place::default();
                    } else if *left == 0 {
                        self.place = Place::New;
                    }
                }
                Place::New => {
                    let line_end = line_end(chunk);
                    let (new, rest) = chunk.split_at(line_end.unwrap_or(chunk.len()));
                    out.extend_from_slice(new);
                    self.newest += new.len();
                    self.given += u64::try_from(new.len()).unwrap_or(u64::MAX);
                    chunk = rest;
                    if line_end.is_some() {
                        self.is_open = false;
                        self.place = Place::default();
                    }
                }
                Place::Foreign(words) => {
                    let line_end = line_end(chunk);
                    let end = line_end.unwrap_or(chunk.len());
                    words.extend_from_slice(&chunk[..end]);
                    chunk = &chunk[end..];
                    if line_end.is_some() || words.len() > LONGEST_WORDS {
                        return Err(self.words());
                    }
                }
            }
        }
        Ok(())
    }

    /// The connection ended in good order.
    ///
    /// # Errors
    ///
    /// Where it ended in the middle of what is no line of the log, or before it came to what was known.
    pub fn finish(&mut self) -> Result<(), ForeignWords> {
        match &self.place {
            Place::Time(read) if !read.is_empty() => Err(self.words()),
            Place::Foreign(_) => Err(self.words()),
            // Whatever it was, it was not this log: the newest known line is always asked for again.
            _ if self.passed < self.known.len() => Err(ForeignWords("the answer is not a log".to_owned())),
            _ => Ok(()),
        }
    }

    /// What stands where a time must be was read, up to this byte.
    fn time_read(&mut self, byte: u8) -> Result<(), ForeignWords> {
        let Place::Time(read) = &mut self.place else { return Ok(()) };
        let time = std::str::from_utf8(read).ok().and_then(|text| text.parse::<Timestamp>().ok());
        if let Some(time) = time.filter(|_| byte == b' ') {
            self.line(time);
            return Ok(());
        }
        let mut words = std::mem::take(read);
        if self.is_first && self.since.is_some() {
            // A long line is written in parts, and its first part is older than what was asked for.
            self.is_first = false;
            self.place = if byte == b'\n' { Place::default() } else { Place::Known };
            return Ok(());
        }
        words.push(byte);
        self.place = Place::Foreign(words);
        if byte == b'\n' { Err(self.words()) } else { Ok(()) }
    }

    /// A line begins that has this time.
    fn line(&mut self, time: Timestamp) {
        self.is_first = false;
        if self.passed < self.known.len() {
            if let Some(ahead) = self.known.iter().skip(self.passed).position(|known| *known == time) {
                // Lines that were passed by here have left the node's file, and were given out before.
                self.passed += ahead + 1;
                let is_newest = self.passed == self.known.len();
                self.place = if is_newest && self.is_open { Place::PartlyKnown(self.newest) } else { Place::Known };
                if is_newest && self.is_open && self.newest == 0 {
                    self.place = Place::New;
                }
                return;
            }
            // Nothing joins what is known to what comes now.
            self.has_gap = true;
        }
        self.known.push_back(time);
        (self.newest, self.is_open) = (0, true);
        let since = time.as_second() - OVERLAP;
        if self.since.is_none_or(|known| since > known) {
            self.since = Some(since);
            self.known.retain(|known| known.as_second() >= since);
        }
        self.passed = self.known.len();
        self.place = Place::New;
    }

    fn words(&self) -> ForeignWords {
        let (Place::Time(words) | Place::Foreign(words)) = &self.place else { return ForeignWords(String::new()) };
        let words = &words[..words.len().min(LONGEST_WORDS)];
        ForeignWords(String::from_utf8_lossy(words).trim_end().to_owned())
    }

    /// How many bytes were given out.
    #[must_use]
    pub const fn given(&self) -> u64 {
        self.given
    }

    /// True where lines are missing: the node had given them up before they could be read.
    #[must_use]
    pub const fn has_gap(&self) -> bool {
        self.has_gap
    }
}

/// Where the line in these bytes ends, its end included.
fn line_end(chunk: &[u8]) -> Option<usize> {
    chunk.iter().position(|byte| *byte == b'\n').map(|end| end + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use proptest::{collection::vec, prop_assert, prop_assert_eq};

    use super::{ForeignWords, LogResume};

    /// A line of a log: its time in tenths of a second, and its bytes with or without an end.
    type Line = (u32, Vec<u8>);

    /// What a node answers: the lines since then, each with its time.
    fn answer(lines: &[Line], since: Option<&str>) -> Vec<u8> {
        let mut text = Vec::new();
        for (tenths, bytes) in lines {
            let time = format!("2026-11-21T03:{:02}:{:02}.{}00000007Z", tenths / 600, tenths / 10 % 60, tenths % 10);
            if since.is_none_or(|since| time[..19] >= since[..19]) {
                text.extend_from_slice(format!("{time} ").as_bytes());
                text.extend_from_slice(bytes);
            }
        }
        text
    }

    proptest! {
        #[test]
        fn any_breaks_give_the_same_bytes(
            lines in vec((0_u32..4, vec(any::<u8>(), 0..12)), 0..40),
            breaks in vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>()), 0..12),
        ) {
            let mut time = 0;
            let lines: Vec<Line> = lines
                .into_iter()
                .map(|(later, bytes)| {
                    time += later;
                    let mut line: Vec<u8> = bytes.into_iter().filter(|byte| *byte != b'\n').collect();
                    line.push(b'\n');
                    (time, line)
                })
                .collect();
            let whole: Vec<u8> = lines.iter().flat_map(|(_, line)| line.clone()).collect();
            let (mut resume, mut out) = (LogResume::default(), Vec::new());
            for (end, cut) in breaks {
                let told = answer(&lines, resume.since().as_deref());
                let told = &told[..end.index(told.len() + 1)];
                let (head, tail) = told.split_at(cut.index(told.len() + 1));
                resume.begin();
                prop_assert!(resume.push(head, &mut out).is_ok() && resume.push(tail, &mut out).is_ok());
                prop_assert!(whole.starts_with(&out));
            }
            let told = answer(&lines, resume.since().as_deref());
            resume.begin();
            prop_assert!(resume.push(&told, &mut out).is_ok() && resume.finish().is_ok());
            prop_assert_eq!(&out, &whole);
            prop_assert_eq!(resume.given(), whole.len() as u64);
            prop_assert!(!resume.has_gap());
        }
    }

    fn read(resume: &mut LogResume, told: &[u8]) -> (Vec<u8>, Result<(), ForeignWords>) {
        let mut out = Vec::new();
        resume.begin();
        let answer = resume.push(told, &mut out).and_then(|()| resume.finish());
        (out, answer)
    }

    #[test]
    fn a_nodes_own_words_are_not_the_containers() {
        let mut resume = LogResume::default();
        let said = "unable to retrieve container logs for containerd://85dcf674";
        assert_eq!(read(&mut resume, said.as_bytes()), (Vec::new(), Err(ForeignWords(said.to_owned()))));
        let told = b"2026-11-21T03:00:00.1Z one\nfailed to create fsnotify watcher: too many open files\n2026-11-21T03:00:00.2Z two\n";
        let (out, answer) = read(&mut resume, told);
        assert_eq!(out, b"one\n");
        assert_eq!(answer, Err(ForeignWords("failed to create fsnotify watcher: too many open files".to_owned())));
        let (out, answer) = read(&mut resume, b"2026-11-21T03:00:00.1Z one\n2026-11-21T03:00:00.2Z two");
        assert_eq!((out, answer), (b"two".to_vec(), Ok(())));
    }

    #[test]
    fn an_answer_without_what_is_known_is_not_this_log() {
        let mut resume = LogResume::default();
        let log = b"2026-11-21T03:00:00.1Z one\n2026-11-21T03:00:00.2Z two\n";
        assert_eq!(read(&mut resume, log).1, Ok(()));
        for told in [&b"unable to retrieve container logs for containerd://85dcf674"[..], b"", &log[..27]] {
            let (out, answer) = read(&mut resume, told);
            assert!(out.is_empty() && answer.is_err(), "{answer:?}");
        }
        assert_eq!(read(&mut resume, log), (Vec::new(), Ok(())));
    }

    #[test]
    fn the_rest_of_a_line_that_began_before_is_passed_over() {
        let mut resume = LogResume::default();
        assert_eq!(read(&mut resume, b"2026-11-21T03:00:00Z a long line\n2026-11-21T03:00:05Z next").1, Ok(()));
        assert_eq!(resume.since().unwrap(), "2026-11-21T03:00:04Z");
        let (out, answer) = read(&mut resume, b"its last part\n2026-11-21T03:00:05Z next one\n");
        assert_eq!((out, answer), (b" one\n".to_vec(), Ok(())));
        assert!(!resume.has_gap());
    }

    #[test]
    fn lines_that_left_the_nodes_file_are_no_loss_unless_they_were_never_read() {
        let mut resume = LogResume::default();
        assert_eq!(read(&mut resume, b"2026-11-21T03:00:05Z a\n2026-11-21T03:00:05.5Z b\n").1, Ok(()));
        let (out, _) = read(&mut resume, b"2026-11-21T03:00:05.5Z b\n2026-11-21T03:00:06Z c\n");
        assert_eq!((out, resume.has_gap()), (b"c\n".to_vec(), false), "a was rotated away");
        let (out, _) = read(&mut resume, b"2026-11-21T03:00:09Z f\n");
        assert_eq!((out, resume.has_gap()), (b"f\n".to_vec(), true), "and so were c, and whatever came after it");
    }
}
