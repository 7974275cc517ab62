//! What stands out in words that are no report: the front of an error, the heading of an explanation.

use super::layout::{Tone, painted};
use super::printer::Look;
use crate::text::SafeText;

/// What an error and a warning begin with.
const FRONTS: [(&str, Tone); 3] = [("error:", Tone::Bad), ("warning:", Tone::Careful), ("hint:", Tone::Next)];

/// The text with the front of each line coloured that says what it is: `error:`, `warning:` or `hint:`.
#[must_use]
pub fn fronts(text: &SafeText, look: Look) -> SafeText {
    if !look.colour {
        return text.clone();
    }
    let lines = text.split_at_each('\n').into_iter().map(|line| front(&line));
    SafeText::joined(lines, "\n")
}

fn front(line: &SafeText) -> SafeText {
    let Some((front, tone)) = FRONTS.iter().find(|(front, _)| line.starts_with(front)) else { return line.clone() };
    let mut text = painted(*front, *tone, true);
    text.push(&SafeText::rearranged(&line[front.len()..]));
    text
}

/// A heading.
#[must_use]
pub fn heading(text: &SafeText, look: Look) -> SafeText {
    painted(text, Tone::Code, look.colour)
}

#[cfg(test)]
mod tests {
    use super::{Look, SafeText, fronts, heading};

    #[test]
    fn only_the_front_of_an_error_is_coloured_and_only_where_colour_is_wanted() {
        let colour = Look { colour: true, ..Look::PLAIN };
        let text: SafeText = "error: no\nan error: no\nhint: yes".into();
        assert_eq!(fronts(&text, Look::PLAIN), text);
        let red = "\x1b[1m\x1b[31merror:\x1b[0m no\nan error: no\n\x1b[1m\x1b[36mhint:\x1b[0m yes";
        assert_eq!(&*fronts(&text, colour), red);
        assert_eq!((&*heading(&text, Look::PLAIN), heading(&text, colour) == text), (&*text, false));
    }
}
