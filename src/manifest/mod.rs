//! From YAML and flags to plans: parsing, defaults, validation, diagnostics, schema.
