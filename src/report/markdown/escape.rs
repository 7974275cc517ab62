//! Text in Markdown that is nothing but text: no link, no mention, no heading, no HTML.

/// The text with everything escaped that Markdown, GitHub or HTML would take for more than text. It can stand in a
/// paragraph, in a cell of a table and between HTML tags.
pub(super) fn prose(text: &str) -> String {
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
    out
}

/// The text as [`prose`], with what stands in backticks as code.
pub(super) fn rich(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::new();
    for (place, part) in parts.iter().enumerate() {
        let closed = place + 1 < parts.len();
        match (place % 2 == 1, closed) {
            (true, true) => out.extend(["<code>", &prose(part), "</code>"]),
            (true, false) => out.extend(["&#96;", &prose(part)]),
            (false, _) => out += &prose(part),
        }
    }
    out
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
            assert_eq!(prose(text), text);
        }
    }

    #[test]
    fn nothing_becomes_markup() {
        assert_eq!(prose("<b>@all #1 [x](y)"), "&#60;b&#62;&#64;all &#35;1 &#91;x&#93;(y)");
        assert_eq!(prose("https://a.b WWW.a.b :tada:"), "https&#58;//a.b WWW&#46;a.b &#58;tada:");
        assert_eq!(prose("a|b `c` *d* $e$"), "a&#124;b &#96;c&#96; &#42;d&#42; &#36;e&#36;");
    }

    #[test]
    fn commands_are_code() {
        assert_eq!(rich("run `kubectl get` now"), "run <code>kubectl get</code> now");
        assert_eq!(rich("an open ` one"), "an open &#96; one");
    }
}
