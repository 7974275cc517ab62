//! A floating-point number that is a value: it can be compared and kept in types that are compared.

use std::fmt;

/// A floating-point number as a source or a manifest says it. Two are equal where they are the same number, bit by bit:
/// NaN is equal to itself here, for a value that was told twice was told twice.
#[derive(Debug, Clone, Copy)]
pub struct Number(pub f64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Number {}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
