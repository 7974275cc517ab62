//! Private keys in PEM: everything between the two marks.

use std::ops::Range;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

pub(super) fn find(text: &str, secrets: &mut Vec<Range<usize>>) {
    let mut at = 0;
    // The end of what was dealt with: no search goes back behind it.
    let mut done = 0;
    while let Some(found) = text[at..].find(DASHES) {
        let mark = at + found;
        let rest = &text[mark..];
        if let Some(body) = after_label(rest, BEGIN) {
            let end = end_of_body(&text[mark + body..]);
            if !text[mark + body..mark + body + end].trim().is_empty() {
                secrets.push(mark + body..mark + body + end);
            }
            at = mark + body + end;
            done = at;
        } else if let Some(body) = after_label(rest, END) {
            // The beginning was cut off with the head of the log.
            let start = done + start_of_body(&text[done..mark]);
            if start < mark && secrets.last().is_none_or(|last| last.end != mark) {
                secrets.push(start..mark);
            }
            at = mark + body;
            done = at;
        } else {
            at = mark + DASHES.len();
        }
    }
}

/// The length of the mark (`-----BEGIN RSA PRIVATE KEY-----`), where the text begins with one of a private key.
fn after_label(text: &str, mark: &str) -> Option<usize> {
    let label = text.strip_prefix(mark)?;
    // The longest label in use has 31 characters.
    let label_end = label.bytes().take(48).position(|byte| byte == b'-')?;
    let end = mark.len() + label_end;
    (label[..label_end].contains("PRIVATE KEY") && text[end..].starts_with(DASHES)).then_some(end + DASHES.len())
}

/// Where the body of the key ends: at its other mark, or, where the log was cut, after the last line that can be of it.
fn end_of_body(text: &str) -> usize {
    // A body has no dashes but those of its headers (`Proc-Type: 4,ENCRYPTED`, `DEK-Info: AES-128-CBC,…`).
    let end = text.find(DASHES).unwrap_or(text.len());
    if after_label(&text[end..], END).is_some() {
        return end;
    }
    let mut length = 0;
    for line in text[..end].split_inclusive('\n') {
        if !is_of_a_body(line) {
            // A key on one line, its newlines escaped. What is shorter is prose about a key.
            let start = line.bytes().take_while(|byte| is_letter(*byte)).count();
            return length + if start >= 16 { start } else { 0 };
        }
        length += line.len();
    }
    length
}

fn start_of_body(text: &str) -> usize {
    let mut length = 0;
    for line in text.rsplit_terminator('\n') {
        if !is_of_a_body(line) || line.trim().is_empty() {
            break;
        }
        length += line.len() + 1;
    }
    text.len().saturating_sub(length)
}

fn is_of_a_body(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("Proc-Type:") || line.starts_with("DEK-Info:") || line.bytes().all(is_letter)
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\\')
}
