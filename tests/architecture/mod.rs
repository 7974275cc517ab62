//! What holds of the sources as a whole: what each folder may know of the others, and of the world.

mod imports;
mod order;
mod purity;
mod safe_text;
