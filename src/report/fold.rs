//! Excerpts of logs: repeats folded, the head and above all the last words kept.

use crate::safe;
use crate::text::SafeText;

/// How much of a log an excerpt keeps, in lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Lines from the beginning.
    pub head: usize,
    /// Lines from the end: what a process said before it died.
    pub tail: usize,
}

/// The longest group of lines whose repeats are folded: retries seldom say more at each try.
const LONGEST_GROUP: usize = 4;

/// An excerpt of these lines. Repeats become `… ×N`, the middle becomes a count of what was left out; of the middle, the
/// last line that names an error is kept.
#[must_use]
pub fn excerpt(lines: &[SafeText], limits: Limits) -> Vec<SafeText> {
    let folded = fold(lines);
    let room = limits.head + limits.tail;
    // A line that says that one line was left out takes as much room as the line itself.
    if folded.len() <= room + 1 {
        return folded.into_iter().map(|piece| piece.text).collect();
    }
    let (head, rest) = folded.split_at(limits.head);
    let (middle, tail) = rest.split_at(rest.len() - limits.tail);
    let text = |pieces: &[Piece]| pieces.iter().map(|piece| piece.text.clone()).collect::<Vec<_>>();
    let gap = |pieces: &[Piece]| {
        let count = pieces.iter().map(|piece| piece.lines).sum::<usize>();
        (!pieces.is_empty()).then(|| if count == 1 { "… 1 line".into() } else { safe!("… {} lines", count) })
    };
    let mut out = text(head);
    let telling = middle.iter().rposition(|piece| is_telling(&piece.text));
    if let Some(place) = telling.filter(|_| room >= 4 && !tail.iter().any(|piece| is_telling(&piece.text))) {
        out.extend(gap(&middle[..place]));
        out.push(middle[place].text.clone());
        // The kept line and its second gap take the room of the oldest lines of the tail.
        let given = 1 + usize::from(place > 0);
        let tail_from = given.min(tail.len().saturating_sub(1));
        out.extend(gap(&folded[limits.head + place + 1..folded.len() - tail.len() + tail_from]));
        out.extend(text(&tail[tail_from..]));
    } else {
        out.extend(gap(middle));
        out.extend(text(tail));
    }
    out
}

/// A line of an excerpt, and how many lines of the log it stands for.
struct Piece {
    text: SafeText,
    lines: usize,
}

fn fold(lines: &[SafeText]) -> Vec<Piece> {
    let keys: Vec<&str> = lines.iter().map(|line| without_time(line)).collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let (group, times) = repeats(&keys[at..]);
        let end = at + group * times;
        // The newest of the repeats is shown: its time is the one that matters.
        let shown = &lines[end - group..end];
        if times == 1 {
            out.push(Piece { text: shown[0].clone(), lines: 1 });
        } else if group == 1 {
            out.push(Piece { text: safe!("{} … ×{}", shown[0], times), lines: times });
        } else {
            out.extend(shown.iter().map(|line| Piece { text: line.clone(), lines: 1 }));
            out.push(Piece { text: safe!("… these {} lines ×{}", group, times), lines: group * (times - 1) });
        }
        at = end;
    }
    out
}

/// The group of lines at the front that is repeated at once, as its length and how often it stands there.
fn repeats(keys: &[&str]) -> (usize, usize) {
    for group in 1..=LONGEST_GROUP.min(keys.len()) {
        let pattern = &keys[..group];
        let times = keys.chunks_exact(group).take_while(|chunk| *chunk == pattern).count();
        // A folded group says one line more than it holds: it must be worth it.
        if times > 1 && group * (times - 1) > 1 && pattern.iter().any(|key| !key.is_empty()) {
            return (group, times);
        }
        if group == 1 && times > 1 && !pattern[0].is_empty() {
            return (1, times);
        }
    }
    (1, 1)
}

/// The line without the date and time at its front, which alone would make repeats differ.
fn without_time(line: &str) -> &str {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit() || "-:./, TZ+[]()".contains(c));
    let digits = line[..line.len() - rest.len()].chars().filter(char::is_ascii_digit).count();
    // Few digits are a number that says something, and a line of nothing but digits is told apart by them.
    if rest.is_empty() || digits < 6 { line } else { rest }
}

fn is_telling(line: &str) -> bool {
    const WORDS: [&str; 8] = ["panic", "fatal", "error", "exception", "caused by", "cannot ", "failed", "not found"];
    let line = line.to_ascii_lowercase();
    WORDS.iter().any(|word| line.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{Limits, excerpt};
    use crate::text::{Redaction, SafeText};

    fn of(text: &str, head: usize, tail: usize) -> Vec<SafeText> {
        excerpt(&Redaction::Off.text(text).block(200), Limits { head, tail })
    }

    #[test]
    fn a_short_log_is_whole() {
        assert_eq!(of("a\nb\nc", 1, 2), ["a", "b", "c"]);
        assert_eq!(of("a\nb\nc\nd", 1, 2), ["a", "b", "c", "d"], "one line left out would save nothing");
        assert_eq!(of("", 1, 2), Vec::<SafeText>::new());
    }

    #[test]
    fn the_middle_goes_and_the_last_words_stay() {
        let log = (1..=30).map(|n| format!("step {n}")).collect::<Vec<_>>().join("\n");
        assert_eq!(of(&log, 1, 2), ["step 1", "… 27 lines", "step 29", "step 30"]);
    }

    #[test]
    fn repeats_are_counted_whatever_their_time() {
        assert_eq!(of("x\nx\nx\ny", 2, 2), ["x … ×3", "y"]);
        let log = "2026-01-02T03:04:05.1Z retry\n2026-01-02T03:04:06.1Z retry\nend";
        assert_eq!(of(log, 2, 2), ["2026-01-02T03:04:06.1Z retry … ×2", "end"]);
        assert_eq!(of("1\n2\n3", 2, 2), ["1", "2", "3"]);
        assert_eq!(of("go\nno\ngo\nno\ngo\nno\nend", 4, 4), ["go", "no", "… these 2 lines ×3", "end"]);
    }

    #[test]
    fn an_error_in_the_middle_is_kept() {
        let frames = (0..20).map(|n| format!("    at frame {n}")).collect::<Vec<_>>().join("\n");
        let log = format!("starting\nloading\njava.lang.IllegalStateException: no url\n{frames}");
        let kept = of(&log, 1, 4);
        assert_eq!(kept[..4], ["starting", "… 1 line", "java.lang.IllegalStateException: no url", "… 18 lines"]);
        assert_eq!(kept.len(), 6);
    }

    #[test]
    fn a_log_of_one_line_64_000_times_is_quick() {
        let log = "a\n".repeat(64_000);
        assert_eq!(of(&log, 2, 2), ["a … ×64000"]);
    }
}
