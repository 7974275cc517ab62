//! Text in Markdown that is nothing but text: no link, no mention, no heading, no HTML.

use crate::safe;
use crate::text::SafeText;

/// The text with everything escaped that Markdown, GitHub or HTML would take for more than text. It can stand in a
/// paragraph, in a cell of a table and between HTML tags.
pub(super) fn prose(text: &SafeText) -> SafeText {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut chars = text.chars().peekable();
    let mut behind_www = Behind::default();
    while let Some(c) = chars.next() {
        let means_something = match c {
            '&' | '<' | '>' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '@' | '$' | '\\' | '!' | '"' => true,
            // The front of a URL (`https:`) and the name of a picture (`:rocket:`); a colon of a sentence stays.
            ':' => chars.peek().is_some_and(|next| !next.is_whitespace()),
            '.' => behind_www.is_there(),
            _ => false,
        };
        behind_www.see(c);
        if means_something {
            out.push_str("&#");
            out.push_str(&u32::from(c).to_string());
            out.push(';');
        } else {
            out.push(c);
        }
    }
    SafeText::rearranged(out)
}

/// The text as [`prose`], with what stands in backticks as code.
pub(super) fn rich(text: &SafeText) -> SafeText {
    let parts = text.split_at_each('`');
    let part = |(index, part)| match (index % 2 == 1, index + 1 < parts.len()) {
        (true, true) => safe!("<code>{}</code>", prose(part)),
        (true, false) => safe!("&#96;{}", prose(part)),
        (false, _) => prose(part),
    };
    parts.iter().enumerate().map(part).collect()
}

/// Knows whether the last three letters were `www`, which GitHub makes a link of.
#[derive(Default)]
struct Behind(u8);

impl Behind {
    fn see(&mut self, c: char) {
        self.0 = if c.eq_ignore_ascii_case(&'w') { self.0.saturating_add(1) } else { 0 };
    }

    fn is_there(&self) -> bool {
        self.0 >= 3
    }
}

#[cfg(test)]
mod tests {
    use super::{prose, rich};

    #[test]
    fn sentences_stay_readable() {
        for text in ["container app ended with exit code 1, 2 s after its start", "CrashLoop: it ended (again)."] {
            assert_eq!(prose(&text.into()), text);
        }
    }

    #[test]
    fn nothing_becomes_markup() {
        assert_eq!(prose(&"<b>@all #1 [x](y)".into()), "&#60;b&#62;&#64;all &#35;1 &#91;x&#93;(y)");
        assert_eq!(prose(&"https://a.b WWW.a.b :tada:".into()), "https&#58;//a.b WWW&#46;a.b &#58;tada:");
        assert_eq!(prose(&"a|b `c` *d* $e$".into()), "a&#124;b &#96;c&#96; &#42;d&#42; &#36;e&#36;");
    }

    #[test]
    fn commands_are_code() {
        assert_eq!(rich(&"run `kubectl get` now".into()), "run <code>kubectl get</code> now");
        assert_eq!(rich(&"an open ` one".into()), "an open &#96; one");
    }
}
