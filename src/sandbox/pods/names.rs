//! Names as the API server checks them before it creates anything (RFC 1123).

/// A DNS subdomain: what a pod can be called.
pub(super) fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_part)
}

/// A DNS label: what a container can be called.
pub(super) fn is_label(name: &str) -> bool {
    name.len() <= 63 && is_part(name)
}

/// Lower-case letters, digits and dashes, with a letter or digit at either end.
fn is_part(part: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [part.bytes().next(), part.bytes().last()];
    ends.iter().all(|end| end.is_some_and(is_plain)) && part.bytes().all(|byte| is_plain(byte) || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::{is_label, is_subdomain};

    #[test]
    fn names_are_those_of_dns() {
        for name in ["a", "web-1", "0", "a.b-c.d", &"a".repeat(253)] {
            assert!(is_subdomain(name), "{name}");
        }
        for name in ["", "-a", "a-", "A", "a_b", "a..b", ".a", "a.", "a/b", "a b", "ä", "a\n", "../x", &"a".repeat(254)]
        {
            assert!(!is_subdomain(name), "{name:?}");
        }
        assert!(is_label("app") && is_label(&"a".repeat(63)));
        assert!(!is_label("a.b") && !is_label(&"a".repeat(64)));
    }
}
