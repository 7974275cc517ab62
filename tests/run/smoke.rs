//! The smoke runs of gates.
