//! Typed settings from a TOML file, the environment and flags.
