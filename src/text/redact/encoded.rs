//! Base64 of a text that holds a secret: of a private key, of `password=…`, of a connection string.

use std::ops::Range;

/// What is shorter decodes to a word at most.
const SHORTEST: usize = 16;

/// Finds runs of base64 whose text `has_secrets`. Each run is decoded once.
pub(super) fn find(text: &str, secrets: &mut Vec<Range<usize>>, has_secrets: impl Fn(&str) -> bool) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        at += bytes[at..].iter().take_while(|byte| value(**byte).is_some()).count();
        let padding = bytes[at..].iter().take(2).take_while(|byte| **byte == b'=').count();
        if at - start >= SHORTEST
            && let Some(decoded) = decoded(&bytes[start..at])
            && has_secrets(&decoded)
        {
            secrets.push(start..at + padding);
        }
        at += padding.max(usize::from(at == start));
    }
}

/// The text in base64, where it is one: letters that decode to anything else are names, hashes and paths.
fn decoded(letters: &[u8]) -> Option<String> {
    // Four letters tell already whether it can be a text.
    let mut text = Vec::with_capacity(letters.len() / 4 * 3 + 3);
    for four in letters.chunks(4) {
        let bits = four.iter().try_fold(0_u32, |bits, letter| Some(bits << 6 | value(*letter)?))?;
        let bits = bits << (6 * (4 - four.len()));
        let whole = &bits.to_be_bytes()[1..four.len().max(1)];
        if whole.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()) {
            return None;
        }
        text.extend_from_slice(whole);
    }
    // What was cut may end in the middle of a character.
    match String::from_utf8(text) {
        Ok(text) => Some(text),
        Err(error) if error.utf8_error().error_len().is_none() => {
            let good = error.utf8_error().valid_up_to();
            String::from_utf8(error.into_bytes()[..good].to_vec()).ok()
        }
        Err(_) => None,
    }
}

fn value(letter: u8) -> Option<u32> {
    Some(u32::from(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}
