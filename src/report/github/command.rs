//! Commands to the runner, in the one spelling that it reads, with data that cannot end them.

use crate::safe;
use crate::text::SafeText;

/// A command without properties.
pub(super) fn plain(name: impl Into<SafeText>, data: &SafeText) -> SafeText {
    safe!("::{}::{}", name.into(), escaped_data(data))
}

/// A command with properties; those that are empty are left out.
pub(super) fn with(name: &'static str, properties: &[(&'static str, SafeText)], data: &SafeText) -> SafeText {
    let properties: Vec<SafeText> = properties
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| safe!("{}={}", key, escaped_property(value)))
        .collect();
    let blank = if properties.is_empty() { "" } else { " " };
    safe!("::{}{}{}::{}", name, blank, SafeText::joined(properties, ","), escaped_data(data))
}

fn escaped_data(text: &SafeText) -> SafeText {
    // `##[` is taken for a command wherever it stands, in one of ours too.
    SafeText::rearranged(text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A").replace("##[", "##\\["))
}

fn escaped_property(text: &SafeText) -> SafeText {
    SafeText::rearranged(escaped_data(text).replace(':', "%3A").replace(',', "%2C"))
}

#[cfg(test)]
mod tests {
    use super::{plain, with};

    #[test]
    fn data_cannot_end_a_command() {
        assert_eq!(plain("group", &"a\n::error::b".into()), "::group::a%0A::error::b");
        let properties = [("file", "a,b:c".into()), ("line", "".into())];
        assert_eq!(with("error", &properties, &"100 %\r".into()), "::error file=a%2Cb%3Ac::100 %25%0D");
        assert_eq!(with("error", &[], &"x".into()), "::error::x");
    }
}
