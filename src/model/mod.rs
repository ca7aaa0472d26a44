//! The vocabulary. Pure: no I/O, no async, no SQL, no HTTP.
