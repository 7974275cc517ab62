//! Reviews in protobuf: newer kubectls send them so, though they take the answer as JSON.

use serde_json::{Value, json};

/// What every protobuf body of the API begins with.
const MAGIC: &[u8] = b"k8s\0";

/// Reads a review into what its JSON would be, as far as an answer needs it. `None` where it is no review.
///
/// The body is an envelope whose field 2 is the object; the object's field 2 is its spec.
pub(super) fn review(body: &[u8], is_access: bool) -> Option<Value> {
    let object = field(body.strip_prefix(MAGIC)?, 2)?;
    let spec = field(object, 2).unwrap_or_default();
    let text =
        |message: &[u8], number: u64| String::from_utf8_lossy(field(message, number).unwrap_or_default()).into_owned();
    let (kind, spec) = if !is_access {
        ("SelfSubjectRulesReview", json!({"namespace": text(spec, 1)}))
    } else if let Some(path) = field(spec, 2) {
        let spec = json!({"nonResourceAttributes": {"path": text(path, 1), "verb": text(path, 2)}});
        ("SelfSubjectAccessReview", spec)
    } else {
        let resource = field(spec, 1).unwrap_or_default();
        let names = ["namespace", "verb", "group", "version", "resource", "subresource", "name"];
        let attributes: serde_json::Map<String, Value> =
            names.iter().zip(1..).map(|(name, number)| ((*name).to_owned(), text(resource, number).into())).collect();
        ("SelfSubjectAccessReview", json!({"resourceAttributes": attributes}))
    };
    Some(json!({"kind": kind, "apiVersion": "authorization.k8s.io/v1", "metadata": {}, "spec": spec}))
}

/// The bytes of a message's field, where it has a length (a text or a message); of several the last counts.
fn field(mut message: &[u8], wanted: u64) -> Option<&[u8]> {
    let mut found = None;
    while !message.is_empty() {
        let (tag, rest) = varint(message)?;
        message = match tag & 7 {
            0 => varint(rest)?.1,
            1 => rest.get(8..)?,
            2 => {
                let (length, rest) = varint(rest)?;
                let (bytes, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                if tag >> 3 == wanted {
                    found = Some(bytes);
                }
                rest
            }
            5 => rest.get(4..)?,
            _ => return None,
        };
    }
    found
}

/// A number of seven bits a byte, the lowest first, and what comes after it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (place, byte) in bytes.iter().enumerate().take(9) {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[place + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::review;

    fn message(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
    }

    #[test]
    fn a_review_is_read_and_garbage_is_none() {
        let attributes = [message(2, b"list"), message(5, b"pods")].concat();
        let object = message(2, &message(1, &attributes));
        let body = [b"k8s\0".to_vec(), message(2, &object)].concat();
        let read = review(&body, true).unwrap();
        assert_eq!(read["spec"]["resourceAttributes"]["verb"], "list");
        assert_eq!(read["spec"]["resourceAttributes"]["resource"], "pods");
        for length in 0..body.len() {
            assert!(review(&body[..length], true).is_none(), "cut at {length}");
        }
        assert!(review(b"k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", true).is_none());
    }
}
