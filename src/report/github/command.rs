//! Commands to the runner, in the one spelling that it reads, with data that cannot end them.

/// A command without properties.
pub(super) fn plain(name: &str, data: &str) -> String {
    format!("::{name}::{}", escaped_data(data))
}

/// A command with properties; those that are empty are left out.
pub(super) fn with(name: &str, properties: &[(&str, String)], data: &str) -> String {
    let properties: Vec<String> = properties
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("{key}={}", escaped_property(value)))
        .collect();
    let blank = if properties.is_empty() { "" } else { " " };
    format!("::{name}{blank}{}::{}", properties.join(","), escaped_data(data))
}

fn escaped_data(text: &str) -> String {
    // `##[` is taken for a command wherever it stands, in one of ours too.
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A").replace("##[", "##\\[")
}

fn escaped_property(text: &str) -> String {
    escaped_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{plain, with};

    #[test]
    fn data_cannot_end_a_command() {
        assert_eq!(plain("group", "a\n::error::b"), "::group::a%0A::error::b");
        let properties = [("file", "a,b:c".to_owned()), ("line", String::new())];
        assert_eq!(with("error", &properties, "100 %\r"), "::error file=a%2Cb%3Ac::100 %25%0D");
        assert_eq!(with("error", &[], "x"), "::error::x");
    }
}
