//! The chaos matrix: every fault at every moment on every recording, through the real session and the sandbox, in
//! virtual time and without a socket.
//!
//! Whatever goes wrong, a gate says what it says without the fault, or that it could not see: never a pass without proof,
//! never another cause, never later than its bound, never a panic. `tests/CHAOS.md` is the table of what it says; a test
//! keeps it current (`UPDATE_PAGES=1 cargo test chaos` writes it).

mod faults;
mod matrix;
mod page;
