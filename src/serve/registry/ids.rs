//! Names of gates that nobody can guess: whoever knows the name of a gate may read it.

use std::fmt::Write as _;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::hmac;
use ring::rand::SystemRandom;

use crate::serve::view::GateId;

/// So many bytes of a signature make a name: 128 bits.
const BYTES: usize = 16;

/// Makes names: each the signature of a number with a key that was drawn at the start, and is kept nowhere.
pub(super) struct Ids {
    key: hmac::Key,
    count: AtomicU64,
}

impl Ids {
    /// # Errors
    /// Where the system gives no random numbers.
    pub(super) fn new() -> io::Result<Self> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| io::Error::other("the system gives no random numbers"))?;
        Ok(Self { key, count: AtomicU64::new(0) })
    }

    /// A name that was never given before.
    pub(super) fn next(&self) -> GateId {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let signature = hmac::sign(&self.key, &number.to_be_bytes());
        let mut name = String::with_capacity(2 * BYTES);
        for byte in signature.as_ref().iter().take(BYTES) {
            let _ = write!(name, "{byte:02x}");
        }
        GateId::of(&name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Ids;

    #[test]
    fn names_are_long_and_never_the_same_nor_those_of_another_start() {
        let (one, other) = (Ids::new().unwrap(), Ids::new().unwrap());
        let names: BTreeSet<String> =
            (0..500).flat_map(|_| [one.next(), other.next()]).map(|id| id.as_str().to_owned()).collect();
        assert_eq!(names.len(), 1000);
        assert!(names.iter().all(|name| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }
}
