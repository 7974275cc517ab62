//! One line of plain words, short enough for a Kubernetes event and for the status of an `AnalysisRun`.

use crate::text::SafeText;

/// The most bytes of a line. The message of a Kubernetes event has room for 1024, and Flagger puts words of its own before.
pub(super) const LONGEST: usize = 900;

/// Returns the text as a line of at most [`LONGEST`] bytes in which nobody finds markup: Flagger hands it on to chats, where
/// `<…>` is a link, or calls everybody.
pub(super) fn plain(text: &SafeText) -> SafeText {
    SafeText::rearranged(cut(&unmarked(text), LONGEST, char::len_utf8))
}

/// Returns the text so far as it takes no more than `room` bytes as a string in JSON, whoever wrote that JSON: some writers
/// escape what others do not.
pub(super) fn within_json(text: &SafeText, room: usize) -> SafeText {
    SafeText::rearranged(cut(&unmarked(text), room, |c| match c {
        '"' | '\\' => 2,
        '<' | '>' | '&' | '#' => 6,
        c => c.len_utf8(),
    }))
}

fn unmarked(text: &str) -> String {
    let one = |c| match c {
        '<' => '‹',
        '>' => '›',
        '\n' | '\r' => ' ',
        c => c,
    };
    text.trim().chars().map(one).collect()
}

fn cut(text: &str, most: usize, cost: impl Fn(char) -> usize) -> String {
    const CUT: char = '…';
    if text.chars().map(&cost).sum::<usize>() <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub(cost(CUT));
    let mut kept: String = text
        .chars()
        .take_while(|c| {
            let fits = cost(*c) <= left;
            left = left.saturating_sub(cost(*c));
            fits
        })
        .collect();
    kept.push(CUT);
    kept
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, plain, within_json};
    use crate::text::{Redaction, SafeText};

    fn line(said: &str) -> String {
        plain(&Redaction::On.text(said).one_line()).to_string()
    }

    #[test]
    fn nothing_in_it_acts_on_whoever_shows_it() {
        assert_eq!(line("a\nb\r\n\x1b[2J\0 \u{202e}x\u{2028}"), r"a\nb\r\n\x1b[2J\x00 \u{202e}x\u{2028}");
        assert_eq!(line("<!channel> <https://evil.example|ok>"), "‹!channel› ‹https://evil.example|ok›");
        assert_eq!(line("it said \"no\" & 'never'"), "it said \"no\" & 'never'", "quotes end nothing in plain text");
        assert_eq!(line("password=hunter2secret"), "password=***");
    }

    #[test]
    fn it_is_never_longer_than_it_may_and_is_cut_between_characters() {
        for said in ["x".repeat(5000), "ü".repeat(5000), "\u{202e}".repeat(5000), "<".repeat(5000), "\n".repeat(900)] {
            let line = line(&said);
            assert!(line.len() <= LONGEST && !line.contains('\n'), "{}", line.len());
        }
        assert_eq!(line(&"x".repeat(LONGEST)).len(), LONGEST);
        assert!(line(&"ü".repeat(600)).ends_with('…'));
    }

    #[test]
    fn in_json_it_takes_no_more_than_its_room() {
        for said in ["\"".repeat(900), "\\".repeat(900), "#".repeat(900), "&<".repeat(900), "\u{7}ü".repeat(900)] {
            let text = within_json(&Redaction::On.text(&said).one_line(), 300);
            let json = SafeText::json(&&*text, false);
            let by_go = json.replace('&', "\\u0026").replace('<', "\\u003c");
            assert!(by_go.trim().len() <= 302, "{} of {by_go}", by_go.len());
        }
    }
}
