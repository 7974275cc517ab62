//! One pod that is run to its end.

mod smoke;
